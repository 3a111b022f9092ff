"""Where sources differ: the sentence of another paragraph that says the same thing with another value.

Two sentences say the same thing when they share most of their words, laid along each other in order. They differ when,
at one place of that order, one has a number, date or name that the other has nowhere, and the other has another there.
What the question itself names is not what it asks for: a sentence that differs in that is about something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from qa.answer.extract import answer_span
from qa.answer.rank import Ranking, as_read
from qa.check.verify import verify
from qa.language import text as texts
from qa.language.comparison import Gap, comparable, compare, gaps, one_bearer
from qa.language.mention import Mention
from qa.language.mentions import mentions
from qa.language.names import named_in, same_name
from qa.messages import catalogue
from qa.question.followups import compares
from qa.question.periods import spoken_day
from qa.types import Citation, Claim, Draft, Evidence, Match, Proposal, Query

# Choices, all of them. No answer changes in `python -m evals.bench.sweep qa.answer.disagreement._ALIKE=.5,.62,.75 --
# evals --kind conflict --kind multi-file --kind date`, nor with _ALIKE_BELOW_COPY at .25 or .55, _COPY at .55 or .85,
# _TWIN at .6 or .95, _ENOUGH at 3 or 6, _GAP at 4 or 16; `python -m evals.bench.conflict` has more to try them on.
_ALIKE = 0.62  # shared search tokens of two sentences (Dice), from which they may say the same thing
_ALIKE_BELOW_COPY = 0.4  # the same, where their paragraphs are copies of one another
_COPY = 0.7  # shared search tokens of two paragraphs, from which one is a copy of the other
_TWIN = 0.8  # the same, from which one takes nothing from the confidence in the other
_ENOUGH = 4  # shared search tokens; "It was founded in 1874" is said of many things
_GAP = 8  # words that may stand on either side instead of those that are shared
_MOST_SIDES = 4  # that are shown
# Of the ranked sentences those that are looked at beside the chosen one, and the least of its probability that they
# must have: of altered news the right sentence had .027 or more where it was not chosen, a wrong one .0005.
_FEW, _LIKELY = 5, 0.01
_BESIDE = 12  # characters between the answer that is read and a value of it: "the new harbour" of Marenda; a choice

Place = tuple[str, int]  # a paragraph's address, and where in its article a sentence of it begins
Span = tuple[int, int]  # code points of a text, half open


@dataclass(frozen=True, slots=True)
class Side:
    """A value as its source writes it, the sentence that gives it, where other articles give the same, and where in the
    sentence the words stand that differ."""

    value: str
    match: Match
    evidence: Evidence
    agreeing: tuple[Place, ...] = ()
    differs: tuple[Span, ...] = ()

    @property
    def place(self) -> Place:
        return self.evidence.address, self.match.sentence.start


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A claim with the claims of the other sides, newest first, undated last; ``reason`` says in one sentence how they
    differ, "" where nothing does. ``places`` are the sentences that need not be told again."""

    claims: tuple[Claim, ...]
    reason: str = ""
    values: tuple[str, ...] = ()
    places: frozenset[Place] = frozenset()


def compared(claim: Claim, queries: Sequence[Query], evidence: Sequence[Evidence]) -> Disagreement:
    """The claim alone, or with a sentence, word for word and checked, of each article that differs in what is asked."""
    at = {e.address: e for e in evidence}
    if any(compares(query.asked) for query in queries):
        return Disagreement((claim,))  # of two things two things are said
    for citation in claim.citations:
        if citation.failed or citation.address not in at:
            continue
        for query in queries:
            found = sides(query, at[citation.address], (citation.start, citation.end), evidence)
            claims = [_claim(side, claim, citation, evidence, query.language) for side in found]
            if found and all(one.status != "unsupported" for one in claims):
                places = frozenset(place for side in found for place in (side.place, *side.agreeing))
                values = tuple(side.value for side in found)
                return Disagreement(tuple(claims), reason(found, query.language), values, places)
    return Disagreement((claim,))


