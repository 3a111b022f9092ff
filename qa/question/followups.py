"""The question as it is searched: completed from the chat it leans on, taken apart where it asks two things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise, takewhile

from qa.language.mentions import names
from qa.language.names import is_place
from qa.language.text import detect_language, sentences, stems
from qa.language.words import alternatives, load
from qa.messages import catalogue
from qa.types import Turn

_WORDS, _POINTERS = load("questions"), load("pronouns")


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(words)})\b", re.IGNORECASE)


# Words that stand for a person: they point back unless somebody was named before them in the same question.
_PERSON = _any_of(_POINTERS["person"])
# Words that may point back, and often do not ("it rained", "the day that …").
_POINTING = _any_of(_POINTERS["pointing"])
_THIS, _ALL = _any_of(_POINTERS["this"]), _any_of(chain(*load("folder")["collection"].values()))
_OPENING = re.compile(rf"^\W*({'|'.join(_POINTERS['opening'])})\b", re.IGNORECASE)
# Search tokens of a question, of which fewer do not say what is meant. What each is worth `evals.bench.sweep` of
# `python -m evals.bench.followups DATA` prints, on evals/questions/*_chats.jsonl: 76 of 76 follow-ups are found, and no
# question of another topic is lost by a chat.
FEW = 3  # of a question alone; the same with 2 and 4: a choice
FEW_IN_CHAT = 4  # in a chat, where it has no name: "¿En qué se convirtió la mayor parte?" has three
TOPIC = 2  # of what a chat is about: "who's harriet's dad", not "By how much?"; the same with 1 and 3: a choice

_ASKING = rf"(?:{'|'.join([*_WORDS['asking']['en'], *_WORDS['asking']['es']])})"
# "What did A say, and how did B react?": a second question word after "and" or a colon. After a comma alone it is
# mostly a relative clause, but where it can be none: "…, where did he go", "…, how many came".
_SECOND = re.compile(
    rf"(?:[;:]\s*|,?\s+(?:and|y|but|pero)\s+)(?=(?:(?:{'|'.join(_WORDS['before'])}) )?{_ASKING}\b)|"
    rf",\s+(?=(?:{alternatives(*_WORDS['direct'].values())})\b)",
    re.IGNORECASE,
)
_EACH = _any_of([*_WORDS["each"], r"differ\w*", r"difier\w+"])
ASKS = re.compile(rf"\b{_ASKING}\b", re.IGNORECASE)
_LIST = re.compile(
    rf"\b(?:{'|'.join(_WORDS['listing'])})\s+"
    r"(?:are |were |son |eran |other |otr[oa]s )?(?:the |los |las )?"
    r"(?:\w+\s+){0,2}?(?!does\b|this\b|was\b|is\b)(?:\w{3,}[^s\W]s)\b|"
    r"\b(?:list|all|every|todos|todas|quiénes)\b",
    re.IGNORECASE,
)
_MOST_PARTS = 6
# Questions one after another: each up to its mark; in lines, where each is numbered, ends in a mark or opens one.
_NEXT_NUMBER = re.compile(r"\s+(?=\(?[1-9][.)]\s)")
_TO_MARK = re.compile(r"[^?？؟]*[?？؟]+[\s)\"”»]*")
_NUMBER = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[-*•])\s+")
_MARK = re.compile(r"[?？؟]$")
_ENDS = re.compile(r"[.!?？؟。]\W*$")
_BEGINS = re.compile(rf"^\s*(?:¿|{_ASKING}\b)", re.IGNORECASE)


def standalone(question: str, turns: Sequence[Turn], words: Callable[[str, str], str] | None = None) -> str:
    """The question as it can be searched: itself, or with the questions it leans on put before it.

    ``words`` says which words of a text answer a question; those of the last answer go with its question, for "he" may
    be the answer.
    """
    asked = [i for i, turn in enumerate(turns) if turn.role == "user"]
    if not asked or not leans(question):
        return question
    topics = [i for i in asked if _has_topic(turns[i].content)]  # "By how much?", "And the turnout?" have none
    if topics and (other := exchanged(question, turns[topics[-1]].content)):
        return other
    before = sorted({*topics[-1:], asked[-1]})
    return " ".join([*(_answered(turns[i:], words) for i in before), question])


def exchanged(question: str, before: str) -> str:
    """The question before with what is asked for instead: "What did Kelm pay?" after "What did Orsk pay?" and "and
    Kelm?"; "" where the question says more, or what it would take the place of is not plain.

    A name takes the place of the first of its sort, "the interior minister" that of "the finance minister".
    """
    found, language = _INSTEAD.match(question), detect_language(before)
    if not found or ASKS.search(found["what"]) or len(found["what"].split()) > _INSTEAD_WORDS:
        return ""
    what = found["what"]
    named, there = names(f"x {what}", language), names(before, language)  # the first word's capital tells nothing
    if len(named) == 1 and named[0].text == what:
        of_sort = (m for m in there if is_place(m.text.split()[-1]) == is_place(what.split()[-1]))
        old = next(((m.start, m.end) for m in of_sort), None)
    else:
        old = next((m.span() for m in re.finditer(rf"\b\w+(?:\s\w+)?\s{re.escape(what.split()[-1])}\b", before)), None)
        old = old if old and len(what.split()) > 2 and before[old[0] :].startswith(f"{what.split()[0]} ") else None
    return f"{before[: old[0]]}{what}{before[old[1] :]}" if old else ""


_INSTEAD_WORDS = 5  # of what is asked for instead; a longer text is a question of its own; a choice
_INSTEAD = re.compile(
    rf"^\W*(?:(?:{alternatives(_POINTERS['opening'])})\b[\s,]*){{1,2}}(?:for|de|con)?\s*(?P<what>[^?!.,;]+?)\W*$",
    re.IGNORECASE,
)


def _answered(turns: Sequence[Turn], words: Callable[[str, str], str] | None) -> str:
    """The first of these turns, a question, and the words of the reply that answer it."""
    question = turns[0].content
    reply = " ".join(turn.content for turn in takewhile(lambda turn: turn.role == "assistant", turns[1:]))
    if not words or not reply or reply.startswith(catalogue(detect_language(reply))["none"]):
        return question
    return with_answer(question, words(question, reply))


def with_answer(question: str, answer: str) -> str:
    """A question that was asked and its answer, as a follow-up has them before it; so the reader is trained."""
    return f"{question if _ENDS.search(question) else question.rstrip() + '?'} {answer}".strip()


def _has_topic(question: str) -> bool:
    return not points(question) and len(stems(question, detect_language(question))) >= TOPIC


def leans(question: str) -> bool:
    """Whether the question cannot be understood alone: it opens with "and", points back, or says very little."""
    language = detect_language(question)
    return points(question) or not (names(question, language) or len(stems(question, language)) >= FEW_IN_CHAT)


def points(question: str) -> bool:
    """Whether the question opens with "and", or points at somebody or something that it does not name."""
    named = names(question, detect_language(question))
    person = _PERSON.search(question)
    if _OPENING.search(question) or (person and not any(m.end <= person.start() for m in named)):
        return True
    return not named and bool(_POINTING.search(question))


def points_at_one(question: str) -> bool:
    """Whether a text points at the one thing that was just shown ("summarise this"), and at nothing that it names."""
    language = detect_language(question)
    return bool(_THIS.search(question)) and not _ALL.search(question) and not names(question, language)


def pointless(question: str) -> bool:
    """Whether a question without a chat before it points at somebody or something it does not name."""
    language = detect_language(question)
    pointing = _PERSON.search(question) or _POINTING.search(question)
    return bool(pointing) and not names(question, language) and len(stems(question, language)) < FEW


def parts(question: str) -> list[tuple[str, str]]:
    """The questions that are asked at once, at the most six, usually one: each as it can be searched, and its own words
    at the end of that.

    They are taken apart at question marks, in lines of their own, at a second question word ("…, and how …"), and at
    names that are asked about one by one ("How did A and B each react?"). A later part without a name gets the first's,
    and one that leans has the first before it.
    """
    each = _lines(question) or _marked(question) or [_without_preamble(question)]
    if len(each) == 1:
        each = _pieces(each[0])
    if len(each) == 1:
        each = _one_by_one(each[0]) or each
        return [(one, one) for one in each]
    return [(each[0], each[0]), *(_after(each[0], piece) for piece in each[1:_MOST_PARTS])]


def _after(first: str, piece: str) -> tuple[str, str]:
    """A later part with the names that it takes from the first, or, where there are none and it leans, behind it."""
    named = _with_names(piece, first)
    return (f"{first} {piece}" if named == piece and leans(piece) else named, piece)


def _lines(question: str) -> list[str]:
    """The questions of a text that has one in each line; [] where its lines are no questions of their own."""
    if len(question.splitlines()) == 1 and _NUMBER.match(question):  # "1. Who …? 2. where …"
        question = _NEXT_NUMBER.sub("\n", question)
    lines = [line.strip() for line in question.splitlines() if line.strip()]
    alone = any(all(pattern.search(line) for line in lines) for pattern in (_NUMBER, _BEGINS, _MARK))
    bare = [_NUMBER.sub("", line).strip() for line in lines]
    return bare if len(lines) > 1 and alone and all(_says(line) for line in bare) else []


def _marked(question: str) -> list[str]:
    """The questions of a text that has several, each up to its mark; [] with one or none. What stands after the last
    mark asks nothing, unless it begins as questions do."""
    marks = list(_TO_MARK.finditer(question))
    rest = question[marks[-1].end() :].strip() if marks else ""
    found = [*(m[0].strip() for m in marks), *([rest] if _BEGINS.match(rest) and len(rest.split()) >= _PIECE else ())]
    return found if len(found) > 1 and all(_says(one) for one in found) else []


def _without_preamble(question: str) -> str:
    """The one sentence of a text that ends in a mark, where it can be understood without the others ("I am writing
    about the coast. How much will the harbour of Kelm cost? It is urgent."); else the text."""
    spans = sentences(question, detect_language(question))
    asking = [question[start:end] for start, end in spans if _MARK.search(question[start:end].rstrip())]
    told = len(asking) == 1 and not points(asking[0]) and len(stems(asking[0], detect_language(asking[0]))) >= FEW
    return asking[0] if told else question


def _says(piece: str) -> bool:
    return len(re.findall(r"\w+", piece)) > 1


def _pieces(question: str) -> list[str]:
    """The question cut before each further question word; what stands before the first one stays with it, and what is
    asked about at the end ("what does A say and what does B say about X") goes with each. Whole where a piece would be
    too short to ask anything."""
    cuts = [m for m in _SECOND.finditer(question) if ASKS.search(question[: m.start()])]
    starts = [0, *(m.end() for m in cuts)]
    ends = [*(m.start() for m in cuts), len(question)]
    pieces = [question[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    if any(len(piece.split()) < _PIECE for piece in pieces):
        return [question]
    about = _TOPIC_AT_END.search(pieces[-1])
    return [f"{one} {about['topic']}" if about and one.endswith(f" {about['verb']}") else one for one in pieces]


_PIECE = 3  # words of a question at least: a choice
_TOPIC_AT_END = re.compile(
    rf"\b(?P<verb>\w+)\s+(?P<topic>(?:{alternatives(*load('folder')['about'].values())})\s.+?)\W*$", re.IGNORECASE
)


def _with_names(piece: str, first: str) -> str:
    """A later part with the names it takes from the first part in front of it, when it has none of its own."""
    language = detect_language(first)
    taken = " ".join(m.text for m in names(first, language))
    return f"{taken}: {piece}" if taken and (_PERSON.search(piece) or not names(piece, language)) else piece


def _one_by_one(question: str) -> list[str]:
    """The question asked of each of two joined names, where it says "each", "both" or compares, and of each of three or
    more words before one noun ("the finance, energy and interior ministers")."""
    if found := _BEFORE_NOUN.search(question):
        each = [*re.split(r",\s*", found["first"]), found["last"]]
        return [f"{question[: found.start()]}{one} {found['noun']}{question[found.end() :]}" for one in each]
    if found := _BEHIND_NOUN.search(question):
        each = [*re.split(r",\s*(?:de\s+)?", found["first"]), found["last"]]
        return [f"{question[: found.start()]}{found['noun']} de {one}{question[found.end() :]}" for one in each]
    if not _EACH.search(question):
        return []
    named = names(question, detect_language(question))
    for first, second in pairwise(named):
        lead = re.findall(r"\w+$", question[: first.start].rstrip())
        joiner, *again = question[first.end : second.start].strip(" ,'’s").split() or [""]
        if joiner in _WORDS["joining"] and (not again or again == lead):
            asked = [f"{question[: first.start]}{name.text}{question[second.end :]}" for name in (first, second)]
            return [" ".join(_EACH.sub("", one).split()) for one in asked]
    return []


def compares(question: str) -> bool:
    """Whether two things are asked about side by side ("Compare A and B")."""
    return sides(question) is not None or len(_one_by_one(question)) == 2


def sides(question: str) -> tuple[str, str] | None:
    """The two things that a text wants set side by side, and nothing else of them: "Compare A and B", "A vs B"."""
    if len(question) > _LONGEST:
        return None
    forms = (_COMPARED.search(question), _VERSUS.search(question), _DIFFER.search(question))
    named = next((tuple(filter(None, found.groups())) for found in forms if found), ())
    if len(named) != 2 or any(ASKS.search(side) or len(side.split()) > _SIDE for side in named):
        return None
    one, other = (_OF_ARTICLES.sub("", side) for side in named)
    return one, other


_LONGEST = 200  # characters of a text that only wants two things compared
_SIDE = 7  # words of what is compared; a longer one asks for something of it
_COMPARED = re.compile(
    rf"^(?:\W*\b\w+\b){{0,5}}?\W*\b(?:{alternatives(*_WORDS['comparing'].values())})\s+(?P<one>.+?)\s*,?\s+"
    rf"(?:{'|'.join(_WORDS['joining'])}|to)\s+(?P<other>.+?)\W*$",
    re.IGNORECASE,
)
# "How do A and B differ?", "¿En qué se diferencian A y B?"
_DIFFER = re.compile(
    rf"^\W*(?:how (?:do|does|did) (?P<one>.+?)\s+(?:{'|'.join(_WORDS['joining'])})\s+(?P<other>.+?)\s+"
    r"(?:differ|compare)|"
    r"how (?:is|are|was|were) (?P<this>.+?) different (?:from|to) (?P<that>.+?)|"
    r"en qué se diferencian?\s+(?P<uno>.+?)\s+(?:y|e|de)\s+(?P<otro>.+?))\W*$",
    re.IGNORECASE,
)
# "the articles on A and on B": what they are about
_OF_ARTICLES = re.compile(
    rf"^(?:(?:the|el|la|los|las)\s+)?(?:(?:{alternatives(*load('folder')['nouns'].values())})\s+)?"
    rf"(?:{alternatives(*load('folder')['about'].values())})\s+",
    re.IGNORECASE,
)
_VERSUS = re.compile(r"^\W*(?P<one>[^?]+?)\s+(?:vs\.?|versus)\s+(?P<other>[^?]+?)\W*$", re.IGNORECASE)


# Three words or more before one noun, or behind it in Spanish: each with the noun is asked for by itself.
_BEFORE_NOUN = re.compile(
    r"(?<=\bthe )(?P<first>[a-z]+(?:, [a-z]+)+),? and (?P<last>[a-z]+) (?P<noun>[a-z]+)\b", re.IGNORECASE
)
_BEHIND_NOUN = re.compile(
    r"\b(?P<noun>\w+) de (?P<first>[^\W\d]+(?:, (?:de )?[^\W\d]+)+),? [ye] (?:de )?(?P<last>[^\W\d]+)\b", re.IGNORECASE
)


def wants_list(question: str) -> bool:
    """Whether several things are asked for ("Which countries …", "List …")."""
    return bool(_LIST.search(question))
