"""The numbers, amounts, percentages, dates, ordinals and names that a text mentions, each in one comparable form."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from math import isfinite
from typing import Literal, NamedTuple

from qa.language import text as texts
from qa.language.words import load, meanings, sets

MentionKind = Literal["number", "amount", "percent", "date", "ordinal", "name"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention and its canonical ``value``; ``source[start:end] == text`` (code points, half open).

    number ``50000`` · vague quantity ``~10000`` · clock ``9:30`` · percent ``5.3%`` · amount ``EUR 3000000000`` ·
    ordinal ``1`` · date ``2025-07-26``, ``2025-07``, ``2025``, ``1990s``, ``C20`` (a century), ``--11-30`` and ``--02``
    (no year known), ``sat``, ``day-1``, ``year-1`` (no publication date to count from) · name: its folded words.
    """

    kind: MentionKind
    value: str
    start: int
    end: int
    text: str


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
    return tuple(_undated(_names(text, language), list(_without_weekdays(_dates(text, language), text))))


def _undated(named: Iterable[Mention], dated: Sequence[Mention]) -> Iterator[Mention]:
    """The names that are no part of a date: not the March of "3 March"."""
    starts = [d.start for d in dated]
    return (m for m in named if (d := _last(dated, starts, m.start)) is None or m.end > d.end)


def _last(ordered: Sequence[Mention], starts: list[int], at: int) -> Mention | None:
    """The last mention that starts at a place or before it: the only one that can hold it, since none overlap."""
    place = bisect_right(starts, at)
    return ordered[place - 1] if place else None


class Taken:
    """The characters of a text that are a part of something already."""

    def __init__(self, length: int) -> None:
        self._marks = bytearray(length)

    def add(self, start: int, end: int) -> None:
        self._marks[start:end] = b"\1" * (end - start)

    def any(self, start: int, end: int) -> bool:
        return self._marks.find(1, start, end) >= 0


@lru_cache(maxsize=8192)
def _mentions(text: str, language: str, published: date | None) -> tuple[Mention, ...]:
    found = list(_known_dates(text, language, published))
    taken = Taken(len(text))
    for m in found:
        taken.add(m.start, m.end)
    named = list(_undated(_names(text, language), found))
    starts = [m.start for m in named]
    found += [m for m in _numbers(text, language, taken) if not _part_of_name(m, _last(named, starts, m.start))]
    found += named
    return tuple(sorted(found, key=lambda m: (m.start, m.end)))


@lru_cache(maxsize=8192)
def _known_dates(text: str, language: str, published: date | None) -> tuple[Mention, ...]:
    found = _without_weekdays(_dates(text, language), text)
    return tuple(replace(m, value=_resolved(m.value, published)) for m in found)


def _part_of_name(number: Mention, name: Mention | None) -> bool:
    """Whether a number word is a part of the name that starts at it or before: Cruz-Diez, the Ninth Doctor."""
    inside = name is not None and number.end <= name.end and name.text != number.text
    return inside and number.text[:1].isupper()


# ---------------------------------------------------------------- tokens

_NUMERAL = r"\d{1,3}(?:[.,’'\u00a0\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_TOKEN = re.compile(
    rf"(?P<clock>(?<![\w:])\d{{1,2}}:\d\d(?![\w:]))"
    rf"|(?P<num>(?<![^\W_])(?:{_NUMERAL}))(?P<part>[¼½¾⅓⅔⅛⅜⅝⅞])?"
    r"|(?P<lone>[¼½¾⅓⅔⅛⅜⅝⅞])"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<sign>US\$|[$€£¥₹₽₩%٪º°ª-]|[–—−]|[^\w\s])"
)


class _Token(NamedTuple):
    kind: str  # clock num lone word sign
    word: str  # folded
    start: int
    end: int
    raw: str


@lru_cache(maxsize=32768)
def _folded(word: str) -> str:
    return texts.fold(word)


@lru_cache(maxsize=2048)
def _tokens(text: str) -> tuple[_Token, ...]:
    found: list[_Token] = []
    for m in _TOKEN.finditer(text):
        kind = m.lastgroup or ""
        kind = "num" if kind == "part" else kind
        found.append(_Token(kind, _folded(m[0]) if kind == "word" else m[0], m.start(), m.end(), m[0]))
    return tuple(found)


# ---------------------------------------------------------------- numbers

_COMMA_THOUSANDS = frozenset({"en", "zh", "ja", "ko", "he", "hi", "th", "fa", "ar"})  # others write 50.000 and 5,3
_NUMBERS, _MONEY = load("numbers"), load("money")


