"""A copy of an index in an object store on this machine's disk, from which questions are answered without asking it.

Lance writes a file once and never again, and a version of a table is a manifest that names its files. So a version of
the index is a folder here, of what its newest manifests name: hard links of what another version has, fetched where
none has it, and renamed to its own name when all of it is there. It is never written to. Processes of one machine share
it: the one that fetches holds a lock, and what a killed one had fetched whole the next takes over.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from qa.articles.places import Object, Remote, below
from qa.errors import FolderError

_log = logging.getLogger(__name__)

_LOOK = 5.0  # seconds within which the store is asked once for a new version, as it is without a copy
_PATIENCE = 1.0  # seconds that a question waits for that; a choice
_UNUSED = 600.0  # seconds after which a version that nobody asked is cleared; a choice, far above what an answer takes
_PART = 8_000_000  # bytes of a file that one request fetches: in its time (`places.SECONDS`) on a slow line too
_AT_ONCE = 8
_MANIFEST = re.compile(r"([^/]+\.lance)/_versions/\d{20}\.manifest")
_ONCE = (".lance", ".arrow")  # files of these kinds are written once; a manifest's name may come again
_PARTIAL = "fetching"


class CopyError(Exception):
    """Why there is no copy of an index."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Where an index is copied to, and how many bytes that may take."""

    folder: Path
    most: int

    def whole(self, address: str) -> Copy:
        """The copy of an index of one part."""
        return Copy(Remote(address.rstrip("/")), self.folder, self.most)

    def part(self, address: str, of: int) -> Copy:
        """The copy of one of so many partitions, in a folder beside, which may take its share of the bytes."""
        there = Remote(address.rstrip("/"))
        return Copy(there, self.folder.with_name(f"{self.folder.name}-{there.name}"), self.most // of)


class Copy:
    """The newest version of an index that is on this disk. A newer one is looked for in a thread, so that a question
    waits a second for the store at most; where that is away, what is here is asked."""

    def __init__(self, index: Remote, folder: Path, most: int) -> None:
        """``folder``: where its versions lie; ``most``: bytes that all of them may take together."""
        self._versions = _Versions(index, folder, most)
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._looked = 0.0  # when, by `time.monotonic`
        self._looking: threading.Thread | None = None
        self._writes, self._seen = 0, 0  # this process's to the index, and how many of them are here
        self._why = ""  # there is no copy of the newest version
        self._given_up = False

    def first(self) -> Path | None:
        """The folder of the newest version, once all of it is here; None where there is no index, or no copy can be
        kept (a warning says why). Raises `FolderError` for a store that cannot be used."""
        self._look(self._writes)
        return self._path

    def newest(self) -> Path | None:
        """The same, of what is here in a second; None also while it lacks what this process wrote."""
        if begun := self._begun():
            begun.join(_PATIENCE)
        return self._path if self._seen == self._writes else None

    def outdate(self) -> None:
        """Says that this process wrote to the index."""
        with self._lock:
            self._writes += 1

    def give_up(self, path: Path) -> None:
        """Clears a version that cannot be read; this process asks for no other."""
        self._given_up, self._path = True, None
        _log.warning("The copy of the index at %s cannot be read and is cleared; the index itself is asked.", path)
        shutil.rmtree(path, ignore_errors=True)

    def _begun(self) -> threading.Thread | None:
        """A look for a new version, if one is due and none is under way."""
        with self._lock:
            due = time.monotonic() - self._looked >= _LOOK
            if not due or self._given_up or (self._looking and self._looking.is_alive()):
                return None
            self._looking = threading.Thread(target=self._looked_again, args=(self._writes,), daemon=True)
            self._looking.start()
            return self._looking

    def _looked_again(self, writes: int) -> None:
        try:
            self._look(writes)
        except FolderError as error:  # the store is away, and what is here may be asked
            self._warn(str(error))

    def _look(self, writes: int) -> None:
        """Fetches what is new; ``writes`` were made before it began."""
        try:
            path = self._versions.newest() or self._path  # as it was, while it is built anew
            self._why = ""
        except CopyError as error:
            path = None
            self._warn(f"No copy is kept of the index at {self._versions.index}: {error}")
        finally:
            self._looked = time.monotonic()
        if not self._given_up:
            self._path, self._seen = path, writes

    def _warn(self, why: str) -> None:
        if why != self._why:
            _log.warning("%s", why)
        self._why = why


class _Versions:
    """The versions of an index that lie in one folder, each a folder that LanceDB opens."""

    def __init__(self, index: Remote, folder: Path, most: int) -> None:
        self.index, self._folder, self._most = index, folder, most
        self._sound: Path | None = None  # the version whose files this process has found to be there

    def newest(self) -> Path | None:
        """The folder of the newest version, fetched if need be; None where there is no index. One request where there
        is nothing new. Raises `FolderError`, and `CopyError` where there is no room for it."""
        there, _ = below(self.index)
        heads = _heads(there)
        if "meta.lance" not in heads:  # it is written last
            return None
        path = self._folder / _name(heads)
        try:
            if path != self._sound or not path.is_dir():
                self._folder.mkdir(parents=True, exist_ok=True)
                with FileLock(self._folder / "fetching.lock"):
                    if not self._whole(path, heads, there):
                        self._fetch(path, heads)
                self._sound = path
            os.utime(path)  # it is asked
        except OSError as error:
            raise CopyError(f"{error.strerror or error}; make room or give leave at {self._folder}.") from error
        return path

    def _whole(self, path: Path, heads: Mapping[str, Object], there: Sequence[Object]) -> bool:
        """Whether all files of a version are here; one that lacks some, or has one of another size, is cleared."""
        if not path.is_dir():
            return False
        with suppress(OSError):
            manifests = {head.name: (path / head.name).read_bytes() for head in heads.values()}
            if all((path / one.name).stat().st_size == one.size for one in _wanted(there, manifests)):
                return True
        shutil.rmtree(path)
        return False

    def _fetch(self, path: Path, heads: Mapping[str, Object]) -> None:
        """Makes the folder of a version; the caller holds the lock."""
        manifests = {head.name: (self.index / head.name).read_bytes() for head in heads.values()}
        # Listed again: a file is there before a manifest names it, but not yet where the first list passed its place.
        there, _ = below(self.index)
        if any(head not in there for head in heads.values()):
            raise CopyError("it was built anew meanwhile; this looks again.")
        wanted = _wanted(there, manifests)
        partial = self._folder / _PARTIAL
        self._clear(partial, {(one.name, one.size) for one in wanted})
        had = self._files()
        self._make_room(wanted, had)
        for one in wanted:
            (partial / one.name).parent.mkdir(parents=True, exist_ok=True)
            if (one.name, one.size) in had:
                _link(had[one.name, one.size], partial / one.name)
        lacking = [one for one in wanted if not (partial / one.name).exists()]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(lambda one: _fetched(self.index / one.name, one.size, partial / one.name), lacking))
        partial.rename(path)

    def _make_room(self, wanted: Sequence[Object], had: Mapping[tuple[str, int], Path]) -> None:
        """Raises `CopyError` where all that is here would be more than it may be."""
        total, most = sum(one.size for one in wanted), self._most
        if total > most:
            raise CopyError(f"it has {total / 1e9:.3g} GB, more than the {most / 1e9:.3g} GB that a copy may have.")
        here = {path.stat().st_ino: path.stat().st_size for path in self._folder.rglob("*") if path.is_file()}
        new = sum(one.size for one in wanted if (one.name, one.size) not in had)
        if sum(here.values()) + new > most:
            raise CopyError(
                f"with the versions before it has more than the {most / 1e9:.3g} GB that a copy may have; they are "
                f"cleared {_UNUSED / 60:.0f} minutes after they were asked last."
            )

    def _clear(self, partial: Path, wanted: Set[tuple[str, int]]) -> None:
        """Clears the versions that nobody has asked for a while, and what a killed process left but for what is wanted
        of it."""
        for path in self._folder.iterdir():
            if path.is_dir() and path != partial and time.time() - path.stat().st_mtime > _UNUSED:
                shutil.rmtree(path)
        for path in [*partial.rglob("*")]:
            if path.is_file() and (path.suffix not in _ONCE or _known_as(path, partial) not in wanted):
                path.unlink()

    def _files(self) -> dict[tuple[str, int], Path]:
        """What is here of any version, by its name and size."""
        every = (path for path in self._folder.glob("*/**/*") if path.suffix in _ONCE and path.is_file())
        return {_known_as(path, self._folder / path.relative_to(self._folder).parts[0]): path for path in every}


