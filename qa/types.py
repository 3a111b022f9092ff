"""The values that flow through the system: articles in, answers out. All frozen; a status is derived, never stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, Protocol

AnswerStatus = Literal["answered", "partial", "refused", "clarify"]
ClaimStatus = Literal["verified", "repaired", "unsupported"]
Rule = Literal["citation", "quote", "number", "date", "name", "negation", "modality", "contradicted", "wording"]
ParagraphKind = Literal["heading", "paragraph", "item", "quotation", "row", "header", "credit"]
UNQUOTED: frozenset[ParagraphKind] = frozenset({"header", "credit"})  # a table's header; who wrote it, and whose it is
Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a paragraph; ``article.text[start:end] == text`` (code points, half open)."""

    start: int
    end: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """The n-th non-empty block of an article, n from 1: the unit that is retrieved and cited.

    ``article.text[start:end] == text``; ``page`` counts from 1 and is None where the format has no pages.
    """

    file: str
    number: int
    start: int
    end: int
    text: str = field(repr=False)
    kind: ParagraphKind = "paragraph"
    page: int | None = None

    @property
    def address(self) -> str:
        """The written address: ``file#p7``."""
        return f"{self.file}#p{self.number}"

    @property
    def anchor(self) -> str:
        """The address that survives time: ``file#p7@1a2b3c4d``, the hash being of the folded words."""
        return f"{self.address}@{fingerprint(self.text)}"

    def __str__(self) -> str:
        return f"{self.file} ¶{self.number}"


