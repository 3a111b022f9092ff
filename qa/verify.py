"""Every claim against its own cited paragraph: by rules over its words, offline, the same today and tomorrow.

The rules, in order: citation · quote · number and date · name · negation · modality · speaker · wording. What decides
in doubt: a claim that names a speaker must name the right one; a claim that states as fact what the paragraph gives as
somebody's *contention* (alleges, claims, accuses, believes ...) fails ``speaker``; a claim that leaves out who reported
a plain fact (says, announced, confirmed) passes, because so does a news summary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache

from qa import text as texts
from qa.mentions import Mention, function_words, mentions, same_date
from qa.names import is_place, name_keys, named_across, named_in
from qa.types import Citation, Claim, Draft, Evidence, Rule

Similarity = Callable[[str, Evidence], float]

# More than two thirds of the claim's words must be the paragraph's; in Spanish, whose verbs have more forms than a
# stemmer joins, half. Best on MEMERAG dev, where .45 to .55 and .67 to .75 are within a point (evals/bench/check.py).
COVERED = {"es": 0.5}
COVERED_ELSE = 0.67
COVERED_IF_SIMILAR = 0.4  # the same, when the embedder finds claim and sentence alike
SIMILAR = 0.92  # cosine that nine in ten unsupported sentences of MEMERAG stay below (e5; unrelated texts: .75 to .82)
SIMILAR_ACROSS = 0.88  # the same across languages, where nine in ten XQuAD sentences and their translations reach .89
FURTHER = 0.12  # of the claim that a further sentence must bring to be counted in
MENTION_WEIGHT = 0.5
NUMBER_WEIGHT = 2  # a number tells the bearing sentence better than a word does
MUCH_LONGER = 1.5  # times as many words as its source: the claim says what two sentences say
MOST_TOGETHER = 3  # cited paragraphs that may bear one claim together; five would bear almost anything
SAID_AFTER_ALL = 0.9  # of what a claim says that the sources lack; its topic alone may well be there
LONGEST_RUN = 3  # sentences that may bear one claim together: longer runs cover anything


@dataclass(frozen=True, slots=True)
class _Fault:
    rule: Rule
    note: str


@dataclass(frozen=True, slots=True)
class _Word:
    folded: str
    stem: str  # "" for a function word
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)  # compared and hashed as an object: readings are kept, not equalled
class _Reading:
    """What the rules look at in a text or a part of it: its words in order, and its mentions."""

    text: str
    language: str
    words: tuple[_Word, ...]
    stems: frozenset[str]
    mentions: tuple[Mention, ...]
    end: int  # of the part


@dataclass(frozen=True, slots=True)
class _Support:
    """The part of a paragraph that bears the claim best: its span in the paragraph and how much it covers."""

    start: int
    end: int
    reading: _Reading
    covered: float


def verify(
    draft: Draft, evidence: Sequence[Evidence], *, language: str = "en", similarity: Similarity | None = None
) -> Claim:
    """The draft as a claim whose citations are judged; each ``mark`` is the paragraph's place in ``evidence``, from 1.

    A proposed citation comes back verified, repaired (with what was mended) or unsupported (with the rule). When none
    holds, or none was proposed, the other retrieved paragraphs are tried, best first, by the same rules.
    ``similarity`` gives the cosine of a claim and a retrieved paragraph.
    """
    judge = _Judge(draft, evidence, language, similarity)
    return judge.claim()


class _Judge:
    """One draft before its evidence; keeps what is read once a draft."""

    def __init__(
        self, draft: Draft, evidence: Sequence[Evidence], language: str, similarity: Similarity | None
    ) -> None:
        self.text = draft.text.strip()
        self.bare = _bare(self.text)
        self.draft, self.evidence, self.language, self.similarity = draft, evidence, language, similarity
        self.at = {e.address: i for i, e in enumerate(evidence)}

    def claim(self) -> Claim:
        proposed = [p for p in self.draft.proposals if p.address in self.at]
        proposed = list({p.address: p for p in reversed(proposed)}.values())[::-1]
        if self.evidence and _says_absent(self.bare, self.language):
            return self._absent([self.evidence[self.at[p.address]] for p in proposed])
        judged = [self._judged(self.evidence[self.at[p.address]], p.quote) for p in proposed]
        citations = [citation for citation, _ in judged]
        good = [c for c in citations if c.failed is None]
        if not good and 1 < len(proposed) <= MOST_TOGETHER:
            good = self._together([self.evidence[self.at[p.address]] for p in proposed])
        if not good:
            good = self._elsewhere({p.address for p in proposed})
        if good:
            kept = {c.address for c in good}
            return Claim(self._restored(good), (*good, *(c for c in citations if c.failed and c.address not in kept)))
        note = judged[0][1] if judged else self._nowhere()
        return Claim(self.text, tuple(citations), note)

    def _judged(self, evidence: Evidence, quote: str | None = None) -> tuple[Citation, str]:
        """The citation of this paragraph, judged, and what failed in it."""
        span, mended = None, None
        if quote and quote.strip():
            span = locate(quote, evidence.paragraph.text)
            if span is None:
                return self._citation(evidence, None, "quote"), f"the quote is not in {evidence.paragraph}"
            mended = None if evidence.paragraph.text[slice(*span)] == quote.strip() else "quote restored"
        fault, support = self._fault((evidence,))
        span = span or (support[0].start, support[0].end)
        if fault:
            return self._citation(evidence, span, fault.rule), fault.note
        if self._requoted(evidence) != self.text:
            mended = "quote restored"
        return replace(self._citation(evidence, span, None), repaired=mended), ""

    def _citation(self, evidence: Evidence, span: tuple[int, int] | None, failed: Rule | None) -> Citation:
        paragraph = evidence.paragraph
        start, end = span or (0, len(paragraph.text))
        return Citation(
            mark=self.at[evidence.address] + 1,
            paragraph=paragraph,
            start=paragraph.start + start,
            end=paragraph.start + end,
            quote=paragraph.text[start:end],
            title=evidence.title,
            source=evidence.source,
            published=evidence.published,
            language=evidence.language,
            copies=evidence.copies,
            failed=failed,
        )

    def _together(self, cited: list[Evidence]) -> list[Citation]:
        """The citations of two or more cited paragraphs that bear the claim only together, each giving a part."""
        fault, support = self._fault(tuple(cited))
        if fault:
            return []
        return [self._citation(e, (s.start, s.end), None) for e, s in zip(cited, support, strict=True)]

    def _elsewhere(self, tried: set[str]) -> list[Citation]:
        """The best retrieved paragraph outside ``tried`` that bears the claim by all the rules."""
        origin = self.draft.proposals[0].address if self.draft.proposals else None
        found: list[tuple[float, int, Citation]] = []
        for i, evidence in enumerate(self.evidence):
            if evidence.address in tried:
                continue
            fault, support = self._fault((evidence,))
            if fault is None:
                mended = f"moved from {origin}" if origin else "aligned"
                citation = self._citation(evidence, (support[0].start, support[0].end), None)
                found.append((-support[0].covered, i, replace(citation, repaired=mended)))
        return [min(found, key=lambda f: f[:2])[2]] if found else []

    def _absent(self, proposed: list[Evidence]) -> Claim:
        """A claim that the sources do not say something: false when a retrieved sentence has nearly all its words."""
        read = _read(self.bare, self.language, None)
        support = [(e, _support(read, e)) for e in self.evidence]
        said = [(e, s) for e, s in support if _says_after_all(read, s.reading)]
        nearest = max(support, key=lambda pair: pair[1].covered)
        chosen = [pair for pair in support if pair[0] in proposed] or [nearest]
        if said:
            e, s = said[0]
            return Claim(self.text, (self._citation(e, (s.start, s.end), "negation"),), f"{e.paragraph} does say it")
        mended = None if proposed else "aligned"
        return Claim(
            self.text, tuple(replace(self._citation(e, (s.start, s.end), None), repaired=mended) for e, s in chosen)
        )

    def _nowhere(self) -> str:
        cited = [p.address for p in self.draft.proposals]
        if not self.evidence:
            return "nothing was retrieved"
        if cited:
            return f"{cited[0]} was not retrieved"
        read = _read(self.bare, self.language, self.evidence[0].published)
        nearest = max(self.evidence, key=lambda e: _support(read, e).covered)
        return f"no retrieved paragraph supports it: {self._judged(nearest)[1]}"

    # ------------------------------------------------------------ the rules

    def _fault(self, cited: tuple[Evidence, ...]) -> tuple[_Fault | None, tuple[_Support, ...]]:
        """What is wrong with the claim as borne by these paragraphs together, and the part of each that bears it."""
        first = cited[0]
        claim = _read(self.bare, self.language, first.published)
        foreign = first.language != self.language  # a verbatim claim is then read with other stems
        if len(cited) == 1 and (foreign or claim.stems <= _whole(first).stems):
            span = _verbatim(self.bare, first)
            if span:
                fault = self._bracket_fault(first)
                return fault, (_Support(*span, _part(_whole(first), *span), 1.0),)
        support = tuple(_support(claim, e) for e in cited)
        return self._first_fault(claim, cited, support), support

    def _first_fault(
        self, claim: _Reading, cited: tuple[Evidence, ...], support: tuple[_Support, ...]
    ) -> _Fault | None:
        across = any(e.language != self.language for e in cited)
        where = " and ".join(str(e.paragraph) for e in cited)
        parts = tuple(s.reading for s in support)
        faults: Iterable[Callable[[], _Fault | None]] = (
            lambda: self._quote_fault(cited, where),
            lambda: _number_fault(claim, cited, parts, where),
            lambda: self._name_fault(claim, cited, where),
            lambda: _exchange_across(claim, parts, where) if across else _binding_fault(claim, cited, parts, where),
            lambda: None if across else _alignment_fault(claim, parts, where),
            lambda: _polarity_across(claim, parts, where) if across else _polarity_fault(claim, parts, where),
            lambda: None if across else _modality_fault(claim, parts, where),
            lambda: _speaker_fault(claim, parts, where),
            lambda: self._wording_fault(claim, cited, support, where, across),
        )
        return next((fault for rule in faults if (fault := rule())), None)

    def _quote_fault(self, cited: tuple[Evidence, ...], where: str) -> _Fault | None:
        for start, end in _quotations(self.text):
            words = self.text[start:end]
            if not any(_quoted_in(words, e.paragraph.text) for e in cited):
                return _Fault("quote", f"the words “{self.text[start:end]}” are not in {where}")
        return None

    def _bracket_fault(self, evidence: Evidence) -> _Fault | None:
        for added in _BRACKETS.findall(self.text):
            if not all(_named(m, (evidence,)) for m in _read(added, self.language, None).mentions if m.kind == "name"):
                return _Fault("name", f"{added} is not in {evidence.paragraph}")
        return None

    def _name_fault(self, claim: _Reading, cited: tuple[Evidence, ...], where: str) -> _Fault | None:
        for evidence in cited[:1]:
            if len(cited) == 1 and (fault := self._bracket_fault(evidence)):
                return fault
        for mention in claim.mentions:
            across = all(e.language != self.language for e in cited)
            if mention.kind == "name" and not (
                _named(mention, cited, across, self.evidence) or _plain_word(mention, claim, cited, across)
            ):
                return _Fault("name", f"the name {mention.text} is not in {where}")
        return None

    def _wording_fault(
        self,
        claim: _Reading,
        cited: tuple[Evidence, ...],
        support: tuple[_Support, ...],
        where: str,
        across: bool,
    ) -> _Fault | None:
        parts = tuple(s.reading for s in support)
        covered = _coverage(claim, parts)
        if len(parts) > 1 and any(_coverage(claim, tuple(p for p in parts if p is not q)) >= covered for q in parts):
            return _Fault("wording", f"not every one of {where} adds to it")
        if not across and covered >= COVERED.get(self.language, COVERED_ELSE):
            return None if len(parts) > 1 else self._exchange_fault(claim, parts[0], where)
        if self.similarity is not None and (across or covered >= COVERED_IF_SIMILAR):
            alike = max(self.similarity(self.text, e) for e in cited)
            if alike >= (SIMILAR_ACROSS if across else SIMILAR):
                return None
        if across:
            return _Fault("wording", f"too little of it is said in {where}")
        known = frozenset[str]().union(*(p.stems for p in parts))
        lost = [w.folded for w in claim.words if w.stem and w.stem not in known]
        return _Fault("wording", f"{where} does not say: {', '.join(dict.fromkeys(lost))}")

    def _exchange_fault(self, claim: _Reading, part: _Reading, where: str) -> _Fault | None:
        """Words put in the place of the sentence's own: two, or one that another retrieved sentence has."""
        found = _exchanged_words(claim, part)
        if len(found) < 2:
            known = [_whole(e).stems for e in self.evidence if e.language == self.language]
            found = tuple((mine, theirs) for mine, theirs in found if any(mine.stem in stems for stems in known))
        if not found:
            return None
        mine, theirs = found[0]
        return _Fault("wording", f"{where} has “{theirs.folded}” where the claim has “{mine.folded}”")

    # ------------------------------------------------------------ quotes

    def _requoted(self, evidence: Evidence) -> str:
        """The claim's text, each quotation in it put back to the exact words of the paragraph."""
        text = self.text
        for start, end in reversed(_quotations(text)):
            words = text[start:end]
            if words in evidence.paragraph.text or len(_quote_parts(words, evidence.paragraph.text)) > 1:
                continue
            span = locate(words, evidence.paragraph.text)
            if span:
                text = text[:start] + evidence.paragraph.text[slice(*span)] + text[end:]
        return text

    def _restored(self, good: list[Citation]) -> str:
        return self._requoted(self.evidence[good[0].mark - 1])


