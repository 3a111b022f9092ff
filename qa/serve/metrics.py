"""Numbers for Prometheus: requests, answers, seconds, and how busy the server is. No label is a client's word."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from qa.serve.guard import Application, Message, Receive, Send
from qa.serve.work import Work
from qa.types import Answer

_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
_GONE = 499  # nginx's number for a client that did not wait


class Metrics:
    """The numbers of one server, from its start on."""

    def __init__(self, work: Work) -> None:
        self.registry = own = CollectorRegistry()
        self.requests = Counter("qa_requests", "Requests by route and status.", ["route", "status"], registry=own)
        self.answers = Counter("qa_answers", "Answers by model and status.", ["model", "status"], registry=own)
        self.seconds = Histogram("qa_answer_seconds", "Seconds of work an answer took, by model.", ["model"],
                                 buckets=_SECONDS, registry=own)  # fmt: skip
        gauges = {"taken": "Questions that are being answered or wait.", "running": "Pieces of work being computed.",
                  "waiting": "Pieces of work that wait for their turn."}  # fmt: skip
        for name, says in gauges.items():
            Gauge(f"qa_{name}", says, registry=own).set_function(partial(getattr, work, name))

    def answered(self, model: str, answer: Answer) -> None:
        self.answers.labels(model, answer.status).inc()
        self.seconds.labels(model).observe(sum(answer.timings.values()))

    def text(self) -> bytes:
        """All of them as Prometheus reads them."""
        return generate_latest(self.registry)


class Counted:
    """An application around another, whose requests are counted."""

    def __init__(self, app: Application, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = _GONE

        async def seen(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.requests.labels(route, str(status)).inc()
