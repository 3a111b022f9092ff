"""Prints how good the reader is at the whole job: the product, without a model, on each set of questions.

    uv run python -m evals.training.table DATA [--limit 150] [--only NAME ...]

DATA as for `evals.training.calibrate`. Of each set --limit questions are drawn with a fixed seed. A row: right and
cited, of the answerable; refused though answerable; refused, of the unanswerable; balanced accuracy of refusing;
the median of words and of seconds. "xquad, half" is XQuAD's English questions over every second of its articles.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median

from evals import lint
from evals.cases import Case, load
from evals.evaluate import outcomes
from evals.outcomes import Outcome
from evals.public import cases_of
from evals.systems import product
from qa import Assistant

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "evals" / "questions"
SETS = {
    "xquad en": ("xquad_dev/docs_en.jsonl", "xquad_dev/qa_en.jsonl"),
    "xquad es": ("xquad_dev/docs_es.jsonl", "xquad_dev/qa_es.jsonl"),
    "xquad es over en": ("xquad_dev/docs_en.jsonl", "xquad_dev/qa_es_over_en.jsonl"),
    "xquad en over es": ("xquad_dev/docs_es.jsonl", "xquad_dev/qa_en_over_es.jsonl"),
    "xquad, half": ("xquad_dev/docs_en.jsonl", "xquad_dev/qa_en.jsonl"),
    "squad es, adversarial": ("squad_es_dev/docs.jsonl", "squad_es_dev/qa.jsonl"),
    "news, own near misses": ("multihop_rag_500/docs.jsonl", str(OWN / "news.jsonl")),
    "xquad es, own near misses": ("xquad_dev/docs_es.jsonl", str(OWN / "xquad_es.jsonl")),
}
GOLD = {"seeds": ("evals/gold/seeds.jsonl", "seeds"), "ordinary": ("evals/gold/ordinary.jsonl", "evals/ordinary")}


def measured(folder: Path, cases: Sequence[Case], index: Path) -> tuple[Outcome, ...]:
    """The outcomes of the cases over a folder, without a model; its index is made in ``index``."""
    with Assistant.open(folder, index=str(index), added=False, answerer="extract") as assistant:
        return outcomes(cases, product(assistant, lint.articles(folder)))


def row(name: str, found: Sequence[Outcome]) -> str:
    def share(metric: str) -> float | None:
        values = [one.values[metric] for one in found if metric in one.values]
        return fmean(values) if values else None

    right, over, refused = share("correct_and_cited"), share("over_refusal"), share("refusal")
    balanced = (refused + 1 - over) / 2 if refused is not None and over is not None else None
    shown = ["–" if value is None else f"{value:.3f}" for value in (right, over, refused, balanced)]
    words = [one.values["answer_words"] for one in found if "answer_words" in one.values]
    seconds = median([one.prediction.seconds or 0.0 for one in found])
    return f"| {name} | {len(found)} | {' | '.join(shown)} | {median(words) if words else 0:.0f} | {seconds:.2f} |"


def sets(data: Path, only: Sequence[str], limit: int, scratch: Path) -> Iterator[tuple[str, Path, list[Case]]]:
    """(name, folder, cases) of each set that is asked for; those of public sets are written to ``scratch``."""
    for name, (gold, place) in GOLD.items():
        if (not only or name in only) and (ROOT / gold).exists():
            yield name, ROOT / place, load([ROOT / gold])
    for number, (name, (docs, questions)) in enumerate(SETS.items()):
        if only and name not in only:
            continue
        folder = scratch / f"{number}"
        cases = cases_of("plain", data / docs, data / questions, folder)
        cases = random.Random(3).sample(cases, min(limit, len(cases)))
        if name.endswith("half"):
            cases = halved(folder, cases)
        yield name, folder, cases


def halved(folder: Path, cases: Sequence[Case]) -> list[Case]:
    """The cases after every second article was taken out: those over it are unanswerable now."""
    for file in sorted(folder.iterdir())[::2]:
        file.unlink()
    there = [(case, (folder / case.article).exists()) for case in cases]
    return [replace(case, answerable=kept, gold=case.gold if kept else ()) for case, kept in there]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=150, help="questions of a public set")
    parser.add_argument("--only", nargs="*", default=[], help="names of sets")
    asked = parser.parse_args()
    print("| set | n | right and cited | over-refused | refused | balanced | words | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        for name, folder, cases in sets(asked.data, asked.only, asked.limit, Path(scratch)):
            index = Path(scratch) / f"index of {name.replace(' ', '-')}"
            print(row(name, measured(folder, cases, index)), flush=True)


if __name__ == "__main__":
    main()
