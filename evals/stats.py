"""How sure a figure is, and whether two runs differ: intervals, paired tests, and what a set of this size can show."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist, fmean

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binomtest, permutation_test

from .metrics import METRICS, metric
from .outcomes import Outcome, Run

SEED = 7  # any fixed number: two reports on the same run must agree
_FLIPS = 9999  # sign patterns drawn where there are too many for all: p is then within 0.01 of the exact one


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over n questions of so many articles, and its 95 % interval.

    ``by_article`` is False where all questions are about one article, so that questions were resampled instead: the
    interval then says nothing about other articles.
    """

    low: float
    mean: float
    high: float
    n: int
    clusters: int
    by_article: bool = True


def bootstrap(
    values: Sequence[float], clusters: Sequence[str], *, times: int = 2000, seed: int = SEED
) -> Interval | None:
    """The mean of the values and its 95 % percentile interval; None without a value. The order does not matter.

    ``clusters[i]`` is the article of question i. Whole articles are drawn with replacement, each drawing's mean being
    the sum of its values by their number (the cluster bootstrap of Field & Welsh 2007).
    """
    groups: dict[str, list[float]] = defaultdict(list)
    for value, cluster in zip(values, clusters, strict=True):
        groups[cluster].append(value)
    if not groups:
        return None
    by_article = len(groups) > 1
    drawn = [groups[name] for name in sorted(groups)] if by_article else [[value] for value in sorted(values)]
    sums = np.array([math.fsum(group) for group in drawn])
    sizes = np.array([len(group) for group in drawn], dtype=float)
    picks = np.random.default_rng(seed).multinomial(len(drawn), np.full(len(drawn), 1 / len(drawn)), size=times)
    low, high = np.quantile((picks @ sums) / (picks @ sizes), (0.025, 0.975))
    return Interval(float(low), fmean(values), float(high), len(values), len(groups), by_article)


def mcnemar(before: Sequence[float], after: Sequence[float]) -> tuple[float, int, int]:
    """(p, gained, lost) of paired 0/1 values: the questions that went from 0 to 1, and from 1 to 0.

    p is two-sided and exact: the binomial test of gained against lost (McNemar 1947); 1 where none changed.
    """
    gained = sum(old < new for old, new in zip(before, after, strict=True))
    lost = sum(old > new for old, new in zip(before, after, strict=True))
    changed = gained + lost
    return (float(binomtest(gained, changed, 0.5).pvalue) if changed else 1.0), gained, lost


def sign_flip(before: Sequence[float], after: Sequence[float], *, seed: int = SEED) -> float:
    """p, two-sided, of paired values: how often a difference as large comes about when each pair's sign is a coin's
    (Fisher 1935). Exact up to 13 changed pairs, else over 9999 drawn sign patterns; 1 where none changed."""
    changes = sorted(new - old for old, new in zip(before, after, strict=True) if new != old)
    if len(changes) < 2:
        return 1.0  # both signs of a single change are equally far from 0
    tested = permutation_test(
        (np.array(changes),),
        lambda sample, axis: np.sum(sample, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_FLIPS,
        rng=np.random.default_rng(seed),
    )
    return float(tested.pvalue)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Each p adjusted for all of them being looked at, by the same names: the k-th smallest of m is multiplied by
    m - k + 1, kept at most 1 and at least as large as those before it (Holm 1979)."""
    adjusted: dict[str, float] = {}
    least = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = least
    return {name: adjusted[name] for name in p_values}


def smallest_detectable(n: int, *, discordant: float = 0.10, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest difference of two paired shares, 0..1, that McNemar's test finds on n questions with this power.

    ``discordant`` is the share of questions on which the two runs differ at all; it is raised to the difference where
    that is larger. Solves Connor 1987 (after Miettinen 1968) for d: n d² = (z_α/2 √ψ + z_power √(ψ - d²))². That is the
    large-sample test: the exact one has a little less power. 1 where n is too small for any difference.
    """
    z_alpha, z_power = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)

    def surplus(d: float) -> float:
        differ = max(discordant, d)
        return math.sqrt(n) * d - z_alpha * math.sqrt(differ) - z_power * math.sqrt(max(differ - d * d, 0.0))

    return float(brentq(surplus, 1e-12, 1.0)) if surplus(1.0) > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """A metric in two runs, over the n questions where both have it: the two means and their difference.

    ``p`` is McNemar's for a 0/1 metric, else the sign-flip test's; ``adjusted`` is Holm's over the metrics compared
    together. ``gained`` and ``lost`` count the questions whose value rose and fell, whichever is the better direction.
    ``dropped`` counts the questions that have the metric in one run only: there is no such question in the other run,
    it was changed since, or the metric is not defined there.
    """

    name: str
    before: float
    after: float
    difference: float
    p: float
    adjusted: float
    n: int
    gained: int
    lost: int
    dropped: int


def compare(before: Run, after: Run, metrics: Iterable[str] | None = None) -> list[Change]:
    """The change of each metric, in the order given; of all metrics of single questions if none is given.

    Questions are paired by id and sha. A metric without a pair is left out. Raises ValueError for an unknown name.
    """
    names = [one.name for one in METRICS if not one.total] if metrics is None else list(dict.fromkeys(metrics))
    found = [change for name in names if (change := _change(name, before, after))]
    adjusted = holm({change.name: change.p for change in found})
    return [replace(change, adjusted=adjusted[change.name]) for change in found]


def _change(name: str, before: Run, after: Run) -> Change | None:
    binary = metric(name).binary
    old, new = _by_question(before.outcomes, name), _by_question(after.outcomes, name)
    both = [question for question in old if question in new]
    if not both:
        return None
    was, now = [old[question] for question in both], [new[question] for question in both]
    p, gained, lost = mcnemar(was, now)
    return Change(
        name=name,
        before=fmean(was),
        after=fmean(now),
        difference=fmean(now) - fmean(was),
        p=p if binary else sign_flip(was, now),
        adjusted=1.0,  # known once all metrics are
        n=len(both),
        gained=gained,
        lost=lost,
        dropped=len(old.keys() ^ new.keys()),
    )


def _by_question(outcomes: Iterable[Outcome], name: str) -> dict[tuple[str, str], float]:
    return {(one.id, one.sha): one.values[name] for one in outcomes if name in one.values}
