"""How much of a file is found: folders of made files in which every sentence is known.

    python -m evals.bench.files [FORMAT …] [--files 30] [--seed 7] [--show]

For each format so many files are made, of the constructs that people's files have, with sentences that are all
different. Printed are the share of sentences found whole and in order (the longest run of them in the file's order,
among the sentences of its paragraphs), and how many texts were read that a reader of the file does not see.
`--show` prints the sentences that were lost. A new format is one function in `MAKERS`.
"""

from __future__ import annotations

import argparse
import random
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from qa.articles.corpus import FolderFile, read_article
from qa.language.text import sentences
from qa.types import Article

_WHO = "minister mayor captain engineer doctor baker teacher judge farmer pilot sailor gardener".split()
_DID = "opened closed painted measured visited sold bought repaired counted crossed lost found".split()
_WHAT = "bridge harbour school library mine ferry theatre museum tunnel market orchard stadium".split()
_SYLLABLES = "ka lo mi ne ru ta vo se pi du ga ri".split()


@dataclass
class Made:
    """A file's bytes, the sentences that a person reads in it, in order, and texts that no person sees."""

    raw: bytes = b""
    known: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


class Words:
    """A source of sentences and names that never repeat, all of them noted in ``made``."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.made = Made()
        self._taken: set[str] = set()

    def name(self) -> str:
        while (name := "".join(self.draw.choices(_SYLLABLES, k=3)).capitalize()) in self._taken:
            pass
        self._taken.add(name)
        return name

    def said(self, text: str | None = None) -> str:
        """A sentence that a reader sees; what is given is noted as one."""
        self.made.known.append(text or self.one())
        return self.made.known[-1]

    def several(self, most: int = 4) -> str:
        return " ".join(self.said() for _ in range(self.draw.randint(1, most)))

    def hidden(self) -> str:
        """A sentence that no reader sees."""
        self.made.unseen.append(self.one())
        return self.made.unseen[-1]

    def one(self) -> str:
        """A sentence that is not noted."""
        who, did, what = (self.draw.choice(words) for words in (_WHO, _DID, _WHAT))
        ending = self.draw.choice(
            ["on Tuesday", "for {n} crowns", "after {n} days", "with {n} people from {name}", "in spite of the rain"]
        ).format(n=self.draw.randint(12, 900), name=self.name())
        return f"The {who} of {self.name()} {did} the {what} of {self.name()} {ending}."


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most so many characters, as an editor wraps it."""
    import textwrap

    return "\n".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))


def text_file(words: Words) -> bytes:
    """Plain text: a paragraph a line, or wrapped by hand, and at times a long address in a wrapped file."""
    width = words.draw.choice([0, 0, 60, 72, 78])
    blocks = [words.several() for _ in range(12)]
    if width:
        blocks = [wrapped(block, width) for block in blocks]
        if words.draw.random() < 0.5:
            place = words.draw.randint(1, len(blocks))
            blocks.insert(place, f"https://example.org/{'a-long-address/' * 9}")
    end = words.draw.choice(["\n", "\r\n"])
    gap = "\n\n" if width else words.draw.choice(["\n", "\n\n"])
    encoding = words.draw.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    return gap.join(blocks).replace("\n", end).encode(encoding)


def markdown_file(words: Words) -> bytes:
    """Markdown with what CommonMark and GitHub have, and raw HTML."""
    said, hidden = words.said, words.hidden

    def table() -> str:
        head, rows = _table(words, 3)
        lines = [f"| {' | '.join(head)} |", "|---|--:|:-:|", *(f"| {' | '.join(row)} |" for row in rows)]
        return "\n".join(lines)

    kinds: list[Callable[[], str]] = [
        words.several,
        lambda: wrapped(words.several(), 70),
        lambda: f"## {said()}",
        lambda: f"{said()}\n---",
        lambda: f"<!-- {hidden()} -->",
        lambda: f"<!-- more -->\n\n{said()}",
        lambda: f"<div>\n\n{said()}\n\n</div>",
        lambda: f"<details>\n<summary>{said()}</summary>\n\n{said()}\n\n</details>",
        lambda: f"</section>\n\n{said()}",
        lambda: f"- {said()}\n- {said()}\n  - {said()}\n",
        lambda: f"1. {said()}\n2. {said()}",
        lambda: f"1987. {said('1987. ' + words.one())[6:]}\n\n2003. {said('2003. ' + words.one())[6:]}",
        lambda: f"> {said()}\n>\n> {said()}",
        lambda: f"- [x] {said()}\n- [ ] {said()}",
        lambda: _emphasised(said()),
        lambda: f"<p align=center>{said()}</p>",
        lambda: f"<script>\nvar a = '{hidden()}';\n</script>",
        lambda: f"<div hidden>\n\n{hidden()}\n\n</div>",
        lambda: f"[//]: # ({hidden()})\n\n{said()}",
        table,
    ]
    body = "\n\n".join(words.draw.choice(kinds)() for _ in range(16))
    front = words.draw.choice(["", "---\ntitle: A title\n---\n", "+++\ntitle = 'A title'\n+++\n", "\ufeff"])
    return (front + body + "\n").encode()


