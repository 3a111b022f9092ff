from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from qa import Assistant
from qa.errors import UsageError
from qa.index.okapi import bm25
from qa.retrieve import standard
from qa.types import Filters


def test_bm25_rewards_rare_tokens_and_short_texts() -> None:
    weights = {"storm": 2.0, "harbour": 1.0}
    assert bm25(["storm"], weights, 2.0) > bm25(["harbour"], weights, 2.0) > 0
    assert bm25(["storm"], weights, 2.0) > bm25(["storm", *["other"] * 9], weights, 2.0)
    assert bm25(["other"], weights, 2.0) == 0
    # by hand: idf 2, tf 1, length 2 of mean 2: 2 * 1 * 2.2 / (1 + 1.2)
    assert bm25(["storm", "x"], {"storm": 2.0}, 2.0) == pytest.approx(2.0)


def test_z_scores_of_equal_scores_are_zero() -> None:
    assert standard(np.array([3.0, 3.0])).tolist() == [0.0, 0.0]
    assert standard(np.array([1.0, 3.0])).tolist() == [-1.0, 1.0]


@pytest.mark.parametrize(
    ("question", "address"),
    [
        ("Who led the delegation to Kabul?", "002_7f54b19aedd2aafd.txt#p18"),
        ("¿Qué invitación transmitió el ministro sirio?", "004_1d7981e0e1efbe65.txt#p6"),
        ("What invitation did the Syrian minister pass on?", "004_1d7981e0e1efbe65.txt#p6"),  # across languages
        ("¿Quién encabezó la delegación a Kabul en febrero?", "002_7f54b19aedd2aafd.txt#p18"),
    ],
)
def test_the_right_paragraph_comes_first(seeds: Assistant, question: str, address: str) -> None:
    assert seeds.retrieve(question, 3)[0].address == address


def test_evidence_is_ranked_scored_and_whole(seeds: Assistant) -> None:
    found = seeds.retrieve("How many Afghans were deported?", 5)
    assert [e.rank for e in found] == [1, 2, 3, 4, 5]
    assert [e.score for e in found] == sorted((e.score for e in found), reverse=True)
    for e in found:
        assert 0 <= e.score <= 1
        for match in e.sentences:
            start = match.sentence.start - e.paragraph.start
            assert e.paragraph.text[start : start + len(match.sentence.text)] == match.sentence.text


def test_the_revision_tells_what_is_indexed(seeds: Assistant) -> None:
    revision = seeds.ask("Who is Bagheri?").index_revision
    assert len(revision) == 12
    assert seeds.ask("Who is Shoigu?").index_revision == revision


def test_filters_name_sources_and_languages_as_people_write_them(tmp_path: Path) -> None:
    place = tmp_path / "articles"
    place.mkdir()
    (place / "a.md").write_text(
        "---\ntitle: Storm\nsource: Reuters\ndate: 2024-03-03\n---\nThe storm closed the harbour.\n", encoding="utf-8"
    )
    (place / "b.md").write_text(
        "---\ntitle: Tormenta\nsource: EFE\ndate: 2024-03-05\n---\nLa tormenta cerró el puerto de la ciudad.\n",
        encoding="utf-8",
    )
    assistant = Assistant.open(place)

    def files(filters: Filters | None) -> set[str]:
        return {e.paragraph.file for e in assistant.retrieve("What closed the harbour?", filters=filters)}

    assert files(None) == files(Filters()) == {"a.md", "b.md"}
    assert files(Filters(sources=("reuters",))) == {"a.md"}
    assert files(Filters(languages=("ES",))) == {"b.md"}
    assert files(Filters(since=date(2024, 3, 4))) == {"b.md"}
    assert files(Filters(sources=("EFE",), languages=("en",))) == set()
    answer = assistant.ask("What closed the harbour?", filters=Filters(sources=("Reuters",)))
    assert {c.file for c in answer.citations} == {e.paragraph.file for e in answer.retrieved} == {"a.md"}
    with pytest.raises(UsageError, match="No article has the source 'AP'; those there are: EFE, Reuters"):
        assistant.retrieve("What?", filters=Filters(sources=("AP",)))
    with pytest.raises(UsageError, match="No article has the language 'fr'; those there are: en, es"):
        assistant.ask("What closed it?", filters=Filters(languages=("fr",)))


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """The same report of three months, and one of a past event."""
    place = tmp_path_factory.mktemp("council") / "articles"
    place.mkdir()
    for month, sum_ in (("2024-01", "four"), ("2024-02", "six"), ("2024-03", "nine")):
        (place / f"{month}.md").write_text(
            f"---\ntitle: The council of Valdenia meets\nsource: Harbour Post\ndate: {month}-12\n---\n"
            f"On Monday the council of Valdenia voted to give {sum_} million crowns to the harbour.\n",
            encoding="utf-8",
        )
    (place / "past.md").write_text(
        "---\ntitle: How the harbour was built\ndate: 2024-03-20\n---\n"
        "The council of Valdenia gave two million crowns to the harbour on 7 July 2019.\n",
        encoding="utf-8",
    )
    return Assistant.open(place)


