"""A folder of any number of paragraphs: the articles of a real set, and others made of their words and vectors.

A made article takes its words from one real article (three in five), from all of them, and from invented names (one in
ten; the n-th is used 1/n times as often as the first), so that words are as frequent as in prose, the vocabulary grows
with the folder, and an article has a subject. A made sentence is as long as a real one of that article, and its vector
is that one's, turned by a random angle: so far that their cosine is 0.9. Nothing that is made is embedded.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evals.lint import articles
from qa.language.text import sentences
from qa.model.embed import Embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_NEAR = 0.9  # cosine of a made sentence's vector and the real one's
_OWN = 0.6  # share of words from the article that it is made of
_NAMED = 0.1  # share of invented names
_LONG = 20  # paragraphs of a made article
SOURCES = ("Northern Courier", "Harbour Post", "Daily Meridian", "Evening Ledger", "Vantage Wire", "Lakeside Herald")
_FIRST, _DAYS = date(2024, 1, 1), 900  # the days on which made articles are published
_SYLLABLES = ("ba", "do", "ki", "lu", "me", "no", "ra", "si", "ta", "vo")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Template:
    """A real article as what others are made of: its words, and its sentences with their numbers of words."""

    words: tuple[str, ...]
    spoken: tuple[tuple[str, int], ...]


class Turned:
    """An embedder of no cost: real texts have their real vectors, made sentences one near the real one's.

    ``made`` names the real sentence for each made sentence or paragraph. Any other text gets a random vector.
    """

    def __init__(self, identity: str, real: dict[str, int], vectors: Vectors, made: dict[str, str]) -> None:
        self.identity, self.dim = f"synthetic/{identity}", int(vectors.shape[1])
        self._real, self._vectors, self._made = real, vectors, made

    def query(self, text: str) -> Vectors:
        if text in self._real:
            row: Vectors = self._vectors[self._real[text]]
            return row
        noise = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(self.dim, dtype=np.float32)
        noise /= np.linalg.norm(noise)
        if text not in self._made:
            return noise
        turned = _NEAR * self._vectors[self._real[self._made[text]]] + (1 - _NEAR**2) ** 0.5 * noise
        return np.asarray(turned / np.linalg.norm(turned), dtype=np.float32)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.query(text) for text in texts]) if texts else np.zeros((0, self.dim), np.float32)

    def save(self, folder: Path) -> None:
        """Writes what `load` reads."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "vectors.npy", self._vectors)
        kept = {"identity": self.identity, "real": self._real, "made": self._made}
        (folder / "texts.json").write_text(json.dumps(kept), encoding="utf-8")


def load(folder: Path) -> Turned:
    kept = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    identity = kept["identity"].removeprefix("synthetic/")
    return Turned(identity, kept["real"], np.load(folder / "vectors.npy"), kept["made"])


def made(folder: Path, questions: Sequence[str], paragraphs: int, embedder: Embedder, *, seed: int = 5) -> Turned:
    """Fills a folder of real articles up to that many paragraphs; returns the vectors of all that is in it, and of the
    questions. The real sentences and paragraphs and the questions are embedded."""
    real = list(articles(folder).values())
    spoken = {one.file: [words for p in one.paragraphs for words in _sentences(p.text, one.language)] for one in real}
    whole = [" ".join(p.text.split()) for one in real for p in one.paragraphs]
    texts = list(dict.fromkeys([*(words for group in spoken.values() for words in group), *whole]))
    vectors = np.concatenate([embedder.passages(texts), np.stack([embedder.query(text) for text in questions])])
    places = {text: n for n, text in reversed(list(enumerate([*texts, *questions])))}
    stands_for = _fill(folder, [_template(spoken[one.file]) for one in real], paragraphs - len(whole), seed)
    return Turned(embedder.identity, places, vectors.astype(np.float32), stands_for)


def _sentences(text: str, language: str) -> list[str]:
    return [" ".join(text[start:end].split()) for start, end in sentences(text, language)]


def _template(spoken: Sequence[str]) -> Template:
    words = tuple(word.lower() for sentence in spoken for word in _WORD.findall(sentence))
    return Template(words or ("nothing",), tuple((one, max(4, min(60, len(one.split())))) for one in spoken))


def _fill(folder: Path, templates: Sequence[Template], paragraphs: int, seed: int) -> dict[str, str]:
    """Writes articles until there are that many paragraphs; for each made sentence the real one it stands for."""
    draw = random.Random(seed)
    every = [word for template in templates for word in template.words]
    stands_for: dict[str, str] = {}
    for start in range(0, paragraphs, _LONG):
        template = draw.choice(templates)
        blocks = []
        for _ in range(min(_LONG, paragraphs - start)):
            chosen = draw.choices(template.spoken, k=draw.choice((2, 2, 3, 3)))
            sentences = {_sentence(draw, template.words, every, length): real for real, length in chosen}
            stands_for |= sentences
            blocks.append(" ".join(sentences))
            stands_for.setdefault(blocks[-1], chosen[0][0])
        _write(folder, start // _LONG, draw, " ".join(draw.choices(template.words, k=7)), blocks)
    return stands_for


def _sentence(draw: random.Random, own: Sequence[str], every: Sequence[str], length: int) -> str:
    kinds = draw.choices((own, every, ()), (_OWN, 1 - _OWN - _NAMED, _NAMED), k=length)
    words = [draw.choice(words) if words else _name(draw) for words in kinds]
    return f"{' '.join(words).capitalize()}."


def _name(draw: random.Random) -> str:
    """One of 100,000 names, by Zipf's law."""
    return "".join(_SYLLABLES[int(digit)] for digit in str(int(10 ** draw.uniform(0, 5)) + 10))


def _write(folder: Path, number: int, draw: random.Random, title: str, blocks: Sequence[str]) -> None:
    place = folder / f"made{number // 1000:03}" / f"{number:06}.md"
    place.parent.mkdir(exist_ok=True)
    day = _FIRST + timedelta(days=draw.randrange(_DAYS))
    front = f"---\ntitle: {title.capitalize()}\ndate: {day}\nsource: {draw.choice(SOURCES)}\n---\n\n"
    place.write_text(front + "\n\n".join(blocks) + "\n", encoding="utf-8")
