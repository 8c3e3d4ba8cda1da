"""What keeps the design: who may write what, and where time and transactions come from."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.routes import undocumented

APP = Path(__file__).parent.parent / "app"
MODULES = sorted(path for path in APP.rglob("*.py") if "vendor" not in path.parts)
PLACE = {"column_id", "lane_id", "rank"}


def name_of(path: Path) -> str:
    """A module as the tests speak of it: `cards/placing.py`."""
    return path.relative_to(APP).as_posix()


def tree_of(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text())


def names_of_card(tree: ast.Module) -> set[str]:
    """The names under which a module has the table of cards."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "app.models"
        for alias in node.names
        if alias.name == "Card"
    }


def is_write_of_cards(node: ast.AST, cards: set[str]) -> bool:
    """Whether a node is `insert(Card)`, `update(Card)` or `tx.load(Card, ...)`, however `insert` is
    reached."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    function = node.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    target = node.args[0]
    return (
        called in {"insert", "update", "load"}
        and isinstance(target, ast.Name)
        and target.id in cards
    )


def writers_of_places(tree: ast.Module) -> Iterator[int]:
    """The lines of statements that write a card's column, lane or rank.

    A write of cards whose values cannot be read off (`values(**fields)`) counts, unless the names
    of the fields stand beside it and none of them is a part of the place.
    """
    cards = names_of_card(tree)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not is_write_of_cards(node, cards):
            continue
        statement: ast.AST = node
        while statement in parents and not isinstance(statement, ast.stmt):
            statement = parents[statement]
        said = {
            word
            for part in ast.walk(statement)
            for word in ([part.arg] if isinstance(part, ast.keyword) and part.arg else [])
            + (
                [part.value]
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
                else []
            )
            + ([part.attr] if isinstance(part, ast.Attribute) else [])
        }
        open_ended = any(
            isinstance(part, ast.keyword)
            and part.arg is None
            and not isinstance(part.value, ast.DictComp | ast.Dict)
            for part in ast.walk(statement)
        )
        loaded = isinstance(node, ast.Call) and _named(node.func) == "load"
        if said & PLACE or open_ended or loaded:
            yield getattr(node, "lineno", 0)


def test_nothing_but_the_placing_module_writes_where_a_card_stands() -> None:
    found = {
        name_of(path): lines
        for path in MODULES
        if (lines := list(writers_of_places(tree_of(path))))
    }
    # The loader writes cards that have a past when they come.
    assert set(found) == {"cards/placing.py", "cards/bulk_load.py"}


@pytest.mark.parametrize(
    "written",
    [
        "update(Card).where(Card.id == 1).values(column_id=2)",
        "sa.update(Card).values({'lane_id': 2})",
        "insert(Card).values(**fields)",
        "update(Card).values({Card.rank: 3})",
        "tx.load(Card, NAMES, rows)",
    ],
)
def test_the_watch_over_places_sees_every_way_to_write_one(written: str) -> None:
    source = f"from app.models import Card\nSTATEMENT = {written}\n"
    assert list(writers_of_places(ast.parse(source))) == [2]


def test_a_card_is_placed_by_no_text_of_sql_either() -> None:
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = node.value.lower().split()
                assert words[:2] != ["update", "cards"], name_of(path)
                assert words[:3] != ["insert", "into", "cards"], name_of(path)


def test_only_the_database_module_commits() -> None:
    committing = {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
    }
    assert committing == {"db.py"}


def test_the_time_of_day_comes_from_the_clock_alone() -> None:
    asking = {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and (
            (node.attr in {"now", "utcnow", "today"} and _named(node.value) in {"datetime", "date"})
            or (node.attr in {"time", "time_ns"} and _named(node.value) == "time")
        )
    }
    assert asking == {"clock.py"}


def test_every_public_thing_says_in_one_sentence_what_one_gets() -> None:
    silent = []
    for path in MODULES:
        tree = tree_of(path)
        if not ast.get_docstring(tree):
            silent.append(name_of(path))
        silent += [
            f"{name_of(path)}: {node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
            and not _is_overload(node)
        ]
    assert silent == []


def test_every_template_declares_its_inputs_on_its_first_line() -> None:
    templates = APP.parent / "templates"
    silent = [
        path.relative_to(templates).as_posix()
        for path in sorted(templates.rglob("*.html"))
        if not path.read_text().startswith("{#")
    ]
    assert silent == []


def test_no_template_breaks_the_content_policy() -> None:
    for path in (APP.parent / "templates").rglob("*.html"):
        text = path.read_text()
        for forbidden in ("|safe", "| safe", "hx-on", " onclick=", ' style="', "javascript:"):
            assert forbidden not in text, f"{path.name} has {forbidden}"


def test_every_kind_of_event_that_is_written_is_known_to_the_page() -> None:
    script = (APP / "static" / "js" / "ask.js").read_text()
    written = {
        node.args[0].value
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and _named(node.func) == "Fact"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert "card.moved" in written
    assert [kind for kind in sorted(map(str, written)) if f'"{kind}"' not in script] == []


def test_no_two_routes_answer_the_same_request() -> None:
    asked = Counter(
        (route.method, re.sub(r"\{.*?\}", "{}", route.path)) for route in undocumented()
    )
    assert [request for request, times in asked.items() if times > 1] == []


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(_named(decorator) == "overload" for decorator in node.decorator_list)
