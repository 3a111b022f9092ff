"""Questions that the articles answer: to begin with, and beside a refusal. Made from the articles by rules, and kept
only if they are answered from their article."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from qa.answer.listed import mentioning
from qa.assistant import Assistant
from qa.errors import QAError
from qa.index.store import IndexedArticle
from qa.language.mention import Mention
from qa.language.mentions import dates, names, numbers
from qa.language.text import fold, sentences, stems, stop_words
from qa.language.words import alternatives, load
from qa.messages import LANGUAGES, catalogue
from qa.page import render
from qa.page.folder import Folder
from qa.page.render import Sent
from qa.question.requests import words_of
from qa.question.spelling import corrected, corrections, lacking
from qa.types import Answer, Article, Filters

Read = Callable[[str], Article | str | None]

_KEPT = 4
_ARTICLES = 12  # articles that are looked at, spread over the folder
_TRIED = 12  # questions that are asked at the most: each is searched and read
_EACH = 3  # candidates of one article
_COUNTED = 2  # names, and words, of a refused question that are counted
_TRIED_BESIDE = 3  # questions that are asked at most beside a refusal: a reader waits for it

_JOINING, _PERSONS = load("joining"), load("persons")
_SAID = {language: rf"\b(?:{alternatives(group)})\b" for language, group in load("saying")["asked"].items()}
_TITLES = rf"^(?:(?:{alternatives(_PERSONS['office_adjectives'])})\s+)*(?:{alternatives(_PERSONS['offices'])})\.?\s+"
_OF = r"(?:\b(?:of|from|in|de|del|en)\s+(?:the\s+)?)$"  # before a name that is not itself the one who speaks
# Between who speaks and that they do
_GAP = rf"\s*(?:,[^,]{{0,60}},)?\s*(?:{alternatives(_JOINING['speaking'])})?\s*"
# After a name that is the topic: no noun that it only describes ("the Israeli regime")
_WHOLE = rf"(?:[’']s\b|\W*$|[.,;:)”\"]|\s+(?:{alternatives(_JOINING['behind'])})\b)"


@dataclass(frozen=True, slots=True)
class Mentioned:
    """In how many articles a name stands, among all that may be searched, and the ``question`` that lists them; or a
    word in none, among those of its language (ISO 639-1)."""

    name: str
    articles: int
    among: int
    question: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """What is offered beside a refusal: the question with its names as the folder writes them, where it is then
    answered ("" elsewhere), what of it is in how many articles, and another question that is answered."""

    meant: str = ""
    counts: tuple[Mentioned, ...] = ()
    known: str = ""


def offers(assistant: Assistant, refused: Answer, known: Sequence[str], read: Read) -> Offers:
    """What can be asked instead of a question that was refused; ``known`` are questions that are answered.

    Every count is of the whole folder, or of what passes the answer's filters.
    """
    filters = refused.filters or Filters()
    passing = [row for row in assistant.store.articles() if filters.admit(row)]
    languages = {row.language for row in passing}
    absent = lacking(refused.question, refused.language, assistant.store, languages) if passing else []
    meant = _meant(assistant, refused, absent, passing)
    near = [q for q in [*known, *_from_nearest(refused, read)] if q not in (refused.question, meant)]
    return Offers(meant, tuple(_counted(assistant, refused, absent, passing)),
                  _nearest(assistant, refused, near, sure=known))  # fmt: skip


def _meant(assistant: Assistant, refused: Answer, lacking: Sequence[str], rows: Sequence[IndexedArticle]) -> str:
    """The question with each word that no article has as the nearest name there is; "" unless that is answered.

    What is nearly a name was searched as such before it was refused: here it may be less like it, or another name.
    """
    if refused.question != refused.query:
        return ""
    meant = corrected(refused.question, corrections(refused.question, refused.language, lacking, rows, sure=False))
    return meant if meant != refused.question and _answered(assistant, meant, refused.filters) else ""


def _counted(
    assistant: Assistant, refused: Answer, lacking: Sequence[str], rows: Sequence[IndexedArticle]
) -> Iterator[Mentioned]:
    """Each name of the question that articles have, and the longest words that none of its language has; what the
    answer's reason says is not said again."""
    listed = catalogue(refused.language)["ask_mentions"]
    unsaid = [name for name in _named(refused, rows) if name not in refused.reason][:_COUNTED]
    counted = {
        name: mentioning(name, assistant.kit, language=refused.language, filters=refused.filters) for name in unsaid
    }
    for name, (found, among) in counted.items():
        if found:
            yield Mentioned(name, found, among, question=listed.format(name))
    own = sum(row.language == refused.language for row in rows)
    whole = {word: name for name in counted for word in name.split()}  # "Aviv" is said as "Tel Aviv"
    words = (whole.get(word, word) for word in lacking if not _usual(word, refused.language))
    none = [w for w in dict.fromkeys(words) if w not in refused.reason and not counted.get(w, (0, 0))[0]]
    for word in sorted(none, key=len, reverse=True)[: _COUNTED if own else 0]:
        yield Mentioned(word, 0, own, language=refused.language)


