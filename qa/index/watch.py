"""Follows folders: says when something in them has changed and then come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qa.articles.places import Place, Remote

_QUIET = 500  # ms without a change, after which what changed is read; an editor writes a file in several steps
_LONGEST = 10_000  # ms, after which it is read although changes go on
_LOOK = 1_000  # ms until the first look: what changed before the folder was watched is not missed


_POLLED = 60  # seconds between two looks at an object store, which tells nobody of a change


def settled(folders: Sequence[Place], *, wait: Callable[[float], object] = time.sleep) -> Iterator[None]:
    """Once soon after the start, and then each time that files below the folders have changed; where one of them is in
    an object store, every minute. Ends on Ctrl-C."""
    from watchfiles import watch

    while any(isinstance(folder, Remote) for folder in folders):
        yield
        wait(_POLLED)
    there = [folder for folder in folders if isinstance(folder, Path) and folder.is_dir()]
    looked = False
    for changes in watch(*there, step=_QUIET, debounce=_LONGEST, rust_timeout=_LOOK, yield_on_timeout=True,
                         raise_interrupt=False):  # fmt: skip
        if changes or not looked:
            yield
        looked = True
