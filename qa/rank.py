"""How likely each retrieved sentence answers the question: features of the pair, and two small models of them.

One, linear, orders the sentences (a softmax over those of one question); the other, a hundred trees of four leaves,
says how likely the first is right at all. Both (`rank.json`) are trained by `evals/train.py` on public question sets,
never on the seeds' gold questions; they are there twice, with and without what the lexicon knows.
docs/ARCHITECTURE.md has the figures.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from qa.lexicon import LANGUAGES, Likeness
from qa.mentions import Mention, dates, expected, mentions, names, numbers, same_date
from qa.names import lacks_across, named_across, named_by_seat, named_in
from qa.premises import Lack, contradicted
from qa.text import stems, words
from qa.types import Evidence, Match, Period, Query
from qa.when import SHORTLY, holds, named_days

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

# Of the pair of question and sentence. "near" is the sentence with its two neighbours, "context" the paragraph with its
# article's title and lead, "same" says that question and sentence are in one language, "gap" is the distance to the
# best candidate.
FEATURES = (
    "dense", "dense_gap", "dense_gap_across", "dense_rank", "best_dense", "paragraph_dense_gap", "paragraph_gap",
    "paragraph_rank", "best_paragraph", "paragraph_lexical", "coverage", "coverage_same", "coverage_gap",
    "coverage_gap_same", "coverage_near", "coverage_paragraph", "coverage_context", "missing_near",
    "missing_paragraph", "alike", "alike_gap", "alike_across", "alike_near", "alike_paragraph", "alike_paragraph_gap",
    "alike_context", "unlike_sentence", "unlike_near", "unlike_paragraph", "unlike_context", "dense_near",
    "dense_paragraph", "dense_lead", "adjacent", "names_asked", "names_sentence", "names_context", "names_context_all",
    "names_article", "names_article_all", "values_asked", "values_sentence", "values_paragraph", "value_conflict",
    "kind_asked", "kind_found", "kind_missing", "kind_beside", "kind_covered", "reason_asked", "reason_found",
    "new_names", "new_values", "new_words", "length", "position", "first", "sentences", "quoted", "same",
    "question_length",
)  # fmt: skip

# What remains of the confidence when something that is asked for is lacking. On the gold questions of the seeds this
# refuses 57 % of the near misses instead of 23 %, and costs 7 % of the right answers.
_LACKING = 0.4
RIVAL = 0.25  # a second sentence is worth a reader's time when it is this likely, as a share of the first
_NAMED = 0.72  # the least confidence in a sentence that names whoever is asked about, when nothing else is asked
_ALIKE = 0.8  # of difflib's ratio: "Geegen" and "Gegeen", not "Iran" and "Iraq"
_SUBJECTS = 3  # the names that an article names most often: it is about them, and may call them "he" or "the company"
_READ = {"en", "es"}  # languages whose dates, number words and reasons `mentions` knows
_COUNTED = {"number", "amount", "percent", "date", "ordinal"}  # a person or a place may be given without a name
_SHORTLIST = 16  # sentences that get the dear features (mentions cost about half a millisecond a sentence)
_YEAR = re.compile(r"(?<![\d.,])(?:1[0-9]|20)\d\d(?![\d%]|[.,]\d)")
_REASONS = frozenset(
    "because due since reason cause caused therefore thus order given response owing amid thanks "
    "para porque debido causa razon motivo gracias dado dada raiz pues".split()
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: its evidence, its place in the paragraph, and the probability that it does."""

    evidence: Evidence
    match: Match
    index: int
    probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Ranking:
    """Sentences, likeliest first, their probabilities summing to 1; how likely (0..1) the first one is right; and what
    it lacks, if anything."""

    candidates: tuple[Candidate, ...]
    confidence: float
    lack: Lack | None = None


