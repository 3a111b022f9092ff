"""What the database keeps of each person: counted, taken out whole as JSON, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete as _delete
from sqlalchemy import func, insert, select

from qa.errors import UsageError
from qa.page import briefs, chats, moved
from qa.page.database import BRIEFS, CHATS, FEEDBACK, NAMES, Database


@dataclass(frozen=True, slots=True)
class Person:
    """How much is kept of a person, and when it changed last (seconds since 1970). ``account``: the name under which
    they sign in, "" where they do not."""

    name: str
    account: str = ""
    chats: int = 0
    pins: int = 0
    feedback: int = 0
    changed: float = 0.0


def listed(database: Database) -> list[Person]:
    """Everyone of whom something is kept, the one who changed something last first."""
    with database.reading() as connection:
        asked = connection.execute(
            select(CHATS.c.person, func.count(), func.max(CHATS.c.changed)).group_by(CHATS.c.person)
        ).all()
        judged = connection.execute(
            select(FEEDBACK.c.person, func.count(), func.max(FEEDBACK.c.made)).group_by(FEEDBACK.c.person)
        ).all()
        accounts = {row.person: row.name for row in connection.execute(select(NAMES))}
        pinned = [(row.person, len(row.pins), row.changed) for row in connection.execute(select(BRIEFS))]
    found: dict[str, dict[str, Any]] = {}
    for kind, rows in (("chats", asked), ("pins", pinned), ("feedback", judged)):
        for name, count, changed in rows:
            known = found.setdefault(name, {"changed": 0.0})
            known |= {kind: count, "changed": max(known["changed"], changed)}
    return sorted(
        (Person(name, accounts.get(name, ""), **known) for name, known in found.items()),
        key=lambda p: (-p.changed, p.name),
    )


def remember(database: Database, person: str, account: str) -> None:
    """Keeps under which name a person signs in."""
    with database.writing(person) as connection:
        if connection.scalar(select(NAMES.c.person).where(NAMES.c.person == person)) is None:
            connection.execute(insert(NAMES).values(person=person, name=account))


def exported(database: Database, person: str) -> dict[str, Any]:
    """All that is kept of a person, or of an account, as JSON. Raises `UsageError` where nothing is."""
    known = _known(database, person)
    home, person = chats.Home(database, known.name), known.name
    judged = select(FEEDBACK.c.line).where(FEEDBACK.c.person == person).order_by(FEEDBACK.c.made, FEEDBACK.c.id)
    with database.reading() as connection:
        lines = connection.scalars(judged).all()
    whole = [chats.load(home, chat["id"]) for chat in chats.listed(home)]
    return {
        "person": person,
        "account": known.account,
        "chats": whole,
        "pins": briefs.load(home)["pins"],
        "feedback": list(lines),
    }


def delete(database: Database, person: str, files: Path) -> Person:
    """Deletes all that is kept of a person, or of an account, in the files too that were put aside in the folder
    ``files``; returns how much that was. Raises `UsageError` where nothing is."""
    known = _known(database, person)
    person = known.name
    with database.writing(person) as connection:
        judged = set(connection.scalars(select(FEEDBACK.c.id).where(FEEDBACK.c.person == person)))
        for table in (CHATS, BRIEFS, FEEDBACK, NAMES):
            connection.execute(_delete(table).where(table.c.person == person))
    database.forget()
    moved.forget(files, person, judged)
    return known


def feedback(database: Database) -> Iterator[dict[str, Any]]:
    """What everyone said of answers, the oldest first, as `qa eval new --from-feedback` reads it."""
    with database.reading() as connection:
        lines = connection.scalars(select(FEEDBACK.c.line).order_by(FEEDBACK.c.made, FEEDBACK.c.id)).all()
    yield from lines


def _known(database: Database, person: str) -> Person:
    for one in listed(database):
        if person in (one.name, one.account):
            return one
    raise UsageError(f"Nothing is kept of {person!r}; `qa people list` names everyone.")
