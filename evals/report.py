"""A run as people and CI read it: text for a terminal, one HTML file, JUnit XML, annotations for GitHub.

Articles, questions and answers are untrusted: they are escaped in each of these, and control characters are left out.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from operator import itemgetter
from pathlib import Path
from xml.etree import ElementTree

from .cases import Case
from .metrics import METRICS, by_certainty, contains, reliability, risk_coverage
from .outcomes import Outcome, Prediction, Run
from .stats import Change

HEADLINE = "correct_and_cited"  # what the product is for: the right answer, with a paragraph that proves it
FOUND = 10  # a paragraph further down than this counts as not found: nobody reads on, and no answerer is given more
_WARNINGS = 20  # GitHub shows ten of a step; the log holds the others, and is no place for hundreds
_UNITS = {metric.name: metric.unit for metric in METRICS}
_ABSENT = "–"
# What XML 1.0 forbids (2.2), what a terminal obeys (C1 and escape), and what turns the direction of a line around.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of one system: its mean over the ``n`` outcomes that it is defined for, with its 95 % interval.

    ``left_out`` counts the outcomes for which it is not defined.
    """

    name: str
    description: str
    group: str
    direction: str
    mean: float
    low: float | None
    high: float | None
    n: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Difference(Change):
    """A change against the baseline run; ``verdict`` is "worse", "better" or "same", ``fell`` are the ids of the
    questions that got worse."""

    verdict: str
    fell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition that a run must meet; ``value`` is None when there is nothing to measure it on."""

    text: str
    value: float | None
    passed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report shows. ``by_kind``: kind, metric, mean, n. ``baselines``: trivial systems by name.

    ``check`` is the support check's own accuracy: "caught" of the faults planted in true claims and "kept" of the true
    ones (0..1), of "n" claims. ``paragraphs``: title or "" and text of each address that was cited or is gold.
    ``ledger``: tokens, calls, and "cost" where prices were given.
    """

    run: Run
    cases: Mapping[str, Case]
    rows: tuple[Row, ...]
    by_kind: tuple[tuple[str, str, float, int], ...] = ()
    gates: tuple[Gate, ...] = ()
    differences: tuple[Difference, ...] = ()
    unpaired: int = 0
    baselines: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    check: Mapping[str, float] = field(default_factory=dict)
    paragraphs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ledger: Mapping[str, float] = field(default_factory=dict)


# ---------------------------------------------------------------- why a question failed


def failed(outcome: Outcome, case: Case) -> bool:
    """Whether `why` has anything to say against it."""
    return bool(why(case, outcome))


def why(case: Case, outcome: Outcome) -> str:
    """One sentence that says why the question failed; "" when it passed."""
    given = outcome.prediction
    if given.status == "error":
        return _sentence(given.error) or "It ended in an error that does not say what it is."
    if case.answerable:
        found = _refused(case, given) if given.refused else _misanswered(case, outcome)
    else:
        found = _overanswered(case, outcome)
    return found or _unsupported(given) or _unsteady(outcome)


def _refused(case: Case, given: Prediction) -> str:
    rank = _rank(case, given)
    if rank is None:
        return f"Refused: {_not_found(given)}."
    return f"Refused although {place(given.retrieved[rank - 1])}, which answers it, was found at rank {rank}."


def _misanswered(case: Case, outcome: Outcome) -> str:
    """What is wrong with an answer to an answerable question; "" when it is right and cited."""
    given = outcome.prediction
    if outcome.values.get(HEADLINE, 1.0) >= 1:
        return "Does not show that the articles differ." if case.conflict and not given.conflict else ""
    unsaid = [fact[0] for fact in case.facts if not any(contains(given.text, wording) for wording in fact)]
    cited = _proves(case) & {citation.address for citation in given.cited}
    lacking = f"{_listed(unsaid)} {'is' if len(unsaid) == 1 else 'are'} not said"
    if unsaid and cited:
        return f"Found and cited, but {lacking}."
    if unsaid and _rank(case, given) is None:
        return f"{_capital(_not_found(given))}, and {lacking}."
    if unsaid:
        return f"{_capital(lacking)}, and none of the gold paragraphs is cited."
    if not cited:
        return "Says what is expected, but cites none of the gold paragraphs."
    return _claims_wrong(case, given)


