"""A claim laid along its source word by word, and what stands in the place of what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from qa import text as texts
from qa.facts import ONES, swapped
from qa.mentions import Mention
from qa.reading import LIGHT, REPORTS, WORD, Fault, Reading, Word, kin, same
from qa.senses import alike, opposite
from qa.stance import cue_at_end


@dataclass(frozen=True, slots=True)
class _Gap:
    """What stands on either side between two stretches of words that claim and source have in common."""

    mine: tuple[Word, ...]
    theirs: tuple[Word, ...]


@lru_cache(maxsize=4096)
def _alignment(claim: Reading, part: Reading) -> tuple[_Gap, ...]:
    """The claim's words laid along those of its source, in order; stretches of one function word do not count."""
    mine, theirs = [w.stem or w.folded for w in claim.words], [w.stem or w.folded for w in part.words]
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    gaps: list[_Gap] = []
    at, there = 0, 0
    for i, j, size in blocks:
        if 0 < size < 2 and not claim.words[i].stem:
            continue
        if i > at or j > there:
            gaps.append(_Gap(claim.words[at:i], part.words[there:j]))
        at, there = i + size, j + size
    return tuple(gaps)


def in_order(claim: Reading, part: Reading, *, but: int = 0) -> float:
    """The share, 0..1, of the claim's content words, all ``but`` a few, that the source has in the same order."""
    content = sum(_says(w) for w in claim.words) - but
    lost = sum(_says(w) for gap in _alignment(claim, part) for w in gap.mine) - but
    return 1 - lost / content if content > 0 else 0.0


def _says(word: Word) -> bool:
    return bool(word.stem) and word.folded not in LIGHT and word.folded not in REPORTS


_LINKS = frozenset("the a an of s to in on at by for el la los las de del al en por a un una".split())


def alignment_fault(claim: Reading, parts: tuple[Reading, ...], where: str) -> Fault | None:
    """A name, number, "not" or "may" put in, taken out or exchanged, the words beside it being the source's."""
    part = max(parts, key=lambda p: len(claim.stems & p.stems))
    for gap in _alignment(claim, part):
        for last in (True, False):
            mine, theirs = _beside(claim, part, gap.mine, last), _beside(part, claim, gap.theirs, last)
            if mine and theirs and _exchanged(claim, part, gap, mine, theirs):
                return swapped(mine, theirs, where)
        here, there = cue_at_end(claim, gap.mine, "not"), cue_at_end(part, gap.theirs, "not")
        if here != there:
            note = f"the claim denies what {where} says" if here else f"the claim leaves out a “not” of {where}"
            return Fault("negation", note)
        if cue_at_end(part, gap.theirs, "doubt") and not cue_at_end(claim, gap.mine, "maybe"):
            return Fault("modality", f"{where} does not say it as certain")
    return None


@lru_cache(maxsize=4096)
def exchanged_words(claim: Reading, part: Reading) -> tuple[tuple[Word, Word], ...]:
    """The claim's content words that stand alone where the sentence has one other, all around being the same."""
    found: list[tuple[Word, Word]] = []
    for gap in _alignment(claim, part):
        mine, theirs = _telling(claim, gap.mine), _telling(part, gap.theirs)
        if not len(mine) == len(theirs) == 1 or mine[0].stem[:_AKIN] == theirs[0].stem[:_AKIN]:
            continue
        if alike(mine[0].stem, theirs[0].stem, claim.language):
            continue
        if mine[0].stem not in part.stems and theirs[0].stem not in claim.stems:
            found.append((mine[0], theirs[0]))
    return tuple(found)


def added_fault(claim: Reading, parts: tuple[Reading, ...], where: str) -> Fault | None:
    """Words put in where all others are the source's, in its order: a clause of which it says nothing, in any place.

    All, for where four fifths are enough seven more of a hundred supported sentences of MEMERAG dev are lost in English
    and eight in Spanish (`python evals/bench/check.py --people`).
    """
    known = frozenset[str]().union(*(p.stems for p in parts))
    roots = {stem[:_AKIN] for stem in known}
    for part in parts:
        more = Counter(w.stem for w in claim.words) - Counter(w.stem for w in part.words)
        for gap in _alignment(claim, part):
            put_in = [w for w in gap.mine if _says(w) and more[w.stem]]
            new = [w for w in put_in if w.stem not in known and w.stem[:_AKIN] not in roots]
            new = [w for w in new if not _in_mention(claim, w)]
            if _adds(claim, gap, new) and in_order(claim, part, but=len(put_in)) == 1:
                return Fault("wording", f"{where} does not say: {claim.text[new[0].start : new[-1].end]}")
    return None


