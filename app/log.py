"""Logs: one event one line on standard error, as text for people or as JSON for programs.

Modules log with the standard library (`logging.getLogger("weir....")`, values in `extra`), so that
what uvicorn and other libraries say goes the same way; structlog makes the lines. Secrets never get
here by design, and what could carry one is taken out once more.
"""

import json
import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+,")
_SECRET_KEYS = frozenset({"authorization", "cookie", "password", "secret", "token"})
# An invite's address is its secret.
_SECRET_PATHS = ("/invite/",)


def configure(log_format: str, level: str) -> None:
    """Sends everything that is logged in this process to standard error, in one form."""
    render: Processor = _json if log_format == "json" else _text
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                structlog.stdlib.add_log_level,
                structlog.stdlib.ExtraAdder(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                without_secrets,
                structlog.processors.format_exc_info,
                render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # What these say at the level of information is for their own developers.
    for name in ("alembic", "asyncio", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.filters = [_is_news]
    # Nobody reads which thread or process it was, and asking costs time on every line.
    logging.logThreads = logging.logProcesses = False
    logging.logMultiprocessing = False


def without_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """An event without what opens something."""
    for key in _SECRET_KEYS & event.keys():
        event[key] = "..."
    path = event.get("path")
    if path is not None:
        for place in _SECRET_PATHS:
            if path.startswith(place):
                event["path"] = f"{place}..."
    return event


def _is_news(record: logging.LogRecord) -> bool:
    # The application has logged its own errors before uvicorn hears of them.
    return not str(record.msg).startswith("Exception in ASGI application")


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


def _text(_: WrappedLogger, __: str, event: EventDict) -> str:
    at, level, what = event.pop("at"), event.pop("level"), event.pop("event")
    trace = event.pop("exception", None)
    words = [at[:23] + "Z", f"{level:<7}", _one_line(str(what))]
    words += [f"{key}={_word(value)}" for key, value in event.items()]
    if trace is not None:
        # On the same line too: whoever reads lines gets the whole event or none of it.
        words.append(f"exception={json.dumps(trace)}")
    return " ".join(words)


def _word(value: Any) -> str:
    text = str(value)
    # A line break in what came from outside would look like an event of its own.
    return text if text and _PLAIN.issuperset(text) else json.dumps(text)


def _one_line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)
