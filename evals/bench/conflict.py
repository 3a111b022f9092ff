"""How well a fact that was altered in copies of an article is noticed, and how often one is seen where there is none.

    python evals/bench/conflict.py XQUAD_DIR NQ_DIR MULTIHOP_DIR [--each 150] [--show 5]

For a question whose answer is a number, a date or a name, the article (of a long one the paragraph) is copied with
that answer changed to another of its kind, every other copy lightly reworded and every third one beside a second true
copy. Printed for each set:
*disclosed* (the answer says that sources differ), *misled* (it has the altered value and not the true one), *right*
(it has the true one), *false alarms* (sources are said to differ when the copies are all true), and what looking for
it takes of a question's time, in milliseconds.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

from evals.bench.check import evidence_of, read_rows
from evals.faults import SEED, Source, date_moved, number_changed, without_opening
from evals.metrics import claims_wrong, correct
from qa import Answer, Assistant
from qa.language.mentions import mentions
from qa.language.names import same_name
from qa.language.text import sentences, words

NEWS = Path(__file__).parent.parent / "questions" / "news.jsonl"
_DAY = date(2024, 3, 1)  # of the true articles that have no date of their own
_SHORT = 3  # paragraphs; a longer article is copied in part: the paragraph that answers


@dataclass(frozen=True, slots=True)
class Plant:
    """A question, its true answers, the ``fake`` one, and what is copied of the article, as it is and altered."""

    question: str
    answers: tuple[str, ...]
    fake: str
    kind: str
    language: str
    document: str
    true: tuple[str, ...]
    false: tuple[str, ...]


class Row(NamedTuple):
    """One line of the table; shares are 0..1, ``milliseconds`` is the median of what the look for it takes."""

    name: str
    questions: int
    disclosed: float
    misled: float
    right: float
    alarms: float
    milliseconds: float


# ---------------------------------------------------------------- planting


def plants(docs: Sequence[dict[str, Any]], questions: Sequence[dict[str, Any]], rng: random.Random) -> list[Plant]:
    """At most one a paragraph, in random order: a copy that holds two altered facts would answer for both."""
    at = {doc["doc_id"]: doc for doc in docs}
    pool = sorted({q["answers"][0].strip(" .") for q in questions if q["answers"] and _named(q["answers"][0], q)})
    asked = [q for q in questions if q["answerable"] is True and len(q["gold"]) == 1 and q["gold"][0]["doc_id"] in at]
    rng.shuffle(asked)
    found: dict[tuple[str, int], Plant] = {}
    for q in asked:
        place = (q["gold"][0]["doc_id"], q["gold"][0]["para"])
        plant = None if place in found else _plant(q, at[place[0]], place[1], pool, rng)
        if plant:
            found[place] = plant
    return list(found.values())


def _named(answer: str, question: dict[str, Any]) -> bool:
    plain = answer.strip(" .")
    found = mentions(plain, question["lang"])
    return len(found) == 1 and found[0].kind == "name" and found[0].text == plain


def _plant(
    q: dict[str, Any], doc: dict[str, Any], number: int, pool: Sequence[str], rng: random.Random
) -> Plant | None:
    text = doc["paras"][number]
    answer = next((a.strip(" .") for a in q["answers"] if _standing(a.strip(" .")).search(text)), "")
    kind, fake = _altered(answer, q["lang"], text, pool, rng)
    if not answer or not fake or set(words(answer)) <= set(words(q["question"])):
        return None
    if correct(fake, [q["answers"]]) or any(claims_wrong(a, [fake]) for a in q["answers"]) or fake in text:
        return None
    altered = _standing(answer).sub(fake.replace("\\", ""), text)
    copied = range(len(doc["paras"])) if len(doc["paras"]) <= _SHORT else (number,)
    true = tuple(doc["paras"][i] for i in copied)
    false = tuple(altered if i == number else doc["paras"][i] for i in copied)
    return Plant(q["question"], tuple(q["answers"]), fake, kind, q["lang"], doc["doc_id"], true, false)


def _standing(answer: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.,]){re.escape(answer)}(?!\w|[.,]\d)")


def _altered(answer: str, language: str, text: str, pool: Sequence[str], rng: random.Random) -> tuple[str, str]:
    """The kind of the answer, and another value of its kind; ("", "") for an answer of no kind."""
    found = mentions(answer, language)
    if not found or language not in ("en", "es") or len(answer.split()) > 6:
        return "", ""
    home = evidence_of([text], file="", language=language, title=None, lead="", day=None)[0]
    source = Source(answer, home, (home,), language, text)
    if found[0].kind == "date":
        return "date", date_moved(answer, source, rng) or ""
    if found[0].kind in ("number", "amount", "percent"):
        return "number", number_changed(answer, source, rng) or ""
    alike = [o for o in pool if abs(len(o.split()) - len(answer.split())) <= 1 and not same_name(o, answer)]
    alike = [o for o in alike if o.isupper() == answer.isupper() and o not in text]
    whole = found[0].kind == "name" and found[0].text == answer
    return ("name", rng.choice(alike)) if whole and alike else ("", "")


_REWORDED = (
    (r"\bsaid\b", "stated"), (r"\bhowever\b", "nevertheless"), (r"\bmany\b", "numerous"), (r"\bbegan\b", "started"),
    (r"\balso\b", "as well"), (r"\blargest\b", "biggest"), (r"\bshowed\b", "revealed"), (r"\bwhile\b", "whereas"),
    (r"\bdijo\b", "señaló"), (r"\btambién\b", "asimismo"), (r"\bsin embargo\b", "no obstante"),
    (r"\bmuchos\b", "numerosos"), (r"\bcomenzó\b", "empezó"), (r"\bdebido a\b", "a causa de"),
)  # fmt: skip


def reworded(text: str, language: str, rng: random.Random) -> str:
    """The paragraph with some words exchanged for others that say the same, and some opening phrases left out."""
    kept = []
    for start, end in sentences(text, language):
        sentence = text[start:end]
        for pattern, other in _REWORDED:
            sentence = re.sub(pattern, other, sentence)
        opened = without_opening(sentence, language, rng) if rng.random() < 0.5 else None
        kept.append(sentence if opened is None or re.search(r"\d", sentence[: -len(opened)]) else opened)
    return " ".join(kept)


# ---------------------------------------------------------------- asking


def write(docs: Sequence[dict[str, Any]], made: Sequence[Plant], folder: Path, *, fake: bool) -> None:
    """The articles, and beside them the copies: with the altered answers, or without them (``fake`` False)."""
    folder.mkdir(parents=True, exist_ok=True)
    at = {doc["doc_id"]: doc for doc in docs}
    for n, doc in enumerate(docs):
        _write(folder / f"{n:05}.txt", doc.get("date") or (_DAY + timedelta(days=n % 90)).isoformat(), doc["paras"])
    rng = random.Random(SEED)
    for n, plant in enumerate(made):
        day = date.fromisoformat(at[plant.document].get("date") or _DAY.isoformat()) + timedelta(
            days=rng.randint(-9, 9)
        )
        true = [reworded(para, plant.language, rng) for para in plant.true]
        false = [reworded(para, plant.language, rng) if n % 2 else para for para in plant.false]
        if n % 3 == 0 or not fake:
            _write(folder / f"b{n:05}.txt", day.isoformat(), true)
        if fake:
            _write(folder / f"a{n:05}.txt", day.isoformat(), false)


def _write(path: Path, day: str, paras: Sequence[str]) -> None:
    path.write_text(f"date {day} " + "\n\n".join(" ".join(p.split()) for p in paras) + "\n", encoding="utf-8")


def measured(name: str, docs: list[dict[str, Any]], made: list[Plant], folder: Path, show: int) -> Row:
    answers = {fake: _asked(docs, made, folder / f"{name}-{fake}", fake) for fake in (True, False)}
    told = list(zip(made, answers[True], strict=True))
    for plant, answer in [pair for pair in told if not pair[1].conflict][:show]:
        print(
            f"  {plant.kind}: {plant.question} {plant.answers[0]!r}, not {plant.fake!r}\n    {answer.status}: {answer}"
        )
    alarms = list(zip(made, answers[False], strict=True))
    for plant, answer in [pair for pair in alarms if pair[1].conflict][:show]:
        print(f"  alarm: {plant.question} {plant.answers[0]!r}\n    {answer.reason}\n    {answer}")
    misled = [a.status != "refused" and claims_wrong(a.text, [p.fake]) and not _right(p, a) for p, a in told]
    return Row(
        name=name,
        questions=len(made),
        disclosed=fmean(answer.conflict for answer in answers[True]),
        misled=fmean(misled),
        right=fmean(_right(plant, answer) for plant, answer in told),
        alarms=fmean(answer.conflict for answer in answers[False]),
        milliseconds=1000 * median(answer.timings.get("compare", 0.0) for answer in answers[True]),
    )


def _right(plant: Plant, answer: Answer) -> bool:
    return answer.status != "refused" and correct(answer.text, [plant.answers])


def _asked(docs: list[dict[str, Any]], made: list[Plant], folder: Path, fake: bool) -> list[Answer]:
    write(docs, made, folder, fake=fake)
    assistant = Assistant.open(folder, index=str(folder) + ".index", added=False)
    return [assistant.ask(plant.question) for plant in made]


def sets(folders: Sequence[Path]) -> Iterator[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """Each set of the folders: its name, its articles and its questions; MultiHop-RAG's articles with our own."""
    for folder in folders:
        if (folder / "docs_en.jsonl").is_file():
            for language in ("en", "es"):
                yield (
                    f"{folder.name} {language}",
                    read_rows(folder / f"docs_{language}.jsonl"),
                    read_rows(folder / f"qa_{language}.jsonl"),
                )
        else:
            news = "multihop" in folder.name
            yield folder.name, read_rows(folder / "docs.jsonl"), read_rows(NEWS if news else folder / "qa.jsonl")


