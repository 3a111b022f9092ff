"""The answers that are being written, each in a thread of its own, kept as they grow."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from qa.assistant import Assistant
from qa.errors import DatabaseError, QAError, Stopping, UsageError
from qa.page import chats
from qa.page.render import Sent
from qa.page.suggest import Read, Suggestions, offers
from qa.serve import log
from qa.serve.export import answer_json, claim_json
from qa.types import Answer, Claim, Filters, Turn

_AT_ONCE = 8  # questions that are answered at once; others wait
_PATIENCE = 3.0  # seconds that a greeting waits for the questions that are offered with it, after the server's start
_TICK = 0.1  # seconds between two looks at a running answer: it is redrawn at most ten times a second

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """An answer that is being written; ``news`` gets something at each step, None at the end."""

    turn: chats.Chat
    home: chats.Home
    chat: str
    language: str = "en"  # the page's
    stop: threading.Event = field(default_factory=threading.Event)
    news: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue)

    def keep(self, **fields: Any) -> None:
        """Keeps what the answer has become; where the database does not take it, it is shown all the same."""
        with contextlib.suppress(DatabaseError):
            chats.change(self.home, self.chat, self.turn["id"], **fields)

    def goes_on(self) -> bool:
        """Waits for news, at most a tick after the first; whether it goes on. A stop is heeded at once."""
        while True:
            if self.stop.is_set():
                return False
            try:
                news = self.news.get(timeout=_TICK)
            except queue.Empty:
                continue
            while news is not None:
                try:
                    news = self.news.get(timeout=_TICK)
                except queue.Empty:
                    return True
            return False


class Answering:
    """What is being answered now, by the turn. Its methods may be called from many threads at once."""

    def __init__(self, suggestions: Suggestions, read: Read) -> None:
        self._suggestions = suggestions
        self._read = read
        self._jobs: dict[str, Job] = {}
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self.closing = False  # nothing new is to be begun
        self._programs = Counter[str]()  # questions of programs that are being answered, by the person
        self._lock = threading.Lock()

    def __contains__(self, turn: str) -> bool:
        """Whether the turn of this name is being answered."""
        return turn in self._jobs

    def of(self, person: str) -> int:
        """How many questions of a person are being answered."""
        return sum(job.home.person == person for job in list(self._jobs.values())) + self._programs[person]

    @property
    def full(self) -> bool:
        """Whether what is asked now has to wait for another answer."""
        return len(self._jobs) >= _AT_ONCE

    @contextmanager
    def of_program(self, person: str, each: int | None) -> Iterator[None]:
        """A question of a program while it is answered: `close` waits for it, and it counts for its person. Raises
        `Stopping` and `UsageError`, as `admit`."""
        with self._lock:
            self.admit(person, each)
            self._programs[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._programs[person] -= 1
                self._programs += Counter()  # without those who ask no more

    def admit(self, person: str, each: int | None) -> None:
        """Raises `Stopping` where nothing new is begun any more, `UsageError` where ``each`` questions of the person
        are being answered (None: as many as one likes)."""
        if self.closing:
            raise Stopping
        if each is not None and self.of(person) >= each:
            raise UsageError(f"{each} of your questions are being answered; wait for one of them, or stop it.")

    def begin(self, job: Job, assistant: Assistant, history: Sequence[Turn], day: date | None, filters: Filters,
              failed: str) -> None:  # fmt: skip
        """Begins to answer; ``failed`` is what is said of an error that is not ours."""
        self._jobs[job.turn["id"]] = job
        given = (job, assistant, history, day, filters, failed)
        threading.Thread(target=self._work, args=given, daemon=True).start()

    def close(self) -> None:
        """Has nothing new begin, and comes back when what is being answered is at its end, and kept."""
        with self._lock:
            self.closing = True
        while self._jobs or self._programs:
            time.sleep(_TICK)

    def give_up(self, job: Job) -> None:
        """Counts an answer that was stopped as ended, though its model may still be at work."""
        self._jobs.pop(job.turn["id"], None)

    def stop(self, *, turn: str) -> Sent:
        """Ends an answer that is being written; what was shown of it is kept."""
        job = self._jobs.get(str(turn))
        if job:
            job.stop.set()
        return {}

    def _work(self, job: Job, assistant: Assistant, history: Sequence[Turn], day: date | None, filters: Filters,
              failed: str) -> None:  # fmt: skip
        turn = job.turn
        known = {"server": "page", "person": job.home.person, "turn": turn["id"]}
        try:
            with log.timed(turn["question"], **known) as outcome, self._room:
                parts = assistant.stream(turn["question"], history, as_of=day, filters=filters or None)
                outcome.answer = _written(job, parts)
        except QAError as error:
            turn["error"] = str(error)
        except Exception:  # whatever a model's library raises: the page says so and goes on
            _log.exception("The question was not answered.")
            turn["error"] = failed
        if job.stop.is_set():
            turn["error"] = None
        turn["seconds"] = round(outcome.seconds, 3)
        job.keep(**{key: turn[key] for key in ("claims", "answer", "error", "seconds")})
        if outcome.answer and outcome.answer.status in ("refused", "clarify") and not job.stop.is_set():
            self._offer(job, assistant, outcome.answer)
            job.keep(offers=turn.get("offers"))
        self._jobs.pop(turn["id"], None)
        job.news.put(None)

    def _offer(self, job: Job, assistant: Assistant, unanswered: Answer) -> None:
        """Puts beside a refusal what can be asked instead, and beside a greeting what can be asked at all."""
        turn = job.turn
        if unanswered.status == "clarify":
            known = self._suggestions.awaited(_PATIENCE)
            spanish = "es" in (unanswered.language, job.language)  # a greeting is too short to tell a language by
            own = sorted(known, key=lambda question: question.startswith("¿") != spanish)
            turn["offers"] = {"asks": own[:2]} if own and not unanswered.retrieved else None
            return
        with contextlib.suppress(Exception):  # it is an extra: the answer stands without it
            turn["offers"] = asdict(offers(assistant, unanswered, self._suggestions.known, self._read))


def _written(job: Job, parts: Iterator[Claim | Answer]) -> Answer | None:
    """The answer of these parts, each put into the job's turn as it comes; None where it is stopped before."""
    turn, whole = job.turn, None
    for part in parts:
        if job.stop.is_set():
            break
        if isinstance(part, Claim):
            turn["claims"] = [*turn["claims"], claim_json(part)]
            job.keep(claims=turn["claims"])
            job.news.put("claim")
        else:
            whole = part
            turn["answer"], turn["claims"] = answer_json(part), []
    return whole
