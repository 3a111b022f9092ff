"""Gold questions: one JSON object a line; gold/README.md says what each field holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any


class GoldError(Exception):
    """The gold set cannot be used; each problem is one line that names file and line number."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what a right answer to it must say and cite.

    ``answerable`` is None for an underspecified question (the right reaction is to ask back). ``facts``: every entry
    must be said, by any one of its alternatives. ``gold`` is one smallest set of paragraphs (``file#pN``) that proves
    the answer, ``acceptable`` further ones that may be cited. ``conflict``: sources differ, and the answer must show
    it. ``path`` and ``line`` (from 1) are where the case was read.
    """

    id: str
    kind: str
    lang: str
    question: str
    answerable: bool | None
    facts: tuple[tuple[str, ...], ...] = ()
    gold: tuple[str, ...] = ()
    acceptable: tuple[str, ...] = ()
    tempting: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    history: tuple[Mapping[str, str], ...] = field(default=(), hash=False)
    as_of: date | None = None
    conflict: bool = False
    answer: str = ""
    why: str = ""
    path: str = ""
    line: int = 0

    @property
    def article(self) -> str:
        """The file that it is about, for clustering: that of its first gold or tempting paragraph, else its id."""
        return next((address.rpartition("#p")[0] for address in (*self.gold, *self.tempting)), self.id)

    @property
    def sha(self) -> str:
        """12 hex digits of the SHA-256 of all that decides the score: two runs are paired only by equal ones."""
        decides = [self.question, self.answerable, self.facts, self.gold, self.acceptable, self.wrong,
                   [dict(turn) for turn in self.history], str(self.as_of), self.conflict]  # fmt: skip
        return hashlib.sha256(json.dumps(decides, ensure_ascii=False).encode()).hexdigest()[:12]


_ANSWERABLE: dict[Any, bool | None] = {True: True, False: False, "underspecified": None}


def load(paths: Iterable[Path]) -> list[Case]:
    """The cases of JSONL files, or of all ``*.jsonl`` in a folder, in order. Raises `GoldError`, which lists every line
    that is not a case; what a case says is proved by `evals.lint`."""
    cases: list[Case] = []
    problems: list[str] = []
    files = [file for path in paths for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").split("\n")  # not splitlines: a text may hold U+2028
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{file}: cannot be read ({error}); give a UTF-8 file with one JSON object a line.")
            continue
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    cases.append(_case(json.loads(line), file, number))
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    problems.append(f"{file}:{number}: {_complaint(error)}")
    if not files or (not cases and not problems):
        problems.append(
            f"{', '.join(map(str, files)) or 'gold'}: holds no question; write some, one JSON object a line."
        )
    if problems:
        raise GoldError(problems)
    return cases


_FIELDS = frozenset(field.name for field in fields(Case)) - {"path", "line"}


def _case(row: Mapping[str, Any], file: Path, line: int) -> Case:
    if strange := sorted(set(row) - _FIELDS):
        near = get_close_matches(strange[0], _FIELDS, n=1)
        raise ValueError(f'"{strange[0]}" is no field' + (f'; "{near[0]}" is' if near else ""))
    if not isinstance(row.get("conflict", False), bool):
        raise ValueError('"conflict" must be true or false')
    if row["answerable"] not in _ANSWERABLE:
        raise ValueError('"answerable" must be true, false or "underspecified"')
    texts: dict[str, Any] = {name: row[name] for name in ("id", "kind", "lang", "question")}
    if bad := [name for name, value in texts.items() if not isinstance(value, str) or not value.strip()]:
        raise ValueError(f'"{bad[0]}" must be a text')
    return Case(
        **texts,
        answerable=_ANSWERABLE[row["answerable"]],
        facts=tuple(tuple(_texts(fact, "facts")) for fact in _list(row, "facts")),
        gold=tuple(_texts(_list(row, "gold"), "gold")),
        acceptable=tuple(_texts(_list(row, "acceptable"), "acceptable")),
        tempting=tuple(_texts(_list(row, "tempting"), "tempting")),
        wrong=tuple(_texts(_list(row, "wrong"), "wrong")),
        history=tuple(_list(row, "history")),
        as_of=date.fromisoformat(row["as_of"]) if row.get("as_of") else None,
        conflict=row.get("conflict", False),
        answer=row.get("answer", ""),
        why=row.get("why", ""),
        path=str(file),
        line=line,
    )


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    value = row.get(name, [])
    if not isinstance(value, list):
        raise ValueError(f'"{name}" must be a list')
    return value


def _texts(values: Any, name: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise ValueError(f'"{name}" must hold texts' + (" in lists: [[alternative, …], …]" if name == "facts" else ""))
    return values


def _complaint(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f'"{error.args[0]}" is missing.'
    return f"not a case ({error})."
