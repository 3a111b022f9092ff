"""Values of synthetic news: people, places, numbers, sums and dates, each with its ways of being written."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

Rng = random.Random


@cache
def words() -> dict[str, Any]:
    """The tables of newsroom.toml: names, places, numbers in words, sentences of no matter."""
    return tomllib.loads(Path(__file__).with_name("newsroom.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Value:
    """One fact of an event: its kind, what it is, and the values it consists of when it is a list."""

    kind: str
    data: tuple[Any, ...]
    parts: tuple[Value, ...] = field(default=())

    @property
    def feminine(self) -> bool:
        return self.kind == "person" and bool(self.data[2])


def draw(spec: str, rng: Rng) -> Value:
    """A value as the slot's spec says: `town`, `count 2 30`, `money 1 90 million`, `list person 2 4`, `pick NAME`."""
    kind, *rest = spec.split()
    if kind == "list":
        some, low, high = rest[:-2], int(rest[-2]), int(rest[-1])
        parts: list[Value] = []
        while len(parts) < rng.randint(low, high):
            part = draw(" ".join(some), rng)
            if part not in parts:
                parts.append(part)
        return Value("list", (), tuple(parts))
    return Value(kind, DRAWN[kind](rest, rng))


def other(value: Value, spec: str, rng: Rng) -> Value:
    """Another value of the same spec, that none takes for the first."""
    while True:
        again = draw(spec, rng)
        if written(again) != written(value) and not akin(value, again):
            return again


def akin(one: Value, two: Value) -> bool:
    """Whether both may be true at once, or be taken for each other."""
    if one.kind == "day":
        return bool(one.data[0] != two.data[0] or one.data[1] == two.data[1])
    if one.kind == "person":
        return bool(one.data[1] == two.data[1])
    return bool(set(one.parts) & set(two.parts))


def written(value: Value) -> str:
    return " ".join(say(value, "en", Rng(0)))


def say(value: Value, lang: str, rng: Rng, how: str = "") -> list[str]:
    """One way to write the value, as its items: one item but for lists."""
    if value.kind == "list":
        return [say(part, lang, rng, how)[0] for part in value.parts]
    return [str(SAID[value.kind](value.data, lang, rng, how))]


# -- names ----------------------------------------------------------------------------------------------------------


def coined(rng: Rng, table: str) -> str:
    parts = words()[table]
    name = rng.choice(parts["start"]) + rng.choice([*parts["middle"], "", "", ""]) + rng.choice(parts["end"])
    return str(name[0].upper() + name[1:])


