"""Keeps an index in step with its folder, in two phases: what is new or changed is read and can be searched by words
at once (`read_folder`), then the vectors that are missing are computed (`qa.index.vectors.complete`)."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qa.articles.corpus import ADDED, FolderFile, day_order, scan
from qa.articles.limits import read_all
from qa.articles.places import Place
from qa.errors import StoreUnwritable
from qa.index.prepared import Prepared, prepared
from qa.index.store import IndexedFile, NewArticle, Rows, Store
from qa.index.vectors import complete
from qa.model.embed import Embedder
from qa.types import Progress, Skipped, Step

_BATCH = 2_000_000  # bytes of files that are read and committed together: some two seconds of work at the most to lose
Batch = Sequence[tuple[FolderFile, Prepared | Skipped]]  # files, read
# Reads files and commits them; returns the names of what they hold
Reading = Callable[[list[FolderFile], Store, Progress | None], set[str]]

_HASHED = 24 * 60 * 60  # seconds after which all files are hashed again: an edit may keep size and time
_FILES = 1_000  # and files
_MANY = 20  # articles of a folder, of which nearly all are not deleted at once unasked; a choice, as is the next
_LEFT = 0.1  # of a folder's files: where so few are left, it is rather another folder, or a disk that is not there


@dataclass(frozen=True, slots=True)
class Summary:
    """What an update did; counts are files unless they say otherwise, ``seconds`` the wall time."""

    articles: int = 0
    added: int = 0
    changed: int = 0
    deleted: int = 0
    embedded: int = 0  # sentences
    pending: int = 0  # sentences that have no vector yet
    skipped: tuple[Skipped, ...] = ()
    languages: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    unwritten: str = ""  # why the index could not be brought in step; what is in it can be asked
    kept: int = 0  # articles that the folder lost at once: they stay, and ``unwritten`` says so, until `update` is told

    @property
    def skipped_by_reason(self) -> Counter[str]:
        return Counter(skipped.reason for skipped in self.skipped)


@dataclass(frozen=True, slots=True)
class Difference:
    """How a folder differs from its index: the files to read (new or changed), those that are gone, those left out."""

    known: Mapping[str, IndexedFile]
    stale: list[FolderFile]
    gone: list[str]
    left_out: list[Skipped]
    every: list[FolderFile] = field(default_factory=list)

    @property
    def lost(self) -> list[str]:
        """What is gone with all of the folder's articles, or nearly all of many: an unmounted disk looks like that. []
        where others are gone, or none; what was added on the page, or is left out for its size, is none of it."""
        left_out = {one.file for one in self.left_out}
        own = [file for file in self.gone if not file.startswith(ADDED) and _holder(file, left_out) not in left_out]
        there = sum(not one.file.startswith(ADDED) for one in self.every)
        articles = sum(not self.known[file].reason for file in own)
        few = articles >= _MANY and there <= _LEFT * (there + len(own))
        return own if articles and (few or not there) else []

    @property
    def lost_articles(self) -> int:
        return sum(not self.known[file].reason for file in self.lost)


def lost_said(folder: Place | str, lost: int) -> str:
    """What is said where so many articles are lost at once."""
    return (
        f"{folder} has lost {lost} articles at once, which the index keeps; mount its disk or name another folder, or "
        "run `qa index --empty` if they are to go."
    )


def difference(folder: Place, store: Store, *, max_mb: float = 20.0, added: Path | None = None) -> Difference:
    """What an update would read, judged by size and time of change; opens no file.

    ``added`` is a second folder (`qa.articles.corpus.scan`). Raises `FolderError` when there is no such folder.
    """
    found, left_out = scan(folder, max_mb=max_mb, added=added)
    known = {one.file: one for one in store.files()}
    stale = [f for f in found if _stat(known.get(f.file)) != (f.size, f.mtime_ns)]
    there = {f.file for f in found}
    return Difference(
        known, stale, sorted(file for file in known if _holder(file, there) not in there), left_out, found
    )


def _holder(file: str, there: Set[str]) -> str:
    """The file itself, or the archive, feed or dump in the folder that it is an article of."""
    above = (file[:at] for at in range(len(file)) if file[at] == "/")
    return next((holder for holder in above if holder in there), file)


def left_out(found: Difference, files: Iterable[IndexedFile]) -> tuple[Skipped, ...]:
    """The files of the folder that are no articles, by name."""
    unread = (one.skipped for one in files if one.skipped)
    return tuple(sorted([*found.left_out, *unread], key=lambda skipped: skipped.file))


def _unsaid(found: Difference, said: Set[str]) -> list[str]:
    """The articles that an archive, feed or dump held when it was read last, and holds no more."""
    stale = {f.file for f in found.stale}
    return [file for file in found.known if file not in said and _holder(file, stale) in stale]


def update(
    folder: Place,
    store: Store,
    embedder: Embedder,
    *,
    max_mb: float = 20.0,
    added: Path | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Brings the index in step with the folder, vectors and all; what did not change is not touched."""
    done = read_folder(folder, store, max_mb=max_mb, added=added, progress=progress)
    return with_vectors(done, store, embedder, progress=progress)


