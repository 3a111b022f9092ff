"""Every state that the page can show, as turns of a chat: given by a scripted model over the seeds, or made of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from qa import Answer, Assistant
from qa.page import chats
from qa.page.database import opened
from qa.serve.export import answer_json
from qa.testing import ScriptedModel

KABUL = "Who led the delegation to Kabul?"
NIMRUZ = "When was the border clash in Nimruz?"
LED = "Abbas Araghchi led a delegation to Kabul in February. [{key:1}]"
FALSE = "He stayed 12 days in Baghdad. [{key:1}]"
FORGOT = "In February, Foreign Minister Abbas Araghchi led a political and economic delegation to Kabul."
NEIGHBOURS = "With which neighbours should ties be strengthened, according to Pezeshkian?"
LONG = [
    "President Pezeshkian has emphasized the necessity of strengthening relationships with neighbors.",
    "He urged diplomats to adopt a more proactive approach in their efforts.",
    "Improving relations with neighboring countries can lead to great achievements.",
]


def answers(seeds: Assistant) -> dict[str, Answer | str]:
    """An answer for each state, by its name; a text is the sentence of an error."""

    def written(reply: str, question: str = KABUL, **options: Any) -> Answer:
        chosen = replace(seeds.settings, **options)
        model = ScriptedModel([reply], identity="scripted")
        return Assistant(seeds.folder, seeds.store, seeds.embedder, chosen, model).ask(question)

    kabul = seeds.ask(KABUL)
    copied = tuple(replace(c, copies=("archive/wire.txt#p4", "002_7f54b19aedd2aafd.txt#p3")) for c in kabul.citations)
    return {
        "verified": kabul,
        "spanish": seeds.ask("¿Qué invitación transmitió el ministro sirio?"),
        "repaired": written(FORGOT),
        "dropped": written(f"{LED} {FALSE}"),
        "shown": written(f"{LED} {FALSE}", check="show"),
        "refused": seeds.ask("What did Bagheri say about Syria?"),
        "clarify": seeds.ask("What did he say?"),
        "partial": seeds.ask("When was the border clash in Nimruz and who won the football world cup?"),
        "conflict": seeds.ask(NEIGHBOURS),
        "copies": replace(kabul, claims=(replace(kabul.claims[0], citations=copied),)),
        "as of": seeds.ask(NIMRUZ, as_of=date(2025, 7, 26)),
        "error": "No answer from http://localhost:11434/v1: connection refused; is the server running?",
    }


def keep(home: Path, browser: str, found: dict[str, Answer | str]) -> str:
    """Keeps the answers as one chat of that browser; returns the chat's name."""
    chat, place = chats.new_id(), chats.place(opened(home), browser)
    for name, answer, error in _split(found):
        turn = chats.begin(place, chat, answer.question if answer else KABUL, as_of=None)
        kept = answer_json(answer) if answer else None
        chats.change(place, chat, turn["id"], answer=kept, error=error, seconds=0.08, state=name)
    return chat


def _split(found: dict[str, Answer | str]) -> Iterator[tuple[str, Answer | None, str | None]]:
    for name, answer in found.items():
        yield (name, None, answer) if isinstance(answer, str) else (name, answer, None)
