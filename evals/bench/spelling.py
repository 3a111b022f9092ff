"""How many mistyped names are taken for the right ones, and how many words that are right for mistyped names.

    python -m evals.bench.spelling

The folder is made of the names of every second of the passages in `evals/training/written`; typed are its surnames with
one mistake or two (two letters exchanged, one left out, doubled, or another in its place), surnames of the other
passages, which the folder lacks, and words of their questions which it lacks. With a capital or without it is searched
for without asking; offered is what is asked back ("Did you mean …?"). The second table has the same names, mistyped
and not, before the two comparisons of spellings: `qa.language.comparison.one_bearer`, `qa.language.names.named_across`.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from qa.index.store import IndexedArticle
from qa.language.comparison import one_bearer
from qa.language.mentions import names
from qa.language.names import named_across
from qa.language.text import fold, words
from qa.question.spelling import corrections

WRITTEN = Path(__file__).parent.parent / "training" / "written"
SEED, EACH, OTHERS = 7, 400, 50_000
_LETTERS = "abcdefghijklmnoprstuvz"


def main() -> None:
    rng = random.Random(SEED)
    passages = [json.loads(line) for path in sorted(WRITTEN.glob("en_*.jsonl")) for line in path.open(encoding="utf-8")]
    held, other = ({name for one in passages[half::2] for name in _surnames(one["text"])} for half in (0, 1))
    asked = {word for one in passages for ask in one["ask"] for word in words(ask[0]) if word.isalpha()}
    known = {fold(name) for name in held}
    folder = [IndexedArticle("a.txt", None, None, "en", None, lead="", names=" · ".join(sorted(held)), sha256="")]
    typed = [(_mistyped(name, rng), name) for name in rng.sample(sorted(held), min(EACH, len(held)))]
    typed = [(word, name) for word, name in typed if fold(word) not in known]
    lacking = rng.sample(sorted(other - held), min(EACH, len(other - held)))
    plain = rng.sample(ordinary := sorted(w for w in asked - known if len(w) > 3), min(EACH, len(ordinary)))
    print("| | with a capital | without | offered |")
    print("| --- | --- | --- | --- |")
    ways = ((str.capitalize, True), (str.lower, True), (str.capitalize, False))
    twice = [(_mistyped(word, rng), name) for word, name in typed]
    for what, pairs in (("mistyped names", typed), ("names mistyped twice", twice)):
        right = [sum(_nearest(change(word), folder, sure) == name for word, name in pairs) for change, sure in ways]
        print(f"| of {len(pairs)} {what}, as the right one | {' | '.join(map(str, right))} |")
    for what, said in (("names that the folder lacks", lacking), ("words that it lacks", plain)):
        wrong = [sum(bool(_nearest(change(word), folder, sure)) for word in said) for change, sure in ways]
        print(f"| of {len(said)} {what}, as another | {' | '.join(map(str, wrong))} |", flush=True)
    others = [(a, b) for a, b in (rng.sample(sorted(held), 2) for _ in range(OTHERS)) if a[0] == b[0]]
    print("\n| taken for one bearer | where sources differ | across languages |")
    print("| --- | --- | --- |")
    for what, pairs in (("mistyped names", typed), ("pairs of names with one first letter", others)):
        one, across = (sum(alike(a, b) for a, b in pairs) for alike in (one_bearer, named_across))
        print(f"| of {len(pairs)} {what} | {one} | {across} |")


def _surnames(text: str) -> list[str]:
    """The last words of the full names in a text."""
    full = (m.text.split() for m in names(text, "en"))
    return [parts[-1] for parts in full if len(parts) > 1 and parts[-1].isalpha() and len(parts[-1]) > 4]


def _mistyped(name: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(name) - 1)
    return rng.choice(
        [
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
            name[:at] + name[at + 1 :],
            name[:at] + name[at] + name[at:],
            name[:at] + rng.choice(_LETTERS) + name[at + 1 :],
        ]
    )


def _nearest(word: str, folder: list[IndexedArticle], sure: bool) -> str:
    return corrections(f"What did {word} say?", "en", [word], folder, sure=sure).get(word, "")


if __name__ == "__main__":
    main()
