"""The OpenAPI document: it describes every route completely, and the service keeps to it."""

import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from tests.routes import document, documented
from tests.support import Weir
from tests.worlds import World

# What the contract fixes; more may come, none of it goes.
CONTRACT = """
GET /boards
POST /boards
GET /boards/{key}
PATCH /boards/{key}
DELETE /boards/{key}
POST /boards/{key}/columns
PUT /boards/{key}/columns/order
PATCH /columns/{column_id}
DELETE /columns/{column_id}
POST /boards/{key}/groups
PATCH /groups/{group_id}
DELETE /groups/{group_id}
POST /boards/{key}/lanes
PUT /boards/{key}/lanes/order
PATCH /lanes/{lane_id}
DELETE /lanes/{lane_id}
GET /boards/{key}/members
POST /boards/{key}/members
PATCH /boards/{key}/members/{user_id}
DELETE /boards/{key}/members/{user_id}
GET /me
GET /tokens
POST /tokens
DELETE /tokens/{token_id}
POST /boards/{key}/cards
GET /boards/{key}/cards
GET /boards/{key}/cards/{number}
GET /cards/{card_id}
PATCH /cards/{card_id}
DELETE /cards/{card_id}
POST /cards/{card_id}/move
POST /cards/{card_id}/block
POST /cards/{card_id}/unblock
POST /cards/{card_id}/archive
POST /cards/{card_id}/restore
GET /cards/{card_id}/history
GET /boards/{key}/activity
GET /boards/{key}/events
GET /boards/{key}/stats/lead-time
GET /boards/{key}/stats/cycle-time
GET /boards/{key}/stats/process-time
GET /boards/{key}/stats/cfd
GET /boards/{key}/stats/throughput
GET /boards/{key}/stats/forecast
GET /boards/{key}/stats/aging
GET /boards/{key}/stats/value-stream
GET /boards/{key}/stats/constraint
GET /boards/{key}/stats/blockers
GET /boards/{key}/stats/refusals
GET /boards/{key}/stats/work-mix
POST /boards/{key}/import
GET /boards/{key}/export
"""
PROBLEM = {"$ref": "#/components/schemas/Problem"}
SECONDS = 8.0


def operations() -> list[tuple[str, Any]]:
    """Every operation of the document, called by its method and address."""
    return [
        (f"{method.upper()} {path.removeprefix('/api/v1')}", operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_served_to_everybody(weir: Weir) -> None:
    response = weir.client.get("/openapi.json")
    assert response.status_code == 200
    assert response.json() == document()


def test_every_route_of_the_contract_is_there() -> None:
    there = {f"{route.method} {route.path.removeprefix('/api/v1')}" for route in documented()}
    assert set(CONTRACT.split("\n")) - {""} <= there


@pytest.mark.parametrize(("name", "operation"), operations())
def test_an_operation_is_described_completely(name: str, operation: Any) -> None:
    answers = operation["responses"]
    assert operation["summary"]
    assert len(operation["description"]) > 10
    assert operation["security"] == [{"token": []}, {"session": []}]
    for status in ("401", "404", "422", "503"):
        assert status in answers
    if not name.startswith("GET"):
        assert "403" in answers
    for status, answer in answers.items():
        assert answer["description"]
        if status >= "400":
            assert answer["content"] == {"application/problem+json": {"schema": PROBLEM}}
    if "requestBody" in operation:
        assert {"400", "413"} <= set(answers)
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    assert ("Idempotency-Key" in names) == name.startswith("POST")
    assert ("If-Match" in names) == ("412" in answers)
    for parameter in operation.get("parameters", []):
        assert parameter["schema"]


def test_what_honours_a_version_says_so() -> None:
    versioned = {name for name, operation in operations() if "412" in operation["responses"]}
    assert versioned == {"PATCH /cards/{card_id}", "POST /cards/{card_id}/move"}


def test_bodies_have_examples() -> None:
    """Of each body at least one field, or the whole of it, is shown as it is meant."""
    without = []
    for name, operation in operations():
        if "requestBody" not in operation:
            continue
        content = operation["requestBody"]["content"]["application/json"]
        text = str(content) + str(_schema(content["schema"]))
        if "example" not in text:
            without.append(name)
    assert without == []


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    for each in schema.get("anyOf", [schema]):
        if "$ref" in each:
            name = each["$ref"].rpartition("/")[2]
            return dict(document()["components"]["schemas"][name])
    return schema


# --- The service keeps to it ---------------------------------------------------------------------

load_all_checks()
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


def test_whatever_fits_the_document_or_does_not_is_answered_as_it_says(weir: Weir) -> None:
    """Requests are made up from the document, for a limited time; the same ones each time."""
    world = World(weir)
    admin = world.people["administrator"]
    headers = {"Authorization": f"Bearer {admin.token}"}
    schema = schemathesis.openapi.from_dict(document())
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) == len(operations())
    # A stream does not end.
    wanted = [operation for operation in found if not operation.path.endswith("/events")]
    # What takes things away comes last, and the whole board at the very end.
    wanted.sort(key=lambda op: (op.method == "delete", op.path.endswith("{key}"), op.path))
    there = {
        "key": ["OPS", "ops", "OTHER"],
        "card_id": [world.card["id"], world.blocked["id"], world.archived["id"]],
        "number": [1, 2, 3],
        "column_id": [column["id"] for column in world.board.read()["columns"]],
        "lane_id": [lane["id"] for lane in world.board.read()["lanes"]],
        "group_id": [world.board.group("Development")],
        "user_id": [world.zoe.id, world.people["member"].id],
        "token_id": [world.new_token(admin)],
        "comment_id": [world.detail("comments", {"body": "Said"}, new=False)],
        "checklist_id": [world.detail("checklists", {"name": "To do"}, new=False)],
        "item_id": [world.item(new=False)],
        "link_id": [world.detail("links", {"kind": "blocks", "ref": "OPS-2"}, new=False)],
        "web_link_id": [world.detail("web-links", {"url": "https://example.org"}, new=False)],
        "label_id": [world.label(new=False)],
        "marker_id": [world.marker(new=False)],
    }
    deadline = time.monotonic() + SECONDS
    asked = 0

    def late() -> bool:
        # However slow the machine is, so many are asked.
        return asked > 100 and time.monotonic() > deadline

    def ask(operation: Any) -> None:
        right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

        @settings(
            max_examples=4,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(right, right, wrong), place=st.integers(0, 5))
        def one(case: Any, place: int) -> None:
            nonlocal asked
            if late():
                return
            # Mostly something that is there, so that more than a 404 is seen.
            for name in case.path_parameters or {}:
                if place < 5 and name in there:
                    case.path_parameters[name] = there[name][place % len(there[name])]
            sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8000")
            if isinstance(sent.get("data"), str | bytes):
                sent["content"] = sent.pop("data")
            sent.pop("cookies", None)
            sent["headers"] = {**dict(sent.get("headers") or {}), **headers}
            response = weir.client.request(**sent)
            case.validate_response(response, checks=CHECKED)
            asked += 1

        one()

    for operation in wanted:
        if not late():
            ask(operation)
    assert asked > 100
