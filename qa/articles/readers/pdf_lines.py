"""The lines of a PDF's page, from where its glyphs stand."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from qa.articles.numbering import lowered, raised
from qa.articles.readers.bidi import is_rtl, logical
from qa.articles.readers.glyphs import Glyph, Page, Spot

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


def lines_of(page: Page) -> list[Line]:
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


def with_labels(lines: list[Line]) -> list[Line]:
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
