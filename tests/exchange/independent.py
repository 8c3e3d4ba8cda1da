"""Lead times of a log in the shape of ServiceNow's, calculated from the rows alone.

It imports nothing of Weir, so that it can be the check of what Weir says.
"""

import csv
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path

REAL_LOG = Path(__file__).parents[2].parent / "shared" / "data" / "servicenow-incidents.csv"
"""Where the real log lies in a checkout that stands beside its data; it is no part of Weir."""

MILLISECOND = timedelta(milliseconds=1)


def lead_times(log: Path) -> dict[str, int | None]:
    """Milliseconds from each incident's opening to its last completion; None while it is open."""
    opened: dict[str, datetime] = {}
    seen: dict[str, list[tuple[datetime, str]]] = {}
    with log.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            number = row["number"]
            opened[number] = _moment(row["opened_at"])
            seen.setdefault(number, []).append(
                (_moment(row["sys_updated_at"]), row["incident_state"])
            )
    return {number: _lead_time(opened[number], rows) for number, rows in seen.items()}


def _lead_time(opened: datetime, rows: list[tuple[datetime, str]]) -> int | None:
    done_at = None
    for at, state in sorted(rows, key=itemgetter(0)):
        if state in ("New", "Active"):
            done_at = None
        elif state in ("Resolved", "Closed") and done_at is None:
            done_at = max(at, opened)
    return None if done_at is None else (done_at - opened) // MILLISECOND


def _moment(text: str) -> datetime:
    # Both ends of a difference are in UTC, so the zone can be left out.
    return datetime.strptime(text, "%d-%m-%Y %H:%M")  # noqa: DTZ007 - the log says none