def with_vectors(done: Summary, store: Store, embedder: Embedder, *, progress: Progress | None = None) -> Summary:
    """The summary of what was read, after the vectors that were missing have been computed."""
    began = time.perf_counter()
    embedded = done.embedded + complete(store, embedder, progress=progress)
    pending = sum(store.pending().values())
    return replace(done, embedded=embedded, pending=pending, seconds=done.seconds + time.perf_counter() - began)


def read_folder(
    folder: Place,
    store: Store,
    *,
    max_mb: float = 20.0,
    added: Path | None = None,
    progress: Progress | None = None,
    reading: Reading | None = None,
    empty: bool = False,
) -> Summary:
    """Reads what changed in the folder since the last update and commits it in batches, to be found by its words.

    ``reading`` does that elsewhere than here. While another process writes to the index this waits. What the folder
    lost at once (`Difference.lost`) is deleted with ``empty`` alone. Raises `FolderError` when there is no such folder.
    """
    began = time.perf_counter()
    found = difference(folder, store, max_mb=max_mb, added=added)
    if isinstance(folder, Path) and time.time() - store.hashed() > _HASHED:  # an object's mark is of its bytes
        found = _with_edited(found, store)
    kept = 0 if empty else found.lost_articles
    found = found if empty else _without_lost(found)
    if found.stale or found.gone or not store.finished():
        waiting = (lambda: progress(Step("wait"))) if progress else None
        with store.alone("writing", waiting):
            edited = {f.file for f in found.stale}
            found = difference(folder, store, max_mb=max_mb, added=added)  # another process may have done it
            edited |= {f.file for f in found.stale}
            kept = 0 if empty else found.lost_articles
            found = found if empty else _without_lost(found)
            found = replace(found, stale=[f for f in found.every if f.file in edited])
            said = (reading or _read_here)(_ordered(found), store, progress)
            store.delete([*found.gone, *_unsaid(found, said)])  # now: a file that was moved has taken its vectors along
            if found.stale or found.gone or not store.finished():
                store.finish()
    done = _summary(store, found, time.perf_counter() - began)
    return replace(done, kept=kept, unwritten=lost_said(folder, kept)) if kept else done


def _without_lost(found: Difference) -> Difference:
    lost = set(found.lost)
    return replace(found, gone=[file for file in found.gone if file not in lost])


def in_step(
    folder: Place, store: Store, *, max_mb: float = 20.0, added: Path | None = None, progress: Progress | None = None,
    empty: bool = False,
) -> Summary:  # fmt: skip
    """As `read_folder`; of an index that cannot be written what is in it, and why (``unwritten``). Raises
    `StoreUnwritable` where nothing is in it."""
    try:
        return read_folder(folder, store, max_mb=max_mb, added=added, progress=progress, empty=empty)
    except StoreUnwritable as error:
        there = replace(as_it_is(folder, store, max_mb=max_mb, added=added), unwritten=str(error))
        if not there.articles:
            raise
        return there


