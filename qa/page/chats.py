"""Chats and feedback on disk: one JSON file a chat, in a folder of the browser's own, and one JSONL file of feedback.

A chat is ``{"id", "title", "changed", "turns": [turn]}``; a turn is ``{"id", "question", "time", "as_of", "filters",
"claims", "answer", "error"}``: ``answer`` is `qa.serve.export.answer_json`, None while the answer is being written
(then ``claims`` holds what was shown so far) and for good when that failed (``error`` says why). Each change is written
whole to another file that takes the old one's place, so that a killed program leaves the chat as it was last shown.

``turns`` is what the chat shows. A question that was asked again or edited has other versions, under its ``place`` (the
first version's name) in ``versions``: ``{"now": n, "all": [{"turn", "branch"}], "tails": {branch: [turn]}}``. The
version that is shown has no "turn" there. Versions of one branch share the turns that follow; the turns that followed
another branch are its tail. A turn that was taken out is kept as ``taken`` until the next question.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from qa.errors import UsageError

Chat = dict[str, Any]
Verdict = Literal["good", "wrong answer", "wrong source", "should have refused"]

_TITLE = 80  # characters of a chat's title
_NOTE = 4000  # characters of a note on an answer
_LATEST = 2.0**35  # seconds since 1970 that a date can still be made of
_writing = threading.Lock()  # a chat is read, changed and written by one at a time, whichever tab asked for it


def new_id() -> str:
    """A random name of 32 hex digits, for a browser, a chat or a turn."""
    return secrets.token_hex(16)


def place(root: Path, browser: str) -> Path:
    """The folder of a browser's chats; raises `UsageError` for a name that is not one of ours."""
    return root / "chats" / _checked(browser)


def listed(home: Path, search: str = "") -> list[Chat]:
    """The chats without their turns, the one changed last first; a file that cannot be read is left out.

    ``search``: only those whose title, questions or answers have all its words.
    """
    found, words = [], search.casefold().split()
    for path in home.glob("*.json"):
        if (chat := _read(path)) is not None and _says(chat, words):
            found.append({key: chat[key] for key in ("id", "title", "changed")} | {"length": len(chat["turns"])})
    return sorted(found, key=lambda chat: (-chat["changed"], chat["id"]))


def load(home: Path, chat: str) -> Chat:
    """The chat; an empty one where there is none of that name.

    A file that is damaged is set aside under another name, so that nothing writes over it; the chat then has that name
    as ``aside``.
    """
    with _writing:
        return _load(home, chat)


def _load(home: Path, chat: str) -> Chat:
    path = _path(home, chat)
    empty = {"id": chat, "title": "", "changed": 0.0, "turns": []}
    if (kept := _read(path)) is None and path.exists():
        empty["aside"] = path.replace(path.with_name(f"{chat}.{secrets.token_hex(4)}.damaged")).name
    return kept or empty


def begin(home: Path, chat: str, question: str, *, instead_of: str = "", cut: bool = False, **known: Any) -> Chat:
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
    with _writing:
        kept = _load(home, chat)
        kept["title"] = kept["title"] or _title(question)
        kept.pop("taken", None)
        if (at := _at(kept, instead_of)) is None:
            kept["turns"].append(turn)
        else:
            _replace(kept, at, turn, cut=cut)
        _write(home, kept)
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


def switch(home: Path, chat: str, turn: str, number: int) -> None:
    """Shows another version of a question, with the turns that followed it; nothing where there is none."""
    with _writing:
        kept = _read(_path(home, chat))
        if kept is None or (at := _at(kept, turn)) is None:
            return
        _, count = version(kept, kept["turns"][at])
        if not 1 <= number <= count or count == 1:
            return
        _show(kept, at, number - 1)
        _write(home, kept)


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


def change(home: Path, chat: str, turn: str, **fields: Any) -> None:
    """Sets fields of a turn, shown or not; nothing where the chat or the turn is gone."""
    with _writing:
        kept = _read(_path(home, chat))
        found = next((t for t in _every(kept) if t["id"] == turn), None) if kept else None
        if kept and found:
            found.update(fields)
            _write(home, kept)


