"""Further formats: rich text, OpenDocument, books, mail; and files of several articles (archives, feeds, dumps)."""

from __future__ import annotations

import csv
import json
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from qa.articles.dates import parse_date
from qa.articles.encoding import BOM, decode
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
from qa.articles.readers import basic
from qa.articles.readers.basic import read_text
from qa.articles.readers.html import read_html, runs, tree
from qa.articles.readers.markdown import read_markdown
from qa.language.words import load

MOST_PARTS = 5_000  # articles of one file
UNPACKED = 200_000_000  # bytes that an archive may unpack to, all members together
DEEPEST = 3  # archives inside archives
# Of the processor for a file of an archive: half of a file's own limits, which `qa.articles.limits` gives reasons for.
MEMBER_SECONDS = 10.0
MEMBER_SECONDS_PER_MB = 30.0


class Part(NamedTuple):
    """An article inside a file: its name there, what it is read from, and its content, or why there is none."""

    name: str
    raw: bytes
    content: Content | Unreadable


# ── rich text ────────────────────────────────────────────────────────────────────────────────────────────────────────

_RTF = re.compile(r"\\([a-zA-Z]+)(-?\d+)? ?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+", re.S)
_UNSHOWN_RTF = frozenset(("v", "deleted", "mvf"))  # hidden, deleted, moved elsewhere
_SCRIPTS_RTF = {"super": "\ue000", "sub": "\ue001", "nosupersub": "", "plain": ""}  # as marks in the text
_END_OF_SCRIPT, _BEFORE_TITLE = "\ue002", "\ue003"


def read_rtf(raw: bytes) -> Content:
    """A rich text file's paragraphs and table rows as they are shown, its notes and text boxes behind them."""
    from striprtf.striprtf import rtf_to_text

    if not raw.lstrip().startswith(b"{\\rtf"):
        raise Unreadable("unreadable", "It does not begin as a rich text file does.")
    source = raw.decode("latin-1")
    plain_text: str = rtf_to_text(_shown_rtf(source), errors="replace")  # type: ignore[no-untyped-call]
    plain_text = re.sub("(\ue000|\ue001)([^\ue000-\ue003]*)\ue002", _moved_rtf, plain_text.replace("\r", ""))
    words, _, title = re.sub("[\ue000-\ue002]", "", plain_text).partition(_BEFORE_TITLE)
    text, blocks = joined(_with_rows(words.split("\n")))
    made = re.search(r"\\creatim\s*\\yr(\d{4})\s*\\mo(\d\d?)\s*\\dy(\d\d?)", source)
    created = parse_date("-".join(f"{int(part):02}" for part in made.groups())) if made else None
    return Content(text, blocks, title=sensible_title(title), created=created)


def _moved_rtf(found: re.Match[str]) -> str:
    return raised(found[2]) if found[1] == _SCRIPTS_RTF["super"] else lowered(found[2])


def _shown_rtf(source: str) -> str:
    """The source without what is not shown, with marks around what stands above or below the line; notes, text boxes
    and at last the title stand at its end, where striprtf reads them."""
    from striprtf.striprtf import specialchars

    body: list[str] = []
    title: list[str] = []
    asides: list[list[str]] = []
    stack: list[tuple[list[str], frozenset[str], str]] = []
    out, unshown, script, at = body, frozenset[str](), "", 0
    while found := _RTF.match(source, at):
        at = found.end()
        token, word, number = found[0], found[1], found[2]
        before = script
        if token == "{":
            stack.append((out, unshown, script))
        elif token == "}" and len(stack) < 2:  # what follows is no part of the file
            break
        elif token == "}":
            out, unshown, script = stack.pop()
        elif word == "bin":
            at += max(0, int(number or 0))
            continue
        elif word in ("footnote", "shptxt"):
            asides.append(out := [])
            continue  # the word would leave them out
        elif word in ("title", "fldinst"):
            out = title if word == "title" else []
            continue
        elif word in _UNSHOWN_RTF:
            unshown = unshown - {word} if number == "0" else unshown | {word}
        elif word in _SCRIPTS_RTF:
            script = "" if number == "0" else _SCRIPTS_RTF[word]
            unshown = frozenset() if word == "plain" else unshown
        elif unshown and word not in ("cell", "nestcell", "row") and (word in (None, "u") or word in specialchars):
            continue
        out.append(token)
        if script != before:
            out.append((_END_OF_SCRIPT if before else "") + script)
    behind = "".join(rf"\par\pard\plain {{{''.join(aside)}}}\par " for aside in asides)
    return f"{''.join(body)}{'}' * (len(stack) - 1)}{behind}{_BEFORE_TITLE}{{{''.join(title)}}}}}"


