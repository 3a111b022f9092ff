"""A name of a claim must be one of its article's, in any spelling, and stand where that one stands."""

from __future__ import annotations

import pytest
from rules import failed, laid, paragraphs

from qa.check.values import binding_flaw, is_named

TEXT = "Tamsel Orrikov brundled the quorl of Zemlin, and Dorla Vint the weir of Haddow."


@pytest.mark.parametrize("name", ["Tamsel Orrikov", "Orrikov", "Tamsel Orikow", "TAMSEL ORRIKOV", "Zemlin"])
def test_a_name_in_another_spelling_or_in_part_is_named(name: str) -> None:
    claim, cited, _ = laid(f"The quorl was brundled by {name}.", TEXT)
    assert all(is_named(m, cited) for m in claim.mentions if m.kind == "name")


@pytest.mark.parametrize("name", ["Tamsel Gorrik", "Zemlow", "Dorla Orrikov Haddow"])
def test_a_name_that_the_article_lacks_is_a_flaw(name: str) -> None:
    assert failed(f"The quorl was brundled by {name}.", TEXT) == "name"


def test_a_name_in_the_place_of_another_is_a_flaw() -> None:
    flaw = binding_flaw(*laid("Dorla Vint brundled the quorl of Haddow.", TEXT), "here")
    assert flaw is not None
    assert flaw.rule == "name"


def test_a_surname_stands_for_the_name_that_another_retrieved_paragraph_has() -> None:
    whole, short = paragraphs("Tamsel Orrikov is a weirkeeper.", "In spring Orrikov brundled the quorl.")
    claim, _, _ = laid("In spring Tamsel Orrikov brundled the quorl.", TEXT)
    (name,) = (m for m in claim.mentions if m.kind == "name")
    assert not is_named(name, (short,))
    assert is_named(name, (short,), retrieved=[whole, short])
