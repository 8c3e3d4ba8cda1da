"""The value stream: times add up, and what came back is counted as it happened."""

from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.boards.shape import ACTIVE, DONE, ELSEWHERE, QUEUE, Column, Shape
from app.cards.clocks import Interval, Stay, is_of, read_clocks
from app.flow.stream import Place, Tally, has_been, stream_of
from tests.flow.by_hand import (
    Journey,
    Layout,
    add_exits,
    add_journey,
    exits,
    handoffs,
    time_in_columns,
)

BACKLOG, DOING, READY, TEST, OLD, LIVE, SHELF = range(1, 8)
KINDS = {
    BACKLOG: QUEUE,
    DOING: ACTIVE,
    READY: QUEUE,
    TEST: ACTIVE,
    LIVE: DONE,
    SHELF: DONE,
}
SHAPE = Shape(
    board_id=1,
    board_key="OPS",
    board_name="Ops",
    wip_limit=None,
    person_wip_limit=None,
    columns=tuple(
        Column(id_, str(id_), place, kind, None, None, None, "")
        for place, (id_, kind) in enumerate(KINDS.items())
    ),
    groups=(),
    lanes=(),
    gone={OLD: (ACTIVE, True)},
)
FOREIGN, STRANGE = 101, 102
TEAMS = {DOING: "dev", TEST: "qa", OLD: "qa", LIVE: "ops", SHELF: "sales", FOREIGN: "dev"}
DELETED_AT = 50
LAYOUT = Layout(
    SHAPE,
    {id_: place for place, id_ in enumerate((BACKLOG, DOING, READY, TEST, OLD, LIVE, SHELF))},
    TEAMS,
    {OLD: DELETED_AT},
)
PLACES = [
    Place(ELSEWHERE, "Other boards", None, None),
    *(Place(id_, str(id_), KINDS.get(id_, ACTIVE), TEAMS.get(id_)) for id_ in LAYOUT.order),
]


@st.composite
def histories(draw: Any) -> tuple[list[Stay], list[Interval]]:
    """The stays of a card that is done at the end, on one board or two, and when it was blocked."""
    before = draw(st.lists(st.sampled_from([FOREIGN, STRANGE, DOING, LIVE]), max_size=3))
    here = draw(st.lists(st.sampled_from(list(LAYOUT.order)), max_size=12))
    columns = [*before, *here, draw(st.sampled_from([LIVE, SHELF]))]
    lengths = draw(st.lists(st.integers(0, 40), min_size=len(columns), max_size=len(columns)))
    at = draw(st.integers(0, 10))
    stays = []
    for place, (column_id, length) in enumerate(zip(columns, lengths, strict=True)):
        meaning: tuple[Any, ...] = ()
        if place < len(before):
            kind = draw(st.sampled_from([QUEUE, ACTIVE, DONE]))
            meaning = (kind, kind == ACTIVE)
        left_at = at + length if place < len(columns) - 1 else None
        stays.append(Stay(column_id, at, left_at, *meaning))
        at += length
    blocks = draw(
        st.lists(
            st.tuples(st.integers(0, 300), st.integers(0, 90)).map(
                lambda block: Interval(block[0], block[0] + block[1])
            ),
            max_size=3,
        )
    )
    if draw(st.booleans()):
        blocks.append(Interval(draw(st.integers(0, 300)), None))
    return stays, blocks


def _journey(stays: list[Stay], blocks: list[Interval] | None = None) -> Journey:
    done_at = read_clocks(SHAPE, stays, blocks or []).done_at
    assert done_at is not None
    return Journey(1, done_at, stays, blocks or [])


def _stays(*steps: tuple[int, int]) -> list[Stay]:
    """The stays of a card that came into a column at a time."""
    ends: list[int | None] = [*(at for _, at in steps[1:]), None]
    return [Stay(column_id, at, end) for (column_id, at), end in zip(steps, ends, strict=True)]


# --- where the time went --------------------------------------------------------------------------


@given(histories())
def test_the_times_in_columns_add_up_to_the_clocks(
    history: tuple[list[Stay], list[Interval]],
) -> None:
    stays, blocks = history
    clocks = read_clocks(SHAPE, stays, blocks)
    spent = time_in_columns(LAYOUT, _journey(stays, blocks))
    assert sum(each.lead for each in spent.values()) == clocks.lead_time
    assert sum(each.process for each in spent.values()) == clocks.process_time
    assert all(0 <= each.process <= each.lead for each in spent.values())


