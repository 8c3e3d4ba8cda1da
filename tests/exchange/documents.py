"""History documents for the tests: the hours of one day, and the columns of the board OPS."""

from typing import Any

from httpx2 import Response

from tests.support import BoardOf

COLUMNS = [
    {"name": "New", "kind": "queue"},
    {"name": "Active", "kind": "active"},
    {"name": "Resolved", "kind": "done"},
]


def iso(hour: float) -> str:
    """A moment of 6 May 2024, as Weir writes it."""
    seconds = round(hour * 3600)
    return f"2024-05-06T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000000Z"


def card(
    external_id: str | None = None,
    *moves: tuple[float, str],
    column: str = "Backlog",
    at: float = 8,
    **more: Any,
) -> dict[str, Any]:
    """A card that was created at this hour of the day and moved at others."""
    return {
        "external_id": external_id,
        "title": f"Card {external_id}",
        "created_at": iso(at),
        "column": column,
        "moves": [{"at": iso(hour), "to": to} for hour, to in moves],
        **more,
    }


def block(start: float, until: float | None = None, **more: Any) -> dict[str, Any]:
    """A blocked interval from one hour to another, or that goes on."""
    end = None if until is None else iso(until)
    return {"from": iso(start), "until": end, "reason": "Waiting", **more}


def document(*cards: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document with these cards."""
    return {"format": "weir-history/1", "cards": list(cards), **more}


def bring(board: BoardOf, *cards: dict[str, Any], **more: Any) -> Any:
    """Imports cards onto a board; the answer."""
    return board.person.post(f"/boards/{board.key}/import", document(*cards, **more))


def try_to_bring(board: BoardOf, *cards: dict[str, Any], **more: Any) -> Response:
    """Tries to import cards onto a board."""
    return board.person.ask("POST", f"/boards/{board.key}/import", json=document(*cards, **more))


def said(board: BoardOf, *cards: dict[str, Any], **more: Any) -> str:
    """What is said about a document that is wrong."""
    response = try_to_bring(board, *cards, **more)
    assert response.status_code == 422, response.text
    problem = response.json()
    assert problem["type"] == "/problems/validation-error"
    assert all(error["loc"][0] == "body" and error["msg"] for error in problem["errors"])
    return str(problem["detail"])


def names(board: BoardOf, kind: str) -> list[str]:
    """The names of a board's columns, groups or lanes."""
    return [thing["name"] for thing in board.read()[kind]]


def exported(board: BoardOf) -> bytes:
    """A board's export."""
    response = board.person.ask("GET", f"/boards/{board.key}/export")
    assert response.status_code == 200, response.text
    return response.content
