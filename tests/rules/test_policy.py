"""A column's policy as points: list items, or lines."""

import pytest

from app.boards.policy import points_of


@pytest.mark.parametrize(
    ("policy", "points"),
    [
        ("", []),
        ("  \n\n", []),
        ("Tests are green.", ["Tests are green."]),
        (
            "Tests are green.\n\nSomebody has read it.",
            ["Tests are green.", "Somebody has read it."],
        ),
        ("## Before it goes\n\n- Green\n- Read  \n", ["Green", "Read"]),
        ("It is ready when:\n* one\n+ two\n1. three\n2) four", ["one", "two", "three", "four"]),
        (
            "- [ ] open\n- [x] ticked\n- [see](https://example.org)",
            ["open", "ticked", "[see](https://example.org)"],
        ),
        ("- outer\n  - inner", ["outer", "inner"]),
        ("# Only a heading", []),
        ("-no item\n#no heading", ["-no item", "#no heading"]),
        ("- \n- one", ["one"]),
    ],
)
def test_the_points_are_the_items_of_the_lists_or_else_the_lines(
    policy: str, points: list[str]
) -> None:
    assert points_of(policy) == points
