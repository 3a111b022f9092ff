"""A reverse proxy, as nginx is by default: `python tests/proxy.py PORT TARGET`, both on this machine.

It takes /qa off the path and names the server behind it as the host.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

_OWN = (b"host", b"content-length", b"transfer-encoding", b"connection")  # of one connection, not of the request


async def handed_on(request: Request) -> StreamingResponse:
    client: httpx.AsyncClient = request.app.state.client
    url = f"{request.app.state.target}/{request.path_params['path']}?{request.url.query}"
    headers = [(name, value) for name, value in request.headers.raw if name not in _OWN]
    sent = client.build_request(request.method, url, headers=headers, content=await request.body())
    got = await client.send(sent, stream=True)

    async def parts() -> AsyncIterator[bytes]:
        async for part in got.aiter_raw():
            yield part
        await got.aclose()

    answer = StreamingResponse(parts(), got.status_code)
    answer.raw_headers = [(name.lower(), value) for name, value in got.headers.raw if name.lower() not in _OWN]
    return answer


if __name__ == "__main__":
    app = Starlette(routes=[Route("/qa/{path:path}", handed_on, methods=["GET", "POST", "HEAD"])])
    app.state.client, app.state.target = httpx.AsyncClient(timeout=60), f"http://127.0.0.1:{sys.argv[2]}"
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
