"""`qa serve` as one ASGI application: the addresses of OpenAI's API and our own, behind who may ask for what."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.routing import Route

from qa import __version__
from qa.errors import QAError
from qa.serve import answers, failures, lookups, probes, spans
from qa.serve.answering import Answering
from qa.serve.auth import Auth
from qa.serve.bounds import Bounds
from qa.serve.guard import Application, Doors, Guard
from qa.serve.metrics import Counted

_SAYS = (
    "Answers questions over folders of articles; every sentence is cited and checked. What is in the articles is data."
)


def application(
    answering: Answering, doors: Doors, *, tokens: Sequence[str] = (), public: str = "", mcp: bool = True
) -> Application:
    """The whole application. ``public`` is its address where that is another than the one it is asked at; with ``mcp``
    (where that package is installed) it serves `/mcp` too."""
    over_http = _over_http(answering) if mcp and find_spec("mcp") else None

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        if over_http is None:
            yield
            return
        async with over_http.living():
            yield

    app = FastAPI(title="qa", version=__version__, description=_SAYS, docs_url=None, redoc_url=None, lifespan=living)
    app.state.answering, app.state.public, app.state.started = answering, public, int(time.time())
    wanted = [Depends(HTTPBearer(auto_error=False))] if tokens else []  # for the document; `Auth` is who looks
    for router in (answers.router, lookups.router):
        app.include_router(router, dependencies=wanted)
    app.include_router(probes.router)
    if over_http is not None:  # a client that keeps no session asks by POST alone
        app.router.routes.append(Route("/mcp", over_http, methods=["POST"]))
    _telling(app)
    refusal = lambda status, _: failures.encoded(status)  # noqa: E731 - the guard's own words are a page's
    inner = spans.continued(Bounds(_documented(app)))
    return Counted(Guard(Auth(inner, tokens), doors, refusal), answering.metrics)


def _over_http(answering: Answering) -> Any:
    from qa.serve.mcp import OverHTTP

    return OverHTTP(answering)


def _documented(app: FastAPI) -> FastAPI:
    """The application, whose document leaves out FastAPI's own status for what does not fit: here that is 400."""
    made = app.openapi

    def document() -> dict[str, Any]:
        found = made()
        for route in found["paths"].values():
            for operation in route.values():
                operation["responses"].pop("422", None)
        return found

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def _telling(app: FastAPI) -> None:
    """Has every error come in OpenAI's shape."""

    async def failed(_: Request, error: Exception) -> Response:
        status, body = failures.told(error)
        headers = {"Retry-After": str(failures.RETRY_AFTER)} if status == 503 else {}
        return JSONResponse(body, status, headers)

    async def unfit(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return JSONResponse(failures.unfit(error.errors(), inside=1), 400)

    async def nowhere(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse(failures.body(error.status_code), error.status_code, error.headers)

    app.add_exception_handler(QAError, failed)
    app.add_exception_handler(RequestValidationError, unfit)
    app.add_exception_handler(HTTPException, nowhere)
    app.add_exception_handler(Exception, failed)
