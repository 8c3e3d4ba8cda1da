"""The API of boards, members and a board's history."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards import copying, membership, service
from app.boards.activity import event_json, events_after
from app.boards.history import OpenBoard, read_board
from app.boards.lines import boards_json
from app.boards.membership import MemberRow
from app.boards.queries import board_json, read_board_by_key
from app.boards.schemas import (
    BoardIn,
    BoardOut,
    BoardPatch,
    BoardsOut,
    EventsOut,
    MemberIn,
    MemberOut,
    MembersOut,
    RolePatch,
)
from app.call import Answer, CallDep, not_modified, plain
from app.db import Tx
from app.live import EventStream, Hub
from app.paging import Page, PageDep, key_of, page_json
from app.problems import responses
from app.types import IdInUrl, KeyInUrl, SeqInUrl, given

router = APIRouter(prefix="/api/v1/boards", tags=["boards"])


@router.get("", response_model=BoardsOut, responses=responses())
async def boards(call: CallDep, page: PageDep) -> Response:
    """The boards that the person sees, each with what is going on on it."""
    return await call.read(boards_json, page)


@router.post("", response_model=BoardOut, status_code=201, responses=responses(409))
async def create_board(call: CallDep, body: BoardIn) -> Response:
    """Makes a board from a template, or after the model of another board (`copy`, with all but its
    cards); whoever makes it is its manager. In a copy the time zone left out is the other's."""
    if body.copy_of is not None:
        zone = body.time_zone if "time_zone" in body.model_fields_set else None
        copied = (body.key, body.name, zone, body.copy_of, body.copy_members)
        return await call.write(copying.copy_board, *copied, render=board_json, status=201)
    args = (body.key, body.name, body.time_zone, body.template)
    return await call.write(service.create_board, *args, render=board_json, status=201)


@router.get("/{key}", response_model=BoardOut, responses=responses())
async def board(call: CallDep, key: KeyInUrl) -> Response:
    """A board with its columns, groups, lanes, members and counts. Carries an `ETag` that changes
    with every change of the board: `If-None-Match` gets a 304 while nothing has changed."""
    seen = call.request.headers.get("if-none-match")

    def render(tx: Tx, actor: Actor, found: OpenBoard) -> Any:
        tag = f'"{found.seq}-{found.row.shape}"'
        if seen is not None and tag in seen:
            return not_modified(actor, tag)
        return Answer(200, orjson.dumps(board_json(tx, actor, found)), {"ETag": tag})

    return await call.read(read_board_by_key, key, render=render)


@router.patch("/{key}", response_model=BoardOut, responses=responses(409))
async def change_board(call: CallDep, key: KeyInUrl, body: BoardPatch) -> Response:
    """Changes a board's name, time zone, teams or limits; a limit of `null` is none."""
    changes = given(body, never_null=("name", "time_zone", "teams"))
    return await call.write(service.change_board, key, changes, render=board_json)


@router.delete("/{key}", status_code=204, responses=responses(409))
async def archive_board(call: CallDep, key: KeyInUrl) -> Response:
    """Archives a board: it can be read, and nothing on it changes any more."""
    return await call.write(service.archive_board, key)


@router.post("/{key}/restore", response_model=BoardOut, responses=responses(409))
async def restore_board(call: CallDep, key: KeyInUrl) -> Response:
    """Takes a board out of the archive; 409 `/problems/not-archived` where it is not in there."""
    return await call.write(service.restore_board, key, render=board_json)


@router.get("/{key}/members", response_model=MembersOut, responses=responses())
async def members(call: CallDep, key: KeyInUrl, page: PageDep) -> Response:
    """A board's members."""
    return await call.read(_members, key, page)


@router.post("/{key}/members", response_model=MemberOut, status_code=201, responses=responses(409))
async def add_member(call: CallDep, key: KeyInUrl, body: MemberIn) -> Response:
    """Makes a person with an account a member; an address without an account is a 422."""
    return await call.write(
        membership.add_member,
        key,
        body.email,
        body.role,
        render=plain(MemberRow._asdict),
        status=201,
    )


@router.patch("/{key}/members/{user_id}", response_model=MemberOut, responses=responses(409))
async def change_role(call: CallDep, key: KeyInUrl, user_id: IdInUrl, body: RolePatch) -> Response:
    """Gives a member another role; the last manager stays one (409)."""
    return await call.write(
        membership.change_role, key, user_id, body.role, render=plain(MemberRow._asdict)
    )


@router.delete("/{key}/members/{user_id}", status_code=204, responses=responses(409))
async def remove_member(call: CallDep, key: KeyInUrl, user_id: IdInUrl) -> Response:
    """Takes a member off a board; the rights end at once, in open streams too."""
    return await call.write(membership.remove_member, key, user_id)


@router.get("/{key}/activity", response_model=EventsOut, responses=responses())
async def activity(
    call: CallDep,
    key: KeyInUrl,
    page: PageDep,
    after: Annotated[SeqInUrl | None, Query(description="Only events after this `seq`.")] = None,
) -> Response:
    """A board's history, oldest first; `seq` has no gaps."""
    return await call.read(_activity, key, page, after)


@router.get(
    "/{key}/events",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events: `id: <seq>`, `event: <type>`, `data: <the item of "
            "/activity>`. `event: resync` where the gap is too large: fetch everything anew. "
            "`event: bye` when the right to see the board has ended.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **responses(),
    },
)
async def events(
    call: CallDep,
    key: KeyInUrl,
    after: Annotated[
        SeqInUrl | None, Query(description="Begin after this `seq`; by default now.")
    ] = None,
    last_event_id: Annotated[SeqInUrl | None, Header()] = None,
) -> Response:
    """A board's events as they happen. Resumes after `Last-Event-ID` or `after`; a comment line
    comes at least every 15 seconds."""
    found: OpenBoard = await call.fetch(read_board_by_key, key)
    hub: Hub = call.request.app.state.hub
    begin = last_event_id if last_event_id is not None else after
    return EventStream(hub, found.id, found.seq, begin, call.known_credentials)


def _members(tx: Tx, actor: Actor, key: str, page: Page) -> dict[str, Any]:
    rows = membership.members(tx, actor, key)
    if page.after is not None:
        name, user_id = key_of(page.after, str, int)
        rows = [row for row in rows if (row.name, row.user_id) > (name, user_id)]
    rows.sort(key=lambda row: (row.name, row.user_id))
    return page_json(page, rows, lambda row: [row.name, row.user_id], lambda row: row._asdict())


def _activity(tx: Tx, actor: Actor, key: str, page: Page, after: int | None) -> dict[str, Any]:
    found = read_board(tx, actor, key=key)
    begin = max(after or 0, page.after_id)
    rows = events_after(tx, found.id, begin, page.limit + 1)
    return page_json(page, rows, lambda row: row.seq, event_json)
