"""The answer to a question over the whole folder: a claim for each article that is asked for, and the count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from qa.answer import authored, folder_wide, notes
from qa.answer.asking import Asking
from qa.answer.checked import readable
from qa.answer.kit import Kit
from qa.answer.parts import NEAREST
from qa.check.verify import verify
from qa.question.requests import Kind
from qa.types import Answer, Claim, Filters


def asked(question: str, wanted: Kind | None, asking: Asking, kit: Kit) -> folder_wide.Whole | None:
    """What is asked of each article; None where that is not what a question asks, and where words that are no name
    were not found in its own language, and articles in another may have them."""
    today = asking.as_of or date.today()
    sure = folder_wide.whole(question, kit.articles, today=today, filters=asking.filters)
    over = sure or folder_wide.requested(question, wanted, asking.filters)
    if sure or over is None or not over.subjects or not folder_wide.untranslated(over, kit.articles):
        return over
    return over if folder_wide.find(over, kit.store, kit.articles).articles else None


def answered(asked: folder_wide.Whole, asking: Asking, kit: Kit) -> Iterator[Claim | Answer]:
    """The claims as they pass their check, and the answer."""
    with asking.timed("retrieve"):
        found = folder_wide.find(asked, kit.store, kit.articles)
        own = [] if asked.subjects else authored.by(_somebody(asking, kit), kit.store, kit.admitted(asking.filters))
        if len(own) > (found.articles if asked.filters.sources else 0):
            found = folder_wide.Listing(tuple(own), len(own), found.among)
    for draft, evidence in found.drafts:
        with asking.timed("check"):
            claim = asking.marked(verify(draft, (evidence,), language=asked.language))
        if claim.status == "unsupported" and kit.settings.check == "strict":
            asking.removed.append(claim)
            continue
        asking.claims.append(replace(readable(claim, kit), under=draft.under))
        yield asking.claims[-1]
    yield _answer(asked, found, asking, kit)


def _somebody(asking: Asking, kit: Kit) -> str:
    """The person whose articles are asked for."""
    return authored.author(asking.question, kit.retriever.query(asking.question).language)


def _answer(asked: folder_wide.Whole, found: folder_wide.Listing, asking: Asking, kit: Kit) -> Answer:
    query, any_there = kit.retriever.query(asking.question, as_of=asking.as_of), bool(found.drafts)
    reasons = (folder_wide.reason(asked, found, kit.articles), notes.undated(asking, kit, asked.language))
    nearest = () if any_there else tuple(kit.retriever.retrieve(query, NEAREST, asking.filters))
    return Answer(
        question=asking.question,
        query=asking.question,
        status="answered" if any_there else "refused",
        claims=tuple(asking.claims),
        removed=tuple(asking.removed),
        short_answer=folder_wide.count(found.articles, asked.language) if any_there else "",
        nearest=nearest,
        retrieved=nearest or tuple(evidence for _, evidence in found.drafts[:10]),
        reason=" ".join(filter(None, reasons)),
        listed=True,
        confidence=1.0 if any_there else 0.0,
        judged=False,
        as_of=asking.as_of,
        when=notes.taken(query, asking.claims),
        filters=asking.filters,
        language=asked.language,
        index_revision=kit.retriever.revision(),
        timings=asking.timings,
    )


def mentioning(name: str, kit: Kit, *, language: str, filters: Filters | None) -> tuple[int, int]:
    """In how many articles a name stands, in any spelling, and among how many that pass."""
    asked = folder_wide.Whole(language, subjects=(name,), named=name, filters=filters or Filters())
    found = folder_wide.find(asked, kit.store, kit.articles)
    return found.articles, found.among
