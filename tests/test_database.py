"""The databases: opened, moved to, shared, lost, damaged; and what each person can have, and have deleted."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import postgres
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text, update

from qa import Assistant
from qa.cli import main
from qa.errors import DatabaseError, UsageError
from qa.index.addresses import user_folder
from qa.page import briefs, chats, database, moved, people, render
from qa.page.actions import Desk
from qa.page.chats import Home
from qa.page.database import FILE, opened
from qa.serve.export import answer_json
from qa.settings import load

ME, OTHER = "a" * 32, "b" * 32
WRITER = """
import sys
from qa.page import chats
from qa.page.database import opened
home, chat = chats.place(opened(None, sys.argv[1]), sys.argv[2]), sys.argv[3]
for n in range(int(sys.argv[5])):
    chats.begin(home, chat, f"{sys.argv[4]} {n}?")
    print(n, flush=True)
"""


def writer(address: str, chat: str, word: str, count: int) -> subprocess.Popen[str]:
    """Another process that asks so many questions in a chat of mine, a line for each that is kept."""
    given = [sys.executable, "-c", WRITER, address, ME, chat, word, str(count)]
    return subprocess.Popen(given, stdout=subprocess.PIPE, text=True)


def asked(home: Home, chat: str) -> list[str]:
    return [turn["question"] for turn in chats.load(home, chat)["turns"]]


# ── both ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_processes_agree_on_a_chat(address: str, tmp_path: Path) -> None:
    home, chat = chats.place(opened(tmp_path, address), ME), chats.new_id()
    others = [writer(address, chat, word, 20) for word in ("One", "Two")]
    for n in range(20):
        chats.begin(home, chat, f"Here {n}?")
    assert [other.communicate()[0].count("\n") for other in others] == [20, 20]
    kept = asked(home, chat)
    for word in ("Here", "One", "Two"):
        assert [question for question in kept if question.startswith(word)] == [f"{word} {n}?" for n in range(20)]


def test_what_a_killed_process_has_kept_is_there(address: str, tmp_path: Path) -> None:
    home, chat = chats.place(opened(tmp_path, address), ME), chats.new_id()
    for _ in range(5):
        before = len(asked(home, chat))
        with writer(address, chat, "Killed", 10_000) as other:
            assert other.stdout is not None
            said = [other.stdout.readline() for _ in range(7)]
            other.kill()
            said += other.stdout.readlines()
        assert len(asked(home, chat)) - before in (len(said), len(said) + 1)


def test_many_open_an_empty_database_at_once(address: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: opened(tmp_path, address), range(8)))
    chats.begin(chats.place(found[0], ME), ME, "Who?")
    assert asked(chats.place(found[7], ME), ME) == ["Who?"]


def test_a_later_layout_is_not_read(address: str, tmp_path: Path) -> None:
    with opened(tmp_path, address).writing() as connection:
        connection.execute(update(database.LAYOUT).values(version=99))
    with pytest.raises(DatabaseError, match="was made by a later version of qa; install that one"):
        opened(tmp_path, address)


def test_an_error_in_between_keeps_nothing(address: str, tmp_path: Path) -> None:
    home = chats.place(opened(tmp_path, address), ME)
    with contextlib.suppress(ZeroDivisionError), home.database.writing(ME) as connection:
        connection.execute(database.CHATS.insert().values(chats.row_of(ME, chats._empty(ME))))
        raise ZeroDivisionError
    assert chats.listed(home) == []


# ── SQLite ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    opened(tmp_path / "user")
    assert stat.S_IMODE((tmp_path / "user" / FILE).stat().st_mode) == 0o600


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"This is no database. " * 99)
    with pytest.raises(DatabaseError, match=r"page\.db is damaged \(.*\); put its last backup in its place"):
        opened(tmp_path)


def test_a_file_that_another_program_holds_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.05)
    home = chats.place(opened(tmp_path), ME)
    holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match=r"is held by another program \(database is locked\); end that one"):
        chats.begin(home, ME, "Who?")
    assert chats.listed(home) == []  # who reads does not wait
    holder.execute("ROLLBACK")
    holder.close()
    chats.begin(home, ME, "Who?")
    assert asked(home, ME) == ["Who?"]


def test_a_full_disk_is_one_sentence_and_leaves_what_was_kept(tmp_path: Path) -> None:
    home = chats.place(opened(tmp_path), ME)
    turn = chats.begin(home, ME, "Who?")
    with home.database.reading() as connection:
        connection.execute(text("PRAGMA max_page_count=20"))  # of the one connection that is open
    with pytest.raises(DatabaseError, match=r"cannot be used \(database or disk is full\); make room"):
        chats.change(home, ME, turn["id"], error="x" * 10**6)
    assert chats.load(home, ME)["turns"] == [turn]


def test_a_place_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match=r"cannot be used \(Not a directory\); make room or give leave there"):
        opened(tmp_path / "file" / "user")


@pytest.mark.parametrize(
    "address", ["mysql://me@host/db", "news", "sqlite://", "sqlite:///:memory:", "://", "sqlite+x:"]
)
def test_what_is_no_address_is_one_sentence(tmp_path: Path, address: str) -> None:
    with pytest.raises(UsageError, match="That is no database; write it as postgresql://"):
        opened(tmp_path, address)


# ── PostgreSQL ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    """A server that a test may stop."""
    if postgres.BINARIES is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    with postgres.running() as server:
        yield server


def test_a_lost_server_is_one_sentence_and_comes_back(own_server: postgres.Server, tmp_path: Path) -> None:
    address = own_server.new_database()
    home = chats.place(opened(tmp_path, address), ME)
    chats.begin(home, ME, "Before?")
    own_server.stop()
    said = r"The database postgresql://127.0.0.1:\d+/qa_\w+ does not do its part \(.*\); see that it runs"
    for act in (lambda: asked(home, ME), lambda: chats.begin(home, ME, "Lost?"), lambda: opened(tmp_path, address)):
        with pytest.raises(DatabaseError, match=said):
            act()
    own_server.start()
    chats.begin(home, ME, "After?")
    assert asked(home, ME) == ["Before?", "After?"]


def test_a_password_is_in_no_sentence(new_database: Callable[[], str], tmp_path: Path) -> None:
    address = new_database().replace("qa@", "nobody:sesame-open@")
    with pytest.raises(DatabaseError, match='role "nobody" does not exist') as raised:
        opened(tmp_path, address)
    assert "sesame" not in str(raised.value)
    shown = CliRunner().invoke(main, ["settings"], env={"QA_DATABASE": address}).stdout
    assert "nobody:***@127.0.0.1" in shown
    assert "sesame" not in shown


def test_two_pages_on_one_database_show_the_same(
    seeds: Assistant, new_database: Callable[[], str], tmp_path: Path
) -> None:
    settings, chat = load({"database": new_database()}), chats.new_id()
    assistant = Assistant(seeds.folder, seeds.store, seeds.embedder, settings)
    here: dict[str, Any] = {"browser": ME, "language": "en", "chat": chat}
    one, two = (Desk(assistant, home=tmp_path / name) for name in ("one", "two"))
    *_, last = one.ask(**here, question="Who led the delegation to Kabul?")
    assert two.open_chat(**here)["turns"] == last["html"]
    *_, last = two.ask(**here, question="And when was it?")
    assert re.search(r"Searched as: Who led the delegation to Kabul\? .* And when was it\?", last["html"])
    assert one.sync(**here)["order"] == two.sync(**here)["order"]
    assert not list(tmp_path.rglob(FILE))


def test_a_page_whose_database_is_lost_says_so_in_the_reader_s_language(
    seeds: Assistant, own_server: postgres.Server, tmp_path: Path
) -> None:
    settings = load({"database": own_server.new_database()})
    desk = Desk(Assistant(seeds.folder, seeds.store, seeds.embedder, settings), home=tmp_path)
    own_server.stop()
    with pytest.raises(DatabaseError) as raised:
        list(desk.ask(browser=ME, language="es", chat=ME, question="Who led the delegation to Kabul?"))
    assert render.told(str(raised.value), render.words("es")).startswith("La base de datos postgresql")
    own_server.start()
    *_, last = desk.ask(browser=ME, language="es", chat=ME, question="Who led the delegation to Kabul?")
    assert "Araghchi" in last["html"]


# ── What was kept in files before ─────────────────────────────────────────────────────────────────────────────────────


def turn(question: str, answer: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"id": chats.new_id(), "question": question, "time": "2026-01-02T03:04:05+00:00", "as_of": None,
            "filters": None, "claims": [], "answer": answer, "error": None, "mine": 1}  # fmt: skip


@pytest.fixture
def old(tmp_path: Path, seeds: Assistant) -> Path:
    """A data folder as it was before: chats of two people, one damaged, a brief, one damaged, and feedback."""
    answer = answer_json(seeds.ask("Who led the delegation to Kabul?"))
    first, second = turn("Who led the delegation to Kabul?", answer), turn("¿Cuándo?\n")
    versions = {first["id"]: {"now": 1, "all": [{"turn": first, "branch": 0}, {"turn": None, "branch": 1}],
                              "tails": {"0": [second]}}}  # fmt: skip
    edited = {**turn("Who led it?"), "place": first["id"]}
    whole = {"id": ME, "title": "Who led?", "changed": 1767323045.25, "turns": [edited], "versions": versions}
    plain = {"id": OTHER, "title": "Plain", "changed": 5.0, "turns": [turn("Plain?")]}
    claim: dict[str, Any] = {"text": "A sentence.", "status": "verified", "failed": None, "note": "", "citations": []}
    pin = {
        "id": ME,
        "time": "t",
        "chat": "c",
        "turn": "t",
        "question": "Q?",
        "claim": claim,
        "articles": {},
        "note": "",
    }
    line = {"time": "2026-01-02T03:04:05+00:00", "verdict": "good", "note": "", "question": first["question"],
            "history": [], "as_of": None, "answer": answer}  # fmt: skip
    home = tmp_path / "user"
    written = {
        f"chats/{ME}/{ME}.json": json.dumps(whole),
        f"chats/{ME}/{'d' * 32}.json": '{"id": "',
        f"chats/{ME}/x.tmp": "",
        f"chats/{OTHER}/{OTHER}.json": json.dumps(plain),
        f"briefs/{ME}.json": json.dumps({"changed": 7.0, "pins": [pin]}),
        f"briefs/{OTHER}.json": "[",
        "feedback.jsonl": "".join(
            f"{each}\n" for each in (json.dumps(line), json.dumps(line), "{", json.dumps({**line, "answer": {}}))
        ),
    }
    for name, said in written.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(said, encoding="utf-8")
    return home


def test_files_of_before_are_moved_whole_and_put_aside(old: Path, address: str, tmp_path: Path) -> None:
    before = {path.relative_to(old): path.read_bytes() for path in old.rglob("*") if path.is_file()}
    found = opened(tmp_path, address)
    said = moved.move(old, found)
    [aside] = old.glob("moved-*")
    assert {path.relative_to(aside): path.read_bytes() for path in aside.rglob("*") if path.is_file()} == before
    assert said.startswith("Chats 2, briefs 1, feedback 3: moved to the database ")
    assert said.endswith(f"; the files are kept in {aside}. 3 were damaged and are there alone.")
    mine, other = chats.place(found, ME), chats.place(found, OTHER)
    for home, name in ((mine, ME), (other, OTHER)):
        kept = json.loads(before[Path("chats", name, f"{name}.json")])
        assert chats.load(home, name) == kept
    chats.switch(mine, ME, chats.load(mine, ME)["turns"][0]["id"], 1)
    assert asked(mine, ME) == ["Who led the delegation to Kabul?", "¿Cuándo?\n"]
    assert [pin["claim"]["text"] for pin in briefs.load(mine)["pins"]] == ["A sentence."]
    assert chats.load(mine, "d" * 32)["aside"] == f"{aside.name}/chats/{ME}/{'d' * 32}.json"
    assert "aside" not in chats.load(mine, "d" * 32)
    assert [line["verdict"] for line in people.feedback(found)] == ["good"] * 3
    assert {one.name: one.feedback for one in people.listed(found)} == {ME: 2, OTHER: 0, "unknown": 1}
    assert moved.move(old, found) == ""


def test_a_move_that_was_killed_before_the_files_were_put_aside_makes_nothing_twice(
    old: Path, address: str, tmp_path: Path
) -> None:
    shutil.copytree(old, tmp_path / "again")
    found = opened(tmp_path, address)
    moved.move(old, found)
    once = [people.listed(found), people.exported(found, ME)]
    assert moved.move(tmp_path / "again", found).startswith("Chats 0, briefs 0, feedback 0: moved")
    assert [people.listed(found), people.exported(found, ME)] == once


def test_a_move_that_fails_leaves_the_files(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, row = opened(tmp_path), chats.row_of
    monkeypatch.setattr(chats, "row_of", lambda person, chat: {**row(person, chat), "title": None})
    with pytest.raises(DatabaseError):
        moved.move(old, found)
    monkeypatch.undo()
    assert (old / "chats" / ME / f"{ME}.json").exists()
    assert moved.move(old, found).startswith("Chats 2, briefs 1, feedback 3: moved")


def test_the_page_moves_them_when_it_is_opened(old: Path, seeds: Assistant) -> None:
    desk = Desk(seeds, home=old)
    assert [chat["title"] for chat in chats.listed(chats.place(desk.database, ME))] == ["Who led?"]
    assert desk.moved.startswith("Chats 2")
    assert Desk(seeds, home=old).moved == ""


# ── One person's ──────────────────────────────────────────────────────────────────────────────────────────────────────


def run(*given: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["people", *given], input=stdin)


def test_a_person_s_own_is_listed_exported_and_deleted_everywhere(old: Path, address: str, folder: Path) -> None:
    where = ["--folder", str(folder), "--database", address]
    home = user_folder(folder)
    shutil.copytree(old, home)
    listed = run("list", *where)
    assert "Chats 2, briefs 1, feedback 3: moved to the database" in listed.stderr
    assert [line.partition(" · last")[0] for line in listed.stdout.splitlines()] == [
        f"{ME}  chats 2 · pins 1 · feedback 2",
        f"{'unknown':32}  chats 0 · pins 0 · feedback 1",
        f"{OTHER}  chats 1 · pins 0 · feedback 0",
    ]
    said = json.loads(run("export", ME, *where).stdout)
    assert (said["person"], len(said["chats"]), len(said["pins"]), len(said["feedback"])) == (ME, 1, 1, 2)
    assert said["chats"][0]["versions"]
    assert len(run("feedback", *where).stdout.splitlines()) == 3
    assert run("delete", ME, *where, stdin="n\n").exit_code == 1
    gone = run("delete", ME, *where, "--yes")
    assert gone.stdout == "Deleted: chats 2 · pins 1 · feedback 2\n"
    assert [line[:32].strip() for line in run("list", *where).stdout.splitlines()] == ["unknown", OTHER]
    files = {path.relative_to(next(home.glob("moved-*"))) for path in home.rglob("*.json*")}
    assert files == {Path("chats", OTHER, f"{OTHER}.json"), Path("briefs", f"{OTHER}.json"), Path("feedback.jsonl")}
    held = b"".join(path.read_bytes() for path in [*home.rglob("*"), *folder.parent.glob("page.db*")] if path.is_file())
    assert b"A sentence." not in held
    assert b"Who led?" not in held
    assert run("export", ME, *where).stderr == f"qa: Nothing is kept of '{ME}'; `qa people list` names everyone.\n"


def test_feedback_is_what_a_gold_question_is_made_of(seeds: Assistant, address: str, tmp_path: Path) -> None:
    home = chats.place(opened(tmp_path, address), ME)
    asked_now = chats.begin(home, ME, "Who led the delegation to Kabul?")
    chats.change(home, ME, asked_now["id"], answer=answer_json(seeds.ask(asked_now["question"])))
    chats.add_feedback(home, chats.load(home, ME), asked_now["id"], verdict="good")
    file, out = tmp_path / "feedback.jsonl", tmp_path / "gold.jsonl"
    file.write_text(run("feedback", "--folder", str(seeds.folder), "--database", address).stdout, encoding="utf-8")
    made = CliRunner().invoke(main, ["eval", "new", "--from-feedback", str(file), "--out", str(out)])
    assert made.exit_code == 0, made.output
    assert "Kabul" in out.read_text(encoding="utf-8")
