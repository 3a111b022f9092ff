"""An answer in the shapes of OpenAI's chat API, whole and streamed; the field ``qa`` has all of it (`answer_json`)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from qa.serve.annotations import Address, Piece, url_citation, whole
from qa.serve.export import answer_json
from qa.types import Usage

Event = dict[str, Any] | str  # "[DONE]" is the last


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of the model of that name; ``address`` says where a citation's paragraph is read."""

    model: str
    address: Address
    include_usage: bool = False  # in a chunk of its own, at a stream's end
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    async def whole(self, pieces: AsyncIterator[Piece]) -> dict[str, Any]:
        text, marks, answer = await whole(pieces)
        cited = [url_citation(mark, self.address) for mark in marks]
        message = {"role": "assistant", "content": text, "refusal": None, "annotations": cited}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        body = self._body("chat.completion", [choice])
        return {**body, "usage": answer.usage.as_openai(), "qa": answer_json(answer)}

    async def events(self, pieces: AsyncIterator[Piece]) -> AsyncIterator[Event]:
        """A chunk for each claim, with its annotations; the last has no words, and all of the answer."""
        usage = Usage()
        yield self._chunk({"role": "assistant", "content": ""})
        async for piece in pieces:
            if piece.text:
                cited = [url_citation(mark, self.address) for mark in piece.marks]
                yield self._chunk({"content": piece.text, **({"annotations": cited} if cited else {})})
            if piece.answer:
                usage = piece.answer.usage
                yield {**self._chunk({}, "stop"), "qa": answer_json(piece.answer)}
        if self.include_usage:
            yield {**self._body("chat.completion.chunk", []), "usage": usage.as_openai()}
        yield "[DONE]"

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._body("chat.completion.chunk", [choice])

    def _body(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model, "choices": choices}
