"""Where articles and an index may lie: a path on this machine, or an address in an object store (s3://, gs://, az://).

The one part that lists and reads objects, and says what is wrong with a store. It is obstore, the Rust crate that
Lance's own access to object stores is made of, so that articles and tables take the same credentials from the
environment and nowhere else.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from qa.errors import FolderError, QAError, UsageError

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az")
RETRIES = 6  # of a request that a store turns away (503) or does not answer, the last some three seconds after another
SECONDS = 30  # that a request may take, and all of its retries
_CONNECT = 5  # seconds
_ENVIRONMENT = ("AWS_", "GOOGLE_", "AZURE_")
_LONGEST = 160  # characters of a store's own words in a sentence of ours


@dataclass(frozen=True, slots=True)
class Object:
    """An object by its name below a place: its bytes' size, and a number that changes with them (63 bits)."""

    name: str
    size: int
    mark: int


Version = Mapping[str, str]  # of an object, by which a store knows it again


@dataclass(frozen=True, slots=True, order=True)
class Remote:
    """A folder or file in an object store, with the methods of a `Path` that are asked of one.

    They raise `FileNotFoundError` for what is not there, and `FolderError` for a store that cannot be used.
    """

    address: str  # s3://bucket/articles, without a / at its end

    def __str__(self) -> str:
        return self.address

    def __truediv__(self, name: str) -> Remote:
        return Remote(f"{self.address}/{name}")

    @property
    def name(self) -> str:
        return self.address.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def root(self) -> str:
        """The address of the bucket."""
        return "/".join(self.address.split("/")[:3])

    @property
    def key(self) -> str:
        return self.address[len(self.root) + 1 :]

    def resolve(self) -> Remote:
        return self

    def exists(self) -> bool:
        """Whether there is an object of this name."""
        return self.status() is not None

    def status(self) -> Object | None:
        try:
            with _said_of(self):
                return _object(_obstore().head(_store(self.root), self.key), self.name)
        except FileNotFoundError:
            return None

    def read_bytes(self) -> bytes:
        with _said_of(self):
            return bytes(_obstore().get(_store(self.root), self.key).bytes())

    def head(self, length: int) -> bytes:
        """The first bytes, of an object that has any."""
        return self.part(0, length)

    def part(self, start: int, end: int) -> bytes:
        """The bytes from one place to before another, as far as there are any; there has to be one."""
        with _said_of(self):
            return bytes(_obstore().get_range(_store(self.root), self.key, start=start, end=end))

    def write(self, content: bytes, *, over: Version | None) -> Version | None:
        """Writes the object if it is still the version ``over`` (None: if there is none); returns the new version, or
        None where there is another one by now."""
        obstore = _obstore()
        refused = (obstore.exceptions.AlreadyExistsError, obstore.exceptions.PreconditionError)
        mode: Any = "create" if over is None else dict(over)
        try:
            with _said_of(self, but=refused, missing=False):
                put = obstore.put(_store(self.root), self.key, content, mode=mode, use_multipart=False)
        except refused:
            return None
        return _version(put)

    def unlink(self) -> None:
        with _said_of(self):
            _obstore().delete(_store(self.root), self.key)

    def version(self) -> tuple[Version, bytes] | None:
        """The object's version with its bytes; None where there is none."""
        try:
            with _said_of(self):
                got = _obstore().get(_store(self.root), self.key)
                return _version(got.meta), bytes(got.bytes())
        except FileNotFoundError:
            return None


Place = Path | Remote


def place(given: str) -> Place:
    """The path or the object store's address that a text is. Raises `FolderError` for an address of another kind."""
    if not is_remote(given):
        return Path(given)
    scheme, _, rest = given.partition("://")
    if scheme not in SCHEMES or not rest.strip("/"):
        raise FolderError(f"{given} is no place for articles: give a path, or an address as s3://bucket/articles.")
    return Remote(f"{scheme}://{rest.strip('/')}")


def is_remote(address: str) -> bool:
    return "://" in address


def reach(place: Remote) -> None:
    """Raises `FolderError` where the store of the place cannot be used: one request tells."""
    with _said_of(place):
        next(iter(_obstore().list(_store(place.root), place.key or None)), None)


def listed(folder: Remote) -> tuple[list[Object], list[str]]:
    """The objects below an address, and the folders there that cannot be listed: a key in them has an empty or dotted
    part ("a//b.txt", "a/../b.txt"), which obstore takes for an error. Raises `FolderError` where nothing lies there."""
    found, unread = below(folder)
    if not found and not unread:
        raise FolderError(f"Nothing lies at {folder}: name the address that holds the articles.")
    return found, unread


def below(folder: Remote) -> tuple[list[Object], list[str]]:
    """As `listed`, and nothing where nothing lies there."""
    with _said_of(folder):
        found: list[ObjectMeta] = []
        unread = [_below(folder, key) or "." for key in _walked(folder.root, folder.key, found)]
    return [_object(meta, _below(folder, meta["path"])) for meta in found], unread


