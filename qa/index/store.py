"""The index on disk, behind one small protocol. All that is LanceDB is here; nothing of LlamaIndex is.

Five tables in one folder (or under one object store's address): paragraphs (words, folded search text with a full-text
index), articles (one row a file, written last: the commit), sentences (span, vector; a row is there only with its
vector, and counts only where its revision is its paragraph's), terms (in how many paragraphs a search token stands),
meta. Each write to a table is atomic, and the order of the writes keeps every article whole for readers and after a
kill. LanceDB does not fsync on local disk: after a power cut the index can be rebuilt from the folder, which is never
written to.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import re
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

from qa.articles import places
from qa.articles.places import Remote, is_remote
from qa.errors import FolderError, QAError, StoreError, StoreUnwritable
from qa.imports import deferred
from qa.index import fragments, lease
from qa.index.mirror import Copy
from qa.types import UNQUOTED, Filters, Paragraph, ParagraphKind, Skipped

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

LAYOUT = 5  # of the tables, and of what they number: another number means: build anew
_SEARCH_INDEX_FROM = 5_000  # paragraphs; below, an exact scan is as fast as a full-text index is to open
_VECTOR_INDEX_FROM = 50_000  # sentences; below, the exact scan takes under 30 ms (`python -m evals.bench.scale`)
_LOOKED = timedelta(seconds=5)  # within which an object store is asked once whether a table has a new version
_KEPT = timedelta(minutes=10)  # that a table's older versions are kept, for those who read them
_ALL = 2**31 - 1
_PARAGRAPHS, _TOKENS = " paragraphs", " tokens"  # totals among the terms; no token holds a space
_WRITES = ("put", "add", "delete", "finish", "alone", "set_hashed", "shard", "commit", "tidy")
_NO_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
_REASON = 160  # characters of the engine's own words in a message of ours


@dataclass(frozen=True, slots=True)
class Hit:
    """A paragraph's address with its score on one side: cosine (dense) or BM25 (lexical)."""

    address: str
    score: float


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

    articles: list[dict[str, Any]]
    paragraphs: list[IndexedParagraph]
    sentences: list[NewSentence]


Shard = Mapping[str, list[str]]  # rows that are written and part of no table yet: by table, what `commit` needs
LARGE = ("paragraphs", "sentences", "articles")  # the tables that grow with the folder, in the order of a commit


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


_Method = TypeVar("_Method", bound=Callable[..., Any])
_Found = TypeVar("_Found")


def _reporting(method: _Method) -> _Method:
    """The method; what the engine raises in it becomes a `StoreError`. What cannot be read of the copy on this disk is
    read of the index itself; what is written is none of the copy's yet."""
    writes = method.__name__ in _WRITES

    @functools.wraps(method)
    def reported(self: LanceStore, *args: Any, **keywords: Any) -> Any:
        try:
            with _damage(self.address, writes=writes):
                if not writes:
                    self._follow()
                return method(self, *args, **keywords)
        except StoreError:
            if writes or not self._left_copy():
                raise
        finally:
            if writes and self._copy:
                self._copy.outdate()
        with _damage(self.address):
            return method(self, *args, **keywords)

    return cast("_Method", reported)


def _all_reporting(store: type[LanceStore]) -> type[LanceStore]:
    """The class with all of its public methods `_reporting`."""
    for name, method in list(vars(store).items()):
        if not name.startswith("_"):
            setattr(store, name, _reporting(method))
    return store