def _known_as(path: Path, version: Path) -> tuple[str, int]:
    return path.relative_to(version).as_posix(), path.stat().st_size


def _heads(there: Sequence[Object]) -> dict[str, Object]:
    """The newest manifest of each table; they are numbered backwards."""
    found: dict[str, Object] = {}
    for one in sorted(there, key=lambda one: one.name, reverse=True):
        if match := _MANIFEST.fullmatch(one.name):
            found[match[1]] = one
    return found


def _name(heads: Mapping[str, Object]) -> str:
    """The name of a version of the index: another one where a table is built anew and its numbers come again."""
    said = sorted((head.name, head.mark) for head in heads.values())
    return sha256(repr(said).encode()).hexdigest()[:16]


def _wanted(there: Sequence[Object], manifests: Mapping[str, bytes]) -> list[Object]:
    """The manifests and what they name."""
    return [one for one in there if one.name in manifests or _is_named(one.name, manifests)]


def _is_named(name: str, manifests: Mapping[str, bytes]) -> bool:
    """Whether the table's manifest names a file: one of rows by its name, a search index by the number that its folder
    is called by. Files of deleted rows are small and taken all: their names are put together of numbers."""
    table, kind, *rest = [*name.split("/"), ""]
    said = next((said for head, said in manifests.items() if head.startswith(f"{table}/")), b"")
    if kind == "data":
        return rest[0].encode() in said
    if kind == "_indices":
        with suppress(ValueError):
            return uuid.UUID(rest[0]).bytes in said
    return kind == "_deletions" and bool(said)


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    try:
        target.hardlink_to(source)
    except OSError:  # a disk that has no links
        shutil.copyfile(source, target)


def _fetched(source: Remote, size: int, target: Path) -> None:
    """Writes an object to a file, which has its name when all of it is there."""
    partly = target.with_name(target.name + ".part")
    with partly.open("wb") as file:
        for start in range(0, size, _PART):
            file.write(source.part(start, min(start + _PART, size)))
    partly.rename(target)
