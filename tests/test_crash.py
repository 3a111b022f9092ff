"""Indexing that is killed, watched by readers, or run twice at once: real processes over a real folder."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from qa.index.ingest import update
from qa.index.store import LanceStore
from qa.testing import HashEmbedder

ARTICLES, KILLS = 150, 20
# A process that has imported what indexing needs, and becomes another one for each line "INDEX FOLDER" that it reads:
# twenty processes of their own would spend a minute on importing.
NURSERY = """
import os, signal, sys
import lancedb, pyarrow.compute, sentencex, simhash
import qa.index.llama
from qa.index import ingest, vectors
from qa.index.store import LanceStore
from qa.testing import HashEmbedder
ingest._FILES, vectors._BATCH, vectors._TURN, vectors._PAUSE = 15, 40, 20, 0.002
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if pid := os.fork():
        continue
    say = lambda *words: print(*words, os.getpid(), flush=True)
    index, folder = line.rstrip("\\n").split("\\t")
    embedder = HashEmbedder()
    say("begins")
    store = LanceStore(index, embedder=embedder.identity, dim=embedder.dim)
    ingest.update(ingest.Path(folder), store, embedder, progress=lambda step: say(step.phase))
    say("ends")
    os._exit(0)
"""
READER = """
import sys
from qa.retrieve import Retriever
from qa.index.store import LanceStore
from qa.testing import HashEmbedder
embedder = HashEmbedder()
asked = Retriever(LanceStore(sys.argv[1], embedder=embedder.identity, dim=embedder.dim), embedder)
for line in sys.stdin:
    for e in asked.retrieve(asked.query(line.strip()), 10):
        print("|".join([e.address, *(match.sentence.text for match in e.sentences)]), flush=True)
    print("answered", flush=True)
