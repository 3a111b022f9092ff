"""What an index holds, and where it is not in step with its folder. It looks and changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from qa import settings
from qa.articles.corpus import dated_two_ways
from qa.articles.places import Place
from qa.errors import StoreError
from qa.index import addresses, partitions
from qa.index.copies import apart
from qa.index.ingest import difference, left_out
from qa.index.partitions import Index
from qa.index.store import LAYOUT
from qa.model.embed import bundled
from qa.settings import Settings
from qa.types import Skipped

_BANDS, _BITS = 4, 16  # of a signature; near-identical paragraphs have one band at least in common
_NEAR = 8  # bits that may differ: about one word of ten
_CROWD = 50  # paragraphs with a band in common; more are a line that many articles end with
_MOSTLY = 0.5  # of the paragraphs of the longer one of two articles


@dataclass(frozen=True, slots=True)
class Report:
    """The state of an index; files by name, ``size`` in bytes (None on an object store)."""

    folder: str
    index: str
    layout: int
    embedder: str
    size: int | None
    articles: int
    paragraphs: int
    partitions: tuple[int, ...]  # the paragraphs of each; () for an index in one piece
    sentences: int
    pending: int  # sentences without a vector
    languages: Mapping[str, int]
    skipped: tuple[Skipped, ...]
    undated: tuple[str, ...]
    two_days: tuple[str, ...]  # whose day can be read in two ways; the folder's other days decided
    new: tuple[str, ...]  # on disk, not in the index
    changed: tuple[str, ...]  # since they were read
    gone: tuple[str, ...]  # from the disk, still in the index
    lost: int  # articles of these, where all or nearly all are gone at once: the index keeps them until it is told
    identical: tuple[tuple[str, ...], ...]  # files of the same bytes
    alike: tuple[tuple[str, ...], ...]  # articles that share most of their paragraphs, but for a word here and there


def examined(options: Mapping[str, Any]) -> Report:
    """What the index holds that these options would open, and where its folder has changed since; indexes nothing.

    Raises `StoreError` when there is no index, or one that another embedder made.
    """
    return _examined(*opened(options))


def opened(options: Mapping[str, Any]) -> tuple[Place, Index, Settings]:
    """The folder of these options, its index and the settings. Raises `StoreError` as `examined` does."""
    chosen = settings.load(options)
    root = addresses.folder(chosen)
    if not partitions.exists(addresses.index(chosen, root)):
        raise StoreError(f"{root} has no index yet; run `qa index` for it.")
    return root, addresses.opened(replace(chosen, keep_copy=None), root, bundled()), chosen


def _examined(folder: Place, store: Index, chosen: Settings) -> Report:
    found = difference(folder, store, max_mb=chosen.max_mb, added=addresses.added_folder(folder))
    files = store.files()
    articles = [one for one in files if not one.reason]
    identical = _identical((one.file, one.sha256) for one in articles)
    paragraphs = store.signatures()
    parts = store.parts()
    once = _signatures_of(paragraphs, without={file for group in identical for file in group[1:]})
    return Report(
        folder=str(folder),
        index=addresses.index(chosen, folder),
        layout=LAYOUT,
        embedder=bundled().identity,
        size=store.size(),
        articles=len(articles),
        paragraphs=len(paragraphs),
        partitions=tuple(part.frequencies([])[1] for part in parts) if len(parts) > 1 else (),
        sentences=store.sentence_count(),
        pending=sum(store.pending().values()),
        languages=dict(Counter(one.language for one in articles).most_common()),
        skipped=left_out(found, files),
        undated=tuple(sorted(one.file for one in articles if not one.published)),
        two_days=tuple(dated_two_ways(found.every)),
        new=tuple(f.file for f in found.stale if f.file not in found.known),
        changed=tuple(f.file for f in found.stale if f.file in found.known),
        gone=tuple(found.gone),
        lost=found.lost_articles,
        identical=tuple(identical),
        alike=tuple(alike(once)),
    )


def _identical(hashes: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    same: dict[str, list[str]] = defaultdict(list)
    for file, sha in hashes:
        same[sha].append(file)
    return sorted(tuple(sorted(files)) for files in same.values() if len(files) > 1)


def _signatures_of(paragraphs: Sequence[tuple[str, int]], *, without: set[str]) -> dict[str, list[int]]:
    """The signatures of each file's paragraphs that have words to tell them by."""
    found: dict[str, list[int]] = defaultdict(list)
    for file, signature in paragraphs:
        if signature and file not in without:
            found[file].append(signature)
    return found


def alike(signatures: Mapping[str, Sequence[int]]) -> list[tuple[str, ...]]:
    """Groups of articles that share most of their paragraphs.

    Only paragraphs with a band of their signatures in common are compared (locality-sensitive hashing: Indyk and
    Motwani 1998), so that the time grows with the folder and not with its square.
    """
    shared: dict[tuple[str, str], set[int]] = defaultdict(set)
    for (file, at, signature), (other, _, its) in _neighbours(signatures):
        if file != other and apart(signature, its) <= _NEAR:
            shared[file, other].add(at)
    pairs = [pair for pair, at in shared.items() if len(at) >= _MOSTLY * max(len(signatures[file]) for file in pair)]
    return _groups(pairs)


Spot = tuple[str, int, int]  # a file, the place of one of its paragraphs, and its signature


def _neighbours(signatures: Mapping[str, Sequence[int]]) -> Iterator[tuple[Spot, Spot]]:
    """Each two paragraphs that have a band in common; some twice."""
    buckets: dict[tuple[int, int], list[Spot]] = defaultdict(list)
    for file in sorted(signatures):
        for at, signature in enumerate(signatures[file]):
            for band in range(_BANDS):
                buckets[band, signature >> _BITS * band & 2**_BITS - 1].append((file, at, signature))
    for bucket in buckets.values():
        if len(bucket) <= _CROWD:
            yield from combinations(bucket, 2)


def _groups(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """The pairs joined to groups where they have a member in common."""
    home: dict[str, set[str]] = {}
    for one, other in pairs:
        joined = home.get(one, {one}) | home.get(other, {other})
        home.update(dict.fromkeys(joined, joined))
    return sorted({tuple(sorted(group)) for group in home.values()})
