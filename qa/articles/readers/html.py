"""Web pages: the main text as a browser shows it, without what surrounds it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from html import unescape
from itertools import chain, islice
from typing import Any, NamedTuple

from qa.articles.credits import is_credit
from qa.articles.dates import parse_date
from qa.articles.encoding import BOM, decode
from qa.articles.numbering import Cell, Content, Piece, joined, lowered, plain, raised, table
from qa.articles.readers.styles import hidden
from qa.language.words import alternatives, load
from qa.types import ParagraphKind

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_ATTRIBUTE = r"""\s+[^\s<>=/"']++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s<>"']++))?+"""
# The attributes of an element from the 201st on: libxml2 compares each with all before it, in every parse of the page.
_MANY = re.compile(rf"(<[a-zA-Z][^\s<>/]*+(?:{_ATTRIBUTE}){{200}}+)[^<>]++")
_UNSEEN = frozenset(
    "script style template head select textarea iframe object svg canvas audio video button datalist".split()
)
# What is seldom the article: the share of the page's prose from which on it is taken for it all the same
# (`python -m evals.bench.files`, and `evals.bench.sweep` with other shares).
_AROUND = {"nav": 0.9, "footer": 0.9, "menu": 0.9, "dialog": 0.8, "aside": 0.5, "form": 0.5, "noscript": 0.5}
_ROLES = {  # WAI-ARIA's, by the element that is the same
    "dialog": "dialog", "alertdialog": "dialog", "navigation": "nav", "menu": "menu", "search": "form",
    "contentinfo": "footer", "complementary": "aside",
}  # fmt: skip
_OF_BOX = 0.6  # of a box beside the story, by its name
_OF_STYLED = 0.5  # of what a style sheet hides
_CONTAINERS = ("div", "section", "ul", "ol", "table")
# Words may stand in these beside blocks.
_LOOSE = frozenset(("body", "div", "section", "article", "main", "center", "td"))
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
_ARTICLES = ("Article", "Posting", "Report")  # how schema.org's types of them end
_SENTENCE = 60  # characters of a block that is prose, and not a label
_PARTS = frozenset("ul ol li dl dt dd table thead tbody tfoot tr td blockquote figure".split())
_TELLTALE = re.compile(rf"\b(?:{alternatives(load('credits')['boxes'])}|comments?\b)", re.I)
_DECLARED = (  # where a page declares its day; its prose and its descriptions may name any other
    "//meta[not(contains(@name, 'descr') or contains(@property, 'descr') or contains(@property, 'title'))]"
    " | //link[@rel='canonical']"
    " | (//time[@datetime][not(ancestor::p or ancestor::li or ancestor::aside or ancestor::footer)])[1]"
)


class _Run(NamedTuple):
    """Words of a page with the kind and element of their block, and how many of their characters are a link; ``seen``
    are the words as they stand on the page, where a row has its header before them."""

    words: str
    kind: ParagraphKind
    element: Any
    linked: int = 0
    seen: str = ""


def read_html(raw: bytes) -> Content:
    """The main text of a page without what surrounds it; trafilatura and htmldate say what its metadata holds."""
    from lxml import html
    from trafilatura.metadata import extract_metadata

    charset = _CHARSET.search(raw[:2048])
    page = _MANY.sub(r"\1", decode(raw, charset[1].decode() if charset else None).removeprefix(BOM))
    root = tree(page)
    articles = list(_linked_data(root))
    known = extract_metadata(page, extensive=False)
    _without_surroundings(root)
    found = _main_runs(html.tostring(root, encoding="unicode"), list(runs(root)))
    pieces = [Piece(run.words, run.kind) for run in found]
    title = ""
    if not any(len(run.words) >= _SENTENCE for run in found) and (body := list(_article_body(articles))):
        pieces += body
        title = next((one["headline"] for one in articles if isinstance(one.get("headline"), str)), "")
    text, blocks = joined(pieces)
    return Content(
        text,
        blocks,
        title=plain(unescape(title)) or _page_title(root, known.title or "", found),
        published=_page_date(root, articles),
        source=plain(known.sitename or "") or None,
        language=root.get("lang"),
    )


def tree(page: str) -> Any:
    """The root element of a page, or of a part of one, whatever it is; empty where there is no element in it."""
    from lxml import etree, html

    # As bytes: of a str lxml refuses the encoding declaration that an XHTML page begins with.
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(page.encode(), parser=parser, ensure_head_body=True)
    except etree.ParserError:  # nothing but a comment, a closing tag or a doctype
        root = html.document_fromstring("<html><head></head><body></body></html>")
    for ol in root.iter("ol"):
        _number_items(ol)
    for script in root.iter("sup", "sub"):
        if not any(True for _ in script.iterancestors("sup", "sub")):
            _set(script, raised if script.tag == "sup" else lowered)
    return root


def _set(script: Any, move: Callable[[str], str]) -> None:
    """Writes what stands above or below the line in the characters for it, each in the place of its own."""
    words = "".join(script.itertext())
    moved = move(words)
    if len(moved) > len(words):  # behind a mark
        for child in list(script):
            child.drop_tag()
        script.text = moved
        return
    left = iter(moved)
    for string in script.xpath(".//text()"):
        new = "".join(islice(left, len(string)))
        if string.is_tail:
            string.getparent().tail = new
        else:
            string.getparent().text = new


def _without_surroundings(root: Any) -> None:
    """Takes out of a page what is not shown, and what is seldom the article (menus, forms, asides, comments, related
    stories, banners) unless most of the page's prose stands in it: a page of ASP.NET is one form. What a style sheet
    hides is so measured too: a script may show it."""
    for element in [one for one in root.iter() if isinstance(one.tag, str) and _is_hidden(one)]:
        if element.getparent() is not None:
            element.drop_tree()
    prose = _prose(root)
    unseen = dict.fromkeys(hidden(root), _OF_STYLED)
    for element in [one for one in root.iter() if isinstance(one.tag, str) and one.tag not in ("html", "head", "body")]:
        around = _ROLES.get(element.get("role", ""), element.tag)
        share = unseen.get(element) or _AROUND.get(around) or (_OF_BOX if _is_box(element) else 0.0)
        if share and prose.get(element, 0.0) < share * prose.get(root, 1.0):
            if element not in unseen and _is_told(element):
                element.drop_tag()
            else:
                element.drop_tree()
        elif element.tag in _AROUND:
            element.tag = "div"  # trafilatura would leave it out


def _is_told(element: Any) -> bool:
    """Whether an aside or a footer is a part of the story: sentences between or under its paragraphs, as a quotation
    that is pulled out."""
    if element.tag not in ("aside", "footer") or _has_telltale(element):
        return False
    if element.tag == "footer" and element.getparent().tag != "article":
        return False
    above, below = (any(map(_is_prose, element.itersiblings("p", preceding=back))) for back in (True, False))
    if not above or (element.tag == "aside" and not below):
        return False
    said = list(runs(element))
    return bool(said) and all(_says(run.words) and not run.linked and not is_credit(run.words) for run in said)


def _is_prose(element: Any) -> bool:
    return _says(plain(element.text_content()))


def _says(words: str) -> bool:
    """Whether words look like a sentence."""
    return len(words.split()) > 4 and words.rstrip("\"'”’») ").endswith((".", "!", "?", "…", "。", "۔", "।"))


def _prose(root: Any) -> dict[Any, float]:
    """For each element how many characters of prose it has; what stands in short lines hardly counts, links never."""
    found: dict[Any, float] = {}
    for run in runs(root):
        weight = (len(run.words) - run.linked) * (1.0 if len(run.words) >= _SENTENCE else 0.01)
        for element in (run.element, *run.element.iterancestors()):
            found[element] = found.get(element, 0.0) + weight
    return found


def _is_box(element: Any) -> bool:
    """Whether an element's names say that it is no part of the article, or a reader of screens is to pass it over."""
    return element.tag in _CONTAINERS and (element.get("aria-hidden") == "true" or _has_telltale(element))


def _has_telltale(element: Any) -> bool:
    return _TELLTALE.search(f"{element.get('class')} {element.get('id')}") is not None


def _linked_data(root: Any) -> Iterator[dict[str, Any]]:
    """The articles that the page describes in JSON-LD, but for those of lists: these are other stories."""
    for script in root.iter("script"):
        if script.get("type", "").strip().lower() == "application/ld+json":
            try:
                yield from _described(json.loads(script.text_content(), strict=False))
            except (ValueError, RecursionError):
                continue


def _described(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, list):
        for one in data:
            yield from _described(one)
    elif isinstance(data, dict):
        kinds = data.get("@type")
        if any(
            str(kind).endswith(("Article", "Posting", "Report"))
            for kind in ([kinds] if isinstance(kinds, str) else kinds or [])
        ):
            yield data
        for name in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _described(data.get(name))


def _article_body(articles: Iterable[dict[str, Any]]) -> Iterator[Piece]:
    """The paragraphs of the first article whose text is in the page's JSON-LD; that may be marked up itself."""
    body = next((one["articleBody"] for one in articles if isinstance(one.get("articleBody"), str)), "")
    if re.search(r"</?(?:p|br|div)\b", body, re.I):
        yield from (Piece(run.words, run.kind) for run in runs(tree(body)))
    else:
        yield from (Piece(line) for line in unescape(body).split("\n"))


def _main_runs(page: str, runs: list[_Run]) -> list[_Run]:
    """The blocks that are main text to trafilatura, and those around them that it loses: headings, lists, rows."""
    from trafilatura import bare_extraction

    found = bare_extraction(page, include_comments=False)
    strings = [] if found is None or isinstance(found, dict) else [_squeezed(part) for part in found.body.itertext()]
    whole, parts = "".join(strings), set(strings)
    # A long block may be a part of one of trafilatura's; a short one ("Share") may be a part of anything.
    main = [
        (words := _squeezed(run.seen or run.words)) in parts or (len(words) > 40 and words in whole) for run in runs
    ]
    if True not in main:
        return runs
    anchors = [at for at, run in enumerate(runs) if main[at] or run.element.tag == "h1"]
    loose = _loose(runs)
    homes = {home for at in anchors for home in _homes(runs[at].element, loose)}
    homes |= {element for element in loose if not homes.isdisjoint(_homes(element, loose))}
    return [
        run
        for at, run in enumerate(runs)
        if main[at] or _is_near(run, homes, loose, within=anchors[0] <= at <= anchors[-1])
    ]


def _is_near(run: _Run, homes: set[Any], loose: set[Any], *, within: bool) -> bool:
    """Whether a block belongs to the main text around it, and is not by looks a list of links."""
    if 2 * run.linked > len(run.words):
        return False
    return not homes.isdisjoint(_homes(run.element, loose)) or (within and run.kind == "heading")


def _loose(runs: Sequence[_Run]) -> set[Any]:
    """The elements in which words stand beside other blocks without an element of their own: parted by line breaks."""
    counts = Counter(run.element for run in runs if run.element.tag in _LOOSE)
    inside = {above for run in runs for above in run.element.iterancestors(*_LOOSE)}
    return {element for element, count in counts.items() if count > 1 or element in inside}


def _homes(element: Any, loose: set[Any]) -> list[Any]:
    """The elements in which a block stands beside others: itself where it is loose, and the one around it, whatever
    list, table or quotation it is a part of."""
    home = element.getparent()
    while home is not None and home.tag in _PARTS and home not in loose:
        home = home.getparent()
    return [home, element] if element in loose else [home]


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
        if not isinstance(tag, str) or tag in _UNSEEN or _is_hidden(child):
            pass
        elif tag == "br":
            yield None if _is_double(child) else _Run(" ", kind, block)
        elif tag in _INLINE:
            yield from _strings(child, block, kind, link or tag == "a")
        elif tag == "table" and not _is_layout(child):
            yield from (None, *_rows(child))
        else:
            yield from (None, *_strings(child, child, _KINDS.get(tag, kind), link), None)
        yield _Run(child.tail or "", kind, block, len(child.tail or "") * link)


def _rows(of: Any) -> Iterator[_Run | None]:
    """The caption and the rows of a table, each cell with its header."""
    for caption in of.iterchildren("caption"):
        yield from (*_strings(caption, caption, "paragraph"), None)
    rows = [tr for tr in of.iter("tr") if not _is_hidden(tr)]
    cells = [[_cell(td, tr) for td in tr.iterchildren("td", "th") if not _is_hidden(td)] for tr in rows]
    for tr, row, piece in zip(rows, cells, table(cells), strict=True):
        linked = sum(len(link.text_content()) for link in tr.iter("a"))
        yield from (_Run(piece.words, piece.kind, tr, linked, "".join(cell.words for cell in row)), None)


def _cell(td: Any, tr: Any) -> Cell:
    words = "".join(part.words if part else " " for part in _strings(td, td, "row"))
    plain = td.xpath(".//text()[normalize-space() and not(ancestor::b or ancestor::strong)]")
    bold = bool(words.strip()) and not plain
    header = td.tag == "th" or tr.getparent().tag == "thead" or bold
    return Cell(words, _span(td, "colspan"), _span(td, "rowspan"), header)


def _span(td: Any, name: str) -> int:
    words = (td.get(name) or "1").strip()
    return int(words) if words.isdecimal() and len(words) < 5 else 1


def _number_items(ol: Any) -> None:
    """Writes the numbers of a list before the words of its items, unless it is a running 1, 2, 3: they may be years."""
    at, before, kept = int(ol.get("start")) if _is_number(ol.get("start")) else 1, 0, False
    for item in ol.iterchildren("li"):
        number = int(item.get("value")) if _is_number(item.get("value")) else at
        kept = number > 1 and number != before and (kept or number != before + 1)
        at, before = number + 1, number
        if not kept:
            continue
        to = item
        while len(to) and not (to.text or "").strip() and to[0].tag not in _INLINE:
            to = to[0]
        to.text = f"{number}{item.get('data-mark', '.')} {to.text or ''}"


def _is_number(words: str | None) -> bool:
    return bool(words) and re.fullmatch(r"-?\d{1,9}", words or "") is not None


def _is_double(br: Any) -> bool:
    """Whether a line break is one of two, as old pages part their paragraphs."""
    after, before = br.getnext(), br.getprevious()
    follows = before is not None and before.tag == "br" and not (before.tail or "").strip()
    return follows or (after is not None and after.tag == "br" and not (br.tail or "").strip())


def _is_layout(table: Any) -> bool:
    """Whether a table only arranges the page: it holds a table, a heading or a cell of several paragraphs."""
    return bool(table.xpath(".//table | .//h1 | .//h2 | .//h3 | .//td[count(.//p) > 1]"))


def _is_hidden(element: Any) -> bool:
    """Whether a browser would not show the element."""
    style = re.sub(r"\s", "", element.get("style", "")).lower()
    return "hidden" in element.attrib or "display:none" in style or "visibility:hidden" in style


def _page_title(root: Any, known: str, found: Sequence[_Run]) -> str | None:
    """The title that trafilatura knows, if the main text has it; else the heading there that is a part of <title>,
    which may have the site's name as well; else what <title> says: a title that is not there may be a hidden box's."""
    title = plain(root.findtext(".//title") or "")
    squeezed = _squeezed(title)
    if known and _squeezed(known) in _squeezed("".join(run.words for run in found)):
        return plain(known)
    if heading := next((run.words for run in found if run.kind == "heading" and _squeezed(run.words) in squeezed), ""):
        return heading
    return (plain(known) if known and _squeezed(known) in squeezed else title) or None


def _page_date(root: Any, articles: Iterable[dict[str, Any]]) -> date | None:
    """The day that a page declares in its metadata; None rather than a day from its prose."""
    from htmldate import find_date
    from lxml import html

    days = [str(one[name])[:10] for one in articles for name in ("datePublished", "dateCreated") if one.get(name)]
    if day := next(filter(None, map(parse_date, days)), None):
        return day
    declared = [html.tostring(element, encoding="unicode", with_tail=False) for element in root.xpath(_DECLARED)]
    page = f"<html><body>{''.join(declared)}</body></html>"
    return parse_date(find_date(page, extensive_search=False, original_date=True) or "")
