"""The constraint: the work centre that holds the flow, by its evidence. Pure.

Five things speak for a work centre's being the constraint, each a share of 0 to 1: that its limit
was full, that cards waited in front of it, that the next one stood empty while cards were here,
that much of the lead time is spent in it, and that its limits refused. Its score is their mean,
over those that can be had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.cards.centres import Centre, Limits, Load, Place, places_of
from app.flow.stream import Stream


@dataclass(frozen=True, slots=True)
class Evidence:
    """A work centre with what speaks for it; None for what cannot be had."""

    centre: Centre
    limit: int | None  # of the place that was full most of the time
    full: Fraction | None
    queue: Fraction | None  # mean number of cards
    queue_share: Fraction | None
    starved: Fraction | None
    time_share: Fraction | None
    refusals: int
    refusal_share: Fraction | None
    blocked_share: Fraction | None  # of the time in its active columns
    exits: int
    returned: int

    @property
    def score(self) -> Fraction:
        """The mean of the evidence that there is: 0 to 1."""
        shares = (
            *(self.full, self.queue_share, self.starved),
            *(self.time_share, self.refusal_share),
        )
        known = [share for share in shares if share is not None]
        return sum(known, Fraction(0)) / len(known) if known else Fraction(0)


def evidence_of(
    centres: Sequence[Centre],
    loads: Sequence[Load],
    length: int,
    limits: Mapping[Place, Limits],
    stream: Stream,
    refusals: Mapping[Place, int],
) -> list[Evidence]:
    """What speaks for each work centre, from what a window of this length saw, from the value
    stream, and from how often each place refused."""
    waited = sum(load.waited for load in loads)
    refused = [sum(refusals.get(place, 0) for place in _refusing(centre)) for centre in centres]
    return [
        _evidence(centre, load, length, limits, stream, waited, count, sum(refused))
        for centre, load, count in zip(centres, loads, refused, strict=True)
    ]


def constraint_of(evidence: Sequence[Evidence]) -> Evidence | None:
    """The work centre with the highest score; of equals the one in which more of the lead time is
    spent, then the one further to the right. None where nothing speaks for any."""
    best: Evidence | None = None
    for each in evidence:
        if each.score and (best is None or _rank(each) >= _rank(best)):
            best = each
    return best


def _rank(each: Evidence) -> tuple[Fraction, Fraction]:
    return each.score, each.time_share or Fraction(0)


def _refusing(centre: Centre) -> set[Place]:
    return {centre.place, *(Place("column", one) for one in (*centre.columns, *centre.queue))}


def _evidence(
    centre: Centre,
    load: Load,
    length: int,
    limits: Mapping[Place, Limits],
    stream: Stream,
    waited: int,
    refusals: int,
    refused: int,
) -> Evidence:
    known = [place for place in places_of(centre) if place in load.full]
    fullest = max(known, key=lambda place: load.full[place], default=None)
    steps = {step.place.id: step for step in stream.steps}
    work = [steps[one] for one in centre.active if one in steps]
    there = [steps[one] for one in (*centre.active, *centre.queue) if one in steps]
    time = sum((step.lead_time or Fraction(0) for step in there), Fraction(0))
    working = sum((step.lead_time or Fraction(0) for step in work), Fraction(0))
    blocked = sum((step.wait_time or Fraction(0) for step in work), Fraction(0))
    return Evidence(
        centre=centre,
        limit=None if fullest is None else limits[fullest][-1][1],
        full=None if fullest is None or not length else Fraction(load.full[fullest], length),
        queue=Fraction(load.waited, length) if centre.queue and length else None,
        queue_share=Fraction(load.waited, waited) if centre.queue and waited else None,
        starved=Fraction(load.starved, length) if centre.behind and length else None,
        time_share=time / stream.lead_time if stream.lead_time else None,
        refusals=refusals,
        refusal_share=Fraction(refusals, refused) if refused else None,
        blocked_share=blocked / working if working else None,
        exits=sum(step.exits for step in work),
        returned=sum(step.returned for step in work),
    )
