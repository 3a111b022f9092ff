"""Public question sets as cases: their articles become text files in a folder, their gold paragraphs addresses there.

Four layouts. ``plain`` is ours: one JSON object a line, ``docs`` with `{doc_id, lang, title, date, source, paras}` and
``qa`` with `{qid, lang, question, answers, answerable, gold: [{doc_id, para}], kind, meta}`, ``para`` counted from 0,
and, for a follow-up, `history: [{role, content}]`; in ``meta``, ``need_all`` says that every answer must be said,
``near`` names the paragraph that tempts, ``wrong`` holds values that are false. The others are read as they are
published; `where` says where.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from qa.articles.corpus import read_article, scan
from qa.check.quotes import locate
from qa.language.text import detect_language
from qa.types import Article, Skipped

from .cases import Case, GoldError
from .outcomes import Outcome

Layout = Literal["plain", "squad", "multihop", "mtrag"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
Place = tuple[str, int]  # an article's id in its set, and a paragraph of it, from 0

_WHERE: dict[Layout, str] = {
    "plain": "This project's own layout, of which evals/sample is an example: evals/public.py says what it holds.",
    "squad": "XQuAD's xquad.en.json and xquad.es.json are at https://github.com/google-deepmind/xquad, SQuAD 1.1 and "
    "2.0 at https://rajpurkar.github.io/SQuAD-explorer, both under CC BY-SA 4.0; give the one file as questions.",
    "multihop": "corpus.json and MultiHopRAG.json are in dataset/ of https://github.com/yixuantt/MultiHop-RAG, under "
    "ODC-BY 1.0 (the articles belong to their publishers).",
    "mtrag": "reference.jsonl is in mtrag-human/generation_tasks of https://github.com/IBM/mt-rag-benchmark, whose "
    "licence file holds its terms; give the one file as questions.",
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Source:
    """An article of a set. ``day`` is an ISO date or ""; a ``headline`` becomes paragraph 1 and moves the others."""

    id: str
    paras: tuple[str, ...]
    day: str = ""
    headline: str = ""

    @property
    def blocks(self) -> list[str]:
        """The file's paragraphs, each in one line; an empty one is a dash, so that those after it keep their number."""
        return [_line(text) for text in ([self.headline] if self.headline else []) + list(self.paras)]

    @property
    def text(self) -> str:
        # In front of the first paragraph: on a line of its own the day would take number 1.
        return (f"date {self.day} " if self.day else "") + "\n\n".join(self.blocks) + "\n"


def where(layout: Layout) -> str:
    """One sentence on where the data is and under which licence."""
    return _WHERE[layout]


def cases_of(layout: Layout, docs: Path | None, qa: Path, folder: Path) -> list[Case]:
    """The cases of a set, its articles written to ``folder`` as 00000.txt and so on, in the set's order.

    A date is written as a leading ``date YYYY-MM-DD``, which is no paragraph. ``docs`` is not read where one file holds
    both. Questions that a set marks as neither answerable nor unanswerable are left out. Raises `GoldError` for files
    of another layout, for gold that points nowhere, and when a file, read again, has other paragraphs than the set.
    """
    sources, cases = _read(layout, docs, qa)
    _write(sources, folder)
    return cases


def places(layout: Layout, docs: Path | None, qa: Path) -> dict[str, Place]:
    """For each address that `cases_of` gives a paragraph, the article's id in its set and the paragraph from 0."""
    return {address: place for place, address in _addresses(_read(layout, docs, qa)[0]).items()}


def score_rows(outcomes: Iterable[Outcome], places: Mapping[str, Place]) -> list[dict[str, Any]]:
    """The run with the set's own ids and paragraphs from 0, as other scorers read it; an error has no row.

    An address that is no paragraph of the set keeps its text as ``doc_id``, with paragraph -1.
    """
    rows = []
    for outcome in outcomes:
        made = outcome.prediction
        if made.status == "error":
            continue
        rows.append(
            {
                "qid": outcome.id,
                "answer": made.text,
                "abstained": made.refused,
                "confidence": made.confidence,
                "citations": [_there(cited.address, places) for cited in made.cited],
                "retrieved": [_there(address, places) for address in made.retrieved],
                "conflict": made.conflict,
                "clarify": made.status == "clarify",
            }
        )
    return rows


def _there(address: str, places: Mapping[str, Place]) -> dict[str, Any]:
    identity, para = places.get(address, (address, -1))
    return {"doc_id": identity, "para": para}


