from __future__ import annotations

import math
import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import ir_measures
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ir_measures import RR, R, Success, nDCG
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from evals import metrics
from evals.cases import Case, load
from evals.metrics import METRICS, contains, folded, metric, totals, values
from evals.outcomes import Cited, Outcome, Prediction, Statement

GOLD = Path(__file__).parent.parent / "evals" / "gold" / "seeds.jsonl"

# ---------------------------------------------------------------- words of a text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("26 July 2025", "July 26, 2025"),
        ("26 July 2025", "2025-07-26"),
        ("26 July 2025", "26 de julio de 2025"),
        ("26 July 2025", "the 26th of July, 2025"),
        ("26 July 2025", "Jul. 26 2025"),
        ("26 July 2025", "July 26,2025"),
        ("6 July 2025", "06 de julio del año 2025"),
        ("May 2023", "mayo de 2023"),
        ("September 2024", "setiembre de 2024"),
        ("30 November", "30 de noviembre"),
        ("November 30", "treinta de noviembre"),
        ("1 May", "1º de mayo"),
        ("February", "febrero"),
        ("4.5 percent", "4,5 %"),
        ("4.5 per cent", "4,5 por ciento"),
        ("4.0 %", "four percent"),
        ("1,234", "1.234"),
        ("1,234.50", "1.234,5"),
        ("3000 millones", "3\u202f000 millones"),
        ("twenty-three", "23"),
        ("twenty‑three", "veintitrés"),
        ("thirty-one years", "31 years"),
        ("treinta y un años", "31 años"),
        ("ninety nine", "noventa y nueve"),
        ("one hundred", "cien"),
        ("a hundred", "100"),
        ("one", "uno"),
        ("the guards", "guards"),
        ("Masoud’s “visit”", "masoud's 'visit'"),
        ("Araqchí", "araqchi"),
        ("the UN", "la ONU"),
        ("drought [1] conditions [2, 3]", "drought conditions"),
    ],
)
def test_what_says_the_same_is_folded_alike(one: str, other: str) -> None:
    assert folded(one) == folded(other) != []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("El presidente y los guardias", ["presidente", "y", "guardias"]),
        ("a guard, an envoy, un guardia, una casa", ["guard", "envoy", "guardia", "casa"]),
        ("one of the 12-day wars", ["1", "of", "12", "day", "wars"]),
        ("one hundred and fifty", ["1", "hundred", "and", "50"]),
        ("version 3.11.2", ["version", "3.11", "2"]),
        ("2, 3", ["2", "3"]),
        ("2025-00-26", ["2025", "00", "26"]),
        ("they may rain", ["they", "may", "rain"]),
        ("", []),
    ],
)
def test_folded_words(text: str, words: list[str]) -> None:
    assert folded(text) == words


@pytest.mark.parametrize("n", range(101))
def test_numbers_in_words_up_to_one_hundred(n: int) -> None:
    english = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    small = [*english.split(), "seventeen", "eighteen", "nineteen"]
    tens = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
    if n == 100:
        written = "one hundred"
    elif n < 20:
        written = small[n]
    else:
        written = tens[n // 10] + (f"-{small[n % 10]}" if n % 10 else "")
    assert folded(f"{written} people") == [str(n), "people"]


@pytest.mark.parametrize(
    ("text", "fact", "found"),
    [
        ("It began on July 26, 2025, in Tehran.", "26 July 2025", True),
        ("It began on July 26, 2025.", "July 2025", True),
        ("It began on July 26, 2025.", "26 de julio", True),
        ("It began on July 26, 2025.", "26 July 2024", False),
        ("It began on July 26, 2025.", "6 July 2025", False),
        ("Growth was 4,5 % in May.", "4.5 percent", True),
        ("Growth was 14.5 percent.", "4.5 percent", False),
        ("Two Iranian border guards died.", "2 Iranian", True),
        ("330 people", "33", False),
        ("the drought [1] conditions", "drought conditions", True),
        ("anything", "the", False),
        ("anything", "", False),
        ("", "drought", False),
        ("twenty-three", "three", True),  # as score.py has it
    ],
)
def test_contains(text: str, fact: str, found: bool) -> None:
    assert contains(text, fact) is found


def score_words(text: str) -> list[str]:
    """The words as score.py of the evaluation kit reads them, written out again."""
    articles = set("a an the el la los las un una unos unas lo al del".split())
    lines = (
        "zero one two three four five six seven eight nine ten eleven twelve",
        ("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce"),
    )
    numbers = {word: str(n) for line in lines for n, word in enumerate(line.split())}
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"(?<=\d)[.,](?=\d{3}\b)", "", text)
    return [numbers.get(t, t) for t in re.findall(r"\w+", text) if t not in articles]


