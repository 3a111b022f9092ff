"""Who is let in where `qa serve` can be reached by others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest
from serving import CODE, Server, serving

from conftest import SEEDS
from qa import Assistant
from qa.errors import UsageError
from qa.serve.auth import tokens
from qa.settings import load

PLACES = (f"198.51.100.{n}" for n in range(1, 256))  # who guesses from one address soon waits
ONE, OTHER = "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "a-second-person's-token"
ASKED = {"model": "qa", "messages": [{"role": "user", "content": "Who led the delegation to Kabul?"}]}


@pytest.fixture(scope="module")
def server(seeds: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("auth") / "log"
    with serving(log, str(SEEDS), host="0.0.0.0", environment={"QA_TOKEN": f"{ONE}, {OTHER}"}) as found:
        yield found


@pytest.mark.parametrize("token", [ONE, OTHER])
def test_who_has_a_token_is_answered(server: Server, token: str) -> None:
    with openai.OpenAI(base_url=server.v1, api_key=token, max_retries=0) as client:
        assert client.models.list().data[0].id == "qa"
    sent = {"Authorization": f"bearer  {token}"}
    for path in ("/metrics", "/openapi.json", "/v1/articles"):
        assert httpx.get(server.url + path, headers=sent).status_code == 200


@pytest.mark.parametrize(
    "sent",
    ["", "Bearer", f"Basic {ONE}", ONE, f"Bearer {ONE[:-1]}", f"Bearer {ONE}0", f"Bearer {ONE.upper()}",
     f"Bearer {ONE},{OTHER}", f"Bearer {ONE}, {OTHER}", "Bearer ñ"],
)  # fmt: skip
def test_who_has_none_reaches_nothing_but_whether_it_lives(server: Server, sent: str) -> None:
    headers = [("Authorization", sent.encode("latin-1"))] if sent else []
    for method, path in (
        ("POST", "/v1/chat/completions"), ("POST", "/v1/responses"), ("POST", "/v1/search"), ("POST", "/mcp"),
        ("GET", "/v1/models"), ("GET", "/v1/articles"), ("GET", "/v1/articles/x/paragraphs/1"), ("GET", "/metrics"),
        ("GET", "/openapi.json"), ("GET", "/nowhere"), ("GET", "//healthz"), ("GET", "/healthz/"),
    ):  # fmt: skip
        got = httpx.request(method, server.url + path, json=ASKED if method == "POST" else None,
                            headers=[*headers, ("X-Forwarded-For", next(PLACES))])  # type: ignore[arg-type]  # fmt: skip
        assert (got.status_code, got.headers["www-authenticate"]) == (401, "Bearer"), path
        assert got.json()["error"]["code"] == "invalid_api_key"
    for path in ("/healthz", "/readyz"):
        assert httpx.get(server.url + path).status_code == 200


def test_two_headers_are_none(server: Server) -> None:
    both = [("Authorization", "Bearer no"), ("Authorization", f"Bearer {ONE}")]
    assert httpx.get(f"{server.v1}/models", headers=both).status_code == 401


def test_openais_client_calls_it_by_its_own_name(server: Server) -> None:
    client = openai.OpenAI(base_url=server.v1, api_key="sk-wrong", max_retries=0)
    with client, pytest.raises(openai.AuthenticationError, match="A token is needed"):
        client.models.list()


def test_it_warns_of_plain_http_and_says_no_token(server: Server) -> None:
    said = server.log.read_text(encoding="utf-8")
    assert "Warning: this is plain HTTP." in said
    assert ONE not in said
    assert OTHER not in said


def test_a_token_holds_on_this_machine_too(seeds: Assistant, tmp_path: Path) -> None:
    with serving(tmp_path / "log", str(SEEDS), environment={"QA_TOKEN": ONE}) as server:
        assert httpx.get(f"{server.v1}/models").status_code == 401
        assert httpx.get(f"{server.v1}/models", headers={"Authorization": f"Bearer {ONE}"}).status_code == 200
        assert "Warning" not in server.log.read_text(encoding="utf-8")


def test_behind_a_proxy_its_name_is_known_and_citations_are_read_there(seeds: Assistant, tmp_path: Path) -> None:
    options = (str(SEEDS), "--public", "https://news.example/qa/")
    with serving(tmp_path / "log", *options, environment={"QA_TOKEN": ONE}) as server:
        sent = {"Authorization": f"Bearer {ONE}", "Host": "news.example"}
        got = httpx.post(f"{server.v1}/chat/completions", json=ASKED, headers=sent)
        (cited,) = got.json()["choices"][0]["message"]["annotations"]
        assert cited["url_citation"]["url"].startswith("https://news.example/qa/v1/articles/002_")
        assert httpx.get(f"{server.v1}/models", headers=sent | {"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (("--host", "0.0.0.0"), {}, "set QA_TOKEN"),
        (("--host", "::"), {"QA_TOKEN": " , "}, "set QA_TOKEN"),
        (("--public", "https://news.example"), {}, "set QA_TOKEN"),
        (("--host", "0.0.0.0"), {"QA_TOKEN": "short"}, "fewer than 16 characters"),
        (("--public", "news.example"), {"QA_TOKEN": ONE}, "'news.example' is no address"),
        (("--host", "203.0.113.9"), {"QA_TOKEN": ONE}, "Nothing can be served at 203.0.113.9, port 8000"),
        (("--index", "x", str(SEEDS), str(SEEDS)), {}, "leave --index out"),
    ],
)
def test_what_is_not_safe_is_not_served(arguments: tuple[str, ...], environment: dict[str, str], says: str) -> None:
    got = subprocess.run([sys.executable, "-c", CODE, "serve", *arguments], env={**os.environ, **environment},
                         capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert got.returncode == 2
    assert says in got.stderr
    assert "Traceback" not in got.stderr
    assert "short" not in got.stderr


def test_the_token_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_TOKEN", ONE)
    assert ONE not in str(load())
    assert tokens(needed=True) == (ONE,)
    monkeypatch.delenv("QA_TOKEN")
    assert tokens(needed=False) == ()
    with pytest.raises(UsageError, match="openssl rand"):
        tokens(needed=True)
