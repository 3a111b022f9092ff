"""How well the check tells true claims from false ones: people's verdicts, and faults planted in true sentences.

    python evals/bench/check.py --people MEMERAG_DIR
    python evals/bench/check.py --across XQUAD_DIR [--each 40]
    python evals/bench/check.py --planted DOCS.jsonl [DOCS.jsonl ...] [--each 200] [--show 5]
    python evals/bench/check.py --claims evals/questions/claims.jsonl DOCS.jsonl
    python evals/bench/check.py --held-out CLAIMS.jsonl.gz [--each 400]
    … [--without added_flaw] [--least -1]
    python evals/bench/check.py --ablate --people … --claims … --held-out … --planted … [--each 25]

The first prints balanced accuracy, the mean of the shares of supported and of unsupported sentences that are told
right, with the standard error of that mean. The third prints the share of planted faults that are caught and of true
claims that are lost; a claim is drafted once with its paragraph proposed and once without any proposal (every other
one), before five paragraphs: its own and four more, of the same article where it has them. The fourth reads claims
written for judging, {claim, lang, doc_id, para, label, kind}, before five paragraphs, and prints how many true ones are
kept and false ones passed, by kind; the last does so for the sixth of the training claims that are kept for measuring.
Any of them goes without a rule of `qa.check.verify` (`--without model` without the trained check), or with another
threshold.
`--ablate` prints the balanced accuracy on all of them as the check is, without each part, and at other thresholds.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from evals.faults import (
    OPPOSITES,
    PLANTS,
    REWRITES,
    SEED,
    WORDINGS,
    Planted,
    Source,
    judged,
    planted_claims,
    reworded,
    sources,
    true_claims,
)
from qa.check import verify as checking
from qa.check.verify import verify
from qa.language import text as texts
from qa.model.entail import Check
from qa.types import Claim, Draft, Evidence, Paragraph, Proposal

RULES = (
    "number_flaw", "binding_flaw", "polarity_flaw", "modality_flaw", "role_flaw", "added_flaw", "exchanged_flaw",
    "says_absent",
)  # fmt: skip
# What `--ablate` sets the numbers of the modules in `qa.check` to, one by one, and two of them together.
MOVED: dict[str, tuple[float, ...]] = {
    "verify.NEAREST": (0, 0.8, 1), "verify.WHOLE": (0, 0.75, 3), "verify.MOST_TOGETHER": (1, 2, 5),
    "support.FURTHER": (0, 0.06, 0.24), "support.MENTION_WEIGHT": (0, 1), "support.NUMBER_WEIGHT": (1, 4),
    "support.LONGEST_RUN": (1, 2, 5), "wording.MOST": (0.4, 0.8), "wording.NEARLY": (0.6, 0.9), "wording.AKIN": (3, 6),
    "polarity.SCOPE": (2, 5), "absence.SAID_AFTER_ALL": (0.7, 1), "values.FAR": (2, 6), "values.MUCH_LONGER": (1, 2),
}  # fmt: skip
PAIRS = ((0, -1.25), (0, -0.75), (1, -2), (1, -1.25), (1, -0.5), (2, -1.25), (2, -1))


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


def people(folder: Path, show: int) -> None:
    print("sentences judged by people")
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
                claim = verify(Draft(row["sentence"], proposals), evidence, language=language)
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


def planted(paths: list[Path], each: int, show: int) -> None:
    """One table: a row for each kind of true claim and of fault, a column for each set of articles."""
    cells: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        rng = random.Random(SEED)
        pool = [s for s in sources(list(_articles(path)), rng) if s.language in ("en", "es")]
        for rewrite in (*REWRITES, reworded):
            claims = true_claims(rewrite, pool, each, rng)
            cells[f"true, {rewrite.__name__.replace('_', ' ')}: lost"].append(_share(claims, True, show))
        for name, plant in {**PLANTS, **OPPOSITES, **WORDINGS}.items():
            cells[f"{name}: caught"].append(_share(planted_claims(plant, pool, each, rng), False, show))
    print(f"| a claim before five paragraphs | {' | '.join(f'{p.parent.name}/{p.name}' for p in paths)} |")
    print("| --- |" + " --- |" * len(paths))
    for name, found in cells.items():
        print(f"| {name} | {' | '.join(found)} |")


def _share(claims: Planted, true: bool, show: int) -> str:
    """The share that is found unsupported, of how many, and the milliseconds a claim; the wrong ones are printed."""
    verdicts, spent = judged(claims)
    if not claims:
        return "none"
    wrong = [(c, s, j) for (c, s), j in zip(claims, verdicts, strict=True) if (j.status == "unsupported") == true]
    for claim, source, verdict in wrong[:show]:
        print(f"   {'LOST' if true else 'MISSED'} {verdict.note}\n     claim  {claim}\n     source {source.sentence}")
    unsupported = len(wrong) if true else len(claims) - len(wrong)
    return f"{unsupported / len(claims):.1%} of {len(claims)}, {spent:.1f} ms"


# ---------------------------------------------------------------- claims with a verdict


class Verdict(NamedTuple):
    """A claim, the paragraphs it is checked before, and what is so."""

    claim: str
    language: str
    evidence: list[Evidence]
    true: bool
    kind: str


def written(claims: Path, docs: Path) -> list[Verdict]:
    """Claims over the articles of `docs`, each before its paragraph and four more, of its article where it has them."""
    articles = {article[0].paragraph.file: article for article in _articles(docs)}
    every = [one for article in articles.values() for one in article]
    rng = random.Random(SEED)
    found: list[Verdict] = []
    for row in read_rows(claims):
        own = articles[f"{row['doc_id']}.txt"]
        home = own[row["para"]]
        five = [home, *(e for e in own if e is not home), *rng.sample(every, 4)][:5]
        rng.shuffle(five)
        found.append(Verdict(row["claim"], row["lang"], five, row["label"] == "said", row["kind"]))
    return found


def held_back(claims: Path, each: int) -> list[Verdict]:
    """Claims of the training set that are never trained on, at most `each` of a source, before their one text."""
    from evals.training.mixture import claims as rows_of
    from evals.training.mixture import held_out

    rows = list(rows_of(claims, random.Random(SEED), defaultdict(lambda: 10**6), kept=held_out))
    found: list[Verdict] = []
    for source, own in groupby(rows, key=lambda row: str(row["src"])):
        for row in list(own)[:each]:
            evidence = evidence_of([row["evidence"]], file="p.txt", language="en", title=None, lead="", day=None)
            found.append(Verdict(row["claim"], "en", evidence, row["label"] == 2, source))
    return found


def verdicts(claims: list[Verdict], show: int) -> None:
    """Prints how many true claims are kept and false ones passed, of each kind and of all."""
    kept: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for one in claims:
        judged = verify(Draft(one.claim), one.evidence, language=one.language)
        passed = judged.status != "unsupported"
        for kind in (one.kind, "all"):
            kept[kind].append((one.true, passed))
        if show and passed != one.true:
            print(f"{'LOST' if one.true else 'MISSED'} {one.kind}: {one.claim}\n    {judged.note}")
    print("| kind | true ones kept | false ones passed | balanced accuracy |\n| --- | --- | --- | --- |")
    for kind, told in sorted(kept.items()):
        true, false = ([passed for t, passed in told if t == wanted] for wanted in (True, False))
        balanced = f"{(sum(true) / len(true) + 1 - sum(false) / len(false)) / 2:.3f}" if true and false else ""
        print(f"| {kind} | {sum(true)} of {len(true)} | {sum(false)} of {len(false)} | {balanced} |")


# ---------------------------------------------------------------- what each part pays


class Kept(Check):
    """The trained check, which reads no pair twice."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str], Any] = {}

    def verdicts(self, claims: Sequence[str], texts: Sequence[str]) -> list[Any]:
        pairs = list(zip(claims, texts, strict=True))
        new = list(dict.fromkeys(pair for pair in pairs if pair not in self._told))
        told = super().verdicts([claim for claim, _ in new], [text for _, text in new])
        self._told.update(zip(new, told, strict=True))
        return [self._told[pair] for pair in pairs]


