"""The answer before once more, as a reader asks for it: shorter, with its source, or to be sure of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from qa.answer import folder_wide, overview, searched, viewed
from qa.answer.asking import Asking
from qa.answer.kit import Kit
from qa.language.text import headline
from qa.messages import catalogue
from qa.model.embed import Embedder
from qa.question import requests
from qa.question.periods import spoken_day
from qa.types import Answer, Citation, Claim, Turn

_MOST = 3  # sources that are named


Before = tuple[str, Sequence[Turn], Sequence[Turn]]  # a question, the turns before it and the turns behind it


def before(history: Sequence[Turn], embedder: Embedder) -> Before | None:
    """The last question of a chat that asked for something of its own, and the turns around it; None without one."""
    for at in range(len(history) - 1, -1, -1):
        turn = history[at]
        if turn.role == "user" and requests.kind(turn.content, embedder, answered=True) not in _PASSED_OVER:
            return turn.content, history[:at], history[at + 1 :]
    return None


_OF_CLAIMS = frozenset(("shorter", "more", "this", "source"))  # of an answer before a refusal, then
_PASSED_OVER = frozenset((*requests.AGAIN, "nothing"))


def answered(
    wanted: requests.Again, earlier: Before, asking: Asking, kit: Kit, *, ask: Callable[..., Answer]
) -> Iterator[Claim | Answer]:
    """The claims and the answer to the question before, as it is asked for now; ``ask`` answers that by itself."""
    question, history, since = earlier
    language = kit.retriever.query(asking.question, as_of=asking.as_of).language
    if wanted == "language" and kit.model is not None:
        asking.language = folder_wide.language_named(asking.question)
        yield from searched.answered(question, history, asking, kit)
        return
    answer = ask(question, history, as_of=asking.as_of, filters=asking.filters)
    if not answer.claims and wanted in _OF_CLAIMS and (prior := before(history, kit.embedder)):
        yield from answered(wanted, prior, asking, kit, ask=ask)
        return
    if wanted in ("more", "this") and answer.citations:
        told = since if wanted == "more" else ()
        over = overview.further(answer.citations[0].file, told, kit.store, kit.articles)
        yield from viewed.answered(over, history, asking, kit)
        return
    answer = replace(shown(wanted, answer, language), question=asking.question)
    yield from answer.claims
    yield answer


def shown(kind: str, answer: Answer, language: str) -> Answer:
    """The answer as it is asked for: its first claim alone, or all of it with what is said of its sources."""
    said = catalogue(language)
    if kind == "language":
        return replace(answer, status="clarify", claims=(), short_answer="", reason=said["own_words"])
    if not answer.claims:
        return answer
    if kind == "shorter":
        return replace(answer, claims=answer.claims[:1], reason="")
    if kind == "source":
        places = dict.fromkeys(_place(citation, said["place"], language) for citation in answer.citations)
        return replace(answer, reason=said["source"].format("; ".join(list(places)[:_MOST])))
    return replace(answer, reason=said["sure"])


def _place(citation: Citation, form: str, language: str) -> str:
    day = f" ({spoken_day(citation.published, language)})" if citation.published else ""
    return form.format(headline(citation.title, citation.lead, citation.file), day, citation.paragraph.number)