@_all_reporting
class LanceStore:
    """The embedded engine: one folder, one writer, any number of readers in any number of processes."""

    def __init__(self, address: str, *, embedder: str, dim: int, copy: Copy | None = None) -> None:
        """``copy``: of the tables, on this disk; they are read there while this process writes nothing."""
        self.address = address
        self._embedder, self._dim, self._copy = embedder, dim, copy
        self._own: _Opened | None = None
        self._copied: _Opened | None = None
        self._leases: list[lease.Held] = []  # of an object store, while they are held
        with _damage(address, writes=True):
            if not self._opened_copy():
                self._there()

    def _opened_copy(self) -> bool:
        """Whether there is a copy that can be read, of tables that this program made for this embedder."""
        try:
            path = self._copy.first() if self._copy else None
        except FolderError as error:
            raise StoreError(str(error)) from error
        if path is None:
            return False
        try:
            with _damage(str(path)):
                self._copied = _opened(str(path), timedelta(0))
                meta = self._read_meta(self._copied.tables["meta"])
        except StoreError:
            return not self._left_copy()
        if (meta.get("layout"), meta.get("embedder")) != (LAYOUT, self._embedder):
            self._copied = None
        return self._copied is not None

    def _follow(self) -> None:
        """Has the newest version that is on this disk read from here on, or the index itself where none is."""
        if self._copy is None or self._leases:
            return
        path = self._copy.newest()
        if path is None:
            self._there()
            self._copied = None
        elif self._copied is None or self._copied.address != str(path):
            self._copied = _opened(str(path), timedelta(0))

    def _left_copy(self) -> bool:
        """Drops a copy that cannot be read; False where none was read."""
        copied, self._copied = self._copied, None
        if copied is None or self._copy is None:
            return False
        self._there()
        self._copy.give_up(Path(copied.address))
        return True

    def _there(self) -> _Opened:
        """The tables that are written to, opened (and made) when they are wanted first."""
        if self._own is None:
            if not is_remote(self.address):
                _make_folder(self.address)
            self._db = _connected(self.address, read_consistency_interval=_looking(self.address))
            self._own = _Opened(self.address, _looking(self.address), self._open(self._embedder, self._dim))
        return self._own

    def _seen(self) -> _Opened:
        """The tables that are read: the copy's, unless this process holds a lock and so may write."""
        if self._copied and not (self._leases and self._own):
            return self._copied
        return self._there()

    @property
    def _tables(self) -> dict[str, Any]:
        return self._seen().tables

    def _open(self, embedder: str, dim: int) -> dict[str, Any]:
        if not self._made():
            with self.alone("writing"):
                if not self._made():  # by another process in the meantime
                    self._make(embedder, dim)
        elif self._is_older():
            with self.alone("writing"):
                if self._is_older():
                    forget(self.address)  # all that it holds is in the folder, and is read anew
                    self._make(embedder, dim)
        self._check(embedder)
        return {name: self._db.open_table(name) for name in _names_of_tables()}

    def _made(self) -> bool:
        return "meta" in _names(self._db, self.address)

    def _is_older(self) -> bool:
        layout = self._read_meta(self._db.open_table("meta")).get("layout") if self._made() else LAYOUT
        return not isinstance(layout, int) or layout < LAYOUT

    def _make(self, embedder: str, dim: int) -> None:
        """Makes the tables, over those that a run left which was killed while it made them; meta last: the commit."""
        left = _names(self._db, self.address)
        for name, schema in _schemas(dim).items():
            table = self._db.create_table(name, schema=schema, mode="overwrite" if name in left else "create")
            if name == "paragraphs":
                table.create_index("found", config=_word_index())  # now: words are found from the first commit on
        facts = {"layout": LAYOUT, "embedder": embedder, "hashed": time.time()}
        meta = [{"key": key, "value": json.dumps(value)} for key, value in facts.items()]
        self._db.create_table("meta", meta)

    def _check(self, embedder: str) -> None:
        meta = self._read_meta(self._db.open_table("meta"))
        if meta.get("layout") != LAYOUT:
            raise StoreError(f"The index at {self.address} has another layout; run `qa index --rebuild`.")
        if meta.get("embedder") != embedder:
            raise StoreError(
                f"The index at {self.address} was made with {meta.get('embedder')}, not {embedder}; "
                "run `qa index --rebuild`."
            )

    @contextmanager
    def alone(self, work: Literal["writing", "embedding"], waiting: Callable[[], None] | None = None) -> Iterator[None]:
        if is_remote(self.address):
            with lease.held(Remote(f"{self.address}/{work}.lease"), waiting) as held:
                self._leases.append(held)
                try:
                    with _damage(self.address, writes=True):
                        if self._own:  # else it is opened now
                            self._look(*self._own.tables)
                    yield
                finally:
                    self._leases.remove(held)
            return
        from filelock import FileLock, Timeout

        lock = FileLock(Path(self.address) / f"{work}.lock")
        with _damage(self.address, writes=True):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if waiting:
                    waiting()
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _look(self, *names: str) -> None:
        """Has these tables shown from here on as they are now."""
        for name in names:
            self._there().tables[name].checkout_latest()
        self._there().behind.update(names)

    def put(self, rows: Rows) -> None:
        # In this order: a paragraph whose sentences are of another revision has none, and no reader is misled.
        files = [row["file"] for row in rows.articles]
        self._merge("paragraphs", "address", [_row(one) for one in rows.paragraphs], files)
        self._merge("sentences", "id", [_row(one) for one in rows.sentences], files)
        self._merge("articles", "file", rows.articles, files)

    def add(self, sentences: Sequence[NewSentence]) -> None:
        if sentences:
            self._merge("sentences", "id", [_row(one) for one in sentences])

    def _merge(self, name: str, key: str, data: Sequence[Mapping[str, Any]], files: Sequence[str] = ()) -> None:
        """Writes the rows over those of the same key; of ``files`` no other row is left."""
        import pyarrow as pa

        self._check_leases()
        table = self._to_write(name)
        if files and not table.count_rows(_among("file", files)):
            if data:  # a merge would read the whole table for it
                table.add(pa.Table.from_pylist(data, schema=table.schema))
            return
        merge = table.merge_insert(key).when_matched_update_all().when_not_matched_insert_all()
        if files:
            merge = merge.when_not_matched_by_source_delete(_among("file", files))
        merge.execute(pa.Table.from_pylist(data, schema=table.schema))

    def _to_write(self, name: str) -> Any:
        """A table of the index itself; readers look at it again."""
        own = self._there()
        own.behind.add(name)
        return own.tables[name]

    def shard(self, rows: Rows) -> Shard:
        """Writes rows beside the tables, for the writer to `commit`; whoever holds no lock may."""
        given = {
            "paragraphs": [_row(one) for one in rows.paragraphs],
            "sentences": [_row(one) for one in rows.sentences],
            "articles": rows.articles,
        }
        return {name: self._written(name, data) for name, data in given.items() if data}

    def _written(self, name: str, data: Sequence[Mapping[str, Any]]) -> list[str]:
        import pyarrow as pa

        table = pa.Table.from_pylist(data, schema=self._there().tables[name].schema)
        return fragments.written(self._uri(name), table, _options(self.address).get("storage_options", {}))

    def commit(self, shards: Sequence[Shard], files: Sequence[str] = ()) -> None:
        """Makes shards part of the tables, with no other row of ``files`` left, in the order of `put`."""
        gone = _among("file", files) if files else ""
        for name in LARGE:
            new = [one for shard in shards for one in shard.get(name, [])]
            if new or gone:
                self._check_leases()
                options = _options(self.address).get("storage_options", {})
                fragments.commit(self._uri(name), new, gone=gone, options=options)
                self._look(name)

    def _uri(self, name: str) -> str:
        return f"{self.address.rstrip('/')}/{name}.lance"

    def tidy(self, name: str) -> None:
        """What `finish` does for the speed of one table, and may be done at any time: small parts are put together,
        and its search structures brought up to date."""
        self._index_search(name)
        self._to_write(name).optimize(cleanup_older_than=_KEPT)

    def files_with_rows(self) -> set[str]:
        """The files that have a row in any table, of a run that was killed too."""
        return {file for name in LARGE for file in self._column(name, "file").unique().to_pylist()}

    def _check_leases(self) -> None:
        for held in self._leases:
            held.check()

    def delete(self, files: Sequence[str]) -> None:
        if files:
            self._check_leases()
            for name in ("articles", "sentences", "paragraphs"):
                self._to_write(name).delete(_among("file", files))

    def finish(self) -> None:
        self._drop_orphans()
        new_words = self._versions()["paragraphs"] != self._finished().get("paragraphs")
        for name in self._there().tables:
            self.tidy(name)
        if new_words:
            self._count_terms()
        value = json.dumps({**self._versions(), "pending": sum(self._pending().values())})
        self._merge("meta", "key", [{"key": "finished", "value": value}])

    def signatures(self) -> list[tuple[str, int]]:
        rows = self._columns("paragraphs", ["file", "signature"])
        return list(zip(rows["file"].to_pylist(), rows["signature"].to_pylist(), strict=True))

    def size(self) -> int | None:
        if is_remote(self.address):
            return None
        return sum(path.stat().st_size for path in Path(self.address).rglob("*") if path.is_file())

    def _drop_orphans(self) -> None:
        """Drops what a run that was killed wrote of an article that it did not come to commit."""
        there = set(self._column("articles", "file").to_pylist())
        self.delete(sorted(self._files_of_paragraphs() - there))

    def _files_of_paragraphs(self) -> set[str]:
        """The files that have any. Raises `StoreError` where an article has none: a table that lost its last version
        shows the one before."""
        version, articles = self.version(), self._columns("articles", ["file", "reason"]).to_pylist()
        found = set(self._column("paragraphs", "file").unique().to_pylist())
        lost = [row["file"] for row in articles if not row["reason"] and row["file"] not in found]
        if lost and self.version() == version:  # nobody has deleted them meanwhile
            raise _damaged(self.address, f"the paragraphs of {lost[0]} are missing")
        return found

    def hashed(self) -> float:
        return float(self._read_meta(self._tables["meta"]).get("hashed", 0.0))

    def set_hashed(self, when: float) -> None:
        self._merge("meta", "key", [{"key": "hashed", "value": json.dumps(when)}])

    def check(self) -> None:
        import pyarrow.compute as pc

        for table in self._tables.values():
            for batch in table.search().limit(_ALL).to_batches():
                batch.validate(full=True)
            for index in table.list_indices():
                table.prewarm_index(index.name)
        self._files_of_paragraphs()
        now = self._versions()
        if back := [name for name, then in self._finished().items() if then > now.get(name, then)]:
            raise _damaged(self.address, f"the last version of {back[0]} is missing")
        vectors = self._column("sentences", "vector").flatten()
        if not pc.all(pc.is_finite(vectors), min_count=0).as_py():
            raise _damaged(self.address, "a vector is no numbers")
        if self.frequencies([])[1] != self._tables["paragraphs"].count_rows() and self.finished():
            raise _damaged(self.address, "the counts of words are of another version")

    def finished(self) -> bool:
        then, now = self._finished(), self._versions()
        return all(then.get(name) == now[name] for name in ("articles", "paragraphs"))

    def settled(self) -> bool:
        return self._finished() == {**self._versions(), "pending": 0}

    def _finished(self) -> dict[str, int]:
        """What the last `finish` left: the tables' versions, and how many sentences had no vector; {} before it."""
        found: dict[str, int] = self._read_meta(self._tables["meta"]).get("finished", {})
        return found

    @staticmethod
    def _read_meta(table: Any) -> dict[str, Any]:
        return {row["key"]: json.loads(row["value"]) for row in table.search().limit(_ALL).to_list()}

    def _versions(self) -> dict[str, int]:
        return {name: int(self._tables[name].version) for name in ("articles", "paragraphs", "sentences")}

    def pending(self) -> dict[str, int]:
        return {} if self.settled() else self._pending()

    def _pending(self) -> dict[str, int]:
        import pyarrow.compute as pc

        of = ["address", "revision"]
        wanted = self._columns("paragraphs", [*of, "sentences", "published"])
        counted = self._columns("sentences", of).group_by(of).aggregate([([], "count_all")])
        both = wanted.join(counted, of, join_type="left outer").sort_by(
            [("published", "descending"), ("address", "ascending")]
        )
        lacking = pc.subtract(both["sentences"], pc.fill_null(both["count_all"], 0))
        pairs = zip(both["address"].to_pylist(), lacking.to_pylist(), strict=True)
        return {address: count for address, count in pairs if count and count > 0}

    def sentence_count(self) -> int:
        import pyarrow.compute as pc

        return int(pc.sum(self._column("paragraphs", "sentences")).as_py() or 0)

    def _index_search(self, name: str) -> None:
        from lancedb.index import Bitmap, BTree, IvfRq

        if name not in ("paragraphs", "sentences"):
            return
        tables = self._there().tables
        table = tables[name]
        made = {index.name for index in table.list_indices()}
        if "address_idx" not in made and tables["paragraphs"].count_rows() >= _SEARCH_INDEX_FROM:
            table.create_index("address", config=BTree())
            table.create_index("published", config=BTree())
            table.create_index("source", config=Bitmap())
            table.create_index("language", config=Bitmap())
        if name == "sentences" and "vector_idx" not in made and table.count_rows() >= _VECTOR_INDEX_FROM:
            table.create_index("vector", config=IvfRq(distance_type="dot"))

    def _count_terms(self) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        search = self._column("paragraphs", "search")
        tokens = pc.split_pattern(search, " ")
        pairs = pa.table({"row": pc.list_parent_indices(tokens), "token": pc.list_flatten(tokens)})
        distinct = pairs.group_by(["row", "token"]).aggregate([])
        counted = distinct.group_by("token").aggregate([("row", "count")])
        terms = pa.table({"token": counted["token"], "paragraphs": pc.cast(counted["row_count"], pa.int64())})
        total = pa.table({"token": [_PARAGRAPHS, _TOKENS], "paragraphs": [len(search), len(pairs)]})
        self._db.create_table("terms", pa.concat_tables([total, terms]).cast(_schemas(1)["terms"]), mode="overwrite")
        self._there().tables["terms"] = self._db.open_table("terms")

    def _column(self, table: str, column: str) -> Any:
        return self._columns(table, [column])[column].combine_chunks()

    def _columns(self, table: str, columns: Sequence[str]) -> pa.Table:
        return self._tables[table].search().select(list(columns)).limit(_ALL).to_arrow()

    def dense(self, vector: Vectors, k: int, filters: Filters | None = None) -> list[Hit]:
        return self._run(self._dense(vector, k, filters))[0]

    def lexical(self, tokens: Sequence[str], k: int, filters: Filters | None = None) -> list[Hit]:
        return self._run(self._lexical(tokens, k, filters))[0]

    def nearest(self, vector: Vectors, tokens: Sequence[str], pools: Sequence[Pool]) -> list[Hit]:
        sought = [
            look
            for pool in pools
            for look in (
                self._dense(vector, pool.dense, pool.filters),
                self._lexical(tokens, pool.lexical, pool.filters),
            )
        ]
        return list(chain.from_iterable(self._run(*sought)))

    def _run(self, *work: Coroutine[Any, Any, _Found]) -> list[_Found]:
        """What all of it comes to, done at once on the engine's own loop."""
        from lancedb.background_loop import LOOP

        async def together() -> list[_Found]:
            import asyncio

            return await asyncio.gather(*work)

        found: list[_Found] = LOOP.run(together())  # type: ignore[no-untyped-call]
        return found

    async def _reader(self, name: str, seen: _Opened) -> Any:
        """The table as the engine's asynchronous interface has it: several searches are under way at once there, each
        in two thirds of the time. Like the others it shows what any process has committed (`_looking`)."""
        if name not in seen.readers:
            options = _options(seen.address)
            db = await _engine().connect_async(seen.address, read_consistency_interval=seen.looking, **options)
            seen.readers[name] = await db.open_table(name)
        if name in seen.behind:
            seen.behind.discard(name)
            await seen.readers[name].checkout_latest()
        return seen.readers[name]

    async def _dense(self, vector: Vectors, k: int, filters: Filters | None) -> list[Hit]:
        query = (
            (await self._reader("sentences", self._seen()))
            .query()
            .nearest_to(vector)
            .column("vector")
            .distance_type("dot")
        )
        if filters:
            # Without these numbers an IVF index gives up before it has met k rows that pass.
            query = query.where(_passing(filters)).minimum_nprobes(20).maximum_nprobes(0)
        rows = await query.limit(k).select(["address", "_distance"]).to_arrow()
        best: dict[str, float] = {}
        for address, distance in zip(rows["address"].to_pylist(), rows["_distance"].to_pylist(), strict=True):
            best[address] = max(best.get(address, -1.0), 1.0 - distance)
        return [Hit(address, score) for address, score in best.items()]

    async def _lexical(self, tokens: Sequence[str], k: int, filters: Filters | None) -> list[Hit]:
        from lancedb.query import MatchQuery

        table = await self._reader("paragraphs", self._seen())
        if not tokens or not await table.count_rows():
            return []
        words = MatchQuery(" ".join(tokens), "found")  # type: ignore[call-arg]  # pydantic defaults mypy does not see
        query = table.query().nearest_to_text(words)
        if filters:
            query = query.where(_passing(filters))
        rows = await query.limit(k).select(["address", "_score"]).to_arrow()
        pairs = zip(rows["address"].to_pylist(), rows["_score"].to_pylist(), strict=True)
        return [Hit(address, score) for address, score in pairs]

    def paragraphs(self, addresses: Sequence[str]) -> list[IndexedParagraph]:
        return _all_read(IndexedParagraph, self._run(self._addressed("paragraphs", addresses, IndexedParagraph))[0])

    def sentences(self, addresses: Sequence[str]) -> list[IndexedSentence]:
        return _with_vectors(self._run(self._addressed("sentences", addresses, IndexedSentence))[0])

    def with_sentences(self, addresses: Sequence[str]) -> tuple[list[IndexedParagraph], list[IndexedSentence]]:
        paragraphs, sentences = self._run(
            self._addressed("paragraphs", addresses, IndexedParagraph),
            self._addressed("sentences", addresses, IndexedSentence),
        )
        return _all_read(IndexedParagraph, paragraphs), _with_vectors(sentences)

    def matching(
        self, patterns: Mapping[str, str], filters: Filters | None = None, *, credited: bool = False
    ) -> list[IndexedParagraph]:
        quoted = {column: pattern.replace("'", "''") for column, pattern in patterns.items()}
        wanted = [f"regexp_like({column}, '{pattern}', 'i')" for column, pattern in quoted.items()]
        kinds = "kind = 'credit'" if credited else f"NOT {_among('kind', UNQUOTED)}"
        where = " AND ".join([kinds, *wanted, *([_passing(filters)] if filters else [])])
        query = self._tables["paragraphs"].search().select(_columns_of(IndexedParagraph)).limit(_ALL)
        return [_read(IndexedParagraph, row) for row in query.where(where).to_arrow().to_pylist()]

    def articles(self, files: Sequence[str] | None = None) -> list[IndexedArticle]:
        return [_read(IndexedArticle, row) for row in self._files(IndexedArticle, files) if row["language"]]

    def rows(self, table: str, columns: Sequence[str], files: Sequence[str] | None = None) -> pa.Table:
        """Columns of a table as they are kept, of these files or of all: for who looks whether they are sound."""
        return self._columns(table, columns) if files is None else self._select(table, "file", files, columns)

    def paragraphs_of(self, files: Sequence[str]) -> list[IndexedParagraph]:
        return _all_read(IndexedParagraph, self._select("paragraphs", "file", files, _columns_of(IndexedParagraph)))

    def versions(self) -> dict[str, int]:
        """The versions of the tables that articles are written to: others when anything was."""
        return self._versions()

    def files(self, files: Sequence[str] | None = None) -> list[IndexedFile]:
        return [_read(IndexedFile, row) for row in self._files(IndexedFile, files)]

    def text(self, file: str) -> str:
        rows = self._select("articles", "file", [file], ["text"]).to_pylist()
        return rows[0]["text"] or "" if rows else ""

    def _files(self, kind: type, files: Sequence[str] | None) -> list[dict[str, Any]]:
        """The columns of the table of articles that this kind has."""
        wanted = _columns_of(kind)
        table = (
            self._select("articles", "file", files, wanted) if files is not None else self._columns("articles", wanted)
        )
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    def vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        if not hashes or not self._tables["sentences"].count_rows():
            return {}
        rows = self._select("sentences", "sha", list(dict.fromkeys(hashes)), ["sha", "vector"])
        return dict(zip(rows["sha"].to_pylist(), _matrix(rows["vector"]), strict=True))

    def frequencies(self, tokens: Sequence[str]) -> tuple[dict[str, int], int, float]:
        seen = self._seen()
        version = int(seen.tables["terms"].version)
        if version != seen.terms[0]:
            rows = seen.tables["terms"].search().limit(_ALL).to_arrow()
            seen.terms = version, dict(zip(rows["token"].to_pylist(), rows["paragraphs"].to_pylist(), strict=True))
        known = seen.terms[1]
        total, length = known.get(_PARAGRAPHS, 0), known.get(_TOKENS, 0)
        return {token: known[token] for token in tokens if token in known}, total, length / total if total else 0.0

    def version(self) -> int:
        seen = self._seen()  # of an index that was built anew the tables' own numbers come again, at another place
        return hash((seen.address, int(seen.tables["articles"].version)))

    async def _addressed(self, name: str, addresses: Sequence[str], kind: type) -> pa.Table:
        """The rows of a table at these addresses: by their places, in a third of the time, unless it is small or is
        being written to."""
        import pyarrow as pa
        import pyarrow.compute as pc

        seen = self._seen()
        table = await self._reader(name, seen)
        version, columns = int(await table.version()), _columns_of(kind)
        places = seen.places.get(name)
        if places is None or places.version != version:
            if await table.count_rows() < _SEARCH_INDEX_FROM:
                return await _those(table, addresses, columns)
            places = seen.places[name] = await _places(table, version)
        rows = await table.take_row_ids(places.of(addresses)).select(columns).to_arrow()
        if int(await table.version()) != version:  # the places may be another row's now
            return await _those(table, addresses, columns)
        wanted = pc.is_in(rows["address"], pa.array(addresses, pa.string()))
        return rows if pc.all(wanted).as_py() is not False else rows.filter(wanted)

    def _select(self, table: str, column: str, values: Sequence[str], columns: Sequence[str] = ()) -> pa.Table:
        where = _among(column, values) if values else "false"
        query = self._tables[table].search().where(where).limit(_ALL)
        return (query.select(list(columns)) if columns else query).to_arrow()


