"""A "not" must stand on both sides about the same words."""

from __future__ import annotations

import pytest
from rules import laid

from qa.check.polarity import polarity_flaw

DENIED, SAID = "The weirkeeper has not brundled the quorl.", "The weirkeeper has brundled the quorl."


@pytest.mark.parametrize(("claim", "text"), [(SAID, DENIED), (DENIED, SAID)])
def test_a_not_that_only_one_of_them_has_is_a_flaw(claim: str, text: str) -> None:
    laid_out = laid(claim, text)
    flaw = polarity_flaw(laid_out.claim, laid_out.parts, "here")
    assert flaw is not None
    assert flaw.rule == "negation"


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (DENIED, DENIED),
        (SAID, SAID),
        ("The weirkeeper never brundled the quorl.", DENIED),
        ("The weirkeeper brundled the quorl.", "The weirkeeper not only brundled the quorl but flonked it."),
        ("The quorl is unbrundled.", "The quorl is not brundled."),
        ("Tamsel flonked the mirrel.", "The quorl was not brundled, and Tamsel flonked the mirrel."),
    ],
)
def test_a_not_of_both_or_about_other_words_is_none(claim: str, text: str) -> None:
    laid_out = laid(claim, text)
    assert polarity_flaw(laid_out.claim, laid_out.parts, "here") is None


def test_in_spanish() -> None:
    laid_out = laid("El quorlero bruntó la mirrela.", "El quorlero no bruntó la mirrela.", language="es")
    assert polarity_flaw(laid_out.claim, laid_out.parts, "here") is not None