def _with_rows(lines: Sequence[str]) -> Iterator[Piece]:
    """The lines as pieces; those with cells ("a|b|") that follow each other as a table."""
    rows: list[list[Cell]] = []
    for line in [*lines, ""]:
        if line.rstrip().endswith("|") and line.count("|") > 1:
            rows.append([Cell(cell) for cell in line.rstrip().rstrip("|").split("|")])
            continue
        yield from table(rows) if rows else ()
        rows = []
        yield Piece(line)


# ── OpenDocument ─────────────────────────────────────────────────────────────────────────────────────────────────────

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_DROPPED_ODT = {f"{_TEXT}{name}" for name in ("tracked-changes", "hidden-text", "sequence-decls", "note")}


def read_odt(raw: bytes) -> Content:
    """An OpenDocument text's paragraphs and table rows without hidden and deleted text, then its notes."""
    with _archive(raw) as held:
        root = _xml(_member(held, "content.xml"))
        styles, meta = (_xml(_member(held, n)) if n in held.namelist() else None for n in ("styles.xml", "meta.xml"))
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


# ── books ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_OPF = "{http://www.idpf.org/2007/opf}"


def read_epub(raw: bytes) -> Content:
    """A book's chapters in the order of reading."""
    with _archive(raw) as held:
        if "META-INF/encryption.xml" in held.namelist() and "META-INF/rights.xml" in held.namelist():
            raise Unreadable("encrypted", "It is locked: take one without digital rights management.")
        container = _xml(_member(held, "META-INF/container.xml"))
        path = next(str(element.get("full-path")) for element in container.iter() if element.get("full-path"))
        package = _xml(_member(held, path))
        files = {str(item.get("id")): str(item.get("href")) for item in package.iter(f"{_OPF}item")}
        order = [files.get(str(ref.get("idref")), "") for ref in package.iter(f"{_OPF}itemref")]
        names = [str(PurePosixPath(path).parent / name.partition("#")[0]) for name in order if name]
        pages = [decode(_member(held, name), "utf-8") for name in names if name in held.namelist()]
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


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_mail(raw: bytes) -> Content:
    """A message's text, with its subject, day and sender; attachments are named as not read."""
    from email import message_from_bytes, policy
    from email.message import EmailMessage

    message = message_from_bytes(raw.lstrip(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    if not message.keys():
        raise Unreadable("unreadable", "It does not begin as a message does.")
    is_saved_page = message.get_content_type() == "multipart/related"
    body = message.get_body(("html", "plain") if is_saved_page else ("plain", "html"))
    held = body.get_payload(decode=True) if body is not None else None
    if body is None or not isinstance(held, bytes):
        raise Unreadable("empty", "The message holds no text.")
    words = _text_of(held, body.get_content_charset())
    sender = message["from"].addresses if message["from"] else ()
    names = [str(part.get_filename() or "") for part in message.iter_attachments()]
    return _letter(
        words,
        is_page=body.get_content_type() == "text/html",
        subject=str(message["subject"] or ""),
        sent=message["date"].datetime if message["date"] and message["date"].datetime else None,
        sender=(sender[0].display_name or sender[0].addr_spec) if sender and not is_saved_page else "",
        attached=[name for name in names if name],
    )


def _text_of(held: bytes, charset: str | None) -> str:
    try:
        return held.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode(held, charset)


def read_msg(raw: bytes) -> Content:
    """An Outlook message's text, with its subject, day and sender; attachments are named as not read."""
    from oxmsg import Message

    message = Message.load(BytesIO(raw))
    page = message.html_body
    return _letter(
        message.body or page or "",
        is_page=not message.body,
        subject=message.subject or "",
        sent=message.sent_date,
        sender=message.sender or "",
        attached=[attachment.file_name or "" for attachment in message.attachments],
    )


def _letter(
    words: str, *, is_page: bool, subject: str, sent: datetime | None, sender: str, attached: Sequence[str]
) -> Content:
    content = read_html(words.encode()) if is_page else read_text(words.encode())
    return replace(
        content,
        title=plain(subject) or content.title,
        published=sent.date() if sent else content.published,
        source=plain(sender.partition("<")[0]).strip('"') or plain(sender) or content.source,
        unread=tuple((name, "It is attached to a message: save it beside it.") for name in attached if name),
    )


# ── tables and dumps ─────────────────────────────────────────────────────────────────────────────────────────────────

_STORY = 200  # characters on average that a field has which holds articles


def _value_of(record: Mapping[str, Any], what: str) -> Any:
    """The first value of a record that a field of that meaning has."""
    return next((record[name] for name in load("fields")[what] if record.get(name)), None)


def csv_parts(raw: bytes) -> list[Part] | Content:
    """An article a record where a column holds texts; else the table's rows as one content."""
    text = decode(raw).removeprefix(BOM)
    csv.field_size_limit(10_000_000)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:20_000], delimiters=",;\t|")
    except csv.Error:
        dialect = "excel-tab" if "\t" in text.partition("\n")[0] else "excel"
    rows = [row for row in csv.reader(StringIO(text), dialect) if any(cell.strip() for cell in row)]
    names = [name.strip().casefold() for name in rows[0]] if rows else []
    records = [dict(zip(names, row, strict=False)) for row in rows[1:]]
    if records and _story_field(records):
        return _record_parts(records)
    kept, blocks = joined(table([[Cell(cell) for cell in row] for row in rows]))
    return Content(kept, blocks)


