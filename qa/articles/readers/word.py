"""Word files: the words as Word shows them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

from qa.articles.numbering import Cell, Content, Piece, Unreadable, joined, lowered, raised, sensible_title, table
from qa.types import ParagraphKind

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_UNPACKED = 200_000_000  # bytes that a .docx may unpack to; a zip bomb is a thousand times its size
_TEMPLATE_MADE = date(2013, 12, 23)  # what every file made with python-docx says unless told otherwise
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"


_PROSE = 60  # characters of a paragraph that is prose
_SIGNS = {
    **{f"{_W}{name}": " " for name in ("tab", "ptab", "cr", "br")},
    f"{_W}noBreakHyphen": "-",
}
_OUT = {*(f"{_W}{name}" for name in "del moveFrom rt pPr rPr sectPr tblPr trPr tcPr sdtPr".split()), f"{_MC}Fallback"}
# The font Symbol by Adobe's encoding of it: Greek letters in the places of Latin ones, and the commonest signs.
_SYMBOLS = {
    **dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)),
    **dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)),
    **{code: chr(code) for code in range(0x20, 0x40)},
    0xA3: "≤", 0xA5: "∞", 0xAE: "→", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB7: "•", 0xB8: "÷", 0xB9: "≠",
    0xBB: "≈", 0xBC: "…", 0xD6: "√", 0xE5: "∑", 0x2D: "−",
}  # fmt: skip

# The commonest signs of Microsoft's fonts of them: https://www.unicode.org/L2/L2011/11052r-wingding.pdf
_WINGDINGS = {
    0x22: "✂", 0x28: "☎", 0x2A: "✉", 0x46: "☞", 0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "❑",
    0x75: "◆", 0x76: "❖", 0x9F: "•", 0xA7: "▪", 0xA8: "☐", 0xAB: "★", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑",
    0xE2: "↓", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x97: "●", 0xA3: "☐"}
_FONTS = {"Symbol": _SYMBOLS, "Wingdings": _WINGDINGS, "Wingdings 2": _WINGDINGS_2}


def read_docx(raw: bytes) -> Content:
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
    return Content(text, blocks, title=sensible_title(known.title), created=created)


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


class _Shown:
    """What Word shows of a document: its styles say what is hidden, and which notes are referred to is kept."""

    def __init__(self, document: Any) -> None:
        styles = document.styles.element
        self._styles = {style.get(f"{_W}styleId"): style for style in styles.iter(f"{_W}style")}
        of_all = (one for one in styles.iter(f"{_W}style") if one.get(f"{_W}type") == "paragraph")
        self._usual = next(
            (one.get(f"{_W}styleId") for one in of_all if one.get(f"{_W}default") in ("1", "true")), None
        )
        self._default = _switch(styles.find(f"{_W}docDefaults/{_W}rPrDefault/{_W}rPr/{_W}vanish"))
        self.notes: list[tuple[str, str | None]] = []  # in the order in which they are referred to

    def pieces(self, element: Any) -> Iterator[Piece]:
        """The paragraphs and rows inside an element, in order, each text box behind the paragraph that it hangs on."""
        held = ""  # the words of a paragraph whose end is not shown: they go on in the next
        for child in element:
            if _is_out(child):
                continue
            if held and child.tag == f"{_W}tbl":
                yield Piece(held)
                held = ""
            if child.tag == f"{_W}p":
                words = self.words(child)
                held += f" {words}" if held.endswith((".", "!", "?")) else words
                if not _goes_on(child):
                    yield Piece(held, self._kind(child))
                    held = ""
                yield from self._boxes(child)
            elif child.tag == f"{_W}tbl":
                yield from self._table(child)
            else:  # a content control, an insertion, a cell
                yield from self.pieces(child)
        if held:
            yield Piece(held)

    def _boxes(self, element: Any) -> Iterator[Piece]:
        for box in element.iter(f"{_W}txbxContent"):
            above = [one for one in box.iterancestors() if one.tag in (f"{_MC}Fallback", f"{_W}txbxContent")]
            if not above or element in above:
                yield from self.pieces(box)

    def _table(self, table_: Any) -> Iterator[Piece]:
        rows = [row for row in table_.iter(f"{_W}tr") if _nearest(row, f"{_W}tbl") is table_ and not _is_gone(row)]
        cells = [[tc for tc in row.iter(f"{_W}tc") if _nearest(tc, f"{_W}tr") is row] for row in rows]
        holders = sum(tc.find(f".//{_W}tbl") is not None for row in cells for tc in row)
        is_layout = 4 * holders > sum(map(len, cells)) or any(self._has_prose(tc) for row in cells for tc in row)
        if max(map(len, cells), default=0) < 2 or is_layout:
            for tc in (tc for row in cells for tc in row):
                yield from self.pieces(tc)
            return
        above: dict[int, str] = {}
        yield from table([self._row(row, line, above) for row, line in zip(rows, cells, strict=True)])
        yield from self._boxes(table_)

    def _has_prose(self, tc: Any) -> bool:
        """Whether a cell has several paragraphs of prose: its table only arranges the page, as one of tables does."""
        prose = (self.words(p) for p in tc.iterchildren(f"{_W}p"))
        return sum(len(words) >= _PROSE for words in prose) > 1

    def _cell(self, tc: Any) -> Iterator[str]:
        """The words of a cell's paragraphs, and of a table in it."""
        for part in tc.iter(f"{_W}p", f"{_W}tbl"):
            if _nearest(part, f"{_W}tc") is tc:
                rows = self._table(part) if part.tag == f"{_W}tbl" else ()
                yield "; ".join(row.words for row in rows) or self.words(part)

    def _row(self, row: Any, cells: list[Any], above: dict[int, str]) -> list[Cell]:
        """The cells of a row; one that goes on the cell above it has its words, which ``above`` keeps by column."""
        before = _number(row.find(f"{_W}trPr/{_W}gridBefore"), 0)
        found = [Cell("", before)] if before else []
        marked = _switch(row.find(f"{_W}trPr/{_W}tblHeader"))
        at = before
        for tc in cells:
            merged, width = tc.find(f"{_W}tcPr/{_W}vMerge"), _number(tc.find(f"{_W}tcPr/{_W}gridSpan"), 1)
            words = " ".join(self._cell(tc))
            if merged is not None and merged.get(f"{_W}val") != "restart":
                words = above.get(at, words)
            above[at] = words
            found.append(Cell(words, width, header=bool(marked) or self._is_bold(tc)))
            at += width
        return found

    def _is_bold(self, tc: Any) -> bool:
        runs = [run for run in tc.iter(f"{_W}r") if run.find(f"{_W}t") is not None]
        return bool(runs) and all(_switch(run.find(f"{_W}rPr/{_W}b")) for run in runs)

    def _kind(self, paragraph: Any) -> ParagraphKind:
        """What a paragraph is by the names of its style and those that it is based on, which Word keeps in English, or
        by its numbering."""
        names = [str(name.get(f"{_W}val")).lower() for style in self._chain(self._style(paragraph))
                 if (name := style.find(f"{_W}name")) is not None]  # fmt: skip
        if any(name.startswith(("heading", "title")) for name in names):
            return "heading"
        if any("quote" in name for name in names):
            return "quotation"
        numbered = paragraph.find(f"{_W}pPr/{_W}numPr") is not None
        return "item" if numbered or any(name.startswith("list") for name in names) else "paragraph"

    def words(self, element: Any) -> str:
        """The words inside a paragraph, without those of a text box."""
        return "".join(self._strings(element))

    def _strings(self, element: Any) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag in (f"{_W}t", f"{_M}t"):
                yield child.text or ""
            elif tag in _SIGNS:
                yield _SIGNS[tag]
            elif tag == f"{_W}sym":
                yield _symbol(child)
            elif tag in (f"{_W}footnoteReference", f"{_W}endnoteReference"):
                self.notes.append((tag.removeprefix(_W).removesuffix("Reference"), child.get(f"{_W}id")))
            elif tag == f"{_W}r":
                if not self._is_hidden(child):
                    yield _moved("".join(self._strings(child)), self._property(child, "vertAlign"))
            elif not (_is_out(child) or tag == f"{_W}txbxContent"):
                yield from self._strings(child)

    def _is_hidden(self, run: Any) -> bool:
        """Whether a run is hidden text: by itself, by its style, by its paragraph's, or by default."""
        hidden = _switch(self._property(run, "vanish"))
        return bool(self._default) if hidden is None else hidden

    def _property(self, run: Any, name: str) -> Any:
        """What a run says of its letters: by itself, by its style, or by its paragraph's; None where it does not."""
        own, named = run.find(f"{_W}rPr/{_W}{name}"), run.find(f"{_W}rPr/{_W}rStyle")
        if own is not None:
            return own
        names = (None if named is None else named.get(f"{_W}val"), self._style(_nearest(run, f"{_W}p")))
        styles = (style for known in names for style in self._chain(known))
        return next((value for style in styles if (value := style.find(f"{_W}rPr/{_W}{name}")) is not None), None)

    def _style(self, paragraph: Any) -> str | None:
        named = None if paragraph is None else paragraph.find(f"{_W}pPr/{_W}pStyle")
        return self._usual if named is None else named.get(f"{_W}val")

    def _chain(self, name: str | None) -> Iterator[Any]:
        """A style and those that it is based on."""
        seen: set[str | None] = set()
        while name in self._styles and name not in seen:
            seen.add(name)
            yield self._styles[name]
            based = self._styles[name].find(f"{_W}basedOn")
            name = None if based is None else based.get(f"{_W}val")


