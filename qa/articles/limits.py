"""Content under limits of time and memory: a file whose reader overruns them is skipped, and the others are read.

Readers are other people's parsers, and a file of a kilobyte can keep one busy for ever. So they run in processes that
can be ended, started when a folder has a file that needs one and kept for the next ones. A process and not
`multiprocessing`: that runs the user's own script again in each child unless the script is guarded against it.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from queue import Empty, LifoQueue, SimpleQueue
from typing import IO, Any, TypeVar

from qa.articles.corpus import FETCHED, FolderFile, read_articles, too_large
from qa.articles.places import Remote
from qa.articles.readers.formats import too_slow
from qa.types import Article, Skipped

# What the slowest honest files take, with a wide margin: a PDF of 300 full pages (0.55 MB) 18 s, a .docx of 6,000
# paragraphs (0.89 MB) 7 s, a page of as many (3.3 MB) 2 s, on two cores beside other work.
SECONDS = 20.0
SECONDS_PER_MB = 60.0
LONGEST = 300.0  # that of a PDF of some 5,000 pages
# Address space of a process, of which Python and the readers take 0.16 GB and the files above no more than that again.
MEMORY = 2_000_000_000
# A text file of up to so many bytes is read here, without a process: its reader is a few regular expressions, each of
# which looks at a character a bounded number of times (a test of time holds it), and the guess at an encoding sees
# 200 kB.
_PLAIN = 1_000_000
# A second process pays from so many bytes on: to start one takes as long as to read fifty small pages.
_SECOND = 5_000_000
# Plain files are read in processes too, so many at once, from so many bytes of them on: what follows the reading (the
# words' stems, the sentences, the names) takes a second for a megabyte, and so does the start of a process. Choices:
# what another pays `evals.bench.sweep` of `python -m evals.bench.indexing --files N` prints.
_MANY = 2_000_000
_GROUP = 32
_MOST = 8  # processes: what they read is written by one
_AHEAD = 8  # files, or groups of plain ones, that may wait, read, for the index
_AT_ONCE = 60_000_000  # bytes of them that may be fetched from an object store at once
_SERVE = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from qa.articles.limits import serve; serve()"

_Made = TypeVar("_Made")


def seconds_for(size: int, suffix: str = "") -> float:
    """How long a file of so many bytes may be read; an archive longer, as each of its files has its own limit."""
    return LONGEST if suffix == ".zip" else min(SECONDS + SECONDS_PER_MB * size / 1e6, LONGEST)


def article(found: FolderFile, file: str | None = None) -> Article | Skipped:
    """The article of a file under the limits, or the one named ``file`` of those that it holds."""
    with closing(articles([found])) as read:
        said = [one for _, one in read]
    return next((one for one in said if one.file == file), said[0])


def articles(files: Iterable[FolderFile]) -> Generator[tuple[FolderFile, Article | Skipped], None, None]:
    """`read_all`, each article as it is."""
    return read_all(files, _as_it_is)


def _as_it_is(article: Article) -> Article:
    return article


def read_all(
    files: Iterable[FolderFile], made: Callable[[Article], _Made]
) -> Generator[tuple[FolderFile, _Made | Skipped], None, None]:
    """Each file with what is ``made`` of its article, or why there is none, in the order given; some are read ahead. A
    file that holds several comes once for each, and at last for itself (`qa.articles.corpus.read_articles`).

    ``made``, a function of a module, runs where the file is read: of many files in several processes at once. Close it
    (`contextlib.closing`) to end these when not all are taken.
    """
    files = list(files)
    parsed, plain = (sum(found.size for found in files if _is_plain(found) is kind) for kind in (False, True))
    many = plain > _MANY
    count = min(os.cpu_count() or 1, _MOST if many else 1 + (parsed > _SECOND))
    pool, readers = ThreadPoolExecutor(count), _Readers()
    ahead: deque[_Ahead[_Made]] = deque()
    try:
        with closing(_fetched(files)) as fetched:
            for group in _groups(fetched, together=many):
                here = not many and _is_plain(group[0][0])
                ahead.append((group, None if here else pool.submit(readers.read, [whole for _, whole in group], made)))
                if len(ahead) > _AHEAD:
                    yield from _next(ahead, made)
        while ahead:
            yield from _next(ahead, made)
    finally:
        readers.end()
        pool.shutdown(cancel_futures=True)


def _fetched(files: Iterable[FolderFile]) -> Generator[tuple[FolderFile, FolderFile], None, None]:
    """Each file, and it again with what it holds where it lies in an object store: several are fetched at once, so
    that the time of a request is waited for once and not for each, and is no time of the reader's."""
    ahead: deque[tuple[FolderFile, Future[FolderFile]]] = deque()
    pool = ThreadPoolExecutor(FETCHED)
    try:
        for found in files:
            if not isinstance(found.path, Remote):
                yield from _come(ahead)
                yield found, found
                continue
            ahead.append((found, pool.submit(_with_bytes, found)))
            while len(ahead) > FETCHED or sum(one.size for one, _ in ahead) > _AT_ONCE:
                yield from _come(ahead, 1)
        yield from _come(ahead)
    finally:
        pool.shutdown(cancel_futures=True)


