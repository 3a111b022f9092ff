"""Which lines of an article are credits: who reported it, whose it is, what the page asks of its reader.

A credit is recognised by how it begins and by the form of what follows: names, a day, the title of another story, a
plea to the reader. A sentence with a subject and a verb of its own is none, however it begins.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qa.language.text import fold
from qa.language.words import alternatives, load, sets

_MOST = 40  # words of the longest credit
_FEW = 16  # words of a plea or of the title of another story
_NAMES = 24  # words of the longest list of names
_AROUND = " \t\n()[]{}—–-*_•|>«»\"'“”#~="
_DAY = re.compile(r"\d{4}|\d{1,2}[:.h]\d\d")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|@\w{2,}")
_SENTENCE = re.compile(r"(?<=[^\W\d_]{3}[.!?])[)\]\"'”’]*\s+")
_CLAUSE = re.compile(r"\s*[;|·•]\s*")


def is_credit(words: str) -> bool:
    """Whether words, or each line of them, are a credit and nothing else."""
    lines = [line for line in words.split("\n") if line.strip()]
    return bool(lines) and (_is_one(words) or (len(lines) > 1 and all(map(_is_one, lines))))


def is_agency(words: str) -> bool:
    """Whether words are the names of agencies and nothing else, whatever stands around them."""
    parts = [part.strip() for part in re.split(r"[/,&]|\s-\s", words.strip(_AROUND + ".")) if part.strip()]
    known = [fold(part) in _known()["agencies"] for part in parts]
    signed = "/" in words and all(re.fullmatch(r"[A-ZÀ-Þ][\w-]*", part) for part in parts)
    return bool(parts) and (all(known) or (signed and (any(known) or all(map(str.isupper, parts)))))


def _is_one(words: str) -> bool:
    """Whether one line is a credit, sentence by sentence; a note on the author only beside another credit."""
    if not any(char.isalnum() for char in words) and "©" not in words:
        return True  # "###", "* * *"
    if len(words.split()) > _MOST:
        return False
    wrapped = re.fullmatch(r"\s*[(\[](.+)[)\]]\s*", words, re.S)
    parts = [part for part in _SENTENCE.split(words.strip(_AROUND)) if part.strip(_AROUND)]
    rest = [part for part in parts if not _is_on_author(part)]
    return bool(rest) and all(_is_said(part, wrapped=bool(wrapped)) for part in rest)


def _is_said(words: str, *, wrapped: bool) -> bool:
    """Whether one sentence, or each clause of it, is a credit."""
    if _is_clause(words, wrapped=wrapped):
        return True
    clauses = [clause for clause in _CLAUSE.split(words) if clause.strip(_AROUND)]
    return len(clauses) > 1 and all(_is_clause(clause, wrapped=wrapped) for clause in clauses)


def _is_clause(words: str, *, wrapped: bool) -> bool:
    bare = " ".join(words.strip(_AROUND).split())
    line, known = " ".join(fold(bare).replace("’", "'").split()), _known()
    if not line:
        return False
    return (
        line.rstrip(" .:!/") in known["whole"]
        or is_agency(bare)
        or (bool(behind := _behind(line, "by")) and _are_names(bare[-len(behind) :]))
        or _is_pointer(bare, line)
        or _is_labelled(bare, line)
        or _is_owned(bare, line)
        or _is_byline(bare, line)
        or _is_helped(bare, line)
        or _is_on_itself(line)
        or _is_plea(bare, line)
        or (wrapped and line.split()[0] in known["notes"])
        or re.fullmatch(r"\W*\d[\d\s.,]*\W*", _behind(line, "numbers")) is not None
        or (line[0].isdigit() and line.lstrip("0123456789,. ") in known["numbers"])
    )


def _behind(line: str, kind: str) -> str:
    """What follows the longest beginning of the kind that the line has, ended at a word."""
    begun = _pattern(kind).match(line)
    return line[begun.end() :].strip(" :,") if begun else ""


def _are_names(words: str, *, most: int = _NAMES) -> bool:
    """Whether words are names, places, days, addresses and what stands among them, without a word of another kind."""
    parts = [part for n, part in enumerate(re.split(r"\s*[|·—–]\s*", words)) if not (n and _DAY.search(part))]
    tokens = re.findall(r"[^\s,;:()|/&+\"“”]+", " ".join(parts).strip(". "))
    named = [token for token in tokens if not _is_among(token)]
    own = [token for token in named if _is_name(token)]
    marks = all(token in own or token[0].isdigit() or not any(map(str.isalpha, token)) for token in named)
    return 0 < len(tokens) <= most and marks and (bool(own) or any(map(str.isdigit, words))) and not _tells(words)


def _is_among(token: str) -> bool:
    return fold(token.strip(".'’-")) in _known()["among"] and not token[0].isupper()


def _is_name(token: str) -> bool:
    known = fold(token) in _known()["agencies"]
    return token[0].isupper() or _is_uncased(token) or known or _MAIL.fullmatch(token) is not None


def _is_uncased(token: str) -> bool:
    """Whether a word is of a script without capitals, or begins as names do behind an article: "al-Sisi", "d'Alba"."""
    letter = next(filter(str.isalpha, token), "")
    return letter.lower() == letter.upper() != "" or re.match(r"[a-z]{1,3}[-'’][A-ZÀ-Þ]", token) is not None


def _tells(words: str) -> bool:
    """Whether words have a verb that only sentences have: of saying, "is", "had"."""
    said = {fold(word) for word in re.findall(r"[^\W\d_]+", words)}
    return not said.isdisjoint(_known()["finite"]) or not said.isdisjoint(_saying())


# What somebody is at a paper, behind the name: ", court reporter".
_ROLE = rf"(?i),\s+(?:[^\W\d_]+\s+){{0,2}}(?:{'|'.join(load('credits')['roles'])})(?:\s+[^\W\d_]+)?$"


def _is_byline(words: str, line: str) -> bool:
    """Whether "By" is followed by names alone, the first of two words or of an agency; or stands behind a day."""
    dated = re.fullmatch(r"(.*\b\d{4})[\s,|·-]+by\s(.+)", words, re.I)
    if dated and _are_names(dated[1], most=6) and _are_names(dated[2]):
        return True
    rest = _behind(line, "bylines")
    names = re.sub(_ROLE, "", words[-len(rest) :]) if rest else ""
    first = re.split(rf"\s*(?:[|·,/]|\s(?:{_any('and', 'for')})\s)\s*", names)[0]
    person = [word for word in first.split() if not _is_among(word)]
    alone = _is_uncased(first) or (first.isupper() and len(first) > 1) or is_agency(first) or len(person) > 1
    return bool(rest) and alone and not words.endswith(".") and _are_names(names, most=16)


def _is_labelled(words: str, line: str) -> bool:
    """Whether a label of a word or three stands before a colon or a slash, and names behind it."""
    found = re.fullmatch(r"([^:/]{1,40}?)\s*[:/]\s*(.+)", line)
    if not found:
        return False
    label = [word.strip(".") for word in found[1].split()]
    if " ".join(label) in _known()["tags"]:
        return len(line.split()) <= _FEW and not words.endswith(".") and not _tells(found[2])
    kind = {" ".join(label), *(label[:1] + label[-1:] if len(label) < 4 else ())}
    behind = re.split("[:/]", words, maxsplit=1)[-1]
    return not kind.isdisjoint(_known()["labels"]) and _are_names(behind, most=10)


def _is_pointer(words: str, line: str) -> bool:
    """Whether the title of another story follows: behind a colon, or without an end of its own."""
    rest = _behind(line, "points")
    begun = line[: len(line) - len(rest)] if rest else ""
    colon = begun.rstrip().endswith(":")
    ends = words.rstrip("\"'”’»)").endswith((".", "!")) and not rest.rstrip(".! ").endswith((" here", " aqui", " hier"))
    short = len(line.split()) <= _FEW and not ends
    return (bool(rest) and short and (colon or not _tells(rest))) or line.rstrip(": ") in _known()["points"]


def _is_owned(words: str, line: str) -> bool:
    """Whether rights follow: of a year, of names, or nothing more."""
    begun = _pattern("rights").match(line)
    if not begun:
        return False
    rest = words[begun.end() :] if len(words) == len(line) else line[begun.end() :].title()
    rest = re.sub(r"(?:©|\(c\)|copyright)", " ", rest, flags=re.I).strip(" .,:")
    return not rest or _are_names(rest) or _is_owned(rest, fold(rest))


def _is_helped(words: str, line: str) -> bool:
    """Whether names of people or agencies stand before "contributed to this report", or behind "with files from"."""
    if (phrase := _pattern("helped").search(line)) and len(words) == len(line):
        return _are_names(f"{words[: phrase.start()]} {words[phrase.end() :]}")
    beside = _any("helped_with")
    given = re.fullmatch(rf"(?:{beside})\s(?:[^\W\d_]+\s){{1,2}}(?:{_any('helped_from')})\s(.+)", line)
    if given:
        return _are_names(words[-len(given[1]) :], most=10)
    signed = re.fullmatch(rf"(.*?)\s?\b(?:{beside})\s(.+)", line)
    agencies = re.split(rf"\s(?:{_any('and')})\s", signed[2]) if signed else []
    return (
        signed is not None
        and all(map(is_agency, agencies))
        and (not signed[1] or _are_names(words[: len(signed[1])], most=4))
    )


def _is_on_itself(line: str) -> bool:
    """Whether a sentence says of its own text how it came to be, or what may not be done with it."""
    rest = _behind(re.sub(r"(?:an earlier version|no part) of ", "", line), "itself")
    held = _pattern("made").search(" ".join(rest.split()[:6]))
    return bool(held) or re.match(r"this is a (?:developing|breaking) (?:news )?story", line) is not None


def _is_plea(words: str, line: str) -> bool:
    """Whether the page asks something of its reader: to subscribe, to share, to write to the author."""
    if re.match(r"to (?:contact|reach|email) the ", line) and _MAIL.search(line):
        return True
    rest = _behind(line, "asks")
    if not rest or len(line.split()) > _FEW or not _saying().isdisjoint(line.replace(",", " ").split()):
        return False
    own = re.search(rf"\b(?:{_any('addressed')})\b", rest)
    to = re.match(rf"(?:{_any('written_to')})\b", rest) or _are_names(words[-len(rest) :])
    asked = _pattern("media").search(rest) or re.fullmatch(rf"(?:{_any('at_once')})\W*", rest)
    return bool(_MAIL.search(rest) and to) or bool(asked and (own or not _tells(rest)))


def _is_on_author(words: str) -> bool:
    """Whether a sentence says who a person is: "Ada Quill is a staff writer for the Ledger"."""
    found = re.match(r"((?:[A-ZÀ-Þ][\w.'’-]*\s){1,4})(?:is|are|es|est|ist)\s", words)
    return found is not None and not _known()["roles"].isdisjoint(fold(words).strip(".").split())


@lru_cache(maxsize=1)
def _saying() -> frozenset[str]:
    return frozenset(word for held in sets("saying", "reports").values() for word in held) | _known()["said"]


@lru_cache(maxsize=8)
def _any(*kinds: str) -> str:
    return alternatives(*(_known()[kind] for kind in kinds))


@lru_cache(maxsize=16)
def _pattern(kind: str) -> re.Pattern[str]:
    """Any beginning of a kind, the longest first, ended at a word."""
    begins = (
        re.escape(one) + (r"(?!\w)" if one[-1].isalnum() else "")
        for one in sorted(_known()[kind], key=len, reverse=True)
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(begins)})")


@lru_cache(maxsize=1)
def _known() -> dict[str, frozenset[str]]:
    """The words and beginnings of credits by kind, folded as the lines are."""
    return {kind: frozenset(fold(begin) for begin in begins) for kind, begins in load("credits").items()}
