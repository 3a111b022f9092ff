"""The answer to a question over the whole folder: a claim for each article that is asked for, and the count."""

from __future__ import annotations

from collections.abc import Iterator

from qa.answer import folder_wide, notes
from qa.answer.asking import Asking
from qa.answer.checked import readable
from qa.answer.kit import Kit
from qa.answer.parts import NEAREST
from qa.check.verify import verify
from qa.types import Answer, Claim, Filters


def answered(asked: folder_wide.Whole, asking: Asking, kit: Kit) -> Iterator[Claim | Answer]:
    """The claims as they pass their check, and the answer."""
    with asking.timed("retrieve"):
        found = folder_wide.find(asked, kit.store, kit.articles)
    for draft, evidence in found.drafts:
        with asking.timed("check"):
            claim = asking.marked(verify(draft, (evidence,), language=asked.language))
        if claim.status == "unsupported" and kit.settings.check == "strict":
            asking.removed.append(claim)
            continue
        asking.claims.append(readable(claim, kit))
        yield asking.claims[-1]
    yield _answer(asked, found, asking, kit)


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
