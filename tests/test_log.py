"""What a server logs of its answers: a line each, without the question unless that is asked for."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa import Assistant
from qa.page import chats
from qa.page.actions import Desk
from qa.serve import log
from qa.serve.answering import Answering
from qa.serve.bodies import ChatBody
from qa.serve.metrics import Metrics
from qa.serve.models import Models
from qa.serve.work import Work
from qa.testing import ScriptedModel

KABUL = "Who led the delegation to Kabul?"
HERE: dict[str, Any] = {"browser": "a" * 32, "language": "en"}
Lines = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Begins the log; called again, what was logged since."""
    root, answers = logging.getLogger(), logging.getLogger("qa.answers")
    before = root.handlers[:], root.level, answers.level
    root.handlers[:] = []  # pytest's own, which `begin` would close
    out = io.StringIO()
    begun = False

    def logged(**how: bool) -> list[dict[str, Any]]:
        nonlocal begun
        if not begun:
            log.begin(out, **how)
            begun = True
        return [json.loads(line) for line in out.getvalue().splitlines()]

    yield logged
    root.handlers[:], root.level = before[0], before[1]
    answers.setLevel(before[2])


def asked(desk: Desk, question: str = KABUL) -> None:
    list(desk.ask(**HERE, chat=chats.new_id(), question=question))


@pytest.mark.parametrize("questions", [False, True])
def test_an_answer_of_the_page_is_a_line(seeds: Assistant, tmp_path: Path, lines: Lines, questions: bool) -> None:
    lines(questions=questions)
    asked(Desk(seeds, home=tmp_path))
    [line] = lines()
    known = ("level", "logger", "event", "server", "person", "status", "language", "claims")
    assert [line[key] for key in known] == ["info", "qa.answers", "answer", "page", "a" * 32, "answered", "en", 1]
    assert line["seconds"] > 0
    assert "retrieve" in line["timings"]
    assert line.get("question") == (KABUL if questions else None)
    assert ("Kabul" in json.dumps(line)) == questions
    assert "Araghchi" not in json.dumps(line)


def test_what_failed_is_named_by_its_class_alone(seeds: Assistant, tmp_path: Path, lines: Lines) -> None:
    lines()
    desk = Desk(seeds, home=tmp_path)
    desk.models.choose(browser="a" * 32, answerer="llm", model="m", base_url="http://127.0.0.1:1/v1")
    asked(desk)
    model = ScriptedModel([RuntimeError("Kabul")])
    asked(Desk(Assistant(seeds.folder, seeds.store, seeds.embedder, seeds.settings, model), home=tmp_path))
    *again, ours, other, fault = [line for line in lines() if line["logger"].startswith("qa")]
    assert [(line["logger"], line["level"]) for line in again] == [("qa.llm.endpoint", "warning")] * 2
    assert (ours["status"], ours["error"], ours["level"]) == ("failed", "ModelUnreachable", "info")
    assert "Traceback" in fault["exception"]
    assert (other["status"], other["error"], other["level"]) == ("failed", "RuntimeError", "error")


def test_an_answer_to_a_program_is_a_line(seeds: Assistant, lines: Lines) -> None:
    lines()
    work = Work(1, 4)
    answering = Answering(Models([seeds], work), Metrics(work))
    body = ChatBody.model_validate({"model": "qa", "messages": [{"role": "user", "content": KABUL}]})

    async def ask(whole: bool) -> None:
        said = answering.pieces("qa", body.asked())
        async for _ in said:
            if not whole:
                break
        await said.aclose()

    asyncio.run(ask(True))
    asyncio.run(ask(False))
    first, second = lines()
    assert (first["server"], first["asked"], first["status"], first["claims"]) == ("api", "qa", "answered", 1)
    assert second["status"] in ("stopped", "answered")
    assert "question" not in first


def test_nothing_is_logged_unasked(seeds: Assistant, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked(Desk(seeds, home=tmp_path))
    assert caplog.records == []
