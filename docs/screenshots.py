"""Makes the README's pictures of the chat page: `python docs/screenshots.py` writes docs/img/*.png, each under 200 kB.

The states are those of tests/gallery.py; the page is the real one, in Chromium, over the seeds.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "img"
sys.path.insert(0, str(ROOT / "tests"))
_LARGEST = 200_000  # bytes of a picture


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        os.environ |= {"XDG_CACHE_HOME": f"{place}/cache", "XDG_DATA_HOME": f"{place}/data"}
        import gallery

        from qa import Assistant
        from qa.index.addresses import user_folder
        from qa.page import chats
        from qa.page.gradio_app import launch

        seeds = Assistant.open(ROOT / "seeds")
        found, me = gallery.answers(seeds), chats.new_id()
        home = user_folder(seeds.folder)
        kept = {
            name: gallery.keep(home, me, {state: found[state] for state in states})
            for name, states in {
                "chat": ("verified", "spanish", "dropped"),
                "refusal": ("verified", "refused"),
                "conflict": ("conflict",),
            }.items()
        }
        address = launch(seeds, wait=False)
        PICTURES.mkdir(exist_ok=True)
        with sync_playwright() as playwright:
            chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            _draw(browser, address, me, kept)
            browser.close()
    os._exit(0)  # the server's threads need no farewell


def _draw(browser: Browser, address: str, me: str, kept: dict[str, str]) -> None:
    shots: tuple[tuple[str, str, dict[str, Any], tuple[str, ...]], ...] = (
        ("chat-light", "chat", {}, ("mark",)),
        ("chat-dark", "chat", {"color_scheme": "dark"}, ("mark",)),
        ("refusal", "refusal", {}, ()),
        ("conflict", "conflict", {}, ("mark",)),
        ("phone", "chat", {"viewport": {"width": 390, "height": 780}}, ()),
        ("phone-article", "chat", {"viewport": {"width": 390, "height": 780}}, ("mark",)),
    )
    for name, chat, options, steps in shots:
        given: dict[str, Any] = {"viewport": {"width": 1360, "height": 800}, "locale": "en-US", **options}
        context = browser.new_context(**given)
        page = context.new_page()
        page.add_init_script(f"localStorage['qa-browser'] = '{me}'; sessionStorage['qa-chat'] = '{kept[chat]}';")
        page.goto(address)
        page.wait_for_selector(".qa[data-ready]")
        page.evaluate("document.querySelector('#scroll').scrollTop = 0")
        if "mark" in steps:
            page.locator(".turn .mark").first.click()
            page.wait_for_selector("#reader mark")
        _save(page, name)
        context.close()


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(600)
    picture = PICTURES / f"{name}.png"
    page.screenshot(path=picture)
    _reduce(picture)
    print(f"{picture.relative_to(ROOT)} {picture.stat().st_size // 1000} kB")
    assert picture.stat().st_size < _LARGEST


def _reduce(picture: Path) -> None:
    """The picture with 256 colours: text on plain ground needs no more, and it is a third of the size."""
    from PIL import Image

    with Image.open(picture) as whole:
        whole.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    main()
