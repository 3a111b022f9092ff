from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cases import Case
from evals.metrics import values
from evals.outcomes import Cited, Outcome, Prediction, Run, Statement
from evals.report import (
    Difference,
    Gate,
    Report,
    Row,
    compared,
    failed,
    github,
    html,
    junit,
    marked,
    number,
    text,
    why,
)

HOSTILE = '<script>alert("x")</script> </textarea>\x1b[31m\x00 ]]> & \u202eabc https://evil.example/x.js'
SHOWN = '<script>alert("x")</script> </textarea>[31m ]]> & abc https://evil.example/x.js'  # without what obeys
NAN = float("nan")
INERT = {"div", "article", "option"}  # their data-kind is text


def case(name: str, answerable: bool | None = True, **more: object) -> Case:
    held: dict[str, object] = {"kind": "fact", "lang": "en", "question": f"Question {name}?", "path": "gold.jsonl"}
    if answerable:
        held |= {"facts": (("May 2023", "mayo de 2023"),), "gold": ("a.txt#p3",)}
    return Case(id=name, answerable=answerable, **{**held, **more})  # type: ignore[arg-type]


def outcome(one: Case, prediction: Prediction) -> Outcome:
    known = (one.id, one.sha, one.kind, one.lang, one.article, one.answerable, one.question)
    return Outcome(*known, prediction, values(one, prediction))


def answer(text: str, address: str = "a.txt#p3", *, entailed: bool = True, valid: bool = True) -> Prediction:
    statement = Statement(text, (address,), entailed=entailed, alone=(entailed,), without=(False,))
    cited = (Cited(address, text, valid),)
    return Prediction("answered", text, confidence=0.8, statements=(statement,), cited=cited, retrieved=("a.txt#p3",))


REFUSED = Prediction("refused", confidence=0.1, retrieved=("b.txt#p1", "a.txt#p3"), notes="Nothing says so.")
RIGHT = answer("It was in May 2023.")


def parsed(report: Report) -> Any:
    return lxml.html.document_fromstring(html(report))


def reason(one: Case, prediction: Prediction) -> str:
    return why(one, outcome(one, prediction))


# ---------------------------------------------------------------- why a question failed


@pytest.mark.parametrize(
    ("one", "prediction", "wanted"),
    [
        (case("a"), RIGHT, ""),
        (case("a", None), Prediction("clarify"), ""),
        (case("a", False), REFUSED, ""),
        (case("a"), REFUSED, "Refused although a.txt ¶3, which answers it, was found at rank 2."),
        (case("a"), Prediction("refused", retrieved=("b.txt#p1",)),
         "Refused: the right paragraph was not among the first 10."),
        (case("a"), Prediction("refused"), "Refused: no paragraph was found."),
        (case("a"), answer("It was in June."), "Found and cited, but “May 2023” is not said."),
        (case("a"), answer("It was in June.", "b.txt#p1"),
         "“May 2023” is not said, and none of the gold paragraphs is cited."),
        (case("a"), replace(answer("It was in June.", "b.txt#p1"), retrieved=("b.txt#p1",)),
         "The right paragraph was not among the first 10, and “May 2023” is not said."),
        (case("a"), answer("It was in May 2023.", "b.txt#p1"),
         "Says what is expected, but cites none of the gold paragraphs."),
        (case("a", wrong=("Tuesday",)), answer("On a Tuesday in May 2023."), "Says “Tuesday”, which is wrong."),
        (case("a", conflict=True), RIGHT, "Does not show that the articles differ."),
        (case("a", False), RIGHT, "Answered although the articles do not say."),
        (case("a", False, wrong=("2023", "June")), RIGHT, "Says “2023”, which is wrong."),
        (case("a", False, kind="false-premise", tempting=("a.txt#p3",)), RIGHT, ""),
        (case("a", None), RIGHT, "Answered although it is not clear what is meant."),
        (case("a", None), REFUSED, "Refused instead of asking back."),
        (case("a"), answer("In May 2023.", entailed=False), "Shows a sentence that its paragraph does not support."),
        (case("a"), answer("In May 2023.", valid=False), "Quotes words that do not stand in the paragraph it cites."),
        (case("a"), Prediction("error", error="The endpoint is\ndown"), "The endpoint is down."),
        (case("a"), Prediction("error"), "It ended in an error that does not say what it is."),
    ],
)  # fmt: skip
def test_one_sentence_says_why_a_question_failed(one: Case, prediction: Prediction, wanted: str) -> None:
    assert reason(one, prediction) == wanted
    assert failed(outcome(one, prediction), one) is bool(wanted)


