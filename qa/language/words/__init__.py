"""The word lists: one file a kind in this folder, a group a line, each file with its source.

A group is a string of words between spaces, or an array where words have spaces in them. Where it depends on the
language it is a table with a group for each (`not.en`), where its words stand for something one with a group for each
value (`units.en.7 = "seven"`). The table `lint` of a file says of which groups the order counts (`ordered`) and which
exclude each other (`apart`); it is no group, and `tests/test_words.py` holds the file to it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any


@cache
def load(kind: str) -> Mapping[str, Any]:
    """The groups of ``<kind>.toml`` by their names, each a tuple of words or a mapping of groups; read once, frozen."""
    groups = tomllib.loads(Path(__file__).with_name(f"{kind}.toml").read_text(encoding="utf-8"))
    groups.pop("lint", None)
    frozen: Mapping[str, Any] = _frozen(groups)
    return frozen


def sets(kind: str, group: str) -> dict[str, frozenset[str]]:
    """The words of a group by language."""
    return {language: frozenset(words) for language, words in load(kind)[group].items()}


def meanings(groups: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Each word of a table of groups with the value it stands for: "seven" with "7"."""
    return {word: value for value, words in groups.items() for word in words}


def alternatives(*groups: Iterable[str]) -> str:
    """The words of these groups as the alternatives of a regular expression, "are there" before "are"."""
    return "|".join(sorted({word for group in groups for word in group}, key=lambda word: (-len(word), word)))


def _frozen(group: Any) -> Any:
    if isinstance(group, dict):
        return MappingProxyType({name: _frozen(inner) for name, inner in group.items()})
    return tuple(group.split() if isinstance(group, str) else group)
