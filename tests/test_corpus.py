"""Corpus: real folders and files, the seeds byte for byte, and the numbering rule held against awk."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.articles.corpus import FolderFile, day_order, read_article, scan
from qa.errors import FolderError
from qa.types import Article, Paragraph, Skipped

SEEDS = Path(__file__).parent.parent / "seeds"
README = Path(__file__).parent.parent / "README.md"
PROSE = "The minister said on Tuesday that the plan would be out next month, and that nothing had been decided before."
LONG = f"{PROSE} He did not say what it would cost, or who would pay."
AS_ROOT = sys.platform == "win32" or os.geteuid() == 0


def article(folder: Path, name: str, text: str | bytes) -> Article:
    read = try_article(folder, name, text)
    assert isinstance(read, Article), read
    return read


def try_article(folder: Path, name: str, text: str | bytes) -> Article | Skipped:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_article(FolderFile(path, name, path.stat().st_size, path.stat().st_mtime_ns))


def seeds() -> dict[str, Article]:
    read = [read_article(found) for found in scan(SEEDS)[0]]
    return {one.file[:3]: one for one in read if isinstance(one, Article)}


def awk(path: Path, *program: str) -> list[str]:
    """The lines that an awk program prints, else ``awk 'NF'``."""
    run = subprocess.run(["awk", *(program or ["NF"]), str(path)], capture_output=True, check=True, env={"LC_ALL": "C"})
    return run.stdout.decode().split("\n")[:-1]


def printed(path: Path, number: int) -> str:
    """What the README's awk line prints as a paragraph, on one line."""
    line = re.search(r"^LC_ALL=C awk -v n=\d+ -f (docs/\S+) ", README.read_text(encoding="utf-8"), re.M)
    assert line
    lines = awk(path, "-v", f"n={number}", "-f", str(README.parent / line[1]))
    return " ".join(" ".join(lines).replace("\ufeff", " ").split())


# ── the seeds ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("seed", "count", "title", "published", "language", "source", "begins"),
    [
        ("000", 11, None, date(2025, 7, 26), "en", "MNA/IRNA", "President Masoud Pezeshkian has emphasized"),
        ("001", 15, "Pezeshkian, Shoigu affirm Iran-Russia strategic partnership", None, "en", None, "Pezeshkian, Sho"),
        ("002", 20, None, None, "en", None, "He said the Islamic Republic must reassess"),
        ("003", 8, None, date(2025, 4, 11), "en", None, "TEHRAN – In a phone call on Friday afternoon"),
        ("004", 6, None, None, "es", None, "El Presidente iraní Masud Pezeshkian"),
    ],
)
def test_seeds(
    seed: str, count: int, title: str | None, published: date | None, language: str, source: str | None, begins: str
) -> None:
    read = seeds()[seed]
    assert len(read.paragraphs) == count
    assert (read.title, read.published, read.language, read.source) == (title, published, language, source)
    assert read.paragraphs[0].text.startswith(begins)
    assert read.text == (SEEDS / read.file).read_text("utf-8")


def test_seed_headings() -> None:
    headings = {seed: [p.text for p in read.paragraphs if p.kind == "heading"] for seed, read in seeds().items()}
    assert headings == {
        "000": [],
        "001": [
            "Pezeshkian, Shoigu affirm Iran-Russia strategic partnership",
            "Iran-Russia relations ‘strategic, deep, long-term’: Bagheri",
        ],
        "002": [
            "Regional Integration and Border Closures",
            "Afghan Migrants in Iran",
            "Possible Visit to Afghanistan",
        ],
        "003": [],
        "004": [],
    }


@pytest.mark.parametrize("path", sorted(SEEDS.iterdir()), ids=lambda path: path.name[:3])
def test_seed_paragraphs_are_what_awk_prints(path: Path) -> None:
    read = seeds()[path.name[:3]]
    lines = [line.strip() for line in awk(path)]
    lines[0] = lines[0].removeprefix("date 2025-07-26 ").removeprefix("date 2025-04-11 ")
    assert [paragraph.text for paragraph in read.paragraphs] == lines


# ── numbers and spans ────────────────────────────────────────────────────────────────────────────────────────────────

TEXTS = st.text(
    st.one_of(st.sampled_from("ab.\n\n\n \t\r\u00a0\ufeff\u2028\x0c\x1cñ中"), st.characters(exclude_categories=["Cs"])),
    max_size=400,
)
OPENINGS = st.sampled_from(["", "", "date 2025-07-26", " date 2025-07-26 ", "\ufeffdate 2025-07-26 x", f"{LONG}\n"])


