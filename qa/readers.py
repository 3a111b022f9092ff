"""The words of one file: bytes in, text and numbered blocks out, a reader for each format."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator

from qa.blocks import Block, Reading, Unreadable
from qa.encoding import BOM, decode
from qa.html import read_html
from qa.markdown import read_markdown
from qa.pdf import read_pdf
from qa.word import read_docx

WRAPPED = 120  # characters: a text file without a longer line was wrapped by hand (the numbering rule)

for _noisy in ("pdfminer", "trafilatura", "htmldate"):  # they warn about every odd file; Skipped says what matters
    logging.getLogger(_noisy).setLevel(logging.CRITICAL)


def read(suffix: str, raw: bytes) -> Reading:
    """The reading of a file's bytes by its suffix (".txt"); raises Unreadable, or whatever a library raises."""
    if not raw.strip():
        raise Unreadable("empty", "It holds nothing but white space.")
    return READERS[suffix](raw)


# ── .txt ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_LONG = re.compile(rf"^[^\n]{{{WRAPPED + 1}}}", re.M)
_LINE = re.compile(r"^[ \t]*[^ \t\n][^\n]*", re.M)  # what awk 'NF' prints: only blank and tab are nothing to it
_BLANK = re.compile(r"\n\s*\n")


def read_text(raw: bytes) -> Reading:
    """A text file as it stands; by the numbering rule a block is a line, or in a wrapped file a run of lines."""
    text = decode(raw)
    spans = (found.span() for found in _LINE.finditer(text)) if _LONG.search(text) else _runs_of_lines(text)
    trimmed = (_trimmed(text, *span) for span in spans)
    return Reading(text, tuple(Block(n, start, end) for n, (start, end) in enumerate(trimmed, start=1) if start < end))


def _runs_of_lines(text: str) -> Iterator[tuple[int, int]]:
    """The spans between blank lines, without one before the first or behind the last."""
    edges = [0, *(edge for found in _BLANK.finditer(text) for edge in found.span()), len(text)]
    return ((start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if text[start:end].strip())


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends, and without the byte order mark."""
    start += text.startswith(BOM) and start == 0
    words = text[start:end].strip()
    start = text.find(words, start)
    return start, start + len(words)


READERS: dict[str, Callable[[bytes], Reading]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}
