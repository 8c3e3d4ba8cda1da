"""Hostile input: whatever is sent, in body, query or path, is a 422 or is stored as it came.

The routes and fields come from the OpenAPI document, so that nobody has to think of a new one.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import databases
from tests.routes import document
from tests.support import BoardOf
from tests.test_access import API_TABLE, Call, address
from tests.worlds import ADMINISTRATOR, MANAGER, Caller, World, api, world_on

LONG = "x" * 120_000
HUGE = 2**63

# Raw JSON, since some of it is nothing that Python would write.
HOSTILE: dict[str, list[str]] = {
    "string": ['"a\\u0000b"', '"a\\ud800b"', '"\\udfff"', f'"{LONG}"', "5", "true", "[]", "{}"],
    "integer": [
        str(HUGE),
        str(HUGE * 2),
        str(-HUGE - 1),
        "1" + "0" * 400,
        "-1",
        "1.5",
        "1e999",
        "-1e999",
        "NaN",
        "Infinity",
        "true",
        '"5"',
        '""',
        "[]",
        "{}",
    ],
    "number": ["NaN", "Infinity", "1e999", '"5"', "[]"],
    "boolean": ['"true"', "1", "0", '"yes"', "[]"],
    "array": ["{}", '"a"', "5", "[[]]", "[null]", "[NaN]", f"[{'9,' * 5000}9]"],
    "object": ["[]", '"a"', "5", "true"],
}
MOMENTS = [
    '"9999-12-31T23:59:59-23:59"',
    '"0001-01-01T00:00:00+23:59"',
    '"2026-03-02T09:30:00"',
    '"2026-02-30T09:30:00Z"',
    '"2026-03-02T25:00:00Z"',
    '"1969-12-31T23:59:59Z"',
    '"2200-01-01T00:00:00Z"',
    '"now"',
    "1700000000",
]
DAYS = ['"2200-01-01"', '"1969-12-31"', '"2026-02-30"', '"20260302"', '"2026-3-2"', '"۲۰۲۶-۰۳-۰۲"']


@pytest.fixture(scope="module")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world on SQLite."""
    folder = tmp_path_factory.mktemp("hostile")
    with world_on(databases.fresh_sqlite(folder / "weir.sqlite3"), folder) as world:
        yield world


