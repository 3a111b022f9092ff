"""Names in their spellings: whether a text names a bearer, in the same language or across English and Spanish.

The words are in `qa/language/words`: places and peoples, given names that are translated, and the common nouns that
names are made with.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import cache, lru_cache

from qa.language import text as texts
from qa.language.words import load, meanings

_AROUND = load("names")
_PARTICLES, _TITLES = frozenset(_AROUND["particles"]), frozenset(_AROUND["titles"])
_PHRASES = meanings(load("phrases")["phrases"])
_PHRASE = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, _PHRASES), key=len, reverse=True))})\b")


@cache
def _tokens_of(kind: str) -> dict[str, str]:
    """Every word of a file of groups, in all genders and numbers, with the token of its group; months are places."""
    listed, months = load(kind), load("months")["names"]
    found = {word: word for word in (*listed["same"], *listed["groups"])} | meanings(listed["groups"])
    if kind == "places":
        found |= dict(zip(months["es"], months["en"], strict=True)) | {month: month for month in months["en"]}
    for word in list(found):
        for other in _endings(word):
            found.setdefault(other, found[word])
    return found


def _endings(word: str) -> tuple[str, ...]:
    """The word's other genders and numbers in Spanish, or its English plural."""
    if len(word) < 5:
        return ()
    if word.endswith("o"):
        return word[:-1] + "a", word + "s", word[:-1] + "as"
    return (word + "a", word + "es", word + "as") if word.endswith("es") else (word + "s",)


def is_place(word: str) -> bool:
    """Whether a word is among the places and peoples that are known by name."""
    return texts.fold(word) in _tokens_of("places")


def is_people(word: str) -> bool:
    """Whether a word is not the English name of a place that is known, but another of its group ("Iranians")."""
    return _tokens_of("places").get(folded := texts.fold(word), folded) != folded


