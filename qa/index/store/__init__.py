"""The index on disk, behind one small protocol. All that is LanceDB is here; nothing of LlamaIndex is.

Five tables in one folder (or under one object store's address): paragraphs (words, folded search text with a full-text
index), articles (one row a file, written last: the commit), sentences (span, vector; a row is there only with its
vector, and counts only where its revision is its paragraph's), terms (in how many paragraphs a search token stands),
meta. Each write to a table is atomic, and the order of the writes keeps every article whole for readers and after a
kill. LanceDB does not fsync on local disk: after a power cut the index can be rebuilt from the folder, which is never
written to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal, Protocol

from qa.index.store.engine import exists, forget
from qa.index.store.rows import (
    LARGE,
    Articles,
    Hit,
    IndexedArticle,
    IndexedFile,
    IndexedParagraph,
    IndexedSentence,
    NewArticle,
    NewSentence,
    Pool,
    Rows,
    Shard,
)
from qa.index.store.searching import Searching
from qa.index.store.tables import LAYOUT
from qa.index.store.writing import Writing
from qa.types import Filters

if TYPE_CHECKING:
    from qa.index.store.rows import Vectors

__all__ = [
    "LARGE", "LAYOUT", "Articles", "Hit", "IndexedArticle", "IndexedFile", "IndexedParagraph", "IndexedSentence",
    "LanceStore", "NewArticle", "NewSentence", "Pool", "Rows", "Shard", "Store", "exists", "forget",
]  # fmt: skip


class Store(Protocol):
    """What the system needs of an engine; a cluster of another one can stand behind it."""

    def put(self, rows: Rows) -> None:
        """Replaces the articles of these rows, whole."""
        ...

    def add(self, sentences: Sequence[NewSentence]) -> None:
        """Stores sentences of paragraphs that are there."""
        ...

    def delete(self, files: Sequence[str]) -> None: ...

    def finish(self) -> None:
        """Brings the search structures up to date after puts, adds and deletes, and drops what a killed run left."""
        ...

    def finished(self) -> bool:
        """Whether no article was written since the last `finish`; sentences may have been, by another process too."""
        ...

    def settled(self) -> bool:
        """Whether nothing at all was written since the last `finish`, and no vector was missing then."""
        ...

    def pending(self) -> dict[str, int]:
        """How many sentences of each paragraph have no vector yet, of those that lack any; newest articles first."""
        ...

    def sentence_count(self) -> int:
        """The sentences of all paragraphs, with a vector or without."""
        ...

    def signatures(self) -> list[tuple[str, int]]:
        """The file and the signature (`qa.index.copies.signature`) of each paragraph."""
        ...

    def size(self) -> int | None:
        """Bytes on disk; None where they cannot be told."""
        ...

    def alone(
        self, work: Literal["writing", "embedding"], waiting: Callable[[], None] | None = None
    ) -> AbstractContextManager[None]:
        """For the time of a ``with`` no other process or thread is at the same work; ``waiting`` is called if one is.

        In an object store the lock is a lease (`qa.index.lease`), which lapses half a minute after its holder's death.
        """
        ...

    def dense(self, vector: Vectors, k: int, filters: Filters | None = None) -> list[Hit]:
        """The paragraphs of the k nearest sentences among the articles that pass; ``lexical`` likewise by words."""
        ...

    def lexical(self, tokens: Sequence[str], k: int, filters: Filters | None = None) -> list[Hit]: ...

    def nearest(self, vector: Vectors, tokens: Sequence[str], pools: Sequence[Pool]) -> list[Hit]:
        """What `dense` and `lexical` give for each pool, one after the other, looked for at once."""
        ...

    def paragraphs(self, addresses: Sequence[str]) -> list[IndexedParagraph]: ...

    def with_sentences(self, addresses: Sequence[str]) -> tuple[list[IndexedParagraph], list[IndexedSentence]]:
        """What `paragraphs` and `sentences` give, looked up at once."""
        ...

    def matching(
        self, patterns: Mapping[str, str], filters: Filters | None = None, *, credited: bool = False
    ) -> list[IndexedParagraph]:
        """All paragraphs that may be quoted, or the credits alone (``credited``), whose columns fit these regular
        expressions (Rust's, in any case), of articles that pass."""
        ...

    def sentences(self, addresses: Sequence[str]) -> list[IndexedSentence]: ...

    def articles(self, files: Sequence[str] | None = None) -> list[IndexedArticle]:
        """The articles that could be read: of these files, or all."""
        ...

    def files(self, files: Sequence[str] | None = None) -> list[IndexedFile]:
        """All that was read, and what was left out when it was."""
        ...

    def text(self, file: str) -> str:
        """The whole text of an article; "" where there is none."""
        ...

    def vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        """The vectors that are already known, by the hash of their text."""
        ...

    def frequencies(self, tokens: Sequence[str]) -> tuple[dict[str, int], int, float]:
        """In how many paragraphs each token stands, the number of paragraphs, and their mean length in tokens."""
        ...

    def tokens(self) -> Iterable[str]:
        """The search tokens that paragraphs have, each once."""
        ...

    def version(self) -> int:
        """A number that is another one when articles were written."""
        ...

    def hashed(self) -> float:
        """When the folder's files were last compared with the index by their bytes, in seconds since 1970; 0: never."""
        ...

    def set_hashed(self, when: float) -> None: ...

    def check(self) -> None:
        """Reads all that is there, whole. Raises `StoreError` where something of it cannot be read or is missing."""
        ...


class LanceStore(Searching, Writing):
    """The embedded engine: one folder, one writer, any number of readers in any number of processes."""

    def parts(self) -> list[LanceStore]:
        """The index itself, in one piece; `qa.index.partitions` has others."""
        return [self]

    def home(self, _file: str) -> int:
        """The number of the part that an article of this name belongs to."""
        return 0
