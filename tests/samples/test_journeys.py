"""The made-up work of a sample board: always the same, plausible, and within the limits."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from app import clock
from app.exchange.schemas import read_document
from app.samples.journeys import (
    DEPLOY,
    DEVELOPED,
    DOING,
    PRODUCTION,
    READY,
    STEPS,
    TEST,
    WAITING,
    document,
    played,
)

NOW = clock.from_datetime(datetime(2026, 11, 25, 14, 20, tzinfo=UTC))
SATURDAY = clock.from_datetime(datetime(2026, 11, 28, 3, 7, tzinfo=UTC))
LIMITS = {READY: 5, TEST: 3, WAITING: 3, DEPLOY: 2}


def test_the_same_happens_every_time() -> None:
    assert document(played(), NOW) == document(played(), NOW)


@pytest.mark.parametrize("now", [NOW, SATURDAY])
def test_it_ends_just_before_now_and_began_two_months_ago(now: int) -> None:
    moments = [
        datetime.fromisoformat(move["at"])
        for card in document(played(), now)["cards"]
        for move in [{"at": card["created_at"]}, *card["moves"]]
    ]
    end = clock.to_datetime(now)
    assert max(moments) <= end
    assert (end - max(moments)).days <= 2
    assert 55 <= (end - min(moments)).days <= 65
    assert not [at for at in moments if at.weekday() > 4 or not 8 <= at.hour < 18]


def test_no_limit_was_ever_exceeded() -> None:
    steps = [
        (at, index, step)
        for index, card in enumerate(played().cards)
        if card.lane != "Expedite"
        for at, step in card.moves
    ]
    where: dict[int, int] = {}
    for _, index, step in sorted(steps):
        where[index] = step
        count = Counter(where.values())
        assert all(count[full] <= most for full, most in LIMITS.items())
        assert count[DOING] + count[DEVELOPED] <= 5


def test_it_has_whatever_a_board_can_show() -> None:
    play = played()
    cards = play.cards
    blocks = [block for card in cards for block in card.blocks]
    reopened = [card for card in cards if PRODUCTION in [step for _, step in card.moves[:-1]]]
    assert sum(card.step == PRODUCTION for card in cards) >= 30
    assert len(blocks) >= 10
    assert any(until is None for _, until, *_ in blocks)
    assert reopened
    assert play.refusals
    assert {card.work_type for card in cards} >= {"feature", "defect", "debt", "ops", "incident"}
    assert [card for card in cards if card.lane == "Expedite" and card.step != PRODUCTION]
    assert [card for card in cards if card.due_in is not None and card.step != PRODUCTION]
    assert len({card.title for card in cards}) == len(cards)


def test_the_end_leaves_room_for_the_lessons() -> None:
    count = Counter(card.step for card in played().cards if card.lane != "Expedite")
    assert count[TEST] == LIMITS[TEST], "one more is refused: that is a lesson"
    assert count[READY] <= LIMITS[READY] - 2
    assert count[DOING] + count[DEVELOPED] <= 3


def test_it_is_a_history_document() -> None:
    found = read_document(document(played(), NOW))
    assert {card.column for card in found.cards} == {STEPS[0]}
