"""Whether a text says a claim: contradicted, not said or said, by the head of the reader that was trained for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from qa.model.encoder import Encoder, reading

if TYPE_CHECKING:
    from qa.model.encoder import Floats

CLAIM = 96  # tokens of a claim that are read, as in training (evals/training/train.py)
LONGEST = 560  # characters of a text, as in training: about 140 tokens
_HEAD = slice(2, 5)  # of the graph's output `cls`
_TINY = 1e-6


class Verdict(NamedTuple):
    """How likely a text contradicts a claim, leaves it unsaid, and says it; together 1."""

    contradicted: float
    unsaid: float
    said: float

    @property
    def odds(self) -> float:
        """The log-odds that the text says the claim, within ±14."""
        return math.log(max(self.said, _TINY) / max(1 - self.said, _TINY))


class Check:
    """The check of `qa/model/weights/reader.onnx`; safe to use from several threads.

    Raises `WeightsError` when the file is missing or damaged.
    """

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = encoder or reading()

    def verdicts(self, claims: Sequence[str], texts: Sequence[str]) -> list[Verdict]:
        """Each claim before the text of the same place."""
        pairs = self._encoder.encode_pairs(claims, texts, most=CLAIM)
        return [_verdict(outputs["cls"][_HEAD]) for outputs in self._encoder.run([pair.ids for pair in pairs])]


def _verdict(logits: Floats) -> Verdict:
    import numpy as np

    likely = np.exp(logits - np.max(logits))
    contradicted, unsaid, said = (likely / likely.sum()).tolist()
    return Verdict(contradicted, unsaid, said)
