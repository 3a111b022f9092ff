"""Which one of the folder's articles a text means: the newest, the longest, the third of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from qa.index.store import Articles
from qa.language.mentions import mentions
from qa.language.words import alternatives, load

How = Literal["newest", "oldest", "longest", "shortest", "numbered"]

_WORDS = load("folder")
_NOUN = alternatives(*_WORDS["nouns"].values(), *_WORDS["one"].values())
_A_NOUN = re.compile(rf"\b(?:{_NOUN}|{alternatives(*_WORDS['uncounted'].values())})\b", re.IGNORECASE)
_MOST = {
    how: re.compile(rf"\b(?:{alternatives(*words.values())})\b", re.IGNORECASE)
    for how, words in _WORDS["which"].items()
}
_BEFORE = re.compile(
    rf"\b(?:{_NOUN})?\W*(?:(?:{alternatives(*_WORDS['numbered'].values())})\b)?[\s.#º°]*$", re.IGNORECASE
)
_BEHIND = re.compile(rf"^\s+(?:{_NOUN})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """An article that is meant, and by what: ``place`` is its place from 1 in the list of all, which begins with the
    newest and ends with those without a date; ``words`` is the part of the text that means it."""

    file: str
    how: How
    place: int
    words: str


def listed(articles: Articles) -> list[str]:
    """The files in the order in which they are listed and counted: newest first, undated last, then by name."""
    return sorted(articles, key=lambda file: (-(articles[file].published or date.min).toordinal(), file))


def chosen(text: str, language: str, articles: Articles, lengths: Callable[[], Mapping[str, int]]) -> Choice | None:
    """The one article that a text means by its day, length or place; None where it means none so.

    ``lengths`` says how many words each article has, and is called only where that is asked for.
    """
    order = listed(articles)
    if not order:
        return None
    for at, words in _places(text, language):
        if 1 <= at <= len(order):
            return Choice(order[at - 1], "numbered", at, words)
    for how, pattern in _MOST.items():
        found = pattern.search(text)
        if found and _A_NOUN.search(text):
            file = _most(how, order, articles, lengths)
            return Choice(file, how, order.index(file) + 1, found[0]) if file else None
    return None


def _most(how: How, order: Sequence[str], articles: Articles, lengths: Callable[[], Mapping[str, int]]) -> str | None:
    if how in ("longest", "shortest"):
        words = lengths()
        return (max if how == "longest" else min)(order, key=lambda file: words.get(file, 0))
    dated = [file for file in order if articles[file].published]
    return next(iter(dated if how == "newest" else reversed(dated)), None)


def _places(text: str, language: str) -> Iterator[tuple[int, str]]:
    """The places in the list that a text names, "article 3" or "the third story", each with its words."""
    for mention in mentions(text, language):
        if not mention.value.isdigit():
            continue
        before, behind = _BEFORE.search(text[: mention.start]), _BEHIND.search(text[mention.end :])
        if mention.kind == "number" and before and before[0].strip(" .#º°"):
            yield int(mention.value), before[0] + mention.text
        elif mention.kind == "ordinal" and behind:
            yield int(mention.value), mention.text + behind[0]
