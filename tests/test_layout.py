"""The modules import in one direction, and importing the package loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import qa

PACKAGE = Path(qa.__file__).parent
# The rooms of the house in the order in which the data travels: each imports only what stands above it.
ROOMS = """
types errors imports settings messages language model articles index question retrieve check llm answer assistant serve
page testing cli
""".split()
# The modules of each package in their order, by the same rule.
MODULES = {
    "messages": "",
    "language": "words text lexicon names mention numerals days capitals mentions comparison",
    "language/words": "",
    "model": "pieces encoder embed read entail",
    "articles": "credits numbering encoding dates places readers heads corpus limits",
    "articles/readers": "styles html markdown word bidi glyphs pdf_lines pdf_blocks pdf basic rtf mail records zipped "
    "formats",
    "index": "lease fragments mirror store okapi partitions addresses copies vectors prepared llama ingest cluster "
    "doctor audit watch",
    "index/store": "rows engine opened tables contents searching writing",
    "question": "periods which followups requests turns spelling",
    "check": "parsing polarity quotes support values wording absence verify",
    "llm": "network endpoint local",
    "answer": "kit tokens prompts rank extract pronouns named folder_wide authored side_by_side overview yes_no "
    "counted ask_back replies write completion disagreement asking drafting lines parts checked notes short outcome "
    "searched listed viewed again unasked",
    "serve": "guard export log spans api work models library bodies annotations completions responses failures guesses "
    "auth bounds metrics answering documented answers lookups probes tools mcp http process",
    "page": "database accounts rules chats render briefs moved copied people login footnotes folder models sources "
    "pins suggest answering actions gradio_app",
    "cli": "options printed batch asking indexing people serving",
}
HEAVY = set("gradio llama_index lancedb numpy onnxruntime openai pyarrow pydantic ray sqlalchemy tiktoken".split())


def imported(path: Path) -> set[str]:
    """What of this package a file names in its imports, dotted and without "qa.", wherever in the file they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "qa":
            place = (node.module or "").removeprefix("qa").removeprefix(".")
            found |= {f"{place}.{alias.name}".removeprefix(".") for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("qa.") for alias in node.names if alias.name.startswith("qa.")}
    return found


def files(room: str) -> list[Path]:
    """The files of a module, or of all modules of a package."""
    return sorted((PACKAGE / room).rglob("*.py")) if (PACKAGE / room).is_dir() else [PACKAGE / f"{room}.py"]


def test_every_module_has_its_place() -> None:
    packages = [path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    assert sorted(str(path.relative_to(PACKAGE)) for path in packages) == sorted(MODULES)
    single = [path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"]
    assert sorted([*single, *(package for package in MODULES if "/" not in package)]) == sorted(ROOMS)
    for package, order in MODULES.items():
        held = [path.stem for path in (PACKAGE / package).glob("*.py") if path.stem != "__init__"]
        inner = [path.parent.name for path in (PACKAGE / package).glob("*/__init__.py")]
        assert sorted([*held, *inner]) == sorted(order.split()), package


def test_the_house_is_small() -> None:
    assert len([package for package in MODULES if "/" not in package]) <= 12
    assert len([path for path in PACKAGE.glob("*.py") if path.stem != "__init__"]) <= 7


def test_a_module_imports_only_what_stands_above_it() -> None:
    for place, room in enumerate(ROOMS):
        for path in files(room):
            rooms = {name.split(".")[0] for name in imported(path)} & set(ROOMS)
            assert rooms - {room} <= set(ROOMS[:place]), path
    for package, order in MODULES.items():
        dotted, above = package.replace("/", "."), list[str]()
        for module in order.split():
            for path in files(f"{package}/{module}"):
                own = [name for name in imported(path) if name.startswith(f"{dotted}.")]
                inside = {name.removeprefix(f"{dotted}.").split(".")[0] for name in own} & set(order.split())
                assert inside - {module} <= set(above), path
            above.append(module)


def roots(path: Path) -> set[str]:
    """The packages that a file names in its imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found


def test_each_large_package_is_known_in_one_place() -> None:
    for path in PACKAGE.rglob("*.py"):
        there = roots(path)
        assert "lancedb" not in there or path.parent.name == "store", path
        # assistant names LlamaIndex's type in a signature
        assert "llama_index" not in there or path.stem in ("llama", "assistant"), path
        assert path.stem == "gradio_app" or not {"gradio", "gradio_client"} & there, path


def test_the_story_is_short() -> None:
    assert len((PACKAGE / "assistant.py").read_text(encoding="utf-8").splitlines()) < 150


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, qa, qa.cli; print(' '.join({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_the_public_names_are_sorted_few_and_there() -> None:
    assert list(qa.__all__) == sorted(qa.__all__)
    assert len(qa.__all__) <= 20
    assert all(getattr(qa, name).__name__ == name for name in qa.__all__)
