"""When a question asks about: the periods that it names, and whether it asks for the latest."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from qa.language.days import DAY, WEEKDAYS, levelled
from qa.language.mention import Mention, Taken
from qa.language.mentions import dates
from qa.language.text import fold, stop_words
from qa.language.words import load, meanings
from qa.messages import catalogue
from qa.types import Period, Query, When

_TIME, _MONTHS = load("time"), load("months")["names"]
_COUNTS = {word: int(n) for word, n in meanings(load("numbers")["counts"]).items()}
_UNITS = {word: int(n) for word, n in meanings(_TIME["days"]).items()}  # days
_COUNT = rf"(\d{{1,3}}|{'|'.join(_COUNTS)})(?:\s+of)?(?:\s+de)?"
_EN_UNIT, _ES_UNIT = r"(day|week|month|year)s?", r"(dia|semana|mes|ano)(?:e?s)?"
# What `qa.language.mentions` does not take for dates, over folded text: a value for `span`, or how the groups count.
_PHRASES = {
    "en": (
        ("ago", rf"\b{_COUNT}\s+{_EN_UNIT}\s+ago\b"),
        ("past", rf"\b(?:last|past|previous)\s+{_COUNT}\s+{_EN_UNIT}\b"),
        ("day-2", r"\bthe day before yesterday\b"),
        ("weekend-1", r"\b(?:last|this past|past|previous) weekend\b"),
        ("weekend+0", r"\b(?:this|the) weekend\b"),
        ("week-1", r"\b(?:the )?(?:past|previous) week\b"),
        ("month-1", r"\b(?:the )?(?:past|previous) month\b"),
        ("year-1", r"\b(?:the )?(?:past|previous) year\b"),
        ("day+0", r"\bthis (?:morning|afternoon|evening)\b"),
    ),
    "es": (
        ("ago", rf"\bhace\s+{_COUNT}\s+{_ES_UNIT}\b"),
        ("past", rf"\b(?:ultim[oa]s|pasad[oa]s)\s+{_COUNT}\s+{_ES_UNIT}\b"),
        ("day-2", r"\b(?:anteayer|antier|antes de ayer)\b"),
        ("weekend-1", r"\b(?:el )?(?:fin de semana pasado|pasado fin de semana|ultimo fin de semana)\b"),
        ("weekend+0", r"\beste fin de semana\b"),
        ("week-1", r"\bla (?:pasada|ultima) semana\b|\bsemana pasada\b"),
        ("month-1", r"\bel (?:pasado|ultimo) mes\b|\bmes pasado\b"),
        ("year-1", r"\bel (?:pasado|ultimo) ano\b|\bano pasado\b"),
        ("day+0", r"\besta (?:manana|tarde|noche)\b"),
    ),
}
_LATEST = {
    "en": r"\b(?:latest|newest|most recent(?:ly)?|recently|so far|up to now)\b",
    "es": r"\b(?:mas recientes?|recientemente|lo ultimo|hasta ahora|"
    rf"ultim[oa]s?\s+(?:{'|'.join(_TIME['news'])}|declaraci\w+|reuni\w+|versi\w+))\b",
}
SHORTLY = 7  # days after a day on which articles still report of it
_SINCE = re.compile(rf"\b(?:{'|'.join(_TIME['since'])})(?:\s+(?:the|el|la))?\W*$")
_UNTIL = re.compile(rf"\b(?:{'|'.join(_TIME['until'])})(?:\s+(?:the|el|la|end of))?\W*$")
_FROM = re.compile(rf"\b(?:{'|'.join(_TIME['from'])})(?:\s+(?:the|el|la))?\s*$")
_TO = re.compile(rf"\s*(?:{'|'.join(_TIME['to'])})(?:\s+(?:the|el|la))?\s*$")
_NEXT = re.compile(r"\b(?:next|coming|proxim[oa])\s*$")
_LAST = re.compile(r"\b(?:last|past|pasado|ultimo)\s*$")
_DAY_BEFORE = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|º)?\s*(?:and|to|y|al?|[-–])\s*(?:the\s+|el\s+)?$")
_DAY_AFTER = re.compile(r"\s*(?:and|to|[-–])\s*(\d{1,2})(?:st|nd|rd|th)?\b(?!\s*[\d%:])")
_NEAR = 60  # characters before or behind a date in which a word for it can stand; "no later than the end of" has 24


def when(question: str, language: str, *, today: date) -> When | None:
    """The periods that a question names, in its order, and whether it asks for the latest; None for neither.

    Relative words ("last week", "el viernes pasado") count from ``today``. A month or day without a year is that of the
    last twelve months, and `Period.yearly`: articles may mean another year's.
    """
    found = list(_phrases(question, language, today))
    taken = Taken(len(question))
    for start, end, _ in found:
        taken.add(start, end)
    named = [m for m in dates(question, language) if not taken.any(m.start, m.end)]
    found += _dated(question, named, today)
    periods = tuple(dict.fromkeys(period for _, _, period in sorted(found, key=lambda one: one[0])))
    latest = re.search(_LATEST.get(language, _LATEST["en"]), fold(question)) is not None
    return When(today, periods, latest) if periods or latest else None


def explained(query: Query) -> str:
    """Which days the times that a query names were taken to mean, in its language (English where there are no words for
    it), with the day they were counted from where they depend on one; "" where it names none."""
    if query.when is None:
        return ""
    said = catalogue(query.language)
    spoken = f" {said['and']} ".join(_spoken(period, query.language) for period in query.when.periods)
    asked = spoken_day(query.when.asked, query.language)
    if not spoken:
        return said["latest"].format(asked)
    return said["counted" if counts(query) else "taken"].format(spoken, asked)


def covers(asked: When | None, days: Iterable[date]) -> bool:
    """Whether one of the days lies in a period that is asked about, or shortly after it; any does for the latest."""
    return asked is not None and any(
        (not asked.periods and asked.latest)
        or any((p.since or day) <= day and day - timedelta(days=SHORTLY) <= (p.until or day) for p in asked.periods)
        for day in days
    )


def counts(query: Query) -> bool:
    """Whether another day would have given other periods, or another latest."""
    if query.when is None or not query.when.periods:
        return query.when is not None and query.when.latest
    other = query.when.asked + timedelta(days=-1000)
    again = when(query.asked, query.language, today=other) or when(query.text, query.language, today=other)
    return again is None or again.periods != query.when.periods


def _spoken(period: Period, language: str) -> str:
    said = catalogue(language)
    since, until = period.since, period.until
    if since is None or until is None:
        open_at = (said["since"], since) if since else (said["until"], until)
        return open_at[0].format(spoken_day(open_at[1], language)) if open_at[1] else ""
    if since == until:
        return spoken_day(since, language)
    if (since.day, since.month, until.day, until.month) == (1, 1, 31, 12):
        return str(since.year) if since.year == until.year else said["to"].format(since.year, until.year)
    if since.day == 1 and until == _last_day(since):
        return said["month"].format(_month(since, language), since.year)
    return said["to"].format(spoken_day(since, language), spoken_day(until, language))


def spoken_day(day: date, language: str) -> str:
    """The day as it is written in a language, or in English."""
    return catalogue(language)["day"].format(day.day, _month(day, language), day.year)


def _month(day: date, language: str) -> str:
    name: str = _MONTHS["es" if language == "es" else "en"][day.month - 1]
    return name if language == "es" else name.capitalize()


def span(value: str, today: date) -> Period | None:
    """The days that a mention's canonical date stands for, counted from ``today`` where it is relative; None for what
    is no date of the calendar (29 February without a leap year)."""
    try:
        return _relative(value, today) or _absolute(value, today)
    except (ValueError, OverflowError):
        return None


def _phrases(question: str, language: str, today: date) -> Iterator[tuple[int, int, Period]]:
    """What is said in words that are no dates by themselves; positions are those of the question."""
    level = levelled(question)
    taken = Taken(len(level))
    for name, pattern in _PHRASES.get(language, ()):
        for m in re.finditer(pattern, level):
            period = _counted(name, m, today) if name in ("ago", "past") else span(name, today)
            if period and not taken.any(*m.span()):
                taken.add(*m.span())
                yield m.start(), m.end(), period


def _counted(name: str, m: re.Match[str], today: date) -> Period:
    """ "two weeks ago" is the week around that day, "the last two weeks" the days until today."""
    count, days = int(m[1]) if m[1].isdigit() else _COUNTS[m[1]], _UNITS[m[2]]
    back = max(today.toordinal() - count * days, days)
    if name == "past":
        return Period(date.fromordinal(back), today)
    return Period(date.fromordinal(back - days // 2), date.fromordinal(back + days // 2))


def _dated(question: str, named: list[Mention], today: date) -> Iterator[tuple[int, int, Period]]:
    """The dates that are named, two that are joined as one period, with "since" and "until" minded."""
    at = 0
    while at < len(named):
        mention = named[at]
        before = fold(question[max(0, mention.start - _NEAR) : mention.start])
        following = named[at + 1] if at + 1 < len(named) else None
        joined = following is not None and _TO.fullmatch(fold(question[mention.end : following.start]))
        if following is not None and joined and _FROM.search(before):
            period = _joined(mention.value, following.value, today)
            at += 1
        else:
            period = _alone(question, mention, before, today)
        if period:
            yield mention.start, mention.end, period
        at += 1


def _joined(first: str, second: str, today: date) -> Period | None:
    """From the one to the other; the first takes the second's year ("between March and May 2024")."""
    if first.startswith("--") and second[:4].isdigit():
        first = f"{second[:4]}{first[1:]}"
    begin, end = span(first, today), span(second, today)
    if not (begin and end):
        return None
    if begin.since and end.until and begin.since > end.until:  # "from November to January"
        begin = replace(begin, since=_years(begin.since, -1))
    return Period(begin.since, end.until, yearly=begin.yearly and end.yearly)


