"""Who may ask the page's server for what: an ASGI application around the whole of another, whatever routes that has.

Any site that a reader visits can have the reader's browser send requests to this machine. Of those, the browser says
where they come from, in headers that no page can set: Origin (with every POST, and every request whose answer a page
wants to read) and Sec-Fetch-Site (with every request to this machine, and to any other over HTTPS). So:

- The Host is one of this machine's names (421 otherwise): another site's name that resolves to 127.0.0.1 is none.
- What comes from another origin gets 403; `localhost` and `127.0.0.1` are two, and so are two ports. Left over is
  opening the page by a link: a navigation, which the other site cannot read.
- What changes something (any method but GET and HEAD) is JSON, or the multipart form of an upload from our own page.
  A request without both headers is a program's, or an old browser's: text, forms and multipart a page can send from
  any site in silence, so they get 403 even then. JSON it cannot: a browser asks first (OPTIONS), and gets 403. A
  program that uploads says where it wants to be from: ``Origin: http://127.0.0.1:7860``.
- No answer says that another origin may read it, or embed it but the one that was named for it (`Doors`).

Gradio has GETs that do something (`startup-events`, `deep_link`, `logout`); the second rule covers them. On a network
over plain HTTP a browser sends no Sec-Fetch-Site, so that there a GET without an Origin cannot be told from our own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from qa.errors import UsageError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Refusal = Callable[[int, str], tuple[bytes, Headers]]

# `unsafe-eval`: Gradio compiles the templates of its HTML component. Nothing may be fetched from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; frame-src 'none'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors "
)
_HEADERS = [(b"referrer-policy", b"no-referrer"), (b"cross-origin-resource-policy", b"same-origin")]
_READS = ("GET", "HEAD")
_SENT = {True: ("application/json", "multipart/form-data"), False: ("application/json",)}  # by: surely from our page


def local_names(host: str) -> frozenset[str]:
    """The names under which the page may be asked for; none named: any, where it was put on a network on purpose."""
    return frozenset({"127.0.0.1", "localhost", "::1"}) if host in ("127.0.0.1", "localhost", "::1") else frozenset()


@dataclass(slots=True)
class Doors:
    """How the page may be reached: ``names``, the hosts that it may be asked for as (none: any); ``places``, the public
    addresses (host and port) whose pages are its own, behind a proxy or a tunnel; ``frame``, the origin that may embed
    it."""

    names: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    frame: str = ""

    def open(self, address: str) -> None:
        """Lets the page be reached at a public address too, beside this machine's names."""
        public = urlsplit(address)
        self.places |= {public.netloc}
        if self.names and public.hostname:
            self.names |= {public.hostname}

    def headers(self) -> list[tuple[bytes, bytes]]:
        policy = _POLICY + (self.frame or "'none'")
        return [(b"content-security-policy", policy.encode()), *_HEADERS]


def checked_origin(text: str) -> str:
    """The origin, as a browser writes it. Raises `UsageError` for what is none: it goes into a header."""
    found = re.fullmatch(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?/?", text.strip().lower())
    if not found:
        raise UsageError(f"{text!r} is no origin; write it as https://intranet.example, with its port if it has one.")
    return text.strip().lower().rstrip("/")


def _plain(status: int, why: str) -> tuple[bytes, Headers]:  # noqa: ARG001 - other refusals need the status
    return why.encode(), [(b"content-type", b"text/plain; charset=utf-8")]


def checked_address(text: str) -> str:
    """The address at which a reverse proxy has the server, without a slash at its end. Raises `UsageError` for none."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[\w.~-]+)*/?", text.strip()):
        raise UsageError(f"{text!r} is no address; write it whole, as https://news.example/qa.")
    return text.strip().rstrip("/")


class Guard:
    """An application around another, reached through the doors alone. ``refusal`` makes of a status and a sentence for
    a reader of the page the body of a refusal, with its headers."""

    def __init__(self, app: Application, doors: Doors, refusal: Refusal = _plain) -> None:
        self.app, self.doors, self.refusal = app, doors, refusal

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if self.doors.names and _hostname(headers.get("host", "")) not in self.doors.names:
            await self._refused(scope, send, 421, "This page is served to this machine only; open it as 127.0.0.1.")
        elif not _allowed(scope, headers, self.doors):
            await self._refused(scope, send, 403, "This takes JSON, from its own page only; reload the page.")
        else:
            await self.app(scope, receive, functools.partial(self._answered, send))

    async def _refused(self, scope: Message, send: Send, status: int, why: str) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": why})
            return
        body, headers = self.refusal(status, why)
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *self.doors.headers()]})
        await send({"type": "http.response.body", "body": body})

    async def _answered(self, send: Send, message: Message) -> None:
        """Passes an answer on, with what the browser may fetch in it and without what lets another origin read it."""
        if message["type"] == "http.response.start":
            own = [(name, value) for name, value in message.get("headers", ()) if not _lets_read(name)]
            message = {**message, "headers": [*own, *self.doors.headers()]}
        await send(message)


def _allowed(scope: Message, headers: Mapping[str, str], doors: Doors) -> bool:
    """Whether a request is one that no other site's page can have made."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    reads = scope["type"] == "http" and scope["method"] in _READS
    # Without the scheme: where another server puts HTTPS before this one, only the browser knows it.
    if origin is not None and origin.partition("://")[2] not in (headers.get("host"), *doors.places):
        return False
    if site not in (None, "same-origin"):
        return reads and (site == "none" or _opens_the_page(scope, headers, doors))
    if reads or scope["type"] == "websocket":
        return True
    sent = headers.get("content-type", "").partition(";")[0].strip().lower()
    return sent in _SENT[origin is not None or site is not None]


def _opens_the_page(scope: Message, headers: Mapping[str, str], doors: Doors) -> bool:
    """Whether a link of another site is followed to the page itself, in a tab of the browser; in a frame only where one
    may embed it, and then the browser shows it to that one alone."""
    where = ("document", "iframe") if doors.frame else ("document",)
    opens = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") in where
    return bool(scope["path"] == "/" and opens)


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _lets_read(name: bytes) -> bool:
    return name.lower().startswith(b"access-control-")
