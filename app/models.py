"""The whole schema: the map that a newcomer reads first.

Points in time are whole microseconds since 1970 in UTC and durations whole microseconds, so that
both databases hold exactly the same numbers. `events` is the truth; what is marked *derived* can be
made anew from it by `weir rebuild`. The classes name tables: statements are written with Core.
"""

from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Identity = BigInteger().with_variant(Integer, "sqlite")
Micros = BigInteger


class Base(DeclarativeBase):
    """All tables, with names of constraints that do not depend on the database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
    }


# --- Accounts -----------------------------------------------------------------------------------


class User(Base):
    """A person with an account. A person who is switched off keeps the name in the history."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str | None]
    is_admin: Mapped[bool]
    created_at: Mapped[int]
    disabled_at: Mapped[int | None]
    # How the person likes the pages: "system", "light" or "dark"; "comfortable" or "compact";
    # and whether single keys act.
    theme: Mapped[str] = mapped_column(String(10), server_default="system")
    density: Mapped[str] = mapped_column(String(12), server_default="comfortable")
    shortcuts: Mapped[bool] = mapped_column(server_default=true())


class Session(Base):
    """A sign-in in a browser; the cookie's value is kept as a hash."""

    __tablename__ = "sessions"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    user_agent: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[int]
    expires_at: Mapped[int]


class Token(Base):
    """A key for the API, shown once and kept as a hash."""

    __tablename__ = "tokens"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    read_only: Mapped[bool]
    # Narrowed to the boards of `token_boards`; false means every board of its user.
    narrowed: Mapped[bool]
    created_at: Mapped[int]
    expires_at: Mapped[int | None]


class TokenBoard(Base):
    """A board to which a token is narrowed."""

    __tablename__ = "token_boards"
    token_id: Mapped[int] = mapped_column(ForeignKey("tokens.id"), primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)


class SetupLink(Base):
    """The one-time link that makes the first administrator."""

    __tablename__ = "setup_links"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[int]


class PasswordLink(Base):
    """The one-time link by which a person chooses a password without knowing an old one."""

    __tablename__ = "password_links"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[int]


class Invite(Base):
    """A link by which a manager brings people to a board."""

    __tablename__ = "invites"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[int]
    expires_at: Mapped[int]


class SignInFailure(Base):
    """A failed sign-in, counted for throttling; kept for a quarter of an hour."""

    __tablename__ = "sign_in_failures"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    account: Mapped[str] = mapped_column(String(254), index=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[int] = mapped_column(index=True)


# --- Boards -------------------------------------------------------------------------------------


class Board(Base):
    """One value stream. Its row is the lock of everything on it."""

    __tablename__ = "boards"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    key: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    time_zone: Mapped[str] = mapped_column(String(64))
    wip_limit: Mapped[int | None]
    person_wip_limit: Mapped[int | None]
    teams: Mapped[str]  # JSON list of names
    seq: Mapped[int]  # of the newest event
    last_number: Mapped[int]  # of the newest card
    # A random number, new with every change of columns, groups, lanes or limits: processes keep
    # the shape of a board in memory under it.
    shape: Mapped[int]
    changed_at: Mapped[int]  # no event of the board is stamped before this
    created_at: Mapped[int]
    archived_at: Mapped[int | None]
    # Derived: the pull of the andon cord, as a JSON object, while it is pulled.
    andon: Mapped[str | None]
    # Made up for looking around; it alone can be taken away whole, with its history.
    sample: Mapped[bool] = mapped_column(server_default=false())


class Member(Base):
    """A person's role on a board."""

    __tablename__ = "members"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20))


class Group(Base):
    """Neighbouring columns that are one work centre."""

    __tablename__ = "column_groups"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    wip_limit: Mapped[int | None]
    deleted_at: Mapped[int | None]


