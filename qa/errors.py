"""Every error that qa raises on purpose. Each is one sentence that says what to do next, and owns its exit code.

QAError                      1
├── UsageError               2   an argument, a question or a batch line that cannot be used
│   ├── SettingsError        2   a setting that does not exist or has the wrong kind of value
│   └── NotThere             2   a model, an article or a paragraph that a program names and that is not here
├── FolderError              2   the folder is missing, not a folder, or in a store that cannot be used
├── StoreError               3   the index is damaged, missing, out of reach or by another embedder
│   └── StoreUnwritable      3   the index cannot be written: a full disk, no leave, a lost lease
├── ClusterError             3   the Ray cluster does not answer, or lost its workers again and again
├── DatabaseError            3   the database of chats, briefs and feedback is damaged, taken or does not answer
├── WeightsError             3   a file of the package's own model is missing or damaged
├── PromptError              2   a prompt file lacks a placeholder or is missing
├── Overloaded               1   a server that has as many questions as it takes
│   └── Stopping             1   a server that takes no more, as it is being stopped
└── ModelError               4   the language model did not answer
    ├── ModelUnreachable     4   nothing listens there, or the network failed
    ├── ModelDenied          4   the key is missing, wrong or not allowed
    ├── ModelBusy            4   rate limit or overload, after retries
    └── ModelReply           4   it answered with something that is no answer

A refusal and an unsupported claim are values (`Answer`, `Claim`), not errors; a file that cannot be read is `Skipped`.
"""

from __future__ import annotations

from typing import ClassVar


class QAError(Exception):
    exit_code: ClassVar[int] = 1


class UsageError(QAError):
    exit_code = 2


class SettingsError(UsageError):
    pass


class NotThere(UsageError):  # noqa: N818 - what happened, as httpx names its errors
    pass


class FolderError(QAError):
    exit_code = 2


class StoreError(QAError):
    exit_code = 3


class StoreUnwritable(StoreError):  # noqa: N818 - what happened, as httpx names its errors
    pass


class ClusterError(QAError):
    exit_code = 3


class DatabaseError(QAError):
    exit_code = 3


class WeightsError(QAError):
    exit_code = 3


class PromptError(QAError):
    exit_code = 2


class Overloaded(QAError):  # noqa: N818 - what happened, as httpx names its errors
    pass


class Stopping(Overloaded):
    def __init__(self) -> None:
        super().__init__("This server is stopping; ask again in a moment.")


class ModelError(QAError):
    exit_code = 4


class ModelUnreachable(ModelError):  # noqa: N818 - what happened, as httpx names its errors
    pass


class ModelDenied(ModelError):  # noqa: N818 - what happened, as httpx names its errors
    pass


class ModelBusy(ModelError):  # noqa: N818 - what happened, as httpx names its errors
    pass


class ModelReply(ModelError):  # noqa: N818 - what happened, as httpx names its errors
    pass
