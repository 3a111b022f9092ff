"""Reading what an answer stands on: the article at the cited place, a citation as text, its translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qa.articles import corpus, limits
from qa.assistant import Assistant
from qa.errors import UsageError
from qa.page import chats, render
from qa.page.database import Database
from qa.page.models import Models
from qa.page.render import Sent
from qa.types import Article


class Sources:
    """The articles behind the answers that are kept."""

    def __init__(self, assistant: Assistant, database: Database, models: Models) -> None:
        self.assistant = assistant
        self._database = database
        self._models = models

    def article(self, *, language: str, file: str = "", p: Any = 1, first: Any = None, browser: str = "",
                chat: str = "", turn: str = "", mark: Any = None) -> Sent:  # fmt: skip
        """An article, opened at a paragraph, or where a mark of an answer points to."""
        said = render.words(str(language))
        spot = render.Spot(int(p))
        if mark is not None:
            file, spot = self._cited(chats.load(chats.place(self._database, browser), chat), str(turn), int(mark))
        read = self.read(str(file))
        if not isinstance(read, Article):
            return {
                "html": render.message(
                    said["gone" if mark is not None else "unknown_file"] if read is None else render.told(read, said)
                )
            }
        html = render.article(read, spot, said, first=int(first) if first is not None else None,
                              added=read.file.startswith(corpus.ADDED))  # fmt: skip
        return {"html": html, "title": read.title or read.file, "file": read.file}

    def translate(self, *, browser: str, chat: str, turn: str, mark: Any) -> Sent:
        """What a mark quotes, in its answer's language, and the mark that says that it is a translation."""
        kept = chats.load(chats.place(self._database, browser), chat)
        _, spot = self._cited(kept, str(turn), int(mark))
        language = next(str(t["answer"]["language"]) for t in kept["turns"] if t["id"] == turn and t["answer"])
        made = self._models.assistant(browser).translate(spot.quote, language)
        return {"text": made.text, "mark": made.mark, "language": made.language}

    def cite(self, *, browser: str, language: str, chat: str, turn: str, mark: Any) -> Sent:
        """A citation as text to be pasted: the quote, then the title, day, paragraph and file."""
        kept, said = chats.load(chats.place(self._database, browser), chat), render.words(str(language))
        c = self._citation(kept, str(turn), int(mark))
        parts = [c.get("title"), c.get("source"), render.day(c.get("published"), said) or said["undated"]]
        place = f"{', '.join(part for part in parts if part)}, ¶{c['paragraph']} ({c['file']})"
        return {"text": f"“{c['quote']}” — {place}", "file": c["file"], "paragraph": c["paragraph"]}

    def read(self, file: str) -> Article | str | None:
        """The article, read as the index read it, or why it cannot be; None for what is not in the index."""
        known = self.assistant.store.files([file])
        if not known:
            return None
        found = corpus.find(self.assistant.folder, file, max_mb=self.assistant.settings.max_mb,
                            added=self.assistant.added_folder)  # fmt: skip
        if found is None:
            return None
        if isinstance(found, corpus.FolderFile):
            as_read = (found.size, found.mtime_ns) == (known[0].size, known[0].mtime_ns)
            if as_read and known[0].reason:
                return known[0].detail
            said = (
                corpus.read_articles(found) if as_read else [limits.article(found, file)]
            )  # as read: within the limits
            read = next((one for one in said if one.file == file), said[0])
        else:
            read = found
        return read if isinstance(read, Article) else read.detail

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
