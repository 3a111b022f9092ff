"""Where the right paragraphs of the gold questions stand in what is retrieved, with the numbers of `qa.retrieve` as
they are and with each of them moved.

    python -m evals.bench.ranks [--every 2]

MRR: the mean, over the questions that have a right paragraph, of one divided by the rank of the first right one among
the ten best; first: the share for which that is the first. Both sets are small and were looked at while the numbers
were chosen: `evals.bench.retrieval` has public ones.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from evals.bench.peers import Kept
from evals.cases import Case, load
from qa import Assistant
from qa import retrieve as numbers
from qa.model.embed import bundled
from qa.question.followups import standalone
from qa.question.turns import as_turns
from qa.retrieve import Retriever

ROOT = Path(__file__).parent.parent
SETS = {"seeds": ROOT.parent / "seeds", "ordinary": ROOT / "ordinary"}
# Each is set to nothing and to twice its value.
MOVED = ("_LEXICAL_SAME", "_LEXICAL_ACROSS", "_ALIKE_SAME", "_ALIKE_ACROSS", "_ACROSS", "_NAMED", "_PUBLISHED",
         "_REPORTED", "_HEADING", "_CLOSE", "_LEANT_ON")  # fmt: skip


class Asked(NamedTuple):
    retriever: Retriever
    cases: Sequence[Case]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="of so many questions one is asked")
    every = parser.parse_args().every
    embedder = Kept(bundled())
    with tempfile.TemporaryDirectory() as place:
        sets = {name: _asked(name, folder, embedder, Path(place), every) for name, folder in SETS.items()}
        print(f"| | {' | '.join(f'{name}: MRR, first ({len(one.cases)})' for name, one in sets.items())} |")
        print("| --- |" + " --- |" * len(sets))
        for label, name, value in _settings():
            before = getattr(numbers, name)
            setattr(numbers, name, value)
            found = ([_rank(one.retriever, case) for case in one.cases] for one in sets.values())
            cells = (f"{fmean(1 / r if r else 0 for r in own):.3f}, {fmean(r == 1 for r in own):.3f}" for own in found)
            print(f"| {label} | {' | '.join(cells)} |", flush=True)
            setattr(numbers, name, before)


def _settings() -> Iterator[tuple[str, str, float]]:
    yield "as they are", MOVED[0], getattr(numbers, MOVED[0])
    for name in MOVED:
        for factor in (0, 2):
            value = factor * getattr(numbers, name)
            yield f"{name} {value:g}", name, value


def _asked(name: str, folder: Path, embedder: Kept, place: Path, every: int) -> Asked:
    cases = [case for case in load([ROOT / "gold" / f"{name}.jsonl"]) if case.gold]
    store = Assistant.open(folder, index=str(place / name), embedder=embedder).store
    return Asked(Retriever(store, embedder), cases[::every])


def _rank(retriever: Retriever, case: Case) -> int:
    """The rank of the first right paragraph, 0 where none is among the ten best."""
    whole = standalone(case.question, as_turns(case.history))
    query = retriever.query(whole, case.question if whole != case.question else None, case.as_of)
    right = {*case.gold, *case.acceptable}
    return next((e.rank for e in retriever.retrieve(query, 10) if right & {e.address, *e.copies}), 0)


if __name__ == "__main__":
    main()
