"""How indexing grows with the machines: measured here with 1, 2 and 4 workers, and carried to a billion paragraphs.

    uv run --group dev python -m evals.bench.scaleout [--paragraphs 600] [--workers 1,2,4] [--core-hour 0.04] …

Made articles (`evals.bench.synthetic`) are indexed on Ray (`qa index --on local:N`) with the bundled embedder, each
time from nothing, by workers that have loaded what they need. Half of the folder with one worker gives the constants;
what these say of each further point stands beside what was measured. "cpu ms" is the processors' time of the workers
for a sentence, which other programs on the machine change little; "driver ms" that of the one process that commits.
Requests are counted at moto's S3 server on loopback, of an index of two sizes (a fixed part, and one a shard), and of
a question; those that write or list are the dear ones. Prices and a store's latency are assumptions: options, with list
prices of 2025 for a default.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from evals.bench import synthetic
from qa.articles.corpus import scan
from qa.articles.places import place
from qa.index import cluster
from qa.index.store import LanceStore
from qa.model.embed import bundled

SEEDS = Path(__file__).parent.parent.parent / "seeds"
PARTITION = 50e6  # sentences of one index; above, several are asked together
SIZES = (1e5, 1e6, 1e7, 1e8, 1e9)  # paragraphs
_SHARD = 20_000  # bytes of files in a shard: small, so that a small folder has many
_QUESTIONS = ("Who led the delegation to Kabul?", "When was the border clash in Nimruz?", "Who is the mayor of Odda?")


@dataclass(frozen=True, slots=True)
class Point:
    """What one index took; ``size`` in bytes, ``cpu`` and ``driver`` in seconds."""

    workers: int
    paragraphs: int
    sentences: int
    words: int  # bytes of the files
    seconds: float
    cpu: float
    driver: float
    size: int


@dataclass(frozen=True, slots=True)
class Constants:
    """Of a paragraph, a sentence, a shard: what the model is made of."""

    sentences: float  # a paragraph
    words: float  # bytes of a paragraph
    bytes: float  # of the index, a sentence
    cpu: float  # seconds a sentence
    driver: float  # seconds a shard, the driver's


@dataclass(frozen=True, slots=True)
class Requests:
    """Of an object store: of an index, whatever its size; for each shard more, and those of them that write or list; of
    opening it and a first question; of a question then."""

    fixed: float
    shard: float
    dear: float
    opening: int
    question: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paragraphs", type=int, default=600)
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="that these workers share here")
    parser.add_argument("--core-hour", type=float, default=0.04, help="price of a core for an hour")
    parser.add_argument("--month", type=float, default=0.023, help="price of a gigabyte in the store for a month")
    parser.add_argument("--million", type=float, default=5.0, help="price of a million requests that write or list")
    parser.add_argument("--reads", type=float, default=0.4, help="price of a million that read")
    parser.add_argument("--latency", type=float, default=0.03, help="seconds that a request to the store takes")
    parser.add_argument("--node", type=int, default=32, help="cores of a node")
    parser.add_argument("--hours", type=float, default=24.0, help="in which an index is to be made")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        workers, folder, index = given.child
        print(json.dumps(asdict(measured(int(workers), folder, index))))
        return
    with tempfile.TemporaryDirectory() as kept:
        half, whole = (_folder(Path(kept) / str(n), n) for n in (given.paragraphs // 2, given.paragraphs))
        first = _child(1, half, f"{kept}/half")
        points = [_child(int(n), whole, f"{kept}/{n}-workers") for n in given.workers.split(",")]
        asked = requests(half, whole)
    found = constants(first)
    print("\n".join([*_measured(first, points, found, given.cores), "", *_counted(asked), "",
                     *_carried(found, asked, given)]))  # fmt: skip


# ── what is measured ─────────────────────────────────────────────────────────────────────────────────────────────────


def _folder(at: Path, paragraphs: int) -> Path:
    shutil.copytree(SEEDS, at)
    synthetic.made(at, _QUESTIONS[:1], paragraphs, bundled())
    return at


def _child(workers: int, folder: Path, index: str) -> Point:
    """A point, measured in a process of its own, on an index that is not there yet."""
    command = [sys.executable, "-m", "evals.bench.scaleout", "--child", str(workers), str(folder), index]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Point(**json.loads(said.splitlines()[-1]))


def measured(workers: int, folder: str, index: str) -> Point:
    """What `qa index --on local:N` takes, its workers' start not counted."""
    cluster._BYTES = cluster._LEAST = _SHARD
    embedder, on = bundled(), f"local:{workers}"
    with cluster.connected(on), tempfile.TemporaryDirectory() as warm:
        for _ in range(2):  # the models are loaded by whoever gets a shard
            shutil.rmtree(warm)
            cluster._LEAST = 1_000
            cluster.update(SEEDS, _store(warm), embedder, on=on)
        cluster._LEAST = _SHARD
        store = _store(index)
        began, before, own = time.perf_counter(), _cpu(), time.process_time()
        cluster.update(place(folder), store, embedder, on=on)
        seconds, cpu, driver = time.perf_counter() - began, _cpu() - before, time.process_time() - own
    words = sum(one.size for one in scan(place(folder))[0])
    with warnings.catch_warnings(action="ignore"):  # the size is that of the last version, not of those kept a while
        for table in store._tables.values():
            table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)
    paragraphs = store.frequencies([])[1]
    return Point(workers, paragraphs, store.sentence_count(), words, seconds, cpu, driver, store.size() or 0)


