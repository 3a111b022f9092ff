"""Makes `qa/language/lexicon.npz`: a vector for each search token of the frequent words of English and Spanish.

    uv run --with wordfreq python -m evals.lexicon

Each word (wordfreq's lists, CC BY-SA) is embedded alone by the bundled embedder; the words of one token are averaged by
how frequent they are. The mean and the three directions in which all words lie alike are taken out, which parts words
that mean other things ("All-but-the-top", Mu and Viswanath 2018), and the 96 strongest directions of the rest are kept,
rounded to whole numbers from -127 to 127. About 12 minutes on one core.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.language.text import stems, words
from qa.model.embed import E5Embedder

WORDS = {"en": 22_000, "es": 33_000}
COMMON, KEPT = 3, 96  # directions that are taken out, and that are kept
FITTED_ON = 12_000  # words, every so many of all: what the directions are found from

Matrix = NDArray[np.float32]


def frequent(language: str) -> list[tuple[str, float]]:
    """The most frequent words of the language, without numbers and single letters, and how often each stands (0..1)."""
    from wordfreq import top_n_list, word_frequency

    listed = (word for word in top_n_list(language, 80_000) if _is_word(word))
    return [(word, word_frequency(word, language)) for word, _ in zip(listed, range(WORDS[language]), strict=False)]


def _is_word(word: str) -> bool:
    folded = words(word)
    return len(folded) == 1 and len(folded[0]) > 1 and not any(letter.isdigit() for letter in folded[0])


def embedded(every: list[str]) -> dict[str, Matrix]:
    """The vector of each word; printed progress, since it takes minutes."""
    embedder, rows = E5Embedder(), []
    for at in range(0, len(every), 500):
        rows.append(embedder.passages(every[at : at + 500]))
        print(f"\rembedded {min(at + 500, len(every))} of {len(every)} words", end="", flush=True)
    print()
    return dict(zip(every, np.concatenate(rows), strict=True))


def directions(vectors: Matrix) -> tuple[Matrix, Matrix]:
    """The mean of the vectors, and the directions that are kept: shapes (dim,) and (dim, KEPT)."""
    mean = vectors.mean(axis=0)
    step = max(1, len(vectors) // FITTED_ON)
    _, _, rows = np.linalg.svd(vectors[::step] - mean, full_matrices=False)
    return mean, rows[COMMON : COMMON + KEPT].T


def tokens(
    listed: list[tuple[str, float]], language: str, vectors: dict[str, Matrix]
) -> dict[str, tuple[Matrix, float]]:
    """Each search token with the mean vector of its words, weighted by their frequency, and its frequency."""
    sums: dict[str, tuple[Matrix, float]] = defaultdict(lambda: (np.zeros(1, dtype=np.float32), 0.0))
    for word, often in listed:
        for token in stems(word, language):
            vector, so_far = sums[token]
            sums[token] = (vector + often * vectors[word], so_far + often)
    return {token: (vector / often, often) for token, (vector, often) in sums.items()}


def main() -> None:
    listed = {language: frequent(language) for language in WORDS}
    vectors = embedded(sorted({word for group in listed.values() for word, _ in group}))
    mean, kept = directions(np.stack([vectors[word] for group in listed.values() for word, _ in group]))
    arrays: dict[str, NDArray[np.generic]] = {}
    for language, group in listed.items():
        found = tokens(group, language, vectors)
        rows = np.stack([(vector - mean) @ kept for vector, _ in found.values()])
        arrays[f"{language}_vectors"] = np.rint(127 * rows / np.abs(rows).max(axis=1, keepdims=True)).astype(np.int8)
        arrays[f"{language}_tokens"] = np.frombuffer("\n".join(found).encode(), dtype=np.uint8)
        arrays[f"{language}_frequencies"] = np.array([often for _, often in found.values()], dtype=np.float32)
    target = Path(__file__).parent.parent / "qa" / "language" / "lexicon.npz"
    np.savez_compressed(target, allow_pickle=False, **arrays)
    print(f"wrote {target}: {', '.join(f'{len(found)} {name}' for name, found in arrays.items())}")


if __name__ == "__main__":
    main()
