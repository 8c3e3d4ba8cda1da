"""Every page and every state that a page can be in, for tests that look at all of them."""

from tests.browser.scene import Sight
from tests.browser.sights import accounts, around, board, card, cord, installation, settings

__all__ = ["AROUND_THE_BOARD", "ON_THE_BOARD", "OTHERS", "SIGHTS"]

# Each of these parts has a test of its own, so that several processes share the work.
ON_THE_BOARD: list[Sight] = board.SIGHTS
AROUND_THE_BOARD: list[Sight] = around.SIGHTS
OTHERS: list[Sight] = [
    *card.SIGHTS,
    *cord.SIGHTS,
    *settings.SIGHTS,
    *accounts.SIGHTS,
    *installation.SIGHTS,
]
SIGHTS: list[Sight] = [*ON_THE_BOARD, *AROUND_THE_BOARD, *OTHERS]
