"""Making a sample board, whole and at once."""

from collections.abc import Mapping, Sequence
from itertools import chain, count
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from app import clock
from app.auth.actor import Actor
from app.boards.history import Fact, OpenBoard, lock_board, read_board, record
from app.boards.service import create_board
from app.cards.service import edit_card
from app.clock import DAY
from app.db import Query, Statement, Tx
from app.details.checklists import add_checklist, change_item
from app.details.comments import add_comment
from app.exchange.history import import_history
from app.models import Board, Card
from app.samples import lessons
from app.samples.journeys import DOING, STEPS, TEST, Calendar, Play, document, played
from app.shaping.labels import add_label
from app.shaping.service import change_column
from app.types import parse_moment

KEY = "SAMPLE"
NAME = "Sample: Platform"
CHECKED = 3


class _CardAt(NamedTuple):
    id: int
    column_id: int
    lane_id: int


class _Key(NamedTuple):
    key: str


SET_SAMPLE = Statement(update(Board).where(Board.id == bindparam("board")).values(sample=True))
_CARDS = Query(
    select(Card.id, Card.column_id, Card.lane_id)
    .where(Card.board_id == bindparam("board_id"))
    .order_by(Card.number),
    _CardAt,
)
_KEYS = Query(select(Board.key).where(Board.key.like(bindparam("like"))), _Key)


def make_sample(
    tx: Tx, actor: Actor, key: str | None = None, name: str = NAME, time_zone: str = "UTC"
) -> OpenBoard:
    """Makes a board with sixty days of made-up work and six cards to learn by; whoever makes it is
    its manager. Without a key it gets the first of SAMPLE, SAMPLE2, ... that is free."""
    board = create_board(tx, actor, key or free_key(tx), name, time_zone)
    tx.run(SET_SAMPLE, board=board.id)
    for column in board.shape.columns:
        if column.name in lessons.POLICIES:
            change_column(tx, actor, column.id, {"policy": lessons.POLICIES[column.name]})
    for label, color in lessons.COLORS.items():
        add_label(tx, actor, board.row.key, label, color)
    play = played()
    history = document(play, board.now)
    import_history(
        tx,
        actor,
        board.row.key,
        {**history, "cards": [*history["cards"], *lessons.entries(board.now)]},
    )
    cards = tx.all(_CARDS, board_id=board.id)
    _refuse(tx, actor, board.row.key, play, cards)
    _pull_the_cord(tx, actor, board.row.key, history["cards"])
    _detail(tx, actor, board, cards)
    return read_board(tx, actor, key=board.row.key)


def free_key(tx: Tx) -> str:
    """The first of SAMPLE, SAMPLE2, ... that no board has."""
    taken = {row.key for row in tx.all(_KEYS, like=f"{KEY}%")}
    return next(key for key in chain([KEY], (f"{KEY}{n}" for n in count(2))) if key not in taken)


def _refuse(tx: Tx, actor: Actor, key: str, play: Play, cards: Sequence[_CardAt]) -> None:
    """Writes the refusals of those sixty days into the history."""
    board = lock_board(tx, actor, key=key)
    when = Calendar(play.hours, board.now)
    columns = {column.name: column for column in board.shape.columns}
    facts = []
    for refused in play.refusals:
        column, card = columns[STEPS[refused.step]], cards[refused.card]
        data = {
            "scope": "column",
            "place": {"id": column.id, "name": column.name},
            "limit": column.wip_limit,
            "count": column.wip_limit,
            "to": {"column_id": column.id, "lane_id": card.lane_id},
            "action": "move",
            "imported": True,
        }
        facts.append(Fact("move.refused", card.id, data, when.at(refused.at)))
    record(tx, board, *facts)


def _pull_the_cord(tx: Tx, actor: Actor, key: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Writes into the history that the andon cord was pulled, and what was learnt from it."""
    board = lock_board(tx, actor, key=key)
    moments = [parse_moment(entry["created_at"]) for entry in entries]
    moments += [parse_moment(move["at"]) for entry in entries for move in entry["moves"]]
    for cord in lessons.CORDS:
        pulled, released = lessons.quiet_time(moments, board.now - cord.days * DAY)
        why = {"reason": cord.reason, "imported": True}
        record(tx, board, Fact("andon.pulled", None, why, pulled))
        came = {
            **why,
            "pull": board.seq,
            "pulled_at": clock.iso(pulled),
            "learning": cord.learning,
            "countermeasure": cord.countermeasure,
            "helper_ids": [actor.id],
        }
        record(tx, board, Fact("andon.resolved", None, came, released))


def _detail(tx: Tx, actor: Actor, board: OpenBoard, cards: Sequence[_CardAt]) -> None:
    """Gives some cards in work what a card can have besides: people, a checklist, a comment."""
    names = {column.id: column.name for column in board.shape.columns}
    usual = board.shape.default_lane.id
    doing, test = (
        next(c for c in cards if names[c.column_id] == STEPS[step] and c.lane_id == usual)
        for step in (DOING, TEST)
    )
    for card in (doing, test):
        edit_card(tx, actor, card.id, {"assignee_ids": [actor.id]})
    checklist = add_checklist(tx, actor, doing.id, "Before it goes to Test", lessons.CHECKLIST)
    for item in checklist.items[:CHECKED]:
        change_item(tx, actor, item.id, {"checked": True})
    add_comment(tx, actor, test.id, lessons.COMMENT)
