from __future__ import annotations

import math
import random
from itertools import product
from statistics import fmean

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from evals.metrics import METRICS
from evals.outcomes import Outcome, Prediction, Run
from evals.stats import (
    Change,
    Interval,
    bootstrap,
    compare,
    holm,
    mcnemar,
    sign_flip,
    smallest_detectable,
)

# ---------------------------------------------------------------- intervals


def test_no_value_has_no_interval() -> None:
    assert bootstrap([], []) is None


def test_one_article_falls_back_to_its_questions_and_says_so() -> None:
    found = bootstrap([0.0, 1.0, 1.0, 1.0], ["a"] * 4)
    assert found == Interval(0.25, 0.75, 1.0, 4, 1, by_article=False)


def test_one_question_has_an_interval_without_width() -> None:
    assert bootstrap([0.5], ["a"]) == Interval(0.5, 0.5, 0.5, 1, 1, by_article=False)


def test_whole_articles_are_drawn() -> None:
    """Of two articles, one all right and one all wrong, a drawing has 0, 1 or 2 of the right one: 1/4, 1/2, 1/4."""
    found = bootstrap([1.0] * 50 + [0.0] * 50, ["a"] * 50 + ["b"] * 50)
    assert found == Interval(0.0, 0.5, 1.0, 100, 2)
    alone = bootstrap([1.0] * 50 + [0.0] * 50, [str(n) for n in range(100)])
    assert alone is not None
    assert 0.35 < alone.low < 0.45 < 0.55 < alone.high < 0.65


def test_an_article_weighs_by_its_questions() -> None:
    found = bootstrap([1.0] * 9 + [0.0], ["a"] * 9 + ["b"])
    assert found is not None
    assert found.mean == 0.9


def test_the_interval_is_as_wide_as_the_normal_one_where_that_holds() -> None:
    draw = random.Random(1)
    drawn = [float(draw.random() < 0.3) for _ in range(400)]
    share, found = fmean(drawn), bootstrap(drawn, [str(n) for n in range(400)])
    assert found is not None
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * math.sqrt(share * (1 - share) / 400), rel=0.1)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="zip"):
        bootstrap([1.0, 0.0], ["a"])


ROWS = st.lists(st.tuples(st.floats(-1, 1, allow_subnormal=False), st.sampled_from("abcd")), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms())
def test_an_interval_lies_within_the_values_and_no_order_changes_it(
    rows: list[tuple[float, str]], draw: random.Random
) -> None:
    found = bootstrap([v for v, _ in rows], [c for _, c in rows], times=200)
    turned = draw.sample(rows, len(rows))
    assert found == bootstrap([v for v, _ in turned], [c for _, c in turned], times=200)
    assert found is not None
    least, most = min(v for v, _ in rows) - 1e-9, max(v for v, _ in rows) + 1e-9
    assert least <= found.low <= found.high <= most
    assert least <= found.mean <= most
    assert (found.n, found.clusters) == (len(rows), len({c for _, c in rows}))


# ---------------------------------------------------------------- paired tests

BITS = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0])), max_size=40)


def test_mcnemar_by_hand() -> None:
    before, after = [0, 0, 0, 0, 0, 1, 1, 0], [1, 1, 1, 1, 1, 0, 1, 0]
    p, gained, lost = mcnemar(before, after)
    assert p == pytest.approx(2 * (1 + 6) / 2**6)
    assert (gained, lost) == (5, 1)
    assert mcnemar([1, 0], [1, 0]) == (1.0, 0, 0)
    assert mcnemar([], []) == (1.0, 0, 0)


@settings(deadline=None)  # two cores may be busy with other things
@given(BITS)
def test_mcnemar_is_the_same_the_other_way_round(pairs: list[tuple[float, float]]) -> None:
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    p, gained, lost = mcnemar(before, after)
    again, fell, rose = mcnemar(after, before)
    assert (gained, lost) == (rose, fell)
    assert p == pytest.approx(again)
    assert 0 < p <= 1
    tail = sum(math.comb(gained + lost, i) for i in range(min(gained, lost) + 1)) / 2 ** (gained + lost)
    assert p == pytest.approx(min(1.0, 2 * tail))


