"""Word files: the words as Word shows them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

from qa.blocks import Piece, Reading, Unreadable, joined, row, sensible_title
from qa.types import ParagraphKind

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_UNPACKED = 200_000_000  # bytes that a .docx may unpack to; a zip bomb is a thousand times its size
_TEMPLATE_MADE = date(2013, 12, 23)  # what every file made with python-docx says unless told otherwise
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"


def read_docx(raw: bytes) -> Reading:
    """A Word file's paragraphs and table rows in order; headings, items and quotations by style."""
    import zlib
    from zipfile import BadZipFile

    import docx

    _refuse_other_docx(raw)
    try:
        _refuse_bomb(raw)
        document = docx.Document(BytesIO(raw))
    except (BadZipFile, zlib.error, EOFError) as error:
        raise Unreadable("truncated", f"Its zip archive is broken or cut off ({type(error).__name__}).") from error
    text, blocks = joined(_docx_pieces(document))
    known = document.core_properties
    created = known.created.date() if known.created and known.created.date() != _TEMPLATE_MADE else None
    return Reading(text, blocks, title=sensible_title(known.title), created=created)


def _refuse_other_docx(raw: bytes) -> None:
    """Raises Unreadable for what is no zip archive: an encrypted .docx and an old .doc are OLE containers."""
    if raw.startswith(_OLE):
        raise Unreadable("encrypted", "It asks for a password, or is an old .doc: save it as .docx without one.")
    if not raw.startswith(b"PK"):
        raise Unreadable("unreadable", "It does not begin as a .docx does.")


def _refuse_bomb(raw: bytes) -> None:
    """Raises Unreadable for a zip bomb; zipfile unpacks no more of a file than the archive declares."""
    from zipfile import ZipFile

    with ZipFile(BytesIO(raw)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > _UNPACKED:
        raise Unreadable("too large", f"It unpacks to {size / 1e6:.0f} MB.")


def _docx_pieces(document: Any) -> Iterator[Piece]:
    """The words of the body's paragraphs and rows, wherever they stand: in content controls and text boxes too."""
    from docx.text.paragraph import Paragraph

    for element in document.element.body.iter(f"{_W}p", f"{_W}tr"):
        above = {ancestor.tag for ancestor in element.iterancestors()}
        if f"{_W}tr" in above or f"{_MC}Fallback" in above:  # a part of a row; the second copy of a text box
            continue
        if element.tag == f"{_W}tr":
            yield Piece(row(_docx_words(cell) for cell in element.findall(f"{_W}tc")), "row")
        else:
            style = Paragraph(element, document).style
            yield Piece(_docx_words(element), _docx_kind(str(style.name) if style else "", element))


def _docx_kind(style: str, paragraph: Any) -> ParagraphKind:
    """What a paragraph is by the name of its style, which Word keeps in English, or by its numbering."""
    if style.startswith(("Heading", "Title")):
        return "heading"
    if "Quote" in style:
        return "quotation"
    return "item" if style.startswith("List") or paragraph.find(f".//{_W}numPr") is not None else "paragraph"


def _docx_words(element: Any) -> str:
    """The words inside a paragraph or cell, without what is deleted or stands in a text box of its own."""
    words: list[str] = []
    for part in element.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}p"):
        boxes = part.iterancestors(f"{_W}txbxContent")
        if next(boxes, None) is next(element.iterancestors(f"{_W}txbxContent"), None):
            words.append(part.text or "" if part.tag == f"{_W}t" else " ")
    return "".join(words)
