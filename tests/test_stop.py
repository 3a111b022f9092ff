"""How a page stops: what is being answered comes to its end and is kept, and nothing new is begun."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from test_page import Site, running

from qa import Assistant
from qa.errors import Overloaded
from qa.page import chats
from qa.page.actions import Desk
from qa.testing import ScriptedModel, serve

ME = "a" * 32
SLOW: list[str | float | Exception] = [
    "Mayor Ilse Brandt said that 14 boats were lost. [{key:1}] She",
    3.0,
    " thanked the crews for their work. [{key:1}]",
]


def test_nothing_new_is_begun_and_what_is_under_way_ends(seeds: Assistant, tmp_path: Path) -> None:
    model = ScriptedModel([["Abbas Araghchi led a delegation to Kabul in February. [{key:1}] He", 1.0, " went."]])
    desk = Desk(Assistant(seeds.folder, seeds.store, seeds.embedder, seeds.settings, model), home=tmp_path)
    here: dict[str, Any] = {"browser": ME, "language": "en", "question": "Who led the delegation to Kabul?"}
    chat = chats.new_id()
    next(desk.ask(**here, chat=chat))
    closing = Thread(target=desk.answering.close)
    closing.start()
    while not desk.answering.closing:
        pass
    with pytest.raises(Overloaded, match="This server is stopping; ask again in a moment"):
        next(desk.ask(**here, chat=chats.new_id()))
    closing.join(60)
    [turn] = chats.load(chats.place(desk.database, ME), chat)["turns"]
    assert "Araghchi" in turn["answer"]["text"]


def _asking(site: Site) -> str:
    """Asks as the page's scripts do, and returns the chat's name when the first sentence is kept."""
    import httpx

    chat = chats.new_id()
    with httpx.Client(base_url=site.url, timeout=30) as client:
        config = client.get("/config").json()
        asked = next(i for i, one in enumerate(config["dependencies"]) if one["targets"][0][1] == "asked")
        sent = {"browser": ME, "language": "en", "chat": chat, "question": "How many boats were lost?"}
        body = {"fn_index": asked, "data": [None], "event_data": sent, "session_hash": "stopping"}
        assert client.post("/gradio_api/queue/join", json=body).status_code == 200
    for _ in range(600):
        kept = [turn for one in site.kept() for turn in one["turns"]]
        if kept and kept[0]["claims"]:
            return chat
        time.sleep(0.1)
    raise AssertionError(site.kept())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
@pytest.mark.parametrize("signals", [1, 2])
def test_a_page_that_is_to_stop_keeps_the_whole_answer_and_at_once_what_was_shown(folder: Path, signals: int) -> None:
    with serve([SLOW]) as model, running(folder, "--model", "scripted", "--base-url", model.base_url) as site:
        _asking(site)
        assert site.process is not None
        for _ in range(signals):
            site.process.send_signal(signal.SIGTERM)
            time.sleep(0.3 if signals > 1 else 0)
        assert site.process.wait(60) == (0 if signals == 1 else 128 + signal.SIGTERM)
        [turn] = site.kept()[0]["turns"]
        if signals == 1:
            assert "thanked the crews" in turn["answer"]["text"]
        else:
            assert turn["answer"] is None
            assert "14 boats" in turn["claims"][0]["text"]
