from __future__ import annotations

import numpy as np
import pytest

from qa.embed import E5Embedder, bundled


def test_vectors_have_length_one_and_near_meanings_are_near() -> None:
    embedder = bundled()
    rows = embedder.passages(["The harbour reopened after the storm.", "Parliament voted on the budget."])
    query = embedder.query("¿Cuándo reabrió el puerto?")
    assert rows.shape == (2, embedder.dim)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert rows[0] @ query > rows[1] @ query


def test_odd_texts_are_embedded() -> None:
    assert np.isfinite(bundled().passages(["", "\0\0", "word " * 5000, "😀"])).all()


def test_the_identity_names_the_model() -> None:
    assert "multilingual-e5-small" in E5Embedder.identity
