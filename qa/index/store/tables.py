"""The tables of an index: made where there are none, opened, and held by one writer at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qa.articles.places import Remote, is_remote
from qa.errors import StoreError
from qa.index import lease
from qa.index.store.engine import ALL, among, connected, damage, forget, looking, make_folder, reporting, table_names
from qa.index.store.rows import schemas

if TYPE_CHECKING:
    import pyarrow as pa

LAYOUT = 5  # of the tables, and of what they number: another number means: build anew
INDEXED_FROM = 5_000  # paragraphs; below, an exact scan is as fast as a full-text index is to open


@reporting(writes=False)
class Tables:
    """The tables as they are now, and what all that is done with them asks of them."""

    def __init__(self, address: str, *, embedder: str, dim: int) -> None:
        self.address = address
        self._tables: dict[str, Any] = {}
        self._behind: set[str] = set()  # readers of tables that were written to here
        self._leases: list[lease.Held] = []  # of an object store, while they are held
        with damage(address, writes=True):
            if not is_remote(address):
                make_folder(address)
            self._db = connected(address, read_consistency_interval=looking(address))
            self._tables = self._open(embedder, dim)

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
        return {name: self._db.open_table(name) for name in [*schemas(dim), "meta"]}

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
                        self._look(*self._tables)
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
            self._tables[name].checkout_latest()
        self._behind.update(names)

    def _check_leases(self) -> None:
        for held in self._leases:
            held.check()

    def versions(self) -> dict[str, int]:
        """The versions of the tables that articles are written to: others when anything was."""
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
