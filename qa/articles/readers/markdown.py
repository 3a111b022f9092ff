"""Markdown: CommonMark and GFM by markdown-it, raw HTML by the reader of pages."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it.token import Token

from qa.articles.dates import parse_date
from qa.articles.encoding import BOM, decode
from qa.articles.numbering import Content, Piece, joined, plain
from qa.articles.readers.html import runs, tree

_YAML = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.M | re.S)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.M | re.S)
# Pelican's and MultiMarkdown's: lines of names and values, a known one first, up to a blank line
_HEADERS = re.compile(r"\A((?:title|date|author|source)[ \t]*:[^\n]*\n(?:[A-Za-z][\w-]*[ \t]*:[^\n]*\n)*)\s*\n", re.I)
_DAYS = ("date", "published", "pubdate", "publishdate", "datepublished", "created")


def read_markdown(raw: bytes) -> Content:
    """A Markdown file's words as a page shows them; front matter gives title, date, source and language."""
    known, body = _front_matter(decode(raw).removeprefix(BOM))
    text, blocks = joined(Piece(run.words, run.kind) for run in runs(tree(_page(body))))
    return Content(
        text,
        blocks,
        title=_value_of(known, "title", "headline"),
        published=parse_date(_value_of(known, *_DAYS) or ""),
        source=_value_of(known, "source", "publisher", "site", "author"),
        language=_value_of(known, "lang", "language"),
    )


def _page(body: str) -> str:
    """The text as HTML: of CommonMark, GitHub's tables, strikes and tasks, and footnotes."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.tasklists import tasklists_plugin

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin).use(tasklists_plugin)
    for name in ("footnote_ref", "footnote_anchor"):
        parser.add_render_rule(name, _nothing)
    parser.add_render_rule("image", _described)
    tokens = parser.parse(body)
    for token in tokens:
        if (
            token.type == "list_item_open" and token.info
        ):  # the number as it was written: a page counts on from the first
            token.attrs |= {"value": token.info, "data-mark": token.markup}
    return f"<html><body>{parser.renderer.render(tokens, parser.options, {})}</body></html>"


def _nothing(*_: Any) -> str:
    return ""


def _described(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """An image's description in its place."""
    words: str = renderer.renderInlineAsText(tokens[at].children, options, env)
    return html.escape(words)


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The values of a YAML or TOML front matter, or of lines like an e-mail's (``Title: …``), by lower-case name, and
    the text behind it; what is no mapping is left in the text."""
    for pattern, load in ((_YAML, _yaml), (_TOML, _toml), (_HEADERS, _pairs)):
        if (found := pattern.match(text)) and isinstance(values := load(found[1]), dict):
            return {str(name).strip().lower(): value for name, value in values.items()}, text[found.end() :]
    return {}, text


def _yaml(text: str) -> Any:
    import yaml  # type: ignore[import-untyped]  # python-frontmatter's own; it has no types
    from frontmatter.default_handlers import YAMLHandler

    try:
        return YAMLHandler().load(text)
    except (yaml.YAMLError, ValueError):  # "title: Iran: what next" is not YAML, and common; ValueError: day 32
        return _pairs(text)


def _toml(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return _pairs(text.replace("=", ":"))


def _pairs(text: str) -> dict[str, str]:
    pairs = (line.partition(":")[::2] for line in text.splitlines() if re.match(r"[\w-]+\s*:", line))
    return {name: value.strip(" \t'\"") for name, value in pairs}


def _value_of(known: dict[str, Any], *names: str) -> str | None:
    """The first of the named values that is a word, a day or a list of words."""
    for name in names:
        value = known.get(name)
        if isinstance(value, list):
            value = ", ".join(item for item in value if isinstance(item, str))
        if isinstance(value, str | date) and (words := plain(str(value))):
            return words
    return None