def json_parts(raw: bytes) -> list[Part] | Content:
    """An article a record of a dump; one content where the file is a single record."""
    text = decode(raw).removeprefix(BOM)
    try:
        loaded = json.loads(text)
    except json.JSONDecodeError:
        records, bad = _json_lines(text)
        return [*_record_parts(records), *bad]
    except RecursionError as error:
        raise Unreadable("unreadable", "It is nested too deeply.") from error
    records = _records(loaded)
    if (len(records) == 1 and isinstance(loaded, dict) and loaded is not records[0]) or len(records) > 1:
        return _record_parts(records)
    if not records or not _story_field(records):
        raise Unreadable("unreadable", _NO_STORY)
    return _record(_lowered(records[0]), _story_field(records))


_NO_STORY = "No field of it holds the text of an article: name that field text, body or content."


def _json_lines(text: str) -> tuple[list[dict[str, Any]], list[Part]]:
    """The records of a file that has one a line, and the lines that are none; raises Unreadable where none is one."""
    records, bad = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            record = None
        if isinstance(record, dict):
            records.append(record)
        else:
            bad.append(Part(f"line {number}", b"", Unreadable("unreadable", f"Its line {number} is no JSON record.")))
    if not records:
        raise Unreadable("unreadable", "Its line 1 is no JSON record.")
    return records, bad


def _records(loaded: Any) -> list[dict[str, Any]]:
    """The records of a list, or of the field of a mapping that has them; a mapping alone is one record."""
    if isinstance(loaded, list):
        return [record for record in loaded if isinstance(record, dict)]
    if not isinstance(loaded, dict):
        return []
    held = _value_of(_lowered(loaded), "records")
    if isinstance(held, list) and held and isinstance(held[0], dict):
        return [record for record in held if isinstance(record, dict)]
    return [loaded]