def caught_up(done: Summary, store: Store, embedder: Embedder, *, progress: Progress | None = None) -> Summary:
    """As `with_vectors`; of an index that cannot be written what was done before, and why (``unwritten``)."""
    try:
        return with_vectors(done, store, embedder, progress=progress)
    except StoreUnwritable as error:
        return replace(done, unwritten=str(error))


def _read_here(files: list[FolderFile], store: Store, progress: Progress | None) -> set[str]:
    said: set[str] = set()
    with closing(_batches(files, progress)) as batches:
        for batch in batches:
            _commit(batch, store)
            said.update(one.file for _, one in batch)
    return said


def as_it_is(folder: Place, store: Store, *, max_mb: float = 20.0, added: Path | None = None) -> Summary:
    """The summary of an index that is left as it is."""
    found = difference(folder, store, max_mb=max_mb, added=added)
    return _summary(store, replace(found, stale=[], gone=[]), 0.0)


def _with_edited(found: Difference, store: Store) -> Difference:
    """The difference with the files whose bytes are others than those that were read, whatever size and time say."""
    old = {one.file: one.sha256 for one in store.files() if one.sha256}
    new = {f.file for f in found.stale}
    edited = {f.file for f in found.every if f.file in old and f.file not in new and sha_of(f.path) != old[f.file]}
    with suppress(StoreUnwritable):  # then it is looked for again each time
        store.set_hashed(time.time())
    return replace(found, stale=[f for f in found.every if f.file in new | edited])


def sha_of(path: Place) -> str:
    """The hash of a file's bytes, as articles have it; "" where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _ordered(found: Difference) -> list[FolderFile]:
    """The files to read, each with how the folder writes its days."""
    order = day_order(found.stale, found.every)
    return [replace(one, order=order) for one in found.stale]


def _stat(one: IndexedFile | None) -> tuple[int, int] | None:
    return (one.size, one.mtime_ns) if one else None


def _batches(
    stale: list[FolderFile], progress: Progress | None
) -> Generator[list[tuple[FolderFile, Prepared | Skipped]], None, None]:
    """The files, read, in groups that are committed together."""
    batch: list[tuple[FolderFile, Prepared | Skipped]] = []
    size, done, total = 0, 0, sum(found.size for found in stale)
    with closing(read_all(stale, prepared)) as read:
        for found, said in read:
            first = not batch or batch[-1][0] is not found
            batch.append((found, said))
            size, done = size + first * found.size, done + first * found.size
            if progress:
                progress(Step("read", done, total, found.file))
            if said.file == found.file and (size >= _BATCH or len(batch) >= _FILES):  # what a file holds, together
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _commit(batch: Batch, store: Store) -> None:
    from qa.index.llama import ArticleVectorStore

    nodes, skipped = parted(batch)
    if nodes:
        ArticleVectorStore(store).add(nodes)
    if skipped:
        store.delete([one.file for one in skipped])
        store.put(Rows(skipped, [], []))


def parted(batch: Batch) -> tuple[list[Any], list[NewArticle]]:
    """The nodes of the articles in a batch, and what is stored of the files that are none."""
    from qa.index.llama import article_nodes

    nodes: list[Any] = []
    skipped: list[NewArticle] = []
    for found, said in batch:
        if isinstance(said, Prepared):
            nodes += article_nodes(said.article, said, size=found.size, mtime_ns=found.mtime_ns)
        else:
            skipped.append(NewArticle(said.file, found.size, found.mtime_ns, reason=said.reason, detail=said.detail))
    return nodes, skipped


def _summary(store: Store, found: Difference, seconds: float) -> Summary:
    changed = found.stale or found.gone
    files = store.files() if changed else list(found.known.values())
    languages = Counter(one.language for one in files if not one.reason)
    return Summary(
        articles=sum(languages.values()),
        added=sum(f.file not in found.known for f in found.stale),
        changed=sum(f.file in found.known for f in found.stale),
        deleted=len(found.gone),
        pending=sum(store.pending().values()),
        skipped=left_out(found, files),
        languages=dict(languages.most_common()),
        seconds=seconds,
    )
