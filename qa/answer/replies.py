"""A model's reply, piece by piece as it comes, into drafts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count as numbers
from itertools import pairwise

from qa.language.text import sentences, words
from qa.language.words import alternatives, load
from qa.types import Draft, Proposal

_REPLIES = load("replies")
LETTERS, DIGITS = "bcdfghjkmnpqrstvwxz", "23456789"  # no vowels, no l, o, 0, 1: no words, nothing to misread
_PATIENCE = 600  # characters: past this a quotation mark that was never closed no longer holds a sentence back
_REACH = 60  # characters that a bracket of marks may have
_TERMINATORS = ".!?…。！？｡؟۔।։"
_OPENS, _CLOSES, _SQUARE = "[【［(（", "]】］)）", "[【［"
_INVENTED = re.compile(rf"[{LETTERS}][{DIGITS}][{LETTERS}]|\d{{1,3}}")  # a mark, if not one that was given
_FILLER = frozenset(_REPLIES["marks"])
_HEADING = re.compile(  # a line that claims nothing: "## Answer", "**Answer**", a fence
    r"^(?:#{1,6} .*[^\s.!?…。:\])】]|\*\*[^*\n]*[^*\s.!?…。:\])】]\*\*|```\w*) ?(?=\n)", re.MULTILINE
)
_ITEM = re.compile(r"^(?:(?:[-*+•–—>]|#{1,6}) )+|^(\d{1,2})[.)] ", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*_])[*_]{1,3}(?=[^\s*_])|(?<=[^\s*_])[*_]{1,3}(?![\w*_])|`+(?:\w+$)?")
_INSIDE = re.escape(_OPENS + _CLOSES)
_BRACKET = (
    rf"(?P<open>[{re.escape(_OPENS)}])(?P<twice>(?P=open))?\^?"
    rf"(?P<inside>[^{_INSIDE}\n]{{1,{_REACH}}})[{re.escape(_CLOSES)}](?(twice)[{re.escape(_CLOSES)}]?)"
)
_UNCLOSED = re.compile(rf"[{re.escape(_OPENS)}]\^?([^{re.escape(_CLOSES)}\n]{{0,{_REACH}}})$")
_HALF = re.compile(rf"<[/a-zA-Z]{{0,10}}\Z|^(?:#|```)[^\n]*\Z|\b[{LETTERS}](?:[{DIGITS}][{LETTERS}]?)?\Z", re.M)
_THOUGHT = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>$", re.IGNORECASE)
_WORD = re.compile(r"\w")
_ORDINAL = re.compile(r"\d{1,2}\.")
_ENDS = re.compile(rf"[{_TERMINATORS}\n]")
_LABEL = re.compile(rf"^(?:answer(?: in \w+)?|{alternatives(_REPLIES['labels'])})\s*[:：]\s*", re.I)
# What a mark leaves behind: the brackets of "it rained ([k7f])", the space of "it rained [k7f] ."
_HOLLOW = re.compile(r" ?[(（][ :,]*(?:see|source|fuente)?[ :,]*[)）]| (?=[.,](?:\s|$))")
_CREDIT = re.compile(  # "According to [k7f], it rained": what is left of it without the mark
    rf"^(?:{alternatives(_REPLIES['credits'])})(?: the| la| el)?"
    r"(?: passages?| sources?| pasajes?| fuentes?)?(?: and| y)?\s*,\s*",
    re.IGNORECASE,
)
_NONE = rf"no[ _-]answers?|{alternatives(*_REPLIES['no_answer'].values())}"
_REFUSAL = re.compile(rf"^\W*(?:NO[ _]ANSWER\b|(?i:{_NONE})\s*(?:$|[^\w\s,]))(?P<rest>.*)$", re.DOTALL)
_LIST = re.compile(r'\s*\{\s*"claims"\s*:\s*\[\s*')
_COMMA = re.compile(r"\s*,\s*")


class Unwrapped:
    """Turns a reply in the form of `schema` into the plain text that `DraftStream` reads, a claim when it is whole;
    any other reply stays as it is."""

    def __init__(self) -> None:
        self._raw = ""
        self._at = 0  # how far it was read

    def feed(self, piece: str) -> str:
        """The plain text that is known now and was not before."""
        self._raw += piece
        if self._raw.lstrip()[:1] not in ("", "{"):
            said, self._at = self._raw[self._at :], len(self._raw)
            return said
        return "".join(self._claims()) if "}" in piece else ""

    def end(self) -> str:
        """The refusal of a reply without claims; a reply in another form as it is; nothing of one that broke off before
        its first claim was whole."""
        if self._at:
            return ""
        try:
            return f"NO ANSWER. {json.loads(self._raw)['missing']}"
        except (ValueError, TypeError, KeyError):
            return "" if _LIST.match(self._raw) else self._raw

    def _claims(self) -> Iterator[str]:
        while begun := _COMMA.match(self._raw, self._at) if self._at else _LIST.match(self._raw):
            try:
                claim, at = json.JSONDecoder().raw_decode(self._raw, begun.end())
                text, marks = str(claim["text"]), ", ".join(map(str, claim["keys"]))
            except (ValueError, TypeError, KeyError):
                return
            self._at = at
            yield f"{text} [{marks}]\n" if marks else f"{text}\n"


_Mark = tuple[int, tuple[str, ...]]  # where it stands in the plain text, and the keys that it names


class DraftStream:
    """Reads a reply piece by piece into drafts; ``refusal`` is set once it says NO ANSWER.

    ``shown`` is each passage's address by its key; ``heads`` are lines that claim nothing when they are repeated. The
    reply is read character by character, so how it was cut into pieces never matters. A sentence is whole when the
    next one has begun, after any marks that follow it; its marks become proposals, unknown ones are dropped. Anything
    with ``feed``, ``end`` and ``refusal`` can take this place, such as a reader of structured output.
    """

    def __init__(self, shown: Mapping[str, str], language: str, *, heads: Iterable[str] = ()) -> None:
        self.refusal: str | None = None
        self._shown = shown
        self._heads = frozenset(heads)
        self._language = language
        bare = "|".join(map(re.escape, shown)) or r"(?!)"
        self._marks = re.compile(rf"(?P<before>\s?)(?:{_BRACKET}|\b(?P<bare>{bare})\b) ?")
        self._raw = ""
        self._thought: str | None = None
        self._from = 0  # where in the plain text the next sentence begins
        self._used = 0  # marks that belong to sentences before it

    def feed(self, piece: str) -> Iterator[Draft]:
        """The drafts that are whole now and were not before."""
        for char in piece:
            before = self._raw[-1:]
            if self._take(char) and char.isalnum() and not before.isalnum():  # a new word may begin a new sentence
                yield from self._whole()

    def end(self, *, cut: bool = False) -> Iterator[Draft]:
        """The drafts that were still waiting for what follows; of a reply that was ``cut``, none that is half."""
        self._raw = self._closed(self._raw)
        plain, marks, leading = self._plain(self._raw)
        spans = self._spans(plain)
        for number, (start, end) in enumerate(spans):
            last = number == len(spans) - 1
            found = self._marks_before(marks, len(plain) + 1 if last else end, leading=leading)
            half = cut and last and plain[start:end][-1] not in _TERMINATORS + "\"”»'’」"
            if not half or any(at >= end for at, _ in marks):
                yield from self._draft(plain[start:end], found)
        self._from, self._raw = 0, ""

    def _take(self, char: str) -> bool:
        """Adds a character to what was read; False for white space and while the model thinks aloud."""
        if self._thought is not None:
            self._thought = (self._thought + char)[-12:]
            if _THOUGHT.search(self._thought):
                self._thought = None
            return False
        if char.isspace():
            self._space("\n" if char in "\n\r" else " ")
            return False
        self._raw += char
        if char == ">" and (tag := _THOUGHT.search(self._raw)):
            self._thought = None if tag[1] else ""
            self._raw = "" if tag[1] else self._raw[: tag.start()]
            self._from, self._used = (0, 0) if tag[1] else (self._from, self._used)
        return True

    def _space(self, space: str) -> None:
        """Adds white space, folded: a run of it becomes one line break or one space."""
        if not self._raw[-1:].isspace():
            self._raw += space if self._raw else ""
        elif space == "\n":
            self._raw = self._raw[:-1] + space

    def _whole(self) -> Iterator[Draft]:
        """The drafts of the sentences after which another has begun."""
        plain, marks, leading = self._plain(_steady(self._raw))
        if not _ENDS.search(plain, self._from):
            return
        spans = self._spans(plain)
        for (start, end), (following, _) in pairwise(spans):
            line = plain[start : plain.find("\n", end) if "\n" in plain[end:following] else len(plain)]
            if _is_quoting(line) and len(line) < _PATIENCE:
                return
            self._from = following
            yield from self._draft(plain[start:end], self._marks_before(marks, end, leading=leading))

    def _draft(self, sentence: str, marks: Sequence[str]) -> Iterator[Draft]:
        """The sentence with its proposals; nothing for an introduction, and for a refusal and what follows it."""
        text = _tidy(sentence)
        if self.refusal is None and (refusal := _REFUSAL.match(text)):
            self.refusal = refusal["rest"].lstrip(" .:;*–—-")
        elif self.refusal is not None:
            self.refusal = self.refusal or text
        elif text and text not in self._heads:
            yield Draft(text, tuple(Proposal(self._shown[key]) for key in dict.fromkeys(marks)))

    def _marks_before(self, marks: Sequence[_Mark], end: int, *, leading: bool) -> list[str]:
        """The keys of the marks up to the end of a sentence that no sentence before it had."""
        found: list[str] = []
        limit = end if leading else end + 1
        while self._used < len(marks) and marks[self._used][0] < limit:
            found += marks[self._used][1]
            self._used += 1
        return found

    def _plain(self, raw: str) -> tuple[str, list[_Mark], bool]:
        """The words without Markdown and marks, the marks with their places in them, and whether marks come first.

        A mark stands at the end of the words before it, or, in a reply that begins with one, before the words it
        belongs to.
        """
        raw = _unmarked(raw)
        plain, at, leading = "", 0, False
        marks: list[_Mark] = []
        for found in self._marks.finditer(raw):
            keys = self._known(found)
            if keys is None:
                continue
            plain, at = plain + raw[at : found.start()], found.end()
            leading = leading if marks else not _WORD.search(plain)
            glue = ""
            if leading:
                plain += found["before"]
            else:
                plain = plain.rstrip(" ")
                glue, at = _glue(plain, raw, at)
            marks.append((len(plain), keys))
            plain += glue
        return plain + raw[at:], marks, leading

    def _known(self, found: re.Match[str]) -> tuple[str, ...] | None:
        """The keys in a bracket that were given, none for a bracket of invented ones, None for a bracket of words."""
        said = words(found["bare"] or found["inside"])
        known = tuple(word for word in said if word in self._shown)
        if known:
            return known
        marklike = all(word in _FILLER or _INVENTED.fullmatch(word) for word in said)
        return () if said and marklike and found["open"] in tuple(_SQUARE) else None

    def _spans(self, plain: str) -> list[tuple[int, int]]:
        """The sentences that have a word, from where the last draft ended; none goes over a line break."""
        spans: list[tuple[int, int]] = []
        for line in re.finditer(r"[^\n]+", plain[self._from :]):
            at, began = self._from + line.start(), None
            for start, end in sentences(line[0], self._language):
                start, began = start if began is None else began, None
                if _ORDINAL.fullmatch(line[0], start, end) and end < len(line[0].rstrip()):
                    began = start  # "12." of "12. November" is no sentence, the next one begins with it
                else:
                    spans.append((at + start, at + end))
        return [(start, end) for start, end in spans if _WORD.search(plain[start:end])]

    def _closed(self, raw: str) -> str:
        """The reply with its last bracket closed when a key stands in it, and without it when it had just begun."""
        half = _UNCLOSED.search(raw)
        if half is None:
            return raw
        if any(word in self._shown for word in words(half[1])):
            return raw + "]"
        return raw[: half.start()] if len(half[1]) < 3 and half[0][0] in _SQUARE else raw


def _steady(raw: str) -> str:
    """The reply up to where more of it may still turn out to be a mark, a tag or a heading."""
    opened = _UNCLOSED.search(raw)
    raw = raw[: opened.start()] if opened else raw
    half = _HALF.search(raw)
    return raw[: half.start()] if half else raw


def _unmarked(raw: str) -> str:
    """The reply without Markdown. The bullet or number of an item (1, 2, 3 in order) becomes a second line break."""
    order = numbers(1)
    expected = next(order)

    def item(found: re.Match[str]) -> str:
        nonlocal expected
        if found[1] and int(found[1]) != expected:  # "12. November" is a date
            return found[0]
        expected = next(order) if found[1] else expected
        return "\n"

    return _EMPHASIS.sub("", _ITEM.sub(item, _HEADING.sub("", raw)))


def _glue(plain: str, raw: str, at: int) -> tuple[str, int]:
    """What stands for a mark that was taken out before ``raw[at]``, and where to read on."""
    after = raw[at : at + 1]
    ended = plain.endswith(tuple(_TERMINATORS))
    if ended and after == ".":
        return "", at + 1  # "It rained. [k7f]." has one full stop too many
    if after.isupper() and not ended and len(plain[plain.rfind("\n") + 1 :].split()) > 3:
        return "\n", at  # "It rained on Monday [k7f] The sun came back" has one too few
    return (" " if _WORD.match(after) or after in tuple(_OPENS + "\"“«'") else ""), at


def _is_quoting(text: str) -> bool:
    """Whether a quotation or a bracket has begun in the text and not ended."""
    if text.count('"') % 2 or any(text.count(a) > text.count(b) for a, b in ("()", "«»", "「」")):
        return True
    closed = text.count("”") + (text.count("“") if "„" in text else 0)
    return text.count("„" if "„" in text else "“") > closed


def _tidy(sentence: str) -> str:
    """The sentence in one line without "Answer:" and the like; empty for one that only introduces or lists."""
    text = _LABEL.sub("", _HOLLOW.sub("", " ".join(sentence.split())))
    text, credited = _CREDIT.subn("", text)
    text = (text[:1].upper() + text[1:] if credited else text).lstrip(" ,;:*_").rstrip(" ,;*_")
    return "" if text.endswith((":", "：")) or not _WORD.search(text) else text
