"""Yes or no: what the sentence that answers decides, by the trained check."""

from __future__ import annotations

from qa.check.parsing import parse
from qa.check.polarity import one_denies
from qa.language.text import words
from qa.language.words import load
from qa.messages import catalogue
from qa.model.entail import LONGEST, Check
from qa.question.followups import ASKS
from qa.types import Claim

_SURE = 0.8  # of the verdict; below it the sentence is shown without a yes or no


def polar(question: str, language: str) -> bool:
    """Whether a question asks for yes or no: it has no question word, and opens or ends as such questions do."""
    said = words(question)
    if len(said) < 3 or ASKS.search(question):
        return False
    if language == "en":
        return said[0] in load("questions")["polar"]["en"]
    return language == "es" and question.rstrip().endswith("?")  # it opens with any verb: the check decides


def decided(question: str, claim: Claim, language: str) -> str:
    """ "Yes" or "No" in the language, by what the claim's own sentence says of the question; "" where it leaves that
    open, and in a language without the words."""
    if not polar(question, language):
        return ""
    said = catalogue(language)
    language_there = claim.citations[0].language
    asked, told = parse(question, language, None), parse(claim.said, language_there, None)
    verdict = Check().verdicts([question], [claim.said[:LONGEST]])[0]
    if verdict.said >= _SURE and not one_denies(asked, told):
        return said["yes"]
    return said["no"] if verdict.contradicted >= _SURE else ""
