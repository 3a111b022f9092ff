"""Dates, times of a year and centuries, in one form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

from qa.language.mention import Mention, Taken
from qa.language.numerals import ORDINALS
from qa.language.words import load, meanings

_MONTHS, _TIME = load("months"), load("time")
_MONTH_SHORT = {code: {w: int(n) for w, n in meanings(table).items()} for code, table in _MONTHS["short"].items()}
_WEEKDAYS = _TIME["weekdays"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RELATIVE = {code: meanings(table) for code, table in _TIME["relative"].items()}
_YEAR = r"(?:1\d{3}|20\d{2})"
_ROMANS = "[ivxl]{1,7}"  # xxxviii is the longest of a century
_DECADES = {code: {w: int(n) for w, n in meanings(table).items()} for code, table in _TIME["decades"].items()}
_YEAR_CUES, _WEEKDAY_CUES = frozenset(_TIME["year_cues"]), frozenset(_TIME["weekday_cues"])
_CUED_MONTHS, _MONTH_CUES = frozenset(_MONTHS["cued"]), frozenset(_MONTHS["cues"])


@lru_cache(maxsize=32)
def _month_numbers(language: str) -> dict[str, int]:
    named = {word: n for n, word in enumerate(_MONTHS["names"].get(language, ()), 1)}
    return named | _MONTH_SHORT.get(language, {})


@lru_cache(maxsize=32)
def _date_patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The patterns over folded text, longest forms first; folding keeps the positions (see ``levelled``)."""
    generic = [
        ("iso", rf"\b({_YEAR})-(0[1-9]|1[0-2])-([0-2]\d|3[01])\b"),
        ("slashed", rf"\b(\d{{1,2}})[/.](\d{{1,2}})[/.]({_YEAR})\b"),
    ]
    specific: list[tuple[str, str]] = []
    if language in _MONTHS["names"]:
        month = "|".join(sorted(_month_numbers(language), key=len, reverse=True))
        of = r"(?:\s+(?:of|de|del|du|di))?(?:\s+(?:the|el))?"
        day = r"(\d{1,2})(?:st|nd|rd|th|º|°|er|\.)?"
        specific = [
            ("dmy", rf"\b{day}{of}\s+({month})\b\.?(?:,?(?:\s+(?:of|de|del))?\s+({_YEAR})\b)?"),
            ("mdy", rf"\b({month})\b\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.,]\d|\s*%)(?:(?:\s*,)?\s+({_YEAR})\b)?"),
            ("my", rf"\b({month})\b\.?(?:,?(?:\s+(?:of|de|del))?\s+({_YEAR})\b)?"),
        ]
    ordinals = "|".join([*ORDINALS.get(language, {}), r"\d{1,2}(?:st|nd|rd|th)?"])
    specific += [
        ("centuries", rf"\b({ordinals})\s+(?:and|to|or)\s+(?:the\s+|early\s+|late\s+)?({ordinals})[\s-]+centur"
         r"(?:y|ies)\b"
         if language == "en" else rf"\bsiglos?\s+({_ROMANS})\s+(?:y|a|al|o)\s+(?:el\s+)?({_ROMANS})\b"),
        ("century", rf"\b({ordinals})[\s-]+(?:century|centuries)\b" if language == "en" else
         rf"\b(?:siglo|secolo|seculo|siecle)s?\s+({_ROMANS}|\d{{1,2}})\b"),
        ("decade", r"\b(\d{3}0)s\b|\b(?:decada\s+del?(?:\s+los)?|anos)\s+(?:anos\s+)?(\d{2,3}0|\d0)\b"
         r"|(?<!\w)['’](\d0)s\b|\b(?:the|de los)\s+(\d0)s\b"),
    ]  # fmt: skip
    words = "|".join(_DECADES.get(language, {"-": 0}))
    lead = r"\bthe\s+(?:early\s+|late\s+|mid-?\s*)?" if language == "en" else r"\b(?:anos|decada\s+de\s+los)\s+"
    specific.append(("spelled", rf"{lead}({words})\b"))
    specific.append(("span", rf"(?<![\d.,$€£])\b({_YEAR})\s?[-–/]\s?(\d{{4}}|\d\d)\b(?![-.,]\d)"))
    if language in _WEEKDAYS:
        specific.append(("weekday", rf"\b({'|'.join(_WEEKDAYS[language])})s?\b"))
        specific.append(("relative", rf"\b({'|'.join(_RELATIVE[language])})\b(?! en dia)"))
    specific.append(("year", rf"(?<![\d.,$€£#:/])\b({_YEAR})\b(?![.,:]\d|\s?[%$€£]|/\d)"))
    return tuple((name, re.compile(pattern)) for name, pattern in generic + specific)