def passages(path: Path) -> None:
    """Prints, of written passages, the true claims kept and false ones passed before their own passage and four others,
    and the true ones that pass before five others of their language."""
    held = read_rows(path)
    languages = [texts.detect_language(row["text"]) for row in held]
    every = [
        evidence_of([row["text"]], file=f"{i}.txt", language=languages[i], title=row["title"], lead="",
                    day=row["date"] if re.fullmatch(r"\d{4}-\d\d-\d\d", row["date"]) else None)[0]
        for i, row in enumerate(held)
    ]  # fmt: skip
    rng, passed = random.Random(1), defaultdict[str, list[bool]](list)
    for i, row in enumerate(held):
        others = [every[j] for j in range(len(held)) if j != i and languages[j] == languages[i]]
        five = rng.sample(others, 5)
        for kind in ("said", "contradicted", "unsaid"):
            for claim in row[kind]:
                own = verify(Draft(claim), [every[i], *five[:4]], language=languages[i])
                passed["true kept" if kind == "said" else "false passed"].append(own.status != "unsupported")
        for claim in row["said"]:
            away = verify(Draft(claim), five, language=languages[i])
            passed["true before other passages passed"].append(away.status != "unsupported")
    print(" · ".join(f"{name} {sum(found)} of {len(found)}" for name, found in passed.items()))


