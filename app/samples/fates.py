"""What chance decides of a made-up board: when cards arrive and what is to happen to them. Pure."""

from collections.abc import Callable
from itertools import chain, repeat

import numpy as np

from app.samples.looks import INCIDENT, OPS, Looks
from app.samples.tape import Floats, Ints

# What is to happen to a card.
IS_INCIDENT, IS_DROPPED, IS_UNSTARTED, IS_REORDERED = 1, 2, 4, 8
IS_DESCRIBED, IS_ASSIGNED, IS_REOPENED, SKIPS_TEST, IS_RAISED = 16, 32, 64, 128, 256


def arrivals(chance: np.random.Generator, cards: int, hours: float) -> Floats:
    """When the cards arrive: at random, more and more of them."""
    apart = chance.exponential(1.0, cards + 1)
    shares = np.cumsum(apart)[:-1] / apart.sum()
    found: Floats = (np.sqrt(0.5625 + shares) - 0.75) / 0.5 * hours
    return found


def fates_of(chance: np.random.Generator, looks: Looks) -> Ints:
    """What is to happen to the cards."""
    cards = len(looks.kinds)
    urgent = looks.kinds == INCIDENT
    fates = np.where(urgent, IS_INCIDENT, 0)
    for what, share in (
        (IS_REORDERED, 0.12),
        (IS_DESCRIBED, 0.35),
        (IS_ASSIGNED, 0.45),
        (IS_REOPENED, 0.025),
        (IS_RAISED, 0.5),
    ):
        fates |= np.where(chance.random(cards) < share, what, 0)
    dropped = chance.random(cards)
    fates |= np.where(~urgent & (dropped < 0.05), IS_DROPPED, 0)
    fates |= np.where(~urgent & (dropped > 0.985), IS_UNSTARTED, 0)
    skips = (looks.kinds == OPS) & (chance.random(cards) < 0.1)
    fates |= np.where(skips, SKIPS_TEST, 0)
    return fates


def stream(draw: Callable[[int], Floats]) -> Callable[[], float]:
    """Numbers one by one, of which many are drawn at once."""
    return chain.from_iterable(draw(size).tolist() for size in repeat(1 << 14)).__next__
