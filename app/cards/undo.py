"""Taking back what one did last on a board. The history grows by it: nothing in it is undone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from app.auth.actor import Actor
from app.boards.history import Fact, OpenBoard, keep_refusal, lock_board, read_board
from app.boards.shape import Cell
from app.cards.admitting import check_not_blocked
from app.cards.bulk import Step, cell_of, judge, judge_people, judge_starts, read_cards
from app.cards.deeds import (
    ARCHIVED,
    ASSIGNED,
    BLOCKED,
    EDITED,
    LET_GO,
    MOVED,
    REORDERED,
    RESTORED,
    UNBLOCKED,
    Deed,
    LastAction,
    aspects_of,
    changes_of_others,
    last_action,
    words_of,
)
from app.cards.labels import check_members, ids, read_labels
from app.cards.placing import place_card
from app.cards.rows import CardRow
from app.cards.spots import Spot
from app.cards.steps import (
    archive_within,
    block_within,
    cell_to_restore,
    edit_within,
    restore_within,
    unblock_within,
)
from app.db import Tx
from app.errors import (
    AlreadyExists,
    AppError,
    ChangedSince,
    Invalid,
    NothingToUndo,
    UndoneNoMore,
)


class Undone(NamedTuple):
    """What would be or was taken back, in words, and the cards as they are now."""

    action: LastAction
    words: str
    cards: list[CardRow]


def next_undo(tx: Tx, actor: Actor, key: str) -> Undone | None:
    """What would be taken back next; None where the person has done nothing lately."""
    board = read_board(tx, actor, key=key)
    action = last_action(tx, board) if board.may_work else None
    if action is None:
        return None
    here = _cards_here(tx, board, action)
    return Undone(action, words_of(board, action, here), here)


def undo_last_action(tx: Tx, actor: Actor, key: str) -> Undone:
    """Takes back the newest change that the person made on a board and has not taken back yet.

    It is judged by the rules like any other change. A change of many cards is taken back as a
    whole. Where it can be taken back no more, because somebody else has changed the same since or
    the card has left the board, that is said, and the next undo goes on to what was done before.
    """
    board = lock_board(tx, actor, key=key)
    action = last_action(tx, board)
    if action is None:
        raise NothingToUndo("You have changed nothing here lately that could be taken back.")
    try:
        return _take_back(tx, board, action)
    except (ChangedSince, Invalid, AlreadyExists) as error:
        raise _let_go(tx, board, action, error) from None


def _take_back(tx: Tx, board: OpenBoard, action: LastAction) -> Undone:
    cards = _cards_of(tx, board, action)
    _check_untouched(tx, board, action, cards)
    words = words_of(board, action, list(cards.values()))
    data = {"undoes": action.seq, "batch": board.seq + 1}
    before = board.seq
    # What belongs together is of one kind; an edit may bring its people along.
    for kind, take_back in _WAYS_BACK:
        deeds = [deed for deed in reversed(action.deeds) if deed.type == kind]
        if deeds:
            take_back(tx, board, [(cards[deed.card_id], deed.facts) for deed in deeds], data)
            cards = _cards_of(tx, board, action)
    if board.seq == before:
        raise ChangedSince(f"There is no trace left of {words}.")
    return Undone(action, words, list(cards.values()))


def _let_go(tx: Tx, board: OpenBoard, action: LastAction, why: AppError) -> UndoneNoMore:
    """The refusal of what can be taken back no more. It is kept, so that the next undo passes over
    it, and says what that one takes back."""
    # The person sent nothing: a team, person or column that has gone is the board's news.
    then = "Nothing was undone."
    older = last_action(tx, board, but=action.seq)
    if older is not None:
        then += f" Undo again takes back {words_of(board, older, _cards_here(tx, board, older))}."
    more = why.extensions if isinstance(why, ChangedSince) else {}
    refusal = UndoneNoMore(_sentence(why.detail), then, **more)
    keep_refusal(board, refusal, Fact(LET_GO, None, {"undoes": action.seq, "why": why.detail}))
    return refusal


def _cards_here(tx: Tx, board: OpenBoard, action: LastAction) -> list[CardRow]:
    """The cards of an action that are still on the board."""
    cards = read_cards(tx, sorted({deed.card_id for deed in action.deeds}))
    return [card for card in cards.values() if card.board_id == board.id]


def _cards_of(tx: Tx, board: OpenBoard, action: LastAction) -> dict[int, CardRow]:
    wanted = {deed.card_id for deed in action.deeds}
    cards = {card.id: card for card in _cards_here(tx, board, action)}
    if len(cards) < len(wanted):
        gone = "A card of it is" if len(wanted) > 1 else "The card is"
        raise ChangedSince(f"{gone} not on this board any more.")
    return cards


def _check_untouched(
    tx: Tx, board: OpenBoard, action: LastAction, cards: Mapping[int, CardRow]
) -> None:
    """Refuses where somebody else has changed the same of one of the cards since."""
    touched = {(deed.card_id, aspect) for deed in action.deeds for aspect in aspects_of(deed)}
    for deed, who in changes_of_others(tx, board, action.last_seq):
        if any((deed.card_id, aspect) in touched for aspect in aspects_of(deed)):
            card = cards[deed.card_id]
            raise ChangedSince(
                f"{who} has changed {card.ref} since.",
                card={"id": card.id, "ref": card.ref},
                by=who,
            )
    for deed in action.deeds:
        words = _out_of_step(cards[deed.card_id], deed)
        if words:
            raise ChangedSince(f"{cards[deed.card_id].ref} {words}.")


def _out_of_step(card: CardRow, deed: Deed) -> str:
    """What is not any more as the deed left it, where that stands in the way."""
    if deed.type == ARCHIVED:
        return "is not in the archive any more" if card.archived_at is None else ""
    if card.archived_at is not None:
        return "is in the archive"
    place = deed.facts.get("to" if deed.type == MOVED else "in")
    if deed.type in {MOVED, REORDERED} and place != cell_of(card)._asdict():
        return "is not where you put it any more"
    if deed.type == BLOCKED and card.block_id is None:
        return "is not blocked any more"
    if deed.type == UNBLOCKED and card.block_id is not None:
        return "is blocked again"
    return ""


Pairs = Sequence[tuple[CardRow, Mapping[str, Any]]]


def _move_back(tx: Tx, board: OpenBoard, pairs: Pairs, data: dict[str, Any]) -> None:
    shape = board.shape
    steps = []
    for card, facts in pairs:
        to = Cell(**facts["from"])
        if to.column_id not in shape.column or to.lane_id not in shape.lane:
            raise ChangedSince(f"The place that {card.ref} came from is not there any more.")
        check_not_blocked(board, card, *to)
        steps.append(Step(card, cell_of(card), to))
    judge_starts(tx, board, steps, "undo")
    judge(tx, board, steps, "undo")
    for card, facts in pairs:
        place_card(tx, board, card, Cell(**facts["from"]), Spot(rank=facts["was_at"]), **data)


def _reorder_back(tx: Tx, board: OpenBoard, pairs: Pairs, data: dict[str, Any]) -> None:
    for card, facts in pairs:
        place_card(tx, board, card, cell_of(card), Spot(rank=facts["was_at"]), **data)


def _edit_back(tx: Tx, board: OpenBoard, pairs: Pairs, data: dict[str, Any]) -> None:
    known = read_labels(tx, board.id)
    for card, facts in pairs:
        changes = {name: change["from"] for name, change in facts["changes"].items()}
        if "labels" in changes:
            changes["labels"] = [known[label_id] for label_id in changes["labels"]]
        edit_within(tx, board, card, changes, judged=True, **data)


def _assign_back(tx: Tx, board: OpenBoard, pairs: Pairs, data: dict[str, Any]) -> None:
    for card, facts in pairs:
        check_members(tx, board.id, sorted(set(facts["from"]) - set(ids(card.assignee_ids))))
    judge_people(tx, board, [(card, facts["from"]) for card, facts in pairs])
    for card, facts in pairs:
        edit_within(tx, board, card, {"assignee_ids": facts["from"]}, judged=True, **data)


def _unblock(tx: Tx, board: OpenBoard, pairs: Pairs, data: dict[str, Any]) -> None:
    for card, _ in pairs:
        unblock_within(tx, board, card, "", **data)


def _block_again(tx: Tx, board: OpenBoard, pairs: Pairs, data: dict[str, Any]) -> None:
    for card, facts in pairs:
        block_within(tx, board, card, facts["reason"], facts["category"], **data)


def _restore(tx: Tx, board: OpenBoard, pairs: Pairs, data: dict[str, Any]) -> None:
    steps = [(card, cell_to_restore(board, card)) for card, _ in pairs]
    judge(tx, board, [Step(card, None, cell) for card, cell in steps], "undo")
    for card, cell in steps:
        restore_within(tx, board, card, cell, **data)


def _archive_again(tx: Tx, board: OpenBoard, pairs: Pairs, data: dict[str, Any]) -> None:
    for card, _ in pairs:
        archive_within(tx, board, card, **data)


_TakeBack = Callable[[Tx, OpenBoard, Pairs, dict[str, Any]], None]
_WAYS_BACK: tuple[tuple[str, _TakeBack], ...] = (
    (MOVED, _move_back),
    (REORDERED, _reorder_back),
    (ASSIGNED, _assign_back),
    (EDITED, _edit_back),
    (BLOCKED, _unblock),
    (UNBLOCKED, _block_again),
    (ARCHIVED, _restore),
    (RESTORED, _archive_again),
)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
