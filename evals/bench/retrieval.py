"""How well the right paragraphs are found on public question sets: our retrieval, its parts alone, and others'.

    python -m evals.bench.retrieval DIR [DIR …] [--most 200] [--seed 5]

A DIR holds `docs*.jsonl` and `qa*.jsonl` as evals/public.py describes them ("plain"); `qa_es_over_en.jsonl` is asked of
`docs_en.jsonl`. Only questions with a right paragraph are asked, each without its chat. hit@k: the share for which one
of the k best paragraphs is right; recall@10: the mean share of a question's right paragraphs among the ten best; MRR:
the mean of one divided by the rank of the first right one among the ten. ms: the median time of a question, without the
embedding of the question, which is printed apart.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.bench.peers import SYSTEMS, Corpus, Find, Kept, missing
from evals.cases import Case
from evals.public import cases_of
from qa.model.embed import Embedder, bundled

COLUMNS = ("first hit", "hit@5", "hit@10", "recall@10", "MRR", "ms")


@dataclass(frozen=True, slots=True)
class Ranks:
    """The ranks, from 1, of a question's right paragraphs among those that were found; how many right ones there are;
    and the seconds."""

    ranks: tuple[int, ...]
    right: int
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="DIR", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=200, help="questions of a set, drawn at random (200)")
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args()
    print("\n".join(filter(None, map(missing, SYSTEMS))))
    embedder = Kept(bundled())
    for folder in given.folders:
        for docs, questions in sets(folder):
            for line in table(docs, questions, embedder, most=given.most, seed=given.seed):
                print(line, flush=True)


def sets(folder: Path) -> list[tuple[Path, Path]]:
    """The pairs of articles and questions in a folder, by their names."""
    pairs = []
    for questions in sorted(folder.glob("qa*.jsonl")):
        over = questions.stem.removeprefix("qa").rpartition("_over")[2]
        docs = folder / f"docs{over}.jsonl"
        pairs.append((docs if docs.exists() else folder / "docs.jsonl", questions))
    return pairs


def table(docs: Path, questions: Path, embedder: Embedder, *, most: int, seed: int) -> Iterator[str]:
    """The lines of a Markdown table, a row a system, as soon as each is known."""
    with tempfile.TemporaryDirectory() as place:
        corpus = Corpus(Path(place) / "articles", f"{place}/index", embedder)
        cases = [case for case in cases_of("plain", docs, questions, corpus.folder) if case.gold]
        cases = random.Random(seed).sample(cases, min(most, len(cases)))
        embedding = _embedding(cases, embedder)
        yield f"\n{docs.parent.name}, {questions.name}: {len(cases)} questions, {len(corpus.paragraphs)} paragraphs; "
        yield f"embedding a question: {1000 * embedding:.0f} ms\n"
        yield f"| system | {' | '.join(COLUMNS)} |"
        yield "| --- " * (len(COLUMNS) + 1) + "|"
        for name, build in SYSTEMS.items():
            if not missing(name):
                yield f"| {name} | {' | '.join(figures(asked(build(corpus), cases)))} |"


def _embedding(cases: Sequence[Case], embedder: Embedder) -> float:
    """The median seconds of embedding one of the questions, for the first time."""
    seconds = []
    for case in cases:
        began = time.perf_counter()
        embedder.query(case.question)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def asked(find: Find, cases: Sequence[Case]) -> list[Ranks]:
    """What a system finds for each case; the first question is asked twice, so that nothing is loaded in its time."""
    find(cases[0].question)
    found = []
    for case in cases:
        began = time.perf_counter()
        addresses = find(case.question)
        seconds = time.perf_counter() - began
        ranks = tuple(rank for rank, address in enumerate(addresses, start=1) if address in case.gold)
        found.append(Ranks(ranks, len(case.gold), seconds))
    return found


def figures(found: Sequence[Ranks]) -> list[str]:
    """The row of a table, as `COLUMNS` names it."""
    shares = [statistics.fmean(bool(one.ranks) and one.ranks[0] <= k for one in found) for k in (1, 5, 10)]
    shares.append(statistics.fmean(len(one.ranks) / one.right for one in found))
    shares.append(statistics.fmean(1 / one.ranks[0] if one.ranks else 0.0 for one in found))
    return [*(f"{share:.3f}" for share in shares), f"{1000 * statistics.median(one.seconds for one in found):.0f}"]


if __name__ == "__main__":
    main()
