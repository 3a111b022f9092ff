"""Claims that the sources do not say something: .015 and .008 of balanced accuracy on MEMERAG (docs/MODEL.md)."""

from __future__ import annotations

import re
from functools import lru_cache

from qa.check.parsing import ParsedText, plain_stems, stem_of, words_of
from qa.language import text as texts
from qa.language.names import named_in
from qa.language.words import load

SAID_AFTER_ALL = 0.9  # of what a claim says that the sources lack; its topic alone may well be there
_NAMED = load("sources")
_SOURCES = rf"(?:{'|'.join(_NAMED['named'])})"
_LACKING = load("saying")["lacking"]
_SAYING = {"en": rf"(?:{'|'.join(_LACKING['en'])}|state[sd]?\b)\w*", "es": rf"(?:{'|'.join(_LACKING['es'])})\w*"}
_ABSENT = {
    "en": re.compile(
        rf"\b{_SOURCES} [^.;]{{0,50}}?\b(?:do|does|did)(?: not|n['’]t) [^.;]{{0,40}}?{_SAYING['en']}"
        rf"|\bnot (?:\w+ )?{_SAYING['en']} (?:\w+ )?in the (?:\w+ )?{_SOURCES}"
        rf"|^there is no (?:\w+ )?(?:information|mention|evidence) [^.;]*{_SOURCES}"
    ),
    "es": re.compile(
        rf"\b{_SOURCES} [^.;]{{0,50}}?\bno (?:se )?(?:\w+ )?{_SAYING['es']}"
        rf"|^no (?:se )?{_SAYING['es']}|^no hay (?:\w+ )?(?:informacion|mencion|datos) [^.;]*{_SOURCES}"
    ),
}
# Where a claim goes on to say another thing: no sentence that only tells what is lacking has these.
_TURN = re.compile(rf"[,;:()\[\]{{}}<>|/—–]|\s-|\.\s|\b(?:{'|'.join(load('joining')['turns'])})\b")


def speaks_of_lack(claim: str, language: str) -> bool:
    """Whether the claim says anywhere that the sources lack something."""
    absent = _ABSENT.get(language)
    return absent is not None and absent.search(texts.fold(claim)) is not None


def says_absent(claim: str, language: str) -> bool:
    """Whether the claim says that the sources lack something, and nothing else."""
    return speaks_of_lack(claim, language) and not _TURN.search(texts.fold(claim))


def says_after_all(claim: ParsedText, part: ParsedText) -> bool:
    """Whether a sentence has what the claim says is lacking: its names, and nearly all words that are no names."""
    about = rf"{_SOURCES}|{_SAYING.get(claim.language, _SOURCES)}"
    topic = plain_stems(claim) - _beside(claim.language)
    topic -= {w.stem for w in claim.words if re.fullmatch(about, w.folded)}
    named = [m for m in claim.mentions if m.kind == "name"]
    there = words_of(part)
    if not topic and not named:
        return False
    return len(topic & part.stems) >= SAID_AFTER_ALL * len(topic) and all(named_in(m.text, there) for m in named)


@lru_cache(maxsize=16)
def _beside(language: str) -> frozenset[str]:
    """The stems of words that are said of sources, of either language, and are no topic."""
    return frozenset(stem_of(word, language) for listed in _NAMED["beside"].values() for word in listed)
