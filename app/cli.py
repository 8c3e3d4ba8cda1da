"""The command line: `weir serve` and what keeps it well. Exit status 0, or 1 with one clear line.

What takes long to load is loaded by the command that needs it, so that `weir --version` is quick.
"""

import gc
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app import __version__
from app.shell import (
    CannotDo,
    ProgressBar,
    ask_password,
    checked,
    hashed,
    note,
    opened,
    read_settings,
    said,
)

Key = Annotated[str, typer.Argument(metavar="KEY", help="The board's key, such as OPS.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail address of the account.")]

cli = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Weir: a kanban board whose WIP limits hold and whose lead times are measured.",
)
user = typer.Typer(rich_markup_mode=None, help="Accounts.")
token = typer.Typer(rich_markup_mode=None, help="Tokens for the API.")
board = typer.Typer(rich_markup_mode=None, help="Boards.")
db = typer.Typer(rich_markup_mode=None, help="The database's schema.")
cli.add_typer(user, name="user")
cli.add_typer(token, name="token")
cli.add_typer(board, name="board")
cli.add_typer(db, name="db")


class Template(StrEnum):
    """What a new board begins with."""

    DEV_OPS = "dev-ops"
    SIMPLE = "simple"
    EMPTY = "empty"


class ImportFormat(StrEnum):
    """What an import reads."""

    HISTORY = "history"
    EVENTS_CSV = "events-csv"


class ExportFormat(StrEnum):
    """What an export writes."""

    HISTORY = "history"
    CSV = "csv"


def main() -> None:
    """The command `weir`."""
    try:
        status = cli(standalone_mode=False)
        sys.stdout.flush()
    except (SystemExit, BrokenPipeError):
        # With the first of them typer ends when nobody reads. What is left goes nowhere, or Python
        # would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        line: str | None = "nobody reads the output any more"
    except BaseException as error:  # Ctrl-C too is said in a line
        line = said(error)
        if line is None:
            raise
    else:
        sys.exit(status or 0)
    print(f"weir: {line}", file=sys.stderr)
    sys.exit(1)


@cli.callback(invoke_without_command=True)
def _weir(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        print(f"weir {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


# --- Serving ------------------------------------------------------------------------------------


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; more than one needs PostgreSQL.")
    ] = 1,
) -> None:
    """Serve Weir until Ctrl-C or SIGTERM; migrates the database first if need be."""
    # What is loaded now stays for good: looking for garbage in it only takes time.
    gc.disable()
    from app.server import serve as serve_weir

    serve_weir(read_settings(), host, port, workers)


# --- Accounts, tokens, boards -------------------------------------------------------------------


