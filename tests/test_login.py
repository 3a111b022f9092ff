"""Who may use a page that others can reach, and for what: accounts, sessions, roles; on every route, in a browser."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from gradio_client import Client
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent
from playwright.sync_api import Browser, expect
from test_page import CHROMIUM, Site, ask, browser, routes, running

from conftest import SEEDS
from qa import Assistant
from qa.cli import main
from qa.errors import UsageError
from qa.page import chats, people
from qa.page.accounts import LONGEST, Account, Accounts, Sessions, read, write
from qa.page.actions import Desk
from qa.page.database import opened
from qa.page.gradio_app import launch
from qa.page.login import ACCOUNT, OWN, Login
from qa.page.rules import Rules
from qa.serve.guard import Message, Receive, Send
from qa.testing import ScriptedModel

__all__ = ["browser"]
ANNA, BORIS, TOKEN = "correct-horse-battery", "another-good-one", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SECRET = "a" * 64


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The password file of an editor and a reader."""
    found = tmp_path_factory.mktemp("passwords") / "passwords"
    write(found, "anna", "editor", ANNA)
    write(found, "boris", "reader", BORIS)
    return found


@pytest.fixture
def own(file: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    found = tmp_path / "passwords"
    found.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    return found


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def signed_in(sessions: Sessions, name: str = "anna", password: str = ANNA) -> str:
    found = sessions.sign_in(name, password)
    assert not isinstance(found, str), found
    return found[1]


# ── Accounts and sessions ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_writes_a_line_that_no_other_user_reads(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    for password in ("first-password", "second-password"):
        given = ["password", "anna", "--file", str(file), "--role", "editor"]
        said = CliRunner().invoke(main, given, input=f"{password}\n{password}\n")
        assert said.exit_code == 0
        assert password not in said.output + file.read_text(encoding="utf-8")
    assert re.fullmatch(r"anna:editor:\$argon2id\$\S+\n", file.read_text(encoding="utf-8"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Accounts(file).by_password("anna", "first-password") is None
    assert "second" not in repr(Accounts(file).by_password("anna", "second-password"))


@pytest.mark.parametrize(("name", "password"), [("a:b", ANNA), ("", ANNA), ("a\nb", ANNA), ("anna", "short")])
def test_what_cannot_be_a_name_or_a_password_is_said(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(UsageError, match="choose"):
        write(tmp_path / "passwords", name, "reader", password)


@pytest.mark.parametrize("line", ["anna", "anna:editor:secret", "anna:owner:$argon2id$x", "a b:reader:$argon2id$x"])
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "passwords").write_text(f"# who may\n\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"Line 3 of .*passwords is not name:role:hash"):
        Accounts(tmp_path / "passwords")


def test_a_name_and_its_own_password_go_together(file: Path) -> None:
    accounts = Accounts(file, [TOKEN])
    assert accounts.by_password("anna", ANNA) == read(file)["anna"]
    for name, password in (
        ("anna", BORIS),
        ("boris", ANNA),
        ("nobody", ANNA),
        ("", ANNA),
        ("anna", ""),
        ("", TOKEN),
        ("anna", "\ud800"),
    ):
        assert accounts.by_password(name, password) is None
    token = accounts.by_token(TOKEN)
    assert token is not None
    assert accounts.by_token("\ud800") is None
    assert token.role == "reader"
    assert TOKEN not in repr(token)


def test_a_session_ends_with_its_time_its_password_and_its_account(own: Path) -> None:
    clock = Clock()
    sessions = Sessions(Accounts(own, [TOKEN]), SECRET, now=clock)
    value, token = signed_in(sessions), signed_in(sessions, "", TOKEN)
    for known, name in ((value, "anna"), (token, f"token-{token[6:14]}")):
        found = sessions.of(known)
        assert found is not None
        assert found.name == name
    assert Sessions(Accounts(own), SECRET, now=clock).of(value), "another server of the same database knows it"
    assert Sessions(Accounts(own), "b" * 64, now=clock).of(value) is None
    assert Sessions(Accounts(own), SECRET, now=clock).of(token) is None
    clock.now += LONGEST
    assert sessions.of(value) is None
    value = signed_in(sessions)
    write(own, "anna", "editor", "a-new-password")
    assert sessions.of(value) is None
    value = signed_in(sessions, "anna", "a-new-password")
    own.write_text("", encoding="utf-8")
    assert sessions.of(value) is None


def test_a_role_that_was_taken_ends_the_session(own: Path) -> None:
    sessions = Sessions(Accounts(own), SECRET)
    value = signed_in(sessions)
    own.write_text(own.read_text(encoding="utf-8").replace("anna:editor", "anna:reader"), encoding="utf-8")
    assert sessions.of(value) is None


def test_a_session_that_was_made_up_is_none(file: Path) -> None:
    sessions = Sessions(Accounts(file), SECRET)
    name, end, sign = signed_in(sessions).split(":")
    assert sessions.of(f"{name}:{end}:{sign}")
    for made in (f"boris:{end}:{sign}", f"{name}:{int(end) + 1}:{sign}", f"{name}:{end}:{sign[:-1]}0{sign[-1]}",
                 f"{name}:{end}:", f"{name}:{end}:{'0' * 64}", "", "::", f"{name}:{end}:{sign}\n"):  # fmt: skip
        assert sessions.of(made) is None


def test_who_guesses_waits_and_nobody_else_does(file: Path) -> None:
    clock = Clock()
    sessions = Sessions(Accounts(file), SECRET, now=clock)
    assert [sessions.sign_in("anna", "wrong") for _ in range(5)] == ["wrong"] * 5
    assert sessions.sign_in("anna", ANNA) == "wait"
    assert signed_in(sessions, "boris", BORIS)
    clock.now += 61
    assert signed_in(sessions)


def test_a_file_that_is_gone_lets_nobody_in(own: Path) -> None:
    sessions = Sessions(Accounts(own), SECRET)
    value = signed_in(sessions)
    own.unlink()
    assert sessions.of(value) is None
    assert sessions.sign_in("anna", ANNA) == "wrong"


# ── The application around ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Behind:
    """What stands behind the sign-in; keeps who came through."""

    came: list[str] = field(default_factory=list)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.came.append(f"{scope[ACCOUNT].name if ACCOUNT in scope else '-'} {scope['path']}")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def sent(login: Login, method: str, path: str, **given: Any) -> httpx.Response:
    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app=login)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **given)

    return asyncio.run(one())


def made(file: Path, place: Path, at: str = "", **rules: Any) -> tuple[Login, Behind]:
    database, behind = opened(place), Behind()
    sessions = Sessions(Accounts(file, [TOKEN]), database.secret)
    return Login(behind, sessions, database, Rules(**rules), place=at), behind


@pytest.mark.parametrize(
    ("at", "path", "secure"),
    [
        ("", "/", False),
        ("/qa", "/qa", False),
        ("https://news.example/qa", "/qa", True),
        ("https://a.example", "/", True),
    ],
)
def test_the_cookie_is_the_page_s_alone(file: Path, tmp_path: Path, at: str, path: str, secure: bool) -> None:
    login, behind = made(file, tmp_path, at)
    got = sent(login, "POST", "/login", json={"name": "anna", "password": ANNA})
    assert got.status_code == 200
    parts = got.headers["set-cookie"].split("; ")
    assert parts[1:] == [
        f"Max-Age={LONGEST}",
        f"Path={path}",
        "HttpOnly",
        "SameSite=Lax",
        *(["Secure"] if secure else []),
    ]
    assert sent(login, "GET", "/config", headers={"Cookie": f"other=1; {parts[0]}"}).status_code == 200
    assert behind.came == ["anna /config"]
    out = sent(login, "POST", "/logout", headers={"Cookie": parts[0]}, json={})
    assert out.headers["set-cookie"].startswith(f"{login.sessions.cookie}=; Max-Age=0; Path={path}")


def test_who_is_not_signed_in_gets_the_form_and_a_sentence_in_their_language(file: Path, tmp_path: Path) -> None:
    login, behind = made(file, tmp_path)
    for language, said in (("en-US,en", "Sign in to ask"), ("es-ES,es;q=0.9", "Entre para preguntar"), ("", "Sign in")):
        got = sent(login, "GET", "/", headers={"Accept-Language": language})
        assert (got.status_code, said in got.text) == (401, True)
    got = sent(login, "GET", "/config", headers={"Accept-Language": "es"})
    assert got.json()["error"].startswith("Entre primero")
    assert behind.came == []


@pytest.mark.parametrize(
    "given", [{"content": b"{"}, {"json": []}, {"json": {"name": "anna"}}, {"json": None}, {"content": b"x" * 5000},
              {"json": {"name": "anna", "password": "x" * 5000}}],
)  # fmt: skip
def test_what_is_no_password_is_turned_away(file: Path, tmp_path: Path, given: dict[str, Any]) -> None:
    assert sent(made(file, tmp_path)[0], "POST", "/login", **given).status_code == 400


def test_a_wrong_password_and_too_many_are_said(file: Path, tmp_path: Path) -> None:
    login, _ = made(file, tmp_path)
    wrong = [sent(login, "POST", "/login", json={"name": "anna", "password": "wrong"}) for _ in range(6)]
    assert [got.status_code for got in wrong] == [403] * 5 + [429]
    assert wrong[0].json() == {"error": "Name and password do not go together; try again."}
    assert wrong[5].json() == {"error": "Too many wrong passwords or tokens; wait a minute."}
    assert not any("set-cookie" in got.headers for got in wrong)


def test_files_are_taken_of_editors_alone_and_where_they_may_be_added(file: Path, tmp_path: Path) -> None:
    for uploads, name, password, status in (
        (True, "anna", ANNA, 200), (True, "boris", BORIS, 403), (False, "anna", ANNA, 403), (True, "", TOKEN, 403)
    ):  # fmt: skip
        login, behind = made(file, tmp_path, uploads=uploads)
        cookie = {"Cookie": f"{login.sessions.cookie}={signed_in(login.sessions, name, password)}"}
        files = {"files": ("a.txt", b"words")}
        for path in ("/gradio_api/upload", "/gradio_api/upload/", "/gradio_api/component_server"):
            assert sent(login, "POST", path, files=files, headers=cookie).status_code == status
        assert len(behind.came) == (3 if status == 200 else 0)


def test_a_program_s_token_is_a_reader_s(file: Path, tmp_path: Path) -> None:
    login, behind = made(file, tmp_path)
    assert sent(login, "GET", "/config", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert behind.came[0].startswith("token-")
    for wrong in (f"Bearer {TOKEN}0", "Bearer", f"Basic {TOKEN}", TOKEN):
        assert sent(login, "GET", "/config", headers={"Authorization": wrong}).status_code == 401


def test_who_guesses_tokens_waits_as_who_guesses_passwords(file: Path, tmp_path: Path) -> None:
    login, _ = made(file, tmp_path)
    guess = {"headers": {"Authorization": f"Bearer {TOKEN}0", "Accept-Language": "es"}}
    signing = {"json": {"name": "", "password": f"{TOKEN}0"}}
    tried = [sent(login, "GET", "/config", **guess) for _ in range(3)]
    tried += [sent(login, "POST", "/login", **signing) for _ in range(3)]
    assert [got.status_code for got in tried] == [401] * 3 + [403] * 2 + [429]
    assert tried[5].headers["retry-after"] == "60"
    right = sent(login, "GET", "/config", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (right.status_code, right.json()) == (429, {"error": "Too many wrong passwords or tokens; wait a minute."})
    assert sent(login, "POST", "/login", json={"name": "anna", "password": ANNA}).status_code == 200


# ── What the page lets be done ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("files", "megabytes"), [(2, None), (None, 0.0005)])
def test_so_many_files_or_bytes_and_no_more(
    folder: Path, tmp_path: Path, files: int | None, megabytes: float | None
) -> None:
    desk = Desk(Assistant.open(folder), home=tmp_path, rules=Rules(files=files, megabytes=megabytes))
    uploaded = tmp_path / "uploaded"
    uploaded.write_text("The harbour reopened. " * 10, encoding="utf-8")
    added = [desk.folder.add(uploaded, language="en", name=f"{n}.txt")["ok"] for n in (1, 2, 3, 2)]
    assert added == [True, True, False, True]  # a file of the same name takes the other's place
    said = desk.folder.add(uploaded, language="en", name="3.txt")["said"]
    assert said.startswith("3.txt was not added: as many files, or as many bytes, are here as may be.")


def test_only_the_models_of_the_list_are_chosen(seeds: Assistant, tmp_path: Path) -> None:
    desk = Desk(seeds, home=tmp_path, rules=Rules(endpoints=("http://127.0.0.1:9/v1/",)))
    here: dict[str, Any] = {"browser": chats.new_id(), "answerer": "llm", "model": "m"}
    desk.models.choose(**here, base_url="http://127.0.0.1:9/v1")
    for other in ("http://169.254.169.254/latest", "http://127.0.0.1:9/v1/../x", "http://127.0.0.1:9/v1@evil.example/"):
        with pytest.raises(UsageError, match="The models at that address are not to be asked from here"):
            desk.models.choose(**here, base_url=other)
        assert "are not to be asked" in desk.models.test(language="en", **here, base_url=other)["said"]


def test_one_person_s_questions_leave_room_for_others(seeds: Assistant, tmp_path: Path) -> None:
    model = ScriptedModel([["Abbas Araghchi led a delegation to Kabul in February. [{key:1}] He", 30.0, " went."]])
    written = Assistant(seeds.folder, seeds.store, seeds.embedder, seeds.settings, model)
    desk = Desk(written, home=tmp_path, rules=Rules(each=1))
    here: dict[str, Any] = {"browser": "a" * 32, "language": "en", "question": "Who led the delegation to Kabul?"}
    first = desk.ask(**here, chat=chats.new_id())
    turn = next(first)["turn"]
    with pytest.raises(UsageError, match="1 of your questions are being answered; wait for one of them, or stop it"):
        next(desk.ask(**here, chat=chats.new_id()))
    other = desk.ask(**{**here, "browser": "b" * 32}, chat=chats.new_id())
    desk.answering.stop(turn=next(other)["turn"])
    assert list(other)[-1]["done"]
    desk.answering.stop(turn=turn)
    assert list(first)[-1]["done"]
    desk.answering.stop(turn=next(desk.ask(**here, chat=chats.new_id()))["turn"])


def test_beyond_this_machine_nothing_is_served_without_accounts(seeds: Assistant, tmp_path: Path) -> None:
    for opening in ({"host": "0.0.0.0"}, {"share": True}, {"root_path": "https://news.example/qa"}):
        with pytest.raises(UsageError, match="Beyond this machine the page must know who asks"):
            launch(seeds, home=tmp_path, wait=False, **opening)
    with pytest.raises(UsageError, match="cannot be read"):
        launch(seeds, home=tmp_path, wait=False, host="0.0.0.0", passwords=tmp_path / "none")


# ── A page on the network ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def site(seeds: Assistant, file: Path) -> Iterator[Site]:
    os.environ["QA_TOKEN"] = TOKEN
    try:
        with running(SEEDS, "--host", "0.0.0.0", "--passwords", str(file), "--uploads", "--mcp") as found:
            yield found
    finally:
        del os.environ["QA_TOKEN"]


def test_no_route_answers_without_a_session(site: Site) -> None:
    assert ("POST", "/gradio_api/queue/join") in routes()
    for method, path in routes():
        if path in ("/gradio_api/startup-events", "/login", "/logout"):
            continue
        got = httpx.request(method, site.url.rstrip("/") + path, headers={"Content-Type": "application/json"})
        assert got.status_code == 401, (method, path)
        assert "gradio" not in got.text


def test_it_warns_of_plain_http(site: Site) -> None:
    assert "Warning: this is plain HTTP." in (site.home / "server.log").read_text(encoding="utf-8")


@pytest.fixture
def reader(site: Site) -> Iterator[httpx.Client]:
    """A program that signed in as boris, as the page's scripts do."""
    with httpx.Client(base_url=site.url, timeout=30) as client:
        assert client.post("/login", json={"name": "boris", "password": BORIS}).status_code == 200
        yield client


@pytest.mark.parametrize(
    ("name", "given"),
    [("set_model", {"answerer": "extract"}), ("test_model", {"model": "m"}), ("remove", {"file": "x"}), ("reindex", {}),
     ("add", {"path": "/etc/passwd", "name": "x.txt"})],
)  # fmt: skip
def test_a_reader_changes_nothing_whatever_they_send(reader: httpx.Client, name: str, given: dict[str, str]) -> None:
    [page] = [one["id"] for one in reader.get("/config").json()["components"] if one["type"] == "html"]
    anna = {"browser": Account("anna", "editor", "").person, "account": "anna", "edits": True, "language": "en"}

    def called(act: str, sent: dict[str, Any]) -> Any:
        body = {"component_id": page, "fn_name": f"qa_{act}", "session_hash": "x", "data": sent}
        return reader.post("/gradio_api/component_server", json=body).json()

    assert called(name, {**anna, **given}) == {"error": "Only an editor may do that; ask whoever runs this page."}
    assert 'class="figure clip">boris</span>' in called("start", anna)["html"]


def test_a_program_asks_with_a_token(site: Site) -> None:
    client = Client(site.url, headers={"Authorization": f"Bearer {TOKEN}"}, verbose=False)
    assert "Araghchi" in client.predict("Who led the delegation to Kabul?", api_name="/ask")["text"]


def test_an_assistant_asks_with_a_token(site: Site) -> None:
    async def asked(token: str) -> CallToolResult:
        client = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60)
        address = f"{site.url}gradio_api/mcp/"
        async with (
            client,
            streamable_http_client(address, http_client=client) as (incoming, outgoing, _),
            ClientSession(incoming, outgoing) as session,
        ):
            await session.initialize()
            return await session.call_tool("ask", {"question": "Who led the delegation to Kabul?"})

    got = asyncio.run(asked(TOKEN))
    assert not got.isError
    assert isinstance(got.content[0], TextContent)
    assert "Araghchi" in got.content[0].text
    for sent in ({}, {OWN: ""}, {OWN: TOKEN}):
        assert httpx.post(f"{site.url}gradio_api/mcp/", json={}, headers=sent).status_code == 401


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
def test_people_sign_in_have_what_is_their_own_everywhere_and_sign_out(site: Site, browser: Browser) -> None:
    def enter(name: str, password: str) -> Any:
        page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US").new_page()
        page.goto(site.url)
        page.fill("[name=name]", name)
        page.fill("[name=password]", "wrong")
        page.press("[name=password]", "Enter")
        expect(page.locator("#said")).to_have_text("Name and password do not go together; try again.")
        page.fill("[name=password]", password)
        page.press("[name=password]", "Enter")
        expect(page.locator(".qa[data-ready]")).to_be_visible(timeout=20_000)
        return page

    first = enter("anna", ANNA)
    ask(first, "Who led the delegation to Kabul?")
    expect(first.locator("[data-do=model]")).to_be_visible()
    second = enter("anna", ANNA)  # another browser, the same chats
    expect(second.locator(".chat-row")).to_have_count(1)
    other = enter("boris", BORIS)
    expect(other.locator(".chat-row")).to_have_count(0)
    expect(other.locator("[data-do=model]")).to_be_hidden()
    listed = {one.account: one.chats for one in people.listed(opened(site.home))}
    assert listed == {"anna": 1}
    first.click("[data-do=leave]")
    expect(first.locator("[name=password]")).to_be_visible()
    for page in (first, second, other):
        page.close()
