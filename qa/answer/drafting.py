"""Who drafts an answer: a model, or the embedded answerer, which also completes or replaces what a model wrote."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from qa.answer import disagreement
from qa.answer.asking import Asking, Own
from qa.answer.extract import extract, short_answer
from qa.answer.kit import Kit
from qa.answer.rank import Ranking
from qa.answer.write import write
from qa.errors import UsageError
from qa.llm.endpoint import ChatModel, OpenAIModel, is_small
from qa.llm.local import NAME, LocalModel, installed, is_local
from qa.settings import Settings
from qa.types import Claim, Draft, Evidence, Query, Turn

# A confidence below this is a refusal. `python -m evals.training.calibrate DATA` prints what each least one refuses:
# here .06 of the answerable questions, .73 of those whose article was removed, .54 of those written to tempt.
MIN_CONFIDENCE = 0.15
_DESPITE = 0.7  # from this on the articles' sentences are shown where a small model finds no answer
_BUDGET = 3000  # tokens of evidence in a model's prompt
# The same for a small model, which on two cores reads 20 to 60 tokens a second, and what else it is given: choices, for
# an answer in some 20 seconds.
_SMALL_BUDGET = 420
_SMALL_PARAGRAPHS = 5
_SMALL_TURNS = 2
_SMALL_REPLY = 120  # tokens that it may write


@dataclass(frozen=True, slots=True)
class Part:
    """One of the questions that are asked together: its query, its evidence and the ranking of its sentences; ``under``
    are its own words where there are several, "" for a question alone."""

    query: Query
    evidence: list[Evidence]
    ranking: Ranking
    under: str = ""

    def drafts(self, drafts: Iterable[Draft]) -> Iterator[Draft]:
        """The drafts as those of this question."""
        return (replace(draft, under=self.under) for draft in drafts)

    def doubted(self) -> Iterator[Draft]:
        """The likeliest of its sentences about which another article differs."""
        return disagreement.doubted(self.query, self.ranking, self.evidence)


def chosen(settings: Settings) -> ChatModel | None:
    """The model that the settings ask for; None for the embedded answerer. Raises `UsageError` and `ModelError`.

    ``auto`` without a model's name is the one that comes in packages, where somebody has installed it and has no key.
    """
    if settings.answerer == "extract":
        return None
    if not settings.model and settings.answerer == "llm":
        raise UsageError("The answerer `llm` needs a model; name one with --model.")
    if not settings.model:
        return LocalModel(NAME) if installed() and not os.environ.get("OPENAI_API_KEY") else None
    if is_local(settings.model) and not settings.base_url:
        return LocalModel(settings.model)
    return OpenAIModel(
        settings.model, base_url=settings.base_url, timeout=settings.timeout, structured=settings.structured
    )


def least(kit: Kit) -> float:
    """The confidence below which a question is refused before anybody drafts: 0 with a model, which reads the best
    paragraphs and refuses by itself; a small model's refusals do not count."""
    if kit.model is None or is_small(kit.model):
        return usual(kit.settings)
    return kit.settings.min_confidence or 0.0


def usual(settings: Settings) -> float:
    """The confidence below which the embedded answerer refuses."""
    return MIN_CONFIDENCE if settings.min_confidence is None else settings.min_confidence


# Of the least confidence: enough for a further part of a question, when one part is answered. docs/ARCHITECTURE.md has
# what it pays; `evals.bench.sweep` of `python -m evals` prints it for the gold questions.
_BESIDE = 0.335


def enough(parts: Sequence[Part], least: float) -> list[Part]:
    """The parts of a question for which there is evidence enough. Beside a part that is answered less will do: by
    itself a part says little ("and what did he thank the staff for?")."""
    some = [part for part in parts if part.evidence]
    found = any(part.ranking.confidence >= least for part in some)
    return [
        part
        for part in some
        if part.ranking.confidence >= least or (found and part.ranking.confidence >= _BESIDE * least)
    ]


