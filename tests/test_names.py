from __future__ import annotations

import pytest

from qa.language.names import lacks_across, named_across, named_in

ACROSS = [
    ("Tehran", "Las delegaciones se reunieron en Teherán."),
    ("Teherán", "The delegations met in Tehran."),
    ("Damasco", "He flew to Damascus."),
    ("Londres", "It was printed in London."),
    ("Irak", "Iraqi forces left."),
    ("Siria", "The Syrian army left."),
    ("Turquía", "Türkiye closed the border."),
    ("United States", "Lo dijo Estados Unidos."),
    ("EE. UU.", "The US said so."),
    ("South Africa", "Un tribunal sudafricano lo decidió."),
    ("World War II", "Empezó tras la Segunda Guerra Mundial."),
    ("John Calvin", "Juan Calvino vivía en Ginebra."),
    ("Ali Khamenei", "El líder, Alí Jamenei, habló."),
    ("Masoud Pezeshkian", "El presidente Masud Pezeshkián habló."),
    ("University of Vienna", "Estudió en la Universidad de Viena."),
]


@pytest.mark.parametrize(("name", "text"), ACROSS)
def test_a_name_is_known_in_the_other_language(name: str, text: str) -> None:
    assert named_across(name, text)
    assert not lacks_across(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pakistán", "Iran has begun to seal its border with Afghanistan."),
        ("Austria", "The Australian team left."),
        ("Slovakia", "El primer ministro de Eslovenia habló."),
        ("Iran", "Las fuerzas de Irak se retiraron."),
        ("Zelenski", "Masoud Pezeshkian spoke in Tehran."),
    ],
)
def test_another_bearer_is_surely_not_named(name: str, text: str) -> None:
    assert not named_across(name, text)
    assert lacks_across(name, text)


def test_a_shared_first_name_is_not_enough() -> None:
    assert not named_across("John Smith", "Juan Calvino vivía en Ginebra.")
    assert not named_across("Norman Angell", "El historiador Norman Cantor lo niega.")


def test_a_translated_title_leaves_it_open() -> None:
    assert not lacks_across("High Court", "Lo decidió un tribunal superior.")
    assert not lacks_across("Time Lord", "Es un Señor del Tiempo.")


def test_words_that_are_acronyms_in_capitals_only() -> None:
    assert named_in("United Nations", "La resolución de la ONU.")
    assert not named_in("United Nations", "Tienen un plan.")
