"""A status log of few columns, and how it is read."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from app import clock
from app.exchange.csvlog import LogReading, read_log
from app.exchange.mapping import LogError, Mapping

SMALL_LOG = Path(__file__).parent / "data" / "incidents.csv"
NOW = clock.from_datetime(datetime(2026, 1, 1, tzinfo=UTC))

PLAIN = Mapping.model_validate(
    {
        "id_column": "id",
        "state_column": "state",
        "time_column": "at",
        "creation_column": "opened",
        "label_columns": ["group"],
        "states": {
            "New": "New",
            "Active": "Active",
            "Done": "Done",
            "Waiting": {"blocked": "waiting_on_customer"},
            "Held": {"blocked": "approval", "reason": "Held by {group}"},
            "Lost": {"ignore": True},
        },
    }
)
HEADER = "id,state,at,opened,group"


def read(*rows: str, header: str = HEADER, **options: Any) -> LogReading:
    """The reading of a log with this header and these rows."""
    text = "\n".join([header, *rows]) + "\n"
    return read_log(StringIO(text, newline=""), PLAIN.with_options(**options), now=NOW)


def card(*rows: str, **options: Any) -> dict[str, Any]:
    """The only card of a log with these rows; times in the rows are hours of one day."""
    reading = read(*rows, **options)
    assert reading.cards == 1
    only: dict[str, Any] = reading.document["cards"][0]
    return only


def refusal(*rows: str, header: str = HEADER, **options: Any) -> str:
    """What is said about a log that is refused, in one line."""
    with pytest.raises(LogError) as refused:
        read(*rows, header=header, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def hour(at: int) -> str:
    """A time of a certain day, as a log has it."""
    return f"2024-05-06T{at:02}:00"


def saw(state: str, at: int, opened: int | None = None, group: str = "", number: str = "7") -> str:
    """A row: the card was seen in this state at this hour of a certain day."""
    return f"{number},{state},{hour(at)},{'' if opened is None else hour(opened)},{group}"


def iso(at: int) -> str:
    """That time, as a history has it."""
    return f"2024-05-06T{at:02}:00:00.000000Z"


def moves(of: dict[str, Any]) -> list[tuple[str, str]]:
    """When a card went where."""
    return [(move["at"], move["to"]) for move in of["moves"]]


def blocks(of: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """From when to when a card was blocked, and by what."""
    return [(block["from"], block["until"], block["category"]) for block in of["blocks"]]