@settings(deadline=None)  # the first example loads the language model
@given(opening=OPENINGS, text=TEXTS)
def test_every_paragraph_slices_back_and_nothing_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, opening: str, text: str
) -> None:
    read = try_article(tmp_path_factory.getbasetemp(), "any.txt", opening + text)
    if isinstance(read, Skipped):
        assert read.reason in ("empty", "binary")
        return
    assert read.text == (tmp_path_factory.getbasetemp() / "any.txt").read_text("utf-8")
    numbers = [paragraph.number for paragraph in read.paragraphs]
    assert numbers == sorted(set(numbers))
    assert all(read.text[p.start : p.end] == p.text == p.text.strip() != "" for p in read.paragraphs)
    outside = "".join(gaps(read)).removeprefix("\ufeff").split()
    assert outside in ([], ["date", "2025-07-26"])
    assert outside == [] or read.published == date(2025, 7, 26)


def gaps(read: Article) -> Iterator[str]:
    """The strings of an article's text that stand in no paragraph."""
    ends = [0, *(paragraph.end for paragraph in read.paragraphs)]
    starts = [*(paragraph.start for paragraph in read.paragraphs), len(read.text)]
    return (read.text[end:start] for end, start in zip(ends, starts, strict=True))


WRAPPED = "The boats came home on\nFriday, the harbour master\nsaid."
ADDRESS = f"Links: https://example.org/{'boats/' * 30}"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("prose", [[LONG], [WRAPPED, "", WRAPPED], [WRAPPED, LONG, "", WRAPPED, "", WRAPPED, ADDRESS]])
def test_the_readme_s_awk_line_prints_a_paragraph(tmp_path: Path, prose: list[str], newline: str) -> None:
    odd = ["", "", " ", "\t ", "\u00a0", "date 2025-07-26", "\ufeff", "\x0c", "\u2028", "\u3000", "- x", "año 中"]
    for seed in range(6):
        lines = [*random.Random(seed).choices([*odd, *prose], k=40), "", *prose, ""]
        (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8", newline=newline)
        read = article(tmp_path, "a.txt", (tmp_path / "a.txt").read_bytes())
        for paragraph in read.paragraphs:
            words = " ".join(paragraph.text.replace("\ufeff", " ").split())
            assert printed(tmp_path / "a.txt", paragraph.number).endswith(words)
        assert printed(tmp_path / "a.txt", read.paragraphs[-1].number + 1) == ""


def test_in_a_file_of_long_lines_the_readme_s_line_is_awk_nf() -> None:
    for path in SEEDS.iterdir():
        lines = awk(path)
        assert [printed(path, n) for n in (1, 2, len(lines))] == [" ".join(lines[n].split()) for n in (0, 1, -1)]


def test_one_long_line_does_not_part_the_lines_of_a_wrapped_file(tmp_path: Path) -> None:
    for long in (ADDRESS, LONG):
        blocks = ["Fleet returns", long, *[WRAPPED] * 4]
        assert [p.text for p in article(tmp_path, "a.txt", "\n\n".join(blocks)).paragraphs] == blocks
    inside = WRAPPED.replace("Friday", f"Friday\n{ADDRESS}\n")
    assert [p.text for p in article(tmp_path, "a.txt", f"{inside}\n\n{WRAPPED}\n").paragraphs] == [inside, WRAPPED]


def test_a_form_feed_and_a_byte_order_mark_are_no_words(tmp_path: Path) -> None:
    read = article(tmp_path, "a.txt", f"Fleet returns\n\x0c\n\x0c{WRAPPED}\n\n\ufeff{WRAPPED}\ufeff\n")
    assert [(p.number, p.text) for p in read.paragraphs] == [(1, "Fleet returns"), (2, WRAPPED), (3, WRAPPED)]


def test_a_date_alone_on_the_first_line_uses_up_the_first_number(tmp_path: Path) -> None:
    read = article(tmp_path, "a.txt", f"date 2025-07-26\n{LONG}\n\n{LONG}\n")
    assert [paragraph.number for paragraph in read.paragraphs] == [2, 3]
    assert read.published == date(2025, 7, 26)


@pytest.mark.parametrize("opening", ["date 2025-13-26", "date 2025-07-26T10:00", "Date of birth", "dated 2025-07-26"])
def test_what_is_no_leading_date_stays(tmp_path: Path, opening: str) -> None:
    read = article(tmp_path, "a.txt", f"{opening} {LONG}\n{LONG}\n")
    assert read.paragraphs[0].text == f"{opening} {LONG}"
    assert read.published is None


def test_markup_and_control_characters_in_a_text_stay(tmp_path: Path) -> None:
    text = f"<script>alert(1)</script> \x01\x7f\u202e {LONG}\n\x1b[31m{LONG}"
    read = article(tmp_path, "a.txt", text)
    assert "\n".join(paragraph.text for paragraph in read.paragraphs) == text


# ── title, day, source, language ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "title"),
    [
        ("Plan out soon", "Plan out soon"),
        ("“Will it be soon?”", "“Will it be soon?”"),
        ("eBay buys a rival!", "eBay buys a rival!"),
        ("مسعود پزشکیان رئیس جمهور شد", "مسعود پزشکیان رئیس جمهور شد"),
        ("He said it was soon.", None),
        ("“It was soon.”", None),
        ("总统说不。", None),
        ("He named three things:", None),
        ("plan " * 41, None),
    ],
)
def test_a_first_line_that_is_a_headline(tmp_path: Path, first: str, title: str | None) -> None:
    read = article(tmp_path, "a.txt", f"{first}\n{LONG}\n{LONG}")
    assert read.title == title
    assert read.paragraphs[0].kind == ("heading" if title else "paragraph")
    assert article(tmp_path, "a.txt", f"{first}\n").title is None


