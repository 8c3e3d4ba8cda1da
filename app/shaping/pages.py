"""The first page of a board's settings: its name, time zone, limits, teams and archive."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.boards import service
from app.boards.history import OpenBoard
from app.boards.schemas import TimeZone
from app.boards.zones import regions
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AppError
from app.forms import Form, Sent, read_form
from app.shaping import teams
from app.shaping.settings import back, settings_page
from app.types import KeyInUrl, LimitInForm, Name, Word
from app.words import moment

router = APIRouter(prefix="/boards/{key}/settings", include_in_schema=False)


class BoardForm(Form):
    """A board's own fields; a limit that was left empty is none."""

    name: Name
    time_zone: TimeZone
    wip_limit: LimitInForm | None = None
    person_wip_limit: LimitInForm | None = None


class TeamForm(Form):
    """The name of a team that is added."""

    name: Word


class ChangedTeamForm(Form):
    """A team, and the name that it gets."""

    team: Word
    name: Word | None = None


@router.get("")
async def board_page(call: CallDep, key: KeyInUrl) -> Response:
    """The board's own settings."""
    return await _show(call, key)


@router.post("")
async def change_board(call: CallDep, key: KeyInUrl) -> Response:
    """Changes name, time zone and the limits of the board and of each person."""
    sent = await read_form(call.request, BoardForm)
    if sent.form is None:
        return await _show(call, key, sent=sent, status=422)
    await call.act(service.change_board, key, sent.form.model_dump())
    return back(call, key, "", "Saved.")


@router.post("/teams")
async def add_team(call: CallDep, key: KeyInUrl) -> Response:
    """Adds a team."""
    sent = await read_form(call.request, TeamForm)
    if sent.form is None:
        return await _show(call, key, team=sent, status=422)
    name = sent.form.name
    return await _with_team(call, key, sent, f"{name} is a team now.", teams.add_team, name)


@router.post("/teams/rename")
async def rename_team(call: CallDep, key: KeyInUrl) -> Response:
    """Gives a team another name, on its cards and columns too."""
    sent = await read_form(call.request, ChangedTeamForm)
    if sent.form is None or sent.form.name is None:
        errors = sent.errors or {"name": "must not be empty"}
        return await _show(call, key, team=Sent(sent.typed, errors), status=422)
    old, new = sent.form.team, sent.form.name
    return await _with_team(call, key, sent, f"{old} is {new} now.", teams.rename_team, old, new)


@router.post("/teams/remove")
async def remove_team(call: CallDep, key: KeyInUrl) -> Response:
    """Takes a team off the list; what carries it keeps the word."""
    # The name stands beside the button and means nothing here.
    sent = await read_form(call.request, ChangedTeamForm)
    if sent.form is None:
        return await _show(call, key, team=sent, status=422)
    name = sent.form.team
    words = f"{name} is off the list."
    return await _with_team(call, key, sent, words, teams.remove_team, name)


@router.post("/archive")
async def archive_board(call: CallDep, key: KeyInUrl) -> Response:
    """Archives the board."""
    await call.act(service.archive_board, key)
    return back(call, key, "", "The board is in the archive. It can be read, and comes back whole.")


@router.post("/restore")
async def restore_board(call: CallDep, key: KeyInUrl) -> Response:
    """Takes the board out of the archive."""
    await call.act(service.restore_board, key)
    return back(call, key, "", "The board is back.")


async def _with_team(
    call: Call, key: str, sent: Sent[Any], words: str, verb: Any, *args: Any
) -> Response:
    try:
        await call.act(verb, key, *args)
    except AppError as error:
        if error.status not in {404, 409, 422}:
            raise
        status = 409 if error.status == 404 else error.status
        found = sent.with_error(error)
        if error.status == 404:
            found = Sent(sent.typed, {"": f"There is no team {args[0]} on the list any more."})
        return await _show(call, key, team=found, status=status)
    return back(call, key, "#teams", words)


async def _show(
    call: Call,
    key: str,
    *,
    sent: Sent[BoardForm] | None = None,
    team: Sent[Any] | None = None,
    status: int = 200,
) -> Response:
    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        row = board.row
        typed = sent.typed if sent is not None else _typed(board)
        archived = None if row.archived_at is None else moment(row.archived_at, row.time_zone)
        return {
            "values": typed,
            "errors": {} if sent is None else sent.errors,
            "regions": regions(row.time_zone),
            "teams": _teams(tx, board),
            "team_values": {} if team is None else team.typed,
            "team_errors": {} if team is None else team.errors,
            "archived": archived,
        }

    return await settings_page(call, key, "board.html", "board", "Settings", values, status)


def _typed(board: OpenBoard) -> dict[str, str]:
    row = board.row
    return {
        "name": row.name,
        "time_zone": row.time_zone,
        "wip_limit": str(row.wip_limit or ""),
        "person_wip_limit": str(row.person_wip_limit or ""),
    }


def _teams(tx: Tx, board: OpenBoard) -> list[dict[str, Any]]:
    """The teams of the list, then those that are on cards alone."""
    carried = teams.carried(tx, board.id)
    columns: dict[str, list[str]] = {}
    for column in board.shape.columns:
        if column.team is not None:
            columns.setdefault(column.team, []).append(column.name)
    listed = [(name, True) for name in board.teams]
    others = [(name, False) for name in {*carried, *columns} - set(board.teams)]
    return [
        {
            "name": name,
            "listed": is_listed,
            "cards": carried.get(name, 0),
            "columns": columns.get(name, []),
        }
        for name, is_listed in [*listed, *sorted(others)]
    ]
