"""How long ten people wait who ask at once: seconds from the question to the whole answer, as the page's desk gives it.

python evals/bench/crowd.py [FOLDER] [--people 10] [--each 6]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from qa import Assistant
from qa.page import chats
from qa.page.actions import Desk

ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "seeds")
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--each", type=int, default=6)
    given = parser.parse_args()
    gold = (ROOT / "evals/gold/seeds.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [row["question"] for row in map(json.loads, gold) if row["kind"] in ("fact", "number", "spanish")]
    with tempfile.TemporaryDirectory() as home:
        desk = Desk(Assistant.open(given.folder), home=Path(home))

        def person(n: int) -> list[float]:
            me, chat, waited = chats.new_id(), chats.new_id(), []
            for i in range(given.each):
                began = time.perf_counter()
                question = questions[(7 * n + i) % len(questions)]
                list(desk.ask(browser=me, language="en", chat=chat, question=question))
                waited.append(time.perf_counter() - began)
            return waited

        person(0)  # the models are loaded
        alone = person(1)
        with ThreadPoolExecutor(given.people) as pool:
            together = [one for waited in pool.map(person, range(given.people)) for one in waited]
    for name, seconds in (("one person", alone), (f"{given.people} at once", together)):
        p50, p95 = np.quantile(seconds, (0.5, 0.95))
        print(f"{name:14} p50 {p50:.2f} s · p95 {p95:.2f} s · {len(seconds)} answers")


if __name__ == "__main__":
    main()
