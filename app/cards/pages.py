"""The board's page with its cards, and what its scripts ask for."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import QueryParams
from starlette.responses import Response

from app import __version__
from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import VIEWER, lock_board, read_board
from app.boards.shape import Cell
from app.call import Answer, Call, CallDep, not_modified
from app.cards.filters import NAMES, OTHER_NAMES, Asked, asked_by
from app.cards.matching import filter_of, matched, matching_json
from app.cards.queries import numbered_card
from app.cards.rows import CardRow
from app.cards.swaps import Told, changes_since, changes_swap, columns_swap, notice_of
from app.cards.wall import board_view, columns_html
from app.clock import MINUTE
from app.db import Tx
from app.errors import AppError
from app.types import KeyInUrl, SeqInUrl
from app.web import is_htmx

router = APIRouter(prefix="/boards/{key}", include_in_schema=False)

HTML = "text/html; charset=utf-8"


@router.get("")
async def board(call: CallDep, key: KeyInUrl) -> Response:
    """The board."""
    return await show_board(call, key)


@router.get("/columns")
async def columns(call: CallDep, key: KeyInUrl) -> Response:
    """The whole board as fragments."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Answer:
        return fragments(columns_swap(tx, web, read_board(tx, actor, key=key)))

    return await call.read(verb)


@router.get("/changes")
async def changes(call: CallDep, key: KeyInUrl, after: Annotated[SeqInUrl, Query()]) -> Response:
    """What has changed since an event, as fragments."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Answer:
        return fragments(changes_since(tx, web, read_board(tx, actor, key=key), after))

    return await call.read(verb)


@router.get("/matching")
async def matching(call: CallDep, key: KeyInUrl) -> Response:
    """Which of the board's cards match the filter in the address."""
    web = web_of(call.request)
    asked = asked_by(call.request.query_params.multi_items())

    def verb(tx: Tx, actor: Actor) -> dict[str, Any]:
        return matching_json(tx, web, read_board(tx, actor, key=key), asked)

    return await call.read(verb)


async def show_board(
    call: Call,
    key: str,
    *,
    notice: Any = None,
    typed: Any = None,
    panel: Any = None,
    status: int = 200,
) -> Response:
    """The board's page, with a refusal where one has to be shown without a script, and with what
    `panel(tx, board)` gives as the panel of a card over it."""
    request = call.request
    web = web_of(request)
    seen = request.headers.get("if-none-match", "")
    plain = notice is None and typed is None and panel is None and not web.has_flash(request)
    asked = asked_by(request.query_params.multi_items()) if request.method == "GET" else Asked()
    if plain and _is_untidy(request.query_params, asked):
        # A form sends its empty fields too; the address of a filter has one form.
        return web.redirect(f"/boards/{key}?{asked.query}" if asked else f"/boards/{key}")

    def verb(tx: Tx, actor: Actor) -> Answer | Response:
        found = read_board(tx, actor, key=key)
        minute = found.now // MINUTE
        who = f"{actor.id}-{hash((actor.name, actor.email)) & 0xFFFFFF:x}-{found.role}"
        likes = f"{actor.theme}-{actor.density}-{actor.shortcuts:d}"
        tag = f'W/"{__version__}-{found.seq}-{found.row.shape:x}-{minute:x}-{who}-{likes}'
        tag += f'-{sha256(asked.query.encode()).hexdigest()[:12]}"' if asked else '"'
        if plain and tag in seen:
            return not_modified(actor, tag, (minute + 1) * MINUTE)
        found_cards = matched(tx, web, found, asked)
        view = board_view(tx, web, found, found_cards if asked else None)
        shown = notice(found) if callable(notice) else notice
        opened = None if panel is None else panel(tx, found)
        page = web.page(
            request,
            "boards/board.html",
            actor=actor,
            title=f"{view.state_words}{view.name} ({view.key})"
            if opened is None
            else opened["page_title"],
            status=status,
            board=view,
            columns=columns_html(tx, web, found, view)
            if notice is None and typed is None and not asked
            else None,
            filter=filter_of(tx, found, asked, view.people, found_cards),
            notice=shown,
            typed=typed,
            panel=opened,
        )
        if plain:
            page.headers["ETag"] = tag
        return page

    return await call.show(verb)


def _is_untidy(query: QueryParams, asked: Asked) -> bool:
    given = [pair for pair in query.multi_items() if pair[0] in NAMES or pair[0] in OTHER_NAMES]
    return given != list(asked.pairs)


async def write_card(
    call: Call,
    key: str,
    number: int,
    verb: Callable[[Tx, Actor, CardRow], CardRow],
    *,
    told: Callable[[CardRow], Told] | None = None,
) -> Response:
    """Carries out a change of one card from a page: `verb(tx, actor, card)` on the locked board.

    htmx gets the fragments that changed, a plain form a redirect to the board. `told` says what
    the page tells of it and offers to take back.
    """
    web = web_of(call.request)
    htmx = is_htmx(call.request)

    def unit(tx: Tx, actor: Actor) -> Any:
        before = lock_board(tx, actor, need=VIEWER, key=key)
        was = numbered_card(tx, before, number)
        card = verb(tx, actor, was)
        said = None if told is None else told(card)
        if not htmx:
            return said
        after = read_board(tx, actor, key=key)
        places = {Cell(card.column_id, card.lane_id)}
        if was.archived_at is None:
            places.add(Cell(was.column_id, was.lane_id))
        return fragments(
            changes_swap(
                tx,
                web,
                after,
                card_ids=[card.id],
                column_ids={place.column_id for place in places},
                lane_ids={place.lane_id for place in places},
                after=before.seq,
                told=said,
            )
        )

    done = await call.act(unit)
    if isinstance(done, Answer):
        return done.response()
    return web.redirect(f"/boards/{key}", *([] if done is None else [("ok", f"{done.words}.")]))


async def refused_card(
    call: Call,
    key: str,
    number: int,
    column_id: int | None,
    error: AppError,
    *,
    elsewhere: str | None = None,
) -> Response:
    """A refused change of one card: for htmx the fragments that put it back with the notice, for a
    plain form the board with the notice. `elsewhere` is the key of another board that refused."""
    web = web_of(call.request)
    if not is_htmx(call.request):

        def notice(tx: Tx, actor: Actor) -> Any:
            found = read_board(tx, actor, key=key)
            card = numbered_card(tx, found, number)
            return notice_of(error, found.shape, card=card, column_id=column_id)

        return await show_board(call, key, notice=await call.fetch(notice), status=409)

    def verb(tx: Tx, actor: Actor) -> Answer:
        found = read_board(tx, actor, key=key)
        card = numbered_card(tx, found, number)
        there = "" if elsewhere is None else read_board(tx, actor, key=elsewhere).row.name
        shown = notice_of(error, found.shape, card=card, column_id=column_id, elsewhere=there)
        columns = {card.column_id} | ({column_id} if column_id is not None else set())
        swap = changes_swap(
            tx,
            web,
            found,
            card_ids=[card.id],
            column_ids=columns,
            lane_ids={card.lane_id},
            notice=shown,
        )
        return fragments(swap, 409)

    return await call.read(verb)


def fragments(html: str, status: int = 200) -> Answer:
    """Fragments as an answer to htmx."""
    return Answer(status, html.encode(), {"Vary": "HX-Request"}, HTML)
