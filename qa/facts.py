"""Numbers, dates and names of a claim: whether its paragraph has them, and in the same place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa import text as texts
from qa.mentions import Mention, same_date
from qa.names import is_place, named_across, named_in
from qa.reading import (
    Fault,
    Reading,
    Word,
    agree,
    around,
    kin,
    part_of,
    same,
    sentence_spans,
    stem_of,
    whole_of,
    words_of,
)
from qa.support import shared_by
from qa.types import Evidence, Rule

# ---------------------------------------------------------------- numbers and dates
_SAYS_WHEN = frozenset(
    "published reported said says announced wrote publico publicado informo dijo anuncio reporto articulo "
    "article".split()
)


def number_fault(claim: Reading, cited: tuple[Evidence, ...], parts: tuple[Reading, ...], where: str) -> Fault | None:
    for mention in claim.mentions:
        if mention.kind == "name" or _connective(mention, claim):
            continue
        if mention.kind == "date":
            there = [m for e in cited for m in (*whole_of(e).mentions, *around(e).mentions)]
            if any(agree(mention, m) for m in there) or _is_publication(mention, claim, cited):
                continue
            return Fault("date", f"the date {mention.text} is not in {where}")
        there = [m for part in parts for m in part.mentions]
        if not any(agree(mention, m) for m in there) and not _reckoned(mention, claim, there):
            return Fault("number", f"the number {mention.text} is not in {where}")
    return None


def _connective(mention: Mention, claim: Reading) -> bool:
    """ "First, ..." counts steps of the answer, not things of the article."""
    return mention.kind == "ordinal" and mention.start == 0 and claim.text[mention.end : mention.end + 1] == ","


_YEARS_LONG = re.compile(r"[\s-]*(?:years?|anos?|años?)\b")


def _reckoned(mention: Mention, claim: Reading, there: list[Mention]) -> bool:
    """Whether a number of years is the span between two dates of the bearing sentences: born 1918, died 1994, "75"."""
    if not mention.value.isdigit() or not _YEARS_LONG.match(claim.text, mention.end):
        return False
    days = sorted({m.value for m in there if m.kind == "date" and re.match(r"\d{4}(?:-|$)", m.value)})
    return any(mention.value == str(_years_between(a, b)) for i, a in enumerate(days) for b in days[i + 1 :])


def _years_between(first: str, last: str) -> int:
    """Full years between two dates as mentions write them; by the years alone where either has no more."""
    years = int(last[:4]) - int(first[:4])
    full = len(first) == len(last) == len("2025-07-26")
    return years - (full and last[5:] < first[5:])


def _is_publication(mention: Mention, claim: Reading, cited: tuple[Evidence, ...]) -> bool:
    if not any(w.folded in _SAYS_WHEN for w in claim.words):
        return False
    return any(e.published is not None and same_date(mention.value, e.published.isoformat()) for e in cited)


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
_BETWEEN_NAMES = re.compile(r"\s+(?:of|de|del|the|and|y|for|-)\s+|['’]s\s+")


def is_plain_word(mention: Mention, claim: Reading, cited: tuple[Evidence, ...], across: bool) -> bool:
    """Whether a "name" is only the ordinary first word of the claim, which the paragraph has in another form.

    Across languages it may be any word that is not known as a place; `exchange_across` sees to the others.
    """
    words = mention.text.split()
    if mention.start != 0 or len(words) > 1:
        return False
    if across:
        return not is_place(mention.text)
    stem = stem_of(texts.fold(mention.text), claim.language)
    return not stem or any(stem in whole_of(e).stems or stem in around(e).stems for e in cited)


# ---------------------------------------------------------------- what belongs to what


@dataclass(frozen=True, slots=True)
class _Place:
    """A mention among its neighbours: the next two and the last two words, mentions and marks left out."""

    mention: Mention
    before: tuple[str, ...]
    after: tuple[str, ...]


_DETERMINERS = frozenset("the a an el la los las un una".split())
ONES = frozenset({"one"})  # no number to be borne out, but one that another number may be exchanged for


@lru_cache(maxsize=8192)
def _places(reading: Reading) -> tuple[_Place, ...]:
    found: list[_Place] = []
    words = reading.words
    shown = list(reading.mentions)
    shown += [Mention("number", "1", w.start, w.end, w.folded) for w in words if w.folded in ONES]
    for mention in shown:
        after = [w for w in words if w.start >= mention.end and w.folded not in _DETERMINERS][:2]
        before = [w for w in words if w.end <= mention.start and w.folded not in _DETERMINERS][-2:]
        found.append(_Place(mention, _context(before[::-1]), _context(after)))
    return tuple(found)


def _context(words: list[Word]) -> tuple[str, ...]:
    return tuple(w.stem or f"-{w.folded}" for w in words)


def _alike(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two mentions have the same neighbour: the next word when it has content, else the next two."""
    if not a or not b or a[0] != b[0]:
        return False
    return not a[0].startswith("-") or (len(a) > 1 and len(b) > 1 and a[1] == b[1] and not a[1].startswith("-"))


