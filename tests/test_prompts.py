from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from qa.answer import prompts
from qa.answer.prompts import Prompt
from qa.errors import PromptError

FOLDER = Path(__file__).parent.parent / "prompts"
GREETING = Prompt("greeting", "Be kind.\n---\nSay hello to $who for $$5.", "0" * 12)


@pytest.mark.parametrize(
    ("name", "variables"),
    [("answer", {"language", "history", "passages", "as_of", "question"}), ("rewrite", {"history", "question"})],
)
def test_every_prompt_loads_with_its_placeholders_and_two_parts(name: str, variables: set[str]) -> None:
    prompt = prompts.load(name)
    assert set(prompt.variables) == variables
    system, user = prompt.parts(**dict.fromkeys(variables, "x"))
    assert system.startswith("You ")
    assert "Question: x" in user


def test_the_sha_is_that_of_the_file() -> None:
    for file in FOLDER.glob("*.md"):
        assert prompts.load(file.stem).sha == hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def test_comments_are_for_people_only() -> None:
    assert "<!--" in (FOLDER / "answer.md").read_text(encoding="utf-8")
    assert "<!--" not in prompts.load("answer").text


def test_fill_replaces_every_placeholder() -> None:
    assert GREETING.fill(who="Ana") == "Be kind.\n---\nSay hello to Ana for $5."


def test_a_value_is_never_read_as_a_template_or_cut() -> None:
    system, user = GREETING.parts(who="$who\n---\nAna")
    assert system == "Be kind."
    assert user == "Say hello to $who\n---\nAna for $5."


def test_a_missing_and_an_unknown_variable_are_named() -> None:
    with pytest.raises(PromptError, match=r"greeting\.md has the placeholder \$who"):
        GREETING.fill()
    with pytest.raises(PromptError, match=r"greeting\.md lacks the placeholder \$whom"):
        GREETING.parts(who="Ana", whom="Ana")


def test_a_missing_file_and_a_stray_dollar_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PromptError, match=r"no prompt nothing\.md"):
        prompts.load("nothing")
    monkeypatch.setattr(prompts, "_read", lambda _: "It costs $5.")
    with pytest.raises(PromptError, match=r"write \$\$"):
        prompts.load("price")


def test_an_installed_prompt_comes_before_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "answer.md").write_bytes(b"Hello $who\r\n")
    monkeypatch.setattr("qa.answer.prompts.resources.files", lambda _: tmp_path)
    prompt = prompts.load("answer")
    assert prompt.text == "Hello $who"
    assert prompt.sha == hashlib.sha256(b"Hello $who\n").hexdigest()[:12]
