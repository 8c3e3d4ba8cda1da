"""Pages of signing in and out, and what every page knows of who looks at it."""

import logging
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.auth import service
from app.auth.actor import Actor, identify
from app.auth.checking import address_of, matches
from app.call import Call, CallDep
from app.db import Database
from app.errors import AppError, NotSignedIn
from app.forms import Form, read_form
from app.types import Email, GivenPassword, PathInForm
from app.web import Web, local_path

router = APIRouter(include_in_schema=False)
log = logging.getLogger("weir.auth")


class SignInForm(Form):
    """Who signs in, and where to go on to."""

    email: Email
    password: GivenPassword
    next: PathInForm = ""


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


def web_of(request: Request) -> Web:
    """The page renderer of the application."""
    web: Web = request.app.state.web
    return web


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
