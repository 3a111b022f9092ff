"""What an article is found by, made of its words alone: search tokens, signatures, sentences, names.

It is most of the work of indexing, and needs neither the index nor LlamaIndex: readers in other processes do it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from qa.index.copies import signature
from qa.index.vectors import key, said
from qa.language.mentions import names
from qa.language.text import stems
from qa.types import Article, Paragraph


@dataclass(frozen=True, slots=True)
class Searchable:
    """What a paragraph is found by, as in `qa.index.store.IndexedParagraph`; ``keys``: those of its sentences' vectors,
    in order."""

    search: str = field(repr=False)
    found: str = field(repr=False)
    signature: int
    keys: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article with the names in it, and what each of its paragraphs is found by."""

    article: Article
    names: str
    paragraphs: tuple[Searchable, ...]

    @property
    def file(self) -> str:
        return self.article.file


def prepared(article: Article) -> Prepared:
    return Prepared(article, names_of(article), tuple(_searchable(article, one) for one in article.paragraphs))


def _searchable(article: Article, paragraph: Paragraph) -> Searchable:
    tokens = stems(paragraph.text, article.language)
    beside = _about_tokens(about(article, paragraph), article.language)
    spans = said(paragraph.text, paragraph.kind, article.language)
    return Searchable(
        search=" ".join(tokens),
        found=" ".join([*tokens, *beside]),
        signature=signature(tokens),
        keys=tuple(key(words) for _, _, words in spans),
    )


def about(article: Article, paragraph: Paragraph) -> str:
    """What else than its own words a paragraph is found by: its article's title, or the lead without one, and source.

    "" for a heading, which is found by what it says itself.
    """
    if paragraph.kind == "heading":
        return ""
    subject = article.title or lead(article)
    return f"{'' if subject == paragraph.text else subject} {article.source or ''}".strip()


@lru_cache(maxsize=16)  # the same for all paragraphs of an article
def _about_tokens(about: str, language: str) -> tuple[str, ...]:
    return tuple(stems(about, language))


def lead(article: Article) -> str:
    """The first prose paragraph's words: what the article is about, and who."""
    return next((p.text for p in article.paragraphs if p.kind == "paragraph"), "")


def names_of(article: Article) -> str:
    """Everything that the article names, once each, in one line, most often named first: what it is about."""
    found = Counter(m.text for p in article.paragraphs for m in names(p.text, article.language))
    return " · ".join(name for name, _ in found.most_common())
