"""Near-identical paragraphs: one wire story in four files is one piece of evidence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypeVar

from qa.index.store import IndexedParagraph
from qa.language.mentions import dates, mentions
from qa.language.text import fold, words
from qa.language.words import load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Candidate(Protocol):
    """A paragraph that may be shown, with what it is ``about``: its article's title, or its lead."""

    @property
    def row(self) -> IndexedParagraph: ...

    @property
    def about(self) -> str: ...


_Candidate = TypeVar("_Candidate", bound=Candidate)


def signature(tokens: Sequence[str]) -> int:
    """The SimHash (Charikar 2002) of a text's distinct search tokens: 64 bits, as the signed number that is stored.

    Texts that share most of their tokens differ in few bits: ten on average where eight tokens of ten are shared,
    thirty-two where none is. 0 for a text without tokens.
    """
    from simhash import Simhash

    value = int(Simhash(list(set(tokens)), hashfunc=_hash).value) if tokens else 0
    return value - 2**64 if value >= 2**63 else value


@lru_cache(maxsize=2**16)  # few words make up most of a text
def _hash(token: bytes) -> bytes:
    return hashlib.md5(token, usedforsecurity=False).digest()


def apart(one: int, other: int) -> int:
    """In how many bits two signatures differ, 0..64."""
    return ((one ^ other) & (2**64 - 1)).bit_count()


_FAR = 20  # bits of a signature; true copies differ in about ten, give or take three, other paragraphs in 32 ± 4
_SHARED = 0.8  # of the distinct search tokens of two copies
_SHORT = 8  # distinct tokens; fewer ("He thanked the staff.") mean in each article what the article is about
_TURNING = frozenset(load("negation")["turning"])


def folded(candidates: Sequence[_Candidate], most: int | None = None) -> list[list[_Candidate]]:
    """The candidates in groups of copies, in their order, the first ``most`` groups; of each the earliest published
    comes first, undated ones last."""
    groups: list[list[_Candidate]] = []
    near: list[list[bool]] = []  # of each group, which candidates its first one may have as copies
    signatures = _signatures(candidates)
    for n, one in enumerate(candidates):
        homes = (g for g, nearby in zip(groups, near, strict=True) if nearby[n] and copied(g[0], one))
        home = next(homes, None)
        if home is not None:
            home.append(one)
        elif most is None or len(groups) < most:
            groups.append([one])
            near.append(_near(signatures, n))
    return [sorted(group, key=lambda one: one.row.published or date.max) for group in groups]


def _signatures(candidates: Sequence[Candidate]) -> NDArray[np.int64]:
    import numpy as np

    return np.array([one.row.signature for one in candidates], dtype=np.int64)


def _near(signatures: NDArray[np.int64], nth: int) -> list[bool]:
    """For each signature whether it differs from the nth in few enough bits, as `apart` counts them."""
    import numpy as np

    bits = np.bitwise_count((signatures ^ signatures[nth]).view(np.uint64))
    near: list[bool] = (bits <= _FAR).tolist()
    return near


def copied(one: Candidate, other: Candidate) -> bool:
    """Whether two paragraphs say the same in the same words, but for words that one of them leaves out.

    A word exchanged for another, and any difference in numbers, dates, names or negation, may be a disagreement of
    sources: such paragraphs are no copies, however alike.
    """
    a, b = one.row, other.row
    if a.language != b.language or apart(a.signature, b.signature) > _FAR:
        return False
    first, second = set(a.search.split()), set(b.search.split())
    if len(first & second) < _SHARED * len(first | second) or (first - second and second - first):
        return False
    if min(len(first), len(second)) < _SHORT and fold(one.about) != fold(other.about):
        return False
    return (a.text == b.text or _facts(a) == _facts(b)) and not _days_differ(a, b)


def _facts(row: IndexedParagraph) -> Counter[str]:
    """How often the paragraph says each number, amount, date and name, and each word that turns a sentence round."""
    said = Counter(f"{m.kind} {m.value}" for m in mentions(row.text, row.language))
    said.update(word for word in words(row.text) if word in _TURNING)
    return said


def _days_differ(a: IndexedParagraph, b: IndexedParagraph) -> bool:
    """Whether "Saturday" is one day in the one and another in the other, both being dated."""
    if not (a.published and b.published) or a.published == b.published:
        return False
    first, second = (dates(row.text, row.language, row.published) for row in (a, b))
    return [m.value for m in first] != [m.value for m in second]
