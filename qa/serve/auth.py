"""Who may ask a server that others can reach: those who send one of its bearer tokens.

`QA_TOKEN` holds them, with spaces or commas between; a person each, so that one can be taken back. Where there are any,
every address but the two that say whether the server lives wants one, on this machine too.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Sequence

from qa.errors import UsageError
from qa.serve.failures import encoded
from qa.serve.guard import Application, Message, Receive, Send
from qa.serve.guesses import WAIT, Guesses, source

FREE = ("/healthz", "/readyz")
_VARIABLE = "QA_TOKEN"
_SHORTEST = 16  # characters: 64 bits at least, where they are hexadecimal digits drawn by chance


def tokens(*, needed: bool) -> tuple[str, ...]:
    """The tokens of the environment. Raises `UsageError` where one is needed and none is there, or one is short."""
    found = tuple(filter(None, re.split(r"[\s,]+", os.environ.get(_VARIABLE, ""))))
    if needed and not found:
        raise UsageError(
            f"What others can reach needs a token: set {_VARIABLE}, such as to what `openssl rand -hex 32` prints."
        )
    if any(len(token) < _SHORTEST for token in found):
        raise UsageError(
            f"A token in {_VARIABLE} has fewer than {_SHORTEST} characters; `openssl rand -hex 32` makes one."
        )
    return found


class Auth:
    """An application around another, which only requests with a token reach; without tokens all do."""

    def __init__(self, app: Application, tokens: Sequence[str]) -> None:
        self.app = app
        self._digests = [hashlib.sha256(token.encode()).digest() for token in tokens]
        self._guesses = Guesses()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not self._digests or scope["path"] in FREE:
            await self.app(scope, receive, send)
            return
        given = _token(scope)
        found = "wrong" if given is None else self._guesses.judged(source(scope), self._who(given))
        if found == "in":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "A token is needed."})
        else:
            status = 429 if found == "wait" else 401
            body, headers = encoded(status)
            more = (b"retry-after", str(WAIT).encode()) if found == "wait" else (b"www-authenticate", b"Bearer")
            await send({"type": "http.response.start", "status": status, "headers": [*headers, more]})
            await send({"type": "http.response.body", "body": body})

    def _who(self, token: bytes) -> str | None:
        """Whose token it is; it takes as long for each that it is not."""
        digest = hashlib.sha256(token).digest()
        same = [known.hex() for known in self._digests if hmac.compare_digest(digest, known)]
        return same[0] if same else None


def _token(scope: Message) -> bytes | None:
    """The token that a request shows; None where there is none."""
    sent = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
    scheme, _, token = (sent[0] if len(sent) == 1 else b"").strip().partition(b" ")
    return token.strip() or None if scheme.lower() == b"bearer" else None
