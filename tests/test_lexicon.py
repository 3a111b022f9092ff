"""Words that mean about the same, in one language and across two."""

import numpy as np
import pytest

from qa.language.lexicon import LANGUAGES, Likeness, frequency
from qa.language.text import stems


def likeness(word: str, other: str, language: str = "en", across: str = "en") -> float:
    return float(Likeness(stems(word, language), language).best([stems(other, across)], across)[0, 0])


@pytest.mark.parametrize(
    ("word", "like", "unlike"), [("killed", "murdered", "harvested"), ("teacher", "professor", "river")]
)
def test_a_synonym_is_liker_than_another_word(word: str, like: str, unlike: str) -> None:
    assert likeness(word, like) > 0.4 > likeness(word, unlike)


@pytest.mark.parametrize(
    ("english", "spanish", "other"), [("war", "guerra", "cocina"), ("president", "presidente", "lluvia")]
)
def test_a_word_is_like_its_translation(english: str, spanish: str, other: str) -> None:
    assert likeness(english, spanish, across="es") > 0.5 > likeness(english, other, across="es")
    assert likeness(spanish, english, "es", "en") == pytest.approx(likeness(english, spanish, "en", "es"), abs=1e-5)


def test_the_same_token_is_wholly_alike_even_where_it_is_unknown() -> None:
    assert likeness("Pezeshkian", "Pezeshkian") == 1.0
    assert likeness("Pezeshkian", "Araghchi") == 0.0
    assert likeness("Straße", "Straße", "de", "de") == 1.0


def test_months_and_numbers_are_alike_to_none_but_themselves() -> None:
    assert likeness("March", "July") == likeness("two", "nine") == likeness("lunes", "martes", "es", "es") == 0.0
    assert likeness("March", "March") == 1.0


def test_one_number_for_each_token_of_the_question() -> None:
    asked = Likeness(["a", "b", "c"], "en")
    assert np.array_equal(asked.best([[], ["b"], []], "fr"), [[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    assert asked.best([[]], "en").shape == (1, 3)
    assert asked.best([], "en").shape == (0, 3)
    assert Likeness([], "en").best([["b"]], "en").shape == (1, 0)
    assert Likeness(["a", "b", "a"], "en").best([["a"]], "en").tolist() == [[1.0, 0.0]]


def test_the_best_of_many_tokens_counts_and_texts_do_not_mix() -> None:
    asked = Likeness(stems("war teacher", "en"), "en")
    alone, both, none = asked.best([stems("guerra", "es"), stems("profesor guerra guerra", "es"), []], "es")
    assert both[0] == pytest.approx(alone[0])
    assert both[1] > 0.4 > alone[1]
    assert not none.any()


def test_frequent_words_are_known_to_be_frequent() -> None:
    assert {"en", "es"} == LANGUAGES
    assert frequency(stems("president", "en")[0], "en") > frequency(stems("zeppelin", "en")[0], "en") > 0
    assert frequency("pezeshkian", "en") == frequency("haus", "de") == 0