# ---------------------------------------------------------------- reading

_WORD = re.compile(r"[^\W_]+(?:['’](?=t\b)[^\W_]+)?")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_LIST_MARK = re.compile(r"^(?:\d{1,2}[.)]|[-*•])\s+")
_IN_BRACKETS = re.compile(r"\s*\[[^\[\]]*\]")


def _bare(text: str) -> str:
    """The claim without our own additions in square brackets, nor citation marks."""
    return _LIST_MARK.sub("", _IN_BRACKETS.sub("", text).strip())


@lru_cache(maxsize=65536)
def _stem(word: str, language: str) -> str:
    """The folded stem of a word; "" for a function word."""
    if word in function_words(language):
        return ""
    found = texts.stems(word, language)
    return found[0] if found else word


@lru_cache(maxsize=65536)
def _pieces_of(word: str, language: str) -> tuple[tuple[str, str], ...]:
    """The folded word and its stem; a run of letters without spaces (Chinese) gives its pairs."""
    plain = word.replace("’", "").replace("'", "")
    return tuple((folded, _stem(folded, language)) for folded in texts.words(plain))


@lru_cache(maxsize=8192)
def _read(text: str, language: str, published: date | None) -> _Reading:
    words = [
        _Word(folded, stem, m.start(), m.end())
        for m in _WORD.finditer(text)
        for folded, stem in _pieces_of(m[0], language)
    ]
    stems = frozenset(w.stem for w in words if w.stem)
    return _Reading(text, language, tuple(words), stems, tuple(mentions(text, language, published)), len(text))


