"""Looks paragraphs up in an index: by a vector, by words, by their addresses; several searches at once."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from qa.index.store.contents import Contents
from qa.index.store.engine import ALL, among, passing, reporting
from qa.index.store.opened import Places
from qa.index.store.rows import (
    Hit,
    IndexedParagraph,
    IndexedSentence,
    Pool,
    all_read,
    best,
    columns_of,
    with_vectors,
)
from qa.index.store.tables import INDEXED_FROM
from qa.types import Filters

if TYPE_CHECKING:
    import pyarrow as pa

    from qa.index.store.rows import Vectors

_Found = TypeVar("_Found")


@reporting(writes=False)
class Searching(Contents):
    """The tables as they are searched."""

    def dense(self, vector: Vectors, k: int, filters: Filters | None = None) -> list[Hit]:
        return best(self._run(self._dense(vector, k, filters))[0])

    def lexical(self, tokens: Sequence[str], k: int, filters: Filters | None = None) -> list[Hit]:
        return self._run(self._lexical(tokens, k, filters))[0]

    def nearest(self, vector: Vectors, tokens: Sequence[str], pools: Sequence[Pool]) -> list[Hit]:
        both = self.sought(vector, tokens, pools)
        return [hit for sentences, paragraphs in both for hit in (*best(sentences), *paragraphs)]

    def sought(
        self, vector: Vectors, tokens: Sequence[str], pools: Sequence[Pool], *, found: bool = False
    ) -> list[tuple[list[Hit], list[Hit]]]:
        """For each pool the nearest sentences, each by its paragraph's address, and the paragraphs by words, with what
        they are ``found`` by."""
        dense = [self._dense(vector, pool.dense, pool.filters) for pool in pools]
        hits = self._run(*dense, *(self._lexical(tokens, pool.lexical, pool.filters, found) for pool in pools))
        return list(zip(hits[: len(pools)], hits[len(pools) :], strict=True))

    def paragraphs(self, addresses: Sequence[str]) -> list[IndexedParagraph]:
        return all_read(IndexedParagraph, self._run(self._addressed("paragraphs", addresses, IndexedParagraph))[0])

    def sentences(self, addresses: Sequence[str]) -> list[IndexedSentence]:
        return with_vectors(self._run(self._addressed("sentences", addresses, IndexedSentence))[0])

    def with_sentences(self, addresses: Sequence[str]) -> tuple[list[IndexedParagraph], list[IndexedSentence]]:
        paragraphs, sentences = self._run(
            self._addressed("paragraphs", addresses, IndexedParagraph),
            self._addressed("sentences", addresses, IndexedSentence),
        )
        return all_read(IndexedParagraph, paragraphs), with_vectors(sentences)

    def _run(self, *work: Coroutine[Any, Any, _Found]) -> list[_Found]:
        """What all of it comes to, done at once on the engine's own loop."""
        from lancedb.background_loop import LOOP

        async def together() -> list[_Found]:
            import asyncio

            return await asyncio.gather(*work)

        found: list[_Found] = LOOP.run(together())  # type: ignore[no-untyped-call]
        return found

    async def _dense(self, vector: Vectors, k: int, filters: Filters | None) -> list[Hit]:
        if not k:
            return []
        table = await self._seen().reader("sentences")
        query = table.query().nearest_to(vector).column("vector").distance_type("dot")
        if filters:
            # Without these numbers an IVF index gives up before it has met k rows that pass.
            query = query.where(passing(filters)).minimum_nprobes(20).maximum_nprobes(0)
        rows = await query.limit(k).select(["address", "_distance"]).to_arrow()
        pairs = zip(rows["address"].to_pylist(), rows["_distance"].to_pylist(), strict=True)
        return [Hit(address, 1.0 - distance) for address, distance in pairs]

    async def _lexical(self, tokens: Sequence[str], k: int, filters: Filters | None, found: bool = False) -> list[Hit]:
        from lancedb.query import MatchQuery

        table = await self._seen().reader("paragraphs")
        if not tokens or not await table.count_rows():
            return []
        words = MatchQuery(" ".join(tokens), "found")  # type: ignore[call-arg]  # pydantic defaults mypy does not see
        query = table.query().nearest_to_text(words)
        if filters:
            query = query.where(passing(filters))
        columns = ["address", "_score", *(["found"] if found else [])]
        rows = await query.limit(k).select(columns).to_arrow()
        return [Hit(*row) for row in zip(*(rows[name].to_pylist() for name in columns), strict=True)]

    async def _addressed(self, name: str, addresses: Sequence[str], kind: type) -> pa.Table:
        """The rows of a table at these addresses: by their places, in a third of the time, unless it is small or is
        being written to."""
        import pyarrow as pa
        import pyarrow.compute as pc

        seen = self._seen()
        table = await seen.reader(name)
        version, columns = int(await table.version()), columns_of(kind)
        places = seen.places.get(name)
        if places is None or places.version != version:
            if await table.count_rows() < INDEXED_FROM:
                return await _those(table, addresses, columns)
            places = seen.places[name] = await _places(table, version)
        rows = await table.take_row_ids(places.of(addresses)).select(columns).to_arrow()
        if int(await table.version()) != version:  # the places may be another row's now
            return await _those(table, addresses, columns)
        wanted = pc.is_in(rows["address"], pa.array(addresses, pa.string()))
        return rows if pc.all(wanted).as_py() is not False else rows.filter(wanted)


async def _places(table: Any, version: int) -> Places:
    import numpy as np

    rows = await table.query().select(["address"]).with_row_id().limit(ALL).to_arrow()
    hashes = np.array([hash(address) for address in rows["address"].to_pylist()], dtype=np.int64)
    order = np.argsort(hashes, kind="stable")
    return Places(version, hashes[order], rows["_rowid"].to_numpy().astype(np.int64)[order])


async def _those(table: Any, addresses: Sequence[str], columns: Sequence[str]) -> pa.Table:
    where = among("address", addresses) if addresses else "false"
    return await table.query().where(where).limit(ALL).select(list(columns)).to_arrow()
