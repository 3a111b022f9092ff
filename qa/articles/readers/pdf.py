"""A PDF's words in reading order: PDFium gives the glyphs and their places, the layout is made here.

A page is glyphs at places and no more. They become lines, lines that go on in the file's order blocks, blocks side by
side the rows of a table, and what goes on over a column or page is joined. The marks of a tagged PDF say where a block,
a row and a cell end; without them the places do. Lines that come back at the same place of several pages (running
heads, page numbers) are left out, and so is what cannot be seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from qa.articles.dates import parse_date
from qa.articles.numbering import Content, Piece, Unreadable, joined, sensible_title
from qa.articles.readers.glyphs import Page, pages
from qa.articles.readers.pdf_blocks import (
    blocks_of,
    body_size,
    compounds_of,
    in_order,
    in_rows,
    is_ended,
    joined_over_breaks,
    pieces_of,
    pitch_of,
    words_of,
)
from qa.articles.readers.pdf_lines import Line, lines_of, with_labels


def read_pdf(raw: bytes) -> Content:
    """A PDF's text layer, with the page of each block; title and day of making by the document's info.

    ``unread`` names the pages that are a picture without words. Raises Unreadable.
    """
    import pypdfium2

    _refuse_partial_pdf(raw)
    try:
        with pypdfium2.PdfDocument(raw) as document:
            shown = list(pages(document))
            info = document.get_metadata_dict()
    except pypdfium2.PdfiumError as error:
        if re.search("password|security", str(error), re.I):
            raise Unreadable("encrypted", "It asks for a password: save it without one.") from error
        raise Unreadable("truncated", "It is broken or cut off.") from error
    found, heads = laid_out(shown)
    text, blocks = joined(found)
    if not re.search(r"\w", text):
        raise Unreadable("empty", NO_LAYER)
    return Content(
        text,
        blocks,
        title=sensible_title(info.get("Title", "")),
        published=_day(heads),
        created=parse_date(info.get("CreationDate", "").removeprefix("D:")[:8]),
        unread=tuple((f"page {page.number}", NO_LAYER) for page in shown if page.pictured and not page.glyphs),
    )


def _day(heads: Sequence[str]) -> date | None:
    """The day that a running head or foot names: "HARBOUR POST | 6 March 2025 | Page 1"."""
    parts = (part for head in heads for part in re.split(r"\s+[|·•–—]\s+", head))
    return next((day for part in parts if (day := parse_date(part))), None)


NO_LAYER = "It has no text layer: a scan has to go through OCR first."


def _refuse_partial_pdf(raw: bytes) -> None:
    """Raises Unreadable for what is no PDF or has lost its end, which PDFium would read in part without a word."""
    if b"%PDF-" not in raw[:1024]:
        raise Unreadable("unreadable", "It does not begin as a PDF does.")
    if not re.search(rb"startxref|%%EOF", raw[-4096:]):
        raise Unreadable("truncated", "Its end is missing.")


def laid_out(shown: Sequence[Page]) -> tuple[list[Piece], list[str]]:
    """The blocks of the pages' words in reading order, and the running heads and feet that are left out of them."""
    lines = [with_labels(lines_of(page)) for page in shown]
    kept = _without_furniture(lines, shown)
    body = body_size(kept)
    pitch = pitch_of(kept)
    blocks = [block for page in kept for block in in_rows(blocks_of(in_order(page), pitch), pitch)]
    words = words_of(kept)
    words |= compounds_of(kept, words)
    found = [piece for piece in pieces_of(joined_over_breaks(blocks, body), body, words) if piece.words]
    there = {id(line) for page in kept for line in page}
    return found, [line.text for page in lines for line in page if id(line) not in there]


# ── what is on every page ────────────────────────────────────────────────────────────────────────────────────────────

_EDGE = 0.15  # of a page's height at its top and bottom, where running heads and page numbers stand
_NUMBERED = 0.1
_FEW = 4  # lines from the edge
_SAME_PLACE = 9.0  # points
_HEADING = 1.2  # of the body's size: running heads are smaller


def _without_furniture(lines: Sequence[list[Line]], shown: Sequence[Page]) -> list[list[Line]]:
    """The pages' lines without running heads and feet and page numbers."""
    edges = [_edge_lines(of_page, page) for of_page, page in zip(lines, shown, strict=True)]
    body = body_size(lines)
    bold = sum(len(line.text) * (1 if line.bold else -1) for of_page in lines for line in of_page) > 0
    alike: dict[str, list[Line]] = {}
    for edge in edges:
        for line in {_signature(line): line for line in edge}.values():
            alike.setdefault(_signature(line), []).append(line)
    least = max(2, 0.3 * len(shown))
    kept: list[list[Line]] = []
    for of_page, edge, page in zip(lines, edges, shown, strict=True):
        numbers, out = [], []
        for line in edge:
            others = [other for other in alike[_signature(line)] if abs(other.y - line.y) < _SAME_PLACE]
            same = sum(other.text == line.text for other in others)
            # What counts on with the pages may be a heading ("Chapter 2") or a sentence ("Day 2 began with rain.").
            known = (
                is_ended(line.text)
                or line.size > _HEADING * body
                or (line.bold and not bold and line.size >= 0.99 * body)
            )
            running = 0 if known else sum(_counts_on(line, other) for other in others)
            if _is_page_number(line, page, len(shown), alone=not known and (len(shown) < 3 or running > 1)):
                numbers.append(round(line.y))
            elif max(same, running) >= least or (page.tagged and line.spot is None):
                out.append(line)
        gone = {id(line) for line in [*out, *(line for line in edge if round(line.y) in numbers)]}
        kept.append([line for line in of_page if id(line) not in gone] if len(gone) < len(of_page) else of_page)
    return kept


def _counts_on(line: Line, other: Line) -> bool:
    """Whether two lines of one wording have the same numbers, or such as differ as the numbers of their pages do."""
    pairs = zip(_numbers(line), _numbers(other), strict=True)
    return all(one == two or one - two == line.page - other.page for one, two in pairs)


def _numbers(line: Line) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", line.text)]


def _edge_lines(lines: Sequence[Line], page: Page) -> list[Line]:
    """The lines nearest to the top and bottom of a page."""
    heights = sorted({round(line.y) for line in lines})
    ends = {*heights[:_FEW], *heights[-_FEW:]}
    near = _EDGE * page.height
    return [line for line in lines if round(line.y) in ends and not near < line.y < page.height - near]


def _signature(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text.casefold())


def _is_page_number(line: Line, page: Page, count: int, *, alone: bool) -> bool:
    """Whether a line says which page it is on: "3", "Page 3 of 9", "- 3 -", "3/9"; ``alone`` "Page 3" does, too."""
    if _NUMBERED * page.height < line.y < (1 - _NUMBERED) * page.height:
        return False
    digits = "".join(str(unicodedata.digit(char, char)) for char in line.text)
    word, one = r"(?:[^\W\d]+\W+)?", "?" if alone or not re.search(r"[^\W\d]", digits) else ""
    return bool(re.fullmatch(rf"\W*{word}{page.number}(?:\W+{word}{count}){one}\W*", digits))