@pytest.mark.parametrize(
    ("question", "file"),
    [
        ("How much did the council of Valdenia give to the harbour in January 2024?", "2024-01.md"),
        ("How much did the council of Valdenia give to the harbour in February?", "2024-02.md"),
        ("How much did the council of Valdenia give to the harbour on 11 March 2024?", "2024-03.md"),  # "on Monday"
        ("How much did the council of Valdenia give to the harbour in July 2019?", "past.md"),
        ("How much did the council of Valdenia give to the harbour before 2020?", "past.md"),
        ("How much did the council of Valdenia give to the harbour last month?", "2024-02.md"),
        ("¿Cuánto dio el concejo de Valdenia al puerto el mes pasado?", "2024-02.md"),
        ("What is the latest that the council of Valdenia voted to give to the harbour?", "2024-03.md"),
    ],
)
def test_a_date_in_the_question_lifts_what_is_of_that_time_and_hides_nothing(
    council: Assistant, question: str, file: str
) -> None:
    found = council.retrieve(question, as_of=date(2024, 3, 15))
    assert found[0].paragraph.file == file
    assert {e.paragraph.file for e in found} == {"2024-01.md", "2024-02.md", "2024-03.md", "past.md"}


class FlatEmbedder:
    """To which every text is alike."""

    identity, dim = "flat", 8

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(self.query(""), (len(texts), 1))

    def query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = np.eye(8, dtype=np.float32)[0]
        return vector


def test_a_date_or_source_finds_an_article_behind_hundreds_that_are_as_alike(tmp_path: Path) -> None:
    place = tmp_path / "articles"
    place.mkdir()
    for n in range(300):
        day = f"2023-{n % 12 + 1:02}-{n % 28 + 1:02}" if n < 299 else "2024-05-05"
        source = "Post" if n < 299 else "EFE"
        (place / f"{n:03}.md").write_text(
            f"---\ndate: {day}\nsource: {source}\n---\nThe council voted on item {n}.\n", encoding="utf-8"
        )
    assistant = Assistant.open(place, embedder=FlatEmbedder())
    asked = "What did the council vote"
    assert "299.md" not in {e.paragraph.file for e in assistant.retrieve(f"{asked}?", 10)}
    for question in (f"{asked} in May 2024?", f"{asked}, according to EFE?"):
        assert assistant.retrieve(question, 10)[0].paragraph.file == "299.md"


def test_a_paragraph_is_found_by_its_article_s_title_and_source(council: Assistant, tmp_path: Path) -> None:
    place = tmp_path / "articles"
    place.mkdir()
    for town, agency in (("Valdenia", "Harbour Post"), ("Marenda", "EFE")):
        (place / f"{town}.md").write_text(
            f"---\ntitle: Storm closes the port of {town}\nsource: {agency}\n---\n"
            "The repair is expected to take three weeks, an engineer said.\n\nHe also thanked the crews.\n",
            encoding="utf-8",
        )
    assistant = Assistant.open(place)
    for question, file in (
        ("How long will the repair of the port of Marenda take?", "Marenda.md"),
        ("How long will the repair of the port of Valdenia take?", "Valdenia.md"),
        ("How long will the repair take, as EFE reports?", "Marenda.md"),
    ):
        first = assistant.retrieve(question)[0]
        assert (first.paragraph.file, "three weeks" in first.paragraph.text) == (file, True)
