"""Whether a number counts what was asked for: 31 households are no answer to how many people."""

from __future__ import annotations

import re

from qa.language.mentions import names
from qa.language.text import stems
from qa.language.words import alternatives, load
from qa.model.entail import LONGEST, Check

# How likely a sentence says itself with the asked noun in the place of the counted one, at least. A choice: no answer
# changes in `python -m evals.bench.sweep qa.answer.counted._SAME=.6,.8,.95 -- evals --kind number`.
_SAME = 0.8
_ASKED = re.compile(
    rf"\b(?:{alternatives(*load('questions')['counting'].values())})\s+(?P<noun>[^\W\d_]+)", re.IGNORECASE
)
_COUNTED = re.compile(r"\s+(?P<noun>[^\W\d_]{3,})")


def counted(question: str, language: str, said: str, there: str, short: str) -> str:
    """The short answer of a sentence; "" where it is the number of something else than the question asks for.

    The check judges: it is shown the sentence, and the same with the asked noun. Of 15 numbers that count what is asked
    for 14 stayed, of 14 others 8 went (`tests/test_counted.py` has some); houses and their people are alike to it.
    """
    asked, at = _ASKED.search(question), said.find(short)
    if not asked or not short[-1:].isdigit() or at < 0 or language != there:
        return short
    if any(m.start == at + len(short) + 1 and " " in m.text for m in names(said, there)):
        return ""  # "1 Ada Holm, 2 Ina Berg": a place in a list
    found = _COUNTED.match(said, at + len(short))
    wanted, told = stems(asked["noun"], language), stems(found["noun"], there) if found else []
    if not found or not wanted or not told or found["noun"][0].isupper() or set(wanted) <= set(stems(said, there)):
        return short  # nothing is counted there, or what is asked for is: "Of 412 runners 377 finished"
    exchanged = f"{said[: found.start('noun')]}{asked['noun'].lower()}{said[found.end() :]}"
    (verdict,) = Check().verdicts([exchanged[:LONGEST]], [said[:LONGEST]])
    return short if verdict.said >= _SAME else ""
