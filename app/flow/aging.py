"""Aging work in progress beside the pace of past cards: what to talk about first. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.cards.pace import FEWEST, POINTS, PROMISE, Pace, bars_of
from app.flow.durations import in_words

# Cards of a column that are nearer to each other than this share of the height are one dot.
_APART = 1 / 28
_BESIDE = 0.16
_PROMISED = POINTS.index(PROMISE)


class AgingCard(NamedTuple):
    """A card that is started and not done; durations in microseconds."""

    id: int
    number: int
    title: str
    column_id: int
    age: int
    time_in_column: int
    blocked: bool


class Dot(NamedTuple):
    """Cards of one column that are as good as equally old."""

    cards: list[AgingCard]
    shift: float  # from the middle of the column, so that it lies on no other

    @property
    def age(self) -> float:
        """Where it is drawn: in the middle of its cards."""
        return (self.cards[0].age + self.cards[-1].age) / 2


def bars_in(card: AgingCard, pace: Mapping[int, Pace]) -> int | None:
    """How many of the percentiles of its stage a card exceeds; None where its stage has no past
    to hold it against."""
    here = pace.get(card.column_id)
    return None if here is None else bars_of(card.age, here)


def late_first(cards: Sequence[AgingCard], pace: Mapping[int, Pace]) -> list[AgingCard]:
    """The cards that are older than 85 % of past cards were at their stage, in the order in which
    to talk about them: the furthest beyond its past first, then the oldest."""
    bars = {card.id: bars_in(card, pace) or 0 for card in cards}
    late = [card for card in cards if bars[card.id] > _PROMISED]
    return sorted(late, key=lambda card: (-bars[card.id], -card.age, card.id))


def sentence_of(
    key: str, cards: Sequence[AgingCard], pace: Mapping[int, Pace], most_past: int
) -> str:
    """One sentence that says what to talk about today; `most_past` is how many past cards left the
    column that most of them left. Empty where no card is in work."""
    if not cards:
        return ""
    all_words = "The one card in work" if len(cards) == 1 else f"{len(cards):,} cards"
    late = late_first(cards, pace)
    if late:
        of = all_words if len(cards) == 1 else f"{len(late):,} of {all_words}"
        are, their = ("is", "its") if len(late) == 1 else ("are", "their")
        first = f"{key}-{late[0].number}"
        return (
            f"{of} {are} older than {PROMISE} % of past cards were at {their} stage: {first} first."
        )
    oldest = max(cards, key=lambda card: card.age)
    ref, age = f"{key}-{oldest.number}", in_words(oldest.age)
    if pace:
        none = f"None of {all_words} is" if len(cards) > 1 else f"{all_words} is not"
        return (
            f"{none} older than {PROMISE} % of past cards were at its stage; the oldest is {ref}, "
            f"{age}."
        )
    of = f"The oldest of {all_words} in work" if len(cards) > 1 else all_words
    past = f"{most_past} at most did" if most_past else "none did"
    return (
        f"{of} is {ref}, {age}. The bands behind the cards need {FEWEST} past cards that left the "
        f"same column; in this window {past}."
    )


def dots_of(cards: Sequence[AgingCard], top: float) -> list[Dot]:
    """The dots of one column on a scale that ends at `top`; blocked cards and others have dots of
    their own."""
    found: list[Dot] = []
    for blocked in (False, True):
        group: list[AgingCard] = []
        for card in sorted(cards, key=lambda card: (card.age, card.id)):
            if card.blocked != blocked:
                continue
            if group and card.age - group[0].age > top * _APART:
                found.append(Dot(group, 0))
                group = []
            group.append(card)
        if group:
            found.append(Dot(group, 0))
    found.sort(key=lambda dot: dot.age)
    # Two that lie on each other, one of them blocked, go to either side.
    for place in range(1, len(found)):
        left, right = found[place - 1], found[place]
        if right.age - left.age < top * _APART and left.shift <= 0:
            found[place - 1] = left._replace(shift=-_BESIDE)
            found[place] = right._replace(shift=_BESIDE)
    return found