def levelled(text: str) -> str:
    """The text case-folded and without accents, every character still in its place."""
    if text.isascii():
        return text.lower()
    return "".join(_level_char(char) for char in text)


@lru_cache(maxsize=8192)
def _level_char(char: str) -> str:
    folded = unicodedata.normalize("NFD", char)[0].lower() if char not in "½¼¾º" else char
    return folded if len(folded) == 1 else char


DAY = re.compile(r"(?:\d{4}|-)-\d\d-\d\d$")


def without_weekdays(found: Iterable[Mention], text: str) -> Iterator[Mention]:
    """The dates, without a weekday that only repeats the day beside it ("Saturday, July 26")."""
    ordered = sorted(found, key=lambda m: m.start)
    for mention, following in zip(ordered, [*ordered, None][1:], strict=True):
        beside = following is not None and text[mention.end : following.start].strip() in ("", ",")
        dated = following is not None and DAY.match(following.value) is not None
        if not (beside and dated and mention.value in WEEKDAYS):
            yield mention


_DIGIT, _LETTERS = re.compile(r"\d"), re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=32)
def _date_words(language: str) -> frozenset[str]:
    """Words, folded_word, of which a date without a digit has one, or more than one."""
    spelt = [
        *_month_numbers(language),
        *_DECADES.get(language, {}),
        *" ".join(_RELATIVE.get(language, {})).split(),
    ]
    days = _WEEKDAYS.get(language, ())
    return frozenset([*spelt, *days, *(f"{day}s" for day in days), *_TIME["eras"]]) - {
        "el",
        "la",
        "last",
        "this",
        "next",
    }


def _may_date(level: str, language: str) -> bool:
    """False where no pattern can match, which is told in a tenth of the time that the patterns take."""
    return bool(_DIGIT.search(level)) or not _date_words(language).isdisjoint(_LETTERS.findall(level))


def dates_in(text: str, language: str) -> Iterator[Mention]:
    level = levelled(text)
    if not _may_date(level, language):
        return
    taken = Taken(len(text))
    for name, pattern in _date_patterns(language):
        for m in pattern.finditer(level):
            if taken.any(*m.span()):
                continue
            for value, start, end in _date_values(name, m, level, text, language):
                taken.add(start, end)
                yield Mention("date", value, start, end, text[start:end])


def _date_values(name: str, m: re.Match[str], level: str, text: str, language: str) -> Iterator[tuple[str, int, int]]:
    months = _month_numbers(language)
    start, end = m.span()
    if name == "iso":
        yield f"{m[1]}-{m[2]}-{m[3]}", start, end
    elif name == "slashed":
        nth, other = int(m[1]), int(m[2])
        nth, other = (other, nth) if language == "en" and nth <= 12 else (nth, other)  # 7/26/2025 is American
        if 1 <= other <= 12 and 1 <= nth <= 31:
            yield f"{m[3]}-{other:02}-{nth:02}", start, end
    elif name in ("dmy", "mdy"):
        day, month = (m[1], m[2]) if name == "dmy" else (m[2], m[1])
        if 1 <= int(day) <= 31:
            yield f"{m[3] or '-'}-{months[month]:02}-{int(day):02}", start, _unspaced(level, start, end)
    elif name == "my" and (m[2] or _is_month(m, level, text, language)):
        yield f"{m[2] or '-'}-{months[m[1]]:02}", start, end if m[2] else m.end(1)
    elif name == "centuries":
        for group in (1, 2):
            if number := _ordinal_number(m[group], language):
                yield f"C{number}", *m.span(group)
    elif name == "century":
        number = _ordinal_number(m[1], language)
        if number:
            yield f"C{number}", start, end
    elif name in ("decade", "spelled"):
        yield _decade(next(g for g in m.groups() if g), language), start, end
    elif name == "span":
        until = m[2] if len(m[2]) == 4 else m[1][:2] + m[2]
        if int(until) > int(m[1]):
            yield m[1], m.start(1), m.end(1)
            yield until, m.start(2), m.end(2)
    elif name == "weekday" and _is_weekday(m, text, level, language):
        yield WEEKDAYS[_WEEKDAYS[language].index(m[1])], start, end
    elif name == "relative":
        yield _RELATIVE[language][m[1]], start, end
    elif name == "year" and _is_year(m, level):
        yield m[1], start, end


