"""A question becomes evidence: dense and lexical candidates, scored exactly, fused by language, best first."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import repeat
from typing import TYPE_CHECKING, Literal

from qa.errors import UsageError
from qa.index.copies import folded
from qa.index.okapi import bm25, idf
from qa.index.store import Articles, IndexedArticle, IndexedParagraph, IndexedSentence, Pool, Store
from qa.index.vectors import embedded, unembedded
from qa.language.lexicon import LANGUAGES, Likeness, frequency
from qa.language.mentions import names
from qa.language.names import lacks_across
from qa.language.text import detect_language, stems, stop_words, words
from qa.model.embed import Embedder
from qa.question.periods import SHORTLY, holds, named_days, when
from qa.question.spelling import corrected, corrections, lacking
from qa.types import UNQUOTED, Evidence, Filters, Match, Period, Query, Sentence, When

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DENSE_POOL = 150  # sentences, of some 50 paragraphs
_LEXICAL_POOL = 50  # paragraphs
_MOST_NAMED = 20  # sources in an error's sentence
_NEAR_POOL = 30  # sentences, and paragraphs, that are looked for among the articles of a period or source
_MOST_PERIODS = 4
# What each of these is worth, `python -m evals.bench.ranks --every 3` prints: MRR of 54 gold questions on the seeds and
# of 33 ordinary ones, .859 and .757. In z-scores of the fused list:
_NAMED = 0.5  # for a paragraph that names the time that is asked about: .868 and .757 without
_PUBLISHED = 1.0  # for an article of that time: .847 and .757 without
_REPORTED = 1.0  # for one of a source that the question names; no question of these names one
_HEADING = 2.0  # against a headline (or a credit), no evidence of what its article says: .859 and .750 without
_FEWEST = 3  # search tokens of a paragraph that says something
_CLOSE = 1.5  # below the best score: about as relevant; the same for 0 and 3
_ON_THE_FLY = 12  # paragraphs, of some 30 sentences, whose vectors are computed for a question while an index is young
_DEEPER = 6  # times as many candidates, where copies fill the first ones
_LEANT_ON = 0.4  # weight of a word of the chat before beside one of the question itself: .868 at 0, .859 at .8
_WORDS_A_TOKEN = 2  # every second word of a text is a function word
# Weights beside the dense side (1), within a language and across two, where hardly anything but names and numbers
# matches word for word:
_LEXICAL_SAME = 0.5  # of the words that match: .855 and .746 without, .839 and .743 at 1
_LEXICAL_ACROSS = 0.1  # .862 and .757 without
_ALIKE_SAME = 0.35  # of the words that mean about the same: .871 and .748 without, .846 and .765 at .7
_ALIKE_ACROSS = 0.6  # .826 and .755 without, .883 and .755 at 1.2
_ALONE_SAME = 0.65  # of the words that match, where a language has no lexicon
_ALONE_ACROSS = 0.2
# Added to the cosine of a sentence in another language than the question's, which e5 scores lower throughout. In a
# folder with half of the XQuAD articles in each language the right Spanish paragraph then comes first for .84 of the
# English questions, instead of .65, and the right English one for .83 of the Spanish ones, instead of .39; within a
# language nothing changes (.96). On the seeds a larger allowance lets Spanish paragraphs crowd out English ones.
_ACROSS = 0.045


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is known of the articles at one version of the index: each by its file, how many there are in each language,
    the sources with the names that a question may give them, and `Retriever.revision`."""

    version: int
    articles: Articles
    languages: Counter[str]
    sources: Mapping[str, Sequence[str]]
    revision: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paragraph that may be evidence, scored by itself: ``dense`` is its best sentence's, ``own`` that of its words,
    ``lexical`` that of its words with its article's subject and source."""

    row: IndexedParagraph
    about: str
    sentences: Sequence[IndexedSentence]  # in order, with the similarity of each to the query
    cosines: Sequence[float]
    tokens: Sequence[str]  # its own, in order
    dense: float
    own: float
    lexical: float


