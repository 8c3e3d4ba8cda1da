"""Who may do what: every route against every kind of caller.

The routes come from the OpenAPI document and from the application itself: one without an
expectation here fails. After a denial nothing has changed, and what somebody may not see is not
there for that person, in the same words as what never was.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from httpx2 import Response

from app import clock
from tests import databases
from tests.routes import Route, documented
from tests.worlds import (
    ADMINISTRATOR,
    CALLERS,
    ELSEWHERE,
    FORMER,
    LIAISON,
    MANAGER,
    MEMBER,
    OUTSIDE,
    READ_ONLY,
    SIGNED_OUT,
    VIEWER,
    Caller,
    World,
    api,
    world_on,
)

MISSING = 987_654


class Call(NamedTuple):
    """A request that would do something: the values for its address, its body, its form."""

    path: dict[str, Any]
    body: Any = None
    query: dict[str, Any] = {}  # noqa: RUF012 - a constant
    form: dict[str, Any] | None = None


# --- What each kind of access means --------------------------------------------------------------

Access = Callable[[str], int | None]
"""The status for a caller who is signed in; None: it is done."""


def anybody_signed_in(caller: str) -> int | None:
    """Everybody with valid credentials."""
    return None


def readers(caller: str) -> int | None:
    """Whoever sees the board."""
    return 404 if caller in OUTSIDE else None


def workers(caller: str) -> int | None:
    """Whoever works on the board."""
    return 403 if caller in {VIEWER, READ_ONLY} else readers(caller)


def movers(caller: str) -> int | None:
    """Whoever works on both boards."""
    return workers(caller) or (404 if caller in {MEMBER, LIAISON} else None)


def managers(caller: str) -> int | None:
    """Whoever shapes the board."""
    return 403 if caller in {VIEWER, READ_ONLY, MEMBER, LIAISON} else readers(caller)


def its_author(caller: str) -> int | None:
    """The manager, who has written it: not even an administrator puts words in another's mouth."""
    return 403 if managers(caller) is None and caller != MANAGER else managers(caller)


def whoever_may_write(caller: str) -> int | None:
    """Everybody but a token that only reads."""
    return 403 if caller == READ_ONLY else None


def makers_of_boards(caller: str) -> int | None:
    """Everybody but a token that only reads, or that reaches some boards only."""
    return 403 if caller in {READ_ONLY, ELSEWHERE} else None


def no_token(caller: str) -> int | None:
    """Nobody by a token: it makes no tokens and knows nothing of sessions and passwords."""
    return 403


def administrators(caller: str) -> int | None:
    """Whoever administers the installation; the others are told so, and nothing else."""
    return None if caller == ADMINISTRATOR else 403


# --- The requests --------------------------------------------------------------------------------
# Each is made for a caller who may (`new`: then it gets something of its own to work on) or for one
# who may not, and then everything stands where it was.


def _ops(**body: Any) -> Callable[[World, bool], Call]:
    return lambda world, new: Call({"key": "OPS"}, body or None)


def _cord(*, pulled: bool, **body: Any) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        if new:
            world.cord(pulled=pulled)
        return Call({"key": "OPS"}, body)

    return make


