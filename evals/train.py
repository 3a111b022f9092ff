"""Trains the two models of `qa/rank.py` and writes `qa/rank.json`; prints how good they are, by held-out fold.

    uv run python -m evals.train DATA

DATA holds `xquad_dev`, `squad_es_dev`, `nq_open_oracle` and `multihop_rag_500` in the layout of their README
(docs*.jsonl, qa*.jsonl). `evals/questions` holds questions of our own over two of them: paraphrased as a journalist
asks, each with a near miss beside it. The gold questions on the seeds are never trained on.
The XQuAD articles are indexed twice, half of them in English and half in Spanish and the reverse, so that each
question meets its answer once in its own language and once in the other. Unanswerable questions are made from
answerable ones in three ways, and come from SQuAD 2.0 and our own questions as they are ("adversarial"):

    removed    the article that answers is not among the evidence
    near       its paragraph is not, the rest of the article is
    swapped    a name or a year of the question is exchanged for another

About 20 minutes on two cores, most of it embedding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from qa.index import ArticleVectorStore, article_nodes
from qa.mentions import dates, names
from qa.model.embed import bundled
from qa.rank import FEATURES, features, summary
from qa.retrieve import Retriever
from qa.store import LanceStore
from qa.text import words
from qa.types import Article, Evidence, Paragraph, Query
from qa.vectors import complete

Matrix = NDArray[np.float64]

# How much each kind of question counts in the confidence. Answerable and unanswerable weigh about the same; a swapped
# question is the near miss that matters most, but one in ten of them is answerable after all.
WEIGHTS = {"answerable": 1.0, "adversarial": 1.0, "removed": 1.0, "near": 0.8, "swapped": 0.8}
RIDGE = 30.0  # of the sentences' weights; nothing between a third and three times as much changes a score
# Of the confidence's trees. With a linear model .88 of the questions whose article was removed are told apart where .05
# of the others are lost (XQuAD in two languages), with these .95, with 150 trees of 8 leaves .94.
TREES: dict[str, Any] = {"max_iter": 100, "max_leaf_nodes": 4, "learning_rate": 0.1, "min_samples_leaf": 60,
                         "l2_regularization": 10.0}  # fmt: skip
# Added to the log-odds: of what the trees are trained on one question in three is answered rightly, of what people ask
# some three in four.
PRIOR = 1.8
LIKENED = [n for n, name in enumerate(FEATURES) if name.startswith(("alike", "unlike"))]  # what the lexicon gives
FOLDS = 5
SIZES = {"xquad": 1000, "squad_es": 1600, "nq": 800}  # questions of each set, drawn with a fixed seed


@dataclass(frozen=True)
class Case:
    """A question over an index, with the addresses and the words that answer it."""

    text: str
    language: str
    answers: tuple[str, ...]
    gold: frozenset[str]
    group: str  # cases of one group stay in one fold
    answerable: bool


@dataclass(frozen=True)
class Row:
    """A question's candidates: features, whether each is right, and how the question came about."""

    kind: str
    group: str
    features: Matrix
    right: Matrix


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def file_name(doc_id: str) -> str:
    return hashlib.sha256(doc_id.encode()).hexdigest()[:12] + ".txt"


def as_article(doc: dict[str, Any]) -> Article:
    """The document as a blank-line separated text file would be read, without its title: tests come without, too."""
    blocks = [" ".join(block.split()) or "-" for block in doc["paras"]]
    paragraphs, at, file = [], 0, file_name(doc["doc_id"])
    for number, block in enumerate(blocks, start=1):
        paragraphs.append(Paragraph(file, number, at, at + len(block), block))
        at += len(block) + 2
    return Article(file, "\n\n".join(blocks), None, None, doc["lang"], None, tuple(paragraphs), file)


def indexed(docs: Sequence[dict[str, Any]], place: Path) -> Retriever:
    embedder = bundled()
    store = LanceStore(str(place), embedder=embedder.identity, dim=embedder.dim)
    for at in range(0, len(docs), 100):
        nodes = [node for doc in docs[at : at + 100] for node in article_nodes(as_article(doc))]
        ArticleVectorStore(store).add(nodes)
    complete(store, embedder, progress=lambda step: print(f"\r{step.done} of {step.total}", end="", flush=True))
    print()
    store.finish()
    return Retriever(store, embedder)


