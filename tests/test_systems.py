"""The product and the baselines give predictions of one shape; what they cite is held against the files themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT, SEEDS
from evals import lint
from evals.cases import Case, load
from evals.outcomes import Prediction
from evals.systems import (
    System,
    always_refuse,
    bm25_paragraph,
    bm25_sentence,
    citation_query_engine,
    closed_book,
    evidence_of,
    product,
    supported,
    trivial,
)
from qa import Assistant
from qa.errors import ModelUnreachable
from qa.llm.endpoint import Delta, Message
from qa.testing import Reply, ScriptedModel
from qa.types import Article

ADDRESS = "002_7f54b19aedd2aafd.txt#p7"
QUESTION = Case("q", "fact", "en", "How long is the border stretch to be sealed?", True)


@pytest.fixture(scope="module")
def articles() -> Mapping[str, Article]:
    return lint.articles(SEEDS)


@pytest.fixture(scope="module")
def ten() -> list[Case]:
    """Ten gold questions: five with an answer, in both languages, and five of other kinds."""
    cases = load([ROOT / "evals/gold/seeds.jsonl"])
    plain = [case for case in cases if case.kind == "fact"][:3] + [case for case in cases if case.kind == "spanish"][:2]
    kinds = ("near-miss", "off-topic", "follow-up", "underspecified", "as-of")
    return plain + [next(case for case in cases if case.kind == kind) for kind in kinds]


def told(asked: Assistant, replies: list[Reply]) -> Assistant:
    """The assistant over the same folder and index, with a model that follows a script and nothing to fall back on."""
    settings = replace(asked.settings, answerer="llm")
    return Assistant(asked.folder, asked.store, asked.embedder, settings, ScriptedModel(replies))


# ---------------------------------------------------------------- the shape


def holds(prediction: Prediction) -> None:
    """What is true of every prediction."""
    assert prediction.seconds is not None
    assert prediction.seconds >= 0
    assert prediction.refused == (prediction.text == "")
    drafted = re.sub(r" \[[^\]]*\]", "", prediction.text)  # without who "he" is, which is put in after the check
    assert drafted == " ".join(statement.text for statement in prediction.statements)
    assert len(set(prediction.retrieved)) == len(prediction.retrieved) <= 10
    assert prediction.confidence is None or 0 <= prediction.confidence <= 1
    for statement in prediction.statements:
        assert len(statement.alone) == len(statement.without) == len(statement.addresses)
        assert set(statement.addresses) <= {cited.address for cited in prediction.cited}


def test_the_product_and_the_baselines_answer_ten_gold_questions(
    seeds: Assistant, articles: Mapping[str, Article], ten: list[Case]
) -> None:
    systems: dict[str, System] = {"product": product(seeds, articles), **trivial(seeds, articles)}
    assert list(systems) == ["product", "bm25-paragraph", "bm25-sentence", "always-refuse"]
    for name, system in systems.items():
        for case in ten:
            prediction = system(case)
            assert prediction.status != "error", (name, case.id, prediction.error)
            holds(prediction)
            assert all(cited.valid for cited in prediction.cited)
            assert all(statement.entailed for statement in prediction.statements)  # all of them quote


def test_the_product_says_what_the_assistant_says(
    seeds: Assistant, articles: Mapping[str, Article], ten: list[Case]
) -> None:
    system = product(seeds, articles)
    given, answer = system(QUESTION), seeds.ask(QUESTION.question)
    assert given.status == answer.status == "answered"
    assert given.text == " ".join(claim.text for claim in answer.claims)
    assert "[1]" not in given.text
    assert given.confidence == answer.confidence
    assert given.retrieved == tuple(evidence.address for evidence in answer.retrieved)
    assert given.statements[0].addresses == (ADDRESS,)
    refused = system(next(case for case in ten if case.kind == "off-topic"))
    assert (refused.status, refused.text, refused.statements) == ("refused", "", ())
    assert refused.notes == seeds.ask(next(case for case in ten if case.kind == "off-topic").question).reason


def test_history_and_day_reach_the_assistant(seeds: Assistant, articles: Mapping[str, Article]) -> None:
    asked = told(seeds, ["Nothing. [zzz]"])
    history = ({"role": "user", "content": "Where is Nimruz?"}, {"role": "assistant", "content": "In the east."})
    product(asked, articles)(replace(QUESTION, history=history, as_of=date(2031, 5, 6)))
    assert isinstance(asked.model, ScriptedModel)
    words = "".join(message.content for message in asked.model.history[0])
    assert "2031-05-06" in words
    assert "In the east." in words


def test_a_claim_that_was_taken_out_is_counted_and_noted(seeds: Assistant, articles: Mapping[str, Article]) -> None:
    false = "The stretch to be sealed is 999 kilometres long. [{key:1}]"
    prediction = product(told(seeds, [false]), articles)(QUESTION)
    assert (prediction.status, prediction.text, prediction.removed, prediction.calls) == ("refused", "", 1, 1)
    assert prediction.prompt_tokens > 100
    assert "removed (number): The stretch to be sealed is 999 kilometres long." in prediction.notes


def test_a_citation_is_held_against_the_file_and_not_the_index(
    seeds: Assistant, articles: Mapping[str, Article]
) -> None:
    cited = product(seeds, articles)(QUESTION).cited[0]
    assert cited.valid
    file = cited.address.partition("#")[0]
    moved = {**articles, file: replace(articles[file], text="x" + articles[file].text)}
    assert not product(seeds, moved)(QUESTION).cited[0].valid
    assert not product(seeds, {})(QUESTION).cited[0].valid


# ---------------------------------------------------------------- errors


def test_a_failure_is_an_outcome_and_says_why(seeds: Assistant, articles: Mapping[str, Article]) -> None:
    lost = product(told(seeds, [ModelUnreachable("Nothing listens there.")]), articles)(QUESTION)
    assert (lost.status, lost.error, lost.refused) == ("error", "Nothing listens there.", False)
    odd = product(told(seeds, [RuntimeError("a bug\nof ours")]), articles)(QUESTION)
    assert (odd.status, odd.error) == ("error", "RuntimeError: a bug of ours")
    empty = product(seeds, articles)(replace(QUESTION, question=" "))
    assert empty.error == "The question is empty; ask something."
    assert empty.seconds is not None


def test_a_person_can_still_end_a_run() -> None:
    class Stopped:
        identity = "stopped"

        def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Delta]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        closed_book(Stopped())(QUESTION)


# ---------------------------------------------------------------- support


def test_evidence_is_as_the_retriever_gives_it(seeds: Assistant, articles: Mapping[str, Article]) -> None:
    for found in seeds.retrieve("Who met the Syrian minister?", 10):
        anew = evidence_of(articles, found.address)
        assert anew == replace(found, rank=1, score=1.0, dense=0.0, lexical=0.0, sentences=(), copies=())
    for address in (f"{ADDRESS}7", "no.txt#p1", "nonsense"):
        with pytest.raises(KeyError):
            evidence_of(articles, address)


def test_support_is_told_together_alone_and_without(articles: Mapping[str, Article]) -> None:
    right, wrong = evidence_of(articles, ADDRESS), evidence_of(articles, "004_1d7981e0e1efbe65.txt#p2")
    text = right.paragraph.text
    assert supported(text, [right], "en") == (True, (True,), (False,))
    assert supported(text, [wrong], "en") == (False, (False,), (False,))
    assert supported(text, [right, wrong], "en") == (True, (True, False), (False, True))
    assert supported(text, [None, right], "en") == (True, (False, True), (True, False))
    assert supported(text, [None], "en") == (False, (False,), (False,))
    assert supported(text, [], "en") == (False, (), ())


def test_two_paragraphs_may_bear_a_statement_only_together(folder: Path) -> None:
    (folder / "harbour.txt").write_text(
        "The harbour of Valdenia reopened after the great storm.\n\nThe crews lost 14 fishing boats near Skerrin.\n",
        encoding="utf-8",
    )
    both = [evidence_of(lint.articles(folder), f"harbour.txt#p{n}") for n in (1, 2)]
    text = "The harbour of Valdenia reopened after the great storm and the crews lost 14 fishing boats near Skerrin."
    assert supported(text, both, "en") == (True, (False, False), (False, False))


def test_a_wrong_citation_is_not_moved_to_the_right_paragraph(
    seeds: Assistant, articles: Mapping[str, Article]
) -> None:
    sentence = seeds.ask(QUESTION.question).claims[0]
    assert sentence.citations[0].address == ADDRESS
    beside = evidence_of(articles, "002_7f54b19aedd2aafd.txt#p1")
    assert supported(sentence.text, [beside], "en")[0] is False


@settings(deadline=None)  # the first example loads models
@given(st.permutations([0, 1, 2]))
def test_the_order_of_the_citations_does_not_matter(order: list[int]) -> None:
    articles = lint.articles(SEEDS)
    all_three = [evidence_of(articles, address) for address in (ADDRESS, ADDRESS[:-1] + "1", ADDRESS[:-1] + "3")]
    whole, alone, without = supported(all_three[0].paragraph.text, [all_three[i] for i in order], "en")
    assert whole
    assert alone == tuple(i == 0 for i in order)
    assert without == tuple(i != 0 for i in order)


# ---------------------------------------------------------------- the baselines


def test_bm25_says_the_best_paragraph_and_never_refuses(articles: Mapping[str, Article]) -> None:
    whole, sentence = bm25_paragraph(articles), bm25_sentence(articles)
    found, short = whole(QUESTION), sentence(QUESTION)
    assert found.retrieved[0] == short.retrieved[0] == found.cited[0].address == ADDRESS
    assert len(found.retrieved) == 10
    assert found.text == " ".join(evidence_of(articles, ADDRESS).paragraph.text.split())
    assert short.text in found.text
    assert len(short.statements) == 1
    unknown = whole(replace(QUESTION, question="Quokka zymurgy?"))
    assert (unknown.status, unknown.confidence) == ("answered", 0.0)
    assert 0 < (found.confidence or 0) < 1
    assert whole(replace(QUESTION, question="?")).status == "answered"


def test_bm25_reads_each_article_in_its_own_language(articles: Mapping[str, Article]) -> None:
    spanish = Case("s", "spanish", "es", "¿Qué ministro se reunió con el presidente?", True)
    assert bm25_paragraph(articles)(spanish).cited[0].address.startswith("004_")
    assert bm25_paragraph({})(QUESTION).status == bm25_sentence({})(QUESTION).status == "refused"


def test_one_system_refuses_everything() -> None:
    prediction = always_refuse()(QUESTION)
    assert (prediction.status, prediction.text, prediction.confidence) == ("refused", "", 0.0)


def test_a_closed_book_model_cites_nothing() -> None:
    model = ScriptedModel(["It is 30 km. So I think.", "I don’t know.", "No lo sé.", "I do not know"])
    system = closed_book(model)
    history = ({"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Yes?"})
    prediction = system(replace(QUESTION, history=history))
    holds(prediction)
    assert [statement.text for statement in prediction.statements] == ["It is 30 km.", "So I think."]
    assert {statement.entailed for statement in prediction.statements} == {False}
    assert (prediction.cited, prediction.retrieved, prediction.confidence, prediction.calls) == ((), (), None, 1)
    assert prediction.prompt_tokens > 0
    assert prediction.completion_tokens == 7
    assert [message.role for message in model.history[0]] == ["system", "user", "assistant", "user"]
    assert model.history[0][-1].content == QUESTION.question
    assert [system(QUESTION).status for _ in range(3)] == ["refused"] * 3


def test_the_citation_query_engine_cites_by_number(seeds: Assistant, articles: Mapping[str, Article]) -> None:
    model = ScriptedModel(["It is 300 kilometres long [1]. That is much. [2, 99] So be it!"])
    prediction = citation_query_engine(seeds, model, articles)(QUESTION)
    holds(prediction)
    first, second, third = prediction.statements
    assert [first.text, second.text, third.text] == ["It is 300 kilometres long.", "That is much.", "So be it!"]
    assert first.addresses == prediction.retrieved[:1] == (ADDRESS,)
    assert second.addresses == (prediction.retrieved[1], "[99]")
    assert third.addresses == ()
    assert (second.entailed, third.entailed, third.shown_as) == (False, False, "unsupported")
    assert [cited.valid for cited in prediction.cited] == [True, True, False]
    assert prediction.confidence is None
    assert prediction.calls == len(model.history) == 1
    sent = model.history[0][-1].content
    assert "Source 1:" in sent
    assert "".join(evidence_of(articles, ADDRESS).paragraph.text.split()) in "".join(sent.split())


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("Empty Response", "refused"),
        ("None of the provided sources are helpful.", "refused"),
        ("The sources do not say how long it is.", "refused"),
        ("Ninguna de las fuentes lo indica.", "refused"),
        ("The sources do not say so, but it is 300 kilometres long [1].", "answered"),
        ("It is 300 kilometres long.", "answered"),
    ],
)
def test_the_citation_query_engine_refuses_in_words(
    seeds: Assistant, articles: Mapping[str, Article], reply: str, status: str
) -> None:
    prediction = citation_query_engine(seeds, ScriptedModel([reply]), articles)(QUESTION)
    assert prediction.status == status
    assert prediction.retrieved
    holds(prediction)


def test_with_a_model_there_are_two_baselines_more(seeds: Assistant, articles: Mapping[str, Article]) -> None:
    systems = trivial(told(seeds, ["I do not know.", ModelUnreachable("Nothing listens there.")]), articles)
    assert list(systems)[-2:] == ["closed-book", "citation-query-engine"]
    assert systems["closed-book"](QUESTION).status == "refused"
    assert systems["citation-query-engine"](QUESTION).error == "Nothing listens there."
