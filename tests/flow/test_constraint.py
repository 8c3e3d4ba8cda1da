"""The constraint: how full columns were, what speaks for a work centre, and Little's law."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.boards.shape import ACTIVE, DONE, QUEUE, Cell, Column, Group, Lane, Shape
from app.cards import change_days
from app.cards.centres import Centre, Limits, Load, Place, centres_of, gauges_of, places_of
from app.cards.clocks import OPEN
from app.cards.gauges import Changes, changes_of, load_over, net_of
from app.cards.load_days import moved
from app.flow.constraint import Evidence, constraint_of
from app.flow.constraint_words import advice_for, little_words, reason_for_none
from app.flow.little import Little, Stays, Steady, little_of
from tests.flow import by_stretches
from tests.flow.by_stretches import Change, stretches

told_changes = change_days._changes
_Told = change_days._Told

BACKLOG, READY, DOING, DONE_DOING, TEST, WAIT, DEPLOY, LIVE = range(1, 9)
STANDARD, EXPEDITE = 1, 2
DEVELOPMENT = 1
DAY = 86_400_000_000


def column(id_: int, kind: str, limit: int | None = None, group: int | None = None) -> Column:
    """A column, called by its number."""
    return Column(id_, f"C{id_}", id_, kind, limit, group, None, "")


SHAPE = Shape(
    board_id=1,
    board_key="OPS",
    board_name="Ops",
    wip_limit=None,
    person_wip_limit=None,
    columns=(
        column(BACKLOG, QUEUE),
        column(READY, QUEUE, 5),
        column(DOING, ACTIVE, None, DEVELOPMENT),
        column(DONE_DOING, QUEUE, None, DEVELOPMENT),
        column(TEST, ACTIVE, 3),
        column(WAIT, QUEUE),
        column(DEPLOY, ACTIVE),
        column(LIVE, DONE),
    ),
    groups=(Group(DEVELOPMENT, "Development", 5),),
    lanes=(Lane(STANDARD, "Standard", 0, None, False), Lane(EXPEDITE, "Expedite", 1, 1, True)),
)


# --- how full it was ------------------------------------------------------------------------------


@st.composite
def plays(draw: Any) -> list[tuple[int, str, dict[str, int]]]:
    """What happens to a card, as its events tell it; times never go back."""
    cells = st.tuples(st.sampled_from([DOING, TEST, LIVE]), st.sampled_from([STANDARD, EXPEDITE]))

    def data() -> dict[str, int]:
        column_id, lane_id = draw(cells)
        return {"column_id": column_id, "lane_id": lane_id}

    at, here = draw(st.integers(0, 30)), data()
    told: list[tuple[int, str, Any]] = [(at, "card.created", here)]
    is_archived = False
    for _ in range(draw(st.integers(0, 6))):
        at += draw(st.integers(0, 20))
        deed = draw(st.sampled_from(["card.moved", "card.moved", "put away", "card.discarded"]))
        if deed == "card.moved":
            there = data()
            told.append((at, deed, {"from": here, "to": there}))
            here = there
        elif deed == "put away":
            is_archived = not is_archived
            told.append((at, "card.archived" if is_archived else "card.restored", here))
        else:
            told.append((at, deed, here))
            break
    return told


def _stands(told: list[tuple[int, str, Any]], at: int) -> Cell | None:
    """Where a card counts just after a moment, told forwards."""
    cell, is_live = None, False
    for when, name, data in told:
        if when > at:
            break
        place = data.get("to", data)
        cell = Cell(place["column_id"], place["lane_id"])
        is_live = name in {"card.created", "card.restored"} or (name == "card.moved" and is_live)
    return cell if is_live else None


def _changes(cards: list[list[tuple[int, str, Any]]], start: int) -> list[Change]:
    """What the events since a moment changed, as the program tells it."""
    archived, rows = set[int](), list[_Told]()
    for card_id, told in enumerate(cards):
        names = [
            name
            for at, name, _ in told
            if at < start and name in {"card.archived", "card.restored"}
        ]
        if names and names[-1] == "card.archived":
            archived.add(card_id)
        rows += [
            _Told(0, card_id, at, name, orjson.dumps(data).decode())
            for at, name, data in told
            if at >= start
        ]
    return [
        Change(at, Cell(column_id, lane_id), delta)
        for at, column_id, lane_id, delta in told_changes(rows, archived)
    ]


@given(st.lists(plays(), max_size=5), st.integers(0, 60), st.integers(1, 100))
def test_what_was_there_is_what_is_there_less_what_changed(
    cards: list[list[tuple[int, str, Any]]], start: int, length: int
) -> None:
    now = Counter(cell for told in cards if (cell := _stands(told, 10**6)) is not None)
    parts = [
        (part.start, part.length, dict(part.counts))
        for part in stretches(now, _changes(cards, start), start, start + length, [start + 7])
    ]
    assert sum(part_length for _, part_length, _ in parts) == length
    for since, part_length, counts in parts:
        for at in (since, since + part_length - 1):
            there = Counter(cell for told in cards if (cell := _stands(told, at)) is not None)
            assert {cell: count for cell, count in counts.items() if count} == there


@given(st.lists(plays(), max_size=5), st.integers(0, 60), st.integers(1, 100), st.data())
def test_the_loads_of_a_window_are_those_of_each_stretch_of_it(
    cards: list[list[tuple[int, str, Any]]], start: int, length: int, data: st.DataObject
) -> None:
    now = Counter(cell for told in cards if (cell := _stands(told, 10**6)) is not None)
    end = start + length
    changes = _changes(cards, start)
    centres = centres_of(SHAPE)
    values = st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=3)
    limits: dict[Place, Limits] = {}
    for place in (place for centre in centres for place in places_of(centre)):
        wanted = data.draw(values)
        since = sorted(data.draw(st.lists(st.integers(start, end), min_size=3, max_size=3)))
        limits[place] = [(-1, wanted[0]), *zip(since, wanted[1:], strict=False)]
    gauges = gauges_of(SHAPE)
    groups = {DEVELOPMENT: [DOING, DONE_DOING]}
    stops = [since for changed in limits.values() for since, _ in changed[1:]]
    parts = stretches(now, changes, start, end, stops)
    by_hand = by_stretches.load_over(centres, parts, limits, groups, gauges.expedite)
    rows = _arrays(changes)
    before = moved(now, {cell: -more for cell, more in net_of(rows).items()})
    assert load_over(gauges, before, rows, (start, end), limits) == by_hand
    # A window is the sum of its parts, wherever it is cut.
    sums = [Load() for _ in centres]
    cuts = sorted(data.draw(st.lists(st.integers(start, end), max_size=3)))
    for begin, stop in pairwise([start, *cuts, end]):
        inside = changes_of([rows], begin)
        there = moved(now, {cell: -more for cell, more in net_of(inside).items()})
        for load, more in zip(
            sums, load_over(gauges, there, inside, (begin, stop), limits), strict=True
        ):
            load.add(more)
    assert sums == by_hand


def test_the_times_of_many_years_and_cards_are_exact() -> None:
    week, cards = 7 * DAY, 10**6
    at = np.arange(0, 5_000 * week, week)
    many = Changes(at, np.full_like(at, WAIT), np.full_like(at, STANDARD), np.zeros_like(at))
    limits = {place: [(0, None)] for place in gauges_of(SHAPE).columns}
    window = (0, 5_000 * week)
    *_, deploy = load_over(gauges_of(SHAPE), {Cell(WAIT, STANDARD): cards}, many, window, limits)
    assert deploy.waited == cards * 5_000 * week > 2**63


def test_what_is_measured_is_another_where_the_board_is() -> None:
    marks = {
        gauges_of(shape).mark
        for shape in (
            SHAPE,
            replace(SHAPE, columns=SHAPE.columns[:-2]),
            replace(SHAPE, lanes=SHAPE.lanes[:1]),
            replace(SHAPE, columns=(SHAPE.columns[0]._replace(wip_limit=9), *SHAPE.columns[1:])),
            replace(SHAPE, columns=(*SHAPE.columns[:5], column(WAIT, DONE), *SHAPE.columns[6:])),
            replace(
                SHAPE, columns=(*SHAPE.columns[:3], column(DONE_DOING, QUEUE), *SHAPE.columns[4:])
            ),
        )
    }
    assert len(marks) == 6
    renamed = replace(SHAPE, columns=tuple(each._replace(name="X") for each in SHAPE.columns))
    raised = replace(SHAPE, groups=(Group(DEVELOPMENT, "D", 9),))
    for same in (renamed, raised):
        assert gauges_of(same).mark == gauges_of(SHAPE).mark


def _arrays(changes: list[Change]) -> Changes:
    changes = sorted(changes, key=lambda change: change.at)
    rows = [(each.at, each.cell.column_id, each.cell.lane_id, each.delta) for each in changes]
    return Changes(*np.array(rows, np.int64).reshape(-1, 4).T)


def test_the_work_centres_of_a_board_with_a_group() -> None:
    development, test, deploy = centres_of(SHAPE)
    assert development == Centre(
        Place("group", DEVELOPMENT),
        "Development",
        (DOING, DONE_DOING),
        (DOING,),
        (READY,),  # A backlog without a limit waits for nobody in particular.
        True,
        (TEST,),
    )
    assert (test.name, test.queue, test.queue_is_limited) == ("C5", (DONE_DOING,), True)
    assert (deploy.queue, deploy.queue_is_limited, deploy.behind) == ((WAIT,), False, ())
    assert centres_of(replace(SHAPE, columns=SHAPE.columns[:2], groups=())) == []


def test_fullness_waiting_and_starving_are_summed_up_over_time() -> None:
    def at(when: int, column_id: int, delta: int, lane: int = STANDARD) -> Change:
        return Change(when, Cell(column_id, lane), delta)

    changes = [
        at(0, TEST, 3),
        at(10, TEST, -1),
        at(10, TEST, 1, EXPEDITE),  # It stands there, and is not held against the limit.
        at(20, DEPLOY, 1),
        at(30, WAIT, 2),
        at(40, TEST, 1),
    ]
    limits: dict[Place, Limits] = {
        Place("group", DEVELOPMENT): [(0, 5)],
        Place("column", DOING): [(0, None)],
        Place("column", TEST): [(0, 3), (50, 4)],
        Place("column", DEPLOY): [(0, None)],
    }
    gauges, rows = gauges_of(SHAPE), _arrays(changes)
    _, test, deploy = load_over(gauges, {}, rows, (0, 60), limits)
    assert test.full == {Place("column", TEST): 10 + 10}
    assert test.starved == 20
    assert deploy.waited == 2 * 30
    assert (deploy.full, deploy.starved) == ({}, 0)
    # A limit that changes in the very moment in which a card comes holds from then on.
    limits[Place("column", TEST)] = [(0, 3), (40, 4)]
    _, test, _ = load_over(gauges, {}, rows, (0, 60), limits)
    assert test.full == {Place("column", TEST): 10}


# --- which one it is ------------------------------------------------------------------------------


def evidence(name: str, **fields: Any) -> Evidence:
    """What speaks for a work centre: nothing but what is given."""
    centre = Centre(Place("column", 1), name, (1,), (1,), (2,), True, (3,))
    nothing = Evidence(centre, 3, None, None, None, None, None, 0, None, None, 0, 0)
    return replace(nothing, **fields)


def test_the_score_is_the_mean_of_the_evidence_that_there_is() -> None:
    assert evidence("A").score == 0
    assert evidence("A", full=Fraction(1, 2)).score == Fraction(1, 2)
    assert evidence("A", full=Fraction(1, 2), starved=Fraction(0)).score == Fraction(1, 4)
    assert evidence("A", blocked_share=Fraction(1)).score == 0


def test_of_equals_the_one_with_more_time_is_the_constraint_then_the_one_to_the_right() -> None:
    half, little = Fraction(1, 2), Fraction(1, 4)
    one, other = evidence("A", time_share=half), evidence("B", full=half)
    assert constraint_of([one, other]) is one
    assert constraint_of([other, one]) is one
    twin = evidence("C", time_share=half)
    assert constraint_of([one, twin]) is twin
    assert constraint_of([one, evidence("D", full=little)]) is one
    assert constraint_of([evidence("A"), evidence("B")]) is None
    assert "Nothing waited" in reason_for_none([evidence("A")])
    assert "nobody works here" in reason_for_none([])


def test_the_next_of_the_five_steps_follows_from_the_evidence() -> None:
    most = Fraction(4, 5)

    def step(near: Fraction = Fraction(0), **fields: Any) -> str:
        here = evidence("Test", full=most, **fields)
        return advice_for([here, evidence("Deploy", full=near)], here).step

    weak = evidence("Test", full=Fraction(1, 10))
    assert advice_for([weak], weak).step == "repeat"
    assert step(near=most) == "identify"
    assert step(blocked_share=Fraction(1, 4)) == "exploit"
    assert step(exits=10, returned=2) == "exploit"
    assert step() == "elevate"
    seldom = evidence("Test", full=Fraction(3, 10))
    assert advice_for([seldom], seldom).step == "subordinate"
    no_limit = evidence("Test", time_share=most)
    assert advice_for([no_limit], no_limit).step == "subordinate"
    waiting = evidence("Test", full=most, queue=Fraction(7, 2))
    waiting = replace(waiting, centre=replace(waiting.centre, queue_is_limited=False))
    advice = advice_for([waiting], waiting)
    assert (advice.step, "3.5 cards wait in front of Test" in advice.words) == ("subordinate", True)


# --- Little's law ---------------------------------------------------------------------------------

times = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=4).map(
    lambda some: [(at, at + length) for at, length in some]
)


class Progress(NamedTuple):
    """A card with the times that it was in progress; `cycle_time` where the window saw it done."""

    cycle_time: int | None
    stays: Sequence[tuple[int, int | None]]


def law(cards: Sequence[Progress], start: int, end: int) -> Little:
    """Little's law for some cards: those that began and ended within the window by their sums."""
    done = [card for card in cards if card.cycle_time is not None]
    steady = [
        card
        for card in done
        if all(start < entered and left is not None and left < end for entered, left in card.stays)
    ]
    sums = Steady(
        sum((left or 0) - entered for card in steady for entered, left in card.stays),
        len(done),
        sum(card.cycle_time or 0 for card in done),
    )
    return little_of(
        start,
        end,
        sums,
        _stays([card for card in done if card not in steady]),
        _stays([card for card in cards if card.cycle_time is None]),
    )


