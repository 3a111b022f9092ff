"""Numbers, dates and names of a claim: whether its paragraph has them, and in the same place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.check.parsing import (
    Flaw,
    ParsedText,
    Word,
    around,
    part_of,
    sentence_spans,
    stem_of,
    whole_of,
    words_of,
)
from qa.check.support import shared_by
from qa.language import text as texts
from qa.language.comparison import bears_out, bears_out_date, comparable, same
from qa.language.mention import Mention
from qa.language.names import is_place, named_across, named_in
from qa.language.words import load, sets
from qa.types import Evidence, Rule

_JOINING = load("joining")

# ---------------------------------------------------------------- numbers and dates
_SAYS_WHEN = frozenset[str]().union(*sets("saying", "dated").values())


def number_flaw(
    claim: ParsedText, cited: tuple[Evidence, ...], parts: tuple[ParsedText, ...], where: str
) -> Flaw | None:
    for mention in claim.mentions:
        if mention.kind == "name" or _connective(mention, claim):
            continue
        if mention.kind == "date":
            there = [m for e in cited for m in (*whole_of(e).mentions, *around(e).mentions)]
            if any(bears_out(m, mention) for m in there) or _is_publication(mention, claim, cited):
                continue
            return Flaw("date", f"the date {mention.text} is not in {where}")
        there = [m for part in parts for m in part.mentions]
        if any(bears_out(m, mention) for m in there):
            continue
        if not _counted(mention) or _left_over(claim, parts):
            return Flaw("number", f"the number {mention.text} is not in {where}")
    return None


def as_written(claim: ParsedText, cited: tuple[Evidence, ...], parts: tuple[ParsedText, ...]) -> str:
    """The claim with each number and date that the bearing sentences have in the way that they write it, a name by its
    last word where they have no more, and without the article's day of publication, which no sentence says."""
    text, words = claim.text, {word for part in parts for word in words_of(part).split()}
    there = [m for part in parts for m in part.mentions if m.kind != "name"]
    for mention in sorted(claim.mentions, key=lambda m: -m.start):
        ways = [m.text for m in there if (m.kind, m.value) == (mention.kind, mention.value)]
        if ways and mention.text.casefold() not in [way.casefold() for way in ways]:
            text = text[: mention.start] + ways[0] + text[mention.end :]
        elif (
            mention.kind == "name" and not words & set(mention.text.split()[:-1]) and mention.text.split()[-1] in words
        ):
            text = text[: mention.start] + mention.text.split()[-1] + text[mention.end :]
        elif _is_publication(mention, claim, cited) and not any(bears_out(m, mention) for m in there):
            text = text[: _phrase_start(claim, mention)].rstrip() + text[mention.end :]
    return text


def _phrase_start(claim: ParsedText, mention: Mention) -> int:
    """Where the preposition before a mention starts, or the mention itself."""
    before = [w for w in claim.words if w.end <= mention.start]
    return before[-1].start if before and not before[-1].stem else mention.start


def _counted(mention: Mention) -> bool:
    """Whether a number is in letters, and so may count what the source lists: "the two", "for the first time"."""
    return mention.kind in ("number", "ordinal") and not any(char.isdigit() for char in mention.text)


def _left_over(claim: ParsedText, parts: tuple[ParsedText, ...]) -> bool:
    """Whether the bearing sentences have a number that the claim does not: it may have been exchanged."""
    theirs = [m for part in parts for m in part.mentions if m.kind not in ("name", "date")]
    if any(w.folded in ONES for part in parts for w in part.words) and not any(w.folded in ONES for w in claim.words):
        return True
    return any(not any(same(m, mine) for mine in claim.mentions) for m in theirs)


def _connective(mention: Mention, claim: ParsedText) -> bool:
    """ "First, ..." counts steps of the answer, not things of the article."""
    return mention.kind == "ordinal" and mention.start == 0 and claim.text[mention.end : mention.end + 1] == ","


def _is_publication(mention: Mention, claim: ParsedText, cited: tuple[Evidence, ...]) -> bool:
    if mention.kind != "date" or not any(w.folded in _SAYS_WHEN for w in claim.words):
        return False
    return any(e.published is not None and bears_out_date(e.published.isoformat(), mention.value) for e in cited)


