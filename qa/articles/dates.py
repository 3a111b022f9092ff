"""The days that articles are dated by."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import Literal

from qa.language.words import alternatives, load

Order = Literal["dmy", "mdy"]

_UPDATED, _PUBLISHED = (
    alternatives(load("time")[group]).replace(" ", r"\s") for group in ("line_updated", "line_published")
)
_SAID = rf"(?:(?:last|first)\s)?(?:{_PUBLISHED}|{_UPDATED})\s+(?:(?:on|el|le|am|il|em)\s)?\s*"
_LABEL = rf"(?:[^\W\d_][^\d:|]{{1,30}}:\s*|{_SAID})?"
_WEEKDAY = r"(?:[^\W\d_]{2,12}(?:[\s\u200c-][^\W\d_]{2,8})?[.,،]?\s+(?:(?:den|le|el|dem|am|the)\s+)?)?"
_TIME = r"(?:\s?[гр]\.?|\s?r\.)?(?:[T,،\s|–-]*(?:[^\W\d_]{1,4}\.?\s){0,2}\d{1,2}[:.h]\d\d.{0,20})?"
_DAY = re.compile(
    rf"""{_LABEL}(?:{_WEEKDAY})
    (?:(?P<y>\d{{4}})(?P<to>[-/.]?)(?P<m>\d\d)(?P=to)(?P<d>\d\d)
    |(?P<y3>\d{{4}})[-/.](?P<m3>\d\d?)[-/.](?P<d3>\d\d?)
    |(?P<y4>\d{{4}})\s?[年년]\s?(?P<m4>\d\d?)\s?[月월]\s?(?P<d4>\d\d?)\s?[日일]
    |(?P<a>\d{{1,2}})(?P<by>[-/.])\s?(?P<b>\d{{1,2}})(?P=by)\s?(?P<y5>\d{{4}})
    |(?P<a2>\d{{1,2}})(?P<by2>[-/.])(?P<b2>\d{{1,2}})(?P=by2)(?P<y6>\d\d)(?![\d:.])
    |(?P<d1>\d{{1,2}})(?:st|nd|rd|th|º|er|\.)?[-\s]+(?:de\s|of\s)?\s*(?P<word1>[^\W\d_]{{2,12}}(?:\u200c?[^\W\d_]+)?)\.?,?[-\s]+(?:del?\s+)?(?P<y1>\d{{4}})
    |(?P<word2>[^\W\d_]{{3,12}})[.,]?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{4}}))
    {_TIME}
    """,
    re.I | re.X,
)
_LANGUAGES = load("languages")["months"]


def parse_date(line: str, order: Order = "dmy") -> date | None:
    """The day that a line consists of, else None: as ISO, 26/07/2025, "26 July 2025", "July 26, 2025", "26 de julio de
    2025", "۴ مرداد ۱۴۰۴", with a label, a weekday or a time. ``order`` is for days that can be read in two ways."""
    if not re.search(r"\d", line):
        return None
    words = " ".join(unicodedata.normalize("NFKC", _western(line)).split())
    found = _DAY.fullmatch(words.strip(" \t.()[]|–-*_"))
    if not found:
        return None
    parts = found.groupdict()
    if parts["a2"]:
        century = 2000 if int(parts["y6"]) <= date.today().year % 100 + 1 else 1900
        return _ordered(century + int(parts["y6"]), int(parts["a2"]), int(parts["b2"]), order)
    year = next(int(parts[name]) for name in ("y", "y1", "y2", "y3", "y4", "y5") if parts[name])
    if parts["a"]:
        return _ordered(year, int(parts["a"]), int(parts["b"]), order)
    day = next(int(parts[name]) for name in ("d", "d1", "d2", "d3", "d4") if parts[name])
    number = next((int(parts[name]) for name in ("m", "m3", "m4") if parts[name]), 0)
    return _day(year, number or _month(parts["word1"] or parts["word2"], year), day)


