"""The page's application behind a sign-in: who has no session and sends no token gets the form, and nothing else.

A session is a cookie that scripts cannot read and that no other site's request brings along (HttpOnly, SameSite=Lax;
Secure where the page's address is https). It stands inside the guard, so that what another site sends does not come
here. Who asks stands in the request's scope, as `ACCOUNT`.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread

from qa.errors import DatabaseError
from qa.page import render
from qa.page.accounts import LONGEST, Account, Sessions
from qa.page.database import Database
from qa.page.people import remember
from qa.page.rules import NO_UPLOADS, Rules
from qa.serve.guard import Application, Message, Receive, Send
from qa.serve.guesses import WAIT, source

ACCOUNT = "qa.account"
OWN = "x-qa-own"  # the header of what the page asks of itself: Gradio's MCP calls `/ask` over HTTP
_STARTING = "/gradio_api/startup-events"  # Gradio asks itself for it at the start; it says no more than that it runs
_CHECKED = 2  # passwords that are checked at once: each takes 64 MB and a quarter of a second
_BODY = 4096  # bytes of what is sent to sign in


class Login:
    """An application around another, which only those reach who are signed in. ``place``: the page's path or address
    behind a proxy. ``own``: what the page's requests to itself have in their header `OWN`; each was let in before, as
    whoever it then names, and is a reader's where it names nobody."""

    def __init__(
        self, app: Application, sessions: Sessions, database: Database, rules: Rules, *, place: str = "", own: str = ""
    ) -> None:
        self.app, self.sessions, self.database, self.rules = app, sessions, database, rules
        self._own = Account("itself", "reader", own) if own else None
        self._checking = CapacityLimiter(_CHECKED)
        self._at = f"Path={urlsplit(place).path or '/'}; HttpOnly; SameSite=Lax"
        self._at += "; Secure" if place.startswith("https:") else ""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] == _STARTING:
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        found = self._who(headers, source(scope)) or self._itself(headers)
        account = None if isinstance(found, str) else found
        asked = scope.get("method"), scope["path"]
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "Sign in first."})
        elif asked == ("POST", "/login"):
            await self._sign_in(headers, source(scope), receive, send)
        elif asked == ("POST", "/logout"):
            await _answer(send, 200, {}, cookie=f"{self.sessions.cookie}=; Max-Age=0; {self._at}")
        elif found == "wait":
            await _answer(send, 429, {"error": _words(headers)["sign_in_wait"]}, waits=True)
        elif account is None:
            await self._turned_away(scope, headers, send)
        elif _uploads(scope, headers) and not (self.rules.uploads and account.role == "editor"):
            await _answer(send, 403, {"error": NO_UPLOADS})
        else:
            await self.app({**scope, ACCOUNT: account}, receive, send)

    def _who(self, headers: Mapping[str, str], where: str) -> Account | Literal["wrong", "wait"] | None:
        scheme, _, token = headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() == "bearer":
            return self.sessions.by_token(token.strip(), where) if token.strip() else None
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.sessions.cookie)
        except CookieError:
            return None
        return self.sessions.of(found.value) if found else None

    def _itself(self, headers: Mapping[str, str]) -> Account | None:
        given = headers.get(OWN, "").encode()
        return self._own if self._own and hmac.compare_digest(given, self._own.proof.encode()) else None

    async def _sign_in(self, headers: Mapping[str, str], where: str, receive: Receive, send: Send) -> None:
        said = _words(headers)
        if (sent := await _sent(receive)) is None:
            await _answer(send, 400, {"error": said["not_understood"]})
            return
        found = await to_thread.run_sync(self.sessions.sign_in, *sent, where, limiter=self._checking)
        if isinstance(found, str):
            status, why = (403, "sign_in_wrong") if found == "wrong" else (429, "sign_in_wait")
            await _answer(send, status, {"error": said[why]}, waits=found == "wait")
            return
        account, value = found
        try:
            await to_thread.run_sync(remember, self.database, account.person, account.name)
        except DatabaseError as error:
            await _answer(send, 503, {"error": render.told(str(error), said)})
            return
        await _answer(send, 200, {}, cookie=f"{self.sessions.cookie}={value}; Max-Age={LONGEST}; {self._at}")

    async def _turned_away(self, scope: Message, headers: Mapping[str, str], send: Send) -> None:
        said = _words(headers)
        if scope["method"] in ("GET", "HEAD") and scope["path"] == "/":
            await _answer(send, 401, render.sign_in(said))
        else:
            await _answer(send, 401, {"error": said["sign_in_first"]}, asks=True)


def _words(headers: Mapping[str, str]) -> render.Words:
    return render.words(headers.get("accept-language", "en")[:2].lower())


def _uploads(scope: Message, headers: Mapping[str, str]) -> bool:
    """Whether a request brings files."""
    brings = headers.get("content-type", "").strip().lower().startswith("multipart/")
    return brings or PurePosixPath(scope["path"]).name == "upload"


async def _sent(receive: Receive) -> tuple[str, str] | None:
    """The name and the password that were sent; None for what is neither."""
    whole = b""
    while True:
        message = await receive()
        whole += message.get("body", b"")
        if message["type"] != "http.request" or len(whole) > _BODY:
            return None
        if not message.get("more_body"):
            break
    try:
        found = json.loads(whole)
        return str(found.get("name") or "")[:64], str(found["password"])
    except (ValueError, KeyError, AttributeError, TypeError):
        return None


async def _answer(send: Send, status: int, said: str | dict[str, Any], *, cookie: str = "", asks: bool = False,
                  waits: bool = False) -> None:  # fmt: skip
    kind = "text/html" if isinstance(said, str) else "application/json"
    body = (said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)).encode()
    headers = [(b"content-type", f"{kind}; charset=utf-8".encode()), (b"cache-control", b"no-store"),
               (b"content-length", str(len(body)).encode())]  # fmt: skip
    headers += [(b"set-cookie", cookie.encode())] if cookie else []
    headers += [(b"www-authenticate", b"Bearer")] if asks else []
    headers += [(b"retry-after", str(WAIT).encode())] if waits else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
