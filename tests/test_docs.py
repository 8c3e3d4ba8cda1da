"""What the README promises is what the project does."""

import re
from pathlib import Path
from typing import Any

from typer.main import get_command

from app.cli import cli
from app.config import Settings

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def commands_that(end: str) -> list[str]:
    """Lines of the README that make an environment and end like this."""
    lines = README.read_text().splitlines()
    return [line for line in lines if line.startswith("python3 -m venv") and line.endswith(end)]


def test_one_command_runs_weir() -> None:
    assert len(commands_that("/weir serve")) == 1


def test_one_command_runs_the_tests_and_the_checks_run_the_same() -> None:
    checks = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"^test_command='(.*)'$", checks, re.MULTILINE) == commands_that(
        "/pytest -n 2"
    )


def test_every_setting_is_in_the_readme() -> None:
    readme = README.read_text()
    settings = [f"`WEIR_{name.upper()}`" for name in Settings.model_fields]
    assert [name for name in settings if name not in readme] == []


def test_every_command_is_in_the_readme() -> None:
    readme = README.read_text()
    commands = names_of(get_command(cli), "weir")
    assert len(commands) > 10
    assert [name for name in commands if f"`{name}" not in readme] == []


def names_of(command: Any, name: str) -> list[str]:
    """A command by its whole name, or those of a group."""
    if not hasattr(command, "commands"):
        return [name]
    return [
        found
        for part, inner in command.commands.items()
        for found in names_of(inner, f"{name} {part}")
    ]
