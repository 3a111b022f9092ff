"""Which reader a file has, by its suffix or, without one, by its bytes; archives, and the files in them."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from qa.articles.numbering import Content, Unreadable
from qa.articles.readers import basic
from qa.articles.readers.basic import read_text
from qa.articles.readers.html import read_html
from qa.articles.readers.mail import read_mail, read_msg
from qa.articles.readers.markdown import read_markdown
from qa.articles.readers.records import MOST_PARTS, Part, csv_parts, feed_parts, json_parts
from qa.articles.readers.rtf import read_rtf
from qa.articles.readers.zipped import UNPACKED, archive_of, member_of, read_epub, read_odt

DEEPEST = 3  # archives inside archives
# Of the processor for a file of an archive: half of a file's own limits, which `qa.articles.limits` gives reasons for.
MEMBER_SECONDS = 10.0
MEMBER_SECONDS_PER_MB = 30.0


# ── archives ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def zip_parts(raw: bytes, *, depth: int = 1) -> list[Part]:
    """The files of an archive that can be read, in memory: nothing is unpacked to disk."""
    found: list[Part] = []
    room = UNPACKED
    with archive_of(raw) as held:
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
        raw = member_of(held, member)
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


def too_slow(seconds: float) -> str:
    """Why a file was left out that takes longer than this to read."""
    return f"It takes longer than {seconds:.0f} s to read: save it anew, or as plain text."


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
        raise Unreadable("too slow", too_slow(seconds))

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
    return READERS[suffix](_filled(raw))


def parts(suffix: str, raw: bytes, *, depth: int = 1) -> list[Part] | Content:
    """What a file holds: several articles, or a table or record that is one."""
    return zip_parts(_filled(raw), depth=depth) if suffix == ".zip" else HOLDERS[suffix](_filled(raw))


def _filled(raw: bytes) -> bytes:
    if not raw.strip():
        raise Unreadable("empty", "It holds nothing but white space.")
    return raw


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
    with archive_of(raw) as held:
        names = set(held.namelist())
        kind = member_of(held, "mimetype") if "mimetype" in names else b""
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
