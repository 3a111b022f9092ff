"""Where the index of a folder lies, and where the page keeps what belongs to it; the folder is never written to."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qa import settings
from qa.articles.corpus import scan
from qa.articles.places import Place, Remote, is_remote, place
from qa.errors import FolderError
from qa.index import partitions, store
from qa.index.mirror import Copies
from qa.index.partitions import Index
from qa.model.embed import Embedder, bundled
from qa.settings import Settings

_CHECKOUT = Path(__file__).parents[2]


def folder(chosen: Settings) -> Place:
    """The folder of the settings, or the default one. Raises `FolderError` when there is no such folder."""
    root = place(chosen.folder) if chosen.folder else default_folder()
    if isinstance(root, Path) and not root.is_dir():
        raise FolderError(f"{root} is not a folder; give the folder that holds your articles.")
    return root


def default_folder() -> Path:
    """`seeds/` of the checkout this code runs from, or of the current folder. Raises `FolderError` without either."""
    for root in (Path.cwd(), _CHECKOUT):
        if (root / "seeds").is_dir():
            return root / "seeds"
    raise FolderError("No folder was named: give --folder, or set QA_FOLDER, to the folder that holds your articles.")


def index(chosen: Settings, root: Place) -> str:
    """The address of the index that the settings name, else of the folder's own."""
    return chosen.index or index_address(root)


def opened(chosen: Settings, root: Place, embedder: Embedder) -> Index:
    """The folder's index, of this embedder's vectors, made where there is none. Raises `StoreError` when another one
    made it, and where it has another number of partitions than the settings say."""
    address = index(chosen, root)
    return partitions.opened(
        address,
        embedder=embedder.identity,
        dim=embedder.dim,
        partitions=chosen.partitions,
        fitting=lambda: _fitting(chosen, root),
        copies=_copies(chosen, address),
    )


def _copies(chosen: Settings, address: str) -> Copies | None:
    """Where this index is copied to, if it is to be."""
    if not chosen.keep_copy or not is_remote(address):
        return None
    from platformdirs import user_cache_path

    own = _own_name(Remote(address.rstrip("/")))
    return Copies(user_cache_path("qa") / f"copies-{store.LAYOUT}" / own, int(chosen.keep_copy * 1e9))


def _fitting(chosen: Settings, root: Place) -> int:
    """How many partitions the folder's files fill."""
    size = sum(one.size for one in scan(root, max_mb=chosen.max_mb)[0])
    return max(1, math.ceil(size / (chosen.partition_mb * 1e6)))


def repartition(options: Mapping[str, Any], waiting: Callable[[], None] | None = None) -> None:
    """Has the index that these options would open, where there is one, in as many partitions as they say."""
    chosen = settings.load(options)
    address, embedder = index(chosen, folder(chosen)), bundled()
    if options["partitions"] and chosen.partitions and partitions.exists(address):
        partitions.repartitioned(
            address, chosen.partitions, embedder=embedder.identity, dim=embedder.dim, waiting=waiting
        )


def forget(options: Mapping[str, Any], *, empty: bool = False) -> int:
    """Drops the index that these options would open, so that the next opening builds it anew; returns how many
    partitions it had, 0 for one without. Raises `FolderError` where the folder has nothing to build it of, unless
    ``empty`` says that nothing is to be left."""
    chosen = settings.load(options)
    root = folder(chosen)
    address = index(chosen, root)
    if not empty and not scan(root, max_mb=chosen.max_mb)[0] and partitions.exists(address):
        raise FolderError(
            f"{root} has no articles now, and its index is kept; mount its disk or name another folder, or run "
            "`qa index --rebuild --empty` if nothing is to be left."
        )
    return partitions.forget(address)


def kept(options: Mapping[str, Any]) -> tuple[Path, str | None]:
    """The folder in which the page that these options would open keeps what people make, and the address of the
    database where that is another."""
    chosen = settings.load(options)
    return user_folder(folder(chosen)), chosen.database


def index_address(root: Place) -> str:
    """Where the folder's index lies: in the user's cache, by the folder's real path or address.

    An index of another layout of the tables has another place, so that a new version of this program starts anew.
    """
    from platformdirs import user_cache_path

    return str(user_cache_path("qa") / f"indexes-{store.LAYOUT}" / _own_name(root))


def user_folder(root: Place) -> Path:
    """Where the chat page keeps what belongs to the folder and is not the folder's: added articles, chats, feedback."""
    from platformdirs import user_data_path

    return user_data_path("qa") / _own_name(root)


def added_folder(root: Place) -> Path:
    """Where the articles lie that were added on the chat page."""
    return user_folder(root) / "added"


def _own_name(root: Place) -> str:
    real = str(root.resolve())
    name = "".join(c if c.isalnum() else "-" for c in root.resolve().name)[:40]
    return f"{name}-{hashlib.sha256(real.encode()).hexdigest()[:12]}"
