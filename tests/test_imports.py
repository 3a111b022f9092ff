from __future__ import annotations

import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import pytest

from qa.imports import deferred, without


def run(code: str, *arguments: str) -> str:
    """What a program of its own prints."""
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "mill").mkdir()
    (tmp_path / "mill" / "__init__.py").write_text("from mill.stones import Stone\n")
    (tmp_path / "mill" / "stones.py").write_text(
        "class Stone:\n    def __init__(self, weight):\n        self.weight = weight\n"
        "    @classmethod\n    def light(cls):\n        return cls(1)\n"
    )
    (tmp_path / "user.py").write_text(
        "from typing import Optional\nfrom mill import Stone\nfrom mill.stones import Stone as Same\n"
        "def turned(stone: Optional[Stone]) -> Same: ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("mill", "mill.stones", "user", "visitor"):
        monkeypatch.delitem(sys.modules, name, raising=False)  # of the test before
    return "mill"


def test_a_stand_in_becomes_the_thing_itself_when_it_is_used(package: str) -> None:
    with deferred(package):
        import user  # type: ignore[import-not-found]
    assert package not in sys.modules
    assert user.Stone(3).weight == 3
    assert user.Same.light().weight == 1
    from mill import Stone  # type: ignore[import-not-found]

    assert type(user.Stone(3)) is Stone
    assert isinstance(Stone(1), user.Stone)
    assert not isinstance(1, user.Stone)
    with pytest.raises(AttributeError):
        _ = user.Stone.heavy
    with deferred(package):  # loaded already
        from mill.stones import Stone as Again  # type: ignore[import-not-found]
    assert Again is Stone


def test_the_stand_ins_of_one_thread_do_not_go_while_another_imports_by_them(package: str, tmp_path: Path) -> None:
    (tmp_path / "visitor.py").write_text("from mill.stones import Stone\n")
    entered, gone = threading.Event(), threading.Event()

    def imports() -> None:
        entered.wait()
        with deferred(package):
            gone.wait()
            import_module("visitor")

    other = threading.Thread(target=imports)
    other.start()
    with deferred(package):
        import user  # noqa: F401

        entered.set()
        time.sleep(0.2)  # the other is at its door
    gone.set()
    other.join()
    assert package not in sys.modules
    assert import_module("visitor").Stone(3).weight == 3


def test_a_package_is_missing_for_a_while() -> None:
    with without("this"), pytest.raises(ModuleNotFoundError):
        import_module("this")
    with without("json"):
        import json
    assert json.loads("1") == 1
    assert not [finder for finder in sys.meta_path if type(finder).__module__ == "qa.imports"]


def test_opening_an_index_leaves_the_rest_client_alone(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom qa.index.store import LanceStore, exists\n"
        "store = LanceStore(sys.argv[1], embedder='none', dim=4)\nassert exists(sys.argv[1])\n"
        "print('lance_namespace_urllib3_client' in sys.modules)\n"
        "print(store._db.list_tables(limit=100).tables)\n"
    )
    loaded, tables = run(code, str(tmp_path / "index")).splitlines()
    assert loaded == "False"
    assert tables == "['articles', 'meta', 'paragraphs', 'sentences', 'terms']"


def test_a_question_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "mine.txt").write_text("The mine in Odda was opened by Kari Lunde in 1987.\n")
    asked = ["ask", "Who opened the mine in Odda?", "--folder", str(tmp_path / "articles")]
    code = (
        "import sys\nfrom qa.cli import main\nmain(sys.argv[1:], standalone_mode=False)\n"
        "print(' '.join({name.split('.')[0] for name in sys.modules}))"
    )
    run(code, *asked, "--index", str(tmp_path / "index"))  # makes the index
    loaded = set(run(code, *asked, "--index", str(tmp_path / "index")).splitlines()[-1].split())
    assert "lancedb" in loaded
    assert not loaded & {"pandas", "llama_index", "gradio", "lance_namespace_urllib3_client", "requests", "openai"}
