from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from qa.errors import ModelBusy, ModelDenied, ModelError, ModelReply, ModelUnreachable
from qa.llm.endpoint import Delta, Message, OpenAIModel
from qa.testing import Fault, Reply, Served, serve
from qa.types import Usage

KEY = "sk-very-secret-key"
ASK = [Message("system", "Be brief."), Message("user", "When did it rain?")]


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Callable[..., Served]]:
    opened = []

    def start(*replies: Reply) -> Served:
        opened.append(serve(list(replies)))
        return opened[-1].__enter__()

    yield start
    for each in opened:
        each.__exit__(None, None, None)


def model_at(served: Served, *, max_retries: int = 0, timeout: float = 20.0) -> OpenAIModel:
    return OpenAIModel("rain-1", base_url=served.base_url, api_key=KEY, max_retries=max_retries, timeout=timeout)


def mocked(answer: Callable[[httpx.Request], httpx.Response], base_url: str = "https://example.org/v1") -> OpenAIModel:
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return OpenAIModel("rain-1", base_url=base_url, api_key=KEY, max_retries=0, http_client=client)


def events(*chunks: object) -> httpx.Response:
    body = "".join(f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n" for chunk in chunks)
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=body)


def chunk(text: str | None = None, finish: str | None = None) -> dict[str, object]:
    delta = {} if text is None else {"content": text}
    return {"id": "1", "object": "chat.completion.chunk", "choices": [{"delta": delta, "finish_reason": finish}]}


def ask(model: OpenAIModel) -> list[Delta]:
    return list(model.stream(ASK, max_tokens=50))


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def failure(model: OpenAIModel) -> ModelError:
    with pytest.raises(ModelError) as raised:
        ask(model)
    assert KEY not in f"{raised.value}{raised.value!r}{raised.value.__cause__}"
    return raised.value


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, qa.llm.endpoint; assert not {'openai', 'httpx', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_reply_comes_in_pieces_with_its_usage_last(server: Callable[..., Served]) -> None:
    served = server("It rained on Monday.")
    deltas = ask(model_at(served))
    assert text(deltas) == "It rained on Monday."
    assert len(deltas) > 3
    assert deltas[-1] == Delta(usage=Usage(6, 4, 1), cut=False)
    (request,) = served.requests
    assert request["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "When did it rain?"},
    ]
    assert (request["max_tokens"], request["temperature"], request["seed"]) == (50, 0.0, 0)


def test_the_first_piece_is_there_before_the_last_is_written(server: Callable[..., Served]) -> None:
    stream = model_at(server(["It ", 5.0, "rained."])).stream(ASK, max_tokens=50)
    began = time.monotonic()
    assert next(stream).text == "It "
    assert time.monotonic() - began < 4.0
    stream.close()


@pytest.mark.parametrize("option", ["stream_options", "seed", "temperature"])
def test_an_option_that_is_rejected_is_left_out_from_then_on(server: Callable[..., Served], option: str) -> None:
    rejection = Fault(400, f"Unrecognized request argument supplied: {option}")
    served = server(rejection, "It rained.", "It poured.")
    model = model_at(served)
    assert [text(ask(model)), text(ask(model))] == ["It rained.", "It poured."]
    assert [option in request for request in served.requests] == [True, False, False]


def test_two_options_can_be_rejected_one_after_the_other(server: Callable[..., Served]) -> None:
    served = server(Fault(422, "seed: extra fields"), Fault(422, "stream_options: extra fields"), "It rained.")
    assert text(ask(model_at(served))) == "It rained."
    assert not {"seed", "stream_options"} & set(served.requests[-1])


def test_a_model_that_wants_another_name_for_the_limit_gets_it(server: Callable[..., Served]) -> None:
    complaint = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    served = server(Fault(400, complaint), "It rained.")
    assert text(ask(model_at(served))) == "It rained."
    assert served.requests[-1]["max_completion_tokens"] == 50
    assert "max_tokens" not in served.requests[-1]


def test_a_rejection_that_no_option_explains_is_told(server: Callable[..., Served]) -> None:
    served = server(Fault(400, f"bad request with {KEY}"), Fault(400, "maximum context length is 4096 tokens"))
    assert "refused the request (400: " in str(failure(model_at(served)))
    assert "give it less evidence" in str(failure(model_at(served)))
    assert len(served.requests) == 2


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, ModelDenied, "did not accept the key (401); check OPENAI_API_KEY"),
        (403, ModelDenied, "did not accept the key (403)"),
        (404, ModelReply, "does not know the model rain-1; "),
        (429, ModelBusy, "overloaded or limits the rate (429"),
        (503, ModelBusy, "(503"),
    ],
)
def test_a_status_becomes_an_error_that_says_what_to_do(
    server: Callable[..., Served], status: int, kind: type[ModelError], words: str
) -> None:
    error = failure(model_at(server(Fault(status, f"no, {KEY}"))))
    assert type(error) is kind
    assert words in str(error)


