"""Questions to the models that are served, whoever brings them: OpenAI's clients, or MCP's."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from qa.serve import log
from qa.serve.annotations import Piece, pieces
from qa.serve.bodies import Asked
from qa.serve.metrics import Metrics
from qa.serve.models import Models
from qa.types import Answer


@dataclass(frozen=True, slots=True)
class Answering:
    """What a server has: its models, and what it counts."""

    models: Models
    metrics: Metrics

    def pieces(self, model: str, asked: Asked) -> AsyncGenerator[Piece, None]:
        """The answer of that model, a claim at a time, each after it has passed its check. Raises `NotThere` now, and
        `Overloaded`, `UsageError` and `ModelError` when its parts are taken."""
        assistant = self.models.named(model)
        stream = assistant.stream(asked.question, asked.history, as_of=asked.as_of, filters=asked.filters)
        return self._counted(model, asked.question, pieces(self.models.work.parts(stream)))

    async def _counted(
        self, model: str, question: str, said: AsyncGenerator[Piece, None]
    ) -> AsyncGenerator[Piece, None]:
        with log.timed(question, server="api", asked=model) as outcome:
            try:
                async for piece in said:
                    if piece.answer:
                        outcome.answer = piece.answer
                        self.metrics.answered(model, piece.answer)
                    yield piece
            finally:
                await said.aclose()

    async def answer(self, folder: str | None, asked: Asked) -> Answer:
        """The whole answer of who answers over that folder. Raises as `pieces` does."""
        assistant = self.models.folder(folder)
        name = next(name for name, one in self.models.by_name.items() if one is assistant)
        *_, last = [piece async for piece in self.pieces(name, asked)]
        assert last.answer is not None
        return last.answer
