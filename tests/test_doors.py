"""How else the page may be reached, where that is chosen: in one site's frame, behind a reverse proxy, publicly."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import httpx
import pytest
from playwright.sync_api import Browser, expect
from test_guard import FOLLOWED, JSON, answering
from test_page import CHROMIUM, Site, another_site, browser, free_port, running

from conftest import SEEDS
from qa import Assistant
from qa.errors import UsageError
from qa.page.gradio_app import launch
from qa.serve.guard import Doors, Guard, checked_origin, local_names

__all__ = ["browser"]  # the fixture of the page's tests
TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
HERE = "http://127.0.0.1:7860"
FRAMED = FOLLOWED | {"Sec-Fetch-Dest": "iframe"}
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")


def asked(doors: Doors, method: str = "GET", **headers: str) -> httpx.Response:
    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app=Guard(answering, doors))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.request(method, "/", headers={k.replace("_", "-"): v for k, v in headers.items()})

    return asyncio.run(one())


def test_only_the_named_origin_may_frame_the_page() -> None:
    policy = asked(Doors(local_names("127.0.0.1"))).headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'none'")
    assert asked(Doors(local_names("127.0.0.1")), **FRAMED).status_code == 403
    doors = Doors(local_names("127.0.0.1"), frame=checked_origin("https://Intranet.example:8443/"))
    framed = asked(doors, **FRAMED)
    assert framed.status_code == 200
    assert framed.headers["content-security-policy"].endswith("frame-ancestors https://intranet.example:8443")
    assert "access-control-allow-origin" not in framed.headers
    assert (
        asked(doors, "POST", Origin="https://intranet.example:8443", **JSON).status_code == 403
    )  # it shows, it asks nothing


@pytest.mark.parametrize(
    "text", ["*", "null", "intranet.example", "https://a.example https://b.example", "https://a.example; script-src *",
             "https://a.example/path", "https://*.example", "javascript:alert(1)", "https://a.example\r\nX: y"],
)  # fmt: skip
def test_what_is_no_origin_never_gets_into_a_header(text: str) -> None:
    with pytest.raises(UsageError, match="is no origin"):
        checked_origin(text)


def test_a_public_address_opens_its_own_name_and_no_other() -> None:
    doors = Doors(local_names("127.0.0.1"))
    doors.open("https://news.example/qa")
    own, other = "https://news.example", "https://evil.example"
    assert asked(doors, Host="news.example").status_code == 200
    assert asked(doors, Host="other.example").status_code == 421
    for host in ("news.example", "127.0.0.1:7860"):  # a proxy that hands the name on, and one that does not
        assert asked(doors, "POST", Host=host, Origin=own, **JSON).status_code == 200
        assert asked(doors, "POST", Host=host, Origin=other, **JSON).status_code == 403


@pytest.mark.parametrize("path", ["qa", "/qa?x", "ftp://news.example", "https://news.example/<b>", "//x y"])
def test_what_is_no_root_path_is_said(seeds: Assistant, path: str) -> None:
    with pytest.raises(UsageError, match="is no root path"):
        launch(seeds, root_path=path, wait=False)


def sharing(tunnel: str, port: int) -> subprocess.Popen[str]:
    """`qa chat --share` with what this expression gives in the place of Gradio's tunnel: there is no internet here."""
    code = f"from gradio import networking\nnetworking.setup_tunnel = lambda **_: {tunnel}\n"
    code += "from qa.cli import main\nmain()"
    given = ("chat", str(SEEDS), "--no-browser", "--share", "--port", str(port))
    return subprocess.Popen([sys.executable, "-c", code, *given], stdout=PIPE, stderr=PIPE, text=True,
                            env={**os.environ, "QA_TOKEN": TOKEN})  # fmt: skip


def test_a_shared_page_answers_to_its_public_name_after_a_warning(seeds: Assistant) -> None:
    port = free_port()
    with sharing("'https://0a1b2c.gradio.live'", port) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any(line.startswith("qa is at ") for line in process.stdout)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            assert client.get("/config", headers={"Host": "0a1b2c.gradio.live"}).status_code == 200
            assert client.get("/config", headers={"Host": "other.gradio.live"}).status_code == 421
        process.terminate()
        assert "whoever has the address and a password or token can read" in process.stderr.read()


def test_a_tunnel_that_does_not_open_is_said(seeds: Assistant) -> None:
    said, warned = sharing("1 / 0", free_port()).communicate(timeout=120)
    assert "leave --share out" in warned
    assert "Traceback" not in said + warned


@pytest.mark.browser
@needs_chromium
def test_a_page_of_the_named_origin_shows_it_in_a_frame_another_does_not(seeds: Assistant, browser: Browser) -> None:
    port = free_port()
    with another_site(f"<iframe src='http://127.0.0.1:{port}/' width=1300 height=800></iframe>") as there:
        site = Site(SEEDS, ("--frame-origin", f"http://localhost:{there}"), port)
        site.start()
        page = browser.new_page()
        frame = page.frame_locator("iframe")
        page.goto(f"http://localhost:{there}/")
        expect(frame.locator(".qa[data-ready]")).to_be_visible(timeout=20_000)
        frame.locator("#question").fill("Who led the delegation to Kabul?")
        frame.locator("#question").press("Enter")
        expect(frame.locator(".turn[data-answered] .mark").first).to_be_visible(timeout=20_000)
        with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            page.goto(f"http://127.0.0.1:{there}/")
        assert frame.locator(".qa").count() == 0
        page.close()
        site.kill()


@pytest.mark.browser
@needs_chromium
def test_the_page_works_behind_a_reverse_proxy_at_a_path(
    seeds: Assistant, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_TOKEN", TOKEN)
    port = free_port()
    public = f"http://localhost:{port}/qa"
    proxy = [sys.executable, str(Path(__file__).parent / "proxy.py"), str(port)]
    with running(SEEDS, "--root-path", public) as site, subprocess.Popen([*proxy, str(site.port)]) as process:
        with httpx.Client(transport=httpx.HTTPTransport(retries=6)) as client:  # until the proxy listens
            got = client.get(f"{public}/config", headers={"Authorization": f"Bearer {TOKEN}"})
            assert got.json()["root"] == public
        page = browser.new_page()
        wrong: list[str] = []
        page.goto(f"{public}/")
        page.fill("[name=password]", TOKEN)
        page.on("response", lambda got: wrong.append(f"{got.status} {got.url}") if got.status >= 400 else None)
        page.press("[name=password]", "Enter")
        expect(page.locator(".qa[data-ready]")).to_be_visible(timeout=20_000)
        page.fill("#question", "Who led the delegation to Kabul?")
        page.press("#question", "Enter")
        expect(page.locator(".turn[data-answered] .mark").first).to_be_visible(timeout=20_000)
        assert wrong == []
        page.close()
        process.terminate()