def test_the_client_tries_again_when_the_server_is_busy(server: Callable[..., Served]) -> None:
    served = server(Fault(429), Fault(503), "It rained.", Fault(503), Fault(503), Fault(503))
    model = model_at(served, max_retries=2)
    assert text(ask(model)) == "It rained."
    assert isinstance(failure(model), ModelBusy)
    assert len(served.requests) == 6


def test_nothing_that_listens_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = failure(OpenAIModel("rain-1", base_url=f"http://127.0.0.1:{port}/v1", max_retries=0))
    assert isinstance(error, ModelUnreachable)
    assert str(error).startswith(f"No answer from http://127.0.0.1:{port}/v1 (")
    assert str(error).endswith("is the server running?")


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    server: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert text(ask(model_at(server("It rained.")))) == "It rained."


def test_an_answer_that_does_not_come_in_time_is_unreachable(server: Callable[..., Served]) -> None:
    error = failure(model_at(server([2.0, "It"]), timeout=0.2))
    assert isinstance(error, ModelUnreachable)
    assert "within 0.2 s" in str(error)


@pytest.mark.parametrize(
    "broken",
    [
        ["It ", Fault()],
        ["It ", Fault(raw='data: {"choices": [{"del\n\n')],
        ["It ", Fault(raw='data: {"error": {"message": "the engine died"}}\n\n')],
        ["It ", Fault(raw='data: {"choices": 7}\n\n')],
        ["It ", Fault(raw="data: [1, 2]\n\n")],
        ["It ", 2.0, "rained."],
    ],
)
def test_a_stream_that_breaks_is_a_bad_reply_after_what_came_before(
    server: Callable[..., Served], broken: list[str | float | Exception]
) -> None:
    stream = model_at(server(broken), timeout=0.5).stream(ASK, max_tokens=50)
    assert next(stream).text == "It "
    with pytest.raises(ModelReply, match="rain-1 at"):
        list(stream)


def test_an_empty_reply_is_an_error() -> None:
    assert "empty reply" in str(failure(mocked(lambda _: events(chunk("  "), chunk(finish="stop"), "[DONE]"))))
    assert "used up its 50 tokens" in str(failure(mocked(lambda _: events(chunk(finish="length"), "[DONE]"))))
    assert "content filter" in str(failure(mocked(lambda _: events(chunk(finish="content_filter")))))
    page = httpx.Response(200, headers={"content-type": "text/html"}, text="<html>It works!</html>")
    assert "most end in /v1" in str(failure(mocked(lambda _: page)))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"json": {"error": {"message": "Slow down, please.", "type": "rate"}}}, "(503: Slow down, please.)"),
        ({"json": {"error": "The model is loading"}}, "(503: The model is loading)"),
        ({"json": {"detail": "No worker is free"}}, "(503: No worker is free)"),
        ({"json": {"detail": [{"loc": ["model"], "msg": "field required"}]}}, "(503)"),
        ({"text": "<html><body>Bad gateway</body></html>"}, "(503)"),
        ({"text": "no healthy upstream"}, "(503: no healthy upstream)"),
    ],
)
def test_what_a_server_says_of_its_trouble_is_a_sentence_or_left_out(reply: dict[str, Any], said: str) -> None:
    told = str(failure(mocked(lambda _: httpx.Response(503, **reply))))
    assert f"limits the rate {said}; wait" in told


