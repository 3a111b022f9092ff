"""What the page can be asked for: one method each, plain values in, HTML and plain values out. Knows no Gradio.

A browser is told apart by a random name that it keeps; its chats lie under that name, and what it chose for the model
(the key too) is kept here in memory until the server stops. Whatever comes from the browser is checked here.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import queue
import re
import shutil
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from qa.articles import corpus, limits
from qa.articles.readers.formats import SUFFIXES
from qa.assistant import Assistant, as_turns, user_folder
from qa.errors import ModelError, QAError, UsageError
from qa.llm.endpoint import ChatModel, Message, OpenAIModel, address
from qa.page import briefs, chats, render
from qa.page.footnotes import BRIEFS
from qa.page.suggest import offers, suggested
from qa.serve.export import answer_json, chat_html, chat_json, chat_markdown, chat_text, claim_json
from qa.types import Answer, Article, Claim, Filters, Step, Turn

_ANSWERERS = 8  # questions that are answered at once; others wait
_REMEMBERED = 12  # messages of a chat that a question is asked with
_QUESTION = 4000  # characters of a question
_CHOICES = 1000  # browsers whose choice of a model is kept
_LISTED = 50  # articles, or files left out, that are sent at once
_TICK = 0.1  # seconds between two looks at a running answer: it is redrawn at most ten times a second
_FOR_SCRIPT = """code copied offline rename_to delete_sure searching saved thanks reindexing reindexed testing
link_copied new_chat any since until as_of_label no_sources folder_articles key_set save delete undo_it taken_out
set_by lost too_long sources_of cite cited remove remove_sure vectors vectors_of went_wrong
edit_cuts edit_cuts_one upload_failed""".split()  # what the scripts say
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_TEST = 15.0  # seconds that a model is given to answer a test

_log = logging.getLogger(__name__)

Sent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """Who answers, as chosen in one browser. The key is in no representation of this."""

    answerer: Literal["extract", "llm"] = "extract"
    model: str = ""
    base_url: str = ""
    key: str = field(default="", repr=False)
    check: Literal["strict", "show"] = "strict"
    min_confidence: float | None = None


@dataclass(slots=True)
class _Job:
    """An answer that is being written; ``news`` gets something at each step, None at the end."""

    turn: chats.Chat
    stop: threading.Event = field(default_factory=threading.Event)
    news: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue)
    done: bool = False


@dataclass(slots=True)
class _Reading:
    """How far the folder has been read again: percent, and what is said when it is done."""

    running: bool = False
    percent: int = 0
    said: tuple[int, int, int] | None = None
    error: str = ""


class Desk:
    """The page's other side, over one assistant. Its methods may be called from many threads at once."""

    def __init__(self, assistant: Assistant, *, home: Path | None = None) -> None:
        self.assistant = assistant
        self.home = home or user_folder(assistant.folder)
        self._choices: OrderedDict[str, Choice] = OrderedDict()
        self._jobs: dict[str, _Job] = {}
        self._reading = _Reading()
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_ANSWERERS)
        self._suggested: tuple[int, tuple[str, ...]] | None = None
        self._suggesting = threading.Lock()
        self._vectors: Step | None = None  # how far they have come, while they are being computed
        self._computing = threading.Lock()
        self._started = chats.new_id()  # by which a page knows that the server is another than the one it asked
        self._compute_vectors()

    # The page and its chats

    def start(self, *, browser: str, language: str, chat: str = "") -> Sent:
        """The page, in the browser's language, with the chat that was open."""
        said = render.words(str(language))
        chat = chat or chats.new_id()
        panel = self.folder(language=language)
        shell = render.shell(said, folder=self.assistant.folder.name, place=str(self.assistant.folder),
                             panel=panel["html"], articles=panel["articles"], sources=panel["sources"],
                             languages=panel["languages"], types=",".join(sorted(SUFFIXES)),
                             max_mb=f"{self.assistant.settings.max_mb:g}")  # fmt: skip
        page = {key: said[key] for key in _FOR_SCRIPT}
        return {
            "html": shell,
            "words": page,
            **self.pulse(),
            "limit": _QUESTION,
            **self.open_chat(browser=browser, language=language, chat=chat),
        }

    def open_chat(self, *, browser: str, language: str, chat: str) -> Sent:
        """The turns of a chat, and the list of chats with this one marked."""
        said, home = render.words(str(language)), self._home(browser)
        kept = chats.load(home, chat)
        turns = "".join(self._turn(kept, turn, said) for turn in kept["turns"])
        return {"turns": turns, **self._state(home, kept, said), "told": _aside(kept, said),
                "welcome": "" if turns else self._welcome(said)}  # fmt: skip

    def sync(self, *, browser: str, language: str, chat: str, have: Sequence[str] = ()) -> Sent:
        """The chat's turns in their order, and the HTML of those that the page does not have."""
        said, home = render.words(str(language)), self._home(browser)
        kept = chats.load(home, chat)
        html = {turn["id"]: self._turn(kept, turn, said) for turn in kept["turns"] if turn["id"] not in have}
        return {"order": [turn["id"] for turn in kept["turns"]], "html": html, **self._state(home, kept, said)}

    def _state(self, home: Path, kept: chats.Chat, said: render.Words) -> Sent:
        listed = render.chat_list(chats.listed(home), said, kept["id"])
        return {"chat": kept["id"], "title": kept["title"], "list": listed, "taken": "taken" in kept,
                "running": [turn["id"] for turn in kept["turns"] if turn["id"] in self._jobs]}  # fmt: skip

    def pulse(self, *, turn: str = "") -> Sent:
        """That the server is there, which one it is, whether a turn is being answered, how far the vectors are."""
        step = self._vectors
        return {"server": self._started, "running": turn in self._jobs,
                "vectors": [step.done, step.total] if step else None}  # fmt: skip

    def turn(self, *, browser: str, language: str, chat: str, turn: str) -> Sent:
        """One turn as it stands: for an answer that was under way when the page was loaded."""
        kept, done = chats.load(self._home(browser), chat), turn not in self._jobs
        found = next((t for t in kept["turns"] if t["id"] == turn), None)
        return {"html": self._turn(kept, found, render.words(str(language))) if found else "", "done": done}

    def rename(self, *, browser: str, language: str, chat: str, title: str) -> Sent:
        chats.rename(self._home(browser), chat, _typed(title))
        return self.list_chats(browser=browser, language=language, chat=chat)

    def delete(self, *, browser: str, language: str, chat: str, current: str) -> Sent:
        chats.delete(self._home(browser), chat)
        return self.list_chats(browser=browser, language=language, chat=current)

    def list_chats(self, *, browser: str, language: str, chat: str, search: str = "") -> Sent:
        home = self._home(browser)
        listed = render.chat_list(chats.listed(home, str(search)), render.words(str(language)), chat, str(search))
        return {"list": listed, "title": chats.load(home, chat)["title"]}

    def take(self, *, browser: str, chat: str, turn: str) -> Sent:
        """Takes a turn out of the chat; `restore` puts it back."""
        chats.take(self._home(browser), chat, turn)
        return {}

    def restore(self, *, browser: str, chat: str) -> Sent:
        chats.restore(self._home(browser), chat)
        return {}

    def switch(self, *, browser: str, chat: str, turn: str, number: Any) -> Sent:
        """Shows another version of a question."""
        chats.switch(self._home(browser), chat, turn, int(number))
        return {}

    def feedback(self, *, browser: str, chat: str, turn: str, verdict: str, note: str = "") -> Sent:
        home = self._home(browser)
        chats.add_feedback(self.home / "feedback.jsonl", chats.load(home, chat), turn, verdict=str(verdict),
                           note=str(note))  # fmt: skip
        chats.change(home, chat, turn, feedback=verdict)
        return {}

    def export(self, *, browser: str, chat: str, form: str, turn: str = "") -> Sent:
        """A chat, or one answer of it, as a file: its name, type and text."""
        kept = chats.load(self._home(browser), chat)
        if turn:
            kept = {**kept, "turns": [t for t in kept["turns"] if t["id"] == turn]}
        write: dict[str, tuple[Callable[[Mapping[str, Any]], str], str]] = {
            "md": (chat_markdown, "text/markdown"),
            "html": (chat_html, "text/html"),
            "json": (chat_json, "application/json"),
            "txt": (chat_text, "text/plain"),
        }
        if form not in write:
            raise UsageError("A chat can be had as md, html or json.")
        name = re.sub(r"\W+", "-", kept["title"].lower()).strip("-")[:60] or "chat"
        return {"name": f"{name}.{form}", "type": write[form][1], "text": write[form][0](kept)}

    # Asking

    def ask(self, *, browser: str, language: str, chat: str, question: str, as_of: str = "",
            filters: Mapping[str, Any] | None = None, run: str = "", instead_of: str = "",
            cut: bool = False) -> Iterator[Sent]:  # fmt: skip
        """The turn again and again while its answer grows, "done" with the last. Closing this stops nothing: what is
        under way is finished and kept. ``instead_of`` and ``cut`` are those of `chats.begin`."""
        said, home = render.words(str(language)), self._home(browser)
        question = _typed(question)
        if not question or len(question) > _QUESTION:
            raise UsageError(said["too_long"].format(_QUESTION, len(question)) if question else said["empty"])
        wanted, shown = _filters(filters or {}, said)
        day = _day(as_of)
        kept = chats.load(home, chat)
        history = as_turns(chats.messages(kept, instead_of)[-_REMEMBERED:])
        assistant = self._assistant(browser)
        turn = chats.begin(home, chat, question, instead_of=instead_of, cut=bool(cut),
                           as_of=day.isoformat() if day else None, filters=bool(wanted) or None,
                           filters_shown=shown)  # fmt: skip
        job = _Job(turn)
        self._jobs[turn["id"]] = job
        given = (job, assistant, home, chat, history, day, wanted, said["failed"])
        work = threading.Thread(target=self._work, args=given, daemon=True)
        work.start()
        yield from self._growing(job, home, chat, said, run, _aside(kept, said))

    def _growing(self, job: _Job, home: Path, chat: str, said: render.Words, run: str, told: str) -> Iterator[Sent]:
        turn = job.turn
        version, versions = chats.version(chats.load(home, chat), turn)

        def drawn(**how: Any) -> str:
            return render.turn({**turn, "version": version, "versions": versions}, said, **how)

        sent: Sent = {"run": run, "chat": chat, "turn": turn["id"], "done": False}
        yield {**sent, "told": told, "html": drawn(live=True, stage=said["searching"])}
        while _next(job):
            yield {**sent, "html": drawn(live=True, stage=said["writing"] if turn["claims"] else said["searching"])}
        if job.stop.is_set() and turn["answer"] is None:
            turn["stopped"] = True  # said now: the work may wait long for its model before it ends
            self._jobs.pop(turn["id"], None)
            _keep(home, chat, turn["id"], stopped=True)
        yield {**sent, "html": drawn(), "done": True, **self._state(home, chats.load(home, chat), said)}

    def stop(self, *, turn: str) -> Sent:
        """Ends an answer that is being written; what was shown of it is kept."""
        job = self._jobs.get(str(turn))
        if job:
            job.stop.set()
        return {}

    def _work(self, job: _Job, assistant: Assistant, home: Path, chat: str, history: Sequence[Turn], day: date | None,
              filters: Filters, failed: str) -> None:  # fmt: skip
        turn, began, unanswered = job.turn, time.perf_counter(), None
        try:
            with self._room:
                answering = assistant.stream(turn["question"], history, as_of=day, filters=filters or None)
                for part in answering:
                    if job.stop.is_set():
                        break
                    if isinstance(part, Claim):
                        turn["claims"] = [*turn["claims"], claim_json(part)]
                        _keep(home, chat, turn["id"], claims=turn["claims"])
                        job.news.put("claim")
                    else:
                        turn["answer"], turn["claims"] = answer_json(part), []
                        unanswered = part if part.status in ("refused", "clarify") else None
        except QAError as error:
            turn["error"] = str(error)
        except Exception:  # whatever a model's library raises: the page says so and goes on
            _log.exception("The question was not answered.")
            turn["error"] = failed
        if job.stop.is_set():
            turn["error"] = None
        turn["seconds"] = round(time.perf_counter() - began, 3)
        _keep(home, chat, turn["id"], **{key: turn[key] for key in ("claims", "answer", "error", "seconds")})
        if unanswered and not job.stop.is_set():
            self._offer(turn, assistant, unanswered)
            _keep(home, chat, turn["id"], offers=turn.get("offers"))
        self._jobs.pop(turn["id"], None)
        job.done = True
        job.news.put(None)

    def _offer(self, turn: chats.Chat, assistant: Assistant, unanswered: Answer) -> None:
        """Puts beside a refusal what can be asked instead, and beside a greeting what can be asked at all."""
        known = self._suggested[1] if self._suggested else ()
        if unanswered.status == "clarify":
            own = [q for q in known if q.startswith("¿") == (unanswered.language == "es")] or known
            turn["offers"] = {"asks": list(own[:2])} if own and not unanswered.retrieved else None
            return
        with contextlib.suppress(Exception):  # it is an extra: the answer stands without it
            turn["offers"] = asdict(offers(assistant, unanswered, known, self._read))

    def _turn(self, kept: chats.Chat, turn: Mapping[str, Any], said: render.Words) -> str:
        live = turn["id"] in self._jobs and turn["answer"] is None
        version, versions = chats.version(kept, turn)
        turn = {**turn, "version": version, "versions": versions}
        return render.turn(turn, said, live=live, stage=said["searching"] if live else "")

    # Reading

    def article(self, *, language: str, file: str = "", p: Any = 1, first: Any = None, browser: str = "",
                chat: str = "", turn: str = "", mark: Any = None) -> Sent:  # fmt: skip
        """An article, opened at a paragraph, or where a mark of an answer points to."""
        said = render.words(str(language))
        spot = render.Spot(int(p))
        if mark is not None:
            file, spot = self._cited(chats.load(self._home(browser), chat), str(turn), int(mark))
        read = self._read(str(file))
        if not isinstance(read, Article):
            return {
                "html": render.message(
                    said["gone" if mark is not None else "unknown_file"] if read is None else render.told(read, said)
                )
            }
        html = render.article(read, spot, said, first=int(first) if first is not None else None,
                              added=read.file.startswith(corpus.ADDED))  # fmt: skip
        return {"html": html, "title": read.title or read.file, "file": read.file}

    def _cited(self, chat: Mapping[str, Any], turn: str, mark: int) -> tuple[str, render.Spot]:
        c = self._citation(chat, turn, mark)
        sha = str(c["anchor"]).rpartition("@")[2]
        return str(c["file"]), render.Spot(c["paragraph"], c["start"], c["end"], c["quote"], sha)

    def _citation(self, chat: Mapping[str, Any], turn: str, mark: int) -> Mapping[str, Any]:
        found = next((t for t in chat["turns"] if t["id"] == turn), None) or {"answer": None, "claims": []}
        claims = found["answer"]["claims"] if found["answer"] else found["claims"]
        for c in (c for claim in claims for c in claim["citations"]):
            if c["mark"] == mark:
                return dict(c)
        raise UsageError("There is no such source any more; reload the page.")

    def _read(self, file: str) -> Article | str | None:
        """The article, read as the index read it, or why it cannot be; None for what is not in the index."""
        rows = self.assistant.store.articles(["file", "reason", "detail", "size", "mtime_ns"], [file])
        if not rows:
            return None
        found = corpus.find(self.assistant.folder, file, max_mb=self.assistant.settings.max_mb,
                            added=self.assistant.added_folder)  # fmt: skip
        if found is None:
            return None
        if isinstance(found, corpus.Found):
            as_read = (found.size, found.mtime_ns) == (rows[0]["size"], rows[0]["mtime_ns"])
            if as_read and rows[0]["reason"]:
                return str(rows[0]["detail"])
            said = (
                corpus.read_articles(found) if as_read else [limits.article(found, file)]
            )  # as read: within the limits
            read = next((one for one in said if one.file == file), said[0])
        else:
            read = found
        return read if isinstance(read, Article) else read.detail

    def translate(self, *, browser: str, chat: str, turn: str, mark: Any) -> Sent:
        """What a mark quotes, in its answer's language, and the mark that says that it is a translation."""
        kept = chats.load(self._home(browser), chat)
        _, spot = self._cited(kept, str(turn), int(mark))
        language = next(str(t["answer"]["language"]) for t in kept["turns"] if t["id"] == turn and t["answer"])
        made = self._assistant(browser).translate(spot.quote, language)
        return {"text": made.text, "mark": made.mark, "language": made.language}

    def cite(self, *, browser: str, language: str, chat: str, turn: str, mark: Any) -> Sent:
        """A citation as text to be pasted: the quote, then the title, day, paragraph and file."""
        kept, said = chats.load(self._home(browser), chat), render.words(str(language))
        c = self._citation(kept, str(turn), int(mark))
        parts = [c.get("title"), c.get("source"), render.day(c.get("published"), said) or said["undated"]]
        place = f"{', '.join(part for part in parts if part)}, ¶{c['paragraph']} ({c['file']})"
        return {"text": f"“{c['quote']}” — {place}", "file": c["file"], "paragraph": c["paragraph"]}

    # The brief: what is pinned

    def pins(self, *, browser: str) -> Sent:
        """What is pinned: turn and sentence of each."""
        kept = briefs.load(briefs.place(self.home, browser))
        return {"pinned": [(pin["turn"], pin["claim"]["text"]) for pin in kept["pins"]]}

    def pin(self, *, browser: str, language: str, chat: str, turn: str, text: str) -> Sent:
        """Pins a sentence of an answer as it is kept here, or takes it out where it is pinned."""
        question, claim = briefs.claimed(chats.load(self._home(browser), chat), str(turn), str(text))
        read = {c["file"]: self._read(c["file"]) for c in briefs.supporting(claim)}
        articles = {file: found.sha256 for file, found in read.items() if isinstance(found, Article)}
        there = briefs.pin(briefs.place(self.home, browser), turn=str(turn), claim=claim, chat=chat, question=question,
                           articles=articles)  # fmt: skip
        return {**self.pins(browser=browser), "said": render.words(str(language))["pinned" if there else "unpinned"]}

    def brief(self, *, browser: str, language: str) -> Sent:
        """The pinned sentences, each beside what became of its articles since."""
        html = render.brief(render.words(str(language)), self._pinned(browser))
        return {**self.pins(browser=browser), "html": html}

    def note_pin(self, *, browser: str, pin: str, note: str) -> Sent:
        briefs.note(briefs.place(self.home, browser), str(pin), str(note))
        return {}

    def move_pin(self, *, browser: str, pin: str, by: int) -> Sent:
        briefs.move(briefs.place(self.home, browser), str(pin), int(by))
        return {}

    def drop_pin(self, *, browser: str, pin: str) -> Sent:
        briefs.drop(briefs.place(self.home, browser), str(pin))
        return self.pins(browser=browser)

    def export_brief(self, *, browser: str, language: str, form: str) -> Sent:
        """The brief as a file: its name, type and bytes (base64)."""
        said = render.words(str(language))
        if form not in BRIEFS:
            raise UsageError("A brief can be had as md or docx.")
        write, kind = BRIEFS[form]
        title = f"{said['brief']}: {self.assistant.folder.name}"
        whole = write(title, self._pinned(browser), said, lambda iso: render.day(iso, said))
        return {"name": f"brief.{form}", "type": kind, "base64": base64.b64encode(whole).decode()}

    def _pinned(self, browser: str) -> list[briefs.Standing]:
        """The pins, their citations beside what became of each; an article is read once."""
        pins = briefs.load(briefs.place(self.home, browser))["pins"]
        read = {file: self._read(file) for file in {c["file"] for pin in pins for c in pin["claim"]["citations"]}}
        return [(pin, briefs.standing(pin, read)) for pin in pins]

    # The folder

    def folder(self, *, language: str) -> Sent:
        """The folder's counts, and what can be filtered by."""
        said, rows = render.words(str(language)), self._rows()
        days = sorted(row["published"] for row in rows if row["published"])
        languages = Counter(row["language"] for row in rows).most_common()
        sources = [name for name, _ in Counter(row["source"] for row in rows if row["source"]).most_common(100)]
        skipped = self.assistant.summary.skipped
        html = render.folder(said, articles=len(rows), languages=languages, first=days[0] if days else None,
                             last=days[-1] if days else None, undated=len(rows) - len(days),
                             skipped=skipped[:_LISTED], skipped_count=len(skipped),
                             unread="" if rows else corpus.by_suffix(skipped), vectors=self._vectors)  # fmt: skip
        return {"html": html, "articles": len(rows), "sources": sources, "languages": [code for code, _ in languages],
                "names": [render.language_name(code, said) for code, _ in languages]}  # fmt: skip

    def articles(self, *, language: str, search: str = "") -> Sent:
        """The first articles whose title, file or source holds the words."""
        words = str(search).casefold().split()
        rows = [row for row in self._rows() if all(word in _searched(row) for word in words)]
        rows.sort(key=lambda row: (row["published"] or "", row["file"]), reverse=True)
        for row in rows[:_LISTED]:
            row["added"] = self._added(row["file"]) is not None
        html = render.article_list(rows[:_LISTED], render.words(str(language)), more=len(rows) - _LISTED)
        return {"html": html}

    def add(self, uploaded: Path, *, language: str, name: str) -> Sent:
        """Moves an uploaded file to the folder's added articles, if it can be one; says what became of it."""
        said, target = render.words(str(language)), self.assistant.added_folder
        name = safe_name(str(name))
        size, limit = uploaded.stat().st_size, self.assistant.settings.max_mb
        if target is None or Path(name).suffix.lower() not in SUFFIXES:
            return {"ok": False, "said": said["add_type"].format(name)}
        if size > limit * 1e6:
            return {"ok": False, "said": said["add_large"].format(name, f"{size / 1e6:.1f}", f"{limit:g}")}
        if size == 0:
            return {"ok": False, "said": said["add_empty"].format(name)}
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            draft = target / f".{chats.new_id()}.tmp"
            shutil.copyfile(uploaded, draft)
            draft.replace(target / name)
        return {"ok": True, "said": said["add_ok"].format(name)}

    def remove(self, *, language: str, file: str) -> Sent:
        """Deletes an article that was added here; says that it was. Raises `UsageError` for any other file."""
        said, path = render.words(str(language)), self._added(str(file))
        if path is None:
            raise UsageError(said["unknown_file"])
        path.unlink(missing_ok=True)
        return {"said": said["added_gone"].format(path.name)}

    def _added(self, file: str) -> Path | None:
        """Where an article lies that was added here; None for one of the folder, and for what is no name of ours."""
        target, name = self.assistant.added_folder, file.removeprefix(corpus.ADDED)
        if target is None or name == file or name != safe_name(name) or (self.assistant.folder / file).exists():
            return None
        return target / name

    def reindex(self, *, language: str = "en") -> Sent:
        """Begins to read what changed in the folder, unless that is under way."""
        with self._lock:
            if not self._reading.running:
                self._reading = _Reading(running=True)
                threading.Thread(target=self._reindex, args=(self._reading,), daemon=True).start()
        return self.progress(language=language)

    def progress(self, *, language: str = "en") -> Sent:
        """How far the folder has been read, and in the end what was found or why it failed."""
        reading, said = self._reading, render.words(str(language))
        return {
            "running": reading.running,
            "percent": reading.percent,
            "said": reading.said,
            "error_said": said.get(reading.error) or render.told(reading.error, said),
        }

    def _reindex(self, reading: _Reading) -> None:
        def progress(step: Step) -> None:
            reading.percent = round(100 * step.done / step.total) if step.total else 0

        try:
            summary = self.assistant.update(wait=False, progress=progress)
            self._compute_vectors()
            reading.said, reading.error = (summary.added, summary.changed, summary.deleted), summary.unwritten
        except QAError as error:
            reading.error = str(error)
        except Exception:  # the thread has nobody else to tell
            _log.exception("The folder was not read.")
            reading.error = "reading_failed"
        finally:
            reading.running = False

    def _compute_vectors(self) -> None:
        """Begins to compute the vectors that are missing, in the background; until then words decide what is found."""
        if self.assistant.summary.pending and self._computing.acquire(blocking=False):
            threading.Thread(target=self._complete, daemon=True).start()

    def _complete(self) -> None:
        def progress(step: Step) -> None:
            self._vectors = step if step.phase == "embed" else self._vectors

        try:
            self.assistant.complete(progress=progress)
        except Exception:  # the thread has nobody else to tell
            _log.exception("The vectors were not computed.")
            self._reading.error = "vectors_failed"
        finally:
            self._vectors = None
            self._computing.release()

    def _rows(self) -> list[dict[str, Any]]:
        rows = self.assistant.store.articles(["file", "title", "published", "language", "source", "lead", "reason"])
        return [row for row in rows if not row["reason"]]

    # Suggestions

    def suggestions(self, *, language: str) -> Sent:
        """The welcome with its questions; "ready" is False while they are being looked for."""
        said, version = render.words(str(language)), self.assistant.store.version()
        if self._suggested is None or self._suggested[0] != version:
            if self._suggesting.acquire(blocking=False):
                threading.Thread(target=self._suggest, args=(version,), daemon=True).start()
            return {"ready": False, "html": ""}
        return {"ready": True, "html": self._welcome(said)}

    def _suggest(self, version: int) -> None:
        found: tuple[str, ...] = ()
        try:
            with contextlib.suppress(QAError):
                found = tuple(suggested(self.assistant, self._read))
        finally:
            self._suggested = (version, found)
            self._suggesting.release()

    def _welcome(self, said: render.Words) -> str:
        questions = self._suggested[1] if self._suggested else ()
        spanish = said["code"] == "es"
        questions = tuple(sorted(questions, key=lambda question: question.startswith("¿") != spanish))
        return render.welcome(said, articles=len(self._rows()), questions=questions)

    # The model

    def model(self, *, browser: str) -> Sent:
        """What is chosen in this browser; whether there is a key, never the key."""
        choice = self._choice(browser)
        return {"answerer": choice.answerer, "model": choice.model, "base_url": choice.base_url,
                "key": bool(choice.key),
                "check": choice.check, "min_confidence": choice.min_confidence}  # fmt: skip

    def set_model(self, *, browser: str, **chosen: Any) -> Sent:
        """Keeps what was chosen for this browser. Raises `UsageError` for what cannot be."""
        choice = self._chosen(browser, chosen)
        self._model(choice)
        with self._lock:
            self._choices[browser] = choice
            self._choices.move_to_end(browser)
            while len(self._choices) > _CHOICES:
                self._choices.popitem(last=False)
        return self.model(browser=browser)

    def test_model(self, *, browser: str, language: str, **chosen: Any) -> Sent:
        """Asks the model for a word; says what is wrong in the error's own sentence."""
        said = render.words(str(language))
        try:
            model = self._model(self._chosen(browser, {**chosen, "answerer": "llm"}), timeout=_TEST)
            assert model is not None
            next(iter(model.stream([Message("user", "Say: yes.")], max_tokens=64)))
        except (ModelError, UsageError) as error:
            return {"ok": False, "said": render.told(str(error), said)}
        return {"ok": True, "said": said["test_ok"].format(model.identity)}

    def _chosen(self, browser: str, chosen: Mapping[str, Any]) -> Choice:
        """What the panel sent, as a choice; an empty key keeps the one that was given for the same endpoint."""
        before = self._choice(browser)
        least = str(chosen.get("min_confidence") or "").strip()
        try:
            wanted = Choice(
                answerer="llm" if chosen.get("answerer") == "llm" else "extract",
                model=str(chosen.get("model") or "").strip()[:200],
                base_url=str(chosen.get("base_url") or "").strip()[:500],
                key=str(chosen.get("key") or "").strip()[:500],
                check="show" if chosen.get("check") == "show" else "strict",
                min_confidence=min(max(float(least), 0.0), 1.0) if least else None,
            )
        except ValueError:
            raise UsageError(
                "The least confidence is a number from 0 to 1; leave it empty for the usual one."
            ) from None
        if not wanted.key and wanted.base_url == before.base_url:
            wanted = replace(wanted, key=before.key)
        if wanted.base_url and not re.match(r"https?://[^\s]+$", wanted.base_url):
            raise UsageError("The endpoint is an address such as http://localhost:11434/v1.")
        return wanted

    def _choice(self, browser: str) -> Choice:
        chats.place(self.home, browser)  # raises for a name that is none
        return self._choices.get(browser) or self._initial()

    def _initial(self) -> Choice:
        """What the server was started with."""
        given, base = self.assistant.settings, self.assistant.model
        return Choice("llm" if base else "extract", given.model or (base.identity if base else ""),
                      given.base_url or "", "", given.check, given.min_confidence)  # fmt: skip

    def _model(self, choice: Choice, timeout: float | None = None) -> ChatModel | None:
        if choice.answerer == "extract":
            return None
        base = self.assistant.model
        started_with = replace(choice, check="strict", min_confidence=None) == replace(
            self._initial(), check="strict", min_confidence=None
        )
        if base is not None and started_with:
            return base
        if not choice.model:
            raise UsageError("Name a model, such as gpt-4.1-mini or qwen3.")
        return OpenAIModel(choice.model, base_url=choice.base_url or None, api_key=choice.key or None,
                           environment=self._started_with(choice.base_url),
                           timeout=timeout or self.assistant.settings.timeout,
                           max_retries=0 if timeout else 2)  # fmt: skip

    def _started_with(self, base_url: str) -> bool:
        """Whether this is the address that the server was started with, the only one that the environment's key is
        for; OpenAI's own, where none was named."""
        base = self.assistant.model
        own = base.base_url if isinstance(base, OpenAIModel) else address(self.assistant.settings.base_url)
        return address(base_url).rstrip("/") == own.rstrip("/")

    def _assistant(self, browser: str) -> Assistant:
        """The assistant as this browser wants it, over the same index."""
        if browser not in self._choices:
            return self.assistant
        choice, base = self._choices[browser], self.assistant
        chosen = replace(base.settings, check=choice.check, min_confidence=choice.min_confidence)
        return Assistant(base.folder, base.store, base.embedder, chosen, self._model(choice),
                         added_folder=base.added_folder)  # fmt: skip

    def _home(self, browser: str) -> Path:
        return chats.place(self.home, browser)


