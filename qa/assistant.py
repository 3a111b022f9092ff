"""The whole system in one place: retrieve, judge sufficiency, draft, check each claim, answer or refuse."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain, zip_longest
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from qa import clarify, conflict, ingest, pronouns, rewrite, settings, store, whole
from qa.embed import Embedder, bundled
from qa.errors import FolderError, ModelError, UsageError
from qa.extract import extract, short_answer
from qa.local import LocalModel, is_local
from qa.models import ChatModel, OpenAIModel
from qa.rank import Lack, Ranking, rank
from qa.retrieve import Retriever
from qa.settings import Settings
from qa.store import LanceStore
from qa.text import detect_language
from qa.types import Answer, AnswerStatus, Citation, Claim, Draft, Evidence, Filters, Query, Turn, Usage
from qa.verify import verify
from qa.write import Writing, write

if TYPE_CHECKING:
    from llama_index.core.base.base_retriever import BaseRetriever

_NEAREST = 3  # paragraphs shown beside a refusal
# A confidence below this is a refusal: the point of best balanced accuracy on the dev sets, printed by evals/train.py
_MIN_CONFIDENCE = 0.105
_BUDGET = 3000  # tokens of evidence in a model's prompt
# The same for a model on this machine, which reads 20 to 60 tokens a second: of this many of the best paragraphs
_LOCAL_BUDGET, _LOCAL_PARAGRAPHS, _LOCAL_TURNS, _LOCAL_REPLY = 420, 5, 2, 120
_MIN_FOR_MODEL = 0.08  # a model refuses by itself; below this no paragraph is about the question, and it is not asked

_SAID = {
    "en": {
        "none": "The articles do not answer this.",
        "unsupported": "Nothing that was drafted as an answer is supported by the articles.",
        "instead": "The model's own sentences are not supported by the articles; these are the articles' sentences.",
        "failed": "The model did not answer; these are the articles' sentences. {}",
        "part": "The articles answer only a part of this; not found:",
        "name": "The articles do not answer this: where they come nearest, they do not mention {}.",
        "kind": "The articles do not answer this: where they come nearest, they give no {}.",
        "reason": "The articles do not answer this: where they come nearest, they give no reason.",
        "number": "number",
        "amount": "amount",
        "percent": "percentage",
        "date": "date",
        "name_": "name",
        "person": "name",
        "place": "place",
        "ordinal": "number",
    },
    "es": {
        "none": "Los artículos no responden a esto.",
        "unsupported": "Nada de lo que se redactó como respuesta se apoya en los artículos.",
        "instead": "Los artículos no respaldan las frases del modelo; estas son frases de los artículos.",
        "failed": "El modelo no respondió; estas son frases de los artículos. {}",
        "part": "Los artículos responden solo a una parte; no consta:",
        "name": "Los artículos no responden a esto: lo más cercano no menciona {}.",
        "kind": "Los artículos no responden a esto: lo más cercano no da {}.",
        "reason": "Los artículos no responden a esto: lo más cercano no da ningún motivo.",
        "number": "ninguna cifra",
        "amount": "ninguna cantidad",
        "percent": "ningún porcentaje",
        "date": "ninguna fecha",
        "name_": "ningún nombre",
        "person": "ningún nombre",
        "place": "ningún lugar",
        "ordinal": "ninguna cifra",
    },
}


class Assistant:
    """Questions over one folder. Open it with `Assistant.open`; it may be asked from several threads."""

    def __init__(
        self,
        folder: Path,
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
        self._retriever = Retriever(store, embedder)

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        *,
        model: ChatModel | str | None = None,
        embedder: Embedder | None = None,
        progress: ingest.Progress | None = None,
        added: bool = True,
        **options: Any,
    ) -> Self:
        """An assistant over the folder, its index brought up to date first.

        ``model`` is a name at an OpenAI-compatible endpoint, or anything that streams (`qa.models.ChatModel`).
        ``added``: the articles that were added on the chat page belong to the folder too.
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
        own = model if model is not None and not isinstance(model, str) else _chosen_model(chosen)
        assistant = cls(root, index, embedder, chosen, own, added_folder=user_folder(root) / "added" if added else None)
        assistant.update(progress=progress)
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

    def update(self, *, progress: ingest.Progress | None = None) -> ingest.Summary:
        """Brings the index in step with the folder; an unchanged folder costs a scan of its file names."""
        self.summary = ingest.update(
            self.folder,
            self.store,
            self.embedder,
            max_mb=self.settings.max_mb,
            added=self.added_folder,
            progress=progress,
        )
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
        run = _Run(question, as_of)
        filters = self._retriever.known(filters) if filters else None
        articles = self._retriever.articles()
        if over := whole.whole(question, articles, today=as_of or date.today(), filters=filters):
            yield from self._over_whole(run, over, filters)
            return
        text = rewrite.standalone(question, history)
        asked = rewrite.parts(text) if text == question else [text]
        parts = [self._part(run, part, question, filters) for part in asked]
        evidence, queries = _merged([part.evidence for part in parts]), [part.query for part in parts]
        unclear = None if history else clarify.readings(question, evidence, self.store, articles)
        enough = [part for part in parts if part.ranking.confidence >= self._least() and unclear is None]
        drafts: Iterator[Draft] = iter(())
        if enough and self.model is None:
            drafts = _extracted(enough)
        elif enough and self.model is not None:
            local = isinstance(self.model, LocalModel)
            read = _likeliest(parts, evidence) if local else evidence
            drafts = self._written(self.model, question, read, history, parts[0].query, as_of)
        yield from self._checked(run, self._without_error(run, drafts), evidence, queries)
        if isinstance(drafts, Writing) and drafts.refusal is None and self._falls_back(run):
            run.instead = True
            sure = [part for part in enough if part.ranking.confidence >= self._least(by_model=False)]
            yield from self._checked(run, _extracted(sure), evidence, queries)
        if enough and run.differing is None and (self.model is None or run.instead):
            doubted = (draft for part in enough for draft in conflict.doubted(part.query, part.ranking, part.evidence))
            yield from self._checked(run, doubted, evidence, queries)
        yield self._answer(run, text, parts, evidence, drafts, unclear)

    def _over_whole(self, run: _Run, asked: whole.Whole, filters: Filters | None) -> Iterator[Claim | Answer]:
        """The answer to a question over the whole folder: a claim for each article that is asked for, and the count."""
        with run.timed("retrieve"):
            found = whole.find(asked, self.store, self._retriever.articles())
        for draft, evidence in found.drafts:
            with run.timed("check"):
                claim = run.marked(verify(draft, (evidence,), language=asked.language))
            if claim.status == "unsupported" and self.settings.check == "strict":
                run.removed.append(claim)
                continue
            run.claims.append(self._readable(claim))
            yield run.claims[-1]
        nearest = () if found.drafts else self.retrieve(run.question, _NEAREST, as_of=run.as_of, filters=filters)
        yield Answer(
            question=run.question,
            query=run.question,
            status="answered" if found.drafts else "refused",
            claims=tuple(run.claims),
            removed=tuple(run.removed),
            short_answer=whole.count(found.articles, asked.language) if found.drafts else "",
            nearest=tuple(nearest),
            retrieved=tuple(nearest) or tuple(evidence for _, evidence in found.drafts[:10]),
            reason=whole.told(asked, found, self._retriever.articles()),
            confidence=1.0 if found.drafts else 0.0,
            as_of=run.as_of,
            language=asked.language,
            index_revision=self._retriever.revision(),
            timings={step: round(seconds, 4) for step, seconds in run.timings.items()},
        )

    def _part(self, run: _Run, text: str, question: str, filters: Filters | None) -> _Part:
        """One of the questions that are asked: searched, and judged for whether what was found is enough."""
        with run.timed("retrieve"):
            leaning = text.endswith(question)  # a follow-up stands after the question that it leans on
            query = self._retriever.query(text, question if leaning else None, run.as_of)
            evidence = self._retriever.retrieve(query, max(self.settings.top_k, 10), filters)
        with run.timed("judge"):
            return _Part(query, evidence, self._ranking(query, evidence[: self.settings.top_k]))

    def _ranking(self, query: Query, evidence: Sequence[Evidence]) -> Ranking:
        """The ranking; where altered copies share among them the confidence in one answer, that of one of them."""
        found = rank(query, evidence)
        alone = [] if found.confidence >= self._least() else conflict.distinct(evidence)
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

    def as_retriever(self, k: int = 10) -> BaseRetriever:
        """This retrieval as a LlamaIndex retriever, for LlamaIndex's own query engines."""
        from qa.index import EvidenceRetriever

        return EvidenceRetriever(lambda question: self.retrieve(question, k))

    def _least(self, *, by_model: bool = True) -> float:
        if self.settings.min_confidence is not None:
            return self.settings.min_confidence
        refuses = by_model and self.model is not None and not isinstance(self.model, LocalModel)  # small ones do not
        return _MIN_FOR_MODEL if refuses else _MIN_CONFIDENCE

    def _falls_back(self, run: _Run) -> bool:
        """Whether the articles' own sentences are to be shown: none of the model's passed its check."""
        return self.settings.answerer == "auto" and self.settings.check == "strict" and not run.claims

    def _without_error(self, run: _Run, drafts: Iterator[Draft]) -> Iterator[Draft]:
        """The drafts; that a model on this machine fails ends them, where there is another answerer to fall back on."""
        try:
            yield from drafts
        except ModelError as error:
            if self.settings.answerer != "auto" or not isinstance(self.model, LocalModel):
                raise
            run.failed = str(error)

    def _written(
        self,
        model: ChatModel,
        question: str,
        evidence: Sequence[Evidence],
        history: Sequence[Turn],
        query: Query,
        as_of: date | None,
    ) -> Writing:
        brief = isinstance(model, LocalModel)
        return write(
            question,
            evidence[: min(self.settings.top_k, _LOCAL_PARAGRAPHS) if brief else self.settings.top_k],
            history[-_LOCAL_TURNS:] if brief else history,
            model=model,
            language=query.language,
            budget=self.settings.token_budget or (_LOCAL_BUDGET if brief else _BUDGET),
            as_of=as_of,
            max_tokens=min(self.settings.max_tokens, _LOCAL_REPLY) if brief else self.settings.max_tokens,
            brief=brief,
        )

    def _checked(
        self, run: _Run, drafts: Iterator[Draft], evidence: Sequence[Evidence], queries: Sequence[Query]
    ) -> Iterator[Claim]:
        """The claims to show, as they pass, each with what another article says instead; the others are kept in
        ``run.removed``."""
        query = queries[0]
        similarity = self._retriever.similarity if self.model else None
        while True:
            with run.timed("answer"):
                draft = next(drafts, None)
            if draft is None:
                return
            with run.timed("check"):
                claim = verify(draft, evidence, language=query.language, similarity=similarity)
            if claim.status == "unsupported" and self.settings.check == "strict":
                run.removed.append(run.marked(claim))
                continue
            with run.timed("compare"):
                claims = run.compared(claim, queries, evidence)
            for one in claims:
                own = self.model is None or run.instead
                run.claims.append(run.marked(self._readable(one) if own else one))
                yield run.claims[-1]

    def _readable(self, claim: Claim) -> Claim:
        """The claim with the person that its first pronoun stands for, in brackets, where that is sure."""
        if claim.status == "unsupported" or not pronouns.opens(claim.text, claim.citations[0].language):
            return claim
        cited = claim.citations[0]
        before = cited.paragraph.text[: cited.start - cited.paragraph.start]
        above = self.store.paragraphs([f"{cited.file}#p{cited.paragraph.number - 1}"]) if not before.strip() else []
        named = self._retriever.articles()[cited.file]["names"] or ""
        prior = above[0]["text"] if above else ""
        return replace(claim, text=pronouns.readable(claim.text, before, prior, language=cited.language, known=named))

    def _answer(
        self,
        run: _Run,
        text: str,
        parts: Sequence[_Part],
        evidence: Sequence[Evidence],
        drafts: Iterator[Draft],
        unclear: Sequence[str] | None,
    ) -> Answer:
        query, writing = parts[0].query, drafts if isinstance(drafts, Writing) else None
        first = next((claim for claim in run.claims if claim.status != "unsupported"), None)
        lacking = [part.query.text for part in parts if part.ranking.confidence < self._least()]
        status: AnswerStatus = "answered"
        if first is None:
            status = "refused" if unclear is None else "clarify"
        elif lacking and not writing:
            status = "partial"
        asked_back = clarify.asked_back(unclear, query.language) if unclear is not None and first is None else ""
        why = (
            asked_back
            or _instead(run, query.language)
            or _reason(status, query.language, bool(run.removed), lacking, parts[0].ranking.lack, writing)
        )
        differing = " / ".join(run.differing.values) if run.differing else ""
        return Answer(
            question=run.question,
            query=text,
            status=status,
            claims=tuple(run.claims),
            removed=tuple(run.removed),
            short_answer=differing or (short_answer(query, first.text, first.citations[0].language) if first else ""),
            nearest=() if first else tuple(evidence[:_NEAREST]),
            retrieved=tuple(evidence[:10]),
            conflict=run.differing is not None,
            reason=" ".join(filter(None, (why, run.differing.reason if run.differing else ""))),
            confidence=round(sum(part.ranking.confidence for part in parts) / len(parts), 4),
            as_of=run.as_of,
            language=query.language,
            model=self.model.identity if self.model else None,
            answerer="extract" if run.instead and first else self.answerer,
            prompt_sha=writing.prompt_sha if writing else None,
            index_revision=self._retriever.revision(),
            usage=writing.usage if writing else Usage(),
            timings={step: round(seconds, 4) for step, seconds in run.timings.items()},
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the questions that are asked together: its query, its evidence and the ranking of its sentences."""

    query: Query
    evidence: list[Evidence]
    ranking: Ranking


def _extracted(parts: Sequence[_Part]) -> Iterator[Draft]:
    """What the embedded answerer drafts for these questions."""
    return _once(draft for part in parts for draft in extract(part.query, part.ranking))


def _merged(found: Sequence[Sequence[Evidence]]) -> list[Evidence]:
    """The evidence of all parts, each paragraph once, the best of each part first."""
    if len(found) == 1:
        return list(found[0])
    best: dict[str, Evidence] = {}
    for evidence in sorted((e for part in found for e in part), key=lambda e: e.rank):
        best.setdefault(evidence.address, evidence)
    return [replace(evidence, rank=rank) for rank, evidence in enumerate(best.values(), start=1)]


def _likeliest(parts: Sequence[_Part], evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence for a model that reads little: by turns the next by its likeliest sentence, and the next found."""
    ranked = [candidate.evidence for part in parts for candidate in part.ranking.candidates]
    best = list({one.address: one for one in ranked}.values())
    turns = chain.from_iterable(zip_longest(best, evidence))
    return list({one.address: one for one in turns if one is not None}.values())


def _once(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """The drafts without those that say again what one before them said."""
    said = set()
    for draft in drafts:
        if draft.text not in said:
            said.add(draft.text)
            yield draft


@dataclass(slots=True)
class _Run:
    """One question on its way: what has been claimed so far, the marks given out, the time spent by step."""

    question: str
    as_of: date | None
    claims: list[Claim] = field(default_factory=list)
    removed: list[Claim] = field(default_factory=list)
    marks: dict[tuple[str, int, int], int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    instead: bool = False  # the embedded answerer drafted in place of the model
    failed: str = ""  # why the model wrote nothing more
    told: set[conflict.Place] = field(default_factory=set)  # sentences of a disagreement that is shown
    differing: conflict.Told | None = None  # the first disagreement that is shown

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings[step] = self.timings.get(step, 0.0) + time.perf_counter() - began

    def compared(self, claim: Claim, queries: Sequence[Query], evidence: Sequence[Evidence]) -> tuple[Claim, ...]:
        """The claim with those of the articles that say otherwise, newest first; () where it is told already."""
        if any((c.address, c.start) in self.told for c in claim.citations if not c.failed):
            return ()
        found = conflict.told(claim, queries, evidence)
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


def _reason(
    status: AnswerStatus,
    language: str,
    drafted: bool,
    lacking: Sequence[str],
    lack: Lack | None,
    writing: Writing | None,
) -> str:
    """Why there is no answer, or none to a part of the question; "" for a whole answer."""
    said = _SAID.get(language, _SAID["en"])
    if status == "partial":
        return f"{said['part']} {'; '.join(lacking)}"
    if status != "refused":
        return ""
    if writing and writing.refusal is not None:
        return f"{said['none']} {writing.refusal}".strip()
    if drafted:
        return said["unsupported"]
    if lack is None:
        return said["none"]
    kind = said.get("name_" if lack.value == "name" else lack.value, "")
    return said[lack.what].format(lack.value if lack.what == "name" else kind)


def _instead(run: _Run, language: str) -> str:
    """That the articles' own sentences stand in place of the model's, and why; "" when they do not."""
    if not run.instead or not any(claim.status != "unsupported" for claim in run.claims):
        return ""
    return _SAID.get(language, _SAID["en"])["failed" if run.failed else "instead"].format(run.failed).strip()


def _chosen_model(chosen: Settings) -> ChatModel | None:
    """The model that the settings ask for; None for the embedded answerer."""
    if chosen.answerer == "extract" or (chosen.answerer == "auto" and not chosen.model):
        return None
    if not chosen.model:
        raise UsageError("The answerer `llm` needs a model; name one with --model.")
    if is_local(chosen.model) and not chosen.base_url:
        return LocalModel(chosen.model)
    return OpenAIModel(chosen.model, base_url=chosen.base_url, timeout=chosen.timeout)


def _warm(embedder: Embedder) -> None:
    embedder.query("warm")
    detect_language("warm")


def _root(chosen: Settings) -> Path:
    root = Path(chosen.folder) if chosen.folder else default_folder()
    if not root.is_dir():
        raise FolderError(f"{root} is not a folder; give the folder that holds your articles.")
    return root


def forget(options: Mapping[str, Any]) -> None:
    """Drops the index that these options would open, so that the next opening builds it anew."""
    chosen = settings.load(options)
    store.forget(chosen.index or index_address(_root(chosen)))


def default_folder() -> Path:
    """`seeds/` of the checkout this code runs from, or of the current folder. Raises `FolderError` without either."""
    for root in (Path.cwd(), Path(__file__).parent.parent):
        if (root / "seeds").is_dir():
            return root / "seeds"
    raise FolderError("No folder was named: give --folder, or set QA_FOLDER, to the folder that holds your articles.")


def index_address(folder: Path) -> str:
    """Where the folder's index lies: in the user's cache, by the folder's real path; the folder is never written to.

    An index of another layout of the tables has another place, so that a new version of this program starts anew.
    """
    from platformdirs import user_cache_path

    return str(user_cache_path("qa") / f"indexes-{store.LAYOUT}" / _own_name(folder))


def user_folder(folder: Path) -> Path:
    """Where the chat page keeps what belongs to the folder and is not the folder's: added articles, chats, feedback."""
    from platformdirs import user_data_path

    return user_data_path("qa") / _own_name(folder)


def _own_name(folder: Path) -> str:
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
