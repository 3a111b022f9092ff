"""Which words mean about the same, in English and Spanish: vectors of their frequent words, made ahead of time.

`lexicon.npz` holds one vector for each search token (stem) of the 22,000 most frequent English and 33,000 most frequent
Spanish words: those of multilingual-e5-small, without their common part, in 96 bytes each. `evals/lexicon.py` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from qa.language.text import stems
from qa.language.words import load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

LANGUAGES = frozenset({"en", "es"})


class Likeness:
    """How alike a question's search tokens are to those of texts, be they in its language or in another one."""

    def __init__(self, tokens: Sequence[str], language: str) -> None:
        import numpy as np

        self._places = {token: place for place, token in enumerate(tokens)}
        self._rows = _rows(language, tokens)
        self._known: dict[tuple[str, str], Vector] = {}
        self._none: Vector = np.zeros(len(self._places), dtype=np.float32)

    def best(self, tokens: Iterable[str], language: str) -> Vector:
        """For each of the question's tokens how alike it is to the nearest of these, 0..1; 1 is the same token."""
        import numpy as np

        there = [(language, token) for token in set(tokens)]
        if not there or not self._places:
            return self._none
        self._look_up([key for key in there if key not in self._known], language)
        found: Vector = np.max([self._known[key] for key in there], axis=0)
        return found

    def _look_up(self, keys: Sequence[tuple[str, str]], language: str) -> None:
        import numpy as np

        if not keys:
            return
        cosines = np.clip(_rows(language, [token for _, token in keys]) @ self._rows.T, 0.0, 1.0)
        for key, row in zip(keys, cosines, strict=True):
            if key[1] in self._places:
                row[self._places[key[1]]] = 1.0
            self._known[key] = row


def frequency(token: str, language: str) -> float:
    """How often the token's words stand among the words of its language, 0..1; 0 for one that is not known."""
    table = _table(language)
    at = table.places.get(token) if table else None
    return float(table.frequencies[at]) if table and at is not None else 0.0


@dataclass(frozen=True, slots=True)
class _Table:
    """The tokens of one language: the row of each in ``vectors`` (int8, not normalised), and how often it stands."""

    places: dict[str, int]
    vectors: NDArray[np.int8]
    frequencies: NDArray[np.float32]


def _rows(language: str, tokens: Sequence[str]) -> NDArray[np.float32]:
    """One unit row for each token, zeros for one that is not known: shape (len(tokens), 96)."""
    import numpy as np

    table = _table(language)
    rows = np.zeros((len(tokens), _DIM), dtype=np.float32)
    if table is None:
        return rows
    apart = _apart(language)
    known = {n: table.places[t] for n, t in enumerate(tokens) if t in table.places and t not in apart}
    if known:
        found = table.vectors[list(known.values())].astype(np.float32)
        rows[list(known)] = found / np.linalg.norm(found, axis=1, keepdims=True)
    return rows


_DIM = 96
# Words that are much alike by what they are said of, and never mean the same: alike only to themselves.
_APART = " ".join(
    word
    for named in (load("months")["names"], load("time")["weekdays"], load("numbers")["apart"])
    for language in LANGUAGES
    for word in named[language]
)


@lru_cache(maxsize=8)
def _apart(language: str) -> frozenset[str]:
    return frozenset(stems(_APART, language))


@lru_cache(maxsize=8)
def _table(language: str) -> _Table | None:
    import numpy as np

    if language not in LANGUAGES:
        return None
    with np.load(Path(__file__).parent / "lexicon.npz") as data:
        tokens = data[f"{language}_tokens"].tobytes().decode().split("\n")
        return _Table(
            {token: n for n, token in enumerate(tokens)}, data[f"{language}_vectors"], data[f"{language}_frequencies"]
        )