class Column(Base):
    """A work centre, or a queue before one. A deleted column stays for the history's sake."""

    __tablename__ = "columns"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    wip_limit: Mapped[int | None]
    group_id: Mapped[int | None] = mapped_column(ForeignKey("column_groups.id"))
    team: Mapped[str | None] = mapped_column(String(50))
    policy: Mapped[str]
    deleted_at: Mapped[int | None]
    # Whether entering it started work when it was deleted; null while it is there.
    started_work: Mapped[bool | None]
    # Whether the page asks for the policy's points before a card leaves it to the right.
    ask_before_leaving: Mapped[bool] = mapped_column(server_default=false())


class Lane(Base):
    """A swimlane across all columns."""

    __tablename__ = "lanes"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    wip_limit: Mapped[int | None]
    expedite: Mapped[bool]
    deleted_at: Mapped[int | None]


class Cell(Base):
    """Derived: how many live cards stand in a column's part of a lane. All limits are judged by
    these few rows, so that a move costs the same on a board of ten cards and of a million."""

    __tablename__ = "cells"
    column_id: Mapped[int] = mapped_column(ForeignKey("columns.id"), primary_key=True)
    lane_id: Mapped[int] = mapped_column(ForeignKey("lanes.id"), primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), index=True)
    card_count: Mapped[int]


RARE_EVENTS = text(
    "type IN ('andon.pulled', 'andon.resolved', 'card.restored', 'limit.changed', 'move.refused')"
)
"""The events that statistics look for among millions of others. A statement that asks for one of
them says this too, word for word: only then do both databases use the index that holds no other."""


class Event(Base):
    """The history: append-only, per board without gaps from 1."""

    __tablename__ = "events"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    data: Mapped[str]  # JSON object
    __table_args__ = (
        Index(
            "ix_events_card_id_seq",
            "card_id",
            "seq",
            sqlite_where=text("card_id IS NOT NULL"),
            postgresql_where=text("card_id IS NOT NULL"),
        ),
        Index(
            "ix_events_rare",
            "board_id",
            "type",
            "at",
            sqlite_where=RARE_EVENTS,
            postgresql_where=RARE_EVENTS,
        ),
        {"sqlite_with_rowid": False},
    )


class Marker(Base):
    """A moment that the charts of a board's flow show: what was changed then, in words."""

    __tablename__ = "markers"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    at: Mapped[int]
    words: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (Index("ix_markers_board_id_at", "board_id", "at"),)


# --- Cards --------------------------------------------------------------------------------------

_LIVE = text("archived_at IS NULL AND discarded_at IS NULL")
_KEPT = text("external_id IS NOT NULL AND discarded_at IS NULL")
_BLOCKED = text("block_id IS NOT NULL AND discarded_at IS NULL")
_DONE = text("done_at IS NOT NULL AND discarded_at IS NULL")
_PUT_AWAY = text("archived_at IS NOT NULL AND done_at IS NULL AND discarded_at IS NULL")