@dataclass(slots=True, eq=False)
class _Opened:
    """The tables at one address, and what is known of them; ``looking``: as `_looking`."""

    address: str
    looking: timedelta
    tables: dict[str, Any]
    readers: dict[str, Any] = field(default_factory=dict)
    places: dict[str, _Places] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)  # readers of tables that were written to here
    terms: tuple[int, dict[str, int]] = (-1, {})


def _opened(address: str, looking: timedelta) -> _Opened:
    db = _connected(address, read_consistency_interval=looking)
    return _Opened(address, looking, {name: db.open_table(name) for name in _names_of_tables()})


_OPTIONAL = ("title", "source", "page", "sentences")  # None where there is none; any other text is "" then

_Kind = TypeVar("_Kind")


def _columns_of(kind: type) -> list[str]:
    return [column.name for column in fields(kind)]


def _read(kind: type[_Kind], row: dict[str, Any]) -> _Kind:
    """A row as what it says; days are ISO text in the tables."""
    values = {name: value if value is not None or name in _OPTIONAL else "" for name, value in row.items()}
    values["published"] = date.fromisoformat(row["published"]) if row["published"] else None
    return kind(**values)


def _row(one: IndexedParagraph | NewSentence) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in _columns_of(type(one))}
    return row | {"published": one.published.isoformat() if one.published else None}


