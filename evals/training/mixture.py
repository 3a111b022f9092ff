"""Makes the rows that the reader and the check are trained on.

    python -m evals.training.mixture OUT.jsonl --train TRAIN_DIR --data DATA_DIR [--extra newsroom.jsonl] [--seed 1]

TRAIN_DIR holds `squadshifts.jsonl.gz` and `claims.jsonl.gz`, DATA_DIR `xquad_dev`, `squad_es_dev`, `nq_open_oracle` and
`multihop_rag_500` (docs/MODEL.md names sources and licences). A row is one JSON object:

    read   q, head, c, y, spans, bears   does the paragraph (with its head) answer, where, by which sentences
    check  claim, evidence, label        0 contradicted, 1 not said, 2 said
    ask    q, asks                       does the text ask for anything

Spans are half open, in characters of what the model sees: the head, a line break and the paragraph. What answers
nothing is made from what does: another paragraph, the sentence of the answer cut out, or a name, a number, an opposite
or a negation exchanged.

The shares and the numbers of rows are choices, each made before the training that saw it; none was measured by itself.
What a mixture as a whole is worth, `python -m evals.training.held` prints.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.training import declared as making
from evals.training.typing import as_typed
from qa.language import text as texts
from qa.model.read import bundled
from qa.question.followups import with_answer
from qa.types import LEAD, shorten

NEWS = Path(__file__).resolve().parents[1] / "questions" / "news.jsonl"  # own questions, on the news of MultiHop-RAG
WRITTEN = Path(__file__).parent / "written"  # passages with questions and claims, written for this by hand
Row = dict[str, Any]
Span = tuple[int, int]
_WORDS = tomllib.loads((Path(__file__).parent / "exchanges.toml").read_text(encoding="utf-8"))
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÁÉÍÓÚÑ][\w\-']+(?:\s+(?:of\s+|de\s+|del\s+)?[A-ZÁÉÍÓÚÑ][\w\-']+)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_LONGEST = 560  # characters of a paragraph: about 140 tokens; shorter rows are read sooner
# The shares in this file are choices: to try another is to train anew (`docs/MODEL.md` has what that takes).
_NEGATED = 0.4  # of the exchanges that may deny: most questions have an auxiliary, few people err there
# Rows of a source that one run of about two hours on two cores can see; what the warm start has seen is taken less of.
_TAKEN = {
    "read": {"new_wiki": 4000, "squad_es": 4000, "xquad": 3000, "nq": 1600, "newsroom": 4500, "reddit": 700,
             "amazon_reviews": 400},
    "check": {"planted": 5000, "declared": 8000, "newsroom": 3500, "conj_nli": 2500, "med": 800},
}  # fmt: skip
HELD_OUT = 6  # every sixth claim, article of Wikipedia and news article measures instead of teaching


def names(text: str) -> set[str]:
    return {name for name in _NAME.findall(text) if len(name) > 2}


def numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(text))


# ---------------------------------------------------------------- exchanges


def opposed(text: str, lang: str, rng: random.Random) -> str | None:
    """The text with one word exchanged for its opposite, or None where it has none."""
    found = []
    for pair in _WORDS["opposites"][lang]:
        for one, other in (pair.split(), pair.split()[::-1]):
            if re.search(rf"\b{one}\b", text):
                found.append(re.sub(rf"\b{one}\b", other, text, count=1))
    return rng.choice(found) if found else None


def negated(text: str, lang: str) -> str | None:
    """The text with its first auxiliary denied, or affirmed where it was denied; None where it has none."""
    words = "|".join(_WORDS["auxiliaries"][lang])
    if lang == "en":
        if re.search(r"n't\b|\bnot\b", text):
            return re.sub(r"n't\b|\s*\bnot\b", "", text, count=1)
        found = re.search(rf"\b({words})\b", text)
        return text[: found.end()] + " not" + text[found.end() :] if found else None
    if re.search(r"\bno\b", text):
        return re.sub(r"\bno\s+", "", text, count=1)
    found = re.search(rf"\b({words})\b", text)
    return text[: found.start()] + "no " + text[found.start() :] if found else None


def renamed(text: str, near: str, far: str, rng: random.Random) -> str | None:
    """The text with one of its names exchanged for another of the paragraph, or of its neighbour."""
    made = []
    for name in sorted(names(text)):
        pool = sorted(x for x in names(near if rng.random() < 0.7 else far) if x not in text and x not in name)
        pool = [x for x in pool if name not in x]
        if pool:
            made.append(text.replace(name, rng.choice(pool)))
    return rng.choice(made) if made else None


def swapped(text: str, rng: random.Random) -> str | None:
    """The text with two of its names in each other's places: who did what to whom."""
    own = sorted(names(text))
    pairs = [(a, b) for a in own for b in own if a < b and a not in b and b not in a]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


