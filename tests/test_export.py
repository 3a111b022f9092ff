from __future__ import annotations

import json

from qa import Assistant
from qa.export import answer_json, batch_json


def test_the_whole_answer_can_be_written_as_json(seeds: Assistant) -> None:
    for question in ("Who led the delegation to Kabul?", "Who won the football world cup?"):
        answer = seeds.ask(question)
        read = json.loads(json.dumps(answer_json(answer)))
        assert read["text"] == answer.text
        assert len(read["retrieved"]) == 10
        assert [c["anchor"] for c in read["citations"]] == [c.paragraph.anchor for c in answer.citations]


def test_the_batch_layout_is_the_contract(seeds: Assistant) -> None:
    row = batch_json(seeds.ask("Who led the delegation to Kabul?"), seconds=0.5)
    assert list(row) == ["status", "answer", "short_answer", "confidence", "conflict", "reason", "claims", "citations",
                         "removed", "retrieved", "model", "seconds"]  # fmt: skip
    assert set(row["claims"][0]) == {"text", "status", "citations"}
    assert set(row["citations"][0]) == {"file", "paragraph", "start", "end", "quote", "status"}
    assert set(row["retrieved"][0]) == {"file", "paragraph", "score"}
    for claim in row["claims"]:
        assert all(0 <= i < len(row["citations"]) for i in claim["citations"])
