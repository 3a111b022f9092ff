"""What the page can be asked for, without a browser: answers, articles, added files, models; and what it refuses."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SEEDS
from qa import Article, Assistant
from qa.articles import corpus
from qa.errors import UsageError
from qa.page import chats, render
from qa.page.actions import Desk
from qa.page.folder import safe_name
from qa.page.models import Choice
from qa.serve.export import answer_json
from qa.testing import ScriptedModel, serve

ME = "b" * 32
HERE: dict[str, Any] = {"browser": ME, "language": "en"}
LED = "Abbas Araghchi led a delegation to Kabul in February. [{key:1}]"
KABUL = "Who led the delegation to Kabul?"


@pytest.fixture
def desk(seeds: Assistant, tmp_path: Path) -> Desk:
    return Desk(seeds, home=tmp_path / "user")


def asked(desk: Desk, question: str = KABUL, **known: Any) -> list[dict[str, Any]]:
    return list(desk.ask(**{**HERE, "chat": chats.new_id(), "question": question, **known}))


def test_an_answer_is_streamed_and_then_kept(desk: Desk) -> None:
    chat = chats.new_id()
    first, *_, last = asked(desk, chat=chat)
    assert "Reading the articles" in first["html"]
    assert (first["done"], last["done"]) == (False, True)
    assert desk.open_chat(**HERE, chat=chat)["turns"] == last["html"]


def test_a_chat_that_began_with_a_greeting_is_called_after_its_first_question(desk: Desk) -> None:
    place = chats.place(desk.database, ME)
    for title, said in ((KABUL, ("hello", "thanks!", KABUL, "Who is Bagheri?")), ("Mine", ("hello", KABUL))):
        chat = chats.new_id()
        for question in said:
            asked(desk, question, chat=chat)
            if title == "Mine" and question == "hello":
                chats.rename(place, chat, title)
        assert chats.load(place, chat)["title"] == title


def test_a_greeting_is_offered_questions_in_the_page_s_language(desk: Desk) -> None:
    assert asked(desk, "hola", language="es")[-1]["done"]
    for language, first in (("es", "¿"), ("en", "W")):
        *_, last = asked(desk, "hello", language=language)
        shown = re.findall(r'class="suggested">(.)', last["html"])
        assert not shown or shown[0] == first


def test_names_do_not_turn_what_stands_around_them(folder: Path, tmp_path: Path) -> None:
    file = "\u202egpj.exe.txt"
    (folder / file).write_text("\u2067Lamps of Skarn\n\nThe lamps of Skarn went out in 2011.\n", encoding="utf-8")
    desk = Desk(Assistant.open(folder), home=tmp_path)
    *_, last = asked(desk, "When did the lamps of Skarn go out?")
    opened = desk.sources.article(**HERE, file=file)
    for html in (last["html"], desk.folder.articles(language="en")["html"], opened["html"]):
        assert ">gpj.exe.txt" in html
        called = re.findall(r'class="(?:file|paper-title|article-title|card-open)"[^>]*>(.*?)</', html, re.DOTALL)
        assert called
        assert not [name for name in called if re.search("[\u202e\u2067]", name)]


def test_what_is_written_is_shown_sentence_by_sentence(seeds: Assistant, tmp_path: Path) -> None:
    model = ScriptedModel([[f"{LED} He", 0.5, " went to Kabul. [{key:1}]"]])
    written = Assistant(seeds.folder, seeds.store, seeds.embedder, seeds.settings, model)
    counts = [step["html"].count('class="claim') for step in asked(Desk(written, home=tmp_path))]
    assert counts[0] == 0
    assert 1 in counts[1:-1]
    assert len(counts) < 10


def test_stopping_keeps_what_was_shown_and_does_not_wait(seeds: Assistant, tmp_path: Path) -> None:
    model = ScriptedModel([[f"{LED} He", 20.0, " went home. [{key:1}]"]])
    written = Assistant(seeds.folder, seeds.store, seeds.embedder, seeds.settings, model)
    desk, chat = Desk(written, home=tmp_path), chats.new_id()
    began, steps = time.perf_counter(), []
    for step in desk.ask(**HERE, chat=chat, question=KABUL):
        steps.append(step)
        if 'class="claim' in step["html"] and not step["done"]:
            desk.answering.stop(turn=step["turn"])
    assert time.perf_counter() - began < 15
    assert "Stopped." in steps[-1]["html"]
    assert "Araghchi" in desk.open_chat(**HERE, chat=chat)["turns"]


def test_ten_people_at_once_each_get_their_own_answer(desk: Desk) -> None:
    questions = [KABUL, "Who is Bagheri?", "When was the border clash in Nimruz?", "¿Qué dijo Sabbagh sobre Irán?"] * 3
    began = time.perf_counter()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda question: asked(desk, question)[-1]["html"], questions[:10]))
    assert time.perf_counter() - began < 20
    for question, html in zip(questions[:10], answers, strict=True):
        assert question in html
        assert "card" in html


def test_a_follow_up_is_asked_with_the_chat_before_it(desk: Desk) -> None:
    chat = chats.new_id()
    asked(desk, chat=chat)
    html = asked(desk, "And when was it?", chat=chat)[-1]["html"]
    assert re.search(rf"Searched as: {re.escape(KABUL)} [^<]*Abbas Araghchi[^<]* And when was it\?", html)


@pytest.mark.parametrize("known", [{"as_of": "yesterday"}, {"filters": {"since": "2025"}}, {"question": "  "}])
def test_what_cannot_be_asked_is_said_and_not_kept(desk: Desk, known: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        asked(desk, **known)
    assert chats.listed(chats.place(desk.database, ME)) == []


@pytest.mark.parametrize("file", ["../pyproject.toml", "/etc/passwd", "", "x' OR 'a'='a", "none.txt", "\0"])
def test_only_articles_of_the_index_are_opened(desk: Desk, file: str) -> None:
    assert "There is no such article" in desk.sources.article(language="en", file=file)["html"]


def test_an_article_that_became_a_link_to_elsewhere_is_not_followed(folder: Path, tmp_path: Path) -> None:
    assistant = Assistant.open(folder)
    secret = tmp_path / "secret.txt"
    secret.write_text("The secret of the house.\n", encoding="utf-8")
    (folder / "harbour.txt").unlink()
    (folder / "harbour.txt").symlink_to(secret)
    html = Desk(assistant, home=tmp_path / "user").sources.article(language="en", file="harbour.txt")["html"]
    assert "outside the folder" in html
    assert "The secret" not in html


@given(st.text(max_size=200))
def test_a_safe_name_is_one_visible_file_name(name: str) -> None:
    safe = safe_name(name)
    assert PurePosixPath(safe).name == safe
    assert safe not in ("", ".", "..")
    assert not safe.startswith(".")
    assert len(safe) <= 120
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\a b.md", "a b.md"),
        (".hidden.txt", "hidden.txt"),
        ("<script>.txt", "_script_.txt"),
        ("año.pdf", "año.pdf"),
    ],
)
def test_the_names_of_added_files_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_added_articles_are_read_as_a_second_folder(folder: Path, tmp_path: Path) -> None:
    assistant = Assistant.open(folder)
    before = sorted(path.name for path in folder.iterdir())
    desk, upload = Desk(assistant), tmp_path / "upload"
    upload.write_text("Keeper Marta Oyelaran lit the lighthouse of Quenby on 4 May 2024.\n", encoding="utf-8")
    assert desk.folder.add(upload, language="en", name="light.txt") == {"ok": True, "said": "light.txt was added."}
    assert not desk.folder.add(upload, language="en", name="light.exe")["ok"]
    upload.write_bytes(b"")
    assert "no bytes" in desk.folder.add(upload, language="en", name="none.txt")["said"]
    desk.folder.reindex()
    while desk.folder.progress()["running"]:
        time.sleep(0.05)
    assert desk.folder.progress()["said"] == (1, 0, 0)
    assert [c.file for c in assistant.ask("Who lit the lighthouse of Quenby?").citations] == ["added/light.txt"]
    assert "Marta" in desk.sources.article(language="en", file="added/light.txt")["html"]
    assert sorted(path.name for path in folder.iterdir()) == before
    assert Assistant.open(folder).summary.articles == 3  # the command line sees them too
    assert Assistant.open(folder, added=False).summary.articles == 2


def test_a_file_of_the_folder_stands_before_an_added_one_of_that_name(folder: Path, tmp_path: Path) -> None:
    (folder / "added").mkdir()
    (folder / "added" / "x.txt").write_text("The folder's own words.\n", encoding="utf-8")
    (tmp_path / "x.txt").write_text("The added words.\n", encoding="utf-8")
    found, _ = corpus.scan(folder, added=tmp_path)
    assert [Path(str(f.path)).parent.parent for f in found if f.file == "added/x.txt"] == [folder]
    one = corpus.find(folder, "added/x.txt", added=tmp_path)
    assert isinstance(one, corpus.FolderFile)
    read = corpus.read_article(one)
    assert isinstance(read, Article)
    assert read.text.startswith("The folder's own")


def test_a_large_file_is_not_added(seeds: Assistant, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 20_000_001)
    said = Desk(seeds, home=tmp_path).folder.add(tmp_path / "large", language="es", name="grande.txt")["said"]
    assert said == "grande.txt no se añadió: tiene 20.0 MB y el límite es 20."


def test_a_model_is_chosen_per_browser_and_its_key_is_told_to_nobody(desk: Desk) -> None:
    with serve(["yes", "Abbas Araghchi led a delegation to Kabul in February. [{key:1}]"]) as served:
        chosen = {"answerer": "llm", "model": "m", "base_url": served.base_url, "key": "sk-mine"}
        assert desk.models.test(**HERE, **chosen)["ok"]
        kept = desk.models.choose(browser=ME, **chosen)
        assert kept["key"] is True
        assert "sk-mine" not in repr((kept, desk.models._choices))
        assert ">m at " in asked(desk)[-1]["html"]
    other = "c" * 32
    assert desk.models.chosen(browser=other)["answerer"] == "extract"
    *_, last = desk.ask(browser=other, language="en", chat=chats.new_id(), question=KABUL)
    assert "word for word" in last["html"]


def test_the_key_of_the_environment_goes_only_where_the_server_was_started_for(
    seeds: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    nobody = "0" * 32  # a name that a browser can give itself like any other
    with serve(["yes"] * 2) as own, serve(["yes"] * 4) as other:
        started = Assistant(seeds.folder, seeds.store, seeds.embedder, replace(seeds.settings, base_url=own.base_url))
        desk = Desk(started, home=tmp_path)
        for browser in (ME, nobody):
            for place in (own, other):
                chosen: dict[str, Any] = {"answerer": "llm", "model": "m", "base_url": place.base_url}
                assert desk.models.test(browser=browser, language="en", **chosen)["ok"]
                desk.models.choose(browser=browser, **chosen)
        for browser in (ME, nobody):
            asked(desk, browser=browser)
        assert "There is no key for m" in desk.models.test(**HERE, model="m", base_url="")["said"]  # OpenAI's own
    assert [headers["Authorization"] for headers in own.headers] == ["Bearer sk-environment"] * 2
    assert len(other.headers) >= 4
    assert "sk-environment" not in repr(other.headers)


def test_a_key_goes_only_to_the_endpoint_that_it_was_given_for(desk: Desk) -> None:
    desk.models.choose(browser=ME, answerer="llm", model="m", base_url="http://127.0.0.1:1/v1", key="sk-mine")
    assert desk.models._wanted(ME, {"base_url": "http://127.0.0.1:1/v1"}).key == "sk-mine"
    assert desk.models._wanted(ME, {"base_url": "http://127.0.0.1:2/v1"}).key == ""
    assert "sk-mine" not in repr(Choice(key="sk-mine"))


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"model": "m", "base_url": "http://127.0.0.1:1/v1"}, "is the server running?"),
        ({"model": "m", "base_url": "file:///etc/passwd"}, "The endpoint is an address such as"),
        ({"model": "", "base_url": "http://127.0.0.1:1/v1"}, "Name a model"),
        ({"model": "m", "base_url": "http://127.0.0.1:1/v1", "min_confidence": "high"}, "is a number from 0 to 1"),
    ],
)
def test_the_test_says_what_is_wrong(desk: Desk, chosen: dict[str, Any], said: str) -> None:
    told = desk.models.test(**HERE, **chosen)
    assert not told["ok"]
    assert said in told["said"]


def test_a_dead_endpoint_is_an_error_in_the_chat_and_the_chat_goes_on(desk: Desk) -> None:
    desk.models.choose(browser=ME, answerer="llm", model="m", base_url="http://127.0.0.1:1/v1")
    chat = chats.new_id()
    assert "is the server running?" in asked(desk, chat=chat)[-1]["html"]
    desk.models.choose(browser=ME, answerer="extract")
    assert "Araghchi" in asked(desk, chat=chat)[-1]["html"]


def test_a_large_folder_is_not_sent_whole(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(70):
        (folder / f"{n:02}.txt").write_text(f"Report {n}\n\nThe harbour of town {n} reopened.\n", encoding="utf-8")
    desk = Desk(Assistant.open(folder), home=tmp_path / "user")
    html = desk.folder.articles(language="en")["html"]
    assert html.count("article-open") == 50
    assert "… and 20 more" in html
    assert desk.folder.articles(language="en", search="report 69")["html"].count("article-open") == 1
    assert "No article matches." in desk.folder.articles(language="en", search="zebra")["html"]


def test_suggestions_come_in_the_background(desk: Desk) -> None:
    assert desk.suggestions.offered(language="en") == {"ready": False, "html": ""}
    until = time.monotonic() + 60
    while not (got := desk.suggestions.offered(language="en"))["ready"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert got["html"].count('class="suggested"') >= 3
    assert threading.active_count() < 30
    assert desk.assistant.folder == SEEDS


def test_a_quote_in_another_language_is_translated_on_demand(seeds: Assistant, tmp_path: Path) -> None:
    model = ScriptedModel(["El ministro de Relaciones Exteriores dirigió una delegación. [{key:1}]", "He led it."])
    desk = Desk(Assistant(seeds.folder, seeds.store, seeds.embedder, seeds.settings, model), home=tmp_path)
    chat = chats.new_id()
    turn = asked(desk, "Who led the delegation to Kabul?", chat=chat)[-1]["turn"]
    kept = chats.load(chats.place(desk.database, ME), chat)["turns"][0]["answer"]
    assert kept["claims"], "the articles' own sentence stands in for the Spanish one"
    made = desk.sources.translate(browser=ME, chat=chat, turn=turn, mark=1)
    assert made == {"text": "He led it.", "mark": "translated by scripted, not checked", "language": "en"}
    assert kept["citations"][0]["quote"] in model.history[-1][-1].content
    with pytest.raises(UsageError, match="no such source"):
        desk.sources.translate(browser=ME, chat=chat, turn=turn, mark=99)


def test_only_a_quote_in_another_language_has_a_button(seeds: Assistant) -> None:
    answer = {**answer_json(seeds.ask(KABUL)), "model": "m"}
    turn: dict[str, Any] = {"id": "t", "question": KABUL, "claims": [], "error": None, "filters": None}
    for language, there in (("en", False), ("es", True)):
        html = render.turn({**turn, "answer": {**answer, "language": language}}, render.words("en"))
        assert ('data-do="translate"' in html) == there