def rank(query: Query, evidence: Sequence[Evidence]) -> Ranking:
    """The likeliest sentences of the evidence to hold the answer, and the calibrated confidence in the first."""
    import numpy as np

    candidates, rows = features(query, evidence)
    if not candidates:
        return Ranking((), 0.0)
    model = _models()[_likened(query, candidates)]
    scores = rows @ model.sentence
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    order = np.lexsort((np.arange(len(scores)), -scores))
    confidence = model.confidence(summary(rows[order], scores[order], shares[order]))
    ranked = tuple(replace(candidates[i], probability=float(shares[i])) for i in order)
    if _only_names(query) and rows[order[0]][FEATURES.index("names_sentence")] == 1:
        confidence = max(confidence, _NAMED)
    close = 1 + sum(c.probability >= RIVAL * ranked[0].probability for c in ranked[1:2])
    lack = _lack(query, ranked[:close], rows[order[:close]])
    return Ranking(ranked, min(confidence, _LACKING) if lack else confidence, lack)


def _lack(query: Query, best: Sequence[Candidate], rows: Matrix) -> Lack | None:
    """What the best one or two candidates lack of what is asked, in a language where that can be told."""
    at = {name: rows[:, i] for i, name in enumerate(FEATURES)}
    first = best[0].evidence
    kinds = sorted(expected(query.asked, query.language))
    if first.language not in _READ:
        return None
    if at["kind_missing"].all() and set(kinds) <= _COUNTED:
        return Lack("kind", kinds[0])
    if at["reason_asked"][0] and not at["reason_found"].any():
        return Lack("reason")
    if year := _other_year(query, best):
        return Lack("name", year)
    if time := _other_time(query, best):
        return Lack("name", time)
    if against := contradicted(query.asked, query.language, first, best[0].index):
        return against
    if at["names_context_all"][0]:
        return None
    about = " ".join(first.names.split(" · ")[:_SUBJECTS])
    context = f"{first.title or ''} {first.lead} {about} {first.paragraph.text}"
    same = bool(at["same"][0])
    asked = [name for m in names(query.asked, query.language) for name in _bearers(m, query)]
    return next((Lack("name", name) for name in asked if not _there(name, context, same)), None)


def _bearers(mention: Mention, query: Query) -> list[str]:
    """The names in what was read as one: "Pezeshkian-Rashid" is two, and the word that opens a question may be none."""
    name = mention.text
    if not query.asked[: mention.start].strip("¿¡\"“«'‘( "):
        name = name.partition(" ")[2]
    return [part for part in re.split(r"(?<=\w{3})[-–](?=[A-Z]\w{2})", name) if part]


def _there(name: str, context: str, same: bool) -> bool:
    """Whether the context names it, be it by another name; across languages, unless it surely does not."""
    if named_by_seat(name, context):
        return True
    return _meant(name, context) if same else not lacks_across(name, context)


def _other_year(query: Query, best: Sequence[Candidate]) -> str:
    """A year of the question that the best candidates' paragraphs do not have, though each has another; else ""."""
    asked = {year for m in dates(query.asked, query.language) for year in _YEAR.findall(m.text)}
    found = [c.evidence for c in best]
    there = " ".join(f"{e.title or ''} {e.lead} {e.paragraph.text} {e.published}" for e in found)
    missing = asked - set(_YEAR.findall(there))
    return min(missing) if missing and all(_YEAR.search(e.paragraph.text) for e in found) else ""


def _other_time(query: Query, best: Sequence[Candidate]) -> str:
    """The day, month or year of the question that the best candidates are not of, being of others: articles published
    at another time, in paragraphs and leads that do not name it; "" else. Only what is named with its year counts:
    "on Friday" may be meant as the article says it."""
    named = [m.text for m in dates(query.asked, query.language) if _YEAR.search(m.text)]
    periods = [p for p in query.when.periods if p.since and p.until] if query.when and named else []
    if not periods or any(_of_time(c.evidence, period) for c in best for period in periods):
        return ""
    return named[0]


