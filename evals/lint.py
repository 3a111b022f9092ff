"""What is wrong with a gold set: every pointer, fact and history is held against the articles, without any model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Literal

from qa.articles import corpus
from qa.errors import FolderError
from qa.language.mentions import mentions
from qa.language.names import named_in
from qa.language.text import detect_language, stems, words
from qa.types import Article, Paragraph

from .cases import Case
from .metrics import contains, folded
from .stats import smallest_detectable

_FEW = 3  # questions of a kind: with fewer, its mean says nothing
_UNANSWERABLE = 0.15  # a smaller share without an answer lets a system that never refuses look good
# Of a question's other words, in a paragraph with all its names: a quarter of the seeds' own gold paragraphs have it.
_AGREEING = 0.5

Level = Literal["error", "warning"]
Paragraphs = Mapping[str, Paragraph]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a line, from 1, of a gold file; ``line`` is 0 and ``case_id`` "" for what concerns the whole
    set. An error makes the set unusable, a warning is to be looked at."""

    path: str
    line: int
    case_id: str
    level: Level
    text: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        line = ": ".join(part for part in (place, self.case_id, self.text) if part)
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)  # a terminal obeys control characters


def articles(folder: Path) -> dict[str, Article]:
    """The folder's articles by file name, read without an index or embedder. Raises `FolderError`."""
    read = (corpus.read_article(found) for found in corpus.scan(folder)[0])
    found = {article.file: article for article in read if isinstance(article, Article)}
    if not found:
        raise FolderError(f"{folder} holds no article that can be read: name the folder of the gold questions.")
    return found


def lint(cases: Sequence[Case], articles: Mapping[str, Article]) -> list[Problem]:
    """What is wrong with the cases, by file and line; what concerns the whole set comes last."""
    languages = frozenset(case.lang for case in cases)
    complete = [case for case in cases if not _unfinished(case)]
    found = [problem for case in cases for problem in _unfinished(case)]
    found += [*_same_ids(cases), *_same_questions(complete)]
    for check in (_parts, _history, _addresses, _facts, partial(_language, languages), _wrong, _answered):
        found += check(complete, articles)
    return sorted(found, key=lambda p: (p.path, p.line)) + _balance(cases)


def summary(cases: Sequence[Case]) -> str:
    """A few lines: how many questions by kind, language and answerability, what they cover, what they can tell."""
    sorts = {True: "answerable", False: "unanswerable", None: "underspecified"}
    covered = {_split(address)[0] for case in cases for address in case.gold}
    lines = {
        "questions": str(len(cases)),
        "kinds": _counted(case.kind for case in cases),
        "languages": _counted(case.lang for case in cases),
        "answers": _counted(sorts[case.answerable] for case in cases),
        "articles": f"{len(covered)} hold the answer to a question",
        "can tell": f"two systems apart that differ by {smallest_detectable(len(cases)):.3f} or more",
    }
    return "\n".join(f"{name:<10} {said}" for name, said in lines.items())


def _counted(values: Iterable[str]) -> str:
    return ", ".join(f"{value} {count}" for value, count in Counter(values).most_common())


def _problem(level: Level, case: Case, text: str) -> Problem:
    return Problem(case.path, case.line, case.id, level, text)


_error = partial(_problem, "error")
_warning = partial(_problem, "warning")


# ── each case by itself ──────────────────────────────────────────────────────────────────────────────────────────────


def _unfinished(case: Case) -> list[Problem]:
    """One error for each field that still says TODO; a case that has any is checked no further."""
    written = {
        "id": [case.id],
        "kind": [case.kind],
        "question": [case.question],
        "history": [str(turn["content"]) for turn in case.history if isinstance(turn, Mapping) and "content" in turn],
        "facts": [alternative for fact in case.facts for alternative in fact],
        **{name: getattr(case, name) for name in ("gold", "acceptable", "tempting", "wrong")},
        "answer": [case.answer],
        "why": [case.why],
    }
    return [
        _error(case, f'"{name}" is unfinished: do what its TODO says, or delete the line.')
        for name, texts in written.items()
        if any(re.match(r"\s*TODO\b", str(text)) for text in texts)
    ]


