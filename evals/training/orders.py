"""Fits what tells a sentence that gives orders to the program that reads it: `qa/question/orders.npz`.

    uv run python -m evals.training.orders newsroom.jsonl squadshifts.jsonl.gz [--news NEWS/docs.jsonl]

A logistic regression over the bundled embedder's vectors of sentences made from `orders.toml`, of synthetic news
(`python -m evals.training.newsroom`), and of reviews and forums (SQuADShifts), which tell their readers what to do too.
With real news it prints how many of its sentences would be left out.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from evals.training.mixture import rows_of
from qa.language.text import sentences
from qa.model.embed import bundled
from qa.question import requests

_SENTENCES, _OTHERS = 900, 2500
_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_SLOT = re.compile(r"\{(\w+)\}")


def made(rng: random.Random) -> str:
    """One order, now and then in capitals or without any."""
    text = str(rng.choice(rng.choice(list(_TABLES["sentences"].values()))))
    while _SLOT.search(text):
        text = _SLOT.sub(lambda m: str(rng.choice(_TABLES[m[1]])), text)
    return rng.choices((text, text.upper(), text.lower()), (9, 0.6, 0.4))[0]


def told(rows: Iterable[dict[str, object]]) -> Iterator[str]:
    """The sentences of paragraphs of news, each once."""
    seen: set[str] = set()
    for row in rows:
        text = str(row.get("c") or row.get("evidence") or "")
        for start, end in sentences(text, str(row.get("lang", "en"))):
            if end - start > 25 and text[start:end] not in seen:
                seen.add(text[start:end])
                yield text[start:end]


def fitted(orders: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Weights of the vector's numbers, and last the constant, by Newton's method with a ridge."""
    rows = np.concatenate([orders, others]).astype(np.float64)
    rows = np.concatenate([rows * 10, np.ones((len(rows), 1))], 1)
    right = np.r_[np.ones(len(orders)), np.zeros(len(others))]
    each = np.where(right == 1, len(others) / len(orders) / 2, 1.0)
    ridge = 0.0003 * len(rows) * np.diag([*np.ones(rows.shape[1] - 1), 0.0])
    weights = np.zeros(rows.shape[1])
    for _ in range(60):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ ((likely - right) * each) + ridge @ weights
        bend = (rows * (likely * (1 - likely) * each)[:, None]).T @ rows + ridge
        weights -= 0.7 * np.linalg.solve(bend, slope)
    found: np.ndarray = np.r_[weights[:-1] * 10, weights[-1]]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("newsroom", type=Path)
    parser.add_argument("shifts", type=Path)
    parser.add_argument("--news", type=Path)
    chosen = parser.parse_args()
    rng, embedder = random.Random(1), bundled()
    orders = sorted({made(rng) for _ in range(4 * _SENTENCES)})
    people = [row for row in rows_of(chosen.shifts) if row["domain"] in ("amazon_reviews", "reddit")]
    paragraphs = [{"c": row["paragraph"]} for row in rng.sample(people, 500)]
    others = [rng.sample(list(told(rows)), _OTHERS) for rows in (rows_of(chosen.newsroom), paragraphs)]
    kept = [*others[0], *others[1], *_TABLES["told"]["sentences"] * 4]
    vectors = [np.stack([embedder.query(t) for t in texts]) for texts in (rng.sample(orders, _SENTENCES), kept)]
    weights = fitted(*vectors)
    target = Path(requests.__file__).with_name("orders.npz")
    np.savez(target, weights=weights.astype(np.float32), identity=embedder.identity)
    print(f"wrote {target}")
    if chosen.news:
        paragraphs = [p for row in map(json.loads, chosen.news.open(encoding="utf-8")) for p in row["paras"]]
        news = list(told({"c": p, "lang": "en"} for p in paragraphs[:600]))
        taken = [text for text in news if requests.orders(text, embedder)]
        print(f"{len(taken)} of {len(news)} sentences of news are taken for orders", *taken, sep="\n  ")


if __name__ == "__main__":
    main()
