"""The whole system in one place: retrieve, judge sufficiency, draft, check each claim, answer or refuse."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from qa import settings
from qa.answer import (
    again,
    ask_back,
    completion,
    disagreement,
    drafting,
    folder_wide,
    lines,
    overview,
    pronouns,
    yes_no,
)
from qa.answer.extract import choose, short_answer, whole_mention
from qa.answer.rank import Ranking, rank
from qa.answer.write import Writing
from qa.articles.corpus import by_suffix
from qa.articles.dates import parse_date
from qa.articles.places import Place, place
from qa.check.polarity import denied
from qa.check.verify import verify
from qa.errors import FolderError, ModelError, StoreError, StoreUnwritable, UsageError
from qa.index import doctor, ingest, store
from qa.index.store import Articles, LanceStore
from qa.language.text import detect_language
from qa.llm.endpoint import ChatModel, is_small
from qa.llm.local import LocalModel
from qa.messages import catalogue
from qa.model.embed import Embedder, bundled
from qa.model.read import bundled as reader
from qa.question import followups, periods, requests
from qa.retrieve import Retriever
from qa.settings import Settings
from qa.types import (
    Answer,
    AnswerStatus,
    Citation,
    Claim,
    Draft,
    Evidence,
    Filters,
    Progress,
    Query,
    Sentence,
    Turn,
    Usage,
)

if TYPE_CHECKING:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.vector_stores.types import MetadataFilters

_NEAREST = 3  # paragraphs shown beside a refusal
_LEANT = 12  # turns of a chat, the last, that a question may lean on


class Assistant:
    """Questions over one folder. Open it with `Assistant.open`; it may be asked from several threads."""

    def __init__(
        self,
        folder: Place,
        store: LanceStore,
        embedder: Embedder,
        settings: Settings,
        model: ChatModel | None = None,
        *,
        added_folder: Path | None = None,
    ) -> None:
        self.folder, self.settings, self.model = folder, settings, model
        self.added_folder = added_folder
        self.store, self.embedder = store, embedder
        self.summary = ingest.Summary()  # of the last update
        self._retriever = Retriever(store, embedder)

    @classmethod
    def open(
        cls,
        folder: str | Place | None = None,
        *,
        model: ChatModel | str | None = None,
        embedder: Embedder | None = None,
        progress: Progress | None = None,
        added: bool = True,
        wait: bool = True,
        **options: Any,
    ) -> Self:
        """An assistant over the folder, its index brought up to date first.

        ``model`` is a name at an OpenAI-compatible endpoint, or anything that streams (`qa.llm.endpoint.ChatModel`).
        ``added``: the articles that were added on the chat page belong to the folder too. ``wait``: for the vectors of
        what is new; without them it is searched by words, and `complete` computes them (in a thread, if you like).
        ``options`` are the fields of `qa.settings.Settings`. Raises `FolderError` when there is no such folder,
        `SettingsError` for an option that does not exist, `StoreError` when the index cannot be used.
        """
        given = {
            "folder": str(folder) if folder is not None else None,
            "model": model if isinstance(model, str) else None,
        }
        chosen = settings.load({**options, **given})
        root = _root(chosen)
        embedder = embedder or bundled()
        warming = threading.Thread(target=_warm, args=(embedder,), daemon=True)
        warming.start()  # the models load while LanceDB is imported
        index = LanceStore(chosen.index or index_address(root), embedder=embedder.identity, dim=embedder.dim)
        own = model if model is not None and not isinstance(model, str) else drafting.chosen(chosen)
        assistant = cls(root, index, embedder, chosen, own, added_folder=user_folder(root) / "added" if added else None)
        assistant.update(wait=wait, progress=progress)
        warming.join()
        return assistant

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Assistant({str(self.folder)!r}, {len(self._retriever.articles())} articles, {self.answerer})"

    @property
    def answerer(self) -> str:
        """ "extract" or "llm": who drafts the answers."""
        return "llm" if self.model else "extract"

    def close(self) -> None:
        """Nothing is held open between questions; here so that `with Assistant.open(...)` reads well."""

    def update(self, *, wait: bool = True, progress: Progress | None = None) -> ingest.Summary:
        """Brings the index in step with the folder; an unchanged folder costs a scan of its file names.

        Without ``wait`` the vectors of what is new are left to `complete`. Where the index cannot be written, what is
        in it stays to be asked, and the summary says so (``unwritten``); `StoreUnwritable` where nothing is in it.
        """
        where: dict[str, Any] = {"max_mb": self.settings.max_mb, "added": self.added_folder}
        try:
            self.summary = ingest.read_folder(self.folder, self.store, progress=progress, **where)
        except StoreUnwritable as error:
            self.summary = replace(ingest.as_it_is(self.folder, self.store, **where), unwritten=str(error))
            if not self.summary.articles:
                raise
        if wait:
            self.complete(progress=progress)
        return self.summary

    def complete(self, *, progress: Progress | None = None) -> ingest.Summary:
        """Computes the vectors that are missing, in batches that are kept whatever happens to this process."""
        try:
            self.summary = ingest.with_vectors(self.summary, self.store, self.embedder, progress=progress)
        except StoreUnwritable as error:
            self.summary = replace(self.summary, unwritten=str(error))
        return self.summary

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        as_of: date | None = None,
        filters: Filters | None = None,
    ) -> Answer:
        """The answer, every claim of it checked; a refusal is an answer too. Raises `UsageError`, `ModelError`."""
        *_, answer = self.stream(question, history, as_of=as_of, filters=filters)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        as_of: date | None = None,
        filters: Filters | None = None,
    ) -> Iterator[Claim | Answer]:
        """Each claim as soon as it has passed its check, and the whole `Answer` last.

        Only articles that pass ``filters`` are searched; `UsageError` when they name a source or language not there.
        """
        if not question.strip():
            raise UsageError("The question is empty; ask something.")
        filters = self._retriever.known(filters) if filters else None
        run = _Run(question, as_of, filters)
        articles = self._retriever.articles()
        asked_for = requests.kind(question, self.embedder, answered=len(history) > 1)
        if asked_for == "nothing" or (asked_for is None and ask_back.asks_nothing(question)):
            if not self._retriever.has_word_of(question, requests.small_talk):
                yield self._offered(run, articles)
                return
            asked_for = None
        if not articles and self.summary.skipped:
            language = detect_language(question, otherwise="en")
            reason = catalogue(language)["unread"].format(by_suffix(self.summary.skipped))
            yield Answer(question=question, query=question, status="refused", reason=reason)
            return
        question, run.respelt = self._retriever.corrected(question)
        if asked_for in requests.AGAIN and (before := again.before(history, self.embedder)):
            yield from self._again(run, asked_for, *before)
            return
        if over := folder_wide.whole(question, articles, today=as_of or date.today(), filters=filters):
            yield from self._over_whole(run, over, filters)
            return
        if asks := requests.overall(asked_for):
            view = self._overview(question, asks, as_of, filters)
            if view.drafts or asks not in ("day", "credit"):
                yield from self._viewed(run, view, history)
                return
        yield from self._searched(run, question, history)

    def _undated(self, run: _Run, language: str) -> str:
        """How many articles the filter on days keeps out because they have none; "" where that keeps out none."""
        if not run.filters or not (run.filters.since or run.filters.until):
            return ""
        others = replace(run.filters, since=None, until=None)
        rows = self._retriever.articles().values()
        count = sum(not row.published and others.admit(row) for row in rows)
        return catalogue(language)["undated"].format(count) if count else ""

    def _searched(self, run: _Run, question: str, history: Sequence[Turn]) -> Iterator[Claim | Answer]:
        """The answer to a question as it is searched for: part by part where it asks several things."""
        text = self._standing(run, question, history)
        leaning = text != question and text.endswith(question)  # it stands after the question that it leans on
        asked = [(text, question)] if leaning else followups.parts(text)
        parts = [self._part(run, part, own, run.filters) for part, own in asked]
        if len(parts) > 1:
            parts = [replace(part, under=part.query.asked) for part in parts]
        evidence, queries = _merged([part.evidence for part in parts]), [part.query for part in parts]
        articles = self._retriever.articles()
        unclear = None if history else ask_back.readings(question, evidence, self.store, articles)
        enough = drafting.enough(parts, drafting.least(self.settings, self.model)) if unclear is None else []
        drafts: Iterator[Draft] = iter(())
        model, chosen = self.model, self.settings
        if enough:
            drafts = drafting.drafted(question, enough, evidence, history, model=model, settings=chosen,
                                       as_of=run.as_of, language=run.language)  # fmt: skip
        if len(enough) == 1 and model is None:
            where = enough[0], self.store, self._retriever.articles()
            if day := lines.date_line(*where):
                yield from self._checked(run, iter([day[0]]), [*evidence, day[1]], queries)
                drafts = islice(drafts, 1)
            elif items := list(lines.items_below(*where)):
                drafts, evidence = iter([draft for draft, _ in items]), [*evidence, *(e for _, e in items)]
        yield from self._checked(run, self._without_error(run, drafts), evidence, queries)
        if isinstance(drafts, Writing):
            run.own, own = drafting.completed(enough, run.claims, drafts.refusal, model=model, settings=chosen)
            yield from self._checked(run, own, evidence, queries)
        if enough and run.differing is None and (model is None or run.own):
            doubted = (draft for part in enough for draft in part.drafts(part.doubted()))
            yield from self._checked(run, doubted, evidence, queries)
        yield self._answer(run, text, parts, evidence, drafts, unclear)

    def _again(self, run: _Run, asked_for: str, before: str, earlier: Sequence[Turn]) -> Iterator[Claim | Answer]:
        """The answer to the question before, as it is asked for now: shorter, more of it, with its source."""
        language = self.query(run.question, as_of=run.as_of).language
        if asked_for == "language" and self.model is not None:
            run.language = folder_wide.language_named(run.question)
            yield from self._searched(run, before, earlier)
            return
        answer = self.ask(before, earlier, as_of=run.as_of, filters=run.filters)
        if asked_for == "more" and answer.citations:
            over = overview.further(answer, self.store, self._retriever.articles())
            yield from self._viewed(run, over, earlier)
            return
        answer = replace(again.shown(asked_for, answer, language), question=run.question)
        yield from answer.claims
        yield answer

    def _overview(
        self, question: str, asked_for: requests.Overall, as_of: date | None, filters: Filters | None
    ) -> overview.Overview:
        query = self.query(question, as_of=as_of)
        evidence = self._retriever.retrieve(query, 10, filters)
        articles = self._retriever.articles()
        passing = {file: row for file, row in articles.items() if (filters or Filters()).admit(row)}
        view = overview.overview(asked_for, query, evidence, self.store, passing)
        sane = (one for one in view.drafts if not requests.orders(one[0].text, self.embedder))
        return replace(view, drafts=tuple(sane))

    def _viewed(self, run: _Run, over: overview.Overview, history: Sequence[Turn]) -> Iterator[Claim | Answer]:
        """The answer to a request for an overview: written by the model where there is one, and checked; else, and
        where nothing that it wrote passes, the articles' own sentences."""
        query, evidence = self.query(run.question, as_of=run.as_of), [e for _, e in over.drafts]
        part = drafting.Part(query, evidence, Ranking((), float(bool(evidence))))
        drafts: Iterator[Draft] = iter(draft for draft, _ in over.drafts)
        if self.model is not None and evidence:
            drafts = drafting.drafted(run.question, [part], evidence, history, model=self.model,
                                       settings=self.settings, as_of=run.as_of)  # fmt: skip
        yield from self._checked(run, self._without_error(run, drafts), evidence, [query])
        if self.model is not None and not run.claims and self.settings.answerer == "auto":
            run.own = "instead"
            yield from self._checked(run, iter(draft for draft, _ in over.drafts), evidence, [query])
        answer = self._answer(run, run.question, [part], evidence, drafts, None)
        told = (overview.told(over, query.language), answer.reason)
        reason = " ".join(filter(None, told)) if answer.claims else answer.reason
        listed = self.model is None or bool(run.own)
        yield replace(answer, short_answer="", reason=reason, listed=listed, judged=False)

    def _offered(self, run: _Run, articles: Articles) -> Answer:
        """The answer to a text that asks for nothing: what can be asked here. Nothing is searched."""
        language = self.query(run.question, as_of=run.as_of).language
        return Answer(
            question=run.question, query=run.question, status="clarify", reason=ask_back.offered(articles, language),
            as_of=run.as_of, filters=run.filters, language=language, index_revision=self._retriever.revision(),
        )  # fmt: skip

    def _reason(
        self, status: AnswerStatus, query: Query, drafted: bool, lacking: Sequence[str], writing: Writing | None
    ) -> str:
        """Why there is no answer, or none to a part of the question; "" for a whole answer."""
        said = catalogue(query.language)
        if status == "partial":
            return said["part"].format("; ".join(lacking))
        if status != "refused":
            return ""
        if writing and writing.refusal is not None:
            return f"{said['none']} {writing.refusal}".strip()
        if drafted:
            return said["unsupported"]
        absent = self._retriever.absent(query)
        return said["nowhere"].format(f" {said['nor']} ".join(absent)) if absent else said["none"]

    def _over_whole(self, run: _Run, asked: folder_wide.Whole, filters: Filters | None) -> Iterator[Claim | Answer]:
        """The answer to a question over the whole folder: a claim for each article that is asked for, and the count."""
        with run.timed("retrieve"):
            found = folder_wide.find(asked, self.store, self._retriever.articles())
        for draft, evidence in found.drafts:
            with run.timed("check"):
                claim = run.marked(verify(draft, (evidence,), language=asked.language))
            if claim.status == "unsupported" and self.settings.check == "strict":
                run.removed.append(claim)
                continue
            run.claims.append(self._readable(claim))
            yield run.claims[-1]
        told = (folder_wide.told(asked, found, self._retriever.articles()), self._undated(run, asked.language))
        nearest = () if found.drafts else self.retrieve(run.question, _NEAREST, as_of=run.as_of, filters=filters)
        yield Answer(
            question=run.question,
            query=run.question,
            status="answered" if found.drafts else "refused",
            claims=tuple(run.claims),
            removed=tuple(run.removed),
            short_answer=folder_wide.count(found.articles, asked.language) if found.drafts else "",
            nearest=tuple(nearest),
            retrieved=tuple(nearest) or tuple(evidence for _, evidence in found.drafts[:10]),
            reason=" ".join(filter(None, told)),
            listed=True,
            confidence=1.0 if found.drafts else 0.0,
            judged=False,
            as_of=run.as_of,
            when=_taken(self.query(run.question, as_of=run.as_of), run.claims),
            filters=run.filters,
            language=asked.language,
            index_revision=self._retriever.revision(),
            timings={step: round(seconds, 4) for step, seconds in run.timings.items()},
        )

    def _standing(self, run: _Run, question: str, history: Sequence[Turn]) -> str:
        """The question as it is searched: completed from the chat that it leans on, by the model or else by rules.

        A small model takes seconds for it, and is left out.
        """
        if not followups.leans(question):
            return question
        text = followups.standalone(question, self._without_small_talk(history), reader().words)
        if text == question or self.model is None or is_small(self.model):
            return text
        with run.timed("rewrite"):
            try:
                said = completion.completed(question, history, model=self.model)
            except ModelError:
                return text  # the model is asked again for the answer, and then its error is told
        run.usage = said.usage
        return said.text or text

    def _without_small_talk(self, history: Sequence[Turn]) -> Sequence[Turn]:
        """The last turns of the chat without thanks and greetings, and without what was said to them."""
        kept: list[Turn] = []
        for turn in history[-_LEANT:]:
            if turn.role == "user" and requests.kind(turn.content, self.embedder) == "nothing":
                continue
            if turn.role == "user" or (kept and kept[-1].role == "user"):
                kept.append(turn)
        return kept

    def _part(self, run: _Run, text: str, own: str, filters: Filters | None) -> drafting.Part:
        """One of the questions that are asked: searched, and judged for whether what was found is enough. ``own`` is
        the question itself, where ``text`` has before it what it leans on; one that is only short ("what did the
        neighbours say") is searched by itself too, and the surer of both is taken."""
        part = self._sought(run, text, None if own == text else own, filters)
        if own == text or followups.points(own):
            return part
        return max(self._sought(run, own, None, filters), part, key=lambda one: one.ranking.confidence)

    def _sought(self, run: _Run, text: str, asked: str | None, filters: Filters | None) -> drafting.Part:
        with run.timed("retrieve"):
            query = self._retriever.query(text, asked, run.as_of)
            evidence = self._retriever.retrieve(query, max(self.settings.top_k, 10), filters)
        with run.timed("judge"):
            return drafting.Part(
                query, evidence, self._dated(query, self._ranking(query, evidence[: self.settings.top_k]))
            )

    def _dated(self, query: Query, ranking: Ranking) -> Ranking:
        """The ranking, as sure as it is that an article's day is asked for, where that day is what answers."""
        best = next(iter(ranking.candidates), None)
        if best is None or not best.evidence.published or best.answer != best.evidence.published.isoformat():
            return ranking
        likely = requests.published(query.asked, self.embedder)
        return replace(ranking, confidence=max(ranking.confidence, likely))

    def _ranking(self, query: Query, evidence: Sequence[Evidence]) -> Ranking:
        """The ranking, without sentences that give orders to who reads them; where altered copies share among them the
        confidence in one answer, that of one of them."""
        found = rank(query, evidence)
        while orders := {s for s in _chosen(found) if requests.orders(s.text, self.embedder)}:
            evidence = [e.without(orders) for e in evidence]
            found = rank(query, evidence)
        alone = [] if found.confidence >= drafting.least(self.settings, self.model) else disagreement.distinct(evidence)
        if not 0 < len(alone) < len(evidence):
            return found
        return max(found, rank(query, alone), key=lambda ranking: ranking.confidence)

    def query(self, question: str, *, as_of: date | None = None) -> Query:
        """The question as it would be searched on that day, else today."""
        return self._retriever.query(question, as_of=as_of)

    def retrieve(
        self, question: str, k: int = 10, *, as_of: date | None = None, filters: Filters | None = None
    ) -> list[Evidence]:
        """The best k paragraphs for the question, best first, of the articles that pass."""
        return self._retriever.retrieve(self.query(question, as_of=as_of), k, filters)

    def mentioning(self, name: str, *, language: str = "en", filters: Filters | None = None) -> tuple[int, int]:
        """In how many articles a name stands, in any spelling, and among how many that pass."""
        asked = folder_wide.Whole(language, subjects=(name,), named=name, filters=filters or Filters())
        found = folder_wide.find(asked, self.store, self._retriever.articles())
        return found.articles, found.among

    def translate(self, quote: Citation | str, language: str) -> completion.Translation:
        """The quote as the model puts it in the language (ISO 639-1); nothing in it is checked, and it says so.

        Raises `UsageError` without a model, and `ModelError`.
        """
        if self.model is None:
            raise UsageError("A translation needs a model; name one with --model.")
        return completion.translated(quote if isinstance(quote, str) else quote.quote, language, model=self.model)

    def as_retriever(self, k: int = 10, *, filters: Filters | MetadataFilters | None = None) -> BaseRetriever:
        """This retrieval as a LlamaIndex retriever, for LlamaIndex's own query engines; of the articles that pass.

        Of LlamaIndex's filters it takes those that `qa.index.llama.filters_of` names. Raises `UsageError` for others,
        and for a source or language that no article has.
        """
        from qa.index.llama import EvidenceRetriever, filters_of

        passing = filters if filters is None or isinstance(filters, Filters) else filters_of(filters)
        passing = self._retriever.known(passing) if passing else None
        return EvidenceRetriever(lambda question: self.retrieve(question, k, filters=passing))

    def _without_error(self, run: _Run, drafts: Iterator[Draft]) -> Iterator[Draft]:
        """The drafts; that a model on this machine fails ends them, where there is another answerer to fall back on."""
        try:
            yield from drafts
        except ModelError as error:
            if self.settings.answerer != "auto" or not isinstance(self.model, LocalModel):
                raise
            run.failed = str(error)

    def _checked(
        self, run: _Run, drafts: Iterator[Draft], evidence: Sequence[Evidence], queries: Sequence[Query]
    ) -> Iterator[Claim]:
        """The claims to show, as they pass, each with what another article says instead; the others are kept in
        ``run.removed``."""
        query = queries[0]
        while True:
            with run.timed("answer"):
                draft = next(drafts, None)
            if draft is None:
                return
            with run.timed("check"):
                claim = verify(draft, evidence, language=query.language)
            if claim.status == "unsupported" and self.settings.check == "strict":
                run.removed.append(run.marked(claim))
                continue
            with run.timed("compare"):
                claims = run.compared(claim, queries, evidence)
            for one in (replace(one, under=draft.under) for one in claims):
                own = self.model is None or run.own
                run.claims.append(run.marked(self._readable(one) if own else one))
                yield run.claims[-1]

    def _readable(self, claim: Claim) -> Claim:
        """The claim with the person that its first pronoun stands for, in brackets, where that is sure."""
        if claim.status == "unsupported" or not pronouns.opens(claim.text, claim.citations[0].language):
            return claim
        cited = claim.citations[0]
        before = cited.paragraph.text[: cited.start - cited.paragraph.start]
        above = self.store.paragraphs([f"{cited.file}#p{cited.paragraph.number - 1}"]) if not before.strip() else []
        article = self._retriever.articles()[cited.file]
        named, lead = article.names, f"{article.title or ''} {article.lead}"
        prior = above[0].text if above else ""
        found = pronouns.addition(claim.text, before, prior, language=cited.language, lead=lead, known=named)
        if found is None:
            return claim
        at, words = found
        text, behind = claim.text[:at] + words + claim.text[at:], len(words)
        moved = claim.differs and tuple((s + behind * (s >= at), e + behind * (e > at)) for s, e in claim.differs)
        return replace(claim, text=text, added=((at, at + behind),), differs=moved)

    def _answer(
        self,
        run: _Run,
        text: str,
        parts: Sequence[drafting.Part],
        evidence: Sequence[Evidence],
        drafts: Iterator[Draft],
        unclear: Sequence[str] | None,
    ) -> Answer:
        query, writing = parts[0].query, drafts if isinstance(drafts, Writing) else None
        first = next((claim for claim in run.claims if claim.status != "unsupported"), None)
        sure = drafting.enough(parts, drafting.least(self.settings, self.model))
        lacking = [part.query.text for part in parts if part not in sure]
        status: AnswerStatus = "answered"
        if first is None:
            status = "refused" if unclear is None else "clarify"
        elif lacking and not writing:
            status = "partial"
        asked_back = ask_back.asked_back(unclear, query.language) if unclear is not None and first is None else ""
        why = (
            asked_back or _who(run, query.language) or self._reason(status, query, bool(run.removed), lacking, writing)
        )
        if first and writing and not why:
            why = _doubtful(parts, self.settings, query.language)
        one = len(parts) == 1  # several answers stand each under its own question
        short, dated = _short(parts, first, query.language) if first and one else ("", "")
        if first and one and yes_no.polar(query.asked, query.language):
            short = yes_no.decided(query.asked, first, query.language)
        elif (
            first
            and denied(first.said, short, first.citations[0].language)
            and not denied(query.asked, short, query.language)
        ):
            short = ""  # "800", of a sentence that denies it
        differing = " / ".join(run.differing.values) if run.differing else ""
        respelt = run.searched_for(query.language) if first else ""
        differ = run.differing.reason if run.differing else ""
        notes = (why, respelt, dated, differ, self._undated(run, query.language))
        return Answer(
            question=run.question,
            query=text,
            status=status,
            claims=tuple(run.claims),
            removed=tuple(run.removed),
            short_answer=differing or short,
            nearest=() if first else tuple(evidence[:_NEAREST]),
            retrieved=tuple(evidence[:10]),
            conflict=run.differing is not None,
            reason=" ".join(filter(None, notes)),
            confidence=round(sum(part.ranking.confidence for part in parts) / len(parts), 4),
            as_of=run.as_of,
            when=_taken(query, run.claims),
            filters=run.filters,
            language=query.language,
            model=self.model.identity if self.model else None,
            answerer="extract" if run.own not in ("", "beside") and first else self.answerer,
            prompt_sha=writing.prompt_sha if writing else None,
            index_revision=self._retriever.revision(),
            usage=run.usage + (writing.usage if writing else Usage()),
            timings={step: round(seconds, 4) for step, seconds in run.timings.items()},
        )