# ---------------------------------------------------------------- files


def _line(text: str) -> str:
    plain = text.replace("\ufeff", "").encode("utf-8", "replace").decode()  # JSON can hold half a character
    return " ".join(plain.split()) or "-"


def _file(number: int) -> str:
    return f"{number:05}.txt"


def _addresses(sources: Sequence[_Source]) -> dict[Place, str]:
    return {
        (source.id, n): f"{_file(number)}#p{n + 1 + bool(source.headline)}"
        for number, source in enumerate(sources)
        for n in range(len(source.paras))
    }


def _write(sources: Sequence[_Source], folder: Path) -> None:
    """Writes the files and reads them again; raises `GoldError` when what stands there is not what was meant."""
    folder.mkdir(parents=True, exist_ok=True)
    meant = {_file(number): source for number, source in enumerate(sources) if source.paras}
    for file, source in meant.items():
        (folder / file).write_text(source.text, encoding="utf-8", newline="\n")
    found, skipped = scan(folder)
    strangers = sorted(({one.file for one in found} | {one.file for one in skipped}) - set(meant))
    problems = [f"{folder / file}: is not of this set; give an empty folder." for file in strangers]
    for one in found:
        if one.file in meant:
            problems += _differences(meant[one.file], read_article(one))
    problems += [f"{folder / one.file}: {one.detail}" for one in skipped if one.file in meant]
    if problems:
        raise GoldError(problems)


def _differences(source: _Source, read: Article | Skipped) -> list[str]:
    if isinstance(read, Skipped):
        return [f"{source.id}: cannot be read as {read.file} ({read.detail}); take it out of the set."]
    there = {paragraph.number: paragraph.text for paragraph in read.paragraphs}
    if there == dict(enumerate(source.blocks, start=1)):
        return []
    wrong = next((n for n, words in enumerate(source.blocks, start=1) if there.get(n) != words), len(source.blocks) + 1)
    return [f"{source.id}: paragraph {wrong} of {read.file} is not the set's; take the article out of the set."]


# ---------------------------------------------------------------- rows


def _read(layout: Layout, docs: Path | None, qa: Path) -> tuple[list[_Source], list[Case]]:
    if layout not in LAYOUTS:
        raise GoldError([f"{layout}: no such layout; give one of {', '.join(LAYOUTS)}."])
    readers: dict[Layout, Callable[[Path, Path], tuple[list[_Source], list[Case]]]]
    readers = {"plain": _plain, "squad": _squad, "multihop": _multihop, "mtrag": _mtrag}
    sources, cases = readers[layout](docs or qa, qa)
    for what, ids in (("article", [s.id for s in sources]), ("question", [case.id for case in cases])):
        if twice := [one for one, times in Counter(ids).items() if times > 1]:
            raise GoldError([f"{qa}: the {what} {one} is there more than once; leave one." for one in twice])
    if not cases:
        raise GoldError([f"{qa}: holds no question. {where(layout)}"])
    return sources, cases


def _json(path: Path, *, lines: bool) -> Any:
    """The JSON of a file, or of each of its lines. Raises `GoldError`."""
    try:
        text = path.read_text(encoding="utf-8")
        # Not splitlines: an article's words may hold the other line ends of Unicode.
        return [json.loads(line) for line in text.split("\n") if line.strip()] if lines else json.loads(text)
    except (OSError, ValueError) as error:
        kind = "a JSON object a line" if lines else "JSON"
        raise GoldError([f"{path}: cannot be read ({error}); give a file of {kind}, in UTF-8."]) from error


def _made(path: Path, layout: Layout, rows: Any, make: Callable[[int, Any], _T]) -> list[_T]:
    """What each row becomes; rows count from 1. Raises `GoldError`, which lists every row that is not as it should."""
    made: list[_T] = []
    problems: list[str] = []
    for number, row in enumerate(rows if isinstance(rows, list) else [rows], start=1):
        try:
            made.append(make(number, row))
        except KeyError as error:
            problems.append(f"{path}:{number}: {error.args[0]!r} is missing. {where(layout)}")
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            problems.append(f"{path}:{number}: not of the layout “{layout}” ({error}). {where(layout)}")
    if problems:
        raise GoldError(problems)
    return made


def _address(addresses: Mapping[Place, str], identity: str, para: int) -> str:
    if (identity, para) not in addresses:
        raise ValueError(f"{identity} has no paragraph {para}")
    return addresses[identity, para]


