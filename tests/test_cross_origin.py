"""What a page of another site gets of `qa chat` and `qa serve` on this machine, in a real browser, on every route."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Frame, Response
from serving import serving
from test_page import another_site, browser, routes, running

from conftest import SEEDS
from qa.testing import serve

__all__ = ["browser"]
pytestmark = pytest.mark.browser
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What a page can try, in the ways in which a browser lets it send and embed; `seen` is what it could read or run.
PAGE = """<title>another site</title><body><script>
const site = '$site', routes = $routes, seen = window.seen = [];
const sent = JSON.stringify({model: 'qa', question: 'Who led the delegation to Kabul?', input: 'Who led it?',
  messages: [{role: 'user', content: 'Who led the delegation to Kabul?'}], component_id: 0, fn_name: 'qa_forget',
  fn_index: 0, session_hash: 'z', event_data: {browser: 'b'.repeat(32), chat: 'c'.repeat(32), question: 'Who?'},
  data: {browser: 'b'.repeat(32), language: 'en'}, jsonrpc: '2.0', id: 1, method: 'tools/list', params: {}});
const go = (path, options) => fetch(site + path, options).then(
  async got => { if (got.type !== 'opaque' && got.type !== 'opaqueredirect')
    seen.push(`${options.method} ${path} ${got.status} ${(await got.text()).slice(0, 80)}`); }, () => {});
const embed = (kind, set, path) => new Promise(done => {
  const one = document.createElement(kind);
  one.onload = () => { if (kind !== 'iframe') seen.push(`${kind} ${path}`); done(); };
  one.onerror = done;
  set(one, site + path);
  document.body.append(one);
  setTimeout(() => { one.remove(); done(); }, kind === 'iframe' ? 300 : 5000);
});
const post = (path, type) => {
  const form = document.createElement('form'), to = document.createElement('iframe');
  to.name = 'to' + Math.random(); document.body.append(to);
  Object.assign(form, {method: 'post', action: site + path, enctype: type, target: to.name});
  const field = document.createElement('input');
  [field.name, field.value] = type === 'text/plain' ? [sent.slice(0, -1) + ',"x":"', '"}'] : ['data', sent];
  form.append(field); document.body.append(form); form.submit();
};
const listen = (kind, address) => new Promise(done => {
  const one = new kind(address);
  one.onopen = one.onmessage = () => seen.push(`${kind.name} ${address}`);
  one.onerror = () => { one.close(); done(); };
  setTimeout(() => { one.close(); done(); }, 2000);
});
(async () => {
  for (const [method, path] of routes) {
    const body = method === 'GET' || method === 'HEAD' ? undefined : sent;
    await go(path, {method, body});
    await go(path, {method, body, credentials: 'include', headers: {'Content-Type': 'application/json'}});
    await go(path, {method, body, headers: {Authorization: 'Bearer 0123', 'X-Forwarded-Host': location.host}});
    if (!['GET', 'HEAD', 'POST'].includes(method)) continue;
    await go(path, {method, body, mode: 'no-cors', credentials: 'include'});
    if (method === 'POST') {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data',
                          'text/plain;application/json'])
        await go(path, {method, body, mode: 'no-cors', headers: {'Content-Type': type}});
      navigator.sendBeacon(site + path, sent);
      for (const type of ['text/plain', 'multipart/form-data']) post(path, type);
    }
    if (method === 'GET')
      await Promise.all([
        embed('img', (one, to) => { one.src = to; }, path), embed('script', (one, to) => { one.src = to; }, path),
        embed('link', (one, to) => { one.rel = 'stylesheet'; one.href = to; }, path),
        embed('iframe', (one, to) => { one.src = to; }, path),
        embed('object', (one, to) => { one.data = to; }, path)]);
  }
  await Promise.all(routes.filter(([method]) => method === 'GET').flatMap(([, path]) => [
    listen(EventSource, site + path), listen(WebSocket, site.replace('http', 'ws') + path)]));
  document.title = 'done'; window.done = true;
})();
</script>"""
FRAME = "<title>sandboxed</title><iframe sandbox='allow-scripts allow-forms' src='/inner'></iframe>"


def tried(browser: Browser, url: str, paths: list[tuple[str, str]]) -> set[tuple[str, str, int]]:
    """Has pages of other sites (another port of either name, and one without an origin) try these routes of a server at
    ``url``; returns method, path and status of all that it answered. What they saw is nothing."""
    answered: set[tuple[str, str, int]] = set()

    def note(got: Response) -> None:
        if got.url.startswith(url):
            answered.add((got.request.method, got.url.removeprefix(url.rstrip("/")), got.status))

    script = PAGE.replace("$site", url.rstrip("/")).replace("$routes", repr([list(one) for one in paths]))
    with another_site(script) as port, another_site(FRAME.replace("/inner", f"http://127.0.0.1:{port}/")) as framing:
        for place in (f"http://localhost:{port}/", f"http://127.0.0.1:{framing}/"):
            page = browser.new_page()
            page.on("response", note)
            page.goto(place)
            trying = page.frames[-1] if str(framing) in place else page.main_frame
            assert seen(trying) == []
            page.close()
    return answered


def seen(frame: Frame) -> Any:
    frame.wait_for_function("window.done === true", timeout=240_000)
    return frame.evaluate("window.seen")


def filled(path: str) -> str:
    """A route's address with something in its gaps."""
    return re.sub(r"\{[^}]*\}", lambda gap: "1" if gap[0] in ("{n}", "{number}") else "qa", path)


def test_no_route_of_the_page_is_read_or_written_from_another_site(browser: Browser, folder: Path) -> None:
    paths = sorted({(method, filled(path)) for method, path in routes()} | {("GET", "/"), ("POST", "/gradio_api/mcp/")})
    with serve(["yes"] * 9) as model, running(folder, "--mcp", "--model", "m", "--base-url", model.base_url) as site:
        answered = tried(browser, site.url, paths)
        met = {path.partition("?")[0] for _, path, _ in answered} | {"/favicon.ico"}  # Playwright says nothing of it
        assert met >= {path for method, path in paths if method == "GET"}
        assert {one for one in answered if one[2] != 403} == set()
        assert (model.requests, site.kept("b" * 32)) == ([], [])


def test_no_route_of_qa_serve_is_read_or_written_from_another_site(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "log", str(SEEDS)) as server:
        described = httpx.get(f"{server.url}/openapi.json").json()["paths"]
        own = {(method.upper(), filled(path)) for path, methods in described.items() for method in methods}
        more = {("POST", "/mcp"), ("GET", "/mcp"), ("GET", "/openapi.json"), ("GET", "/"), ("GET", "/nowhere")}
        every = own | more | {("DELETE", "/v1/models"), ("PUT", "/v1/responses"), ("OPTIONS", "/v1/chat/completions")}
        assert len(own) >= 8
        answered = tried(browser, server.url, sorted(every))
        # a link, or a frame, may be on its way to "/": there is nothing there, and a frame shows none of it
        assert {one for one in answered if one[2] != 403} <= {("GET", "/", 404)}
        counted = httpx.get(f"{server.url}/metrics").text
        assert re.findall(r"^qa_answers_total\{.*$", counted, re.M) == []
        assert "403" in counted