def score_contains(text: str, fact: str) -> bool:
    words, wanted = score_words(text), score_words(fact)
    n = len(wanted)
    return n > 0 and any(words[i : i + n] == wanted for i in range(len(words) - n + 1))


PIECES = st.sampled_from(
    """one uno un una the el three twenty-three veintitrés veinte treinta y hundred cien July julio 26 2025 2025-07-26
    May mayo 1,234 1.234 4.5 4,5 % percent por ciento of de 26th 30 ß ŉ ½ Ἀθῆναι İstanbul ﬁne don’t 3º ۳ k_9
    1.º UN""".split()
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=8).flatmap(
    lambda words: st.sampled_from([" ", "-", ", ", ""]).map(lambda between: between.join(words))
)


@settings(deadline=None)
@given(TEXTS, st.data())
def test_what_score_py_finds_is_found(text: str, data: st.DataObject) -> None:
    assume(not re.search(r"\[[^]]*\]", text))  # marks are taken out here and not there
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    for fact in (text[start:end], " ".join(score_words(text[start:end]))):
        assert contains(text, fact) or not score_contains(text, fact)


@given(TEXTS)
def test_a_text_contains_itself_unless_it_has_no_words(text: str) -> None:
    assume("[" not in text)
    assert contains(text, text) is bool(folded(text) or score_words(text))


@given(TEXTS)
def test_a_mark_changes_nothing(text: str) -> None:
    assert folded(text) == folded(f"{text} [12]")


def test_the_facts_of_the_gold_set_are_right_themselves() -> None:
    cases = [case for case in load([GOLD]) if case.answerable and case.facts]
    assert len(cases) > 100
    for case in cases:
        for fact in case.facts:
            assert all(metrics.correct(alternative, [[alternative]]) for alternative in fact), (case.id, fact)


# ---------------------------------------------------------------- retrieval


def test_retrieval_by_hand() -> None:
    ranked, gold = ["x", "a", "y", "b"], ["a", "b"]
    assert [metrics.hit_at_k(ranked, gold, k) for k in (1, 2)] == [0.0, 1.0]
    assert [metrics.recall_at_k(ranked, gold, k) for k in (1, 2, 4)] == [0.0, 0.5, 1.0]
    assert [metrics.all_gold_at_k(ranked, gold, k) for k in (3, 4)] == [0.0, 1.0]
    assert metrics.reciprocal_rank(ranked, gold) == 0.5
    best = 1 + 1 / math.log2(3)
    assert metrics.ndcg_at_k(ranked, gold, 10) == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / best)


def test_an_address_that_comes_twice_has_its_first_rank_only() -> None:
    assert metrics.ndcg_at_k(["a", "a", "b"], ["a", "b"]) == 1.0
    assert metrics.recall_at_k(["a", "a", "b"], ["a", "b", "b"], 2) == 1.0


def test_reciprocal_rank_is_cut_at_ten() -> None:
    ranked = [str(n) for n in range(12)]
    assert metrics.reciprocal_rank(ranked, ["9"]) == 0.1
    assert metrics.reciprocal_rank(ranked, ["10"]) == 0.0


def test_retrieval_is_undefined_without_gold() -> None:
    at_k = (metrics.hit_at_k, metrics.recall_at_k, metrics.all_gold_at_k, metrics.reciprocal_rank, metrics.ndcg_at_k)
    assert [measure(["a"], [], 5) for measure in at_k] == [None] * 5


