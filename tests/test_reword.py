from __future__ import annotations

import pytest

from conftest import SEEDS
from qa import Assistant, Turn
from qa.answer.completion import completed, sane, translated
from qa.errors import ModelBusy, ModelReply, UsageError
from qa.testing import ScriptedModel

CHAT = (Turn("user", "Who led the delegation to Kabul?"), Turn("assistant", "Abbas Araghchi. [1]"))
COMPLETED = "When did Abbas Araghchi lead the delegation to Kabul?"
NOTHING = "NO ANSWER."


def test_a_follow_up_is_completed_by_the_model() -> None:
    model = ScriptedModel([f"<think>Hm.</think>\n{COMPLETED}\nThat is all."])
    assert completed("And when was it?", CHAT, model=model).text == COMPLETED
    asked = model.history[0][-1].content
    assert "Who led the delegation to Kabul?" in asked
    assert asked.endswith("Question: And when was it?\nRewritten:")


@pytest.mark.parametrize(
    "rewritten",
    [
        "",
        "And when was it?",  # says no more than the question
        "When did Ana Duarte lead the delegation to Kabul?",  # a name that nobody said
        "When did Abbas Araghchi lead the delegation to Kabul in 2031?",  # a year that nobody said
        "¿Cuándo dirigió Abbas Araghchi la delegación a Kabul?",  # another language
        "The harbour of the capital reopened after a long storm had sunk many boats.",  # other words
        "When was it? " * 50,
    ],
)
def test_what_is_not_sane_is_not_used(rewritten: str) -> None:
    assert not sane(rewritten, "And when was it?", CHAT)
    assert completed("And when was it?", CHAT, model=ScriptedModel([[rewritten]])).text == ""


def test_a_spanish_follow_up_stays_spanish() -> None:
    chat = (Turn("user", "¿Cuánto tiempo gobernó Gegeen Khan?"), Turn("assistant", "Solo dos años."))
    assert sane("¿Quién era el gran canciller de Gegeen Khan?", "¿Y quién era su gran canciller?", chat)


def test_the_completed_question_is_searched_and_told() -> None:
    model = ScriptedModel([COMPLETED, NOTHING])
    answer = Assistant.open(SEEDS, model=model).ask("And when was it?", CHAT)
    assert answer.query == COMPLETED
    assert answer.usage.calls == 2
    assert "And when was it?" in model.history[1][-1].content  # it answers what was asked


def test_the_rules_stand_in_for_a_model_that_fails_or_invents() -> None:
    by_rules = "Who led the delegation to Kabul? Abbas Araghchi And when was it?"
    for first in ("When did Ana Duarte lead it?", ModelBusy("wait")):
        model = ScriptedModel([first, NOTHING])
        assert Assistant.open(SEEDS, model=model).ask("And when was it?", CHAT).query == by_rules


def test_a_question_that_stands_alone_is_not_sent_to_be_completed() -> None:
    model = ScriptedModel([NOTHING])
    question = "Which Syrian minister met Pezeshkian in Tehran?"
    assert Assistant.open(SEEDS, model=model).ask(question, CHAT).query == question
    assert len(model.history) == 1


def test_a_translation_says_that_it_is_one(seeds: Assistant) -> None:
    quote = seeds.ask("¿Qué invitación transmitió el ministro sirio?").citations[0]
    model = ScriptedModel(["He passed on\n", "Él transmitió una invitación."])
    made = Assistant.open(SEEDS, model=model).translate(quote, "en")
    assert str(made) == "He passed on [translated by scripted, not checked]"
    assert quote.quote in model.history[0][-1].content
    assert translated("He passed on.", "es", model=model).mark == "traducido por scripted, sin comprobar"


def test_a_translation_needs_a_model_that_says_something(seeds: Assistant) -> None:
    with pytest.raises(UsageError, match="--model"):
        seeds.translate("Hola.", "en")
    with pytest.raises(ModelReply, match="no translation"):
        translated("Hola.", "en", model=ScriptedModel([[" "]]))
