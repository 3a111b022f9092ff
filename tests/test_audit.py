"""`qa doctor --deep` on indexes whose files, or whose rows, are not what was written."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import lancedb
import pytest
from click.testing import Result
from test_damage import ANSWER, ASKED, run, samples, spoil

SOUND = "all is sound: 2 articles, 5 paragraphs, 6 sentences"


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Path:
    place = tmp_path / "index"
    assert run("index", index=place, folder=folder).exit_code == 0
    return place


@pytest.fixture
def deep(folder: Path, index: Path) -> Callable[..., Result]:
    return lambda *more: run("doctor", "--deep", *more, index=index, folder=folder)


def test_what_was_just_read_is_sound(deep: Callable[..., Result]) -> None:
    looked = deep()
    assert (looked.exit_code, looked.stdout.splitlines()[-1]) == (0, SOUND)
    said = json.loads(deep("--json").stdout)
    assert (said["damage"], said["edited"], said["articles"]) == ([], [], 2)


def test_an_index_that_was_changed_many_times_is_sound(folder: Path, index: Path, deep: Callable[..., Result]) -> None:
    for number in range(3):
        (folder / f"new{number}.txt").write_text(f"The ferry {number} left.\n\n \n\nIt was late. It rained.\n")
        (folder / "puerto.txt").write_text(f"El puerto cerrará.\n\nLa ministra lo anunció el {number + 1} de mayo.\n")
        assert run("index", index=index, folder=folder).exit_code == 0
    (folder / "new0.txt").unlink()
    assert run("index", index=index, folder=folder).exit_code == 0
    assert deep().exit_code == 0, deep().stdout


def test_sentences_without_a_vector_are_no_damage(folder: Path, index: Path, deep: Callable[..., Result]) -> None:
    lancedb.connect(index).open_table("sentences").delete("address = 'puerto.txt#p1'")
    looked = deep()
    assert (looked.exit_code, "1 sentences without a vector; run `qa index`" in looked.stdout) == (0, True)


ROWS = [
    ("paragraphs", "number = 2 AND file = 'harbour.txt'", {"text": "The harbour closed."},
     "The paragraph harbour.txt#p2 is not what its article says there."),
    ("paragraphs", "number = 2 AND file = 'harbour.txt'", {"search": "ferry", "found": "ferry"},
     "The paragraph harbour.txt#p2 is found by other words than it has."),
    ("paragraphs", "number = 2 AND file = 'harbour.txt'", {"revision": "0" * 16},
     "The paragraph harbour.txt#p2 is of another revision of its article."),
    ("paragraphs", "number = 2 AND file = 'harbour.txt'", {"language": "es"},
     "The paragraph harbour.txt#p2 has another language, day or source than its article."),
    ("paragraphs", "number = 2 AND file = 'harbour.txt'", {"sentences": 7},
     "The paragraph harbour.txt#p2 says that it has 7 sentences, not 1."),
    ("paragraphs", "file = 'puerto.txt'", {"file": "other.txt"}, "paragraphs of other.txt, which is no article"),
    ("articles", "file = 'harbour.txt'", {"text": "Something else."}, "is not what its article says there."),
    ("articles", "file = 'harbour.txt'", {"title": "Ferry lost"}, "is found by other words than it has."),
    ("articles", "file = 'harbour.txt'", {"names": "Nobody"}, "The article harbour.txt has a lead or names"),
    ("sentences", "address = 'harbour.txt#p2'", {"start": 3}, "is not what its paragraph says there."),
    ("sentences", "address = 'harbour.txt#p2'", {"sha": "0" * 32}, "is not what its paragraph says there."),
    ("sentences", "address = 'harbour.txt#p2'", {"revision": "0" * 16}, "is of another revision of its paragraph."),
    ("sentences", "address = 'harbour.txt#p2'", {"id": "harbour.txt#p2.s9"}, "is of no paragraph of harbour.txt."),
    ("terms", "token = 'boat'", {"paragraphs": 9}, "The counts of words are not those of the paragraphs"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "where", "values", "says"), ROWS)
def test_a_row_that_is_not_what_was_written_is_told(
    index: Path, deep: Callable[..., Result], table: str, where: str, values: dict[str, Any], says: str
) -> None:
    opened = lancedb.connect(index).open_table(table)
    assert opened.count_rows(where)
    opened.update(where=where, values=values)
    settle(index)
    looked = deep()
    assert looked.exit_code == 3
    assert says in looked.stdout
    assert looked.stderr.endswith("; run `qa index --rebuild`.\n")
    assert json.loads(deep("--json").stdout)["damage"]


def settle(index: Path) -> None:
    """Has the index take the tables' versions for those that it left, as if the disk alone had changed them."""
    db = lancedb.connect(index)
    meta = db.open_table("meta")
    finished = next(json.loads(row["value"]) for row in meta.search().to_list() if row["key"] == "finished")
    finished |= {name: db.open_table(name).version for name in ("articles", "paragraphs", "sentences")}
    meta.update(where="key = 'finished'", values={"value": json.dumps(finished)})


