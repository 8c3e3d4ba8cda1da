"""A served Weir on each kind of database, and a browser, shared by all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests import databases
from tests.browser.browsers import Browsers
from tests.browser.looks import Stage
from tests.browser.scene import staged
from tests.browser.served import Served
from tests.browser.windows import Windows
from tests.support import BoardOf, Person

# The one that can have no windows takes half the time.
CHROMIUM = next(
    filter(Path.exists, map(Path, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium"))),
    Path("/usr/bin/chromium"),
)
# Without a screen Chromium draws its own frame all the same, and for each window pages of its own
# with what the address line might show: a third of what opening a window takes. Of several such
# lists the last one counts, so what Playwright leaves out stands here too.
WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--kiosk",
    # Windows are short-lived: what their scripts leave behind need not be cleared up meanwhile.
    "--js-flags=--min-semi-space-size=32,--max-semi-space-size=64",
    f"--disable-features={','.join(WITHOUT)}",
]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browsers]:
    """Debian's Chromium, and the browsers that it has open."""
    if not CHROMIUM.exists():
        pytest.skip(f"Chromium is not installed ({CHROMIUM}): apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield Browsers(browser)
        browser.close()


@pytest.fixture(scope="package")
def sqlite_weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Weir on SQLite."""
    folder = tmp_path_factory.mktemp("weir")
    served = Served(databases.fresh_sqlite(folder / "weir.sqlite3"), folder)
    yield served
    served.close()


@pytest.fixture(scope="package")
def postgresql_weir(
    tmp_path_factory: pytest.TempPathFactory, postgres_databases: databases.PostgresDatabases
) -> Iterator[Served]:
    """Weir on PostgreSQL."""
    with postgres_databases.fresh() as url:
        served = Served(url, tmp_path_factory.mktemp("weir"))
        yield served
        served.close()


@pytest.fixture(scope="module")
def stage(chromium: Browsers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A scene of its own at which everything can be seen, and windows on it."""
    with staged(chromium, tmp_path_factory.mktemp("scene"), finished=12) as found:
        yield Stage(*found)


@pytest.fixture
def weir(request: pytest.FixtureRequest) -> Served:
    """Weir on SQLite, or on what a test is parametrised with. Others use it too: each test has its
    own people and boards there."""
    kind = getattr(request, "param", "sqlite")
    served: Served = request.getfixturevalue(f"{kind}_weir")
    return served


@pytest.fixture
def own_weir(tmp_path: Path) -> Iterator[Served]:
    """A Weir without accounts for this test alone, which may stop and start it."""
    served = Served(databases.fresh_sqlite(tmp_path / "weir.sqlite3"), tmp_path, sign_in_attempts=3)
    yield served
    served.close()


@pytest.fixture
def own_windows(chromium: Browsers, own_weir: Served) -> Iterator[Windows]:
    """Opens browser windows on that Weir."""
    opened = Windows(chromium, own_weir, again=False)
    yield opened
    opened.close()


@pytest.fixture
def windows(chromium: Browsers, weir: Served) -> Iterator[Windows]:
    """Opens browser windows; a complaint in one of them fails the test."""
    opened = Windows(chromium, weir)
    yield opened
    opened.close()


@pytest.fixture
def ada(weir: Served) -> Person:
    """Ada, who manages the board."""
    return weir.person("Ada Lovelace")


@pytest.fixture
def jo(weir: Served, ops: BoardOf) -> Person:
    """Jo, who works on Ada's board."""
    person = weir.person("Jo March")
    ops.join(person)
    return person


@pytest.fixture
def ops(weir: Served, ada: Person) -> BoardOf:
    """Ada's board, made from the template `dev-ops`."""
    return weir.board(ada)


@pytest.fixture
def simple(weir: Served, ada: Person) -> BoardOf:
    """Ada's other board: To do, In progress (3), Done."""
    return weir.board(ada, "simple")