@given(st.lists(histories(), max_size=6))
def test_the_steps_add_up_to_the_whole_exactly(
    cards: list[tuple[list[Stay], list[Interval]]],
) -> None:
    tally = Tally()
    for stays, blocks in cards:
        add_journey(tally, LAYOUT, _journey(stays, blocks))
        add_exits(tally, LAYOUT, [(stay.column_id, stay.left_at) for stay in stays], 0, 200)
    stream = stream_of(tally, [place for place in PLACES if has_been(tally, place.id)])
    assert stream.count == len(cards)
    shares = [
        each.percent_complete_accurate
        for each in stream.steps
        if each.percent_complete_accurate is not None
    ]
    assert all(0 <= share <= 1 for share in shares)
    assert stream.rolled_percent_complete_accurate == (prod(shares) if shares else None)
    if not cards:
        assert (stream.lead_time, stream.process_time, stream.flow_efficiency) == (None,) * 3
        return
    assert sum(each.lead_time or 0 for each in stream.steps) == stream.lead_time
    assert sum(each.process_time or 0 for each in stream.steps) == stream.process_time
    assert sum(each.wait_time or 0 for each in stream.steps) == stream.wait_time
    leads = [read_clocks(SHAPE, *card).lead_time or 0 for card in cards]
    assert stream.lead_time == Fraction(sum(leads), len(cards))
    for step in stream.steps:
        times = [long.time for long in step.longest]
        assert times == sorted(times, reverse=True)
        assert len(times) <= 2


def test_time_in_done_before_a_reopening_is_the_times_of_done() -> None:
    stays = _stays((BACKLOG, 0), (DOING, 10), (LIVE, 15), (DOING, 45), (LIVE, 50), (SHELF, 90))
    spent = time_in_columns(LAYOUT, _journey(stays, [Interval(12, 13)]))
    assert {id_: tuple(each) for id_, each in spent.items()} == {
        BACKLOG: (10, 0),
        DOING: (10, 9),
        LIVE: (30, 0),
    }


def test_a_stay_on_another_board_counts_for_what_it_was_there() -> None:
    stays = [
        Stay(FOREIGN, 0, 10, ACTIVE, True),
        Stay(DOING, 10, 25, QUEUE, False),  # Here it has been before, when this was a queue.
        Stay(STRANGE, 25, 30, QUEUE, False),
        Stay(DOING, 30, 34),
        Stay(LIVE, 34, None),
    ]
    spent = time_in_columns(LAYOUT, _journey(stays))
    assert {id_: tuple(each) for id_, each in spent.items()} == {
        ELSEWHERE: (15, 10),
        DOING: (19, 4),
        LIVE: (0, 0),
    }


def test_a_column_that_was_skipped_counts_as_zero() -> None:
    tally = Tally()
    add_journey(tally, LAYOUT, _journey(_stays((BACKLOG, 0), (TEST, 10), (LIVE, 30))))
    add_journey(tally, LAYOUT, _journey(_stays((BACKLOG, 0), (LIVE, 40))))
    steps = {step.place.id: step for step in stream_of(tally, PLACES).steps}
    assert [steps[id_].lead_time for id_ in (BACKLOG, DOING, TEST)] == [25, 0, 10]
    assert steps[TEST].process_time == 10


# --- what came back -------------------------------------------------------------------------------


def _shares(
    *steps: tuple[int, int], start: int = 0, end: int = 10**6
) -> dict[int, tuple[int, int]]:
    """For each column how many exits to the right there were, and how many came back."""
    tally = Tally()
    stays = [(stay.column_id, stay.left_at) for stay in _stays(*steps)]
    add_exits(tally, LAYOUT, stays, start, end)
    return {id_: (tally.exits[id_], tally.returned[id_]) for id_ in sorted(tally.exits)}


def test_a_backward_move_is_a_failure_of_the_step_that_it_returns_to() -> None:
    # Test sends it back to Doing: Doing failed, Ready in between did not, and Test has not passed.
    assert _shares((DOING, 0), (READY, 1), (TEST, 2), (DOING, 3), (TEST, 4), (LIVE, 5)) == {
        DOING: (2, 1),
        READY: (1, 0),
        TEST: (1, 0),
    }


def test_every_exit_is_judged_by_all_that_came_after_it() -> None:
    # Sent past Doing to the backlog it has not come back into Doing; later it does, from the right.
    path = [(DOING, 0), (TEST, 1), (BACKLOG, 2), (DOING, 3), (TEST, 4)]
    assert _shares(*path)[DOING] == (2, 0)
    assert _shares(*path, (DOING, 5), (TEST, 6), (LIVE, 7))[DOING] == (3, 2)


