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

_PUT_AWAY = sa.text("archived_at IS NOT NULL AND done_at IS NULL AND discarded_at IS NULL")


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
    op.create_index("ix_visits_came", "visits", ["column_id", "entered_at"])
    op.create_index("ix_visits_left", "visits", ["column_id", "left_at"])
    op.create_index(
        "ix_cards_put_away",
        "cards",
        ["board_id", "column_id", "archived_at"],
        sqlite_where=_PUT_AWAY,
        postgresql_where=_PUT_AWAY,
    )
    op.create_table(
        "closed_flows",
        _id("board_id"),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_closed_flows_board_id")),
        sa.PrimaryKeyConstraint("board_id", name=op.f("pk_closed_flows")),
    )
    op.create_table(
        "column_days",
        _id("column_id"),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("came", sa.BigInteger(), nullable=False),
        sa.Column("went", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["column_id"], ["columns.id"], name=op.f("fk_column_days_column_id")
        ),
        sa.PrimaryKeyConstraint("column_id", "day", name=op.f("pk_column_days")),
        sqlite_with_rowid=False,
    )
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
    op.drop_table("column_days")
    op.drop_table("closed_flows")
    op.drop_index("ix_cards_put_away", "cards")
    op.drop_index("ix_visits_left", "visits")
    op.drop_index("ix_visits_came", "visits")
    op.drop_index("ix_events_rare", "events")
