"""Further formats, made here as the programs that write them make them, and files that hold several articles."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Mapping
from datetime import date
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest

from qa import Assistant
from qa.articles.corpus import FolderFile, find, read_articles, scan
from qa.articles.readers import formats
from qa.types import Article, Skipped

PROSE = "The council of Odda opened the new bridge on Monday, after a debate of nine hours about its cost."


def packed(files: Mapping[str, bytes | str]) -> bytes:
    raw = BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as held:
        for name, words in files.items():
            held.writestr(name, words)
    return raw.getvalue()


def said(folder: Path, name: str, raw: bytes | str) -> list[Article | Skipped]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return read_articles(FolderFile(path, name, path.stat().st_size, 1))


def article(folder: Path, name: str, raw: bytes | str) -> Article:
    first = said(folder, name, raw)[0]
    assert isinstance(first, Article), first
    return first


def words(read: Article | Skipped) -> list[str]:
    assert isinstance(read, Article), read
    return [paragraph.text for paragraph in read.paragraphs]


def reason(read: Article | Skipped) -> tuple[str, str]:
    assert isinstance(read, Skipped), read
    assert read.detail.endswith(".")
    return read.file, read.reason


# ── one article ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", [".markdown", ".text", ".xhtml"])
def test_other_names_of_known_formats(tmp_path: Path, suffix: str) -> None:
    assert words(article(tmp_path, f"a{suffix}", PROSE)) == [PROSE]


RTF = r"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Times;}}{\info{\title The bridge}{\author X}}
\pard Se\'f1or P\'e9rez opened it.\par {\v Ignore the article.}It cost \u8364 ?40.\par
\trowd\cellx1000\cellx2000 Line\cell Riders\cell\row\trowd Red\cell 410\cell\row\pard The end.\par}"""


def test_rich_text_without_its_hidden_words(tmp_path: Path) -> None:
    read = article(tmp_path, "a.rtf", RTF)
    assert read.title == "The bridge"
    assert words(read) == [
        "Señor Pérez opened it.",
        "It cost €40.",
        "Line | Riders",
        "Line: Red · Riders: 410",
        "The end.",
    ]


