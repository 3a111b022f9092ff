"""The modules import in one direction, and importing the package loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import qa

PACKAGE = Path(qa.__file__).parent
# A module imports only what stands above it.
ORDER = """
types errors settings text lexicon credits names mentions model blocks encoding days html markdown word bidi glyphs pdf
readers formats corpus limits tokens prompts copies store vectors index ingest doctor watch when whole requests reading
pronouns overview retrieve rewrite stance polar rank clarify models local extract write reword quotes support facts
alignment absence verify conflict answerers again assistant export chats render briefs footnotes suggest desk guard api
app cli testing
""".split()
# Packages of modules, in their own order; the others see a package as one.
PACKAGES = {"model": "pieces encoder embed read check".split()}
HEAVY = {"gradio", "llama_index", "lancedb", "numpy", "onnxruntime", "openai", "pyarrow", "pydantic", "tiktoken"}


def imported(path: Path) -> set[str]:
    """The modules of this package that a file names in its imports, wherever in the file they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "qa":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qa."):
            found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("qa.")}
    return found & set(ORDER)


def files(module: str) -> list[Path]:
    """The files of a module, or of a package of modules in their order."""
    if module not in PACKAGES:
        return [PACKAGE / f"{module}.py"]
    return [PACKAGE / module / f"{name}.py" for name in ("__init__", *PACKAGES[module])]


def within(path: Path) -> set[str]:
    """The modules of its own package that a file imports."""
    own = f"qa.{path.parent.name}."
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)]
    return {(node.module or "").removeprefix(own) for node in nodes if (node.module or "").startswith(own)}


def test_every_module_has_its_place() -> None:
    single = [path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"]
    assert sorted([*single, *PACKAGES]) == sorted(ORDER)
    for package in PACKAGES:
        assert sorted(files(package)) == sorted((PACKAGE / package).glob("*.py")), package


def test_a_module_imports_only_what_stands_above_it() -> None:
    for place, module in enumerate(ORDER):
        for path in files(module):
            assert imported(path) - {module} <= set(ORDER[:place]), path
    for package, order in PACKAGES.items():
        for place, name in enumerate(order):
            assert within(PACKAGE / package / f"{name}.py") <= set(order[:place]), name


def test_only_index_knows_llama_index_and_only_store_knows_lancedb() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            roots = {name.split(".")[0] for name in names}
            assert "lancedb" not in roots or path.stem == "store", path
            # assistant names LlamaIndex's type in a signature
            assert "llama_index" not in roots or path.stem in ("index", "assistant"), path


def test_only_app_knows_gradio() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            assert path.stem == "app" or not {"gradio", "gradio_client"} & {name.split(".")[0] for name in names}, path


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, qa, qa.cli; print(' '.join({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_the_public_names_are_sorted_few_and_there() -> None:
    assert list(qa.__all__) == sorted(qa.__all__)
    assert len(qa.__all__) <= 20
    assert all(getattr(qa, name).__name__ == name for name in qa.__all__)
