"""A folder that lost its articles at once, as one whose disk is not mounted: nothing is deleted unasked."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qa import Assistant
from qa.cli import main
from qa.page.folder import Folder
from qa.page.rules import Rules

ASKED = ("ask", "How many boats were lost?")
ANSWER = "14 boats were lost"
TOLD = (
    "{} has lost {} articles at once, which the index keeps; mount its disk or name another folder, or run `qa index "
)
TOLD += "--empty` if they are to go."


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Callable[..., Result]:
    """Runs a command over the folder, which has been indexed."""

    def started(*arguments: str) -> Result:
        given = [*arguments, "--folder", str(folder), "--index", str(tmp_path / "index")]
        return CliRunner().invoke(main, given, catch_exceptions=False)

    assert started("index").exit_code == 0
    return started


def emptied(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.rename(folder.parent / f"away-{path.name}")


def test_an_emptied_folder_empties_no_index(folder: Path, run: Callable[..., Result]) -> None:
    emptied(folder)
    for _ in range(2):
        read = run("index")
        assert (read.exit_code, read.stderr) == (2, f"qa: {TOLD.format(folder, 2)}\n")
        assert "kept 2 that the folder lost at once; `qa index --empty` deletes them" in read.stdout
        assert "deleted 0" in read.stdout
        asked = run(*ASKED)
        assert (asked.exit_code, ANSWER in asked.stdout) == (0, True)
        assert TOLD.format(folder, 2) in asked.stderr
    looked = run("doctor")
    assert (looked.exit_code, TOLD.format(folder, 2) in looked.stdout) == (0, True)
    assert json.loads(run("doctor", "--json").stdout)["lost"] == 2
    assert "deleted 2" in run("index", "--empty").stdout
    assert "0 articles" in run("doctor").stdout


def test_an_emptied_folder_keeps_its_index_from_a_rebuild(folder: Path, run: Callable[..., Result]) -> None:
    emptied(folder)
    read = run("index", "--rebuild")
    assert (read.exit_code, "run `qa index --rebuild --empty`" in read.stderr) == (2, True)
    assert ANSWER in run(*ASKED).stdout
    assert run("index", "--rebuild", "--empty").exit_code == 0
    assert ANSWER not in run(*ASKED).stdout


def test_articles_that_come_back_are_in_step_again(folder: Path, run: Callable[..., Result]) -> None:
    emptied(folder)
    assert run("index").exit_code == 2
    for path in folder.parent.glob("away-*"):
        path.rename(folder / path.name.removeprefix("away-"))
    read = run("index")
    assert (read.exit_code, read.stderr) == (0, "")
    assert "new 0 · changed 0 · deleted 0 · sentences embedded 0" in read.stdout


def test_what_else_is_in_the_way_of_a_mount_is_no_article(folder: Path, run: Callable[..., Result]) -> None:
    emptied(folder)
    (folder / "lost+found").mkdir()
    (folder / "not-mounted.exe").write_bytes(b"\0MZ")
    assert run("index").exit_code == 2


def test_nearly_all_of_many_are_kept_and_what_is_new_is_read(folder: Path, run: Callable[..., Result]) -> None:
    for number in range(28):
        (folder / f"report{number}.txt").write_text(f"Report {number}\n\nThe ferry number {number} left.\n")
    assert run("index").exit_code == 0
    for path in folder.glob("report*.txt"):
        path.unlink()
    (folder / "new.txt").write_text("Keeper Marta Oyelaran lit the lighthouse of Quenby.\n", encoding="utf-8")
    read = run("index")
    assert (read.exit_code, TOLD.format(folder, 28) in read.stderr) == (2, True)
    assert "new 1 · changed 0 · deleted 0" in read.stdout
    assert "31 articles" in read.stdout
    assert "deleted 28" in run("index", "--empty").stdout


def test_some_that_go_are_deleted_unasked(folder: Path, run: Callable[..., Result]) -> None:
    (folder / "puerto.txt").unlink()
    assert "deleted 1" in run("index").stdout


def test_a_folder_that_was_moved_within_itself_is_read(folder: Path, run: Callable[..., Result]) -> None:
    (folder / "2024").mkdir()
    for path in list(folder.glob("*.txt")):
        path.rename(folder / "2024" / path.name)
    read = run("index")
    assert (read.exit_code, "new 2 · changed 0 · deleted 2" in read.stdout) == (0, True)


def test_a_smaller_limit_of_size_is_no_loss(folder: Path, run: Callable[..., Result]) -> None:
    assert "deleted 2" in run("index", "--max-mb", "0.00001").stdout


def test_the_page_keeps_what_an_emptied_folder_had(folder: Path, tmp_path: Path) -> None:
    assistant = Assistant.open(folder, index=str(tmp_path / "index"), added=False)
    page = Folder(assistant, Rules())
    emptied(folder)
    page.reindex()
    while (said := page.progress(language="es"))["running"]:
        time.sleep(0.01)
    assert str(said["error_said"]).startswith(f"{folder} ha perdido 2 artículos de una vez")
    assert said["said"] == (0, 0, 0)
    assert TOLD.format(folder, 2) in html.unescape(str(page.panel(language="en")["html"]))
    assert ANSWER in assistant.ask(ASKED[1]).text


def test_watching_keeps_what_an_emptied_folder_had(folder: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    place = ["--folder", str(folder), "--index", str(tmp_path / "index"), "--watch"]
    watching = subprocess.Popen([sys.executable, "-c", "from qa.cli import main; main()", "index", *place],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert watching.stdout
        assert watching.stderr
        while "Following" not in watching.stdout.readline():
            pass
        time.sleep(2)
        emptied(folder)
        while not (line := watching.stderr.readline()).startswith("qa: "):
            assert watching.poll() is None
        assert TOLD.format(folder, 2) in line
    finally:
        watching.terminate()
        watching.communicate()
    assert ANSWER in run(*ASKED).stdout
    shutil.rmtree(folder)
