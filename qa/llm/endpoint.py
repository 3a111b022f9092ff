"""Language models behind an OpenAI-compatible address: the only module that knows ``openai``."""

from __future__ import annotations

import logging
import os
import random
import re
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

from qa.errors import ModelBusy, ModelDenied, ModelError, ModelReply, ModelUnreachable
from qa.types import Usage

if TYPE_CHECKING:
    import httpx
    import openai
    from openai.types.chat import ChatCompletionChunk

    from qa.llm import network

_OPENAI = "https://api.openai.com/v1"
_log = logging.getLogger(__name__)
_NO_KEY = "no-key-needed"  # the client insists on a key; a local server does not
_CONNECT = 10.0  # seconds: an address that takes longer to connect to is wrong or down, however slow the model is
_WHOLE = 5  # times the timeout that a whole call may take, every try, its headers and its reply: one that trickles
# never waits long for the network
_LONGEST = 16  # characters of a token, beyond which a reply is longer than was asked for and is cut
_PATIENT = 10.0  # seconds that a server may ask to be left alone for before it is asked again; else that is told
_HALF = re.compile("[\ud800-\udfff]")  # half a character, which no file, terminal or database takes
_OPTIONAL = ("stream_options", "seed", "temperature")  # endpoints that reject one are asked again without it
_DETAIL = 200  # characters of a server's own words in a message of ours
_FEW = 4e9  # parameters below which a model is small: it invents, refuses at random and reads slowly
_SIZE = re.compile(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)([bm])(?![a-z])", re.IGNORECASE)  # "qwen2.5-coder-1.5b", "135M"
_FIRST, _MOST = 0.5, 8.0  # seconds before the second try, twice as many before each other, as OpenAI's client has it
_AGAIN = (408, 409, 429)  # answers, beside the server's own failures, after which another try may do
_LOOK = 5.0  # seconds for a server on this machine to tell what it serves


@dataclass(frozen=True, slots=True)
class Message:
    """One message to the model."""

    role: Literal["system", "user", "assistant"]
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply. ``usage`` comes with the last, when it comes; ``cut`` says that the reply was broken off
    (by ``max_tokens``, or without a word of why), so that its last sentence may not be whole."""

    text: str = ""
    usage: Usage | None = None
    cut: bool = False


class ChatModel(Protocol):
    """What writes an answer: anything with an ``identity`` (a name to print) that streams a reply in pieces."""

    @property
    def identity(self) -> str: ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Delta]:
        """The reply, as it is written; raises a ModelError."""
        ...


def is_small(model: ChatModel | None) -> bool:
    """Whether a model says of itself (``small``) that it is one whose answers the articles' own sentences complete."""
    return bool(getattr(model, "small", False))


