"""What `qa doctor` finds beyond what the command's own test shows (test_cli.py)."""

from __future__ import annotations

import random

from qa.index.copies import signature
from qa.index.doctor import alike

WORDS = [f"word{n}" for n in range(2000)]


def article(rng: random.Random, paragraphs: int = 5) -> list[list[str]]:
    return [rng.sample(WORDS, 40) for _ in range(paragraphs)]


def reworded(rng: random.Random, said: list[list[str]]) -> list[list[str]]:
    """The article with one word of each paragraph exchanged."""
    return [[*words[:-1], rng.choice(WORDS)] for words in said]


def signatures(articles: dict[str, list[list[str]]]) -> dict[str, list[int]]:
    return {file: [signature(words) for words in said] for file, said in articles.items()}


def test_articles_that_differ_in_a_word_a_paragraph_are_alike() -> None:
    rng = random.Random(1)
    articles = {f"{n:03}.txt": article(rng) for n in range(200)}
    for n in range(0, 40, 2):
        articles[f"copy{n:03}.txt"] = reworded(rng, articles[f"{n:03}.txt"])
    articles["copy000b.txt"] = reworded(rng, articles["000.txt"])
    found = alike(signatures(articles))
    assert ("000.txt", "copy000.txt", "copy000b.txt") in found
    assert len(found) == 20
    assert all({file.removeprefix("copy")[:3] for file in group} == {group[0][:3]} for group in found)


def test_a_common_last_line_or_one_shared_paragraph_makes_no_copies() -> None:
    rng = random.Random(2)
    line = ["subscribe", "newsletter", "today"]
    articles = {f"{n:03}.txt": [*article(rng, 2), line] for n in range(100)}
    articles["quotes.txt"] = [*article(rng, 3), articles["000.txt"][0]]
    assert alike(signatures(articles)) == []


def test_no_articles_are_no_copies() -> None:
    assert alike({}) == []
