"""The days that articles are dated by."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = (
    ("january", "enero"), ("february", "febrero"), ("march", "marzo"), ("april", "abril"), ("may", "mayo"),
    ("june", "junio"), ("july", "julio"), ("august", "agosto"), ("september", "septiembre", "setiembre"),
    ("october", "octubre"), ("november", "noviembre"), ("december", "diciembre"),
)  # fmt: skip
_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mi[eé]|jue|vie|s[aá]b|dom)[^\W\d_]*[.,]?\s+"
_DAY = re.compile(
    rf"""(?:(?:published|posted|updated|date|publicado|fecha)\b[:\s]*(?:on\b|el\b)?\s*)?(?:{_WEEKDAY})?
    (?:(?P<y>\d{{4}})[-/.]?(?P<m>\d\d)[-/.]?(?P<d>\d\d)
    |(?P<d1>\d{{1,2}})(?:st|nd|rd|th|º)?\s+(?:de\s|of\s)?\s*(?P<word1>[^\W\d_]{{3,10}})\.?,?\s+(?:del?\s+)?(?P<y1>\d{{4}})
    |(?P<word2>[^\W\d_]{{3,10}})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{4}}))
    (?:[T,\s|–-]*(?:at\s)?\d{{1,2}}[:.h]\d\d.{{0,20}})?  # the time of day
    """,
    re.I | re.X,
)


def parse_date(line: str) -> date | None:
    """The day that a line consists of, as ISO, "26 July 2025", "July 26, 2025" or "26 de julio de 2025"; else None."""
    found = _DAY.fullmatch(line.strip(" \t.()[]|–-"))
    if not found:
        return None
    year, day = found["y"] or found["y1"] or found["y2"], found["d"] or found["d1"] or found["d2"]
    try:
        return date(int(year), int(found["m"] or _month(found["word1"] or found["word2"])), int(day))
    except ValueError:
        return None


def _month(word: str) -> int:
    """The number of a month by its English or Spanish name or the beginning of it; 0 for another word."""
    return next((n for n, names in enumerate(_MONTHS, 1) if any(name.startswith(word.lower()) for name in names)), 0)