def _claims_wrong(case: Case, given: Prediction) -> str:
    said = [value for value in case.wrong if contains(given.text, value)]
    return f"Says {_listed(said)}, which is wrong." if said else ""


def _overanswered(case: Case, outcome: Outcome) -> str:
    """What is wrong with the reaction to a question that has no answer, or none as it stands."""
    given = outcome.prediction
    if case.answerable is None and given.status == "refused":
        return "Refused instead of asking back."
    if given.refused or outcome.values.get("handled", 0.0) >= 1:  # handled: its false premise is denied, and cited
        return ""
    if case.answerable is None:
        return "Answered although it is not clear what is meant."
    return _claims_wrong(case, given) or "Answered although the articles do not say."


def _unsupported(given: Prediction) -> str:
    if any(one.shown_as == "unsupported" or not one.entailed for one in given.statements):
        return "Shows a sentence that its paragraph does not support."
    if any(not citation.valid for citation in given.cited):
        return "Quotes words that do not stand in the paragraph it cites."
    return ""


def _unsteady(outcome: Outcome) -> str:
    """For what the sentences above do not see: a metric says that it failed."""
    short = [name for name in (HEADLINE, "handled", "clarify") if outcome.values.get(name, 1.0) < 1]
    return f"It was not right each time: {words(short[0])} is {number(outcome.values[short[0]])}." if short else ""


def _proves(case: Case) -> set[str]:
    return {*case.gold, *case.acceptable}


def _rank(case: Case, given: Prediction) -> int | None:
    """The rank, from 1, of the first gold paragraph among those found, or else of the first acceptable one."""
    ranked = [n for wanted in (case.gold, case.acceptable)
              for n, address in enumerate(given.retrieved[:FOUND], start=1) if address in wanted]  # fmt: skip
    return ranked[0] if ranked else None


def _not_found(given: Prediction) -> str:
    return f"the right paragraph was not among the first {FOUND}" if given.retrieved else "no paragraph was found"


def _sentence(text: str) -> str:
    line = " ".join(clean(text).split())
    return line if not line or line.endswith((".", "!", "?")) else f"{line}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(texts: Sequence[str]) -> str:
    """The texts in quotation marks: “a”, “b” and “c”."""
    quoted = [f"“{text}”" for text in texts]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


# ---------------------------------------------------------------- how a value is written


def number(value: float | None, name: str = "") -> str:
    """Three decimals, fewer for large values and for what is counted; a dash for a value that is absent or not finite.

    ``name`` is the metric, whose unit says whether it is counted.
    """
    if value is None or not math.isfinite(value):
        return _ABSENT
    if _UNITS.get(name) in ("count", "tokens"):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3f}"


def signed(value: float | None, name: str = "") -> str:
    shown = number(value, name)
    return shown if shown == _ABSENT or shown.startswith("-") else f"+{shown}"


def chance(p: float) -> str:
    """A p value; one that would be written as 0 is "<0.001"."""
    return "<0.001" if p < 0.0005 else number(p)


def percent(value: float) -> str:
    """A share 0..1 in percent, without its sign; what lies outside is cut off."""
    return f"{100 * min(max(value, 0.0), 1.0):.0f}" if math.isfinite(value) else "0"


def words(name: str) -> str:
    """A metric's name for a person: correct_and_cited is "correct and cited"."""
    return name.replace("_", " ")


def arrow(direction: str) -> str:
    return {"higher": "↑", "lower": "↓"}.get(direction, "")


def place(address: str) -> str:
    """The printed form of an address: ``file#p7`` is "file ¶7"."""
    file, mark, paragraph = address.rpartition("#p")
    return f"{file} ¶{paragraph}" if mark else address


