"""Questions to begin with, made from the articles by rules, and kept only if they are answered from their article."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import zip_longest

from qa.assistant import Assistant
from qa.mentions import dates, names, numbers
from qa.text import sentences
from qa.types import Article

_KEPT = 4
_ARTICLES = 12  # articles that are looked at, spread over the folder
_TRIED = 12  # questions that are asked at the most: each is searched and read
_EACH = 3  # candidates of one article

_SAID = {
    "en": r"\b(?:said|says|told|stressed|stated|noted|added|emphasi[sz]ed|announced|warned|argued|declared|urged)\b",
    "es": r"\b(?:dijo|afirmó|señaló|indicó|subrayó|anunció|declaró|destacó|advirtió|explicó|agregó|mencionó)\b",
}
_ASKED = {
    "en": ("What did {} say about {}?", "What do the articles say about {}?"),
    "es": ("¿Qué dijo {} sobre {}?", "¿Qué dicen los artículos de {}?"),
}
_TITLES = (
    r"^(?:(?:Iranian|Iraqi|Russian|Foreign|Prime|Vice)\s+)*"
    r"(?:President|Presidente|Minister|Ministr[oa]|Mayor|Secretary|Mr|Mrs|Ms|Dr|El|La)\.?\s+"
)
_OF = r"(?:\b(?:of|from|in|de|del|en)\s+(?:the\s+)?)$"  # before a name that is not itself the one who speaks
_GAP = r"\s*(?:,[^,]{0,60},)?\s*(?:has|have|had|also|further|ha|también)?\s*"  # between who speaks and that they do
# After a name that is the topic: no noun that it only describes ("the Israeli regime")
_WHOLE = (
    r"(?:[’']s\b|\W*$|[.,;:)”\"]|\s+(?:and|or|in|to|with|for|on|at|is|was|has|had|will|would|could|can|should|as|by|y|e|en|con"
    r"|de|a|para|es|fue|se|que)\b)"
)


def suggested(assistant: Assistant, read: Callable[[str], Article | str | None]) -> list[str]:
    """Up to four questions that are answered from the article they were made of, from as many articles as can be."""
    known = sorted(row["file"] for row in assistant.store.articles(["file", "reason"]) if not row["reason"])
    step = max(1, len(known) // _ARTICLES)
    articles = (read(file) for file in known[::step][:_ARTICLES])
    made = [[(q, a.file) for q in candidates(a)] for a in articles if isinstance(a, Article)]
    found: list[str] = []
    without_model = _wordly(assistant)
    spread = [pair for row in zip_longest(*made) for pair in row if pair]
    spread.sort(key=lambda pair: pair[0].startswith(tuple(told.split("{}")[0] for _, told in _ASKED.values())))
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
    if article.language in _ASKED:
        for question in _made(article):
            found.setdefault(question)
            if len(found) == _EACH:
                break
    return list(found)


def _made(article: Article) -> Iterator[str]:
    language = article.language
    about, told = _ASKED[language]
    prose = [p for p in article.paragraphs if p.kind == "paragraph"]
    for paragraph in prose:
        for start, end in sentences(paragraph.text, language):
            words = paragraph.text[start:end]
            speaker, topic = _speaker_and_topic(words, language)
            if speaker and topic:
                yield about.format(speaker, topic)
    for paragraph in prose:  # a name beside a number or a day: there is something to be found out
        if numbers(paragraph.text, language) or dates(paragraph.text, language):
            for mention in names(paragraph.text, language)[:1]:
                if not mention.text.isupper():
                    yield told.format(_bare(mention.text))


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


def _bare(name: str) -> str:
    """The name without the office before it."""
    return re.sub(_TITLES, "", name) or name


def _wordly(assistant: Assistant) -> Assistant:
    """The same without a model: what the page suggests must not cost a call."""
    if assistant.model is None:
        return assistant
    return Assistant(assistant.folder, assistant.store, assistant.embedder, assistant.settings,
                     added_folder=assistant.added_folder)  # fmt: skip
