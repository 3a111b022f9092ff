"""What the first lines and the name of a file say: headline, day, place, agency, owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from qa.articles.credits import is_credit
from qa.articles.dates import Order, day_in, parse_date
from qa.articles.numbering import Block, Content
from qa.language.text import detect_language
from qa.language.words import alternatives, load
from qa.types import Article, Paragraph

_LEADING_DATE = re.compile(r"date (\d{4}-\d\d-\d\d)(?:\s+|\Z)")
_BRACKET = re.compile(r"(.*\S)\s*[(\[]([^()\[\]]{2,80})[)\]]", re.S)
_NAMED_AGENCIES = alternatives(load("credits")["named_agencies"])
_AGENCY = re.compile(
    rf"[\s(\[–—-]*((?:{_NAMED_AGENCIES}|[A-Z]{{2,8}})(?:\s?[/,&-]\s?(?:{_NAMED_AGENCIES}|[A-Z]{{2,8}}))*)[\s)\].]*"
)
_NO_AGENCY = frozenset(load("credits")["no_agencies"])
_CREDIT = re.compile(r"(?:source|fuente)\s*:\s*(\S.{0,60})", re.I)
# "ODDA, 2 May 2024 (AP) - ", "LONDON (Reuters) — 2 May 2024 — ", "(Odda, 2 May 2024) ", where stories begin
_BEGINS = re.compile(r"\)?\.?\s*[-–—:]{1,2}\s|\)\s")
_SIGNED = re.compile(rf"\s*(?:\(({_NAMED_AGENCIES}|[A-Z]{{2,8}})\)\)?|/([A-Z]\w{{2,20}})/)")
_PLACE = re.compile(r"\(?((?:[A-ZÀ-Þ][^\s,()/]*[\s,]?\s?){1,5}?)(?=[,(/–—:-]|\s[(/–—-])")
_NAMED_DAYS = (
    r"(?<!\d)((?:19|20)\d\d([-_./]?)\d\d\2\d\d)(?!\d)",
    r"(?:^|/)((?:19|20)\d\d/\d\d?/\d\d?)/",
    r"(?<!\d)(\d\d?([-_. ])\d\d?\2(?:19|20)\d\d)(?!\d)",
    r"(?<![^\W_])(\d\d?[-_ ][^\W\d_]{3,12}[-_ ](?:19|20)\d\d|[^\W\d_]{3,12}[-_ ]\d\d?,?[-_ ](?:19|20)\d\d)(?!\d)",
)
_OWNED = re.compile(
    r"\s*(?:©|\(c\)|copyright)\s*(?:©\s*)?(?:\d{4}(?:\s*[-–]\s*\d{4})?,?\s*)?(?:by\s+)?([^\W\d].{1,60}?)\s*(?:\.|,|\||$)",
    re.I,
)
_OWNERS = ("credit", "heading")  # a heading may have its byline on a line of its own
_HEADLINE = 200  # characters, the longest headline
_HEADING = 100  # characters, the longest heading between paragraphs without a mark of its own


def without_date(content: Content) -> Content:
    """The content with a leading ``date YYYY-MM-DD`` taken as metadata and cut from the first block's span."""
    first = content.blocks[0] if content.blocks else None
    found = first and _LEADING_DATE.match(content.text, first.start, first.end)
    day = parse_date(found[1]) if found else None
    if not first or not found or not day:
        return content
    # A block that is nothing but the date keeps its number, though no paragraph has it: awk 'NF' counts it as well.
    rest = (replace(first, start=found.end()),) if found.end() < first.end else ()
    return replace(content, published=content.published or day, blocks=rest + content.blocks[1:])


def with_credits(content: Content) -> Content:
    """The content with credits told apart from the story: they keep their numbers, and are never quoted."""
    last = len(content.blocks) - 1
    blocks = list(content.blocks)
    for at, block in enumerate(blocks):
        words = content.text[block.start : block.end]
        if block.kind in ("paragraph", "item") and last and (is_credit(words) or (at == last and _agency_name(words))):
            blocks[at] = replace(block, kind="credit")
    return replace(content, blocks=tuple(blocks))


