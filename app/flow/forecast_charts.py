"""The drawings of the forecast: which day and which number is how likely, and the sample."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from app.flow.finished import Forecast, PastDays
from app.flow.sections import Chart, Table
from app.flow.spread import Share
from app.flow.throughput import Interval
from app.flow.throughput_section import line
from app.words import count_of, day_words

_MARKED = (50, 85, 95)  # More words than these do not fit side by side on a phone.


def days_chart(shares: Sequence[Share], found: Forecast) -> Chart:
    """How likely the cards are done on which days."""
    assert found.when is not None

    def day(days: int) -> date:
        return found.today + timedelta(days=days)

    names = []
    for share in shares:
        if share.last is None:
            names.append(f"{day_words(day(share.first or 1))} or later")
        elif share.first is None:
            names.append(f"until {day_words(day(share.last))}")
        elif share.first == share.last:
            names.append(day_words(day(share.last)))
        else:
            names.append(f"{day_words(day(share.first))[:-5]}–{day_words(day(share.last))}")
    ticks = [day_words(day(share.last or share.first or 1))[:-5] for share in shares]
    answers = {
        point: None if until is None else (until - found.today).days
        for point, until in found.when.items()
    }
    cards = count_of(found.items, "card")
    heads = (f"When {cards} will be done", "Day", "done by then")
    return _bars("forecast-when", heads, shares, names, ticks, answers)


def items_chart(shares: Sequence[Share], found: Forecast, by: date) -> Chart:
    """How likely how many cards are done by a day."""
    assert found.how_many is not None
    names = []
    for share in shares:
        if share.last is None:
            names.append(f"{share.first or 0:,} or more")
        elif share.first is None:
            names.append("none" if share.last == 0 else f"{share.last:,} or fewer")
        elif share.first == share.last:
            names.append(f"{share.last:,}")
        else:
            names.append(f"{share.first:,}–{share.last:,}")
    ticks = [
        f"≤ {share.last:,}" if share.first is None and share.last else f"{share.first or 0:,}"
        for share in shares
    ]
    title = f"How many cards will be done by {day_words(by)}"
    heads = (title, "Cards", "that many or fewer")
    return _bars("forecast-many", heads, shares, names, ticks, found.how_many)


def _bars(
    name: str,
    heads: tuple[str, str, str],
    shares: Sequence[Share],
    names: Sequence[str],
    ticks: Sequence[str],
    answers: Mapping[int, int | None],
) -> Chart:
    title, what, so_far = heads
    sums = list(accumulate(share.chance for share in shares))
    marks: dict[int, list[int]] = {}
    for point, answer in answers.items():
        if answer is not None and point in _MARKED:
            marks.setdefault(_place(shares, answer), []).append(point)
    return Chart(
        name=name,
        title=title,
        sentence=f"Bars: {title[0].lower()}{title[1:]}, and how likely that is.",
        option={
            "grid": {"left": 48, "right": 16, "top": 32, "bottom": 28},
            "xAxis": {"data": ticks},
            "yAxis": {"axisLabel": {"formatter": "{value} %"}},
            "series": [
                {
                    "type": "bar",
                    "barMaxWidth": 40,
                    "barCategoryGap": "12%",
                    "itemStyle": {"color": "--accent", "borderRadius": [2, 2, 0, 0]},
                    "data": [
                        {
                            "value": round(100 * share.chance, 2),
                            "words": f"{words}: {_percent(share.chance)}\n"
                            f"{_percent(total)} {so_far}",
                        }
                        for share, words, total in zip(shares, names, sums, strict=True)
                    ],
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
            (what, "Chance", so_far.capitalize()),
            [
                (words, _percent(share.chance), _percent(total))
                for share, words, total in zip(shares, names, sums, strict=True)
            ],
        ),
    )


def _percent(chance: float) -> str:
    return f"{100 * chance:.1f} %"


def _place(shares: Sequence[Share], answer: int) -> int:
    return next(
        place for place, share in enumerate(shares) if share.last is None or answer <= share.last
    )


def sample_chart(series: Sequence[Interval], sample: PastDays) -> Chart:
    """The days of the sample, within a longer past along which it can be moved and stretched."""
    first = series[0].start
    start, end = (sample.first - first).days, (sample.end - first).days - 1
    return Chart(
        name="forecast-sample",
        title="The past days that are drawn from",
        sentence="Bars: how many cards each day of the sample finished.",
        size="small",
        wide=True,
        option={
            "grid": {"left": 44, "right": 16, "top": 20, "bottom": 72},
            "xAxis": {"data": [day_words(each.start)[:-5] for each in series]},
            "yAxis": {"minInterval": 1},
            "dataZoom": [
                {
                    "type": "slider",
                    "startValue": start,
                    "endValue": end,
                    "height": 30,
                    "bottom": 8,
                    "brushSelect": False,
                    "showDetail": False,
                    "borderColor": "--line-strong",
                    "backgroundColor": "--canvas",
                    "fillerColor": "--zoom",
                    "dataBackground": _shadow("--line-strong"),
                    "selectedDataBackground": _shadow("--accent"),
                    "handleStyle": {"color": "--surface", "borderColor": "--accent"},
                    "moveHandleStyle": {"color": "--accent"},
                    "emphasis": {
                        "handleStyle": {"borderColor": "--accent-hover"},
                        "moveHandleStyle": {"color": "--accent-hover"},
                    },
                }
            ],
            "series": [
                {
                    "type": "bar",
                    "barMaxWidth": 20,
                    "itemStyle": {"color": "--accent"},
                    "data": [
                        {
                            "value": each.count,
                            "words": f"{day_words(each.start)}: {count_of(each.count, 'card')}",
                        }
                        for each in series
                    ],
                }
            ],
        },
        table=Table(
            ("Cards on one day", "Days of the sample"),
            [(f"{n:,}", f"{days:,}") for n, days in sorted(Counter(sample.counts).items())],
        ),
    )


def _shadow(color: str) -> dict[str, Any]:
    return {"lineStyle": {"color": color, "width": 1}, "areaStyle": {"color": color}}
