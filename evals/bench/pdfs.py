"""Two ways to read PDFs, on the same made files in which every sentence is known.

   python -m evals.bench.pdfs [--files 30] [--seed 7] [--show READER] [--keep FOLDER]

The files are printed by Chromium, ReportLab and fpdf2, all without tags: articles of one and two columns, with
running heads and page numbers, hyphens at line ends, tables, and Persian, Arabic and Hebrew. Printed for each reader
are the share of sentences found whole and in order (`evals.bench.files`), by kind of file too, what was read that
belongs to no article, and the seconds. Needs the groups `dev` and `bench`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from evals.bench.files import Words, in_order
from qa.articles.readers.glyphs import Glyph, Page
from qa.articles.readers.pdf import laid_out, read_pdf
from qa.language.text import detect_language, sentences

_LETTERS = {
    "fa": "ابپتجچحخدرزسشصطعغفقکگلمنوهی",
    "ar": "ابتثجحخدذرزسشصضطعغفقكلمنهوي",
    "he": "אבגדהוזחטיכלמנסעפצקרשת",
}
_WIDE = 86  # characters of a line drawn by hand


class Foreign(Words):
    """Sentences of made-up words in a right-to-left script, with numbers and Latin names among them."""

    def __init__(self, seed: int, language: str) -> None:
        super().__init__(seed)
        self.language = language

    def one(self) -> str:
        lengths = [self.draw.randint(2, 7) for _ in range(self.draw.randint(7, 16))]
        words = ["".join(self.draw.choices(_LETTERS[self.language], k=length)) for length in lengths]
        if self.draw.random() < 0.5:
            digits = str(self.draw.randint(12, 1900))
            words[2] = digits.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) if self.language == "fa" else digits
        if self.draw.random() < 0.3:
            words[4] = f"({words[4]})"
        if self.draw.random() < 0.2:
            words[5] += "،" if self.language != "he" else ","
        return " ".join(words) + "."


def chromium(page: str, *, options: dict[str, object] | None = None) -> bytes:
    """The page as Chromium prints it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        shown = browser.new_page()
        shown.set_content(f"<meta charset=utf-8>{page}")
        made = shown.pdf(format="A4", **(options or {}))  # type: ignore[arg-type]
        browser.close()
    return made


def printed(words: Words) -> bytes:
    """One column, with a running head, page numbers, a list and a table."""
    body = [f"<h1>{words.said(words.name() + ' opens again')}</h1>"]
    body += [f"<p>{words.several()}</p>" for _ in range(18)]
    body += ["<ul>", *(f"<li>{words.said()}</li>" for _ in range(4)), "</ul>", _table(words)]
    body += [f"<p>{words.several()}</p>" for _ in range(18)]
    head = f"<div style='font-size:9px;margin-left:40px'>{words.hidden()}</div>"
    foot = "<div style='font-size:9px;margin-left:40px'>Page <span class=pageNumber></span></div>"
    options: dict[str, object] = {"display_header_footer": True, "header_template": head, "footer_template": foot}
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "2cm")
    return chromium("".join(body), options={**options, "margin": margin})


def _table(words: Words) -> str:
    names, rows = [words.name() for _ in range(3)], []
    for _ in range(4):
        cells = [words.name(), str(words.draw.randint(2, 900)), words.name()]
        words.said(" · ".join(f"{name}: {cell}" for name, cell in zip(names, cells, strict=True)))
        rows.append("".join(f"<td>{cell}</td>" for cell in cells))
    return f"<table><tr><th>{'<th>'.join(names)}</tr><tr>{'</tr><tr>'.join(rows)}</tr></table>"


def printed_columns(words: Words) -> bytes:
    """Two columns, justified and hyphenated by the browser."""
    body = "".join(f"<p>{words.several()}</p>" for _ in range(36))
    return chromium(f"<html lang=en><div style='columns:2;text-align:justify;hyphens:auto'>{body}</div></html>")


def right_to_left(words: Words) -> bytes:
    body = "".join(f"<p>{words.several()}</p>" for _ in range(25))
    return chromium(f"<html dir=rtl lang={words.language}>{body}</html>")  # type: ignore[attr-defined]


def columns(words: Words) -> bytes:
    """ReportLab: two columns with paragraphs set in, running heads, page numbers and a table, not tagged."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Table

    head, made = words.hidden(), BytesIO()

    def drawn(canvas: object, document: object) -> None:
        canvas.drawString(60, 810, head[:60])  # type: ignore[attr-defined]
        canvas.drawCentredString(300, 30, str(document.page))  # type: ignore[attr-defined]

    style = ParagraphStyle("text", firstLineIndent=12, fontSize=10, leading=12, alignment=words.draw.choice([0, 4]))
    title = ParagraphStyle("title", fontSize=16, leading=20, spaceAfter=8)
    parts: list[object] = [Paragraph(words.said(f"{words.name()} is open again"), title)]
    parts += [Paragraph(words.several(), style) for _ in range(14)]
    names = [words.name() for _ in range(3)]
    rows = [[words.name(), str(words.draw.randint(10, 999)), str(words.draw.randint(10, 999))] for _ in range(4)]
    for row in rows:
        words.said(" · ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True)))
    parts.append(Table([names, *rows]))
    parts += [Paragraph(words.several(), style) for _ in range(20)]
    frames = [Frame(50, 50, 240, 740), Frame(310, 50, 240, 740)]
    BaseDocTemplate(made, pageTemplates=[PageTemplate(frames=frames, onPage=drawn)]).build(parts)
    return made.getvalue()


def drawn(words: Words) -> bytes:
    """fpdf2: lines drawn one by one, words parted at line ends, paragraphs with a space between, feet and numbers."""
    from fpdf import FPDF

    foot = words.hidden()
    pdf = FPDF()
    pdf.set_auto_page_break(auto=False)
    lines = [line for _ in range(24) for line in [*_parted(words.several(), words.draw), ""]]
    for start in range(0, len(lines), 46):
        pdf.add_page()
        pdf.set_font("times", size=11)
        for n, line in enumerate(lines[start : start + 46]):
            pdf.text(25, 30 + 5.2 * n, line)
        pdf.set_font("times", size=8)
        pdf.text(25, 285, foot)
        pdf.text(180, 285, f"{start // 46 + 1}/{-(-len(lines) // 46)}")
    return bytes(pdf.output())


def _parted(text: str, draw: random.Random) -> Iterator[str]:
    """The text in lines, long words at a line's end parted with a hyphen."""
    line = ""
    for word in text.split():
        room = _WIDE - len(line) - 1
        if len(word) <= room:
            line = f"{line} {word}".strip()
        elif word.isalpha() and len(word) > 7 and room > 4 and draw.random() < 0.8:
            cut = min(room - 1, len(word) - 3)
            yield f"{line} {word[:cut]}-"
            line = word[cut:]
        else:
            yield line
            line = word
    yield line


