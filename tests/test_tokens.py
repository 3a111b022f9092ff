from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qa.answer import tokens
from qa.types import Evidence, Match, Paragraph, Sentence

SENTENCES = ("The ferry was late on Monday.", "It carried 300 people.", "The pier is old.", "Nobody was hurt.")


def found(number: int, text: str, matched: str = "") -> Evidence:
    start = 100 * number
    paragraph = Paragraph("a.txt", number, start, start + len(text), text)
    at = start + text.index(matched)
    matches = (Match(Sentence(at, at + len(matched), matched), 0.9),) if matched else ()
    return Evidence(paragraph, number, 1.0, 1.0, 0.0, sentences=matches)


def render(evidence: Evidence) -> str:
    return evidence.paragraph.text


def texts(kept: list[Evidence]) -> list[str]:
    return [evidence.paragraph.text for evidence in kept]


@pytest.mark.parametrize(
    ("model", "size"),
    [("gpt-4o", 5), ("gpt-4", 8), ("gpt-5.2", 5), ("qwen2.5:7b", 5), ("text-davinci-003", 5), (None, 5)],
)
def test_count_takes_the_vocabulary_of_the_model_or_the_newest(model: str | None, size: int) -> None:
    assert tokens.count("El presidente habló ayer.", model) == size


def test_count_reads_control_tokens_as_words() -> None:
    assert tokens.count("<|endoftext|>") > 1
    assert tokens.count("") == 0


def test_count_survives_what_overflows_the_stack_of_tiktoken() -> None:
    assert tokens.count(" " * 1_500_000) > 1000


def test_vocabularies_are_installed_and_loading_them_imports_nothing_heavy_and_leaves_no_trace(tmp_path: Path) -> None:
    code = (
        "import os, sys; from qa.answer import tokens; tokens.count('hello', 'gpt-4'); tokens.count('hello');"
        "assert not [name for name in sys.modules if name.startswith(('llama_index', 'requests'))];"
        "assert 'TIKTOKEN_CACHE_DIR' not in os.environ"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TIKTOKEN_CACHE_DIR"} | {"TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert list(tmp_path.iterdir()) == []  # where tiktoken keeps what it downloads


def test_a_cache_folder_that_the_user_chose_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with tokens._vocabularies():
        assert os.environ["TIKTOKEN_CACHE_DIR"] == str(tmp_path)
    assert os.environ["TIKTOKEN_CACHE_DIR"] == str(tmp_path)


def test_fit_keeps_the_best_and_passes_over_what_is_too_long() -> None:
    long, short = " ".join(SENTENCES), "It rained."
    evidence = [found(1, "Short and good."), found(2, long), found(3, short)]
    budget = tokens.count("Short and good.") + tokens.count(short)
    assert texts(tokens.fit(evidence, budget, render=render)) == ["Short and good.", short]
    assert tokens.fit(evidence, 1000, render=render) == evidence
    assert tokens.fit([], 1000, render=render) == []


def test_fit_cuts_the_first_to_the_sentences_around_the_best_match() -> None:
    whole = found(1, " ".join(SENTENCES), matched=SENTENCES[1])
    budget = tokens.count(" ".join(SENTENCES[1:3])) + 1
    (cut,) = tokens.fit([whole], budget, render=render)
    assert cut.paragraph.text == " ".join(SENTENCES[1:3])
    assert cut.address == whole.address
    assert " ".join(SENTENCES)[cut.paragraph.start - 100 : cut.paragraph.end - 100] == cut.paragraph.text


def test_fit_takes_what_precedes_when_nothing_follows() -> None:
    whole = found(1, " ".join(SENTENCES), matched=SENTENCES[3])
    (cut,) = tokens.fit([whole], tokens.count(" ".join(SENTENCES[2:])), render=render)
    assert cut.paragraph.text == " ".join(SENTENCES[2:])


def test_fit_is_empty_when_not_even_a_sentence_fits() -> None:
    assert tokens.fit([found(1, " ".join(SENTENCES))], 2, render=render) == []
