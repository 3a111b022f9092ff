"""The glyphs of a PDF's pages, with their places and the marks of a tagged document, as PDFium gives them."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from qa.types import ParagraphKind


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the tags of a PDF put a glyph: the numbers of its block, row and cell, None outside of such."""

    kind: ParagraphKind = "paragraph"
    block: int | None = None
    row: int | None = None
    cell: int | None = None
    header: bool = False

    @property
    def place(self) -> tuple[int | None, int | None, int | None]:
        """What lines of one block or cell have in common."""
        return (self.block if self.cell is None else None, self.row, self.cell)


class Glyph(NamedTuple):
    """A glyph's characters, its extent from left to right, its baseline from the bottom, its size; in points."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool = False
    spot: Spot | None = None
    word: int = 0  # how many blanks the file has before it


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is shown, its glyphs in the file's order; ``pictured`` when there is a picture on it."""

    number: int
    width: float
    height: float
    glyphs: tuple[Glyph, ...]
    tagged: bool = False
    pictured: bool = False


def pages(document: Any) -> Iterator[Page]:
    """The pages of an open `pypdfium2.PdfDocument`."""
    for at in range(len(document)):
        page = document[at]
        try:
            yield _page(page, at + 1)
        finally:
            page.close()


def _page(page: Any, number: int) -> Page:
    from pypdfium2 import raw

    spots = _spots(page)
    drawn = _stretched(list(_drawn(page, spots)))
    turn = Counter(look.turn for _, look in drawn).most_common(1)[0][0] if drawn else 0
    box = page.get_bbox()  # the other boxes do not inherit: https://crbug.com/pdfium/1786
    wide, high = box[2] - box[0], box[3] - box[1]
    width, height = (high, wide) if turn % 180 else (wide, high)
    upright = [(_turned(glyph, turn, box), look) for glyph, look in drawn if look.turn == turn]
    inside = [(g, look) for g, look in upright if -1 < g.x0 < width + 1 and -1 < g.y < height + 1]
    pictured = next(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None
    glyphs = tuple(_seen(inside, page, turn, height, pictured=pictured))
    solid = any(not glyph.text.isspace() for glyph in glyphs)
    return Page(number, width, height, glyphs if solid else (), bool(spots), pictured)


# ── what is drawn ────────────────────────────────────────────────────────────────────────────────────────────────────


class _Look(NamedTuple):
    """How the glyphs of a text object are drawn: angle in degrees, size in points, and whether that can be seen."""

    turn: int
    size: float
    bold: bool
    pale: bool  # near white, transparent or tiny: the picture of the page has to tell whether it is seen
    invisible: bool  # drawn without ink, as the words of a scan are
    spot: Spot | None


_PALE = 225  # the least of red, green and blue from which on words are too pale to be read
_FAINT = 40  # the opacity (0 to 255) below which they are
_TINY = 2.0  # points below which they are too small


def _drawn(page: Any, spots: dict[int, Spot]) -> Iterator[tuple[Glyph, _Look]]:
    """The glyphs in the file's order, with blanks where PDFium sees words parted."""
    from pypdfium2 import raw

    text = page.get_textpage()
    looks: dict[int, _Look] = {}
    x, y, box, high = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF(), ""
    look: _Look | None = None
    blanks = 0
    try:
        for at in range(text.count_chars()):
            char = _char(raw.FPDFText_GetUnicode(text, at), raw.FPDFText_IsHyphen(text, at))
            if char in "\r\n":
                continue
            if "\ud800" <= char < "\udc00":
                high = char
                continue
            char, high = _paired(high, char), ""
            drawn = raw.FPDFText_GetTextObject(text, at)
            if drawn:
                key = ctypes.addressof(drawn.contents)
                look = looks.get(key) or looks.setdefault(key, _look(text, at, drawn, spots))
            if look is None:
                continue
            blanks += char.isspace()
            raw.FPDFText_GetCharOrigin(text, at, x, y)
            raw.FPDFText_GetLooseCharBox(text, at, box)
            if look.turn % 180:
                start, end = sorted((box.bottom, box.top))
                start, end = (min(start, y.value), end) if look.turn == 90 else (start, max(end, y.value))
            else:
                start, end = (min(box.left, x.value), box.right) if look.turn == 0 else (box.left, box.right)
            # `y` holds the baseline's other coordinate until `_turned` puts both in place.
            base = x.value if look.turn % 180 else y.value
            yield Glyph(char, start, max(start, end), base, look.size, look.bold, look.spot, blanks), look
    finally:
        text.close()


def _stretched(drawn: list[tuple[Glyph, _Look]]) -> list[tuple[Glyph, _Look]]:
    """The glyphs, each blank that the file itself has between two words of one string as wide as it is shown: a line
    that is set to the full width of a narrow column has wide ones."""
    found = list(drawn)
    for at in range(1, len(drawn) - 1):
        (before, one), (blank, look), (after, other) = drawn[at - 1 : at + 2]
        own = blank.text.isspace() and blank.x1 > blank.x0 and one is look is other and look.turn in (0, 90)
        alone = not (before.text.isspace() or after.text.isspace())
        if own and alone and abs(before.y - after.y) < 0.25 * look.size:
            found[at] = blank._replace(x1=max(blank.x1, after.x0)), look
    return found


def _char(code: int, is_hyphen: int) -> str:
    if is_hyphen == 1 or code == 2:  # PDFium's word for a hyphen at a line's end
        return "-"
    return chr(code) if code else "\ufffd"


def _paired(high: str, low: str) -> str:
    """One character from the two halves that UTF-16 has for it."""
    if high and "\udc00" <= low < "\ue000":
        return (high + low).encode("utf-16", "surrogatepass").decode("utf-16")
    return "\ufffd" if "\ud800" <= low < "\ue000" else low


def _look(text: Any, at: int, drawn: Any, spots: dict[int, Spot]) -> _Look:
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(text, at, matrix)
    size = raw.FPDFText_GetFontSize(text, at) * math.hypot(matrix.c, matrix.d)
    turn = round(math.degrees(math.atan2(matrix.b, matrix.a)) / 90) * 90 % 360
    if abs(math.degrees(math.atan2(matrix.b, matrix.a)) % 90 - 45) < 40:
        turn = -1  # aslant: a watermark
    colours = [ctypes.c_uint() for _ in range(4)]
    raw.FPDFText_GetFillColor(text, at, *colours)
    red, green, blue, opacity = (colour.value for colour in colours)
    mode = raw.FPDFTextObj_GetTextRenderMode(drawn)
    pale = (min(red, green, blue) >= _PALE and mode != raw.FPDF_TEXTRENDERMODE_STROKE) or opacity < _FAINT
    mark = raw.FPDFPageObj_GetMarkedContentID(drawn)
    return _Look(turn, size, _is_bold(drawn), pale or size < _TINY, mode in (3, 7), spots.get(mark))


def _is_bold(drawn: Any) -> bool:
    from pypdfium2 import raw

    font = raw.FPDFTextObj_GetFont(drawn)
    name = ctypes.create_string_buffer(200)
    raw.FPDFFont_GetBaseFontName(font, name, len(name))
    known = name.value.decode("utf-8", "replace").casefold()
    return any(word in known for word in ("bold", "black", "heavy"))


def _turned(glyph: Glyph, turn: int, box: tuple[float, float, float, float]) -> Glyph:
    """The glyph where it stands when its text is turned upright."""
    left, bottom, right, top = box
    if turn == 90:
        return glyph._replace(x0=glyph.x0 - bottom, x1=glyph.x1 - bottom, y=right - glyph.y)
    if turn == 180:
        return glyph._replace(x0=right - glyph.x1, x1=right - glyph.x0, y=top - glyph.y)
    if turn == 270:
        return glyph._replace(x0=top - glyph.x1, x1=top - glyph.x0, y=glyph.y - left)
    return glyph._replace(x0=glyph.x0 - left, x1=glyph.x1 - left, y=glyph.y - bottom)


# ── what is seen ─────────────────────────────────────────────────────────────────────────────────────────────────────

_CONTRAST = 24  # of 255 shades of grey, between a glyph and what is behind it
_LARGEST = 2000  # pixels of a page's picture, along its longer side


def _seen(drawn: list[tuple[Glyph, _Look]], page: Any, turn: int, height: float, *, pictured: bool) -> list[Glyph]:
    """The glyphs that a reader sees; the words behind the picture of a scan count as seen."""
    scanned = pictured and 2 * sum(look.invisible for _, look in drawn) > len(drawn)
    if not scanned:
        drawn = [(glyph, look) for glyph, look in drawn if not look.invisible]
    if not any(look.pale for _, look in drawn):
        return [glyph for glyph, _ in drawn]
    picture = _Picture(page, turn, height)
    return [glyph for glyph, look in drawn if not look.pale or glyph.text.isspace() or picture.shows(glyph)]


class _Picture:
    """A page in shades of grey."""

    def __init__(self, page: Any, turn: int, height: float) -> None:
        self._height = height
        self._scale = min(1.5, _LARGEST / max(*page.get_size(), 1.0))
        rotation = (turn - page.get_rotation()) % 360 if turn >= 0 else 0
        self._bitmap = page.render(scale=self._scale, rotation=rotation, grayscale=True, may_draw_forms=False)
        self._bytes = bytes(self._bitmap.buffer)

    def shows(self, glyph: Glyph) -> bool:
        """Whether there is anything to be seen where a glyph stands."""
        if glyph.size < 1:
            return False
        left, right = (round(x * self._scale) for x in (glyph.x0, glyph.x1))
        top = round((self._height - glyph.y - 0.8 * glyph.size) * self._scale)
        bottom = round((self._height - glyph.y + 0.1 * glyph.size) * self._scale)
        shades: set[int] = set()
        for row in range(max(0, top), min(self._bitmap.height, bottom + 1)):
            start = row * self._bitmap.stride
            shades.update(self._bytes[start + max(0, left - 1) : start + min(self._bitmap.width, right + 2)])
        return bool(shades) and max(shades) - min(shades) > _CONTRAST


# ── the tags ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_WITHIN = frozenset(
    "Span NonStruct Link Lbl LBody Quote Em Strong Reference Code Annot Ruby RB RT Sub BibEntry".split()
)
_AROUND = frozenset("Document Part Art Sect Div Table TBody THead TFoot TOC Index Private L Aside".split())
_KINDS: dict[str, ParagraphKind] = {
    **dict.fromkeys(("H", "H1", "H2", "H3", "H4", "H5", "H6", "Title"), "heading"),
    **dict.fromkeys(("LI", "TOCI"), "item"),
    "BlockQuote": "quotation",
}
_DEEPEST = 60  # levels of tags, and elements of a page: more are no document but an attack
_MOST = 100_000