def _walked(root: str, prefix: str, found: list[ObjectMeta]) -> Iterator[str]:
    """Adds what lies below a key, and names the folders that cannot be listed. A bucket is listed at once, a thousand
    objects a request; only where that fails, folder by folder."""
    obstore, store = _obstore(), _store(root)
    try:
        found += [meta for some in obstore.list(store, prefix or None, chunk_size=1000) for meta in some]
    except obstore.exceptions.InvalidPathError:
        try:
            here = obstore.list_with_delimiter(store, prefix or None)
        except obstore.exceptions.InvalidPathError:
            yield prefix
            return
        found += here["objects"]
        for folder in here["common_prefixes"]:
            yield from _walked(root, folder, found)


def _below(folder: Remote, key: str) -> str:
    """The key as it is named from the folder."""
    return key[len(folder.key) + 1 :] if folder.key else key


def _version(meta: Any) -> Version:
    """S3 and Azure go by the tag, Google by the version."""
    return {name: meta[name] for name in ("e_tag", "version") if meta[name]}


def _object(meta: ObjectMeta, name: str) -> Object:
    mark = meta["e_tag"] or meta["last_modified"].isoformat()
    return Object(name, meta["size"], int.from_bytes(sha256(mark.encode()).digest()[:8]) >> 1)


# ── the store ────────────────────────────────────────────────────────────────────────────────────────────────────────


def options() -> dict[str, str]:
    """What Lance is told of object stores: as patient as this module, and an endpoint may be plain HTTP."""
    return {
        "allow_http": "true",
        "client_max_retries": str(RETRIES),
        "client_retry_timeout": str(SECONDS),
        "timeout": f"{SECONDS}s",
        "connect_timeout": f"{_CONNECT}s",
    }


def _store(root: str) -> ObjectStore:
    """The store of a bucket, connected as the environment says now."""
    known = tuple(sorted(pair for pair in os.environ.items() if pair[0].startswith(_ENVIRONMENT)))
    return _connected(root, known, RETRIES, SECONDS)


@functools.lru_cache(maxsize=32)
def _connected(root: str, _environment: tuple[tuple[str, str], ...], retries: int, seconds: int) -> ObjectStore:
    from obstore.store import from_url

    with _said_of(Remote(root)):
        return from_url(
            root,
            client_options={
                "allow_http": True,
                "timeout": timedelta(seconds=seconds),
                "connect_timeout": timedelta(seconds=_CONNECT),
            },
            retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=seconds)},
        )


def _obstore() -> Any:
    try:
        import obstore
        import obstore.exceptions
    except ImportError as error:
        raise UsageError(
            "An address in an object store needs the package obstore: "
            "run `uv run --extra s3 qa …`, or `pip install obstore`."
        ) from error
    return obstore


# ── what is wrong with it ────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _said_of(place: Remote, *, but: tuple[type[Exception], ...] = (), missing: bool = True) -> Iterator[None]:
    """Turns what obstore raises into a `FolderError` about the place, but for these and, if that may be ``missing``,
    for what is not there."""
    obstore = _obstore()
    try:
        yield
    except (*but, QAError, obstore.exceptions.InvalidPathError):
        raise
    except (obstore.exceptions.BaseError, FileNotFoundError, ValueError) as error:
        if missing and isinstance(error, FileNotFoundError):
            raise
        said = str(error).split("\n\nDebug source")[0]
        unknown = f"{place} cannot be read ({' '.join(said.split())[:_LONGEST]}): look at the address."
        raise FolderError(trouble(str(place), said) or unknown) from error


def trouble(address: str, said: str) -> str:
    """What is wrong with a store and what to do, in one sentence; "" where its words say nothing of that.

    They are obstore's or Lance's: the crate that both are made of tells a store's answer only by its text.
    """
    bucket = Remote(address).root
    found = re.search(r"status(?: code)?: (\d{3})", said)
    code = re.search(r"<Code>(\w{1,60})</Code>", said)
    status, why = found[1] if found else "", " ".join(one[1] for one in (found, code) if one)
    if _UNSIGNED.search(said):
        return (
            f"There are no credentials for {bucket}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or those of its "
            "kind of store."
        )
    if status == "404":
        named = _NO_BUCKET.search(said)
        return f"There is no bucket {bucket}: name one that is there, or look at AWS_ENDPOINT_URL." if named else ""
    if _ELSEWHERE.search(said):
        return f"{bucket} lies in another region: set AWS_REGION to its own."
    if status in ("400", "401", "403"):
        return f"{bucket} refuses this ({why}): look at the credentials, and at what they may do there."
    if status == "501":
        return f"{bucket} knows no conditional writes ({why}), which an index needs: put it elsewhere with --index."
    if status.startswith("5") or status == "429":
        return f"{bucket} does not answer ({why}): try again later."
    if not status and _AWAY.search(said):
        return f"{bucket} cannot be reached: look at AWS_ENDPOINT_URL and at the network, or try again later."
    return ""


# The last: where neither has any it asks the machine that it may run on, in a cloud.
_UNSIGNED = re.compile(
    r"Failed to get \w+ credentials|CredentialsNotLoaded|169\.254\.\d|/latest/api/token|metadata\.google", re.I
)
_ELSEWHERE = re.compile(r"AuthorizationHeaderMalformed|PermanentRedirect|Received redirect|BareRedirect")
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|specified (?:bucket|container) does not exist", re.I)
_AWAY = re.compile(r"error sending request|kind: (?:Connect|Timeout)|timed out|after \d+ retries|HttpError", re.I)