def test_a_question_that_is_right_only_sometimes_has_failed() -> None:
    sometimes = replace(outcome(case("a"), RIGHT), values={"correct_and_cited": 0.5})
    assert why(case("a"), sometimes) == "It was not right each time: correct and cited is 0.500."


# ---------------------------------------------------------------- a small report, full of hostile text


@pytest.fixture
def report() -> Report:
    """Two questions that pass and five that fail; every text that comes from outside is hostile."""
    cases = [
        case("right"),
        case("hushed", False, kind="near-miss"),
        case("hostile", question=HOSTILE, kind=f"kind {HOSTILE}", line=7, path="gold/a,b:c.jsonl", answer=HOSTILE),
        case("refused", line=2),
        case("elsewhere", line=3),
        case("broken", line=4),
        case("loud", False, kind="near-miss", line=5, tempting=("a.txt#p3",)),
    ]
    predictions = [
        replace(RIGHT, seconds=0.25),
        REFUSED,
        replace(answer(f"{HOSTILE} in June"), notes=HOSTILE, seconds=1.5),
        REFUSED,
        answer("Something else.", "b.txt#p1"),
        Prediction("error", error=HOSTILE),
        answer("It was in\nMay 2023."),
    ]
    row = Row("correct_and_cited", f"says {HOSTILE}", "answers", "higher", 0.2, 0.05, 0.6, 5, 2)
    citing = [
        Row(f"citation_{name}", "", "citations", "higher", 0.9, 0.8, 1.0, 4, 3) for name in ("precision", "recall")
    ]
    empty = Row("mrr@10", "", "retrieval", "higher", NAN, None, None, 0, 7)
    difference = Difference("correct_and_cited", 0.6, 0.2, -0.4, 0.0001, 0.0002, 5, 0, 2, 0, "worse", ("refused",))
    return Report(
        run=Run(f"qa {HOSTILE}", tuple(map(outcome, cases, predictions)), {"model": HOSTILE, "heat": NAN, "top": None}),
        cases={one.id: one for one in cases},
        rows=(row, *citing, empty),
        by_kind=(("fact", "correct_and_cited", 0.2, 5), (HOSTILE, "refusal", NAN, 2)),
        gates=(
            Gate("correct_and_cited>=0.1", 0.2, True, ""),
            Gate(f"refusal>=0.9\n{HOSTILE}", None, False, "100% missed"),
        ),
        differences=(difference,),
        unpaired=3,
        baselines={HOSTILE: (replace(row, mean=0.01), replace(empty, mean=0.3))},
        check={"caught": 0.93, "kept": 0.98, "n": 1400},
        paragraphs={
            "a.txt#p3": (HOSTILE, f"He said: It was in May 2023. Then {HOSTILE} in June ended it."),
            "b.txt#p1": ("", "Something else. And more."),
        },
        ledger={"prompt_tokens": 12345, "calls": 3},
    )


# ---------------------------------------------------------------- terminal


def test_text_begins_with_the_headline(report: Report) -> None:
    first, second = text(report).splitlines()[:2]
    assert first.endswith("5 of 7 questions failed, 1 of them with an error")
    assert second == (
        "correct and cited 0.200 (95 % interval 0.050 to 0.600, n 5), -0.400 against the baseline, p <0.001: worse"
    )


