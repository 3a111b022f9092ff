"""Synthetic news in English and Spanish, with questions and claims whose answers are known by construction.

    python -m evals.training.newsroom OUT.jsonl --rows 20000 --seed 1

The events stand in newsroom_*.toml: what happens (slots), how it is told, denied, planned and asked about. A template
has `{slot}` for a value, `<one|other>` for a choice of words, `[slot:m|f]` for a choice by a person's gender, `{np}`
for the event's name and `@said` for a source.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from evals.training.typing import as_typed
from evals.training.values import Rng, Value, draw, other, say, words

Row = dict[str, Any]
Mention = tuple[str, int, int]

SLOT = re.compile(r"\{(\w+)(?:\.(\w+))?\}")
CHOICE = re.compile(r"<([^<>]*)>")
GENDER = re.compile(r"\[(\w+):([^|\4\]]*)[|\4]([^\]]*)\]")
OTHER = {"en": "es", "es": "en"}


class CannotSayError(Exception):
    """The template asks for what the event does not have: draw again."""


@cache
def events() -> list[dict[str, Any]]:
    """The kinds of events, of all newsroom_*.toml."""
    found: list[dict[str, Any]] = []
    for path in sorted(Path(__file__).parent.glob("newsroom_*.toml")):
        found += tomllib.loads(path.read_text(encoding="utf-8"))["event"]
    return found


@dataclass(frozen=True)
class Sentence:
    """A sentence, where its values stand in it, and whether it tells of the event that is asked about."""

    text: str
    mentions: tuple[Mention, ...] = ()
    own: bool = False
    role: str = "filler"

    def has(self, slot: str) -> bool:
        return any(name == slot for name, _, _ in self.mentions)


@dataclass
class Event:
    """An event that happened: its kind and the values of its slots."""

    kind: dict[str, Any]
    values: dict[str, Value]
    changed: str = field(default="")

    @property
    def key(self) -> list[str]:
        return list(self.kind.get("key", ["town"]))

    def frames(self, lang: str, name: str) -> list[Any]:
        return list(self.kind[lang].get(name, ()))

    def but(self, slot: str, rng: Rng) -> Event:
        """The event with another value in one slot."""
        if slot == "why":
            value = self.values["why"]
            while value.data[1:] == self.values["why"].data[1:]:
                value = draw_why(self.kind, rng)
        else:
            value = other(self.values[slot], self.kind["slots"][slot], rng)
            while value.kind == "money" and value.data[3] != self.values[slot].data[3]:
                value = other(self.values[slot], self.kind["slots"][slot], rng)
        return Event(self.kind, {**self.values, slot: value}, slot)

    def swapped(self, one: str, two: str) -> Event:
        values = {**self.values, one: self.values[two], two: self.values[one]}
        return Event(self.kind, values, one)


def draw_why(kind: dict[str, Any], rng: Rng) -> Value:
    pairs = [("np", *pair) for pair in kind.get("why", ())] + [("clause", *pair) for pair in kind.get("why_clause", ())]
    return Value("why", rng.choice(pairs))


def happen(kind: dict[str, Any], rng: Rng) -> Event:
    values: dict[str, Value] = {}
    for slot, spec in kind["slots"].items():
        values[slot] = draw(spec, rng)
        while any(values[slot] == v for s, v in values.items() if s != slot) or clash(slot, values):
            values[slot] = draw(spec, rng)
    sums = [slot for slot, value in values.items() if value.kind == "money"]
    for slot in sums[1:]:  # all in one currency
        values[slot] = replace(values[slot], data=(*values[slot].data[:3], values[sums[0]].data[3]))
    if "why" in kind or "why_clause" in kind:
        values["why"] = draw_why(kind, rng)
    return Event(kind, values)


def clash(slot: str, values: dict[str, Value]) -> bool:
    """Whether a person has the last name of another of the event."""
    names = [p.data[1] for v in values.values() for p in (v, *v.parts) if p.kind == "person"]
    return len(names) != len(set(names))


def any_event(rng: Rng) -> Event:
    return happen(rng.choice(events()), rng)


# -- templates ------------------------------------------------------------------------------------------------------


def expand(template: str, lang: str, rng: Rng, attributed: bool = True) -> str:
    """The template with its choices made and its source named or, for a claim, left out."""
    template = template.replace("@said", rng.choice(words()["said"][lang]) if attributed else "")
    template = GENDER.sub(lambda m: m[0].replace("|", "\4"), template)  # not a choice of words
    while match := CHOICE.search(template):
        template = template[: match.start()] + rng.choice(match[1].split("|")) + template[match.end() :]
    return template


def gendered(template: str, values: dict[str, Value]) -> str:
    return GENDER.sub(lambda m: m[3] if values[m[1]].feminine else m[2], template)


def slots_of(template: str) -> set[str]:
    return {slot for slot, _ in SLOT.findall(template)}


def named(template: str, event: Event, lang: str, rng: Rng, without: str = "") -> str:
    """The template with a name of the event in place of `{np}`, one that does not tell what `without` asks for."""
    if "{np}" not in template:
        return template
    names = [n for n in event.frames(lang, "np") if without not in slots_of(n)]
    if not names:
        raise CannotSayError
    return contracted(template.replace("{np}", rng.choice(names)), lang)


def contracted(text: str, lang: str) -> str:
    return re.sub(r"\b(a|de) el (?=[a-z])", lambda m: m[1] + "l ", text) if lang == "es" else text


def fill(
    template: str, event: Event, lang: str, rng: Rng, own: bool = True, role: str = "say", begins: bool = True
) -> Sentence:
    """The sentence of a template whose choices are made, with a capital where it begins."""
    template = gendered(template, event.values)
    text, mentions, last = "", [], 0
    for match in SLOT.finditer(template):
        text += template[last : match.start()]
        last = match.end()
        value = event.values.get(match[1])
        if value is None or (value.kind == "why" and match[2] == "np" and value.data[0] == "clause"):
            raise CannotSayError
        items = say(value, lang, rng, match[2] or "")
        for n, item in enumerate(items):
            text += "" if n == 0 else ", " if n < len(items) - 1 else " y " if lang == "es" else " and "
            text, item = joint(text, item, lang)
            mentions.append((match[1], len(text), len(text) + len(item)))
            text += item
    text += template[last:]
    text = text[:1].upper() + text[1:] if begins else text
    return Sentence(text, tuple(mentions), own, role)


def joint(text: str, item: str, lang: str) -> tuple[str, str]:
    """The text and the item, fit to be joined: `de el` is `del`, no blank before a comma."""
    if item.startswith(", "):
        return text.rstrip(" ") + ", ", item[2:]
    if lang == "es" and item.startswith("el ") and re.search(r"\b(de|a) $", text):
        return text[:-1].rstrip() + "l ", item[3:]
    if lang == "es" and text.endswith(" y ") and re.match(r"(?i)h?i(?![aeou])", item):
        return text[:-2] + "e ", item
    return text, item


def tell(event: Event, lang: str, rng: Rng, name: str, claim: bool = False, own: bool = True) -> Sentence:
    """A sentence of the event by one of its frames of that name."""
    frames = event.frames(lang, name)
    if not frames:
        raise CannotSayError
    template = expand(named(rng.choice(frames), event, lang, rng), lang, rng, not claim)
    sentence = fill(template, event, lang, rng, own, name)
    if name == "that":
        sentence = replace(sentence, text=sentence.text.rstrip(".") + ".")
    return sentence


def filler(lang: str, rng: Rng) -> Sentence:
    table = words()["filler"]
    template = expand(rng.choice(table[lang]), lang, rng)
    values = {slot: draw(spec, rng) for slot, spec in table["slots"].items()}
    sentence = fill(template, Event({}, values), lang, rng, own=False, role="filler")
    return replace(sentence, mentions=())


# -- paragraphs -----------------------------------------------------------------------------------------------------


@dataclass
class Paragraph:
    """Sentences under a head."""

    head: Sentence
    sentences: list[Sentence]
    lang: str
    date: str = ""

    def parts(self) -> Iterator[tuple[Sentence, int]]:
        """The sentences of the event with their places in the string that the model sees, the head's last."""
        at = len(self.head_text()) + 1 if self.head_text() else 0
        for sentence in self.sentences:
            if sentence.own:
                yield sentence, at
            at += len(sentence.text) + 1
        if self.head.own:
            yield self.head, 0

    def head_text(self) -> str:
        return " | ".join(p for p in (self.head.text, self.date) if p)

    def text(self) -> str:
        return " ".join(s.text for s in self.sentences)

    def mentioned(self) -> set[str]:
        return {slot for sentence, _ in self.parts() for slot, _, _ in sentence.mentions}

    def find(self, slot: str) -> tuple[list[list[int]], list[list[int]]]:
        """The spans of a slot's value, and of the sentences with them; of a list, wherever it goes on."""
        spans: list[list[int]] = []
        bears: list[list[int]] = []
        seen: set[str] = set()
        for sentence, at in self.parts():
            for name in sorted({n for n, _, _ in sentence.mentions} & {slot, slot + "_b"} - seen):
                seen.add(name)
                spans += [[at + s, at + e] for n, s, e in sentence.mentions if n == name]
                if [at, at + len(sentence.text)] not in bears:
                    bears.append([at, at + len(sentence.text)])
        return sorted(spans), sorted(bears)