def test_retrieval_agrees_with_ir_measures() -> None:
    draw = random.Random(5)
    pool = [f"a.txt#p{n}" for n in range(25)]
    rankings = {str(q): draw.sample(pool, draw.randint(1, 20)) for q in range(60)}
    gold = {q: draw.sample(pool, draw.randint(1, 14)) for q in rankings}
    qrels = [ir_measures.Qrel(q, address, 1) for q, those in gold.items() for address in those]
    run = [ir_measures.ScoredDoc(q, a, -rank) for q, ranked in rankings.items() for rank, a in enumerate(ranked)]
    ours: dict[ir_measures.Measure, Callable[[Sequence[str], Sequence[str]], float | None]] = {
        Success @ 1: partial(metrics.hit_at_k, k=1),
        Success @ 5: partial(metrics.hit_at_k, k=5),
        R @ 10: partial(metrics.recall_at_k, k=10),
        RR @ 10: metrics.reciprocal_rank,
        nDCG @ 3: partial(metrics.ndcg_at_k, k=3),
        nDCG @ 10: metrics.ndcg_at_k,
    }
    theirs = list(ir_measures.iter_calc(list(ours), qrels, run))
    assert len(theirs) == len(ours) * len(rankings)
    for row in theirs:
        assert ours[row.measure](rankings[row.query_id], gold[row.query_id]) == pytest.approx(row.value), row


ADDRESSES = st.lists(st.sampled_from("abcdefgh"), max_size=8)


@given(ADDRESSES, ADDRESSES.filter(bool), st.integers(1, 9))
def test_retrieval_stays_between_0_and_1_and_its_parts_agree(ranked: list[str], gold: list[str], k: int) -> None:
    hit, recall = metrics.hit_at_k(ranked, gold, k), metrics.recall_at_k(ranked, gold, k)
    everything, gain = metrics.all_gold_at_k(ranked, gold, k), metrics.ndcg_at_k(ranked, gold, k)
    assert hit is not None
    assert recall is not None
    assert gain is not None
    assert 0 <= recall <= hit <= 1
    assert 0 <= gain <= 1
    assert (recall == 1) is (everything == 1)
    assert (gain > 0) is (hit == 1) is (metrics.reciprocal_rank(ranked, gold, k) != 0)


# ---------------------------------------------------------------- answers


def test_every_fact_must_be_said_by_any_alternative() -> None:
    facts = [["May 2023", "mayo de 2023"], ["two guards"]]
    assert metrics.correct("En mayo de 2023 two guards died.", facts)
    assert not metrics.correct("In May 2023 three guards died.", facts)
    assert metrics.correct("anything", [])


def test_claims_wrong() -> None:
    assert metrics.claims_wrong("It was 8.848 metres high.", ["8,848", "8849"])
    assert not metrics.claims_wrong("It was high.", ["8,848", "8849"])


def test_exact_match_and_f1_drop_articles_and_take_the_best_alternative() -> None:
    assert metrics.exact_match("the Foreign Ministry", ["Ministry", "Foreign Ministry"])
    assert not metrics.exact_match("Foreign Ministry staff", ["Foreign Ministry"])
    assert metrics.token_f1("Foreign Ministry staff", ["Foreign Ministry", "staff"]) == pytest.approx(0.8)
    assert metrics.token_f1("26 July 2025", ["July 26, 2025"]) == 1.0
    assert metrics.token_f1("drought", ["flood"]) == 0.0


@pytest.mark.parametrize("short", ["", "the", "[1]"])
def test_an_answer_without_words_matches_nothing(short: str) -> None:
    assert not metrics.exact_match(short, [short, "drought"])
    assert metrics.token_f1(short, [short, "drought"]) == 0.0


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_f1_is_1_on_an_exact_match_and_never_above(short: str, alternatives: list[str]) -> None:
    share = metrics.token_f1(short, alternatives)
    assert 0 <= share <= 1
    assert share == 1 or not metrics.exact_match(short, alternatives)


