"""Chats and feedback in the database: a row for each chat of a person, and a row for each judgement of an answer.

A chat is ``{"id", "title", "changed", "turns": [turn]}``; a turn is ``{"id", "question", "time", "as_of", "filters",
"claims", "answer", "error"}``: ``answer`` is `qa.serve.export.answer_json`, None while the answer is being written
(then ``claims`` holds what was shown so far) and for good when that failed (``error`` says why). Each change is one
transaction, so that a killed program leaves the chat as it was last shown.

``turns`` is what the chat shows. A question that was asked again or edited has other versions, under its ``place`` (the
first version's name) in ``versions``: ``{"now": n, "all": [{"turn", "branch"}], "tails": {branch: [turn]}}``. The
version that is shown has no "turn" there. Versions of one branch share the turns that follow; the turns that followed
another branch are its tail. A turn that was taken out is kept as ``taken`` until the next question.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy import delete as _delete

from qa.errors import UsageError
from qa.page.database import CHATS, FEEDBACK, Database

Chat = dict[str, Any]
Verdict = Literal["good", "wrong answer", "wrong source", "should have refused"]

_TITLE = 80  # characters of a chat's title
_NOTE = 4000  # characters of a note on an answer


@dataclass(frozen=True, slots=True)
class Home:
    """Where the chats of one person are."""

    database: Database
    person: str


def new_id() -> str:
    """A random name of 32 hex digits, for a browser, a chat or a turn."""
    return secrets.token_hex(16)


def place(database: Database, browser: str) -> Home:
    """Where a browser's chats are; raises `UsageError` for a name that is not one of ours."""
    return Home(database, checked(browser))


def listed(home: Home, search: str = "") -> list[Chat]:
    """The chats without their turns, the one changed last first.

    ``search``: only those whose title, questions or answers have all its words.
    """
    words = search.casefold().split()
    shown = (CHATS.c.id, CHATS.c.title, CHATS.c.changed, CHATS.c.length)
    wanted = select(*shown, *([CHATS.c.kept] if words else [])).where(CHATS.c.person == home.person)
    with home.database.reading() as connection:
        rows = connection.execute(
            wanted.where(CHATS.c.aside.is_(None)).order_by(CHATS.c.changed.desc(), CHATS.c.id)
        ).all()
    return [
        {"id": row.id, "title": row.title, "changed": row.changed, "length": row.length}
        for row in rows
        if not words or _says(_whole(row), words)
    ]


def load(home: Home, chat: str) -> Chat:
    """The chat; an empty one where there is none of that name.

    Where its file was damaged before it came into the database, it has as ``aside`` where that lies now, once.
    """
    with home.database.reading() as connection:
        row = _row(connection, home, chat)
    if row is None or row.aside is None:
        return _whole(row) if row else _empty(chat)
    with home.database.writing(home.person) as connection:
        connection.execute(_delete(CHATS).where(*_named(home, chat), CHATS.c.aside.is_not(None)))
    return {**_empty(chat), "aside": row.aside}


def begin(home: Home, chat: str, question: str, *, instead_of: str = "", cut: bool = False, **known: Any) -> Chat:
    """The new turn, kept before anything is searched; the first makes the chat and gives it its title.

    It takes the place of the turn ``instead_of``, which is kept as an earlier version; with ``cut`` the turns after
    that go with it. Where there is no such turn any more the new one stands last.
    """
    turn: Chat = {
        "id": new_id(),
        "question": question,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": None,
        "filters": None,
        "claims": [],
        "answer": None,
        "error": None,
        **known,
    }
    with _changing(home, chat, make=True) as kept:
        kept["title"] = kept["title"] or _title(question)
        kept.pop("taken", None)
        if (at := _at(kept, instead_of)) is None:
            kept["turns"].append(turn)
        else:
            _replace(kept, at, turn, cut=cut)
    return turn