class Retriever:
    """Retrieval over one store; holds what does not change between two versions of the index."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self.store = store
        self.embedder = embedder
        self._held = Holdings(-1, {}, Counter(), {}, "")

    def holdings(self) -> Holdings:
        """What is known of the articles as of the index's present version."""
        version = self.store.version()
        if version != self._held.version:
            self._held = _holdings(version, self.store.articles())
        return self._held

    def articles(self) -> Articles:
        """What is known of each article, by file."""
        return self.holdings().articles

    def languages(self) -> Counter[str]:
        """How many articles there are in each language."""
        return self.holdings().languages

    def revision(self) -> str:
        """What the index holds, as 12 hex digits: the same articles give the same ones, wherever they were indexed."""
        return self.holdings().revision

    def known(self, filters: Filters) -> Filters:
        """The filters as the index writes sources and languages; raises `UsageError` for one that it does not have."""
        held = self.holdings()
        return replace(
            filters,
            sources=_known("source", filters.sources, held.sources),
            languages=_known("language", filters.languages, held.languages),
        )

    def query(self, text: str, asked: str | None = None, as_of: date | None = None) -> Query:
        """The question as searched: its language, its words' weights in each language, what it says of time.

        ``asked`` is the question without what it leans on, where that stands before it in ``text``; "last week" counts
        from ``as_of``, else from today.
        """
        held = self.holdings()
        languages = held.languages
        usual = max(languages, key=lambda lang: languages[lang], default="en")
        language = detect_language(asked or text, otherwise=usual, among=frozenset(languages))
        tokens = {lang: stems(text, lang, stop_language=language) for lang in {*languages, language}}
        found, total, length = self.store.frequencies(sorted({t for group in tokens.values() for t in group}))
        if language not in languages:
            found |= {t: _expected(t, language, total, length) for t in tokens[language] if t not in found}
        weights = {lang: {t: idf(found.get(t, 0), total) for t in group} for lang, group in tokens.items()}
        if asked:
            own = {lang: set(stems(asked, lang, stop_language=language)) for lang in weights}
            weights = {
                lang: {t: w if t in own[lang] else w * _LEANT_ON for t, w in group.items()}
                for lang, group in weights.items()
            }
        today = as_of or date.today()
        time = when(asked or text, language, today=today) or when(text, language, today=today)
        return Query(text, asked or text, language, weights, length, time, _sources_in(text, held.sources))

    def has_word_of(self, text: str, apart: Callable[[str], frozenset[str]]) -> bool:
        """Whether the folder has a word of the text but for ``apart(language)``, search tokens of no meaning here."""
        tokens = {t for lang in self.holdings().languages for t in set(stems(text, lang)) - apart(lang)}
        return any(self.store.frequencies(sorted(tokens))[0].values())

    def corrected(self, question: str) -> tuple[str, list[str]]:
        """The question with names that no article has as the nearest ones there are, and these names."""
        held = self.holdings()
        language = detect_language(question, otherwise="en", among=frozenset(held.languages))
        unseen = lacking(question, language, self.store, held.languages)
        found = corrections(question, language, unseen, held.articles.values()) if unseen else {}
        return corrected(question, found), list(dict.fromkeys(found.values()))

    def absent(self, query: Query) -> list[str]:
        """The names of the question that no article of the folder has, in any of its spellings: no word of them is in
        the index, and all articles in another language surely lack it. None in capitals, where all look like names."""
        if query.asked.isupper():
            return []
        held = self.holdings()
        known = [mention.text for mention in names(query.asked, query.language) if mention.start > 0]
        tokens = {name: {t for lang in held.languages for t in stems(name, lang)} for name in known}
        found, _, _ = self.store.frequencies(sorted(set().union(*tokens.values())))
        unseen = [name for name in known if tokens[name] and not any(found.get(t) for t in tokens[name])]
        foreign = [one.names for one in held.articles.values() if unseen and one.language != query.language]
        return [name for name in unseen if all(lacks_across(name, there) for there in foreign)]

    def _vector(self, query: Query) -> NDArray[np.float32]:
        """The query's vector; half way to that of the question itself where that leans on the chat before it."""
        vector = self.embedder.query(query.text)
        if query.asked == query.text:
            return vector
        both = vector + self.embedder.query(query.asked)
        return both / float((both @ both) ** 0.5)

    def retrieve(self, query: Query, k: int = 10, filters: Filters | None = None) -> list[Evidence]:
        """The best k paragraphs, best first, of the articles that pass; fewer when there are fewer, or none.

        Raises `UsageError` when the filters name a source or a language that no article has.
        """
        filters = self.known(filters) if filters else None
        vector, articles = self._vector(query), self.articles()
        for deep in (1, _DEEPER):
            candidates = self._candidates(query, vector, filters, deep, articles)
            fused = fuse(candidates, query)
            groups = folded([one for one, _ in fused], k)
            if len(groups) >= k or len(groups) == len(candidates):
                break  # else copies took the place of others
        scores = {one.row.address: score for one, score in fused}
        return [
            _evidence(group, articles[group[0].row.file], rank, max(scores[one.row.address] for one in group))
            for rank, group in enumerate(groups, start=1)
        ]

    def _candidates(
        self,
        query: Query,
        vector: NDArray[np.float32],
        filters: Filters | None,
        deep: int,
        articles: Articles,
    ) -> list[Candidate]:
        """The paragraphs that may be evidence, each scored by itself."""
        tokens = sorted({token for group in query.weights.values() for token in group})
        pools = [Pool(filters, _DENSE_POOL * deep, _LEXICAL_POOL * deep)]
        for near in (*_published_near(query.when, filters), *_reported(query.sources, filters)):
            pools.append(Pool(near, _NEAR_POOL * deep, _NEAR_POOL * deep))
        hits = self.store.nearest(vector, tokens, pools)
        addresses = list(dict.fromkeys(hit.address for hit in hits))
        stored, said = self.store.with_sentences(addresses)
        stored = sorted(stored, key=lambda row: (row.file, row.number))  # whatever order it was written in
        rows = [row for row in stored if row.file in articles and row.kind not in UNQUOTED]
        sentences = self._sentences(rows, said, query)
        return [
            _candidate(row, articles[row.file], sentences[row.address], query, vector)
            for row in rows
            if row.address in sentences
        ]

    def _sentences(
        self, rows: Sequence[IndexedParagraph], said: Sequence[IndexedSentence], query: Query
    ) -> dict[str, list[IndexedSentence]]:
        """Each paragraph's sentences with their vectors. Where these are still to be computed they are, here and now,
        for the paragraphs that have most of the question's words; the others are left out."""
        found: dict[str, list[IndexedSentence]] = {row.address: [] for row in rows}
        revisions = {row.address: row.revision for row in rows}
        for sentence in said:
            if sentence.revision == revisions.get(sentence.address):
                found[sentence.address].append(sentence)
        lacking = [row for row in rows if len(found[row.address]) < (row.sentences or 1)]
        for row in lacking:
            del found[row.address]
        best = sorted(lacking, key=lambda row: -_by_words(row.found, row.language, query))[:_ON_THE_FLY]
        for sentence in embedded([one for row in best for one in unembedded(row)], self.embedder):
            found.setdefault(sentence.address, []).append(sentence)
        return found


