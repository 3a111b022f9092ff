"""An answer as text that comes in pieces, each with the places in it where a paragraph is cited.

A place is the mark (`[1]`) behind a sentence, in code points of the whole text, half open. OpenAI's chat API has
citations of web pages alone, its responses those of files too: each has here the address of the paragraph, and beside
OpenAI's own fields the article's name, the paragraph's number and the quoted words.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from qa.types import Answer, Citation, Claim

Address = Callable[[Citation], str]
_MARK = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A citation at the place of its mark in the text."""

    citation: Citation
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The next words of an answer with their marks; the last piece has the whole answer too."""

    text: str
    marks: tuple[Mark, ...] = ()
    answer: Answer | None = None


async def pieces(parts: AsyncGenerator[Claim | Answer, None]) -> AsyncGenerator[Piece, None]:
    """What is said of an answer, as its parts come; a claim that did not pass its check is not said."""
    said = 0
    try:
        async for part in parts:
            piece = _last(part, said) if isinstance(part, Answer) else _sentence(part, said)
            said += len(piece.text)
            if piece.text or piece.answer:
                yield piece
    finally:
        await parts.aclose()


def _sentence(claim: Claim, said: int) -> Piece:
    if claim.status == "unsupported":
        return Piece("")
    text = f" {claim.marked}" if said else claim.marked
    return Piece(text, tuple(_marks(claim, text, said)))


def _marks(claim: Claim, text: str, said: int) -> Iterator[Mark]:
    """The marks that stand behind the claim's own words."""
    cited = {str(citation.mark): citation for citation in claim.citations if citation.status != "unsupported"}
    for found in _MARK.finditer(text, text.rindex(claim.text) + len(claim.text)):
        if found[1] in cited:
            yield Mark(cited[found[1]], said + found.start(), said + found.end())


def _last(answer: Answer, said: int) -> Piece:
    """What stands below the claims, or in their place: why there are none, what was not found, what differs."""
    below = f"\n\n{answer.reason}" if said and answer.reason else answer.reason
    return Piece(below, answer=answer)


def paragraph_address(base: str, citation: Citation, model: str) -> str:
    """Where the cited paragraph is read: `/v1/articles/{file}/paragraphs/{n}`."""
    file = quote(citation.file, safe="", errors="replace")
    place = f"{base}/v1/articles/{file}/paragraphs/{citation.paragraph.number}"
    return f"{place}?model={quote(model, safe='')}"


def url_citation(mark: Mark, address: Address) -> dict[str, Any]:
    """As the chat API has it."""
    cited = {"title": mark.citation.title or mark.citation.file, "url": address(mark.citation)}
    return {"type": "url_citation", "url_citation": {**_place(mark), **cited, **_ours(mark.citation)}}


def file_citation(mark: Mark, address: Address) -> dict[str, Any]:
    """As the responses API has it; ``index`` is the mark's place in the text."""
    file = {"file_id": mark.citation.file, "filename": mark.citation.file, "index": mark.start}
    return {"type": "file_citation", **file, **_place(mark), "url": address(mark.citation), **_ours(mark.citation)}


def _place(mark: Mark) -> dict[str, int]:
    return {"start_index": mark.start, "end_index": mark.end}


def _ours(citation: Citation) -> dict[str, Any]:
    return {"file": citation.file, "paragraph": citation.paragraph.number, "quote": citation.quote}


async def whole(said: AsyncIterator[Piece]) -> tuple[str, list[Mark], Answer]:
    """All pieces at once: the text, its marks and the answer."""
    text, marks = "", list[Mark]()
    async for piece in said:
        text, marks, answer = text + piece.text, [*marks, *piece.marks], piece.answer
    assert answer is not None  # it comes last
    return text, marks, answer
