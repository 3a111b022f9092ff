"""The chat before a question: its messages as turns, and those of them that a question may lean on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qa.errors import UsageError
from qa.model.embed import Embedder
from qa.question import requests
from qa.types import Turn

_LEANT = 12  # turns of a chat, the last, that a question may lean on: a choice, six questions (the sets have two)


def as_turns(history: Sequence[Mapping[str, str]]) -> tuple[Turn, ...]:
    """Chat messages as turns. Raises `UsageError` for anything but a role of user or assistant with its content."""
    turns = []
    for message in history:
        role, content = message.get("role"), message.get("content")
        if role not in ("user", "assistant") or not isinstance(content, str):
            raise UsageError('Each turn of a history needs a "role" (user or assistant) and a "content".')
        turns.append(Turn("user" if role == "user" else "assistant", content))
    return tuple(turns)


def leant_on(history: Sequence[Turn], embedder: Embedder) -> Sequence[Turn]:
    """The last turns of the chat without thanks and greetings, and without what was said to them."""
    kept: list[Turn] = []
    for turn in history[-_LEANT:]:
        if turn.role == "user" and requests.kind(turn.content, embedder) == "nothing":
            continue
        if turn.role == "user" or (kept and kept[-1].role == "user"):
            kept.append(turn)
    return kept
