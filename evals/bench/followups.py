"""How many follow-ups find their paragraph among the first five, and what a chat costs a question of another topic.

    python -m evals.bench.followups DATA [--folder DIR]
    python -m evals.bench.sweep qa.question.followups.FEW_IN_CHAT=3,4,5 -- evals.bench.followups DATA --folder DIR

DATA holds `multihop_rag_500` and `xquad_dev` as for `evals.training.calibrate`; the follow-ups are those of
`evals/questions/*_chats.jsonl`, completed by the rules alone. Each question of the files beside them is asked after the
chat of a follow-up, which it has nothing to do with. What was indexed is kept in --folder.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.training.calibrate import OWN, file_name, indexed, read
from qa.model.read import bundled as reader
from qa.question.followups import leans, standalone
from qa.question.turns import as_turns, leant_on
from qa.retrieve import Retriever

QUESTIONS = OWN / "evals" / "questions"
SETS = (("news", "multihop_rag_500/docs.jsonl"), ("xquad_es", "xquad_dev/docs_es.jsonl"))
FIRST = 5
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--folder", type=Path, help="where the indexes are kept")
    asked = parser.parse_args()
    print("| | follow-ups found | another topic, alone | after a chat |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        for name, docs in SETS:
            retriever = indexed(read(asked.data / docs), (asked.folder or Path(scratch)) / docs.replace("/", "_"))
            chats, others = (_answerable(QUESTIONS / f"{name}{kind}.jsonl") for kind in ("_chats", ""))
            found = sum(_found(retriever, row, row["history"]) for row in chats)
            alone = sum(_found(retriever, row, ()) for row in others)
            after = sum(_found(retriever, row, chats[n % len(chats)]["history"]) for n, row in enumerate(others))
            print(f"| {name} | {found} of {len(chats)} | {alone} of {len(others)} | {after} |", flush=True)


def _answerable(path: Path) -> list[Row]:
    return [row for row in read(path) if row["answerable"] and row["gold"]]


def _found(retriever: Retriever, row: Row, history: Sequence[dict[str, str]]) -> bool:
    """Whether a right paragraph is among the first, when the question is asked after the chat."""
    question = row["question"]
    turns = leant_on(as_turns(history), retriever.embedder)
    whole = standalone(question, turns, reader().words) if leans(question) else question
    query = retriever.query(whole, question if whole != question else None)
    right = {f"{file_name(one['doc_id'])}#p{one['para'] + 1}" for one in row["gold"]}
    return any(evidence.address in right for evidence in retriever.retrieve(query, FIRST))


if __name__ == "__main__":
    main()
