"""A question that does not say whom or what it means is asked back, with what the folder could mean by it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from qa.answer.pronouns import bare_name, contradicts, may_be_person
from qa.index.store import Articles, Store
from qa.language.mentions import names, numbers
from qa.language.names import name_keys, same_name
from qa.language.text import detect_language, sentences, stems, words
from qa.language.words import alternatives, load, sets
from qa.messages import catalogue
from qa.model.read import bundled as reader
from qa.question import followups
from qa.types import Evidence

# Choices, for the eye: a reader takes in three readings of a line each, and rare names are none that one means.
MOST = 3  # readings that are named
_CANDIDATES = 60  # names that are looked at, the most frequent ones
_WORDS = 9  # of a sentence that stands for what is meant
_POINTERS, _SAYING = load("pronouns"), load("saying")
_HE = re.compile(rf"\b(?:{alternatives(_POINTERS['one'])})\b", re.IGNORECASE)
# What only looks like pointing: "are there", "and where is it" after its noun, "this edict" (a noun like "the edict").
_PLAIN = re.compile(
    r"\b(?:is|are|was|were)\s+there\b(?=\s+\w)|\bthere\s+(?:is|are|was|were|will)\b|(?<=\w)\s+and\s+\w+\s+(?:\w+\s+)?its?\b|"
    r"\b(?:this|these|those)\s+"
    rf"(?!(?:{alternatives(_POINTERS['verbs'])}|happen\w*|mean\w*|start\w*|end\w*)\b)(?=\w)",
    re.IGNORECASE,
)
# Words that say nothing of what is meant, as search tokens.
_LIGHT = sets("questions", "light")
_DEFINITE = {
    "en": re.compile(rf"\b({alternatives(_POINTERS['definite']['en'])})\s+([a-z]+)\b"),
    "es": re.compile(rf"\b({alternatives(_POINTERS['definite']['es'])})\s+([a-záéíóúñ]+)\b"),
}
# What a person may be called instead of by name, in English and Spanish articles.
_ROLES = tuple(map(alternatives, load("persons")["roles"].values()))
_SAYS = alternatives(*_SAYING["spoken"].values())
_ASKS = 0.0  # log-odds below which a text asks for nothing: even odds
_OF = rf"(?:{alternatives(load('joining')['telling'])})"


def asks_nothing(text: str) -> bool:
    """Whether a text asks for nothing, as the reader sees it: it has no letter or digit, or is a greeting or noise."""
    return not any(char.isalnum() for char in text) or reader().asks(text) < _ASKS


def offered(articles: Articles, language: str) -> str:
    """What can be asked here, in one sentence, with the names that most articles have."""
    named = _frequent(articles)[:3]
    return catalogue(language)["offered_names" if named else "offered"].format(len(articles), ", ".join(named))


def readings(question: str, evidence: Sequence[Evidence], store: Store, articles: Articles) -> tuple[str, ...] | None:
    """What a question that names nothing could mean, as the folder has it; None for a question that is clear.

    Clear is any question that names somebody or something, and one whose "the meeting" is the only one in the folder.
    The tuple is empty where nothing was found for a pronoun.
    """
    language = detect_language(question)
    if followups.pointless(_PLAIN.sub("the ", question)):
        he = _HE.search(question)
        found = [name for name in _persons(store, articles) if not contradicts(name, he[0])] if he else []
        return tuple(found or _openings(question, evidence))[:MOST]
    if numbers(question, language) or re.search('["“«]', question):
        return None
    named = names(question, language)
    heavy = [t for t in stems(question, language) if t not in _LIGHT.get(language, ())]
    if len(named) == 1 and set(heavy) <= set(stems(named[0].text, language)):
        several = _namesakes(named[0].text, articles)
    elif not named and len(heavy) == 1 and (noun := _noun(question, language, heavy[0])):
        several = _called(*noun, language, evidence, store)
    else:
        return None
    return tuple(several[:MOST]) if len(several) > 1 else None


def asked_back(found: Sequence[str], language: str) -> str:
    """The question back to the asker, in their language."""
    said = catalogue(language)
    return said["meant"].format(_listed(found, said["or"])) if found else said["not_meant"]


def _listed(found: Sequence[str], joiner: str) -> str:
    last = found[-1]
    if joiner == "o" and re.match(r"[“\"«]?(?:o|ho)", last, re.IGNORECASE):
        joiner = "u"
    return f"{', '.join(found[:-1])} {joiner} {last}" if len(found) > 1 else last


def _noun(question: str, language: str, stem: str) -> tuple[str, str] | None:
    """The noun of this stem that stands alone behind "the", and its article; None when there is none."""
    pattern = _DEFINITE.get(language)
    for m in pattern.finditer(question.casefold()) if pattern else ():
        if stems(m[2], language) == [stem]:
            return m[2], "the" if language == "en" else "la" if m[1].endswith("a") else "el"
    return None


# ---------------------------------------------------------------- persons


def _frequent(articles: Articles, last: str = "") -> list[str]:
    """The full names that may be persons', those that most articles have first, each once in its barest form."""
    counted: Counter[str] = Counter()
    for row in articles.values():
        for name in row.names.split(" · "):
            if " " in name and last in name:
                counted[name] += 1
    kept: dict[str, int] = {}
    for name, count in counted.most_common(_CANDIDATES * 5):
        bare = bare_name(name)
        if not 2 <= len(bare.split()) <= 4 or not may_be_person(bare) or len(name_keys(bare)) < 2:
            continue
        home = next((other for other in kept if same_name(other, bare)), None)
        kept[home or bare] = kept.get(home or bare, 0) + count
        if len(kept) == _CANDIDATES:
            break
    return sorted(kept, key=lambda name: -kept[name])