def _alone(question: str, mention: Mention, before: str, today: date) -> Period | None:
    period = span(mention.value, today)
    if period is None:
        return None
    if mention.value in WEEKDAYS:
        period = _weekday(period, before, today)
    if DAY.match(mention.value):
        period = _days(period, before, fold(question[mention.end : mention.end + _NEAR]))
    if _SINCE.search(before):
        return Period(period.since, None)
    return Period(None, period.until) if _UNTIL.search(before) else period


def _weekday(period: Period, before: str, today: date) -> Period:
    """ "last Friday" on a Friday is a week ago; "next Friday" is to come."""
    day = period.since or today
    if _NEXT.search(before):
        day += timedelta(days=7)
    elif day == today and _LAST.search(before):
        day -= timedelta(days=7)
    return Period(day, day)


def _days(period: Period, before: str, after: str) -> Period:
    """The days of one month that are joined: "between 3 and 9 May", "May 3-9"."""
    assert period.since is not None
    assert period.until is not None
    if (m := _DAY_BEFORE.search(before)) and 0 < int(m[1]) < period.until.day:
        return replace(period, since=period.since.replace(day=int(m[1])))
    if (m := _DAY_AFTER.match(after)) and period.since.day < int(m[1]) <= _last_day(period.since).day:
        return replace(period, until=period.until.replace(day=int(m[1])))
    return period


