from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import SEEDS
from evals.cases import Case, load
from evals.lint import articles, lint
from evals.starter import from_feedback, new
from qa.errors import FolderError, UsageError
from qa.serve.export import answer_json
from qa.types import Answer, Citation, Claim


def errors(place: Path, folder: Path = SEEDS) -> list[str]:
    return [str(problem) for problem in lint(load([place]), articles(folder)) if problem.level == "error"]


def finished(place: Path) -> Path:
    """The file as it is when a person has written a question, and what else was to do, in each row."""
    rows = [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]
    for n, row in enumerate(rows):
        row["question"] = f"Question {n}?"
        row["why"] = row["why"].replace("TODO", "done")
    edited = place.with_name("edited.jsonl")
    edited.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return edited


def test_the_starter_is_a_gold_file_that_lint_refuses_until_it_is_edited(tmp_path: Path) -> None:
    out = tmp_path / "gold.jsonl"
    rows = new(SEEDS, out)
    cases = load([out])
    assert [case.id for case in cases] == [row["id"] for row in rows]
    assert len(rows) == 20
    refused = errors(out)
    assert all(any(f"{case.path}:{case.line}: " in error for error in refused) for case in cases)
    assert all("is unfinished" in error for error in refused)
    assert errors(finished(out)) == []  # the pointers and facts that were drafted are right


def test_the_starter_is_spread_over_articles_kinds_and_refusals(tmp_path: Path) -> None:
    new(SEEDS, tmp_path / "gold.jsonl")
    cases = load([tmp_path / "gold.jsonl"])
    answerable = [case for case in cases if case.answerable]
    assert {case.article for case in answerable} == set(articles(SEEDS))
    assert {case.kind for case in answerable} == {"number", "date", "attribution", "fact"}
    assert {case.lang for case in answerable} == {"en", "es"}
    assert len({case.gold for case in answerable}) == len(answerable)
    assert [case.kind for case in cases if case.answerable is False] == ["near-miss"] * 3 + ["off-topic"] * 2
    assert [case.kind for case in cases if case.answerable is None] == ["underspecified"]
    assert any(case.facts == (("€3 billion",),) for case in answerable)


def test_a_near_miss_joins_two_articles(tmp_path: Path) -> None:
    new(SEEDS, tmp_path / "gold.jsonl")
    read = articles(SEEDS)
    for case in load([tmp_path / "gold.jsonl"]):
        if case.kind == "near-miss":
            here, there = (address.partition("#")[0] for address in case.tempting)
            person, _, topic = case.question.removeprefix("TODO: ask what ").partition(" says or does about ")
            topic = topic.partition(", if no")[0]
            assert person in read[here].text
            assert person not in read[there].text
            assert topic in read[there].text
            assert topic not in read[here].text