def story(event: Event, lang: str, rng: Rng, only: str = "") -> list[Sentence]:
    """What is told of the event: a sentence on what happened, and up to three on its particulars."""
    lead = tell(event, lang, rng, only or "say")
    told = [lead]
    why = event.values.get("why")
    if why and why.data[0] == "np" and not lead.has("why") and not only and rng.random() < 0.35:
        template = expand(rng.choice(words()["why"][f"next_{lang}"]), lang, rng)
        told.append(fill(template, event, lang, rng, True, "next"))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3)) if event.frames(lang, "more") else 0):
        sentence = tell(event, lang, rng, "more")
        clear = not {s for s, _, _ in sentence.mentions} & {s for t in told[1:] for s, _, _ in t.mentions}
        if clear and all(t.text != sentence.text for t in told) and not (only and sentence.has("why")):
            told.append(sentence)
    return told


def strange(event: Event, lang: str, rng: Rng) -> list[Sentence]:
    """Sentences on another event, at times of the same kind."""
    again = happen(event.kind if rng.random() < 0.35 else rng.choice(events()), rng)
    told = story(again, lang, rng)[: rng.choice((1, 1, 2))]
    return [replace(s, own=False) for s in told]


def surround(told: list[Sentence], event: Event, lang: str, rng: Rng) -> list[Sentence]:
    """The story among other sentences."""
    out = list(told)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        places = [n for n in range(len(out) + 1) if n == len(out) or out[n].role != "next"]
        more = filler(lang, rng)
        if all(more.text != s.text for s in out):
            out.insert(rng.choice(places), more)
    if rng.random() < 0.3:
        block = strange(event, lang, rng)
        out = block + out if rng.random() < 0.5 else out + block
    return out


