"""The time zones of the world, as a person chooses one."""

from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

_REGIONS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
    *("Indian", "Pacific"),
)


class Zone(NamedTuple):
    """A time zone in a list to choose from."""

    value: str
    words: str


class Region(NamedTuple):
    """A part of the world with its time zones."""

    name: str
    zones: tuple[Zone, ...]


def regions(chosen: str) -> tuple[Region, ...]:
    """All time zones by region, UTC first; one that is chosen already is among them, however old
    its name is."""
    known = _regions()
    if any(zone.value == chosen for region in known for zone in region.zones):
        return known
    first, *rest = known
    return (Region(first.name, (*first.zones, Zone(chosen, chosen))), *rest)


@cache
def _regions() -> tuple[Region, ...]:
    zones: dict[str, list[Zone]] = {region: [] for region in _REGIONS}
    for name in sorted(available_timezones()):
        region, _, place = name.partition("/")
        if place and region in zones:
            zones[region].append(Zone(name, place.replace("_", " ").replace("/", ", ")))
    found = (Region(region, tuple(each)) for region, each in zones.items() if each)
    return (Region("Everywhere", (Zone("UTC", "UTC"),)), *found)
