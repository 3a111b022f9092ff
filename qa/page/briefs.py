"""A person's brief: sentences that were pinned in their chats, in an order of their own, each with an optional note.

One row a person, beside the chats, written as they are: ``{"changed", "pins": [pin]}``. A pin is
``{"id", "time", "chat", "turn", "question", "claim", "articles", "note"}``: ``claim`` is
`qa.serve.export.claim_json` as the check left it, so that a pin outlives its chat, and ``articles`` has the hash of
each cited file when it was pinned.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from qa.errors import UsageError
from qa.page import chats
from qa.page.chats import Home
from qa.page.database import BRIEFS
from qa.page.render import Spot, since
from qa.types import Article

Pin = dict[str, Any]
Brief = dict[str, Any]
State = Literal["", "edited", "changed", "moved", "gone"]
Standing = tuple[Pin, list[tuple[Mapping[str, Any], State]]]  # a pin, its citations beside their `State`

_PINS = 500  # sentences of a brief
_NOTE = 2000  # characters of a note


def load(home: Home) -> Brief:
    """The brief; an empty one where there is none."""
    with home.database.reading() as connection:
        return _load(connection, home) or {"changed": 0.0, "pins": []}


def pin(home: Home, *, turn: str, claim: Mapping[str, Any], **known: Any) -> bool:
    """Pins a sentence of a turn at the end, or takes it out where it is pinned; whether it is pinned now."""
    with _changing(home) as pins:
        left = [p for p in pins if (p["turn"], p["claim"]["text"]) != (turn, claim["text"])]
        if len(left) < len(pins):
            pins[:] = left
            return False
        if len(pins) >= _PINS:
            raise UsageError(f"A brief holds {_PINS} sentences; take one out first.")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        pins.append({"id": chats.new_id(), "time": now, "turn": turn, "claim": dict(claim), "note": "", **known})
        return True


def note(home: Home, name: str, text: str) -> None:
    """Sets the note of a pin; nothing where the pin is gone."""
    with _changing(home) as pins:
        for found in (p for p in pins if p["id"] == name):
            found["note"] = text.strip()[:_NOTE]


def move(home: Home, name: str, by: int) -> None:
    """Moves a pin by so many places, at most to an end; nothing where it is gone."""
    with _changing(home) as pins:
        at = next((i for i, p in enumerate(pins) if p["id"] == name), None)
        if at is not None:
            pins.insert(max(at + by, 0), pins.pop(at))


def drop(home: Home, name: str) -> None:
    """Takes a pin out; nothing where it is gone."""
    with _changing(home) as pins:
        pins[:] = [p for p in pins if p["id"] != name]


def claimed(chat: Mapping[str, Any], turn: str, text: str) -> tuple[str, Mapping[str, Any]]:
    """The question of a turn and its claim of these words, as kept. Raises `UsageError` where there is none."""
    found = next((t for t in chat["turns"] if t["id"] == turn), None)
    if found:
        for claim in found["answer"]["claims"] if found["answer"] else found["claims"]:
            if claim["text"] == text:
                return str(found["question"]), claim
    raise UsageError("There is no such sentence any more; reload the page.")


def supporting(claim: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The citations that the check let stand; none of a claim that is not supported."""
    return [c for c in claim["citations"] if c["status"] != "unsupported"] if claim["status"] != "unsupported" else []


def standing(pin: Pin, read: Mapping[str, Article | str | None]) -> list[tuple[Mapping[str, Any], State]]:
    """The pin's citations, each beside what became of its article; ``read`` has the articles, read anew."""
    return [(c, _state(read[c["file"]], c, pin["articles"].get(c["file"]))) for c in supporting(pin["claim"])]


def _state(article: Article | str | None, citation: Mapping[str, Any], sha: str | None) -> State:
    """What became of a cited article since: "edited" elsewhere than in the cited paragraph, "changed" in or around it
    but with the words, "moved" without the words, "gone" or unreadable; "" where it is the same."""
    if not isinstance(article, Article):
        return "gone"
    anchor = str(citation["anchor"]).rpartition("@")[2]
    spot = Spot(citation["paragraph"], citation["start"], citation["end"], citation["quote"], anchor)
    became = since(article, spot)
    if became == "":
        return "edited" if sha and sha != article.sha256 else ""
    return "changed" if became == "changed" else "moved"


@contextmanager
def _changing(home: Home) -> Iterator[list[Pin]]:
    """The pins, to be changed in place; written when they are left without an error."""
    with home.database.writing(home.person) as connection:
        kept = _load(connection, home)
        pins = kept["pins"] if kept else []
        yield pins
        new = {"person": home.person, "changed": time.time(), "pins": pins}
        write = update(BRIEFS).where(BRIEFS.c.person == home.person) if kept else insert(BRIEFS)
        connection.execute(write.values(new))


def _load(connection: Connection, home: Home) -> Brief | None:
    row = connection.execute(select(BRIEFS).where(BRIEFS.c.person == home.person)).one_or_none()
    return {"changed": row.changed, "pins": row.pins} if row else None
