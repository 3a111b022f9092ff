"""What the page can be asked for: one method each, plain values in, HTML and plain values out. Knows no Gradio.

A browser is told apart by a random name that it keeps; its chats lie under that name. Its chats and questions are
here, what else it can ask for in the parts of `Desk`. Whatever comes from the browser is checked there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qa.articles.readers.formats import SUFFIXES
from qa.assistant import Assistant
from qa.errors import UsageError
from qa.index.addresses import user_folder
from qa.page import chats, database, moved, render
from qa.page.answering import Answering, Job
from qa.page.folder import Folder
from qa.page.models import Models
from qa.page.pins import Pins
from qa.page.render import Sent
from qa.page.rules import Rules
from qa.page.sources import Sources
from qa.page.suggest import Suggestions
from qa.question.turns import as_turns
from qa.serve.api import sent_day
from qa.serve.export import chat_html, chat_json, chat_markdown, chat_text
from qa.types import Filters

_REMEMBERED = 12  # messages of a chat that a question is asked with
_QUESTION = 4000  # characters of a question
_FOR_SCRIPT = """code copied offline rename_to delete_sure searching saved thanks reindexing reindexed testing
link_copied new_chat any since until as_of_label no_sources folder_articles key_set save delete undo_it taken_out
set_by lost too_long sources_of cite cited remove remove_sure vectors vectors_of time_left went_wrong crowded
edit_cuts edit_cuts_one upload_failed""".split()  # what the scripts say
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


class Desk:
    """The page's other side, over one assistant. Its methods may be called from many threads at once."""

    def __init__(self, assistant: Assistant, *, home: Path | None = None, rules: Rules = Rules()) -> None:  # noqa: B008 - frozen
        self.assistant, self.rules = assistant, rules
        self.home = home or user_folder(assistant.folder)
        self.folder = Folder(assistant, rules)
        self.database = database.opened(self.home, assistant.settings.database)
        self.moved = moved.move(self.home, self.database)
        self.models = Models(assistant, rules)
        self.sources = Sources(assistant, self.database, self.models)
        self.pins = Pins(assistant, self.database, self.sources)
        self.suggestions = Suggestions(assistant, self.folder, self.sources.read)
        self.answering = Answering(self.suggestions, self.sources.read)
        self._started = chats.new_id()  # by which a page knows that the server is another than the one it asked

    def calls(self) -> dict[str, Callable[..., Sent]]:
        """What the scripts of the page can call, by the names they call it by."""
        folder, models, sources, pins = self.folder, self.models, self.sources, self.pins
        return {
            "start": self.start, "open_chat": self.open_chat, "sync": self.sync, "pulse": self.pulse,
            "turn": self.turn, "rename": self.rename, "delete": self.delete, "list_chats": self.list_chats,
            "take": self.take, "restore": self.restore, "switch": self.switch, "feedback": self.feedback,
            "export": self.export, "stop": self.answering.stop, "suggestions": self.suggestions.offered,
            "article": sources.article, "translate": sources.translate, "cite": sources.cite,
            "folder": folder.panel, "articles": folder.articles, "remove": folder.remove,
            "reindex": folder.reindex, "progress": folder.progress,
            "model": models.chosen, "set_model": models.choose, "test_model": models.test,
            "pins": pins.listed, "pin": pins.pin, "brief": pins.brief, "note_pin": pins.note,
            "move_pin": pins.move, "drop_pin": pins.drop, "export_brief": pins.export,
        }  # fmt: skip

    # The page and its chats

    def start(self, *, browser: str, language: str, chat: str = "", account: str = "", edits: bool = True) -> Sent:
        """The page, in the browser's language, with the chat that was open; for whom it is, where one signs in."""
        said = render.words(str(language))
        chat = chat or chats.new_id()
        panel = self.folder.panel(language=language)
        shell = render.shell(said, folder=self.assistant.folder.name, place=str(self.assistant.folder),
                             panel=panel["html"], articles=panel["articles"], sources=panel["sources"],
                             languages=panel["languages"], types=",".join(sorted(SUFFIXES)),
                             max_mb=f"{self.assistant.settings.max_mb:g}", account=account, edits=edits,
                             adds=edits and self.rules.uploads)  # fmt: skip
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
                "welcome": "" if turns else self.suggestions.welcome(said)}  # fmt: skip

    def sync(self, *, browser: str, language: str, chat: str, have: Sequence[str] = ()) -> Sent:
        """The chat's turns in their order, and the HTML of those that the page does not have."""
        said, home = render.words(str(language)), self._home(browser)
        kept = chats.load(home, chat)
        html = {turn["id"]: self._turn(kept, turn, said) for turn in kept["turns"] if turn["id"] not in have}
        return {"order": [turn["id"] for turn in kept["turns"]], "html": html, **self._state(home, kept, said)}

    def _state(self, home: chats.Home, kept: chats.Chat, said: render.Words) -> Sent:
        listed = render.chat_list(chats.listed(home), said, kept["id"])
        return {"chat": kept["id"], "title": kept["title"], "list": listed, "taken": "taken" in kept,
                "running": [turn["id"] for turn in kept["turns"] if turn["id"] in self.answering]}  # fmt: skip

    def pulse(self, *, turn: str = "") -> Sent:
        """That the server is there, which one it is, whether a turn is being answered, whether others have to wait, how
        far the vectors are."""
        step = self.folder.vectors
        return {"server": self._started, "running": turn in self.answering, "full": self.answering.full,
                "vectors": [step.done, step.total] if step else None}  # fmt: skip

    def turn(self, *, browser: str, language: str, chat: str, turn: str) -> Sent:
        """One turn as it stands: for an answer that was under way when the page was loaded."""
        kept, done = chats.load(self._home(browser), chat), turn not in self.answering
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
        chats.add_feedback(home, chats.load(home, chat), turn, verdict=str(verdict), note=str(note))
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
            raise UsageError("A chat is exported as md, html or json.")
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
        day = sent_day(as_of)
        self.answering.admit(home.person, self.rules.each)
        kept = chats.load(home, chat)
        history = as_turns(chats.messages(kept, instead_of)[-_REMEMBERED:])
        assistant = self.models.assistant(browser)
        turn = chats.begin(home, chat, question, instead_of=instead_of, cut=bool(cut),
                           as_of=day.isoformat() if day else None, filters=bool(wanted) or None,
                           filters_shown=shown)  # fmt: skip
        if _greeted(kept):
            chats.rename(home, chat, question)
        job = Job(turn, home, chat, said["code"])
        self.answering.begin(job, assistant, history, day, wanted, said["failed"])
        yield from self._growing(job, said, run, _aside(kept, said))

    def _growing(self, job: Job, said: render.Words, run: str, told: str) -> Iterator[Sent]:
        turn, home, chat = job.turn, job.home, job.chat
        version, versions = chats.version(chats.load(home, chat), turn)

        def drawn(**how: Any) -> str:
            return render.turn({**turn, "version": version, "versions": versions}, said, **how)

        sent: Sent = {"run": run, "chat": chat, "turn": turn["id"], "done": False}
        yield {**sent, "told": told, "html": drawn(live=True, stage=said["searching"])}
        while job.goes_on():
            yield {**sent, "html": drawn(live=True, stage=said["writing"] if turn["claims"] else said["searching"])}
        if job.stop.is_set() and turn["answer"] is None:
            turn["stopped"] = True  # said now: the work may wait long for its model before it ends
            self.answering.give_up(job)
            job.keep(stopped=True)
        yield {**sent, "html": drawn(), "done": True, **self._state(home, chats.load(home, chat), said)}

    def _turn(self, kept: chats.Chat, turn: Mapping[str, Any], said: render.Words) -> str:
        live = turn["id"] in self.answering and turn["answer"] is None
        version, versions = chats.version(kept, turn)
        turn = {**turn, "version": version, "versions": versions}
        return render.turn(turn, said, live=live, stage=said["searching"] if live else "")

    def _home(self, browser: str) -> chats.Home:
        return chats.place(self.database, browser)


