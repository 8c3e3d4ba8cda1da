"""Labels and assignees of a card: the link tables and the card's read copies of them."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import orjson
from sqlalchemy import bindparam, delete, insert, select, update

from app.db import Query, Statement, Tx
from app.errors import Invalid
from app.models import CardAssignee, CardLabel, Label, Member


class LabelName(NamedTuple):
    """A label's id and name."""

    id: int
    name: str


class _KnownLabel(NamedTuple):
    id: int
    name: str
    removed_at: int | None


class _IdRow(NamedTuple):
    id: int


# The family that labels are painted in: each is a class of the stylesheet, `label-grey`.
COLORS = ("grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink", "brown")
DEFAULT_COLOR = COLORS[0]

_LABELS = Query(
    select(Label.id, Label.name).where(Label.board_id == bindparam("board_id")), LabelName
)
_KNOWN = Query(
    select(Label.id, Label.name, Label.removed_at).where(Label.board_id == bindparam("board_id")),
    _KnownLabel,
)
_BRING_BACK = Statement(
    update(Label).where(Label.id == bindparam("label_id")).values(removed_at=None)
)
_NEW_LABEL = Query(
    insert(Label)
    .values(board_id=bindparam("board_id"), name=bindparam("name"))
    .returning(Label.id),
    _IdRow,
)
_MEMBER_IDS = Query(
    select(Member.user_id.label("id")).where(Member.board_id == bindparam("board_id")), _IdRow
)
_UNASSIGN = Statement(delete(CardAssignee).where(CardAssignee.card_id == bindparam("card_id")))
_ASSIGN = Statement(
    insert(CardAssignee).values(card_id=bindparam("card_id"), user_id=bindparam("user_id"))
)
_UNLABEL = Statement(delete(CardLabel).where(CardLabel.card_id == bindparam("card_id")))
_LABEL = Statement(
    insert(CardLabel).values(card_id=bindparam("card_id"), label_id=bindparam("label_id"))
)


def ids(text: str) -> list[int]:
    """The ids of a card's read copy."""
    return list(_read_ids(text))


@lru_cache(maxsize=4096)
def _read_ids(text: str) -> tuple[int, ...]:
    # The same people and labels are on many cards.
    return tuple(orjson.loads(text))


def ids_text(values: Iterable[int]) -> str:
    """A card's read copy of some ids."""
    return orjson.dumps(sorted(values)).decode()


def read_labels(tx: Tx, board_id: int) -> dict[int, str]:
    """The names of a board's labels by id, of removed ones too: the history speaks of them."""
    return {row.id: row.name for row in tx.all(_LABELS, board_id=board_id)}


def label_names(tx: Tx, board_id: int) -> list[str]:
    """The names of the labels that a board has now."""
    return [row.name for row in tx.all(_KNOWN, board_id=board_id) if row.removed_at is None]


def ensure_labels(tx: Tx, board_id: int, names: Iterable[str]) -> dict[str, int]:
    """The ids of labels by name; names that the board does not have yet become its labels, and
    those that were removed come back."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    known = {row.name: row for row in tx.all(_KNOWN, board_id=board_id)}
    found = {}
    for name in wanted:
        label = known.get(name)
        if label is None:
            found[name] = tx.one(_NEW_LABEL, board_id=board_id, name=name).id
            continue
        if label.removed_at is not None:
            tx.run(_BRING_BACK, label_id=label.id)
        found[name] = label.id
    return found


def check_members(
    tx: Tx, board_id: int, user_ids: Sequence[int], field: str = "assignee_ids"
) -> None:
    """422 where somebody is to be assigned who is no member of the board."""
    if not user_ids:
        return
    members = member_ids(tx, board_id)
    errors = [
        (("body", field, index), f"user {user_id} is not a member of this board")
        for index, user_id in enumerate(user_ids)
        if user_id not in members
    ]
    if errors:
        raise Invalid(*errors)


def member_ids(tx: Tx, board_id: int) -> set[int]:
    """The ids of a board's members."""
    return {row.id for row in tx.all(_MEMBER_IDS, board_id=board_id)}


def write_assignees(tx: Tx, card_id: int, user_ids: Sequence[int], *, fresh: bool = False) -> None:
    """Writes who a card is assigned to."""
    if not fresh:
        tx.run(_UNASSIGN, card_id=card_id)
    tx.run_many(_ASSIGN, [{"card_id": card_id, "user_id": user_id} for user_id in user_ids])


def write_labels(tx: Tx, card_id: int, label_ids: Iterable[int], *, fresh: bool = False) -> None:
    """Writes which labels a card carries."""
    if not fresh:
        tx.run(_UNLABEL, card_id=card_id)
    tx.run_many(_LABEL, [{"card_id": card_id, "label_id": label_id} for label_id in label_ids])
