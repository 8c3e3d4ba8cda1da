"""The flow page: what a board's history says, with the window and the filters in the URL."""

from typing import Protocol

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.frame import board_head
from app.boards.history import OpenBoard, read_board
from app.call import CallDep
from app.db import Tx
from app.errors import Invalid
from app.flow import (
    aging_section,
    blockers_section,
    constraint_section,
    cumulative_section,
    forecast_section,
    markers_section,
    mix_section,
    refusals_section,
    stream_section,
    strip_section,
    throughput_section,
    times_section,
)
from app.flow.asked import Asked, read_asked, window_asked
from app.flow.beside import panel_beside
from app.flow.controls import controls_of
from app.flow.sections import Flow, Section
from app.flow.words import window_words
from app.types import KeyInUrl

router = APIRouter(prefix="/boards/{key}", include_in_schema=False)


class _Part(Protocol):
    """A module that makes a part of the page."""

    PARAMETERS: tuple[str, ...]

    def section(self, flow: Flow) -> Section:
        """The part as it is to be shown."""


# In the order of the page.
_PARTS: tuple[_Part, ...] = (
    strip_section,
    aging_section,
    times_section,
    throughput_section,
    cumulative_section,
    stream_section,
    blockers_section,
    refusals_section,
    mix_section,
    constraint_section,
    forecast_section,
    markers_section,
)
_PARAMETERS = [name for part in _PARTS for name in part.PARAMETERS]


@router.get("/flow")
async def flow(call: CallDep, key: KeyInUrl) -> Response:
    """How work flows over the board: each statistic with its sentence, its chart, its numbers."""
    asked = read_asked(call.request.query_params, _PARAMETERS)
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        board = read_board(tx, actor, key=key)
        errors, sections, words = dict(asked.errors), list[Section](), ""
        if not errors:
            try:
                sections, words = _sections(tx, board, asked)
            except Invalid:
                errors["from"] = "The window must begin before it ends."
        title = f"Flow of {board.row.name}"
        is_wrong = errors or any(section.problem for section in sections)
        return web.page(
            call.request,
            "flow/flow.html",
            actor=actor,
            title=title,
            status=422 if is_wrong else 200,
            board=board_head(board),
            errors=errors,
            sections=sections,
            window_words=words,
            panel=panel_beside(tx, board, call.request.query_params, title),
            **controls_of(tx, board, asked),
        )

    return await call.fetch(verb)


def _sections(tx: Tx, board: OpenBoard, asked: Asked) -> tuple[list[Section], str]:
    window = window_asked(board, asked)
    flow = Flow(tx, board, asked, window)
    return [part.section(flow) for part in _PARTS], window_words(window, board.row.time_zone)
