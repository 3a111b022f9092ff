"""The brief: what is pinned, in which order, what became of its articles since, and how it leaves as a file."""

from __future__ import annotations

import base64
import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx_plus.notes import read_footnotes
from sqlalchemy import update

from qa import Assistant
from qa.errors import UsageError
from qa.page import briefs, chats
from qa.page.actions import Desk
from qa.page.database import BRIEFS, opened
from qa.serve.export import answer_json
from qa.testing import ScriptedModel

ME = "c" * 32
HERE: dict[str, Any] = {"browser": ME, "language": "en"}
HOSTILE = '<img src=x onerror=alert(1)> [^9]: *all* {{ 7*7 }} \x00\x1b[31m </w:t> & \\"'
BRANDT = "Who said that boats were lost?"


def pinned(desk: Desk, question: str, nth: int = 0, chat: str = "") -> dict[str, str]:
    """Asks, pins a sentence of the answer, and returns its chat, turn and words."""
    chat = chat or chats.new_id()
    list(desk.ask(**HERE, chat=chat, question=question))
    turn = chats.load(chats.place(desk.database, ME), chat)["turns"][-1]
    where = {"chat": chat, "turn": str(turn["id"]), "text": str(turn["answer"]["claims"][nth]["text"])}
    assert desk.pins.pin(**HERE, **where)["said"] == "Pinned to the brief"
    return where


def texts(desk: Desk) -> list[str]:
    return [text for _, text in desk.pins.listed(browser=ME)["pinned"]]


def file(desk: Desk, form: str, language: str = "en") -> bytes:
    return base64.b64decode(desk.pins.export(browser=ME, language=language, form=form)["base64"])


@pytest.fixture
def desk(folder: Path, tmp_path: Path) -> Desk:
    return Desk(Assistant.open(folder), home=tmp_path / "user")


def test_sentences_of_several_chats_are_pinned_ordered_noted_and_taken_out(desk: Desk) -> None:
    first = pinned(desk, BRANDT)
    second = pinned(desk, "When did the harbour of Valdenia reopen?")
    third = pinned(desk, "¿Cuándo cerrará el puerto de Marenda?")
    assert texts(desk) == [first["text"], second["text"], third["text"]]
    ids = [pin["id"] for pin in briefs.load(chats.place(desk.database, ME))["pins"]]
    desk.pins.move(browser=ME, pin=ids[2], by=-1)
    desk.pins.move(browser=ME, pin=ids[0], by=-1)
    desk.pins.move(browser=ME, pin=ids[1], by=9)
    assert texts(desk) == [first["text"], third["text"], second["text"]]
    desk.pins.note(browser=ME, pin=ids[0], note="  Ask the harbour master.\nTwice. ")
    assert ">Ask the harbour master.\nTwice.</textarea>" in desk.pins.brief(**HERE)["html"]
    desk.delete(**HERE, chat=first["chat"], current=second["chat"])
    assert first["text"] in texts(desk)  # a pin outlives its chat
    assert desk.pins.pin(**HERE, **second)["said"] == "Removed from the brief"
    desk.pins.drop(browser=ME, pin=ids[2])
    assert texts(desk) == [first["text"]]


def test_only_what_an_answer_says_can_be_pinned(desk: Desk) -> None:
    where = pinned(desk, BRANDT)
    for wrong in ({"text": "Words of my own."}, {"turn": "0" * 32}, {"chat": chats.new_id()}):
        with pytest.raises(UsageError, match="no such sentence"):
            desk.pins.pin(**HERE, **{**where, **wrong})
    with pytest.raises(UsageError):
        desk.pins.listed(browser="../" + ME[3:])
    assert texts(desk) == [where["text"]]