def clean(text: str) -> str:
    """The text without the control characters that XML forbids, a terminal obeys, or that reorder a line."""
    return _CONTROL.sub("", text)


def _cell(text: str) -> str:
    return " ".join(clean(text).split())


# ---------------------------------------------------------------- terminal


def text(report: Report) -> str:
    """What the terminal prints: headline, metrics, kinds, trivial systems, gates and ledger, in aligned columns."""
    parts = [_headline(report), called(report.run.outcomes), _metrics(report), _kinds(report), _beside(report)]
    parts += [_gates(report), _ledger(report)]
    return "\n\n".join(part for part in parts if part)


def called(outcomes: Iterable[Outcome]) -> str:
    """A line for each word that the page has for confidence: how many answers are called so, and how many are right."""
    shares = by_certainty(outcomes)
    rows = [(word.replace("_", " "), str(n), number(share)) for word, n, share in shares if share is not None]
    return table([("called", "answers", "right"), *rows], flush=(0,)) if rows else ""


def _headline(report: Report) -> str:
    outcomes = report.run.outcomes
    bad = sum(failed(outcome, report.cases[outcome.id]) for outcome in outcomes)
    errors = sum(outcome.prediction.status == "error" for outcome in outcomes)
    lines = [f"{_cell(report.run.system)}: {bad} of {len(outcomes)} questions failed, {errors} of them with an error"]
    if head := _head(report):
        sure = f"95 % interval {number(head.low)} to {number(head.high)}, n {head.n}"
        lines.append(f"{words(head.name)} {number(head.mean)} ({sure}){_against(report, head.name)}")
    return "\n".join(lines)


def _head(report: Report) -> Row | None:
    return next((row for row in report.rows if row.name == HEADLINE), report.rows[0] if report.rows else None)


def _against(report: Report, name: str) -> str:
    change = _changes(report).get(name)
    if change is None:
        return ""
    return f", {signed(change.difference)} against the baseline, p {chance(change.adjusted)}: {change.verdict}"


def _changes(report: Report) -> dict[str, Difference]:
    return {difference.name: difference for difference in report.differences}


def _metrics(report: Report) -> str:
    changes = _changes(report)
    head = ("", "mean", "95 % interval", "n", "left out", *(("before", "change", "p", "") if changes else ()))
    lines: list[Sequence[str] | str] = [head]
    for group, rows in _groups(report):
        lines.append(words(group))
        for row, beside in rows:
            lines.append(_line(row, changes))
            lines += [f"    {beside}"] * bool(beside)
    if changes:
        lines.append("p is adjusted for the number of metrics compared.")
    if report.unpaired:
        lines.append(f"{report.unpaired} questions are new or changed since the baseline, and are not compared.")
    return table(lines, flush=(0, 8))


def _line(row: Row, changes: Mapping[str, Difference]) -> tuple[str, ...]:
    interval = _ABSENT
    if row.low is not None and row.high is not None:
        interval = f"{number(row.low, row.name)} to {number(row.high, row.name)}"
    cells = (
        f"  {row.name} {arrow(row.direction)}",
        number(row.mean, row.name),
        interval,
        str(row.n),
        str(row.left_out),
    )
    if not changes:
        return cells
    if (change := changes.get(row.name)) is None:
        return (*cells, *[_ABSENT] * 3, "")
    moved = number(change.before, row.name), signed(change.difference, row.name), chance(change.adjusted)
    return (*cells, *moved, change.verdict)


def _groups(report: Report) -> Iterator[tuple[str, list[tuple[Row, str]]]]:
    """The rows by group, in order, each with what must stand beside it: beside what the support check says, how often
    that check itself is right."""
    checked = [row.name for row in report.rows if row.name in ("citation_precision", "citation_recall")][-1:]
    for group in dict.fromkeys(row.group for row in report.rows):
        rows = [row for row in report.rows if row.group == group]
        yield group, [(row, _check(report) if row.name in checked else "") for row in rows]


