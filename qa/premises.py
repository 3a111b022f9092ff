"""What a question takes for granted that a sentence contradicts: the marks of a near miss.

"Which internal force …?" where the sentence has an external one, "Who was not …?" where it says that somebody was,
"What led Tehran to recognise …?" where it says that Tehran has not. English and Spanish, within one language.

Of the questions that were answered, this refuses 145 of the 1,292 of SQuAD 2.0's Spanish dev half that have no answer
and 18 of the 1,822 that have one; on XQuAD 5 of 1,157 and on NaturalQuestions 4 of 854 that have one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from qa.mentions import Mention, levelled, mentions
from qa.reading import Reading, read
from qa.senses import alike, opposite
from qa.stance import DENYING, NEGATIONS, governed
from qa.text import fold
from qa.types import Evidence

_LANGUAGES = {"en", "es"}
# What `senses` sets against each other for a claim and a question says either way: quantity, doubt, order, and words
# that mean something else besides ("este", "lost", "support").
_LOOSE = frozenset(
    "all every each some few none no most many much would may might must shall will could can only also always often "
    "usually both neither either one several more less with without within outside over under last first before after "
    "earlier later previously win won wins winning victory lose lost loses losing defeat defeated attack attacked "
    "defend defended support supported able war peace day night west east "
    "todo toda todos todas cada algun algunos algunas pocos pocas varios varias muchos muchas mucho mucha ninguno "
    "ninguna sera seran debe deben podria podrian puede pueden seria serian con sin siempre mas menos parte fuera "
    "dentro antes despues previamente ultimo ultima primero primera primer gana gano ganar ganaron victoria vencio "
    "pierde perdio perder perdieron derrota ataca ataco defiende defendio este guerra paz dia noche mayor menor "
    "termino terminos".split()
)
_PREFIXES = {"en": "un in im il ir dis non mis".split(), "es": "in im ir i des dis".split()}
_STEM = 5  # letters that a stem must have to be the opposite of another by its prefix: not "form" and "inform"
_ROOT = 4  # letters that words of one root share: "north" and "northern"
_DEGREES = {  # of more and of less
    "en": (
        re.compile(r"\b(?:most|greatest|largest|biggest|highest|more|greater|larger|bigger|higher)\b"),
        re.compile(r"\b(?:least|fewest|smallest|lowest|less|fewer|smaller|lower)\b"),
    ),
    "es": (
        re.compile(r"\bmas\b(?! (?:pequen|baj|cort|pobre))|\bmayor(?:es)?\b"),
        re.compile(r"\bmenos\b|\bmenor(?:es)?\b|\bmas (?:pequen|baj|cort|pobre)\w+"),
    ),
}
_WHETHER = re.compile(
    r"^\W*(?:has|have|had|is|are|was|were|did|does|do|can|could|will|would|should|ha|han|es|son|fue|esta|hay|puede)\b"
)
_BUT = frozenset("only other besides except solo unico unica excepto salvo".split())
_YEAR_ASKED = re.compile(r"\b(?:what|which) year\b|\b(?:que|cual \w+ el) ano\b")
_OF_NAME = re.compile(r"[A-ZÁ-Ú]\w*\s$")  # "Super Bowl 50"
_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d{2})(?!\d)|\b(?:century|siglo)\b")


@dataclass(frozen=True, slots=True)
class Lack:
    """What the question asks about and the best candidates do not have: the mark of a near miss.

    A ``name`` of the question that neither the paragraph nor its article's title or lead names, and that is not what
    the article is about, or its year or number, where the paragraph has another; a number, amount or date where that
    ``kind`` is asked for; a ``reason`` where "why" is asked. Or the likeliest sentence goes against the question: it
    has the ``opposite`` of its word ``value``, or says without a "not" what the question says with one (``affirmed``),
    or with one what it says without (``denied``).
    """

    what: Literal["name", "kind", "reason", "opposite", "affirmed", "denied"]
    value: str = ""


def contradicted(question: str, language: str, evidence: Evidence, index: int) -> Lack | None:
    """How the sentence at ``index`` of the evidence contradicts the question; None where it does not, or where that
    cannot be told."""
    if language not in _LANGUAGES or evidence.language != language:
        return None
    asked = read(question, language, None)
    text = evidence.sentences[index].sentence.text
    around = evidence.sentences[max(0, index - 1) : index + 2]
    sentence = read(text, language, evidence.published)
    near = read(" ".join(m.sentence.text for m in around), language, evidence.published)
    if word := _opposed(asked, sentence, near):
        return Lack("opposite", word)
    if _affirmed(asked, near):
        return Lack("affirmed")
    if _denied(asked, sentence):
        return Lack("denied")
    return _unlike(asked, text, evidence)


def _folded(reading: Reading) -> frozenset[str]:
    return frozenset(word.folded for word in reading.words)


def _opposed(asked: Reading, sentence: Reading, near: Reading) -> str:
    """The word of the question that the sentence has the opposite of, and neither itself nor one like it."""
    language, own = asked.language, _folded(asked)
    if DENYING & (own | _folded(sentence)):
        return ""  # "aren't competitive" is what "uncompetitive" says
    there = {word.stem or word.folded for word in sentence.words if word.folded not in _LOOSE}
    others = there - asked.stems - own
    for word in asked.words:
        stem = word.stem or word.folded
        if word.folded in _LOOSE or stem in near.stems:
            continue
        if any(alike(stem, other, language) or _of_one_root(stem, other) for other in there):
            continue
        if any(opposite(stem, other, language) or _by_prefix(stem, other, language) for other in others):
            return asked.text[word.start : word.end]
    return _degree(asked, near)


def _of_one_root(one: str, other: str) -> bool:
    return min(len(one), len(other)) >= _ROOT and one[:_ROOT] == other[:_ROOT]


def _by_prefix(one: str, other: str, language: str) -> bool:
    """Whether one is the other with a prefix that turns it round: "imperfect" and "perfect"."""
    short, long = sorted((one, other), key=len)
    return len(short) >= _STEM and any(long == prefix + short for prefix in _PREFIXES[language])


def _degree(asked: Reading, near: Reading) -> str:
    """The word of degree in a question that asks for the least where only the most is told. (What has the most is
    often found beside what has less.)"""
    more, less = _DEGREES[asked.language]
    question, told = levelled(asked.text), levelled(near.text)
    found = less.search(question)
    if found is None or more.search(question) or not more.search(told) or less.search(told):
        return ""
    return asked.text[slice(*found.span())]


def _affirmed(asked: Reading, near: Reading) -> bool:
    """Whether the question denies what the sentences say, which deny nothing."""
    if DENYING & _folded(near):
        return False
    return any(set(scope) & near.stems for scope in governed(asked, NEGATIONS[asked.language]))


def _denied(asked: Reading, sentence: Reading) -> bool:
    """Whether the sentence denies what the question takes to be so: not where it is asked whether it is."""
    if _folded(asked) & (DENYING | _BUT) or _WHETHER.search(fold(asked.text)):
        return False
    scopes = (scope for scope in governed(sentence, NEGATIONS[sentence.language]) if scope)
    return any(scope[0] in asked.stems and len(set(scope) & asked.stems) > 1 for scope in scopes)


def _unlike(asked: Reading, text: str, evidence: Evidence) -> Lack | None:
    """Another number than the question's, or no year where one is asked for: in the whole paragraph."""
    paragraph, published = evidence.paragraph.text, evidence.published
    folded, digits = fold(asked.text), re.sub(r"(?<=\d)[.,\s](?=\d{3})", "", paragraph)
    if _YEAR_ASKED.search(folded) and published is None and not _YEAR.search(fold(paragraph)):
        return Lack("kind", "year")
    wanted = [m for m in asked.mentions if _written(m) and not _OF_NAME.search(asked.text[: m.start])]
    if not wanted or not any(_counts(m) for m in mentions(text, asked.language, published)):
        return None
    values = {m.value for m in mentions(paragraph, asked.language, published)}
    missing = (m for m in wanted if m.value not in values and re.sub(r"\D", "", m.text) not in digits)
    return next((Lack("name", m.text) for m in missing), None)


def _counts(mention: Mention) -> bool:
    return mention.kind in ("number", "amount", "percent")


def _written(mention: Mention) -> bool:
    """Whether it is a number of two figures or more: "one" and "3" are often said otherwise."""
    return _counts(mention) and len(re.sub(r"\D", "", mention.text)) > 1
