"""Who answers: what was chosen in each browser, the key too, in memory until the server stops."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from qa.assistant import Assistant
from qa.errors import ModelError, UsageError
from qa.llm.endpoint import ChatModel, Message, OpenAIModel, address
from qa.page import chats, render
from qa.page.render import Sent
from qa.page.rules import Rules

_CHOICES = 1000  # browsers whose choice of a model is kept
_TEST = 15.0  # seconds that a model is given to answer a test


@dataclass(frozen=True, slots=True)
class Choice:
    """Who answers, as chosen in one browser. The key is in no representation of this."""

    answerer: Literal["extract", "llm"] = "extract"
    model: str = ""
    base_url: str = ""
    key: str = field(default="", repr=False)
    check: Literal["strict", "show"] = "strict"
    min_confidence: float | None = None


class Models:
    """The model that each browser chose. Its methods may be called from many threads at once."""

    def __init__(self, assistant: Assistant, rules: Rules) -> None:
        self._base, self._rules = assistant, rules
        self._choices: OrderedDict[str, Choice] = OrderedDict()
        self._lock = threading.Lock()

    def chosen(self, *, browser: str) -> Sent:
        """What is chosen in this browser; whether there is a key, never the key."""
        choice = self._choice(browser)
        return {"answerer": choice.answerer, "model": choice.model, "base_url": choice.base_url,
                "key": bool(choice.key),
                "check": choice.check, "min_confidence": choice.min_confidence}  # fmt: skip

    def choose(self, *, browser: str, **chosen: Any) -> Sent:
        """Keeps what was chosen for this browser. Raises `UsageError` for what cannot be."""
        choice = self._wanted(browser, chosen)
        self._model(choice)
        with self._lock:
            self._choices[browser] = choice
            self._choices.move_to_end(browser)
            while len(self._choices) > _CHOICES:
                self._choices.popitem(last=False)
        return self.chosen(browser=browser)

    def test(self, *, browser: str, language: str, **chosen: Any) -> Sent:
        """Asks the model for a word; says what is wrong in the error's own sentence."""
        said = render.words(str(language))
        try:
            model = self._model(self._wanted(browser, {**chosen, "answerer": "llm"}), timeout=_TEST)
            assert model is not None
            next(iter(model.stream([Message("user", "Say: yes.")], max_tokens=64)))
        except (ModelError, UsageError) as error:
            return {"ok": False, "said": render.told(str(error), said)}
        return {"ok": True, "said": said["test_ok"].format(model.identity)}

    def assistant(self, browser: str) -> Assistant:
        """The assistant as this browser wants it, over the same index."""
        if browser not in self._choices:
            return self._base
        choice, base = self._choices[browser], self._base
        chosen = replace(base.settings, check=choice.check, min_confidence=choice.min_confidence)
        return Assistant(base.folder, base.store, base.embedder, chosen, self._model(choice),
                         added_folder=base.added_folder)  # fmt: skip

    def _wanted(self, browser: str, chosen: Mapping[str, Any]) -> Choice:
        """What the panel sent, as a choice; an empty key keeps the one that was given for the same endpoint."""
        before = self._choice(browser)
        least = str(chosen.get("min_confidence") or "").strip()
        try:
            wanted = Choice(
                answerer="llm" if chosen.get("answerer") == "llm" else "extract",
                model=str(chosen.get("model") or "").strip()[:200],
                base_url=str(chosen.get("base_url") or "").strip()[:500],
                key=str(chosen.get("key") or "").strip()[:500],
                check="show" if chosen.get("check") == "show" else "strict",
                min_confidence=min(max(float(least), 0.0), 1.0) if least else None,
            )
        except ValueError:
            raise UsageError(
                "The least confidence is a number from 0 to 1; leave it empty for the usual one."
            ) from None
        if not wanted.key and wanted.base_url == before.base_url:
            wanted = replace(wanted, key=before.key)
        if wanted.base_url and not re.match(r"https?://[^\s]+$", wanted.base_url):
            raise UsageError("The endpoint is an address such as http://localhost:11434/v1.")
        return wanted

    def _choice(self, browser: str) -> Choice:
        return self._choices.get(chats.checked(browser)) or self._initial()

    def _initial(self) -> Choice:
        """What the server was started with."""
        given, base = self._base.settings, self._base.model
        return Choice("llm" if base else "extract", given.model or (base.identity if base else ""),
                      given.base_url or "", "", given.check, given.min_confidence)  # fmt: skip

    def _model(self, choice: Choice, timeout: float | None = None) -> ChatModel | None:
        if choice.answerer == "extract":
            return None
        base = self._base.model
        started_with = replace(choice, check="strict", min_confidence=None) == replace(
            self._initial(), check="strict", min_confidence=None
        )
        if base is not None and started_with:
            return base
        if not choice.model:
            raise UsageError("Name a model, such as gpt-4.1-mini or qwen3.")
        if not (self._rules.allows(choice.base_url) or self._started_with(choice.base_url)):
            raise UsageError("The models at that address are not to be asked from here; choose another, or ask whoever "
                             "runs this page for --endpoint.")  # fmt: skip
        return OpenAIModel(choice.model, base_url=choice.base_url or None, api_key=choice.key or None,
                           environment=self._started_with(choice.base_url),
                           timeout=timeout or self._base.settings.timeout,
                           max_retries=0 if timeout else 2)  # fmt: skip

    def _started_with(self, base_url: str) -> bool:
        """Whether this is the address that the server was started with, the only one that the environment's key is
        for; OpenAI's own, where none was named."""
        base = self._base.model
        own = base.base_url if isinstance(base, OpenAIModel) else address(self._base.settings.base_url)
        return address(base_url).rstrip("/") == own.rstrip("/")