def _chosen(ranking: Ranking) -> set[Sentence]:
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


@dataclass(slots=True)
class _Run:
    """One question on its way: what has been claimed so far, the marks given out, the time spent by step."""

    question: str
    as_of: date | None
    filters: Filters | None
    claims: list[Claim] = field(default_factory=list)
    removed: list[Claim] = field(default_factory=list)
    marks: dict[tuple[str, int, int], int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)  # of what was asked of the model before it wrote
    language: str | None = None  # in which a model is to answer, where it was asked for one
    own: drafting.Own = ""  # what the embedded answerer's claims are to the model's
    failed: str = ""  # why the model wrote nothing more
    respelt: Sequence[str] = ()  # names that were searched for in the place of mistyped ones
    told: set[disagreement.Place] = field(default_factory=set)  # sentences of a disagreement that is shown
    differing: disagreement.Told | None = None  # the first disagreement that is shown

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings[step] = self.timings.get(step, 0.0) + time.perf_counter() - began

    def searched_for(self, language: str) -> str:
        """A sentence that names what was searched for in the place of mistyped names; "" where none was."""
        return catalogue(language)["respelt"].format(", ".join(self.respelt)) if self.respelt else ""

    def compared(self, claim: Claim, queries: Sequence[Query], evidence: Sequence[Evidence]) -> tuple[Claim, ...]:
        """The claim with those of the articles that say otherwise, newest first; () where it is told already."""
        if any((c.address, c.start) in self.told for c in claim.citations if not c.failed):
            return ()
        found = disagreement.told(claim, queries, evidence)
        self.told |= found.places
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