def few(docs: list[dict[str, Any]], questions: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The first ``most`` articles that a question is about; all when there are no more."""
    asked = {gold["doc_id"] for q in questions for gold in q["gold"]}
    return [doc for doc in docs if doc["doc_id"] in asked or len(docs) <= most][:most]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--each", type=int, default=150, help="questions of a set")
    parser.add_argument("--articles", type=int, default=400, help="articles of a set")
    parser.add_argument("--show", type=int, default=0, help="print this many misses and false alarms of each set")
    parser.add_argument("--keep", type=Path, help="write the articles and indexes here, and use them again")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    print(f"{'set':20} {'n':>4} {'disclosed':>9} {'misled':>7} {'right':>6} {'alarms':>7} {'ms':>5}")
    with tempfile.TemporaryDirectory() as place:
        for name, docs, questions in sets(args.folders):
            docs = few(docs, questions, args.articles)
            made = plants(docs, questions, random.Random(args.seed))[: args.each]
            folder = (args.keep or Path(place)) / f"{args.seed}-{args.each}-{args.articles}"
            row = measured(name, docs, made, folder, args.show)
            print(f"{row.name:20} {row.questions:4} {row.disclosed:9.3f} {row.misled:7.3f} {row.right:6.3f} "
                  f"{row.alarms:7.3f} {row.milliseconds:5.1f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
