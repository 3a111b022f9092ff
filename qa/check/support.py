"""The part of a paragraph that bears a claim, and how much of the claim it covers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qa.check.parsing import ParsedText, part_of, plain_stems, sentence_spans, whole_of
from qa.language.comparison import bears_out
from qa.language.names import name_keys
from qa.model.entail import LONGEST
from qa.types import Evidence

# `python -m evals.bench.check --ablate` prints what others than these cost; docs/MODEL.md has the figures.
FURTHER = 0.12  # of the claim that a further sentence must bring to be counted in
MENTION_WEIGHT = 0.5  # of a name, number or date beside a word (`coverage` says why)
NUMBER_WEIGHT = 2  # a number tells the bearing sentence better than a word does
LONGEST_RUN = 3  # sentences that may bear one claim together: longer runs cover anything


@dataclass(frozen=True, slots=True)
class Support:
    """The part of a paragraph that bears the claim best: its span in the paragraph and how much it covers."""

    start: int
    end: int
    parsed: ParsedText
    covered: float


def support_of(claim: ParsedText, evidence: Evidence) -> Support:
    """The sentence, or the shortest run of at most three, that covers most of the claim's words and mentions."""
    spans = sentence_spans(evidence.paragraph.text, evidence.language)
    whole = whole_of(evidence)
    shares = [shared_by(claim, part_of(whole, start, end)) for start, end in spans]
    wanted = max(1, _wanted(claim))
    best, first, last = -1.0, 0, 0
    for length in range(1, min(LONGEST_RUN, len(spans)) + 1):
        for i in range(len(spans) - length + 1):
            covered = len(frozenset().union(*shares[i : i + length])) / wanted - FURTHER * (length - 1)
            if covered > best + 1e-9:
                best, first, last = covered, i, i + length - 1
    start, end = spans[first][0], spans[last][1]
    return Support(start, end, part_of(whole, start, end), best)


def window(evidence: Evidence, support: Support) -> str:
    """The bearing sentences and as many whole ones on either side as the check was trained to read at once."""
    text, start, end = evidence.paragraph.text, support.start, support.end
    spans = sentence_spans(text, evidence.language)
    before, after = [s for s, _ in spans if s < start], [e for _, e in spans if e > end]
    grown = True
    while grown:
        grown = False
        if before and end - before[-1] <= LONGEST:
            start, grown = before.pop(), True
        if after and after[0] - start <= LONGEST:
            end, grown = after.pop(0), True
    return text[start:end]


def _wanted(claim: ParsedText) -> int:
    return len(claim.stems) + NUMBER_WEIGHT * sum(m.kind != "name" for m in claim.mentions)


@lru_cache(maxsize=16384)
def shared_by(claim: ParsedText, parsed: ParsedText) -> frozenset[tuple[str, int]]:
    """What of the claim a sentence has: its content words, and its numbers and dates, which weigh more."""
    found = {(stem, 0) for stem in claim.stems & parsed.stems}
    for i, mention in enumerate(claim.mentions):
        if mention.kind != "name" and any(bears_out(other, mention) for other in parsed.mentions):
            found |= {(f"#{i}", n) for n in range(NUMBER_WEIGHT)}
    if claim.language != parsed.language:
        there = {key for w in parsed.words for key in name_keys(w.folded)}
        found |= {(key, 0) for m in claim.mentions if m.kind == "name" for key in name_keys(m.text) if key in there}
    return frozenset(found)


def coverage(claim: ParsedText, parts: tuple[ParsedText, ...]) -> float:
    """The share of the claim's words that the bearing sentences have; a name, number or date weighs half a word.

    Half, because the rules before have seen to them already: "Israel attacked Iran" must not pass for "condemned".
    """
    known = frozenset[str]().union(*(part.stems for part in parts))
    plain = plain_stems(claim)
    there = [m for part in parts for m in part.mentions]
    marked = [any(bears_out(other, m) for other in there) for m in claim.mentions]
    wanted = len(plain) + MENTION_WEIGHT * len(marked)
    return (len(plain & known) + MENTION_WEIGHT * sum(marked)) / wanted if wanted else 1.0
