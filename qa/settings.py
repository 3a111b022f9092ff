"""One frozen `Settings`: defaults < qa.toml < QA_* environment < arguments; each value knows where it came from."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from qa.errors import SettingsError

_PREFIX = "QA_"
_SECRET = ("QA_TOKEN",)  # read where it is used (`qa.serve.auth`), and kept out of `qa settings`


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default. The API key is none of them: it is read from OPENAI_API_KEY and never kept."""

    folder: str | None = None  # the articles (a path, or an object store's address); None: `seeds/` of the checkout
    index: str | None = None  # where the index lives (a path, or an object store's address); None: the user's cache
    keep_copy: Annotated[float, Gt(0)] | None = None  # GB of this disk for a copy of an index in an object store
    partitions: Annotated[int, Ge(1), Le(1000)] | None = None  # of a new index; None: one for each partition_mb
    partition_mb: Annotated[float, Gt(0)] = 10_000.0  # of files, some 50 million sentences of plain text
    database: str | None = None  # of what people make with the page (postgresql://…); None: a file in the user's data
    answerer: Literal["auto", "extract", "llm"] = "auto"  # auto: llm with a model, or the extra `local` and no key
    model: str | None = None  # a name at the endpoint; `local` or the path of a .gguf file: in this process
    base_url: str | None = None  # an OpenAI-compatible endpoint; None: OPENAI_BASE_URL, else OpenAI
    check: Literal["strict", "show"] = "strict"  # what becomes of unsupported claims: taken out, or shown as such
    min_confidence: Annotated[float, Ge(0), Le(1)] | None = None  # below it: a refusal; None: the calibrated default
    top_k: Annotated[int, Ge(1), Le(100)] = 10  # paragraphs that are retrieved as evidence
    token_budget: Annotated[int, Ge(200)] | None = None  # of evidence in a prompt; None: 3000, 420 for a local model
    max_tokens: Annotated[int, Ge(16)] = 500  # of a model's answer
    structured: bool = False  # hold an endpoint's replies to a form (a strict JSON schema), where it can
    timeout: Annotated[float, Gt(0)] = 60.0  # seconds to wait for a model
    max_mb: Annotated[float, Gt(0)] = 20.0  # a larger file is skipped


def load(arguments: Mapping[str, Any] | None = None, *, file: Path | None = None) -> Settings:
    """The settings in force; an argument that is None counts as not given."""
    return _build({name: value for name, (value, _) in origins(arguments, file=file).items()})


def origins(arguments: Mapping[str, Any] | None = None, *, file: Path | None = None) -> dict[str, tuple[Any, str]]:
    """Each setting with its value and its origin: "default", the file's name, the variable, or "argument"."""
    found: dict[str, tuple[Any, str]] = {f.name: (f.default, "default") for f in fields(Settings)}
    path = file or Path("qa.toml")
    for layer, origin in ((_from_file(path), str(path)), (_from_environment(), ""), (arguments or {}, "argument")):
        for name, value in layer.items():
            _must_exist(name, origin or f"{_PREFIX}{name.upper()}")
            if value is not None:
                found[name] = (value, origin or f"{_PREFIX}{name.upper()}")
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read as TOML ({error}); mend it or move it away.") from error


def _from_environment() -> dict[str, str]:
    ours = (name for name in os.environ if name.startswith(_PREFIX) and name not in _SECRET)
    return {name[len(_PREFIX) :].lower(): os.environ[name] for name in ours}


def _must_exist(name: str, origin: str) -> None:
    known = [f.name for f in fields(Settings)]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        raise SettingsError(
            f"There is no setting {name!r} ({origin}); the nearest is {near!r}, `qa settings` lists all."
        )


def _build(values: dict[str, Any]) -> Settings:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Settings).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        name, got = first["loc"][0], first["input"]
        raise SettingsError(f"The setting {name!r} cannot be {got!r}: {first['msg']}; see `qa settings`.") from error
