"""A number of a claim must be one of its paragraph's, and stand where that one stands."""

from __future__ import annotations

import pytest
from rules import laid

from qa.check.values import binding_flaw, number_flaw

TEXT = "Dorla Vint counted 41 brundles in the quorl of Zemlin, 7.5% of them grivish, and paid three million euros."


@pytest.mark.parametrize(
    "claim",
    [
        "Dorla Vint counted forty-one brundles.",
        "In the quorl of Zemlin 41 brundles were counted.",
        "7.5 percent of the brundles were grivish.",
        "Dorla Vint paid €3 million.",
        "First, Dorla Vint counted brundles.",
    ],
)
def test_a_number_in_any_writing_is_borne_out(claim: str) -> None:
    assert number_flaw(*laid(claim, TEXT), "here") is None


@pytest.mark.parametrize(
    ("claim", "number"),
    [
        ("Dorla Vint counted 14 brundles.", "14"),
        ("Dorla Vint counted fifty-one brundles.", "fifty-one"),
        ("75 percent of the brundles were grivish.", "75 percent"),
        ("Dorla Vint paid $3 million.", "$3 million"),
    ],
)
def test_another_number_is_a_flaw(claim: str, number: str) -> None:
    flaw = number_flaw(*laid(claim, TEXT), "here")
    assert flaw is not None
    assert (flaw.rule, number in flaw.note) == ("number", True)


def test_a_number_in_the_place_of_another_is_a_flaw() -> None:
    text = "Dorla Vint grew 12 brundles, and Tamsel Orr grew 30 quimps."
    assert binding_flaw(*laid("Dorla Vint grew 12 brundles.", text), "here") is None
    flaw = binding_flaw(*laid("Dorla Vint grew 30 brundles.", text), "here")
    assert flaw is not None
    assert flaw.rule == "number"
