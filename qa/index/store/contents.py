"""What an index holds: its articles, files and vectors, and whether all of it is there and of one version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.articles.places import is_remote
from qa.index.store.engine import ALL, among, damaged, passing, reporting
from qa.index.store.rows import (
    IndexedArticle,
    IndexedFile,
    IndexedParagraph,
    all_read,
    columns_of,
    matrix,
    read,
)
from qa.index.store.tables import Tables
from qa.types import UNQUOTED, Filters

if TYPE_CHECKING:
    import pyarrow as pa

    from qa.index.store.rows import Vectors

PARAGRAPHS, TOKENS = " paragraphs", " tokens"  # totals among the terms; no token holds a space
FOUND = " found "  # before a term: it is counted in what paragraphs are found by


@reporting(writes=False)
class Contents(Tables):
    """What is there, read whole."""

    def articles(self, files: Sequence[str] | None = None) -> list[IndexedArticle]:
        return [read(IndexedArticle, row) for row in self._files(IndexedArticle, files) if row["language"]]

    def files(self, files: Sequence[str] | None = None) -> list[IndexedFile]:
        return [read(IndexedFile, row) for row in self._files(IndexedFile, files)]

    def text(self, file: str) -> str:
        rows = self._select("articles", "file", [file], ["text"]).to_pylist()
        return rows[0]["text"] or "" if rows else ""

    def _files(self, kind: type, files: Sequence[str] | None) -> list[dict[str, Any]]:
        """The columns of the table of articles that this kind has."""
        wanted = columns_of(kind)
        table = (
            self._select("articles", "file", files, wanted) if files is not None else self._columns("articles", wanted)
        )
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    def matching(
        self, patterns: Mapping[str, str], filters: Filters | None = None, *, credited: bool = False
    ) -> list[IndexedParagraph]:
        quoted = {column: pattern.replace("'", "''") for column, pattern in patterns.items()}
        wanted = [f"regexp_like({column}, '{pattern}', 'i')" for column, pattern in quoted.items()]
        kinds = "kind = 'credit'" if credited else f"NOT {among('kind', UNQUOTED)}"
        where = " AND ".join([kinds, *wanted, *([passing(filters)] if filters else [])])
        query = self._tables["paragraphs"].search().select(columns_of(IndexedParagraph)).limit(ALL)
        return [read(IndexedParagraph, row) for row in query.where(where).to_arrow().to_pylist()]

    def paragraphs_of(self, files: Sequence[str]) -> list[IndexedParagraph]:
        return all_read(IndexedParagraph, self._select("paragraphs", "file", files, columns_of(IndexedParagraph)))

    def rows(self, table: str, columns: Sequence[str], files: Sequence[str] | None = None) -> pa.Table:
        """Columns of a table as they are kept, of these files or of all: for who looks whether they are sound."""
        return self._columns(table, columns) if files is None else self._select(table, "file", files, columns)

    def batches(self, table: str, size: int) -> Iterator[pa.RecordBatch]:
        """All rows of a table as they are kept, at most so many together."""
        yield from self._tables[table].search().limit(ALL).to_batches(size)

    def vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        if not hashes or not self._tables["sentences"].count_rows():
            return {}
        rows = self._select("sentences", "sha", list(dict.fromkeys(hashes)), ["sha", "vector"])
        return dict(zip(rows["sha"].to_pylist(), matrix(rows["vector"]), strict=True))

    def frequencies(self, tokens: Sequence[str]) -> tuple[dict[str, int], int, float]:
        return self._counts(tokens)

    def found_in(self, tokens: Sequence[str]) -> tuple[dict[str, int], int, float]:
        """As `frequencies`, of what paragraphs are found by: their words, and their article's subject and source.
        Nothing where that is not counted (`qa.index.store.writing`)."""
        return self._counts(tokens, FOUND)

    def tokens(self) -> Iterable[str]:
        return [token for token in self._terms() if not token.startswith(" ")]

    def _counts(self, tokens: Sequence[str], of: str = "") -> tuple[dict[str, int], int, float]:
        known = self._terms()
        total, length = known.get(of + PARAGRAPHS, 0), known.get(of + TOKENS, 0)
        counts = {token: known[of + token] for token in tokens if of + token in known}
        return counts, total, length / total if total else 0.0

    def _terms(self) -> dict[str, int]:
        """In how many paragraphs each token stands, by what it is kept under."""
        seen = self._seen()
        version = int(seen.tables["terms"].version)
        if version != seen.terms[0]:
            rows = seen.tables["terms"].search().limit(ALL).to_arrow()
            seen.terms = version, dict(zip(rows["token"].to_pylist(), rows["paragraphs"].to_pylist(), strict=True))
        return seen.terms[1]

    def signatures(self) -> list[tuple[str, int]]:
        rows = self._columns("paragraphs", ["file", "signature"])
        return list(zip(rows["file"].to_pylist(), rows["signature"].to_pylist(), strict=True))

    def sentence_count(self) -> int:
        import pyarrow.compute as pc

        return int(pc.sum(self._column("paragraphs", "sentences")).as_py() or 0)

    def size(self) -> int | None:
        if is_remote(self.address):
            return None
        return sum(path.stat().st_size for path in Path(self.address).rglob("*") if path.is_file())

    def version(self) -> int:
        seen = self._seen()  # of an index that was built anew the tables' own numbers come again, at another place
        return hash((seen.address, int(seen.tables["articles"].version)))

    def versions(self) -> dict[str, int]:
        """The versions of the tables that articles are written to: others when anything was."""
        return self._versions()

    def hashed(self) -> float:
        return float(self._read_meta(self._tables["meta"]).get("hashed", 0.0))

    def finished(self) -> bool:
        then, now = self._finished(), self._versions()
        return all(then.get(name) == now[name] for name in ("articles", "paragraphs"))

    def settled(self) -> bool:
        return self._finished() == {**self._versions(), "pending": 0}

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

    def check(self) -> None:
        import pyarrow.compute as pc

        for table in self._tables.values():
            for batch in table.search().limit(ALL).to_batches():
                batch.validate(full=True)
            for index in table.list_indices():
                table.prewarm_index(index.name)
        self._files_of_paragraphs()
        now = self._versions()
        if back := [name for name, then in self._finished().items() if then > now.get(name, then)]:
            raise damaged(self.address, f"the last version of {back[0]} is missing")
        vectors = self._column("sentences", "vector").flatten()
        if not pc.all(pc.is_finite(vectors), min_count=0).as_py():
            raise damaged(self.address, "a vector is no numbers")
        if self.frequencies([])[1] != self._tables["paragraphs"].count_rows() and self.finished():
            raise damaged(self.address, "the counts of words are of another version")

    def _files_of_paragraphs(self) -> set[str]:
        """The files that have any. Raises `StoreError` where an article has none: a table that lost its last version
        shows the one before."""
        version, articles = self.version(), self._columns("articles", ["file", "reason"]).to_pylist()
        found = set(self._column("paragraphs", "file").unique().to_pylist())
        lost = [row["file"] for row in articles if not row["reason"] and row["file"] not in found]
        if lost and self.version() == version:  # nobody has deleted them meanwhile
            raise damaged(self.address, f"the paragraphs of {lost[0]} are missing")
        return found
