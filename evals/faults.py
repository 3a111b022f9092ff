"""Faults planted in true sentences, to measure the check that everything else is measured with.

A claim stands before five paragraphs, its own and four more, of the same article where it has them; every other one is
drafted with its paragraph proposed, the others without any proposal.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qa.check.verify import verify
from qa.language import text as texts
from qa.language.mentions import names
from qa.language.names import same_name
from qa.types import Claim, Draft, Evidence, Proposal

SEED = 7


@dataclass(frozen=True)
class Source:
    """A sentence of a paragraph, and the five paragraphs it is checked before."""

    sentence: str
    home: Evidence
    evidence: tuple[Evidence, ...]
    language: str
    siblings: str  # the text of the same article's paragraphs: where a wrong name is taken from


def sources(articles: Sequence[Sequence[Evidence]], rng: random.Random) -> list[Source]:
    """The sentences of 8 to 60 words of these articles (each a list of its paragraphs), shuffled."""
    found: list[Source] = []
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


def first_half(sentence: str, language: str, rng: random.Random) -> str | None:
    """The first of two main clauses that "and" or "but" joins after a comma."""
    if re.search(r"[“”\"«»()]", sentence):
        return None
    m = re.search(r", (?:and|but|y|pero) (?:it|he|she|they|the|this|el|la|los|las|se|fue|no)\b[^,]{20,}\.$", sentence)
    return sentence[: m.start()] + "." if m and len(sentence[: m.start()].split()) >= 8 else None


def active(sentence: str, language: str, rng: random.Random) -> str | None:
    """ "X was built by Y." -> "Y built X."; only short sentences of a regular verb."""
    was, by = {"en": ("was|were", "by"), "es": ("fue", "por")}[language]
    done = {"en": r"(\w+ed)", "es": r"(\w+)[ai]d[oa]"}[language]
    m = re.match(rf"^([^,;:“”\"()]{{4,60}}) (?:{was}) {done} {by} ([^,;:“”\"()]{{3,60}})\.$", sentence)
    if not m or (language == "es" and not sentence[m.end(2) :].startswith("ad")):
        return None
    verb = m[2] if language == "en" else f"{m[2]}ó"
    return f"{m[3][0].upper()}{m[3][1:]} {verb} {'a ' if language == 'es' else ''}{_uncapitalised(m[1])}."


def reported(sentence: str, language: str, rng: random.Random) -> str | None:
    """ "The article says that ..." """
    if re.search(r"[“”\"«»]", sentence):
        return None
    says = {"en": ("According to the article, ", "The article says that "), "es": ("Según el artículo, ",)}[language]
    return rng.choice(says) + _uncapitalised(sentence)


def _uncapitalised(words: str) -> str:
    """The words with a small first letter where they open with an article or a pronoun."""
    opens = words.split()[0] in "The A An It He She They In On At This These El La Los Las Un Una En Este Esta".split()
    return words[0].lower() + words[1:] if opens else words


# Words for which any writer puts the other; none is in a table of the code (tests/test_faults.py).
SYNONYMS = {
    "en": "problem=difficulty problems=difficulties role=function influence=impact necessary=essential "
    "global=worldwide attempt=effort damage=harm launched=unveiled essentially=basically suffered=endured "
    "effect=impact towards=toward killed=slain concept=notion portion=fraction constantly=continually "
    "error=mistake family=household",
    "es": "problema=dificultad problemas=dificultades papel=rol influencia=impacto rápidamente=velozmente "
    "intento=tentativa adicional=extra hogar=vivienda hogares=viviendas veces=ocasiones función=cometido "
    "imágenes=fotografías necesario=preciso medicamentos=fármacos sequía=aridez efecto=impacto "
    "error=equivocación barrio=vecindario",
}


def reworded(sentence: str, language: str, rng: random.Random) -> str | None:
    """One or two words put for others that mean the same, outside of quotations."""
    if re.search(r"[“”\"«»]", sentence):
        return None
    pairs = [pair.split("=") for pair in SYNONYMS[language].split()]
    there = [(old, new) for old, new in pairs if re.search(rf"\b{old}\b", sentence)]
    rng.shuffle(there)
    for old, new in there[:2]:
        sentence = re.sub(rf"\b{old}\b", new, sentence, count=1)
    return sentence if there else None


# True by their words as they stand; `reworded` by what words mean, which no rule over words tells from a fault.
REWRITES: tuple[Rewrite, ...] = (
    verbatim,
    without_opening,
    speaker_last,
    without_aside,
    without_tail,
    first_half,
    active,
    reported,
)

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


def words_swapped(claim: str, source: Source, rng: random.Random) -> str | None:
    """Every other plain word of the claim for one of another sentence of the article: another thing is said."""
    whole = source.siblings
    others = [whole[s:e] for s, e in texts.sentences(whole, source.language)]
    others = [other for other in others if other not in claim and claim not in other and len(_plain(other)) >= 3]
    mine = _plain(claim)
    if len(mine) < 4 or not others:
        return None
    theirs = _plain(rng.choice(others))
    for old, new in zip(mine[1::2], rng.sample(theirs, min(len(theirs), len(mine[1::2]))), strict=False):
        claim = re.sub(rf"\b{re.escape(old)}\b", new, claim, count=1)
    return claim


def one_word_swapped(claim: str, source: Source, rng: random.Random) -> str | None:
    """One word of the claim in small letters for one of another sentence of the article."""
    mine, pool = _plain(claim), [w for w in _plain(source.siblings) if w not in claim]
    if len(mine) < 3 or not pool:
        return None
    return re.sub(rf"\b{re.escape(rng.choice(mine))}\b", rng.choice(pool), claim, count=1)


def clause_added(claim: str, source: Source, rng: random.Random) -> str | None:
    """The claim with the end of another sentence of the article put to its own: a thing that is not said of it."""
    whole = source.siblings
    others = [whole[s:e] for s, e in texts.sentences(whole, source.language)]
    ends = [" ".join(re.split(r"[,;:]\s", other.rstrip(' .!?”"'))[-1].split()[-7:]) for other in others]
    ends = [end for end in ends if len(end.split()) >= 4 and end not in claim]
    if not ends or claim[-1:] != ".":
        return None
    joined = {"en": (" and ", ", "), "es": (" y ", ", ")}[source.language]
    return f"{claim[:-1]}{rng.choice(joined)}{rng.choice(ends)}."


def roles_exchanged(claim: str, source: Source, rng: random.Random) -> str | None:
    """Two names of the claim in each other's place: who did it, and to whom."""
    mine = [m for m in names(claim, source.language) if m.start > 0 or len(m.text.split()) > 1]
    pairs = [
        (a, b)
        for i, a in enumerate(mine)
        for b in mine[i + 1 :]
        if not same_name(a.text, b.text) and not re.fullmatch(r",?\s(?:and|y|e|or|o|,)?\s?", claim[a.end : b.start])
    ]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    return claim[: a.start] + b.text + claim[a.end : b.start] + a.text + claim[b.end :]


