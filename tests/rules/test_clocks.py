"""The clocks, by hand and against an account of every single moment."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.boards.history import BoardRow, OpenBoard
from app.boards.shape import Shape
from app.cards import render
from app.cards.clocks import Clocks, Interval, Stay, merge, read_clocks
from app.cards.rows import CardRow
from app.cards.stored_clocks import clocks_after_move
from app.db import Tx
from tests.rules.paper import (
    BACKLOG,
    DOING,
    DOING_DONE,
    KINDS,
    LIVE,
    READY,
    TEST,
    board,
    column,
    dev_board,
)

H = clock.HOUR
SHAPE = dev_board()


def stays(*visits: tuple[int, int], until: int | None = None) -> list[Stay]:
    """A card's stays, of (hour, column it came into); the last one goes on unless `until` says."""
    ends = [hour * H for hour, _ in visits[1:]] + [None if until is None else until * H]
    return [
        Stay(column_id, hour * H, end) for (hour, column_id), end in zip(visits, ends, strict=True)
    ]


def clocks(
    *visits: tuple[int, int],
    blocked: Iterable[tuple[int, int | None]] = (),
    shape: Shape = SHAPE,
) -> Clocks:
    """A card's clocks, of (hour, column it came into) and blocked (from, until) in hours."""
    blocks = [Interval(start * H, None if end is None else end * H) for start, end in blocked]
    return read_clocks(shape, stays(*visits), blocks)


# --- Lead time -----------------------------------------------------------------------------------


def test_lead_time_runs_from_creation_to_done() -> None:
    found = clocks((0, BACKLOG), (3, DOING), (9, LIVE))
    assert found.done_at == 9 * H
    assert found.lead_time == 9 * H


def test_lead_time_starts_at_creation_wherever_the_card_is_created() -> None:
    assert clocks((5, TEST), (9, LIVE)).lead_time == 4 * H


def test_a_card_that_is_not_done_has_no_lead_time() -> None:
    found = clocks((0, BACKLOG), (3, DOING))
    assert (found.done_at, found.lead_time, found.cycle_time) == (None, None, None)


def test_a_card_created_straight_into_done_has_lead_time_zero_and_no_cycle_time() -> None:
    found = clocks((7, LIVE))
    assert (found.done_at, found.lead_time, found.cycle_time) == (7 * H, 0, None)


# --- started_at ----------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [c for c, kind in KINDS.items() if c >= DOING and kind != "done"])
def test_work_starts_in_any_column_at_or_right_of_the_first_active_one(first: int) -> None:
    assert clocks((0, BACKLOG), (2, READY), (4, first)).started_at == 4 * H


@pytest.mark.parametrize("waiting", [BACKLOG, READY])
def test_queues_left_of_the_first_active_column_start_nothing(waiting: int) -> None:
    assert clocks((0, BACKLOG), (2, waiting)).started_at is None


def test_a_card_created_in_an_active_column_is_started_at_once() -> None:
    assert clocks((2, DOING)).started_at == 2 * H


def test_started_at_is_neither_moved_nor_cleared_when_a_card_goes_back_to_the_backlog() -> None:
    assert clocks((0, BACKLOG), (1, DOING), (2, BACKLOG)).started_at == H
    assert clocks((0, BACKLOG), (1, DOING), (2, BACKLOG), (3, TEST)).started_at == H


def test_done_starts_nothing() -> None:
    assert clocks((0, BACKLOG), (4, LIVE)).started_at is None


def test_a_card_reopened_without_ever_being_started_starts_then() -> None:
    found = clocks((0, BACKLOG), (4, LIVE), (6, TEST), (7, LIVE))
    assert (found.started_at, found.done_at, found.cycle_time) == (6 * H, 7 * H, H)


def test_on_a_board_without_an_active_column_nothing_is_ever_started() -> None:
    shape = board([column(1, "queue"), column(2, "queue"), column(3, "done")])
    found = clocks((0, 1), (1, 2), (5, 3), shape=shape)
    assert (found.started_at, found.lead_time, found.cycle_time) == (None, 5 * H, None)


# --- done_at -------------------------------------------------------------------------------------


def test_done_at_is_cleared_while_the_card_is_out_of_done() -> None:
    found = clocks((0, BACKLOG), (4, LIVE), (6, DOING))
    assert (found.done_at, found.lead_time) == (None, None)


