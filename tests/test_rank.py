from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import qa.rank
from qa import Assistant
from qa.rank import FEATURES, features, rank, summary


def ranked(seeds: Assistant, question: str) -> qa.rank.Ranking:
    return rank(seeds.query(question), seeds.retrieve(question))


def test_probabilities_fall_and_sum_to_one_and_confidence_is_one_too(seeds: Assistant) -> None:
    ranking = ranked(seeds, "Who led the delegation to Kabul?")
    shares = [c.probability for c in ranking.candidates]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1.0)
    assert 0 <= ranking.confidence <= 1


def test_the_sentence_that_answers_comes_before_its_neighbours(seeds: Assistant) -> None:
    ranking = ranked(seeds, "How many Afghans were deported, according to the Sunday Times?")
    assert "more than one million" in ranking.candidates[0].match.sentence.text


def test_a_heading_is_no_answer(seeds: Assistant) -> None:
    ranking = ranked(seeds, "Afghan migrants in Iran")
    assert all(c.evidence.paragraph.kind != "heading" for c in ranking.candidates)


def test_confidence_tells_an_answer_from_another_subject(seeds: Assistant) -> None:
    known = ranked(seeds, "Who led the delegation to Kabul in February?").confidence
    assert known > 2 * ranked(seeds, "Who won the football world cup in 1998?").confidence


def test_every_feature_is_finite_and_has_its_column(seeds: Assistant) -> None:
    for question in ("Why?", "¿Cuántos kilómetros?", "x" * 300, "In 2019, did Shoigu say 5 % to Bagheri?"):
        candidates, matrix = features(seeds.query(question), seeds.retrieve(question))
        assert matrix.shape == (len(candidates), len(FEATURES))
        assert np.isfinite(matrix).all()


def test_the_kind_of_answer_is_looked_for(seeds: Assistant) -> None:
    question = "How many kilometres of the border are sealed off?"
    candidates, matrix = features(seeds.query(question), seeds.retrieve(question))
    missing = matrix[:, FEATURES.index("kind_missing")]
    numbered = [i for i, c in enumerate(candidates) if "330 kilometres" in c.match.sentence.text]
    assert missing[numbered].tolist() == [0]
    assert missing.max() == 1


def test_a_date_in_a_language_whose_dates_are_not_read_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "zh.txt").write_text("伊朗总统于六月七日访问北京，与外交部长会谈。\n", encoding="utf-8")
    with Assistant.open(tmp_path) as chinese:
        question = "When did the Iranian president visit Beijing?"
        assert rank(chinese.query(question), chinese.retrieve(question)).lack is None


def test_nothing_found_is_nothing_ranked(seeds: Assistant) -> None:
    assert rank(seeds.query("Who?"), []) == qa.rank.Ranking((), 0.0)


def test_the_trained_weights_fit_the_features() -> None:
    data = json.loads((Path(qa.rank.__file__).parent / "rank.json").read_text())
    assert tuple(data["features"]) == FEATURES
    seen = summary(np.zeros((1, len(FEATURES))), np.zeros(1), np.ones(1))
    for model in (data["likened"], data["plain"]):
        assert len(model["sentence"]) == len(FEATURES)
        assert max(node[0] for tree in model["trees"] for node in tree if len(node) > 1) < len(seen)
    likened = [n for n, name in enumerate(FEATURES) if "alike" in name]
    assert not any(data["plain"]["sentence"][n] for n in likened)


def test_a_language_without_a_lexicon_is_judged_by_the_models_without_one(tmp_path: Path) -> None:
    place = tmp_path / "articles"
    place.mkdir()
    (place / "a.txt").write_text(
        "Der Bürgermeister von Valdenia eröffnete am Montag die neue Brücke über den Fluss.\n\n"
        "Die Arbeiten hatten drei Jahre gedauert und kosteten vier Millionen Euro.\n",
        encoding="utf-8",
    )
    answer = Assistant.open(place).ask("Wer eröffnete die neue Brücke in Valdenia?")
    assert answer.status == "answered"
    assert "Bürgermeister" in answer.text


def test_another_year_than_the_one_asked_about_is_no_answer(seeds: Assistant) -> None:
    assert ranked(seeds, "Who died in the border clash in Nimruz in May 2023?").lack is None
    asked = {
        "2021": "Who died in the border clash in Nimruz in 2021?",
        "2019": "¿Quién murió en el choque de Nimruz de 2019?",
        "2024": "How many people died in the Nimruz clash in May 2024?",
    }
    for year, question in asked.items():
        lack = ranked(seeds, question).lack
        assert lack is not None
        assert lack.value == year
        assert seeds.ask(question).status == "refused"


def test_a_misspelt_name_is_the_name(seeds: Assistant) -> None:
    for question in ("What did Pezeskian say about Gaza?", "What did ARAGHCHI do in Kabul?"):
        assert ranked(seeds, question).lack is None
