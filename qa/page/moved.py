"""What the page kept in files before it had a database: one JSON file a chat, one a brief, one JSONL file of feedback.

They are moved once, when the page is opened, in one transaction; then the files are put aside, none is deleted. What is
killed between begins again and makes nothing twice. A chat's file that is damaged is said where that chat is opened.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Table, delete, insert, select

from qa.errors import DatabaseError
from qa.page import chats
from qa.page.database import BRIEFS, CHATS, FEEDBACK, UNKNOWN, Database

_OLD = ("chats", "briefs", "feedback.jsonl")
_ASIDE = "moved-"  # how the folders begin in which the files are put aside
_LATEST = 2.0**35  # seconds since 1970 that a date can still be made of
_NAME = re.compile("[0-9a-f]{32}")


def move(home: Path, database: Database) -> str:
    """Moves what is in files of the folder ``home`` to the database; a sentence on it, "" where there was none."""
    if not any((home / name).exists() for name in _OLD):
        return ""
    try:
        with FileLock(home / "moving.lock"):
            return _moved(home, database)
    except OSError as error:
        raise DatabaseError(
            f"The chats in {home} cannot be moved to the database ({error.strerror or error}); make room or give leave "
            "there, and try again."
        ) from error


def forget(home: Path, person: str, feedback: set[str]) -> None:
    """Deletes a person's files among those that were put aside, and the lines of ``feedback`` of these names."""
    for aside in home.glob(f"{_ASIDE}*"):
        shutil.rmtree(aside / "chats" / person, ignore_errors=True)
        for path in (aside / "briefs").glob(f"{person}.*"):
            path.unlink()
        if (file := aside / "feedback.jsonl").exists():
            left = [line for name, line in _lines(file) if name not in feedback]
            file.write_text("".join(f"{line}\n" for line in left), encoding="utf-8", errors="surrogateescape")


def _moved(home: Path, database: Database) -> str:
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=home))
    counts: Counter[str] = Counter()
    with database.writing() as connection:
        answers = _move_chats(connection, home / "chats", aside.name, counts)
        _move_briefs(connection, home / "briefs", counts)
        _move_feedback(connection, home / "feedback.jsonl", answers, counts)
    for name in _OLD:
        if (home / name).exists():
            (home / name).rename(aside / name)
    damaged = f" {counts['damaged']} were damaged and are there alone." if counts["damaged"] else ""
    return (
        f"Chats {counts['chats']}, briefs {counts['briefs']}, feedback {counts['feedback']}: moved to the database "
        f"{database.name}; the files are kept in {aside}.{damaged}"
    )


def _move_chats(connection: Connection, old: Path, aside: str, counts: Counter[str]) -> dict[str, str]:
    """Moves the chats; returns whose each answer in them is, by its hash."""
    there = _there(connection, CHATS)
    answers: dict[str, str] = {}
    for path in sorted(old.glob("*/*.json")):
        person, chat = path.parent.name, path.stem
        if not _NAME.fullmatch(person) or not _NAME.fullmatch(chat):
            counts["damaged"] += 1
        elif (found := _read(path)) is None or not _is_chat(found, chat):
            counts["damaged"] += 1
            row = {**chats.row_of(person, {"id": chat, "title": "", "changed": 0.0, "turns": []}),
                   "aside": f"{aside}/chats/{person}/{path.name}"}  # fmt: skip
            connection.execute(
                delete(CHATS).where(CHATS.c.person == person, CHATS.c.id == chat, CHATS.c.aside.is_not(None))
            )
            if not connection.scalar(select(CHATS.c.id).where(CHATS.c.person == person, CHATS.c.id == chat)):
                connection.execute(insert(CHATS).values(row))
        else:
            answers |= {_hash(turn["answer"]): person for turn in chats.every(found) if turn["answer"]}
            if (person, chat) not in there:
                connection.execute(insert(CHATS).values(chats.row_of(person, found)))
                counts["chats"] += 1
    return answers


def _move_briefs(connection: Connection, old: Path, counts: Counter[str]) -> None:
    there = _there(connection, BRIEFS)
    for path in sorted(old.glob("*.json")):
        found = _read(path)
        if not _NAME.fullmatch(path.stem) or not _is_brief(found):
            counts["damaged"] += 1
        elif (path.stem,) not in there:
            row = {"person": path.stem, "changed": found.get("changed", 0.0), "pins": found["pins"]}
            connection.execute(insert(BRIEFS).values(row))
            counts["briefs"] += 1


def _move_feedback(connection: Connection, old: Path, answers: Mapping[str, str], counts: Counter[str]) -> None:
    there = _there(connection, FEEDBACK)
    for name, text in _lines(old) if old.exists() else ():
        try:
            line = _parsed(text)
            made = datetime.fromisoformat(line["time"]).timestamp()
            row = {"id": name, "person": answers.get(_hash(line["answer"]), UNKNOWN), "made": made, "line": line}
        except (ValueError, KeyError, TypeError):
            counts["damaged"] += bool(text.strip())
            continue
        if (name,) not in there:
            connection.execute(insert(FEEDBACK).values(row))
            counts["feedback"] += 1


def _there(connection: Connection, table: Table) -> set[tuple[str, ...]]:
    """The keys of the rows that the table has."""
    return {tuple(row) for row in connection.execute(select(*table.primary_key))}


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    """The lines of the feedback, each under a name that stays when others are taken out."""
    seen: Counter[str] = Counter()
    for line in file.read_text(encoding="utf-8", errors="surrogateescape").split("\n"):
        if line:
            seen[line] += 1
            yield _hash([line, seen[line]])[:32], line


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> Any:
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _parsed(text: str) -> Any:
    return json.loads(text, parse_constant=lambda _: None)  # NaN is no JSON


def _is_chat(found: Any, name: str) -> bool:
    """Whether this is a chat, with all that is read of one."""
    if not isinstance(found, dict) or found.get("id") != name or not isinstance(found.get("title"), str):
        return False
    try:
        return (
            0 <= found["changed"] < _LATEST
            and isinstance(found["turns"], list)
            and all(turn.keys() >= {"id", "question", "claims", "answer"} for turn in chats.every(found))
            and all(0 <= v["now"] < len(v["all"]) for v in found.get("versions", {}).values())
        )
    except (AttributeError, KeyError, TypeError):
        return False


def _is_brief(found: Any) -> bool:
    """Whether this is a brief, with all that is read of one."""
    return isinstance(found, dict) and isinstance(found.get("pins"), list) and all(map(_is_pin, found["pins"]))


def _is_pin(found: Any) -> bool:
    if not isinstance(found, dict) or not found.keys() >= {"id", "turn", "question", "claim", "articles", "note"}:
        return False
    claim = found["claim"]
    return isinstance(claim, dict) and claim.keys() >= {"text", "status", "failed", "note", "citations"}
