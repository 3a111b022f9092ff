"""What was mistyped: a word of a question that no article has, as the nearest name or word that the folder has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches

from qa.index.store import IndexedArticle, Store
from qa.language.lexicon import LANGUAGES, frequency
from qa.language.mentions import dates, names
from qa.language.text import fold, stems, stop_words
from qa.model.encoder import vocabulary

_WORD = re.compile(r"[^\W\d_]{4,}")
# From where on two words are alike (Ratcliff and Obershelp). What each pays and costs `evals.bench.sweep` of
# `python -m evals.bench.spelling` prints, on names of evals/training/written: of 388 with one mistake, with two,
# and of 400 that the folder lacks, so many are taken for a name of the folder.
CAPITAL = 0.75  # of a name with a capital: 381, 291 and 59; 381, 239 and 37 at .8, 290, 135 and 10 at .85
SMALL = 0.85  # of one without, which may be any word: 290, 136 and 9; 380, 240 and 38 at .8, 184, 60 and 9 at .9
WORD = 0.85  # of a word that is no name, by its stem: as of a name without a capital
# Of the tokens that a word may be taken for: their letters at least, how like they are at least (an ending may be
# mistyped), and how many are looked at; choices
_SHORTEST, _ROUGHLY, _LOOKED_AT = 4, 0.65, 3
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


def words_meant(words: Iterable[str], language: str, store: Store) -> dict[str, str]:
    """Of the ``words`` of a question, which no article has, those without a capital that are taken for another word
    with a mistake: a small word of the language, or the nearest that the folder has, as it is written there.

    A word that the language model knows as one piece, or the lexicon at all, is a word of its own.
    """
    found: dict[str, str] = {}
    for word in words if language in LANGUAGES else ():
        (stem,) = stems(word, language)[:1] or ("",)
        if word[0].isupper() or not stem or _known(word, stem):
            continue
        if small := get_close_matches(fold(word), stop_words(language), n=1, cutoff=WORD):
            found[word] = small[0]
            continue
        found[word] = _nearest_word(word, stem, store)
    return {word: meant for word, meant in found.items() if meant}


def _known(word: str, stem: str) -> bool:
    return next(iter(vocabulary().of(word)))[2] == len(word) or any(frequency(stem, code) for code in LANGUAGES)


def _nearest_word(word: str, stem: str, store: Store) -> str:
    """The word of the articles that is like this one, or whose token is like its; "" without one."""
    held = [token for token in store.tokens() if token[0] == stem[0] and len(token) >= _SHORTEST]
    near = get_close_matches(stem, held, n=_LOOKED_AT, cutoff=_ROUGHLY)
    written = [(said, token) for token in near for said in _as_written(token, store)]
    best = max(written, key=lambda one: _alike(fold(word), one[0]), default=("", ""))
    return best[0] if max(_alike(stem, best[1]), _alike(fold(word), best[0])) >= WORD else ""


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _as_written(token: str, store: Store) -> list[str]:
    """The words of some articles that have this search token."""
    rows = store.paragraphs([hit.address for hit in store.lexical([token], _LOOKED_AT)])
    said = ((fold(word), row.language) for row in rows for word in _WORD.findall(row.text))
    return [word for word, code in dict.fromkeys(said) if stems(word, code) == [token]]


def corrected(text: str, found: Mapping[str, str]) -> str:
    """The text with each word of ``found`` put right."""
    for word, name in found.items():
        text = re.sub(rf"\b{re.escape(word)}\b", name, text)
    return text
