"""The words that are planted are none that the check's tables hold, nor any that it was taught with."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from rules import INVENTED

import evals.training
from evals.faults import EXCHANGES, SYNONYMS
from qa.check import absence, parsing, polarity, quotes, support, values, verify, wording
from qa.check.parsing import stem_of
from qa.language import mentions
from qa.language.text import fold

TAUGHT = Path(evals.training.__file__).parent / "exchanges.toml"


def words(value: object) -> Iterator[str]:
    """The folded words of a table: of a text, a pattern, or of whatever holds such."""
    if isinstance(value, str):
        yield from re.findall(r"[^\W\d_]+", fold(value))
    elif isinstance(value, re.Pattern):
        yield from words(value.pattern)
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from words(pair)
    elif isinstance(value, AbstractSet | list | tuple):
        for part in value:
            yield from words(part)


def tables() -> frozenset[str]:
    """Every word in a constant of the check's modules, and every opposite that its training exchanges."""
    modules = [absence, mentions, parsing, polarity, quotes, support, values, verify, wording]
    constants = [v for module in modules for name, v in vars(module).items() if not name.startswith("__")]
    taught = tomllib.loads(TAUGHT.read_text(encoding="utf-8"))["opposites"]
    return frozenset(words([*constants, taught]))


def test_the_tables_are_found() -> None:
    assert {"rose", "menos", "dijo", "neither"} <= tables()


def test_no_invented_word_is_in_a_table() -> None:
    assert not tables() & set(INVENTED.split())


def test_no_planted_word_is_in_a_table() -> None:
    known = tables()
    for pairs in (SYNONYMS, *EXCHANGES.values()):
        for language, listed in pairs.items():
            stems = {stem_of(word, language) for word in known}
            planted = {fold(word) for pair in listed.split() for word in pair.split("=")}
            assert planted
            assert not [w for w in planted if w in known or stem_of(w, language) in stems]