def xquad(data: Path, place: Path) -> Iterator[tuple[str, Retriever, list[Case]]]:
    """XQuAD in two mixed folders: even articles in English and odd ones in Spanish, and the reverse."""
    docs = {lang: read(data / f"docs_{lang}.jsonl") for lang in ("en", "es")}
    asked = {lang: {qa["meta"]["base_id"]: qa for qa in read(data / f"qa_{lang}.jsonl")} for lang in ("en", "es")}
    position = {doc["doc_id"]: i for lang in docs for i, doc in enumerate(docs[lang])}
    for turn, name in enumerate(("xquad mixed", "xquad mixed the other way")):
        chosen = [docs["en" if (i + turn) % 2 == 0 else "es"][i] for i in range(len(docs["en"]))]
        cases = []
        for lang in ("en", "es"):
            for base, qa in asked[lang].items():
                at = position[qa["gold"][0]["doc_id"]]
                there = chosen[at]
                gold = frozenset({f"{file_name(there['doc_id'])}#p{qa['gold'][0]['para'] + 1}"})
                cases.append(
                    Case(qa["question"], lang, tuple(asked[there["lang"]][base]["answers"]), gold, f"x{at}", True)
                )
        yield name, indexed(chosen, place / name), drawn(cases, SIZES["xquad"])


def plain(docs: Path, questions: Path, name: str, place: Path) -> tuple[str, Retriever, list[Case]]:
    """A set of one language as it is."""
    cases = []
    for qa in read(questions):
        gold = frozenset(f"{file_name(g['doc_id'])}#p{g['para'] + 1}" for g in qa["gold"])
        group = (qa["gold"] or [qa["meta"].get("near") or {"doc_id": qa["qid"]}])[0]["doc_id"]
        cases.append(Case(qa["question"], qa["lang"], tuple(qa["answers"]), gold, group, bool(qa["answerable"])))
    return name, indexed(read(docs), place / name), drawn(cases, SIZES.get(name, len(cases)))


def drawn(cases: list[Case], size: int) -> list[Case]:
    return random.Random(3).sample(cases, min(size, len(cases)))


def rows(retriever: Retriever, cases: Sequence[Case]) -> Iterator[Row]:
    """Each case as it is, and the unanswerable questions made from it."""
    rng = random.Random(3)
    for case in cases:
        query = retriever.query(case.text)
        evidence = retriever.retrieve(query, 30)
        files = {address.partition("#")[0] for address in case.gold}
        if not case.answerable:
            yield row("adversarial", case, query, evidence[:10])
            continue
        yield row("answerable", case, query, evidence[:10])
        if rng.random() < 0.5:
            yield row("removed", case, query, [e for e in evidence if e.paragraph.file not in files][:10])
        if rng.random() < 0.5:
            yield row("near", case, query, [e for e in evidence if e.address not in case.gold][:10])
        text = swapped(case, cases, rng)
        if text:
            query = retriever.query(text)
            yield row("swapped", case, query, retriever.retrieve(query, 10))


def row(kind: str, case: Case, query: Query, evidence: Sequence[Evidence]) -> Row:
    """The case over this evidence, ranked anew: a gap where a paragraph was taken out would tell what was done."""
    candidates, matrix = features(query, [replace(e, rank=rank) for rank, e in enumerate(evidence, start=1)])
    right = [
        float(kind == "answerable" and c.evidence.address in case.gold and holds(c.match.sentence.text, case.answers))
        for c in candidates
    ]
    return Row(kind, case.group, matrix, np.array(right))


def holds(text: str, answers: Sequence[str]) -> bool:
    there = f" {' '.join(words(text))} "
    return any(f" {' '.join(words(answer))} " in there for answer in answers)


def swapped(case: Case, cases: Sequence[Case], rng: random.Random) -> str | None:
    """The question with another year, or with a name taken from another question; None where it has neither."""
    found = names(case.text, case.language)
    years = [m for m in dates(case.text, case.language) if m.value.isdigit()]
    if years and (not found or rng.random() < 0.4):
        year = rng.choice(years)
        another = int(year.value) + rng.choice([-7, -3, -2, -1, 1, 2, 3, 5])
        return f"{case.text[: year.start]}{another}{case.text[year.end :]}"
    if not found:
        return None
    name, same = rng.choice(found), rng.random() < 0.6  # of the same article: the harder near miss
    for other in rng.sample(list(cases), min(60, len(cases))):
        if other.language == case.language and (other.group == case.group) == same:
            fresh = [m.text for m in names(other.text, other.language) if m.text.casefold() not in case.text.casefold()]
            if fresh:
                return f"{case.text[: name.start]}{rng.choice(fresh)}{case.text[name.end :]}"
    return None


