"""Answers questions over a folder of articles; every sentence is cited and checked.

    from qa import Assistant
    answer = Assistant.open("seeds").ask("Who is the secretary of Russia's National Security Council?")

Importing this loads nothing heavy: each name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.errors import QAError
    from qa.settings import Settings
    from qa.types import Answer, Article, Citation, Claim, Evidence, Paragraph, Sentence, Turn

__version__ = "0.1.0"
__all__ = [
    "Answer", "Article", "Assistant", "Citation", "Claim", "Evidence", "Paragraph", "QAError", "Sentence", "Settings",
    "Turn",
]  # fmt: skip

_HOME = {"Assistant": "assistant", "QAError": "errors", "Settings": "settings"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"qa.{_HOME.get(name, 'types')}"), name)
