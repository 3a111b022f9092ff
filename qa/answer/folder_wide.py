"""Questions over the whole folder: which articles, and how many, mention something or are from somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from qa.articles.dates import parse_date
from qa.index.copies import folded
from qa.index.store import Articles, IndexedParagraph, Store
from qa.language.mention import Mention
from qa.language.mentions import dates, names
from qa.language.names import is_place, name_keys, named_in, same_name, spelled
from qa.language.text import detect_language, fold, sentences, stems, words
from qa.language.words import alternatives, load, meanings
from qa.messages import catalogue
from qa.question.periods import when
from qa.question.requests import usual_words
from qa.retrieve import unsearched
from qa.types import Draft, Evidence, Filters, Proposal


@dataclass(frozen=True, slots=True)
class Whole:
    """What is asked of each article of the folder: to mention ``subjects`` (all of them, or with ``either`` one), or
    nothing, and to pass ``filters``.

    ``named`` is what is to be mentioned and ``scope`` what is to be passed, both in the question's own words; ``known``
    is false when the scope names a source or language that no article has.
    """

    language: str
    subjects: tuple[str, ...] = ()
    either: bool = False
    named: str = ""
    filters: Filters = field(default_factory=Filters)
    scope: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """What the folder has: a draft with its evidence for each article (newest first), how many articles those and
    their copies are, and among how many was searched."""

    drafts: tuple[tuple[Draft, Evidence], ...]
    articles: int
    among: int


# ---------------------------------------------------------------- the question

_WORDS = load("folder")
_NOUN = {
    "en": rf"(?:(?:{alternatives(_WORDS['uncounted']['en'])}) )?(?:{alternatives(_WORDS['nouns']['en'])})",
    "es": rf"(?:{alternatives(_WORDS['nouns']['es'])})",
}
_HERE = {
    "en": rf"(?:\s+(?:in|of|from)\s+(?:the|this|my|our|these|your)\s+(?:{alternatives(_WORDS['collection']['en'])}))?",
    "es": rf"(?:\s+(?:en|de)\s+(?:la|esta|el|este|mi)\s+(?:{alternatives(_WORDS['collection']['es'])}))?",
}
_ASKS = {
    "en": r"(?:(?:which|what|how\s+many)(?:\s+of\s+(?:the|these|those|my|our))?"
    rf"|(?:(?:please|can\s+you|could\s+you)\s+)?(?:{alternatives(_WORDS['orders']['en'])})(?:\s+me)?"
    r"(?:\s+(?:all|every|each|any))?(?:\s+of)?(?:\s+(?:the|these|my|our))?|(?:all|every)(?:\s+the)?)",
    "es": r"(?:(?:qu[ée]|cu[áa]les|cu[áa]nt[oa]s|en\s+cu[áa]nt[oa]s|en\s+qu[ée])"
    rf"(?:\s+de\s+(?:los|las|estos|estas|mis))?|(?:{alternatives(_WORDS['orders']['es'])})"
    r"(?:\s+tod[oa]s)?(?:\s+(?:los|las))?|tod[oa]s\s+(?:los|las))",
}
_MENTIONS = {
    "en": rf"(?:(?:that\s+|which\s+)?(?:{alternatives(_WORDS['mention']['en'])})"
    rf"|{alternatives(_WORDS['mentioning']['en'])}"
    r"|(?:are\s+there\s+|(?:do|have)\s+(?:we|you)\s+(?:have\s+)?)?(?:about|on)(?!\s+\d))",
    "es": rf"(?:(?:hay\s+)?(?:que\s+)?(?:{alternatives(_WORDS['mention']['es'])}"
    rf"|(?:{alternatives(_WORDS['mention_a']['es'])})(?=\s+al?\b)"
    rf"|(?:{alternatives(_WORDS['mention_sobre']['es'])})(?=\s+(?:sobre|acerca)\b)"
    rf"|(?:{alternatives(_WORDS['mention_de']['es'])})(?=\s+del?\b))"
    r"|hay(?=\s+(?:sobre|acerca)\b)|(?=\b(?:sobre|acerca)\b))",
}
_PASSIVE = {
    "en": rf"^in\s+(?:which|what|how\s+many)(?:\s+of\s+(?:the|these))?\s+{{noun}}\s+"
    rf"(?:{alternatives(_WORDS['auxiliaries']['en'])})\s+(?P<subject>.+?)\s+"
    rf"(?:{alternatives(_WORDS['mentioned']['en'])})\W*$",
    "es": rf"^en\s+(?:qu[ée]|cu[áa]nt[oa]s)\s+{{noun}}\s+(?:{alternatives(_WORDS['mentioned']['es'])})\s+"
    r"(?P<subject>.+?)\W*$",
}
_LANGUAGE = meanings(load("languages")["asked"])
_BE = {
    "en": rf"(?:(?:that|which)\s+)?(?:(?:{alternatives(_WORDS['be']['en'])})\s+)?",
    "es": rf"(?:que\s+)?(?:(?:{alternatives(_WORDS['be']['es'])})\s+)?",
}
_FROM = {
    language: rf"(?:(?:{alternatives(_WORDS['published'][language])})\s+)?"
    rf"(?=(?:{alternatives(_WORDS['scope'][language])})\b)"
    for language in _NOUN
}
_THEN = rf"\s+(?=(?:{alternatives(*_WORDS['second'].values())})\b)"
_PREPOSITION = re.compile(
    rf"^(?:{alternatives(*_WORDS['preposition'].values())})\s+(?:the\s+|la\s+|el\s+)?"
    rf"(?:(?:{alternatives(*_WORDS['kinds'].values())})\s+)?",
    re.IGNORECASE,
)
_THERE = {
    "en": re.compile(r"^(?:are|is)\s+there(?:\s+in\s+(?:total|all))?$|^(?:do|have)\s+(?:you|we)(?:\s+have)?$", re.I),
    "es": re.compile(r"^hay(?:\s+en\s+total)?$|^(?:tienes|tenemos)$", re.I),
}
_CLAUSE = re.compile(
    rf"^(?:{alternatives(*_WORDS['clause'].values())})\b|"
    rf"^(?:in|at|for|with|by|to)\b|\b(?:{alternatives(*_WORDS['without'].values())})\b|[?;:]",
    re.IGNORECASE,
)
_POINTING = frozenset(load("pronouns")["subject"])
_AND = re.compile(rf"(?:,\s*|\s+)(?:{alternatives(_WORDS['all'])})\s+|,\s*", re.IGNORECASE)
_OR = re.compile(rf"\s+(?:{alternatives(_WORDS['either'])})\s+", re.IGNORECASE)
_LEADING = re.compile(
    r"^(?:both\s+|either\s+|tanto\s+)?(?:sobre\s+|acerca\s+)?(?:(?:del?|al?)\s+)?(?:(?:the|an?|el|la|los|las)\s+(?=\S))?",
    re.IGNORECASE,
)
_MOST_SUBJECTS, _LONGEST = 5, 12  # words of a subject; a longer one is a sentence, and asks for something else


@lru_cache(maxsize=8)
def _forms(language: str) -> tuple[re.Pattern[str], ...]:
    noun, here, asks, mentions = (table[language] for table in (_NOUN, _HERE, _ASKS, _MENTIONS))
    adjective = r"(?:(?P<adjective>\w+)(?:-language)?\s+)?" if language == "en" else ""
    opened = rf"^{asks}\s+{adjective}{noun}{here}"
    return tuple(
        re.compile(form, re.IGNORECASE)
        for form in (
            rf"{opened}(?:\s+(?P<scope>.+?))??\s+{mentions}\s+(?P<subject>.+?)\W*$",
            _PASSIVE[language].format(noun=noun + here),
            rf"{opened}(?P<scope>\s+.+?)?\W*$",
        )
    )


def whole(question: str, articles: Articles, *, today: date, filters: Filters | None = None) -> Whole | None:
    """The question as one over the whole folder; None for any other, and wherever its words are not all understood.

    ``articles`` are what is known of each, by file; only those that pass ``filters`` are searched.
    """
    asked = " ".join(question.split()).strip("¿¡ ")
    for language in _NOUN:
        for form in _forms(language):
            if m := form.search(asked):
                one = _read(asked, m, Whole(language, filters=filters or Filters()), articles, today)
                if one:
                    return one
    return None


def requested(text: str, kind: str | None, filters: Filters | None = None) -> Whole | None:
    """A request for "articles" or of the "folder" in other words: for the articles about a subject ("anything on
    gas?"), or, where it has no words but those of such requests, for all; None for any other kind."""
    asked = " ".join(text.split()).strip("¿¡ ")
    language = detect_language(asked, otherwise="en")
    one = Whole(language, filters=filters or Filters())
    if language not in _NOUN or kind not in ("articles", "folder"):
        return None
    if subject := subject_of(asked, language):
        return _with_subject(one, subject, "sobre ")
    return one if kind == "articles" and set(stems(asked, language)) <= _usual(language) else None


def _usual(language: str) -> frozenset[str]:
    return usual_words(("articles", "folder"), language)


def subject_of(request: str, language: str) -> str:
    """What a request for articles wants them to be about; "" where it says nothing of that."""
    found = _ABOUT.search(request)
    return found["subject"] if found and set(stems(found["subject"], language)) - _usual(language) else ""


_ABOUT = re.compile(rf"\b(?:{alternatives(*_WORDS['about'].values())})\s+(?P<subject>[^?]+?)\W*$", re.IGNORECASE)


def _read(asked: str, m: re.Match[str], one: Whole | None, articles: Articles, today: date) -> Whole | None:
    """The question by what one of the forms has found in it; None when a part of it is not understood."""
    told = m.groupdict()
    if (subject := told.get("subject")) and one:
        one = None if _CLAUSE.search(subject) else _with_subject(one, subject, asked[: m.start("subject")])
    return _with_scope(one, told.get("scope") or "", told.get("adjective") or "", articles, today) if one else None


def _with_subject(one: Whole, subject: str, before: str) -> Whole | None:
    bare = subject.strip(" .,!\"“”«»'")
    if not bare or len(bare.split()) > _LONGEST or _pointing(bare):
        return None
    either = bool(_OR.search(bare))
    whole = _quoted(subject) or _one_name(bare)
    joined = (bare,) if whole else tuple((_OR if either else _AND).split(bare))
    subjects = tuple(dict.fromkeys(_LEADING.sub("", part.strip(" \"“”«»'")) for part in joined if part.strip()))
    if len(subjects) > _MOST_SUBJECTS or not all(words(part) for part in subjects):
        return None
    return replace(one, subjects=subjects, either=either, named=_object(bare, before) if one.language == "es" else bare)


def _object(subject: str, before: str) -> str:
    """A Spanish subject as it can follow "mencionan"."""
    if re.search(r"\b(?:mencion|nombr|cit)\w+\s+$", before):
        return subject
    bare = re.sub(r"^(?:sobre|acerca)\s+", "", subject)
    return re.sub(r"^(?:de|a)\s+", "", re.sub(r"^(?:del|al)\s+", "el ", bare))


def _quoted(subject: str) -> bool:
    return subject.strip()[:1] in "\"“«'" and len(re.findall('["“”«»]', subject)) == 2


def _one_name(subject: str) -> bool:
    """Whether an "and" stands inside one name ("Ministry of Culture and Tourism")."""
    return bool(re.search(r"\b(?:of|de|del)\s+\w+\s+(?:and|y)\s+\w+", subject)) and subject[:1].isupper()


def _pointing(subject: str) -> bool:
    """Whether a pronoun stands where the subject should."""
    said = words(_LEADING.sub("", subject)) or words(subject)
    return not said or (len(said) <= 2 and said[0] in _POINTING)


def _with_scope(one: Whole, scope: str, adjective: str, articles: Articles, today: date) -> Whole | None:
    """The question with what its scope asks for; None when a part of the scope is not understood."""
    scope = scope.strip()
    if adjective and fold(adjective) not in _WORDS["loose"]:
        code = _LANGUAGE.get(fold(adjective))
        if code is None:
            return None
        one = _in_language(replace(one, scope=f"in {adjective}"), code, articles)
    if not scope or _THERE[one.language].search(scope):
        return one
    said = re.sub(rf"^{_BE[one.language]}", "", scope, flags=re.IGNORECASE)
    m = re.match(_FROM[one.language], said, re.IGNORECASE)
    narrowed = _narrowed(one, said[m.end() :], articles, today) if m else None
    return replace(narrowed, scope=" ".join(filter(None, (narrowed.scope, said)))) if narrowed else None


def _narrowed(one: Whole, scope: str, articles: Articles, today: date) -> Whole | None:
    """The question with the filters that the scope names: a language, a source or a period, or two of them."""
    whole = _by_one(one, scope, articles, today)
    if whole:
        return whole
    for cut in re.finditer(_THEN, scope, re.IGNORECASE):
        first = _by_one(one, scope[: cut.start()], articles, today)
        rest = re.sub(r"^public\w+\s+", "", scope[cut.end() :])
        if first and (both := _narrowed(first, re.sub(r"^published\s+", "", rest), articles, today)):
            return both
    return None


def _by_one(one: Whole, scope: str, articles: Articles, today: date) -> Whole | None:
    bare = _PREPOSITION.sub("", scope).strip(" .,\"“”«»'")
    code = _LANGUAGE.get(fold(bare))
    if code and re.match(r"in|en", scope, re.IGNORECASE):
        return _in_language(one, code, articles)
    if period := _period(scope, one.language, today):
        return _in_period(one, period)
    known = sorted({row.source for row in articles.values() if row.source})
    wanted = set(words(bare))
    fitting = tuple(source for source in known if wanted and wanted <= set(words(source)))
    if fitting:
        return replace(one, filters=replace(one.filters, sources=fitting))
    if re.fullmatch(rf"(?:from|by|de|por)\s+{re.escape(bare)}", scope, re.IGNORECASE) and _proper(bare):
        return replace(one, known=False)
    return None


def language_named(text: str) -> str | None:
    """The language that a text names, as its ISO 639-1 code; None where it names none."""
    return next((_LANGUAGE[word] for word in words(text) if word in _LANGUAGE), None)


def _in_language(one: Whole, code: str, articles: Articles) -> Whole:
    there = any(row.language == code for row in articles.values())
    return replace(one, filters=replace(one.filters, languages=(code,)), known=one.known and there)


_TIME_WORDS = frozenset(load("time")["period"])


def _period(scope: str, language: str, today: date) -> tuple[date | None, date | None] | None:
    """The days that the scope names, if it names nothing else."""
    inside = [word for m in dates(scope, language) for word in words(m.text)]
    if not {word for word in words(scope) if not word.isdigit()} <= _TIME_WORDS | set(inside):
        return None
    told = when(scope, language, today=today)
    return (told.periods[0].since, told.periods[0].until) if told and len(told.periods) == 1 else None


def _in_period(one: Whole, period: tuple[date | None, date | None]) -> Whole:
    since, until = period
    late = [day for day in (one.filters.since, since) if day]
    early = [day for day in (one.filters.until, until) if day]
    return replace(one, filters=replace(one.filters, since=max(late, default=None), until=min(early, default=None)))


# ---------------------------------------------------------------- the folder


@dataclass(frozen=True, slots=True)
class _Shown:
    """Words of a paragraph that are shown; it is a copy of another by its own words alone, whatever it is about."""

    row: IndexedParagraph
    words: str
    about: str = ""


def find(asked: Whole, store: Store, articles: Articles) -> Listing:
    """Every article that is asked for, each with the sentences that show it; newest first, undated last, then by file.

    Near-identical paragraphs of several articles give one draft, whose evidence names the copies.
    """
    passing = {file for file, row in articles.items() if asked.filters.admit(row)} if asked.known else set()
    shown: dict[str, list[_Shown]] = {}
    if asked.subjects and passing:
        found = [_mentioning(subject, asked, store, articles) for subject in asked.subjects]
        files = set.union(*map(set, found)) if asked.either else set.intersection(*map(set, found))
        for file in files & passing:
            shown[file] = _sentences(file, found, asked, articles)
    elif passing:
        shown = {row.file: [_Shown(row, _first_sentence(row))] for row in openings(passing, store)}
    each = sorted((one for own in shown.values() for one in own), key=_newest_first)
    groups = folded(each) if asked.subjects else [[one] for one in each]
    ordered = sorted(groups, key=lambda group: _newest_first(group[0]))
    drafts = tuple(_draft(group, rank, articles) for rank, group in enumerate(ordered, start=1))
    return Listing(drafts, len(shown), len(passing) if asked.subjects and asked.known else len(articles))


def _newest_first(one: _Shown) -> tuple[int, str, int]:
    return -one.row.published.toordinal() if one.row.published else 0, one.row.file, one.row.number


def openings(files: Iterable[str], store: Store) -> list[IndexedParagraph]:
    """The first prose paragraph of each article, or the first paragraph where there is no prose."""
    first: dict[str, IndexedParagraph] = {}
    wanted = set(files)
    for row in store.matching({}):
        best = first.get(row.file)
        if row.file in wanted and (best is None or _place(row) < _place(best)):
            first[row.file] = row
    return list(first.values())


def _place(row: IndexedParagraph) -> tuple[bool, int]:
    """Prose before headings and the line with the article's day, in the article's order."""
    return row.kind == "heading" or parse_date(row.text) is not None, row.number


def _first_sentence(row: IndexedParagraph) -> str:
    spans = sentences(row.text, row.language)
    return row.text[slice(*spans[0])] if spans else row.text


def _mentioning(subject: str, asked: Whole, store: Store, articles: Articles) -> dict[str, list[IndexedParagraph]]:
    """The paragraphs of each article that may mention the subject, where one of them does; prose first."""
    is_name = _is_name(subject, asked.language)
    groups: dict[str, list[IndexedParagraph]] = {}
    for language in sorted({row.language for row in articles.values()}):
        narrowed = replace(asked.filters, languages=(language,))
        if asked.filters.languages and language not in asked.filters.languages:
            continue
        for row in store.matching(_sieve(subject, is_name, language, asked.language), narrowed):
            if row.file in articles:
                groups.setdefault(row.file, []).append(row)
    test = _Test(subject, is_name, asked.language)
    kept = {file: sorted(rows, key=_place) for file, rows in groups.items()}
    return {file: rows for file, rows in kept.items() if test.first(rows, articles[file].names)}


def mentioning(subject: str, language: str, store: Store, articles: Articles) -> Iterator[tuple[IndexedParagraph, str]]:
    """Each sentence of the articles that mentions the subject, with its paragraph."""
    bare = _LEADING.sub("", subject.strip(" .,!\"“”«»'"))
    test = _Test(bare, _is_name(bare, language), language)
    for file, rows in _mentioning(bare, Whole(language, subjects=(bare,)), store, articles).items():
        yield from ((one.row, one.words) for one in test.all(rows, articles[file].names))


def _is_name(subject: str, language: str) -> bool:
    """Whether the subject is nothing but a name."""
    found = names(subject, language)
    return (len(found) == 1 and found[0].text == subject) or _proper(subject)


_INNER = frozenset(load("names")["capitals"])


def _proper(subject: str) -> bool:
    """Whether every word has a capital, but for the small words inside a name."""
    said = subject.split()
    return all(word[:1].isupper() or (n and word.casefold() in _INNER) for n, word in enumerate(said))


def _sieve(subject: str, is_name: bool, language: str, asked: str) -> dict[str, str]:
    """What the columns of a paragraph in this language must look like for it to mention the subject at all."""
    if is_name:
        return {"text": pattern} if (pattern := spelled(subject)) else {}
    named = names(subject, asked)
    if language != asked and _tell(named):
        return {"text": pattern} if (pattern := spelled(named[0].text)) else {}
    proper = {token for m in named for token in stems(m.text, language)}
    tokens = [token for token in stems(subject, language, stop_language=asked) if token not in proper]
    longest = max(tokens, key=len, default="")
    return {"search": rf"(^| ){re.escape(longest)}( |$)"} if longest else {}


@dataclass(frozen=True, slots=True)
class _Test:
    """Whether a sentence mentions the subject."""

    subject: str
    is_name: bool
    language: str

    def first(self, rows: Sequence[IndexedParagraph], named: str) -> _Shown | None:
        """The first sentence of these paragraphs that does, with its paragraph; None when none does."""
        return next(self.all(rows, named), None)

    def all(self, rows: Sequence[IndexedParagraph], named: str) -> Iterator[_Shown]:
        for row in rows:
            for start, end in sentences(row.text, row.language):
                if self(row.text[start:end], row.language, named):
                    yield _Shown(row, row.text[start:end])

    def __call__(self, text: str, language: str, named: str) -> bool:
        if self.is_name:
            return names_bearer(self.subject, text, language, named)
        wanted = stems(self.subject, language, stop_language=self.language)
        there = stems(text, language)
        proper = {t for m in names(self.subject, self.language) for t in stems(m.text, language)}
        if not all(named_in(m.text, text) for m in names(self.subject, self.language)):
            return False
        if language != self.language and _tell(names(self.subject, self.language)):
            return True
        rest = [token for token in wanted if token not in proper]
        if proper or len(rest) != 2:
            return bool(wanted) and set(rest) <= set(there)
        return any(set(rest) <= set(there[at : at + len(rest) + 2]) for at in range(len(there)))


def _tell(named: Iterable[Mention]) -> bool:
    """Whether the names in a subject tell it from others by themselves: one of them is none of a place or people."""
    return any(not is_place(word) for m in named for word in words(m.text))


def names_bearer(name: str, text: str, language: str, named: str) -> bool:
    """Whether a text names this bearer, be it by the last name alone, where the article has the whole name elsewhere
    and names nobody else of it.

    ``named`` are all names of the article, parted by " · ".
    """
    if named_in(name, text):
        return True
    keys = name_keys(name)
    if len(keys) == 1:
        return name.isupper() and any(same_name(name, m.text) for m in names(text, language))
    if not keys or is_place(words(name)[-1]) or not named_in(name, named):
        return False
    if not any(name_keys(m.text) == keys[-1:] for m in names(text, language)):
        return False
    full = (name_keys(other) for other in named.split(" · ") if " " in other)
    return not any(other[-1:] == keys[-1:] and not _of_one(other, keys) for other in full)


def _of_one(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    return set(a) <= set(b) or set(b) <= set(a)


def _sentences(
    file: str, found: Sequence[Mapping[str, list[IndexedParagraph]]], asked: Whole, articles: Articles
) -> list[_Shown]:
    """The first sentence that mentions all subjects; else the first one for each that the article mentions."""
    named = articles[file].names
    tests = [_Test(subject, _is_name(subject, asked.language), asked.language) for subject in asked.subjects]
    shown: dict[tuple[str, str], _Shown] = {}
    for test, rows in zip(tests, found, strict=True):
        there = list(test.all(rows[file], named)) if len(tests) > 1 and file in rows else []
        for one in there:
            if all(other(one.words, one.row.language, named) for other in tests):
                return [one]
        first = there[0] if there else test.first(rows[file], named) if file in rows else None
        if first:
            shown.setdefault((first.row.address, first.words), first)
    return list(shown.values())


def _draft(copies: Sequence[_Shown], rank: int, articles: Articles) -> tuple[Draft, Evidence]:
    return quoted(copies[0].row, copies[0].words, rank, articles, tuple(copy.row.address for copy in copies[1:]))


def quoted(
    row: IndexedParagraph, words: str, rank: int, articles: Articles, copies: tuple[str, ...] = ()
) -> tuple[Draft, Evidence]:
    """Words of a paragraph as a draft that quotes them, and the paragraph as evidence that was not searched for."""
    evidence = unsearched(row, articles[row.file], rank, copies)
    return Draft(" ".join(words.split()), (Proposal(evidence.address, words),)), evidence


# ---------------------------------------------------------------- what is said of it


def count(found: int, language: str) -> str:
    """The number of articles, in words that answer "how many"."""
    return catalogue(language)["article" if found == 1 else "articles"].format(found)


def reason(asked: Whole, found: Listing, articles: Articles) -> str:
    """One sentence made of the count itself: "3 of 5 articles mention Shoigu."; with none, what was looked for."""
    said, n = catalogue(asked.language), found.articles
    what = _predicate(asked, one=n <= 1)
    if n == 0:
        return said["none_of"].format(what) + _note(asked, articles)
    if not what:
        return said["holds"].format(count(n, asked.language))
    of = said["some_of"].format(n, count(found.among, asked.language), what)
    return f"{of}{_copied(found, asked.language)}{_note(asked, articles)}"


def _predicate(asked: Whole, *, one: bool) -> str:
    said = catalogue(asked.language)
    if asked.subjects:
        mentioning = said["mentions" if one else "mention"].format(asked.named)
        return " ".join(filter(None, (asked.scope, mentioning)))
    made = re.match(alternatives(*_WORDS["made"].values()), asked.scope) is not None
    made = made or (asked.language == "es" and asked.scope.startswith("en "))
    forms = ("was", "were") if made else ("is", "are")
    return said[forms[not one]].format(asked.scope) if asked.scope else ""


def _copied(found: Listing, language: str) -> str:
    copies = sum(len(evidence.copies) for _, evidence in found.drafts)
    return f" {catalogue(language)['copied'].format(copies)}" if copies else ""


def untranslated(asked: Whole, articles: Articles) -> bool:
    """Whether a subject has common words, and there are articles in another language than the question's."""
    plain = [s for s in asked.subjects if not _is_name(s, asked.language) and not _tell(names(s, asked.language))]
    searched = asked.filters.languages or {row.language for row in articles.values()}
    return bool(plain) and not set(searched) <= {asked.language}


def _note(asked: Whole, articles: Articles) -> str:
    """That common words are not translated."""
    return f" {catalogue(asked.language)['untranslated']}" if untranslated(asked, articles) else ""
