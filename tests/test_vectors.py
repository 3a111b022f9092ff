"""An index whose vectors are not all there yet: searched by words, completed in batches, never computed twice."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from qa import Assistant
from qa.index import ingest, vectors
from qa.index.store import IndexedParagraph, LanceStore
from qa.index.vectors import complete, unembedded
from qa.model.embed import bundled
from qa.page.actions import Desk
from qa.testing import HashEmbedder
from qa.types import Step

LOST = "How many boats were lost?"


def test_before_its_vectors_are_there_a_paragraph_is_found_by_its_words(folder: Path, tmp_path: Path) -> None:
    young = Assistant.open(folder, index=str(tmp_path / "index"), wait=False)
    assert young.summary.pending == 6
    first = young.retrieve(LOST)[0]
    answer = young.ask(LOST)
    assert (first.address, "14 boats" in answer.text) == ("harbour.txt#p3", True)
    assert (young.complete().embedded, young.summary.pending) == (6, 0)
    again = young.retrieve(LOST)[0]
    assert again.address == first.address
    assert again.dense == pytest.approx(first.dense)
    assert [m.sentence for m in again.sentences] == [m.sentence for m in first.sentences]
    assert young.ask(LOST).claims == answer.claims


def test_only_the_best_few_by_words_are_embedded_for_a_question(folder: Path, tmp_path: Path) -> None:
    for n in range(60):
        (folder / f"{n:02}.txt").write_text(f"Report {n}\n\nThe harbour of town {n} lost boats.\n", encoding="utf-8")
    embedder = Texts()
    young = Assistant.open(folder, embedder=embedder, index=str(tmp_path / "index"), wait=False)
    embedder.texts.clear()
    found = young.retrieve("Which harbour lost boats in town 7?")
    assert found[0].address == "07.txt#p2"
    assert len(found) == 10
    assert len(embedder.texts) <= 30


class Texts(HashEmbedder):
    """Keeps the texts that it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def passages(self, texts: Any) -> Any:
        self.texts += texts
        return super().passages(texts)

    def query(self, text: str) -> Any:
        return super().passages([text])[0]


def test_what_was_computed_before_the_end_of_a_run_is_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_BATCH", 1)
    embedder = Texts()
    store = LanceStore(str(tmp_path / "index"), embedder=embedder.identity, dim=embedder.dim)
    pending = ingest.read_folder(folder, store).pending

    def ends(step: Step) -> None:
        if step.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        complete(store, embedder, progress=ends)
    left = sum(store.pending().values())
    assert 0 < left < pending
    assert complete(store, embedder) == left
    assert len(embedder.texts) == len(set(embedder.texts)) == pending
    assert (store.pending(), store.settled()) == ({}, True)


def test_an_article_that_changed_while_its_vectors_were_computed_keeps_none_of_the_old(
    folder: Path, tmp_path: Path
) -> None:
    embedder = Texts()
    store = LanceStore(str(tmp_path / "index"), embedder=embedder.identity, dim=embedder.dim)
    ingest.read_folder(folder, store)
    steps = []

    def changes(step: Step) -> None:
        steps.append(step)
        if len(steps) == 1:
            file = folder / "harbour.txt"
            file.write_text(file.read_text(encoding="utf-8").replace("14 boats", "15 boats"), encoding="utf-8")
            ingest.read_folder(folder, store)

    complete(store, embedder, progress=changes)
    said = {one.sha for one in unembedded(store.paragraphs(["harbour.txt#p3"])[0])}
    assert set(store.vectors(list(said))) == said
    assert {row.revision for row in store.sentences(["harbour.txt#p3"])} == {
        row.revision for row in store.paragraphs(["harbour.txt#p3"])
    }
    assert store.pending() == {}


def test_the_page_computes_them_in_the_background_and_says_so(folder: Path, tmp_path: Path) -> None:
    held = threading.Event()

    class Held(HashEmbedder):
        def passages(self, texts: Any) -> Any:
            held.wait(20)
            return super().passages(texts)

        def query(self, text: str) -> Any:
            return super().passages([text])[0]

    assistant = Assistant.open(folder, embedder=Held(), index=str(tmp_path / "index"), wait=False)
    desk = Desk(assistant, home=tmp_path / "user")
    assert until(lambda: "0 of 6 sentences; search by words works already" in desk.folder.panel(language="en")["html"])
    held.set()
    assert until(lambda: assistant.summary.pending == 0)
    assert until(lambda: "sentences" not in desk.folder.panel(language="en")["html"])


def until(said: Any) -> bool:
    for _ in range(400):
        if said():
            return True
        time.sleep(0.05)
    return False


def test_the_real_model_gives_one_vector_whatever_the_batch(folder: Path, tmp_path: Path) -> None:
    embedder = bundled()
    wanted = [one for n in range(40) for one in unembedded(paragraph(f"Sentence {n} of the report. And {n} more."))]
    together = vectors.embedded(wanted, embedder)
    assert len(together) == 80
    for one, made in list(zip(wanted, together, strict=True))[::16]:
        assert made.vector == pytest.approx(embedder.passages([one.words])[0], abs=1e-5)


def paragraph(text: str) -> IndexedParagraph:
    return IndexedParagraph(
        address="a.txt#p1", file="a.txt", revision="r", number=1, start=0, end=len(text), page=None, sentences=2,
        kind="paragraph", text=text, search="", found="", signature=0, language="en", published=None, source=None,
    )  # fmt: skip
