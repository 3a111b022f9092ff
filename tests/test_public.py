"""Public sets become cases whose addresses point at the right words, whatever layout they are published in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from evals import lint
from evals.cases import Case, GoldError
from evals.outcomes import Cited, Outcome, Prediction
from evals.public import LAYOUTS, Layout, cases_of, places, score_rows, where
from evals.systems import bm25_sentence, evidence_of
from qa.language.text import words

DOCS, QA = ROOT / "evals/sample/docs.jsonl", ROOT / "evals/sample/qa.jsonl"

Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def lines(path: Path, written: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in written), encoding="utf-8")
    return path


def whole(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def answering(para: str, answers: Sequence[str]) -> list[str]:
    return [answer for answer in answers if answer in para]


def said(case: Case, folder: Path) -> bool:
    """Whether each fact stands, word for word, in a paragraph that the case points at."""
    articles = lint.articles(folder)
    there = " ".join(" ".join(words(evidence_of(articles, address).paragraph.text)) for address in case.gold)
    return all(any(" ".join(words(one)) in there for one in fact) for fact in case.facts)


# ---------------------------------------------------------------- plain, and the sample itself


def test_the_sample_is_thirty_questions_in_two_languages_and_eight_have_no_answer() -> None:
    asked = rows(QA)
    assert len(asked) == 30
    assert sum(row["answerable"] is False for row in asked) == 8
    assert {row["lang"] for row in asked} == {row["lang"] for row in rows(DOCS)} == {"en", "es"}


def test_the_sample_becomes_cases_whose_facts_stand_in_their_gold_paragraphs(tmp_path: Path) -> None:
    cases = cases_of("plain", DOCS, QA, tmp_path)
    assert [case.id for case in cases] == [row["qid"] for row in rows(QA)]
    for case in cases:
        assert bool(case.gold) == bool(case.facts) == case.answerable, case.id
        assert said(case, tmp_path), case.id
        assert not (case.gold and case.tempting)
    assert next(case for case in cases if case.kind == "near-miss").tempting == ("00000.txt#p2",)
    assert next(case for case in cases if case.kind == "multi-paragraph").facts == (("11 metres",), ("Petra Ullmast",))
    assert cases[0].article == "00000.txt"
    assert (cases[2].path, cases[2].line) == (str(QA), 3)


def test_an_address_is_the_paragraph_of_the_set(tmp_path: Path) -> None:
    cases_of("plain", DOCS, QA, tmp_path)
    articles, documents = lint.articles(tmp_path), {row["doc_id"]: row for row in rows(DOCS)}
    there = places("plain", DOCS, QA)
    assert len(there) == sum(len(row["paras"]) for row in documents.values())
    for address, (document, para) in there.items():
        found = evidence_of(articles, address)
        assert found.paragraph.text == documents[document]["paras"][para]
        assert str(found.published) == documents[document]["date"]
        assert found.language == documents[document]["lang"]


awkward = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60) | st.sampled_from(
    ["", "   ", "\ufeffA mark.", "Two\nlines\n\nand more.", "Three\u2028lines", "# Head", "- item", "\x1c", "a" * 300]
)


@settings(deadline=None)  # the first example loads models
@given(st.lists(st.lists(awkward, min_size=1, max_size=5), min_size=1, max_size=3), st.booleans())
def test_whatever_the_paragraphs_hold_their_numbers_are_right(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], dated: bool
) -> None:
    place = tmp_path_factory.mktemp("set")
    day = "2024-05-14" if dated else None
    documents = [{"doc_id": str(n), "paras": paras, "date": day} for n, paras in enumerate(texts)]
    asked = {"qid": "q", "lang": "en", "question": "?", "answers": ["x"], "answerable": True, "kind": "k",
             "gold": [{"doc_id": "0", "para": 0}]}  # fmt: skip
    docs, qa = lines(place / "docs.jsonl", documents), lines(place / "qa.jsonl", [asked])
    cases_of("plain", docs, qa, place / "articles")
    articles = lint.articles(place / "articles")
    for address, (document, para) in places("plain", docs, qa).items():
        meant = " ".join(texts[int(document)][para].replace("\ufeff", "").split()) or "-"
        assert evidence_of(articles, address).paragraph.text == meant


def test_half_a_character_in_the_json_becomes_a_question_mark(tmp_path: Path) -> None:
    docs, asked = rows(DOCS), rows(QA)
    docs[0]["paras"][3] += " Half \ud83d a face."
    (tmp_path / "docs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in docs), encoding="utf-8")
    cases = cases_of("plain", tmp_path / "docs.jsonl", lines(tmp_path / "qa.jsonl", asked), tmp_path / "articles")
    assert len(cases) == 30
    assert lint.articles(tmp_path / "articles")["00000.txt"].paragraphs[3].text.endswith(" Half ? a face.")


def test_underspecified_is_a_case_and_unmarked_is_none(tmp_path: Path) -> None:
    first = rows(QA)[0]
    asked = [first | {"qid": "a", "answerable": "underspecified"}, first | {"qid": "b", "answerable": None}]
    (case,) = cases_of("plain", DOCS, lines(tmp_path / "qa.jsonl", asked), tmp_path / "articles")
    assert (case.id, case.answerable, case.facts, case.gold) == ("a", None, (), ())


# ---------------------------------------------------------------- what is wrong with a set


def problems(layout: Layout, docs: Path | None, qa: Path, folder: Path) -> str:
    with pytest.raises(GoldError) as caught:
        cases_of(layout, docs, qa, folder)
    return str(caught.value)


def test_every_row_that_is_wrong_is_named_by_its_line(tmp_path: Path) -> None:
    good = rows(QA)[0]
    lost = good | {"qid": "x", "gold": [{"doc_id": "en-nowhere", "para": 0}]}
    beyond = good | {"qid": "y", "gold": [{"doc_id": good["gold"][0]["doc_id"], "para": 99}]}
    bare = {name: value for name, value in good.items() if name != "question"} | {"qid": "z"}
    qa = lines(tmp_path / "qa.jsonl", [good, lost, beyond, bare])
    said = problems("plain", DOCS, qa, tmp_path / "a").splitlines()
    assert [line.split(": ")[0] for line in said] == [f"{qa}:2", f"{qa}:3", f"{qa}:4"]
    assert "en-nowhere has no paragraph 0" in said[0]
    assert "has no paragraph 99" in said[1]
    assert "'question' is missing" in said[2]
    assert not (tmp_path / "a").exists()  # nothing is written before the set is known to be whole


def test_a_file_that_is_none_and_a_layout_that_is_none(tmp_path: Path) -> None:
    assert "cannot be read" in problems("plain", DOCS, tmp_path / "none.jsonl", tmp_path / "a")
    (tmp_path / "bad.jsonl").write_text("{", encoding="utf-8")
    assert "give a file of a JSON object a line" in problems("plain", DOCS, tmp_path / "bad.jsonl", tmp_path / "a")
    assert "give one of plain, squad" in problems("csv", DOCS, QA, tmp_path / "a")  # type: ignore[arg-type]
    for layout in LAYOUTS:
        empty = lines(tmp_path / layout, []) if layout in ("plain", "mtrag") else whole(tmp_path / layout, [])
        assert "holds no question" in problems(layout, empty, empty, tmp_path / "a")


def test_what_is_there_twice_is_refused(tmp_path: Path) -> None:
    qa = lines(tmp_path / "qa.jsonl", [rows(QA)[0]] * 2)
    assert "the question sample-01 is there more than once" in problems("plain", DOCS, qa, tmp_path / "a")
    docs = lines(tmp_path / "docs.jsonl", [*rows(DOCS), rows(DOCS)[0]])
    assert "the article en-velmora-ferry is there more than once" in problems("plain", docs, QA, tmp_path / "a")


def test_a_folder_with_other_articles_is_refused_and_its_own_may_be_written_again(tmp_path: Path) -> None:
    assert cases_of("plain", DOCS, QA, tmp_path) == cases_of("plain", DOCS, QA, tmp_path)
    (tmp_path / "mine.txt").write_text("My own.\n", encoding="utf-8")
    assert (
        problems("plain", DOCS, QA, tmp_path) == f"{tmp_path / 'mine.txt'}: is not of this set; give an empty folder."
    )


def test_a_file_that_reads_otherwise_than_the_set_is_refused(tmp_path: Path) -> None:
    first = rows(DOCS)[0]
    moved = first | {"date": None, "paras": ["date 2024-01-01 " + first["paras"][0], *first["paras"][1:]]}
    docs = lines(tmp_path / "docs.jsonl", [moved, *rows(DOCS)[1:]])
    assert problems("plain", docs, QA, tmp_path / "a").startswith("en-velmora-ferry: paragraph 1 of 00000.txt")
    binary = lines(tmp_path / "binary.jsonl", [first | {"paras": ["\0 zero"] * 5}, *rows(DOCS)[1:]])
    assert "cannot be read as 00000.txt" in problems("plain", binary, QA, tmp_path / "b")


# ---------------------------------------------------------------- SQuAD


def squad(documents: Sequence[Row], asked: Sequence[Row]) -> Row:
    """The same questions as SQuAD 2.0 has them, those without a paragraph left out."""
    entries = []
    for row in documents:
        paragraphs: list[Row] = [{"context": para, "qas": []} for para in row["paras"]]
        for one in asked:
            gold = (one["gold"] or [one["meta"].get("near") or {"doc_id": None}])[0]
            if gold["doc_id"] == row["doc_id"]:
                para = row["paras"][gold["para"]]
                answers = [{"text": a, "answer_start": para.index(a)} for a in answering(para, one["answers"])]
                made = {"id": one["qid"], "question": one["question"], "answers": answers}
                no_answer = {"is_impossible": True, "plausible_answers": [{"text": para[:9], "answer_start": 0}]}
                paragraphs[gold["para"]]["qas"].append(made | ({} if one["answerable"] else no_answer))
        entries.append({"title": row["title"], "paragraphs": paragraphs})
    return {"version": "v2.0", "data": entries}


def test_squad_gives_the_same_gold_as_plain(tmp_path: Path) -> None:
    qa = whole(tmp_path / "squad.json", squad(rows(DOCS), rows(QA)))
    cases = {case.id: case for case in cases_of("squad", None, qa, tmp_path / "squad")}
    plain = {case.id: case for case in cases_of("plain", DOCS, QA, tmp_path / "plain")}
    assert len(cases) == 28  # two off-topic ones stand in no paragraph
    for name, case in cases.items():
        assert case.gold == plain[name].gold[:1]
        assert case.tempting == plain[name].tempting
        assert case.answerable == plain[name].answerable
        assert case.lang == ("en" if case.article in ("00000.txt", "00001.txt", "00002.txt") else "es")
        assert said(case, tmp_path / "squad")
        assert bool(case.wrong) == (not case.answerable)
    assert cases["sample-01"].facts == (("4.6 million crowns", "4.6 million"),)


def test_squad_1_has_no_mark_for_impossible_questions(tmp_path: Path) -> None:
    asked = {"id": "1", "question": "Who? ", "answers": [{"text": "Ann", "answer_start": 0}] * 3}
    old = {"data": [{"paragraphs": [{"context": "Ann came by.", "qas": [asked]}]}]}
    (case,) = cases_of("squad", None, whole(tmp_path / "s.json", old), tmp_path / "a")
    assert (case.answerable, case.facts, case.question) == (True, (("Ann",),), "Who?")


# ---------------------------------------------------------------- MultiHop-RAG


def multihop(documents: Sequence[Row], asked: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The same questions as MultiHop-RAG has them: the fact is a sentence of the article."""
    articles = {row["doc_id"]: row for row in documents}
    corpus = [
        {"title": row["title"], "author": None, "source": row["source"], "category": "news", "url": row["doc_id"],
         "published_at": f"{row['date']}T08:00:00+00:00", "body": "\n\n".join(row["paras"])}
        for row in documents
    ]  # fmt: skip
    queries = []
    for one in asked:
        facts = [(articles[g["doc_id"]]["title"], articles[g["doc_id"]]["paras"][g["para"]]) for g in one["gold"]]
        evidence = [{"title": title, "fact": para.partition(". ")[0], "source": "?"} for title, para in facts]
        answer = one["answers"][0] if one["answers"] else "Insufficient information."
        queries.append({"query": one["question"], "answer": answer, "question_type": one["kind"],
                        "evidence_list": evidence})  # fmt: skip
    return corpus, queries


