"""Makes `qa/question/requests.npz`: the bundled embedder's vectors of the texts in `qa/question/requests.toml`.

    uv run python -m evals.requests

They are computed anew where another embedder is used, or the file is older than the texts: a second at start-up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from qa.model.embed import bundled
from qa.question import requests


def main() -> None:
    embedder = bundled()
    texts = [text for group in requests.requests().values() for text in group]
    vectors = np.stack([embedder.query(text) for text in texts]).astype(np.float16)
    target = Path(requests.__file__).parent / "requests.npz"
    np.savez_compressed(target, vectors=vectors, identity=embedder.identity, texts="\n".join(texts))
    print(f"wrote {target}: {len(texts)} texts, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