def _check(report: Report) -> str:
    if not report.check:
        return ""
    caught, kept = number(report.check.get("caught")), number(report.check.get("kept"))
    n = number(report.check.get("n"), "calls")  # written as what is counted is
    return f"the support check itself catches {caught} of planted faults and keeps {kept} of true claims (n {n})"


def _kinds(report: Report) -> str:
    rows = [(f"  {kind}", metric, number(mean, metric), str(n)) for kind, metric, mean, n in report.by_kind]
    return table([("by kind", "metric", "mean", "n"), *rows], flush=(0, 1)) if rows else ""


def _beside(report: Report) -> str:
    if not report.baselines:
        return ""
    head = ("beside trivial systems", report.run.system, *report.baselines)
    rows = [(f"  {name}", *(number(value, name) for value in values)) for name, values in _side_by_side(report)]
    return table([head, *rows])


def _side_by_side(report: Report) -> Iterator[tuple[str, list[float | None]]]:
    """Each metric on which the systems differ: its value for the run's system, then for each trivial one."""
    others = [{row.name: row.mean for row in rows} for rows in report.baselines.values()]
    for row in report.rows:
        values = [row.mean, *(other.get(row.name) for other in others)]
        if len(set(values)) > 1 and any(value is not None for value in values[1:]):
            yield row.name, values


def _gates(report: Report) -> str:
    rows = [("  passed" if one.passed else "  MISSED", one.text, reached(one)) for one in report.gates]
    return table([("gates", "", ""), *rows], flush=(0, 1, 2)) if rows else ""


def reached(gate: Gate) -> str:
    """What the gate was held against."""
    return gate.why or f"it is {number(gate.value)}"


def _ledger(report: Report) -> str:
    return " · ".join(f"{words(name)} {amount}" for name, amount in _spent(report).items())


def _spent(report: Report) -> dict[str, str]:
    """The ledger as it is written; the cost stands there in any case, with a dash where no prices were given."""
    entries = {**report.ledger, "cost": report.ledger.get("cost")} if report.ledger else {}
    return {name: _amount(name, value) for name, value in entries.items()}


def _amount(name: str, value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return _ABSENT
    return f"{value:,.4f}" if name == "cost" else f"{value:,.0f}"


def table(lines: Sequence[Sequence[str] | str], *, flush: Collection[int] = (0,)) -> str:
    """Rows in aligned columns, flush left in the columns named and flush right in the others; a str stays as it is."""
    rows = [[_indented(cell) for cell in line] for line in lines if not isinstance(line, str)]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    padded = iter(
        "  ".join(f"{cell:{'<' if n in flush else '>'}{widths[n]}}" for n, cell in enumerate(row)).rstrip()
        for row in rows
    )
    return "\n".join(_indented(line) if isinstance(line, str) else next(padded) for line in lines)


def _indented(text: str) -> str:
    """The text in one line, without control characters, with the spaces that it begins with."""
    return " " * (len(text) - len(text.lstrip(" "))) + _cell(text)


def compared(differences: Sequence[Difference]) -> str:
    """Two runs side by side: each metric, and below them the questions that got worse in the headline metric or in one
    that is significantly worse."""
    if not differences:
        return "No question is in both runs with the same gold; compare runs over one gold set."
    head = ("", "before", "after", "change", "p", "adjusted", "n", "gained", "lost", "")
    rows = [
        (one.name, number(one.before, one.name), number(one.after, one.name), signed(one.difference, one.name),
         chance(one.p), chance(one.adjusted), str(one.n), str(one.gained), str(one.lost), one.verdict)
        for one in differences
    ]  # fmt: skip
    fell = [one for one in differences if one.fell and (one.verdict == "worse" or one.name == HEADLINE)]
    return table([head, *rows, *(f"worse in {one.name}: {', '.join(one.fell)}" for one in fell)], flush=(0, 9))


# ---------------------------------------------------------------- JUnit XML and GitHub annotations


def junit(report: Report) -> str:
    """JUnit XML: a test case a question (its class is its kind), and a suite for the gates."""
    root = ElementTree.Element("testsuites", name=_cell(f"eval {report.run.system}"))
    questions = _suite(root, "questions", len(report.run.outcomes))
    for outcome in report.run.outcomes:
        _add_question(questions, report.cases[outcome.id], outcome)
    gates = _suite(root, "gates", len(report.gates))
    for gate in report.gates:
        test = ElementTree.SubElement(gates, "testcase", classname="gates", name=_cell(gate.text))
        if not gate.passed:
            ElementTree.SubElement(test, "failure", type="gate", message=_cell(reached(gate)))
    _count(root, questions, gates)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(root: ElementTree.Element, name: str, tests: int) -> ElementTree.Element:
    return ElementTree.SubElement(root, "testsuite", name=name, tests=str(tests), skipped="0")


def _count(root: ElementTree.Element, *suites: ElementTree.Element) -> None:
    """Writes the numbers of failures and errors and the seconds into the suites, and their sums into the root."""
    for suite in suites:
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("errors", str(len(suite.findall("testcase/error"))))
        suite.set("time", f"{sum(float(test.get('time', 0)) for test in suite):.3f}")
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in suites)))


