"""How good an answer is, judged without a model: one function for each metric, named as the field names it.

A metric that is not defined (no citation to judge, no gold) is None here and absent from a question's values: never
zero, never NaN. `METRICS` lists every name that a run can hold.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np
from scipy.stats import rankdata

from qa.answer.rank import CERTAINTY, Certainty, certainty
from qa.language import text as texts

from .cases import Case
from .outcomes import Cited, Outcome, Prediction, Statement

# ---------------------------------------------------------------- words of a text

_ARTICLES = frozenset("a an the el la los las un una unos unas lo al del".split())
_UN = re.compile(r"\bUN\b")  # the United Nations, no article: read as its Spanish name
_MARK = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")
_GROUP = re.compile(r"(?<=\d)[.,](?=\d{3}\b)")  # 1,234 and 1.234
_SPACED_GROUP = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}\b)")  # 3 000 with a space that does not break
_DECIMAL = re.compile(r"(?<!\d)(?<!\d[.,])(\d+)[.,](\d{1,2})(?!\d|[.,]\d)")
_PERCENT = re.compile(r"[%٪]|\b(?:per cent|por ciento)\b")
_WORD = re.compile(r"\d+\.\d+|\w+")

_ENGLISH = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""".split()
_SPANISH = """cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis
diecisiete dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete
veintiocho veintinueve""".split()
_TENS = {
    word: n
    for line in (
        "twenty thirty forty fifty sixty seventy eighty ninety",
        "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    )
    for n, word in zip(range(20, 100, 10), line.split(), strict=True)
}
_NUMBERS = {word: n for words in (_ENGLISH, _SPANISH) for n, word in enumerate(words)} | _TENS | {"cien": 100}
_NUMBERS |= {"veintiun": 21, "veintiuna": 21}
_UNITS = {word: n for words in (_ENGLISH, _SPANISH) for n, word in enumerate(words[1:10], 1)} | {"un": 1, "una": 1}
_SMALL = {word: str(n) for words in (_ENGLISH, _SPANISH) for n, word in enumerate(words[:13])}  # as score.py has them
_COMPOUND = re.compile(rf"\b({'|'.join(_TENS)})(?:[\s‐-]| y )({'|'.join(_UNITS)})\b")
_HUNDRED = re.compile(rf"\b(?:one|a) hundred\b(?!\s(?:and|{'|'.join(_NUMBERS)})\b)")

_MONTHS = "january february march april may june july august september october november december".split()
_MESES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
_IN_ENGLISH = dict(zip(_MESES, _MONTHS, strict=True)) | {"setiembre": "september"}
_SHORT = {month[:3]: month for month in _MONTHS} | {"sept": "september"}
_MONTH, _YEAR, _OF = "|".join([*_MONTHS, *_SHORT]), r"1\d{3}|20\d\d", r"(?:of\s+|del?\s+(?:ano\s+)?)?"
_DATE = re.compile(
    r"\b(?:(?P<y1>\d{4})-(?P<m1>0[1-9]|1[0-2])-(?P<d1>\d\d)"
    rf"|(?P<m2>{_MONTH})\b\.?\s+(?:the\s+)?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?![.,]\d{{1,2}}\b)"
    rf"(?:(?:,?\s+|,)(?P<y2>{_YEAR}))?"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th|\.?o)?\s+{_OF}(?P<m3>{_MONTH})\b\.?(?:,?\s+{_OF}(?P<y3>{_YEAR}))?"
    rf"|(?P<m4>{_MONTH})\b\.?,?\s+{_OF}(?P<y4>{_YEAR}))\b"
)


def folded(text: str) -> list[str]:
    """The words of an English or Spanish text in one form, so that what says the same compares equal.

    Folded: case, accents, quotes, marks such as [1], the articles of both languages (the UN is ONU), numbers in words
    up to one hundred ("twenty-three" and "veintitrés" are 23; "one" is 1, "un" and "una" are articles), thousands
    (1,234 and 1.234), decimals (4.5 and 4,5), percent, and dates: each is day, month, year ("July 26, 2025" and
    "2025-07-26" are 26 july 2025), so that its day with its month, and its month with its year, stand side by side.
    """
    line = texts.fold(_SPACED_GROUP.sub("", _UN.sub("ONU", _MARK.sub(" ", text))))
    line = _DECIMAL.sub(_decimal, _GROUP.sub("", line))
    line = _HUNDRED.sub("100", _PERCENT.sub(" percent ", line))
    line = _COMPOUND.sub(lambda m: str(_TENS[m[1]] + _UNITS[m[2]]), line)
    line = re.sub(r"\w+", lambda m: str(_NUMBERS.get(m[0], _IN_ENGLISH.get(m[0], m[0]))), line)
    return [word for word in _WORD.findall(_DATE.sub(_day_month_year, line)) if word not in _ARTICLES]


