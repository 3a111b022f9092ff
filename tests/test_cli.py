"""The command line as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conftest import SEEDS
from qa.cli import main
from qa.index.store import LanceStore
from qa.testing import serve


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin, catch_exceptions=False)


@pytest.fixture(autouse=True)
def _indexed(seeds: object) -> None:
    """The seeds are indexed once, before any command asks them."""


def test_ask_prints_claims_marks_and_sources() -> None:
    out = run("ask", "When was the border clash in Nimruz?", "--folder", str(SEEDS), "--timings").stdout
    assert "✓ In May 2023, a border clash in Nimruz" in out
    assert "[1] 002_7f54b19aedd2aafd.txt ¶20" in out
    assert "“In May 2023," in out
    assert "retrieve" in out


def test_ask_refuses_with_the_nearest_paragraphs() -> None:
    result = run("ask", "Who won the football world cup?", "--folder", str(SEEDS))
    assert result.exit_code == 0
    assert "The articles do not answer this." in result.stdout
    assert "Nearest paragraphs" in result.stdout


def test_json_holds_the_whole_answer() -> None:
    answer = json.loads(run("ask", "Who is Bagheri?", "--folder", str(SEEDS), "--json").stdout)
    assert answer["status"] == "answered"
    assert answer["text"]
    citation = answer["citations"][0]
    text = (SEEDS / citation["file"]).read_text(encoding="utf-8")
    assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_batch_answers_each_line_in_order_and_survives_bad_ones(tmp_path: Path) -> None:
    lines = [
        {"id": "a", "question": "Who is Bagheri?"},
        {"id": "b", "question": "   "},
        {
            "id": "c",
            "question": "And when was it?",
            "history": [{"role": "user", "content": "Who led the delegation to Kabul?"}],
        },
        {"id": "d"},
        {"id": "e", "question": "Who won the football world cup?", "as_of": "2025-07-26"},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join([*map(json.dumps, lines), "not json"]), encoding="utf-8")
    for workers in ("1", "3"):
        out = run("ask", "--batch", str(file), "--folder", str(SEEDS), "--workers", workers).stdout
        rows = [json.loads(line) for line in out.splitlines()]
        assert [row["id"] for row in rows] == ["a", "b", "c", "d", "e", None]
        assert ["error" in row for row in rows] == [False, True, False, True, False, True]
        assert rows[0]["claims"][0]["citations"] == [0]
        assert set(rows[0]["citations"][0]) == {"file", "paragraph", "start", "end", "quote", "status"}
        assert len(rows[4]["retrieved"]) == 10
        assert rows[4]["status"] == "refused"


def test_index_and_doctor_count_and_list_what_was_skipped(folder: Path) -> None:
    (folder / "empty.md").write_text("")
    out = run("index", str(folder)).stdout
    assert "2 articles (en 1, es 1)" in out
    assert "skipped 1 (empty 1)" in out
    assert "sentences embedded 0" in run("index", str(folder)).stdout
    assert "empty.md: empty" in run("doctor", str(folder)).stdout
    assert "sentences embedded 0" not in run("index", str(folder), "--rebuild").stdout


def test_doctor_tells_what_is_and_indexes_nothing(folder: Path) -> None:
    result = run("doctor", str(folder))
    assert (result.exit_code, "has no index yet; run `qa index`" in result.stderr) == (3, True)
    words = (folder / "harbour.txt").read_text(encoding="utf-8")
    (folder / "again.txt").write_text(words, encoding="utf-8")
    run("index", str(folder))
    (folder / "new.txt").write_text("The harbour closed again.\n", encoding="utf-8")
    (folder / "puerto.txt").unlink()
    out = run("doctor", str(folder)).stdout
    for line in ("3 articles (en 2, es 1)", "new since the index was made: 1", "  new.txt", "  puerto.txt",
                 "identical: 1", "  again.txt = harbour.txt", "without a date: 3", "multilingual-e5"):  # fmt: skip
        assert line in out
    report = json.loads(run("doctor", str(folder), "--json").stdout)
    assert (report["new"], report["gone"], report["pending"]) == (["new.txt"], ["puerto.txt"], 0)
    assert report["size"] > 0


@pytest.mark.parametrize("command", [("ask", "Who?"), ("chat", "--no-browser"), ("doctor",), ("index",)])
def test_an_index_of_another_embedder_is_one_sentence(command: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    LanceStore(str(tmp_path / "index"), embedder="other", dim=4)
    result = run(*command, "--folder", str(folder), "--index", str(tmp_path / "index"))
    assert result.exit_code == 3
    assert result.stderr.startswith(f"qa: The index at {tmp_path / 'index'} was made with other, not ")
    assert result.stderr.endswith("; run `qa index --rebuild`.\n")


def test_a_question_does_not_wait_for_many_vectors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.cli.asking._PATIENCE", 3)
    result = run("ask", "How many boats were lost?", "--folder", str(folder))
    assert "The vectors of 6 sentences are not computed yet; words decide meanwhile: run `qa index`." in result.stderr
    assert "14 boats were lost" in result.stdout
    assert "sentences embedded 6" in run("index", str(folder)).stdout
    assert run("ask", "How many boats were lost?", "--folder", str(folder)).stderr == ""


def test_what_can_be_searched_is_said_while_vectors_are_computed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ("index", str(folder), "--index", str(tmp_path / "index"))
    monkeypatch.setattr("qa.cli.printed._LONG", 1)
    assert "can be searched by its words now. The vectors of" in run(*place).stderr
    assert "searched" not in run(*place).stderr  # nothing is left to do


def test_watch_indexes_what_changes_and_ends_on_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-c", "from qa.cli import main; main()", "index", str(folder), "--watch"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as on:
        assert on.stdout is not None
        try:
            next(line for line in on.stdout if line.startswith("Following"))
            (folder / "new.txt").write_text("The harbour of Valdenia closed again on 5 May 2024.\n", encoding="utf-8")
            assert "new 1 · changed 0 · deleted 0 · sentences embedded 1" in next(on.stdout)
            (folder / "bad.txt").write_bytes(b"\0\1\2" * 100)
            assert "new 1 · changed 0" in next(on.stdout)
            assert "bad.txt: binary" in next(on.stdout)
            (folder / "new.txt").unlink()
            assert "deleted 1" in next(on.stdout)
            on.send_signal(signal.SIGINT)
            assert on.stdout.read() == ""
        except BaseException:
            on.kill()  # else the failure would wait for it for ever
            raise
    assert on.returncode == 0


def test_a_rebuild_deletes_nothing_but_the_index(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "shared"
    place.mkdir()
    (place / "thesis.txt").write_text("mine")
    run("index", str(folder), "--index", str(place))
    assert "sentences embedded 0" not in run("index", str(folder), "--index", str(place), "--rebuild").stdout
    assert (place / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("ask", "x", "--folder", "/nowhere"), 2, "is not a folder"),
        (("ask",), 2, "Give one question"),
        (("ask", "x", "--answerer", "llm"), 2, "needs a model"),
        (("ask", "Who is Bagheri?", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"), 4, "127.0.0.1:9"),
    ],
)
def test_errors_are_one_sentence_with_their_exit_code(arguments: tuple[str, ...], code: int, says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_steering_characters_of_an_article_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The harbour of Valdenia \x1b[31mreopened\x07 on 3 March 2024 after the storm.\n")
    out = run("ask", "When did the harbour of Valdenia reopen?", "--folder", str(tmp_path)).stdout
    assert "3 March 2024" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_settings_shows_values_and_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_TOP_K", "7")
    out = run("settings").stdout
    assert [line.split() for line in out.splitlines() if line.startswith("top_k")] == [["top_k", "7", "QA_TOP_K"]]


def test_a_model_behind_an_endpoint_answers_over_http() -> None:
    replies = [
        "Abbas Araghchi led a delegation to Kabul in February. [{key:1}] He stayed 12 days in Baghdad. [{key:1}]"
    ]
    with serve(replies) as endpoint:
        out = run("ask", "Who led the delegation to Kabul?", "--folder", str(SEEDS), "--model", "scripted",
                  "--base-url", endpoint.base_url).stdout  # fmt: skip
    assert "✓ Abbas Araghchi led a delegation to Kabul in February. [1]" in out
    assert "Taken out" in out
    assert "✗ He stayed 12 days in Baghdad." in out
    assert "· scripted at 127.0.0.1" in out


def test_filters_narrow_what_is_searched() -> None:
    asked = ("ask", "Who led the delegation to Kabul?", "--folder", str(SEEDS))
    assert "002_7f54b19aedd2aafd.txt" in run(*asked, "--lang", "en").stdout
    assert "002_7f54b19aedd2aafd.txt" not in run(*asked, "--lang", "es").stdout
    dated = run(*asked, "--since", "2025-07-01", "--until", "2025-07-31").stdout
    assert "000_adb1a9a8aa5c90c3.txt" in dated
    assert "004_1d7981e0e1efbe65.txt" not in dated
    wrong = run(*asked, "--lang", "fr")
    assert wrong.exit_code == 2
    assert "No article has the language 'fr'; those there are: en, es." in wrong.stderr


def test_a_batch_with_a_byte_order_mark_loses_no_line(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('\ufeff{"id": 1, "question": "Who?"}\n\ufeff{"id": 2, "question": "When?"}\n', encoding="utf-8")
    out = run("ask", "--batch", str(file), "--folder", str(SEEDS)).stdout
    assert [json.loads(line).get("id") for line in out.splitlines()] == [1, 2]
    assert "error" not in out


def test_a_batch_line_has_filters_of_its_own() -> None:
    lines = [
        {"id": 1, "question": "Who led the delegation to Kabul?", "lang": "es"},
        {"id": 2, "question": "Who led the delegation to Kabul?"},
        {"id": 3, "question": "Who led the delegation to Kabul?", "lang": ["en", "xx"]},
    ]
    stdin = "".join(json.dumps(line) + "\n" for line in lines)
    out = run("ask", "--batch", "-", "--folder", str(SEEDS), "--lang", "en", stdin=stdin).stdout
    first, second, third = (json.loads(line) for line in out.splitlines())
    assert {found["file"][:3] for found in first["retrieved"]} == {"004"}
    assert "004" not in {found["file"][:3] for found in second["retrieved"]}
    assert "No article has the language 'xx'" in third["error"]


# ── What is no text, and where none can be written ────────────────────────────────────────────────────────────────────


def program(folder: Path, *given: str | bytes, out: Any = subprocess.PIPE, stdin: bytes = b"", **env: str) -> Any:
    """`qa` as a process of its own."""
    code = [sys.executable, "-c", "from qa.cli import main; main()"]
    env = {**os.environ, "QA_FOLDER": str(folder), **env}
    return subprocess.run([*code, *given], stdout=out, stderr=subprocess.PIPE, input=stdin, env=env, check=False)


def test_a_terminal_that_lacks_a_letter_shows_a_question_mark(folder: Path) -> None:
    got = program(folder, "ask", "When did the harbour of Valdenia reopen?", PYTHONIOENCODING="latin-1")
    assert (got.returncode, got.stdout[:2]) == (0, b"? ")
    assert b"Traceback" not in got.stderr


def test_bytes_that_are_no_text_are_asked_without_them_and_fail_alone_in_a_batch(folder: Path) -> None:
    got = program(folder, "ask", b"When did the harbour \xff of Valdenia reopen?")
    assert got.returncode == 0, got.stderr
    lines = (
        b'{"id": 1, "question": "\xff"}\n{"id": 2, "question": "\\ud800"}\n{"id": 3, "question": "How many boats?"}\n'
    )
    got = program(folder, "ask", "--batch", "-", stdin=lines)
    first, second, third = map(json.loads, got.stdout.splitlines())
    assert {first["error"], second["error"]} == {
        "UsageError: The line has bytes that are no UTF-8; write it in that encoding."
    }
    assert (got.returncode, third["id"], "error" in third) == (0, 3, False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_behind_the_output_is_one_sentence(folder: Path) -> None:
    with Path("/dev/full").open("wb") as out:
        got = program(folder, "settings", out=out)
    assert got.returncode == 1
    assert got.stderr == b"qa: The system refused (No space left on device); make room or give leave there.\n"


def test_nowhere_to_print_to_is_one_sentence_but_for_a_server(folder: Path) -> None:
    code = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, '-c', sys.argv[1], *sys.argv[2:]])"
    main_ = "from qa.cli import main; main()"
    got = subprocess.run([sys.executable, "-c", code, main_, "settings"], stderr=subprocess.PIPE, check=False)
    assert got.returncode == 1
    assert got.stderr == b"qa: Standard output is closed, and there is nowhere to print to; send it to a file.\n"
    got = subprocess.run([sys.executable, "-c", code, main_, "serve", "--host", "0.0.0.0"], stderr=subprocess.PIPE,
                         check=False)  # fmt: skip
    assert (got.returncode, b"QA_TOKEN" in got.stderr) == (2, True)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no /dev/null")
@pytest.mark.parametrize("home", ["/dev/null", "/proc"])
def test_a_home_that_cannot_be_written_is_no_damaged_index(folder: Path, home: str) -> None:
    got = program(folder, "ask", "How many boats were lost?", HOME=home, XDG_CACHE_HOME="", XDG_DATA_HOME="")
    assert got.returncode == 3
    assert b"cannot be written" in got.stderr
    assert got.stderr.endswith(b"or name another place with --index.\n")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense", "The line is no JSON object (expecting value at column 1); write "),
        ("[1]", "The line is no JSON object (it is another kind of value)"),
        ("null", "The line is no JSON object"),
        ('{"question": "Who?"', "The line is no JSON object ("),
        ('{"id": NaN, "question": "Who?"}', "The line is no JSON object (NaN is no JSON)"),
        ('{"id": ' + "9" * 5000 + "}", "The line is no JSON object (it has a number that is too long)"),
        ("[" * 100_000, "The line is no JSON object (it is nested too deep)"),
        ("{}", 'The line has no "question", or one that is no text; give one.'),
        ('{"question": 7}', 'The line has no "question"'),
        ('{"question": "Who?", "as_of": "tomorrow"}', 'The "as_of" of the line is no day; write it as 2025-07-31.'),
        ('{"question": "Who?", "since": 7}', 'The "since" of the line is no day'),
        ('{"question": "Who?", "source": 7}', 'The "source" of the line is no text, or list of texts'),
        ('{"question": "Who?", "lang": [7]}', 'The "lang" of the line is no text, or list of texts'),
        ('{"question": "Who?", "history": "hello"}', 'The "history" of the line is no list of turns'),
        ('{"question": "Who?", "history": [7]}', 'The "history" of the line is no list of turns'),
        ('{"question": "Who?", "history": [{"role": "cat"}]}', 'Each turn of a history needs a "role"'),
    ],
)
def test_a_line_that_cannot_be_asked_is_told_in_a_sentence(line: str, says: str) -> None:
    got = run("ask", "--batch", "-", "--folder", str(SEEDS), stdin=f'{line}\n{{"id": 2, "question": "Who?"}}\n')
    first, second = map(json.loads, got.stdout.splitlines())
    assert first["error"].startswith(f"UsageError: {says}")
    assert (got.exit_code, second["id"], "error" in second) == (0, 2, False)
