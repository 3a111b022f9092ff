"""The word lists of `qa/language/words`: what is in the files, and how they are loaded."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from qa.language import words

FILES = sorted(Path(words.__file__).parent.glob("*.toml"))
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def groups(table: Any, name: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """The groups of a loaded file by their dotted names."""
    if isinstance(table, tuple):
        yield name, table
        return
    for key, inner in table.items():
        yield from groups(inner, f"{name}.{key}".removeprefix("."))


def lint(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")).get("lint", {})
    return found


def within(name: str, group: str) -> bool:
    return name == group or name.startswith(f"{group}.")


@each_file
def test_a_file_says_what_it_is_who_uses_it_and_where_its_words_come_from(path: Path) -> None:
    comment = path.read_text(encoding="utf-8").split("\n\n")[0]
    assert all(line.startswith("# ") for line in comment.splitlines())
    assert "`qa." in comment
    assert "\n# Source: " in comment


@each_file
def test_no_group_has_a_word_twice(path: Path) -> None:
    for name, group in groups(words.load(path.stem)):
        assert group, name
        assert len(set(group)) == len(group), name


@each_file
def test_groups_are_sorted_where_order_does_not_matter(path: Path) -> None:
    ordered = lint(path).get("ordered", [])
    loaded = list(groups(words.load(path.stem)))
    assert all(any(within(name, group) for name, _ in loaded) for group in ordered)
    for name, group in loaded:
        assert any(within(name, one) for one in ordered) or list(group) == sorted(group), name


@each_file
def test_no_word_is_in_two_groups_that_exclude_each_other(path: Path) -> None:
    loaded = list(groups(words.load(path.stem)))
    for apart in lint(path).get("apart", []):
        for first, second in combinations(apart, 2):
            held = {name.removeprefix(first): group for name, group in loaded if within(name, first)}
            other = {name.removeprefix(second): group for name, group in loaded if within(name, second)}
            assert held.keys() & other.keys(), apart
            for language in held.keys() & other.keys():
                assert not set(held[language]) & set(other[language]), (first, second, language)


def test_a_file_is_read_once_and_frozen() -> None:
    loaded = words.load("negation")
    assert loaded is words.load("negation")
    with pytest.raises(TypeError):
        loaded["not"]["en"] = ()
    assert "lint" not in loaded


def test_words_by_language_and_by_what_they_stand_for() -> None:
    assert "nunca" in words.sets("negation", "not")["es"]
    assert words.meanings({"7": ("seven", "siete"), "8": ("eight",)}) == {"seven": "7", "siete": "7", "eight": "8"}