def renumbered(text: str, near: str, rng: random.Random) -> str | None:
    """The text with one number exchanged for another of the paragraph, or one a little off."""
    own = sorted(numbers(text))
    if not own:
        return None
    number = rng.choice(own)
    pool = sorted(x for x in numbers(near) if x != number and x not in text)
    digits = [i for i, char in enumerate(number) if char.isdigit()]
    at = rng.choice(digits)
    off = number[:at] + str((int(number[at]) + rng.randint(1, 8)) % 9 + (at == 0)) + number[at + 1 :]
    other = rng.choice(pool) if pool and rng.random() < 0.5 else off
    return re.sub(rf"(?<![\d.,]){re.escape(number)}(?![\d])", other, text, count=1) if other != number else None


def exchanged(text: str, near: str, far: str, lang: str, rng: random.Random) -> tuple[str, str] | None:
    """(kind, text) of one exchange drawn from those that the text allows; kinds are weighted as people err."""
    made: list[tuple[str, str]] = []
    for kind, weight, other in (
        ("name", 4, renamed(text, near, far, rng)),
        ("number", 4, renumbered(text, near, rng)),
        ("role", 2, swapped(text, rng)),
        ("opposite", 2, opposed(text, lang, rng)),
        ("negation", 1, negated(text, lang) if rng.random() < _NEGATED else None),
    ):
        if other and other != text:
            made += [(kind, other)] * weight
    return rng.choice(made) if made else None


# ---------------------------------------------------------------- reading


def window(paragraph: str, lang: str, keep: Span, rng: random.Random) -> tuple[str, int]:
    """The part of a long paragraph around the span, in whole sentences, and where it starts."""
    if len(paragraph) <= _LONGEST:
        return paragraph, 0
    spans = texts.sentences(paragraph, lang)
    low = high = max(0, next((i for i, (s, e) in enumerate(spans) if s <= keep[0] < e), 0))
    while True:
        room = [d for d in (-1, 1) if 0 <= (low + d if d < 0 else high + d) < len(spans)]
        room = [d for d in room if spans[max(high, high + d)][1] - spans[min(low, low + d)][0] <= _LONGEST]
        if not room:
            break
        low, high = (low - 1, high) if rng.choice(room) < 0 else (low, high + 1)
    return paragraph[spans[low][0] : spans[high][1]], spans[low][0]


def headed(title: str | None, date: str | None, rng: random.Random, lead: str = "") -> str:
    """What stands before the paragraph, as `qa.types.Evidence.heading` has it: title (or the lead's beginning) and
    date, each sometimes left out, as articles have them."""
    if date is None and rng.random() < 0.5:
        date = f"{rng.randint(1998, 2026)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    topic = title if rng.random() < 0.7 else shorten(lead, LEAD) if rng.random() < 0.8 else None
    return " | ".join(p for p in (topic, date if rng.random() < 0.8 else None) if p)


def read_row(
    q: str,
    head: str,
    c: str,
    answers: Iterable[Span],
    *,
    lang: str,
    src: str,
    kind: str,
    paragraph_lang: str | None = None,
) -> Row:
    """A row of the task "read"; answers are spans in `c`, none where it does not answer."""
    at = len(head) + 1 if head else 0
    spans = sorted(set(answers))
    sentences = texts.sentences(c, paragraph_lang or lang)
    bears = [(s, e) for s, e in sentences if any(a < e and b > s for a, b in spans)]
    return {
        "task": "read", "q": q, "head": head, "c": c, "y": int(bool(spans)), "lang": lang, "src": src, "kind": kind,
        "spans": [(a + at, b + at) for a, b in spans], "bears": [(a + at, b + at) for a, b in bears],
    }  # fmt: skip


def held_out(group: str) -> bool:
    """Whether what belongs to the group (an article, a claim's evidence) is kept for measuring."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % HELD_OUT == 0


class Case:
    """A question with its answer's place: `paras[at][start:end]` answers `q`."""

    def __init__(self, q: str, paras: list[str], at: int, span: Span, *, lang: str, plang: str, src: str) -> None:
        self.q, self.paras, self.at, self.span = q, paras, at, span
        self.lang, self.plang, self.src = lang, plang, src
        self.title: str | None = None
        self.date: str | None = None
        self.group = ""
        self.lead = ""  # the first paragraph, where the paragraphs are one article's and another answers

    @property
    def answer(self) -> str:
        return self.paras[self.at][slice(*self.span)]


