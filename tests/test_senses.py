"""Words that may stand for one another, and words that never may."""

from __future__ import annotations

from collections import Counter

import pytest

from qa.reading import stem_of
from qa.senses import _OPPOSITE, alike, opposite, synonyms
from qa.text import fold
from qa.types import Draft, Evidence, Paragraph
from qa.verify import verify


def key(word: str, language: str) -> str:
    return stem_of(word, language) or word


def test_the_list_is_folded_sorted_and_has_no_word_twice() -> None:
    for language, groups in synonyms().items():
        assert list(groups) == sorted(groups)
        for group in groups:
            assert len(group) > 1
            assert list(group) == sorted(set(group))
            assert [fold(word) for word in group] == list(group)
        counts = Counter(stem for group in groups for stem in {key(word, language) for word in group})
        assert [stem for stem, times in counts.items() if times > 1] == []


def test_no_synonyms_are_opposites() -> None:
    for language, groups in synonyms().items():
        for group in groups:
            stems = [key(word, language) for word in group]
            assert not [(a, b) for a in stems for b in stems if opposite(a, b, language)], group


def test_every_pair_of_opposites_has_two_sides() -> None:
    for pairs in _OPPOSITE.values():
        assert [pair for pair in pairs.split("/") if pair.count(":") != 1] == []


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "approved", "rejected"),
        ("en", "hard", "easy"),
        ("en", "destroy", "help"),
        ("en", "similar", "different"),
        ("en", "near", "far"),
        ("en", "hurt", "speak"),
        ("es", "producir", "destruir"),
        ("es", "correcto", "completo"),
    ],
)
def test_opposites_are_not_alike(language: str, one: str, other: str) -> None:
    assert not alike(key(one, language), key(other, language), language)


def test_a_storm_that_destroys_does_not_help() -> None:
    said = "The storm destroyed the old mill by the river."
    home = [Evidence(Paragraph("a.txt", 1, 0, len(said), said), 1, 1, 1, 1)]
    assert verify(Draft(said.replace("destroyed", "helped")), home).status == "unsupported"
