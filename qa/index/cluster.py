"""An index made by many machines: Ray's tasks read, prepare and embed a shard of the files each and write it beside the
tables; the one process that holds the locks makes shards part of the index, several in a commit.

No worker keeps what another needs, and what is not committed is done again, by this run where a worker was lost, by the
next where this process was. It is what `qa.index.ingest` does on one machine, and gives the same rows.
"""

from __future__ import annotations

import os
import re
import socket
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from qa import __version__, settings
from qa.articles.corpus import FolderFile
from qa.articles.limits import read_all
from qa.articles.places import Place, is_remote
from qa.errors import ClusterError, FolderError, QAError, StoreError, UsageError
from qa.index import addresses, partitions, vectors
from qa.index.ingest import Summary, parted, read_folder
from qa.index.partitions import Index
from qa.index.prepared import prepared
from qa.index.store import IndexedParagraph, NewSentence, Rows, Shard
from qa.model.embed import Embedder, bundled
from qa.types import Progress, Step

# Choices; `python -m evals.bench.scaleout` measures what a shard costs, and docs/SCALE.md has it.
_BYTES = 250_000  # of files in a shard: some 2,000 sentences, a quarter of a minute's work for a core
_LEAST = 20_000  # where a folder is small, and each worker is to have some
_FILES = 500  # at the most, however small
_EACH = 4  # shards for each worker of a small folder
_AHEAD = 2  # shards under way for each processor: one in work, one that waits for it
_TRIES = 3  # of a shard whose worker was lost
_TIDY = 1_000  # shards after which the tables' small parts are put together
_CONNECT = 5.0  # seconds
_SILENT = 60.0  # seconds in which no share is done, after which it is asked whether a worker is there; a choice
_UP = 120.0  # seconds in which one comes up, its imports and all: ten times what it takes on two busy cores; a choice
_MEMORY = 200_000_000  # bytes that `local:4` sets aside for what its processes hand on: names and numbers alone
_LONGEST = 200  # characters of Ray's own words in a sentence of ours

_Share = TypeVar("_Share")


@dataclass(frozen=True, slots=True)
class _Work:
    """What every task needs beside its share."""

    version: str
    folder: Place
    index: str
    embedder: Embedder


@dataclass(frozen=True, slots=True)
class _Done:
    """What a task wrote: the shard, the names of what its files hold, and how many sentences were embedded."""

    shard: Shard
    said: tuple[str, ...] = ()
    embedded: int = 0


def indexed(cluster: str, options: Mapping[str, Any], progress: Progress | None = None) -> Summary:
    """Brings the index that these options would open up to date, on a Ray cluster, as `update` does."""
    chosen = settings.load(options)
    root, embedder = addresses.folder(chosen), bundled()
    with connected(cluster):  # first: LanceDB, once loaded, warns of the processes that are begun
        index, added = addresses.opened(chosen, root, embedder), addresses.added_folder(root)
        return update(root, index, embedder, on=cluster, max_mb=chosen.max_mb, added=added, progress=progress)


def update(
    folder: Place,
    store: Index,
    embedder: Embedder,
    *,
    on: str,
    max_mb: float = 20.0,
    added: Path | None = None,
    progress: Progress | None = None,
) -> Summary:
    """`qa.index.ingest.update` on a Ray cluster: ``ray://head:10001``, ``host:port``, ``auto``, or ``local:4``, so many
    processes of this machine.

    Raises `UsageError` without Ray or for another address, `ClusterError` for a cluster that cannot be used.
    """
    root = folder.resolve()
    address = store.address if is_remote(store.address) else str(Path(store.address).resolve())
    with connected(on) as ray:
        run = _Run(_Cluster(ray, on, _Work(__version__, root, address, embedder)), store, progress)
        with store.alone("embedding", run.waiting):
            added = added.resolve() if added else None
            done = read_folder(root, store, max_mb=max_mb, added=added, progress=progress, reading=run.read)
            run.complete()
    return replace(done, embedded=run.embedded, pending=sum(store.pending().values()))


