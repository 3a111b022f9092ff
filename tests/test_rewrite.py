from __future__ import annotations

import pytest

from qa.question.followups import leans, parts, pointless, standalone, wants_list
from qa.types import Turn

CHAT = (Turn("user", "What did Pezeshkian say to Shoigu?"), Turn("assistant", "That the ties are expanding."))


@pytest.mark.parametrize(
    "question", ["And of Gaza?", "What did he say of Gaza?", "¿Y sobre Gaza?", "Why?", "When was it?"]
)
def test_a_question_that_leans_is_completed(question: str) -> None:
    assert leans(question)
    assert standalone(question, CHAT) == f"What did Pezeshkian say to Shoigu? {question}"


@pytest.mark.parametrize(
    "question",
    ["Who led the delegation to Kabul in February?", "¿Qué ministro sirio se reunió con Pezeshkian en Teherán?"],
)
def test_a_question_that_stands_alone_is_never_rewritten(question: str) -> None:
    assert standalone(question, CHAT) == question


def test_two_leaning_questions_reach_back_to_the_one_that_names() -> None:
    turns = (*CHAT, Turn("user", "And when was it?"), Turn("assistant", "On Monday."))
    assert standalone("Why?", turns) == "What did Pezeshkian say to Shoigu? And when was it? Why?"


def test_the_words_that_answered_go_with_the_question_before() -> None:
    turns = (Turn("user", "Who leads the harbour board?"), Turn("assistant", "Rut Askeland, since 2019."))
    named = standalone("How old is she?", turns, lambda question, reply: reply.partition(",")[0])
    assert named == "Who leads the harbour board? Rut Askeland How old is she?"


def test_a_refusal_answers_nothing() -> None:
    turns = (Turn("user", "Who leads the harbour board?"), Turn("assistant", "The articles do not answer this."))
    assert (
        standalone("How old is she?", turns, lambda _, reply: reply) == "Who leads the harbour board? How old is she?"
    )


def test_a_chat_of_short_questions_keeps_its_topic() -> None:
    turns = (Turn("user", "who's ada's brother"), Turn("assistant", "Bo."), Turn("user", "how old is he"))
    assert standalone("where does he live", turns) == "who's ada's brother how old is he where does he live"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How did Pezeshkian and Shoigu each react?", ["How did Pezeshkian react?", "How did Shoigu react?"]),
        (
            "How have the Taliban reacted to the treatment of migrants, and how to the request for water?",
            ["How have the Taliban reacted to the treatment of migrants", "how to the request for water?"],
        ),
        ("How long did the war between Israel and Iran last?", ["How long did the war between Israel and Iran last?"]),
        ("According to Pezeshkian, who condemned it?", ["According to Pezeshkian, who condemned it?"]),
        ("How and when did it reach Europe?", ["How and when did it reach Europe?"]),
        (
            "Who opened the bridge in Marenda? When was the flood in Orlen? Thanks a lot",
            ["Who opened the bridge in Marenda?", "When was the flood in Orlen?"],
        ),
        ("1. Who opened the bridge\n2) What did it cost", ["Who opened the bridge", "What did it cost"]),
        ("¿Quién abrió el puente?\n¿Cuánto costó?", ["¿Quién abrió el puente?", "¿Cuánto costó?"]),
        ("Ilse Brandt left the council. Why did she go?", ["Ilse Brandt left the council. Why did she go?"]),
        ("Who opened the bridge over the\nLind in March?", ["Who opened the bridge over the\nLind in March?"]),
        ("What??", ["What??"]),
    ],
)
def test_a_question_is_taken_apart_only_where_it_asks_twice(question: str, expected: list[str]) -> None:
    assert [own for _, own in parts(question)] == expected


def test_a_later_question_is_searched_with_the_firsts_names_and_shown_in_its_own_words() -> None:
    _, second = parts("How have the Taliban reacted to the treatment of migrants, and how to the request for water?")
    assert second == ("Taliban: how to the request for water?", "how to the request for water?")


def test_a_later_question_that_leans_is_searched_behind_the_first() -> None:
    first, second = parts("Who opened the harbour bridge and when was that")
    assert first == ("Who opened the harbour bridge", "Who opened the harbour bridge")
    assert second == ("Who opened the harbour bridge when was that", "when was that")


@pytest.mark.parametrize(
    "asked",
    [
        "I teach at a school in Velm. How many pupils has the school of Orsk?",
        "How many pupils has the school of Orsk? It is for a talk tomorrow.",
        "Escribo sobre colegios. How many pupils has the school of Orsk?",
    ],
)
def test_what_is_told_around_a_question_is_not_searched(asked: str) -> None:
    assert parts(asked) == [("How many pupils has the school of Orsk?",) * 2]


def test_what_is_told_stays_where_the_question_leans_on_it() -> None:
    asked = "I mean the flood of 2019. How many houses did it take?"
    assert parts(asked) == [(asked, asked)]


def test_lists_and_pointless_questions() -> None:
    assert wants_list("Which neighbouring countries did he name?")
    assert not wants_list("Which prison was targeted?")
    assert pointless("What did he say?")
    assert pointless("¿Qué dijo él?")
    assert not pointless("What did he say to Shoigu?")
