"""flow: what the statistics are read by, and the markers of a board.

Nothing is made anew: indexes are added to tables that have rows.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_RARE = sa.text(
    "type IN ('andon.pulled', 'andon.resolved', 'card.restored', 'limit.changed', 'move.refused')"
)


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def upgrade() -> None:
    op.create_index(
        "ix_events_rare",
        "events",
        ["board_id", "type", "at"],
        sqlite_where=_RARE,
        postgresql_where=_RARE,
    )
    op.create_index("ix_visits_column", "visits", ["column_id", "entered_at", "left_at"])
    # The index on the board alone is the first part of this one.
    op.create_index("ix_blocked_intervals_ended", "blocked_intervals", ["board_id", "ended_at"])
    op.drop_index("ix_blocked_intervals_board_id", "blocked_intervals")
    op.create_table(
        "markers",
        _id(),
        _id("board_id"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _id("created_by", nullable=True),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_markers_board_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_markers_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_markers")),
    )
    op.create_index(op.f("ix_markers_board_id_at"), "markers", ["board_id", "at"])


def downgrade() -> None:
    op.drop_table("markers")
    op.create_index("ix_blocked_intervals_board_id", "blocked_intervals", ["board_id"])
    op.drop_index("ix_blocked_intervals_ended", "blocked_intervals")
    op.drop_index("ix_visits_column", "visits")
    op.drop_index("ix_events_rare", "events")
