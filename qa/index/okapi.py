"""BM25, the score of a text for the words of a query (Robertson and Zaragoza 2009)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_K1, _B = 1.2, 0.75  # the usual values, and LanceDB's


def bm25(tokens: Sequence[str], weights: Mapping[str, float], mean_length: float) -> float:
    """Okapi BM25 of one text for the weighted tokens of a query, 0 or more."""
    counts: dict[str, int] = {}
    for token in tokens:
        if token in weights:
            counts[token] = counts.get(token, 0) + 1
    if not counts:
        return 0.0
    norm = _K1 * (1 - _B + _B * len(tokens) / mean_length) if mean_length else _K1
    return sum(w * counts[t] * (_K1 + 1) / (counts[t] + norm) for t, w in weights.items() if t in counts)


def idf(paragraphs: int, total: int) -> float:
    """The weight of a token that stands in so many of all paragraphs."""
    return math.log(1 + (total - paragraphs + 0.5) / (paragraphs + 0.5))
