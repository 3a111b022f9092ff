"""What those who keep the server running ask it: whether it lives, whether it takes questions, its numbers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

router = APIRouter(tags=["operate"])


@router.get("/healthz", summary="Whether the process lives", response_class=PlainTextResponse)
async def healthz() -> str:
    return "ok\n"


@router.get("/readyz", summary="Whether it takes questions", responses={503: {"description": "It is stopping."}},
            response_class=PlainTextResponse)  # fmt: skip
async def readyz(request: Request) -> Response:
    closing = request.app.state.answering.models.work.closing
    return PlainTextResponse("stopping\n" if closing else "ready\n", status_code=503 if closing else 200)


@router.get("/metrics", summary="Numbers for Prometheus", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    return Response(request.app.state.answering.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
