"""An index made on a Ray cluster of two nodes on loopback, beside the same made here; and what is killed in between.

QA_KILLS=20 has the driver killed twenty times, as often again a worker: `pytest tests/test_cluster.py -k kills`.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from moto.server import ThreadedMotoServer

from qa import Assistant
from qa.articles.corpus import scan
from qa.articles.places import Remote, place
from qa.cli import main
from qa.errors import ClusterError, StoreError
from qa.index import cluster, ingest, partitions, store
from qa.index.partitions import Index
from qa.index.store import Rows
from qa.model.embed import Embedder, bundled
from qa.testing import HashEmbedder

# Ray leaves the files of its processes' logs, and its own connections, to be closed by the end of this process.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SEEDS = Path(__file__).parent.parent / "seeds"
KILLS = int(os.environ.get("QA_KILLS", "2"))
QUESTIONS = ("Who led the delegation to Kabul?", "When was the border clash in Nimruz?", "Who is the mayor of Odda?")
# A driver of its own: the index, the folder, the cluster.
DRIVER = """
import sys, ray
from pathlib import Path
from qa.index import cluster, partitions
from qa.testing import HashEmbedder
index, folder, on = sys.argv[1:]
cluster._BYTES = cluster._LEAST = 1_000
with cluster.connected(on):
    embedder = HashEmbedder()
    store = partitions.opened(index, embedder=embedder.identity, dim=embedder.dim)
    cluster.update(Path(folder), store, embedder, on=on, progress=lambda step: print(step.done, flush=True))
"""


class Nodes:
    """Two nodes of one processor; what their worker processes are is read from /proc."""

    def __init__(self) -> None:
        cluster._ray()  # first: it says how workers are begun, and this may run under `uv run`
        from ray.cluster_utils import Cluster

        self.client = free_port()
        most: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80_000_000}
        head = {**most, "include_dashboard": False, "ray_client_server_port": self.client}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._cluster.add_node(**most)
        self.address = str(self._cluster.address)

    def close(self) -> None:
        self._cluster.shutdown()  # type: ignore[no-untyped-call]

    def workers(self) -> list[int]:
        """The processes that do a task now."""
        known = self._cluster.list_all_nodes()  # type: ignore[no-untyped-call]
        nodes = {one.process.pid for node in known for one in node.all_processes["raylet"]}
        return [pid for pid, parent, name in processes() if parent in nodes and name.startswith("ray::_")]


def processes() -> Iterator[tuple[int, int, str]]:
    """The number, the parent's number and the name of every process."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                yield int(entry.name), parent, (entry / "cmdline").read_text()
        except OSError:  # it has ended
            continue


def free_port() -> int:
    import socket

    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of a bucket on moto's server, to which the environment leads, that of the nodes too."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    given = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    os.environ.update({**given, "AWS_ENDPOINT_URL": address})
    httpx.post(f"{address}/moto-api/reset").raise_for_status()  # another module of this process has the same buckets
    httpx.put(f"{address}/news").raise_for_status()
    yield "s3://news"
    for name in (*given, "AWS_ENDPOINT_URL"):
        del os.environ[name]
    server.stop()


@pytest.fixture(scope="module")
def nodes(bucket: str) -> Iterator[Nodes]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    running = Nodes()
    try:
        with cluster.connected(running.address) as ray:  # once: each connection has workers of its own
            ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
            yield running
    finally:
        running.close()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small shards that a small folder has many."""
    monkeypatch.setattr(cluster, "_BYTES", 1_000)
    monkeypatch.setattr(cluster, "_LEAST", 1_000)


class Slow(HashEmbedder):
    """So slow that there is time for a kill."""

    def passages(self, texts: Any) -> Any:
        time.sleep(0.1)
        return super().passages(texts)


class Deadly(HashEmbedder):
    def passages(self, texts: Any) -> Any:
        os._exit(1)


class Hungry(HashEmbedder):
    """Of a worker that may have little more memory than it has, and wants a gigabyte."""

    def passages(self, texts: Any) -> Any:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 50_000_000, before[1]))
        try:
            bytearray(1_000_000_000)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)
        return super().passages(texts)


def words(article: int, version: int = 1) -> str:
    first = f"Boat {article} left the harbour on {article % 28 + 1} March 2024. Crew {article} stayed at home."
    return (
        f"Report {article} of the office\n\n{first}\n\nStorm {article} sank {version} boats. The mayor thanked them.\n"
    )


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Some dozens of files: plain text, an archive, pages, and what is no article."""
    folder = tmp_path / "many"
    (folder / "2024").mkdir(parents=True)
    for article in range(40):
        (folder / f"{article:02}.txt").write_text(words(article))
    for article in range(40, 46):
        page = "".join(f"<p>{line}</p>" for line in words(article).split("\n\n"))
        (folder / "2024" / f"{article}.html").write_text(f"<html><body><h1>Report</h1>{page}</body></html>")
    (folder / "empty.txt").write_text("")
    (folder / "broken.docx").write_bytes(b"no document")
    packed = tmp_path / "packed"
    packed.mkdir()
    for article in range(50, 53):
        (packed / f"{article}.txt").write_text(words(article))
    shutil.make_archive(str(folder / "old"), "zip", packed)
    return folder


