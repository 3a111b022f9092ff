"""LanceDB: how it is reached, what is said where it fails, and the conditions that it is asked with."""

from __future__ import annotations

import errno
import functools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from qa.articles import places
from qa.articles.places import Remote, is_remote
from qa.errors import FolderError, QAError, StoreError, StoreUnwritable
from qa.imports import deferred
from qa.types import Filters

ALL = 2**31 - 1  # rows
TABLES = ("sentences", "paragraphs", "articles", "terms", "meta")
_LOOKED = timedelta(seconds=5)  # within which an object store is asked once whether a table has a new version
_NO_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
_REASON = 160  # characters of the engine's own words in a message of ours

_Method = TypeVar("_Method", bound=Callable[..., Any])
_Class = TypeVar("_Class", bound=type)


def reporting(*, writes: bool) -> Callable[[_Class], _Class]:
    """Makes what the engine raises in a class's public methods a `StoreError`; ``writes``: they write to the tables.

    Others read the newest copy of them on this disk, where one is kept, and what cannot be read of it of the index
    itself; what is written is none of the copy's yet.
    """

    def reports(of: _Class) -> _Class:
        for name, method in list(vars(of).items()):
            if not name.startswith("_"):
                setattr(of, name, _reporting(method, writes=writes))
        return of

    return reports


def _reporting(method: _Method, *, writes: bool) -> _Method:
    @functools.wraps(method)
    def reported(self: Any, *args: Any, **keywords: Any) -> Any:
        try:
            with damage(self.address, writes=writes):
                if not writes:
                    self._follow()
                return method(self, *args, **keywords)
        except StoreError:
            if writes or not self._left_copy():
                raise
        finally:
            if writes:
                self._outdate()
        with damage(self.address):
            return method(self, *args, **keywords)

    return cast("_Method", reported)


@contextmanager
def damage(address: str, *, writes: bool = False) -> Iterator[None]:
    """Turns what the engine and the disk raise into a `StoreError`, of a kind of its own where ``writes`` cannot."""
    try:
        yield
    except (QAError, TypeError, AttributeError, NameError):  # ours
        raise
    except Exception as error:  # the engine has no class of its own errors: it raises built-in ones, and its panics
        reason = " ".join(re.split(r", /\S+\.rs:", str(error))[0].split())[:_REASON]
        code = getattr(error, "errno", None) or next(map(int, re.findall(r"os error (\d+)", str(error))), None)
        if writes and code in _NO_WRITING:
            raise unwritable(address, code) from error
        if is_remote(address) and (said := places.trouble(address, str(error))):
            raise (StoreUnwritable if writes else StoreError)(said) from error
        raise damaged(address, reason or type(error).__name__) from error


def make_folder(address: str) -> None:
    """Makes the folder of an index, if need be; where none can be made, for whatever reason, nothing is damaged."""
    try:
        Path(address).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(address, error.errno or errno.EACCES) from error


def unwritable(address: str, code: int) -> StoreUnwritable:
    return StoreUnwritable(
        f"The index at {address} cannot be written ({os.strerror(code)}); make room or give leave there, "
        "or name another place with --index."
    )


def damaged(address: str, why: str) -> StoreError:
    return StoreError(f"The index at {address} is damaged or gone ({why}); run `qa index --rebuild`.")


def engine() -> Any:
    """LanceDB; the client of its REST catalogue, half of what importing it takes, is not loaded."""
    with deferred("lance_namespace_urllib3_client"):
        import lancedb
    return lancedb


def connected(address: str, **options: Any) -> Any:
    if is_remote(address):
        try:
            places.reach(Remote(address))  # Lance would try for seven times as long
        except FolderError as error:
            raise StoreError(str(error)) from error
    return engine().connect(address, **options, **options_of(address))


def options_of(address: str) -> dict[str, Any]:
    return {"storage_options": places.options()} if is_remote(address) else {}


def looking(address: str) -> timedelta:
    """After how long a reader looks for what another process has committed: on a disk each time."""
    return _LOOKED if is_remote(address) else timedelta(0)


def table_names(db: Any, address: str) -> set[str]:
    """The tables there, by what lies in a folder: the engine's own list would load that client."""
    if is_remote(address):
        return set(db.list_tables(limit=100).tables)
    return {path.stem for path in Path(address).glob("*.lance")}


def exists(address: str) -> bool:
    """Whether there is an index at this address; makes none."""
    with damage(address):
        there = is_remote(address) or Path(address).is_dir()
        return there and "meta" in table_names(connected(address), address)


def forget(address: str) -> None:
    """Drops the tables of the index at this address, and nothing else that may lie there."""
    with damage(address, writes=True):
        if is_remote(address) or Path(address).is_dir():
            db = connected(address)
            for name in table_names(db, address) & {*TABLES}:
                db.drop_table(name)


def passing(filters: Filters) -> str:
    """The filters as a condition on sentences or paragraphs; days are ISO text, and text that is not there fails."""
    kept = [among(column, values) for column, values in
            (("source", filters.sources), ("language", filters.languages)) if values]  # fmt: skip
    if filters.since:
        kept.append(f"published >= '{filters.since.isoformat()}'")
    if filters.until:
        kept.append(f"published <= '{filters.until.isoformat()}'")
    return " AND ".join(kept)


def among(column: str, values: Iterable[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({quoted})"
