"""The short answer: the few words of a claim that answer, or yes or no."""

from __future__ import annotations

from collections.abc import Sequence

from qa.answer import yes_no
from qa.answer.counted import counted
from qa.answer.drafting import Part
from qa.answer.extract import short_answer, whole_mention
from qa.answer.parts import Sought
from qa.articles.dates import parse_date
from qa.check.polarity import denied
from qa.messages import catalogue
from qa.question.periods import spoken_day
from qa.types import Claim


def short(sought: Sought, first: Claim) -> tuple[str, str]:
    """The words that answer, and a sentence that says so where they are the day of the article; each "" without.

    Several answers have none: each stands under its own question.
    """
    if len(sought.parts) > 1:
        return "", ""
    query, there = sought.query, first.citations[0].language
    found, dated = _words(sought.parts, first, query.language)
    if yes_no.polar(query.asked, query.language):
        return yes_no.decided(query.asked, first, query.language), dated
    if denied(first.said, found, there) and not denied(query.asked, found, query.language):
        return "", dated  # "800", of a sentence that denies it
    return counted(query.asked, query.language, first.said, there, found), dated


def _words(parts: Sequence[Part], first: Claim, language: str) -> tuple[str, str]:
    """The words that answer, as they were read in the first claim's sentence or are read in it now; and, where they are
    the day before its article, a sentence that says so."""
    cited = first.citations[0]
    if cited.published and parse_date(first.said) == cited.published:
        return spoken_day(cited.published, language), ""
    place = (cited.address, cited.start, cited.end)
    for candidate in (candidate for part in parts for candidate in part.ranking.candidates):
        sentence = candidate.match.sentence
        if (candidate.evidence.address, sentence.start, sentence.end) != place:
            continue
        if cited.published and candidate.answer == cited.published.isoformat():
            day = spoken_day(cited.published, language)
            return day, catalogue(language)["dated"].format(day)
        if first.said in (cited.quote, " ".join(cited.quote.split())):
            at = cited.quote.find(candidate.answer)
            return whole_mention(cited.quote, at, at + len(candidate.answer)) if at >= 0 else candidate.answer, ""
    return short_answer(parts[0].query, first.said), ""
