"""Calls to a model on tape: recorded once with a key, replayed ever after without one and without a network.

A cassette is a JSONL file. A line is one call: ``key`` (SHA-256 of method, path and body), ``request`` (the body),
``status``, ``headers`` (the content type) and ``body``. No other header is kept, and a key's text is nowhere in it.

    with Cassette(path_for(folder, "gpt-5"), "replay") as cassette:
        model = OpenAIModel("gpt-5", api_key="replayed", http_client=cassette.client())
        ...
        cassette.raise_for_misses()
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Literal

import httpx

Mode = Literal["record", "replay"]

_MISS = 424  # "failed dependency": no status that the client tries again or takes for a rejected option
_END = 64  # bytes in which a stream says [DONE]; some servers keep the connection open after it
_SECRET = ("authorization", "proxy-authorization", "api-key", "x-api-key")
_SHORTEST = 8  # characters of a key: a shorter one ("ollama", "EMPTY") opens nothing and may be a common word
# What qa.llm.endpoint.OpenAIModel leaves out or renames when an endpoint rejects it
_OPTIONAL = ("stream_options", "seed", "temperature")
_LIMITS = ("max_tokens", "max_completion_tokens")


class CassetteError(Exception):
    """The cassette is missing, cannot be written, or is not a cassette."""


class CassetteMiss(CassetteError):  # noqa: N818 - what happened
    """A request was made in replay that was not recorded."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    content_type: str
    body: str