def test_multihop_finds_each_fact_below_the_headline(tmp_path: Path) -> None:
    corpus, queries = multihop(rows(DOCS), rows(QA))
    docs, qa = whole(tmp_path / "corpus.json", corpus), whole(tmp_path / "MultiHopRAG.json", queries)
    cases = cases_of("multihop", docs, qa, tmp_path / "articles")
    plain = cases_of("plain", DOCS, QA, tmp_path / "plain")
    moved = {place: address for address, place in places("plain", DOCS, QA).items()}
    there = places("multihop", docs, qa)
    for case, same in zip(cases, plain, strict=True):
        found = [
            (rows(DOCS)[int(there[address][0].split()[0]) - 1]["doc_id"], there[address][1]) for address in case.gold
        ]
        assert tuple(moved[place] for place in found) == same.gold, case.question
        assert case.answerable == same.answerable
        assert bool(case.facts) == case.answerable
    article = lint.articles(tmp_path / "articles")["00000.txt"]
    assert article.title == rows(DOCS)[0]["title"]
    assert (str(article.published), article.source) == ("2024-05-14", "Velmora Courier")


def test_multihop_gold_is_whole_or_none(tmp_path: Path) -> None:
    corpus, queries = multihop(rows(DOCS), rows(QA))
    query = next(q for q in queries if len(q["evidence_list"]) == 2)
    query["evidence_list"][1]["fact"] = "Nothing of the kind was ever written."
    folded = queries[0] | {"evidence_list": [queries[0]["evidence_list"][0] | {"fact": "THE REPAIR OF THE LADY ANSEL"}]}
    docs, qa = whole(tmp_path / "corpus.json", corpus), whole(tmp_path / "qa.json", [query, folded])
    first, second = cases_of("multihop", docs, qa, tmp_path / "articles")
    assert (first.gold, first.answerable) == ((), True)
    assert first.why == "1 of 2 facts stand in no paragraph of the corpus."
    assert (second.gold, second.why) == (("00000.txt#p3",), "")


