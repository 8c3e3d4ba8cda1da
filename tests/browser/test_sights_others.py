"""Cards, settings, accounts and all the rest in every state, looked at as `looks.py` says."""

import pytest

from tests.browser.looks import Stage
from tests.browser.scene import Sight
from tests.browser.sights import OTHERS


@pytest.mark.parametrize("sight", OTHERS, ids=lambda sight: sight.name)
def test_nothing_stands_in_anybodys_way_and_the_policy_is_kept(stage: Stage, sight: Sight) -> None:
    """Every page has a title and one first heading, too."""
    assert stage.look_at(sight) == {}