def _values(group: str) -> dict[str, dict[str, float]]:
    """By language each word of a group of numbers with its value."""
    return {code: {w: float(n) for w, n in meanings(table).items()} for code, table in _NUMBERS[group].items()}


_UNITS, _SCALES, _VAGUE, _ORDINALS = map(_values, ("units", "scales", "vague", "ordinals"))
_ONES = sets("numbers", "ones")
_SHORT_SCALES = frozenset(_NUMBERS["short"])
_CURRENCIES = meanings(_MONEY["currencies"])
_SYMBOLS, _WEIGHTS, _NATIONS = (frozenset(_MONEY[group]) for group in ("symbols", "weights", "nations"))
_JOINERS = frozenset(load("joining")["numbers"])


def numeral(raw: str, language: str) -> float:
    """The number that a run of digits stands for: "50,000" and "5.3" in English are "50.000" and "5,3" in Spanish."""
    digits = re.sub(r"[’'\u00a0\u202f ]", "", raw)
    point, group = (".", ",") if language in _COMMA_THOUSANDS else (",", ".")
    if point in digits and group in digits:
        point = max(".,", key=digits.rfind)
    elif digits.count(point) > 1 or re.search(rf"^[1-9]\d{{0,2}}{re.escape(point)}000$", digits):
        point = group  # "3.000" in English and "50,000" in Spanish group thousands all the same
    elif digits.count(group) == 1 and not re.search(rf"{re.escape(group)}\d{{3}}$", digits):
        point = group  # "5,3" in English, "5.3" in Spanish
    whole = digits.replace("," if point == "." else ".", "").replace(point, ".")
    try:
        return float(whole)
    except ValueError:
        return float(re.sub(r"\D", "", raw))


def shown(value: float) -> str:
    """The number as canonical text: no groups, no trailing zeros; "inf" for one of more than 308 digits."""
    if not isfinite(value):
        return str(value)
    return str(round(value)) if abs(value - round(value)) < 1e-9 else f"{round(value, 6)}"


def _written(tokens: list[_Token], at: int, after: int, value: float) -> str:
    """The canonical text of the number that these tokens make; digits that a float would round are kept as they are."""
    whole = after == at + 1 and tokens[at].kind == "num" and not value % 1 > 0
    digits = re.sub(r"\D", "", tokens[at].raw).lstrip("0") if whole else ""
    return digits if len(digits) > _EXACT else shown(value)


_EXACT = 15  # digits: a float keeps no more (sys.float_info.dig), and two long numbers are one only if all agree


def _fraction(char: str | None) -> float:
    return unicodedata.numeric(char) if char else 0.0


def _numbers(text: str, language: str, taken: Taken) -> Iterator[Mention]:
    tokens = [t for t in _tokens(text) if not taken.any(t.start, t.start + 1)]
    found: list[Mention] = []
    at = 0
    counting = _counting_words(language)
    while at < len(tokens):
        if tokens[at].kind == "word" and tokens[at].word not in counting:
            at += 1
            continue
        mention, after = _ordinal(tokens, at, language) or _quantity(tokens, at, language) or (None, at + 1)
        if mention:
            found.append(replace(mention, text=text[mention.start : mention.end]))
        at = max(after, at + 1)
    yield from _shared_units(found, text)


@lru_cache(maxsize=32)
def _counting_words(language: str) -> frozenset[str]:
    """The words that can start a number, an ordinal or a quantity."""
    tables = (_UNITS, _SCALES, _VAGUE, _ORDINALS)
    return frozenset(word for table in tables for word in table.get(language, ())) | _ONES.get(language, frozenset())


def _shared_units(found: list[Mention], text: str) -> Iterator[Mention]:
    """In "5 to 10 percent" and "between 5 and 10 euros" the unit belongs to both numbers."""
    for i, mention in enumerate(found):
        following = found[i + 1] if i + 1 < len(found) else None
        if (
            following
            and mention.kind == "number"
            and mention.value[:1].isdigit()
            and following.kind in ("percent", "amount")
            and text[mention.end : following.start].strip().casefold() in _JOINERS
            and text[following.start] not in _SYMBOLS
        ):
            value = f"{mention.value}%" if following.kind == "percent" else f"{following.value[:4]}{mention.value}"
            mention = replace(mention, kind=following.kind, value=value)
        yield mention


