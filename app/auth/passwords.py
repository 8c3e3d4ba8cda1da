"""Passwords: hashed with Argon2id, at a cost that the settings choose."""

from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher


class Passwords:
    """Hashes and checks passwords; slow by design, so it is called off the event loop."""

    def __init__(self, *, memory_kib: int, passes: int) -> None:
        self._hash = _hasher(memory_kib, passes)
        # Checked for accounts that do not exist, so that the time does not tell.
        self._decoy = _decoy(memory_kib, passes)

    def hash(self, password: str) -> str:
        """The form in which a password is kept."""
        return self._hash.hash(password)

    def matches(self, password: str, kept: str | None) -> bool:
        """Whether a password is the one that is kept; takes as long where there is none."""
        try:
            matched = self._hash.verify(password, kept or self._decoy)
        except UnknownHashError:
            return False
        return matched and kept is not None


@cache
def _hasher(memory_kib: int, passes: int) -> PasswordHash:
    return PasswordHash((Argon2Hasher(memory_cost=memory_kib, time_cost=passes, parallelism=1),))


@cache
def _decoy(memory_kib: int, passes: int) -> str:
    return _hasher(memory_kib, passes).hash("nobody's password")
