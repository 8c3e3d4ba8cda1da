"""The part of the flow page that shows what blocks the work."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.cards.story import CATEGORY_WORDS
from app.flow.bars import bar, count_axis, option, unit_of, week_axis
from app.flow.blockers import Balance, Blockers, Cause, Episode, Span, add_up, balances, shares
from app.flow.durations import in_words
from app.flow.over_time import over_weeks
from app.flow.sections import Chart, Flow, Section, Table
from app.flow.stream_queries import CardName, card_names
from app.flow.weeks import Week, weeks_of
from app.words import count_of, moment

PARAMETERS: tuple[str, ...] = ()
MOST_REASONS = 10
MOST_ROWS = 100


def section(flow: Flow) -> Section:
    """What blocked cards in the window by category, by reason and by week, and what does now."""
    board, window = flow.board, Span(*flow.window)
    episodes = flow.episodes.belonging(window)
    found = add_up(episodes, window, board.now)
    weeks = weeks_of(*flow.window, board.row.time_zone)
    week_by_week = balances(episodes, [Span(week.start, week.end) for week in weeks])
    blocked = episodes.going_on(MOST_ROWS)
    names = card_names(flow.tx, _to_be_named(found, blocked))
    api_url = flow.api("blockers")
    return Section(
        name="blockers",
        title="Blockers",
        sentence=sentence_of(found),
        missing="" if len(episodes) else _missing(flow),
        charts=[
            _pareto(flow, "category", "Time lost by category", found.categories, names),
            _pareto(flow, "reason", "Time lost by reason", found.reasons, names),
            _weekly(flow, weeks, week_by_week),
        ]
        if len(episodes)
        else [],
        body="flow/_blockers.html",
        explain="flow/_blockers_explain.html",
        api_url=api_url,
        csv_url=f"{api_url}&format=csv",
        values={
            "blocked": [_row(flow, each, names[each.card_id]) for each in blocked],
            "more": found.whole.open_now - len(blocked),
        },
    )


def sentence_of(found: Blockers) -> str:
    """One sentence that reads what was lost; empty where nothing was blocked."""
    whole = found.whole
    if not whole.episodes:
        return ""
    now = "nothing is blocked now"
    if whole.open_now:
        are = "is" if whole.open_now == 1 else "are"
        now = f"{count_of(whole.open_now, 'card')} {are} blocked now"
    lost = in_words(whole.total)
    first = found.categories[0]
    of_it = ""
    if whole.total and len(found.categories) > 1:
        share = round(100 * first.total / whole.total)
        of_it = f", {share} % of it to “{CATEGORY_WORDS[first.name]}”"
    elif whole.total:
        of_it = f", all of it to “{CATEGORY_WORDS[first.name]}”"
    return f"Cards lost {lost} to {count_of(whole.episodes, 'blocker')}{of_it}; {now}."


def _missing(flow: Flow) -> str:
    if flow.asked.filters:
        return "None of these cards was blocked in this window."
    return (
        "No card was blocked in this window. A card that cannot go on is blocked from its menu, "
        "with a reason: that is what is added up here."
    )


def _to_be_named(found: Blockers, blocked: Sequence[Episode]) -> set[int]:
    causes = (*found.categories, *found.reasons[:MOST_REASONS])
    some = {card for cause in causes for card, _ in cause.lost_most}
    return some | {each.card_id for each in blocked}


def _pareto(
    flow: Flow, kind: str, title: str, causes: Sequence[Cause], names: Mapping[int, CardName]
) -> Chart:
    """Bars with the most time first, and a line of what share they have together."""
    words = CATEGORY_WORDS if kind == "category" else {}
    cumulative = shares([cause.total for cause in causes])
    shown = causes if kind == "category" else causes[:MOST_REASONS]
    size, unit = unit_of(max(cause.total for cause in causes))
    called = [words.get(cause.name, cause.name) for cause in shown]
    bars = [
        bar(
            round(cause.total / size, 3),
            f"{name}: {in_words(cause.total)} in {count_of(cause.episodes, 'blocker')}",
            [_entry(flow, names[card], time) for card, time in cause.lost_most],
            cause.cards,
        )
        for name, cause in zip(called, shown, strict=True)
    ]
    line = [
        {
            "value": [round(100 * float(share), 1), place],
            "words": f"Down to here {_percent(share)} of all",
        }
        for place, share in enumerate(cumulative[: len(shown)])
    ]
    rows = [
        [
            words.get(cause.name, cause.name),
            f"{cause.episodes:,}",
            in_words(cause.total),
            in_words(cause.mean or 0),
            _percent(share),
            f"{cause.open_now:,}",
        ]
        for cause, share in zip(causes, cumulative, strict=True)
    ]
    head = [kind.capitalize(), "Blockers", "Time lost", "Mean", "Share down to here", "Now"]
    return Chart(
        f"blockers-{kind}",
        title,
        f"{title}, the most first, with the share that they have together.",
        option(
            grid={"left": 12, "right": 20, "top": 34, "bottom": 34},
            yAxis={
                "type": "category",
                "inverse": True,
                "data": called,
                "axisLabel": {"width": 124, "overflow": "truncate", "hideOverlap": False},
            },
            xAxis=[
                {"type": "value", "name": unit, "nameLocation": "middle", "nameGap": 22},
                {
                    "type": "value",
                    "position": "top",
                    "min": 0,
                    "max": 100,
                    "interval": 25,
                    "axisLabel": {"formatter": "{value} %"},
                    "splitLine": {"show": False},
                },
            ],
            series=[
                {"type": "bar", "color": "--danger-mark", "barMaxWidth": 22, "data": bars},
                {
                    "type": "line",
                    "xAxisIndex": 1,
                    "color": "--ink-2",
                    "symbolSize": 6,
                    "lineStyle": {"width": 1.5},
                    "data": line,
                },
            ],
        ),
        Table(head, rows[:MOST_ROWS]),
    )


def _weekly(flow: Flow, weeks: Sequence[Week], found: Sequence[Balance]) -> Chart:
    pairs = list(zip(weeks, found, strict=True))
    drawn = option(
        legend={},
        xAxis=week_axis(weeks),
        yAxis=count_axis(),
        series=[
            {
                "name": "New",
                "type": "bar",
                "color": "--danger-mark",
                "barMaxWidth": 14,
                "data": [bar(each.new, f"{week.words}: {each.new} new") for week, each in pairs],
            },
            {
                "name": "Resolved",
                "type": "bar",
                "color": "--ok-ink",
                "barMaxWidth": 14,
                "data": [
                    bar(each.resolved, f"{week.words}: {each.resolved} resolved")
                    for week, each in pairs
                ],
            },
            {
                "name": "Open at the end of the week",
                "type": "line",
                "color": "--ink-2",
                "symbolSize": 4,
                "lineStyle": {"width": 1.5},
                "data": [bar(each.open, f"{week.words}: {each.open} open") for week, each in pairs],
            },
        ],
    )
    rows = [
        [week.words, f"{each.new:,}", f"{each.resolved:,}", f"{each.open:,}"]
        for week, each in pairs
    ]
    chart = Chart(
        "blockers-weeks",
        "New against resolved",
        "How many blockers came and went in each week, and how many were open at its end.",
        drawn,
        Table(["Week", "New", "Resolved", "Open"], rows[::-1]),
        wide=True,
    )
    return over_weeks(flow, chart, weeks)


def _percent(share: Any) -> str:
    return f"{round(100 * share)} %"


def _entry(flow: Flow, card: CardName, time: int) -> list[str]:
    """A card in the list that a click pins."""
    ref = f"{flow.board.row.key}-{card.number}"
    return [ref, flow.card_url(card.number), f"{card.title} · {in_words(time)}"]


def _row(flow: Flow, episode: Episode, card: CardName) -> dict[str, Any]:
    board = flow.board
    return {
        "ref": f"{board.row.key}-{card.number}",
        "url": flow.card_url(card.number),
        "title": card.title,
        "reason": episode.reason,
        "category": CATEGORY_WORDS[episode.category],
        "since": moment(episode.start, board.row.time_zone),
        "lasts": in_words(max(0, board.now - episode.start)),
    }
