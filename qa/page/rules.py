"""What a page lets those do who may use it: everything on one's own machine, less where others can reach it."""

from __future__ import annotations

from dataclasses import dataclass

from qa.llm.endpoint import address

# Of the calls of `actions.Desk.calls`, and `add`: what changes the folder, or who answers
FOR_EDITORS = frozenset({"add", "remove", "reindex", "set_model", "test_model"})

NO_UPLOADS = "Nobody may add files here; ask whoever runs this page."


@dataclass(frozen=True, slots=True)
class Rules:
    """``uploads``: whether articles can be added; at most ``files`` of them, of ``megabytes`` together (None: any).
    ``endpoints``: the addresses of models that can be chosen beside what the page was started with (None: any).
    ``each``: the questions of one person that are answered at once (None: any)."""

    uploads: bool = True
    files: int | None = None
    megabytes: float | None = None
    endpoints: tuple[str, ...] | None = None
    each: int | None = None

    def allows(self, base_url: str) -> bool:
        """Whether the models at this address may be asked."""
        wanted = address(base_url or None).rstrip("/")
        return self.endpoints is None or wanted in {address(one).rstrip("/") for one in self.endpoints}
