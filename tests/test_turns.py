"""How a chat on the page behaves: editing, asking again, two tabs, a server that stops, addresses, hostile typing."""

# ruff: noqa: F401, F811 - the fixtures of the page's tests are imported by name
from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import gallery
import pytest
from playwright.sync_api import Browser, Page, expect
from test_page import (  # the fixtures of the page's tests
    ANSWERED,
    ME,
    Site,
    Visit,
    ask,
    axe,
    browser,
    pytestmark,
    running,
    site,
    visit,
)

from qa import Assistant
from qa.page import chats
from qa.page.database import opened
from qa.serve.export import answer_json
from qa.testing import serve

BAGHERI = "Who is Bagheri?"


def keep(home: Path, seeds: Assistant, *questions: str) -> str:
    """A chat in which these were asked, each with the answer of one question; returns its name."""
    chat, place, answer = chats.new_id(), chats.place(opened(home), ME), answer_json(seeds.ask(gallery.KABUL))
    for question in questions:
        turn = chats.begin(place, chat, question)
        chats.change(place, chat, turn["id"], answer={**answer, "question": question}, seconds=0.1)
    return chat


def asked(page: Page) -> list[str]:
    return page.locator(".turn .asked-words").all_text_contents()


def act(page: Page, turn: int, name: str) -> None:
    page.locator(".turn").nth(turn).hover()
    page.locator(".turn").nth(turn).locator(f"[data-do={name}]").click()


TWENTY = [f"Question {n}?" for n in range(20)]


def test_an_edit_in_the_middle_cuts_only_when_sent_and_the_versions_can_be_paged(
    visit: Visit, site: Site, seeds: Assistant
) -> None:
    page = visit(chat=keep(site.home, seeds, *TWENTY))
    act(page, 9, "edit")
    expect(page.locator("form.edit .edit-cuts")).to_contain_text("10 questions after this one")
    assert asked(page)[10:] == TWENTY[10:], "nothing is cut while it is edited"
    page.click("[data-do=edit-close]")
    act(page, 9, "edit")
    page.fill("form.edit textarea", gallery.NIMRUZ)
    page.press("form.edit textarea", "Enter")
    expect(page.locator(".turn").nth(9).locator(".said")).to_contain_text("Nimruz")
    assert asked(page) == [*TWENTY[:9], gallery.NIMRUZ]
    expect(page.locator(".pager")).to_have_text("2 / 2")
    page.click("[data-do=older]")
    expect(page.locator(".pager")).to_have_text("1 / 2")
    assert asked(page) == TWENTY
    page.reload()
    expect(page.locator(".pager")).to_have_text("1 / 2")
    page.click("[data-do=newer]")
    expect(page.locator(".turn")).to_have_count(10)
    assert asked(page) == [*TWENTY[:9], gallery.NIMRUZ]


def test_the_notice_after_an_edit_undoes_it(visit: Visit, site: Site, seeds: Assistant) -> None:
    page = visit(chat=keep(site.home, seeds, *TWENTY[:4]))
    act(page, 1, "edit")
    page.fill("form.edit textarea", gallery.NIMRUZ)
    page.press("form.edit textarea", "Enter")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("#notice")).to_contain_text("kept as version 1")
    expect(page.locator(".turn.live")).to_have_count(0)
    page.click("#notice button")
    expect(page.locator(".turn")).to_have_count(4)
    assert asked(page) == TWENTY[:4]


def test_asking_again_in_the_middle_keeps_the_later_turns(visit: Visit, site: Site, seeds: Assistant) -> None:
    page = visit(chat=keep(site.home, seeds, gallery.NIMRUZ, *TWENTY[:5]))
    act(page, 0, "retry")
    expect(page.locator(".turn").nth(0).locator(".said")).to_contain_text("Nimruz")
    expect(page.locator(".pager")).to_have_text("2 / 2")
    assert asked(page) == [gallery.NIMRUZ, *TWENTY[:5]]
    page.click("[data-do=older]")
    expect(page.locator(".turn").nth(0).locator(".said")).to_contain_text("Araghchi")
    assert asked(page) == [gallery.NIMRUZ, *TWENTY[:5]]