def all_flips(changes: list[float]) -> float:
    sums = [
        abs(sum(s * c for s, c in zip(signs, changes, strict=True))) for signs in product((1, -1), repeat=len(changes))
    ]
    return sum(one >= abs(sum(changes)) - 1e-9 for one in sums) / len(sums)


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0]), max_size=8), st.randoms())
@settings(max_examples=60, deadline=None)
def test_sign_flip_counts_all_patterns_of_few_pairs(changes: list[float], draw: random.Random) -> None:
    p = sign_flip([0.0] * len(changes), changes)
    assert p == pytest.approx(all_flips(changes))
    assert p == sign_flip([0.0] * len(changes), draw.sample(changes, len(changes)))
    assert p == pytest.approx(sign_flip(changes, [0.0] * len(changes)))


def test_sign_flip_of_many_pairs_is_drawn_and_always_the_same() -> None:
    draw = random.Random(2)
    before = [draw.random() for _ in range(100)]
    after = [value + draw.gauss(0.05, 0.2) for value in before]
    p = sign_flip(before, after)
    assert p == sign_flip(before[::-1], after[::-1])
    changes = np.array(after) - np.array(before)
    z = abs(changes.sum()) / math.sqrt((changes**2).sum())
    assert p == pytest.approx(math.erfc(z / math.sqrt(2)), abs=0.02)
    assert sign_flip(before, [value + 0.5 for value in before]) == pytest.approx(2 / 10_000)


def test_sign_flip_of_0_and_1_is_mcnemar() -> None:
    before, after = [0.0] * 9 + [1.0] * 3, [1.0] * 9 + [0.0] * 3
    assert sign_flip(before, after) == pytest.approx(mcnemar(before, after)[0])


@pytest.mark.parametrize(("before", "after"), [([], []), ([0.3, 0.2], [0.3, 0.2]), ([0.1, 0.2], [0.1, 0.9])])
def test_sign_flip_is_1_where_at_most_one_pair_changed(before: list[float], after: list[float]) -> None:
    assert sign_flip(before, after) == 1.0


def test_holm_by_hand() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    )
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni(given_p: dict[str, float]) -> None:
    adjusted = holm(given_p)
    assert list(adjusted) == list(given_p)
    for name, p in given_p.items():
        assert p <= adjusted[name] <= 1
        assert all(adjusted[name] <= adjusted[other] for other in given_p if p < given_p[other])
    if given_p:
        least = min(given_p.values())
        assert min(adjusted.values()) == min(1.0, len(given_p) * least)


# ---------------------------------------------------------------- what a set of this size can show


def power_of(d: float, n: int, discordant: float) -> float:
    """How often McNemar's large-sample test finds a difference d in simulated pairs."""
    gain, loss = (discordant + d) / 2, (discordant - d) / 2
    drawn = np.random.default_rng(3).multinomial(n, [gain, loss, 1 - gain - loss], size=4000)
    gained, lost = drawn[:, 0], drawn[:, 1]
    changed = np.maximum(gained + lost, 1)
    return float(np.mean(np.abs(gained - lost) / np.sqrt(changed) > 1.96))


@pytest.mark.parametrize(("n", "discordant"), [(213, 0.10), (213, 0.2), (1000, 0.10), (2000, 0.05)])
def test_the_smallest_detectable_difference_is_found_four_times_in_five(n: int, discordant: float) -> None:
    d = smallest_detectable(n, discordant=discordant)
    assert power_of(d, n, discordant) == pytest.approx(0.8, abs=0.04)
    assert power_of(d / 2, n, discordant) < 0.4


def test_the_exact_test_has_a_little_less_power() -> None:
    d = smallest_detectable(213)
    drawn = np.random.default_rng(4).multinomial(213, [(0.1 + d) / 2, (0.1 - d) / 2, 0.9], size=1500)
    p = {(g, m): binomtest(int(g), int(g + m), 0.5).pvalue for g, m in {(int(r[0]), int(r[1])) for r in drawn} if g + m}
    power = fmean(p.get((int(r[0]), int(r[1])), 1.0) <= 0.05 for r in drawn)
    assert 0.65 < power < 0.8


def test_the_smallest_detectable_difference_solves_connors_formula() -> None:
    d = smallest_detectable(213)
    needed = (1.959964 * math.sqrt(0.1) + 0.841621 * math.sqrt(0.1 - d * d)) ** 2 / (d * d)
    assert needed == pytest.approx(213, rel=1e-4)
    assert d == pytest.approx(0.0603, abs=0.0005)


