"""Debian's PostgreSQL on a free port of this machine, for the tests of what is kept in a database."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), default=None)
# PostgreSQL does not run as root; Debian's package makes a user for it
_USER: dict[str, Any] = {"user": "postgres"} if getattr(os, "geteuid", lambda: 1)() == 0 else {}


@dataclass(slots=True)
class Server:
    """A PostgreSQL that anybody on this machine may use, without a password."""

    folder: Path
    port: int

    def new_database(self) -> str:
        """The address of a database that has nothing in it."""
        name = f"qa_{secrets.token_hex(4)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.address(name)

    def address(self, database: str) -> str:
        return f"postgresql://qa@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._control("start", "-w", "-o", options, "-l", str(self.folder / "log"))

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def _control(self, *given: str) -> None:
        _run("pg_ctl", "-D", str(self.folder / "cluster"), *given)


@contextmanager
def running() -> Iterator[Server]:
    """A new server, from when it answers until it is stopped and deleted."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    folder = Path(tempfile.mkdtemp(prefix="qa-postgres-"))
    if _USER:
        shutil.chown(folder, _USER["user"])
    server = Server(folder, port)
    try:
        _run("initdb", "-D", str(folder / "cluster"), "-U", "qa", "-A", "trust", "-N", "-E", "UTF8")
        server.start()
        yield server
    finally:
        _run("pg_ctl", "-D", str(folder / "cluster"), "stop", "-m", "immediate", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: str, *given: str, check: bool = True) -> None:
    assert BINARIES is not None
    out: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL if not check else None}
    subprocess.run([BINARIES / program, *given], check=check, cwd="/", **out, **_USER)
