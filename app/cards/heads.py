"""The headers of a board: what is in its columns, groups and lanes, against their limits."""

from collections.abc import Mapping

from app.boards import rules
from app.boards.history import OpenBoard
from app.boards.rules import Place
from app.boards.shape import DONE, Cell, Column, Group, Lane
from app.boards.views import ColumnView, Gauge, GroupView, LaneView

# A done column shows its newest cards alone.
DONE_SHOWN = 50
METER_SEGMENTS = 12


class Heads:
    """The headers of a board's columns, groups and lanes: what is in them, against their limits."""

    def __init__(self, board: OpenBoard, tickers: Mapping[int, list[str]]) -> None:
        self._board = board
        self._held = rules.usage(board.shape, board.counts)
        self._tickers = tickers
        self._in_column: dict[int, int] = {}
        self._in_lane: dict[int, int] = {}
        self._unfinished: dict[int, int] = {}
        for cell, count in board.counts.items():
            self._in_column[cell.column_id] = self._in_column.get(cell.column_id, 0) + count
            self._in_lane[cell.lane_id] = self._in_lane.get(cell.lane_id, 0) + count
            column = board.shape.column.get(cell.column_id)
            if column is not None and column.kind != DONE:
                self._unfinished[cell.lane_id] = self._unfinished.get(cell.lane_id, 0) + count

    def column(self, column: Column) -> ColumnView:
        """A column's header."""
        total = self._in_column.get(column.id, 0)
        # Without a limit the count is of all cards that stand there, expedite ones too.
        held = total
        if column.wip_limit is not None:
            held = self._held.get(Place(rules.COLUMN, column.id), 0)
        hidden = 0
        if column.kind == DONE:
            hidden = sum(
                max(0, self._board.counts.get(Cell(column.id, lane.id), 0) - DONE_SHOWN)
                for lane in self._board.shape.lanes
            )
        return ColumnView(
            id=column.id,
            name=column.name,
            kind=column.kind,
            team=column.team,
            policy=column.policy,
            gauge=gauge(column.name, column.wip_limit, held),
            card_count=total,
            in_group=column.group_id is not None,
            url=f"/boards/{self._board.row.key}#col-{column.id}",
            hidden_done=hidden,
        )

    def group(self, group: Group) -> GroupView:
        """A group's header."""
        held = self._held.get(Place(rules.GROUP, group.id), 0)
        return GroupView(group.id, group.name, gauge(group.name, group.wip_limit, held))

    def lane(self, lane: Lane) -> LaneView:
        """A lane's header."""
        # Without a limit the count is of all cards that are not done.
        held = self._unfinished.get(lane.id, 0)
        if lane.wip_limit is not None:
            held = self._held.get(Place(rules.LANE, lane.id), 0)
        return LaneView(
            id=lane.id,
            name=lane.name,
            expedite=lane.expedite,
            gauge=gauge(lane.name, lane.wip_limit, held),
            card_count=self._in_lane.get(lane.id, 0),
            ticker=self._tickers.get(lane.id, []),
        )

    def over(self) -> int:
        """How many places hold more than their limit."""
        return rules.exceeded(self._board.shape, self._held)

    def board(self) -> Gauge:
        """The board's own limit."""
        row = self._board.row
        return gauge(row.name, row.wip_limit, self._held.get(Place(rules.BOARD, row.id), 0))


def gauge(name: str, limit: int | None, held: int) -> Gauge:
    """A limit and how full its place is, in words and segments."""
    if limit is None:
        return Gauge(None, held, "none", str(held), f"{name}, {held}", None, 0)
    state = "over" if held > limit else "at" if held == limit else "under"
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
    )
