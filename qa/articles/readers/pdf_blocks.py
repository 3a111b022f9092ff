"""The blocks of a PDF in the order they are read in: columns, tables, paragraphs that go on over a page."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby, pairwise
from statistics import median

from qa.articles.numbering import Cell, Piece, table
from qa.articles.readers.pdf_lines import Line
from qa.types import ParagraphKind


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


def body_size(lines: Sequence[Sequence[Line]]) -> float:
    """The size that most letters have."""
    sizes: Counter[float] = Counter()
    for line in (line for page in lines for line in page):
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def pitch_of(lines: Sequence[Sequence[Line]]) -> float:
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


def in_order(lines: list[Line]) -> list[Line]:
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


def blocks_of(lines: Iterable[Line], pitch: float) -> list[Block]:
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
        return line.text[:1].islower() and not is_ended(last.text) and last.x1 - last.x0 > 0.8 * (line.x1 - line.x0)
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
    return short and is_ended(last.text) and not line.text[:1].islower()


def is_ended(text: str) -> bool:
    """Whether a text ends as a sentence does."""
    return text.rstrip(" \"'”’»)]").endswith((".", "!", "?", "…", "。", "！", "？", "؟", "۔", "।"))


_CELL_LINES = 12  # a cell of more is a column
_FULL = 0.75  # of a column's width: lines of prose fill it, cells do not


def in_rows(blocks: list[Block], pitch: float) -> list[Block]:
    """The blocks, those that stand side by side in several rows as the rows of a table."""
    rows = _side_by_side(blocks)
    found: list[Block] = []
    for is_row, group in groupby(rows, key=lambda row: len(row) > 1):
        side = list(group)
        tagged = any(block.lines[0].spot and block.lines[0].spot.row is not None for row in side for block in row)
        if not is_row or (len(side) < 2 and not tagged):
            found += [block for row in side for block in row]
        elif not tagged and _is_columns(side):
            found += blocks_of((line for column in zip(*side, strict=True) for b in column for line in b.lines), pitch)
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


def joined_over_breaks(blocks: Sequence[Block], body: float) -> list[Block]:
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
    return alike and prose and not heading and not is_ended(last.text) and not last.text.rstrip().endswith(":")


_HYPHENS = "-\u2010\u00ad\u2011"


def pieces_of(blocks: Iterable[Block], body: float, words: Set[str]) -> Iterator[Piece]:
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
    return (
        "heading" if large and len(text) <= 200 and not is_ended(text) and re.search(r"[^\W\d]", text) else "paragraph"
    )


def words_of(lines: Sequence[Sequence[Line]]) -> set[str]:
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


def compounds_of(lines: Sequence[Sequence[Line]], words: Set[str]) -> set[str]:
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