def test_a_reopened_cards_lead_time_runs_from_creation_to_its_last_completion() -> None:
    found = clocks((0, BACKLOG), (1, DOING), (4, LIVE), (6, DOING), (10, LIVE))
    assert (found.done_at, found.lead_time, found.cycle_time) == (10 * H, 10 * H, 9 * H)


def test_from_one_done_column_to_another_the_completion_stays() -> None:
    shape = board([column(1), column(2, "done"), column(3, "done")])
    assert clocks((0, 1), (4, 2), (9, 3), shape=shape).done_at == 4 * H
    assert clocks((0, 1), (4, 2), (9, 3), (10, 1), (12, 3), shape=shape).done_at == 12 * H


# --- Cycle time ----------------------------------------------------------------------------------


def test_cycle_time_runs_from_started_to_done() -> None:
    assert clocks((0, BACKLOG), (3, DOING), (9, LIVE)).cycle_time == 6 * H


def test_a_card_that_was_done_without_being_started_has_no_cycle_time() -> None:
    found = clocks((0, BACKLOG), (2, READY), (9, LIVE))
    assert (found.lead_time, found.cycle_time) == (9 * H, None)


def test_a_skipped_column_changes_neither_clock() -> None:
    found = clocks((0, BACKLOG), (3, DOING_DONE), (9, LIVE))
    assert (found.cycle_time, found.process_time) == (6 * H, 0)


# --- Process time --------------------------------------------------------------------------------


def test_process_time_is_time_in_active_columns() -> None:
    found = clocks((0, BACKLOG), (1, DOING), (3, DOING_DONE), (7, TEST), (8, LIVE))
    assert found.process_time == 3 * H
    assert found.lead_time is not None
    assert found.lead_time - found.process_time == 5 * H  # the wait time


def test_all_visits_count_those_before_a_reopening_and_after_a_return_too() -> None:
    found = clocks((0, DOING), (2, BACKLOG), (5, DOING), (6, LIVE), (8, TEST), (12, LIVE))
    assert found.process_time == (2 + 1 + 4) * H


def test_process_time_stands_still_while_the_card_is_blocked() -> None:
    found = clocks((0, DOING), (10, LIVE), blocked=[(2, 5)])
    assert (found.process_time, found.blocked_time) == (7 * H, 3 * H)


def test_a_block_outside_active_columns_takes_nothing_from_process_time() -> None:
    found = clocks((0, BACKLOG), (4, DOING), (6, LIVE), blocked=[(1, 3)])
    assert (found.process_time, found.blocked_time) == (2 * H, 2 * H)


def test_a_block_that_reaches_over_a_move_counts_for_its_part_in_each_column() -> None:
    found = clocks((0, TEST), (4, DOING), (8, LIVE), blocked=[(3, 6)])
    assert found.process_time == (3 + 2) * H


def test_work_that_goes_on_is_told_by_its_beginning() -> None:
    found = clocks((0, BACKLOG), (4, DOING))
    assert (found.process_time, found.working_since) == (0, 4 * H)
    found = clocks((0, DOING), blocked=[(1, 3)])
    assert (found.process_time, found.working_since) == (H, 3 * H)


def test_a_blocked_card_is_not_being_worked_on() -> None:
    found = clocks((0, DOING), blocked=[(1, 3), (7, None)])
    assert (found.process_time, found.working_since) == (5 * H, None)


# --- Blocked time --------------------------------------------------------------------------------


def test_blocked_intervals_that_overlap_count_once() -> None:
    found = clocks((0, DOING), (20, LIVE), blocked=[(2, 6), (4, 8), (5, 7), (10, 12), (12, 13)])
    assert found.blocked_time == (6 + 3) * H
    assert found.process_time == 11 * H


def test_blocked_time_runs_up_to_done() -> None:
    assert clocks((0, DOING), (10, LIVE), blocked=[(8, 12)]).blocked_time == 2 * H
    assert clocks((0, DOING), (10, LIVE), blocked=[(8, None)]).blocked_time == 2 * H
    assert clocks((0, DOING), (10, LIVE), blocked=[(11, 12)]).blocked_time == 0


def test_an_interval_that_goes_on_is_not_in_the_sum_of_an_unfinished_card() -> None:
    assert clocks((0, DOING), blocked=[(1, 3), (8, None)]).blocked_time == 2 * H