@user.command("add")
def user_add(
    email: Email,
    name: Annotated[str, typer.Option(help="The person's name.")],
    admin: Annotated[bool, typer.Option("--admin", help="Sees and manages every board.")] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Make an account. Asks for the password on a terminal; without one only tokens work."""
    from app.auth.service import add_user
    from app.types import Email as EmailType
    from app.types import Name

    email, name = checked(EmailType, email, "EMAIL"), checked(Name, name, "--name")
    settings = read_settings()
    password = ask_password(password_stdin, needed=False)
    kept = None if password is None else hashed(settings, password)
    with opened(settings) as database:
        database.write_now(lambda tx: add_user(tx, email, name, kept, is_admin=admin))
    print(f"{email} has an account.")
    if kept is None:
        note(
            f"{email} has no password and cannot sign in; `weir token create` makes a token for "
            "the API, `weir user password` sets a password."
        )


@user.command("password")
def userask_password(
    email: Email,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Give an account a new password; whoever is signed in to it is signed out."""
    from app.auth.service import set_password
    from app.types import Email as EmailType

    email = checked(EmailType, email, "EMAIL")
    settings = read_settings()
    password = ask_password(password_stdin, needed=True)
    assert password is not None
    kept = hashed(settings, password)
    with opened(settings) as database:
        database.write_now(set_password, email, kept)
    print(f"{email} has a new password.")


@token.command("create")
def token_create(
    email: Email,
    name: Annotated[str, typer.Option(help="What the token is for.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="It changes nothing.")] = False,
    board: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="It reaches only this board (repeatable)."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days after which it ends.")
    ] = None,
) -> None:
    """Make a token for the API and print it, this one time."""
    from app import clock
    from app.auth.service import create_token, find_user
    from app.types import BoardKey, Name
    from app.types import Email as EmailType

    email, name = checked(EmailType, email, "EMAIL"), checked(Name, name, "--name")
    keys = [checked(BoardKey, key, "--board") for key in board] if board else None
    ends = None if days is None else clock.now() + days * clock.DAY
    with opened() as database:
        made = database.write_now(
            lambda tx: create_token(
                tx,
                find_user(tx, email),
                name,
                read_only=read_only,
                boards=keys,
                expires_at=ends,
            )
        )
    print(made.secret)


@board.command("create")
def board_create(
    key: Key,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The board's name.")],
    owner: Annotated[str, typer.Option(metavar="EMAIL", help="Whose board it is: its manager.")],
    template: Annotated[Template, typer.Option(help="What it begins with.")] = Template.DEV_OPS,
) -> None:
    """Make a board."""
    from app.auth.service import find_user
    from app.boards.service import create_board
    from app.types import BoardKey, Name
    from app.types import Email as EmailType

    key, name = checked(BoardKey, key, "KEY"), checked(Name, name, "NAME")
    owner = checked(EmailType, owner, "--owner")
    settings = read_settings()
    with opened(settings) as database:
        database.write_now(
            lambda tx: create_board(tx, find_user(tx, owner), key, name, template=template.value)
        )
    print(f"{key} is there: {settings.base_url}/boards/{key}")


@board.command("sample")
def board_sample(
    owner: Annotated[str, typer.Option(metavar="EMAIL", help="Whose board it is: its manager.")],
) -> None:
    """Make a board with sixty days of made-up work, to look around; its page can remove it."""
    from app.auth.service import find_user
    from app.samples.service import make_sample
    from app.types import Email as EmailType

    owner = checked(EmailType, owner, "--owner")
    settings = read_settings()
    with opened(settings) as database:
        key = database.write_now(lambda tx: make_sample(tx, find_user(tx, owner)).row.key)
    print(f"{key} is there: {settings.base_url}/boards/{key}")


@cli.command()
def sample(
    cards: Annotated[int, typer.Option(help="How many cards it has had in all.")] = 1_000,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed until the same time makes the same board.")
    ] = 1,
    board: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Its key. [default: the first free one of SAMPLE, ...]"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Its name.")] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            metavar="EMAIL", help="Whose board and work it is. [default: the first administrator]"
        ),
    ] = None,
    time_zone: Annotated[str, typer.Option(help="The zone in which people work.")] = "UTC",
    years: Annotated[
        float | None,
        typer.Option(help="For how long it has been in use. [default: as it fits the cards]"),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="A day or timestamp: when it ends. [default: now]"),
    ] = None,
) -> None:
    """Make a board of any size with years of made-up work, to evaluate Weir and to measure it."""
    from app.samples.big import write_board_played
    from app.samples.playing import play
    from app.sampling import check_owner, wish_of

    wish = wish_of(cards, seed, board, name, time_zone, years, until)
    settings = read_settings()
    try:
        with opened(settings) as database, ProgressBar() as progress:
            actor = database.read_now(check_owner, owner, wish.key)
            with play(wish, progress) as played:
                made = database.write_now(write_board_played, actor, played, progress)
    except KeyboardInterrupt:
        raise CannotDo("stopped: no board was made") from None
    print(f"{made.row.key} is there: {settings.base_url}/boards/{made.row.key}")


# --- Bringing in and taking out -----------------------------------------------------------------


