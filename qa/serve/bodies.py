"""What programs send, checked: bodies in OpenAI's shapes, of which what has no meaning here is left unread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from qa.errors import UsageError
from qa.types import Filters, Turn

QUESTION = 4000  # characters of a question, as on the page
_MESSAGE = 32_000  # characters of a message, and of one part of it
_MESSAGES = 200  # of a chat
_ASKED = "Who led the delegation to Kabul?"

Text = Annotated[str, StringConstraints(max_length=_MESSAGE)]
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=QUESTION)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


def _written(sent: Any) -> Any:
    if sent is not None and not isinstance(sent, str):
        raise ValueError("a day is written as 2025-07-26")
    return sent


Day = Annotated[date, BeforeValidator(_written)]  # pydantic alone takes a number for seconds since 1970


class Within(BaseModel):
    """Which articles are searched."""

    model_config = ConfigDict(extra="forbid")
    sources: Annotated[list[Name], Field(max_length=100)] = []
    languages: Annotated[list[Name], Field(max_length=100)] = []
    since: Day | None = None
    until: Day | None = None

    def filters(self) -> Filters | None:
        return Filters(tuple(self.sources), tuple(self.languages), self.since, self.until) or None


class Extension(BaseModel):
    """What OpenAI's API has no word for: the day of the question, and which articles are searched."""

    model_config = ConfigDict(extra="forbid")
    as_of: Day | None = None
    filters: Within = Within()


class Part(BaseModel):
    type: str
    text: Text = ""


class Message(BaseModel):
    """A message of a chat; those of the system and of tools are left unread."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"] = "user"
    content: Text | Annotated[list[Part], Field(max_length=100)] | None = None

    def said(self) -> str:
        """The message's text. Raises `UsageError` for a part of a user's that is none."""
        if not isinstance(self.content, list):
            return self.content or ""
        if self.role == "user" and any(not part.type.endswith("text") for part in self.content):
            raise UsageError("Only text can be asked; leave images, files and sound out.")
        return "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    include_usage: bool = False


class Format(BaseModel):
    type: str = "text"


class ChatBody(BaseModel):
    """What `/v1/chat/completions` takes; `temperature`, `max_tokens`, `tools` and the like are left unread."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "qa", "messages": [{"role": "user", "content": _ASKED}]}]}
    )
    model: Name
    messages: list[Message] = Field(min_length=1, max_length=_MESSAGES)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = 1
    response_format: Format | None = None
    qa: Extension = Extension()

    def asked(self) -> Asked:
        """Raises `UsageError`."""
        return asked(self.messages, self.qa, self.response_format)


class Item(Message):
    """An item of a response's input; what is no message is left unread."""

    type: str = "message"


class TextForm(BaseModel):
    format: Format | None = None


class ResponseBody(BaseModel):
    """What `/v1/responses` takes; nothing is kept here, so that the whole chat is sent as ``input``."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "qa", "input": _ASKED}]})
    model: Name
    input: Text | Annotated[list[Item], Field(min_length=1, max_length=_MESSAGES)]
    stream: bool | None = False
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = False
    text: TextForm | None = None
    qa: Extension = Extension()

    def asked(self) -> Asked:
        """Raises `UsageError`."""
        if self.previous_response_id or self.conversation or self.background:
            raise UsageError("Nothing is kept here; send the whole chat as input, and wait for its answer.")
        sent = [Item(content=self.input)] if isinstance(self.input, str) else self.input
        messages = [item for item in sent if item.type == "message"]
        return asked(messages, self.qa, self.text.format if self.text else None)


class SearchBody(BaseModel):
    """What `/v1/search` takes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"query": _ASKED, "top_k": 3}]})
    query: Question
    top_k: int = Field(10, ge=1, le=50)
    model: Name | None = None
    as_of: Day | None = None
    filters: Within = Within()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the chat before it."""

    question: str
    history: tuple[Turn, ...]
    as_of: date | None
    filters: Filters | None


def asked(messages: Sequence[Message], extension: Extension, form: Format | None) -> Asked:
    """The last message as the question, those before it as its history. Raises `UsageError`."""
    if form and form.type != "text":
        raise UsageError("Answers are sentences with citations; leave the response's format out.")
    turns = tuple(_turns(messages))
    if not turns or messages[-1].role != "user" or not 0 < len(turns[-1].content.strip()) <= QUESTION:
        raise UsageError(f"The last message is the question: a user's, of 1 to {QUESTION:,} characters.")
    return Asked(turns[-1].content.strip(), turns[:-1], extension.as_of, extension.filters.filters())


def _turns(messages: Sequence[Message]) -> Iterator[Turn]:
    for message in messages:
        if message.role in ("user", "assistant") and (said := message.said()):
            yield Turn("user" if message.role == "user" else "assistant", said)
