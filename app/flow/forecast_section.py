"""The part of the flow page that looks ahead: when so many cards are done, how many by a day."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError

from app.days import day_of
from app.errors import Invalid, NoThroughput
from app.flow.finished import (
    DEFAULT_SAMPLE_DAYS,
    MOST_SAMPLE_DAYS,
    Forecast,
    PastDays,
    Question,
    forecast_from,
    read_backlog,
    read_days,
    sample_bounds,
)
from app.flow.forecast import MOST_FINISHED, MOST_ITEMS
from app.flow.forecast_charts import days_chart, items_chart, sample_chart
from app.flow.forecast_schemas import ForecastIn
from app.flow.over_time import over_days
from app.flow.sections import Flow, Section
from app.flow.spread import spread_of_days, spread_of_items
from app.flow.throughput import Interval
from app.words import count_of, day_words

PARAMETERS: tuple[str, ...] = ("items", "by", "sample_days", "sample_from", "sample_to")
DEFAULT_AHEAD = 28
LOOK_BACK = 365
_SAMPLES = {30: "30 d", 90: "90 d", 182: "6 m", 365: "1 y"}
_PROBLEMS = {
    "items": f"The number of cards must be a whole one from 1 to {MOST_ITEMS:,}.",
    "by": "“How many are done by?” must be a day that exists, between 1970 and 2200.",
    "sample_days": f"The sample must have from 1 to {MOST_SAMPLE_DAYS:,} days.",
    "from": "The sample’s first day must be one that exists, between 1970 and 2200.",
    "to": "The sample’s end must be a day that exists, between 1970 and 2200.",
}


def section(flow: Flow) -> Section:
    """When the backlog, or so many cards, will be done, and how many cards by a day."""
    more = flow.asked.more
    today = day_of(flow.board.now, flow.board.row.time_zone)
    backlog = read_backlog(flow.tx, flow.board, flow.asked.wanted.cards)
    default_by = f"{today + timedelta(days=DEFAULT_AHEAD)}"
    by = more.get("by", default_by)
    form = _form(flow, backlog) | {"asked_by": by, "default_by": default_by}
    try:
        question = _question(flow, by, backlog)
        first, end = sample_bounds(flow.board, question.wanted, question.sample_days)
        # The past in which the sample can be moved, the sample among it.
        shown_from = min(first, today - timedelta(days=LOOK_BACK))
        shown_to = today if (today - shown_from).days <= MOST_SAMPLE_DAYS else end
        shown = read_days(flow.tx, flow.board, shown_from, shown_to, flow.asked.wanted.cards)
        counts = [day.count for day in shown if first <= day.start < end]
        sample = PastDays(first, end, counts)
        form |= _sample_form(sample) | {"shown_from": shown_from}
        found = forecast_from(flow.tx, flow.board, sample, question)
    except ValidationError as error:
        names = [str(each["loc"][0]) for each in error.errors()]
        return _section(form, problem=" ".join(_PROBLEMS[name] for name in dict.fromkeys(names)))
    except Invalid as error:
        return _section(form, problem=_problem(error))
    except NoThroughput as error:
        form["sample_words"] = ""  # It would say the same twice.
        return _section(form, missing=f"{error.detail} Choose another sample.")
    return _answered(flow, question, found, shown, form)


def _problem(error: Invalid) -> str:
    """What is wrong with a question, in the words of the page."""
    (found,) = error.extensions["errors"]
    message = f"the day {found['msg']}" if found["loc"][-1] == "by" else str(found["msg"])
    return f"{message[0].upper()}{message[1:]}."


def _question(flow: Flow, by: str, backlog: int) -> Question:
    """Both questions at once, about the backlog where no number is asked about."""
    more = flow.asked.more
    given = {
        "items": more.get("items"),
        "by": by,
        "from": more.get("sample_from"),
        "to": more.get("sample_to"),
        "sample_days": None if "sample_from" in more else more.get("sample_days"),
        **flow.asked.filters,
    }
    asked = ForecastIn.model_validate({k: v for k, v in given.items() if v is not None})
    question = asked.question
    return question if question.items else replace(question, items=backlog)


def _section(form: Mapping[str, Any], **more: Any) -> Section:
    return Section(
        name="forecast",
        title="Forecast",
        form="flow/_forecast_form.html",
        explain="flow/_forecast_explain.html",
        values={**form, **more.pop("values", {})},
        **more,
    )


def _answered(
    flow: Flow,
    question: Question,
    found: Forecast,
    shown: Sequence[Interval],
    form: Mapping[str, Any],
) -> Section:
    by = question.by
    assert found.when is not None
    assert found.how_many is not None
    assert by is not None
    days = (by - found.today).days
    counts, items = found.sample.counts, found.items
    until = spread_of_days(counts, items, (date.max - found.today).days) if items else []
    charts = [days_chart(until, found)] if until else []
    amounts = spread_of_items(counts, days)
    if amounts:
        charts.append(items_chart(amounts, found, by))
    days_shown = [each.start for each in shown]
    charts.append(over_days(flow, sample_chart(shown, found.sample), days_shown))
    api_url = _api_url(flow, question, found)
    return _section(
        form,
        sentence=_sentence(found, by, all_of_it=not form["asked_items"]),
        charts=charts,
        body="flow/_forecast.html",
        api_url=api_url,
        csv_url=f"{api_url}&format=csv",
        values={
            "number": items,
            "by": day_words(by),
            "when": [(f"{point} %", _date_words(day)) for point, day in found.when.items()],
            "how_many": [(f"{point} %", _amount_words(n)) for point, n in found.how_many.items()],
        },
    )


def _sentence(found: Forecast, by: date, *, all_of_it: bool) -> str:
    assert found.when is not None
    assert found.how_many is not None
    day, amount = found.when[85], found.how_many[85]
    if not found.items:
        first = "Every card of the board is done."
    elif all_of_it:
        first = f"With 85 % confidence {_all_words(found.items)} done by {_date_words(day)}."
    else:
        one = f"{found.items:,} {'card is' if found.items == 1 else 'cards are'}"
        first = f"With 85 % confidence {one} done by {_date_words(day)}."
    if amount == 0:
        return f"{first} Nothing can be promised by {day_words(by)}."
    return f"{first} By {day_words(by)}, {_amount_words(amount)} will be done."


def _all_words(items: int) -> str:
    if items == 1:
        return "the one card that is not done yet is"
    return f"all {items:,} cards that are not done yet are"


def _date_words(day: date | None) -> str:
    return "after the year 9999" if day is None else day_words(day)


def _amount_words(amount: int | None) -> str:
    return f"over {MOST_FINISHED:,}" if amount is None else f"{amount:,} or more"


def _form(flow: Flow, backlog: int) -> dict[str, Any]:
    """What the form of the two questions shows, as it was typed."""
    more = flow.asked.more
    return {
        "action": f"{flow.path}#forecast",
        "hidden": flow.asked.fields("items", "by", "sample_from", "sample_to"),
        "asked_items": more.get("items", ""),
        "most_items": MOST_ITEMS,
        "backlog": backlog,
        "sample_from": more.get("sample_from", ""),
        "sample_to": more.get("sample_to", ""),
        "sample_words": "",
        "shown_from": "",
        "samples": [
            {
                "days": days,
                "words": words,
                "url": _sample_url(flow, days),
                "selected": not {"sample_from", "sample_to"} & more.keys()
                and more.get("sample_days", f"{DEFAULT_SAMPLE_DAYS}") == f"{days}",
            }
            for days, words in _SAMPLES.items()
        ],
    }


def _sample_url(flow: Flow, days: int) -> str:
    kept = {k: v for k, v in flow.asked.more.items() if not k.startswith("sample_")}
    if days != DEFAULT_SAMPLE_DAYS:
        kept["sample_days"] = f"{days}"
    return f"{flow.asked.address(flow.path, more=kept)}#forecast"


def _sample_form(sample: PastDays) -> dict[str, Any]:
    days, total = len(sample.counts), sum(sample.counts)
    none = sum(not count for count in sample.counts)
    last = sample.end - timedelta(days=1)
    return {
        "sample_words": f"Drawn from {count_of(days, 'past day')}, {day_words(sample.first)} to "
        f"{day_words(last)}: {count_of(total, 'card')}, {count_of(none, 'day')} without one.",
    }


def _api_url(flow: Flow, question: Question, found: Forecast) -> str:
    fields: list[tuple[str, Any]] = [("items", found.items)] if found.items else []
    fields.append(("by", question.by))
    if question.wanted.start is None and question.wanted.end is None:
        fields.append(("sample_days", len(found.sample.counts)))
    else:
        fields += [("from", found.sample.first), ("to", found.sample.end)]
    query = urlencode([*fields, *flow.asked.pairs()])
    return f"/api/v1/boards/{flow.board.row.key}/stats/forecast?{query}"
