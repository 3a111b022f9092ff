"""The vectors of an index's sentences: which are still to be computed, and computing them, batch after batch.

A row of the table of sentences is there only with its vector; what a paragraph's own row says that it has, and is not
there, is still to be done. So a run that was ended at any moment goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa.articles.credits import is_credit
from qa.index.store import IndexedParagraph, NewSentence, Store
from qa.language.text import LONGEST, sentences, stems
from qa.model.embed import Embedder
from qa.types import UNQUOTED, ParagraphKind, Progress, Step

if TYPE_CHECKING:
    from qa.model.embed import Vectors

_BATCH = 256  # sentences that are embedded and committed together: a few seconds of work at the most to lose
_TURN = 32  # sentences, after which a question's vector gets its turn
_PAUSE = 0.001  # seconds for that
_TIDY = 100  # batches after which the engine's many small parts are put together


@dataclass(frozen=True, slots=True)
class Unembedded:
    """The ``nth`` sentence of a paragraph, from 1, its words on one line; ``start`` and ``end`` are those of its
    article. ``sha`` is the key under which its vector is kept, so that no text is embedded twice."""

    paragraph: IndexedParagraph
    nth: int
    start: int
    end: int
    words: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha", key(self.words))

    def with_vector(self, vector: Vectors) -> NewSentence:
        of = self.paragraph
        return NewSentence(
            id=f"{of.address}.s{self.nth}", address=of.address, file=of.file, revision=of.revision, start=self.start,
            end=self.end, sha=self.sha, search=" ".join(stems(self.words, of.language)), language=of.language,
            published=of.published, source=of.source, vector=vector,
        )  # fmt: skip


def key(words: str) -> str:
    """The key under which a sentence's vector is kept."""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def unembedded(paragraph: IndexedParagraph) -> list[Unembedded]:
    """A paragraph's sentences in order, as `said` gives them."""
    return [
        Unembedded(paragraph, n, paragraph.start + start, paragraph.start + end, words)
        for n, (start, end, words) in enumerate(said(paragraph.text, paragraph.kind, paragraph.language), start=1)
    ]


def said(text: str, kind: ParagraphKind, language: str) -> list[tuple[int, int, str]]:
    """Where a paragraph's sentences begin and end, and the words of each on one line; a table's row is one, and what
    is never quoted (`qa.types.UNQUOTED`, or a credit behind other sentences) has none."""
    if kind in UNQUOTED:
        return []
    whole = kind == "row" and len(text) <= LONGEST
    spans = [] if whole else sentences(text, language)
    spans = [span for span in spans if not is_credit(text[slice(*span)])] or spans
    return [(start, end, " ".join(text[start:end].split())) for start, end in spans or [(0, len(text))]]


def known(store: Store, wanted: Sequence[Unembedded]) -> list[NewSentence]:
    """Those of the sentences whose vectors the index has already, with them."""
    return with_known(wanted, store.vectors([one.sha for one in wanted]))


def with_known(wanted: Iterable[Unembedded], vectors: Mapping[str, Vectors]) -> list[NewSentence]:
    """Those of the sentences that have a vector among these, with it."""
    return [one.with_vector(vectors[one.sha]) for one in wanted if one.sha in vectors]


def embedded(wanted: Sequence[Unembedded], embedder: Embedder) -> list[NewSentence]:
    """The sentences with their vectors, each text embedded once, whatever the index has; nothing is stored."""
    words = sorted({one.sha: one.words for one in wanted}.items(), key=lambda one: len(one[1]))  # no padding
    vectors: dict[str, Vectors] = {}
    for at in range(0, len(words), _TURN):
        if at:
            time.sleep(_PAUSE)
        turn = words[at : at + _TURN]
        vectors.update(zip((sha for sha, _ in turn), embedder.passages([text for _, text in turn]), strict=True))
    return [one.with_vector(vectors[one.sha]) for one in wanted]


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
    for n, addresses in enumerate(batches(pending), start=1):
        wanted = [one for paragraph in store.paragraphs(addresses) for one in unembedded(paragraph)]
        old = known(store, wanted)
        had = {one.sha for one in old}
        new = embedded([one for one in wanted if one.sha not in had], embedder)
        _add(store, [*old, *new])
        count += len({one.sha for one in new})
        done += sum(pending[address] for address in addresses)
        if progress:
            progress(Step("embed", done, total))
        if n % _TIDY == 0:
            with store.alone("writing"):
                store.finish()
    return count


def _add(store: Store, made: Sequence[NewSentence]) -> None:
    """Stores the sentences of the paragraphs that did not change while their vectors were computed."""
    with store.alone("writing"):
        now = {one.address: one.revision for one in store.paragraphs(list({one.address for one in made}))}
        store.add([one for one in made if now.get(one.address) == one.revision])


def batches(pending: Mapping[str, int]) -> Iterator[list[str]]:
    """The addresses of paragraphs, with how many sentences each lacks, in parts that are embedded together."""
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
