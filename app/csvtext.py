"""Rows of a CSV file that a spreadsheet shows as what they are. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence

MEDIA_TYPE = "text/csv; charset=utf-8"

# A cell that begins so is a formula to a spreadsheet, whatever somebody meant as a card's title.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_rows(rows: Iterable[Sequence[str | int | None]]) -> str:
    """Rows as CSV (RFC 4180); None is an empty cell, and no cell begins like a formula."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: str | int | None) -> str | int | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
