"""A brief as Markdown and as a Word document, every citation in a numbered footnote: title, date, file, ¶, quote
and the page's address of the paragraph."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from qa.language.text import headline
from qa.page.briefs import Standing
from qa.page.render import told
from qa.serve.export import plain_markdown

Words = Mapping[str, str]
Day = Callable[[str | None], str]
_SIGNS = {"verified": "✓", "repaired": "~", "unsupported": "✗"}


def markdown(title: str, pins: Sequence[Standing], said: Words, day: Day, page: str = "") -> bytes:
    """The brief with ``[^1]`` footnotes, as Pandoc and GitHub read them; nothing that was pinned is markup in it.
    ``page``: the address of the page that has the articles."""
    body, notes = [f"# {plain_markdown(title)}"], list[str]()
    for pin, sources in pins:
        marks = "".join(f"[^{len(notes) + n}]" for n in range(1, len(sources) + 1))
        for c, since in sources:
            link = f" <{_address(c, page)}>" if page else ""
            notes.append(plain_markdown(_footnote(c, since, said, day)) + link)
        body.append(f"{plain_markdown(pin['claim']['text'])}{marks} *({plain_markdown(_checked(pin['claim'], said))})*")
        body += ["\n".join(f"> {plain_markdown(line)}" for line in pin["note"].splitlines())] if pin["note"] else []
    listed = "\n".join(f"[^{n}]: {note}" for n, note in enumerate(notes, 1))
    return ("\n\n".join([*body, *([listed] if listed else [])]) + "\n").encode()


def docx(title: str, pins: Sequence[Standing], said: Words, day: Day, page: str = "") -> bytes:
    """The brief as a Word document with real footnotes."""
    from docx import Document
    from docx_plus.notes import add_footnote

    made = Document()
    _styles(made)
    made.core_properties.title = _line(title)[:255]
    made.add_heading(_line(title), 1)
    for pin, sources in pins:
        paragraph = made.add_paragraph(_line(pin["claim"]["text"]), style="List Number")
        for citation, since in sources:
            link = f" {_address(citation, page)}" if page else ""
            add_footnote(paragraph, _line(f" {_footnote(citation, since, said, day)}{link}"))
        paragraph.add_run(f" ({_line(_checked(pin['claim'], said))})").italic = True
        for line in filter(None, map(_line, pin["note"].splitlines())):
            made.add_paragraph(line, style="Intense Quote")
    whole = io.BytesIO()
    made.save(whole)
    return whole.getvalue()


BRIEFS: Mapping[str, tuple[Callable[[str, Sequence[Standing], Words, Day, str], bytes], str]] = {
    "md": (markdown, "text/markdown;charset=utf-8"),
    "docx": (docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


def _checked(claim: Mapping[str, Any], said: Words) -> str:
    """The check's word on a sentence."""
    flaw = f": {told(claim['note'], said)}" if claim["status"] == "unsupported" and claim["note"] else ""
    return f"{_SIGNS[claim['status']]} {said[claim['status']]}{flaw}"


def _footnote(citation: Mapping[str, Any], since: str, said: Words, day: Day) -> str:
    called = headline(citation["title"], citation.get("lead"), citation["file"]).rstrip(".")
    known = dict.fromkeys([called, citation["source"], day(citation["published"]), citation["file"]])
    page = f", {said['page'].format(citation['page'])}" if citation["page"] else ""
    place = f"{', '.join(part for part in known if part)} ¶{citation['paragraph']}{page}"
    changed = f" {said['brief_' + since]}" if since else ""
    return f"{place}: “{citation['quote']}”{changed}"


def _address(citation: Mapping[str, Any], page: str) -> str:
    """Where the page at this address opens the article at the cited paragraph."""
    return f"{page}?{urlencode({'article': citation['file'], 'p': citation['paragraph']})}"


def _styles(made: Any) -> None:
    """The two styles that footnotes refer to and python-docx's template lacks."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt

    made.styles.add_style("Footnote Reference", WD_STYLE_TYPE.CHARACTER).font.superscript = True
    made.styles.add_style("Footnote Text", WD_STYLE_TYPE.PARAGRAPH).font.size = Pt(9)


def _line(text: str) -> str:
    """The text without what XML cannot hold, its white space kept to spaces."""
    return re.sub(r"[^\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", " ", text)