def _spots(page: Any) -> dict[int, Spot]:
    """Where each marked content of a page stands by the document's tags; empty when it has none."""
    from pypdfium2 import raw

    tree = raw.FPDF_StructTree_GetForPage(page)
    if not tree:
        return {}
    try:
        found: dict[int, Spot] = {}
        elements = 0
        roots = (raw.FPDF_StructTree_GetChildAtIndex(tree, n) for n in range(raw.FPDF_StructTree_CountChildren(tree)))
        waiting = [(root, Spot(), 0) for root in roots if root]
        while waiting and elements < _MOST:
            element, above, depth = waiting.pop()
            elements += 1
            spot = _spot(_type(element), above, elements)
            for n in range(raw.FPDF_StructElement_CountChildren(element)):
                mark = raw.FPDF_StructElement_GetChildMarkedContentID(element, n)
                child = raw.FPDF_StructElement_GetChildAtIndex(element, n) if mark < 0 else None
                if mark >= 0:
                    found[mark] = spot
                elif child and depth < _DEEPEST:
                    waiting.append((child, spot, depth + 1))
        return found
    finally:
        raw.FPDF_StructTree_Close(tree)


def _spot(name: str, above: Spot, number: int) -> Spot:
    """Where an element is, by its type and the place of the one that it is in."""
    if name in _WITHIN:
        return above
    if name == "TR":
        return Spot("row", number, row=number)
    if name in ("TD", "TH") and above.row is not None:
        return Spot("row", number, above.row, cell=number, header=name == "TH")
    if above.cell is not None or (above.kind == "item" and name == "P"):
        return above
    if name in _AROUND:
        return Spot(above.kind, None, above.row) if above.kind == "quotation" else Spot()
    if above.kind == "quotation":
        return Spot("quotation", number)
    return Spot(_KINDS.get(name, "paragraph"), number)


def _type(element: Any) -> str:
    from pypdfium2 import raw

    name = ctypes.create_string_buffer(128)
    length = raw.FPDF_StructElement_GetType(element, name, len(name))
    return name.raw[: max(0, min(length, len(name)) - 2)].decode("utf-16-le", "replace")
