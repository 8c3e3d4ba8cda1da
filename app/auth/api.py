"""The API of the own account: the person, sessions and tokens."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import clock
from app.auth import service, sessions
from app.auth.account import change_account
from app.auth.actor import Actor
from app.auth.agents import browser_words
from app.auth.checking import change_own_password
from app.auth.schemas import (
    MeOut,
    MePatch,
    NewTokenOut,
    PasswordIn,
    SessionsOut,
    TokenIn,
    TokenOut,
    TokensOut,
)
from app.auth.service import NewToken, TokenRow
from app.call import CallDep
from app.db import Tx
from app.paging import PageDep, page_json
from app.problems import responses
from app.types import IdInUrl, given

router = APIRouter(prefix="/api/v1", tags=["people and tokens"])


@router.get("/me", response_model=MeOut, responses=responses())
async def me(call: CallDep) -> Response:
    """The person whose credentials came with the request."""
    return await call.read(_me)


@router.patch("/me", response_model=MeOut, responses=responses())
async def change_me(call: CallDep, body: MePatch) -> Response:
    """Changes the name, or how the pages look and act for the person."""
    changes = given(body, never_null=("name", "theme", "density", "shortcuts"))
    return await call.write(change_account, changes, render=_changed)


@router.put("/me/password", status_code=204, responses=responses(429))
async def change_password(call: CallDep, body: PasswordIn) -> Response:
    """Changes the person's password and ends their other sessions. By a session alone: a token
    gets a 403. A wrong old password is a 422 and counts as a failed sign-in."""
    await change_own_password(call, body.old_password, body.new_password)
    return Response(status_code=204)


@router.get("/sessions", response_model=SessionsOut, responses=responses())
async def list_sessions(call: CallDep, page: PageDep) -> Response:
    """Where the person is signed in. By a session alone, like all about sessions."""
    return await call.read(_sessions, page)


@router.delete("/sessions", status_code=204, responses=responses())
async def end_other_sessions(call: CallDep) -> Response:
    """Ends all sessions of the person but the one that asks, and what they have open."""
    await call.act(sessions.end_other_sessions)
    return Response(status_code=204)


@router.delete("/sessions/{session_id}", status_code=204, responses=responses())
async def end_session(call: CallDep, session_id: IdInUrl) -> Response:
    """Ends a session, and what it has open, at once."""
    return await call.write(sessions.end_session, session_id)


@router.get("/tokens", response_model=TokensOut, responses=responses())
async def tokens(call: CallDep, page: PageDep) -> Response:
    """The person's tokens, without their secrets."""
    return await call.read(_tokens, page)


@router.post("/tokens", response_model=NewTokenOut, status_code=201, responses=responses())
async def create_token(call: CallDep, body: TokenIn) -> Response:
    """Makes a token. `token` is shown this one time. A token makes no tokens: 403."""
    return await call.write(_create_token, body, render=_new_token, status=201)


@router.delete("/tokens/{token_id}", status_code=204, responses=responses())
async def revoke_token(call: CallDep, token_id: IdInUrl) -> Response:
    """Revokes a token; it stops working at once, in open streams too."""
    return await call.write(service.revoke_token, token_id)


def _me(tx: Tx, actor: Actor) -> dict[str, Any]:
    return {
        "id": actor.id,
        "name": actor.name,
        "email": actor.email,
        "is_admin": actor.is_admin,
        "preferences": {
            "theme": actor.theme,
            "density": actor.density,
            "shortcuts": actor.shortcuts,
        },
    }


def _changed(tx: Tx, actor: Actor, changed: Actor) -> dict[str, Any]:
    return _me(tx, changed)


def _sessions(tx: Tx, actor: Actor, page: PageDep) -> dict[str, Any]:
    found = [
        {
            "id": row.id,
            "browser": browser_words(row.user_agent),
            "user_agent": row.user_agent,
            "created_at": clock.iso(row.created_at),
            "expires_at": clock.iso(row.expires_at),
            "current": row.id == actor.session_id,
        }
        for row in sessions.list_sessions(tx, actor, page.after_id)
    ]
    return page_json(page, found, lambda item: item["id"])


def _tokens(tx: Tx, actor: Actor, page: PageDep) -> dict[str, Any]:
    after = page.after_id
    found = [
        _token(row, boards) for row, boards in service.list_tokens(tx, actor) if row.id > after
    ]
    return page_json(page, found, lambda item: item["id"])


def _create_token(tx: Tx, actor: Actor, body: TokenIn) -> NewToken:
    return service.create_token(
        tx,
        actor,
        body.name,
        read_only=body.read_only,
        boards=body.boards,
        expires_at=body.expires_at,
    )


def _new_token(tx: Tx, actor: Actor, new: NewToken) -> dict[str, Any]:
    return {**_token(new.row, new.boards), "token": new.secret}


def _token(row: TokenRow, boards: list[str] | None) -> dict[str, Any]:
    out = TokenOut(
        id=row.id,
        name=row.name,
        read_only=row.read_only,
        boards=boards,
        created_at=clock.iso(row.created_at),
        expires_at=clock.iso_or_none(row.expires_at),
    )
    return out.model_dump()
