"""Fits what tells the kinds of names apart: `qa/answer/named.npz`.

    uv run --group bench python -m evals.training.named DATA [--ridge 10]

A multinomial logistic regression over the vectors of `qa.answer.named.vector`. Names in `named.jsonl` were sorted by
hand: of our own folders in `evals/questions/folders.jsonl`, of MultiHop-RAG and the Spanish SQuAD (DATA holds both as
docs/ARCHITECTURE.md describes), and of a few sentences; names of many peoples' are drawn as the synthetic news does
(`values`). Printed is how it does on the names of `named_held.jsonl`,
of articles that nothing is fitted on: `evals/ordinary` and, with ``--seeds``, a folder of the five seeds.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from evals.training.values import draw, say
from qa import Assistant
from qa.answer import named
from qa.language.mentions import names
from qa.language.text import sentences
from qa.model.embed import bundled

HERE = Path(__file__).parent
_PLACES = 4  # of a name that are fitted on
_DRAWN = 12  # names of each kind that are drawn for each sentence below
_SAID: dict[str, tuple[str, ...]] = {
    "person": (
        "In a meeting with *, minister of trade, the president spoke of the border.",
        "The plan was drawn up by the engineer * and two others.",
        "En una reunión con *, ministro de Comercio, el presidente habló de la frontera.",
        "El libro, de *, se presentó el jueves.",
    ),
    "town": (
        "The road to * was closed by snow.",
        "The old mill at * will be sold.",
        "Talks with * and its neighbours go on.",
        "El hospital de * no tiene camas libres.",
        "La carretera de * sigue cortada.",
    ),
    "firm": (
        "The contract went to *, which had asked for less.",
        "* denied the reports.",
        "La obra la hará *, que pidió menos.",
    ),
}
_KINDS = {"person": "person", "town": "place", "firm": "body"}
Places = list[tuple[str, int, int]]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def texts(name: str, data: Path) -> Iterator[tuple[str, str]]:
    """The paragraphs of a set, each with its language."""
    if name == "folders":
        for folder in rows(HERE.parent / "questions" / "folders.jsonl"):
            yield from ((text, folder["lang"]) for article in folder["articles"] for text in article["paras"])
        return
    for article in rows(data / name / "docs.jsonl"):
        yield from ((text, article["lang"]) for text in article["paras"])


def standing(paragraphs: Iterator[tuple[str, str]]) -> dict[str, Places]:
    """Each name of the paragraphs with the sentences that have it."""
    found: dict[str, Places] = {}
    for text, language in paragraphs:
        for start, end in sentences(text, language):
            for m in names(text[start:end], language):
                found.setdefault(m.text, []).append((text[start:end], m.start, m.end))
    return found


def examples(data: Path) -> Iterator[tuple[str, str, Places]]:
    """Names with their kind and the sentences that have them."""
    of_set: dict[str, dict[str, Places]] = {}
    for row in rows(HERE / "named.jsonl"):
        if "text" in row:
            for name, places in standing(iter([(row["text"], row["language"])])).items():
                kind = next((kind for known, kind in row["names"].items() if name.endswith(known)), "other")
                yield name, kind, places
            continue
        there = of_set.setdefault(row["set"], standing(texts(row["set"], data)))
        yield from ((name, row["kind"], there[name][:_PLACES]) for name in row["names"] if name in there)


def drawn() -> Iterator[tuple[str, str, Places]]:
    """Names of the synthetic news, each in a sentence of its kind."""
    rng = random.Random(1)
    for spec, sentences_ in _SAID.items():
        for sentence in sentences_:
            for _ in range(_DRAWN):
                (name,) = say(draw(spec, rng), "en", rng)
                at = sentence.index("*")
                yield name, _KINDS[spec], [(sentence.replace("*", name), at, at + len(name))]


def report(held: dict[str, str], there: dict[str, Places]) -> None:
    """For each kind and least probability: of the names that get it how many are, and of those how many do."""
    likely = {name: named.kinds(name, there[name][:_PLACES]) for name in held if name in there}
    for kind in ("person", "place", "body"):
        for least in (0.0, 0.45, 0.55, 0.65):
            got = {name for name, one in likely.items() if one[kind] == max(one.values()) and one[kind] >= least}
            right = sum(held[name] == kind for name in got)
            true = sum(held[name] == kind for name in likely)
            print(f"{kind}, least {least}: {right} of {len(got)} right, {right} of {true} found")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--ridge", type=float, default=10.0, help="of the weights: from 5 to 20 little changes")
    parser.add_argument("--seeds", type=Path, help="a folder whose names are judged too")
    given = parser.parse_args()
    told = [(kind, named.vector(name, *place)) for name, kind, places in (*examples(given.data), *drawn())
            for place in places]  # fmt: skip
    vectors = np.stack([vector for _, vector in told]).astype(np.float64) * 10
    model = LogisticRegression(C=1 / given.ridge, max_iter=3000).fit(vectors, [kind for kind, _ in told])
    weights = np.concatenate([model.coef_ * 10, model.intercept_[:, None]], 1).astype(np.float16)
    target = Path(named.__file__).with_name("named.npz")
    np.savez_compressed(target, weights=weights, kinds="\n".join(model.classes_), identity=bundled().identity)
    print(f"wrote {target}: {len(told)} places of names, {target.stat().st_size} bytes")
    for row in rows(HERE / "named_held.jsonl"):
        folder = HERE.parent / row["folder"] if row["folder"] != "seeds" else given.seeds
        if folder:
            with Assistant.open(folder, added=False) as assistant:
                paragraphs = [(p.text, p.language) for p in assistant.store.matching({})]
            print(row["folder"])
            report(row["names"], standing(iter(paragraphs)))


if __name__ == "__main__":
    main()
