"""Every row of an index, held against the others and against the folder's files. It looks and changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any

from qa.errors import StoreError
from qa.index import doctor
from qa.index.ingest import difference, sha_of
from qa.index.prepared import lead, prepared
from qa.index.store import IndexedParagraph, LanceStore, Store
from qa.index.vectors import unembedded
from qa.types import Article

if TYPE_CHECKING:
    import pyarrow as pa

_TOGETHER = 200  # articles whose rows are held at once
_LOOKED_UP = 1_000  # words that are looked up in the index of words, spread over all: a thousand take some seconds
_LONGEST = 30  # characters of a word that is looked up: the engine leaves out those of more than 40 bytes
_OFF = 1e-3  # that a vector's length may be off from 1; float32 over a few hundred numbers is off by 1e-6
_OF_SENTENCES = ["id", "address", "file", "revision", "start", "end", "sha", "search"]
_META = ["file", "title", "published", "language", "source", "lead", "names", "text", "sha256", "reason"]


@dataclass(frozen=True, slots=True)
class Audit:
    """What is wrong with an index, a sentence each, and the files that have other bytes than when they were read,
    with the same size and time. ``seen``: how many articles, paragraphs and sentences were looked at."""

    damage: tuple[str, ...]
    edited: tuple[str, ...]
    seen: tuple[int, int, int]


def audited(options: Mapping[str, Any]) -> Audit:
    """What an index holds that is not as it was written, or is not of the folder's files.

    Raises `StoreError` when there is no index, when it cannot be opened, and when it is written to meanwhile.
    """
    root, store, chosen = doctor.opened(options)
    before = store.versions()
    seen = Counter[str]()
    every = chain.from_iterable(chain(_unreadable(part), _wrong(part, seen)) for part in store.parts())
    wrong = list(dict.fromkeys(every)) or list(_unreadable(store))
    found = difference(root, store, max_mb=chosen.max_mb)
    stale = {one.file for one in found.stale}
    shas = {file: one.sha256 for file, one in found.known.items() if not one.reason and file not in stale}
    edited = [one.file for one in found.every if one.file in shas and sha_of(one.path) != shas[one.file]]
    if store.versions() != before:
        raise StoreError(f"The index at {store.address} was written to meanwhile; run `qa doctor --deep` again.")
    return Audit(tuple(wrong), tuple(edited), (seen["articles"], seen["paragraphs"], seen["sentences"]))


def _unreadable(store: Store) -> Iterator[str]:
    try:
        store.check()
    except StoreError as error:
        yield str(error)


def _wrong(store: LanceStore, seen: Counter[str]) -> Iterator[str]:
    """What is wrong, table by table; what cannot be read is said once, and the rest looked at all the same."""
    words, found = Counter[str](), Counter[str]()
    try:
        files = store.rows("articles", ["file", "reason"]).to_pylist()
        articles = [row["file"] for row in files if not row["reason"]]
        yield from _twice("article", (row["file"] for row in files))
        if store.finished():
            yield from _orphans(store, set(articles))
        for at in range(0, len(articles), _TOGETHER):
            yield from _wrong_of(store, articles[at : at + _TOGETHER], seen, words, found)
        counted = store.rows("terms", ["token", "paragraphs"]).to_pylist()
        known = {row["token"]: row["paragraphs"] for row in counted if " " not in row["token"]}
        if store.finished() and known != words:
            differ = len({*known.items()} ^ {*words.items()})
            yield f"The counts of words are not those of the paragraphs, for {differ} words or more."
        yield from _unfound(store, found)
    except StoreError as error:
        yield str(error)


def _twice(what: str, keys: Iterator[str]) -> Iterator[str]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield f"The {what} {key} is there {count} times."


def _orphans(store: LanceStore, articles: set[str]) -> Iterator[str]:
    for table in ("paragraphs", "sentences"):
        for file, count in Counter(store.rows(table, ["file"])["file"].to_pylist()).items():
            if file not in articles:
                yield f"There are {count} {table} of {file}, which is no article of the index."


def _unfound(store: LanceStore, found: Mapping[str, int]) -> Iterator[str]:
    """The words by which not as many paragraphs are found as have them."""
    words = sorted(word for word in found if 0 < len(word.encode()) <= _LONGEST)
    for word in words[:: 1 + len(words) // _LOOKED_UP]:
        if (count := len(store.lexical([word], found[word] + 1))) != found[word]:
            yield f"The word {word!r} finds {count} paragraphs, not {found[word]}."


def _wrong_of(
    store: LanceStore, files: Sequence[str], seen: Counter[str], words: Counter[str], found: Counter[str]
) -> Iterator[str]:
    """What is wrong with these articles; counts what was seen, in how many paragraphs each word stands, and how many
    are found by it."""
    paragraphs, sentences = dict[str, list[IndexedParagraph]](), dict[str, list[dict[str, Any]]]()
    for one in store.paragraphs_of(files):
        paragraphs.setdefault(one.file, []).append(one)
        words.update(set(one.search.split(" ")))
        found.update(set(one.found.split(" ")))
    rows = store.rows("sentences", [*_OF_SENTENCES, "vector"], files)
    for row, length in zip(rows.drop_columns(["vector"]).to_pylist(), _lengths(rows), strict=True):
        sentences.setdefault(row["file"], []).append({**row, "length": length})
    pending = store.pending()
    for row in store.rows("articles", _META, files).to_pylist():
        own, said = paragraphs.get(row["file"], []), sentences.get(row["file"], [])
        seen.update(articles=1, paragraphs=len(own), sentences=len(said))
        yield from _wrong_in(row, sorted(own, key=lambda one: one.number))
        yield from _wrong_sentences(row["file"], own, said, pending)


def _lengths(rows: pa.Table) -> list[float]:
    """The length of each row's vector; infinite or no number where a part of it is."""
    import numpy as np

    flat = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    with np.errstate(all="ignore"):
        lengths: list[float] = np.linalg.norm(flat.reshape(len(rows), -1), axis=1).tolist() if len(rows) else []
    return lengths


