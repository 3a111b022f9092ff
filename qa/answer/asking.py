"""A question while it is answered: what was claimed so far, and how."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from qa.answer import disagreement
from qa.types import Citation, Claim, Evidence, Filters, Query, Usage

# What the articles' own sentences are to a model's: nothing; in place of those that failed, or of a refusal; or beside
# those that left them out
Own = Literal["", "instead", "declined", "beside"]


@dataclass(slots=True)
class Asking:
    """One question on its way: what has been claimed so far, the marks given out, the time spent by step."""

    question: str
    as_of: date | None
    filters: Filters | None
    claims: list[Claim] = field(default_factory=list)
    removed: list[Claim] = field(default_factory=list)
    marks: dict[tuple[str, int, int], int] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)  # of what was asked of the model before it wrote
    language: str | None = None  # in which a model is to answer, where it was asked for one
    own: Own = ""  # what the embedded answerer's claims are to the model's
    failed: str = ""  # why the model wrote nothing more
    respelt: Sequence[str] = ()  # names that were searched for in the place of mistyped ones
    compared: set[disagreement.Place] = field(default_factory=set)  # sentences of a disagreement that is shown
    differing: disagreement.Disagreement | None = None  # the first disagreement that is shown

    @property
    def first(self) -> Claim | None:
        """The first claim that is supported."""
        return next((claim for claim in self.claims if claim.status != "unsupported"), None)

    @property
    def timings(self) -> dict[str, float]:
        """The seconds by step."""
        return {step: round(seconds, 4) for step, seconds in self.spent.items()}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Counts the time until it is left to the step."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.spent[step] = self.spent.get(step, 0.0) + time.perf_counter() - began

    def with_others(self, claim: Claim, queries: Sequence[Query], evidence: Sequence[Evidence]) -> tuple[Claim, ...]:
        """The claim with those of the articles that say otherwise, newest first; () where it is shown already."""
        if any((c.address, c.start) in self.compared for c in claim.citations if not c.failed):
            return ()
        found = disagreement.compared(claim, queries, evidence)
        self.compared |= found.places
        if found.reason and self.differing is None:
            self.differing = found
        return found.claims

    def marked(self, claim: Claim) -> Claim:
        """The claim with the numbers of its supporting citations: a new passage gets the next one."""
        return replace(claim, citations=tuple(self._mark(citation) for citation in claim.citations))

    def _mark(self, citation: Citation) -> Citation:
        if citation.failed:
            return replace(citation, mark=0)
        place = (citation.address, citation.start, citation.end)
        return replace(citation, mark=self.marks.setdefault(place, len(self.marks) + 1))
