"""Fakes for tests of programs that use qa: a model that follows a script, and a server that speaks OpenAI's chat API.

A script is a list of replies, one for each time the model is asked. A reply is a text; a list of pieces (a text is sent
as it is, a number is a pause in seconds, an exception is raised there); or an exception. ``{key:2}`` in a text becomes
the key of the second passage that the model was sent, and stays as it is where there is none.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from qa.errors import ModelBusy, ModelDenied
from qa.llm.endpoint import ChatModel, Delta, Message
from qa.types import Usage

if TYPE_CHECKING:
    from qa.model.embed import Vectors

Piece = str | float | Exception
Reply = str | Sequence[Piece] | Exception

_KEY_PLACE = re.compile(r"\{key:(\d+)\}")
_PASSAGE = re.compile(r"^\[(\w{3})\] ", re.MULTILINE)
_SIZE = 5  # characters of a piece of a scripted text: about a token, so that marks come in halves


class Fault(Exception):  # noqa: N818 - it is a stage direction, not an error
    """What ``serve`` does instead of going on: sends an HTTP ``status``, when nothing was sent yet; or sends ``raw`` as
    it is and drops the connection. ``Fault()`` just drops it."""

    def __init__(self, status: int | None = None, message: str = "scripted", *, raw: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.raw = raw


class ScriptedModel:
    """A ChatModel that gives the replies in order; ``history`` holds the messages of each time it was asked.

    It counts words as tokens. Asked more often than it has replies, it raises AssertionError. Safe in threads.
    """

    def __init__(self, replies: Sequence[Reply], *, identity: str = "scripted") -> None:
        self.identity = identity
        self.history: list[tuple[Message, ...]] = []
        self._replies = list(replies)
        self._turn = Lock()

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Delta]:
        """The reply, whatever its length; ``max_tokens`` of 0 or less is what no caller should ask for."""
        assert max_tokens > 0, "A model was asked for no tokens at all."
        wrote = []
        for piece in _pieces(self._next(messages), passage_keys(messages)):
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, str):
                wrote.append(piece)
                yield Delta(piece)
            else:
                time.sleep(piece)
        asked = sum(len(message.content.split()) for message in messages)
        yield Delta(usage=Usage(asked, len("".join(wrote).split()), 1))

    def _next(self, messages: Sequence[Message]) -> Reply:
        with self._turn:
            self.history.append(tuple(messages))
            number = len(self.history)
        assert number <= len(self._replies), f"{self.identity} was asked {number} times; replies: {len(self._replies)}."
        return self._replies[number - 1]


class HashEmbedder:
    """An Embedder without a model: the same text gets the same vector, and unlike texts unlike ones."""

    identity, dim = "hash-8", 8

    def passages(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        digests = b"".join(hashlib.sha256(text.encode()).digest()[: self.dim] for text in texts)
        numbers = np.frombuffer(digests, dtype=np.uint8).reshape(-1, self.dim).astype(np.float32) - 127.5
        vectors: Vectors = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)
        return vectors

    def query(self, text: str) -> Vectors:
        vector: Vectors = self.passages([text])[0]
        return vector


def passage_keys(messages: Sequence[Message]) -> list[str]:
    """The keys of the passages in the last message, in order."""
    return _PASSAGE.findall(messages[-1].content) if messages else []


def _pieces(reply: Reply, keys: Sequence[str]) -> Iterator[Piece]:
    """The pieces of a reply with the keys in their places; a text is cut small."""
    for part in [reply] if isinstance(reply, (str, Exception)) else reply:
        if not isinstance(part, str):
            yield part
            continue
        text = _KEY_PLACE.sub(lambda found: keys[int(found[1]) - 1] if int(found[1]) <= len(keys) else found[0], part)
        size = _SIZE if part is reply else max(len(text), 1)
        yield from (text[at : at + size] for at in range(0, len(text), size))


class Served:
    """A running server: ``base_url`` for the client, ``requests`` the bodies of the chat requests it got, in order,
    ``headers`` theirs."""

    def __init__(self, model: ChatModel) -> None:
        self.model = model
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": self}))
        self._http.daemon_threads = True  # a scripted pause does not hold up the end of the test
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"


@contextmanager
def serve(model: ChatModel | Sequence[Reply]) -> Iterator[Served]:
    """An OpenAI-compatible server on 127.0.0.1 for the time of a ``with``: chat (streamed or not), and the models."""
    served = Served(ScriptedModel(model) if isinstance(model, Sequence) else model)
    served._thread.start()
    try:
        yield served
    finally:
        served._http.shutdown()
        served._thread.join()
        served._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one request of the API and closes the connection."""

    served: Served
    protocol_version = "HTTP/1.1"  # its chunks let a client see that a connection was dropped in the middle

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self._json(200, {"object": "list", "data": [{"id": self.served.model.identity, "object": "model"}]})
        else:
            self._error(404, f"There is nothing at {self.path}")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self._error(404, f"There is nothing at {self.path}")
            return
        self.served.requests.append(body)
        self.served.headers.append(dict(self.headers))
        messages = [Message(message["role"], message["content"]) for message in body["messages"]]
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or 1024
        deltas = self.served.model.stream(messages, max_tokens=limit)
        with suppress(BrokenPipeError, ConnectionResetError):  # the client may have heard enough
            self._streamed(deltas, body) if body.get("stream") else self._whole(deltas)

    def _whole(self, deltas: Iterator[Delta]) -> None:
        try:
            said = list(deltas)
        except Exception as error:
            self._fail(error, sent=False)
            return
        choice = {"index": 0, "message": {"role": "assistant", "content": "".join(delta.text for delta in said)}}
        usage = next((delta.usage for delta in reversed(said) if delta.usage), Usage())
        finish = {"finish_reason": "length" if said and said[-1].cut else "stop"}
        self._json(200, self._object("chat.completion", choices=[choice | finish], usage=usage.as_openai()))

    def _streamed(self, deltas: Iterator[Delta], body: dict[str, Any]) -> None:
        sent, usage, cut = False, Usage(), False
        try:
            for delta in deltas:
                sent = sent or self._head()
                usage, cut = delta.usage or usage, cut or delta.cut
                if delta.text:
                    self._event(self._chunk({"content": delta.text}, None))
        except OSError:
            raise
        except Exception as error:
            self._fail(error, sent=sent)
            return
        self._event(self._chunk({}, "length" if cut else "stop"))
        if (body.get("stream_options") or {}).get("include_usage"):
            self._event(self._object("chat.completion.chunk", choices=[], usage=usage.as_openai()))
        self._send("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _head(self) -> bool:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        return True

    def _fail(self, error: Exception, *, sent: bool) -> None:
        """What a client sees: a status while nothing was sent; then, or for a ``Fault`` without one, a lost line."""
        if not sent and (status := _status(error)):
            self._error(status, str(error))
            return
        self.close_connection = True
        if isinstance(error, Fault) and error.raw:
            if not sent:
                self._head()
            self._send(error.raw)

    def _error(self, status: int, message: str) -> None:
        self._json(status, {"error": {"message": message, "type": "scripted", "param": None, "code": None}})

    def _json(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")  # which also ends the handler's loop
        self.send_header("Retry-After-Ms", "1")  # the client's retries need not wait in a test
        self.end_headers()
        self.wfile.write(body)

    def _chunk(self, delta: dict[str, str], finish: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return self._object("chat.completion.chunk", choices=[choice])

    def _object(self, kind: str, **fields: Any) -> dict[str, Any]:
        model = self.served.model.identity
        return {"id": "chatcmpl-1", "object": kind, "created": int(time.time()), "model": model, **fields}

    def _event(self, value: dict[str, Any]) -> None:
        self._send(f"data: {json.dumps(value)}\n\n")

    def _send(self, text: str) -> None:
        body = text.encode()
        self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Nothing: a test's output is its own."""


def _status(error: Exception) -> int | None:
    if isinstance(error, Fault):
        return error.status
    return 429 if isinstance(error, ModelBusy) else 401 if isinstance(error, ModelDenied) else 500