def distinct(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence without paragraphs that are, but for some words, copies of a better one in another article.

    They take nothing from the confidence in an answer: that its sources differ is said beside it.
    """
    kept: list[Evidence] = []
    for one in evidence:
        tokens = _all_tokens(one, one.language)
        others = (e for e in kept if e.paragraph.file != one.paragraph.file)
        if not any(_dice(tokens, _all_tokens(other, one.language)) >= _TWIN for other in others):
            kept.append(one)
    return kept


def doubted(query: Query, ranking: Ranking, evidence: Sequence[Evidence]) -> Iterator[Draft]:
    """The likeliest sentence about which another article differs, where one of the first few is such: nothing else
    was said to differ, but an answer is in doubt as long as one that may be right is."""
    likely = [c for c in ranking.candidates[:_FEW] if c.probability >= _LIKELY * ranking.candidates[0].probability]
    for candidate in likely:
        sentence = candidate.match.sentence
        if sides(query, candidate.evidence, (sentence.start, sentence.end), evidence):
            yield Draft(" ".join(sentence.text.split()), (Proposal(candidate.evidence.address, sentence.text),))
            return


def _claim(side: Side, claim: Claim, citation: Citation, evidence: Sequence[Evidence], language: str) -> Claim:
    if side.evidence.address != citation.address:
        quote = side.match.sentence.text
        draft = Draft(" ".join(quote.split()), (Proposal(side.evidence.address, quote),))
        claim = verify(draft, evidence, language=language)
    copies = tuple(dict.fromkeys(address for address, _ in side.agreeing))
    spans = (_in(claim.text, side.match.sentence.text, span) for span in side.differs)
    differs = tuple(sorted({span for span in spans if span}))
    return replace(claim, citations=tuple(_with_copies(c, side, copies) for c in claim.citations), differs=differs)


def _in(claim: str, sentence: str, span: Span) -> Span | None:
    """Where the claim has the words of this span of its sentence: as often as they stand there before, or first."""
    words = " ".join(sentence[slice(*span)].split())
    found = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", claim)]
    before = len(re.findall(rf"(?<!\w){re.escape(words)}(?!\w)", " ".join(sentence[: span[1]].split()))) - 1
    return found[before] if 0 <= before < len(found) else next(iter(found), None)


def _with_copies(citation: Citation, side: Side, copies: tuple[str, ...]) -> Citation:
    if citation.address != side.evidence.address:
        return citation
    return replace(citation, copies=tuple(dict.fromkeys((*citation.copies, *copies))))


def sides(query: Query, cited: Evidence, span: tuple[int, int], evidence: Sequence[Evidence]) -> tuple[Side, ...]:
    """What the sources say of what the cited words (``span`` counts in the article) say, newest first, undated last.

    Two sides or more, each with another value; () where no other paragraph differs in what the question asks.
    """
    asked = _Asked.of(query)
    for match in cited.sentences:
        if match.sentence.start < span[1] and span[0] < match.sentence.end:
            found = _sides(asked, cited, match, evidence)
            if found:
                return tuple(sorted(found, key=lambda side: -_day(side)))
    return ()


def reason(found: Sequence[Side], language: str) -> str:
    """One sentence that names the values, each with its article's day and its source or title; with its file where
    these do not tell them apart."""
    said = catalogue(language)
    known = [_known(side.evidence, language, said["undated_side"]) for side in found]
    alike = len(set(known)) < len(known)
    values = [f"{side.value} ({f'{side.evidence.paragraph.file}, ' if alike else ''}{about})"
              for side, about in zip(found, known, strict=True)]  # fmt: skip
    return said["differ"].format(f" {said['or']} ".join(values))


def _known(found: Evidence, language: str, undated: str) -> str:
    day = spoken_day(found.published, language) if found.published else undated
    return ", ".join(filter(None, (found.source or found.title, day)))


def _day(side: Side) -> int:
    return side.evidence.published.toordinal() if side.evidence.published else 0


def _sides(asked: _Asked, cited: Evidence, match: Match, evidence: Sequence[Evidence]) -> list[Side]:
    agreeing: list[Place] = []
    others: list[Side] = []
    value, differs = "", list[Span]()
    for other, sentence in _similar(cited, match, evidence):
        difference = asked.difference(_laid(match, sentence, cited.language), cited, other)
        if difference is None:
            continue
        if not difference:
            agreeing.append((other.address, sentence.sentence.start))
            continue
        mine, theirs = difference[0].mine.text, difference[0].theirs.text
        value = value or mine
        differs += [pair.here for pair in difference]
        at = next((i for i, side in enumerate(others) if same_name(side.value, theirs)), None)
        if at is not None:
            place = (other.address, sentence.sentence.start)
            others[at] = replace(others[at], agreeing=(*others[at].agreeing, place))
        elif len(others) < _MOST_SIDES - 1:
            others.append(Side(theirs, sentence, other, differs=tuple(pair.there for pair in difference)))
    if not others:
        return _lists(asked, cited, match, evidence)
    return [Side(value, match, cited, tuple(agreeing), tuple(differs)), *others]


# ---------------------------------------------------------------- sentences that say the same thing


def _similar(cited: Evidence, match: Match, evidence: Sequence[Evidence]) -> list[tuple[Evidence, Match]]:
    """The sentence of each other article that is most like this one, where it is like it enough."""
    language = cited.language
    tokens, whole = _tokens(match, cited, language), _all_tokens(cited, language)
    found = []
    for other in evidence:
        if other.paragraph.file == cited.paragraph.file or not other.sentences:
            continue
        read = [(m, _tokens(m, other, language)) for m in other.sentences]
        nearest, there = max(read, key=lambda pair: _dice(tokens, pair[1]))
        alike = _dice(tokens, there)
        copied = alike >= _ALIKE_BELOW_COPY and _dice(whole, _all_tokens(other, language)) >= _COPY
        if copied or (alike >= _ALIKE and len(tokens & there) >= _ENOUGH):
            found.append((other, nearest))
    return found


def _tokens(match: Match, evidence: Evidence, language: str) -> frozenset[str]:
    """The sentence's search tokens, as of a text in this language: that of a copy may have been taken for another."""
    return frozenset(match.tokens) if evidence.language == language else _stemmed(match.sentence.text, language)


@lru_cache(maxsize=4096)
def _stemmed(text: str, language: str) -> frozenset[str]:
    return frozenset(texts.stems(text, language))


def _all_tokens(evidence: Evidence, language: str) -> frozenset[str]:
    return frozenset(token for match in evidence.sentences for token in _tokens(match, evidence, language))


def _dice(a: frozenset[str], b: frozenset[str]) -> float:
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0


@dataclass(frozen=True, slots=True)
class _Word:
    key: str
    start: int
    end: int
    raw: str


_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4096)
def _words(text: str, language: str) -> tuple[_Word, ...]:
    return tuple(_Word(_key(m[0], language), m.start(), m.end(), m[0]) for m in _WORD.finditer(text))