def dateline(told: list[Sentence], lang: str, rng: Rng) -> list[Sentence]:
    """The paragraph after the place and day from which it was sent, where nothing happened."""
    if rng.random() > 0.12:
        return told
    values = {"t": draw("town", rng), "d": draw("day", rng)}
    template = expand(rng.choice(words()["dateline"][lang]), lang, rng)
    lead = fill(template, Event({}, values), lang, rng).text
    lead = lead if rng.random() < 0.4 else lead.replace(values["t"].data[0], values["t"].data[0].upper())
    first = told[0]
    moved = tuple((n, s + len(lead), e + len(lead)) for n, s, e in first.mentions)
    return [replace(first, text=lead + first.text, mentions=moved), *told[1:]]


def published(rng: Rng) -> str:
    return f"{rng.randint(2014, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def headed(sentences: list[Sentence], event: Event, lang: str, rng: Rng, own: bool = False) -> Paragraph:
    """The paragraph under a head: its headline, another one, a date or nothing."""
    date = published(rng) if rng.random() < 0.5 else ""
    chance = rng.random()
    head = Sentence("")
    if own or chance < 0.35:
        head = tell(event, lang, rng, "head")
    elif chance < 0.55:
        head = replace(tell(any_event(rng), lang, rng, "head"), own=False)
    elif chance < 0.65:
        head = Sentence(rng.choice(words()["columns"][lang]))
    head = replace(head, text=head.text.rstrip("."))
    return Paragraph(head, sentences, lang, date)


# -- questions ------------------------------------------------------------------------------------------------------


def row(paragraph: Paragraph, q: str, kind: str, spans: list[list[int]], bears: list[list[int]], typed: Rng) -> Row:
    q = q[:1].upper() + q[1:]
    lang, _, q = q.partition("\0") if "\0" in q else (paragraph.lang, "", q)
    return {
        "task": "read", "q": as_typed(q, lang.lower(), typed), "head": paragraph.head_text(), "c": paragraph.text(),
        "y": int(bool(spans)), "spans": spans, "bears": bears, "lang": paragraph.lang, "src": "newsroom", "kind": kind,
    }  # fmt: skip


def asked_in(lang: str, rng: Rng) -> str:
    return OTHER[lang] if rng.random() < 0.1 else lang


def questions(event: Event, slot: str, lang: str) -> list[str]:
    """The ways to ask for a slot."""
    own = list(event.kind[lang].get("q", {}).get(slot, ()))
    if slot in ("why", "day", "town") and event.frames(lang, "np") and slot not in event.kind.get("no_generic", ()):
        own += words()["generic"][lang][slot]
    return own


def ask(event: Event, slot: str, lang: str, rng: Rng, known: set[str] | None) -> tuple[str, set[str]]:
    """A question for the slot that names no value outside `known`, and the slots that it names."""
    for _ in range(12):
        options = questions(event, slot, lang)
        if not options:
            break
        template = expand(named(rng.choice(options), event, lang, rng, slot), lang, rng)
        used = slots_of(template)
        if slot not in used and (known is None or used <= known):
            return template, used
    raise CannotSayError


def worded(template: str, event: Event, lang: str, rng: Rng) -> str:
    return f"{lang}\0" + fill(template, event, lang, rng).text


def askable(event: Event, lang: str) -> list[str]:
    return [s for s in event.values if questions(event, s, lang)]


def alike(paragraph: Paragraph) -> bool:
    """Whether the paragraph tells of another event too, so that a question must name which it means."""
    return any(not s.own and s.role != "filler" for s in paragraph.sentences)


def read_fact(rng: Rng) -> Row:
    """A question for a slot, with its answer, or not said in the paragraph, or near to what it says."""
    event, lang = any_event(rng), rng.choice(("en", "en", "es"))
    only = "more" if rng.random() < 0.12 else ""
    told = surround(story(event, lang, rng, only), event, lang, rng)
    paragraph = headed(dateline(told, lang, rng), event, lang, rng, own=bool(only))
    qlang = asked_in(lang, rng)
    known = paragraph.mentioned()
    slots = askable(event, qlang)
    want = rng.choices(("yes", "no", "near"), (50, 22, 28))[0]
    pool = [s for s in slots if (s in known or s + "_b" in known) == (want != "no")]
    if not pool:
        raise CannotSayError
    slot = rng.choice(pool)
    if slot != "why" and "why" in pool and rng.random() < 0.25:
        slot = "why"
    template, used = ask(event, slot, qlang, rng, known)
    if alike(paragraph) and not used & set(event.key):
        raise CannotSayError
    if want == "near":
        return near_miss(event, paragraph, template, used, qlang, rng)
    spans, bears = paragraph.find(slot) if want == "yes" else ([], [])
    return row(paragraph, worded(template, event, qlang, rng), f"{slot_kind(event, slot)}-{want}", spans, bears, rng)


