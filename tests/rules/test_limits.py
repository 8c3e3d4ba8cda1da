"""The WIP rules, one after the other, on paper."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.boards import rules
from app.boards.rules import Overflow, Place, check_limits, limits, usage
from app.boards.shape import Group, Shape
from tests.rules.paper import (
    BACKLOG,
    BOARD,
    DEPLOY,
    DEVELOPMENT,
    DOING,
    DOING_DONE,
    EXPEDITE,
    IDEAS,
    LIVE,
    READY,
    STANDARD,
    TEST,
    board,
    column,
    counts,
    dev_board,
    lane,
    refusal,
)


def standard(*columns: int) -> list[tuple[int, int]]:
    """Cards of the lane Standard in these columns."""
    return [(column_id, STANDARD) for column_id in columns]


def place(overflow: Overflow | None) -> tuple[str, int] | None:
    """Which limit refused."""
    return None if overflow is None else (overflow.place.scope, overflow.place.id)


# --- Rule 1: where a limit can sit, and what it counts -------------------------------------------


def test_without_limits_nothing_is_refused() -> None:
    assert refusal(dev_board(expedite=None), [], [(TEST, STANDARD)] * 1000) is None


def test_a_column_limit_counts_the_cards_of_its_column() -> None:
    shape = dev_board({TEST: 2})
    assert refusal(shape, standard(TEST), standard(TEST, TEST)) is None
    assert place(refusal(shape, standard(TEST, TEST), standard(TEST, TEST, TEST))) == (
        "column",
        TEST,
    )


def test_a_group_limit_counts_all_its_columns() -> None:
    shape = dev_board(group=2)
    full = standard(DOING, DOING_DONE)
    assert place(refusal(shape, full, [*full, (DOING, STANDARD)])) == ("group", DEVELOPMENT)
    assert refusal(shape, full, [*full, (TEST, STANDARD)]) is None


def test_the_board_limit_counts_active_columns_and_the_queues_right_of_the_first() -> None:
    shape = dev_board(whole=3)
    full = standard(DOING, DOING_DONE, DEPLOY)
    assert usage(shape, counts(full))[Place("board", BOARD)] == 3
    assert place(refusal(shape, full, [*full, (DOING_DONE, STANDARD)])) == ("board", BOARD)
    assert refusal(shape, full, [*full, *standard(BACKLOG, READY, LIVE)]) is None


def test_the_board_limit_counts_cards_of_the_expedite_lane_too() -> None:
    shape = dev_board(whole=1, expedite=5)
    assert place(refusal(shape, standard(DOING), [*standard(DOING), (TEST, EXPEDITE)])) == (
        "board",
        BOARD,
    )


def test_a_board_without_an_active_column_has_no_work_in_progress() -> None:
    shape = board([column(1, "queue"), column(2, "queue"), column(3, "done")], wip_limit=1)
    assert usage(shape, counts(standard(1, 2, 3)))[Place("board", BOARD)] == 0


def test_a_person_limit_counts_that_persons_cards() -> None:
    shape = dev_board(person=2)
    here = (shape, counts(standard(DOING)))
    assert check_limits(here, here, [(7, "Grace", 1, 2)]) is None
    assert check_limits(here, here, [(7, "Grace", 2, 3)]) == Overflow(
        Place("person", 7), "Grace", 2, 2
    )


def test_one_persons_limit_is_not_anothers() -> None:
    shape = dev_board(person=2)
    here = (shape, counts(standard(DOING)))
    found = check_limits(here, here, [(7, "Grace", 0, 2), (8, "Linus", 2, 3)])
    assert place(found) == ("person", 8)


# --- Rule 2: no limit is newly exceeded ----------------------------------------------------------


def test_the_last_place_is_given_and_the_next_card_refused() -> None:
    shape = dev_board({READY: 3})
    for count in range(3):
        assert refusal(shape, standard(*[READY] * count), standard(*[READY] * (count + 1))) is None
    assert place(refusal(shape, standard(*[READY] * 3), standard(*[READY] * 4))) == (
        "column",
        READY,
    )


def test_a_change_of_many_cards_is_judged_as_one() -> None:
    shape = dev_board({TEST: 2})
    assert place(refusal(shape, standard(DOING, DOING, DOING), standard(TEST, TEST, TEST))) == (
        "column",
        TEST,
    )


def test_two_cards_may_change_places_between_full_columns() -> None:
    shape = dev_board({TEST: 1, DEPLOY: 1})
    assert refusal(shape, standard(TEST, DEPLOY), standard(DEPLOY, TEST)) is None


# --- Rule 4: reordering and leaving --------------------------------------------------------------


def test_nothing_is_refused_where_nothing_changes() -> None:
    shape = dev_board({TEST: 1}, group=1, standard=1, whole=1)
    for column_id in (TEST, DOING):
        assert refusal(shape, standard(*[column_id] * 3), standard(*[column_id] * 3)) is None


def test_moving_out_is_judged_by_the_target_alone() -> None:
    shape = dev_board({TEST: 1, DEPLOY: 1})
    over = standard(TEST, TEST, TEST)
    assert refusal(shape, over, standard(TEST, TEST, DEPLOY)) is None
    assert place(refusal(shape, [*over, (DEPLOY, STANDARD)], standard(TEST, TEST, DEPLOY, DEPLOY)))


def test_moving_back_to_the_left_is_a_move_like_any_other() -> None:
    shape = dev_board({READY: 1})
    assert place(refusal(shape, standard(READY, TEST), standard(READY, READY))) == ("column", READY)


# --- Rule 5: a limit below the present count -----------------------------------------------------


def test_a_limit_may_be_set_below_the_present_count() -> None:
    old = dev_board()
    for new in (
        dev_board({TEST: 1}),
        dev_board(group=1),
        dev_board(standard=1),
        dev_board(whole=1),
    ):
        cards = standard(DOING, DOING, TEST, TEST)
        assert refusal(old, cards, cards, new) is None


def test_nothing_enters_a_place_that_is_over_its_limit_until_it_is_under_it() -> None:
    shape = dev_board({TEST: 2})
    assert refusal(shape, standard(*[TEST] * 4), standard(*[TEST] * 3)) is None
    for count in (4, 3, 2):
        found = refusal(shape, standard(*[TEST] * count), standard(*[TEST] * (count + 1)))
        assert found == Overflow(Place("column", TEST), f"column {TEST}", 2, count)
    assert refusal(shape, standard(TEST), standard(TEST, TEST)) is None


def test_one_card_out_and_one_in_is_allowed_even_over_the_limit() -> None:
    """The change as a whole exceeds nothing newly."""
    shape = dev_board({TEST: 1})
    before = standard(TEST, TEST, DOING)
    assert refusal(shape, before, standard(TEST, DOING, TEST)) is None


def test_a_new_group_with_a_limit_below_what_its_columns_hold_is_set_not_broken() -> None:
    old = board([column(1), column(2)])
    new = board([column(1, group_id=9), column(2, group_id=9)], groups=[Group(9, "Both", 1)])
    assert refusal(old, standard(1, 1, 2), standard(1, 1, 2), new) is None


def test_a_column_does_not_join_a_group_that_has_no_room_for_its_cards() -> None:
    group = Group(9, "Both", 2)
    old = board([column(1, group_id=9), column(2)], groups=[group])
    new = board([column(1, group_id=9), column(2, group_id=9)], groups=[group])
    assert refusal(old, standard(1, 2), standard(1, 2), new) is None
    assert place(refusal(old, standard(1, 2, 2), standard(1, 2, 2), new)) == ("group", 9)


def test_a_queue_does_not_become_a_place_of_work_in_progress_past_the_boards_limit() -> None:
    """With the first active column the lane's and the board's counts change."""
    old = board([column(1, "queue"), column(2)], wip_limit=2)
    new = board([column(1, "active"), column(2)], wip_limit=2)
    assert refusal(old, standard(1, 2), standard(1, 2), new) is None
    assert place(refusal(old, standard(1, 1, 2), standard(1, 1, 2), new)) == ("board", BOARD)


def test_an_expedite_lane_does_not_become_an_ordinary_one_past_the_columns_limits() -> None:
    columns = [column(1, wip_limit=2)]
    old = board(columns, [lane(EXPEDITE, expedite=True), lane(STANDARD)])
    new = board(columns, [lane(EXPEDITE), lane(STANDARD)])
    cards = [(1, EXPEDITE), (1, EXPEDITE), (1, STANDARD)]
    assert place(refusal(old, cards, cards, new)) == ("column", 1)
    assert refusal(old, cards[1:], cards[1:], new) is None


# --- Rule 6: groups and lanes --------------------------------------------------------------------


def test_moving_within_a_group_never_changes_the_groups_count() -> None:
    shape = dev_board(group=2)
    for over in range(4):
        cards = standard(*[DOING] * over)
        assert refusal(shape, [*cards, (DOING, STANDARD)], [*cards, (DOING_DONE, STANDARD)]) is None


def test_a_column_of_a_group_keeps_its_own_limit() -> None:
    shape = dev_board({DOING_DONE: 1}, group=5)
    assert place(refusal(shape, standard(DOING, DOING_DONE), standard(DOING_DONE, DOING_DONE))) == (
        "column",
        DOING_DONE,
    )


def test_a_lane_limit_does_not_count_what_waits_in_the_backlog_or_is_done() -> None:
    shape = dev_board(standard=2)
    waiting = standard(BACKLOG, READY, LIVE)
    cards = [*waiting, *standard(DOING)]
    assert usage(shape, counts(cards))[Place("lane", STANDARD)] == 1
    assert refusal(shape, cards, [*cards, *waiting, (DOING_DONE, STANDARD)]) is None
    full = [*waiting, *standard(DOING, DOING_DONE)]
    assert place(refusal(shape, full, [*full, (TEST, STANDARD)])) == ("lane", STANDARD)


def test_changing_the_lane_is_judged_by_the_new_lanes_limit() -> None:
    shape = dev_board(standard=1)
    before = [(DOING, STANDARD), (TEST, IDEAS)]
    after = [(DOING, STANDARD), (TEST, STANDARD)]
    assert place(refusal(shape, before, after)) == ("lane", STANDARD)
    assert refusal(shape, after, before) is None


# --- Rule 7: the expedite lane -------------------------------------------------------------------


def test_expedite_cards_do_not_count_against_columns_and_groups() -> None:
    shape = dev_board({TEST: 1}, group=1, expedite=None)
    before = standard(TEST, DOING)
    after = [*before, (TEST, EXPEDITE), (DOING, EXPEDITE), (DOING, EXPEDITE)]
    assert refusal(shape, before, after) is None
    held = usage(shape, counts(after))
    assert held[Place("column", TEST)] == 1
    assert held[Place("group", DEVELOPMENT)] == 1


def test_the_expedite_lanes_own_limit_always_holds() -> None:
    shape = dev_board(expedite=1)
    assert place(refusal(shape, [(DOING, EXPEDITE)], [(DOING, EXPEDITE), (TEST, EXPEDITE)])) == (
        "lane",
        EXPEDITE,
    )


def test_expedite_cards_may_wait_in_the_backlog_in_any_number() -> None:
    shape = dev_board(expedite=1)
    assert refusal(shape, [(DOING, EXPEDITE)], [(DOING, EXPEDITE), *[(BACKLOG, EXPEDITE)] * 9]) is (
        None
    )


def test_a_card_that_leaves_the_expedite_lane_needs_room_in_its_column() -> None:
    shape = dev_board({TEST: 1})
    before = [(TEST, STANDARD), (TEST, EXPEDITE)]
    assert place(refusal(shape, before, standard(TEST, TEST))) == ("column", TEST)


# --- Rule 8: what a refusal says -----------------------------------------------------------------


def test_a_refusal_says_which_limit_its_value_and_the_count_before() -> None:
    found = refusal(dev_board({TEST: 2}), standard(*[TEST] * 3), standard(*[TEST] * 4))
    assert found == Overflow(Place("column", TEST), f"column {TEST}", limit=2, count=3)


def test_of_several_limits_the_most_particular_one_refuses() -> None:
    shape = dev_board({DOING: 1}, group=1, standard=1, whole=1)
    one = standard(DOING)
    assert place(refusal(shape, one, [*one, (DOING, STANDARD)])) == ("column", DOING)
    assert place(refusal(shape, one, [*one, (DOING_DONE, STANDARD)])) == ("group", DEVELOPMENT)
    assert place(refusal(shape, one, [*one, (TEST, STANDARD)])) == ("lane", STANDARD)
    assert place(refusal(shape, one, [*one, (TEST, IDEAS)])) == ("board", BOARD)


@pytest.mark.parametrize(
    ("scope", "place_id", "expected"),
    [
        ("column", DOING, {(DOING, STANDARD), (DOING, IDEAS)}),
        (
            "group",
            DEVELOPMENT,
            {(DOING, STANDARD), (DOING_DONE, STANDARD), (DOING, IDEAS), (DOING_DONE, IDEAS)},
        ),
        ("lane", EXPEDITE, {(c, EXPEDITE) for c in (DOING, DOING_DONE, TEST, DEPLOY)}),
        (
            "board",
            BOARD,
            {
                (c, row)
                for c in (DOING, DOING_DONE, TEST, DEPLOY)
                for row in (EXPEDITE, STANDARD, IDEAS)
            },
        ),
        (
            "person",
            7,
            {(c, row) for c in (DOING, TEST, DEPLOY) for row in (EXPEDITE, STANDARD, IDEAS)},
        ),
    ],
)
def test_the_cells_that_fill_a_place_are_those_that_it_counts(
    scope: str, place_id: int, expected: set[tuple[int, int]]
) -> None:
    assert set(map(tuple, rules.cells_of(dev_board(), Place(scope, place_id)))) == expected


# --- Rule 9: to the right ------------------------------------------------------------------------


def test_right_and_left_go_by_the_order_of_the_columns_not_by_their_ids() -> None:
    shape = board([column(5), column(1), column(3)])
    assert rules.is_to_the_right(shape, 5, 1)
    assert rules.is_to_the_right(shape, 5, 3)
    assert not rules.is_to_the_right(shape, 1, 5)
    assert not rules.is_to_the_right(shape, 1, 1)


# --- Any change at all ---------------------------------------------------------------------------

_limit = st.none() | st.integers(1, 3)
_shapes = st.builds(
    lambda limits, group, expedite, standard, whole: dev_board(
        {c: n for c, n in limits.items() if n is not None},
        group=group,
        expedite=expedite,
        standard=standard,
        whole=whole,
    ),
    st.dictionaries(st.sampled_from([BACKLOG, READY, DOING, DOING_DONE, TEST, DEPLOY]), _limit),
    _limit,
    _limit,
    _limit,
    st.none() | st.integers(1, 6),
)
_cards = st.lists(
    st.tuples(
        st.sampled_from([BACKLOG, READY, DOING, DOING_DONE, TEST, DEPLOY, LIVE]),
        st.sampled_from([EXPEDITE, STANDARD, IDEAS]),
    ),
    max_size=12,
)


def counted(shape: Shape, scope: str, place_id: int, cards: list[tuple[int, int]]) -> int:
    """What a limit holds, counted card by card in the words of the rules."""
    in_progress = {DOING, DOING_DONE, TEST, DEPLOY}
    if scope == "column":
        return sum(c == place_id and row != EXPEDITE for c, row in cards)
    if scope == "group":
        return sum(c in {DOING, DOING_DONE} and row != EXPEDITE for c, row in cards)
    if scope == "lane":
        return sum(row == place_id and c in in_progress for c, row in cards)
    return sum(c in in_progress for c, _ in cards)


@given(_shapes, _cards, _cards)
def test_a_change_is_refused_exactly_where_a_limit_is_newly_exceeded(
    shape: Shape, before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    broken = [
        (where.scope, where.id, limit, was)
        for where, _, limit in limits(shape)
        for was in [counted(shape, where.scope, where.id, before)]
        for will in [counted(shape, where.scope, where.id, after)]
        if will > limit and will > was
    ]
    found = refusal(shape, before, after)
    if found is None:
        assert broken == []
    else:
        assert broken[0] == (found.place.scope, found.place.id, found.limit, found.count)


@given(_shapes, _cards)
def test_usage_is_what_the_rules_say_counts(shape: Shape, cards: list[tuple[int, int]]) -> None:
    everywhere = replace(
        shape,
        columns=tuple(c._replace(wip_limit=1) for c in shape.columns),
        groups=tuple(g._replace(wip_limit=1) for g in shape.groups),
        lanes=tuple(row._replace(wip_limit=1) for row in shape.lanes),
        wip_limit=1,
    )
    held = usage(everywhere, counts(cards))
    for where, _, _ in limits(everywhere):
        assert held.get(where, 0) == counted(everywhere, where.scope, where.id, cards)


# --- Rule 10: the andon cord ---------------------------------------------------------------------


@pytest.mark.parametrize("target", [DOING, DOING_DONE, TEST, DEPLOY, LIVE])
def test_from_before_the_first_active_column_or_from_elsewhere_work_is_started(target: int) -> None:
    shape = dev_board()
    assert rules.starts_work(shape, BACKLOG, target)
    assert rules.starts_work(shape, READY, target)
    assert rules.starts_work(shape, None, target)


@pytest.mark.parametrize("source", [DOING, DOING_DONE, TEST, DEPLOY, LIVE])
def test_work_that_was_started_is_not_started_by_going_on_or_back(source: int) -> None:
    shape = dev_board()
    assert not any(rules.starts_work(shape, source, target) for target in shape.index)


@pytest.mark.parametrize("source", [None, BACKLOG, READY])
def test_planning_starts_no_work(source: int | None) -> None:
    assert not rules.starts_work(dev_board(), source, BACKLOG)
    assert not rules.starts_work(dev_board(), source, READY)


def test_without_an_active_column_no_work_is_started() -> None:
    shape = board([column(BACKLOG, "queue"), column(LIVE, "done")])
    assert not rules.starts_work(shape, None, LIVE)
    assert not rules.starts_work(shape, BACKLOG, LIVE)


def test_where_the_first_column_is_active_whatever_comes_starts_work() -> None:
    shape = board([column(DOING, "active"), column(LIVE, "done")])
    assert rules.starts_work(shape, None, DOING)
    assert rules.starts_work(shape, None, LIVE)
    assert not rules.starts_work(shape, DOING, LIVE)
