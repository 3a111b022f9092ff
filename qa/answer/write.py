"""The answer that a language model writes: the passages under opaque keys, its stream, its sentences with their marks.

``write`` asks and gives back a ``Writing``, an iterator of drafts. Nothing here judges whether a draft is true.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count as numbers
from itertools import pairwise
from typing import Any, Self

from qa.answer import prompts, tokens
from qa.errors import ModelReply, UsageError
from qa.language.text import sentences, words
from qa.language.words import alternatives, load
from qa.llm.endpoint import ChatModel, Delta, Message, OpenAIModel
from qa.types import Draft, Evidence, Proposal, Turn, Usage

REPLY_TOKENS = 1024  # four sentences take some 200; models that think aloud take more before they begin
_TURNS = 6  # of the chat, the last: what a follow-up leans on stands there
_TURN = 600  # characters of each
_LOOP = 3  # times that a sentence is heard before the model is stopped: small ones never come out of a loop
_LETTERS, _DIGITS = "bcdfghjkmnpqrstvwxz", "23456789"  # no vowels, no l, o, 0, 1: no words, nothing to misread
_PATIENCE = 600  # characters: past this a quotation mark that was never closed no longer holds a sentence back
_REACH = 60  # characters that a bracket of marks may have

_LANGUAGES, _REPLIES = load("languages")["names"]["en"], load("replies")


def write(
    question: str,
    evidence: Sequence[Evidence],
    turns: Sequence[Turn] = (),
    *,
    model: ChatModel,
    language: str,
    budget: int,
    as_of: date | None = None,
    max_tokens: int = REPLY_TOKENS,
    brief: bool = False,
) -> Writing:
    """The drafts of an answer in ``language`` (ISO 639-1), as the model writes them.

    ``budget`` is in tokens and holds the passages (see ``tokens.fit``). ``brief`` is for a model of a few billion
    weights: a shorter prompt (`answer_local.md`) without keys, so that its drafts come without proposals. A model that
    is ``structured`` is held to the form of `schema`; what it writes in another is read as plain text.

    Raises PromptError, UsageError when the budget does not hold one sentence of evidence, and while it is iterated a
    ModelError.
    """
    prompt = prompts.load("answer_local" if brief else "answer")
    name = {} if brief else {address: key for key, address in keys(evidence, question, turns).items()}

    def render(found: Evidence) -> str:
        return _line(found) if brief else _passage(found, name[found.address])

    fitting = tokens.fit(evidence, budget, render=render, model=model.identity)
    if evidence and not fitting:
        raise UsageError(f"A budget of {budget} tokens does not hold one sentence of evidence; allow more.")
    parts = prompt.parts(
        language=named(language),
        history=told_so_far(turns),
        passages="\n".join(map(render, fitting)) or "None.",
        as_of=as_of.isoformat() if as_of else "not given",
        question=inert(question),
    )
    shown = {name[found.address]: found.address for found in fitting if found.address in name}
    stream = DraftStream(shown, language, heads=map(_head, fitting))
    form = schema(shown) if isinstance(model, OpenAIModel) and model.structured and shown else None
    if form:
        said = prompts.load("form")
        parts, sha = (*parts[:-1], f"{parts[-1]}\n\n{said.text}"), f"{prompt.sha}+{said.sha}"
    else:
        sha = prompt.sha
    return Writing(model, messages(parts), stream, prompt_sha=sha, max_tokens=max_tokens, form=form)


def schema(keys: Iterable[str]) -> dict[str, Any]:
    """The form of a reply over passages of these keys: claims of one sentence with its keys, and what is missing where
    there are none. A JSON schema in the strict subset that OpenAI takes."""
    key = {"type": "array", "items": {"type": "string", "enum": list(keys)}}
    claim = _closed_object(text={"type": "string"}, keys=key)
    return _closed_object(claims={"type": "array", "items": claim}, missing={"type": "string"})


def _closed_object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


class Writing(Iterator[Draft]):
    """The drafts of one reply, each once. ``usage`` and ``refusal`` are final when the iteration has ended.

    ``refusal`` is what the model says is missing when it wrote NO ANSWER ("" when it does not say), else None; drafts
    may have come before it. Raises ModelReply when a reply ends with neither a draft nor a refusal.
    """

    def __init__(
        self,
        model: ChatModel,
        messages: Sequence[Message],
        stream: DraftStream,
        *,
        prompt_sha: str,
        max_tokens: int,
        form: Mapping[str, Any] | None = None,
    ) -> None:
        self.prompt_sha = prompt_sha
        self.usage = Usage()
        self.model = model.identity
        self._stream = stream
        self._unwrapped = Unwrapped() if form else None
        self._drafts = self._run(_asked(model, messages, max_tokens, form))

    @property
    def refusal(self) -> str | None:
        return self._stream.refusal

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Draft:
        return next(self._drafts)

    def close(self) -> None:
        """Stops the model where it is; harmless after the end."""
        self._drafts.close()

    def _run(self, deltas: Iterator[Delta]) -> Generator[Draft]:
        self.usage = Usage(calls=1)
        said: dict[str, int] = {}
        try:
            for draft in self._read(deltas):
                said[draft.text] = said.get(draft.text, 0) + 1
                if said[draft.text] == 1:
                    yield draft
                elif said[draft.text] == _LOOP:
                    break
        finally:
            if isinstance(deltas, Generator):
                deltas.close()  # or the model would go on writing
        if not said and self.refusal is None:
            raise ModelReply(f"{self.model} wrote no whole sentence; ask again, or allow its replies more tokens.")

    def _read(self, deltas: Iterable[Delta]) -> Iterator[Draft]:
        cut = False
        for delta in deltas:
            self.usage, cut = delta.usage or self.usage, cut or delta.cut
            yield from self._stream.feed(self._unwrapped.feed(delta.text) if self._unwrapped else delta.text)
        if self._unwrapped:
            yield from self._stream.feed(self._unwrapped.end())
        yield from self._stream.end(cut=cut)


def _asked(
    model: ChatModel, messages: Sequence[Message], max_tokens: int, form: Mapping[str, Any] | None
) -> Iterator[Delta]:
    if form and isinstance(model, OpenAIModel):
        return model.stream(messages, max_tokens=max_tokens, form=form)
    return model.stream(messages, max_tokens=max_tokens)


# The prompt


def keys(evidence: Iterable[Evidence], question: str = "", turns: Iterable[Turn] = ()) -> dict[str, str]:
    """Each paragraph's address by its key (``k7f``): the same key for the same words at the same place.

    Keys are letter, digit, letter, and never a word of what the model reads, so that in a reply they are only marks.
    """
    evidence = list(evidence)
    read = [question, *(turn.content for turn in turns)]
    read += [f"{found.title} {found.source} {found.paragraph.text}" for found in evidence]
    taken = set(words(" ".join(read)))
    keyed: dict[str, str] = {}
    for found in evidence:
        key = next(key for key in _candidates(found.paragraph.anchor) if key not in taken)
        taken.add(key)
        keyed[key] = found.address
    return keyed


def _candidates(anchor: str) -> Iterator[str]:
    for salt in numbers():
        a, b, c = hashlib.sha256(f"{anchor} {salt}".encode()).digest()[:3]
        yield _LETTERS[a % len(_LETTERS)] + _DIGITS[b % len(_DIGITS)] + _LETTERS[c % len(_LETTERS)]


def named(language: str) -> str:
    """The language of a code (ISO 639-1) as a prompt names it."""
    return " ".join(_LANGUAGES.get(language, (f"the language whose code is {language}",)))


def messages(parts: Sequence[str]) -> tuple[Message, ...]:
    """The parts of a prompt as messages: the system's, then the user's and the assistant's in turn."""
    system, *turns = parts
    said = (Message("assistant" if number % 2 else "user", part) for number, part in enumerate(turns))
    return Message("system", system), *said


