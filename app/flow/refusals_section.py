"""The part of the flow page that shows where the limits said no."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.auth.names import names_of
from app.boards.rules import BOARD, PERSON
from app.flow.bars import MOST_PINNED, bar, count_axis, option, week_axis
from app.flow.over_time import over_weeks
from app.flow.refusals import Place, Refusals
from app.flow.refusals_reading import Refused, read_refusals, refused_part
from app.flow.sections import Chart, Flow, Section, Table
from app.flow.weeks import counted, weeks_of
from app.words import count_of, moment

PARAMETERS: tuple[str, ...] = ()
MOST_PLACES = 12
MOST_LISTED = 100
MOST_READ = 600
_ACTIONS = {
    "create": "a new card",
    "move": "a move",
    "restore": "out of the archive",
    "assign": "an assignment",
    "transfer": "from another board",
    "import": "an import",
    "shape": "a change of the board",
}


def section(flow: Flow) -> Section:
    """The refusals of the window by place and by week, and one by one."""
    tx, board, cards = flow.tx, flow.board, flow.asked.wanted.cards
    found = read_refusals(tx, board, flow.window, cards)
    listed = refused_part(tx, board, flow.window, cards, MOST_READ) if found.count else []
    names = names_of(tx, {i for place in found.places for i, _ in place.people if i is not None})
    sentence = sentence_of(found, board.row.time_zone)
    api_url = flow.api("refusals")
    return Section(
        name="refusals",
        title="Refusals",
        sentence=sentence,
        missing="" if found.count else _missing(flow),
        charts=[_by_place(flow, found, listed, names), _by_week(flow, found)]
        if found.count
        else [],
        below="flow/_refusals.html",
        explain="flow/_refusals_explain.html",
        api_url=api_url,
        csv_url=f"{api_url}&format=csv",
        values={
            "count": found.count,
            "rows": [_row(flow, each) for each in listed[:MOST_LISTED]],
            "more": max(0, found.count - MOST_LISTED),
        },
    )


def sentence_of(found: Refusals, zone: str) -> str:
    """One sentence that reads the refusals; empty where there are none."""
    if not found.places:
        return ""
    first = found.places[0]
    whole = f"{first.count:,} of the {found.count:,} times"
    if first.count == found.count:
        whole = "the one time" if found.count == 1 else f"all {found.count:,} times"
    last = moment(first.last, zone).words
    return (
        f"{name_of(first)} refused {whole} that a limit said no, last on {last}, "
        f"when it held {first.held} of {first.limit}."
    )


def name_of(place: Place) -> str:
    """A place as a sentence names it."""
    if place.scope == BOARD:
        return "The board"
    return f"{place.name} (their own limit)" if place.scope == PERSON else place.name


def _missing(flow: Flow) -> str:
    if flow.asked.filters:
        return "No limit refused one of these cards in this window."
    return (
        "No limit refused anything in this window. Where that stays so, the limits may be too "
        "high to be felt."
    )


def _by_place(
    flow: Flow, found: Refusals, listed: Sequence[Refused], names: dict[int, str]
) -> Chart:
    shown = found.places[:MOST_PLACES]
    of_place: dict[Any, list[Refused]] = {}
    for each in listed:
        some = of_place.setdefault(_key_of(each.facts), [])
        if len(some) < MOST_PINNED:
            some.append(each)
    bars = [
        bar(
            place.count,
            f"{name_of(place)}: refused {_times(place.count)}, held {place.held} of {place.limit}",
            [_entry(flow, each) for each in of_place.get(_key(place), ())],
            place.count,
        )
        for place in shown
    ]
    zone = flow.board.row.time_zone
    rows = [
        [
            name_of(place),
            f"{place.count:,}",
            moment(place.last, zone).words,
            f"{place.held} of {place.limit}",
            ", ".join(_person(person, count, names) for person, count in place.people),
        ]
        for place in found.places
    ]
    return Chart(
        "refusals-places",
        "Which limits said no",
        "How often each limit refused.",
        option(
            xAxis=count_axis(),
            yAxis={
                "type": "category",
                "inverse": True,
                "data": [name_of(place) for place in shown],
                "axisLabel": {"width": 120, "overflow": "truncate"},
            },
            series=[
                {
                    "type": "bar",
                    "data": bars,
                    "color": "--danger-mark",
                    "barMaxWidth": 22,
                    "label": {"show": True, "position": "right", "color": "--ink-2"},
                }
            ],
        ),
        Table(["Place", "Refused", "Last", "Held then", "Turned away"], rows),
    )


def _by_week(flow: Flow, found: Refusals) -> Chart:
    weeks = weeks_of(*flow.window, flow.board.row.time_zone)
    counts = counted(found.moments, weeks)
    drawn = option(
        xAxis=week_axis(weeks),
        yAxis=count_axis(),
        series=[
            {
                "type": "bar",
                "color": "--danger-mark",
                "barMaxWidth": 22,
                "data": [
                    bar(count, f"{week.words}: {_times(count)}")
                    for week, count in zip(weeks, counts, strict=True)
                ],
            }
        ],
    )
    rows = [[week.words, f"{n:,}"] for week, n in zip(weeks, counts, strict=True)]
    chart = Chart(
        "refusals-weeks",
        "Refusals by week",
        "How often a limit refused in each week.",
        drawn,
        Table(["Week", "Refused"], rows[::-1]),
    )
    return over_weeks(flow, chart, weeks)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _person(person: int | None, count: int, names: dict[int, str]) -> str:
    name = "Weir" if person is None else names[person]
    return name if count == 1 else f"{name} ({count:,})"


def _key(place: Place) -> tuple[str, int | None, str]:
    """By what a place is found among those of the refusals; without an id it has but its name."""
    return (place.scope, place.id, place.name if place.id is None else "")


def _key_of(facts: Mapping[str, Any]) -> tuple[str, int | None, str]:
    place = facts["place"]
    return (facts["scope"], place["id"], place["name"] if place["id"] is None else "")


def _entry(flow: Flow, refused: Refused) -> list[str]:
    """A refusal in the list that a click pins."""
    event = refused.event
    when = moment(event.at, flow.board.row.time_zone).words
    said = f"{_title(refused)} · {event.actor_name or 'Weir'}, {when}"
    return [_ref(refused), _url(flow, refused), said]


def _row(flow: Flow, refused: Refused) -> dict[str, Any]:
    event, facts = refused.event, refused.facts
    return {
        "id": event.seq,
        "when": moment(event.at, flow.board.row.time_zone),
        "ref": _ref(refused),
        "title": _title(refused),
        "url": _url(flow, refused) if refused.has_card else None,
        "person": event.actor_name or "Weir",
        "place": facts["place"]["name"],
        "held": f"{facts['count']} of {facts['limit']}",
    }


def _ref(refused: Refused) -> str:
    event = refused.event
    return "" if event.card_number is None else f"{event.board_key}-{event.card_number}"


def _title(refused: Refused) -> str:
    facts = refused.facts
    many = facts.get("card_ids")
    if many:
        return count_of(len(many), "card")
    action = facts.get("action")
    return refused.event.card_title or _ACTIONS.get(str(action), "a change").capitalize()


def _url(flow: Flow, refused: Refused) -> str:
    """Its card, if that is still there; otherwise the board."""
    number = refused.event.card_number
    if refused.has_card and number is not None:
        return flow.card_url(number)
    return f"/boards/{flow.board.row.key}"