def test_text_has_every_part_in_aligned_columns(report: Report) -> None:
    lines = text(report).splitlines()
    assert "  correct_and_cited ↑   0.200  0.050 to 0.600  5         2   0.600  -0.400  <0.001  worse" in lines
    assert "  mrr@10 ↑                  –               –  0         7       –       –       –" in lines
    check = "    the support check itself catches 0.930 of planted faults and keeps 0.980 of true claims (n 1,400)"
    assert lines[lines.index(check) - 1].startswith("  citation_recall ↑")
    assert "3 questions are new or changed since the baseline, and are not compared." in lines
    assert any(re.match(r"  MISSED  refusal>=0.9 .*100% missed", line) for line in lines)
    assert "prompt tokens 12,345 · calls 3 · cost –" in lines


def test_text_without_a_baseline_run_compares_nothing(report: Report) -> None:
    alone = text(replace(report, differences=(), unpaired=0, baselines={}, gates=(), by_kind=(), check={}, ledger={}))
    assert "baseline" not in alone
    assert "gates" not in alone
    assert alone.splitlines()[-1].startswith("  mrr@10")


def test_nothing_of_a_report_obeys_a_terminal_or_is_not_a_number(report: Report) -> None:
    for told in (text(report), html(report), junit(report), "\n".join(github(report))):
        assert not re.search(r"\bnan\b", told, re.IGNORECASE)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", told)
        told.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "name", "wanted"),
    [(None, "", "–"), (NAN, "", "–"), (float("inf"), "calls", "–"), (0.5, "", "0.500"), (12345.6, "", "12,345.6"),
     (0.0, "calls", "0"), (34.0, "answer_words", "34.0"), (2.5, "tokens", "2.5")],
)  # fmt: skip
def test_a_number_is_written_by_its_unit(value: float | None, name: str, wanted: str) -> None:
    assert number(value, name) == wanted


# ---------------------------------------------------------------- HTML


def test_html_escapes_whatever_comes_from_outside(report: Report) -> None:
    page = parsed(report)
    assert [script.text.split()[0] for script in page.iter("script")] == ["const"]
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    assert page.xpath("//article/h3/text()")[0] == SHOWN
    assert page.text_content().count(SHOWN) > 10


def test_html_needs_no_network(report: Report) -> None:
    page = parsed(report)
    assert page.xpath("//@src | //link | //iframe | //object | //img | //base | //@data | //@poster") == []
    assert all(page.xpath(f"//*[@id='{target.removeprefix('#')}']") for target in page.xpath("//@href"))
    assert not re.search(r"url\(|@import", page.xpath("string(//style)") + page.xpath("string(//script)"))
    assert set(re.findall(r"https?://[\w./]*\w", html(report))) == {"https://evil.example/x.js"}  # hostile, as text
    assert not [one for one in page.xpath("//@*") if "evil.example" in one and one.getparent().tag not in INERT]


def test_html_lets_only_our_script_run(report: Report) -> None:
    page = parsed(report)
    known = base64.b64encode(hashlib.sha256(page.xpath("string(//script)").encode()).digest()).decode()
    policy = page.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy.startswith("default-src 'none';")
    assert f"script-src 'sha256-{known}';" in policy


def test_html_shows_each_failed_question_with_its_evidence(report: Report) -> None:
    shown = {one.get("id"): one for one in parsed(report).xpath("//article")}
    assert {name: [mark.text for mark in one.iter("mark")] for name, one in shown.items()} == {
        "question-3": [f"{SHOWN} in June"],
        "question-4": [],  # refused: the gold paragraph stands there, and nothing is quoted
        "question-5": ["Something else."],
        "question-6": [],
        "question-7": ["It was in May 2023."],  # quoted over a line's end
    }
    refused = shown["question-4"].text_content()
    assert "Refused although a.txt ¶3, which answers it, was found at rank 2." in refused
    assert "“May 2023” or “mayo de 2023”" in refused
    assert "Nothing says so." in refused
    assert "He said: It was in May 2023." in refused
    tags = shown["question-5"].xpath(".//figcaption/span/text()")
    assert tags == ["cited", "not found", "gold", "found at rank 1"]


