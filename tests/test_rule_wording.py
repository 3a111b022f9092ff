"""A claim that is its source's, word for word, but for a word put in or exchanged."""

from __future__ import annotations

import pytest
from rules import failed, laid

from qa.check.wording import added_flaw, exchanged_flaw

TEXT = "The weirkeeper flonked the old quorl after the long mirrel in spring."


@pytest.mark.parametrize(
    "claim",
    [
        "The weirkeeper flonked the old quorl after the long mirrel in spring and zundled the chazzen.",
        "The weirkeeper, a zundled chazzen, flonked the old quorl after the long mirrel in spring.",
    ],
)
def test_words_put_in_are_a_flaw(claim: str) -> None:
    more = laid(claim, TEXT)
    flaw = added_flaw(more.claim, more.parts, "here")
    assert flaw is not None
    assert (flaw.rule, "zundled" in flaw.note) == ("wording", True)


@pytest.mark.parametrize(("old", "new"), [("flonked", "zundled"), ("quorl", "chazzen"), ("long", "vostry")])
def test_a_word_exchanged_is_a_flaw(old: str, new: str) -> None:
    other = laid(TEXT.replace(old, new), TEXT)
    flaw = exchanged_flaw(other.claim, other.parts, "here")
    assert flaw is not None
    assert f"“{old}” where the claim has “{new}”" in flaw.note


@pytest.mark.parametrize(
    "claim",
    [
        TEXT,
        "The weirkeeper flonked the old quorl.",
        "The old quorl was flonked after the long mirrel.",
        "According to the article, the weirkeeper flonked the old quorl after the long mirrel in spring.",
        "A keeper of weirs is said to have given the quorl a flonking.",  # in words of its own
    ],
)
def test_less_or_other_words_throughout_are_none(claim: str) -> None:
    kept = laid(claim, TEXT)
    assert added_flaw(kept.claim, kept.parts, "here") is None
    assert exchanged_flaw(kept.claim, kept.parts, "here") is None


def test_a_claim_that_says_nothing_is_a_flaw() -> None:
    assert failed("It was so.", TEXT) == "wording"


def test_a_claim_that_shares_no_word_is_a_flaw() -> None:
    assert failed("Zundled chazzens vostrily brumbled.", TEXT) == "wording"
    assert failed("xxxxxxxxxx", TEXT) == "wording"
