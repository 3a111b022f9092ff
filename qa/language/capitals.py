"""Names, by their capitals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from qa.language import text as texts
from qa.language.mention import Mention
from qa.language.numerals import folded_word
from qa.language.words import load, sets

_FUNCTION_WORDS = sets("function", "words")


def function_words(language: str) -> frozenset[str]:
    """The folded words that carry grammar, not content; for a language without a list here, its stop words."""
    return _FUNCTION_WORDS.get(language) or texts.stop_words(language)


_NAME_WORD = re.compile(r"[^\W\d_](?:[\w’'&-]*\w)?(?:\.(?=[^\W\d_]\.|\s[A-ZÁ-Ú])(?<=\b\w\.))*|\d\w*|[^\w\s]")
_AROUND = load("names")
_INNER = frozenset(_AROUND["inner"])
_OPENERS, _OPENER_ENDINGS = sets("names", "openers"), _AROUND["opener_endings"]
_SENTENCE_START = frozenset('.!?:;…“”"«»¿¡‘•|*#()[]—–')


class _Word(NamedTuple):  # one for each word of a folder: five times as fast as a frozen dataclass
    raw: str
    start: int
    end: int
    opens: bool  # first of its sentence, heading or quotation
    capital: bool


_ABBREVIATIONS = frozenset(_AROUND["abbreviations"])


def _abbreviated(word: str) -> bool:
    return len(word) == 1 or folded_word(word) in _ABBREVIATIONS


_ARTICLED = re.compile(rf"^(?:{'|'.join(_AROUND['articled'])})[-’'][A-ZÁ-Ú]")


def _name_words(text: str) -> list[_Word]:
    found: list[_Word] = []
    opens, last = True, 0
    for m in _NAME_WORD.finditer(text):
        raw = m[0]
        opens = opens or "\n" in text[last : m.start()]
        if raw[0].isalpha():
            found.append(_Word(raw, m.start(), m.end(), opens, raw[0].isupper() or bool(_ARTICLED.match(raw))))
            opens = False
        elif raw in _SENTENCE_START:
            opens = opens or raw != "." or not found or m.start() != found[-1].end or not _abbreviated(found[-1].raw)
        elif raw[0].isdigit():
            opens = False
        last = m.end()
    return found


def _is_opener(word: str, language: str) -> bool:
    folded = folded_word(word)
    return (
        folded in function_words(language)
        or (language == "es" and word[-1:] == "ó")
        or folded in _OPENERS.get(language, frozenset())
        or folded.endswith(_OPENER_ENDINGS.get(language, ("\0",)))
    )


@lru_cache(maxsize=8192)
def names_in(text: str, language: str) -> tuple[Mention, ...]:
    words = _name_words(text)
    inside = {w.raw for w in words if w.capital and not w.opens}
    lower = {w.raw for w in words if not w.capital}
    found: list[Mention] = []
    for run in _runs(words, text):
        run = _trimmed(run, inside, lower, language)
        if run:
            start, end = run[0].start, run[-1].end
            raw = re.sub(r"['’]s?$", "", text[start:end])
            found.append(Mention("name", " ".join(texts.words(raw)), start, start + len(raw), raw))
    return tuple(found)


def _runs(words: list[_Word], text: str) -> Iterator[list[_Word]]:
    """Runs of capitalised words, with particles between them and nothing else but spaces, hyphens and full stops."""
    run: list[_Word] = []
    held: list[_Word] = []
    for word in words:
        after = (held or run)[-1:] if run else []
        joined = bool(after) and not word.opens and text[after[0].end : word.start].strip(" -./") == ""
        joined = joined and "\n" not in text[after[0].end : word.start] and not after[0].raw.endswith(("'s", "’s"))
        if word.capital and joined:
            run += [*held, word]
            held = []
        elif run and joined and folded_word(word.raw) in _INNER and len(held) < 2:
            held.append(word)
        else:
            if run:
                yield run
            run, held = ([word] if word.capital else []), []
    if run:
        yield run


def _trimmed(run: list[_Word], inside: set[str], lower: set[str], language: str) -> list[_Word]:
    """The run without the ordinary words that open a sentence; empty when nothing else is left."""
    while run and (run[0].opens or not run[0].capital):
        first = run[0].raw
        bare = re.sub(r"['’]s?$", "", first)
        if run[0].capital:
            acronym = len(bare) > 1 and bare.isupper() and len(run) == 1
            known = bare in inside and bare.casefold() not in lower
            ordinary = _is_opener(bare, language) or bare.casefold() in lower or len(bare) == 1
            if acronym or known or not ordinary or (len(run) > 1 and not _is_opener(bare, language)):
                break
        run = run[1:]
    if (
        len(run) == 1
        and folded_word(run[0].raw) in function_words(language)
        and not (run[0].raw.isupper() and len(run[0].raw) > 1)
    ):
        return []
    return run
