"""What goes wrong, in the shape of OpenAI's errors: one sentence, a type and a code, under the status it belongs to."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from qa.errors import ModelBusy, ModelError, NotThere, Overloaded, QAError, UsageError

_log = logging.getLogger(__name__)
_SAYS = {
    400: "The body is no JSON that this can read.",
    401: "A token is needed: send it as `Authorization: Bearer …`.",
    403: "This takes JSON (Content-Type: application/json), and nothing that another site's page sends.",
    404: "There is nothing at this address; /openapi.json lists what there is.",
    405: "This address does not take this method.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    429: "Too many wrong tokens came from this address; wait a minute, and send the right one.",
    421: "This is served to this machine only; ask it as 127.0.0.1.",
}
_CODES = {
    401: "invalid_api_key",
    404: "not_found",
    413: "too_large",
    429: "too_many_wrong_tokens",
    503: "overloaded",
}
RETRY_AFTER = 2  # seconds: a few questions are answered in it


def body(status: int, says: str = "", *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """The error's body; without ``says`` the sentence of its status."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    said = says or _SAYS.get(status, "This cannot be answered.")
    return {"error": {"message": said, "type": kind, "param": param, "code": code or _CODES.get(status)}}


def encoded(status: int, says: str = "") -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The body's bytes and the headers, for an answer below FastAPI."""
    sent = json.dumps(body(status, says), ensure_ascii=False).encode()
    return sent, [(b"content-type", b"application/json"), (b"content-length", str(len(sent)).encode())]


def told(error: Exception) -> tuple[int, dict[str, Any]]:
    """An error's status and body; one that is not ours is logged, and named by its class alone."""
    if isinstance(error, ValidationError):
        return 400, unfit(error.errors())
    if not isinstance(error, QAError):
        _log.error("A question was not answered.", exc_info=error)
        return 500, body(500, f"It failed with {type(error).__name__}; ask again.")
    status = _status(error)
    return status, body(status, str(error), code="model_failed" if isinstance(error, ModelError) else None)


def _status(error: QAError) -> int:
    if isinstance(error, UsageError):
        return 404 if isinstance(error, NotThere) else 400
    return 503 if isinstance(error, (Overloaded, ModelBusy)) else 502 if isinstance(error, ModelError) else 500


def unfit(errors: Sequence[Mapping[str, Any]], *, inside: int = 0) -> dict[str, Any]:
    """The body for what does not fit its schema: the first fault, without what was sent. ``inside``: how many words of
    a fault's place say in what it lies."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return body(400)
    place = ".".join(map(str, first["loc"][inside:]))
    return body(400, f"{place or 'The body'}: {first['msg']}.", param=place or None)