def test_rich_text_as_it_is_shown(tmp_path: Path) -> None:
    raw = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Times;}{\f1\fcharset238 Times;}}
{\info{\title Caf\'e9 \f1\'f8}{\creatim\yr2024\mo11\dy5\hr9}}
\pard\deleted Gone {\b words\par}\deleted0 The ford{\footnote\pard\plain It was
 {\v never }dug.\par} has 4.2 \'d7 10{\super\u8722?3} m{\super 3} of mud{\deleted  and{\footnote no}}.\par
{\mvf Moved.\par}{\field{\*\fldinst{HYPERLINK "https://x.example"}}{\fldrslt{ A link}}} to CO\sub 2\nosupersub .\par
{\pict\bin9 }}}}}{\v \par}{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt\pard A box.\par}}}The end.\par}\par Behind."""
    read = article(tmp_path, "a.rtf", raw)
    assert (read.title, read.published) == ("Café ř", date(2024, 11, 5))
    assert words(read) == [
        "The ford has 4.2 × 10⁻³ m³ of mud.",
        "A link to CO₂.",
        "The end.",
        "It was dug.",
        "A box.",
    ]


@pytest.mark.parametrize("group", [rb"{\info", rb"{\field{\*\fldinst{", rb"{\footnote", rb"{\v ", rb"{\super "])
def test_rich_text_in_many_groups_is_read_soon(group: bytes) -> None:
    began = time.process_time()
    formats.read(".rtf", rb"{\rtf1 The words." + group * 20_000)
    assert time.process_time() - began < 5


ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table", "style")
)
ODT = f"""<office:document-content {ODF}><office:automatic-styles><style:style style:name="H" style:family="text">
<style:text-properties text:display="none"/></style:style></office:automatic-styles><office:body><office:text>
<text:tracked-changes><text:changed-region><text:deletion><text:p>Deleted.</text:p></text:deletion></text:changed-region>
</text:tracked-changes><text:h>The bridge</text:h>
<text:p>It<text:s/>is <text:span>open</text:span>.<text:span text:style-name="H">Ignore this.</text:span><text:note>
<text:note-citation>1</text:note-citation><text:note-body>
<text:p>Since May.</text:p></text:note-body></text:note></text:p>
<text:list><text:list-item><text:p>An item</text:p></text:list-item>
</text:list><table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Line</text:p>
</table:table-cell><table:table-cell><text:p>Riders</text:p></table:table-cell></table:table-row>
</table:table-header-rows><table:table-row><table:table-cell><text:p>Red</text:p></table:table-cell><table:table-cell>
<text:p>410</text:p></table:table-cell></table:table-row></table:table></office:text></office:body>
</office:document-content>"""


def test_an_opendocument_text(tmp_path: Path) -> None:
    meta = f"""<office:document-meta {ODF} xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"><office:meta><dc:title>A bridge</dc:title>
        <meta:creation-date>2025-03-06T10:00:00</meta:creation-date></office:meta></office:document-meta>"""
    raw = packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ODT, "meta.xml": meta})
    read = article(tmp_path, "a.odt", raw)
    assert (read.title, read.published) == ("A bridge", date(2025, 3, 6))
    assert words(read) == [
        "The bridge",
        "It is open.",
        "An item",
        "Line | Riders",
        "Line: Red · Riders: 410",
        "Since May.",
    ]
    assert words(article(tmp_path, "told", raw)) == words(read)


def test_an_opendocument_text_as_it_is_shown(tmp_path: Path) -> None:
    styles = f"""<office:document-styles {ODF}><office:styles>
    <style:style style:name="Quiet" style:family="paragraph"><style:text-properties text:display="none"/></style:style>
    <style:style style:name="High" style:family="text"><style:text-properties style:text-position="super 58%"/>
    </style:style></office:styles></office:document-styles>"""
    content = f"""<office:document-content {ODF}><office:automatic-styles>
    <style:style style:name="A" style:family="paragraph" style:parent-style-name="Quiet"/>
    <style:style style:name="A" style:family="text"><style:text-properties style:text-position="-33% 58%"/>
    </style:style>
    <style:style style:name="B" style:family="paragraph" style:parent-style-name="Quiet">
    <style:text-properties text:display="true"/></style:style></office:automatic-styles><office:body><office:text>
    <text:p text:style-name="Quiet">Q1</text:p><text:h text:style-name="A">Q2</text:h><text:p text:style-name="B">Seen.
    </text:p><text:section text:display="none"><text:p>Q3</text:p></text:section><text:section><text:p>The kiln
    <text:note><text:note-body><text:p>It is of clay.</text:p></text:note-body></text:note> holds 9 m<text:span
    text:style-name="High">3</text:span> of CO<text:span text:style-name="A">2</text:span>.</text:p></text:section>
    <text:p>Q4<text:hidden-paragraph text:is-hidden="true"/></text:p><text:section text:display="condition"
    text:is-hidden="true"><text:p>Q5</text:p></text:section><table:table><table:table-row><table:table-cell><text:p>Ash
    </text:p></table:table-cell><table:table-cell><text:p text:style-name="A">Q6</text:p></table:table-cell>
    </table:table-row></table:table></office:text></office:body></office:document-content>"""
    raw = packed({"content.xml": content, "styles.xml": styles})
    assert words(article(tmp_path, "a.odt", raw)) == ["Seen.", "The kiln holds 9 m³ of CO₂.", "Ash", "It is of clay."]


def book() -> bytes:
    package = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
        <dc:title>Bridges</dc:title><dc:creator>Ann Bo</dc:creator><dc:date>2024-05-01</dc:date></metadata><manifest>
        <item id="a" href="one.xhtml"/><item id="b" href="two.xhtml"/></manifest><spine><itemref idref="b"/>
        <itemref idref="a"/></spine></package>"""
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="in/book.opf"/></container>',
            "in/book.opf": package,
            "in/one.xhtml": "<html><body><p>The second chapter.</p></body></html>",
            "in/two.xhtml": "<html><body><h1>First</h1><p>The first chapter.</p></body></html>",
        }
    )


def test_a_book_in_the_order_of_its_chapters(tmp_path: Path) -> None:
    for name in ("a.epub", "told"):
        read = article(tmp_path, name, book())
        assert (read.title, read.published, read.source) == ("Bridges", date(2024, 5, 1), "Ann Bo")
        assert words(read) == ["First", "The first chapter.", "The second chapter."]


def letter(*, page: bool = False) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = "The bridge of Odda", "Ann Bo <ann@example.org>"
    message["Date"] = "Thu, 06 Mar 2025 10:00:00 +0100"
    if page:
        message.set_content(f"<html><body><p>{PROSE}</p></body></html>", subtype="html")
    else:
        message.set_content(f"{PROSE}\n\nIt is 300 metres long — señores.\n")
        message.add_attachment(b"x", maintype="application", subtype="pdf", filename="plan.pdf")
    return message.as_bytes()


