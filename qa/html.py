"""Web pages: the main text as a browser shows it, without what surrounds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from qa.blocks import Piece, Reading, joined, plain, row
from qa.days import parse_date
from qa.encoding import BOM, decode
from qa.types import ParagraphKind

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_DROPPED = frozenset(
    (
        "script style noscript template head nav footer aside form button select textarea iframe object svg "
        "canvas dialog menu audio video"
    ).split()
)
_INLINE = frozenset(
    (
        "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark picture q rp "
        "rt ruby s samp small source span strike strong sub sup time tt u var wbr"
    ).split()
)
_KINDS: dict[str, ParagraphKind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("li", "dt", "dd"), "item"),
    "blockquote": "quotation",
}
_PARTS = frozenset("ul ol li dl dt dd table thead tbody tfoot tr td blockquote figure".split())
_TELLTALE = re.compile(
    r"\b(?:share|social|related|newsletter|subscri|cookie|promo|advert|breadcrumb|comments?\b)", re.I
)
_DECLARED = (  # where a page declares its day; its prose and its descriptions may name any other
    "//meta[not(contains(@name, 'descr') or contains(@property, 'descr') or contains(@property, 'title'))]"
    " | //link[@rel='canonical'] | //script[@type='application/ld+json']"
    " | (//time[@datetime][not(ancestor::p or ancestor::li or ancestor::aside or ancestor::footer)])[1]"
)


class _Run(NamedTuple):
    """Words of a page with the kind and element of their block, and how many of their characters are a link."""

    words: str
    kind: ParagraphKind
    element: Any
    linked: int = 0


def read_html(raw: bytes) -> Reading:
    """The main text of a page without what surrounds it; trafilatura and htmldate say what its metadata holds."""
    from trafilatura.metadata import extract_metadata

    charset = _CHARSET.search(raw[:2048])
    page = decode(raw, charset[1].decode() if charset else None).removeprefix(BOM)
    root = tree(page)
    text, blocks = joined(Piece(run.words, run.kind) for run in _main_runs(page, list(runs(root))))
    known = extract_metadata(page, extensive=False)
    return Reading(
        text,
        blocks,
        title=_page_title(root, known.title or "", text),
        published=_page_date(root),
        source=plain(known.sitename or "") or None,
        language=root.get("lang"),
    )


def tree(page: str) -> Any:
    """The root element of a page, or of a part of one."""
    from lxml import html

    # As bytes: of a str lxml refuses the encoding declaration that an XHTML page begins with.
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return html.document_fromstring(page.encode(), parser=parser, ensure_head_body=True)


def _main_runs(page: str, runs: list[_Run]) -> list[_Run]:
    """The blocks that are main text to trafilatura, and those around them that it loses: headings, lists, rows."""
    from trafilatura import bare_extraction

    found = bare_extraction(page, include_comments=False)
    strings = [] if found is None or isinstance(found, dict) else [_squeezed(part) for part in found.body.itertext()]
    whole, parts = "".join(strings), set(strings)
    # A long block may be a part of one of trafilatura's; a short one ("Share") may be a part of anything.
    main = [(words := _squeezed(run.words)) in parts or (len(words) > 40 and words in whole) for run in runs]
    if True not in main:
        return runs
    anchors = [at for at, run in enumerate(runs) if main[at] or run.element.tag == "h1"]
    homes = {_home(runs[at].element) for at in anchors}
    return [run for at, run in enumerate(runs) if main[at] or (_is_near(run, homes, anchors[0] <= at <= anchors[-1]))]


def _is_near(run: _Run, homes: set[Any], within: bool) -> bool:
    """Whether a block belongs to the main text around it: not by looks a list of links or a plea to subscribe."""
    if 2 * run.linked > len(run.words):
        return False
    around = [run.element, *run.element.iterancestors("div", "section", "ul", "ol")]
    if any(_TELLTALE.search(f"{element.get('class')} {element.get('id')}") for element in around):
        return False
    return _home(run.element) in homes or (within and run.kind == "heading")


def _home(element: Any) -> Any:
    """The element in which a block stands beside others, whatever list, table or quotation it is a part of."""
    home = element.getparent()
    while home is not None and home.tag in _PARTS:
        home = home.getparent()
    return home


def _squeezed(words: str) -> str:
    return re.sub(r"[\s|]+", "", words)


def runs(root: Any) -> Iterator[_Run]:
    """Every block of a page that has words, in reading order."""
    parts: list[_Run] = []
    for part in chain(_strings(root, root, "paragraph"), [None]):
        if part is not None:
            parts.append(part)
            continue
        if words := plain("".join(part.words for part in parts)):
            yield parts[0]._replace(words=words, linked=sum(part.linked for part in parts))
        parts.clear()


def _strings(element: Any, block: Any, kind: ParagraphKind, link: bool = False) -> Iterator[_Run | None]:
    """The strings inside an element, each with its block; None where a block begins or ends."""
    yield _Run(element.text or "", kind, block, len(element.text or "") * link)
    for child in element:
        tag = child.tag
        if tag in _DROPPED or _is_hidden(child):
            pass
        elif tag == "br":
            yield None if _is_double(child) else _Run(" ", kind, block)
        elif tag in _INLINE:
            yield from _strings(child, block, kind, link or tag == "a")
        elif tag == "tr" and not _is_layout(child):
            yield from (None, _Run(row(map(_cell, child)), "row", child), None)
        else:
            yield from (None, *_strings(child, child, _KINDS.get(tag, kind), link), None)
        yield _Run(child.tail or "", kind, block, len(child.tail or "") * link)


def _cell(element: Any) -> str:
    return "".join(part.words if part else " " for part in _strings(element, element, "row"))


def _is_double(br: Any) -> bool:
    """Whether a line break is one of two, as old pages part their paragraphs."""
    after, before = br.getnext(), br.getprevious()
    follows = before is not None and before.tag == "br" and not (before.tail or "").strip()
    return follows or (after is not None and after.tag == "br" and not (br.tail or "").strip())


def _is_layout(tr: Any) -> bool:
    """Whether a table row only arranges the page: it holds a table, a heading or a cell of several paragraphs."""
    return bool(tr.xpath(".//table | .//h1 | .//h2 | .//h3 | ./td[count(.//p) > 1]"))


def _is_hidden(element: Any) -> bool:
    """Whether a browser would not show the element."""
    style = re.sub(r"\s", "", element.get("style", "")).lower()
    return "hidden" in element.attrib or "display:none" in style or element.get("aria-hidden") == "true"


def _page_title(root: Any, known: str, text: str) -> str | None:
    """The title that trafilatura knows, if the main text or <title> has it; else <title>: it may be a hidden box's."""
    title = plain(root.findtext(".//title") or "")
    return (plain(known) if known and _squeezed(known) in _squeezed(title + text) else title) or None


def _page_date(root: Any) -> date | None:
    """The day that a page declares in its metadata; None rather than a day from its prose."""
    from htmldate import find_date
    from lxml import html

    declared = [html.tostring(element, encoding="unicode", with_tail=False) for element in root.xpath(_DECLARED)]
    page = f"<html><body>{''.join(declared)}</body></html>"
    return parse_date(find_date(page, extensive_search=False, original_date=True) or "")