def _unspaced(level: str, start: int, end: int) -> int:
    return start + len(level[start:end].rstrip(" .,"))


def _before(level: str, at: int) -> str:
    """The folded word before a position, on the same line."""
    m = re.search(r"([^\W\d_]+)[\s('“\"-]*$", level[max(0, at - 24) : at])
    return m[1] if m else ""


def _is_month(m: re.Match[str], level: str, text: str, language: str) -> bool:
    if m[1] in _MONTH_SHORT.get(language, {}) and m[1] != "setiembre":
        return False
    if m[1] not in _CUED_MONTHS:
        return True
    ends = not text[m.end() :].strip(" ?!.")  # "what happened in may?"
    return (language != "en" or text[m.start()].isupper() or ends) and _before(level, m.start()) in _MONTH_CUES


def _is_weekday(m: re.Match[str], text: str, level: str, language: str) -> bool:
    """ "The Sunday Times" and "Black Friday" are no days."""
    if language != "en":
        return True
    if not text[m.start()].isupper():
        return False
    following = re.match(r"\s+([^\W\d_])", text[m.end() : m.end() + 3])
    return _before(level, m.start()) in _WEEKDAY_CUES or not (following and following[1].isupper())


def _is_year(m: re.Match[str], level: str) -> bool:
    """A bare 1000..2099 is a year after a cue ("in 1066"), or from 1900 on unless a thing is counted with it."""
    if _before(level, m.start()) in _YEAR_CUES:
        following = re.match(r"\s+([^\W\d_]+)", level[m.end() : m.end() + 20])
        return not (following and int(m[1]) < 1900 and following[1] in ("people", "personas", "men", "hombres"))
    following = re.match(r"\s+([^\W\d_]+)", level[m.end() : m.end() + 20])
    opened = level[max(0, m.start() - 1) : m.start()] in ("(", "–", "-")
    counted = following is not None and following[1].endswith("s") and following[1] not in ("was", "is", "has", "as")
    return opened or (int(m[1]) >= 1900 and not counted)


_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


def _ordinal_number(word: str, language: str) -> int:
    if word in ORDINALS.get(language, {}):
        return int(ORDINALS[language][word])
    digits = re.sub(r"\D", "", word)
    if digits:
        return int(digits)
    values = [_ROMAN[c] for c in word]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def _decade(word: str, language: str) -> str:
    number = _DECADES.get(language, {}).get(word) or int(word)
    return f"{number + 1900 if 20 <= number < 100 else number + 2000 if number < 20 else number}s"


def resolved(value: str, published: date | None) -> str:
    """The date with the year, or the day, that the publication date gives it."""
    if published is None:
        return value
    if value in WEEKDAYS:
        back = (published.weekday() - WEEKDAYS.index(value)) % 7
        return (published - timedelta(days=back)).isoformat()
    if value.startswith("--"):
        return _nearest(value[2:], published)
    unit, sign, count = value.partition("+") if "+" in value else value.partition("-")
    if not unit.isalpha():
        return value
    step = int(count) * (1 if sign == "+" else -1)
    if unit == "day":
        return (published + timedelta(days=step)).isoformat()
    if unit == "year":
        return str(published.year + step)
    if unit == "month":
        months = published.year * 12 + published.month - 1 + step
        return f"{months // 12}-{months % 12 + 1:02}"
    return value


def _nearest(month_day: str, published: date) -> str:
    """The month, or day, of the year that puts it nearest to the publication date."""
    month, _, day = month_day.partition("-")
    away = (int(month) - published.month) * 30 + (int(day or "15") - published.day)
    year = published.year + (1 if away < -183 else -1 if away > 183 else 0)
    return f"{year}-{month_day}"
