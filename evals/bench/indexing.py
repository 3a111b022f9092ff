"""How fast a folder is indexed: beside the bare embedder, without embedding, and again when nothing changed.

    python -m evals.bench.indexing [FOLDER] [--most 2000] [--files 10000]

First the sentences of FOLDER's articles, at most so many, are embedded by the bare embedder and the same articles are
indexed: the share is the first time divided by the second. Then a folder of made articles, one file of 20 paragraphs in
four and the others of one, is indexed with an embedder that costs nothing, and indexed again unchanged, by a new store.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evals.lint import articles
from qa import Assistant
from qa.language.text import sentences
from qa.model.embed import Embedder, bundled
from qa.types import Article

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

ROOT = Path(__file__).parent.parent.parent
_TURN = 32  # sentences that the bare embedder is given at once, as many as the index gives it


class Free:
    """An embedder of no cost: a text's vector is drawn at random by its words."""

    identity = "free"
    dim = 384

    def query(self, text: str) -> Vectors:
        drawn = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(self.dim, dtype=np.float32)
        return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.query(text) for text in texts]) if texts else np.zeros((0, self.dim), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", type=Path, nargs="?", default=ROOT / "seeds")
    parser.add_argument("--most", type=int, default=2000, help="sentences to embed (2000)")
    parser.add_argument("--files", type=int, default=10_000, help="files of the unchanged folder (10000)")
    given = parser.parse_args()
    for measured in (beside_embedder(given.folder, given.most, bundled()), unchanged(given.folder, given.files)):
        for line in measured:
            print(line, flush=True)


def beside_embedder(folder: Path, most: int, embedder: Embedder) -> Iterator[str]:
    """The lines on indexing a part of the folder beside embedding its sentences alone."""
    with tempfile.TemporaryDirectory() as place:
        texts: dict[str, None] = {}
        for article in articles(folder).values():
            if len(texts) >= most:
                break
            (Path(place) / "articles" / article.file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / article.file, Path(place) / "articles" / article.file)
            texts |= dict.fromkeys(_sentences(article))
        words = list(texts)
        embedder.passages(words[:_TURN])  # the model is loaded
        bare = _seconds(lambda: [embedder.passages(words[at : at + _TURN]) for at in range(0, len(words), _TURN)])
        whole = _seconds(lambda: _opened(Path(place), embedder))
    yield f"{len(words)} different sentences: bare embedder {bare:.1f} s ({len(words) / bare:.0f} a second), "
    yield f"indexed in {whole:.1f} s: {bare / whole:.2f} of the embedder's throughput"


def unchanged(folder: Path, files: int) -> Iterator[str]:
    """The lines on indexing a folder of that many files without embedding, and again."""
    spoken = [text for article in articles(folder).values() for text in _sentences(article)]
    with tempfile.TemporaryDirectory() as place:
        count = sum(_write(Path(place) / "articles", number, spoken) for number in range(files))
        first = _seconds(lambda: _opened(Path(place), Free()))
        yield f"{files} files, {count} paragraphs, without embedding: {first:.1f} s ({count / first:.0f} a second)"
        yield f"the same folder, unchanged: {_seconds(lambda: _opened(Path(place), Free())):.2f} s"


def _opened(place: Path, embedder: Embedder) -> None:
    Assistant.open(place / "articles", index=str(place / "index"), embedder=embedder, added=False).close()


def _sentences(article: Article) -> list[str]:
    return [
        " ".join(p.text[start:end].split())
        for p in article.paragraphs
        for start, end in sentences(p.text, article.language)
    ]


def _write(folder: Path, number: int, spoken: Sequence[str]) -> int:
    """Writes a made article of sentences in another order; returns its number of paragraphs."""
    place = folder / f"{number // 1000:03}" / f"{number:06}.txt"
    place.parent.mkdir(parents=True, exist_ok=True)
    long = 20 if number % 4 == 0 else 1
    blocks = [
        f"{spoken[(7 * number + n) % len(spoken)]} {spoken[(11 * number + 3 * n) % len(spoken)]}" for n in range(long)
    ]
    place.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return long


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