def _replace(kept: Chat, at: int, turn: Chat, *, cut: bool) -> None:
    old, after = kept["turns"][at], kept["turns"][at + 1 :]
    if at == 0 and kept["title"] == _title(old["question"]):
        kept["title"] = _title(turn["question"])
    place = old.setdefault("place", old["id"])
    first = {"now": 0, "all": [{"turn": None, "branch": 0}], "tails": {}}
    versions = kept.setdefault("versions", {}).setdefault(place, first)
    shown = versions["all"][versions["now"]]
    branch = shown["branch"]
    if cut:
        versions["tails"][str(branch)] = after
        branch, after = max(version["branch"] for version in versions["all"]) + 1, []
    shown["turn"] = old
    versions["now"] = len(versions["all"])
    versions["all"].append({"turn": None, "branch": branch})
    turn["place"] = place
    kept["turns"][at:] = [turn, *after]


def version(chat: Mapping[str, Any], turn: Mapping[str, Any]) -> tuple[int, int]:
    """Which version of its question a shown turn is, from 1, and of how many."""
    versions = chat.get("versions", {}).get(turn.get("place"))
    return (versions["now"] + 1, len(versions["all"])) if versions else (1, 1)


def switch(home: Home, chat: str, turn: str, number: int) -> None:
    """Shows another version of a question, with the turns that followed it; nothing where there is none."""
    with _changing(home, chat) as kept:
        if (at := _at(kept, turn)) is None:
            return
        _, count = version(kept, kept["turns"][at])
        if 1 <= number <= count and count > 1:
            _show(kept, at, number - 1)


def _show(kept: Chat, at: int, number: int) -> None:
    versions = kept["versions"][kept["turns"][at]["place"]]
    before, wanted = versions["all"][versions["now"]], versions["all"][number]
    before["turn"], after = kept["turns"][at], kept["turns"][at + 1 :]
    if before["branch"] != wanted["branch"]:
        versions["tails"][str(before["branch"])] = after
        after = versions["tails"].pop(str(wanted["branch"]), [])
    kept["turns"][at:] = [wanted["turn"], *after]
    wanted["turn"] = None
    versions["now"] = number


def change(home: Home, chat: str, turn: str, **fields: Any) -> None:
    """Sets fields of a turn, shown or not; nothing where the chat or the turn is gone."""
    with _changing(home, chat) as kept:
        for found in (t for t in every(kept) if t["id"] == turn):
            found.update(fields)


def take(home: Home, chat: str, turn: str) -> None:
    """Takes one turn out; the others stay, and `restore` puts it back."""
    with _changing(home, chat) as kept:
        if (at := _at(kept, turn)) is not None:
            kept["taken"] = {"at": at, "turn": kept["turns"].pop(at)}


def restore(home: Home, chat: str) -> None:
    """Puts the turn that was taken out last back in its place; nothing where another was asked since."""
    with _changing(home, chat) as kept:
        if taken := kept.pop("taken", None):
            kept["turns"].insert(taken["at"], taken["turn"])


def rename(home: Home, chat: str, title: str) -> None:
    """Gives the chat another title; an empty one changes nothing."""
    with _changing(home, chat) as kept:
        kept["title"] = _title(title) if title.strip() else kept["title"]


def delete(home: Home, chat: str) -> None:
    with home.database.writing(home.person) as connection:
        connection.execute(_delete(CHATS).where(*_named(home, chat)))


def messages(chat: Mapping[str, Any], before: str | None = None) -> list[dict[str, str]]:
    """The chat's answered turns, up to the one named ``before``, as messages of user and assistant."""
    found: list[dict[str, str]] = []
    for turn in chat["turns"]:
        if turn["id"] == before:
            break
        if turn["answer"]:
            found += [{"role": "user", "content": turn["question"]},
                      {"role": "assistant", "content": turn["answer"]["text"]}]  # fmt: skip
    return found


