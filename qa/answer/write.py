"""The answer that a language model writes: the passages under opaque keys, its stream, its sentences with their marks.

``write`` asks and gives back a ``Writing``, an iterator of drafts. Nothing here judges whether a draft is true.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count as numbers
from typing import Any, Self

from qa.answer import prompts, tokens
from qa.answer.replies import DIGITS, LETTERS, DraftStream, Unwrapped
from qa.errors import ModelReply, UsageError
from qa.language.text import words
from qa.language.words import load
from qa.llm.endpoint import ChatModel, Delta, Message, OpenAIModel
from qa.types import Draft, Evidence, Turn, Usage

REPLY_TOKENS = 1024  # four sentences take some 200; models that think aloud take more before they begin
_TURNS = 6  # of the chat, the last: what a follow-up leans on stands there
_TURN = 600  # characters of each
_LOOP = 3  # times that a sentence is heard before the model is stopped: small ones never come out of a loop

_LANGUAGES = load("languages")["names"]["en"]


def write(
    question: str,
    evidence: Sequence[Evidence],
    turns: Sequence[Turn] = (),
    *,
    model: ChatModel,
    language: str,
    budget: int,
    as_of: date | None = None,
    max_tokens: int = REPLY_TOKENS,
    brief: bool = False,
) -> Writing:
    """The drafts of an answer in ``language`` (ISO 639-1), as the model writes them.

    ``budget`` is in tokens and holds the passages (see ``tokens.fit``). ``brief`` is for a model of a few billion
    weights: a shorter prompt (`answer_local.md`) without keys, so that its drafts come without proposals. A model that
    is ``structured`` is held to the form of `schema`; what it writes in another is read as plain text.

    Raises PromptError, UsageError when the budget does not hold one sentence of evidence, and while it is iterated a
    ModelError.
    """
    prompt = prompts.load("answer_local" if brief else "answer")
    name = {} if brief else {address: key for key, address in keys(evidence, question, turns).items()}

    def render(found: Evidence) -> str:
        return _line(found) if brief else _passage(found, name[found.address])

    fitting = tokens.fit(evidence, budget, render=render, model=model.identity)
    if evidence and not fitting:
        raise UsageError(f"A budget of {budget} tokens does not hold one sentence of evidence; allow more.")
    parts = prompt.parts(
        language=language_name(language),
        history=told_so_far(turns),
        passages="\n".join(map(render, fitting)) or "None.",
        as_of=as_of.isoformat() if as_of else "not given",
        question=inert(question),
    )
    shown = {name[found.address]: found.address for found in fitting if found.address in name}
    stream = DraftStream(shown, language, heads=map(_head, fitting))
    if not (shown and isinstance(model, OpenAIModel) and model.structured):
        return Writing(model, messages(parts), stream, prompt_sha=prompt.sha, max_tokens=max_tokens)
    said, form = prompts.load("form"), schema(shown)
    parts, sha = (*parts[:-1], f"{parts[-1]}\n\n{said.text}"), f"{prompt.sha}+{said.sha}"
    return Writing(model, messages(parts), stream, prompt_sha=sha, max_tokens=max_tokens, form=form)


def schema(keys: Iterable[str]) -> dict[str, Any]:
    """The form of a reply over passages of these keys: claims of one sentence with its keys, and what is missing where
    there are none. A JSON schema in the strict subset that OpenAI takes."""
    key = {"type": "array", "items": {"type": "string", "enum": list(keys)}}
    claim = _closed_object(text={"type": "string"}, keys=key)
    return _closed_object(claims={"type": "array", "items": claim}, missing={"type": "string"})


def _closed_object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


class Writing(Iterator[Draft]):
    """The drafts of one reply, each once. ``usage`` and ``refusal`` are final when the iteration has ended.

    ``refusal`` is what the model says is missing when it wrote NO ANSWER ("" when it does not say), else None; drafts
    may have come before it. Raises ModelReply when a reply ends with neither a draft nor a refusal.
    """

    def __init__(
        self,
        model: ChatModel,
        messages: Sequence[Message],
        stream: DraftStream,
        *,
        prompt_sha: str,
        max_tokens: int,
        form: Mapping[str, Any] | None = None,
    ) -> None:
        self.prompt_sha = prompt_sha
        self.usage = Usage()
        self.model = model.identity
        self._stream = stream
        self._unwrapped = Unwrapped() if form else None
        self._drafts = self._run(_asked(model, messages, max_tokens, form))

    @property
    def refusal(self) -> str | None:
        return self._stream.refusal

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Draft:
        return next(self._drafts)

    def close(self) -> None:
        """Stops the model where it is; harmless after the end."""
        self._drafts.close()

    def _run(self, deltas: Iterator[Delta]) -> Generator[Draft]:
        self.usage = Usage(calls=1)
        said: dict[str, int] = {}
        try:
            for draft in self._read(deltas):
                said[draft.text] = said.get(draft.text, 0) + 1
                if said[draft.text] == 1:
                    yield draft
                elif said[draft.text] == _LOOP:
                    break
        finally:
            if isinstance(deltas, Generator):
                deltas.close()  # or the model would go on writing
        if not said and self.refusal is None:
            raise ModelReply(f"{self.model} wrote no whole sentence; ask again, or allow its replies more tokens.")

    def _read(self, deltas: Iterable[Delta]) -> Iterator[Draft]:
        cut = False
        for delta in deltas:
            self.usage, cut = delta.usage or self.usage, cut or delta.cut
            yield from self._stream.feed(self._unwrapped.feed(delta.text) if self._unwrapped else delta.text)
        if self._unwrapped:
            yield from self._stream.feed(self._unwrapped.end())
        yield from self._stream.end(cut=cut)


def _asked(
    model: ChatModel, messages: Sequence[Message], max_tokens: int, form: Mapping[str, Any] | None
) -> Iterator[Delta]:
    if form and isinstance(model, OpenAIModel):
        return model.stream(messages, max_tokens=max_tokens, form=form)
    return model.stream(messages, max_tokens=max_tokens)


# The prompt


def keys(evidence: Iterable[Evidence], question: str = "", turns: Iterable[Turn] = ()) -> dict[str, str]:
    """Each paragraph's address by its key (``k7f``): the same key for the same words at the same place.

    Keys are letter, digit, letter, and never a word of what the model reads, so that in a reply they are only marks.
    """
    evidence = list(evidence)
    read = [question, *(turn.content for turn in turns)]
    read += [f"{found.title} {found.source} {found.paragraph.text}" for found in evidence]
    taken = set(words(" ".join(read)))
    keyed: dict[str, str] = {}
    for found in evidence:
        key = next(key for key in _candidates(found.paragraph.anchor) if key not in taken)
        taken.add(key)
        keyed[key] = found.address
    return keyed


def _candidates(anchor: str) -> Iterator[str]:
    for salt in numbers():
        a, b, c = hashlib.sha256(f"{anchor} {salt}".encode()).digest()[:3]
        yield LETTERS[a % len(LETTERS)] + DIGITS[b % len(DIGITS)] + LETTERS[c % len(LETTERS)]


def language_name(language: str) -> str:
    """The language of a code (ISO 639-1) as a prompt names it."""
    return " ".join(_LANGUAGES.get(language, (f"the language whose code is {language}",)))


def messages(parts: Sequence[str]) -> tuple[Message, ...]:
    """The parts of a prompt as messages: the system's, then the user's and the assistant's in turn."""
    system, *turns = parts
    said = (Message("assistant" if number % 2 else "user", part) for number, part in enumerate(turns))
    return Message("system", system), *said