@dataclass(frozen=True, slots=True)
class _Places:
    """Where in a table, at one version of it, the rows of an address are: hashes of addresses, sorted, and row ids."""

    version: int
    hashes: NDArray[np.int64]
    rows: NDArray[np.int64]

    def of(self, addresses: Sequence[str]) -> list[int]:
        """The ids of the rows at these addresses, and seldom of one whose address has the hash of one of them."""
        import numpy as np

        wanted = np.unique(np.array([hash(address) for address in addresses], dtype=np.int64))
        first, last = (np.searchsorted(self.hashes, wanted, side=side) for side in ("left", "right"))
        return [row for a, b in zip(first, last, strict=True) for row in self.rows[a:b].tolist()]


async def _places(table: Any, version: int) -> _Places:
    import numpy as np

    rows = await table.query().select(["address"]).with_row_id().limit(_ALL).to_arrow()
    hashes = np.array([hash(address) for address in rows["address"].to_pylist()], dtype=np.int64)
    order = np.argsort(hashes, kind="stable")
    return _Places(version, hashes[order], rows["_rowid"].to_numpy().astype(np.int64)[order])


async def _those(table: Any, addresses: Sequence[str], columns: Sequence[str]) -> pa.Table:
    where = _among("address", addresses) if addresses else "false"
    return await table.query().where(where).limit(_ALL).select(list(columns)).to_arrow()


