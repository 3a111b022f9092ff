"""The vectors of an index's sentences: which are still to be computed, and computing them, batch after batch.

A row of the table of sentences is there only with its vector; what a paragraph's own row says that it has, and is not
there, is still to be done. So a run that was ended at any moment goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qa.articles.credits import is_credit
from qa.index.store import Store
from qa.language.text import LONGEST, sentences, stems
from qa.model.embed import Embedder
from qa.types import UNQUOTED, Progress, Step

if TYPE_CHECKING:
    from qa.model.embed import Vectors

_BATCH = 256  # sentences that are embedded and committed together: a few seconds of work at the most to lose
_TURN, _PAUSE = 32, 0.001  # sentences, and seconds after them in which a question's vector gets its turn
_TIDY = 100  # batches after which the engine's many small parts are put together

Row = dict[str, Any]


def sentence_rows(paragraph: Mapping[str, Any]) -> list[Row]:
    """A paragraph's sentences as rows of their table, in order, without vector and search tokens; a table's row is one,
    and what is never quoted (`qa.types.UNQUOTED`, or a credit behind other sentences) has none."""
    text, address, language = paragraph["text"], paragraph["address"], paragraph["language"]
    if paragraph["kind"] in UNQUOTED:
        return []
    shared = {key: paragraph[key] for key in ("address", "file", "revision", "language", "published", "source")}
    rows = []
    whole = paragraph["kind"] == "row" and len(text) <= LONGEST
    spans = [] if whole else sentences(text, language)
    spans = [span for span in spans if not is_credit(text[slice(*span)])] or spans
    for n, (start, end) in enumerate(spans or [(0, len(text))], start=1):
        words = " ".join(text[start:end].split())
        place = {"id": f"{address}.s{n}", "start": paragraph["start"] + start, "end": paragraph["start"] + end}
        rows.append({**shared, **place, "words": words, "sha": _sha(words)})
    return rows


def _sha(words: str) -> str:
    """The key under which a sentence's vector is kept, so that no text is embedded twice."""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def known(store: Store, rows: Sequence[Row]) -> list[Row]:
    """Those of the sentences whose vectors the index has already, with them."""
    vectors = store.vectors([row["sha"] for row in rows])
    return [_whole(row, vectors[row["sha"]]) for row in rows if row["sha"] in vectors]


def embedded(rows: Sequence[Row], embedder: Embedder) -> list[Row]:
    """The sentences with their vectors, each text embedded once, whatever the index has; nothing is stored."""
    words = sorted({row["sha"]: row["words"] for row in rows}.items(), key=lambda one: len(one[1]))  # no padding
    vectors: dict[str, Vectors] = {}
    for at in range(0, len(words), _TURN):
        if at:
            time.sleep(_PAUSE)
        turn = words[at : at + _TURN]
        vectors.update(zip((sha for sha, _ in turn), embedder.passages([text for _, text in turn]), strict=True))
    return [_whole(row, vectors[row["sha"]]) for row in rows]


def _whole(row: Row, vector: Vectors) -> Row:
    return {**row, "vector": vector, "search": " ".join(stems(row["words"], row["language"]))}


def complete(store: Store, embedder: Embedder, *, progress: Progress | None = None) -> int:
    """Computes the vectors that are missing, the newest articles' first; returns how many sentences were embedded.

    Each batch is a commit. While another process computes them this waits for it. What is read anew in the meantime
    is done too.
    """
    if store.settled():
        return 0
    count, tried = 0, set[str]()
    waiting = (lambda: progress(Step("wait"))) if progress else None
    with store.alone("embedding", waiting):
        while pending := {a: n for a, n in store.pending().items() if a not in tried}:
            tried |= pending.keys()
            count += _all(pending, store, embedder, progress)
        with store.alone("writing"):
            if not store.settled():
                store.finish()
    return count


def _all(pending: Mapping[str, int], store: Store, embedder: Embedder, progress: Progress | None) -> int:
    total = store.sentence_count()
    count, done = 0, total - sum(pending.values())
    if progress:
        progress(Step("embed", done, total))
    for n, addresses in enumerate(_batches(pending), start=1):
        rows = [row for paragraph in store.paragraphs(addresses) for row in sentence_rows(paragraph)]
        old = known(store, rows)
        had = {row["sha"] for row in old}
        new = embedded([row for row in rows if row["sha"] not in had], embedder)
        _add(store, [*old, *new])
        count += len({row["sha"] for row in new})
        done += sum(pending[address] for address in addresses)
        if progress:
            progress(Step("embed", done, total))
        if n % _TIDY == 0:
            with store.alone("writing"):
                store.finish()
    return count


def _add(store: Store, rows: Sequence[Row]) -> None:
    """Stores the sentences of the paragraphs that did not change while their vectors were computed."""
    with store.alone("writing"):
        now = {row["address"]: row["revision"] for row in store.paragraphs(list({row["address"] for row in rows}))}
        store.add([row for row in rows if now.get(row["address"]) == row["revision"]])


def _batches(pending: Mapping[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for address, lacking in pending.items():
        batch.append(address)
        size += lacking
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
