"""The administrator's pages: people, boards, health."""

from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import Response

from app import clock
from app.admin import queries, service
from app.admin.calls import link_url, read_health
from app.admin.service import NewLink, PersonRow
from app.auth.actor import Actor
from app.auth.links import PASSWORD_LINK_LIFE
from app.auth.pages import web_of
from app.boards.service import restore_board
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AppError
from app.forms import Form, Sent, read_form
from app.types import Email, IdInUrl, KeyInUrl, Name
from app.web import initials
from app.words import bytes_words, count_of, moment

router = APIRouter(prefix="/admin", include_in_schema=False)

ZONE = "UTC"


class PersonForm(Form):
    """Somebody who gets an account."""

    name: Name
    email: Email
    is_admin: Literal["1"] | None = None


class ChangeForm(Form):
    """What changes of somebody's account."""

    name: Name | None = None
    is_admin: Literal["yes", "no"] | None = None
    active: Literal["yes", "no"] | None = None


@router.get("")
async def people(call: CallDep) -> Response:
    """Everybody with an account."""
    return await _people_page(call, Sent({}))


@router.post("/users")
async def add_person(call: CallDep) -> Response:
    """Makes an account and shows the link to its first password this one time."""
    sent = await read_form(call.request, PersonForm)
    if sent.form is None:
        return await _people_page(call, sent, 422)
    form = sent.form
    try:
        args = (form.email, form.name, form.is_admin is not None)
        new = await call.act(service.add_person, *args)
    except AppError as error:
        if error.status != 409:
            raise
        shown: Sent[PersonForm] = Sent(sent.typed, {"email": error.detail})
        return await _people_page(call, shown, 409)
    return await _person_page(call, new.person.id, new=new)


@router.get("/users/{user_id}")
async def person(call: CallDep, user_id: IdInUrl) -> Response:
    """Somebody's account, with what may be changed of it."""
    return await _person_page(call, user_id)


@router.post("/users/{user_id}")
async def change_person(call: CallDep, user_id: IdInUrl) -> Response:
    """Changes somebody's name or rights."""
    sent = await read_form(call.request, ChangeForm)
    if sent.form is None:
        return await _person_page(call, user_id, errors=sent.errors, status=422)
    given = sent.form.model_dump(exclude_none=True)
    changes = {name: value if name == "name" else value == "yes" for name, value in given.items()}
    try:
        row: PersonRow = await call.act(service.change_person, user_id, changes)
    except AppError as error:
        if error.status != 409:
            raise
        return await _person_page(call, user_id, errors={"": error.detail}, status=409)
    to = f"/admin/users/{user_id}"
    return web_of(call.request).redirect(to, ("ok", _done(row, changes)))


@router.post("/users/{user_id}/password-link")
async def make_password_link(call: CallDep, user_id: IdInUrl) -> Response:
    """Makes a link to another password and shows it this one time."""
    try:
        new: NewLink = await call.act(service.make_password_link, user_id)
    except AppError as error:
        if error.status != 409:
            raise
        return await _person_page(call, user_id, errors={"": error.detail}, status=409)
    return await _person_page(call, user_id, new=new)


@router.get("/boards")
async def boards(call: CallDep) -> Response:
    """All boards."""
    return await _boards_page(call)


@router.post("/boards/{key}/restore")
async def restore(call: CallDep, key: KeyInUrl) -> Response:
    """Takes a board out of the archive."""

    def verb(tx: Tx, actor: Actor) -> str:
        service.administer(actor, change=True)
        return restore_board(tx, actor, key).row.name

    try:
        name = await call.act(verb)
    except AppError as error:
        if error.status != 409:
            raise
        return web_of(call.request).redirect("/admin/boards", ("problem", error.detail))
    return web_of(call.request).redirect("/admin/boards", ("ok", f"{name} is back."))


