"""A mapping as somebody writes it on the command line: a named one, changed by options."""

import re
from collections.abc import Iterable
from typing import Any

from app.exchange.mapping import LogError, Mapping, load_mapping

_COLUMN = re.compile(r"(.+):(queue|active|done)(?::([0-9]+))?")
_NEEDED = {"id_column": "--id-column", "state_column": "--state-column", "time_column": "--time"}


def mapping_of(
    name_or_path: str | None,
    *,
    states: Iterable[str] = (),
    columns: Iterable[str] = (),
    **fields: Any,
) -> Mapping:
    """The mapping with a name (a built-in one, or a file) with some fields replaced; without a name
    the options are all of it.

    A state is `STATUS=COLUMN`, `STATUS=blocked:CATEGORY` or `STATUS=ignored:`, and is added to
    those of the mapping; a column is `NAME:queue`, `NAME:active` or `NAME:done`, and `:LIMIT` may
    follow.
    """
    given = {name: value for name, value in fields.items() if value not in (None, [], ())}
    if made := [_column(text) for text in columns]:
        given["columns"] = made
    meanings = dict(_state(text) for text in states)
    if name_or_path is None:
        missing = [option for field, option in _NEEDED.items() if field not in given]
        if missing:
            raise LogError(
                f"a log needs --mapping, or at least {', '.join(_NEEDED.values())} and --state; "
                f"{missing[0]} is missing"
            )
        first = Mapping.model_construct(**{field: given[field] for field in _NEEDED})
        return first.with_options(states=meanings, **given)
    mapping = load_mapping(name_or_path)
    if meanings:
        known = {state: meaning.model_dump() for state, meaning in mapping.states.items()}
        given["states"] = {**known, **meanings}
    return mapping.with_options(**given)


def _state(text: str) -> tuple[str, dict[str, Any]]:
    state, sign, meaning = text.rpartition("=")
    if not sign or not state.strip() or not meaning.strip():
        raise LogError(f'--state "{text}": write STATUS=COLUMN or STATUS=blocked:CATEGORY')
    if meaning == "ignored:":
        return state, {"ignore": True}
    if meaning.startswith("blocked:"):
        return state, {"blocked": meaning.removeprefix("blocked:")}
    return state, {"column": meaning}


def _column(text: str) -> dict[str, Any]:
    found = _COLUMN.fullmatch(text)
    if found is None:
        raise LogError(f'--column "{text}": write NAME:queue, NAME:active or NAME:done')
    name, kind, limit = found.groups()
    return {"name": name, "kind": kind, "wip_limit": None if limit is None else int(limit)}
