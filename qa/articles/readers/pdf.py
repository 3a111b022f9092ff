"""A PDF's words in reading order: PDFium gives the glyphs and their places, the layout is made here.

A page is glyphs at places and no more. They become lines, lines that go on in the file's order blocks, blocks side by
side the rows of a table, and what goes on over a column or page is joined. The marks of a tagged PDF say where a block,
a row and a cell end; without them the places do. Lines that come back at the same place of several pages (running
heads, page numbers) are left out, and so is what cannot be seen.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from statistics import median

from qa.articles.dates import parse_date
from qa.articles.numbering import Cell, Content, Piece, Unreadable, joined, lowered, raised, sensible_title, table
from qa.articles.readers.bidi import is_rtl, logical
from qa.articles.readers.glyphs import Glyph, Page, Spot, pages
from qa.types import ParagraphKind


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
    lines = [_with_labels(_lines(page)) for page in shown]
    kept = _without_furniture(lines, shown)
    body = _body_size(kept)
    pitch = _pitch(kept)
    blocks = [block for page in kept for block in _in_rows(_blocks(_ordered(page), pitch), pitch)]
    words = _words_of(kept)
    words |= _compounds(kept, words)
    found = [piece for piece in _pieces(_joined_over_breaks(blocks, body), body, words) if piece.words]
    there = {id(line) for page in kept for line in page}
    return found, [line.text for page in lines for line in page if id(line) not in there]


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────

# What the layout finds with these numbers and those below `python -m evals.bench.pdfs` prints, and by
# `evals.bench.sweep` what it finds with others.
_REACH = 1.0  # ems between two glyphs of a line; cells and columns are farther apart
_SCRIPT = 12  # characters above or below a line: more are a line of their own
_OFF_LINE = 0.1  # ems between a line and what stands above or below it
_SPACE = 0.25  # ems that part two words where the file has no blank
_SPACE_RTL = 0.1  # and in right-to-left writing between two words
_SPACE_SIGN = 0.18  # and there beside a sign
_LAM_ALEF = frozenset("لاآأإ")  # one glyph for two letters, which PDFium gives in either order
_FORMS = re.compile("[\u2e80-\u2fdf\uf900-\ufdff\ufe70-\ufefc]+|[\ufb00-\ufb4f]")  # ligatures, presentation forms
_LABEL = re.compile(r"[^\w\s(\[{\"'“‘«¿¡$€£]|\(?(?:\d{1,3}|[^\W\d])[.)]")


_BEGINS_ITEM = re.compile(r"(?:[•◦▪‣·●○■□]|\(?\d{1,2}[.)])\s+(?=\S)")


@dataclass(slots=True)
class Line:
    """A line of a page, or the part of one that stands in a column or cell."""

    page: int
    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    spot: Spot | None
    item: bool = False

    @property
    def rtl(self) -> bool:
        return is_rtl(self.text)


def _lines(page: Page) -> list[Line]:
    """The lines in the file's order, those that continue another at the same height joined to it."""
    found: list[Line] = []
    rtl = 2 * sum(is_rtl(glyph.text) for glyph in page.glyphs) > sum(glyph.text.isalpha() for glyph in page.glyphs)
    starts = _cell_starts(page.glyphs)
    for glyphs in _strips(list(_runs(page.glyphs, starts)), starts):
        solid = [glyph for glyph in glyphs if not glyph.text.isspace()]
        size = Counter(round(glyph.size, 1) for glyph in solid).most_common(1)[0][0]
        base = Counter(round(glyph.y, 1) for glyph in solid if round(glyph.size, 1) == size).most_common(1)[0][0]
        x0, x1 = min(glyph.x0 for glyph in solid), max(glyph.x1 for glyph in solid)
        bold = 2 * sum(glyph.bold for glyph in solid) > len(solid)
        text = _written(list(_with_scripts(glyphs, base, size)), rtl=rtl)
        found.append(Line(page.number, text, x0, x1, base, size, bold, solid[0].spot))
    return found


