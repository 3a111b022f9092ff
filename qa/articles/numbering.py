"""What every reader gives: a file's text with its numbered blocks, or one sentence on why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from qa.types import ParagraphKind

Reason = Literal[
    "empty", "binary", "encoding", "too large", "encrypted", "truncated", "unreadable", "format", "too slow"
]  # fmt: skip

_COLUMNS = 200  # of a table; a cell may claim to reach over any number
_FIGURE = re.compile(r"[^\w\s]?\s?\d[\d\s.,:/%-]*\s?\w{0,7}[^\w\s]?")  # "5.3", "€ 410", "12 %", "19 km"
_YEAR = re.compile(r"(?:1[89]|2[01])\d\d(?:[-/–]\d+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):  # noqa: N818 - named as the tree in qa.errors is
    """Why a file gives no words: a reason to count by and one sentence for a person."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Block:
    """The n-th non-empty block of a text, by its span; a block without words uses up its number and is not here."""

    number: int
    start: int
    end: int
    kind: ParagraphKind = "paragraph"
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A file's text with its blocks, and what its metadata says; ``created`` is the day the file was made."""

    text: str
    blocks: tuple[Block, ...]
    title: str | None = None
    published: date | None = None
    created: date | None = None
    source: str | None = None
    language: str | None = None
    unread: tuple[tuple[str, str], ...] = ()  # parts without words, such as "page 3", each with what is to be done


class Piece(NamedTuple):
    """The words of one block in a format whose text has to be put together."""

    words: str
    kind: ParagraphKind = "paragraph"
    page: int | None = None


def plain(words: str) -> str:
    """The words on one line. A lone surrogate, which an escape in YAML or a PDF can smuggle in, becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", " ".join(words.split()))


_RAISED = str.maketrans("0123456789+-−=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
_LOWERED = str.maketrans("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")


def raised(words: str) -> str:
    """What stands above the line, as a plain text shows it: "10⁶", "m²", "x^(Q2)". Of letters alone only one is: "5th",
    "Mlle" and "TM" are written so as well; nor a note's "[1]" or "*"."""
    return words if re.fullmatch(r"[^\W\d_]{2,}\.?", words.strip()) else _moved(words, "^", _RAISED)


def lowered(words: str) -> str:
    """What stands below the line, as a plain text shows it: "CO₂", "x_(Q2)"."""
    return _moved(words, "_", _LOWERED)


def _moved(words: str, mark: str, signs: dict[int, int]) -> str:
    """The words in Unicode's raised or lowered characters if it has all of them, else behind a mark."""
    if all(ord(char) in signs or char.isspace() for char in words):
        return words.translate(signs)
    bare = re.fullmatch(r"\W*|\s*[\[(].*[\])]\s*", words, re.S)
    return words if bare else f"{mark}({words.strip()})"


def joined(pieces: Iterable[Piece]) -> tuple[str, tuple[Block, ...]]:
    """The pieces' words with an empty line between them, and their blocks."""
    lines: list[str] = []
    blocks: list[Block] = []
    at = 0
    for piece in pieces:
        if words := plain(piece.words):
            lines.append(words)
            blocks.append(Block(len(lines), at, at + len(words), piece.kind, piece.page))
            at += len(words) + 2
    return "\n\n".join(lines), tuple(blocks)


class Cell(NamedTuple):
    """A cell of a table: its words, over how many columns and rows it reaches, and whether it is marked a header."""

    words: str
    columns: int = 1
    rows: int = 1
    header: bool = False


def table(rows: Sequence[Sequence[Cell]]) -> Iterator[Piece]:
    """A piece for each row, every cell with the header of its column: "Line: Red · Riders 2023: 410".

    The header rows are those whose cells are all marked so; without any, the first if it looks like one. A row of one
    cell, over all columns or in the first, is just its words; a cell without words is left out.
    """
    grid = _filled(rows)
    marked = [bool(row) and all(cell.header for cell in row) for row in rows]
    if all(marked):
        marked = [True] + [False] * (len(marked) - 1)
    heads = 0
    while heads < len(grid) - 1 and (marked[heads] or len(set(grid[heads])) < 2):
        heads += 1
    heads = heads if any(marked[:heads]) else _looks_headed(grid)
    names = [
        _title(row[at] for row in grid[:heads] if at < len(row) and len(set(row)) > 1) for at in range(_width(grid))
    ]
    for at, row in enumerate(grid):
        if len(set(row)) < 2 or not any(row[1:]) or not any(names):
            yield Piece(" | ".join(filter(None, row)) if len(set(row)) > 1 else "".join(row[:1]), "row")
        elif at < heads:
            yield Piece(" | ".join(row), "header")
        else:
            pairs = dict.fromkeys(zip(names, row, strict=False))
            yield Piece(" · ".join(f"{name}: {words}" if name else words for name, words in pairs if words), "row")


def _filled(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """The words of every place of the table: a cell stands in all that it reaches over."""
    grid: list[list[str]] = []
    reaching: dict[int, tuple[int, str]] = {}  # by column: rows still to come, and the words
    for row in rows:
        line: list[str] = []
        cells = iter(row)
        while True:
            while len(line) in reaching:
                left, words = reaching.pop(len(line))
                if left > 1:
                    reaching[len(line)] = left - 1, words
                line.append(words)
            if (cell := next(cells, None)) is None or len(line) >= _COLUMNS:
                break
            for _ in range(max(1, min(cell.columns, _COLUMNS))):
                if cell.rows > 1:
                    reaching[len(line)] = min(cell.rows, len(rows)) - 1, plain(cell.words)
                line.append(plain(cell.words))
        grid.append(line)
    return grid


def _width(grid: Sequence[Sequence[str]]) -> int:
    return max(map(len, grid), default=0)


def _title(names: Iterable[str]) -> str:
    """The header of a column that several rows make up."""
    return " ".join(dict.fromkeys(filter(None, names))).rstrip(": ")


def _looks_headed(grid: Sequence[Sequence[str]]) -> int:
    """1 where the first row that has several cells names the others': it has no figure where they have, else 0."""
    at = next((n for n, row in enumerate(grid) if len(set(row)) > 1), 0)
    first, below = grid[at] if grid else [], grid[at + 1 :]
    figures = [any(_FIGURE.fullmatch(row[n]) for row in below if n < len(row)) for n in range(len(first))]
    named = all(words for words in first[1:]) and not any(
        _FIGURE.fullmatch(w) and not _YEAR.fullmatch(w) for w in first
    )
    return at + 1 if below and named and any(figures) else 0


def sensible_title(title: str) -> str | None:
    """A document's title unless a program wrote it: a file name, "Untitled", "Microsoft Word - ..."."""
    title = plain(title)
    written = re.match(r"untitled|microsoft word|word document|powerpoint|document\d*$", title, re.I)
    is_file = re.search(r"\.\w{2,5}$", title) and " " not in title
    return title if 3 <= len(title) <= 300 and not written and not is_file else None