def _short(parts: Sequence[drafting.Part], first: Claim, language: str) -> tuple[str, str]:
    """The words that answer, as they were read in the first claim's sentence or are read in it now; and, where they are
    the day before its article, a sentence that says so."""
    cited = first.citations[0]
    if cited.published and parse_date(first.said) == cited.published:
        return periods.spoken_day(cited.published, language), ""
    place = (cited.address, cited.start, cited.end)
    for candidate in (candidate for part in parts for candidate in part.ranking.candidates):
        sentence = candidate.match.sentence
        if (candidate.evidence.address, sentence.start, sentence.end) != place:
            continue
        if cited.published and candidate.answer == cited.published.isoformat():
            day = periods.spoken_day(cited.published, language)
            return day, catalogue(language)["dated"].format(day)
        if first.said in (cited.quote, " ".join(cited.quote.split())):
            at = cited.quote.find(candidate.answer)
            return whole_mention(cited.quote, at, at + len(candidate.answer)) if at >= 0 else candidate.answer, ""
    return short_answer(parts[0].query, first.said), ""


def _doubtful(parts: Sequence[drafting.Part], settings: Settings, language: str) -> str:
    """That the paragraphs by themselves would not have been thought to answer what a model answered from them."""
    sure = drafting.enough(parts, drafting.least(settings, None))
    return "" if sure else catalogue(language)["doubtful"]