def near_miss(event: Event, paragraph: Paragraph, template: str, used: set[str], lang: str, rng: Rng) -> Row:
    """The question with another value, or two values in each other's place."""
    swaps = [pair for pair in event.kind.get("ask_swap", event.kind.get("swap", ())) if set(pair) <= used]
    if swaps and rng.random() < 0.6:
        false = event.swapped(*rng.choice(swaps))
        return row(paragraph, worded(template, false, lang, rng), "swap-no", [], [], rng)
    fixed = set(event.kind.get("keep", ()))
    if not used - fixed - {"why"}:
        raise CannotSayError
    slot = rng.choice(sorted(used - fixed - {"why"}))
    return row(paragraph, worded(template, event.but(slot, rng), lang, rng), "near-no", [], [], rng)


def slot_kind(event: Event, slot: str) -> str:
    value = event.values[slot]
    return value.kind if value.kind not in ("pick", "named", "firm") else "what"


def read_decided(rng: Rng) -> Row:
    """A yes-or-no question that the paragraph decides, or does not."""
    event, lang = any_event(rng), rng.choice(("en", "en", "es"))
    qlang = asked_in(lang, rng)
    options = event.frames(qlang, "yn")
    if not options:
        raise CannotSayError
    template = expand(named(rng.choice(options), event, qlang, rng), qlang, rng)
    used = slots_of(template)
    way = rng.choices(("say", "neg", "away", "key"), (38, 22, 20, 20))[0]
    told = story(event, lang, rng, "neg")[:1] if way == "neg" else story(event, lang, rng)
    told = strange(event, lang, rng) if way == "away" else told
    paragraph = headed(dateline(surround(told, event, lang, rng), lang, rng), event, lang, rng)
    if way == "away" or paragraph.head.own:
        paragraph.head = Sentence("")
    pool = sorted(used & set(event.key))
    if way == "key":
        event = event.but(rng.choice(pool), rng) if pool else fail()
    elif way != "away" and not used <= paragraph.mentioned():
        raise CannotSayError
    if alike(paragraph) and not used & set(event.key):
        raise CannotSayError
    spans, bears = decided(paragraph, event.kind.get("denied")) if way in ("say", "neg") else ([], [])
    return row(paragraph, worded(template, event, qlang, rng), f"decide-{way}", spans, bears, rng)


def fail() -> Event:
    raise CannotSayError


def decided(paragraph: Paragraph, by: str | None) -> tuple[list[list[int]], list[list[int]]]:
    """The sentence that says or denies the event; the one with the slot `by`, when only that decides."""
    for sentence, at in paragraph.parts():
        if sentence.role == "neg" or (sentence.role == "say" and (by is None or sentence.has(by))):
            end = at + len(sentence.text)
            return [[at, end - sentence.text.endswith(".")]], [[at, end]]
    raise CannotSayError


def hedged(event: Event, lang: str, name: str, rng: Rng) -> tuple[Sentence, str, str]:
    """A sentence in which the event is said, denied, alleged or planned; who does so, and what."""
    frame = expand(rng.choice(words()["hedge"][lang][name]), lang, rng)
    if name == "plan":
        subject, act = rng.choice(event.frames(lang, "plan") or [fail()])
        who, what = (part(t, event, lang, rng) for t in (subject, act))
        frame = frame.replace("{subj}", "\1").replace("{vp}", "\2").replace("{why}", "")
    else:
        who = speaker(lang, rng)
        what = clause(event, lang, rng)
        frame = frame.replace("{who}", "\1").replace("{that}", "\2").replace("{day}", "\3")
        frame = frame.replace("\3", say(draw("day", rng), lang, rng)[0])
    at, text, mentions = 0, "", []
    for bit in re.split("([\1\2])", frame):
        piece = {"\1": who, "\2": what}.get(bit, bit)
        if bit in "\1\2" and bit:
            text, piece = joint(text, piece, lang)
            mentions.append(("who" if bit == "\1" else "what", len(text), len(text) + len(piece)))
        text += piece
        at = len(text)
    return Sentence(text[:1].upper() + text[1:at], tuple(mentions), True, name), who, what


def part(template: str, event: Event, lang: str, rng: Rng) -> str:
    """Part of a sentence, not its beginning."""
    return fill(expand(template, lang, rng, False), event, lang, rng, begins=False).text


def speaker(lang: str, rng: Rng) -> str:
    return part(rng.choice(words()["speakers"][lang]), speaker_of(rng), lang, rng)


def speaker_of(rng: Rng) -> Event:
    slots = {"p": "person", "f": "firm", "t": "town", "m": "pick ministry", "u": "named union", "c": "pick country"}
    return Event({"slots": slots}, {s: draw(spec, rng) for s, spec in slots.items()})


def clause(event: Event, lang: str, rng: Rng) -> str:
    frames = event.frames(lang, "that")
    if not frames:
        raise CannotSayError
    return part(rng.choice(frames), event, lang, rng).rstrip(".")