def draw_town(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    if rng.random() < 0.6:
        name = coined(rng, "town")
        extra = rng.choice(words()["town"]["before"]) if rng.random() < 0.12 else ""
        return (extra + name,)
    return (rng.choice(words()["towns"]),)


def draw_person(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    culture = words()["people"][rng.choice(list(words()["people"]))]
    feminine = rng.random() < 0.5
    first = rng.choice(culture["f" if feminine else "m"])
    last = coined(rng, "family") if rng.random() < 0.25 else rng.choice(culture["last"])
    return first, last, feminine


def say_person(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    return str(data[1] if how == "last" else f"{data[0]} {data[1]}")


def draw_pick(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    return tuple(rng.choice(words()["pick"][rest[0]]))


def draw_firm(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    base = coined(rng, rng.choice(("town", "family"))) if rng.random() < 0.7 else rng.choice(words()["towns"])
    return (rng.choice(words()["firms"]).replace("*", base),)


def say_why(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    """The reason as an adjunct: `over a row about tips`; the noun alone where the sentence asks for it."""
    phrase = str(data[1 + (lang == "es")])
    if data[0] == "clause" or how == "np":
        return phrase
    adjunct = str(rng.choice(words()["why"][lang])).replace("{np}", phrase)
    return adjunct.replace(" a el ", " al ").replace(" de el ", " del ") if lang == "es" else adjunct


def draw_named(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    """A club, school, museum …: `named club`, by the patterns of the table of that name, around a coined name."""
    base = draw_town([], rng)[0] if rng.random() < 0.5 else coined(rng, "family")
    return tuple(pattern.replace("*", base) for pattern in rng.choice(words()["named"][rest[0]]))


def paired(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    return str(data[2 if how == "f" else lang == "es"])


def alone(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    return str(data[0])


# -- numbers --------------------------------------------------------------------------------------------------------


def digits(number: float, lang: str, rng: Rng, decimals: int = 0) -> str:
    text = f"{number:,.{decimals}f}"
    if number < 10000 and rng.random() < 0.15:
        text = text.replace(",", "")
    if lang == "es":
        dot = " " if number >= 10000 and rng.random() < 0.3 else "."
        return text.replace(".", "#").replace(",", dot).replace("#", ",")
    return text


def draw_count(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    low, high = int(rest[0]), int(rest[1])
    number = rng.randint(low, high)
    if number > 300 and rng.random() < 0.6:
        number = max(low, round(number, -2 if number < 20000 else -3))
    return (number,)


def say_count(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    number = data[0]
    spelt = words()["numbers"][lang]
    if number < len(spelt) and (rng.random() < 0.55 if number < 13 else rng.random() < 0.2):
        return str(spelt[number])
    if number >= 1000000 and number % 100000 == 0:
        return f"{digits(number / 1e6, lang, rng, 1)} {'millones' if lang == 'es' else 'million'}"
    return digits(number, lang, rng)


def draw_pct(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    low, high = (int(rest[0]), int(rest[1])) if rest else (2, 60)
    number = rng.randint(low * 10, high * 10) / 10
    return (number if rng.random() < 0.4 else float(max(low, round(number))),)


def say_pct(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    number = digits(data[0], lang, rng, 0 if data[0] == int(data[0]) else 1)
    return number + rng.choice({"es": ["%", " %", " por ciento"], "en": ["%", " percent", " per cent"]}[lang])


def draw_money(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    low, high, scale = float(rest[0]), float(rest[1]), rest[2]
    amount = rng.uniform(low, high)
    places = 2 if scale == "coins" else rng.choice((0, 1)) if scale in ("million", "billion") else 0
    amount = round(amount, places)
    if scale == "plain" and amount > 500:
        amount = round(amount, -2)
    return max(amount, low), places, scale, rng.randrange(len(words()["currencies"]))


def say_money(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    amount, places, scale, currency = data
    sign, name, nombre = words()["currencies"][currency]
    if lang == "es":
        if scale == "billion":
            return f"{digits(amount * 1000, lang, rng)} millones de {nombre}"
        unit = " millones de" if scale == "million" else ""
        return f"{digits(amount, lang, rng, places)}{unit} {nombre}"
    number = digits(amount, lang, rng, places)
    unit = f" {scale}" if scale in ("million", "billion") else ""
    if sign and rng.random() < 0.6:
        short = {"million": "m", "billion": "bn"}.get(scale, "") if rng.random() < 0.3 else unit
        return f"{sign}{number}{short}"
    return f"{number}{unit} {name}"


def draw_year(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    return (rng.randint(int(rest[0]), int(rest[1])) if rest else rng.randint(1960, 2026),)


def draw_measure(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    """A number with a unit: `measure 2 20 years`, the unit a key of the table `units`."""
    low, high = float(rest[0]), float(rest[1])
    if "." in rest[0]:
        return round(rng.uniform(low, high), 1), rest[2]
    return rng.randint(int(low), int(high)), rest[2]


def say_measure(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    number, unit = data
    name: str = rng.choice(words()["units"][unit][lang])
    if isinstance(number, float):
        return f"{digits(number, lang, rng, 1)} {name}".strip()
    return f"{say_count((number,), lang, rng, '')} {name}".strip()


def draw_score(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    lost = rng.randint(0, 3)
    return lost + rng.randint(1, 3), lost


def say_score(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    return f"{data[0]}{rng.choice(('-', '-', '–', ' - '))}{data[1]}"


# -- times ----------------------------------------------------------------------------------------------------------


def draw_day(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    if rng.random() < 0.55:
        return "weekday", rng.randrange(7), rng.choice((0, 0, 0, 0, 1, 2, 3))
    return "date", rng.randint(1, 28), rng.randrange(12), rng.randint(2015, 2026), rng.random() < 0.35


def say_day(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    names = words()["calendar"][lang]
    if data[0] == "weekday":
        day = names["days"][data[1]]
        part = names["parts"][data[2]]
        return f"{day} {part}".strip()
    _, day, month, year, with_year = data
    month = names["months"][month]
    if lang == "es":
        return f"{day} de {month}" + (f" de {year}" if with_year else "")
    if rng.random() < 0.5:
        return f"{month} {day}" + (f", {year}" if with_year else "")
    return f"{day} {month}" + (f" {year}" if with_year else "")


def draw_month(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    return (rng.randrange(12),)


def say_month(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    return str(words()["calendar"][lang]["months"][data[0]])


def draw_time(rest: list[str], rng: Rng) -> tuple[Any, ...]:
    return rng.randint(1, 23), rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 50))


def say_time(data: tuple[Any, ...], lang: str, rng: Rng, how: str) -> str:
    hour, minute = data
    if lang == "es":
        return f"{hour}:{minute:02}" + rng.choice(("", "", " horas"))
    if rng.random() < 0.5:
        half = "am" if hour < 12 else "pm"
        shown = (hour - 1) % 12 + 1
        return f"{shown}{f':{minute:02}' if minute else ''}{rng.choice(('', ' '))}{half}"
    return f"{hour:02}:{minute:02}"


DRAWN: dict[str, Any] = {
    "town": draw_town, "person": draw_person, "pick": draw_pick, "firm": draw_firm, "named": draw_named,
    "count": draw_count, "pct": draw_pct, "money": draw_money, "year": draw_year, "measure": draw_measure,
    "score": draw_score, "day": draw_day, "month": draw_month, "time": draw_time,
}  # fmt: skip
SAID: dict[str, Any] = {
    "town": alone, "person": say_person, "pick": paired, "firm": alone, "named": paired,
    "count": say_count, "pct": say_pct, "money": say_money, "year": alone, "measure": say_measure,
    "score": say_score, "day": say_day, "month": say_month, "time": say_time, "why": say_why,
}  # fmt: skip