def _table(words: Words, columns: int) -> tuple[list[str], list[list[str]]]:
    """A table's header and rows; each row is noted with its header."""
    head = [words.name() for _ in range(columns)]
    rows = [[words.name(), *(str(words.draw.randint(10, 9999)) for _ in head[1:])] for _ in range(3)]
    for row in rows:
        words.said(" · ".join(f"{name}: {cell}" for name, cell in zip(head, row, strict=True)))
    return head, rows


def _emphasised(text: str) -> str:
    parts = text.split(" ")
    parts[1], parts[3] = f"*{parts[1]}*", f"[**{parts[3]}**](http://example.org)"
    return " ".join(parts)


def page(words: Words) -> bytes:
    """A web page as builders make them: main text in one of several places, and what surrounds it."""
    said, hidden, draw = words.said, words.hidden, words.draw

    def table() -> str:
        head, rows = _table(words, 3)
        cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        return f"<table><tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>{cells}</table>"

    kinds: list[Callable[[], str]] = [
        lambda: f"<p>{words.several()}</p>",
        lambda: f"<p>{words.several()}</p>",
        lambda: f"<p>{words.several()}</p>",
        lambda: f"<p>{said()} <b>{said()}</b> <a href='/x'>{said()}</a> {said()}</p>",
        lambda: f"<div>{said()} {said()}</div>",
        lambda: f"<h2>{said()}</h2>",
        lambda: f"<ul><li>{said()}</li><li><p>{said()}</p></li></ul>",
        lambda: f"<blockquote><p>{said()}</p></blockquote>",
        lambda: f"<p>{said()} {said()}<br><br>{said()}</p>",
        lambda: f"<p style='display:none'>{hidden()}</p>",
        lambda: f"<script>var a = '{hidden()}'</script>",
        table,
    ]
    menu = f"<nav><ul><li><a href='/'>Home</a></li><li><a href='/w'>{hidden()}</a></li></ul></nav>"
    title = said()
    body = "".join(draw.choice(kinds)() for _ in range(14))
    around = draw.choice(
        ["<main><article>{}</article></main>", "<form method=post>{}</form>", "<div id=content>{}</div>", "{}",
         "<div aria-hidden=true><section>{}</section></div>", "<table><tr><td>{}</td></tr></table>"]
    )  # fmt: skip
    story = around.format(f"<h1>{title}</h1>{body}")
    below = [
        f"<section id=comments><p>{hidden()} {hidden()}</p></section>",
        f"<div class=related-stories><h3>Related</h3><p>{hidden()}</p></div>",
        f"<div class=cookie-banner role=dialog><p>{hidden()}</p></div>",
        f"<footer><p>{hidden()}</p></footer>",
        f"<aside><p>{hidden()}</p></aside>",
    ]
    rest = "".join(draw.sample(below, 3))
    return f"<!doctype html><html><head><title>x</title></head><body>{menu}{story}{rest}</body></html>".encode()


def word_file(words: Words) -> bytes:
    """A Word file with what people leave in theirs: tracked changes, hidden text, notes, boxes, controls, tables."""
    parts = _WordParts(words)
    body = "".join(words.draw.choice(parts.kinds())() for _ in range(14))
    for note in parts.notes:
        words.said(note)
    return _packed(body, parts.notes)


def _run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def _block(*runs: str, style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}{''.join(runs)}</w:p>"


