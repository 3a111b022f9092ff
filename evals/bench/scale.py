"""How retrieval grows with the folder: seconds a question, memory, opening; ours beside LlamaIndex's and Haystack's.

    python -m evals.bench.scale [DIR] [--sizes 1000,10000,100000] [--questions 100] [--plot docs/img/scale.svg]

DIR holds `docs*.jsonl` and `qa*.jsonl` (evals/public.py, "plain"). Its articles and questions are real and really
embedded; the folder is filled up to each size with made articles (`evals.bench.synthetic`) of synthetic vectors.
Every system is a process of its own and is given the same vectors, so that nobody's embedding is measured; that of a
question is measured apart, and counted in "p50" for the systems that need it. "index" is the time to index (others: to
build in memory) without embedding, "open" the time until an index on disk can be asked, "memory" what the process grew
by until the last question, the paragraphs' words and the vectors' source not counted for the others. hit@10: the share
of the real questions whose right paragraph is among the ten best of all, real and made.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.bench import synthetic
from evals.bench.peers import NOT_EMBEDDING, PEERS, SYSTEMS, Corpus, Kept, missing
from evals.bench.retrieval import sets
from evals.public import cases_of
from qa.index.store import Store
from qa.model.embed import Embedder, bundled
from qa.retrieve import Retriever

_MANY = 50_000  # paragraphs from which other systems are asked fewer questions
_FEW = 20
KINDS = {
    "as asked": "{}",
    "with a month": "In March 2025, {}",
    "with a source": f"According to the {synthetic.SOURCES[1]}, {{}}",
}

_HEADS = "system|index s|open s|first ms|p50 ms|p95 ms|times qa's p50|memory MB|hit@10|questions".split("|")

Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="DIR", type=Path, nargs="?")
    parser.add_argument("--sizes", default="1000,10000,100000", help="paragraphs of the folder (1000,10000,100000)")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="keeps folders and indexes here, for another run")
    parser.add_argument("--plot", type=Path, help="writes p50 against size as SVG")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(given.child, given.keep, given.questions)))
        return
    if given.folder is None:
        parser.error("Name a folder with docs*.jsonl and qa*.jsonl, such as xquad_dev.")
    with tempfile.TemporaryDirectory() as place:
        sizes = [int(size) for size in given.sizes.split(",")]
        rows = list(run(given.folder, given.keep or Path(place), sizes, given.questions))
    if given.plot:
        print(plot(rows, given.plot))


def run(folder: Path, place: Path, sizes: Sequence[int], questions: int) -> Iterator[Figures]:
    """Prints a table for each size, and yields its rows."""
    names = ["qa", *(name for name in PEERS if not missing(name))]
    print("\n".join(filter(None, map(missing, PEERS))))
    embedder = Kept(bundled())
    for size in sizes:
        at = place / str(size)
        prepared(folder, at, size, questions, embedder)
        embedding = _embedding(questions_of(at, questions))
        print(f"\n{size} paragraphs, synthetic but for the set's own; embedding: {1000 * embedding:.0f} ms\n")
        print(f"| {' | '.join(_HEADS)} |\n{'| --- ' * len(_HEADS)}|")
        ours: Figures = {}
        for name in names:
            row = _measured(name, at, questions if name == "qa" or size < _MANY else min(questions, _FEW))
            row |= {"name": name, "size": size}
            for key in ("p50", "p95", "first"):
                row[key] += 0.0 if name in NOT_EMBEDDING else embedding
            ours = ours or row
            print(_line(row, ours), flush=True)
            yield row
        _print_split(ours, embedding)


def _measured(name: str, at: Path, questions: int) -> Figures:
    """The figures of a system, from a process of its own."""
    index: Figures = {}
    if name == "qa" and not (at / "index").exists():
        index = _process("index", at, questions)
    return index | _process(name, at, questions)


def _process(name: str, at: Path, questions: int) -> Figures:
    command = [sys.executable, "-m", "evals.bench.scale", "--child", name, "--keep", str(at)]
    ran = subprocess.run([*command, "--questions", str(questions)], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{name} failed at {at}:\n{ran.stderr[-2000:]}")
    found: Figures = json.loads(ran.stdout.splitlines()[-1])
    return found


def _line(row: Figures, ours: Figures) -> str:
    index = f"{row['index']:.0f}" if "index" in row else "–"
    opening = f"{row['open']:.2f}" if row["open"] is not None else "–"
    times = [1000 * row[key] for key in ("first", "p50", "p95")]
    shown = [index, opening, *(f"{one:.0f}" for one in times), f"{row['p50'] / ours['p50']:.1f}",
             f"{row['memory']:.0f}", f"{row['hit']:.2f}", str(row["questions"])]  # fmt: skip
    return f"| {row['name']} | {' | '.join(shown)} |"


def _print_split(row: Figures, embedding: float) -> None:
    print("\n| qa, ms | embedding | searching | fetching | fusion and scoring | in all, p50 | p95 |")
    print("| --- " * 7 + "|")
    for kind, split in row["split"].items():
        parts = [embedding, *(split[step] for step in ("searching", "fetching", "scoring"))]
        whole = [embedding + split["p50"], embedding + split["p95"]]
        print(f"| {kind} | {' | '.join(f'{1000 * part:.1f}' for part in [*parts, *whole])} |")


# ---------------------------------------------------------------- the folder


def prepared(folder: Path, at: Path, size: int, questions: int, embedder: Embedder) -> None:
    """Makes what the processes read under ``at`` where it is not there."""
    if (at / "questions.json").exists():
        return
    docs, asked = sets(folder)[0]
    cases = [case for case in cases_of("plain", docs, asked, at / "articles") if case.gold]
    cases = random.Random(5).sample(cases, min(questions, len(cases)))
    forms = [form.format(case.question) for form in KINDS.values() for case in cases]
    synthetic.made(at / "articles", forms, size, embedder).save(at / "vectors")
    kept = [{"question": case.question, "gold": case.gold} for case in cases]
    (at / "questions.json").write_text(json.dumps(kept), encoding="utf-8")


def _embedding(rows: Sequence[Mapping[str, Any]]) -> float:
    """The median seconds of embedding one of the questions."""
    embedder = bundled()
    embedder.query(rows[0]["question"])  # the model is loaded
    return statistics.median(_seconds(embedder.query, row["question"]) for row in rows)


def questions_of(at: Path, most: int) -> list[Figures]:
    rows: list[Figures] = json.loads((at / "questions.json").read_text(encoding="utf-8"))
    return rows[:most]


# ---------------------------------------------------------------- a process for each system


def child(name: str, at: Path, questions: int) -> Figures:
    """The figures of one system, measured in this process."""
    rows = questions_of(at, questions)
    corpus = Corpus(at / "articles", str(at / "index"), synthetic.load(at / "vectors"))
    if name == "index":
        return {"index": _seconds(lambda: corpus.assistant)}
    if name != "qa":
        assert corpus.paragraphs  # read before memory and time are measured
    before = _memory()
    began = time.perf_counter()
    find = SYSTEMS[name](corpus)
    if name == "qa":
        assert corpus.assistant
    ready = time.perf_counter() - began
    found: list[list[str]] = []
    seconds = [_seconds(lambda row=row: found.append(find(row["question"]))) for row in rows]
    figures = _figures(seconds) | {
        "open" if name == "qa" else "index": ready,
        "first": seconds[0],
        "memory": _memory() - before,
        "hit": statistics.fmean(bool(set(here) & set(row["gold"])) for here, row in zip(found, rows, strict=True)),
        "questions": len(rows),
    }
    return {"open": None, **figures, **({"split": split(corpus, rows)} if name == "qa" else {})}


def split(corpus: Corpus, rows: Sequence[Mapping[str, Any]]) -> dict[str, Figures]:
    """For each kind of question the median seconds of each step of ours, the question's vector being there already."""
    timed = _Timed(corpus.assistant.store)
    retriever = Retriever(timed, corpus.embedder)  # it passes everything on
    found = {}
    for kind, form in KINDS.items():
        steps: dict[str, list[float]] = defaultdict(list)
        for row in rows:
            timed.spent.clear()
            whole = _seconds(
                lambda row=row, form=form: retriever.retrieve(retriever.query(form.format(row["question"])))
            )
            for step in ("searching", "fetching"):
                steps[step].append(timed.spent[step])
            steps["scoring"].append(whole - sum(timed.spent.values()))
            steps["whole"].append(whole)
        found[kind] = _figures(steps.pop("whole")[1:]) | {step: statistics.median(s[1:]) for step, s in steps.items()}
    return found


