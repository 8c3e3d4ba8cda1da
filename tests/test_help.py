"""The help page tells what is so."""

import re

from app.help import KEYS
from app.web import STATIC
from tests.support import Weir

SIGNS = {
    "ArrowUp": "↑",
    "ArrowDown": "↓",
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "Escape": "Esc",
    "Shift": "⇧",
    "Mod": "Ctrl",
}


def test_every_key_of_the_board_is_told_and_no_other() -> None:
    script = (STATIC / "js" / "keys.js").read_text()
    table = script[script.index("const COMMANDS = [") :].partition("].filter")[0]
    pressed = [key for keys in re.findall(r'^    \["([^"]*)"', table, re.M) for key in keys.split()]
    assert len(pressed) > 20
    there = {tuple(SIGNS.get(part, part).upper() for part in key.split("+")) for key in pressed}
    told: set[tuple[str, ...]] = set()
    for _, lines in KEYS:
        for keys, _ in lines:
            for way in keys.upper().split(", "):
                parts = way.split()
                if parts[0] in {"⇧", "CTRL"}:
                    told |= {
                        (parts[0], each) for each in parts[1].replace("←↑↓→", "← ↑ ↓ →").split()
                    }
                else:
                    told |= {(part,) for part in parts}
    assert told == there


def test_everybody_may_read_it_and_the_addresses_lead_somewhere(weir: Weir) -> None:
    page = weir.client.get("/help")
    assert page.status_code == 200
    for anchor in re.findall(r'href="#([a-z]+)"', page.text):
        assert f'id="{anchor}"' in page.text
    for address in re.findall(r'href="(/[a-z.]+)[#"]', page.text):
        assert weir.client.get(address).status_code in {200, 303}, address