def _with_scripts(glyphs: Iterable[Glyph], base: float, size: float) -> Iterator[Glyph]:
    """The glyphs of a line, small ones above or below its baseline as one in the characters for it."""

    def place(glyph: Glyph) -> int:
        away = (glyph.y - base) / max(size, 0.1)
        small = glyph.size < 0.88 * size and not glyph.text.isspace() and not is_rtl(glyph.text)
        return 0 if not small or abs(away) < _OFF_LINE else 1 if away > 0 else -1

    for where, group in groupby(glyphs, key=place):
        if where == 0:
            yield from group
            continue
        together = list(group)
        words = "".join(glyph.text for glyph in together).rstrip()
        if len(words) > _SCRIPT or " " in words:
            yield from together
            continue
        moved = raised(words) if where > 0 else lowered(words)
        yield together[0]._replace(text=moved, x1=max(glyph.x1 for glyph in together))


def _strips(runs: list[list[Glyph]], starts: Set[int]) -> Iterator[list[Glyph]]:
    """The runs that follow each other at one height, joined where they stand beside each other."""
    order = {id(glyph): n for n, glyph in enumerate(glyph for run in runs for glyph in run)}
    for _, group in groupby(_numbered_by_height(runs), key=lambda numbered: numbered[0]):
        strips: list[tuple[float, list[Glyph]]] = []
        for x0, x1, run in sorted(((*_extent(run), run) for _, run in group), key=lambda found: found[0]):
            end, last = strips[-1] if strips else (0.0, run)
            near = x0 - end < _REACH * run[0].size and _place(last[0]) == _place(run[0])
            if strips and near and id(run[0]) not in starts:
                strips[-1] = (max(end, x1), last + run)
            else:
                strips.append((x1, run))
        yield from (strip for _, strip in sorted(strips, key=lambda found: min(order[id(g)] for g in found[1])))


def _numbered_by_height(runs: list[list[Glyph]]) -> Iterator[tuple[int, list[Glyph]]]:
    number, before = 0, None
    for run in runs:
        if before is not None and abs(run[0].y - before.y) > 0.25 * max(run[0].size, before.size):
            number += 1
        before = run[0]
        yield number, run


def _extent(glyphs: Sequence[Glyph]) -> tuple[float, float]:
    solid = [glyph for glyph in glyphs if not glyph.text.isspace()]
    return min(glyph.x0 for glyph in solid), max(glyph.x1 for glyph in solid)


def _place(glyph: Glyph) -> tuple[int | None, ...] | None:
    return glyph.spot.place if glyph.spot else None


def _cell_starts(glyphs: Sequence[Glyph]) -> set[int]:
    """Which glyphs begin a cell of a narrow table: the file has blanks, and none before them, in one line and the next.

    What comes back are their ids.
    """
    blanks = [glyph for glyph in glyphs if glyph.text.isspace()]
    if 2 * sum(glyph.x1 > glyph.x0 for glyph in blanks) < len(blanks):  # a file that has no blanks at all
        return set()
    rows: list[tuple[float, float, list[int]]] = []
    for at in range(2, len(glyphs)):
        before, blank, glyph = glyphs[at - 2 : at + 1]
        if not blank.text.isspace() or blank.x1 > blank.x0 or abs(before.y - glyph.y) > 0.1 * glyph.size:
            continue
        if not 0.15 * glyph.size < glyph.x0 - before.x1 or is_rtl(glyph.text):
            continue
        if not rows or abs(rows[-1][0] - glyph.y) > 0.1 * glyph.size:
            rows.append((glyph.y, glyph.size, []))
        rows[-1][2].append(id(glyph))
    found: set[int] = set()
    for (y, size, cells), (below, _, others) in pairwise(rows):
        if 0 < y - below < 4 * size:
            found.update(cells, others)
    return found


def _runs(glyphs: Iterable[Glyph], starts: Set[int]) -> Iterator[list[Glyph]]:
    """The glyphs that stand beside each other, in whatever order the file has them; ``starts`` begin anew."""
    run: list[Glyph] = []
    x0 = x1 = y = size = 0.0
    for glyph in glyphs:
        blank = glyph.text.isspace()
        if run and (id(glyph) in starts or not _is_beside(glyph, run[0].spot, x0, x1, y, size, blank=blank)):
            yield run
            run = []
        if not run:
            if blank:
                continue
            x0, x1, y, size = glyph.x0, glyph.x1, glyph.y, glyph.size
        run.append(glyph)
        if not blank or glyph.x1 - glyph.x0 > 0.5 * _REACH * size:
            x0, x1 = min(x0, glyph.x0), max(x1, glyph.x1)
        if not blank and glyph.size > size:
            y, size = glyph.y, glyph.size
    if run:
        yield run


