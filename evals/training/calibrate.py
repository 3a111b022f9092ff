"""Fits the few weights of `qa/answer/rank.py` and writes its rank.json; prints how good they are, by held-out fold.

    uv run python -m evals.training.calibrate DATA [--limit 300] [--folder DIR] [--without FEATURE]

DATA holds `xquad_dev`, `squad_es_dev`, `nq_open_oracle` and `multihop_rag_500` in the layout of their README
(docs*.jsonl, qa*.jsonl). `evals/questions` holds questions of our own over two of them: paraphrased as a journalist
asks, each with a near miss beside it; and ten small folders (`folders.jsonl`), invented and written by another hand,
with the questions that ordinary people ask of them and near misses; each of these counts as three. The gold questions
on the seeds are never fitted on. The reader has seen many of the public questions once while it was trained
(docs/MODEL.md), but for the sixth of the news that `mixture.held_out` keeps, which is printed apart, and nothing of the
folders. Unanswerable questions come as they are ("adversarial") and are made in two ways:

    removed    the article that answers is not among the evidence
    near       its paragraph is not, the rest of the article is

What was indexed is kept in --folder. With --without nothing is written, and what is printed is of a confidence without
that feature of `SUMMARY`. On two cores about an hour, most of it reading.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import qa.answer.rank
from evals.training.mixture import held_out
from qa.answer.rank import FEATURES, SUMMARY, features, said, summary
from qa.answer.rank import fitted as now
from qa.index.llama import ArticleVectorStore, article_nodes
from qa.index.store import LanceStore
from qa.index.vectors import complete
from qa.language.text import words
from qa.model.embed import bundled
from qa.retrieve import Retriever
from qa.types import Article, Evidence, Paragraph, Query

Matrix = NDArray[np.float64]

SETS = (
    ("xquad en", "xquad_dev/docs_en.jsonl", "xquad_dev/qa_en.jsonl"),
    ("xquad es", "xquad_dev/docs_es.jsonl", "xquad_dev/qa_es.jsonl"),
    ("xquad es over en", "xquad_dev/docs_en.jsonl", "xquad_dev/qa_es_over_en.jsonl"),
    ("squad es", "squad_es_dev/docs.jsonl", "squad_es_dev/qa.jsonl"),
    ("nq", "nq_open_oracle/docs.jsonl", "nq_open_oracle/qa.jsonl"),
    ("news", "multihop_rag_500/docs.jsonl", "evals/questions/news.jsonl"),
    ("xquad es, our own", "xquad_dev/docs_es.jsonl", "evals/questions/xquad_es.jsonl"),
)
OWN = Path(__file__).resolve().parents[2]
FOLDERS = OWN / "evals" / "questions" / "folders.jsonl"
# How much a question counts in the confidence, by its folder and its kind. Both are choices, not measurements: who asks
# of the folders has no paragraph before him; answerable and unanswerable together weigh about the same.
FOLDERS_COUNT = 3.0
WEIGHTS = {"answerable": 1.0, "adversarial": 1.5, "removed": 1.0, "near": 0.8}
RIDGE = 3.0  # of the sentences' weights; nothing between a third and three times as much changes a score
FOLDS = 5


@dataclass(frozen=True)
class Case:
    """A question with what was retrieved for it, and the addresses and words that answer it."""

    query: Query
    evidence: list[Evidence]
    answers: tuple[str, ...]
    gold: frozenset[str]
    group: str  # cases of one article stay in one fold
    answerable: bool
    count: float = 1.0  # how much it counts in the confidence


@dataclass(frozen=True)
class Row:
    """A question's candidates: features, whether each is right; the confidence sees them ranked."""

    kind: str
    case: Case
    candidates: list[qa.answer.rank.Candidate]
    features: Matrix
    right: Matrix
    said: float  # of the candidate that is first by the weights in the package


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def file_name(doc_id: str) -> str:
    return hashlib.sha256(doc_id.encode()).hexdigest()[:12] + ".txt"


def as_article(doc: dict[str, Any]) -> Article:
    """The document as a blank-line separated text file would be read, with its title and day."""
    blocks = [" ".join(block.split()) or "-" for block in doc["paras"]]
    paragraphs, at, file = [], 0, file_name(doc["doc_id"])
    for number, block in enumerate(blocks, start=1):
        paragraphs.append(Paragraph(file, number, at, at + len(block), block))
        at += len(block) + 2
    day = date.fromisoformat(doc["date"][:10]) if doc.get("date") else None
    title = (doc.get("title") or "").replace("_", " ") or None
    return Article(file, "\n\n".join(blocks), title, day, doc["lang"], None, tuple(paragraphs), file)