def _of_time(evidence: Evidence, asked: Period) -> bool:
    """Whether the paragraph may be of the period: published in it or soon after, naming a day in it, or undated."""
    published = evidence.published
    if published is None or asked.since is None or asked.until is None:
        return True
    if asked.since <= published <= asked.until + timedelta(days=SHORTLY):
        return True
    days = named_days(f"{evidence.lead} {evidence.paragraph.text}", evidence.language, published)
    return any(holds(asked, day) or holds(day, asked) for day in days)


def _meant(name: str, context: str) -> bool:
    """Whether the context names it, however it is written: half of it and its first letters ("Percy Shelly"), its
    initials ("SP" for Scottish Parliament), in two words or one ("Superbowl"), or with a letter amiss ("Geegen")."""
    if named_across(name, context):
        return True
    letters, there = "".join(words(name)), words(context)
    if name.isupper() and letters in "".join(word[0] for word in there):
        return bool(re.search(r"\b" + r"\w+ (?:(?:of|the|de|del|la|y|and) )*".join(letters) + r"\w+", " ".join(there)))
    return letters in "".join(there) or bool(len(letters) > 4 and get_close_matches(letters, there, 1, _ALIKE))


def _only_names(query: Query) -> bool:
    """Whether nothing but names is asked about ("Who is Bagheri?")."""
    named = {word for m in names(query.text, query.language) for word in words(m.text)}
    weights = query.weights.get(query.language, {})
    return bool(weights) and set(weights) <= set(stems(" ".join(named), query.language))


def summary(rows: Matrix, scores: Matrix, shares: Matrix) -> Matrix:
    """What the confidence is judged by: the first sentence's features, and its lead over the others."""
    import numpy as np

    second = (shares[1], scores[1]) if len(shares) > 1 else (0.0, scores[0] - 5)
    lead = [shares[0], shares[0] - second[0], min(scores[0] - second[1], 5.0), shares[:3].sum(), scores[0]]
    return np.array([*rows[0], *lead])


