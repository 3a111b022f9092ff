"""What the rules of the check look at in a text: its words with their stems, in order, and its mentions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from qa.language import text as texts
from qa.language.capitals import function_words
from qa.language.mention import Mention
from qa.language.mentions import mentions
from qa.language.words import sets
from qa.types import Evidence, Rule


@dataclass(frozen=True, slots=True)
class Flaw:
    rule: Rule
    note: str


@dataclass(frozen=True, slots=True)
class Word:
    folded: str
    stem: str  # "" for a function word
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)  # compared and hashed as an object: they are cached
class ParsedText:
    """What the rules look at in a text or a part of it: its words in order, and its mentions."""

    text: str
    language: str
    words: tuple[Word, ...]
    stems: frozenset[str]
    mentions: tuple[Mention, ...]
    end: int  # of the part


WORD = re.compile(r"[^\W_]+(?:['’](?=t\b)[^\W_]+)?")


@lru_cache(maxsize=65536)
def stem_of(word: str, language: str) -> str:
    """The folded stem of a word; "" for a function word."""
    if word in function_words(language):
        return ""
    found = texts.stems(word, language)
    return found[0] if found else word


@lru_cache(maxsize=65536)
def _pieces_of(word: str, language: str) -> tuple[tuple[str, str], ...]:
    """The folded word and its stem; a run of letters without spaces (Chinese) gives its pairs."""
    plain = word.replace("’", "").replace("'", "")
    return tuple((folded, stem_of(folded, language)) for folded in texts.words(plain))


@lru_cache(maxsize=8192)
def parse(text: str, language: str, published: date | None) -> ParsedText:
    words = [
        Word(folded, stem, m.start(), m.end())
        for m in WORD.finditer(text)
        for folded, stem in _pieces_of(m[0], language)
    ]
    stems = frozenset(w.stem for w in words if w.stem)
    return ParsedText(text, language, tuple(words), stems, tuple(mentions(text, language, published)), len(text))


@lru_cache(maxsize=4096)
def sentence_spans(text: str, language: str) -> tuple[tuple[int, int], ...]:
    return tuple(texts.sentences(text, language)) or ((0, len(text)),)


@lru_cache(maxsize=16384)
def part_of(parsed: ParsedText, start: int, end: int) -> ParsedText:
    """A part of the text, parsed; positions still count from the start of the text."""
    words = tuple(w for w in parsed.words if start <= w.start and w.end <= end)
    inside = tuple(m for m in parsed.mentions if start <= m.start and m.end <= end)
    return replace(parsed, words=words, stems=frozenset(w.stem for w in words if w.stem), mentions=inside, end=end)


def whole_of(evidence: Evidence) -> ParsedText:
    return parse(evidence.paragraph.text, evidence.language, evidence.published)


def around(evidence: Evidence) -> ParsedText:
    """The title and the lead: where a name stands that the paragraph takes up by a pronoun."""
    return parse(f"{evidence.title or ''}\n{evidence.lead}", evidence.language, evidence.published)


def words_of(part: ParsedText) -> str:
    return part.text[part.words[0].start : part.end] if part.words else ""


REPORTS = frozenset[str]().union(*sets("saying", "reports").values())
# Words that join or place what a sentence says and say nothing themselves; verbs of saying have a rule of their own.
LIGHT = frozenset[str]().union(*sets("sources", "light").values())


@lru_cache(maxsize=4096)
def plain_stems(claim: ParsedText) -> frozenset[str]:
    """The content words that are no part of a mention."""
    inside = [(m.start, m.end) for m in claim.mentions]
    return frozenset(
        w.stem
        for w in claim.words
        if w.stem and w.folded not in LIGHT | REPORTS and not any(s <= w.start < e for s, e in inside)
    )


def in_mention(parsed: ParsedText, word: Word) -> bool:
    for m in parsed.mentions:
        if m.start <= word.start < m.end:
            return m.kind == "date" or (m.kind == "name" and " " in m.text)
    return False
