"""What is read of a file is what a reader of it sees: odd constructs of Markdown, pages and Word files."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml

from evals.bench.files import _packed
from qa.articles.numbering import lowered, raised
from qa.articles.readers.formats import read

LEAD = "The weir at Ostrey will be rebuilt in spring, the water board said on Monday, after two floods in a year."


def words(suffix: str, raw: str | bytes) -> list[str]:
    reading = read(suffix, raw.encode() if isinstance(raw, str) else raw)
    return [reading.text[block.start : block.end] for block in reading.blocks]


@pytest.mark.parametrize(
    "odd",
    [
        "<!-- x -->",
        "</div>",
        "<!DOCTYPE html>",
        "<?php x ?>",
        "<![CDATA[x]]>",
        "<details>",
        "<br>",
        "<x-y>",
        "&bogus;<",
    ],
)
def test_no_raw_html_loses_a_markdown_file(odd: str) -> None:
    found = words(".md", f"# Weir\n\n{odd}\n\n{LEAD}\n\n{odd}\n")
    assert found[0] == "Weir"
    assert LEAD in found


def test_a_year_before_a_full_stop_is_kept_and_a_running_number_is_not() -> None:
    text = "1911. The weir was built.\n\n1954. It broke.\n\nThen:\n\n1. Dig.\n2. Fill.\n"
    assert words(".md", text) == ["1911. The weir was built.", "1954. It broke.", "Then:", "Dig.", "Fill."]
    assert words(".html", '<ol start="1911"><li><p>The weir was built.</p></li></ol>') == ["1911. The weir was built."]


def test_spans_of_a_table_are_filled() -> None:
    rows = '<tr><th rowspan="2">Weir</th><th colspan="2">Flow</th></tr><tr><th>2023</th><th>2024</th></tr>'
    rows += '<tr><td rowspan="2">Ostrey</td><td>4</td><td>5</td></tr><tr><td colspan="2">shut</td></tr>'
    found = words(".html", f"<p>{LEAD}</p><table><caption>By weir</caption>{rows}</table>")
    assert found[1] == "By weir"
    assert found[-2:] == [
        "Weir: Ostrey · Flow 2023: 4 · Flow 2024: 5",
        "Weir: Ostrey · Flow 2023: shut · Flow 2024: shut",
    ]


@pytest.mark.parametrize("around", ["<form>{}</form>", "<aside>{}</aside>", "<noscript>{}</noscript>",
                                    "<dialog open>{}</dialog>", "<div aria-hidden='true'>{}</div>"])  # fmt: skip
def test_what_is_seldom_the_article_may_be(around: str) -> None:
    page = f"<html><body><nav><a href='/'>Home</a></nav>{around.format(f'<h1>Weir</h1><p>{LEAD}</p>')}</body></html>"
    assert words(".html", page) == ["Weir", LEAD]


def test_the_article_may_be_in_linked_data_alone_and_lists_of_stories_do_not_date_it() -> None:
    old = '{"@type": "ItemList", "itemListElement": [{"@type": "NewsArticle", "datePublished": "2011-02-03"}]}'
    own = f'{{"@type": "NewsArticle", "datePublished": "2024-05-06", "articleBody": "{LEAD}\\nIt costs 9 million."}}'
    scripts = f'<script type="application/ld+json">[{old}, {own}]</script>'
    page = f"<html><head><title>Weir</title>{scripts}</head><body><div id=app></div></body></html>"
    assert words(".html", page) == [LEAD, "It costs 9 million."]
    shown = read(".html", f"<html><head>{scripts}</head><body><p>{LEAD}</p></body></html>".encode())
    assert shown.published == date(2024, 5, 6)


def test_hidden_text_of_word_is_never_read() -> None:
    document, stream = docx.Document(), BytesIO()
    for name, kind in (("Secret", WD_STYLE_TYPE.CHARACTER), ("Hidden", WD_STYLE_TYPE.PARAGRAPH)):
        document.styles.add_style(name, kind).font.hidden = True
    based = document.styles.add_style("Based", WD_STYLE_TYPE.CHARACTER)
    based.base_style = document.styles["Secret"]
    line = document.add_paragraph("Seen. ")
    for style in ("Secret", "Based"):
        line.add_run("The source is the deputy. ", style=style)
    line.add_run("Off.").font.hidden = False
    line.add_run("On.").font.hidden = True
    document.add_paragraph("Not this either.", style="Hidden")
    document.save(stream)
    assert words(".docx", stream.getvalue()) == ["Seen. Off."]


def test_word_s_signs_notes_headers_and_merged_cells() -> None:
    body = (
        "<w:p><w:r><w:t>Iran</w:t><w:noBreakHyphen/><w:t>Iraq</w:t><w:tab/><w:sym w:font='Symbol' w:char='F0B0'/>"
        "<w:footnoteReference w:id='2'/></w:r></w:p><w:tbl><w:tr><w:tc>"
        "<w:tcPr><w:vMerge w:val='restart'/></w:tcPr><w:p><w:r>"
        "<w:t>A</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/>"
        "</w:tcPr><w:p/></w:tc><w:tc><w:p><w:r><w:t>2</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    assert words(".docx", _packed(body, ["By the board."])) == ["Iran-Iraq °", "A | 1", "A | 2", "By the board."]
    document, stream = docx.Document(), BytesIO()
    document.add_paragraph("Body.")
    document.add_section()
    document.sections[0].header.paragraphs[0].text = "Ostrey Ledger"
    inside = "<w:sdtContent><w:p><w:r><w:t>Click here</w:t></w:r></w:p></w:sdtContent>"
    box = f'<w:sdt xmlns:w="{{}}"><w:sdtPr><w:showingPlcHdr/></w:sdtPr>{inside}</w:sdt>'
    document.element.body.insert(1, parse_xml(box.format(document.element.nsmap["w"])))
    document.save(stream)
    assert words(".docx", stream.getvalue()) == ["Body.", "Ostrey Ledger"]


def test_what_stands_above_and_below_the_line_stays_there() -> None:
    page = "<p>Some 10<sup>12</sup> cells in 4 cm<sup>3</sup>, CH<sub>4</sub>, a<sub>Qx</sub>, on the 9<sup>th</sup>"
    page += " of May.<sup><a href='#n'>[3]</a></sup> Growth is <i>e<sup>−<b>kt</b></sup></i> or 2<sup>Ω</sup>.</p>"
    assert words(".html", page) == [
        "Some 10¹² cells in 4 cm³, CH₄, a_(Qx), on the 9th of May.[3] Growth is e⁻ᵏᵗ or 2^(Ω)."
    ]
    assert (raised("nd"), raised("*"), raised("é2"), lowered("é2")) == ("nd", "*", "^(é2)", "_(é2)")


def test_word_s_paragraph_whose_end_is_deleted_goes_on_and_a_cell_may_hold_a_table() -> None:
    document = docx.Document()
    for text, mark in (("The dam of Orrin", "del"), (" leaks.", "vanish"), ("It is old.", "b")):
        paragraph = document.add_paragraph(text)
        paragraph._p.get_or_add_pPr().append(
            parse_xml(f'<w:rPr xmlns:w="{paragraph._p.nsmap["w"]}"><w:{mark}/></w:rPr>')
        )
    paragraph = document.add_paragraph("About 10")
    paragraph.add_run("9").font.superscript = True
    paragraph.add_run(" drops of H")
    paragraph.add_run("2").font.subscript = True
    run = paragraph.add_run("O: ")
    for char in ("F0FC", "F0FB"):
        run._r.append(parse_xml(f'<w:sym xmlns:w="{run._r.nsmap["w"]}" w:font="Wingdings" w:char="{char}"/>'))
    document.add_paragraph("It leaks:")._p.get_or_add_pPr().append(
        parse_xml(f'<w:rPr xmlns:w="{run._r.nsmap["w"]}"><w:del/></w:rPr>')
    )
    outer = document.add_table(rows=4, cols=2)
    for row, cells in enumerate([("Year", "Leaks"), ("2021", "31"), ("2022", "45"), ("2023", "52, of them")]):
        for column, cell in enumerate(cells):
            outer.cell(row, column).text = cell
    inner = outer.cell(3, 1).add_table(rows=2, cols=2)
    for row, cells in enumerate([("gate", "40"), ("sill", "12")]):
        for column, cell in enumerate(cells):
            inner.cell(row, column).text = cell
    stream = BytesIO()
    document.save(stream)
    assert words(".docx", stream.getvalue()) == [
        "The dam of Orrin leaks. It is old.",
        "About 10⁹ drops of H₂O: ✓✗",
        "It leaks:",
        "Year | Leaks",
        "Year: 2021 · Leaks: 31",
        "Year: 2022 · Leaks: 45",
        "Year: 2023 · Leaks: 52, of them gate | 40; sill | 12",
    ]


SHORT = "It cost nine crowns."


@pytest.mark.parametrize(
    "body",
    [
        f"{LEAD}<br><br>{SHORT}<br><p>It held.</p>",
        f"<span>{LEAD}</span><br><br><span>{SHORT}</span><br><br><table><tr><td>It held.</td></tr></table>",
        f"<p>{LEAD}</p><div>{SHORT}<br><br>It held.</div>",
        f"<p>{LEAD}</p><div><div>{SHORT}</div>It held.</div>",
        f"<main><div class='post'>{LEAD}<br><br><div>{SHORT}</div><div><br></div><div>It held.</div></div></main>",
    ],
)
def test_words_beside_blocks_are_kept(body: str) -> None:
    assert words(".html", f"<html><body><h1>Weir</h1>{body}</body></html>") == ["Weir", LEAD, SHORT, "It held."]


def test_names_like_those_of_boxes_around_the_whole_story_cost_nothing() -> None:
    story = f"<article><header><h1>Weir</h1><p>9 May</p></header><p>{LEAD}</p><p>{SHORT}</p></article>"
    box = "<div class='sidebar'><p>We are a paper about water, and have been one for ninety years in June.</p></div>"
    page = f"<html><body><div class='newsletter-sidebar-wrap'>{story}{box}</div></body></html>"
    assert words(".html", page) == ["Weir", "9 May", LEAD, SHORT]


def test_asides_and_footers_of_the_story_itself_are_told() -> None:
    aside, footer = (
        "<aside><p>We had waited for it, she said.</p></aside>",
        "<footer><p>It was built in 1911.</p></footer>",
    )
    around = "<aside><p>Most read: the mayor swims to work.</p></aside><footer><p>We print on old paper.</p></footer>"
    story = f"<article><h1>Weir</h1><p>{LEAD}</p>{aside}<p>{LEAD[:-1]} and floods.</p>{footer}</article>"
    found = words(".html", f"<html><body>{story}{around}</body></html>")
    assert found[2] == "We had waited for it, she said."
    assert found[4:] == ["It was built in 1911."]


def test_what_the_page_s_style_sheet_hides_is_not_text() -> None:
    css = """@media print { p { display: none } } @media screen { .c { display: none } }
    .a, .e { display : none } .b{visibility:hidden} .d.d, .nav .x:hover {display:none} #f{display:block} /* h1{} */"""
    marks = ["a", "b", "c", "d", "e", "g"]
    hidden = "".join(
        f"<p class={mark} id={'f' if mark == 'e' else mark}>The {mark} is here today.</p>" for mark in marks
    )
    page = f"<html><head><style>{css}</style></head><body><h1>Weir</h1><p>{LEAD}</p><p>{LEAD}</p>{hidden}</body></html>"
    assert words(".html", page) == ["Weir", LEAD, LEAD, "The e is here today.", "The g is here today."]
    waiting = f"<html><head><style>main {{display:none}}</style></head><body><main><p>{LEAD}</p></main></body></html>"
    assert words(".html", waiting) == [LEAD]


def test_a_box_by_its_role_is_not_the_article() -> None:
    box = "<section role='dialog'><p>Log in to read on.</p></section><div role='complementary'><p>Read more.</p></div>"
    assert words(".html", f"<html><body>{box}<h1>Weir</h1><p>{LEAD}</p></body></html>") == ["Weir", LEAD]


def test_titles_of_pages() -> None:
    own = f'{{"@type": "Report", "headline": "Weir &amp; mill", "articleBody": "{LEAD} It is 1 &lt; 2."}}'
    page = (
        f'<html><head><title>Wait</title><script type="application/ld+json">{own}</script></head><body></body></html>'
    )
    reading = read(".html", page.encode())
    assert (reading.title, reading.text) == ("Weir & mill", f"{LEAD} It is 1 < 2.")
    site = f"<h1><a href=/>Ostrey news</a></h1><div><h3>Weir falls</h3><p>{LEAD}</p></div>"
    page = f"<html><head><title>Ostrey news: Weir falls</title></head><body>{site}</body></html>"
    assert read(".html", page.encode()).title == "Weir falls"