# ---------------------------------------------------------------- citations

BOTH = Statement("Two paragraphs prove it.", ("a#p1", "a#p2"), "verified", True, (False, False), (False, False))
SPARE = Statement("The second is not needed.", ("a#p1", "a#p3"), "verified", True, (True, False), (False, True))
FALSE = Statement("Nothing proves it.", ("a#p4",), "unsupported", False, (False,), (False,))
BARE = Statement("It cites nothing.", (), "verified", True)


def test_citation_recall_and_precision_by_hand() -> None:
    assert metrics.citation_recall([BOTH, SPARE, FALSE, BARE]) == 0.5
    assert metrics.citation_precision([BOTH, SPARE, FALSE, BARE]) == pytest.approx(3 / 5)
    assert metrics.citation_precision([BARE]) is metrics.citation_precision([]) is metrics.citation_recall([]) is None
    assert metrics.citation_recall([BARE]) == 0.0


def test_a_citation_that_stands_alone_counts_though_the_others_would_do() -> None:
    either = Statement("Each proves it.", ("a#p1", "a#p2"), "verified", True, (True, True), (True, True))
    assert metrics.citation_precision([either]) == 1.0


def test_a_missing_verdict_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        metrics.citation_precision([Statement("It has one verdict.", ("a#p1", "a#p2"), "verified", True, (True,), ())])


def test_citations_against_the_gold_pointers() -> None:
    cited = [Cited("a#p1", "x", True), Cited("a#p1", "y", True), Cited("a#p9", "z", False)]
    assert metrics.citation_validity(cited) == pytest.approx(2 / 3)
    assert metrics.citation_validity([]) is None
    assert metrics.cited_gold(cited, ["a#p9"])
    assert not metrics.cited_gold(cited, ["a#p2"])
    assert metrics.gold_citation_precision(cited, ["a#p1", "a#p2"]) == 0.5
    assert metrics.gold_citation_precision([], ["a#p1"]) is None
    assert metrics.gold_citation_recall(cited, ["a#p1", "a#p2", "a#p3"]) == pytest.approx(1 / 3)
    assert metrics.gold_citation_recall(cited, []) is None
    assert metrics.gold_citation_recall([], ["a#p1"]) == 0.0


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    n = draw(st.integers(0, 3))
    verdicts = st.lists(st.booleans(), min_size=n, max_size=n).map(tuple)
    addresses = tuple(f"a#p{i}" for i in range(n))
    return Statement("s", addresses, "verified", draw(st.booleans()), draw(verdicts), draw(verdicts))


@given(st.lists(statements(), max_size=4), st.randoms())
def test_citation_measures_are_shares_that_no_order_changes(made: list[Statement], draw: random.Random) -> None:
    turned = draw.sample(made, len(made))
    for measure in (metrics.citation_recall, metrics.citation_precision):
        share = measure(made)
        assert share is None or 0 <= share <= 1
        assert share == measure(turned)
    assert metrics.citation_recall(made) != 0 or not metrics.citation_precision(made)


# ---------------------------------------------------------------- refusal and confidence


def test_balanced_accuracy_by_hand() -> None:
    assert metrics.balanced_accuracy([True] * 4 + [False] * 2, [True, False, False, False, True, False]) == 0.625
    assert metrics.balanced_accuracy([True, True], [True, False]) is None
    assert metrics.balanced_accuracy([], []) is None


def test_auroc_by_hand() -> None:
    assert metrics.auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False]) == 0.875
    assert metrics.auroc([0.9], [True]) is metrics.auroc([], []) is None


RATED = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.3001, 0.7, 1.0]), st.booleans()), max_size=30)


@settings(deadline=None)
@given(RATED)
def test_auroc_and_balanced_accuracy_agree_with_sklearn(rows: list[tuple[float, bool]]) -> None:
    confidences, happened = [c for c, _ in rows], [did for _, did in rows]
    assume(len(set(happened)) == 2)
    assert metrics.auroc(confidences, happened) == pytest.approx(roc_auc_score(happened, confidences))
    answered = [c >= 0.3 for c in confidences]
    theirs = balanced_accuracy_score(happened, answered)
    assert metrics.balanced_accuracy(happened, [not yes for yes in answered]) == pytest.approx(theirs)


