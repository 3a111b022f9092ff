"""Which words mean about the same, in English and Spanish: vectors of their frequent words, made ahead of time.

`lexicon.npz` holds one vector for each search token (stem) of the 22,000 most frequent English and 33,000 most frequent
Spanish words: those of multilingual-e5-small, without their common part, in 96 bytes each. `evals/lexicon.py` makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from qa.language.text import stems
from qa.language.words import load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LANGUAGES = frozenset({"en", "es"})


class Likeness:
    """How alike a question's search tokens, each once, are to those of texts, in its language or in another one."""

    def __init__(self, tokens: Sequence[str], language: str) -> None:
        self._places = {token: place for place, token in enumerate(dict.fromkeys(tokens))}
        self._rows = _rows(language, list(self._places))

    def best(self, texts: Sequence[Sequence[str]], language: str) -> NDArray[np.float32]:
        """For each text, by its tokens, and each of the question's tokens how alike this is to the nearest of the
        text's, 0..1; 1 is the same token. Shape (len(texts), number of the question's tokens without repeats)."""
        import numpy as np

        found = np.zeros((len(texts), len(self._places)), dtype=np.float32)
        filled = [n for n, tokens in enumerate(texts) if tokens]
        if not filled or not self._places:
            return found
        every = list(chain.from_iterable(texts))
        at = {token: n for n, token in enumerate(dict.fromkeys(every))}
        flat = list(map(at.__getitem__, every))
        starts = np.cumsum([0, *(len(texts[n]) for n in filled[:-1])])
        found[filled] = np.maximum.reduceat(self._cosines(list(at), language)[flat], starts, axis=0)
        return found

    def _cosines(self, tokens: Sequence[str], language: str) -> NDArray[np.float32]:
        """A row a token, a column a token of the question."""
        import numpy as np

        cosines: NDArray[np.float32] = np.clip(_rows(language, tokens) @ self._rows.T, 0.0, 1.0)
        for n, token in enumerate(tokens):
            if token in self._places:
                cosines[n, self._places[token]] = 1.0
        return cosines


def frequency(token: str, language: str) -> float:
    """How often the token's words stand among the words of its language, 0..1; 0 for one that is not known."""
    table = _table(language)
    at = table.places.get(token) if table else None
    return float(table.frequencies[at]) if table and at is not None else 0.0


@dataclass(frozen=True, slots=True)
class _Table:
    """The tokens of one language: the row of each in ``vectors`` (int8, not normalised), and how often it stands.
    ``alike`` leaves out those that are alike to none but themselves."""

    places: dict[str, int]
    alike: dict[str, int]
    vectors: NDArray[np.int8]
    frequencies: NDArray[np.float32]


def _rows(language: str, tokens: Sequence[str]) -> NDArray[np.float32]:
    """One unit row for each token, zeros for one that is not known: shape (len(tokens), 96)."""
    import numpy as np

    table = _table(language)
    rows = np.zeros((len(tokens), _DIM), dtype=np.float32)
    if table is None:
        return rows
    places = np.array([table.alike.get(token, -1) for token in tokens], dtype=np.int64)
    (known,) = np.nonzero(places >= 0)
    found = table.vectors[places[known]].astype(np.float32)
    rows[known] = found / np.linalg.norm(found, axis=1, keepdims=True)
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
        places = {token: n for n, token in enumerate(tokens)}
        alike = {token: n for token, n in places.items() if token not in _apart(language)}
        return _Table(places, alike, data[f"{language}_vectors"], data[f"{language}_frequencies"])
