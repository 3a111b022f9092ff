"""The page's scripts by themselves, in node's own test runner, and that they and its styles can be read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from qa.page import gradio_app
from qa.page.render import PAGE

NODE = shutil.which("node")
TESTS = sorted(Path(__file__).parent.glob("js/*.test.mjs"))


@pytest.mark.skipif(NODE is None, reason="no node: apt-get install nodejs")  # `.ci/run` fails without it
def test_the_scripts_do_what_their_tests_say() -> None:
    ran = subprocess.run([str(NODE), "--test", *map(str, TESTS)], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(("suffix", "wide"), [("js", 120), ("css", 160), ("jinja", 160)])
def test_the_files_of_the_page_are_short_and_narrow(suffix: str, wide: int) -> None:
    for path in PAGE.glob(f"*.{suffix}"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert max(map(len, lines)) <= wide, path
        assert suffix != "js" or len(lines) <= 200, path


def test_every_script_and_style_is_joined() -> None:
    assert sorted(gradio_app._SCRIPTS) == sorted(path.stem for path in PAGE.glob("*.js"))
    assert sorted(gradio_app._STYLES) == sorted(path.stem for path in PAGE.glob("*.css"))
