"""A folder's articles: the files found, and each read into numbered paragraphs with title, day, source and language."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from qa.articles.dates import Order, is_ambiguous, order_of
from qa.articles.heads import (
    agency_in,
    date_in_name,
    date_line,
    headline_words,
    language_of,
    split_bracket,
    with_credits,
    with_headings,
    without_date,
)
from qa.articles.numbering import Content, Unreadable
from qa.articles.places import Place, Remote, listed
from qa.articles.readers.formats import HOLDERS, advice_on, parts, read, suffix_of, true_suffix
from qa.errors import FolderError
from qa.types import Article, Paragraph, Skipped


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file to read: where it is, its path from the folder with ``/``, bytes, and when it was changed (ns); of an
    object store, in the place of that time, a number that is another when the bytes are."""

    path: Place
    file: str
    size: int
    mtime_ns: int
    order: Order = "dmy"  # how the folder writes days that can be read in two ways: `day_order`
    raw: bytes | None = field(default=None, repr=False)  # what it holds, where that was fetched before it is read


FETCHED = 16  # objects of a store that are asked for at once
ADDED = "added/"  # before the names of the files that lie in a second folder


def scan(folder: Place, *, max_mb: float = 20.0, added: Path | None = None) -> tuple[list[FolderFile], list[Skipped]]:
    """The folder's files that can be articles and those that cannot, each by ``file``; opens none of them.

    Hidden names and the folders that browsers save beside a page are passed over. A file without a suffix may be
    anything: its content tells. A link is followed to a file inside the folder; a linked folder inside is not entered
    again. ``max_mb`` is in millions of bytes. ``added``
    is a second folder: its files are named ``added/…``, after those that the first has under that name. Raises
    FolderError.
    """
    if isinstance(folder, Remote):
        found, skipped = _listed(folder, max_mb)
    elif not folder.is_dir():
        raise FolderError(f"{folder} is not a folder: name the one that holds the articles.")
    else:
        found, skipped = _scanned(folder, max_mb)
    if added is not None and added.is_dir():
        taken = {f.file for f in found}
        more, less = _scanned(added, max_mb)
        found += [f for f in (replace(f, file=ADDED + f.file) for f in more) if f.file not in taken]
        skipped += [replace(s, file=ADDED + s.file) for s in less]
    return sorted(found, key=lambda f: f.file), sorted(skipped, key=lambda s: s.file)


def find(folder: Place, file: str, *, max_mb: float = 20.0, added: Path | None = None) -> FolderFile | Skipped | None:
    """The file as `scan` would find it, None when it is gone; ``file`` must be a name that a scan gave."""
    second = added is not None and file.startswith(ADDED) and not (folder / file).exists()
    root = added if second and added is not None else folder
    if isinstance(root, Remote):
        return _held(root, file, max_mb)
    path = _holder(root, file.removeprefix(ADDED) if second else file)
    file = (ADDED if second else "") + path.relative_to(root).as_posix()
    try:
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
            return Skipped(file, "outside", "It is a link to something outside the folder.")
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return _unreadable(file, error)
    return _unfit(file, status, max_mb) or FolderFile(path, file, status.st_size, status.st_mtime_ns)


def _listed(folder: Remote, max_mb: float) -> tuple[list[FolderFile], list[Skipped]]:
    """The objects below an address, as `_scanned` has the files of a folder."""
    objects, unlisted = listed(folder)
    pages = {one.name.rpartition(".")[0] for one in objects if _suffix(one.name) in _PAGES}
    found: list[FolderFile] = []
    skipped = [Skipped(name, "unreadable", "A key in it has an empty part or a dot: rename it.") for name in unlisted]
    for one in objects:
        name = PurePosixPath(one.name)
        marks_a_folder = not one.size and not name.suffix
        hidden = any(part.startswith((".", "~$")) or part.endswith(_INDEXED) for part in name.parts)
        if marks_a_folder or hidden or _is_of_page(name, pages):
            continue
        if advice := advice_on(one.name):
            skipped.append(Skipped(one.name, "format", advice))
        elif unfit := _unfit_size(one.name, one.size, max_mb):
            skipped.append(unfit)
        else:
            found.append(FolderFile(folder / one.name, one.name, one.size, one.mark))
    return found, skipped


def _is_of_page(name: PurePosixPath, pages: Set[str]) -> bool:
    """Whether it lies in a folder that a browser saved beside a page; ``pages`` are named without their suffix."""
    return any((stem := _of_page(above.name)) and str(above.with_name(stem)) in pages for above in name.parents)


def _held(folder: Remote, file: str, max_mb: float) -> FolderFile | Skipped | None:
    """The object of that name, or the archive, feed or dump that it is an article of."""
    above = [str(name) for name in PurePosixPath(file).parents if name.name]
    for name in (file, *above):
        if one := (folder / name).status():
            return _unfit_size(name, one.size, max_mb) or FolderFile(folder / name, name, one.size, one.mark)
    return None