@cli.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What to read; - is standard input.")
    ],
    board: Annotated[str, typer.Option(metavar="KEY", help="The board that takes the cards.")],
    format: Annotated[  # noqa: A002 - the option's name
        ImportFormat, typer.Option(help="A history document, or a status log as CSV.")
    ] = ImportFormat.HISTORY,
    mapping: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="How to read the log: `servicenow`, TOML or JSON."),
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="Column of the card's id.")] = None,
    state_column: Annotated[str | None, typer.Option(help="Column of the status.")] = None,
    time_column: Annotated[str | None, typer.Option(help="Column of the time of a row.")] = None,
    creation_column: Annotated[
        str | None, typer.Option(help="Column of the time at which the card was created.")
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(help="`iso`, or a pattern such as '%d-%m-%Y %H:%M'.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of times that name none, such as Europe/Berlin.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="The card's title; {column} stands for a column's value.")
    ] = None,
    label_column: Annotated[
        list[str] | None, typer.Option(help="Column that becomes a label (repeatable).")
    ] = None,
    unknown_value: Annotated[
        list[str] | None, typer.Option(help="A value that means 'not known' (repeatable).")
    ] = None,
    work_type: Annotated[str | None, typer.Option(help="The cards' work type.")] = None,
    service_class: Annotated[str | None, typer.Option(help="The cards' service class.")] = None,
    team: Annotated[str | None, typer.Option(help="The cards' team.")] = None,
    lane: Annotated[str | None, typer.Option(help="The cards' lane.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS=MEANING",
            help="What a status means: COLUMN, blocked:CATEGORY or ignored: (repeatable).",
        ),
    ] = None,
    unknown_states: Annotated[
        str | None, typer.Option(help="Another status: `refuse`, `ignore` or `as_column`.")
    ] = None,
    start_column: Annotated[
        str | None, typer.Option(help="Where a card is until its first column is seen.")
    ] = None,
    before_creation: Annotated[
        str | None,
        typer.Option(help="A row before the creation: `refuse`, `keep_creation`, `move_creation`."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:KIND[:LIMIT]",
            help="A column for a board without cards, left to right (repeatable).",
        ),
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="What separates values, or `tab`.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The file's encoding.")] = None,
) -> None:
    """Bring cards with their pasts onto a board: all of them, or none."""
    from app.errors import NotFound
    from app.exchange.csvlog import read_log_file
    from app.exchange.history import import_history
    from app.exchange.options import mapping_of
    from app.exchange.schemas import read_document
    from app.types import BoardKey

    key = checked(BoardKey, board, "--board")
    options = {
        "id_column": id_column,
        "state_column": state_column,
        "time_column": time_column,
        "creation_column": creation_column,
        "time_format": time_format,
        "time_zone": time_zone,
        "title": title,
        "label_columns": label_column,
        "unknown_values": unknown_value,
        "work_type": work_type,
        "service_class": service_class,
        "team": team,
        "lane": lane,
        "unknown_states": unknown_states,
        "start_column": start_column,
        "before_creation": before_creation,
        "delimiter": delimiter,
        "encoding": encoding,
    }
    warnings: list[str] = []
    if format is ImportFormat.EVENTS_CSV:
        log = mapping_of(mapping, states=state or (), columns=column or (), **options)
        reading = read_log_file(Path("/dev/stdin") if str(file) == "-" else file, log)
        document, warnings = read_document(reading.document), reading.warnings
        note(
            f"{reading.rows} rows tell of {reading.cards} cards, {reading.moves} moves and "
            f"{reading.blocks} blocked intervals."
        )
    else:
        if mapping or state or column or any(options.values()):
            raise CannotDo("The options of a log need --format events-csv.")
        document = read_document(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    with opened() as database:
        try:
            result = database.write_now(import_history, None, key, document)
        except NotFound:
            raise CannotDo(
                f"There is no board {key}; `weir board create {key} NAME --owner EMAIL` makes one."
            ) from None
    for warning in warnings:
        note(warning)
    print(f"{result.created} cards created, {result.skipped} skipped.")


@cli.command()
def export(
    key: Key,
    format: Annotated[  # noqa: A002 - the option's name
        ExportFormat, typer.Option(help="A history document, or the cards as CSV.")
    ] = ExportFormat.HISTORY,
) -> None:
    """Write a board's cards with their pasts to standard output."""
    from app.errors import NotFound
    from app.exchange.export import export_history, export_sheet
    from app.types import BoardKey

    key = checked(BoardKey, key, "KEY")
    write = export_history if format is ExportFormat.HISTORY else export_sheet
    with opened() as database:
        try:
            data = database.read_now(write, None, key)
        except NotFound:
            raise CannotDo(f"There is no board {key}.") from None
    sys.stdout.buffer.write(data)
    if not data.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")


# --- Keeping it well ----------------------------------------------------------------------------


@cli.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup; it must not exist.")],
) -> None:
    """Write the whole database, as it is at one moment, to a file; Weir may go on meanwhile."""
    from app.backup import make_backup

    made = make_backup(read_settings().url, file)
    print(f"{file}: {made}")


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup made by `weir backup`.")],
) -> None:
    """Fill an empty database, SQLite or PostgreSQL, from a backup."""
    from app.backup import restore_backup

    made = restore_backup(read_settings().url, file)
    print(f"Restored: {made}")


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest schema, as `weir serve` does by itself."""
    from app.schema import newest, upgrade

    upgrade(read_settings().url)
    print(f"The database is at migration {newest()}.")


@cli.command()
def check() -> None:
    """Say whether this installation is sound, a line for each check."""
    from app.check import check_installation

    failed = 0
    for finding in check_installation(read_settings()):
        print(f"{'ok' if finding.sound else 'FAIL':<5} {finding.name:<11} {finding.said}")
        failed += not finding.sound
    if failed:
        raise CannotDo("not sound; the lines with FAIL say why")


@cli.command()
def rebuild(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="Boards; all when none is named.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what differs; status 1 if anything does.")
    ] = False,
) -> None:
    """Recompute every derived value from the history; says what differed, nothing when all is
    well."""
    from app.cards.rebuild import board_keys, examine_board, rebuild_board
    from app.types import BoardKey

    wanted = [checked(BoardKey, key, "KEY") for key in keys or ()]
    lasting = 0
    with opened() as database:
        known = database.read_now(board_keys)
        for key in wanted:
            if key not in known:
                raise CannotDo(f"There is no board {key}.")
        for key in wanted or known:
            found = database.read_now(examine_board, key)
            if found and not dry_run:
                # Only now the board is locked; what is found then is put right.
                found = database.write_now(rebuild_board, key)
            for difference in found:
                print(f"{key}: {difference}")
                lasting += dry_run or not difference.repairable
    if lasting:
        raise CannotDo(
            "Derived values differ from the history; `weir rebuild` puts them right."
            if dry_run
            else "The history itself is damaged; restore a backup."
        )


if __name__ == "__main__":
    main()
