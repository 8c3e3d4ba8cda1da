"""The first run: the page that makes the first account, its first board and a sample."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth import service as accounts
from app.auth.checking import hashed
from app.auth.pages import web_of, with_session
from app.boards.new_pages import template_choices
from app.boards.service import create_board
from app.call import Call, CallDep
from app.db import Tx
from app.forms import Form, Sent, read_form
from app.samples.service import make_sample
from app.types import BoardKey, Email, Name, Password, Secret

router = APIRouter(include_in_schema=False)


class SetupForm(Form):
    """The first account, and if wanted the first board and a sample board."""

    name: Name
    email: Email
    password: Password
    template: Literal["dev-ops", "simple", "empty", "none"] = "none"
    board: Name | None = None
    key: BoardKey | None = None
    sample: bool = False


@router.get("/setup")
async def setup_page(call: CallDep, t: Annotated[Secret, Query()] = "") -> Response:
    """The form that makes the first account."""
    await call.db.read(accounts.check_setup_link, t)
    return _setup_page(
        call, t, Sent({"template": "dev-ops", "board": "", "key": "OPS", "sample": "on"})
    )


@router.post("/setup")
async def set_up(call: CallDep, t: Annotated[Secret, Query()] = "") -> Response:
    """Makes the first account, an administrator's, and the boards that are wanted."""
    sent = await read_form(call.request, SetupForm)
    await call.db.read(accounts.check_setup_link, t)
    form = sent.form
    errors = dict(sent.errors)
    if form is not None and form.template != "none":
        errors |= {
            name: "must not be empty" for name in ("board", "key") if getattr(form, name) is None
        }
    if form is None or errors:
        return _setup_page(call, t, Sent(sent.typed, errors), 422)
    password = await hashed(call.request, form.password)
    agent = call.request.headers.get("user-agent", "")
    days = call.request.app.state.settings.session_days

    def verb(tx: Tx) -> tuple[str, str]:
        actor = accounts.set_up(tx, t, form.email, form.name, password)
        to = "/boards"
        if form.template != "none" and form.key is not None and form.board is not None:
            create_board(tx, actor, form.key, form.board, "UTC", form.template)
            to = f"/boards/{form.key}"
        if form.sample:
            # A board that is alive shows more than one that is empty.
            to = f"/boards/{make_sample(tx, actor).row.key}"
        return to, accounts.begin_session(tx, actor.id, agent, days)

    to, secret = await call.db.write(verb)
    response = web_of(call.request).redirect(to, ("ok", "Weir is set up. Welcome."))
    return with_session(call.request, response, secret)


def _setup_page(call: Call, secret: str, sent: Sent[SetupForm], status: int = 200) -> Response:
    chosen = sent.typed.get("template", "none")
    none = {
        "value": "none",
        "words": "None yet",
        "help": "You can make one later.",
        "selected": chosen == "none",
    }
    return web_of(call.request).page(
        call.request,
        "auth/setup.html",
        actor=None,
        title="Set up Weir",
        status=status,
        secret=secret,
        values={name: value for name, value in sent.typed.items() if name != "password"},
        errors=sent.errors,
        with_sample="sample" in sent.typed,
        templates=[*template_choices(chosen), none],
    )
