"""What the README shows runs, and prints what it shows."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from conftest import ROOT
from qa import Assistant
from qa.cli import main

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def test_the_python_runs(seeds: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    for code in blocks("python"):
        exec(code, {})
    assert "May 2023" in capsys.readouterr().out


def test_the_command_line_prints_what_is_shown(seeds: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    question = re.search(r'uv run qa ask "([^"…]+)"', README)
    assert question
    out = CliRunner().invoke(main, ["ask", question[1]], catch_exceptions=False).output
    assert blocks("text")[0].strip() in out


def test_every_file_that_is_named_is_there() -> None:
    for name in re.findall(r"`((?:docs|prompts|evals|seeds|tests)/[\w./]*)`", README):
        assert (ROOT / name).exists(), name
