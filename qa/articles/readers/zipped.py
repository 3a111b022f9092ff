"""Documents that are zip archives: OpenDocument texts and e-books; what an archive may unpack to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

from qa.articles.dates import parse_date
from qa.articles.encoding import decode
from qa.articles.numbering import (
    Cell,
    Content,
    Piece,
    Unreadable,
    joined,
    lowered,
    plain,
    raised,
    sensible_title,
    table,
)
from qa.articles.readers.html import runs, tree
from qa.articles.readers.records import MOST_PARTS

UNPACKED = 200_000_000  # bytes that an archive may unpack to, all members together
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_DROPPED_ODT = {f"{_TEXT}{name}" for name in ("tracked-changes", "hidden-text", "sequence-decls", "note")}


def read_odt(raw: bytes) -> Content:
    """An OpenDocument text's paragraphs and table rows without hidden and deleted text, then its notes."""
    with archive_of(raw) as held:
        root = _xml(member_of(held, "content.xml"))
        styles, meta = (_xml(member_of(held, n)) if n in held.namelist() else None for n in ("styles.xml", "meta.xml"))
    body = next(root.iter("{urn:oasis:names:tc:opendocument:xmlns:office:1.0}text"), None)
    if body is None:
        raise Unreadable("unreadable", "It is no text document: save it as .odt.")
    shown = _ShownOdt([part for part in (styles, root) if part is not None])
    notes = body.iter(f"{_TEXT}note-body")
    text, blocks = joined([*shown.pieces(body), *(piece for note in notes for piece in shown.note(note))])
    known = {element.tag: element.text or "" for element in meta.iter()} if meta is not None else {}
    created = parse_date(known.get(f"{_META}creation-date", "")[:10])
    return Content(text, blocks, title=sensible_title(known.get(f"{_DC}title", "")), created=created)


