"""A leading pronoun gets its name in brackets where the name is sure, and is left alone where it is not."""

from __future__ import annotations

import pytest

from qa import Assistant
from qa.answer.pronouns import addition, opens


def readable(text: str, before: str, above: str, *, language: str, lead: str) -> str:
    at, words = addition(text, before, above, language=language, lead=lead) or (0, "")
    return text[:at] + words + text[at:]


@pytest.mark.parametrize(
    ("before", "above", "text", "expected"),
    [
        ("President Ilse Brandt said no.", "", "She left.", "She [Ilse Brandt] left."),
        ("Omar Kerrigan (born 1970) is an actor.", "", "His roles are few.", "His [Omar Kerrigan's] roles are few."),
        ("", "Omar Kerrigan said no. He left.", "He came back.", "He [Omar Kerrigan] came back."),
        ("Omar Kerrigan was king.", "", "Under his rule it rained.", "Under his [Omar Kerrigan's] rule it rained."),
        ("Omar Kerrigan met Luis Duarte.", "", "He left.", "He left."),
        ("Omar Kerrigan said no. The minister agreed.", "", "He left.", "He left."),
        ("Mrs Brandt said no.", "", "He left.", "He left."),
        ("The Border Council said no.", "", "He left.", "He left."),
        ("Valdenia was quiet.", "Omar Kerrigan said no.", "He left.", "He left."),
        ("Omar Kerrigan said no.", "", "He left, as Kerrigan had announced.", "He left, as Kerrigan had announced."),
        ("Omar Kerrigan said no.", "", "“He left,” she said.", "“He left,” she said."),
    ],
)
def test_a_name_is_added_only_where_it_is_sure(before: str, above: str, text: str, expected: str) -> None:
    assert readable(text, f"{before} " if before else "", above, language="en", lead=above) == expected


def test_a_name_from_the_paragraph_above_has_to_stand_in_the_lead() -> None:
    above = "Omar Kerrigan said no."
    assert (
        readable("He came back.", "", above, language="en", lead="Omar Kerrigan: no") == "He [Omar Kerrigan] came back."
    )
    assert readable("He came back.", "", above, language="en", lead="The minister said no.") == "He came back."


def test_spanish_pronouns() -> None:
    before = "El ministro Omar Duarte afirmó que el puerto cerrará. "
    assert (
        readable("Él añadió que lloverá.", before, "", language="es", lead="") == "Él [Omar Duarte] añadió que lloverá."
    )
    assert not opens("El puerto cerrará.", "es")


def test_the_answer_is_readable_and_its_quote_is_the_file_s(seeds: Assistant) -> None:
    answer = seeds.ask("What did Pezeshkian urge diplomats to do?")
    (claim,) = [claim for claim in answer.claims if "diplomats" in claim.text]
    assert claim.text.startswith("He [Pezeshkian] urged diplomats")
    assert [claim.text[start:end] for start, end in claim.added] == [" [Pezeshkian]"]
    assert claim.said == claim.citations[0].quote
    assert claim.citations[0].quote.startswith("He urged diplomats")
    assert claim.status == "verified"