"""


def words(article: int, version: int) -> str:
    """A headline, and two paragraphs of two sentences each; the third sentence alone changes with the version."""
    name = f"Report {article} of the harbour office"
    first = f"Boat {article} left the harbour. Crew {article} stayed at home."
    return f"{name}\n\n{first}\n\nStorm {article} sank {version} boats. Mayor {article} thanked the crews.\n"


def write(folder: Path, article: int, version: int) -> None:
    draft = folder / ".draft"
    draft.write_text(words(article, version))
    draft.replace(folder / f"{article:03}.txt")  # at once: half a file is the editor's fault, not the index's


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for article in range(ARTICLES):
        write(folder, article, 1)
    return folder


@contextmanager
def process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],  # LanceDB warns of forks in the nursery
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        try:
            yield running
        finally:
            running.kill()


def pipes(running: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert running.stdin is not None
    assert running.stdout is not None
    return running.stdin, running.stdout


def begun(nursery: subprocess.Popen[str], index: Path, folder: Path) -> int:
    """The number of a new process that has just begun to index."""
    into, out = pipes(nursery)
    into.write(f"{index}\t{folder}\n")
    into.flush()
    while not (line := out.readline()).startswith("begins"):
        assert line, "the process that indexes ended"
    return int(line.split()[1])


def run_for(nursery: subprocess.Popen[str], child: int, steps: int) -> None:
    """Returns when the process has made so many steps, or has ended."""
    out = pipes(nursery)[1]
    for _ in range(steps):
        if (line := out.readline()) == f"ends {child}\n":
            return
        assert line, "the process that indexes ended"


def opened(index: Path) -> LanceStore:
    return LanceStore(str(index), embedder=HashEmbedder.identity, dim=HashEmbedder.dim)


def rows(store: LanceStore, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store._tables[table].search().limit(10**6).to_list()
    return sorted(
        found, key=lambda row: str(row.get("id") or row.get("address") or row.get("file") or row.get("token"))
    )


def check(store: LanceStore) -> int:
    """Holds every committed article to be whole; returns how many there are."""
    articles = {row["file"]: row for row in rows(store, "articles")}
    paragraphs = {row["address"]: row for row in rows(store, "paragraphs") if row["file"] in articles}
    lacking = {address: row["sentences"] for address, row in paragraphs.items()}
    for file in articles:
        own = [paragraphs[f"{file}#p{n}"] for n in (1, 2, 3)]
        said = "\n\n".join(row["text"] for row in own) + "\n"
        version = re.search(r"sank (\d+) boats", said)
        assert version
        assert said == words(int(file[:3]), int(version[1]))
        assert len({row["revision"] for row in own}) == 1
    for sentence in rows(store, "sentences"):
        row = paragraphs.get(sentence["address"])
        if row and row["revision"] == sentence["revision"]:
            text = row["text"][sentence["start"] - row["start"] : sentence["end"] - row["start"]]
            assert np.allclose(sentence["vector"], HashEmbedder().query(text))
            lacking[sentence["address"]] -= 1
    pending = store.pending()
    assert {address: n for address, n in lacking.items() if n} == {a: n for a, n in pending.items() if a in paragraphs}
    if paragraphs:
        assert store.lexical(["harbor"], 3)
    return len(articles)


def test_twenty_kills_lose_nothing_and_the_next_run_goes_on(many: Path, tmp_path: Path) -> None:
    index, rng, counts = tmp_path / "index", random.Random(3), [0]
    with process(NURSERY) as nursery:
        for kill in range(KILLS):
            child = begun(nursery, index, many)
            run_for(nursery, child, steps=rng.randrange(40))
            time.sleep(rng.uniform(0.0, 0.03))
            with suppress(ProcessLookupError):  # it came to its end
                os.kill(child, signal.SIGKILL)
            counts.append(check(opened(index)))
            for article in rng.sample(range(ARTICLES), 3):
                write(many, article, kill + 2)
    assert counts == sorted(counts)
    assert counts[-1] > 0
    embedder = HashEmbedder()
    last = update(many, opened(index), embedder)
    assert (last.articles, last.pending, check(opened(index))) == (ARTICLES, 0, ARTICLES)
    update(many, whole := opened(tmp_path / "whole"), embedder)
    for table in ("articles", "paragraphs", "sentences", "terms"):
        assert rows(opened(index), table) == rows(whole, table)
    assert update(many, opened(index), embedder).embedded == 0


def test_readers_beside_a_writer_never_fail_and_see_whole_articles(many: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    opened(index)
    sentence = re.compile(
        r"Report \d+ of the harbour office|Boat \d+ left the harbour\.|Crew \d+ stayed at home\."
        r"|Storm \d+ sank \d+ boats\.|Mayor \d+ thanked the crews\."
    )
    seen = 0
    with process(READER, str(index)) as one, process(READER, str(index)) as other, process(NURSERY) as nursery:
        for reader in (one, other):
            assert answered(reader, "Which storm?") == []  # and now it is under way
        for version in (2, 3):
            child = begun(nursery, index, many)
            while alive(child):
                for reader in (one, other):
                    for line in answered(reader, f"Which storm sank boats of crew {seen % ARTICLES} in the harbour?"):
                        address, *said = line.split("|")
                        assert len(said) == (1 if address.endswith("#p1") else 2)
                        assert all(sentence.fullmatch(words) for words in said), said
                        seen += 1
            for article in range(0, ARTICLES, 5):
                write(many, article, version)
    assert seen > 20


def answered(reader: subprocess.Popen[str], question: str) -> list[str]:
    into, out = pipes(reader)
    into.write(f"{question}\n")
    into.flush()
    lines = []
    while (line := out.readline().rstrip("\n")) != "answered":
        assert line, "a reader ended"
        lines.append(line)
    return lines


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_writers_at_once_do_the_work_once(many: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    with process(NURSERY) as nursery:
        children = [begun(nursery, index, many) for _ in range(2)]
        ended: set[str] = set()
        while len(ended) < 2:
            line = pipes(nursery)[1].readline()
            assert line, "the processes ended"
            ended |= {line} if line.startswith("ends") else set()
    assert ended == {f"ends {child}\n" for child in children}
    assert check(opened(index)) == ARTICLES
    assert len(rows(opened(index), "sentences")) == 5 * ARTICLES
