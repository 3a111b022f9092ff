"""Right-to-left writing as a page shows it, turned back to the order in which it is read and stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

Direction = Literal["R", "L", "N", "-"]  # right to left, left to right, a number, neither

_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
_OPENING, _AFTER = "([{«‹", ".,:;!?،؛؟۔"
_BRACKET = re.compile(r"[()\[\]{}«»‹›]")
_CLASSES: dict[str, Direction] = {"R": "R", "AL": "R", "L": "L", "EN": "N", "AN": "N"}
_INNER = re.compile(r"[.,:/\u066b\u066c]")  # between two digits a part of the number (CS)
_HEBREW_INNER = re.compile(r"[.,:/+\-%$€₪#°]")  # beside Hebrew also signs and units (ES, ET), rules W4 and W5


def is_rtl(text: str) -> bool:
    """Whether a text has a letter that is written from right to left."""
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def logical(clusters: Sequence[str], *, rtl: bool = True) -> str:
    """The text of a line from its clusters (a glyph's characters each) in the order from left to right.

    ``rtl`` is the direction of the paragraph. What is undone is UAX 9: the runs of each direction stand in the
    direction of the paragraph, those of the other are turned round, and brackets in right-to-left runs are mirrored.
    """
    runs = list(_runs(clusters, _directions(clusters), rtl=rtl))
    ordered = (_turned(run) if right else "".join(run) for right, run in (reversed(runs) if rtl else runs))
    return _BRACKET.sub(_faced, "".join(ordered))


def _faced(found: re.Match[str]) -> str:
    """A bracket as it opens or closes by the blank beside it: which of them PDFium has mirrored cannot be known."""
    left, right = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    before, after = not left or left.isspace() or left in _OPENING, not right or right.isspace() or right in _AFTER
    if before == after:
        return found[0]
    return found[0] if (found[0] in _OPENING) is before else found[0].translate(_MIRRORED)


def _turned(run: Sequence[str]) -> str:
    return "".join(reversed(run)).translate(_MIRRORED)


def _directions(clusters: Sequence[str]) -> list[Direction]:
    """The direction of each cluster, that of numbers' inner signs and of what stands between two alike resolved."""
    found: list[Direction] = [_direction(cluster) for cluster in clusters]
    arabic = any(unicodedata.bidirectional(cluster[0]) == "AL" for cluster in clusters if cluster)
    inner = _INNER if arabic else _HEBREW_INNER
    for at, cluster in enumerate(clusters):
        if found[at] == "-" and inner.fullmatch(cluster) and _beside_numbers(found, at, unit=cluster in "%$€₪#°"):
            found[at] = "N"
    for at, direction in enumerate(found):
        if direction == "N" and _ends_latin(clusters, found, at):
            found[at] = "L"
    return found


def _ends_latin(clusters: Sequence[str], found: Sequence[Direction], at: int) -> bool:
    """Whether a number belongs to the Latin letters on its left: "COVID-19", "Intel 23".

    A page shows "23 km" in right-to-left text as it shows "km 23"; a word without a capital is taken for a unit.
    """
    before = at - 1
    while before >= 0 and found[before] == "-":
        before -= 1
    if before < 0 or found[before] != "L":
        return False
    if not any(cluster.isspace() for cluster in clusters[before:at]):
        return True
    while before > 0 and found[before - 1] == "L":
        before -= 1
    return clusters[before][:1].isupper()


def _direction(cluster: str) -> Direction:
    return next((known for char in cluster if (known := _CLASSES.get(unicodedata.bidirectional(char)))), "-")


def _beside_numbers(found: Sequence[Direction], at: int, *, unit: bool) -> bool:
    before = at > 0 and found[at - 1] == "N"
    after = at + 1 < len(found) and found[at + 1] == "N"
    return (before or after) if unit else (before and after)


def _runs(
    clusters: Sequence[str], directions: Sequence[Direction], *, rtl: bool
) -> Iterator[tuple[bool, Sequence[str]]]:
    """The runs from left to right, each with whether it is written from right to left; a neutral has the direction of
    both its neighbours, or else the paragraph's."""
    strong = [at for at, direction in enumerate(directions) if direction != "-"]
    right: list[bool] = [rtl] * len(clusters)
    for at in strong:
        right[at] = directions[at] == "R"
    for one, other in pairwise(strong):
        between = rtl
        if directions[one] == directions[other] != "N":
            between = directions[one] == "R"
        for at in range(one + 1, other):
            right[at] = between
    start = 0
    for at in range(1, len(clusters) + 1):
        split = at == len(clusters) or right[at] != right[start]
        # Two numbers side by side, or a number beside letters, are runs of their own in right-to-left text.
        if split or (
            rtl and not right[at] and directions[at] != directions[at - 1] and "N" in directions[at - 1 : at + 1]
        ):
            yield right[start], clusters[start:at]
            start = at
