"""andon: the cord of a board while it is pulled.

Cords that were pulled before are in the history alone; none was, since nothing could pull one.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("boards", sa.Column("andon", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("boards") as table:
        table.drop_column("andon")