def test_merging_joins_what_overlaps_or_touches_and_keeps_the_rest() -> None:
    assert merge([Interval(5, 7), Interval(1, 3), Interval(3, 4), Interval(2, None)]) == [
        Interval(1, None)
    ]
    assert merge([Interval(5, 7), Interval(1, 3), Interval(3, 4)]) == [
        Interval(1, 4),
        Interval(5, 7),
    ]
    assert merge([Interval(1, 9), Interval(2, 3), Interval(10, None)]) == [
        Interval(1, 9),
        Interval(10, None),
    ]


# --- Columns that have gone ----------------------------------------------------------------------


def test_a_deleted_column_means_what_it_meant() -> None:
    shape = replace(SHAPE, gone={90: ("active", True), 91: ("done", False), 92: ("queue", True)})
    found = clocks((0, BACKLOG), (1, 92), (2, 90), (5, 91), shape=shape)
    assert found.started_at == H
    assert found.process_time == 3 * H
    assert (found.done_at, found.cycle_time) == (5 * H, 4 * H)


# --- Any card at all -----------------------------------------------------------------------------

FAR = 400  # After every moment that the cases below know.


class Past(NamedTuple):
    """A card's past on a small scale of time, and the moment at which it is looked at."""

    stays: list[Stay]
    blocks: list[Interval]
    now: int


@st.composite
def _pasts(draw: st.DrawFn, *, never_blocked: bool = False) -> Past:
    steps = draw(
        st.lists(
            st.tuples(st.integers(0, 9), st.sampled_from(sorted(KINDS))), min_size=1, max_size=9
        )
    )
    at = draw(st.integers(0, 5))
    visits: list[tuple[int, int]] = []
    for wait, column_id in steps:
        if visits and column_id == visits[-1][1]:
            continue
        at += wait
        visits.append((at, column_id))
    ends = [*(entered for entered, _ in visits[1:]), None]
    made = [Stay(c, entered, end) for (entered, c), end in zip(visits, ends, strict=True)]
    now = at + draw(st.integers(0, 12))
    if never_blocked:
        return Past(made, [], now)
    # Imported intervals may overlap each other and the one that goes on.
    moments = st.integers(visits[0][0], now)
    blocks = [
        Interval(min(pair), max(pair))
        for pair in draw(st.lists(st.tuples(moments, moments), max_size=5))
    ]
    if draw(st.booleans()):
        blocks.append(Interval(draw(moments), None))
    return Past(made, blocks, now)


def account(past: Past) -> tuple[int, int]:
    """Process and blocked time, counted moment by moment up to done, or now."""
    process = blocked = 0
    finished = read_clocks(SHAPE, past.stays, past.blocks).done_at
    for moment in range(past.stays[0].entered_at, past.now):
        is_blocked = any(
            b.start <= moment and (b.until is None or moment < b.until) for b in past.blocks
        )
        where = next(
            s.column_id
            for s in past.stays
            if s.entered_at <= moment < (FAR if s.left_at is None else s.left_at)
        )
        process += KINDS[where] == "active" and not is_blocked
        blocked += is_blocked and (finished is None or moment < finished)
    return process, blocked


def face(
    shape: Shape, past: Past, kept: Clocks, standing: Stay | None = None, *, was_blocked: bool
) -> CardRow:
    """A card with these clocks, as it would come out of the database."""
    here = standing or past.stays[-1]
    ongoing = [b for b in past.blocks if b.until is None]
    values: dict[str, Any] = dict.fromkeys(CardRow._fields)
    values.update(
        id=1,
        board_id=shape.board_id,
        column_id=here.column_id,
        created_at=past.stays[0].entered_at,
        entered_at=here.entered_at,
        was_blocked=was_blocked,
        block_since=ongoing[0].start if ongoing else None,
        **kept._asdict(),
    )
    return CardRow(**values)


@given(_pasts())
def test_process_and_blocked_time_are_what_an_account_of_every_moment_says(past: Past) -> None:
    kept = read_clocks(SHAPE, past.stays, past.blocks)
    card = face(SHAPE, past, kept, was_blocked=True)
    assert (render.process_time(card, past.now), render.blocked_time(card, past.now)) == account(
        past
    )