def fit_sentences(train: Sequence[Row]) -> Matrix:
    """Weights for raw features that maximise the likelihood of a right sentence under a softmax over its question's."""
    kept = [r for r in train if len(r.right) and r.right.max() > 0]
    x, right = np.concatenate([r.features for r in kept]), np.concatenate([r.right for r in kept])
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = (x - mean) / spread
    sizes = [len(r.right) for r in kept]
    owner, first = np.repeat(np.arange(len(kept)), sizes), np.cumsum([0, *sizes[:-1]])

    def loss(w: Matrix) -> tuple[float, Matrix]:
        score = z @ w
        weight = np.exp(score - np.maximum.reduceat(score, first)[owner])
        whole, good = np.add.reduceat(weight, first), np.add.reduceat(weight * right, first) + 1e-12
        gradient = z.T @ (weight / whole[owner] - weight * right / good[owner])
        return float((np.log(whole) - np.log(good)).sum() + RIDGE * w @ w / 2), gradient + RIDGE * w

    found: Matrix = minimize(loss, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B").x / spread
    return found


def summarised(r: Row, weights: Matrix) -> tuple[Matrix, float]:
    """What the confidence sees of a question, and whether one of its best two sentences is right."""
    score = r.features @ weights
    share = np.exp(score - score.max())
    share /= share.sum()
    order = np.argsort(-score, kind="stable")
    return summary(r.features[order], score[order], share[order]), float(r.right[order[:2]].max())


def fit_confidence(train: Sequence[Row], weights: Matrix) -> HistGradientBoostingClassifier:
    """Boosted trees for whether the answer will be right."""
    seen = [(*summarised(r, weights), WEIGHTS[r.kind]) for r in train if len(r.right)]
    x, y, weight = (np.array(column) for column in zip(*seen, strict=True))
    return HistGradientBoostingClassifier(**TREES).fit(x, y > 0, sample_weight=weight)


def as_tree(nodes: NDArray[Any]) -> list[list[float]]:
    """One of scikit-learn's trees as `qa.rank` reads it."""
    return [
        [round(float(node["value"]), 5)]
        if node["is_leaf"]
        else [int(node["feature_idx"]), float(f"{node['num_threshold']:.6g}"), int(node["left"]), int(node["right"])]
        for node in nodes
    ]


def without_lexicon(r: Row) -> Row:
    """The row as it is in a language that the lexicon does not know."""
    plain = r.features.copy()
    plain[:, LIKENED] = 0.0
    return replace(r, features=plain)


def fitted(rows: Sequence[Row]) -> dict[str, Any]:
    """Both models as they stand in `rank.json`."""
    sentence = fit_sentences(rows)
    confidence = fit_confidence(rows, sentence)
    return {
        "sentence": [float(f"{w:.5g}") for w in sentence],
        "base": float(confidence._baseline_prediction.ravel()[0]) + PRIOR,
        "trees": [as_tree(predictor.nodes) for (predictor,) in confidence._predictors],
    }


def fold(group: str) -> int:
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % FOLDS


def report(sets: dict[str, list[Row]]) -> None:
    """Prints, from models that never saw the fold: right first sentence, and how well each near miss is told apart."""
    scored: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for k in range(FOLDS):
        train = [r for group in sets.values() for r in group if fold(r.group) != k]
        weights = fit_sentences(train)
        confidence = fit_confidence(train, weights)
        for name, group in sets.items():
            for r in group:
                if fold(r.group) == k and len(r.right):
                    seen, two = summarised(r, weights)
                    first = float(r.right[np.argmax(r.features @ weights)])
                    sure = float(confidence.decision_function(seen[None])[0])
                    scored.setdefault((name, r.kind), []).append((first, two, sure))
    for (name, kind), found in sorted(scored.items()):
        firsts, twos, sures = (np.array(column) for column in zip(*found, strict=True))
        if kind == "answerable":
            print(
                f"{name:28} first sentence right {firsts.mean():.3f} · one of two {twos.mean():.3f} · n {len(firsts)}"
            )
            continue
        known = np.array([p for _, _, p in scored.get((name, "answerable"), [])])
        if len(known):
            area = roc_auc_score(np.r_[np.ones(len(known)), np.zeros(len(sures))], np.r_[known, sures])
            told = (sures < np.quantile(known, 0.05)).mean()
            print(f"{name:28} {kind:11} AUROC {area:.3f} · told apart where .05 is lost {told:.3f} · n {len(sures)}")


def sources(data: Path) -> list[tuple[str, str, Path]]:
    """The sets of one language: name, articles under ``data``, questions."""
    own = Path(__file__).parent / "questions"
    return [
        ("squad_es", "squad_es_dev/docs.jsonl", data / "squad_es_dev" / "qa.jsonl"),
        ("news", "multihop_rag_500/docs.jsonl", own / "news.jsonl"),
        ("xquad_es, our own", "xquad_dev/docs_es.jsonl", own / "xquad_es.jsonl"),
        ("nq", "nq_open_oracle/docs.jsonl", data / "nq_open_oracle" / "qa.jsonl"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    sets: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as place:
        found = [*xquad(data / "xquad_dev", Path(place))]
        found += [plain(data / docs, questions, name, Path(place)) for name, docs, questions in sources(data)]
        for name, retriever, cases in found:
            sets[name] = list(rows(retriever, cases))
            print(f"{name}: {len(sets[name])} questions", flush=True)
    report(sets)
    everything = [r for group in sets.values() for r in group]
    model = {
        "features": list(FEATURES),
        "likened": fitted(everything),
        "plain": fitted([without_lexicon(r) for r in everything]),
    }
    target = Path(__file__).parent.parent / "qa" / "rank.json"
    target.write_text(json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
