"""Prints how well the reader and the check read passages that they were not trained on, written by hand.

    uv run python -m evals.training.held [PASSAGES.jsonl] [--weights DIR] [--wrong]

PASSAGES: the layout of `evals/training/written/` (its README), by default its held-out part. Of reading: the area
under the curve that parts answered questions from near misses, and the share of answered ones whose likeliest span is
right (the F1 of its words at least .5). Of the check, by the verdict alone, without the rules: balanced accuracy of
said against the rest where "said" is likelier than not, and the best that another least odds would give.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from evals.training.mixture import WRITTEN, elsewhere, rows_of, written
from qa.model.encoder import WEIGHTS, Encoder
from qa.model.entail import Check
from qa.model.read import Reader

Row = dict[str, Any]


def area(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The chance that one of ``right`` is above one of ``wrong``; a tie counts half (Hanley and McNeil 1982)."""
    pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
    return fmean(pairs) if pairs else float("nan")


def overlap(said: str, gold: str) -> float:
    """The F1 of the words of two answers, as SQuAD counts it."""
    one, other = (re.findall(r"\w+", text.lower()) for text in (said, gold))
    shared = sum(min(one.count(w), other.count(w)) for w in set(one))
    return 2 * shared / (len(one) + len(other)) if one or other else 1.0


def reading(rows: Sequence[Row], reader: Reader, wrong: bool) -> None:
    shown = [f"{row['head']}\n{row['c']}" if row["head"] else row["c"] for row in rows]
    found = reader.read([row["q"] for row in rows], shown)
    odds: dict[tuple[str, str], list[float]] = defaultdict(list)
    spans: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row, text, one in zip(rows, shown, found, strict=True):
        kind = "follow" if row["kind"] == "follow" else "plain"
        odds[kind, "yes" if row["y"] else "no"].append(one.answers)
        if row["y"]:
            start, end, _ = one.best()
            gold = text[slice(*row["spans"][0])]
            spans[kind, row["lang"]].append(overlap(text[start:end], gold) >= 0.5)
            if wrong and not spans[kind, row["lang"]][-1]:
                print(f"  span: {row['q']} -> {text[start:end]!r}, not {gold!r}")
        if wrong and (one.answers > 0) != bool(row["y"]):
            print(f"  {'lost' if row['y'] else 'near'} {one.answers:+.1f}: {row['q']}")
    for kind in ("plain", "follow"):
        yes, no = odds[kind, "yes"], odds[kind, "no"]
        balanced = (fmean(x > 0 for x in yes) + fmean(x <= 0 for x in no)) / 2
        told = " ".join(f"{lang} {fmean(right):.3f} of {len(right)}" for (k, lang), right in spans.items() if k == kind)
        print(f"read, {kind}: AUROC {area(yes, no):.3f} ({len(yes)}, {len(no)}), at 0 {balanced:.3f}; spans {told}")


def checking(rows: Sequence[Row], check: Check, wrong: bool) -> None:
    verdicts = check.verdicts([row["claim"] for row in rows], [row["evidence"] for row in rows])
    every = [v.odds for v in verdicts]
    for lang in sorted({row["lang"] for row in rows}):
        own = [(o, row) for o, row in zip(every, rows, strict=True) if row["lang"] == lang]
        kept = [o for o, row in own if row["label"] == 2]
        passed = {k: [o for o, row in own if row["kind"] == k] for k in ("contradicted", "unsaid")}
        false = [o for part in passed.values() for o in part]

        def at(least: float, kept: Sequence[float] = kept, false: Sequence[float] = false) -> float:
            return (fmean(o > least for o in kept) + fmean(o <= least for o in false)) / 2

        best = max((n / 4 for n in range(-16, 17)), key=at)
        rates = ", ".join(f"{k} passed {fmean(o > 0 for o in v):.3f}" for k, v in passed.items())
        print(f"check, {lang}: AUROC {area(kept, false):.3f}, balanced {at(0):.3f} (best {at(best):.3f} at {best}), "
              f"said kept {fmean(o > 0 for o in kept):.3f}, {rates}")  # fmt: skip
    for o, row in zip(every, rows, strict=True):
        if wrong and (o > 0) != (row["label"] == 2):
            print(f"  {row['kind']} {o:+.1f}: {row['claim']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("passages", type=Path, nargs="?", default=WRITTEN / "held_out.jsonl")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--wrong", action="store_true", help="print what comes out wrong")
    asked = parser.parse_args()
    rows = list(written(asked.passages, random.Random(1)))
    encoder = Encoder("reader.onnx", place=asked.weights)
    print(f"{len(rows_of(asked.passages))} passages, {len(rows)} rows")
    reading([row for row in rows if row["task"] == "read"], Reader(encoder), asked.wrong)
    checking([row for row in rows if row["src"] == "written" and row["task"] == "check"], Check(encoder), asked.wrong)
    off = list(elsewhere(rows, random.Random(1), len(rows)))
    away = [v.odds for v in Check(encoder).verdicts([r["claim"] for r in off], [r["evidence"] for r in off])]
    shares = ", ".join(f"{fmean(o >= least for o in away):.3f} at {least}" for least in (-1.5, -1.25, -1, 0))
    print(f"true claims before another passage, passed: {shares} ({len(off)})")
    looked = [row for row in rows if row["src"] == "looked"]
    said = [v.odds for v in Check(encoder).verdicts([r["claim"] for r in looked], [r["evidence"] for r in looked])]
    told = [[o for o, row in zip(said, looked, strict=True) if (row["label"] == 2) == right] for right in (True, False)]
    print(f"a question and its answer as a claim: AUROC {area(*told):.3f} ({len(told[0])}, {len(told[1])})")


if __name__ == "__main__":
    main()
