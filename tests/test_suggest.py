"""Questions to begin with: made from the folder, answered from the article that they were made of."""

from __future__ import annotations

from pathlib import Path

from conftest import SEEDS
from qa import Article, Assistant, corpus
from qa.suggest import candidates, suggested


def reader(folder: Path, file: str) -> Article | None:
    found = corpus.find(folder, file)
    read = corpus.read_article(found) if isinstance(found, corpus.Found) else None
    return read if isinstance(read, Article) else None


def test_what_is_suggested_is_answered_and_in_both_languages(seeds: Assistant) -> None:
    questions = suggested(seeds, lambda file: reader(SEEDS, file))
    assert 3 <= len(questions) <= 4
    assert len(set(questions)) == len(questions)
    assert any(question.startswith("¿") for question in questions)
    for question in questions:
        assert seeds.ask(question).status == "answered", question


def test_a_speaker_and_a_topic_make_a_question(folder: Path) -> None:
    (folder / "talks.txt").write_text(
        "Talks\n\nMayor Ilse Brandt said on Monday that Marenda would pay for the harbour by June.\n", encoding="utf-8"
    )
    article = reader(folder, "talks.txt")
    assert article
    assert any("Ilse Brandt" in question for question in candidates(article))


def test_a_language_without_rules_gets_no_question(folder: Path) -> None:
    (folder / "hafen.txt").write_text(
        "Der Hafen\n\nBürgermeisterin Ilse Brandt sagte am Montag, dass Marenda den Hafen bezahlt.\n", encoding="utf-8"
    )
    article = reader(folder, "hafen.txt")
    assert article
    assert article.language == "de"
    assert candidates(article) == []


def test_an_empty_folder_suggests_nothing(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert suggested(Assistant.open(tmp_path / "none"), lambda file: None) == []
