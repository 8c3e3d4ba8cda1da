"""Takes a picture of every page and state, in light, dark and on a phone:

    python -m tests.browser.screenshots FOLDER

The picture in the README, `.docs/board.png`, is `readme.png` of these.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests import databases
from tests.browser.browsers import Browsers
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.scene import Scene, staged
from tests.browser.sights import SIGHTS
from tests.browser.windows import PHONE, Windows

WIDE = {"viewport": {"width": 1440, "height": 900}}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {**WIDE, "color_scheme": "light"},
    "dark": {**WIDE, "color_scheme": "dark"},
    "phone": {**PHONE, "color_scheme": "light"},
}


def main(folder: Path, names: list[str]) -> None:
    """Takes the pictures, all or those that begin with one of the names."""
    folder.mkdir(parents=True, exist_ok=True)
    alive = databases.make_folder()
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with staged(Browsers(chromium), Path(data)) as (scene, windows):
            _take(scene, windows, folder, names)
        chromium.close()
    databases.remove_folder(alive)


def _take(scene: Scene, windows: Windows, folder: Path, names: list[str]) -> None:
    page = windows.board(scene.ops, viewport={"width": 1536, "height": 720}).page
    page.screenshot(path=folder / "readme.png")
    for look, options in LOOKS.items():
        browsers = scene.browsers(**options)
        for sight in SIGHTS:
            if names and not sight.name.startswith(tuple(names)):
                continue
            page = browsers[sight.who].new_page()
            sight.show(page, scene)
            page.evaluate("document.fonts.ready")
            page.evaluate("scrollTo(0, 0)")
            # A board fills its window; the other pages are as long as they are.
            whole = page.locator(".page-board").count() == 0
            page.screenshot(path=folder / f"{sight.name}-{look}.png", full_page=whole)
            page.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit((__doc__ or "").strip())
    main(Path(sys.argv[1]), sys.argv[2:])
