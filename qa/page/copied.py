"""A database's rows, copied into another, of either engine: all of them or none, in one transaction.

What is there already is left alone where it is the same, so that a copy may be made again; where it is not, nothing is
copied. Sessions go along: who is signed in is known at the new place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, tuple_, update

from qa.errors import UsageError
from qa.page.database import BRIEFS, CHATS, FEEDBACK, LAYOUT, NAMES, Database

KINDS = {"chats": CHATS, "briefs": BRIEFS, "feedback": FEEDBACK, "accounts": NAMES}
_AT_ONCE = 200  # rows that are read and written together: a chat may have a megabyte

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows of a kind were copied, and how many were there."""

    kind: str
    copied: int
    there: int


def copy(source: Database, target: Database) -> list[Copied]:
    """Copies all that people made. Raises `UsageError` where the target holds anything that the source does not."""
    with source.reading() as from_, target.writing() as to:
        found = [_table(kind, table, from_, to, target.name) for kind, table in KINDS.items()]
        to.execute(update(LAYOUT).values(secret=source.secret))
    return found


def _table(kind: str, table: Table, from_: Connection, to: Connection, name: str) -> Copied:
    copied = there = 0
    for rows in _batches(table, from_):
        known = _known(table, to, rows)
        if any(row != known.get(_key(table, row), row) for row in rows):
            raise _other(kind, name)
        new = [row for row in rows if _key(table, row) not in known]
        if new:
            to.execute(insert(table), new)
        copied, there = copied + len(new), there + len(rows) - len(new)
    if to.scalar(select(func.count()).select_from(table)) != copied + there:
        raise _other(kind, name)
    return Copied(kind, copied, there)


def _other(kind: str, name: str) -> UsageError:
    return UsageError(f"The database {name} has other {kind} than this one, so nothing was copied; name an empty one.")


def _batches(table: Table, from_: Connection) -> Iterator[Sequence[Row]]:
    """The table's rows, some at a time: those after the last one's key, since SQLite would hold them all."""
    keys, last = list(table.primary_key), None
    while True:
        wanted = select(table).order_by(*keys).limit(_AT_ONCE)
        if last is not None:
            wanted = wanted.where(tuple_(*keys) > tuple_(*last))
        rows = [dict(row) for row in from_.execute(wanted).mappings()]
        if not rows:
            return
        yield rows
        last = _key(table, rows[-1])


def _known(table: Table, to: Connection, rows: Sequence[Row]) -> dict[tuple[Any, ...], Row]:
    """Those of the rows' keys that the table has, with what it has there."""
    keys = list(table.primary_key)
    wanted = select(table).where(tuple_(*keys).in_([_key(table, row) for row in rows]))
    return {_key(table, row): dict(row) for row in to.execute(wanted).mappings()}


def _key(table: Table, row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)
