"""flow: what the statistics are read by.

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


def upgrade() -> None:
    op.create_index(
        "ix_events_rare",
        "events",
        ["board_id", "type", "at"],
        sqlite_where=_RARE,
        postgresql_where=_RARE,
    )
    op.create_index("ix_visits_column", "visits", ["column_id", "entered_at", "left_at"])


def downgrade() -> None:
    op.drop_index("ix_visits_column", "visits")
    op.drop_index("ix_events_rare", "events")
