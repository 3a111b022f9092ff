"""What programs may ask of the page's server: `/ask`, which Gradio's clients find and MCP has as its tool.

It answers as the server was started: with its model, and without what a browser chose. Nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from qa.assistant import Assistant
from qa.errors import QAError, UsageError
from qa.question.turns import as_turns
from qa.serve import log
from qa.serve.export import answer_json, claim_json
from qa.types import Answer, Filters

Ask = Callable[..., Iterator[dict[str, Any]]]
Taken = Callable[[Any], AbstractContextManager[str]]
_QUESTION = 4000  # characters of a question, as on the page
_FILTERS = ("sources", "languages", "since", "until")


def endpoint(assistant: Assistant, taken: Taken, refused: Callable[[str], Exception]) -> Ask:
    """The function that Gradio serves. ``taken`` is held while it answers a request, gives the name of whoever asks and
    may raise `QAError`; ``refused`` makes of a sentence the error that its clients are told."""

    def ask(
        question: str,
        history: list[dict[str, str]] | None = None,
        filters: dict[str, Any] | None = None,
        as_of: str = "",
        request: Any = None,
    ) -> Iterator[dict[str, Any]]:
        """Answer a question from the folder's articles; every sentence is cited and checked against its paragraph.

        Parameters:
            question: The question, in any language; at most 4,000 characters.
            history: The chat before it, oldest first: [{"role": "user" or "assistant", "content": "..."}].
            filters: Which articles are searched: {"sources": [...], "languages": ["en"], "since": "2025-07-01", "until": "2025-07-31"}, each optional.
            as_of: The day the question is asked on, as 2025-07-26; "" for today.

        Returns:
            The whole answer: status (answered, partial, refused, clarify), text, claims with their citations (file, paragraph, quote), confidence, reason. While it is written, a stream has {"status": "writing", "claims": [...]} first.
        """  # noqa: E501 - Gradio reads a parameter's description from one line
        try:
            with taken(request) as person:
                yield from _answering(assistant, person, question, history, filters, as_of)
        except QAError as error:
            raise refused(str(error)) from None
        except Exception as error:  # whatever a model's library raises
            raise refused(f"It failed with {type(error).__name__}; ask again.") from error

    ask.__annotations__["return"] = dict[str, Any]  # Gradio takes what a generator yields, and no text of a type
    return ask


def _answering(
    assistant: Assistant, person: str, question: Any, history: Any, filters: Any, as_of: Any
) -> Iterator[dict[str, Any]]:
    if not isinstance(question, str) or not question.strip() or len(question) > _QUESTION:
        raise UsageError(f"Send a question of 1 to {_QUESTION:,} characters.")
    if not isinstance(history or [], list) or not all(isinstance(turn, Mapping) for turn in history or ()):
        raise UsageError("The history is a list of messages, each with a role and its content.")
    turns, day, wanted = as_turns(history or ()), sent_day(as_of), _filters(filters or {})
    with log.timed(question, server="page", person=person) as outcome:
        claims: list[dict[str, Any]] = []
        for part in assistant.stream(question, turns, as_of=day, filters=wanted or None):
            if isinstance(part, Answer):
                outcome.answer = part
                yield answer_json(part)
            else:
                claims.append(claim_json(part))
                yield {"status": "writing", "claims": list(claims)}


def _filters(sent: Any) -> Filters:
    if not isinstance(sent, Mapping) or set(sent) - set(_FILTERS):
        raise UsageError(f"Filters are an object of {', '.join(_FILTERS)}.")
    return Filters(_names(sent.get("sources")), _names(sent.get("languages")),
                   sent_day(sent.get("since")), sent_day(sent.get("until")))  # fmt: skip


def _names(sent: Any) -> tuple[str, ...]:
    names = [sent] if isinstance(sent, str) else sent or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError("Sources and languages are lists of names.")
    return tuple(filter(None, names))


def sent_day(sent: Any) -> date | None:
    """The day that was sent; None where there is nothing. Raises `UsageError` where it is no day."""
    try:
        return date.fromisoformat(str(sent)) if sent else None
    except ValueError:
        raise UsageError("A day is written as 2025-07-26.") from None
