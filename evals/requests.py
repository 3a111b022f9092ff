"""Makes `qa/question/requests.npz`: the bundled embedder's vectors of the texts in `qa/question/requests.toml`.

    uv run python -m evals.requests [--measure]

They are computed anew where another embedder is used, or the file is older than the texts: a second at start-up.
``--measure`` writes nothing: it prints how many of the gold questions are rightly and wrongly taken for requests, with
the numbers of `qa.question.requests` as they stand and with each of them moved.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from evals.bench.peers import Kept
from qa.model.embed import bundled
from qa.question import requests

GOLD = Path(__file__).parent / "gold"
REQUESTS = {"summary", "small-talk"}  # kinds of gold questions that are requests
MOVED = {"LEAST": 0.015, "GREETED": 0.02, "FOLDER": 0.02}


def measure() -> None:
    rows = [json.loads(line) for path in sorted(GOLD.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    embedder = Kept(bundled())
    print("| | requests found | questions taken for one |")
    print("| --- | --- | --- |")
    for name, value in _moved():
        before = getattr(requests, name)
        setattr(requests, name, value)
        taken = {row["question"]: requests.kind(row["question"], embedder) for row in rows}
        setattr(requests, name, before)
        each: dict[bool, list[Any]] = {True: [], False: []}
        for row in rows:
            each[row["kind"] in REQUESTS].append(taken[row["question"]])
        cells = (f"{sum(one is not None for one in each[so])} of {len(each[so])}" for so in (True, False))
        print(f"| {name} {value:g} | {' | '.join(cells)} |", flush=True)


def _moved() -> Iterator[tuple[str, float]]:
    for name, step in MOVED.items():
        for way in (-1, 0, 1):
            yield name, round(getattr(requests, name) + way * step, 3)


def main() -> None:
    if "--measure" in sys.argv:
        measure()
        return
    embedder = bundled()
    texts = [text for group in requests.requests().values() for text in group]
    vectors = np.stack([embedder.query(text) for text in texts]).astype(np.float16)
    target = Path(requests.__file__).parent / "requests.npz"
    np.savez_compressed(target, vectors=vectors, identity=embedder.identity, texts="\n".join(texts))
    print(f"wrote {target}: {len(texts)} texts, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