# ---------------------------------------------------------------- MTRAG


def task(number: int, answerability: str, *, key: str = "answerability", contexts: Sequence[str] = ()) -> Row:
    before = [{"speaker": "user", "text": "Hello."}, {"speaker": "agent", "text": "Ask."}]
    return {
        "task_id": f"t::{number}",
        "contexts": [{"document_id": text[:4], "text": text, "title": "T"} for text in contexts],
        "input": [*before, {"speaker": "user", "text": f"Question {number}?"}],
        "targets": [{"speaker": "agent", "text": "A long answer."}],
        key: [answerability],
        "Validity": float("nan"),
    }


def test_mtrag_tasks_have_history_passages_and_an_answer_but_no_facts(tmp_path: Path) -> None:
    tasks = [
        task(1, "ANSWERABLE", contexts=["One: it rained.\nA lot.", "Two: it snowed."]),
        task(2, "PARTIAL", key="Answerability", contexts=["Two: it snowed."]),
        task(3, "UNANSWERABLE"),
        task(4, "UNDERSPECIFIED", contexts=["One: it rained.\nA lot."]),
        task(5, "CONVERSATIONAL"),
    ]
    cases = cases_of("mtrag", None, lines(tmp_path / "reference.jsonl", tasks), tmp_path / "articles")
    assert [case.answerable for case in cases] == [True, True, False, None]
    assert [case.gold for case in cases] == [("00000.txt#p1", "00001.txt#p1"), ("00001.txt#p1",), (), ()]
    assert cases[3].tempting == ("00000.txt#p1",)
    assert cases[0].history == ({"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Ask."})
    assert (cases[0].question, cases[0].answer, cases[0].facts) == ("Question 1?", "A long answer.", ())
    read = lint.articles(tmp_path / "articles")
    assert [p.text for p in read["00000.txt"].paragraphs] == ["One: it rained. A lot."]


