"""Who wrote an article, whose an article is, where quoted words stand, and "this" article, on articles of our own."""

from __future__ import annotations

from datetime import date

import pytest

from qa import Assistant
from qa.question.requests import quotation
from qa.types import Filters, Turn

TEXTS = {
    "mill.txt": "Old mill at Orsk to become a school\n\n4 March 2025\n\nBy Petra Lunde, education reporter\n\n"
    "The old mill at Orsk will become a school for 300 pupils, the council said on Tuesday.\n\n"
    '"A roof that leaks is no roof," said the builder, Anders Holt.\n\nWork begins in May and costs 9 million crowns.',
    "tram.txt": "Tram line to reach the port\n\n7 March 2025\n\nBy Jonas Wrede\n\n"
    "The tram will reach the port of Orsk by 2027, the transport office said on Friday.\n\n"
    "Its head, Ingrid Sund, said the line would carry 4,000 passengers a day.",
    "swans.md": "---\ntitle: Swans return to the castle pond\ndate: 2025-03-09\nauthor: Petra Lunde\n---\n\n"
    "Eleven swans have come back to the castle pond after a winter on the coast.\n",
}


def files(assistant: Assistant, question: str) -> list[str]:
    return [claim.citations[0].file for claim in assistant.ask(question).claims]


@pytest.mark.parametrize("question", ["Who wrote about the tram?", "who is the author of the article on the tram"])
def test_who_wrote_is_answered_by_the_credit(assistant: Assistant, question: str) -> None:
    assert [claim.text for claim in assistant.ask(question).claims] == ["By Jonas Wrede"]


@pytest.mark.parametrize(
    "question",
    ["Which articles are by Petra Lunde?", "articles by Petra Lunde", "which stories did Petra Lunde write"],
)
def test_all_that_somebody_wrote_is_listed_by_credit_and_by_head(assistant: Assistant, question: str) -> None:
    assert sorted(files(assistant, question)) == ["mill.txt", "swans.md"]


def test_nobody_by_that_name_wrote_here(assistant: Assistant) -> None:
    assert assistant.ask("Which articles are by Karin Osk?").reason == "No article is by Karin Osk."


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("who said 'a roof that leaks is no roof'", "a roof that leaks is no roof"),
        ('Which article says "no roof"?', "no roof"),
        ("¿Quién dijo «sin techo»?", "sin techo"),
        ('"the builder\'s hat"', "the builder's hat"),
        ("What did the builder call 'a roof of sorts'?", ""),
        ("Who paid for the 'school of tomorrow'?", ""),
        ("who said it's the builder's roof", ""),
    ],
)
def test_only_the_place_or_the_speaker_of_quoted_words_is_looked_up(question: str, words: str) -> None:
    assert quotation(question) == words


def test_a_filter_holds_for_quotations_and_for_who_wrote_what(assistant: Assistant) -> None:
    early, late = Filters(until=date(2025, 3, 5)), Filters(since=date(2025, 3, 6))
    for question, found in (("who said “a roof that leaks”", "mill.txt"), ("articles by Jonas Wrede", "tram.txt")):
        for filters, there in ((early, "mill.txt"), (late, "tram.txt")):
            cited = {claim.citations[0].file for claim in assistant.ask(question, filters=filters).claims}
            assert cited == {there} if found == there else cited <= {there}  # else it is searched for, there


def test_a_quotation_is_found_where_it_stands(assistant: Assistant) -> None:
    (claim,) = assistant.ask("who said “a roof that leaks”").claims
    assert "Anders Holt" in claim.text


@pytest.mark.parametrize("question", ["summarise this", "what is this article about?", "resume esto"])
def test_this_is_the_article_that_the_answer_cites(assistant: Assistant, question: str) -> None:
    before = assistant.ask("How many passengers a day would the line carry?")
    history = [Turn("user", before.question), Turn("assistant", before.claims[0].text)]
    found = assistant.ask(question, history)
    assert found.claims
    assert {claim.citations[0].file for claim in found.claims} == {"tram.txt"}


@pytest.mark.parametrize("question", ["anything on swans?", "what do you have about swans", "¿tienes algo sobre Orsk?"])
def test_a_request_for_articles_in_other_words_lists_them(assistant: Assistant, question: str) -> None:
    found = assistant.ask(question)
    assert found.listed
    assert found.claims
    assert len(found.claims) < 3


def test_what_no_article_has_is_said_to_be_nowhere(assistant: Assistant) -> None:
    assert assistant.ask("anything on volcanoes?").reason == "No article mentions volcanoes."