# ---------------------------------------------------------------- names


def is_named(
    mention: Mention, cited: tuple[Evidence, ...], across: bool = False, retrieved: Sequence[Evidence] = ()
) -> bool:
    """Whether the paragraphs, or the titles and leads of their articles, have the name, whole or each part of it."""
    there = [f"{e.paragraph.text} . {e.title or ''} . {e.lead}" for e in cited]
    if any(named_in(mention.text, text) for text in there):
        return True
    if _surname_in(mention.text, cited, retrieved):
        return True
    if across:
        return any(named_across(mention.text, text) for text in there)
    pieces = [piece for piece in _BETWEEN_NAMES.split(mention.text) if piece]
    return len(pieces) > 1 and all(any(named_in(piece, text) for text in there) for piece in pieces)


def _surname_in(name: str, cited: tuple[Evidence, ...], retrieved: Sequence[Evidence]) -> bool:
    """Whether a retrieved paragraph has the whole name and a cited one its last word, beside no other first name."""
    *first, last = name.split()
    if not first or len(last) < 4:
        return False
    alone = re.compile(rf"(?:^|[.,;:!?(“\"]\s*|\b[a-zà-ú\d]+\s+){re.escape(last)}(?!\w)(?!\s+[A-ZÁ-Ú])")
    return any(alone.search(e.paragraph.text) for e in cited) and any(
        named_in(name, e.paragraph.text) for e in retrieved
    )


# Within "President of Iran Masoud Pezeshkian", whose parts a paragraph may give apart.
_BETWEEN_NAMES = re.compile(rf"\s+(?:{'|'.join(_JOINING['names'])})\s+|['’]s\s+")


def is_plain_word(mention: Mention, claim: ParsedText, cited: tuple[Evidence, ...]) -> bool:
    """Whether a "name" may be an ordinary word: the first of the claim, unless it is known as a place, or a word that
    the paragraph has in another form ("Kindles")."""
    if len(mention.text.split()) > 1:
        return False
    stem = stem_of(texts.fold(mention.text), claim.language)
    if any(stem in whole_of(e).stems or stem in around(e).stems for e in cited):
        return True
    return mention.start == 0 and not is_place(mention.text)


# ---------------------------------------------------------------- what belongs to what


@dataclass(frozen=True, slots=True)
class _Place:
    """A mention among its neighbours: the words before and after it, outwards, to the first that says something."""

    mention: Mention
    before: tuple[str, ...]
    after: tuple[str, ...]


FAR = 4  # words
_DETERMINERS = frozenset(load("function")["determiners"])  # and the possessive's
ONES = frozenset({"one"})  # no number to be borne out, but one that another number may be exchanged for


@lru_cache(maxsize=8192)
def _places(parsed: ParsedText) -> tuple[_Place, ...]:
    found: list[_Place] = []
    words = parsed.words
    shown = list(parsed.mentions)
    shown += [Mention("number", "1", w.start, w.end, w.folded) for w in words if w.folded in ONES]
    for mention in shown:
        after = [w for w in words if w.start >= mention.end and w.folded not in _DETERMINERS]
        before = [w for w in words if w.end <= mention.start and w.folded not in _DETERMINERS]
        found.append(_Place(mention, _context(before[::-1]), _context(after)))
    return tuple(found)


def _context(words: list[Word]) -> tuple[str, ...]:
    """The words to the first content word, which comes last as its stem; () where none is near."""
    for at, word in enumerate(words[:FAR]):
        if word.stem:
            return (*(w.folded for w in words[:at]), f"{word.stem}.")
    return ()


