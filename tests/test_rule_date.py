"""A date of a claim must be one of its article's, or a month, year or decade that holds it."""

from __future__ import annotations

from datetime import date

import pytest
from rules import laid

from qa.check.values import number_flaw

TEXT = "The quorl of Zemlin was brundled on 3 May 2021."


@pytest.mark.parametrize("day", ["on 3 May 2021", "in May 2021", "in 2021", "on May 3, 2021", "in the 2020s"])
def test_the_day_or_what_holds_it_is_borne_out(day: str) -> None:
    assert number_flaw(*laid(f"The quorl was brundled {day}.", TEXT), "here") is None


@pytest.mark.parametrize("day", ["on 4 May 2021", "in June 2021", "in 2012", "on 3 May 2020", "in the 1990s"])
def test_another_day_is_a_flaw(day: str) -> None:
    flaw = number_flaw(*laid(f"The quorl was brundled {day}.", TEXT), "here")
    assert flaw is not None
    assert flaw.rule == "date"


def test_a_claim_may_not_be_more_exact_than_its_paragraph() -> None:
    text = "The quorl of Zemlin was brundled in May 2021."
    assert number_flaw(*laid("The quorl was brundled in 2021.", text), "here") is None
    assert number_flaw(*laid("The quorl was brundled on 3 May 2021.", text), "here") is not None


def test_the_day_of_publication_is_when_it_was_said() -> None:
    text, day = "The quorl was brundled, Dorla Vint said.", date(2022, 6, 7)
    assert number_flaw(*laid("Dorla Vint said so on 7 June 2022.", text, published=day), "here") is None
    assert number_flaw(*laid("The quorl was brundled on 7 June 2022.", text, published=day), "here") is not None
