"""What a paragraph leaves open a claim may not say as certain."""

from __future__ import annotations

import pytest
from rules import laid

from qa.check.polarity import modality_flaw


@pytest.mark.parametrize("cue", ["may brundle", "plans to brundle", "allegedly brundled", "will perhaps brundle"])
def test_a_doubt_that_the_claim_drops_is_a_flaw(cue: str) -> None:
    text = f"The weirkeeper {cue} the old quorl."
    dropped, kept = laid("The weirkeeper brundled the old quorl.", text), laid(text, text)
    flaw = modality_flaw(dropped.claim, dropped.parts, "here")
    assert flaw is not None
    assert flaw.rule == "modality"
    assert modality_flaw(kept.claim, kept.parts, "here") is None


def test_a_doubt_about_other_words_is_none() -> None:
    other = laid("Tamsel flonked the mirrel.", "The quorl may be brundled. Tamsel flonked the mirrel.")
    assert modality_flaw(other.claim, other.parts, "here") is None


def test_a_name_is_no_doubt() -> None:
    named = laid("May Orrikov brundled the quorl.", "May Orrikov brundled the quorl.")
    assert modality_flaw(named.claim, named.parts, "here") is None
