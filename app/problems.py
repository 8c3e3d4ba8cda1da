"""Errors as answers: one shape for the API (RFC 9457), one page for people, in one place."""

import logging
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.errors import (
    AppError,
    BadRequest,
    BodyTooLarge,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    RequestTimeout,
)

log = logging.getLogger("weir.problems")

Responses = dict[int | str, dict[str, Any]]
MEDIA_TYPE = "application/problem+json"


class ProblemOut(BaseModel):
    """An error (RFC 9457); some types have further members."""

    type: str = Field(examples=["/problems/not-found"])
    title: str
    status: int
    detail: str


class ServerError(AppError):
    """A fault of the service; the log has it under the request's id."""

    status = 500
    slug = "internal"
    title = "Something went wrong here"


def problem(error: AppError) -> dict[str, Any]:
    """The members of an error's answer."""
    return {
        "type": f"/problems/{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        **error.extensions,
    }


def problem_body(error: AppError) -> bytes:
    """An error's answer as JSON."""
    return orjson.dumps(problem(error))


def as_app_error(error: Exception) -> AppError:
    """Any exception as one of ours."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, RequestValidationError):
        return Invalid(*_validation_errors(error.errors()))
    if isinstance(error, HTTPException):
        if isinstance(error.__cause__, AppError):
            # Raised while the body was being read, and wrapped by the framework.
            return error.__cause__
        known: dict[int, AppError] = {
            401: NotSignedIn(),
            403: Forbidden(),
            404: NotFound(),
            405: MethodNotAllowed("This address does not take that method."),
            408: RequestTimeout("The request's body did not arrive in time."),
            413: BodyTooLarge("The request's body is too large."),
        }
        found = known.get(error.status_code, BadRequest(str(error.detail)))
        if error.status_code == 405 and error.headers:
            found.headers = dict(error.headers)
        return found
    return ServerError("The fault has been logged.")


def wants_json(request: Request) -> bool:
    """Whether an error is for a program: the API and the endpoints for machines."""
    path = request.url.path
    return path.startswith(("/api/", "/healthz", "/readyz", "/openapi.json"))


def answer(request: Request, error: AppError) -> Response:
    """An error as the answer to a request: problem details, or a page."""
    headers = {**error.headers}
    if wants_json(request):
        return Response(problem_body(error), error.status, media_type=MEDIA_TYPE, headers=headers)
    headers.pop("WWW-Authenticate", None)
    page: Response = request.app.state.web.error_page(request, error, headers)
    return page


def reported(request: Request, error: Exception) -> AppError:
    """Any exception as one of ours; a fault of the service stands in the log."""
    known = as_app_error(error)
    if known.status >= 500 and not isinstance(error, AppError):
        request_id = getattr(request.state, "request_id", "-")
        log.error("unhandled error", exc_info=error, extra={"request_id": request_id})
    return known


def install(app: FastAPI) -> None:
    """Lets an application answer every error that is known by this module. The guard answers what
    nobody has thought of: an answer from further out would lack its headers."""

    async def handle(request: Request, error: Exception) -> Response:
        return answer(request, reported(request, error))

    for kind in (AppError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


def _validation_errors(errors: Sequence[Any]) -> list[tuple[tuple[str | int, ...], str]]:
    return [(_place(error["loc"]), _message(error)) for error in errors]


def _place(loc: Sequence[Any]) -> tuple[str | int, ...]:
    # An unknown field's name comes from the request and can hold anything.
    return tuple(
        part if isinstance(part, int) else str(part)[:100].encode("utf-8", "replace").decode()
        for part in loc
    )


def _message(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return f"unknown field {_place(error['loc'])[-1]!r}"
    return message.encode("utf-8", "replace").decode()


# What the OpenAPI document says of each status that a route can answer with.
_MEANINGS = {
    400: "The request is not well-formed.",
    401: "No credentials, or credentials that are not valid.",
    403: "Visible, but not allowed.",
    404: "Not there, or not visible: the answer is the same.",
    409: "The state of the board does not allow it; `type` says why.",
    412: "The card has changed since `If-Match`.",
    413: "The body is too large.",
    422: "Invalid input; `errors` names each place.",
    429: "Too many requests; see `Retry-After`.",
    503: "The database cannot be reached or is busy; see `Retry-After`.",
}


def responses(*statuses: int) -> Responses:
    """The error answers of an API route for its OpenAPI description."""
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 401, 403, 404, 422, 503})
    }