def _ordinal(tokens: list[_Token], at: int, language: str) -> tuple[Mention, int] | None:
    token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
    if token.kind == "num" and after and after.start <= token.end + 1:
        tail = after.word
        if after.start == token.end and (tail in ("st", "nd", "rd", "th") or after.raw in "ºª°"):
            return Mention("ordinal", shown(numeral(token.raw, language)), token.start, after.end, ""), at + 2
        if after.raw == "." and at + 2 < len(tokens) and tokens[at + 2].raw in ("º", "ª", "°"):
            return Mention("ordinal", shown(numeral(token.raw, language)), token.start, tokens[at + 2].end, ""), at + 3
    table = _ORDINALS.get(language, {})
    if token.kind != "word":
        return None
    if token.word in table:
        return Mention("ordinal", shown(table[token.word]), token.start, token.end, ""), at + 1
    tens = _UNITS.get(language, {}).get(token.word, 0)
    if tens >= 20 and after and after.raw == "-" and at + 2 < len(tokens) and tokens[at + 2].word in table:
        return Mention("ordinal", shown(tens + table[tokens[at + 2].word]), token.start, tokens[at + 2].end, ""), at + 3
    return None


def _quantity(tokens: list[_Token], at: int, language: str) -> tuple[Mention, int] | None:
    """The number that starts at this token, with its scale, currency or percent sign, and where it ends."""
    token = tokens[at]
    if token.kind == "clock":
        return Mention("number", token.raw.lstrip("0"), token.start, token.end, ""), at + 1
    symbol = token.raw if token.raw in _SYMBOLS else None
    first = at + 1 if symbol else at
    parsed = _plain(tokens, first, language)
    if parsed is None:
        return _vague(tokens, at, language)
    value, scaled, after = parsed
    start, end, said = token.start, tokens[after - 1].end, _written(tokens, first, after, value)
    if symbol:
        return Mention("amount", f"{_CURRENCIES[symbol]} {said}", start, end, ""), after
    percent = _percent_end(tokens, after)
    if percent:
        return Mention("percent", f"{said}%", start, tokens[percent - 1].end, ""), percent
    currency, stop = _currency(tokens, after, scaled)
    if currency:
        return Mention("amount", f"{currency} {said}", start, tokens[stop - 1].end, ""), stop
    return Mention("number", said, start, end, ""), after


def _percent_end(tokens: list[_Token], at: int) -> int:
    words = [t.word for t in tokens[at : at + 2]]
    if words[:1] in (["%"], ["٪"], ["percent"]):
        return 0 if words[1:] == ["point"] or words[1:] == ["points"] else at + 1
    return at + 2 if words in (["per", "cent"], ["por", "ciento"]) else 0


def _currency(tokens: list[_Token], at: int, scaled: bool) -> tuple[str, int]:
    """The currency named within three words after a number ("millones de euros", "million US dollars"), and its end."""
    for step in range(at, min(at + 3, len(tokens))):
        word = tokens[step].word
        if word in _CURRENCIES and (scaled or word not in _WEIGHTS):
            return _CURRENCIES[word], step + 1
        if word not in _NATIONS and word not in ("de", "in"):
            break
    return "", at


def _vague(tokens: list[_Token], at: int, language: str) -> tuple[Mention, int] | None:
    """ "tens of thousands", "miles", "decenas de miles": a quantity without a number."""
    table = _VAGUE.get(language, {})
    size, after = table.get(tokens[at].word, 0.0), at + 1
    if not size or tokens[at].kind != "word":
        return None
    end = tokens[at].end
    while after + 1 < len(tokens) and tokens[after].word in ("of", "de") and tokens[after + 1].word in table:
        size, end, after = size * table[tokens[after + 1].word], tokens[after + 1].end, after + 2
    return Mention("number", f"~{shown(size)}", tokens[at].start, end, ""), after


