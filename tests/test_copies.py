"""One wire story in four files is one piece of evidence; a changed number is a second one."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SEEDS
from qa import Assistant
from qa.index.copies import apart, copied, folded, signature
from qa.index.store import IndexedParagraph
from qa.language.text import stems
from qa.types import Evidence

WIRE = (
    "Mayor Ilse Brandt said on Saturday that 14 boats were lost in the harbour of Valdenia "
    "and that the city council will pay the crews for their work."
)


@dataclass(frozen=True)
class Shown:
    row: IndexedParagraph
    about: str


def row(text: str, *, address: str = "a.txt#p1", published: date | None = None, about: str = "Storm") -> Shown:
    tokens = stems(text, "en")
    return Shown(
        IndexedParagraph(
            address=address, file=address.partition("#")[0], revision="r", number=1, start=0, end=len(text), page=None,
            sentences=1, kind="paragraph", text=text, search=" ".join(tokens), found="", signature=signature(tokens),
            language="en", published=published, source=None,
        ),
        about,
    )  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        WIRE,
        WIRE.replace("city council", "council"),
        WIRE.removesuffix(" for their work.") + ".",
        WIRE.replace(" will pay", "  will\npay"),
    ],
)
def test_the_same_words_or_some_left_out_are_a_copy(other: str) -> None:
    assert copied(row(WIRE), row(other))
    assert copied(row(other), row(WIRE))


@pytest.mark.parametrize(
    "other",
    [
        WIRE.replace("14", "41"),
        WIRE.replace("14", "fifteen"),
        WIRE.replace("Saturday", "Sunday"),
        WIRE.replace("Brandt", "Brand"),
        WIRE.replace("Valdenia", "Marenda"),
        WIRE.replace("will pay", "will not pay"),
        WIRE.replace("will pay", "won't pay"),
        WIRE.replace("will pay", "refused to pay"),
        WIRE.replace("lost", "saved"),
        "The harbour reopened after the storm, and the ferry runs again.",
    ],
)
def test_what_may_be_a_disagreement_is_no_copy(other: str) -> None:
    assert not copied(row(WIRE), row(other))
    assert not copied(row(other), row(WIRE))


def test_a_weekday_is_another_day_a_week_later() -> None:
    day, next_day, week = (row(WIRE, published=date(2024, 3, day)) for day in (3, 4, 11))
    assert copied(day, next_day)
    assert copied(day, row(WIRE))
    assert not copied(day, week)


def test_few_words_are_a_copy_only_in_articles_about_the_same() -> None:
    short = "He thanked the staff."
    assert copied(row(short), row(short))
    assert not copied(row(short), row(short, about="Another minister's visit"))


def test_the_earliest_published_is_shown() -> None:
    rows = [row(WIRE, address="c", published=None), row("Another thing.", address="x"),
            row(WIRE, address="b", published=date(2024, 3, 4)),
            row(WIRE, address="a", published=date(2024, 3, 3))]  # fmt: skip
    assert [[one.row.address for one in group] for group in folded(rows)] == [["a", "b", "c"], ["x"]]


@given(st.lists(st.text("abcdefgh", min_size=1), max_size=30), st.randoms())
def test_a_signature_knows_neither_order_nor_repetition(tokens: list[str], shuffled: random.Random) -> None:
    other = [*tokens, *tokens]
    shuffled.shuffle(other)
    assert signature(tokens) == signature(other)
    assert -(2**63) <= signature(tokens) < 2**63


def test_signatures_are_near_where_words_are_shared() -> None:
    words = [f"word{n}" for n in range(50)]
    shared = [words[:45] + [f"other{n}.{k}" for k in range(5)] for n in range(20)]  # 45 of 55 tokens
    distances = [apart(signature(words), signature(other)) for other in shared]
    assert max(distances) <= 20
    assert 20 < apart(signature(words), signature([f"else{n}" for n in range(50)])) <= 64


def files(evidence: Evidence) -> list[str]:
    return sorted(address.partition("#")[0] for address in (evidence.address, *evidence.copies))


@pytest.fixture(scope="module")
def wires(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """One of the seeds four times, and once more with another day in its second paragraph."""
    place = tmp_path_factory.mktemp("wires") / "articles"
    place.mkdir()
    text = (SEEDS / "004_1d7981e0e1efbe65.txt").read_text(encoding="utf-8")
    assert text.count("30 de noviembre") == 1
    for name in ("1.txt", "2.txt", "3.txt", "4.txt"):
        (place / name).write_text(text, encoding="utf-8")
    (place / "5.txt").write_text(text.replace("30 de noviembre", "23 de noviembre"), encoding="utf-8")
    return Assistant.open(place)


def test_copies_do_not_fill_the_top_ten(wires: Assistant) -> None:
    found = wires.retrieve("¿Con qué ministro sirio se reunió Pezeshkian?", 10)
    assert len(found) == len({e.paragraph.text for e in found}) == 7
    assert sorted(len(files(e)) for e in found) == [1, 4, 5, 5, 5, 5, 5]
    assert [e.score for e in found] == sorted((e.score for e in found), reverse=True)
    assert [e.rank for e in found] == [1, 2, 3, 4, 5, 6, 7]


def test_a_changed_day_stays_visible(wires: Assistant) -> None:
    found = wires.retrieve("¿Qué día se reunió Pezeshkian con el ministro sirio?", 10)
    assert ["5.txt"] in [files(e) for e in found if "23 de noviembre" in e.paragraph.text]


def test_a_citation_names_the_copies(wires: Assistant) -> None:
    answer = wires.ask("¿Qué invitación transmitió el ministro sirio?")
    assert answer.status == "answered"
    assert len(answer.citations[0].copies) == 4


def test_a_changed_number_stays_evidence_of_its_own(tmp_path: Path) -> None:
    place = tmp_path / "articles"
    place.mkdir()
    for n, text in enumerate((WIRE, WIRE, WIRE.replace("14", "41"), WIRE)):
        (place / f"{n}.txt").write_text(f"Harbour of Valdenia reopens\n\n{text}\n", encoding="utf-8")
    found = [e for e in Assistant.open(place).retrieve("How many boats were lost?") if "boats" in e.paragraph.text]
    groups = sorted(files(e) for e in found)
    assert groups == [["0.txt", "1.txt", "3.txt"], ["2.txt"]]


def test_many_copies_leave_room_for_others(tmp_path: Path) -> None:
    place = tmp_path / "articles"
    place.mkdir()
    for n in range(70):  # more than are looked at first
        (place / f"{n}.txt").write_text(f"{WIRE}\n", encoding="utf-8")
    (place / "other.txt").write_text("The boats of another town were repaired by volunteers.\n", encoding="utf-8")
    found = Assistant.open(place).retrieve("How many boats were lost?", 10)
    assert len(found) == 2
    assert len(found[0].copies) == 69
    assert found[1].paragraph.file == "other.txt"
