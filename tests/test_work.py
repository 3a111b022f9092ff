"""Permits: so many at once, those who wait in their order, what has begun before what is new, and none lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from qa.errors import Overloaded
from qa.llm.endpoint import Delta, Message
from qa.serve.work import Work, freed
from qa.testing import ScriptedModel


def test_no_more_is_computed_at_once_than_there_are_permits() -> None:
    work, most, now = Work(2, 100), 0, 0
    lock = threading.Lock()

    def compute() -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    async def all_of_them() -> None:
        await asyncio.gather(*(work.done(compute) for _ in range(30)))

    asyncio.run(all_of_them())
    assert (most, work.running, work.waiting, work.taken) == (2, 0, 0, 0)


def test_who_comes_first_is_served_first_and_who_comes_too_late_is_told() -> None:
    work, order = Work(1, 3), list[int]()

    async def all_of_them() -> list[object]:
        asked = (work.done(partial(order.append, n)) for n in range(6))
        return await asyncio.gather(*asked, return_exceptions=True)

    found = asyncio.run(all_of_them())
    assert order == [0, 1, 2, 3]
    assert [type(one) for one in found[4:]] == [Overloaded, Overloaded]


def test_what_is_stopping_takes_nothing_new() -> None:
    work = Work(1, 1)
    work.closing = True
    with pytest.raises(Overloaded, match="stopping"):
        asyncio.run(work.done(int))


def test_a_slow_reader_and_what_it_leaves_hold_no_permit() -> None:
    work, closed = Work(1, 5), list[bool]()

    def stream() -> Iterator[int]:
        try:
            yield from range(100)
        finally:
            closed.append(True)

    async def read() -> None:
        parts = work.parts(stream())
        assert [await anext(parts), await anext(parts)] == [0, 1]
        assert await work.done(lambda: "another's") == "another's"
        assert work.taken == 1
        await parts.aclose()

    asyncio.run(read())
    assert (closed, work.running, work.taken) == ([True], 0, 0)


def test_a_turn_that_is_given_up_is_lost_to_nobody() -> None:
    work = Work(1, 200)

    async def hurried() -> None:
        tasks = [asyncio.create_task(work.done(lambda: time.sleep(0.002))) for _ in range(100)]
        await asyncio.sleep(0.01)
        for at, task in enumerate(tasks):
            if at % 3:
                task.cancel()
            await asyncio.sleep(0.0005)
        await asyncio.gather(*tasks, return_exceptions=True)
        await work.done(int)

    asyncio.run(hurried())
    assert (work.running, work.waiting, work.taken) == (0, 0, 0)


def test_what_a_thread_raises_comes_out_and_gives_its_permit_back() -> None:
    work = Work(1, 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(work.done(lambda: 1 // 0))
    assert work.running == 0


def test_a_model_is_waited_for_without_a_permit_and_its_reply_is_the_same() -> None:
    work, during = Work(1, 1), list[int]()

    class Watched(ScriptedModel):
        def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Delta]:
            for delta in super().stream(messages, max_tokens=max_tokens):
                during.append(work.running)
                yield delta

    model = Watched(["It rained. It blew [k1a]. And then"] * 2)

    def reply() -> tuple[str, bool]:
        deltas = list(freed(model, work).stream([Message("user", "What was it like?")], max_tokens=9))
        return "".join(delta.text for delta in deltas), deltas[-1].usage is not None

    assert asyncio.run(work.done(reply)) == ("It rained. It blew [k1a]. And then", True)
    assert set(during) == {0}
    assert (work.running, model.identity) == (0, "scripted")