def _taken(query: Query, claims: Sequence[Claim]) -> str:
    """Which days the question's times were taken to mean, where they depend on the day it is asked and an article that
    is shown is of then; "" where that changes nothing that is shown."""
    days = {c.published for claim in claims for c in claim.citations if c.published and not c.failed}
    return periods.explained(query) if periods.counts(query) and periods.covers(query.when, days) else ""


def _who(run: _Run, language: str) -> str:
    """That some or all of the sentences are the articles' own and not the model's, and why; "" when none is."""
    if not run.own or not any(claim.status != "unsupported" for claim in run.claims):
        return ""
    said = catalogue(language)
    return f"{said['failed']} {run.failed}" if run.failed and run.own == "instead" else said[run.own]


def _warm(embedder: Embedder) -> None:
    embedder.query("warm")
    detect_language("warm")


def _root(chosen: Settings) -> Place:
    root = place(chosen.folder) if chosen.folder else default_folder()
    if isinstance(root, Path) and not root.is_dir():
        raise FolderError(f"{root} is not a folder; give the folder that holds your articles.")
    return root


def forget(options: Mapping[str, Any]) -> None:
    """Drops the index that these options would open, so that the next opening builds it anew."""
    chosen = settings.load(options)
    store.forget(chosen.index or index_address(_root(chosen)))