def read_hedged(rng: Rng) -> Row:
    """What someone denied, said, alleges or plans: no answer to a question of plain fact."""
    event, lang = any_event(rng), rng.choice(("en", "en", "es"))
    name = rng.choice(("deny", "deny", "allege", "said", "plan"))
    sentence, who, what = hedged(event, lang, name, rng)
    told = [sentence] + [filler(lang, rng) for _ in range(rng.choice((0, 1, 1, 2)))]
    paragraph = headed(dateline(told, lang, rng), event, lang, rng)
    paragraph.head = Sentence("") if paragraph.head.own else paragraph.head
    asked = words()["hedge"][lang].get(f"asked_{name}")
    if asked and rng.random() < 0.55:
        return of_hedge(paragraph, rng.choice(asked), (who, what), name, rng)
    if name == "said" and rng.random() < 0.6:
        return of_hedge(paragraph, rng.choice(words()["hedge"][lang]["asked_who"]), (who, what), "saidwho", rng)
    if name in ("deny", "allege"):
        slot = rng.choice(askable(event, lang))
        template, _ = ask(event, slot, lang, rng, None)
        if rng.random() < 0.3 and event.frames(lang, "yn"):
            template = expand(named(rng.choice(event.frames(lang, "yn")), event, lang, rng), lang, rng)
            if name == "deny":
                raise CannotSayError
        return row(paragraph, worded(template, event, lang, rng), f"{name}-no", [], [], rng)
    template = expand(named(rng.choice(event.frames(lang, "yn") or [fail()]), event, lang, rng), lang, rng)
    if name == "said" or event.kind.get("future"):
        raise CannotSayError
    return row(paragraph, worded(template, event, lang, rng), "plan-no", [], [], rng)


def of_hedge(paragraph: Paragraph, template: str, said: tuple[str, str], name: str, rng: Rng) -> Row:
    """A question on the denial, statement or plan itself; at times on another's."""
    who, what = said
    template = expand(template, paragraph.lang, rng)
    slot = "who" if name == "saidwho" else "what"
    near = rng.random() < 0.35
    if near and slot == "who":
        what = clause(any_event(rng), paragraph.lang, rng)
    elif near:
        who = speaker(paragraph.lang, rng)
        if name == "plan":
            raise CannotSayError
    q = template
    for mark, piece in (("{who}", who), ("{subj}", who), ("{that}", what)):
        if mark in q:
            head, _, tail = q.partition(mark)
            head, piece = joint(head, piece, paragraph.lang)
            q = head + piece + tail
    spans, bears = ([], []) if near else paragraph.find(slot)
    return row(paragraph, q, f"{name}-{'near' if near else 'asked'}", spans, bears, rng)


def read_headline(rng: Rng) -> Row:
    """A headline that stands alone."""
    event, lang = any_event(rng), rng.choice(("en", "en", "es"))
    headline = tell(event, lang, rng, "head")
    headline = replace(headline, text=headline.text.rstrip("."))
    paragraph = Paragraph(Sentence(""), [headline], lang, published(rng) if rng.random() < 0.4 else "")
    qlang = asked_in(lang, rng)
    known = paragraph.mentioned()
    want = rng.choices(("yes", "no", "near"), (55, 25, 20))[0]
    pool = [s for s in askable(event, qlang) if (s in known) == (want != "no")]
    if not pool:
        raise CannotSayError
    slot = rng.choice(pool)
    template, used = ask(event, slot, qlang, rng, known)
    if want == "near":
        return near_miss(event, paragraph, template, used, qlang, rng)
    spans, bears = paragraph.find(slot) if want == "yes" else ([], [])
    return row(paragraph, worded(template, event, qlang, rng), f"headline-{want}", spans, bears, rng)


# -- tables, credits ------------------------------------------------------------------------------------------------


def read_table(rng: Rng) -> Row:
    """A row of a table: a cell, the row's key, another row, another column, the header alone."""
    table, lang = rng.choice(words()["table"]), rng.choice(("en", "en", "es"))
    row_, pieces = table_row(table, lang, rng)
    spec = table["key"]
    paragraph = Paragraph(Sentence(rng.choice(table[lang]["title"]) if rng.random() < 0.6 else ""), [row_], lang)
    columns = [c for c in pieces if c != "key"]
    way = rng.choices(("cell", "key", "row", "column", "header", "keyrow"), (34, 16, 16, 14, 8, 12))[0]
    asked = rng.choice(columns)
    values = {"key": pieces["key"], "cell": pieces[asked], "col": Value("town", (column_name(table, lang, asked),))}
    if way == "row":
        values["key"] = other(pieces["key"], spec, rng)
    if way == "keyrow":
        values["cell"] = other(pieces[asked], table["cells"][int(asked[1:])], rng)
    if way == "column":
        missing = (
            [str(y) for y in range(1996, 2027) if str(y) not in row_.text]
            if "years" in table
            else table[lang]["absent"]
        )
        values["col"] = Value("town", (rng.choice(missing),))
    template = expand(rng.choice(table[lang]["q_key" if way in ("key", "keyrow") else "q_cell"]), lang, rng)
    q = fill(template, Event({}, values), lang, rng).text
    if way == "header":
        names = [table[lang]["key"], *(column_name(table, lang, c) for c in columns)]
        paragraph.sentences = [Sentence(" · ".join(names))]
    slot = {"cell": asked, "key": "key"}.get(way)
    spans, bears = paragraph.find(slot) if slot else ([], [])
    return row(paragraph, q, f"table-{way}", spans, bears, rng)


YEARS: dict[str, str] = {}


