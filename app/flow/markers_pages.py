"""The page of a board's markers, and the forms that set and delete them."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.frame import board_page
from app.boards.history import OpenBoard, read_board
from app.call import Call, CallDep
from app.days import moment_of
from app.db import Tx
from app.errors import AppError
from app.flow.markers import MOST_MARKERS, MarkerRow, add_marker, delete_marker, newest_markers
from app.flow.markers_section import may_set_markers
from app.forms import Form, Sent, read_form
from app.types import Day, IdInUrl, KeyInUrl, Line, TimeInForm
from app.words import moment

router = APIRouter(prefix="/boards/{key}/flow/markers", include_in_schema=False)


class MarkerForm(Form):
    """A marker to be set; without a time, at the beginning of the day."""

    words: Line
    day: Day
    time: TimeInForm | None = None


class NoFields(Form):
    """A button alone."""


@router.get("")
async def markers_page(call: CallDep, key: KeyInUrl) -> Response:
    """All markers of the board, the last in time first, and for a manager the form of another."""
    return await _show(call, key)


@router.post("")
async def set_marker(call: CallDep, key: KeyInUrl) -> Response:
    """Sets a marker, and leads back to the charts."""
    sent = await read_form(call.request, MarkerForm)
    if sent.form is None:
        return await _show(call, key, sent, 422)
    form = sent.form

    def verb(tx: Tx, actor: Actor) -> MarkerRow:
        zone = read_board(tx, actor, key=key).row.time_zone
        at = form.day if form.time is None else moment_of(form.day, form.time, zone)
        return add_marker(tx, actor, key, at, form.words)

    try:
        await call.act(verb)
    except AppError as error:
        return await _show(call, key, sent.refused(error), error.status)
    return _back(call, f"/boards/{key}/flow#markers", f"“{form.words}” stands in the charts.")


@router.post("/{marker_id}/delete")
async def remove_marker(call: CallDep, key: KeyInUrl, marker_id: IdInUrl) -> Response:
    """Takes a marker away."""
    await read_form(call.request, NoFields)
    gone = await call.act(delete_marker, key, marker_id)
    return _back(call, f"/boards/{key}/flow/markers", f"“{gone.words}” is deleted.")


async def _show(
    call: Call, key: str, sent: Sent[MarkerForm] | None = None, status: int = 200
) -> Response:
    def view(tx: Tx, actor: Actor, board: OpenBoard) -> dict[str, Any]:
        zone = board.row.time_zone
        values = {
            "url": f"/boards/{board.row.key}/flow/markers",
            "may_set": may_set_markers(board),
            "typed": {} if sent is None else sent.typed,
            "errors": {} if sent is None else sent.errors,
            "markers": [
                {
                    "id": marker.id,
                    "when": moment(marker.at, zone),
                    "words": marker.words,
                    "by": marker.creator_name or "Weir",
                }
                for marker in newest_markers(tx, board, MOST_MARKERS)
            ],
        }
        return {"title": f"Markers of {board.row.name}", "values": values}

    return await board_page(call, key, "flow/markers.html", view, status)


def _back(call: Call, where: str, words: str) -> Response:
    return web_of(call.request).redirect(where, ("ok", words))
