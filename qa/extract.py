"""The embedded answerer: the fewest sentences of the articles that answer, word for word, each citing its paragraph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qa.mentions import Mention, expected, mentions
from qa.rank import RIVAL, Candidate, Ranking
from qa.rewrite import wants_list
from qa.text import words
from qa.types import Draft, Proposal, Query

_SURE = 0.57  # share of the first sentence; above, another right one is too rare to be worth a reader's time
# A further sentence's probability, and its share of the first one's; words and sentences of an answer.
_LEAST, _RIVAL, _ROOM, _MOST = 0.05, 0.08, 120, 3
# Whatever the first one's share, a further sentence that is this likely for every so many words: a short one costs a
# reader little ("Today, this is known as the Miasma theory."). On XQuAD's dev half .868 (English) and .850 (Spanish)
# are right and cited, in 35 and 40 words (median); without this .842 and .830, in 32 and 38.
_DEAR, _PER_WORDS, _SHORTEST = 0.25, 28, 8
_COUNTED = {"number", "amount", "percent", "date"}
_LOOKED_AT = 6  # candidates; further ones are never shown
_LIST_RIVAL, _LIST_ROOM, _LIST_MOST = 0.1, 130, 4  # the same where several things are asked for


def extract(query: Query, ranking: Ranking) -> Iterator[Draft]:
    """The likeliest sentence, and further ones where it is unsure; in reading order within one paragraph."""
    chosen = choose(_fitting(query, ranking), several=wants_list(query.asked))
    if len({c.evidence.address for c in chosen}) == 1:
        chosen.sort(key=lambda c: c.index)
    for candidate in chosen:
        quote = candidate.match.sentence.text
        yield Draft(" ".join(quote.split()), (Proposal(candidate.evidence.address, quote),))


def _fitting(query: Query, ranking: Ranking) -> Ranking:
    """The ranking without the sentences that lack what is counted, where one that is about as likely has it."""
    kinds = expected(query.asked, query.language)
    if not kinds or not kinds <= _COUNTED:
        return ranking
    least = RIVAL * ranking.candidates[0].probability
    fitting = [c for c in ranking.candidates[:_LOOKED_AT] if c.probability >= least and _gives(c, query, kinds)]
    return replace(ranking, candidates=tuple(fitting)) if fitting else ranking


def _gives(candidate: Candidate, query: Query, kinds: frozenset[str]) -> bool:
    """Whether the sentence has a mention of these kinds that the question does not name itself."""
    evidence = candidate.evidence
    found = mentions(candidate.match.sentence.text, evidence.language, evidence.published)
    return any(_fits(mention, query, kinds) for mention in found)


def _fits(mention: Mention, query: Query, kinds: frozenset[str]) -> bool:
    return mention.kind in kinds and not set(words(mention.text)) <= set(words(query.text))


def choose(ranking: Ranking, *, several: bool = False) -> list[Candidate]:
    """The candidates worth showing, likeliest first; none twice where copies carry the same words."""
    chosen: list[Candidate] = []
    for candidate in ranking.candidates:
        if len(chosen) == (_LIST_MOST if several else _MOST) or (chosen and not _worth(candidate, chosen, several)):
            break
        if _words(candidate) not in {_words(c) for c in chosen}:
            chosen.append(candidate)
    return chosen


def _worth(candidate: Candidate, chosen: list[Candidate], several: bool) -> bool:
    share = candidate.probability / (chosen[0].probability or 1.0)
    own = _length(candidate)
    length = own + sum(map(_length, chosen))
    if several:
        return share >= _LIST_RIVAL and length <= _LIST_ROOM
    unsure = chosen[0].probability < _SURE and candidate.probability >= _LEAST and share >= _RIVAL
    cheap = candidate.probability * _PER_WORDS >= _DEAR * max(own, _SHORTEST)
    return (unsure or cheap) and length <= _ROOM


def _length(candidate: Candidate) -> int:
    return len(candidate.match.sentence.text.split())


def _words(candidate: Candidate) -> tuple[str, ...]:
    return tuple(words(candidate.match.sentence.text))


def short_answer(query: Query, text: str, language: str) -> str:
    """The first mention in an answer's sentence of the kind that is asked for, not named in the question; or ""."""
    kinds: frozenset[str] = expected(query.asked, query.language)
    return next((m.text for m in mentions(text, language) if _fits(m, query, kinds)), "")
