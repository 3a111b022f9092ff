"""Chats on disk: what is kept, what a second tab leaves alone, what a hostile name cannot do."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qa import Assistant, chats
from qa.errors import UsageError
from qa.export import answer_json


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return chats.place(tmp_path, chats.new_id())


def test_a_turn_is_kept_before_and_after_its_answer(home: Path, seeds: Assistant) -> None:
    chat = chats.new_id()
    turn = chats.begin(home, chat, "Who led the delegation\nto Kabul?")
    assert chats.load(home, chat)["turns"] == [turn]
    assert chats.load(home, chat)["title"] == "Who led the delegation to Kabul?"
    chats.change(home, chat, turn["id"], answer=answer_json(seeds.ask(turn["question"])))
    kept = chats.load(home, chat)
    assert "Araghchi" in kept["turns"][0]["answer"]["text"]
    assert [m["role"] for m in chats.messages(kept)] == ["user", "assistant"]
    assert [c["title"] for c in chats.listed(home)] == ["Who led the delegation to Kabul?"]
    assert [path.suffix for path in home.iterdir()] == [".json"]


def test_turns_of_many_tabs_at_once_are_all_kept(home: Path) -> None:
    chat = chats.new_id()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: chats.begin(home, chat, f"Question {n}?"), range(40)))
    assert {turn["question"] for turn in chats.load(home, chat)["turns"]} == {f"Question {n}?" for n in range(40)}


def test_cutting_gives_the_question_back_and_takes_what_follows(home: Path) -> None:
    chat = chats.new_id()
    turns = [chats.begin(home, chat, f"Question {n}?") for n in range(3)]
    assert chats.cut(home, chat, turns[1]["id"]) == "Question 1?"
    assert [turn["question"] for turn in chats.load(home, chat)["turns"]] == ["Question 0?"]
    assert chats.cut(home, chat, turns[1]["id"]) is None


def test_a_chat_is_renamed_and_deleted_and_does_not_come_back(home: Path) -> None:
    chat = chats.new_id()
    turn = chats.begin(home, chat, "Who?")
    chats.rename(home, chat, "  A better\ntitle ")
    chats.rename(home, chat, "   ")
    assert chats.load(home, chat)["title"] == "A better title"
    chats.delete(home, chat)
    chats.change(home, chat, turn["id"], error="late")
    assert chats.listed(home) == []


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n", "0/" * 16]
)
def test_only_names_of_ours_become_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        chats.place(tmp_path, name)
    with pytest.raises(UsageError):
        chats.load(tmp_path, name)


def test_a_file_that_is_no_chat_is_passed_over(home: Path) -> None:
    chats.begin(home, chats.new_id(), "Who?")
    (home / f"{chats.new_id()}.json").write_text('{"turns": [', encoding="utf-8")
    (home / f"{chats.new_id()}.json").write_text("[1]", encoding="utf-8")
    assert len(chats.listed(home)) == 1


def test_feedback_is_one_line_with_all_that_a_gold_question_needs(home: Path, tmp_path: Path, seeds: Assistant) -> None:
    chat, file = chats.new_id(), tmp_path / "user" / "feedback.jsonl"
    for question in ("Who led the delegation to Kabul?", "And when was it?"):
        turn = chats.begin(home, chat, question)
        chats.change(home, chat, turn["id"], answer=answer_json(seeds.ask(question)))
    chats.add_feedback(file, chats.load(home, chat), turn["id"], verdict="wrong source", note=" ¶19 \n")
    line = json.loads(file.read_text(encoding="utf-8"))
    assert list(line) == ["time", "verdict", "note", "question", "history", "as_of", "answer"]
    assert (line["verdict"], line["note"], line["question"]) == ("wrong source", "¶19", "And when was it?")
    assert [m["role"] for m in line["history"]] == ["user", "assistant"]
    with pytest.raises(UsageError):
        chats.add_feedback(file, chats.load(home, chat), turn["id"], verdict="rubbish")
    assert len(file.read_text(encoding="utf-8").splitlines()) == 1
