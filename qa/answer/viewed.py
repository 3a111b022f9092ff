"""The answer to a request for an overview: of an article, of the folder, of a day, or of whom and what it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.answer import authored, drafting, overview
from qa.answer.asking import Asking
from qa.answer.checked import checked
from qa.answer.drafting import Part
from qa.answer.folder_wide import subject_of
from qa.answer.kit import Kit
from qa.answer.outcome import outcome
from qa.answer.overview import Overview
from qa.answer.parts import Sought
from qa.answer.rank import Ranking
from qa.answer.write import Writing
from qa.question import requests
from qa.types import Answer, Claim, Draft, Turn


def view(question: str, wanted: requests.Kind | None, asking: Asking, kit: Kit) -> Overview | None:
    """The overview that is asked for; None where none is, or where nothing is there for a day, a credit or a
    comparison: then it is searched for like any question."""
    asked, query = requests.overall(wanted), kit.retriever.query(question, as_of=asking.as_of)
    name = authored.author(question, query.language)
    if name and (own := authored.by(name, kit.store, kit.admitted(asking.filters))):
        return Overview("credit", tuple(own))
    if asked is None or (asked == "folder" and subject_of(question, query.language)):
        return None
    evidence = kit.retriever.retrieve(query, 10, asking.filters)
    found = overview.overview(asked, query, evidence, kit.store, kit.admitted(asking.filters))
    sane = tuple(one for one in found.drafts if not requests.orders(one[0].text, kit.embedder))
    return replace(found, drafts=sane) if sane or asked not in ("day", "credit", "compare", "quote") else None


def answered(over: Overview, history: Sequence[Turn], asking: Asking, kit: Kit) -> Iterator[Claim | Answer]:
    """The claims and the answer: written by the model where there is one, and checked; else, and where nothing that it
    wrote passes, the articles' own sentences."""
    query, evidence = kit.retriever.query(asking.question, as_of=asking.as_of), [e for _, e in over.drafts]
    part = Part(query, evidence, Ranking((), float(bool(evidence))))
    sought = Sought(asking.question, [part], evidence)
    drafts: Iterator[Draft] = iter(draft for draft, _ in over.drafts)
    if kit.model is not None and evidence:
        drafts = drafting.drafted(asking.question, [part], evidence, history, asking, kit)
    yield from checked(drafts, sought, asking, kit)
    if kit.model is not None and not asking.claims and kit.settings.answerer == "auto":
        asking.own = "instead"
        yield from checked(iter(draft for draft, _ in over.drafts), sought, asking, kit)
    answer = outcome(sought, drafts if isinstance(drafts, Writing) else None, asking, kit)
    reasons = (overview.reason(over, query.language), answer.reason)
    reason = " ".join(filter(None, reasons)) if answer.claims else answer.reason
    listed = kit.model is None or bool(asking.own)
    yield replace(answer, short_answer="", reason=reason, listed=listed, judged=False)
