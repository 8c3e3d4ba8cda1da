"""The wheel carries all that Weir needs, and works where there is no checkout."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from zipfile import ZipFile

import pytest

from app import __version__

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command to its end and return what it printed; if it fails, so does the test."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "--no-index", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the installed wheel."""
    folder = tmp_path_factory.mktemp("site")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", folder, wheel, cwd=folder)
    return folder


def test_the_wheel_holds_the_program_and_nothing_else(wheel: Path) -> None:
    places = {"app": "app", "templates": "app/templates", "migrations": "app/migrations"}
    expected = {
        f"{place}/{path.relative_to(ROOT / folder)}"
        for folder, place in places.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert expected <= names
    assert {name.split("/")[0] for name in names} == {"app"}


def test_an_installed_weir_tells_its_version(site: Path, tmp_path: Path) -> None:
    told = run(site / "bin" / "weir", "--version", cwd=tmp_path, PYTHONPATH=str(site))
    assert told.split()[-1] == __version__


def test_an_installed_weir_makes_its_database_and_shows_its_first_page(
    site: Path, tmp_path: Path
) -> None:
    first_page = """
        import re
        import app
        from app.config import Settings
        from app.main import create_app
        from starlette.testclient import TestClient

        print(app.__file__)
        with TestClient(create_app(Settings())) as client:
            assert client.get("/readyz").status_code == 200
            page = client.get("/")
            assert page.status_code == 200, page.text
            files = set(re.findall(r'"(/static/[^"?#]+)', page.text))
            assert files
            for file in files:
                assert client.get(file).status_code == 200, file
    """
    environment = {"PYTHONPATH": str(site), "WEIR_DATA_DIR": str(tmp_path / "data")}
    run(site / "bin" / "weir", "db", "upgrade", cwd=tmp_path, **environment)
    used = run(sys.executable, "-c", dedent(first_page), cwd=tmp_path, **environment)
    assert Path(used).is_relative_to(site)