class _Timed:
    """A store that adds up the seconds which its work took, by step."""

    def __init__(self, store: Store) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._store = store

    def __getattr__(self, name: str) -> Any:
        work, step = getattr(self._store, name), "searching" if name == "nearest" else "fetching"

        def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                self.spent[step] += time.perf_counter() - began

        return timed


def _figures(seconds: Sequence[float]) -> Figures:
    p50, p95 = np.quantile(seconds, (0.5, 0.95))
    return {"p50": float(p50), "p95": float(p95)}


def _seconds(work: Callable[..., object], *given: object) -> float:
    began = time.perf_counter()
    work(*given)
    return time.perf_counter() - began


def _memory() -> float:
    """The megabytes that this process has in memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


# ---------------------------------------------------------------- the plot


def plot(rows: Sequence[Figures], path: Path) -> str:
    """Writes p50 against the number of paragraphs, a line a system; returns one sentence on what became of it."""
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError:
        return "The plot is left out: matplotlib is not installed; run `uv sync --group bench`."
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name in dict.fromkeys(row["name"] for row in rows):
        points = [(row["size"], 1000 * row["p50"]) for row in rows if row["name"] == name]
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="paragraphs", ylabel="ms a question, p50")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    return f"The plot is {path}."


if __name__ == "__main__":
    main()
