from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa.errors import StoreError
from qa.index.store import IndexedParagraph, LanceStore, NewArticle, NewSentence, Rows
from qa.types import Filters


def rows(file: str, *words: str, published: date | None = None, source: str | None = None, lang: str = "en") -> Rows:
    """One article whose n-th paragraph is the n-th argument and whose vectors are one-hot."""
    article = NewArticle(file, 1, 2, sha256=file, language="en", text="\n".join(words))
    paragraphs, sentences = [], []
    for n, text in enumerate(words, start=1):
        address = f"{file}#p{n}"
        shared: dict[str, Any] = {
            "address": address, "file": file, "start": 0, "end": len(text), "language": lang, "search": text,
            "revision": "r", "published": published, "source": source,
        }  # fmt: skip
        paragraphs.append(
            IndexedParagraph(
                **shared, number=n, kind="paragraph", text=text, found=text, page=None, sentences=1, signature=0
            )
        )
        vector = np.eye(4, dtype=np.float32)[(n - 1) % 4]
        sentences.append(NewSentence(**shared, id=f"{address}.s1", sha=f"{file}{n}", vector=vector))
    return Rows([article], paragraphs, sentences)


@pytest.fixture
def store(tmp_path: Path) -> LanceStore:
    return LanceStore(str(tmp_path / "index"), embedder="test", dim=4)


def test_putting_a_file_again_replaces_it_whole(store: LanceStore) -> None:
    store.put(rows("a.txt", "one", "two", "three"))
    store.put(rows("b'; DROP.txt", "two"))
    store.put(rows("a.txt", "one"))
    store.finish()
    assert {row.address: row.text for row in store.paragraphs(["a.txt#p1", "a.txt#p2", "b'; DROP.txt#p1"])} == {
        "a.txt#p1": "one",
        "b'; DROP.txt#p1": "two",
    }
    assert {row.file for row in store.articles()} == {"a.txt", "b'; DROP.txt"}


def test_what_is_put_comes_back_as_it_was(store: LanceStore) -> None:
    made = rows("a.txt", "harbour storm", published=date(2024, 3, 1), source="Reuters")
    store.put(made)
    assert store.paragraphs(["a.txt#p1"]) == made.paragraphs
    (article,) = store.articles()
    assert (article.title, article.source, article.lead, article.names) == (None, None, "", "")
    assert (store.text("a.txt"), store.text("gone.txt")) == ("harbour storm", "")


def test_a_file_that_was_left_out_is_no_article(store: LanceStore) -> None:
    left = NewArticle("b.bin", 1, 2, reason="binary", detail="It is no text.")
    store.put(Rows([*rows("a.txt", "one").articles, left], [], []))
    assert [row.file for row in store.articles()] == ["a.txt"]
    assert {row.file: row.skipped and row.skipped.detail for row in store.files()} == {
        "a.txt": None,
        "b.bin": "It is no text.",
    }


def test_dense_and_lexical_find_what_was_put(store: LanceStore) -> None:
    store.put(rows("a.txt", "harbour storm", "budget vote"))
    store.finish()
    hits = {hit.address: hit.score for hit in store.dense(np.eye(4, dtype=np.float32)[1], 5)}
    assert hits["a.txt#p2"] == pytest.approx(1.0)
    assert hits["a.txt#p1"] == pytest.approx(0.0)
    assert [hit.address for hit in store.lexical(["storm", "nowhere"], 5)] == ["a.txt#p1"]
    assert store.lexical([], 5) == []


def test_frequencies_count_paragraphs_not_words(store: LanceStore) -> None:
    store.put(rows("a.txt", "storm storm harbour", "storm", "vote"))
    store.finish()
    assert store.frequencies(["storm", "vote", "none"]) == ({"storm": 2, "vote": 1}, 3, 5 / 3)


def test_a_deleted_file_is_gone_everywhere(store: LanceStore) -> None:
    store.put(rows("a.txt", "storm"))
    store.put(rows("b.txt", "storm"))
    store.delete(["a.txt"])
    store.finish()
    assert [hit.address for hit in store.lexical(["storm"], 5)] == ["b.txt#p1"]
    assert [hit.address for hit in store.dense(np.eye(4, dtype=np.float32)[0], 5)] == ["b.txt#p1"]
    assert store.vectors(["a.txt1", "b.txt1"]).keys() == {"b.txt1"}


def test_another_embedder_is_noticed_in_one_sentence(store: LanceStore) -> None:
    with pytest.raises(StoreError, match="made with test, not other; run `qa index --rebuild`"):
        LanceStore(store.address, embedder="other", dim=4)


def test_an_empty_index_answers_with_nothing(store: LanceStore) -> None:
    assert store.dense(np.zeros(4, dtype=np.float32), 3) == []
    assert store.lexical(["storm"], 3) == []
    assert store.frequencies(["storm"]) == ({}, 0, 0.0)