@pytest.fixture(scope="module")
def postgresql_world(
    postgres_databases: databases.PostgresDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world on PostgreSQL."""
    folder = tmp_path_factory.mktemp("hostile")
    with postgres_databases.fresh() as url, world_on(url, folder) as world:
        yield world


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> World:
    """A world that the tests here share: what they send is refused."""
    found: World = request.getfixturevalue(f"{request.param}_world")
    return found


def refused_by_type(world: World, values: list[str]) -> list[str]:
    """Values that the types refuse: they get to no database, so they are sent on one kind alone.
    What the types let through is sent on both."""
    return values if world.weir.settings.url.startswith("sqlite") else []


BY_SESSION = {"POST /tokens", "PUT /me/password", "GET /sessions", "DELETE /sessions/{session_id}"}


def manager(world: World, operation: str) -> Caller:
    """Who may do everything; by a session where a token may not."""
    if "/admin/" in operation:
        admin = world.people[ADMINISTRATOR]
        return Caller(ADMINISTRATOR, world.session_of(admin), admin)
    if operation in BY_SESSION:
        return Caller(MANAGER, world.session_of(world.manager), world.manager)
    return Caller(MANAGER, world.headers(world.manager), world.manager)


# --- What the document says of a field -----------------------------------------------------------


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, followed to where it stands."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def choices(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The kinds of value that a field takes."""
    schema = resolved(schema)
    kinds = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return [resolved(each) for each in kinds]


def hostile(schema: dict[str, Any]) -> list[str]:
    """Values that a field must not take, as JSON."""
    kinds = {each.get("type") for each in choices(schema)}
    found: list[str] = [] if "null" in kinds else ["null"]
    for each in choices(schema):
        kind = each.get("type")
        if kind not in HOSTILE:
            continue
        found += HOSTILE[kind]
        if each.get("format") == "date-time":
            found += MOMENTS
        elif each.get("format") == "date":
            found += DAYS
        elif "enum" in each or "const" in each:
            found += ['"no such word"', '""']
    return found


def fields(
    schema: dict[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every field of a body, those inside of lists of objects too."""
    for name, each in resolved(schema).get("properties", {}).items():
        yield (*at, name), each
        for kind in choices(each):
            inner = resolved(kind.get("items", {}))
            if "properties" in inner:
                yield from fields(inner, (*at, name))


OPERATIONS = {
    f"{method.upper()} {path.removeprefix('/api/v1')}": operation
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
}
WITH_BODY = [name for name, operation in OPERATIONS.items() if "requestBody" in operation]


def valid_call(world: World, operation: str) -> Call:
    """A request that would be done."""
    if operation in BY_SESSION:
        return Call({}, {"name": "A token"})
    return API_TABLE[operation].request(world, False)


def text_with(body: dict[str, Any], at: tuple[str, ...], value: str) -> str:
    """A body's JSON with one field replaced."""
    if len(at) == 1:
        rest = {name: each for name, each in body.items() if name != at[0]}
        return json.dumps({**rest, at[0]: "@@@"}).replace('"@@@"', value)
    inner = (body.get(at[0]) or [{}])[0]
    rest = {name: each for name, each in body.items() if name != at[0]}
    return json.dumps({**rest, at[0]: "@@@@"}).replace(
        '"@@@@"', f"[{text_with(inner, at[1:], value)}]"
    )


# --- Bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", WITH_BODY)
def test_a_hostile_value_in_any_field_of_a_body_is_a_422(
    sqlite_world: World, operation: str
) -> None:
    """The types refuse it, before any database is asked."""
    world = sqlite_world
    method, path = operation.split()
    call, caller = valid_call(world, operation), manager(world, operation)
    schema = OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]
    if operation.endswith("/import"):
        card = {"title": "x", "created_at": "2020-01-01T00:00:00Z", "column": "Backlog"}
        moves = [{"at": "2020-01-02T00:00:00Z", "to": "Ready"}]
        blocks = [{"from": "2020-01-02T00:00:00Z", "reason": "Why"}]
        cards = [{**card, "moves": moves, "blocks": blocks}]
        call = call._replace(body={"format": "weir-history/1", "cards": cards})
    before = world.dump()
    taken = []
    for at, each in [*fields(choices(schema)[0]), (("no such field",), {"type": "string"})]:
        for value in hostile(each):
            response = world.ask(
                caller,
                method,
                api(address(path, call)),
                content=text_with(call.body or {}, at, value).encode(),
                headers={"Content-Type": "application/json"},
            )
            # A number of so many digits is not even read.
            if response.status_code not in {422, 400 if len(value) > 300 else 422}:
                taken.append((".".join(at), value[:40], response.status_code))
            else:
                assert response.headers["content-type"] == "application/problem+json"
    assert taken == []
    assert world.dump() == before


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "half a string": b'{"title": "a',
    "deep": b"[" * 100_000,
    "deep and closed": b"[" * 50_000 + b"]" * 50_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a list": b"[]",
    "a word": b'"title"',
    "a number": b"5",
    "null": b"null",
    "true": b"true",
    "NaN": b"NaN",
    "no UTF-8": b'{"title": "\xff\xfe"}',
    "overlong UTF-8": b'{"title": "\xc0\xaf"}',
    "a NUL": b'{"title": "a\x00b"}',
    "a number without end": b'{"title": ' + b"9" * 10_000 + b"}",
    "two values": b'{"title": "a"} {"title": "b"}',
    "a comment": b'{"title": "a" /* b */}',
    "an unknown field": b'{"title": "a", "__proto__": {"title": "b"}}',
    "a surrogate as a name": b'{"title": "a", "\\ud800": 1}',
    "a form": b"title=a",
    "XML": b"<title>a</title>",
}


@pytest.mark.parametrize("body", BODIES)
def test_a_hostile_body_is_refused_and_saves_nothing(sqlite_world: World, body: str) -> None:
    world = sqlite_world
    caller = manager(world, "")
    before = world.dump()
    key = {"Idempotency-Key": f"hostile {world.number()}"}
    for path in ("/boards/OPS/cards", f"/cards/{world.card['id']}/move", "/boards/OPS/import"):
        for more in ({}, key):
            headers = {"Content-Type": "application/json", **more}
            response = world.ask(caller, "POST", api(path), content=BODIES[body], headers=headers)
            assert response.status_code in {400, 422}, f"{path}: {response.status_code}"
            assert response.headers["content-type"] == "application/problem+json"
    assert world.dump() == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"]
)
def test_a_body_of_another_type_is_refused(sqlite_world: World, kind: str) -> None:
    """Else any page on the web could send one without asking the browser."""
    world = sqlite_world
    before = world.dump()
    response = world.ask(
        manager(world, ""),
        "POST",
        api("/boards/OPS/cards"),
        content=b'{"title": "A card"}',
        headers={"Content-Type": kind},
    )
    assert 400 <= response.status_code < 500
    assert world.dump() == before