def day_in(line: str, order: Order = "dmy") -> date | None:
    """The day that a line consists of, begins or ends with: "By … | Herald | 2025-09-14", "26 July 2025 by …".
    Of several the first, and one of publication before one of a change."""
    days = ((part, parse_date(part, order)) for part in _parts(line))
    found = [(part, day) for part, day in days if day]
    return min(found, key=lambda one: bool(re.search(_UPDATED, one[0], re.I)))[1] if found else None


def _parts(line: str) -> list[str]:
    """The line, what stands before each bar and each "by", and behind each bar, comma and dash."""
    if len(line) > 120:
        return []
    clauses = re.split(r"\s*[|·•]\s*", line)
    starts = [line[: mark.start()] for mark in re.finditer(r"\s(?:[|·•]|(?:by|por|von|par|di|от)\s)", line)]
    ends = [line[mark.end() :] for mark in re.finditer(r"[|·•,–—]\s", line)]
    return [part for part in dict.fromkeys([line, *clauses, *starts, *ends]) if len(part) <= 80]


def is_ambiguous(line: str) -> bool:
    """Whether a line's day can be read in two ways: 03/04/2025."""
    return day_in(line) != day_in(line, "mdy")


def order_of(line: str) -> Order | None:
    """In which order day and month stand in the figures of a line's day, where that can be told."""
    for part in _parts(line):
        found = re.fullmatch(rf"{_LABEL}(\d{{1,2}})[-/.](\d{{1,2}})[-/.]\d{{2,4}}{_TIME}", part.strip(), re.I)
        if found and max(int(found[1]), int(found[2])) > 12:
            return "dmy" if int(found[1]) > 12 else "mdy"
    return None


def _ordered(year: int, first: int, second: int, order: Order) -> date | None:
    if order == "mdy":
        return _day(year, first, second) or _day(year, second, first)
    return _day(year, second, first) or _day(year, first, second)


def _day(year: int, month: int, day: int) -> date | None:
    """A day of our calendar; a year of the last three centuries of the Persian one is taken for that."""
    from persiantools.jdatetime import JalaliDate

    try:
        if 1200 <= year < 1500:
            persian = JalaliDate(year, month, day)  # type: ignore[no-untyped-call]
            return date.fromordinal(persian.to_gregorian().toordinal())
        return date(year, month, day)
    except ValueError:
        return None


def _western(line: str) -> str:
    """The line with its digits as 0 to 9."""
    return "".join(str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char for char in line)


def _month(word: str, year: int) -> int:
    """The number of a month by its name, or the beginning of it in English and Spanish; 0 for another word."""
    word = word.casefold().replace("\u200c", "")
    if 1200 <= year < 1500:
        from persiantools.jdatetime import MONTH_NAMES_EN, MONTH_NAMES_FA

        names = [
            (n, str(name).casefold()) for group in (MONTH_NAMES_FA, MONTH_NAMES_EN) for n, name in enumerate(group)
        ]
        return next((n for n, name in names if n and name == word), 0)
    for language in ("en", "es"):
        begun = [n for n, name in _names(language) if name.startswith(word) and len(word) > 2]
        if begun:
            return begun[0]
    words = (word, word.removeprefix("ב"))  # Hebrew writes "in" before the month as a part of it
    return next((n for language in _LANGUAGES for n, name in _names(language) if name in words), 0)


@lru_cache(maxsize=64)
def _names(language: str) -> tuple[tuple[int, str], ...]:
    """The names of the months in a language with their numbers, long and short (Unicode's CLDR)."""
    from babel import Locale

    months = Locale.parse(language).months
    found = {
        (n, str(name).casefold().rstrip(".").removesuffix("\u0654"))
        for form in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for n, name in months[form][width].items()
    }
    if language == "es":
        found.add((9, "setiembre"))
    return tuple(sorted(found))
