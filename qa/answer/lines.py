"""Lines of an article that answer by where they stand: the one with its day, and the items under a heading."""

from __future__ import annotations

from collections.abc import Iterator

from qa.answer.drafting import Part
from qa.answer.folder_wide import quoted
from qa.answer.kit import Kit
from qa.articles.dates import parse_date
from qa.types import Draft, Evidence

_DATED_WITHIN = 5  # paragraphs of an article of which one may be its date
_ITEMS = 12  # of a list that are shown

Line = tuple[Draft, Evidence]


def date_line(part: Part, kit: Kit) -> Line | None:
    """The article's own line with its day, where that day is what answers; None elsewhere."""
    evidence = part.ranking.candidates[0].evidence
    day, file = evidence.published, evidence.paragraph.file
    if day is None or part.ranking.candidates[0].answer != day.isoformat():
        return None
    for row in kit.store.paragraphs([f"{file}#p{number}" for number in range(1, _DATED_WITHIN)]):
        if any(parse_date(line) == day for line in row.text.split("\n")):
            return quoted(row, row.text, 1, kit.articles)
    return None


def items_below(part: Part, kit: Kit) -> Iterator[Line]:
    """The items of the list under a heading, where the heading is what answers best; in their order."""
    heading = part.ranking.candidates[0].evidence.paragraph
    if heading.kind != "heading":
        return
    addresses = [f"{heading.file}#p{heading.number + n}" for n in range(1, _ITEMS + 1)]
    for row in sorted(kit.store.paragraphs(addresses), key=lambda row: row.number):
        if row.kind != "item":
            return
        yield quoted(row, row.text, 1, kit.articles)
