"""The drawing of the finished cards' times: a dot a card, and lines for what may be promised."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app import clock
from app.days import day_of, next_day, start_of_day
from app.flow.asked import MEASURES
from app.flow.durations import in_words
from app.flow.metrics import DAY, HOUR, MINUTE, Durations, Summary, in_order
from app.flow.over_time import over_time
from app.flow.queries import finished_cards
from app.flow.scatter import Finished, Heap, heaps_of
from app.flow.sections import Chart, Flow, Table
from app.flow.weeks import Week, weeks_of
from app.ranks import nearest_rank
from app.words import count_of, day_words, moment

MOST_DOTS = 1_500
# Teams get hues by turns; a card without a team has the first.
_HUES = ("--accent", "--ok-ink", "--violet-ink", "--teal-ink", "--warn-mark")


def times_chart(flow: Flow, found: Summary, finished: Durations, sentence: str) -> Chart:
    """When each card was done and how long it took; `finished` are the rows behind `found`."""
    scale, unit = _scale(found.max or 0)
    few = found.count <= MOST_DOTS
    series = _dots(flow, scale) if few else [_heaps(flow, finished, scale)]
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
            "yAxis": {"type": "value", "min": 0, "name": unit, "nameLocation": "end"},
            "series": series,
        },
        _table(finished, weeks_of(*flow.window, zone)),
        "large",
    )
    return over_time(flow, chart, lambda at: _wall(at, zone), end - start)


def _dots(flow: Flow, scale: int) -> list[dict[str, Any]]:
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
            "data": [_dot(flow, card, zone, scale) for card in some],
        }
        for place, (team, some) in enumerate(by_team)
        if some
    ]


def _dot(flow: Flow, card: Finished, zone: str, scale: int) -> dict[str, Any]:
    ref = f"{flow.board.row.key}-{card.number}"
    words = [f"{ref} {card.title}", f"{in_words(card.duration)}, done {_when(card.done_at, zone)}"]
    dot: dict[str, Any] = {
        "value": [_wall(card.done_at, zone), card.duration / scale],
        "words": "\n".join([*words, "Was blocked"] if card.was_blocked else words),
        "cards": [[ref, flow.card_url(card.number), card.title]],
    }
    if card.was_blocked:
        dot |= {
            "symbolSize": 11,
            "itemStyle": {"borderColor": "--danger-mark", "borderWidth": 2, "opacity": 1},
        }
    return dot


def _heaps(flow: Flow, finished: Durations, scale: int) -> dict[str, Any]:
    """Many cards: a dot for those of one day that took about as long, with how many they are."""
    zone = flow.board.row.time_zone
    day, last = day_of(flow.window.start, zone), day_of(flow.window.end - 1, zone)
    days = [day]
    while days[-1] < last:
        days.append(next_day(days[-1]))
    heaps = heaps_of(finished, [start_of_day(each, zone) for each in days])
    largest = max(heap.cards for heap in heaps)
    return {
        "name": MEASURES[flow.asked.measure],
        "type": "scatter",
        "color": "--accent",
        "data": [_heap(flow, heap, days[heap.day], largest, scale) for heap in heaps],
    }


def _heap(flow: Flow, heap: Heap, day: date, largest: int, scale: int) -> dict[str, Any]:
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
    alone = flow.asked.address(
        flow.path,
        range=None,
        dates={"from": day.isoformat(), "to": next_day(day).isoformat()},
    )
    words = (
        f"{count_of(heap.cards, 'card')} done on {day_words(day)} "
        f"took {in_words(heap.low)} to {in_words(heap.high)}"
    )
    return {
        "value": [noon, (heap.low + heap.high) / 2 / scale],
        "symbolSize": 5 + round(11 * (heap.cards / largest) ** 0.5),
        "itemStyle": {"opacity": 0.75},
        "words": words,
        "cards": [["All cards of that day", f"{alone}#times", ""]],
    }


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
    rows: list[list[str]] = []
    for week in weeks:
        done = finished[:, 0]
        took = in_order(finished[(done >= week.start) & (done < week.end), 1])
        times = ["–"] * 3
        if len(took):
            values = (nearest_rank(took, 50), nearest_rank(took, 85), int(took[-1]))
            times = [in_words(value, up=True) for value in values]
        rows.append([week.words, f"{len(took):,}", *times])
    return Table(["Done in", "Cards", "50 % within", "85 % within", "Longest"], rows[::-1])


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
