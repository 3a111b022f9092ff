from __future__ import annotations

import numpy as np
import pytest

from qa import Assistant
from qa.retrieve import bm25, standard


def test_bm25_rewards_rare_tokens_and_short_texts() -> None:
    weights = {"storm": 2.0, "harbour": 1.0}
    assert bm25(["storm"], weights, 2.0) > bm25(["harbour"], weights, 2.0) > 0
    assert bm25(["storm"], weights, 2.0) > bm25(["storm", *["other"] * 9], weights, 2.0)
    assert bm25(["other"], weights, 2.0) == 0
    # by hand: idf 2, tf 1, length 2 of mean 2: 2 * 1 * 2.2 / (1 + 1.2)
    assert bm25(["storm", "x"], {"storm": 2.0}, 2.0) == pytest.approx(2.0)


def test_z_scores_of_equal_scores_are_zero() -> None:
    assert standard(np.array([3.0, 3.0])).tolist() == [0.0, 0.0]
    assert standard(np.array([1.0, 3.0])).tolist() == [-1.0, 1.0]


@pytest.mark.parametrize(
    ("question", "address"),
    [
        ("Who led the delegation to Kabul?", "002_7f54b19aedd2aafd.txt#p18"),
        ("¿Qué invitación transmitió el ministro sirio?", "004_1d7981e0e1efbe65.txt#p6"),
        ("What invitation did the Syrian minister pass on?", "004_1d7981e0e1efbe65.txt#p6"),  # across languages
        ("¿Quién encabezó la delegación a Kabul en febrero?", "002_7f54b19aedd2aafd.txt#p18"),
    ],
)
def test_the_right_paragraph_comes_first(seeds: Assistant, question: str, address: str) -> None:
    assert seeds.retrieve(question, 3)[0].address == address


def test_evidence_is_ranked_scored_and_whole(seeds: Assistant) -> None:
    found = seeds.retrieve("How many Afghans were deported?", 5)
    assert [e.rank for e in found] == [1, 2, 3, 4, 5]
    assert [e.score for e in found] == sorted((e.score for e in found), reverse=True)
    for e in found:
        assert 0 <= e.score <= 1
        for match in e.sentences:
            start = match.sentence.start - e.paragraph.start
            assert e.paragraph.text[start : start + len(match.sentence.text)] == match.sentence.text


def test_the_revision_tells_what_is_indexed(seeds: Assistant) -> None:
    revision = seeds.ask("Who is Bagheri?").index_revision
    assert len(revision) == 12
    assert seeds.ask("Who is Shoigu?").index_revision == revision
