"""Articles and an index in an object store, against moto's S3 server on loopback."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest
from click.testing import CliRunner
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from qa import Assistant
from qa.articles import corpus, places
from qa.articles.places import Remote
from qa.cli import main
from qa.errors import FolderError, StoreUnwritable
from qa.index import lease, mirror, store
from qa.index.store import LanceStore
from qa.index.watch import settled
from qa.page.sources import Sources

SEEDS = Path(__file__).parent.parent / "seeds"
QUESTIONS = ("Who led the delegation to Kabul?", "When was the border clash in Nimruz?", "Who is the mayor of Odda?")
KEYS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Store:
    """An empty bucket named news, the environment that leads to it, and no index of another test's."""
    httpx.post(f"{server}/moto-api/reset").raise_for_status()
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server, "XDG_CACHE_HOME": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    httpx.put(f"{server}/news").raise_for_status()
    return S3Store("news", client_options={"allow_http": True})


def put(bucket: S3Store, folder: Path, prefix: str = "articles") -> str:
    """The files of a folder as objects; returns the address of what they lie below."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        obstore.put(bucket, f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return f"s3://news/{prefix}"


def held(assistant: Assistant) -> list[tuple[Any, ...]]:
    """Every paragraph that an assistant can find, and what is said of its article."""
    files = [article.file for article in assistant.store.articles()]
    addresses = [f"{file}#p{n}" for file in files for n in range(1, 80)]
    found = sorted(assistant.store.paragraphs(addresses), key=lambda one: (one.file, one.number))
    return [(one.paragraph, one.search, one.published, one.language, one.source, one.sentences) for one in found]


def answers(assistant: Assistant) -> list[tuple[str, str, list[str]]]:
    said = [assistant.ask(question) for question in QUESTIONS]
    return [(one.status, one.short_answer, [c.quote for c in one.citations]) for one in said]


def rewrite(folder: Path) -> None:
    """What a scan has to tell apart: sub-folders, what is hidden, what a browser saves, what is no article."""
    page = "<html><title>Odda</title><body><h1>Odda</h1><p>The ferry to Odda was late on 3 May 2024.</p></body></html>"
    for name, content in {
        "2024/may/ferry ñ%20.txt": "Ferry late\n\nThe ferry was late on 3 May 2024, said the harbour office.\n",
        "odda.html": page,
        "odda_files/advert.txt": "Buy this.\n",
        ".hidden/secret.txt": "Nobody reads this.\n",
        "2024/.note.txt": "Nor this.\n",
        "empty.txt": "",
        "photo.jpg": "no picture",
        "long.txt": "word " * 30_000,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def test_a_bucket_is_scanned_as_the_same_folder_is(bucket: S3Store, folder: Path) -> None:
    rewrite(folder)
    address = put(bucket, folder)
    obstore.put(bucket, "articles/2024/", b"")  # what a console leaves for a folder
    obstore.put(bucket, "articles-of-others/x.txt", b"Not below the address.")
    here, left_here = corpus.scan(folder, max_mb=0.1)
    there, left_there = corpus.scan(places.place(address + "/"), max_mb=0.1)
    assert [(f.file, f.size) for f in there] == [(f.file, f.size) for f in here]
    assert left_there == left_here
    assert [f.path.read_bytes() for f in there] == [f.path.read_bytes() for f in here]


def test_a_key_that_is_no_path_hides_its_own_folder_alone(bucket: S3Store, folder: Path, server: str) -> None:
    address = put(bucket, folder)
    for key in ("articles/odd//a.txt", "articles/fine/b.txt"):
        httpx.put(f"{server}/news/{key}", content=b"A line of words.").raise_for_status()
    found, skipped = corpus.scan(Remote(address))
    assert [f.file for f in found] == ["fine/b.txt", "harbour.txt", "puerto.txt"]
    assert [(s.file, s.reason) for s in skipped] == [("odd", "unreadable")]


def test_an_index_from_a_bucket_is_that_from_the_folder(bucket: S3Store, seeds: Assistant) -> None:
    there = Assistant.open(put(bucket, SEEDS))
    assert held(there) == held(seeds)
    assert answers(there) == answers(seeds)
    assert there.folder.name == "articles"


def test_only_what_changed_in_a_bucket_is_read_again(bucket: S3Store, folder: Path) -> None:
    address = put(bucket, folder)
    assert Assistant.open(address).summary.added == 2
    again = Assistant.open(address).summary
    assert (again.articles, again.added, again.changed, again.deleted) == (2, 0, 0, 0)
    (folder / "harbour.txt").write_text("Harbour closed\n\nThe harbour of Valdenia closed on 4 March 2025.\n", "utf-8")
    (folder / "new.txt").write_text("Bridge opens\n\nThe bridge of Marenda opened on 5 March 2025.\n", "utf-8")
    put(bucket, folder)
    obstore.delete(bucket, "articles/puerto.txt")
    found = Assistant.open(address)
    assert (found.summary.added, found.summary.changed, found.summary.deleted) == (1, 1, 1)
    assert "4 March 2025" in found.ask("When did the harbour of Valdenia close?").claims[0].text


@pytest.fixture
def asked(bucket: S3Store) -> Iterator[list[str]]:
    """What is asked of the store, as it comes."""
    said: list[str] = []
    log, handler = logging.getLogger("werkzeug"), logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield said
    log.setLevel(logging.ERROR)
    log.removeHandler(handler)


def test_a_further_question_asks_a_bounded_number_of_requests(asked: list[str]) -> None:
    there = Assistant.open(SEEDS, index=INDEX, added=False)
    there.ask(QUESTIONS[0])
    for question in QUESTIONS:
        before = len(asked)
        there.ask(question)
        assert 0 < len(asked) - before <= 15  # 30 and more, were it asked for a new version each time


def test_a_commit_asks_no_more_for_five_shards_than_for_one(asked: list[str], folder: Path) -> None:
    there = Assistant.open(folder, index=INDEX, added=False)
    known = there.store.paragraphs(["harbour.txt#p1"])
    counts = []
    for names in (["a"], ["b", "c", "d", "e", "f"]):
        copies = [replace(known[0], file=name, address=f"{name}#p1") for name in names]
        shards = [there.store.shard(store.Rows([store.NewArticle(one.file, 1, 2)], [one], [])) for one in copies]
        before = len(asked)
        there.store.commit(shards)
        counts.append(len(asked) - before)
    assert counts == [14, 14]  # seven a table: evals/bench/scaleout.py


def test_what_another_process_commits_is_seen_a_little_later(
    bucket: S3Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.index.store.engine._LOOKED", timedelta(seconds=0.3))
    first, second = (Assistant.open(folder, index=INDEX, added=False) for _ in range(2))
    (folder / "new.txt").write_text("Bridge opens\n\nThe bridge of Marenda opened on 5 March 2025.\n", "utf-8")
    second.update()
    assert "5 March 2025" in second.ask("When did the bridge of Marenda open?").claims[0].text  # at once, its own
    time.sleep(0.4)
    assert "5 March 2025" in first.ask("When did the bridge of Marenda open?").claims[0].text


def test_an_archive_in_a_bucket_is_read_and_its_article_is_found(bucket: S3Store, folder: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "zipped" / "old"), "zip", folder)
    there = Assistant.open(put(bucket, tmp_path / "zipped"), wait=False)
    assert [row.file for row in there.store.articles()] == ["old.zip/harbour.txt", "old.zip/puerto.txt"]
    found = corpus.find(there.folder, "old.zip/harbour.txt")
    assert isinstance(found, corpus.FolderFile)
    assert found.file == "old.zip"
    assert corpus.find(there.folder, "gone.txt") is None
    read = Sources(there, None, None).read("old.zip/harbour.txt")  # type: ignore[arg-type]
    assert not isinstance(read, str)
    assert read is not None
    assert read.title == "Harbour reopens after storm"


def test_the_commands_take_addresses(bucket: S3Store, folder: Path) -> None:
    address = put(bucket, folder)
    run = CliRunner()
    indexed = run.invoke(main, ["index", address])
    assert f"{address}: 2 articles (en 1, es 1)" in indexed.output
    asked = run.invoke(main, ["ask", "How many boats were lost?", "--folder", address])
    assert "14 boats" in asked.output
    told = run.invoke(main, ["doctor", address])
    assert f"{address}: 2 articles" in told.output


def test_a_bucket_that_is_followed_is_looked_at_every_minute() -> None:
    waited: list[float] = []
    looks = settled([Remote("s3://news/articles"), Path("added")], wait=waited.append)
    assert [next(looks), next(looks), next(looks)] == [None, None, None]
    assert waited == [60, 60]


@pytest.mark.parametrize("address", ["http://news/articles", "s3://", "ftp://x"])
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(FolderError, match="is no place for articles"):
        places.place(address)


# ── the index ────────────────────────────────────────────────────────────────────────────────────────────────────────

INDEX = "s3://news/index"


def test_an_index_in_a_bucket_is_that_on_disk(bucket: S3Store, seeds: Assistant) -> None:
    there = Assistant.open(put(bucket, SEEDS), index=INDEX)
    assert held(there) == held(seeds)
    assert answers(there) == answers(seeds)
    there.store.check()
    again = Assistant.open(SEEDS, index=INDEX, added=False)  # the folder is another: its files are read, and kept once
    assert again.summary.articles == there.summary.articles


def test_an_index_beside_the_articles_is_none_of_them(bucket: S3Store, folder: Path) -> None:
    put(bucket, folder)
    Assistant.open("s3://news", index=INDEX)
    summary = Assistant.open("s3://news", index=INDEX).summary
    assert (summary.articles, summary.added, summary.skipped) == (2, 0, ())


def test_an_index_in_a_bucket_follows_its_articles(bucket: S3Store, folder: Path) -> None:
    address = put(bucket, folder)
    assert Assistant.open(address, index=INDEX).summary.embedded > 0
    again = Assistant.open(address, index=INDEX).summary
    assert (again.added, again.changed, again.deleted, again.embedded) == (0, 0, 0, 0)
    (folder / "harbour.txt").write_text("Harbour closed\n\nThe harbour of Valdenia closed on 4 March 2025.\n", "utf-8")
    put(bucket, folder)
    obstore.delete(bucket, "articles/puerto.txt")
    found = Assistant.open(address, index=INDEX)
    assert (found.summary.changed, found.summary.deleted, found.summary.pending) == (1, 1, 0)
    assert "4 March 2025" in found.ask("When did the harbour of Valdenia close?").claims[0].text


def test_the_commands_take_an_index_in_a_bucket(bucket: S3Store, folder: Path) -> None:
    address, run = put(bucket, folder), CliRunner()
    none = run.invoke(main, ["doctor", address, "--index", INDEX])
    assert (none.exit_code, f"{address} has no index yet" in none.output) == (3, True)
    assert "new 2" in run.invoke(main, ["index", address, "--index", INDEX]).output
    assert (
        "14 boats"
        in run.invoke(main, ["ask", "How many boats were lost?", "--folder", address, "--index", INDEX]).output
    )
    assert f"index {INDEX} · layout" in run.invoke(main, ["doctor", address, "--index", INDEX]).output
    assert "new 2" in run.invoke(main, ["index", address, "--index", INDEX, "--rebuild"]).output


# ── who writes ───────────────────────────────────────────────────────────────────────────────────────────────────────

LEASE = Remote("s3://news/index/writing.lease")
HOLDING = """
import sys
from qa.articles.places import Remote
from qa.index.lease import held
with held(Remote(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


class Clock:
    """A clock that goes on only while somebody waits by it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_a_second_writer_waits_until_the_first_is_done_and_says_so_once(bucket: S3Store) -> None:
    said: list[str] = []
    with ExitStack() as first:
        first.enter_context(lease.held(LEASE))
        looks: list[float] = []

        def wait(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 3:
                first.close()

        with lease.held(LEASE, lambda: said.append("waiting"), wait=wait) as second:
            second.check()
    assert (len(looks), said) == (3, ["waiting"])


def test_the_lease_of_a_killed_writer_lapses(bucket: S3Store) -> None:
    clock = Clock()
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(LEASE)], stdin=-1, stdout=-1, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        writer.send_signal(signal.SIGKILL)
    with lease.held(LEASE, clock=clock, wait=clock.wait):
        assert clock.now == lease.SECONDS
    with lease.held(LEASE, clock=clock, wait=clock.wait):  # it was given back: nobody waits
        assert clock.now == lease.SECONDS


def test_a_living_writer_is_not_overtaken_however_long_it_writes(bucket: S3Store) -> None:
    clock, seen = Clock(), list[Any]()
    with ExitStack() as first:
        first.enter_context(lease.held(LEASE, seconds=0.06))

        def wait(_: float) -> None:
            before = LEASE.version()
            while LEASE.version() == before:  # it is renewed each 20 ms
                pass
            clock.now += 0.05
            seen.append(before)
            if len(seen) == 5:
                first.close()

        with lease.held(LEASE, clock=clock, wait=wait):
            assert len(seen) == 5


def test_a_writer_that_was_away_too_long_writes_no_more_and_leaves_the_lease_to_the_next(bucket: S3Store) -> None:
    clock = Clock()
    with lease.held(LEASE, clock=clock) as away:
        away.check()
        clock.now += lease.SECONDS
        with lease.held(LEASE, clock=clock, wait=clock.wait) as other:
            assert clock.now == 2 * lease.SECONDS
            with pytest.raises(StoreUnwritable, match="run this again, and it goes on"):
                away.check()
            other.check()


def test_indexing_waits_for_whoever_writes_in_the_bucket(bucket: S3Store, folder: Path) -> None:
    address = put(bucket, folder)
    first = Assistant.open(address, index=INDEX)
    obstore.put(bucket, "articles/new.txt", b"Bridge opens\n\nThe bridge of Marenda opened on 5 March 2025.\n")
    command = [sys.executable, "-c", "from qa.cli import main; main()", "index", address, "--index", INDEX]
    with first.store.alone("writing"):
        second = subprocess.Popen(command, stdout=-1, stderr=-1, text=True)
        assert second.stderr is not None
        assert second.stderr.readline() == "Another process is indexing this folder; waiting for it.\n"
    told, _ = second.communicate()
    assert (second.returncode, "new 1 · changed 0 · deleted 0" in told) == (0, True)
    assert first.update().added == 0


# ── what can go wrong ────────────────────────────────────────────────────────────────────────────────────────────────


Wrong = Callable[[str, str], tuple[int | None, str] | None]


class Front(ThreadingHTTPServer):
    """Stands before the store: what ``wrong`` gives for a method and path is answered, None never; else the store is
    asked."""

    daemon_threads = True
    wrong: Wrong

    def __init__(self, store: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.store, self.ended = store, threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    def answer(self) -> None:
        front = self.server
        assert isinstance(front, Front)
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wrong = front.wrong(self.command, self.path)
        if wrong is None:
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            got = httpx.request(self.command, front.store + self.path, headers=kept, content=sent)
            self.say(got.status_code, {name: got.headers[name] for name in got.headers if name in _KEPT}, got.content)
        elif wrong[0] is None:
            front.ended.wait()
        else:
            self.say(wrong[0], {}, f"<?xml version='1.0'?><Error><Code>{wrong[1]}</Code></Error>".encode())

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815

    def say(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"content-length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


_KEPT = ("content-length", "content-range", "content-type", "etag", "last-modified")


@pytest.fixture
def front(bucket: S3Store, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    running = Front(server)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    for name in ("AWS_ENDPOINT_URL", "AWS_METADATA_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT"):
        monkeypatch.setenv(name, running.url)
    monkeypatch.setattr(places, "RETRIES", 1)
    monkeypatch.setattr(places, "SECONDS", 1)
    yield running
    running.ended.set()
    running.shutdown()
    running.server_close()


WRONG: dict[str, tuple[int | None, str, str]] = {
    "no bucket": (404, "NoSuchBucket", "There is no bucket s3://news: name one that is there"),
    "refused": (403, "AccessDenied", "s3://news refuses this (403 AccessDenied): look at the credentials"),
    "wrong key": (403, "InvalidAccessKeyId", "s3://news refuses this (403 InvalidAccessKeyId)"),
    "region": (301, "PermanentRedirect", "s3://news lies in another region: set AWS_REGION"),
    "busy": (503, "SlowDown", "s3://news does not answer (503 SlowDown): try again later."),
    "silent": (None, "", "s3://news cannot be reached: look at AWS_ENDPOINT_URL and at the network"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_a_store_is_one_sentence(front: Front, folder: Path, wrong: str) -> None:
    status, code, sentence = WRONG[wrong]
    front.wrong = lambda method, path: (status, code)
    articles = CliRunner().invoke(main, ["index", "s3://news/articles"])
    assert (articles.exit_code, articles.output.startswith(f"qa: {sentence}")) == (2, True), articles.output
    index = CliRunner().invoke(main, ["ask", "Who?", "--folder", str(folder), "--index", INDEX])
    assert (index.exit_code, index.output.startswith(f"qa: {sentence}")) == (3, True), index.output
    assert len(index.output.splitlines()) == len(articles.output.splitlines()) == 1


def test_an_article_that_a_store_did_not_give_is_read_the_next_time(
    front: Front, bucket: S3Store, folder: Path, tmp_path: Path
) -> None:
    address, index = put(bucket, folder), str(tmp_path / "index")
    front.wrong = lambda method, path: (503, "SlowDown") if method == "GET" and "puerto" in path else None
    with pytest.raises(FolderError, match="does not answer"):
        Assistant.open(address, index=index)
    front.wrong = lambda method, path: None
    found = Assistant.open(address, index=index)
    assert (found.summary.articles, found.summary.skipped) == (2, ())


def test_who_may_only_read_asks_what_the_index_holds(front: Front, bucket: S3Store, folder: Path) -> None:
    address = put(bucket, folder)
    front.wrong = lambda method, path: None
    Assistant.open(address, index=INDEX)
    obstore.put(bucket, "articles/new.txt", b"Bridge opens\n\nThe bridge of Marenda opened on 5 March 2025.\n")
    front.wrong = lambda method, path: (403, "AccessDenied") if method == "PUT" else None
    reading = Assistant.open(address, index=INDEX)
    assert reading.summary.unwritten.startswith("s3://news refuses this (403 AccessDenied)")
    assert reading.summary.articles == 2
    assert "14 boats" in reading.ask("How many boats were lost?").claims[0].text


def test_the_tables_of_another_release_are_left_alone(bucket: S3Store, folder: Path) -> None:
    made = Assistant.open(folder, index=INDEX)
    made.store.parts()[0]._merge("meta", "key", [{"key": "layout", "value": "99"}])
    told = CliRunner().invoke(main, ["ask", "Who?", "--folder", str(folder), "--index", INDEX])
    assert told.exit_code == 3
    assert told.output == f"qa: The index at {INDEX} has another layout; run `qa index --rebuild`.\n"


def test_without_the_extra_a_sentence_says_what_to_install() -> None:
    code = (
        "from qa.imports import without; from qa.cli import main\nwith without('obstore'): main(['index', 's3://x/y'])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.returncode == 2
    assert told.stderr.startswith("qa: An address in an object store needs the package obstore: run `uv run --extra s3")


def test_that_there_are_no_credentials_is_one_sentence(
    front: Front, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.wrong = lambda method, path: (404, "")
    for name in list(os.environ):
        if name.startswith("AWS_") and "ENDPOINT" not in name:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    for arguments, code in ((["index", "s3://news/articles"], 2), (["doctor", str(folder), "--index", INDEX], 3)):
        told = CliRunner().invoke(main, arguments)
        assert told.exit_code == code
        assert told.output.startswith("qa: There are no credentials for s3://news: set AWS_ACCESS_KEY_ID"), told.output


def test_a_lease_in_a_bucket_that_is_gone_is_one_sentence(front: Front) -> None:
    front.wrong = lambda method, path: (404, "NoSuchBucket")
    with pytest.raises(StoreUnwritable, match="There is no bucket s3://news"), lease.held(LEASE):
        pass


def test_an_address_below_which_nothing_lies_is_said(bucket: S3Store) -> None:
    told = CliRunner().invoke(main, ["index", "s3://news/typo"])
    assert (told.exit_code, told.output) == (
        2,
        "qa: Nothing lies at s3://news/typo: name the address that holds the articles.\n",
    )


# ── a copy of it on this disk ────────────────────────────────────────────────────────────────────────────────────────

BRIDGE = "Bridge opens\n\nThe bridge of Marenda opened on 5 March 2025.\n"
OPENS = "When did the bridge of Marenda open?"
COPYING = """
import sys
from qa import Assistant
there = Assistant.open(sys.argv[1], index="s3://news/index", added=False, keep_copy=1)
print(there.ask("How many boats were lost?").claims[0].text)
"""


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version is looked for at each question, which waits for it."""
    monkeypatch.setattr(mirror, "_LOOK", 0)
    monkeypatch.setattr(mirror, "_PATIENCE", 20)


def copying(folder: Path, gigabytes: float = 1) -> Assistant:
    return Assistant.open(folder, index=INDEX, added=False, keep_copy=gigabytes)


def versions(cache: Path) -> dict[Path, dict[Path, bytes]]:
    """The versions of the index on this disk, each with its files."""
    return {
        one: {path: path.read_bytes() for path in one.rglob("*") if path.is_file()}
        for one in cache.glob("cache/qa/copies-*/index-*/*")
        if one.is_dir()
    }


def test_a_copy_on_this_disk_is_asked_instead_of_the_store(asked: list[str], seeds: Assistant, tmp_path: Path) -> None:
    Assistant.open(SEEDS, index=INDEX, added=False)
    assert answers(copying(SEEDS)) == answers(seeds)
    before = len(asked)
    warm = copying(SEEDS)
    assert len(asked) - before == 5  # thirty without; four of them ask whether there is an index, and in how many parts
    made = versions(tmp_path)
    for question in QUESTIONS:
        before = len(asked)
        warm.ask(question)
        assert len(asked) - before <= 1  # six to nine without; one in five seconds looks for a new version
    assert held(warm) == held(seeds)
    assert versions(tmp_path) == made
    assert len(made) == 1


def test_a_copy_follows_the_index_and_what_is_written_is_written_to_the_bucket(
    bucket: S3Store, folder: Path, tmp_path: Path, looks: None
) -> None:
    first, writer = Assistant.open(folder, index=INDEX, added=False), copying(folder)
    reader, old = copying(folder), versions(tmp_path)
    (folder / "new.txt").write_text(BRIDGE, "utf-8")
    (folder / "puerto.txt").unlink()
    writer.update()
    for one in (writer, reader, first):
        [part] = one.store.parts()
        if part._own:
            part._look(*part._own.tables)
        assert "5 March 2025" in one.ask(OPENS).claims[0].text
    new = versions(tmp_path)
    assert {path: new[path] for path in old} == old
    assert len(new) > 1
    newest = max(new, key=lambda path: path.stat().st_mtime_ns)
    assert LanceStore(str(newest), embedder=reader.embedder.identity, dim=384).text("puerto.txt") == ""
    shared = [path for path in newest.rglob("*") if path.is_file() and path.stat().st_nlink == 2]
    assert shared  # what did not change was not fetched again


def test_each_partition_has_a_copy_and_its_share_of_the_room(
    asked: list[str], folder: Path, tmp_path: Path, looks: None, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(12):
        (folder / f"{n}.txt").write_text(f"Ferry {n}\n\nThe ferry had {n + 20} cars aboard on Sunday.\n", "utf-8")
    writer = Assistant.open(folder, index=INDEX, added=False, partitions=3)
    reader = copying(folder)
    parts = {path.parent.name[-11:] for path in versions(tmp_path)}
    assert parts == {"part-1-of-3", "part-2-of-3", "part-3-of-3"}
    before, said = len(asked), answers(reader)
    assert {line.split("?")[1].split(" ")[0] for line in asked[before:]} == {
        f"list-type=2&prefix=index/{part}/" for part in parts
    }  # nothing but whether there is a new version of one
    assert said == answers(writer)
    (folder / "new.txt").write_text(BRIDGE, "utf-8")
    reader.update()  # it writes to one of them, and goes on reading the copies of the others
    assert ["5 March 2025" in one.ask(OPENS).claims[0].text for one in (reader, copying(folder))] == [True, True]
    sizes = [sum(map(len, one.values())) for one in versions(tmp_path).values()]
    for path in tmp_path.glob("cache/qa/copies-*"):
        shutil.rmtree(path)
    copying(folder, 1.5 * min(sizes) / 1e9)  # a third of it is too little for any
    assert caplog.text.count("that a copy may have") == 3
    assert versions(tmp_path) == {}


def test_a_copy_of_an_index_that_is_built_anew_is_another(bucket: S3Store, folder: Path, looks: None) -> None:
    Assistant.open(folder, index=INDEX, added=False)
    reader = copying(folder)
    (folder / "new.txt").write_text(BRIDGE, "utf-8")
    store.forget(INDEX)
    assert "14 boats" in reader.ask("How many boats were lost?").claims[0].text  # between the two it is asked as it was
    Assistant.open(folder, index=INDEX, added=False)  # with the same numbers of versions
    assert "5 March 2025" in reader.ask(OPENS).claims[0].text


def test_a_copy_has_a_bound_and_versions_that_nobody_asks_are_cleared(
    asked: list[str], folder: Path, tmp_path: Path, looks: None, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    writer = Assistant.open(folder, index=INDEX, added=False)
    small = copying(folder, 1e-6)
    assert "more than the 1e-06 GB that a copy may have" in caplog.text
    assert ("14 boats" in small.ask("How many boats were lost?").claims[0].text, versions(tmp_path)) == (True, {})
    copying(folder)
    size = sum(len(content) for one in versions(tmp_path).values() for content in one.values())
    reader = copying(folder, size * 1.2 / 1e9)
    (folder / "new.txt").write_text(BRIDGE, "utf-8")
    (folder / "long.txt").write_text("\n\n".join(f"The {n}th ferry to Odda was late." for n in range(200)), "utf-8")
    writer.update()
    assert "5 March 2025" in reader.ask(OPENS).claims[0].text  # of the bucket: both versions are too large together
    [old] = versions(tmp_path)
    larger = copying(folder, 1)
    assert old in versions(tmp_path)
    monkeypatch.setattr(mirror, "_UNUSED", 0)
    (folder / "new.txt").unlink()
    writer.update()
    assert larger.store.text("new.txt") == ""
    assert old not in versions(tmp_path)
    assert len(versions(tmp_path)) == 1


def test_a_killed_fetch_leaves_nothing_half_and_what_it_had_is_not_fetched_again(
    front: Front, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", front.store)
    Assistant.open(folder, index=INDEX, added=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", front.url)
    fetched: list[str] = []

    def wrong(_: str, path: str) -> tuple[int | None, str] | None:
        if ".lance" in path:
            fetched.append(path)
        return (None, "") if "sentences.lance/data" in path else None

    front.wrong = wrong
    with subprocess.Popen([sys.executable, "-c", COPYING, str(folder)], stdout=-1, stderr=-1) as reading:
        while not any("sentences.lance/data" in path for path in fetched):
            time.sleep(0.05)
        time.sleep(1)
        reading.kill()
    [(partial, files)] = versions(tmp_path).items()
    whole = {path.name for path in files if path.suffix == ".lance"}
    assert (partial.name, bool(whole)) == ("fetching", True)
    fetched.clear()
    front.wrong = lambda method, path: fetched.append(path)
    monkeypatch.setattr(places, "SECONDS", 20)
    reader = copying(folder)
    assert [path for path in fetched if path.rpartition("/")[2] in whole] == []
    assert "14 boats" in reader.ask("How many boats were lost?").claims[0].text
    assert partial not in versions(tmp_path)


def test_two_processes_share_a_copy_and_fetch_it_once(asked: list[str], folder: Path, tmp_path: Path) -> None:
    Assistant.open(folder, index=INDEX, added=False)
    asked.clear()
    both = [subprocess.Popen([sys.executable, "-c", COPYING, str(folder)], stdout=-1, text=True) for _ in range(2)]
    said = [one.communicate(timeout=60)[0] for one in both]
    assert ["14 boats" in one for one in said] == [True, True]
    files = [line.split('"')[1] for line in asked if ".lance/data/" in line]
    assert files
    assert len(files) == len(set(files))
    assert len(versions(tmp_path)) == 1


def test_while_the_store_is_away_the_copy_is_asked(
    front: Front, folder: Path, looks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", front.store)
    Assistant.open(folder, index=INDEX, added=False)
    reader = copying(folder)
    monkeypatch.setenv("AWS_ENDPOINT_URL", front.url)
    front.wrong = lambda method, path: (503, "SlowDown")
    assert "14 boats" in reader.ask("How many boats were lost?").claims[0].text
    told = CliRunner().invoke(main, ["ask", "Who?", "--folder", str(folder), "--index", INDEX, "--keep-copy", "1"])
    assert (told.exit_code, told.output.count("\n")) == (3, 1)
    assert told.output.startswith("qa: s3://news does not answer")


def test_a_damaged_copy_is_fetched_again_or_left(
    bucket: S3Store, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Assistant.open(folder, index=INDEX, added=False)
    reader = copying(folder)
    [made] = versions(tmp_path)
    for path in made.rglob("data/*.lance"):
        path.write_bytes(b"x" * path.stat().st_size)
    assert "14 boats" in reader.ask("How many boats were lost?").claims[0].text
    assert "cannot be read and is cleared; the index itself is asked" in caplog.text
    assert versions(tmp_path) == {}
    copying(folder)
    next(made.rglob("data/*.lance")).write_bytes(b"cut")
    assert "14 boats" in copying(folder).ask("How many boats were lost?").claims[0].text
    assert min(len(content) for content in versions(tmp_path)[made].values()) > 3