def _lowered(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its fields in small letters, and those of words as text if they are parts."""
    named = {str(name).strip().casefold(): value for name, value in record.items()}
    return {
        name: _flat(value)
        if isinstance(value, list | dict) and name in (*load("fields")["text"], *load("fields")["title"])
        else value
        for name, value in named.items()
    }


def _flat(value: Any) -> Any:
    """The words of a field that is made of parts: paragraphs, or a mapping with its text ("main", "rendered")."""
    if isinstance(value, list):
        return "\n\n".join(filter(None, (words for words in map(_flat, value) if isinstance(words, str))))
    if not isinstance(value, dict):
        return value
    named = {str(name).casefold(): _flat(held) for name, held in value.items()}
    words = _value_of(named, "text") or max(
        (one for one in named.values() if isinstance(one, str)), key=len, default=""
    )
    return words if isinstance(words, str) else ""


def _story_field(records: Sequence[Mapping[str, Any]]) -> str | None:
    """The field that holds the articles' texts: by its name, or the one with the longest texts."""
    some = [_lowered(record) for record in records[:200]]
    named: list[str] = [
        name for name in load("fields")["text"] if any(isinstance(record.get(name), str) for record in some)
    ]
    if named:
        return named[0]
    lengths: dict[str, int] = {}
    for record in some:
        for name, value in record.items():
            if isinstance(value, str) and value.count(" ") > 10:
                lengths[name] = lengths.get(name, 0) + len(value)
    longest = max(lengths, key=lambda name: lengths[name], default=None)
    return longest if longest and lengths[longest] >= _STORY * len(some) else None


def _record_parts(records: Sequence[Mapping[str, Any]]) -> list[Part]:
    if len(records) > MOST_PARTS:
        raise Unreadable("too large", f"It holds {len(records)} records, the limit is {MOST_PARTS}: part it.")
    story = _story_field(records)
    if story is None:
        raise Unreadable("unreadable", _NO_STORY)
    return [
        Part(
            str(number),
            json.dumps(record, sort_keys=True, default=str).encode(),
            _tried(_record, _lowered(record), story),
        )
        for number, record in enumerate(records, start=1)
    ]


def _tried(make: Callable[..., Content], *arguments: Any) -> Content | Unreadable:
    try:
        return make(*arguments)
    except Unreadable as error:
        return error


def _record(record: Mapping[str, Any], story: str | None) -> Content:
    """The content of a record; its text may be marked up."""
    words = record.get(story or "") or _value_of(record, "text")
    if not isinstance(words, str) or not words.strip():
        raise Unreadable("empty", "The record holds no text.")
    content = (
        _marked_up(words)
        if re.search(r"</?(?:p|div|br|h[1-6])\b", words, re.I)
        else read_text(words.encode("utf-8", "replace"))
    )
    source = _value_of(record, "source")
    if isinstance(source, dict):
        source = source.get("name") or source.get("title")
    if isinstance(source, list):
        source = ", ".join(name for name in source if isinstance(name, str))
    title, language = _value_of(record, "title"), _value_of(record, "language")
    return replace(
        content,
        title=plain(title) if isinstance(title, str) else None,
        published=_day(_value_of(record, "date")),
        source=plain(source) if isinstance(source, str) and source else None,
        language=language if isinstance(language, str) else None,
    )


def _marked_up(words: str) -> Content:
    text, blocks = joined(Piece(run.words, run.kind) for run in runs(tree(words)))
    return Content(text, blocks)


def _day(value: Any) -> date | None:
    """The day of a field: written out, or as seconds or milliseconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 1e8 < value < 1e13:
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC).date()
    return parse_date(value.strip()) if isinstance(value, str) else None


# ── feeds ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def feed_parts(raw: bytes) -> list[Part]:
    """The items of an RSS or Atom feed."""
    import feedparser

    found = feedparser.parse(BytesIO(raw), sanitize_html=False, resolve_relative_uris=False)
    if not found.version:
        raise Unreadable("unreadable", "It is XML, but no feed: save it as a page or as text.")
    if len(found.entries) > MOST_PARTS:
        raise Unreadable("too large", f"It holds {len(found.entries)} items, the limit is {MOST_PARTS}: part it.")
    name = plain(found.feed.get("title", ""))
    return [
        Part(str(n), json.dumps(e, sort_keys=True, default=str).encode(), _tried(_item, e, name, found.feed))
        for n, e in enumerate(found.entries, 1)
    ]


def _item(entry: Any, source: str, feed: Any) -> Content:
    held = [content.get("value", "") for content in entry.get("content", [])]
    words = max([*held, entry.get("summary", "")], key=len)
    title = plain(tree(entry.get("title", "")).text_content())
    if not words.strip() and not title:
        raise Unreadable("empty", "The item holds no text.")
    sent = entry.get("published_parsed") or entry.get("updated_parsed")
    content = _marked_up(f"<h1>{entry.get('title', '')}</h1><div>{words}</div>")
    return replace(
        content,
        title=title or None,
        published=date(*sent[:3]) if sent else None,
        source=source or None,
        language=feed.get("language"),
    )


# ── archives ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _archive(raw: bytes) -> Any:
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


def _member(held: Any, name: str) -> bytes:
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


def zip_parts(raw: bytes, *, depth: int = 1) -> list[Part]:
    """The files of an archive that can be read, in memory: nothing is unpacked to disk."""
    found: list[Part] = []
    room = UNPACKED
    with _archive(raw) as held:
        for member in sorted(held.infolist(), key=lambda member: member.filename):
            name = _safe_name(member.filename)
            if member.is_dir() or not name or any(part.startswith((".", "~$", "__MACOSX")) for part in name.split("/")):
                continue
            room -= member.file_size
            found += _member_parts(held, member, name, depth) if room >= 0 else []
            if len(found) > MOST_PARTS:
                raise Unreadable("too large", f"It holds more than {MOST_PARTS} articles: part it.")
    return found


def _safe_name(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", "..")).encode("utf-8", "replace").decode()


def _member_parts(held: Any, member: Any, name: str, depth: int) -> list[Part]:
    if advice := advice_on(name):
        return [Part(name, b"", Unreadable("format", advice))]
    try:
        raw = _member(held, member)
        suffix = true_suffix(suffix_of(name), raw)
        if suffix == ".zip" and depth >= DEEPEST:
            raise Unreadable("too large", f"It is the {depth + 1}th archive inside another: unpack it.")
        if suffix in HOLDERS:
            inner: list[Part] | Content = parts(suffix, raw, depth=depth + 1)
        else:
            with _time_for(len(raw)):
                inner = read(suffix, raw)
    except Unreadable as error:
        return [Part(name, b"", error)]
    except MemoryError:
        raise
    except Exception as error:  # a parser may raise anything
        return [Part(name, b"", Unreadable("unreadable", f"Its reader failed with {type(error).__name__}."))]
    if isinstance(inner, Content):
        return [Part(name, raw, inner)]
    return [part._replace(name=f"{name}/{part.name}") for part in inner]


@contextmanager
def _time_for(size: int) -> Iterator[None]:
    """Ends the reading of one member that takes too much of the processor, so that the others are read.

    By a signal, which only the main thread of a process gets, and not on Windows: elsewhere the limit of the whole file
    holds alone (`qa.articles.limits`).
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    seconds = MEMBER_SECONDS + MEMBER_SECONDS_PER_MB * size / 1e6

    def end(*_: object) -> None:
        raise Unreadable("too slow", f"It takes longer than {seconds:.0f} s to read: save it anew, or as plain text.")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# ── what a file is ───────────────────────────────────────────────────────────────────────────────────────────────────

READERS: dict[str, Callable[[bytes], Content]] = {
    **basic.READERS,
    ".markdown": read_markdown,
    ".text": read_text,
    ".xhtml": read_html,
    ".rtf": read_rtf,
    ".odt": read_odt,
    ".epub": read_epub,
    ".eml": read_mail,
    ".mht": read_mail,
    ".mhtml": read_mail,
    ".msg": read_msg,
}
HOLDERS: dict[str, Callable[[bytes], list[Part] | Content]] = {
    ".csv": csv_parts,
    ".tsv": csv_parts,
    ".json": json_parts,
    ".jsonl": json_parts,
    ".ndjson": json_parts,
    ".rss": feed_parts,
    ".atom": feed_parts,
    ".xml": feed_parts,
    ".zip": zip_parts,
}
SUFFIXES = frozenset([*READERS, *HOLDERS])
_ADVICE = {
    ".doc": "It is an old Word file: save it as .docx.",
    ".dot": "It is an old Word file: save it as .docx.",
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "It is a spreadsheet: save it as .csv."),
    **dict.fromkeys((".ppt", ".pptx", ".odp", ".key"), "It holds slides: save it as .pdf."),
    **dict.fromkeys((".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz"), "It is an archive: pack it as .zip."),
    **dict.fromkeys((".pages", ".wpd", ".wps", ".sxw"), "It is a file of another word processor: save it as .docx."),
    **dict.fromkeys((".mobi", ".azw", ".azw3", ".fb2", ".djvu"), "It is a book that is not read: save it as .epub."),
}  # fmt: skip