@pytest.mark.parametrize(
    ("headline", "title", "published", "source"),
    [
        ("Plan out soon (2023-09-26, The Verge)", "Plan out soon", date(2023, 9, 26), "The Verge"),
        ("Plan out soon (2023-09-26)", "Plan out soon", date(2023, 9, 26), None),
        ("Plan out soon (The Verge, 26 September 2023)", "Plan out soon", date(2023, 9, 26), "The Verge"),
        ("Plan out soon [September 26, 2023, Sky News]", "Plan out soon", date(2023, 9, 26), "Sky News"),
        ("Plan out soon (Reuters)", "Plan out soon", None, "Reuters"),
        ("Plan out soon (and late)", "Plan out soon (and late)", None, None),
        ("(2023-09-26)", None, date(2023, 9, 26), None),
    ],
)
def test_a_bracket_behind_the_headline(
    tmp_path: Path, headline: str, title: str | None, published: date | None, source: str | None
) -> None:
    read = article(tmp_path, "a.txt", f"{headline}\n{LONG}\n{LONG}\n")
    assert (read.title, read.published, read.source) == (title, published, source)
    assert read.paragraphs[0].text == headline


def test_a_short_line_between_prose_is_a_heading(tmp_path: Path) -> None:
    lines = [LONG, "What comes next", LONG, "and so on", LONG, "- item", LONG, "One", "Two", "Three", LONG, "Last line"]
    read = article(tmp_path, "a.txt", "\n".join(lines))
    assert [paragraph.text for paragraph in read.paragraphs if paragraph.kind == "heading"] == ["What comes next"]