@pytest.mark.parametrize("vector", ["nan", "long", "none"])
def test_a_vector_that_is_none_is_told(index: Path, deep: Callable[..., Result], vector: str) -> None:
    table = lancedb.connect(index).open_table("sentences")
    rows = table.search().where("address = 'harbour.txt#p2'").to_arrow().to_pylist()
    table.delete("address = 'harbour.txt#p2'")
    if vector != "none":
        held = rows[0]["vector"]
        rows[0]["vector"] = [float("nan"), *held[1:]] if vector == "nan" else [2 * part for part in held]
        table.add(rows, on_bad_vectors="null") if vector == "long" else table.add(rows, on_bad_vectors="fill",
                                                                                  fill_value=3.0)  # fmt: skip
    settle(index)
    looked = deep()
    assert looked.exit_code == 3
    lacks = "The paragraph harbour.txt#p2 lacks 1 sentences, and is not known to."
    assert (
        lacks if vector == "none" else "The vector of the sentence harbour.txt#p2.s1 has the length"
    ) in looked.stdout


def test_a_table_that_went_back_by_one_version_is_told(index: Path, folder: Path, deep: Callable[..., Result]) -> None:
    (folder / "new.txt").write_text("Keeper Marta Oyelaran lit the lighthouse of Quenby.\n", encoding="utf-8")
    assert run("index", index=index, folder=folder).exit_code == 0
    newest = min((index / "sentences.lance" / "_versions").glob("*.manifest"))  # names count down
    newest.unlink()
    looked = deep()
    assert (looked.exit_code, "the last version of sentences is missing" in looked.stdout) == (3, True)


def test_a_file_of_other_bytes_with_the_same_size_and_time_is_told(folder: Path, deep: Callable[..., Result]) -> None:
    path = folder / "harbour.txt"
    was = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace("14 boats", "15 boats"), encoding="utf-8")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    looked = deep()
    assert looked.exit_code == 0
    assert "other bytes than were read, of the same size and time: 1; `touch` them\n  harbour.txt\n" in looked.stdout


def test_whatever_file_is_damaged_is_found_or_of_no_matter(folder: Path, index: Path, tmp_path: Path) -> None:
    rng, missed = random.Random(11), []
    for path, how in zip([*samples(index)] * 3, cycle(("noise", "cut", "gone", "noise", "noise")), strict=False):
        name = str(path.relative_to(index))
        broken = Path(shutil.copytree(index, tmp_path / "broken"))
        spoil(broken / name, how, rng)
        looked = run("doctor", "--deep", index=broken, folder=folder)
        assert looked.exit_code in (0, 3), (name, looked.output)
        assert "Traceback" not in looked.output
        if looked.exit_code == 0 and ANSWER not in run(*ASKED, index=broken, folder=folder).stdout:
            missed.append((name, how))
        shutil.rmtree(broken)
    assert missed == []
