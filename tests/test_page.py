"""The chat page, served by `qa chat` and driven in a real browser on the real index.

Each test fails on a request to another host and on any error in the browser's console. Needs Chromium.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import gallery
import gradio as gr
import httpx
import pytest
from gradio.routes import App
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright
from sqlalchemy import delete
from starlette import routing

from conftest import SEEDS
from qa import Article, Assistant
from qa.articles import corpus
from qa.index.addresses import user_folder
from qa.page import chats, people
from qa.page.database import CHATS, FEEDBACK, opened
from qa.page.render import words as words_of
from qa.serve.export import answer_json
from qa.testing import serve

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]
ME = "a" * 32
expect.set_options(timeout=20_000)
ANSWERED = ".turn[data-answered]"
OLD = ("text", "status", "failed", "note", "citations")  # of a claim, as the first version kept it


@dataclass
class Site:
    """A running `qa chat`: its address, its folder, and where it keeps what it keeps."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    home: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home = user_folder(self.folder)
        self.home.mkdir(parents=True, exist_ok=True)
        self._log = self.home / "server.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self.port = self.port or free_port()
        code = "from qa.cli import main; main()"
        given = ("chat", str(self.folder), "--no-browser", "--port", str(self.port), *self.options)
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-c", code, *given], stdout=log, stderr=log)
        for _ in range(1200):
            assert self.process.poll() is None, self._log.read_text(encoding="utf-8")[-2000:]
            try:
                urllib.request.urlopen(self.url, timeout=2).close()
                return
            except urllib.error.HTTPError:  # it asks who one is
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("qa chat did not answer within two minutes")

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def kept(self, me: str = ME) -> list[dict[str, Any]]:
        """The chats of a browser, the last changed first."""
        place = chats.place(opened(self.home), me)
        return [chats.load(place, chat["id"]) for chat in chats.listed(place)]


def empty(home: Path) -> None:
    """Takes every chat and every judgement out of a page's database."""
    with opened(home).writing() as connection:
        for table in (CHATS, FEEDBACK):
            connection.execute(delete(table))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Site]:
    site = Site(folder, options)
    site.start()
    try:
        yield site
    finally:
        site.kill()


