"""A question that names nothing is asked back with what the folder has; no other question is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa import Assistant
from qa.answer.ask_back import asked_back, readings
from qa.index.store import IndexedArticle

GOLD = Path(__file__).parent.parent / "evals" / "gold" / "seeds.jsonl"


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What did he say?", ["Masoud Pezeshkian", "Rashid"]),
        ("Who was he meeting?", ["Masoud Pezeshkian"]),
        ("¿Qué dijo él?", ["¿A quién", "Masoud Pezeshkian"]),
        ("What did the minister say?", ["Abbas Araghchi", "Bassam al-Sabbagh"]),
        ("When did the meeting take place?", ["the meeting with Shoigu in Tehran", "Ministry of Foreign Affairs"]),
        ("Why was it condemned?", ["condemned Haniyeh's assassination"]),
    ],
)
def test_an_unclear_question_is_asked_back_with_readings_of_the_folder(
    seeds: Assistant, question: str, named: list[str]
) -> None:
    answer = seeds.ask(question)
    assert (answer.status, answer.claims) == ("clarify", ())
    assert [name for name in named if name not in answer.reason] == []


def test_only_the_unclear_gold_questions_are_asked_back(seeds: Assistant) -> None:
    cases = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    asked = [case for case in cases if not case.get("history")]
    found = {c["id"] for c in asked if readings(c["question"], (), seeds.store, _known(seeds)) is not None}
    assert found == {case["id"] for case in asked if case["kind"] == "underspecified"}


@pytest.mark.parametrize(
    "question",
    [
        "How many farmers are there in the country?",
        "Who is Bagheri?",
        "When was this edict declared?",
        "What did the gardener say?",
        "Where did the call take place?",
    ],
)
def test_what_can_mean_one_thing_only_is_clear(seeds: Assistant, question: str) -> None:
    assert readings(question, (), seeds.store, _known(seeds)) is None


def test_one_last_name_of_two_persons_is_asked_back_with_both(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("Omar Kerrigan said that the harbour of Valdenia will close.\n", encoding="utf-8")
    (folder / "b.txt").write_text("Ilse Kerrigan said that the bridge of Marenda will open.\n", encoding="utf-8")
    with Assistant.open(folder) as assistant:
        answer = assistant.ask("What did Kerrigan say?")
        assert answer.status == "clarify"
        assert answer.reason == "Whom or what do you mean: Omar Kerrigan or Ilse Kerrigan?"
        assert assistant.ask("What did Kerrigan say about the harbour?").status != "clarify"


def test_the_question_back_is_in_the_asker_s_language() -> None:
    assert asked_back((), "en") == "Whom or what do you mean? Name it, and ask again."
    assert asked_back(("Ana Duarte", "Omar Ruiz"), "es") == "¿A quién o a qué se refiere: Ana Duarte u Omar Ruiz?"


def _known(seeds: Assistant) -> dict[str, IndexedArticle]:
    return {row.file: row for row in seeds.store.articles()}