class _Run:
    """One update; ``embedded`` counts the sentences whose vectors were computed."""

    def __init__(self, cluster: _Cluster, store: Index, progress: Progress | None) -> None:
        self._cluster, self._store = cluster, store
        self._progress: Progress = progress or _unsaid
        self.embedded = 0

    def waiting(self) -> None:
        self._progress(Step("wait"))

    def read(self, files: list[FolderFile], *_: object) -> set[str]:
        """Reads and embeds files and commits them (`qa.index.ingest.Reading`)."""
        old, said = self._store.files_with_rows(), set[str]()
        files = sorted(files, key=lambda one: self._store.home(one.file))  # a shard is written to one partition
        total, done = sum(one.size for one in files), 0
        shares = [_Files(part, any(f.file in old for f in part)) for part in _cut(files, self._cluster.processors())]
        for finished in self._each(_read, shares):
            names = {name for _, made in finished for name in made.said}
            self._store.commit([made.shard for _, made in finished], sorted(names & old))
            said |= names
            done += sum(one.size for share, _ in finished for one in share.files)
            self._progress(Step("read", done, total, finished[-1][0].files[-1].file))
        return said

    def complete(self) -> None:
        """Computes the vectors that other runs left to be computed (`qa.index.vectors.complete`)."""
        pending = self._store.pending()
        if not pending:
            return
        total = self._store.sentence_count()
        done = total - sum(pending.values())
        with self._store.alone("writing", self.waiting):
            lacking = (tuple(self._store.paragraphs(some)) for some in vectors.batches(pending))
            for finished in self._each(_embed, lacking):
                self._store.commit([made.shard for _, made in finished])
                done += sum(pending[one.address] for share, _ in finished for one in share)
                self._progress(Step("embed", done, total))
            self._store.finish()

    def _each(
        self, task: Callable[[_Work, _Share], _Done], shares: Iterable[_Share]
    ) -> Generator[list[tuple[_Share, _Done]], None, None]:
        """What comes of the shares, those together that are done at once; the tables are tidied now and then."""
        untidy = 0
        with closing(self._cluster.each(task, shares)) as several:
            for finished in several:
                yield finished
                self.embedded += sum(made.embedded for _, made in finished)
                untidy += len(finished)
                if untidy >= _TIDY:
                    self._tidy()
                    untidy = 0
        self._tidy()

    def _tidy(self) -> None:
        for _ in self._cluster.each(_tidied, self._store.large()):
            pass


def _unsaid(_: Step) -> None:
    """For whom nobody waits."""


# ── what a worker does ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Files:
    """Files for one task; some of them may be ``known`` to the index, with the vectors of their sentences."""

    files: tuple[FolderFile, ...]
    known: bool

    def __str__(self) -> str:
        return f"{self.files[0].file} … {self.files[-1].file}"


def _read(work: _Work, share: _Files) -> _Done:
    from qa.index.llama import rows_of

    store = _opened(work)
    with closing(read_all(share.files, prepared)) as read:
        nodes, skipped = parted(list(read))
    articles, paragraphs = rows_of(nodes)
    wanted = [one for paragraph in paragraphs for one in vectors.unembedded(paragraph)]
    sentences, count = _embedded(work, store, wanted, known=share.known)
    rows = [*articles, *skipped]
    return _Done(store.shard(Rows(rows, paragraphs, sentences)), tuple(one.file for one in rows), count)


def _embed(work: _Work, share: tuple[IndexedParagraph, ...]) -> _Done:
    store = _opened(work)
    had = {(one.address, one.revision, one.start) for one in store.sentences([one.address for one in share])}
    wanted = [one for paragraph in share for one in vectors.unembedded(paragraph)]
    lacking = [one for one in wanted if (one.paragraph.address, one.paragraph.revision, one.start) not in had]
    sentences, count = _embedded(work, store, lacking, known=True)
    return _Done(store.shard(Rows([], [], sentences)), embedded=count)


def _tidied(work: _Work, table: str) -> _Done:
    _opened(work).tidy(table)
    return _Done({})


def _embedded(
    work: _Work, store: Index, wanted: Sequence[vectors.Unembedded], *, known: bool
) -> tuple[list[NewSentence], int]:
    """The sentences with their vectors, and how many of these had to be computed."""
    old = vectors.known(store, wanted) if known else []
    had = {one.sha for one in old}
    new = vectors.embedded([one for one in wanted if one.sha not in had], work.embedder)
    return [*old, *new], len({one.sha for one in new})