def _overlap(q: str, paragraph: str) -> int:
    return len(set(re.findall(r"\w{4,}", q.lower())) & set(re.findall(r"\w{4,}", paragraph.lower())))


def _elsewhere(case: Case, rng: random.Random) -> tuple[str, str, str] | None:
    """(kind, question, paragraph) of the question over words that people wrote and that do not answer it, or None."""
    paragraph = case.paras[case.at]
    answer = paragraph[slice(*case.span)].lower()
    kept = [paragraph[s:e] for s, e in texts.sentences(paragraph, case.plang) if answer not in paragraph[s:e].lower()]
    if len(kept) >= 2 and rng.random() < 0.4:
        cut = " ".join(kept)
        return "cut", case.q, window(cut, case.plang, (len(cut) // 2, 0), rng)[0]
    others = [p for i, p in enumerate(case.paras) if i != case.at and answer not in p.lower()]
    others.sort(key=lambda p: -_overlap(case.q, p))
    if not others:
        return None
    other = rng.choice(others[:3])
    return "other", case.q, window(other, case.plang, (len(other) // 2, 0), rng)[0]


def _otherwise(case: Case, rng: random.Random) -> tuple[str, str, str] | None:
    """(kind, question, paragraph) of the question with one thing exchanged over the paragraph that answered it."""
    shown = window(case.paras[case.at], case.plang, case.span, rng)[0]
    far = case.paras[(case.at + 1) % len(case.paras)]
    made = exchanged(case.q, shown, far, case.lang, rng)
    return (made[0], made[1], shown) if made else None


def reading(case: Case, rng: random.Random) -> Iterator[Row]:
    """The case answered, unanswered by other words, and half of the time with one thing of the question exchanged."""
    paragraph = case.paras[case.at]
    shown, start = window(paragraph, case.plang, case.span, rng)
    span = (case.span[0] - start, case.span[1] - start)
    if span[0] < 0 or span[1] > len(shown):
        return
    labels = {"lang": case.lang, "src": case.src, "paragraph_lang": case.plang}
    head = headed(case.title, case.date, rng, case.lead)
    yield read_row(as_typed(case.q, case.lang, rng), head, shown, [span], kind="answered", **labels)
    for made in (_elsewhere(case, rng), _otherwise(case, rng) if rng.random() < 0.5 else None):
        if made:
            kind, q, other = made
            head = headed(case.title, case.date, rng, "" if case.answer in case.lead else case.lead)
            yield read_row(as_typed(q, case.lang, rng), head, other, [], kind=kind, **labels)


def unnamed(case: Case, others: Sequence[Case], rng: random.Random) -> Iterator[Row]:
    """The case with what answers gone and its kind in its place ("the minister"), and with what answers another
    question of the paragraph gone instead."""
    paragraph = case.paras[case.at]
    shown = window(paragraph, case.plang, case.span, rng)[0]
    labels = {"lang": case.lang, "src": case.src, "paragraph_lang": case.plang}
    head = headed(case.title, case.date, rng, "" if case.answer in case.lead else case.lead)
    bare = making.unnamed(case.q, case.answer, shown, case.plang, rng)
    if bare and case.answer not in head:
        yield read_row(as_typed(case.q, case.lang, rng), head, bare, [], kind="unnamed", **labels)
    for other in others:
        kept = making.unnamed(other.q, other.answer, shown, case.plang, rng)
        if kept and kept.count(case.answer) == 1 and case.answer not in other.answer:
            at = kept.index(case.answer)
            span = (at, at + len(case.answer))
            yield read_row(as_typed(case.q, case.lang, rng), head, kept, [span], kind="other unnamed", **labels)
            return


_FALSE = 0.45  # of the declared claims are given another answer of the paragraph
_CUT = 0.2  # … and stand before the paragraph without the sentence that answers


def declaring(case: Case, others: Sequence[Case], rng: random.Random) -> Iterator[Row]:
    """The question with its answer as the sentence that a model would write, true, with another answer, or cut off."""
    paragraph = case.paras[case.at]
    shown = window(paragraph, case.plang, case.span, rng)[0]
    draw = rng.random()
    kind = making.kind_of(case.answer)
    pool = [c.answer for c in others] + sorted(names(shown) if kind == "name" else numbers(shown))
    pool = [a for a in pool if making.kind_of(a) == kind and a not in case.answer and case.answer not in a]
    answer, label, told = case.answer, 2, "declared"
    if draw < _FALSE and pool and kind != "words":
        answer, label, told = rng.choice([a for a in pool if a not in case.q] or pool), 0, "declared false"
    elif draw > 1 - _CUT:
        kept = [shown[s:e] for s, e in texts.sentences(shown, case.plang) if answer not in shown[s:e]]
        if len(kept) < 2:
            return
        shown, label, told = " ".join(kept), 1, "declared cut"
    claim = making.declared(case.q, answer, making.placed(answer, paragraph, case.plang), case.lang)
    if claim:
        head = headed(case.title, case.date, rng, case.lead)
        evidence = f"{head}\n{shown}" if head else shown
        yield {"task": "check", "claim": claim, "evidence": evidence, "label": label, "lang": case.lang,
               "src": "declared", "kind": told}  # fmt: skip


def neighbours(cases: Sequence[Case], rng: random.Random) -> Iterator[Row]:
    """Of each case what `declaring` and, of one in three, `unnamed` make beside others of its paragraph."""
    by_paragraph: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_paragraph[case.paras[case.at]].append(case)
    for own in by_paragraph.values():
        for case in own:
            others = [c for c in own if c is not case and c.plang == case.plang and c.lang == case.lang]
            yield from declaring(case, others, rng)
            if rng.random() < 1 / 3:
                yield from unnamed(case, rng.sample(others, len(others)), rng)


def rows_of(path: Path) -> list[dict[str, Any]]:
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def shifts(path: Path, rng: random.Random, caps: dict[str, int]) -> Iterator[Case]:
    """Questions of SQuADShifts, at most `caps[domain]` of each domain."""
    by_title: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    pool: dict[str, list[str]] = defaultdict(list)
    for row in rows_of(path):
        by_title[row["domain"], row["title"]].append(row)
        pool[row["domain"]].append(row["paragraph"])
    made: dict[str, list[Case]] = defaultdict(list)
    for (domain, title), own in by_title.items():
        for i, row in enumerate(own):
            for q in row["questions"]:
                best = Counter((a["text"], a["start"]) for a in q["answers"]).most_common(1)[0][0]
                wiki = domain == "new_wiki"
                paras = [r["paragraph"] for r in own] if wiki else [*rng.sample(pool[domain], 6), row["paragraph"]]
                span = (best[1], best[1] + len(best[0]))
                case = Case(q["question"], paras, i if wiki else 6, span, lang="en", plang="en", src=domain)
                case.title = title.replace("_", " ") if wiki else None
                case.group = title if wiki else ""
                case.lead = paras[0] if wiki and i else ""
                made[domain].append(case)
    for domain, cases in made.items():
        rng.shuffle(cases)
        yield from cases[: caps.get(domain, 0)]


def plain(folder: Path, docs: str, qa: str, rng: random.Random, src: str) -> Iterator[Case | Row]:
    """Questions in the plain layout; those written to tempt with a paragraph become rows at once."""
    articles = {d["doc_id"]: d for d in rows_of(folder / docs)}
    every = [p for d in articles.values() for p in d["paras"]]
    for q in rows_of(folder / qa):
        near = q["meta"].get("near")
        if q["answerable"]:
            gold = q["gold"][0]
            article = articles[gold["doc_id"]]
            paras, at = article["paras"], gold["para"]
            lead = paras[0] if at else ""
            start, answer = next(
                ((paras[at].find(a), a) for a in sorted(q["answers"], key=len) if a in paras[at]), (-1, "")
            )
            if start < 0:
                continue
            if len(paras) == 1:
                paras, at = [*paras, *rng.sample(every, 8)], 0
            span = (start, start + len(answer))
            case = Case(q["question"], paras, at, span, lang=q["lang"], plang=article["lang"], src=src)
            case.title, case.date, case.group = article.get("title"), article.get("date"), article["doc_id"]
            case.lead = lead
            yield case
        elif near and not (src == "news" and held_out(near["doc_id"])):
            article = articles[near["doc_id"]]
            paragraph = article["paras"][near["para"]]
            shown = window(paragraph, article["lang"], (rng.randrange(len(paragraph)), 0), rng)[0]
            lead = article["paras"][0] if near["para"] else ""
            head = headed(article.get("title"), article.get("date"), rng, lead)
            yield read_row(
                as_typed(q["question"], q["lang"], rng), head, shown, [], lang=q["lang"], src=src, kind="adversarial",
                paragraph_lang=article["lang"],
            )  # fmt: skip


def remembered(question: str, answer: str, rng: random.Random) -> str:
    """What a follow-up leans on: the question before it, mostly with its answer."""
    return with_answer(question, answer) if answer and rng.random() < 0.7 else question


def leaning(cases: list[Case], rng: random.Random, count: int) -> Iterator[Row]:
    """Questions of a chat in the form of `qa.answer.rank.as_read`: the one before stands in brackets, and its answer is
    beside the point.

    The paragraph answers both, and the span is that of the first; or it answers the one in brackets alone.
    """
    by_paragraph: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_paragraph[case.paras[case.at]].append(case)
    together = [own for own in by_paragraph.values() if len({case.span for case in own}) > 1]
    for _ in range(count):
        own = rng.choice(together)
        before = rng.choice(own)
        shown, start = window(before.paras[before.at], before.plang, before.span, rng)
        labels = {"lang": before.lang, "src": before.src, "paragraph_lang": before.plang}
        head = headed(before.title, before.date, rng, before.lead)
        others = [
            c for c in own if c.lang == before.lang and (c.span[1] <= before.span[0] or before.span[1] <= c.span[0])
        ]
        inside = [c for c in others if start <= c.span[0] and c.span[1] <= start + len(shown)]
        if inside and rng.random() < 0.6:
            case = rng.choice(inside)
            span = (case.span[0] - start, case.span[1] - start)
            q = f"{as_typed(case.q, case.lang, rng)} ({remembered(before.q, before.answer, rng)})"
            yield read_row(q, head, shown, [span], kind="leaning", **labels)
        else:
            case = rng.choice(cases)
            if case.lang == before.lang and case.paras[case.at][slice(*case.span)].lower() not in shown.lower():
                q = f"{as_typed(case.q, case.lang, rng)} ({remembered(before.q, before.answer, rng)})"
                yield read_row(q, head, shown, [], kind="leaning other", **labels)


def published(cases: list[Case], rng: random.Random, count: int) -> Iterator[Row]:
    """Questions for the day of publication, which stands before the paragraph, or does not."""
    for case in rng.sample(cases, count):
        date = f"{rng.randint(1998, 2026)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        topic = case.title or "this"
        q = rng.choice(_WORDS["published"][case.lang]).format(topic=topic)
        shown = window(case.paras[case.at], case.plang, case.span, rng)[0]
        dated = rng.random() < 0.6
        head = " | ".join(p for p in (case.title, date if dated else None) if p)
        row = read_row(as_typed(q, case.lang, rng), head, shown, [], lang=case.lang, src="made", kind="published")
        if dated:
            at = head.index(date)
            row |= {"y": 1, "spans": [(at, at + len(date))], "bears": [(at, at + len(date))]}
        yield row


# ---------------------------------------------------------------- written by hand


def found_in(head: str, text: str, answer: str) -> Span:
    """The answer's span in what the model sees: head, line break and text. Raises `ValueError` without one."""
    at = len(head) + 1 if head else 0
    place = text.find(answer)
    place = place + at if place >= 0 else head.index(answer)
    return place, place + len(answer)


def languages(one: Row) -> tuple[str, str]:
    """Of the passage, and of what is asked and claimed of it."""
    asked = texts.detect_language(" ".join([q for q, _ in one["ask"]] + one["said"]))
    return texts.detect_language(one["text"]), asked


def answered(question: str, one: Row) -> str:
    """The words of the passage that answer the question before a follow-up, as the reader in the package has them."""
    known = dict(one["ask"])
    if question in known:
        return str(known[question])
    return bundled().words(question, one["text"])


_PARTED = 0.35  # of the passages have their first sentences as a lead before the rest


def parted(one: Row, rng: random.Random) -> Row:
    """The passage as the later paragraph of an article without a title, its first sentence or two before it; as it is
    where it has a lead already, is too short, or answers in its title."""
    sentences = texts.sentences(one["text"], languages(one)[0])
    start = sentences[min(rng.randint(1, 2), len(sentences) - 1)][0]
    titled = any(a not in one["text"] for a in [*(a for _, a in one["ask"]), *(a for _, _, a in one["follow"])])
    if titled or one.get("lead") or start < 60 or len(one["text"]) - start < 160:
        return one
    return one | {"title": "", "lead": one["text"][:start].strip(), "text": one["text"][start:]}


def topped(one: Row, rng: random.Random, least: float) -> str:
    """What stands before a passage, with a chance of ``least`` at least: its title or lead, and its day."""
    topic = one["title"] or shorten(one.get("lead", ""), LEAD)
    return " | ".join(p for p in (topic, one["date"]) if p and rng.random() < least)


def written_reading(one: Row, rng: random.Random) -> Iterator[Row]:
    """The questions of a passage of `written/`: answered, nearly answered, leaning on the one before. What only the
    lead answers, the passage does not: another paragraph does."""
    langs = languages(one)
    before_it = {before: answered(before, one) for before, _, _ in one["follow"]}
    one = parted(one, rng) if rng.random() < _PARTED else one
    labels = {"lang": langs[1], "src": "written", "paragraph_lang": langs[0]}
    asked = [(q, answer, "answered") for q, answer in one["ask"]] + [(q, "", "near") for q in one["miss"]]
    for before, q, answer in one["follow"]:
        asked.append((f"{q} ({remembered(before, before_it[before], rng)})", answer, "follow"))
    for q, answer, kind in asked:
        above = bool(answer) and answer not in one["text"] and answer in one.get("lead", "")
        head = topped(one, rng, 1.0 if answer and not one.get("lead") else 0.8)
        row = read_row(q, head, one["text"], [], kind="lead" if above else kind, **labels)
        if answer and not above:
            row |= _bearing(row, answer, langs[0])
        yield row


def _bearing(row: Row, answer: str, lang: str) -> Row:
    """That the row's text answers: the answer's span, and the sentences that bear it."""
    start, end = found_in(row["head"], row["c"], answer)
    at = len(row["head"]) + 1 if row["head"] else 0
    bears = [(s + at, e + at) for s, e in texts.sentences(row["c"], lang) if start < e + at and end > s + at]
    return {"y": 1, "spans": [(start, end)], "bears": bears or [(start, end)]}


_LOOKED = 0.35  # of the questions stand as claims too


def looked(row: Row, one: Row, rng: random.Random, declare: bool) -> Row:
    """A question and words of the passage as one claim: said where they answer it, not said where they are what the
    reader in the package would take instead, or what answers another question."""
    shown = f"{row['head']}\n{row['c']}" if row["head"] else row["c"]
    base = {"task": "check", "evidence": shown, "lang": row["lang"], "src": "looked", "kind": row["kind"]}
    others = [answer for question, answer in one["ask"] if question != row["q"]]
    if row["y"] and (rng.random() < 0.75 or not others):
        return base | {"claim": _joined(row, shown[slice(*row["spans"][0])], rng, declare), "label": 2}
    taken = rng.choice(others) if row["y"] else bundled().words(row["q"], row["c"])
    return base | {"claim": _joined(row, taken, rng, declare), "label": 1}


def _joined(row: Row, answer: str, rng: random.Random, declare: bool) -> str:
    """The question with the answer: as one sentence with ``declare``, half of the time, where it can."""
    if declare and row["lang"] in ("en", "es") and row["kind"] != "follow" and rng.random() < 0.5:
        made = making.declared(row["q"], answer, making.placed(answer, row["c"], row["lang"]), row["lang"])
        if made:
            return made
    return with_answer(row["q"], answer)


def written(path: Path, rng: random.Random, *, declare: bool = False) -> Iterator[Row]:
    """Every question and claim of a file of passages (evals/training/written/README.md has the layout)."""
    for one in rows_of(path):
        for row in written_reading(one, rng):
            yield row
            if rng.random() < _LOOKED:
                yield looked(row, one, rng, declare)
        head = topped(one, rng, 0.85 if one.get("lead") else 0.5)
        evidence = f"{head}\n{one['text']}" if head else one["text"]
        labels = {"task": "check", "evidence": evidence, "lang": languages(one)[1], "src": "written"}
        for label, kind in enumerate(("contradicted", "unsaid", "said")):
            for claim in one[kind]:
                yield labels | {"claim": claim, "label": label, "kind": kind}


def elsewhere(rows: Sequence[Row], rng: random.Random, count: int) -> Iterator[Row]:
    """True claims of written passages before other passages of their language, which do not say them: mostly the one
    that shares most words of some. Without them a third of such claims passed (`evals.training.held`)."""
    said = [row for row in rows if row["task"] == "check" and row["src"] == "written" and row["label"] == 2]
    passages: dict[str, list[str]] = defaultdict(list)
    for row in said:
        if row["evidence"] not in passages[row["lang"]][-1:]:
            passages[row["lang"]].append(row["evidence"])
    for row in rng.sample(said, min(count, len(said))):
        others = [text for text in rng.choices(passages[row["lang"]], k=12) if text != row["evidence"]]
        if others:
            near = max(others, key=lambda text: _overlap(row["claim"], text))
            yield row | {"evidence": near if rng.random() < 0.6 else others[0], "label": 1, "kind": "elsewhere"}


# ---------------------------------------------------------------- checking

_LABELS = {"REFUTES": 0, "CONTRADICTION": 0, "NEUTRAL": 1, "SUPPORTS": 2, "ENTAILMENT": 2}


def _taught(evidence: str) -> bool:
    return not held_out(evidence)


def claims(
    path: Path, rng: random.Random, caps: Mapping[str, int], kept: Callable[[str], bool] = _taught
) -> Iterator[Row]:
    """Claims with a person's or a rule's verdict whose evidence is `kept`, at most `caps[source]` of each source."""
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows_of(path):
        evidence = " ".join(row["evidence"]).replace("-LRB-", "(").replace("-RRB-", ")")
        evidence = re.sub(r" ([,.;:)!?])", r"\1", evidence).replace("( ", "(")
        claim = re.sub(r" ([,.;:)!?])", r"\1", row["claim"])
        if not kept(evidence):
            continue
        made = {"task": "check", "claim": claim, "evidence": evidence, "label": _LABELS[row["label"]]}
        by_source[row["source"]].append(made | {"lang": "en", "src": row["source"], "kind": row["source"]})
    for source, made_rows in by_source.items():
        rng.shuffle(made_rows)
        yield from made_rows[: caps[source]]


def _shortened(sentence: str, rng: random.Random) -> str | None:
    """The sentence without a part between commas, in brackets or after its last comma."""
    parts = [m.span() for m in re.finditer(r",[^,;]{8,80},|\s\([^)]*\)", sentence)]
    if not parts:
        return None
    start, end = rng.choice(parts)
    return (sentence[:start] + " " + sentence[end:].lstrip()).replace("  ", " ")


def _extended(sentence: str, other: str) -> str:
    tail = re.split(r"[,;]\s", other.rstrip(" .!?"), maxsplit=1)[-1]
    tail = " ".join(tail.split()[-9:])
    return sentence.rstrip(" .!?") + (", " if len(tail) % 2 else " and ") + tail + "."


def planted(paras: list[str], lang: str, rng: random.Random, count: int, src: str) -> Iterator[Row]:
    """Claims made from the sentences of the paragraphs: true in other form, or with one thing exchanged."""
    labels = {"task": "check", "lang": lang, "src": src}
    for _ in range(count):
        at = rng.randrange(len(paras))
        paragraph = window(paras[at], lang, (rng.randrange(len(paras[at])), 0), rng)[0]
        spans = [(s, e) for s, e in texts.sentences(paragraph, lang) if e - s > 40]
        if not spans:
            continue
        start, end = rng.choice(spans)
        sentence = paragraph[start:end]
        far = paras[rng.randrange(len(paras))]
        draw = rng.random()
        near = sentence if rng.random() < 0.5 else paragraph
        if draw < 0.38:
            said = _shortened(sentence, rng) if rng.random() < 0.5 else None
            claim = rng.choice(_WORDS["reported"][lang]).format(s=said or sentence)
            yield labels | {"claim": claim, "evidence": near, "label": 2, "kind": "true"}
        elif draw < 0.76:
            made = exchanged(sentence, paragraph, far, lang, rng)
            if made:
                yield labels | {"claim": made[1], "evidence": near, "label": 0, "kind": made[0]}
        elif draw < 0.9:
            others = texts.sentences(far, lang)
            if others and far != paras[at]:
                s, e = rng.choice(others)
                yield labels | {"claim": _extended(sentence, far[s:e]), "evidence": near, "label": 1, "kind": "tail"}
        elif len(spans) > 1:
            rest = paragraph[:start] + paragraph[end:]
            yield labels | {"claim": sentence, "evidence": rest, "label": 1, "kind": "cut"}


def across(folder: Path, rng: random.Random) -> Iterator[Row]:
    """Claims in one language over the same sentence in the other, true or with one thing exchanged."""
    pairs = zip(rows_of(folder / "docs_en.jsonl"), rows_of(folder / "docs_es.jsonl"), strict=True)
    for english, spanish in pairs:
        for one, other in zip(english["paras"], spanish["paras"], strict=True):
            a, b = texts.sentences(one, "en"), texts.sentences(other, "es")
            if len(a) != len(b):
                continue
            for (s, e), (u, v) in zip(a, b, strict=True):
                first, second = ("en", one[s:e]), ("es", other[u:v])
                for (lang, claim), (_, evidence) in ((first, second), (second, first)):
                    base = {"task": "check", "evidence": evidence, "lang": lang, "src": "xquad", "kind": "across"}
                    yield base | {"claim": claim, "label": 2}
                    made = exchanged(claim, one if lang == "en" else other, claim, lang, rng)
                    if made:
                        yield base | {"claim": made[1], "label": 0, "kind": f"across {made[0]}"}


_DECIDED = {"decide-say": 2, "decide-neg": 0, "decide-away": 1, "decide-key": 1}  # of newsroom's yes-or-no questions
_ASKED = 0.15  # of the claims are asked instead


def asked(claim: str, lang: str) -> str | None:
    """The claim as a question that yes or no answers: its first auxiliary in front; None where it has none."""
    bare = claim.strip().rstrip(".")
    if lang == "es":
        return f"¿{bare}?"
    found = re.search(rf"\s({'|'.join(_WORDS['auxiliaries'].get(lang, ['(?!)']))})\s", bare)
    if not found:
        return None
    first = bare.split()[0]
    start = first.lower() if first.lower() in _WORDS["small"][lang] else first
    return f"{found[1].capitalize()} {start}{bare[len(first) : found.start()]} {bare[found.end() :]}?"


def questioned(rows: Iterable[Row], rng: random.Random) -> Iterator[Row]:
    """The rows; some claims as questions, and yes-or-no questions over what decides them as claims too."""
    for row in rows:
        if row["task"] == "check" and rng.random() < _ASKED and (made := asked(row["claim"], row["lang"])):
            yield row | {"claim": as_typed(made, row["lang"], rng), "kind": f"asked {row['kind']}"}
            continue
        yield row
        if row["task"] == "read" and row["kind"] in _DECIDED:
            base = {"task": "check", "claim": row["q"], "evidence": row["c"], "label": _DECIDED[row["kind"]]}
            yield base | {"lang": row["lang"], "src": "newsroom asked", "kind": row["kind"]}


# ---------------------------------------------------------------- all of it


def mixture(train: Path, data: Path, extra: list[Path], seed: int) -> Iterator[Row]:
    rng = random.Random(seed)
    cases: list[Case] = []
    whole: list[Case | Row] = [
        *shifts(train / "squadshifts.jsonl.gz", rng, {"new_wiki": 8000, "amazon_reviews": 1500, "reddit": 2500}),
        *plain(data / "nq_open_oracle", "docs.jsonl", "qa.jsonl", rng, "nq"),
        *plain(data / "squad_es_dev", "docs.jsonl", "qa.jsonl", rng, "squad_es"),
        *plain(data / "multihop_rag_500", "docs.jsonl", str(NEWS), rng, "news"),
    ]
    for questions, docs in (("en", "en"), ("es", "es"), ("es_over_en", "en"), ("en_over_es", "es")):
        whole += plain(data / "xquad_dev", f"docs_{docs}.jsonl", f"qa_{questions}.jsonl", rng, "xquad")
    for one in whole:
        if not isinstance(one, Case):
            yield one
        elif not (one.src in ("new_wiki", "news") and held_out(one.group)):
            cases.append(one)
            yield from reading(one, rng)
    yield from neighbours(cases, rng)
    yield from published(cases, rng, 400)
    yield from leaning(cases, rng, 1500)
    caps = {"conj_nli": 5000, "med": 1600, "fool_me_twice": 9000, "fever_symmetric": 9000}
    yield from claims(train / "claims.jsonl.gz", rng, caps)
    wiki = sorted({case.paras[case.at] for case in cases if case.src in ("new_wiki", "xquad") and case.plang == "en"})
    yield from planted(wiki, "en", rng, 6000, "planted")
    spanish = sorted({case.paras[case.at] for case in cases if case.plang == "es"})
    yield from planted(spanish, "es", rng, 5000, "planted")
    yield from across(data / "xquad_dev", rng)
    for path in extra:
        yield from rows_of(path)
    by_hand = [
        row
        for path in sorted(WRITTEN.glob("*.jsonl"))
        if not path.name.startswith("held_out")
        for row in written(path, rng, declare=True)
    ]
    yield from by_hand
    yield from elsewhere(by_hand, rng, 3000)


def taken(rows: list[Row]) -> Iterator[Row]:
    """The first rows of each source, as many as `_TAKEN` allows; sources it does not name are whole."""
    left = {task: dict(caps) for task, caps in _TAKEN.items()}
    for row in rows:
        caps = left.get(row["task"], {})
        if row.get("src") in caps:
            caps[row["src"]] -= 1
            if caps[row["src"]] < 0:
                continue
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--extra", type=Path, nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    rows = list(questioned(mixture(chosen.train, chosen.data, chosen.extra, chosen.seed), rng))
    rng.shuffle(rows)
    rows = list(taken(rows))
    with chosen.out.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    kinds = Counter((row["task"], row.get("src", ""), row.get("kind", "")) for row in rows)
    for kind, count in sorted(kinds.items()):
        print(count, *kind)


if __name__ == "__main__":
    main()
