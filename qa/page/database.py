"""What people make with the page, in a database: SQLite in the user's data folder, or the PostgreSQL that is named.

Whoever made it is the ``person``: the random name that a browser keeps. A chat and a brief are a JSON value each, which
is read, changed and written in one transaction; `Database.writing` lets one at a time do so for a person, whichever
process it is in. A killed program leaves what was written last. The only module that knows the two engines apart.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    URL,
    Column,
    Connection,
    Double,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from qa.errors import DatabaseError, UsageError

FILE = "page.db"  # in the user's data folder
UNKNOWN = "unknown"  # the person of a judgement that was made before the database, where no chat has its answer
_NEWEST = 1  # of the tables; a later one is not read
_PATIENCE = 10  # seconds for a connection, and for a file that another program writes
_SILENCE = 15_000  # milliseconds after which a connection that carries nothing any more counts as lost
_DRIVER = (
    'The package psycopg is not installed; run `pip install "psycopg[binary]"` first, or `uv run --extra postgres`.'
)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TAKEN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_TABLES = MetaData()
CHATS = Table(
    "qa_chats",
    _TABLES,
    Column("person", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("changed", Double, nullable=False),  # seconds since 1970
    Column("length", Integer, nullable=False),  # turns that are shown
    Column("kept", JSON, nullable=False),  # the chat's other fields: `chats.Chat`
    Column("aside", Text),  # of a file that was damaged when it was to be moved here: where it lies now
)
BRIEFS = Table(
    "qa_briefs",
    _TABLES,
    Column("person", String(32), primary_key=True),
    Column("changed", Double, nullable=False),
    Column("pins", JSON, nullable=False),
)
FEEDBACK = Table(
    "qa_feedback",
    _TABLES,
    Column("id", String(32), primary_key=True),
    Column("person", String(32), nullable=False, index=True),
    Column("made", Double, nullable=False),  # seconds since 1970
    Column("line", JSON, nullable=False),
)
NAMES = Table(
    "qa_names",
    _TABLES,
    Column("person", String(32), primary_key=True),
    Column("name", Text, nullable=False),  # of the account (`qa.page.accounts`); a browser's person has none
)
LAYOUT = Table(
    "qa_layout",
    _TABLES,
    Column("version", Integer, primary_key=True),
    Column("secret", String(64), nullable=False),  # by which sessions are signed
)


class Database:
    """A database that is open. Its methods may be called from many threads and processes at once; what fails in them
    for the database's sake is raised as `DatabaseError`."""

    def __init__(self, address: URL) -> None:
        self._address = address
        self._engine = _engine(address)
        self._writer = self._engine.execution_options(writes=True)
        weakref.finalize(self, self._engine.dispose)
        self._prepare()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._telling(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, person: str = "") -> Iterator[Connection]:
        """A transaction for what the person keeps; others that write for the same person wait until it has ended."""
        with self._telling(), self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
                connection.execute(select(func.pg_advisory_xact_lock(_number(person))))
            yield connection

    def forget(self) -> None:
        """Has what was deleted leave the file too, as far as that is this program's to do."""
        if self._address.get_backend_name() == "sqlite":
            with self._telling(), self._engine.connect() as connection:
                own: Any = connection.connection.dbapi_connection  # outside any transaction
                own.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def name(self) -> str:
        """Where it is, without a user or a password."""
        if self._address.get_backend_name() == "sqlite":
            return str(self._address.database)
        where = self._address
        return URL.create("postgresql", host=where.host, port=where.port, database=where.database).render_as_string()

    def _prepare(self) -> None:
        with self.writing() as connection:
            if not inspect(connection).has_table(LAYOUT.name):
                _TABLES.create_all(connection)
                connection.execute(insert(LAYOUT).values(version=_NEWEST, secret=secrets.token_hex(32)))
            version, self.secret = connection.execute(select(LAYOUT.c.version, LAYOUT.c.secret)).one()
            if version > _NEWEST:
                raise DatabaseError(f"The database {self.name} was made by a later version of qa; install that one.")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise DatabaseError(self._told(error)) from error

    def _told(self, error: SQLAlchemyError) -> str:
        cause: Any = error.orig if isinstance(error, DBAPIError) else error
        why, code = " ".join(str(cause).split()).rstrip("."), getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if self._address.get_backend_name() != "sqlite":
            return f"The database {self.name} does not do its part ({why}); see that it runs, has room and lets qa in."
        if code in _DAMAGED:
            return f"The database {self.name} is damaged ({why}); put its last backup in its place, or move it away."
        if code in _TAKEN:
            return f"The database {self.name} is held by another program ({why}); end that one, or try again."
        return f"The database {self.name} cannot be used ({why}); make room or give leave there, and try again."


def opened(home: Path, address: str | None = None) -> Database:
    """The database at the address, or the one in the folder ``home``; its tables are made where there are none.

    Raises `UsageError` for an address that is none, `DatabaseError` for a database that cannot be used.
    """
    where = _checked(address) if address else URL.create("sqlite", database=str(home / FILE))
    if where.get_backend_name() == "sqlite":
        _make(Path(str(where.database)))
    elif not find_spec("psycopg"):
        raise UsageError(_DRIVER)
    return Database(where)


def _checked(address: str) -> URL:
    try:
        found = make_url(address)
    except ArgumentError:
        found = URL.create("none")
    if found.get_backend_name() in ("postgresql", "postgres"):
        return found.set(drivername="postgresql+psycopg")
    if found.drivername != "sqlite" or found.database in (None, "", ":memory:"):
        raise UsageError(
            "That is no database; write it as postgresql://user:password@host/name, or as sqlite:////folder/page.db."
        )
    return found


def _make(file: Path) -> None:
    """An empty file that others than its owner do not read; one that is there stays as it is."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
    except OSError as error:
        raise DatabaseError(
            f"The database {file} cannot be used ({error.strerror}); make room or give leave there, and try again."
        ) from error


def _engine(address: URL) -> Engine:
    strict = partial(json.dumps, allow_nan=False)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, connect_args={"timeout": _PATIENCE}, max_overflow=-1, json_serializer=strict)
        event.listen(engine, "connect", _opening)
        event.listen(engine, "begin", _beginning)
        return engine
    given = {"connect_timeout": _PATIENCE, "tcp_user_timeout": _SILENCE}
    return create_engine(address, connect_args=given, pool_pre_ping=True, pool_timeout=_PATIENCE, max_overflow=20,
                         json_serializer=strict)  # fmt: skip


def _opening(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_beginning` says so
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _beginning(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _number(person: str) -> int:
    """A number for PostgreSQL's lock, of 64 bits."""
    return int.from_bytes(hashlib.sha256(f"qa {person}".encode()).digest()[:8], "big", signed=True)
