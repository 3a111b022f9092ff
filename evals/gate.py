"""Gates: what must hold for a run to pass, such as ``correct_and_cited>=0.85`` or ``refusal[near-miss]>=0.7``."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from qa.errors import UsageError

from .metrics import metric, totals
from .outcomes import Outcome, Run
from .report import Difference, Gate
from .stats import Change, compare

SIGNIFICANT = 0.05  # of p after Holm's adjustment
_FORM = re.compile(r"\s*([\w@]+)(?:\[([^\]]+)\])?\s*(>=|<=|==|>|<)\s*(-?\d+(?:\.\d+)?)\s*")
_HOLDS = {">=": operator.ge, "<=": operator.le, "==": operator.eq, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Condition:
    """A metric, the kind of question that it is taken over (None: all), and what it must be."""

    name: str
    kind: str | None
    sign: str
    bound: float
    text: str


def condition(text: str) -> Condition:
    """Raises `UsageError` for a metric that does not exist or words that are no condition."""
    found = _FORM.fullmatch(text)
    if not found:
        raise UsageError(f"The gate {text!r} is not of the form metric>=0.85 or metric[kind]<=0.1.")
    name, kind, sign, bound = found.groups()
    try:
        metric(name)
    except ValueError as error:
        raise UsageError(f"The gate {text!r}: {error}") from None
    return Condition(name, kind, sign, float(bound), text.strip())


def mean(name: str, outcomes: Iterable[Outcome]) -> float | None:
    """The metric over these outcomes: the mean where it is defined, or the set's own; None where it nowhere is."""
    outcomes = list(outcomes)
    values = [outcome.values[name] for outcome in outcomes if name in outcome.values]
    return sum(values) / len(values) if values else totals(outcomes).get(name)


def gate(wanted: Condition, outcomes: Sequence[Outcome]) -> Gate:
    """Whether the run passes; a metric that is not defined for any question does not."""
    kinds = {outcome.kind for outcome in outcomes}
    if wanted.kind is not None and wanted.kind not in kinds:
        return Gate(wanted.text, None, False, f"no question is of the kind {wanted.kind}")
    value = mean(wanted.name, (o for o in outcomes if wanted.kind in (None, o.kind)))
    if value is None:
        return Gate(wanted.text, None, False, "not defined for any question of this set")
    passed = _HOLDS[wanted.sign](value, wanted.bound)
    return Gate(wanted.text, value, passed, "" if passed else f"it is {value:.3f}")


def differences(before: Run, after: Run, names: Iterable[str], *, max_regress: float) -> tuple[Difference, ...]:
    """These metrics against the baseline, over the questions that both runs have; those of a whole set are left out.

    "worse" and "better" are significant after Holm's adjustment over all of them; a loss of at most ``max_regress`` is
    no "worse".
    """
    told = compare(before, after, [name for name in names if not metric(name).total])
    return tuple(_difference(change, before, after, max_regress) for change in told)


def _difference(change: Change, before: Run, after: Run, max_regress: float) -> Difference:
    sign = {"higher": 1, "lower": -1, "none": 0}[metric(change.name).direction]
    gain = sign * change.difference
    verdict = "same"
    if change.adjusted < SIGNIFICANT and gain:
        verdict = "better" if gain > 0 else "worse" if -gain > max_regress else "same"
    was = {(one.id, one.sha): one.values.get(change.name) for one in before.outcomes}
    fell = [
        one.id
        for one in after.outcomes
        if (old := was.get((one.id, one.sha))) is not None
        and (new := one.values.get(change.name)) is not None
        and sign * (new - old) < 0
    ]
    return Difference(**asdict(change), verdict=verdict, fell=tuple(fell))
