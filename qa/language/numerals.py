"""Numbers, amounts, percentages and ordinals in words and digits, in one form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

from qa.language import text as texts
from qa.language.mention import Mention, Taken
from qa.language.words import load, meanings, sets

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
def folded_word(word: str) -> str:
    return texts.fold(word)


@lru_cache(maxsize=2048)
def _tokens(text: str) -> tuple[_Token, ...]:
    found: list[_Token] = []
    for m in _TOKEN.finditer(text):
        kind = m.lastgroup or ""
        kind = "num" if kind == "part" else kind
        found.append(_Token(kind, folded_word(m[0]) if kind == "word" else m[0], m.start(), m.end(), m[0]))
    return tuple(found)


_COMMA_THOUSANDS = frozenset({"en", "zh", "ja", "ko", "he", "hi", "th", "fa", "ar"})  # others write 50.000 and 5,3
_NUMBERS, _MONEY = load("numbers"), load("money")


def _values(group: str) -> dict[str, dict[str, float]]:
    """By language each word of a group of numbers with its value."""
    return {code: {w: float(n) for w, n in meanings(table).items()} for code, table in _NUMBERS[group].items()}


_UNITS, _SCALES, _VAGUE, ORDINALS = map(_values, ("units", "scales", "vague", "ordinals"))
_ONES = sets("numbers", "ones")
_SHORT_SCALES = frozenset(_NUMBERS["short"])
_CURRENCIES = meanings(_MONEY["currencies"])
_ALONE, _ARTICLES, _INSIDE, _OF, _ENDINGS = (
    frozenset(_NUMBERS[group]) for group in ("alone", "articles", "inside", "of", "endings")
)
_SYMBOLS, _WEIGHTS, _NATIONS, _BEFORE = (
    frozenset(_MONEY[group]) for group in ("symbols", "weights", "nations", "before")
)
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


def numbers_in(text: str, language: str, taken: Taken) -> Iterator[Mention]:
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
    tables = (_UNITS, _SCALES, _VAGUE, ORDINALS)
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
        if after.start == token.end and (tail in _ENDINGS or after.raw in "ºª°"):
            return Mention("ordinal", shown(numeral(token.raw, language)), token.start, after.end, ""), at + 2
        if after.raw == "." and at + 2 < len(tokens) and tokens[at + 2].raw in ("º", "ª", "°"):
            return Mention("ordinal", shown(numeral(token.raw, language)), token.start, tokens[at + 2].end, ""), at + 3
    table = ORDINALS.get(language, {})
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
    """Where a percent sign or its word ends that stands here; 0 where none does, or where percentage points follow."""
    after = _after(tokens, at, _NUMBERS["percent"])
    return 0 if after == at + 1 and _after(tokens, after, _NUMBERS["points"]) else after


def _currency(tokens: list[_Token], at: int, scaled: bool) -> tuple[str, int]:
    """The currency named within three words after a number ("millones de euros", "million US dollars"), and its end."""
    for step in range(at, min(at + 3, len(tokens))):
        word = tokens[step].word
        if word in _CURRENCIES and (scaled or word not in _WEIGHTS):
            return _CURRENCIES[word], step + 1
        if word not in _NATIONS and word not in _BEFORE:
            break
    return "", at


def _vague(tokens: list[_Token], at: int, language: str) -> tuple[Mention, int] | None:
    """ "tens of thousands", "miles", "decenas de miles": a quantity without a number."""
    table = _VAGUE.get(language, {})
    size, after = table.get(tokens[at].word, 0.0), at + 1
    if not size or tokens[at].kind != "word":
        return None
    end = tokens[at].end
    while after + 1 < len(tokens) and tokens[after].word in _OF and tokens[after + 1].word in table:
        size, end, after = size * table[tokens[after + 1].word], tokens[after + 1].end, after + 2
    return Mention("number", f"~{shown(size)}", tokens[at].start, end, ""), after


def _plain(tokens: list[_Token], at: int, language: str) -> tuple[float, bool, int] | None:
    """(value, whether a scale word was in it, the index after) of the number in digits or words that starts here."""
    number, start = _Number(language), at
    while at < len(tokens) and (at == start or tokens[at].start - tokens[at - 1].end <= 1) and number.takes(tokens, at):
        at += 1
    if not number.seen:
        return None
    value, scaled = number.total + number.current, number.scaled
    if half := _half(tokens, at):
        value, at = value + (number.biggest or 1.0) / 2, half
        size = _SCALES.get(language, {}).get(tokens[at].word, 0.0) if at < len(tokens) else 0.0
        if size and not scaled:
            value, scaled, at = value * size, True, at + 1
    return value, scaled, at


@dataclass(slots=True)
class _Number:
    """A number while its tokens are taken, one after the other: ``total`` is what scale words have closed, ``current``
    what the next of them multiplies, ``biggest`` the last of them."""

    language: str
    total: float = 0.0
    current: float = 0.0
    biggest: float = 0.0
    seen: bool = False
    scaled: bool = False
    numeric: bool = False  # it is in digits

    def takes(self, tokens: list[_Token], at: int) -> bool:
        """Whether the token here is a further part of the number; it is counted in then."""
        token, units, scales = tokens[at], _UNITS.get(self.language, {}), _SCALES.get(self.language, {})
        if token.kind in ("num", "lone"):
            return self._digits(token)
        if token.kind == "word" and token.word in units and not self.numeric:
            return self._unit(units[token.word])
        if token.kind == "word" and token.word in scales and self._is_scale(token.word):
            return self._scale(scales[token.word])
        if token.word in _ONES.get(self.language, ()) and self._is_one(tokens, at):
            self.current, self.seen = self.current + 1, True
            return True
        return token.word in _INSIDE and self.seen and self._joins(tokens, at)

    def _digits(self, token: _Token) -> bool:
        if self.seen:
            return False
        part = token.raw[-1] if token.raw[-1] in "¼½¾⅓⅔⅛⅜⅝⅞" else None
        whole = token.raw[:-1] if part else token.raw
        self.current = (numeral(whole, self.language) if whole else 0.0) + _fraction(part)
        self.seen = self.numeric = True
        return True

    def _unit(self, value: float) -> bool:
        if self.current and not (_room(self.current) > value > 0):
            return False
        self.current, self.seen = self.current + value, True
        return True

    def _scale(self, size: float) -> bool:
        if self.language == "en" and size == 100 and not self.numeric:
            self.current = (self.current or 1.0) * 100
        elif size > self.biggest and self.biggest:
            self.total, self.current, self.biggest = (self.total + self.current) * size, 0.0, size
        else:
            self.total, self.current, self.biggest = self.total + (self.current or 1.0) * size, 0.0, size
        self.seen = self.scaled = True
        return True

    def _is_scale(self, word: str) -> bool:
        if word in _SHORT_SCALES:
            return self.numeric and not self.scaled
        return self.seen or word in _ALONE

    @property
    def _tens(self) -> bool:
        """Whether tens stand last, which a unit may follow."""
        return self.current % 100 >= 20 and self.current % 10 == 0

    def _is_one(self, tokens: list[_Token], at: int) -> bool:
        """ "one" counts in "one million" and "twenty-one", never alone."""
        following = tokens[at + 1].word if at + 1 < len(tokens) else ""
        if not self.seen and _half(tokens, at + 1) and tokens[at].word == "one":
            return True
        if self.seen:
            return self._tens and tokens[at].word not in ("a", "an")
        return following in _SCALES.get(self.language, {}) and following not in _SHORT_SCALES

    def _joins(self, tokens: list[_Token], at: int) -> bool:
        """Whether the "and", "y" or hyphen here stands inside one number in words."""
        if self.numeric or at + 1 >= len(tokens):
            return False
        word, following, ones = tokens[at].word, tokens[at + 1].word, _ONES.get(self.language, frozenset[str]())
        value = _UNITS.get(self.language, {}).get(following) or (1.0 if following in ones else 0.0)
        if following in _ARTICLES and word != "y":
            return False
        if word == "and":
            return self.language == "en" and self.scaled and bool(value)
        return self._tens and 0 < value < 10


def _room(current: float) -> float:
    """What may still be added to a number in words: units after tens, tens after hundreds."""
    if current % 100 == 0:
        return 100.0
    return 10.0 if current % 10 == 0 and current % 100 >= 20 else 0.0


def _half(tokens: list[_Token], at: int) -> int:
    """Where "and a half" or "y media" ends that stands here; 0 where none does."""
    return _after(tokens, at, _NUMBERS["halves"])


def _after(tokens: list[_Token], at: int, phrases: Iterable[str]) -> int:
    """Where the first of these phrases ends that stands here; 0 where none does."""
    for phrase in phrases:
        words = phrase.split()
        if [token.word for token in tokens[at : at + len(words)]] == words:
            return at + len(words)
    return 0
