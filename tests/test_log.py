"""Logs: one event one line, with the request's id, and without anything that opens something."""

import io
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from app import log
from tests import support

Lines = Callable[[], list[str]]


@pytest.fixture
def logged(own_logs: None) -> Callable[[str, str], Lines]:
    """Configures the logs in a form and from a level on, and gives what was written since."""

    def configure(log_format: str, level: str) -> Lines:
        written = io.StringIO()
        log.configure(log_format, level)
        # The tests' own client is no part of Weir.
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)
        handler = logging.getLogger().handlers[0]
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
        return lambda: written.getvalue().splitlines()

    return configure


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_event_is_one_line_whatever_is_in_it(
    logged: Callable[[str, str], Lines], log_format: str
) -> None:
    lines = logged(log_format, "info")
    logger = logging.getLogger("weir.tests")
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logger.exception("it\nbroke %s", "twice", extra={"path": "/a\n2026 info forged", "n": 3})
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    first, second = lines()
    assert "Traceback" in first
    assert "second" in first
    assert "Invalid HTTP request received." in second
    if log_format == "json":
        event = json.loads(first)
        assert event["event"] == "it\nbroke twice"
        assert event["level"] == "error"
        assert event["path"] == "/a\n2026 info forged"
        assert event["n"] == 3
        assert json.loads(second)["level"] == "warning"


def test_a_request_is_one_line_under_its_id(
    weir: support.Weir, logged: Callable[[str, str], Lines]
) -> None:
    lines = logged("json", "info")
    answer = weir.client.get("/healthz")
    (event,) = map(json.loads, lines())
    assert event["request_id"] == answer.headers["x-request-id"]
    assert (event["event"], event["method"], event["path"]) == ("request", "GET", "/healthz")
    assert (event["status"], event["level"]) == (200, "info")
    assert event["ms"] >= 0


def test_refusals_of_rights_stand_out(
    weir: support.Weir, ops: support.BoardOf, logged: Callable[[str, str], Lines]
) -> None:
    viewer = weir.person("Vera")
    ops.person.post("/boards/OPS/members", {"email": "vera@example.org", "role": "viewer"})
    lines = logged("json", "warning")
    ops.read()
    weir.nobody().ask("GET", "/boards/OPS")
    ops.seen_by(viewer).try_add()
    events = [json.loads(line) for line in lines()]
    assert [(event["status"], event["level"]) for event in events] == [
        (401, "warning"),
        (403, "warning"),
    ]


def test_a_fault_is_told_once_under_its_id(
    weir: support.Weir,
    ops: support.BoardOf,
    logged: Callable[[str, str], Lines],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault of the program")

    monkeypatch.setattr(weir.db, "_read", fail)
    lines = logged("json", "error")
    response = ops.person.ask("GET", f"/boards/{ops.key}")
    assert response.status_code == 500
    assert "a fault of the program" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    fault, request = sorted(map(json.loads, lines()), key=lambda event: str(event["event"]))[::-1]
    assert fault["event"] == "unhandled error"
    assert "a fault of the program" in fault["exception"]
    assert (request["event"], request["status"]) == ("request", 500)
    assert fault["request_id"] == request["request_id"]


def test_nothing_that_opens_something_is_logged(
    weir: support.Weir, ops: support.BoardOf, logged: Callable[[str, str], Lines]
) -> None:
    person = weir.person("Sam", password="correct horse battery")
    lines = logged("text", "debug")
    sign_in = {"email": "sam@example.org", "password": "wrong password here"}
    weir.client.post("/sign-in", data=sign_in)
    sign_in["password"] = "correct horse battery"
    cookie = weir.client.post("/sign-in", data=sign_in).cookies
    weir.client.get("/setup?t=the-secret-of-setup")
    weir.client.get("/invite/the-secret-of-invite")
    ops.read()
    logging.getLogger("weir.tests").info("careless", extra={"token": "the-secret-token"})
    text = "\n".join(lines())
    assert "path=/sign-in" in text
    assert "signed in" in text
    assert "sign-in failed" in text
    assert "path=/invite/..." in text
    secrets = ["wrong password", "correct horse", "the-secret", *cookie.values(), person.token]
    assert [secret for secret in secrets if secret and secret in text] == []
    assert len(cookie) > 0


def test_a_line_costs_little(logged: Callable[[str, str], Lines]) -> None:
    logged("text", "info")
    logger = logging.getLogger("weir.request")
    values = {"method": "GET", "path": "/boards/OPS", "status": 200, "ms": 1.2, "client": "::1"}
    costs = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(1000):
            logger.info("request", extra={**values, "request_id": "0123456789abcdef"})
        costs.append((time.process_time() - begun) / 1000)
    print(f"{min(costs) * 1e6:.0f} microseconds a line")
    # Far above what was measured (20 on two busy cores): it fails when somebody adds a stack walk.
    assert min(costs) < 200e-6
