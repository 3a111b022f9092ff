"""Credits: they keep their numbers, say whose an article is, and are never evidence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from qa import Assistant
from qa.articles.corpus import FolderFile, read_article
from qa.articles.credits import is_credit
from qa.types import Article

STORY = "The mill at Ostrey burned down on Tuesday, and nobody was hurt. The owner said that it would be built again."


@pytest.mark.parametrize(
    "line",
    [
        "(Reporting by Ada Quill and Per Holm in Ostrey;\nEditing by Lou Marsh)",
        "Additional reporting by Ada Quill",
        "© 2024 Ostrey Ledger. All rights reserved.",
        "Copyright 2024 Ostrey Ledger",
        "Share this story on Facebook",
        "Sign up to our morning newsletter",
        "Read also: Mill owner speaks",
        "Photo: Ada Quill/Ledger",
        "Source: Ostrey Ledger",
        "By Ada Quill",
        "By Ada Quill | Ostrey Ledger | 2024-03-02",
        "Por Ana Díaz",
        "(Con información de EFE y AP)",
        "Suscríbete a nuestro boletín",
        "Lesen Sie auch: Das Feuer",
        "انتهای پیام/",
        "Reporting by Ada Quill in Ostrey; additional reporting by Per Holm; editing by Lou Marsh and Ian Ray",
        "By Ada Quill, Ledger Mills Correspondent",
        "By ADA QUILL and PER HOLM, 3 May 2024",
        "Posted by Ada on 3 May 2024 at 8:15 am",
        "March 3, 2024 by Ada Quill",
        "Von Jörg Maier, Ostrey",
        "Par Élodie Roux avec AFP",
        "Picture editor: Ian Ray",
        "Фото: Иван Петров",
        "مصدر: رويترز",
        "The Canadian Press contributed to this report.",
        "Ledger reporter Per Holm contributed reporting from Lisk.",
        "With files from The Canadian Press",
        "© 2024 Ledger. No part of this page may be reproduced.",
        "This story has been updated with the names of the victims.",
        "(Adds quote from the owner, background)",
        "Ada Quill is the Ledger's mill correspondent. Follow her on Twitter @aquill.",
        "Email Ada Quill at ada@ledger.example",
        "Recibe las noticias en tu correo. Suscríbete aquí.",
        "Story ID: 991234",
        "* * *",
        "Share this story\nFollow us on X\n© 2024 Ostrey Ledger",
    ],
)
def test_a_credit(line: str) -> None:
    assert is_credit(line)


@pytest.mark.parametrize(
    "line",
    [
        STORY,
        "By Tuesday the mill was gone.",
        "By the river Ostrey stands a mill",
        "Share prices at the mill fell by nine percent on Tuesday after the fire, the owner told the Ledger.",
        "Sources: the mayor said that two of his men had seen smoke. Nobody believed them.",
        "Photo: The owner, Ada Quill, stands before the burnt mill with her two sons and a dog in March.",
        "Reporting by drone showed the damage. The roof was gone.",
        "Copyright law will change in June. The minister said so.",
        "Writing by hand, Ada Quill needed nine days.",
        "Translated by Per Holm, it was read in nine lands.",
        "By Sunday, Ostrey Was Under Water.",
        "By Sea and Land",
        "Por la tarde llovió en Ostrey.",
        "Advertisements for the mill were banned.",
        "Read more than nine books a year and you win a prize.",
        "Watch sales fell by nine percent.",
        "Join the army or leave, his father told him.",
        "Follow the river to Lisk, then turn north.",
        "Comments by the mayor angered the farmers.",
        "Support for the mill rose to 40 percent.",
        "Source of the river: a spring above Lisk.",
        "Credit: the bank lends 400 crowns to each farmer.",
        "This article of the law was adopted in 1990.",
        "Fuentes del gobierno dijeron que no.",
        "Foto de familia: los ministros posan en Ostrey.",
        "With help from Lisk, the mill was mended.",
        "Ada Quill is a writer from Lisk.",
        "",
    ],
)
def test_no_credit(line: str) -> None:
    assert not is_credit(line)


def article(folder: Path, text: str, name: str = "a.txt") -> Article:
    (folder / name).write_text(text, encoding="utf-8")
    read = read_article(FolderFile(folder / name, name, 1, 0))
    assert isinstance(read, Article)
    return read


def test_credits_keep_their_numbers_and_give_their_metadata(tmp_path: Path) -> None:
    read = article(
        tmp_path, f"Mill burns\n\nBy Ada Quill | Ostrey Ledger | 2024-03-02\n\n{STORY}\n\n(Editing by Lou Marsh)\n"
    )
    assert [(p.number, p.kind) for p in read.paragraphs] == [
        (1, "heading"),
        (2, "credit"),
        (3, "paragraph"),
        (4, "credit"),
    ]
    assert (read.source, read.published) == ("Ostrey Ledger", date(2024, 3, 2))
    assert (
        article(tmp_path, f"Mill burns\n\n{STORY}\n\n© 2024 Ostrey Ledger. All rights reserved.\n").source
        == "Ostrey Ledger"
    )
    assert article(tmp_path, f"Mill burns\n\nOSTREY, 2 May 2024 (AP) - {STORY}\n").source == "AP"
    assert article(tmp_path, f"{STORY}\n\nMNA/IRNA\n").paragraphs[-1].kind == "credit"


def test_credits_and_headers_are_never_evidence(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    article(folder, f"Mill burns\n\n{STORY} (Photo by Gil Stone)\n\n(Reporting by Ada Quill; Editing by Lou Marsh)\n")
    article(folder, "# Mills\n\n| Mill | Workers |\n|--|--|\n| Ostrey | 40 |\n", "b.md")
    with Assistant.open(str(folder), index=str(tmp_path / "index")) as assistant:
        for question in ("Who reported the fire at the mill?", "Who took the photo?", "Which mill, and workers?"):
            answer = assistant.ask(question)
            told = [*(claim.text for claim in answer.claims), *(e.paragraph.text for e in answer.retrieved)]
            assert not any(words in text for text in told for words in ("Reporting by", "Mill | Workers"))
            assert not any("Gil Stone" in claim.text for claim in answer.claims)
