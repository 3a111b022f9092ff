"""The article that is meant by its day, its length or its place in the list; the sources of the articles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import Assistant
from qa.question import which

ARTICLES = {
    "a-mill.md": ("2023-05-02", "Ledger of Orm", "The mill at Orm will be a school. " * 3),
    "b-dam.md": (
        "2024-01-09",
        "Kelm Courier",
        "The dam above Kelm leaks, and the valley is afraid of the spring. " * 6,
    ),
    "c-bells.md": ("2022-11-20", "Kelm Courier", "The bells of Kelm are silent now."),
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("which")
    for name, (day, source, text) in ARTICLES.items():
        (folder / name).write_text(f"---\ndate: {day}\nsource: {source}\n---\n\n{text}\n", encoding="utf-8")
    with Assistant.open(folder, added=False) as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "file", "reason"),
    [
        ("Which article is the longest?", "b-dam.md", "longest of the 3"),
        ("which is the shortest article", "c-bells.md", "shortest of the 3"),
        ("Summarise the newest article", "b-dam.md", "newest of the 3"),
        ("What is the oldest story about?", "c-bells.md", "oldest of the 3"),
        ("summary of article 2", "a-mill.md", "Article 2 of 3"),
        ("Summarise the third article", "c-bells.md", "Article 3 of 3"),
        ("resume el artículo más antiguo", "c-bells.md", "más antiguo"),
        ("¿Cuál es la noticia más reciente?", "b-dam.md", "más reciente"),
    ],
)
def test_an_article_is_meant_by_its_day_length_or_place(
    assistant: Assistant, question: str, file: str, reason: str
) -> None:
    answer = assistant.ask(question)
    assert {citation.file for citation in answer.citations} == {file}
    assert reason in answer.reason


def test_the_list_is_counted_from_the_newest_as_it_is_shown(assistant: Assistant) -> None:
    articles = {row.file: row for row in assistant.store.articles()}
    assert which.listed(articles) == ["b-dam.md", "a-mill.md", "c-bells.md"]
    shown = [claim.citations[0].file for claim in assistant.ask("List the articles").claims]
    assert shown == which.listed(articles)


@pytest.mark.parametrize("text", ["in 3 sentences", "the article about 12 dogs", "the article on 3 May", "article 9"])
def test_no_other_number_is_a_place(assistant: Assistant, text: str) -> None:
    articles = {row.file: row for row in assistant.store.articles()}
    assert which.chosen(text, "en", articles, dict) is None


def test_sources_are_told_with_how_many_articles_each(assistant: Assistant) -> None:
    answer = assistant.ask("Which newspapers are these from?")
    assert "Kelm Courier (2), Ledger of Orm (1)" in answer.reason
    assert [claim.under for claim in answer.claims] == ["Kelm Courier", "Ledger of Orm"]
