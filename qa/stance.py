"""What a sentence denies, leaves open, and has somebody say; and whether a claim keeps it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from qa.mentions import Mention
from qa.reading import REPORTS, Fault, Reading, Word, in_mention, same

# ---------------------------------------------------------------- negation and modality
NEGATIONS = {  # that turn round the words after them, in a question as in a claim
    "en": frozenset(
        "not no never neither nor none nobody cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt "
        "couldnt hasnt havent hadnt".split()
    ),
    "es": frozenset("no nunca jamas ni ningun ninguna ninguno nadie nada tampoco".split()),
}
_NOT = {
    "en": NEGATIONS["en"]
    | frozenset(
        "without nothing shouldnt hardly lacks lack lacked unable fail fails failed failing refuse refuses refused "
        "refusing deny denies denied denying decline declines declined reject rejects rejected".split()
    ),
    "es": NEGATIONS["es"]
    | frozenset(
        "sin niega nego negaron niegan rechaza rechazo rechazaron rehusa rehuso carece carecen incapaz".split()
    ),
}
_MAYBE = {
    "en": frozenset(
        "may might could would should must can allegedly reportedly alleged possibly possible perhaps maybe "
        "potentially "
        "probably likely unlikely expected apparently supposedly purportedly suspected seems appears if unless whether "
        "likely plans planned planning aims aimed intends intended hopes hope hoped wants wanted willing ready "
        "proposed "
        "will need needs ought urged urges calls called calling want seek seeks sought rumored rumoured".split()
    ),
    "es": frozenset(
        "podria podrian puede pueden pudo pudiera quiza quizas supuestamente presuntamente presunto presunta posible "
        "posiblemente probablemente probable talvez acaso deberia deberian debe deben parece parecen aparentemente si "
        "planea planean espera esperan quiere quieren propone pretende pretenden busca necesita seria serian "
        "tal".split()
    ),
}
# The cues whose loss makes a claim say more than its source; the others only excuse a claim that keeps the doubt.
_DOUBT = {
    "en": frozenset(
        "may might could would should must allegedly reportedly alleged possibly possible perhaps maybe potentially "
        "probably likely unlikely apparently supposedly purportedly suspected rumored rumoured".split()
    ),
    "es": frozenset(
        "podria podrian quiza quizas supuestamente presuntamente presunto presunta posible posiblemente "
        "probablemente probable deberia deberian debe deben parece aparentemente".split()
    ),
}
DENYING = frozenset().union(*_NOT.values())  # every word that may deny
_CUES = {"not": _NOT, "maybe": _MAYBE, "doubt": _DOUBT}
_SCOPE = 3  # content words after a cue that it can govern
_CLAUSE_END = re.compile(r"[.;:!?()—–]|, (?:but|and|while|pero|y|aunque|mientras|sino)\b|\bbut\b|\bpero\b|\bsino\b")


@lru_cache(maxsize=16384)
def _governed(reading: Reading, which: str) -> tuple[frozenset[str], ...]:
    """For each cue of the text, the content stems it governs, nearest clause only."""
    cues = _CONTENDS if which == "contends" else _CUES[which].get(reading.language, frozenset[str]())
    return tuple(frozenset(scope) for scope in governed(reading, cues))


def governed(reading: Reading, cues: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """For each of these words in the text, the first content stems after it in its clause."""
    for i, word in enumerate(reading.words):
        if word.folded not in cues or _no_cue(reading, word):
            continue
        stop = _CLAUSE_END.search(reading.text, word.end)
        end = stop.start() if stop else reading.end
        scope = [w.stem for w in reading.words[i + 1 :] if w.stem and w.start < end and w.folded not in cues]
        yield tuple(scope[:_SCOPE])


_NO_CUE = re.compile(r"\s+(?:only|just|merely|simply|solo|s\u00f3lo|solamente|obstante|embargo)\b|,", re.IGNORECASE)


def _no_cue(reading: Reading, word: Word) -> bool:
    """Whether a cue is none here: "not only", "sin embargo", "No, ...", "May 2023", "Will Smith"."""
    negates = word.folded in _NOT.get(reading.language, ())
    return in_mention(reading, word) or (negates and _NO_CUE.match(reading.text, word.end) is not None)


def _mostly(shared: frozenset[str], scope: frozenset[str]) -> bool:
    """Whether a text has more than half of the words that a cue governs: it speaks of the same thing."""
    return bool(shared) and 2 * len(shared) > len(scope)


def polarity_fault(claim: Reading, parts: tuple[Reading, ...], where: str) -> Fault | None:
    """A "not" that only one of the two sides has about the same words."""
    source_cues = [scope for part in parts for scope in _governed(part, "not")]
    claim_cues = _governed(claim, "not")
    denied = frozenset[str]().union(*source_cues)
    stems = frozenset[str]().union(*(p.stems for p in parts))
    for scope in claim_cues:
        shared = scope & stems
        if shared and not shared & denied:
            return Fault("negation", f"the claim denies what {where} says")
    mine = frozenset[str]().union(*claim_cues)
    for scope in source_cues:
        shared = scope & claim.stems
        if _mostly(shared, scope) and not shared & mine and not _denied_within(scope, claim):
            return Fault("negation", f"the claim leaves out a “not” of {where}")
    return None


def _denied_within(scope: frozenset[str], claim: Reading) -> bool:
    """Whether the claim denies by a prefix what its source denies by a word: "not authorised", "unauthorised"."""
    return any(f"{prefix}{stem}" in claim.stems for stem in scope for prefix in ("un", "in", "im", "non", "dis"))


def polarity_across(claim: Reading, parts: tuple[Reading, ...], where: str) -> Fault | None:
    here, there = bool(_governed(claim, "not")), any(_governed(part, "not") for part in parts)
    return Fault("negation", f"only one of the claim and {where} says “not”") if here != there else None


def modality_fault(claim: Reading, parts: tuple[Reading, ...], where: str) -> Fault | None:
    """A "may", "allegedly" or "should" of the paragraph that the claim dropped about the same words."""
    kept = frozenset[str]().union(*_governed(claim, "maybe"))
    for part in parts:
        for scope in _governed(part, "doubt"):
            shared = scope & claim.stems
            if _mostly(shared, scope) and not shared & kept:
                return Fault("modality", f"{where} does not say it as certain")
    return None


def cue_at_end(reading: Reading, gap: tuple[Word, ...], which: str) -> bool:
    """Whether a gap ends in a cue, with nothing but function words between it and the common words after it."""
    cues = _CUES[which].get(reading.language, frozenset[str]())
    odd = False
    for word in reversed(gap):
        if re.match(r"\s?[(),;:—–]", reading.text[word.end : word.end + 2]):
            break
        if word.folded in cues and not in_mention(reading, word):
            odd = not odd
        elif word.stem:
            break
    return odd


# ---------------------------------------------------------------- who said it
_CONTENDS = frozenset(
    "claimed claims claiming alleged alleges accused accuses accusing argued argues insisted insists believes believed "
    "contends contended suspects denounced "
    "acuso acusa acusaron alego alega denuncio denuncia cree creen argumenta argumento presume".split()
)
_SPEECH = REPORTS | _CONTENDS
_PRONOUNS = frozenset("he she they it we i who el ella ellos ellas quien".split())


@lru_cache(maxsize=8192)
def _speakers(reading: Reading) -> tuple[tuple[str, Mention | None], ...]:
    """For each verb of saying, the name that is its subject, or None for a pronoun or a common noun."""
    found: list[tuple[str, Mention | None]] = []
    names = [m for m in reading.mentions if m.kind == "name"]
    for word in reading.words:
        if word.folded in _SPEECH:
            found.append((word.folded, _subject(reading, word, names)))
    return tuple(found)


def _subject(reading: Reading, verb: Word, names: list[Mention]) -> Mention | None:
    after = [m for m in names if 0 <= m.start - verb.end <= 2]
    if after and re.search(r"[\"”“»,]\s*$", reading.text[: verb.start]):
        return after[0]  # “...”, said X
    before = [m for m in names if m.end <= verb.start]
    if not before:
        return after[0] if after else None
    nearest = before[-1]
    between = reading.text[nearest.end : verb.start]
    if any(w.folded in _PRONOUNS for w in reading.words if nearest.end <= w.start < verb.start):
        return None
    return nearest if len(between) < 40 and not re.search(r"[.;:!?\"”“»]", between) else None


def speaker_fault(claim: Reading, parts: tuple[Reading, ...], where: str) -> Fault | None:
    """A statement put in another's mouth, or a contention told as a fact."""
    mine = _speakers(claim)
    theirs = [speaker for part in parts for speaker in _speakers(part)]
    for _, name in mine:
        if name is None:
            continue
        named = [other for _, other in theirs if other is not None]
        if any(same(name, other) for other in named) or any(other is None for _, other in theirs):
            continue
        if named:
            return Fault("speaker", f"{where} has {named[0].text} say it, not {name.text}")
    contended = [scope for part in parts for scope in _governed(part, "contends")]
    if not mine and any(_mostly(scope & claim.stems, scope) for scope in contended):
        return Fault("speaker", f"{where} gives it as somebody's contention")
    return None
