"""What the program says to a person, one sentence a key, in English (`en.toml`) and Spanish (`es.toml`).

Beside an answer stand whole ``sentences``, some of them made of ``pieces``. What is said in English where it happens,
such as an error or a note of the check, has its Spanish by its English in the table ``raised`` of `es.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LANGUAGES = ("en", "es")  # ISO 639-1
# Sentences with a piece for each of their places, "" for one that stays open: those that the page has to know whole.
_MADE = (
    ("taken", "to"),
    ("taken", "since"),
    ("taken", "until"),
    ("counted", "to", ""),
    ("counted", "since", ""),
    ("counted", "until", ""),
    ("none_of", "mentions"),
    ("some_of", "", "articles", "mention"),
    ("some_of", "", "articles", "mentions"),
    ("some_of", "", "article", "mentions"),
    ("holds", "articles"),
    ("holds", "article"),
)


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """The sentences and pieces by their keys in a language (ISO 639-1); in English for one that has no table."""
    tables = _tables(language if language in LANGUAGES else "en")
    return MappingProxyType({**tables["sentences"], **tables["pieces"]})


@cache
def pairs() -> tuple[tuple[str, str], ...]:
    """Every whole sentence in English and in Spanish, {} for what differs ({0}, {1} where their orders are not one)."""
    english, spanish = catalogue("en"), catalogue("es")
    made = ((_made(english, *keys), _made(spanish, *keys)) for keys in _MADE)
    whole = ((english[key], spanish[key]) for key in _tables("en")["sentences"])
    return (*_tables("es")["raised"].items(), *whole, *made)


def _made(said: Mapping[str, str], whole: str, *pieces: str) -> str:
    return said[whole].format(*(said[piece] if piece else "{}" for piece in pieces))


@cache
def _tables(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))
