from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT, SEEDS
from evals.cases import Case, load
from evals.lint import Problem, articles, lint, summary
from qa.errors import FolderError

SOUND: dict[str, Any] = {
    "id": "fact-001", "kind": "fact", "lang": "en", "question": "How many boats did the storm take?",
    "answerable": True, "facts": [["14", "fourteen"]], "gold": ["harbour.txt#p3"], "answer": "14.",
    "why": "harbour p3: '14 boats were lost'.",
}  # fmt: skip
SILENT: dict[str, Any] = {
    "id": "near-miss-001", "kind": "near-miss", "lang": "en", "question": "What is the name of the storm?",
    "answerable": False, "tempting": ["harbour.txt#p2"], "wrong": ["Valdenia"], "answer": "The article does not say.",
    "why": "harbour p2 gives no name.",
}  # fmt: skip
FILLING = [
    {**SOUND, "id": "fact-101", "question": "Where is the harbour that was shut?", "facts": [["Valdenia"]],
     "gold": ["harbour.txt#p2"]},
    {**SOUND, "id": "fact-102", "question": "Whom did the mayor thank?", "facts": [["crews"]]},
    {**SILENT, "id": "near-miss-101", "question": "How old is Ilse Brandt?", "tempting": ["harbour.txt#p3"]},
    {**SILENT, "id": "near-miss-102", "question": "How many boats sank in Marenda?", "tempting": ["harbour.txt#p3"]},
]  # fmt: skip
ARTICLES = articles(SEEDS)
TURNS = [{"role": "user", "content": "Who spoke?"}, {"role": "assistant", "content": "Ilse Brandt."}]


def problems(folder: Path, *rows: dict[str, Any]) -> list[Problem]:
    place = folder.parent / "gold.jsonl"
    place.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return lint(load([place]), articles(folder))


def test_a_sound_set_has_no_problem(folder: Path) -> None:
    assert problems(folder, SOUND, SILENT, *FILLING) == []


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({**SOUND, "gold": ["harbour.txt#p9"]}, "error",
     "harbour.txt#p9 does not exist: the file has 3 paragraphs."),
    ({**SOUND, "acceptable": ["harbor.txt#p3"]}, "error",
     "harbor.txt#p3 does not exist: there is no such file; the nearest name is harbour.txt."),
    ({**SOUND, "tempting": ["harbour.txt, 3"]}, "error",
     'harbour.txt, 3 is no address: write file#pN, like "harbour.txt#p2".'),
    ({**SOUND, "acceptable": ["harbour.txt#p3"]}, "error",
     "harbour.txt#p3 stands twice in gold and acceptable: leave it in one of them."),
    ({**SOUND, "facts": [["14"], ["15", "fifteen"]]}, "error",
     "no gold paragraph has '15' or 'fifteen': give an alternative in its own words."),
    ({**SOUND, "facts": [[]]}, "error",
     "no gold paragraph has an empty list: give an alternative in its own words."),
    ({**SOUND, "facts": [["14", "the crews", "crews,", "14."]]}, "warning",
     "'14.' repeats another alternative: leave one of them."),
    ({**SOUND, "facts": [], "answer": "", "why": ""}, "error",
     "is answerable and needs facts, answer and why."),
    ({**SOUND, "gold": []}, "error", "is answerable and needs gold."),
    ({**SILENT, "facts": [["14"]]}, "error",
     "is not answerable, yet has facts: take them out, or make it answerable."),
    ({**SILENT, "answerable": "underspecified", "gold": ["harbour.txt#p1"]}, "error",
     "is not answerable, yet has gold: take them out, or make it answerable."),
    ({**SILENT, "why": ""}, "warning", 'has no "why": say in a line why there is no answer.'),
    ({**SOUND, "conflict": True}, "error", "is a conflict: give as gold a paragraph of each side."),
    ({**SOUND, "kind": "as-of"}, "error", 'has no "as_of": give the day on which it is asked, YYYY-MM-DD.'),
    ({**SOUND, "kind": "follow-up"}, "error", 'is a follow-up without "history": give the turns before it.'),
    ({**SOUND, "history": TURNS[:1]}, "error",
     '"history" must alternate user and assistant, and end with the assistant.'),
    ({**SOUND, "history": TURNS[::-1]}, "error",
     '"history" must alternate user and assistant, and end with the assistant.'),
    ({**SOUND, "history": [TURNS[0], {"role": "assistant"}]}, "error",
     'has a turn in "history" without role and content: give both, as texts.'),
    ({**SOUND, "history": ["Who spoke?", "Brandt"]}, "error",
     'has a turn in "history" without role and content: give both, as texts.'),
    ({**SOUND, "question": "¿Cuántos barcos se perdieron en la tormenta del puerto?"}, "warning",
     '"lang" is en, but the question looks like es.'),
    ({**SILENT, "wrong": ["Valdenia", "Xynthia", "Lothar"]}, "warning",
     "no article has 'Xynthia' and 'Lothar': mend \"wrong\", or say in \"why\" where it is from."),
    ({**SILENT, "question": "When did the harbour of Valdenia reopen?", "tempting": []}, "warning",
     'harbour.txt#p2 may answer it: read it, then list it under "tempting".'),
    ({**SOUND, "question": "TODO: ask for 14"}, "error",
     '"question" is unfinished: do what its TODO says, or delete the line.'),
    ({**SOUND, "wrong": ["TODO: keep it?"], "gold": ["nowhere#p1"]}, "error",
     '"wrong" is unfinished: do what its TODO says, or delete the line.'),
    ({**SOUND, "id": "fact-101"}, "error", "the id is that of {place}:1: give it its own."),
    ({**SOUND, "question": "whom did the MAYOR thank"}, "warning", "asks what fact-102 asks: leave one of them."),
    ({**SILENT, "question": "Whom did the mayor thank?", "tempting": ["harbour.txt#p3"]}, "error",
     "asks what fact-102 asks, yet has another \"answerable\": mend or drop one."),
]  # fmt: skip