def _named(refused: Answer, rows: Sequence[IndexedArticle]) -> list[str]:
    """The names of the question, and its words that are by themselves a name in the folder, written so."""
    alone = {fold(name): name for row in rows for name in row.names.split(" · ") if name.isalpha()}
    small = [fold(word) for word in re.findall(r"[^\W\d_]+", refused.question) if word.islower()]
    known = [alone[word] for word in small if word in alone and word not in stop_words(refused.language)]
    said = [
        m.text for m in names(refused.question, refused.language)
        if not m.text.isupper() and (fold(m.text) in alone or not _first(m, refused.question))
    ]  # fmt: skip
    return list(dict.fromkeys([_bare(name) for name in said] + known))


def _usual(word: str, language: str) -> bool:
    """Whether a word is one of ordinary questions ("say", "dijo"), which says little of what is asked."""
    return bool(set(stems(word, language)) & words_of("question", language))


def _from_nearest(refused: Answer, read: Read) -> Iterator[str]:
    """What may be asked of the articles that came nearest."""
    for file in dict.fromkeys(e.paragraph.file for e in refused.nearest):
        article = read(file)
        if isinstance(article, Article):
            yield from candidates(article)


def _nearest(assistant: Assistant, refused: Answer, questions: Sequence[str], *, sure: Sequence[str]) -> str:
    """The question most like the refused one, of its language where there is one, that is answered; ""."""
    asked = assistant.embedder.query(refused.question)
    spanish = refused.language == "es"
    near = {q: float(asked @ assistant.embedder.query(q)) for q in questions}
    ranked = sorted(near, key=lambda q: (q.startswith("¿") != spanish, -near[q]))[:_TRIED_BESIDE]
    filters = refused.filters
    return next((q for q in ranked if (q in sure and not filters) or _answered(assistant, q, filters)), "")


def _answered(assistant: Assistant, question: str, filters: Filters | None) -> bool:
    return _wordly(assistant).ask(question, filters=filters).status == "answered"