def take(home: Path, chat: str, turn: str) -> None:
    """Takes one turn out; the others stay, and `restore` puts it back."""
    with _writing:
        kept = _read(_path(home, chat))
        at = _at(kept, turn) if kept else None
        if kept and at is not None:
            kept["taken"] = {"at": at, "turn": kept["turns"].pop(at)}
            _write(home, kept)


def restore(home: Path, chat: str) -> None:
    """Puts the turn that was taken out last back in its place; nothing where another was asked since."""
    with _writing:
        kept = _read(_path(home, chat))
        if kept and (taken := kept.pop("taken", None)):
            kept["turns"].insert(taken["at"], taken["turn"])
            _write(home, kept)


def rename(home: Path, chat: str, title: str) -> None:
    """Gives the chat another title; an empty one changes nothing."""
    with _writing:
        kept = _read(_path(home, chat))
        if kept and title.strip():
            _write(home, {**kept, "title": _title(title)})


def delete(home: Path, chat: str) -> None:
    with _writing:
        _path(home, chat).unlink(missing_ok=True)


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


def add_feedback(path: Path, chat: Mapping[str, Any], turn: str, *, verdict: str, note: str = "") -> None:
    """Appends one line on an answer to the file; `qa eval new --from-feedback` reads it. Raises `UsageError`."""
    found = next((t for t in chat["turns"] if t["id"] == turn and t["answer"]), None)
    if found is None or verdict not in get_args(Verdict):
        raise UsageError("There is no such answer to judge; reload the page.")
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": verdict,
        "note": note.strip()[:_NOTE],
        "question": found["question"],
        "history": messages(chat, turn),
        "as_of": found["as_of"],
        "answer": found["answer"],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with _writing, path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _title(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"


def _says(chat: Chat, words: list[str]) -> bool:
    if not words:
        return True
    answers = [turn["answer"]["text"] for turn in chat["turns"] if turn["answer"]]
    text = " ".join([chat["title"], *(turn["question"] for turn in chat["turns"]), *answers]).casefold()
    return all(word in text for word in words)


def _at(kept: Chat, turn: str) -> int | None:
    return next((at for at, t in enumerate(kept["turns"]) if t["id"] == turn), None)


def _every(kept: Chat) -> Iterator[Chat]:
    """The turns that are shown and those that are kept beside them."""
    yield from kept["turns"]
    for versions in kept.get("versions", {}).values():
        yield from (version["turn"] for version in versions["all"] if version["turn"])
        for tail in versions["tails"].values():
            yield from tail
    if "taken" in kept:
        yield kept["taken"]["turn"]


def _checked(name: object) -> str:
    """The name, if it is one of `new_id`: what a browser sends is never used as a path."""
    if not isinstance(name, str) or not re.fullmatch(r"[0-9a-f]{32}", name):
        raise UsageError("The page sent a name that is not a chat's; reload it.")
    return name


def _path(home: Path, chat: str) -> Path:
    return home / f"{_checked(chat)}.json"


def _read(path: Path) -> Chat | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if _whole(found, path.stem) else None


def _whole(found: Any, name: str) -> bool:
    """Whether this is a chat, with all that is read of one."""
    if not isinstance(found, dict) or found.get("id") != name or not isinstance(found.get("title"), str):
        return False
    try:
        return (
            0 <= found["changed"] < _LATEST
            and isinstance(found["turns"], list)
            and all(turn.keys() >= {"id", "question", "claims", "answer"} for turn in _every(found))
            and all(0 <= v["now"] < len(v["all"]) for v in found.get("versions", {}).values())
        )
    except (AttributeError, KeyError, TypeError):
        return False


def _write(home: Path, chat: Chat) -> None:
    kept = {key: value for key, value in chat.items() if key != "aside"}
    write_whole(_path(home, chat["id"]), {**kept, "changed": time.time()})


def write_whole(path: Path, kept: Mapping[str, Any]) -> None:
    """Writes JSON to a file that takes the old one's place at once; a full disk or a killed program leaves the old."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
    try:
        draft.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