def _add_question(suite: ElementTree.Element, case: Case, outcome: Outcome) -> None:
    given = outcome.prediction
    test = ElementTree.SubElement(
        suite, "testcase", classname=_cell(case.kind), name=_cell(f"{case.id}: {case.question}")
    )
    if given.seconds is not None and math.isfinite(given.seconds):
        test.set("time", f"{given.seconds:.3f}")
    if case.path:
        test.set("file", _cell(_relative(case.path)))
        test.set("line", str(case.line))
    if reason := why(case, outcome):
        kind = "error" if given.status == "error" else "failure"
        ElementTree.SubElement(test, kind, type=given.status, message=_cell(reason)).text = clean(_told(case, given))


def _told(case: Case, given: Prediction) -> str:
    """What was expected and what was given, in a few lines."""
    cited = ", ".join(dict.fromkeys(place(citation.address) for citation in given.cited)) or "nothing"
    return (
        f"expected: {_expected(case)}\ngold: {', '.join(map(place, case.gold)) or 'none'}\n"
        f"given ({given.status}): {given.text or given.notes or given.error}\ncited: {cited}"
    )


def _expected(case: Case) -> str:
    """The facts, each with its alternatives, or what the right reaction is where there are none."""
    if case.facts:
        return "; ".join(" or ".join(f"“{wording}”" for wording in fact) for fact in case.facts)
    return {True: "an answer", False: "no answer: the articles do not say", None: "to ask back"}[case.answerable]


def github(report: Report) -> list[str]:
    """GitHub's workflow commands: errors for missed gates, for metrics that got worse and for the questions that did;
    warnings for at most 20 other failed questions. They point at the gold file's lines, from the current folder."""
    worse = [change for change in report.differences if change.verdict == "worse"]
    fell: dict[str, list[str]] = {}
    for change in worse:
        for name in change.fell:
            fell.setdefault(name, []).append(change.name)
    missed = [
        _command("error", f"{gate.text}: {reached(gate)}", "Gate missed") for gate in report.gates if not gate.passed
    ]
    return [*missed, *map(_regression, worse), *_questions(report, fell)]


def _regression(change: Difference) -> str:
    moved = f"{number(change.before, change.name)} before, {number(change.after, change.name)} now"
    message = (
        f"{change.name}: {moved}; adjusted p {chance(change.adjusted)}, {change.lost} lost, {change.gained} gained"
    )
    return _command("error", message, "Worse than the baseline")


