"""The help page: keys, limits, the words of the board, the clocks and what they measure."""

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.pages import viewer_or_none, web_of
from app.call import CallDep

router = APIRouter(include_in_schema=False)

_MOVES = "⇧ ←↑↓→"
KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Cards",
        (
            ("↑ ↓ ← →, H J K", "go to another card"),
            ("Enter", "open the card"),
            ("Space", "a quick look"),
            (_MOVES, "move it at once: to the next column, up or down"),
            ("M", "Move to…"),
            ("E", "edit the title"),
            ("A", "assign"),
            ("I", "assign to me"),
            ("L", "label"),
            ("B", "block or unblock"),
            ("X", "select; then the keys act on all that are selected"),
        ),
    ),
    (
        "The board",
        (
            ("C", "a new card"),
            ("N", "a new card in this column"),
            ("/, F", "search and filter"),
            ("Q", "my cards"),
            ("⇧ X", "clear the filter"),
            ("Ctrl Z", "undo my last change"),
            ("Ctrl K", "go to a card, a board, a command"),
            ("Ctrl Enter", "send a form"),
            ("Esc", "close; clear the selection"),
            ("?", "all keys"),
        ),
    ),
)


@router.get("/help")
async def help_page(call: CallDep) -> Response:
    """Help, for everybody."""
    return web_of(call.request).page(
        call.request,
        "help.html",
        actor=await viewer_or_none(call),
        title="Help",
        keys=[
            {
                "head": head,
                "lines": [{"keys": _parts(keys), "words": words} for keys, words in lines],
            }
            for head, lines in KEYS
        ],
    )


def _parts(keys: str) -> list[list[str]]:
    """The ways to press what does something, each with its keys."""
    return [way.split() for way in keys.split(", ")]
