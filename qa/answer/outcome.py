"""What became of a question: the `Answer` with its short answer, its status and the reasons that it gives."""

from __future__ import annotations

from dataclasses import dataclass

from qa.answer import ask_back, drafting, notes
from qa.answer.asking import Asking
from qa.answer.kit import Kit
from qa.answer.parts import NEAREST, Sought
from qa.answer.short import short
from qa.answer.write import Writing
from qa.messages import catalogue
from qa.types import Answer, AnswerStatus, Claim, Usage


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was sought, what a model wrote of it, the first claim that is shown, and the parts that none answers."""

    sought: Sought
    writing: Writing | None
    first: Claim | None
    lacking: tuple[str, ...]

    @property
    def status(self) -> AnswerStatus:
        if self.first is None:
            return "refused" if self.sought.unclear is None else "clarify"
        return "partial" if self.lacking and not self.writing else "answered"


def outcome(sought: Sought, writing: Writing | None, asking: Asking, kit: Kit) -> Answer:
    """The answer, when all that is to be shown was claimed; ``writing`` is what a model wrote."""
    sure = drafting.enough(sought.parts, drafting.least(kit))
    lacking = tuple(part.query.asked for part in sought.parts if part not in sure)
    end = _Outcome(sought, writing, asking.first, lacking)
    found, dated = short(sought, end.first) if end.first else ("", "")
    return Answer(
        question=asking.question,
        query=sought.text,
        status=end.status,
        claims=tuple(asking.claims),
        removed=tuple(asking.removed),
        short_answer=" / ".join(asking.differing.values if asking.differing else ()) or found,
        nearest=() if end.first else tuple(sought.evidence[:NEAREST]),
        retrieved=tuple(sought.evidence[:10]),
        conflict=asking.differing is not None,
        reason=_reason(end, dated, asking, kit),
        confidence=round(sum(part.ranking.confidence for part in sought.parts) / len(sought.parts), 4),
        as_of=asking.as_of,
        when=notes.taken(sought.query, asking.claims),
        filters=asking.filters,
        language=sought.query.language,
        model=kit.model.identity if kit.model else None,
        answerer="extract" if asking.own not in ("", "beside") and end.first else kit.answerer,
        prompt_sha=writing.prompt_sha if writing else None,
        index_revision=kit.retriever.revision(),
        usage=asking.usage + (writing.usage if writing else Usage()),
        timings=asking.timings,
    )


def _reason(end: _Outcome, dated: str, asking: Asking, kit: Kit) -> str:
    """All that is said beside the claims: why there are not more, and what is to be known of them."""
    language = end.sought.query.language
    why = _asked_back(end) or notes.own_words(asking, language) or _lack(end, asking, kit)
    if end.first and end.writing and not why:
        why = notes.doubtful(end.sought.parts, kit.settings, language)
    respelt = notes.respelt(asking, language) if end.first else ""
    differ = asking.differing.reason if asking.differing else ""
    return " ".join(filter(None, (why, respelt, dated, differ, notes.undated(asking, kit, language))))


def _asked_back(end: _Outcome) -> str:
    unclear = end.sought.unclear
    return "" if unclear is None or end.first else ask_back.asked_back(unclear, end.sought.query.language)


def _lack(end: _Outcome, asking: Asking, kit: Kit) -> str:
    """Why there is no answer, or none to a part of the question; "" for a whole answer."""
    said = catalogue(end.sought.query.language)
    if end.status == "partial":
        return said["part"].format("; ".join(end.lacking))
    if end.status != "refused":
        return ""
    if end.writing and end.writing.refusal is not None:
        return f"{said['none']} {end.writing.refusal}".strip()
    if asking.removed:
        return said["unsupported"]
    absent = kit.retriever.absent(end.sought.query)
    return said["nowhere"].format(f" {said['nor']} ".join(absent)) if absent else said["none"]