def test_html_lists_the_questions_that_passed(report: Report) -> None:
    passed = parsed(report).xpath("//details[@id='passed']/div")
    assert [one.xpath("string(p[1])") for one in passed] == ["Question right?", "Question hushed?"]
    assert "a.txt ¶3" in passed[0].text_content()


def test_html_says_the_headline_and_its_change(report: Report) -> None:
    head = " ".join(parsed(report).xpath("string(//header)").split())
    assert "0.200 correct and cited, 95 % interval 0.050 to 0.600, 5 questions" in head
    assert "-0.400 against the baseline’s 0.600, adjusted p <0.001: worse. 0 gained, 2 lost." in head


def test_html_says_beside_the_citation_metrics_how_often_the_check_is_right(report: Report) -> None:
    rows = [" ".join(" ".join(row.itertext()).split()) for row in parsed(report).xpath("//tbody/tr")]
    beside = "the support check itself catches 0.930 of planted faults and keeps 0.980 of true claims (n 1,400)"
    assert rows[rows.index(beside) - 1].startswith("citation recall ↑ 0.900 0.800 – 1.000")
    assert any(row == "correct and cited 0.200 0.010" for row in rows)  # beside the trivial system


def test_html_draws_both_plots_from_the_outcomes(report: Report) -> None:
    risk, bins = parsed(report).xpath("//div[@class='plots']//svg")
    point = risk.xpath("circle")[0]
    assert (point.get("cx"), point.get("cy")) == ("246.0", "60.0")  # 4 of 6 answered, 3 of these 4 not right
    assert len(risk.xpath("polyline[@class='curve']/@points")[0].split()) == 4
    assert bins.xpath("circle/@cx") == ["76.0", "286.0"]  # confidence 0.1 and 0.8
    assert bins.xpath("circle/@cy") == ["110.0", "60.0"]  # 1 of 2 and 3 of 4 answerable
    assert bins.xpath("text[not(@class)][last()]/text()") == ["4"]


def test_html_without_a_question_or_a_metric_is_a_page() -> None:
    page = parsed(Report(Run("qa", ()), {}, ()))
    assert "0 of 0 questions failed" in page.text_content()
    assert not page.xpath("//svg")


def test_a_quote_that_does_not_stand_in_its_paragraph_is_said_to_be_astray(report: Report) -> None:
    without = replace(report, paragraphs={})
    page = parsed(without).xpath("//article[@id='question-5']")[0]
    assert not page.xpath(".//mark")
    assert "Quoted, but not in this paragraph: “Something else.”" in page.text_content()
    assert "no such paragraph" in page.text_content()


def test_quotes_are_marked_once_where_they_overlap() -> None:
    assert marked("one two three four", ["two three", "three  four", "five", " "]) == (
        (("one ", False), ("two three four", True)), ("five",))  # fmt: skip


@given(st.text("ab .\n"), st.lists(st.text("ab .\n"), max_size=3))
def test_the_pieces_joined_are_the_text_and_each_quote_is_marked_or_astray(words: str, quotes: list[str]) -> None:
    pieces, astray = marked(words, quotes)
    assert "".join(piece for piece, _ in pieces) == words
    quoted = " | ".join(" ".join(piece.split()) for piece, covered in pieces if covered)
    for quote in filter(str.strip, quotes):
        assert quote in astray or " ".join(quote.split()) in quoted


# ---------------------------------------------------------------- JUnit XML


def test_junit_has_a_test_case_for_each_question_and_each_gate(report: Report) -> None:
    root = ElementTree.fromstring(junit(report).encode())
    questions, gates = root.findall("testsuite")
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "9", "failures": "5", "errors": "1"}  # fmt: skip
    assert (questions.get("failures"), questions.get("errors"), questions.get("time")) == ("4", "1", "1.750")
    assert [test.get("name", "").partition(":")[0] for test in questions] == list(report.cases)
    assert [len(test) for test in gates] == [0, 1]
    assert gates[1][0].get("message") == "100% missed"