def safe_name(name: str) -> str:
    """A file name of letters, digits, spaces and ``.-_()``, without a path, that is not hidden."""
    last = re.split(r"[\\/]", name)[-1]
    stem, dot, suffix = re.sub(r"[^\w .()-]", "_", last).strip(" .").rpartition(".")
    return f"{(stem or 'article')[:100].rstrip()}{dot}{suffix[:10]}" if dot else (suffix or "article")[:100]


def _typed(text: Any) -> str:
    """What was typed, without the characters that show as nothing and turn or break what stands around them."""
    return _UNSEEN.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n")).strip()


def _aside(chat: Mapping[str, Any], said: render.Words) -> str:
    """That the chat's file was damaged and is kept under another name; "" where it was not."""
    return said["set_aside"].format(chat["aside"]) if "aside" in chat else ""


def _keep(home: Path, chat: str, turn: str, **fields: Any) -> None:
    """Keeps what an answer has become; where the disk does not take it, it is shown all the same."""
    with contextlib.suppress(OSError):
        chats.change(home, chat, turn, **fields)


def _next(job: _Job) -> bool:
    """Waits for news of a job, at most a tick after the first; whether it goes on. A stop is heeded at once."""
    while True:
        if job.stop.is_set():
            return False
        try:
            news = job.news.get(timeout=_TICK)
        except queue.Empty:
            continue
        while news is not None:
            try:
                news = job.news.get(timeout=_TICK)
            except queue.Empty:
                return True
        return False


def _filters(sent: Mapping[str, Any], said: render.Words) -> tuple[Filters, str]:
    """The filters that the page sent, and how they are written under the answer."""
    source, language = str(sent.get("source") or ""), str(sent.get("language") or "")
    since, until = _day(sent.get("since")), _day(sent.get("until"))
    found = Filters((source,) if source else (), (language,) if language else (), since, until)
    parts = [source, render.language_name(language, said) if language else ""]
    parts += [f"{said[key]} {render.day(value, said)}" for key, value in (("since", since), ("until", until)) if value]
    return found, ", ".join(part for part in parts if part)


def _day(sent: Any) -> date | None:
    if not sent:
        return None
    try:
        return date.fromisoformat(str(sent))
    except ValueError:
        raise UsageError("A day is written as 2025-07-26.") from None


def _searched(row: Mapping[str, Any]) -> str:
    return f"{row['title'] or ''} {row['file']} {row['source'] or ''}".casefold()