@router.get("/health")
async def health(call: CallDep) -> Response:
    """How the installation is."""
    found = await read_health(call)
    database = found["database"]
    facts = [
        ("Weir", found["version"]),
        ("Database", f"{_KINDS[database['kind']]} {database['version']}"),
        ("Size", bytes_words(database["bytes"])),
        ("Migration", database["migration"]),
        ("Free in the data folder", _room_words(found["free_bytes"])),
        ("People", f"{found['people']:,}"),
        ("Boards", f"{found['boards']:,}"),
        ("Cards on them", f"{found['cards']:,}"),
        ("Events", f"{found['events']:,}"),
        ("Open streams here", f"{found['streams']:,}"),
    ]

    def verb(tx: Tx, actor: Actor) -> Response:
        return web_of(call.request).page(
            call.request,
            "admin/health.html",
            actor=actor,
            title="Health",
            facts=[{"label": label, "words": words} for label, words in facts],
            pending=database["migration"] != database["newest_migration"],
            checks=found["checks"],
        )

    return await call.fetch(verb)


_KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


async def _people_page(call: Call, sent: Sent[PersonForm], status: int = 200) -> Response:
    def verb(tx: Tx, actor: Actor) -> Response:
        rows = service.people(tx, actor)
        rows.sort(key=lambda row: (row.disabled_at is not None, row.name.casefold(), row.id))
        return web_of(call.request).page(
            call.request,
            "admin/people.html",
            actor=actor,
            title="People",
            status=status,
            people=[_line(row, actor) for row in rows],
            values=sent.typed,
            errors=sent.errors,
        )

    return await call.fetch(verb)


async def _person_page(
    call: Call,
    user_id: int,
    *,
    new: NewLink | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    link = None
    if new is not None:
        link = {
            "url": link_url(call.request, new.secret),
            "ends": moment(clock.now() + PASSWORD_LINK_LIFE, ZONE),
        }

    def verb(tx: Tx, actor: Actor) -> Response:
        row = service.person(tx, actor, user_id)
        return web_of(call.request).page(
            call.request,
            "admin/person.html",
            actor=actor,
            title=row.name,
            status=status,
            person=_line(row, actor),
            made=moment(row.created_at, ZONE),
            ended=None if row.disabled_at is None else moment(row.disabled_at, ZONE),
            new_link=link,
            errors=errors or {},
        )

    return await call.fetch(verb)


async def _boards_page(call: Call) -> Response:
    def verb(tx: Tx, actor: Actor) -> Response:
        rows = queries.boards(tx, actor)
        rows.sort(key=lambda row: (row.archived_at is not None, row.name.casefold(), row.id))
        return web_of(call.request).page(
            call.request,
            "admin/boards.html",
            actor=actor,
            title="All boards",
            boards=[
                {
                    "key": row.key,
                    "name": row.name,
                    "url": f"/boards/{row.key}",
                    "members": f"{row.members:,}",
                    "cards": f"{row.cards:,}",
                    "events": f"{row.events:,}",
                    "changed": moment(row.changed_at, ZONE),
                    "archived": row.archived_at is not None,
                }
                for row in rows
            ],
        )

    return await call.fetch(verb)


def _line(row: PersonRow, actor: Actor) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "email": row.email,
        "url": f"/admin/users/{row.id}",
        "initials": initials(row.name),
        "hue_class": f"hue-{row.id % 8}",
        "is_you": row.id == actor.id,
        "is_admin": row.is_admin,
        "active": row.disabled_at is None,
        "has_password": row.has_password,
        "facts": ", ".join(
            (
                count_of(row.boards, "board"),
                count_of(row.sessions, "session"),
                count_of(row.tokens, "token"),
            )
        ),
    }


def _done(row: PersonRow, changes: dict[str, Any]) -> str:
    if "active" in changes:
        return f"{row.name} is switched {'on' if changes['active'] else 'off'}."
    if "is_admin" in changes:
        return f"{row.name} is {'an' if row.is_admin else 'no'} administrator now."
    return "Saved."


def _room_words(free: int | None) -> str:
    return "the folder is not there" if free is None else bytes_words(free)
