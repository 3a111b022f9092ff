"""How many tokens a text has, and which evidence fits into a budget of them. Works offline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from qa.language import text
from qa.types import Evidence

if TYPE_CHECKING:
    from tiktoken import Encoding

_AT_HAND = frozenset({"cl100k_base", "o200k_base"})  # the vocabularies that come inside llama-index-core
_OTHERWISE = "o200k_base"
_SLICE = 100_000  # characters: tiktoken 0.14 overflows its stack on a million spaces in a row
_loading = Lock()


def count(text: str, model: str | None = None) -> int:
    """The number of tokens of the text for an OpenAI model's name; for any other model, an estimate (o200k_base).

    Words that look like control tokens (``<|endoftext|>``) count as plain text. Past 100,000 characters
    the text is counted slice by slice, which may come out a token too high for each slice.
    """
    encoding = _encoding(_name(model))
    slices = (text[i : i + _SLICE] for i in range(0, len(text), _SLICE))
    return sum(len(encoding.encode_ordinary(piece)) for piece in slices)


def fit(
    evidence: Sequence[Evidence], budget: int, *, render: Callable[[Evidence], str], model: str | None = None
) -> list[Evidence]:
    """The evidence that fits into ``budget`` tokens as ``render`` prints it, best first.

    A paragraph that does not fit is left out whole and the next one is tried, so a long paragraph does not shut out
    the short ones behind it. Only the very first is never left out for its length: it is cut to the whole sentences
    around the one that matched best. Empty when not even that sentence fits.
    """
    kept: list[Evidence] = []
    left = budget
    for number, found in enumerate(evidence):
        size = count(render(found), model)
        if size > left and number == 0 and (cut := _cut(found, left, render, model)):
            found, size = cut, count(render(cut), model)
        if size <= left:
            kept.append(found)
            left -= size
    return kept


def _cut(found: Evidence, budget: int, render: Callable[[Evidence], str], model: str | None) -> Evidence | None:
    """The evidence with its paragraph shortened to the widest fitting run of sentences around the best match."""
    spans = text.sentences(found.paragraph.text, found.language)
    first = _best(found, spans)
    wider, widest = [(first, first)], None
    while wider:
        start, end = wider.pop()
        if start < 0 or end >= len(spans):
            continue
        part = _part(found, spans, start, end)
        if count(render(part), model) <= budget:
            wider, widest = [(start - 1, end), (start, end + 1)], part  # what follows is tried before what precedes
    return widest


def _best(found: Evidence, spans: Sequence[tuple[int, int]]) -> int:
    """Which sentence matched the question best, by number; the first when none is known."""
    if not found.sentences:
        return 0
    at = max(found.sentences, key=lambda match: match.dense).sentence.start - found.paragraph.start
    return next((number for number, (_, end) in enumerate(spans) if at < end), 0)


def _part(found: Evidence, spans: Sequence[tuple[int, int]], first: int, last: int) -> Evidence:
    whole = found.paragraph
    start, end = spans[first][0], spans[last][1]
    words = whole.text[start:end]
    return replace(found, paragraph=replace(whole, start=whole.start + start, end=whole.start + end, text=words))


def _name(model: str | None) -> str:
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model or "")
    except KeyError:
        return _OTHERWISE
    return name if name in _AT_HAND else _OTHERWISE


@lru_cache(maxsize=2)
def _encoding(name: str) -> Encoding:
    import tiktoken

    with _loading, _vocabularies():
        return tiktoken.get_encoding(name)


@contextmanager
def _vocabularies() -> Iterator[None]:
    """Points tiktoken at the vocabularies that are installed, for the time of the load; a user's own setting stands."""
    folder = text.with_llama_index("tiktoken_cache")
    if folder is None or "TIKTOKEN_CACHE_DIR" in os.environ:
        yield
        return
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        yield
    finally:
        del os.environ["TIKTOKEN_CACHE_DIR"]