def test_risk_coverage_by_hand() -> None:
    curve = metrics.risk_coverage([0.9, 0.2, 0.5, 0.5], [True, False, False, True])
    assert [coverage for coverage, _ in curve] == [0.25, 0.5, 0.75, 1.0]
    assert [risk for _, risk in curve] == pytest.approx([0.0, 0.25, 1 / 3, 0.5])
    assert metrics.aurc([0.9, 0.2, 0.5, 0.5], [True, False, False, True]) == pytest.approx((0.25 + 1 / 3 + 0.5) / 4)
    assert metrics.aurc([], []) is None


def test_ties_in_confidence_are_the_mean_over_their_orders() -> None:
    nearly = [metrics.aurc([0.51, 0.5], order) for order in ([True, False], [False, True])]
    assert metrics.aurc([0.5, 0.5], [True, False]) == pytest.approx(sum(one for one in nearly if one is not None) / 2)


def test_calibration_by_hand() -> None:
    confidences, happened = [0.05, 0.15, 0.15, 0.95, 1.0], [False, False, True, True, True]
    rows = metrics.reliability(confidences, happened)
    assert [mean for mean, _, _ in rows] == pytest.approx([0.05, 0.15, 0.975])
    assert [(share, n) for _, share, n in rows] == [(0.0, 1), (0.5, 2), (1.0, 2)]
    error = metrics.expected_calibration_error(confidences, happened)
    assert error == pytest.approx((0.05 + 2 * 0.35 + 2 * 0.025) / 5)
    assert metrics.reliability([], []) == []
    assert metrics.expected_calibration_error([], []) is None


@pytest.mark.parametrize("measure", [metrics.auroc, metrics.aurc, metrics.expected_calibration_error])
@given(rows=RATED, draw=st.randoms())
def test_a_confidence_measure_is_a_share_that_no_order_changes(
    measure: Callable[[list[float], list[bool]], float | None], rows: list[tuple[float, bool]], draw: random.Random
) -> None:
    turned = draw.sample(rows, len(rows))
    share = measure([c for c, _ in rows], [happened for _, happened in rows])
    assert share is None or 0 <= share <= 1
    assert share == pytest.approx(measure([c for c, _ in turned], [happened for _, happened in turned]))


@given(RATED.filter(bool))
def test_curve_and_bins_hold_every_question(rows: list[tuple[float, bool]]) -> None:
    confidences, right = [c for c, _ in rows], [was for _, was in rows]
    coverage, risk = metrics.risk_coverage(confidences, right)[-1]
    assert coverage == 1
    assert risk == pytest.approx(1 - sum(right) / len(right))
    assert sum(n for _, _, n in metrics.reliability(confidences, right)) == len(rows)


@pytest.mark.parametrize(
    ("answerable", "refused", "right", "score"),
    [
        (True, False, True, 1), (True, False, False, -1), (True, True, False, 0),
        (False, True, False, 1), (False, False, False, -1), (False, False, True, -1),
    ],
)  # fmt: skip
def test_crag(answerable: bool, refused: bool, right: bool, score: int) -> None:
    assert metrics.crag_score(answerable, refused, right) == score


# ---------------------------------------------------------------- values of one question


def a_case(**given: object) -> Case:
    row: dict[str, object] = {
        "id": "fact-001", "kind": "fact", "lang": "en", "question": "When?", "answerable": True,
        "facts": (("26 July 2025",),), "gold": ("a#p1", "a#p2"), "acceptable": ("a#p3",),
    }  # fmt: skip
    return Case(**{**row, **given})  # type: ignore[arg-type]