def test_what_is_taken_out_comes_back_even_after_a_reload(visit: Visit, site: Site, seeds: Assistant) -> None:
    page = visit(chat=keep(site.home, seeds, *TWENTY[:3]))
    act(page, 1, "undo")
    expect(page.locator(".turn")).to_have_count(2)
    assert asked(page) == [TWENTY[0], TWENTY[2]]
    page.reload()
    page.click("#notice button")
    expect(page.locator(".turn")).to_have_count(3)
    assert asked(page) == TWENTY[:3]
    expect(page.locator("#notice")).to_be_hidden()


def test_buttons_are_named_for_what_they_do(visit: Visit, site: Site, seeds: Assistant) -> None:
    page = visit(chat=keep(site.home, seeds, "Question?"))
    page.locator(".chat-row").hover()
    page.click("[data-rename]")
    expect(page.locator("#name-ok")).to_have_text("Save")
    page.keyboard.press("Escape")
    page.click("[data-delete]")
    expect(page.locator("#name-head")).to_have_text("Delete this chat?")
    expect(page.locator("#name-ok")).to_have_text("Delete")


def test_only_the_newest_turn_keeps_the_height_of_a_screen(visit: Visit) -> None:
    page = visit()
    for question in (gallery.KABUL, gallery.NIMRUZ, BAGHERI):
        ask(page, question)
    heights = page.evaluate("[...document.querySelectorAll('.turn')].map(t => t.offsetHeight)")
    assert max(heights[:2]) < 400
    assert heights[2] > 600


def test_the_sources_are_those_of_the_turn_in_view_under_its_question(
    visit: Visit, site: Site, seeds: Assistant
) -> None:
    page = visit(chat=keep(site.home, seeds, *TWENTY))
    expect(page.locator("#cards .cards-of")).to_have_text("Sources of: Question 19?")
    for place, question in ((0, "Question 0?"), (1e6, "Question 19?")):
        page.evaluate(f"document.querySelector('#scroll').scrollTop = {place}")
        expect(page.locator("#cards .cards-of")).to_have_text(f"Sources of: {question}")
    page.locator(".turn").nth(10).scroll_into_view_if_needed()
    head = page.locator("#cards .cards-of")
    expect(head).not_to_have_text("Sources of: Question 19?")
    number = int("".join(c for c in head.inner_text() if c.isdigit()))
    expect(page.locator(".turn").nth(number)).to_be_in_viewport()


