"""What an answer costs the processor, by part: how often the models are run, over how many tokens, and what is spent
beside them.

    python -m evals.bench.answer [--every 3] [--profile]

The gold questions on the seeds and the ordinary ones are asked once each, after some that load the models. A part is
the function that had a model read: `rank.features` the question beside each of the best paragraphs, `rank.said` the
first answer as a claim. Milliseconds are the processor's, of all threads, for a question: the clock tells little where
others keep the cores busy. What was read before and kept is not counted. Compare two versions in turns, by their ratio.
With --profile the dearest functions in Python are printed too, and all takes longer.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.cases import Case, load
from qa import Assistant
from qa.model.encoder import Encoder
from qa.question.turns import as_turns

ROOT = Path(__file__).parent.parent
SETS = {"seeds": ROOT.parent / "seeds", "ordinary": ROOT / "ordinary"}
_WARM = 10  # questions by which the models are loaded
_DEAREST = 40  # functions that are printed


@dataclass(slots=True)
class Part:
    """What a part had the models read: texts and their tokens, and the seconds of the processor."""

    texts: int = 0
    tokens: int = 0
    seconds: float = 0.0


def counting(parts: Mapping[str, Part]) -> None:
    """From here on all that the models read in this process is counted."""
    read = Encoder._read

    def counted(encoder: Encoder, rows: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
        part, began = parts[f"{encoder.graph.removesuffix('.onnx')}, {_asker()}"], time.process_time()
        found = read(encoder, rows)
        part.seconds += time.process_time() - began
        part.texts += len(rows)
        part.tokens += sum(map(len, rows))
        return found

    Encoder._read = counted  # type: ignore  # below the cache of what was read before


def _asker() -> str:
    """The module and function above `qa.model` that has a text read."""
    frame = sys._getframe(2)
    while frame.f_back and (frame.f_globals["__name__"].startswith("qa.model") or frame.f_code.co_name[0] == "<"):
        frame = frame.f_back
    return f"{frame.f_globals['__name__'].rpartition('.')[2]}.{frame.f_code.co_name.strip('_')}"


def asked(assistant: Assistant, cases: Sequence[Case]) -> float:
    """The seconds of the processor that the answers took."""
    began = time.process_time()
    for case in cases:
        assistant.ask(case.question, as_turns(case.history), as_of=case.as_of)
    return time.process_time() - began


def table(parts: Mapping[str, Part], seconds: float, count: int) -> Iterator[str]:
    """The lines of the table: each part, dearest first, what is spent beside the models, and all."""
    yield f"| {count} questions | texts | tokens | ms each |\n| --- | --- | --- | --- |"
    for name, part in sorted(parts.items(), key=lambda item: -item[1].seconds):
        each = (value / count for value in (part.texts, part.tokens, 1e3 * part.seconds))
        yield "| {} | {:.2f} | {:.0f} | {:.1f} |".format(name, *each)
    beside = seconds - sum(part.seconds for part in parts.values())
    yield f"| beside the models | | | {1e3 * beside / count:.1f} |\n| in all | | | {1e3 * seconds / count:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="of so many questions one is asked")
    parser.add_argument("--profile", action="store_true", help="print the dearest functions in Python")
    given = parser.parse_args()
    parts: defaultdict[str, Part] = defaultdict(Part)
    counting(parts)
    for name, folder in SETS.items():
        cases = load([ROOT / "gold" / f"{name}.jsonl"])
        profile = cProfile.Profile()
        with tempfile.TemporaryDirectory() as place:
            assistant = Assistant.open(folder, index=f"{place}/index", added=False)
            asked(assistant, cases[1 : 1 + _WARM])
            parts.clear()
            run = profile.runcall if given.profile else lambda ask, *what: ask(*what)
            seconds = run(asked, assistant, cases[:: given.every])
        print(name, *table(parts, seconds, len(cases[:: given.every])), sep="\n", flush=True)
        if given.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(_DEAREST)


if __name__ == "__main__":
    main()
