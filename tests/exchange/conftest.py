"""What every test of an import or export ends with."""

from collections.abc import Iterator

import pytest

from app.cards.rebuild import examine_board
from tests.support import Weir


@pytest.fixture(autouse=True)
def the_history_tells_all(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test every derived value of the board OPS is what its events say."""
    weir: Weir | None = None
    if "ops" in request.fixturenames:
        weir = request.getfixturevalue("weir")
    yield
    if weir is not None:
        assert weir.db.read_now(examine_board, "OPS") == []
