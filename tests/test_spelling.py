"""Names that were mistyped are searched as the nearest that the folder has, and the answer says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa import Assistant

MINE = """Mine at Tarnow to close

The mine at Tarnow will close in March, director Zbigniew Wolanski told the council on Tuesday. Some 300 miners will be
paid until June, he said.

Mayor Hedda Oksanen asked for a new factory instead. Martin Grube of the union called the plan a scandal.
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder: Path = tmp_path_factory.mktemp("mine")
    (folder / "2024-02-06-mine.txt").write_text(MINE, encoding="utf-8")
    return Assistant.open(folder, index=str(tmp_path_factory.mktemp("index") / "index"))


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("What did Wolanksi tell the council?", "Wolanski"),
        ("what did wolamski say", "Wolanski"),
        ("What did Zbigniew Wolanskij say?", "Wolanski"),
        ("¿Qué pidió Oksannen?", "Oksanen"),
    ],
)
def test_a_mistyped_name_is_searched_as_the_nearest_and_that_is_said(
    mine: Assistant, typed: str, searched: str
) -> None:
    answer = mine.ask(typed)
    assert answer.query != typed
    assert searched in answer.query
    assert answer.claims
    assert answer.reason.startswith(("Searched for " + searched, "Buscado: " + searched))


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("What did the direcotr tell the council?", "director"),
        ("wich mine will clsoe, and what did the counicl hear from the direcotr", "council"),
        ("who called the plan a scnadal", "scandal"),
    ],
)
def test_any_mistyped_word_is_searched_as_the_nearest_of_the_articles(
    mine: Assistant, typed: str, searched: str
) -> None:
    answer = mine.ask(typed)
    assert searched in answer.query
    assert "Searched for" in answer.reason


@pytest.mark.parametrize(
    "typed",
    [
        "What did Wolanski tell the council?",  # as the folder writes it
        "What did Marin say?",  # a name of its own
        "What did Helga Oksanen ask for?",  # another first name
    ],
)
def test_what_is_no_mistyped_name_is_searched_as_it_stands(mine: Assistant, typed: str) -> None:
    answer = mine.ask(typed)
    assert answer.query == typed
    assert "Searched" not in answer.reason