@lru_cache(maxsize=32768)
def _key(word: str, language: str) -> str:
    stems = texts.stems(word, language)
    return stems[0] if stems else texts.fold(word)


@dataclass(frozen=True, slots=True)
class _Laid:
    """Two sentences laid along each other: their texts, their mentions, and where they part."""

    mine: str
    theirs: str
    here: tuple[Mention, ...]
    there: tuple[Mention, ...]
    gaps: tuple[Gap[_Word], ...]


def _laid(match: Match, sentence: Match, language: str) -> _Laid:
    mine, theirs = match.sentence.text, sentence.sentence.text
    apart = gaps(_words(mine, language), _words(theirs, language), key=lambda w: w.key, alone=lambda _: True)
    return _Laid(mine, theirs, tuple(mentions(mine, language)), tuple(mentions(theirs, language)), apart)


# ---------------------------------------------------------------- what differs


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two mentions at one place, of one kind, with different values, and where in either text their words differ."""

    mine: Mention
    theirs: Mention
    here: Span
    there: Span


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the question names, and where in a sentence its answer stands."""

    query: Query
    words: frozenset[str]
    fixed: tuple[Mention, ...]

    @classmethod
    def of(cls, query: Query) -> _Asked:
        return cls(query, frozenset(texts.words(query.text)), tuple(mentions(query.text, query.language)))

    def difference(self, laid: _Laid, cited: Evidence, other: Evidence) -> list[_Pair] | None:
        """Where the sentences differ, first in what is asked; [] where they differ in no value at all; None where they
        do not say the same thing, or differ in something else."""
        pairs = _pairs(laid)
        if any(self.names(m) for pair in pairs for m in (pair.mine, pair.theirs)):
            return None
        if any(_lost(m, laid, other) for m in self.fixed):
            return None
        if not pairs:
            return []
        if len({(p.mine.value, p.theirs.value) for p in pairs}) > 1 and not _long_copy(cited, other):
            return None
        fitting = [p for p in pairs if self.answers(laid.mine, p.mine.start, p.mine.end)]
        return [*fitting, *(pair for pair in pairs if pair not in fitting)] if fitting else None

    def answers(self, text: str, start: int, end: int) -> bool:
        """Whether what the reader finds as the answer in a sentence has a part of this span."""
        first, last, _ = answer_span(as_read(self.query), text)
        return first - _BESIDE < end and start < last + _BESIDE

    def names(self, mention: Mention) -> bool:
        """Whether the question has this name, day or number."""
        if mention.kind == "name":
            return set(texts.words(mention.text)) <= self.words
        return any(compare(mention, m) == "same" for m in self.fixed)


