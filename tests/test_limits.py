"""A file that takes too much time or memory is skipped with its reason, and its process with it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import zlib
from contextlib import closing
from io import BytesIO
from pathlib import Path

import docx
import pytest

from qa import Assistant
from qa.articles import limits
from qa.articles.corpus import FolderFile, read_article, read_articles, scan
from qa.index.prepared import prepared
from qa.types import Article, Skipped


def endless_pdf(operators: int = 4_000_000) -> bytes:
    """A PDF of some kilobytes that sets the font so many times before a word is shown."""
    packed = zlib.compress(b"BT /F1 9 Tf " + b"1 0 0 1 0 0 Tm (a) Tj " * operators + b"ET", 9)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed) + packed + b"\nendstream",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    ending = b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return made + ending % len(made)


def made(folder: Path, name: str, raw: bytes) -> FolderFile:
    (folder / name).write_bytes(raw)
    return next(found for found in scan(folder)[0] if found.file == name)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", 2.0)
    monkeypatch.setattr(limits, "SECONDS_PER_MB", 10.0)


@pytest.fixture
def reader() -> limits._Reader:
    return limits._Reader()


def word_file(words: str) -> bytes:
    document, raw = docx.Document(), BytesIO()
    document.add_paragraph(words)
    document.save(raw)
    return raw.getvalue()


@pytest.mark.usefixtures("quick")
def test_a_file_without_end_is_skipped_and_the_others_are_read(folder: Path) -> None:
    (folder / "endless.pdf").write_bytes(endless_pdf())
    (folder / "short.docx").write_bytes(word_file("The harbour of Valdenia is open."))
    (folder / "page.html").write_text("<p>The harbour of Marenda is closed until the autumn.</p>")
    with Assistant.open(folder, index=str(folder.parent / "index")) as assistant:
        assert assistant.summary.articles == 4
        (skipped,) = assistant.summary.skipped
        assert (skipped.file, skipped.reason) == ("endless.pdf", "too slow")
        assert re.fullmatch(r"It takes longer than \d+ s to read: .+\.", skipped.detail)
        began = time.monotonic()
        assert assistant.update().skipped == (skipped,)  # remembered, and not tried again
        assert time.monotonic() - began < 1.5


def test_what_is_read_in_a_process_is_what_is_read_here(folder: Path) -> None:
    made(folder, "a.docx", word_file("The harbour of Valdenia is open."))
    made(folder, "b.html", b"<p>The harbour of Marenda is closed until the autumn.</p>")
    made(folder, "c.pdf", b"%PDF-1.4\nnonsense")
    found = scan(folder)[0]
    with closing(limits.articles(found)) as read:
        assert list(read) == [(one, read_article(one)) for one in found]


def test_many_plain_files_are_read_in_processes_and_in_order(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(70):
        made(folder, f"{number}.txt", f"The harbour of Marenda is closed.\n\nIt opens on day {number}.".encode())
    made(folder, "35a.html", b"<p>The harbour of Marenda is closed until the autumn.</p>")
    made(folder, "empty.txt", b"\n")
    found = scan(folder)[0]
    expected = [(one, said if isinstance(said, Skipped) else prepared(said)) for one in found
                for said in read_articles(one)]  # fmt: skip
    for many in (0, 1_000_000):
        monkeypatch.setattr(limits, "_MANY", many)
        with closing(limits.read_all(found, prepared)) as read:
            assert list(read) == expected


def test_plain_files_are_read_here_where_their_process_dies(folder: Path, reader: limits._Reader) -> None:
    group = [made(folder, f"{n}.txt", b"The harbour of Marenda is closed.") for n in range(3)]
    reader._process.kill()
    reader._ready = True
    assert reader.read(group, prepared) == [[prepared(read_article(one))] for one in group]  # type: ignore[arg-type]
    assert not reader.alive


@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit memory otherwise, or not at all")
def test_a_file_that_takes_too_much_memory_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SERVE", limits._SERVE.replace("serve()", "serve(300_000_000)"))
    (tmp_path / "large.md").write_bytes(b"a *b* " * 1_500_000)
    said = limits.article(scan(tmp_path)[0][0])
    assert isinstance(said, Skipped)
    assert said.reason in ("too large", "unreadable")  # not every library survives to tell that memory was refused
    assert "memory" in said.detail


def test_a_reader_that_dies_is_replaced(folder: Path, reader: limits._Reader) -> None:
    found = made(folder, "a.html", b"<p>The harbour of Marenda is closed until the autumn.</p>")
    assert isinstance(reader.read([found], limits._as_it_is)[0][0], Article)
    reader._process.kill()
    ((said,),) = reader.read([found], limits._as_it_is)
    assert isinstance(said, Skipped)
    assert (said.reason, reader.alive) == ("unreadable", False)


def test_no_process_outlives_its_parent(tmp_path: Path) -> None:
    (tmp_path / "endless.pdf").write_bytes(endless_pdf())
    code = (
        "import sys; from pathlib import Path; from qa.articles import corpus, limits\n"
        "reader = limits._Reader(); print(reader._process.pid, flush=True)\n"
        f"reader.read([corpus.scan(Path({str(tmp_path)!r}))[0][0]], limits._as_it_is)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(2)  # it is at work on a file that takes a minute
        parent.send_signal(signal.SIGTERM)
    assert _gone(child)


@pytest.mark.usefixtures("quick")
def test_what_is_not_taken_is_not_read(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        (tmp_path / name).write_bytes(endless_pdf())
    read = limits.articles(scan(tmp_path)[0])
    next(read)
    began = time.monotonic()
    read.close()
    assert time.monotonic() - began < 1.5


def _gone(process: int) -> bool:
    for _ in range(50):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{process}/stat").exists() and " Z " in Path(f"/proc/{process}/stat").read_text():
            return True  # ended, and not yet waited for by the system
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("unit", ["7", " ", "\n", "\n \n", " \n\t", "a\n", "(", "date ", "\x0b\n"])
def test_a_text_file_is_read_in_time_that_grows_with_its_size(tmp_path: Path, unit: str) -> None:
    seconds = []
    for length in (100_000, 400_000):
        found = made(tmp_path, f"{length}.txt", (unit * length)[:length].encode() + b"\nEnd.")
        took = []
        for _ in range(3):
            began = time.process_time()
            read_article(found)
            took.append(time.process_time() - began)
        seconds.append(min(took))
    assert seconds[1] / max(seconds[0], 0.01) < 10
