"""The buttons that make a sample board and take it away."""

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.call import CallDep
from app.db import Tx
from app.samples.removal import remove_sample
from app.samples.service import make_sample
from app.types import KeyInUrl

router = APIRouter(prefix="/boards", include_in_schema=False)


@router.post("/sample")
async def create_sample(call: CallDep) -> Response:
    """Makes a sample board and leads to it."""

    def verb(tx: Tx, actor: Actor) -> str:
        return make_sample(tx, actor).row.key

    return web_of(call.request).redirect(f"/boards/{await call.act(verb)}")


@router.post("/{key}/sample/remove")
async def delete_sample(call: CallDep, key: KeyInUrl) -> Response:
    """Removes a sample board."""
    await call.act(remove_sample, key)
    return web_of(call.request).redirect("/boards", ("ok", "The sample board is gone."))
