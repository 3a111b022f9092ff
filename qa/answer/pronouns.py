"""A sentence that opens with a pronoun, made readable away from its paragraph: "He [Pezeshkian] said …"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.language.mentions import names
from qa.language.names import is_place, name_keys, named_in, same_name
from qa.language.text import fold, sentences, words
from qa.language.words import alternatives, load

_PERSONS, _VERBS = load("persons"), load("verbs")

# The pronoun that a sentence opens with. Never inside a quotation: "he" is someone else there.
_OPENS = {
    "en": re.compile(
        rf"^(?P<lead>(?:(?:{alternatives(load('pronouns')['leading'])}) )?)"
        r"(?P<pronoun>He|She|His|Her|(?<=\s)his|(?<=\s)her)\b(?!\s*(?:who|whose|and|or)\b)"
    ),
    "es": re.compile(r"^(?P<lead>)(?P<pronoun>Él|Ella)\b(?!\s*(?:que|y|o|mism[oa])\b)"),
}
_POINTERS = load("pronouns")
_OWNS, _MALE = frozenset(_POINTERS["owns"]), frozenset(map(fold, _POINTERS["male"]))
_HE, _SHE = (re.compile(rf"\b(?:{alternatives(_POINTERS[sex])})\b", re.IGNORECASE) for sex in ("male", "female"))
_MEN, _WOMEN, _THINGS = (frozenset(_PERSONS[group]) for group in ("men", "women", "things"))
_TITLE = re.compile(
    rf"(?:^|[\s,“\"])(?:(?:{alternatives(_PERSONS['title_adjectives'])})\s+)*"
    rf"(?:{alternatives(_PERSONS['titles'])})\.?\s*$",
    re.IGNORECASE,
)
_VERB = re.compile(
    rf"^(?:(?:{alternatives(_VERBS['adverbs'])}|\w+ly|\w+mente)\s+)*"
    rf"(?:(?P<person>{alternatives(*_VERBS['person'].values())})|{alternatives(*_VERBS['any'].values())}|[a-z]+ed|\w+ó)\b"
)
_ASIDE = re.compile(r"^\s*(?:\([^()]*\)|,[^,.;]{3,90},(?=\s))?\s*")
_BEFORE = re.compile(
    rf"(?:^|[,;:“\"—–])\s*$|\b(?:{alternatives(load('joining')['subordinate'])})\s*$",
    re.IGNORECASE,
)
# What may stand before a title in a sentence's first place: "The Iranian (president Masoud Pezeshkian)".
_LEVEL = re.compile(r"^\s*(?:[\w-]+\s*){0,3}$")
_QUOTE = "“\"«'‘"


def opens(text: str, language: str) -> bool:
    """Whether the sentence opens with a pronoun that stands for a person."""
    return language in _OPENS and _OPENS[language].match(text) is not None


def addition(
    text: str, before: str, above: str, *, language: str, lead: str, known: str = ""
) -> tuple[int, str] | None:
    """Where in the sentence to put in what, so that it names the person that its first pronoun stands for: (2,
    " [Pezeshkian]"); None where it has no such pronoun, or the person is not sure.

    ``before`` are the words before it in its paragraph, ``above`` is the paragraph above, and ``known`` all names of
    the article. The person is sure that is named as the subject of the sentence before, or of the one before that when
    all between take it up by the same pronoun. A name from the paragraph above has to stand in ``lead`` (the article's
    title and first paragraph) as well.
    """
    m = _OPENS[language].match(text) if language in _OPENS else None
    if m is None:
        return None
    pronoun = m["pronoun"]
    name = _antecedent(before, fold(pronoun), language, known)
    if name is None and not before.strip():
        name = _antecedent(above, fold(pronoun), language, known)
        name = name if name and named_in(name, lead) else None
    if name is None or any(same_name(name, m.text) for m in names(text, language)):
        return None
    owned = "'s" if language == "en" and fold(pronoun) in _OWNS else ""
    return m.end(), f" [{name}{owned}]"


@dataclass(frozen=True, slots=True)
class _Subject:
    name: str
    sure: bool  # that it is a person


def _antecedent(before: str, pronoun: str, language: str, known: str) -> str | None:
    """Who is spoken of at the end of these sentences; None where that is not sure."""
    told = [before[start:end] for start, end in sentences(before, language)]
    for at in range(len(told) - 1, -1, -1):
        subjects = _subjects(told[at], language, known)
        if subjects:
            return _agreed(subjects, told[at:], pronoun, language, known)
        opens = _OPENS[language].match(told[at])
        taken_up = opens is not None and (fold(opens["pronoun"]) in _MALE) == (pronoun in _MALE)
        if not taken_up and told[at][0] not in _QUOTE:
            return None
    return None


def _agreed(subjects: Sequence[_Subject], told: Sequence[str], pronoun: str, language: str, known: str) -> str | None:
    """The one subject, if it is a person of the pronoun's gender and no other person stands near it."""
    first = subjects[0]
    if any(not same_name(first.name, other.name) for other in subjects) or not any(one.sure for one in subjects):
        return None
    others = [m for m in names(" ".join(told), language) if not same_name(m.text, first.name)]
    if any(may_be_person(m.text) for m in others):
        return None
    since = " ".join(told)
    wrong = _SHE if pronoun in _MALE else _HE
    right = _HE if pronoun in _MALE else _SHE
    full = next((one for one in known.split(" · ") if " " in one and same_name(one, first.name)), first.name)
    if contradicts(f"{first.name} {full}", pronoun):
        return None
    if wrong.search(since) and not right.search(since):
        return None
    return bare_name(max((one.name for one in subjects), key=len))