def _come(
    ahead: deque[tuple[FolderFile, Future[FolderFile]]], most: int | None = None
) -> Iterator[tuple[FolderFile, FolderFile]]:
    """The first files as they come, or all."""
    for _ in range(len(ahead) if most is None else most):
        found, whole = ahead.popleft()
        yield found, whole.result()


def _with_bytes(found: FolderFile) -> FolderFile:
    with suppress(FileNotFoundError):  # then reading it says so
        return replace(found, raw=found.path.read_bytes())
    return found


def _is_plain(found: FolderFile) -> bool:
    return found.path.suffix.lower() == ".txt" and found.size <= _PLAIN


_Pair = tuple[FolderFile, FolderFile]  # a file as it is listed, and with its bytes where they had to be fetched
_Ahead = tuple[list[_Pair], "Future[list[list[_Made | Skipped]]] | None"]


def _groups(files: Iterable[_Pair], *, together: bool) -> Iterator[list[_Pair]]:
    """The files in their order, plain ones ``together`` in groups that are sent at once; any other is alone, since its
    limits are its own."""
    group: list[_Pair] = []
    for one in files:
        if group and not (together and _is_plain(one[0]) and _is_plain(group[-1][0]) and len(group) < _GROUP):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _next(
    ahead: deque[_Ahead[_Made]], made: Callable[[Article], _Made]
) -> Iterator[tuple[FolderFile, _Made | Skipped]]:
    group, said = ahead.popleft()
    read = _read([whole for _, whole in group], made) if said is None else said.result()
    for (found, _), held in zip(group, read, strict=True):
        for one in held:
            yield found, one


def _read(group: Sequence[FolderFile], made: Callable[[Article], _Made]) -> list[list[_Made | Skipped]]:
    """What is made of each of these files, read in this process."""
    return [[one if isinstance(one, Skipped) else made(one) for one in read_articles(found)] for found in group]


class _Readers:
    """The processes, each lent to one file at a time."""

    def __init__(self) -> None:
        self._free: LifoQueue[_Reader] = LifoQueue()
        self._all: list[_Reader] = []
        self._lock = threading.Lock()
        self._ended = False

    def read(self, group: Sequence[FolderFile], made: Callable[[Article], _Made]) -> list[list[_Made | Skipped]]:
        reader = self._taken()
        if reader is None:
            unread = "Reading was ended before its turn: index again."
            return [[Skipped(found.file, "unreadable", unread)] for found in group]
        said = reader.read(group, made)
        if reader.alive:
            self._free.put(reader)
        return said

    def _taken(self) -> _Reader | None:
        with suppress(Empty):
            return self._free.get_nowait()
        with self._lock:  # so that none is started after the end
            if self._ended:
                return None
            self._all.append(reader := _Reader())
        return reader

    def end(self) -> None:
        with self._lock:
            self._ended = True
        for reader in self._all:
            reader.end()


