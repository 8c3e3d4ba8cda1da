"""A card as it stands in the database, with what every view of it needs."""

from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased

from app.db import Query
from app.models import BlockedInterval, Board, Card, User


class CardRow(NamedTuple):
    """One card: its fields, place and clocks, its open block and the people's names."""

    id: int
    board_id: int
    board_key: str
    number: int
    title: str
    description: str
    work_type: str
    service_class: str
    team: str | None
    due_on: str | None
    external_id: str | None
    version: int
    column_id: int
    lane_id: int
    rank: int
    archived_at: int | None
    discarded_at: int | None
    created_at: int
    entered_at: int
    started_at: int | None
    done_at: int | None
    lead_time: int | None
    cycle_time: int | None
    process_time: int
    working_since: int | None
    blocked_time: int
    was_blocked: bool
    assignee_ids: str
    label_ids: str
    comment_count: int
    item_count: int
    checked_count: int
    created_by: int | None
    creator_name: str | None
    block_id: int | None
    block_reason: str | None
    block_category: str | None
    block_since: int | None
    block_by: int | None
    blocker_name: str | None

    @property
    def ref(self) -> str:
        """The card's name on its board: `OPS-42`."""
        return f"{self.board_key}-{self.number}"

    @property
    def url(self) -> str:
        """Where the card's page is."""
        return f"/boards/{self.board_key}/cards/{self.number}"

    @property
    def is_live(self) -> bool:
        """Whether the card stands on the board."""
        return self.archived_at is None and self.discarded_at is None


_creator = aliased(User)
_blocker = aliased(User)


def select_cards() -> Select[*tuple[Any, ...]]:
    """The statement that every read of cards starts from; discarded cards are left out."""
    return (
        select(
            Card.id,
            Card.board_id,
            Board.key.label("board_key"),
            Card.number,
            Card.title,
            Card.description,
            Card.work_type,
            Card.service_class,
            Card.team,
            Card.due_on,
            Card.external_id,
            Card.version,
            Card.column_id,
            Card.lane_id,
            Card.rank,
            Card.archived_at,
            Card.discarded_at,
            Card.created_at,
            Card.entered_at,
            Card.started_at,
            Card.done_at,
            Card.lead_time,
            Card.cycle_time,
            Card.process_time,
            Card.working_since,
            Card.blocked_time,
            Card.was_blocked,
            Card.assignee_ids,
            Card.label_ids,
            Card.comment_count,
            Card.item_count,
            Card.checked_count,
            Card.created_by,
            _creator.name.label("creator_name"),
            Card.block_id,
            BlockedInterval.reason.label("block_reason"),
            BlockedInterval.category.label("block_category"),
            BlockedInterval.started_at.label("block_since"),
            BlockedInterval.started_by.label("block_by"),
            _blocker.name.label("blocker_name"),
        )
        .select_from(Card)
        .join(Board, Board.id == Card.board_id)
        .outerjoin(_creator, _creator.id == Card.created_by)
        .outerjoin(BlockedInterval, BlockedInterval.id == Card.block_id)
        .outerjoin(_blocker, _blocker.id == BlockedInterval.started_by)
        .where(Card.discarded_at.is_(None))
    )


CARD_BY_ID = Query(select_cards().where(Card.id == bindparam("card_id")), CardRow)
CARD_BY_NUMBER = Query(
    select_cards().where(
        Card.board_id == bindparam("board_id"), Card.number == bindparam("number")
    ),
    CardRow,
)
