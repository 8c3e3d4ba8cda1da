"""A card's clocks from its history: when it was started and done, and where the time went. Pure.

The definitions are those of the vocabulary: lead time runs from creation to the last time the card
came into a `done` column from one that is not; cycle time from the first time it came into a column
that is not `done` and at or right of the first active one; process time is time in `active` columns
while not blocked; blocked time is the union of the blocked intervals up to done.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from app.boards.shape import ACTIVE, DONE

NEVER = -(1 << 62)
"""What stands in arrays for a moment or a duration that there is not."""
OPEN = 1 << 62
"""After any moment: in arrays the end of what goes on."""


class Columns(Protocol):
    """What the clocks ask of a board's shape."""

    @property
    def started(self) -> frozenset[int]:
        """The columns in which work has been started."""

    @property
    def active(self) -> frozenset[int]:
        """The columns in which somebody works on a card."""

    @property
    def done(self) -> frozenset[int]:
        """The columns in which the clock stops."""


class Stay(NamedTuple):
    """A stay in a column; `left_at` is None while the card is there.

    A stay on a board that the card has left says itself what its column was then.
    """

    column_id: int
    entered_at: int
    left_at: int | None
    kind: str | None = None
    started_work: bool | None = None


class Interval(NamedTuple):
    """A blocked interval; `until` is None while it goes on."""

    start: int
    until: int | None


class Clocks(NamedTuple):
    """What is kept of a card's clocks, in microseconds."""

    started_at: int | None
    done_at: int | None
    lead_time: int | None
    cycle_time: int | None
    process_time: int
    working_since: int | None
    blocked_time: int


def read_clocks(columns: Columns, stays: Sequence[Stay], blocks: Sequence[Interval]) -> Clocks:
    """The clocks of a card from all its stays (in order) and blocked intervals.

    Finished stretches are in `process_time` and `blocked_time`; a stretch of work that goes on is
    told by `working_since`, a blocked interval that goes on by itself.
    """
    created_at = stays[0].entered_at
    started_at = next((s.entered_at for s in stays if is_started(columns, s)), None)
    done_at = None
    was_done = False
    for stay in stays:
        is_done = is_of(columns.done, stay, DONE)
        if is_done and not was_done:
            done_at = stay.entered_at
        was_done = is_done
    if not was_done:
        done_at = None
    blocked = merge(blocks)
    process_time = 0
    working_since = None
    for stay in stays:
        if not is_of(columns.active, stay, ACTIVE):
            continue
        if stay.left_at is not None:
            process_time += unblocked(stay.entered_at, stay.left_at, blocked)
            continue
        # The stay goes on: what lies before the last blocked interval's end is finished.
        last_end = max((b.until for b in blocked if b.until is not None), default=None)
        since = stay.entered_at if last_end is None else max(stay.entered_at, last_end)
        process_time += unblocked(stay.entered_at, since, blocked)
        ongoing = next((b for b in blocked if b.until is None), None)
        if ongoing is None:
            working_since = since
        else:
            process_time += max(0, ongoing.start - since)
    # An interval that goes on tells its part itself, by its beginning, until the card is done.
    ongoing_since = min((b.start for b in blocks if b.until is None), default=None)
    until = ongoing_since if done_at is None else done_at
    blocked_time = sum(
        max(0, min(end for end in (b.until, until) if end is not None) - b.start) for b in blocked
    )
    return Clocks(
        started_at,
        done_at,
        None if done_at is None else done_at - created_at,
        None if done_at is None or started_at is None else max(0, done_at - started_at),
        process_time,
        working_since,
        blocked_time,
    )


def is_started(columns: Columns, stay: Stay) -> bool:
    """Whether work was started in the column of a stay."""
    return stay.column_id in columns.started if stay.kind is None else bool(stay.started_work)


def is_of(some: frozenset[int], stay: Stay, kind: str) -> bool:
    """Whether the column of a stay is one of some columns of the board, which are of a kind."""
    return stay.column_id in some if stay.kind is None else stay.kind == kind


def merge(blocks: Sequence[Interval]) -> list[Interval]:
    """Intervals in order with overlaps joined: what overlaps counts once."""
    merged: list[Interval] = []
    for block in sorted(blocks, key=lambda b: b.start):
        last = merged[-1] if merged else None
        if last is not None and (last.until is None or block.start <= last.until):
            if last.until is not None:
                until = None if block.until is None else max(last.until, block.until)
                merged[-1] = Interval(last.start, until)
        else:
            merged.append(block)
    return merged


def unblocked(start: int, end: int, blocked: Sequence[Interval]) -> int:
    """The length of a stretch without the blocked part of it."""
    lost = sum(
        max(0, min(end, end if b.until is None else b.until) - max(start, b.start)) for b in blocked
    )
    return end - start - lost
