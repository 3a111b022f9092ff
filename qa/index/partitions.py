"""An index in partitions: each is an index as it is (`qa.index.store.LanceStore`), all below one address, and a small
file there says how many. An article belongs to one by the hash of its name, so that a changed one stays where it is.

`Partitioned` is a store of these stores: it asks all of them side by side and gives what one index of all the articles
would. Counts are sums; the nearest sentences are those with the best cosines; the best paragraphs by words are found by
their BM25, which is counted anew with the counts of all partitions.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from qa.articles.places import Place, Remote, is_remote
from qa.errors import FolderError, StoreError, StoreUnwritable
from qa.index import store
from qa.index.mirror import Copies
from qa.index.okapi import bm25, idf
from qa.index.store import (
    Hit,
    IndexedArticle,
    IndexedFile,
    IndexedParagraph,
    IndexedSentence,
    LanceStore,
    NewSentence,
    Pool,
    Rows,
    Shard,
)
from qa.index.store.engine import damage, make_folder, unwritable
from qa.index.store.rows import best
from qa.types import Filters

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_FILE = "partitions.json"  # at the index's address; {"partitions": 3}
_AT_ONCE = 32  # partitions that are asked at once, by all questions together; a choice
_MOVED = 20_000  # rows that are moved together, some 30 MB; a choice
_HOLDER = "parts"  # the reason (`qa.types.Skipped`) that a file which holds articles is none itself

_Found = TypeVar("_Found")
_Keyed = TypeVar("_Keyed")


class _Part(LanceStore):
    """One partition."""

    _counts_found = True


class Partitioned:
    """The partitions of an index as one store (`qa.index.store.Store`). Raises `StoreError`, which names the partition,
    where one of them is missing or damaged."""

    def __init__(self, address: str, count: int, *, embedder: str, dim: int, copies: Copies | None = None) -> None:
        self.address = address
        self._pool = ThreadPoolExecutor(_AT_ONCE)

        def opened(n: int) -> LanceStore:
            place = _part(address, n, count)
            if not store.exists(place):  # to open it would make it
                raise StoreError(
                    f"Partition {n + 1} of {count} of the index at {address} is missing ({place}); put it back, or "
                    "run `qa index --rebuild`."
                )
            copy = copies.part(place, count) if copies else None
            return _Part(place, embedder=embedder, dim=dim, copy=copy)

        self._parts = self._side_by_side(opened, range(count))

    def parts(self) -> list[LanceStore]:
        """The partitions, by their numbers."""
        return self._parts

    def home(self, file: str) -> int:
        """The number of the partition that an article of this name belongs to, from 0."""
        name = hashlib.sha256(file.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(name[:8]) % len(self._parts)

    # ── asking all of them ───────────────────────────────────────────────────────────────────────────────────────────

    def _side_by_side(self, work: Callable[[_Keyed], _Found], given: Iterable[_Keyed]) -> list[_Found]:
        """What the work comes to for each, done at once; of several that fail the sentence says how many."""
        asked = [self._pool.submit(work, one) for one in given]
        failed = [error for one in asked if isinstance(error := one.exception(), StoreError)]
        if len(failed) > 1:
            raise type(failed[0])(f"{len(failed)} of the partitions of {self.address} fail; the first: {failed[0]}")
        return [one.result() for one in asked]

    def _all(self, work: Callable[[LanceStore], _Found]) -> list[_Found]:
        return self._side_by_side(work, self._parts)

    def _homes(self, keys: Iterable[str], file_of: Callable[[str], str]) -> list[tuple[LanceStore, list[str]]]:
        """The partitions that these keys belong to, each with its own."""
        shared: dict[int, list[str]] = {}
        for key in keys:
            shared.setdefault(self.home(file_of(key)), []).append(key)
        return [(self._parts[n], some) for n, some in sorted(shared.items())]

    def _at(self, addresses: Sequence[str], work: Callable[[LanceStore, list[str]], _Found]) -> list[_Found]:
        """What the work comes to in the partitions that these paragraphs belong to."""
        return self._side_by_side(lambda one: work(*one), self._homes(addresses, _file))

    def _of(
        self, files: Sequence[str] | None, work: Callable[[LanceStore, Sequence[str] | None], list[_Found]]
    ) -> list[_Found]:
        """What the work comes to in the partitions that these files belong to, or in all."""
        asked: list[Any] = [(part, None) for part in self._parts] if files is None else self._homes(files, str)
        return list(chain.from_iterable(self._side_by_side(lambda one: work(*one), asked)))

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def alone(self, work: Literal["writing", "embedding"], waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """As `Store.alone`: the locks of all partitions, taken in their order, so that no two writers wait for each
        other."""
        said = False

        def once() -> None:
            nonlocal said
            if waiting and not said:
                waiting()
            said = True

        with ExitStack() as held:
            for part in self._parts:
                held.enter_context(part.alone(work, once))
            yield

    def put(self, rows: Rows) -> None:
        shares = self._shares(rows)
        for stage in (0, 1):
            there = [n for at, n in shares if at == stage]
            self._side_by_side(lambda n, stage=stage: self._parts[n].put(shares[stage, n]), there)  # type: ignore[misc]

    def _shares(self, rows: Rows) -> dict[tuple[int, int], Rows]:
        """The rows of each partition, by a stage (0 or 1) and its number. What is said of a file that holds articles
        comes in the second stage, when these are there: a run that is killed in between reads it again."""
        shares: dict[tuple[int, int], Rows] = {}

        def share(file: str, stage: int = 0) -> Rows:
            return shares.setdefault((stage, self.home(file)), Rows([], [], []))

        for article in rows.articles:
            share(article.file, int(article.reason == _HOLDER)).articles.append(article)
        for paragraph in rows.paragraphs:
            share(paragraph.file).paragraphs.append(paragraph)
        for sentence in rows.sentences:
            share(sentence.file).sentences.append(sentence)
        return shares

    def add(self, sentences: Sequence[NewSentence]) -> None:
        shares = self._shares(Rows([], [], list(sentences)))
        self._side_by_side(lambda n: self._parts[n].add(shares[0, n].sentences), [n for _, n in shares])

    def delete(self, files: Sequence[str]) -> None:
        self._side_by_side(lambda one: one[0].delete(one[1]), self._homes(files, str))

    def finish(self) -> None:
        for part in self._parts:  # one after the other: each counts its words in memory
            if not part.settled():
                part.finish()

    def set_hashed(self, when: float) -> None:
        self._all(lambda part: part.set_hashed(when))

    # ── by many machines (`qa.index.cluster`) ────────────────────────────────────────────────────────────────────────

    def shard(self, rows: Rows) -> Shard:
        return {
            f"{stage} {n} {table}": written
            for (stage, n), share in self._shares(rows).items()
            for table, written in self._parts[n].shard(share).items()
        }

    def commit(self, shards: Sequence[Shard], files: Sequence[str] = ()) -> None:
        gone = {n: [file for file in files if self.home(file) == n] for n in {self.home(file) for file in files}}
        for stage in (0, 1):
            new: dict[int, list[Shard]] = {}
            for shard in shards:
                for n, own in _of_stage(shard, stage).items():
                    new.setdefault(n, []).append(own)
            old = gone if stage == 0 else {}

            def commit(n: int, new: Mapping[int, Any] = new, old: Mapping[int, Any] = old) -> None:
                self._parts[n].commit(new.get(n, []), old.get(n, []))

            self._side_by_side(commit, sorted({*new, *old}))

    def large(self) -> list[str]:
        """As `LanceStore.large`, of each partition."""
        return [f"{n} {name}" for n, part in enumerate(self._parts) for name in part.large()]

    def tidy(self, name: str) -> None:
        n, table = name.split(" ")
        self._parts[int(n)].tidy(table)

    def files_with_rows(self) -> set[str]:
        return set[str]().union(*self._all(lambda part: part.files_with_rows()))

    # ── its state ────────────────────────────────────────────────────────────────────────────────────────────────────

    def finished(self) -> bool:
        return all(self._all(lambda part: part.finished()))

    def settled(self) -> bool:
        return all(self._all(lambda part: part.settled()))

    def pending(self) -> dict[str, int]:
        lacking: Counter[str] = Counter()
        for one in self._all(lambda part: part.pending()):
            lacking.update(one)
        published = {one.file: one.published for one in self.files()} if lacking else {}

        def newest(address: str) -> tuple[int, str]:
            day = published.get(_file(address))
            return -(day.toordinal() if day else 0), address

        return {address: lacking[address] for address in sorted(lacking, key=newest)}

    def sentence_count(self) -> int:
        return sum(self._all(lambda part: part.sentence_count()))

    def signatures(self) -> list[tuple[str, int]]:
        return list(chain.from_iterable(self._all(lambda part: part.signatures())))

    def size(self) -> int | None:
        sizes = self._all(lambda part: part.size())
        return None if None in sizes else sum(size or 0 for size in sizes)

    def version(self) -> int:
        return hash(tuple(self._all(lambda part: part.version())))

    def versions(self) -> dict[str, int]:
        every = self._all(lambda part: part.versions())
        return {f"{n} {name}": version for n, one in enumerate(every) for name, version in one.items()}

    def hashed(self) -> float:
        return min(self._all(lambda part: part.hashed()))

    def check(self) -> None:
        self._all(lambda part: part.check())
        for n, part in enumerate(self._parts):
            if away := next((one.file for one in part.files() if self.home(one.file) != n), None):
                raise StoreError(
                    f"The index at {part.address} has {away}, which belongs to another partition; "
                    "run `qa index --rebuild`."
                )

    # ── what is found ────────────────────────────────────────────────────────────────────────────────────────────────

    def dense(self, vector: Vectors, k: int, filters: Filters | None = None) -> list[Hit]:
        return self.nearest(vector, (), [Pool(filters, k, 0)])

    def lexical(self, tokens: Sequence[str], k: int, filters: Filters | None = None) -> list[Hit]:
        import numpy as np

        return self.nearest(np.empty(0, np.float32), tokens, [Pool(filters, 0, k)])

    def nearest(self, vector: Vectors, tokens: Sequence[str], pools: Sequence[Pool]) -> list[Hit]:
        every = self._all(lambda part: part.sought(vector, tokens, pools, found=True))
        counted = _summed(self._all(lambda part: part.found_in(tokens)))
        hits: list[Hit] = []
        for n, pool in enumerate(pools):
            sentences = chain.from_iterable(one[n][0] for one in every)
            paragraphs = chain.from_iterable(one[n][1] for one in every)
            hits += best(_first(sentences, pool.dense))
            hits += _first(_scored(paragraphs, counted, tokens), pool.lexical)
        return hits

    def frequencies(self, tokens: Sequence[str]) -> tuple[dict[str, int], int, float]:
        return _summed(self._all(lambda part: part.frequencies(tokens)))

    def tokens(self) -> Iterable[str]:
        return dict.fromkeys(chain.from_iterable(self._all(lambda part: part.tokens())))

    def paragraphs(self, addresses: Sequence[str]) -> list[IndexedParagraph]:
        found = self._at(addresses, lambda part, own: part.paragraphs(own))
        return list(chain.from_iterable(found))

    def sentences(self, addresses: Sequence[str]) -> list[IndexedSentence]:
        return list(chain.from_iterable(self._at(addresses, lambda part, own: part.sentences(own))))

    def with_sentences(self, addresses: Sequence[str]) -> tuple[list[IndexedParagraph], list[IndexedSentence]]:
        found = self._at(addresses, lambda part, own: part.with_sentences(own))
        return [one for some, _ in found for one in some], [one for _, some in found for one in some]

    def matching(
        self, patterns: Mapping[str, str], filters: Filters | None = None, *, credited: bool = False
    ) -> list[IndexedParagraph]:
        found = chain.from_iterable(self._all(lambda part: part.matching(patterns, filters, credited=credited)))
        return sorted(found, key=lambda one: (one.file, one.number))

    def articles(self, files: Sequence[str] | None = None) -> list[IndexedArticle]:
        return sorted(self._of(files, lambda part, own: part.articles(own)), key=lambda one: one.file)

    def files(self, files: Sequence[str] | None = None) -> list[IndexedFile]:
        return sorted(self._of(files, lambda part, own: part.files(own)), key=lambda one: one.file)

    def text(self, file: str) -> str:
        return self._parts[self.home(file)].text(file)

    def vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        known: dict[str, Vectors] = {}
        for one in self._all(lambda part: part.vectors(hashes)):  # of all: a file that was moved has another home
            known.update(one)
        return known


Index = LanceStore | Partitioned


def _file(address: str) -> str:
    return address.rpartition("#p")[0]


def _first(hits: Iterable[Hit], k: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.address))[:k]


def _scored(hits: Iterable[Hit], counted: tuple[dict[str, int], int, float], tokens: Sequence[str]) -> Iterable[Hit]:
    """The hits with the scores that one index would give: a partition knows in how many of its own paragraphs a word
    stands alone, and a name may be there all in one. As they are where words are not counted yet."""
    counts, total, length = counted
    if not total:
        return hits
    weights = {token: idf(counts.get(token, 0), total) for token in dict.fromkeys(tokens)}
    return [Hit(hit.address, bm25(hit.found.split(" "), weights, length)) for hit in hits]


def _summed(every: Iterable[tuple[Mapping[str, int], int, float]]) -> tuple[dict[str, int], int, float]:
    """What `Store.frequencies` gives, of all partitions together."""
    counts: Counter[str] = Counter()
    paragraphs = tokens = 0
    for own, total, length in every:
        counts.update(own)
        paragraphs += total
        tokens += round(total * length)
    return dict(counts), paragraphs, tokens / paragraphs if paragraphs else 0.0


def _of_stage(shard: Shard, stage: int) -> dict[int, dict[str, list[str]]]:
    """What `Partitioned.shard` made for this stage, for each partition."""
    found: dict[int, dict[str, list[str]]] = {}
    for key, written in shard.items():
        at, n, table = key.split(" ")
        if int(at) == stage:
            found.setdefault(int(n), {})[table] = written
    return found


# ── at an address ────────────────────────────────────────────────────────────────────────────────────────────────────


def opened(
    address: str,
    *,
    embedder: str,
    dim: int,
    partitions: int | None = None,
    fitting: Callable[[], int] = lambda: 1,
    copies: Copies | None = None,
) -> Index:
    """The index at this address, made where there is none, of so many partitions. None: of as many as it has, and a
    new one of as many as ``fitting`` says. ``copies``: where it is copied to, and read. Raises `StoreError` where it
    has another number of them."""
    there = count(address)
    had = there or int(store.exists(address))
    if partitions and had and partitions != had:
        raise StoreError(
            f"The index at {address} has {_said(had)}, not {partitions}: run `qa index --partitions "
            f"{partitions}`, which moves its rows, or leave that setting out."
        )
    wanted = had or partitions or fitting()
    if not there and wanted == 1:
        copy = copies.whole(address) if copies else None
        return LanceStore(address, embedder=embedder, dim=dim, copy=copy)
    if not there:
        _make(address, wanted, embedder=embedder, dim=dim)
        return opened(address, embedder=embedder, dim=dim, partitions=partitions, copies=copies)
    return Partitioned(address, there, embedder=embedder, dim=dim, copies=copies)


def _make(address: str, wanted: int, *, embedder: str, dim: int) -> None:
    """Makes an index in partitions, unless another process is first: the file that says how many is written last."""
    if not is_remote(address):
        make_folder(address)
    for n in range(wanted):
        _Part(_part(address, n, wanted), embedder=embedder, dim=dim)
    _write(address, wanted, over=0)


def repartitioned(
    address: str, wanted: int, *, embedder: str, dim: int, waiting: Callable[[], None] | None = None
) -> None:
    """Has the index at this address in so many partitions: its rows are moved, and nothing is read or embedded again.

    Until all are there the old ones hold. Raises `StoreError` as `opened` does.
    """
    had = count(address)
    if wanted == (had or 1):
        return
    old = opened(address, embedder=embedder, dim=dim)
    with old.alone("embedding", waiting), old.alone("writing", waiting), damage(address, writes=True):
        _must_be(address, had)  # another process may have moved them while this one waited
        new = _emptied(address, wanted, embedder=embedder, dim=dim)
        for part in old.parts():
            for name in store.LARGE:
                for batch in part.batches(name, _MOVED):
                    _spread(batch, name, new)
        new.finish()
        new.set_hashed(old.hashed())
        _write(address, wanted, over=had)
        _must_be(address, wanted if wanted > 1 else 0)
        for gone in [_part(address, n, had) for n in range(had)] or [address]:
            store.forget(gone)


def _must_be(address: str, there: int) -> None:
    if count(address) != there:
        raise StoreUnwritable(f"Another process moved the rows of the index at {address}; run this again.")


def _emptied(address: str, wanted: int, *, embedder: str, dim: int) -> Index:
    """The stores that rows are moved to, without what a move that was killed left in them."""
    there = [_part(address, n, wanted) for n in range(wanted)] if wanted > 1 else [address]
    for one in there:
        store.forget(one)
        _Part(one, embedder=embedder, dim=dim)
    if wanted == 1:
        return LanceStore(address, embedder=embedder, dim=dim)
    return Partitioned(address, wanted, embedder=embedder, dim=dim)


def _spread(batch: pa.RecordBatch, name: str, new: Index) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = pa.Table.from_batches([batch])
    homes = pa.array([new.home(file) for file in rows["file"].to_pylist()], pa.int32())
    for n in homes.unique().to_pylist():
        new.parts()[n].append(name, rows.filter(pc.equal(homes, n)))


def exists(address: str) -> bool:
    """Whether there is an index at this address, in partitions or not; makes none."""
    return bool(count(address)) or store.exists(address)


def forget(address: str) -> int:
    """Drops the index at this address, and nothing else that may lie there; returns how many partitions it had, 0 for
    one without."""
    had = count(address)
    for n in range(had):
        store.forget(_part(address, n, had))
    store.forget(address)
    if had:  # last: a run that is killed before can be made again
        _at_address(address).unlink()
    return had


def count(address: str) -> int:
    """In how many partitions the index at this address is; 0 where it is in none, or where there is no index."""
    try:
        said = _at_address(address).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except FolderError as error:
        raise StoreError(str(error)) from error
    except OSError as error:
        raise StoreError(f"{_at_address(address)} cannot be read ({error.strerror}); give leave to read it.") from error
    try:
        there = int(json.loads(said)["partitions"])
    except (ValueError, KeyError, TypeError):
        there = 0
    if there < 1:
        raise StoreError(
            f"{_at_address(address)} is damaged, which says in how many partitions the index is; write "
            f'{{"partitions": N}} there, N being what the folders part-1-of-N beside it are called by.'
        )
    return there


def _write(address: str, wanted: int, *, over: int) -> None:
    """Writes the file that says how many partitions there are, where it still says ``over`` (0: there is none); for
    one there is none."""
    said, place = json.dumps({"partitions": wanted}).encode(), _at_address(address)
    if wanted == 1:
        place.unlink()
        return
    if isinstance(place, Remote):
        try:
            there = place.version() if over else None
            place.write(said, over=there[0] if there else None)
        except FolderError as error:
            raise StoreUnwritable(str(error)) from error
        return
    from filelock import FileLock

    draft = place.with_suffix(f".{os.getpid()}")
    try:
        draft.write_bytes(said)
        with FileLock(place.with_suffix(".lock")):
            if count(address) == over:
                draft.replace(place)
    except OSError as error:
        raise unwritable(address, error.errno or 0) from error
    finally:
        draft.unlink(missing_ok=True)


def _at_address(address: str) -> Place:
    return (Remote(address.rstrip("/")) if is_remote(address) else Path(address)) / _FILE


def _part(address: str, n: int, of: int) -> str:
    return f"{address.rstrip('/')}/part-{n + 1}-of-{of}"


def _said(there: int) -> str:
    return f"{there} partitions" if there > 1 else "1 partition"
