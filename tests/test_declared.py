"""Questions with their answers as sentences, and paragraphs that leave a thing open, for training."""

from __future__ import annotations

import random

import pytest

from evals.training.declared import declared, kind_of, placed, unnamed

TEXT = "In 1931 the bridge at Ribera was closed by Marta Olmos, who led the port. It had 12 arches."


@pytest.mark.parametrize(
    ("question", "answer", "language", "sentence"),
    [
        ("Who was the head of the port?", "Marta Olmos", "en", "Marta Olmos was the head of the port."),
        ("¿Quién cerró el puente?", "Marta Olmos", "es", "Marta Olmos cerró el puente."),
        ("¿Cuándo se cerró el puente?", "1931", "es", "In 1931 se cerró el puente."),
        ("¿Cuántos arcos tenía?", "12", "es", "12 arcos tenía."),
        ("Why was it closed?", "the flood", "en", None),
        ("¿Qué puente de la ciudad cerró?", "Ribera", "es", None),
        ("Who led it, and when did she leave?", "Marta Olmos", "en", None),
    ],
)
def test_a_question_with_its_answer_as_a_sentence(
    question: str, answer: str, language: str, sentence: str | None
) -> None:
    where = placed(answer, TEXT, "en")
    assert declared(question, answer, where, language) == sentence


def test_what_answers_is_left_open_and_the_rest_stays() -> None:
    made = unnamed("Who closed the bridge?", "Marta Olmos", TEXT, "en", random.Random(1))
    assert made is not None
    assert "Marta" not in made
    assert "12 arches" in made
    assert unnamed("When was it closed?", "1931", TEXT, "en", random.Random(1)) is not None
    assert unnamed("What did she do?", "led the port", TEXT, "en", random.Random(1)) is None
    assert [kind_of(a) for a in ("1931", "12", "Marta Olmos", "the port")] == ["year", "number", "name", "words"]
