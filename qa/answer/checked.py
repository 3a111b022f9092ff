"""Drafts become claims: each is checked, compared with what other articles say, and made readable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qa.answer import pronouns
from qa.answer.asking import Asking
from qa.answer.kit import Kit
from qa.answer.parts import Sought
from qa.check.verify import verify
from qa.errors import ModelError
from qa.llm.local import LocalModel
from qa.types import Claim, Draft


def checked(drafts: Iterator[Draft], sought: Sought, asking: Asking, kit: Kit) -> Iterator[Claim]:
    """The claims to show, as they pass, each with what another article says instead; the others are kept in
    ``asking.removed``."""
    queries = [part.query for part in sought.parts]
    drafts = _without_error(drafts, asking, kit)
    while True:
        with asking.timed("answer"):
            draft = next(drafts, None)
        if draft is None:
            return
        with asking.timed("check"):
            claim = verify(draft, sought.evidence, language=sought.query.language)
        if claim.status == "unsupported" and kit.settings.check == "strict":
            asking.removed.append(asking.marked(claim))
            continue
        with asking.timed("compare"):
            claims = asking.with_others(claim, queries, sought.evidence)
        for one in (replace(one, under=draft.under) for one in claims):
            own = kit.model is None or asking.own
            asking.claims.append(asking.marked(readable(one, kit) if own else one))
            yield asking.claims[-1]


def _without_error(drafts: Iterator[Draft], asking: Asking, kit: Kit) -> Iterator[Draft]:
    """The drafts; that a model on this machine fails ends them, where there is another answerer to fall back on."""
    try:
        yield from drafts
    except ModelError as error:
        if kit.settings.answerer != "auto" or not isinstance(kit.model, LocalModel):
            raise
        asking.failed = str(error)


def readable(claim: Claim, kit: Kit) -> Claim:
    """The claim with the person that its first pronoun stands for, in brackets, where that is sure."""
    if claim.status == "unsupported" or not pronouns.opens(claim.text, claim.citations[0].language):
        return claim
    cited = claim.citations[0]
    before = cited.paragraph.text[: cited.start - cited.paragraph.start]
    above = kit.store.paragraphs([f"{cited.file}#p{cited.paragraph.number - 1}"]) if not before.strip() else []
    article = kit.articles[cited.file]
    lead, prior = f"{article.title or ''} {article.lead}", above[0].text if above else ""
    found = pronouns.addition(claim.text, before, prior, language=cited.language, lead=lead, known=article.names)
    if found is None:
        return claim
    at, words = found
    text, behind = claim.text[:at] + words + claim.text[at:], len(words)
    moved = claim.differs and tuple((s + behind * (s >= at), e + behind * (e > at)) for s, e in claim.differs)
    return replace(claim, text=text, added=((at, at + behind),), differs=moved)
