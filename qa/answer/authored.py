"""Who wrote what: the credits of articles, and the articles that are somebody's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from qa.answer.folder_wide import openings, quoted
from qa.index.store import Articles, IndexedParagraph, Store
from qa.language.mentions import names
from qa.language.names import named_in, same_name, spelled
from qa.language.text import headline
from qa.language.words import alternatives, load
from qa.types import Draft, Evidence

_ASKED = re.compile(rf"\b(?:{alternatives(*load('folder')['author'].values())})\b", re.IGNORECASE)
_BY = re.compile(rf"\b(?:{alternatives(*load('folder')['by'].values())})\s+(?P<name>[^?.,;]+?)\W*$", re.IGNORECASE)


def asks_author(question: str) -> bool:
    """Whether a question has a word for who writes."""
    return _ASKED.search(question) is not None


def of(files: Iterable[str], store: Store, articles: Articles) -> Iterator[tuple[Draft, Evidence]]:
    """The credits of each of these articles, or its opening where it is known by its head alone whose it is, under its
    headline where there are several."""
    held = list(files)
    for file in held:
        rows = sorted(_credited(f"^{re.escape(file)}$", "file", store), key=lambda row: row.number)
        named = [(row, row.text) for row in rows if row.file == file]
        source = articles[file].source
        if not named and source:
            named = [(row, row.text) for row in openings((file,), store)]
        under = [_headline(file, articles)] if len(held) > 1 else []
        for rank, (row, words) in enumerate(named, start=1):
            draft, evidence = quoted(row, words, rank, articles)
            known = [] if row.kind == "credit" else [source or ""]
            yield replace(draft, under=": ".join([*under, *known])), evidence


def author(question: str, language: str) -> str:
    """The person whose articles a question asks for ("articles by …", "what did … write"); "" where it names none."""
    if found := _BY.search(question):
        return found["name"] if found["name"][:1].isupper() else ""
    named = [one.text for one in names(question, language)] if asks_author(question) else []
    return named[0] if len(named) == 1 else ""


def by(name: str, store: Store, articles: Articles) -> list[tuple[Draft, Evidence]]:
    """For each article that is by somebody its credit that says so, or its opening where its head does, under its
    headline."""
    pattern = spelled(name) if name else ""
    credited = _credited(pattern, "text", store) if pattern else []
    rows = [row for row in credited if row.file in articles and named_in(name, row.text)]
    files = {row.file for row in rows}
    heads = [
        file
        for file, one in articles.items()
        if name and file not in files and one.source and same_name(one.source, name)
    ]
    rows += openings(heads, store)
    first = {row.file: row for row in sorted(rows, key=lambda row: -row.number)}
    found = []
    for rank, file in enumerate(sorted(first), start=1):
        draft, evidence = quoted(first[file], first[file].text, rank, articles)
        found.append((replace(draft, under=_headline(file, articles)), evidence))
    return found


def _credited(pattern: str, column: str, store: Store) -> list[IndexedParagraph]:
    return store.matching({column: pattern}, credited=True)


def _headline(file: str, articles: Articles) -> str:
    return headline(articles[file].title, articles[file].lead, file)
