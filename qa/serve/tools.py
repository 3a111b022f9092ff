"""What an assistant can call over MCP, without its protocol: each tool's arguments, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qa.errors import NotThere
from qa.serve import library
from qa.serve.answering import Answering
from qa.serve.bodies import QUESTION, Asked, Day, Name, Question, Text
from qa.serve.export import answer_json, chat_text
from qa.types import Filters, Turn


class _Folder(BaseModel):
    model_config = ConfigDict(extra="forbid", title="arguments")
    folder: Name | None = Field(None, description="Which of the served folders; none: the first.")


class _Within(_Folder):
    as_of: Day | None = Field(None, description='The day the question is asked on, such as 2025-07-26; "last week" counts from it.')  # fmt: skip # noqa: E501
    sources: list[Name] = Field([], max_length=100, description="Only articles of these sources.")
    languages: list[Name] = Field([], max_length=100, description="Only articles in these languages, such as en.")
    since: Day | None = Field(None, description="Only articles published on this day or later.")
    until: Day | None = Field(None, description="Only articles published on this day or before.")

    def filters(self) -> Filters | None:
        return Filters(tuple(self.sources), tuple(self.languages), self.since, self.until) or None


class Said(BaseModel):
    role: Literal["user", "assistant"]
    content: Text


class Ask(_Within):
    question: Question = Field(description="The question, in any language.")
    history: list[Said] = Field([], max_length=200, description="The chat before it, oldest first.")


class Search(_Within):
    query: Question = Field(description="What to look for: a question or a few words.")
    top_k: int = Field(10, ge=1, le=library.MOST_READ, description="How many paragraphs.")


class ReadParagraphs(_Folder):
    file: Name = Field(description="The article's name, as list_articles and citations have it.")
    first: int = Field(1, ge=1, le=10_000_000, description="The number of the first paragraph.")
    count: int = Field(20, ge=1, le=library.MOST_READ, description="How many.")


class ListArticles(_Folder):
    containing: str = Field("", max_length=QUESTION, description="Only articles whose name or title contains this.")
    after: int = Field(0, ge=0, le=100_000_000, description="The `next` of the list before.")
    limit: int = Field(library.MOST_READ, ge=1, le=library.MOST_READ, description="How many.")


@dataclass(frozen=True, slots=True)
class Given:
    """What a tool gives: to be read, and as plain values."""

    text: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    says: str
    arguments: type[BaseModel]
    call: Callable[[Answering, Any], Awaitable[Given]]


async def _ask(answering: Answering, sent: Ask) -> Given:
    history = tuple(Turn(turn.role, turn.content) for turn in sent.history)
    answer = answer_json(await answering.answer(sent.folder, Asked(sent.question, history, sent.as_of, sent.filters())))
    told = answer["reason"] if answer["claims"] else ""
    read = chat_text({"turns": [{"answer": answer}]}).strip()
    return Given("\n\n".join(filter(None, (read, told))), answer)


async def _search(answering: Answering, sent: Search) -> Given:
    found, filters = answering.models.folder(sent.folder), sent.filters()
    rows = await answering.models.work.done(
        lambda: library.searched(found, sent.query, sent.top_k, as_of=sent.as_of, filters=filters)
    )
    lines = (f"{row['file']} ¶{row['paragraph']}: {row['text']}" for row in rows)
    return Given("\n\n".join(lines), {"paragraphs": rows})


async def _read_paragraphs(answering: Answering, sent: ReadParagraphs) -> Given:
    found = answering.models.folder(sent.folder)
    page = await answering.models.work.done(lambda: library.paragraphs(found, sent.file, sent.first, sent.count))
    if not page.rows:
        raise NotThere("The article has no paragraph from that number on.")
    lines = (f"¶{row['number']}: {row['text']}" for row in page.rows)
    return Given("\n\n".join(lines), {"paragraphs": page.rows, "next": page.next})


async def _list_articles(answering: Answering, sent: ListArticles) -> Given:
    found = answering.models.folder(sent.folder)
    page = await answering.models.work.done(
        lambda: library.articles(found, after=sent.after, limit=sent.limit, containing=sent.containing)
    )
    lines = (" · ".join(filter(None, (row["file"], row["title"], row["published"]))) for row in page.rows)
    folders = list(answering.models.folders)
    return Given("\n".join(lines), {"articles": page.rows, "next": page.next, "folders": folders})


TOOLS = (
    Tool("ask", "Answer a question from the articles. Every sentence of the answer cites a paragraph and was checked "
         "against it; when the articles do not answer, it says so.", Ask, _ask),
    Tool("search", "Find the paragraphs of the articles that fit a question or a few words, best first.",
         Search, _search),
    Tool("read_paragraphs", "Read paragraphs of an article by their numbers.", ReadParagraphs, _read_paragraphs),
    Tool("list_articles", "List the articles, by name, with their titles and dates.", ListArticles, _list_articles),
)  # fmt: skip
