"""Sources that differ are both shown, newest first, and said to differ; copies, paraphrases and other facts are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import Answer, Assistant
from qa.answer.disagreement import sides
from qa.language.text import sentences, stems
from qa.testing import ScriptedModel
from qa.types import Evidence, Match, Paragraph, Query, Sentence

BORDER = (
    "A senior official said that 330 kilometres of the eastern border of Valdenia would be sealed off by the end of "
    "2024. The government of Valdenia has set aside 3 billion euros for the wall. Farmers fear for their pastures."
)
HARBOUR = "Mayor Ilse Brandt opened the new harbour of Marenda on 3 March 2024, before a crowd of two thousand people."
Ask = Callable[..., Answer]


def evidence(file: str, text: str) -> Evidence:
    spans = [Sentence(start, end, text[start:end]) for start, end in sentences(text, "en")]
    matches = tuple(Match(span, 0.9, tuple(stems(span.text, "en"))) for span in spans)
    return Evidence(Paragraph(file, 1, 0, len(text), text), 1, 0.9, 0.9, 0.9, sentences=matches)


def differing(question: str, text: str, other: str) -> list[str]:
    """The values that the two articles give, as far as the first one's first sentence answers."""
    first, second = evidence("a.txt", text), evidence("b.txt", other)
    return [side.value for side in sides(Query(question, question, "en"), first, (0, 10), [first, second])]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Asks a question over articles that are given as file=text."""

    def asked(question: str, replies: list[str] | None = None, **articles: str) -> Answer:
        folder = tmp_path / "articles"
        folder.mkdir()
        for name, text in articles.items():
            (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
        model = ScriptedModel(replies) if replies is not None else None
        return Assistant.open(folder, model=model, added=False).ask(question)

    return asked


@pytest.mark.parametrize(
    ("question", "text", "true", "other"),
    [
        ("How many kilometres of the border of Valdenia will be sealed?", BORDER, "330", "380"),
        ("How much money is set aside for the wall of Valdenia?", BORDER, "3 billion euros", "5 billion euros"),
        ("When did Brandt open the harbour of Marenda?", HARBOUR, "3 March 2024", "9 May 2024"),
        ("Who opened the new harbour of Marenda?", HARBOUR, "Ilse Brandt", "Ana Duarte"),
        ("What did the mayor open?", HARBOUR, "Marenda", "Lisboa"),
    ],
)
def test_both_values_are_shown_newest_first(ask: Ask, question: str, text: str, true: str, other: str) -> None:
    answer = ask(question, a=f"date 2025-07-01 {text}", b=f"date 2025-07-09 {text.replace(true, other)}")
    assert (answer.status, answer.conflict) == ("answered", True)
    assert [claim.citations[0].file for claim in answer.claims] == ["b.txt", "a.txt"]
    assert other in answer.claims[0].text
    assert true in answer.claims[1].text
    assert [claim.status for claim in answer.claims] == ["verified", "verified"]
    assert [citation.mark for citation in answer.citations] == [1, 2]
    assert answer.reason.startswith("The articles differ: ")
    assert "(9 July 2025)" in answer.reason
    assert "(1 July 2025)" in answer.reason
    assert [[claim.text[slice(*span)] for span in claim.differs or ()] for claim in answer.claims] == [[other], [true]]


def test_an_undated_article_comes_last(ask: Ask) -> None:
    answer = ask(
        "When did Brandt open the harbour?", a=HARBOUR, b="date 1999-01-01 " + HARBOUR.replace("3 March", "9 May")
    )
    assert [claim.citations[0].file for claim in answer.claims] == ["b.txt", "a.txt"]
    assert "undated" in answer.reason


def test_copies_of_one_side_are_one_claim_that_names_them(ask: Ask) -> None:
    question = "How many kilometres of the border of Valdenia will be sealed?"
    reworded = BORDER.replace("official said", "official stated")
    answer = ask(question, a=BORDER, b=reworded, c=BORDER.replace("330", "380"))
    assert answer.conflict
    assert len(answer.claims) == 2
    one = next(claim.citations[0] for claim in answer.claims if "330" in claim.text)
    assert {one.address, *one.copies} == {"a.txt#p1", "b.txt#p1"}


@pytest.mark.parametrize(
    "other",
    [
        BORDER,
        BORDER.replace("330 kilometres", "three hundred and thirty kilometres"),
        BORDER.replace("A senior official said", "On Monday a senior officer announced"),
        BORDER.replace("3 billion", "7 billion"),  # not what is asked
        BORDER.replace("eastern border of Valdenia", "eastern border of Marenda").replace("330", "510"),
        BORDER.replace("330 kilometres", "hundreds of kilometres"),
    ],
)
def test_one_value_in_other_words_and_other_facts_are_no_disagreement(other: str) -> None:
    assert differing("How many kilometres of the border of Valdenia will be sealed?", BORDER, other) == []


def test_a_sentence_that_differs_in_what_the_question_names_is_about_something_else() -> None:
    text = "In 2023 the orchard of Valdenia sold 4100 crates of apples to Marenda, the growers said."
    other = text.replace("2023", "2024").replace("4100", "5200")
    assert differing("How many crates of apples did the orchard of Valdenia sell in 2023?", text, other) == []


def test_lists_that_differ(seeds: Assistant) -> None:
    answer = seeds.ask(
        "Which neighbouring countries did Pezeshkian name in his Saturday speech at the Foreign Ministry?"
    )
    assert answer.conflict
    cited = {citation.address for citation in answer.citations}
    assert {"000_adb1a9a8aa5c90c3.txt#p1", "002_7f54b19aedd2aafd.txt#p2"} <= cited


def test_lists_that_differ_in_a_name_of_the_question_are_not_about_it() -> None:
    text = "Marenda trades with ports such as Oslo, Lisbon, Gdansk and Valdenia, the council said."
    other = "Marenda trades with ports such as Oslo, Lisbon and Gdansk, the council said."
    assert len(differing("Which ports does Marenda trade with?", text, other)) == 2
    assert differing("Does Marenda trade with Valdenia?", text, other) == []


@pytest.mark.parametrize("question", ["Who is Bagheri?", "How many kilometres of the border will be sealed?"])
def test_nothing_differs_on_the_seeds(seeds: Assistant, question: str) -> None:
    assert not seeds.ask(question).conflict


def test_the_other_side_stands_beside_what_a_model_says(ask: Ask) -> None:
    answer = ask(
        "When did Brandt open the harbour of Marenda?",
        ["The harbour of Marenda was opened on 3 March 2024 by Mayor Ilse Brandt. [S1]"],
        a=f"date 2025-07-01 {HARBOUR}",
        b=f"date 2025-07-09 {HARBOUR.replace('3 March', '9 May')}",
    )
    assert answer.conflict
    assert len(answer.claims) == 2
    assert "9 May 2024" in answer.claims[0].text
    assert "3 March 2024" in answer.claims[1].text


def test_in_spanish_the_reason_is_spanish(ask: Ask) -> None:
    text = "La ministra Ana Duarte anunció que el puerto de Marenda cerrará el 9 de abril de 2024 por obras."
    answer = ask("¿Cuándo cerrará el puerto de Marenda?", a=text, b=text.replace("9 de abril", "17 de junio"))
    assert answer.conflict
    assert answer.reason.startswith("Los artículos difieren: ")


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 9999), st.integers(2, 9999))
def test_two_counts_differ_exactly_when_they_are_not_the_same_number(a: int, b: int) -> None:
    texts = [f"The harbour master of Marenda counted {count} fishing boats in the storm." for count in (a, b)]
    assert differing("How many fishing boats were counted?", *texts) == ([str(a), str(b)] if a != b else [])