def _day(text: Any) -> str:
    """The day that an ISO date or time begins with, or ""."""
    try:
        return date.fromisoformat(str(text)[:10]).isoformat()
    except ValueError:
        return ""


def _facts(answers: Iterable[str], *, every: bool = False) -> tuple[tuple[str, ...], ...]:
    said = tuple(dict.fromkeys(answer for answer in answers if answer.strip()))
    return tuple((one,) for one in said) if every else (said,) if said else ()


# ---------------------------------------------------------------- plain


def _plain(docs: Path, qa: Path) -> tuple[list[_Source], list[Case]]:
    sources = _made(
        docs,
        "plain",
        _json(docs, lines=True),
        lambda _, row: _Source(row["doc_id"], tuple(row["paras"]), _day(row.get("date"))),
    )
    at = _addresses(sources)
    rows = _json(qa, lines=True)
    made = _made(qa, "plain", rows, lambda number, row: _plain_case(row, at, qa, number))
    return sources, [case for case in made if case]


def _plain_case(row: Mapping[str, Any], at: Mapping[Place, str], path: Path, line: int) -> Case | None:
    if row["answerable"] is None:
        return None
    meta, known = row.get("meta") or {}, row["answerable"] is True
    named = tuple(_address(at, gold["doc_id"], gold["para"]) for gold in row["gold"])
    near = meta.get("near")
    tempting = (_address(at, near["doc_id"], near["para"]),) if near and not known else ()
    return Case(
        id=row["qid"],
        kind=row["kind"],
        lang=row["lang"],
        question=row["question"],
        answerable=None if row["answerable"] == "underspecified" else known,
        facts=_facts(row["answers"], every=meta.get("need_all") is True) if known else (),
        gold=named if known else (),
        tempting=() if known else tuple(dict.fromkeys((*named, *tempting))),
        wrong=tuple(meta.get("wrong", ())),
        history=tuple(row.get("history", ())),
        answer=row["answers"][0] if row["answers"] else "",
        path=str(path),
        line=line,
    )


# ---------------------------------------------------------------- SQuAD


def _squad(_: Path, qa: Path) -> tuple[list[_Source], list[Case]]:
    """SQuAD 1.1 or 2.0: {data: [{title, paragraphs: [{context, qas: [{id, question, answers: [{text}],
    is_impossible, plausible_answers}]}]}]}. An impossible question's paragraph tempts."""
    whole = _json(qa, lines=False)
    entries = whole.get("data", []) if isinstance(whole, dict) else []
    made = _made(qa, "squad", entries, lambda number, entry: _squad_article(number, entry, qa))
    return [source for source, _ in made], [case for _, cases in made for case in cases]


def _squad_article(number: int, entry: Mapping[str, Any], path: Path) -> tuple[_Source, list[Case]]:
    paragraphs = entry["paragraphs"]
    source = _Source(f"{number} {entry.get('title', '')}".rstrip(), tuple(one["context"] for one in paragraphs))
    language = detect_language(" ".join(source.paras)[:2000])
    cases = [
        _squad_case(asked, f"{_file(number - 1)}#p{n}", language, path, number)
        for n, one in enumerate(paragraphs, start=1)
        for asked in one["qas"]
    ]
    return source, cases


def _squad_case(asked: Mapping[str, Any], address: str, language: str, path: Path, line: int) -> Case:
    known = not asked.get("is_impossible", False)
    answers = [answer["text"] for answer in asked["answers"]]
    return Case(
        id=str(asked["id"]),
        kind="extractive" if known else "unanswerable-adversarial",
        lang=language,
        question=asked["question"].strip(),
        answerable=known,
        facts=_facts(answers) if known else (),
        gold=(address,) if known else (),
        tempting=() if known else (address,),
        wrong=() if known else tuple(dict.fromkeys(one["text"] for one in asked.get("plausible_answers", ()))),
        answer=answers[0] if known and answers else "",
        path=str(path),
        line=line,
    )


# ---------------------------------------------------------------- MultiHop-RAG


