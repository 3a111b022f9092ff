"""The addresses where programs look something up: the models, paragraphs that fit a question, articles."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from qa.serve import library
from qa.serve.bodies import QUESTION, SearchBody
from qa.serve.documented import REFUSED
from qa.serve.models import Models

router = APIRouter(tags=["look up"], responses=REFUSED)
_FOLDER = "A model's name, where several folders are served; none: the first."

Model = Annotated[str | None, Query(max_length=1000, description=_FOLDER)]
File = Annotated[str, Path(max_length=4000, examples=["harbour.txt"])]
Number = Annotated[int, Path(ge=1, le=10_000_000, examples=[2])]


def _models(request: Request) -> Models:
    found: Models = request.app.state.answering.models
    return found


@router.get("/v1/models", summary="What can be asked")
async def models(request: Request) -> dict[str, Any]:
    """The embedded answerer and the model that the server was started with, over each folder."""
    return {"object": "list", "data": [_model(request, name) for name in _models(request).by_name]}


@router.get("/v1/models/{name:path}", summary="One of them")
async def model(request: Request, name: str) -> dict[str, Any]:
    _models(request).named(name)
    return _model(request, name)


def _model(request: Request, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": request.app.state.started, "owned_by": "qa"}


@router.post("/v1/search", summary="The paragraphs that fit a question, best first")
async def search(body: SearchBody, request: Request) -> dict[str, Any]:
    found, filters = _models(request).folder(body.model), body.filters.filters()
    rows = await _models(request).work.done(
        lambda: library.searched(found, body.query, body.top_k, as_of=body.as_of, filters=filters)
    )
    return {"object": "list", "data": rows}


@router.get("/v1/articles", summary="The articles, by name")
async def articles(
    request: Request,
    model: Model = None,
    after: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=library.MOST_READ)] = library.MOST_READ,
    containing: Annotated[str, Query(max_length=QUESTION)] = "",
) -> dict[str, Any]:
    """Those whose name or title contains the text; `next` is the `after` of the next ones, null after the last."""
    found = _models(request).folder(model)
    page = await _models(request).work.done(
        lambda: library.articles(found, after=after, limit=limit, containing=containing)
    )
    return {"object": "list", "data": page.rows, "next": page.next}


@router.get("/v1/articles/{file:path}/paragraphs/{number}", summary="A paragraph, as it is cited")
async def paragraph(request: Request, file: File, number: Number, model: Model = None) -> dict[str, Any]:
    found = _models(request).folder(model)
    return await _models(request).work.done(lambda: library.paragraph(found, file, number))