class _Reader:
    """One process that reads files, sent to it one by one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, json.dumps(sys.path)],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # else numpy takes address space for each core
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # parsers print there what `Skipped` says better
        )
        self.alive = True
        self._ready = False

    def read(self, group: Sequence[FolderFile], made: Callable[[Article], _Made]) -> list[list[_Made | Skipped]]:
        """What is made of each file, of several only where all are plain; these are read here if the process fails."""
        if not self._ready and self._received(LONGEST) is not True:  # imports are not the file's own time
            ended = not self.alive
            self.end()
            # None can be had here, as in a frozen program; or nobody waits for it any more.
            return [[_died(found)] for found in group] if ended else _read(group, made)
        self._ready = True
        seconds = min(sum(seconds_for(found.size, found.path.suffix.lower()) for found in group), LONGEST)
        with suppress(OSError):  # it has ended: then there is no reply either
            pickle.dump((group, made, seconds), self._stdin)
            self._stdin.flush()
        said = self._received(seconds)
        if isinstance(said, list):
            return said
        self.end()
        if len(group) > 1:
            return _read(group, made)
        return [[_overrun(found, seconds) if said is TimeoutError else _died(found)] for found in group]

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _received(self, seconds: float) -> Any:
        """What the process says; None when it ends without a word, TimeoutError when it had to be ended."""
        overran = threading.Event()

        def end() -> None:
            overran.set()
            self._process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            assert self._process.stdout is not None
            return pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            # The system ends a reader that has used up its processor time, a moment before or after the timer.
            over = overran.is_set() or self._process.wait() == -_XCPU
            return TimeoutError if over else None
        finally:
            timer.cancel()

    def end(self) -> None:
        self.alive = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


_XCPU = 24  # the signal of a process that has used up its processor time, on Linux and macOS


def _overrun(found: FolderFile, seconds: float) -> Skipped:
    return Skipped(found.file, "too slow", too_slow(seconds))


def _died(found: FolderFile) -> Skipped:
    return Skipped(found.file, "unreadable", "Its reader broke down, maybe for lack of memory: save it as plain text.")


# ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────────


def serve(memory: int = MEMORY) -> None:
    """Reads the files that standard input names and writes what they are to standard output, until it is closed."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    reply = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a parser prints is no reply
    _limit("RLIMIT_AS", memory)
    asked: SimpleQueue[tuple[list[FolderFile], Callable[[Article], Any], float]] = SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    _say(reply, pickle.dumps(True))
    while True:
        group, made, seconds = asked.get()
        _limit("RLIMIT_CPU", int(time.process_time() + seconds + 1))  # holds where the parent is gone too
        _say(reply, _pickled(group, made))


def _listen(asked: SimpleQueue[tuple[list[FolderFile], Callable[[Article], Any], float]]) -> None:
    """Passes on what is asked, and ends the process when nobody is left to ask, busy or not."""
    with suppress(EOFError, OSError):
        while True:
            asked.put(pickle.load(sys.stdin.buffer))
    os._exit(0)


def _pickled(group: Sequence[FolderFile], made: Callable[[Article], object]) -> bytes:
    """What is made of the files, or why nothing is, whole before any of it is sent."""
    try:
        return pickle.dumps(_read(group, made), protocol=pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return pickle.dumps([[too_large(found.file)] for found in group])


def _say(reply: IO[bytes], said: bytes) -> None:
    reply.write(said)
    reply.flush()


def _limit(name: str, most: int) -> None:
    """Sets the soft limit where the system has it: Windows has none, macOS refuses some."""
    with suppress(ImportError, AttributeError, ValueError, OSError):
        import resource

        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