def _docx_pieces(document: Any) -> Iterator[Piece]:
    """The body, then the notes that it refers to, then each header and footer once."""
    shown = _Shown(document)
    yield from shown.pieces(document.element.body)
    notes = {kind: _notes(document, kind) for kind in ("footnote", "endnote")}
    for kind, number in dict.fromkeys(shown.notes):
        if (note := notes[kind].get(number)) is not None:
            yield from shown.pieces(note)
    around = (piece for part in _around(document) for piece in shown.pieces(part))
    yield from dict.fromkeys(piece for piece in around if any(char.isalpha() for char in piece.words))


def _notes(document: Any, kind: str) -> dict[str | None, Any]:
    """The notes of a kind by their ids, without the lines that part them from the text."""
    from docx.oxml import parse_xml

    parts = [rel.target_part for rel in document.part.rels.values() if rel.reltype.endswith(f"/{kind}s")]
    found = [note for part in parts for note in parse_xml(part.blob).iter(f"{_W}{kind}")]
    return {note.get(f"{_W}id"): note for note in found if note.get(f"{_W}type") in (None, "normal")}


def _around(document: Any) -> Iterator[Any]:
    """The headers and footers that some page has."""
    for section in document.sections:
        both = [section.header, section.footer]
        if section.different_first_page_header_footer:
            both += [section.first_page_header, section.first_page_footer]
        if document.settings.odd_and_even_pages_header_footer:
            both += [section.even_page_header, section.even_page_footer]
        yield from (part._element for part in both if not part.is_linked_to_previous)


