"""The headers of a board: what is in its columns, groups and lanes, against their limits."""

from collections.abc import Callable, Mapping

from app.boards import rules
from app.boards.history import OpenBoard
from app.boards.rules import Place
from app.boards.shape import DONE, Cell, Column, Counts, Group, Lane, Shape
from app.boards.views import ColumnView, Gauge, GroupView, LaneView, LimitPlace

# A done column shows its newest cards alone.
DONE_SHOWN = 50
METER_SEGMENTS = 12


class Heads:
    """The headers of a board's columns, groups and lanes: what is in them, against their limits."""

    def __init__(
        self,
        board: OpenBoard,
        tickers: Mapping[int, list[str]],
        some: Counts | None = None,
        reasons: Mapping[Place, str] | None = None,
    ) -> None:
        self._board = board
        self._all = _Tally(board.shape, board.counts)
        # What a filter leaves to be seen is counted like all of it, and never instead of it.
        self._some = None if some is None else _Tally(board.shape, some)
        self._tickers = tickers
        # Why a place holds more than its limit.
        self._reasons = reasons or {}

    def column(self, column: Column) -> ColumnView:
        """A column's header."""
        hidden, shape = 0, self._board.shape
        stops = self._board.row.andon is not None and rules.starts_work(shape, None, column.id)
        if column.kind == DONE:
            hidden = sum(
                max(0, self._board.counts.get(Cell(column.id, lane.id), 0) - DONE_SHOWN)
                for lane in shape.lanes
            )
        return ColumnView(
            id=column.id,
            name=column.name,
            kind=column.kind,
            team=column.team,
            policy=column.policy,
            asks=column.ask_before_leaving,
            gauge=self._gauge(rules.COLUMN, column, lambda tally: tally.column(column)),
            card_count=self._all.in_column.get(column.id, 0),
            in_group=column.group_id is not None,
            url=f"/boards/{self._board.row.key}#col-{column.id}",
            hidden_done=hidden,
            stops=stops,
            stopped=stops and shape.index[column.id] == shape.first_active,
        )

    def group(self, group: Group) -> GroupView:
        """A group's header."""
        place = Place(rules.GROUP, group.id)
        held = self._gauge(rules.GROUP, group, lambda tally: tally.held.get(place, 0))
        return GroupView(group.id, group.name, held)

    def lane(self, lane: Lane) -> LaneView:
        """A lane's header."""
        return LaneView(
            id=lane.id,
            name=lane.name,
            expedite=lane.expedite,
            gauge=self._gauge(rules.LANE, lane, lambda tally: tally.lane(lane)),
            card_count=self._all.in_lane.get(lane.id, 0),
            ticker=self._tickers.get(lane.id, []),
        )

    def over(self) -> int:
        """How many places hold more than their limit."""
        return rules.exceeded(self._board.shape, self._all.held)

    def board(self) -> Gauge:
        """The board's own limit."""
        row = self._board.row
        held = self._all.held.get(Place(rules.BOARD, row.id), 0)
        place = self._place(rules.BOARD, row.id, row.name)
        why = self._reasons.get(Place(rules.BOARD, row.id), "")
        return gauge(row.name, row.wip_limit, held, place=place, why=why)

    def some(self) -> dict[str, int]:
        """What a filter leaves to be seen, by the id of each head."""
        shape = self._board.shape
        columns = {f"col-{column.id}-head": self.column(column).gauge for column in shape.columns}
        groups = {f"group-{group.id}-head": self.group(group).gauge for group in shape.groups}
        lanes = {f"lane-{lane.id}-head": self.lane(lane).gauge for lane in shape.lanes}
        gauges = {**columns, **groups, **lanes}
        return {name: each.some for name, each in gauges.items() if each.some is not None}

    def _gauge(
        self, scope: str, part: Column | Group | Lane, count: Callable[["_Tally"], int]
    ) -> Gauge:
        some = None if self._some is None else count(self._some)
        place = self._place(scope, part.id, part.name)
        why = self._reasons.get(Place(scope, part.id), "")
        return gauge(part.name, part.wip_limit, count(self._all), some, place, why)

    def _place(self, scope: str, place_id: int, name: str) -> LimitPlace | None:
        """Where a limit is changed, for those who may."""
        row = self._board.row
        if not self._board.may_manage or row.archived_at is not None:
            return None
        part = "" if scope == rules.BOARD else f"/{scope}s/{place_id}"
        return LimitPlace(scope, place_id, name, f"/boards/{row.key}/settings{part}")


class _Tally:
    """How many cards stand in each place of a board, as its limits and headers count them."""

    def __init__(self, shape: Shape, counts: Counts) -> None:
        self.held = rules.usage(shape, counts)
        self.in_column: dict[int, int] = {}
        self.in_lane: dict[int, int] = {}
        self._unfinished: dict[int, int] = {}
        for cell, count in counts.items():
            self.in_column[cell.column_id] = self.in_column.get(cell.column_id, 0) + count
            self.in_lane[cell.lane_id] = self.in_lane.get(cell.lane_id, 0) + count
            column = shape.column.get(cell.column_id)
            if column is not None and column.kind != DONE:
                self._unfinished[cell.lane_id] = self._unfinished.get(cell.lane_id, 0) + count

    def column(self, column: Column) -> int:
        """A column's cards; without a limit all that stand there, expedite ones too."""
        if column.wip_limit is None:
            return self.in_column.get(column.id, 0)
        return self.held.get(Place(rules.COLUMN, column.id), 0)

    def lane(self, lane: Lane) -> int:
        """A lane's cards; without a limit all that are not done."""
        if lane.wip_limit is None:
            return self._unfinished.get(lane.id, 0)
        return self.held.get(Place(rules.LANE, lane.id), 0)


def gauge(
    name: str,
    limit: int | None,
    held: int,
    some: int | None = None,
    place: LimitPlace | None = None,
    why: str = "",
) -> Gauge:
    """A limit and how full its place is, in words and segments."""
    if limit is None:
        return Gauge(None, held, "none", str(held), f"{name}, {held}", None, 0, some, place)
    state = rules.state_of(held, limit)
    word = {"over": "over", "at": "full", "under": ""}[state]
    segments = None
    if limit <= METER_SEGMENTS:
        segments = [index < held for index in range(limit)]
    return Gauge(
        wip_limit=limit,
        wip_count=held,
        state=state,
        words=f"{held} / {limit} {word}".strip(),
        spoken=f"{name}, {held} of {limit}" + (f", {word}" if word else ""),
        meter=segments,
        fill=min(100, 5 * round(20 * held / limit)),
        some=some,
        place=place,
        why=why,
    )


def full_words(name: str, limit: int | None, held: int) -> str:
    """A place with how full it is, as a choice of a form: `Test (3 of 3, full)`."""
    if limit is None:
        return name
    words = gauge(name, limit, held)
    full = "" if words.state == "under" else f", {words.words.rpartition(' ')[2]}"
    return f"{name} ({held} of {limit}{full})"