def _holder(root: Path, file: str) -> Path:
    """The file, or the archive, feed or dump that it is an article of."""
    path = root / file
    while path != root and not path.exists() and not path.is_symlink() and not path.parent.is_dir():
        path = path.parent
    return path


def _scanned(folder: Path, max_mb: float) -> tuple[list[FolderFile], list[Skipped]]:
    found: list[FolderFile] = []
    skipped: list[Skipped] = []
    root = os.path.realpath(folder)
    for entry, file in _entries(folder, skipped):
        seen = _skip_by_name(file) or _look(entry, file, root, max_mb)
        if isinstance(seen, FolderFile):
            found.append(seen)
        elif seen:
            skipped.append(seen)
    return found, skipped


def _entries(folder: Path, skipped: list[Skipped]) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Every entry below a folder that may matter, with its path from there; adds the folders that cannot be listed."""
    waiting = [(str(folder), "")]
    while waiting:
        path, prefix = waiting.pop()
        try:
            with os.scandir(path) as listed:
                entries = [entry for entry in listed if not entry.name.startswith((".", "~$"))]  # ~$: Word's locks
        except OSError as error:
            skipped.append(_unreadable(prefix.rstrip("/") or ".", error))
            continue
        pages = {
            PurePosixPath(entry.name).stem for entry in entries if _suffix(entry.name) in (".html", ".htm", ".xhtml")
        }
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if _of_page(entry.name) in pages:
                    continue  # what a browser saves beside a page: pictures, scripts, advertisements
                waiting.append((entry.path, f"{prefix}{entry.name}/"))
            else:
                yield entry, prefix + entry.name


def _of_page(folder: str) -> str | None:
    """The name of the page that a folder was saved with, by what browsers call it: ``Page_files``, ``Page.files``."""
    found = re.fullmatch(r"(.+)[_.]files", folder, re.I)
    return found[1] if found else None


def _skip_by_name(file: str) -> Skipped | None:
    """Skipped when a name is not UTF-8: no index and no answer could carry it."""
    try:
        file.encode()
    except UnicodeEncodeError:
        name = file.encode("utf-8", "backslashreplace").decode()
        return Skipped(name, "unreadable", "Its name is not UTF-8: rename it.")
    return None


def _look(entry: os.DirEntry[str], file: str, root: str, max_mb: float) -> FolderFile | Skipped | None:
    """What a directory entry is; None for a link to no article, or to a folder that is found at its own place."""
    advice = advice_on(file)
    try:
        if entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(root):
            outside = Skipped(file, "outside", "It is a link to something outside the folder.")
            return None if advice and not entry.is_dir() else outside
        if entry.is_dir():
            return None
        if advice:
            return Skipped(file, "format", advice)
        status = entry.stat()
    except OSError as error:
        return _unreadable(file, error)
    return _unfit(file, status, max_mb) or FolderFile(Path(entry.path), file, status.st_size, status.st_mtime_ns)


def _unfit(file: str, status: os.stat_result, max_mb: float) -> Skipped | None:
    """Skipped when its size or kind says that a file need not be opened."""
    if not stat.S_ISREG(status.st_mode):
        return Skipped(file, "unreadable", "It is not a regular file.")
    return _unfit_size(file, status.st_size, max_mb)


def _unfit_size(file: str, size: int, max_mb: float) -> Skipped | None:
    if size == 0:
        return Skipped(file, "empty", "It has no bytes.")
    if size > max_mb * 1e6:
        return Skipped(file, "too large", f"It has {size / 1e6:.1f} MB, the limit is {max_mb:g}.")
    return None


def too_large(file: str) -> Skipped:
    """What is said of a file for whose reading there is not memory enough."""
    return Skipped(file, "too large", "It takes too much memory to read: save it anew, or as plain text.")


def by_suffix(skipped: Iterable[Skipped]) -> str:
    """How many files of each suffix were left out, the most first: "3 .rtf, 2 .doc, 1 without a suffix"."""
    counts = Counter(suffix_of(one.file) or "without a suffix" for one in skipped)
    return ", ".join(f"{count} {suffix}" for suffix, count in counts.most_common())


def _unreadable(file: str, error: OSError) -> Skipped:
    return Skipped(file, "unreadable", f"It cannot be opened: {error.strerror or type(error).__name__}.")


_INDEXED = (".lance", ".lease")  # an index may lie beside the articles in their bucket
_PAGES = (".html", ".htm", ".xhtml")
_PLAIN = (".txt", ".md")
_HEAD = 400  # bytes of a file in which its day stands


def day_order(stale: Sequence[FolderFile], every: Sequence[FolderFile]) -> Order:
    """How the folder writes 03/04/2025: as most of its files do that write a day which can be read in one way alone.
    Opens files only where one that is to be read may have such a day: a text by its first lines, another file always.
    Where none tells it is the day first."""
    if all(_suffix(found.file) in _PLAIN for found in stale) and not dated_two_ways(stale):
        return "dmy"
    orders = Counter(order_of(line) for head in _heads(every) for line in head)
    return "mdy" if orders["mdy"] > orders["dmy"] else "dmy"


def dated_two_ways(files: Sequence[FolderFile]) -> list[str]:
    """The files of plain text that have among their first lines a day that can be read in two ways."""
    return [found.file for found, head in zip(files, _heads(files), strict=True) if any(map(is_ambiguous, head))]


def _heads(files: Sequence[FolderFile]) -> Iterator[list[str]]:
    """The first lines of each file; those of an object store are asked for several at a time."""
    if not any(isinstance(found.path, Remote) for found in files):
        yield from map(_head, files)
        return
    with ThreadPoolExecutor(FETCHED) as pool:
        yield from pool.map(_head, files)


def _head(found: FolderFile) -> list[str]:
    """The first lines of a file that is plain text."""
    if _suffix(found.file) not in _PLAIN:
        return []
    try:
        return _first(found.path).decode("utf-8", "ignore").split("\n")[:6]
    except OSError:
        return []


def _first(path: Place) -> bytes:
    if isinstance(path, Remote):
        return path.head(_HEAD)
    with path.open("rb") as file:
        return file.read(_HEAD)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def read_article(found: FolderFile, *, default_language: str = "en") -> Article | Skipped:
    """The article in a file, or why there is none. ``default_language`` is for a text too short to tell its own."""
    return read_articles(found, default_language=default_language)[0]


def read_articles(found: FolderFile, *, default_language: str = "en") -> list[Article | Skipped]:
    """What a file holds: its article, or those of an archive, feed or dump, named ``file/part``, and of each that
    cannot be read why.

    Several have what is said of the file itself, with the reason "parts", at their end. Parts of an article without
    words ("page 3" of a scan) come after it.
    """
    try:
        raw = found.path.read_bytes() if found.raw is None else found.raw
    except OSError as error:
        return [_unreadable(found.file, error)]
    try:
        suffix = true_suffix(suffix_of(found.file), raw)
        held = parts(suffix, raw) if suffix in HOLDERS else read(suffix, raw)
    except Exception as error:  # a parser may raise anything on a file made to break it, and the run must go on
        return [_failed(found.file, error)]
    if isinstance(held, Content):
        return _said(found.file, raw, held, default_language, found.order)
    said = [
        one
        for part in held
        for one in _said(f"{found.file}/{part.name}", part.raw, part.content, default_language, found.order)
    ]
    count = sum(isinstance(one, Article) for one in said)
    if not count:
        return [*said, Skipped(found.file, "empty", "None of its parts can be read as an article.")]
    return [*said, Skipped(found.file, "parts", f"It holds {count} articles.")]


def _said(
    file: str, raw: bytes, content: Content | Unreadable, default_language: str, order: Order
) -> list[Article | Skipped]:
    """The article of a content, and its parts that have no words; or why there is none."""
    if isinstance(content, Unreadable):
        return [_failed(file, content)]
    try:
        article = _article(file, raw, content, default_language, order)
    except Exception as error:  # as above
        return [_failed(file, error)]
    return [article, *(Skipped(f"{file}/{name}", "empty", detail) for name, detail in content.unread)]


def _failed(file: str, error: Exception) -> Skipped:
    if isinstance(error, Unreadable):
        return Skipped(file, error.reason, error.detail)
    if isinstance(error, MemoryError):
        return too_large(file)
    return Skipped(file, "unreadable", f"Its reader failed with {type(error).__name__}.")


def _article(file: str, raw: bytes, content: Content, default_language: str, order: Order) -> Article:
    """The article that a content makes, with what its words and its file's name say where its metadata does not."""
    content = with_headings(with_credits(without_date(content)))
    title, day, source = split_bracket(content.title or headline_words(content))
    paragraphs = tuple(
        Paragraph(file, b.number, b.start, b.end, content.text[b.start : b.end], b.kind, b.page) for b in content.blocks
    )
    if not paragraphs:
        raise Unreadable("empty", "It holds no words.")
    said = date_line(paragraphs, order) or date_in_name(file, order)
    return Article(
        file=file,
        text=content.text,
        title=title,
        published=content.published or day or said or content.created,
        language=language_of(paragraphs, content.language, default_language),
        source=content.source or source or agency_in(paragraphs),
        paragraphs=paragraphs,
        sha256=hashlib.sha256(raw).hexdigest(),
    )