def _typed(text: Any) -> str:
    """What was typed, without the characters that show as nothing and turn or break what stands around them."""
    return _UNSEEN.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n")).strip()


def _greeted(chat: Mapping[str, Any]) -> bool:
    """Whether nothing was asked in the chat so far, which is still called after a greeting."""
    answers = [turn["answer"] for turn in chat["turns"]]
    if not answers or not all(a and a["status"] == "clarify" and not a["retrieved"] for a in answers):
        return False
    greetings = (" ".join(turn["question"].split()) for turn in chat["turns"])
    return any(greeting.startswith(chat["title"].rstrip("…")) for greeting in greetings)


def _aside(chat: Mapping[str, Any], said: render.Words) -> str:
    """That the chat's file was damaged and is kept under another name; "" where it was not."""
    return said["set_aside"].format(chat["aside"]) if "aside" in chat else ""


def _filters(sent: Mapping[str, Any], said: render.Words) -> tuple[Filters, str]:
    """The filters that the page sent, and how they are written under the answer."""
    source, language = str(sent.get("source") or ""), str(sent.get("language") or "")
    since, until = sent_day(sent.get("since")), sent_day(sent.get("until"))
    found = Filters((source,) if source else (), (language,) if language else (), since, until)
    parts = [source, render.language_name(language, said) if language else ""]
    parts += [f"{said[key]} {render.day(value, said)}" for key, value in (("since", since), ("until", until)) if value]
    return found, ", ".join(part for part in parts if part)
