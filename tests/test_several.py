"""Several questions in a line, what is asked for instead, and two things set side by side in other words."""

from __future__ import annotations

import pytest

from qa import Assistant
from qa.question.followups import parts, sides, standalone
from qa.types import Turn


@pytest.mark.parametrize(
    ("line", "each"),
    [
        ("Who built the mill, where did he live, what did it cost?", 3),
        ("1. who is Holm 2. where did she train 3) how long is the course", 3),
        ("What burned down? how many came to help", 2),
        ("¿Quién ganó la carrera, cuánto tardó en llegar?", 2),
        ("Who is the woman, who was born in Kelm, that won?", 1),
        ("Who runs the mill where bread is baked?", 1),
        ("How much is the fare? thank you", 1),
    ],
)
def test_each_question_of_a_line_is_one(line: str, each: int) -> None:
    assert len(parts(line)) == each


def test_what_is_not_found_is_named_in_its_own_words(seeds: Assistant) -> None:
    found = seeds.ask("Which prison did Israel target? How many cells does it have?")
    assert found.status == "partial"
    assert found.reason.endswith("not found: How many cells does it have?")


def test_what_is_asked_about_at_the_end_goes_with_both() -> None:
    first, second = parts("What does Holm say and what does Berg say about the toll?")
    assert first[1] == "What does Holm say about the toll"
    assert second[1] == "what does Berg say about the toll?"


@pytest.mark.parametrize(
    ("before", "question", "searched"),
    [
        ("What did Berg say about the toll?", "and Holm?", "What did Holm say about the toll?"),
        ("How many ships came to Norway?", "what about France?", "How many ships came to France?"),
        ("What did the energy minister say?", "and the finance minister?", "What did the finance minister say?"),
        ("¿Qué dijo Berg?", "¿y Holm?", "¿Qué dijo Holm?"),
        ("Who is the mayor of Orsk?", "And the turnout?", "Who is the mayor of Orsk? And the turnout?"),
    ],
)
def test_what_is_asked_for_instead_takes_the_place_of_its_sort(before: str, question: str, searched: str) -> None:
    assert standalone(question, [Turn("user", before), Turn("assistant", "It was so.")]) == searched


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("How do the tram and the bus differ?", ("the tram", "the bus")),
        ("How is the mill different from the dam?", ("the mill", "the dam")),
        ("What's the difference between the articles on Kelm and on Orm?", ("Kelm", "Orm")),
        ("¿En qué se diferencian el puerto y el museo?", ("el puerto", "el museo")),
        ("How do the people and the council live?", None),
    ],
)
def test_what_differs_is_set_side_by_side(text: str, both: tuple[str, str] | None) -> None:
    assert sides(text) == both
