"""The words of one file: bytes in, text and numbered blocks out, a reader for each format."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator

from qa.articles.encoding import BOM, decode
from qa.articles.numbering import Block, Content
from qa.articles.readers.html import read_html
from qa.articles.readers.markdown import read_markdown
from qa.articles.readers.pdf import read_pdf
from qa.articles.readers.word import read_docx

WRAPPED = 120  # characters: a longer line was not wrapped by hand (the numbering rule)

for _noisy in ("trafilatura", "htmldate"):  # they warn about every odd file; Skipped says what matters
    logging.getLogger(_noisy).setLevel(logging.CRITICAL)


# ── .txt ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_LINE = re.compile(r"^[ \t\f]*[^ \t\f\n][^\n]*", re.M)  # what docs/paragraph.awk takes for one: any space else is text
_BLANK = re.compile(r"\n[ \t\f]*\n")
_ADDRESS = re.compile(r"[a-z]+://[^ \t\n]+")


def read_text(raw: bytes) -> Content:
    """A text file as it stands; a block is a run of lines or a line, by the numbering rule (`docs/paragraph.awk`)."""
    text = decode(raw)
    trimmed = (_trimmed(text, start, end) for start, end in _text_spans(text))
    return Content(text, tuple(Block(n, start, end) for n, (start, end) in enumerate(trimmed, start=1) if start < end))


def _text_spans(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the blocks: runs of lines without a blank one between, and the lines of those that are no prose
    wrapped by hand: of all where most of the file is long lines, else of those that have a long line."""
    lines = [(found.start(), found.end(), _length(found[0])) for found in _LINE.finditer(text)]
    long = sum(length for _, _, length in lines if length > WRAPPED)
    unwrapped = 2 * long > sum(length for _, _, length in lines)
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and not _BLANK.search(text, lines[end - 1][1], lines[end][0]):
            end += 1
        run = lines[at:end]
        if unwrapped or any(length > WRAPPED for _, _, length in run):
            yield from ((start, stop) for start, stop, _ in run)
        else:
            yield run[0][0], run[-1][1]
        at = end


def _length(line: str) -> int:
    """The characters of a line without its web addresses, which no editor wraps."""
    return len(_ADDRESS.sub("", line) if "://" in line else line)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space and byte order marks at its ends."""
    words = text[start:end].strip()
    while words.startswith(BOM) or words.endswith(BOM):
        words = words.strip(BOM).strip()
    start = text.find(words, start)
    return start, start + len(words)


READERS: dict[str, Callable[[bytes], Content]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}
