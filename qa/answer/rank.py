"""How likely each sentence of the best paragraphs answers, and whether any does, by the trained reader.

The reader (`qa.model.read`) reads the question beside each of the best paragraphs, the article's title and day before
its words. A linear model over what it says of a sentence, and over how near retrieval found it, orders the sentences (a
softmax over those of one question); another says how likely the first is right at all. Their few weights are in
`rank.json`; `python -m evals.training.calibrate` fits them on questions and prints how good they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qa.model.entail import Check
from qa.model.read import Reader, Reading, bundled
from qa.question.followups import with_answer
from qa.question.periods import of_time, timeless
from qa.types import Evidence, Match, Query

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

# Of a sentence: its paragraph's log-odds to answer, and their distance to the best paragraph's; the log-probability of
# the likeliest span in it, and the distance to the best; the log-odds of its words to bear the answer; its cosine, and
# the distance to the best; its paragraph's retrieval score in log-odds.
FEATURES = ("answers", "answers_gap", "span", "span_gap", "bears", "dense", "dense_gap", "paragraph")
PLAIN = ("answers", "span", "bears", "dense", "paragraph")  # those of them without a distance
# Of a question, for the confidence: the first sentence's features, how it leads, the best other paragraph's log-odds,
# whether another language is asked in, and the log-odds that the paragraph says the question with its answer (`said`):
# a second look, at one answer. What each pays `python -m evals.training.calibrate DATA --without said` prints by folds;
# answered questions were parted from what was written to tempt at .861, without it at .850 (AUROC, the ten folders; own
# questions on news .772, .745), with the weights before those in the package.
SUMMARY = (*FEATURES, "share", "lead", "others", "across", "said")
READ = 5  # paragraphs: .98 of XQuAD's questions have theirs among them, and each costs about .02 s
# Of these the first ones are always read, which is a choice. Each further one only where a sentence of it could come
# within so much of the best one's score, were the reader sure of it (a part for the reader of 0). The others say nearly
# nothing: `python -m evals.bench.left_out` prints, for several leads, how many are read and how many answers change: of
# 759 questions 2 show another further sentence, none another first one, and none is refused instead (5 at 1.5).
FIRST = 2
LEAD = 2.0
# What an answer is called from which confidence on, and the share of such answers that is right and cited. Chosen so
# that the three shares lie apart, on both gold sets (272 answers, none by a model); after another reader or another
# `rank.json` print them again:
#   qa eval --json a.json; qa eval --gold evals/gold/ordinary.jsonl --folder evals/ordinary --json b.json
#   qa eval certainty a.json b.json
Certainty = Literal["sure", "fairly_sure", "unsure"]
CERTAINTY: tuple[tuple[Certainty, float, float], ...] = (
    ("sure", 0.8, 0.95),
    ("fairly_sure", 0.6, 0.83),
    ("unsure", 0.0, 0.52),
)
_WINDOW = 900  # characters of a paragraph that are read, around its nearest sentence: it was trained on 560
_FLOOR = -14.0  # log-probabilities below are alike


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: its evidence, its place in the paragraph, the probability that it does, and the words
    in it that are the answer ("" where it was not read)."""

    evidence: Evidence
    match: Match
    index: int
    probability: float = 0.0
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Sentences, likeliest first, their probabilities summing to 1, and how likely (0..1) the first one is right."""

    candidates: tuple[Candidate, ...]
    confidence: float


def certainty(confidence: float) -> tuple[Certainty, float]:
    """What an answer of this confidence is called, and the share (0..1) of such answers that is right and cited."""
    return next((word, share) for word, least, share in CERTAINTY if confidence >= least)


def rank(query: Query, evidence: Sequence[Evidence], reader: Reader | None = None, *, lead: float = LEAD) -> Ranking:
    """The sentences of the best paragraphs, likeliest first, and the calibrated confidence in the first."""
    import numpy as np

    candidates, rows = features(query, evidence, reader, lead=lead)
    if not candidates:
        return Ranking((), 0.0)
    model = fitted()
    scores = rows @ model.sentence
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    order = np.lexsort((np.arange(len(scores)), -scores))
    ranked = [replace(candidates[i], probability=float(shares[i])) for i in order]
    seen = summary(query, ranked, rows[order], said(query, ranked[0]))
    return Ranking(tuple(ranked), 1 / (1 + math.exp(-float(model.base + seen @ model.confidence))))


def features(
    query: Query, evidence: Sequence[Evidence], reader: Reader | None = None, *, lead: float = math.inf
) -> tuple[list[Candidate], Matrix]:
    """The candidates and their features: one row a candidate, columns as in `FEATURES`. With a ``lead`` the paragraphs
    that the best sentence has left so far behind are not read, by the weights in the package."""
    import numpy as np

    reader, weights = reader or bundled(), fitted().plain if lead < math.inf else np.zeros(len(PLAIN))
    candidates: list[Candidate] = []
    rows: list[list[float]] = []
    for n, one in enumerate(_Read.of(e) for e in evidence[:READ] if any(map(_says, e.sentences))):
        if n < FIRST or max(np.array(rows) @ weights) - _surest(one, weights) < lead:
            (reading,) = reader.read([_asked(query, one.evidence)], [one.text])
            for candidate, row in _rated(one, reading):
                candidates.append(candidate)
                rows.append(row)
    if not rows:
        return [], np.zeros((0, len(FEATURES)))
    answers, span, bears, dense, paragraph = np.array(rows, dtype=np.float64).T
    columns = (answers, answers - answers.max(), span, span - span.max(), bears, dense, dense - dense.max(), paragraph)
    return candidates, np.stack(columns, 1)


def _rated(one: _Read, reading: Reading) -> Iterator[tuple[Candidate, list[float]]]:
    """The sentences of a paragraph as they were read, each with what `PLAIN` names."""
    for n, (index, start, end) in enumerate(one.sentences):
        match = one.evidence.sentences[index]
        first, last, share = reading.best(one.day if n == 0 else start, end)
        candidate = Candidate(one.evidence, match, index, answer=one.text[first:last].strip())
        yield candidate, [reading.answers, max(share, _FLOOR), _bears(reading, start, end), match.dense, one.score]


def _surest(one: _Read, weights: Matrix) -> float:
    """The score of the nearest sentence of a paragraph, were the reader sure of it."""
    nearest = max(one.evidence.sentences[index].dense for index, _, _ in one.sentences)
    return float(weights @ (0.0, 0.0, 0.0, nearest, one.score))


def as_read(query: Query) -> str:
    """The question as the reader sees it: one that leans on the chat first, what it leans on after it in brackets. So
    .93 and .86 of 28 follow-ups each over news and XQuAD find their sentence, in the chat's order .68 and .61."""
    before = query.text.removesuffix(query.asked).strip()
    return f"{query.asked} ({before})" if before and before != query.text else query.text


