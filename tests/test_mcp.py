"""What an assistant gets over MCP, by the protocol's own client: on standard input and output, and over HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import get_default_environment, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent, TextResourceContents
from pydantic import AnyUrl
from serving import CODE, Server, serving

from conftest import SEEDS
from qa import Assistant
from qa.serve.export import answer_json

T = TypeVar("T")
Use = Callable[[ClientSession], Awaitable[T]]
KABUL, FILE = "Who led the delegation to Kabul?", "002_7f54b19aedd2aafd.txt"
TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.fixture(scope="module")
def server(seeds: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("mcp") / "log", str(SEEDS), environment={"QA_TOKEN": TOKEN}) as found:
        yield found


def over_http(server: Server, use: Use[T], *, token: str = TOKEN) -> T:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Any]:
        client = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60)
        async with client, streamable_http_client(f"{server.url}/mcp", http_client=client) as (read, write, _):
            yield read, write

    return asyncio.run(_used(opened(), use))


def on_stdio(use: Use[T], *folders: Path) -> T:
    kept = {name: value for name, value in os.environ.items() if name.startswith(("XDG_", "PYTHON"))}
    given = ["-c", CODE, "mcp", *map(str, folders)]
    started = StdioServerParameters(command=sys.executable, args=given, env={**get_default_environment(), **kept})
    return asyncio.run(_used(stdio_client(started), use))


async def _used(opened: Any, use: Use[T]) -> T:
    async with opened as (read, write), ClientSession(read, write) as session:
        begun = await session.initialize()
        assert begun.serverInfo.name == "qa"
        return await use(session)


def text(got: CallToolResult) -> str:
    (content,) = got.content
    assert isinstance(content, TextContent)
    return content.text


async def everything(session: ClientSession) -> None:
    """What must be the same by both ways."""
    tools = {tool.name: tool for tool in (await session.list_tools()).tools}
    assert list(tools) == ["ask", "search", "read_paragraphs", "list_articles"]
    assert tools["ask"].inputSchema["required"] == ["question"]
    assert all(one["description"] for tool in tools.values() for one in tool.inputSchema["properties"].values())

    asked = await session.call_tool("ask", {"question": KABUL})
    assert text(asked).splitlines()[0].endswith("[1]")
    assert f"{FILE} ¶18: “In February" in text(asked)
    assert (asked.structuredContent or {})["status"] == "answered"
    history = [{"role": "user", "content": KABUL}, {"role": "assistant", "content": "Abbas Araghchi."}]
    followed = await session.call_tool("ask", {"question": "And when was it?", "history": history})
    assert KABUL in (followed.structuredContent or {})["query"]

    found = (await session.call_tool("search", {"query": KABUL, "top_k": 2})).structuredContent or {}
    assert [row["file"] for row in found["paragraphs"]] == [FILE, FILE]
    read = await session.call_tool("read_paragraphs", {"file": FILE, "first": 18, "count": 1})
    assert text(read).startswith("¶18: Over the past four years")
    assert (read.structuredContent or {})["next"] == 19
    listed = (await session.call_tool("list_articles", {"containing": "Shoigu"})).structuredContent or {}
    assert [row["file"] for row in listed["articles"]] == ["001_5fff2df597b28f4a.txt"]


async def articles(session: ClientSession) -> None:
    resources = (await session.list_resources()).resources
    assert [one.name for one in resources] == sorted(path.name for path in SEEDS.iterdir())
    (read,) = (await session.read_resource(resources[2].uri)).contents
    assert isinstance(read, TextResourceContents)
    assert read.text == (SEEDS / FILE).read_text(encoding="utf-8")
    assert (await session.list_resource_templates()).resourceTemplates[0].uriTemplate == "article:///{folder}/{file}"
    for uri in ("article:///qa/nothing.txt", "article:///qa/..%2Fqa.toml", "article:///x/y", "file:///etc/passwd",
                f"article:///qa/..%2Fseeds%2F{FILE}"):  # fmt: skip
        with pytest.raises(McpError, match="There is no such"):
            await session.read_resource(AnyUrl(uri))


async def wrong(session: ClientSession) -> None:
    for name, sent, says in (
        ("ask", {}, "question: Field required."),
        ("ask", {"question": "a" * 4001}, "question: String should have at most 4000 characters."),
        ("ask", {"question": KABUL, "path": "/etc"}, "path: Extra inputs are not permitted."),
        ("ask", {"question": KABUL, "folder": "nowhere"}, "There is no such model here; name one of: qa."),
        ("ask", {"question": KABUL, "sources": ["No such source"]}, "No such source"),
        ("read_paragraphs", {"file": "../qa.toml"}, "There is no such article"),
        ("read_paragraphs", {"file": FILE, "first": 9999}, "no paragraph from that number on"),
        ("rm", {}, "There is no such tool; there are ask, search, read_paragraphs, list_articles."),
    ):
        got = await session.call_tool(name, sent)
        assert got.isError, (name, sent)
        assert says in text(got)
        assert "\n" not in text(got)


def test_over_http(server: Server) -> None:
    for use in (everything, articles, wrong):
        over_http(server, use)


def test_on_standard_input_and_output(seeds: Assistant) -> None:
    async def all_of_it(session: ClientSession) -> None:
        for use in (everything, articles, wrong):
            await use(session)

    on_stdio(all_of_it, SEEDS)


def test_two_folders_are_told_apart(seeds: Assistant, folder: Path) -> None:
    async def ask(session: ClientSession) -> None:
        question = {"question": "When did the harbour of Valdenia reopen?"}
        own = await session.call_tool("ask", {**question, "folder": "articles"})
        assert (own.structuredContent or {})["status"] == "answered"
        assert (await session.call_tool("ask", question)).structuredContent["status"] == "refused"  # type: ignore[index]
        listed = (await session.call_tool("list_articles", {"limit": 1})).structuredContent or {}
        assert (listed["folders"], listed["next"]) == (["seeds", "articles"], 1)
        first = await session.list_resources()
        more = await session.list_resources(first.nextCursor)
        assert [one.name for one in more.resources] == ["harbour.txt", "puerto.txt"]

    on_stdio(ask, SEEDS, folder)


def test_the_answer_is_the_assistants_own(server: Server, seeds: Assistant) -> None:
    got = over_http(server, lambda session: session.call_tool("ask", {"question": KABUL}))
    assert {**(got.structuredContent or {}), "timings": {}} == {**answer_json(seeds.ask(KABUL)), "timings": {}}


def test_without_a_token_there_is_no_session(server: Server) -> None:
    with pytest.raises(BaseExceptionGroup) as caught:
        over_http(server, everything, token="0" * 32)
    assert caught.group_contains(httpx.HTTPStatusError, match="401")
    assert httpx.get(f"{server.url}/mcp", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_standard_output_has_the_protocol_alone(seeds: Assistant) -> None:
    got = subprocess.run([sys.executable, "-c", CODE, "mcp", str(SEEDS)], input="no JSON\n", capture_output=True,
                         text=True, timeout=120, check=False)  # fmt: skip
    assert got.returncode == 0
    assert all(line.startswith('{"') for line in got.stdout.splitlines())
    assert "Traceback" not in got.stderr


def test_without_its_package_the_command_is_refused_and_the_server_serves_the_rest() -> None:
    code = "import sys; sys.modules['mcp'] = None; " + CODE
    got = subprocess.run([sys.executable, "-c", code, "mcp"], capture_output=True, text=True, timeout=60, check=False)
    assert got.returncode == 2
    assert "The package mcp is not installed; run `uv run --extra mcp qa mcp`" in got.stderr
