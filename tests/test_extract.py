from __future__ import annotations

from qa import Assistant, Evidence, Paragraph, Sentence
from qa.answer.extract import choose, extract, short_answer
from qa.answer.rank import Candidate, Ranking, rank
from qa.types import Match


def candidate(text: str, probability: float, *, number: int = 1, index: int = 0) -> Candidate:
    paragraph = Paragraph("a.txt", number, 0, len(text), text)
    match = Match(Sentence(0, len(text), text), 0.9)
    return Candidate(Evidence(paragraph, 1, 0.5, 0.9, 1.0), match, index, probability)


def texts(candidates: list[Candidate]) -> list[str]:
    return [c.match.sentence.text for c in candidates]


def test_a_sure_sentence_stands_alone() -> None:
    long = "It says two " + "things " * 25
    assert texts(choose(Ranking((candidate("One.", 0.8), candidate(long, 0.2)), 0.9))) == ["One."]


def test_a_short_sentence_is_shown_beside_a_sure_one_when_it_may_well_be_right() -> None:
    assert texts(choose(Ranking((candidate("One.", 0.8), candidate("Two.", 0.2)), 0.9))) == ["One.", "Two."]
    assert texts(choose(Ranking((candidate("One.", 0.9), candidate("Two.", 0.05)), 0.9))) == ["One."]


def test_two_close_sentences_are_both_shown_and_a_long_pair_is_not() -> None:
    assert texts(choose(Ranking((candidate("One.", 0.4), candidate("Two.", 0.3)), 0.9))) == ["One.", "Two."]
    long = "word " * 60
    assert len(choose(Ranking((candidate(long, 0.4), candidate(long + "more", 0.3)), 0.9))) == 1


def test_a_copy_is_shown_once() -> None:
    found = Ranking((candidate("One.", 0.4), candidate("ONE", 0.35, number=2), candidate("Two.", 0.2)), 0.9)
    assert texts(choose(found)) == ["One.", "Two."]


def test_a_list_takes_more() -> None:
    found = Ranking(tuple(candidate(f"{n}.", 0.25, number=n) for n in range(6)), 0.9)
    assert len(choose(found, several=True)) == 4


def test_sentences_of_one_paragraph_are_read_in_their_order(seeds: Assistant) -> None:
    found = Ranking((candidate("Second.", 0.4, index=1), candidate("First.", 0.3, index=0)), 0.9)
    assert [draft.text for draft in extract(seeds.kit.retriever.query("Who?"), found)] == ["First.", "Second."]


def test_a_draft_is_word_for_word_and_proposes_its_own_paragraph(seeds: Assistant) -> None:
    question = "Who led the delegation to Kabul?"
    query, evidence = seeds.kit.retriever.query(question), seeds.retrieve(question)
    for draft in extract(query, rank(query, evidence)):
        (proposal,) = draft.proposals
        paragraph = next(e.paragraph for e in evidence if e.address == proposal.address)
        assert str(proposal.quote) in paragraph.text


def test_the_short_answer_is_what_is_asked_for(seeds: Assistant) -> None:
    text = "In May 2023, a clash in Nimruz killed two border guards."
    assert short_answer(seeds.kit.retriever.query("When was the clash in Nimruz?"), text) == "May 2023"
    assert "two" in short_answer(seeds.kit.retriever.query("How many border guards were killed?"), text)
    assert short_answer(seeds.kit.retriever.query("Where was the clash in May 2023?"), text) == "Nimruz"
    assert short_answer(seeds.kit.retriever.query("Who won the football world cup?"), text) == ""
