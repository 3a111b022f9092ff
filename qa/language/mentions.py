"""The numbers, amounts, percentages, dates, ordinals and names that a text mentions, each in one comparable form."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from qa.language.capitals import names_in
from qa.language.days import dates_in, resolved, without_weekdays
from qa.language.mention import Mention, Taken
from qa.language.numerals import numbers_in


def mentions(text: str, language: str, published: date | None = None) -> list[Mention]:
    """Every mention of the text, in reading order; none overlaps another, but a name may hold a number (F-35)."""
    return list(_mentions(text, language, published))


def numbers(text: str, language: str) -> list[Mention]:
    """The numbers, amounts, percentages and ordinals that are not part of a date."""
    return [m for m in _mentions(text, language, None) if m.kind not in ("date", "name")]


def dates(text: str, language: str, published: date | None = None) -> list[Mention]:
    """The dates; ``published`` resolves weekdays, "yesterday", and the year of a date that has none."""
    return list(_known_dates(text, language, published))


def names(text: str, language: str) -> list[Mention]:
    """The names: runs of capitalised words and acronyms. A script without capitals has none."""
    return list(_names_alone(text, language))


@lru_cache(maxsize=8192)
def _names_alone(text: str, language: str) -> tuple[Mention, ...]:
    """The names without looking for numbers, which takes as long as all the rest: an index needs the names alone."""
    return tuple(_undated(names_in(text, language), list(without_weekdays(dates_in(text, language), text))))


def _undated(named: Iterable[Mention], dated: Sequence[Mention]) -> Iterator[Mention]:
    """The names that are no part of a date: not the March of "3 March"."""
    starts = [d.start for d in dated]
    return (m for m in named if (d := _last(dated, starts, m.start)) is None or m.end > d.end)


def _last(ordered: Sequence[Mention], starts: list[int], at: int) -> Mention | None:
    """The last mention that starts at a place or before it: the only one that can hold it, since none overlap."""
    place = bisect_right(starts, at)
    return ordered[place - 1] if place else None


@lru_cache(maxsize=8192)
def _mentions(text: str, language: str, published: date | None) -> tuple[Mention, ...]:
    found = list(_known_dates(text, language, published))
    taken = Taken(len(text))
    for m in found:
        taken.add(m.start, m.end)
    named = list(_undated(names_in(text, language), found))
    starts = [m.start for m in named]
    found += [m for m in numbers_in(text, language, taken) if not _part_of_name(m, _last(named, starts, m.start))]
    found += named
    return tuple(sorted(found, key=lambda m: (m.start, m.end)))


@lru_cache(maxsize=8192)
def _known_dates(text: str, language: str, published: date | None) -> tuple[Mention, ...]:
    found = without_weekdays(dates_in(text, language), text)
    return tuple(replace(m, value=resolved(m.value, published)) for m in found)


def _part_of_name(number: Mention, name: Mention | None) -> bool:
    """Whether a number word is a part of the name that starts at it or before: Cruz-Diez, the Ninth Doctor."""
    inside = name is not None and number.end <= name.end and name.text != number.text
    return inside and number.text[:1].isupper()
