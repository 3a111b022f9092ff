"""What a question costs over an index in several partitions, beside one in one piece, in one process.

    python -m evals.bench.partitions DIR [--paragraphs 100000] [--partitions 1,2,4] [--questions 60] [--keep FOLDER]

DIR and the folder of made articles are those of `evals.bench.scale`; nobody's embedding is measured. Each question is
asked of each index before the next one is, so that other programs on the machine slow all of them alike: the ratios are
what to look at. "cpu ms" is the processor's time of all threads for retrieval (a median), "same ten" the share of the
questions whose ten best paragraphs are those of the first index, in their order, "in common" how many of ten are.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evals.bench import synthetic
from evals.bench.peers import Kept
from evals.bench.scale import KINDS, prepared, questions_of
from qa import Assistant
from qa.index import partitions, vectors
from qa.model.embed import bundled


@dataclass(slots=True)
class Asked:
    """An index, and what it was asked: the seconds of each question, and the addresses of its ten best paragraphs."""

    assistant: Assistant
    indexing: float
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    best: list[list[str]] = field(default_factory=list)

    def ask(self, question: str) -> None:
        began, used = time.perf_counter(), time.process_time()
        found = self.assistant.retrieve(question)
        self.cpu.append(time.process_time() - used)
        self.wall.append(time.perf_counter() - began)
        self.best.append([evidence.address for evidence in found])

    def line(self, first: Asked) -> str:
        """A row of the table; ``first`` is the index that the others stand beside."""
        pairs = list(zip(self.best, first.best, strict=True))
        common = statistics.fmean(len(set(one) & set(other)) for one, other in pairs)
        cpu, wall = statistics.median(self.cpu), statistics.median(self.wall)
        times = [cpu / statistics.median(first.cpu), wall / statistics.median(first.wall)]
        return (
            f"| {len(self.assistant.store.parts())} | {self.indexing:.0f} | {1000 * cpu:.1f} | {times[0]:.2f} "
            f"| {1000 * wall:.1f} | {times[1]:.2f} | {statistics.fmean(one == other for one, other in pairs):.2f} "
            f"| {common:.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--paragraphs", type=int, default=100_000)
    parser.add_argument("--partitions", default="1,2,4")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="keeps the folder and the indexes here, for another run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        at = (given.keep or Path(place)) / str(given.paragraphs)
        prepared(given.folder, at, given.paragraphs, given.questions, Kept(bundled()))
        counts = [int(count) for count in given.partitions.split(",")]
        print("\n".join(measured(at, counts, given.questions)))


def measured(at: Path, counts: Sequence[int], questions: int) -> list[str]:
    """The lines of a table for each kind of question."""
    rows = [row["question"] for row in questions_of(at, questions)]
    lines: list[str] = []
    indexes = [opened(at, count) for count in counts]
    for kind, form in KINDS.items():
        for one in indexes:
            one.cpu, one.wall, one.best = [], [], []
        for question in rows[:2] + rows:  # the first ones open tables
            for one in indexes:
                one.ask(form.format(question))
        for one in indexes:
            del one.cpu[:2], one.wall[:2], one.best[:2]
        lines += [f"\nQuestions {kind}\n", "| partitions | open s | cpu ms | × | wall ms | × | same ten | in common |"]
        lines += ["| --- " * 8 + "|", *(one.line(indexes[0]) for one in indexes)]
    return lines


def opened(at: Path, count: int) -> Asked:
    """The index in so many partitions, made where it is not there, of the rows of one in one piece."""
    began, place = time.perf_counter(), at / f"partitions-{count}"
    vectors._BATCH = 20_000  # sentences of a commit: none is embedded
    embedder = synthetic.load(at / "vectors")
    if count > 1 and not place.exists() and (at / "partitions-1").exists():
        shutil.copytree(at / "partitions-1", place)
        partitions.repartitioned(str(place), count, embedder=embedder.identity, dim=embedder.dim)
    assistant = Assistant.open(at / "articles", index=str(place), embedder=embedder, added=False, partitions=count)
    return Asked(assistant, time.perf_counter() - began)


if __name__ == "__main__":
    main()
