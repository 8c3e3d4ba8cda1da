"""Where the limits said no: how often, when last, and whom they turned away. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.flow.metrics import Durations

SCOPES = ("column", "group", "lane", "board", "person")
"""What a limit can sit on. Other rules refuse too, but they say nothing of the room there is."""


class Kind(NamedTuple):
    """Refusals of which the history tells the same, and of one person."""

    facts: Mapping[str, Any]
    actor_id: int | None
    moments: Durations

    @property
    def times(self) -> int:
        """How often it was."""
        return len(self.moments)

    @property
    def last(self) -> int:
        """When it was last."""
        return int(self.moments.max())


@dataclass(frozen=True, slots=True)
class Place:
    """A place whose limit refused. `limit` and `held` are of the last time; `id` is None for a
    place that the refused change would have made."""

    scope: str
    id: int | None
    name: str
    count: int
    last: int
    limit: int
    held: int
    people: tuple[tuple[int | None, int], ...]  # who was turned away, and how often
    moments: Durations


@dataclass(frozen=True, slots=True)
class Refusals:
    """The places, the one that refused most often first, and how often other rules refused."""

    places: tuple[Place, ...]
    others: Mapping[str, int]

    @property
    def count(self) -> int:
        """How often a limit refused."""
        return sum(place.count for place in self.places)

    @property
    def moments(self) -> Durations:
        """When each of these was, in no order."""
        import numpy as np  # noqa: PLC0415 - it takes long to load

        nothing = np.empty(0, np.int64)
        return np.concatenate([nothing, *(place.moments for place in self.places)])


def add_up(kinds: Iterable[Kind]) -> Refusals:
    """Refusals by the places that refused. A place that is not there any more keeps the name that
    it had when it last refused."""
    of_place: dict[tuple[str, int | None, str], list[Kind]] = {}
    others: Counter[str] = Counter()
    for kind in kinds:
        scope, place = kind.facts["scope"], kind.facts["place"]
        if scope not in SCOPES:
            others[scope] += kind.times
            continue
        # A place without an id has nothing but its name.
        name = place["name"] if place["id"] is None else ""
        of_place.setdefault((scope, place["id"], name), []).append(kind)
    places = [_place(scope, place_id, some) for (scope, place_id, _), some in of_place.items()]
    places.sort(key=lambda place: (-place.count, -place.last, SCOPES.index(place.scope)))
    return Refusals(tuple(places), dict(others))


def _place(scope: str, place_id: int | None, kinds: list[Kind]) -> Place:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    newest = max(kinds, key=lambda kind: kind.last)
    people: Counter[int | None] = Counter()
    for kind in kinds:
        people[kind.actor_id] += kind.times
    return Place(
        scope=scope,
        id=place_id,
        name=newest.facts["place"]["name"],
        count=people.total(),
        last=newest.last,
        limit=newest.facts["limit"],
        held=newest.facts["count"],
        people=tuple(sorted(people.items(), key=lambda one: (-one[1], one[0] or 0))),
        moments=np.concatenate([kind.moments for kind in kinds]),
    )
