"""OpenTelemetry's spans of answers: by its SDK's own exporter, and as they reach a collector."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from serving import CODE, Server, serving
from starlette.testclient import TestClient

from conftest import SEEDS
from qa import Assistant
from qa.errors import ModelUnreachable, UsageError
from qa.page import chats
from qa.page.actions import Desk
from qa.serve import spans
from qa.serve.answering import Answering
from qa.serve.bodies import ChatBody
from qa.serve.guard import Doors, local_names
from qa.serve.http import application
from qa.serve.metrics import Metrics
from qa.serve.models import Models
from qa.serve.work import Work
from qa.testing import ScriptedModel

KABUL = "Who led the delegation to Kabul?"
BODY: dict[str, Any] = {"messages": [{"role": "user", "content": KABUL}]}
STEPS = ["retrieve", "rank", "draft", "check", "compare"]
Spans = Callable[..., tuple[ReadableSpan, ...]]


@pytest.fixture
def made() -> Iterator[Spans]:
    """Begins; called again, the spans that there are since."""
    answers, exporter, begun = logging.getLogger("qa.answers"), InMemorySpanExporter(), False
    before = answers.handlers[:], answers.level

    def found(**how: bool) -> tuple[ReadableSpan, ...]:
        nonlocal begun
        if not begun:
            spans.begin(SimpleSpanProcessor(exporter), **how)
            begun = True
        return exporter.get_finished_spans()

    yield found
    answers.handlers[:] = before[0]
    answers.setLevel(before[1])


@pytest.mark.parametrize("questions", [False, True])
def test_a_question_has_a_span_with_its_steps_in_it(
    seeds: Assistant, tmp_path: Path, made: Spans, questions: bool
) -> None:
    made(questions=questions)
    desk = Desk(seeds, home=tmp_path)
    list(desk.ask(browser="a" * 32, language="en", chat=chats.new_id(), question=KABUL))
    *steps, whole = made()
    assert [span.name for span in (whole, *steps)] == ["question", *STEPS]
    assert whole.parent is None
    assert whole.start_time is not None
    assert whole.end_time is not None
    at = whole.start_time
    for span in steps:
        assert span.parent is not None
        assert span.parent == whole.get_span_context()
        assert span.start_time == at
        assert span.end_time is not None
        at = span.end_time
    assert whole.start_time < at <= whole.end_time
    known = dict(whole.attributes or {})
    assert (known["qa.server"], known["qa.status"], known["qa.claims"]) == ("page", "answered", 1)
    assert known.get("qa.question") == (KABUL if questions else None)
    said = "".join(span.to_json() for span in made())
    assert ("Kabul" in said) == questions
    assert "Araghchi" not in said
    assert whole.resource.attributes["service.name"] == "qa"


def test_what_failed_is_an_error_by_its_class(seeds: Assistant, made: Spans) -> None:
    made()
    work = Work(1, 1)
    model = ScriptedModel([ModelUnreachable("secret place")])
    asks = Assistant(seeds.folder, seeds.store, seeds.embedder, seeds.settings, model)
    answering = Answering(Models([asks], work), Metrics(work))

    async def one() -> None:
        async for _ in answering.pieces("scripted", ChatBody.model_validate({"model": "scripted", **BODY}).asked()):
            pass

    with pytest.raises(ModelUnreachable):
        asyncio.run(one())
    [span] = made()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ModelUnreachable")
    assert "secret" not in span.to_json()


class Collector(BaseHTTPRequestHandler):
    """Takes what OTLP's exporter sends."""

    sent: list[bytes]

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        self.sent.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def collecting() -> Iterator[tuple[str, list[bytes]]]:
    """A collector's address, and what it is sent."""
    sent: list[bytes] = []
    collector = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Collector,), {"sent": sent}))
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{collector.server_port}", sent
    collector.shutdown()
    collector.server_close()


def read(sent: list[bytes]) -> list[Span]:
    """The spans that were sent."""
    request = ExportTraceServiceRequest()
    request.ParseFromString(b"".join(sent))
    return [span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans]


def stop(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("asked_for", ["--otel", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_a_collector_gets_them_of_qa_serve(seeds: Assistant, tmp_path: Path, asked_for: str) -> None:
    options, name = ((), asked_for) if asked_for.startswith("OTEL") else (("--otel",), "OTEL_EXPORTER_OTLP_ENDPOINT")
    with (
        collecting() as (there, sent),
        serving(tmp_path / "log", str(SEEDS), *options, environment={name: there}) as server,
    ):
        got = httpx.post(f"{server.v1}/chat/completions", json={"model": "qa", **BODY}, timeout=60)
        assert got.status_code == 200
        stop(server)
    assert [span.name for span in read(sent)] == [*STEPS, "question"]
    assert b"Kabul" not in b"".join(sent)


TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "stream", "/v1/responses", "/mcp"])
def test_the_trace_of_a_caller_goes_on(seeds: Assistant, made: Spans, path: str) -> None:
    made()
    bodies: dict[str, Any] = {
        "/v1/responses": {"model": "qa", "input": KABUL},
        "/mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                 "params": {"name": "ask", "arguments": {"question": KABUL}}},
        "stream": {"model": "qa", "stream": True, **BODY},
    }  # fmt: skip
    work = Work(1, 8)
    app = application(Answering(Models([seeds], work), Metrics(work)), Doors(local_names("127.0.0.1")))
    headers = {"Accept": "application/json, text/event-stream"}
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        for parent in (f"00-{TRACE}-{PARENT}-01", "", "no trace", f"00-{TRACE}-{PARENT}-00"):
            own = headers | ({"traceparent": parent, "tracestate": "vendor=1"} if parent else {})
            got = client.post(path.replace("stream", "/v1/chat/completions"), headers=own,
                              json=bodies.get(path, {"model": "qa", **BODY}))  # fmt: skip
            assert got.status_code == 200, got.text
    wholes = [span for span in made() if span.name == "question"]
    assert len(wholes) == 3  # the last caller's is not sampled, and so are not its spans
    assert wholes[0].parent is not None
    assert (f"{wholes[0].parent.trace_id:032x}", f"{wholes[0].parent.span_id:016x}") == (TRACE, PARENT)
    assert wholes[0].parent.is_remote
    assert wholes[0].parent.trace_state.get("vendor") == "1"
    assert [span.parent for span in wholes[1:]] == [None, None]
    of = [span for span in made() if span.context and f"{span.context.trace_id:032x}" == TRACE]
    assert [span.name for span in of] == [*STEPS, "question"]


def test_without_the_extra_it_is_one_sentence() -> None:
    code = f"import sys; sys.modules['opentelemetry.sdk'] = None; {CODE}"
    given = [sys.executable, "-c", code, "serve", str(SEEDS), "--otel"]
    got = subprocess.run(given, capture_output=True, text=True, timeout=60, check=False)
    assert got.returncode == 2
    assert got.stderr.startswith("qa: OpenTelemetry is not installed; run `uv run --extra otel qa …`")
    assert "Traceback" not in got.stderr


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", "set it to one of otlp, console, none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "Spans are sent over HTTP alone"),
    ],
)
def test_what_cannot_be_sent_to_is_said(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=says):
        spans.begin()


def test_opentelemetry_is_imported_only_where_it_is_asked_for() -> None:
    code = "import sys, qa.cli, qa.serve.spans as s; assert not s.wanted(); print('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
