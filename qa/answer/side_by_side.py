"""Two things set side by side: what the articles say of each, never that they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa.answer.folder_wide import mentioning, quoted
from qa.index.store import Articles, IndexedParagraph, Store
from qa.language.lexicon import Likeness
from qa.language.mentions import names
from qa.language.text import stems
from qa.language.words import alternatives, load
from qa.question.followups import sides
from qa.types import Draft, Evidence, Query

_EACH = 3  # sentences of each side: a choice, so that both are seen at once
# Likeness of a word to one in another language: "tranvía" is to "tram" .49, "alumno" to "school" .37. A choice between
# these: no answer changes in `python -m evals.bench.sweep qa.answer.side_by_side._ALIKE=.3,.45,.6 -- evals
# --gold evals/gold/ordinary.jsonl --folder evals/ordinary --kind compare`.
_ALIKE = 0.45
_TELLING = 4  # search tokens of a sentence that says something: a choice


_ABOUT = re.compile(rf"(?P<side>.+?)\s+(?:{alternatives(*load('folder')['about'].values())})\s+(?P<topic>.+)", re.I)


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence that mentions a side; ``alone``: not the other one. ``near`` is how near what is compared of them."""

    row: IndexedParagraph
    words: str
    alone: bool
    near: float


def side_by_side(
    query: Query, evidence: Sequence[Evidence], store: Store, articles: Articles
) -> Iterator[tuple[Draft, Evidence]]:
    """What is said of each side, under its name, a few sentences at most; nothing where one is not there."""
    both, of = _both(query)
    found = [list(_said(side, of, query, evidence, store, articles)) for side in both]
    places = [{(row.address, words) for row, words, _ in one} for one in found]
    ranks = {e.paragraph.file: e.rank for e in reversed(evidence)}
    for n, side in enumerate(both):
        said = [_Said(row, words, (row.address, words) not in places[1 - n], near) for row, words, near in found[n]]
        telling = [one for one in said if len(stems(one.words, one.row.language)) >= _TELLING] or said
        best = sorted(telling, key=lambda one: (not one.alone, -one.near, ranks.get(one.row.file, 99), one.row.number))
        chosen = best[:_EACH] if all(found) else []
        for rank, one in enumerate(sorted(chosen, key=lambda one: (one.row.file, one.row.start)), start=1):
            draft, there = quoted(one.row, one.words, rank, articles)
            yield replace(draft, under=side), there


def _both(query: Query) -> tuple[tuple[str, str], str]:
    """The two sides, and what is to be compared of them: "the prices in" of "the prices in Kelm and Norvane"."""
    one, other = sides(query.asked) or ("", "")
    if about := _ABOUT.match(other):  # "Kelm vs Norvane on the toll"
        return (one, about["side"]), about["topic"]
    first, second = names(one, query.language), names(other, query.language)
    if first and second and second[0].text == other and first[-1].end == len(one) and first[-1].start > 0:
        return (first[-1].text, other), one[: first[-1].start]
    return (one, other), ""


def _said(
    side: str, of: str, query: Query, evidence: Sequence[Evidence], store: Store, articles: Articles
) -> Iterator[tuple[IndexedParagraph, str, float]]:
    """The sentences that mention a side, in other languages by words that mean about the same, each with how near it is
    to what is compared."""
    wanted = Likeness(stems(of, query.language), query.language)
    for row, words in mentioning(side, query.language, store, articles):
        if row.kind != "heading":
            near = wanted.best([stems(words, row.language)], row.language)[0] if of else ()
            yield row, words, float(sum(near))
    like = Likeness(tokens := stems(side, query.language), query.language)
    across = [e for e in evidence if e.language != query.language and not names(side, query.language)]
    rows = {row.address: row for row in store.paragraphs([e.address for e in across])}
    for e in across if tokens else ():
        for match in e.sentences:
            if e.paragraph.kind != "heading" and like.best([match.tokens], e.language)[0].min() >= _ALIKE:
                yield rows[e.address], match.sentence.text, 0.0
