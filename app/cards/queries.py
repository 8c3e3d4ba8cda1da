"""Reading cards: one through the person who asks, lists with filters."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, false, func, or_, select, true

from app.auth.actor import Actor
from app.boards.activity import EventRow, events_of_card
from app.boards.history import OpenBoard, read_board
from app.cards.filters import CardFilter, DueSpan
from app.cards.render import cards_json
from app.cards.rows import CARD_BY_ID, CARD_BY_NUMBER, CardRow, select_cards
from app.db import Query, Tx
from app.errors import NotFound
from app.models import Card, CardAddress, CardAssignee, CardLabel, Column, Label, Lane
from app.paging import Page, key_of, page_json


class _Placed(NamedTuple):
    column_position: int
    lane_position: int
    card: CardRow


class _MovedOn(NamedTuple):
    card_id: int


_MOVED_ON = Query(
    select(CardAddress.card_id).where(
        CardAddress.board_id == bindparam("board_id"), CardAddress.number == bindparam("number")
    ),
    _MovedOn,
)


def find_card(tx: Tx, actor: Actor | None, card_id: int) -> CardRow:
    """A card by its id; 404 where the person does not see its board."""
    read_board(tx, actor, card_id=card_id)
    card = tx.first(CARD_BY_ID, card_id=card_id)
    if card is None:
        raise NotFound
    return card


def find_numbered_card(tx: Tx, actor: Actor | None, key: str, number: int) -> CardRow:
    """A card by its number on a board, or by the one that it had there before it moved to another
    board; 404 where the person does not see the board on which it is now."""
    board = read_board(tx, actor, key=key)
    moved = tx.first(_MOVED_ON, board_id=board.id, number=number)
    return (
        numbered_card(tx, board, number) if moved is None else find_card(tx, actor, moved.card_id)
    )


def numbered_card(tx: Tx, board: OpenBoard, number: int) -> CardRow:
    """A card of an opened board by its number."""
    card = tx.first(CARD_BY_NUMBER, board_id=board.id, number=number)
    if card is None:
        raise NotFound
    return card


def card_history(
    tx: Tx, actor: Actor | None, card_id: int, page: Page
) -> list[tuple[int, EventRow]]:
    """A card's events, oldest first, each with its place in the history, which never changes; one
    more than the page has room for."""
    find_card(tx, actor, card_id)
    events = list(enumerate(events_of_card(tx, card_id), 1))
    return events[page.after_id : page.after_id + page.limit + 1]


def cards_page(tx: Tx, board: OpenBoard, wanted: CardFilter, page: Page) -> dict[str, Any]:
    """A page of an opened board's cards by column, lane and place, as the API shows them."""
    statement = (
        filtered(select_cards(), board.id, wanted)
        .join(Column, Column.id == Card.column_id)
        .join(Lane, Lane.id == Card.lane_id)
        .add_columns(Column.position.label("column_position"), Lane.position.label("lane_position"))
        .order_by(*_ORDER)
        .limit(page.limit + 1)
    )
    if page.after is not None:
        column, lane, rank, card_id = key_of(page.after, int, int, int, int)
        statement = statement.where(_after(column, lane, rank, card_id))
    rows = [
        _Placed(row.column_position, row.lane_position, CardRow._make(row[:-2]))
        for row in tx.execute(statement)
    ]
    shown = page_json(
        page,
        rows,
        lambda row: [row.column_position, row.lane_position, row.card.rank, row.card.id],
    )
    return {**shown, "items": cards_json(tx, [row.card for row in shown["items"]])}


def cards_found(
    tx: Tx, board_id: int, wanted: CardFilter, finished: Collection[int]
) -> frozenset[int]:
    """The ids of the unfinished cards that a filter finds, and of these finished ones; those that
    were finished long ago, of which there may be many, are not looked through."""
    statement = filtered(select(Card.id), board_id, wanted).where(
        or_(Card.done_at.is_(None), Card.id.in_(finished) if finished else false())
    )
    return frozenset(tx.execute(statement).scalars())


class TitleRow(NamedTuple):
    """A card as a list of places names it."""

    id: int
    number: int
    title: str
    rank: int


class ArchivedRow(NamedTuple):
    """A card in the archive."""

    id: int
    number: int
    title: str
    column_name: str
    archived_at: int


_TITLES = Query(
    select(Card.id, Card.number, Card.title, Card.rank)
    .where(
        Card.column_id == bindparam("column_id"),
        Card.lane_id == bindparam("lane_id"),
        Card.archived_at.is_(None),
        Card.discarded_at.is_(None),
    )
    .order_by(Card.rank, Card.id)
    .limit(bindparam("some", type_=Card.rank.type)),
    TitleRow,
)