@given(st.integers(0, 5000), st.floats(0, 1))
def test_more_questions_detect_less(n: int, discordant: float) -> None:
    d, finer = smallest_detectable(n, discordant=discordant), smallest_detectable(n + 50, discordant=discordant)
    assert 0 < finer <= d <= 1


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_handful_of_questions_detects_nothing(n: int) -> None:
    assert smallest_detectable(n) == 1.0


# ---------------------------------------------------------------- two runs


def an_outcome(name: str, given_values: dict[str, float], sha: str) -> Outcome:
    return Outcome(name, sha, "fact", "en", "a.txt", True, "When?", Prediction("answered"), given_values)


def a_run(rows: dict[str, dict[str, float]], *, changed: str = "") -> Run:
    """A run of these values by id; the question ``changed`` is not what it was."""
    outcomes = [an_outcome(name, row, "new" if name == changed else "old") for name, row in rows.items()]
    return Run("system", tuple(outcomes))


def test_a_change_is_paired_by_question() -> None:
    before = a_run({str(n): {"correct": 0.0, "recall@10": 0.5} for n in range(10)})
    after = a_run({str(n): {"correct": float(n < 8), "recall@10": 0.5} for n in reversed(range(10))})
    correct, recall = compare(before, after, ["correct", "recall@10"])
    assert correct == Change("correct", 0.0, 0.8, 0.8, 2 / 2**8, 4 / 2**8, 10, 8, 0, 0)
    assert recall == Change("recall@10", 0.5, 0.5, 0.0, 1.0, 1.0, 10, 0, 0, 0)


def test_a_metric_that_is_not_binary_is_tested_by_flipping_signs() -> None:
    before = a_run({str(n): {"token_f1": 0.5} for n in range(6)})
    after = a_run({str(n): {"token_f1": 0.5 + n / 10} for n in range(6)})
    (change,) = compare(before, after, ["token_f1"])
    assert change.p == change.adjusted == pytest.approx(2 / 2**5)
    assert (change.n, change.gained, change.lost) == (6, 5, 0)


def test_what_cannot_be_paired_is_dropped_and_counted() -> None:
    one, none = {"correct": 1.0}, dict[str, float]()
    before = a_run({"kept": one, "gone": one, "changed": one, "undefined": one, "never": none})
    after = a_run({"kept": one, "new": one, "changed": one, "undefined": none, "never": none}, changed="changed")
    (change,) = compare(before, after, ["correct"])
    assert change.n == 1
    assert change.dropped == 5  # gone, new, undefined, and changed in both runs
    assert compare(before, after, ["refusal"]) == []


def test_without_names_all_metrics_of_single_questions_are_compared_in_reading_order() -> None:
    every = {one.name: 1.0 for one in METRICS}
    changes = compare(a_run({"1": every}), a_run({"1": every}))
    assert [change.name for change in changes] == [one.name for one in METRICS if not one.total]


def test_a_name_that_comes_twice_is_tested_once() -> None:
    run = a_run({"1": {"correct": 1.0}})
    assert len(compare(run, run, ["correct", "correct"])) == 1


def test_an_unknown_metric_is_an_error() -> None:
    with pytest.raises(ValueError, match="There is no metric 'corect'; try correct"):
        compare(a_run({}), a_run({}), ["corect"])


SCORES = st.dictionaries(
    st.sampled_from("12345"),
    st.fixed_dictionaries({}, optional={"correct": st.sampled_from([0.0, 1.0]), "token_f1": st.floats(0, 1)}),
)


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES)
def test_comparing_the_other_way_round_turns_the_signs(
    one: dict[str, dict[str, float]], other: dict[str, dict[str, float]]
) -> None:
    assume(one and other)
    there, back = compare(a_run(one), a_run(other)), compare(a_run(other), a_run(one))
    assert [change.name for change in there] == [change.name for change in back]
    for change, turned in zip(there, back, strict=True):
        assert change.difference == -turned.difference == change.after - change.before
        assert (change.gained, change.lost, change.dropped) == (turned.lost, turned.gained, turned.dropped)
        assert 0 < change.p <= change.adjusted <= 1
        assert change.p == pytest.approx(turned.p)
