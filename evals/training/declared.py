"""Claims and unnamed things made from questions with their answers, for `evals.training.mixture`.

`declared` turns a question and words of its paragraph into the sentence that a language model would answer with;
`unnamed` takes what answers out of the paragraph and leaves what it is ("the minister") in its place. Both are rules
that err now and then: a crooked sentence keeps its label. English verbs are found and put into the past by
`lemminflect` (MIT), which is installed beside torch for training alone.
"""

from __future__ import annotations

import random
import re
import tomllib
from functools import lru_cache
from pathlib import Path

_WORDS = tomllib.loads((Path(__file__).parent / "exchanges.toml").read_text(encoding="utf-8"))
_NAMED = re.compile(r"^(?:[A-ZÁÉÍÓÚÑ][\w.'’-]*)(?:\s+(?:of|de|del|la|the|and|y|[A-ZÁÉÍÓÚÑ][\w.'’-]*))*$")
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
_ASKS_WHEN = re.compile(r"^\W*(?:\w+ )?(?:when|(?:what|which) (?:year|date|day)|cuándo|qué (?:año|fecha|día))\b")
_ASKS_WHERE = re.compile(
    r"^\W*(?:\w+ )?(?:where|(?:what|which|qué) (?:city|country|place|town|state|ciudad|país|lugar)|dónde)\b"
)
_DO = ("did", "does", "do")
_LONGEST = 9  # words of an answer that stands in a sentence


@lru_cache(maxsize=50_000)
def _verb(word: str) -> dict[str, tuple[str, ...]]:
    """The forms of an English verb by tag where the word is its base form, else {}."""
    import lemminflect

    forms = lemminflect.getAllInflections(word, "VERB")
    return forms if word in forms.get("VB", ()) else {}


@lru_cache(maxsize=50_000)
def _is_participle(word: str) -> bool:
    import lemminflect

    return word.endswith("ed") or any(
        word in lemminflect.getAllInflections(lemma, "VERB").get(tag, ())
        for lemma in lemminflect.getAllLemmas(word).get("VERB", ())
        for tag in ("VBN", "VBG")
    )


def kind_of(answer: str) -> str:
    """ "year", "number", "name" or "words": what an answer can be taken for."""
    if _YEAR.search(answer) and len(answer.split()) <= 4:
        return "year"
    if re.match(r"^[€$£]?\d", answer):
        return "number"
    return "name" if _NAMED.match(answer) else "words"


def placed(answer: str, paragraph: str, lang: str) -> str:
    """The answer with the preposition before it in its paragraph, where it has one."""
    found = re.search(rf"\b(?i:({'|'.join(_WORDS['prepositions'][lang])}))\s+{re.escape(answer)}", paragraph)
    return f"{found[1].lower()} {answer}" if found else answer


def declared(question: str, answer: str, where: str, lang: str) -> str | None:
    """The question with its answer as a sentence; ``where`` is the answer with its preposition. None where the
    question is not of the forms that are turned."""
    if len(answer.split()) > _LONGEST or "\n" in question:
        return None
    bare = question.strip().strip("¿?. ").strip()
    if len(re.split(r"[?;]|, (?:and|y) ", bare)) > 1:
        return None
    made = _english(bare, answer, where) if lang == "en" else _spanish(bare, answer, where)
    return made[:1].upper() + made[1:].rstrip(" .") + "." if made else None


def _spanish(bare: str, answer: str, where: str) -> str | None:
    found = re.match(
        rf"(?i)^((?:en|a|de|por|con|para|desde|hasta)\s+)?({'|'.join(_WORDS['asking']['es'])})\b\s*(.*)$", bare
    )
    if not found or not found[3]:
        return None
    asking, rest = found[2].lower(), found[3]
    if asking.startswith("cuánt"):
        number = re.match(r"^[\d.,]+(?: mil| millones)?", answer)
        return f"{number[0]} {rest}" if number else None
    if asking == "qué" and (not found[1] or rest.split()[1:2] == ["de"]):
        return None  # the noun that follows has no sure end
    if asking in ("cuándo", "dónde") or found[1]:
        head = where if asking in ("cuándo", "dónde") else f"{(found[1] or '').strip()} {answer}"
        tail = rest if asking in ("cuándo", "dónde", "quién", "quiénes") else re.sub(r"^\w+\s+", "", rest, count=1)
        return f"{head} {tail}"
    return f"{answer} {rest}"