def of_people(folder: Path) -> list[Verdict]:
    return [
        Verdict(row["sentence"], language, evidence_of(row["context"], file="p.txt", language=language, title=None,
                lead="", day=None), row["label"] == "Supported", f"MEMERAG {language}")
        for language in ("en", "es")
        for row in read_rows(folder / f"support_{language}.jsonl")
        if row["label"] in ("Supported", "Not Supported")
    ]  # fmt: skip


def of_plants(path: Path, each: int) -> list[Verdict]:
    rng = random.Random(SEED)
    pool = [s for s in sources(list(_articles(path)), rng) if s.language in ("en", "es")]
    true = [one for rewrite in (*REWRITES, reworded) for one in true_claims(rewrite, pool, each, rng)]
    plants = {**PLANTS, **OPPOSITES, **WORDINGS}.values()
    false = [one for plant in plants for one in planted_claims(plant, pool, each, rng)]
    return [
        Verdict(
            claim,
            source.language,
            list(source.evidence),
            so,
            f"planted {(path if path.is_dir() else path.parent).name}",
        )
        for so, claims in ((True, true), (False, false))
        for claim, source in claims
    ]


def ablate(claims: list[Verdict]) -> None:
    """Prints a row for the check as it is, one for each part that is left out and one for each other threshold."""
    kept = Kept()
    vars(checking)["Check"] = lambda: kept
    kinds = list(dict.fromkeys(one.kind for one in claims))
    print(f"| balanced accuracy (true ones kept, false ones caught) | {' | '.join(kinds)} |")
    print("| --- |" + " --- |" * len(kinds))
    _row("as it is", claims, kinds, {})
    for rule in RULES:
        _row(f"without {rule}", claims, kinds, {f"verify.{rule}": lambda *_: None})
    for name, values in MOVED.items():
        for value in values:
            _row(f"{name} {value:g}", claims, kinds, {name: value})
    _row("without the trained check", claims, kinds, {"verify.LEAST": -math.inf})
    for words, least in PAIRS:
        _row(f"WORDS {words}, LEAST {least}", claims, kinds, {"verify.WORDS": words, "verify.LEAST": least})


def _row(name: str, claims: list[Verdict], kinds: list[str], moved: dict[str, Any]) -> None:
    """Prints the row of the check with these names of its modules set to other values."""
    before = _set(moved)
    told: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    for one in claims:
        judged = verify(Draft(one.claim), one.evidence, language=one.language)
        told[one.kind, one.true].append((judged.status != "unsupported") == one.true)
    cells = []
    for kind in kinds:
        kept, caught = (sum(right) / len(right) for right in (told[kind, True], told[kind, False]))
        cells.append(f"{(kept + caught) / 2:.3f} ({kept:.2f}, {caught:.2f})")
    _set(before)
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _set(moved: dict[str, Any]) -> dict[str, Any]:
    """Sets names of modules of the check, and forgets what was computed with others; returns what they were."""
    before = {}
    for name, value in moved.items():
        module, _, attribute = name.partition(".")
        before[name] = getattr(sys.modules[f"qa.check.{module}"], attribute)
        setattr(sys.modules[f"qa.check.{module}"], attribute, value)
    modules = [loaded for name, loaded in sys.modules.items() if name.startswith("qa.check.")]
    for cached in [one for loaded in modules for one in vars(loaded).values() if hasattr(one, "cache_clear")]:
        cached.cache_clear()
    return before


