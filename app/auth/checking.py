"""Passwords that come with requests: checked and hashed off the event loop, guesses counted."""

import asyncio

from starlette.requests import Request

from app.auth import account
from app.auth.passwords import Passwords
from app.auth.service import note_failure
from app.call import Call
from app.errors import Invalid


def address_of(request: Request) -> str:
    """The address of the person's machine, as far as the proxies in front are believed."""
    return request.client.host if request.client else ""


async def matches(request: Request, password: str, kept: str | None) -> bool:
    """Whether a password is right; checked on a thread, since it takes long by design."""
    passwords: Passwords = request.app.state.passwords
    return await asyncio.to_thread(passwords.matches, password, kept)


async def hashed(request: Request, password: str) -> str:
    """A password as it is kept; hashed on a thread."""
    passwords: Passwords = request.app.state.passwords
    return await asyncio.to_thread(passwords.hash, password)


async def change_own_password(call: Call, old: str, new: str) -> int:
    """Changes the password of whoever asks and ends their other sessions; how many. 422 where the
    old one is wrong, which counts as a failed sign-in."""
    request = call.request
    address = address_of(request)
    attempts = request.app.state.settings.sign_in_attempts
    email, kept = await call.fetch(account.password_to_check, address, attempts)
    if not await matches(request, old, kept) or kept is None:
        await call.db.write(note_failure, email, address)
        raise Invalid((("body", "old_password"), account.WRONG_PASSWORD))
    ended: int = await call.act(account.change_password, kept, await hashed(request, new))
    return ended
