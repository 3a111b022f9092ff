"""Which days a question means."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.question.periods import explained, named_days, of_time, span, timeless, when
from qa.types import Period, Query, When

TODAY = date(2025, 7, 30)  # a Wednesday


def period(said: str) -> Period:
    """ "2024-03-01..2024-03-31", with "~" behind it for one of any year."""
    since, _, until = said.rstrip("~").partition("..")
    ends = [date.fromisoformat(end) if end else None for end in (since, until)]
    return Period(ends[0], ends[1], yearly=said.endswith("~"))


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What happened in March 2024?", "2024-03-01..2024-03-31"),
        ("What did he say on 7 July?", "2025-07-07..2025-07-07~"),
        ("What did he say on November 7?", "2024-11-07..2024-11-07~"),
        ("What did he say on July 7, 2023?", "2023-07-07..2023-07-07"),
        ("What was reported on 2023-11-24?", "2023-11-24..2023-11-24"),
        ("What happened last week?", "2025-07-21..2025-07-27"),
        ("What happened this week?", "2025-07-28..2025-08-03"),
        ("What happened last weekend?", "2025-07-26..2025-07-27"),
        ("Who called yesterday?", "2025-07-29..2025-07-29"),
        ("Who called the day before yesterday?", "2025-07-28..2025-07-28"),
        ("What did Pezeshkian say last Saturday?", "2025-07-26..2025-07-26"),
        ("What did he say last Wednesday?", "2025-07-23..2025-07-23"),
        ("What did he say on Wednesday?", "2025-07-30..2025-07-30"),
        ("What will he open next Wednesday?", "2025-08-06..2025-08-06"),
        ("What has changed since May?", "2025-05-01.."),
        ("What has changed since 3 May 2024?", "2024-05-03.."),
        ("What was known before 3 May 2024?", "..2024-05-03"),
        ("What happened between 3 and 9 May?", "2025-05-03..2025-05-09~"),
        ("What happened on May 3-9?", "2025-05-03..2025-05-09~"),
        ("What happened between March and May 2024?", "2024-03-01..2024-05-31"),
        ("What happened between 28 March and 3 April 2024?", "2024-03-28..2024-04-03"),
        ("What happened from November to January?", "2024-11-01..2025-01-31~"),
        ("How many were born in 2025?", "2025-01-01..2025-12-31"),
        ("What is planned this year?", "2025-01-01..2025-12-31"),
        ("What was decided last month?", "2025-06-01..2025-06-30"),
        ("What was decided two days ago?", "2025-07-28..2025-07-28"),
        ("What was decided two weeks ago?", "2025-07-13..2025-07-19"),
        ("What was decided in the last three days?", "2025-07-27..2025-07-30"),
        ("Who ruled in the 1990s?", "1990-01-01..1999-12-31"),
        ("Who ruled in the 18th century?", "1701-01-01..1800-12-31"),
        ("¿Quién llamó ayer?", "2025-07-29..2025-07-29"),
        ("¿Quién llamó anteayer?", "2025-07-28..2025-07-28"),
        ("¿Qué pasó la semana pasada?", "2025-07-21..2025-07-27"),
        ("¿Qué pasó en marzo de 2024?", "2024-03-01..2024-03-31"),
        ("¿Qué cambió desde mayo?", "2025-05-01.."),
        ("¿Qué pasó antes del 3 de mayo de 2024?", "..2024-05-03"),
        ("¿Qué dijo el viernes pasado?", "2025-07-25..2025-07-25"),
        ("¿Qué pasó entre el 3 y el 9 de mayo?", "2025-05-03..2025-05-09~"),
        ("¿Qué pasó entre marzo y mayo de 2024?", "2024-03-01..2024-05-31"),
        ("¿Qué pasó del 28 de marzo al 3 de abril de 2024?", "2024-03-28..2024-04-03"),
        ("¿Qué se decidió hace dos días?", "2025-07-28..2025-07-28"),
        ("¿Qué se decidió en los últimos tres días?", "2025-07-27..2025-07-30"),
        ("¿Qué pasó el mes pasado?", "2025-06-01..2025-06-30"),
        ("¿Qué pasó este año?", "2025-01-01..2025-12-31"),
    ],
)
def test_a_question_s_period(question: str, said: str) -> None:
    language = "es" if question.startswith("¿") else "en"
    assert when(question, language, today=TODAY) == When(TODAY, (period(said),))


def test_two_dates_that_are_not_joined_are_two_periods() -> None:
    question = "Between the report of The Age on October 22, 2023 and that of Wired on 2023-11-25, what changed?"
    assert when(question, "en", today=TODAY) == When(
        TODAY, (period("2023-10-22..2023-10-22"), period("2023-11-25..2023-11-25"))
    )


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What is the latest on the harbour?", "en"),
        ("What was the most recent meeting about?", "en"),
        ("¿Cuál es el informe más reciente?", "es"),
        ("¿Cuáles son las últimas noticias?", "es"),
        ("¿Cuál fue la última declaración de Pezeshkian?", "es"),
    ],
)
def test_the_latest_is_asked_for(question: str, language: str) -> None:
    assert when(question, language, today=TODAY) == When(TODAY, (), latest=True)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Who may lead the delegation?", "en"),
        ("When was the border clash?", "en"),
        ("How many people did the 2,025 boats carry?", "en"),
        ("Who won at last?", "en"),
        ("¿Quién fue el último rey de Francia?", "es"),
        ("¿Cuándo fue el choque?", "es"),
    ],
)
def test_most_questions_name_no_time(question: str, language: str) -> None:
    assert when(question, language, today=TODAY) is None


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(["day", "week", "weekend", "month", "year"]))
def test_relative_periods_follow_one_another_without_a_gap(today: date, unit: str) -> None:
    before, now = span(f"{unit}-1", today), span(f"{unit}+0", today)
    assert before
    assert now
    assert before.until
    assert now.since
    assert now.until
    assert now.since <= today <= now.until or unit == "weekend"
    assert (now.since - before.until).days == (6 if unit == "weekend" else 1)


@given(st.text(max_size=60), st.dates())
def test_no_question_fails(question: str, today: date) -> None:
    when(question, "en", today=today)
    when(f"desde el {question} hace 999 años y hasta el 31 de febrero", "es", today=today)


def test_a_paragraph_s_days_count_from_its_publication() -> None:
    text = "He spoke on Saturday, and will speak again on 3 August."
    published = date(2025, 7, 28)
    assert named_days(text, "en", published) == [period("2025-07-26..2025-07-26"), period("2025-08-03..2025-08-03")]
    assert [p.yearly for p in named_days(text, "en", None)] == [True]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What happened last week?", "Taken as 21 July 2025 to 27 July 2025, counted from 30 July 2025."),
        ("What happened in March 2024?", "Taken as March 2024."),
        ("How many were born in 2023?", "Taken as 2023."),
        ("What did he say on 7 July?", "Taken as 7 July 2025, counted from 30 July 2025."),
        ("What has changed since 3 May 2024?", "Taken as 3 May 2024 or later."),
        ("What was known before 3 May 2024?", "Taken as 3 May 2024 or before."),
        ("Who ruled in the 1990s?", "Taken as 1990 to 1999."),
        ("What is the latest news?", "Taken as the latest up to 30 July 2025."),
        ("¿Quién llamó ayer?", "Se entiende: 29 de julio de 2025, contado desde el 30 de julio de 2025."),
        ("¿Qué pasó en marzo de 2024?", "Se entiende: marzo de 2024."),
        ("Who called?", ""),
    ],
)
def test_an_answer_says_which_days_were_meant(question: str, said: str) -> None:
    language = "es" if question.startswith("¿") else "en"
    assert explained(Query(question, question, language, when=when(question, language, today=TODAY))) == said


def test_an_article_is_of_the_day_that_is_asked_about_and_of_the_days_before() -> None:
    asked = when("Who died in the flood on 14 March?", "en", today=TODAY)
    assert of_time(asked, date(2025, 3, 14))
    assert of_time(asked, date(2023, 3, 16))  # a day without a year is one of any year
    assert not of_time(asked, date(2025, 3, 30))
    assert not of_time(asked, None)
    assert not of_time(when("Who died in March 2024?", "en", today=TODAY), date(2025, 3, 14))


def test_a_question_without_its_days() -> None:
    assert timeless("How many died in the flood on 14 March?", "en") == "How many died in the flood?"
    assert timeless("¿Qué dijo el alcalde el 3 de mayo de 2024?", "es") == "¿Qué dijo el alcalde?"
    assert timeless("Who built it?", "en") == "Who built it?"