def test_pins_of_many_tabs_at_once_are_all_kept(tmp_path: Path, address: str) -> None:
    home = chats.place(opened(tmp_path, address), ME)

    def one(n: int) -> bool:
        claim: dict[str, Any] = {"text": f"Sentence {n}.", "status": "verified", "citations": []}
        claim |= {"failed": None, "note": ""}
        return briefs.pin(home, turn="t", claim=claim, chat="c", question="Which?", articles={})

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(40)))
    assert len(briefs.load(home)["pins"]) == 40
    assert not one(0)  # a second time takes it out


def test_what_became_of_the_article_is_said(desk: Desk, folder: Path) -> None:
    where = pinned(desk, BRANDT)
    harbour = folder / "harbour.txt"
    was = harbour.read_text(encoding="utf-8")

    def told(text: str | None) -> str:
        harbour.unlink(missing_ok=True)
        if text is not None:
            harbour.write_text(text, encoding="utf-8")
        html = desk.pins.brief(**HERE)["html"]
        assert where["text"] in html
        found = re.search(r'<p class="flaw">(.*?)</p>', html)
        assert not found or found[1] in file(desk, "md").decode().replace("\\", "")
        return found[1] if found else ""

    assert told(was) == ""
    assert told(f"{was}\nCorrection: the mayor is Otto Brandt.\n") == (
        "The article has changed since then, but not the cited paragraph."
    )
    assert "around these words has changed" in told(was.replace("She thanked", "He thanked"))
    assert "around these words" in told(f"A new first paragraph.\n\n{was}")
    assert "no longer has these words" in told(was.replace("14 boats", "15 boats"))
    assert "no longer in the folder" in told(None)
    assert told(was) == ""


def test_the_check_s_word_goes_with_a_sentence(seeds: Assistant, tmp_path: Path) -> None:
    draft = "Abbas Araghchi led a delegation to Kabul in February. [{key:1}] He stayed 12 days in Baghdad. [{key:1}]"
    model = ScriptedModel([draft], identity="scripted")
    settings = replace(seeds.settings, check="show")
    desk = Desk(Assistant(seeds.folder, seeds.store, seeds.embedder, settings, model), home=tmp_path)
    where = pinned(desk, "Who led the delegation to Kabul?")
    false = chats.load(chats.place(desk.database, ME), where["chat"])["turns"][0]["answer"]["claims"][1]["text"]
    desk.pins.pin(**HERE, **{**where, "text": false})
    assert "✗ Not supported: " in desk.pins.brief(**HERE)["html"]
    said = file(desk, "md").decode()
    assert re.search(r"in February\.\[\^1\] \*\(✓ Verified\)\*", said)
    assert re.search(r"12 days in Baghdad\. \*\(✗ Not supported: ", said)
    assert said.count("[^") == 2  # a sentence that is not supported has no source
    assert "✗ Sin respaldo" in file(desk, "md", "es").decode()


def test_markdown_and_word_have_numbered_footnotes_with_all_that_finds_the_words(desk: Desk) -> None:
    pinned(desk, BRANDT)
    pinned(desk, "¿Cuándo cerrará el puerto de Marenda?")
    pin = briefs.load(chats.place(desk.database, ME))["pins"][0]
    desk.pins.note(browser=ME, pin=pin["id"], note="Check this.")
    cited = [c for p in briefs.load(chats.place(desk.database, ME))["pins"] for c in briefs.supporting(p["claim"])]
    said = file(desk, "md").decode()
    notes = {int(n): text for n, text in re.findall(r"^\[\^(\d+)\]: (.*)$", said, re.MULTILINE)}
    assert list(notes) == list(range(1, len(cited) + 1))
    for c, note in zip(cited, notes.values(), strict=True):
        for part in (c["title"], c["file"], f"¶{c['paragraph']}", f"“{c['quote']}”"):
            assert not part or part in note.replace("\\", ""), (part, note)
    assert "\n\n> Check this.\n\n" in said
    word = Document(io.BytesIO(file(desk, "docx")))
    shown = [p.text for p in word.paragraphs]
    assert shown[0] == "Brief: articles"
    assert shown[1].startswith(pin["claim"]["text"])
    assert "✓ Verified" in shown[1]
    assert shown[2] == "Check this."
    footnotes = [note.text.strip() for note in read_footnotes(word)]
    assert [note.replace("\\", "") for note in notes.values()] == footnotes


