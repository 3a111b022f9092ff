"""What an answer is made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qa.index.store import Articles, Store
from qa.llm.endpoint import ChatModel
from qa.model.embed import Embedder
from qa.retrieve import Retriever
from qa.settings import Settings
from qa.types import Filters


@dataclass(frozen=True, slots=True)
class Kit:
    """What an answer is made with: a folder's retriever, the settings, and the model that writes where there is one."""

    retriever: Retriever
    settings: Settings
    model: ChatModel | None = None

    @property
    def answerer(self) -> Literal["extract", "llm"]:
        """Who drafts the answers."""
        return "llm" if self.model else "extract"

    @property
    def store(self) -> Store:
        return self.retriever.store

    @property
    def embedder(self) -> Embedder:
        return self.retriever.embedder

    @property
    def articles(self) -> Articles:
        """What is known of each article, by file, at this moment."""
        return self.retriever.articles()

    def admitted(self, filters: Filters | None) -> Articles:
        """The same, of the articles that the filters let pass; of all without any."""
        return {file: row for file, row in self.articles.items() if (filters or Filters()).admit(row)}
