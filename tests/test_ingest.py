from __future__ import annotations

import os
from pathlib import Path

import pytest

from qa import Assistant
from qa.errors import FolderError
from qa.index.ingest import Summary, update
from qa.index.store import LanceStore
from qa.model.embed import bundled
from qa.types import Step


class Counting:
    """The real embedder, keeping the texts it was given."""

    def __init__(self) -> None:
        self._real = bundled()
        self.identity, self.dim = self._real.identity, self._real.dim
        self.texts: list[str] = []

    def passages(self, texts):  # type: ignore[no-untyped-def]
        self.texts += texts
        return self._real.passages(texts)

    def query(self, text):  # type: ignore[no-untyped-def]
        return self._real.query(text)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def store(tmp_path: Path, embedder: Counting) -> LanceStore:
    return LanceStore(str(tmp_path / "index"), embedder=embedder.identity, dim=embedder.dim)


def again(folder: Path, store: LanceStore, embedder: Counting) -> Summary:
    embedder.texts.clear()
    return update(folder, store, embedder)


def test_the_second_run_embeds_nothing(folder: Path, store: LanceStore, embedder: Counting) -> None:
    first = update(folder, store, embedder)
    assert (first.articles, first.added, first.languages) == (2, 2, {"en": 1, "es": 1})
    assert first.embedded == len(embedder.texts) > 0
    second = again(folder, store, embedder)
    assert (second.articles, second.added, second.changed, second.embedded, embedder.texts) == (2, 0, 0, 0, [])


def test_a_changed_sentence_is_the_only_one_embedded(folder: Path, store: LanceStore, embedder: Counting) -> None:
    update(folder, store, embedder)
    file = folder / "harbour.txt"
    file.write_text(file.read_text(encoding="utf-8").replace("14 boats", "15 boats"), encoding="utf-8")
    summary = again(folder, store, embedder)
    assert (summary.changed, summary.embedded) == (1, 1)
    assert "15 boats" in embedder.texts[0]
    assert [row.text for row in store.paragraphs(["harbour.txt#p3"])] == [
        "Mayor Ilse Brandt said that 15 boats were lost. She thanked the crews for their work."
    ]


def test_a_touched_file_with_the_same_words_embeds_nothing(folder: Path, store: LanceStore, embedder: Counting) -> None:
    update(folder, store, embedder)
    os.utime(folder / "harbour.txt", ns=(1, 1))
    assert again(folder, store, embedder).embedded == 0


def test_new_deleted_and_moved_files(folder: Path, store: LanceStore, embedder: Counting) -> None:
    update(folder, store, embedder)
    (folder / "harbour.txt").rename(folder / "moved.txt")
    (folder / "puerto.txt").unlink()
    summary = again(folder, store, embedder)
    assert (summary.articles, summary.added, summary.deleted, summary.embedded) == (1, 1, 2, 0)
    assert {row.file for row in store.articles()} == {"moved.txt"}


def test_unreadable_files_are_counted_and_the_rest_goes_on(folder: Path, store: LanceStore, embedder: Counting) -> None:
    (folder / "empty.txt").write_text("")
    (folder / "binary.txt").write_bytes(b"\0\1\2" * 100)
    (folder / "cut.pdf").write_bytes(b"%PDF-1.4\n1 0 obj")
    summary = update(folder, store, embedder)
    assert summary.articles == 2
    assert set(summary.skipped_by_reason) == {"empty", "binary", "truncated"}
    assert again(folder, store, embedder).skipped_by_reason == summary.skipped_by_reason


def test_an_empty_folder_is_an_index_of_nothing(tmp_path: Path, store: LanceStore, embedder: Counting) -> None:
    (tmp_path / "none").mkdir()
    assert update(tmp_path / "none", store, embedder).articles == 0


def test_a_missing_folder_is_one_sentence(tmp_path: Path, store: LanceStore, embedder: Counting) -> None:
    with pytest.raises(FolderError, match="is not a folder"):
        update(tmp_path / "nowhere", store, embedder)


def test_progress_reaches_the_end(folder: Path, store: LanceStore, embedder: Counting) -> None:
    steps: list[Step] = []
    update(folder, store, embedder, progress=steps.append)
    read, said = ([step for step in steps if step.phase == phase] for phase in ("read", "embed"))
    assert steps == [*read, *said]
    assert read[-1].done == read[-1].total == sum(path.stat().st_size for path in folder.iterdir())
    assert (said[0].done, said[-1].done, said[-1].total) == (0, 6, 6)


def test_the_folder_is_never_written_to(copied_seeds: Path) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns) for path in copied_seeds.iterdir())
    Assistant.open(copied_seeds).ask("Who called whom?")
    assert sorted((path.name, path.stat().st_mtime_ns) for path in copied_seeds.iterdir()) == before


def test_an_edit_that_keeps_size_and_time_is_found_once_a_day(
    folder: Path, store: LanceStore, embedder: Counting
) -> None:
    update(folder, store, embedder)
    file = folder / "harbour.txt"
    status, words = file.stat(), file.read_text(encoding="utf-8")
    file.write_text(words.replace("14 boats", "19 boats"), encoding="utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert again(folder, store, embedder).changed == 0
    store.set_hashed(store.hashed() - 25 * 60 * 60)
    assert again(folder, store, embedder).changed == 1
    assert "19 boats" in store.paragraphs(["harbour.txt#p3"])[0].text
    assert again(folder, store, embedder).changed == 0
