"""What a model says again in other words: a follow-up so that it stands alone, a quote in another language.

Each is one short call. What a model makes of a follow-up is used for searching only, and only when it is sane; a
translation stands beside its quote, and carries the mark that it is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from qa.answer import prompts
from qa.answer.write import inert, language_name, messages, told_so_far
from qa.errors import ModelReply, UsageError
from qa.language.mentions import names
from qa.language.text import detect_language, stems, words
from qa.llm.endpoint import ChatModel, Message
from qa.messages import catalogue
from qa.types import Turn, Usage

_SHORT = 80  # tokens of a rewritten question
_LONGEST = 400  # characters of one
_NEW = 0.4  # of its words may be new ("chaired" for "chairs" is not); a name or a number never
_THOUGHT = re.compile(r"^.*?</think(?:ing)?>", re.DOTALL)
_TURNS = 4  # of the chat, the last: two questions and their answers


@dataclass(frozen=True, slots=True)
class Reworded:
    """The words, in one line, and what they cost."""

    text: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Translation:
    """A quote in another language (ISO 639-1), as a model puts it. Nothing in it was checked: it says so wherever it
    is printed."""

    text: str
    language: str
    model: str
    usage: Usage = field(default_factory=Usage, repr=False)

    @property
    def mark(self) -> str:
        """Who translated, and that it was not checked; in the translation's language."""
        return catalogue(self.language)["translated"].format(self.model)

    def __str__(self) -> str:
        return f"{self.text} [{self.mark}]"


def completed(question: str, turns: Sequence[Turn], *, model: ChatModel) -> Reworded:
    """The follow-up as the model completes it from the chat; without text where what it wrote is not `sane`.

    Raises PromptError and ModelError.
    """
    parts = prompts.load("rewrite").parts(history=told_so_far(turns[-_TURNS:]), question=inert(question))
    said = _said(model, messages(parts), _SHORT)
    return said if sane(said.text, question, turns) else Reworded("", said.usage)


def sane(rewritten: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether it is one question of usual length in the question's language, says more than the question, and is made
    of words of the question and the chat: every name and number, and most of the rest."""
    if not rewritten or len(rewritten) > _LONGEST or words(rewritten) == words(question):
        return False
    heard = " ".join([question, *(turn.content for turn in turns)])
    language = detect_language(question, otherwise=detect_language(heard))
    if language != detect_language(rewritten, otherwise=language):
        return False
    asked, there = stems(rewritten, language), set(stems(heard, language))
    new = sum(word not in there for word in asked)
    return new <= _NEW * len(asked) and set(_telling(rewritten, language)) <= set(words(heard))


def _telling(text: str, language: str) -> Iterator[str]:
    """The words that must not be made up: those of names, and all with a digit."""
    yield from (word for name in names(text, language) for word in words(name.text))
    yield from (word for word in words(text) if any(char.isdigit() for char in word))


def translated(quote: str, language: str, *, model: ChatModel | None) -> Translation:
    """The quote in the language. Raises PromptError, ModelError, ModelReply when nothing came, UsageError without a
    model."""
    if model is None:
        raise UsageError("A translation needs a model; name one with --model.")
    parts = prompts.load("translate").parts(language=language_name(language), quote=inert(quote))
    said = _said(model, messages(parts), 64 + len(quote))  # a character is at the most about a token
    if not said.text:
        raise ModelReply(f"{model.identity} wrote no translation; ask again.")
    return Translation(said.text, language, model.identity, said.usage)


def _said(model: ChatModel, asked: Sequence[Message], max_tokens: int) -> Reworded:
    """The first line of the reply, without what a model thinks aloud before it."""
    text, usage = "", Usage(calls=1)
    for delta in model.stream(asked, max_tokens=max_tokens):
        text, usage = text + delta.text, delta.usage or usage
    lines = _THOUGHT.sub("", text).strip().splitlines()
    return Reworded(" ".join(lines[0].split()) if lines else "", usage)
