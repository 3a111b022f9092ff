"""The embedded answerer: the fewest sentences of the articles that answer, word for word, each citing its paragraph."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from qa.answer.rank import Candidate, Ranking, as_read
from qa.language.mentions import mentions
from qa.language.text import detect_language, words
from qa.model.read import bundled
from qa.question.followups import wants_list
from qa.types import Draft, Proposal, Query

# What another value of these would give `evals.bench.sweep qa.answer.extract._SURE=.4,.8 -- evals --no-trivial` prints,
# of the gold questions; as they are .781 are right and cited, in 44.1 words (mean).
_SURE = 0.57  # share of the first sentence above which no other is shown: .781 in 41.5 at .4, .806 in 49.8 at .8
_LEAST = 0.05  # the probability of a further sentence: the same at .02, in 43.7 at .1
_RIVAL = 0.08  # and its share of the first one's: the same at .04, in 43.9 at .16
_ROOM = 120  # words of an answer: a choice
_MOST = 3  # and sentences: the same in 42.2 at 2, in 44.8 at 4
# Whatever the first one's share, a further sentence that is this likely for every so many words: a short one costs a
# reader little ("Today, this is known as the Miasma theory."). On XQuAD's dev half .868 (English) and .850 (Spanish)
# are right and cited, in 35 and 40 words (median); without this .842 and .830, in 32 and 38.
_PER_WORD = 0.25 / 28
_SHORTEST = 8  # words: a shorter sentence counts as so many
# The log-probability below which a span is no answer: the reader puts the rest on "nowhere".
_NOWHERE = -2.5
_EDGES = " \t\n\"“”«»'‘’,;:."  # what a span may carry along and a short answer does not need
# The same where several things are asked for: choices
_LIST_RIVAL = 0.1
_LIST_ROOM = 130
_LIST_MOST = 4


def extract(query: Query, ranking: Ranking) -> Iterator[Draft]:
    """The likeliest sentence, and further ones where it is unsure; in reading order within one paragraph."""
    chosen = choose(ranking, several=wants_list(query.asked))
    if len({c.evidence.address for c in chosen}) == 1:
        chosen.sort(key=lambda c: c.index)
    for candidate in chosen:
        quote = candidate.match.sentence.text
        yield Draft(" ".join(quote.split()), (Proposal(candidate.evidence.address, quote),))


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
    cheap = candidate.probability >= _PER_WORD * max(own, _SHORTEST)
    return (unsure or cheap) and length <= _ROOM


def _length(candidate: Candidate) -> int:
    return len(candidate.match.sentence.text.split())


def _words(candidate: Candidate) -> tuple[str, ...]:
    return tuple(words(candidate.match.sentence.text))


def short_answer(query: Query, text: str) -> str:
    """The words of an answer's sentence that answer the question; "" where the reader finds none in it."""
    start, end, share = answer_span(as_read(query), text)
    return whole_mention(text, start, end) if share > _NOWHERE else ""


def whole_mention(text: str, start: int, end: int) -> str:
    """The words of a span, widened to the whole of a date, number or name that it cuts: "2023" is "May 2023"."""
    language = detect_language(text)
    cut = [m for m in mentions(text, language) if m.start < end and start < m.end]
    first, last = min([start, *(m.start for m in cut)]), max([end, *(m.end for m in cut)])
    return text[first:last].strip(_EDGES)


@lru_cache(maxsize=1024)
def answer_span(question: str, text: str) -> tuple[int, int, float]:
    """Where in a sentence the likeliest answer stands, half open, in code points, and the log of its probability."""
    (reading,) = bundled().read([question], [text])
    return reading.best()
