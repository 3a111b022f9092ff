"""Who did it to whom: two words may not change sides around a third."""

from __future__ import annotations

import pytest
from rules import laid

from qa.check.wording import role_flaw

TEXT = "The weirkeeper flonked the brundler after the mirrel."


def test_two_that_have_changed_sides_are_a_flaw() -> None:
    turned = laid("The brundler flonked the weirkeeper after the mirrel.", TEXT)
    flaw = role_flaw(turned.claim, turned.parts, "here")
    assert flaw is not None
    assert flaw.rule == "contradicted"
    assert "the other way round" in flaw.note


@pytest.mark.parametrize(
    "claim",
    [TEXT, "After the mirrel the weirkeeper flonked the brundler.", "The brundler was flonked by the weirkeeper."],
)
def test_the_same_sides_in_another_order_are_none(claim: str) -> None:
    kept = laid(claim, TEXT)
    assert role_flaw(kept.claim, kept.parts, "here") is None