def test_a_reader_in_another_process_sees_each_commit(store: LanceStore) -> None:
    code = (
        "import sys; from qa.index.store import LanceStore; s = LanceStore(sys.argv[1], embedder='test', dim=4)\n"
        "for line in sys.stdin: print(len(s.articles()), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, store.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for count, name in enumerate(("a.txt", "b.txt"), start=1):
            store.put(rows(name, "storm"))
            reader.stdin.write("count\n")
            reader.stdin.flush()
            assert reader.stdout.readline().strip() == str(count)


def test_only_articles_that_pass_are_searched(store: LanceStore) -> None:
    store.put(rows("a.txt", "storm", published=date(2024, 3, 1), source="Reuters"))
    store.put(rows("b.txt", "storm", published=date(2024, 3, 2), source="L'Équipe", lang="fr"))
    store.put(rows("c.txt", "storm"))
    store.finish()
    stored = store.paragraphs(["a.txt#p1", "b.txt#p1", "c.txt#p1"])
    vector = np.eye(4, dtype=np.float32)[0]
    for filters, passing in (
        (Filters(), "abc"),
        (Filters(sources=("L'Équipe",)), "b"),
        (Filters(sources=("L'Équipe", "Reuters")), "ab"),
        (Filters(languages=("en",)), "ac"),
        (Filters(languages=("en",), since=date(2024, 1, 1)), "a"),
        (Filters(since=date(2024, 3, 2)), "b"),
        (Filters(until=date(2024, 3, 1)), "a"),
        (Filters(since=date(2024, 3, 1), until=date(2024, 3, 2)), "ab"),
        (Filters(since=date(2024, 3, 3)), ""),
    ):
        addresses = [f"{letter}.txt#p1" for letter in passing]
        assert sorted(hit.address for hit in store.dense(vector, 5, filters)) == addresses
        assert sorted(hit.address for hit in store.lexical(["storm"], 5, filters)) == addresses
        assert sorted(row.address for row in stored if filters.admit(row)) == addresses


def test_a_filter_finds_the_few_that_pass_behind_a_vector_index(tmp_path: Path) -> None:
    from lancedb.index import IvfRq

    store = LanceStore(str(tmp_path / "index"), embedder="test", dim=16)
    rng = np.random.default_rng(1)
    many, rare = rows("many.txt", *(["storm"] * 3_000)), rows("rare.txt", *(["storm"] * 10), source="Reuters")
    sentences = [
        replace(row, vector=rng.normal(size=16).astype(np.float32)) for row in (*many.sentences, *rare.sentences)
    ]
    for row in sentences[3_000:]:
        row.vector[0] = -3.0  # far from what is asked, in partitions that are looked at last
    store.put(Rows(many.articles + rare.articles, many.paragraphs + rare.paragraphs, sentences))
    # as many partitions as a million sentences get
    store._tables["sentences"].create_index("vector", config=IvfRq(distance_type="dot", num_partitions=100))
    found = store.dense(np.eye(16, dtype=np.float32)[0], 10, Filters(sources=("Reuters",)))
    assert sorted(hit.address for hit in found) == sorted(row.address for row in rare.paragraphs)


def test_a_large_table_is_read_by_the_places_of_its_rows_as_a_small_one_is(
    store: LanceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        store.put(rows(f"{n}.txt", "harbour storm", "budget vote"))
    store.finish()
    wanted = ["3.txt#p2", "1.txt#p1", "gone.txt#p1"]

    def read() -> list[tuple[str, int]]:
        found = [(row.address, 0) for row in store.paragraphs(wanted)]
        return sorted(found + [(row.address, int(row.vector.argmax())) for row in store.sentences(wanted)])

    small = read()
    assert len(small) == 4
    monkeypatch.setattr("qa.index.store.searching.INDEXED_FROM", 1)
    assert read() == small
    assert store.paragraphs([]) == []
    other = LanceStore(store.address, embedder="test", dim=4)
    other.put(rows("3.txt", "harbour storm"))
    other.delete(["1.txt"])
    other.finish()
    assert read() == []
    other.put(rows("1.txt", "harbour"))
    assert read() == [("1.txt#p1", 0), ("1.txt#p1", 0)]
    assert store.frequencies(["harbour"])[0] == {"harbour": 5}  # of the last `finish`


def test_an_index_of_an_older_layout_is_made_anew(tmp_path: Path) -> None:
    made = LanceStore(str(tmp_path / "index"), embedder="test", dim=4)
    made._merge("meta", "key", [{"key": "layout", "value": "1"}])
    made._merge("articles", "file", [{"file": "a.txt", "reason": "", "detail": ""}])
    assert LanceStore(str(tmp_path / "index"), embedder="test", dim=4).files() == []
    newer = LanceStore(str(tmp_path / "index"), embedder="test", dim=4)
    newer._merge("meta", "key", [{"key": "layout", "value": "999"}])
    with pytest.raises(StoreError, match="another layout; run `qa index --rebuild`"):
        LanceStore(str(tmp_path / "index"), embedder="test", dim=4)
