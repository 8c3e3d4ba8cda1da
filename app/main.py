"""The application, wired together."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from app import __version__, openapi, problems
from app import help as help_pages
from app.admin import api as admin_api
from app.admin import pages as admin_pages
from app.andon import api as andon_api
from app.andon import pages as andon_pages
from app.auth import account_pages, link_pages
from app.auth import api as auth_api
from app.auth import pages as auth_pages
from app.auth.passwords import Passwords
from app.boards import api as boards_api
from app.boards import new_pages
from app.boards import pages as boards_pages
from app.call import COOKIE
from app.cards import (
    adding_pages,
    archive_pages,
    bulk_pages,
    card_pages,
    moving_api,
    rename_pages,
    transfer_pages,
)
from app.cards import api as cards_api
from app.cards import pages as cards_pages
from app.compress import Compress
from app.config import Settings, load_secret
from app.db import Database, Tx
from app.details import api as details_api
from app.details import pages as details_pages
from app.details import part_pages
from app.errors import Unavailable
from app.exchange import api as exchange_api
from app.exchange import pages as exchange_pages
from app.files import CachedFiles
from app.flow import (
    aging_api,
    blockers_api,
    constraint_api,
    cumulative_api,
    forecast_api,
    markers_api,
    markers_pages,
    mix_api,
    portfolio_api,
    portfolio_pages,
    refusals_api,
    standup_pages,
    stream_api,
    strip_api,
)
from app.flow import api as flow_api
from app.flow import pages as flow_pages
from app.flow.closing import DayCloser
from app.guard import Guard
from app.live import Hub
from app.samples import api as samples_api
from app.samples import first_run
from app.samples import pages as samples_pages
from app.schema import is_current
from app.shaping import api as shaping_api
from app.shaping import (
    column_pages,
    group_pages,
    label_api,
    label_pages,
    lane_pages,
    limit_pages,
)
from app.shaping import pages as shaping_pages
from app.unchanged import Unchanged
from app.web import STATIC, Web


def create_app(settings: Settings, db: Database | None = None) -> FastAPI:
    """Weir as an ASGI application on a database that is migrated already."""
    database = db or Database(
        settings.url,
        synchronous=settings.sqlite_synchronous,
        pool_size=settings.database_pool_size,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await app.state.hub.start()
        closer = DayCloser(database)
        closer.start()
        # What start-up made lives as long as the process: no collection looks at it again.
        gc.freeze()
        yield
        await closer.stop()
        await app.state.hub.stop()
        if db is None:
            database.close()

    app = FastAPI(
        title="Weir",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        routes=_routes(),
    )
    app.state.settings = settings
    app.state.db = database
    app.state.hub = Hub(database)
    app.state.web = Web(settings, load_secret(settings))
    app.state.cookie = f"__Host-{COOKIE}" if settings.is_secure else COOKIE
    app.state.passwords = Passwords(
        memory_kib=settings.password_memory_kib, passes=settings.password_passes
    )
    problems.install(app)
    openapi.install(app)
    app.add_middleware(Compress)
    app.add_middleware(Unchanged, db=database)
    app.add_middleware(Guard, settings=settings)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Every route. What the framework works out of them it works out once in a process, however
    many applications there are."""
    every = APIRouter()
    # First, so that the first answer to a health check waits for no other route to be made ready.
    every.add_api_route("/healthz", _healthz, include_in_schema=False)
    every.add_api_route("/readyz", _readyz, include_in_schema=False)
    for router in (
        # Routers are tried in their order: what is asked most often stands first.
        cards_api.router,
        moving_api.router,
        new_pages.router,
        cards_pages.router,
        adding_pages.router,
        archive_pages.router,
        bulk_pages.router,
        rename_pages.router,
        transfer_pages.router,
        card_pages.router,
        details_api.router,
        details_pages.router,
        part_pages.router,
        boards_api.router,
        andon_api.router,
        flow_api.router,
        cumulative_api.router,
        stream_api.router,
        constraint_api.router,
        refusals_api.router,
        forecast_api.router,
        blockers_api.router,
        aging_api.router,
        markers_api.router,
        mix_api.router,
        strip_api.router,
        portfolio_api.router,
        shaping_api.router,
        label_api.router,
        exchange_api.router,
        exchange_pages.router,
        flow_pages.router,
        standup_pages.router,
        markers_pages.router,
        portfolio_pages.router,
        boards_pages.router,
        andon_pages.router,
        shaping_pages.router,
        column_pages.router,
        group_pages.router,
        lane_pages.router,
        samples_pages.router,
        samples_api.router,
        first_run.router,
        limit_pages.router,
        label_pages.router,
        auth_pages.router,
        account_pages.router,
        link_pages.router,
        help_pages.router,
        admin_pages.router,
        admin_api.router,
        auth_api.router,
    ):
        every.include_router(router)
    every.mount("/static", CachedFiles(directory=STATIC), name="static")
    return every.routes


async def _healthz() -> JSONResponse:
    return JSONResponse({"status": "alive"})


async def _readyz(request: Request) -> Response:
    db: Database = request.app.state.db
    try:
        current = await db.read(_schema_is_current)
    except (Unavailable, sa.exc.SQLAlchemyError) as error:
        return _not_ready(str(error))
    return JSONResponse({"status": "ready"}) if current else _not_ready("migration is pending")


def _schema_is_current(tx: Tx) -> bool:
    return is_current(tx.connection)


def _not_ready(why: str) -> JSONResponse:
    body: dict[str, Any] = {"status": "not ready", "detail": why}
    return JSONResponse(body, 503, headers={"Retry-After": "2"})