def opened(index: Path | str, embedder: Embedder | None = None, parts: int | None = None) -> Index:
    embedder = embedder or HashEmbedder()
    return partitions.opened(str(index), embedder=embedder.identity, dim=embedder.dim, partitions=parts)


def on_cluster(nodes: Nodes, folder: Path, index: Path | str, embedder: Embedder | None = None) -> ingest.Summary:
    return cluster.update(folder, opened(index, embedder), embedder or HashEmbedder(), on=nodes.address)


def here(folder: Path, index: Path | str) -> ingest.Summary:
    return ingest.update(folder, opened(index), HashEmbedder())


def rows(index: Path | str, embedder: Embedder | None = None) -> dict[str, list[dict[str, Any]]]:
    """All that an index holds, in one part or several; a row that is there twice is here twice."""
    parts = opened(index, embedder).parts()
    names = store.LARGE if len(parts) > 1 else (*store.LARGE, "terms")  # a partition counts more
    every = {name: [part._tables[name].search().limit(10**6).to_list() for part in parts] for name in names}
    return {name: sorted(chain.from_iterable(some), key=str) for name, some in every.items()}


def same(index: Path, other: Path) -> None:
    made, wanted = rows(index), rows(other)
    for name in made:
        assert made[name] == wanted[name], name
    words = [row["token"] for row in wanted["terms"]]
    assert opened(index).frequencies(words) == opened(other).frequencies(words)
    assert opened(index).settled()
    opened(index).check()


def answers(assistant: Assistant) -> list[tuple[str, str, list[str]]]:
    said = [assistant.ask(question) for question in QUESTIONS]
    return [(one.status, one.short_answer, [c.quote for c in one.citations]) for one in said]


def test_a_folder_is_indexed_through_rays_client_as_it_is_here(nodes: Nodes, seeds: Assistant, tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("qa")),
        "index",
        str(SEEDS),
        "--on",
        f"ray://127.0.0.1:{nodes.client}",
    ]
    said = subprocess.run([*command, "--index", str(tmp_path / "index")], capture_output=True, text=True, check=False)
    assert (said.returncode, "new 5 · changed 0" in said.stdout) == (0, True), said
    assert rows(tmp_path / "index", bundled()) == rows(seeds.store.address, bundled())  # to the bit, vectors too
    there = Assistant.open(SEEDS, index=str(tmp_path / "index"))
    assert (there.summary.added, there.summary.pending) == (0, 0)
    assert answers(there) == answers(seeds)


def test_files_of_every_kind_give_the_rows_that_they_give_here(nodes: Nodes, many: Path, tmp_path: Path) -> None:
    made, wanted = on_cluster(nodes, many, tmp_path / "there"), here(many, tmp_path / "here")
    same(tmp_path / "there", tmp_path / "here")
    assert (made.articles, made.added, made.skipped) == (49, wanted.added, wanted.skipped)
    assert on_cluster(nodes, many, tmp_path / "there").added == 0


