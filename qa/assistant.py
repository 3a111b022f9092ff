"""The whole story: open a folder, keep its index in step, and answer: retrieve, judge, draft, check each claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from qa import settings
from qa.answer import again, completion, drafting, folder_wide, listed, searched, unasked, viewed
from qa.answer.asking import Asking
from qa.answer.kit import Kit
from qa.articles.places import Place
from qa.index import addresses, ingest
from qa.index.partitions import Index
from qa.llm.endpoint import ChatModel
from qa.model.embed import Embedder, bundled, warming
from qa.question.requests import AGAIN
from qa.retrieve import Retriever
from qa.settings import Settings
from qa.types import Answer, Citation, Claim, Evidence, Filters, Progress, Turn

if TYPE_CHECKING:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.vector_stores.types import MetadataFilters


class Assistant:
    """Questions over one folder. Open it with `Assistant.open`; it may be asked from several threads."""

    def __init__(
        self, folder: Place, store: Index, embedder: Embedder, settings: Settings, model: ChatModel | None = None,
        *, added_folder: Path | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.added_folder, self.store, self.embedder = folder, added_folder, store, embedder
        self.settings, self.model = settings, model
        self.summary = ingest.Summary()  # of the last update
        self._retriever = Retriever(store, embedder)

    @classmethod
    def open(
        cls, folder: str | Place | None = None, *, model: ChatModel | str | None = None,
        embedder: Embedder | None = None, progress: Progress | None = None, added: bool = True, wait: bool = True,
        **options: Any,
    ) -> Self:  # fmt: skip
        """An assistant over the folder, its index brought up to date first.

        ``model`` is a name at an OpenAI-compatible endpoint, or anything that streams (`qa.llm.endpoint.ChatModel`).
        ``added``: the articles that were added on the chat page belong to the folder too. ``wait``: for the vectors of
        what is new; without them it is searched by words, and `complete` computes them (in a thread, if you like).
        ``options`` are the fields of `qa.settings.Settings`. Raises `FolderError` when there is no such folder,
        `SettingsError` for an option that does not exist, `StoreError` when the index cannot be used.
        """
        folder, named = None if folder is None else str(folder), model if isinstance(model, str) else None
        chosen, embedder = settings.load({**options, "folder": folder, "model": named}), embedder or bundled()
        root = addresses.folder(chosen)
        loading = warming(embedder)  # while LanceDB is imported
        index = addresses.opened(chosen, root, embedder)
        own = drafting.chosen(chosen) if model is None or isinstance(model, str) else model
        added_folder = addresses.added_folder(root) if added else None
        assistant = cls(root, index, embedder, chosen, own, added_folder=added_folder)
        assistant.update(wait=wait, progress=progress)
        loading.join()
        return assistant

    def update(self, *, wait: bool = True, progress: Progress | None = None, empty: bool = False) -> ingest.Summary:
        """Brings the index in step with the folder; an unchanged folder costs a scan of its file names.

        Without ``wait`` vectors are left to `complete`. Where the index cannot be written, or the folder lost (nearly)
        all at once and ``empty`` is not said, what is in it stays to be asked: the summary's ``unwritten`` says why.
        """
        where: dict[str, Any] = {"max_mb": self.settings.max_mb, "added": self.added_folder, "empty": empty}
        self.summary = ingest.in_step(self.folder, self.store, progress=progress, **where)
        return self.complete(progress=progress) if wait else self.summary

    def complete(self, *, progress: Progress | None = None) -> ingest.Summary:
        """Computes the vectors that are missing, in batches that are kept whatever happens to this process."""
        self.summary = ingest.caught_up(self.summary, self.store, self.embedder, progress=progress)
        return self.summary

    def ask(
        self, question: str, history: Sequence[Turn] = (), *, as_of: date | None = None, filters: Filters | None = None
    ) -> Answer:
        """The answer, every claim of it checked; a refusal is an answer too. Raises `UsageError`, `ModelError`."""
        *_, answer = self.stream(question, history, as_of=as_of, filters=filters)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self, question: str, history: Sequence[Turn] = (), *, as_of: date | None = None, filters: Filters | None = None
    ) -> Iterator[Claim | Answer]:
        """Each claim as soon as it has passed its check, and the whole `Answer` last.

        Only articles that pass ``filters`` are searched; `UsageError` when they name a source or language not there.
        """
        kit, wanted = self.kit, unasked.wanted(question, history, self.kit)
        asking = Asking(question, as_of, kit.retriever.known(filters) if filters else None)
        if answer := unasked.answered(wanted, self.summary.skipped, asking, kit):
            yield answer
            return
        question, asking.respelt = kit.retriever.corrected(question)
        if wanted in AGAIN and (before := again.before(history, kit.embedder)):
            yield from again.answered(wanted, before, asking, kit, ask=self.ask)
        elif over := folder_wide.whole(question, kit.articles, today=as_of or date.today(), filters=asking.filters):
            yield from listed.answered(over, asking, kit)
        elif view := viewed.view(question, wanted, asking, kit):
            yield from viewed.answered(view, history, asking, kit)
        else:
            yield from searched.answered(question, history, asking, kit)

    def retrieve(
        self, question: str, k: int = 10, *, as_of: date | None = None, filters: Filters | None = None
    ) -> list[Evidence]:
        """The best k paragraphs for the question, best first, of the articles that pass."""
        return self.kit.retriever.retrieve(self.kit.retriever.query(question, as_of=as_of), k, filters)

    def as_retriever(self, k: int = 10, *, filters: Filters | MetadataFilters | None = None) -> BaseRetriever:
        """This retrieval as a LlamaIndex retriever, for LlamaIndex's own query engines; of the articles that pass.

        Of LlamaIndex's filters it takes those that `qa.index.llama.filters_of` names. Raises `UsageError` for others,
        and for a source or language that no article has.
        """
        from qa.index.llama import EvidenceRetriever, filters_of

        passing = self.kit.retriever.known(filters_of(filters))
        return EvidenceRetriever(lambda question: self.retrieve(question, k, filters=passing))

    def translate(self, quote: Citation | str, language: str) -> completion.Translation:
        """The quote as the model puts it in the language (ISO 639-1); nothing in it is checked, and it says so. Raises
        `UsageError` without a model, and `ModelError`."""
        return completion.translated(quote if isinstance(quote, str) else quote.quote, language, model=self.model)

    @property
    def kit(self) -> Kit:
        """What its answers are made with, at this moment."""
        return Kit(self._retriever, self.settings, self.model)

    def close(self) -> None:
        """Nothing is held open between questions; here so that `with Assistant.open(...)` reads well."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Assistant({str(self.folder)!r}, {len(self.kit.articles)} articles, {self.kit.answerer})"