def _wrong_in(row: Mapping[str, Any], own: Sequence[IndexedParagraph]) -> Iterator[str]:
    """What of an article's paragraphs is not its text, or is not what they would be found by if read now."""
    file, text = row["file"], row["text"] or ""
    yield from _twice("paragraph", (one.address for one in own))
    if not own:
        yield f"The article {file} has no paragraphs."
    for one in own:
        if one.address != one.paragraph.address:
            yield f"The paragraph {one.paragraph.address} has the address of another, {one.address}."
        if one.revision != row["sha256"][:16]:
            yield f"The paragraph {one.address} is of another revision of its article."
        if text[one.start : one.end] != one.text:
            yield f"The paragraph {one.address} is not what its article says there."
        if (one.language, one.published, one.source) != (row["language"], _day(row["published"]), row["source"]):
            yield f"The paragraph {one.address} has another language, day or source than its article."
    article = Article(
        file, text, row["title"], _day(row["published"]), row["language"], row["source"],
        tuple(one.paragraph for one in own), row["sha256"],
    )  # fmt: skip
    made = prepared(article)
    for one, found_by in zip(own, made.paragraphs, strict=True):
        if (one.search, one.found, one.signature) != (found_by.search, found_by.found, found_by.signature):
            yield f"The paragraph {one.address} is found by other words than it has."
        if one.sentences != len(found_by.keys):
            yield f"The paragraph {one.address} says that it has {one.sentences} sentences, not {len(found_by.keys)}."
    if own and (row["lead"] or "", row["names"] or "") != (lead(article), made.names):
        yield f"The article {file} has a lead or names that are not its own."


def _wrong_sentences(
    file: str, own: Sequence[IndexedParagraph], said: Sequence[Mapping[str, Any]], pending: Mapping[str, int]
) -> Iterator[str]:
    yield from _twice("sentence", (row["id"] for row in said))
    import numpy as np

    none = np.empty(0, dtype=np.float32)
    wanted = {new.id: new for one in own for new in (made.with_vector(none) for made in unembedded(one))}
    for row in said:
        new = wanted.pop(row["id"], None)
        if new is None:
            yield f"The sentence {row['id']} is of no paragraph of {file}."
            continue
        if row["revision"] != new.revision:
            yield f"The sentence {row['id']} is of another revision of its paragraph."
        if any(row[name] != getattr(new, name) for name in ("address", "start", "end", "sha", "search")):
            yield f"The sentence {row['id']} is not what its paragraph says there."
        if not abs(row["length"] - 1) <= _OFF:
            yield f"The vector of the sentence {row['id']} has the length {row['length']:.4g}, not 1."
    lacking = Counter(new.address for new in wanted.values())
    for address, count in lacking.items():
        if count != pending.get(address, 0):
            yield f"The paragraph {address} lacks {count} sentences, and is not known to."


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