def drafted(
    question: str,
    parts: Sequence[Part],
    evidence: Sequence[Evidence],
    history: Sequence[Turn],
    asking: Asking,
    kit: Kit,
) -> Iterator[Draft]:
    """What is drafted for parts for which there is evidence enough: a `Writing` where a model does it, in the language
    that is asked for, else in the question's."""
    if kit.model is None:
        return extracted(parts)
    brief, settings = is_small(kit.model), kit.settings
    read = _by_turns(parts, evidence)[:_SMALL_PARAGRAPHS] if brief else evidence
    return write(
        question,
        read[: settings.top_k],
        history[-_SMALL_TURNS:] if brief else history,
        model=kit.model,
        language=asking.language or parts[0].query.language,
        budget=settings.token_budget or (_SMALL_BUDGET if brief else _BUDGET),
        as_of=asking.as_of,
        max_tokens=min(settings.max_tokens, _SMALL_REPLY) if brief else settings.max_tokens,
        brief=brief,
    )


def extracted(parts: Sequence[Part]) -> Iterator[Draft]:
    """What the embedded answerer drafts for these parts; a sentence for several of them once, under each."""
    found: dict[str, Draft] = {}
    for draft in (draft for part in parts for draft in part.drafts(extract(part.query, part.ranking))):
        before = found.get(draft.text)
        found[draft.text] = replace(draft, under=f"{before.under} {draft.under}".strip()) if before else draft
    return iter(found.values())


def supplied(
    parts: Sequence[Part], claims: Sequence[Claim], refusal: str | None, kit: Kit
) -> tuple[Own, Iterator[Draft]]:
    """How the articles' own sentences complete a model's ``claims`` that passed their check, and those sentences.

    Only where the settings leave the choice of the answerer open. A large model's refusal and its choice of sentences
    stand, a small one's do not (docs/ARCHITECTURE.md has the figures).
    """
    least_sure = usual(kit.settings)
    sure = [part for part in parts if part.ranking.confidence >= least_sure]
    if kit.settings.answerer != "auto" or kit.settings.check != "strict":
        return "", iter(())
    if not claims and refusal is None:
        return "instead", extracted(sure)
    if not is_small(kit.model):
        return "", iter(())
    if not claims:
        return "declined", extracted([part for part in sure if part.ranking.confidence >= max(_DESPITE, least_sure)])
    passed_over = {draft.text: draft for part in sure for draft in part.drafts(_passed_over(part, claims))}
    return ("beside", iter(passed_over.values())) if passed_over else ("", iter(()))


def _passed_over(part: Part, claims: Sequence[Claim]) -> Iterator[Draft]:
    """The sentences that no claim rests on, or that give what is asked for where no claim does: a small model answers
    "when" without the day."""
    given = any(short_answer(part.query, claim.text) for claim in claims)
    for draft in extract(part.query, part.ranking):
        if not (given or not short_answer(part.query, draft.text)) or not _rests_on(draft, claims):
            yield draft


def _rests_on(draft: Draft, claims: Iterable[Claim]) -> bool:
    """Whether one of the claims cites the sentence that is drafted, or words of it."""
    place = draft.proposals[0]
    for cited in (c for claim in claims for c in claim.citations if c.address == place.address and not c.failed):
        at = cited.paragraph.text.find(place.quote or "")
        start = cited.paragraph.start + at
        if at < 0 or (cited.start < start + len(place.quote or "") and start < cited.end):
            return True
    return False


def _by_turns(parts: Sequence[Part], evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence for a model that reads little: by turns the next by its likeliest sentence, and the next found."""
    ranked = [candidate.evidence for part in parts for candidate in part.ranking.candidates]
    best = list({one.address: one for one in ranked}.values())
    turns = chain.from_iterable(zip_longest(best, evidence))
    return list({one.address: one for one in turns if one is not None}.values())
