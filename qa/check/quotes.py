"""Words that stand in a text exactly, or but for case, accents, spaces, quotation marks and dashes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from qa.check.parsing import sentence_spans
from qa.language.text import visible
from qa.types import Evidence

_SAME = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "–": "-",
                       "—": "-", "−": "-", "‑": "-"})  # fmt: skip


@lru_cache(maxsize=8192)
def _plain_char(char: str) -> str:
    if char.isspace():
        return " "
    if not visible(char):
        return ""
    folded = unicodedata.normalize("NFKD", char.translate(_SAME).replace("…", "...")).casefold()
    return "".join(c for c in folded if not unicodedata.combining(c))


@lru_cache(maxsize=4096)
def _flat(text: str) -> tuple[str, tuple[int, ...]]:
    """The folded text, white space single, and for each of its characters the place it came from."""
    chars: list[str] = []
    places: list[int] = []
    for i, char in enumerate(text):
        for plain in _plain_char(char):
            if plain == " " and chars[-1:] == [" "]:
                continue
            chars.append(plain)
            places.append(i)
    return "".join(chars), tuple(places)


def locate(words: str, text: str) -> tuple[int, int] | None:
    """The span in ``text`` of these words, exactly or but for case, accents, spaces, quotation marks and dashes."""
    exact = words.strip()
    if not exact:
        return None
    at = text.find(exact)
    if at >= 0:
        return at, at + len(exact)
    flat, places = _flat(text)
    for wanted in (_flat(exact)[0].strip(), _flat(exact)[0].strip(" \"'.,;:!?")):
        m = re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", flat) if wanted else None
        if m:
            return places[m.start()], places[m.end() - 1] + 1
    return None


def verbatim(claim: str, evidence: Evidence) -> tuple[int, int] | None:
    """The span of the sentences of the paragraph that the claim repeats word for word; None for a part of one."""
    text = evidence.paragraph.text
    span = locate(claim, text)
    if span is None:
        return None
    start, end = span
    for first, last in sentence_spans(text, evidence.language):
        start = first if first < start and not text[first:start].strip(" \"“”«»‘’'") else start
        end = last if end < last and not text[end:last].strip(" \"“”«»‘’'.!?:;,") else end
    starts = {s for s, _ in sentence_spans(text, evidence.language)}
    ends = {e for _, e in sentence_spans(text, evidence.language)}
    return (start, end) if start in starts and end in ends else None


_QUOTED = re.compile(r"“([^“”]+)”|«([^«»]+)»|\"([^\"]+)\"|„([^„“”]+)[“”]")
_LONG_QUOTE = 3  # words: shorter ones may be a term, an irony or a title


def quotations(text: str) -> list[tuple[int, int]]:
    """The spans of the words between quotation marks, of three words or more."""
    found: list[tuple[int, int]] = []
    for m in _QUOTED.finditer(text):
        group = next(g for g in range(1, 5) if m[g] is not None)
        if len(m[group].split()) >= _LONG_QUOTE:
            found.append(m.span(group))
    return found


def quoted_in(words: str, text: str) -> bool:
    """Whether the quoted words stand in the text: whole, or in parts where the claim itself cut some."""
    return locate(words, text) is not None or all(locate(part, text) for part in quote_parts(words))


_CUT = re.compile(r"[\[(]?(?:\.\.\.|…)[\])]?")


def quote_parts(words: str) -> list[str]:
    """The parts of a quote between its ellipses."""
    parts = [part.strip(" ,;.") for part in _CUT.split(words)]
    return [part for part in parts if part]