def _is_beside(glyph: Glyph, spot: Spot | None, x0: float, x1: float, y: float, size: float, *, blank: bool) -> bool:
    """Whether a glyph goes on with a line of that extent, baseline and size; a raised number does."""
    if blank and glyph.x0 == glyph.x1:
        return True
    if glyph.spot != spot and (glyph.spot is None or spot is None or glyph.spot.place != spot.place):
        return False
    em = max(size, glyph.size)
    raised = min(size, glyph.size) < 0.85 * em
    if abs(glyph.y - y) > (0.6 if raised else 0.25) * em:
        return False
    return glyph.x0 <= x1 + _REACH * em and glyph.x1 >= x0 - _REACH * em


def _written(glyphs: Sequence[Glyph], *, rtl: bool) -> str:
    """The text of a line's glyphs as it is read."""
    if any(is_rtl(glyph.text) for glyph in glyphs):
        text = logical(_visual(glyphs), rtl=rtl)
    else:
        text = "".join(_spaced(glyphs, _SPACE))
    return unicodedata.normalize("NFC", _FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text))


def _spaced(glyphs: Sequence[Glyph], least: float) -> Iterator[str]:
    """The glyphs' texts with a blank where they are apart."""
    before: Glyph | None = None
    for glyph in glyphs:
        if before and not (before.text.isspace() or glyph.text.isspace()):
            em = max(before.size, glyph.size)
            if glyph.x0 - before.x1 > least * em:
                yield " "
        yield glyph.text
        before = glyph


def _visual(glyphs: Sequence[Glyph]) -> list[str]:
    """The clusters of a line from left to right: a letter with its marks, a blank where they are apart."""
    solid = sorted((g for g in glyphs if not g.text.isspace() and not _is_mark(g)), key=lambda glyph: glyph.x0)
    marks: dict[int, str] = {}
    for mark in (glyph for glyph in glyphs if _is_mark(glyph)):
        middle = (mark.x0 + mark.x1) / 2
        nearest = min(range(len(solid)), key=lambda at: abs((solid[at].x0 + solid[at].x1) / 2 - middle), default=None)
        if nearest is not None:
            marks[nearest] = marks.get(nearest, "") + mark.text
    found: list[str] = []
    before: Glyph | None = None
    for at, glyph in enumerate(solid):
        if before and {before.text, glyph.text} <= _LAM_ALEF and glyph.x0 - before.x0 < 0.05 * glyph.size:
            found[-1] = "ل" + max(before.text, glyph.text, key="ل".__ne__) + marks.get(at, "")
            continue
        if before:
            gap = glyph.x0 - max(other.x1 for other in solid[max(0, at - 3) : at])
            parted = before.word != glyph.word and before.text.isalnum() and glyph.text.isalnum()
            if gap > (_SPACE_RTL if parted else _SPACE_SIGN) * glyph.size:
                found.append(" ")
        found.append(glyph.text + marks.get(at, ""))
        before = glyph
    return found


def _is_mark(glyph: Glyph) -> bool:
    return all(unicodedata.combining(char) for char in glyph.text)


def _with_labels(lines: list[Line]) -> list[Line]:
    """The lines, each with the bullet or number of a list that stands before it."""
    found: list[Line] = []
    for line in lines:
        before = found[-1] if found else None
        if before and _LABEL.fullmatch(before.text.strip()) and _is_after(before, line):
            label = before.text.strip()
            words = f"{label} {line.text}" if re.search(r"\w", label) else line.text
            x0, x1 = min(before.x0, line.x0), max(before.x1, line.x1)
            found[-1] = replace(line, text=words, x0=x0, x1=x1, spot=line.spot or before.spot, item=True)
        elif within := _BEGINS_ITEM.match(line.text):
            words = line.text if re.search(r"\w", within[0]) else line.text[within.end() :]
            found.append(replace(line, text=words, item=True))
        else:
            found.append(line)
    return found


def _is_after(label: Line, line: Line) -> bool:
    """Whether a line stands beside a label of a list, on either side."""
    apart = max(line.x0 - label.x1, label.x0 - line.x1)
    same_cell = not (label.spot and line.spot) or (label.spot.row, label.spot.cell) == (line.spot.row, line.spot.cell)
    return abs(line.y - label.y) < 0.3 * line.size and apart < 4 * line.size and same_cell