class _WordParts:
    """The kinds of parts of a Word file's body; ``notes`` are the footnotes of those that were made."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.notes: list[str] = []

    def kinds(self) -> list[Callable[[], str]]:
        said, hidden = self.words.said, self.words.hidden
        return [
            lambda: _block(_run(self.words.several())),
            lambda: _block(_run(self.words.several())),
            self.split, self.moved, self.hyphen, self.broken, self.noted, self.table,
            lambda: _block(_run(said()), _run(" " + hidden(), "<w:vanish/>")),
            lambda: _block(_run(said()), f"<w:del>{_run(hidden())}</w:del>", f"<w:ins>{_run(' ' + said())}</w:ins>"),
            lambda: _block(_run(said()), style="Heading1"),
            lambda: f"<w:sdt><w:sdtContent>{_block(_run(said()))}</w:sdtContent></w:sdt>",
            lambda: _block(f"<w:hyperlink>{_run(said())}</w:hyperlink>"),
        ]  # fmt: skip

    def halves(self) -> tuple[str, str]:
        text = self.words.said()
        at = text.index(" ", len(text) // 2)
        return text[:at], text[at:]

    def moved(self) -> str:
        text = self.words.said()
        was = _run(self.words.hidden())
        return _block(f"<w:moveFrom>{was}</w:moveFrom>") + _block(f"<w:moveTo>{_run(text)}</w:moveTo>")

    def hyphen(self) -> str:
        text = self.words.said(f"The Osk-{self.words.name()} line of {self.words.name()} was shut.")
        before, after = text.split("-", 1)
        return _block(f"<w:r><w:t>{before}</w:t><w:noBreakHyphen/><w:t>{after}</w:t></w:r>")

    def broken(self) -> str:
        one, two = self.halves()
        return _block(f"<w:r><w:t>{one}</w:t><w:cr/><w:t>{two.strip()}</w:t></w:r>")

    def noted(self) -> str:
        self.notes.append(self.words.one())
        return _block(_run(self.words.said()), f'<w:r><w:footnoteReference w:id="{len(self.notes) + 1}"/></w:r>')

    def table(self) -> str:
        head, rows = _table(self.words, 3)
        cells = ["".join(f"<w:tc>{_block(_run(cell))}</w:tc>" for cell in row) for row in (head, *rows)]
        return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"

    def split(self) -> str:
        one, two = self.halves()
        return _block(_run(one), _run(two, "<w:b/>"))


def _packed(body: str, notes: Sequence[str]) -> bytes:
    """A .docx of this body and these footnotes."""
    import docx
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from docx.oxml import parse_xml

    document, stream = docx.Document(), BytesIO()
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    for element in reversed(list(parse_xml(f"<w:body {space}>{body}</w:body>"))):
        document.element.body.insert(0, element)
    told = "".join(
        f'<w:footnote w:id="{n}"><w:p><w:r><w:t>{note}</w:t></w:r></w:p></w:footnote>'
        for n, note in enumerate(notes, 2)
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    xml = f"<w:footnotes {space}>{told}</w:footnotes>".encode()
    part = Part(PackURI("/word/footnotes.xml"), kind, xml, document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.save(stream)
    return stream.getvalue()


MAKERS: dict[str, Callable[[Words], bytes]] = {
    ".txt": text_file,
    ".md": markdown_file,
    ".html": page,
    ".docx": word_file,
}


def in_order(known: Sequence[str], found: Iterable[str]) -> list[str]:
    """Those of the known sentences that are found whole, in their order: the longest such run."""
    places = {text: n for n, text in enumerate(known)}
    ends: list[int] = []
    runs: list[list[int]] = []
    for place in (places[text] for text in found if text in places):
        at = bisect_left(ends, place)
        run = [*(runs[at - 1] if at else []), place]
        ends[at : at + 1], runs[at : at + 1] = [place], [run]
    return [known[place] for place in runs[-1]] if runs else []


def spoken(article: Article) -> Iterator[str]:
    """The sentences of an article's paragraphs, each on one line; a row, a heading or an item as a whole."""
    for paragraph in article.paragraphs:
        whole = " ".join(paragraph.text.split())
        for start, end in [(0, len(whole))] if paragraph.kind == "row" else sentences(whole, article.language):
            yield whole[start:end]


def measured(suffix: str, files: int, seed: int, *, show: bool = False) -> str:
    """One line on a format."""
    total, right, seen = 0, 0, 0
    with TemporaryDirectory() as folder:
        for n in range(files):
            words = Words(seed * 1000 + n)
            path = Path(folder) / f"{n:03}{suffix}"
            path.write_bytes(MAKERS[suffix](words))
            article = read_article(FolderFile(path, path.name, path.stat().st_size, 0))
            found = list(spoken(article)) if isinstance(article, Article) else []
            whole = in_order(words.made.known, found)
            total, right = total + len(words.made.known), right + len(whole)
            read = " ".join(found)
            leaked = [text for text in words.made.unseen if text in read]
            seen += len(leaked)
            if show:
                for text in [*(t for t in words.made.known if t not in whole), *(f"SEEN {t}" for t in leaked)]:
                    print(f"{path.name}: {text}")
                if not isinstance(article, Article):
                    print(f"{path.name}: {article}")
    return f"{suffix}: {right} of {total} sentences whole and in order ({right / total:.4f}), {seen} unseen ones read"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {' '.join(MAKERS)} (all)")
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", action="store_true", help="print what was lost")
    given = parser.parse_args()
    for suffix in given.formats or MAKERS:
        print(measured(suffix, given.files, given.seed, show=given.show), flush=True)


if __name__ == "__main__":
    main()