class Card(Base):
    """One work item. Column, lane and rank are written by the placing module alone."""

    __tablename__ = "cards"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str]
    work_type: Mapped[str] = mapped_column(String(20))
    service_class: Mapped[str] = mapped_column(String(20))
    team: Mapped[str | None] = mapped_column(String(50))
    due_on: Mapped[str | None] = mapped_column(String(10))
    external_id: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # Derived from here on: the place ...
    column_id: Mapped[int] = mapped_column(ForeignKey("columns.id"))
    lane_id: Mapped[int] = mapped_column(ForeignKey("lanes.id"))
    rank: Mapped[int]  # order within column and lane, with gaps
    archived_at: Mapped[int | None]
    discarded_at: Mapped[int | None]
    # ... the clocks ...
    created_at: Mapped[int]
    entered_at: Mapped[int]  # when it came into its column
    started_at: Mapped[int | None]
    done_at: Mapped[int | None]
    lead_time: Mapped[int | None]
    cycle_time: Mapped[int | None]
    process_time: Mapped[int]  # of finished stretches; see working_since
    working_since: Mapped[int | None]  # start of the stretch that goes on, if one does
    blocked_time: Mapped[int]  # of finished intervals; up to done_at for a done card
    block_id: Mapped[int | None]  # the open blocked interval
    was_blocked: Mapped[bool]  # ever: only then do its clocks need its intervals
    # ... read copies of the two link tables, as JSON lists of ids ...
    assignee_ids: Mapped[str]
    label_ids: Mapped[str]
    # ... and how many comments and checklist items it has, for its face.
    comment_count: Mapped[int] = mapped_column(server_default="0")
    item_count: Mapped[int] = mapped_column(server_default="0")
    checked_count: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        Index("uq_cards_board_id_number", "board_id", "number", unique=True),
        Index(
            "uq_cards_board_id_external_id",
            "board_id",
            "external_id",
            unique=True,
            sqlite_where=_KEPT,
            postgresql_where=_KEPT,
        ),
        Index(
            "ix_cards_place",
            "column_id",
            "lane_id",
            "rank",
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(
            "ix_cards_blocked",
            "board_id",
            "block_id",
            sqlite_where=_BLOCKED,
            postgresql_where=_BLOCKED,
        ),
        Index(
            "ix_cards_put_away",
            "board_id",
            "column_id",
            "archived_at",
            sqlite_where=_PUT_AWAY,
            postgresql_where=_PUT_AWAY,
        ),
        Index(
            "ix_cards_done",
            "board_id",
            "done_at",
            "lead_time",
            "cycle_time",
            "process_time",
            sqlite_where=_DONE,
            postgresql_where=_DONE,
        ),
    )


class CardAssignee(Base):
    """A person whose card it is."""

    __tablename__ = "card_assignees"
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)


class Label(Base):
    """A word that a board's cards can carry. A removed label stays readable in the history."""

    __tablename__ = "labels"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    name: Mapped[str] = mapped_column(String(50))
    color: Mapped[str] = mapped_column(String(20), server_default="grey")
    removed_at: Mapped[int | None]
    __table_args__ = (Index("uq_labels_board_id_name", "board_id", "name", unique=True),)


class CardLabel(Base):
    """A label on a card."""

    __tablename__ = "card_labels"
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id"), primary_key=True, index=True)


class CardAddress(Base):
    """A number that a card had on a board before it moved to another one; it still leads there."""

    __tablename__ = "card_addresses"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    title: Mapped[str] = mapped_column(String(500))  # as it was when it left
    left_at: Mapped[int]


class Comment(Base):
    """What somebody says about a card, in Markdown. A deleted one keeps its place, not its text."""

    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str]
    created_at: Mapped[int]
    edited_at: Mapped[int | None]
    deleted_at: Mapped[int | None]


class Checklist(Base):
    """A named list of things to do for a card."""

    __tablename__ = "checklists"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]


class ChecklistItem(Base):
    """One thing to do, done or not."""

    __tablename__ = "checklist_items"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    position: Mapped[int]
    checked_at: Mapped[int | None]
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class CardLink(Base):
    """That a card blocks another, is its parent, or relates to it (the smaller id first then)."""

    __tablename__ = "card_links"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    from_card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    to_card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    created_at: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (Index("uq_card_links", "from_card_id", "to_card_id", "kind", unique=True),)


class WebLink(Base):
    """An address outside Weir that belongs to a card."""

    __tablename__ = "web_links"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    url: Mapped[str] = mapped_column(String(2000))
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Visit(Base):
    """Derived: a stay of a card in a column, from when to when; open while it is there."""

    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), index=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    column_id: Mapped[int] = mapped_column(ForeignKey("columns.id"))
    entered_at: Mapped[int]
    left_at: Mapped[int | None]
    # What the column was when the card left its board: its stays there mean for ever what they
    # meant then. Null for a stay in a column of the board on which the card is.
    kind: Mapped[str | None] = mapped_column(String(10))
    started_work: Mapped[bool | None]
    __table_args__ = (
        Index("ix_visits_came", "column_id", "entered_at"),
        Index("ix_visits_left", "column_id", "left_at"),
    )