def add_feedback(home: Home, chat: Mapping[str, Any], turn: str, *, verdict: str, note: str = "") -> None:
    """Keeps what the person says of an answer, as a line that `qa eval new --from-feedback` reads. Raises
    `UsageError`."""
    found = next((t for t in chat["turns"] if t["id"] == turn and t["answer"]), None)
    if found is None or verdict not in get_args(Verdict):
        raise UsageError("There is no such answer to judge; reload the page.")
    now = datetime.now(UTC)
    line = {
        "time": now.isoformat(timespec="seconds"),
        "verdict": verdict,
        "note": note.strip()[:_NOTE],
        "question": found["question"],
        "history": messages(chat, turn),
        "as_of": found["as_of"],
        "answer": found["answer"],
    }
    row = {"id": new_id(), "person": home.person, "made": now.timestamp(), "line": line}
    with home.database.writing(home.person) as connection:
        connection.execute(insert(FEEDBACK).values(row))


def _title(words: str) -> str:
    line = " ".join(words.replace("\0", " ").encode("utf-8", "replace").decode("utf-8").split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"


def _says(chat: Chat, words: list[str]) -> bool:
    if not words:
        return True
    answers = [turn["answer"]["text"] for turn in chat["turns"] if turn["answer"]]
    text = " ".join([chat["title"], *(turn["question"] for turn in chat["turns"]), *answers]).casefold()
    return all(word in text for word in words)


def _at(kept: Chat, turn: str) -> int | None:
    return next((at for at, t in enumerate(kept["turns"]) if t["id"] == turn), None)


def every(kept: Chat) -> Iterator[Chat]:
    """The turns that are shown and those that are kept beside them."""
    yield from kept["turns"]
    for versions in kept.get("versions", {}).values():
        yield from (version["turn"] for version in versions["all"] if version["turn"])
        for tail in versions["tails"].values():
            yield from tail
    if "taken" in kept:
        yield kept["taken"]["turn"]


def checked(name: object) -> str:
    """The name, if it is one of `new_id`: what a browser sends is trusted no further."""
    if not isinstance(name, str) or not re.fullmatch(r"[0-9a-f]{32}", name):
        raise UsageError("The page sent a name that is not a chat's; reload it.")
    return name


def row_of(person: str, chat: Mapping[str, Any]) -> dict[str, Any]:
    """The chat as it stands in the table."""
    kept = {key: value for key, value in chat.items() if key not in ("id", "title", "changed", "aside")}
    return {"person": person, "id": chat["id"], "title": _title(chat["title"]), "changed": chat["changed"],
            "length": len(chat["turns"]), "kept": kept, "aside": None}  # fmt: skip


@contextmanager
def _changing(home: Home, chat: str, *, make: bool = False) -> Iterator[Chat]:
    """The chat, to be changed in place, and written if it was; where there is none an empty one, which is written to
    ``make`` it alone."""
    with home.database.writing(home.person) as connection:
        row = _row(connection, home, chat)
        there = row is not None and row.aside is None
        kept = _whole(row) if row is not None and there else _empty(chat)
        before = json.dumps(kept)
        yield kept
        if make or (there and json.dumps(kept) != before):
            new = row_of(home.person, {**kept, "changed": time.time()})
            connection.execute(
                update(CHATS).where(*_named(home, chat)).values(new) if row is not None else insert(CHATS).values(new)
            )


def _row(connection: Connection, home: Home, chat: str) -> Row[Any] | None:
    return connection.execute(select(CHATS).where(*_named(home, chat))).one_or_none()


def _named(home: Home, chat: str) -> tuple[Any, Any]:
    return CHATS.c.person == home.person, CHATS.c.id == checked(chat)


def _whole(row: Row[Any]) -> Chat:
    return {"id": row.id, "title": row.title, "changed": row.changed, **row.kept}


def _empty(chat: str) -> Chat:
    return {"id": checked(chat), "title": "", "changed": 0.0, "turns": []}
