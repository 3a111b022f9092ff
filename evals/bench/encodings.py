"""How often the encoding of an old file is told: by `qa.articles.encoding`, and by charset-normalizer over the same.

    python -m evals.bench.encodings [--each 12] [--seed 7]

English texts with one or with four foreign names, and lists of fifteen, for 29 languages: the names of countries in
Unicode's CLDR (Babel), each in the encoding that was usual for its language.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable

from babel import Locale
from charset_normalizer import from_bytes

from qa.articles.encoding import LEGACY, decode

_USUAL = {
    "cp1252": "da de es fi fr is pt sv", "cp1250": "cs hr hu pl sk sl", "iso8859_2": "ro", "cp1251": "bg ru uk",
    "cp1253": "el", "cp1254": "tr", "cp1255": "he", "cp1256": "ar fa", "cp1257": "lt lv", "cp1258": "vi",
    "cp932": "ja", "gb18030": "zh", "cp949": "ko",
}  # fmt: skip
_PROSE = "The mine at {} reopened on Monday after a strike of nine days, the owner said.\n"


def texts(mode: int, each: int, seed: int) -> list[tuple[str, bytes]]:
    """Texts with so many names and their bytes; 15 are a list of names alone."""
    found = []
    for encoding, language in ((code, one) for code, group in _USUAL.items() for one in group.split()):
        draw = random.Random(f"{language}{mode}{seed}")
        names = [name for name in Locale(language).territories.values() if _fits(name, encoding)]
        for _ in range(each if names else 0):
            drawn = draw.choices(names, k=mode)
            text = "\n".join(drawn) if mode == 15 else "".join(map(_PROSE.format, ["Kelm", "Orm", *drawn]))
            found.append((text, text.encode(encoding)))
    return found


def _fits(name: str, encoding: str) -> bool:
    return not name.isascii() and name.encode(encoding, "ignore").decode(encoding) == name


def _by_letters(raw: bytes) -> str:
    best = from_bytes(raw, cp_isolation=LEGACY).best()
    return str(best)


def _right(tell: Callable[[bytes], str], text: str, raw: bytes) -> bool:
    try:
        return tell(raw) == text
    except Exception:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=12, help="texts of a language (12)")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    for mode in (1, 4, 15):
        made = texts(mode, given.each, given.seed)
        ours, theirs = (sum(_right(tell, *one) for one in made) for tell in (decode, _by_letters))
        print(f"{mode} foreign names: {ours} of {len(made)} right, charset-normalizer {theirs}", flush=True)


if __name__ == "__main__":
    main()
