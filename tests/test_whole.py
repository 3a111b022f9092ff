"""Which articles, how many, list all: every article that is asked for, each with its words, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import Assistant
from qa.answer.folder_wide import Whole, names_bearer, whole
from qa.cli import main
from qa.index.store import IndexedArticle
from qa.language.names import name_keys, named_in, spelled
from qa.serve.export import answer_json
from qa.types import Filters

SPEECH, SHOIGU, TALIBAN, CALL, SYRIA = (
    "000_adb1a9a8aa5c90c3.txt", "001_5fff2df597b28f4a.txt", "002_7f54b19aedd2aafd.txt", "003_3efcbe499afa60fc.txt",
    "004_1d7981e0e1efbe65.txt",
)  # fmt: skip
KNOWN = {
    "a.txt": IndexedArticle("a.txt", None, date(2024, 5, 2), "en", "MNA/IRNA", lead="", names="", sha256=""),
    "b.txt": IndexedArticle("b.txt", None, None, "es", None, lead="", names="", sha256=""),
}


def read(question: str) -> Whole | None:
    return whole(question, KNOWN, today=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("question", "files", "reason"),
    [
        ("Which articles mention Shoigu?", [SHOIGU], "1 of 5 articles mentions Shoigu."),
        ("How many articles mention Khamenei?", [SPEECH], "1 of 5 articles mentions Khamenei."),
        ("List all articles that mention Masoud Pezeshkian.", [SPEECH, CALL, SHOIGU, SYRIA], "4 of 5"),
        ("List all articles that mention Shoigu and Haniyeh", [SHOIGU], "mentions Shoigu and Haniyeh"),
        ("Which articles mention Shoigu or Rashid?", [CALL, SHOIGU], "2 of 5 articles mention Shoigu or Rashid."),
        ("How many articles are about Afghan migrants?", [TALIBAN], "Common words are not translated"),
        ("In which articles is the UN mentioned?", [SPEECH, TALIBAN], "2 of 5 articles mention the UN."),
        ("Which articles are from IRNA?", [SPEECH], "1 of 5 articles is from IRNA."),
        ("Which articles are in Spanish?", [SYRIA], "1 of 5 articles is in Spanish."),
        ("Which articles were published in 2025?", [SPEECH, CALL], "2 of 5 articles were published in 2025."),
        ("Which articles from 2025 mention Gaza?", [SPEECH], "1 of 2 articles from 2025 mentions Gaza."),
        ("Which Spanish articles mention Syria?", [SYRIA], "1 of 1 article in Spanish mentions Syria."),
        ("¿Qué artículos mencionan a Jamenei?", [SPEECH], "1 de 5 artículos menciona a Jamenei."),
        ("¿Cuántos artículos hablan de Irak?", [CALL, TALIBAN], "2 de 5 artículos mencionan Irak."),
        ("¿Qué artículos hay sobre la prisión de Evin?", [SPEECH], "menciona la prisión de Evin."),
        ("Enumera todos los artículos que mencionan a Shoigu y a Bagheri", [SHOIGU], "menciona a Shoigu y a Bagheri"),
    ],
)  # fmt: skip
def test_every_article_and_no_other_is_cited(seeds: Assistant, question: str, files: list[str], reason: str) -> None:
    answer = seeds.ask(question)
    assert list(dict.fromkeys(citation.file for citation in answer.citations)) == files
    assert answer.status == "answered"
    assert {claim.status for claim in answer.claims} == {"verified"}
    assert answer.short_answer.split()[0] == str(len(files))
    assert reason in answer.reason


def test_none_is_a_refusal_that_says_what_was_searched(seeds: Assistant) -> None:
    answer = seeds.ask("Which articles mention Angela Merkel?")
    assert (answer.status, answer.reason, answer.claims) == ("refused", "No article mentions Angela Merkel.", ())
    assert answer.nearest
    assert seeds.ask("Which articles are from Reuters?").reason == "No article is from Reuters."
    assert seeds.ask("¿Qué artículos están en francés?").reason == "Ningún artículo está en francés."


@pytest.mark.parametrize(
    "question",
    [
        "Which article of the constitution mentions freedom of speech?",
        "How many articles of the treaty mention Iran?",
        "How many articles did he write?",
        "Which articles did Pezeshkian mention?",
        "How many articles does the constitution contain?",
        "How many articles are in the constitution?",
        "Which articles of the treaty did Iran violate?",
        "Which articles mention him?",
        "Which articles mention that Iran attacked Israel?",
        "Which articles mention Iran but not Russia?",
        "Which article is about to expire?",
        "What do the articles call the fighting between Iran and Israel?",
        "Which foreign officials did Pezeshkian meet or speak with by phone in these articles?",
        "How do the two reports describe the occasion?",
        "How many stories does the building have?",
        "List all countries that mention Iran",
        "¿Qué artículo de la Constitución menciona la libertad?",
        "¿Cuántos artículos escribió?",
        "¿Cuántos artículos tiene la Constitución?",
    ],
)
def test_an_ordinary_question_is_left_alone(question: str) -> None:
    assert read(question) is None


def test_no_gold_question_is_taken_for_one_over_the_whole_folder() -> None:
    lines = (Path(__file__).parent.parent / "evals" / "gold" / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [case["question"] for case in map(json.loads, lines) if not case["kind"].startswith("whole")]
    assert [question for question in asked if read(question)] == []


def test_what_is_to_pass_becomes_filters() -> None:
    asked = read("Which articles from IRNA in English mention Gaza?")
    assert asked is not None
    assert asked.filters == Filters(sources=("MNA/IRNA",), languages=("en",))
    asked = read("¿Qué artículos son de mayo de 2024?")
    assert asked is not None
    assert (asked.filters.since, asked.filters.until) == (date(2024, 5, 1), date(2024, 5, 31))


def test_a_last_name_alone_counts_only_where_the_article_names_the_bearer(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("Omar Kerrigan spoke in Valdenia. Later Kerrigan left.\n", encoding="utf-8")
    (folder / "b.txt").write_text("The envoy Kerrigan arrived in Valdenia on Monday.\n", encoding="utf-8")
    (folder / "c.txt").write_text("Kerrigan spoke first.\n\nIlse Kerrigan is an envoy.\n", encoding="utf-8")
    with Assistant.open(folder) as assistant:
        answer = assistant.ask("Which articles mention Ilse Kerrigan?")
        assert [citation.address for citation in answer.citations] == ["c.txt#p1"]


def test_copies_are_one_claim_that_names_them_all(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    words = "Mayor Ilse Brandt said that 14 boats were lost when the harbour of Valdenia flooded on Monday night.\n"
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(words, encoding="utf-8")
    with Assistant.open(folder) as assistant:
        answer = assistant.ask("How many articles mention Brandt?")
    assert answer.short_answer == "2 articles"
    assert [(c.address, c.copies) for c in answer.citations] == [("a.txt#p1", ("b.txt#p1",))]


def test_the_command_line_folds_what_json_has_whole(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for n in range(25):
        (folder / f"{n:02}.txt").write_text(
            f"In town number {n} Ilse Brandt opened bridge {n * 3}.\n", encoding="utf-8"
        )
    with Assistant.open(folder) as assistant:
        assert len(answer_json(assistant.ask("Which articles mention Brandt?"))["claims"]) == 25
    shown = CliRunner().invoke(main, ["ask", "Which articles mention Brandt?", "--folder", str(folder)]).output
    assert "… and 5 more; --json lists them all." in shown
    assert "25 of 25 articles mention Brandt." in shown


NAME = st.text(alphabet="abcdefghijklmnopqrstuvwyzáéíóúñ", min_size=3, max_size=9)


@settings(deadline=None)
@given(NAME, NAME)
def test_a_sieve_lets_every_spelling_through(a: str, b: str) -> None:
    assert re.search(spelled(a) or "", a, re.IGNORECASE)
    if name_keys(a) == name_keys(b):
        assert re.search(spelled(a) or "", b, re.IGNORECASE)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Khamenei", "el ayatolá Jamenei"),
        ("Masud", "Masoud Pezeshkian"),
        ("United Nations", "según la ONU"),
        ("IAEA", "the International Atomic Energy Agency"),
        ("International Atomic Energy Agency", "the IAEA said"),
        ("US", "the U.S. envoy"),
        ("Irán", "Iranian guards"),
    ],
)
def test_a_sieve_lets_through_what_is_another_name_of_the_same(name: str, text: str) -> None:
    assert named_in(name, text)
    assert re.search(spelled(name), text, re.IGNORECASE)


def test_a_sieve_holds_back_the_spanish_article() -> None:
    assert not re.search(spelled("UN"), "un hombre", re.IGNORECASE)


def test_a_last_name_stands_for_a_bearer_only_where_the_article_names_him() -> None:
    said = "Smith wrote about pins."
    assert names_bearer("Adam Smith", said, "en", "Adam Smith · Glasgow")
    assert not names_bearer("Adam Smith", said, "en", "Smith · Glasgow")
    assert not names_bearer("Adam Smith", said, "en", "")
