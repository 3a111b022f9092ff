"""A gold file for a person to finish: drafted from the paragraphs of a folder, or from what readers said of answers.

Every row holds a text that starts with TODO where a person has to read and decide; `evals.lint` refuses it until then.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from qa.errors import UsageError
from qa.language.mention import Mention
from qa.language.mentions import mentions
from qa.language.text import detect_language, fold, sentences, words
from qa.types import Article, Paragraph

from .lint import articles
from .metrics import contains

Row = dict[str, Any]
_Kind = Literal["number", "date", "attribution", "fact"]

_NEAR, _OFF = 0.15, 0.1  # near misses and off-topic questions: a quarter without an answer, as gold/README.md advises
_SENTENCE = 300  # characters of a sentence that a draft shows
_KINDS: dict[str, _Kind] = {"number": "number", "amount": "number", "percent": "number", "date": "date", "name": "fact"}
_SAID = re.compile(
    r"\s+(?:also |further |tambien |ademas )?(?:said|says|told|added|stated|stressed|emphasi[sz]ed|highlighted|noted|"
    r"announced|confirmed|reaffirmed|reiterated|explained|described|warned|urged|argued|claimed|reported|praised|wrote|"
    r"condemned|dijo|afirmo|senalo|indico|anadio|agrego|explico|destaco|subrayo|aseguro|declaro|anuncio|advirtio)\b"
)
_SILENT = {"es": "Los artículos no lo dicen."}
_UNSAID = "The articles do not say."


@dataclass(frozen=True, slots=True)
class _Draft:
    """Words of a paragraph that a question may ask for, and the sentence that they stand in."""

    kind: _Kind
    words: str
    sentence: str
    paragraph: Paragraph
    language: str


def new(folder: Path, out: Path, *, count: int = 20) -> list[Row]:
    """The rows written to ``out``: at most ``count``, the same for the same folder, spread over its articles.

    Raises `FolderError` for a folder without articles, `UsageError` when ``out`` exists or cannot be written.
    """
    _refuse_existing(out)
    read = _spread(list(articles(folder).values()), count)
    missing = [*_near_misses(read, round(_NEAR * count)), *_off_topic(round(_OFF * count))]
    missing += [_unclear()] if count >= 10 else []
    drafts = _chosen(read, count - len(missing))
    rows = _numbered([*map(_row, drafts), *missing])
    _write(rows, out)
    return rows


def from_feedback(feedback: Path, out: Path) -> tuple[list[Row], list[str]]:
    """The rows written to ``out``, one for each line of the chat page's feedback, and a complaint for each other line.

    Raises `UsageError` when ``feedback`` cannot be read or holds no usable line, and when ``out`` exists.
    """
    _refuse_existing(out)
    try:
        lines = feedback.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{feedback} cannot be read ({error}): name the file that the chat page keeps.") from error
    rows: list[Row] = []
    complaints: list[str] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                rows.append(_judged(json.loads(line)))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                complaints.append(f"{feedback}:{number}: no usable feedback ({_first_line(error)}); it was left out.")
    if not rows:
        raise UsageError(f"{feedback} holds no usable line ({len(complaints)} bad ones): judge some answers first.")
    _write(rows, out)
    return rows, complaints


# ── questions that the articles answer ───────────────────────────────────────────────────────────────────────────────


def _spread(found: list[Article], count: int) -> list[Article]:
    """At most so many articles, at even distances."""
    return found if len(found) <= count else [found[i * len(found) // count] for i in range(count)]


def _chosen(read: Sequence[Article], count: int) -> list[_Draft]:
    """Drafts from each article in turn, its richest paragraphs first, a kind that has been rare before the others."""
    waiting = [deque(sorted(_by_paragraph(article), key=lambda drafts: -len(drafts))) for article in read]
    used: Counter[str] = Counter()
    found: list[_Draft] = []
    while len(found) < count and any(waiting):
        for queue in islice((q for q in waiting if q), count - len(found)):
            drafts = queue.popleft()
            draft = min(drafts, key=lambda d: (used[d.words], used[d.kind]))
            used.update((draft.kind, draft.words))
            found.append(draft)
            if rest := [d for d in drafts if d.kind != draft.kind]:
                queue.append(rest)  # again, when all other paragraphs had their turn
    return found


def _by_paragraph(article: Article) -> Iterator[list[_Draft]]:
    """The drafts of each paragraph of prose that has any, one of a kind."""
    for paragraph in article.paragraphs:
        first: dict[str, _Draft] = {}
        for draft in _drafts(paragraph, article) if paragraph.kind != "heading" else ():
            first.setdefault(draft.kind, draft)
        if first:
            yield list(first.values())


def _drafts(paragraph: Paragraph, article: Article) -> Iterator[_Draft]:
    """What may be asked for, the most telling first: figures, long names, what the article says seldom."""
    found = [m for m in mentions(paragraph.text, article.language) if m.kind in _KINDS and _telling(m)]
    for mention in sorted(found, key=lambda m: (not _figure(m), " " not in m.text, article.text.count(m.text))):
        said, kind = " ".join(mention.text.split()), _KINDS[mention.kind]
        if kind == "fact" and _SAID.match(fold(paragraph.text[mention.end :][:40])):
            kind = "attribution"
        if contains(paragraph.text, said):  # as the metrics will compare it
            yield _Draft(kind, said, _sentence(paragraph, mention, article.language), paragraph, article.language)


def _figure(mention: Mention) -> bool:
    return any(char.isdigit() for char in mention.text)


def _telling(mention: Mention) -> bool:
    """No "today", whose meaning hangs on the day of reading; no "the two sides"; no name of one letter."""
    if mention.kind == "date":
        return _figure(mention) or not mention.text.islower()
    return len(mention.text) > 1 and not (mention.text.isalpha() and mention.value in ("1", "2"))


def _sentence(paragraph: Paragraph, mention: Mention, language: str) -> str:
    spans = sentences(paragraph.text, language)
    start, end = next((s for s in spans if s[0] <= mention.start < s[1]), (0, len(paragraph.text)))
    said = " ".join(paragraph.text[start:end].split())
    return said if len(said) <= _SENTENCE else f"{said[:_SENTENCE].rpartition(' ')[0]} …"


def _row(draft: _Draft) -> Row:
    question = f"TODO: ask for '{draft.words}' without using the paragraph's words – {draft.sentence}"
    return {
        **_blank(draft.kind, draft.language, question, answerable=True),
        "facts": [[draft.words]],
        "gold": [draft.paragraph.address],
        "answer": draft.words,
        "why": f"{draft.paragraph.address} has '{draft.words}'.",
    }


# ── questions that they do not ───────────────────────────────────────────────────────────────────────────────────────


def _near_misses(read: Sequence[Article], count: int) -> list[Row]:
    """Somebody who speaks in one article, and a name of another article; neither stands in the other's."""
    drafts = [draft for article in read for found in _by_paragraph(article) for draft in found]
    topics = [draft for draft in drafts if draft.kind == "fact"]
    people = [draft for draft in drafts if draft.kind == "attribution"] or topics
    there = {article.file: frozenset(words(article.text)) for article in read}
    rows: list[Row] = []
    used: set[str] = set()
    for person in people:
        apart = (t for t in topics if not {person.words, t.words} & used and _apart(person, t, there))
        if len(rows) < count and (topic := next(apart, None)):
            used |= {person.words, topic.words}
            rows.append(_near_miss(person, topic))
    return rows


