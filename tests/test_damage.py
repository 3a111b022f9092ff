"""An index that is damaged, gone, or on a disk that is full: one sentence, or an answer from what is there."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qa import Assistant
from qa.cli import main
from qa.errors import StoreError
from qa.page import chats, render
from qa.page.actions import Desk

ASKED = ("ask", "How many boats were lost?")
ANSWER = "14 boats were lost"
# A process for which every file is full from its first byte on, as on a full disk, also for root.
FULL = """
import resource, sys
from qa.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
main(sys.argv[1:])
"""


def run(*arguments: str, index: Path, folder: Path) -> Result:
    given = [*arguments, "--folder", str(folder), "--index", str(index)]
    return CliRunner().invoke(main, given, catch_exceptions=False)


def told(result: Result) -> bool:
    """Whether it ended with one sentence on standard error that names the way out."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("qa: ")]  # and not the bar
    return (
        result.exit_code == 3
        and len(lines) == 1
        and lines[0].startswith("qa: The index at ")
        and lines[0].endswith("; run `qa index --rebuild`.")
        and ".rs" not in lines[0]
    )


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Path:
    place = tmp_path / "index"
    assert run("index", index=place, folder=folder).exit_code == 0
    return place


def samples(index: Path) -> Iterator[Path]:
    """The newest file of each kind of each table."""
    kinds: dict[tuple[str, ...], Path] = {}
    for path in sorted((p for p in index.rglob("*") if p.is_file()), key=lambda p: p.stat().st_mtime_ns):
        kinds[(*path.relative_to(index).parts[:2], path.name if "_indices" in path.parts else path.suffix)] = path
    yield from kinds.values()


def spoil(path: Path, how: str, rng: random.Random) -> None:
    held = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(held[: len(held) // 3])
    else:
        path.write_bytes(bytes(byte if rng.random() < 0.9 else rng.randrange(256) for byte in held))


def test_whatever_file_is_damaged_it_answers_or_says_so(folder: Path, index: Path, tmp_path: Path) -> None:
    rng, silent = random.Random(7), []
    for path, how in zip(samples(index), cycle(("cut", "gone", "noise")), strict=False):
        name = str(path.relative_to(index))
        broken = Path(shutil.copytree(index, tmp_path / "broken"))
        spoil(broken / name, how, rng)
        asked = run(*ASKED, index=broken, folder=folder)
        assert told(asked) or asked.exit_code == 0, (name, asked.output)
        read = run("index", index=broken, folder=folder)
        assert told(read) or read.exit_code == 0, (name, read.output)
        if read.exit_code == 0 and ANSWER not in run(*ASKED, index=broken, folder=folder).stdout:
            silent.append(name)
        if told(read):
            assert run("index", "--rebuild", index=broken, folder=folder).exit_code == 0, name
            assert ANSWER in run(*ASKED, index=broken, folder=folder).stdout, name
        shutil.rmtree(broken)
    assert silent == []


@pytest.mark.parametrize("table", ["articles", "paragraphs", "sentences", "terms"])
def test_a_table_that_is_gone_is_told(folder: Path, index: Path, table: str) -> None:
    shutil.rmtree(index / f"{table}.lance")
    for command in (ASKED, ("index",), ("doctor",)):
        assert told(run(*command, index=index, folder=folder)), command


def test_a_table_that_went_back_to_its_beginning_is_told(folder: Path, index: Path) -> None:
    for manifest in sorted((index / "paragraphs.lance" / "_versions").glob("*.manifest"))[:-1]:  # the first is the last
        manifest.unlink()
    for command in (("index",), ASKED):
        assert told(run(*command, index=index, folder=folder)), command


def test_an_index_that_goes_under_a_running_server_is_told_and_comes_back(
    folder: Path, index: Path, tmp_path: Path
) -> None:
    assistant = Assistant.open(folder, index=str(index), added=False)
    desk = Desk(assistant, home=tmp_path / "user")
    here: dict[str, Any] = {"browser": chats.new_id(), "language": "en"}
    shutil.rmtree(index)
    with pytest.raises(StoreError, match="run `qa index --rebuild`"):
        assistant.ask(ASKED[1])
    with pytest.raises(StoreError, match="run `qa index --rebuild`"):
        desk.start(**here)
    *_, last = desk.ask(**here, chat=chats.new_id(), question=ASKED[1])
    assert "is damaged or gone" in last["html"]
    assert run("index", index=index, folder=folder).exit_code == 0
    assert ANSWER in Assistant.open(folder, index=str(index), added=False).ask(ASKED[1]).text


def test_a_full_disk_leaves_what_is_there_to_be_asked(folder: Path, index: Path, tmp_path: Path) -> None:
    (folder / "new.txt").write_text("Keeper Marta Oyelaran lit the lighthouse of Quenby.\n", encoding="utf-8")
    place = ["--folder", str(folder), "--index", str(index)]

    def full(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", FULL, *arguments], capture_output=True, text=True)

    asked = full(*ASKED, *place)
    assert (asked.returncode, ANSWER in asked.stdout) == (0, True), asked.stderr
    [line] = [line for line in asked.stderr.splitlines() if line.startswith("qa: ")]
    assert "Traceback" not in asked.stderr
    assert line.startswith(f"qa: What the index holds is asked as it is. The index at {index} cannot be written (")
    for given in (place, ["--folder", str(folder), "--index", str(tmp_path / "none")]):
        read = full("index", *given)
        assert (read.returncode, read.stdout) == (3, "")
        assert read.stderr.endswith("make room or give leave there, or name another place with --index.\n")
        assert "Traceback" not in read.stderr
    assert "new 1" in run("index", index=index, folder=folder).stdout


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere: run as another user")
def test_a_folder_that_may_not_be_written_is_asked_all_the_same(folder: Path, index: Path) -> None:
    (folder / "new.txt").write_text("Keeper Marta Oyelaran lit the lighthouse of Quenby.\n", encoding="utf-8")
    held = [index, *(path for path in index.rglob("*") if path.is_dir())]
    for path in held:
        path.chmod(0o500)
    try:
        asked, read = run(*ASKED, index=index, folder=folder), run("index", index=index, folder=folder)
    finally:
        for path in held:
            path.chmod(0o700)
    assert (asked.exit_code, ANSWER in asked.stdout) == (0, True)
    assert "cannot be written (Permission denied)" in asked.stderr
    assert read.exit_code == 3


@pytest.mark.parametrize("kept", ['{"turns": [', "[1]", '{"turns": []}', "\0" * 40, '{"turns": [{"id": 1}]}'])
def test_a_damaged_chat_of_before_is_set_aside_and_said(seeds: Assistant, tmp_path: Path, kept: str) -> None:
    me, chat = chats.new_id(), chats.new_id()
    old = tmp_path / "chats" / me / f"{chat}.json"
    old.parent.mkdir(parents=True)
    old.write_text(kept, encoding="utf-8")
    desk = Desk(seeds, home=tmp_path)
    assert "1 were damaged" in desk.moved
    first, *_, last = desk.ask(browser=me, language="en", chat=chat, question="Who led the delegation to Kabul?")
    [aside] = tmp_path.glob(f"moved-*/chats/{me}/{chat}.json")
    assert aside.read_text(encoding="utf-8") == kept
    assert first["told"] == render.words("en")["set_aside"].format(aside.relative_to(tmp_path))
    assert "told" not in last
    opened = desk.open_chat(browser=me, language="en", chat=chat)
    assert ("Araghchi" in opened["turns"], opened["told"]) == (True, "")
