"""Every route that Weir has: those of the OpenAPI document, and the others."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr

from app.config import Settings
from app.main import create_app


class Route(NamedTuple):
    """A method and an address with the names of its parts: `GET /api/v1/boards/{key}`."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def app_for_looking() -> FastAPI:
    """An application that nobody asks anything: its database is never opened."""
    nowhere = Path("/nonexistent")
    settings = Settings(
        data_dir=nowhere,
        database_url=f"sqlite:///{nowhere / 'weir.db'}",
        secret_key=SecretStr("no secret"),
    )
    app = create_app(settings)
    app.state.db.close()
    return app


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return app_for_looking().openapi()


def documented() -> list[Route]:
    """The routes of the OpenAPI document."""
    return [
        Route(method.upper(), path)
        for path, methods in document()["paths"].items()
        for method in methods
    ]


def undocumented() -> list[Route]:
    """The routes of pages, and those for machines."""
    known = set(documented())
    found = [
        Route(method, context.path or "")
        for context in iter_route_contexts(app_for_looking().routes)
        for method in sorted((context.methods or {"GET"}) - {"HEAD"})
    ]
    return [route for route in found if route not in known]
