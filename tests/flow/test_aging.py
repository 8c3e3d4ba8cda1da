"""What the drawing of aging work says and how its dots lie."""

from hypothesis import given
from hypothesis import strategies as st

from app.cards.pace import Pace
from app.flow.aging import AgingCard, bars_in, dots_of, late_first, sentence_of
from app.flow.metrics import DAY, HOUR

PACE: dict[int, Pace] = {1: (DAY, 2 * DAY, 3 * DAY, 4 * DAY), 2: (5 * DAY,) * 4}


def card(number: int, age: int, column: int = 1, blocked: bool = False) -> AgingCard:
    """A card in work."""
    return AgingCard(number, number, f"Card {number}", column, age, age, blocked)


def test_a_card_is_held_against_the_past_of_its_own_column() -> None:
    assert bars_in(card(1, 5 * DAY), PACE) == 4
    assert bars_in(card(1, 5 * DAY, column=2), PACE) == 0
    assert bars_in(card(1, 5 * DAY, column=3), PACE) is None


def test_the_sentence_names_the_card_to_talk_about_first() -> None:
    cards = [card(1, 9 * DAY, 2), card(2, 5 * DAY), card(3, 3 * DAY + 1), card(4, HOUR)]
    assert sentence_of("OPS", cards, PACE, 40) == (
        "3 of 4 cards are older than 85 % of past cards were at their stage: OPS-1 first."
    )
    assert [late.number for late in late_first(cards, PACE)] == [1, 2, 3]
    assert sentence_of("OPS", cards[2:], PACE, 40) == (
        "1 of 2 cards is older than 85 % of past cards were at its stage: OPS-3 first."
    )
    assert sentence_of("OPS", cards[1:2], PACE, 40) == (
        "The one card in work is older than 85 % of past cards were at its stage: OPS-2 first."
    )


def test_the_sentence_says_that_nothing_is_late() -> None:
    cards = [card(1, 2 * DAY), card(2, DAY)]
    assert sentence_of("OPS", cards, PACE, 40) == (
        "None of 2 cards is older than 85 % of past cards were at its stage; the oldest is OPS-1, "
        "2 days."
    )
    assert sentence_of("OPS", cards[:1], PACE, 40) == (
        "The one card in work is not older than 85 % of past cards were at its stage; the oldest "
        "is OPS-1, 2 days."
    )
    assert sentence_of("OPS", [], PACE, 40) == ""


def test_the_sentence_says_what_the_bands_need() -> None:
    cards = [card(1, 2 * DAY), card(2, DAY)]
    assert sentence_of("OPS", cards, {}, 7) == (
        "The oldest of 2 cards in work is OPS-1, 2 days. The bands behind the cards need 20 past "
        "cards that left the same column; in this window 7 at most did."
    )
    assert sentence_of("OPS", cards[:1], {}, 0) == (
        "The one card in work is OPS-1, 2 days. The bands behind the cards need 20 past cards that "
        "left the same column; in this window none did."
    )


def test_dots_that_would_lie_on_each_other_are_one() -> None:
    cards = [card(1, 0), card(2, HOUR), card(3, 10 * DAY)]
    assert [[each.number for each in dot.cards] for dot in dots_of(cards, 28 * DAY)] == [
        [1, 2],
        [3],
    ]
    blocked = [card(1, 5 * DAY), card(2, 5 * DAY, blocked=True)]
    left, right = dots_of(blocked, 28 * DAY)
    assert left.shift < 0 < right.shift


@given(st.lists(st.tuples(st.integers(0, 100 * DAY), st.booleans()), max_size=40))
def test_every_card_is_in_one_dot_and_no_two_dots_lie_on_each_other(
    ages: list[tuple[int, bool]],
) -> None:
    cards = [card(n, age, blocked=blocked) for n, (age, blocked) in enumerate(ages)]
    dots = dots_of(cards, 100 * DAY)
    assert sorted(each.id for dot in dots for each in dot.cards) == [each.id for each in cards]
    for dot in dots:
        assert len({each.blocked for each in dot.cards}) == 1
        assert dot.cards == sorted(dot.cards, key=lambda each: (each.age, each.id))
