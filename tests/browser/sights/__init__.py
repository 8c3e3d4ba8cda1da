"""Every page and every state that a page can be in, for tests that look at all of them."""

from tests.browser.scene import Sight
from tests.browser.sights import accounts, around, board, card, installation, settings

__all__ = ["SIGHTS"]

SIGHTS: list[Sight] = [
    *board.SIGHTS,
    *card.SIGHTS,
    *around.SIGHTS,
    *settings.SIGHTS,
    *accounts.SIGHTS,
    *installation.SIGHTS,
]
