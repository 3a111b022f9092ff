"""The process of `qa serve`: its socket, and how it stops.

On the first signal nothing new is taken (503) and what runs comes to its end; on the second it stops at once.
"""

from __future__ import annotations

import os
import socket
from types import FrameType

import uvicorn

from qa.errors import UsageError
from qa.serve.guard import Application
from qa.serve.work import Work

_LAST_BYTES = 5  # seconds for answers that are on their way to slow readers, once all of them are written


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, work: Work) -> None:
        super().__init__(config)
        self.work = work

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's own
        if self.work.closing:
            os._exit(128 + sig)  # threads that wait for a model cannot be ended; nothing that is kept is half written
        self.work.closing = True

    async def on_tick(self, counter: int) -> bool:
        if self.work.closing and not self.work.taken:
            self.should_exit = True
        return await super().on_tick(counter)


def listening(host: str, port: int) -> socket.socket:
    """A socket at that address. Raises `UsageError` where there can be none."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"Nothing can be served at {host}, port {port} ({why}); name others.") from None


def run(app: Application, work: Work, at: socket.socket) -> None:
    """Serves until a signal ends it."""
    options = {"log_level": "warning", "access_log": False, "server_header": False, "ws": "none"}
    config = uvicorn.Config(app, timeout_graceful_shutdown=_LAST_BYTES, **options)  # type: ignore[arg-type]
    _Server(config, work).run([at])