def _asked(query: Query, evidence: Evidence) -> str:
    """The question as it is read beside a paragraph: without its days, where the article is of them ("the talks of 26
    July" are on "Saturday" there)."""
    asked = as_read(query)
    return timeless(asked, query.language) if of_time(query.when, evidence.published) else asked


def _says(match: Match) -> bool:
    return len(match.tokens) > 1  # ")" and "Ibid." answer nothing


def _bears(reading: Reading, start: int, end: int) -> float:
    return max(reading.bears(start, end), _FLOOR)


@dataclass(frozen=True, slots=True)
class _Read:
    """A paragraph as it is read: the text, where its words or the article's day before them start (an answer that is
    the day goes with the first sentence), and (index, start, end) of those of its sentences that are in it."""

    evidence: Evidence
    text: str
    day: int
    sentences: tuple[tuple[int, int, int], ...]
    score: float

    @classmethod
    def of(cls, evidence: Evidence) -> _Read:
        head = evidence.heading
        low, high = _window(evidence.sentences)
        begin, end = evidence.sentences[low].sentence.start, evidence.sentences[high - 1].sentence.end
        base = evidence.paragraph.start
        shift = len(head) - (begin - base)
        places = [
            (i, m.sentence.start - base + shift, m.sentence.end - base + shift)
            for i, m in enumerate(evidence.sentences[low:high], start=low)
            if _says(m)
        ]
        odds = math.log(max(evidence.score, 1e-9) / max(1 - evidence.score, 1e-9))
        text = head + evidence.paragraph.text[begin - base : end - base]
        return cls(evidence, text, len(head) - 11 if evidence.published else len(head), tuple(places), odds)


def _window(sentences: Sequence[Match]) -> tuple[int, int]:
    """The sentences that are read: all, or of a long paragraph the nearest one and those around it, half before it."""
    near = max(range(len(sentences)), key=lambda i: sentences[i].dense)
    low = high = near
    for room in (_WINDOW // 2, _WINDOW):  # what is left before the nearest one goes to what comes after, and back
        while low > 0 and _length(sentences, low - 1, high) <= room:
            low -= 1
        while high + 1 < len(sentences) and _length(sentences, low, high + 1) <= _WINDOW:
            high += 1
    return low, high + 1


def _length(sentences: Sequence[Match], low: int, high: int) -> int:
    return sentences[high].sentence.end - sentences[low].sentence.start


def said(query: Query, candidate: Candidate, check: Check | None = None) -> float:
    """The log-odds (within ±14) that the candidate's paragraph says the question with the candidate's answer."""
    claim = with_answer(_asked(query, candidate.evidence), candidate.answer)
    (verdict,) = (check or Check()).verdicts([claim], [_Read.of(candidate.evidence).text])
    return verdict.odds


def summary(query: Query, ranked: Sequence[Candidate], rows: Matrix, looked: float) -> Matrix:
    """What the confidence is judged by, in the order of `SUMMARY`: the candidates with their rows, best first, and
    what `said` gives for the first."""
    import numpy as np

    first = ranked[0]
    second = ranked[1].probability if len(ranked) > 1 else 0.0
    at = FEATURES.index("answers")
    others = [r[at] for c, r in zip(ranked, rows, strict=True) if c.evidence.address != first.evidence.address]
    across = float(first.evidence.language != query.language)
    lead = first.probability - second
    return np.array([*rows[0], first.probability, lead, max(others, default=-6.0), across, looked])


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a sentence's features, and of a question's for the confidence with their base."""

    sentence: Matrix
    base: float
    confidence: Matrix

    @property
    def plain(self) -> Matrix:
        """Of `PLAIN` within one question, where a distance differs as much as what it is taken from."""
        import numpy as np

        by_name = dict(zip(FEATURES, self.sentence, strict=True))
        return np.array([by_name[name] + by_name.get(f"{name}_gap", 0.0) for name in PLAIN])


@lru_cache(maxsize=1)
def fitted() -> Weights:
    """What is in `rank.json`."""
    import numpy as np

    data = json.loads((Path(__file__).parent / "rank.json").read_text(encoding="utf-8"))
    if tuple(data["sentence"]) != FEATURES or tuple(data["confidence"]) != SUMMARY:
        raise ValueError("qa/answer/rank.json has other features; run evals/training/calibrate.py again.")
    return Weights(
        np.array(list(data["sentence"].values())), float(data["base"]), np.array(list(data["confidence"].values()))
    )
