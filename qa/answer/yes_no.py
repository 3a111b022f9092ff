"""Yes or no: what the sentence that answers decides, by the trained check."""

from __future__ import annotations

from qa.check.parsing import parse
from qa.check.polarity import denies_flatly, one_denies
from qa.language.lexicon import Likeness
from qa.language.text import stems, words
from qa.language.words import load
from qa.messages import catalogue
from qa.model.entail import LONGEST, Check
from qa.question.followups import ASKS
from qa.types import Claim

# Likeness of a word of the question to one of the sentence, above which it is the same thing: "fell" is to "fall" .81,
# "sold" to "sell" .71, to "buy" .46, "rose" to "fall" .15. A choice between these: no answer changes in
# `python -m evals.bench.sweep qa.answer.yes_no._ALIKE=.4,.6,.75 -- evals --gold evals/gold/ordinary.jsonl
# --folder evals/ordinary --kind denied --kind as-typed --kind short`.
_ALIKE = 0.6
_SURE = 0.8  # of the verdict; below it the sentence is shown without a yes
_CONTRARY = 0.5  # the same for a no, where the sentence has a "not" about what is asked: a choice


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
    open, and in a language without the words. Another word than the question's ("assassination" for "murder") is no
    "No": for that the sentence has to deny what is asked."""
    if not polar(question, language):
        return ""
    said = catalogue(language)
    language_there = claim.citations[0].language
    asked, told = parse(question, language, None), parse(claim.said, language_there, None)
    verdict = Check().verdicts([question], [claim.said[:LONGEST]])[0]
    if verdict.said >= _SURE and not one_denies(asked, told):
        return said["yes"] if _has_it_all(question, claim.said, language, language_there) else ""
    return said["no"] if verdict.contradicted >= _CONTRARY and denies_flatly(told, asked) else ""


def _has_it_all(question: str, said: str, language: str, there: str) -> bool:
    """Whether a sentence has every word of the question, or one that means about the same ("fall" and "fell", not
    "rose"), and in English, where that tells who did what, in the question's order."""
    asked, told = stems(question, language), stems(said, there)
    if not asked or not told:
        return False
    likeness = Likeness(asked, language).best([[token] for token in told], there)  # a row a word of the sentence
    if likeness.max(0).min() < _ALIKE:
        return False
    if (language, there) != ("en", "en"):
        return True
    places = [int(likeness[:, n].argmax()) for n in range(likeness.shape[1])]
    return places == sorted(places)
