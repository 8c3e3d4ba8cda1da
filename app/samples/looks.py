"""What made-up cards look like: their types, titles, labels and dates. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.samples.journeys import all_titles
from app.samples.tape import Ints

TYPES = ("feature", "defect", "debt", "improvement", "ops", "incident")
TEAMS = ("dev", "dev", "dev", "dev", "ops", "ops")
CLASSES = ("standard", "fixed_date", "intangible", "expedite")
LABELS = ("api", "billing", "infra", "security", "ux")
INCIDENT = TYPES.index("incident")
OPS = TYPES.index("ops")
FIXED_DATE = CLASSES.index("fixed_date")
DESCRIPTION = "Agreed with whoever asked for it. Done when it is measured in production."

_SHARES = (0.40, 0.20, 0.10, 0.09, 0.18, 0.03)
_SITES = (
    *("", "", "", " (Berlin)", " (Lyon)", " (Porto)", " (Leeds)", " (Graz)", " (Turin)"),
    *(" for the shop", " for partners", " for support", " on staging", " again", ", part two"),
)
# Which labels go together: none, one or two of them.
LABEL_SETS: tuple[tuple[int, ...], ...] = (
    *((),) * 5,
    *((index,) for index in (0, 0, 1, 1, 2, 3, 4)),
    *((0, 1), (0, 3), (1, 4), (2, 3)),
)


class Looks(NamedTuple):
    """What cards look like, an entry for each: indexes into the tables of this module, and the days
    from the creation to the due date (0: none)."""

    kinds: Ints
    classes: Ints
    titles: Ints
    labels: Ints
    due_in: Ints


def looks_of(chance: np.random.Generator, cards: int) -> Looks:
    """What so many cards look like."""
    kinds = chance.choice(len(TYPES), cards, p=_SHARES)
    classes = np.searchsorted((0.83, 0.91, 1.0), chance.random(cards), side="right")
    classes[kinds == INCIDENT] = CLASSES.index("expedite")
    due_in = np.where(classes == FIXED_DATE, chance.integers(5, 60, cards), 0)
    return Looks(
        kinds,
        classes,
        chance.integers(0, 1 << 30, cards),
        chance.integers(0, len(LABEL_SETS), cards),
        due_in,
    )


def titles_of_types() -> Sequence[Sequence[str]]:
    """All titles that a card of each type can have."""
    return [[title + site for title in all_titles(kind) for site in _SITES] for kind in TYPES]
