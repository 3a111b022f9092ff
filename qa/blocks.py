"""What every reader gives: a file's text with its numbered blocks, or one sentence on why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from qa.types import ParagraphKind

Reason = Literal["empty", "binary", "encoding", "too large", "encrypted", "truncated", "unreadable"]

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
class Reading:
    """A file's text with its blocks, and what its metadata says; ``created`` is the day the file was made."""

    text: str
    blocks: tuple[Block, ...]
    title: str | None = None
    published: date | None = None
    created: date | None = None
    source: str | None = None
    language: str | None = None


class Piece(NamedTuple):
    """The words of one block in a format whose text has to be put together."""

    words: str
    kind: ParagraphKind = "paragraph"
    page: int | None = None


def plain(words: str) -> str:
    """The words on one line. A lone surrogate, which an escape in YAML or a PDF can smuggle in, becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", " ".join(words.split()))


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


def row(cells: Iterable[str]) -> str:
    """A table row on one line; no words at all when every cell is empty."""
    words = [plain(cell) for cell in cells]
    return " | ".join(words) if any(words) else ""


def sensible_title(title: str) -> str | None:
    """A document's title unless a program wrote it: a file name, "Untitled", "Microsoft Word - ..."."""
    title = plain(title)
    written = re.match(r"untitled|microsoft word|word document|powerpoint|document\d*$", title, re.I)
    is_file = re.search(r"\.\w{2,5}$", title) and " " not in title
    return title if 3 <= len(title) <= 300 and not written and not is_file else None
