"""The drawing of aging work: the cards as dots in their columns, before the pace of past ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.boards.history import OpenBoard
from app.cards.pace import Pace, bars_words, promised
from app.cards.past import stages_of
from app.flow.aging import AgingCard, Dot, bars_in, dots_of
from app.flow.aging_past import names_of_columns
from app.flow.durations import in_words
from app.flow.metrics import DAY, HOUR, MINUTE
from app.flow.sections import Chart, Flow, Link, Table

MOST_ROWS = 200
MOST_PINNED = 50
_UNITS = ((3 * DAY, DAY, "days"), (3 * HOUR, HOUR, "hours"), (0, MINUTE, "minutes"))
# From the lowest band, which stays blank, upwards: pale, amber, red.
_BANDS = (
    ("", "--surface", 0),
    ("Older than 50 %", "--warn-mark", 0.12),
    ("70 %", "--warn-mark", 0.32),
    ("85 %", "--danger-mark", 0.22),
    ("95 %", "--danger-mark", 0.4),
)


def aging_chart(
    flow: Flow,
    cards: Sequence[AgingCard],
    pace: Mapping[int, Pace],
    sentence: str,
) -> Chart:
    """The cards by column and age, before the pace of past cards."""
    board, names = flow.board, names_of_columns(flow.tx, flow.board, cards)
    reach = _reach(cards, pace)
    return Chart(
        name="aging-chart",
        title=f"Age in {_unit(reach)[1]} by column",
        sentence=f"The age of each card in work, by column. {sentence}",
        option=_option(flow, _columns(board, names, cards), cards, pace, reach),
        table=Table(
            ("Card", "Column", "Age", "In this column", "Beside past cards", "Blocked"),
            [
                _row(flow, names[card.column_id], card, bars_in(card, pace))
                for card in cards[:MOST_ROWS]
            ],
        ),
        size="large",
    )


def _columns(
    board: OpenBoard, names: Mapping[int, str], cards: Sequence[AgingCard]
) -> dict[int, str]:
    """The columns in which work is started, and those in which a started card is, by their ids:
    those to which it went back, and behind the others those that were deleted since."""
    shown = {*stages_of(board.shape), *(card.column_id for card in cards)}
    return {column_id: name for column_id, name in names.items() if column_id in shown}


def _row(flow: Flow, column: str, card: AgingCard, bars: int | None) -> list[str | Link]:
    return [
        Link(f"{_ref(flow, card)} {card.title}", flow.card_url(card.number)),
        column,
        in_words(card.age),
        in_words(card.time_in_column),
        "–" if bars is None else bars_words(bars),
        "blocked" if card.blocked else "",
    ]


def _reach(cards: Sequence[AgingCard], pace: Mapping[int, Pace]) -> int:
    """Where the scale ends: above the oldest card and the 85 % marks, at a round number."""
    highest = max([cards[0].age, *(promised(marks) for marks in pace.values())])
    unit, _ = _unit(highest)
    steps = highest * 11 // (10 * unit) + 1
    return unit * (steps + -steps % (1 if steps <= 20 else 5 if steps <= 100 else 50))


def _unit(reach: int) -> tuple[int, str]:
    return next((size, words) for least, size, words in _UNITS if reach >= least)


def _option(
    flow: Flow,
    columns: Mapping[int, str],
    cards: Sequence[AgingCard],
    pace: Mapping[int, Pace],
    reach: int,
) -> dict[str, Any]:
    unit, _ = _unit(reach)
    here = {each: [card for card in cards if card.column_id == each] for each in columns}
    dots = {each: dots_of(some, reach) for each, some in here.items()}
    strong = {"color": "--ink", "fontSize": 13, "fontWeight": 600, "interval": 0}
    hidden = {"show": False, "type": "value", "min": 0, "max": len(columns)}
    counts = [str(len(some)) for some in here.values()]
    bare = {"axisLine": {"show": False}, "splitLine": {"show": False}}
    return {
        "grid": {"left": 4, "right": 4, "top": 48 if pace else 24, "bottom": 30},
        "legend": {
            "data": [name for name, _, _ in _BANDS if name] if pace else [],
            "selectedMode": False,
        },
        "xAxis": [
            {"type": "category", "data": list(columns.values()), "fits": True},
            {**bare, "type": "category", "data": counts, "position": "top", "axisLabel": strong},
            hidden,
        ],
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": reach // unit,
            "axisLabel": {"showMaxLabel": False},
        },
        "series": [
            *_bands(columns, pace, reach, unit),
            *(_dots(flow, columns, dots, blocked, unit) for blocked in (False, True)),
        ],
    }


def _bands(
    columns: Mapping[int, str], pace: Mapping[int, Pace], reach: int, unit: int
) -> list[dict[str, Any]]:
    """The pace as bars without gaps that stand on each other, up to the end of the scale."""
    edges = {
        column_id: [0.0, *(min(float(mark), reach) for mark in marks), float(reach)]
        for column_id, marks in pace.items()
    }
    return [
        {
            "type": "bar",
            "name": name,
            "stack": "pace",
            "barCategoryGap": 0,
            "barGap": 0,
            "silent": True,
            "tooltip": {"show": False},
            "itemStyle": {"color": color, "opacity": opacity},
            "data": [
                (edges[each][place + 1] - edges[each][place]) / unit if each in edges else 0
                for each in columns
            ],
        }
        for place, (name, color, opacity) in enumerate(_BANDS)
    ]


def _dots(
    flow: Flow,
    columns: Mapping[int, str],
    dots: Mapping[int, Sequence[Dot]],
    blocked: bool,
    unit: int,
) -> dict[str, Any]:
    """The dots of the cards that are blocked, or of those that are not."""
    ring = {"color": "--surface", "borderColor": "--danger-ink", "borderWidth": 3, "opacity": 1}
    full = {"color": "--accent", "borderColor": "--surface", "borderWidth": 1, "opacity": 1}
    return {
        "type": "scatter",
        "name": "Blocked" if blocked else "Cards",
        "xAxisIndex": 2,
        "z": 5,
        "itemStyle": ring if blocked else full,
        "label": {
            "show": True,
            "position": "inside",
            "formatter": "{@[2]}",
            "color": "--danger-ink" if blocked else "--on-accent",
            "fontSize": 11,
            "fontWeight": 600,
        },
        "data": [
            {
                "value": [
                    round(place + 0.5 + dot.shift, 3),
                    dot.age / unit,
                    str(len(dot.cards)) if len(dot.cards) > 1 else "",
                ],
                "symbolSize": 20 if len(dot.cards) > 1 else 13,
                "words": _words(flow, dot, column),
                "cards": [
                    [_ref(flow, card), flow.card_url(card.number), card.title]
                    for card in dot.cards[:MOST_PINNED]
                ],
                "more": max(0, len(dot.cards) - MOST_PINNED),
            }
            for place, (column_id, column) in enumerate(columns.items())
            for dot in dots[column_id]
            if dot.cards[0].blocked == blocked
        ],
    }


def _words(flow: Flow, dot: Dot, column: str) -> str:
    """What the pointer is told of a dot."""
    youngest, oldest = dot.cards[0], dot.cards[-1]
    blocked = ", blocked" if youngest.blocked else ""
    if len(dot.cards) == 1:
        return f"{_ref(flow, oldest)} {oldest.title}\n{in_words(oldest.age)} in {column}{blocked}"
    refs = ", ".join(_ref(flow, card) for card in dot.cards[:4])
    more = f" and {len(dot.cards) - 4} more" if len(dot.cards) > 4 else ""
    return f"{refs}{more}\nup to {in_words(oldest.age)}, in {column}{blocked}"


def _ref(flow: Flow, card: AgingCard) -> str:
    return f"{flow.board.row.key}-{card.number}"
