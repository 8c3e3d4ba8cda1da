"""Pages of people: setting up, signing in and out, the account with its tokens."""

import asyncio
import logging
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Query
from pydantic import BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from app import clock
from app.auth import service
from app.auth.account import Density, Theme, change_account
from app.auth.actor import Actor, identify
from app.auth.passwords import Passwords
from app.auth.service import NewToken
from app.call import Call, CallDep
from app.db import Database, Tx
from app.errors import AppError, Invalid, NotSignedIn
from app.forms import Form, Sent, read_form
from app.types import BoardKey, Email, GivenPassword, IdInUrl, Name, PathInForm, digits
from app.web import Web, is_scripted, local_path
from app.words import moment

router = APIRouter(include_in_schema=False)
log = logging.getLogger("weir.auth")

ZONE = "UTC"


class SignInForm(Form):
    """Who signs in, and where to go on to."""

    email: Email
    password: GivenPassword
    next: PathInForm = ""


class AccountForm(Form):
    """What a person changes of the account."""

    name: Name


class TokenForm(Form):
    """A token to be made."""

    name: Name
    days: Annotated[int, BeforeValidator(digits), Field(ge=1, le=3650)] | None = None
    read_only: Literal["1"] | None = None
    boards: list[BoardKey] = Field(default_factory=list)


class PreferencesForm(Form):
    """How a person likes the pages, as far as it changes, and where to go back to."""

    theme: Theme | None = None
    density: Density | None = None
    shortcuts: Literal["on", "off"] | None = None
    back: PathInForm = ""


@router.get("/")
async def front_page(request: Request) -> Response:
    """The way to the boards."""
    return web_of(request).redirect("/boards")


@router.get("/sign-in")
async def sign_in_page(
    call: CallDep, next_page: Annotated[PathInForm, Query(alias="next")] = ""
) -> Response:
    """The form to sign in."""
    return _sign_in_page(call.request, {}, {}, next_page)


@router.post("/sign-in")
async def sign_in(call: CallDep) -> Response:
    """Signs a person in; the answer to a wrong address and to a wrong password is the same."""
    request = call.request
    sent = await read_form(request, SignInForm)
    onward = sent.typed.get("next", "")
    if sent.form is None:
        return _sign_in_page(request, sent.typed, sent.errors, onward, 422)
    form = sent.form
    address = address_of(request)
    settings = request.app.state.settings
    try:
        account = await call.db.read(
            service.account_for_sign_in, form.email, address, settings.sign_in_attempts
        )
        kept = None if account is None else account.password_hash
        if not await matches(request, form.password, kept) or account is None:
            await call.db.write(service.note_failure, form.email, address)
            log.warning("sign-in failed", extra={"address": address})
            raise NotSignedIn("The e-mail address or the password is wrong.")
        secret = await call.db.write(
            service.sign_in,
            form.email,
            account,
            request.headers.get("user-agent", ""),
            settings.session_days,
        )
    except AppError as error:
        if error.status not in {401, 429}:
            raise
        response = _sign_in_page(request, sent.typed, {"": error.detail}, onward, error.status)
        response.headers.update({k: v for k, v in error.headers.items() if k == "Retry-After"})
        return response
    log.info("signed in", extra={"user_id": account.id, "address": address})
    response = web_of(request).redirect(local_path(form.next or "/boards"))
    return with_session(request, response, secret)


@router.post("/sign-out")
async def sign_out(call: CallDep) -> Response:
    """Ends the session."""
    await call.act(service.sign_out)
    response = web_of(call.request).redirect("/sign-in")
    response.delete_cookie(
        call.request.app.state.cookie,
        path="/",
        secure=call.request.app.state.settings.is_secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/account")
async def account_page(call: CallDep) -> Response:
    """The account, with its tokens."""
    return await show_account(call)


@router.post("/account")
async def save_name(call: CallDep) -> Response:
    """Changes the account's name."""
    sent = await read_form(call.request, AccountForm)
    if sent.form is None:
        return await show_account(call, account=sent, status=422)
    await call.act(change_account, {"name": sent.form.name})
    return web_of(call.request).redirect("/account", ("ok", "Saved."))


@router.post("/account/tokens")
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


@router.post("/account/tokens/{token_id}/revoke")
async def revoke_token(call: CallDep, token_id: IdInUrl) -> Response:
    """Revokes a token."""
    await call.act(service.revoke_token, token_id)
    return web_of(call.request).redirect("/account", ("ok", "The token is revoked."))


@router.post("/account/preferences")
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


async def show_account(
    call: Call,
    *,
    account: Sent[AccountForm] | None = None,
    token: Sent[TokenForm] | None = None,
    ticked: list[str] | None = None,
    new: NewToken | None = None,
    status: int = 200,
) -> Response:
    """The account page, with forms that came back and the token that was just made."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        now = clock.now()
        chosen = ticked or []
        return web.page(
            call.request,
            "auth/account.html",
            actor=actor,
            title="Account",
            status=status,
            values={"name": actor.name} if account is None else account.typed,
            errors={} if account is None else account.errors,
            tokens=[
                {
                    "id": row.id,
                    "name": row.name,
                    "scope_words": "read" if row.read_only else "read and write",
                    "boards_words": "all of yours" if boards is None else ", ".join(boards),
                    "created": moment(row.created_at, ZONE),
                    "expires": None if row.expires_at is None else moment(row.expires_at, ZONE),
                    "expired": row.expires_at is not None and row.expires_at <= now,
                }
                for row, boards in service.list_tokens(tx, actor)
            ],
            new_token=None if new is None else {"name": new.row.name, "secret": new.secret},
            token_values={} if token is None else token.typed,
            token_errors={} if token is None else token.errors,
            token_read_only=token is not None and "read_only" in token.typed,
            token_boards=[
                {"key": board.key, "name": board.name, "selected": board.key in chosen}
                for board in service.own_boards(tx, actor)
            ],
        )

    return await call.fetch(verb)  # type: ignore[no-any-return]


def web_of(request: Request) -> Web:
    """The page renderer of the application."""
    web: Web = request.app.state.web
    return web


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


def with_session(request: Request, response: Response, secret: str) -> Response:
    """A response that begins a session in the browser."""
    settings = request.app.state.settings
    response.set_cookie(
        request.app.state.cookie,
        secret,
        max_age=settings.session_days * 86_400,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.is_secure,
    )
    return response


async def viewer_or_none(call: Call) -> Actor | None:
    """The signed-in person, or None, for pages that both may see."""
    db: Database = call.db
    try:
        return await db.read(identify, call.credentials)
    except NotSignedIn:
        return None


def _sign_in_page(
    request: Request,
    typed: dict[str, str],
    errors: dict[str, str],
    onward: str,
    status: int = 200,
) -> Response:
    return web_of(request).page(
        request,
        "auth/sign_in.html",
        actor=None,
        title="Sign in",
        status=status,
        values={"email": typed.get("email", "")},
        errors=errors,
        next=onward,
    )


def _came_from(request: Request) -> str:
    """The page of Weir's own that a form was sent from, as far as the browser says."""
    page = urlsplit(request.headers.get("referer", ""))
    if page.netloc != request.headers.get("host"):
        return ""
    return page.path + (f"?{page.query}" if page.query else "")


async def _ticked(request: Request) -> list[str]:
    data: Any = await request.form()
    return [value for value in data.getlist("boards") if isinstance(value, str)]
