"""Many cards at once are counted as each of them is by hand."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.cards.clocks import NEVER, OPEN, Interval, Stay, is_started, read_clocks
from app.cards.journeys import (
    ACTIVE,
    DONE,
    HERE,
    OTHER,
    Exits,
    Finished,
    Spent,
    Stays,
    exits_of,
    finished_of,
    spent_of,
)
from tests.flow.by_hand import Journey, exits, handoffs, time_in_columns
from tests.flow.test_stream import LAYOUT, SHAPE, histories

History = tuple[list[Stay], list[Interval]]
CODES = {None: HERE, "queue": OTHER, "active": ACTIVE, "done": DONE}


@st.composite
def lives(draw: Any) -> History:
    """A card that is done, or that has not come so far or has gone back again."""
    stays, blocks = draw(histories())
    known = [place for place, stay in enumerate(stays) if stay.kind is None]
    if draw(st.booleans()):
        upto = draw(st.sampled_from(known))
        stays = [*stays[:upto], stays[upto]._replace(left_at=None)]
    return stays, blocks


def _arrays(cards: list[History]) -> Stays:
    rows = []
    for number, (stays, blocks) in enumerate(cards, 1):
        clocks = read_clocks(SHAPE, stays, blocks)
        rows += [
            (
                number,
                stay.column_id,
                stay.entered_at,
                OPEN if stay.left_at is None else stay.left_at,
                CODES[stay.kind],
                bool(stay.started_work),
                NEVER if clocks.done_at is None else clocks.done_at,
                NEVER if clocks.started_at is None else clocks.started_at,
            )
            for stay in stays
        ]
    return Stays(*np.array(rows, np.int64).reshape(-1, len(Stays._fields)).T)


def _rows(arrays: Finished | Spent | Exits) -> list[tuple[int, ...]]:
    return list(zip(*(values.tolist() for values in arrays), strict=True))


def _done(cards: list[History]) -> list[Journey]:
    found = []
    for number, (stays, blocks) in enumerate(cards, 1):
        done_at = read_clocks(SHAPE, stays, blocks).done_at
        if done_at is not None:
            found.append(Journey(number, done_at, stays, blocks))
    return found


@given(st.lists(lives(), max_size=6))
def test_the_times_of_many_cards_are_those_of_each(cards: list[History]) -> None:
    blocks = {number: blocks for number, (_, blocks) in enumerate(cards, 1) if blocks}
    spent = spent_of(LAYOUT, _arrays(cards), blocks)
    by_hand = {
        (journey.card_id, journey.done_at, column_id, *times)
        for journey in _done(cards)
        for column_id, times in time_in_columns(LAYOUT, journey).items()
    }
    rows = _rows(spent)
    assert {row[:5] for row in rows} == by_hand
    assert len(rows) == len(by_hand)


@given(st.lists(lives(), max_size=6))
def test_the_ages_are_those_at_which_each_card_left_its_columns_last(cards: list[History]) -> None:
    by_hand = {}
    for journey in _done(cards):
        started_at = read_clocks(SHAPE, journey.stays, journey.blocks).started_at
        for stay in journey.stays:
            has_age = stay.column_id in LAYOUT.order and stay.entered_at <= journey.done_at
            if has_age and stay.left_at is not None and started_at is not None:
                by_hand[journey.card_id, stay.column_id] = stay.left_at - started_at
    spent = spent_of(LAYOUT, _arrays(cards), {})
    found = {(row[0], row[2]): row[5] for row in _rows(spent) if row[2] and row[5] != NEVER}
    assert found == by_hand


@given(st.lists(lives(), max_size=6))
def test_the_handoffs_and_progress_of_many_cards_are_those_of_each(
    cards: list[History],
) -> None:
    by_hand = [
        (
            journey.card_id,
            journey.done_at,
            handoffs(LAYOUT, journey),
            sum(
                (journey.done_at if stay.left_at is None else stay.left_at) - stay.entered_at
                for stay in journey.stays
                if stay.column_id in LAYOUT.order and is_started(SHAPE, stay)
            ),
        )
        for journey in _done(cards)
    ]
    assert _rows(finished_of(LAYOUT, _arrays(cards))) == by_hand


@given(st.lists(lives(), max_size=6))
def test_the_exits_of_many_cards_are_those_of_each(cards: list[History]) -> None:
    by_hand = []
    for number, (stays, _) in enumerate(cards, 1):
        pairs = [(stay.column_id, stay.left_at) for stay in stays]
        by_hand += [(number, *told) for told in exits(LAYOUT, pairs, NEVER, OPEN)]
    found = _rows(exits_of(LAYOUT, _arrays(cards)))
    assert sorted((card, column, bool(back)) for card, _, column, back in found) == sorted(by_hand)
    for card, at, column, _ in found:
        assert (column, at) in {(stay.column_id, stay.left_at) for stay in cards[card - 1][0]}