def indexed(docs: Sequence[dict[str, Any]], place: Path) -> Retriever:
    embedder = bundled()
    fresh = not place.exists()
    store = LanceStore(str(place), embedder=embedder.identity, dim=embedder.dim)
    for at in range(0, len(docs) if fresh else 0, 100):
        nodes = [node for doc in docs[at : at + 100] for node in article_nodes(as_article(doc))]
        ArticleVectorStore(store).add(nodes)
    complete(store, embedder, progress=lambda step: print(f"\r{step.done} of {step.total}", end="", flush=True))
    store.finish()
    return Retriever(store, embedder)


def cases(retriever: Retriever, questions: Path, limit: int) -> Iterator[Case]:
    rows = read(questions)
    for qa_row in random.Random(3).sample(rows, min(limit, len(rows))):
        gold = frozenset(f"{file_name(g['doc_id'])}#p{g['para'] + 1}" for g in qa_row["gold"])
        group = (qa_row["gold"] or [qa_row["meta"].get("near") or {"doc_id": qa_row["qid"]}])[0]["doc_id"]
        query = retriever.query(qa_row["question"])
        evidence = retriever.retrieve(query, 10)
        yield Case(query, evidence, tuple(qa_row["answers"]), gold, group, bool(qa_row["answerable"]))


def folder_cases(place: Path) -> Iterator[Case]:
    """The cases of `FOLDERS`, each folder indexed by itself; a folder is a group."""
    for number, made in enumerate(read(FOLDERS)):
        docs = [
            {"doc_id": f"{number}-{i}", "lang": made["lang"], **article} for i, article in enumerate(made["articles"])
        ]
        retriever = indexed(docs, place / f"folder_{number}")
        asked = [(question, gold, answers, True) for question, gold, answers in made["answerable"]]
        for question, gold, answers, there in [*asked, *((q, [], [], False) for q in made["unanswerable"])]:
            addresses = frozenset(f"{file_name(f'{number}-{article}')}#p{para + 1}" for article, para in gold)
            query = retriever.query(question)
            evidence = retriever.retrieve(query, 10)
            yield Case(query, evidence, tuple(answers), addresses, f"folder {number}", there, FOLDERS_COUNT)


def rows(found: Sequence[Case]) -> Iterator[Row]:
    """Each case as it is, and the unanswerable questions made from it."""
    rng = random.Random(3)
    for case in found:
        yield row("answerable" if case.answerable else "adversarial", case, case.evidence)
        files = {address.partition("#")[0] for address in case.gold}
        if case.answerable and rng.random() < 0.4:
            yield row("removed", case, [e for e in case.evidence if e.paragraph.file not in files])
        if case.answerable and rng.random() < 0.3:
            yield row("near", case, [e for e in case.evidence if e.address not in case.gold])


def row(kind: str, case: Case, evidence: Sequence[Evidence]) -> Row:
    """The case over this evidence, ranked anew: a gap where a paragraph was taken out would tell what was done."""
    candidates, matrix = features(case.query, [replace(e, rank=rank) for rank, e in enumerate(evidence, start=1)])
    right = [
        float(kind == "answerable" and c.evidence.address in case.gold and holds(c.match.sentence.text, case.answers))
        for c in candidates
    ]
    first = candidates[int((matrix @ now().sentence).argmax())] if candidates else None
    return Row(kind, case, candidates, matrix, np.array(right), said(case.query, first) if first else 0.0)


def holds(text: str, answers: Sequence[str]) -> bool:
    there = f" {' '.join(words(text))} "
    return any(f" {' '.join(words(answer))} " in there for answer in answers)


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


def summarised(r: Row, weights: Matrix, without: str = "") -> tuple[Matrix, float]:
    """What the confidence sees of a question, one feature as nothing, and whether one of its best two sentences is
    right."""
    score = r.features @ weights
    share = np.exp(score - score.max())
    share /= share.sum()
    order = np.argsort(-score, kind="stable")
    ranked = [replace(r.candidates[i], probability=float(share[i])) for i in order]
    seen = summary(r.case.query, ranked, r.features[order], r.said)
    return np.where(np.array(SUMMARY) == without, 0.0, seen), float(r.right[order[:2]].max())


