"""The texts of a log: on one line, in messages, and in templates such as "{category} at {site}"."""

import json
import re
import unicodedata
from collections.abc import Callable

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TEMPLATE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


def one_line(text: str) -> str:
    """A text as it is stored and compared: normalised, on one line, single spaces."""
    return " ".join(unicodedata.normalize("NFC", _CONTROL.sub(" ", text)).split())


def quoted(text: str) -> str:
    """A text as it can stand in a message of one line: in quotes, and cut where it is long."""
    shown = text if len(text) <= 80 else text[:79] + "…"
    return json.dumps(shown, ensure_ascii=False)


def check_template(template: str) -> str:
    """The template as it is; one with a brace that means nothing is refused."""
    for found in _TEMPLATE.finditer(template):
        if found.group(0) in ("{", "}"):
            raise ValueError(f'"{found.group(0)}" stands alone; write it twice to mean itself')
    return template


def template_columns(template: str) -> list[str]:
    """The columns of the log that a template names, in order."""
    return [one_line(found) for found in _TEMPLATE.findall(template) if found]


def fill(template: str, value_of: Callable[[str], str]) -> str:
    """A template with the values of its columns in place."""

    def value(found: re.Match[str]) -> str:
        return value_of(one_line(found.group(1))) if found.group(1) else found.group(0)[0]

    return one_line(_TEMPLATE.sub(value, template))
