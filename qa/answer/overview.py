"""What an article, the folder or a day is about; the people, places and dates that are named, each by a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from qa.answer.folder_wide import quoted
from qa.answer.pronouns import bare_name, may_be_person
from qa.index.store import Articles, IndexedArticle, IndexedParagraph, Store
from qa.language.mentions import names, numbers
from qa.language.names import is_people, name_keys, named_across, same_name
from qa.language.text import sentences, stems
from qa.messages import catalogue
from qa.question.periods import holds, named_days, spoken_day
from qa.question.requests import Overall, usual_words, words_of
from qa.types import Answer, Draft, Evidence, Proposal, Query

_SENTENCES = 5  # of a summary
_LEADS = 10  # articles of the folder that are shown
_LIKE = 0.7  # weight of carrying the article beside repeating what is said already (Carbonell and Goldstein 1998)
_LISTED = frozenset(("people", "places", "dates"))
_MOST = 30  # names or dates of a list
_FEWEST = 6  # search tokens of a sentence that carries anything: credits and datelines have fewer


@dataclass(frozen=True, slots=True)
class Overview:
    """Sentences, each with the paragraph it stands in, of how many articles they are a part (0: not told), and the
    names that were to be listed."""

    kind: Overall
    drafts: tuple[tuple[Draft, Evidence], ...]
    among: int = 0
    named: tuple[str, ...] = ()


def overview(asked: Overall, query: Query, evidence: Sequence[Evidence], store: Store, articles: Articles) -> Overview:
    """What is told of an article (the best evidence's), of the folder or of a day, or whom and what it names; empty
    where none there is meant."""
    if asked == "day":
        return Overview("day", tuple(_of_days(query, evidence, store, articles)))
    newest = sorted(articles, key=lambda file: articles[file].published or date.min, reverse=True)
    topic = _topic(query, asked)
    chosen = next((e.paragraph.file for e in evidence if _about(e, topic, query)), None) if topic else None
    chosen = next((file for file in articles if file in query.asked), chosen)
    chosen = newest[0] if len(newest) == 1 else chosen
    if asked in _LISTED:
        files = [chosen] if chosen else [] if topic else newest
        named, drafts = _listed(asked, files, store, articles)
        return Overview(asked, tuple(drafts), named=named)
    if asked == "credit":
        return Overview(asked, tuple(_credits(chosen, store, articles)) if chosen else ())
    most = _wanted(query)
    if asked == "folder" or not topic:
        return Overview("folder", tuple(_leads(newest[: most or _LEADS], store, articles)), len(articles))
    return Overview("article", tuple(_carrying(chosen, store, articles, most or _SENTENCES)) if chosen else ())


def further(answer: Answer, store: Store, articles: Articles) -> Overview:
    """What else the article says that an answer cites first, without what the answer has of it."""
    file = answer.citations[0].file
    told = {" ".join(citation.quote.split()) for citation in answer.citations}
    return Overview("article", tuple(one for one in _carrying(file, store, articles) if one[0].text not in told))


def _wanted(query: Query) -> int | None:
    """How many sentences are asked for: the number that stands before a word that says something ("in two sentences",
    not "article 3"); None where none does."""
    for number in numbers(query.asked, query.language):
        after = query.asked[number.end :].split()[:1]
        if stems(" ".join(after), query.language) and number.value.isdigit() and 1 <= int(number.value) <= _LEADS:
            return int(number.value)
    return None


# ---------------------------------------------------------------- which article


def _topic(query: Query, asked: Overall) -> frozenset[str]:
    """The question's search tokens that are usual in no request and no greeting: what it wants a summary of."""
    own = {asked} & {*_LISTED, "credit"}
    usual = usual_words(("article", "folder", *own), query.language) | words_of("nothing", query.language)
    return frozenset(stems(query.asked, query.language)) - usual


def _about(evidence: Evidence, topic: frozenset[str], query: Query) -> bool:
    """Whether a paragraph's article is about the topic: it has a word of it, or in another language its name."""
    if evidence.language == query.language:
        there = stems(f"{evidence.title or ''} {evidence.lead} {evidence.paragraph.text}", evidence.language)
        return bool(topic & set(there))
    return evidence.rank == 1 or named_across(query.asked, evidence.names)


# ---------------------------------------------------------------- what is told of it


def _rows(file: str, store: Store, *, credited: bool = False) -> list[IndexedParagraph]:
    """The article's paragraphs of prose, or its credits, in order."""
    found = store.matching({"file": f"^{re.escape(file)}$"}, credited=credited)
    rows = [row for row in found if row.file == file]
    return sorted((row for row in rows if row.kind != "heading"), key=lambda row: row.number)


def _told(row: IndexedParagraph, store: Store) -> Iterator[tuple[str, Any]]:
    """The sentences of a paragraph that carry something, with their vectors; None while these are to be computed."""
    found = sorted(store.sentences([row.address]), key=lambda sentence: sentence.start)
    for sentence in found:
        if len(sentence.search.split()) >= _FEWEST:
            yield row.text[sentence.start - row.start : sentence.end - row.start], sentence.vector
    for start, end in [] if found else sentences(row.text, row.language):
        if len(stems(row.text[start:end], row.language)) >= _FEWEST:
            yield row.text[start:end], None


def _leads(files: Iterable[str], store: Store, articles: Articles) -> Iterator[tuple[Draft, Evidence]]:
    """The first sentence of each article that carries something."""
    for rank, file in enumerate(files, start=1):
        for row in _rows(file, store):
            if first := next(_told(row, store), None):
                yield quoted(row, first[0], rank, articles)
                break


def _credits(file: str, store: Store, articles: Articles) -> Iterator[tuple[Draft, Evidence]]:
    """The article's credits: who wrote it, whose it is."""
    for rank, row in enumerate(_rows(file, store, credited=True), start=1):
        yield quoted(row, row.text, rank, articles)


def _carrying(file: str, store: Store, articles: Articles, most: int = _SENTENCES) -> Iterator[tuple[Draft, Evidence]]:
    """The article's first sentence and those that lie nearest to the mean of all, none much like another (maximal
    marginal relevance), in the article's order; the first ones while the index has no vectors."""
    import numpy as np

    told = [(row, words, vector) for row in _rows(file, store) for words, vector in _told(row, store)]
    if not told:
        return
    if any(vector is None for *_, vector in told):
        yield from (quoted(row, words, rank, articles) for rank, (row, words, _) in enumerate(told[:most], 1))
        return
    vectors = np.stack([vector for *_, vector in told])
    near = vectors @ (vectors.mean(0) / np.linalg.norm(vectors.mean(0)))
    chosen = [0]
    while len(chosen) < min(most, len(told)):
        worth = _LIKE * near - (1 - _LIKE) * (vectors @ vectors[chosen].T).max(1)
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
    for rank, at in enumerate(sorted(chosen), start=1):
        row, words, _ = told[at]
        yield quoted(row, words, rank, articles)


def _of_days(
    query: Query, evidence: Sequence[Evidence], store: Store, articles: Articles
) -> Iterator[tuple[Draft, Evidence]]:
    """Of each article one sentence: its lead where it is of then, else the first that names a day asked about."""
    periods = query.when.periods if query.when else ()
    seen: set[str] = set()
    for one in evidence:
        file = one.paragraph.file
        if file in seen or len(seen) == _SENTENCES:
            continue
        day = one.published
        if day and any((p.since or day) <= day <= (p.until or day) for p in periods):
            seen.add(file)
            yield from _leads([file], store, articles)
        elif named := next((m.sentence.text for m in one.sentences if _names(m.sentence.text, one, periods)), None):
            seen.add(file)
            yield Draft(" ".join(named.split()), (Proposal(one.address, named),)), one


def _names(words: str, evidence: Evidence, periods: Iterable[Any]) -> bool:
    return any(
        holds(period, day) for period in periods for day in named_days(words, evidence.language, evidence.published)
    )


# ---------------------------------------------------------------- whom and what it names


def _listed(
    asked: Overall, files: Iterable[str], store: Store, articles: Articles
) -> tuple[tuple[str, ...], list[tuple[Draft, Evidence]]]:
    """The people, places or days that the articles name, each once, and the first sentence with each; days in order."""
    found: dict[str, tuple[IndexedParagraph, str]] = {}
    named_in = _days if asked == "dates" else _NAMED[asked]
    for file in files:
        for row in _rows(file, store):
            for words, _ in _told(row, store):
                for name in named_in(words, row.language, articles[file]):
                    home = next((other for other in found if same_name(other, name)), name)
                    found.setdefault(home, (row, words))
    ordered = sorted(found)[:_MOST] if asked == "dates" else list(found)[:_MOST]
    shown = {(found[name][0].address, found[name][1]): found[name] for name in ordered}
    drafts = [quoted(row, words, rank, articles) for rank, (row, words) in enumerate(shown.values(), start=1)]
    return tuple(ordered), drafts


def _days(text: str, language: str, article: IndexedArticle) -> Iterator[str]:
    """The single days of a known year that a text names, as ISO dates."""
    for period in named_days(text, language, article.published):
        if period.since and period.since == period.until and not period.yearly:
            yield period.since.isoformat()


def _people(text: str, language: str, _: IndexedArticle) -> Iterator[str]:
    """The full names in a text that nothing says are of a place, a body or a thing."""
    for mention in names(text, language):
        bare = bare_name(mention.text)
        inner = {word for word in bare.split() if word.islower()} - {"al", "bin", "ibn", "von", "van"}
        if 2 <= len(bare.split()) <= 4 and len(name_keys(bare)) > 1 and may_be_person(bare) and not inner:
            yield bare


_WHERE = {"en": re.compile(r"\b(?:in|near|at)\s+$"), "es": re.compile(r"\ben\s+$")}


def _places(text: str, language: str, _: IndexedArticle) -> Iterator[str]:
    """The names in a text that something happens in; no people's ("in Israeli hands")."""
    where = _WHERE.get(language)
    for mention in names(text, language):
        said = mention.text.split()
        people = language == "en" and len(said) == 1 and is_people(said[0])
        if where and where.search(text[: mention.start]) and len(said) < 4 and not people:
            yield mention.text


_NAMED: dict[str, Callable[[str, str, IndexedArticle], Iterator[str]]] = {"people": _people, "places": _places}


def reason(found: Overview, language: str) -> str:
    """The names that were to be listed, or that not all articles are shown; "" where there is nothing to say."""
    shown = len(found.drafts)
    if found.named:
        named = (
            (spoken_day(date.fromisoformat(n), language) for n in found.named) if found.kind == "dates" else found.named
        )
        return catalogue(language)[found.kind].format(", ".join(named))
    if found.kind != "folder" or shown >= found.among:
        return ""
    return catalogue(language)["newest"].format(shown, found.among)
