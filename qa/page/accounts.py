"""Who may use a page that others can reach: those of a password file, and those who have one of `QA_TOKEN`'s tokens.

The file has a line for each: ``name:role:hash``, the hash argon2id's, as `qa password` writes it. A reader asks; an
editor also adds and removes articles and chooses who answers. It is read again when it has changed. A token is for a
program, and for a person without a name: a reader's.

A session is a value that only this server can have made: name, end, and an HMAC over both and the hash, by the
database's own secret. So it outlives a restart, holds on every server of that database, and ends with its password.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from qa.errors import UsageError
from qa.serve.guesses import Guesses

Role = Literal["reader", "editor"]
LONGEST = 7 * 24 * 3600  # seconds of a session
SHORTEST = 10  # characters of a password
_NAME = r"[\w.@-]{1,64}"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks. ``proof`` is the hash of the password, or the token; it is in no representation of this."""

    name: str
    role: Role
    proof: str

    def __repr__(self) -> str:
        return f"Account({self.name!r}, {self.role!r})"

    @property
    def person(self) -> str:
        """The name under which the database keeps what this account makes."""
        return hashlib.sha256(f"qa person {self.name}".encode()).hexdigest()[:32]


class Accounts:
    """The accounts of a file, as it is now, and of tokens. May be asked from many threads at once."""

    def __init__(self, file: Path | None = None, tokens: Sequence[str] = ()) -> None:
        self._file = file
        self._tokens = tuple(Account(f"token-{_digest(token)[:8]}", "reader", token) for token in tokens)
        self._stamp: tuple[int, int] | None = None
        self._named: dict[str, Account] = {}
        self._lock = threading.Lock()
        if file:
            self._stamp, self._named = _stamp(file), read(file)

    def __bool__(self) -> bool:
        """Whether anybody is to sign in, though the file may name nobody yet."""
        return bool(self._file or self._tokens)

    def find(self, name: str) -> Account | None:
        return next((one for one in (*self._now().values(), *self._tokens) if one.name == name), None)

    def by_token(self, token: str) -> Account | None:
        """Whose token this is; it takes as long for each that it is not."""
        given = _digest(token)
        same = [one for one in self._tokens if hmac.compare_digest(given, _digest(one.proof))]
        return same[0] if same else None

    def by_password(self, name: str, password: str) -> Account | None:
        """The account of a name and its password. A name that is none takes as long."""
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        found, hasher = self._now().get(name), PasswordHasher()
        try:
            hasher.verify(found.proof if found else _nobody(), password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):  # half a character is in no password
            return None
        return found

    def _now(self) -> dict[str, Account]:
        """The accounts of the file; none where it cannot be read any more."""
        if self._file is None:
            return {}
        with self._lock:
            try:
                if (stamp := _stamp(self._file)) != self._stamp:
                    self._stamp, self._named = stamp, read(self._file)
            except UsageError as error:
                _log.error("Nobody can sign in: %s", error)
                self._stamp, self._named = None, {}
            return self._named


class Sessions:
    """Signs accounts in, and knows them again."""

    def __init__(self, accounts: Accounts, secret: str, *, now: Callable[[], float] = time.time) -> None:
        self.accounts = accounts
        self.cookie = f"qa-{_digest(secret)[:8]}"  # cookies know no ports: two pages on one host have two names
        self._secret, self._now = secret.encode(), now
        self._passwords, self._tokens = Guesses(now=now), Guesses(now=now)

    def sign_in(self, name: str, password: str, where: str = "") -> tuple[Account, str] | Literal["wrong", "wait"]:
        """The account and the value of its session; else why there is none. Without a name the password is a token,
        which came from the address ``where``."""
        if not name:
            found = self.by_token(password, where)
        elif self._passwords.tried(name):
            return "wait"
        else:
            found = self.accounts.by_password(name, password) or "wrong"
        if isinstance(found, str):
            return found
        self._passwords.forget(name)
        end = int(self._now()) + LONGEST
        return found, f"{found.name}:{end}:{self._sign(found, end)}"

    def by_token(self, token: str, where: str) -> Account | Literal["wrong", "wait"]:
        """Whose token it is that came from that address; else why it lets nobody in."""
        found = self.accounts.by_token(token)
        judged = self._tokens.judged(where, found.name if found else None)
        return found if found and judged == "in" else "wait" if judged == "wait" else "wrong"

    def of(self, value: str) -> Account | None:
        """Whose session this is; None for one that has ended or that this server did not make."""
        match = re.fullmatch(rf"({_NAME}):(\d{{1,12}}):([0-9a-f]{{64}})", value)
        found = self.accounts.find(match[1]) if match else None
        if match is None or found is None or int(match[2]) <= self._now():
            return None
        return found if hmac.compare_digest(match[3], self._sign(found, int(match[2]))) else None

    def _sign(self, account: Account, end: int) -> str:
        said = f"{account.name}\n{end}\n{account.role}\n{account.proof}"
        return hmac.new(self._secret, said.encode(), "sha256").hexdigest()


def read(file: Path) -> dict[str, Account]:
    """The accounts of a password file by their names. Raises `UsageError` for one that cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The password file {file} cannot be read ({error}); `qa password` writes one.") from error
    found: dict[str, Account] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.strip().partition(":")
        role, _, proof = rest.partition(":")
        if not re.fullmatch(_NAME, name) or role not in get_args(Role) or not proof.startswith("$argon2"):
            raise UsageError(f"Line {number} of {file} is not name:role:hash; `qa password` writes such lines.")
        found[name] = Account(name, "editor" if role == "editor" else "reader", proof)
    return found


def write(file: Path, name: str, role: Role, password: str) -> None:
    """Puts a name's line into the file, in the place of an older one. Raises `UsageError`."""
    from argon2 import PasswordHasher

    if not re.fullmatch(_NAME, name):
        raise UsageError("A name has up to 64 letters, digits and . _ @ -; choose such a one.")
    if len(password) < SHORTEST:
        raise UsageError(f"A password has at least {SHORTEST} characters; choose a longer one.")
    kept = read(file) if file.exists() else {}
    kept[name] = Account(name, role, PasswordHasher().hash(password))
    draft = file.with_name(f"{file.name}.new")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text("".join(f"{one.name}:{one.role}:{one.proof}\n" for one in kept.values()), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise UsageError(f"The password file {file} cannot be written ({error.strerror}); name another.") from error


def _stamp(file: Path) -> tuple[int, int]:
    try:
        return (found := file.stat()).st_mtime_ns, found.st_ino
    except OSError as error:
        raise UsageError(f"The password file {file} cannot be read ({error}); `qa password` writes one.") from error


@cache
def _nobody() -> str:
    """A hash whose password nobody has, of the cost of the others."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(secrets.token_hex(16))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
