"""cards in depth: comments, checklists, links, colours of labels, and how people like their pages.

What is added to a table that has rows is added in place, with a default: no table is made anew.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _added() -> dict[str, list[sa.Column[object]]]:
    return {
        "users": [
            sa.Column("theme", sa.String(length=10), nullable=False, server_default="system"),
            sa.Column(
                "density", sa.String(length=12), nullable=False, server_default="comfortable"
            ),
            sa.Column("shortcuts", sa.Boolean(), nullable=False, server_default=sa.true()),
        ],
        "boards": [sa.Column("sample", sa.Boolean(), nullable=False, server_default=sa.false())],
        "columns": [
            sa.Column("ask_before_leaving", sa.Boolean(), nullable=False, server_default=sa.false())
        ],
        "labels": [
            sa.Column("color", sa.String(length=20), nullable=False, server_default="grey"),
            sa.Column("removed_at", sa.BigInteger(), nullable=True),
        ],
        "cards": [
            sa.Column("comment_count", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("item_count", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("checked_count", sa.BigInteger(), nullable=False, server_default="0"),
        ],
        "visits": [
            sa.Column("kind", sa.String(length=10), nullable=True),
            sa.Column("started_work", sa.Boolean(), nullable=True),
        ],
    }


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "card_addresses",
        _id("board_id", nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _id("card_id", nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"], ["boards.id"], name=op.f("fk_card_addresses_board_id")
        ),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_card_addresses_card_id")),
        sa.PrimaryKeyConstraint("board_id", "number", name=op.f("pk_card_addresses")),
    )
    op.create_index(op.f("ix_card_addresses_card_id"), "card_addresses", ["card_id"])
    op.create_table(
        "comments",
        _id(),
        _id("card_id", nullable=False),
        _id("author_id", nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_comments_card_id")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_comments_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_card_id"), "comments", ["card_id"])
    op.create_table(
        "checklists",
        _id(),
        _id("card_id", nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_checklists_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklists")),
    )
    op.create_index(op.f("ix_checklists_card_id"), "checklists", ["card_id"])
    op.create_table(
        "checklist_items",
        _id(),
        _id("checklist_id", nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        _id("checked_by", nullable=True),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklists.id"], name=op.f("fk_checklist_items_checklist_id")
        ),
        sa.ForeignKeyConstraint(
            ["checked_by"], ["users.id"], name=op.f("fk_checklist_items_checked_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_items")),
    )
    op.create_index(op.f("ix_checklist_items_checklist_id"), "checklist_items", ["checklist_id"])
    op.create_table(
        "card_links",
        _id(),
        sa.Column("kind", sa.String(length=20), nullable=False),
        _id("from_card_id", nullable=False),
        _id("to_card_id", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _id("created_by", nullable=True),
        sa.ForeignKeyConstraint(
            ["from_card_id"], ["cards.id"], name=op.f("fk_card_links_from_card_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_card_id"], ["cards.id"], name=op.f("fk_card_links_to_card_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_card_links_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_links")),
    )
    op.create_index(
        "uq_card_links", "card_links", ["from_card_id", "to_card_id", "kind"], unique=True
    )
    op.create_index(op.f("ix_card_links_to_card_id"), "card_links", ["to_card_id"])
    op.create_table(
        "web_links",
        _id(),
        _id("card_id", nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _id("created_by", nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_web_links_card_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_web_links_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_links")),
    )
    op.create_index(op.f("ix_web_links_card_id"), "web_links", ["card_id"])
    op.create_table(
        "password_links",
        _id("user_id", nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_password_links_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_password_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_links_token_hash")),
    )


def downgrade() -> None:
    for table in (
        "password_links",
        "web_links",
        "card_links",
        "checklist_items",
        "checklists",
        "comments",
        "card_addresses",
    ):
        op.drop_table(table)
    for table, columns in _added().items():
        for column in columns:
            op.drop_column(table, column.name)