@pytest.mark.parametrize("name", ["a.eml", "told"])
def test_a_message_has_subject_day_and_sender(tmp_path: Path, name: str) -> None:
    read, attached = said(tmp_path, name, letter())
    assert isinstance(read, Article)
    assert (read.title, read.published, read.source) == ("The bridge of Odda", date(2025, 3, 6), "Ann Bo")
    assert words(read) == [PROSE, "It is 300 metres long — señores."]
    assert reason(attached) == (f"{name}/plan.pdf", "empty")
    assert words(article(tmp_path, f"b{name}", letter(page=True))) == [PROSE]


def test_a_saved_page_in_one_file(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"], message["From"] = "Odda", "<Saved by a browser>"
    message.set_content(f"<html><body><p>{PROSE}</p></body></html>", subtype="html")
    message.make_related()
    message.add_related(b"GIF89a", maintype="image", subtype="gif", cid="<1>")
    assert words(article(tmp_path, "a.mht", message.as_bytes())) == [PROSE]


def test_a_table_of_values_is_one_article_of_rows(tmp_path: Path) -> None:
    read = article(tmp_path, "a.csv", "Line;Riders 2023\nRed;410\nBlue;520\n")
    assert words(read) == ["Line | Riders 2023", "Line: Red · Riders 2023: 410", "Line: Blue · Riders 2023: 520"]
    assert words(article(tmp_path, "a.tsv", "Line\tRiders\nRed\t410\n"))[1] == "Line: Red · Riders: 410"


@pytest.mark.parametrize(
    ("raw", "suffix"),
    [
        (b"%PDF-1.4\n", "truncated"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "format"),
        (b"\x89PNG\r\n\x1a\n\0\0", "binary"),
    ],
)
def test_a_file_without_a_suffix_is_what_its_content_says(tmp_path: Path, raw: bytes, suffix: str) -> None:
    assert reason(said(tmp_path, "a", raw)[0]) == ("a", suffix)


def test_texts_without_a_suffix(tmp_path: Path) -> None:
    assert words(article(tmp_path, "a", PROSE)) == [PROSE]
    assert words(article(tmp_path, "b", f"<!doctype html><html><body><p>{PROSE}</p></body></html>")) == [PROSE]
    assert words(article(tmp_path, "c", f"# Odda\n\n{PROSE}")) == ["Odda", PROSE]
    assert words(article(tmp_path, "d", RTF))[0] == "Señor Pérez opened it."
    assert words(article(tmp_path, "2025.03. of Odda", PROSE)) == [PROSE]


# ── several articles ─────────────────────────────────────────────────────────────────────────────────────────────────

RECORD = {"Headline": "The bridge", "body": PROSE, "published_at": "2025-03-06T10:00:00Z", "source": {"name": "Post"}}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.json", json.dumps([RECORD, {**RECORD, "body": f"<p>{PROSE}</p>"}])),
        ("a.json", json.dumps({"status": "ok", "articles": [RECORD, RECORD]})),
        ("a.jsonl", f"\ufeff{json.dumps(RECORD)}\r\n\r\n{json.dumps(RECORD)}\r\n"),
        (
            "a.csv",
            f"title,text,date,publisher\n{2 * f'The bridge,¶{PROSE}¶,6 March 2025,Post¤'}".replace("¶", '"').replace(
                "¤", "\n"
            ),
        ),
        ("told", json.dumps([RECORD, RECORD])),
    ],
)
def test_a_dump_has_an_article_a_record(tmp_path: Path, name: str, raw: str) -> None:
    first, second, whole = said(tmp_path, name, raw)
    assert isinstance(first, Article)
    assert (first.file, first.title, first.published, first.source) == (
        f"{name}/1",
        "The bridge",
        date(2025, 3, 6),
        "Post",
    )
    assert words(first) == words(second) == [PROSE]
    assert whole == Skipped(name, "parts", "It holds 2 articles.")


def test_a_field_with_an_unknown_name_is_found_by_its_length_and_none_is_said(tmp_path: Path) -> None:
    assert words(said(tmp_path, "a.json", json.dumps([{"id": 1, "brødtekst": f"{PROSE} {PROSE} {PROSE}"}] * 2))[0])
    assert reason(said(tmp_path, "b.json", '{"a": [1, 2]}')[0]) == ("b.json", "unreadable")
    assert reason(said(tmp_path, "c.json", "[" * 100_000)[0]) == ("c.json", "unreadable")
    assert words(article(tmp_path, "d.json", json.dumps(RECORD))) == [PROSE]
    first, second, _ = said(tmp_path, "e.jsonl", json.dumps(RECORD) + '\n{"title": "No text"}')
    assert isinstance(first, Article)
    assert reason(second) == ("e.jsonl/2", "empty")