def test_a_reply_that_was_cut_says_so() -> None:
    assert ask(mocked(lambda _: events(chunk("It rai"), chunk(finish="length"), "[DONE]")))[-1].cut
    assert ask(mocked(lambda _: events(chunk("It rai"))))[-1].cut


def test_chunks_without_choices_and_repeated_usage_are_read() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    first = {"id": "", "object": "", "choices": [], "prompt_filter_results": []}  # Azure's
    chunks = (first, chunk("It rained.") | {"usage": usage}, chunk(finish="stop") | {"usage": usage}, "[DONE]")
    deltas = ask(mocked(lambda _: events(*chunks)))
    assert text(deltas) == "It rained."
    assert deltas[-1].usage == Usage(9, 1, 1)


def test_an_address_may_have_a_path_and_keeps_its_secrets() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return events(chunk("It rained.", "stop"), "[DONE]")

    model = mocked(answer, "https://ana:hush@example.org/openai/deployments/rain/v1/")
    assert text(ask(model)) == "It rained."
    assert seen[0].url.path == "/openai/deployments/rain/v1/chat/completions"
    assert model.identity == "rain-1 at example.org"
    assert "hush" not in repr(model)
    assert KEY not in repr(model) + str(model)
    assert "hush" not in str(failure(mocked(lambda _: httpx.Response(404), "https://ana:hush@example.org/v1")))


def test_without_a_key_an_address_is_enough(server: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelDenied, match=r"set OPENAI_API_KEY, give --base-url .* or leave --model out"):
        OpenAIModel("gpt-5")
    assert text(ask(OpenAIModel("rain-1", base_url=server("It rained.").base_url))) == "It rained."
    monkeypatch.setenv("OPENAI_BASE_URL", server("It poured.").base_url)
    assert text(ask(OpenAIModel("rain-1"))) == "It poured."
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert OpenAIModel("gpt-5").identity == "gpt-5"


def test_what_the_environment_holds_is_sent_where_it_may_be_and_nowhere_else(
    server: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("API_KEY", KEY), ("ADMIN_KEY", "sk-admin"), ("ORG_ID", "org-1"), ("PROJECT_ID", "proj-1"),
                        ("CUSTOM_HEADERS", "X-Gate: hush\nauthorization: Bearer hush")):  # fmt: skip
        monkeypatch.setenv(f"OPENAI_{name}", value)
    served = server("It rained.", "It poured.")
    for environment in (True, False):
        ask(OpenAIModel("rain-1", base_url=served.base_url, environment=environment))
    own, other = (repr(headers) for headers in served.headers)
    for secret in ("hush", "org-1", "proj-1"):
        assert secret in own
    for secret in (KEY, "sk-admin", "hush", "org-1", "proj-1"):
        assert secret not in other


def test_a_server_that_asks_for_a_key_where_none_was_given_says_so(server: Callable[..., Served]) -> None:
    error = failure(OpenAIModel("rain-1", base_url=server(Fault(401)).base_url))
    assert str(error).endswith("asks for a key; set OPENAI_API_KEY, or type one on the page.")


def test_closing_a_stream_hangs_up(server: Callable[..., Served]) -> None:
    served = server(["It ", *["rained "] * 5000], "It poured.")
    model = model_at(served)
    stream = model.stream(ASK, max_tokens=50)
    assert next(stream).text == "It "
    stream.close()
    assert text(ask(model)) == "It poured."


@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("qwen2.5-coder:1.5b", True), ("SmolLM2-135M-Instruct.Q4_1", True), ("llama-3.2-3B", True),
        ("qwen2.5-7b-instruct", False), ("mixtral-8x7b", False), ("Qwen3-30B-A3B", False), ("gpt-4o-mini", False),
        ("gpt-4.1-2026-01-01", False),
    ],
)  # fmt: skip
def test_a_model_is_small_by_the_size_in_its_name(name: str, small: bool) -> None:
    assert OpenAIModel(name, base_url="https://example.org/v1", api_key=KEY).small is small


