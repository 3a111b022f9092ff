"""A number, amount, date or name as it stands in a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MentionKind = Literal["number", "amount", "percent", "date", "ordinal", "name"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention and its canonical ``value``; ``source[start:end] == text`` (code points, half open).

    number ``50000`` · vague quantity ``~10000`` · clock ``9:30`` · percent ``5.3%`` · amount ``EUR 3000000000`` ·
    ordinal ``1`` · date ``2025-07-26``, ``2025-07``, ``2025``, ``1990s``, ``C20`` (a century), ``--11-30`` and ``--02``
    (no year known), ``sat``, ``day-1``, ``year-1`` (no publication date to count from) · name: its folded words.
    """

    kind: MentionKind
    value: str
    start: int
    end: int
    text: str


class Taken:
    """The characters of a text that are a part of something already."""

    def __init__(self, length: int) -> None:
        self._marks = bytearray(length)

    def add(self, start: int, end: int) -> None:
        self._marks[start:end] = b"\1" * (end - start)

    def any(self, start: int, end: int) -> bool:
        return self._marks.find(1, start, end) >= 0
