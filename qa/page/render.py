"""What the page shows, as HTML: turns, source cards, articles, the folder. Drawn from plain values, all of it escaped.

An answer comes as the JSON of `qa.serve.export.answer_json`, so that one that was just given, one reloaded and one
exported are drawn by the same templates (`page/*.jinja`). Nothing here knows Gradio.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa import messages
from qa.answer.rank import certainty
from qa.articles.heads import two_days
from qa.language.text import headline
from qa.language.words import load
from qa.question.followups import compares
from qa.types import Article, Paragraph, fingerprint

if TYPE_CHECKING:
    import jinja2

PAGE = Path(__file__).parent
_AROUND = 150  # paragraphs of an article that are shown before and after the one asked for
_ROWS = 20  # of a list that are shown at once

Words = Mapping[str, str]
Sent = dict[str, Any]  # what a call of the page's scripts is answered with
Shown = Mapping[str, Any]  # a claim, a citation or an answer, as `qa.serve.export` writes it


@cache
def words(language: str) -> Words:
    """The words of the page in a language ("es-MX" is Spanish); English for one that there is no table for."""
    tables = tomllib.loads((PAGE / "words.toml").read_text(encoding="utf-8"))
    code = language[:2].lower()
    code = code if code in tables else "en"
    return {**tables[code], "code": code}


def told(text: str, said: Words) -> str:
    """Sentences of the program's own in the page's language, whichever they come in; what is no such sentence (a
    model's words, say) and all that follows it as it is."""
    found: list[str] = []
    while text:
        match, other = next(
            ((m, other) for form, other in _sentences(said["code"]) if (m := form.match(text))), (None, "")
        )
        if match is None:
            break
        found.append(other.format(*(_with_days(part, said) for part in match.groups())))
        text = text[match.end() :]
    return " ".join([*found, *([text] if text else [])])


@cache
def _sentences(code: str) -> list[tuple[re.Pattern[str], str]]:
    """What the sentences look like in the other language, those of most words first, and how this one puts them."""
    known = messages.pairs()
    pairs = known if code == "es" else [(there, here) for here, there in known if "{1}" not in there]
    return [(_form(text), other) for text, other in sorted(pairs, key=lambda pair: -len(pair[0]))]


def _form(text: str) -> re.Pattern[str]:
    """The sentence with anything at all for each {}, and its end: the text's, or white space."""
    parts = [re.escape(part) for part in text.split("{}")]
    return re.compile("(.+?)".join(parts) + (r"(?:\s+|$)" if parts[-1] else "$"), re.DOTALL)


def _with_days(text: str, said: Words) -> str:
    """The text with its days and months as the language writes them."""
    return _day_written().sub(lambda m: _as_written(m, said), text)


def _as_written(m: re.Match[str], said: Words) -> str:
    month = said["months"].split()[_months().index(m[2]) % 12]
    return said["day" if m[1] else "month"].format(day=m[1], month=month, year=m[3])


@cache
def _months() -> list[str]:
    return [month for code in ("en", "es") for month in words(code)["months"].split()]


@cache
def _day_written() -> re.Pattern[str]:
    return re.compile(rf"\b(?:(\d{{1,2}}) (?:de )?)?({'|'.join(_months())}) (?:de )?(\d{{4}})\b")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an article is opened: a paragraph, and the cited words with the hash their paragraph had when cited."""

    paragraph: int = 1
    start: int = 0
    end: int = 0
    quote: str = ""
    sha: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The claims that are said of one thing: a question of several (``head``), or the whole answer ("").

    ``sides`` are those that contradict each other, by the article that each stands on first; ``rows`` those of a list,
    ``file`` being that of all, where there is one; ``claims`` the others, ``apart`` where they are sentences of several
    paragraphs word for word, which do not make one text.
    """

    head: str
    sides: list[tuple[Shown | None, list[Shown]]]
    rows: list[tuple[Shown | None, Shown]]
    file: str
    claims: list[Shown]
    apart: bool


def turn(turn: Mapping[str, Any], said: Words, *, live: bool = False, stage: str = "") -> str:
    """A question and what became of it; ``live`` while its answer is being written, ``stage`` says what is done."""
    answer = turn["answer"]
    shown = answer["claims"] if answer else turn["claims"]
    cited = answer["citations"] if answer else _supporting(shown)
    groups = _groups(answer, shown)
    beside = bool(answer) and len(groups) == 2 and compares(turn["question"])
    return _drawn("turn.html.jinja", said, turn=turn, answer=answer, claims=shown, citations=cited, most=_ROWS,
                  groups=groups, beside=beside, live=live, stage=stage)  # fmt: skip


def article(article: Article, spot: Spot, said: Words, *, first: int | None = None, added: bool = False) -> str:
    """The article around a paragraph, the cited words marked; ``first`` is the first paragraph number to show."""
    numbers = [p.number for p in article.paragraphs]
    at, note = _found(article, spot)
    begin = max(min(numbers), at.number - _AROUND) if first is None else first
    chosen = [p for p in article.paragraphs if begin <= p.number <= begin + 2 * _AROUND]
    parts = [(p, _split(p, spot, at, note)) for p in chosen]
    lead = next((p.text for p in article.paragraphs if p.kind == "paragraph"), "")
    return _drawn("article.html.jinja", said, article=article, parts=parts, at=at.number, note=note, added=added,
                  title=unturned(headline(article.title, lead, article.file)), two_days=two_days(article),
                  earlier=max(min(numbers), begin - 2 * _AROUND) if begin > min(numbers) else None,
                  later=begin + 2 * _AROUND + 1 if chosen and chosen[-1].number < max(numbers) else None)  # fmt: skip


def sign_in(said: Words) -> str:
    """The whole page that asks who one is."""
    return _drawn("sign_in.html.jinja", said)


def shell(said: Words, **known: Any) -> str:
    """The page around the chat."""
    return _drawn("shell.html.jinja", said, **known)


def chat_list(chats: Sequence[Mapping[str, Any]], said: Words, current: str, search: str = "") -> str:
    """The chats under the days on which they were changed last."""
    days = [(chat, date.fromtimestamp(chat["changed"])) for chat in chats]
    return _drawn("chats.html.jinja", said, chats=days, current=current, search=search, today=date.today())


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
    found.filters["certainty"] = certainty
    found.filters["headline"] = lambda known: unturned(headline(known["title"], known.get("lead"), known["file"]))
    found.filters["unturned"] = unturned
    found.filters["pieces"] = _pieces
    found.filters["verbatim"] = _verbatim
    found.filters["within"] = _within
    found.filters["number"] = number
    found.filters["told"] = told
    found.filters["name"] = language_name
    return found


_TURNING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def unturned(name: str) -> str:
    """The name of a file or an article without the characters that turn what stands around them: "exe.txt" stays so."""
    return _TURNING.sub("", name)


def number(value: float, said: Words, digits: int = 0) -> str:
    """The number as the language writes it: 1,234.5 or 1.234,5."""
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", said["thousands"] + said["decimal"]))


def _supporting(claims: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found = {c["mark"]: c for claim in claims for c in claim["citations"] if c["status"] != "unsupported"}
    return [found[mark] for mark in sorted(found)]


def _groups(answer: Shown | None, claims: Sequence[Shown]) -> list[Group]:
    """The claims by what they are said of, in order."""
    listed = bool(answer and answer.get("listed"))
    heads = dict.fromkeys(claim.get("under", "") for claim in claims)
    return [_group(head, [c for c in claims if c.get("under", "") == head], answer, listed) for head in heads]


def _group(head: str, claims: list[Shown], answer: Shown | None, listed: bool) -> Group:
    told = [c for c in claims if c.get("differs") is not None]
    if answer and answer["conflict"] and not any("differs" in c for c in claims):
        told = claims  # kept by a version that did not tell them apart
    sides = _sides(told) if len(_sides(told)) > 1 else []
    others = [c for c in claims if not sides or c not in told]
    rows = [(_first(c), c) for c in others] if listed else []
    files = {first["file"] if first else "" for first, _ in rows}
    file = files.pop() if len(files) == 1 and len(rows) > 1 else ""
    places = {(first["file"], first["paragraph"]) for c in others if (first := _first(c))}
    apart = bool(answer) and len(places) > 1 and all(map(_verbatim, others))
    return Group(head, sides, rows, file, [] if listed else others, apart)


def _sides(claims: Sequence[Shown]) -> list[tuple[Shown | None, list[Shown]]]:
    """The claims by the article that each stands on first, in order: the sides of a disagreement."""
    sides: dict[str, tuple[Shown | None, list[Shown]]] = {}
    for claim in claims:
        first = _first(claim)
        sides.setdefault(first["file"] if first else "", (first, []))[1].append(claim)
    return list(sides.values())


def _first(claim: Shown) -> Shown | None:
    """The first citation that supports the claim."""
    return next((c for c in claim["citations"] if c["status"] != "unsupported"), None)


def _pieces(claim: Shown) -> list[tuple[str, str]]:
    """The claim's text in pieces (joined they are the text), each with its kind: "added" words are ours, those that
    "differ" are what another article says otherwise, any other is "plain"."""
    places = [(s, e, "added") for s, e in claim.get("added") or ()]
    places += [(s, e, "differ") for s, e in claim.get("differs") or ()]
    found, at = [], 0
    for start, end, kind in sorted(places):
        found += [(claim["text"][at:start], "plain"), (claim["text"][start:end], kind)]
        at = end
    return [(text, kind) for text, kind in [*found, (claim["text"][at:], "plain")] if text]


def _verbatim(claim: Shown) -> bool:
    """Whether the claim is, but for what we added, word for word what it cites: an article's words, not a model's."""
    own = " ".join("".join(text for text, kind in _pieces(claim) if kind != "added").split())
    return any(own == " ".join(c["quote"].split()) for c in claim["citations"] if c["status"] != "unsupported")


def _within(citation: Shown) -> tuple[str, str, str] | None:
    """The cited paragraph's words before, in and after the quote; None for one that was kept without its paragraph."""
    text, quote = citation.get("text") or "", citation["quote"]
    return text.partition(quote) if quote and quote in text else None


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


def language_name(code: str, said: Words) -> str:
    """The language as the page's language calls it, its code where it has no name here."""
    names = load("languages")["names"]
    return " ".join(names[said["code"]][code]) if all(code in names[one] for one in messages.LANGUAGES) else code