def indexed_on(cluster: str, options: Mapping[str, Any], progress: Progress | None = None) -> ingest.Summary:
    """Brings the index that these options would open up to date, on a Ray cluster (`qa.index.cluster.update`)."""
    from qa.index.cluster import connected, update

    chosen = settings.load(options)
    root, embedder = _root(chosen), bundled()
    added = user_folder(root) / "added"
    with connected(cluster):  # first: LanceDB, once loaded, warns of the processes that are begun
        index = LanceStore(chosen.index or index_address(root), embedder=embedder.identity, dim=embedder.dim)
        return update(root, index, embedder, on=cluster, max_mb=chosen.max_mb, added=added, progress=progress)


def examined(options: Mapping[str, Any]) -> doctor.Report:
    """What the index holds that these options would open, and where its folder has changed since; indexes nothing.

    Raises `StoreError` when there is no index, or one that another embedder made.
    """
    chosen = settings.load(options)
    root, embedder = _root(chosen), bundled()
    address = chosen.index or index_address(root)
    if not store.exists(address):
        raise StoreError(f"{root} has no index yet; run `qa index` for it.")
    index = LanceStore(address, embedder=embedder.identity, dim=embedder.dim)
    return doctor.examine(root, index, address=address, embedder=embedder.identity, max_mb=chosen.max_mb,
                          added=user_folder(root) / "added")  # fmt: skip