# ---------------------------------------------------------------- across languages


def across(folder: Path, each: int) -> None:
    """English sentences before the five Spanish paragraphs of their article."""
    rng = random.Random(SEED)
    english, spanish = (list(_articles(folder / f"docs_{language}.jsonl")) for language in ("en", "es"))
    pairs = [
        Source(text[s:e], theirs[i], tuple(theirs), "en", "\n".join(x.paragraph.text for x in mine))
        for mine, theirs in zip(english, spanish, strict=True)
        for i, text in enumerate(x.paragraph.text for x in mine)
        for s, e in texts.sentences(text, "en")
        if 8 <= len(text[s:e].split()) <= 40
    ]
    rng.shuffle(pairs)
    print("\n| English claim, Spanish paragraphs | n | kept | the right paragraph |")
    print("| --- | --- | --- | --- |")
    for name, plant in {"true": None, **PLANTS}.items():
        claims = [(plant(p.sentence, p, rng) if plant else p.sentence, p) for p in pairs]
        chosen = [(c, p) for c, p in claims if c and not (plant and c in p.siblings)][:each]
        judged = [verify(Draft(c), p.evidence, language="en") for c, p in chosen]
        kept = [(j, p) for j, (_, p) in zip(judged, chosen, strict=True) if j.status != "unsupported"]
        right = sum(j.citations[0].address == p.home.address for j, p in kept)
        print(f"| {name} | {len(chosen)} | {len(kept) / max(1, len(chosen)):.0%} | {right} of {len(kept)} |")
        rules = Counter(j.note.split(":")[-1][:60] for j in judged if j.status == "unsupported")
        print("   ", rules.most_common(6)) if plant is None else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=Path, metavar="MEMERAG_DIR")
    parser.add_argument("--planted", type=Path, nargs="+", metavar="DOCS.jsonl", help="or a folder of .txt articles")
    parser.add_argument("--across", type=Path, metavar="XQUAD_DIR", help="English claims on Spanish paragraphs")
    parser.add_argument("--claims", type=Path, nargs=2, metavar=("CLAIMS.jsonl", "DOCS.jsonl"))
    parser.add_argument("--passages", type=Path, metavar="WRITTEN.jsonl", help="claims over written passages")
    parser.add_argument("--held-out", type=Path, metavar="CLAIMS.jsonl.gz")
    parser.add_argument("--ablate", action="store_true", help="what each part of the check pays")
    parser.add_argument("--each", type=int, default=200, help="faults, and true claims, of each kind")
    parser.add_argument("--show", type=int, default=0, help="print this many wrong verdicts of each kind")
    parser.add_argument("--without", choices=[*RULES, "model"], help="leave this part of the check out")
    parser.add_argument("--least", type=float, default=checking.LEAST, help="how sure the check must be")
    args = parser.parse_args()
    checking.LEAST = args.least if args.without != "model" else -math.inf
    if args.without in RULES:
        setattr(checking, args.without, lambda *_: None)
    if args.ablate:
        ablate(
            [
                *(of_people(args.people) if args.people else ()),
                *(one for path in args.planted or () for one in of_plants(path, args.each)),
                *(one._replace(kind="written") for one in (written(*args.claims) if args.claims else ())),
                *(held_back(args.held_out, 10 * args.each) if args.held_out else ()),
            ]
        )
        return
    if args.people:
        people(args.people, args.show)
    if args.across:
        across(args.across, args.each)
    if args.claims:
        verdicts(written(*args.claims), args.show)
    if args.passages:
        passages(args.passages)
    if args.held_out:
        verdicts(held_back(args.held_out, args.each), args.show)
    if args.planted:
        planted(args.planted, args.each, args.show)


if __name__ == "__main__":
    main()
