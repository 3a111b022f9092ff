"""How many words that a line's end parts are joined rightly: compounds keep their hyphen, other words lose it.

    python -m evals.bench.hyphens

Compounds ("well-known") and other words of eight letters or more are those of the passages in `evals/training/written`,
English and Spanish; the others are parted by chance, two letters at least on either side. Only where the same file has
the word elsewhere is that decided otherwise (`qa.articles.readers.pdf_blocks`).
"""

from __future__ import annotations

import json
import random
import re

from evals.bench.spelling import SEED, WRITTEN
from qa.articles.readers.pdf_blocks import is_compound

_COMPOUND, _PLAIN = re.compile(r"\b[a-zà-ú]{2,}-[a-zà-ú]{2,}\b"), re.compile(r"(?<![\w-])[a-zà-ú]{8,}(?![\w-])")


def main() -> None:
    rng = random.Random(SEED)
    print("| | compounds that keep their hyphen | other words that lose theirs |")
    print("| --- | --- | --- |")
    for language, files in (("en", "en_*.jsonl"), ("es", "es_*.jsonl")):
        texts = [
            json.loads(line)["text"] for path in sorted(WRITTEN.glob(files)) for line in path.open(encoding="utf-8")
        ]
        compounds = {tuple(word.split("-", 1)) for text in texts for word in _COMPOUND.findall(text)}
        plain = sorted({word for text in texts for word in _PLAIN.findall(text)})
        parted = [(word[:at], word[at:]) for word in plain if (at := rng.randrange(2, len(word) - 1))]
        kept = sum(is_compound(a, b, language) for a, b in compounds)
        lost = sum(not is_compound(a, b, language) for a, b in parted)
        print(f"| {language} | {kept} of {len(compounds)} | {lost} of {len(parted)} |")


if __name__ == "__main__":
    main()