def _questions(report: Report, fell: Mapping[str, Sequence[str]]) -> list[str]:
    """An error for each question that fell, with the metrics in which it did, then warnings for others that failed."""
    errors, warnings = [], []
    for outcome in report.run.outcomes:
        case = report.cases[outcome.id]
        reason = why(case, outcome)
        if names := fell.get(case.id):
            message = f"{case.question}\n{reason} Worse in {', '.join(names)}."
            errors.append(_command("error", message, f"{case.id} was better before", case))
        elif reason:
            warnings.append(_command("warning", f"{case.question}\n{reason}", f"{case.id} failed", case))
    return [*errors, *warnings[:_WARNINGS]]


def _command(level: str, message: str, title: str, case: Case | None = None) -> str:
    """The escapes are those of the toolkit: github.com/actions/toolkit, packages/core/src/command.ts."""
    given = {"file": _relative(case.path), "line": str(case.line)} if case and case.path else {}
    told = [f"{name}={_escaped(value, ':,')}" for name, value in {**given, "title": title}.items()]
    return f"::{level} {','.join(told)}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{more}" else char for char in clean(text))


def _relative(path: str) -> str:
    """The path from the current folder, with slashes; as it is where it does not lie in it."""
    try:
        return Path(path).resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return Path(path).as_posix()


# ---------------------------------------------------------------- HTML


@dataclass(frozen=True, slots=True)
class _Shown:
    """A paragraph as it is shown: in pieces, each with whether it is quoted. ``astray`` are quotes not found in it."""

    place: str
    title: str
    tags: tuple[str, ...]
    pieces: tuple[tuple[str, bool], ...]
    astray: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with what was expected, what was given and why that failed ("" if it passed)."""

    anchor: str
    case: Case
    given: Prediction
    why: str
    expected: str
    paragraphs: tuple[_Shown, ...]


_FILTER = """
const choice = document.getElementById("kind");
choice.closest("p").hidden = false;
choice.addEventListener("change", () => {
  for (const one of document.querySelectorAll("[data-kind]"))
    one.hidden = choice.value !== "" && one.dataset.kind !== choice.value;
});
"""


def html(report: Report) -> str:
    """One page that needs no network: the figures, two plots, each failed question with its evidence, those passed."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    room = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    room.filters |= {f.__name__: f for f in (number, signed, chance, words, arrow, place, percent, reached)}
    asked = [_asked(report, outcome, n) for n, outcome in enumerate(report.run.outcomes, start=1)]
    head, changes = _head(report), _changes(report)
    return clean(
        room.get_template("report.html.jinja").render(
            report=report,
            head=head,
            change=changes.get(head.name) if head else None,
            changes=changes,
            units=_UNITS,
            groups=list(_groups(report)),
            beside=list(_side_by_side(report)),
            kinds=_by_metric(report),
            risk=_risk(report.run.outcomes),
            bins=_reliability(report.run.outcomes),
            failed=[one for one in asked if one.why],
            passed=[one for one in asked if not one.why],
            about=[(name, _plain(value)) for name, value in {**report.run.about, **_spent(report)}.items()],
            script=_FILTER,
            policy=_policy(),
        )
    )


