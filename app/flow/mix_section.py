"""The part of the flow page that shows what the work is made of."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from app.cards.story import TYPE_WORDS
from app.flow.bars import bar, count_axis, option, week_axis
from app.flow.mix import DEFAULT_TARGET, TYPES, Mix
from app.flow.mix_api import WorkMix, read_mix
from app.flow.over_time import over_weeks
from app.flow.sections import Chart, Flow, Section, Table
from app.flow.shares import percent_beside
from app.flow.throughput_section import line
from app.flow.weeks import Month, Week
from app.words import count_of

TARGET = "target"
PARAMETERS: tuple[str, ...] = (TARGET,)
_HUES = {
    "feature": "--accent",
    "defect": "--danger-mark",
    "debt": "--warn-mark",
    "improvement": "--ok-ink",
    "ops": "--teal-ink",
    "incident": "--violet-ink",
}


def section(flow: Flow) -> Section:
    """What was finished in the window and is in progress now, by type."""
    typed = flow.asked.more.get(TARGET, str(DEFAULT_TARGET))
    values = {
        "target": typed,
        "fields": flow.asked.fields(TARGET),
        "action": flow.path,
    }
    target = _target(typed)
    if target is None:
        return Section(
            name="work-mix",
            title="Work mix",
            problem="The target must be a whole number from 0 to 100.",
            values=values,
        )
    mix = read_mix(flow.tx, flow.board, flow.window, flow.asked.wanted)
    more = {} if target == DEFAULT_TARGET else {TARGET: target}
    has_cards = bool(mix.finished.total or mix.in_progress.total)
    return Section(
        name="work-mix",
        title="Work mix",
        sentence=sentence_of(mix, target),
        missing="" if has_cards else _missing(flow),
        charts=[
            _by_week(flow, mix.weeks),
            _by_month(flow, mix.months, target),
            _by_type(mix),
        ]
        if has_cards
        else [],
        body="flow/_mix.html",
        explain="flow/_mix_explain.html",
        api_url=flow.api("work-mix", **more),
        csv_url=flow.api("work-mix", **more, format="csv"),
        values=values,
    )


def sentence_of(mix: WorkMix, target: int) -> str:
    """One sentence that reads the mix of what was finished."""
    done = mix.finished
    if not done.total:
        in_progress = count_of(mix.in_progress.total, "card")
        verb = "is" if mix.in_progress.total == 1 else "are"
        return f"Nothing was finished in this window; {in_progress} {verb} in progress."
    share = Fraction(done.betterment, done.total)
    than = "at least" if done.reaches(target) else "under"
    unplanned = f"{_percent(done.share(done.unplanned))} were" if done.unplanned else "none was"
    return (
        f"Of {count_of(done.total, 'finished card')} {percent_beside(share, target)} "
        f"improved the system or paid back debt, {than} the target of {target} %; "
        f"{unplanned} unplanned."
    )


def _target(typed: str) -> int | None:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 3):
        return None
    number = int(typed)
    return number if number <= 100 else None


def _missing(flow: Flow) -> str:
    if flow.asked.filters:
        return "The filters leave no card that was finished in this window or is in progress."
    return "No card was finished in this window, and none is in progress."


def _by_week(flow: Flow, pairs: Sequence[tuple[Week, Mix]]) -> Chart:
    weeks = [week for week, _ in pairs]
    series: list[dict[str, Any]] = [
        {
            "name": TYPE_WORDS[name],
            "type": "bar",
            "stack": "cards",
            "color": _HUES[name],
            "barMaxWidth": 22,
            "data": [
                bar(mix.counts[place], f"{week.words}: {mix.counts[place]} of {TYPE_WORDS[name]}")
                for week, mix in pairs
            ],
        }
        for place, name in enumerate(TYPES)
    ]
    drawn = option(
        legend={"type": "scroll"}, xAxis=week_axis(weeks), yAxis=count_axis(), series=series
    )
    rows = [
        [
            week.words,
            *(f"{count:,}" for count in mix.counts),
            f"{mix.unplanned:,}",
            _percent(mix.share(mix.betterment)),
        ]
        for week, mix in pairs
    ]
    head = ["Week", *(TYPE_WORDS[name] for name in TYPES), "Unplanned", "Betterment"]
    chart = Chart(
        "mix-weeks",
        "Finished by week and type",
        "What was finished in each week by type.",
        drawn,
        Table(head, rows[::-1]),
        wide=True,
    )
    return over_weeks(flow, chart, weeks)


def _by_month(flow: Flow, pairs: Sequence[tuple[Month, Mix]], target: int) -> Chart:
    """The share of improvement and debt beside the target; a month without a finished card has
    none."""
    months = [month for month, _ in pairs]
    shares = [mix.share(mix.betterment) for _, mix in pairs]
    bars = [
        bar(
            0 if share is None else round(100 * float(share), 1),
            f"{month.words}: {_of_all(mix)}, {_against(mix, target)}",
        )
        for (month, mix), share in zip(pairs, shares, strict=True)
    ]
    drawn = option(
        grid={"left": 12, "right": 56, "top": 24, "bottom": 18},
        xAxis={"type": "category", "data": [month.words for month in months]},
        yAxis={
            "type": "value",
            "min": 0,
            "axisLabel": {"formatter": "{value} %"},
        },
        series=[
            {
                "type": "bar",
                "color": "--ok-ink",
                "barMaxWidth": 36,
                "data": bars,
                "markLine": line("end", {"yAxis": target, "name": f"Target\n{target} %"}),
            }
        ],
    )
    rows = [
        [
            month.words,
            f"{mix.total:,}",
            f"{mix.betterment:,}",
            "–" if share is None else percent_beside(share, target),
            _against(mix, target),
        ]
        for (month, mix), share in zip(pairs, shares, strict=True)
    ]
    chart = Chart(
        "mix-months",
        "Improvement and debt by month",
        f"The share of improvement and debt in each month beside the target of {target} %.",
        drawn,
        Table(["Month", "Finished", "Improvement and debt", "Share", "Target"], rows[::-1]),
    )
    return over_weeks(flow, chart, months)


def _of_all(mix: Mix) -> str:
    return f"{mix.betterment:,} of {count_of(mix.total, 'finished card')}"


def _against(mix: Mix, target: int) -> str:
    reached = mix.reaches(target)
    return "–" if reached is None else "reached" if reached else "under"


def _by_type(mix: WorkMix) -> Chart:
    done, doing = mix.finished, mix.in_progress
    rows = [
        *(
            (TYPE_WORDS[name], done.counts[place], doing.counts[place])
            for place, name in enumerate(TYPES)
        ),
        ("Planned", done.planned, doing.planned),
        ("Unplanned", done.unplanned, doing.unplanned),
        ("Improvement and debt", done.betterment, doing.betterment),
    ]
    types = rows[: len(TYPES)]
    return Chart(
        "mix-types",
        "Finished and in progress by type",
        "How many cards of each type were finished in the window and are in progress now.",
        option(
            legend={},
            xAxis=count_axis(),
            yAxis={
                "type": "category",
                "inverse": True,
                "data": [name for name, _, _ in types],
                "axisLabel": {"hideOverlap": False},
            },
            series=[
                {
                    "name": "Finished",
                    "type": "bar",
                    "color": "--accent",
                    "barMaxWidth": 12,
                    "data": [
                        bar(n, f"{name}: {n:,} finished, {_percent(done.share(n))}")
                        for name, n, _ in types
                    ],
                },
                {
                    "name": "In progress",
                    "type": "bar",
                    "color": "--line-strong",
                    "barMaxWidth": 12,
                    "data": [
                        bar(n, f"{name}: {n:,} in progress, {_percent(doing.share(n))}")
                        for name, _, n in types
                    ],
                },
            ],
        ),
        Table(
            ["Type", "Finished", "Share", "In progress", "Share"],
            [
                [name, f"{n:,}", _percent(done.share(n)), f"{m:,}", _percent(doing.share(m))]
                for name, n, m in rows
            ],
        ),
    )


def _percent(share: Fraction | None) -> str:
    return "–" if share is None else f"{round(100 * share)} %"