@pytest.fixture(scope="module")
def site(seeds: Assistant, cache: Path) -> Iterator[Site]:
    with running(SEEDS) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Opens the page in a browser of its own; what it may not do is collected, and the test fails on it."""
    empty(site.home)
    wrong: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(url: str = "", *, chat: str = "", me: str = ME, context: BrowserContext | None = None,
                  **options: Any) -> Page:  # fmt: skip
        if context is None:
            given: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", **options}
            context = browser.new_context(**given)
            context.set_default_timeout(20_000)
            contexts.append(context)
        page = context.new_page()
        watch(page, wrong)
        page.add_init_script(f"localStorage.setItem('qa-browser', '{me}');")
        if chat:
            page.add_init_script(f"sessionStorage.getItem('qa-chat') || sessionStorage.setItem('qa-chat', '{chat}');")
        page.goto(url or site.url)
        page.wait_for_selector(".qa[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def watch(page: Page, wrong: list[str]) -> None:
    def requested(url: str) -> None:
        if urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).hostname != "127.0.0.1":
            wrong.append(f"a request to {url}")

    page.on("request", lambda request: requested(request.url))
    page.on("console", lambda said: wrong.append(f"console: {said.text}") if worth_telling(said) else None)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))


def worth_telling(said: ConsoleMessage) -> bool:
    """Whether it is an error, and not Gradio's own of a stream that ends because the page is reloaded or closed, or the
    browser's of a server that the test has ended: one that runs refuses and resets no connection, and `watch` sees
    other hosts."""
    ended = ("signal is aborted without reason", "BodyStreamBuffer was aborted", "Connection errored out",
             "net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET")  # fmt: skip
    return said.type == "error" and not any(text in said.text for text in ended)


def ask(page: Page, question: str) -> None:
    """Asks by the keyboard and waits for the answer."""
    before = page.locator(f"{ANSWERED}, .turn:has(.trouble)").count()
    page.fill("#question", question)
    page.press("#question", "Enter")
    expect(page.locator(f"{ANSWERED}, .turn:has(.trouble)")).to_have_count(before + 1, timeout=20_000)


def paragraph(folder: Path, file: str, number: int) -> str:
    """The words of a paragraph, read from the file."""
    found = corpus.find(folder, file)
    assert isinstance(found, corpus.FolderFile)
    article = corpus.read_article(found)
    assert isinstance(article, Article)
    return next(p.text for p in article.paragraphs if p.number == number)


def test_a_mark_opens_the_article_at_the_cited_words(visit: Visit, site: Site) -> None:
    page = visit()
    ask(page, gallery.KABUL)
    page.click(".turn .mark")
    marked = page.locator("#reader mark")
    expect(marked).to_be_in_viewport()
    cited = site.kept()[0]["turns"][0]["answer"]["citations"][0]
    assert marked.inner_text() == cited["quote"]
    here = page.locator("#reader .paragraph.here")
    assert here.get_attribute("data-p") == str(cited["paragraph"]) == "18"
    assert here.locator(".text").inner_text() == paragraph(SEEDS, cited["file"], 18)
    assert here.locator("mark").count() == 1
    page.click("#back")
    page.click("#cards .card-open")
    expect(page.locator("#reader mark")).to_have_text(cited["quote"])


ASKED_AT = """at => { const top = document.querySelector(at).getBoundingClientRect().top
    - document.querySelector('#scroll').getBoundingClientRect().top; return top > -1 && top < 30; }"""


@pytest.mark.parametrize("width", [1280, 390])
def test_each_question_stands_at_the_top_above_its_answer_and_has_its_own_sources(visit: Visit, width: int) -> None:
    page = visit(viewport={"width": width, "height": 700})
    ask(page, gallery.KABUL)
    page.click(".turn .mark")  # what was opened once does not hold the sources of what is asked later
    page.wait_for_selector("#reader mark")
    page.keyboard.press("Escape")
    for question in ("What are these articles about?", gallery.NIMRUZ, "hello", "Summarise the article about Iraq"):
        ask(page, question)
        page.wait_for_function(ASKED_AT, arg=".turn.last .question")
        expect(page.locator("#cards .cards-of")).to_contain_text(question)
    page.wait_for_function("document.querySelector('#scroll').scrollTop > 500")
    page.evaluate("document.querySelector('#scroll').scrollTop = 0")
    expect(page.locator("#cards .cards-of")).to_contain_text(gallery.KABUL)


ALONE = """() => [...document.querySelectorAll('#turns .words + .mark')].filter((mark) => {
    const lines = [...mark.previousElementSibling.getClientRects()].filter((line) => line.width > 0);
    return mark.getBoundingClientRect().top > lines[lines.length - 1].bottom - 2; }).length"""


def test_no_mark_begins_a_line_without_its_words(visit: Visit) -> None:
    page = visit()
    ask(page, "What are these articles about?")
    for width in range(380, 520, 7):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(ALONE) == 0, width


def test_a_long_question_leaves_room_for_its_answer_and_scrolls_by_the_keyboard(visit: Visit, axe: str) -> None:
    page = visit(viewport={"width": 1280, "height": 800})
    ask(page, "Who led the delegation to Kabul? " + "Please answer soon.\n" * 60)
    assert page.locator(".turn .question").bounding_box()["height"] < 400  # type: ignore[index]
    page.focus(".turn .question")
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.turn .question').scrollTop > 100")
    page.evaluate(axe)
    assert page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"] == []


def test_what_is_said_stands_over_an_open_dialog_and_outlives_it(visit: Visit, site: Site) -> None:
    page = visit()
    ask(page, gallery.KABUL)
    page.click("[data-do=model]")
    page.check("[name=answerer][value=llm]")
    page.fill("[name=model]", "")
    page.click("#model-form .solid")
    told = page.locator("#toast.shown")
    expect(told).to_be_visible()
    assert told.evaluate("node => Boolean(node.closest('dialog[open]'))")
    page.keyboard.press("Escape")
    page.locator(".turn .claim").first.hover()
    page.locator(".turn .pin").first.click()
    expect(told).to_have_text("Pinned to the brief")
    expect(told).to_be_visible()


def test_what_was_taken_out_can_be_undone_where_the_reader_is(visit: Visit) -> None:
    page = visit(viewport={"width": 1280, "height": 700})
    for question in (gallery.KABUL, gallery.NIMRUZ, "What are these articles about?"):
        ask(page, question)
    page.evaluate("document.querySelector('#scroll').scrollTop = 0")
    page.locator(".turn").nth(1).hover()
    page.locator(".turn").nth(1).locator("[data-do=undo]").click()
    expect(page.locator("#notice button")).to_be_in_viewport()
    expect(page.locator(".turn").first).to_be_in_viewport()
    page.click("#notice button")
    expect(page.locator(".turn")).to_have_count(3)


@pytest.mark.parametrize("status", [500, 503])
def test_a_question_that_gradio_does_not_take_is_in_the_box_again(browser: Browser, site: Site, status: int) -> None:
    page = browser.new_page(locale="en-US")  # not watched: the browser tells of the status
    page.goto(site.url)
    page.wait_for_selector(".qa[data-ready]")
    page.route("**/queue/join*", lambda route: route.fulfill(status=status, body='{"detail": "KeyError: <b>raw</b>"}'))
    page.fill("#question", gallery.KABUL)
    page.press("#question", "Enter")
    if status == 500:  # nothing may come of it at all: the reader need not wait until the page gives it up
        page.evaluate("document.querySelector('.stop').click()")
    else:
        expect(page.locator("#notice")).to_contain_text("Something went wrong in the program")
    expect(page.locator("#question")).to_have_value(gallery.KABUL)
    assert "KeyError" not in page.inner_text("body")
    page.unroute("**/queue/join*")
    page.press("#question", "Enter")
    expect(page.locator(ANSWERED)).to_have_count(1)
    page.close()


def test_a_refusal_shows_the_nearest_paragraphs_and_they_open(visit: Visit) -> None:
    page = visit()
    ask(page, "Who won the football world cup?")
    expect(page.locator(".turn .verdict")).to_have_text("No answer in these articles")
    expect(page.locator("#cards .card")).to_have_count(3)
    page.locator("#cards .card-open").first.click()
    expect(page.locator("#reader .paragraph.here")).to_be_visible()
    assert page.locator("#reader mark").count() == 0


def test_a_spanish_reader_has_a_spanish_page(visit: Visit) -> None:
    page = visit(locale="es-MX")
    assert page.evaluate("document.documentElement.lang") == "es"
    assert page.get_attribute("#question", "placeholder") == "Pregunte a los artículos…"
    ask(page, "¿Qué invitación transmitió el ministro sirio?")
    expect(page.locator(".turn .said")).to_contain_text("invitación del presidente sirio")
    page.click(".turn .mark")
    expect(page.locator("#reader .paragraph.here")).to_have_attribute("data-p", "6")


def test_nothing_on_a_spanish_page_is_english(visit: Visit, site: Site) -> None:
    page = visit(locale="es-MX")
    ask(page, "¿Quién ganó el mundial de fútbol en febrero?")
    expect(page.locator(".turn .verdict")).to_have_text("Sin respuesta en estos artículos")
    ask(page, "Who won the football world cup in February?")  # what we say is Spanish, whatever the question is in
    expect(page.locator(".turn").nth(1).locator(".reason")).to_have_text("Los artículos no responden a esto.")
    assert "Taken as" not in page.inner_text("#turns")
    assert "Se entiende" not in page.inner_text("#turns")
    expect(page.locator(".turn").nth(1).locator(".counts")).to_contain_text("Ninguno de los 4 artículos en inglés")
    ask(page, "¿Qué invitación transmitió el ministro sirio?")
    expect(page.locator(".turn.last .certainty")).to_have_text(re.compile("segura"))
    assert re.search(r"\d,\d s", page.inner_text(".turn.last .facts"))
    page.click(".row[data-do=model]")
    page.check("[name=answerer][value=llm]")
    page.fill("[name=model]", "m")
    page.fill("[name=base_url]", "http://127.0.0.1:1/v1")
    page.click("[data-do=test]")
    expect(page.locator("#model-told")).to_contain_text("no responde")
    page.fill("[name=base_url]", "nowhere")
    page.click("[data-do=test]")
    expect(page.locator("#model-told")).to_have_text("La dirección es como http://localhost:11434/v1.")
    english = {text for text in words_of("en").values() if " " in text}
    assert not [text for text in english if text in page.inner_text(".qa")]


def test_a_mark_shows_its_sentence_inside_its_paragraph_without_a_click(visit: Visit) -> None:
    page = visit()
    ask(page, "Who led the delegation to Kabul?")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.hover(".turn .mark")
    peek = page.locator("#peek")
    expect(peek.locator("mark")).to_have_text(re.compile("^In February, Foreign Minister"))
    expect(peek.locator(".peek-words")).to_have_text(re.compile("^Over the past four years"))
    page.mouse.move(2, 2)
    expect(peek).to_be_hidden()
    page.focus("#question")
    for _ in range(30):  # by the keyboard alone
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.mark')"):
            break
    expect(peek).to_be_visible()
    expect(page.locator(".turn .mark")).to_have_attribute("aria-describedby", "peek")
    page.keyboard.press("Escape")
    expect(peek).to_be_hidden()
    page.hover(".turn .certainty")
    expect(peek).to_contain_text("How sure the search is")
    assert sent == []
    assert page.locator("#reader").is_hidden()


def test_a_mark_of_an_earlier_version_fetches_its_paragraph(visit: Visit, site: Site, seeds: Assistant) -> None:
    chat, place = chats.new_id(), chats.place(opened(site.home), ME)
    kept = answer_json(seeds.ask("Who led the delegation to Kabul?"))
    for cited in [*kept["citations"], *(c for claim in kept["claims"] for c in claim["citations"])]:
        del cited["text"], cited["lead"]
    for name in ("listed", "claims"):
        kept[name] = kept[name] and [{k: v for k, v in claim.items() if k in OLD} for claim in kept[name]]
    turn = chats.begin(place, chat, kept["question"], as_of=None)
    chats.change(place, chat, turn["id"], answer={k: v for k, v in kept.items() if k != "listed"}, seconds=1234.5)
    page = visit(chat=chat)
    expect(page.locator(".turn .foot")).to_contain_text("1,234.5 s")
    page.hover(".turn .mark")
    expect(page.locator("#peek .peek-words mark")).to_have_text(re.compile("^In February, Foreign Minister"))


def test_what_is_printed_has_the_sources_on_white(visit: Visit, site: Site, states: dict[str, Any]) -> None:
    page = visit(chat=gallery.keep(site.home, ME, {"conflict": states["conflict"]}), color_scheme="dark")
    expect(page.locator(".printed")).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    cited = {citation.address for citation in states["conflict"].citations}
    expect(page.locator(".printed li")).to_have_count(len(cited))
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator(".printed")).to_contain_text("MNA/IRNA, 26 July 2025, 000_adb1a9a8aa5c90c3.txt ¶1")
    for part in (".printed li", ".verdict", ".side-head"):
        shade = page.locator(f".turn {part}").first.evaluate("e => getComputedStyle(e).color")
        assert max(map(int, re.findall(r"\d+", shade)[:3])) < 120, part
    grounds = """[...document.querySelectorAll('*')].filter(e => e.contains(document.querySelector('.qa')))
        .map(e => getComputedStyle(e).backgroundColor)"""
    assert set(page.evaluate(grounds)) <= {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}


def test_a_refusal_offers_what_is_answered(visit: Visit) -> None:
    page = visit()
    ask(page, "What did Bagheri say about Syria?")
    expect(page.locator(".turn .counts li").first).to_contain_text("1 of 5 articles mentions Bagheri.")
    page.click(".offers .counts .suggested >> nth=0")
    expect(page.locator(ANSWERED)).to_have_count(2)
    expect(page.locator(".turn.last .items li")).to_have_count(1)


def test_what_is_suggested_is_answered_at_a_click(visit: Visit) -> None:
    page = visit()
    page.locator(".suggested").first.click()
    expect(page.locator(f"{ANSWERED} .mark").first).to_be_visible()


@pytest.fixture(scope="module")
def states(seeds: Assistant) -> dict[str, Any]:
    return gallery.answers(seeds)


def test_every_state_is_drawn_after_a_reload_too(visit: Visit, site: Site, states: dict[str, Any]) -> None:
    page = visit(chat=gallery.keep(site.home, ME, states))
    expect(page.locator(".turn")).to_have_count(len(states))
    at = {name: page.locator(".turn").nth(n) for n, name in enumerate(states)}
    expect(at["conflict"].locator(".side")).to_have_count(2)
    expect(at["repaired"].locator(".mark.repaired")).to_be_visible()
    expect(at["shown"].locator(".claim.unsupported s")).to_have_text("He stayed 12 days in Baghdad.")
    at["dropped"].locator("summary").click()
    expect(at["dropped"].locator(".removed s")).to_be_visible()
    expect(at["as of"].locator(".as-of")).to_have_text("As of 26 July 2025")
    expect(at["error"].locator(".trouble")).to_contain_text("is the server running?")
    at["copies"].locator(".show-sources").click()
    page.locator("#cards .also:not(.cite)").nth(1).click()
    expect(page.locator("#reader .paragraph.here")).to_have_attribute("data-p", "3")
    for n, _ in enumerate(at["conflict"].locator(".mark").all()):
        at["conflict"].locator(".mark").nth(n).click()
        expect(page.locator("#reader mark")).to_be_in_viewport()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core, from the npm registry; kept in the user's cache."""
    place = Path(os.environ.get("QA_AXE") or Path.home() / ".cache" / "qa-dev")
    script = place / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm") or pytest.fail("npm is not there: apt-get install npm (axe-core comes from it)")
        place.mkdir(parents=True, exist_ok=True)
        got = subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place), "axe-core@4"],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert got.returncode == 0, f"npm could not fetch axe-core; install it into {place}: {got.stderr}"
    return script.read_text(encoding="utf-8")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_axe_finds_nothing(visit: Visit, site: Site, states: dict[str, Any], axe: str, width: int, scheme: str) -> None:
    page = visit(
        chat=gallery.keep(site.home, ME, states), viewport={"width": width, "height": 850}, color_scheme=scheme
    )
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(axe)

    def found(where: str) -> list[str]:
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{where}: {v['id']} ({v['impact']}) {v['nodes'][0]['html'][:120]}" for v in result["violations"]]

    wrong = found("chat")
    page.locator(".turn .mark").first.click()
    page.wait_for_selector("#reader mark")
    wrong += found("article")
    page.keyboard.press("Escape")
    for panel in ("folder", "model", "keys"):
        page.evaluate(f"document.querySelector('[data-do={panel}]').click()")
        page.wait_for_selector(f"#{panel}-dialog[open]")
        wrong += found(panel)
        page.keyboard.press("Escape")
    assert wrong == []


