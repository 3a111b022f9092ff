"""The tables of an index: made where there are none, opened, and held by one writer at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qa.articles.places import Remote, is_remote
from qa.errors import FolderError, StoreError
from qa.index import lease
from qa.index.mirror import Copy
from qa.index.store.engine import (
    ALL,
    TABLES,
    among,
    connected,
    damage,
    forget,
    looking,
    make_folder,
    reporting,
    table_names,
)
from qa.index.store.opened import Opened, opened_copy
from qa.index.store.rows import schemas

if TYPE_CHECKING:
    import pyarrow as pa

LAYOUT = 5  # of the tables, and of what they number: another number means: build anew
INDEXED_FROM = 5_000  # paragraphs; below, an exact scan is as fast as a full-text index is to open


@reporting(writes=True)
class Tables:
    """The tables as they are now, and what all that is done with them asks of them."""

    def __init__(self, address: str, *, embedder: str, dim: int, copy: Copy | None = None) -> None:
        """``copy``: of the tables, on this disk; they are read there while this process writes nothing."""
        self.address = address
        self._embedder, self._dim, self._copy = embedder, dim, copy
        self._own: Opened | None = None
        self._copied: Opened | None = None
        self._leases: list[lease.Held] = []  # of an object store, while they are held
        with damage(address, writes=True):
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
            with damage(str(path)):
                self._copied = opened_copy(str(path))
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
            self._copied = opened_copy(str(path))

    def _left_copy(self) -> bool:
        """Drops a copy that cannot be read; False where none was read."""
        copied, self._copied = self._copied, None
        if copied is None or self._copy is None:
            return False
        self._there()
        self._copy.give_up(Path(copied.address))
        return True

    def _outdate(self) -> None:
        """Has the copy, if one is kept, be another than what was written."""
        if self._copy:
            self._copy.outdate()

    def _there(self) -> Opened:
        """The tables that are written to, opened (and made) when they are wanted first."""
        if self._own is None:
            if not is_remote(self.address):
                make_folder(self.address)
            often = looking(self.address)
            self._db = connected(self.address, read_consistency_interval=often)
            self._own = Opened(self.address, often, self._open(self._embedder, self._dim))
        return self._own

    def _seen(self) -> Opened:
        """The tables that are read: the copy's, unless this process holds a lock and so may write."""
        if self._copied and not (self._leases and self._own):
            return self._copied
        return self._there()

    @property
    def _tables(self) -> dict[str, Any]:
        return self._seen().tables

    def _to_write(self, name: str) -> Any:
        """A table of the index itself; readers look at it again."""
        own = self._there()
        own.behind.add(name)
        return own.tables[name]

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
        return {name: self._db.open_table(name) for name in TABLES}

    def _made(self) -> bool:
        return "meta" in table_names(self._db, self.address)

    def _is_older(self) -> bool:
        layout = self._read_meta(self._db.open_table("meta")).get("layout") if self._made() else LAYOUT
        return not isinstance(layout, int) or layout < LAYOUT

    def _make(self, embedder: str, dim: int) -> None:
        """Makes the tables, over those that a run left which was killed while it made them; meta last: the commit."""
        left = table_names(self._db, self.address)
        for name, schema in schemas(dim).items():
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
                    with damage(self.address, writes=True):
                        if self._own:  # else it is opened now
                            self._look(*self._own.tables)
                    yield
                finally:
                    self._leases.remove(held)
            return
        from filelock import FileLock, Timeout

        lock = FileLock(Path(self.address) / f"{work}.lock")
        with damage(self.address, writes=True):
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

    def _check_leases(self) -> None:
        for held in self._leases:
            held.check()

    def _versions(self) -> dict[str, int]:
        return {name: int(self._tables[name].version) for name in ("articles", "paragraphs", "sentences")}

    @staticmethod
    def _read_meta(table: Any) -> dict[str, Any]:
        return {row["key"]: json.loads(row["value"]) for row in table.search().limit(ALL).to_list()}

    def _finished(self) -> dict[str, int]:
        """What the last `finish` left: the tables' versions, and how many sentences had no vector; {} before it."""
        found: dict[str, int] = self._read_meta(self._tables["meta"]).get("finished", {})
        return found

    def _column(self, table: str, column: str) -> Any:
        return self._columns(table, [column])[column].combine_chunks()

    def _columns(self, table: str, columns: Sequence[str]) -> pa.Table:
        return self._tables[table].search().select(list(columns)).limit(ALL).to_arrow()

    def _select(self, table: str, column: str, values: Sequence[str], columns: Sequence[str] = ()) -> pa.Table:
        where = among(column, values) if values else "false"
        query = self._tables[table].search().where(where).limit(ALL)
        return (query.select(list(columns)) if columns else query).to_arrow()


def _word_index() -> Any:
    from lancedb.index import FTS

    return FTS(base_tokenizer="whitespace", lower_case=False, stem=False, remove_stop_words=False,
               ascii_folding=False, with_position=False)  # fmt: skip