class Cassette(httpx.BaseTransport):
    """A transport that records what goes over ``inner``, or replays it. It may be used from several threads.

    The same request made several times is recorded each time and replayed in order; the last reply is repeated. Only
    2xx replies that came whole are recorded, errors pass through. Recording goes to ``<path>.part``, a line as soon as
    its reply has ended; `close` puts it in the place of the old file, `discard` (or an exception in the ``with``)
    leaves the old file as it was. ``misses`` are the keys of requests that had no reply: the client gets status 424,
    which it does not try again, and `raise_for_misses` says it in one sentence. ``inner`` is the client that asks the
    network, and is closed with this; replay uses none. Raises `CassetteError` when the file cannot be read or written.
    """

    def __init__(self, path: Path, mode: Mode, *, inner: httpx.Client | None = None) -> None:
        self.path, self.mode = path, mode
        self.recorded = self.replayed = 0
        self.misses: list[str] = []
        self._turn = Lock()
        self._open = True
        self._replies: dict[str, deque[_Reply]] = _read(path) if mode == "replay" else {}
        self._inner = inner
        if mode == "record":
            self._inner = inner or _network()
            self._begin()

    def client(self) -> httpx.Client:
        """What `qa.llm.endpoint.OpenAIModel` takes as ``http_client``."""
        return httpx.Client(transport=self, follow_redirects=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._replay(request) if self.mode == "replay" else self._record(request)

    def raise_for_misses(self) -> None:
        """Raises `CassetteMiss` when a request had no reply."""
        if self.misses:
            raise CassetteMiss(self._missing)

    def close(self) -> None:
        """Puts what was recorded in the place of the old file; the old one stays when nothing was."""
        self._end(keep=self.recorded > 0)

    def discard(self) -> None:
        """Forgets what was recorded; the old file stays."""
        self._end(keep=False)

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._end(keep=exc_type is None and self.recorded > 0)

    @property
    def _part(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def _missing(self) -> str:
        return (
            f"The cassette {self.path} has no reply for this request (the prompt, the model or the articles changed): "
            "record it again with --cassette record."
        )

    def _begin(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._part.write_bytes(b"")
        except OSError as error:
            raise CassetteError(f"The cassette {self.path} cannot be written ({error}); give another folder.") from None

    def _end(self, *, keep: bool) -> None:
        with self._turn:
            if self._open and self.mode == "record":
                self._part.replace(self.path) if keep else self._part.unlink(missing_ok=True)
            self._open = False
        if self._inner:
            self._inner.close()

    def _replay(self, request: httpx.Request) -> httpx.Response:
        with self._turn:
            replies = next((self._replies[key] for key in _keys(request) if key in self._replies), None)
            if replies is None:
                self.misses.append(next(_keys(request)))
                error = {"error": {"message": self._missing, "type": "cassette", "param": None, "code": None}}
                return httpx.Response(_MISS, json=error, headers={"x-should-retry": "false"})
            reply = replies.popleft() if len(replies) > 1 else replies[0]
            self.replayed += 1
        body = httpx.ByteStream(reply.body.encode("utf-8", "surrogatepass"))
        return httpx.Response(reply.status, headers=[(b"content-type", reply.content_type.encode())], stream=body)

    def _record(self, request: httpx.Request) -> httpx.Response:
        assert self._inner is not None
        response = self._inner.send(request, stream=True)
        if not response.is_success:
            return response
        assert isinstance(response.stream, httpx.SyncByteStream)
        tape = _Tape(response.stream, lambda raw: self._keep(request, response, raw))
        return httpx.Response(response.status_code, headers=response.headers, stream=tape)

    def _keep(self, request: httpx.Request, response: httpx.Response, raw: bytes) -> None:
        """Writes the line of a call, unless its reply tells of an error."""
        whole = httpx.Response(response.status_code, headers=response.headers, content=raw)  # undoes a gzip
        body = whole.content.decode("utf-8", "replace")
        if _tells_error(body):
            return
        row = {
            "key": next(_keys(request)),
            "request": _body(request),
            "status": response.status_code,
            "headers": {"content-type": response.headers.get("content-type", "")},
            "body": body,
        }
        line = _scrubbed(json.dumps(row, ensure_ascii=False), _secrets(request))
        with self._turn:
            if self._open:
                # half a surrogate pair is no UTF-8, but its escape is JSON
                with self._part.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                    file.write(f"{line}\n")
                self.recorded += 1


class _Tape(httpx.SyncByteStream):
    """The pieces of a reply as they come; ``keep`` gets all of them once it has ended, unless the network broke it off.

    A reader that stops early (it heard [DONE], or enough) does not shorten what is kept: the rest is fetched.
    """

    def __init__(self, source: httpx.SyncByteStream, keep: Callable[[bytes], None]) -> None:
        self._source, self._keep = source, keep
        self._pieces = iter(source)
        self._heard = bytearray()
        self._state: Literal["running", "whole", "broken", "kept"] = "running"

    def __iter__(self) -> Iterator[bytes]:
        while (piece := self._next()) is not None:
            yield piece

    def _next(self) -> bytes | None:
        try:
            piece = next(self._pieces, None)
        except BaseException:
            self._state = "broken"
            raise
        if piece is None:
            self._state = "whole"
        else:
            self._heard += piece
        return piece

    def close(self) -> None:
        try:
            with suppress(httpx.HTTPError):
                while self._state == "running" and b"[DONE]" not in self._heard[-_END:]:
                    self._next()
        finally:
            self._source.close()
        if self._state in ("running", "whole"):
            self._state = "kept"
            self._keep(bytes(self._heard))


def path_for(folder: Path, model: str) -> Path:
    """The model's file in the folder. Any name makes a safe file name, and different names make different ones."""
    slug = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:60] or "model"
    return folder / f"{slug}-{hashlib.sha256(model.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}.jsonl"


def cost(prompt_tokens: int, completion_tokens: int, *, per_million: tuple[float, float]) -> float:
    """What the tokens cost, in the currency of ``per_million``: the prices of a million prompt tokens and of a million
    completion tokens. The user gives them; a table of prices in here would soon be wrong."""
    return (prompt_tokens * per_million[0] + completion_tokens * per_million[1]) / 1_000_000


def _network() -> httpx.Client:
    """A client that asks proxies of the environment, but not for this machine."""
    return httpx.Client(mounts={f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")})


def _read(path: Path) -> dict[str, deque[_Reply]]:
    """The replies in order, by key."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # not splitlines: a reply may hold U+2028
    except FileNotFoundError:
        raise CassetteError(f"There is no cassette {path}: record it with --cassette record.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CassetteError(
            f"The cassette {path} cannot be read ({error}): record it again with --cassette record."
        ) from None
    replies: dict[str, deque[_Reply]] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            key, reply = _parsed(line, f"{path}:{number}")
            replies.setdefault(key, deque()).append(reply)
    return replies


def _parsed(line: str, place: str) -> tuple[str, _Reply]:
    try:
        row = json.loads(line)
        key, reply = row["key"], _Reply(row["status"], row["headers"]["content-type"], row["body"])
    except (ValueError, TypeError, KeyError, RecursionError):
        key, reply = None, _Reply(0, "", "")
    texts = (key, reply.content_type, reply.body)
    if not all(isinstance(text, str) for text in texts) or reply.status not in range(200, 300):
        raise CassetteError(f"{place} is not a line of a cassette: record it again with --cassette record.")
    return str(key), reply


def _body(request: httpx.Request) -> Any:
    """The body as JSON; as a text when it is none."""
    try:
        return json.loads(request.content)
    except ValueError:
        return request.content.decode("utf-8", "replace")


def _keys(request: httpx.Request) -> Iterator[str]:
    """The request's key, then those under which it is recorded when the endpoint had rejected some of its options.

    A model that is new does not know yet what the endpoint rejects; the rejection itself is not on the tape.
    """
    body = _body(request)
    if not isinstance(body, dict):
        yield _key(request, body)
        return
    optional = [name for name in _OPTIONAL if name in body]
    for count, limit in product(range(len(optional) + 1), _LIMITS):
        for left_out in combinations(optional, count):
            kept = {name: value for name, value in body.items() if name not in left_out}
            yield _key(request, {limit if name == _LIMITS[0] else name: value for name, value in kept.items()})


def _key(request: httpx.Request, body: Any) -> str:
    """Nothing of the host and the headers is in it, so that another port and another key replay."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{request.method} {request.url.path}\n{canonical}".encode()).hexdigest()


def _tells_error(body: str) -> bool:
    """Whether a reply, or an event of a stream, is an error in spite of its status 200."""
    for line in body.splitlines():
        with suppress(ValueError, RecursionError):
            said = json.loads(line.removeprefix("data:"))
            if isinstance(said, dict) and said.get("error"):
                return True
    return False


def _secrets(request: httpx.Request) -> list[str]:
    values = [*(request.headers.get(name, "") for name in _SECRET), request.url.password]
    words = [value.split()[-1] for value in values if value.strip()]
    return [word for word in words if len(word) >= _SHORTEST]


def _scrubbed(line: str, secrets: list[str]) -> str:
    """The line without the secrets, however deep in JSON inside JSON they stand."""
    for secret in secrets:
        for _ in range(4):
            line = line.replace(secret, "(key)")
            secret = json.dumps(secret)[1:-1]
    return line