def kept(options: Mapping[str, Any]) -> tuple[Path, str | None]:
    """The folder in which the page that these options would open keeps what people make, and the address of the
    database where that is another."""
    chosen = settings.load(options)
    return user_folder(_root(chosen)), chosen.database


def default_folder() -> Path:
    """`seeds/` of the checkout this code runs from, or of the current folder. Raises `FolderError` without either."""
    for root in (Path.cwd(), Path(__file__).parent.parent):
        if (root / "seeds").is_dir():
            return root / "seeds"
    raise FolderError("No folder was named: give --folder, or set QA_FOLDER, to the folder that holds your articles.")


def index_address(folder: Place) -> str:
    """Where the folder's index lies: in the user's cache, by the folder's real path or address. The folder is never
    written to.

    An index of another layout of the tables has another place, so that a new version of this program starts anew.
    """
    from platformdirs import user_cache_path

    return str(user_cache_path("qa") / f"indexes-{store.LAYOUT}" / _own_name(folder))


def user_folder(folder: Place) -> Path:
    """Where the chat page keeps what belongs to the folder and is not the folder's: added articles, chats, feedback."""
    from platformdirs import user_data_path

    return user_data_path("qa") / _own_name(folder)


def _own_name(folder: Place) -> str:
    real = str(folder.resolve())
    name = "".join(c if c.isalnum() else "-" for c in folder.resolve().name)[:40]
    return f"{name}-{hashlib.sha256(real.encode()).hexdigest()[:12]}"


def as_turns(history: Sequence[Mapping[str, str]]) -> tuple[Turn, ...]:
    """Chat messages as turns. Raises `UsageError` for anything but a role of user or assistant with its content."""
    turns = []
    for message in history:
        role, content = message.get("role"), message.get("content")
        if role not in ("user", "assistant") or not isinstance(content, str):
            raise UsageError('Each turn of a history needs a "role" (user or assistant) and a "content".')
        turns.append(Turn("user" if role == "user" else "assistant", content))
    return tuple(turns)