def suggested(assistant: Assistant, read: Read) -> list[str]:
    """Up to four questions that are answered from the article they were made of, from as many articles as can be."""
    known = sorted(article.file for article in assistant.store.articles())
    step = max(1, len(known) // _ARTICLES)
    articles = (read(file) for file in known[::step][:_ARTICLES])
    made = [[(q, a.file) for q in candidates(a)] for a in articles if isinstance(a, Article)]
    found: list[str] = []
    without_model = _wordly(assistant)
    spread = [pair for row in zip_longest(*made) for pair in row if pair]
    general = tuple(catalogue(language)["ask_about"].split("{}")[0] for language in LANGUAGES)
    spread.sort(key=lambda pair: pair[0].startswith(general))
    for question, file in spread[:_TRIED]:
        if len(found) == _KEPT:
            break
        answer = without_model.ask(question)
        if answer.status == "answered" and file in {c.file for c in answer.citations} and question not in found:
            found.append(question)
    return found


def candidates(article: Article) -> list[str]:
    """Questions that the article might answer, in its language, the likeliest first; none in a language not known."""
    found: dict[str, None] = {}
    if article.language in LANGUAGES:
        for question in _made(article):
            found.setdefault(question)
            if len(found) == _EACH:
                break
    return list(found)


def _made(article: Article) -> Iterator[str]:
    language = article.language
    asked = catalogue(language)
    prose = [p for p in article.paragraphs if p.kind == "paragraph"]
    for paragraph in prose:
        for start, end in sentences(paragraph.text, language):
            words = paragraph.text[start:end]
            speaker, topic = _speaker_and_topic(words, language)
            if speaker and topic:
                yield asked["ask_said"].format(speaker, topic)
    for paragraph in prose:  # a name beside a number or a day: there is something to be found out
        if numbers(paragraph.text, language) or dates(paragraph.text, language):
            found = [m for m in names(paragraph.text, language) if not _first(m, paragraph.text)]
            for mention in found[:1]:
                if not mention.text.isupper():
                    yield asked["ask_about"].format(_bare(mention.text))


def _speaker_and_topic(words: str, language: str) -> tuple[str, str]:
    """Who says something in the sentence, and the first name in what they say; two empty texts where it is unsure."""
    said = re.search(_SAID[language], words)
    named = names(words, language) if said and len(words) <= 400 else []
    if said is None or len(named) < 2:
        return "", ""
    speakers = [
        m.text for m in named
        if re.fullmatch(_GAP, words[m.end : said.start()]) and m.end <= said.start()
        and not re.search(_OF, words[: m.start]) and not m.text.isupper()
    ]  # fmt: skip
    topics = [m.text for m in named if m.start > said.end() and re.match(_WHOLE, words[m.end :])]
    speaker, topic = (_bare(found[0]) if found else "" for found in (speakers, topics))
    return ("", "") if topic in speaker or speaker in topic else (speaker, topic)


def _first(mention: Mention, text: str) -> bool:
    """Whether it is one word at the beginning of a sentence, which has its capital there whether it is a name or not
    ("Nobody was hurt.")."""
    return " " not in mention.text and bool(re.search(r"(?:^|[.!?:…]|\n)\W*$", text[: mention.start]))


def _bare(name: str) -> str:
    """The name without the office before it."""
    return re.sub(_TITLES, "", name) or name


def _wordly(assistant: Assistant) -> Assistant:
    """The same without a model: what the page suggests must not cost a call."""
    if assistant.model is None:
        return assistant
    return Assistant(assistant.folder, assistant.store, assistant.embedder, assistant.settings,
                     added_folder=assistant.added_folder)  # fmt: skip


class Suggestions:
    """Questions to begin with, found once for each version of the index, in the background."""

    def __init__(self, assistant: Assistant, folder: Folder, read: Read) -> None:
        self.assistant = assistant
        self._folder = folder
        self._read = read
        self._found: tuple[int, tuple[str, ...]] | None = None
        self._looking = threading.Lock()

    @property
    def known(self) -> tuple[str, ...]:
        """The questions that have been found; of an earlier index while they are looked for anew."""
        return self._found[1] if self._found else ()

    def awaited(self, seconds: float) -> tuple[str, ...]:
        """The questions, waited for at most so long while they are being looked for."""
        if self._found is None and self._looking.acquire(timeout=seconds):
            self._looking.release()
        return self.known

    def offered(self, *, language: str) -> Sent:
        """The welcome with its questions; "ready" is False while they are being looked for."""
        said, version = render.words(str(language)), self.assistant.store.version()
        if self._found is None or self._found[0] != version:
            if self._looking.acquire(blocking=False):
                threading.Thread(target=self._suggest, args=(version,), daemon=True).start()
            return {"ready": False, "html": ""}
        return {"ready": True, "html": self.welcome(said)}

    def _suggest(self, version: int) -> None:
        found: tuple[str, ...] = ()
        try:
            with contextlib.suppress(QAError):
                found = tuple(suggested(self.assistant, self._read))
        finally:
            self._found = (version, found)
            self._looking.release()

    def welcome(self, said: render.Words) -> str:
        """What an empty chat shows, the questions of the page's language first."""
        spanish = said["code"] == "es"
        questions = tuple(sorted(self.known, key=lambda question: question.startswith("¿") != spanish))
        return render.welcome(said, articles=len(self._folder.rows()), questions=questions)
