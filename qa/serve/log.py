"""What a server logs, a line of JSON each: every answer with how long it took, and whatever else is warned of.

An answer's line has no question and no word of the answer; the question only where that is asked for (`begin`).
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from qa.errors import QAError
from qa.types import Answer

_ANSWERS = logging.getLogger("qa.answers")


def begin(out: TextIO | None = None, *, questions: bool = False) -> None:
    """Has every line of this process be JSON, on standard error where no other place is named."""
    handler = logging.StreamHandler(out or sys.stderr)
    handler.setFormatter(_Lines(questions=questions))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _ANSWERS.setLevel(logging.INFO)


def follow(handler: logging.Handler) -> None:
    """Has the handler get the record of each answer too; its ``fields`` are those of `answered`, the question among
    them."""
    _ANSWERS.addHandler(handler)
    _ANSWERS.setLevel(logging.INFO)


def followers() -> Sequence[logging.Handler]:
    """Who gets the record of each answer beside the log."""
    return tuple(_ANSWERS.handlers)


def answered(answer: Answer | None, *, seconds: float, question: str, error: BaseException | None = None,
             **known: Any) -> None:  # fmt: skip
    """Logs an answer, or why there is none; ``known`` is what else its server knows of it."""
    if not _ANSWERS.isEnabledFor(logging.INFO):
        return
    fields: dict[str, Any] = {**known, "seconds": round(seconds, 3), "question": question}
    if answer is not None:
        fields |= {"status": answer.status, "language": answer.language, "claims": len(answer.claims),
                   "removed": len(answer.removed), "confidence": round(answer.confidence, 3), "model": answer.model,
                   "timings": {step: round(took, 4) for step, took in answer.timings.items()}}  # fmt: skip
    elif error is not None:
        fields |= {"status": "failed", "error": type(error).__name__}
    else:
        fields |= {"status": "stopped"}
    ours = error is None or isinstance(error, QAError)
    _ANSWERS.log(logging.INFO if ours else logging.ERROR, "answer", extra={"fields": fields})


@dataclass(slots=True)
class Outcome:
    """What came of a question: the answer, where there is one, and at the end how long it took."""

    answer: Answer | None = None
    seconds: float = 0.0


@contextmanager
def timed(question: str, **known: Any) -> Iterator[Outcome]:
    """Logs, when it is left, the answer that was put into what it gives, or the error that it is left by."""
    began, outcome, failed = time.perf_counter(), Outcome(), None
    try:
        yield outcome
    except Exception as error:
        failed = error
        raise
    finally:
        outcome.seconds = time.perf_counter() - began
        answered(outcome.answer, seconds=outcome.seconds, question=question, error=failed, **known)


class _Lines(logging.Formatter):
    def __init__(self, *, questions: bool) -> None:
        super().__init__()
        self._questions = questions

    def format(self, record: logging.LogRecord) -> str:
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{key: value for key, value in fields.items() if key != "question" or self._questions},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)