@given(_pasts())
def test_process_and_wait_time_add_up_to_the_lead_time(past: Past) -> None:
    kept = read_clocks(SHAPE, past.stays, past.blocks)
    if kept.done_at is None:
        assert kept.lead_time is None
        return
    assert kept.lead_time == kept.done_at - past.stays[0].entered_at
    waiting = kept.lead_time - kept.process_time
    assert waiting >= 0
    assert kept.working_since is None
    queued = sum(
        (s.left_at or kept.done_at) - s.entered_at
        for s in past.stays
        if KINDS[s.column_id] != "active" and s.entered_at < kept.done_at
    )
    lost = sum(
        max(0, min(b.until or past.now, s.left_at or past.now) - max(b.start, s.entered_at))
        for b in merge(past.blocks)
        for s in past.stays
        if KINDS[s.column_id] == "active"
    )
    assert waiting == queued + lost


@given(_pasts())
def test_started_at_never_moves_once_it_is_set(past: Past) -> None:
    seen = [
        read_clocks(SHAPE, past.stays[: count + 1], past.blocks).started_at
        for count in range(len(past.stays))
    ]
    for earlier, later in pairwise(seen):
        assert earlier is None or later == earlier


@given(_pasts())
def test_the_order_of_the_clocks_is_that_of_life(past: Past) -> None:
    kept = read_clocks(SHAPE, past.stays, past.blocks)
    if kept.cycle_time is not None:
        assert kept.lead_time is not None
        assert 0 <= kept.cycle_time <= kept.lead_time
        assert kept.process_time <= kept.cycle_time
    assert (kept.done_at is not None) == (KINDS[past.stays[-1].column_id] == "done")


@given(st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(0, 30)), max_size=8))
def test_merged_intervals_cover_the_same_moments_and_do_not_touch(
    pairs: Sequence[tuple[int, int | None]],
) -> None:
    blocks = [Interval(start, None if n is None else start + n) for start, n in pairs]
    merged = merge(blocks)

    def covered(intervals: Sequence[Interval]) -> set[int]:
        return {m for b in intervals for m in range(b.start, FAR if b.until is None else b.until)}

    assert covered(merged) == covered(blocks)
    for left, right in pairwise(merged):
        assert left.until is not None
        assert left.until < right.start


@given(_pasts(never_blocked=True))
def test_clocks_that_go_on_from_move_to_move_equal_those_read_from_the_whole_past(
    past: Past,
) -> None:
    kept = read_clocks(SHAPE, [past.stays[0]._replace(left_at=None)], [])
    for count, stay in enumerate(past.stays[1:], 1):
        standing = past.stays[count - 1]
        card = face(SHAPE, past, kept, standing, was_blocked=False)
        kept = clocks_after_move(cast(Tx, None), _open(stay.entered_at), card, stay.column_id)
        so_far = [*past.stays[:count], stay._replace(left_at=None)]
        assert kept == read_clocks(SHAPE, so_far, [])


def _open(now: int) -> OpenBoard:
    row = cast(BoardRow, None)
    return OpenBoard(
        row=row, shape=SHAPE, role="manager", actor=None, now=now, seq=0, last_number=0, counts={}
    )


# --- The clocks at a given moment ----------------------------------------------------------------


def test_age_is_the_time_since_the_start_of_an_unfinished_card() -> None:
    past = Past(stays((0, BACKLOG), (4, DOING)), [], 10 * H)
    card = face(SHAPE, past, read_clocks(SHAPE, *past[:2]), was_blocked=False)
    assert render.age(card, 10 * H) == 6 * H


@pytest.mark.parametrize("visits", [[(0, BACKLOG)], [(0, DOING), (3, LIVE)]])
def test_what_is_not_started_or_is_done_has_no_age(visits: list[tuple[int, int]]) -> None:
    past = Past(stays(*visits), [], 10 * H)
    card = face(SHAPE, past, read_clocks(SHAPE, *past[:2]), was_blocked=False)
    assert render.age(card, 10 * H) is None


def test_a_card_that_was_started_and_went_back_keeps_its_age() -> None:
    past = Past(stays((0, DOING), (3, BACKLOG)), [], 10 * H)
    card = face(SHAPE, past, read_clocks(SHAPE, *past[:2]), was_blocked=False)
    assert render.age(card, 10 * H) == 10 * H
