"""The account's page: name, looks, password, sessions and tokens."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from app import clock
from app.auth import service, sessions
from app.auth.account import Density, Theme, change_account
from app.auth.actor import Actor
from app.auth.agents import browser_words
from app.auth.checking import change_own_password
from app.auth.pages import web_of
from app.auth.service import NewToken
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AppError, Invalid
from app.forms import Form, Sent, read_form
from app.types import BoardKey, GivenPassword, IdInUrl, Name, Password, PathInForm, digits
from app.web import is_scripted, local_path
from app.words import count_of, moment

router = APIRouter(prefix="/account", include_in_schema=False)

ZONE = "UTC"


class NameForm(Form):
    """The person's name."""

    name: Name


class PreferencesForm(Form):
    """How a person likes the pages, as far as it changes, and where to go back to."""

    theme: Theme | None = None
    density: Density | None = None
    shortcuts: Literal["on", "off"] | None = None
    back: PathInForm = ""


class PasswordForm(Form):
    """A new password, and the old one that allows it."""

    old_password: GivenPassword
    new_password: Password
    again: GivenPassword


class TokenForm(Form):
    """A token to be made."""

    name: Name
    days: Annotated[int, BeforeValidator(digits), Field(ge=1, le=3650)] | None = None
    read_only: Literal["1"] | None = None
    boards: list[BoardKey] = Field(default_factory=list)


@router.get("")
async def account_page(call: CallDep) -> Response:
    """The account."""
    return await show_account(call)


@router.post("")
async def save_name(call: CallDep) -> Response:
    """Changes the person's name."""
    sent = await read_form(call.request, NameForm)
    if sent.form is None:
        return await show_account(call, name=sent, status=422)
    await call.act(change_account, {"name": sent.form.name})
    return _back(call, "Saved.")


@router.post("/preferences")
async def choose_preferences(call: CallDep) -> Response:
    """Keeps how the person likes the pages, and goes back to where it was chosen."""
    request = call.request
    sent = await read_form(request, PreferencesForm)
    if sent.form is None:
        raise Invalid(*((("body", name), message) for name, message in sent.errors.items()))
    form = sent.form
    changes: dict[str, Any] = form.model_dump(exclude={"back", "shortcuts"}, exclude_none=True)
    if form.shortcuts is not None:
        changes["shortcuts"] = form.shortcuts == "on"
    await call.act(change_account, changes)
    if is_scripted(request):
        return Response(status_code=204)
    return web_of(request).redirect(local_path(form.back or _came_from(request) or "/account"))


@router.post("/password")
async def change_password(call: CallDep) -> Response:
    """Changes the password; other browsers are signed out."""
    sent = await read_form(call.request, PasswordForm)
    if sent.form is None:
        return await show_account(call, password=sent, status=422)
    form = sent.form
    if form.new_password != form.again:
        sent = Sent(sent.typed, {"again": "is not the same as the new one"})
        return await show_account(call, password=sent, status=422)
    try:
        ended = await change_own_password(call, form.old_password, form.new_password)
    except AppError as error:
        if error.status not in {422, 429}:
            raise
        response = await show_account(call, password=sent.with_error(error), status=error.status)
        response.headers.update(error.headers)
        return response
    others = f" {count_of(ended, 'other session')} ended." if ended else ""
    return _back(call, f"The password is changed.{others}")


@router.post("/sessions/{session_id}/end")
async def end_session(call: CallDep, session_id: IdInUrl) -> Response:
    """Signs another browser out."""
    await call.act(sessions.end_session, session_id)
    return _back(call, "That browser is signed out.")


@router.post("/sessions/end-others")
async def end_other_sessions(call: CallDep) -> Response:
    """Signs all other browsers out."""
    ended = await call.act(sessions.end_other_sessions)
    return _back(call, f"{count_of(ended, 'other session')} ended.")


@router.post("/tokens")
async def create_token(call: CallDep) -> Response:
    """Makes a token and shows it this one time."""
    sent = await read_form(call.request, TokenForm)
    boards = [key.upper() for key in await _ticked(call.request)]
    if sent.form is None:
        return await show_account(call, token=sent, ticked=boards, status=422)
    form = sent.form

    def verb(tx: Tx, actor: Actor) -> NewToken:
        expires = None if form.days is None else clock.now() + form.days * clock.DAY
        return service.create_token(
            tx,
            actor,
            form.name,
            read_only=form.read_only is not None,
            boards=form.boards or None,
            expires_at=expires,
        )

    try:
        new = await call.act(verb)
    except AppError as error:
        if error.status != 422:
            raise
        shown = sent.with_error(error)
        return await show_account(call, token=shown, ticked=boards, status=422)
    return await show_account(call, new=new)


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(call: CallDep, token_id: IdInUrl) -> Response:
    """Revokes a token."""
    await call.act(service.revoke_token, token_id)
    return _back(call, "The token is revoked.")


async def show_account(
    call: Call,
    *,
    name: Sent[NameForm] | None = None,
    password: Sent[PasswordForm] | None = None,
    token: Sent[TokenForm] | None = None,
    ticked: list[str] | None = None,
    new: NewToken | None = None,
    status: int = 200,
) -> Response:
    """The account page, with a form that came back or the token that was just made."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        return web.page(
            call.request,
            "auth/account.html",
            actor=actor,
            title="Account",
            status=status,
            values={"name": actor.name} if name is None else name.typed,
            errors={} if name is None else name.errors,
            password_errors={} if password is None else password.errors,
            sessions=_sessions(tx, actor),
            tokens=_tokens(tx, actor),
            new_token=None if new is None else {"name": new.row.name, "secret": new.secret},
            token_values={} if token is None else token.typed,
            token_errors={} if token is None else token.errors,
            token_read_only=token is not None and "read_only" in token.typed,
            token_boards=[
                {"key": board.key, "name": board.name, "selected": board.key in (ticked or ())}
                for board in service.own_boards(tx, actor)
            ],
        )

    return await call.fetch(verb)


def _sessions(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    if actor.session_id is None:
        return []  # The page was asked for by a token.
    found = [
        {
            "id": row.id,
            "browser": browser_words(row.user_agent),
            "agent": row.user_agent,
            "begun": moment(row.created_at, ZONE),
            "ends": moment(row.expires_at, ZONE),
            "is_this": row.id == actor.session_id,
        }
        for row in sessions.list_sessions(tx, actor)
    ]
    return sorted(found, key=lambda each: (not each["is_this"], -int(str(each["id"]))))


def _tokens(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "id": row.id,
            "name": row.name,
            "scope_words": "read" if row.read_only else "read and write",
            "boards_words": "all your boards" if boards is None else ", ".join(boards),
            "created": moment(row.created_at, ZONE),
            "expires": None if row.expires_at is None else moment(row.expires_at, ZONE),
            "expired": row.expires_at is not None and row.expires_at <= now,
        }
        for row, boards in service.list_tokens(tx, actor)
    ]


def _back(call: Call, words: str) -> Response:
    return web_of(call.request).redirect("/account", ("ok", words))


def _came_from(request: Request) -> str:
    """The page of Weir's own that a form was sent from, as far as the browser says."""
    page = urlsplit(request.headers.get("referer", ""))
    if page.netloc != request.headers.get("host"):
        return ""
    return page.path + (f"?{page.query}" if page.query else "")


async def _ticked(request: Request) -> list[str]:
    data: Any = await request.form()
    return [value for value in data.getlist("boards") if isinstance(value, str)]
