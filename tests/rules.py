"""A claim before its paragraph, as the rules of the check see them. The words of these tests are invented: no list of
words has them, and no rule can know them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from qa.check.parsing import ParsedText, parse
from qa.check.support import support_of
from qa.check.verify import verify
from qa.types import Draft, Evidence, Paragraph, Proposal, Rule

INVENTED = "brundle chazzen flonk grivish haddow mirrel orrikov quimps quorl tamsel vostry weirkeeper zemlin zundled"


class Laid(NamedTuple):
    claim: ParsedText
    cited: tuple[Evidence, ...]
    parts: tuple[ParsedText, ...]


def paragraphs(*texts: str, language: str = "en", published: date | None = None) -> list[Evidence]:
    return [
        Evidence(Paragraph("zorb.txt", n, 0, len(text), text), n, 1.0, 1.0, 1.0, language=language, published=published)
        for n, text in enumerate(texts, start=1)
    ]


def laid(claim: str, text: str, *, language: str = "en", published: date | None = None) -> Laid:
    (home,) = paragraphs(text, language=language, published=published)
    parsed = parse(claim, language, published)
    return Laid(parsed, (home,), (support_of(parsed, home).parsed,))


def failed(claim: str, text: str, *, language: str = "en", quote: str | None = None) -> Rule | None:
    """The rule by which the paragraph does not bear the claim, as the whole check says."""
    (home,) = paragraphs(text, language=language)
    return verify(Draft(claim, (Proposal(home.address, quote),)), [home], language=language).failed