@dataclass(frozen=True, slots=True)
class Article:
    """A file of the folder: its text, what is known about it, and its numbered paragraphs."""

    file: str
    text: str = field(repr=False)
    title: str | None
    published: date | None
    language: str
    source: str | None
    paragraphs: tuple[Paragraph, ...] = field(repr=False)
    sha256: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out: ``reason`` is one of a few words to count by, ``detail`` one sentence for a person."""

    file: str
    reason: Literal[
        "empty",
        "binary",
        "encoding",
        "too large",
        "too slow",
        "encrypted",
        "truncated",
        "outside",
        "unreadable",
        "format",
        "parts",  # an archive, feed or dump: its articles are read, and named after it
    ]
    detail: str


@dataclass(frozen=True, slots=True)
class Match:
    """A sentence of a retrieved paragraph, its similarity to the query, and its search tokens.

    ``dense`` is the cosine, with an allowance when the sentence is in another language than the question.
    """

    sentence: Sentence
    dense: float
    tokens: tuple[str, ...] = field(default=(), repr=False)


class Filtered(Protocol):
    """What filters ask of an article, or of a part of it."""

    @property
    def source(self) -> str | None: ...

    @property
    def language(self) -> str: ...

    @property
    def published(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles are searched: of these sources, in these languages (both empty: all), published from ``since`` to
    ``until``, both included; an undated article passes only where neither is given."""

    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return bool(self.sources or self.languages or self.since or self.until)

    def admit(self, one: Filtered) -> bool:
        """Whether it passes, as the store would tell."""
        return (
            (not self.sources or one.source in self.sources)
            and (not self.languages or one.language in self.languages)
            and (self.since is None or (one.published is not None and one.published >= self.since))
            and (self.until is None or (one.published is not None and one.published <= self.until))
        )


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` to ``until``, both included, each open where it is None; ``yearly``: of this year or any other."""

    since: date | None
    until: date | None
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """What a question says of time: the periods that it names, in its order, and whether it asks for the latest, as of
    the day that it is ``asked``."""

    asked: date
    periods: tuple[Period, ...] = ()
    latest: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What goes to the retriever: the text as searched, its language, and the weight of each of its search tokens.

    ``asked`` is the question itself, where ``text`` has the one it leans on before it: it tells what kind of answer is
    wanted.

    ``weights[language][token]`` is the token's inverse document frequency (BM25's, >= 0), the question's words being
    stemmed as articles of that language are.
    """

    text: str
    asked: str
    language: str
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict, repr=False, hash=False)
    mean_length: float = field(default=0.0, repr=False)  # of the index's paragraphs, in search tokens
    when: When | None = None
    sources: tuple[str, ...] = ()  # of the folder's articles, that the question names


# Characters of the lead that stand for a title. The four articles of the seeds that have none are what showed it, with
# the reader of November 2026, trained on titles alone: AUROC .845 -> .885, right and cited .819 -> .844 with nothing
# refused (`QA_MIN_CONFIDENCE=0 qa eval`).
LEAD = 160


def shorten(text: str, most: int) -> str:
    """The whole words of a text's first ``most`` characters."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A retrieved paragraph: rank from 1, fused score 0..1 (higher is better) and both of its parts.

    ``lead`` is the first prose paragraph of the article and ``title`` its headline: names may stand there and be
    taken up in the paragraph by a pronoun. ``names`` are all that the article names, in one line. ``copies`` are the
    addresses of near-identical paragraphs elsewhere.
    """

    paragraph: Paragraph
    rank: int
    score: float
    dense: float
    lexical: float
    title: str | None = None
    lead: str = field(default="", repr=False)
    names: str = field(default="", repr=False)
    source: str | None = None
    published: date | None = None
    language: str = "en"
    sentences: tuple[Match, ...] = field(default=(), repr=False)
    copies: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """What is read before the paragraph's words: "Title | 2025-03-14" and a line break, or what of it is known.

        Where an article has no title, the beginning of its lead stands for it: "he" and "the two" are named there.
        """
        told = [self._topic(), self.published.isoformat() if self.published else ""]
        return " | ".join(filter(None, told)) + "\n" if any(told) else ""

    def _topic(self) -> str:
        if self.title or self.lead in self.paragraph.text:
            return self.title or ""
        return shorten(self.lead, LEAD)

    @property
    def address(self) -> str:
        return self.paragraph.address

    def without(self, sentences: Container[Sentence]) -> Evidence:
        """The same, but for these sentences: they are no candidates for an answer."""
        return replace(self, sentences=tuple(match for match in self.sentences if match.sentence not in sentences))


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the chat before the question."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a draft says its claim stands: a paragraph's address, and the words, when it names them."""

    address: str
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence that an answerer wants to say, before it is checked; for ``under`` see `Claim`."""

    text: str
    proposals: tuple[Proposal, ...] = ()
    under: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim's pointer into an article: ``article.text[start:end] == quote``.

    ``failed`` names the rule by which the paragraph does not support the claim; ``repaired`` says what was mended
    ("moved from 002.txt#p4", "quote restored"). ``mark`` is the number in the answer's text, from 1. ``lead`` is the
    article's first prose paragraph, by which it goes where it has no ``title``.
    """

    mark: int
    paragraph: Paragraph
    start: int
    end: int
    quote: str
    title: str | None = None
    source: str | None = None
    published: date | None = None
    language: str = "en"
    copies: tuple[str, ...] = ()
    failed: Rule | None = None
    repaired: str | None = None
    lead: str = field(default="", repr=False)

    @property
    def file(self) -> str:
        return self.paragraph.file

    @property
    def address(self) -> str:
        return self.paragraph.address

    @property
    def status(self) -> ClaimStatus:
        if self.failed:
            return "unsupported"
        return "repaired" if self.repaired else "verified"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer with its judged citations; an empty list means ungrounded.

    ``note`` says in a few words what failed ("the number 75 is not in 002.txt ¶4") when the claim is unsupported.
    ``added`` is where in ``text`` our own words stand, put in for the reader after the check (half open, in order).
    ``under`` is what the claim is said of, where an answer has several such: the question of several that it answers.
    ``differs``, in a claim that another article contradicts, is where the words stand that differ (half open, in
    order; none where the other has more than this); None in any other claim.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    note: str = ""
    added: tuple[tuple[int, int], ...] = ()
    under: str = ""
    differs: tuple[tuple[int, int], ...] | None = None

    @property
    def said(self) -> str:
        """What was checked: the text without our own additions."""
        text = self.text
        for start, end in reversed(self.added):
            text = text[:start] + text[end:]
        return text

    @property
    def status(self) -> ClaimStatus:
        statuses = {citation.status for citation in self.citations}
        if "verified" in statuses:
            return "verified"
        return "repaired" if "repaired" in statuses else "unsupported"

    @property
    def failed(self) -> Rule | None:
        """The rule that failed, None for a supported claim; a claim without any citation fails ``citation``."""
        if self.status != "unsupported":
            return None
        return next((citation.failed for citation in self.citations if citation.failed), "citation")

    @property
    def marked(self) -> str:
        """The claim's text followed by the marks of the citations that support it."""
        marks = dict.fromkeys(f"[{c.mark}]" for c in self.citations if c.status != "unsupported")
        return f"{self.text} {''.join(marks)}".rstrip()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a model reported (0 when none was called), and calls made."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.calls + other.calls,
        )

    def as_openai(self) -> dict[str, int]:
        """The tokens by the names that OpenAI's API gives them."""
        asked, wrote = self.prompt_tokens, self.completion_tokens
        return {"prompt_tokens": asked, "completion_tokens": wrote, "total_tokens": asked + wrote}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets. A refusal is an answer with status "refused" and a ``reason``, not an exception.

    ``claims`` are shown, ``removed`` are the drafts that failed their check; ``nearest`` are the paragraphs that came
    closest, on a refusal; ``retrieved`` the best ten, whatever was answered. ``listed``: each claim stands for itself,
    of an article or a paragraph of one, as in a list or a summary. ``confidence`` is 0..1; not ``judged``: it
    says nothing (a list, a count, a summary); ``timings`` are seconds by step. ``query`` is the question as searched;
    ``when`` says which days the times that it names were taken to mean, "" where that changes nothing that is shown;
    ``filters`` are those that held.
    """

    question: str
    query: str
    status: AnswerStatus
    claims: tuple[Claim, ...] = ()
    removed: tuple[Claim, ...] = ()
    short_answer: str = ""
    nearest: tuple[Evidence, ...] = ()
    retrieved: tuple[Evidence, ...] = field(default=(), repr=False)
    conflict: bool = False
    reason: str = ""
    listed: bool = False
    confidence: float = 0.0
    judged: bool = True
    as_of: date | None = None
    when: str = ""
    filters: Filters | None = None
    language: str = "en"
    model: str | None = None
    answerer: str = "extract"
    prompt_sha: str | None = None
    index_revision: str = ""
    usage: Usage = field(default_factory=Usage, repr=False)
    timings: dict[str, float] = field(default_factory=dict, repr=False, hash=False, compare=False)

    @property
    def text(self) -> str:
        """The claims with their marks, in order; the reason when nothing is claimed."""
        return " ".join(claim.marked for claim in self.claims) or self.reason

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations that support a shown claim, once each, by mark."""
        found = {c.mark: c for claim in self.claims for c in claim.citations if c.status != "unsupported"}
        return tuple(found[mark] for mark in sorted(found))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Step:
    """How far an update has come: it waits for another process, has read bytes of files (and which), or has embedded
    sentences, of all that the index has."""

    phase: Literal["wait", "read", "embed"]
    done: int = 0
    total: int = 0
    file: str = ""


Progress = Callable[[Step], None]


def fingerprint(text: str) -> str:
    """The first 8 hex digits of the SHA-256 of the text, case-folded and with its white space folded."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).hexdigest()[:8]
