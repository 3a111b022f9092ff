"""What a text asks for where it is no question like any other, as a linear model over its vector sees it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from qa.language.mentions import dates
from qa.language.text import detect_language, sentences, stems
from qa.language.words import load
from qa.model.embed import Embedder, bundled
from qa.question import followups

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Again = Literal["shorter", "more", "sure", "source", "language", "this"]  # of the answer before
Overall = Literal[
    "article", "folder", "day", "people", "places", "bodies", "dates", "credit", "sources", "which", "compare", "quote"
]
Kind = Again | Overall | Literal["nothing", "articles"]
AGAIN: tuple[Again, ...] = get_args(Again)
OVERALL: tuple[Overall, ...] = get_args(Overall)

# The least probability of a request. `python -m evals.training.requests` prints, of texts that another hand wrote, the
# questions that are taken for one and the requests that are found: 4 of 230 and 262 of 302 at .5.
_LEAST = 0.5
# From where on a sentence is an order to whoever reads it: log-odds of the model in `orders.npz`, which
# `python -m evals.training.orders` fits; it prints how many sentences of real news are taken for one.
_ORDERS, _OPENING = 0.9, 9
_QUESTIONS = ("question", "published")  # what is searched for
_HERE = Path(__file__).parent


def kind(text: str, embedder: Embedder, *, answered: bool = False) -> Kind | None:
    """What a text asks for, None for a question like any other and for a text with one among its sentences.

    "nothing" is a greeting and what else asks for nothing, "article" a summary of one, which may turn out to be the
    folder. ``answered``: there is an answer before it, and the text may ask for that again, shorter or otherwise, or
    for "this" article, the one that it cites.
    """
    if followups.sides(text):
        return "compare"
    if _QUOTED.search(text):
        return "quote" if quotation(text) else None
    pieces = [text[start:end] for start, end in sentences(text, detect_language(text))] or [text]
    marked = [piece for piece in pieces if piece.rstrip().endswith(("?", "؟", "？"))]
    pieces = marked if len(marked) == 1 else pieces  # "I am new here. What is in this folder?"
    found = [_kind(piece, embedder, answered) for piece in pieces]
    return None if None in found else next((one for one in found if one != "nothing"), "nothing")


# Several words in quotation marks, or one in double ones; an apostrophe stands inside a word.
_QUOTED = re.compile(
    r"(?<!\w)(?:[\"“«](?P<double>[^\"”»]+)[\"”»]|[‘'](?P<single>(?:[^’']|(?<=\w)[’'](?=\w))+\s(?:[^’']|(?<=\w)[’'](?=\w))+)[’'])(?!\w)"
)


_QUOTING = load("questions")["quoting"]


def quotation(text: str) -> str:
    """The words whose place or speaker is asked for ("who said 'so be it'?"); "" where something else is."""
    found = _QUOTED.search(text)
    if not found:
        return ""
    rest = f"{text[: found.start()]} {text[found.end() :]}"
    known = any(set(stems(rest, code)) <= set(stems(" ".join(asks), code)) for code, asks in _QUOTING.items())
    return (found["double"] or found["single"]).strip(" .,;:!?") if known else ""


def _kind(text: str, embedder: Embedder, answered: bool) -> Kind | None:
    if _only_days(text):
        return "day"
    found, likely = _likeliest(text, embedder)
    if likely < _LEAST or found in _QUESTIONS:
        return None
    if found == "order" or (found in AGAIN and not answered):
        return "nothing"
    if answered and found in ("article", "folder") and followups.points_at_one(text):
        return "this"
    return cast(Kind, found)


def published(text: str, embedder: Embedder) -> float:
    """How likely (0..1) a text asks when an article was published."""
    return _likely(text, embedder)["published"]


def _likeliest(text: str, embedder: Embedder) -> tuple[str, float]:
    """The likeliest kind of a text and its probability."""
    likely = _likely(text, embedder)
    best = max(likely, key=lambda name: likely[name])
    return best, likely[best]


def _likely(text: str, embedder: Embedder) -> dict[str, float]:
    """The probability of each kind, by the text's vector of the bundled embedder; together 1."""
    import numpy as np

    identity, kinds, weights = _fitted()
    logits = weights[:, :-1] @ (embedder if embedder.identity == identity else bundled()).query(text) + weights[:, -1]
    likely = np.exp(logits - logits.max())
    return dict(zip(kinds, (likely / likely.sum()).tolist(), strict=True))


@lru_cache(maxsize=1)
def _fitted() -> tuple[str, list[str], Vectors]:
    import numpy as np

    with np.load(_HERE / "requests.npz") as kept:
        return str(kept["identity"]), str(kept["kinds"]).split("\n"), kept["weights"].astype(np.float32)


def orders(text: str, embedder: Any) -> bool:
    """Whether a sentence of an article gives orders to the program that reads it, instead of telling something, by its
    first words (what is to be said hides the order in the rest); never with another embedder than the bundled one."""
    identity, weights = _ordering()
    opening = " ".join(text.split()[:_OPENING])
    return identity == embedder.identity and float(weights[:-1] @ embedder.query(opening) + weights[-1]) >= _ORDERS


@lru_cache(maxsize=1)
def _ordering() -> tuple[str, Vectors]:
    import numpy as np

    with np.load(_HERE / "orders.npz") as kept:
        return str(kept["identity"]), kept["weights"]


def _only_days(text: str) -> bool:
    """Whether a text has a day and, beside its days, only words of requests for one: nothing else of that day."""
    language = detect_language(text)
    named = dates(text, language)
    rest = text
    for mention in reversed(named):
        rest = rest[: mention.start] + rest[mention.end :]
    left = {token for token in stems(rest, language) if token.isalpha()}
    nouns = frozenset(stems(" ".join(load("folder")["nouns"].get(language, ())), language))
    return bool(named and left) and left <= words_of("day", language) | nouns


def overall(kind: Kind | None) -> Overall | None:
    """The kind where it is one that an overview answers."""
    return next((one for one in OVERALL if one == kind), None)


@lru_cache(maxsize=32)
def words_of(kind: str, language: str) -> frozenset[str]:
    """The search tokens of the texts of a kind."""
    return frozenset(token for text in requests().get(kind, ()) for token in stems(text, language))


@lru_cache(maxsize=32)
def usual_words(kinds: tuple[str, ...], language: str) -> frozenset[str]:
    """The search tokens that more than one text of the kinds has: what is left of a request is what it is about."""
    counted = [set(stems(text, language)) for name in kinds for text in requests()[name]]
    return frozenset(token for tokens in counted for token in tokens if sum(token in other for other in counted) > 1)


def small_talk(language: str) -> frozenset[str]:
    """The search tokens of texts that ask for nothing, or for the answer before again."""
    return words_of("nothing", language).union(*(words_of(name, language) for name in AGAIN))


@lru_cache(maxsize=1)
def requests() -> Mapping[str, list[str]]:
    """The texts of `requests.toml` by their kind, for the words of such requests; "question" is an ordinary one."""
    found: dict[str, list[str]] = tomllib.loads((_HERE / "requests.toml").read_text(encoding="utf-8"))
    return found
