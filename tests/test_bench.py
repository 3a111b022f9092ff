"""The benches at tiny sizes: that they run, say what they measured, and do without what is not installed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from evals.bench import files, indexing, peers, retrieval, scale, synthetic
from evals.public import cases_of
from qa.articles.corpus import scan

SET = Path(__file__).parent.parent / "evals/sample"


class Words:
    """An embedder whose vector of a text is made of its words, so that the same words are near."""

    identity, dim = "words", 64

    def query(self, text: str) -> np.ndarray:
        vector = np.full(self.dim, 0.01, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[sum(word.encode()) % self.dim] += 1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self.query(text) for text in texts])


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_system_that_is_not_installed_is_told_in_a_sentence_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peers._NEEDED, "Haystack BM25", "no_such_module.at.all")
    assert peers.missing("Haystack BM25") == (
        "Haystack BM25 is left out: haystack-ai is not installed; run `uv sync --group bench`."
    )
    assert peers.missing("qa") == ""
    lines = list(retrieval.table(SET / "docs.jsonl", SET / "qa.jsonl", peers.Kept(Words()), most=5, seed=1))
    rows = {cells(line)[0]: cells(line)[1:] for line in lines if line.startswith("| ")}
    assert "Haystack BM25" not in rows
    assert {"qa", "bm25s", "LlamaIndex default"} <= rows.keys()
    assert all(0 <= float(cell) <= 1 for cell in rows["qa"][:5])
    assert float(rows["qa"][2]) >= 0.6  # nearly all of a tiny set is among the first ten


def test_figures_are_those_of_the_field() -> None:
    found = [retrieval.Ranks((1, 4), 2, 0.1), retrieval.Ranks((6,), 2, 0.3), retrieval.Ranks((), 1, 0.2)]
    assert retrieval.figures(found) == ["0.333", "0.333", "0.667", "0.500", f"{(1 + 1 / 6) / 3:.3f}", "200"]


def test_sets_are_paired_by_their_names(tmp_path: Path) -> None:
    for name in ("docs_en", "docs_es", "qa_en", "qa_es_over_en"):
        (tmp_path / f"{name}.jsonl").touch()
    assert [docs.stem for docs, _ in retrieval.sets(tmp_path)] == ["docs_en", "docs_en"]
    assert retrieval.sets(SET) == [(SET / "docs.jsonl", SET / "qa.jsonl")]


def test_a_folder_is_filled_up_with_made_articles_near_the_real_ones(tmp_path: Path) -> None:
    cases = cases_of("plain", SET / "docs.jsonl", SET / "qa.jsonl", tmp_path / "articles")
    turned = synthetic.made(tmp_path / "articles", [case.question for case in cases], 100, Words())
    turned.save(tmp_path / "vectors")
    again = synthetic.load(tmp_path / "vectors")
    corpus = peers.Corpus(tmp_path / "articles", str(tmp_path / "index"), again)
    assert len(corpus.paragraphs) == 100
    assert scan(corpus.folder)[1] == []
    made, real = next(iter(json.loads((tmp_path / "vectors/texts.json").read_text(encoding="utf-8"))["made"].items()))
    assert float(again.query(made) @ again.query(real)) == pytest.approx(0.9, abs=0.15)
    assert np.array_equal(again.query(cases[0].question), Words().query(cases[0].question))
    assert corpus.assistant.summary.articles > len({address.split("#")[0] for case in cases for address in case.gold})


def test_growth_is_measured_in_processes_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "bundled", Words)
    monkeypatch.setattr(scale, "PEERS", ())
    (row,) = scale.run(SET, tmp_path, [60], 3)
    assert row["questions"] == 3
    assert row["memory"] > 0
    assert row["split"].keys() == scale.KINDS.keys()
    assert all(one["p50"] <= one["p95"] for one in row["split"].values())
    assert "| with a month |" in capsys.readouterr().out


def test_an_unchanged_folder_is_told_from_a_new_one() -> None:
    first, again = indexing.unchanged(SET.parent.parent / "seeds", 4)
    assert re.fullmatch(r"4 files, 23 paragraphs, without embedding: [\d.]+ s \(\d+ a second\)", first)
    assert re.fullmatch(r"the same folder, unchanged: [\d.]+ s", again)


def test_indexing_is_set_beside_the_bare_embedder() -> None:
    first, second = indexing.beside_embedder(SET.parent.parent / "seeds", 10, Words())
    assert re.match(r"\d+ different sentences: bare embedder [\d.]+ s \(\d+ a second\)", first)
    assert re.fullmatch(r"indexed in [\d.]+ s: [\d.]+ of the embedder's throughput", second)


@pytest.mark.parametrize("suffix", list(files.MAKERS))
def test_the_sentences_of_made_files_are_found_whole_and_in_order(suffix: str) -> None:
    told = re.fullmatch(r"\S+: (\d+) of (\d+) sentences .*, (\d+) unseen ones read", files.measured(suffix, 4, 3))
    assert told
    assert int(told[1]) >= 0.95 * int(told[2]) > 0
    assert told[3] == "0"
    assert files.in_order("abcd", "xbadc") == ["a", "c"]
