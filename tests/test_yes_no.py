"""A sentence says No only where it denies what is asked."""

from __future__ import annotations

import pytest

from qa.check.parsing import parse
from qa.check.polarity import denies_flatly


@pytest.mark.parametrize(
    ("question", "said", "denied"),
    [
        ("Did the envoy praise the killing?", "The envoy praised the slaying of the judge.", False),
        ("Did the board buy the mill?", "The firm purchased the old mill in May.", False),
        ("Is the harbour open?", "The harbour is not open to visitors yet.", True),
        ("Was anybody injured in the crash?", "Nobody was injured.", True),
        ("Has Norvane paid the fine?", "Norvane has never paid the fine.", True),
        ("Did Osk Brel steal the boat?", "Osk Brel denies stealing the boat.", False),
        ("Did the mayor leak the report?", "The mayor rejected claims that he leaked the report.", False),
        ("Is the bridge not open?", "The bridge is not open.", False),
        ("Does Kelm own the port?", "The ministry did not say what Kelm paid.", False),
        ("¿Subirá el precio del pan?", "El precio del pan no subirá este año.", True),
        ("¿Robó el concejal el cuadro?", "El concejal niega que robara el cuadro.", False),
    ],
)
def test_what_somebody_denies_or_another_word_is_no_denial(question: str, said: str, denied: bool) -> None:
    language = "es" if question.startswith("¿") else "en"
    assert denies_flatly(parse(said, language, None), parse(question, language, None)) is denied