def fit_confidence(train: Sequence[Row], weights: Matrix, without: str = "") -> tuple[float, Matrix]:
    """The base and the weights of a logistic regression for whether the question is answered by what was found."""
    seen = [(*summarised(r, weights, without), WEIGHTS[r.kind] * r.case.count) for r in train if len(r.right)]
    x, y, weight = (np.array(column) for column in zip(*seen, strict=True))
    spread = x.std(0) + 1e-9
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(x / spread, y > 0, sample_weight=weight)
    return float(fitted.intercept_[0]), fitted.coef_[0] / spread


def fold(group: str) -> int:
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % FOLDS


def report(sets: dict[str, list[Row]], without: str) -> None:
    """Prints, from weights that never saw the fold: right first sentence, and how well each near miss is told apart."""
    scored: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for k in range(FOLDS):
        train = [r for group in sets.values() for r in group if fold(r.case.group) != k]
        weights = fit_sentences(train)
        base, confidence = fit_confidence(train, weights, without)
        for name, r in ((name, r) for name, group in sets.items() for r in group):
            if fold(r.case.group) == k and len(r.right):
                seen, two = summarised(r, weights, without)
                sure = float(1 / (1 + np.exp(-(base + seen @ confidence))))
                unseen = name == "news" and held_out(r.case.group)
                for label in (name, f"{name}, held out") if unseen else (name,):
                    first = float(r.right[np.argmax(r.features @ weights)])
                    scored.setdefault((label, r.kind), []).append((first, two, sure))
    known = {name: np.array([s for _, _, s in found]) for (name, kind), found in scored.items() if kind == "answerable"}
    for (name, kind), found in sorted(scored.items()):
        firsts, twos, sures = (np.array(column) for column in zip(*found, strict=True))
        if kind == "answerable":
            print(f"{name:28} first right {firsts.mean():.3f} · one of two {twos.mean():.3f} · n {len(firsts)}")
        elif len(known.get(name, [])):
            area = roc_auc_score(np.r_[np.ones(len(known[name])), np.zeros(len(sures))], np.r_[known[name], sures])
            told = (sures < np.quantile(known[name], 0.05)).mean()
            print(f"{name:28} {kind:11} AUROC {area:.3f} · told apart where .05 is lost {told:.3f} · n {len(sures)}")
    thresholds(scored)


def thresholds(scored: dict[tuple[str, str], list[tuple[float, float, float]]]) -> None:
    """Prints what each least confidence refuses, over all sets."""
    kinds = {k: np.array([s for (_, kind), f in scored.items() if kind == k for _, _, s in f]) for k in WEIGHTS}
    for least in np.arange(0.05, 0.7, 0.05):
        told = " · ".join(f"{kind} {(sures < least).mean():.3f}" for kind, sures in kinds.items() if len(sures))
        print(f"refused below {least:.2f}: {told}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=300, help="questions of a set")
    parser.add_argument("--folder", type=Path, help="where the indexes are kept")
    parser.add_argument("--without", choices=SUMMARY, default="", help="a feature that the confidence does without")
    asked = parser.parse_args()
    sets: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        for name, docs, questions in SETS:
            place = OWN if questions.startswith("evals/") else asked.data
            retriever = indexed(read(asked.data / docs), folder / docs.replace("/", "_"))
            sets[name] = list(rows(list(cases(retriever, place / questions, asked.limit))))
            print(f"{name}: {len(sets[name])} questions", flush=True)
        sets["folders"] = list(rows(list(folder_cases(folder))))
    report(sets, asked.without)
    if not asked.without:
        write([r for group in sets.values() for r in group])


def write(everything: Sequence[Row]) -> None:
    sentence = fit_sentences(everything)
    base, confidence = fit_confidence(everything, sentence)
    model = {
        "sentence": dict(zip(FEATURES, (float(f"{w:.5g}") for w in sentence), strict=True)),
        "base": float(f"{base:.5g}"),
        "confidence": dict(zip(SUMMARY, (float(f"{w:.5g}") for w in confidence), strict=True)),
    }
    target = Path(qa.answer.rank.__file__).parent / "rank.json"
    target.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
