"""The reader: does a text answer a question, which words are the answer, which of them bear it.

One encoder over the question and the text beside it, trained by us (docs/MODEL.md), on the runtime of `encoder`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.model.encoder import Encoder, reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_ANSWERABLE, _ASKS = 0, 1  # columns of `cls`
_START, _END, _BEARS = 0, 1, 2  # columns of `tok`
_LONGEST_SPAN = 40  # tokens of a short answer
_LOW = -1e9


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of one text beside a question.

    ``answers`` is the log-odds that the text answers, as trained and not calibrated. ``spans`` are the places in the
    text, in code points, of the tokens; ``tokens`` has a row for each: the log-probability that the answer starts
    there, that it ends there, and the log-odds that the token belongs to a sentence that bears it.
    """

    answers: float
    spans: tuple[tuple[int, int], ...]
    tokens: Floats

    def best(self, start: int = 0, end: int | None = None) -> tuple[int, int, float]:
        """The likeliest answer within a part of the text: its place, and the log of its probability among all places.

        ``(start, start, -1e9)`` where no token lies there.
        """
        import numpy as np

        inside = self._inside(start, end)
        if not inside:
            return start, start, _LOW
        begins, ends = self.tokens[inside, _START], self.tokens[inside, _END]
        both = begins[:, None] + ends[None, :]
        both = np.where(np.triu(np.tril(np.ones_like(both, dtype=bool), _LONGEST_SPAN)), both, _LOW)
        first, last = np.unravel_index(int(both.argmax()), both.shape)
        return self.spans[inside[first]][0], self.spans[inside[last]][1], float(both[first, last])

    def bears(self, start: int, end: int) -> float:
        """The mean log-odds of the tokens of a part of the text to bear the answer; -1e9 where there is none."""
        inside = self._inside(start, end)
        return float(self.tokens[inside, _BEARS].mean()) if inside else _LOW

    def _inside(self, start: int, end: int | None) -> list[int]:
        return [i for i, (s, e) in enumerate(self.spans) if e > start and (end is None or s < end)]


class Reader:
    """Reads texts for a question; its graph is loaded when it is first used. Safe to use from several threads."""

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = encoder or reading()

    def read(self, questions: Sequence[str], texts: Sequence[str]) -> list[Reading]:
        """A reading of each text for the question of its place; of both at most 512 tokens are read."""
        pairs = self._encoder.encode_pairs(questions, texts)
        outputs = self._encoder.run([pair.ids for pair in pairs])
        return [
            Reading(float(found["cls"][_ANSWERABLE]), pair.spans, _normal(found["tok"], pair.first, len(pair.spans)))
            for pair, found in zip(pairs, outputs, strict=True)
        ]

    def words(self, question: str, text: str) -> str:
        """The words of a text that answer a question best, whether or not it does."""
        (found,) = self.read([question], [text])
        start, end, _ = found.best()
        return text[start:end].strip()

    def asks(self, text: str) -> float:
        """The log-odds that a text asks for anything, as trained: a greeting, thanks or noise do not."""
        (pair,) = self._encoder.encode_pairs([text], [""])
        (found,) = self._encoder.run([pair.ids])
        return float(found["cls"][_ASKS])


def _normal(tokens: Floats, first: int, count: int) -> Floats:
    """The text's rows of `tok`, the logits of start and end as log-probabilities over all tokens of the pair: what
    falls on the question or the marks is the share of "nowhere"."""
    import numpy as np

    logits = tokens[:, :_BEARS]
    top = logits.max(0)
    shares = logits - top - np.log(np.exp(logits - top).sum(0))
    rows: Floats = np.concatenate([shares, tokens[:, _BEARS:]], 1)[first : first + count]
    return rows


@lru_cache(maxsize=1)
def bundled() -> Reader:
    """The reader that comes with the package, one for the process; nothing is loaded before it is used."""
    return Reader()
