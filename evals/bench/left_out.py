"""What changes where the reader is spared paragraphs that retrieval leaves far behind (`qa.answer.rank.LEAD`), by lead.

    python -m evals.bench.left_out [--every 2]

The gold questions on the seeds and the ordinary ones, and those of the ten folders. A line for each lead, beside a
ranking for which all are read: the paragraphs that are read of a question; the questions whose first sentence is
another, for which other sentences are shown, that are refused in one of the two alone; how far their confidence moves.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evals.cases import load
from evals.training.calibrate import folder_cases
from qa import Assistant
from qa.answer.drafting import MIN_CONFIDENCE
from qa.answer.extract import choose
from qa.answer.rank import Ranking, rank
from qa.question.followups import standalone
from qa.question.turns import as_turns
from qa.types import Evidence, Query

ROOT = Path(__file__).parent.parent
SETS = {"seeds": ROOT.parent / "seeds", "ordinary": ROOT / "ordinary"}
LEADS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


def asked(place: Path, every: int) -> Iterator[tuple[Query, list[Evidence]]]:
    """Each question with what was retrieved for it."""
    for name, folder in SETS.items():
        retriever = Assistant.open(folder, index=str(place / name), added=False).kit.retriever
        for case in load([ROOT / "gold" / f"{name}.jsonl"])[::every]:
            whole = standalone(case.question, as_turns(case.history))
            query = retriever.query(whole, case.question if whole != case.question else None, case.as_of)
            yield query, retriever.retrieve(query)
    yield from ((case.query, case.evidence) for n, case in enumerate(folder_cases(place)) if n % every == 0)


class Moved(NamedTuple):
    """How a ranking differs from one for which all paragraphs were read."""

    read: int  # paragraphs
    first: bool
    shown: bool
    refused: bool
    confidence: float


def moved(mine: Ranking, whole: Ranking) -> Moved:
    first, shown = ([c.match.sentence for c in choose(one)] for one in (mine, whole))
    return Moved(
        read=len({candidate.evidence.address for candidate in mine.candidates}),
        first=first[:1] != shown[:1],
        shown=first != shown,
        refused=(mine.confidence < MIN_CONFIDENCE) != (whole.confidence < MIN_CONFIDENCE),
        confidence=abs(mine.confidence - whole.confidence),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="of so many questions one is asked")
    found: defaultdict[float, list[Moved]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as place:
        for query, evidence in asked(Path(place), parser.parse_args().every):
            whole = rank(query, evidence, lead=math.inf)
            for lead in LEADS:
                found[lead].append(moved(rank(query, evidence, lead=lead), whole))
    print("| lead | read | first | shown | refused | confidence, of 95 in 100 |\n| --- | --- | --- | --- | --- | --- |")
    for lead, rows in found.items():
        read, first, shown, refused, confidence = np.array(rows, dtype=float).T
        counts = " | ".join(f"{each.sum():.0f}" for each in (first, shown, refused))
        print(f"| {lead:g} | {read.mean():.2f} | {counts} | {np.quantile(confidence, 0.95):.3f} |")
    print(f"{len(rows)} questions")


if __name__ == "__main__":
    main()
