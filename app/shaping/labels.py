"""A board's labels: making, renaming and painting them, and taking them off all cards at once."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from app.auth.actor import Actor
from app.boards.history import MANAGER, Fact, OpenBoard, lock_board, record
from app.cards.labels import DEFAULT_COLOR, ids, ids_text
from app.db import Query, Statement, Tx
from app.errors import AlreadyExists, NotFound
from app.models import Board, Card, CardLabel, Label


class LabelRow(NamedTuple):
    """A label of a board, and how many cards carry it, archived ones too."""

    id: int
    board_id: int
    name: str
    color: str
    removed_at: int | None
    card_count: int


class _Carrier(NamedTuple):
    id: int
    label_ids: str
    discarded_at: int | None


class _KeyRow(NamedTuple):
    key: str


class _IdRow(NamedTuple):
    id: int


_SELECT = select(
    Label.id,
    Label.board_id,
    Label.name,
    Label.color,
    Label.removed_at,
    select(func.count())
    .select_from(CardLabel)
    .join(Card, Card.id == CardLabel.card_id)
    .where(CardLabel.label_id == Label.id, Card.discarded_at.is_(None))
    .correlate(Label)
    .scalar_subquery()
    .label("card_count"),
)
_OF_BOARD = Query(
    _SELECT.where(Label.board_id == bindparam("board_id"), Label.removed_at.is_(None)), LabelRow
)
_BY_ID = Query(_SELECT.where(Label.id == bindparam("label_id")), LabelRow)
_BY_NAME = Query(
    _SELECT.where(Label.board_id == bindparam("board_id"), Label.name == bindparam("name")),
    LabelRow,
)
_BOARD_OF = Query(
    select(Board.key)
    .join(Label, Label.board_id == Board.id)
    .where(Label.id == bindparam("label_id"), Label.removed_at.is_(None)),
    _KeyRow,
)
_ADD = Query(
    insert(Label)
    .values(board_id=bindparam("board_id"), name=bindparam("name"), color=bindparam("color"))
    .returning(Label.id),
    _IdRow,
)
_SET = Statement(
    update(Label)
    .where(Label.id == bindparam("label_id"))
    .values(name=bindparam("name"), color=bindparam("color"), removed_at=bindparam("removed_at"))
)
# What the API shows of a card has changed, so it has another version.
_RAISE_VERSIONS = Statement(
    update(Card)
    .where(
        Card.id.in_(select(CardLabel.card_id).where(CardLabel.label_id == bindparam("label_id")))
    )
    .values(version=Card.version + 1)
)
_CARRIERS = Query(
    select(Card.id, Card.label_ids, Card.discarded_at)
    .join(CardLabel, CardLabel.card_id == Card.id)
    .where(CardLabel.label_id == bindparam("label_id"))
    .order_by(Card.id),
    _Carrier,
)
_SET_LABELS = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(label_ids=bindparam("label_ids"), version=Card.version + 1)
)
_TAKE_OFF = Statement(delete(CardLabel).where(CardLabel.label_id == bindparam("label_id")))


def add_label(
    tx: Tx, actor: Actor | None, key: str, name: str, color: str | None = None
) -> LabelRow:
    """Makes a label of a board. One of that name that was removed comes back, with its colour
    unless another is given."""
    board = lock_board(tx, actor, key=key)
    known = tx.first(_BY_NAME, board_id=board.id, name=name)
    if known is None:
        color = color or DEFAULT_COLOR
        label_id = tx.one(_ADD, board_id=board.id, name=name, color=color).id
    elif known.removed_at is None:
        raise AlreadyExists(f"The board has a label {name} already.")
    else:
        label_id, color = known.id, color or known.color
        tx.run(_SET, label_id=label_id, name=name, color=color, removed_at=None)
    data = {"label_id": label_id, "name": name, "color": color}
    record(tx, board, Fact("label.created", None, data))
    return tx.one(_BY_ID, label_id=label_id)


def change_label(tx: Tx, actor: Actor | None, label_id: int, changes: dict[str, Any]) -> LabelRow:
    """Gives a label another name or colour, on all cards that carry it."""
    board, label = _lock(tx, actor, label_id)
    now = label._replace(**changes)
    told = {
        name: {"from": getattr(label, name), "to": getattr(now, name)}
        for name in ("name", "color")
        if getattr(label, name) != getattr(now, name)
    }
    if not told:
        return label
    if "name" in told:
        _check_new_name(tx, board, now.name)
        tx.run(_RAISE_VERSIONS, label_id=label_id)
    tx.run(_SET, label_id=label_id, name=now.name, color=now.color, removed_at=None)
    data = {"label_id": label_id, "name": now.name, "changes": told}
    record(tx, board, Fact("label.changed", None, data))
    return now


def delete_label(tx: Tx, actor: Actor | None, label_id: int) -> LabelRow:
    """Removes a label: it goes off all cards, and the history still knows its name. Used again,
    it comes back."""
    board, label = _lock(tx, actor, label_id)
    carriers = tx.all(_CARRIERS, label_id=label_id)
    tx.run(_TAKE_OFF, label_id=label_id)
    tx.run_many(
        _SET_LABELS,
        [
            {"card_id": card.id, "label_ids": ids_text(_without(card, label_id))}
            for card in carriers
        ],
    )
    tx.run(_SET, label_id=label_id, name=label.name, color=label.color, removed_at=board.now)
    data = {"label_id": label_id, "name": label.name, "color": label.color}
    facts = [Fact("label.deleted", None, data)]
    for card in carriers:
        if card.discarded_at is None:
            change = {"from": ids(card.label_ids), "to": _without(card, label_id)}
            told = {"changes": {"labels": change}, "because": "label"}
            facts.append(Fact("card.edited", card.id, told))
    record(tx, board, *facts)
    return label


def labels_of(tx: Tx, board_id: int) -> list[LabelRow]:
    """The labels that a board has now, by name: one statement for any number. Whoever asks has
    been found to see the board."""
    return sorted(tx.all(_OF_BOARD, board_id=board_id), key=key_of_label)


def key_of_label(label: LabelRow) -> tuple[str, int]:
    """By what labels are put in order: the name without regard to case."""
    return label.name.casefold(), label.id


def label_json(label: LabelRow) -> dict[str, Any]:
    """A label as the API shows it."""
    return {
        "id": label.id,
        "name": label.name,
        "color": label.color,
        "card_count": label.card_count,
    }


def _lock(tx: Tx, actor: Actor | None, label_id: int) -> tuple[OpenBoard, LabelRow]:
    # A label stays on its board for life: that much may be read before the lock.
    owner = tx.first(_BOARD_OF, label_id=label_id)
    if owner is None:
        raise NotFound
    board = lock_board(tx, actor, need=MANAGER, key=owner.key)
    label = tx.one(_BY_ID, label_id=label_id)
    if label.removed_at is not None:
        raise NotFound
    return board, label


def _check_new_name(tx: Tx, board: OpenBoard, name: str) -> None:
    known = tx.first(_BY_NAME, board_id=board.id, name=name)
    if known is None:
        return
    if known.removed_at is None:
        raise AlreadyExists(f"The board has a label {name} already.")
    raise AlreadyExists(
        f"A label {name} was removed, and the history speaks of it. Use that again."
    )


def _without(card: _Carrier, label_id: int) -> list[int]:
    return [each for each in ids(card.label_ids) if each != label_id]
