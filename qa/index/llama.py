"""A folder becomes an index: articles as LlamaIndex nodes in a LlamaIndex vector store over `qa.index.store`.

The only module that knows LlamaIndex. It is imported when something has to be indexed, or when a LlamaIndex
retriever is asked for; a question over an unchanged folder needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import chain
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.callbacks.base import CallbackManager
from llama_index.core.schema import BaseNode, Document, NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo
from llama_index.core.schema import TextNode as Node
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)

from qa.errors import UsageError
from qa.index.prepared import Prepared, Searchable, lead, prepared
from qa.index.store import Hit, IndexedParagraph, NewArticle, Rows, Store
from qa.index.vectors import unembedded, with_known
from qa.language.text import stems
from qa.model.embed import Embedder
from qa.types import Article, Evidence, Filters, Paragraph

_HIDDEN = [
    "search", "found", "signature", "keys", "level", "sha256", "size", "mtime_ns", "lead", "names", "kind", "page",
    "number", "revision",
]  # fmt: skip


def article_nodes(
    article: Article, made: Prepared | None = None, *, size: int = 0, mtime_ns: int = 0
) -> list[BaseNode]:
    """A Document for the article, and a node for each paragraph; what these are found by may be ``made`` already."""
    made = made or prepared(article)
    shared = {
        "file": article.file,
        "title": article.title,
        "published": article.published.isoformat() if article.published else None,
        "language": article.language,
        "source": article.source,
    }
    whole = Document(
        id_=article.file,
        text=article.text,
        metadata={**shared, "level": "article", "sha256": article.sha256, "size": size, "mtime_ns": mtime_ns,
                  "lead": lead(article), "names": made.names},
    )  # fmt: skip
    shared["revision"] = article.sha256[:16]
    both = zip(article.paragraphs, made.paragraphs, strict=True)
    return [whole, *(_paragraph_node(paragraph, shared, searchable) for paragraph, searchable in both)]


def _paragraph_node(paragraph: Paragraph, shared: dict[str, Any], found_by: Searchable) -> Node:
    return Node(
        id_=paragraph.address,
        text=paragraph.text,
        start_char_idx=paragraph.start,
        end_char_idx=paragraph.end,
        metadata={**shared, "level": "paragraph", "number": paragraph.number, "kind": paragraph.kind,
                  "page": paragraph.page, "search": found_by.search, "found": found_by.found,
                  "signature": found_by.signature, "keys": list(found_by.keys)},
        excluded_llm_metadata_keys=_HIDDEN,
        excluded_embed_metadata_keys=[*shared, *_HIDDEN],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=paragraph.file)},
    )  # fmt: skip


def rows_of(nodes: Sequence[BaseNode]) -> tuple[list[NewArticle], list[IndexedParagraph]]:
    """The articles and the paragraphs that nodes of `article_nodes` are, as the store has them."""
    articles: list[NewArticle] = []
    paragraphs: list[IndexedParagraph] = []
    for node in nodes:
        level = node.metadata.get("level")
        if level == "article":
            articles.append(_new_article(node))
        elif level == "paragraph":
            paragraphs.append(_indexed(node))
        else:
            raise ValueError(
                "This store takes the nodes of qa.index.llama.article_nodes; index a folder with qa instead."
            )
    return articles, paragraphs


class ArticleVectorStore(BasePydanticVectorStore):
    """A LlamaIndex vector store over our `Store`: what `article_nodes` makes goes in, paragraph nodes come out.

    LlamaIndex's own LanceDB store (0.6.0) fails on delete by document and duplicates on re-add.
    """

    stores_text: bool = True
    is_embedding_query: bool = True
    _store: Store = PrivateAttr()

    def __init__(self, store: Store) -> None:
        super().__init__(stores_text=True)
        self._store = store

    @property
    def client(self) -> Store:
        return self._store

    def add(self, nodes: Sequence[BaseNode], **_: Any) -> list[str]:
        """Replaces the articles that these nodes make up; returns the nodes' ids.

        The vectors of sentences that the index has already are kept; `qa.index.vectors.complete` computes the others.
        """
        articles, paragraphs = rows_of(nodes)
        keys = {node.node_id: node.metadata["keys"] for node in nodes if "keys" in node.metadata}
        had = self._store.vectors(list(chain.from_iterable(keys.values())))
        again = [one for one in paragraphs if not had.keys().isdisjoint(keys[one.address])]
        self._store.put(Rows(articles, paragraphs, with_known(chain.from_iterable(map(unembedded, again)), had)))
        return [node.node_id for node in nodes]

    def delete(self, ref_doc_id: str, **_: Any) -> None:
        self._store.delete([ref_doc_id])

    def query(self, query: VectorStoreQuery, **_: Any) -> VectorStoreQueryResult:
        """The paragraphs, of articles that pass, nearest to the query's vector, or to its words in the text modes.

        Raises `UsageError` for filters that `filters_of` does not know.
        """
        passing = filters_of(query.filters)
        lexical = query.mode in (VectorStoreQueryMode.TEXT_SEARCH, VectorStoreQueryMode.SPARSE)
        if lexical:
            hits = self._lexical(query.query_str or "", query.similarity_top_k, passing)
        else:
            import numpy as np

            vector = np.asarray(query.query_embedding, dtype=np.float32)
            hits = self._store.dense(vector, query.similarity_top_k * 8, passing)  # several sentences of one paragraph
        hits = sorted(hits, key=lambda hit: -hit.score)[: query.similarity_top_k]
        nodes = self.get_nodes([hit.address for hit in hits])
        return VectorStoreQueryResult(
            nodes=nodes, similarities=[hit.score for hit in hits], ids=[hit.address for hit in hits]
        )

    def _lexical(self, words: str, k: int, passing: Filters) -> list[Hit]:
        languages = {file.language for file in self._store.files() if file.language}
        return self._store.lexical(sorted({token for lang in languages for token in stems(words, lang)}), k, passing)

    def get_nodes(self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None) -> list[BaseNode]:
        """The paragraph nodes of these addresses that pass, in their order; without addresses all that pass."""
        passing = filters_of(filters)
        if node_ids is None:
            return [_node(row) for row in self._store.matching({}, passing)] if passing else []
        rows = {row.address: row for row in self._store.paragraphs(node_ids) if passing.admit(row)}
        return [_node(rows[address]) for address in node_ids if address in rows]


def filters_of(given: MetadataFilters | Filters | None) -> Filters:
    """LlamaIndex's filters as ours: ``source`` and ``language`` (==, in), ``published`` (==, >=, <=; an ISO day); ours
    as they are.

    All of them must hold. Raises `UsageError` for anything else.
    """
    if isinstance(given, Filters):
        return given
    found = Filters()
    for one in given.filters if given else ():
        if given is None or given.condition != FilterCondition.AND:
            raise UsageError("Filters can only be joined by AND here; ask once for each that may hold.")
        found = _narrowed(found, filters_of(one) if isinstance(one, MetadataFilters) else _filter(one))
    return found


def _filter(one: MetadataFilter) -> Filters:
    values = tuple(map(str, one.value)) if isinstance(one.value, list) else (str(one.value),)
    match one.key, one.operator:
        case "source", FilterOperator.EQ | FilterOperator.IN:
            return Filters(sources=values)
        case "language", FilterOperator.EQ | FilterOperator.IN:
            return Filters(languages=values)
        case "published", FilterOperator.EQ:
            return Filters(since=_day(values), until=_day(values))
        case "published", FilterOperator.GTE:
            return Filters(since=_day(values))
        case "published", FilterOperator.LTE:
            return Filters(until=_day(values))
    raise UsageError(
        f"{one.key} {one.operator.value} is no filter here; "
        "give source or language (==, in), or published (==, >=, <=)."
    )


def _day(values: Sequence[str]) -> date:
    try:
        (value,) = values
        return date.fromisoformat(value)
    except ValueError:
        raise UsageError("A filter by published needs one day, written as 2025-07-26.") from None


def _narrowed(first: Filters, second: Filters) -> Filters:
    """What passes both. Raises `UsageError` where nothing can."""
    since = [day for day in (first.since, second.since) if day]
    until = [day for day in (first.until, second.until) if day]
    return Filters(
        sources=_both(first.sources, second.sources),
        languages=_both(first.languages, second.languages),
        since=max(since, default=None),
        until=min(until, default=None),
    )


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    if not (first and second):
        return first or second
    if common := tuple(value for value in first if value in second):
        return common
    raise UsageError("No article can pass these filters; take one of them out.")


def _new_article(node: BaseNode) -> NewArticle:
    known, same = node.metadata, ("file", "title", "language", "source", "lead", "names", "sha256", "size", "mtime_ns")
    return NewArticle(**{key: known[key] for key in same}, published=_published(known), text=node.get_content())


def _indexed(node: BaseNode) -> IndexedParagraph:
    known, same = node.metadata, ("file", "number", "page", "kind", "revision", "language", "source", "search", "found")
    return IndexedParagraph(
        **{key: known[key] for key in (*same, "signature")},
        published=_published(known),
        address=node.node_id,
        text=node.get_content(),
        start=node.start_char_idx,  # type: ignore[attr-defined]  # of TextNode
        end=node.end_char_idx,  # type: ignore[attr-defined]
        sentences=len(known["keys"]),
    )


def _published(known: dict[str, Any]) -> date | None:
    return date.fromisoformat(known["published"]) if known["published"] else None


def _node(row: IndexedParagraph) -> Node:
    day = row.published.isoformat() if row.published else None
    return _plain_node(row.paragraph, language=row.language, published=day, source=row.source)


def _plain_node(paragraph: Paragraph, **known: str | None) -> Node:
    """A paragraph as a node without relations to others, with what is known of its article."""
    known = {key: value for key, value in known.items() if value is not None}
    return Node(
        id_=paragraph.address,
        text=paragraph.text,
        start_char_idx=paragraph.start,
        end_char_idx=paragraph.end,
        metadata={"file": paragraph.file, "number": paragraph.number, **known},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=paragraph.file)},
    )


class QAEmbedding(BaseEmbedding):
    """Our embedder where LlamaIndex expects one of its own."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.identity)
        self._embedder = embedder

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._embedder.query(query).tolist()  # type: ignore[no-any-return]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.passages(texts).tolist()  # type: ignore[no-any-return]


class EvidenceRetriever(BaseRetriever):
    """Our retrieval (fused, by language) as a LlamaIndex retriever: paragraph nodes with their fused scores."""

    def __init__(self, retrieve: Callable[[str], Sequence[Evidence]]) -> None:
        self._retrieve_evidence = retrieve
        super().__init__(callback_manager=CallbackManager())

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._retrieve_evidence(query_bundle.query_str)
        return [NodeWithScore(node=_evidence_node(evidence), score=evidence.score) for evidence in found]


def _evidence_node(evidence: Evidence) -> Node:
    day = evidence.published.isoformat() if evidence.published else None
    return _plain_node(
        evidence.paragraph,
        anchor=evidence.paragraph.anchor,
        title=evidence.title,
        published=day,
        language=evidence.language,
        source=evidence.source,
    )
