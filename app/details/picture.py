"""Where a card spent its time, as bars over one time line. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.details.queries import BlockRow, VisitRow
from app.words import Moment, long_duration, moment

MOST_TOLD = 12


class Bar(NamedTuple):
    """A stretch of the time line, in percent of its length."""

    x: str
    width: str


@dataclass(slots=True)
class Row:
    """A column in which the card has been: its bars, and all of it in words."""

    name: str
    kind: str
    words: str = ""
    visits: int = 0
    current: bool = False
    told: str = ""
    bars: list[Bar] = field(default_factory=list)
    blocks: list[Bar] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Picture:
    """A card's time line: its columns in the order of the first visit."""

    rows: list[Row]
    start: Moment
    end: Moment
    is_over: bool
    was_blocked: bool


def picture_of(
    visits: Sequence[VisitRow],
    blocks: Iterable[BlockRow],
    *,
    start: int,
    done_at: int | None,
    now: int,
    zone: str,
) -> Picture:
    """The time line of a card from `start` to its completion, or to `now`.

    The clock of a done card stands still, so its last stay in `done` has no length.
    """
    end = now if done_at is None else done_at
    line = _Line(start, end)
    blocked = [
        (block.started_at, end if block.ended_at is None else block.ended_at) for block in blocks
    ]
    rows: dict[int, Row] = {}
    times: dict[int, int] = {}
    told: dict[int, list[str]] = {}
    for visit in visits:
        until = min(end, end if visit.left_at is None else visit.left_at)
        entered = min(visit.entered_at, until)
        row = rows.setdefault(visit.column_id, Row(visit.name, visit.kind))
        row.visits += 1
        row.current = row.current or visit.left_at is None
        row.bars.append(line.bar(entered, until))
        row.blocks += [
            line.bar(max(since, entered), min(ended, until))
            for since, ended in blocked
            if since < until and ended > entered
        ]
        times[visit.column_id] = times.get(visit.column_id, 0) + until - entered
        left = "now" if visit.left_at is None else moment(visit.left_at, zone).words
        told.setdefault(visit.column_id, []).append(
            f"{moment(visit.entered_at, zone).words} to {left}"
        )
    for column_id, row in rows.items():
        row.words = long_duration(times[column_id])
        more = len(told[column_id]) - MOST_TOLD
        row.told = "; ".join(told[column_id][:MOST_TOLD]) + (f"; {more} more" if more > 0 else "")
    return Picture(
        rows=list(rows.values()),
        start=moment(start, zone),
        end=moment(end, zone),
        is_over=done_at is not None,
        was_blocked=any(row.blocks for row in rows.values()),
    )


class _Line(NamedTuple):
    start: int
    end: int

    def bar(self, since: int, until: int) -> Bar:
        length = max(1, self.end - self.start)
        x = max(0.0, min(100.0, 100 * (since - self.start) / length))
        width = max(0.0, min(100 - x, 100 * (until - since) / length))
        return Bar(f"{x:.2f}%", f"{width:.2f}%")
