"""Which lines of an article are credits: who reported it, whose it is, what the page asks of its reader."""

from __future__ import annotations

import re
from functools import lru_cache

from qa.language.text import fold
from qa.language.words import alternatives, load

_FEW = 12  # words behind what may begin a sentence as well
_MOST = 40  # words of the longest credit
_NAMES = re.compile(rf"(?:[A-ZÀ-Þ][\w'’.-]*|{alternatives(load('credits')['between'])}|[|/,&·])(?:\s+(?=\S)|$)")


def is_credit(words: str) -> bool:
    """Whether words, or each line of them, are a credit and nothing else."""
    return bool(words.strip()) and (_is_one(words) or all(_is_one(line) for line in words.split("\n") if line.strip()))


def _is_one(words: str) -> bool:
    bare = words.strip(" \t\n()[]—–-*_•|>")
    line = " ".join(fold(bare).split())
    count, known = len(line.split()), _known()
    if not line or count > _MOST:
        return False
    if line.startswith(known["any"]) and not _goes_on(bare):
        return True
    if count <= _FEW and line.startswith(known["short"]):
        return True
    label, colon, behind = re.split(r"\s*([:/])\s*", line, maxsplit=1) if re.search("[:/]", line) else (line, "", "")
    if colon and label in known["labels"] and 0 < len(behind.split()) <= 6 and not re.search(r"[.!?]\s", behind):
        return True
    return any(_is_byline(bare, line, begin) for begin in known["bylines"] if line.startswith(begin))


def _goes_on(words: str) -> bool:
    """Whether a sentence follows that is no credit: these end with a name, a year, or what is reserved."""
    first, *others = re.split(r"(?<=[^\W\d_]{3}[.!?])\s+", words.strip())
    return any(not fold(one).startswith((*_known()["any"], *_known()["short"])) for one in others) and bool(first)


def _is_byline(words: str, line: str, begin: str) -> bool:
    """Whether "By" is followed by names alone."""
    names = words[len(begin) :].strip() if line[len(begin) : len(begin) + 1] in ("", " ", ":") else "x"
    names = re.split(r"\s*[|·]\s*", names)[0].strip(": ")
    return (
        len(names.split()) <= 6
        and re.fullmatch(rf"(?:{_NAMES.pattern})*", names) is not None
        and not names.endswith(".")
    )


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[str, ...]]:
    """The beginnings of credits by kind, folded as the lines are."""
    lists = load("credits")
    return {kind: tuple(map(fold, lists[kind])) for kind in ("any", "short", "labels", "bylines")}
