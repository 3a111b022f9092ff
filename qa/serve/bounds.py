"""How much a request may send, and for how long: its body is read, within both, before anything looks at it."""

from __future__ import annotations

import asyncio

from qa.serve.failures import encoded
from qa.serve.guard import Application, Message, Receive, Send

MOST = 1_000_000  # bytes of a body: some 200 messages of a chat at their usual length
_SECONDS = 30.0  # for the whole of it


class Bounds:
    """An application around another, which gets each body whole."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 413
        try:
            async with asyncio.timeout(_SECONDS):
                body = None if _declared(scope) > MOST else await _body(receive)
        except TimeoutError:
            body, status = None, 408
        if body is not None:
            await self.app(scope, _again(body, receive), send)
            return
        said, headers = encoded(status)
        closing = [*headers, (b"connection", b"close")]  # what is still to come of the body is not read
        await send({"type": "http.response.start", "status": status, "headers": closing})
        await send({"type": "http.response.body", "body": said})


def _declared(scope: Message) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is too long."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives the body, and then what else comes: that the client has gone away."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return first.pop() if first else await receive()

    return received