def _persons(store: Store, articles: Articles) -> list[str]:
    """The persons that the articles have speak most often."""
    candidates = _frequent(articles)
    if not candidates:
        return []
    lasts = {name: re.escape(name.split()[-1].split("-")[-1]) for name in candidates}
    anyone = "|".join(dict.fromkeys(lasts.values()))
    speaking = (
        rf"\b(?P<a>{anyone})\b\W+(?:\w+\W+){{0,2}}(?:{_SAYS})\b|\b(?:{_SAYS})\s+(?:[A-Z]\w+\s+){{0,4}}(?P<b>{anyone})\b"
    )
    rows = store.matching({"text": speaking.replace("?P<a>", "?:").replace("?P<b>", "?:")})
    spoken: Counter[str] = Counter()
    for row in rows:
        for m in re.finditer(speaking, row.text, re.IGNORECASE):
            spoken[(m["a"] or m["b"]).casefold()] += 1
    heard = [name for name in candidates if spoken[re.sub(r"\\", "", lasts[name]).casefold()]]
    return sorted(heard, key=lambda name: -spoken[re.sub(r"\\", "", lasts[name]).casefold()])


def _namesakes(name: str, articles: Articles) -> list[str]:
    """The persons of one last name, when the question has nothing but that."""
    keys = name_keys(name)
    if len(keys) != 1 or not may_be_person(name):
        return []
    return [full for full in _frequent(articles, name) if name_keys(full)[-1:] == keys]


# ---------------------------------------------------------------- things


def _called(noun: str, article: str, language: str, evidence: Sequence[Evidence], store: Store) -> list[str]:
    """What goes by this noun in the folder: the persons of that role, or "meeting with …"."""
    role = next((role for role in _ROLES if re.fullmatch(role, noun)), None)
    if role:
        rows = store.matching({"text": rf"\b(?:{role})\b"})
        found = (name for row in rows for name in _holders(role, row.text, row.language))
    else:
        (stem,) = stems(noun, language)
        rows = store.matching({"search": rf"(^| ){re.escape(stem)}( |$)"})
        texts = [*(e.paragraph.text for e in evidence if e.language == language)]
        texts += [row.text for row in rows if row.language == language and row.kind != "heading"]
        found = (f"{article} {phrase}" for text in texts for phrase in _phrases(noun, text, language))
    return _distinct(found, language)


def _holders(role: str, text: str, language: str) -> Iterator[str]:
    """The persons whom a text gives this role: "Foreign Minister X", "X, minister of …"."""
    for m in names(text, language):
        bare = bare_name(m.text)
        if not may_be_person(bare) or not bare[:1].isupper():
            continue
        titled = re.search(rf"\b(?:{role})\b", m.text, re.IGNORECASE) and bare != m.text
        before = re.search(rf"\b(?:{role})\s+$", text[: m.start], re.IGNORECASE)
        after = re.match(rf",\s+(?:[^\W\d]+\s+){{0,3}}(?:{role})\b", text[m.end :], re.IGNORECASE)
        if titled or before or after:
            yield bare


def _phrases(noun: str, text: str, language: str) -> Iterator[str]:
    """What the text puts behind the noun, where it names somebody or something: "meeting with Shoigu in Tehran"."""
    for m in re.finditer(rf"\b{re.escape(noun)}\s+({_OF}\s+[^,.;:“”\"()–—]{{3,70}})", text, re.IGNORECASE):
        said = " ".join(m[1].split()[:_WORDS])
        if names(said, language):
            yield f"{noun} {said}"


def _distinct(found: Iterable[str], language: str) -> list[str]:
    """The first of each that names the same; the fullest name of one person."""
    kept: list[str] = []
    for one in found:
        keys = {key for m in names(one, language) for key in name_keys(m.text)} or set(words(one))
        for n, other in enumerate(kept):
            there = {key for m in names(other, language) for key in name_keys(m.text)} or set(words(other))
            if keys & there:
                kept[n] = max(one, other, key=len) if keys >= there else other
                break
        else:
            kept.append(one)
        if len(kept) > 20:
            break
    return kept


def _openings(question: str, evidence: Sequence[Evidence]) -> list[str]:
    """The openings of the sentences that come nearest, one an article, for a question that has no person in it."""
    language = detect_language(question)
    found: dict[str, str] = {}
    for e in sorted(evidence, key=lambda e: (e.language != language, e.rank)):
        wanted = set(stems(question, e.language)) - _LIGHT.get(e.language, frozenset())
        told = [e.paragraph.text[start:end] for start, end in sentences(e.paragraph.text, e.language)]
        best = next((s for s in told if not wanted or wanted & set(stems(s, e.language))), "")
        if len(best.split()) >= _WORDS // 2 and e.paragraph.kind != "heading":
            found.setdefault(e.paragraph.file, _clipped(best))
    return list(found.values())


def _clipped(sentence: str) -> str:
    said = sentence.split()
    words_ = " ".join(said[:_WORDS]).strip(' ,;:“”"')
    return f"“{words_} …”" if len(said) > _WORDS else f"“{words_}”"