def features(query: Query, evidence: Sequence[Evidence]) -> tuple[list[Candidate], Matrix]:
    """The shortlisted candidates and their feature matrix: one row a candidate, columns as in `FEATURES`."""
    import numpy as np

    asked = _Asked.of(query)
    everything = [
        Candidate(e, m, i)
        for e in evidence
        if e.paragraph.kind != "heading"
        for i, m in enumerate(e.sentences)
        if len(m.tokens) > 1  # ")" and "Ibid." answer nothing, and are unlike any sentence the models have seen
    ]
    if not everything:
        return [], np.zeros((0, len(FEATURES)))
    coverage = [asked.coverage(c.match.tokens, c.evidence.language) for c in everything]
    paragraphs = [asked.alike([t for m in e.sentences for t in m.tokens], e.language) for e in evidence]
    top = _Top(
        sorted((c.match.dense for c in everything), reverse=True),
        max(coverage),
        max(asked.alike(c.match.tokens, c.evidence.language) for c in everything),
        max(paragraphs),
    )
    # the sum in which cosine and coverage weigh about what they weigh in the model
    cheap = [10 * c.match.dense + share + 0.3 * c.evidence.score for c, share in zip(everything, coverage, strict=True)]
    chosen = sorted(range(len(everything)), key=lambda i: -cheap[i])[:_SHORTLIST]
    rows = [asked.row(everything[i], coverage[i], top) for i in chosen]
    return [everything[i] for i in chosen], np.array(rows, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Top:
    """The best of all candidates, which gaps are measured from: the similarities, falling, the best coverage, and the
    best likeness of a sentence and of a paragraph."""

    dense: list[float]
    coverage: float
    alike: float
    alike_paragraph: float


@dataclass(frozen=True, slots=True)
class _Around:
    """The search tokens around a candidate: its own with its two neighbours', its paragraph's, and these with those of
    its article's title and lead."""

    near: list[str]
    whole: list[str]
    context: list[str]

    @classmethod
    def of(cls, c: Candidate) -> _Around:
        e = c.evidence
        near = [t for m in (*_neighbours(c), c.match) for t in m.tokens]
        whole = [t for m in e.sentences for t in m.tokens]
        return cls(near, whole, [*whole, *stems(f"{e.title or ''} {e.lead}", e.language)])


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question, taken apart once for all candidates."""

    query: Query
    words: frozenset[str]
    names: tuple[Mention, ...]
    values: tuple[Mention, ...]
    kinds: frozenset[str]
    likeness: Likeness
    shares: Matrix  # of the question's weight, for each of its tokens

    @classmethod
    def of(cls, query: Query) -> _Asked:
        import numpy as np

        text, language = query.text, query.language
        values = (*dates(text, language), *numbers(text, language))
        kinds = frozenset(str(kind) for kind in expected(query.asked, language))
        weights = query.weights.get(language, {})
        shares = np.array(list(weights.values())) / (sum(weights.values()) or 1.0)
        named = tuple(names(text, language))
        return cls(query, frozenset(words(text)), named, values, kinds, Likeness(list(weights), language), shares)

    def coverage(self, tokens: Sequence[str], language: str) -> float:
        """The share of the question's weight that stands in the tokens, 0..1."""
        weights = self.query.weights.get(language, {})
        there = set(tokens)
        return sum(w for t, w in weights.items() if t in there) / (sum(weights.values()) or 1.0)

    def alike(self, tokens: Sequence[str], language: str) -> float:
        """The share of the question's weight, 0..1, for which the tokens have the same or something like it."""
        return float(self.shares @ self.likeness.best(tokens, language) ** 2)

    def unlike(self, tokens: Sequence[str], language: str) -> float:
        """How much weight, as a share of the heaviest token's, the question's most missing token has: 0..1."""
        missing = self.shares * (1 - self.likeness.best(tokens, language))
        return float(missing.max() / self.shares.max()) if len(missing) and self.shares.max() else 0.0

    def row(self, c: Candidate, coverage: float, top: _Top) -> list[float]:
        """The candidate's features in the order of `FEATURES`."""
        same, around = float(c.evidence.language == self.query.language), _Around.of(c)
        found = {
            **self._dense(c, same, top),
            **self._lexical(c, same, coverage, top, around),
            **self._likeness(c, same, top, around),
            **self._mentioned(c, same),
            **self._shape(c),
            "same": same,
            "question_length": float(len(self.query.weights.get(c.evidence.language, {}))),
        }
        return [found[name] for name in FEATURES]

    def _dense(self, c: Candidate, same: float, top: _Top) -> dict[str, float]:
        gap = c.match.dense - top.dense[0]
        rank = float(top.dense.index(c.match.dense))
        return {
            "dense": c.match.dense,
            "dense_gap": gap,
            "dense_gap_across": (1 - same) * gap,
            "dense_rank": rank,
            "best_dense": float(rank == 0),
            "paragraph_dense_gap": c.match.dense - c.evidence.dense,
            "paragraph_gap": c.evidence.dense - top.dense[0],
            "paragraph_rank": float(c.evidence.rank),
            "best_paragraph": float(c.evidence.rank == 1),
            "dense_near": max([m.dense for m in _neighbours(c)], default=c.match.dense) - c.match.dense,
            "dense_paragraph": sum(m.dense for m in c.evidence.sentences) / len(c.evidence.sentences) - top.dense[0],
            "dense_lead": top.dense[0] - top.dense[len(top.dense) // 2],
        }

    def _likeness(self, c: Candidate, same: float, top: _Top, around: _Around) -> dict[str, float]:
        language = c.evidence.language
        near, whole, context = around.near, around.whole, around.context
        alike, alike_whole = self.alike(c.match.tokens, language), self.alike(whole, language)
        return {
            "alike": alike,
            "alike_gap": alike - top.alike,
            "alike_across": (1 - same) * alike,
            "alike_near": self.alike(near, language),
            "alike_paragraph": alike_whole,
            "alike_paragraph_gap": alike_whole - top.alike_paragraph,
            "alike_context": self.alike(context, language),
            "unlike_sentence": self.unlike(c.match.tokens, language),
            "unlike_near": self.unlike(near, language),
            "unlike_paragraph": self.unlike(whole, language),
            "unlike_context": self.unlike(context, language),
        }

    def _lexical(self, c: Candidate, same: float, coverage: float, top: _Top, around: _Around) -> dict[str, float]:
        e, language = c.evidence, c.evidence.language
        weights = self.query.weights.get(language, {})
        near, whole, context = around.near, around.whole, around.context
        gap = coverage - top.coverage
        return {
            "paragraph_lexical": e.lexical / (sum(weights.values()) or 1.0),
            "coverage": coverage,
            "coverage_same": same * coverage,
            "coverage_gap": gap,
            "coverage_gap_same": same * gap,
            "coverage_near": self.coverage(near, language),
            "coverage_paragraph": self.coverage(whole, language),
            "coverage_context": self.coverage(context, language),
            "missing_near": same * _rarest(weights, near),
            "missing_paragraph": same * _rarest(weights, whole),
            "adjacent": _adjacent(c.match.tokens, weights),
            "new_words": float(min(len(set(c.match.tokens) - set(weights)), 25)),
        }

    def _mentioned(self, c: Candidate, same: float) -> dict[str, float]:
        e, text, language = c.evidence, c.match.sentence.text, c.evidence.language
        found = mentions(text, language, e.published)
        new = [m for m in found if not self._asked_about(m)]
        fitting = [m for m in new if m.kind in self.kinds or self._counts(m)]
        context = self._names_in(f"{e.title or ''} {e.lead} {e.paragraph.text}", same)
        article = self._names_in(e.names, same)
        values = self._values_in(found)
        asked = float(bool(self.kinds - {"reason"}))
        beside = _beside(fitting, text, set(self.query.weights.get(language, {})), language)
        return {
            "names_asked": float(len(self.names)),
            "names_sentence": self._names_in(text, same),
            "names_context": context,
            "names_context_all": float(context == 1.0),
            "names_article": article,
            "names_article_all": float(article == 1.0),
            "values_asked": float(len(self.values)),
            "values_sentence": values,
            "values_paragraph": self._values_in(mentions(e.paragraph.text, language, e.published)),
            "value_conflict": float(values < 1 and any(m.kind != "name" for m in found)),
            "kind_asked": asked,
            "kind_found": float(min(len(fitting), 3)),
            "kind_missing": float(bool(asked) and not fitting),
            "kind_beside": beside,
            "kind_covered": same * float(bool(fitting)) * beside,
            "reason_asked": float("reason" in self.kinds),
            "reason_found": float("reason" in self.kinds and bool(_REASONS & set(words(text)))),
            "new_names": float(min(sum(m.kind == "name" for m in new), 4)),
            "new_values": float(min(sum(m.kind != "name" for m in new), 4)),
        }

    def _shape(self, c: Candidate) -> dict[str, float]:
        text = c.match.sentence.text
        return {
            "length": math.log1p(len(text)),
            "position": float(c.index),
            "first": float(c.index == 0),
            "sentences": float(len(c.evidence.sentences)),
            "quoted": float(any(mark in text for mark in '“”"«»')),
        }

    def _counts(self, mention: Mention) -> bool:
        """Whether a number was taken for a year ("2000 guests"), or a year for a number ("as early as 1519")."""
        if not mention.text.isdigit():
            return False
        return "number" in self.kinds if mention.kind == "date" else "date" in self.kinds and len(mention.text) == 4

    def _names_in(self, text: str, same: float) -> float:
        """The share of the question's names that the text names, 0..1; 1 for a question without names."""
        there = named_in if same else named_across
        return sum(there(m.text, text) for m in self.names) / len(self.names) if self.names else 1.0

    def _values_in(self, found: Sequence[Mention]) -> float:
        if not self.values:
            return 1.0
        return sum(any(_same_value(v, m) for m in found) for v in self.values) / len(self.values)

    def _asked_about(self, mention: Mention) -> bool:
        """Whether the question itself names this, so that it cannot be what is asked for."""
        if mention.kind == "name":
            return set(words(mention.text)) <= self.words
        return any(_same_value(v, mention) for v in self.values)


def _adjacent(tokens: Sequence[str], weights: Mapping[str, float]) -> float:
    """The share of the question's neighbouring token pairs that stand within three tokens of each other."""
    pairs = list(pairwise(weights))
    at = {t: i for i, t in enumerate(tokens)}
    close = sum(1 for a, b in pairs if a in at and b in at and abs(at[a] - at[b]) <= 3)
    return close / len(pairs) if pairs else 0.0


def _rarest(weights: Mapping[str, float], tokens: Sequence[str]) -> float:
    """The weight of the rarest of the question's tokens that is not there, as a share of its rarest, 0..1."""
    there = set(tokens)
    return max((w for t, w in weights.items() if t not in there), default=0.0) / max(weights.values(), default=1.0)


def _neighbours(c: Candidate) -> tuple[Match, ...]:
    """The sentences before and after the candidate in its paragraph."""
    every = c.evidence.sentences
    return (*every[max(0, c.index - 1) : c.index], *every[c.index + 1 : c.index + 2])


def _same_value(asked: Mention, found: Mention) -> bool:
    if asked.kind == "date" and found.kind == "date":
        return same_date(asked.value, found.value) or same_date(found.value, asked.value)
    return asked.value == found.value


def _beside(fitting: Sequence[Mention], text: str, asked: set[str], language: str) -> float:
    """The largest share, 0..1, of the question's words that stand within 40 characters of a fitting mention."""
    if not fitting:
        return 0.0
    reach = (stems(text[max(0, m.start - 40) : m.end + 40], language) for m in fitting)
    return max(len(asked & set(tokens)) for tokens in reach) / (len(asked) or 1)


def _likened(query: Query, candidates: Sequence[Candidate]) -> bool:
    """Whether the lexicon knows the languages of the question and of all candidates."""
    return {query.language, *(c.evidence.language for c in candidates)} <= LANGUAGES


@dataclass(frozen=True, slots=True)
class _Model:
    """Weights of the features; trees over `summary`, whose nodes are (feature, threshold, left, right) or (value,)."""

    sentence: Matrix
    base: float
    trees: tuple[tuple[tuple[float, ...], ...], ...]

    def confidence(self, seen: Matrix) -> float:
        """The probability, 0..1, that the first sentence or the next holds the answer."""
        score = self.base + sum(_leaf(tree, seen) for tree in self.trees)
        return 1 / (1 + math.exp(-score))


def _leaf(tree: Sequence[Sequence[float]], seen: Matrix) -> float:
    node = tree[0]
    while len(node) > 1:
        node = tree[int(node[2] if seen[int(node[0])] <= node[1] else node[3])]
    return node[0]


@lru_cache(maxsize=1)
def _models() -> dict[bool, _Model]:
    """The models without (False) and with what the lexicon knows, for raw features (their scaling is folded in)."""
    import numpy as np

    data = json.loads((Path(__file__).parent / "rank.json").read_text(encoding="utf-8"))
    if tuple(data["features"]) != FEATURES:
        raise ValueError("qa/rank.json was trained on other features; run evals/train.py again.")
    return {
        likened: _Model(np.array(found["sentence"]), found["base"], tuple(tuple(map(tuple, t)) for t in found["trees"]))
        for likened, found in ((False, data["plain"]), (True, data["likened"]))
    }
