"""A browser's brief on disk: sentences that were pinned in its chats, in its own order, each with an optional note.

One JSON file a browser, in a folder beside the chats, written as they are: ``{"changed", "pins": [pin]}``. A pin is
``{"id", "time", "chat", "turn", "question", "claim", "articles", "note"}``: ``claim`` is
`qa.serve.export.claim_json` as the check left it, so that a pin outlives its chat, and ``articles`` has the hash of
each cited file when it was pinned.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from qa.errors import UsageError
from qa.page import chats
from qa.page.render import Spot, since
from qa.types import Article

Pin = dict[str, Any]
Brief = dict[str, Any]
State = Literal["", "edited", "changed", "moved", "gone"]
Standing = tuple[Pin, list[tuple[Mapping[str, Any], State]]]  # a pin, its citations beside their `State`

_PINS = 500  # sentences of a brief
_NOTE = 2000  # characters of a note
_writing = threading.Lock()


def place(root: Path, browser: str) -> Path:
    """The file of a browser's brief; raises `UsageError` for a name that is not one of ours."""
    return root / "briefs" / f"{chats.place(root, browser).name}.json"


def load(path: Path) -> Brief:
    """The brief; an empty one where there is none. A damaged file is set aside under another name."""
    with _writing:
        return _load(path)


def pin(path: Path, *, turn: str, claim: Mapping[str, Any], **known: Any) -> bool:
    """Pins a sentence of a turn at the end, or takes it out where it is pinned; whether it is pinned now."""
    with _changing(path) as pins:
        left = [p for p in pins if (p["turn"], p["claim"]["text"]) != (turn, claim["text"])]
        if len(left) < len(pins):
            pins[:] = left
            return False
        if len(pins) >= _PINS:
            raise UsageError(f"A brief holds {_PINS} sentences; take one out first.")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        pins.append({"id": chats.new_id(), "time": now, "turn": turn, "claim": dict(claim), "note": "", **known})
        return True


def note(path: Path, name: str, text: str) -> None:
    """Sets the note of a pin; nothing where the pin is gone."""
    with _changing(path) as pins:
        for found in (p for p in pins if p["id"] == name):
            found["note"] = text.strip()[:_NOTE]


def move(path: Path, name: str, by: int) -> None:
    """Moves a pin by so many places, at most to an end; nothing where it is gone."""
    with _changing(path) as pins:
        at = next((i for i, p in enumerate(pins) if p["id"] == name), None)
        if at is not None:
            pins.insert(max(at + by, 0), pins.pop(at))


def drop(path: Path, name: str) -> None:
    """Takes a pin out; nothing where it is gone."""
    with _changing(path) as pins:
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
def _changing(path: Path) -> Iterator[list[Pin]]:
    """The pins, to be changed in place; written when they are left without an error."""
    with _writing:
        pins = _load(path)["pins"]
        yield pins
        chats.write_whole(path, {"changed": time.time(), "pins": pins})


def _load(path: Path) -> Brief:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"changed": 0.0, "pins": []}
    except (OSError, ValueError):
        found = None
    if isinstance(found, dict) and isinstance(found.get("pins"), list) and all(map(_whole, found["pins"])):
        return found
    path.replace(path.with_name(f"{path.stem}.{secrets.token_hex(4)}.damaged"))
    return {"changed": 0.0, "pins": []}


def _whole(found: Any) -> bool:
    """Whether this is a pin, with all that is read of one."""
    if not isinstance(found, dict) or not found.keys() >= {"id", "turn", "question", "claim", "articles", "note"}:
        return False
    claim = found["claim"]
    return isinstance(claim, dict) and claim.keys() >= {"text", "status", "failed", "note", "citations"}
