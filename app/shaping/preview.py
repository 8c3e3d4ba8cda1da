"""What another kind or order of the columns would do to what is measured, told before it is done.

Nothing is written: the clocks are read from the cards' visits as the new shape would read them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from app import clock
from app.auth.actor import Actor
from app.boards.history import OpenBoard, read_board
from app.boards.shape import ACTIVE, Column, Shape
from app.cards.clocks import Clocks
from app.cards.recompute import board_clocks
from app.db import Tx
from app.errors import Invalid
from app.shaping.reshaping import is_measured_otherwise, judge
from app.words import count_of, long_duration

WINDOW_DAYS = 90
PROMISE = 85


@dataclass(frozen=True, slots=True)
class Measure:
    """A duration of the cards that were done in the last 90 days: of how many, and what 85 % of
    them did not exceed."""

    count: int
    sle: int | None


class Change(NamedTuple):
    """A measure before and after."""

    before: Measure
    after: Measure


class Effect(NamedTuple):
    """What a change of the columns does to the clocks, in numbers of cards and durations."""

    cards: int
    started: int
    done: int
    process_time: int
    lead_time: Change
    cycle_time: Change


def preview_columns(
    tx: Tx,
    actor: Actor,
    key: str,
    kinds: Mapping[int, str],
    order: Sequence[int] | None = None,
) -> Effect:
    """What other kinds and another order of a board's columns would change; refuses what the
    change itself would be refused for."""
    board = read_board(tx, actor, key=key)
    shape = rearranged(board.shape, kinds, order)
    judge(tx, board, shape, board.counts)
    return effect_of(tx, board, shape)


def effect_of(tx: Tx, board: OpenBoard, shape: Shape) -> Effect:
    """What a new shape does to the clocks of a board's cards."""
    since = board.now - WINDOW_DAYS * clock.DAY
    before: list[Clocks] = []
    after: list[Clocks] = []
    if is_measured_otherwise(board.shape, shape):
        for _, old, new in board_clocks(tx, shape):
            before.append(old)
            after.append(new)
    pairs = list(zip(before, after, strict=True))
    return Effect(
        cards=sum(old != new for old, new in pairs),
        started=sum(old.started_at != new.started_at for old, new in pairs),
        done=sum(old.done_at != new.done_at for old, new in pairs),
        process_time=sum(
            (old.process_time, old.working_since) != (new.process_time, new.working_since)
            for old, new in pairs
        ),
        lead_time=Change(_measure("lead_time", before, since), _measure("lead_time", after, since)),
        cycle_time=Change(
            _measure("cycle_time", before, since), _measure("cycle_time", after, since)
        ),
    )


def rearranged(shape: Shape, kinds: Mapping[int, str], order: Sequence[int] | None = None) -> Shape:
    """A shape whose columns have other kinds and another order; 422 for columns of elsewhere."""
    for column_id in kinds:
        if column_id not in shape.column:
            place = ("query", "column_id")
            raise Invalid((place, f"column {column_id} is not a column of this board"))
    if order is not None and sorted(order) != sorted(shape.column):
        raise Invalid((("query", "order"), "must name every column of the board once"))
    columns = [shape.column[i] for i in (order or [column.id for column in shape.columns])]
    changed = tuple(column._replace(kind=kinds.get(column.id, column.kind)) for column in columns)
    return replace(shape, columns=changed)


def with_column(shape: Shape, column: Column, index: int) -> Shape:
    """A shape with one more column."""
    columns = list(shape.columns)
    columns.insert(index, column)
    return replace(shape, columns=tuple(columns))


def without_column(shape: Shape, column_id: int) -> Shape:
    """A shape that has lost a column, and still knows what it meant."""
    gone = (shape.column[column_id].kind, column_id in shape.started)
    columns = tuple(column for column in shape.columns if column.id != column_id)
    return replace(shape, columns=columns, gone={**shape.gone, column_id: gone})


def effect_json(tx: Tx, actor: Actor, effect: Effect) -> dict[str, Any]:
    """What changes, as the API tells it."""
    return {
        **effect._asdict(),
        "lead_time": _change_json(effect.lead_time),
        "cycle_time": _change_json(effect.cycle_time),
        "words": words_of(effect),
    }


def words_of(effect: Effect) -> list[str]:
    """What changes in sentences, the most noticeable first; none where nothing does."""
    if not effect.cards:
        return []
    said = []
    for count, what in (
        (effect.started, "another start of work"),
        (effect.done, "another end of work"),
        (effect.process_time, "another process time"),
    ):
        if count:
            said.append(f"{count_of(count, 'card')} {'gets' if count == 1 else 'get'} {what}.")
    for name, change in (("lead time", effect.lead_time), ("cycle time", effect.cycle_time)):
        old, new = change.before, change.after
        if old.sle != new.sle:
            said.append(
                f"The {PROMISE} % {name} of the last {WINDOW_DAYS} days goes from "
                f"{_promise(old)} to {_promise(new)}."
            )
        elif old.count != new.count:
            said.append(
                f"The {name} of the last {WINDOW_DAYS} days is that of "
                f"{count_of(new.count, 'card')} instead of {old.count}."
            )
    return said


def first_active(shape: Shape) -> str | None:
    """The name of the column at which work starts."""
    return next((column.name for column in shape.columns if column.kind == ACTIVE), None)


def _measure(name: str, clocks: Sequence[Clocks], since: int) -> Measure:
    values = sorted(
        getattr(each, name)
        for each in clocks
        if each.done_at is not None and each.done_at >= since and getattr(each, name) is not None
    )
    if not values:
        return Measure(0, None)
    # The nearest rank, in whole numbers: the promise of the statistics.
    return Measure(len(values), values[-(-PROMISE * len(values) // 100) - 1])


def _promise(measure: Measure) -> str:
    return "nothing to measure" if measure.sle is None else long_duration(measure.sle)


def _change_json(change: Change) -> dict[str, Any]:
    return {
        when: {
            "count": measure.count,
            "sle": None if measure.sle is None else clock.seconds(measure.sle),
        }
        for when, measure in (("before", change.before), ("after", change.after))
    }
