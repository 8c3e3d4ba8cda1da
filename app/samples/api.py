"""The API of sample boards."""

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from app.boards.queries import board_json
from app.boards.schemas import BoardOut, TimeZone
from app.call import CallDep
from app.problems import responses
from app.samples.removal import remove_sample
from app.samples.service import NAME, make_sample
from app.types import BoardKey, KeyInUrl, Model, Name

router = APIRouter(prefix="/api/v1/boards", tags=["boards"])


class SampleIn(Model):
    """A sample board to be made."""

    key: BoardKey | None = Field(
        None,
        examples=["SAMPLE"],
        description="Left out: the first of SAMPLE, SAMPLE2, ... that is free.",
    )
    name: Name = Field(NAME, examples=[NAME])
    time_zone: TimeZone = "UTC"


@router.post("/sample", response_model=BoardOut, status_code=201, responses=responses(409))
async def create_sample(call: CallDep, body: SampleIn | None = None) -> Response:
    """Makes a board with sixty days of made-up work and six cards to learn by; whoever makes it is
    its manager. It alone can be removed whole."""
    wanted = body or SampleIn.model_validate({})
    args = (wanted.key, wanted.name, wanted.time_zone)
    return await call.write(make_sample, *args, render=board_json, status=201)


@router.delete("/{key}/sample", status_code=204, responses=responses(409))
async def delete_sample(call: CallDep, key: KeyInUrl) -> Response:
    """Removes a sample board with its cards and its history, as if it had never been. 409
    `/problems/not-a-sample` for a board of real work."""
    return await call.write(remove_sample, key)
