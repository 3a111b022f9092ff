"""The prompts: Markdown files that anyone can review, with ``$name`` placeholders, known by the hash of their text."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from string import Template

from qa.errors import PromptError

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PART = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file: ``text`` without its comments, ``sha`` the first 12 hex digits of the file's SHA-256.

    A line ``---`` separates the parts: what the system says, then what the user says. ``$name`` is a placeholder,
    ``$$`` a dollar sign.
    """

    name: str
    text: str = field(repr=False)
    sha: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the placeholders, in order of appearance."""
        return tuple(Template(self.text).get_identifiers())

    def fill(self, **values: str) -> str:
        """The whole text with every placeholder replaced; PromptError when one is missing or a value has no place."""
        self._check(values)
        return Template(self.text).substitute(values)

    def parts(self, **values: str) -> tuple[str, ...]:
        """Like ``fill``, cut at the lines ``---`` of the prompt; such a line inside a value does not cut."""
        self._check(values)
        return tuple(Template(part.strip()).substitute(values) for part in _PART.split(self.text))

    def _check(self, values: dict[str, str]) -> None:
        for name in self.variables:
            if name not in values:
                raise PromptError(
                    f"The prompt {self.name}.md has the placeholder ${name}, for which there is no value."
                )
        for name in values:
            if name not in self.variables:
                raise PromptError(f"The prompt {self.name}.md lacks the placeholder ${name}; put it back.")


def load(name: str) -> Prompt:
    """The prompt in the file ``prompts/<name>.md``; PromptError when it is missing or a ``$`` is astray."""
    raw = _read(name)
    text = _COMMENT.sub("", raw).strip()
    if not Template(text).is_valid():
        raise PromptError(f"The prompt {name}.md has a $ that begins no placeholder; write $$ for a dollar sign.")
    return Prompt(name, text, hashlib.sha256(raw.encode()).hexdigest()[:12])


def _read(name: str) -> str:
    """The file's text: from the installed package (``qa/prompts``), or from the checkout beside it (``prompts``)."""
    packaged = resources.files("qa") / "prompts" / f"{name}.md"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8").replace("\r\n", "\n")
    beside = Path(__file__).parent.parent.parent / "prompts" / f"{name}.md"
    try:
        return beside.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PromptError(
            f"There is no prompt {name}.md in {beside.parent}; reinstall qa or restore the file."
        ) from None