def _decimal(m: re.Match[str]) -> str:
    return f"{m[1]}.{m[2]}".rstrip("0").rstrip(".")


def _day_month_year(m: re.Match[str]) -> str:
    found = {name[0]: part for name, part in m.groupdict().items() if part}
    month = found["m"]
    named = _MONTHS[int(month) - 1] if month.isdigit() else _SHORT.get(month, month)
    return f"{found.get('d', '').lstrip('0')} {named} {found.get('y', '')}"


def _plain(text: str) -> list[str]:
    """The words as score.py of the evaluation kit reads them: no dates, no decimals, numbers in words up to twelve."""
    level = unicodedata.normalize("NFKD", _MARK.sub(" ", text).lower())
    level = _GROUP.sub("", "".join(char for char in level if not unicodedata.combining(char)))
    return [_SMALL.get(word, word) for word in re.findall(r"\w+", level) if word not in _ARTICLES]


def contains(text: str, fact: str) -> bool:
    """Whether the words of the fact stand in the text side by side, in either reading: `folded`, or word for word.

    The second reading is that of score.py, so that what it finds is found here too (marks such as [1] apart); it also
    finds "three" in "twenty-three". A fact without words stands nowhere.
    """
    return _within(folded(text), folded(fact)) or _within(_plain(text), _plain(fact))


def _within(words: Sequence[str], wanted: Sequence[str]) -> bool:
    n = len(wanted)
    return n > 0 and any(words[i : i + n] == wanted for i in range(len(words) - n + 1))


# ---------------------------------------------------------------- retrieval


def hit_at_k(ranked: Sequence[str], gold: Collection[str], k: int) -> float | None:
    """1 if one of the first k is gold, else 0; None without gold. `Success@k` of ir_measures."""
    return float(bool(set(gold) & set(_first(ranked, k)))) if gold else None


def recall_at_k(ranked: Sequence[str], gold: Collection[str], k: int) -> float | None:
    """The share of gold among the first k, 0..1: |gold ∩ first k| / |gold|; None without gold. `R@k` of ir_measures."""
    return len(set(gold) & set(_first(ranked, k))) / len(set(gold)) if gold else None


def all_gold_at_k(ranked: Sequence[str], gold: Collection[str], k: int) -> float | None:
    """1 if all gold is among the first k, else 0; None without gold."""
    return float(set(gold) <= set(_first(ranked, k))) if gold else None


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str], k: int = 10) -> float | None:
    """1 / the rank of the first gold one, 0 if it is not among the first k; None without gold. `RR@k` of ir_measures;
    its mean is MRR (Voorhees 1999)."""
    if not gold:
        return None
    return next((1 / rank for rank, address in enumerate(_first(ranked, k), 1) if address in gold), 0.0)


def ndcg_at_k(ranked: Sequence[str], gold: Collection[str], k: int = 10) -> float | None:
    """Discounted gain over that of the best order, 0..1; None without gold: Σ 1/log2(rank + 1) over gold ranks ≤ k, by
    the same sum over the first min(k, |gold|) ranks (Järvelin & Kekäläinen 2002, gains 0 and 1). `nDCG@k` of
    ir_measures."""
    if not gold:
        return None
    gains = [_discount(rank) for rank, address in enumerate(_first(ranked, k), 1) if address in gold]
    return math.fsum(gains) / math.fsum(_discount(rank) for rank in range(1, min(k, len(set(gold))) + 1))


def _first(ranked: Sequence[str], k: int) -> list[str]:
    """The first k addresses; one that comes again has only its first rank."""
    return list(dict.fromkeys(ranked))[:k]


def _discount(rank: int) -> float:
    return 1 / math.log2(rank + 1)


# ---------------------------------------------------------------- answers


def correct(text: str, facts: Iterable[Sequence[str]]) -> bool:
    """Whether the text says every fact, by any of its alternatives; True for no facts."""
    return all(any(contains(text, alternative) for alternative in fact) for fact in facts)


def claims_wrong(text: str, wrong: Iterable[str]) -> bool:
    """Whether the text holds any of the wrong values."""
    return any(contains(text, value) for value in wrong)


