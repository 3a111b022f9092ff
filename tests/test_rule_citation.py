"""A claim needs a paragraph: one that was retrieved, and no five of which each has a little of it."""

from __future__ import annotations

from rules import paragraphs

from qa.check.verify import verify
from qa.types import Draft, Proposal


def test_without_a_paragraph_a_claim_is_unsupported() -> None:
    judged = verify(Draft("The weirkeeper flonked the quorl."), [])
    assert (judged.status, judged.failed, judged.citations) == ("unsupported", "citation", ())


def test_an_address_that_was_not_retrieved_is_no_citation() -> None:
    evidence = paragraphs("The weirkeeper flonked the quorl.")
    judged = verify(Draft("Tamsel sprindled the chazzen of Haddow.", (Proposal("else.txt#p9"),)), evidence)
    assert (judged.failed, judged.citations) == ("citation", ())


def test_a_sentence_word_for_word_is_moved_to_its_own_paragraph() -> None:
    said = "The weirkeeper flonked the quorl."
    evidence = paragraphs("Snow fell on the hills of Haddow.", said)
    judged = verify(Draft(said, (Proposal(evidence[0].address),)), evidence)
    good = next(c for c in judged.citations if not c.failed)
    assert (judged.status, good.address, good.repaired) == (
        "repaired",
        evidence[1].address,
        f"moved from {evidence[0].address}",
    )