def test_of_a_name_that_comes_twice_the_last_counts(ops: BoardOf) -> None:
    """As everywhere: two readers of one body must not read two things."""
    response = ops.person.ask(
        "POST",
        "/boards/OPS/cards",
        content=b'{"title": "First", "title": "Second"}',
        headers={"Content-Type": "application/json"},
    )
    assert response.json()["title"] == "Second"


def test_a_body_that_is_too_large_is_a_413(ops: BoardOf) -> None:
    body = {"title": "A card", "description": "x" * 2_000_000}
    response = ops.person.ask("POST", "/boards/OPS/cards", json=body)
    assert response.status_code == 413
    assert response.json()["type"] == "/problems/body-too-large"
    assert ops.cards() == []


def test_every_body_of_the_document_says_that_it_takes_nothing_else() -> None:
    for name in WITH_BODY:
        schema = OPERATIONS[name]["requestBody"]["content"]["application/json"]["schema"]
        for body in choices(schema):
            assert body.get("type") == "null" or body["additionalProperties"] is False, name


# --- Queries -------------------------------------------------------------------------------------

NO_INTEGER = [
    "abc",
    "",
    "1.5",
    "1e3",
    "+5",
    "1_0",
    " 5",
    "0x10",
    "true",
    "NaN",
    "Infinity",
    "-1",
    "９",
    "%00",
    "5%00",
    "%ED%A0%80",
    "%FF",
    str(HUGE),
    str(HUGE * 4),
    "9" * 5_000,
]
HOSTILE_QUERY: dict[str, list[str]] = {
    "integer": NO_INTEGER,
    "boolean": ["", "1", "0", "yes", "TRUE", "null", "%00"],
    "string": ["%00", "a%00b", "x" * 5_000],
}
# In these a word that nothing has finds nothing; what is not UTF-8 arrives as U+FFFD.
ODD_WORDS = ["%FF", "%ED%A0%80", "%F0%9F%A6%91", "%25", "_", "%5C", "'", '"', "%0A"]


def parameters(operation: str, place: str) -> list[Any]:
    """What the document says of an operation's parameters."""
    found = OPERATIONS[operation].get("parameters", [])
    return [each for each in found if each["in"] == place]


WITH_QUERY = [name for name in OPERATIONS if parameters(name, "query")]


@pytest.mark.parametrize("operation", WITH_QUERY)
def test_a_hostile_value_in_any_field_of_a_query_is_a_422(world: World, operation: str) -> None:
    method, path = operation.split()
    call, caller = valid_call(world, operation), manager(world, operation)
    before = world.dump()
    wrong = []
    for parameter in parameters(operation, "query"):
        for kind in choices(parameter["schema"]):
            each = choices(kind["items"])[0] if kind.get("type") == "array" else kind
            values = list(HOSTILE_QUERY.get(each.get("type", ""), []))
            odd = list(ODD_WORDS) if each.get("type") == "string" else []
            if "enum" in each or "const" in each:
                values, odd = [*values, "nonsense", "", *odd], []
            if each.get("format") == "date-time" or "day in the board" in str(parameter):
                values, odd = [*values, *(v.strip('"') for v in MOMENTS), *odd], []
            if parameter["name"] == "cursor":
                values, odd = [*values, "nonsense", "W10", "MS41", "dHJ1ZQ", *odd], []
            for value in [*refused_by_type(world, values), *odd]:
                address_ = f"{api(address(path, call))}?{parameter['name']}={value}"
                response = world.ask(caller, method, address_)
                # A filter that finds no card leaves nothing to forecast from.
                allowed = {422} if value in values else {200, 409, 422}
                if response.status_code not in allowed:
                    wrong.append((parameter["name"], value[:40], response.status_code))
    assert wrong == []
    assert world.dump() == before


