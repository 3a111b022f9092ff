"""Texts that are no questions: requests for what an article, the folder or a day is about, and those for nothing.

A text is such a request when it lies near enough to one in `requests.toml`, by the embedder, and nearer than to any
ordinary question there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qa.mentions import dates
from qa.model.embed import Embedder
from qa.names import named_across
from qa.store import Store
from qa.text import detect_language, sentences, stems
from qa.types import Draft, Evidence, Proposal, Query
from qa.when import holds, named_days
from qa.whole import evidence_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Asked = Literal["article", "folder", "day"]
Articles = Mapping[str, Mapping[str, Any]]

# The least cosine with a request, how much nearer an ordinary question may lie, and from where on the folder is meant
# even if the text has other words. Of 28 requests (English, Spanish, German, French) 28 are so taken, of the 899
# ordinary questions in evals/gold and evals/questions few; tests/test_overview.py counts some of both.
_LEAST, _NEARER, _FOLDER, _GREETED = 0.845, 0.01, 0.9, 0.86
_HERE = Path(__file__).parent
_SENTENCES = 5  # of a summary
_LEADS = 10  # articles of the folder that are shown
_LIKE = 0.7  # weight of carrying the article beside repeating what is said already (Carbonell and Goldstein 1998)
_FEWEST = 6  # search tokens of a sentence that carries anything: credits and datelines have fewer


@dataclass(frozen=True, slots=True)
class Overview:
    """Sentences, each with the paragraph it stands in, and of how many articles they are a part (0: not told)."""

    kind: Asked
    drafts: tuple[tuple[Draft, Evidence], ...]
    among: int = 0


def kind(text: str, embedder: Embedder) -> Asked | Literal["nothing"] | None:
    """What a text asks an overview of ("article" may turn out to be the folder), "nothing" for a greeting and what else
    asks for nothing; None for a question like any other, and for a text with one among its sentences."""
    pieces = [text[start:end] for start, end in sentences(text, detect_language(text))] or [text]
    told = [_kind(piece, embedder) for piece in pieces]
    return None if None in told else next((one for one in told if one != "nothing"), "nothing")


def _kind(text: str, embedder: Embedder) -> Asked | Literal["nothing"] | None:
    held: Any = embedder  # kept by the object
    kinds, vectors = _requests(held)
    cosines = vectors @ embedder.query(text)
    best = {name: float(max(c for k, c in zip(kinds, cosines, strict=True) if k == name)) for name in requests()}
    usual = best.pop("question")
    found = max(best, key=lambda name: best[name])
    if best[found] < max(_LEAST, usual - _NEARER):
        return None
    if found == "nothing":
        return "nothing" if best[found] >= _GREETED else None
    if found == "day":
        return None if _beside_days(text) else "day"
    return "folder" if best["folder"] >= _FOLDER and found == "folder" else "article"


def _beside_days(text: str) -> bool:
    """Whether a text has more than its days and the words of requests for one: it asks about something of that day."""
    language = detect_language(text)
    rest = text
    for mention in reversed(dates(text, language)):
        rest = rest[: mention.start] + rest[mention.end :]
    return bool({token for token in stems(rest, language) if token.isalpha()} - words_of("day", language))


@lru_cache(maxsize=32)
def words_of(kind: str, language: str) -> frozenset[str]:
    """The search tokens of the texts of a kind."""
    return frozenset(token for text in requests()[kind] for token in stems(text, language))


def small_talk(language: str) -> frozenset[str]:
    """The search tokens of texts that ask for nothing."""
    return words_of("nothing", language)


@lru_cache(maxsize=1)
def requests() -> Mapping[str, list[str]]:
    """The texts of `requests.toml` by their kind; "question" is an ordinary one."""
    found: dict[str, list[str]] = tomllib.loads((_HERE / "requests.toml").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=2)
def _requests(embedder: Any) -> tuple[list[str], Vectors]:
    """The kind of each text and its vector: those of `requests.npz` where this embedder made them."""
    import numpy as np

    kinds = [name for name, texts in requests().items() for _ in texts]
    texts = [text for group in requests().values() for text in group]
    with np.load(_HERE / "requests.npz") as kept:
        if str(kept["identity"]) == embedder.identity and str(kept["texts"]) == "\n".join(texts):
            return kinds, kept["vectors"].astype(np.float32)
    return kinds, np.stack([embedder.query(text) for text in texts])


def overview(asked: Asked, query: Query, evidence: Sequence[Evidence], store: Store, articles: Articles) -> Overview:
    """What is told of an article (the best evidence's), of the folder or of a day; empty where none there is meant."""
    if asked == "day":
        return Overview("day", tuple(_of_days(query, evidence, store, articles)))
    if asked == "folder" or not (topic := _topic(query)):
        newest = sorted(articles, key=lambda file: str(articles[file]["published"] or ""), reverse=True)
        return Overview("folder", tuple(_leads(newest[:_LEADS], store, articles)), len(articles))
    chosen = next((e.paragraph.file for e in evidence if _about(e, topic, query)), None)
    chosen = next((file for file in articles if file in query.asked), chosen)
    return Overview("article", tuple(_carrying(chosen, store, articles)) if chosen else ())


# ---------------------------------------------------------------- which article


def _topic(query: Query) -> frozenset[str]:
    """The question's search tokens that no request of `requests.toml` has: what it wants a summary of."""
    return frozenset(stems(query.asked, query.language)) - _said_in_requests(query.language)


@lru_cache(maxsize=8)
def _said_in_requests(language: str) -> frozenset[str]:
    counted = [set(stems(text, language)) for name in ("article", "folder") for text in requests()[name]]
    return frozenset(token for tokens in counted for token in tokens if sum(token in other for other in counted) > 1)


def _about(evidence: Evidence, topic: frozenset[str], query: Query) -> bool:
    """Whether a paragraph's article is about the topic: it has a word of it, or in another language its name."""
    if evidence.language == query.language:
        there = stems(f"{evidence.title or ''} {evidence.lead} {evidence.paragraph.text}", evidence.language)
        return bool(topic & set(there))
    return evidence.rank == 1 or named_across(query.asked, evidence.names)


# ---------------------------------------------------------------- what is told of it


def _rows(file: str, store: Store) -> list[dict[str, Any]]:
    """The article's paragraphs of prose, in order."""
    rows = [row for row in store.matching({"file": f"^{re.escape(file)}$"}) if row["file"] == file]
    return sorted((row for row in rows if row["kind"] != "heading"), key=lambda row: int(row["number"]))


def _draft(row: Mapping[str, Any], words: str, rank: int, articles: Articles) -> tuple[Draft, Evidence]:
    evidence = evidence_of([row], rank, articles)
    return Draft(" ".join(words.split()), (Proposal(evidence.address, words),)), evidence


def _told(row: Mapping[str, Any], store: Store) -> Iterator[tuple[str, Any]]:
    """The sentences of a paragraph that carry something, with their vectors; none while they are to be computed."""
    for sentence in sorted(store.sentences([row["address"]]), key=lambda s: int(s["start"])):
        if len(str(sentence["search"]).split()) >= _FEWEST:
            yield row["text"][sentence["start"] - row["start"] : sentence["end"] - row["start"]], sentence["vector"]


def _leads(files: Iterable[str], store: Store, articles: Articles) -> Iterator[tuple[Draft, Evidence]]:
    """The first sentence of each article that carries something."""
    for rank, file in enumerate(files, start=1):
        for row in _rows(file, store):
            if first := next(_told(row, store), None):
                yield _draft(row, first[0], rank, articles)
                break


def _carrying(file: str, store: Store, articles: Articles) -> Iterator[tuple[Draft, Evidence]]:
    """The article's first sentence and those that lie nearest to the mean of all, none much like another (maximal
    marginal relevance), in the article's order."""
    import numpy as np

    told = [(row, words, vector) for row in _rows(file, store) for words, vector in _told(row, store)]
    if not told:
        return
    vectors = np.stack([vector for *_, vector in told])
    near = vectors @ (vectors.mean(0) / np.linalg.norm(vectors.mean(0)))
    chosen = [0]
    while len(chosen) < min(_SENTENCES, len(told)):
        worth = _LIKE * near - (1 - _LIKE) * (vectors @ vectors[chosen].T).max(1)
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
    for rank, at in enumerate(sorted(chosen), start=1):
        row, words, _ = told[at]
        yield _draft(row, words, rank, articles)


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


def said(found: Overview, language: str) -> str:
    """That not all articles are shown; "" where all are."""
    shown = len(found.drafts)
    if found.kind != "folder" or shown >= found.among:
        return ""
    if language == "es":
        return f"Los {shown} artículos más recientes de {found.among}, cada uno con su primera frase."
    return f"The {shown} newest of {found.among} articles, each by its first sentence."
