"""How `qa serve` does under load: 50 people at once, then 200, then a thousand questions; seconds, errors, memory.

Each person asks one question of their own, none is asked twice: those of `evals/gold` and `evals/questions`, then some
that name a few words of a sentence of the folder. A thousand are asked by eight at a time. Memory is what the server's
processes have for themselves and their share of the rest (PSS). Every other answer is streamed, and its first sentence
timed as well. Seconds of the processor tell more than those of the clock where others keep the cores busy.

With --servers 2 two of them stand over one index, and take turns as behind a proxy.

python -m evals.bench.load [FOLDER] [--servers 1 --servers 2]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

ROOT = Path(__file__).parent.parent.parent
_CODE = "from qa.cli import main; main()"
_FILES = ("gold/seeds", "gold/ordinary", "questions/news", "questions/xquad_es")
_WARM = 20  # questions by which the models are loaded
_CROWDS = (50, 200)
_LONG, _AT_A_TIME = 1_000, 8
_PATIENCE = 300.0  # seconds for one answer
_SOME = 250  # questions between two looks at the memory


def questions(folder: Path, count: int) -> list[str]:
    """So many questions, no two the same, in an order that is the same each time."""
    found: dict[str, None] = {}
    for name in _FILES:
        for line in (ROOT / f"evals/{name}.jsonl").read_text(encoding="utf-8").splitlines():
            found[json.loads(line)["question"]] = None
    chance = random.Random(17)
    own = list(found)
    chance.shuffle(own)
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.iterdir()) if path.is_file()]
    words = [re.findall(r"\w{3,}", sentence) for text in texts for sentence in re.split(r"[.\n]", text)]
    words = [sentence for sentence in words if len(sentence) > 5]
    while len(found) < count:
        sentence = chance.choice(words)
        at = chance.randrange(len(sentence) - 4)
        found[f"What is said about {' '.join(sentence[at : at + 4])}?"] = None
    return [*own, *(one for one in found if one not in set(own))][:count]


@contextmanager
def serving(folder: Path, place: Path, at_once: int) -> Iterator[tuple[str, int]]:
    """A server over the folder, whose index is in a place of its own; its address, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = [sys.executable, "-c", _CODE, "serve", str(folder), "--index", str(place / "index"), "--port", str(port),
             "--at-once", str(at_once)]  # fmt: skip
    with (place / f"log{port}").open("wb") as log:
        process = subprocess.Popen(given, stdout=log, stderr=log, cwd=ROOT)
    try:
        _ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process.pid
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        print(f"stopped with {process.returncode} after {time.monotonic() - began:.1f} s")
    finally:
        process.kill()
        process.wait()
        said = (place / f"log{port}").read_text(encoding="utf-8")
        print(said[-2000:] if "Traceback" in said else "nothing failed in its log")


def _ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        try:
            if process.poll() is None and httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("qa serve did not answer within two minutes.")


def memory(process: int) -> float:
    """Megabytes of a process."""
    said = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    return sum(int(kilobytes) for kilobytes in re.findall(r"^Pss:\s+(\d+)", said, re.MULTILINE)) / 1e3


def processor(process: int) -> float:
    """Seconds of the processor that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def asked(client: httpx.AsyncClient, question: str, *, stream: bool) -> tuple[str, float, float]:
    """How it ended, the seconds to its end, and those to its first sentence."""
    body = {"model": "qa", "messages": [{"role": "user", "content": question}], "stream": stream}
    began, first = time.perf_counter(), 0.0
    try:
        async with client.stream("POST", "/v1/chat/completions", json=body) as got:
            async for _ in got.aiter_bytes():
                first = first or time.perf_counter() - began
        return str(got.status_code), time.perf_counter() - began, first
    except httpx.HTTPError as error:
        return type(error).__name__, time.perf_counter() - began, first


async def crowd(urls: Sequence[str], own: Sequence[str], at_once: int) -> list[tuple[str, float, float]]:
    """What becomes of the questions, so many of which are under way at once."""
    limits = httpx.Limits(max_connections=None)
    turns = asyncio.Semaphore(at_once)

    async def one(n: int, client: httpx.AsyncClient) -> tuple[str, float, float]:
        async with turns:
            return await asked(client, own[n], stream=n % 4 > 1)

    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=_PATIENCE, limits=limits))
            for url in urls
        ]
        return await asyncio.gather(*(one(n, clients[n % len(clients)]) for n in range(len(own))))


def run(name: str, servers: Sequence[tuple[str, int]], own: Sequence[str], at_once: int) -> None:
    """Asks, and prints what became of it."""
    before, began = sum(processor(pid) for _, pid in servers), time.perf_counter()
    found = asyncio.run(crowd([url for url, _ in servers], own, at_once))
    took = time.perf_counter() - began
    computed = (sum(processor(pid) for _, pid in servers) - before) / len(own)
    p50, p95 = np.quantile([seconds for _, seconds, _ in found], (0.5, 0.95))
    first = np.quantile([seconds for n, (*_, seconds) in enumerate(found) if n % 4 > 1], 0.95)
    ended = Counter(how for how, *_ in found)
    errors = {how: count for how, count in ended.items() if how != "200"}
    print(f"{name:14} p50 {p50:5.2f} s · p95 {p95:5.2f} s · first sentence p95 {first:5.2f} s · "
          f"{len(found) / took:4.1f} a second · processor {computed:.3f} s each · errors {errors or 'none'} · "
          f"memory {sum(memory(pid) for _, pid in servers):.0f} MB", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "seeds")
    parser.add_argument("--servers", type=int, action="append", help="How many stand over one index; may be repeated.")
    parser.add_argument("--long", type=int, default=_LONG, help="Questions of the long run.")
    given = parser.parse_args()
    every = questions(given.folder, _WARM + sum(_CROWDS) + given.long)
    for count in given.servers or [1]:
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        print(f"{count} server{'s' * (count > 1)} on {cores} cores; {load:.1f} others are at work")
        left = list(every)
        with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
            at_once = max(1, cores // count)
            servers = [stack.enter_context(serving(given.folder, Path(place), at_once)) for _ in range(count)]
            for name, people, at_once in (
                ("before", _WARM, 2),
                *((f"{people} at once", people, people) for people in _CROWDS),
                *((f"{n + _SOME} questions", _SOME, _AT_A_TIME) for n in range(0, given.long, _SOME)),
            ):
                own, left = left[:people], left[people:]
                run(name, servers, own, at_once)


if __name__ == "__main__":
    main()