def _apart(person: _Draft, topic: _Draft, there: Mapping[str, frozenset[str]]) -> bool:
    """Whether neither is named in the other's article; a person is named by the last word: "President Rashid"."""
    asked, last = words(topic.words), words(person.words)[-1:]
    return not there[person.paragraph.file].issuperset(asked) and not there[topic.paragraph.file].issuperset(last)


def _near_miss(person: _Draft, topic: _Draft) -> Row:
    here, there = person.paragraph.address, topic.paragraph.address
    question = f"TODO: ask what {person.words} says or does about {topic.words}, if no article tells"
    return {
        **_blank("near-miss", person.language, question, answerable=False),
        "tempting": [here, there],
        "answer": _SILENT.get(person.language, _UNSAID),
        "why": f"{here} has {person.words}, {there} has {topic.words}; neither is named in the other article.",
    }


def _off_topic(count: int) -> list[Row]:
    question = "TODO: ask something that has nothing to do with the articles (a recipe, a price, who won a match)"
    row = {**_blank("off-topic", "en", question, answerable=False), "answer": _UNSAID, "why": "Not in the articles."}
    return [dict(row) for _ in range(count)]


def _unclear() -> Row:
    question = "TODO: ask with 'he', 'it' or 'the meeting' alone, so that nobody can tell what is meant"
    row = _blank("underspecified", "en", question, answerable="underspecified")
    return {**row, "answer": "What do you mean?", "why": "TODO: say what it may mean"}


# ── questions that readers asked ─────────────────────────────────────────────────────────────────────────────────────


