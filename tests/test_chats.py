"""Chats in both databases: what is kept, what a second tab leaves alone, what a hostile name cannot do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qa import Assistant
from qa.errors import UsageError
from qa.page import chats, people
from qa.page.chats import Home
from qa.page.database import opened
from qa.serve.export import answer_json


@pytest.fixture
def home(tmp_path: Path, address: str) -> Home:
    return chats.place(opened(tmp_path, address), chats.new_id())


def test_a_turn_is_kept_before_and_after_its_answer(home: Home, seeds: Assistant) -> None:
    chat = chats.new_id()
    turn = chats.begin(home, chat, "Who led the delegation\nto Kabul?")
    assert chats.load(home, chat)["turns"] == [turn]
    assert chats.load(home, chat)["title"] == "Who led the delegation to Kabul?"
    chats.change(home, chat, turn["id"], answer=answer_json(seeds.ask(turn["question"])))
    kept = chats.load(home, chat)
    assert "Araghchi" in kept["turns"][0]["answer"]["text"]
    assert [m["role"] for m in chats.messages(kept)] == ["user", "assistant"]
    assert [c["title"] for c in chats.listed(home)] == ["Who led the delegation to Kabul?"]


def test_turns_of_many_tabs_at_once_are_all_kept(home: Home) -> None:
    chat = chats.new_id()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: chats.begin(home, chat, f"Question {n}?"), range(40)))
    assert {turn["question"] for turn in chats.load(home, chat)["turns"]} == {f"Question {n}?" for n in range(40)}


def questions(home: Home, chat: str) -> list[str]:
    return [turn["question"] for turn in chats.load(home, chat)["turns"]]


@pytest.fixture
def three(home: Home) -> tuple[str, list[str]]:
    """A chat of three questions, and the names of its turns."""
    chat = chats.new_id()
    return chat, [chats.begin(home, chat, f"Question {n}?")["id"] for n in range(3)]


def test_a_turn_is_taken_out_alone_and_put_back(home: Home, three: tuple[str, list[str]]) -> None:
    chat, turns = three
    chats.take(home, chat, turns[1])
    assert questions(home, chat) == ["Question 0?", "Question 2?"]
    chats.restore(home, chat)
    chats.restore(home, chat)
    assert questions(home, chat) == ["Question 0?", "Question 1?", "Question 2?"]
    chats.take(home, chat, turns[2])
    chats.begin(home, chat, "Another?")
    chats.restore(home, chat)
    assert questions(home, chat) == ["Question 0?", "Question 1?", "Another?"]


def test_asking_again_keeps_what_follows_and_the_earlier_answer(home: Home, three: tuple[str, list[str]]) -> None:
    chat, turns = three
    again = chats.begin(home, chat, "Question 0?", instead_of=turns[0])
    kept = chats.load(home, chat)
    assert [turn["id"] for turn in kept["turns"]] == [again["id"], *turns[1:]]
    assert chats.version(kept, kept["turns"][0]) == (2, 2)
    assert chats.version(kept, kept["turns"][1]) == (1, 1)
    chats.change(home, chat, turns[0], error="late")  # its answer may still have been under way
    chats.switch(home, chat, again["id"], 1)
    kept = chats.load(home, chat)
    assert [turn["id"] for turn in kept["turns"]] == turns
    assert kept["turns"][0]["error"] == "late"


def test_an_edited_question_sets_what_followed_aside_and_each_version_has_its_own(
    home: Home, three: tuple[str, list[str]]
) -> None:
    chat, turns = three
    again = chats.begin(home, chat, "Question 1?", instead_of=turns[1])["id"]
    edited = chats.begin(home, chat, "Edited 1?", instead_of=again, cut=True)["id"]
    chats.begin(home, chat, "After the edit?")
    assert questions(home, chat) == ["Question 0?", "Edited 1?", "After the edit?"]
    chats.switch(home, chat, edited, 1)  # the first and the second version share what followed them
    assert questions(home, chat) == ["Question 0?", "Question 1?", "Question 2?"]
    chats.switch(home, chat, turns[1], 2)
    assert questions(home, chat) == ["Question 0?", "Question 1?", "Question 2?"]
    chats.switch(home, chat, again, 3)
    assert questions(home, chat) == ["Question 0?", "Edited 1?", "After the edit?"]
    for number in (0, 4):
        chats.switch(home, chat, edited, number)
    assert questions(home, chat) == ["Question 0?", "Edited 1?", "After the edit?"]


def test_versions_within_a_version_come_back_with_it(home: Home, three: tuple[str, list[str]]) -> None:
    chat, turns = three
    inner = chats.begin(home, chat, "Inner 2?", instead_of=turns[2], cut=True)["id"]
    outer = chats.begin(home, chat, "Outer 0?", instead_of=turns[0], cut=True)["id"]
    assert questions(home, chat) == ["Outer 0?"]
    chats.switch(home, chat, outer, 1)
    assert questions(home, chat) == ["Question 0?", "Question 1?", "Inner 2?"]
    chats.switch(home, chat, inner, 1)
    assert questions(home, chat) == ["Question 0?", "Question 1?", "Question 2?"]


def test_an_edit_of_a_turn_that_is_gone_is_asked_at_the_end(home: Home, three: tuple[str, list[str]]) -> None:
    chat, turns = three
    chats.take(home, chat, turns[0])
    chats.begin(home, chat, "Edited 0?", instead_of=turns[0], cut=True)
    assert questions(home, chat) == ["Question 1?", "Question 2?", "Edited 0?"]


def test_chats_are_found_by_what_was_asked_and_answered(home: Home) -> None:
    for question in ("Who led the delegation?", "¿Qué dijo el ministro?"):
        chats.begin(home, chats.new_id(), question)
    assert [chat["title"] for chat in chats.listed(home, "MINISTRO dijo")] == ["¿Qué dijo el ministro?"]
    assert chats.listed(home, "zebra") == []


def test_a_chat_is_renamed_and_deleted_and_does_not_come_back(home: Home) -> None:
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
def test_only_names_of_ours_are_looked_for(tmp_path: Path, name: str) -> None:
    database = opened(tmp_path)
    with pytest.raises(UsageError):
        chats.place(database, name)
    with pytest.raises(UsageError):
        chats.load(chats.place(database, chats.new_id()), name)


def test_whatever_was_typed_comes_back_as_it_was(home: Home) -> None:
    chat, hostile = chats.new_id(), "\0 \ud800 \u202e' OR 1=1; -- %s :person {0} 😀 \\u0000"
    turn = chats.begin(home, chat, hostile)
    chats.change(home, chat, turn["id"], error=hostile, claims=[hostile])
    [kept] = chats.load(home, chat)["turns"]
    assert (kept["question"], kept["error"], kept["claims"]) == (hostile, hostile, [hostile])
    assert chats.listed(home)[0]["title"].endswith("{0} 😀 \\u0000")


def test_what_changes_nothing_does_not_bring_a_chat_to_the_top(home: Home, three: tuple[str, list[str]]) -> None:
    chat, turns = three
    before = chats.load(home, chat)
    chats.restore(home, chat)
    chats.rename(home, chat, " ")
    chats.switch(home, chat, turns[0], 2)
    chats.change(home, chat, chats.new_id(), error="of another")
    assert chats.load(home, chat) == before


def test_a_person_sees_their_own_chats_alone(home: Home) -> None:
    chat, other = chats.new_id(), chats.place(home.database, chats.new_id())
    chats.begin(home, chat, "Mine?")
    chats.begin(other, chat, "Theirs?")
    chats.delete(other, chat)
    assert questions(home, chat) == ["Mine?"]
    assert chats.listed(other) == []


def test_feedback_is_one_line_with_all_that_a_gold_question_needs(home: Home, seeds: Assistant) -> None:
    chat = chats.new_id()
    for question in ("Who led the delegation to Kabul?", "And when was it?"):
        turn = chats.begin(home, chat, question)
        chats.change(home, chat, turn["id"], answer=answer_json(seeds.ask(question)))
    chats.add_feedback(home, chats.load(home, chat), turn["id"], verdict="wrong source", note=" ¶19 \n")
    [line] = people.feedback(home.database)
    assert list(line) == ["time", "verdict", "note", "question", "history", "as_of", "answer"]
    assert (line["verdict"], line["note"], line["question"]) == ("wrong source", "¶19", "And when was it?")
    assert [m["role"] for m in line["history"]] == ["user", "assistant"]
    with pytest.raises(UsageError):
        chats.add_feedback(home, chats.load(home, chat), turn["id"], verdict="rubbish")
    assert len(list(people.feedback(home.database))) == 1
