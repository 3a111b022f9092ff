from __future__ import annotations

import dataclasses

import pytest

from qa.errors import ModelBusy, QAError, SettingsError
from qa.types import Answer, Citation, Claim, Paragraph, fingerprint

PARAGRAPH = Paragraph("a b.txt", 7, 0, 10, "The storm.", kind="paragraph")


def cited(**fields: object) -> Citation:
    return Citation(mark=1, paragraph=PARAGRAPH, start=0, end=10, quote="The storm.", **fields)  # type: ignore[arg-type]


def test_addresses() -> None:
    assert str(PARAGRAPH) == "a b.txt ¶7"
    assert PARAGRAPH.address == "a b.txt#p7"
    assert PARAGRAPH.anchor == f"a b.txt#p7@{fingerprint('the  STORM.')}"


def test_a_claim_is_as_good_as_its_best_citation() -> None:
    assert Claim("x").status == "unsupported"
    assert Claim("x").failed == "citation"
    assert Claim("x", (cited(failed="number"),)).failed == "number"
    assert Claim("x", (cited(failed="number"), cited(repaired="moved"))).status == "repaired"
    assert Claim("x", (cited(failed="number"), cited())).status == "verified"
    assert Claim("x", (cited(),)).failed is None


def test_the_text_carries_only_marks_that_support() -> None:
    claims = (Claim("The storm passed.", (cited(), cited(failed="name"))), Claim("It rained."))
    answer = Answer("q", "q", "answered", claims)
    assert answer.text == "The storm passed. [1] It rained."
    assert [c.mark for c in answer.citations] == [1]
    assert Answer("q", "q", "refused", reason="No.").text == "No."


def test_values_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PARAGRAPH.number = 8  # type: ignore[misc]


def test_errors_own_their_exit_codes() -> None:
    assert issubclass(SettingsError, QAError)
    assert (SettingsError.exit_code, ModelBusy.exit_code, QAError.exit_code) == (2, 4, 1)