def _holdings(version: int, rows: Sequence[IndexedArticle]) -> Holdings:
    held = sorted(f"{row.file} {row.sha256}" for row in rows)
    return Holdings(
        version,
        {row.file: row for row in rows},
        languages=Counter(row.language for row in rows),
        sources={name: _spoken(name) for name in sorted({row.source for row in rows if row.source})},
        revision=hashlib.sha256("\n".join(held).encode()).hexdigest()[:12],
    )


def _sources_in(text: str, sources: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The sources of articles that a question names, in the order of their names."""
    there = f" {' '.join(words(text))} "
    return tuple(source for source, names in sources.items() if any(f" {name} " in there for name in names))


def _evidence(copies: Sequence[Candidate], article: IndexedArticle, rank: int, score: float) -> Evidence:
    """The first of the copies as evidence; the others are named."""
    first, others = copies[0], tuple(copy.row.address for copy in copies[1:])
    return replace(
        unsearched(first.row, article, rank, others),
        score=1 / (1 + math.exp(-score)),
        dense=first.dense,
        lexical=first.own,
        sentences=tuple(map(_match, repeat(first.row), first.sentences, first.cosines)),
    )


def unsearched(row: IndexedParagraph, article: IndexedArticle, rank: int, copies: tuple[str, ...] = ()) -> Evidence:
    """A paragraph as evidence that was not searched for; ``copies`` are the addresses of its copies."""
    return Evidence(
        paragraph=row.paragraph,
        rank=rank,
        score=1.0,
        dense=0.0,
        lexical=0.0,
        title=article.title,
        lead=article.lead,
        names=article.names,
        source=article.source,
        published=article.published,
        language=row.language,
        copies=copies,
    )


def _candidate(
    row: IndexedParagraph,
    article: IndexedArticle,
    sentences: Sequence[IndexedSentence],
    query: Query,
    vector: NDArray[np.float32],
) -> Candidate:
    across = 0.0 if row.language == query.language else _ACROSS
    ordered = sorted(sentences, key=lambda one: one.start)
    cosines = [float(one.vector @ vector) + across for one in ordered]
    tokens, weights = row.search.split(), query.weights.get(row.language, {})
    return Candidate(
        row=row,
        about=article.title or article.lead,
        sentences=ordered,
        cosines=cosines,
        tokens=tokens,
        dense=max(cosines),
        own=bm25(tokens, weights, query.mean_length),
        lexical=bm25(row.found.split(), weights, query.mean_length),
    )


def _by_words(tokens: str, language: str, query: Query) -> float:
    return bm25(tokens.split(), query.weights.get(language, {}), query.mean_length)


def _alike(candidates: Sequence[Candidate], query: Query) -> NDArray[np.float64]:
    """For each candidate the weight of the question's words that it has, or has others for that mean about the same;
    0 where either language has no lexicon."""
    import numpy as np

    asked = query.weights.get(query.language, {})
    likeness, weights = Likeness(list(asked), query.language), np.array(list(asked.values()))
    found = np.zeros(len(candidates))
    for language in {one.row.language for one in candidates}:
        if {language, query.language} <= LANGUAGES:
            at = [n for n, one in enumerate(candidates) if one.row.language == language]
            best = likeness.best([candidates[n].tokens for n in at], language)
            found[at] = (best**2 * weights).sum(axis=1)  # no matrix product: copies must score the same
    return found


def _reported(sources: Sequence[str], filters: Filters | None) -> list[Filters]:
    """For each source that the question names, the filters narrowed to it."""
    passing = [source for source in sources if not (filters and filters.sources) or source in filters.sources]
    return [replace(filters or Filters(), sources=(source,)) for source in passing[:_MOST_PERIODS]]


def _spoken(source: str) -> list[str]:
    """A source's name as a question may write it: "Cnbc | World Business News Leader" is called CNBC."""
    parts = [" ".join(words(part)) for part in (source, *re.split(r"\s[-–|]\s", source)[:1])]
    return [part for part in parts if len(part) > 2 and part not in stop_words("en")]


def _known(what: str, wanted: Sequence[str], there: Iterable[str]) -> tuple[str, ...]:
    spelt = {name.casefold(): name for name in sorted(there)}
    for name in wanted:
        if name.casefold() not in spelt:
            shown = ", ".join(sorted(there)[:_MOST_NAMED]) + (", …" if len(spelt) > _MOST_NAMED else "")
            raise UsageError(f"No article has the {what} {name!r}; those there are: {shown or 'none'}.")
    return tuple(dict.fromkeys(spelt[name.casefold()] for name in wanted))


def fuse(candidates: Sequence[Candidate], query: Query) -> list[tuple[Candidate, float]]:
    """The candidates with their fused scores (sum of weighted z-scores of cosine, words and likeness), best first."""
    import numpy as np

    if not candidates:
        return []
    rows = [one.row for one in candidates]
    dense, lexical = (np.array([getattr(one, side) for one in candidates]) for side in ("dense", "lexical"))
    by_words, by_likeness = np.array([_weights(row.language, query.language) for row in rows]).T
    fused = standard(dense) + by_words * standard(lexical) + by_likeness * standard(_alike(candidates, query))
    fused -= _HEADING * np.array([_says_nothing(one) for one in candidates])
    fused += _REPORTED * np.array([row.source in query.sources for row in rows])
    if query.when:
        fused += timely(rows, query.when)
        fused += newest(rows, query.when, fused)
    scored = zip(candidates, fused.tolist(), strict=True)
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].row.file, pair[0].row.number))


