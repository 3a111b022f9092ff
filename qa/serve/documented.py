"""What the OpenAPI document says of answers and errors, with an example of each."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from qa.serve.failures import body

_FILE, _QUOTE = "harbour.txt", "The harbour of Valdenia reopened on 3 March 2024 after the storm."
_URL = f"http://127.0.0.1:8000/v1/articles/{_FILE}/paragraphs/2?model=qa"
_OURS = {"file": _FILE, "paragraph": 2, "quote": _QUOTE}
_PLACE = {"start_index": 66, "end_index": 69}
_TEXT = f"{_QUOTE} [1]"
_URL_CITED = {"type": "url_citation", "url_citation": {**_PLACE, "title": "Harbour reopens", "url": _URL, **_OURS}}
_FILE_CITED = {
    "type": "file_citation",
    "file_id": _FILE,
    "filename": _FILE,
    "index": 66,
    **_PLACE,
    "url": _URL,
    **_OURS,
}
_WHOLE = {"status": "answered", "short_answer": "3 March 2024", "confidence": 0.97}
_COMPLETION = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "qa",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": _TEXT, "annotations": [_URL_CITED]}}],
    "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, "qa": _WHOLE,
}  # fmt: skip
_PART = {"type": "output_text", "text": _TEXT, "annotations": [_FILE_CITED], "logprobs": []}
_RESPONSE = {
    "id": "resp_1", "object": "response", "created_at": 1, "model": "qa", "status": "completed",
    "output": [{"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [_PART]}],
    "qa": _WHOLE,
}  # fmt: skip
_EVENTS = "Server-sent events: a claim each, after it has passed its check."

Documented = dict[int | str, dict[str, Any]]


class Said(BaseModel):
    """What went wrong, in one sentence."""

    message: str
    type: str
    param: str | None
    code: str | None


class Failure(BaseModel):
    """OpenAI's shape of an error."""

    error: Said


def _shown(says: str, example: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"description": says, "content": {"application/json": {"example": example}, **more}}


def _refusal(status: int, says: str) -> dict[str, Any]:
    return {"model": Failure, **_shown(says, body(status))}


_STREAM = {"text/event-stream": {"schema": {"type": "string", "description": _EVENTS}}}
ANSWER: Documented = {200: _shown("The answer.", _COMPLETION, **_STREAM)}
RESPONSE: Documented = {200: _shown("The answer.", _RESPONSE, **_STREAM)}
REFUSED: Documented = {
    status: _refusal(status, says)
    for status, says in {
        400: "What was sent cannot be used.",
        401: "A token is needed, or this is none.",
        403: "Another site's page sent this, or it is no JSON.",
        404: "There is no such model, article or paragraph.",
        413: "The body is too large.",
        429: "Too many wrong tokens came from this address: ask again after `Retry-After`.",
        503: "As many questions as are taken are being answered, or the server stops: ask again after `Retry-After`.",
    }.items()
}
