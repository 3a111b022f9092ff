"""Fragments: rows that one process writes beside a table of Lance's, and another makes part of it.

By pylance, as lancedb has no such call; its release has to be the one that lancedb is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.articles.places import is_remote
from qa.errors import StoreError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

_TRIES = 3  # of a commit that another one came before


def written(table: str, rows: pa.Table, options: Mapping[str, str]) -> list[str]:
    """Writes rows to where a table lies, as fragments that are no part of it yet; returns what `commit` needs of each.

    What is never committed lies there unread; Lance clears it away when it is a week old.
    """
    from lance.fragment import write_fragments

    made = write_fragments(rows, table, schema=rows.schema, storage_options=dict(options)) if len(rows) else []
    return [json.dumps(one.to_json()) for one in made]


def commit(table: str, fragments: Sequence[str], *, gone: str, options: Mapping[str, str]) -> None:
    """Makes the fragments part of the table, in one commit with which the rows that this condition names are gone ("":
    none). Raises `StoreError` where a fragment was written on another machine's disk."""
    lance = _lance()
    new = [lance.FragmentMetadata.from_json(one) for one in fragments]
    for path in () if is_remote(table) else (Path(table, "data", file.path) for one in new for file in one.files):
        if not path.exists():
            raise StoreError(
                f"What a worker wrote is not at {table}: put the index in a bucket, or on a disk that all share."
            )
    for left in reversed(range(_TRIES)):
        there = lance.dataset(table, storage_options=dict(options))
        if (operation := _operation(lance, there, new, gone)) is None:
            return
        try:
            lance.LanceDataset.commit(there, operation, read_version=there.version)
            return
        except OSError as error:  # the engine has no class of its own for it
            if not left or "conflict" not in str(error).lower():
                raise


def _operation(lance: Any, there: Any, new: Sequence[Any], gone: str) -> Any:
    """What to commit; None where there is nothing to do."""
    kept, emptied = [], []
    rows = there.to_table(columns=[], filter=gone, with_row_address=True)["_rowaddr"].to_numpy() if gone else None
    for fragment in () if rows is None else sorted(set((rows >> 32).tolist())):
        with_deletions = there.get_fragment(fragment).delete(gone)
        kept += [with_deletions] if with_deletions else []
        emptied += [] if with_deletions else [fragment]
    if not (kept or emptied):
        return lance.LanceOperation.Append(new) if new else None
    return lance.LanceOperation.Update(removed_fragment_ids=emptied, updated_fragments=kept, new_fragments=new)


def _lance() -> Any:
    try:
        import lance
    except ImportError as error:
        raise UsageError(
            "Writing from several machines needs the package pylance: run `uv run --extra cluster qa …`."
        ) from error
    return lance
