"""Articles and an index in an object store, against moto's S3 server on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
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
from qa.errors import FolderError
from qa.index.watch import settled
from qa.page.sources import Sources

SEEDS = Path(__file__).parent.parent / "seeds"
QUESTIONS = ("Who led the delegation to Kabul?", "When was the border clash in Nimruz?", "Who is the mayor of Odda?")
KEYS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """An empty bucket named news, and the environment that leads to it."""
    httpx.post(f"{server}/moto-api/reset").raise_for_status()
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server}.items():
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
