"""The trained check, and what the rules leave to it: each true claim beside a false one of the same words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qa.check.verify import verify
from qa.errors import WeightsError
from qa.model.encoder import WEIGHTS, Encoder
from qa.model.entail import CLAIM, Check
from qa.types import Draft, Evidence, Paragraph

SHIPYARD = "The company sold its shipyard in Kiel to a Danish rival last spring."
PUERTO = "El ayuntamiento aprobó en mayo un plan para ampliar el puerto, pese a las protestas de los pescadores."
# A text, a claim that it says, and one that it does not.
TWINS = [
    (SHIPYARD, "A Danish rival bought the company's shipyard in Kiel.", "The company has closed its shipyard in Kiel."),
    (SHIPYARD, "The company's yard in Kiel was sold.", "The company sold its shipyard to pay its debts."),
    (PUERTO, "In May the town council approved a plan to enlarge the harbour despite protests by fishermen.",
     "In May the town council rejected a plan to enlarge the harbour."),
]  # fmt: skip


def evidence(*said: str, language: str = "en") -> list[Evidence]:
    return [Evidence(Paragraph("a.txt", i, 0, len(s), s), i, 1, 1, 1, language=language) for i, s in enumerate(said, 1)]


@pytest.mark.parametrize(("text", "true", "false"), TWINS)
def test_what_is_said_is_likelier_than_what_is_not(text: str, true: str, false: str) -> None:
    said, other = Check().verdicts([true, false], [text, text])
    assert sum(said) == pytest.approx(1, abs=1e-5)
    assert said.said > other.said + 0.2


def test_another_matter_is_not_said() -> None:
    (verdict,) = Check().verdicts(["A bakery in Toledo won a prize for its almond cakes."], [SHIPYARD])
    assert verdict.said < 0.1


def test_a_verdict_is_the_same_alone_and_among_others() -> None:
    claims = [claim for _, *both in TWINS for claim in both]
    texts = [text for text, *both in TWINS for _ in both]
    alone = [Check().verdicts([claim], [text])[0] for claim, text in zip(claims, texts, strict=True)]
    for one, other in zip(Check().verdicts(claims, texts), alone, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert Check().verdicts([], []) == []


def test_the_claim_is_cut_and_the_text_still_read() -> None:
    (pair,) = Encoder("reader.onnx").encode_pairs(["word " * 300], [SHIPYARD], most=CLAIM)
    assert pair.first == CLAIM + 3
    assert pair.end == len(SHIPYARD)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    for file in WEIGHTS.iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "reader.onnx").write_bytes(b"not a graph")
    damaged = Check()
    damaged._encoder = Encoder("reader.onnx", place=tmp_path)
    with pytest.raises(WeightsError, match="install qa again"):
        damaged.verdicts(["A."], ["B."])


# ---------------------------------------------------------------- what the rules know


@pytest.mark.parametrize(
    ("text", "true", "false", "rule"),
    [
        # who did it to whom
        ("The miller thanked the baker for the loan.", "The miller thanked the baker.",
         "The baker thanked the miller for the loan.", "contradicted"),
        # names and numbers that stand in each other's place
        ("Ravens defenders allowed 16 points a game, and Lions defenders 24.", "Ravens defenders allowed 16 points.",
         "Lions defenders allowed 16 points a game, and Ravens defenders 24.", "name"),
        # an intention is not a deed
        ("The mayor plans to close the old bridge in winter.", "The mayor plans to close the bridge.",
         "The mayor closed the old bridge in winter.", "modality"),
        # added, or put in the place of another word
        ("The council closed the old bridge after the flood.", "The old bridge was closed after the flood.",
         "The council closed the old bridge after the flood and bribed the press.", "wording"),
        ("The council closed the old bridge after the flood.", "After the flood the council closed the old bridge.",
         "The council painted the old bridge after the flood.", "wording"),
        # polarity
        ("The court has not lifted the ban on fishing.", "The court has not lifted the ban.",
         "The court has lifted the ban on fishing.", "negation"),
    ],
)  # fmt: skip
def test_a_rule_tells_the_false_one_of_two(text: str, true: str, false: str, rule: str) -> None:
    kept = verify(Draft(true), evidence(text, "The weather was fine."))
    assert kept.status == "repaired", kept.note
    judged = verify(Draft(false), evidence(text, "The weather was fine."))
    assert judged.status == "unsupported"
    assert judged == verify(Draft(false), evidence(text, "The weather was fine."))
    assert _rule(false, text) == rule


def _rule(claim: str, text: str) -> str | None:
    from qa.types import Proposal

    (home,) = evidence(text)
    return verify(Draft(claim, (Proposal(home.address),)), [home]).failed


def test_a_number_in_letters_may_count_what_the_text_lists() -> None:
    text = "Ana Duarte and Ilse Brandt signed the treaty in Marenda."
    assert _rule("The two signed the treaty in Marenda.", text) != "number"
    assert _rule("The two ministers signed 3 treaties in Marenda.", text) == "number"
    assert _rule("Two boats were lost.", "Three boats were lost.") == "number"


def test_the_first_word_of_a_claim_is_no_name_for_its_capital() -> None:
    text = "The win put Valdenia back in eighth place."
    assert _rule("Victory put Valdenia back in eighth place.", text) != "name"
    assert _rule("Marenda is back in eighth place, and Valdenia has left.", text) != "name"  # the check's to tell
    assert _rule("The win put Marenda back in eighth place.", text) == "name"


def test_a_claim_is_not_borne_by_a_paragraph_that_has_less_of_it_than_another() -> None:
    home = "Mayor Ilse Brandt said that 14 boats were lost in the harbour of Valdenia."
    beside = "Ana Duarte visited the harbour of Valdenia."
    judged = verify(
        Draft("Ana Duarte said that 14 boats were lost in the harbour of Valdenia."), evidence(home, beside)
    )
    assert judged.status == "unsupported"


def test_each_sentence_of_a_claim_must_be_said() -> None:
    text = "The miller sold the old mill to his neighbour in spring."
    both = "The miller sold the old mill to his neighbour. Bakers in Toledo won a prize for almond cakes."
    assert verify(Draft("The miller sold the old mill to his neighbour."), evidence(text)).status == "repaired"
    assert verify(Draft(both), evidence(text)).status == "unsupported"