_ANY = (".doc", ".dot")  # programs save pages, rich text and .docx under these as well


def suffix_of(name: str) -> str:
    """The suffix of a file's name in small letters; "" where what stands behind the last point is none."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,10}", suffix) and re.search("[a-z]", suffix) else ""


def advice_on(name: str) -> str:
    """What to do with a file of a format that is not read; "" where it is read, or its content has to tell."""
    from mimetypes import guess_type

    suffix = suffix_of(name)
    if not suffix or suffix in SUFFIXES or suffix in _ANY:
        return ""
    kind = (guess_type(f"a{suffix}")[0] or "").partition("/")[0]
    if kind == "image":
        return "It is a picture: its words have to go through OCR, to text or PDF."
    if kind in ("audio", "video"):
        return "It is a recording: its words have to be written down."
    return _ADVICE.get(suffix, f"{suffix} is not read: save it as text, HTML, PDF or .docx.")


def read(suffix: str, raw: bytes) -> Content:
    """What a file's bytes hold by its suffix; raises Unreadable, or whatever a library raises."""
    if not raw.strip():
        raise Unreadable("empty", "It holds nothing but white space.")
    return READERS[suffix](raw)


def parts(suffix: str, raw: bytes, *, depth: int = 1) -> list[Part] | Content:
    """What a file holds: several articles, or a table or record that is one."""
    if not raw.strip():
        raise Unreadable("empty", "It holds nothing but white space.")
    return zip_parts(raw, depth=depth) if suffix == ".zip" else HOLDERS[suffix](raw)