def test_the_items_of_feeds(tmp_path: Path) -> None:
    item = f"<item><title>The bridge</title><description>&lt;p&gt;{PROSE}&lt;/p&gt;</description>"
    rss = f"""<rss version="2.0"><channel><title>Odda Post</title>{item}
        <pubDate>Thu, 06 Mar 2025 10:00:00 GMT</pubDate></item></channel></rss>"""
    entry = f"<entry><title>The bridge</title><content type='html'>&lt;p&gt;{PROSE}&lt;/p&gt;</content>"
    atom = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Odda Post</title>{entry}
        <updated>2025-03-06T10:00:00Z</updated></entry></feed>"""
    for name, raw in (("a.rss", rss), ("a.atom", atom), ("a.xml", rss), ("told", f"<?xml version='1.0'?>{rss}")):
        read = said(tmp_path, name, raw)[0]
        assert isinstance(read, Article)
        assert (read.file, read.title, read.published) == (f"{name}/1", "The bridge", date(2025, 3, 6))
        assert read.source == "Odda Post"
        assert PROSE in words(read)
    assert reason(said(tmp_path, "b.xml", "<urlset><url/></urlset>")[0]) == ("b.xml", "unreadable")


def test_a_feed_names_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("The key is 1234.")
    raw = f"""<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><rss version="2.0"><channel><title>t</title>
        <item><title>The bridge</title><description>It is &x; open.</description></item></channel></rss>"""
    assert all("1234" not in str(one) for one in said(tmp_path, "a.rss", raw))


# ── archives ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_inside_an_archive_is_read_without_unpacking(tmp_path: Path) -> None:
    inner = packed({"c.md": "# Odda\n\nIt is open."})
    files: dict[str, bytes | str] = {
        "news/a.txt": PROSE,
        "news/b.doc": "x",
        "__MACOSX/a.txt": "x",
        "news/.x.txt": "x",
        "in.zip": inner,
    }
    read = said(tmp_path, "n.zip", packed({**files, "../../up.txt": "Above the folder.", "bad.docx": b"PK"}))
    assert {one.file: type(one) for one in read} == {
        "n.zip/up.txt": Article,
        "n.zip/bad.docx": Skipped,
        "n.zip/in.zip/c.md": Article,
        "n.zip/news/a.txt": Article,
        "n.zip/news/b.doc": Skipped,
        "n.zip": Skipped,
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.zip"]


def test_archives_have_limits_of_number_size_and_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qa.articles.readers import formats, records, zipped

    raw = packed({"a.txt": PROSE})
    for _ in range(4):
        raw = packed({"in.zip": raw})
    assert reason(said(tmp_path, "deep.zip", raw)[0]) == ("deep.zip/in.zip/in.zip/in.zip", "too large")
    assert reason(said(tmp_path, "bomb.zip", packed({"a.txt": b" " * (zipped.UNPACKED + 1)}))[0])[1] == "too large"
    assert reason(said(tmp_path, "bomb.epub", packed({"a.txt": b" " * (zipped.UNPACKED + 1)}))[0])[1] == "too large"
    for module in (formats, records):
        monkeypatch.setattr(module, "MOST_PARTS", 3)
    assert reason(said(tmp_path, "many.zip", packed({f"{n}.txt": PROSE for n in range(5)}))[0])[1] == "too large"
    assert reason(said(tmp_path, "many.json", json.dumps([RECORD] * 5))[0])[1] == "too large"
    assert reason(said(tmp_path, "cut.zip", packed({"a.txt": PROSE})[:-30])[0])[1] == "truncated"


# ── the folder ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_that_are_not_read_are_named_with_what_to_do(tmp_path: Path) -> None:
    for name in ("a.xls", "b.jpg", "c.mp3", "d.xyz", "e.tar.gz", "f.txt"):
        (tmp_path / name).write_text("x")
    found, skipped = scan(tmp_path)
    assert [one.file for one in found] == ["f.txt"]
    assert {one.file: one.detail.split(":")[0] for one in skipped} == {
        "a.xls": "It is a spreadsheet",
        "b.jpg": "It is a picture",
        "c.mp3": "It is a recording",
        "d.xyz": ".xyz is not read",
        "e.tar.gz": "It is an archive",
    }


def test_what_is_named_as_an_old_word_file_is_what_its_content_says(tmp_path: Path) -> None:
    assert words(article(tmp_path, "a.doc", f"<html><body><p>{PROSE}</p></body></html>")) == [PROSE]
    assert words(article(tmp_path, "b.doc", RTF))[0] == "Señor Pérez opened it."
    assert reason(said(tmp_path, "c.doc", bytes.fromhex("d0cf11e0a1b11ae1"))[0])[1] == "format"


def test_a_field_may_be_made_of_parts(tmp_path: Path) -> None:
    record = {
        "headline": {"main": "The bridge", "kicker": "A"},
        "body": [{"type": "h2", "text": "Odda"}, {"type": "p", "text": PROSE}],
    }
    read = article(tmp_path, "a.json", json.dumps(record))
    assert (read.title, words(read)) == ("The bridge", ["Odda", PROSE])
    press = {"title": {"rendered": "The bridge"}, "content": {"rendered": f"<p>{PROSE}</p>", "protected": False}}
    read = article(tmp_path, "b.json", json.dumps(press))
    assert (read.title, words(read)) == ("The bridge", [PROSE])


def test_an_archive_is_kept_in_step(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "n.zip").write_bytes(packed({"a.txt": PROSE, "b/c.txt": "The mayor of Tessin is Ivar Storm."}))
    with Assistant.open(folder, index=str(tmp_path / "index")) as assistant:
        assert (assistant.summary.articles, assistant.summary.skipped) == (2, ())
        cited = assistant.ask("Who is the mayor of Tessin?").claims[0].citations[0]
        assert (cited.file, cited.paragraph.number) == ("n.zip/b/c.txt", 1)
        assert assistant.update().changed == 0
        (folder / "n.zip").write_bytes(packed({"a.txt": PROSE, "d.txt": "The mayor of Tessin is Nora Vik now."}))
        assert assistant.update().articles == 2
        assert {row.file for row in assistant.store.articles()} == {
            "n.zip/a.txt",
            "n.zip/d.txt",
        }
        found = find(folder, "n.zip/d.txt")
        assert isinstance(found, FolderFile)
        assert found.file == "n.zip"
        (folder / "n.zip").unlink()
        assert assistant.update().kept == 2
        assert assistant.update(empty=True).articles == 0


def test_a_folder_in_which_nothing_can_be_read_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name in ("a.doc", "b.doc", "c.jpg"):
        (folder / name).write_text("x")
    with Assistant.open(folder, index=str(tmp_path / "index")) as assistant:
        for question in ("Who is the mayor of Tessin?", "Which articles mention Tessin?"):
            answer = assistant.ask(question)
            assert answer.status == "refused"
            assert "No file of the folder can be read: 2 .doc, 1 .jpg." in answer.reason
        assert "No se puede leer" in assistant.ask("¿Quién es el alcalde de Tessin y desde cuándo?").reason


def test_a_line_of_a_dump_that_is_no_record_costs_no_other(tmp_path: Path) -> None:
    lines = [json.dumps(RECORD), '{"title": "cut of', "[1, 2]", json.dumps(RECORD)]
    one, other, cut, listed, _ = said(tmp_path, "f.jsonl", "\n".join(lines))
    assert [isinstance(article, Article) for article in (one, other)] == [True, True]
    assert [reason(skipped) for skipped in (cut, listed)] == [
        ("f.jsonl/line 2", "unreadable"), ("f.jsonl/line 3", "unreadable")
    ]  # fmt: skip


def test_a_slow_file_of_an_archive_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MEMBER_SECONDS", 0.2)
    monkeypatch.setattr(formats, "MEMBER_SECONDS_PER_MB", 0.0)
    slow = "<table>" + "<tr><td>No</td><td>Yes and no</td></tr>" * 20_000 + "</table>"
    found = said(tmp_path, "a.zip", packed({"a.txt": PROSE, "b.html": slow, "c.txt": PROSE}))
    assert [one.file for one in found if isinstance(one, Article)] == ["a.zip/a.txt", "a.zip/c.txt"]
    skipped = [reason(one) for one in found if isinstance(one, Skipped)]
    assert skipped == [("a.zip/b.html", "too slow"), ("a.zip", "parts")]


def test_a_saved_page_is_not_by_the_browser(tmp_path: Path) -> None:
    page = f"<html><head><title>Odda</title></head><body><p>{PROSE}</p></body></html>"
    head = "From: <Saved by Browser>\nSubject: Odda\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n"
    read = article(tmp_path, "a.mhtml", f"{head}--x\nContent-Type: text/html\n\n{page}\n--x--\n")
    assert (read.title, read.source) == ("Odda", None)