def column_name(table: dict[str, Any], lang: str, column: str) -> str:
    return YEARS[column] if "years" in table else str(table[lang]["columns"][int(column[1:])])


def table_row(table: dict[str, Any], lang: str, rng: Rng) -> tuple[Sentence, dict[str, Value]]:
    """A row as `Line: Red · Riders 2023: 410`, with the place of each cell."""
    specs = table["cells"]
    if "years" in table:
        first = rng.randint(1998, 2023)
        YEARS.update({f"c{n}": str(first + n) for n in range(len(specs))})
    unit = rng.choice(table[lang]["unit"]) if "unit" in table[lang] else ""
    pieces = {"key": draw(table["key"], rng), **{f"c{n}": draw(spec, rng) for n, spec in enumerate(specs)}}
    while len({say(v, "en", Rng(1))[0] for v in pieces.values()}) < len(pieces):
        pieces = {"key": draw(table["key"], rng), **{f"c{n}": draw(spec, rng) for n, spec in enumerate(specs)}}
    text, mentions = "", []
    for name, value in pieces.items():
        label = table[lang]["key"] if name == "key" else f"{unit} {column_name(table, lang, name)}".strip()
        text += (" · " if text else "") + label + ": "
        cell = plain(value, lang)
        mentions.append((name, len(text), len(text) + len(cell)))
        text += cell
    return Sentence(text, tuple(mentions), True, "table"), pieces


def plain(value: Value, lang: str) -> str:
    """The value in digits."""
    for seed in count():
        text = say(value, lang, Rng(seed))[0]
        if value.kind not in ("count", "measure") or text[0].isdigit():
            return text
    raise AssertionError


def read_credit(rng: Rng) -> Row:
    """Who wrote or took it, when it was published, and the lines that answer nothing else."""
    lang = rng.choice(("en", "en", "es"))
    table = words()["credit"]
    values = {slot: draw(spec, rng) for slot, spec in table["slots"].items()}
    name = rng.choice(("byline", "byline", "photo", "copyright", "date", "date"))
    event = any_event(rng)
    if name == "date":
        paragraph = Paragraph(tell(event, lang, rng, "head") if rng.random() < 0.6 else Sentence(""),
                              surround(story(event, lang, rng), event, lang, rng), lang, published(rng))  # fmt: skip
        return of_date(paragraph, rng)
    line = fill(expand(rng.choice(table[lang][name]), lang, rng), Event({}, values), lang, rng, True, "say")
    paragraph = Paragraph(Sentence(""), [line], lang, published(rng) if rng.random() < 0.3 else "")
    if rng.random() < 0.3:
        paragraph.head = replace(tell(event, lang, rng, "head"), own=False)
    if f"q_{name}" in table[lang] and rng.random() < 0.5:
        spans, bears = paragraph.find("p")
        return row(paragraph, expand(rng.choice(table[lang][f"q_{name}"]), lang, rng), f"{name}-yes", spans, bears, rng)
    slot = rng.choice([s for s in askable(event, lang) if s not in paragraph.mentioned()])
    template, _ = ask(event, slot, lang, rng, None)
    paragraph.head = Sentence("")
    return row(paragraph, worded(template, event, lang, rng), f"{name}-no", [], [], rng)


def of_date(paragraph: Paragraph, rng: Rng) -> Row:
    """When it was published, or who wrote it, which the paragraph does not say."""
    table, lang = words()["credit"][paragraph.lang], paragraph.lang
    way = rng.choices(("yes", "undated", "writer"), (60, 20, 20))[0]
    if way == "undated":
        paragraph.date = ""
    q = expand(rng.choice(table["q_byline" if way == "writer" else "q_date"]), lang, rng)
    if way != "yes":
        return row(paragraph, q, f"date-{way}", [], [], rng)
    end = len(paragraph.head_text())
    span = [end - len(paragraph.date), end]
    return row(paragraph, q, "date-yes", [span], [[0, end]], rng)


# -- claims ---------------------------------------------------------------------------------------------------------


def check(claim: str, evidence: str, label: int, lang: str, kind: str) -> Row:
    return {"task": "check", "claim": claim, "evidence": evidence, "label": label, "lang": lang, "src": "newsroom",
            "kind": kind}  # fmt: skip


def evidence_of(event: Event, lang: str, rng: Rng, name: str = "say") -> list[Sentence]:
    told = story(event, lang, rng) if name == "say" else story(event, lang, rng, name)[:1]
    told = told[: rng.choice((1, 2, 3))]
    if rng.random() < 0.3:
        told.append(filler(lang, rng))
    if rng.random() < 0.2 and name == "say":
        told += strange(event, lang, rng)[:1]
    return told


def mentions(told: list[Sentence]) -> set[str]:
    return {slot for s in told if s.own for slot, _, _ in s.mentions}


def claim_of(event: Event, lang: str, rng: Rng) -> Sentence:
    name = rng.choice(("say", "say", "that", "that", "more", "head"))
    sentence = tell(event, lang, rng, name, claim=True)
    if name == "more" and not event.kind.get("plain_more"):
        raise CannotSayError
    return replace(sentence, text=sentence.text.rstrip(".") + ".")


