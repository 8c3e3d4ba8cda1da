"""What made-up cards look like: their types, titles, labels and dates. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.samples.journeys import all_titles

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
# Why cards are blocked, with the category; the more often, the more lines a reason has.
REASONS = (
    *(("Waits for the database team", "waiting_on_team"),) * 6,
    *(("Waits for the platform team", "waiting_on_team"),) * 5,
    *(("Staging is down", "environment"),) * 6,
    *(("Waits for the security review", "approval"),) * 4,
    *(("Waits for the change board", "approval"),) * 2,
    *(("Vendor ticket is open", "waiting_on_vendor"),) * 4,
    *(("Needs the new schema first", "dependency"),) * 3,
    *(("Nobody knows the old rounding rule", "missing_information"),) * 3,
    *(("Customer has not confirmed the date", "waiting_on_customer"),) * 2,
    *(("The build is red", "defect"),) * 2,
    ("Certificates are handed out by hand", "manual_work"),
    ("Nobody can reproduce it today", "other"),
)
# Which labels go together: none, one or two of them.
LABEL_SETS: tuple[tuple[int, ...], ...] = (
    *((),) * 5,
    *((index,) for index in (0, 0, 1, 1, 2, 3, 4)),
    *((0, 1), (0, 3), (1, 4), (2, 3)),
)


# A few bytes for each card.
Small = NDArray[np.signedinteger]


class Looks(NamedTuple):
    """What cards look like, an entry for each: indexes into the tables of this module, and the days
    from the creation to the due date (0: none)."""

    kinds: Small
    classes: Small
    titles: Small
    labels: Small
    due_in: Small


def looks_of(chance: np.random.Generator, cards: int) -> Looks:
    """What so many cards look like."""
    kinds = chance.choice(len(TYPES), cards, p=_SHARES)
    classes = np.searchsorted((0.83, 0.91, 1.0), chance.random(cards), side="right")
    classes[kinds == INCIDENT] = CLASSES.index("expedite")
    due_in = np.where(classes == FIXED_DATE, chance.integers(5, 60, cards), 0)
    return Looks(
        kinds.astype(np.int8),
        classes.astype(np.int8),
        chance.integers(0, 1 << 30, cards, np.int32),
        chance.integers(0, len(LABEL_SETS), cards, np.int8),
        due_in.astype(np.int16),
    )


def titles_of_types() -> Sequence[Sequence[str]]:
    """All titles that a card of each type can have."""
    return [[title + site for title in all_titles(kind) for site in _SITES] for kind in TYPES]
