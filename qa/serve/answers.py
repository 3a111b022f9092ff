"""The addresses of OpenAI's API where questions are asked: `/v1/chat/completions` and `/v1/responses`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from functools import partial
from typing import Any, TypeVar

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from qa.serve import completions, responses
from qa.serve.annotations import Address, Piece, paragraph_address
from qa.serve.answering import Answering
from qa.serve.bodies import ChatBody, ResponseBody
from qa.serve.documented import ANSWER, REFUSED, RESPONSE
from qa.serve.failures import told

T = TypeVar("T")
router = APIRouter(tags=["ask"], responses=REFUSED)
_GONE = 499  # nginx's number for a client that did not wait; nobody reads it
_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx hands each event on at once


@router.post("/v1/chat/completions", summary="Ask, as OpenAI's chat API has it", responses=ANSWER)
async def chat(body: ChatBody, request: Request) -> Response:
    """The last message is the question, those before it are its history. Each sentence of the answer was checked
    against the paragraph that it cites; `annotations` have file, paragraph and quote, the field `qa` all of it."""
    usage = bool(body.stream_options and body.stream_options.include_usage)
    made = completions.Completion(body.model, _address(request, body.model), usage)
    said = _answering(request).pieces(body.model, body.asked())
    return await (_streamed if body.stream else _whole)(request, made, said)


@router.post("/v1/responses", summary="Ask, as OpenAI's responses API has it", responses=RESPONSE)
async def respond(body: ResponseBody, request: Request) -> Response:
    """As the chat's address, in the shapes of the responses API; nothing is kept."""
    made = responses.Response(body.model, _address(request, body.model))
    said = _answering(request).pieces(body.model, body.asked())
    return await (_streamed if body.stream else _whole)(request, made, said)


def _answering(request: Request) -> Answering:
    found: Answering = request.app.state.answering
    return found


def _address(request: Request, model: str) -> Address:
    base = request.app.state.public or str(request.base_url)
    return partial(paragraph_address, base.rstrip("/"), model=model)


Made = completions.Completion | responses.Response


async def _whole(request: Request, made: Made, said: AsyncGenerator[Piece, None]) -> Response:
    found = await _while_there(request, made.whole(said))
    return Response(status_code=_GONE) if found is None else JSONResponse(found)


async def _streamed(request: Request, made: Made, said: AsyncGenerator[Piece, None]) -> Response:
    """The events, from when there is a first piece on: what goes wrong before has a status of its own."""
    first = await _while_there(request, _next(said))
    if first is None:
        return Response(status_code=_GONE)
    return _Events(_lines(made.events(_after(first, said))), said)


async def _next(said: AsyncGenerator[Piece, None]) -> Piece:
    return await anext(said)


async def _after(first: Piece, said: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    yield first
    async for piece in said:
        yield piece


async def _while_there(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """The work's result; None when the client went away before it, which ends the work."""
    found: T | None = None
    failed: Exception | None = None

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            found = await work
        except Exception as error:  # which the group would wrap
            failed = error
        group.cancel_scope.cancel()
    if failed:
        raise failed
    return found


async def _lines(events: AsyncIterator[dict[str, Any] | str]) -> AsyncIterator[str]:
    """Server-sent events; what goes wrong in the middle is the last one, which OpenAI's clients raise."""
    try:
        async for event in events:
            yield event_line(event)
    except Exception as error:
        yield event_line({"type": "error", **told(error)[1]})


def event_line(event: dict[str, Any] | str) -> str:
    """An event as it is sent: with its type before it where it has one."""
    if isinstance(event, str):
        return f"data: {event}\n\n"
    kind = f"event: {event['type']}\n" if "type" in event else ""
    return f"{kind}data: {json.dumps(event, ensure_ascii=False)}\n\n"


class _Events(StreamingResponse):
    """A stream of events; the answer ends with it, also where the client goes away in the middle."""

    def __init__(self, lines: AsyncIterator[str], said: AsyncGenerator[Piece, None]) -> None:
        super().__init__(lines, media_type="text/event-stream", headers=_UNBUFFERED)
        self._said = said

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._said.aclose()