class ClosedFlow(Base):
    """Derived: up to which moment the days of a board are closed, and in which zone they are days.

    A row of its own, because who discards a card locks it on each board that the card has been on.
    """

    __tablename__ = "closed_flows"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    until: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    # What the board's columns meant then, as a hash: with another meaning the days are made anew.
    layout: Mapped[str] = mapped_column(String(64), server_default="")
    # The last event whose change of a cell is kept among those of its day.
    seq: Mapped[int] = mapped_column(server_default="0")
    # Drawn anew whenever a closed day tells something else of its cards than before.
    past: Mapped[int] = mapped_column(server_default="0")
    # Of which work centres the days tell what they saw, as a hash.
    centres: Mapped[str] = mapped_column(String(64), server_default="")


class ColumnDay(Base):
    """Derived: how many cards came into a column and left it on a closed day (its ordinal)."""

    __tablename__ = "column_days"
    column_id: Mapped[int] = mapped_column(ForeignKey("columns.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    came: Mapped[int]
    went: Mapped[int]
    __table_args__ = ({"sqlite_with_rowid": False},)


class DoneDay(Base):
    """Derived: the cards that were done on a closed day, their numbers as arrays (`app/packing.py`)
    in which each card has the same place."""

    __tablename__ = "done_days"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    cards: Mapped[int]
    handed: Mapped[int]  # sum of the handoffs
    card_ids: Mapped[bytes]
    moments: Mapped[bytes]
    handoffs: Mapped[bytes]
    progress: Mapped[bytes]
    lead: Mapped[bytes]
    cycle: Mapped[bytes]
    process: Mapped[bytes]


class StayDay(Base):
    """Derived: the time that the cards done on a closed day had spent in a column (0: on other
    boards), and how old they were when they left it."""

    __tablename__ = "stay_days"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    column_id: Mapped[int] = mapped_column(primary_key=True)
    # Sums of whole seconds and of the rest: the microseconds of many cards are more than a number
    # of the database holds.
    lead_seconds: Mapped[int]
    lead_rest: Mapped[int]
    process_seconds: Mapped[int]
    process_rest: Mapped[int]
    longest: Mapped[int]
    card_ids: Mapped[bytes]
    moments: Mapped[bytes]
    lead: Mapped[bytes]
    process: Mapped[bytes]
    age: Mapped[bytes]


class ExitDay(Base):
    """Derived: the moves out of a column to the right on a closed day, and after how many of them
    the card came back."""

    __tablename__ = "exit_days"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    column_id: Mapped[int] = mapped_column(primary_key=True)
    exits: Mapped[int]
    returned: Mapped[int]
    card_ids: Mapped[bytes]
    moments: Mapped[bytes]
    came_back: Mapped[bytes]


class ChangeDay(Base):
    """Derived: a card more or fewer in a cell, as arrays of what happened on a day: all that events
    tell up to a board's `ClosedFlow.seq`."""

    __tablename__ = "change_days"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    moments: Mapped[bytes]
    columns: Mapped[bytes]
    lanes: Mapped[bytes]
    deltas: Mapped[bytes]


class LoadDay(Base):
    """Derived: what a closed day saw of the work centres, and what stood in the cells when it was
    over, as arrays (`app/cards/load_days.py`). There are no gaps between the days."""

    __tablename__ = "load_days"
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    counts: Mapped[bytes]
    loads: Mapped[bytes]


class BlockedInterval(Base):
    """Derived: a time during which a card could not go on, and why. Kept for ever."""

    __tablename__ = "blocked_intervals"
    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    category: Mapped[str] = mapped_column(String(30))
    started_at: Mapped[int]
    started_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[int | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str] = mapped_column(String(500))
    __table_args__ = (Index("ix_blocked_intervals_ended", "board_id", "ended_at"),)


# --- The API ------------------------------------------------------------------------------------


class IdempotencyRecord(Base):
    """The first answer to a request with an `Idempotency-Key`, kept for 24 hours."""

    __tablename__ = "idempotency_records"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    route: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[str]  # JSON object
    body: Mapped[str]
    created_at: Mapped[int] = mapped_column(index=True)
