"""Where the index of a folder lies, and where the page keeps what belongs to it; the folder is never written to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qa import settings
from qa.articles.corpus import scan
from qa.articles.places import Place, Remote, is_remote, place
from qa.errors import FolderError
from qa.index import store
from qa.index.mirror import Copy
from qa.index.store import LanceStore
from qa.model.embed import Embedder
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


def opened(chosen: Settings, root: Place, embedder: Embedder) -> LanceStore:
    """The folder's index, of this embedder's vectors. Raises `StoreError` when another one made it."""
    address = index(chosen, root)
    copy = _copy(address, chosen.keep_copy) if chosen.keep_copy and is_remote(address) else None
    return LanceStore(address, embedder=embedder.identity, dim=embedder.dim, copy=copy)


def _copy(address: str, gigabytes: float) -> Copy:
    from platformdirs import user_cache_path

    there = Remote(address.rstrip("/"))
    return Copy(there, user_cache_path("qa") / f"copies-{store.LAYOUT}" / _own_name(there), int(gigabytes * 1e9))


def forget(options: Mapping[str, Any], *, empty: bool = False) -> None:
    """Drops the index that these options would open, so that the next opening builds it anew. Raises `FolderError`
    where the folder has nothing to build it of, unless ``empty`` says that nothing is to be left."""
    chosen = settings.load(options)
    root = folder(chosen)
    address = index(chosen, root)
    if not empty and not scan(root, max_mb=chosen.max_mb)[0] and store.exists(address):
        raise FolderError(
            f"{root} has no articles now, and its index is kept; mount its disk or name another folder, or run "
            "`qa index --rebuild --empty` if nothing is to be left."
        )
    store.forget(address)


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