def test_a_cursor_that_another_list_has_given_is_a_422(world: World) -> None:
    """The one exception would be a list in the same order, where it means the same."""
    caller = manager(world, "")
    cards = world.ask(caller, "GET", api("/boards/OPS/cards?limit=1")).json()["next_cursor"]
    members = world.ask(caller, "GET", api("/boards/OPS/members?limit=1")).json()["next_cursor"]
    for path, cursor in (
        ("/boards/OPS/cards", members),
        ("/boards/OPS/members", cards),
        ("/boards", cards),
        ("/tokens", members),
        ("/boards/OPS/activity", cards),
        (f"/cards/{world.card['id']}/history", members),
    ):
        response = world.ask(caller, "GET", api(f"{path}?cursor={cursor}"))
        assert response.status_code == 422, path


@pytest.mark.parametrize("number", ["18446744073709551615", "9223372036854775808", "-1", "1e30"])
def test_a_cursor_with_a_number_that_no_database_takes_is_a_422(
    world: World, number: str, caplog: pytest.LogCaptureFixture
) -> None:
    caller = manager(world, "")
    for key in (number, f"[{number},0,0,0]", f'["a",{number}]'):
        cursor = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
        for path in (
            "/boards",
            "/tokens",
            "/boards/OPS/cards",
            "/boards/OPS/members",
            "/boards/OPS/activity",
            f"/cards/{world.card['id']}/history",
        ):
            response = world.ask(caller, "GET", api(f"{path}?cursor={cursor}"))
            assert response.status_code in {200, 422}, path
    # The types caught it, not the database.
    assert [r.getMessage() for r in caplog.records if r.name == "weir.db"] == []


# --- Addresses -----------------------------------------------------------------------------------

NO_KEY = ["%00", "O%00PS", "x" * 5_000, "%FF", "%ED%A0%80", "%2e%2e", "%F0%9F%A6%91", "O PS", "*"]


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if "{" in name])
def test_a_hostile_address_leads_nowhere(world: World, operation: str) -> None:
    method, path = operation.split()
    caller = manager(world, operation)
    if operation in {"DELETE /tokens/{token_id}", "DELETE /sessions/{session_id}"}:
        call = Call({"token_id": 1, "session_id": 1})
    else:
        call = valid_call(world, operation)
    before = world.dump()
    wrong = []
    for parameter in parameters(operation, "path"):
        values = [*refused_by_type(world, NO_INTEGER), "2147483648", str(HUGE - 1)]
        for value in NO_KEY if parameter["name"] == "key" else values:
            there = api(path.format(**{**call.path, parameter["name"]: value}))
            more = {} if call.body is None else {"json": call.body}
            response = world.ask(caller, method, there, **more)
            # An empty part makes another address, which may be there for another method.
            allowed = {404, 422} if value else {404, 405, 422}
            if response.status_code not in allowed:
                wrong.append((parameter["name"], value[:40], response.status_code))
    assert wrong == []
    assert world.dump() == before


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "bearer \x7f", "Bearer " + "x" * 5_000],
)
def test_hostile_credentials_are_no_credentials(world: World, header: str) -> None:
    caller = Caller("hostile", {"Authorization": header}, None)
    assert world.ask(caller, "GET", api("/me")).status_code == 401


@pytest.mark.parametrize("value", ["nonsense", '"9223372036854775808"', '"-1"', '"1.0"', ""])
def test_a_hostile_version_is_a_stale_one(world: World, value: str) -> None:
    path = api(f"/cards/{world.card['id']}")
    response = world.ask(
        manager(world, ""), "PATCH", path, json={"title": "Other"}, headers={"If-Match": value}
    )
    assert response.status_code == 412