def _all_read(kind: type[_Kind], rows: pa.Table) -> list[_Kind]:
    return [_read(kind, row) for row in rows.to_pylist()]


def _with_vectors(rows: pa.Table) -> list[IndexedSentence]:
    spans = rows.drop_columns(["vector"]).to_pylist()
    return [IndexedSentence(**span, vector=one) for span, one in zip(spans, _matrix(rows["vector"]), strict=True)]


def _matrix(column: pa.ChunkedArray) -> Vectors:
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    rows: Vectors = flat.reshape(len(column), -1) if len(column) else flat.reshape(0, 0)
    return rows


@contextmanager
def _damage(address: str, *, writes: bool = False) -> Iterator[None]:
    """Turns what the engine and the disk raise into a `StoreError`, of a kind of its own where ``writes`` cannot."""
    try:
        yield
    except (QAError, TypeError, AttributeError, NameError):  # ours
        raise
    except Exception as error:  # the engine has no class of its own errors: it raises built-in ones, and its panics
        reason = " ".join(re.split(r", /\S+\.rs:", str(error))[0].split())[:_REASON]
        code = getattr(error, "errno", None) or next(map(int, re.findall(r"os error (\d+)", str(error))), None)
        if writes and code in _NO_WRITING:
            raise _unwritable(address, code) from error
        if is_remote(address) and (said := places.trouble(address, str(error))):
            raise (StoreUnwritable if writes else StoreError)(said) from error
        raise _damaged(address, reason or type(error).__name__) from error