def _relative(value: str, today: date) -> Period | None:
    """day-1, weekend-1, week-1, month+1, year-1, and weekdays (the last one, today included)."""
    if value in WEEKDAYS:
        day = today - timedelta(days=(today.weekday() - WEEKDAYS.index(value)) % 7)
        return Period(day, day)
    m = re.fullmatch(r"(day|weekend|week|month|year)([+-]\d+)", value)
    if m is None:
        return None
    step = int(m[2])
    monday = today - timedelta(days=today.weekday())
    if m[1] == "day":
        return Period(today + timedelta(days=step), today + timedelta(days=step))
    if m[1] in ("week", "weekend"):
        begin = monday + timedelta(days=7 * step)
        return Period(begin + timedelta(days=5 if m[1] == "weekend" else 0), begin + timedelta(days=6))
    if m[1] == "month":
        months = today.year * 12 + today.month - 1 + step
        begin = date(months // 12, months % 12 + 1, 1)
        return Period(begin, _last_day(begin))
    return Period(date(today.year + step, 1, 1), date(today.year + step, 12, 31))


def _absolute(value: str, today: date) -> Period | None:
    """A day, month, year, decade or century; without a year, the last one that has begun."""
    if value.startswith("--"):
        this, last = (_absolute(f"{year}{value[1:]}", today) for year in (today.year, today.year - 1))
        period = this if this and this.since and this.since <= today else last
        return replace(period, yearly=True) if period else None
    if value.startswith("C"):
        century = int(value[1:])
        return Period(date(century * 100 - 99, 1, 1), date(century * 100, 12, 31))
    if value.endswith("s"):
        return Period(date(int(value[:-1]), 1, 1), date(int(value[:-1]) + 9, 12, 31))
    year, month, day = (int(part) if part else 0 for part in f"{value}--".split("-")[:3])
    if day:
        return Period(date(year, month, day), date(year, month, day))
    if month:
        return Period(date(year, month, 1), _last_day(date(year, month, 1)))
    return Period(date(year, 1, 1), date(year, 12, 31))


def _last_day(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _years(day: date, step: int) -> date:
    return day.replace(year=day.year + step, day=min(day.day, 28) if day.month == 2 else day.day)


def named_days(text: str, language: str, published: date | None) -> list[Period]:
    """The days, months and years that a text names, weekdays and "yesterday" counted from its publication; without
    that, only what has a day or month of its own (`Period.yearly` where it has no year)."""
    found: Iterable[Mention] = dates(text, language, published)
    known = [m.value for m in found if published or m.value[:1].isdigit() or m.value[:2] == "--"]
    return [period for value in known if (period := span(value, published or date.today()))]


def holds(asked: Period, day: Period) -> bool:
    """Whether what a text names lies in the period that is asked about; a coarser date ("2024" for a day) does not."""
    if day.since is None or day.until is None:
        return False
    if not (asked.yearly or day.yearly) or asked.since is None or asked.until is None:
        return (asked.since is None or asked.since <= day.since) and (asked.until is None or day.until <= asked.until)
    if asked.until - asked.since > timedelta(days=100) or day.until - day.since > timedelta(days=31):
        return False  # "26 July" in an undated text says nothing of 2025
    begin, end = _of_year(asked.since), _of_year(asked.until)
    first, last = _of_year(day.since), _of_year(day.until)
    return begin <= first <= last <= end if begin <= end else first >= begin or last <= end


def of_time(asked: When | None, published: date | None) -> bool:
    """Whether an article was published in a period that is asked about, or in the days after it; of a day without a
    year, in whatever year."""
    if asked is None or published is None:
        return False
    days = [published - timedelta(days=late) for late in range(SHORTLY + 1)]
    return any(holds(period, Period(day, day)) for period in asked.periods for day in days)


def timeless(question: str, language: str) -> str:
    """The question without the days it names, nor the small word before each ("on", "in")."""
    small = stop_words(language)
    for mention in reversed(dates(question, language)):
        before = question[: mention.start].rstrip()
        word = before.rsplit(maxsplit=1)[-1] if before else ""
        cut = len(before) - len(word) if word.casefold() in small else mention.start
        question = f"{question[:cut].rstrip()} {question[mention.end :].lstrip()}"
    return re.sub(r"\s+([?.,!;:])", r"\1", question).strip()


def _of_year(day: date) -> tuple[int, int]:
    return day.month, day.day
