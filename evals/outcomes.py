"""What a system gave for each question, and how it was judged: the rows of a run, which any two runs are paired by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Status = Literal["answered", "partial", "refused", "clarify", "error"]


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation: the paragraph's address, the words that it rests on, and whether they stand there."""

    address: str
    quote: str
    valid: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer, the paragraphs that it cites, and what the support check says of them.

    ``entailed``: all cited paragraphs together support it; ``alone[i]``: the i-th does so alone; ``without[i]``: the
    others do so without the i-th. ``shown_as`` is the system's own word: verified, repaired or unsupported.
    """

    text: str
    addresses: tuple[str, ...] = ()
    shown_as: str = "verified"
    entailed: bool = False
    alone: tuple[bool, ...] = ()
    without: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a system gave for one question. ``text`` holds the statements without marks, "" when nothing is claimed.

    ``retrieved`` are addresses, best first. ``seconds`` is wall time; ``error`` is why there is no prediction.
    ``notes`` says what stands beside the text (the reason of a refusal, the sentences that were taken out).
    """

    status: Status
    text: str = ""
    short_answer: str = ""
    confidence: float | None = None
    statements: tuple[Statement, ...] = ()
    cited: tuple[Cited, ...] = ()
    retrieved: tuple[str, ...] = ()
    conflict: bool = False
    removed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0
    seconds: float | None = None
    notes: str = ""
    error: str = ""

    @property
    def refused(self) -> bool:
        """Nothing was claimed: it refused or asked back."""
        return self.status in ("refused", "clarify")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A prediction for a case, and the value of each metric that is defined for it (0..1 unless its docstring says
    otherwise); a metric that is not defined for this case is absent."""

    id: str
    sha: str
    kind: str
    lang: str
    article: str
    answerable: bool | None
    question: str
    prediction: Prediction
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """The outcomes of one system over one gold set, in the gold set's order. ``about`` says what was run: system,
    model, folder, index revision, settings, gold files and their hash, prompt hashes, versions."""

    system: str
    outcomes: tuple[Outcome, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Writes it as JSON, an outcome a line, so that a difference between two runs reads well."""
        head = json.dumps({"system": self.system, "about": self.about, "totals": self.totals}, ensure_ascii=False)
        rows = ",\n".join(json.dumps(asdict(outcome), ensure_ascii=False) for outcome in self.outcomes)
        path.write_text(f'{head[:-1]}, "outcomes": [\n{rows}\n]}}\n', encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Run:
        """Raises OSError, ValueError or KeyError for a file that is no run."""
        row = json.loads(path.read_text(encoding="utf-8"))
        return cls(row["system"], tuple(_outcome(one) for one in row["outcomes"]), row["about"], row["totals"])


def _outcome(row: dict[str, Any]) -> Outcome:
    given = row.pop("prediction")
    statements = tuple(Statement(**_frozen(one)) for one in given.pop("statements"))
    cited = tuple(Cited(**one) for one in given.pop("cited"))
    retrieved = tuple(given.pop("retrieved"))
    return Outcome(**row, prediction=Prediction(statements=statements, cited=cited, retrieved=retrieved, **given))


def _frozen(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