@lru_cache(maxsize=4096)
def _spans(text: str, language: str) -> tuple[tuple[int, int], ...]:
    return tuple(texts.sentences(text, language)) or ((0, len(text)),)


@lru_cache(maxsize=16384)
def _part(reading: _Reading, start: int, end: int) -> _Reading:
    """The reading of a part of the text; its positions still count from the start of the text."""
    words = tuple(w for w in reading.words if start <= w.start and w.end <= end)
    inside = tuple(m for m in reading.mentions if start <= m.start and m.end <= end)
    return replace(reading, words=words, stems=frozenset(w.stem for w in words if w.stem), mentions=inside, end=end)


def _whole(evidence: Evidence) -> _Reading:
    return _read(evidence.paragraph.text, evidence.language, evidence.published)


def _around(evidence: Evidence) -> _Reading:
    """The title and the lead: where a name stands that the paragraph takes up by a pronoun."""
    return _read(f"{evidence.title or ''}\n{evidence.lead}", evidence.language, evidence.published)


# ---------------------------------------------------------------- what the sources do not say

_SOURCES = (
    r"(?:passages?|texts?|articles?|sources?|context|documents?|pasajes?|textos?|articulos?|fuentes?|contexto|"
    r"documentos?)"
)
_SAYING = {
    "en": r"(?:mention|provide|specif|state[sd]?\b|say|said|tell|give|contain|include|answer|address|discuss)\w*",
    "es": r"(?:menciona|proporciona|especifica|dice|indica|incluye|contiene|informa|detalla|responde|aborda)\w*",
}
_ABSENT = {
    "en": re.compile(
        rf"\b{_SOURCES} [^.;]{{0,50}}?\b(?:do|does|did)(?: not|n['’]t) [^.;]{{0,40}}?{_SAYING['en']}"
        rf"|\bnot (?:\w+ )?{_SAYING['en']} (?:\w+ )?in the (?:\w+ )?{_SOURCES}"
        rf"|^there is no (?:\w+ )?(?:information|mention|evidence) [^.;]*{_SOURCES}"
    ),
    "es": re.compile(
        rf"\b{_SOURCES} [^.;]{{0,50}}?\bno (?:se )?(?:\w+ )?{_SAYING['es']}"
        rf"|^no (?:se )?{_SAYING['es']}|^no hay (?:\w+ )?(?:informacion|mencion|datos) [^.;]*{_SOURCES}"
    ),
}
_TURN = re.compile(r"[,;:]\s(?:but|however|although|though|while|they|it|pero|aunque|sino|mientras|solo|only)\b")


def _says_absent(claim: str, language: str) -> bool:
    """Whether the claim says that the sources lack something, and nothing else."""
    folded, absent = texts.fold(claim), _ABSENT.get(language)
    return absent is not None and absent.search(folded) is not None and not _TURN.search(folded)


def _says_after_all(claim: _Reading, part: _Reading) -> bool:
    """Whether a sentence has what the claim says is lacking: its names, and nearly all words that are no names."""
    about = rf"{_SOURCES}|{_SAYING.get(claim.language, _SOURCES)}"
    topic = _plain_stems(claim) - _stems_of(_OF_SOURCES, claim.language)
    topic -= {w.stem for w in claim.words if re.fullmatch(about, w.folded)}
    named = [m for m in claim.mentions if m.kind == "name"]
    there = _words_of(part)
    if not topic and not named:
        return False
    return len(topic & part.stems) >= SAID_AFTER_ALL * len(topic) and all(named_in(m.text, there) for m in named)


_OF_SOURCES = (
    "given provided available information specific specifically explicitly definitive clear answer details "
    "proporcionados proporcionada informacion especifica especificamente explicitamente datos detalles respuesta clara"
)


@lru_cache(maxsize=16)
def _stems_of(listed: str, language: str) -> frozenset[str]:
    return frozenset(_stem(word, language) for word in listed.split())


# ---------------------------------------------------------------- words that stand in a text, exactly or folded

_SAME = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "–": "-",
                       "—": "-", "−": "-", "‑": "-"})  # fmt: skip


@lru_cache(maxsize=8192)
def _plain_char(char: str) -> str:
    if char.isspace():
        return " "
    folded = unicodedata.normalize("NFKD", char.translate(_SAME).replace("…", "...")).casefold()
    return "".join(c for c in folded if not unicodedata.combining(c))


