"""What an article, the folder or a day is about; the people, places, bodies, dates and sources that are named, each by
a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any

from qa.answer import authored
from qa.answer.folder_wide import language_named, quoted
from qa.answer.named import NameKind, named
from qa.answer.side_by_side import side_by_side
from qa.articles.dates import parse_date
from qa.index.store import Articles, IndexedArticle, IndexedParagraph, Store
from qa.language.mentions import numbers
from qa.language.names import named_across, same_name
from qa.language.text import sentences, stems
from qa.messages import catalogue
from qa.question import which
from qa.question.periods import holds, named_days, spoken_day
from qa.question.requests import Overall, quotation, usual_words, words_of
from qa.types import Draft, Evidence, Period, Proposal, Query, Turn

_SENTENCES = 5  # of a summary
_LEADS = 10  # articles of the folder that are shown
_LIKE = 0.7  # weight of carrying the article beside repeating what is said already (Carbonell and Goldstein 1998)
_NAMED: dict[Overall, NameKind] = {"people": "person", "places": "place", "bodies": "body"}
_LISTED = frozenset((*_NAMED, "dates"))
_MOST = 100  # names or dates of a list; articles are looked through, newest first, until there are so many
_FEWEST = 6  # search tokens of a sentence that carries anything: credits and datelines have fewer


@dataclass(frozen=True, slots=True)
class Overview:
    """Sentences, each with the paragraph it stands in, of how many articles they are a part (0: not told), the names
    that were to be listed, and the one article that was meant by its day, its length or its place among the others."""

    kind: Overall
    drafts: tuple[tuple[Draft, Evidence], ...]
    among: int = 0
    named: tuple[str, ...] = ()
    choice: which.Choice | None = None


def overview(asked: Overall, query: Query, evidence: Sequence[Evidence], store: Store, articles: Articles) -> Overview:
    """What is told of an article (the best evidence's), of the folder or of a day, or whom and what it names; empty
    where none there is meant."""
    if asked == "day":
        return Overview("day", tuple(_of_days(query, evidence, store, articles)))
    if asked == "compare":
        return Overview("compare", tuple(side_by_side(query, evidence, store, articles)))
    if asked == "quote":
        return Overview("quote", tuple(_quoting(quotation(query.asked), store, articles)))
    if asked == "sources":
        return _sources(store, articles)
    choice = which.chosen(query.asked, query.language, articles, lambda: _lengths(store))
    topic = _topic(query, asked, choice)
    file = choice.file if choice and not topic else _meant(topic, query, evidence, articles)
    newest = which.listed(articles)
    if asked in _LISTED:
        files = [file] if file else [] if topic else newest
        names, drafts = _listed(asked, files, store, articles, query.language)
        return Overview(asked, tuple(drafts), named=names)
    if asked == "credit":
        files = list(dict.fromkeys([*filter(None, [file]), *_all_about(topic, evidence)]))
        return Overview(asked, tuple(authored.of(files, store, articles)))
    most = _wanted(query)
    if choice and file == choice.file:
        drafts = list(_carrying(file, store, articles, most or _SENTENCES))
        return Overview("which", tuple(drafts[:1] if asked == "which" else drafts), len(articles), choice=choice)
    if asked == "folder" or not topic:
        return Overview("folder", tuple(_leads(newest[: most or _LEADS], store, articles)), len(articles))
    return Overview("article", tuple(_carrying(file, store, articles, most or _SENTENCES)) if file else ())


def further(file: str, told: Sequence[Turn], store: Store, articles: Articles) -> Overview:
    """What carries an article, without the sentences that these turns of a chat have told of it."""
    said = "\n".join(turn.content for turn in told)
    count = _SENTENCES + len(sentences(said, articles[file].language))
    found = (one for one in _carrying(file, store, articles, count) if one[0].text not in said)
    return Overview("article", tuple(islice(found, _SENTENCES)))


def _wanted(query: Query) -> int | None:
    """How many sentences are asked for: the number that stands before a word that says something ("in two sentences",
    not "article 3"); None where none does."""
    for number in numbers(query.asked, query.language):
        after = query.asked[number.end :].split()[:1]
        if stems(" ".join(after), query.language) and number.value.isdigit() and 1 <= int(number.value) <= _LEADS:
            return int(number.value)
    return None


# ---------------------------------------------------------------- which article


def _topic(query: Query, asked: Overall, choice: which.Choice | None) -> frozenset[str]:
    """The question's search tokens that are usual in no request and no greeting, and are no part of what means an
    article by its place: what it wants a summary of."""
    own = {asked} & {*_LISTED, "credit"}
    usual = usual_words(("article", "folder", "which", *own), query.language) | words_of("nothing", query.language)
    pointed = frozenset(stems(choice.words, query.language)) if choice else frozenset()
    return frozenset(stems(query.asked, query.language)) - usual - pointed


def _meant(topic: frozenset[str], query: Query, evidence: Sequence[Evidence], articles: Articles) -> str | None:
    """The article that a request means: by the name of its file, by its language where no other is in it, by what it is
    about; the only one there is."""
    if file := next((file for file in articles if file in query.asked), None):
        return file
    if len(articles) == 1:
        return next(iter(articles))
    code = language_named(query.asked)
    if len(own := [file for file, row in articles.items() if row.language == code]) == 1:
        return own[0]
    return next((e.paragraph.file for e in evidence if _about(e, topic, query)), None) if topic else None


def _all_about(topic: frozenset[str], evidence: Sequence[Evidence]) -> Iterator[str]:
    """The articles of these paragraphs that have every word of the topic in their headline or lead."""
    for e in evidence:
        if topic and topic <= set(stems(f"{e.title or ''} {e.lead}", e.language)):
            yield e.paragraph.file


def _about(evidence: Evidence, topic: frozenset[str], query: Query) -> bool:
    """Whether a paragraph's article is about the topic: it has a word of it, or in another language its name."""
    if evidence.language == query.language:
        there = stems(f"{evidence.title or ''} {evidence.lead} {evidence.paragraph.text}", evidence.language)
        return bool(topic & set(there))
    return evidence.rank == 1 or named_across(query.asked, evidence.names)


# ---------------------------------------------------------------- what is told of it


def _rows(file: str, store: Store) -> list[IndexedParagraph]:
    """The article's paragraphs of prose, in order."""
    found = store.matching({"file": f"^{re.escape(file)}$"})
    rows = [row for row in found if row.file == file]
    return sorted((row for row in rows if row.kind != "heading"), key=lambda row: row.number)


def _telling(file: str, store: Store) -> Iterator[tuple[IndexedParagraph, str, Any]]:
    """The sentences of an article that carry something, with their paragraphs and vectors; all, where none does."""
    rows = _rows(file, store)
    some = [(row, words, vector) for row in rows for words, vector in _told(row, store, _FEWEST)]
    yield from some or ((row, words, vector) for row in rows for words, vector in _told(row, store, 1))


def _told(row: IndexedParagraph, store: Store, fewest: int) -> Iterator[tuple[str, Any]]:
    """A paragraph's sentences of so many search tokens, with their vectors; None while these are to be computed."""
    found = sorted(store.sentences([row.address]), key=lambda sentence: sentence.start)
    for sentence in found:
        if len(sentence.search.split()) >= fewest:
            yield row.text[sentence.start - row.start : sentence.end - row.start], sentence.vector
    for start, end in [] if found else sentences(row.text, row.language):
        if len(stems(row.text[start:end], row.language)) >= fewest:
            yield row.text[start:end], None


def _leads(files: Iterable[str], store: Store, articles: Articles) -> Iterator[tuple[Draft, Evidence]]:
    """The first sentence of each article that carries something."""
    for rank, file in enumerate(files, start=1):
        if first := next(_telling(file, store), None):
            yield quoted(first[0], first[1], rank, articles)


def _quoting(said: str, store: Store, articles: Articles) -> Iterator[tuple[Draft, Evidence]]:
    """The sentences that have these words, in the order of the articles' days; headings where there are no others."""
    pattern = r"\W+".join(map(re.escape, re.findall(r"\w+", said)))
    order = {file: at for at, file in enumerate(which.listed(articles))}
    having = [row for row in store.matching({"text": pattern}) if row.file in order]  # a filter leaves articles out
    rows = sorted(having, key=lambda row: (order[row.file], row.number))
    rows = [row for row in rows if row.kind != "heading"] or rows
    found = ((row, row.text[start:end]) for row in rows for start, end in sentences(row.text, row.language))
    quoting = ((row, words) for row, words in found if re.search(pattern, words, re.IGNORECASE))
    for rank, (row, words) in enumerate(islice(quoting, _SENTENCES), start=1):
        yield quoted(row, words, rank, articles)


def _carrying(file: str, store: Store, articles: Articles, most: int = _SENTENCES) -> Iterator[tuple[Draft, Evidence]]:
    """The article's first sentence and those that lie nearest to the mean of all, none much like another (maximal
    marginal relevance), in the article's order; the first ones while the index has no vectors."""
    import numpy as np

    told = list(_telling(file, store))
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
    """Of each article one sentence: the leads of those of then, newest first; then of others the first sentence that
    names a day asked about."""
    periods = query.when.periods if query.when else ()
    of_then = [file for file in which.listed(articles) if _then(articles[file].published, periods)][:_SENTENCES]
    yield from _leads(of_then, store, articles)
    seen = set(of_then)
    for one in evidence:
        file = one.paragraph.file
        if file in seen or len(seen) == _SENTENCES:
            continue
        if named := next((m.sentence.text for m in one.sentences if _names(m.sentence.text, one, periods)), None):
            seen.add(file)
            yield Draft(" ".join(named.split()), (Proposal(one.address, named),)), one


def _then(day: date | None, periods: Iterable[Period]) -> bool:
    return day is not None and any(holds(period, Period(day, day)) for period in periods)


def _names(words: str, evidence: Evidence, periods: Iterable[Any]) -> bool:
    return any(
        holds(period, day) for period in periods for day in named_days(words, evidence.language, evidence.published)
    )


# ---------------------------------------------------------------- whom and what it names


def _listed(
    asked: Overall, files: Iterable[str], store: Store, articles: Articles, language: str
) -> tuple[tuple[str, ...], list[tuple[Draft, Evidence]]]:
    """The people, places, bodies or days that the articles name, each once, and the first sentence with each, under
    what it names; days in order."""
    found: dict[str, tuple[IndexedParagraph, str]] = {}
    for file in files:
        rows = _rows(file, store)
        own = _days(rows, articles[file]) if asked == "dates" else _names_of(rows, _NAMED[asked])
        for name, row, sentence in own:
            home = name if asked == "dates" else next((other for other in found if same_name(other, name)), name)
            found.setdefault(home, (row, sentence))
        if len(found) >= _MOST:
            break
    ordered = (sorted(found) if asked == "dates" else list(found))[:_MOST]
    shown: dict[tuple[str, str], list[str]] = {}
    for name in ordered:
        shown.setdefault((found[name][0].address, found[name][1]), []).append(name)
    drafts = []
    for rank, ((_, sentence), own_names) in enumerate(shown.items(), start=1):
        draft, evidence = quoted(found[own_names[0]][0], sentence, rank, articles)
        said = [spoken_day(date.fromisoformat(n), language) if asked == "dates" else n for n in own_names]
        drafts.append((replace(draft, under=", ".join(said)), evidence))
    return tuple(ordered), drafts


Standing = tuple[str, IndexedParagraph, str]  # a name or a day, and the paragraph and the sentence it stands in


def _names_of(rows: Iterable[IndexedParagraph], kind: NameKind) -> Iterator[Standing]:
    yield from ((one.name, one.row, one.sentence) for one in named(rows, kind))


def _days(rows: Iterable[IndexedParagraph], article: IndexedArticle) -> Iterator[Standing]:
    """The single days of a known year that an article names, as ISO dates."""
    for row in rows:
        for start, end in sentences(row.text, row.language):
            sentence = row.text[start:end]
            for period in named_days(sentence, row.language, article.published):
                if period.since and period.since == period.until and not period.yearly and not _only_a_day(sentence):
                    yield period.since.isoformat(), row, sentence


def _only_a_day(sentence: str) -> bool:
    """Whether a sentence is the line with an article's day, and says nothing that happened then."""
    return parse_date(sentence) is not None


def _sources(store: Store, articles: Articles) -> Overview:
    """The papers and agencies that the articles are of, those of most articles first, each with the beginning of its
    newest one."""
    files: dict[str, list[str]] = {}
    for file in which.listed(articles):
        if source := articles[file].source:
            files.setdefault(source, []).append(file)
    drafts: list[tuple[Draft, Evidence]] = []
    ordered = sorted(files, key=lambda source: -len(files[source]))[:_MOST]
    for source in ordered:
        drafts += [(replace(draft, under=source), e) for draft, e in _leads(files[source][:1], store, articles)]
    named = tuple(f"{source} ({len(files[source])})" for source in ordered)
    return Overview("sources", tuple(drafts), sum(not row.source for row in articles.values()), named)


def _lengths(store: Store) -> Mapping[str, int]:
    """How many words each article has."""
    found: dict[str, int] = {}
    for row in store.matching({}):
        found[row.file] = found.get(row.file, 0) + len(row.text.split())
    return found


def reason(found: Overview, language: str) -> str:
    """The names that were to be listed, which article was meant, or that not all are shown; "" where there is nothing
    to say."""
    said = catalogue(language)
    if found.choice:
        place = [found.choice.place] if found.choice.how == "numbered" else []
        return said[found.choice.how].format(*place, found.among)
    if found.kind == "sources":
        rest = said["unsourced"].format(found.among) if found.among else ""
        return " ".join(filter(None, (said["sources"].format(", ".join(found.named)) if found.named else "", rest)))
    if found.named:
        days = [spoken_day(date.fromisoformat(n), language) for n in found.named] if found.kind == "dates" else []
        return said[found.kind].format(", ".join(days or found.named))
    shown = len(found.drafts)
    return said["newest_leads"].format(shown, found.among) if found.kind == "folder" and shown < found.among else ""
