"""The network below a model's client: no wait outlasts the call that it is part of, no reply grows without end, and
nobody but the server that was named gets the key."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from qa.errors import ModelReply

MOST = 32_000_000  # bytes of a reply, unpacked: a long one with its reasoning has three; a choice
_PART = 65_536  # bytes that are unpacked at once
_EARLY = 0.05  # seconds that a wait may end before its time, as clocks and the system have it


class Term:
    """The time of a call, which begins now; ``seconds`` long."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._end = seconds, time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._end - time.monotonic()

    @property
    def over(self) -> bool:
        return self.left <= _EARLY

    @contextmanager
    def held(self) -> Iterator[None]:
        """For the time of a ``with`` no wait for the network lasts longer than this."""
        token = _TERM.set(self)
        try:
            yield
        finally:
            _TERM.reset(token)


_TERM: ContextVar[Term | None] = ContextVar("term", default=None)


def bounded(client: httpx.Client) -> httpx.Client:
    """The client, whose waits end with a `Term`, and whose replies `MOST` and the named server bound."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):  # which takes no backend of ours (httpx 0.28), but its pool does
            transport._pool._network_backend = _Backend(transport._pool._network_backend)
    client.headers["accept-encoding"] = "gzip"  # what `_unpacked` can bound
    client.event_hooks["response"].append(_checked)
    client.event_hooks = client.event_hooks
    return client


def _left(timeout: float | None, out: type[Exception]) -> float | None:
    """The seconds that a wait may take; raises ``out`` where there are none."""
    term = _TERM.get()
    if term is None:
        return timeout
    if term.left <= 0:
        raise out("the time for the whole call is over")
    return min(term.left, timeout) if timeout is not None else term.left


class _Backend(httpcore.NetworkBackend):
    def __init__(self, own: httpcore.NetworkBackend) -> None:
        self._own = own

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        seconds = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._own.connect_tcp(host, port, seconds, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._own.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, own: httpcore.NetworkStream) -> None:
        self._own = own

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._own.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._own.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._own.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        return _Stream(self._own.start_tls(ssl_context, server_hostname, _left(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._own.get_extra_info(info)


def _checked(response: httpx.Response) -> None:
    """Bounds a reply; raises `ModelReply` where it sends to another server, or is packed as nobody asked for."""
    if response.has_redirect_location:
        _check_target(response)
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("identity", "gzip", "x-gzip"):
        raise ModelReply(f"{response.url.host} sent a reply that is packed as nobody asked for; ask again.")
    assert isinstance(response.stream, httpx.SyncByteStream)
    response.headers.pop("content-encoding", None)  # the client leaves the unpacking to `_Reply`
    response.stream = _Reply(response.stream, gzip=packed != "identity", term=_TERM.get())


def _check_target(response: httpx.Response) -> None:
    """A redirect is followed to the same server alone, or from HTTP to HTTPS there: the question goes along with it."""
    here = response.url
    try:
        there = here.join(response.headers["location"])
    except httpx.InvalidURL:
        raise ModelReply(f"{here.host} sends to an address that is none; check the address.") from None
    own = [(here.scheme, here.host, here.port)]
    if here.scheme == "http" and here.port is None:
        own.append(("https", here.host, None))
    if (there.scheme, there.host, there.port) not in own:
        raise ModelReply(
            f"{here.host} sends to another server, {there.scheme}://{there.netloc.decode('ascii', 'replace')}, which "
            "gets neither question nor key; name that address if you trust it."
        )


class _Reply(httpx.SyncByteStream):
    """The bytes of a reply, unpacked, as long as they come within the time and are not too many."""

    def __init__(self, own: httpx.SyncByteStream, *, gzip: bool, term: Term | None) -> None:
        self._own, self._gzip, self._term = own, gzip, term

    def __iter__(self) -> Iterator[bytes]:
        parts, size = self._parts(), 0
        for part in _unpacked(parts) if self._gzip else parts:
            size += len(part)
            if size > MOST:
                raise httpx.RemoteProtocolError(f"it is longer than {MOST / 1e6:g} MB")
            yield part

    def _parts(self) -> Iterator[bytes]:
        parts, term = iter(self._own), self._term
        while True:
            try:
                with term.held() if term else nullcontext():
                    part = next(parts, None)
            except httpx.TimeoutException:
                part = b""
                if not (term and term.over):
                    raise
            if term and term.over and part is not None:
                raise httpx.ReadTimeout(f"it was not at its end after {term.seconds:g} s")
            if part is None:
                return
            yield part

    def close(self) -> None:
        self._own.close()


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """What gzip packed, a little at a time: a small part may hold a thousand times as much."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for part in parts:
            while part:
                yield inflate.decompress(part, _PART)
                part = inflate.unconsumed_tail
    except zlib.error:
        raise httpx.DecodingError("it is no gzip") from None