def _store(index: str) -> LanceStore:
    embedder = bundled()
    return LanceStore(index, embedder=embedder.identity, dim=embedder.dim)


def _cpu() -> float:
    """Seconds of processor time that the workers of this user's Ray have used; Linux."""
    total = 0
    for entry in Path("/proc").iterdir():
        try:
            name = (entry / "cmdline").read_text() if entry.name.isdigit() else ""
            if name.startswith(("ray::_", "ray::IDLE")) and _ours(entry):
                total += sum(map(int, (entry / "stat").read_text().rpartition(")")[2].split()[11:13]))
        except OSError:  # it has ended
            continue
    return total / os.sysconf("SC_CLK_TCK")


def _ours(entry: Path) -> bool:
    """Whether this process began the one that began it."""
    parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
    return Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1] == str(os.getpid())


def requests(half: Path, whole: Path) -> Requests:
    """Counts what indexing two folders in a bucket asks of the store, and three questions of the larger index."""
    from qa import Assistant

    with _bucket() as counted:
        made = []
        for folder in (half, whole):
            before = len(counted)
            _child(1, folder, f"s3://scaleout/{folder.name}")
            made.append((len(counted) - before, sum(map(_is_dear, counted[before:])), _shards(folder)))
        before = len(counted)
        there = Assistant.open(whole, index=f"s3://scaleout/{whole.name}", added=False)
        there.ask(_QUESTIONS[0])
        opening, before = len(counted) - before, len(counted)
        for question in _QUESTIONS:
            there.ask(question)
        asked = (len(counted) - before) / len(_QUESTIONS)
    (few, few_dear, small), (many, many_dear, large) = made
    shard = (many - few) / (large - small)
    return Requests(few - shard * small, shard, (many_dear - few_dear) / (large - small), opening, asked)


def _is_dear(line: str) -> bool:
    return "list-type=2" in line or not re.search(r"\b(GET|HEAD|DELETE) /", line)


def _shards(folder: Path) -> int:
    cluster._BYTES = cluster._LEAST = _SHARD
    return len(list(cluster._cut(scan(folder)[0], 1)))


@contextmanager
def _bucket() -> Iterator[list[str]]:
    """An empty bucket on moto's server, to which the environment leads; yields what is asked of it, as it comes."""
    import httpx
    from moto.server import ThreadedMotoServer

    counted: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: counted.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("werkzeug")
    log.setLevel(logging.INFO)
    log.handlers, log.propagate = [handler], False
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    os.environ.update({"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
                       "AWS_ENDPOINT_URL": address})  # fmt: skip
    httpx.put(f"{address}/scaleout").raise_for_status()
    try:
        yield counted
    finally:
        server.stop()


# ── the model ────────────────────────────────────────────────────────────────────────────────────────────────────────


def constants(point: Point) -> Constants:
    shards = max(1.0, point.words / _SHARD)
    return Constants(
        sentences=point.sentences / point.paragraphs,
        words=point.words / point.paragraphs,
        bytes=point.size / point.sentences,
        cpu=point.cpu / point.sentences,
        driver=point.driver / shards,
    )


