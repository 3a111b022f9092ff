"""The folder as the page shows it: its counts and articles, files added and removed, how far it has been read."""

from __future__ import annotations

import logging
import re
import shutil
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qa.articles import corpus
from qa.articles.readers.formats import SUFFIXES
from qa.assistant import Assistant
from qa.errors import QAError, UsageError
from qa.index.store import IndexedArticle
from qa.page import chats, render
from qa.page.render import Sent
from qa.page.rules import NO_UPLOADS, Rules
from qa.types import Step

_LISTED = 50  # articles, or files left out, that are sent at once

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Reading:
    """How far the folder has been read again: percent, and what is said when it is done."""

    running: bool = False
    percent: int = 0
    said: tuple[int, int, int] | None = None
    error: str = ""


class Folder:
    """The folder of an assistant. Its methods may be called from many threads at once."""

    def __init__(self, assistant: Assistant, rules: Rules) -> None:
        self.assistant, self._rules = assistant, rules
        self.vectors: Step | None = None  # how far they have come, while they are being computed
        self._reading = _Reading()
        self._lock = threading.Lock()
        self._computing = threading.Lock()
        self._compute_vectors()

    def panel(self, *, language: str) -> Sent:
        """The folder's counts, and what can be filtered by."""
        said, rows = render.words(str(language)), self.rows()
        days = sorted(row.published.isoformat() for row in rows if row.published)
        languages = Counter(row.language for row in rows).most_common()
        sources = [name for name, _ in Counter(row.source for row in rows if row.source).most_common(100)]
        skipped = self.assistant.summary.skipped
        html = render.folder(said, articles=len(rows), languages=languages, first=days[0] if days else None,
                             last=days[-1] if days else None, undated=len(rows) - len(days),
                             skipped=skipped[:_LISTED], skipped_count=len(skipped),
                             unread="" if rows else corpus.by_suffix(skipped), vectors=self.vectors,
                             unwritten=self.assistant.summary.unwritten)  # fmt: skip
        return {"html": html, "articles": len(rows), "sources": sources, "languages": [code for code, _ in languages],
                "names": [render.language_name(code, said) for code, _ in languages]}  # fmt: skip

    def articles(self, *, language: str, search: str = "") -> Sent:
        """The first articles whose title, file or source holds the words."""
        words = str(search).casefold().split()
        rows = [row for row in self.rows() if all(word in _searched(row) for word in words)]
        rows.sort(key=lambda row: (row.published or date.min, row.file), reverse=True)
        listed = [
            {"file": row.file, "title": row.title, "lead": row.lead, "language": row.language, "source": row.source,
             "published": row.published.isoformat() if row.published else None,
             "added": self._added(row.file) is not None}
            for row in rows[:_LISTED]
        ]  # fmt: skip
        html = render.article_list(listed, render.words(str(language)), more=len(rows) - _LISTED)
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
        if not self._rules.uploads:
            raise UsageError(NO_UPLOADS)
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            if not self._room(target, name, size):
                return {"ok": False, "said": said["add_full"].format(name)}
            draft = target / f".{chats.new_id()}.tmp"
            shutil.copyfile(uploaded, draft)
            draft.replace(target / name)
        return {"ok": True, "said": said["add_ok"].format(name)}

    def _room(self, target: Path, name: str, size: int) -> bool:
        """Whether a file of that name and size may stand beside those that were added."""
        others = [path.stat().st_size for path in target.iterdir() if path.name != name]
        most, megabytes = self._rules.files, self._rules.megabytes
        return (most is None or len(others) < most) and (megabytes is None or sum(others) + size <= megabytes * 1e6)

    def remove(self, *, language: str, file: str) -> Sent:
        """Deletes an article that was added here; says that it was. Raises `UsageError` for any other file."""
        said, path = render.words(str(language)), self._added(str(file))
        if path is None:
            raise UsageError(said["unknown_file"])
        path.unlink(missing_ok=True)
        return {"said": said["added_gone"].format(path.name)}

    def rows(self) -> list[IndexedArticle]:
        """The articles that could be read."""
        return self.assistant.store.articles()

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
            self.vectors = step if step.phase == "embed" else self.vectors

        try:
            self.assistant.complete(progress=progress)
        except Exception:  # the thread has nobody else to tell
            _log.exception("The vectors were not computed.")
            self._reading.error = "vectors_failed"
        finally:
            self.vectors = None
            self._computing.release()


def safe_name(name: str) -> str:
    """A file name of letters, digits, spaces and ``.-_()``, without a path, that is not hidden."""
    last = re.split(r"[\\/]", name)[-1]
    stem, dot, suffix = re.sub(r"[^\w .()-]", "_", last).strip(" .").rpartition(".")
    return f"{(stem or 'article')[:100].rstrip()}{dot}{suffix[:10]}" if dot else (suffix or "article")[:100]


def _searched(row: IndexedArticle) -> str:
    return f"{row.title or ''} {row.file} {row.source or ''}".casefold()
