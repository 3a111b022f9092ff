"""Requests for what an article, the folder or a day is about, and which questions are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import SEEDS
from qa import Assistant
from qa.model.embed import bundled
from qa.question import requests
from qa.testing import ScriptedModel

EVALS = Path(__file__).parent.parent / "evals"
COAST = Path(EVALS / "ordinary")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Summarize the piece on the new lighthouse", "article"),
        ("could you sum up the article about the orchard fire for me", "article"),
        ("Resume la noticia sobre el faro nuevo", "article"),
        ("Fasse den Artikel über den Leuchtturm zusammen", "article"),
        ("what is this folder about??", "folder"),
        ("Worum geht es in diesen Artikeln?", "folder"),
        ("Dame un resumen de todos los textos", "folder"),
        ("What happened on 9 October 2023?", "day"),
        ("¿Qué pasó el 9 de octubre de 2023?", "day"),
        ("What happened at the lighthouse on 9 October 2023?", None),
        ("good evening!", "nothing"),
        ("muchísimas gracias por todo", "nothing"),
        ("Vielen Dank!", "nothing"),
        ("I am writing about the lighthouse. How tall is it?", None),
        ("Why?", None),
        ("Who built the lighthouse?", None),
        ("What happened to the keeper of the lighthouse?", None),
        ("Which article says that the lighthouse is sold?", None),
        ("¿Quién compró el faro?", None),
    ],
)
def test_requests_are_told_from_questions(text: str, kind: str | None) -> None:
    assert requests.kind(text, bundled()) == kind


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_few_ordinary_questions_are_taken_for_requests() -> None:
    gold = [row for name in ("seeds", "ordinary") for row in rows(EVALS / "gold" / f"{name}.jsonl")]
    asked = [row["question"] for row in gold if row["kind"] not in ("summary", "small-talk", "list")]
    for folder in rows(EVALS / "questions" / "folders.jsonl"):
        asked += [question for question, _, _ in folder["answerable"]]
    taken = [question for question in asked if requests.kind(question, bundled())]
    assert len(asked) > 500
    assert len(taken) <= 4, taken


def test_an_article_is_summed_up_in_its_own_sentences(seeds: Assistant) -> None:
    answer = seeds.ask("Summarise the article about the deportation of Afghan migrants")
    assert answer.status == "answered"
    assert 3 <= len(answer.claims) <= 5
    assert {citation.file for citation in answer.citations} == {"002_7f54b19aedd2aafd.txt"}
    places = [claim.citations[0].start for claim in answer.claims]
    assert places == sorted(places)


def test_an_article_is_summed_up_by_the_name_of_its_file(seeds: Assistant) -> None:
    answer = seeds.ask("Summarise 004_1d7981e0e1efbe65.txt")
    assert {citation.file for citation in answer.citations} == {"004_1d7981e0e1efbe65.txt"}


def test_a_summary_of_what_is_not_there_is_refused(seeds: Assistant) -> None:
    assert seeds.ask("Summarise the article about the moon landing").status == "refused"


def test_the_folder_is_told_by_the_first_sentence_of_each_article(seeds: Assistant) -> None:
    answer = seeds.ask("What are these articles about?")
    assert len({citation.file for citation in answer.citations}) == len(list(SEEDS.glob("*.txt")))


def test_a_day_is_told_by_what_was_published_on_it_or_names_it() -> None:
    with Assistant.open(COAST, added=False) as assistant:
        answer = assistant.ask("What happened on 6 February 2025?")
    assert answer.status == "answered"
    assert "fire" in answer.text
    assert "2025-02-06" in answer.citations[0].file or answer.citations[0].published


def test_a_model_writes_the_summary_and_is_checked() -> None:
    replies = ["Abbas Araghchi led a delegation to Kabul in February. [{key:1}] The wall cost 12 euros. [{key:1}]"]
    with Assistant.open(SEEDS, model=ScriptedModel(replies), added=False) as assistant:
        answer = assistant.ask("Summarise the article about Afghan migrants")
    assert "12 euros" not in answer.text
    assert answer.claims


@pytest.mark.parametrize(
    "text", ["hi", "?", "🙂", "asdf ghjk", "gracias", "good morning", "Guten Tag", "merci beaucoup"]
)
def test_what_asks_for_nothing_gets_a_word_on_what_can_be_asked(seeds: Assistant, text: str) -> None:
    answer = seeds.ask(text)
    assert (answer.status, answer.claims, answer.confidence) == ("clarify", (), 0.0)
    assert "5" in answer.reason


@pytest.mark.parametrize("text", ["Iraq", "migrants", "Iran visit", "help for migrants"])
def test_a_word_of_the_folder_is_searched(seeds: Assistant, text: str) -> None:
    assert "Ask what" not in seeds.ask(text).reason
