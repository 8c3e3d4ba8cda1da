"""The page on which a board's cards come and go with their pasts: import and export."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.frame import board_page
from app.boards.history import OpenBoard
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AppError, Invalid
from app.exchange.history import ImportResult, Tried, check_may_import, import_history, try_import
from app.exchange.schemas import places_said, read_document
from app.types import KeyInUrl
from app.words import count_of

router = APIRouter(prefix="/boards/{key}/import", include_in_schema=False)

# A pasted text is given back with what is wrong with it, up to so many characters.
MOST_GIVEN_BACK = 1_000_000


@router.get("")
async def exchange_page(call: CallDep, key: KeyInUrl) -> Response:
    """Import and export."""
    return await _show(call, key)


@router.post("")
async def import_cards(call: CallDep, key: KeyInUrl) -> Response:
    """Brings the cards of a file, or of a pasted text, onto the board, or tells what that would
    do: all of them come, or none."""
    await call.fetch(check_may_import, key)
    room = call.request.app.state.settings.max_import_bytes
    async with call.request.form(max_files=1, max_fields=3, max_part_size=room) as form:
        file, text, check = form.get("file"), form.get("text"), form.get("check")
        text = text if isinstance(text, str) else ""
        content = await file.read() if isinstance(file, UploadFile) else b""
    try:
        if not content and not text.strip():
            raise Invalid((("file",), "Choose a file, or paste its text."))
        document = await asyncio.to_thread(read_document, content or text.encode())
        if check:
            return await _show(call, key, text, tried=await _tried(call, key, document))
        done = await call.act(import_history, key, document)
    except AppError as error:
        if error.status not in {403, 409, 422}:
            raise
        return await _show(call, key, text, problem=error)
    return web_of(call.request).redirect(f"/boards/{key}", ("ok", _words(done, "came")))


async def _tried(call: Call, key: str, document: Any) -> str:
    try:
        await call.act(try_import, key, document)
    except Tried as tried:
        return f"{_words(tried.result, 'would come')} Nothing was imported yet."
    raise AssertionError


def _words(result: ImportResult, come: str) -> str:
    """`12 cards came onto the board, 3 are there already.`"""
    said = f"{count_of(result.created, 'card')} {come} onto the board"
    if not result.skipped:
        return f"{said}."
    are = "is" if result.skipped == 1 else "are"
    return f"{said}, {result.skipped} {are} there already."


async def _show(
    call: Call, key: str, text: str = "", *, tried: str = "", problem: AppError | None = None
) -> Response:
    problems = []
    if isinstance(problem, Invalid):
        problems = places_said(problem)
    elif problem is not None:
        problems = [("", problem.detail)]

    def view(tx: Tx, actor: Actor, board: OpenBoard) -> dict[str, Any]:
        return {
            "title": f"Import and export, {board.row.name}",
            "text": text if len(text) <= MOST_GIVEN_BACK else "",
            "tried": tried,
            "problems": problems,
        }

    status = 200 if problem is None else problem.status
    return await board_page(call, key, "exchange/import.html", view, status)