def _weights(language: str, asked: str) -> tuple[float, float]:
    """The weights of the words that match, and of those alike, of a paragraph in one language for a question in
    another or the same."""
    same = language == asked
    if not {language, asked} <= LANGUAGES:
        return (_ALONE_SAME if same else _ALONE_ACROSS), 0.0
    return (_LEXICAL_SAME, _ALIKE_SAME) if same else (_LEXICAL_ACROSS, _ALIKE_ACROSS)


def _says_nothing(one: Candidate) -> bool:
    """Whether a paragraph is a headline, or a credit or dateline of one word or two."""
    return one.row.kind == "heading" or (one.row.kind == "paragraph" and len(one.tokens) < _FEWEST)


def timely(rows: Sequence[IndexedParagraph], asked: When) -> NDArray[np.float64]:
    """What is added to each candidate's score for naming a day that is asked about, and for having been published
    then; nothing is ever taken away."""
    import numpy as np

    added = np.zeros(len(rows))
    for n, row in enumerate(rows if asked.periods else ()):
        days = named_days(row.text, row.language, row.published) if row.kind != "heading" else []
        added[n] += _NAMED * any(holds(period, day) for period in asked.periods for day in days)
        added[n] += _PUBLISHED * max(_soon(period, row.published) for period in asked.periods)
    return added


