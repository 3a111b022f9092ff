"""A language model as a second opinion on an answer: is it correct, and do its citations support it?

Its verdicts are columns beside the checks that need no model, never a gate by themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qa.answer import prompts
from qa.llm.endpoint import ChatModel, Message
from qa.types import Usage

from .cases import Case
from .outcomes import Prediction

_REPLY_TOKENS = 1024  # the line takes some 50; models that think aloud take more before they begin
_REPLY = 8000  # characters of a reply that are read, the last
_WHY = 200  # characters
_NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says. ``correct`` and ``supported`` are None when it was not asked (``calls`` is 0) or when its
    reply could not be read (``calls`` is 1); ``why`` then says which. Tokens are those that the model reported."""

    correct: bool | None
    supported: bool | None
    why: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0

    @property
    def unread(self) -> bool:
        """The judge was asked, and at least one of its two verdicts could not be read."""
        return self.calls > 0 and None in (self.correct, self.supported)

    @property
    def values(self) -> dict[str, float]:
        """The metrics ``judge_correct`` and ``judge_supported``, 0 or 1; one that was not judged is absent."""
        said = {"judge_correct": self.correct, "judge_supported": self.supported}
        return {name: float(value) for name, value in said.items() if value is not None}


def judge(model: ChatModel, case: Case, prediction: Prediction, paragraphs: Mapping[str, str]) -> Verdict:
    """The model's verdict on what was claimed; ``paragraphs`` are texts by address (``file#pN``).

    A prediction that claims nothing (a refusal, an error) is not sent: whether that is right needs no judge. Raises a
    ModelError when the model does not answer, and PromptError for a prompt file that lacks a placeholder.
    """
    if not prediction.text.strip():
        return Verdict(None, None, "nothing was claimed")
    usage, pieces = Usage(calls=1), []
    for delta in model.stream(messages(case, prediction, paragraphs), max_tokens=_REPLY_TOKENS):
        usage = delta.usage or usage
        pieces.append(delta.text)
    correct, supported, why = read("".join(pieces))
    return Verdict(correct, supported, why, usage.prompt_tokens, usage.completion_tokens, 1)


def messages(case: Case, prediction: Prediction, paragraphs: Mapping[str, str]) -> tuple[Message, ...]:
    """What the judge is sent: the rule, and the case with all that others wrote made inert."""
    cited = [address for statement in prediction.statements for address in statement.addresses]
    marks = {address: f"[{n}]" for n, address in enumerate(dict.fromkeys(cited), start=1)}
    system, user = prompts.load("judge").parts(
        as_of=case.as_of.isoformat() if case.as_of else "not given",
        history=_lines(f"{turn.get('role', '')}: {turn.get('content', '')}" for turn in case.history),
        question=_inert(case.question),
        reference=_inert(_reference(case)),
        facts=_lines("; or ".join(fact) for fact in case.facts),
        answer=_answer(prediction, marks),
        paragraphs="\n".join(
            f"{mark} {_inert(paragraphs.get(address, '')) or _NONE}" for address, mark in marks.items()
        )
        or _NONE,
    )
    return Message("system", system), Message("user", user)


def read(reply: str) -> tuple[bool | None, bool | None, str]:
    """The two verdicts and the reason in a reply, whatever stands around its JSON; None for what cannot be read.

    Thinking aloud is passed over. Two verdicts that differ are none.
    """
    rows = _rows(_THOUGHT.sub("", reply[-_REPLY:]))
    said = {(correct, supported): why for correct, supported, why in rows}
    if len(said) != 1:
        return None, None, f"the reply holds {'verdicts that differ' if said else 'no verdict'}"
    ((correct, supported), why) = said.popitem()
    return correct, supported, why


_THOUGHT = re.compile(r"^.*</think(?:ing)?>|<think(?:ing)?>.*$", re.DOTALL)


def _rows(reply: str) -> Iterator[tuple[bool | None, bool | None, str]]:
    """The verdicts and reasons of the JSON objects in a text that hold a verdict."""
    decoder = json.JSONDecoder(strict=False)
    for brace in re.finditer(r"\{", reply):
        try:
            row, _ = decoder.raw_decode(reply, brace.start())
        except (ValueError, RecursionError):
            continue
        correct, supported = _verdict(row.get("correct")), _verdict(row.get("supported"))
        if "correct" in row and "supported" in row and (correct, supported) != (None, None):
            yield correct, supported, " ".join(str(row.get("why", "")).split())[:_WHY]


def _verdict(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _reference(case: Case) -> str:
    """The answer that a person wrote, and what an answer to this kind of case must or must not do."""
    parts = [case.answer]
    if case.answerable is None:
        parts.append("The question is not clear: there is no answer before it is asked back who or what is meant.")
    elif not case.answerable:
        parts.append("The articles do not answer this question: there is no answer.")
    if case.conflict:
        parts.append("The sources differ.")
    if case.wrong:
        parts.append(f"Wrong would be: {'; '.join(case.wrong)}.")
    return " ".join(part for part in parts if part) or _NONE


def _answer(prediction: Prediction, marks: Mapping[str, str]) -> str:
    """The sentences, a line each, with the marks of the paragraphs that they cite."""
    said = [(_inert(one.text), "".join(marks[address] for address in one.addresses)) for one in prediction.statements]
    return "\n".join(f"{text} {cited}".rstrip() for text, cited in said) or _inert(prediction.text)


def _lines(texts: Iterator[str]) -> str:
    return "\n".join(f"- {_inert(text)}" for text in texts) or _NONE


# < and > would end a section, [ and ] set a mark, { and } write a verdict that a careless judge repeats
_LOOKALIKES = str.maketrans("<>＜＞﹤﹥[]［］{}｛｝", "‹›‹›‹›()()()()")


def _inert(text: str) -> str:
    """The text in one line, in which nothing can pass for a tag, a mark, a verdict or a chat template's token."""
    return " ".join(text.translate(_LOOKALIKES).split())
