"""Quoted words must be the paragraph's, but for case, accents, spaces, marks and what the claim itself cut."""

from __future__ import annotations

import pytest
from rules import failed, paragraphs

from qa.check.quotes import locate, quotations, quoted_in, verbatim

TEXT = "“We have flonked the old quorl – and the mirrel too,” Vint said. Nobody brundled it."


@pytest.mark.parametrize(
    "words",
    [
        "We have flonked the old quorl",
        "we have  FLONKED the óld quorl",
        "the old quorl - and the mirrel too",
        "We have flonked … and the mirrel too",
    ],
)
def test_the_words_in_another_writing_or_cut_are_quoted(words: str) -> None:
    assert quoted_in(words, TEXT)


@pytest.mark.parametrize("words", ["We have brundled the old quorl", "the old quorls", "flonked … the chazzen"])
def test_other_words_are_not(words: str) -> None:
    assert not quoted_in(words, TEXT)


def test_an_altered_quotation_is_a_flaw() -> None:
    assert failed("Vint said: “We have brundled the old quorl”.", TEXT) == "quote"
    assert failed("Vint said so.", TEXT, quote="We have brundled the old quorl") == "quote"


def test_two_words_in_marks_are_no_quotation() -> None:
    assert quotations("The “old quorl” is said to be “a flonked and brundled mirrel”.") == [(31, 60)]


def test_a_sentence_word_for_word_holds_and_a_part_of_one_does_not_by_that_alone() -> None:
    (home,) = paragraphs(TEXT)
    assert verbatim("Nobody brundled it.", home) == locate("Nobody brundled it.", TEXT)
    assert verbatim("brundled it", home) is None
