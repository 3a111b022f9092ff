"""Rich text: the words that are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.articles.dates import parse_date
from qa.articles.numbering import Cell, Content, Piece, Unreadable, joined, lowered, raised, sensible_title, table

_RTF = re.compile(r"\\([a-zA-Z]+)(-?\d+)? ?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+", re.S)
_UNSHOWN_RTF = frozenset(("v", "deleted", "mvf"))  # hidden, deleted, moved elsewhere
_SCRIPTS_RTF = {"super": "\ue000", "sub": "\ue001", "nosupersub": "", "plain": ""}  # as marks in the text
_END_OF_SCRIPT, _BEFORE_TITLE = "\ue002", "\ue003"


def read_rtf(raw: bytes) -> Content:
    """A rich text file's paragraphs and table rows as they are shown, its notes and text boxes behind them."""
    from striprtf.striprtf import rtf_to_text

    if not raw.lstrip().startswith(b"{\\rtf"):
        raise Unreadable("unreadable", "It does not begin as a rich text file does.")
    source = raw.decode("latin-1")
    plain_text: str = rtf_to_text(_shown_rtf(source), errors="replace")  # type: ignore[no-untyped-call]
    plain_text = re.sub("(\ue000|\ue001)([^\ue000-\ue003]*)\ue002", _moved_rtf, plain_text.replace("\r", ""))
    words, _, title = re.sub("[\ue000-\ue002]", "", plain_text).partition(_BEFORE_TITLE)
    text, blocks = joined(_with_rows(words.split("\n")))
    made = re.search(r"\\creatim\s*\\yr(\d{4})\s*\\mo(\d\d?)\s*\\dy(\d\d?)", source)
    created = parse_date("-".join(f"{int(part):02}" for part in made.groups())) if made else None
    return Content(text, blocks, title=sensible_title(title), created=created)


def _moved_rtf(found: re.Match[str]) -> str:
    return raised(found[2]) if found[1] == _SCRIPTS_RTF["super"] else lowered(found[2])


def _shown_rtf(source: str) -> str:
    """The source without what is not shown, with marks around what stands above or below the line; notes, text boxes
    and at last the title stand at its end, where striprtf reads them."""
    from striprtf.striprtf import specialchars

    body: list[str] = []
    title: list[str] = []
    asides: list[list[str]] = []
    stack: list[tuple[list[str], frozenset[str], str]] = []
    out, unshown, script, at = body, frozenset[str](), "", 0
    while found := _RTF.match(source, at):
        at = found.end()
        token, word, number = found[0], found[1], found[2]
        before = script
        if token == "{":
            stack.append((out, unshown, script))
        elif token == "}" and len(stack) < 2:  # what follows is no part of the file
            break
        elif token == "}":
            out, unshown, script = stack.pop()
        elif word == "bin":
            at += max(0, int(number or 0))
            continue
        elif word in ("footnote", "shptxt"):
            asides.append(out := [])
            continue  # the word would leave them out
        elif word in ("title", "fldinst"):
            out = title if word == "title" else []
            continue
        elif word in _UNSHOWN_RTF:
            unshown = unshown - {word} if number == "0" else unshown | {word}
        elif word in _SCRIPTS_RTF:
            script = "" if number == "0" else _SCRIPTS_RTF[word]
            unshown = frozenset() if word == "plain" else unshown
        elif unshown and word not in ("cell", "nestcell", "row") and (word in (None, "u") or word in specialchars):
            continue
        out.append(token)
        if script != before:
            out.append((_END_OF_SCRIPT if before else "") + script)
    behind = "".join(rf"\par\pard\plain {{{''.join(aside)}}}\par " for aside in asides)
    return f"{''.join(body)}{'}' * (len(stack) - 1)}{behind}{_BEFORE_TITLE}{{{''.join(title)}}}}}"


def _with_rows(lines: Sequence[str]) -> Iterator[Piece]:
    """The lines as pieces; those with cells ("a|b|") that follow each other as a table."""
    rows: list[list[Cell]] = []
    for line in [*lines, ""]:
        if line.rstrip().endswith("|") and line.count("|") > 1:
            rows.append([Cell(cell) for cell in line.rstrip().rstrip("|").split("|")])
            continue
        yield from table(rows) if rows else ()
        rows = []
        yield Piece(line)
