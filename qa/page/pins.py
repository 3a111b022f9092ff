"""The brief as the page shows it: sentences are pinned, noted, moved and dropped, and leave as a file."""

from __future__ import annotations

import base64
import re

from qa.assistant import Assistant
from qa.errors import UsageError
from qa.page import briefs, chats, render
from qa.page.database import Database
from qa.page.footnotes import BRIEFS
from qa.page.render import Sent
from qa.page.sources import Sources
from qa.types import Article


class Pins:
    """What each browser pinned."""

    def __init__(self, assistant: Assistant, database: Database, sources: Sources) -> None:
        self.assistant = assistant
        self._database = database
        self._read = sources.read

    def listed(self, *, browser: str) -> Sent:
        """What is pinned: turn and sentence of each."""
        kept = briefs.load(chats.place(self._database, browser))
        return {"pinned": [(pin["turn"], pin["claim"]["text"]) for pin in kept["pins"]]}

    def pin(self, *, browser: str, language: str, chat: str, turn: str, text: str) -> Sent:
        """Pins a sentence of an answer as it is kept here, or takes it out where it is pinned."""
        question, claim = briefs.claimed(chats.load(chats.place(self._database, browser), chat), str(turn), str(text))
        read = {c["file"]: self._read(c["file"]) for c in briefs.supporting(claim)}
        articles = {file: found.sha256 for file, found in read.items() if isinstance(found, Article)}
        home = chats.place(self._database, browser)
        there = briefs.pin(home, turn=str(turn), claim=claim, chat=chat, question=question, articles=articles)
        return {**self.listed(browser=browser), "said": render.words(str(language))["pinned" if there else "unpinned"]}

    def brief(self, *, browser: str, language: str) -> Sent:
        """The pinned sentences, each beside what became of its articles since."""
        html = render.brief(render.words(str(language)), self._pinned(browser))
        return {**self.listed(browser=browser), "html": html}

    def note(self, *, browser: str, pin: str, note: str) -> Sent:
        briefs.note(chats.place(self._database, browser), str(pin), str(note))
        return {}

    def move(self, *, browser: str, pin: str, by: int) -> Sent:
        briefs.move(chats.place(self._database, browser), str(pin), int(by))
        return {}

    def drop(self, *, browser: str, pin: str) -> Sent:
        briefs.drop(chats.place(self._database, browser), str(pin))
        return self.listed(browser=browser)

    def export(self, *, browser: str, language: str, form: str, page: str = "") -> Sent:
        """The brief as a file: its name, type and bytes (base64); ``page`` is the address that the browser has."""
        said = render.words(str(language))
        if form not in BRIEFS:
            raise UsageError("A brief is exported as md or docx.")
        write, kind = BRIEFS[form]
        title = f"{said['brief']}: {self.assistant.folder.name}"
        page = page if re.fullmatch(r"https?://[^\s<>?#]{1,300}", str(page)) else ""
        whole = write(title, self._pinned(browser), said, lambda iso: render.day(iso, said), page)
        return {"name": f"brief.{form}", "type": kind, "base64": base64.b64encode(whole).decode()}

    def _pinned(self, browser: str) -> list[briefs.Standing]:
        """The pins, their citations beside what became of each; an article is read once."""
        pins = briefs.load(chats.place(self._database, browser))["pins"]
        read = {file: self._read(file) for file in {c["file"] for pin in pins for c in pin["claim"]["citations"]}}
        return [(pin, briefs.standing(pin, read)) for pin in pins]