def test_what_changed_is_read_again_and_what_is_gone_is_dropped(nodes: Nodes, many: Path, tmp_path: Path) -> None:
    for index in ("there", "here"):
        here(many, tmp_path / index)
    for article in (3, 4, 30):
        (many / f"{article:02}.txt").write_text(words(article, 7))
    (many / "05.txt").unlink()
    (many / "06.txt").rename(many / "moved.txt")
    (many / "old.zip").unlink()
    shutil.make_archive(str(many / "old"), "zip", many / "2024")
    made, wanted = on_cluster(nodes, many, tmp_path / "there"), here(many, tmp_path / "here")
    same(tmp_path / "there", tmp_path / "here")
    assert (made.added, made.changed, made.deleted) == (wanted.added, wanted.changed, wanted.deleted)
    assert 3 <= made.embedded < 40  # of the changed sentences alone, and of the file that was moved


def test_vectors_that_another_run_left_are_computed(nodes: Nodes, many: Path, tmp_path: Path) -> None:
    here(many, tmp_path / "there")
    for article in range(8):  # half of their sentences have vectors, half have none
        (many / f"{article:02}.txt").write_text(words(article, 9))
    assert ingest.read_folder(many, opened(tmp_path / "there")).pending == 8
    assert on_cluster(nodes, many, tmp_path / "there").embedded == 8
    here(many, tmp_path / "here")
    same(tmp_path / "there", tmp_path / "here")


def killed(nodes: Nodes, count: int, ended: threading.Event, rng: random.Random) -> list[int]:
    """Kills so many workers at work, one now and then, until the event."""
    dead: list[int] = []
    while len(dead) < count and not ended.wait(rng.uniform(0.1, 0.6)):
        if at_work := [pid for pid in nodes.workers() if pid not in dead]:
            dead.append(rng.choice(at_work))
            os.kill(dead[-1], 9)
    return dead


def test_the_shard_of_a_killed_worker_is_done_again_and_nothing_twice(nodes: Nodes, many: Path, tmp_path: Path) -> None:
    ended, dead = threading.Event(), list[int]()
    killer = threading.Thread(target=lambda: dead.extend(killed(nodes, 2, ended, random.Random(1))))
    killer.start()
    try:
        on_cluster(nodes, many, tmp_path / "there", Slow())
    finally:
        ended.set()
        killer.join()
    assert dead
    here(many, tmp_path / "here")
    same(tmp_path / "there", tmp_path / "here")


