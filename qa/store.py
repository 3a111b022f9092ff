"""The index on disk, behind one small protocol. All that is LanceDB is here; nothing of LlamaIndex is.

Four tables in one folder (or under one object store's address): sentences (vector, span), paragraphs (words, folded
search text with a full-text index), articles (one row a file, written last: the commit), terms (in how many
paragraphs a search token stands). LanceDB does not fsync on local disk: after a power cut the index can be rebuilt
from the folder, which is never written to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from qa.errors import StoreError
from qa.types import Filters

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

LAYOUT = 3  # of the tables; another number means: build anew
_SEARCH_INDEX_FROM = 5_000  # paragraphs; below, an exact scan is as fast as a full-text index is to open
_VECTOR_INDEX_FROM = 50_000  # sentences; below, the exact scan takes under 30 ms (DESIGN.md: 56 ms for 100,000)
_ALL = 2**31 - 1
_PARAGRAPHS, _TOKENS = " paragraphs", " tokens"  # totals among the terms; no token holds a space


@dataclass(frozen=True, slots=True)
class Hit:
    """A paragraph's address with its score on one side: cosine (dense) or BM25 (lexical)."""

    address: str
    score: float


@dataclass(frozen=True, slots=True)
class Rows:
    """What one or more articles become: rows for each table, ready to be put."""

    articles: list[dict[str, Any]]
    paragraphs: list[dict[str, Any]]
    sentences: list[dict[str, Any]]


class Store(Protocol):
    """What the system needs of an engine; a cluster of another one can stand behind it."""

    def put(self, rows: Rows) -> None:
        """Replaces the articles of these rows, whole."""
        ...

    def delete(self, files: Sequence[str]) -> None: ...

    def finish(self) -> None:
        """Brings the search structures up to date after puts and deletes."""
        ...

    def dense(self, vector: Vectors, k: int, filters: Filters | None = None) -> list[Hit]:
        """The paragraphs of the k nearest sentences among the articles that pass; ``lexical`` likewise by words."""
        ...

    def lexical(self, tokens: Sequence[str], k: int, filters: Filters | None = None) -> list[Hit]: ...

    def paragraphs(self, addresses: Sequence[str]) -> list[dict[str, Any]]: ...

    def matching(self, patterns: Mapping[str, str], filters: Filters | None = None) -> list[dict[str, Any]]:
        """All paragraphs whose columns fit these regular expressions (Rust's, in any case), of articles that pass."""
        ...

    def sentences(self, addresses: Sequence[str]) -> list[dict[str, Any]]: ...

    def articles(self, columns: Sequence[str], files: Sequence[str] | None = None) -> list[dict[str, Any]]: ...

    def vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        """The vectors that are already known, by the hash of their text."""
        ...

    def frequencies(self, tokens: Sequence[str]) -> tuple[dict[str, int], int, float]:
        """In how many paragraphs each token stands, the number of paragraphs, and their mean length in tokens."""
        ...

    def version(self) -> int: ...