def with_headings(content: Content) -> Content:
    """The content with headings recognised by their looks, in a text that marks none: short lines between prose."""
    blocks = content.blocks
    if any(block.kind == "heading" for block in blocks):
        return content
    headings: set[int | None] = {
        at for at in range(1, len(blocks) - 1) if _is_heading(content.text, *blocks[at - 1 : at + 2])
    }
    headings.add(_headline(content))
    kinds = (replace(block, kind="heading") if at in headings else block for at, block in enumerate(blocks))
    return replace(content, blocks=tuple(kinds))


def _is_heading(text: str, before: Block, block: Block, after: Block) -> bool:
    words = text[block.start : block.end]
    prose = all(len(near) > _HEADING or _is_sentence(near) for near in (text[b.start : b.end] for b in (before, after)))
    begins = re.match(r"[\"'“‘«¿¡]*[^\W_]", words) and not words[0].islower() and re.search(r"[^\W\d_]{2}", words)
    return bool(prose and begins and block.kind == "paragraph" and _is_title(words, longest=_HEADING))


def _is_title(words: str, *, longest: int) -> bool:
    return len(words) <= longest and "\n" not in words and not _is_sentence(words)


def _is_sentence(words: str) -> bool:
    """Whether the words end as a sentence or a part of one does; a headline may ask, exclaim or quote."""
    return words.rstrip(" \"'”’»)").endswith((".", "…", ",", ";", ":", "。", "،", "۔", "।"))


def _headline(content: Content) -> int | None:
    """Which block is the headline: the first, or the next when the first is but a day, if it is or looks like one."""
    blocks = [(block, content.text[block.start : block.end]) for block in content.blocks[:3]]
    at = 1 if blocks and (blocks[0][0].kind == "credit" or parse_date(blocks[0][1][:60])) else 0
    if at >= len(blocks):
        return None
    block, words = blocks[at]
    looks = block.kind == "paragraph" and at + 1 < len(blocks) and _is_title(_first_line(words), longest=_HEADLINE)
    return at if looks or block.kind == "heading" else None


def headline_words(content: Content) -> str | None:
    at = _headline(content)
    return None if at is None else _first_line(content.text[content.blocks[at].start : content.blocks[at].end])


def _first_line(words: str) -> str:
    """The line that a headline stands on where the lines below it are its byline or day, else all."""
    first, *others = words.split("\n")
    return first if all(is_credit(line) or day_in(line) for line in others) and not is_credit(first) else words


def split_bracket(title: str | None) -> tuple[str | None, date | None, str | None]:
    """Title, day and source of a headline like ``Some title (2023-09-26, The Verge)``; either may stand there alone."""
    found = _BRACKET.fullmatch(title or "")
    if found:
        begin, _, rest = found[2].partition(", ")
        head, _, end = found[2].rpartition(", ")
        for day, source in ((begin, rest), (rest, begin), (head, end), (end, head)):
            if published := parse_date(day):
                return found[1], published, source.strip() or None
        if source := _agency_name(found[2]):
            return found[1], None, source
    return title, None, None


def date_line(paragraphs: tuple[Paragraph, ...], order: Order) -> date | None:
    """The day that one of the first lines consists of or ends with ("By … | Herald | 2025-09-14"), or that of a
    dateline ("ODDA, 2 May 2024 (AP) -"): under a headline and a byline, never inside prose."""
    lines = [line for paragraph in paragraphs[:4] for line in paragraph.text.split("\n")[:4]][:4]
    for line in lines:
        if day := day_in(line, order):
            return day
    for dateline in _datelines(next((p.text for p in paragraphs if p.kind == "paragraph"), "")):
        bare = _SIGNED.sub("", dateline).strip(" .-–—:")
        for mark in re.finditer(r"[,–—-]\s", bare):
            if day := parse_date(bare[mark.end() :], order):
                return day
    return None


