"""Answers to htmx: what changed on a board, as fragments, and refusals in words."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from app.boards.activity import EventRow, events_after
from app.boards.cord import cord_view
from app.boards.history import OpenBoard
from app.boards.shape import Shape
from app.boards.views import Notice
from app.cards.heads import Heads
from app.cards.over import reasons_of
from app.cards.past import past_of
from app.cards.rows import CardRow
from app.cards.wall import arrivals_of, blocked_count, board_view, people_of, tickers_of
from app.clock import SECOND
from app.db import Tx
from app.errors import (
    AndonPulled,
    AppError,
    CardBlocked,
    Invalid,
    StaleVersion,
    UndoneNoMore,
    WipLimitReached,
)
from app.web import Web
from app.words import count_of, short_duration

MOST_CHANGES = 200
MOST_ANSWERED = 5
FACTS_SHOWN = 2
_WITHOUT_TRACE = frozenset(
    {
        "move.refused",
        "undo.refused",
        "member.changed",
        "label.created",
        "marker.added",
        "marker.deleted",
    }
)
_OF_THE_CORD = "andon."
_OF_CARDS = ("card.", "comment.", "checklist.", "item.", "link.", "web_link.")


class Told(NamedTuple):
    """What the page says of a change that it asked for, the card that gets the focus then, and
    where to the change leads, where it leads away and cannot be taken back."""

    words: str
    card_id: int | None = None
    url: str = ""


class State(NamedTuple):
    """Up to which event a page is, if it had every change up to `after`; `paced` says that there is
    a past by now to hold the cards' age against."""

    seq: int
    after: int | None
    told: Told | None = None
    paced: bool = False


class _Summary(NamedTuple):
    gauge: Any
    blocked_count: int
    over_count: int


def changes_swap(
    tx: Tx,
    web: Web,
    board: OpenBoard,
    *,
    card_ids: Collection[int] = (),
    column_ids: Collection[int] = (),
    lane_ids: Collection[int] = (),
    notice: Notice | None = None,
    after: int | None = None,
    told: Told | None = None,
    cord: bool = False,
) -> str:
    """The fragments of some changed cards, with the headers of columns, groups and lanes; `cord`
    says that the andon cord was pulled or released."""
    shape = board.shape
    if cord and shape.first_active is not None:
        column_ids = {*column_ids, shape.columns[shape.first_active].id}
    tickers = tickers_of(tx, board) if lane_ids and len(shape.lanes) > 1 else {}
    heads = Heads(board, tickers, reasons=reasons_of(tx, board))
    columns = [shape.column[i] for i in column_ids if i in shape.column]
    groups = {column.group_id for column in columns if column.group_id is not None}
    arrivals, gone = arrivals_of(tx, web, board, card_ids)
    # Their faces have asked for the past already.
    paced = bool(arrivals) and bool(past_of(tx, board).pace)
    return web.render(
        "boards/changes.swap.html",
        columns=[heads.column(column) for column in columns],
        groups=[heads.group(shape.group[i]) for i in sorted(groups)],
        lanes=[heads.lane(shape.lane[i]) for i in lane_ids if i in shape.lane]
        if len(shape.lanes) > 1
        else [],
        summary=_Summary(heads.board(), blocked_count(tx, board), heads.over()),
        # Only a limit of the person makes the faces say something that a move can change.
        people=people_of(tx, board) if shape.person_wip_limit is not None else None,
        notice=notice,
        arrivals=arrivals,
        gone=gone,
        shows_cord=cord,
        cord=cord_view(tx, board) if cord else None,
        state=State(board.seq, after, told, paced),
    )


def columns_swap(tx: Tx, web: Web, board: OpenBoard) -> str:
    """The fragments of the whole board, for a page that cannot know what it missed."""
    view = board_view(tx, web, board)
    paced = bool(past_of(tx, board).pace)
    return web.render("boards/columns.swap.html", board=view, notice=None, paced=paced)


def changes_since(tx: Tx, web: Web, board: OpenBoard, after: int) -> str:
    """What changed on a board since an event, or all of it where much did, or its shape."""
    events = events_after(tx, board.id, after, MOST_CHANGES + 1)
    if (
        len(events) > MOST_CHANGES
        or any(not _is_small(event) for event in events)
        or (after > board.seq)
    ):
        return columns_swap(tx, web, board)
    return _of_events(tx, web, board, events, after)


def answer_to_many(tx: Tx, web: Web, board: OpenBoard, after: int, told: Told) -> str:
    """The answer to a change of many cards since an event: the cards where they are few. Where they
    are many the page fetches them afterwards, so that no answer grows with what was asked."""
    events = events_after(tx, board.id, after, MOST_ANSWERED + 1)
    if len(events) > MOST_ANSWERED:
        return changes_swap(tx, web, board, told=told)
    return _of_events(tx, web, board, events, after, told)