def _lost(mention: Mention, laid: _Laid, other: Evidence) -> bool:
    """Whether the question's name or value stands in the cited sentence and nowhere about the other one."""
    around = f"{other.paragraph.text} . {other.title or ''} . {other.lead}"
    if mention.kind == "name":
        return named_in(mention.text, laid.mine) and not named_in(mention.text, around)
    here = any(compare(mention, m) == "same" for m in laid.here)
    return here and not any(compare(mention, m) == "same" for m in mentions(around, other.language, other.published))


def _long_copy(cited: Evidence, other: Evidence) -> bool:
    """Whether the paragraphs are copies too long to be two fillings of one form ("Shares rose 2 % on Monday")."""
    a, b = (_all_tokens(e, cited.language) for e in (cited, other))
    return len(a & b) >= 30 and _dice(a, b) >= 0.85


def _pairs(laid: _Laid) -> list[_Pair]:
    found = []
    for gap in laid.gaps:
        if len(gap.mine) > _GAP or len(gap.theirs) > _GAP:
            continue
        mine = [m for m in laid.here if _touches(m, gap.mine)]
        theirs = [m for m in laid.there if _touches(m, gap.theirs)]
        mine = mine or _capital(gap.mine, laid.mine)
        theirs = theirs or _capital(gap.theirs, laid.theirs)
        for a in mine:
            b = next((b for b in theirs if comparable(a, b) and not _opens(a, b) and not _opens(b, a)), None)
            if b and _differ(a, b, laid):
                found.append(_Pair(a, b, _apart(a, gap.mine), _apart(b, gap.theirs)))
    return found


def _apart(mention: Mention, words: Sequence[_Word]) -> Span:
    """What of a mention differs: of a name the words that the other lacks, else the whole of it."""
    own = [w for w in words if mention.start <= w.start < mention.end]
    return (own[0].start, own[-1].end) if own and mention.kind == "name" else (mention.start, mention.end)


