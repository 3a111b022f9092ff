"""An index in partitions beside the same in one piece: the same paragraphs, evidence and answers; changes and kills."""

from __future__ import annotations

import json
import logging
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import obstore
import pytest
from click.testing import CliRunner, Result
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from evals.cases import load
from qa import Assistant
from qa.articles.places import Remote
from qa.cli import main
from qa.errors import StoreError
from qa.index import addresses, ingest, partitions, store
from qa.index.partitions import Index, Partitioned
from qa.index.store import Hit, Pool
from qa.model.embed import bundled
from qa.settings import Settings
from qa.testing import HashEmbedder
from qa.types import Filters

ROOT = Path(__file__).parent.parent
HASHED = HashEmbedder()
PARTS = 3
# A process of its own that indexes: the index, the folder.
INDEXING = """
import sys
from pathlib import Path
from qa.index import ingest, partitions, vectors
from qa.testing import HashEmbedder
ingest._FILES, vectors._BATCH, embedder = 5, 20, HashEmbedder()
index = partitions.opened(sys.argv[1], embedder=embedder.identity, dim=embedder.dim, partitions=3)
print("opened", flush=True)
ingest.update(Path(sys.argv[2]), index, embedder, progress=lambda step: print(step.phase, flush=True))
"""


def made(address: Path | str, count: int | None = PARTS) -> Index:
    return partitions.opened(str(address), embedder=HASHED.identity, dim=HASHED.dim, partitions=count)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def rows(index: Index) -> dict[str, list[dict[str, Any]]]:
    """All that the tables of an index hold, without the counts of words; a row that is there twice is here twice."""
    held = [part._tables[name].search().limit(10**6).to_list() for name in store.LARGE for part in index.parts()]
    names = [name for name in store.LARGE for _ in index.parts()]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in store.LARGE}
    for name, some in zip(names, held, strict=True):
        found[name] += some
    return {name: sorted(some, key=str) for name, some in found.items()}


