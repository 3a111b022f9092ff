"""Which names are people's, places' and bodies', and what articles name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import Assistant
from qa.answer import named

QUARRY = """Quarry at Dunmarrow to close
3 March 2024
The stone firm Kellbrook will close its quarry at Dunmarrow in June, its director, Oonagh Pratt, 51, said on Friday.
Pratt said that 40 people would lose their jobs. The Stoneworkers Union called a meeting in Carrick Hall.
Her deputy, Lucian Abara, will look after the site. It lies below Tarn Crag.
"""
PUERTO = """El puerto de Valdemar tendrá una grúa nueva
7 de mayo de 2024
La Autoridad Portuaria de Valdemar comprará una grúa de 12 millones de euros, dijo su presidenta, Amaya Lizarraga.
El alcalde de Valdemar, Rogelio Cifuentes, criticó la compra.
"""


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("named")
    (folder / "quarry.txt").write_text(QUARRY.replace("\n", "\n\n"), encoding="utf-8")
    (folder / "puerto.txt").write_text(PUERTO.replace("\n", "\n\n"), encoding="utf-8")
    with Assistant.open(folder, added=False) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "sentence", "kind"),
    [
        ("Oskar Lindqvist", "The engineer Oskar Lindqvist said that the dam would hold.", "person"),
        ("Marisa Quintela", "La jueza Marisa Quintela dictó la sentencia el lunes.", "person"),
        ("Brackenford", "The road to Brackenford was closed by snow.", "place"),
        ("Harlow Shipping Group", "The contract went to Harlow Shipping Group.", "body"),
    ],
)
def test_a_name_is_told_by_itself_and_by_what_stands_around_it(name: str, sentence: str, kind: str) -> None:
    at = sentence.index(name)
    likely = named.kinds(name, [(sentence, at, at + len(name))])
    assert max(likely, key=lambda one: likely[one]) == kind
    assert sum(likely.values()) == pytest.approx(1)


def test_people_are_listed_each_once_and_under_their_names(assistant: Assistant) -> None:
    answer = assistant.ask("List the people")
    assert answer.listed
    assert {"Oonagh Pratt", "Lucian Abara", "Amaya Lizarraga", "Rogelio Cifuentes"} == {
        name for claim in answer.claims for name in claim.under.split(", ")
    }
    assert all(claim.status == "verified" for claim in answer.claims)
    assert "Pratt, Pratt" not in answer.reason


def test_people_of_one_article_are_only_those(assistant: Assistant) -> None:
    answer = assistant.ask("Which people are named in the article about the quarry?")
    assert "Oonagh Pratt" in answer.reason
    assert {citation.file for citation in answer.citations} == {"quarry.txt"}


def test_bodies_are_no_people(assistant: Assistant) -> None:
    answer = assistant.ask("Which organisations are mentioned?")
    assert "Autoridad Portuaria" in answer.reason
    assert "Pratt" not in answer.reason


def test_days_are_listed_from_short_sentences_too(assistant: Assistant) -> None:
    answer = assistant.ask("List the dates")
    assert [claim.under for claim in answer.claims] == ["1 March 2024"]  # "on Friday", before 3 March
