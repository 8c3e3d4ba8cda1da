"""days: what was done on each closed day, as arrays.

Nothing is made anew: the days that are closed already are of no use without it and close again.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _arrays(*names: str) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def _create(name: str, key: Sequence[str], *columns: sa.Column[int] | sa.Column[bytes]) -> None:
    op.create_table(
        name,
        _id("board_id"),
        *_numbers(*key[1:]),
        *columns,
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f(f"fk_{name}_board_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    op.add_column(
        "closed_flows", sa.Column("layout", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column(
        "closed_flows", sa.Column("seq", sa.BigInteger(), nullable=False, server_default="0")
    )
    _create(
        "change_days",
        ("board_id", "day"),
        *_arrays("moments", "columns", "lanes", "deltas"),
    )
    _create(
        "done_days",
        ("board_id", "day"),
        *_numbers("cards", "handed"),
        *_arrays("card_ids", "moments", "handoffs", "progress", "lead", "cycle", "process"),
    )
    _create(
        "stay_days",
        ("board_id", "day", "column_id"),
        *_numbers("lead_seconds", "lead_rest", "process_seconds", "process_rest", "longest"),
        *_arrays("card_ids", "moments", "lead", "process", "age"),
    )
    _create(
        "exit_days",
        ("board_id", "day", "column_id"),
        *_numbers("exits", "returned"),
        *_arrays("card_ids", "moments", "came_back"),
    )


def downgrade() -> None:
    for name in ("exit_days", "stay_days", "done_days", "change_days"):
        op.drop_table(name)
    with op.batch_alter_table("closed_flows") as table:
        table.drop_column("seq")
        table.drop_column("layout")
