"""The whole system in one place: retrieve, judge sufficiency, draft, check each claim, answer or refuse."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from qa import ingest, rewrite, settings, store
from qa.embed import Embedder, bundled
from qa.errors import FolderError, UsageError
from qa.extract import extract, short_answer
from qa.models import ChatModel, OpenAIModel
from qa.rank import Lack, Ranking, rank
from qa.retrieve import Retriever
from qa.settings import Settings
from qa.store import LanceStore
from qa.text import detect_language
from qa.types import Answer, AnswerStatus, Citation, Claim, Draft, Evidence, Query, Turn, Usage
from qa.verify import verify
from qa.write import Writing, write

if TYPE_CHECKING:
    from llama_index.core.base.base_retriever import BaseRetriever

_NEAREST = 3  # paragraphs shown beside a refusal
# A confidence below this is a refusal: the point of best balanced accuracy on the dev sets, printed by evals/train.py
_MIN_CONFIDENCE = 0.12
_MIN_FOR_MODEL = 0.08  # a model refuses by itself; below this no paragraph is about the question, and it is not asked

_SAID = {
    "en": {
        "none": "The articles do not answer this.",
        "unsupported": "Nothing that was drafted as an answer is supported by the articles.",
        "unclear": "Whom or what do you mean? Name it, and ask again.",
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
        "unclear": "¿A quién o a qué se refiere? Nómbrelo y pregunte de nuevo.",
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
        self, folder: Path, store: LanceStore, embedder: Embedder, settings: Settings, model: ChatModel | None = None
    ) -> None:
        self.folder, self.settings, self.model = folder, settings, model
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
        **options: Any,
    ) -> Self:
        """An assistant over the folder, its index brought up to date first.

        ``model`` is a name at an OpenAI-compatible endpoint, or anything that streams (`qa.models.ChatModel`).
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
        assistant = cls(root, index, embedder, chosen, own)
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
            self.folder, self.store, self.embedder, max_mb=self.settings.max_mb, progress=progress
        )
        return self.summary

    def ask(self, question: str, history: Sequence[Turn] = (), *, as_of: date | None = None) -> Answer:
        """The answer, every claim of it checked; a refusal is an answer too. Raises `UsageError`, `ModelError`."""
        *_, answer = self.stream(question, history, as_of=as_of)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self, question: str, history: Sequence[Turn] = (), *, as_of: date | None = None
    ) -> Iterator[Claim | Answer]:
        """Each claim as soon as it has passed its check, and the whole `Answer` last."""
        if not question.strip():
            raise UsageError("The question is empty; ask something.")
        run = _Run(question, as_of)
        text = rewrite.standalone(question, history)
        asked = rewrite.parts(text) if text == question else [text]
        parts = [self._part(run, part, question) for part in asked]
        evidence = _merged([part.evidence for part in parts])
        unclear = not history and rewrite.pointless(question)
        enough = [part for part in parts if part.ranking.confidence >= self._least() and not unclear]
        drafts: Iterator[Draft] = iter(())
        if enough and self.model is None:
            drafts = _once(draft for part in enough for draft in extract(part.query, part.ranking))
        elif enough and self.model is not None:
            drafts = self._written(self.model, question, evidence, history, parts[0].query.language, as_of)
        yield from self._checked(run, drafts, evidence, parts[0].query)
        yield self._answer(run, text, parts, evidence, drafts, unclear)

    def _part(self, run: _Run, text: str, question: str) -> _Part:
        """One of the questions that are asked: searched, and judged for whether what was found is enough."""
        with run.timed("retrieve"):
            leaning = text.endswith(question)  # a follow-up stands after the question that it leans on
            query = self._retriever.query(text, asked=question if leaning else None)
            evidence = self._retriever.retrieve(query, max(self.settings.top_k, 10))
        with run.timed("judge"):
            return _Part(query, evidence, rank(query, evidence[: self.settings.top_k]))

    def query(self, question: str) -> Query:
        """The question as it would be searched."""
        return self._retriever.query(question)

    def retrieve(self, question: str, k: int = 10) -> list[Evidence]:
        """The best k paragraphs for the question, best first."""
        return self._retriever.retrieve(self.query(question), k)

    def as_retriever(self, k: int = 10) -> BaseRetriever:
        """This retrieval as a LlamaIndex retriever, for LlamaIndex's own query engines."""
        from qa.index import EvidenceRetriever

        return EvidenceRetriever(lambda question: self.retrieve(question, k))

    def _least(self) -> float:
        if self.settings.min_confidence is not None:
            return self.settings.min_confidence
        return _MIN_FOR_MODEL if self.model else _MIN_CONFIDENCE

    def _written(
        self,
        model: ChatModel,
        question: str,
        evidence: Sequence[Evidence],
        history: Sequence[Turn],
        language: str,
        as_of: date | None,
    ) -> Writing:
        return write(
            question,
            evidence[: self.settings.top_k],
            history,
            model=model,
            language=language,
            budget=self.settings.token_budget,
            as_of=as_of,
            max_tokens=self.settings.max_tokens,
        )

    def _checked(
        self, run: _Run, drafts: Iterator[Draft], evidence: Sequence[Evidence], query: Query
    ) -> Iterator[Claim]:
        """The claims to show, as they pass; the others are kept in ``run.removed``."""
        similarity = self._retriever.similarity if self.model else None
        while True:
            with run.timed("answer"):
                draft = next(drafts, None)
            if draft is None:
                return
            with run.timed("check"):
                claim = run.marked(verify(draft, evidence, language=query.language, similarity=similarity))
            if claim.status == "unsupported" and self.settings.check == "strict":
                run.removed.append(claim)
            else:
                run.claims.append(claim)
                yield claim

    def _answer(
        self,
        run: _Run,
        text: str,
        parts: Sequence[_Part],
        evidence: Sequence[Evidence],
        drafts: Iterator[Draft],
        unclear: bool,
    ) -> Answer:
        query, writing = parts[0].query, drafts if isinstance(drafts, Writing) else None
        first = next((claim for claim in run.claims if claim.status != "unsupported"), None)
        lacking = [part.query.text for part in parts if part.ranking.confidence < self._least()]
        status: AnswerStatus = "answered"
        if first is None:
            status = "clarify" if unclear else "refused"
        elif lacking and not writing:
            status = "partial"
        return Answer(
            question=run.question,
            query=text,
            status=status,
            claims=tuple(run.claims),
            removed=tuple(run.removed),
            short_answer=short_answer(query, first.text, first.citations[0].language) if first else "",
            nearest=() if first else tuple(evidence[:_NEAREST]),
            retrieved=tuple(evidence[:10]),
            reason=_reason(status, query.language, bool(run.removed), lacking, parts[0].ranking.lack, writing),
            confidence=round(sum(part.ranking.confidence for part in parts) / len(parts), 4),
            as_of=run.as_of,
            language=query.language,
            model=self.model.identity if self.model else None,
            answerer=self.answerer,
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


def _merged(found: Sequence[Sequence[Evidence]]) -> list[Evidence]:
    """The evidence of all parts, each paragraph once, the best of each part first."""
    if len(found) == 1:
        return list(found[0])
    best: dict[str, Evidence] = {}
    for evidence in sorted((e for part in found for e in part), key=lambda e: e.rank):
        best.setdefault(evidence.address, evidence)
    return [replace(evidence, rank=rank) for rank, evidence in enumerate(best.values(), start=1)]


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

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings[step] = self.timings.get(step, 0.0) + time.perf_counter() - began

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
    if status == "clarify":
        return said["unclear"]
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


def _chosen_model(chosen: Settings) -> ChatModel | None:
    """The model that the settings ask for; None for the embedded answerer."""
    if chosen.answerer == "extract" or (chosen.answerer == "auto" and not chosen.model):
        return None
    if not chosen.model:
        raise UsageError("The answerer `llm` needs a model; name one with --model.")
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
    """Where the folder's index lies: in the user's cache, by the folder's real path; the folder is never written to."""
    from platformdirs import user_cache_path

    real = str(folder.resolve())
    name = "".join(c if c.isalnum() else "-" for c in folder.resolve().name)[:40]
    return str(user_cache_path("qa") / "indexes" / f"{name}-{hashlib.sha256(real.encode()).hexdigest()[:12]}")


def as_turns(history: Sequence[Mapping[str, str]]) -> tuple[Turn, ...]:
    """Chat messages as turns. Raises `UsageError` for anything but a role of user or assistant with its content."""
    turns = []
    for message in history:
        role, content = message.get("role"), message.get("content")
        if role not in ("user", "assistant") or not isinstance(content, str):
            raise UsageError('Each turn of a history needs a "role" (user or assistant) and a "content".')
        turns.append(Turn("user" if role == "user" else "assistant", content))
    return tuple(turns)
