"""The seeds, indexed once for all tests, in a cache folder of the tests' own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres
import pytest

from qa import Assistant

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives the chat page in Chromium")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Nothing of the user's own settings or indexes is read or written."""
    place = tmp_path_factory.mktemp("cache")
    before = dict(os.environ)
    for name in [n for n in os.environ if n.startswith(("QA_", "OPENAI_"))]:
        del os.environ[name]
    os.environ["XDG_CACHE_HOME"] = str(place)
    os.environ["XDG_DATA_HOME"] = str(place / "data")
    yield place
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database and returns its address."""
    if postgres.BINARIES is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    with postgres.running() as server:
        yield server.new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'page.db'}"
    made: Callable[[], str] = request.getfixturevalue("new_database")
    return made()


@pytest.fixture(scope="session")
def seeds(cache: Path) -> Assistant:
    """An assistant over the seeds; the tests that change a folder make their own."""
    return Assistant.open(SEEDS)


@pytest.fixture(scope="module")
def assistant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant over the files that the test's module has as ``TEXTS``: their names and texts."""
    place: Path = tmp_path_factory.mktemp("texts")
    for name, text in request.module.TEXTS.items():
        (place / name).write_text(text + "\n", encoding="utf-8")
    with Assistant.open(place, added=False) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two short articles in a folder that a test may change."""
    place = tmp_path / "articles"
    place.mkdir()
    (place / "harbour.txt").write_text(
        "Harbour reopens after storm\n\n"
        "The harbour of Valdenia reopened on 3 March 2024 after the storm.\n\n"
        "Mayor Ilse Brandt said that 14 boats were lost. She thanked the crews for their work.\n",
        encoding="utf-8",
    )
    (place / "puerto.txt").write_text(
        "El puerto de Marenda cerrará en abril\n\n"
        "La ministra Ana Duarte anunció que el puerto de Marenda cerrará el 9 de abril de 2024 por obras.\n",
        encoding="utf-8",
    )
    return place


@pytest.fixture
def copied_seeds(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SEEDS, tmp_path / "seeds"))