def _passage(found: Evidence, key: str) -> str:
    """The passage in two lines: its key with what is known of the article, and its words."""
    return f"[{key}] {_head(found)}\n{inert(found.paragraph.text)}"


def _line(found: Evidence) -> str:
    """The passage in one line, without a key."""
    head = _head(found).removeprefix("Untitled").strip()
    return f"- {head}: {inert(found.paragraph.text)}" if head else f"- {inert(found.paragraph.text)}"


def _head(found: Evidence) -> str:
    """What is known of the passage's article: ``Title (Source, 2021-02-03)``."""
    about = ", ".join(part for part in (found.source, found.published and found.published.isoformat()) if part)
    return inert(found.title or "Untitled") + (f" ({inert(about)})" if about else "")


def told_so_far(turns: Sequence[Turn]) -> str:
    """The last turns, a line each, without the marks of earlier answers (they would be copied); empty for none."""
    said = [(turn.role.capitalize(), inert(_NUMBER_MARK.sub("", turn.content))[:_TURN]) for turn in turns[-_TURNS:]]
    lines = [f"{role}: {words}" for role, words in said]
    return "\n".join(["Chat so far:", *lines, ""]) if lines else ""


_NUMBER_MARK = re.compile(r" ?\[\d{1,3}\]")
_CONTROL = re.compile(r"<\|(?=\w)|<(?=/?(?:s|think|start_of_turn|end_of_turn)>)|\[(?=/?INST\])")


def inert(text: str) -> str:
    """The text in one line, in which nothing can pass for a passage's head or for a chat template's control token."""
    return _CONTROL.sub(lambda found: f"{found[0][0]} {found[0][1:]}", " ".join(text.split()))


# The reply

_TERMINATORS = ".!?…。！？｡؟۔।։"
_OPENS, _CLOSES, _SQUARE = "[【［(（", "]】］)）", "[【［"
_INVENTED = re.compile(rf"[{_LETTERS}][{_DIGITS}][{_LETTERS}]|\d{{1,3}}")  # a mark, if not one that was given
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
_HALF = re.compile(rf"<[/a-zA-Z]{{0,10}}\Z|^(?:#|```)[^\n]*\Z|\b[{_LETTERS}](?:[{_DIGITS}][{_LETTERS}]?)?\Z", re.M)
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
