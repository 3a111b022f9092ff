"""What programs look up in the articles: paragraphs that fit a question, those of an article, and which articles there
are. An article's name is looked for in the index alone, and never used as a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from qa.assistant import Assistant
from qa.errors import NotThere
from qa.index.store import IndexedArticle, IndexedParagraph
from qa.serve.export import evidence_json
from qa.types import Filters

MOST_READ = 50  # paragraphs, and articles in a list, that are given at once
_GAP = 3  # numbers in a row that may have no paragraph: a block that is only a date keeps its number


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the articles or paragraphs, and where the next ones begin; None: these are the last."""

    rows: list[dict[str, Any]]
    next: int | None


def searched(
    assistant: Assistant, query: str, k: int, *, as_of: date | None = None, filters: Filters | None = None
) -> list[dict[str, Any]]:
    """The best k paragraphs for the query, best first."""
    return [evidence_json(evidence) for evidence in assistant.retrieve(query, k, as_of=as_of, filters=filters)]


def articles(assistant: Assistant, *, after: int = 0, limit: int = MOST_READ, containing: str = "") -> Page:
    """The articles whose name or title contains the text, by name, from the given place in that list."""
    wanted = containing.casefold()
    rows = assistant.store.articles()
    found = sorted(
        (row for row in rows if wanted in f"{row.file} {row.title or ''}".casefold()), key=lambda row: row.file
    )
    upto = after + limit
    return Page([_article(row) for row in found[after:upto]], upto if upto < len(found) else None)


def article(assistant: Assistant, file: str) -> dict[str, Any]:
    """What is known of an article, and its whole text. Raises `NotThere`."""
    return {**_known(assistant, file), "text": assistant.store.text(file)}


def _known(assistant: Assistant, file: str) -> dict[str, Any]:
    rows = assistant.store.articles([file])
    if not rows:
        raise NotThere("There is no such article; /v1/articles lists them.")
    return _article(rows[0])


def _article(row: IndexedArticle) -> dict[str, Any]:
    day = row.published.isoformat() if row.published else None
    return {"file": row.file, "title": row.title, "published": day, "language": row.language, "source": row.source}


def paragraph(assistant: Assistant, file: str, number: int) -> dict[str, Any]:
    """A paragraph of an article. Raises `NotThere`."""
    about = _known(assistant, file)
    rows = assistant.store.paragraphs([f"{file}#p{number}"])
    if not rows:
        raise NotThere("The article has no such paragraph.")
    return _paragraph(rows[0], about)


def paragraphs(assistant: Assistant, file: str, first: int, count: int = MOST_READ) -> Page:
    """The paragraphs of an article from number ``first`` on, in order. Raises `NotThere`."""
    about, end = _known(assistant, file), first + count
    rows = assistant.store.paragraphs([f"{file}#p{number}" for number in range(first, end + _GAP)])
    rows = sorted(rows, key=lambda row: row.number)
    further = [row.number for row in rows if row.number >= end]
    return Page([_paragraph(row, about) for row in rows if row.number < end], min(further, default=None))


def _paragraph(row: IndexedParagraph, about: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in ("file", "number", "address", "kind", "page", "start", "end", "text")}
    return {**plain, "anchor": row.paragraph.anchor, **about}