# ---------------------------------------------------------------- for other scorers


def outcome(case: Case, prediction: Prediction) -> Outcome:
    answerable = case.answerable
    return Outcome(case.id, case.sha, case.kind, case.lang, case.article, answerable, case.question, prediction)


def test_a_run_goes_back_to_the_ids_of_the_set(tmp_path: Path) -> None:
    cases = cases_of("plain", DOCS, QA, tmp_path)
    system = bm25_sentence(lint.articles(tmp_path))
    told = score_rows([outcome(case, system(case)) for case in cases], places("plain", DOCS, QA))
    right = 0
    for row, asked in zip(told, rows(QA), strict=True):
        assert set(row) == {
            "qid", "answer", "abstained", "confidence", "citations", "retrieved", "conflict", "clarify"
        }  # fmt: skip
        assert row["qid"] == asked["qid"]
        assert len(row["retrieved"]) == 10
        right += row["citations"][0] in asked["gold"]
    assert right >= 15  # BM25 finds the paragraph of most of the 22
    assert json.loads(json.dumps(told)) == told


def test_a_refusal_an_error_and_an_invented_citation_in_a_run(tmp_path: Path) -> None:
    case = cases_of("plain", DOCS, QA, tmp_path)[0]
    refused = outcome(case, Prediction("clarify", confidence=0.1))
    failed = outcome(case, Prediction("error", error="No."))
    invented = outcome(case, Prediction("answered", text="So.", cited=(Cited("[7]", "", False),)))
    first, second = score_rows([refused, failed, replace(invented, id="b")], places("plain", DOCS, QA))
    assert (first["abstained"], first["clarify"], first["answer"]) == (True, True, "")
    assert (second["qid"], second["citations"]) == ("b", [{"doc_id": "[7]", "para": -1}])


def test_each_layout_says_where_its_data_is() -> None:
    for layout in LAYOUTS:
        assert where(layout).endswith(".")
        assert layout == "plain" or "https://" in where(layout)
