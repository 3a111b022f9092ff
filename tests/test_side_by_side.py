"""Two things set side by side."""

from __future__ import annotations

import pytest

from qa import Assistant
from qa.question.followups import compares, sides

TEXTS = {
    "north.txt": "The harbour of Norvane took 410 ships in May, eight more than last year, its master said on Monday.",
    "south.txt": "The harbour of Hask took 390 ships in May, ten more than last year, its master said on Monday.\n\n"
    "Hask will dredge its northern basin in autumn, which costs 4 million crowns.",
    "museum.txt": "The museum of the fishermen will charge 9 crowns from June, the council decided last night.",
}


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("Compare Norvane and Hask", ("Norvane", "Hask")),
        ("can you compare the old mill with the dam?", ("the old mill", "the dam")),
        ("What is the difference between Kelm and Orm?", ("Kelm", "Orm")),
        ("Norvane vs Hask", ("Norvane", "Hask")),
        ("Compara el puerto con el museo", ("el puerto", "el museo")),
        ("Compare what the two mayors of Kelm and Orm said", None),
        ("Compare the two ferries", None),
        ("Did it fall compared to the year before?", None),
        ("x" * 4000, None),
    ],
)
def test_what_is_to_be_compared(text: str, both: tuple[str, str] | None) -> None:
    assert sides(text) == both


def test_each_side_is_told_under_its_name_and_none_differs(assistant: Assistant) -> None:
    answer = assistant.ask("Compare Norvane and Hask")
    assert [claim.under for claim in answer.claims] == ["Norvane", "Hask", "Hask"]
    assert not answer.conflict
    assert answer.short_answer == ""
    assert compares(answer.question)


def test_things_without_a_name_are_compared_too(assistant: Assistant) -> None:
    answer = assistant.ask("compare the basin and the museum")
    assert {claim.under: claim.citations[0].file for claim in answer.claims} == {
        "the basin": "south.txt",
        "the museum": "museum.txt",
    }


def test_a_side_that_is_not_there_is_named_and_nothing_is_said_to_differ(assistant: Assistant) -> None:
    answer = assistant.ask("Compare Hask and Samarkand")
    assert answer.status in ("partial", "refused")
    assert "Samarkand" in answer.reason
    assert not answer.conflict
