"""Answers to what one does in the panel of a card: the panel, the board beside it, refusals."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import VIEWER, OpenBoard, lock_board, read_board
from app.call import Answer, Call
from app.cards.pages import fragments, show_board
from app.cards.queries import numbered_card
from app.cards.rows import CardRow
from app.cards.swaps import changes_swap, notice_of
from app.db import Tx
from app.details.panel import Trouble, panel_view
from app.errors import AppError, Conflict, Invalid, StaleVersion
from app.forms import Form, read_form
from app.web import Web, is_htmx

Verb = Callable[[Tx, Actor, CardRow], Any]
F = TypeVar("F", bound=Form)


async def take_form(
    call: Call,
    key: str,
    number: int,
    kind: type[F],
    verb: Callable[[Tx, Actor, CardRow, F], Any],
    *,
    at: str,
    locks: bool = False,
) -> Response:
    """Carries out what a form of the panel asks for: `verb(tx, actor, card, form)`, as
    `change_card` does; a form with a mistake comes back, which is shown at the field `at`."""
    sent = await read_form(call.request, kind)
    form = sent.form
    if form is None:
        return await show_panel(
            call,
            key,
            number,
            at=at,
            typed=sent.typed,
            errors={at: next(iter(sent.errors.values()))},
        )

    def change(tx: Tx, actor: Actor, card: CardRow) -> None:
        verb(tx, actor, card, form)

    return await change_card(call, key, number, change, at=at, typed=sent.typed, locks=locks)


async def change_card(
    call: Call,
    key: str,
    number: int,
    verb: Verb,
    *,
    at: str = "",
    typed: Mapping[str, str] | None = None,
    locks: bool = False,
) -> Response:
    """Carries out a change from the panel: `verb(tx, actor, card)` on the locked board, or on one
    that the verb itself `locks`, with another one.

    htmx gets the panel and what changed on the board, a plain form a redirect to the card. What
    stood in the way is shown in the panel, at the field `at`, with what was typed.
    """
    web, htmx = web_of(call.request), is_htmx(call.request)

    def unit(tx: Tx, actor: Actor) -> Answer | None:
        before = (
            read_board(tx, actor, key=key) if locks else lock_board(tx, actor, need=VIEWER, key=key)
        )
        card = numbered_card(tx, before, number)
        verb(tx, actor, card)
        if not htmx:
            return None
        after = read_board(tx, actor, key=key)
        now = numbered_card(tx, after, number)
        panel = web.render("details/_panel.html", panel=panel_view(tx, after, now), oob=True)
        # What came before the lock is unknown where the board was not locked first.
        since = None if locks else before.seq
        return fragments(board_swap(tx, web, after, now, since) + panel)

    try:
        done = await call.act(unit, alone=locks)
    except (Conflict, Invalid, StaleVersion) as error:
        return await show_panel(call, key, number, at=at, typed=typed, error=error)
    if isinstance(done, Answer):
        return done.response()
    place = f"#at-{at}" if at else ""
    return web.redirect(f"/boards/{key}/cards/{number}{place}", ("ok", "Saved."))


async def show_panel(
    call: Call,
    key: str,
    number: int,
    *,
    at: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    error: AppError | None = None,
    whole: str | None = None,
) -> Response:
    """A card's panel, with a form that came back or a refusal: for htmx the panel alone, else the
    board with it."""
    web = web_of(call.request)
    status = 200 if error is None else 409
    if errors or isinstance(error, Invalid):
        status = 422

    def view(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        card = numbered_card(tx, board, number)
        trouble = _trouble(board, card, at, typed or {}, errors or {}, error)
        return panel_view(tx, board, card, trouble=trouble, whole=whole)

    if not is_htmx(call.request):
        page = await show_board(call, key, panel=view, status=status)
        page.headers["Vary"] = "HX-Request"
        return page

    def verb(tx: Tx, actor: Actor) -> Answer:
        panel = view(tx, read_board(tx, actor, key=key))
        return fragments(web.render("details/_panel.html", panel=panel, oob=True), status)

    return await call.read(verb)


def _trouble(
    board: OpenBoard,
    card: CardRow,
    at: str,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    error: AppError | None,
) -> Trouble:
    if isinstance(error, StaleVersion):
        return Trouble(at, typed, is_conflict=True)
    if isinstance(error, Invalid):
        return Trouble(at, typed, errors={at: error.detail})
    notice = None
    if error is not None:
        notice = notice_of(error, board.shape, card=card, column_id=card.column_id)
    return Trouble(at, typed, errors, notice)


def board_swap(tx: Tx, web: Web, board: OpenBoard, card: CardRow, after: int | None) -> str:
    """What a change of one card changes on the board, as fragments."""
    return changes_swap(
        tx,
        web,
        board,
        card_ids=[card.id],
        column_ids=[card.column_id],
        lane_ids=[card.lane_id],
        after=after,
    )