def _goes_on(paragraph: Any) -> bool:
    """Whether the end of a paragraph is deleted, moved elsewhere or hidden."""
    marks = (paragraph.find(f"{_W}pPr/{_W}rPr/{_W}{name}") for name in ("del", "moveFrom", "vanish"))
    return any(_switch(mark) for mark in marks)


def _moved(words: str, align: Any) -> str:
    """The words of a run in the characters for what stands above or below the line, if it is to."""
    where = None if align is None else align.get(f"{_W}val")
    return raised(words) if where == "superscript" else lowered(words) if where == "subscript" else words


def _nearest(element: Any, tag: str) -> Any:
    return next(element.iterancestors(tag), None)


def _is_out(element: Any) -> bool:
    """Whether an element is deleted, moved elsewhere, a second copy, the reading of a sign, or a place to fill in."""
    if element.tag == f"{_W}sdt":
        return element.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None
    return not isinstance(element.tag, str) or element.tag in _OUT


def _is_gone(row: Any) -> bool:
    """Whether a table row is deleted, hidden, or inside what is out."""
    marks = (row.find(f"{_W}trPr/{_W}del"), row.find(f"{_W}trPr/{_W}hidden"))
    return any(mark is not None for mark in marks) or any(_is_out(above) for above in row.iterancestors())


def _switch(element: Any) -> bool | None:
    """Whether a property is on; None where it is not given."""
    return None if element is None else element.get(f"{_W}val", "1") not in ("0", "false", "off")


def _number(element: Any, usual: int) -> int:
    words = "" if element is None else element.get(f"{_W}val", "")
    return int(words) if words.isdecimal() and len(words) < 5 else usual


def _symbol(element: Any) -> str:
    """The character of a symbol; those of the font Symbol have places of their own, of others the sign is unknown."""
    try:
        code = int(element.get(f"{_W}char", ""), 16)
    except ValueError:
        return ""
    if not 0xE000 <= code <= 0xF8FF:
        return chr(code)
    return _FONTS.get(element.get(f"{_W}font", ""), {}).get(code & 0xFF, " ")
