"""OpenTelemetry's spans of answers: one for each question, with one inside it for each of its steps.

They are made of what `log.answered` says when an answer is at its end, so nothing of the way to it knows of them. Steps
take turns while an answer is written; the span of one is as long as all its turns, and they stand one after another in
the order in which they began. No span has a word of the question, but where that is asked for, nor of the answer.

A caller's own trace (the header `traceparent`) goes on in them: `Continued`.

The only module that knows OpenTelemetry.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qa.errors import UsageError
from qa.serve import log
from qa.serve.guard import Application

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Tracer

_VARIABLES = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NEEDED = "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"
_SPANS = {"judge": "rank", "answer": "draft"}  # of `Answer.timings`; the others are called as they are
_SECOND = 1_000_000_000  # nanoseconds
_NOT_THERE = (
    "OpenTelemetry is not installed; run `uv run --extra otel qa …`, or `pip install opentelemetry-sdk "
    "opentelemetry-exporter-otlp-proto-http` first."
)
_EXPORTERS = ("otlp", "console", "none")


def wanted() -> bool:
    """Whether OpenTelemetry's own variables ask for spans, and it is installed."""
    return any(os.environ.get(name) for name in _VARIABLES) and _there()


def begin(processor: SpanProcessor | None = None, *, questions: bool = False) -> TracerProvider:
    """Has every answer of this process make spans, which the processor gets, or the exporter that OpenTelemetry's
    variables name: OTLP over HTTP where they name none. Raises `UsageError`."""
    if not _there():
        raise UsageError(_NOT_THERE)
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    if "service.name" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        os.environ.setdefault("OTEL_SERVICE_NAME", "qa")
    found = processor or _exporting()
    provider = TracerProvider(resource=Resource.create())  # of our own: no other library's spans go with ours
    if found:
        provider.add_span_processor(found)
    log.follow(_Spans(provider.get_tracer("qa"), questions=questions))
    return provider


class Continued:
    """An application whose answers are spans of the trace that a request says it is of, as W3C's header has it."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        from opentelemetry.context import attach, detach
        from opentelemetry.propagate import extract

        token = attach(extract({name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}))
        try:
            await self._app(scope, receive, send)
        finally:
            detach(token)


def continued(app: Application) -> Application:
    """The application, `Continued` where spans are made."""
    return Continued(app) if any(isinstance(one, _Spans) for one in log.followers()) else app


def _there() -> bool:
    try:
        return all(find_spec(name) for name in _NEEDED)
    except ModuleNotFoundError:  # of a parent of the name
        return False


def _exporting() -> SpanProcessor | None:
    """What sends spans where the variables say."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    name = os.environ.get("OTEL_TRACES_EXPORTER") or _EXPORTERS[0]
    if name not in _EXPORTERS:
        raise UsageError(f"OTEL_TRACES_EXPORTER is {name!r}; set it to one of {', '.join(_EXPORTERS)}.")
    if name == "none":
        return None
    protocols = (os.environ.get(f"OTEL_EXPORTER_OTLP_{kind}PROTOCOL") for kind in ("TRACES_", ""))
    if name == "otlp" and next(filter(None, protocols), "http/protobuf") != "http/protobuf":
        raise UsageError("Spans are sent over HTTP alone; set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf.")
    return BatchSpanProcessor(ConsoleSpanExporter() if name == "console" else OTLPSpanExporter())


class _Spans(logging.Handler):
    """Makes the spans of each answer that is logged."""

    def __init__(self, tracer: Tracer, *, questions: bool) -> None:
        super().__init__()
        self._tracer, self._questions = tracer, questions

    def emit(self, record: logging.LogRecord) -> None:
        from opentelemetry.trace import Status, StatusCode, set_span_in_context

        fields: Mapping[str, Any] = getattr(record, "fields", {})
        end = time.time_ns()
        at = end - int(fields["seconds"] * _SECOND)
        whole = self._tracer.start_span("question", start_time=at, attributes=self._said(fields))
        if "error" in fields:
            whole.set_status(Status(StatusCode.ERROR, fields["error"]))
        inside = set_span_in_context(whole)
        for step, seconds in fields.get("timings", {}).items():
            span = self._tracer.start_span(_SPANS.get(step, step), inside, start_time=at)
            at = min(at + int(seconds * _SECOND), end)
            span.end(at)
        whole.end(end)

    def _said(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        left = {"timings", "seconds"} | (set() if self._questions else {"question"})
        return {f"qa.{name}": value for name, value in fields.items() if name not in left and value is not None}