def _measured(first: Point, points: Sequence[Point], found: Constants, cores: int) -> Iterator[str]:
    heads = (
        "workers|paragraphs|sentences|s|sentences/s|ratio|model's|cpu ms a sentence|driver ms a shard|bytes a sentence"
    )
    yield _line(heads.split("|"))
    rate = first.sentences / first.seconds
    one = next((p.sentences / p.seconds for p in points if p.workers == 1), rate)
    for p in (first, *points):
        ratio = p.sentences / p.seconds / one
        yield _line([str(p.workers), f"{p.paragraphs:,}", f"{p.sentences:,}", f"{p.seconds:.1f}",
                     f"{p.sentences / p.seconds:.0f}", f"{ratio:.2f}", f"{min(p.workers, cores):.2f}",
                     f"{1000 * p.cpu / p.sentences:.1f}", f"{1000 * p.driver / max(1, p.words / _SHARD):.0f}",
                     f"{p.size / p.sentences:,.0f}"])  # fmt: skip
    worst = max(abs(p.size / (found.bytes * p.sentences) - 1) for p in points)
    apart = max(abs(p.cpu / (found.cpu * p.sentences) - 1) for p in points)
    yield (f"The half's constants say the others' size to within {worst:.0%}, their processor time to within "
           f"{apart:.0%}. Load of this machine: {os.getloadavg()[0]:.1f}.")  # fmt: skip


def _counted(asked: Requests) -> Iterator[str]:
    yield (f"Requests: an index {asked.fixed:.0f} + {asked.shard:.1f} a shard (writing or listing: {asked.dear:.1f}); "
           f"opening it and a first question {asked.opening}; a further question {asked.question:.1f}.")  # fmt: skip


def _carried(found: Constants, asked: Requests, given: argparse.Namespace) -> Iterator[str]:
    yield (f"Model: sentences = {found.sentences:.2f} N; size = {found.bytes:,.0f} B a sentence; core hours = "
           f"{1000 * found.cpu:.1f} ms a sentence / 3.6e6; nodes of {given.node} cores for {given.hours:g} h; shards = "
           f"{found.words:.0f} B N / {_REAL / 1000:.0f} kB; requests = fixed + {asked.shard:.1f} a shard; driver = "
           f"({1000 * found.driver:.0f} ms + {_COMMIT} requests of {1000 * given.latency:.0f} ms) a shard "
           f"/ partitions, if each is committed alone.")  # fmt: skip
    cores = found.cpu * found.sentences * _REAL / found.words / found.driver
    yield f"Of shards that are committed together one driver keeps up with {cores:,.0f} cores."
    yield _line("paragraphs|sentences|size GB|core hours|nodes|shards|requests|driver h|partitions|"
                "to index|a month".split("|"))  # fmt: skip
    for size in SIZES:
        yield _line(carried(size, found, asked, given))


_REAL = 250_000  # bytes of files in a shard, as `qa.index.cluster` cuts a large folder
_COMMIT = 21  # requests, one after the other, of a commit, of one shard or of many (`tests/test_object_store.py`)


def carried(size: float, found: Constants, asked: Requests, given: argparse.Namespace) -> list[str]:
    """The line of an index of so many paragraphs."""
    sentences = size * found.sentences
    gigabytes = sentences * found.bytes / 1e9
    hours = sentences * found.cpu / 3600
    nodes = -(-hours // (given.node * given.hours))
    shards = -(-size * found.words // _REAL)
    partitions = -(-sentences // PARTITION)
    sent = max(asked.fixed, 0) * partitions + shards * asked.shard
    driver = shards * (found.driver + _COMMIT * given.latency) / 3600 / partitions
    dear = shards * asked.dear
    price = hours * given.core_hour + (dear * given.million + (sent - dear) * given.reads) / 1e6
    counts = (size, sentences, gigabytes, hours, nodes, shards, sent)
    return [*(f"{count:,.0f}" if count >= 10 else f"{count:.1f}" for count in counts), f"{driver:,.2f}",
            f"{partitions:,.0f}", f"${price:,.2f}", f"${gigabytes * given.month:,.2f}"]  # fmt: skip


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
