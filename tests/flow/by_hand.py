"""The value stream counted by hand, a card after the other: what the program is held against."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappush, heappushpop
from itertools import pairwise
from typing import NamedTuple

from app.boards.shape import ACTIVE, DONE, ELSEWHERE
from app.cards.clocks import Columns, Interval, Stay, is_of, merge, unblocked
from app.flow.stream import Long, Tally


class Journey(NamedTuple):
    """A finished card: its stays in order, and when it was blocked."""

    card_id: int
    done_at: int
    stays: Sequence[Stay]
    blocks: Sequence[Interval] = ()


class Spent(NamedTuple):
    """Time in a column, and how much of it was work, in microseconds."""

    lead: int
    process: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What the stream asks of a board."""

    columns: Columns
    # The board's columns from left to right, by id; a deleted one stands where it last stood.
    order: Mapping[int, int]
    # Who works in a column, also in one of another board; columns without a team are left out.
    teams: Mapping[int, str]
    deleted_at: Mapping[int, int]


def add_journey(tally: Tally, layout: Layout, journey: Journey, most: int = 2) -> None:
    """Adds where the time of a finished card went, and how often it changed hands."""
    tally.count += 1
    tally.handoffs += handoffs(layout, journey)
    for column_id, spent in time_in_columns(layout, journey).items():
        tally.lead[column_id] += spent.lead
        tally.process[column_id] += spent.process
        if most and spent.lead:
            kept = tally.longest.setdefault(column_id, [])
            add = heappush if len(kept) < most else heappushpop
            add(kept, Long(spent.lead, journey.card_id, spent.process))


def add_exits(
    tally: Tally, layout: Layout, stays: Sequence[tuple[int, int | None]], start: int, end: int
) -> None:
    """Adds a card's exits to the right within a window, and those of them after which it came
    back; `stays` are all that it had, in order: in which column, and left when."""
    for column_id, came_back in exits(layout, stays, start, end):
        tally.exits[column_id] += 1
        tally.returned[column_id] += came_back


def time_in_columns(layout: Layout, journey: Journey) -> dict[int, Spent]:
    """The time of a finished card divided over the columns that it was in."""
    done_at, blocks = journey.done_at, merge(journey.blocks) if journey.blocks else ()
    found: dict[int, Spent] = {}
    for stay in journey.stays:
        left_at = done_at if stay.left_at is None else min(stay.left_at, done_at)
        if stay.entered_at > done_at:
            break
        lead = left_at - stay.entered_at
        process = 0
        if is_of(layout.columns.active, stay, ACTIVE):
            process = unblocked(stay.entered_at, left_at, blocks)
        column_id = stay.column_id if stay.column_id in layout.order else ELSEWHERE
        before = found.get(column_id)
        if before is not None:
            lead, process = lead + before.lead, process + before.process
        found[column_id] = Spent(lead, process)
    return found


def handoffs(layout: Layout, journey: Journey) -> int:
    """How often a card came into a column whose team differs from that of the last column with a
    team it was in, up to the column in which it was done."""
    columns = layout.columns
    dones = [is_of(columns.done, stay, DONE) for stay in journey.stays]
    # Where it came into `done` for the last time: what it did in there is no part of the stream.
    last = len(dones) - 1
    while last and dones[last] and dones[last - 1]:
        last -= 1
    teams = [layout.teams.get(stay.column_id) for stay in journey.stays[: last + 1]]
    named = [team for team in teams if team is not None]
    return sum(before != after for before, after in pairwise(named))


def exits(
    layout: Layout, stays: Sequence[tuple[int, int | None]], start: int, end: int
) -> Iterator[tuple[int, bool]]:
    """The exits from a column to the right within a window, the last one first: which column, and
    whether the card came back into it later by a move from the right.

    That a column was deleted under a card is nobody's verdict on the work: such a move neither
    hands on nor sends back. A move between boards has no direction.
    """
    came_back: set[int] = set()
    for (source, left_at), (target, _) in zip(stays[-2::-1], stays[:0:-1], strict=True):
        place, other = layout.order.get(source), layout.order.get(target)
        if place is None or other is None or left_at is None:
            continue
        if left_at == layout.deleted_at.get(source):
            continue
        if other > place and start <= left_at < end:
            yield source, source in came_back
        elif other < place:
            came_back.add(target)