def exact_match(short_answer: str, alternatives: Iterable[str]) -> bool:
    """Whether the short answer has the words of an alternative and no others (SQuAD, Rajpurkar et al. 2016, after
    `folded`). An answer without words matches nothing."""
    said = folded(short_answer)
    return bool(said) and any(said == folded(alternative) for alternative in alternatives)


def token_f1(short_answer: str, alternatives: Iterable[str]) -> float:
    """F1 of the words shared with the nearest alternative, 0..1 (SQuAD, Rajpurkar et al. 2016, after `folded`):
    2 · shared / (words of the answer + words of the alternative). An answer without words gets 0."""
    said = folded(short_answer)
    return max((_f1(said, folded(alternative)) for alternative in alternatives), default=0.0)


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted)) if shared else 0.0


# ---------------------------------------------------------------- citations


def citation_validity(cited: Sequence[Cited]) -> float | None:
    """The share of citations whose quote stands where they say, 0..1; None without a citation."""
    return fmean(one.valid for one in cited) if cited else None


def citation_recall(statements: Sequence[Statement]) -> float | None:
    """The share of statements that their cited paragraphs together entail, 0..1; None without a statement. One without
    a citation counts 0. ALCE (Gao et al. 2023)."""
    return fmean(_supported(one) for one in statements) if statements else None


def citation_precision(statements: Sequence[Statement]) -> float | None:
    """The share of citations that are needed, 0..1; None without a citation. One is needed if its statement is entailed
    and it entails it alone, or the others do not without it. ALCE (Gao et al. 2023).

    Raises ValueError if a statement has not one verdict in ``alone`` and in ``without`` for each address.
    """
    needed = [
        _supported(one) and (alone or not without)
        for one in statements
        for _, alone, without in zip(one.addresses, one.alone, one.without, strict=True)
    ]
    return fmean(needed) if needed else None


def _supported(statement: Statement) -> bool:
    return statement.entailed and bool(statement.addresses)


def cited_gold(cited: Iterable[Cited], gold: Collection[str]) -> bool:
    """Whether at least one cited paragraph is among these."""
    return any(one.address in gold for one in cited)


def gold_citation_precision(cited: Iterable[Cited], gold: Collection[str]) -> float | None:
    """The share of the cited paragraphs that are among these, 0..1, each paragraph once; None without a citation."""
    addresses = {one.address for one in cited}
    return len(addresses & set(gold)) / len(addresses) if addresses else None


def gold_citation_recall(cited: Iterable[Cited], gold: Collection[str]) -> float | None:
    """The share of these paragraphs that are cited, 0..1; None without gold."""
    return len({one.address for one in cited} & set(gold)) / len(set(gold)) if gold else None


# ---------------------------------------------------------------- refusal and confidence, over many questions


def balanced_accuracy(answerable: Sequence[bool], refused: Sequence[bool]) -> float | None:
    """The mean of the share of unanswerable questions that were refused and of answerable ones that were not, 0..1;
    None where a class is empty. 0.5 is what always refusing gets, and never refusing."""
    pairs = list(zip(answerable, refused, strict=True))
    kept, right = [not no for yes, no in pairs if yes], [no for yes, no in pairs if not yes]
    return (fmean(kept) + fmean(right)) / 2 if kept and right else None


def auroc(confidences: Sequence[float], answerable: Sequence[bool]) -> float | None:
    """How likely an answerable question has more confidence than an unanswerable one, ties counting half, 0..1; None
    where a class is empty. Mann & Whitney 1947: (rank sum of the answerable - n(n + 1)/2) / (n · m)."""
    positive = np.array(answerable, dtype=bool)
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return None
    return float((rankdata(confidences)[positive].sum() - n * (n + 1) / 2) / (n * m))


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """(coverage, risk) for the 1, 2, … n most confident questions, both 0..1: risk is the share that is not right
    (Geifman & El-Yaniv 2017). Questions of one confidence share their errors evenly, which is the mean over all their
    orders, so that the order in which they are given does not matter."""
    groups: dict[float, list[bool]] = {}
    for confidence, was_right in zip(confidences, right, strict=True):
        groups.setdefault(confidence, []).append(not was_right)
    curve: list[tuple[float, float]] = []
    errors = 0
    for _, group in sorted(groups.items(), reverse=True):
        before, wrong = len(curve), sum(group)
        for taken in range(1, len(group) + 1):
            n = before + taken
            curve.append((n / len(right), (errors + taken * wrong / len(group)) / n))
        errors += wrong
    return curve