def _stays(cards: Sequence[Progress]) -> Stays:
    rows = [
        (entered, OPEN if left is None else left) for card in cards for entered, left in card.stays
    ]
    return Stays(*np.array(rows, np.int64).reshape(-1, 2).T)


@given(
    st.lists(st.tuples(times, st.integers(0, 40)), max_size=6),
    st.integers(0, 100),
    st.integers(1, 150),
)
def test_both_sides_of_littles_law_differ_by_exactly_what_is_told(
    cards: list[tuple[list[tuple[int, int]], int]], start: int, length: int
) -> None:
    end = start + length
    progress = []
    for some, outside in cards:
        last = max((left for _, left in some), default=end)
        worked = sum(left - entered for entered, left in some)
        was_finished = start <= last < end
        progress.append(Progress(worked + outside if was_finished else None, list(some)))
    little = law(progress, start, end)
    assert little.wip * length == little.in_progress
    assert little.in_progress == (
        little.cycle_time - little.before - little.outside + little.unfinished
    )
    assert little.outside == sum(
        outside
        for (_, outside), card in zip(cards, progress, strict=True)
        if card.cycle_time is not None
    )
    naive = sum(
        sum(entered <= at < left for some, _ in cards for entered, left in some)
        for at in range(start, end)
    )
    assert little.in_progress == naive
    assert little_words(little)


def test_a_board_in_balance_keeps_littles_law() -> None:
    # A card comes and one goes each day, each takes three.
    cards = [Progress(3 * DAY, [(day * DAY, (day + 3) * DAY)]) for day in range(7, 17)]
    cards += [Progress(None, [(day * DAY, (day + 3) * DAY)]) for day in (17, 18, 19)]
    little = law(cards, 10 * DAY, 20 * DAY)
    assert little.wip == little.product == 3
    assert little.ratio == 1
    assert (little.at_start, little.at_end) == (3, 3)
    assert little_words(little) == (
        "On average 3.0 cards were in progress; 1.00 finished a day × 3 days of cycle time are "
        "3.0. Little’s law holds: the two are equal."
    )


def test_where_work_in_progress_grows_the_law_does_not_hold_and_that_is_said() -> None:
    growing = [Progress(None, [(day * DAY, None)]) for day in range(10, 20)]
    little = law([Progress(DAY, [(10 * DAY, 11 * DAY)]), *growing], 10 * DAY, 20 * DAY)
    assert little.ratio == Fraction(1, 56)
    assert "work in progress went from 2 to 10 cards" in little_words(little)
    assert "no throughput" in little_words(law(growing, 10 * DAY, 20 * DAY))