def _plain(text: str) -> list[str]:
    """The words of six or more small letters: verbs and things, mostly."""
    return list(dict.fromkeys(re.findall(r"(?<![\w-])[a-zá-úñ]{6,}(?![\w-])", text)))


# What is put for what, so that another thing is said; no word is in a table of the code (tests/test_faults.py), so
# that the check is measured on words that its rules do not know. Few words of degree and doubt are such.
EXCHANGES = {
    "antonym": {
        "en": "problems=solutions problem=solution present=absent presence=absence directly=indirectly "
        "religious=secular active=inactive medieval=modern natural=artificial equal=unequal "
        "necessary=unnecessary tropical=polar continued=discontinued broad=narrow direct=indirect "
        "prominent=obscure knowledge=ignorance benefits=drawbacks launched=cancelled introduced=withdrew "
        "invasion=retreat solved=unsolved replaced=preserved compulsory=voluntary dominated=obeyed "
        "legitimacy=illegitimacy temporary=permanent dark=bright winter=summer expensive=cheap visible=hidden "
        "combined=separated improved=worsened attracted=repelled hired=dismissed eastward=westward "
        "profit=deficit drought=flood",
        "es": "problemas=soluciones problema=solución directamente=indirectamente igual=desigual "
        "desobediencia=obediencia desobedientes=obedientes construcción=demolición presente=ausente "
        "presencia=ausencia natural=artificial independientes=dependientes independiente=dependiente "
        "necesario=innecesario existencia=inexistencia finalmente=inicialmente tropicales=polares "
        "medieval=contemporáneo medievales=contemporáneos expansión=contracción oficial=extraoficial "
        "legitimidad=ilegitimidad lanzó=canceló política=apolítica sequía=inundación "
        "calentamiento=enfriamiento colectiva=individual producción=consumo demanda=oferta verano=invierno "
        "profundo=somero religiosa=laica religioso=laico voluntaria=forzosa beneficios=perjuicios "
        "ventaja=desventaja estable=inestable",
    },
    "modality": {
        "en": "estimated=ascertained assumed=proven conjecture=theorem conjectured=proven hypothesis=fact "
        "attempted=managed tried=managed designed=guaranteed predicted=observed",
        "es": "sugiere=prueba sugieren=prueban sugirió=probó conjetura=certeza hipótesis=certeza teoría=certeza "
        "intento=logro intentó=logró supone=prueba estima=comprueba estimado=comprobado obligatorio=optativo "
        "obligatoria=optativa",
    },
    "quantifier": {
        "en": "essentially=barely enough=insufficient sufficient=insufficient infinitely=finitely "
        "exclusively=partially fully=partially virtually=scarcely typically=invariably regularly=sporadically "
        "occasionally=constantly constantly=occasionally abundant=scarce widespread=sporadic "
        "extensive=meagre countless=scant average=maximal",
        "es": "infinitamente=finitamente suficiente=insuficiente suficientes=insuficientes abundante=escaso "
        "constantemente=esporádicamente regularmente=esporádicamente extenso=limitado ampliamente=escasamente "
        "exclusivamente=parcialmente mayoritariamente=íntegramente",
    },
}