def check_fact(rng: Rng) -> Row:
    """A claim in other words that the evidence says, gets one thing wrong of, or says only in part."""
    event, lang = any_event(rng), rng.choice(("en", "en", "es"))
    told = evidence_of(event, lang, rng)
    clang = OTHER[lang] if rng.random() < 0.15 else lang
    way = rng.choices(("said", "wrong", "more", "added", "swap", "general"), (40, 27, 13, 9, 6, 5))[0]
    text = " ".join(s.text for s in told)
    known = mentions(told)
    for _ in range(10):
        claim = claim_of(event, clang, rng)
        used = {slot for slot, _, _ in claim.mentions}
        if (used <= known) == (way != "more") and used and claim.text not in text:
            break
    else:
        raise CannotSayError
    if way == "general":
        template = named(expand(rng.choice(words()["general"][clang]), clang, rng), event, clang, rng)
        if not slots_of(template) <= known:
            raise CannotSayError
        return check(fill(template, event, clang, rng).text, text, 1, lang, "general")
    if way in ("wrong", "swap"):
        return {**check_wrong(event, told, clang, way, rng), "lang": lang}
    if way == "added":
        extra = rng.choice(words()["general"][f"added_{clang}"])
        return check(claim.text.rstrip(".") + extra + ".", text, 1, lang, "added")
    return check(claim.text, text, 2 if way == "said" else 1, lang, way)


def check_wrong(event: Event, told: list[Sentence], lang: str, way: str, rng: Rng) -> Row:
    known = mentions(told)
    text = " ".join(s.text for s in told)
    pairs = [p for p in event.kind.get("swap", ()) if set(p) <= known]
    if way == "swap" and not pairs:
        raise CannotSayError
    slot = rng.choice(sorted(known & set(event.values) - set(event.kind.get("keep", ()))))
    false = event.swapped(*rng.choice(pairs)) if way == "swap" else event.but(slot, rng)
    for _ in range(10):
        claim = claim_of(false, lang, rng)
        used = {s for s, _, _ in claim.mentions}
        if used <= known and (slot in used if way == "wrong" else set(pairs[0]) <= used):
            label = 1 if way == "wrong" and slot in event.kind.get("else", event.key[:1]) else 0
            return check(claim.text, text, label, lang, f"wrong-{slot_kind(event, slot)}" if way == "wrong" else way)
    raise CannotSayError


def check_turned(rng: Rng) -> Row:
    """Claims against evidence of the opposite, of plans and of rumours."""
    event, lang = any_event(rng), rng.choice(("en", "en", "es"))
    way = rng.choice(("neg", "neg-said", "yes-neg", "plan", "allege", "elsewhere"))
    if way == "yes-neg":
        told = evidence_of(event, lang, rng)
        claim = tell(event, lang, rng, "neg", claim=True)
    elif way in ("plan", "allege"):
        told = [hedged(event, lang, way, rng)[0]]
        claim = tell(event, lang, rng, rng.choice(("say", "that")), claim=True)
        return check(claim.text, told[0].text, 1, lang, way)
    elif way == "elsewhere":
        told = strange(event, lang, rng) + ([filler(lang, rng)] if rng.random() < 0.4 else [])
        return check(claim_of(event, lang, rng).text, " ".join(s.text for s in told), 1, lang, way)
    else:
        told = evidence_of(event, lang, rng, "neg")
        claim = tell(event, lang, rng, "neg" if way == "neg-said" else rng.choice(("say", "that")), claim=True)
        if way == "neg-said" and {s for s, _, _ in claim.mentions} != mentions(told):
            raise CannotSayError
    text = " ".join(s.text for s in told)
    used = {slot for slot, _, _ in claim.mentions}
    denied = event.kind.get("denied")
    if denied and denied not in (
        mentions(told) if way == "yes-neg" else used | {denied} if way == "neg-said" else used
    ):
        raise CannotSayError
    if not set(event.key) & used or claim.text in text or (way == "neg-said" and not used <= mentions(told)):
        raise CannotSayError
    return check(claim.text, text, 2 if way == "neg-said" else 0, lang, way)


def check_speaker(rng: Rng) -> Row:
    """Claims on who said or denied it."""
    event, lang = any_event(rng), rng.choice(("en", "en", "es"))
    name = rng.choice(("said", "said", "deny"))
    sentence, who, what = hedged(event, lang, name, rng)
    evidence = " ".join([sentence.text, *(filler(lang, rng).text for _ in range(rng.choice((0, 0, 1))))])
    table = words()["hedge"][lang]
    way = rng.choice(("same", "other", "turned", "fact") if name == "said" else ("same", "other", "turned"))
    if way == "fact":
        return check(what[0].upper() + what[1:] + ".", evidence, 2, lang, "said-fact")
    if way == "other":
        who = speaker(lang, rng)
    frames = {"said": {"turned": "claim_deny"}, "deny": {"turned": "claim_confirm"}}[name].get(way)
    frames = frames or ("claim_said" if name == "said" else "claim_deny")
    claim = rng.choice(table[frames]).replace("{who}", who).replace("{that}", what).replace(" de el ", " del ")
    label = {"same": 2, "other": 1, "turned": 0}[way]
    return check(claim[0].upper() + claim[1:], evidence, label, lang, f"{name}-{way}")