def two_days(article: Article) -> str:
    """The words that date the article where they can be read in two ways ("03/04/2025"), one of them its day; or ""."""
    lines = [line for paragraph in article.paragraphs[:4] for line in paragraph.text.split("\n")[:4]][:4]
    for line in lines:
        days = {day_in(line, "dmy"), day_in(line, "mdy")}
        if article.published in days and len(days) == 2 and None not in days:
            found = re.search(r"\d{1,2}([-/.])\s?\d{1,2}\1\s?(?:\d{4}|\d\d)(?!\d)", line)
            return found[0] if found else ""
    return ""


def _datelines(words: str) -> Iterator[str]:
    """What may stand before the story in its first paragraph: "ODDA, 2 May 2024 (AP)", in brackets "Odda, 2 May 2024".
    It is a place, in capitals where there are neither brackets nor an agency, and a day; nothing else."""
    for mark in _BEGINS.finditer(words[:_HEADING]):
        begun = words[: mark.end()]
        place = _PLACE.match(begun)
        rest = _SIGNED.sub("", begun[place.end() :]).strip(" ,.()-–—:") if place else ""
        signed = begun.startswith("(") or _SIGNED.search(begun) or (place and place[1].isupper() and len(place[1]) > 2)
        named = all(
            token[0].isupper() or token[0].isdigit() for token in re.sub(r"\d+\s(?:de\s)?[^\W\d_]+", "1", rest).split()
        )
        if place and signed and (named or parse_date(rest)):
            yield begun


def date_in_name(file: str, order: Order) -> date | None:
    """The day in a file's name or folders: ``2025-07-26-title.txt``, ``20250726_1.txt``, ``2025/7/26/title.txt``,
    ``title 26.07.2025.txt``, ``26 July 2025.txt``."""
    for pattern in _NAMED_DAYS:
        for found in re.finditer(pattern, file):
            if day := parse_date(re.sub(r"[-_./ ]+", "-" if found[0][0].isdigit() else " ", found[1]), order):
                return day
    return None


def agency_in(paragraphs: tuple[Paragraph, ...]) -> str | None:
    """The agency that the last paragraph consists of: "MNA/IRNA", "(Reuters)", "Source: EFE"."""
    last = paragraphs[-1].text
    if len(paragraphs) < 2:
        return None
    if credit := _CREDIT.fullmatch(last):
        return credit[1].rstrip(" .")
    return _agency_name(last) or _owner(paragraphs)


def _owner(paragraphs: tuple[Paragraph, ...]) -> str | None:
    """Whose the article is by its byline ("By … | Herald | 2025-09-14"), dateline ("ODDA, 2 May (AP) -") or rights."""
    held = (p.text.split("\n")[p.kind == "heading" :] for p in paragraphs if p.kind in _OWNERS)
    lines = [line for some in held for line in some]
    for line in lines:
        names = [part.strip() for part in line.split("|")[1:] if not parse_date(part)]
        if names and len(names[0]) <= _HEADING:
            return names[0]
    first = next((p.text for p in paragraphs if p.kind == "paragraph"), "")
    if signed := next(filter(None, map(_SIGNED.search, _datelines(first))), None):
        return signed[1] or signed[2]
    owned = (_OWNED.match(line) for line in lines)
    return next((found[1].strip() for found in owned if found), None)


def _agency_name(words: str) -> str | None:
    """The agencies that the words consist of, without a bracket or dash around them."""
    found = _AGENCY.fullmatch(words) if len(words) <= 60 else None
    return found[1] if found and found[1] not in _NO_AGENCY else None


def language_of(paragraphs: tuple[Paragraph, ...], hint: str | None, default: str) -> str:
    """The language of the prose; the file's own word for it ("es-MX"), or the default, only where that is unsure."""
    prose = " ".join(paragraph.text for paragraph in paragraphs if paragraph.kind != "heading")[:2000]
    named = re.match(r"[a-z]{2}(?![a-z])", (hint or "").strip().lower())
    return detect_language(prose or paragraphs[0].text, otherwise=named[0] if named else default)
