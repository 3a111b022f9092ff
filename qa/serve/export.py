"""An answer as JSON (whole, and in the batch's layout: docs/ARCHITECTURE.md); a chat as Markdown, HTML and JSON.

A chat is what `qa.page.chats` keeps: ``{"title", "turns": [{"question", "answer", "error"}]}``, an answer as
`answer_json` or None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from qa.types import Answer, Citation, Claim, Evidence, Filters


def answer_json(answer: Answer) -> dict[str, Any]:
    """The whole answer, its derived parts (text, citations, statuses) included, ready for `json.dumps`."""
    plain = ("question", "query", "status", "short_answer", "conflict", "reason", "listed", "confidence", "when",
             "language", "model", "answerer", "prompt_sha", "index_revision", "timings")  # fmt: skip
    return {
        **{name: getattr(answer, name) for name in plain},
        "text": answer.text,
        "as_of": _day(answer.as_of),
        "filters": _filters(answer.filters) if answer.filters else None,
        "claims": [claim_json(claim) for claim in answer.claims],
        "citations": [_citation(citation) for citation in answer.citations],
        "removed": [claim_json(claim) for claim in answer.removed],
        "nearest": [evidence_json(evidence) for evidence in answer.nearest],
        "retrieved": [_retrieved(evidence) for evidence in answer.retrieved],
        "usage": {f.name: getattr(answer.usage, f.name) for f in fields(answer.usage)},
    }


def batch_json(answer: Answer, *, seconds: float) -> dict[str, Any]:
    """One line of `qa ask --batch`, without its id; a claim's citations are positions in ``citations``, from 0."""
    at = {citation.mark: i for i, citation in enumerate(answer.citations)}
    return {
        "status": answer.status,
        "answer": answer.text,
        "short_answer": answer.short_answer,
        "confidence": answer.confidence,
        "judged": answer.judged,
        "conflict": answer.conflict,
        "reason": answer.reason,
        "claims": [
            {
                "text": claim.text,
                "status": claim.status,
                "citations": [at[c.mark] for c in claim.citations if c.mark in at],
            }
            for claim in answer.claims
        ],
        "citations": [
            {
                "file": c.file,
                "paragraph": c.paragraph.number,
                "start": c.start,
                "end": c.end,
                "quote": c.quote,
                "status": c.status,
            }
            for c in answer.citations
        ],
        "removed": [{"text": claim.text, "rule": claim.failed, "note": claim.note} for claim in answer.removed],
        "retrieved": [_retrieved(evidence) for evidence in answer.retrieved],
        "model": answer.model,
        "seconds": round(seconds, 4),
    }


def searched(answer: Mapping[str, Any]) -> list[str]:
    """What a reader has to know of the search, a line each: the question as searched where it differs, which days its
    times were taken to mean, which filters held."""
    found = [f"Searched: {answer['query']}"] if answer["query"] != answer["question"] else []
    found += [answer["when"]] if answer.get("when") else []
    if kept := answer.get("filters"):
        parts = [*kept["sources"], *kept["languages"]]
        parts += [f"{name} {kept[name]}" for name in ("since", "until") if kept[name]]
        found.append(f"Only: {', '.join(parts)}")
    return found


def claim_json(claim: Claim) -> dict[str, Any]:
    """A claim with its citations and statuses, as it stands in `answer_json`."""
    cited = [_citation(citation) for citation in claim.citations]
    places = {"added": list(claim.added), "differs": None if claim.differs is None else list(claim.differs)}
    plain = {name: getattr(claim, name) for name in ("text", "status", "failed", "note", "under")}
    return {**plain, **places, "citations": cited}


def chat_json(chat: Mapping[str, Any]) -> str:
    """The chat as JSON text: title, and each question with its whole answer; nothing of the page's own upkeep."""
    turns = [{key: turn.get(key) for key in ("question", "time", "as_of", "answer", "error")} for turn in chat["turns"]]
    return json.dumps({"title": chat["title"], "turns": turns}, ensure_ascii=False, indent=1) + "\n"


def chat_markdown(chat: Mapping[str, Any]) -> str:
    """The chat as Markdown: each answer with its marks, then its numbered references with the quoted words."""
    parts = [f"# {plain_markdown(chat['title'])}"]
    for turn in chat["turns"]:
        parts += [f"## {plain_markdown(turn['question'])}", *_turn_markdown(turn)]
    return "\n\n".join(parts) + "\n"