class LanceStore:
    """The embedded engine: one folder, one writer, any number of readers in any number of processes."""

    def __init__(self, address: str, *, embedder: str, dim: int) -> None:
        import lancedb

        self.address = address
        if "://" not in address:
            Path(address).mkdir(parents=True, exist_ok=True)
        try:
            # interval 0: a reader sees what another process has committed
            self._db = lancedb.connect(address, read_consistency_interval=timedelta(0))
            self._tables = self._open(embedder, dim)
        except (OSError, RuntimeError, ValueError) as error:
            raise StoreError(
                f"The index at {address} cannot be opened ({error}); delete it and index again."
            ) from error

    def _open(self, embedder: str, dim: int) -> dict[str, Any]:
        schemas = _schemas(dim)
        made = set(self._db.list_tables(limit=100).tables)
        if "meta" in made:
            self._check(embedder)
        else:
            for name, schema in schemas.items():
                self._db.create_table(name, schema=schema, exist_ok=True)
            meta = [{"key": "layout", "value": json.dumps(LAYOUT)}, {"key": "embedder", "value": json.dumps(embedder)}]
            self._db.create_table("meta", meta, exist_ok=True)
        return {name: self._db.open_table(name) for name in schemas}

    def _check(self, embedder: str) -> None:
        rows = self._db.open_table("meta").search().limit(_ALL).to_list()
        meta = {row["key"]: json.loads(row["value"]) for row in rows}
        if meta.get("layout") != LAYOUT:
            raise StoreError(f"The index at {self.address} has another layout; run `qa index --rebuild`.")
        if meta.get("embedder") != embedder:
            raise StoreError(
                f"The index at {self.address} was made with {meta.get('embedder')}, not {embedder}; "
                "run `qa index --rebuild`."
            )

    def put(self, rows: Rows) -> None:
        files = [row["file"] for row in rows.articles]
        for name, key, data in (
            ("sentences", "id", rows.sentences),
            ("paragraphs", "address", rows.paragraphs),
            ("articles", "file", rows.articles),
        ):
            self._replace(name, key, data, files)

    def _replace(self, name: str, key: str, data: list[dict[str, Any]], files: Sequence[str]) -> None:
        import pyarrow as pa

        table = self._tables[name]
        merge = table.merge_insert(key).when_matched_update_all().when_not_matched_insert_all()
        merge = merge.when_not_matched_by_source_delete(_among("file", files))
        merge.execute(pa.Table.from_pylist(data, schema=table.schema))

    def delete(self, files: Sequence[str]) -> None:
        if files:
            for name in ("articles", "paragraphs", "sentences"):
                self._tables[name].delete(_among("file", files))

    def finish(self) -> None:
        self._count_terms()
        self._index_search()
        for table in self._tables.values():
            table.optimize(cleanup_older_than=timedelta(minutes=10))

    def _index_search(self) -> None:
        from lancedb.index import FTS, BTree, IvfRq

        paragraphs, sentences = self._tables["paragraphs"], self._tables["sentences"]
        made = {index.name for table in (paragraphs, sentences) for index in table.list_indices()}
        if "found_idx" not in made and paragraphs.count_rows():
            whole = FTS(base_tokenizer="whitespace", lower_case=False, stem=False, remove_stop_words=False,
                        ascii_folding=False, with_position=False)  # fmt: skip
            paragraphs.create_index("found", config=whole)
        if "address_idx" not in made and paragraphs.count_rows() >= _SEARCH_INDEX_FROM:
            paragraphs.create_index("address", config=BTree())
            sentences.create_index("address", config=BTree())
        if "vector_idx" not in made and sentences.count_rows() >= _VECTOR_INDEX_FROM:
            sentences.create_index("vector", config=IvfRq(distance_type="dot"))

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
        self._tables["terms"] = self._db.open_table("terms")

    def _column(self, table: str, column: str) -> Any:
        return self._tables[table].search().select([column]).limit(_ALL).to_arrow()[column].combine_chunks()

    def dense(self, vector: Vectors, k: int, filters: Filters | None = None) -> list[Hit]:
        query = self._tables["sentences"].search(vector, vector_column_name="vector").distance_type("dot")
        if filters:
            # Without these numbers an IVF index gives up before it has met k rows that pass.
            query = query.where(_passing(filters), prefilter=True).minimum_nprobes(20).maximum_nprobes(0)
        rows = query.limit(k).select(["address", "_distance"]).to_arrow()
        best: dict[str, float] = {}
        for address, distance in zip(rows["address"].to_pylist(), rows["_distance"].to_pylist(), strict=True):
            best[address] = max(best.get(address, -1.0), 1.0 - distance)
        return [Hit(address, score) for address, score in best.items()]

    def lexical(self, tokens: Sequence[str], k: int, filters: Filters | None = None) -> list[Hit]:
        from lancedb.query import MatchQuery

        if not tokens or not self._tables["paragraphs"].count_rows():
            return []
        words = MatchQuery(" ".join(tokens), "found")  # type: ignore[call-arg]  # pydantic defaults mypy does not see
        query = self._tables["paragraphs"].search(words, query_type="fts")
        if filters:
            query = query.where(_passing(filters), prefilter=True)
        rows = query.limit(k).select(["address", "_score"]).to_arrow()
        pairs = zip(rows["address"].to_pylist(), rows["_score"].to_pylist(), strict=True)
        return [Hit(address, score) for address, score in pairs]

    def paragraphs(self, addresses: Sequence[str]) -> list[dict[str, Any]]:
        return self._where("paragraphs", "address", addresses)

    def matching(self, patterns: Mapping[str, str], filters: Filters | None = None) -> list[dict[str, Any]]:
        quoted = {column: pattern.replace("'", "''") for column, pattern in patterns.items()}
        wanted = [f"regexp_like({column}, '{pattern}', 'i')" for column, pattern in quoted.items()]
        where = " AND ".join([*wanted, *([_passing(filters)] if filters else [])])
        query = self._tables["paragraphs"].search().limit(_ALL)
        rows: list[dict[str, Any]] = (query.where(where) if where else query).to_list()
        return rows

    def sentences(self, addresses: Sequence[str]) -> list[dict[str, Any]]:
        rows = self._select("sentences", "address", addresses, ["address", "start", "end", "search", "vector"])
        spans = rows.drop_columns(["vector"]).to_pylist()
        return [{**span, "vector": vector} for span, vector in zip(spans, _matrix(rows["vector"]), strict=True)]

    def articles(self, columns: Sequence[str], files: Sequence[str] | None = None) -> list[dict[str, Any]]:
        if files is not None:
            return self._where("articles", "file", files, columns)
        rows: list[dict[str, Any]] = self._tables["articles"].search().select(list(columns)).limit(_ALL).to_list()
        return rows

    def vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        rows = self._select("sentences", "sha", list(dict.fromkeys(hashes)), ["sha", "vector"])
        return dict(zip(rows["sha"].to_pylist(), _matrix(rows["vector"]), strict=True))

    def frequencies(self, tokens: Sequence[str]) -> tuple[dict[str, int], int, float]:
        rows = self._where("terms", "token", [_PARAGRAPHS, _TOKENS, *tokens])
        found = {row["token"]: int(row["paragraphs"]) for row in rows}
        total, length = found.pop(_PARAGRAPHS, 0), found.pop(_TOKENS, 0)
        return found, total, length / total if total else 0.0

    def version(self) -> int:
        return int(self._tables["articles"].version)

    def _where(
        self, table: str, column: str, values: Sequence[str], columns: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._select(table, column, values, columns).to_pylist()
        return rows

    def _select(self, table: str, column: str, values: Sequence[str], columns: Sequence[str] = ()) -> pa.Table:
        where = _among(column, values) if values else "false"
        query = self._tables[table].search().where(where).limit(_ALL)
        return (query.select(list(columns)) if columns else query).to_arrow()


def _matrix(column: pa.ChunkedArray) -> Vectors:
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    rows: Vectors = flat.reshape(len(column), -1) if len(column) else flat.reshape(0, 0)
    return rows


def forget(address: str) -> None:
    """Drops the tables of the index at this address, and nothing else that may lie there."""
    import lancedb

    if "://" in address or Path(address).is_dir():
        db = lancedb.connect(address)
        for name in set(db.list_tables(limit=100).tables) & {*_schemas(1), "meta"}:
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


def _among(column: str, values: Iterable[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({quoted})"


def _schemas(dim: int) -> dict[str, pa.Schema]:
    import pyarrow as pa

    text, whole = pa.string(), pa.int32()
    return {
        "sentences": pa.schema(
            [("id", text), ("address", text), ("file", text), ("start", whole), ("end", whole), ("sha", text),
             ("search", text), ("language", text), ("published", text), ("source", text),
             ("vector", pa.list_(pa.float32(), dim))]
        ),
        "paragraphs": pa.schema(
            [("address", text), ("file", text), ("number", whole), ("start", whole), ("end", whole), ("page", whole),
             ("kind", text), ("text", text), ("search", text), ("found", text), ("signature", pa.int64()),
             ("language", text), ("published", text), ("source", text)]
        ),
        "articles": pa.schema(
            [("file", text), ("title", text), ("published", text), ("language", text), ("source", text),
             ("lead", text), ("names", text), ("text", text), ("sha256", text),
             ("size", pa.int64()), ("mtime_ns", pa.int64()),
             ("reason", text), ("detail", text)]
        ),
        "terms": pa.schema([("token", text), ("paragraphs", pa.int64())]),
    }  # fmt: skip
