"""The writer's lock of an index in an object store: an object that names who writes, written over while they live.

It is taken by a conditional put (If-None-Match for a new one, If-Match over a known version), so of two who try one
gets it. No clocks are compared: a lease has lapsed when whoever waits has seen the same version of it for as long as it
says that it holds, by their own clock. One that was lost, since its holder was away for that long, is noticed before
the next write.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from qa.articles.places import Remote, Version
from qa.errors import FolderError, StoreUnwritable

SECONDS = 30.0  # that a lease holds without a sign of life: what the next writer waits for after a kill
_RENEWED = 3  # times in that time
_LOOK = 1.0  # seconds between two looks of one who waits

Wait = Callable[[float], object]


class Held(Protocol):
    """A lease while it is held."""

    def check(self) -> None:
        """Raises `StoreUnwritable` when it is another's by now."""
        ...


@contextmanager
def held(
    place: Remote,
    waiting: Callable[[], None] | None = None,
    *,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
    wait: Wait = time.sleep,
) -> Iterator[Held]:
    """For the time of a ``with`` the lease at this place is ours; ``waiting`` is called if it is another's at first.

    Raises `StoreUnwritable` where nothing can be written there.
    """
    lease = _Lease(place, seconds, clock)
    lease.take(waiting, wait)
    ended = threading.Event()
    renewing = threading.Thread(target=lease.renew, args=(ended,), daemon=True)
    renewing.start()
    try:
        yield lease
    finally:
        ended.set()
        renewing.join()
        lease.release()


class _Lease:
    def __init__(self, place: Remote, seconds: float, clock: Callable[[], float]) -> None:
        self._place, self._seconds, self._clock = place, seconds, clock
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        self._beats = 0
        self._mine: Version | None = None  # the version that we wrote last
        self._since = 0.0  # when

    def take(self, waiting: Callable[[], None] | None, wait: Wait) -> None:
        """Waits until nobody has it, or who had it has given no sign of life for its time; and takes it."""
        known: Version | None = None
        since = self._clock()
        while True:
            found = self._looked()
            version, said = found or (None, b"")
            holder, seconds = _read(said)
            if version != known:
                known, since = version, self._clock()
            if (not holder or self._clock() - since >= seconds) and self._write(over=version):
                return
            if waiting:
                waiting()
                waiting = None
            wait(_LOOK)

    def renew(self, ended: threading.Event) -> None:
        """Writes it anew, again and again, until the event or until it is lost."""
        while not ended.wait(self._seconds / _RENEWED):
            with suppress(StoreUnwritable):  # the store is away: there may be time for another try
                if not self._write(over=self._mine):
                    self._mine = None
                    return

    def check(self) -> None:
        if self._mine is None or self._clock() - self._since >= self._seconds:
            raise StoreUnwritable(
                f"Another process may write to the index by now, as {self._place} could not be renewed in time; "
                "run this again, and it goes on where it stopped."
            )

    def release(self) -> None:
        """Leaves it to the next; a delete would not ask whose it is."""
        if self._mine is not None:
            self._holder = ""
            with suppress(StoreUnwritable):  # then it lapses
                self._write(over=self._mine)

    def _write(self, *, over: Version | None) -> bool:
        """Whether it is ours now: written over that version (None: where there was none)."""
        began, self._beats = self._clock(), self._beats + 1
        said = json.dumps({"holder": self._holder, "seconds": self._seconds, "beat": self._beats}).encode()
        try:
            new = self._place.write(said, over=over)
        except FolderError as error:
            raise StoreUnwritable(str(error)) from error
        if new is None:  # or was it: a put that was sent again, as its answer was lost, meets itself
            found = self._looked()
            new = found[0] if found and found[1] == said else None
        if new is None:
            return False
        self._mine, self._since = new, began
        return True

    def _looked(self) -> tuple[Version, bytes] | None:
        try:
            return self._place.version()
        except FolderError as error:
            raise StoreUnwritable(str(error)) from error


def _read(said: bytes) -> tuple[str, float]:
    """Who has a lease, "" for nobody, and for how many seconds it holds; what is no lease is somebody's."""
    try:
        found = json.loads(said or b'{"holder": "", "seconds": 0}')
        return str(found["holder"]), float(found["seconds"])
    except (ValueError, KeyError, TypeError):
        return "somebody", SECONDS
