"""Asks the questions of a gold file, or of a public set, and prints how good the answers are.

    uv run python -m evals.run                                  the gold questions on the seeds
    uv run python -m evals.run --docs DOCS.jsonl --qa QA.jsonl  a public set (the layout is in docs/ARCHITECTURE.md)
    … --limit 200 --out RUN.jsonl                               the first 200; the run, for other scorers

Right and cited: the answer holds every required fact (after folding case, accents and number words) and cites at least
one paragraph that proves it. A citation is valid when its quote is what stands at its span in the file.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from qa import Answer, Assistant
from qa.assistant import as_turns
from qa.text import words

ROOT = Path(__file__).parent.parent
NUMBERS = {
    word: str(n)
    for line in (
        "zero one two three four five six seven eight nine ten",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez",
    )
    for n, word in enumerate(line.split())
}
_MARK = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Case:
    """A question with its required facts (each with alternatives) and the addresses that prove the answer."""

    id: str
    kind: str
    question: str
    answerable: bool
    facts: tuple[tuple[str, ...], ...]
    gold: frozenset[str]
    minimal: frozenset[str]
    history: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    case: Case
    answer: Answer
    right: bool
    cited: bool
    invalid: int

    @property
    def refused(self) -> bool:
        return self.answer.status in ("refused", "clarify")


def seeds_cases() -> list[Case]:
    """The gold questions on the seeds; an underspecified one counts as unanswerable as it stands."""
    rows = [json.loads(line) for line in (ROOT / "evals/gold/seeds.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        Case(r["id"], r["kind"], r["question"], r["answerable"] is True, tuple(tuple(f) for f in r["facts"]),
             frozenset([*r["gold"], *r["acceptable"]]), frozenset(r["gold"]), tuple(r.get("history", ())))
        for r in rows
    ]  # fmt: skip


def public_cases(qa: Path, files: dict[str, str]) -> Iterator[Case]:
    """The questions of a public set; ``files`` names the file of each document."""
    for line in qa.read_text(encoding="utf-8").splitlines():
        r = json.loads(line)
        gold = frozenset(f"{files[g['doc_id']]}#p{g['para'] + 1}" for g in r["gold"])
        facts = (tuple(r["answers"]),) if r["answers"] else ()
        yield Case(r["qid"], r["kind"], r["question"], r["answerable"] is True, facts, gold, gold)


def materialised(docs: Path, folder: Path) -> dict[str, str]:
    """Writes each document as a text file, its paragraphs parted by blank lines; returns the file of each."""
    files = {}
    for n, line in enumerate(docs.read_text(encoding="utf-8").splitlines()):
        doc = json.loads(line)
        files[doc["doc_id"]] = f"{n:05}.txt"
        blocks = [" ".join(block.split()) or "-" for block in doc["paras"]]
        (folder / files[doc["doc_id"]]).write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return files


def tokens(text: str) -> str:
    return f" {' '.join(NUMBERS.get(word, word) for word in words(_MARK.sub(' ', text)))} "


def judged(case: Case, answer: Answer, folder: Path) -> Outcome:
    said = tokens(answer.text) if answer.claims else ""
    right = bool(said) and all(any(tokens(fact) in said for fact in facts) for facts in case.facts)
    cited = bool(case.gold & {citation.address for citation in answer.citations})
    invalid = 0
    for citation in answer.citations:
        text = (folder / citation.file).read_text(encoding="utf-8")
        invalid += text[citation.start : citation.end] != citation.quote
    return Outcome(case, answer, right, cited, invalid)


def share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.3f} (n {len(values)})" if values else "- (n 0)"


def report(outcomes: Sequence[Outcome]) -> None:
    known = [o for o in outcomes if o.case.answerable]
    unknown = [o for o in outcomes if not o.case.answerable]
    answered = [o for o in outcomes if not o.refused]
    print(f"right and cited        {share([o.right and o.cited and not o.refused for o in known])}")
    print(f"right                  {share([o.right and not o.refused for o in known])}")
    print(f"over-refusal           {share([o.refused for o in known])}")
    print(f"refusal                {share([o.refused for o in unknown])}")
    print(f"invalid citations      {sum(o.invalid for o in outcomes)}")
    for k in (1, 5, 10):
        found = [any(e.address in o.case.gold for e in o.answer.retrieved[:k]) for o in known]
        print(f"hit@{k:<2}                 {share(found)}")
    print(f"all gold@10            {share([o.case.minimal <= {e.address for e in o.answer.retrieved} for o in known])}")
    print(
        f"words, median          {statistics.median(len(o.answer.text.split()) for o in answered) if answered else '-'}"
    )
    seconds = sorted(sum(o.answer.timings.values()) for o in outcomes)
    print(f"seconds, p50 and p95   {seconds[len(seconds) // 2]:.3f} {seconds[int(len(seconds) * 0.95)]:.3f}")


def by_kind(outcomes: Sequence[Outcome]) -> None:
    kinds = list(dict.fromkeys(o.case.kind for o in outcomes))
    for kind in kinds:
        mine = [o for o in outcomes if o.case.kind == kind]
        good = [(o.right and o.cited and not o.refused) if o.case.answerable else o.refused for o in mine]
        print(f"  {kind:18} {share(good)}")


def line(outcome: Outcome) -> dict[str, Any]:
    """The outcome as other scorers read it: the file's name without its ending, paragraphs from 0."""
    answer = outcome.answer
    cite = [{"doc_id": c.file, "para": c.paragraph.number - 1} for c in answer.citations]
    found = [{"doc_id": e.paragraph.file, "para": e.paragraph.number - 1} for e in answer.retrieved]
    return {"qid": outcome.case.id, "answer": _MARK.sub("", answer.text) if answer.claims else "",
            "abstained": outcome.refused, "confidence": answer.confidence, "citations": cite, "retrieved": found,
            "conflict": answer.conflict, "clarify": answer.status == "clarify"}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--qa", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--min-confidence", type=float)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, names = ROOT / "seeds", {}
        if given.docs:
            folder = Path(place)
            names = materialised(given.docs, folder)
        cases = list(public_cases(given.qa, names)) if given.docs else seeds_cases()
        cases = cases[: given.limit]
        with tempfile.TemporaryDirectory() as index:
            assistant = Assistant.open(folder, index=index, min_confidence=given.min_confidence)
            outcomes = [
                judged(case, assistant.ask(case.question, as_turns(case.history)), folder)
                for case in tqdm(cases, unit="question", leave=False, disable=None)
            ]
        report(outcomes)
        if not given.docs:
            by_kind(outcomes)
        if given.out:
            documents = {file: doc_id for doc_id, file in names.items()}
            rows = [line(outcome) for outcome in outcomes]
            for place_ in (p for row in rows for p in (*row["citations"], *row["retrieved"])):
                place_["doc_id"] = documents.get(place_["doc_id"], place_["doc_id"])
            given.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