def _plain(tokens: list[_Token], at: int, language: str) -> tuple[float, bool, int] | None:
    """(value, whether a scale word was in it, the index after) of the number in digits or words that starts here."""
    units, scales = _UNITS.get(language, {}), _SCALES.get(language, {})
    ones = _ONES.get(language, frozenset[str]())
    total, current, biggest, seen = 0.0, 0.0, 0.0, False
    scaled, start = False, at
    numeric = False
    while at < len(tokens):
        token = tokens[at]
        adjacent = at == start or token.start - tokens[at - 1].end <= 1
        if not adjacent:
            break
        if token.kind in ("num", "lone"):
            if seen:
                break
            part = token.raw[-1] if token.raw[-1] in "¼½¾⅓⅔⅛⅜⅝⅞" else None
            whole = token.raw[:-1] if part else token.raw
            current, seen, numeric = (numeral(whole, language) if whole else 0.0) + _fraction(part), True, True
        elif token.kind == "word" and token.word in units and not numeric:
            value = units[token.word]
            if current and not (_room(current) > value > 0):
                break
            current, seen = current + value, True
        elif token.kind == "word" and token.word in scales and _scale_here(token.word, seen, numeric, scaled):
            size = scales[token.word]
            if language == "en" and size == 100 and not numeric:
                current = (current or 1.0) * 100
            elif size > biggest and biggest:
                total, current, biggest = (total + current) * size, 0.0, size
            else:
                total, current, biggest = total + (current or 1.0) * size, 0.0, size
            seen, scaled, numeric = True, True, numeric
        elif token.word in ones and _one_here(tokens, at, seen, current, language):
            current, seen = current + 1, True
        elif token.word in ("and", "y", "-") and seen and _joins(tokens, at, language, current, scaled, numeric):
            pass
        else:
            break
        at += 1
    if not seen:
        return None
    value = total + current
    half = _half(tokens, at)
    if half:
        value, at = value + (biggest or 1.0) / 2, half
        size = scales.get(tokens[at].word, 0.0) if at < len(tokens) else 0.0
        if size and not scaled:
            value, scaled, at = value * size, True, at + 1
    return value, scaled, at


def _room(current: float) -> float:
    """What may still be added to a number in words: units after tens, tens after hundreds."""
    if current % 100 == 0:
        return 100.0
    return 10.0 if current % 10 == 0 and current % 100 >= 20 else 0.0


def _scale_here(word: str, seen: bool, numeric: bool, scaled: bool) -> bool:
    if word in _SHORT_SCALES:
        return numeric and not scaled
    return seen or word in ("mil",)


def _one_here(tokens: list[_Token], at: int, seen: bool, current: float, language: str) -> bool:
    """ "one" counts in "one million" and "twenty-one", never alone."""
    following = tokens[at + 1].word if at + 1 < len(tokens) else ""
    if not seen and _half(tokens, at + 1) and tokens[at].word == "one":
        return True
    if seen:
        return bool(current) and current % 10 == 0 and current % 100 >= 20 and tokens[at].word not in ("a", "an")
    return following in _SCALES.get(language, {}) and following not in _SHORT_SCALES


def _joins(tokens: list[_Token], at: int, language: str, current: float, scaled: bool, numeric: bool) -> bool:
    """Whether the "and", "y" or hyphen here stands inside one number in words."""
    if numeric or at + 1 >= len(tokens):
        return False
    word, following = tokens[at].word, tokens[at + 1].word
    value = _UNITS.get(language, {}).get(following) or (1.0 if following in _ONES.get(language, ()) else 0.0)
    if following in ("a", "an", "un", "una") and word != "y":
        return False
    tens = current % 100 >= 20 and current % 10 == 0
    if word == "and":
        return language == "en" and scaled and bool(value)
    return tens and 0 < value < 10


def _half(tokens: list[_Token], at: int) -> int:
    words = [t.word for t in tokens[at : at + 3]]
    if words == ["and", "a", "half"]:
        return at + 3
    return at + 2 if words[:2] in (["y", "medio"], ["y", "media"]) else 0


# ---------------------------------------------------------------- dates

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
    ordinals = "|".join([*_ORDINALS.get(language, {}), r"\d{1,2}(?:st|nd|rd|th)?"])
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


def _without_weekdays(found: Iterable[Mention], text: str) -> Iterator[Mention]:
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
    """Words, folded, of which a date without a digit has one, or more than one."""
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


def _dates(text: str, language: str) -> Iterator[Mention]:
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
    typed = (
        language != "en" or text[m.start()].isupper() or not text[m.end() :].strip(" ?!.")
    )  # "what happened in may?"
    return typed and _before(level, m.start()) in _MONTH_CUES


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
    if word in _ORDINALS.get(language, {}):
        return int(_ORDINALS[language][word])
    digits = re.sub(r"\D", "", word)
    if digits:
        return int(digits)
    values = [_ROMAN[c] for c in word]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def _decade(word: str, language: str) -> str:
    number = _DECADES.get(language, {}).get(word) or int(word)
    return f"{number + 1900 if 20 <= number < 100 else number + 2000 if number < 20 else number}s"


def _resolved(value: str, published: date | None) -> str:
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


# ---------------------------------------------------------------- names

_FUNCTION_WORDS = sets("function", "words")


