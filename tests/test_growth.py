"""The time of every function that takes an article's text grows with the text, and not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import pytest

from qa.language import days, mentions, names, text
from qa.question import periods

DAY = date(2024, 3, 3)
FUNCTIONS: dict[str, Callable[[str], object]] = {
    "mentions": lambda words: mentions.mentions(words, "en", DAY),
    "menciones": lambda words: mentions.mentions(words, "es", DAY),
    "numbers": lambda words: mentions.numbers(words, "en"),
    "dates": lambda words: mentions.dates(words, "es"),
    "names": lambda words: mentions.names(words, "en"),
    "levelled": days.levelled,
    "when": lambda words: periods.when(words, "en", today=DAY),
    "named days": lambda words: periods.named_days(words, "en", DAY),
    "name keys": names.name_keys,
    "initials": names.initials,
    "same name": lambda words: names.same_name("Ilse Brandt", words),
    "named in": lambda words: names.named_in("Ilse Brandt", words),
    "a long name": lambda words: names.named_in(words, words + " end"),
    "named across": lambda words: names.named_across("Ilse Brandt", words),
    "lacks across": lambda words: names.lacks_across("Ilse Brandt", words),
    "sentences": lambda words: text.sentences(words, "en"),
    "stems": lambda words: text.stems(words, "en"),
    "fold": text.fold,
    "language": text.detect_language,
}
KINDS = {
    "digits": "7",
    "years": "1987 ",
    "days": "4 June 1987 ",
    "month then spaces": "june 4" + " " * 500,
    "weeks": "last week ",
    "capitals": "Vor Talin ",
    "one word": "Ab",
    "spaces": " ",
    "quotes": '"',
    "opening quotes": "“a ",
    "brackets": "[(",
    "hyphens": "a-",
    "full stops": "A.",
    "Roman": "siglo " + "i" * 994,
    "money": "how much did ",
    "groups": "1,000,",
    "accents": "é",
    "Chinese": "港",
}
SHORT, LONG = 5_000, 20_000  # characters
MOST = 10  # times as long for four times the text: a square takes sixteen, and a busy machine some more than four


@pytest.mark.parametrize("name", FUNCTIONS)
def test_time_grows_with_the_text(name: str) -> None:
    for kind, unit in KINDS.items():
        assert _grows(FUNCTIONS[name], unit) < MOST, kind


def test_a_run_of_letters_or_spaces_that_a_pattern_may_cross_costs_no_square() -> None:
    assert _grows(lambda words: mentions.dates("june 4" + words, "en"), " ") < MOST
    assert _grows(lambda words: mentions.dates("siglo " + words.strip(), "es"), "i") < MOST


def _grows(function: Callable[[str], object], unit: str) -> float:
    """How many times as long the longer text takes, at best of three; a few milliseconds are as good as none."""
    short, long = (min(_seconds(function, unit, length, turn) for turn in range(3)) for length in (SHORT, LONG))
    return long / max(short, 0.005)


def _seconds(function: Callable[[str], object], unit: str, length: int, turn: int) -> float:
    words = (unit * (length // len(unit) + 1))[: length - 2] + f" {turn}"  # another text each time: some are kept
    began = time.process_time()
    function(words)
    return time.process_time() - began
