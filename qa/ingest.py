"""Keeps an index in step with its folder: what is new or changed is read and embedded, what is gone is dropped."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qa.corpus import Found, read_article, scan
from qa.embed import Embedder
from qa.store import Rows, Store
from qa.types import Article, Skipped

_BATCH = 128  # sentences that are embedded and committed together: some five seconds of work at the most to lose

Progress = Callable[[int, int, str], None]  # bytes done, bytes in all, the file at hand


@dataclass(frozen=True, slots=True)
class Summary:
    """What an update did; counts are files unless they say otherwise, ``seconds`` the wall time."""

    articles: int
    added: int = 0
    changed: int = 0
    deleted: int = 0
    embedded: int = 0  # sentences
    skipped: tuple[Skipped, ...] = ()
    languages: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def skipped_by_reason(self) -> Counter[str]:
        return Counter(skipped.reason for skipped in self.skipped)


def update(
    folder: Path,
    store: Store,
    embedder: Embedder,
    *,
    max_mb: float = 20.0,
    added: Path | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Reads what changed in the folder since the last update and commits it in batches; the rest is not touched.

    ``added`` is a second folder (`qa.corpus.scan`). Raises `FolderError` when there is no such folder.
    """
    began = time.perf_counter()
    found, left_out = scan(folder, max_mb=max_mb, added=added)
    known = {row["file"]: row for row in store.articles(["file", "size", "mtime_ns"])}
    stale = [f for f in found if _stat(known.get(f.file)) != (f.size, f.mtime_ns)]
    gone = sorted(set(known) - {f.file for f in found})
    store.delete(gone)
    embedded, done, total = 0, 0, sum(f.size for f in stale)
    for batch in _batches(stale):
        embedded += _commit(batch, store, embedder)
        done += sum(f.size for f, _ in batch)
        if progress:
            progress(done, total, batch[-1][0].file)
    if stale or gone:
        store.finish()
    return _summary(store, known, stale, gone, embedded, left_out, time.perf_counter() - began)


def _stat(row: Mapping[str, Any] | None) -> tuple[int, int] | None:
    return (row["size"], row["mtime_ns"]) if row else None


def _batches(stale: list[Found]) -> Iterator[list[tuple[Found, Article | Skipped]]]:
    """The files, read, in groups of about `_BATCH` sentences."""
    batch: list[tuple[Found, Article | Skipped]] = []
    sentences = 0
    for found in stale:
        read = read_article(found)
        batch.append((found, read))
        sentences += len(read.text) // 120 if isinstance(read, Article) else 1  # 120 characters: a usual sentence
        if sentences >= _BATCH:
            yield batch
            batch, sentences = [], 0
    if batch:
        yield batch


def _commit(batch: list[tuple[Found, Article | Skipped]], store: Store, embedder: Embedder) -> int:
    """Embeds and stores the articles of one batch; returns how many sentences were embedded."""
    from qa.index import ArticleVectorStore, article_nodes, embed_nodes

    nodes = []
    skipped = Rows([], [], [])
    for found, read in batch:
        if isinstance(read, Article):
            nodes += article_nodes(read, size=found.size, mtime_ns=found.mtime_ns)
        else:
            stat = {"size": found.size, "mtime_ns": found.mtime_ns}
            skipped.articles.append({"file": found.file, "reason": read.reason, "detail": read.detail, **stat})
    embedded = embed_nodes(nodes, store, embedder)
    if nodes:
        ArticleVectorStore(store).add(nodes)
    if skipped.articles:
        store.put(skipped)
    return embedded


def _summary(
    store: Store,
    known: Mapping[str, Mapping[str, Any]],
    stale: list[Found],
    gone: list[str],
    embedded: int,
    left_out: list[Skipped],
    seconds: float,
) -> Summary:
    rows = store.articles(["file", "language", "reason", "detail"])
    unread = [Skipped(row["file"], row["reason"], row["detail"]) for row in rows if row["reason"]]
    languages = Counter(row["language"] for row in rows if not row["reason"])
    return Summary(
        articles=sum(languages.values()),
        added=sum(f.file not in known for f in stale),
        changed=sum(f.file in known for f in stale),
        deleted=len(gone),
        embedded=embedded,
        skipped=tuple(sorted([*left_out, *unread], key=lambda skipped: skipped.file)),
        languages=dict(languages.most_common()),
        seconds=seconds,
    )