def words(article: int, version: int = 1) -> str:
    first = f"Boat {article} left the harbour on {article % 28 + 1} March 2024. Crew {article} stayed at home."
    second = f"Storm {article} sank {version} boats. Mayor {article % 7} thanked them."
    return f"Report {article} of the office\n\n{first}\n\n{second}\n"


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Some dozens of files, and an archive of others."""
    folder, packed = tmp_path / "many", tmp_path / "packed"
    folder.mkdir()
    packed.mkdir()
    for article in range(40):
        (folder / f"{article:02}.txt").write_text(words(article))
    for article in range(50, 60):
        (packed / f"{article}.txt").write_text(words(article))
    shutil.make_archive(str(folder / "old"), "zip", packed)
    (folder / "broken.docx").write_bytes(b"no document")
    return folder


# ── the same as in one piece ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["seeds", "ordinary"])
def test_three_partitions_answer_as_one_index_does(name: str, tmp_path: Path) -> None:
    folder = ROOT / ("seeds" if name == "seeds" else "evals/ordinary")
    questions = [case.question for case in load([ROOT / "evals" / "gold" / f"{name}.jsonl"])]
    one, three = (Assistant.open(folder, index=str(tmp_path / str(n)), added=False, partitions=n) for n in (1, PARTS))
    assert [len(part.files()) > 0 for part in three.store.parts()] == [True] * PARTS
    assert rows(one.store) == rows(three.store)
    assert three.store.articles() == one.store.articles()
    assert three.store.files() == one.store.files()
    assert three.store.matching({}) == one.store.matching({})
    three.store.check()
    for question in random.Random(2).sample(questions, 12):
        query = one.kit.retriever.query(question)
        assert three.kit.retriever.query(question) == query
        assert three.retrieve(question) == one.retrieve(question)  # every score to the bit
        assert said(three, question) == said(one, question)


def said(assistant: Assistant, question: str) -> tuple[Any, ...]:
    answer = assistant.ask(question)
    return answer.status, answer.reason, answer.short_answer, answer.confidence, answer.claims, answer.nearest


def test_the_best_are_those_of_one_index(tmp_path: Path) -> None:
    one, three = (ingested(tmp_path, n) for n in (1, PARTS))
    rng = random.Random(5)
    every = one.matching({})
    assert {row.address for row in every} == {row.address for row in three.matching({})}
    for _ in range(50):
        tokens = sorted(set(rng.sample(rng.choice(every).search.split(), 3)))
        vector = HASHED.query(" ".join(tokens))
        filters = rng.choice([None, Filters(languages=("en",))])
        assert by_address(three.dense(vector, 40, filters)) == by_address(one.dense(vector, 40, filters))
        here, there = one.lexical(tokens, 20, filters), three.lexical(tokens, 20, filters)
        scores = [sorted((hit.score for hit in hits), reverse=True) for hits in (here, there)]
        assert np.allclose(scores[0], scores[1], atol=1e-5)  # of those with the last one's score any may be among them
        assert three.frequencies(tokens) == one.frequencies(tokens)


def ingested(tmp_path: Path, count: int) -> Index:
    """Two hundred articles of random words, indexed; words of which few are frequent and many are rare."""
    folder, rng = tmp_path / "random", random.Random(11)
    if not folder.exists():
        folder.mkdir()
        for n in range(200):
            drawn = [[f"word{int(1 / (rng.random() + 1e-4)):x}" for _ in range(rng.randint(6, 40))] for _ in "abc"]
            (folder / f"{n}.txt").write_text("\n\n".join(f"The {' '.join(one)}." for one in drawn))
    index = made(tmp_path / f"of-{count}", count)
    ingest.update(folder, index, HASHED)
    return index


def by_address(hits: list[Hit]) -> list[tuple[str, float]]:
    return sorted((hit.address, hit.score) for hit in hits)


def test_what_is_true_of_the_whole_folder_holds_over_all_partitions(folder: Path, tmp_path: Path) -> None:
    opened = Assistant.open(folder, index=str(tmp_path / "index"), added=False, partitions=7, embedder=HASHED)
    there = [len(part.articles()) for part in opened.store.parts()]
    assert sorted(there)[-3:] in ([0, 1, 1], [0, 0, 2])  # most have nothing
    query = opened.kit.retriever.query("Did Ilse Brandt meet Ana Duarte or Tomas Velgrad?")
    assert opened.kit.retriever.absent(query) == ["Tomas Velgrad"]
    assert opened.kit.retriever.languages() == {"en": 1, "es": 1}


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_changed_deleted_and_moved_files_are_as_in_one_index(many: Path, tmp_path: Path) -> None:
    one, three = made(tmp_path / "1", 1), made(tmp_path / "3")
    for index in (one, three):
        ingest.update(many, index, HASHED)
    homes = {three.home(article.file) for article in three.articles()}
    assert homes == {0, 1, 2}
    (many / "03.txt").write_text(words(3, version=9))
    (many / "04.txt").unlink()
    (many / "05.txt").rename(many / "moved 2.txt")
    assert three.home("05.txt") != three.home("moved 2.txt")
    (many / "new.txt").write_text(words(99))
    done = [ingest.update(many, index, HASHED) for index in (one, three)]
    counts = [(d.articles, d.added, d.changed, d.deleted, d.embedded, d.pending) for d in done]
    assert counts[0] == counts[1] == (49 + 1, 2, 1, 2, 4 + 1, 0)  # the moved one's vectors went along
    assert rows(one) == rows(three)
    assert one.signatures().sort() == three.signatures().sort()
    three.check()
    assert three.settled()
    assert ingest.update(many, made(tmp_path / "3", None), HASHED).embedded == 0


def test_an_emptied_folder_empties_no_partition_unasked(folder: Path, tmp_path: Path) -> None:
    where = ["--index", str(tmp_path / "index")]
    assert run("index", str(folder), *where, "--partitions", "2").exit_code == 0
    for path in folder.iterdir():
        path.unlink()
    kept = run("index", str(folder), *where)
    assert (kept.exit_code, "has lost 2 articles at once" in kept.output) == (2, True)
    assert "2 articles" in run("doctor", str(folder), *where).output
    gone = run("index", str(folder), *where, "--empty")
    assert (gone.exit_code, "deleted 2" in gone.output) == (0, True)
    assert run("doctor", str(folder), *where, "--deep").exit_code == 0


def test_only_the_partitions_that_changed_are_finished_again(many: Path, tmp_path: Path) -> None:
    index = made(tmp_path / "index")
    ingest.update(many, index, HASHED)
    before = index.versions()
    (many / "03.txt").write_text(words(3, version=9))
    ingest.update(many, index, HASHED)
    changed = {int(name.split()[0]) for name, version in index.versions().items() if version != before[name]}
    assert changed == {index.home("03.txt")}


def test_a_run_that_is_killed_goes_on_where_it_stopped(many: Path, tmp_path: Path) -> None:
    index, rng = tmp_path / "index", random.Random(3)
    for _ in range(8):
        command = [sys.executable, "-c", INDEXING, str(index), str(many)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            for _ in range(rng.randrange(1, 60)):
                if not running.stdout.readline():
                    break
            time.sleep(rng.random() * 0.05)
            running.kill()
        (many / f"{rng.randrange(40):02}.txt").write_text(words(rng.randrange(40), rng.randrange(9)))
    there, whole = made(index), made(tmp_path / "whole", 1)
    for one in (there, whole):
        ingest.update(many, one, HASHED)
    assert rows(there) == rows(whole)
    there.check()
    assert there.settled()


def test_of_an_archive_its_articles_are_written_first(many: Path, tmp_path: Path) -> None:
    """A run that is killed between two partitions is to read it again."""
    index = made(tmp_path / "index")
    assert isinstance(index, Partitioned)
    packed, other = store.NewArticle("a.zip", 9, 1, reason="parts"), store.NewArticle("b.txt", 9, 1)
    shares = index._shares(store.Rows([packed, other], [], []))
    assert sorted(stage for stage, _ in shares) == [0, 1]
    assert shares[1, index.home("a.zip")].articles == [packed]


def test_two_processes_make_one_index(many: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", INDEXING, str(tmp_path / "index"), str(many)]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    index = made(tmp_path / "index", None)
    assert len(index.articles()) == 50
    index.check()


# ── how many, and what is wrong ──────────────────────────────────────────────────────────────────────────────────────


def test_every_command_finds_the_partitions_by_itself(folder: Path, tmp_path: Path) -> None:
    where = ["--index", str(tmp_path / "index")]
    indexed = run("index", str(folder), *where, "--partitions", "2")
    assert (indexed.exit_code, "new 2" in indexed.output) == (0, True)
    assert "new 0" in run("index", str(folder), *where).output
    assert "14 boats" in run("ask", "How many boats were lost?", "--folder", str(folder), *where).output
    told = run("doctor", str(folder), *where).output
    assert "2 partitions, of " in told
    assert sum(json.loads(run("doctor", str(folder), *where, "--json").output)["partitions"]) == 5
    assert "all is sound: 2 articles, 5 paragraphs" in run("doctor", str(folder), *where, "--deep").output
    assert "new 2" in run("index", str(folder), *where, "--rebuild").output
    assert partitions.count(str(tmp_path / "index")) == 2  # as many as before


def test_rows_are_moved_into_another_number_of_partitions(many: Path, tmp_path: Path) -> None:
    index = str(tmp_path / "index")
    ingest.update(many, made(index, 1), HASHED)
    wanted, words = rows(made(index, None)), ["boat", "mayor", "harbour"]
    counts = made(index, None).frequencies(words)
    for number in (3, 4, 1, 2):
        partitions.repartitioned(index, number, embedder=HASHED.identity, dim=HASHED.dim)
        there = made(index, number)
        assert len(there.parts()) == number
        assert rows(there) == wanted
        assert there.frequencies(words) == counts
        assert there.settled()
        there.check()
        assert ingest.update(many, there, HASHED).added == 0
    assert not (tmp_path / "index" / "meta.lance").exists()


def test_a_move_that_is_killed_leaves_the_index_as_it_was(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = str(tmp_path / "index")
    ingest.update(many, made(index), HASHED)
    wanted = rows(made(index, None))
    for call in ("_spread", "_write"):
        with monkeypatch.context() as patched:
            patched.setattr(partitions, call, ends)
            with pytest.raises(KeyboardInterrupt):
                partitions.repartitioned(index, 2, embedder=HASHED.identity, dim=HASHED.dim)
        assert rows(made(index, 3)) == wanted
    partitions.repartitioned(index, 2, embedder=HASHED.identity, dim=HASHED.dim)
    assert rows(made(index, 2)) == wanted


def test_of_two_moves_at_once_the_second_leaves_what_the_first_made(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = str(tmp_path / "index")
    ingest.update(many, made(index), HASHED)
    wanted = rows(made(index, None))
    at_first = partitions.opened

    def late(*given: Any, **named: Any) -> Index:
        old = at_first(*given, **named)
        monkeypatch.undo()
        partitions.repartitioned(index, 2, embedder=HASHED.identity, dim=HASHED.dim)
        return old

    monkeypatch.setattr(partitions, "opened", late)
    with pytest.raises(StoreError, match="Another process moved"):
        partitions.repartitioned(index, 2, embedder=HASHED.identity, dim=HASHED.dim)
    assert rows(made(index, 2)) == wanted


def ends(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_the_command_moves_rows_and_a_setting_does_not(folder: Path, tmp_path: Path) -> None:
    where = ["--index", str(tmp_path / "index")]
    run("index", str(folder), *where)
    with pytest.raises(StoreError, match=r"has 1 partition, not 3: run `qa index --partitions 3`, which"):
        Assistant.open(folder, index=str(tmp_path / "index"), partitions=3)
    moved = run("index", str(folder), *where, "--partitions", "3")
    assert (moved.exit_code, "new 0 · changed 0 · deleted 0 · sentences embedded 0" in moved.output) == (0, True)
    assert partitions.count(str(tmp_path / "index")) == 3
    assert "14 boats" in run("ask", "How many boats were lost?", "--folder", str(folder), *where).output
    assert run("index", str(folder), *where, "--partitions", "1").exit_code == 0
    assert partitions.count(str(tmp_path / "index")) == 0
    assert "14 boats" in run("ask", "How many boats were lost?", "--folder", str(folder), *where).output


def test_a_large_folder_is_partitioned_by_its_size(many: Path, tmp_path: Path) -> None:
    size = sum(path.stat().st_size for path in many.iterdir())
    chosen = Settings(folder=str(many), index=str(tmp_path / "index"), partition_mb=size / 2.5e6)
    assert len(addresses.opened(chosen, many, HASHED).parts()) == 3
    (many / "more.txt").write_text(words(1) * 500)
    assert len(addresses.opened(chosen, many, HASHED).parts()) == 3  # it stays as it was made
    whole = Settings(folder=str(many), index=str(tmp_path / "whole"))
    assert len(addresses.opened(whole, many, HASHED).parts()) == 1


def test_a_missing_partition_is_named(folder: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    where = ["--index", str(index)]
    run("index", str(folder), *where, "--partitions", "2")
    shutil.rmtree(index / "part-2-of-2")
    for command in (["ask", "Who?", "--folder", str(folder)], ["doctor", str(folder)], ["index", str(folder)]):
        told = run(*command, *where)
        assert told.exit_code == 3
        assert told.output == (
            f"qa: Partition 2 of 2 of the index at {index} is missing ({index}/part-2-of-2); put it back, or run "
            "`qa index --rebuild`.\n"
        )
    assert run("index", str(folder), *where, "--rebuild").exit_code == 0
    assert "14 boats" in run("ask", "How many boats were lost?", "--folder", str(folder), *where).output


def test_a_damaged_partition_is_named(many: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    where = ["--index", str(index)]
    run("index", str(many), *where, "--partitions", "3")
    for path in (index / "part-2-of-3" / "paragraphs.lance" / "data").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    for command in (["doctor", str(many)], ["doctor", str(many), "--deep"], ["index", str(many)]):
        told = run(*command, *where)
        assert told.exit_code == 3, command
        assert f"{index}/part-2-of-3 is damaged or gone" in told.output
        assert "part-1-of-3 is" not in told.output
    for path in (index / "part-3-of-3" / "paragraphs.lance" / "data").iterdir():
        path.write_bytes(b"")
    told = run("index", str(many), *where)
    assert f"2 of the partitions of {index} fail; the first: The index at {index}/part-2-of-3" in told.stderr


def test_partitions_that_were_exchanged_are_noticed(many: Path, tmp_path: Path) -> None:
    index = made(tmp_path / "index")
    ingest.update(many, index, HASHED)
    first, second = (tmp_path / "index" / f"part-{n}-of-3" for n in (1, 2))
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    with pytest.raises(StoreError, match="belongs to another partition"):
        made(tmp_path / "index", None).check()


def test_a_file_that_does_not_say_how_many_is_told_with_what_to_write(folder: Path, tmp_path: Path) -> None:
    made(tmp_path / "index")
    for content in ("", "{}", '{"partitions": 0}', '{"partitions": "x"}', "\xff"):
        (tmp_path / "index" / "partitions.json").write_bytes(content.encode("latin-1"))
        told = run("ask", "Who?", "--folder", str(folder), "--index", str(tmp_path / "index"))
        assert told.exit_code == 3
        assert re.search(r'partitions.json is damaged.* write \{"partitions": N\} there', told.output)


def test_another_embedder_is_refused(many: Path, tmp_path: Path) -> None:
    made(tmp_path / "index")
    with pytest.raises(StoreError, match=r"3 of the partitions .* was made with"):
        partitions.opened(str(tmp_path / "index"), embedder="another", dim=HASHED.dim)


# ── in an object store ───────────────────────────────────────────────────────────────────────────────────────────────

INDEX = "s3://news/index"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Store]:
    """An empty bucket named news, and the environment that leads to it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    httpx.post(f"{address}/moto-api/reset").raise_for_status()
    for name, value in {**keys, "AWS_ENDPOINT_URL": address, "XDG_CACHE_HOME": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    httpx.put(f"{address}/news").raise_for_status()
    yield S3Store("news", client_options={"allow_http": True})
    server.stop()


def test_partitions_in_a_bucket_are_those_on_disk(bucket: S3Store, many: Path, tmp_path: Path) -> None:
    here, there = made(tmp_path / "index"), made(INDEX)
    for index in (here, there):
        ingest.update(many, index, HASHED)
    (many / "03.txt").write_text(words(3, version=9))
    (many / "04.txt").unlink()
    for index in (here, there):
        ingest.update(many, index, HASHED)
    assert rows(there) == rows(here)
    there.check()
    assert there.size() is None
    sought = HASHED.query("harbour"), ["harbour", "mayor"], [Pool(None, 20, 1_000)]
    assert by_address(there.nearest(*sought)) == by_address(here.nearest(*sought))
    assert [part.address for part in there.parts()] == [f"{INDEX}/part-{n}-of-3" for n in (1, 2, 3)]
    assert len(made(INDEX + "/", None).articles()) == 49


def test_the_commands_take_partitions_in_a_bucket(bucket: S3Store, folder: Path) -> None:
    where = ["--index", INDEX]
    assert "new 2" in run("index", str(folder), *where, "--partitions", "2").output
    assert "14 boats" in run("ask", "How many boats were lost?", "--folder", str(folder), *where).output
    assert "2 partitions, of " in run("doctor", str(folder), *where).output
    assert run("index", str(folder), *where, "--partitions", "1").exit_code == 0
    assert "new 0" in run("index", str(folder), *where, "--partitions", "3").output
    assert not Remote(f"{INDEX}/part-1-of-2/meta.lance/_versions/1.manifest").exists()
    for path in [one["path"] for some in obstore.list(bucket, "index/part-3-of-3") for one in some]:
        obstore.delete(bucket, path)
    told = run("doctor", str(folder), *where)
    assert (told.exit_code, f"Partition 3 of 3 of the index at {INDEX} is missing" in told.output) == (3, True)


def test_a_further_question_asks_each_partition_a_bounded_number_of_requests(bucket: S3Store, folder: Path) -> None:
    there = Assistant.open(folder, index=INDEX, added=False, partitions=2)
    asked: list[str] = []
    log, handler = logging.getLogger("werkzeug"), logging.Handler()
    handler.emit = lambda record: asked.append(record.getMessage())  # type: ignore[method-assign]
    there.ask("How many boats were lost?")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    there.ask("When will the harbour of Marenda close?")
    log.removeHandler(handler)
    assert 0 < len(asked) <= 2 * 15  # as many for each as of one index: tests/test_object_store.py


def test_a_second_writer_waits_for_all_partitions_of_a_bucket(bucket: S3Store, folder: Path) -> None:
    first, second, said = made(INDEX), made(INDEX), list[str]()
    with first.alone("writing"):
        held = [Remote(f"{part.address}/writing.lease").exists() for part in first.parts()]
        assert held == [True] * PARTS
    with second.alone("writing", lambda: said.append("waits")):
        pass
    assert said == []


def test_the_embedder_of_the_package_is_known_in_partitions(folder: Path, tmp_path: Path) -> None:
    Assistant.open(folder, index=str(tmp_path / "index"), added=False, partitions=2)
    again = Assistant.open(folder, index=str(tmp_path / "index"), added=False)
    assert (again.summary.added, again.summary.embedded, len(again.store.parts())) == (0, 0, 2)
    assert again.embedder.identity == bundled().identity
