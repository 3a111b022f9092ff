"""Whether two mentions are one, and where two texts part: they are compared here, and nowhere else.

Of a claim and its source it is asked whether the source's mention bears the claimed one out; of two sources whether
their mentions differ. The first must not pass what is only about the same, the second must be sure before it says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, Literal, TypeVar

from qa.language.mention import Mention
from qa.language.names import name_keys, named_in, same_name
from qa.language.text import fold

Relation = Literal["same", "differs", "unknown"]
_Word = TypeVar("_Word")

# Of two names' keys (Ratcliff and Obershelp), from which they are one name in two spellings where sources differ. By
# `python -m evals.bench.spelling` that are 257 of 393 mistyped names and 17 of 2,804 pairs of others (at .8 346 and
# twice as many, at .9 183 and nearly as many).
ONE_SPELLING = 0.85
_ABSOLUTE = re.compile(r"(?:\d{4}|-)(?:-\d\d)?(?:-\d\d)?$")
_DAY_OF_YEAR = re.compile(r"-\d\d-\d\d$")


def comparable(a: Mention, b: Mention) -> bool:
    """Whether one can stand for the other: a name for a name, a date for a date, a quantity for a quantity, and a bare
    number for a year, which may be one."""
    if "name" in (a.kind, b.kind):
        return a.kind == b.kind
    if "date" in (a.kind, b.kind):
        return a.kind == b.kind or (a.text.isdigit() and b.text.isdigit())
    return True


def bears_out(found: Mention, claimed: Mention) -> bool:
    """Whether a mention in a source is the claimed one, whatever way it is written; of a date, or a more exact one."""
    if "name" in (claimed.kind, found.kind):
        return claimed.kind == found.kind and same_name(claimed.text, found.text)
    if claimed.kind == found.kind == "date":
        return bears_out_date(found.value, claimed.value)
    if {claimed.kind, found.kind} == {"number", "amount"}:
        return claimed.value.split()[-1] == found.value.split()[-1]
    if claimed.kind == found.kind:  # "1,5" is read by two languages' habits
        return claimed.value == found.value or claimed.text.casefold() == found.text.casefold()
    return {claimed.kind, found.kind} <= {"number", "date", "ordinal"} and claimed.value == found.value


def bears_out_date(found: str, claimed: str) -> bool:
    """Whether a date of a source, as `Mention.value`, is the claimed one or in the claimed month, year, decade or
    century. A day without a year is borne out by the same day of any year, never the other way round."""
    if claimed == found or found.startswith(f"{claimed}-"):
        return True
    if claimed.startswith("--"):
        return found[4:] == claimed[1:] or found[4:].startswith(f"{claimed[1:]}-") or found.startswith(f"{claimed}-")
    if claimed.endswith("s") and claimed[:-1].isdigit():
        same = 2 if claimed.endswith("00s") else 3  # "the 1800s" are a century
        return found[:same] == claimed[:same] and found[:4].isdigit()
    if claimed[:1] == "C" and claimed[1:].isdigit() and found[:4].isdigit():
        return (int(found[:4]) - 1) // 100 + 1 == int(claimed[1:])
    return False


def same(a: Mention, b: Mention) -> bool:
    """Whether either bears the other out."""
    return bears_out(a, b) or bears_out(b, a)


def compare(a: Mention, b: Mention) -> Relation:
    """How the mentions of two sources stand to each other; unknown is "thousands" beside 3,000, or "Saturday" beside
    26 July."""
    if fold(a.text) == fold(b.text) or same(a, b):
        return "same"
    if "name" in (a.kind, b.kind):
        return "unknown" if a.kind != b.kind else "same" if one_bearer(a.text, b.text) else "differs"
    if a.kind == b.kind == "date":
        return _compared_dates(a.value, b.value)
    if a.value.split()[-1].rstrip("%") == b.value.split()[-1].rstrip("%"):
        return "same"
    return "unknown" if "~" in a.value + b.value else "differs"


def _compared_dates(a: str, b: str) -> Relation:
    """Of two dates neither of which bears the other out."""
    if bool(_ABSOLUTE.match(a)) == bool(_ABSOLUTE.match(b)) and len(a) == len(b):
        return "differs"
    if a[:4].isdigit() and b[:4].isdigit():  # one more exact than the other, or a decade
        return "differs"
    mine, theirs = _DAY_OF_YEAR.search(a), _DAY_OF_YEAR.search(b)
    return "differs" if mine and theirs and mine[0] != theirs[0] else "unknown"


def one_bearer(a: str, b: str) -> bool:
    """Whether two names may well be of one bearer: as `same_name`, or nearly spelt alike."""
    if same_name(a, b) or named_in(a, b) or named_in(b, a):
        return True
    return SequenceMatcher(None, " ".join(name_keys(a)), " ".join(name_keys(b))).ratio() >= ONE_SPELLING


@dataclass(frozen=True, slots=True)
class Gap(Generic[_Word]):
    """What stands in either text between two stretches of words that they have in common; one side may be empty."""

    mine: tuple[_Word, ...]
    theirs: tuple[_Word, ...]


def gaps(
    mine: Sequence[_Word], theirs: Sequence[_Word], *, key: Callable[[_Word], str], alone: Callable[[_Word], bool]
) -> tuple[Gap[_Word], ...]:
    """Two texts laid along each other, in order: where they part. Words are the same by their ``key``; a single one
    counts as had in common only if it can stand ``alone``."""
    blocks = SequenceMatcher(None, [*map(key, mine)], [*map(key, theirs)], autojunk=False).get_matching_blocks()
    found: list[Gap[_Word]] = []
    at, there = 0, 0
    for i, j, size in blocks:
        if size == 1 and not alone(mine[i]):
            continue
        if i > at or j > there:
            found.append(Gap(tuple(mine[at:i]), tuple(theirs[there:j])))
        at, there = i + size, j + size
    return tuple(found)
