"""What a sentence denies or leaves open, and whether a claim keeps it.

Of planted faults in news negation catches .02 more, of claims written to be judged .06; plans and doubts .08 of those
(`python -m evals.bench.check --ablate`, docs/MODEL.md).
"""

from __future__ import annotations

import re
from functools import lru_cache

from qa.check.parsing import Flaw, ParsedText, Word, in_mention, parse
from qa.language.words import load, sets

_NOT, _MAYBE = sets("negation", "not"), sets("negation", "maybe")
_BY_SOMEBODY = sets("negation", "by_somebody")
_FLAT = {language: cues - _BY_SOMEBODY.get(language, frozenset()) for language, cues in _NOT.items()}
_CUES = {"not": _NOT, "maybe": _MAYBE, "flat": _FLAT}
SCOPE = 3  # content words after a cue that it can govern
_CLAUSE_END = re.compile(rf"[.;:!?()—–]|, (?:{'|'.join(load('joining')['clause'])})\b|\bbut\b|\bpero\b|\bsino\b")


@lru_cache(maxsize=16384)
def _governed(parsed: ParsedText, which: str) -> tuple[frozenset[str], ...]:
    """For each cue of the text, the content stems it governs: the first ones after it in its clause."""
    cues = _CUES[which].get(parsed.language, frozenset[str]())
    found: list[frozenset[str]] = []
    for i, word in enumerate(parsed.words):
        if word.folded not in cues or _no_cue(parsed, word):
            continue
        stop = _CLAUSE_END.search(parsed.text, word.end)
        end = stop.start() if stop else parsed.end
        scope = [w.stem for w in parsed.words[i + 1 :] if w.stem and w.start < end and w.folded not in cues]
        found.append(frozenset(scope[:SCOPE]))
    return tuple(found)


_MARK = re.compile(r"[^\w\s'’-]")


def _stands_alone(parsed: ParsedText) -> bool:
    """Whether a "not" has nothing beside it between two marks, and so denies all that was said: "Ann came [not]"."""
    cues = _CUES["not"].get(parsed.language, frozenset[str]())
    for word in parsed.words:
        if word.stem or word.folded not in cues or _no_cue(parsed, word):  # "declined" says something by itself
            continue
        before = max((mark.end() for mark in _MARK.finditer(parsed.text, 0, word.start)), default=0)
        after = _MARK.search(parsed.text, word.end)
        end = after.start() if after else parsed.end
        if before and not any(one.stem for one in parsed.words if before <= one.start < end):
            return True
    return False


_PREFIXES = load("negation")["prefixes"]
_NO_CUE = re.compile(rf"\s+(?:{'|'.join(load('negation')['no_cue'])})\b|,", re.IGNORECASE)


def _no_cue(parsed: ParsedText, word: Word) -> bool:
    """Whether a cue is none here: "not only", "sin embargo", "No, ...", "May 2023", "Will Smith"."""
    negates = word.folded in _NOT.get(parsed.language, ())
    return in_mention(parsed, word) or (negates and _NO_CUE.match(parsed.text, word.end) is not None)


def _mostly(shared: frozenset[str], scope: frozenset[str]) -> bool:
    """Whether a text has more than half of the words that a cue governs: it speaks of the same thing."""
    return bool(shared) and 2 * len(shared) > len(scope)


def polarity_flaw(claim: ParsedText, parts: tuple[ParsedText, ...], where: str) -> Flaw | None:
    """A "not" that only one of the two sides has about the same words, or the claim alone about all of them."""
    if _stands_alone(claim) and not any(_stands_alone(part) for part in parts):
        return Flaw("negation", f"the claim denies what {where} says")
    source_cues = [scope for part in parts for scope in _governed(part, "not")]
    claim_cues = _governed(claim, "not")
    denied = frozenset[str]().union(*source_cues)
    stems = frozenset[str]().union(*(p.stems for p in parts))
    for scope in claim_cues:
        shared = scope & stems
        if shared and not shared & denied:
            return Flaw("negation", f"the claim denies what {where} says")
    mine = frozenset[str]().union(*claim_cues)
    for scope in source_cues:
        shared = scope & claim.stems
        if _mostly(shared, scope) and not shared & mine and not _denied_within(scope, claim):
            return Flaw("negation", f"the claim leaves out a “not” of {where}")
    return None


def denied(text: str, words: str, language: str) -> bool:
    """Whether a text denies what it says in these words of it: "800" of "denied reports that 800 workers would go"."""
    parsed = parse(text, language, None)
    at = text.find(words)
    if not words or at < 0:
        return False
    for word in parsed.words:
        if word.folded in _NOT.get(language, ()) and word.end <= at and not _no_cue(parsed, word):
            stop = _CLAUSE_END.search(text, word.end)
            if (stop.start() if stop else parsed.end) > at and "," not in text[word.end : at]:
                return True
    return False


def _denied_within(scope: frozenset[str], claim: ParsedText) -> bool:
    """Whether the claim denies by a prefix what its source denies by a word: "not authorised", "unauthorised"."""
    return any(f"{prefix}{stem}" in claim.stems for stem in scope for prefix in _PREFIXES)


def one_denies(one: ParsedText, other: ParsedText) -> bool:
    """Whether only one of two texts denies anything."""
    return bool(_governed(one, "not")) != bool(_governed(other, "not"))


def denies_flatly(text: ParsedText, asked: ParsedText) -> bool:
    """Whether a text itself, and not somebody in it ("he denies theft"), denies a word of a question that denies
    nothing; names do not count, for what is said of somebody has them too."""
    if _governed(asked, "not") or not text.words:
        return False
    opening = asked.words[0].start if asked.words else 0  # its capital tells nothing
    names = [m for m in asked.mentions if m.kind == "name" and m.start > opening]
    wanted = {w.stem for w in asked.words if w.stem and not any(m.start <= w.start < m.end for m in names)}
    return any(scope & wanted for scope in _governed(text, "flat"))


def modality_flaw(claim: ParsedText, parts: tuple[ParsedText, ...], where: str) -> Flaw | None:
    """A "may", "plans" or "allegedly" of the paragraph that the claim dropped about the same words."""
    kept = frozenset[str]().union(*_governed(claim, "maybe"))
    for part in parts:
        for scope in _governed(part, "maybe"):
            shared = scope & claim.stems
            if _mostly(shared, scope) and not shared & kept:
                return Flaw("modality", f"{where} does not say it as certain")
    return None