def _passage(found: Evidence, key: str) -> str:
    """The passage in two lines: its key with what is known of the article, and its words."""
    return f"[{key}] {_head(found)}\n{inert(found.paragraph.text)}"


def _line(found: Evidence) -> str:
    """The passage in one line, without a key."""
    head = _head(found).removeprefix("Untitled").strip()
    return f"- {head}: {inert(found.paragraph.text)}" if head else f"- {inert(found.paragraph.text)}"


def _head(found: Evidence) -> str:
    """What is known of the passage's article: ``Title (Source, 2021-02-03)``."""
    about = ", ".join(part for part in (found.source, found.published and found.published.isoformat()) if part)
    return inert(found.title or "Untitled") + (f" ({inert(about)})" if about else "")


def told_so_far(turns: Sequence[Turn]) -> str:
    """The last turns, a line each, without the marks of earlier answers (they would be copied); empty for none."""
    said = [(turn.role.capitalize(), inert(_NUMBER_MARK.sub("", turn.content))[:_TURN]) for turn in turns[-_TURNS:]]
    lines = [f"{role}: {words}" for role, words in said]
    return "\n".join(["Chat so far:", *lines, ""]) if lines else ""


_NUMBER_MARK = re.compile(r" ?\[\d{1,3}\]")
_CONTROL = re.compile(r"<\|(?=\w)|<(?=/?(?:s|think|start_of_turn|end_of_turn)>)|\[(?=/?INST\])")


def inert(text: str) -> str:
    """The text in one line, in which nothing can pass for a passage's head or for a chat template's control token."""
    return _CONTROL.sub(lambda found: f"{found[0][0]} {found[0][1:]}", " ".join(text.split()))


# The reply
