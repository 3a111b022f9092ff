"""Which elements of a page its own style sheets hide."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_SCREEN = re.compile(r"@(?:media\s+(?:only\s+)?(?:all|screen)|layer\b.*|supports\b.*)", re.I)
_COMPOUND = re.compile(r"(\*|[a-z][\w-]*)?((?:[.#][\w-]+)*)", re.I)
_SHOWN = re.compile(r"(?:^|;)\s*(display|visibility)\s*:\s*([\w-]+)\s*(!\s*important)?", re.I)


class _Rule(NamedTuple):
    """What a rule says of one property: its weight, and the compounds of its selector, the last first."""

    weight: tuple[bool, int, int, int, int]
    hides: bool
    compounds: tuple[tuple[str, frozenset[str]], ...]


def hidden(root: Any) -> list[Any]:
    """The elements that a style sheet in the page hides by ``display: none`` or ``visibility: hidden`` (CSS 2.2, 6.4).

    Selectors of tags, classes and ids behind each other are known, others pass, and so do rules for paper
    or narrow screens.
    """
    rules: dict[str, dict[str, list[_Rule]]] = {"display": defaultdict(list), "visibility": defaultdict(list)}
    sheets = [style.text_content() for style in root.iter("style") if _is_for_screens(style.get("media") or "all")]
    for order, (selectors, declarations) in enumerate(_rules(_COMMENT.sub("", "\n".join(sheets)))):
        shown = {name.lower(): (value.lower(), bool(mark)) for name, value, mark in _SHOWN.findall(declarations)}
        for selector in selectors.split(",") if shown else ():
            for name, (value, important) in shown.items():
                if rule := _rule(selector, important, order, value in ("none", "hidden", "collapse")):
                    tag, marks = rule.compounds[0]
                    rules[name][min(marks, default=tag)].append(rule)
    if not any(rule.hides for of in rules.values() for held in of.values() for rule in held):
        return []
    return [element for element in root.iter() if any(_is_hidden(element, name, of) for name, of in rules.items())]


def _is_for_screens(media: str) -> bool:
    return media.strip().lower() in ("all", "screen", "only screen")


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """The selectors and declarations of the rules that hold on every screen."""
    parts = re.split(r"([{}])", css)
    around: list[str] = []
    for words, mark in zip(parts[::2], parts[1::2], strict=False):
        if mark == "{":
            around.append(words.rpartition(";")[2].strip())
        elif around:
            selectors = around.pop()
            if not selectors.startswith("@") and all(_SCREEN.fullmatch(one) for one in around):
                yield selectors, words


def _rule(selector: str, important: bool, order: int, hides: bool) -> _Rule | None:
    """The rule of a selector, None for one that looks at states, neighbours or attributes."""
    found = [_COMPOUND.fullmatch(part) for part in reversed(selector.split())]
    compounds = tuple(
        ((one[1] or "*").lower(), frozenset(re.findall(r"[.#][\w-]+", one[2]))) for one in found if one is not None
    )
    if not compounds or len(compounds) < len(found):
        return None
    marks = [mark for _, held in compounds for mark in held]
    ids = sum(mark.startswith("#") for mark in marks)
    tags = sum(tag != "*" for tag, _ in compounds)
    return _Rule((important, ids, len(marks) - ids, tags, order), hides, compounds)


def _is_hidden(element: Any, name: str, rules: dict[str, list[_Rule]]) -> bool:
    if not isinstance(element.tag, str) or f"{name}:" in re.sub(r"\s", "", element.get("style", "")).lower():
        return False
    held = (rule for key in ("*", element.tag, *_marks(element)) for rule in rules.get(key, ()))
    fitting = (rule for rule in held if _fits(element, rule.compounds))
    return max(((rule.weight, rule.hides) for rule in fitting), default=(None, False))[1]


def _marks(element: Any) -> set[str]:
    return {f".{name}" for name in (element.get("class") or "").split()} | {f"#{element.get('id')}"}


def _fits(element: Any, compounds: tuple[tuple[str, frozenset[str]], ...]) -> bool:
    if not _is_one(element, *compounds[0]):
        return False
    above = element.iterancestors()
    return all(any(_is_one(one, *compound) for one in above) for compound in compounds[1:])


def _is_one(element: Any, tag: str, marks: frozenset[str]) -> bool:
    return tag in ("*", element.tag) and marks <= _marks(element)
