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


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How did Pezeshkian and Shoigu each react?", ["How did Pezeshkian react?", "How did Shoigu react?"]),
        (
            "How have the Taliban reacted to the treatment of migrants, and how to the request for water?",
            ["How have the Taliban reacted to the treatment of migrants", "Taliban: how to the request for water?"],
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
    assert parts(question) == expected


def test_lists_and_pointless_questions() -> None:
    assert wants_list("Which neighbouring countries did he name?")
    assert not wants_list("Which prison was targeted?")
    assert pointless("What did he say?")
    assert pointless("¿Qué dijo él?")
    assert not pointless("What did he say to Shoigu?")