def _make_folder(address: str) -> None:
    """Makes the folder of an index, if need be; where none can be made, for whatever reason, nothing is damaged."""
    try:
        Path(address).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(address, error.errno or errno.EACCES) from error


def _unwritable(address: str, code: int) -> StoreUnwritable:
    return StoreUnwritable(
        f"The index at {address} cannot be written ({os.strerror(code)}); make room or give leave there, "
        "or name another place with --index."
    )


def _damaged(address: str, why: str) -> StoreError:
    return StoreError(f"The index at {address} is damaged or gone ({why}); run `qa index --rebuild`.")


def _engine() -> Any:
    """LanceDB; the client of its REST catalogue, half of what importing it takes, is not loaded."""
    with deferred("lance_namespace_urllib3_client"):
        import lancedb
    return lancedb


def _connected(address: str, **options: Any) -> Any:
    if is_remote(address):
        try:
            places.reach(Remote(address))  # Lance would try for seven times as long
        except FolderError as error:
            raise StoreError(str(error)) from error
    return _engine().connect(address, **options, **_options(address))


def _options(address: str) -> dict[str, Any]:
    return {"storage_options": places.options()} if is_remote(address) else {}


def _looking(address: str) -> timedelta:
    """After how long a reader looks for what another process has committed: on a disk each time."""
    return _LOOKED if is_remote(address) else timedelta(0)