def test_the_keyboard_alone_is_enough(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("Who led the delegation to Kabul?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("When was the border clash in Nimruz?")
    page.keyboard.press("Enter")
    expect(page.locator(ANSWERED)).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator(".mark.on")).to_have_text("1")
    first = page.locator("#reader mark").inner_text()
    page.keyboard.press("n")
    expect(page.locator(".mark.on")).to_have_text("2")
    expect(page.locator("#reader mark")).not_to_have_text(first)
    page.keyboard.press("p")
    expect(page.locator("#reader mark")).to_have_text(first)
    page.keyboard.press("Escape")
    expect(page.locator("#cards .card").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog")).to_be_visible()


def test_a_chat_is_kept_edited_retried_renamed_and_deleted(visit: Visit, site: Site) -> None:
    page = visit()
    ask(page, gallery.KABUL)
    ask(page, "And when was it?")
    expect(page.locator(".turn").nth(1).locator(".searched")).to_contain_text(gallery.KABUL)
    page.reload()
    expect(page.locator(ANSWERED)).to_have_count(2)
    page.locator(".turn").nth(1).hover()
    page.locator(".turn").nth(1).locator("[data-do=undo]").click()
    expect(page.locator(".turn")).to_have_count(1)
    page.locator(".turn").hover()
    page.locator("[data-do=edit]").click()
    expect(page.locator("form.edit textarea")).to_have_value(gallery.KABUL)
    page.fill("form.edit textarea", gallery.NIMRUZ)
    page.press("form.edit textarea", "Enter")
    expect(page.locator(".turn .said")).to_contain_text("Nimruz")
    page.locator("[data-do=retry]").click()
    expect(page.locator(".pager")).to_have_text("3 / 3")
    expect(page.locator(ANSWERED)).to_have_count(1)
    expect(page.locator(".turn .said")).to_contain_text("Nimruz")
    page.locator(".chat-row").hover()
    page.click("[data-rename]")
    page.fill("#name-field", "The border")
    page.click("#name-ok")
    expect(page.locator(".chat-open")).to_have_text("The border")
    page.click("[data-do=new]")
    expect(page.locator(".welcome")).to_be_visible()
    page.locator(".chat-row").hover()
    page.click("[data-delete]")
    page.click("#name-ok")
    expect(page.locator(".chat-row")).to_have_count(0)
    assert site.kept() == []


def test_an_answer_is_judged(visit: Visit, site: Site) -> None:
    page = visit()
    ask(page, gallery.KABUL)
    page.click("[data-do=good]")
    expect(page.locator("[data-do=good]")).to_have_attribute("aria-pressed", "true")
    page.click("[data-do=bad]")
    page.check(".judge input[value='wrong source']")
    page.fill(".judge [name=note]", "¶19")
    page.click(".judge button")
    expect(page.locator(".judge")).to_be_hidden()
    lines = list(people.feedback(opened(site.home)))
    assert [(line["verdict"], line["note"]) for line in lines] == [("good", ""), ("wrong source", "¶19")]
    assert lines[1]["answer"]["citations"][0]["paragraph"] == 18


def test_a_chat_is_exported_with_its_references(visit: Visit, site: Site) -> None:
    page = visit()
    ask(page, gallery.KABUL)
    quote = site.kept()[0]["turns"][0]["answer"]["citations"][0]["quote"]
    texts = {}
    for form in ("md", "html", "json"):
        page.click("#export")
        with page.expect_download() as download:
            page.click(f"[data-form={form}]")
        path = download.value.path()
        texts[form] = path.read_text(encoding="utf-8")
        assert download.value.suggested_filename == f"who-led-the-delegation-to-kabul.{form}"
    assert "1. 002\\_7f54b19aedd2aafd.txt ¶18" in texts["md"]
    assert quote in texts["html"]
    assert json.loads(texts["json"])["turns"][0]["answer"]["citations"][0]["quote"] == quote
    page.emulate_media(media="print")
    expect(page.locator(".left")).to_be_hidden()
    expect(page.locator(".said")).to_be_visible()


def test_a_link_opens_the_article_at_its_paragraph(visit: Visit, site: Site) -> None:
    page = visit(f"{site.url}?article=002_7f54b19aedd2aafd.txt&p=7")
    expect(page.locator("#reader .paragraph.here")).to_have_attribute("data-p", "7")
    expect(page.locator("#reader .paragraph.here")).to_be_in_viewport()
    page.locator("#reader .paragraph[data-p='9'] a.n").click()
    assert page.url == f"{site.url}?article=002_7f54b19aedd2aafd.txt&p=9"


@pytest.mark.parametrize("file", ["../pyproject.toml", "/etc/passwd", "none.txt", "%2e%2e%2fpyproject.toml"])
def test_a_link_to_what_is_no_article_opens_nothing(visit: Visit, site: Site, file: str) -> None:
    page = visit(f"{site.url}?article={file}&p=1")
    expect(page.locator("#reader")).to_have_text("There is no such article in this folder.")


def test_two_tabs_at_once_keep_both_their_turns(visit: Visit, site: Site) -> None:
    one = visit()
    ask(one, gallery.KABUL)
    [chat] = [kept["id"] for kept in site.kept()]
    two = visit(chat=chat, context=one.context)
    expect(two.locator(ANSWERED)).to_have_count(1)
    for page, question in ((one, gallery.NIMRUZ), (two, "Who is Bagheri?")):
        page.fill("#question", question)
        page.press("#question", "Enter")
    for page in (one, two):
        expect(page.locator(ANSWERED)).to_have_count(3)
    asked = {turn["question"] for turn in site.kept()[0]["turns"]}
    assert asked == {gallery.KABUL, gallery.NIMRUZ, "Who is Bagheri?"}


def test_a_history_of_fifty_turns_stays_light(visit: Visit, site: Site, seeds: Assistant) -> None:
    place, chat, answer = chats.place(opened(site.home), ME), chats.new_id(), answer_json(seeds.ask(gallery.KABUL))
    for n in range(50):
        turn = chats.begin(place, chat, f"Question {n}?")
        chats.change(place, chat, turn["id"], answer=answer)
    page = visit(chat=chat)
    expect(page.locator(".turn")).to_have_count(50)
    sent: list[int] = []

    def counted(route: Route) -> None:
        got = route.fetch()
        sent.append(len(got.body()))
        route.fulfill(response=got)

    page.route(re.compile("queue/(join|data)|component_server"), counted)
    page.evaluate("window.kept = document.querySelector('.turn')")
    ask(page, gallery.NIMRUZ)
    assert page.evaluate("window.kept.isConnected"), "the finished turns were drawn again"
    assert sum(sent) < 60_000, "the history was sent again"


def test_a_folder_that_means_harm_shows_as_text(visit: Visit, browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "a.html").write_text(
        "<html><head><title>&lt;script&gt;document.title='owned'&lt;/script&gt;</title></head><body><article>"
        "<h1>&lt;script&gt;document.title='owned'&lt;/script&gt;</h1>"
        "<p>Mayor Ilse Brandt said that 14 boats &lt;img src=x onerror=\"document.title='owned'\"&gt; were lost "
        "in Valdenia.</p>"
        "<p>A link <a href=\"javascript:document.title='owned'\">here</a> "
        "&lt;a href='javascript:alert(1)'&gt;x&lt;/a&gt;</p>"
        "</article></body></html>",
        encoding="utf-8",
    )
    (folder / "b.md").write_text(
        "# ![x](http://evil.example/x.png) [harbour](javascript:alert(1))\n\n"
        "Harbour master Otto Lind counted 31 ships <iframe src='http://evil.example'></iframe> in Marenda. "
        "`{{7*7}} ${7*7}`\n",
        encoding="utf-8",
    )
    (folder / "c.txt").write_text("A very long word\n\n" + "x" * 100_000 + "\n", encoding="utf-8")
    with running(folder) as site:
        page = visit(site.url)
        for question, words in (("How many boats were lost in Valdenia?", "onerror"),
                                ("How many ships did Otto Lind count in Marenda?", "31 ships")):  # fmt: skip
            ask(page, question)
            expect(page.locator(".turn.last .said")).to_contain_text(words)
            page.locator(".turn.last .mark").first.click()
            expect(page.locator("#reader mark")).to_contain_text(words)
        page.click("[data-do=folder]")
        expect(page.locator("#articles .article-open")).to_have_count(3)
        page.locator("#articles .article-open", has_text="A very long word").click()
        expect(page.locator("#reader .paragraph").nth(1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(
            "document.querySelector('#reader').scrollWidth <= document.querySelector('#reader').clientWidth"
        )
        assert page.title().startswith("How many boats")
        assert page.locator(".qa :is(script, iframe, img)").count() == 0
        assert page.locator(".qa a[href^='javascript']").count() == 0


def test_files_are_added_read_and_asked_while_the_folder_stays_as_it_was(
    visit: Visit, folder: Path, tmp_path: Path
) -> None:
    before = sorted(path.name for path in folder.iterdir())
    news, picture = tmp_path / "news one.txt", tmp_path / "picture.png"
    news.write_text("The lighthouse\n\nKeeper Marta Oyelaran lit the lighthouse of Quenby on 4 May 2024.\n", "utf-8")
    picture.write_bytes(b"\x89PNG")
    with running(folder) as site:
        page = visit(site.url)
        ask(page, "Who lit the lighthouse of Quenby?")
        expect(page.locator(".turn .verdict")).to_be_visible()
        page.click("[data-do=folder]")
        page.set_input_files("#files", [picture, news])
        expect(page.locator("#added .not")).to_contain_text("picture.png was not added: this type cannot be read")
        expect(page.locator("#added .ok")).to_have_text("news one.txt was added.")
        expect(page.locator("#reading")).to_have_text("Up to date: 1 new, 0 changed, 0 gone.")
        expect(page.locator("#count")).to_have_text("3")
        page.keyboard.press("Escape")
        ask(page, "Who lit the lighthouse of Quenby?")
        expect(page.locator(".turn.last .said")).to_contain_text("Marta Oyelaran")
        page.locator(".turn.last .mark").click()
        expect(page.locator("#reader .paper-head")).to_contain_text("added here")
        assert site.kept()[0]["turns"][1]["answer"]["citations"][0]["address"] == "added/news one.txt#p2"
        assert sorted(path.name for path in folder.iterdir()) == before
        assert (site.home / "added" / "news one.txt").exists()


def test_a_filter_narrows_the_search(visit: Visit, site: Site) -> None:
    page = visit()
    page.click("[data-do=filters]")
    page.select_option("#filters [name=language]", "es")
    expect(page.locator("#chips .chip")).to_have_text("Spanish ×")
    ask(page, gallery.KABUL)
    expect(page.locator(".turn .facts")).to_contain_text("Only: Spanish")
    assert {found["file"] for found in site.kept()[0]["turns"][0]["answer"]["retrieved"]} == {
        "004_1d7981e0e1efbe65.txt"
    }
    page.click("#chips .chip")
    ask(page, gallery.KABUL)
    expect(page.locator(".turn.last .said")).to_contain_text("Araghchi")


def test_a_model_is_tested_chosen_streamed_and_stopped(visit: Visit, site: Site) -> None:
    slow: list[str | float | Exception] = [
        "Abbas Araghchi led a delegation to Kabul in February. [{key:1}] He",
        20.0,
        " went home. [{key:1}]",
    ]
    with serve(["yes", slow]) as model:
        me = chats.new_id()  # the choice of a model stays with the browser
        page = visit(me=me)
        page.click("[data-do=model]")
        page.check("[name=answerer][value=llm]")
        page.fill("[name=model]", "scripted")
        page.fill("[name=base_url]", f"http://127.0.0.1:{free_port()}/v1")
        page.fill("[name=key]", "sk-secret-of-mine")
        page.click("[data-do=test]")
        expect(page.locator("#model-told")).to_contain_text("is the server running?")
        page.fill("[name=base_url]", model.base_url)
        page.click("[data-do=test]")
        expect(page.locator("#model-told")).to_contain_text("scripted at")
        page.click("#model-form button[type=submit]")
        expect(page.locator("#model-name")).to_have_text("scripted")
        page.fill("#question", gallery.KABUL)
        page.press("#question", "Enter")
        expect(page.locator(".turn.live .said")).to_contain_text("Abbas Araghchi led")
        assert site.kept(me)[0]["turns"][0]["claims"], "what was shown is kept at once"
        page.click("[data-do=stop]")
        expect(page.locator(".turn .lacking")).to_have_text("Stopped.")
        expect(page.locator(".turn .said")).to_contain_text("Abbas Araghchi led")
        page.reload()
        expect(page.locator(".turn .lacking")).to_have_text("Stopped.")
        assert page.evaluate("JSON.stringify([localStorage, sessionStorage])").count("sk-secret") == 0
    secret = b"sk-secret-of-mine"
    assert not [path for path in site.home.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_a_killed_server_comes_back_with_the_chat(visit: Visit, folder: Path) -> None:
    slow: list[str | float | Exception] = [
        "Mayor Ilse Brandt said that 14 boats were lost. [{key:1}] She",
        30.0,
        " thanked. [{key:1}]",
    ]
    with serve([slow]) as model, running(folder, "--model", "scripted", "--base-url", model.base_url) as site:
        page = visit(site.url)
        page.fill("#question", "How many boats were lost, according to Ilse Brandt?")
        page.press("#question", "Enter")
        expect(page.locator(".turn.live .said")).to_contain_text("14 boats")
        chat = site.kept()[0]["id"]
        page.close()
        site.kill()
        site.start()
        page = visit(site.url, chat=chat)
        expect(page.locator(".turn .said")).to_contain_text("14 boats")
        expect(page.locator(".turn .lacking")).to_have_text("The answer was interrupted before it was whole.")
        expect(page.locator(".chat-open")).to_contain_text("How many boats")


def test_on_a_phone_the_panels_slide_over_the_chat(visit: Visit) -> None:
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True)
    ask(page, gallery.KABUL)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator(".right")).to_be_hidden()
    page.tap(".turn .mark")
    expect(page.locator("#reader mark")).to_be_in_viewport()
    page.tap(".right [data-do=right]")
    expect(page.locator(".right")).to_be_hidden()
    page.tap(".bar [data-do=left]")
    expect(page.locator(".chat-open")).to_be_visible()


EVIL = """<title>evil</title><script>
const api = '$site' + 'gradio_api/', seen = window.seen = [];
const wanted = {browser: 'b'.repeat(32), language: 'en', model: 'm', base_url: '$model', answerer: 'llm'};
const bodies = [0, 1, 2, 3].map(id => ({data: wanted, component_id: id, fn_name: 'qa_test_model', session_hash: 'z'}));
const form = body => {
  const all = new FormData();
  for (const key in body) all.append(key, key === 'data' ? JSON.stringify(body[key]) : body[key]);
  return all;
};
const go = (path, options) => fetch(api + path, options).then(
  async got => { if (got.type !== 'opaque') seen.push(path + ' ' + got.status + ' ' + await got.text()); },
  () => {});
(async () => {
  for (const body of bodies) {
    const text = JSON.stringify(body);
    for (const type of ['text/plain', 'text/plain; application/json', 'application/x-www-form-urlencoded'])
      await go('component_server', {method: 'POST', mode: 'no-cors', headers: {'Content-Type': type}, body: text});
    await go('component_server', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: text});
    await go('component_server', {method: 'POST', mode: 'no-cors', body: form(body)});
    await go('component_server', {method: 'POST', mode: 'no-cors', body: new Blob([text])});
    navigator.sendBeacon(api + 'component_server', text);
  }
  const file = new FormData();
  file.append('files', new File(['planted'], 'planted.txt'));
  for (const mode of ['no-cors', 'cors']) await go('upload', {method: 'POST', mode, body: file});
  for (const path of ['info', 'startup-events', 'queue/status', 'theme.css', '../config']) await go(path);
  await new Promise(done => { const i = new Image(); i.onload = i.onerror = done; i.src = api + 'startup-events'; });
  document.title = 'done';
})();
</script>"""


@contextmanager
def another_site(page: str) -> Iterator[int]:
    """The port of another server on this machine, which gives the page at any address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
            """Nothing: a test's output is its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield int(server.server_port)
        server.shutdown()
        thread.join()


def test_another_site_gets_no_key_no_answer_and_nothing_done(
    browser: Browser, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    with serve(["yes"] * 99) as model, running(folder) as site:
        for here in ("127.0.0.1", "localhost"):
            own = f"http://{here}:{site.port}/"
            with another_site(EVIL.replace("$site", own).replace("$model", model.base_url)) as port:
                for there in ("127.0.0.1", "localhost"):
                    page = browser.new_page()
                    page.goto(f"http://{there}:{port}/")
                    page.wait_for_function("document.title === 'done'", timeout=60_000)
                    assert page.evaluate("window.seen") == [], (here, there)
                    page.close()
        assert model.requests == []
        assert not list(tmp_path.rglob("planted.txt"))


def test_the_page_reaches_a_typed_address_without_the_key_of_the_environment(
    visit: Visit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    with serve(["yes"]) as model, running(folder) as site:
        page = visit(site.url)
        page.click("[data-do=model]")
        page.check("[name=answerer][value=llm]")
        page.fill("[name=model]", "scripted")
        page.fill("[name=base_url]", model.base_url)
        page.click("[data-do=test]")
        expect(page.locator("#model-told")).to_contain_text("scripted at")
    assert len(model.headers) == 1
    assert "sk-environment" not in repr(model.headers)


def test_a_link_of_another_site_opens_the_page_but_nothing_else(browser: Browser, site: Site) -> None:
    links = (
        f"<a id=page href='{site.url}?article=002_7f54b19aedd2aafd.txt&p=7'>a</a><a id=do href='{site.url}logout'>b</a>"
    )
    with another_site(links) as port:
        page = browser.new_page()
        page.goto(f"http://localhost:{port}/")
        page.click("#page")
        expect(page.locator("#reader .paragraph.here")).to_have_attribute("data-p", "7")
        page.goto(f"http://localhost:{port}/")
        page.click("#do")
        expect(page.locator("body")).to_have_text("This takes JSON, from its own page only; reload the page.")
        page.close()


def routes() -> list[tuple[str, str]]:
    """Every address of Gradio's own application, with a method."""

    async def made() -> App:  # Gradio wants a loop, and the browser has this thread's
        return App.create_app(gr.Blocks())

    with ThreadPoolExecutor(1) as other:
        found = list(other.submit(lambda: asyncio.run(made())).result().routes)
    for included in [route for route in found if hasattr(route, "original_router")]:
        found += included.original_router.routes
    named = {
        (method, route.path) for route in found if isinstance(route, routing.Route) for method in route.methods or ()
    }
    assert len(named) > 60
    return sorted(named)


def test_no_route_of_gradio_answers_another_origin(site: Site) -> None:
    """The guard stands outside Gradio's own middleware, which answers preflights and lets localhost read."""
    cross = {"Origin": f"http://localhost:{site.port}", "Access-Control-Request-Method": "POST"}
    with httpx.Client(base_url=site.url, timeout=10) as client:
        for method, path in [*routes(), ("OPTIONS", "/gradio_api/component_server"), ("POST", "/nowhere")]:
            for headers, status in ((cross | {"Content-Type": "text/plain"}, 403), ({"Host": "evil.example"}, 421)):
                got = client.request(method, path, headers=headers)
                assert got.status_code == status, (method, path)
                assert not [name for name in got.headers if name.startswith("access-control")], path
        for path in ("config", "gradio_api/info"):
            assert client.get(path).status_code == 200


def test_another_name_for_this_machine_is_turned_away(site: Site) -> None:
    asked = urllib.request.Request(site.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(asked, timeout=5)
    assert error.value.code == 421
    error.value.close()