def titles_in(tx: Tx, column_id: int, lane_id: int, some: int) -> list[TitleRow]:
    """The first cards of a cell, from the top."""
    return tx.all(_TITLES, column_id=column_id, lane_id=lane_id, some=some)


def archived_cards(
    tx: Tx, board: OpenBoard, some: int, text: str | None = None
) -> list[ArchivedRow]:
    """The newest archived cards of an opened board, those with a text where one is given."""
    columns = (Card.id, Card.number, Card.title, Column.name.label("column_name"), Card.archived_at)
    statement = (
        filtered(
            select(*columns), board.id, CardFilter(archived=True, text=(text,) if text else ())
        )
        .join(Column, Column.id == Card.column_id)
        .order_by(Card.archived_at.desc(), Card.id.desc())
        .limit(some)
    )
    return [ArchivedRow._make(row) for row in tx.execute(statement)]


_ORDER = (Column.position, Lane.position, Card.rank, Card.id)


def _after(*key: int) -> Any:
    column, lane, rank, card_id = key
    return or_(
        Column.position > column,
        and_(Column.position == column, Lane.position > lane),
        and_(Column.position == column, Lane.position == lane, Card.rank > rank),
        and_(
            Column.position == column,
            Lane.position == lane,
            Card.rank == rank,
            Card.id > card_id,
        ),
    )


def filtered(
    statement: Select[*tuple[Any, ...]],
    board_id: int,
    wanted: CardFilter,
    *,
    by_columns: bool = False,
) -> Select[*tuple[Any, ...]]:
    """A statement over cards, narrowed to a board and a filter; one that names columns of the board
    does not ask for it again: an index of all its cards would be taken for that."""
    of_board = true() if by_columns else Card.board_id == board_id
    statement = statement.where(of_board, Card.discarded_at.is_(None))
    for column, values in (
        (Card.column_id, wanted.column_id),
        (Card.lane_id, wanted.lane_id),
        (Card.work_type, wanted.work_type),
        (Card.service_class, wanted.service_class),
        (Card.team, wanted.team),
    ):
        if values:
            statement = statement.where(column.in_(values))
    if wanted.assignee_id or wanted.unassigned:
        theirs = select(CardAssignee.card_id).where(CardAssignee.user_id.in_(wanted.assignee_id))
        statement = statement.where(
            or_(
                Card.id.in_(theirs) if wanted.assignee_id else false(),
                Card.assignee_ids == "[]" if wanted.unassigned else false(),
            )
        )
    if wanted.label:
        statement = statement.where(
            Card.id.in_(
                select(CardLabel.card_id)
                .join(Label, Label.id == CardLabel.label_id)
                .where(Label.board_id == board_id, Label.name.in_(wanted.label))
            )
        )
    if wanted.blocked is not None:
        has_block = Card.block_id.is_not(None)
        statement = statement.where(has_block if wanted.blocked else ~has_block)
    if wanted.archived is not None:
        archived = Card.archived_at.is_not(None)
        statement = statement.where(archived if wanted.archived else ~archived)
    if wanted.external_id is not None:
        statement = statement.where(Card.external_id == wanted.external_id)
    if wanted.text:
        statement = statement.where(or_(*map(_mentions, wanted.text)))
    if wanted.due or wanted.undated:
        statement = statement.where(
            or_(
                Card.due_on.is_(None) if wanted.undated else false(),
                and_(Card.done_at.is_(None), or_(false(), *map(_is_due, wanted.due))),
            )
        )
    if wanted.started_until is not None:
        old = [
            and_(Card.column_id == column_id, Card.started_at < moment)
            for column_id, moment in wanted.started_before
        ]
        statement = statement.where(
            or_(Card.started_at <= wanted.started_until, *old), Card.done_at.is_(None)
        )
    if wanted.done_from is not None:
        statement = statement.where(Card.done_at >= wanted.done_from)
    if wanted.done_to is not None:
        statement = statement.where(Card.done_at < wanted.done_to)
    return statement


def _is_due(span: DueSpan) -> Any:
    """Whether a card's due date lies in a span."""
    return and_(
        Card.due_on.is_not(None),
        true() if span.first is None else Card.due_on >= span.first,
        true() if span.last is None else Card.due_on <= span.last,
    )


def _mentions(text: str) -> Any:
    """Whether a card's title, description or external id has a text, or its number is it."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    matches: list[Any] = [
        func.lower(column).like(func.lower(pattern), escape="\\")
        for column in (Card.title, Card.description, Card.external_id)
    ]
    number = text.rpartition("-")[2]
    if number.isascii() and number.isdigit() and len(number) < 19:
        matches.append(Card.number == int(number))
    return or_(*matches)