def _exchange(kind: str) -> Plant:
    def plant(claim: str, source: Source, rng: random.Random) -> str | None:
        pairs = [pair.split("=") for pair in EXCHANGES[kind][source.language].split()]
        hits = [(m, new) for old, new in pairs for m in re.finditer(rf"(?<![\w-]){old}(?![\w-])", claim)]
        if not hits:
            return None
        m, new = rng.choice(hits)
        return claim[: m.start()] + new + claim[m.end() :]

    return plant


PLANTS: dict[str, Plant] = {
    "number changed": number_changed,
    "name swapped": name_swapped,
    "negation flipped": negation_flipped,
    "speaker swapped": speaker_swapped,
    "date moved": date_moved,
    "quote altered": quote_altered,
}
OPPOSITES: dict[str, Plant] = {kind: _exchange(kind) for kind in EXCHANGES}


# Faults of the wording, which no rule over words can tell from a paraphrase with certainty: measured, not counted in.
WORDINGS: dict[str, Plant] = {
    "half of the words swapped": words_swapped,
    "one word swapped": one_word_swapped,
    "clause added": clause_added,
    "roles exchanged": roles_exchanged,
}


class Accuracy(NamedTuple):
    """Of ``faults`` planted ones the share ``caught``, of ``claims`` true ones the share ``kept``; each 0..1."""

    caught: float
    kept: float
    faults: int
    claims: int


def accuracy(articles: Sequence[Sequence[Evidence]], *, each: int = 30) -> Accuracy | None:
    """How well the check does on these very articles: ``each`` true sentences of every rewriting, ``each`` faults of
    every kind. None when they have no sentence to plant a fault in (other languages than English and Spanish have
    none)."""
    rng = random.Random(SEED)
    pool = [source for source in sources(articles, rng) if source.language in ("en", "es")]
    true = [claim for rewrite in REWRITES for claim in true_claims(rewrite, pool, each, rng)]
    false = [claim for plant in PLANTS.values() for claim in planted_claims(plant, pool, each, rng)]
    if not true or not false:
        return None
    kept = [claim.status != "unsupported" for claim in judged(true)[0]]
    caught = [claim.status == "unsupported" for claim in judged(false)[0]]
    return Accuracy(sum(caught) / len(caught), sum(kept) / len(kept), len(caught), len(kept))


Planted = list[tuple[str, Source]]


def true_claims(rewrite: Rewrite, pool: Iterable[Source], each: int, rng: random.Random) -> Planted:
    """At most ``each`` sentences, rewritten so that they stay true."""
    rewritten = ((rewrite(source.sentence, source.language, rng), source) for source in pool)
    return [(claim, source) for claim, source in rewritten if claim][:each]


def planted_claims(plant: Plant, pool: list[Source], each: int, rng: random.Random) -> Planted:
    """At most ``each`` different sentences with one fault of this kind."""
    claims: Planted = []
    seen: set[str] = set()
    for source in pool * 5:  # a sentence may carry several faults of a kind
        if len(claims) == each:
            break
        rewrites = [r(source.sentence, source.language, rng) for r in REWRITES if r is not reported]
        true = rng.choice([r for r in rewrites if r])
        false = plant(true, source, rng)
        if false and rng.random() < 1 / len(REWRITES):  # said of the article, once the fault is in
            false = reported(false, source.language, rng) or false
        if false and false != true and false not in source.siblings and false not in seen:
            seen.add(false)
            claims.append((false, source))
    return claims


def judged(claims: Planted) -> tuple[list[Claim], float]:
    """The check's verdicts, and the milliseconds of processor time that a claim took."""
    start = time.process_time()
    verdicts = [
        verify(
            Draft(claim, (Proposal(source.home.address),) if i % 2 else ()),
            source.evidence,
            language=source.language,
        )
        for i, (claim, source) in enumerate(claims)
    ]
    return verdicts, 1000 * (time.process_time() - start) / max(1, len(claims))
