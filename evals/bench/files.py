"""How much of a file is found: folders of made files in which every sentence is known.

    python -m evals.bench.files [FORMAT …] [--files 30] [--seed 7] [--show]

For each format so many files are made, of the constructs that people's files have, with sentences that are all
different. Printed are the share of sentences found whole and in order (the longest run of them in the file's order,
among the sentences of its paragraphs), and how many texts were read that a reader of the file does not see.
`--show` prints the sentences that were lost. A new format is one function in `MAKERS`.
"""

from __future__ import annotations

import argparse
import random
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from qa.corpus import Found, read_article
from qa.text import sentences
from qa.types import Article

_WHO = "minister mayor captain engineer doctor baker teacher judge farmer pilot sailor gardener".split()
_DID = "opened closed painted measured visited sold bought repaired counted crossed lost found".split()
_WHAT = "bridge harbour school library mine ferry theatre museum tunnel market orchard stadium".split()
_SYLLABLES = "ka lo mi ne ru ta vo se pi du ga ri".split()


@dataclass
class Made:
    """A file's bytes, the sentences that a person reads in it, in order, and texts that no person sees."""

    raw: bytes = b""
    known: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


class Words:
    """A source of sentences and names that never repeat, all of them noted in ``made``."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.made = Made()
        self._taken: set[str] = set()

    def name(self) -> str:
        while (name := "".join(self.draw.choices(_SYLLABLES, k=3)).capitalize()) in self._taken:
            pass
        self._taken.add(name)
        return name

    def said(self, text: str | None = None) -> str:
        """A sentence that a reader sees; what is given is noted as one."""
        self.made.known.append(text or self._sentence())
        return self.made.known[-1]

    def several(self, most: int = 4) -> str:
        return " ".join(self.said() for _ in range(self.draw.randint(1, most)))

    def hidden(self) -> str:
        """A sentence that no reader sees."""
        self.made.unseen.append(self._sentence())
        return self.made.unseen[-1]

    def _sentence(self) -> str:
        who, did, what = (self.draw.choice(words) for words in (_WHO, _DID, _WHAT))
        ending = self.draw.choice(
            ["on Tuesday", "for {n} crowns", "after {n} days", "with {n} people from {name}", "in spite of the rain"]
        ).format(n=self.draw.randint(12, 900), name=self.name())
        return f"The {who} of {self.name()} {did} the {what} of {self.name()} {ending}."


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most so many characters, as an editor wraps it."""
    import textwrap

    return "\n".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))


def text_file(words: Words) -> bytes:
    """Plain text: a paragraph a line, or wrapped by hand, and at times a long address in a wrapped file."""
    width = words.draw.choice([0, 0, 60, 72, 78])
    blocks = [words.several() for _ in range(12)]
    if width:
        blocks = [wrapped(block, width) for block in blocks]
        if words.draw.random() < 0.5:
            place = words.draw.randint(1, len(blocks))
            blocks.insert(place, f"https://example.org/{'a-long-address/' * 9}")
    end = words.draw.choice(["\n", "\r\n"])
    gap = "\n\n" if width else words.draw.choice(["\n", "\n\n"])
    encoding = words.draw.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    return gap.join(blocks).replace("\n", end).encode(encoding)


MAKERS: dict[str, Callable[[Words], bytes]] = {".txt": text_file}


def in_order(known: Sequence[str], found: Iterable[str]) -> list[str]:
    """Those of the known sentences that are found whole, in their order: the longest such run."""
    places = {text: n for n, text in enumerate(known)}
    ends: list[int] = []
    runs: list[list[int]] = []
    for place in (places[text] for text in found if text in places):
        at = bisect_left(ends, place)
        run = [*(runs[at - 1] if at else []), place]
        ends[at : at + 1], runs[at : at + 1] = [place], [run]
    return [known[place] for place in runs[-1]] if runs else []


def spoken(article: Article) -> Iterator[str]:
    """The sentences of an article's paragraphs, each on one line; a row, a heading or an item as a whole."""
    for paragraph in article.paragraphs:
        whole = " ".join(paragraph.text.split())
        for start, end in [(0, len(whole))] if paragraph.kind == "row" else sentences(whole, article.language):
            yield whole[start:end]


def measured(suffix: str, files: int, seed: int, *, show: bool = False) -> str:
    """One line on a format."""
    total, right, seen = 0, 0, 0
    with TemporaryDirectory() as folder:
        for n in range(files):
            words = Words(seed * 1000 + n)
            path = Path(folder) / f"{n:03}{suffix}"
            path.write_bytes(MAKERS[suffix](words))
            article = read_article(Found(path, path.name, path.stat().st_size, 0))
            found = list(spoken(article)) if isinstance(article, Article) else []
            whole = in_order(words.made.known, found)
            total, right = total + len(words.made.known), right + len(whole)
            read = " ".join(found)
            leaked = [text for text in words.made.unseen if text in read]
            seen += len(leaked)
            if show:
                for text in [*(t for t in words.made.known if t not in whole), *(f"SEEN {t}" for t in leaked)]:
                    print(f"{path.name}: {text}")
                if not isinstance(article, Article):
                    print(f"{path.name}: {article}")
    return f"{suffix}: {right} of {total} sentences whole and in order ({right / total:.4f}), {seen} unseen ones read"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {' '.join(MAKERS)} (all)")
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", action="store_true", help="print what was lost")
    given = parser.parse_args()
    for suffix in given.formats or MAKERS:
        print(measured(suffix, given.files, given.seed, show=given.show), flush=True)


if __name__ == "__main__":
    main()
