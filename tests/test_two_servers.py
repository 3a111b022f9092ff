"""Two pages on one PostgreSQL, one of which is killed while it answers and keeps what it answers.

`QA_KILLS=15 uv run --no-sync pytest -n 0 tests/test_two_servers.py` kills it fifteen times.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from test_page import ME, Site, running

from qa.llm.endpoint import Delta, Message
from qa.page import chats
from qa.page.database import opened
from qa.testing import passage_keys, serve
from qa.types import Usage

KILLS = int(os.environ.get("QA_KILLS", "2"))
QUESTION, FURTHER = "How many boats were lost?", "Whom did the mayor thank?"
ASKING = 4  # people at a time
pytestmark = pytest.mark.skipif(os.name == "nt", reason="PostgreSQL is Debian's here")


class Slow:
    """Answers any question with the same two sentences, and rests between them."""

    identity = "scripted"

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Delta]:
        key = (passage_keys(messages) or ["x1x"])[0]
        yield Delta(f"Mayor Ilse Brandt said that 14 boats were lost. [{key}] She")
        time.sleep(0.5)
        yield Delta(f" thanked the crews for their work. [{key}]")
        yield Delta(usage=Usage(1, 1, 1))


@dataclass
class Asked:
    """A question that was sent, and what came back of it."""

    chat: str = field(default_factory=chats.new_id)
    said: list[str] = field(default_factory=list)

    @property
    def taken(self) -> bool:
        """Whether it was shown in its chat."""
        return any('"process_generating"' in line or '"process_completed"' in line for line in self.said)

    @property
    def shown(self) -> bool:
        """Whether a sentence of its answer was."""
        return any("14 boats" in line for line in self.said)

    @property
    def whole(self) -> bool:
        return any('"process_completed"' in line and '"success":true' in line.replace(" ", "") for line in self.said)

    def ask(self, url: str, question: str = QUESTION) -> None:
        """Asks as the page's scripts do, and reads what it is sent until the end, or until nobody sends any more."""
        session = chats.new_id()
        with httpx.Client(base_url=url, timeout=60) as client:
            config = client.get("/config").json()
            asked = next(i for i, one in enumerate(config["dependencies"]) if one["targets"][0][1] == "asked")
            sent = {"browser": ME, "language": "en", "chat": self.chat, "question": question}
            body = {"fn_index": asked, "data": [None], "event_data": sent, "session_hash": session}
            client.post("/gradio_api/queue/join", json=body).raise_for_status()
            with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as events:
                for line in events.iter_lines():
                    self.said.append(line)
                    if '"process_completed"' in line:
                        return


def until_killed(url: str, asked: list[Asked]) -> None:
    """Asks in one new chat after another until nobody answers."""
    while True:
        asked.append(Asked())
        try:
            asked[-1].ask(url)
        except httpx.HTTPError:
            return


def shown(site: Site, chat: str) -> str:
    """A chat as a page shows it."""
    with httpx.Client(base_url=site.url, timeout=60) as client:
        [page] = [one["id"] for one in client.get("/config").json()["components"] if one["type"] == "html"]
        sent = {"browser": ME, "language": "en", "chat": chat}
        body = {"component_id": page, "fn_name": "qa_open_chat", "session_hash": "x", "data": sent}
        return json.dumps(client.post("/gradio_api/component_server", json=body).raise_for_status().json())


def check(home: chats.Home, other: Site, asked: Sequence[Asked]) -> None:
    """What was shown of these questions is kept, once, and the other page shows it."""
    there = [chat["id"] for chat in chats.listed(home)]
    assert len(there) == len(set(there))
    for one in asked:
        turns = chats.load(home, one.chat)["turns"]
        assert len(turns) == 1 if one.taken else len(turns) <= 1, one.said
        for turn in turns:
            kept = (turn["answer"] or {}).get("text", "") + " ".join(claim["text"] for claim in turn["claims"])
            assert turn["question"] == QUESTION
            assert not one.shown or "14 boats" in kept
            assert not one.whole or "thanked the crews" in kept
            page = shown(other, one.chat)
            articles = re.findall(rf'<article class=\\"turn[^>]*data-turn=\\"{turn["id"]}', page)
            assert len(articles) == 1, page[:500]
            assert not one.shown or "14 boats" in page


def test_one_of_two_pages_on_one_database_is_killed_and_the_other_goes_on(
    folder: Path, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    rng, database = random.Random(15), new_database()
    folders = [folder, Path(shutil.copytree(folder, tmp_path / "second"))]
    every: list[Asked] = []
    with ExitStack() as all_of_it:
        model = all_of_it.enter_context(serve(Slow()))
        options = ("--database", database, "--model", "scripted", "--base-url", model.base_url)
        first, second = (all_of_it.enter_context(running(one, *options)) for one in folders)
        home = chats.place(opened(second.home, database), ME)
        for kill in range(KILLS):
            lists: list[list[Asked]] = [[] for _ in range(ASKING)]
            asking = [threading.Thread(target=until_killed, args=(first.url, one)) for one in lists]
            for one in asking:
                one.start()
            time.sleep(rng.uniform(0.5, 10))
            first.kill()
            for one in asking:
                one.join()
            asked = [one for some in lists for one in some]
            check(home, second, asked)
            interrupted = next((one for one in asked if one.taken and not one.whole), asked[0])
            further = Asked(interrupted.chat)
            before = len(chats.load(home, further.chat)["turns"])
            further.ask(second.url, FURTHER)
            turns = chats.load(home, further.chat)["turns"]
            assert (further.whole, len(turns)) == (True, before + 1)
            assert "thanked the crews" in turns[-1]["answer"]["text"]
            every += asked
            first.start()
            said = f"kill {kill + 1}: {len(asked)} asked, {sum(one.taken for one in asked)} shown"
            print(said, f"{sum(one.whole for one in asked)} whole")
            assert "thanked the crews" in shown(first, further.chat)
        assert any(one.taken and not one.whole for one in every)  # it was killed in the middle of an answer