def binding_fault(claim: Reading, cited: tuple[Evidence, ...], parts: tuple[Reading, ...], where: str) -> Fault | None:
    """A number or name that stands, in the claim, where the paragraph has another one."""
    there = [place for part in parts for place in _places(part)]
    wide = [place for e in cited for place in _places(whole_of(e))]
    for place in _places(claim):
        mention = place.mention
        for side in ("after", "before"):
            mine = getattr(place, side)
            holders = [p for p in there if kin(p.mention, mention) and _alike(mine, getattr(p, side))]
            if not holders or any(same(mention, p.mention) for p in holders):
                continue
            if any(same(mention, p.mention) and _alike(mine, getattr(p, side)) for p in wide):
                continue
            if any(_coordinated(claim, mention, p.mention) for p in holders):
                continue
            if any(same(mention, p.mention) and _aside(part, p.mention, side) for part in parts for p in _places(part)):
                continue
            return swapped(mention, holders[0].mention, where)
    return None


def _aside(part: Reading, mention: Mention, side: str) -> bool:
    """Whether an aside stands beside the mention in the source, which the claim may have left out."""
    if side == "after":
        return re.match(r"\s*[,(—–]", part.text[mention.end : mention.end + 3]) is not None
    return re.search(r"[,)—–]\s*(?:\w{1,3}\s)?$", part.text[max(0, mention.start - 6) : mention.start]) is not None


def swapped(claimed: Mention, found: Mention, where: str) -> Fault:
    rule: Rule = "name" if claimed.kind == "name" else "date" if claimed.kind == "date" else "number"
    return Fault(rule, f"{where} has {found.text} where the claim has {claimed.text}")


def _coordinated(claim: Reading, mention: Mention, other: Mention) -> bool:
    """Whether the claim lists both ("Iran and Russia"), so that their neighbours are shared."""
    for m in claim.mentions:
        if kin(m, other) and same(m, other):
            first, second = sorted((m, mention), key=lambda x: x.start)
            between = claim.text[first.end : second.start]
            if len(between) < 40 and re.search(r",|\b(?:and|y|e|with|con|or|o|between|entre)\b|-", between):
                return True
    return False


# ---------------------------------------------------------------- across languages


def exchange_across(claim: Reading, parts: tuple[Reading, ...], where: str) -> Fault | None:
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


_OPENS_BY_PRONOUN = re.compile(r"(?:He|She|They|It|Él|Ella|Ellos|Ellas)\b")  # "El" is an article
MUCH_LONGER = 1.5  # times as many words as its source: the claim says what two sentences say


def _nearest_sentence(claim: Reading, part: Reading) -> Reading:
    """The one sentence that has most of the claim, where the claim is not much longer; else the part as it is."""
    start = part.words[0].start if part.words else 0
    spans = [(s, e) for s, e in sentence_spans(part.text, part.language) if start <= s and e <= part.end]
    nearest = max((part_of(part, s, e) for s, e in spans), key=lambda p: len(shared_by(claim, p)), default=part)
    return nearest if len(claim.words) <= MUCH_LONGER * len(nearest.words) else part


def _stands_in(mention: Mention, text: str, others: Iterable[Mention]) -> bool:
    if mention.kind == "name":
        return named_in(mention.text, text) or named_across(mention.text, text)
    return any(agree(mention, m) or agree(m, mention) for m in others if m.kind != "name")