def contradicts(name: str, pronoun: str) -> bool:
    """Whether a title or first name in the name is one of the other gender's."""
    given = {fold(word) for word in words(name)}
    own, other = (_MEN, _WOMEN) if fold(pronoun) in _MALE else (_WOMEN, _MEN)
    return bool(given & other) and not given & own


def _subjects(sentence: str, language: str, known: str) -> list[_Subject]:
    """The names that may be persons and are subjects of a verb in this sentence."""
    found = []
    for m in names(sentence, language):
        ahead = sentence[: m.start]
        aside = _ASIDE.match(sentence[m.end :])
        after = sentence[m.end + (aside.end() if aside else 0) :]
        verb = _VERB.match(after)
        titled = _TITLE.search(ahead) is not None
        start = _TITLE.sub("", ahead) if titled else ahead
        placed = _BEFORE.search(start) is not None or (titled and _LEVEL.match(start) is not None)
        if verb and placed and may_be_person(m.text):
            sure = bool(titled or verb["person"] or _titled(m.text) or _full(m.text, known))
            found.append(_Subject(m.text, sure))
    return found


def may_be_person(name: str) -> bool:
    """Whether nothing in a name says that it is of a place, a body or a thing."""
    said = words(name)
    return (
        bool(said)
        and not is_place(said[-1])
        and said[-1] not in _THINGS
        and not name.isupper()
        and not set(said) & {"of", "the"}
    )


def _titled(name: str) -> bool:
    return _TITLE.search(f" {name.split()[0]} ") is not None if " " in name else False


def _full(name: str, known: str) -> bool:
    """Whether it is a first and a last name, or the last name of one that the article has in full."""
    if 2 <= len(name.split()) <= 3:
        return True
    keys = name_keys(name)
    return any(
        len(full) in (2, 3) and full[-1:] == keys and not is_place(words(other)[0])
        for other in known.split(" · ")
        if (full := name_keys(other))
    )


def bare_name(name: str) -> str:
    """The name without the titles and adjectives before it."""
    said = name.split()
    while len(said) > 1 and (not name_keys(said[0]) or is_place(said[0])):
        said = said[1:]
    return " ".join(said)