def check_quantity(rng: Rng) -> Row:
    """All, some, none, most, at least."""
    lang = rng.choice(("en", "en", "es"))
    table = words()["quantity"][lang]
    subject, act = rng.choice(table["subjects"]), rng.choice(table["acts"])
    if isinstance(act, list):
        act = rng.choice(act)
    values = {"n": draw("count 7 60", rng), "t": draw("town", rng)}
    said = rng.choice(list(table["say"]))
    labels = words()["quantity"]["labels"][said]
    claimed = rng.choice(list(labels))
    event = Event({}, values)

    def put(frame: str) -> str:
        return fill(expand(frame.replace("{s}", subject).replace("{act}", act), lang, rng), event, lang, rng).text

    evidence, claim = put(rng.choice(table["say"][said])), put(rng.choice(table["say"][claimed]))
    if evidence == claim:
        raise CannotSayError
    return check(claim, evidence, int(labels[claimed]), lang, f"quantity-{said}-{claimed}")


def check_table(rng: Rng) -> Row:
    """A row of a table said as a sentence."""
    table, lang = rng.choice(words()["table"]), rng.choice(("en", "en", "es"))
    row_, pieces = table_row(table, lang, rng)
    asked = rng.choice([c for c in pieces if c != "key"])
    names = {"col": Value("town", (column_name(table, lang, asked),))}
    values = {"key": pieces["key"], "cell": pieces[asked], **names}
    way = rng.choice(("said", "said", "cell", "row", "cross"))
    if way == "cell":
        values["cell"] = other(pieces[asked], table["cells"][int(asked[1:])], rng)
    if way == "row":
        values["key"] = other(pieces["key"], table["key"], rng)
    if way == "cross":
        cross = [c for c in pieces if c not in ("key", asked) and pieces[c].kind == pieces[asked].kind]
        if not cross:
            raise CannotSayError
        values["cell"] = pieces[cross[0]]
    claim = fill(expand(rng.choice(table[lang]["claim"]), lang, rng), Event({}, values), lang, rng).text
    label = {"said": 2, "cell": 0, "row": 1, "cross": 0}[way]
    return check(claim, row_.text, label, lang, f"table-{way}")


# -- whether it asks ------------------------------------------------------------------------------------------------


def ask_row(rng: Rng) -> Row:
    """A text that asks for something, or does not."""
    table = words()["ask"]
    if rng.random() < 0.5:
        text = rng.choice(table["no"]) if rng.random() < 0.85 else mash(rng)
        if rng.random() < 0.25:
            text = rng.choice(
                (text.upper(), text.lower(), text + "!", text + "!!", text + " " + rng.choice(table["emoji"]))
            )
        return {"task": "ask", "q": text, "asks": 0}
    if rng.random() < 0.6:
        return {"task": "ask", "q": rng.choice(table["yes"]), "asks": 1}
    event, lang = any_event(rng), rng.choice(("en", "es"))
    template, _ = ask(event, rng.choice(askable(event, lang)), lang, rng, None)
    return {"task": "ask", "q": as_typed(fill(template, event, lang, rng).text, lang, rng, 0.6), "asks": 1}


def mash(rng: Rng) -> str:
    keys = rng.choice(
        ("asdfghjkl", "qwertyuiop", "zxcvbnm", "jkl;'", "1234567890", "фывапролд", "aaaa", "?!.,", "hjkgfd")
    )
    return " ".join("".join(rng.choices(keys, k=rng.randint(2, 9))) for _ in range(rng.choice((1, 1, 2, 3))))


# -- all together ---------------------------------------------------------------------------------------------------

MAKERS: list[tuple[Callable[[Rng], Row], int]] = [
    (read_fact, 410), (read_decided, 60), (read_hedged, 65), (read_headline, 40), (read_table, 45), (read_credit, 40),
    (check_fact, 190), (check_turned, 55), (check_speaker, 35), (check_quantity, 20), (check_table, 20), (ask_row, 38),
]  # fmt: skip


def sound(made: Row) -> bool:
    """Whether the spans of a read row stand in the string, each in a sentence that bears the answer."""
    if made["task"] != "read":
        return True
    text = made["head"] + "\n" + made["c"] if made["head"] else made["c"]
    inside = all(
        text[s:e].strip() == text[s:e] != "" and any(b <= s and e <= f for b, f in made["bears"])
        for s, e in made["spans"]
    )
    return inside and bool(made["spans"]) == bool(made["y"]) == bool(made["bears"]) and "{" not in text + made["q"]


def rows(wanted: int, seed: int) -> Iterator[Row]:
    """That many rows, none twice."""
    rng = random.Random(seed)
    makers, weights = zip(*MAKERS, strict=True)
    seen: set[str] = set()
    while len(seen) < wanted:
        maker = rng.choices(makers, weights)[0]
        for _ in range(40):
            try:
                made = maker(rng)
            except CannotSayError:
                continue
            text = json.dumps(made, ensure_ascii=False)
            if text not in seen:
                assert sound(made), text
                seen.add(text)
                yield made
            break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    half = given.out.with_suffix(".part")
    with half.open("w", encoding="utf-8") as file:
        for made in rows(given.rows, given.seed):
            label = made.get("y", made.get("label", made.get("asks")))
            counts[f"{made['task']} {made.get('kind', '')} {label}"] += 1
            file.write(json.dumps(made, ensure_ascii=False) + "\n")
    half.replace(given.out)
    for name, number in sorted(counts.items()):
        print(f"{number:6} {name}")


if __name__ == "__main__":
    main()
