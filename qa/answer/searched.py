"""The answer to a question that is searched for: the order of the steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from qa.answer import drafting, lines, parts
from qa.answer.asking import Asking
from qa.answer.checked import checked
from qa.answer.kit import Kit
from qa.answer.outcome import outcome
from qa.answer.write import Writing
from qa.types import Answer, Claim, Turn


def answered(question: str, history: Sequence[Turn], asking: Asking, kit: Kit) -> Iterator[Claim | Answer]:
    """The claims as they pass their check, and the answer: what was found is drafted where it is enough, first the line
    that answers by its place; then what a model left out, and what other articles say otherwise."""
    sought = parts.sought(question, history, asking, kit)
    enough = drafting.enough(sought.parts, drafting.least(kit)) if sought.unclear is None else []
    drafts = drafting.drafted(question, enough, sought.evidence, history, asking, kit) if enough else iter(())
    if len(enough) == 1 and kit.model is None:
        if day := lines.date_line(enough[0], kit):
            yield from checked(iter([day[0]]), sought.beside([day]), asking, kit)
            drafts = islice(drafts, 1)
        elif items := list(lines.items_below(enough[0], kit)):
            drafts, sought = iter([draft for draft, _ in items]), sought.beside(items)
    yield from checked(drafts, sought, asking, kit)
    writing = drafts if isinstance(drafts, Writing) else None
    if writing:
        asking.own, own = drafting.supplied(enough, asking.claims, writing.refusal, kit)
        yield from checked(own, sought, asking, kit)
    if enough and asking.differing is None and (kit.model is None or asking.own):
        doubted = (draft for part in enough for draft in part.drafts(part.doubted()))
        yield from checked(doubted, sought, asking, kit)
    yield outcome(sought, writing, asking, kit)