def _english(bare: str, answer: str, where: str) -> str | None:
    words = bare.split()
    words[0] = words[0].lower()
    at = next((i for i, w in enumerate(words[:3]) if w.lower() in _WORDS["asking"]["en"]), None)
    if at is None or len(words) - at < 3 or (at and words[at - 1].lower() not in _WORDS["prepositions"]["en"]):
        return None
    lead, asking, rest = words[:at], words[at].lower(), words[at + 1 :]  # "In", "which", "year did …"
    turn = next((i for i, w in enumerate(rest) if w.lower() in (*_DO, *_WORDS["modals"]["en"])), None)
    if asking == "how" and rest[0] == "many" and (turn is None or rest[turn] not in _DO):
        number = re.match(r"^(?:about |more than |some )?[\d.,]+(?: [mb]illion)?|^\w+$", answer)
        return f"{number[0]} {' '.join(rest[1:])}" if number else None
    if asking in ("why", "whose") or (asking == "how" and rest[0].lower() not in ("many", "much", "long", "old")):
        return None
    is_thing = asking in ("who", "whom", "what", "which") and not lead
    if turn is None or (is_thing and turn == 0 and rest[0] not in _DO):
        return _as_subject(answer, rest, asking, turn) if is_thing else None
    place = " ".join([*lead, answer]) if lead else answer if is_thing else where
    if rest[turn] in _DO:
        return _with_verb(rest[turn], rest[turn + 1 :], place, is_thing)
    following = rest[turn + 1 :]
    if is_thing and not (following and (following[0][0].isupper() or following[0] in _WORDS["before_nouns"]["en"])):
        return f"{answer} {' '.join(rest[turn:])}"
    return _turned_back(rest[turn], following, place)


def _as_subject(answer: str, rest: list[str], asking: str, turn: int | None) -> str | None:
    tail = rest if turn == 0 or asking == "who" else _after_noun(rest)
    return f"{answer} {' '.join(tail)}" if tail else None


def _after_noun(rest: list[str]) -> list[str]:
    """What follows "which company": from its verb on; nothing where none is told."""
    import lemminflect

    for i, word in enumerate(rest[:5]):
        if word.islower() and any(
            word in lemminflect.getAllInflections(lemma, "VERB").get(tag, ())
            for lemma in lemminflect.getAllLemmas(word).get("VERB", ())
            for tag in (("VBD", "VBZ") if i else ("VBD",))
        ):
            return rest[i:]
    return []


def _with_verb(auxiliary: str, rest: list[str], place: str, is_object: bool) -> str | None:
    for i, word in enumerate(rest):
        last = rest[i - 1].lower() if i else "the"
        if not i or not word.islower() or last in _WORDS["before_nouns"]["en"] or not _verb(word):
            continue
        if i + 2 < len(rest) and rest[i + 1].islower() and _verb(rest[i + 1]):
            continue
        tag = {"did": "VBD", "does": "VBZ"}.get(auxiliary)
        verb = _verb(word)[tag][0] if tag and tag in _verb(word) else word
        tail = rest[i + 1 :]
        if is_object and not (tail and tail[-1] in _WORDS["prepositions"]["en"]):
            return " ".join([*rest[:i], verb, place, *tail])
        return " ".join([*rest[:i], verb, *tail, place])
    return None


def _turned_back(auxiliary: str, rest: list[str], place: str) -> str:
    """ "was | the game released" as "the game was released"; without a participle the verb goes to the end."""
    for i, word in enumerate(rest):
        last = rest[i - 1].lower() if i else "the"
        if i and word.islower() and last not in _WORDS["before_nouns"]["en"] and (_is_participle(word) or _verb(word)):
            return " ".join([*rest[:i], auxiliary, *rest[i:], place])
    return " ".join([*rest, auxiliary, place])


def unnamed(question: str, answer: str, paragraph: str, lang: str, rng: random.Random) -> str | None:
    """The paragraph with what answers gone and its kind in its place ("the minister", "several"); None where the
    answer is neither a name nor a number, or stands there too often to be taken out."""
    kind = kind_of(answer)
    if kind == "words" or len(answer) < 2 or paragraph.count(answer) > 3:
        return None
    asks = question.lower()
    if kind == "year" or re.search(
        r"^\W*(?:\w+ )?(?:when|what (?:year|date|day)|which (?:year|date|day)|cuándo|qué (?:año|fecha|día))\b", asks
    ):
        group, before = "unnamed_day", "|".join(_WORDS["prepositions"][lang])
        pattern = rf"(?:\b(?:{before})\s+)?{re.escape(answer)}"
    elif kind == "number":
        group, pattern = "unnamed_number", re.escape(re.match(r"^[€$£]?[\d.,]*\d", answer)[0])  # type: ignore[index]
    else:
        is_place = re.search(
            r"^\W*(?:\w+ )?(?:where|(?:what|which|qué) (?:city|country|place|town|state|ciudad|país|lugar)|dónde)\b",
            asks,
        )
        group = "unnamed_place" if is_place else "unnamed_person"
        pattern = rf"(?:(?:[Tt]he|[Aa]n?|[Ee]l|[Ll]as?|[Ll]os|[Uu]na?) )?{re.escape(answer)}"
    word = rng.choice(_WORDS[group][lang])
    made = re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", word, paragraph)
    made = re.sub(r"(^|[.!?] )([a-z])", lambda m: m[1] + m[2].upper(), made)
    return made if made != paragraph and answer.lower() not in made.lower() else None