@lru_cache(maxsize=4096)
def _flat(text: str) -> tuple[str, tuple[int, ...]]:
    """The folded text, white space single, and for each of its characters the place it came from."""
    chars: list[str] = []
    places: list[int] = []
    for i, char in enumerate(text):
        for plain in _plain_char(char):
            if plain == " " and chars[-1:] == [" "]:
                continue
            chars.append(plain)
            places.append(i)
    return "".join(chars), tuple(places)


def locate(words: str, text: str) -> tuple[int, int] | None:
    """The span in ``text`` of these words, exactly or but for case, accents, spaces, quotation marks and dashes."""
    exact = words.strip()
    if not exact:
        return None
    at = text.find(exact)
    if at >= 0:
        return at, at + len(exact)
    flat, places = _flat(text)
    for wanted in (_flat(exact)[0].strip(), _flat(exact)[0].strip(" \"'.,;:!?")):
        m = re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", flat) if wanted else None
        if m:
            return places[m.start()], places[m.end() - 1] + 1
    return None


def _verbatim(claim: str, evidence: Evidence) -> tuple[int, int] | None:
    """The span of the sentences of the paragraph that the claim repeats word for word; None for a part of one."""
    text = evidence.paragraph.text
    span = locate(claim, text)
    if span is None:
        return None
    start, end = span
    for first, last in _spans(text, evidence.language):
        start = first if first < start and not text[first:start].strip(" \"“”«»‘’'") else start
        end = last if end < last and not text[end:last].strip(" \"“”«»‘’'.!?:;,") else end
    starts = {s for s, _ in _spans(text, evidence.language)}
    ends = {e for _, e in _spans(text, evidence.language)}
    return (start, end) if start in starts and end in ends else None


_QUOTED = re.compile(r"“([^“”]+)”|«([^«»]+)»|\"([^\"]+)\"|„([^„“”]+)[“”]")
_LONG_QUOTE = 3  # words: shorter ones may be a term, an irony or a title


def _quotations(text: str) -> list[tuple[int, int]]:
    """The spans of the words between quotation marks, of three words or more."""
    found: list[tuple[int, int]] = []
    for m in _QUOTED.finditer(text):
        group = next(g for g in range(1, 5) if m[g] is not None)
        if len(m[group].split()) >= _LONG_QUOTE:
            found.append(m.span(group))
    return found


def _quoted_in(words: str, text: str) -> bool:
    """Whether the quoted words stand in the text: whole, or in parts where the claim itself cut or added some."""
    return locate(words, text) is not None or all(locate(part, text) for part in _quote_parts(words, text))


def _quote_parts(words: str, text: str) -> list[str]:
    """The parts of a quote between its ellipses and the brackets that are not the source's own."""
    own = [added for added in _IN_BRACKETS.findall(words) if added.strip() not in text]
    pattern = "|".join([*map(re.escape, own), r"\(?\.\.\.\)?", "…"])
    parts = [part.strip(" ,;.") for part in re.split(pattern, words)]
    return [part for part in parts if part]


# ---------------------------------------------------------------- the part that bears the claim


def _support(claim: _Reading, evidence: Evidence) -> _Support:
    """The sentence, or the shortest run of at most three, that covers most of the claim's words and mentions."""
    spans = _spans(evidence.paragraph.text, evidence.language)
    whole = _whole(evidence)
    shares = [_shared(claim, _part(whole, start, end)) for start, end in spans]
    wanted = max(1, _wanted(claim))
    best, first, last = -1.0, 0, 0
    for length in range(1, min(LONGEST_RUN, len(spans)) + 1):
        for i in range(len(spans) - length + 1):
            covered = len(frozenset().union(*shares[i : i + length])) / wanted - FURTHER * (length - 1)
            if covered > best + 1e-9:
                best, first, last = covered, i, i + length - 1
    start, end = spans[first][0], spans[last][1]
    return _Support(start, end, _part(whole, start, end), best)


def _wanted(claim: _Reading) -> int:
    return len(claim.stems) + NUMBER_WEIGHT * sum(m.kind != "name" for m in claim.mentions)


@lru_cache(maxsize=16384)
def _shared(claim: _Reading, reading: _Reading) -> frozenset[tuple[str, int]]:
    """What of the claim a sentence has: its content words, and its numbers and dates, which weigh more."""
    found = {(stem, 0) for stem in claim.stems & reading.stems}
    for i, mention in enumerate(claim.mentions):
        if mention.kind != "name" and any(_agree(mention, other) for other in reading.mentions):
            found |= {(f"#{i}", n) for n in range(NUMBER_WEIGHT)}
    if claim.language != reading.language:
        there = {key for w in reading.words for key in name_keys(w.folded)}
        found |= {(key, 0) for m in claim.mentions if m.kind == "name" for key in name_keys(m.text) if key in there}
    return frozenset(found)


def _coverage(claim: _Reading, parts: tuple[_Reading, ...]) -> float:
    """The share of the claim's words that the bearing sentences have; a name, number or date weighs half a word.

    Half, because the rules before have seen to them already: "Israel attacked Iran" must not pass for "condemned".
    """
    known = frozenset[str]().union(*(part.stems for part in parts))
    plain = _plain_stems(claim)
    there = [m for part in parts for m in part.mentions]
    marked = [any(_borne_out(m, other) for other in there) for m in claim.mentions]
    wanted = len(plain) + MENTION_WEIGHT * len(marked)
    return (len(plain & known) + MENTION_WEIGHT * sum(marked)) / wanted if wanted else 1.0


def _borne_out(claimed: Mention, found: Mention) -> bool:
    return _kin(claimed, found) and (_same(claimed, found) if claimed.kind == "name" else _agree(claimed, found))


@lru_cache(maxsize=4096)
def _plain_stems(claim: _Reading) -> frozenset[str]:
    """The content words that are no part of a mention."""
    inside = [(m.start, m.end) for m in claim.mentions]
    return frozenset(
        w.stem
        for w in claim.words
        if w.stem and w.folded not in _LIGHT | _REPORTS and not any(s <= w.start < e for s, e in inside)
    )


# Words that join or place what a sentence says and say nothing themselves; verbs of saying have a rule of their own.
_LIGHT = frozenset(
    "include includes including included located situated various several specific specifically known called named "
    "mentioned mentions example instance provides also refers means "
    "menciona mencionan ejemplo significa refiere trata proporciona tambien "
    "considered particularly especially result several addition additionally well due based related currently "
    "incluye incluyen incluyendo incluidos incluidas ubicado ubicada situado situada varios varias diversos diversas "
    "especifico especifica conocido conocida llamado llamada considerado considerada ademas debido encuentra "
    "encuentran actualmente".split()
)


