"""The page of the numbers of all boards."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.auth.pages import web_of
from app.call import CallDep
from app.db import Tx
from app.flow.asked import DEFAULT_RANGE, RANGES
from app.flow.portfolio_reading import BoardStrip, read_portfolio
from app.flow.queries import Window
from app.flow.strip import numbers_of, sort_keys
from app.flow.words import window_words
from app.words import count_of

router = APIRouter(include_in_schema=False)

NAME = "name"
_COLUMNS = {
    NAME: "Board",
    "wip": "In work",
    "cycle": "85 % done within",
    "throughput": "Done a week",
    "blocked": "Blocked now",
    "lost": "Blocked time",
    "efficiency": "Flow efficiency",
}


@router.get("/portfolio")
async def portfolio(call: CallDep) -> Response:
    """All boards of a person, each with its five numbers; range and order are in the address."""
    web = web_of(call.request)
    query = call.request.query_params
    # What nobody knows means what nobody asked for.
    span = query.get("range", "") if query.get("range", "") in RANGES else DEFAULT_RANGE
    sort = query.get("sort", "").removeprefix("-")
    sort = sort if sort in _COLUMNS else NAME
    falling = query.get("sort", "") == f"-{sort}"

    def verb(tx: Tx, actor: Actor) -> Response:
        now = clock.now()
        end = now + 1
        window = Window(end - RANGES[span][1] * clock.DAY, end)
        boards = read_portfolio(tx, actor, window, now)
        return web.page(
            call.request,
            "flow/portfolio.html",
            actor=actor,
            title="Flow of all boards",
            presets=[
                {"words": words, "url": _address(name, sort, falling), "selected": name == span}
                for name, (words, _) in RANGES.items()
            ],
            heads=[_head(name, words, span, sort, falling) for name, words in _COLUMNS.items()],
            boards=[_row(board, span) for board in _ordered(boards, sort, falling)],
            api_url=(api_url := _api_url(window)),
            csv_url=f"{api_url}&format=csv",
            sentence=_sentence(boards),
            window_words=window_words(window, "UTC"),
        )

    return await call.fetch(verb)


def _api_url(window: Window) -> str:
    """Where the API gives the same numbers."""
    fields = {"from": clock.iso(window.start), "to": clock.iso(window.end)}
    return f"/api/v1/portfolio?{urlencode(fields)}"


def _address(span: str, sort: str, falling: bool) -> str:
    """The page's address; what is the default stays out."""
    fields = {"range": span} if span != DEFAULT_RANGE else {}
    if falling or sort != NAME:
        fields["sort"] = f"-{sort}" if falling else sort
    return f"/portfolio?{urlencode(fields)}" if fields else "/portfolio"


def _head(name: str, words: str, span: str, sort: str, falling: bool) -> dict[str, Any]:
    """A column's head: a click puts the boards in its order, the most first, then the other way."""
    here = name == sort
    turned = not falling if here else name != NAME
    return {
        "name": name,
        "words": words,
        "url": _address(span, name, turned),
        "order": ("descending" if falling else "ascending") if here else "",
    }


def _ordered(boards: Sequence[BoardStrip], sort: str, falling: bool) -> list[BoardStrip]:
    """The boards in an order; those without the number stand last, equal ones by their names."""
    if sort == NAME:
        return list(reversed(boards)) if falling else list(boards)

    def key(board: BoardStrip) -> tuple[bool, Fraction | int]:
        value = sort_keys(board.strip)[sort]
        return (True, 0) if value is None else (False, -value if falling else value)

    return sorted(boards, key=key)


def _row(board: BoardStrip, span: str) -> dict[str, Any]:
    line = board.line
    query = f"?range={span}" if span != DEFAULT_RANGE else ""
    return {
        "key": line.key,
        "name": line.name,
        "sample": line.sample,
        "url": f"/boards/{line.key}/flow{query}",
        "numbers": numbers_of(board.strip),
    }


def _sentence(boards: Sequence[BoardStrip]) -> str:
    """One sentence that reads all of them together."""
    strips = [board.strip.now for board in boards]
    wip, blocked = sum(each.wip for each in strips), sum(each.blocked for each in strips)
    done = sum(each.done for each in strips)
    return (
        f"{count_of(len(boards), 'board')} with {count_of(wip, 'card')} in work, {blocked} of them "
        f"blocked; {count_of(done, 'card')} done in this window."
    )
