"""How likely each sentence answers, by the reader in the package, over real articles."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import qa.answer.rank
from qa import Assistant, Evidence, Paragraph, Sentence
from qa.answer.rank import FEATURES, FIRST, READ, SUMMARY, as_read, features, rank
from qa.model.encoder import Encoder, reading
from qa.types import Match, Query


def ranked(seeds: Assistant, question: str) -> qa.answer.rank.Ranking:
    return rank(seeds.kit.retriever.query(question), seeds.retrieve(question))


def test_probabilities_fall_and_sum_to_one_and_confidence_is_one_too(seeds: Assistant) -> None:
    ranking = ranked(seeds, "Who led the delegation to Kabul?")
    shares = [c.probability for c in ranking.candidates]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1.0)
    assert 0 <= ranking.confidence <= 1


@pytest.mark.parametrize(
    ("question", "words", "answer"),
    [
        ("How many Afghans were deported, according to the Sunday Times?", "one million", "one million"),
        ("Who led the delegation to Kabul?", "Araghchi", "Araghchi"),
        ("when was the border clash in nimruz", "May 2023", "2023"),
        ("¿Cuántos kilómetros de la frontera se sellarán?", "330 kilometres", "330"),
    ],
)
def test_the_sentence_that_answers_comes_first_and_holds_the_answer(
    seeds: Assistant, question: str, words: str, answer: str
) -> None:
    first = ranked(seeds, question).candidates[0]
    assert words in first.match.sentence.text
    assert answer in first.answer


def test_confidence_tells_an_answer_from_another_subject(seeds: Assistant) -> None:
    known = ranked(seeds, "Who led the delegation to Kabul in February?").confidence
    assert known > 2 * ranked(seeds, "Who won the football world cup in 1998?").confidence


def test_every_feature_is_finite_and_has_its_column(seeds: Assistant) -> None:
    for question in ("Why?", "¿Cuántos kilómetros?", "x" * 300, "In 2019, did Shoigu say 5 % to Bagheri?"):
        candidates, matrix = features(seeds.kit.retriever.query(question), seeds.retrieve(question))
        assert matrix.shape == (len(candidates), len(FEATURES))
        assert np.isfinite(matrix).all()


def test_only_the_best_paragraphs_are_read(seeds: Assistant) -> None:
    question = "What did Pezeshkian say?"
    candidates, _ = features(seeds.kit.retriever.query(question), seeds.retrieve(question))
    assert len({c.evidence.address for c in candidates}) <= READ


def test_an_answer_that_stands_deep_in_a_long_paragraph_is_read(tmp_path: Path) -> None:
    filler = " ".join(f"In ward {n} the council has mended the lamps and the benches of the square." for n in range(60))
    told = "The new bridge over the Lind was opened by Ilse Brandt."
    (tmp_path / "a.txt").write_text(f"{filler} {told} {filler}\n", encoding="utf-8")
    with Assistant.open(tmp_path, added=False) as assistant:
        first = ranked(assistant, "Who opened the new bridge over the Lind?").candidates[0]
    assert (first.match.sentence.text, first.answer) == (told, "Ilse Brandt")


def test_the_title_and_the_day_are_read_before_the_words() -> None:
    text = "It was opened."
    match = Match(Sentence(0, len(text), text), 0.9, ("was", "opened"))
    paragraph = Paragraph("a.txt", 1, 0, len(text), text)
    found = Evidence(paragraph, 1, 0.5, 0.9, 1.0, title="The bridge", sentences=(match,))
    assert found.heading == "The bridge\n"


def test_a_follow_up_is_read_before_what_it_leans_on() -> None:
    leaning = Query("Who opened the bridge? And when?", "And when?", "en")
    assert as_read(leaning) == "And when? (Who opened the bridge?)"
    assert as_read(Query("And when?", "And when?", "en")) == "And when?"


def test_nothing_found_is_nothing_ranked(seeds: Assistant) -> None:
    assert rank(seeds.kit.retriever.query("Who?"), []) == qa.answer.rank.Ranking((), 0.0)


def test_the_fitted_weights_fit_the_features() -> None:
    data = json.loads((Path(qa.answer.rank.__file__).parent / "rank.json").read_text())
    assert tuple(data["sentence"]) == FEATURES
    assert tuple(data["confidence"]) == SUMMARY


def test_a_language_that_nobody_trained_on_is_read(tmp_path: Path) -> None:
    place = tmp_path / "articles"
    place.mkdir()
    (place / "a.txt").write_text(
        "Der Bürgermeister von Valdenia eröffnete am Montag die neue Brücke über den Fluss.\n\n"
        "Die Arbeiten hatten drei Jahre gedauert und kosteten vier Millionen Euro.\n",
        encoding="utf-8",
    )
    with Assistant.open(place, added=False) as german:
        answer = german.ask("Wer eröffnete die neue Brücke in Valdenia?")
        assert "Bürgermeister" in answer.text
        assert german.ask("Wer gewann die Weltmeisterschaft?").status == "refused"


def test_the_day_of_publication_answers_when_an_article_is_from(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "date 2024-05-17 The old lighthouse of Marenda has been sold to glass blowers, the council said.\n\n"
        "The price was not told. Neighbours had hoped for a museum.\n",
        encoding="utf-8",
    )
    with Assistant.open(tmp_path, added=False) as assistant:
        answer = assistant.ask("When was the article about the lighthouse published?")
    assert (answer.status, answer.short_answer) == ("answered", "17 May 2024")
    assert answer.reason == "The article is dated 17 May 2024."


def test_a_paragraph_that_is_far_behind_is_not_read_and_the_answer_stays(seeds: Assistant) -> None:
    query, found = seeds.kit.retriever.query("Who led the delegation to Kabul?"), seeds.retrieve("Kabul delegation?")
    whole, none, some = (rank(query, found, lead=lead) for lead in (math.inf, -math.inf, 1.5))
    read = [len({c.evidence.address for c in one.candidates}) for one in (whole, some, none)]
    assert read[0] == READ >= read[1] >= read[2] == FIRST
    assert whole.candidates[0].match == some.candidates[0].match


def test_what_is_kept_of_a_pair_is_what_is_read_anew() -> None:
    pairs = reading().encode_pairs(["Who sank?", "Who sank?"], ["The ferry Ilse sank off Rhona.", "Nobody swam."])
    rows = [pair.ids for pair in pairs]
    kept, anew = reading().run([*rows, rows[0]]), Encoder("reader.onnx").run(rows)
    assert kept[2] is kept[0]
    for mine, other in zip(kept, anew, strict=False):
        assert all(np.array_equal(mine[name], other[name]) for name in ("cls", "tok"))