def aurc(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """The area under the risk-coverage curve, 0..1, lower is better: the mean risk over its points (Ding et al. 2020);
    None without a question."""
    curve = risk_coverage(confidences, right)
    return fmean(risk for _, risk in curve) if curve else None


def reliability(
    confidences: Sequence[float], happened: Sequence[bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """(mean confidence, share that happened, questions) for each bin of equal width over 0..1 that is not empty, from
    low to high; a confidence on an edge belongs to the higher bin (DeGroot & Fienberg 1983)."""
    binned: dict[int, list[tuple[float, bool]]] = {}
    for confidence, did in zip(confidences, happened, strict=True):
        binned.setdefault(max(0, min(int(confidence * bins), bins - 1)), []).append((confidence, did))
    return [(fmean(c for c, _ in rows), fmean(did for _, did in rows), len(rows)) for _, rows in sorted(binned.items())]


def expected_calibration_error(confidences: Sequence[float], happened: Sequence[bool], bins: int = 10) -> float | None:
    """The mean distance between confidence and what happened, 0..1: Σ n/N · |share - mean confidence| over the bins of
    `reliability` (Naeini et al. 2015, Guo et al. 2017); None without a question."""
    rows = reliability(confidences, happened, bins)
    return math.fsum(n * abs(share - mean) for mean, share, n in rows) / len(confidences) if rows else None


def crag_score(answerable: bool, refused: bool, right: bool) -> float:
    """1 right, 0 missing, -1 wrong (Yang et al. 2024, CRAG). Of an unanswerable question a refusal is right and any
    answer wrong; a refusal of an answerable one is missing."""
    if refused:
        return 0.0 if answerable else 1.0
    return 1.0 if answerable and right else -1.0


# ---------------------------------------------------------------- all of them, for one question


def values(case: Case, prediction: Prediction) -> dict[str, float]:
    """Every metric that is defined for this question, by name; `METRICS` says what each means. A prediction that failed
    has only ``error``."""
    if prediction.status == "error":
        return {"error": 1.0}
    found: dict[str, float | None] = {"error": 0.0}
    found |= _answer_values(case, prediction) | _refusal_values(case, prediction) | _retrieval_values(case, prediction)
    if not prediction.refused:
        found |= _citation_values(case, prediction)
    found["seconds"] = prediction.seconds
    found["tokens"] = prediction.prompt_tokens + prediction.completion_tokens if prediction.calls else None
    return {name: float(value) for name, value in found.items() if value is not None}


def _retrieval_values(case: Case, prediction: Prediction) -> dict[str, float | None]:
    if not case.gold or not prediction.retrieved:
        return {}
    ranked, proving = prediction.retrieved, (*case.gold, *case.acceptable)
    return {
        **{f"hit@{k}": hit_at_k(ranked, proving, k) for k in (1, 5, 10)},
        "recall@10": recall_at_k(ranked, case.gold, 10),
        "all_gold@10": all_gold_at_k(ranked, case.gold, 10),
        "mrr@10": reciprocal_rank(ranked, case.gold),
        "ndcg@10": ndcg_at_k(ranked, case.gold),
    }


def _answer_values(case: Case, prediction: Prediction) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    if case.answerable and case.facts:
        right = not prediction.refused and correct(prediction.text, case.facts)
        proven = right and cited_gold(prediction.cited, (*case.gold, *case.acceptable))
        found["correct_and_cited"] = proven and not claims_wrong(prediction.text, case.wrong)
        found["correct"] = right
        found["crag"] = crag_score(True, prediction.refused, right)
        if len(case.facts) == 1:
            short = "" if prediction.refused else prediction.short_answer
            found["exact_match"] = exact_match(short, case.facts[0])
            found["token_f1"] = token_f1(short, case.facts[0])
    if case.conflict:
        found["conflict_disclosed"] = prediction.conflict
    elif not prediction.refused:
        found["conflict_false_alarm"] = prediction.conflict
    return found


def _refusal_values(case: Case, prediction: Prediction) -> dict[str, float | None]:
    refused = prediction.refused
    if case.answerable is None:
        return {"clarify": prediction.status == "clarify"}
    found: dict[str, float | None] = {"abstention_ok": refused is not case.answerable}
    if case.answerable:
        return found | {"over_refusal": refused}
    misled = not refused and claims_wrong(prediction.text, case.wrong)
    denied = case.kind == "false-premise" and not misled and cited_gold(prediction.cited, case.tempting)
    return found | {
        "refusal": refused,
        "handled": refused or denied,
        "misled": misled if case.wrong else None,
        "crag": crag_score(False, refused, False),
    }


def _citation_values(case: Case, prediction: Prediction) -> dict[str, float | None]:
    statements, cited = prediction.statements, prediction.cited
    doubtful = [one.shown_as == "unsupported" or not one.entailed for one in statements]
    proving = (*case.gold, *case.acceptable)
    return {
        "citation_validity": citation_validity(cited),
        "citation_recall": citation_recall(statements),
        "citation_precision": citation_precision(statements),
        "gold_citation_precision": gold_citation_precision(cited, proving) if case.gold else None,
        "gold_citation_recall": gold_citation_recall(cited, case.gold),
        "unsupported_shown": fmean(doubtful) if doubtful else None,
        "has_citation": all(one.addresses for one in statements) if statements else None,
        "answer_words": len(prediction.text.split()),
    }


def by_certainty(outcomes: Iterable[Outcome]) -> list[tuple[Certainty, int, float | None]]:
    """What the page calls an answer by its confidence, how many answers are called so, and the share (0..1, None for
    none) of these that is right: right and cited, or a false premise denied. Refusals are left out, and what was never
    judged: lists, underspecified questions, errors."""
    right: dict[Certainty, list[bool]] = {word: [] for word, _, _ in CERTAINTY}
    for one in outcomes:
        confidence, answered = one.prediction.confidence, one.prediction.status in ("answered", "partial")
        if answered and confidence is not None and one.answerable is not None:
            value = one.values["correct_and_cited" if one.answerable else "handled"]
            right[certainty(confidence)[0]].append(value == 1)
    return [(word, len(found), fmean(found) if found else None) for word, found in right.items()]


# ---------------------------------------------------------------- all of them, for a whole run


def totals(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The metrics that only a set of questions has, by name; one that is not defined is absent. Errors are counted, and
    left out of all others; underspecified questions are left out of those on refusal and confidence."""
    given = [one for one in outcomes if one.prediction.status != "error"]
    found: dict[str, float | None] = _confidence_totals(given) | _cost_totals(given)
    found["errors"] = len(outcomes) - len(given)
    return {name: float(value) for name, value in found.items() if value is not None}


def _confidence_totals(given: Sequence[Outcome]) -> dict[str, float | None]:
    judged = [(one, one.answerable) for one in given if one.answerable is not None]
    sure = [(one.prediction.confidence, yes) for one, yes in judged if one.prediction.confidence is not None]
    confidences, answerable = [confidence for confidence, _ in sure], [yes for _, yes in sure]
    scored = [
        (one.prediction.confidence, one.values["crag"] == 1)
        for one, _ in judged
        if one.prediction.confidence is not None and "crag" in one.values
    ]
    return {
        "balanced_accuracy": balanced_accuracy(
            [yes for _, yes in judged], [one.prediction.refused for one, _ in judged]
        ),
        "auroc": auroc(confidences, answerable),
        "aurc": aurc([confidence for confidence, _ in scored], [right for _, right in scored]),
        "ece": expected_calibration_error(confidences, answerable),
    }


def _cost_totals(given: Sequence[Outcome]) -> dict[str, float | None]:
    if not given:
        return {}
    seconds = [one.prediction.seconds for one in given if one.prediction.seconds is not None]
    calls = sum(one.prediction.calls for one in given)
    spent = {
        "prompt_tokens": sum(one.prediction.prompt_tokens for one in given),
        "completion_tokens": sum(one.prediction.completion_tokens for one in given),
        "calls": calls,
    }
    return {
        "latency_p50": float(np.quantile(seconds, 0.5)) if seconds else None,
        "latency_p95": float(np.quantile(seconds, 0.95)) if seconds else None,
        **(spent if calls else {}),
    }


# ---------------------------------------------------------------- what each name means

Group = Literal["answers", "citations", "refusal", "retrieval", "judge", "cost"]
Direction = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of `values`, or of `totals` when ``total``: what it says, which direction is better, and in what unit.

    ``binary``: 0 or 1 for each question. ``unit`` is "share" (0..1), "score" (-1..1), "seconds", "words", "tokens" or
    "count".
    """

    name: str
    says: str
    group: Group
    direction: Direction = "higher"
    binary: bool = False
    total: bool = False
    unit: str = "share"


METRICS: tuple[Metric, ...] = (
    Metric("correct_and_cited", "says every fact and nothing wrong, and cites a paragraph that proves it", "answers",
           binary=True),
    Metric("correct", "says every fact; a refusal says none", "answers", binary=True),
    Metric("exact_match", "the short answer is the fact, word for word", "answers", binary=True),
    Metric("token_f1", "words shared by the short answer and the fact", "answers"),
    Metric("crag", "1 right, 0 refused though answerable, -1 wrong", "answers", unit="score"),
    Metric("conflict_disclosed", "sources differ, and the answer shows it", "answers", binary=True),
    Metric("conflict_false_alarm", "shows a conflict where there is none", "answers", "lower", binary=True),
    Metric("answer_words", "words of the answer", "answers", "none", unit="words"),
    Metric("citation_validity", "citations whose quote stands where they say", "citations"),
    Metric("citation_recall", "statements that their cited paragraphs support", "citations"),
    Metric("citation_precision", "citations that their statement needs", "citations"),
    Metric("gold_citation_precision", "cited paragraphs that prove the answer", "citations"),
    Metric("gold_citation_recall", "gold paragraphs that are cited", "citations"),
    Metric("has_citation", "every statement has a citation", "citations", binary=True),
    Metric("unsupported_shown", "statements shown that the cited paragraphs do not support", "citations", "lower"),
    Metric("balanced_accuracy", "mean of unanswerable refused and answerable answered", "refusal", total=True),
    Metric("refusal", "unanswerable, and refused", "refusal", binary=True),
    Metric("over_refusal", "answerable, but refused", "refusal", "lower", binary=True),
    Metric("abstention_ok", "refused exactly if unanswerable", "refusal", binary=True),
    Metric("handled", "unanswerable, and refused or its false premise denied with a citation", "refusal", binary=True),
    Metric("misled", "unanswerable, and the answer holds a wrong value", "refusal", "lower", binary=True),
    Metric("clarify", "underspecified, and asked back", "refusal", binary=True),
    Metric("auroc", "confidence tells answerable from unanswerable", "refusal", total=True),
    Metric("aurc", "share not right (CRAG below 1) among the most confident, over every coverage", "refusal", "lower",
           total=True),
    Metric("ece", "distance between confidence and the share that is answerable", "refusal", "lower", total=True),
    Metric("hit@1", "a paragraph that proves the answer is first", "retrieval", binary=True),
    Metric("hit@5", "a paragraph that proves the answer is among the first 5", "retrieval", binary=True),
    Metric("hit@10", "a paragraph that proves the answer is among the first 10", "retrieval", binary=True),
    Metric("recall@10", "gold paragraphs among the first 10", "retrieval"),
    Metric("all_gold@10", "all gold paragraphs are among the first 10", "retrieval", binary=True),
    Metric("mrr@10", "1 / rank of the first gold paragraph", "retrieval"),
    Metric("ndcg@10", "gain of the gold paragraphs, discounted by rank", "retrieval"),
    Metric("judge_correct", "a second model finds the answer right", "judge", binary=True),
    Metric("judge_supported", "a second model finds every statement supported", "judge", binary=True),
    Metric("error", "no prediction", "cost", "lower", binary=True),
    Metric("stable", "asked again, the same answer comes", "cost", binary=True),
    Metric("errors", "questions without a prediction", "cost", "lower", total=True, unit="count"),
    Metric("seconds", "wall time of a question", "cost", "lower", unit="seconds"),
    Metric("latency_p50", "half of the questions take at most this long", "cost", "lower", total=True, unit="seconds"),
    Metric("latency_p95", "95 of 100 questions take at most this long", "cost", "lower", total=True, unit="seconds"),
    Metric("tokens", "tokens of prompts and completions of a question", "cost", "lower", unit="tokens"),
    Metric("prompt_tokens", "tokens of all prompts", "cost", "lower", total=True, unit="tokens"),
    Metric("completion_tokens", "tokens of all completions", "cost", "lower", total=True, unit="tokens"),
    Metric("calls", "calls of the language model", "cost", "lower", total=True, unit="count"),
)  # fmt: skip


def metric(name: str) -> Metric:
    """The metric of this name. Raises ValueError, with the nearest names, when there is none."""
    found = {one.name: one for one in METRICS}
    if name in found:
        return found[name]
    near = difflib.get_close_matches(name, found, n=3) or ["correct_and_cited"]
    raise ValueError(f"There is no metric {name!r}; try {' or '.join(near)}.")
