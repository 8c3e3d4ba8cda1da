"""The OpenAPI document: what FastAPI finds in the routes, and what all of them share."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app import __version__
from app.problems import MEDIA_TYPE, ProblemOut

DESCRIPTION = """\
A kanban board whose WIP limits hold and whose lead times are measured.

Timestamps are ISO 8601 in UTC with `Z`, durations are seconds. Send a token as
`Authorization: Bearer <token>`. Errors are problem details (RFC 9457). Lists come in pages:
`next_cursor` of one page is `cursor` of the next. A card's `ETag` is its version: send it as
`If-Match` and nothing is overwritten that somebody else has changed. Every `POST` accepts an
`Idempotency-Key`: the same request with the same key within 24 hours gets the first answer again.
"""

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same user, route, key and body get the first answer again for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": 'The version that the change is meant for, like `"3"`; 412 where it is stale.',
    "schema": {"type": "string", "maxLength": 50},
}


def install(app: FastAPI) -> None:
    """Lets an application serve its description at `/openapi.json`."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_document(app))
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Weir",
        version=__version__,
        description=DESCRIPTION,
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = {
        **ProblemOut.model_json_schema(),
        "title": "Problem",
        "additionalProperties": True,
    }
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "weir_session"},
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not path.startswith("/api/"):
                continue
            operation["security"] = [{"token": []}, {"session": []}]
            _fill(method, operation)
    return document


def _fill(method: str, operation: dict[str, Any]) -> None:
    shared = []
    if method == "post":
        shared.append(_IDEMPOTENCY_KEY)
    if "412" in operation["responses"]:
        shared.append(_IF_MATCH)
    if shared:
        operation.setdefault("parameters", []).extend(shared)
    if method in {"post", "patch", "put"}:
        for status, meaning in (("400", "The body is not JSON."), ("413", "It is too large.")):
            operation["responses"].setdefault(
                status,
                {
                    "description": meaning,
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            )
    # FastAPI's own shape of a 422 is not ours.
    operation["responses"]["422"] = {
        "description": "Invalid input; `errors` names each place.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
