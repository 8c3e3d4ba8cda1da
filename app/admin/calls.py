"""What the administrator's pages and API ask of the application around the database."""

import asyncio
from typing import Any

from starlette.requests import Request

from app.admin.queries import free_bytes, health
from app.call import Call
from app.check import Finding, cheap_checks
from app.config import Settings
from app.live import Hub


async def read_health(call: Call) -> dict[str, Any]:
    """How the installation is: the database, what it holds, open streams, room, checks."""
    found: dict[str, Any] = await call.fetch(health)
    app = call.request.app
    settings: Settings = app.state.settings
    hub: Hub = app.state.hub
    return {
        **found,
        "streams": sum(len(channel.streams) for channel in hub.channels.values()),
        "free_bytes": free_bytes(settings.data_dir),
        "checks": [check._asdict() for check in await asyncio.to_thread(_checks, settings)],
    }


def link_url(request: Request, secret: str) -> str:
    """The address of a link to a password."""
    settings: Settings = request.app.state.settings
    return f"{settings.base_url}/password/{secret}"


def _checks(settings: Settings) -> list[Finding]:
    return list(cheap_checks(settings))