def open_unwatched(browser: Browser, site: Site, **options: Any) -> Page:
    """A page whose console may tell that the server is gone."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, **options).new_page()
    page.add_init_script(f"localStorage.setItem('qa-browser', '{ME}');")
    page.goto(site.url)
    page.wait_for_selector(".qa[data-ready]")
    return page


SLOW: list[str | float | Exception] = [
    "Mayor Ilse Brandt said that 14 boats were lost. [{key:1}] She",
    40.0,
    " thanked. [{key:1}]",
]
BOATS = "How many boats were lost, according to Ilse Brandt?"


@pytest.mark.parametrize("language", ["en-US", "es-ES"])
def test_a_server_that_dies_is_told_and_the_question_is_kept(browser: Browser, folder: Path, language: str) -> None:
    with serve([SLOW]) as model, running(folder, "--model", "scripted", "--base-url", model.base_url) as site:
        page = open_unwatched(browser, site, locale=language)
        page.fill("#question", BOATS)
        page.press("#question", "Enter")
        expect(page.locator(".turn.live .said")).to_contain_text("14 boats")
        site.kill()
        said = "El servidor ha dejado" if language == "es-ES" else "The server has stopped"
        expect(page.locator("#notice")).to_contain_text(said, timeout=20_000)
        expect(page.locator("#question")).to_have_value(BOATS)
        expect(page.locator(".stage")).to_have_count(0)
        expect(page.locator(".toast-body")).not_to_be_visible()
        site.start()
        expect(page.locator(".turn .lacking")).to_be_visible(timeout=40_000)
        expect(page.locator(".turn .said")).to_contain_text("14 boats")
        expect(page.locator("#question")).to_have_value("")
        page.context.close()


def test_a_question_that_never_arrived_is_back_in_the_box(browser: Browser, folder: Path) -> None:
    with running(folder) as site:
        page = open_unwatched(browser, site)
        site.kill()
        page.fill("#question", BOATS)
        page.press("#question", "Enter")
        expect(page.locator("#notice")).to_contain_text("The server has stopped", timeout=20_000)
        expect(page.locator("#question")).to_have_value(BOATS)
        expect(page.locator(".turn")).to_have_count(0)
        site.start()
        page.wait_for_timeout(5000)
        page.wait_for_selector(".qa[data-ready]", timeout=40_000)
        expect(page.locator("#question")).to_have_value(BOATS)
        page.press("#question", "Enter")
        expect(page.locator(ANSWERED)).to_have_count(1)
        page.context.close()


def test_a_server_that_hangs_is_told_and_goes_on(browser: Browser, folder: Path) -> None:
    with running(folder) as site:
        page = open_unwatched(browser, site)
        assert site.process
        os.kill(site.process.pid, signal.SIGSTOP)
        page.fill("#question", BOATS)
        page.press("#question", "Enter")
        expect(page.locator("#notice")).to_contain_text("The server has stopped", timeout=40_000)
        expect(page.locator("#question")).to_have_value(BOATS)
        os.kill(site.process.pid, signal.SIGCONT)
        expect(page.locator(ANSWERED)).to_have_count(1, timeout=40_000)
        expect(page.locator("#question")).to_have_value("")
        assert len(site.kept()[0]["turns"]) == 1
        page.context.close()


def test_what_gradio_says_of_an_error_is_said_in_our_words(browser: Browser, site: Site) -> None:
    page = open_unwatched(browser, site)
    page.route("**/queue/join*", lambda route: route.fulfill(status=500, json={"detail": "KeyError('boom')"}))
    page.fill("#question", BOATS)
    page.press("#question", "Enter")
    expect(page.locator("#notice")).to_contain_text("Something went wrong in the program; try again.")
    expect(page.locator("#question")).to_have_value(BOATS)
    expect(page.get_by_text("boom")).not_to_be_visible()
    page.context.close()


def test_a_reload_in_mid_answer_keeps_stop_and_the_draft(browser: Browser, folder: Path) -> None:
    with serve([SLOW]) as model, running(folder, "--model", "scripted", "--base-url", model.base_url) as site:
        page = open_unwatched(browser, site)  # Gradio complains in the console of the stream that ends
        page.fill("#question", BOATS)
        page.press("#question", "Enter")
        expect(page.locator(".turn.live .said")).to_contain_text("14 boats")
        page.type("#question", "And when")
        page.reload()
        expect(page.locator("#question")).to_have_value("And when")
        expect(page.locator(".turn.live .said")).to_contain_text("14 boats")
        page.click("[data-do=stop]")
        expect(page.locator(".turn .lacking")).to_have_text("Stopped.")
        expect(page.locator("[data-do=stop]")).to_be_hidden()
        expect(page.locator("#question")).to_have_value("And when")
        page.context.close()


def test_two_tabs_agree(visit: Visit, site: Site, seeds: Assistant) -> None:
    chat = keep(site.home, seeds, *TWENTY[:3])
    one = visit(chat=chat)
    two = visit(chat=chat, context=one.context)
    ask(one, gallery.NIMRUZ)
    expect(two.locator(".turn").nth(3).locator(".said")).to_contain_text("Nimruz")
    act(two, 0, "undo")
    expect(one.locator(".turn")).to_have_count(3)
    act(one, 0, "edit")
    one.fill("form.edit textarea", gallery.KABUL)
    one.press("form.edit textarea", "Enter")
    expect(two.locator(".turn")).to_have_count(1)
    expect(two.locator(".pager")).to_have_text("2 / 2")
    expect(two.locator(ANSWERED)).to_have_count(1)
    two.click("[data-do=older]")
    expect(one.locator(".turn")).to_have_count(3)
    assert asked(one) == asked(two) == [TWENTY[1], TWENTY[2], gallery.NIMRUZ]


def test_chats_have_their_day_and_are_found(visit: Visit, site: Site, seeds: Assistant) -> None:
    for question in ("Who led the delegation?", "When was the clash?"):
        keep(site.home, seeds, question)
    page = visit()
    expect(page.locator("#chats .day")).to_have_text("Today")
    page.fill("#find-chat", "CLASH")
    expect(page.locator(".chat-open")).to_have_text(["When was the clash?"])
    page.fill("#find-chat", "zebra")
    expect(page.locator("#chats .empty")).to_have_text("No chat matches.")
    page.fill("#find-chat", "")
    expect(page.locator(".chat-open")).to_have_count(2)


def test_filters_open_above_the_box_and_their_lists_have_an_arrow(visit: Visit) -> None:
    page = visit()
    page.click("[data-do=filters]")
    filters, box = page.locator("#filters").bounding_box(), page.locator(".box").bounding_box()
    assert filters
    assert box
    assert filters["y"] + filters["height"] <= box["y"]
    shown = page.locator("#filters select").first.evaluate(
        "s => [getComputedStyle(s).backgroundImage, getComputedStyle(s).paddingRight]"
    )
    assert shown[0].startswith("url(")
    assert shown[1] == "28px"


def test_an_empty_folder_says_what_to_do_and_what_is_added_can_be_removed(visit: Visit, tmp_path: Path) -> None:
    empty, news = tmp_path / "empty", tmp_path / "news.txt"
    empty.mkdir()
    news.write_text("The lighthouse\n\nKeeper Marta Oyelaran lit the lighthouse of Quenby on 4 May 2024.\n", "utf-8")
    with running(empty) as site:
        page = visit(site.url)
        expect(page.locator(".welcome h2")).to_have_text("This folder holds no articles yet")
        with page.expect_file_chooser() as chosen:
            page.click(".welcome [data-do=choose]")
        chosen.value.set_files(news)
        expect(page.locator("#reading")).to_contain_text("1 new")
        page.click("#articles [data-remove]")
        page.click("#name-ok")
        expect(page.locator("#reading")).to_contain_text("1 gone")
        expect(page.locator("#count")).to_have_text("0")
        assert not (site.home / "added" / "news.txt").exists()
        page.close()


def test_the_vectors_move_on_the_page(visit: Visit, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(150):
        lines = "\n\n".join(f"Ship {n}-{m} of the port of Marenda carried {m} tons of grain." for m in range(20))
        (folder / f"{n:03}.txt").write_text(f"Report {n}\n\n{lines}\n", encoding="utf-8")
    with running(folder) as site:
        page = visit(site.url)
        expect(page.locator("#vectors span")).to_contain_text("sentences")
        first = page.locator("#vectors span").inner_text()
        expect(page.locator("#vectors span")).not_to_have_text(first, timeout=60_000)
        page.close()


def test_everything_has_an_address(visit: Visit, site: Site, seeds: Assistant) -> None:
    first, second = keep(site.home, seeds, "First?"), keep(site.home, seeds, "Second?")
    page = visit(f"{site.url}?chat={first}")
    assert asked(page) == ["First?"]
    page.click(f"[data-chat='{second}']")
    expect(page.locator(".turn .asked-words")).to_have_text("Second?")
    assert f"chat={second}" in page.url
    page.click(".turn .mark")
    expect(page.locator("#reader mark")).to_be_visible()
    assert "article=002_7f54b19aedd2aafd.txt&p=18" in page.url
    page.go_back()
    expect(page.locator("#reader")).to_be_hidden()
    page.go_back()
    expect(page.locator(".turn .asked-words")).to_have_text("First?")
    page.go_forward()
    expect(page.locator(".turn .asked-words")).to_have_text("Second?")
    page.go_forward()
    expect(page.locator("#reader mark")).to_be_visible()
    page.click("[data-do=new]")
    expect(page.locator(".turn")).to_have_count(0)
    page.go_back()
    expect(page.locator(".turn .asked-words")).to_have_text("Second?")


def test_an_address_asks_once(visit: Visit, site: Site) -> None:
    page = visit(f"{site.url}?q=Who+led+the+delegation+to+Kabul%3F")
    expect(page.locator(".turn .said")).to_contain_text("Araghchi")
    page.reload()
    expect(page.locator(ANSWERED)).to_have_count(1)
    page.wait_for_timeout(500)
    assert len(site.kept()) == len(site.kept()[0]["turns"]) == 1
    page.goto(f"{site.url}?chat=../../etc/passwd")
    page.wait_for_selector(".qa[data-ready]")


def test_a_citation_is_copied_with_title_day_paragraph_and_quote(visit: Visit, site: Site) -> None:
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, gallery.KABUL)
    page.click("#cards .cite")
    expect(page.locator("#toast")).to_have_text("The citation was copied.")
    text, link = page.evaluate("navigator.clipboard.readText()").split("\n")
    cited = site.kept()[0]["turns"][0]["answer"]["citations"][0]
    assert text.startswith(f"“{cited['quote']}” — ")
    assert "¶18 (002_7f54b19aedd2aafd.txt)" in text
    page.goto(link)
    expect(page.locator("#reader .paragraph.here")).to_have_attribute("data-p", "18")


HOSTILE = "\u202e<img src=x onerror=\"document.title='owned'\"> \x00\x07\x1b[31m {{7*7}} \u2066 ${1} \ud800 مرحبا?"


def test_nothing_that_is_typed_breaks_the_page(visit: Visit, site: Site) -> None:
    page = visit()
    page.evaluate("text => { const box = document.querySelector('#question'); box.value = text; "
                  "box.dispatchEvent(new Event('input', {bubbles: true})); }", HOSTILE)  # fmt: skip
    page.press("#question", "Enter")
    expect(page.locator(ANSWERED)).to_have_count(1)
    page.reload()
    kept = site.kept()[0]["turns"][0]["question"]
    assert kept.startswith("<img src=x")
    assert "مرحبا" in kept
    assert not [c for c in kept if ord(c) < 32 or c in "\u202e\u2066\ud800"]
    assert page.locator(".qa img").count() == 0
    assert "owned" not in page.title().split(" · ")[1:]
    page.fill("#question", "long " * 1000)
    page.press("#question", "Enter")
    expect(page.locator("#toast")).to_contain_text("at most 4000 characters, this one has 4999")
    assert page.input_value("#question").startswith("long long")
    page.fill("#question", "x" * 4000)
    page.press("#question", "Enter")
    expect(page.locator(f"{ANSWERED}, .turn:has(.trouble)")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_chat_is_handled_by_the_keyboard(visit: Visit, site: Site, seeds: Assistant) -> None:
    page = visit(chat=keep(site.home, seeds, gallery.KABUL, "Question?"))
    page.locator(".turn [data-do=edit]").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("form.edit")).to_have_count(0)
    expect(page.locator(".turn [data-do=edit]").first).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type(gallery.NIMRUZ)
    page.keyboard.press("Enter")
    expect(page.locator(".turn.live")).to_have_count(0)
    expect(page.locator(".pager")).to_have_text("2 / 2")
    page.locator("[data-do=older]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".pager")).to_have_text("1 / 2")
    expect(page.locator("[data-do=newer]")).to_be_focused()
    page.locator(".turn [data-do=undo]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#notice button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(2)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_axe_finds_nothing_while_one_edits(
    visit: Visit, site: Site, seeds: Assistant, axe: str, width: int, scheme: str
) -> None:
    chat = keep(site.home, seeds, gallery.KABUL, "Question?", "Another?")
    page = visit(chat=chat, viewport={"width": width, "height": 850}, color_scheme=scheme)
    page.emulate_media(reduced_motion="reduce")
    act(page, 0, "retry")
    expect(page.locator(".pager")).to_have_text("2 / 2")
    act(page, 1, "undo")
    act(page, 0, "edit")
    page.click("[data-do=filters]")
    time.sleep(0.3)
    page.evaluate(axe)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [f"{v['id']} {v['nodes'][0]['html'][:120]}" for v in result["violations"]] == []