def _opens(mention: Mention, other: Mention) -> bool:
    """Whether a word has its capital ("Nevertheless") because it alone of the two opens its sentence."""
    return mention.kind == "name" and mention.start == 0 < other.start and " " not in mention.text


def _touches(mention: Mention, words: Sequence[_Word]) -> bool:
    return any(mention.start <= word.start < mention.end for word in words)


def _capital(words: Sequence[_Word], text: str) -> list[Mention]:
    """The capitalised words of a gap as a name, where the text's own names do not have them."""
    capital = [w for w in words if w.raw[0].isupper() and w.start > 0]
    if not capital:
        return []
    start, end = capital[0].start, capital[-1].end
    return [Mention("name", texts.fold(text[start:end]), start, end, text[start:end])]


def _differ(a: Mention, b: Mention, laid: _Laid) -> bool:
    """Whether the two have different values, neither standing at another place where the other sentence parts."""
    if compare(a, b) != "differs":
        return False
    here, there = ([w for gap in laid.gaps for w in getattr(gap, side)] for side in ("mine", "theirs"))
    if any(comparable(a, m) and compare(a, m) == "same" for m in laid.there if _touches(m, there)):
        return False
    return not any(comparable(b, m) and compare(m, b) == "same" for m in laid.here if _touches(m, here))


# ---------------------------------------------------------------- lists that differ


def _lists(asked: _Asked, cited: Evidence, match: Match, evidence: Sequence[Evidence]) -> list[Side]:
    """The list of names in this sentence and the one of another article that has most of it, and not the same names;
    [] where the question names one that differs, as of two values."""
    text = match.sentence.text
    mine = _listed(text, cited.language)
    for other in evidence if mine and asked.answers(text, mine[0].start, mine[-1].end) else ():
        if other.paragraph.file == cited.paragraph.file:
            continue
        for sentence in other.sentences:
            theirs = _listed(sentence.sentence.text, other.language)
            if theirs and _lists_differ(mine, theirs):
                here, there = _alone(mine, theirs), _alone(theirs, mine)
                if any(asked.names(mention) for mention in (*here, *there)):
                    return []
                return [
                    Side(_span(mine, match), match, cited, differs=tuple((m.start, m.end) for m in here)),
                    Side(_span(theirs, sentence), sentence, other, differs=tuple((m.start, m.end) for m in there)),
                ]
    return []


def _alone(names: Sequence[Mention], others: Sequence[Mention]) -> list[Mention]:
    """The names that the other list lacks."""
    return [m for m in names if not any(one_bearer(m.text, other.text) for other in others)]


def _span(names: Sequence[Mention], match: Match) -> str:
    return match.sentence.text[names[0].start : names[-1].end]


def _lists_differ(mine: Sequence[Mention], theirs: Sequence[Mention]) -> bool:
    shared = sum(any(one_bearer(a.text, b.text) for b in theirs) for a in mine)
    most = max(len(mine), len(theirs))
    return shared >= _LIST and _LIST_SHARED * most <= shared < most


_LIST, _LIST_SHARED = 3, 0.6  # names of a list, and the share of the longer one that two lists of one thing have
_BETWEEN = re.compile(r"\s*(?:,|;|,?\s*\b(?:and|or|y|e|o|u)\b)?\s*(?:the|el|la|los|las)?\s*", re.IGNORECASE)


def _listed(text: str, language: str) -> list[Mention]:
    """The longest run of names that only commas and "and" part; [] for fewer than three."""
    best: list[Mention] = []
    run: list[Mention] = []
    for mention in (m for m in mentions(text, language) if m.kind == "name"):
        joined = bool(run) and _BETWEEN.fullmatch(text, run[-1].end, mention.start) is not None
        run = [*run, mention] if joined else [mention]
        best = run if len(run) > len(best) else best
    return best if len(best) >= _LIST else []
