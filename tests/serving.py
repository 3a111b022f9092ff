"""A running `qa serve`, for the tests of what programs get of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

CODE = "from qa.cli import main; main()"


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def v1(self) -> str:
        return f"{self.url}/v1"


@contextmanager
def serving(
    log: Path, *arguments: str, host: str = "127.0.0.1", environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """The server with these arguments, from when it is ready until it is killed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    given = [sys.executable, "-c", CODE, "serve", "--host", host, "--port", port, *arguments]
    with log.open("wb") as out:
        process = subprocess.Popen(given, stdout=out, stderr=out, env={**os.environ, **(environment or {})})
    try:
        yield _ready(Server(f"http://127.0.0.1:{port}", process, log))
    finally:
        process.kill()
        process.wait()


def _ready(server: Server) -> Server:
    for _ in range(1200):
        assert server.process.poll() is None, server.log.read_text(encoding="utf-8")[-2000:]
        try:
            if httpx.get(f"{server.url}/readyz", timeout=2).status_code == 200:
                return server
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("qa serve did not answer within two minutes")
