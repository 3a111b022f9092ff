"""Markdown: CommonMark and GFM by markdown-it, raw HTML by the reader of pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it.token import Token

from qa.blocks import Piece, Reading, joined, plain, row
from qa.days import parse_date
from qa.encoding import BOM, decode
from qa.html import runs, tree
from qa.types import ParagraphKind

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.M | re.S)


def read_markdown(raw: bytes) -> Reading:
    """A Markdown file's words without their markup; YAML front matter gives title, date, source and language."""
    from markdown_it import MarkdownIt

    known, body = _front_matter(decode(raw).removeprefix(BOM))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
    text, blocks = joined(_markdown_pieces(tokens))
    return Reading(
        text,
        blocks,
        title=_named(known, "title", "headline"),
        published=parse_date(_named(known, "date", "published", "pubdate") or ""),
        source=_named(known, "source", "publisher", "site", "author"),
        language=_named(known, "lang", "language"),
    )


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The front matter's values by lower-case name, and the text behind it; what is no mapping is left in the text."""
    import yaml  # type: ignore[import-untyped]  # python-frontmatter's own; it has no types
    from frontmatter.default_handlers import YAMLHandler

    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, text
    try:
        values = YAMLHandler().load(found[1])
    except (yaml.YAMLError, ValueError):  # "title: Iran: what next" is not YAML, and common; ValueError: day 32
        pairs = (line.partition(":")[::2] for line in found[1].splitlines() if re.match(r"\w+\s*:", line))
        values = {name: value.strip(" \t'\"") for name, value in pairs}
    if not isinstance(values, dict):
        return {}, text
    return {str(name).strip().lower(): value for name, value in values.items()}, text[found.end() :]


def _named(known: dict[str, Any], *names: str) -> str | None:
    """The first of the named values that is a word, a day or a list of words."""
    for name in names:
        value = known.get(name)
        if isinstance(value, list):
            value = ", ".join(item for item in value if isinstance(item, str))
        if isinstance(value, str | date) and (words := plain(str(value))):
            return words
    return None


def _markdown_pieces(tokens: list[Token]) -> Iterator[Piece]:
    """The block elements' words in reading order; the innermost list item or quotation gives the kind."""
    around: list[ParagraphKind] = ["paragraph"]
    cells: list[str] | None = None
    kinds: dict[str, ParagraphKind] = {"list_item": "item", "blockquote": "quotation", "heading": "heading"}
    for token in tokens:
        name, _, edge = token.type.rpartition("_")
        if name in kinds:
            around = [*around, kinds[name]] if edge == "open" else around[:-1]
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            yield Piece(row(cells), "row")
            cells = None
        elif token.type == "inline" and cells is not None:
            cells.append(_inline_words(token))
        elif token.type == "inline":
            yield Piece(_inline_words(token), around[-1])
        elif token.type in ("fence", "code_block"):
            yield Piece(token.content, around[-1])
        elif token.type == "html_block":
            yield from (Piece(run.words, run.kind) for run in runs(tree(token.content)))


def _inline_words(token: Token) -> str:
    """The words of a line of Markdown: text, code, links' text and images' descriptions."""
    words: list[str] = []
    for part in token.children or []:
        if part.type.endswith("break") or (part.type == "html_inline" and part.content.startswith("<br")):
            words.append(" ")
        elif part.type != "html_inline":
            words.append(part.content)
    return "".join(words)