class OpenAIModel:
    """A model of OpenAI, or of any endpoint that speaks its chat API (Azure, Ollama, vLLM, LM Studio, llama.cpp).

    Without ``api_key`` the key is OPENAI_API_KEY; with a ``base_url`` (or OPENAI_BASE_URL) none is needed. Where
    ``environment`` is false no key and no header that the environment holds is sent: for an address that somebody else
    named than who set that environment. ``timeout`` is in seconds, for each wait for the network, and five times as
    long for a whole call with its ``max_retries``, on a rate limit, an overload or a lost connection, where the server
    does not ask for more than ten seconds; each is announced in the log. ``structured`` says that replies may be
    held to a form (`stream`); an endpoint that turns the form down is asked without it, and remembered.
    ``http_client`` is for tests and proxies, and bounds itself. Raises ModelDenied when there is neither key nor
    address, and every other ModelError while streaming.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        environment: bool = True,
        timeout: float = 60.0,
        max_retries: int = 2,
        temperature: float | None = 0.0,
        seed: int | None = 0,
        structured: bool = False,
        http_client: httpx.Client | None = None,
    ) -> None:
        key = api_key or (os.environ.get("OPENAI_API_KEY") if environment else None)
        self.base_url = address(base_url)
        if not key and self.base_url == _OPENAI:
            raise ModelDenied(
                f"There is no key for {model}: set OPENAI_API_KEY, give --base-url for a local server, "
                "or leave --model out for the embedded answerer."
            )
        self.model = model
        self._key = key or _NO_KEY
        self._environment = environment
        self._timeout = timeout
        self._max_retries = max_retries
        self._options = {"temperature": temperature, "seed": seed, "stream_options": {"include_usage": True}}
        self._limit = "max_tokens"
        self._parameters: float | None = None  # of the model; None: not asked yet
        self.structured = structured
        self._http_client = http_client

    @property
    def identity(self) -> str:
        return self.model if self.base_url == _OPENAI else f"{self.model} at {self._host}"

    @property
    def small(self) -> bool:
        """Whether the model has fewer than four billion parameters: by its name, or, on this machine, by what its
        server tells (llama.cpp does). False where neither says so, or the server is down: it is asked again then."""
        if self._parameters is None:
            named = [float(count) * (1e9 if unit in "bB" else 1e6) for count, unit in _SIZE.findall(self.model)]
            self._parameters = max(named) if named else self._served_parameters() if self._here else 0.0
        return 0 < (self._parameters or 0) < _FEW

    def _served_parameters(self) -> float | None:
        """How many the server says that the model has; 0 where it does not say, None where it cannot be asked."""
        import openai

        from qa.llm import network

        try:
            with network.Term(_LOOK).held():
                served = self._client.with_options(timeout=_LOOK, max_retries=0).models.list().data
        except openai.APIConnectionError:
            return None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError):
            return 0.0
        mine = [m for m in served if m.id == self.model] or served[:1]
        meta = (mine[0].model_extra or {}).get("meta") if mine else None
        found = meta.get("n_params") if isinstance(meta, dict) else None
        return float(found) if isinstance(found, int | float) else 0.0

    def __repr__(self) -> str:
        return f"OpenAIModel({self.identity!r})"

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, form: Mapping[str, Any] | None = None
    ) -> Generator[Delta]:
        """The reply in pieces; the connection is given back when the iterator is closed before its end.

        ``form`` is a JSON schema that the reply is to follow, where the endpoint can and ``structured`` says so.
        """
        from qa.llm import network

        term = network.Term(_WHOLE * self._timeout)
        with self._errors():
            chunks = self._ask([{"role": m.role, "content": m.content} for m in messages], max_tokens, form, term)
            with chunks:
                yield from self._deltas(chunks, max_tokens, chunks.response.headers.get("content-type", ""))

    def _ask(
        self, messages: Any, max_tokens: int, form: Mapping[str, Any] | None, term: network.Term
    ) -> openai.Stream[ChatCompletionChunk]:
        """The open stream; an endpoint that rejects an option by name is asked once more without it, and remembered."""
        import openai

        while True:
            options: Any = {k: v for k, v in self._options.items() if v is not None} | {self._limit: max_tokens}
            if form and self.structured:
                options["response_format"] = _strict(form)
            try:
                chunks = self._tried(messages, options, term)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if self._give_way(f"{error.param} {error.message}"):
                    continue
                if "response_format" not in options:
                    raise
                self.structured = False  # whatever it complains of, without a form it may do
            else:
                return chunks

    def _tried(
        self, messages: Any, options: Mapping[str, Any], term: network.Term
    ) -> openai.Stream[ChatCompletionChunk]:
        """The open stream, asked for again where that may help and there is time; each time is announced."""
        import openai

        tries = 0
        while True:
            try:
                with term.held():
                    chunks: openai.Stream[ChatCompletionChunk] = self._client.chat.completions.create(
                        model=self.model, messages=messages, stream=True, **options
                    )
                    return chunks
            except (openai.APIStatusError, openai.APIConnectionError) as error:
                if isinstance(error, openai.APITimeoutError) and term.over:
                    raise ModelUnreachable(
                        f"No whole answer from {self._place} within {term.seconds:g} s; is the server overloaded?"
                    ) from None
                wait = _pause(error, tries)
                if tries >= self._max_retries or wait is None or wait >= term.left:
                    raise
                tries += 1
                why = f"answered with {error.status_code}" if isinstance(error, openai.APIStatusError) else "failed"
                _log.warning("%s %s; it is asked again in %.1f s (%d of %d).", self._place, why, wait, tries,
                             self._max_retries)  # fmt: skip
                time.sleep(wait)

    def _give_way(self, complaint: str) -> bool:
        """Whether an option that the endpoint complains of by name could be left out from now on."""
        if self._limit == "max_tokens" and "max_completion_tokens" in complaint:
            self._limit = "max_completion_tokens"  # OpenAI's reasoning models know no other
            return True
        for name in _OPTIONAL:
            if self._options.get(name) is not None and re.search(rf"\b{name}\b", complaint):
                self._options = self._options | {name: None}
                return True
        return False

    def _deltas(self, chunks: Iterable[ChatCompletionChunk], max_tokens: int, kind: str) -> Iterator[Delta]:
        usage, wrote = Usage(calls=1), False
        finish: str | None = None
        left = max_tokens * _LONGEST
        for chunk in chunks:
            if chunk.usage:
                usage = Usage(_count(chunk.usage.prompt_tokens), _count(chunk.usage.completion_tokens), 1)
            for choice in chunk.choices or ():
                finish = choice.finish_reason or finish
                if choice.delta and (choice.delta.tool_calls or choice.delta.refusal):
                    finish = "tool_calls" if choice.delta.tool_calls else "refusal"
                if text := choice.delta.content if choice.delta else None:
                    wrote = wrote or not text.isspace()
                    yield Delta(_HALF.sub("\ufffd", text[:left]))
                    left -= len(text)
            if left <= 0:
                finish = "length"
                break
        if not wrote:
            raise ModelReply(self._empty(finish, max_tokens, kind))
        yield Delta(usage=usage, cut=finish in (None, "length", "content_filter"))

    def _empty(self, finish: str | None, max_tokens: int, kind: str) -> str:
        """What is said of a reply without a word; ``kind`` is its content type."""
        if finish == "length":
            return f"{self.identity} used up its {max_tokens} tokens before it wrote a word; allow it more."
        if finish == "content_filter":
            return f"The content filter of {self.identity} withheld the reply; ask in other words."
        if finish == "tool_calls":
            return f"{self.identity} asked for a tool instead of answering; choose another model."
        if finish == "refusal":
            return f"{self.identity} refused to answer; ask in other words, or choose another model."
        if kind.startswith("text/html"):
            return (
                f"{self.identity} sent a web page; check its address (most end in /v1), and whether a proxy wants a "
                "sign-in first."
            )
        if kind.startswith("application/json"):
            return f"{self.identity} did not send its reply as a stream, as it was asked to; check its address."
        return f"{self.identity} sent an empty reply; check that its address is right (most end in /v1)."

    @cached_property
    def _client(self) -> openai.OpenAI:
        import httpx
        import openai

        from qa.llm import network

        # A proxy from the environment does not reach this machine.
        own = self._http_client or network.bounded(openai.DefaultHttpxClient(trust_env=not self._here))
        return openai.OpenAI(
            api_key=self._key,
            base_url=self.base_url,
            timeout=httpx.Timeout(self._timeout, connect=min(self._timeout, _CONNECT)),
            max_retries=0,  # `_tried` says so, and knows the time that there is
            http_client=own,
            default_headers=None if self._environment else _without_environment(),
        )

    @property
    def _here(self) -> bool:
        """Whether the address is on this machine."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def _host(self) -> str:
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def _place(self) -> str:
        """The address without anything that may be secret: no user, no password, no query."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{self._host}{parts.path}".rstrip("/")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turns what the client and the network raise into a ModelError, whose words hold no key."""
        import httpx
        import openai

        try:
            yield
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        except openai.APITimeoutError:
            raise ModelUnreachable(
                f"No answer from {self._place} within {self._timeout:g} s; is the server overloaded?"
            ) from None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, ModelError):
                raise error.__cause__ from None
            raise ModelUnreachable(f"No answer from {self._place}{_why(error)}; is the server running?") from None
        except (openai.OpenAIError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelReply(f"The reply of {self.identity} broke off{self._said(error)}; ask again.") from None
        except (ValueError, TypeError, AttributeError, RecursionError) as error:  # nested too deep
            raise ModelReply(
                f"{self.identity} sent a reply that is not in the form of OpenAI's API ({type(error).__name__}); "
                "ask again, or check the address."
            ) from None

    def _refused(self, error: openai.APIStatusError) -> ModelError:
        status, place = error.status_code, self._place
        if status == 401 and self._key == _NO_KEY:
            return ModelDenied(f"{place} asks for a key; set OPENAI_API_KEY, or type one on the page.")
        if status in (401, 403):
            return ModelDenied(f"{place} did not accept the key ({status}); check OPENAI_API_KEY and what it may use.")
        if status == 404:
            return ModelReply(f"{place} does not know the model {self.model}; {place}/models lists those it has.")
        if status == 429 or status >= 500:
            return ModelBusy(f"{place} is overloaded or limits the rate ({status}{self._said(error)}); wait a little.")
        if re.search(r"context|too long", error.message, re.IGNORECASE):
            return ModelReply(f"{self.model} cannot take so long a prompt; give it less evidence{self._said(error)}.")
        return ModelReply(f"{place} refused the request ({status}{self._said(error)}).")

    def _said(self, error: Exception) -> str:
        """The server's first words after a colon, without the key; nothing when it said nothing that is a sentence."""
        words = _plain(_sentence(error).replace(self._key, "(key)"))
        return f": {words[:_DETAIL]}" if words else ""


def address(base_url: str | None) -> str:
    """The address that a model is asked at where this one is named: OPENAI_BASE_URL's or OpenAI's where none is."""
    return base_url or os.environ.get("OPENAI_BASE_URL") or _OPENAI


def _without_environment() -> dict[str, Any]:
    """What takes the headers out that the client reads from the environment by itself."""
    import openai

    custom = [line.partition(":")[0].strip() for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")]
    return {name: openai.Omit() for name in ("OpenAI-Organization", "OpenAI-Project", *filter(None, custom))}


def _strict(form: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": dict(form)}}


def _sentence(error: Exception) -> str:
    """What an error says; of a server's reply its message, "" for JSON that has none and for a proxy's HTML page."""
    body = getattr(error, "body", None)
    if isinstance(body, Mapping):
        return next((body[key] for key in ("message", "detail") if isinstance(body.get(key), str)), "")
    said = body if isinstance(body, str) else str(getattr(error, "message", error))
    return "" if said.lstrip().startswith(("<", "{", "[")) else said


def _count(said: Any) -> int:
    """Tokens, as the client hands them on unread; none where that is no number."""
    return said if isinstance(said, int) else 0


def _plain(said: str) -> str:
    """A server's words in one line, without what steers a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())


def _pause(error: openai.APIError, tries: int) -> float | None:
    """The seconds after which the server may be asked again; None where that would not help, or it asks for more
    patience than there is."""
    import httpx
    import openai

    never = (ModelError, httpx.TooManyRedirects, httpx.UnsupportedProtocol)  # the first is ours: `qa.llm.network`
    if isinstance(error.__cause__, never):
        return None
    if isinstance(error, openai.APIStatusError):
        said = error.response.headers
        again = said.get("x-should-retry") or str(error.status_code in _AGAIN or error.status_code >= 500).lower()
        if again != "true":
            return None
        wait = str(said.get("retry-after", ""))
        if wait.isdecimal() and int(wait):
            return float(wait) if int(wait) <= _PATIENT else None
    return min(_FIRST * 2.0**tries, _MOST) * random.uniform(0.75, 1.0)  # so that those who wait do not come at once


def _why(error: Exception) -> str:
    """The reason below a connection error in brackets, such as " ([Errno 111] Connection refused)"."""
    words = _plain(str(error.__cause__ or ""))
    return f" ({words[:_DETAIL]})" if words else ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
