"""The articles of a feed, and of a dump in lines, tables or JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import Any, NamedTuple

from qa.articles.dates import parse_date
from qa.articles.encoding import BOM, decode
from qa.articles.numbering import Cell, Content, Piece, Unreadable, joined, plain, table
from qa.articles.readers.basic import read_text
from qa.articles.readers.html import runs, tree
from qa.language.words import load

MOST_PARTS = 5_000  # articles of one file


class Part(NamedTuple):
    """An article inside a file: its name there, what it is read from, and its content, or why there is none."""

    name: str
    raw: bytes
    content: Content | Unreadable


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
