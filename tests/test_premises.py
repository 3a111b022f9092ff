"""What a question takes for granted that a sentence contradicts."""

from __future__ import annotations

from datetime import date

import pytest

from qa.premises import Lack, contradicted
from qa.text import sentences
from qa.types import Evidence, Match, Paragraph, Sentence


def evidence(text: str, language: str, published: date | None = None) -> Evidence:
    matches = tuple(Match(Sentence(a, b, text[a:b]), 0.9) for a, b in sentences(text, language))
    paragraph = Paragraph("a.txt", 1, 0, len(text), text)
    return Evidence(paragraph, 1, 0.5, 0.9, 1.0, language=language, published=published, sentences=matches)


@pytest.mark.parametrize(
    ("language", "question", "text", "lack"),
    [
        ("es", "Si una fuerza interna actúa, ¿qué pasa?", "Si una fuerza externa actúa, se acelera.",
         Lack("opposite", "interna")),
        ("en", "What effect have perfections of the market?", "Market imperfections do harm.",
         Lack("opposite", "perfections")),
        ("en", "What effect have imperfections of the market?", "Market imperfections do harm.", None),
        ("en", "Which form is used?", "The office was informed of it.", None),
        ("en", "Who may charge uncompetitive prices?", "Some sellers set prices that aren’t competitive.", None),
        ("en", "In what decade did the change finish?", "It began its move and completed it in the 1970s.", None),
        ("en", "Which forces act in the north?", "It left the south. The north came later.", None),
        ("es", "¿Cuál es el segundo país más pequeño?", "Brasil es el segundo país con mayor producción.",
         Lack("opposite", "más pequeño")),
        ("en", "Which city has the fewest people?", "It has the most people of all.", Lack("opposite", "fewest")),
        ("en", "Which agency did not condemn the raid?", "The agency condemned the raid.", Lack("affirmed")),
        ("en", "Which agency did not condemn the raid?", "All but one condemned it. The agency refused.", None),
        ("en", "What led Iran to recognise the Taliban?", "Iran has not recognised the Taliban.", Lack("denied")),
        ("en", "Has Iran recognised the Taliban?", "Iran has not recognised the Taliban.", None),
        ("en", "Which state did Iran not recognise?", "Iran has not recognised the Taliban.", None),
        ("en", "Which river has 1,204 islands?", "The river has 1,402 islands.", Lack("name", "1,204")),
        ("en", "Which river has 1,402 islands?", "The river has 1402 islands.", None),
        ("en", "Who played in Super Bowl 50?", "Manning, 39, was the oldest to play in a Super Bowl.", None),
        ("en", "In what year did they meet?", "They met on 30 November.", Lack("kind", "year")),
        ("en", "In what year did they meet?", "They met in 2024.", None),
        ("de", "Wer ist nicht gekommen?", "Er ist gekommen.", None),
    ],
)  # fmt: skip
def test_a_contradiction_is_told(language: str, question: str, text: str, lack: Lack | None) -> None:
    assert contradicted(question, language, evidence(text, language), 0) == lack


def test_a_dated_article_gives_the_year() -> None:
    met = evidence("They met on 30 November.", "en", date(2024, 12, 1))
    assert contradicted("In what year did they meet?", "en", met, 0) is None


def test_nothing_is_told_across_languages() -> None:
    assert contradicted("Which internal force acts?", "en", evidence("Una fuerza externa actúa.", "es"), 0) is None
