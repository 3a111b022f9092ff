from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cases import Case, GoldError, load

ROW: dict[str, Any] = {"id": "fact-001", "kind": "fact", "lang": "en", "question": "Who?", "answerable": True}


def written(place: Path, *rows: object) -> Path:
    place.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return place


def problems(place: Path) -> tuple[str, ...]:
    with pytest.raises(GoldError) as error:
        load([place])
    return error.value.problems


def test_every_field_is_read(tmp_path: Path) -> None:
    row = {
        **ROW, "facts": [["Brandt", "the mayor"], ["14"]], "gold": ["a.txt#p2"], "acceptable": ["a.txt#p1"],
        "tempting": ["b.txt#p3"], "wrong": ["Duarte"], "as_of": "2024-03-04", "conflict": True, "answer": "Brandt.",
        "why": "a p2.", "history": [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Hm."}],
    }  # fmt: skip
    place = written(tmp_path / "gold.jsonl", row)
    (case,) = load([place])
    assert case == Case(
        "fact-001", "fact", "en", "Who?", True, (("Brandt", "the mayor"), ("14",)), ("a.txt#p2",), ("a.txt#p1",),
        ("b.txt#p3",), ("Duarte",), tuple(row["history"]), date(2024, 3, 4), True, "Brandt.", "a p2.", str(place), 1,
    )  # fmt: skip


def test_what_is_left_out_is_empty(tmp_path: Path) -> None:
    (case,) = load([written(tmp_path / "gold.jsonl", ROW)])
    assert (case.facts, case.gold, case.acceptable, case.tempting, case.wrong, case.history) == ((),) * 6
    assert (case.as_of, case.conflict, case.answer, case.why) == (None, False, "", "")


@pytest.mark.parametrize(("written_as", "read_as"), [(True, True), (False, False), ("underspecified", None)])
def test_a_question_is_answerable_or_not_or_underspecified(tmp_path: Path, written_as: object, read_as: object) -> None:
    (case,) = load([written(tmp_path / "gold.jsonl", {**ROW, "answerable": written_as})])
    assert case.answerable is read_as


def test_a_folder_is_all_its_jsonl_files_in_order_and_blank_lines_count(tmp_path: Path) -> None:
    written(tmp_path / "b.jsonl", {**ROW, "id": "third"})
    (tmp_path / "a.jsonl").write_text(
        f"{json.dumps({**ROW, 'id': 'first'})}\n\n{json.dumps({**ROW, 'id': 'second'})}\n", encoding="utf-8"
    )
    (tmp_path / "README.md").write_text("no case", encoding="utf-8")
    found = [(case.id, Path(case.path).name, case.line) for case in load([tmp_path])]
    assert found == [("first", "a.jsonl", 1), ("second", "a.jsonl", 3), ("third", "b.jsonl", 1)]


def test_every_line_that_is_no_case_is_listed_by_its_number(tmp_path: Path) -> None:
    rows = [
        {**ROW, "question": " "},
        {name: value for name, value in ROW.items() if name != "lang"},
        ROW,
        {**ROW, "answerable": "maybe"},
        {**ROW, "facts": ["Brandt"]},
        {**ROW, "gold": "a.txt#p1"},
        {**ROW, "as_of": "yesterday"},
        ["no", "object"],
    ]
    place = written(tmp_path / "gold.jsonl", *rows)
    with place.open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    found = problems(place)
    assert [line.partition(": ")[0] for line in found] == [f"{place}:{n}" for n in (1, 2, 4, 5, 6, 7, 8, 9)]
    told = ['"question" must', '"lang" is missing', '"answerable" must be', "[[alternative", '"gold" must be a list']
    for line, words in zip(found, [*told, "isoformat", "not a case", "not a case"], strict=True):
        assert words in line


def test_a_set_without_a_question_or_a_file_is_no_gold_set(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    assert "holds no question" in problems(tmp_path / "empty.jsonl")[0]
    assert "cannot be read" in problems(tmp_path / "missing.jsonl")[0]
    (tmp_path / "latin.jsonl").write_bytes('{"id": "año"}'.encode("latin-1"))
    assert "cannot be read" in problems(tmp_path / "latin.jsonl")[0]
    (tmp_path / "folder").mkdir()
    assert "holds no question" in problems(tmp_path / "folder")[0]


@pytest.mark.parametrize(
    ("gold", "tempting", "article"),
    [(("b.txt#p2", "a.txt#p1"), ("c.txt#p1",), "b.txt"), ((), ("c#p9.txt#p1",), "c#p9.txt"), ((), (), "fact-001")],
)
def test_a_case_belongs_to_its_first_gold_or_tempting_article(
    gold: tuple[str, ...], tempting: tuple[str, ...], article: str
) -> None:
    assert Case("fact-001", "fact", "en", "Who?", True, gold=gold, tempting=tempting).article == article


ASKED = Case("fact-001", "fact", "en", "Who?", True, (("Brandt",),), ("a.txt#p2",))


@pytest.mark.parametrize(
    "change",
    [{"question": "Who then?"}, {"answerable": None}, {"facts": (("Brandt", "Ilse"),)}, {"gold": ("a.txt#p3",)},
     {"acceptable": ("a.txt#p3",)}, {"wrong": ("Duarte",)}, {"history": ({"role": "user", "content": "Hm?"},)},
     {"as_of": date(2024, 3, 4)}, {"conflict": True}],
)  # fmt: skip
def test_the_sha_tells_apart_what_the_score_tells_apart(change: dict[str, Any]) -> None:
    assert replace(ASKED, **change).sha != ASKED.sha


@given(st.text(), st.text(), st.integers(0), st.lists(st.text()))
def test_the_sha_lasts_when_only_words_for_people_change(answer: str, why: str, line: int, tempting: list[str]) -> None:
    told = replace(ASKED, answer=answer, why=why, line=line, tempting=tuple(tempting), id=why, kind=answer)
    assert told.sha == ASKED.sha
    assert len(told.sha) == 12
