from __future__ import annotations

import json
import re
from typing import Any

import gallery

from qa import Answer, Assistant
from qa.serve.export import answer_json, batch_json, chat_html, chat_json, chat_markdown, chat_text


def test_the_whole_answer_can_be_written_as_json(seeds: Assistant) -> None:
    for question in ("Who led the delegation to Kabul?", "Who won the football world cup?"):
        answer = seeds.ask(question)
        read = json.loads(json.dumps(answer_json(answer)))
        assert read["text"] == answer.text
        assert len(read["retrieved"]) == 10
        assert [c["anchor"] for c in read["citations"]] == [c.paragraph.anchor for c in answer.citations]


def test_the_batch_layout_is_the_contract(seeds: Assistant) -> None:
    row = batch_json(seeds.ask("Who led the delegation to Kabul?"), seconds=0.5)
    assert list(row) == ["status", "answer", "short_answer", "confidence", "judged", "conflict", "reason", "claims",
                         "citations", "removed", "retrieved", "model", "seconds"]  # fmt: skip
    assert set(row["claims"][0]) == {"text", "status", "citations"}
    assert set(row["citations"][0]) == {"file", "paragraph", "start", "end", "quote", "status"}
    assert set(row["retrieved"][0]) == {"file", "paragraph", "score"}
    for claim in row["claims"]:
        assert all(0 <= i < len(row["citations"]) for i in claim["citations"])


def chat_of(answer: Answer) -> dict[str, Any]:
    turn = {"question": answer.question, "time": "2025-07-26T10:00:00+00:00", "as_of": None,
            "answer": answer_json(answer), "error": None, "id": "t", "feedback": "good"}  # fmt: skip
    return {"id": "c", "title": answer.question, "changed": 1.0, "turns": [turn]}


def test_a_chat_as_markdown_numbers_its_references_and_quotes_them(seeds: Assistant) -> None:
    text = chat_markdown(chat_of(seeds.ask("Who led the delegation to Kabul?")))
    assert text.startswith("# Who led the delegation to Kabul?\n\n## Who led")
    assert "regional interests. \\[1\\]" in text
    assert "1. 002\\_7f54b19aedd2aafd.txt ¶18\n   > In February, Foreign Minister" in text


def test_each_state_can_be_exported(seeds: Assistant) -> None:
    for name, answer in gallery.answers(seeds).items():
        turn = {"question": "Who?", "answer": None, "error": answer}
        chat = chat_of(answer) if isinstance(answer, Answer) else {"title": "Who?", "turns": [turn]}
        for text in (chat_markdown(chat), chat_html(chat), chat_text(chat), chat_json(chat)):
            assert text.endswith("\n") or "</html>" in text, name


def test_an_exported_page_needs_no_other_file_and_escapes_all(seeds: Assistant) -> None:
    chat = chat_of(seeds.ask("Who led the delegation to Kabul?"))
    chat["title"] = chat["turns"][0]["question"] = "<script>alert(1)</script> ![x](javascript:y)"
    html = chat_html(chat)
    assert "<script" not in html
    assert not re.findall(r"(?:src|href)=\"(?!#)", html)
    assert '<li id="t1-1" value="1">' in html
    assert not re.search(r"(?<!\\)<script|!\[x", chat_markdown(chat))


def test_a_chat_as_json_holds_the_answers_and_nothing_of_the_page(seeds: Assistant) -> None:
    answer = seeds.ask("Who won the football world cup?")
    read = json.loads(chat_json(chat_of(answer)))
    assert list(read) == ["title", "turns"]
    assert list(read["turns"][0]) == ["question", "time", "as_of", "answer", "error"]
    assert read["turns"][0]["answer"] == json.loads(json.dumps(answer_json(answer)))
