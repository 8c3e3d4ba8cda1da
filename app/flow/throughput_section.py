"""The part of the flow page that says how many cards were done, from interval to interval."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from app.days import day_of, start_of_day
from app.flow.done_reading import read_done_times
from app.flow.over_time import over_time
from app.flow.queries import LEAD, finished_cards, newest_done
from app.flow.sections import Chart, Flow, Section, Table
from app.flow.throughput import DAY, MONTH, WEEK, Interval, start_of_interval, throughput
from app.ranks import nearest_rank
from app.words import count_of, day_words, moment

PARAMETERS: tuple[str, ...] = ("interval",)
MOST_BARS = 750
MOST_CARDS = 500  # that a click on the bars can show
CARDS_OF_A_BAR = 20
_WORDS = {DAY: "Day", WEEK: "Week", MONTH: "Month"}
_DAYS_OF = {DAY: 1, WEEK: 7, MONTH: 28}
_POINTS = (50, 85, 95)
_MOST_COLUMNS = 20
_ROUND = (1, 2, 5)


def section(flow: Flow) -> Section:
    """How many cards were done in each day, week or month of the window, and how often how many
    on one day."""
    zone = flow.board.row.time_zone
    interval = flow.asked.more.get("interval", WEEK)
    if interval not in _WORDS:
        problem = "There is no such interval: choose day, week or month."
        return Section("throughput", "Throughput", problem=problem)
    days = (day_of(flow.window.end - 1, zone) - day_of(flow.window.start, zone)).days
    # A drawing of thousands of bars shows nothing.
    possible = [each for each in _WORDS if days // _DAYS_OF[each] < MOST_BARS] or [MONTH]
    interval = interval if interval in possible else possible[0]
    done = read_done_times(flow.tx, flow.board, flow.window, flow.asked.wanted.cards)
    series = throughput(done, flow.window, zone, interval)
    whole = _whole_days(flow, throughput(done, flow.window, zone))
    total = len(done)
    charts = [_run_chart(flow, series, interval)]
    if whole:
        charts.append(_histogram(whole))
    api_url = flow.api("throughput", interval=interval)
    return Section(
        name="throughput",
        title="Throughput",
        sentence=_sentence(whole) if whole else f"{count_of(total, 'card')} done.",
        missing="" if total else _missing(flow),
        charts=charts,
        body="flow/_throughput.html",
        explain="flow/_throughput_explain.html",
        api_url=api_url,
        csv_url=f"{api_url}&format=csv",
        values={
            "intervals": [
                {
                    "name": each,
                    "words": words,
                    "url": flow.address("throughput", interval=each),
                    "selected": each == interval,
                }
                for each, words in _WORDS.items()
                if each in possible
            ],
        },
    )


def _whole_days(flow: Flow, daily: Sequence[Interval]) -> list[int]:
    """What each day finished that lies in the window as a whole."""
    zone = flow.board.row.time_zone
    first = 0 if flow.window.start <= start_of_day(daily[0].start, zone) else 1
    end = start_of_day(daily[-1].start + timedelta(days=1), zone)
    last = len(daily) if end <= flow.window.end else len(daily) - 1
    return [each.count for each in daily[first:last]]


def _sentence(whole: Sequence[int]) -> str:
    total, days = sum(whole), len(whole)
    said = f"{count_of(total, 'card')} done in {count_of(days, 'whole day')}"
    if days < 14:
        return f"{said}."
    rate = f"{total * 7 / days:,.1f}".removesuffix(".0")
    none = sum(not count for count in whole)
    quiet = f"; none on {none * 100 // days} % of the days" if none else ""
    return f"{said}: {rate} a week{quiet}."


def _missing(flow: Flow) -> str:
    ever = newest_done(flow.tx, flow.board)
    if ever is None:
        return "No card has been finished on this board yet."
    when = moment(ever, flow.board.row.time_zone).words
    return (
        "No card that the filters let through was finished in this window; the board’s last one "
        f"was on {when}."
    )


def _run_chart(flow: Flow, series: Sequence[Interval], interval: str) -> Chart:
    behind = _cards_behind(flow, interval)
    data: list[dict[str, Any]] = []
    for each in series:
        words = f"{_interval_words(each.start, interval)}: {count_of(each.count, 'card')}"
        cards = behind.get(each.start, [])
        item: dict[str, Any] = {"value": each.count, "words": words}
        if cards:
            item |= {"cards": cards, "more": each.count - len(cards)}
        data.append(item)
    mean = sum(each.count for each in series) / len(series)
    chart = Chart(
        name="throughput-run",
        title=f"Cards done per {interval}",
        sentence=f"Bars: how many cards were done in each {interval}.",
        option={
            "grid": {"left": 44, "right": 48, "top": 20, "bottom": 28},
            "xAxis": {"data": [_tick(each.start, interval) for each in series]},
            "yAxis": {"minInterval": 1},
            "series": [
                {
                    "type": "bar",
                    "data": data,
                    "barMaxWidth": 28,
                    "barCategoryGap": "25%",
                    "itemStyle": {"color": "--accent", "borderRadius": [2, 2, 0, 0]},
                    "markLine": line("end", {"yAxis": mean, "name": f"Mean\n{mean:,.1f}"}),
                }
            ],
        },
        table=Table(
            (_WORDS[interval], "Cards done"),
            [(_interval_words(each.start, interval), f"{each.count:,}") for each in series],
        ),
    )
    zone, places = flow.board.row.time_zone, {each.start: n for n, each in enumerate(series)}

    def place(at: int) -> int | None:
        return places.get(start_of_interval(day_of(at, zone), interval))

    return over_time(flow, chart, place, len(series))


def _cards_behind(flow: Flow, interval: str) -> Mapping[date, list[tuple[str, str, str]]]:
    """Of the cards that were done last, those of each interval."""
    cards = flow.asked.wanted.cards
    found: dict[date, list[tuple[str, str, str]]] = defaultdict(list)
    for card in finished_cards(flow.tx, flow.board, LEAD, flow.window, cards, MOST_CARDS):
        day = day_of(card.done_at, flow.board.row.time_zone)
        behind = found[start_of_interval(day, interval)]
        if len(behind) < CARDS_OF_A_BAR:
            ref = f"{flow.board.row.key}-{card.number}"
            behind.append((ref, flow.card_url(card.number), card.title))
    return found


def _histogram(whole: Sequence[int]) -> Chart:
    ordered = sorted(whole)
    width = _width(ordered[-1])
    columns = [0] * (ordered[-1] // width + 1)
    for count in whole:
        columns[count // width] += 1
    names = [
        f"{place * width:,}" if width == 1 else f"{place * width:,}–{(place + 1) * width - 1:,}"
        for place in range(len(columns))
    ]
    marks: dict[int, list[int]] = {}
    for point in _POINTS:
        marks.setdefault(nearest_rank(ordered, point) // width, []).append(point)
    return Chart(
        name="throughput-days",
        title="Cards done on one day",
        sentence="Bars: on how many of the days so many cards were done.",
        option={
            "grid": {"left": 44, "right": 12, "top": 32, "bottom": 28},
            "xAxis": {"data": names},
            "yAxis": {"minInterval": 1},
            "series": [
                {
                    "type": "bar",
                    "barMaxWidth": 40,
                    "barCategoryGap": "15%",
                    "data": [
                        {
                            "value": days,
                            "words": f"{name} {'card' if name == '1' else 'cards'}: "
                            f"{count_of(days, 'day')}",
                        }
                        for name, days in zip(names, columns, strict=True)
                    ],
                    "itemStyle": {"color": "--accent", "borderRadius": [2, 2, 0, 0]},
                    "markLine": line(
                        "end",
                        *(
                            {"xAxis": place, "name": " · ".join(f"{each} %" for each in points)}
                            for place, points in marks.items()
                        ),
                    ),
                }
            ],
        },
        table=Table(
            ("Cards on one day", "Days"),
            [(name, f"{days:,}") for name, days in zip(names, columns, strict=True)],
        ),
    )


def line(place: str, *marks: Mapping[str, Any]) -> dict[str, Any]:
    """Dashed lines through a chart, each with its name at so named a place."""
    return {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": "--ink-2", "type": "dashed", "width": 1},
        "label": {
            "formatter": "{b}",
            "position": place,
            "color": "--ink",
            "fontSize": 11,
            "lineHeight": 13,
            "backgroundColor": "--surface",
            "padding": [1, 3],
        },
        "data": marks,
    }


def _width(most: int) -> int:
    """The smallest round width of which twenty columns reach so far."""
    widths: Iterator[int] = (each * 10**power for power in range(9) for each in _ROUND)
    return next(width for width in widths if width * _MOST_COLUMNS > most)


def _interval_words(start: date, interval: str) -> str:
    if interval == WEEK:
        return f"Week from {day_words(start)}"
    return day_words(start).partition(" ")[2] if interval == MONTH else day_words(start)


def _tick(start: date, interval: str) -> str:
    words = day_words(start)
    return words.partition(" ")[2] if interval == MONTH else words[:-5]
