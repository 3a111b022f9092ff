"""What can be asked: for each folder the embedded answerer, and the model that the server was started with.

One folder: `qa`, and the model by its own name. Several: each by its folder's name, with the model's behind a colon.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

from qa.assistant import Assistant
from qa.errors import NotThere
from qa.llm.local import LocalModel
from qa.serve.work import Work, freed

ALONE = "qa"  # the embedded answerer over the only folder


class Models:
    """The assistants by the names under which programs ask them, in the order of their folders."""

    def __init__(self, assistants: Sequence[Assistant], work: Work) -> None:
        self.work = work
        self.by_name: dict[str, Assistant] = {}
        self.folders: dict[str, Assistant] = {}  # by the folder's name: who answers where nobody is named
        for assistant in assistants:
            name = self._free(_plain(assistant.folder.resolve().name)) if len(assistants) > 1 else ALONE
            own = self._named(name, assistant, alone=len(assistants) == 1)
            self.folders[name] = own

    def named(self, name: str) -> Assistant:
        """The assistant of that name. Raises `NotThere`."""
        if name not in self.by_name:
            raise NotThere(f"There is no such model here; name one of: {', '.join(self.by_name)}.")
        return self.by_name[name]

    def folder(self, name: str | None) -> Assistant:
        """Who answers over that folder, the first one where none is named. Raises `NotThere`."""
        if not name:
            return next(iter(self.folders.values()))
        return self.folders[name] if name in self.folders else self.named(name)

    def _named(self, name: str, assistant: Assistant, *, alone: bool) -> Assistant:
        """Gives the folder's assistants their names, and returns the one that asks the model where there is one."""
        own = copy.copy(assistant)
        own.model, own.settings = None, replace(assistant.settings, answerer="extract", model=None)
        self.by_name[name] = own
        if assistant.model is None:
            return own
        asks = copy.copy(assistant)
        if not isinstance(assistant.model, LocalModel):  # which works in this process
            asks.model = freed(assistant.model, self.work)
        called = assistant.settings.model or assistant.model.identity
        self.by_name[self._free(called if alone else f"{name}:{called}")] = asks
        return asks

    def _free(self, name: str) -> str:
        """The name, with a number behind it where it is another's."""
        others = (f"{name}-{n}" for n in range(2, 1000))
        return next(one for one in (name, *others) if one not in self.by_name)


def _plain(name: str) -> str:
    """A folder's name as it can stand in an address and a header."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name) or "folder"
