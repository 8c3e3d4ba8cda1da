"""The API of the installation, for administrators."""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from app import clock
from app.admin import queries, service
from app.admin.calls import link_url, read_health
from app.admin.queries import BoardLine
from app.admin.schemas import (
    BoardLinesOut,
    HealthOut,
    NewPersonOut,
    PasswordLinkOut,
    PeopleOut,
    PersonIn,
    PersonOut,
    PersonPatch,
)
from app.admin.service import NewLink, PersonRow
from app.auth.actor import Actor
from app.auth.links import PASSWORD_LINK_LIFE
from app.call import CallDep, plain
from app.db import Tx
from app.paging import PageDep, page_json
from app.problems import responses
from app.types import IdInUrl, given

router = APIRouter(prefix="/api/v1/admin", tags=["administration"])


@router.get("/users", response_model=PeopleOut, responses=responses())
async def users(call: CallDep, page: PageDep) -> Response:
    """Everybody with an account, those who are switched off too."""
    return await call.read(_people, page)


@router.post("/users", response_model=NewPersonOut, status_code=201, responses=responses(409))
async def add_user(call: CallDep, body: PersonIn) -> Response:
    """Makes an account, and the link by which its person chooses a password: it works once, for
    three days, and is shown this one time. A token makes no administrators: 403."""

    def render(tx: Tx, actor: Actor, new: NewLink) -> dict[str, Any]:
        return {**_person(new.person), "password_link": _link(call, new)}

    args = (body.email, body.name, body.is_admin)
    return await call.write(service.add_person, *args, render=render, status=201)


@router.get("/users/{user_id}", response_model=PersonOut, responses=responses())
async def user(call: CallDep, user_id: IdInUrl) -> Response:
    """Somebody with an account."""
    return await call.read(service.person, user_id, render=plain(_person))


@router.patch("/users/{user_id}", response_model=PersonOut, responses=responses(409))
async def change_user(call: CallDep, user_id: IdInUrl, body: PersonPatch) -> Response:
    """Changes a name, makes or unmakes an administrator, switches somebody off or on. Who is
    switched off is signed out everywhere at once; tokens and streams do not work while it lasts.
    The last administrator stays one: 409. A token makes no administrators: 403."""
    changes = given(body, never_null=("name", "is_admin", "active"))
    return await call.write(service.change_person, user_id, changes, render=plain(_person))


@router.post(
    "/users/{user_id}/password-link",
    response_model=PasswordLinkOut,
    status_code=201,
    responses=responses(409),
)
async def make_password_link(call: CallDep, user_id: IdInUrl) -> Response:
    """Makes a link by which somebody chooses another password: it works once, for three days, and
    ends their sessions when it is used. By a session alone: a token gets a 403."""

    def render(tx: Tx, actor: Actor, new: NewLink) -> dict[str, Any]:
        return _link(call, new)

    return await call.write(service.make_password_link, user_id, render=render, status=201)


@router.get("/boards", response_model=BoardLinesOut, responses=responses())
async def boards(call: CallDep, page: PageDep) -> Response:
    """All boards with their counts, the archived ones too; `POST /boards/{key}/restore` brings one
    back."""
    return await call.read(_boards, page)


@router.get("/health", response_model=HealthOut, responses=responses())
async def health(call: CallDep) -> Response:
    """How the installation is: version, database, counts, room on the disk, open streams, and what
    `weir check` finds where that is quick."""
    return Response(orjson.dumps(await read_health(call)), media_type="application/json")


def _people(tx: Tx, actor: Actor, page: PageDep) -> dict[str, Any]:
    return page_json(page, service.people(tx, actor, page.after_id), lambda row: row.id, _person)


def _boards(tx: Tx, actor: Actor, page: PageDep) -> dict[str, Any]:
    return page_json(page, queries.boards(tx, actor, page.after_id), lambda row: row.id, _board)


def _person(row: PersonRow) -> dict[str, Any]:
    return {
        **row._asdict(),
        "active": row.disabled_at is None,
        "created_at": clock.iso(row.created_at),
        "disabled_at": clock.iso_or_none(row.disabled_at),
    }


def _link(call: CallDep, new: NewLink) -> dict[str, Any]:
    return {
        "url": link_url(call.request, new.secret),
        "expires_at": clock.iso(clock.now() + PASSWORD_LINK_LIFE),
    }


def _board(row: BoardLine) -> dict[str, Any]:
    return {
        **row._asdict(),
        "created_at": clock.iso(row.created_at),
        "changed_at": clock.iso(row.changed_at),
        "archived_at": clock.iso_or_none(row.archived_at),
    }