def binding_flaw(
    claim: ParsedText, cited: tuple[Evidence, ...], parts: tuple[ParsedText, ...], where: str
) -> Flaw | None:
    """A number or name that stands, in the claim, where the paragraph has another one."""
    there = [place for part in parts for place in _places(part)]
    wide = [place for e in cited for place in _places(whole_of(e))]
    for place in _places(claim):
        mention = place.mention
        for side in ("after", "before"):
            mine = getattr(place, side)
            holders = [p for p in there if mine and comparable(p.mention, mention) and mine == getattr(p, side)]
            if not holders or any(same(mention, p.mention) for p in holders):
                continue
            if any(same(mention, p.mention) and mine == getattr(p, side) for p in wide):
                continue
            if any(_coordinated(claim, mention, p.mention) for p in holders):
                continue
            if any(same(mention, p.mention) and _aside(part, p.mention, side) for part in parts for p in _places(part)):
                continue
            return swapped(mention, holders[0].mention, where)
    return None


def _aside(part: ParsedText, mention: Mention, side: str) -> bool:
    """Whether an aside stands beside the mention in the source, which the claim may have left out."""
    if side == "after":
        return re.match(r"\s*[,(—–]", part.text[mention.end : mention.end + 3]) is not None
    return re.search(r"[,)—–]\s*(?:\w{1,3}\s)?$", part.text[max(0, mention.start - 6) : mention.start]) is not None


def swapped(claimed: Mention, found: Mention, where: str) -> Flaw:
    rule: Rule = "name" if claimed.kind == "name" else "date" if claimed.kind == "date" else "number"
    return Flaw(rule, f"{where} has {found.text} where the claim has {claimed.text}")


def _coordinated(claim: ParsedText, mention: Mention, other: Mention) -> bool:
    """Whether the claim lists both ("Iran and Russia"), so that their neighbours are shared: nothing else between."""
    for m in claim.mentions:
        if comparable(m, other) and same(m, other):
            first, second = sorted((m, mention), key=lambda x: x.start)
            listed = [n for n in claim.mentions if first.end <= n.start < second.start and comparable(n, other)]
            between = [w for w in claim.words if first.end <= w.start < second.start]
            between = [w for w in between if not any(n.start <= w.start < n.end for n in listed)]
            if not any(w.stem for w in between) and _JOINED.search(claim.text[first.end : second.start]):
                return True
    return False


_JOINED = re.compile(rf",|\b(?:{'|'.join(_JOINING['listed'])})\b|-")


# ---------------------------------------------------------------- across languages


def exchange_across(claim: ParsedText, parts: tuple[ParsedText, ...], where: str) -> Flaw | None:
    """A name or date that the bearing sentences do not have, where they have one that the claim does not."""
    if len(parts) == 1:
        parts = (_nearest_sentence(claim, parts[0]),)
    there = [m for part in parts for m in part.mentions]
    beside = " . ".join(words_of(part) for part in parts)
    spoken = any(_OPENS_BY_PRONOUN.match(words_of(part)) for part in parts)
    for kind in ("name", "date"):
        mine = [m for m in claim.mentions if m.kind == kind and not _stands_in(m, beside, there)]
        theirs = [m for m in there if m.kind == kind and not _stands_in(m, claim.text, claim.mentions)]
        if kind == "name" and spoken:
            mine = [m for m in mine if m is not claim.mentions[0]]
        if mine and theirs:
            return swapped(mine[0], theirs[0], where)
    return None


_OPENS_BY_PRONOUN = re.compile(rf"(?:{'|'.join(load('pronouns')['subjects'])})\b")
MUCH_LONGER = 1.5  # times as many words as its source: the claim says what two sentences say


def _nearest_sentence(claim: ParsedText, part: ParsedText) -> ParsedText:
    """The one sentence that has most of the claim, where the claim is not much longer; else the part as it is."""
    start = part.words[0].start if part.words else 0
    spans = [(s, e) for s, e in sentence_spans(part.text, part.language) if start <= s and e <= part.end]
    nearest = max((part_of(part, s, e) for s, e in spans), key=lambda p: len(shared_by(claim, p)), default=part)
    return nearest if len(claim.words) <= MUCH_LONGER * len(nearest.words) else part


def _stands_in(mention: Mention, text: str, others: Iterable[Mention]) -> bool:
    if mention.kind == "name":
        return named_in(mention.text, text) or named_across(mention.text, text)
    return any(same(mention, m) for m in others if m.kind != "name")
