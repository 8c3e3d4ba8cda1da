"""Aging work in progress as the API and its file give it."""

from typing import Any

from app.auth.actor import Actor
from app.boards.history import read_board
from app.boards.shape import DONE
from app.call import Answer
from app.cards.pace import POINTS
from app.db import Tx
from app.flow.aging_past import (
    cards_in_work_at,
    end_of,
    names_of_columns,
    past_until,
    read_aging_at,
)
from app.flow.aging_queries import CSV_HEAD, cards_in_work, seconds_text
from app.flow.files import csv_answer
from app.flow.metrics import seconds
from app.flow.queries import Wanted, window_of


def aging_json(
    tx: Tx, actor: Actor, key: str, wanted: Wanted, fewest: int, as_of: str | None
) -> dict[str, Any]:
    """Aging work in progress as the API shows it."""
    board = read_board(tx, actor, key=key)
    at = end_of(board, as_of)
    window = window_of(board, past_until(wanted, at))
    found = read_aging_at(tx, board, window, wanted.cards, at, fewest)
    nothing: dict[str, float | None] = {str(point): None for point in POINTS}
    return {
        "cards": [
            {
                "id": card.id,
                "ref": f"{board.row.key}-{card.number}",
                "title": card.title,
                "column_id": card.column_id,
                "age": seconds(card.age),
                "time_in_column": seconds(card.time_in_column),
                "blocked": card.blocked,
            }
            for card in found.cards
        ],
        "pace": [
            {
                "column_id": column.id,
                "percentiles": {
                    str(point): seconds(mark)
                    for point, mark in zip(POINTS, found.pace[column.id], strict=True)
                }
                if column.id in found.pace
                else nothing,
            }
            for column in board.shape.columns
            if column.kind != DONE
        ],
    }


def aging_csv(tx: Tx, actor: Actor, key: str, wanted: Wanted, as_of: str | None) -> Answer:
    """The cards in work as a file."""
    board = read_board(tx, actor, key=key)
    at = end_of(board, as_of)
    cards = (
        cards_in_work(tx, board, wanted.cards)
        if at is None
        else cards_in_work_at(tx, board, wanted.cards, at)
    )
    names = names_of_columns(tx, board, cards)
    rows = [
        (
            f"{board.row.key}-{card.number}",
            card.title,
            names[card.column_id],
            seconds_text(card.age),
            seconds_text(card.time_in_column),
            "yes" if card.blocked else "no",
        )
        for card in cards
    ]
    return csv_answer(f"{board.row.key}-aging.csv", [CSV_HEAD, *rows])
