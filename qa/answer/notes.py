"""What is to be known of an answer, each in a sentence; "" where there is nothing to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.answer import drafting
from qa.answer.asking import Asking
from qa.answer.drafting import Part
from qa.answer.kit import Kit
from qa.messages import catalogue
from qa.question import periods
from qa.settings import Settings
from qa.types import Claim, Query


def respelt(asking: Asking, language: str) -> str:
    """What was searched for in the place of mistyped names."""
    return catalogue(language)["respelt"].format(", ".join(asking.respelt)) if asking.respelt else ""


def doubtful(parts: Sequence[Part], settings: Settings, language: str) -> str:
    """That the paragraphs by themselves would not have been thought to answer what a model answered from them."""
    return "" if drafting.enough(parts, drafting.usual(settings)) else catalogue(language)["doubtful"]


def taken(query: Query, claims: Sequence[Claim]) -> str:
    """Which days the question's times were taken to mean, where they depend on the day it is asked and an article that
    is shown is of then; "" where that changes nothing that is shown."""
    days = {c.published for claim in claims for c in claim.citations if c.published and not c.failed}
    return periods.explained(query) if periods.counts(query) and periods.covers(query.when, days) else ""


def own_words(asking: Asking, language: str) -> str:
    """That some or all of the sentences are the articles' own and not the model's, and why."""
    if not asking.own or not asking.first:
        return ""
    said = catalogue(language)
    return f"{said['failed']} {asking.failed}" if asking.failed and asking.own == "instead" else said[asking.own]


def undated(asking: Asking, kit: Kit, language: str) -> str:
    """How many articles the filter on days keeps out because they have none."""
    if not asking.filters or not (asking.filters.since or asking.filters.until):
        return ""
    others = replace(asking.filters, since=None, until=None)
    count = sum(not row.published and others.admit(row) for row in kit.articles.values())
    return catalogue(language)["undated"].format(count) if count else ""