@pytest.mark.parametrize(
    ("listed", "small"),
    [
        ({"id": "rain-1", "meta": {"n_params": 1_543_714_304}}, True),
        ({"id": "other", "meta": {"n_params": 1_543_714_304}}, True),
        ({"id": "rain-1", "meta": {"n_params": 8_000_000_000}}, False),
        ({"id": "rain-1", "meta": {"n_params": "many"}}, False),
        ({"id": "rain-1", "meta": None}, False),
        ({"id": "rain-1"}, False),
        (None, False),
    ],
)
def test_a_model_is_small_by_what_its_server_on_this_machine_tells(listed: object, small: bool) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/models"
        return httpx.Response(200, json={"object": "list", "data": [listed] if listed else []})

    assert mocked(answer, "http://127.0.0.1:9/v1").small is small
    assert not mocked(lambda request: httpx.Response(500), "http://127.0.0.1:9/v1").small


def test_a_server_elsewhere_is_not_asked_for_the_size() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    assert not mocked(answer).small


def test_a_server_that_was_down_is_asked_for_the_size_again() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) == 1:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json={"data": [{"id": "rain-1", "meta": {"n_params": 135e6}}]})

    model = mocked(answer, "http://127.0.0.1:9/v1")
    assert [model.small for _ in range(3)] == [False, True, True]
    assert len(asked) == 2


# ── What has no end, and what is no text ──────────────────────────────────────────────────────────────────────────────


def answering(reply: Callable[[socket.socket], None]) -> str:
    """The address of a server that answers each request by what is given, byte by byte."""
    at = socket.create_server(("127.0.0.1", 0))

    def serving() -> None:
        while True:
            client, _ = at.accept()
            with client, contextlib.suppress(OSError):
                client.recv(65536)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
                reply(client)

    threading.Thread(target=serving, daemon=True).start()
    return f"http://127.0.0.1:{at.getsockname()[1]}/v1"


@pytest.mark.parametrize("sent", [b": ping\n\n", b"d", f"data: {json.dumps(chunk('word '))}\n\n".encode()])
def test_a_reply_that_trickles_without_end_is_broken_off(sent: bytes) -> None:
    def trickle(client: socket.socket) -> None:
        for _ in range(300):
            client.sendall(sent)
            time.sleep(0.1)

    model = OpenAIModel("rain-1", base_url=answering(trickle), timeout=0.4, max_retries=0)
    began = time.monotonic()
    with pytest.raises(ModelReply, match=r"broke off: it was not at its end after 2 s; ask again"):
        list(model.stream(ASK, max_tokens=500))
    assert time.monotonic() - began < 10


def test_a_reply_of_any_length_is_cut() -> None:
    replies = events(*[chunk("It rained. ")] * 999), events(chunk("x" * 10**6))
    for reply in replies:
        *said, last = mocked(lambda _, reply=reply: reply).stream(ASK, max_tokens=10)  # type: ignore[misc]
        assert len("".join(delta.text for delta in said)) == 160
        assert last.cut


def test_half_a_character_and_a_count_that_is_none_are_left_out() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": None, "completion_tokens": "many"}}
    reply = events(chunk("\ud800It rained."), chunk(finish="stop"), usage)
    said, last = mocked(lambda _: reply).stream(ASK, max_tokens=10)
    assert said.text.encode() == "\ufffdIt rained.".encode()
    assert last.usage == Usage(0, 0, 1)


def test_a_server_that_wants_a_long_rest_is_not_waited_for() -> None:
    asked = 0

    def busy(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(429, headers={"retry-after": "55"}, json={"error": {"message": "\x1b[31mred\x07 hot"}})

    model = OpenAIModel("rain-1", base_url="https://example.org/v1", api_key=KEY, max_retries=2)
    client = httpx.Client(transport=httpx.MockTransport(busy))
    model._http_client = client
    with pytest.raises(ModelBusy, match=r"429: \[31mred hot\)") as raised:
        list(model.stream(ASK, max_tokens=10))
    assert asked == 1
    assert str(raised.value).isprintable()
