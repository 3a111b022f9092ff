"""The tables at one address, the index's own or its copy's, and what is known of them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from qa.index.store.engine import TABLES, connected, engine, options_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Places:
    """Where in a table, at one version of it, the rows of an address are: hashes of addresses, sorted, and row ids."""

    version: int
    hashes: NDArray[np.int64]
    rows: NDArray[np.int64]

    def of(self, addresses: Sequence[str]) -> list[int]:
        """The ids of the rows at these addresses, and seldom of one whose address has the hash of one of them."""
        import numpy as np

        wanted = np.unique(np.array([hash(address) for address in addresses], dtype=np.int64))
        first, last = (np.searchsorted(self.hashes, wanted, side=side) for side in ("left", "right"))
        return [row for a, b in zip(first, last, strict=True) for row in self.rows[a:b].tolist()]


@dataclass(slots=True, eq=False)
class Opened:
    """Tables that are open; ``looking``: as `engine.looking`."""

    address: str
    looking: timedelta
    tables: dict[str, Any]
    readers: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Places] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)  # readers of tables that were written to here
    terms: tuple[int, dict[str, int]] = (-1, {})

    async def reader(self, name: str) -> Any:
        """The table as the engine's asynchronous interface has it: several searches are under way at once there, each
        in two thirds of the time. Like the others it shows what any process has committed."""
        if name not in self.readers:
            options = options_of(self.address)
            db = await engine().connect_async(self.address, read_consistency_interval=self.looking, **options)
            self.readers[name] = await db.open_table(name)
        if name in self.behind:
            self.behind.discard(name)
            await self.readers[name].checkout_latest()
        return self.readers[name]


def opened_copy(address: str) -> Opened:
    """The tables of a copy, which nobody writes to."""
    looking = timedelta(0)
    db = connected(address, read_consistency_interval=looking)
    return Opened(address, looking, {name: db.open_table(name) for name in TABLES})