NO_ANSWER = {"answerable": False, "facts": (), "gold": (), "acceptable": (), "tempting": ("a#p7",), "wrong": ("two",)}
ANSWER = Prediction(
    "answered",
    text="It began on July 26, 2025.",
    short_answer="July 26",
    statements=(Statement("It began.", ("a#p3", "a#p9"), "verified", True, (True, False), (False, True)),),
    cited=(Cited("a#p3", "July 26", True), Cited("a#p9", "began", False)),
    retrieved=("a#p9", "a#p3", "a#p1"),
    prompt_tokens=100,
    completion_tokens=20,
    calls=1,
    seconds=0.5,
)  # fmt: skip


def test_the_values_of_an_answer() -> None:
    best = 1 + 1 / math.log2(3)
    assert values(a_case(), ANSWER) == pytest.approx(
        {
            "error": 0, "correct_and_cited": 1, "correct": 1, "exact_match": 0, "token_f1": 0.8, "crag": 1,
            "over_refusal": 0, "abstention_ok": 1, "conflict_false_alarm": 0,
            "hit@1": 0, "hit@5": 1, "hit@10": 1, "recall@10": 0.5, "all_gold@10": 0, "mrr@10": 1 / 3,
            "ndcg@10": 0.5 / best,
            "citation_validity": 0.5, "citation_recall": 1, "citation_precision": 0.5, "gold_citation_precision": 0.5,
            "gold_citation_recall": 0, "has_citation": 1, "unsupported_shown": 0, "answer_words": 6,
            "seconds": 0.5, "tokens": 120,
        }
    )  # fmt: skip


def test_the_values_of_a_refused_answerable_question() -> None:
    assert values(a_case(), Prediction("refused", notes="The articles do not say that of 26 July 2025.")) == {
        "error": 0, "correct_and_cited": 0, "correct": 0, "exact_match": 0, "token_f1": 0, "crag": 0,
        "over_refusal": 1, "abstention_ok": 0,
    }  # fmt: skip


def test_the_values_of_an_error_are_that_it_is_one() -> None:
    failed = Prediction("error", retrieved=("a#p1",), seconds=3.0, calls=1, error="The model did not answer.")
    assert values(a_case(), failed) == {"error": 1.0}


def test_right_without_proof_or_with_a_wrong_value_is_not_right_and_cited() -> None:
    elsewhere = Prediction("answered", text=ANSWER.text, cited=(Cited("a#p9", "", True),))
    assert values(a_case(), elsewhere)["correct"] == 1
    assert values(a_case(), elsewhere)["correct_and_cited"] == 0
    assert values(a_case(wrong=("July 26",)), ANSWER)["correct_and_cited"] == 0
    assert values(a_case(), Prediction("partial", text="It began in May.", cited=ANSWER.cited))["crag"] == -1


def test_an_acceptable_paragraph_is_a_hit_but_not_gold() -> None:
    found = values(a_case(), Prediction("refused", retrieved=("a#p3", "a#p1")))
    assert (found["hit@1"], found["mrr@10"], found["recall@10"]) == (1, 0.5, 0.5)
    assert "hit@1" not in values(a_case(gold=()), Prediction("refused", retrieved=("a#p3",)))


def test_without_facts_being_correct_is_undefined() -> None:
    assert not {"correct", "correct_and_cited", "crag", "exact_match"} & values(a_case(facts=()), ANSWER).keys()


def test_with_two_facts_the_short_answer_is_not_scored() -> None:
    found = values(a_case(facts=(("July",), ("Tehran",))), ANSWER)
    assert found["correct"] == 0
    assert not {"exact_match", "token_f1"} & found.keys()


def test_without_a_statement_or_citation_those_measures_are_undefined() -> None:
    found = values(a_case(), Prediction("answered", text="It began."))
    names = {one.name for one in METRICS if one.group == "citations"}
    assert found.keys() & names == {"gold_citation_recall"}
    assert not {"seconds", "tokens", "hit@1"} & found.keys()


def test_a_statement_is_doubtful_if_it_says_so_or_is_not_entailed() -> None:
    shown = Prediction(
        "answered", text="…", statements=(BOTH, FALSE, BARE, Statement("?", entailed=True, shown_as="unsupported"))
    )
    found = values(a_case(), shown)
    assert found["unsupported_shown"] == 0.5
    assert found["has_citation"] == 0


