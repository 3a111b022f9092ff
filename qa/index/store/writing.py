"""Writes to an index. Each write to a table is atomic, and the order of the writes keeps every article whole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from qa.index import fragments
from qa.index.store.contents import FOUND, PARAGRAPHS, TOKENS, Contents
from qa.index.store.engine import among, options_of, reporting
from qa.index.store.rows import LARGE, NewSentence, Rows, Shard, row_of, schemas
from qa.index.store.tables import INDEXED_FROM

if TYPE_CHECKING:
    import pyarrow as pa

_VECTOR_INDEX_FROM = 50_000  # sentences; below, the exact scan takes under 30 ms (`python -m evals.bench.scale`)
_KEPT = timedelta(minutes=10)  # that a table's older versions are kept, for those who read them


@reporting(writes=True)
class Writing(Contents):
    """The tables as they are written to."""

    _counts_found = False  # whether the words that paragraphs are found by are counted too (`Contents.found_in`)

    def put(self, rows: Rows) -> None:
        # In this order: a paragraph whose sentences are of another revision has none, and no reader is misled.
        files = [one.file for one in rows.articles]
        self._merge("paragraphs", "address", [row_of(one) for one in rows.paragraphs], files)
        self._merge("sentences", "id", [row_of(one) for one in rows.sentences], files)
        self._merge("articles", "file", [row_of(one) for one in rows.articles], files)

    def add(self, sentences: Sequence[NewSentence]) -> None:
        if sentences:
            self._merge("sentences", "id", [row_of(one) for one in sentences])

    def append(self, table: str, rows: pa.Table) -> None:
        """Puts rows to those of a table, as `Contents.batches` has them, which are of no file that is there."""
        self._check_leases()
        self._to_write(table).add(rows)

    def delete(self, files: Sequence[str]) -> None:
        if files:
            self._check_leases()
            for name in ("articles", "sentences", "paragraphs"):
                self._to_write(name).delete(among("file", files))

    def _merge(self, name: str, key: str, data: Sequence[Mapping[str, Any]], files: Sequence[str] = ()) -> None:
        """Writes the rows over those of the same key; of ``files`` no other row is left."""
        import pyarrow as pa

        self._check_leases()
        table = self._to_write(name)
        if files and not table.count_rows(among("file", files)):
            if data:  # a merge would read the whole table for it
                table.add(pa.Table.from_pylist(data, schema=table.schema))
            return
        merge = table.merge_insert(key).when_matched_update_all().when_not_matched_insert_all()
        if files:
            merge = merge.when_not_matched_by_source_delete(among("file", files))
        merge.execute(pa.Table.from_pylist(data, schema=table.schema))

    def shard(self, rows: Rows) -> Shard:
        """Writes rows beside the tables, for the writer to `commit`; whoever holds no lock may."""
        given = {name: [row_of(one) for one in getattr(rows, name)] for name in LARGE}
        return {name: self._written(name, data) for name, data in given.items() if data}

    def _written(self, name: str, data: Sequence[Mapping[str, Any]]) -> list[str]:
        import pyarrow as pa

        table = pa.Table.from_pylist(data, schema=self._there().tables[name].schema)
        return fragments.written(self._uri(name), table, options_of(self.address).get("storage_options", {}))

    def commit(self, shards: Sequence[Shard], files: Sequence[str] = ()) -> None:
        """Makes shards part of the tables, with no other row of ``files`` left, in the order of `put`."""
        gone = among("file", files) if files else ""
        for name in LARGE:
            new = [one for shard in shards for one in shard.get(name, [])]
            if new or gone:
                self._check_leases()
                options = options_of(self.address).get("storage_options", {})
                fragments.commit(self._uri(name), new, gone=gone, options=options)
                self._look(name)

    def _uri(self, name: str) -> str:
        return f"{self.address.rstrip('/')}/{name}.lance"

    def finish(self) -> None:
        self._drop_orphans()
        new_words = self._versions()["paragraphs"] != self._finished().get("paragraphs")
        for name in self._there().tables:
            self.tidy(name)
        if new_words:
            self._count_terms()
        value = json.dumps({**self._versions(), "pending": sum(self._pending().values())})
        self._merge("meta", "key", [{"key": "finished", "value": value}])

    def set_hashed(self, when: float) -> None:
        self._merge("meta", "key", [{"key": "hashed", "value": json.dumps(when)}])

    def large(self) -> list[str]:
        """What `tidy` takes, one after the other: the tables that grow with the folder."""
        return list(LARGE)

    def tidy(self, name: str) -> None:
        """What `finish` does for the speed of one table, and may be done at any time: small parts are put together,
        and its search structures brought up to date."""
        self._index_search(name)
        self._to_write(name).optimize(cleanup_older_than=_KEPT)

    def files_with_rows(self) -> set[str]:
        """The files that have a row in any table, of a run that was killed too."""
        return {file for name in LARGE for file in self._column(name, "file").unique().to_pylist()}

    def _drop_orphans(self) -> None:
        """Drops what a run that was killed wrote of an article that it did not come to commit."""
        there = set(self._column("articles", "file").to_pylist())
        self.delete(sorted(self._files_of_paragraphs() - there))

    def _index_search(self, name: str) -> None:
        from lancedb.index import Bitmap, BTree, IvfRq

        if name not in ("paragraphs", "sentences"):
            return
        tables = self._there().tables
        table = tables[name]
        made = {index.name for index in table.list_indices()}
        if "address_idx" not in made and tables["paragraphs"].count_rows() >= INDEXED_FROM:
            table.create_index("address", config=BTree())
            table.create_index("published", config=BTree())
            table.create_index("source", config=Bitmap())
            table.create_index("language", config=Bitmap())
        if name == "sentences" and "vector_idx" not in made and table.count_rows() >= _VECTOR_INDEX_FROM:
            table.create_index("vector", config=IvfRq(distance_type="dot"))

    def _count_terms(self) -> None:
        import pyarrow as pa

        counts = [_counted(self._column("paragraphs", "search"))]
        if self._counts_found:
            counts.append(_counted(self._column("paragraphs", "found"), FOUND))
        self._db.create_table("terms", pa.concat_tables(counts), mode="overwrite")
        self._there().tables["terms"] = self._db.open_table("terms")


def _counted(texts: Any, of: str = "") -> pa.Table:
    """In how many of the texts each token stands, and the totals: rows of the table of terms, ``of`` before each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    tokens = pc.split_pattern(texts, " ")
    pairs = pa.table({"row": pc.list_parent_indices(tokens), "token": pc.list_flatten(tokens)})
    distinct = pairs.group_by(["row", "token"]).aggregate([])
    counted = distinct.group_by("token").aggregate([("row", "count")])
    terms = pa.table({"token": counted["token"], "paragraphs": pc.cast(counted["row_count"], pa.int64())})
    total = pa.table({"token": [PARAGRAPHS, TOKENS], "paragraphs": [len(texts), len(pairs)]})
    both = pa.concat_tables([total, terms]).cast(schemas(1)["terms"])
    return both.set_column(0, "token", pc.binary_join_element_wise(of, both["token"], "")) if of else both