# ── what is on every page ────────────────────────────────────────────────────────────────────────────────────────────

_EDGE = 0.15  # of a page's height at its top and bottom, where running heads and page numbers stand
_NUMBERED = 0.1
_FEW = 4  # lines from the edge
_SAME_PLACE = 9.0  # points
_HEADING = 1.2  # of the body's size: running heads are smaller


def _without_furniture(lines: Sequence[list[Line]], shown: Sequence[Page]) -> list[list[Line]]:
    """The pages' lines without running heads and feet and page numbers."""
    edges = [_edge_lines(of_page, page) for of_page, page in zip(lines, shown, strict=True)]
    body = _body_size(lines)
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
                _ends(line.text) or line.size > _HEADING * body or (line.bold and not bold and line.size >= 0.99 * body)
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


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Block:
    """Lines that go on, or those of a table; ``rows`` has its cells, None where one is empty."""

    def __init__(self, lines: Iterable[Line] = (), rows: Sequence[Sequence[Block | None]] = ()) -> None:
        self.lines: list[Line] = []
        self.rows = [list(row) for row in rows]
        self.x0, self.x1, self.top, self.bottom = math.inf, -math.inf, -math.inf, math.inf
        self.add(lines)

    def add(self, lines: Iterable[Line]) -> None:
        """Puts further lines at its end."""
        for line in lines:
            self.lines.append(line)
            self.x0, self.x1 = min(self.x0, line.x0), max(self.x1, line.x1)
            self.top, self.bottom = max(self.top, line.y + 0.8 * line.size), min(self.bottom, line.y - 0.2 * line.size)

    @property
    def size(self) -> float:
        return self.lines[0].size


_FAR = 1.9  # ems between two lines that do not go on, unless the second says so