def _card(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        card = world.new_card() if new else world.card
        return Call({"card_id": card["id"], "number": card["number"], "key": "OPS"}, body)

    return make


def _move(world: World, new: bool) -> Call:
    return _card({"column_id": world.board.column("Backlog"), "index": 0})(world, new)


def _bulk(world: World, new: bool) -> Call:
    card = world.new_card() if new else world.card
    body = {"action": "label", "cards": [{"id": card["id"]}], "add": [f"L{world.number()}"]}
    return Call({"key": "OPS"}, body)


def _undo(world: World, new: bool) -> Call:
    if new:
        # Whoever asks has something to take back.
        for caller in world.callers():
            if caller.name not in SIGNED_OUT and workers(caller.name) is None:
                card = world.new_card()
                body = {"title": f"Undone {world.number()}"}
                world.ask(caller, "PATCH", api(f"/cards/{card['id']}"), json=body)
    return Call({"key": "OPS"})


def _blocked_card(world: World, new: bool) -> Call:
    card = world.new_blocked_card() if new else world.blocked
    return Call({"card_id": card["id"]}, {})


def _archived_card(world: World, new: bool) -> Call:
    card = world.new_archived_card() if new else world.archived
    return Call({"card_id": card["id"]})


def _create_board(world: World, new: bool) -> Call:
    return Call({}, {"key": f"N{world.number()}", "name": "A board"})


def _a_board(world: World, new: bool) -> Call:
    return Call({"key": world.new_board() if new else "OPS"})


def _a_sample(world: World, new: bool) -> Call:
    return Call({"key": world.manager.post("/boards/sample", {})["key"] if new else "OPS"})


def _add_member(world: World, new: bool) -> Call:
    person = world.weir.person(f"Guest {world.number()}") if new else world.people["stranger"]
    return Call({"key": "OPS"}, {"email": person.email, "role": "viewer"})


def _member(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        person = world.new_member() if new else world.zoe
        return Call({"key": "OPS", "user_id": person.id}, body)

    return make


def _column(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        return Call({"column_id": _part(world, new, "columns", "column")}, body)

    return make


def _group(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        return Call({"group_id": _part(world, new, "groups", "group")}, body)

    return make


def _lane(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        return Call({"lane_id": _part(world, new, "lanes", "lane")}, body)

    return make


def _part(world: World, new: bool, kind: str, one: str) -> int:
    if new:
        return world.new_part(kind)
    name = {"columns": "Ready", "groups": "Development", "lanes": "Expedite"}[kind]
    return int(getattr(world.board, one)(name))


def _detail(name: str, kind: str, made_of: Any, body: Any = None) -> Callable[[World, bool], Call]:
    """Something that belongs to a card, and that the manager has made."""

    def make(world: World, new: bool) -> Call:
        return Call({name: world.detail(kind, made_of, new=new)}, body)

    return make


def _comment(body: Any = None) -> Callable[[World, bool], Call]:
    return _detail("comment_id", "comments", {"body": "Said"}, body)


def _checklist(body: Any = None) -> Callable[[World, bool], Call]:
    return _detail("checklist_id", "checklists", {"name": "To do"}, body)


def _web_link(body: Any = None) -> Callable[[World, bool], Call]:
    return _detail("web_link_id", "web-links", {"url": "https://example.org"}, body)


def _label(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        return Call({"label_id": world.label(new=new)}, body)

    return make


def _link(world: World, new: bool) -> Call:
    other = world.new_card() if new else world.blocked
    return _card({"kind": "blocks", "card_id": other["id"]})(world, new)


def _linked(world: World, new: bool) -> Call:
    other = world.new_card() if new else world.blocked
    body = {"kind": "relates_to", "ref": other["ref"]}
    return Call({"link_id": world.detail("links", body, new=new)})


def _marker(world: World, new: bool) -> Call:
    return Call({"key": "OPS", "marker_id": world.marker(new=new)})


def _item(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        return Call({"item_id": world.item(new=new)}, body)

    return make


def _add_part(world: World, new: bool) -> Call:
    return Call({"key": "OPS"}, {"name": f"Part {world.number()}"})


def _order(kind: str, field: str) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        ids = [part["id"] for part in world.board.read()[kind]]
        return Call({"key": "OPS"}, {field: [*ids[1:], ids[0]]})

    return make


def _import(world: World, new: bool) -> Call:
    card = {"title": "An old one", "created_at": "2020-01-01T00:00:00Z", "column": "Backlog"}
    return Call({"key": "OPS"}, {"format": "weir-history/1", "cards": [card]})


def _with_a_past(world: World, new: bool) -> Call:
    at = clock.iso(clock.now() - 10 * clock.DAY)
    card = {"external_id": "PAST-1", "title": "Done long ago", "created_at": at}
    moves = [{"at": at, "to": "In production"}]
    past = {"format": "weir-history/1", "cards": [{**card, "column": "Backlog", "moves": moves}]}
    world.manager.post("/boards/OPS/import", past)
    return Call({"key": "OPS"})


def _preview(world: World, new: bool) -> Call:
    query = {"column_id": world.board.column("Ready"), "kind": "active"}
    return Call({"key": "OPS"}, query=query)


def _team(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        team = world.new_team() if new else "dev"
        return Call({"key": "OPS", "team": team}, body and {"name": f"Team {world.number()}"})

    return make


def _archived_board(world: World, new: bool) -> Call:
    call = _a_board(world, new)
    if new:
        world.manager.delete(f"/boards/{call.path['key']}")
    return call


def _password(world: World, new: bool) -> Call:
    return Call({}, {"old_password": "correct horse", "new_password": "battery staple"})


def _somebody(body: Any = None) -> Callable[[World, bool], Call]:
    def make(world: World, new: bool) -> Call:
        return Call({"user_id": world.zoe.id}, body)

    return make


def _add_somebody(world: World, new: bool) -> Call:
    return Call({}, {"email": f"new{world.number()}@example.org", "name": "Nora Newcomer"})


class Expected(NamedTuple):
    """Who may, and a request that would do it."""

    who: Access
    request: Callable[[World, bool], Call]


API_TABLE: dict[str, Expected] = {
    "GET /me": Expected(anybody_signed_in, lambda world, new: Call({})),
    "PATCH /me": Expected(
        whoever_may_write, lambda world, new: Call({}, {"density": "comfortable"})
    ),
    "PUT /me/password": Expected(no_token, _password),
    "GET /sessions": Expected(no_token, lambda world, new: Call({})),
    "DELETE /sessions": Expected(no_token, lambda world, new: Call({})),
    "GET /tokens": Expected(anybody_signed_in, lambda world, new: Call({})),
    "POST /tokens": Expected(no_token, lambda world, new: Call({}, {"name": "A token"})),
    "GET /admin/users": Expected(administrators, lambda world, new: Call({})),
    "POST /admin/users": Expected(administrators, _add_somebody),
    "GET /admin/users/{user_id}": Expected(administrators, _somebody()),
    "PATCH /admin/users/{user_id}": Expected(administrators, _somebody({"active": True})),
    "POST /admin/users/{user_id}/password-link": Expected(no_token, _somebody()),
    "GET /admin/boards": Expected(administrators, lambda world, new: Call({})),
    "GET /admin/health": Expected(administrators, lambda world, new: Call({})),
    "GET /boards": Expected(anybody_signed_in, lambda world, new: Call({})),
    "POST /boards": Expected(makers_of_boards, _create_board),
    "POST /boards/sample": Expected(makers_of_boards, lambda world, new: Call({}, {})),
    "DELETE /boards/{key}/sample": Expected(managers, _a_sample),
    "GET /boards/{key}": Expected(readers, _ops()),
    "PATCH /boards/{key}": Expected(
        managers, lambda world, new: Call({"key": "OPS"}, {"name": f"Ops {world.number()}"})
    ),
    "DELETE /boards/{key}": Expected(managers, _a_board),
    "POST /boards/{key}/restore": Expected(managers, _archived_board),
    "GET /boards/{key}/members": Expected(readers, _ops()),
    "POST /boards/{key}/members": Expected(managers, _add_member),
    "PATCH /boards/{key}/members/{user_id}": Expected(managers, _member({"role": "member"})),
    "DELETE /boards/{key}/members/{user_id}": Expected(managers, _member()),
    "GET /boards/{key}/activity": Expected(readers, _ops()),
    "GET /boards/{key}/events": Expected(readers, _ops()),
    "POST /boards/{key}/columns": Expected(managers, _add_part),
    "PATCH /columns/{column_id}": Expected(managers, _column({"policy": "Reviewed"})),
    "DELETE /columns/{column_id}": Expected(managers, _column()),
    "PUT /boards/{key}/columns/order": Expected(managers, _order("columns", "column_ids")),
    "GET /boards/{key}/columns/preview": Expected(readers, _preview),
    "POST /boards/{key}/teams": Expected(managers, _add_part),
    "PATCH /boards/{key}/teams/{team}": Expected(managers, _team(True)),
    "DELETE /boards/{key}/teams/{team}": Expected(managers, _team()),
    "POST /boards/{key}/groups": Expected(managers, _add_part),
    "PATCH /groups/{group_id}": Expected(managers, _group({"wip_limit": 9})),
    "DELETE /groups/{group_id}": Expected(managers, _group()),
    "POST /boards/{key}/lanes": Expected(managers, _add_part),
    "PATCH /lanes/{lane_id}": Expected(managers, _lane({"wip_limit": 9})),
    "DELETE /lanes/{lane_id}": Expected(managers, _lane()),
    "PUT /boards/{key}/lanes/order": Expected(managers, _order("lanes", "lane_ids")),
    "GET /boards/{key}/cards": Expected(readers, _ops()),
    "POST /boards/{key}/cards": Expected(workers, _ops(title="A card")),
    "POST /cards/{card_id}/transfer": Expected(movers, _card({"board": "OTHER"})),
    "GET /find": Expected(anybody_signed_in, lambda world, new: Call({}, query={"q": "card"})),
    "POST /boards/{key}/cards/bulk": Expected(workers, _bulk),
    "GET /boards/{key}/undo": Expected(readers, _ops()),
    "POST /boards/{key}/undo": Expected(workers, _undo),
    "GET /boards/{key}/cards/{number}": Expected(readers, _card()),
    "GET /cards/{card_id}": Expected(readers, _card()),
    "PATCH /cards/{card_id}": Expected(workers, _card({"title": "Another title"})),
    "DELETE /cards/{card_id}": Expected(workers, _card()),
    "POST /cards/{card_id}/move": Expected(workers, _move),
    "POST /cards/{card_id}/block": Expected(workers, _card({"reason": "Why"})),
    "POST /cards/{card_id}/unblock": Expected(workers, _blocked_card),
    "POST /cards/{card_id}/archive": Expected(workers, _card()),
    "POST /cards/{card_id}/restore": Expected(workers, _archived_card),
    "GET /cards/{card_id}/history": Expected(readers, _card()),
    "GET /boards/{key}/labels": Expected(readers, _ops()),
    "POST /boards/{key}/labels": Expected(
        workers, lambda world, new: Call({"key": "OPS"}, {"name": f"label {world.number()}"})
    ),
    "PATCH /labels/{label_id}": Expected(managers, _label({"color": "teal"})),
    "DELETE /labels/{label_id}": Expected(managers, _label()),
    "GET /cards/{card_id}/comments": Expected(readers, _card()),
    "POST /cards/{card_id}/comments": Expected(workers, _card({"body": "Well said"})),
    "PATCH /comments/{comment_id}": Expected(its_author, _comment({"body": "Better said"})),
    "DELETE /comments/{comment_id}": Expected(managers, _comment()),
    "GET /cards/{card_id}/checklists": Expected(readers, _card()),
    "POST /cards/{card_id}/checklists": Expected(workers, _card({"name": "A checklist"})),
    "PATCH /checklists/{checklist_id}": Expected(workers, _checklist({"name": "Another"})),
    "DELETE /checklists/{checklist_id}": Expected(workers, _checklist()),
    "POST /checklists/{checklist_id}/items": Expected(workers, _checklist({"text": "To do"})),
    "PATCH /checklist-items/{item_id}": Expected(workers, _item({"checked": True})),
    "DELETE /checklist-items/{item_id}": Expected(workers, _item()),
    "GET /cards/{card_id}/links": Expected(readers, _card()),
    "POST /cards/{card_id}/links": Expected(workers, _link),
    "DELETE /card-links/{link_id}": Expected(workers, _linked),
    "GET /cards/{card_id}/web-links": Expected(readers, _card()),
    "POST /cards/{card_id}/web-links": Expected(workers, _card({"url": "https://example.org"})),
    "PATCH /web-links/{web_link_id}": Expected(workers, _web_link({"title": "A title"})),
    "DELETE /web-links/{web_link_id}": Expected(workers, _web_link()),
    "POST /boards/{key}/import": Expected(workers, _import),
    "GET /boards/{key}/export": Expected(readers, _ops()),
    "GET /boards/{key}/stats/lead-time": Expected(readers, _ops()),
    "GET /boards/{key}/stats/cycle-time": Expected(readers, _ops()),
    "GET /boards/{key}/stats/process-time": Expected(readers, _ops()),
    "GET /boards/{key}/stats/cfd": Expected(readers, _ops()),
    "GET /boards/{key}/stats/value-stream": Expected(readers, _ops()),
    "GET /boards/{key}/stats/constraint": Expected(readers, _ops()),
    "GET /boards/{key}/stats/refusals": Expected(readers, _ops()),
    "GET /boards/{key}/stats/throughput": Expected(readers, _ops()),
    "GET /boards/{key}/stats/forecast": Expected(readers, _with_a_past),
    "GET /boards/{key}/stats/blockers": Expected(readers, _ops()),
    "GET /boards/{key}/stats/aging": Expected(readers, _ops()),
    "GET /boards/{key}/stats/work-mix": Expected(readers, _ops()),
    "GET /boards/{key}/markers": Expected(readers, _ops()),
    "POST /boards/{key}/markers": Expected(managers, _ops(at="2026-03-02", words="A change")),
    "DELETE /boards/{key}/markers/{marker_id}": Expected(managers, _marker),
    "POST /boards/{key}/andon": Expected(workers, _cord(pulled=False, reason="A reason")),
    "POST /boards/{key}/andon/help": Expected(workers, _cord(pulled=True)),
    "POST /boards/{key}/andon/resolve": Expected(workers, _cord(pulled=True, learning="Much")),
    "GET /boards/{key}/andon/history": Expected(readers, _ops()),
    "GET /portfolio": Expected(anybody_signed_in, lambda world, new: Call({})),
    "GET /boards/{key}/stats/summary": Expected(readers, _ops()),
}
# Somebody's own tokens and sessions: each caller asks for one of their own, see below.
API_ELSEWHERE = {"DELETE /tokens/{token_id}", "DELETE /sessions/{session_id}"}


def short(route: Route) -> str:
    """A route of the API without what all of them begin with."""
    return f"{route.method} {route.path.removeprefix('/api/v1')}"


API_ROUTES = [short(route) for route in documented()]


# --- The world -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world on SQLite."""
    folder = tmp_path_factory.mktemp("access")
    with world_on(databases.fresh_sqlite(folder / "weir.sqlite3"), folder) as world:
        yield world


@pytest.fixture(scope="module")
def postgresql_world(
    postgres_databases: databases.PostgresDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world on PostgreSQL."""
    folder = tmp_path_factory.mktemp("access")
    with postgres_databases.fresh() as url, world_on(url, folder) as world:
        yield world


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> World:
    """A world that all tests here share; what one of them makes does not trouble the others."""
    found: World = request.getfixturevalue(f"{request.param}_world")
    return found


def address(path: str, call: Call) -> str:
    """An address with its parts filled in."""
    return path.format(**call.path)


def send(world: World, caller: Caller, method: str, path: str, call: Call) -> Response:
    """Sends a request of the table."""
    more: dict[str, Any] = {"params": call.query}
    if call.form is not None:
        more["data"] = call.form
    elif call.body is not None:
        more["json"] = call.body
    return world.ask(caller, method, address(path, call), **more)


def body_of(response: Response) -> tuple[int, Any, Any]:
    """What an answer shows of a thing."""
    return response.status_code, response.headers.get("content-type"), response.content


# --- The API -------------------------------------------------------------------------------------


def test_every_route_of_the_api_has_an_expectation() -> None:
    assert set(API_ROUTES) == set(API_TABLE) | API_ELSEWHERE


@pytest.mark.parametrize("route", [route for route in API_ROUTES if route not in API_ELSEWHERE])
def test_a_route_lets_those_do_it_who_may_and_changes_nothing_for_others(
    world: World, route: str
) -> None:
    method, path = route.split()
    expected = API_TABLE[route]
    denied = {
        caller.name: 401 if caller.name in SIGNED_OUT else expected.who(caller.name)
        for caller in world.callers()
    }
    call = expected.request(world, False)
    before = world.dump()
    found = {}
    for caller in world.callers():
        if denied[caller.name] is not None:
            response = send(world, caller, method, api(path), call)
            found[caller.name] = response.status_code
            assert response.headers["content-type"] == "application/problem+json"
            if response.status_code == 401:
                assert response.headers["www-authenticate"] == "Bearer"
    assert found == {name: status for name, status in denied.items() if status is not None}
    assert world.dump() == before
    for caller in world.callers():
        if denied[caller.name] is None:
            response = send(world, caller, method, api(path), expected.request(world, True))
            assert response.is_success, f"{caller.name}: {response.text}"
    if "/andon" in path:
        world.cord(pulled=False)  # or the others could start no work


@pytest.mark.parametrize(
    "route", [route for route in API_ROUTES if "{" in route and route not in API_ELSEWHERE]
)
def test_what_one_may_not_see_is_not_there(world: World, route: str) -> None:
    """The answer is the same, to the letter, as for what never existed."""
    method, path = route.split()
    call = API_TABLE[route].request(world, False)
    for caller in world.callers():
        if caller.name not in OUTSIDE:
            continue
        hidden = body_of(send(world, caller, method, api(path), call))
        for name, value in call.path.items():
            if f"{{{name}}}" in path:
                never = "NEVER" if isinstance(value, str) else MISSING
                missing = call._replace(path={**call.path, name: never})
                assert body_of(send(world, caller, method, api(path), missing)) == hidden
        # That there is an administration is no secret, what it would answer is.
        assert hidden[0] == (403 if path.startswith("/admin/") else 404)


def test_somebody_revokes_only_tokens_of_their_own(world: World) -> None:
    for caller in world.callers():
        own = world.new_token(caller.person) if caller.person and caller.person.actor else MISSING
        others = world.new_token(world.zoe)
        before = world.dump()
        response = world.ask(caller, "DELETE", api(f"/tokens/{others}"))
        denied = {READ_ONLY: 403}.get(caller.name, 401 if caller.name in SIGNED_OUT else 404)
        assert response.status_code == denied, caller.name
        assert world.dump() == before
        never = world.ask(caller, "DELETE", api(f"/tokens/{MISSING}"))
        assert body_of(never) == body_of(response)
        response = world.ask(caller, "DELETE", api(f"/tokens/{own}"))
        allowed = denied if denied in {401, 403} else 204
        assert response.status_code == allowed, caller.name


def test_nobody_ends_a_session_by_a_token(world: World) -> None:
    for caller in world.callers():
        before = world.dump()
        response = world.ask(caller, "DELETE", api("/sessions/1"))
        assert response.status_code == (401 if caller.name in SIGNED_OUT else 403), caller.name
        assert world.dump() == before


def test_the_list_of_boards_has_those_that_the_caller_sees(world: World) -> None:
    keys = {}
    for caller in world.callers():
        if caller.name not in SIGNED_OUT:
            items = world.ask(caller, "GET", api("/boards?limit=200")).json()["items"]
            keys[caller.name] = {item["key"] for item in items} & {"OPS", "OTHER"}
    mine = {"OPS"}
    assert keys == {
        "stranger": set(),
        "viewer": mine,
        "member": mine,
        "liaison": mine,
        "manager": {"OPS", "OTHER"},
        "administrator": {"OPS", "OTHER"},
        "read-only token": {"OPS", "OTHER"},
        "token of another board": {"OTHER"},
        "former member": set(),
    }


def test_a_member_may_leave_alone(world: World) -> None:
    leaving = world.new_member()
    caller = Caller("leaving", world.headers(leaving), leaving)
    assert world.ask(caller, "DELETE", api(f"/boards/OPS/members/{leaving.id}")).status_code == 204
    assert world.ask(caller, "GET", api("/boards/OPS")).status_code == 404
    # By a token that only reads not even that.
    staying = world.new_member()
    reader = world.weir.token(staying, read_only=True)
    caller = Caller("reading", world.headers(reader), reader)
    assert world.ask(caller, "DELETE", api(f"/boards/OPS/members/{staying.id}")).status_code == 403


# --- The holes that other boards had -------------------------------------------------------------


@pytest.fixture
def manager(world: World) -> Caller:
    """The manager of both boards."""
    return Caller("manager", world.headers(world.manager), world.manager)


def test_a_card_does_not_move_to_another_board(world: World, manager: Caller) -> None:
    """Not even where the person may work on both: that would be another verb."""
    before = world.dump()
    card, other = world.card["id"], world.other
    elsewhere = other.column("To do")
    here = world.board.column("Ready")
    bodies = [
        {"column_id": elsewhere},
        {"column_id": here, "lane_id": other.lane("Standard")},
        {"column_id": elsewhere, "lane_id": other.lane("Standard")},
    ]
    for body in bodies:
        assert world.ask(manager, "POST", api(f"/cards/{card}/move"), json=body).status_code == 422
    assert world.dump() == before


def test_a_card_is_not_placed_beside_a_card_of_another_board(world: World, manager: Caller) -> None:
    neighbour = world.other.add("Elsewhere")["id"]
    here = world.board.column("Backlog")
    before = world.dump()
    for name in ("before_card_id", "after_card_id"):
        body = {"column_id": here, name: neighbour}
        path = api(f"/cards/{world.card['id']}/move")
        assert world.ask(manager, "POST", path, json=body).status_code == 422
    assert world.dump() == before


def test_nothing_of_another_board_gets_onto_this_one(world: World, manager: Caller) -> None:
    board, other = world.board, world.other
    theirs = other.column("To do")
    stranger = world.people["stranger"].id
    group = world.manager.post("/boards/OTHER/groups", {"name": "Theirs"})["id"]
    own = [column["id"] for column in board.read()["columns"]]
    requests: list[tuple[str, str, Any]] = [
        ("POST", "/boards/OPS/cards", {"title": "A card", "column_id": theirs}),
        ("POST", "/boards/OPS/cards", {"title": "A card", "lane_id": other.lane("Standard")}),
        ("POST", "/boards/OPS/cards", {"title": "A card", "assignee_ids": [stranger]}),
        ("PATCH", f"/cards/{world.card['id']}", {"assignee_ids": [stranger]}),
        ("POST", "/boards/OPS/columns", {"name": "A column", "group_id": group}),
        ("PATCH", f"/columns/{own[0]}", {"group_id": group}),
        ("POST", "/boards/OPS/groups", {"name": "A group", "column_ids": [theirs]}),
        ("PATCH", f"/groups/{board.group('Development')}", {"column_ids": [theirs]}),
        ("PUT", "/boards/OPS/columns/order", {"column_ids": [*own[1:], theirs]}),
        ("DELETE", f"/columns/{own[1]}?move_cards_to={theirs}", None),
        ("DELETE", f"/lanes/{board.lane('Expedite')}?move_cards_to={other.lane('Standard')}", None),
    ]
    before = world.dump()
    for method, path, body in requests:
        response = world.ask(manager, method, api(path), json=body)
        assert response.status_code == 422, f"{method} {path}: {response.text}"
    assert world.dump() == before


def test_a_number_belongs_to_its_board(world: World, manager: Caller) -> None:
    number = world.board.add("The newest")["number"]
    assert world.ask(manager, "GET", api(f"/boards/OPS/cards/{number}")).status_code == 200
    assert world.ask(manager, "GET", api(f"/boards/OTHER/cards/{number}")).status_code == 404


def test_a_filter_by_another_boards_parts_finds_nothing(world: World, manager: Caller) -> None:
    world.other.add("Elsewhere", labels=["theirs"])
    for query in (
        {"column_id": world.other.column("To do")},
        {"lane_id": world.other.lane("Standard")},
        {"label": "theirs"},
    ):
        response = world.ask(manager, "GET", api("/boards/OPS/cards"), params=query)
        assert response.json()["items"] == []


def test_the_body_does_not_say_who_acts_or_on_which_board(world: World, manager: Caller) -> None:
    before = world.dump()
    for extra in ("board", "board_id", "created_by", "user_id", "actor_id", "id", "role"):
        body = {"title": "A card", extra: 1}
        assert world.ask(manager, "POST", api("/boards/OPS/cards"), json=body).status_code == 422
    assert world.dump() == before


def test_a_token_is_narrowed_to_boards_that_its_maker_sees(world: World) -> None:
    headers = world.session_of(world.people["stranger"])
    caller = Caller("stranger", headers, world.people["stranger"])
    hidden = world.ask(caller, "POST", api("/tokens"), json={"name": "A token", "boards": ["OPS"]})
    never = world.ask(caller, "POST", api("/tokens"), json={"name": "A token", "boards": ["NEVER"]})
    assert hidden.status_code == never.status_code == 422
    assert hidden.text == never.text.replace("NEVER", "OPS")


@pytest.mark.parametrize("name", [name for name in CALLERS if name in OUTSIDE or name == FORMER])
def test_an_answer_that_was_kept_is_not_given_to_those_who_see_the_board_no_more(
    world: World, name: str
) -> None:
    """Idempotency is no second door."""
    person = world.new_member()
    path = f"/boards/OPS/members/{person.id}"
    world.manager.patch(path, {"role": "member"})
    key = {"Idempotency-Key": f"key-{world.number()}"}
    caller = Caller("member", world.headers(person), person)
    body = {"title": "A card that was made once"}
    first = world.ask(caller, "POST", api("/boards/OPS/cards"), json=body, headers=key)
    assert first.status_code == 201
    if name == ELSEWHERE:
        with_other = world.weir.person(f"Helper {world.number()}")
        assert with_other.actor is not None
        world.manager.post("/boards/OTHER/members", {"email": person.email, "role": "member"})
        narrowed = world.weir.token(person, boards=["OTHER"])
        caller = Caller("narrowed", world.headers(narrowed), narrowed)
    else:
        world.manager.delete(path)
    again = world.ask(caller, "POST", api("/boards/OPS/cards"), json=body, headers=key)
    assert again.status_code == 404
