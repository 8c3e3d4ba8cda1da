"""What is typed at the foot of a column: people and labels in a title."""

import pytest

from app.cards.composer import Composed, compose, lines_of

PEOPLE = [
    (1, "Ada Lovelace", "ada@example.org"),
    (2, "Ada Yonath", "yonath@example.org"),
    (3, "Jo March", "jo.march@example.org"),
]
LABELS = ["tls", "needs review", "needs"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain words", Composed("Plain words", [], [])),
        ("Rotate it @jo", Composed("Rotate it", [3], [])),
        ("@Jo rotate it", Composed("rotate it", [3], [])),
        ("For @ada lovelace and @AdaYonath", Composed("For and", [1, 2], [])),
        ("Two go by @ada-like names", Composed("Two go by @ada-like names", [], [])),
        ("By address @yonath, please", Composed("By address , please", [2], [])),
        ("Fix #42 #TLS", Composed("Fix #42", [], ["tls"])),
        ("#needs review #needs", Composed("#needs review #needs", [], [])),
        ("X #needs review #needs", Composed("X", [], ["needs review", "needs"])),
        ("X #needsmore", Composed("X #needsmore", [], [])),
        ("mail jo@jo.example and C#tls", Composed("mail jo@jo.example and C#tls", [], [])),
        ("@jo", Composed("@jo", [], [])),
        ("", Composed("", [], [])),
    ],
)
def test_members_and_labels_are_taken_out_of_a_title(text: str, expected: Composed) -> None:
    assert compose(text, PEOPLE, LABELS) == expected


def test_the_lines_of_a_list_lose_its_marks() -> None:
    assert lines_of("- One\r\n* Two\n\n  - \n-Three\n") == ["One", "Two", "-Three"]
