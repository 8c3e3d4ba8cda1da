"""Logs: one event one line on standard error, as text for people or as JSON for programs.

Modules log with the standard library (`logging.getLogger("weir....")`, values in `extra`), and so
do uvicorn and the other libraries: all of it takes the same form here. Secrets do not get here by
design, and what could carry one is taken out once more. A library for this would double the cost of
a line and take a fifth of the time in which Weir starts.
"""

import json
import logging
import sys
import time
from typing import Any

import orjson

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+,")
_SECRET_KEYS = frozenset({"authorization", "cookie", "password", "secret", "token"})
# The address of an invite, or of a link to a new password, is its secret.
_SECRET_PATHS = ("/invite/", "/password/")
# What every record has; the rest came as `extra`.
_ALWAYS_THERE = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def configure(log_format: str, level: str) -> None:
    """Sends everything that is logged in this process to standard error, in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if log_format == "json" else TextLine())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # What these say at the level of information is for their own developers.
    for name in ("alembic", "asyncio", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").filters = [_is_news]
    # Nobody reads which thread or process it was, and asking costs time on every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class JsonLine(logging.Formatter):
    """An event as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return orjson.dumps(self.event(record), default=str).decode()

    def event(self, record: logging.LogRecord) -> dict[str, Any]:
        """What a record says: when, how grave, what, and the values that came with it."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        event = {
            "at": f"{seconds}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in _ALWAYS_THERE:
                event[name] = _without_secret(name, value)
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return event


class TextLine(JsonLine):
    """An event as one line for people: time, level, what, and `name=value` for each value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        event = self.event(record)
        what = event.pop("event")
        words = [event.pop("at"), f"{event.pop('level'):<7}"]
        words.append(what if what.isprintable() else json.dumps(what))
        words += [f"{name}={_word(value)}" for name, value in event.items()]
        return " ".join(words)


def _without_secret(name: str, value: Any) -> Any:
    if name in _SECRET_KEYS:
        return "..."
    if name == "path":
        for place in _SECRET_PATHS:
            if value.startswith(place):
                return f"{place}..."
    return value


def _word(value: Any) -> str:
    text = str(value)
    # A line break in what came from outside would look like an event of its own.
    return text if text and _PLAIN.issuperset(text) else json.dumps(text)


def _is_news(record: logging.LogRecord) -> bool:
    # The application has logged its own errors before uvicorn hears of them.
    return not str(record.msg).startswith("Exception in ASGI application")