def test_the_values_of_a_question_without_an_answer() -> None:
    case = a_case(kind="near-miss", **NO_ANSWER)
    assert values(case, Prediction("refused")) == {
        "error": 0, "refusal": 1, "handled": 1, "misled": 0, "crag": 1, "abstention_ok": 1,
    }  # fmt: skip
    found = values(case, Prediction("answered", text="There were two guards.", cited=(Cited("a#p7", "two", True),)))
    assert found["refusal"] == found["handled"] == found["abstention_ok"] == 0
    assert (found["misled"], found["crag"]) == (1, -1)
    assert "misled" not in values(a_case(**{**NO_ANSWER, "wrong": ()}), Prediction("refused"))
    assert values(case, Prediction("clarify"))["refusal"] == 1


@pytest.mark.parametrize(
    ("kind", "text", "address", "handled"),
    [
        ("false-premise", "He praised it.", "a#p7", 1),
        ("false-premise", "He praised two of them.", "a#p7", 0),
        ("false-premise", "He praised it.", "a#p8", 0),
        ("near-miss", "He praised it.", "a#p7", 0),
    ],
)
def test_a_cited_denial_of_a_false_premise_is_handled(kind: str, text: str, address: str, handled: int) -> None:
    found = values(
        a_case(**{**NO_ANSWER, "kind": kind}), Prediction("answered", text=text, cited=(Cited(address, "", True),))
    )
    assert (found["refusal"], found["handled"]) == (0, handled)


def test_the_values_of_an_underspecified_question() -> None:
    case = a_case(answerable=None, facts=(), gold=(), acceptable=())
    assert values(case, Prediction("clarify")) == {"error": 0, "clarify": 1}
    assert values(case, Prediction("refused")) == {"error": 0, "clarify": 0}
    assert values(case, ANSWER)["clarify"] == 0
    assert values(case, ANSWER)["citation_recall"] == 1


def test_a_conflict_is_disclosed_or_not_and_an_alarm_is_false_only_in_an_answer() -> None:
    told = Prediction("answered", text=ANSWER.text, conflict=True)
    assert values(a_case(conflict=True), told)["conflict_disclosed"] == 1
    assert values(a_case(conflict=True), Prediction("refused"))["conflict_disclosed"] == 0
    assert values(a_case(), told)["conflict_false_alarm"] == 1
    assert "conflict_false_alarm" not in values(a_case(conflict=True), told)


def test_the_reference_answers_of_the_gold_set_are_right_and_mislead_nobody() -> None:
    cases = load([GOLD])
    scored = [(case, values(case, Prediction("answered", text=case.answer))) for case in cases if case.answer]
    assert sum("correct" in found for _, found in scored) > 100
    assert sum("misled" in found for _, found in scored) > 20
    assert [case.id for case, found in scored if found.get("correct") == 0 or found.get("misled")] == []


WORDS = st.sampled_from(["July 26, 2025", "two", "", "drought"])
PREDICTIONS = st.builds(
    Prediction,
    status=st.sampled_from(["answered", "partial", "refused", "clarify", "error"]),
    text=WORDS,
    short_answer=WORDS,
    confidence=st.none() | st.floats(0, 1),
    statements=st.lists(statements(), max_size=2).map(tuple),
    cited=st.lists(st.builds(Cited, st.sampled_from(["a#p1", "a#p7"]), WORDS, st.booleans()), max_size=2).map(tuple),
    retrieved=st.lists(st.sampled_from(["a#p1", "a#p2", "a#p7"]), max_size=3).map(tuple),
    conflict=st.booleans(),
    calls=st.integers(0, 2),
    seconds=st.none() | st.floats(0, 100),
)
CASES = st.builds(
    a_case,
    kind=st.sampled_from(["fact", "false-premise"]),
    answerable=st.sampled_from([True, False, None]),
    facts=st.sampled_from([(), (("drought",),), (("drought",), ("two", "2"))]),
    gold=st.sampled_from([(), ("a#p1",), ("a#p1", "a#p2")]),
    tempting=st.sampled_from([(), ("a#p7",)]),
    wrong=st.sampled_from([(), ("two",)]),
    conflict=st.booleans(),
)
RANGES = {"share": (0, 1), "score": (-1, 1)}


