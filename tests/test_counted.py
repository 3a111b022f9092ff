"""A number of other things is no short answer to "how many"."""

from __future__ import annotations

import pytest

from qa.answer.counted import counted

SCHOOL = "The school has 300 pupils and 21 teachers."


@pytest.mark.parametrize(
    ("question", "said", "short", "kept"),
    [
        ("How many people does it employ?", "The mill employs 140 weavers, most of them women.", "140", True),
        ("How many pupils are there?", SCHOOL, "300", True),
        ("how many paintings were lent", "The museum lent 58 coins to the university.", "58", False),
        ("How many doctors are there?", "The hospital has 220 beds.", "220", False),
        ("How many goats do they keep?", "The farm sold 900 cheeses a month.", "900", False),
        ("¿Cuántas personas trabajan allí?", "La empresa emplea a 74 trabajadores.", "74", True),
        ("How many boats came back?", "Of the 40 boats 31 returned by noon.", "31", True),
        ("How many died?", "The fire killed 12 people.", "12", True),
        ("Who died?", "The fire killed 12 people.", "12", True),
        ("How many people died?", "The storm killed 12 and hurt 80.", "12", True),
    ],
)
def test_the_asked_noun_is_put_in_the_place_of_the_counted_one(
    question: str, said: str, short: str, kept: bool
) -> None:
    language = "es" if question.startswith("¿") else "en"
    assert counted(question, language, said, language, short) == (short if kept else "")