def test_junit_says_where_a_question_stands_and_why_it_failed(report: Report) -> None:
    questions = ElementTree.fromstring(junit(report).encode())[0]
    right, _, hostile, refused, _, broken, _ = questions
    assert (right.get("classname"), right.get("time"), right.find("failure")) == ("fact", "0.250", None)
    assert (hostile.get("file"), hostile.get("line"), hostile.get("name")) == (
        "gold/a,b:c.jsonl",
        "7",
        f"hostile: {SHOWN}",
    )
    assert refused.get("time") is None  # unknown, which is not zero
    assert refused[0].get("message") == "Refused although a.txt ¶3, which answers it, was found at rank 2."
    assert "expected: “May 2023” or “mayo de 2023”\ngold: a.txt ¶3\ngiven (refused): Nothing says so." in str(
        refused[0].text
    )
    assert (broken[0].tag, broken[0].get("message")) == ("error", f"{SHOWN}.")


@given(st.text())
def test_junit_can_be_parsed_whatever_a_question_says(words: str) -> None:
    one = case("a", question=words, kind=words)
    told = Report(Run("qa", (outcome(one, REFUSED),)), {"a": one}, ())
    assert ElementTree.fromstring(junit(told).encode())[0][0][0].tag == "failure"


# ---------------------------------------------------------------- GitHub


def test_github_points_at_the_questions_that_went_wrong(report: Report) -> None:
    lines = github(report)
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 3 + ["::warning"] * 4
    assert lines[0].startswith("::error title=Gate missed::refusal>=0.9%0A<script>")
    assert lines[0].endswith(": 100%25 missed")
    assert lines[1] == (
        "::error title=Worse than the baseline::"
        "correct_and_cited: 0.600 before, 0.200 now; adjusted p <0.001, 2 lost, 0 gained"
    )
    assert lines[2] == (
        "::error file=gold.jsonl,line=2,title=refused was better before::Question refused?%0A"
        "Refused although a.txt ¶3, which answers it, was found at rank 2. Worse in correct_and_cited."
    )
    assert lines[3].startswith("::warning file=gold/a%2Cb%3Ac.jsonl,line=7,title=hostile failed::<script>")


def test_github_gives_each_command_one_line_and_at_most_twenty_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cases = [
        case(f"c{n}", question="a\r\nb\n::error::c", path=str(tmp_path / "gold" / "g.jsonl"), line=n) for n in range(30)
    ]
    lines = github(Report(Run("qa", tuple(outcome(one, REFUSED) for one in cases)), {one.id: one for one in cases}, ()))
    assert len(lines) == 20
    command = r"::warning file=gold/g\.jsonl,line=\d+,title=c\d+ failed::a%0D%0Ab%0A::error::c%0A.*"
    assert all(re.fullmatch(command, line) for line in lines)
    assert github(replace(Report(Run("qa", ()), {}, ()), gates=(Gate("x>=0", 1.0, True, ""),))) == []


# ---------------------------------------------------------------- two runs


def test_two_runs_are_compared_metric_by_metric() -> None:
    told = compared(
        [
            Difference("correct_and_cited", 0.6, 0.7, 0.1, 0.3, 0.6, 50, 7, 2, 0, "same", ("a", "b\x1b")),
            Difference("tokens", 3000.0, 2500.0, -500.0, 0.00001, 0.0001, 50, 0, 50, 0, "better", ("c",)),
            Difference("misled", 0.0, 0.2, 0.2, 0.01, 0.02, 50, 10, 0, 0, "worse", ("d",)),
        ]
    )
    assert told.splitlines() == [
        "                   before  after  change       p  adjusted   n  gained  lost",
        "correct_and_cited   0.600  0.700  +0.100   0.300     0.600  50       7     2  same",
        "tokens              3,000  2,500    -500  <0.001    <0.001  50       0    50  better",
        "misled              0.000  0.200  +0.200   0.010     0.020  50      10     0  worse",
        "worse in correct_and_cited: a, b",
        "worse in misled: d",
    ]


def test_runs_over_other_questions_are_not_compared() -> None:
    assert compared([]).startswith("No question is in both runs")