# ---------------------------------------------------------------- numbers and dates


def _agree(claimed: Mention, found: Mention) -> bool:
    """Whether a mention in the source bears out the claimed one, whatever way it is written."""
    if claimed.kind == "name" or found.kind == "name":
        return False
    if claimed.kind == "date" and found.kind == "date":
        return same_date(claimed.value, found.value)
    if {claimed.kind, found.kind} == {"number", "amount"}:
        return claimed.value.split()[-1] == found.value.split()[-1]
    if claimed.kind == found.kind:
        return claimed.value == found.value or _one_writing(claimed, found)
    return {claimed.kind, found.kind} <= {"number", "date", "ordinal"} and claimed.value == found.value


def _one_writing(claimed: Mention, found: Mention) -> bool:
    return claimed.text.casefold() == found.text.casefold()  # "1,5" read by two languages' habits


def _connective(mention: Mention, claim: _Reading) -> bool:
    """ "First, ..." counts steps of the answer, not things of the article."""
    return mention.kind == "ordinal" and mention.start == 0 and claim.text[mention.end : mention.end + 1] == ","


_SAYS_WHEN = frozenset(
    "published reported said says announced wrote publico publicado informo dijo anuncio reporto articulo "
    "article".split()
)


def _number_fault(
    claim: _Reading, cited: tuple[Evidence, ...], parts: tuple[_Reading, ...], where: str
) -> _Fault | None:
    for mention in claim.mentions:
        if mention.kind == "name" or _connective(mention, claim):
            continue
        if mention.kind == "date":
            there = [m for e in cited for m in (*_whole(e).mentions, *_around(e).mentions)]
            if any(_agree(mention, m) for m in there) or _is_publication(mention, claim, cited):
                continue
            return _Fault("date", f"the date {mention.text} is not in {where}")
        there = [m for part in parts for m in part.mentions]
        if not any(_agree(mention, m) for m in there) and not _reckoned(mention, claim, there):
            return _Fault("number", f"the number {mention.text} is not in {where}")
    return None


_YEARS_LONG = re.compile(r"[\s-]*(?:years?|anos?|años?)\b")


def _reckoned(mention: Mention, claim: _Reading, there: list[Mention]) -> bool:
    """Whether a number of years is the span between two dates of the bearing sentences: born 1918, died 1994, "75"."""
    if not mention.value.isdigit() or not _YEARS_LONG.match(claim.text, mention.end):
        return False
    days = sorted({m.value for m in there if m.kind == "date" and re.match(r"\d{4}(?:-|$)", m.value)})
    return any(int(mention.value) == _years_between(a, b) for i, a in enumerate(days) for b in days[i + 1 :])


def _years_between(first: str, last: str) -> int:
    """Full years between two dates as mentions write them; by the years alone where either has no more."""
    years = int(last[:4]) - int(first[:4])
    full = len(first) == len(last) == len("2025-07-26")
    return years - (full and last[5:] < first[5:])


def _is_publication(mention: Mention, claim: _Reading, cited: tuple[Evidence, ...]) -> bool:
    if not any(w.folded in _SAYS_WHEN for w in claim.words):
        return False
    return any(e.published is not None and same_date(mention.value, e.published.isoformat()) for e in cited)


# ---------------------------------------------------------------- names


def _named(
    mention: Mention, cited: tuple[Evidence, ...], across: bool = False, retrieved: Sequence[Evidence] = ()
) -> bool:
    """Whether the paragraphs, or the titles and leads of their articles, have the name, whole or each part of it."""
    there = [f"{e.paragraph.text} . {e.title or ''} . {e.lead}" for e in cited]
    if any(named_in(mention.text, text) for text in there):
        return True
    if _surname_in(mention.text, cited, retrieved):
        return True
    if across:
        return any(named_across(mention.text, text) for text in there)
    pieces = [piece for piece in _BETWEEN_NAMES.split(mention.text) if piece]
    return len(pieces) > 1 and all(any(named_in(piece, text) for text in there) for piece in pieces)


def _surname_in(name: str, cited: tuple[Evidence, ...], retrieved: Sequence[Evidence]) -> bool:
    """Whether a retrieved paragraph has the whole name and a cited one its last word, beside no other first name."""
    *first, last = name.split()
    if not first or len(last) < 4:
        return False
    alone = re.compile(rf"(?:^|[.,;:!?(“\"]\s*|\b[a-zà-ú\d]+\s+){re.escape(last)}(?!\w)(?!\s+[A-ZÁ-Ú])")
    return any(alone.search(e.paragraph.text) for e in cited) and any(
        named_in(name, e.paragraph.text) for e in retrieved
    )


# Within "President of Iran Masoud Pezeshkian", whose parts a paragraph may give apart.
_BETWEEN_NAMES = re.compile(r"\s+(?:of|de|del|the|and|y|for|-)\s+|['’]s\s+")


def _plain_word(mention: Mention, claim: _Reading, cited: tuple[Evidence, ...], across: bool) -> bool:
    """Whether a "name" is only the ordinary first word of the claim, which the paragraph has in another form.

    Across languages it may be any word that is not known as a place; `_exchange_across` sees to the others.
    """
    words = mention.text.split()
    if mention.start != 0 or len(words) > 1:
        return False
    if across:
        return not is_place(mention.text)
    stem = _stem(texts.fold(mention.text), claim.language)
    return not stem or any(stem in _whole(e).stems or stem in _around(e).stems for e in cited)


# ---------------------------------------------------------------- what belongs to what


@dataclass(frozen=True, slots=True)
class _Place:
    """A mention among its neighbours: the next two and the last two words, mentions and marks left out."""

    mention: Mention
    before: tuple[str, ...]
    after: tuple[str, ...]


_DETERMINERS = frozenset("the a an el la los las un una".split())
_ONES = frozenset({"one"})  # no number to be borne out, but one that another number may be exchanged for


@lru_cache(maxsize=8192)
def _places(reading: _Reading) -> tuple[_Place, ...]:
    found: list[_Place] = []
    words = reading.words
    shown = list(reading.mentions)
    shown += [Mention("number", "1", w.start, w.end, w.folded) for w in words if w.folded in _ONES]
    for mention in shown:
        after = [w for w in words if w.start >= mention.end and w.folded not in _DETERMINERS][:2]
        before = [w for w in words if w.end <= mention.start and w.folded not in _DETERMINERS][-2:]
        found.append(_Place(mention, _context(before[::-1]), _context(after)))
    return tuple(found)


