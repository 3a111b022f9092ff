"""An answer as JSON: whole, and in the batch's layout that other programs read (docs/ARCHITECTURE.md)."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

from qa.types import Answer, Citation, Claim, Evidence


def answer_json(answer: Answer) -> dict[str, Any]:
    """The whole answer, its derived parts (text, citations, statuses) included, ready for `json.dumps`."""
    plain = ("question", "query", "status", "short_answer", "conflict", "reason", "confidence", "language", "model",
             "answerer", "prompt_sha", "index_revision", "timings")  # fmt: skip
    return {
        **{name: getattr(answer, name) for name in plain},
        "text": answer.text,
        "as_of": _day(answer.as_of),
        "claims": [_claim(claim) for claim in answer.claims],
        "citations": [_citation(citation) for citation in answer.citations],
        "removed": [_claim(claim) for claim in answer.removed],
        "nearest": [_evidence(evidence) for evidence in answer.nearest],
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


def _claim(claim: Claim) -> dict[str, Any]:
    cited = [_citation(citation) for citation in claim.citations]
    return {"text": claim.text, "status": claim.status, "failed": claim.failed, "note": claim.note, "citations": cited}


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
        "published": _day(citation.published),
        "copies": list(citation.copies),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    known = {name: getattr(evidence, name) for name in ("address", "title", "source", "language")}
    return {**_retrieved(evidence), **known, "published": _day(evidence.published), "text": evidence.paragraph.text}


def _retrieved(evidence: Evidence) -> dict[str, Any]:
    return {"file": evidence.paragraph.file, "paragraph": evidence.paragraph.number, "score": round(evidence.score, 4)}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
