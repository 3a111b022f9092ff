"""How many wrong passwords and tokens may be tried: five in a minute by whom they come from, and then that one waits.

Of tokens that is an address. Where wrong ones come from many addresses, one is enough; but a right one is let in from
every address that has sent no wrong one, and from one where it was right before, whoever else guesses there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Literal

WAIT = 60  # seconds: five guesses a minute find no password of ten characters
_TRIES = 5  # wrong ones of one, after which it waits
_ALL = 50  # wrong ones of all together, after which each waits after its first: a choice, ten who have tried theirs
_MOST = 10_000  # names and addresses that are counted
_NETWORK = 64  # bits of an IPv6 address that one subscriber has; the others are theirs to choose

_log = logging.getLogger(__name__)


class Guesses:
    """Counts wrong guesses. May be asked from many threads at once."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and when the first came
        self._all = (0, now())
        self._right: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def tried(self, name: str) -> bool:
        """Counts a try, wrong until `forget` says that it was right; whether there were too many of late."""
        with self._lock:
            count, _ = self._count(name)
        return count >= _TRIES

    def forget(self, name: str) -> None:
        with self._lock:
            self._wrong.pop(name, None)

    def judged(self, where: str, who: str | None) -> Literal["in", "wrong", "wait"]:
        """What becomes of a token from an address: ``who`` has it, None for a wrong one."""
        with self._lock:
            known = who is not None and (where, who) in self._right
            if not known and self._waits(where):
                return "wait"
            if who is not None:
                _put(self._right, (where, who), None)
                return "in"
            count, total = self._count(where)
        if count + 1 == _TRIES or total + 1 == _ALL:
            _log.warning("Wrong tokens within a minute: %s from %s, %s in all.", count + 1, where, total + 1)
        return "wrong"

    def _waits(self, where: str) -> bool:
        count, total = self._lately(self._wrong.get(where))[0], self._lately(self._all)[0]
        return count >= (1 if total >= _ALL else _TRIES)

    def _count(self, name: str) -> tuple[int, int]:
        """Counts one more; how many there were before, of this name and of all."""
        count, since = self._lately(self._wrong.get(name))
        total, began = self._lately(self._all)
        _put(self._wrong, name, (count + 1, since))
        self._all = (total + 1, began)
        return count, total

    def _lately(self, counted: tuple[int, float] | None) -> tuple[int, float]:
        now = self._now()
        return counted if counted and now - counted[1] <= WAIT else (0, now)


def source(scope: MutableMapping[str, Any]) -> str:
    """Where a request comes from: an IPv4 address, or the network of an IPv6 address. Behind a proxy it is what that
    says, where uvicorn trusts it (on this machine, or `FORWARDED_ALLOW_IPS`)."""
    host = (scope.get("client") or ("",))[0]
    try:
        found = ip_address(host)
    except ValueError:
        return str(host)
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network(f"{found}/{_NETWORK}", strict=False))


def _put(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    """Puts it last, and takes the first ones out where they are too many."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _MOST:
        kept.popitem(last=False)
