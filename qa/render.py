"""What the page shows, as HTML: turns, source cards, articles, the folder. Drawn from plain values, all of it escaped.

An answer comes as the JSON of `qa.export.answer_json`, so that one that was just given, one reloaded and one exported
are drawn by the same templates (`page/*.jinja`). Nothing here knows Gradio.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.types import Article, Paragraph, fingerprint

if TYPE_CHECKING:
    import jinja2

PAGE = Path(__file__).parent / "page"
_AROUND = 150  # paragraphs of an article that are shown before and after the one asked for
_HIGH, _MEDIUM = 0.6, 0.3  # confidences from which "high" and "medium" are said

Words = Mapping[str, str]


@cache
def words(language: str) -> Words:
    """The words of the page in a language ("es-MX" is Spanish); English for one that there is no table for."""
    tables = tomllib.loads((PAGE / "words.toml").read_text(encoding="utf-8"))
    code = language[:2].lower()
    code = code if code in tables else "en"
    return {**tables[code], "code": code}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an article is opened: a paragraph, and the cited words with the hash their paragraph had when cited."""

    paragraph: int = 1
    start: int = 0
    end: int = 0
    quote: str = ""
    sha: str = ""


def turn(turn: Mapping[str, Any], said: Words, *, live: bool = False, stage: str = "") -> str:
    """A question and what became of it; ``live`` while its answer is being written, ``stage`` says what is done."""
    answer = turn["answer"]
    shown = answer["claims"] if answer else turn["claims"]
    cited = answer["citations"] if answer else _supporting(shown)
    sides = _sides(shown) if answer and answer["conflict"] else []
    return _drawn("turn.html.jinja", said, turn=turn, answer=answer, claims=shown, citations=cited, sides=sides,
                  live=live, stage=stage)  # fmt: skip


def article(article: Article, spot: Spot, said: Words, *, first: int | None = None, added: bool = False) -> str:
    """The article around a paragraph, the cited words marked; ``first`` is the first paragraph number to show."""
    numbers = [p.number for p in article.paragraphs]
    at, note = _found(article, spot)
    begin = max(min(numbers), at.number - _AROUND) if first is None else first
    chosen = [p for p in article.paragraphs if begin <= p.number <= begin + 2 * _AROUND]
    parts = [(p, _split(p, spot, at, note)) for p in chosen]
    return _drawn("article.html.jinja", said, article=article, parts=parts, at=at.number, note=note, added=added,
                  earlier=max(min(numbers), begin - 2 * _AROUND) if begin > min(numbers) else None,
                  later=begin + 2 * _AROUND + 1 if chosen and chosen[-1].number < max(numbers) else None)  # fmt: skip


def shell(said: Words, **known: Any) -> str:
    """The page around the chat."""
    return _drawn("shell.html.jinja", said, **known)


def chat_list(chats: Sequence[Mapping[str, Any]], said: Words, current: str) -> str:
    return _drawn("chats.html.jinja", said, chats=chats, current=current)


def welcome(said: Words, *, articles: int, questions: Sequence[str]) -> str:
    """What an empty chat shows: how many articles there are, and questions to begin with."""
    return _drawn("welcome.html.jinja", said, articles=articles, questions=questions)


def folder(said: Words, **known: Any) -> str:
    """The panel of the folder: counts, languages, dates, what was left out."""
    return _drawn("folder.html.jinja", said, **known)


def article_list(rows: Sequence[Mapping[str, Any]], said: Words, *, more: int) -> str:
    """Some of the articles, each to be opened, and how many more there are."""
    return _drawn("articles.html.jinja", said, rows=rows, more=more)


def brief(said: Words, pins: Sequence[Any]) -> str:
    """The pinned sentences, each with its citations and what became of their articles since."""
    return _drawn("brief.html.jinja", said, pins=pins)


def since(article: Article, spot: Spot) -> str:
    """What became of the cited words: "changed" (they are there, in another paragraph than before), "moved" (they are
    not), "" where the paragraph is the same."""
    return _found(article, spot)[1]


def message(text: str) -> str:
    """A sentence alone in the reading panel."""
    from markupsafe import escape

    return f'<p class="empty">{escape(text)}</p>'


def day(iso: str | date | None, said: Words) -> str:
    """The day as the language writes it; "" for none, the words as they are for what is no day."""
    try:
        found = date.fromisoformat(str(iso))
    except ValueError:
        return str(iso or "")
    return said["day"].format(day=found.day, month=said["months"].split()[found.month - 1], year=found.year)


def _drawn(template: str, said: Words, **known: Any) -> str:
    return _templates().get_template(template).render(w=said, day=lambda iso: day(iso, said), **known)


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["fill"] = lambda text, *values: text.format(*values)
    found.filters["confidence"] = lambda value: (
        "confidence_high" if value >= _HIGH else "confidence_medium" if value >= _MEDIUM else "confidence_low"
    )
    found.filters["name"] = language_name
    return found


def _supporting(claims: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found = {c["mark"]: c for claim in claims for c in claim["citations"] if c["status"] != "unsupported"}
    return [found[mark] for mark in sorted(found)]


def _sides(claims: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any] | None, list[Mapping[str, Any]]]]:
    """The claims by the article that each stands on first, in order: the sides of a disagreement."""
    sides: dict[str, tuple[Mapping[str, Any] | None, list[Mapping[str, Any]]]] = {}
    for claim in claims:
        first = next((c for c in claim["citations"] if c["status"] != "unsupported"), None)
        sides.setdefault(first["file"] if first else "", (first, []))[1].append(claim)
    return list(sides.values())


def _found(article: Article, spot: Spot) -> tuple[Paragraph, str]:
    """The paragraph to open and what is to be said of it: "", "changed" or "moved"."""
    by_number = {p.number: p for p in article.paragraphs}
    nearest = min(by_number, key=lambda number: abs(number - spot.paragraph))
    at = by_number[nearest]
    if not spot.sha or fingerprint(at.text) == spot.sha:
        return at, ""
    same = next((p for p in article.paragraphs if fingerprint(p.text) == spot.sha), None)
    same = same or next((p for p in article.paragraphs if spot.quote and spot.quote in p.text), None)
    return (same, "changed") if same else (at, "moved")


def _split(paragraph: Paragraph, spot: Spot, at: Paragraph, note: str) -> tuple[str, str, str]:
    """The paragraph's words before, in and after the mark."""
    text = paragraph.text
    start, end = spot.start - paragraph.start, spot.end - paragraph.start
    if note and paragraph is at and spot.quote in text:
        start, end = text.index(spot.quote), text.index(spot.quote) + len(spot.quote)
    elif note or end <= 0 or start >= len(text) or spot.end <= spot.start:
        return text, "", ""
    start, end = max(start, 0), min(end, len(text))
    return text[:start], text[start:end], text[end:]


_LANGUAGES = {
    "en": {"en": "English", "es": "Spanish", "fr": "French", "de": "German", "pt": "Portuguese", "it": "Italian",
           "ru": "Russian", "ar": "Arabic", "fa": "Persian", "zh": "Chinese", "ja": "Japanese", "tr": "Turkish"},
    "es": {"en": "inglés", "es": "español", "fr": "francés", "de": "alemán", "pt": "portugués", "it": "italiano",
           "ru": "ruso", "ar": "árabe", "fa": "persa", "zh": "chino", "ja": "japonés", "tr": "turco"},
}  # fmt: skip


def language_name(code: str, said: Words) -> str:
    """The language as the page's language calls it, its code where it has no name here."""
    return _LANGUAGES.get(said["code"], {}).get(code, code)
