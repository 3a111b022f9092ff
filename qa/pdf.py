"""The text layer of a PDF as blocks with their pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pdfminer.pdfdocument import PDFDocument

from qa.blocks import Piece, Reading, Unreadable, joined, sensible_title
from qa.days import parse_date

_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]\n(?=([^\W\d_]))")
_NO_LETTER = re.compile(r"\(cid:\d+\)")  # pdfminer's word for a glyph whose letter the font does not tell


def read_pdf(raw: bytes) -> Reading:
    """A PDF's text layer, a block for each text box, with its page; title and day of making by the document's info."""
    from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError
    from pdfminer.pdfparser import PDFParser
    from pdfminer.psexceptions import PSException

    _refuse_partial_pdf(raw)
    try:
        document = PDFDocument(PDFParser(BytesIO(raw)))
        pieces = list(_pdf_pieces(document))
        title, created = _pdf_info(document)
    except PDFEncryptionError as error:
        raise Unreadable("encrypted", "It asks for a password: save it without one.") from error
    except PSException as error:
        raise Unreadable("truncated", f"It is broken or cut off ({type(error).__name__}).") from error
    text, blocks = joined(pieces)
    if not re.search(r"\w", text):
        raise Unreadable("empty", "It has no text layer: a scan has to go through OCR first.")
    return Reading(text, blocks, title=title, created=created)


def _refuse_partial_pdf(raw: bytes) -> None:
    """Raises Unreadable for what is no PDF or has lost its end, which pdfminer would read in part without a word."""
    if b"%PDF-" not in raw[:1024]:
        raise Unreadable("unreadable", "It does not begin as a PDF does.")
    if not re.search(rb"startxref|%%EOF", raw[-4096:]):
        raise Unreadable("truncated", "Its end is missing.")


def _pdf_pieces(document: PDFDocument) -> Iterator[Piece]:
    """The text boxes of each page in reading order."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LAParams
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=LAParams(all_texts=True))
    interpreter = PDFPageInterpreter(resources, device)
    for number, page in enumerate(PDFPage.create_pages(document), start=1):
        interpreter.process_page(page)
        yield from (Piece(_unwrapped(box), "paragraph", number) for box in _boxes(device.get_result()))


def _boxes(layout: Any) -> Iterator[str]:
    """The texts of the boxes in a page's layout, and in the figures on it."""
    from pdfminer.layout import LTFigure, LTTextBox

    for element in layout:
        if isinstance(element, LTTextBox):
            yield element.get_text()
        elif isinstance(element, LTFigure):
            yield from _boxes(element)


def _unwrapped(box: str) -> str:
    """The lines of a box as one, a word that was parted at a line's end whole again."""
    lines = "\n".join(line.strip() for line in _NO_LETTER.sub("\ufffd", box).split("\n"))
    return _HYPHEN.sub(lambda found: "" if found[1].islower() else "-", lines)


def _pdf_info(document: PDFDocument) -> tuple[str | None, date | None]:
    """The title and the day of making in the document's info, the newest where it was changed."""
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    info = {name: resolve1(value) for known in reversed(document.info) for name, value in known.items()}
    title, made = (
        decode_text(value) if isinstance(value, bytes) else "" for value in map(info.get, ("Title", "CreationDate"))
    )
    return sensible_title(title), parse_date(made.removeprefix("D:")[:8])