def _policy() -> str:
    """The content security policy: nothing is loaded, and no script runs but ours."""
    known = base64.b64encode(hashlib.sha256(_FILTER.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{known}'; base-uri 'none'"


def _asked(report: Report, outcome: Outcome, n: int) -> _Asked:
    case, given = report.cases[outcome.id], outcome.prediction
    addresses = dict.fromkeys([*(citation.address for citation in given.cited), *case.gold])
    paragraphs = tuple(_shown(report, case, given, address) for address in addresses)
    return _Asked(f"question-{n}", case, given, why(case, outcome), _expected(case), paragraphs)


def _shown(report: Report, case: Case, given: Prediction, address: str) -> _Shown:
    title, standing = report.paragraphs.get(address, ("", ""))
    quotes = [citation.quote for citation in given.cited if citation.address == address]
    pieces, astray = marked(standing, quotes)
    return _Shown(place(address), title, tuple(_tags(case, given, address, bool(standing))), pieces, astray)


def _tags(case: Case, given: Prediction, address: str, there: bool) -> Iterator[str]:
    cited = [citation for citation in given.cited if citation.address == address]
    if cited:
        yield "cited" if all(citation.valid for citation in cited) else "cited, not as it stands"
    if address in _proves(case):
        yield "gold" if address in case.gold else "acceptable"
    elif address in case.tempting:
        yield "tempting"
    if address in given.retrieved:
        yield f"found at rank {given.retrieved.index(address) + 1}"
    elif given.retrieved:
        yield "not found"
    if not there:
        yield "no such paragraph"


def marked(text: str, quotes: Iterable[str]) -> tuple[tuple[tuple[str, bool], ...], tuple[str, ...]]:
    """The text in pieces, each with whether a quote covers it (joined they are the text), and the quotes that do not
    stand in it. Any white space in a quote matches any in the text."""
    covered, astray = [False] * len(text), []
    for quote in filter(str.strip, quotes):
        found = re.search(r"\s+".join(map(re.escape, quote.split())), text)
        if found:
            covered[found.start() : found.end()] = [True] * (found.end() - found.start())
        else:
            astray.append(quote)
    pieces = [
        ("".join(char for char, _ in run), quoted)
        for quoted, run in groupby(zip(text, covered, strict=True), itemgetter(1))
    ]
    return tuple(pieces), tuple(astray)


def _by_metric(report: Report) -> list[tuple[str, list[tuple[str, float, int]]]]:
    names = dict.fromkeys(metric for _, metric, _, _ in report.by_kind)
    return [(name, [(kind, mean, n) for kind, metric, mean, n in report.by_kind if metric == name]) for name in names]


def _sure(outcomes: Iterable[Outcome]) -> list[tuple[float, Outcome]]:
    """Confidence and outcome, as `metrics.totals` takes them: no errors, and no underspecified questions."""
    return [
        (one.prediction.confidence, one)
        for one in outcomes
        if one.prediction.status != "error" and one.answerable is not None
        if one.prediction.confidence is not None and math.isfinite(one.prediction.confidence)
    ]


@dataclass(frozen=True, slots=True)
class _Risk:
    """The curve up to the questions that the system answers and beyond; each point is (coverage, risk), 0..1."""

    answered: list[tuple[float, float]]
    refused: list[tuple[float, float]]
    point: tuple[float, float]


def _risk(outcomes: Iterable[Outcome]) -> _Risk | None:
    """Risk against coverage over the questions that `metrics.totals` takes aurc over; None if nothing was answered.

    The point is the system as it runs: the share that it answers, and the share of these that is not right.
    """
    scored = [(sure, one) for sure, one in _sure(outcomes) if "crag" in one.values]
    answered = [one for _, one in scored if not one.prediction.refused]
    if not answered:
        return None
    curve = risk_coverage([sure for sure, _ in scored], [one.values["crag"] == 1 for _, one in scored])
    rate = len(answered) / len(scored)
    wrong = sum(one.values["crag"] < 1 for one in answered) / len(answered)
    kept = sum(coverage <= rate for coverage, _ in curve)
    return _Risk(curve[:kept], curve[max(kept - 1, 0) :], (rate, wrong))


def _reliability(outcomes: Iterable[Outcome]) -> list[tuple[float, float, int, float]]:
    """(mean confidence, share answerable, questions, radius) for each bin; a bubble's area grows with its questions."""
    sure = _sure(outcomes)
    bins = reliability([confidence for confidence, _ in sure], [bool(one.answerable) for _, one in sure])
    most = max((n for _, _, n in bins), default=1)
    return [(mean, share, n, max(14 * math.sqrt(n / most), 2.5)) for mean, share, n in bins]


def _plain(value: object) -> str:
    """A setting as a person reads it: lists and mappings in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items()) or _ABSENT
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value)) or _ABSENT
    if isinstance(value, float):
        return number(value)
    return _ABSENT if value is None or value == "" else str(value)
