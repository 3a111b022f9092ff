"""What the program says: the same sentences in every language, each said somewhere and recognised by the page."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import qa
from qa import messages

HERE = Path(messages.__file__).parent


def tables(language: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_language_has_the_keys_of_english_in_their_order_with_as_many_places(language: str) -> None:
    english, other = tables("en"), tables(language)
    for table in ("sentences", "pieces"):
        assert list(other[table]) == list(english[table])
        for key, text in english[table].items():
            assert text.count("{}") == other[table][key].count("{}"), key
    assert not english["sentences"].keys() & english["pieces"].keys()


def test_what_is_raised_in_english_has_as_many_places_in_spanish() -> None:
    for english, spanish in tables("es")["raised"].items():
        assert english.count("{}") == len(re.findall(r"\{\d?\}", spanish)), english


def test_no_sentence_is_kept_that_nothing_says() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(qa.__file__).parent.rglob("*.py"))
    unsaid = [key for key in messages.catalogue("en") if f'"{key}"' not in code and f"'{key}'" not in code]
    assert unsaid == []


def test_english_is_said_where_a_language_has_no_table() -> None:
    assert messages.catalogue("fr") == messages.catalogue("en")
    assert messages.catalogue("es")["none"] == "Los artículos no responden a esto."


def test_every_whole_sentence_is_known_in_both_languages_and_no_piece_is_by_itself() -> None:
    pairs = dict(messages.pairs())
    assert pairs["Taken as {} to {}, counted from {}."] == "Se entiende: {} a {}, contado desde el {}."
    assert pairs["{} of {} articles mention {}."] == "{} de {} artículos mencionan {}."
    assert messages.catalogue("en")["source"] not in pairs
    assert len(pairs) == len(messages.pairs())
