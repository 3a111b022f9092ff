"""Every claim against its own cited paragraph: by rules over its words, offline, the same today and tomorrow.

The rules, in order: citation · quote · number and date · name · negation · modality · speaker · wording. What decides
in doubt: a claim that names a speaker must name the right one; a claim that states as fact what the paragraph gives as
somebody's *contention* (alleges, claims, accuses, believes ...) fails ``speaker``; a claim that leaves out who reported
a plain fact (says, announced, confirmed) passes, because so does a news summary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from qa.absence import says_absent, says_after_all
from qa.alignment import added_fault, alignment_fault, exchanged_fault, exchanged_words, in_order, opposite_fault
from qa.facts import binding_fault, exchange_across, is_named, is_plain_word, number_fault
from qa.quotes import locate, quotations, quote_parts, quoted_in, verbatim
from qa.reading import Fault, Reading, Word, part_of, plain_stems, read, whole_of
from qa.stance import modality_fault, polarity_across, polarity_fault, speaker_fault
from qa.support import Support, coverage, support_of
from qa.text import visible
from qa.types import Citation, Claim, Draft, Evidence, Rule

Similarity = Callable[[str, Evidence], float]
_LIST_MARK = re.compile(r"^(?:\d{1,2}[.)]|[-*•])\s+")
# More than two thirds of the claim's words must be the paragraph's; in Spanish, whose verbs have more forms than a
# stemmer joins, half. Best on MEMERAG dev, where .45 to .55 and .67 to .75 are within a point (evals/bench/check.py).
COVERED = {"es": 0.5}
COVERED_ELSE = 0.67
COVERED_TOGETHER = 0.8  # the same of two or three paragraphs, which together have most words of anything
COVERED_IF_SIMILAR = 0.4  # the same, when the embedder finds claim and sentence alike
SIMILAR = 0.92  # cosine that nine in ten unsupported sentences of MEMERAG stay below (e5; unrelated texts: .75 to .82)
SIMILAR_ACROSS = 0.88  # the same across languages, where nine in ten XQuAD sentences and their translations reach .89
NEAR_VERBATIM = 0.8  # of the claim's words, in order in one sentence
MOST_TOGETHER = 3  # cited paragraphs that may bear one claim together; five would bear almost anything


def verify(
    draft: Draft, evidence: Sequence[Evidence], *, language: str = "en", similarity: Similarity | None = None
) -> Claim:
    """The draft as a claim whose citations are judged; each ``mark`` is the paragraph's place in ``evidence``, from 1.

    A proposed citation comes back verified, repaired (with what was mended) or unsupported (with the rule). When none
    holds, or none was proposed, the other retrieved paragraphs are tried, best first, by the same rules.
    ``similarity`` gives the cosine of a claim and a retrieved paragraph.
    """
    judge = _Judge(draft, evidence, language, similarity)
    return judge.claim()


class _Judge:
    """One draft before its evidence; keeps what is read once a draft."""

    def __init__(
        self, draft: Draft, evidence: Sequence[Evidence], language: str, similarity: Similarity | None
    ) -> None:
        self.text = _LIST_MARK.sub("", visible(draft.text))
        self.draft, self.evidence, self.language, self.similarity = draft, evidence, language, similarity
        self.at = {e.address: i for i, e in enumerate(evidence)}

    def claim(self) -> Claim:
        proposed = [p for p in self.draft.proposals if p.address in self.at]
        proposed = list({p.address: p for p in reversed(proposed)}.values())[::-1]
        if self.evidence and says_absent(self.text, self.language):
            return self._absent([self.evidence[self.at[p.address]] for p in proposed])
        judged = [self._judged(self.evidence[self.at[p.address]], p.quote) for p in proposed]
        citations = [citation for citation, _ in judged]
        good = [c for c in citations if c.failed is None]
        if not good and 1 < len(proposed) <= MOST_TOGETHER:
            good = self._together([self.evidence[self.at[p.address]] for p in proposed])
        if not good:
            good = self._elsewhere({p.address for p in proposed})
        if good:
            kept = {c.address for c in good}
            return Claim(self._restored(good), (*good, *(c for c in citations if c.failed and c.address not in kept)))
        note = judged[0][1] if judged else self._nowhere()
        return Claim(self.text, tuple(citations), note)

    def _judged(self, evidence: Evidence, quote: str | None = None) -> tuple[Citation, str]:
        """The citation of this paragraph, judged, and what failed in it."""
        span, mended = None, None
        if quote and quote.strip():
            span = locate(quote, evidence.paragraph.text)
            if span is None:
                return self._citation(evidence, None, "quote"), f"the quote is not in {evidence.paragraph}"
            mended = None if evidence.paragraph.text[slice(*span)] == quote.strip() else "quote restored"
        fault, support = self._fault((evidence,))
        span = span or (support[0].start, support[0].end)
        if fault:
            return self._citation(evidence, span, fault.rule), fault.note
        if self._requoted(evidence) != self.text:
            mended = "quote restored"
        return replace(self._citation(evidence, span, None), repaired=mended), ""

    def _citation(self, evidence: Evidence, span: tuple[int, int] | None, failed: Rule | None) -> Citation:
        paragraph = evidence.paragraph
        start, end = span or (0, len(paragraph.text))
        return Citation(
            mark=self.at[evidence.address] + 1,
            paragraph=paragraph,
            start=paragraph.start + start,
            end=paragraph.start + end,
            quote=paragraph.text[start:end],
            title=evidence.title,
            source=evidence.source,
            published=evidence.published,
            language=evidence.language,
            copies=evidence.copies,
            failed=failed,
        )

    def _together(self, cited: list[Evidence]) -> list[Citation]:
        """The citations of two or more cited paragraphs that bear the claim only together, each giving a part.

        All of them, or none: choosing the best few of many kept 7 % more of the true claims of MEMERAG, and let 10 %
        more of the false ones pass.
        """
        fault, support = self._fault(tuple(cited))
        if fault:
            return []
        return [self._citation(e, (s.start, s.end), None) for e, s in zip(cited, support, strict=True)]

    def _elsewhere(self, tried: set[str]) -> list[Citation]:
        """The best retrieved paragraph outside ``tried`` that bears the claim by all the rules."""
        origin = self.draft.proposals[0].address if self.draft.proposals else None
        found: list[tuple[float, int, Citation]] = []
        for i, evidence in enumerate(self.evidence):
            if evidence.address in tried:
                continue
            fault, support = self._fault((evidence,))
            if fault is None:
                mended = f"moved from {origin}" if origin else "aligned"
                citation = self._citation(evidence, (support[0].start, support[0].end), None)
                found.append((-support[0].covered, i, replace(citation, repaired=mended)))
        return [min(found, key=lambda f: f[:2])[2]] if found else []

    def _absent(self, proposed: list[Evidence]) -> Claim:
        """A claim that the sources do not say something: false when a retrieved sentence has nearly all its words."""
        lacking = read(self.text, self.language, None)
        support = [(e, support_of(lacking, e)) for e in self.evidence]
        said = [(e, s) for e, s in support if says_after_all(lacking, s.reading)]
        nearest = max(support, key=lambda pair: pair[1].covered)
        chosen = [pair for pair in support if pair[0] in proposed] or [nearest]
        if said:
            e, s = said[0]
            return Claim(self.text, (self._citation(e, (s.start, s.end), "negation"),), f"{e.paragraph} does say it")
        mended = None if proposed else "aligned"
        return Claim(
            self.text, tuple(replace(self._citation(e, (s.start, s.end), None), repaired=mended) for e, s in chosen)
        )

    def _nowhere(self) -> str:
        cited = [p.address for p in self.draft.proposals]
        if not self.evidence:
            return "nothing was retrieved"
        if cited:
            return f"{cited[0]} was not retrieved"
        claim = read(self.text, self.language, self.evidence[0].published)
        nearest = max(self.evidence, key=lambda e: support_of(claim, e).covered)
        return f"no retrieved paragraph supports it: {self._judged(nearest)[1]}"

    # ------------------------------------------------------------ the rules

    def _fault(self, cited: tuple[Evidence, ...]) -> tuple[Fault | None, tuple[Support, ...]]:
        """What is wrong with the claim as borne by these paragraphs together, and the part of each that bears it."""
        first = cited[0]
        claim = read(self.text, self.language, first.published)
        foreign = first.language != self.language  # a verbatim claim is then read with other stems
        if len(cited) == 1 and (foreign or claim.stems <= whole_of(first).stems):
            span = verbatim(self.text, first)
            if span:
                return None, (Support(*span, part_of(whole_of(first), *span), 1.0),)
        support = tuple(support_of(claim, e) for e in cited)
        return self._first_fault(claim, cited, support), support

    def _first_fault(self, claim: Reading, cited: tuple[Evidence, ...], support: tuple[Support, ...]) -> Fault | None:
        across = any(e.language != self.language for e in cited)
        where = " and ".join(str(e.paragraph) for e in cited)
        parts = tuple(s.reading for s in support)
        faults: Iterable[Callable[[], Fault | None]] = (
            lambda: None if plain_stems(claim) or claim.mentions else Fault("wording", "it says nothing to be checked"),
            lambda: self._quote_fault(cited, where),
            lambda: number_fault(claim, cited, parts, where),
            lambda: self._name_fault(claim, cited, where),
            lambda: exchange_across(claim, parts, where) if across else binding_fault(claim, cited, parts, where),
            lambda: None if across else alignment_fault(claim, parts, where),
            lambda: polarity_across(claim, parts, where) if across else polarity_fault(claim, parts, where),
            lambda: None if across else modality_fault(claim, parts, where),
            lambda: speaker_fault(claim, parts, where),
            lambda: None if across else added_fault(claim, (*parts, *self._nearest(claim)), where),
            lambda: self._wording_fault(claim, cited, support, where, across),
        )
        return next((fault for rule in faults if (fault := rule())), None)

    def _quote_fault(self, cited: tuple[Evidence, ...], where: str) -> Fault | None:
        for start, end in quotations(self.text):
            words = self.text[start:end]
            if not any(quoted_in(words, e.paragraph.text) for e in cited):
                return Fault("quote", f"the words “{self.text[start:end]}” are not in {where}")
        return None

    def _name_fault(self, claim: Reading, cited: tuple[Evidence, ...], where: str) -> Fault | None:
        for mention in claim.mentions:
            across = all(e.language != self.language for e in cited)
            if mention.kind == "name" and not (
                is_named(mention, cited, across, self.evidence) or is_plain_word(mention, claim, cited, across)
            ):
                return Fault("name", f"the name {mention.text} is not in {where}")
        return None

    def _wording_fault(
        self,
        claim: Reading,
        cited: tuple[Evidence, ...],
        support: tuple[Support, ...],
        where: str,
        across: bool,
    ) -> Fault | None:
        parts = tuple(s.reading for s in support)
        covered = coverage(claim, parts)
        enough = COVERED_TOGETHER if len(parts) > 1 else COVERED.get(self.language, COVERED_ELSE)
        if not across and covered >= enough:
            return None if len(parts) > 1 else self._exchange_fault(claim, parts[0], where)
        if self.similarity is not None and (across or covered >= COVERED_IF_SIMILAR):
            alike = max(self.similarity(self.text, e) for e in cited)
            if alike >= (SIMILAR_ACROSS if across else SIMILAR):
                return None
        if across:
            return Fault("wording", f"too little of it is said in {where}")
        known = frozenset[str]().union(*(p.stems for p in parts))
        lost = [w.folded for w in claim.words if w.stem and w.stem not in known]
        return Fault("wording", f"{where} does not say: {', '.join(dict.fromkeys(lost))}")

    def _nearest(self, claim: Reading) -> tuple[Reading, ...]:
        """The retrieved words that have most of the claim: what is added to them is no paraphrase of others."""
        there = [support_of(claim, e) for e in self.evidence if e.language == self.language]
        return (max(there, key=lambda s: s.covered).reading,) if there else ()

    def _exchange_fault(self, claim: Reading, part: Reading, where: str) -> Fault | None:
        """A word put in the place of the sentence's own, so that the claim says another thing."""
        if fault := opposite_fault(claim, part, where):
            return fault
        found = exchanged_words(claim, part)
        if not found or (len(found) == 1 and not self._tells(claim, part, found[0][0])):
            return None
        return exchanged_fault(*found[0], where)

    def _tells(self, claim: Reading, part: Reading, mine: Word) -> bool:
        """Whether one exchanged word is a fault: another retrieved sentence has it, or all else is the source's."""
        known = [whole_of(e).stems for e in self.evidence if e.language == self.language]
        return any(mine.stem in stems for stems in known) or in_order(claim, part, but=1) >= NEAR_VERBATIM

    # ------------------------------------------------------------ quotes

    def _requoted(self, evidence: Evidence) -> str:
        """The claim's text, each quotation in it put back to the exact words of the paragraph."""
        text = self.text
        for start, end in reversed(quotations(text)):
            words = text[start:end]
            if words in evidence.paragraph.text or len(quote_parts(words)) > 1:
                continue
            span = locate(words, evidence.paragraph.text)
            if span:
                text = text[:start] + evidence.paragraph.text[slice(*span)] + text[end:]
        return text

    def _restored(self, good: list[Citation]) -> str:
        return self._requoted(self.evidence[good[0].mark - 1])