def _of_events(
    tx: Tx,
    web: Web,
    board: OpenBoard,
    events: Sequence[EventRow],
    after: int,
    told: Told | None = None,
) -> str:
    cards: dict[int, None] = {}
    columns: dict[int, None] = {}
    lanes: dict[int, None] = {}
    cord = False
    for event in events:
        if event.type in _WITHOUT_TRACE:
            continue
        cord = cord or event.type.startswith(_OF_THE_CORD)
        if event.card_id is not None:
            cards[event.card_id] = None
        facts = event.facts
        for place in (facts, facts.get("from"), facts.get("to"), facts.get("in")):
            if isinstance(place, dict) and "column_id" in place:
                columns[place["column_id"]] = None
                lanes[place["lane_id"]] = None
    return changes_swap(
        tx,
        web,
        board,
        card_ids=cards,
        column_ids=columns,
        lane_ids=lanes,
        after=after,
        told=told,
        cord=cord,
    )


def notice_of(
    error: AppError,
    shape: Shape,
    *,
    card: CardRow | None,
    column_id: int | None,
    many: bool = False,
    elsewhere: str = "",
) -> Notice:
    """A refusal in words: what was refused, where the card is now, what would help. `elsewhere`
    names the board that refused, where it is another one."""
    headline, facts, link = _why(error, card, elsewhere)
    outcome = ""
    if card is not None and card.column_id in shape.column and card.archived_at is None:
        went_back = card.column_id != column_id and not isinstance(error, StaleVersion)
        where = shape.column[card.column_id].name
        now = "stays in" if elsewhere else "went back to" if went_back else "is in"
        outcome = f"{card.ref} {now} {where}."
    elif isinstance(error, UndoneNoMore):
        headline, outcome = error.why, error.then
    elif many:
        outcome = "Nothing was changed."
    elif card is None and isinstance(error, WipLimitReached | AndonPulled):
        outcome = "The card was not added; what you typed is still there."
    known = column_id if column_id in shape.column else None
    return Notice(
        kind=error.slug,
        refused_column_id=known,
        headline=headline,
        outcome=outcome,
        facts=facts,
        link_text=link,
        link_url=None if link is None or known is None else f"#cell-{known}-{_first(shape)}",
    )


def _why(error: AppError, card: CardRow | None, elsewhere: str) -> tuple[str, str, str | None]:
    """What was refused and why, what would help, and the words of a link to what is in the way."""
    headline, facts, link = error.detail, "", None
    if isinstance(error, WipLimitReached):
        place = error.extensions["place"]["name"]
        scope = error.extensions["scope"]
        count, limit = error.extensions["count"], error.extensions["limit"]
        subject = f"The lane {place}" if scope == "lane" else place
        there = f" on {elsewhere}" if elsewhere and scope != "board" else ""
        if scope == "person":
            headline = f"{place} has {count_of(count, 'card')} in work{there} ({limit} at most)."
        else:
            word = "full" if count <= limit else "over its limit"
            headline = f"{subject}{there} is {word} ({count} of {limit})."
            if count < limit:
                headline = (
                    f"{subject}{there} has room for {limit - count} more ({count} of {limit})."
                )
        facts = _filling(error.extensions["cards"])
        link = f"See what’s in {place}" if scope == "column" else None
    elif isinstance(error, CardBlocked) and card is not None:
        headline = f"{card.ref} is blocked: {card.block_reason}."
        facts = "Unblock it to move it to the right."
    elif isinstance(error, AndonPulled):
        headline = f"The cord{f' of {elsewhere}' if elsewhere else ''} is pulled: "
        headline += f"{error.extensions['reason']}."
        facts = "No new work is started until it is released. Incidents are."
    elif isinstance(error, StaleVersion) and card is not None:
        headline = f"{card.ref} was changed by somebody else."
        facts = "You see it as it is now."
        if card.archived_at is not None:
            headline, facts = f"{card.ref} was archived by somebody else.", ""
    elif isinstance(error, Invalid):
        headline = "The place that you chose is not there any more."
        facts = "You see the board as it is now."
    return headline, facts, link


def _filling(cards: list[dict[str, Any]]) -> str:
    """`Oldest here: OPS-190, 3 d · OPS-85 is blocked, 2 d`."""
    if not cards:
        return ""

    def age(card: dict[str, Any]) -> str:
        return "" if card["age"] is None else f", {short_duration(int(card['age'] * SECOND))}"

    said = [f"Oldest here: {cards[0]['ref']}{age(cards[0])}"]
    stuck = [card for card in cards if card["blocked"]]
    said += [f"{card['ref']} is blocked{age(card)}" for card in stuck[: FACTS_SHOWN - 1]]
    return " · ".join(said)


def _is_small(event: EventRow) -> bool:
    """Whether an event changes cards or the cord alone, and not the shape of the board."""
    return event.type.startswith((*_OF_CARDS, _OF_THE_CORD)) or event.type in _WITHOUT_TRACE


def _first(shape: Shape) -> int:
    return shape.lanes[0].id
