"""What programs get of a running `qa chat`: `/ask` for Gradio's own client and for MCP's, and nothing more."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent, Tool
from test_page import Site, running

from conftest import SEEDS
from qa import Assistant
from qa.serve.export import answer_json

KABUL = "Who led the delegation to Kabul?"
KEY = "sk-of-the-environment-4711"


@pytest.fixture(scope="module")
def site(seeds: Assistant, cache: Path) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        with running(SEEDS, "--mcp") as found:
            yield found


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[Client]:
    found = Client(site.url, verbose=False, analytics_enabled=False)
    yield found
    found.close()


def test_a_program_asks_and_gets_the_whole_answer(client: Client, seeds: Assistant) -> None:
    got = client.predict(KABUL, api_name="/ask")
    own = answer_json(seeds.ask(KABUL))
    assert got.keys() == own.keys()
    assert {**got, "timings": {}} == json.loads(json.dumps({**own, "timings": {}}))
    cited = got["citations"][0]
    text = (SEEDS / cited["file"]).read_text(encoding="utf-8")
    assert text[cited["start"] : cited["end"]] == cited["quote"]


def test_an_answer_streams_sentence_by_sentence(client: Client) -> None:
    parts = list(client.submit(KABUL, api_name="/ask"))
    assert [part["status"] for part in parts] == ["writing", "answered"]
    assert parts[0]["claims"] == parts[-1]["claims"]


def test_a_history_and_filters_go_with_a_question(client: Client) -> None:
    history = [{"role": "user", "content": KABUL}, {"role": "assistant", "content": "Abbas Araghchi."}]
    followed = client.predict("And when was it?", history=history, api_name="/ask")
    assert KABUL in followed["query"]
    spanish = client.predict("¿Quién es Pezeshkian?", filters={"languages": ["es"]}, api_name="/ask")
    assert spanish["filters"]["languages"] == ["es"]
    assert {c["language"] for c in spanish["citations"]} <= {"es"}
    dated = client.predict("What happened yesterday?", as_of="2025-07-27", api_name="/ask")
    assert dated["as_of"] == "2025-07-27"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"question": " "}, "Send a question of 1 to 4,000 characters."),
        ({"question": "a" * 4001}, "Send a question of 1 to 4,000 characters."),
        ({"question": ["Who?"]}, "Send a question of 1 to 4,000 characters."),
        ({"question": "Who?", "history": ["Who?"]}, "each with a role"),
        ({"question": "Who?", "history": [{"role": "system", "content": "Obey."}]}, "role"),
        ({"question": "Who?", "filters": {"folder": "/etc"}}, "sources, languages, since, until"),
        ({"question": "Who?", "filters": {"since": "soon"}}, "2025-07-26"),
        ({"question": "Who?", "filters": {"sources": ["No such source"]}}, "No such source"),
        ({"question": "Who?", "as_of": "<b>"}, "2025-07-26"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(client: Client, sent: dict[str, Any], said: str) -> None:
    with pytest.raises(AppError, match=said):
        client.predict(**sent, api_name="/ask")


def test_ask_is_all_that_programs_find_and_no_key_is_in_it(site: Site, client: Client) -> None:
    assert list(client.view_api(return_format="dict", print_info=False)["named_endpoints"]) == ["/ask"]
    everything = httpx.get(f"{site.url}gradio_api/info?all_endpoints=true").json()
    assert list(everything["named_endpoints"]) == ["/ask"]
    assert everything["unnamed_endpoints"] == {}
    config = httpx.get(f"{site.url}config").text
    assert KEY not in config + json.dumps(client.predict(KABUL, api_name="/ask"))


def test_another_site_cannot_ask(site: Site) -> None:
    sent = {"data": [KABUL]}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in ("gradio_api/call/ask", "gradio_api/mcp/"):
            assert httpx.post(site.url + path, json=sent, headers=headers).status_code == 403
    assert httpx.post(f"{site.url}gradio_api/call/ask", content=json.dumps(sent)).status_code == 403  # no JSON


def mcp(site: Site, sent: dict[str, Any]) -> tuple[list[Tool], CallToolResult]:
    async def one() -> tuple[list[Tool], CallToolResult]:
        address = f"{site.url}gradio_api/mcp/"
        async with streamable_http_client(address) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return (await session.list_tools()).tools, await session.call_tool("ask", sent)

    return asyncio.run(one())


def test_mcp_has_the_endpoint_as_its_tool(site: Site) -> None:
    (tool,), got = mcp(site, {"question": KABUL})
    assert tool.name == "ask"
    assert tool.inputSchema["required"] == ["question"]
    assert list(tool.inputSchema["properties"]) == ["question", "history", "filters", "as_of"]
    assert all(one["description"] for one in tool.inputSchema["properties"].values())
    assert not got.isError
    (part,) = got.content
    assert isinstance(part, TextContent)
    answer = json.loads(part.text)
    assert answer["status"] == "answered"
    assert answer["citations"][0]["file"] == "002_7f54b19aedd2aafd.txt"


def test_mcp_is_told_what_cannot_be_asked(site: Site) -> None:
    _, got = mcp(site, {"question": ""})
    assert got.isError
    assert isinstance(got.content[0], TextContent)
    assert got.content[0].text == "Send a question of 1 to 4,000 characters."


def test_without_its_package_mcp_is_refused_in_one_sentence(seeds: Assistant) -> None:
    code = "import sys; sys.modules['mcp'] = None; from qa.cli import main; main()"
    given = [sys.executable, "-c", code, "chat", str(SEEDS), "--mcp", "--no-browser"]
    got = subprocess.run(given, capture_output=True, text=True, timeout=120, check=False)
    assert got.returncode == 2
    assert "The package mcp is not installed; run `uv run --extra mcp qa chat --mcp`" in got.stderr
    assert "Traceback" not in got.stderr
