"""The brief in a real browser: pins in two chats, order by the keyboard, notes, files, and axe without a finding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from test_page import ME, Site, ask, axe, browser, pytestmark, running, watch

from qa import Assistant
from qa.page import briefs, chats
from qa.page.database import opened

__all__ = ["axe", "browser", "pytestmark"]
BRANDT, REOPENED = "Who said that 14 boats were lost?", "When did the harbour of Valdenia reopen?"


@pytest.fixture
def page(browser: Browser, folder: Path, seeds: Assistant) -> Iterator[tuple[Page, Site]]:
    wrong: list[str] = []
    with running(folder) as site:
        context = browser.new_context(viewport={"width": 1280, "height": 850}, locale="en-US", accept_downloads=True)
        context.set_default_timeout(20_000)
        page = context.new_page()
        watch(page, wrong)
        page.add_init_script(f"localStorage.setItem('qa-browser', '{ME}');")
        page.goto(site.url)
        page.wait_for_selector(".qa[data-ready]")
        yield page, site
        context.close()
    assert wrong == []


def test_sentences_are_pinned_ordered_noted_exported_and_taken_out(page: tuple[Page, Site], axe: str) -> None:
    tab, site = page
    pins, count = tab.locator("#turns .pin"), tab.locator("#brief-count")
    ask(tab, BRANDT)
    pins.first.focus()
    tab.keyboard.press("Enter")
    expect(count).to_have_text("1")
    expect(pins.first).to_have_attribute("aria-pressed", "true")
    tab.click("[data-do=new]")
    expect(tab.locator(".turn")).to_have_count(0)
    ask(tab, REOPENED)
    pins.first.click()
    expect(count).to_have_text("2")
    tab.reload()
    tab.wait_for_selector(".qa[data-ready]")
    expect(pins.first).to_have_attribute("aria-pressed", "true")
    tab.click("[data-do=brief]")
    words = tab.locator("#brief-dialog .brief-words")
    expect(words).to_have_count(2)
    first, second = words.all_inner_texts()
    tab.locator("[data-do=brief-lower]").first.focus()
    tab.keyboard.press("Enter")
    expect(words).to_have_text([second, first])
    expect(tab.locator("[data-do=brief-lower]").nth(1)).to_be_focused()
    expect(tab.locator("#brief-said")).to_have_text("Now number 2")
    tab.locator(".brief-note textarea").first.fill("Call the harbour master.")
    with tab.expect_download() as got:
        tab.click("[data-do=brief-export][value=md]")
    text = Path(got.value.path()).read_text(encoding="utf-8")
    assert "> Call the harbour master\\." in text or "> Call the harbour master." in text
    assert text.index(second[:20]) < text.index(first[:20])
    assert f"<{site.url}?article=" in text
    with tab.expect_download() as got:
        tab.click("[data-do=brief-export][value=docx]")
    assert got.value.suggested_filename == "brief.docx"
    assert Path(got.value.path()).read_bytes()[:2] == b"PK"
    tab.emulate_media(reduced_motion="reduce")
    tab.evaluate(axe)
    violations = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in violations] == []
    tab.locator("[data-do=brief-drop]").first.click()
    expect(words).to_have_text([first])
    expect(tab.locator("[data-do=brief-drop]")).to_be_focused()
    tab.locator("#brief-dialog .also").first.click()
    expect(tab.locator("#reader .paragraph.here")).to_be_visible()
    expect(count).to_have_text("1")
    expect(pins.first).to_have_attribute("aria-pressed", "false")
    assert [p["note"] for p in briefs.load(chats.place(opened(site.home), ME))["pins"]] == [""]


def test_gradio_s_own_panel_describes_the_endpoint(page: tuple[Page, Site], browser: Browser) -> None:
    tab = browser.new_page()  # not watched: Gradio's panel asks for what is not served here
    tab.goto(page[1].url)
    tab.wait_for_selector(".qa[data-ready]")
    tab.click("[data-do=api]")
    expect(tab.locator(".api-docs")).to_contain_text("/ask")
    expect(tab.locator(".api-docs")).to_contain_text("Answer a question from the folder's articles")
    tab.close()
