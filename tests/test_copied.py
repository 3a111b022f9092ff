"""What a database keeps, copied into another: from SQLite to Debian's PostgreSQL, and between two of a kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, insert, select

from qa.cli import main
from qa.errors import DatabaseError, UsageError
from qa.index.addresses import user_folder
from qa.page import chats, copied, people
from qa.page.copied import KINDS, Copied, copy
from qa.page.database import BRIEFS, CHATS, FEEDBACK, Database, opened

ME, OTHER = "a" * 32, "b" * 32
PIN: dict[str, Any] = {"id": ME, "note": "¿Sí? 🗞 \\ \ud83d", "claim": {"text": "A sentence.", "odds": 0.1 + 0.2}}


def kept(place: Path, *, count: int = 3) -> Database:
    """A file with chats of two people, a brief, feedback and an account."""
    database = opened(place)
    for person in (ME, OTHER):
        home = chats.place(database, person)
        for n in range(count):
            chat = chats.new_id()
            chats.begin(home, chat, f"¿Cuándo {n}?")
            chats.begin(home, chat, "And then? 🗞")
    people.remember(database, ME, "anna")
    with database.writing() as connection:
        connection.execute(insert(BRIEFS).values(person=ME, changed=1767323045.25, pins=[PIN]))
        connection.execute(insert(FEEDBACK).values(id=OTHER, person=ME, made=0.1, line={"verdict": "good", "n": None}))
    return database


def rows(database: Database) -> list[Any]:
    with database.reading() as connection:
        return [sorted(map(repr, connection.execute(select(table)).all())) for table in KINDS.values()]


def test_all_of_it_is_copied_and_a_second_copy_adds_what_is_new(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copied, "_AT_ONCE", 4)
    source, target = kept(tmp_path / "user"), opened(tmp_path, address)
    assert copy(source, target) == [
        Copied("chats", 6, 0),
        Copied("briefs", 1, 0),
        Copied("feedback", 1, 0),
        Copied("accounts", 1, 0),
    ]
    assert rows(target) == rows(source)
    assert people.exported(target, "anna") == people.exported(source, "anna")
    assert opened(tmp_path, address).secret == source.secret  # who is signed in stays so
    assert [one.copied for one in copy(source, target)] == [0, 0, 0, 0]
    chats.begin(chats.place(source, OTHER), chats.new_id(), "New?")
    assert copy(source, target)[0] == Copied("chats", 1, 6)
    assert rows(target) == rows(source)


def test_what_holds_anything_else_is_left_as_it_is(address: str, tmp_path: Path) -> None:
    source, target = kept(tmp_path / "user"), opened(tmp_path, address)
    home, chat = chats.place(target, ME), chats.new_id()
    chats.begin(home, chat, "Of another page?")
    before = rows(target), target.secret
    with pytest.raises(UsageError, match="has other chats than this one, so nothing was copied; name an empty one"):
        copy(source, target)
    assert (rows(target), opened(tmp_path, address).secret) == before
    chats.delete(home, chat)
    copy(source, target)
    first = chats.listed(chats.place(source, ME))[0]["id"]
    chats.rename(home, first, "Another title")
    with pytest.raises(UsageError, match="has other chats"):
        copy(source, target)
    assert chats.load(home, first)["title"] == "Another title"


def test_a_copy_that_fails_keeps_nothing(address: str, tmp_path: Path) -> None:
    source, target = kept(tmp_path / "user"), opened(tmp_path, address)
    with target.writing() as connection:
        connection.execute(delete(CHATS))
        FEEDBACK.drop(connection)
    with pytest.raises(DatabaseError):
        copy(source, target)
    with target.reading() as connection:
        assert connection.execute(select(CHATS)).all() == []


def run(*given: str) -> Result:
    return CliRunner().invoke(main, ["people", *given])


def test_the_command_prints_what_it_copied(address: str, folder: Path, tmp_path: Path) -> None:
    kept(user_folder(folder))
    here = ["--folder", str(folder)]
    if address.startswith("postgresql"):
        address = address.replace("postgresql://qa@", "postgresql+psycopg://qa:secret@")
    for said in ("6 copied, 0 there already", "0 copied, 6 there already"):
        got = run("copy", "--to", address, *here)
        assert got.exit_code == 0, got.output
        assert got.stdout.splitlines()[0] == f"chats: {said}"
        assert "; give that as --database or QA_DATABASE." in got.stdout
        assert "secret" not in got.output
    listed = run("list", *here).stdout
    assert run("list", *here, "--database", address).stdout == listed
    assert "(anna)" in listed
    assert run("copy", "--to", "mysql://x", *here).exit_code == 2
    assert run("copy", *here).exit_code == 2