def _body_size(lines: Sequence[Sequence[Line]]) -> float:
    """The size that most letters have."""
    sizes: Counter[float] = Counter()
    for line in (line for page in lines for line in page):
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _pitch(lines: Sequence[Sequence[Line]]) -> float:
    """Ems from one line to the next where prose goes on, by the lines that have another just below."""
    steps = [
        (before.y - line.y) / line.size
        for page in lines
        for before, line in pairwise(page)
        if line.size and _overlaps(before, line) and 0.8 < (before.y - line.y) / line.size < _FAR
    ]
    return median(sorted(steps)[: max(1, (2 * len(steps) + 2) // 3)]) if steps else 1.3


def _overlaps(one: Line | Block, other: Line | Block) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1


def _ordered(lines: list[Line]) -> list[Line]:
    """The lines in reading order: the file's, unless that goes up and down."""
    if any(line.spot for line in lines):
        return lines
    pairs = list(pairwise(lines))
    ups = sum(line.y > before.y + 0.5 * line.size and _overlaps(before, line) for before, line in pairs)
    return _cut(lines) if ups > max(2, 0.15 * len(pairs)) else lines


def _cut(lines: list[Line], depth: int = 0) -> list[Line]:
    """The lines by recursive cuts (XY-cut: Nagy and Seth 1984): along a gutter, else at the widest gap."""
    if len(lines) < 3 or depth > 20:
        return sorted(lines, key=lambda line: (-round(line.y), line.x0))
    size = median(line.size for line in lines)
    across = _gap(sorted((line.x0, line.x1) for line in lines))
    down = _gap(sorted((line.y - 0.2 * line.size, line.y + 0.8 * line.size) for line in lines))
    if across and across[0] > size and min(_count(lines, across[1]), len(lines) - _count(lines, across[1])) > 2:
        parts = [[line for line in lines if (line.x0 > across[1]) is right] for right in (False, True)]
        if 2 * sum(line.rtl for line in lines) > len(lines):
            parts.reverse()
    elif down and down[0] > 0:
        parts = [[line for line in lines if (line.y > down[1]) is above] for above in (True, False)]
    else:
        return sorted(lines, key=lambda line: (-round(line.y), line.x0))
    return [line for part in parts for line in _cut(part, depth + 1)]


def _count(lines: Sequence[Line], x: float) -> int:
    return sum(line.x0 > x for line in lines)


def _gap(spans: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """The widest gap between sorted spans and its middle."""
    end, widest = spans[0][1], None
    for start, stop in spans[1:]:
        if start > end and (widest is None or start - end > widest[0]):
            widest = (start - end, (start + end) / 2)
        end = max(end, stop)
    return widest


def _blocks(lines: Iterable[Line], pitch: float) -> list[Block]:
    """The lines of a page gathered to blocks."""
    found: list[Block] = []
    for line in lines:
        if found and _goes_on(found[-1], line, pitch):
            found[-1].add([line])
        else:
            found.append(Block([line]))
    return found


def _goes_on(block: Block, line: Line, pitch: float) -> bool:
    """Whether a line is the next of a block."""
    last = block.lines[-1]
    if (last.spot is None) != (line.spot is None):
        return False
    if last.spot and line.spot and (last.spot.place != line.spot.place or last.spot.block is not None):
        return last.spot.place == line.spot.place
    step = (last.y - line.y) / max(line.size, 1.0)
    alike = 0.87 < line.size / max(last.size, 0.1) < 1.15 and line.bold == last.bold
    if line.item or not alike or not _overlaps(block, line) or not 0.5 < step < 2 * _FAR:
        return False
    if step > 1.15 * pitch + 0.05:  # lines with a whole line between them
        return line.text[:1].islower() and not _ends(last.text) and last.x1 - last.x0 > 0.8 * (line.x1 - line.x0)
    return not _begins_anew(block, line)


def _begins_anew(block: Block, line: Line) -> bool:
    """Whether a line at the usual distance begins a paragraph: it is set in, or the one before ended short of it."""
    last, rtl = block.lines[-1], line.rtl
    margin = (block.x1 - line.x1) if rtl else (line.x0 - block.x0)
    first = (block.x1 - block.lines[0].x1) if rtl else (block.lines[0].x0 - block.x0)
    if margin > 0.8 * line.size and (len(block.lines) == 1 or first > 0.8 * line.size) and not block.lines[0].item:
        return True
    right, end = (min(block.x0, line.x0), last.x0) if rtl else (max(block.x1, line.x1), last.x1)
    short = abs(right - end) > 0.2 * (max(block.x1, line.x1) - min(block.x0, line.x0))
    return short and _ends(last.text) and not line.text[:1].islower()


def _ends(text: str) -> bool:
    """Whether a text ends as a sentence does."""
    return text.rstrip(" \"'”’»)]").endswith((".", "!", "?", "…", "。", "！", "？", "؟", "۔", "।"))


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_CELL_LINES = 12  # a cell of more is a column
_FULL = 0.75  # of a column's width: lines of prose fill it, cells do not


def _in_rows(blocks: list[Block], pitch: float) -> list[Block]:
    """The blocks, those that stand side by side in several rows as the rows of a table."""
    rows = _side_by_side(blocks)
    found: list[Block] = []
    for is_row, group in groupby(rows, key=lambda row: len(row) > 1):
        side = list(group)
        tagged = any(block.lines[0].spot and block.lines[0].spot.row is not None for row in side for block in row)
        if not is_row or (len(side) < 2 and not tagged):
            found += [block for row in side for block in row]
        elif not tagged and _is_columns(side):
            found += _blocks((line for column in zip(*side, strict=True) for b in column for line in b.lines), pitch)
        else:
            found.append(_table(side))
    return found


def _side_by_side(blocks: Iterable[Block]) -> list[list[Block]]:
    """The blocks in groups: the cells of a row, or a block alone."""
    rows: list[list[Block]] = []
    for block in blocks:
        if rows and _is_next_cell(rows[-1][-1], block):
            rows[-1].append(block)
        else:
            rows.append([block])
    return rows


def _is_next_cell(cell: Block, block: Block) -> bool:
    one, other = cell.lines[0].spot, block.lines[0].spot
    if one and other and (one.row is not None or other.row is not None):
        return one.row == other.row
    if one or other or _overlaps(cell, block) or cell.lines[0].page != block.lines[0].page:
        return False
    shared = min(cell.top, block.top) - max(cell.bottom, block.bottom)
    least = min(cell.top - cell.bottom, block.top - block.bottom)
    return shared > 0.5 * least and max(len(cell.lines), len(block.lines)) <= _CELL_LINES


def _is_columns(rows: Sequence[Sequence[Block]]) -> bool:
    """Whether rows are lines of prose in columns that the file has line by line across the page."""
    if len(rows) < 4 or len({len(row) for row in rows}) != 1 or any(len(b.lines) > 1 for row in rows for b in row):
        return False
    for column in zip(*rows, strict=True):
        widest = max(block.x1 - block.x0 for block in column)
        if sum(block.x1 - block.x0 for block in column) < _FULL * widest * len(column):
            return False
        if widest < 10 * column[0].size:
            return False
    return True


def _table(rows: list[list[Block]]) -> Block:
    """The rows of a table, each cell in its column."""
    columns = _columns(rows)
    placed = [_placed(row, columns) for row in rows]
    if any(cell.lines[0].rtl for cell in rows[0]):
        placed = [row[::-1] for row in placed]
    return Block((line for row in rows for cell in row for line in cell.lines), placed)


def _cells(rows: Sequence[Sequence[Block | None]], words: Set[str]) -> list[list[Cell]]:
    """The words of the rows; the first is marked a header where the tags say so, or its letters alone are bold."""
    bold = [all(cell.lines[0].bold for cell in row if cell) for row in rows]
    by_looks = bold[0] and not all(bold)
    return [[_cell(cell, words, header=by_looks and n == 0) for cell in row] for n, row in enumerate(rows)]


def _cell(cell: Block | None, words: Set[str], *, header: bool) -> Cell:
    if cell is None:
        return Cell("")
    spot = cell.lines[0].spot
    return Cell(_text(cell.lines, words), header=header or bool(spot and spot.header))


def _columns(rows: Sequence[Sequence[Block]]) -> list[tuple[float, float]]:
    """The extents of a table's columns, by its rows with the most cells."""
    most = max(len(row) for row in rows)
    full = [sorted(row, key=lambda cell: cell.x0) for row in rows if len(row) == most]
    return [(min(cell.x0 for cell in column), max(cell.x1 for cell in column)) for column in zip(*full, strict=True)]


def _placed(row: Sequence[Block], columns: Sequence[tuple[float, float]]) -> list[Block | None]:
    """A row's cells, each in its column, in the order of reading."""
    found: list[Block | None] = [None] * len(columns)
    for cell in row:
        shared = [min(cell.x1, x1) - max(cell.x0, x0) for x0, x1 in columns]
        at = max(range(len(columns)), key=lambda n: (found[n] is None, shared[n]))
        there = found[at]
        if there is None:
            found[at] = cell
        else:
            there.add(cell.lines)
    return found


# ── over a column or page ────────────────────────────────────────────────────────────────────────────────────────────


def _joined_over_breaks(blocks: Sequence[Block], body: float) -> list[Block]:
    """The blocks, one that goes on in the next column or on the next page as one; notes at the foot come after it."""
    found: list[Block] = []
    for block in blocks:
        at = len(found) - 1
        while at > 0 and not found[at].rows and found[at].size < 0.92 * body and _is_broken(found[at], block):
            at -= 1
        if at >= 0 and _continues(found[at], block, body):
            found[at].add(block.lines)
        elif found and found[-1].rows and block.rows and _is_broken(found[-1], block) and _same_table(found[-1], block):
            again = [_words(row) for row in block.rows[:1]] == [_words(row) for row in found[-1].rows[:1]]
            found[-1].rows += block.rows[again:]
        else:
            found.append(block)
    return found


def _same_table(before: Block, block: Block) -> bool:
    return len(before.rows[0]) == len(block.rows[0])


def _words(row: Sequence[Block | None]) -> list[str]:
    return [_text(cell.lines) if cell else "" for cell in row]


def _is_broken(before: Block, block: Block) -> bool:
    """Whether the block begins a column or page after the one before."""
    last, line = before.lines[-1], block.lines[0]
    return line.page > last.page or (line.page == last.page and line.y > last.y)


_SAME_BEGINNING = 25  # characters


def _continues(before: Block, block: Block, body: float) -> bool:
    last, line = before.lines[-1], block.lines[0]
    if before.rows or block.rows or line.item or not _is_broken(before, block) or line.page > last.page + 1:
        return False
    alike = 0.93 < line.size / max(last.size, 0.1) < 1.08 and line.bold == last.bold
    prose = len(before.lines) > 1 or len(last.text) > 40 or line.text[:1].islower()
    heading = before.size > 1.12 * body
    if line.text.startswith(before.lines[0].text[:_SAME_BEGINNING]):  # printed once more, not gone on with
        return False
    return alike and prose and not heading and not _ends(last.text) and not last.text.rstrip().endswith(":")


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_HYPHENS = "-\u2010\u00ad\u2011"


def _pieces(blocks: Iterable[Block], body: float, words: Set[str]) -> Iterator[Piece]:
    for block in blocks:
        if block.rows:
            for piece, row in zip(table(_cells(block.rows, words)), block.rows, strict=True):
                yield piece._replace(page=next(cell.lines[0].page for cell in row if cell))
        else:
            yield Piece(_text(block.lines, words), _kind(block, body), block.lines[0].page)


def _kind(block: Block, body: float) -> ParagraphKind:
    first, text = block.lines[0], " ".join(line.text for line in block.lines)
    if first.spot and first.spot.kind != "paragraph":
        return first.spot.kind
    if first.item:
        return "item"
    large = first.size > 1.15 * body or (all(line.bold for line in block.lines) and first.size >= 0.99 * body)
    return "heading" if large and len(text) <= 200 and not _ends(text) and re.search(r"[^\W\d]", text) else "paragraph"


def _words_of(lines: Sequence[Sequence[Line]]) -> set[str]:
    """The words inside the lines: what tells whether a hyphen at a line's end belongs to a word."""
    return {word for page in lines for line in page for word in re.findall(r"\w+(?:-\w+)*(?=.)", line.text.casefold())}


# Of a language's words: what parts of compounds have ("ex", "well"), and seldom parts of other words. By
# `python -m evals.bench.hyphens` 100 of 158 compounds so keep their hyphen and 31 of 3,934 other words too (at 1e-6 132
# and 77, at 1e-4 43 and 4).
COMMON = 1e-5


def is_compound(one: str, other: str, language: str) -> bool:
    """Whether both parts are common words of the language, and the whole is none that is known."""
    from qa.language.lexicon import frequency
    from qa.language.text import stems

    def often(word: str) -> float:
        return frequency((stems(word, language) or [word])[0], language)

    return min(often(one), often(other)) >= COMMON and not often(one + other)


def _compounds(lines: Sequence[Sequence[Line]], words: Set[str]) -> set[str]:
    """The words parted at a line's end that are written with a hyphen ("well-known", but not "agree-ment"). English and
    Spanish only: of others no words are known."""
    from qa.language.text import detect_language

    parted = {_parted(before.text, line.text) for page in lines for before, line in pairwise(page)} - {None}
    language = detect_language(" ".join(line.text for page in lines for line in page)[:5000]) if parted else None
    if language is None:
        return set()

    pairs = {pair for pair in parted if pair and "".join(pair) not in words}
    return {f"{a}-{b}" for a, b in pairs if is_compound(a, b, language)}


def _parted(text: str, more: str) -> tuple[str, str] | None:
    """The two parts of a word that a hyphen parts at the end of a line; of a compound those beside that hyphen."""
    found = re.search(r"([^\W\d_]{2,})[-\u2010]$", text.rstrip())
    end = re.match(r"[^\W\d_]{2,}", more.lstrip())
    return (found[1].casefold(), end[0].casefold()) if found and end else None


def _text(lines: Sequence[Line], words: Set[str] = frozenset()) -> str:
    """The lines as one text, words that were parted at a line's end whole again."""
    text = ""
    for line in lines:
        more = line.text.strip()
        text = _joined_line(text, more, words) if text and more else text or more
    return text.replace("\u00ad", "")


def _joined_line(text: str, more: str, words: Set[str]) -> str:
    last, first = text[-1], more[0]
    if last in _HYPHENS and len(text) > 1 and text[-2].isalnum() and first.isalnum():
        start, end = re.split(r"[^\w-]", text[:-1])[-1].casefold(), re.split(r"[^\w-]", more, maxsplit=1)[0].casefold()
        hyphenated = f"{start}-{end}" in words and start + end not in words
        parted = last == "\u00ad" or (first.islower() and text[-2].isalpha() and not hyphenated)
        return text[:-1] + more if parted else f"{text[:-1]}-{more}"
    if last in "–—" and len(text) > 1 and text[-2].isdigit() and first.isdigit():
        return text + more
    wide = all(unicodedata.east_asian_width(char) in "WF" for char in (last, first))
    return text + more if wide else f"{text} {more}"