def _opened(work: _Work) -> Index:
    """The index, for what a worker may do with it. Raises where this machine cannot do the work."""
    here = socket.gethostname()
    if work.version != __version__:
        raise ClusterError(f"{here} has qa {__version__} and this machine {work.version}: install the same on both.")
    if isinstance(work.folder, Path) and not work.folder.is_dir():
        raise FolderError(
            f"{here} does not see {work.folder}: put the articles in a bucket, or on a disk that all share."
        )
    return _store(work.index, work.embedder.identity, work.embedder.dim)


@lru_cache(maxsize=2)  # a worker does many shares of the same
def _store(index: str, embedder: str, dim: int) -> Index:
    if not partitions.exists(index):  # to open it would make it
        here = socket.gethostname()
        raise StoreError(f"{here} does not see the index at {index}: put it in a bucket, or on a disk that all share.")
    return partitions.opened(index, embedder=embedder, dim=dim)


def _cut(files: Sequence[FolderFile], processors: int) -> Iterator[tuple[FolderFile, ...]]:
    """The files in their order, a task's together."""
    total = sum(one.size for one in files)
    most = min(_BYTES, max(_LEAST, total // (_EACH * processors)))
    share: list[FolderFile] = []
    size = 0
    for one in files:
        share.append(one)
        size += one.size
        if size >= most or len(share) >= _FILES:
            yield tuple(share)
            share, size = [], 0
    if share:
        yield tuple(share)


# ── Ray ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Cluster:
    """The tasks of a cluster: a bounded number under way, each done again where its worker was lost."""

    def __init__(self, ray: Any, on: str, work: _Work) -> None:
        self._ray, self._on = ray, on
        self._work = ray.put(work)

    def processors(self) -> int:
        """Those of all nodes that are there now. Raises `ClusterError` where there are none."""
        if count := int(self._ray.cluster_resources().get("CPU", 0)):
            return count
        raise ClusterError(f"The cluster at {self._on} has no processor left: start a worker with `ray start` again.")

    def each(
        self, task: Callable[[_Work, _Share], _Done], shares: Iterable[_Share]
    ) -> Generator[list[tuple[_Share, _Done]], None, None]:
        """Each share with what its task made, in the order in which they are ready, those that are together."""
        # Not Ray's own retries: it tries for ever where a worker has no memory.
        remote = self._ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(task)
        left = iter(shares)
        again: deque[tuple[_Share, int]] = deque()
        under_way: dict[Any, tuple[_Share, int]] = {}
        with _said_of(self._on):
            try:
                while True:
                    room = _AHEAD * self.processors() - len(under_way)
                    new = islice(chain(_taken(again), ((share, 1) for share in left)), max(room, 0))
                    under_way.update((remote.remote(self._work, share), (share, nth)) for share, nth in new)
                    if not under_way:
                        return
                    finished = []
                    for ref in self._ready(under_way):
                        share, nth = under_way.pop(ref)
                        if (done := self._done(ref, share, nth)) is not None:
                            finished.append((share, done))
                        else:
                            again.append((share, nth + 1))
                    if finished:
                        yield finished
            finally:
                for ref in under_way:
                    with suppress(Exception):  # the cluster may be gone
                        self._ray.cancel(ref, force=True)

    def _ready(self, under_way: Mapping[Any, object]) -> list[Any]:
        """All that are done, one at least; a share may take any time, but not a worker to come up."""
        while not self._ray.wait(list(under_way), num_returns=1, timeout=_SILENT)[0]:
            self._look()
        ready: list[Any] = self._ray.wait(list(under_way), num_returns=len(under_way), timeout=0)[0]
        return ready

    def _look(self) -> None:
        """Raises `ClusterError` where there is no processor left, or no worker begins a task that needs none."""
        self.processors()
        asked = self._ray.remote(num_cpus=0, max_retries=0)(_here).remote()
        if not self._ray.wait([asked], timeout=_UP)[0]:
            with suppress(Exception):
                self._ray.cancel(asked, force=True)
            raise ClusterError(
                f"No worker comes up at {self._on} in {_SILENT + _UP:.0f} seconds: look at `ray status`, and at the "
                "logs of its nodes in /tmp/ray."
            )

    def _done(self, ref: Any, share: object, nth: int) -> _Done | None:
        """What the task made; None where it is to be done again, as its worker was lost."""
        lost = self._ray.exceptions
        try:
            done: _Done = self._ray.get(ref)
            return done
        except (
            lost.WorkerCrashedError,
            lost.NodeDiedError,
            lost.OutOfMemoryError,
            lost.ObjectLostError,
            lost.LocalRayletDiedError,
            MemoryError,  # of a task that goes on: its worker has a limit of its own
        ) as error:
            if nth < _TRIES:
                return None
            raise ClusterError(_lost(share, isinstance(error, (lost.OutOfMemoryError, MemoryError)))) from error


def _here() -> None:
    """Done by any worker that is there."""


def _taken(again: deque[tuple[_Share, int]]) -> Iterator[tuple[_Share, int]]:
    while again:
        yield again.popleft()


def _lost(share: object, memory: bool) -> str:
    what = str(share) if isinstance(share, _Files) else "the index's own work"
    if memory:
        return f"A worker ran out of memory {_TRIES} times (at {what}): start its node with fewer --num-cpus."
    return f"A worker died {_TRIES} times (at {what}): see its logs in /tmp/ray, or take out the file that it dies of."


@contextmanager
def connected(on: str) -> Iterator[Any]:
    """Ray, connected to a cluster, or to one of this machine that is begun for it and ended after it."""
    where = _where(on)
    ray = _ray()
    if ray.is_initialized():  # by a program that goes on with it
        yield ray
        return
    with _said_of(on):
        ray.init(**where, log_to_driver=False, logging_level="ERROR")
    try:
        yield ray
    finally:
        with suppress(Exception):
            ray.shutdown()


def _where(on: str) -> dict[str, Any]:
    """The arguments of `ray.init`. Raises `UsageError` for what is no address, `ClusterError` where nothing answers."""
    if found := re.fullmatch(r"local:([1-9]\d{0,2})", on):
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        return {
            "address": "local",
            "num_cpus": int(found[1]),
            "include_dashboard": False,
            "object_store_memory": _MEMORY,
        }
    if on == "auto":
        return {"address": on}
    found = re.fullmatch(r"(?:ray://)?([^\s/:]+|\[[^\s/\]]+\]):(\d{1,5})", on)
    if not found or found[1] == "local":
        raise UsageError(f"{on} is no cluster: give ray://host:10001, host:6379, auto, or local:4 for this machine.")
    try:
        socket.create_connection((found[1].strip("[]"), int(found[2])), _CONNECT).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(_silent(on)) from error
    return {"address": on}


def _silent(on: str) -> str:
    return f"No Ray cluster answers at {on}: start it with `ray start --head`, or look at the address."


def _ray() -> Any:
    needed = "--on needs the packages ray and pylance: run `uv run --extra cluster qa index …` here and on every node."
    if find_spec("lance") is None:  # not loaded yet: it warns of the processes that Ray begins
        raise UsageError(needed)
    # Of a driver begun by `uv run`, as the README has it, Ray would begin each worker by the same command in a copy of
    # the checkout, where nothing is installed: none ever comes up, and the driver waits. Each node has its own qa.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(needed) from error
    return ray


@contextmanager
def _said_of(on: str) -> Iterator[None]:
    """Turns what Ray raises into one sentence; an error of ours in a task is raised as it was there."""
    from ray.exceptions import AuthenticationError, RayError, RayTaskError

    try:
        yield
    except RayTaskError as error:  # before ours: it is made an instance of what was raised in the task
        raise _of_task(error) from error
    except QAError:
        raise
    except (ConnectionError, AuthenticationError) as error:
        raise ClusterError(f"{_silent(on)[:-1]}; where it asks for a token, set RAY_AUTH_MODE=token.") from error
    except (RayError, RuntimeError) as error:
        why = " ".join(str(error).split())[:_LONGEST]
        raise ClusterError(f"The Ray cluster at {on} failed ({why}): see to it and run this again; "
                           "what is committed is kept.") from error  # fmt: skip


def _of_task(error: Any) -> Exception:
    cause: Exception = error.cause
    if isinstance(cause, QAError):
        return cause
    if isinstance(cause, ImportError) or "failed to import" in str(cause):
        why = " ".join(str(cause).split())[-_LONGEST:]
        return ClusterError(
            f"A node lacks what qa needs ({why}): install the same qa with its extra cluster on every node."
        )
    return cause
