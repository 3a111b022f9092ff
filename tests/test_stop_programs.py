"""What programs ask of a server that is to stop: what runs is answered to its end, what is new is told so."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent
from serving import CODE, serving
from test_page import running

from qa.testing import Reply, serve

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
BOATS = "How many boats were lost?"
SLOW: Reply = ["Mayor Ilse Brandt said that 14 boats were lost. [{key:1}] She", 4.0,
               " thanked the crews for their work. [{key:1}]"]  # fmt: skip
STOPPING = "This server is stopping; ask again in a moment."


def asked_at_a_stop(address: str, stop: Callable[[], None], sent: dict[str, Any]) -> list[CallToolResult]:
    """What MCP's client gets of two questions: of one that is half answered when the server is to stop, and of one that
    comes then."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[ClientSession]:
        async with (
            httpx.AsyncClient(timeout=60) as client,
            streamable_http_client(address, http_client=client) as (incoming, outgoing, _),
            ClientSession(incoming, outgoing) as session,
        ):
            await session.initialize()
            yield session

    async def both() -> list[CallToolResult]:
        async with opened() as first, opened() as second:
            running_ = asyncio.create_task(first.call_tool("ask", sent))
            await asyncio.sleep(2)
            assert not running_.done()
            stop()
            await asyncio.sleep(0.7)
            late = await second.call_tool("ask", sent)
            assert not running_.done()
            return [await running_, late]

    return asyncio.run(both())


def text(got: CallToolResult) -> str:
    (content,) = got.content
    assert isinstance(content, TextContent)
    return content.text


def test_the_page_s_programs_are_waited_for(folder: Path) -> None:
    with serve([SLOW]) as model, running(folder, "--model", "scripted", "--base-url", model.base_url) as site:
        client = Client(site.url, verbose=False, analytics_enabled=False)
        job = client.submit(BOATS, api_name="/ask")
        while not job.outputs():
            time.sleep(0.05)
        assert site.process is not None
        site.process.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        with pytest.raises(AppError, match=STOPPING):
            client.predict(BOATS, api_name="/ask")
        assert "thanked the crews" in job.result(timeout=30)["text"]
        assert site.process.wait(30) == 0


def test_the_page_s_mcp_calls_are_waited_for(folder: Path) -> None:
    with serve([SLOW]) as model, running(folder, "--mcp", "--model", "large", "--base-url", model.base_url) as site:
        process = site.process
        assert process is not None
        stop = lambda: process.send_signal(signal.SIGTERM)  # noqa: E731
        whole, late = asked_at_a_stop(f"{site.url}gradio_api/mcp/", stop, {"question": BOATS})
        assert "thanked the crews" in text(whole)
        assert (late.isError, text(late)) == (True, STOPPING)
        assert process.wait(30) == 0


def test_a_program_that_has_gone_away_is_not_waited_for(folder: Path) -> None:
    with serve([SLOW]) as model, running(folder, "--model", "scripted", "--base-url", model.base_url) as site:
        begun = httpx.post(f"{site.url}gradio_api/call/ask", json={"data": [BOATS, [], {}, ""]}).json()
        with httpx.stream("GET", f"{site.url}gradio_api/call/ask/{begun['event_id']}") as lines:
            next(lines.iter_lines())
        assert site.process is not None
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(30) == 0


def test_mcp_calls_of_qa_serve_are_waited_for(folder: Path, tmp_path: Path) -> None:
    with serve([SLOW]) as model:
        given = (str(folder), "--model", "large", "--base-url", model.base_url)
        with serving(tmp_path / "log", *given) as server:
            stop = lambda: server.process.send_signal(signal.SIGTERM)  # noqa: E731
            whole, late = asked_at_a_stop(f"{server.url}/mcp", stop, {"question": BOATS, "folder": "large"})
            assert "thanked the crews" in text(whole)
            assert (late.isError, text(late)) == (True, STOPPING)
            assert server.process.wait(20) == 0
            assert "Traceback" not in server.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("signals", [1, 2])
def test_a_call_on_standard_input_is_waited_for(folder: Path, signals: int) -> None:
    with serve([SLOW]) as model:
        given = [sys.executable, "-c", CODE, "mcp", str(folder), "--model", "large", "--base-url", model.base_url]
        with Popen(given, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None

            def send(method: str, params: dict[str, Any], **name: int) -> None:
                line = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **name})
                print(line, file=process.stdin, flush=True)

            about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
            send("initialize", about, id=1)
            process.stdout.readline()
            send("notifications/initialized", {})
            send("tools/call", {"name": "ask", "arguments": {"question": BOATS, "folder": "large"}}, id=2)
            time.sleep(2)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            if signals == 2:
                process.send_signal(signal.SIGTERM)
                assert process.wait(2) == 128 + signal.SIGTERM
                return
            send("tools/call", {"name": "ask", "arguments": {"question": BOATS}}, id=3)
            late, whole = (json.loads(process.stdout.readline()) for _ in range(2))
            assert (late["id"], late["result"]["content"][0]["text"]) == (3, STOPPING)
            assert "thanked the crews" in whole["result"]["content"][0]["text"]
            assert process.wait(5) == 0
