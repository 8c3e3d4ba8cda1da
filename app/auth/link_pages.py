"""Where a link to a new password leads."""

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.checking import hashed
from app.auth.links import LinkOwner, find_password_link, use_password_link
from app.auth.pages import web_of, with_session
from app.auth.service import begin_session
from app.call import Call, CallDep
from app.db import Tx
from app.forms import Form, Sent, read_form
from app.types import GivenPassword, Password, Secret
from app.words import moment

router = APIRouter(prefix="/password", include_in_schema=False)


class ChosenForm(Form):
    """A password that was chosen."""

    password: Password
    again: GivenPassword


@router.get("/{secret}")
async def choose_page(call: CallDep, secret: Secret) -> Response:
    """The form in which a password is chosen."""
    owner = await call.db.read(find_password_link, secret)
    return _page(call, secret, owner, Sent({}))


@router.post("/{secret}")
async def choose(call: CallDep, secret: Secret) -> Response:
    """Keeps the password, ends the person's sessions and begins a new one here."""
    request = call.request
    sent = await read_form(request, ChosenForm)
    owner = await call.db.read(find_password_link, secret)
    if sent.form is not None and sent.form.password != sent.form.again:
        sent = Sent(sent.typed, {"again": "is not the same as the first"})
    if sent.form is None:
        return _page(call, secret, owner, sent, 422)
    password = await hashed(request, sent.form.password)
    agent = request.headers.get("user-agent", "")
    days = request.app.state.settings.session_days

    def verb(tx: Tx) -> str:
        return begin_session(tx, use_password_link(tx, secret, password).id, agent, days)

    session = await call.db.write(verb)
    response = web_of(request).redirect("/boards", ("ok", "The password is set. Welcome."))
    return with_session(request, response, session)


def _page(
    call: Call, secret: str, owner: LinkOwner, sent: Sent[ChosenForm], status: int = 200
) -> Response:
    return web_of(call.request).page(
        call.request,
        "auth/password.html",
        actor=None,
        title="Choose a password",
        status=status,
        secret=secret,
        owner={"name": owner.name, "email": owner.email},
        expires=moment(owner.expires_at, "UTC"),
        errors=sent.errors,
    )