@pytest.mark.parametrize("parts", [1, 3])
def test_kills_of_driver_and_workers_at_any_moment_lose_nothing(
    nodes: Nodes, many: Path, tmp_path: Path, parts: int
) -> None:
    index, rng, counts = tmp_path / "there", random.Random(5), [0]
    opened(index, parts=parts)
    for _ in range(KILLS):
        command = [sys.executable, "-c", DRIVER, str(index), str(many), nodes.address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
            assert driver.stdout is not None
            for _ in range(rng.randint(1, 4)):  # commits, after which
                driver.stdout.readline()
            for pid in nodes.workers()[: rng.randint(0, 1)]:
                os.kill(pid, 9)
            time.sleep(rng.uniform(0, 0.2))
            driver.kill()
        counts.append(len(opened(index).articles()))
        opened(index).check()
    assert counts == sorted(counts)
    assert counts[-1] > 0
    there = {one.file for one in opened(index).files()}
    last = on_cluster(nodes, many, index)
    assert (last.articles, last.added) == (49, sum(one.file not in there for one in scan(many)[0]))
    here(many, tmp_path / "here")
    same(index, tmp_path / "here")


def test_articles_and_index_in_a_bucket(nodes: Nodes, bucket: str, many: Path, tmp_path: Path) -> None:
    for path in sorted(path for path in many.rglob("*.*")):
        httpx.put(f"{os.environ['AWS_ENDPOINT_URL']}/news/articles/{path.relative_to(many)}", content=path.read_bytes())
    articles = place(f"{bucket}/articles")
    assert isinstance(articles, Remote)
    made = cluster.update(articles, opened(f"{bucket}/index"), HashEmbedder(), on=nodes.address)
    here(many, tmp_path / "here")
    assert (made.articles, made.pending) == (49, 0)
    there, wanted = rows(f"{bucket}/index"), rows(tmp_path / "here")
    for row in (*there["articles"], *wanted["articles"]):
        del row["mtime_ns"]  # a mark of the bytes there
    assert {name: sorted(map(str, some)) for name, some in there.items()} == {
        name: sorted(map(str, some)) for name, some in wanted.items()
    }


def test_partitions_are_those_of_one_index(nodes: Nodes, many: Path, tmp_path: Path) -> None:
    index = tmp_path / "there"
    assert len(opened(index, parts=3).parts()) == 3
    assert on_cluster(nodes, many, index).articles == 49
    (many / "03.txt").write_text(words(3, version=7))
    (many / "04.txt").unlink()
    shutil.make_archive(str(many / "old"), "zip", many / "2024")
    changed = on_cluster(nodes, many, index)
    assert (changed.changed, changed.pending) == (2, 0)
    here(many, tmp_path / "here")
    same(index, tmp_path / "here")


def test_a_file_that_workers_die_of_is_named(nodes: Nodes, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"died 3 times \(at harbour\.txt"):
        on_cluster(nodes, folder, tmp_path / "there", Deadly())
    assert on_cluster(nodes, folder, tmp_path / "there").articles == 2


def test_a_worker_without_memory_is_one_sentence(nodes: Nodes, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"ran out of memory 3 times \(at harbour\.txt .*fewer --num-cpus"):
        on_cluster(nodes, folder, tmp_path / "there", Hungry())


def test_workers_that_ray_ends_for_want_of_memory_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    code = "from qa.cli import main; main()"
    given = ["index", str(folder), "--index", str(tmp_path / "there"), "--on", "local:1"]
    limit = {"RAY_memory_usage_threshold": "0.01", "RAY_memory_monitor_refresh_ms": "50"}  # any machine has more in use
    told = subprocess.run([sys.executable, "-c", code, *given], env=os.environ | limit, capture_output=True, text=True)
    said = [line for line in told.stderr.splitlines() if line.startswith("qa: ")]
    assert (told.returncode, len(said)) == (3, 1), told.stderr
    assert "ran out of memory 3 times (at harbour.txt" in said[0]


def test_workers_that_never_come_up_are_not_waited_for_without_end(folder: Path, tmp_path: Path) -> None:
    code = """
import sys, ray
ray.init(address="local", num_cpus=1, include_dashboard=False, object_store_memory=80_000_000, log_to_driver=False,
         logging_level="ERROR", runtime_env={"py_executable": "/bin/false"})
from qa.cli import main
from qa.index import cluster
cluster._SILENT, cluster._UP = 3, 5
main(sys.argv[1:])
"""
    given = ["index", str(folder), "--index", str(tmp_path / "there"), "--on", "local:1"]
    told = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, timeout=90)
    said = [line for line in told.stderr.splitlines() if line.startswith("qa: ")]
    assert (told.returncode, len(said)) == (3, 1), told.stderr
    assert "No worker comes up at local:1 in 8 seconds: look at `ray status`" in said[0]


def test_a_worker_of_another_version_and_one_that_sees_no_folder_say_so(
    nodes: Nodes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "__version__", "0.0.9")
    with pytest.raises(ClusterError, match=r"has qa .* and this machine 0\.0\.9: install the same"):
        on_cluster(nodes, folder, tmp_path / "there")


def test_an_index_on_a_disk_that_is_not_shared_says_so(folder: Path, tmp_path: Path) -> None:
    here(folder, tmp_path / "here")
    made = opened(tmp_path / "here")
    shard = made.shard(Rows([], made.paragraphs(["harbour.txt#p1"]), []))
    newest = max((tmp_path / "here" / "paragraphs.lance" / "data").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    newest.unlink()  # it lies on the worker's disk
    with pytest.raises(StoreError, match="on a disk that all share"):
        made.commit([shard])
    assert len(made.paragraphs(["harbour.txt#p1"])) == 1


@pytest.mark.parametrize(
    ("on", "code", "says"),
    [
        ("ray://127.0.0.1:9", 3, "No Ray cluster answers at ray://127.0.0.1:9"),
        ("127.0.0.1:9", 3, "No Ray cluster answers"),
        ("local", 2, "give ray://host:10001"),
        ("local:0", 2, "give ray://host:10001"),
        ("ray://head", 2, "give ray://host:10001"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_sentence(on: str, code: int, says: str, folder: Path) -> None:
    said = CliRunner().invoke(main, ["index", str(folder), "--on", on])
    assert (said.exit_code, says in said.stderr, said.stderr.count("\n")) == (code, True, 1)


def test_without_ray_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    said = CliRunner().invoke(main, ["index", str(folder), "--on", "local:2"])
    assert (said.exit_code, "uv run --extra cluster qa index" in said.stderr) == (2, True)
