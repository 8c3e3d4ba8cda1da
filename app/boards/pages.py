"""Pages around a board: the list of boards, its people, and the links that lead in."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import clock
from app.auth import service as accounts
from app.auth.actor import Actor
from app.auth.checking import hashed
from app.auth.pages import viewer_or_none, web_of, with_session
from app.boards import membership
from app.boards.frame import board_page
from app.boards.history import OpenBoard
from app.boards.lines import BoardLine, board_lines
from app.boards.rules import state_of
from app.boards.schemas import Role
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AlreadyExists, AppError
from app.forms import Form, Sent, read_form
from app.types import Email, IdInUrl, KeyInUrl, Name, Password, Secret
from app.web import initials
from app.words import moment

router = APIRouter(include_in_schema=False)

_ROLES = (
    ("viewer", "Viewer", "Sees the board, its history and its statistics."),
    ("member", "Member", "Works with cards: creates, moves, blocks, edits, archives."),
    ("liaison", "Liaison", "A member who is also told of blocked work."),
    ("manager", "Manager", "Shapes the board: columns, limits, lanes, people."),
)
_ROLE_WORDS = {value: words.lower() for value, words, _ in _ROLES}


class JoinForm(Form):
    """An account that is made to join a board."""

    name: Name
    email: Email
    password: Password


class MemberForm(Form):
    """Somebody with an account who becomes a member."""

    email: Email
    role: Role


class RoleForm(Form):
    """A role."""

    role: Role


@router.get("/boards")
async def boards(call: CallDep) -> Response:
    """The boards that the person sees."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        return web.page(
            call.request,
            "boards/list.html",
            actor=actor,
            title="Boards",
            boards=[_item(line) for line in sorted(board_lines(tx, actor), key=_order)],
            may_create=True,
        )

    return await call.fetch(verb)


@router.get("/boards/{key}/people")
async def people(call: CallDep, key: KeyInUrl) -> Response:
    """The members of a board and its invite links."""
    return await show_people(call, key)


@router.post("/boards/{key}/people")
async def add_member(call: CallDep, key: KeyInUrl) -> Response:
    """Makes somebody with an account a member."""
    sent = await read_form(call.request, MemberForm)
    if sent.form is None:
        return await show_people(call, key, sent.typed, sent.errors, 422)
    try:
        member = await call.act(membership.add_member, key, sent.form.email, sent.form.role)
    except AppError as error:
        if error.status not in {409, 422}:
            raise
        return await show_people(call, key, sent.typed, {"email": error.detail}, error.status)
    return _back(call, key, f"{member.name} is on the board.")


@router.post("/boards/{key}/people/invites")
async def create_invite(call: CallDep, key: KeyInUrl) -> Response:
    """Makes an invite link and shows it this one time."""
    sent = await read_form(call.request, RoleForm)
    if sent.form is None:
        return await show_people(call, key, {}, {"": "Choose a role."}, 422)
    settings = call.request.app.state.settings
    role, days = sent.form.role, settings.invite_days
    secret = await call.act(membership.create_invite, key, role, days)
    link = {
        "url": f"{settings.base_url}/invite/{secret}",
        "role_words": _ROLE_WORDS[role],
        "expires": moment(clock.now() + days * clock.DAY, "UTC"),
    }
    return await show_people(call, key, new_invite=link)


@router.post("/boards/{key}/people/invites/{invite_id}/revoke")
async def revoke_invite(call: CallDep, key: KeyInUrl, invite_id: IdInUrl) -> Response:
    """Ends an invite link."""
    await call.act(membership.revoke_invite, key, invite_id)
    return _back(call, key, "The link does not work any more.")


@router.post("/boards/{key}/people/{user_id}")
async def change_role(call: CallDep, key: KeyInUrl, user_id: IdInUrl) -> Response:
    """Gives a member another role."""
    sent = await read_form(call.request, RoleForm)
    if sent.form is None:
        return await show_people(call, key, {}, {"": "Choose a role."}, 422)
    try:
        member = await call.act(membership.change_role, key, user_id, sent.form.role)
    except AppError as error:
        if error.status != 409:
            raise
        return await show_people(call, key, {}, {"": error.detail}, 409)
    return _back(call, key, f"{member.name} is a {_ROLE_WORDS[member.role]} now.")


@router.post("/boards/{key}/people/{user_id}/remove")
async def remove_member(call: CallDep, key: KeyInUrl, user_id: IdInUrl) -> Response:
    """Takes a member off the board."""
    # The form's role stands beside the button and means nothing here.
    try:
        await call.act(membership.remove_member, key, user_id)
    except AppError as error:
        if error.status != 409:
            raise
        return await show_people(call, key, {}, {"": error.detail}, 409)
    me = await viewer_or_none(call)
    if me is not None and me.id == user_id and not me.is_admin:
        return web_of(call.request).redirect("/boards", ("ok", f"You have left {key}."))
    return _back(call, key, "Removed from the board.")


