"""The processor's work, so many pieces of it at once: the others wait for a permit in the order in which they came.

A permit is held while something is computed, and never while a network or a slow reader is waited for: an answer gives
it back between two of its claims, and while it waits for its model (`freed`). What has begun goes before what is new.
"""

from __future__ import annotations

import asyncio
import copy
import re
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar

import anyio
from anyio import to_thread

from qa.errors import Overloaded, Stopping
from qa.llm.endpoint import ChatModel, Delta, Message

T = TypeVar("T")
Turn = Future[None]  # done when its permit is given
_WHOLE = re.compile(r"[.!?。\]\n]")  # with which a sentence may be whole; within one nothing can be checked


class Work:
    """Gives ``at_once`` permits; up to ``most`` pieces of work beside theirs are taken too, and wait."""

    def __init__(self, at_once: int, most: int) -> None:
        self.at_once, self.most = at_once, most
        self.closing = False  # nothing new is taken
        self.taken = 0  # pieces of work that are not done: computed, waiting, or with a slow reader
        self._free = at_once
        self._begun, self._new = deque[Turn](), deque[Turn]()
        self._lock = threading.Lock()
        self._threads: anyio.CapacityLimiter | None = None

    @property
    def running(self) -> int:
        """How many permits are held."""
        return self.at_once - self._free

    @property
    def waiting(self) -> int:
        """How many pieces of work wait for a permit."""
        return len(self._new) + len(self._begun)

    async def done(self, do: Callable[[], T]) -> T:
        """What the function returns, computed in a thread. Raises `Overloaded`."""
        with self._taken():
            return await self._step(do, begun=False)

    async def parts(self, stream: Iterator[T]) -> AsyncGenerator[T, None]:
        """The parts of the stream, each computed in a thread; the stream is closed with this. Raises `Overloaded`."""
        with self._taken():
            begun = False
            try:
                while (part := await self._step(lambda: next(stream, None), begun=begun)) is not None:
                    yield part
                    begun = True
            finally:
                if isinstance(stream, Generator):
                    with anyio.CancelScope(shield=True):
                        await to_thread.run_sync(stream.close, limiter=self._threads)

    def unheld(self, wait: Callable[[], T]) -> T:
        """What the function returns, for whose time the permit of the piece of work that calls this is another's."""
        self._give()
        try:
            return wait()
        finally:
            self._turn(self._begun).result()

    @contextmanager
    def _taken(self) -> Iterator[None]:
        if self.closing:
            raise Stopping
        if self.taken >= self.at_once + self.most:
            raise Overloaded(f"{self.taken} questions are being answered or wait already; ask again in a moment.")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    async def _step(self, do: Callable[[], T], *, begun: bool) -> T:
        # A thread for each piece of work: one that waits for its permit again holds a thread, and must not starve
        # the one that has it.
        self._threads = self._threads or anyio.CapacityLimiter(self.at_once + self.most)
        queue = self._begun if begun else self._new
        turn = self._turn(queue)
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            self._forget(turn, queue)
            raise
        try:
            return await to_thread.run_sync(do, limiter=self._threads)
        finally:
            self._give()

    def _turn(self, queue: deque[Turn]) -> Turn:
        turn = Turn()
        with self._lock:
            if self._free:
                self._free -= 1
                turn.set_result(None)
            else:
                queue.append(turn)
        return turn

    def _give(self) -> None:
        """Gives a permit to whose turn it is."""
        with self._lock:
            for queue in (self._begun, self._new):
                while queue:
                    turn = queue.popleft()
                    if turn.set_running_or_notify_cancel():
                        turn.set_result(None)
                        return
            self._free += 1

    def _forget(self, turn: Turn, queue: deque[Turn]) -> None:
        """Takes a turn back that nobody waits for any more, or its permit where it has come meanwhile."""
        if not turn.cancel():
            self._give()
            return
        with self._lock, suppress(ValueError):
            queue.remove(turn)


def freed(model: ChatModel, work: Work) -> ChatModel:
    """The model as one that is waited for without a permit. Its reply comes as it is written, and a sentence at a time
    while others want the permits."""

    def stream(messages: Sequence[Message], *, max_tokens: int, **form: Any) -> Iterator[Delta]:
        deltas = model.stream(messages, max_tokens=max_tokens, **form)
        try:
            while (delta := work.unheld(lambda: _next(deltas, work))) is not None:
                yield delta
        finally:
            if isinstance(deltas, Generator):
                deltas.close()

    own: Any = copy.copy(model)
    own.stream = stream
    asked: ChatModel = own
    return asked


def _next(deltas: Iterator[Delta], work: Work) -> Delta | None:
    """The next pieces of a reply as one: to what may be a sentence's end, where no permit is free. None at its end."""
    text = ""
    for delta in deltas:
        text += delta.text
        if work.running < work.at_once or delta.usage or delta.cut or _WHOLE.search(delta.text):
            return replace(delta, text=text)
    return Delta(text) if text else None