class _ShownOdt:
    """What is shown of a document by the styles of its parts."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self._styles: dict[tuple[str | None, str | None], Any] = {}  # by family and name; no name for the usual one
        for style in (style for part in parts for style in part.iter(f"{_STYLE}style", f"{_STYLE}default-style")):
            self._styles[style.get(f"{_STYLE}family"), style.get(f"{_STYLE}name")] = style

    def pieces(self, element: Any) -> Iterator[Piece]:
        """The paragraphs and rows inside an element, in order."""
        for child in element:
            if child.tag in _DROPPED_ODT or _is_hidden_odt(child):
                continue
            if child.tag == f"{_TABLE}table":
                yield from table([list(self._cells(row)) for row in child.iter(f"{_TABLE}table-row")])
            elif child.tag == f"{_TEXT}h":
                yield Piece(self._words(child), "heading")
            elif child.tag == f"{_TEXT}p":
                item = any(above.tag == f"{_TEXT}list-item" for above in child.iterancestors())
                yield Piece(self._words(child), "item" if item else "paragraph")
            else:
                yield from self.pieces(child)

    def note(self, note: Any) -> Iterator[Piece]:
        """The paragraphs of a note, none where what refers to it is hidden or deleted."""
        around = list(note.iterancestors())
        if any(_is_hidden_odt(one) or one.tag == f"{_TEXT}tracked-changes" or self._is_hidden(one) for one in around):
            return
        yield from self.pieces(note)

    def _cells(self, row: Any) -> Iterator[Cell]:
        head = row.getparent().tag == f"{_TABLE}table-header-rows"
        for cell in row.iterchildren(f"{_TABLE}table-cell"):
            parts = (p for p in cell.iter(f"{_TEXT}p", f"{_TEXT}h") if not any(p.iterancestors(f"{_TEXT}note")))
            words = " ".join(map(self._words, parts))
            across, down = (_count(cell.get(f"{_TABLE}number-{what}-spanned")) for what in ("columns", "rows"))
            for _ in range(min(_count(cell.get(f"{_TABLE}number-columns-repeated")), 50)):
                yield Cell(words, across, down, header=head)

    def _words(self, element: Any, *, hidden: bool = False) -> str:
        """The words of a paragraph or of a part of it."""
        if element.find(f"{_TEXT}hidden-paragraph[@{_TEXT}is-hidden='true']") is not None:
            return ""
        hidden = self._is_hidden(element, otherwise=hidden)
        words = ["" if hidden else element.text or ""]
        for child in element:
            if child.tag in (f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"):
                words.append(" ")
            elif child.tag not in _DROPPED_ODT and not child.tag.endswith("}annotation"):
                words.append(self._words(child, hidden=hidden))
            words.append("" if hidden else child.tail or "")
        position = (self._property(element, f"{_STYLE}text-position") or "").split(" ")[0]
        if position == "super" or re.match(r"[1-9]", position):
            return raised("".join(words))
        return lowered("".join(words)) if position == "sub" or position.startswith("-") else "".join(words)

    def _is_hidden(self, element: Any, *, otherwise: bool = False) -> bool:
        display = self._property(element, f"{_TEXT}display")
        return otherwise if display is None else display == "none"

    def _property(self, element: Any, name: str) -> str | None:
        """What the style of a paragraph or span, or one that it is based on, says of its letters."""
        family = {f"{_TEXT}p": "paragraph", f"{_TEXT}h": "paragraph", f"{_TEXT}span": "text"}.get(element.tag)
        style, seen = self._styles.get((family, element.get(f"{_TEXT}style-name"))), set[Any]()
        while family and style is not None and style not in seen:
            seen.add(style)
            values = [str(one.get(name)) for one in style.iterchildren(f"{_STYLE}text-properties") if one.get(name)]
            if values:
                return values[0]
            style = self._styles.get((family, style.get(f"{_STYLE}parent-style-name")))
        return None


def _is_hidden_odt(element: Any) -> bool:
    """Whether a section is hidden, always or by its condition."""
    display = element.get(f"{_TEXT}display")
    return bool(display == "none" or (display == "condition" and element.get(f"{_TEXT}is-hidden") == "true"))


def _count(number: str | None) -> int:
    return int(number) if number and number.isdecimal() and len(number) < 6 else 1


_OPF = "{http://www.idpf.org/2007/opf}"


def read_epub(raw: bytes) -> Content:
    """A book's chapters in the order of reading."""
    with archive_of(raw) as held:
        if "META-INF/encryption.xml" in held.namelist() and "META-INF/rights.xml" in held.namelist():
            raise Unreadable("encrypted", "It is locked: take one without digital rights management.")
        container = _xml(member_of(held, "META-INF/container.xml"))
        path = next(str(element.get("full-path")) for element in container.iter() if element.get("full-path"))
        package = _xml(member_of(held, path))
        files = {str(item.get("id")): str(item.get("href")) for item in package.iter(f"{_OPF}item")}
        order = [files.get(str(ref.get("idref")), "") for ref in package.iter(f"{_OPF}itemref")]
        names = [str(PurePosixPath(path).parent / name.partition("#")[0]) for name in order if name]
        pages = [decode(member_of(held, name), "utf-8") for name in names if name in held.namelist()]
    text, blocks = joined(Piece(run.words, run.kind) for page in pages for run in runs(tree(page)))
    known = {element.tag: element.text or "" for element in package.iter() if isinstance(element.tag, str)}
    return Content(
        text,
        blocks,
        title=sensible_title(known.get(f"{_DC}title", "")),
        published=parse_date(known.get(f"{_DC}date", "")[:10]),
        source=plain(known.get(f"{_DC}creator", "")) or None,
        language=known.get(f"{_DC}language"),
    )


def archive_of(raw: bytes) -> Any:
    """The open archive; raises Unreadable for one that is broken, locked or unpacks to too much."""
    from zipfile import BadZipFile, ZipFile

    try:
        held = ZipFile(BytesIO(raw))
    except BadZipFile as error:
        raise Unreadable("truncated", "Its zip archive is broken or cut off.") from error
    members = held.infolist()
    if len(members) > 2 * MOST_PARTS:
        raise Unreadable("too large", f"It holds {len(members)} files, the limit is {2 * MOST_PARTS}: part it.")
    size = sum(member.file_size for member in members)
    if size > UNPACKED:
        raise Unreadable("too large", f"It unpacks to {size / 1e6:.0f} MB, the limit is {UNPACKED / 1e6:.0f}.")
    return held


def member_of(held: Any, name: str) -> bytes:
    """A member's bytes, no more of them than the archive declares; raises Unreadable."""
    import zlib
    from zipfile import BadZipFile

    try:
        raw: bytes = held.read(name)
    except KeyError as error:
        raise Unreadable("unreadable", f"It lacks {name}: save it anew.") from error
    except (BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise Unreadable("truncated", "A file in its zip archive is broken.") from error
    except RuntimeError as error:
        raise Unreadable("encrypted", "It asks for a password: pack it without one.") from error
    return raw


def _xml(raw: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