def chat_text(chat: Mapping[str, Any]) -> str:
    """The answers alone as plain text, for the clipboard: claims with their marks, then what each mark stands for."""
    parts = []
    for answer in (turn["answer"] for turn in chat["turns"] if turn["answer"]):
        sources = [f"[{c['mark']}] {c['title'] or c['file']}, {c['file']} ¶{c['paragraph']}: “{c['quote']}”"
                   for c in answer["citations"]]  # fmt: skip
        parts.append("\n".join([answer["text"], *([""] if sources else []), *sources]))
    return "\n\n".join(parts) + "\n"


def chat_html(chat: Mapping[str, Any]) -> str:
    """The chat as one HTML page that needs no other file and prints well."""
    import jinja2

    page = Path(__file__).parent / "export.html.jinja"
    loader = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    return loader.from_string(page.read_text(encoding="utf-8")).render(chat=chat, searched=searched)


def _turn_markdown(turn: Mapping[str, Any]) -> Iterator[str]:
    answer = turn.get("answer")
    if answer is None:
        yield f"*{plain_markdown(turn.get('error') or 'No answer.')}*"
        return
    if answer["claims"]:
        yield " ".join(_claim_markdown(claim) for claim in answer["claims"])
    if answer["reason"]:
        yield f"*{plain_markdown(answer['reason'])}*"
    for line in searched(answer):
        yield f"*{plain_markdown(line)}*"
    if answer["conflict"]:
        yield "**The sources disagree.**"
    references = [_reference(citation) for citation in answer["citations"]]
    if references:
        yield "\n".join(references)
    if answer["removed"]:
        yield "Taken out, because it is not supported:"
        yield "\n".join(f"- ~~{plain_markdown(c['text'])}~~ ({c['failed']}: {plain_markdown(c['note'])})"
                        for c in answer["removed"])  # fmt: skip
    if answer["nearest"]:
        yield "Nearest paragraphs:"
        yield "\n".join(f"- {plain_markdown(near['file'])} ¶{near['paragraph']}: {plain_markdown(near['text'])}"
                        for near in answer["nearest"])  # fmt: skip


def _claim_markdown(claim: Mapping[str, Any]) -> str:
    text = plain_markdown(claim["text"])
    if claim["status"] == "unsupported":
        return f"~~{text}~~ (not supported: {plain_markdown(claim['note'])})"
    marks = dict.fromkeys(c["mark"] for c in claim["citations"] if c["status"] != "unsupported")
    return " ".join([text, *(f"\\[{mark}\\]" for mark in marks)])


def _reference(citation: Mapping[str, Any]) -> str:
    known = [citation["title"], citation["source"], citation["published"]]
    about = "".join(f" · {plain_markdown(part)}" for part in known if part)
    page = f", page {citation['page']}" if citation["page"] else ""
    place = f"{citation['mark']}. {plain_markdown(citation['file'])} ¶{citation['paragraph']}{page}"
    also = f"\n   Also in: {plain_markdown(', '.join(citation['copies']))}" if citation["copies"] else ""
    return f"{place}{about}\n   > {plain_markdown(citation['quote'])}{also}"


def plain_markdown(text: str) -> str:
    """The text in one line in which nothing is Markdown or HTML: articles and questions are not trusted."""
    return re.sub(r"([\\`*_{}\[\]<>#+!|~&$]|^-|(?<=^\d)\.)", r"\\\1", " ".join(text.split()))


def _citation(citation: Citation) -> dict[str, Any]:
    plain = (
        "mark",
        "address",
        "file",
        "start",
        "end",
        "quote",
        "title",
        "source",
        "language",
        "status",
        "failed",
        "repaired",
    )
    return {
        **{name: getattr(citation, name) for name in plain},
        "anchor": citation.paragraph.anchor,
        "paragraph": citation.paragraph.number,
        "page": citation.paragraph.page,
        "text": citation.paragraph.text,
        "lead": citation.lead,
        "published": _day(citation.published),
        "copies": list(citation.copies),
    }


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """A retrieved paragraph with what is known of its article, ready for `json.dumps`."""
    known = {name: getattr(evidence, name) for name in ("address", "title", "lead", "source", "language")}
    return {**_retrieved(evidence), **known, "published": _day(evidence.published), "text": evidence.paragraph.text}


def _retrieved(evidence: Evidence) -> dict[str, Any]:
    return {"file": evidence.paragraph.file, "paragraph": evidence.paragraph.number, "score": round(evidence.score, 4)}


def _filters(filters: Filters) -> dict[str, Any]:
    days = {"since": _day(filters.since), "until": _day(filters.until)}
    return {"sources": list(filters.sources), "languages": list(filters.languages), **days}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