_SPELLINGS = (
    ("sch", "sh"), ("kh", "j"), ("ph", "f"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("dj", "j"), ("ou", "u"),
    ("oo", "u"), ("ee", "i"), ("ck", "k"), ("q", "k"), ("c", "k"), ("w", "v"), ("y", "i"), ("o", "u"), ("e", "a"),
    ("z", "s"), ("sh", "s"),
)  # fmt: skip


@lru_cache(maxsize=32768)
def name_key(word: str) -> str:
    """One key for the spellings of a word of a name: Masud and Masoud, Jamenei and Khamenei, Rusia and Russia."""
    place = _tokens_of("places").get(word)
    if place:
        return place
    if len(word) < 5 or not word.isalpha() or not word.isascii():  # short words differ by one letter: Iran, Iraq
        return word
    key = word
    for spelling, plain in _SPELLINGS:
        key = key.replace(spelling, plain)
    key = re.sub(r"(.)\1+", r"\1", key)
    return key.removesuffix("h")


@lru_cache(maxsize=16384)
def name_keys(text: str) -> tuple[str, ...]:
    """The keys of a text's words in order, particles and titles left out, known phrases ("United States") as one."""
    return tuple(key for _, key in _keyed(text))


@lru_cache(maxsize=16384)
def _keyed(text: str) -> tuple[tuple[str, str], ...]:
    """Each word (or phrase, as its key) with its key."""
    spaced = " ".join(texts.words(re.sub(r"\bUS\b", "USA", text)))
    if _PHRASE.search(spaced):
        spaced = _PHRASE.sub(lambda m: _phrase_key(m[0], text), spaced)
    return tuple((word, name_key(word)) for word in spaced.split() if word not in _SKIPPED)


def _phrase_key(phrase: str, text: str) -> str:
    """The key of a phrase, or the word itself where it is one in capitals only."""
    return phrase if phrase in _ALSO_WORDS and phrase.upper() not in text else _PHRASES[phrase]


_ALSO_WORDS = frozenset(_AROUND["also_words"])
_SKIPPED = _TITLES | _PARTICLES | frozenset(_AROUND["small"])


def same_name(a: str, b: str) -> bool:
    """Whether two names can be of one bearer: the shorter one's words are all in the longer one, in any spelling."""
    short, long = sorted((set(name_keys(a)), set(name_keys(b))), key=len)
    if short:
        return short <= long or _initials(a, b) or _initials(b, a)
    return texts.fold(a) == texts.fold(b)


def _initials(acronym: str, name: str) -> bool:
    letters = acronym.replace(".", "").strip()
    return 1 < len(letters) < 7 and letters.isupper() and letters.casefold() == initials(name)


def initials(name: str) -> str:
    """The folded first letters of the capitalised words of a name: "bc" of "Border Council"."""
    return "".join(texts.fold(word[0]) for word in re.findall(r"[^\W\d_]+", name) if word[0].isupper())


def named_in(name: str, text: str) -> bool:
    """Whether a text names this bearer, in any case and spelling: the words of the name stand there together."""
    wanted, there = name_keys(name), name_keys(text)
    if not wanted:
        return True
    if not set(wanted) <= set(there):
        return _initials(name, text) if len(wanted) == 1 and name.isupper() else _acronym_in(name, text)
    return len(wanted) == 1 or _together(wanted, there) or _together(wanted, name_keys(_ASIDE.sub(" ", text)))


_ASIDE = re.compile(r"\([^()]*\)")


def _together(wanted: tuple[str, ...], there: tuple[str, ...]) -> bool:
    """Side by side in any order ("República Islámica"), or in order with up to two words between."""
    for at, key in enumerate(there):
        if key in wanted and set(wanted) <= set(there[at : at + len(wanted)]):
            return True
        if key == wanted[0]:
            rest = iter(there[at : at + len(wanted) + 2])
            if all(word in rest for word in wanted):
                return True
    return False


def spelled(name: str) -> str:
    """A regular expression that fits each text in which `named_in` finds the name, and others: to sift many texts.

    To be used without regard to case. It asks for the last word of the name in any spelling, or for its acronym, and
    looks neither ahead nor back, so that engines other than Python's take it too; "" where it would fit any text.
    """
    keys = name_keys(name)
    if not keys or not all(key.isascii() for key in keys):
        return ""
    ways = [rf"\b(?:{_spellings_of(keys[-1])})\b"]
    letters = name.replace(".", "") if len(keys) == 1 and name.isupper() else ""
    if 1 < len(letters) < 7 and letters.isalpha():
        inner = r"\w*(?:\W+[a-z]{1,3})?\W+"
        ways.append("(?-i:" + inner.join(f"[{_letter(c)}]".upper() for c in texts.fold(letters)) + ")")
    if len(initials(name)) > 1:
        ways.append(rf"\b{initials(name)}\b")
    return "|".join(ways)


def _spellings_of(key: str) -> str:
    """The alternatives of a regular expression for the words and phrases that have this key."""
    phrases = [phrase for phrase, named in _PHRASES.items() if named == key]
    ways = [r"\W+".join(map(_lettered, phrase.split())) for phrase in phrases if phrase not in _ALSO_WORDS]
    ways += [f"(?-i:{phrase.upper()})" for phrase in phrases if phrase in _ALSO_WORDS]
    ways += ["(?-i:US)"] if key == "@us" else []
    if key.startswith("@"):
        return "|".join(ways)
    ways += [_lettered(word) for word, place in _tokens_of("places").items() if place == key]
    units = ("|".join(map(_lettered, (char, *_WRITTEN.get(char, ())))) for char in key)
    return "|".join([*ways, "".join(f"(?:{unit})+" for unit in units) + "h*", _lettered(key)])


# The spellings that end up as one letter of a name's key: `_SPELLINGS`, backwards.
_WRITTEN = {"s": ("sh", "sch", "z", "zh"), "j": ("kh", "dj", "dkh", "dhj", "dhkh"), "f": ("ph",), "g": ("gh",),
            "d": ("dh",), "t": ("th",), "u": ("ou", "oo", "o"), "i": ("y", "ee"), "k": ("q", "c", "ck"), "v": ("w",),
            "a": ("e",)}  # fmt: skip


def _lettered(word: str) -> str:
    """The word as a pattern that minds no accents."""
    return "".join(f"[{_letter(char)}]{_MARKS}" if char.isalpha() else re.escape(char) for char in word)


@lru_cache(maxsize=64)
def _letter(char: str) -> str:
    accented = (chr(n) for n in range(0xC0, 0x250) if chr(n).islower())
    return char + "".join(c for c in accented if texts.fold(c)[:1] == char)


_MARKS = "[\u0300-\u036f]*"  # accents that stand as characters of their own


def named_across(name: str, text: str) -> bool:
    """Whether a text in another language names this bearer: its words, but for the translated and one in three.

    A place or a people in its other name, a given name in its other form, anything else in a spelling that begins or
    is much alike ("John Calvin" is "Juan Calvino"). Of a name all of whose words are translated half must be known.
    """
    wanted = _across_keys(name)
    own = [key for key in wanted if key not in _common()]
    if not own:
        return 2 * sum(_spelt_in(key, text) for key in wanted) >= len(wanted) or _acronym_in(name, text)
    missing = sum(not _spelt_in(key, text) for key in own)
    return missing <= len(own) // 3 or _acronym_in(name, text)


def lacks_across(name: str, text: str) -> bool:
    """Whether a text in another language surely does not name this bearer: it would be known if it did.

    Sure is a place or a people of the tables, and a name of one or two long words of which none is translated.
    """
    if named_across(name, text):
        return False
    wanted = _across_keys(name)
    places = [key for key in wanted if key in _known_places()]
    if places:
        return not all(_spelt_in(key, text) for key in places)
    known = any(key in _common() or len(key) < 5 or _spelt_in(key, text) for key in wanted)
    return 0 < len(wanted) <= 2 and not known


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """The keys of words that are translated in any of several ways."""
    return frozenset(_tokens_of("nouns").values())


@lru_cache(maxsize=1)
def _known_places() -> frozenset[str]:
    return frozenset(_tokens_of("places").values()) | {key for key in _PHRASES.values() if key.startswith("@")}


@lru_cache(maxsize=4096)
def _across_keys(text: str) -> tuple[str, ...]:
    """The keys of a text's words in either language: as `name_keys`, but given names and common nouns are one too."""
    return tuple(_across_words().get(word, key) for word, key in _keyed(text))


@lru_cache(maxsize=1)
def _across_words() -> dict[str, str]:
    return _tokens_of("nouns") | _tokens_of("given") | _tokens_of("places")


@lru_cache(maxsize=4096)
def _across_there(text: str) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """The keys of a text, and those of at least five letters by their first letter, an h aside."""
    keys = frozenset(_across_keys(text))
    first: dict[str, list[str]] = {}
    for key in sorted(keys - _known_places()):
        if len(key) >= 5:
            first.setdefault(key.lstrip("h")[0], []).append(key)
    return keys, {letter: tuple(found) for letter, found in first.items()}


@lru_cache(maxsize=65536)
def _spelt_in(key: str, text: str) -> bool:
    """Whether one word of a name stands in a text, as itself or in a spelling much like it."""
    keys, first = _across_there(text)
    if key in keys:
        return True
    if len(key) < 5 or key in _known_places():
        return False
    return any(_spelt_alike(key, other) for other in first.get(key.lstrip("h")[0], ()))


def _spelt_alike(a: str, b: str) -> bool:
    """Whether two long words begin with five letters alike, or are four fifths the same: Calvin, Calvino."""
    if a[:5] == b[:5]:
        return abs(len(a) - len(b)) <= _LONGER
    return abs(len(a) - len(b)) <= 2 and SequenceMatcher(None, a, b, autojunk=False).ratio() >= MUCH_ALIKE


_LONGER = 4  # letters that an ending may add: Luther, Lutheran
# By `python -m evals.bench.spelling` 296 of 393 mistyped names and 21 of 2,804 pairs of others are (at .75 301 and a
# fifth more, at .85 220 and a quarter less).
MUCH_ALIKE = 0.8


def _acronym_in(name: str, text: str) -> bool:
    letters = initials(name)
    return len(letters) > 1 and letters in {texts.fold(word) for word in re.findall(r"\b[A-Z]{2,6}\b", text)}