def test_coming_back_from_the_left_is_no_failure() -> None:
    assert _shares((DOING, 0), (BACKLOG, 1), (DOING, 2), (LIVE, 3)) == {
        BACKLOG: (1, 0),
        DOING: (1, 0),
    }


def test_a_reopened_card_is_a_failure_of_where_it_goes_back_to() -> None:
    assert _shares((TEST, 0), (LIVE, 1), (TEST, 2), (LIVE, 3)) == {TEST: (2, 1)}


def test_only_exits_in_the_window_count_but_whatever_came_after_judges_them() -> None:
    path = [(DOING, 0), (TEST, 10), (DOING, 20), (TEST, 30), (LIVE, 40)]
    assert _shares(*path, start=0, end=10) == {}
    assert _shares(*path, start=10, end=11) == {DOING: (1, 1)}
    assert _shares(*path, start=11, end=40) == {DOING: (1, 0)}
    assert _shares(*path, start=30, end=41) == {DOING: (1, 0), TEST: (1, 0)}


def test_a_deleted_column_keeps_its_place_and_its_deletion_judges_nobody() -> None:
    assert _shares((DOING, 0), (OLD, 10), (LIVE, 20)) == {DOING: (1, 0), OLD: (1, 0)}
    assert _shares((DOING, 0), (OLD, 10), (DOING, 20), (LIVE, 30)) == {DOING: (2, 1)}
    # Its cards were moved when it was deleted: to the left, and to the right.
    assert _shares((DOING, 0), (OLD, 10), (DOING, DELETED_AT), (LIVE, 60)) == {DOING: (2, 0)}
    assert _shares((DOING, 0), (OLD, 10), (LIVE, DELETED_AT)) == {DOING: (1, 0)}


def test_a_move_between_boards_has_no_direction() -> None:
    assert _shares((FOREIGN, 0), (DOING, 1), (TEST, 2), (STRANGE, 3), (DOING, 4), (LIVE, 5)) == {
        DOING: (2, 0)
    }


@given(histories(), st.integers(0, 200), st.integers(0, 200))
def test_the_exits_are_those_of_the_definition(
    history: tuple[list[Stay], list[Interval]], start: int, length: int
) -> None:
    stays = [(stay.column_id, stay.left_at) for stay in history[0]]
    order, moves = LAYOUT.order, []
    for (source, left_at), (target, _) in pairwise(stays):
        if source in order and target in order and (source, left_at) != (OLD, DELETED_AT):
            moves.append((source, target, left_at))
    expected = [
        (
            source,
            any(
                later == source and order[origin] > order[source]
                for origin, later, _ in moves[index + 1 :]
            ),
        )
        for index, (source, target, left_at) in enumerate(moves)
        if order[target] > order[source] and start <= (left_at or 0) < start + length
    ]
    assert list(exits(LAYOUT, stays, start, start + length)) == expected[::-1]


# --- through whose hands --------------------------------------------------------------------------


def test_a_handoff_is_a_change_of_team_whatever_lies_between() -> None:
    def count(*steps: tuple[int, int]) -> int:
        return handoffs(LAYOUT, _journey(_stays(*steps)))

    assert count((LIVE, 0)) == 0
    assert count((BACKLOG, 0), (DOING, 1), (READY, 2), (DOING, 3), (LIVE, 4)) == 1
    assert count((DOING, 0), (READY, 1), (TEST, 2), (OLD, 3), (LIVE, 4)) == 2
    assert count((DOING, 0), (TEST, 1), (DOING, 2), (TEST, 3), (LIVE, 4)) == 4
    # What becomes of it once it is done is no part of the stream, until it is reopened.
    assert count((DOING, 0), (LIVE, 1), (SHELF, 2)) == 1
    assert count((DOING, 0), (LIVE, 1), (SHELF, 2), (DOING, 3), (LIVE, 4)) == 4


@given(histories())
def test_handoffs_are_those_of_the_definition(history: tuple[list[Stay], list[Interval]]) -> None:
    stays, done_index = history[0], 0
    for index, stay in enumerate(stays):
        before = index > 0 and is_of(SHAPE.done, stays[index - 1], DONE)
        if is_of(SHAPE.done, stay, DONE) and not before:
            done_index = index
    last, count = None, 0
    for stay in stays[: done_index + 1]:
        team = TEAMS.get(stay.column_id)
        if team is not None:
            count += last is not None and team != last
            last = team
    assert handoffs(LAYOUT, _journey(stays)) == count
