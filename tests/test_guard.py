"""Who may ask for what: requests as browsers and programs make them; test_page.py has them on Gradio's own routes."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from qa.serve.guard import Doors, Guard, local_names

JSON, TEXT = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
FORM, PARTS = {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "multipart/form-data; boundary=x"}
HERE = "http://127.0.0.1:7860"
OWN = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
OTHER = {"Origin": "http://127.0.0.1:7861", "Sec-Fetch-Site": "same-site"}
FOLLOWED = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


async def answering(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    """An application that answers anything, and lets anybody read."""
    headers = [(b"access-control-allow-origin", b"*"), (b"Access-Control-Allow-Credentials", b"true")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"done"})


def asked(method: str, path: str, headers: dict[str, str], host: str = "127.0.0.1") -> httpx.Response:
    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app=Guard(answering, Doors(local_names(host))))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(one())


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/", {"Sec-Fetch-Site": "none"}),
        ("GET", "/", FOLLOWED),
        ("GET", "/anything", {"Sec-Fetch-Site": "same-origin"}),
        ("POST", "/anything", OWN | JSON),
        ("POST", "/anything", OWN | PARTS),
        ("POST", "/anything", {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json; charset=utf-8"}),
        ("POST", "/anything", JSON),  # a program
        ("POST", "/anything", {"Origin": HERE} | PARTS),  # a program that says where it wants to be from
        ("GET", "/", {"Host": "localhost:9"}),
        ("GET", "/", {"Host": "[::1]:9"}),
        ("GET", "/", {"Host": "[::1]"}),
    ],
)
def test_what_may_be_asked_is_answered_to_its_own_page_only(method: str, path: str, headers: dict[str, str]) -> None:
    got = asked(method, path, headers)
    assert (got.status_code, got.text) == (200, "done")
    assert not [name for name in got.headers if name.startswith("access-control")]
    assert got.headers["cross-origin-resource-policy"] == "same-origin"
    assert "connect-src 'self'" in got.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(
    "headers",
    [
        TEXT, FORM, PARTS, {}, OWN | TEXT, OWN | FORM, OWN, OTHER | JSON, OTHER | PARTS, OTHER | TEXT,
        {"Sec-Fetch-Site": "cross-site"} | JSON,
        {"Sec-Fetch-Site": "none"} | JSON,
        {"Origin": "null"} | JSON,
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"} | JSON,
        {"Origin": "http://localhost:7860"} | JSON,
        {"Origin": "http://127.0.0.1"} | JSON,
        {"Origin": "http://127.0.0.1:7860.evil.example"} | JSON,
        {"Content-Type": "text/plain; application/json"},
        {"Content-Type": "application/json-x"},
        FOLLOWED | JSON,
    ],
)  # fmt: skip
def test_a_change_that_another_site_could_have_asked_for_is_not_made(method: str, headers: dict[str, str]) -> None:
    got = asked(method, "/", headers)
    assert (got.status_code, got.text) == (403, "This takes JSON, from its own page only; reload the page.")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"Origin": "http://127.0.0.1:7861"}),
        ("/", OTHER),
        ("/", {"Sec-Fetch-Site": "same-site"}),
        ("/", FOLLOWED | {"Sec-Fetch-Dest": "iframe"}),
        ("/", FOLLOWED | {"Sec-Fetch-Mode": "no-cors"}),
        ("/gradio_api/startup-events", FOLLOWED),
        ("/logout", FOLLOWED),
    ],
)
def test_another_site_reads_nothing_and_opens_the_page_alone(path: str, headers: dict[str, str]) -> None:
    assert asked("GET", path, headers).status_code == 403


def test_only_names_of_this_machine_are_answered_unless_it_is_put_on_a_network() -> None:
    for host in ("evil.example", "127.0.0.1.evil.example:7860", "", "[", "evil.example@127.0.0.1.x"):
        assert asked("GET", "/", {"Host": host}).status_code == 421
    assert asked("GET", "/", {"Host": "box.lan:7860"}, host="0.0.0.0").status_code == 200
    own = {"Host": "box.lan:7860", "Origin": "http://box.lan:7860"}
    assert asked("POST", "/", own | JSON, host="0.0.0.0").status_code == 200
    assert asked("POST", "/", own | {"Host": "other.lan"} | JSON, host="0.0.0.0").status_code == 403


def test_a_socket_of_another_site_is_closed() -> None:
    said = []

    async def send(message) -> None:  # type: ignore[no-untyped-def]
        said.append(message["type"])

    for origin in (b"http://evil.example", b"http://127.0.0.1:7860"):
        scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"127.0.0.1:7860"), (b"origin", origin)]}
        asyncio.run(Guard(answering, Doors(local_names("localhost")))(scope, None, send))  # type: ignore[arg-type]
    assert said == ["websocket.close", "http.response.start", "http.response.body"]
