"""Text to the pieces of multilingual-e5-small's vocabulary, each with its place in the text.

A unigram tokenizer (Kudo 2018: of all ways to cut a word into known pieces, the likeliest), as XLM-R has it: NFKC, "▁"
before each word. Written here because the libraries build their own index of 250,000 pieces each time a process
starts: `tokenizers` takes 1.0 s of the processor, `sentencepiece` .8 s, this dict .22 s. `python -m
evals.training.fidelity` times it and counts where it cuts otherwise than `tokenizers`.
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path

START, PAD, END, UNKNOWN = 0, 1, 2, 3  # ids that no text gives, but for the last

Piece = tuple[int, int, int]  # id; the half-open span of the text that it stands for, in code points

# What parts words: white space, controls, and what sentencepiece's nmt_nfkc takes for a space (zero widths, marks of
# direction, the replacement character). The length is a bound on the work for a text without a space.
_WORD = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u200b\u200c\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd]{1,1000}")
_UNLIKELY = 10.0  # how much less likely than the rarest piece an unknown character is, as in sentencepiece
_JAMO = range(0x1160, 0x1200)  # vowels and finals, which join the letter before them


class Pieces:
    """The vocabulary; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        held = path.read_bytes()
        (count,) = struct.unpack_from("<I", held)
        scores = struct.unpack_from(f"<{count}f", held, 4)
        self._ids = dict(zip(held[4 + 4 * count :].decode().split("\n"), range(count), strict=True))
        for special in ("<s>", "<pad>", "</s>", "<unk>"):
            del self._ids[special]  # words that a text can hold
        self._scores = scores
        self._unknown = min(scores) - _UNLIKELY
        self._longest = max(map(len, self._ids))
        self._cut = lru_cache(maxsize=50_000)(self._likeliest)

    def of(self, text: str) -> Iterator[Piece]:
        """The pieces of a text, in order, as they are found: who takes the first hundred pays for no more."""
        normal, places = _normal(text)
        for word in _WORD.finditer(normal):
            at = word.start() - 1  # of the "▁", which stands for nothing in the text
            for piece, length in self._cut("▁" + word[0]):
                start, end = max(at, word.start()), at + length
                yield (piece, start, end) if places is None else (piece, *_span(places, start, end))
                at = end

    def likelihood(self, text: str) -> float:
        """The log-probability of the likeliest cut of a text, 0 for none; controls count as unknown characters."""
        found = float(sum(self._unknown for char in text if unicodedata.category(char) == "Cc"))
        for word in _WORD.finditer(unicodedata.normalize("NFKC", text)):
            cut = self._cut("▁" + word[0])
            found += sum(
                self._unknown * size if piece == UNKNOWN else float(self._scores[piece]) for piece, size in cut
            )
        return found

    def _likeliest(self, word: str) -> tuple[tuple[int, int], ...]:
        """The ids and lengths of the likeliest cut (Viterbi); unknown characters in a row are one."""
        ids, scores = self._ids, self._scores
        best, back = [0.0] + [-math.inf] * len(word), [(UNKNOWN, 0)] * (len(word) + 1)
        for start in range(len(word)):
            before = best[start]
            if word[start] not in ids and before + self._unknown > best[start + 1]:
                best[start + 1], back[start + 1] = before + self._unknown, (UNKNOWN, start)
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                piece = ids.get(word[start:end])
                if piece is not None and before + scores[piece] > best[end]:
                    best[end], back[end] = before + scores[piece], (piece, start)
        return tuple(_walked(back))


def _walked(back: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    end = len(back) - 1
    while end:
        piece, start = back[end]
        if piece == UNKNOWN and found and found[-1][0] == UNKNOWN:
            found[-1] = (UNKNOWN, found[-1][1] + end - start)
        else:
            found.append((piece, end - start))
        end = start
    return found[::-1]


def _normal(text: str) -> tuple[str, list[tuple[int, int]] | None]:
    """The text in NFKC, and of each of its characters the span it comes from; None where nothing changes."""
    if unicodedata.is_normalized("NFKC", text):
        return text, None
    starts = [at for at, c in enumerate(text) if not at or not (unicodedata.combining(c) or ord(c) in _JAMO)]
    spans = list(zip(starts, [*starts[1:], len(text)], strict=True))
    parts = [unicodedata.normalize("NFKC", text[start:end]) for start, end in spans]
    places = chain.from_iterable([span] * len(part) for part, span in zip(parts, spans, strict=True))
    return "".join(parts), list(places)


def _span(places: list[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    return (places[start][0], places[end - 1][1]) if start < end else (places[start][0], places[start][0])
