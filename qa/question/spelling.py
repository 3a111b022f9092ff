"""Names that were mistyped: a word of a question that no article has, as the nearest name that the folder has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from qa.index.store import IndexedArticle, Store
from qa.language.mentions import dates, names
from qa.language.text import fold, stems, stop_words
from qa.model.encoder import vocabulary

_WORD = re.compile(r"[^\W\d_]{4,}")
# From where on two words are alike (Ratcliff and Obershelp). What each pays and costs `evals.bench.sweep` of
# `python -m evals.bench.spelling` prints, on names of evals/training/written: of 388 with one mistake, with two,
# and of 400 that the folder lacks, so many are taken for a name of the folder.
CAPITAL = 0.75  # of a name with a capital: 381, 291 and 59; 381, 239 and 37 at .8, 290, 135 and 10 at .85
SMALL = 0.85  # of one without, which may be any word: 290, 136 and 9; 380, 240 and 38 at .8, 184, 60 and 9 at .9
ASKED = 0.65  # of one that is not taken but offered ("Did you mean …?"): 385, 346 and 235; 385, 295 and 74 at .75


def lacking(text: str, language: str, store: Store, languages: Iterable[str]) -> list[str]:
    """The words of a text that no article has, in any form that is stemmed alike in the folder's ``languages``."""
    for day in reversed(dates(text, language)):
        text = text[: day.start] + text[day.end :]
    said = [word for word in _WORD.findall(text) if fold(word) not in stop_words(language)]
    tokens = {word: {token for code in languages for token in stems(word, code)} for word in dict.fromkeys(said)}
    there, _, _ = store.frequencies(sorted(set().union(*tokens.values())))
    return [word for word, forms in tokens.items() if forms and not any(there.get(token) for token in forms)]


def corrections(
    text: str, language: str, words: Iterable[str], articles: Iterable[IndexedArticle], *, sure: bool = True
) -> dict[str, str]:
    """Of the ``words`` of a text, which no article has, those that are taken for mistyped names: each with the name's
    word as the folder writes it.

    A word that the language model knows as one piece is a name or word of its own ("Marin" is not "Martin"), and so is
    a first name beside a surname that the folder has ("Leonora Brandt" is not Leonard). Where it need not be ``sure``,
    because a person is asked, each of these may be the nearest name, and that may be less like it.
    """
    wanted = [word for word in words if not sure or next(iter(vocabulary().of(word)))[2] < len(word)]
    if not wanted:
        return {}
    firsts = {part for mention in names(text, language) for part in mention.text.split()[:-1]} if sure else set()
    held = {fold(word): word for row in articles for word in _WORD.findall(row.names)}
    return {word: near for word in wanted if word not in firsts and (near := _nearest(word, held, sure))}


def _nearest(word: str, held: Mapping[str, str], sure: bool) -> str:
    cutoff = (CAPITAL if word[0].isupper() else SMALL) if sure else ASKED
    folded = fold(word)
    found = get_close_matches(folded, [name for name in held if name[0] == folded[0]], n=1, cutoff=cutoff)
    return held[found[0]] if found else ""


def corrected(text: str, found: Mapping[str, str]) -> str:
    """The text with each word of ``found`` put right."""
    for word, name in found.items():
        text = re.sub(rf"\b{re.escape(word)}\b", name, text)
    return text
