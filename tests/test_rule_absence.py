"""A claim that the sources lack something holds only where none of them has it."""

from __future__ import annotations

import pytest
from rules import failed, laid, paragraphs

from qa.check.absence import says_absent, says_after_all, speaks_of_lack
from qa.check.verify import verify
from qa.types import Draft

TEXT = "The weirkeeper flonked the old quorl of Zemlin."


@pytest.mark.parametrize(
    ("claim", "language"),
    [
        ("The articles do not mention the brundled mirrel.", "en"),
        ("There is no information on the mirrel in the articles.", "en"),
        ("No se menciona la mirrela.", "es"),
    ],
)
def test_what_says_that_something_is_lacking(claim: str, language: str) -> None:
    assert says_absent(claim, language)


def test_what_goes_on_to_say_another_thing_is_no_such_claim() -> None:
    claim = "The articles do not mention the mirrel, but the weirkeeper flonked it."
    assert speaks_of_lack(claim, "en")
    assert not says_absent(claim, "en")
    assert failed(claim, TEXT) == "wording"


def test_what_is_there_after_all_is_a_flaw() -> None:
    claim, _, (part,) = laid("The articles do not mention the old quorl.", TEXT)
    assert says_after_all(claim, part)
    other, _, (part,) = laid("The articles do not mention the brundled mirrel.", TEXT)
    assert not says_after_all(other, part)
    judged = verify(Draft("The articles do not mention the old quorl."), paragraphs(TEXT))
    assert (judged.status, judged.failed) == ("unsupported", "negation")
    kept = verify(Draft("The articles do not mention the brundled mirrel."), paragraphs(TEXT))
    assert kept.status == "repaired"
