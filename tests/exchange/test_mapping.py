"""The mapping: how a log is to be read, and what is wrong with one that cannot be."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.exchange.mapping import (
    BoardColumn,
    Choice,
    LogError,
    Mapping,
    StateMeaning,
    builtin_mappings,
    load_mapping,
)

SMALL: dict[str, Any] = {
    "id_column": "id",
    "state_column": "state",
    "time_column": "at",
    "states": {"Open": "To do", "Stuck": {"blocked": "approval"}, "Lost": {"ignore": True}},
}


def wrong(**changes: Any) -> str:
    """What is said about the small mapping with these changes."""
    with pytest.raises(LogError) as refused:
        Mapping.model_validate(SMALL).with_options(**changes)
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_the_mapping_for_servicenow_comes_with_weir() -> None:
    assert "servicenow" in builtin_mappings()
    mapping = load_mapping("servicenow")
    assert [(column.name, column.kind) for column in mapping.columns] == [
        ("New", "queue"),
        ("Active", "active"),
        ("Resolved", "done"),
        ("Closed", "done"),
    ]


def test_a_mapping_is_read_from_toml_and_json_alike(tmp_path: Path) -> None:
    as_json = tmp_path / "small.json"
    as_json.write_text(json.dumps(SMALL), encoding="utf-8")
    as_toml = tmp_path / "small.toml"
    as_toml.write_text(
        'id_column = "id"\nstate_column = "state"\ntime_column = "at"\n'
        '[states]\nOpen = "To do"\nStuck = {blocked = "approval"}\nLost = {ignore = true}\n',
        encoding="utf-8",
    )
    assert load_mapping(as_json) == load_mapping(str(as_toml)) == Mapping.model_validate(SMALL)


def test_a_name_that_is_no_mapping_and_no_file_is_refused_with_the_names_that_are() -> None:
    with pytest.raises(LogError, match=r"mapping service-now: no such file.*servicenow"):
        load_mapping("service-now")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id_column = ", "Invalid value"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b'id_column = "id"', "state_column: Field required; time_column: Field required"),
    ],
)
def test_a_mapping_file_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    with pytest.raises(LogError) as refused:
        load_mapping(file)
    assert said in str(refused.value)
    assert "broken.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_is_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="mapping"):
        load_mapping(tmp_path)


def test_options_replace_fields_and_none_leaves_them() -> None:
    mapping = load_mapping("servicenow")
    changed = mapping.with_options(time_zone="Europe/Zurich", title=None, work_type="ops")
    assert changed.time_zone == "Europe/Zurich"
    assert changed.title == mapping.title
    assert changed.work_type == Choice(constant="ops")
    assert changed.states == mapping.states
    assert mapping.with_options() == mapping


def test_an_empty_option_takes_a_column_away() -> None:
    assert load_mapping("servicenow").with_options(creation_column="").creation_column is None


def test_an_option_that_does_not_exist_is_refused() -> None:
    assert wrong(time_zon="UTC") == "time_zon: Extra inputs are not permitted"


def test_every_field_of_a_mapping_is_described() -> None:
    for model in (Mapping, StateMeaning, Choice, BoardColumn):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_format": "%d-%m %H:%M"}, "does not give year, month and day"),
        ({"time_format": "%Q"}, "is not a pattern for times"),
        ({"time_zone": "Europe/Atlantis"}, "is not a time zone"),
        ({"time_zone": "../etc"}, "is not a time zone"),
        ({"delimiter": ";;"}, "must be one character"),
        ({"delimiter": '"'}, "must be one character"),
        ({"encoding": "utf-9"}, "is not an encoding of text"),
        ({"encoding": "base64"}, "is not an encoding of text"),
        ({"title": "{id"}, "stands alone"),
        ({"work_type": "bug"}, '"bug" is not one of feature, defect'),
        ({"work_type": {"column": "type", "map": {"B": "bug"}}}, '"bug" is not one of'),
        ({"service_class": "gold"}, '"gold" is not one of standard'),
        ({"lane": {"constant": "A", "column": "b"}}, "needs either a constant or a column"),
        ({"lane": {"constant": "A", "default": "B"}}, "a constant has no map"),
        ({"states": {}}, "at least one status"),
        ({"states": {"Open": {}}}, "states.Open: needs exactly one of"),
        ({"states": {"Open": {"column": "A", "ignore": True}}}, "needs exactly one of"),
        ({"states": {"Open": {"column": "A", "reason": "B"}}}, "needs a blocked category"),
        ({"states": {"Open": {"blocked": "laziness"}}}, "states.Open.blocked: Input should be"),
        ({"states": {"Open": 5}}, "states.Open"),
        ({"columns": [{"name": "Other", "kind": "queue"}]}, '"To do" is not one of the columns'),
        ({"columns": [{"name": "To do", "kind": "doing"}]}, "columns.0.kind"),
        ({"columns": [{"name": "To do", "kind": "queue", "wip_limit": 0}]}, "wip_limit"),
        (
            {"columns": [{"name": "To do", "kind": "queue"}, {"name": "to do", "kind": "done"}]},
            "two columns have the same name",
        ),
        (
            {"columns": [{"name": "To do", "kind": "queue"}], "start_column": "Nowhere"},
            'start_column: "Nowhere" is not one of the columns',
        ),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_its_place(
    changes: dict[str, Any], said: str
) -> None:
    assert said in wrong(**changes)
