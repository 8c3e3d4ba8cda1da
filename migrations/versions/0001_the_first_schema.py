"""the first schema."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "boards",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("wip_limit", sa.BigInteger(), nullable=True),
        sa.Column("person_wip_limit", sa.BigInteger(), nullable=True),
        sa.Column("teams", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("shape", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boards")),
        sa.UniqueConstraint("key", name=op.f("uq_boards_key")),
    )
    op.create_table(
        "setup_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_setup_links")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.String(length=254), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
    )
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_failures_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_failures_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_failures_at"), ["at"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "column_groups",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("wip_limit", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["board_id"], ["boards.id"], name=op.f("fk_column_groups_board_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_groups")),
    )
    with op.batch_alter_table("column_groups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_column_groups_board_id"), ["board_id"], unique=False)

    op.create_table(
        "idempotency_records",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("route", sa.String(length=300), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_idempotency_records_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "route", "key", name=op.f("pk_idempotency_records")),
    )
    with op.batch_alter_table("idempotency_records", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_records_created_at"), ["created_at"], unique=False
        )

    op.create_table(
        "invites",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column(
            "created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_invites_board_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_invites_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invites_token_hash")),
    )
    with op.batch_alter_table("invites", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invites_board_id"), ["board_id"], unique=False)

    op.create_table(
        "labels",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_labels_board_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
    )
    with op.batch_alter_table("labels", schema=None) as batch_op:
        batch_op.create_index("uq_labels_board_id_name", ["board_id", "name"], unique=True)

    op.create_table(
        "lanes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("wip_limit", sa.BigInteger(), nullable=True),
        sa.Column("expedite", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_lanes_board_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lanes")),
    )
    with op.batch_alter_table("lanes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lanes_board_id"), ["board_id"], unique=False)

    op.create_table(
        "members",
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_members_board_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id")),
        sa.PrimaryKeyConstraint("board_id", "user_id", name=op.f("pk_members")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_user_id"), ["user_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("narrowed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "columns",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("wip_limit", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team", sa.String(length=50), nullable=True),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("started_work", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_columns_board_id")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["column_groups.id"], name=op.f("fk_columns_group_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_columns")),
    )
    with op.batch_alter_table("columns", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_columns_board_id"), ["board_id"], unique=False)

    op.create_table(
        "token_boards",
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_token_boards_board_id")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_token_boards_token_id")),
        sa.PrimaryKeyConstraint("token_id", "board_id", name=op.f("pk_token_boards")),
    )
    op.create_table(
        "cards",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("work_type", sa.String(length=20), nullable=False),
        sa.Column("service_class", sa.String(length=20), nullable=False),
        sa.Column("team", sa.String(length=50), nullable=True),
        sa.Column("due_on", sa.String(length=10), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "column_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("lane_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.Column("discarded_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("lead_time", sa.BigInteger(), nullable=True),
        sa.Column("cycle_time", sa.BigInteger(), nullable=True),
        sa.Column("process_time", sa.BigInteger(), nullable=False),
        sa.Column("working_since", sa.BigInteger(), nullable=True),
        sa.Column("blocked_time", sa.BigInteger(), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=True),
        sa.Column("was_blocked", sa.Boolean(), nullable=False),
        sa.Column("assignee_ids", sa.Text(), nullable=False),
        sa.Column("label_ids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_cards_board_id")),
        sa.ForeignKeyConstraint(["column_id"], ["columns.id"], name=op.f("fk_cards_column_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_cards_created_by")),
        sa.ForeignKeyConstraint(["lane_id"], ["lanes.id"], name=op.f("fk_cards_lane_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
    )
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.create_index(
            "ix_cards_blocked",
            ["board_id", "block_id"],
            unique=False,
            sqlite_where=sa.text("block_id IS NOT NULL AND discarded_at IS NULL"),
            postgresql_where=sa.text("block_id IS NOT NULL AND discarded_at IS NULL"),
        )
        batch_op.create_index(
            "ix_cards_done",
            ["board_id", "done_at", "lead_time", "cycle_time", "process_time"],
            unique=False,
            sqlite_where=sa.text("done_at IS NOT NULL AND discarded_at IS NULL"),
            postgresql_where=sa.text("done_at IS NOT NULL AND discarded_at IS NULL"),
        )
        batch_op.create_index(
            "ix_cards_place",
            ["column_id", "lane_id", "rank"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL AND discarded_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL AND discarded_at IS NULL"),
        )
        batch_op.create_index(
            "uq_cards_board_id_external_id",
            ["board_id", "external_id"],
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL AND discarded_at IS NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL AND discarded_at IS NULL"),
        )
        batch_op.create_index("uq_cards_board_id_number", ["board_id", "number"], unique=True)

    op.create_table(
        "cells",
        sa.Column(
            "column_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("lane_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_cells_board_id")),
        sa.ForeignKeyConstraint(["column_id"], ["columns.id"], name=op.f("fk_cells_column_id")),
        sa.ForeignKeyConstraint(["lane_id"], ["lanes.id"], name=op.f("fk_cells_lane_id")),
        sa.PrimaryKeyConstraint("column_id", "lane_id", name=op.f("pk_cells")),
    )
    with op.batch_alter_table("cells", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cells_board_id"), ["board_id"], unique=False)

    op.create_table(
        "blocked_intervals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "started_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"], ["boards.id"], name=op.f("fk_blocked_intervals_board_id")
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["cards.id"], name=op.f("fk_blocked_intervals_card_id")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["users.id"], name=op.f("fk_blocked_intervals_ended_by")
        ),
        sa.ForeignKeyConstraint(
            ["started_by"], ["users.id"], name=op.f("fk_blocked_intervals_started_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_intervals")),
    )
    with op.batch_alter_table("blocked_intervals", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_blocked_intervals_board_id"), ["board_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_blocked_intervals_card_id"), ["card_id"], unique=False)

    op.create_table(
        "card_assignees",
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_card_assignees_card_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_card_assignees_user_id")),
        sa.PrimaryKeyConstraint("card_id", "user_id", name=op.f("pk_card_assignees")),
    )
    with op.batch_alter_table("card_assignees", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_assignees_user_id"), ["user_id"], unique=False)

    op.create_table(
        "card_labels",
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_card_labels_card_id")),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name=op.f("fk_card_labels_label_id")),
        sa.PrimaryKeyConstraint("card_id", "label_id", name=op.f("pk_card_labels")),
    )
    with op.batch_alter_table("card_labels", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_labels_label_id"), ["label_id"], unique=False)

    op.create_table(
        "events",
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_events_actor_id")),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_events_board_id")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_events_card_id")),
        sa.PrimaryKeyConstraint("board_id", "seq", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_events_card_id_seq",
            ["card_id", "seq"],
            unique=False,
            sqlite_where=sa.text("card_id IS NOT NULL"),
            postgresql_where=sa.text("card_id IS NOT NULL"),
        )

    op.create_table(
        "visits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "column_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_visits_board_id")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_visits_card_id")),
        sa.ForeignKeyConstraint(["column_id"], ["columns.id"], name=op.f("fk_visits_column_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visits_board_id"), ["board_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visits_card_id"), ["card_id"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        # Whatever writes an event tells every process of Weir, at its COMMIT.
        op.execute(
            """
            CREATE FUNCTION weir_tell() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_notify('weir', NEW.board_id::text);
                RETURN NULL;
            END $$
            """
        )
        op.execute(
            "CREATE TRIGGER weir_tell AFTER INSERT ON events "
            "FOR EACH ROW EXECUTE FUNCTION weir_tell()"
        )


def downgrade() -> None:
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visits_card_id"))
        batch_op.drop_index(batch_op.f("ix_visits_board_id"))

    op.drop_table("visits")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_events_card_id_seq",
            sqlite_where=sa.text("card_id IS NOT NULL"),
            postgresql_where=sa.text("card_id IS NOT NULL"),
        )

    op.drop_table("events")
    with op.batch_alter_table("card_labels", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_card_labels_label_id"))

    op.drop_table("card_labels")
    with op.batch_alter_table("card_assignees", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_card_assignees_user_id"))

    op.drop_table("card_assignees")
    with op.batch_alter_table("blocked_intervals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_blocked_intervals_card_id"))
        batch_op.drop_index(batch_op.f("ix_blocked_intervals_board_id"))

    op.drop_table("blocked_intervals")
    with op.batch_alter_table("cells", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cells_board_id"))

    op.drop_table("cells")
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.drop_index("uq_cards_board_id_number")
        batch_op.drop_index(
            "uq_cards_board_id_external_id",
            sqlite_where=sa.text("external_id IS NOT NULL AND discarded_at IS NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL AND discarded_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_cards_place",
            sqlite_where=sa.text("archived_at IS NULL AND discarded_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL AND discarded_at IS NULL"),
        )
        batch_op.drop_index("ix_cards_blocked")
        batch_op.drop_index(
            "ix_cards_done",
            sqlite_where=sa.text("done_at IS NOT NULL AND discarded_at IS NULL"),
            postgresql_where=sa.text("done_at IS NOT NULL AND discarded_at IS NULL"),
        )

    op.drop_table("cards")
    op.drop_table("token_boards")
    with op.batch_alter_table("columns", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_columns_board_id"))

    op.drop_table("columns")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tokens_user_id"))

    op.drop_table("tokens")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_user_id"))

    op.drop_table("sessions")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_members_user_id"))

    op.drop_table("members")
    with op.batch_alter_table("lanes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lanes_board_id"))

    op.drop_table("lanes")
    with op.batch_alter_table("labels", schema=None) as batch_op:
        batch_op.drop_index("uq_labels_board_id_name")

    op.drop_table("labels")
    with op.batch_alter_table("invites", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invites_board_id"))

    op.drop_table("invites")
    with op.batch_alter_table("idempotency_records", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_records_created_at"))

    op.drop_table("idempotency_records")
    with op.batch_alter_table("column_groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_column_groups_board_id"))

    op.drop_table("column_groups")
    op.drop_table("users")
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_failures_at"))
        batch_op.drop_index(batch_op.f("ix_sign_in_failures_address"))
        batch_op.drop_index(batch_op.f("ix_sign_in_failures_account"))

    op.drop_table("sign_in_failures")
    op.drop_table("setup_links")
    op.drop_table("boards")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION weir_tell()")