def _parts(cases: Sequence[Case], articles: Mapping[str, Article]) -> Iterator[Problem]:
    """What an answerable question needs and another must not have, and what some kinds need."""
    for case in cases:
        missing = [name for name in ("facts", "gold", "answer", "why") if not getattr(case, name)]
        present = [name for name in ("facts", "gold") if getattr(case, name)]
        if case.answerable and missing:
            yield _error(case, f"is answerable and needs {_listed(missing)}.")
        if not case.answerable and present:
            yield _error(case, f"is not answerable, yet has {_listed(present)}: take them out, or make it answerable.")
        if not case.answerable and "why" in missing:
            yield _warning(case, 'has no "why": say in a line why there is no answer.')
        if case.conflict and len(set(case.gold)) < 2:
            yield _error(case, "is a conflict: give as gold a paragraph of each side.")
        if case.kind == "as-of" and case.as_of is None:
            yield _error(case, 'has no "as_of": give the day on which it is asked, YYYY-MM-DD.')
        if case.kind == "follow-up" and not case.history:
            yield _error(case, 'is a follow-up without "history": give the turns before it.')


def _history(cases: Sequence[Case], articles: Mapping[str, Article]) -> Iterator[Problem]:
    for case in cases:
        turns = [turn if isinstance(turn, Mapping) else {} for turn in case.history]
        if any(not isinstance(turn.get("content"), str) or not turn["content"].strip() for turn in turns):
            yield _error(case, 'has a turn in "history" without role and content: give both, as texts.')
        elif [turn.get("role") for turn in turns] != ["user", "assistant"] * (len(turns) // 2):
            yield _error(case, '"history" must alternate user and assistant, and end with the assistant.')


def _addresses(cases: Sequence[Case], articles: Mapping[str, Article]) -> Iterator[Problem]:
    """Addresses that no paragraph has, and those that stand twice among what may be cited."""
    known = _paragraphs(articles)
    for case in cases:
        for address in dict.fromkeys((*case.gold, *case.acceptable, *case.tempting)):
            if address not in known:
                yield _error(case, _nowhere(address, articles))
        for address, times in Counter((*case.gold, *case.acceptable)).items():
            if times > 1:
                yield _error(case, f"{address} stands twice in gold and acceptable: leave it in one of them.")


def _nowhere(address: str, articles: Mapping[str, Article]) -> str:
    file, number = _split(address)
    if number is None:
        return f'{address} is no address: write file#pN, like "{next(iter(articles))}#p2".'
    if article := articles.get(file):
        return f"{address} does not exist: the file has {max(p.number for p in article.paragraphs)} paragraphs."
    near = get_close_matches(file, articles, n=1, cutoff=0.0)
    return f"{address} does not exist: there is no such file; the nearest name is {near[0]}."


def _facts(cases: Sequence[Case], articles: Mapping[str, Article]) -> Iterator[Problem]:
    """Facts that no gold paragraph states in any of their words, and alternatives that say the same."""
    known = _paragraphs(articles)
    for case in cases:
        gold = [known[address].text for address in case.gold if address in known]
        for fact in case.facts:
            if gold and not any(contains(text, said) for text in gold for said in fact):
                listed = " or ".join(f"'{said}'" for said in fact) or "an empty list"
                yield _error(case, f"no gold paragraph has {listed}: give an alternative in its own words.")
            for i, said in enumerate(fact):
                if any(words(said) == words(other) and folded(said) == folded(other) for other in fact[:i]):
                    yield _warning(case, f"'{said}' repeats another alternative: leave one of them.")


def _language(languages: frozenset[str], cases: Sequence[Case], articles: Mapping[str, Article]) -> Iterator[Problem]:
    for case in cases:
        seen = detect_language(case.question, otherwise=case.lang, among=languages)
        if seen != case.lang:
            yield _warning(case, f'"lang" is {case.lang}, but the question looks like {seen}.')


def _wrong(cases: Sequence[Case], articles: Mapping[str, Article]) -> Iterator[Problem]:
    """Values to beware of that stand in no article and are not accounted for in ``why``."""
    texts = [_spaced(article.text) for article in articles.values()]
    for case in cases:
        if case.kind != "off-topic":
            spaced = {value: _spaced(value) for value in case.wrong if not contains(str(case.why), value)}
            absent = [f"'{value}'" for value, said in spaced.items() if not any(said in text for text in texts)]
            if absent:
                told = f'no article has {_listed(absent)}: mend "wrong", or say in "why" where it is from.'
                yield _warning(case, told)


def _spaced(text: str) -> str:
    """The words as `contains` compares them, between spaces: long texts are folded once."""
    return f" {' '.join(folded(text))} "


def _answered(cases: Sequence[Case], articles: Mapping[str, Article]) -> Iterator[Problem]:
    """Questions without an answer of which one paragraph has every name and number and half of the other words."""
    unanswerable = [case for case in cases if case.answerable is False and case.kind != "off-topic"]
    languages = {article.language for article in articles.values()}
    asked = {language: [(case, _asked(case, language)) for case in unanswerable] for language in languages}
    for article in articles.values():
        for paragraph in article.paragraphs:
            there = frozenset(stems(paragraph.text, article.language))
            for case, question in asked[article.language]:
                told = paragraph.address in case.tempting
                if not told and question.agrees_with(there) and question.named_in(paragraph, article):
                    yield _warning(case, f'{paragraph.address} may answer it: read it, then list it under "tempting".')


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question's names, the canonical values of its numbers and dates, and its other words as search tokens."""

    names: tuple[str, ...]
    values: frozenset[str]
    others: frozenset[str]

    def agrees_with(self, there: frozenset[str]) -> bool:
        """Whether a text of these tokens has enough of the other words; one word alone proves nothing."""
        return len(self.others) > 1 and len(self.others & there) >= _AGREEING * len(self.others)

    def named_in(self, paragraph: Paragraph, article: Article) -> bool:
        if not (self.names or self.values) or not all(named_in(name, paragraph.text) for name in self.names):
            return False
        return self.values <= {m.value for m in mentions(paragraph.text, article.language, article.published)}


def _asked(case: Case, language: str) -> _Asked:
    found = mentions(case.question, case.lang, case.as_of)
    tokens = partial(stems, language=language, stop_language=case.lang)
    named = {token for m in found for token in tokens(m.text)}
    return _Asked(
        tuple(m.text for m in found if m.kind == "name"),
        frozenset(m.value for m in found if m.kind != "name"),
        frozenset(tokens(case.question)) - named,
    )


# ── the set as a whole ───────────────────────────────────────────────────────────────────────────────────────────────


def _same_ids(cases: Sequence[Case]) -> Iterator[Problem]:
    first: dict[str, Case] = {}
    for case in cases:
        if case.id in first:
            yield _error(case, f"the id is that of {first[case.id].path}:{first[case.id].line}: give it its own.")
        first.setdefault(case.id, case)


def _same_questions(cases: Sequence[Case]) -> Iterator[Problem]:
    """Questions asked twice, after the same turns and on the same day: with the same answer, and with another."""
    first: dict[object, Case] = {}
    for case in cases:
        before = tuple(tuple(words(str(turn))) for turn in case.history)
        other = first.setdefault((tuple(words(case.question)), before, case.as_of), case)
        if other is case or not words(case.question):
            continue
        if other.answerable is case.answerable:
            yield _warning(case, f"asks what {other.id} asks: leave one of them.")
        else:
            yield _error(case, f'asks what {other.id} asks, yet has another "answerable": mend or drop one.')


def _balance(cases: Sequence[Case]) -> list[Problem]:
    path = cases[0].path if cases else ""
    few = [f"{kind} ({n})" for kind, n in Counter(case.kind for case in cases).items() if n < _FEW]
    share = sum(case.answerable is False for case in cases) / max(len(cases), 1)
    found: list[str] = []
    if few:
        found.append(f"fewer than {_FEW} questions of the kind {_listed(few)}: their own figures will say little.")
    if share < _UNANSWERABLE:
        found.append(f"only {share:.0%} are unanswerable: about one in four keeps refusing honest.")
    return [Problem(path, 0, "", "warning", text) for text in found]


def _paragraphs(articles: Mapping[str, Article]) -> Paragraphs:
    return {p.address: p for article in articles.values() for p in article.paragraphs}


def _split(address: str) -> tuple[str, int | None]:
    """File and paragraph number of ``file#pN``; None for the number when it is no address."""
    file, _, number = address.rpartition("#p")
    return file, int(number) if file and re.fullmatch(r"[1-9]\d{0,8}", number) else None


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
