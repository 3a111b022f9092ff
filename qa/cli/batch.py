"""Questions of a JSONL file: each line's answer is a line."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn

from qa.errors import QAError, UsageError

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.types import Filters


def answered(
    assistant: Assistant, lines: Iterator[str], workers: int, as_of: date | None, filters: Filters
) -> Iterator[str]:
    """One JSON line a question, in order, as soon as it and those before it are done."""
    asked = ((line.strip("\ufeff"), as_of, filters) for line in lines if line.strip("\ufeff \t\r\n"))
    if workers == 1:
        yield from (_answer_line(assistant, *one) for one in asked)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda one: _answer_line(assistant, *one), asked)


def _answer_line(assistant: Assistant, line: str, as_of: date | None, filters: Filters) -> str:
    from qa.question.turns import as_turns
    from qa.serve.export import batch_json

    began, name = time.perf_counter(), None
    try:
        asked = _line(line)
        name = asked.get("id")
        if not isinstance(question := asked.get("question"), str):
            raise UsageError('The line has no "question", or one that is no text; give one.')
        turns = asked.get("history") or []
        if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
            raise UsageError('The "history" of the line is no list of turns; give it as such, or leave it out.')
        day = _line_day(asked, "as_of") or as_of
        answer = assistant.ask(question, as_turns(turns), as_of=day, filters=_line_filters(asked, filters))
        found = batch_json(answer, seconds=time.perf_counter() - began)
    except (QAError, ValueError, KeyError, AttributeError, TypeError) as error:
        found = {"error": f"{type(error).__name__}: {error}"}
    return json.dumps({"id": name, **found}, ensure_ascii=False)


def _line(line: str) -> dict[str, Any]:
    """A line of a batch. Raises `UsageError` for what is no JSON object of text."""
    try:
        asked = json.loads(line, parse_constant=lambda name: _no_line(f"{name} is no JSON"))
        text = json.dumps(asked, ensure_ascii=False)
    except json.JSONDecodeError as error:
        _no_line(f"{error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}")
    except ValueError:  # more digits than Python reads
        _no_line("it has a number that is too long")
    except RecursionError:
        _no_line("it is nested too deep")
    if re.search("[\ud800-\udfff]", text):
        raise UsageError("The line has bytes that are no UTF-8; write it in that encoding.")
    return asked if isinstance(asked, dict) else _no_line("it is another kind of value")


def _no_line(why: str) -> NoReturn:
    raise UsageError(f'The line is no JSON object ({why}); write {{"question": "…"}} on a line of its own.')


def _line_day(asked: dict[str, Any], key: str) -> date | None:
    if not (given := asked.get(key)):
        return None
    try:
        return date.fromisoformat(given)
    except (ValueError, TypeError):
        raise UsageError(f'The "{key}" of the line is no day; write it as 2025-07-31.') from None


def _line_filters(asked: dict[str, Any], filters: Filters) -> Filters:
    """The filters of one line of a batch; what it does not say is as the command line says."""
    from dataclasses import replace

    own: dict[str, Any] = {}
    for key, name in (("source", "sources"), ("lang", "languages")):
        if given := asked.get(key):
            listed = [given] if isinstance(given, str) else given
            if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
                raise UsageError(f'The "{key}" of the line is no text, or list of texts; write it as such.')
            own[name] = tuple(listed)
    for key in ("since", "until"):
        if day := _line_day(asked, key):
            own[key] = day
    return replace(filters, **own)