def test_the_same_folder_gives_the_same_file(tmp_path: Path) -> None:
    new(SEEDS, tmp_path / "one.jsonl")
    new(SEEDS, tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


@pytest.mark.parametrize("count", [1, 2, 7, 12, 500])
def test_there_are_never_more_rows_than_asked_for(tmp_path: Path, count: int) -> None:
    rows = new(SEEDS, tmp_path / "gold.jsonl", count=count)
    assert 0 < len(rows) <= count
    assert len({row["id"] for row in rows}) == len(rows)
    assert len(load([tmp_path / "gold.jsonl"])) == len(rows)


def test_one_article_is_enough(tmp_path: Path, folder: Path) -> None:
    (folder / "puerto.txt").unlink()
    new(folder, tmp_path / "gold.jsonl")
    cases = load([tmp_path / "gold.jsonl"])
    assert {case.article for case in cases if case.answerable} == {"harbour.txt"}
    assert not [case for case in cases if case.kind == "near-miss"]
    assert errors(finished(tmp_path / "gold.jsonl"), folder) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "gold.jsonl"
    out.write_text("mine", encoding="utf-8")
    for write in (lambda: new(SEEDS, out), lambda: from_feedback(judged(tmp_path, line("good")), out)):
        with pytest.raises(UsageError, match="never overwritten: name another file"):
            write()
    assert out.read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written_and_a_folder_without_articles_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a file in a folder that exists"):
        new(SEEDS, tmp_path / "missing" / "gold.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FolderError):
        new(tmp_path / "empty", tmp_path / "gold.jsonl")
    assert not (tmp_path / "gold.jsonl").exists()


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\t\x85"), max_size=60))
def test_whatever_an_article_says_the_file_can_be_read(tmp_path_factory: pytest.TempPathFactory, odd: str) -> None:
    place = tmp_path_factory.mktemp("odd")
    (place / "a.txt").write_text(
        f"The harbour of Valdenia {odd} reopened on 3 March 2024, said Ilse Brandt {odd} on Friday.\n\n"
        f"Mayor{odd} Ilse Brandt said that 14 boats{odd} were lost.", encoding="utf-8"
    )  # fmt: skip
    rows = new(place, place / "gold.jsonl")
    assert [case.question for case in load([place / "gold.jsonl"])] == [row["question"] for row in rows]


# ── feedback ─────────────────────────────────────────────────────────────────────────────────────────────────────────

ANSWER: dict[str, Any] = {
    "status": "answered", "short_answer": "Araghchi", "language": "en",
    "text": "Foreign Minister Abbas Araghchi led it. [1]",
    "claims": [{"text": "Foreign Minister Abbas Araghchi led it."}],
    "citations": [{"address": "002_7f54b19aedd2aafd.txt#p18"}, {"address": "002_7f54b19aedd2aafd.txt#p18"}],
    "nearest": [],
}  # fmt: skip
REFUSAL = {
    **ANSWER, "status": "refused", "short_answer": "", "claims": [], "citations": [],
    "nearest": [{"address": "002_7f54b19aedd2aafd.txt#p19"}],
}  # fmt: skip


def line(verdict: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"time": "2026-03-04T10:00:00", "verdict": verdict, "note": "", "history": [], "as_of": None,
           "question": "Who led the delegation to Kabul?", "answer": ANSWER}  # fmt: skip
    return {**row, **more}


def judged(place: Path, *lines: object) -> Path:
    feedback = place / "feedback.jsonl"
    feedback.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return feedback


def case_of(place: Path, given: dict[str, Any]) -> Case:
    rows, complaints = from_feedback(judged(place, given), place / "gold.jsonl")
    assert (len(rows), complaints) == (1, [])
    assert errors(place / "gold.jsonl"), "a person has to read it first"
    return load([place / "gold.jsonl"])[0]


def test_a_good_answer_is_a_case_with_its_fact_and_citation(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Hm."}]
    case = case_of(tmp_path, line("good", note="exactly", history=turns, as_of="2026-03-04"))
    assert (case.answerable, case.lang, case.question) == (True, "en", "Who led the delegation to Kabul?")
    assert (case.facts, case.gold) == ((("Araghchi",),), ("002_7f54b19aedd2aafd.txt#p18",))
    assert (case.history, case.as_of) == (tuple(turns), date(2026, 3, 4))
    assert case.answer == "Foreign Minister Abbas Araghchi led it."
    assert case.why.startswith("TODO")
    assert case.why.endswith("The reader noted: exactly")


def test_a_good_answer_without_a_short_one_leaves_the_fact_to_a_person(tmp_path: Path) -> None:
    case = case_of(tmp_path, line("good", answer={**ANSWER, "short_answer": ""}))
    assert case.facts[0][0].startswith("TODO")


@pytest.mark.parametrize(("status", "answerable"), [("refused", False), ("clarify", None)])
def test_a_good_refusal_is_a_case_without_an_answer(tmp_path: Path, status: str, answerable: bool | None) -> None:
    case = case_of(tmp_path, line("good", answer={**REFUSAL, "status": status}))
    assert (case.answerable, case.facts, case.gold) == (answerable, (), ())
    assert case.tempting == ("002_7f54b19aedd2aafd.txt#p19",)


def test_a_wrong_answer_is_a_case_that_bewares_of_it(tmp_path: Path) -> None:
    case = case_of(tmp_path, line("wrong answer"))
    assert (case.answerable, case.wrong) == (True, ("Araghchi",))
    assert case.facts[0][0].startswith("TODO")
    assert case.gold[0].startswith("TODO")


def test_a_refusal_judged_wrong_has_nothing_to_beware_of(tmp_path: Path) -> None:
    assert case_of(tmp_path, line("wrong answer", answer=REFUSAL)).wrong == ()


def test_a_wrong_source_leaves_to_a_person_whether_the_answer_was_wrong(tmp_path: Path) -> None:
    case = case_of(tmp_path, line("wrong source"))
    assert case.answerable is True
    assert case.gold[0].startswith("TODO")
    assert case.wrong[0].startswith("TODO")
    assert case.wrong[0].endswith("Araghchi")


def test_what_should_have_been_refused_is_tempting(tmp_path: Path) -> None:
    case = case_of(tmp_path, line("should have refused"))
    assert (case.answerable, case.facts, case.gold) == (False, (), ())
    assert (case.tempting, case.wrong) == (("002_7f54b19aedd2aafd.txt#p18",), ("Araghchi",))


def test_what_export_writes_of_an_answer_becomes_a_case(tmp_path: Path) -> None:
    paragraph = articles(SEEDS)["002_7f54b19aedd2aafd.txt"].paragraphs[17]
    citation = Citation(1, paragraph, paragraph.start, paragraph.end, paragraph.text)
    claim = Claim("Foreign Minister Abbas Araghchi led it.", (citation,))
    answer = Answer("Who led it?", "led", "answered", (claim,), short_answer="Abbas Araghchi")
    case = case_of(tmp_path, line("good", answer=answer_json(answer)))
    assert (case.gold, case.facts, case.answer) == ((paragraph.address,), (("Abbas Araghchi",),), claim.text)


def test_a_question_may_hold_any_end_of_line(tmp_path: Path) -> None:
    question = "Who\u2028led\x85the\u2029delegation\r\nto Kabul?"
    assert case_of(tmp_path, line("good", question=question)).question == question


def test_lines_that_are_no_feedback_are_listed_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad: list[object] = [
        ["no", "object"], line("splendid"), line("good", question=" "), line("good", answer=None),
        line("good", as_of="yesterday"), line("good", history=[{"role": "user"}]),
        line("wrong answer", question="\ud800"), {"verdict": "good"}, {**line("good"), "verdict": ["good"]},
    ]  # fmt: skip
    feedback = judged(tmp_path, line("good"), *bad, line("wrong answer"))
    with feedback.open("a", encoding="utf-8") as file:
        file.write("{broken\n\n" + "[" * 100_000 + "\n")
    rows, complaints = from_feedback(feedback, tmp_path / "gold.jsonl")
    assert len(rows) == len(load([tmp_path / "gold.jsonl"])) == 2
    numbers = [*range(2, 11), 12, 14]
    assert [complaint.partition(": ")[0] for complaint in complaints] == [f"{feedback}:{n}" for n in numbers]
    assert '"question" is missing' in complaints[7]


def test_ids_last_and_tell_lines_apart(tmp_path: Path) -> None:
    lines = [line("good"), line("good", time="2026-03-05T10:00:00"), line("wrong answer")]
    one, _ = from_feedback(judged(tmp_path, *lines), tmp_path / "one.jsonl")
    two, _ = from_feedback(judged(tmp_path, *lines[::-1]), tmp_path / "two.jsonl")
    assert {row["id"] for row in one} == {row["id"] for row in two}
    assert len({row["id"] for row in one}) == 3


def test_feedback_without_a_usable_line_or_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 bad ones"):
        from_feedback(judged(tmp_path, {}), tmp_path / "gold.jsonl")
    with pytest.raises(UsageError, match="cannot be read"):
        from_feedback(tmp_path / "missing.jsonl", tmp_path / "gold.jsonl")
    assert not (tmp_path / "gold.jsonl").exists()
