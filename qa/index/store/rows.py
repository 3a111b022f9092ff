"""What the tables of an index hold, in frozen values; as dicts they are only on their way into a table or out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, cast

from qa.types import Filters, Paragraph, ParagraphKind, Skipped

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A paragraph's address with its score on one side: cosine (dense) or BM25 (lexical); ``found``, where asked for,
    is what it was found by."""

    address: str
    score: float
    found: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Pool:
    """Where candidates are looked for, and how many: sentences by the vector, paragraphs by words."""

    filters: Filters | None
    dense: int
    lexical: int


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file as it was read: its bytes' size and hash and the time of change then, and why it is no article, if it is
    none (``reason`` and ``detail`` as in `qa.types.Skipped`, "" for an article; the language is "" for none)."""

    file: str
    size: int
    mtime_ns: int
    sha256: str
    language: str
    published: date | None
    reason: str
    detail: str

    @property
    def skipped(self) -> Skipped | None:
        """Why it is no article, where that is for a person to know: not of an archive, whose articles are read."""
        reason = self.reason
        return Skipped(self.file, cast("Any", reason), self.detail) if reason and reason != "parts" else None


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """What an answer needs of an article: ``lead`` and ``names`` as in `qa.types.Evidence`."""

    file: str
    title: str | None
    published: date | None
    language: str
    source: str | None
    lead: str = field(repr=False)
    names: str = field(repr=False)
    sha256: str = field(repr=False)


Articles = Mapping[str, IndexedArticle]  # by file


@dataclass(frozen=True, slots=True)
class NewArticle:
    """A file as it is stored: an `IndexedFile` and an `IndexedArticle` in one, with its whole text."""

    file: str
    size: int
    mtime_ns: int
    sha256: str = field(default="", repr=False)
    language: str = ""
    published: date | None = None
    title: str | None = None
    source: str | None = None
    lead: str = field(default="", repr=False)
    names: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedParagraph:
    """A paragraph with what it is found by: ``search`` are its own search tokens, ``found`` these and those of its
    article's subject and source, each in one line; how many ``sentences`` it has, and its article's ``revision``."""

    address: str
    file: str
    revision: str
    number: int
    start: int
    end: int
    page: int | None
    sentences: int | None
    kind: ParagraphKind
    text: str = field(repr=False)
    search: str = field(repr=False)
    found: str = field(repr=False)
    signature: int
    language: str
    published: date | None
    source: str | None

    @property
    def paragraph(self) -> Paragraph:
        return Paragraph(self.file, self.number, self.start, self.end, self.text, self.kind, self.page)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class IndexedSentence:
    """A sentence with its vector and its search tokens; it counts only where its revision is its paragraph's."""

    address: str
    revision: str
    start: int
    end: int
    search: str = field(repr=False)
    vector: Vectors = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NewSentence(IndexedSentence):
    """A sentence as it is stored: with the hash that its vector is kept under, and what filters ask for."""

    id: str
    file: str
    sha: str
    language: str
    published: date | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Rows:
    """What one or more articles become: rows for each table, ready to be put."""

    articles: list[NewArticle]
    paragraphs: list[IndexedParagraph]
    sentences: list[NewSentence]


Shard = Mapping[str, list[str]]  # rows that are written and part of no table yet: by table, what `commit` needs
LARGE = ("paragraphs", "sentences", "articles")  # the tables that grow with the folder, in the order of a commit

_OPTIONAL = ("title", "source", "page", "sentences")  # None where there is none; any other text is "" then
_Kind = TypeVar("_Kind")


def best(sentences: Iterable[Hit]) -> list[Hit]:
    """Each paragraph once, with the score of the best of its sentences."""
    scores: dict[str, float] = {}
    for hit in sentences:
        scores[hit.address] = max(scores.get(hit.address, -1.0), hit.score)
    return [Hit(address, score) for address, score in scores.items()]


def columns_of(kind: type) -> list[str]:
    return [column.name for column in fields(kind)]


def read(kind: type[_Kind], row: dict[str, Any]) -> _Kind:
    """A row as what it says; days are ISO text in the tables."""
    values = {name: value if value is not None or name in _OPTIONAL else "" for name, value in row.items()}
    values["published"] = date.fromisoformat(row["published"]) if row["published"] else None
    return kind(**values)


def row_of(one: NewArticle | IndexedParagraph | NewSentence) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in columns_of(type(one))}
    return row | {"published": one.published.isoformat() if one.published else None}


def all_read(kind: type[_Kind], rows: pa.Table) -> list[_Kind]:
    return [read(kind, row) for row in rows.to_pylist()]


def with_vectors(rows: pa.Table) -> list[IndexedSentence]:
    spans = rows.drop_columns(["vector"]).to_pylist()
    return [IndexedSentence(**span, vector=one) for span, one in zip(spans, matrix(rows["vector"]), strict=True)]


def matrix(column: pa.ChunkedArray) -> Vectors:
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    rows: Vectors = flat.reshape(len(column), -1) if len(column) else flat.reshape(0, 0)
    return rows


def schemas(dim: int) -> dict[str, pa.Schema]:
    import pyarrow as pa

    text, whole = pa.string(), pa.int32()
    return {
        "sentences": pa.schema(
            [("id", text), ("address", text), ("file", text), ("revision", text), ("start", whole), ("end", whole),
             ("sha", text), ("search", text), ("language", text), ("published", text), ("source", text),
             ("vector", pa.list_(pa.float32(), dim))]
        ),
        "paragraphs": pa.schema(
            [("address", text), ("file", text), ("revision", text), ("number", whole), ("start", whole), ("end", whole),
             ("page", whole), ("sentences", whole), ("kind", text), ("text", text), ("search", text), ("found", text),
             ("signature", pa.int64()), ("language", text), ("published", text), ("source", text)]
        ),
        "articles": pa.schema(
            [("file", text), ("title", text), ("published", text), ("language", text), ("source", text),
             ("lead", text), ("names", text), ("text", text), ("sha256", text),
             ("size", pa.int64()), ("mtime_ns", pa.int64()),
             ("reason", text), ("detail", text)]
        ),
        "terms": pa.schema([("token", text), ("paragraphs", pa.int64())]),
    }  # fmt: skip
