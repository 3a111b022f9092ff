"""What a text asks for where it is no question like any other, by the nearest of the texts in `requests.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from qa.language.mentions import dates
from qa.language.text import detect_language, sentences, stems
from qa.model.embed import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Again = Literal["shorter", "more", "sure", "source", "language"]  # of the answer before
Overall = Literal["article", "folder", "day", "people", "places", "dates", "credit"]
Kind = Again | Overall | Literal["nothing"]
AGAIN: tuple[Again, ...] = get_args(Again)
OVERALL: tuple[Overall, ...] = get_args(Overall)

# The least cosine with a request, how much nearer an ordinary question may lie, and from where on the folder is meant
# even if the text has other words. `tests/test_requests.py` counts requests that are found and questions that are not.
_LEAST, _NEARER, _FOLDER, _GREETED, _LISTING = 0.845, 0.01, 0.9, 0.86, 0.857
# From where on a sentence is an order to whoever reads it: log-odds of the model in `orders.npz`, which
# `python -m evals.training.orders` fits; it prints how many sentences of real news are taken for one.
_ORDERS, _OPENING = 0.9, 9
_NAMED = ("people", "places", "dates")
_HERE = Path(__file__).parent


def kind(text: str, embedder: Embedder, *, answered: bool = False) -> Kind | None:
    """What a text asks for, None for a question like any other and for a text with one among its sentences.

    "nothing" is a greeting and what else asks for nothing, "article" a summary of one, which may turn out to be the
    folder. ``answered``: there is an answer before it, and the text may ask for that again, shorter or otherwise.
    """
    if _QUOTED.search(text):
        return None  # whose words they are, or what is said of them
    pieces = [text[start:end] for start, end in sentences(text, detect_language(text))] or [text]
    found = [_kind(piece, embedder, answered) for piece in pieces]
    return None if None in found else next((one for one in found if one != "nothing"), "nothing")


_QUOTED = re.compile(r"[\"“«‘'][^\"”»’']+\s[^\"”»’']+[\"”»’']")


def _kind(text: str, embedder: Embedder, answered: bool) -> Kind | None:
    best = _nearest(text, embedder)
    usual = best.pop("question")
    found = cast(Kind, max(best, key=lambda name: best[name]))
    if best[found] < max(_LEAST, usual - _NEARER):
        return None
    if found in _NAMED and best[found] < max(_LISTING, usual):
        return None
    if found == "nothing" or found in AGAIN:
        return None if best[found] < _GREETED else found if answered or found == "nothing" else "nothing"
    if found == "day":
        return None if _beside_days(text) else found
    if found == "folder":
        return found if best[found] >= _FOLDER else "article"
    return found


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


def _nearest(text: str, embedder: Any) -> dict[str, float]:
    """The greatest cosine with a text of each kind."""
    kinds, vectors = _requests(embedder)
    best = dict.fromkeys(requests(), -1.0)
    for name, cosine in zip(kinds, vectors @ embedder.query(text), strict=True):
        best[name] = max(best[name], float(cosine))
    return best


def _beside_days(text: str) -> bool:
    """Whether a text has more than its days and the words of requests for one: it asks about something of that day."""
    language = detect_language(text)
    rest = text
    for mention in reversed(dates(text, language)):
        rest = rest[: mention.start] + rest[mention.end :]
    return bool({token for token in stems(rest, language) if token.isalpha()} - words_of("day", language))


def overall(kind: Kind | None) -> Overall | None:
    """The kind where it is one that an overview answers."""
    return next((one for one in OVERALL if one == kind), None)


@lru_cache(maxsize=32)
def words_of(kind: str, language: str) -> frozenset[str]:
    """The search tokens of the texts of a kind."""
    return frozenset(token for text in requests()[kind] for token in stems(text, language))


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
