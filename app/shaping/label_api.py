"""The API of a board's labels."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import read_board
from app.call import CallDep, nothing, plain
from app.db import Tx
from app.paging import Page, PageDep, key_of, page_json
from app.problems import responses
from app.shaping import labels
from app.shaping.labels import key_of_label, label_json
from app.types import IdInUrl, KeyInUrl, Model, Word, given

router = APIRouter(prefix="/api/v1", tags=["labels"])

Color = Literal[
    "grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink", "brown"
]


class LabelIn(Model):
    """A label to be made."""

    name: Word = Field(examples=["customer"])
    color: Color | None = Field(
        None, description="Left out: grey, or the colour that it had before it was removed."
    )


class LabelPatch(Model):
    """What changes on a label."""

    name: Word | None = None
    color: Color | None = Field(None, examples=["teal"])


class LabelOut(BaseModel):
    """A label of a board; `card_count` counts archived cards too."""

    id: int
    name: str
    color: Color
    card_count: int


class LabelsOut(BaseModel):
    """A page of a board's labels by name."""

    items: list[LabelOut]
    next_cursor: str | None


@router.get("/boards/{key}/labels", response_model=LabelsOut, responses=responses())
async def board_labels(call: CallDep, key: KeyInUrl, page: PageDep) -> Response:
    """A board's labels by name."""
    return await call.read(_labels, key, page)


@router.post(
    "/boards/{key}/labels", response_model=LabelOut, status_code=201, responses=responses(409)
)
async def add_label(call: CallDep, key: KeyInUrl, body: LabelIn) -> Response:
    """Makes a label; a removed one of that name comes back. 409 `/problems/already-exists` where
    the board has one. A card that is given an unknown label makes it too."""
    args = (key, body.name, body.color)
    return await call.write(labels.add_label, *args, render=plain(label_json), status=201)


@router.patch("/labels/{label_id}", response_model=LabelOut, responses=responses(409))
async def change_label(call: CallDep, label_id: IdInUrl, body: LabelPatch) -> Response:
    """Gives a label another name or colour, on all cards that carry it."""
    changes = given(body, never_null=("name", "color"))
    return await call.write(labels.change_label, label_id, changes, render=plain(label_json))


@router.delete("/labels/{label_id}", status_code=204, responses=responses(409))
async def delete_label(call: CallDep, label_id: IdInUrl) -> Response:
    """Removes a label, from all cards too; the history keeps its name."""
    return await call.write(labels.delete_label, label_id, render=nothing)


def _labels(tx: Tx, actor: Actor, key: str, page: Page) -> dict[str, Any]:
    found = labels.labels_of(tx, read_board(tx, actor, key=key).id)
    if page.after is not None:
        name, label_id = key_of(page.after, str, int)
        found = [label for label in found if key_of_label(label) > (name, label_id)]
    return page_json(page, found, lambda label: [*key_of_label(label)], label_json)