def test_each_footnote_has_the_page_s_address_of_its_paragraph_and_the_article_s_headline(
    folder: Path, tmp_path: Path
) -> None:
    name = "bräcke & co #1.txt"
    (folder / name).write_text("The Ossbro ferry stopped in 2019 because of ice.\n", encoding="utf-8")
    desk = Desk(Assistant.open(folder), home=tmp_path / "user")
    pinned(desk, "Why did the Ossbro ferry stop?")
    page = "http://127.0.0.1:7860/qa/"
    made = {
        form: desk.pins.export(browser=ME, language="en", form=form, page=page)["base64"] for form in ("md", "docx")
    }
    link = f"{page}?article=br%C3%A4cke+%26+co+%231.txt&p=1"
    last = base64.b64decode(made["md"]).decode().splitlines()[-1]
    assert last.startswith("[^1]: The Ossbro ferry stopped in 2019 because of ice, br")
    assert last.endswith(f"” <{link}>")
    (note,) = read_footnotes(Document(io.BytesIO(base64.b64decode(made["docx"]))))
    assert note.text.endswith(f"” {link}")
    for wrong in ("javascript:alert(1)", "http://a> <b", "x" * 10):
        said = base64.b64decode(desk.pins.export(browser=ME, language="en", form="md", page=wrong)["base64"]).decode()
        assert said.endswith("because of ice.”\n")


def test_a_date_is_written_as_the_page_writes_it(folder: Path, tmp_path: Path) -> None:
    (folder / "bridge.txt").write_text("date 2024-05-02\n\nThe bridge of Orlen opened on Thursday.\n", encoding="utf-8")
    desk = Desk(Assistant.open(folder), home=tmp_path / "user")
    pinned(desk, "Which bridge opened on Thursday?")
    assert "2 May 2024, bridge.txt ¶2: “The bridge" in file(desk, "md").decode().replace("\\", "")
    assert "2 de mayo de 2024" in file(desk, "md", "es").decode()


def test_whatever_is_hostile_comes_out_as_text(desk: Desk, folder: Path) -> None:
    where = pinned(desk, BRANDT)
    [pin] = briefs.load(chats.place(desk.database, ME))["pins"]
    pin["question"] = pin["note"] = pin["claim"]["text"] = HOSTILE
    for citation in pin["claim"]["citations"]:
        citation.update(title=HOSTILE, quote=HOSTILE, source=HOSTILE, published=HOSTILE, language=HOSTILE)
    with desk.database.writing(ME) as connection:
        connection.execute(update(BRIEFS).values(pins=[pin]))
    assert where
    html = desk.pins.brief(**HERE)["html"]
    assert "<img" not in html
    assert "<script" not in html
    said = file(desk, "md").decode()
    assert not re.search(r"(?<!\\)<img|(?<!\\)\*all(?<!\\)\*", said)
    assert len(re.findall(r"^\[\^\d+\]: ", said, re.MULTILINE)) == 1
    word = Document(io.BytesIO(file(desk, "docx")))
    assert "<img src=x onerror=alert(1)>" in word.paragraphs[1].text


def test_an_empty_brief_says_how_to_fill_it_and_a_turn_has_a_pin_for_each_sentence(desk: Desk) -> None:
    assert "Pin a sentence of any answer" in desk.pins.brief(**HERE)["html"]
    assert "Fije una frase" in desk.pins.brief(browser=ME, language="es")["html"]
    assert file(desk, "md") == b"# Brief: articles\n"
    answer = answer_json(desk.assistant.ask(BRANDT))
    *_, last = desk.ask(**HERE, chat=chats.new_id(), question=BRANDT)
    assert last["html"].count('data-do="pin"') == len(answer["claims"])
    with pytest.raises(UsageError, match="md or docx"):
        desk.pins.export(**HERE, form="exe")
