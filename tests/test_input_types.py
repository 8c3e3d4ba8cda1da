"""What a route takes has a type that says what it may be; no field is unknown, no value is bent."""

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

from fastapi.params import Param
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict

from app.forms import Form
from app.types import Model
from tests.routes import app_for_looking


def bare(hint: Any, *, constrained: bool = False) -> Iterator[str]:
    """The bare `str`, `int` and `float` in a type: those without any constraint."""
    origin = get_origin(hint)
    if origin is typing.Annotated:
        inner, *metadata = get_args(hint)
        real = [each for each in metadata if not isinstance(each, Param)]
        yield from bare(inner, constrained=constrained or bool(real))
    elif origin in {typing.Union, types.UnionType}:
        for each in get_args(hint):
            # A union of text and number is judged by what stands before it.
            yield from bare(each, constrained=constrained)
    elif origin in {list, set, tuple, dict}:
        for each in get_args(hint):
            yield from bare(each)
    elif hint in {str, int, float, bytes, Any} and not constrained:
        yield getattr(hint, "__name__", str(hint))


def subclasses(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model that is made of a base."""
    for each in base.__subclasses__():
        if each.__module__.startswith("app."):
            yield each
        yield from subclasses(each)


def inputs() -> Iterator[tuple[str, Any]]:
    """Everything that a route takes: its parameters, those of what it depends on, models."""
    seen: set[Any] = set()
    for context in iter_route_contexts(app_for_looking().routes):
        endpoint, dependant = context.endpoint, getattr(context, "dependant", None)
        waiting = [] if dependant is None else [dependant]
        while waiting:
            one = waiting.pop()
            waiting += one.dependencies
            call = one.call if one is not dependant else endpoint
            if call in seen or not inspect.isfunction(call):
                continue
            seen.add(call)
            for name, hint in get_type_hints(call, include_extras=True).items():
                if name != "return":
                    yield f"{call.__module__}.{call.__name__}({name})", hint
    for model in {*subclasses(Model), *subclasses(Form), *_query_models()}:
        for name, hint in get_type_hints(model, include_extras=True).items():
            if name in model.model_fields:
                # What stands in Field(...) constrains it too.
                metadata = model.model_fields[name].metadata
                limited = typing.Annotated[hint, *metadata] if metadata else hint
                yield f"{model.__module__}.{model.__name__}.{name}", limited


def _query_models() -> set[type[BaseModel]]:
    found = set()
    for context in iter_route_contexts(app_for_looking().routes):
        if context.endpoint is None or not hasattr(context, "dependant"):
            continue
        for hint in get_type_hints(context.endpoint).values():
            if inspect.isclass(hint) and issubclass(hint, BaseModel):
                found.add(hint)
    return found


def test_no_route_takes_a_bare_text_or_number() -> None:
    found = {name: list(bare(hint)) for name, hint in inputs()}
    assert len(found) > 100
    assert {name: kinds for name, kinds in found.items() if kinds} == {}


def test_every_body_refuses_unknown_fields_and_bends_no_value() -> None:
    for model in subclasses(Model):
        config: ConfigDict = model.model_config
        assert config.get("extra") == "forbid", model
        assert config.get("strict"), model
        assert config.get("allow_inf_nan") is False, model
    for form in subclasses(Form):
        assert form.model_config.get("extra") == "forbid", form
