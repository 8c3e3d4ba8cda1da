"""What the work is made of: its types, the unplanned work, and what goes into betterment. Pure.

Unplanned work is what pushes aside what was planned: incidents, whatever their class, and all that
is expedited, whatever its type. Improvement and technical debt are the work on the work: of what is
finished, a target share of it keeps a system from slowing down.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

TYPES = ("feature", "defect", "debt", "improvement", "ops", "incident")
BETTERMENT = frozenset({"debt", "improvement"})
DEFAULT_TARGET = 20


class Kind(NamedTuple):
    """Cards of one type and class of service, and how many of them."""

    work_type: str
    service_class: str
    cards: int


@dataclass(frozen=True, slots=True)
class Mix:
    """How many cards there are of each type, in the order of `TYPES`, and of them the unplanned."""

    counts: tuple[int, ...]
    unplanned: int

    @property
    def total(self) -> int:
        """All cards."""
        return sum(self.counts)

    @property
    def planned(self) -> int:
        """The cards that are not unplanned."""
        return self.total - self.unplanned

    @property
    def betterment(self) -> int:
        """The cards of improvement and technical debt."""
        pairs = zip(TYPES, self.counts, strict=True)
        return sum(count for name, count in pairs if name in BETTERMENT)

    def share(self, count: int) -> Fraction | None:
        """The share of so many of the cards; None where there is no card."""
        return Fraction(count, self.total) if self.total else None

    def reaches(self, target: int) -> bool | None:
        """Whether betterment has its share, a target in percent; None where there is no card."""
        return self.betterment * 100 >= target * self.total if self.total else None


def mixed(kinds: Iterable[Kind]) -> Mix:
    """The mix of cards of some kinds."""
    counts, unplanned = dict.fromkeys(TYPES, 0), 0
    for kind in kinds:
        counts[kind.work_type] += kind.cards
        unplanned += kind.cards if is_unplanned(kind) else 0
    return Mix(tuple(counts.values()), unplanned)


def mixed_by_span(kinds: Sequence[tuple[Kind, Sequence[int]]], spans: int) -> list[Mix]:
    """The mix of each week or month, from how many cards of each kind there are in it."""
    return [
        mixed(kind._replace(cards=counts[span]) for kind, counts in kinds) for span in range(spans)
    ]


def is_unplanned(kind: Kind) -> bool:
    """Whether cards of a kind are unplanned work."""
    return kind.work_type == "incident" or kind.service_class == "expedite"
