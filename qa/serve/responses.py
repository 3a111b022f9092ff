"""An answer in the shapes of OpenAI's responses API, whole and streamed; the field ``qa`` has all of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from qa.serve.annotations import Address, Piece, file_citation, whole
from qa.serve.export import answer_json
from qa.types import Answer, Usage

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of the model of that name; ``address`` says where a citation's paragraph is read."""

    model: str
    address: Address
    id: str = field(default_factory=lambda: f"resp_{uuid4().hex}")
    item: str = field(default_factory=lambda: f"msg_{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    _number: count[int] = field(default_factory=count)

    async def whole(self, pieces: AsyncIterator[Piece]) -> dict[str, Any]:
        text, marks, answer = await whole(pieces)
        return self._completed(text, [file_citation(mark, self.address) for mark in marks], answer)

    async def events(self, pieces: AsyncIterator[Piece]) -> AsyncIterator[Event]:
        """A delta for each claim, followed by its annotations; the last event has the whole response."""
        for event in self._opening():
            yield event
        text, cited = "", list[dict[str, Any]]()
        async for piece in pieces:
            text += piece.text
            if piece.text:
                yield self._event("output_text.delta", **self._at_text(), delta=piece.text, logprobs=[])
            for mark in piece.marks:
                cited.append(file_citation(mark, self.address))
                yield self._event("output_text.annotation.added", **self._at_text(), annotation=cited[-1],
                                  annotation_index=len(cited) - 1)  # fmt: skip
            if piece.answer:
                for event in self._closing(text, cited, piece.answer):
                    yield event

    def _opening(self) -> Iterator[Event]:
        yield self._event("created", response=self._body("in_progress", []))
        yield self._event("in_progress", response=self._body("in_progress", []))
        yield self._event("output_item.added", output_index=0, item=self._message("in_progress", []))
        yield self._event("content_part.added", **self._at_text(), part=_text("", []))

    def _closing(self, text: str, cited: list[dict[str, Any]], answer: Answer) -> Iterator[Event]:
        part = _text(text, cited)
        yield self._event("output_text.done", **self._at_text(), text=text, logprobs=[])
        yield self._event("content_part.done", **self._at_text(), part=part)
        yield self._event("output_item.done", output_index=0, item=self._message("completed", [part]))
        yield self._event("completed", response=self._completed(text, cited, answer))

    def _event(self, kind: str, **fields: Any) -> Event:
        return {"type": f"response.{kind}", "sequence_number": next(self._number), **fields}

    def _at_text(self) -> dict[str, Any]:
        return {"item_id": self.item, "output_index": 0, "content_index": 0}

    def _message(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self.item, "type": "message", "role": "assistant", "status": status, "content": content}

    def _completed(self, text: str, cited: list[dict[str, Any]], answer: Answer) -> dict[str, Any]:
        body = self._body("completed", [self._message("completed", [_text(text, cited)])])
        return {**body, "usage": _usage(answer.usage), "qa": answer_json(answer)}

    def _body(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        none = dict.fromkeys(("error", "incomplete_details", "instructions", "previous_response_id", "usage"))
        fixed = {"parallel_tool_calls": False, "tool_choice": "none", "tools": [], "store": False, "metadata": {}}
        own = {"id": self.id, "object": "response", "created_at": self.created, "model": self.model}
        return {**own, "status": status, "output": output, **none, **fixed}


def _text(text: str, cited: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": cited, "logprobs": []}


def _usage(usage: Usage) -> dict[str, Any]:
    asked, wrote = usage.prompt_tokens, usage.completion_tokens
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": wrote,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + wrote,
    }
