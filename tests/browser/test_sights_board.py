"""The board in every state, looked at as `looks.py` says."""

import pytest

from tests.browser.looks import Stage
from tests.browser.scene import Sight
from tests.browser.sights import ON_THE_BOARD


@pytest.mark.parametrize("sight", ON_THE_BOARD, ids=lambda sight: sight.name)
def test_nothing_stands_in_anybodys_way_and_the_policy_is_kept(stage: Stage, sight: Sight) -> None:
    """Every page has a title and one first heading, too."""
    assert stage.look_at(sight) == {}
