"""A question as it is searched: completed from the chat, part by part, each with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.answer import ask_back, completion, disagreement, drafting
from qa.answer.asking import Asking
from qa.answer.drafting import Part
from qa.answer.extract import choose
from qa.answer.kit import Kit
from qa.answer.lines import Line
from qa.answer.rank import Ranking, rank
from qa.errors import ModelError
from qa.language.mentions import names
from qa.llm.endpoint import is_small
from qa.model.read import bundled as reader
from qa.question import followups, requests
from qa.question.turns import leant_on
from qa.types import Evidence, Query, Sentence, Turn

NEAREST = 3  # paragraphs shown beside a refusal


@dataclass(frozen=True, slots=True)
class Sought:
    """A question as it was searched for, its parts, and the evidence of all of them; ``unclear`` is what it could mean
    where it does not say, () where nothing was found for that."""

    text: str
    parts: Sequence[Part]
    evidence: Sequence[Evidence]
    unclear: Sequence[str] | None = None

    @property
    def query(self) -> Query:
        """That of the first part."""
        return self.parts[0].query

    def beside(self, lines: Sequence[Line]) -> Sought:
        """The same with the paragraphs of these lines as further evidence."""
        return replace(self, evidence=[*self.evidence, *(evidence for _, evidence in lines)])


def sought(question: str, history: Sequence[Turn], asking: Asking, kit: Kit) -> Sought:
    """What was found for the question, as it stands after this chat."""
    text = _standing(question, history, asking, kit)
    leaning = text != question and text.endswith(question)  # it stands after the question that it leans on
    asked = [(text, question)] if leaning else followups.parts(text)
    parts = [_part(part, own, asking, kit) for part, own in asked]
    if text != question and not leaning and len(parts) == 1 and names(question, parts[0].query.language):
        by_name = _part(question, question, asking, kit)  # "what about Rashid?", of whom something else is told
        parts = parts if drafting.enough(parts, drafting.least(kit)) else [by_name]
    if len(parts) > 1:
        parts = [replace(part, under=part.query.asked) for part in parts]
    evidence = _merged([part.evidence for part in parts])
    unclear = None if history else ask_back.readings(question, evidence, kit.store, kit.articles)
    return Sought(text, parts, evidence, unclear)


def _standing(question: str, history: Sequence[Turn], asking: Asking, kit: Kit) -> str:
    """The question as it is searched: completed from the chat that it leans on, by the model or else by rules.

    A small model takes seconds for it, and is left out.
    """
    if not followups.leans(question):
        return question
    text = followups.standalone(question, leant_on(history, kit.embedder), reader().words)
    if text == question or kit.model is None or is_small(kit.model):
        return text
    with asking.timed("rewrite"):
        try:
            said = completion.completed(question, history, model=kit.model)
        except ModelError:
            return text  # the model is asked again for the answer, and then its error is told
    asking.usage = said.usage
    return said.text or text


def _part(text: str, own: str, asking: Asking, kit: Kit) -> Part:
    """One of the questions that are asked: searched, and judged for whether what was found is enough. ``own`` is
    the question itself, where ``text`` has before it what it leans on; one that is only short ("what did the
    neighbours say") is searched by itself too, and the surer of both is taken."""
    part = _searched(text, None if own == text else own, asking, kit)
    if own == text or followups.points(own):
        return part
    return max(_searched(own, None, asking, kit), part, key=lambda one: one.ranking.confidence)


def _searched(text: str, own: str | None, asking: Asking, kit: Kit) -> Part:
    top = kit.settings.top_k
    with asking.timed("retrieve"):
        query = kit.retriever.query(text, own, asking.as_of)
        evidence = kit.retriever.retrieve(query, max(top, 10), asking.filters)
    with asking.timed("judge"):
        return Part(query, evidence, _dated(query, _ranking(query, evidence[:top], kit), kit))


def _dated(query: Query, ranking: Ranking, kit: Kit) -> Ranking:
    """The ranking, as sure as it is that an article's day is asked for, where that day is what answers."""
    best = next(iter(ranking.candidates), None)
    if best is None or not best.evidence.published or best.answer != best.evidence.published.isoformat():
        return ranking
    likely = requests.published(query.asked, kit.embedder)
    return replace(ranking, confidence=max(ranking.confidence, likely))


def _ranking(query: Query, evidence: Sequence[Evidence], kit: Kit) -> Ranking:
    """The ranking, without sentences that give orders to who reads them; where altered copies share among them the
    confidence in one answer, that of one of them."""
    found = rank(query, evidence)
    while orders := {s for s in _shown(found) if requests.orders(s.text, kit.embedder)}:
        evidence = [e.without(orders) for e in evidence]
        found = rank(query, evidence)
    alone = [] if found.confidence >= drafting.least(kit) else disagreement.distinct(evidence)
    if not 0 < len(alone) < len(evidence):
        return found
    return max(found, rank(query, alone), key=lambda ranking: ranking.confidence)


def _shown(ranking: Ranking) -> set[Sentence]:
    """The sentences that the embedded answerer would show."""
    return {candidate.match.sentence for candidate in choose(ranking)}


def _merged(found: Sequence[Sequence[Evidence]]) -> list[Evidence]:
    """The evidence of all parts, each paragraph once, the best of each part first."""
    if len(found) == 1:
        return list(found[0])
    best: dict[str, Evidence] = {}
    for evidence in sorted((e for part in found for e in part), key=lambda e: e.rank):
        best.setdefault(evidence.address, evidence)
    return [replace(evidence, rank=rank) for rank, evidence in enumerate(best.values(), start=1)]