def _adds(claim: Reading, gap: _Gap, new: list[Word]) -> bool:
    """Whether new words in a gap add to the source: two, or one where it cannot be another word for the source's."""
    mine, theirs = ({w.folded for w in side} for side in (gap.mine, gap.theirs))
    if len(new) != 1 or theirs <= mine:
        return bool(new)
    at_an_end = gap.mine[0] is claim.words[0] or gap.mine[-1] is claim.words[-1]
    return at_an_end and sum(_says(w) for w in gap.theirs) > 1


def _in_mention(reading: Reading, word: Word) -> bool:
    return any(m.start <= word.start < m.end for m in reading.mentions)


def opposite_fault(claim: Reading, part: Reading, where: str) -> Fault | None:
    """A word that stands in the place of its opposite: "fell" for "rose", "some" for "all", "before" for "after"."""
    for gap in _alignment(claim, part):
        mine, theirs = (
            {w.stem or w.folded: w for w in side if w.folded not in LIGHT} for side in (gap.mine, gap.theirs)
        )
        for one in sorted(mine.keys() - theirs.keys()):
            for other in sorted(theirs.keys() - mine.keys()):
                if opposite(one, other, claim.language):
                    return exchanged_fault(mine[one], theirs[other], where)
    return None


def exchanged_fault(mine: Word, theirs: Word, where: str) -> Fault:
    """A word of the claim that stands where the source has another."""
    return Fault("wording", f"{where} has “{theirs.folded}” where the claim has “{mine.folded}”")


_AKIN = 4  # letters that two forms of one word begin with: "oriental", "orientado"


def _telling(reading: Reading, gap: tuple[Word, ...]) -> list[Word]:
    """The words of a gap that say something; a mention, which has rules of its own, makes it none."""
    words = [w for w in gap if _says(w)]
    return [] if any(_in_mention(reading, w) for w in words) else words


def _exchanged(claim: Reading, part: Reading, gap: _Gap, mine: Mention, theirs: Mention) -> bool:
    """Whether one mention stands for another: of its kind, or in a gap as narrow as a name."""
    narrow = max(len(gap.mine), len(gap.theirs)) <= 3
    if not (kin(mine, theirs) or narrow) or (kin(mine, theirs) and same(mine, theirs)):
        return False
    kept = _times(theirs, claim)
    return not kept or (narrow and kept < _times(theirs, part) and _times(mine, claim) > _times(mine, part))


def _times(mention: Mention, reading: Reading) -> int:
    return sum(kin(m, mention) and same(m, mention) for m in reading.mentions)


def _beside(reading: Reading, other: Reading, gap: tuple[Word, ...], last: bool) -> Mention | None:
    """The mention at the end (or the start) of a gap, articles and prepositions aside."""
    for word in reversed(gap) if last else gap:
        found = [m for m in reading.mentions if m.start <= word.start < m.end]
        if found:
            return found[0]
        if word.folded in ONES:
            return Mention("number", "1", word.start, word.end, word.folded)
        if _is_capital(word, reading) and not _lower_too(word.folded, reading.text, other.text):
            # a name, though it opens a sentence as other words do
            return Mention("name", word.folded, word.start, word.end, reading.text[word.start : word.end])
        if word.folded not in _LINKS:
            return None
    return None


def _is_capital(word: Word, reading: Reading) -> bool:
    return bool(word.stem) and reading.text[word.start].isupper() and not word.folded.endswith(_ADVERB)


_ADVERB = ("ly", "mente")  # "Additionally", "Inicialmente" open a sentence and name nobody


def _lower_too(word: str, *texts_: str) -> bool:
    """Whether a word stands in small letters too, and so is no name."""
    return any(word in _small_words(text) for text in texts_)


@lru_cache(maxsize=4096)
def _small_words(text: str) -> frozenset[str]:
    return frozenset(texts.fold(m[0]) for m in WORD.finditer(text) if m[0][0].islower())
