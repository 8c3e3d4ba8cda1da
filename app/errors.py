"""Every way in which Weir says no: domain words with a status. Raise to refuse."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar


class AppError(Exception):
    """A request that cannot be done; `detail` says why in one sentence for the person."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "Bad request"
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str = "", **extensions: Any) -> None:
        self.detail = detail or self.title
        self.extensions = extensions
        super().__init__(self.detail)


class BadRequest(AppError):
    """The request is not well-formed HTTP for this service."""


class NotSignedIn(AppError):
    """No credentials, or credentials that are not valid (any more)."""

    status = 401
    slug = "not-signed-in"
    title = "Not signed in"
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class Forbidden(AppError):
    """The person sees the thing but may not do this with it."""

    status = 403
    slug = "forbidden"
    title = "Not allowed"


class NotFound(AppError):
    """The thing does not exist, or not for this person: the answer is the same."""

    status = 404
    slug = "not-found"
    title = "Not found"

    def __init__(self) -> None:
        super().__init__("There is nothing here, or nothing that you may see.")


class MethodNotAllowed(AppError):
    """The address exists, but not for this method."""

    status = 405
    slug = "method-not-allowed"
    title = "Method not allowed"


class BodyTooLarge(AppError):
    """The request's body is larger than the service takes."""

    status = 413
    slug = "body-too-large"
    title = "Body too large"


class RequestTimeout(AppError):
    """The request's body did not arrive in time."""

    status = 408
    slug = "request-timeout"
    title = "Request timed out"


class StaleVersion(AppError):
    """Somebody changed the card since the version that `If-Match` names."""

    status = 412
    slug = "stale-version"
    title = "Stale version"

    def __init__(self, current_version: int) -> None:
        super().__init__(
            f"The card has changed since: it is at version {current_version}.",
            current_version=current_version,
        )


class Invalid(AppError):
    """Input that is well-formed but not valid; `errors` names each place."""

    status = 422
    slug = "validation-error"
    title = "Invalid input"

    def __init__(self, *errors: tuple[tuple[str | int, ...], str]) -> None:
        super().__init__(
            "; ".join(message for _, message in errors),
            errors=[{"loc": list(place), "msg": message} for place, message in errors],
        )


class IdempotencyKeyReused(AppError):
    """The same `Idempotency-Key` came with another body."""

    status = 422
    slug = "idempotency-key-reused"
    title = "Idempotency key reused"


class TooManyRequests(AppError):
    """Too many tries; `Retry-After` says when the next one is looked at."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(max(1, retry_after))}


class Unavailable(AppError):
    """The database cannot be reached or is too busy; nothing was changed."""

    status = 503
    slug = "unavailable"
    title = "Not available just now"
    headers: Mapping[str, str] = {"Retry-After": "2"}


class StorageFull(AppError):
    """The database has no room left; nothing was changed, and reading goes on."""

    status = 507
    slug = "storage-full"
    title = "Storage is full"


class Conflict(AppError):
    """The request is valid, but the state of things does not allow it."""

    status = 409
    slug = "conflict"
    title = "Not possible now"


class AlreadyExists(Conflict):
    """Something with this key or name is there already."""

    slug = "already-exists"
    title = "Already exists"


class AlreadyBlocked(Conflict):
    """The card is blocked already."""

    slug = "already-blocked"
    title = "Already blocked"


class NotBlocked(Conflict):
    """The card is not blocked."""

    slug = "not-blocked"
    title = "Not blocked"


class CardArchived(Conflict):
    """The card is in the archive; restore it first."""

    slug = "card-archived"
    title = "Card is archived"


class NotArchived(Conflict):
    """The card or board is not in the archive."""

    slug = "not-archived"
    title = "Not archived"


class NotASample(Conflict):
    """The board is no sample board: it can be archived, but not removed."""

    slug = "not-a-sample"
    title = "Not a sample board"


class BoardArchived(Conflict):
    """The board is in the archive: it can be read and nothing can be changed."""

    slug = "board-archived"
    title = "Board is archived"


class NoColumns(Conflict):
    """The board has no column that could take a card."""

    slug = "no-columns"
    title = "Board has no columns"


class LinkCycle(Conflict):
    """The link would let a card block itself, or be its own parent, through others."""

    slug = "link-cycle"
    title = "Links in a circle"


class HasParent(Conflict):
    """The card has a parent already."""

    slug = "has-parent"
    title = "Has a parent already"


class ColumnNotEmpty(Conflict):
    """The column has cards, and no column was named that takes them."""

    slug = "column-not-empty"
    title = "Column has cards"


class PlaceNotEmpty(Conflict):
    """The lane or group is in use."""

    slug = "place-not-empty"
    title = "Still in use"


class LastOfItsKind(Conflict):
    """The last manager, column or lane of a board cannot go."""

    slug = "last-of-its-kind"
    title = "The last one has to stay"


class SetupDone(Conflict):
    """The first account has been made; the set-up link is spent."""

    slug = "setup-done"
    title = "Already set up"


class ChangedSince(Conflict):
    """Somebody changed it since, so what was meant for its old state is not done."""

    slug = "changed-since"
    title = "Changed since"


class NothingToUndo(Conflict):
    """The person has done nothing on the board lately that could be taken back."""

    slug = "nothing-to-undo"
    title = "Nothing to undo"


class NoThroughput(Conflict):
    """Nothing was finished in the sample, so nothing can be forecast."""

    slug = "no-throughput"
    title = "No throughput"


class Refusal(Conflict):
    """A change that a rule of the board, or what it has become, did not let through.

    `keep(tx)` writes what history keeps of it: the unit of work calls it although the change
    itself is undone, and the caller still gets the error.
    """

    def __init__(self, detail: str, **extensions: Any) -> None:
        super().__init__(detail, **extensions)
        self.keep: Callable[[Any], None] | None = None


class WipLimitReached(Refusal):
    """A limit has no room for what would come in."""

    slug = "wip-limit-reached"
    title = "WIP limit reached"


class CardBlocked(Refusal):
    """A blocked card cannot go to the right until it is unblocked."""

    slug = "card-blocked"
    title = "Card is blocked"


class UndoneNoMore(Refusal):
    """What the person did last can be taken back no more: it has been changed since, or its card
    has left the board."""

    slug = ChangedSince.slug
    title = ChangedSince.title

    def __init__(self, why: str, then: str, **extensions: Any) -> None:
        super().__init__(f"{why} {then}", **extensions)
        self.why = why
        self.then = then


class ConfirmationNeeded(Conflict):
    """The column that the card would leave asks for its points to be confirmed first."""

    slug = "confirmation-needed"
    title = "Confirmation needed"


class CordNotPulled(Conflict):
    """The andon cord is not pulled, so there is nothing to release or to help with."""

    slug = "andon-not-pulled"
    title = "Andon cord not pulled"


class CordPulledAlready(Conflict):
    """The andon cord is pulled already."""

    slug = "andon-already-pulled"
    title = "Andon cord pulled already"


class AndonPulled(Refusal):
    """The cord is pulled: no new work is started."""

    slug = "andon-pulled"
    title = "Andon cord pulled"