KINDS: dict[str, tuple[Callable[[Words], bytes], Callable[[int], Words]]] = {
    "printed": (printed, Words),
    "printed in columns": (printed_columns, Words),
    "columns": (columns, Words),
    "drawn": (drawn, Words),
    **{name: (right_to_left, lambda seed, name=name: Foreign(seed, name)) for name in _LETTERS},  # type: ignore[misc]
}


# ── readers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _boxes(raw: bytes) -> list[str]:
    """pdfminer.six, its text boxes as paragraphs: what this package did until November 2026."""
    import re

    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams, LTTextBox

    laid = extract_pages(BytesIO(raw), laparams=LAParams(all_texts=True))
    boxes = [box.get_text() for page in laid for box in page if isinstance(box, LTTextBox)]
    return [" ".join(re.sub(r"(?<=[^\W\d_])-\n(?=[a-z])", "", box).split()) for box in boxes]


def _plain(raw: bytes) -> list[str]:
    """PDFium's own text, each page one paragraph."""
    import pypdfium2

    with pypdfium2.PdfDocument(raw) as document:
        return [" ".join(page.get_textpage().get_text_range().replace("\x02\r\n", "").split()) for page in document]


def _laid_out(raw: bytes) -> list[str]:
    """pdfminer.six for the glyphs, and the layout of `qa.articles.readers.pdf`."""
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LTChar, LTContainer

    def glyphs(element: object) -> Iterator[Glyph]:
        if isinstance(element, LTChar):
            base = element.matrix[5]
            bold = "Bold" in element.fontname
            yield Glyph(element.get_text(), element.x0, element.x1, base, element.size, bold)
        elif isinstance(element, LTContainer):
            for part in element:
                yield from glyphs(part)

    shown = [
        Page(n, page.width, page.height, tuple(glyphs(page)))
        for n, page in enumerate(extract_pages(BytesIO(raw), laparams=None), start=1)
    ]
    return [piece.words for piece in laid_out(shown)[0]]


def _ours(raw: bytes) -> list[str]:
    read = read_pdf(raw)
    return [read.text[block.start : block.end] for block in read.blocks]


READERS: dict[str, Callable[[bytes], list[str]]] = {
    "pdfminer.six, boxes": _boxes,
    "pdfminer.six, qa.articles.readers.pdf": _laid_out,
    "PDFium, its text": _plain,
    "PDFium, qa.articles.readers.pdf": _ours,
}


def _spoken(paragraphs: Sequence[str]) -> Iterator[str]:
    for text in paragraphs:
        if " · " in text:
            yield text
        else:
            yield from (text[start:end] for start, end in sentences(text, detect_language(text, otherwise="en")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", metavar="READER", help="print what a reader lost")
    parser.add_argument("--keep", type=Path, help="a folder to write the files to")
    given = parser.parse_args()
    made = []
    for n in range(given.files):
        kind = list(KINDS)[n % len(KINDS)]
        maker, source = KINDS[kind]
        words = source(given.seed * 1000 + n)
        raw = maker(words)
        made.append((kind, words.made.known, words.made.unseen, raw))
        if given.keep:
            (given.keep / f"{n:02}-{kind.replace(' ', '-')}.pdf").write_bytes(raw)
    for name, read in READERS.items():
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        leaks, began = 0, time.perf_counter()
        for n, (kind, known, unseen, raw) in enumerate(made):
            found = list(_spoken(read(raw)))
            right = in_order(known, found)
            counts[kind][0] += len(right)
            counts[kind][1] += len(known)
            leaks += sum(text[:60] in " ".join(found) for text in unseen)
            if given.show == name:
                lost = set(known) - set(right)
                print(*(f"{n:02} {kind}: {text}" for text in known if text in lost), sep="\n")
        right_, all_ = (sum(count[at] for count in counts.values()) for at in (0, 1))
        kinds = ", ".join(f"{kind} {good / count:.3f}" for kind, (good, count) in counts.items())
        took = time.perf_counter() - began
        print(f"{name}: {right_} of {all_} ({right_ / all_:.4f}), {leaks} heads or feet read, {took:.1f} s ({kinds})")


if __name__ == "__main__":
    main()
