"""loads: what each closed day saw of the work centres.

Nothing is made anew: days that are closed already are reckoned at the next closing.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "closed_flows",
        sa.Column("centres", sa.String(length=64), nullable=False, server_default=""),
    )
    op.create_table(
        "load_days",
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("loads", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_load_days_board_id")),
        sa.PrimaryKeyConstraint("board_id", "day", name=op.f("pk_load_days")),
    )


def downgrade() -> None:
    op.drop_table("load_days")
    with op.batch_alter_table("closed_flows") as table:
        table.drop_column("centres")
