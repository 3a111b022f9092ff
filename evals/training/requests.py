"""Fits what tells a request (a summary, a list, a greeting) from a question like any other: `qa/question/requests.npz`.

    uv run --group bench python -m evals.training.requests [--ridge 1.0]

A multinomial logistic regression over the bundled embedder's vectors of `requests.jsonl` (texts of each kind, written
by hand for this), of the texts in `qa/question/requests.toml`, and of the questions in `written/`. Printed is how it
does on `requests_held.jsonl`, which another hand wrote and nothing is fitted on, at each least probability.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from qa.model.embed import bundled
from qa.question import requests

HERE = Path(__file__).parent
_QUESTIONS = 2500  # of the written passages: more of them change no figure
_OWN = ("news.jsonl", "news_chats.jsonl", "xquad_es.jsonl", "xquad_es_chats.jsonl")
_COUNT = 2.0  # of a request, of which there are fewer
_LEAST = (0.0, 0.3, 0.5, 0.7)

Texts = Sequence[tuple[str, str]]  # kind, text


def read(path: Path) -> list[tuple[str, str]]:
    return [(row["kind"], row["text"]) for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())]


def questions() -> list[tuple[str, str]]:
    """Questions that people type, and near misses, of the passages that the reader is trained on, and our own over
    news and encyclopedia."""
    found = []
    for file in sorted((HERE / "written").glob("*.jsonl")):
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            found += [question for question, _ in row.get("ask", ())] + row.get("miss", [])
    found = random.Random(1).sample(found, _QUESTIONS)
    for name in _OWN:
        own = (HERE.parent / "questions" / name).read_text(encoding="utf-8").splitlines()
        found += [row["question"] for row in map(json.loads, own)]
    return [("question", text) for text in found]


def vectors(texts: Texts) -> NDArray[np.float64]:
    """(n, d): the vectors, ten times as long, so that the ridge is of the order of 1."""
    return np.stack([bundled().query(text) for _, text in texts]).astype(np.float64) * 10


def report(model: LogisticRegression, held: Texts) -> None:
    likely = model.predict_proba(vectors(held))
    for least in _LEAST:
        best = [str(model.classes_[row.argmax()]) if row.max() >= least else "question" for row in likely]
        right = [(kind, kind == told) for (kind, _), told in zip(held, best, strict=True)]
        asked = [ok for kind, ok in right if kind == "question"]
        others = [ok for kind, ok in right if kind != "question"]
        print(f"least {least}: questions {sum(asked)} of {len(asked)}, requests {sum(others)} of {len(others)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ridge", type=float, default=1.0, help="of the weights: from .3 to 3 little changes")
    given = parser.parse_args()
    short = [(kind, text) for kind, texts in requests.requests().items() for text in texts]
    texts = [*read(HERE / "requests.jsonl"), *short, *questions()]
    kinds = [kind for kind, _ in texts]
    count = [1.0 if kind == "question" else _COUNT for kind in kinds]
    model = LogisticRegression(C=1 / given.ridge, max_iter=3000).fit(vectors(texts), kinds, sample_weight=count)
    report(model, read(HERE / "requests_held.jsonl"))
    weights = np.concatenate([model.coef_ * 10, model.intercept_[:, None]], 1).astype(np.float16)
    target = Path(requests.__file__).with_name("requests.npz")
    np.savez_compressed(target, weights=weights, kinds="\n".join(model.classes_), identity=bundled().identity)
    print(f"wrote {target}: {len(texts)} texts, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
