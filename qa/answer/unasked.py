"""What is asked for, and the answers for which nothing is searched."""

from __future__ import annotations

from collections.abc import Sequence

from qa.answer import ask_back
from qa.answer.asking import Asking
from qa.answer.kit import Kit
from qa.articles.corpus import by_suffix
from qa.errors import UsageError
from qa.language.text import detect_language
from qa.messages import catalogue
from qa.question import requests
from qa.question.requests import Kind
from qa.types import Answer, Skipped, Turn


def wanted(question: str, history: Sequence[Turn], kit: Kit) -> Kind | None:
    """What is asked for; "nothing" only where the folder has no word of the text but those of small talk.

    Raises `UsageError` for an empty question.
    """
    if not question.strip():
        raise UsageError("The question is empty; ask something.")
    found = requests.kind(question, kit.embedder, answered=len(history) > 1)
    if found not in (None, "nothing"):
        return found
    if kit.retriever.has_word_of(question, requests.small_talk):
        return None
    return "nothing" if found == "nothing" or ask_back.asks_nothing(question) else None


def answered(wanted: Kind | None, skipped: Sequence[Skipped], asking: Asking, kit: Kit) -> Answer | None:
    """The answer to a text that asks for nothing, or over a folder of which no file can be read; None elsewhere."""
    if wanted == "nothing":
        return _offered(asking, kit)
    return _unread(asking, skipped) if skipped and not kit.articles else None


def _offered(asking: Asking, kit: Kit) -> Answer:
    """What can be asked here."""
    language = kit.retriever.query(asking.question, as_of=asking.as_of).language
    return Answer(
        question=asking.question,
        query=asking.question,
        status="clarify",
        reason=ask_back.offered(kit.articles, language),
        as_of=asking.as_of,
        filters=asking.filters,
        language=language,
        index_revision=kit.retriever.revision(),
    )


def _unread(asking: Asking, skipped: Sequence[Skipped]) -> Answer:
    """That none of the folder's files can be read."""
    reason = catalogue(detect_language(asking.question, otherwise="en"))["unread"].format(by_suffix(skipped))
    return Answer(question=asking.question, query=asking.question, status="refused", reason=reason)
