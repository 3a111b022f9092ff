"""What servers on the way to a model may send: each ends in one sentence, within the time of the call."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from qa.errors import ModelBusy, ModelError, ModelUnreachable
from qa.llm.endpoint import Message, OpenAIModel
from qa.testing import Fault, serve

KEY = "sk-very-secret-key"
ASK = [Message("user", "When did it rain?")]
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
STREAM = HEAD + b"Content-Type: text/event-stream\r\n"
Send = Callable[[socket.socket], None]


class Raw:
    """A server that answers each request byte by byte; ``asked`` is what it was sent."""

    def __init__(self, reply: Send | bytes) -> None:
        self.asked: list[bytes] = []
        self._reply = reply
        self._at = socket.create_server(("127.0.0.1", 0))
        self.port = self._at.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._at.accept()
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            asked = client.recv(65536)
            while not asked.endswith(b"}"):  # the question; what is left unread resets the connection
                asked += client.recv(65536)
            self.asked.append(asked)
            self._reply(client) if callable(self._reply) else client.sendall(self._reply)


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def model_at(server: Raw, *, timeout: float = 5.0, max_retries: int = 0) -> OpenAIModel:
    return OpenAIModel("rain-1", base_url=server.base_url, api_key=KEY, timeout=timeout, max_retries=max_retries)


def failure(model: OpenAIModel, most: float) -> ModelError:
    """The error, which came within so many seconds, is one sentence and has no key."""
    began = time.monotonic()
    with pytest.raises(ModelError) as raised:
        list(model.stream(ASK, max_tokens=50))
    assert time.monotonic() - began < most
    said = str(raised.value)
    assert said.isprintable()
    assert said.endswith((".", "?"))
    assert len(said) < 400
    assert KEY not in said
    return raised.value


def text(model: OpenAIModel, max_tokens: int = 50) -> str:
    return "".join(delta.text for delta in model.stream(ASK, max_tokens=max_tokens))


def event(delta: dict[str, object], finish: str | None = None) -> bytes:
    return (
        b"data: " + json.dumps({"id": "1", "choices": [{"delta": delta, "finish_reason": finish}]}).encode() + b"\n\n"
    )


def test_headers_that_trickle_end_with_the_call() -> None:
    def trickle(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(300):
            client.sendall(b"X-A: b\r\n")
            time.sleep(0.1)

    error = failure(model_at(Raw(trickle), timeout=0.4, max_retries=2), most=4)
    assert type(error) is ModelUnreachable
    assert "No whole answer from http://127.0.0.1" in str(error)
    assert "within 2 s; is the server overloaded?" in str(error)


def test_an_error_that_trickles_ends_with_the_call() -> None:
    def trickle(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 500 Oh\r\nContent-Length: 9999\r\n\r\n")
        for _ in range(300):
            client.sendall(b"x")
            time.sleep(0.1)

    failure(model_at(Raw(trickle), timeout=0.4, max_retries=2), most=4)


def test_tries_and_their_pauses_are_within_the_call() -> None:
    server = Raw(lambda client: time.sleep(30))
    failure(model_at(server, timeout=0.5, max_retries=50), most=5)
    assert 2 <= len(server.asked) <= 5


def test_each_further_try_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    with serve([Fault(429), Fault(503), "It rained."]) as served:
        model = OpenAIModel("rain-1", base_url=served.base_url, api_key=KEY, max_retries=2)
        with caplog.at_level(logging.WARNING, "qa.llm.endpoint"):
            assert text(model) == "It rained."
    first, second = caplog.messages
    assert first.startswith(f"{served.base_url} answered with 429; it is asked again in 0.")
    assert first.endswith(" s (1 of 2).")
    assert " answered with 503; it is asked again in " in second
    assert KEY not in caplog.text


def test_a_pause_that_is_longer_than_the_call_is_told_at_once() -> None:
    busy = b"HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert isinstance(failure(model_at(Raw(busy), timeout=1.0, max_retries=2), most=2), ModelBusy)


def test_a_packed_reply_is_read() -> None:
    good = gzip.compress(event({"content": "It rained."}) + event({}, "stop") + b"data: [DONE]\n\n")
    packed = STREAM + b"Content-Encoding: gzip\r\n\r\n"
    assert text(model_at(Raw(packed + good))) == "It rained."


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
def test_a_bomb_takes_little_memory() -> None:
    packing = zlib.compressobj(wbits=31)
    bomb = packing.compress(b"data: ") + b"".join(packing.compress(b" " * 10**7) for _ in range(60)) + packing.flush()
    server = Raw(STREAM + b"Content-Encoding: gzip\r\n\r\n" + bomb)
    code = (
        "import re, sys; from qa.errors import ModelReply; from qa.llm.endpoint import Message, OpenAIModel\n"
        "model = OpenAIModel('rain-1', base_url=sys.argv[1], api_key='k', max_retries=0)\n"
        "try: list(model.stream([Message('user', 'Why?')], max_tokens=50))\n"
        "except ModelReply as error: print(error)\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    )
    said, most = subprocess.run(
        [sys.executable, "-c", code, server.base_url], capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert "broke off: it is longer than 32 MB; ask again." in said
    assert int(most) < 400_000  # KB


def test_a_line_without_end_is_broken_off() -> None:
    def endless(client: socket.socket) -> None:
        client.sendall(STREAM + b"\r\ndata: ")
        while True:
            client.sendall(b"x" * 1_000_000)

    assert "longer than 32 MB" in str(failure(model_at(Raw(endless), timeout=20.0), most=20))


def test_a_line_of_three_megabytes_is_cut() -> None:
    long = event({"content": "rain " * 600_000}) + event({}, "stop") + b"data: [DONE]\n\n"
    assert len(text(model_at(Raw(STREAM + b"\r\n" + long)))) == 50 * 16


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"307 Temporary Redirect", b"308 Permanent Redirect"])
def test_neither_key_nor_question_goes_to_another_server(status: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "api-key: another-secret")
    other = Raw(STREAM + b"\r\n" + event({"content": "Mine now."}, "stop"))
    for host in ("127.0.0.1", "localhost"):
        there = f"http://{host}:{other.port}/v1/chat/completions".encode()
        sends = Raw(b"HTTP/1.1 " + status + b"\r\nLocation: " + there + b"\r\nContent-Length: 0\r\n\r\n")
        error = failure(model_at(sends, max_retries=2), most=3)
        assert f"127.0.0.1 sends to another server, http://{host}:{other.port}, which gets neither" in str(error)
        assert len(sends.asked) == 1
    assert other.asked == []


def test_a_server_may_send_to_another_path_of_its_own() -> None:
    def moved(client: socket.socket) -> None:
        if b"/there" in server.asked[-1].split(b"\r\n")[0]:
            client.sendall(STREAM + b"\r\n" + event({"content": "It rained."}, "stop"))
        else:
            client.sendall(b"HTTP/1.1 307 There\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    server = Raw(moved)
    assert text(model_at(server)) == "It rained."
    assert KEY.encode() in server.asked[-1]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (STREAM + b"\r\ndata: " + b'{"a":' * 200_000 + b"\n\n", "not in the form of OpenAI's API (RecursionError)"),
        (STREAM + b"\r\ndata: " + b"[" * 200_000 + b"\n\n", "not in the form of OpenAI's API (RecursionError)"),
        (STREAM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nfoo", "broke off: illegal chunk header"),
        (STREAM + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nfoo", "broke off: illegal chunk header"),
        (STREAM + b"Content-Encoding: br\r\n\r\nxyz", "packed as nobody asked for"),
        (STREAM + b"Content-Encoding: gzip, gzip\r\n\r\nxyz", "packed as nobody asked for"),
        (STREAM + b"Content-Encoding: gzip\r\n\r\nno gzip", "broke off: it is no gzip"),
        (HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n<html>Sign in</html>", "sent a web page; check"),
        (HEAD + b'Content-Type: application/json\r\n\r\n{"choices": []}', "did not send its reply as a stream"),
        (HEAD + b"Content-Length: 9\r\n\r\n", "broke off"),
        (HEAD + b"\r\n", "sent an empty reply"),
        (STREAM + b"\r\n" + event({"tool_calls": [{"index": 0, "function": {"name": "rm"}}]}, "tool_calls"), "a tool"),
        (STREAM + b"\r\n" + event({"tool_calls": [{"index": 0}]}, "stop"), "asked for a tool instead of answering"),
        (STREAM + b"\r\n" + event({"refusal": "I cannot."}, "stop"), "refused to answer; ask in other words"),
        (STREAM + b"\r\n" + event({}, "content_filter"), "The content filter of rain-1"),
        (
            STREAM + b"\r\n" + event({"content": "\xff"}).replace(b"\\u00ff", b"\xff"),
            "is not in the form of OpenAI's API",
        ),
        (b"HTTP/1.1 403 No\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>proxy</html>", "(403)"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n", "No answer from"),
        (b"\x00\x01garbage\r\n\r\n", "No answer from"),
        (b"HTTP/1.1 307 There\r\nLocation: http://[::bad/\r\nContent-Length: 0\r\n\r\n", "an address that is none"),
        (b"HTTP/1.1 307 There\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "sends to another server"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: ws\r\n\r\n", ""),
    ],
)
def test_what_is_no_reply_is_told_in_a_sentence(sent: bytes, says: str) -> None:
    error = failure(model_at(Raw(sent)), most=6)
    assert says in str(error)


def test_qa_ask_says_on_standard_error_that_it_asks_again(folder: Path, tmp_path: Path) -> None:
    with serve([Fault(503), Fault(503), Fault(503)]) as served:
        given = ["ask", "How many boats were lost?", "--folder", str(folder), "--index", str(tmp_path / "index")]
        code = "from qa.cli import main; main()"
        got = subprocess.run(
            [sys.executable, "-c", code, *given, "--model", "rain-1", "--base-url", served.base_url],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert f"{served.base_url} answered with 503; it is asked again in " in got.stderr
    assert "(2 of 2)." in got.stderr


def test_a_connection_is_used_again() -> None:
    with serve(["It rained.", "It poured."]) as served:
        model = OpenAIModel("rain-1", base_url=served.base_url, api_key=KEY)
        assert [text(model), text(model)] == ["It rained.", "It poured."]