def _multihop(docs: Path, qa: Path) -> tuple[list[_Source], list[Case]]:
    """corpus.json, [{title, source, published_at, body}], and [{query, answer, question_type, evidence_list:
    [{title, fact}]}]. The questions name publishers and days, so each file begins with `title (day, source)`. A
    question has gold only when each of its facts was found in a paragraph."""
    articles = _json(docs, lines=False)
    sources = _made(docs, "multihop", articles, _multihop_article)
    titled: dict[str, list[tuple[int, _Source]]] = {}
    for number, (row, source) in enumerate(zip(articles, sources, strict=True)):
        titled.setdefault(_line(row["title"]), []).append((number, source))
    asked = _json(qa, lines=False)
    return sources, _made(qa, "multihop", asked, lambda number, row: _multihop_case(row, titled, qa, number))


def _multihop_article(number: int, row: Mapping[str, Any]) -> _Source:
    title = _line(row["title"])
    known = ", ".join(part for part in (_day(row.get("published_at")), row.get("source")) if part)
    paras = tuple(line for line in row["body"].split("\n") if line.strip())
    return _Source(f"{number} {title}", paras, headline=f"{title} ({known})" if known else title)


def _multihop_case(
    row: Mapping[str, Any], titled: Mapping[str, Sequence[tuple[int, _Source]]], path: Path, number: int
) -> Case:
    known = row["answer"].strip().rstrip(".").lower() != "insufficient information"
    found = [_fact_address(one["fact"], titled.get(_line(one["title"]), ())) for one in row["evidence_list"]]
    gold = tuple(dict.fromkeys(address for address in found if address))
    whole = known and all(found)
    lost = f"{sum(not address for address in found)} of {len(found)} facts stand in no paragraph of the corpus."
    return Case(
        id=str(number - 1),
        kind=row["question_type"],
        lang="en",
        question=row["query"],
        answerable=known,
        facts=((row["answer"],),) if known else (),
        gold=gold if whole else (),
        tempting=() if known else gold,
        answer=row["answer"] if known else "",
        why="" if all(found) else lost,
        path=str(path),
        line=number,
    )


def _fact_address(fact: str, sources: Sequence[tuple[int, _Source]]) -> str:
    """Where the fact's words stand, exactly or but for case, accents and quotation marks; "" for nowhere."""
    words = _line(fact)
    blocks = [
        (f"{_file(number)}#p{n}", block)
        for number, source in sources
        for n, block in list(enumerate(source.blocks, start=1))[1:]  # the first is the headline
    ]
    exact = (address for address, block in blocks if words in block)
    folded = (address for address, block in blocks if locate(words, block))
    return next(exact, None) or next(folded, "")


# ---------------------------------------------------------------- MTRAG

_SPEAKERS = {"user": "user", "agent": "assistant"}
_ANSWERABLE = {"ANSWERABLE": True, "PARTIAL": True, "UNANSWERABLE": False, "UNDERSPECIFIED": None}


def _mtrag(_: Path, qa: Path) -> tuple[list[_Source], list[Case]]:
    """The reference generation tasks, one a line: {task_id, contexts: [{document_id, text}], input: [{speaker, text}],
    targets: [{text}], answerability: [word]}. Each passage is an article of one paragraph. The reference answers are
    long: a case has an ``answer`` and no ``facts``. Conversational turns, which ask nothing, are left out."""
    rows = _json(qa, lines=True)
    passages: dict[str, str] = {}
    for found in _made(qa, "mtrag", rows, lambda _, row: {one["document_id"]: one["text"] for one in row["contexts"]}):
        passages |= found
    sources = [_Source(identity, (text,)) for identity, text in passages.items()]
    at = _addresses(sources)
    made = _made(qa, "mtrag", rows, lambda number, row: _mtrag_case(row, at, qa, number))
    return sources, [case for case in made if case]


def _mtrag_case(row: Mapping[str, Any], at: Mapping[Place, str], path: Path, line: int) -> Case | None:
    word = next(iter(row.get("answerability") or row["Answerability"]))
    if word not in _ANSWERABLE:
        return None
    *before, question = row["input"]
    passages = tuple(dict.fromkeys(_address(at, one["document_id"], 0) for one in row["contexts"]))
    known = _ANSWERABLE[word]
    return Case(
        id=row["task_id"],
        kind=word.lower(),
        lang="en",
        question=question["text"],
        answerable=known,
        gold=passages if known else (),
        tempting=() if known else passages,
        history=tuple({"role": _SPEAKERS[turn["speaker"]], "content": turn["text"]} for turn in before),
        answer=row["targets"][0]["text"] if row.get("targets") else "",
        path=str(path),
        line=line,
    )