def test_each_fault_is_found_at_its_line_and_nothing_else(folder: Path) -> None:
    rows = [
        {**row, "id": row["id"] if row["id"] == "fact-101" else f"case-{n}",
         "question": row["question"] + f" ({n})" * (row["question"] in (SOUND["question"], SILENT["question"]))}
        for n, (row, _, _) in enumerate(FAULTS)
    ]  # fmt: skip
    place = str(folder.parent / "gold.jsonl")
    first = len(FILLING) + 1
    found = [problem for problem in problems(folder, *FILLING, *rows) if problem.line]
    assert [(p.path, p.line, p.case_id, p.level, p.text) for p in found] == [
        (place, first + n, rows[n]["id"], level, text.format(place=place)) for n, (_, level, text) in enumerate(FAULTS)
    ]


def test_a_problem_prints_as_one_line_that_cannot_steer_a_terminal(folder: Path) -> None:
    problem = problems(folder, {**SOUND, "id": "fact\x1b[2J\n001", "gold": []})[0]
    assert str(problem) == f"{folder.parent / 'gold.jsonl'}:1: fact\\x1b[2J\\n001: is answerable and needs gold."
    assert str(Problem("gold", 0, "", "warning", "few")) == "gold: few"


def test_a_question_may_come_again_after_other_turns_or_on_another_day(folder: Path) -> None:
    silent = {name: SILENT[name] for name in ("answerable", "why")}
    again = {**SOUND, "id": "a", "facts": [], "gold": [], **silent, "history": TURNS}
    later = {**SOUND, "id": "b", "facts": [], "gold": [], **silent, "as_of": "2024-03-04"}
    found = problems(folder, SOUND, again, later)
    assert not [problem for problem in found if problem.level == "error"]


def test_few_of_a_kind_and_few_without_an_answer_are_warned_of(folder: Path) -> None:
    answerable = [{**SOUND, "id": f"fact-{n}", "question": f"How many boats, in report {n}?"} for n in range(17)]
    texts = [str(problem) for problem in problems(folder, *answerable, SILENT, *FILLING[2:3])]
    place = folder.parent / "gold.jsonl"
    assert texts == [
        f"{place}: fewer than 3 questions of the kind near-miss (2): their own figures will say little.",
        f"{place}: only 11% are unanswerable: about one in four keeps refusing honest.",
    ]


def test_the_gold_set_of_the_seeds_is_clean() -> None:
    found = lint(load([ROOT / "evals/gold/seeds.jsonl"]), articles(SEEDS))
    assert [str(problem) for problem in found] == []


def test_the_gold_set_of_ordinary_questions_is_clean() -> None:
    found = lint(load([ROOT / "evals/gold/ordinary.jsonl"]), articles(ROOT / "evals/ordinary"))
    assert [str(problem) for problem in found] == []


def test_a_broken_pointer_in_the_gold_set_of_the_seeds_is_seen() -> None:
    cases = load([ROOT / "evals/gold/seeds.jsonl"])
    moved = [replace(case, gold=tuple(f"{address}0" for address in case.gold)) for case in cases]
    errors = {problem.line for problem in lint(moved, articles(SEEDS)) if problem.level == "error"}
    # p10 and p20 exist where a 0 makes p1 and p2 of them, but the facts do not stand there
    assert errors == {case.line for case in cases if case.gold}


def test_the_readme_s_examples_are_sound(tmp_path: Path) -> None:
    lines = (ROOT / "evals" / "gold" / "README.md").read_text(encoding="utf-8").splitlines()
    place = tmp_path / "gold.jsonl"
    place.write_text("\n".join(line for line in lines if line.startswith("{")), encoding="utf-8")
    cases = load([place])
    assert [case.answerable for case in cases] == [True, False]
    assert [str(problem) for problem in lint(cases, articles(SEEDS)) if problem.line] == []


def test_a_folder_without_an_article_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="holds no article"):
        articles(tmp_path)
    with pytest.raises(FolderError, match="is not a folder"):
        articles(tmp_path / "missing")


def test_the_summary_counts_and_says_what_a_set_of_this_size_can_tell() -> None:
    text = summary(load([ROOT / "evals/gold/seeds.jsonl"]))
    lines = dict(line.split(maxsplit=1) for line in text.splitlines())
    assert lines["questions"] == "223"
    assert lines["kinds"].startswith("fact 40, near-miss 34")
    assert lines["answers"] == "answerable 160, unanswerable 55, underspecified 8"
    assert "5 hold the answer" in text
    few = summary(load([ROOT / "evals/gold/seeds.jsonl"])[:20])
    told = [float(one.rpartition("differ by ")[2].split()[0]) for one in (text, few)]
    assert 0 < told[0] < told[1] <= 1


TEXTS = st.lists(st.text(min_size=1), max_size=2).map(tuple)
CASES = st.builds(
    Case, id=st.text(), kind=st.sampled_from(["fact", "off-topic", "as-of"]), lang=st.sampled_from(["en", "es", "fr"]),
    question=st.text(), answerable=st.sampled_from([True, False, None]),
    facts=st.lists(TEXTS, max_size=2).map(tuple), gold=TEXTS, wrong=TEXTS, line=st.integers(1, 99),
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(CASES, max_size=3))
def test_no_set_makes_it_fail_and_its_lines_are_the_cases_own(cases: list[Case]) -> None:
    found = lint(cases, ARTICLES)
    assert {problem.line for problem in found} <= {case.line for case in cases} | {0}
    assert all(str(problem).isprintable() for problem in found)