def in_range(name: str, value: float) -> bool:
    low, high = RANGES.get(metric(name).unit, (0, math.inf))
    return low <= value <= high and (value in (0, 1) or not metric(name).binary)


@settings(deadline=None)
@given(CASES, PREDICTIONS)
def test_every_value_is_listed_and_in_range(case: Case, prediction: Prediction) -> None:
    for name, value in values(case, prediction).items():
        assert in_range(name, value), (name, value)
        assert not metric(name).total


# ---------------------------------------------------------------- totals of a run


def an_outcome(case: Case, prediction: Prediction) -> Outcome:
    return Outcome(case.id, case.sha, case.kind, case.lang, case.article, case.answerable, case.question, prediction,
                   values(case, prediction))  # fmt: skip


def test_the_totals_of_a_run() -> None:
    yes, no = a_case(), a_case(**NO_ANSWER)
    asked = Prediction("refused", prompt_tokens=10, completion_tokens=5, calls=2)
    outcomes = [
        an_outcome(yes, replace(asked, status="answered", text="On July 26, 2025.", confidence=0.9, seconds=1.0)),
        an_outcome(yes, replace(asked, confidence=0.3, seconds=2.0)),
        an_outcome(no, Prediction("refused", confidence=0.1, seconds=3.0)),
        an_outcome(no, Prediction("answered", text="Five.", confidence=0.5, seconds=4.0)),
        an_outcome(a_case(answerable=None), Prediction("clarify", confidence=0.99, seconds=5.0)),
        an_outcome(yes, Prediction("error", confidence=0.0, seconds=600.0, calls=9)),
    ]
    assert totals(outcomes) == pytest.approx(
        {
            "balanced_accuracy": 0.5, "auroc": 0.75, "aurc": (0 + 1 / 2 + 2 / 3 + 2 / 4) / 4,
            "ece": (0.1 + 0.7 + 0.1 + 0.5) / 4, "latency_p50": 3.0, "latency_p95": 4.8,
            "prompt_tokens": 20, "completion_tokens": 10, "calls": 4, "errors": 1,
        }
    )  # fmt: skip


def test_totals_that_are_undefined_are_absent() -> None:
    failed = an_outcome(a_case(), Prediction("error"))
    assert totals([]) == {"errors": 0}
    assert totals([failed, failed]) == {"errors": 2}
    alone = totals([an_outcome(a_case(), Prediction("refused"))])
    assert alone == {"errors": 0}


@settings(deadline=None)
@given(st.lists(st.builds(an_outcome, CASES, PREDICTIONS), max_size=6), st.randoms())
def test_every_total_is_listed_in_range_and_the_same_in_any_order(made: list[Outcome], draw: random.Random) -> None:
    found = totals(made)
    assert totals(draw.sample(made, len(made))) == pytest.approx(found)
    for name, value in found.items():
        assert in_range(name, value), (name, value)
        assert metric(name).total


# ---------------------------------------------------------------- names


def test_each_name_stands_once_in_the_table_and_the_headline_first() -> None:
    names = [one.name for one in METRICS]
    assert names[0] == "correct_and_cited"
    assert len(set(names)) == len(names)
    assert not [one.name for one in METRICS if one.binary and (one.total or one.unit != "share")]


def test_groups_stand_together() -> None:
    groups = [one.group for one in METRICS]
    assert list(dict.fromkeys(groups)) == [g for g, before in zip(groups, [None, *groups], strict=False) if g != before]


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"There is no metric 'citation_reacll'; try citation_recall or"):
        metric("citation_reacll")
    with pytest.raises(ValueError, match="try correct_and_cited"):
        metric("")
