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


@pytest.mark.parametrize(
    "tail",
    [" [not].", " (not).", " – not!", ", not.", " (no).", " {not}.", " <not>.", ", which he did not."],
)
def test_a_not_with_nothing_beside_it_denies_all_of_it(tail: str) -> None:
    laid_out = laid(SAID.removesuffix(".") + tail, SAID)
    assert polarity_flaw(laid_out.claim, laid_out.parts, "here") is not None
    laid_out = laid(SAID.removesuffix(".") + tail, SAID.removesuffix(".") + tail)
    assert polarity_flaw(laid_out.claim, laid_out.parts, "here") is None


@pytest.mark.parametrize("claim", ["The quorl was brundled, but Tamsel failed.", "Tamsel, the weirkeeper, declined."])
def test_a_not_beside_other_words_is_theirs(claim: str) -> None:
    laid_out = laid(claim, "The quorl was brundled. Tamsel, the weirkeeper, gave up.")
    assert polarity_flaw(laid_out.claim, laid_out.parts, "here") is None


def test_in_spanish() -> None:
    laid_out = laid("El quorlero bruntó la mirrela.", "El quorlero no bruntó la mirrela.", language="es")
    assert polarity_flaw(laid_out.claim, laid_out.parts, "here") is not None
