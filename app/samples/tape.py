"""What happens on a made-up board, as numbers: a moment and a code for each event. Pure."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

(
    CREATED,
    MOVED,
    REORDERED,
    EDITED,
    ASSIGNED,
    BLOCKED,
    UNBLOCKED,
    ARCHIVED,
    DISCARDED,
    REFUSED,
    REFUSED_BLOCKED,
    LIMITED,
) = range(12)

# A cell is a step and a lane: steps 0 to 7 of the lane Standard, the same plus 8 of Expedite.
EXPEDITE = 8


class Reel(NamedTuple):
    """Some events in the order of time: when, in hours of work, and a code for what.

    A code has the card's number (or that of a change of a limit), the kind, and a detail: the cells
    from and to, the reason of a block, or the place that was full.
    """

    hours: Floats
    codes: Ints

    @property
    def numbers(self) -> Ints:
        """The cards' numbers."""
        return self.codes >> 12

    @property
    def kinds(self) -> Ints:
        """The kinds of the events."""
        return (self.codes >> 8) & 15

    @property
    def source(self) -> Ints:
        """The cells that cards left."""
        return (self.codes >> 4) & 15

    @property
    def target(self) -> Ints:
        """The cells into which cards came."""
        return self.codes & 15


def code(number: int, kind: int, detail: int) -> int:
    """An event as one number."""
    return (number << 12) | (kind << 8) | detail