@pytest.mark.parametrize(
    ("name", "text", "published"),
    [
        ("a.txt", f"Plan out soon\nBy Jane Doe\nSaturday, 26 July 2025\n{LONG}", date(2025, 7, 26)),
        ("a.txt", f"26 de julio de 2025\nUn plan\n{LONG}", date(2025, 7, 26)),
        ("a.md", "# Plan\n\nJuly 26, 2025\n\nIt is out.", date(2025, 7, 26)),
        ("2024-01-02-plan.txt", f"Plan out soon\n2025-07-26\n{LONG}", date(2025, 7, 26)),
        ("2025-07-26-plan.txt", f"Plan out soon\n{LONG}", date(2025, 7, 26)),
        ("20250726_plan.txt", f"Plan out soon\n{LONG}", date(2025, 7, 26)),
        ("20259926_plan.txt", f"Plan out soon\n{LONG}", None),
        ("2025072600.txt", f"Plan out soon\n{LONG}", None),
        ("plan_2025-07-26.txt", f"Plan out soon\n{LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\nBy Jane Doe | Herald | 2025-07-26\n{LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\nHarbour Post, Sept. 5, 2025\n{LONG}", date(2025, 9, 5)),
        ("a.txt", f"Plan out soon\n\nOSTREY, 26 July 2025 (AP) - {LONG}", date(2025, 7, 26)),
        ("a.md", "+++\ntitle = 'Plan'\ndate = 2025-07-26\n+++\nIt is out.", date(2025, 7, 26)),
        ("a.md", "Title: Plan\nDate: 2025-07-26\n\nIt is out.", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\n\nOSTREY (AP) — 26 July 2025 — {LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\n\nOSTREY, Vale, July 26, 2025 /Newswire/ -- {LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\n\n(Ostrey, 26 July 2025) {LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\n\nPeñalba, 26 jul 2025 (EFE).- {LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\n\nPosted on 26 July 2025 by Jane Doe\n\n{LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\n\nUpdated: 27 July 2025 | Published: 26 July 2025\n\n{LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\n\n26 July 2025 | Last modified on 27 July 2025\n\n{LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\n\nThe (Fed) raised it on 26 July 2025 - {LONG}", None),
        ("plan_26-07-2025.txt", f"Plan out soon\n{LONG}", date(2025, 7, 26)),
        ("plan 26.07.2025.txt", f"Plan out soon\n{LONG}", date(2025, 7, 26)),
        ("plan of July 26, 2025.txt", f"Plan out soon\n{LONG}", date(2025, 7, 26)),
        ("plan-26-julio-2025.txt", f"Plan out soon\n{LONG}", date(2025, 7, 26)),
        ("a.txt", f"Plan out soon\nOn 26 July 2025 it was out.\n{LONG} It was 2025-07-26.\n", None),
    ],
)
def test_published(tmp_path: Path, name: str, text: str, published: date | None) -> None:
    assert article(tmp_path, name, text).published == published


def test_a_day_in_the_names_of_folders(tmp_path: Path) -> None:
    (tmp_path / "2025/07/26").mkdir(parents=True)
    assert article(tmp_path, "2025/07/26/a.txt", f"Plan out soon\n{LONG}").published == date(2025, 7, 26)
    (tmp_path / "2025/7/6").mkdir(parents=True)
    assert article(tmp_path, "2025/7/6/a.txt", f"Plan out soon\n{LONG}").published == date(2025, 7, 6)


@pytest.mark.parametrize(("other", "day"), [("26/07/2025", date(2025, 4, 3)), ("07/26/2025", date(2025, 3, 4))])
def test_a_day_that_can_be_read_in_two_ways_is_read_as_the_folder_writes_others(
    tmp_path: Path, other: str, day: date
) -> None:
    for name, line in (("a.txt", "03/04/2025"), ("b.txt", other)):
        (tmp_path / name).write_text(f"Plan out soon\n{line}\n{LONG}\n")
    found = scan(tmp_path)[0]
    read = read_article(replace(found[0], order=day_order(found[:1], found)))
    assert isinstance(read, Article)
    assert read.published == day


@pytest.mark.parametrize(("other", "day"), [("26/07/2025", date(2025, 4, 3)), ("07/26/2025", date(2025, 3, 4))])
def test_bylines_and_other_files_are_dated_as_the_folder_writes_its_days(tmp_path: Path, other: str, day: date) -> None:
    (tmp_path / "a.txt").write_text(f"Plan out soon\n\nBy Jane Doe | Herald | 03/04/2025\n\n{LONG}\n")
    (tmp_path / "b.html").write_text(f"<h1>Plan</h1><p>03/04/2025</p><p>{LONG}</p>")
    (tmp_path / "c.txt").write_text(f"Plan out soon\n\nBy Jane Doe | Herald | {other}\n\n{LONG}\n")
    found = scan(tmp_path)[0]
    for one in found[:2]:
        read = read_article(replace(one, order=day_order([one], found)))
        assert isinstance(read, Article)
        assert read.published == day


def test_a_byline_on_the_line_below_the_headline(tmp_path: Path) -> None:
    read = article(
        tmp_path,
        "a.txt",
        f"Plan out soon\nBy Jane Doe | Herald | 2025-07-26\n\n{LONG[:60]}\n{LONG[:60]}\n\nIt is out.\n",
    )
    assert (read.title, read.published, read.source) == ("Plan out soon", date(2025, 7, 26), "Herald")
    assert read.paragraphs[0].kind == "heading"


def test_a_day_above_the_headline_is_not_the_title(tmp_path: Path) -> None:
    assert article(tmp_path, "a.txt", f"26 July 2025\nPlan out soon\n{LONG}").title == "Plan out soon"


@pytest.mark.parametrize(
    ("last", "source"),
    [
        ("MNA/IRNA", "MNA/IRNA"),
        ("(Reuters)", "Reuters"),
        ("— EFE", "EFE"),
        ("AFP, Reuters", "AFP, Reuters"),
        ("Source: Prensa Latina.", "Prensa Latina"),
        ("END", None),
        ("It is over", None),
        ("(more)", None),
    ],
)
def test_source_from_the_last_line(tmp_path: Path, last: str, source: str | None) -> None:
    read = article(tmp_path, "a.txt", f"{LONG}\n\n{last}\n")
    assert read.source == source
    assert read.paragraphs[-1].text == last
    assert article(tmp_path, "a.txt", last).source is None


def test_language_is_that_of_the_prose(tmp_path: Path) -> None:
    spanish = "El presidente destacó que los países vecinos pueden lograr grandes avances si trabajan juntos."
    assert article(tmp_path, "a.md", f"---\nlang: en\n---\n# The headline\n\n{spanish}").language == "es"
    assert article(tmp_path, "a.html", '<html lang="fa-IR"><p>12 34</p></html>').language == "fa"
    assert article(tmp_path, "a.txt", "12 34").language == "en"
    found = FolderFile(tmp_path / "a.txt", "a.txt", 5, 0)
    assert isinstance(read := read_article(found, default_language="de"), Article)
    assert read.language == "de"


def test_front_matter_and_page_title_come_before_the_headline(tmp_path: Path) -> None:
    read = article(tmp_path, "a.md", f"---\ntitle: Plan (2023-09-26, The Verge)\n---\n# Other\n\n{LONG}")
    assert (read.title, read.published, read.source) == ("Plan", date(2023, 9, 26), "The Verge")
    assert [paragraph.number for paragraph in read.paragraphs] == [1, 2]
    assert article(tmp_path, "a.md", f"# Other\n\n{LONG}").title == "Other"


def test_a_leading_date_in_markdown_is_metadata_too(tmp_path: Path) -> None:
    read = article(tmp_path, "a.md", " date 2025-07-26 Said. \n\nOther.")
    assert [(p.number, p.start, p.text) for p in read.paragraphs] == [(1, 16, "Said."), (2, 23, "Other.")]


# ── files that are no articles ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.txt", b" \n\n\t", "empty"),
        ("a.txt", b"date 2025-07-26\n", "empty"),
        ("a.txt", "\ufeff\n\u00a0".encode(), "empty"),
        ("a.html", b"<html><script>x</script></html>", "empty"),
        ("a.md", b"---\ntitle: A\n---\n", "empty"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0", "binary"),
        ("a.txt", bytes(range(128, 256)) * 9, "encoding"),
        ("a.txt", "El año que viene será otro año".encode()[:-2], "truncated"),
        ("a.pdf", b"%PDF-1.7\n1 0 obj\n<< >>", "truncated"),
        ("a.docx", b"PK\x03\x04 and then nothing", "truncated"),
        ("a.docx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(99), "encrypted"),
    ],
)
def test_a_file_that_is_no_article_is_skipped_with_its_reason(
    tmp_path: Path, name: str, raw: bytes, reason: str
) -> None:
    skipped = try_article(tmp_path, name, raw)
    assert isinstance(skipped, Skipped)
    assert (skipped.file, skipped.reason) == (name, reason)
    assert skipped.detail.endswith((".", ".)"))


def test_a_reader_that_fails_does_not_take_the_run_down(tmp_path: Path) -> None:
    skipped = try_article(tmp_path, "a.docx", b"PK\x05\x06" + bytes(18))  # a zip archive of nothing
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.detail) == ("unreadable", "Its reader failed with KeyError.")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    skipped = read_article(FolderFile(tmp_path / "a.txt", "a.txt", 1, 1))
    assert skipped == Skipped("a.txt", "unreadable", "It cannot be opened: No such file or directory.")


@pytest.mark.skipif(AS_ROOT, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LONG)
    (tmp_path / "a.txt").chmod(0)
    assert isinstance(skipped := read_article(scan(tmp_path)[0][0]), Skipped)
    assert skipped.reason == "unreadable"


# ── the folder ───────────────────────────────────────────────────────────────────────────────────────────────────────


def names(folder: Path) -> tuple[list[str], dict[str, str]]:
    found, skipped = scan(folder)
    return [one.file for one in found], {one.file: one.reason for one in skipped}


def test_scan_finds_articles_below_the_folder_by_name(tmp_path: Path) -> None:
    for name in (
        "b/c/d.TXT",
        "b/a.md",
        "a.htm",
        "a.html",
        "z.pdf",
        "y.docx",
        "b.jpg",
        ".c.txt",
        ".git/a.txt",
        "~$y.docx",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("words")
    (tmp_path / "folder.txt").mkdir()
    assert names(tmp_path) == (["a.htm", "a.html", "b/a.md", "b/c/d.TXT", "y.docx", "z.pdf"], {"b.jpg": "format"})
    one = scan(tmp_path)[0][2]
    assert one == FolderFile(tmp_path / "b/a.md", "b/a.md", 5, (tmp_path / "b/a.md").stat().st_mtime_ns)


def test_what_a_browser_saves_beside_a_page_is_passed_over(tmp_path: Path) -> None:
    for name in ("Story.html", "Story_files/ad.html", "my_files/a.txt", "Other.files/b.html", "other.htm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("words")
    assert names(tmp_path)[0] == ["Other.files/b.html", "Story.html", "my_files/a.txt", "other.htm"]


@pytest.mark.parametrize("folder", ["missing", "a.txt"])
def test_scan_of_what_is_no_folder(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(FolderError, match="is not a folder"):
        scan(tmp_path / folder)


def test_scan_skips_by_size(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "large.txt").write_bytes(b"x" * 2001)
    (tmp_path / "fits.txt").write_bytes(b"x" * 2000)
    found, skipped = scan(tmp_path, max_mb=0.002)
    assert [one.file for one in found] == ["fits.txt"]
    assert [(one.file, one.reason) for one in skipped] == [("empty.txt", "empty"), ("large.txt", "too large")]
    assert len(scan(tmp_path)[0]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links(tmp_path: Path) -> None:
    inside, outside = tmp_path / "articles", tmp_path / "secret"
    (inside / "sub").mkdir(parents=True)
    outside.mkdir()
    (inside / "a.txt").write_text(LONG)
    (outside / "b.txt").write_text(LONG)
    (inside / "copy.txt").symlink_to("a.txt")
    (inside / "leaves.txt").symlink_to("../secret/b.txt")
    (inside / "folder").symlink_to(outside)
    (inside / "sub" / "loop").symlink_to(inside)
    (inside / "self.txt").symlink_to("self.txt")
    (inside / "gone.txt").symlink_to("nothing.txt")
    (inside / "photo.jpg").symlink_to("../secret/b.txt")
    (tmp_path / "link").symlink_to(inside)
    skipped = {"leaves.txt": "outside", "folder": "outside", "self.txt": "unreadable", "gone.txt": "unreadable"}
    assert names(inside) == (["a.txt", "copy.txt"], dict(sorted(skipped.items())))
    assert names(tmp_path / "link") == names(inside)


@pytest.mark.skipif(sys.platform == "win32", reason="there are none there")
def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    assert names(tmp_path) == ([], {"a.txt": "unreadable"})


@pytest.mark.skipif(AS_ROOT, reason="root may list everything")
def test_a_folder_that_may_not_be_listed(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert names(tmp_path) == ([], {"closed": "unreadable"})


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="their file systems do not allow these names")
def test_weird_names(tmp_path: Path) -> None:
    odd = ["-rf.txt", "a b#p1.txt", "été 中文.txt", "line\nbreak.txt", "<b>.txt", "'\";$(x).txt"]
    for name in odd:
        (tmp_path / name).write_text(LONG)
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text(LONG)
    found, skipped = scan(tmp_path)
    assert [one.file for one in found] == sorted(odd)
    assert skipped == [Skipped("caf\\udce9.txt", "unreadable", "Its name is not UTF-8: rename it.")]
    read = [read_article(one) for one in found]
    assert [one.paragraphs[0].address for one in read if isinstance(one, Article)] == [f"{n}#p1" for n in sorted(odd)]


def test_scan_is_quick(tmp_path: Path) -> None:
    for number in range(2000):
        path = tmp_path / str(number % 20) / f"{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("words")
    started = time.perf_counter()
    assert len(scan(tmp_path)[0]) == 2000
    assert time.perf_counter() - started < 2  # 0.02 where nothing else runs


def test_importing_corpus_loads_no_reader() -> None:
    code = "import qa.articles.corpus, sys; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    )
    assert not loaded & {"trafilatura", "lxml", "pypdfium2", "docx", "markdown_it", "frontmatter", "charset_normalizer"}


def test_a_paragraph_prints_its_address() -> None:
    assert [str(p) for p in seeds()["004"].paragraphs[:1]] == ["004_1d7981e0e1efbe65.txt ¶1"]
    assert isinstance(seeds()["004"].paragraphs[0], Paragraph)