def newest(
    rows: Sequence[IndexedParagraph], asked: When, fused: NDArray[np.float64]
) -> NDArray[np.float64] | Literal[0]:
    """What is added where the latest is asked for: the candidates about as relevant as the best one are levelled with
    it, all but a tenth of what parts them, and the newer come first."""
    import numpy as np

    close = [row.published for row, near in zip(rows, fused >= fused.max() - _CLOSE, strict=True)
             if near and row.published and row.published <= asked.asked]  # fmt: skip
    if not asked.latest or not close:
        return 0
    order = {published: n for n, published in enumerate(sorted(set(close)), start=1)}
    newness = np.array([order[row.published] / len(order) if row.published in order else 0.0 for row in rows])
    return np.where(fused >= fused.max() - _CLOSE, 0.9 * (fused.max() - fused) + newness, 0.0)


def _soon(period: Period, published: date | None) -> float:
    """1 for an article published in the period, less in the days after it, 0 a week later or without a date."""
    if published is None or (period.since and published < period.since):
        return 0.0
    late = (published - period.until).days if period.until else 0
    return 1.0 if late <= 0 else max(0.0, 1 - late / SHORTLY)


def _published_near(asked: When | None, filters: Filters | None) -> list[Filters]:
    """For each period that is asked about, the filters narrowed to what was published in it or shortly after."""
    near = []
    for period in asked.periods[:_MOST_PERIODS] if asked else ():
        since, until = period.since, period.until + timedelta(days=SHORTLY) if period.until else None
        if filters and filters.since:
            since = max(since or filters.since, filters.since)
        if filters and filters.until:
            until = min(until or filters.until, filters.until)
        near.append(replace(filters or Filters(), since=since, until=until))
    return near


def _match(row: IndexedParagraph, one: IndexedSentence, cosine: float) -> Match:
    words = row.text[one.start - row.start : one.end - row.start]
    return Match(Sentence(one.start, one.end, words), cosine, tuple(one.search.split()))


def _expected(token: str, language: str, total: int, length: float) -> int:
    """In how many paragraphs a token would stand if the folder were in its language, by how frequent it is there."""
    missed: float = (1 - frequency(token, language)) ** (_WORDS_A_TOKEN * length)
    return round(total * (1 - missed))


def standard(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores as z-scores over the candidates; zeros when they are all alike."""
    spread = scores.std()
    centred = scores - scores.mean()
    result: NDArray[np.float64] = centred / spread if spread > 1e-9 else centred * 0.0
    return result
