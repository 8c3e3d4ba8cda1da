"""The files of others are the ones that were published, and their licences stand beside them."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LISTS = sorted(path.relative_to(ROOT) for path in ROOT.glob("*/*/vendor/VENDOR.md"))
ROW = re.compile(
    r"\| (?P<package>\S+) \| (?P<version>[\d.]+) \| `\S+` -> `(?P<file>\S+)` "
    r"\| \S+, (?P<licences>.+) \| `(?P<sha256>[0-9a-f]{64})` \|"
)


@pytest.mark.parametrize("listing", LISTS, ids=str)
def test_each_vendored_file_is_unchanged_and_has_its_licence(listing: Path) -> None:
    folder = (ROOT / listing).parent
    rows = list(ROW.finditer((ROOT / listing).read_text()))
    named = {listing.name}
    for row in rows:
        assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"]
        named |= {row["file"], *re.findall(r"`(\S+)`", row["licences"])}
    assert rows
    assert {path.name for path in folder.iterdir()} == named


def test_both_lists_are_looked_at() -> None:
    assert [str(path.parent) for path in LISTS] == ["app/static/vendor", "tests/browser/vendor"]