def _judged(given: Any) -> Row:
    """The row for one line of feedback. Raises ValueError, TypeError, KeyError or AttributeError for any other line."""
    verdict, question, answer = given["verdict"], given["question"], given["answer"]
    if not isinstance(question, str) or not question.strip():
        raise ValueError("the question is no text")
    if verdict not in _VERDICTS:
        raise ValueError(f"the verdict is none of {', '.join(_VERDICTS)}")
    row = {**_blank("feedback", "", question, answerable=True), **_VERDICTS[verdict](answer, _noted(given))}
    row["lang"] = detect_language(question, otherwise=str(answer.get("language") or "en"))
    row["history"] = [{name: str(turn[name]) for name in ("role", "content")} for turn in given.get("history") or []]
    row["as_of"] = date.fromisoformat(given["as_of"]).isoformat() if given.get("as_of") else None
    row["id"] = f"feedback-{_sha(given.get('time'), verdict, question, row['history'])}"
    row = {name: value for name, value in row.items() if name not in ("history", "as_of") or value}
    json.dumps(row, ensure_ascii=False).encode()  # half a character cannot be written
    return row


def _good(answer: Mapping[str, Any], noted: str) -> Row:
    """A good refusal is a question without an answer; a good counter-question one that is underspecified."""
    if answer["status"] in ("refused", "clarify"):
        row = _silent(_addresses(answer, "nearest"), noted)
        return {**row, "answerable": False if answer["status"] == "refused" else "underspecified"}
    short = str(answer.get("short_answer") or "")
    return {
        "facts": [[short or "TODO: the shortest words that a right answer must have"]],
        "gold": _addresses(answer, "citations") or ["TODO: the paragraph that proves it, file#pN"],
        "answer": _claimed(answer),
        "why": f"TODO: read the paragraph, then say what in it proves the answer.{noted}",
    }


def _wrong_answer(answer: Mapping[str, Any], noted: str) -> Row:
    given = str(answer.get("short_answer") or "") or _claimed(answer)
    return {**_open(noted), "wrong": [given] if given else []}


def _wrong_source(answer: Mapping[str, Any], noted: str) -> Row:
    """The answer itself may be right, so a person decides whether it is one to beware of."""
    given = str(answer.get("short_answer") or "") or _claimed(answer)
    return {**_open(noted), "wrong": [f"TODO: delete this, unless the answer was wrong too – {given}"] if given else []}


def _should_have_refused(answer: Mapping[str, Any], noted: str) -> Row:
    short = str(answer.get("short_answer") or "")
    return {**_silent(_addresses(answer, "citations"), noted), "wrong": [short] if short else []}


_VERDICTS: dict[str, Callable[[Mapping[str, Any], str], Row]] = {
    "good": _good,
    "wrong answer": _wrong_answer,
    "wrong source": _wrong_source,
    "should have refused": _should_have_refused,
}


def _open(noted: str) -> Row:
    return {
        "facts": [["TODO: the shortest words that a right answer must have"]],
        "gold": ["TODO: the paragraph that proves it, file#pN"],
        "answer": "TODO: the right answer, in a sentence",
        "why": f"TODO: say what in the paragraph proves it.{noted}",
    }


def _silent(tempting: list[str], noted: str) -> Row:
    why = f"TODO: look for an answer in the articles; if there is none, say why.{noted}"
    return {"answerable": False, "tempting": tempting, "answer": _UNSAID, "why": why}


def _noted(given: Mapping[str, Any]) -> str:
    note = " ".join(str(given.get("note") or "").split())
    return f" The reader noted: {note}" if note else ""


def _addresses(answer: Mapping[str, Any], name: str) -> list[str]:
    """The addresses of the answer's citations or nearest paragraphs, once each."""
    return list(dict.fromkeys(str(cited["address"]) for cited in answer.get(name) or []))


def _claimed(answer: Mapping[str, Any]) -> str:
    return " ".join(str(claim["text"]) for claim in answer.get("claims") or [])


def _sha(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:8]


def _first_line(error: Exception) -> str:
    said = f'"{error.args[0]}" is missing' if isinstance(error, KeyError) else str(error)
    return said.partition("\n")[0] or type(error).__name__


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _blank(kind: str, language: str, question: str, *, answerable: bool | str) -> Row:
    """A row whose lists are empty, its fields in the order in which a person reads them."""
    head: Row = {"id": "", "kind": kind, "lang": language, "question": question, "history": [], "as_of": None}
    lists: Row = {name: [] for name in ("facts", "gold", "acceptable", "tempting", "wrong")}
    return {**head, "answerable": answerable, **lists, "answer": "", "why": ""}


def _numbered(rows: Iterable[Row]) -> list[Row]:
    """The rows with ids ``kind-001``, and without the fields that only few questions need."""
    seen: Counter[str] = Counter()
    found: list[Row] = []
    for row in rows:
        seen[row["kind"]] += 1
        row = {**row, "id": f"{row['kind']}-{seen[row['kind']]:03}"}
        found.append({name: value for name, value in row.items() if name not in ("history", "as_of") or value})
    return found


def _refuse_existing(out: Path) -> None:
    if out.exists():
        raise UsageError(f"{out} exists and is never overwritten: name another file, or delete it first.")


def _write(rows: Iterable[Row], out: Path) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        _refuse_existing(out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror}): name a file in a folder that exists.") from error