_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_HEADERS = re.compile(
    r"^(?:from|to|date|subject|received|return-path|message-id|mime-version|delivered-to):", re.I | re.M
)


def true_suffix(suffix: str, raw: bytes) -> str:
    """The suffix, or for a file without one, or with Word's old one, that of the format that its content shows; text
    where nothing does."""
    if suffix and suffix not in _ANY:
        return suffix
    found = _shown_suffix(raw)
    if suffix and found not in (".docx", ".odt", ".rtf", ".html", ".pdf"):
        raise Unreadable("format", "It is no Word file: save it as .docx.")
    return found


def _shown_suffix(raw: bytes) -> str:
    if b"%PDF-" in raw[:1024]:
        return ".pdf"
    if raw.startswith(_OLE):
        if "__properties_version1.0".encode("utf-16-le") in raw:
            return ".msg"
        raise Unreadable("format", _ADVICE[".doc"])
    if raw.startswith(b"PK\x03\x04"):
        return _archive_suffix(raw)
    if raw.startswith(b"{\\rtf"):
        return ".rtf"
    return _text_suffix(raw[:4000].decode("utf-8", "replace").lstrip("\ufeff \t\r\n"))


def _archive_suffix(raw: bytes) -> str:
    with _archive(raw) as held:
        names = set(held.namelist())
        kind = _member(held, "mimetype") if "mimetype" in names else b""
    if "word/document.xml" in names:
        return ".docx"
    return {b"application/epub+zip": ".epub", b"application/vnd.oasis.opendocument.text": ".odt"}.get(
        kind.strip(), ".zip"
    )


def _text_suffix(begins: str) -> str:
    head = begins[:400].lower()
    if len(_HEADERS.findall(begins.replace("\r", "").partition("\n\n")[0])) >= 2:
        return ".eml"
    if re.match(r"<(?:!doctype html|html|head|body|article|p|div|h1)\b", head) or "<html" in head:
        return ".html"
    if re.match(r"<(?:\?xml|rss|feed)\b", head):
        return ".xml"
    if re.match(r"[\[{]\s*[\[{\"]", begins):
        return ".json"
    return ".md" if re.match(r"---\n\w+\s*:|#{1,3} \S", begins) else ".txt"