def _context(words: list[_Word]) -> tuple[str, ...]:
    return tuple(w.stem or f"-{w.folded}" for w in words)


def _alike(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two mentions have the same neighbour: the next word when it has content, else the next two."""
    if not a or not b or a[0] != b[0]:
        return False
    return not a[0].startswith("-") or (len(a) > 1 and len(b) > 1 and a[1] == b[1] and not a[1].startswith("-"))


@lru_cache(maxsize=16384)
def _keys(name: str) -> frozenset[str]:
    return frozenset(name_keys(name)) or frozenset(texts.words(name))


def _kin(a: Mention, b: Mention) -> bool:
    if a.kind == "name" or b.kind == "name":
        return a.kind == b.kind
    return (a.kind == "date") == (b.kind == "date")


def _same(a: Mention, b: Mention) -> bool:
    if a.kind == "name":
        return _keys(a.text) <= _keys(b.text) or _keys(b.text) <= _keys(a.text)
    return _agree(a, b) or _agree(b, a)


def _binding_fault(
    claim: _Reading, cited: tuple[Evidence, ...], parts: tuple[_Reading, ...], where: str
) -> _Fault | None:
    """A number or name that stands, in the claim, where the paragraph has another one."""
    there = [place for part in parts for place in _places(part)]
    wide = [place for e in cited for place in _places(_whole(e))]
    for place in _places(claim):
        mention = place.mention
        for side in ("after", "before"):
            mine = getattr(place, side)
            holders = [p for p in there if _kin(p.mention, mention) and _alike(mine, getattr(p, side))]
            if not holders or any(_same(mention, p.mention) for p in holders):
                continue
            if any(_same(mention, p.mention) and _alike(mine, getattr(p, side)) for p in wide):
                continue
            if any(_coordinated(claim, mention, p.mention) for p in holders):
                continue
            if any(
                _same(mention, p.mention) and _aside(part, p.mention, side) for part in parts for p in _places(part)
            ):
                continue
            return _swapped(mention, holders[0].mention, where)
    return None


def _aside(part: _Reading, mention: Mention, side: str) -> bool:
    """Whether an aside stands beside the mention in the source, which the claim may have left out."""
    if side == "after":
        return re.match(r"\s*[,(—–]", part.text[mention.end : mention.end + 3]) is not None
    return re.search(r"[,)—–]\s*(?:\w{1,3}\s)?$", part.text[max(0, mention.start - 6) : mention.start]) is not None


def _swapped(claimed: Mention, found: Mention, where: str) -> _Fault:
    rule: Rule = "name" if claimed.kind == "name" else "date" if claimed.kind == "date" else "number"
    return _Fault(rule, f"{where} has {found.text} where the claim has {claimed.text}")


def _coordinated(claim: _Reading, mention: Mention, other: Mention) -> bool:
    """Whether the claim lists both ("Iran and Russia"), so that their neighbours are shared."""
    for m in claim.mentions:
        if _kin(m, other) and _same(m, other):
            first, second = sorted((m, mention), key=lambda x: x.start)
            between = claim.text[first.end : second.start]
            if len(between) < 40 and re.search(r",|\b(?:and|y|e|with|con|or|o|between|entre)\b|-", between):
                return True
    return False


# ---------------------------------------------------------------- the claim laid along its source


@dataclass(frozen=True, slots=True)
class _Gap:
    """What stands on either side between two stretches of words that claim and source have in common."""

    mine: tuple[_Word, ...]
    theirs: tuple[_Word, ...]


@lru_cache(maxsize=4096)
def _alignment(claim: _Reading, part: _Reading) -> tuple[_Gap, ...]:
    """The claim's words laid along those of its source, in order; stretches of one function word do not count."""
    mine, theirs = [w.stem or w.folded for w in claim.words], [w.stem or w.folded for w in part.words]
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    gaps: list[_Gap] = []
    at, there = 0, 0
    for i, j, size in blocks:
        if 0 < size < 2 and not claim.words[i].stem:
            continue
        if i > at or j > there:
            gaps.append(_Gap(claim.words[at:i], part.words[there:j]))
        at, there = i + size, j + size
    return tuple(gaps)


_LINKS = frozenset("the a an of s to in on at by for el la los las de del al en por a un una".split())


def _alignment_fault(claim: _Reading, parts: tuple[_Reading, ...], where: str) -> _Fault | None:
    """A name, number, "not" or "may" put in, taken out or exchanged, the words beside it being the source's."""
    part = max(parts, key=lambda p: len(claim.stems & p.stems))
    for gap in _alignment(claim, part):
        for last in (True, False):
            mine, theirs = _beside(claim, part, gap.mine, last), _beside(part, claim, gap.theirs, last)
            if mine and theirs and _exchanged(claim, gap, mine, theirs):
                return _swapped(mine, theirs, where)
        here, there = _cue_at_end(claim, gap.mine, "not"), _cue_at_end(part, gap.theirs, "not")
        if here != there:
            note = f"the claim denies what {where} says" if here else f"the claim leaves out a “not” of {where}"
            return _Fault("negation", note)
        if _cue_at_end(part, gap.theirs, "doubt") and not _cue_at_end(claim, gap.mine, "maybe"):
            return _Fault("modality", f"{where} does not say it as certain")
    return None


@lru_cache(maxsize=4096)
def _exchanged_words(claim: _Reading, part: _Reading) -> tuple[tuple[_Word, _Word], ...]:
    """The claim's content words that stand alone where the sentence has one other, all around being the same."""
    found: list[tuple[_Word, _Word]] = []
    for gap in _alignment(claim, part):
        mine, theirs = _telling(claim, gap.mine), _telling(part, gap.theirs)
        if not len(mine) == len(theirs) == 1 or mine[0].stem[:_AKIN] == theirs[0].stem[:_AKIN]:
            continue
        if mine[0].stem not in part.stems and theirs[0].stem not in claim.stems:
            found.append((mine[0], theirs[0]))
    return tuple(found)


_AKIN = 4  # letters that two forms of one word begin with: "oriental", "orientado"


def _telling(reading: _Reading, gap: tuple[_Word, ...]) -> list[_Word]:
    """The words of a gap that say something; a mention, which has rules of its own, makes it none."""
    words = [w for w in gap if w.stem and w.folded not in _LIGHT and w.folded not in _REPORTS]
    return [] if any(m.start <= w.start < m.end for w in words for m in reading.mentions) else words


def _exchanged(claim: _Reading, gap: _Gap, mine: Mention, theirs: Mention) -> bool:
    """Whether one mention stands for another: of its kind, or in a gap as narrow as a name."""
    narrow = max(len(gap.mine), len(gap.theirs)) <= 3
    if not (_kin(mine, theirs) or narrow) or (_kin(mine, theirs) and _same(mine, theirs)):
        return False
    return not any(_kin(m, theirs) and _same(m, theirs) for m in claim.mentions)


def _beside(reading: _Reading, other: _Reading, gap: tuple[_Word, ...], last: bool) -> Mention | None:
    """The mention at the end (or the start) of a gap, articles and prepositions aside."""
    for word in reversed(gap) if last else gap:
        found = [m for m in reading.mentions if m.start <= word.start < m.end]
        if found:
            return found[0]
        if word.folded in _ONES:
            return Mention("number", "1", word.start, word.end, word.folded)
        if word.stem and reading.text[word.start].isupper() and not _lower_too(word.folded, reading.text, other.text):
            # a name, though it opens a sentence as other words do
            return Mention("name", word.folded, word.start, word.end, reading.text[word.start : word.end])
        if word.folded not in _LINKS:
            return None
    return None


def _lower_too(word: str, *texts_: str) -> bool:
    """Whether a word stands in small letters too, and so is no name."""
    return any(word in _small_words(text) for text in texts_)


@lru_cache(maxsize=4096)
def _small_words(text: str) -> frozenset[str]:
    return frozenset(texts.fold(m[0]) for m in _WORD.finditer(text) if m[0][0].islower())


def _cue_at_end(reading: _Reading, gap: tuple[_Word, ...], which: str) -> bool:
    """Whether a gap ends in a cue, with nothing but function words between it and the common words after it."""
    cues = _CUES[which].get(reading.language, frozenset[str]())
    odd = False
    for word in reversed(gap):
        if re.match(r"\s?[(),;:—–]", reading.text[word.end : word.end + 2]):
            break
        if word.folded in cues and not _mentioned(reading, word):
            odd = not odd
        elif word.stem:
            break
    return odd


# ---------------------------------------------------------------- negation and modality

_NOT = {
    "en": frozenset(
        "not no never without neither nor none nobody nothing cannot cant dont doesnt didnt isnt arent wasnt werent "
        "wont "
        "wouldnt couldnt shouldnt hasnt havent hadnt hardly lacks lack lacked unable fail fails failed failing refuse "
        "refuses refused refusing deny denies denied denying decline declines declined reject rejects rejected".split()
    ),
    "es": frozenset(
        "no nunca jamas sin ni ningun ninguna ninguno nadie nada tampoco niega nego negaron niegan rechaza rechazo "
        "rechazaron rehusa rehuso carece carecen incapaz".split()
    ),
}
_MAYBE = {
    "en": frozenset(
        "may might could would should must can allegedly reportedly alleged possibly possible perhaps maybe "
        "potentially "
        "probably likely unlikely expected apparently supposedly purportedly suspected seems appears if unless whether "
        "likely plans planned planning aims aimed intends intended hopes hope hoped wants wanted willing ready "
        "proposed "
        "will need needs ought urged urges calls called calling want seek seeks sought rumored rumoured".split()
    ),
    "es": frozenset(
        "podria podrian puede pueden pudo pudiera quiza quizas supuestamente presuntamente presunto presunta posible "
        "posiblemente probablemente probable talvez acaso deberia deberian debe deben parece parecen aparentemente si "
        "planea planean espera esperan quiere quieren propone pretende pretenden busca necesita seria serian "
        "tal".split()
    ),
}
# The cues whose loss makes a claim say more than its source; the others only excuse a claim that keeps the doubt.
_DOUBT = {
    "en": frozenset(
        "may might could would should must allegedly reportedly alleged possibly possible perhaps maybe potentially "
        "probably likely unlikely apparently supposedly purportedly suspected rumored rumoured".split()
    ),
    "es": frozenset(
        "podria podrian quiza quizas supuestamente presuntamente presunto presunta posible posiblemente "
        "probablemente probable deberia deberian debe deben parece aparentemente".split()
    ),
}
_CUES = {"not": _NOT, "maybe": _MAYBE, "doubt": _DOUBT}
_SCOPE = 3  # content words after a cue that it can govern
_CLAUSE_END = re.compile(r"[.;:!?()—–]|, (?:but|and|while|pero|y|aunque|mientras|sino)\b|\bbut\b|\bpero\b|\bsino\b")


@lru_cache(maxsize=16384)
def _governed(reading: _Reading, which: str) -> tuple[tuple[frozenset[str], bool], ...]:
    """For each cue of the text, the content stems it governs, nearest clause only."""
    cues = _CONTENDS if which == "contends" else _CUES[which].get(reading.language, frozenset[str]())
    found: list[tuple[frozenset[str], bool]] = []
    for i, word in enumerate(reading.words):
        if word.folded not in cues or _no_cue(reading, word):
            continue
        stop = _CLAUSE_END.search(reading.text, word.end)
        end = stop.start() if stop else reading.end
        scope = [w.stem for w in reading.words[i + 1 :] if w.stem and w.start < end and w.folded not in cues][:_SCOPE]
        found.append((frozenset(scope), True))
    return tuple(found)


_NO_CUE = re.compile(r"\s+(?:only|just|merely|simply|solo|s\u00f3lo|solamente|obstante|embargo)\b|,", re.IGNORECASE)


def _no_cue(reading: _Reading, word: _Word) -> bool:
    """Whether a cue is none here: "not only", "sin embargo", "No, ...", "May 2023", "Will Smith"."""
    negates = word.folded in _NOT.get(reading.language, ())
    return _mentioned(reading, word) or (negates and _NO_CUE.match(reading.text, word.end) is not None)


def _mentioned(reading: _Reading, word: _Word) -> bool:
    for m in reading.mentions:
        if m.start <= word.start < m.end:
            return m.kind == "date" or (m.kind == "name" and " " in m.text)
    return False


def _mostly(shared: frozenset[str], scope: frozenset[str]) -> bool:
    """Whether a text has more than half of the words that a cue governs: it speaks of the same thing."""
    return bool(shared) and 2 * len(shared) > len(scope)


def _polarity_fault(claim: _Reading, parts: tuple[_Reading, ...], where: str) -> _Fault | None:
    """A "not" that only one of the two sides has about the same words."""
    source_cues = [scope for part in parts for scope, _ in _governed(part, "not")]
    claim_cues = [scope for scope, _ in _governed(claim, "not")]
    denied = frozenset[str]().union(*source_cues)
    stems = frozenset[str]().union(*(p.stems for p in parts))
    for scope in claim_cues:
        shared = scope & stems
        if shared and not shared & denied:
            return _Fault("negation", f"the claim denies what {where} says")
    mine = frozenset[str]().union(*claim_cues)
    for scope in source_cues:
        shared = scope & claim.stems
        if _mostly(shared, scope) and not shared & mine and not _denied_within(scope, claim):
            return _Fault("negation", f"the claim leaves out a “not” of {where}")
    return None


def _denied_within(scope: frozenset[str], claim: _Reading) -> bool:
    """Whether the claim denies by a prefix what its source denies by a word: "not authorised", "unauthorised"."""
    return any(f"{prefix}{stem}" in claim.stems for stem in scope for prefix in ("un", "in", "im", "non", "dis"))


def _polarity_across(claim: _Reading, parts: tuple[_Reading, ...], where: str) -> _Fault | None:
    here, there = bool(_governed(claim, "not")), any(_governed(part, "not") for part in parts)
    return _Fault("negation", f"only one of the claim and {where} says “not”") if here != there else None


def _exchange_across(claim: _Reading, parts: tuple[_Reading, ...], where: str) -> _Fault | None:
    """A name or date that the bearing sentences do not have, where they have one that the claim does not."""
    if len(parts) == 1:
        parts = (_nearest_sentence(claim, parts[0]),)
    there = [m for part in parts for m in part.mentions]
    beside = " . ".join(_words_of(part) for part in parts)
    spoken = any(_OPENS_BY_PRONOUN.match(_words_of(part)) for part in parts)
    for kind in ("name", "date"):
        mine = [m for m in claim.mentions if m.kind == kind and not _stands_in(m, beside, there)]
        theirs = [m for m in there if m.kind == kind and not _stands_in(m, claim.text, claim.mentions)]
        if kind == "name" and spoken:
            mine = [m for m in mine if m is not claim.mentions[0]]
        if mine and theirs:
            return _swapped(mine[0], theirs[0], where)
    return None


_OPENS_BY_PRONOUN = re.compile(r"(?:He|She|They|It|Él|Ella|Ellos|Ellas)\b")  # "El" is an article


def _nearest_sentence(claim: _Reading, part: _Reading) -> _Reading:
    """The one sentence that has most of the claim, where the claim is not much longer; else the part as it is."""
    start = part.words[0].start if part.words else 0
    spans = [(s, e) for s, e in _spans(part.text, part.language) if start <= s and e <= part.end]
    nearest = max((_part(part, s, e) for s, e in spans), key=lambda p: len(_shared(claim, p)), default=part)
    return nearest if len(claim.words) <= MUCH_LONGER * len(nearest.words) else part


def _words_of(part: _Reading) -> str:
    return part.text[part.words[0].start : part.end] if part.words else ""


def _stands_in(mention: Mention, text: str, others: Iterable[Mention]) -> bool:
    if mention.kind == "name":
        return named_in(mention.text, text) or named_across(mention.text, text)
    return any(_agree(mention, m) or _agree(m, mention) for m in others if m.kind != "name")


def _modality_fault(claim: _Reading, parts: tuple[_Reading, ...], where: str) -> _Fault | None:
    """A "may", "allegedly" or "should" of the paragraph that the claim dropped about the same words."""
    kept = frozenset[str]().union(*(scope for scope, _ in _governed(claim, "maybe")))
    for part in parts:
        for scope, _ in _governed(part, "doubt"):
            shared = scope & claim.stems
            if _mostly(shared, scope) and not shared & kept:
                return _Fault("modality", f"{where} does not say it as certain")
    return None


# ---------------------------------------------------------------- who said it

_REPORTS = frozenset(
    "said says say saying told tells added adds stated states stressed emphasized emphasised highlighted noted notes "
    "announced announces confirmed affirmed reaffirmed reiterated explained remarked wrote writes reported reports "
    "declared asserted described warned urged pointed mentioned underlined "
    "dijo dice dicen dijeron afirmo afirma senalo senala indico indica anadio agrego explico explica destaco destaca "
    "subrayo subraya enfatizo aseguro asegura declaro declara manifesto menciono anuncio anuncia informo informa "
    "sostuvo sostiene comento reitero confirmo advirtio".split()
)
_CONTENDS = frozenset(
    "claimed claims claiming alleged alleges accused accuses accusing argued argues insisted insists believes believed "
    "contends contended suspects denounced "
    "acuso acusa acusaron alego alega denuncio denuncia cree creen argumenta argumento presume".split()
)
_SPEECH = _REPORTS | _CONTENDS
_PRONOUNS = frozenset("he she they it we i who el ella ellos ellas quien".split())


@lru_cache(maxsize=8192)
def _speakers(reading: _Reading) -> tuple[tuple[str, Mention | None], ...]:
    """For each verb of saying, the name that is its subject, or None for a pronoun or a common noun."""
    found: list[tuple[str, Mention | None]] = []
    names = [m for m in reading.mentions if m.kind == "name"]
    for word in reading.words:
        if word.folded in _SPEECH:
            found.append((word.folded, _subject(reading, word, names)))
    return tuple(found)


def _subject(reading: _Reading, verb: _Word, names: list[Mention]) -> Mention | None:
    after = [m for m in names if 0 <= m.start - verb.end <= 2]
    if after and re.search(r"[\"”“»,]\s*$", reading.text[: verb.start]):
        return after[0]  # “...”, said X
    before = [m for m in names if m.end <= verb.start]
    if not before:
        return after[0] if after else None
    nearest = before[-1]
    between = reading.text[nearest.end : verb.start]
    if any(w.folded in _PRONOUNS for w in reading.words if nearest.end <= w.start < verb.start):
        return None
    return nearest if len(between) < 40 and not re.search(r"[.;:!?\"”“»]", between) else None


def _speaker_fault(claim: _Reading, parts: tuple[_Reading, ...], where: str) -> _Fault | None:
    """A statement put in another's mouth, or a contention told as a fact."""
    mine = _speakers(claim)
    theirs = [speaker for part in parts for speaker in _speakers(part)]
    for _, name in mine:
        if name is None:
            continue
        named = [other for _, other in theirs if other is not None]
        if any(_same(name, other) for other in named) or any(other is None for _, other in theirs):
            continue
        if named:
            return _Fault("speaker", f"{where} has {named[0].text} say it, not {name.text}")
    contended = [scope for part in parts for scope, _ in _governed(part, "contends")]
    if not mine and any(_mostly(scope & claim.stems, scope) for scope in contended):
        return _Fault("speaker", f"{where} gives it as somebody's contention")
    return None