def _names(db: Any, address: str) -> set[str]:
    """The tables there, by what lies in a folder: the engine's own list would load that client."""
    if is_remote(address):
        return set(db.list_tables(limit=100).tables)
    return {path.stem for path in Path(address).glob("*.lance")}


def exists(address: str) -> bool:
    """Whether there is an index at this address; makes none."""
    with _damage(address):
        there = is_remote(address) or Path(address).is_dir()
        return there and "meta" in _names(_connected(address), address)


def forget(address: str) -> None:
    """Drops the tables of the index at this address, and nothing else that may lie there."""
    with _damage(address, writes=True):
        if is_remote(address) or Path(address).is_dir():
            db = _connected(address)
            for name in _names(db, address) & {*_names_of_tables()}:
                db.drop_table(name)


def _passing(filters: Filters) -> str:
    """The filters as a condition on sentences or paragraphs; days are ISO text, and text that is not there fails."""
    kept = [_among(column, values) for column, values in
            (("source", filters.sources), ("language", filters.languages)) if values]  # fmt: skip
    if filters.since:
        kept.append(f"published >= '{filters.since.isoformat()}'")
    if filters.until:
        kept.append(f"published <= '{filters.until.isoformat()}'")
    return " AND ".join(kept)


def _word_index() -> Any:
    from lancedb.index import FTS

    return FTS(base_tokenizer="whitespace", lower_case=False, stem=False, remove_stop_words=False,
               ascii_folding=False, with_position=False)  # fmt: skip


def _among(column: str, values: Iterable[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({quoted})"


def _names_of_tables() -> list[str]:
    return [*_schemas(1), "meta"]


def _schemas(dim: int) -> dict[str, pa.Schema]:
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
