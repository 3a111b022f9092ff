"""Questions as people type them: courtesies and instructions around them, no capitals, slips of the fingers."""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

SHARE = 0.35  # of the questions that are typed otherwise than they stand, by the brief of the mixture

WORD = re.compile(r"[^\W\d_]+")


@cache
def material() -> dict[str, Any]:
    """The tables of typing.toml."""
    return tomllib.loads(Path(__file__).with_name("typing.toml").read_text(encoding="utf-8"))


def as_typed(question: str, lang: str, rng: random.Random, share: float = SHARE) -> str:
    """The question as someone may type it; unchanged for all but `share` of the calls.

    Names, numbers and the question's sense are kept; only its outside changes. A language without a table in
    typing.toml gets the changes that need none.
    """
    if rng.random() >= share:
        return question
    typed = question
    wanted = rng.choices(range(len(CHANGES)), [weight for _, weight in CHANGES], k=rng.choice((1, 1, 1, 2, 2, 3)))
    for n in sorted(set(wanted)):
        typed = CHANGES[n][0](typed, lang, rng)
    return typed if len(typed) <= 2 * len(question) + 120 else question


def words_of(lang: str) -> dict[str, Any]:
    return dict(material().get(lang) or {})


def small(question: str) -> str:
    """The question with a small first letter where its first word is no name or acronym, and no `¿`."""
    bare = question.lstrip("¿¡ ")
    first = WORD.match(bare)
    if not first or (len(first[0]) > 1 and first[0].isupper()):
        return bare
    return bare[0].lower() + bare[1:]


def put_before(question: str, lang: str, rng: random.Random) -> str:
    options = words_of(lang).get("before")
    if not options:
        return question
    lead = str(rng.choice(options))
    return lead + (question if lead.endswith(". ") or rng.random() < 0.4 else small(question))


def put_after(question: str, lang: str, rng: random.Random) -> str:
    options = words_of(lang).get("after")
    return question + str(rng.choice(options)) if options else question


def put_around(question: str, lang: str, rng: random.Random) -> str:
    options = words_of(lang).get("around")
    return str(rng.choice(options)).format(q=question, l=small(question)) if options else question


def name_topic(question: str, lang: str, rng: random.Random) -> str:
    """The question after a sentence that says what it is about, by a name in it."""
    names = [n for n in re.findall(r"(?<=[a-z,] )[A-Z][^\W\d_]+(?: [A-Z][^\W\d_]+)*", question) if len(n) > 3]
    options = words_of(lang).get("topic")
    if not names or not options:
        return put_before(question, lang, rng)
    return str(rng.choice(options)).format(t=rng.choice(names), q=question, l=small(question))


def no_capitals(question: str, lang: str, rng: random.Random) -> str:
    return question.lower()


def all_capitals(question: str, lang: str, rng: random.Random) -> str:
    return question.upper()


def title_case(question: str, lang: str, rng: random.Random) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in question.split(" "))


def other_end(question: str, lang: str, rng: random.Random) -> str:
    """The question with another end than its question mark, most often none, and mostly without `¿`."""
    if rng.random() < 0.8:
        question = question.replace("¿", "").replace("¡", "")
    if not question.rstrip().endswith(("?", "？")):
        return question
    return question.rstrip(" ?？") + str(rng.choice(material()["any"]["ends"]))


def no_accents(question: str, lang: str, rng: random.Random) -> str:
    """Latin letters without their accents."""
    if not question.isascii() and all("LATIN" in unicodedata.name(c, "") for c in question if c.isalpha()):
        parts = unicodedata.normalize("NFD", question.replace("¿", "").replace("¡", ""))
        return "".join(c for c in parts if not unicodedata.combining(c))
    return question


def plain_words(question: str) -> list[re.Match[str]]:
    """The words in small letters alone, long enough to be known with a slip in them."""
    return [m for m in WORD.finditer(question) if len(m[0]) >= 4 and m[0].islower() and m[0].isascii()]


def slip(word: str, rng: random.Random) -> str:
    """The word with one slip of the fingers: a letter lost, doubled, changed with its neighbour or missed."""
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at] + word[at:]
    if kind == 2:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + str(rng.choice(material()["keys"].get(word[at], word[at]))) + word[at + 1 :]


def slips(question: str, lang: str, rng: random.Random) -> str:
    """The question with slips in one or two of its common words."""
    for _ in range(rng.choice((1, 1, 2))):
        if words := plain_words(question):
            word = rng.choice(words)
            question = question[: word.start()] + slip(word[0], rng) + question[word.end() :]
    return question


def joined(question: str, lang: str, rng: random.Random) -> str:
    """The question with one blank too few or too many."""
    blanks = [m.start() for m in re.finditer(r"(?<=[a-z]) (?=[a-z])", question)]
    if not blanks:
        return question
    at = rng.choice(blanks)
    return question[:at] + rng.choice(("", "  ", " , ")) + question[at + 1 :]


def replaced(question: str, table: dict[str, str], rng: random.Random, share: float) -> str:
    def other(match: re.Match[str]) -> str:
        return table[match[0]] if match[0] in table and rng.random() < share else match[0]

    return re.sub(r"\b[^\W\d_]+(?:'s)?\b", other, question)


def shortened(question: str, lang: str, rng: random.Random) -> str:
    return replaced(question, words_of(lang).get("short", {}), rng, 0.7)


def misspelt(question: str, lang: str, rng: random.Random) -> str:
    return replaced(question, words_of(lang).get("slips", {}), rng, 0.8)


def telegraphic(question: str, lang: str, rng: random.Random) -> str:
    """The question without its articles and auxiliaries, as one types into a search box."""
    drop = set(words_of(lang).get("drop", ()))
    words = [w for w in question.rstrip("?").split(" ") if w.lower() not in drop or rng.random() < 0.2]
    return " ".join(words) if len(words) >= 2 else question


def asked_in_a_sentence(question: str, lang: str, rng: random.Random) -> str:
    """`Who is the mayor?` as `Can you tell me who the mayor is?`"""
    match = re.fullmatch(r"(Who|What|Where|When) (is|was|are|were) (the (?:[\w-]+ ){0,3}[\w-]*[^d\W])\?", question)
    if lang != "en" or not match:
        return put_around(question, lang, rng)
    order = f"{match[1].lower()} {match[3]} {match[2]}"
    return str(rng.choice([a for a in words_of(lang)["around"] if a.endswith("{l}")][:4])).format(l=f"{order}?")


Change = Callable[[str, str, random.Random], str]
# In the order in which they are made: slips before capitals go, so that names are kept.
CHANGES: list[tuple[Change, int]] = [
    (asked_in_a_sentence, 5), (telegraphic, 7), (shortened, 5), (misspelt, 5), (slips, 12), (joined, 2),
    (other_end, 14), (name_topic, 3), (put_around, 10), (put_before, 10), (put_after, 10),
    (no_accents, 6), (title_case, 3), (all_capitals, 4), (no_capitals, 14),
]  # fmt: skip
