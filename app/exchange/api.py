"""The API of history import and export."""

import asyncio
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.call import Answer, CallDep
from app.csvtext import MEDIA_TYPE
from app.db import Tx
from app.exchange.export import export_history, export_sheet
from app.exchange.history import (
    ImportResult,
    Tried,
    check_may_import,
    import_history,
    try_import,
)
from app.exchange.schemas import HistoryDocument, ImportOut, read_document
from app.problems import responses
from app.types import FlagInUrl, KeyInUrl

router = APIRouter(prefix="/api/v1/boards", tags=["history import and export"])

_EXAMPLE = {
    "format": "weir-history/1",
    "cards": [
        {
            "external_id": "INC0000045",
            "title": "Printer on fire",
            "work_type": "incident",
            "labels": ["Group 56"],
            "created_at": "2016-02-29T01:16:00Z",
            "column": "New",
            "moves": [
                {"at": "2016-02-29T08:53:00Z", "to": "Resolved"},
                {"at": "2016-03-05T12:00:00Z", "to": "Closed"},
            ],
            "blocks": [
                {
                    "from": "2016-03-01T10:00:00Z",
                    "until": None,
                    "reason": "Awaiting user info",
                    "category": "waiting_on_customer",
                }
            ],
        }
    ],
}
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/HistoryDocument"},
            "example": _EXAMPLE,
        }
    },
}
_AS_FILE = {"Content-Disposition": {"schema": {"type": "string"}, "description": "A file's name."}}


@router.post(
    "/{key}/import",
    response_model=ImportOut,
    responses=responses(409),
    openapi_extra={"requestBody": _BODY},
)
async def import_cards(
    call: CallDep,
    key: KeyInUrl,
    dry_run: Annotated[
        FlagInUrl, Query(description="`true` tells what the import would do, and does nothing.")
    ] = False,
) -> Response:
    """Brings cards with their pasts onto a board: all, or none. A card whose `external_id` the
    board has already is skipped and counted, so that an import can be repeated.

    Columns and lanes are named; on a board without cards those of the document become its own,
    which takes a manager. Errors name the entry: `cards[17].moves[2].at: ...`. 409
    `/problems/wip-limit-reached` where a limit has no room for where the cards end up, and
    `/problems/andon-pulled` where one would be new work while the cord is pulled.
    """
    # The body may be large: it is read for those alone who may import, and not by this thread.
    await call.fetch(check_may_import, key)
    document = await asyncio.to_thread(read_document, await call.request.body())
    if dry_run:
        try:
            return await call.write(try_import, key, document)
        except Tried as tried:
            return Answer(200, orjson.dumps(tried.result._asdict()), {}).response()
    return await call.write(import_history, key, document, render=_imported)


@router.get(
    "/{key}/export",
    response_model=HistoryDocument,
    responses={
        200: {
            "description": "The board as it is now, to be saved as a file.",
            "headers": _AS_FILE,
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
        **responses(),
    },
)
async def export(
    call: CallDep,
    key: KeyInUrl,
    format: Annotated[  # noqa: A002 - the name in the address
        Literal["json", "csv"],
        Query(description="`csv`: a card a row with its clocks, durations in seconds."),
    ] = "json",
) -> Response:
    """A board's cards with their pasts, in the format of the import; imported into an empty board
    they are there again. Discarded cards are left out."""
    return await call.read(_sheet if format == "csv" else _document, key)


def _imported(tx: Tx, actor: Actor, result: ImportResult) -> dict[str, Any]:
    return result._asdict()


def _document(tx: Tx, actor: Actor, key: str) -> Answer:
    headers = {"Content-Disposition": f'attachment; filename="{key}-history.json"'}
    return Answer(200, export_history(tx, actor, key), headers)


def _sheet(tx: Tx, actor: Actor, key: str) -> Answer:
    headers = {"Content-Disposition": f'attachment; filename="{key}.csv"'}
    return Answer(200, export_sheet(tx, actor, key), headers, MEDIA_TYPE)