@router.get("/invite/{secret}")
async def invite_page(call: CallDep, secret: Secret) -> Response:
    """Where an invite link leads."""
    return await _invite_page(call, secret, Sent({}))


@router.post("/invite/{secret}")
async def accept_invite(call: CallDep, secret: Secret) -> Response:
    """Joins the board: the person who is signed in, or a new account."""
    me = await viewer_or_none(call)
    if me is not None:
        invite = await call.db.write(membership.accept_invite, secret, me.id)
        return web_of(call.request).redirect(f"/boards/{invite.board_key}")
    sent = await read_form(call.request, JoinForm)
    if sent.form is None:
        return await _invite_page(call, secret, sent, 422)
    form = sent.form
    await call.db.read(membership.find_invite, secret)
    password = await hashed(call.request, form.password)
    agent = call.request.headers.get("user-agent", "")
    days = call.request.app.state.settings.session_days

    def verb(tx: Tx) -> tuple[str, str]:
        user_id = accounts.add_user(tx, form.email, form.name, password)
        joined = membership.accept_invite(tx, secret, user_id)
        return joined.board_key, accounts.begin_session(tx, user_id, agent, days)

    try:
        key, session = await call.db.write(verb)
    except AlreadyExists:
        shown: Sent[JoinForm] = Sent(
            sent.typed, {"email": "There is an account with this address: sign in first."}
        )
        return await _invite_page(call, secret, shown, 409)
    response = web_of(call.request).redirect(f"/boards/{key}", ("ok", "Welcome."))
    return with_session(call.request, response, session)


async def show_people(
    call: Call,
    key: str,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    new_invite: Any = None,
) -> Response:
    """The page of a board's people, with what stood in the way of a change."""

    def view(tx: Tx, actor: Actor, board: OpenBoard) -> dict[str, Any]:
        may_manage = board.may_manage and board.row.archived_at is None
        rows = membership.members_of(tx, board.id)
        return {
            "title": f"People on {board.row.name}",
            "members": [
                {
                    **row._asdict(),
                    "initials": initials(row.name),
                    "hue_class": f"hue-{row.user_id % 8}",
                    "role_words": _ROLE_WORDS[row.role],
                    "is_you": row.user_id == actor.id,
                    "may_change": may_manage,
                }
                for row in rows
            ],
            "roles": [{"value": v, "words": w, "help": h} for v, w, h in _ROLES],
            "invites": [
                {
                    "id": row.id,
                    "role_words": _ROLE_WORDS[row.role],
                    "made_by": row.created_by,
                    "expires": moment(row.expires_at, board.row.time_zone),
                }
                for row in membership.invites_of(tx, board.id)
            ]
            if may_manage
            else [],
            "new_invite": new_invite,
            "values": typed or {},
            "errors": errors or {},
        }

    return await board_page(call, key, "boards/people.html", view, status)


def _order(line: BoardLine) -> tuple[bool, bool, str]:
    """Boards of real work by their names, then samples, then the archive."""
    return line.archived_at is not None, line.sample, line.name.lower()


def _item(line: BoardLine) -> dict[str, Any]:
    limit = line.wip_limit
    return {
        "key": line.key,
        "name": line.name,
        "url": f"/boards/{line.key}",
        "role_words": _ROLE_WORDS[line.role] if line.role else "administrator",
        "cards_open": line.cards_open,
        "wip_words": str(line.wip_count) if limit is None else f"{line.wip_count} / {limit}",
        "wip_state": "none" if limit is None else state_of(line.wip_count, limit),
        "blocked_count": line.blocked_count,
        "over_count": line.over_count,
        "andon_pulled": line.andon_pulled,
        "done_count": line.done_count,
        "sample": line.sample,
        "archived": line.archived_at is not None,
    }


async def _invite_page(
    call: Call, secret: str, sent: Sent[JoinForm], status: int = 200
) -> Response:
    me = await viewer_or_none(call)
    invite = await call.db.read(membership.find_invite, secret)
    return web_of(call.request).page(
        call.request,
        "auth/invite.html",
        actor=me,
        title=f"Join {invite.board_name}",
        status=status,
        secret=secret,
        invite={
            "board_name": invite.board_name,
            "board_key": invite.board_key,
            "invited_by": invite.invited_by,
            "role_words": f"a {_ROLE_WORDS[invite.role]}",
            "expires": moment(invite.expires_at, invite.time_zone),
        },
        values={name: value for name, value in sent.typed.items() if name != "password"},
        errors=sent.errors,
    )


def _back(call: Call, key: str, words: str) -> Response:
    return web_of(call.request).redirect(f"/boards/{key}/people", ("ok", words))
