"""The API of a board's andon cord."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.andon import service
from app.andon.reading import names_in, past_pull_json, past_pulls
from app.auth.actor import Actor
from app.boards.history import read_board
from app.boards.queries import board_json
from app.boards.schemas import BoardOut, PersonOut
from app.call import CallDep
from app.db import Tx
from app.paging import Page, PageDep, page_json
from app.problems import responses
from app.types import KeyInUrl, Model, Note, Reason

router = APIRouter(prefix="/api/v1/boards/{key}/andon", tags=["andon"])


class PullIn(Model):
    """Why the cord is pulled."""

    reason: Reason = Field(examples=["Staging cluster rejects new pods"])


class ReleaseIn(Model):
    """What came of it, if anything did."""

    learning: Note = Field("", examples=["The quota of the cluster was never raised."])
    countermeasure: Note = Field("", examples=["An alert at 80 % of the quota."])


class PastPullOut(BaseModel):
    """A pull of the cord; the time of one that is not released yet runs up to now."""

    seq: int = Field(description="The number of its event in the board's history.")
    reason: str
    pulled_by: PersonOut | None
    pulled_at: str = Field(examples=["2026-03-02T09:30:00.000000Z"])
    resolved_by: PersonOut | None
    resolved_at: str | None
    duration: float = Field(description="Seconds.")
    learning: str
    countermeasure: str
    helpers: list[PersonOut]


class PastPullsOut(BaseModel):
    """A page of a board's pulls, the last first."""

    items: list[PastPullOut]
    next_cursor: str | None


@router.post("", response_model=BoardOut, responses=responses(409))
async def pull(call: CallDep, key: KeyInUrl, body: PullIn) -> Response:
    """Pulls the andon cord: until it is released no card but an incident gets into the first active
    column or beyond from before it, and none is created there. 409 where it is pulled already."""
    return await call.write(service.pull_cord, key, body.reason, render=board_json)


@router.post("/help", response_model=BoardOut, responses=responses(409))
async def help_with_it(call: CallDep, key: KeyInUrl) -> Response:
    """Tells everybody that one is helping; a second time changes nothing. 409 where the cord is not
    pulled."""
    return await call.write(service.help_with_it, key, render=board_json)


@router.post("/resolve", response_model=BoardOut, responses=responses(409))
async def release(call: CallDep, key: KeyInUrl, body: ReleaseIn) -> Response:
    """Releases the cord, with what was learnt and what keeps it from happening again. 409 where it
    is not pulled."""
    args = (key, body.learning, body.countermeasure)
    return await call.write(service.release_cord, *args, render=board_json)


@router.get("/history", response_model=PastPullsOut, responses=responses())
async def history(call: CallDep, key: KeyInUrl, page: PageDep) -> Response:
    """All pulls of the cord, the last first, each with its release and what was learnt."""
    return await call.read(_history, key, page)


def _history(tx: Tx, actor: Actor, key: str, page: Page) -> dict[str, Any]:
    board = read_board(tx, actor, key=key)
    before = 2**62 if page.after is None else page.after_id
    found = past_pulls(tx, board, page.limit + 1, before)
    names = names_in(tx, found)
    return page_json(
        page, found, lambda pull: pull.seq, lambda pull: past_pull_json(pull, names, board.now)
    )
