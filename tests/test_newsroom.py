"""The synthetic news that models are trained on, and questions as people type them."""

from __future__ import annotations

import random
from collections import Counter

from evals.training.newsroom import events, rows, slots_of, sound
from evals.training.typing import as_typed


def test_every_row_holds_and_none_comes_twice() -> None:
    made = list(rows(600, seed=5))
    assert all(sound(row) for row in made)
    assert len({str(row) for row in made}) == 600
    labels = Counter((row["task"], row.get("y", row.get("label", row.get("asks")))) for row in made)
    assert set(labels) == {("read", 0), ("read", 1), ("check", 0), ("check", 1), ("check", 2), ("ask", 0), ("ask", 1)}


def test_the_same_seed_makes_the_same_rows() -> None:
    assert list(rows(50, seed=2)) == list(rows(50, seed=2))


def test_no_question_names_what_it_asks_for() -> None:
    for kind in events():
        for lang in ("en", "es"):
            assert len(kind[lang]["say"]) >= 4
            for slot, questions in kind[lang]["q"].items():
                assert len(questions) >= 4
                assert not any(slot in slots_of(question) for question in questions)


def test_typing_keeps_the_names_and_numbers_of_a_question() -> None:
    rng = random.Random(4)
    question = "How many people did the storm of 1987 kill in Mirvale?"
    typed = [as_typed(question, "en", rng, share=1) for _ in range(300)]
    assert all("1987" in text and "mirvale" in text.lower() for text in typed)
    assert len(set(typed)) > 150


def test_typing_leaves_most_questions_as_they_are() -> None:
    rng = random.Random(4)
    assert 0.55 < sum(as_typed("Who won?", "fr", rng) == "Who won?" for _ in range(1000)) / 1000 < 0.8