def function_words(language: str) -> frozenset[str]:
    """The folded words that carry grammar, not content; for a language without a list here, its stop words."""
    return _FUNCTION_WORDS.get(language) or texts.stop_words(language)


_NAME_WORD = re.compile(r"[^\W\d_](?:[\w’'&-]*\w)?(?:\.(?=[^\W\d_]\.|\s[A-ZÁ-Ú])(?<=\b\w\.))*|\d\w*|[^\w\s]")
_AROUND = load("names")
_INNER = frozenset(_AROUND["inner"])
_OPENERS, _OPENER_ENDINGS = sets("names", "openers"), _AROUND["opener_endings"]
_SENTENCE_START = frozenset('.!?:;…“”"«»¿¡‘•|*#()[]—–')


class _Word(NamedTuple):  # one for each word of a folder: five times as fast as a frozen dataclass
    raw: str
    start: int
    end: int
    opens: bool  # first of its sentence, heading or quotation
    capital: bool


_ABBREVIATIONS = frozenset(_AROUND["abbreviations"])


def _abbreviated(word: str) -> bool:
    return len(word) == 1 or _folded(word) in _ABBREVIATIONS


_ARTICLED = re.compile(rf"^(?:{'|'.join(_AROUND['articled'])})[-’'][A-ZÁ-Ú]")


def _name_words(text: str) -> list[_Word]:
    found: list[_Word] = []
    opens, last = True, 0
    for m in _NAME_WORD.finditer(text):
        raw = m[0]
        opens = opens or "\n" in text[last : m.start()]
        if raw[0].isalpha():
            found.append(_Word(raw, m.start(), m.end(), opens, raw[0].isupper() or bool(_ARTICLED.match(raw))))
            opens = False
        elif raw in _SENTENCE_START:
            opens = opens or raw != "." or not found or m.start() != found[-1].end or not _abbreviated(found[-1].raw)
        elif raw[0].isdigit():
            opens = False
        last = m.end()
    return found


def _is_opener(word: str, language: str) -> bool:
    folded = _folded(word)
    return (
        folded in function_words(language)
        or (language == "es" and word[-1:] == "ó")
        or folded in _OPENERS.get(language, frozenset())
        or folded.endswith(_OPENER_ENDINGS.get(language, ("\0",)))
    )


@lru_cache(maxsize=8192)
def _names(text: str, language: str) -> tuple[Mention, ...]:
    words = _name_words(text)
    inside = {w.raw for w in words if w.capital and not w.opens}
    lower = {w.raw for w in words if not w.capital}
    found: list[Mention] = []
    for run in _runs(words, text):
        run = _trimmed(run, inside, lower, language)
        if run:
            start, end = run[0].start, run[-1].end
            raw = re.sub(r"['’]s?$", "", text[start:end])
            found.append(Mention("name", " ".join(texts.words(raw)), start, start + len(raw), raw))
    return tuple(found)


def _runs(words: list[_Word], text: str) -> Iterator[list[_Word]]:
    """Runs of capitalised words, with particles between them and nothing else but spaces, hyphens and full stops."""
    run: list[_Word] = []
    held: list[_Word] = []
    for word in words:
        after = (held or run)[-1:] if run else []
        joined = bool(after) and not word.opens and text[after[0].end : word.start].strip(" -./") == ""
        joined = joined and "\n" not in text[after[0].end : word.start] and not after[0].raw.endswith(("'s", "’s"))
        if word.capital and joined:
            run += [*held, word]
            held = []
        elif run and joined and _folded(word.raw) in _INNER and len(held) < 2:
            held.append(word)
        else:
            if run:
                yield run
            run, held = ([word] if word.capital else []), []
    if run:
        yield run


def _trimmed(run: list[_Word], inside: set[str], lower: set[str], language: str) -> list[_Word]:
    """The run without the ordinary words that open a sentence; empty when nothing else is left."""
    while run and (run[0].opens or not run[0].capital):
        first = run[0].raw
        bare = re.sub(r"['’]s?$", "", first)
        if run[0].capital:
            acronym = len(bare) > 1 and bare.isupper() and len(run) == 1
            known = bare in inside and bare.casefold() not in lower
            ordinary = _is_opener(bare, language) or bare.casefold() in lower or len(bare) == 1
            if acronym or known or not ordinary or (len(run) > 1 and not _is_opener(bare, language)):
                break
        run = run[1:]
    if (
        len(run) == 1
        and _folded(run[0].raw) in function_words(language)
        and not (run[0].raw.isupper() and len(run[0].raw) > 1)
    ):
        return []
    return run
