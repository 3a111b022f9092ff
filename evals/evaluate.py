"""Asks every question of a gold set of a system, judges what it gives, and sums it up: the heart of `qa eval`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from qa.errors import QAError

from .cases import Case
from .metrics import METRICS, Metric, totals, values
from .outcomes import Outcome, Prediction, Run
from .report import Row
from .stats import bootstrap

System = Callable[[Case], Prediction]
_GIVE_UP = 3  # errors on end before the first prediction: the provider is down, and asking on would only take long


class Unavailable(QAError):  # noqa: N818 - what happened
    """Nothing could be asked: the provider is down, a cassette has no reply, a file is missing."""

    exit_code = 2


def outcomes(
    cases: Sequence[Case],
    system: System,
    *,
    repeat: int = 1,
    workers: int = 1,
    asked: Callable[[], None] = lambda: None,
) -> tuple[Outcome, ...]:
    """One outcome a case, in order; with ``repeat`` a value is the mean over the repetitions, the prediction the first.

    ``asked`` is called after each question. Raises `Unavailable` when the first questions all end in an error.
    """
    found: list[Outcome] = []
    failed = 0
    for case, predictions in _predictions(cases, system, repeat, workers):
        asked()
        found.append(_outcome(case, predictions))
        failed += predictions[0].status == "error"
        if failed == len(found) == _GIVE_UP:
            raise Unavailable(f"The first {_GIVE_UP} questions got no answer: {predictions[0].error}")
    return tuple(found)


def _predictions(
    cases: Sequence[Case], system: System, repeat: int, workers: int
) -> Iterator[tuple[Case, list[Prediction]]]:
    def ask(case: Case) -> tuple[Case, list[Prediction]]:
        return case, [system(case) for _ in range(repeat)]

    if workers == 1:
        yield from map(ask, cases)
        return
    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(ask, cases)
    finally:
        pool.shutdown(cancel_futures=True)


def _outcome(case: Case, predictions: Sequence[Prediction]) -> Outcome:
    rows = [values(case, prediction) for prediction in predictions]
    names = dict.fromkeys(name for row in rows for name in row)
    meant = {name: _mean([row[name] for row in rows if name in row]) for name in names}
    if len(predictions) > 1:
        meant["stable"] = float(len({(p.status, p.text) for p in predictions}) == 1)
    return Outcome(
        case.id, case.sha, case.kind, case.lang, case.article, case.answerable, case.question, predictions[0], meant
    )


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def with_values(outcome: Outcome, more: Mapping[str, float]) -> Outcome:
    """The outcome with further values, such as a judge's."""
    return replace(outcome, values={**outcome.values, **more})


def run(system: str, found: Sequence[Outcome], about: Mapping[str, object]) -> Run:
    return Run(system, tuple(found), dict(about), totals(found))


def rows(found: Sequence[Outcome]) -> tuple[Row, ...]:
    """Each metric that is defined for some outcome: its mean, and its 95 % interval clustered on the source article."""
    summed = totals(found)
    return tuple(row for metric in METRICS if (row := _row(metric, found, summed)))


def _row(metric: Metric, found: Sequence[Outcome], summed: Mapping[str, float]) -> Row | None:
    told = (metric.name, metric.says, metric.group, metric.direction)
    having = [outcome for outcome in found if metric.name in outcome.values]
    if having:
        interval = bootstrap([o.values[metric.name] for o in having], [o.article for o in having])
        assert interval is not None
        left_out = len(found) - len(having)
        return Row(*told, interval.mean, interval.low, interval.high, len(having), left_out)
    if metric.name in summed:
        return Row(*told, summed[metric.name], None, None, len(found), 0)
    return None


def by_kind(found: Sequence[Outcome], names: Iterable[str]) -> tuple[tuple[str, str, float, int], ...]:
    """(kind, metric, mean, number of questions) for each kind and each of these metrics that is defined there."""
    told = []
    names = list(names)
    for kind in dict.fromkeys(outcome.kind for outcome in found):
        for name in names:
            having = [o.values[name] for o in found if o.kind == kind and name in o.values]
            if having:
                told.append((kind, name, _mean(having), len(having)))
    return tuple(told)


def fingerprint(cases: Sequence[Case]) -> str:
    """12 hex digits of what decides the scores of a whole gold set."""
    return hashlib.sha256(json.dumps([case.sha for case in cases]).encode()).hexdigest()[:12]
