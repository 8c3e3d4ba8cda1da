"""The drawing of the finished cards' times: a dot a card, and lines for what may be promised."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app import clock
from app.days import day_of, next_day, start_of_day
from app.flow.asked import MEASURES
from app.flow.durations import in_words
from app.flow.metrics import DAY, HOUR, MINUTE, Durations, Summary, in_order
from app.flow.over_time import over_time
from app.flow.queries import finished_cards
from app.flow.scatter import Finished, heaps_of
from app.flow.sections import Chart, Flow, Table
from app.flow.weeks import Week, weeks_of
from app.ranks import nearest_rank
from app.words import count_of, day_words, moment

MOST_DOTS = 1_500
MOST_PLACES = 92
"""Many cards stand at so many places of the window at most, day by day in a quarter."""
FAR = 4
"""So many times what 95 % took is far away: drawn to scale it would press all the others flat."""
HEADROOM = 2
_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
# Teams get hues by turns; a card without a team has the first.
_HUES = ("--accent", "--ok-ink", "--violet-ink", "--teal-ink", "--warn-mark")


class _Height(NamedTuple):
    """How high the drawing is: microseconds of its unit, which is named, and up to how many of
    them it reaches; None where all is in it."""

    scale: int
    unit: str
    top: float | None

    @property
    def axis(self) -> dict[str, Any]:
        """What the upright axis says."""
        if self.top is None:
            return {"name": self.unit}
        return {
            "name": f"{self.unit} (▲ longer)",
            "max": self.top,
            "nameTextStyle": {"align": "left"},
        }

    def dot(self, at: int, duration: float) -> dict[str, Any]:
        """A dot at a moment, or at the upper edge the sign for one that is above it."""
        height = duration / self.scale
        if self.top is None or height <= self.top:
            return {"value": [at, height]}
        return {"value": [at, self.top], "symbol": "triangle"}


class _Days(NamedTuple):
    """Days that stand at one place: from the first to before the end."""

    first: date
    end: date


def times_chart(flow: Flow, found: Summary, finished: Durations, sentence: str) -> Chart:
    """When each card was done and how long it took; `finished` are the rows behind `found`."""
    height = _height(found)
    scale, few = height.scale, found.count <= MOST_DOTS
    series = _dots(flow, height) if few else [_heaps(flow, finished, height)]
    series[0]["markLine"] = _promises(found, scale)
    zone = flow.board.row.time_zone
    start, end = (_wall(at, zone) for at in flow.window)
    chart = Chart(
        "times-scatter",
        "When each card was done, and how long it took",
        sentence,
        {
            **({"legend": {"left": "auto", "right": 0}} if len(series) > 1 else {}),
            "useUTC": True,
            "grid": {"left": 12, "right": 56, "top": 44, "bottom": 16},
            "xAxis": {
                "type": "time",
                "min": start,
                "max": end,
                "splitLine": {"show": False},
                "axisLabel": {"formatter": {"month": "{MMM} {yyyy}", "day": "{d} {MMM}"}},
            },
            "yAxis": {"type": "value", "min": 0, "nameLocation": "end", **height.axis},
            "series": series,
        },
        _table(finished, weeks_of(*flow.window, zone)),
        "large",
    )
    return over_time(flow, chart, lambda at: _wall(at, zone), end - start)


def _dots(flow: Flow, height: _Height) -> list[dict[str, Any]]:
    """A dot a card; the cards of a team are a series, and what was blocked has a ring."""
    asked = flow.asked
    cards = finished_cards(
        flow.tx, flow.board, asked.measure, flow.window, asked.wanted.cards, MOST_DOTS
    )
    zone = flow.board.row.time_zone
    teams = [None, *flow.board.teams]
    teams += sorted({card.team for card in cards if card.team} - set(flow.board.teams))
    by_team = [(team, [card for card in cards if card.team == team]) for team in teams]
    return [
        {
            "name": "No team" if team is None else team.capitalize(),
            "type": "scatter",
            "color": _HUES[place % len(_HUES)],
            "symbolSize": 8,
            "data": [_dot(flow, card, zone, height) for card in some],
        }
        for place, (team, some) in enumerate(by_team)
        if some
    ]


def _dot(flow: Flow, card: Finished, zone: str, height: _Height) -> dict[str, Any]:
    ref = f"{flow.board.row.key}-{card.number}"
    words = [f"{ref} {card.title}", f"{in_words(card.duration)}, done {_when(card.done_at, zone)}"]
    dot: dict[str, Any] = {
        **height.dot(_wall(card.done_at, zone), card.duration),
        "words": "\n".join([*words, "Was blocked"] if card.was_blocked else words),
        "cards": [[ref, flow.card_url(card.number), card.title]],
    }
    if card.was_blocked:
        dot |= {
            "symbolSize": 11,
            "itemStyle": {"borderColor": "--danger-mark", "borderWidth": 2, "opacity": 1},
        }
    return dot


def _heaps(flow: Flow, finished: Durations, height: _Height) -> dict[str, Any]:
    """Many cards: a dot for those of one day that took about as long, with how many they are; in a
    long window for those of a few days."""
    zone = flow.board.row.time_zone
    first, last = day_of(flow.window.start, zone), day_of(flow.window.end - 1, zone)
    step = timedelta(days=-(-((last - first).days + 1) // MOST_PLACES))
    spans: list[_Days] = []
    while not spans or spans[-1].end <= last:
        begin = spans[-1].end if spans else first
        spans.append(_Days(begin, min(begin + step, next_day(last))))
    heaps = heaps_of(finished, [start_of_day(span.first, zone) for span in spans])
    largest = max(heap.cards for heap in heaps)
    # All dots of some days begin with the same, and there are only a few times that they took.
    of_days = {place: _place(flow, spans[place]) for place in {heap.day for heap in heaps}}
    took: dict[tuple[int, int], str] = {}
    data = []
    for heap in heaps:
        words = took.get(between := (heap.low, heap.high))
        if words is None:
            words = took[between] = f"took {in_words(heap.low)} to {in_words(heap.high)}"
        at, when, cards = of_days[heap.day]
        data.append(
            {
                **height.dot(at, (heap.low + heap.high) / 2),
                "symbolSize": 5 + round(11 * (heap.cards / largest) ** 0.5),
                "words": f"{count_of(heap.cards, 'card')} {when} {words}",
                "cards": cards,
            }
        )
    return {
        "name": MEASURES[flow.asked.measure],
        "type": "scatter",
        "color": "--accent",
        "itemStyle": {"opacity": 0.75},
        "data": data,
    }


def _place(flow: Flow, days: _Days) -> tuple[int, str, list[list[str]]]:
    """Where the dots of some days stand, when that is in words, and where all their cards are."""
    first, last = days.first, days.end - timedelta(days=1)
    noon = datetime(first.year, first.month, first.day, 12, tzinfo=UTC) + (last - first) / 2
    alone = flow.asked.address(
        flow.path, range=None, dates={"from": first.isoformat(), "to": days.end.isoformat()}
    )
    if first == last:
        when, all_of_them = f"done on {day_words(first)}", "All cards of that day"
    else:
        when = f"done from {day_words(first)} to {day_words(last)}"
        all_of_them = "All cards of these days"
    return int(noon.timestamp() * 1000), when, [[all_of_them, f"{alone}#times", ""]]


def _promises(found: Summary, scale: int) -> dict[str, Any]:
    lines = [
        {
            "yAxis": value / scale,
            "name": f"{point} %",
            "words": f"{point} % within {in_words(value, up=True)}",
            # The labels of four lines would lie over each other.
            "label": {"formatter": f"{point} %", "show": point != 70},
        }
        for point, value in found.sle.items()
        if value is not None
    ]
    return {
        "symbol": "none",
        "lineStyle": {"color": "--ink-2", "type": "dashed", "width": 1},
        "label": {"color": "--ink-2", "fontSize": 11, "position": "end"},
        "data": lines,
    }


def _table(finished: Durations, weeks: Sequence[Week]) -> Table:
    """Week by week, the newest first: how many were done, and within which time."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    borders = np.array([week.start for week in weeks], np.int64)
    places = np.searchsorted(borders, finished[:, 0], "right") - 1
    took = finished[np.argsort(places.astype(np.int16), kind="stable"), 1]
    ends = np.cumsum(np.bincount(places, minlength=len(weeks)))
    rows: list[list[str]] = []
    for week, some in zip(weeks, np.split(took, ends[:-1]), strict=True):
        times = ["–"] * 3
        if len(some):
            ordered = in_order(some)
            values = (nearest_rank(ordered, 50), nearest_rank(ordered, 85), int(ordered[-1]))
            times = [in_words(value, up=True) for value in values]
        rows.append([week.words, f"{len(some):,}", *times])
    return Table(["Done in", "Cards", "50 % within", "85 % within", "Longest"], rows[::-1])


def _height(found: Summary) -> _Height:
    """To scale where nothing is far above the others; else up to twice what 95 % took."""
    longest, most = found.max or 0, found.sle[95] or 0
    if longest <= FAR * most or not most:
        return _Height(*_scale(longest), None)
    scale, unit = _scale(HEADROOM * most)
    wanted = HEADROOM * most / scale
    size = 10.0 ** math.floor(math.log10(wanted))
    return _Height(scale, unit, next(step * size for step in _STEPS if step * size >= wanted))


def _scale(longest: int) -> tuple[int, str]:
    """The unit of the upright axis."""
    for size, words in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if longest >= 2 * size:
            return size, words
    return clock.SECOND, "seconds"


def _wall(at: int, zone: str) -> int:
    """The milliseconds that a clock on the board's wall shows: the drawing knows no zones."""
    local = clock.to_datetime(at).astimezone(ZoneInfo(zone))
    return int(local.replace(tzinfo=UTC).timestamp() * 1000)


def _when(at: int, zone: str) -> str:
    return moment(at, zone).words
