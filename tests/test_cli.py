"""The command line, as somebody in a shell meets it."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from app import clock, schema
from app.auth import service as auth
from app.auth.actor import Credentials, digest, identify
from app.auth.passwords import Passwords
from app.cli import main
from app.db import Database
from app.errors import NotSignedIn
from app.shell import CannotDo, ProgressBar, ask_password
from tests.lives import Life, make_board
from tests.processes import ROOT

LOG = ROOT / "tests" / "exchange" / "data" / "incidents.csv"


class Ran(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


Weir = Callable[..., Ran]


@pytest.fixture
def weir(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    own_logs: None,
) -> Weir:
    """Runs a command: `weir("user", "add", ...)`; the data folder is `data` in a fresh folder."""
    for name in [name for name in os.environ if name.startswith("WEIR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEIR_PASSWORD_MEMORY_KIB", "8192")
    monkeypatch.setenv("WEIR_PASSWORD_PASSES", "1")

    def run(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["weir", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        status = ended.value.code
        assert status in {0, 1}
        assert "Traceback" not in err
        return Ran(int(status or 0), out, err)

    return run


@pytest.fixture
def on(database_url: str, monkeypatch: pytest.MonkeyPatch, weir: Weir) -> Database:
    """The database that the commands work on; the test runs once on each kind."""
    monkeypatch.setenv("WEIR_DATABASE_URL", database_url)
    return Database(database_url, pool_size=1)


def refused(ran: Ran, words: str) -> None:
    """A command that ended with status 1 and one clear line."""
    assert ran.status == 1
    assert ran.err.startswith("weir: ")
    assert words in ran.err
    assert ran.err.count("\n") == 1, ran.err
    assert ran.out == ""


def done(ran: Ran) -> str:
    """What a command printed that succeeded."""
    assert ran.status == 0, ran.err
    return ran.out


# --- What every command does --------------------------------------------------------------------


def test_the_version_comes_at_once() -> None:
    program = (
        "import sys; sys.argv = ['weir', '--version']\n"
        "from app.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'sqlalchemy', 'fastapi', 'alembic'} & sys.modules.keys()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == "weir 0.1.0\n[]\n"


def test_without_a_command_the_commands_are_told(weir: Weir) -> None:
    told = done(weir())
    for command in ("serve", "user", "token", "board", "import", "export", "backup", "restore"):
        assert f"  {command} " in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "fly"),
        (["user", "add"], "EMAIL"),
        (["user", "add", "ada@example.org"], "--name"),
        (["user", "add", "ada@example.org", "--name", "Ada", "--colour", "red"], "--colour"),
        (["serve", "--port", "high"], "--port"),
        (["serve", "--workers", "0"], "workers"),
        (["serve", "--workers", "2"], "On SQLite one process serves"),
        (["board", "create", "OPS", "Ops", "--template", "big", "--owner", "a@b"], "template"),
        (["user", "add", "nonsense", "--name", "Ada"], "EMAIL: must be an e-mail address"),
        (["user", "add", "ada@example.org", "--name", " "], "--name: must not be empty"),
        (["board", "create", "1", "Ops", "--owner", "a@b"], "KEY"),
        (["import", "missing.json", "--board", "OPS"], "missing.json: No such file"),
        (["import", "x.csv", "--board", "OPS", "--title", "T"], "--format events-csv"),
        (["import", "x.csv", "--board", "OPS", "--format", "events-csv"], "--mapping"),
        (["backup", "b.db"], "There is no database yet"),
        (["backup", "no/where/b.db"], "no/where: there is no such folder"),
        (["restore", "missing.db"], "there is no such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    weir: Weir, arguments: list[str], words: str
) -> None:
    refused(weir(*arguments), words)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BASE_URL", "ftp://weir", "WEIR_BASE_URL: must start with http"),
        ("DATABASE_URL", "mysql://x", "WEIR_DATABASE_URL: must be sqlite:///path or postgresql"),
        ("DATABASE_URL", "sqlite://", "WEIR_DATABASE_URL: must be"),
        ("DATABASE_URL", "sqlite:///:memory:", "WEIR_DATABASE_URL: must be"),
        ("DATABASE_URL", "postgresql://:port", "WEIR_DATABASE_URL: is no address"),
        ("LOG_FORMAT", "loud", "WEIR_LOG_FORMAT: must be text or json"),
        ("LOG_LEVEL", "loud", "WEIR_LOG_LEVEL: must be"),
        ("SESSION_DAYS", "many", "WEIR_SESSION_DAYS"),
        ("DATA_DIR", "/dev/null/data", "/dev/null/data: Not a directory"),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    weir: Weir, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"WEIR_{name}", value)
    refused(weir("db", "upgrade"), words)


def test_a_database_that_does_not_answer_is_said(
    weir: Weir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_DATABASE_URL", f"postgresql://weir:hidden@/weir?host={tmp_path}")
    for arguments in (["db", "upgrade"], ["user", "add", "a@b", "--name", "A"], ["backup", "b"]):
        ran = weir(*arguments)
        refused(ran, "The database cannot be used")
        assert "hidden" not in ran.err


def test_a_database_that_is_too_old_or_too_new_is_said(
    weir: Weir, on: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    on.close()
    known = [schema.newest(), "9999"]
    monkeypatch.setattr(schema, "_known", lambda: known)
    refused(weir("export", "OPS"), "run `weir db upgrade`")
    assert "FAIL  database" in weir("check").out
    monkeypatch.setattr(schema, "_known", lambda: ["0000"])
    for arguments in (["export", "OPS"], ["db", "upgrade"], ["serve", "--port", "0"]):
        refused(weir(*arguments), "made by a newer Weir")


# --- Accounts, tokens, boards -------------------------------------------------------------------


def test_the_first_command_on_a_fresh_machine_simply_works(weir: Weir, tmp_path: Path) -> None:
    done(weir("user", "add", "ada@example.org", "--name", "Ada", "--admin"))
    assert (tmp_path / "data" / "weir.db").exists()
    done(weir("board", "create", "OPS", "Ops", "--owner", "ada@example.org"))
    assert done(weir("db", "upgrade")) == f"The database is at migration {schema.newest()}.\n"


def test_an_account_signs_in_with_its_password(weir: Weir, on: Database) -> None:
    add = ("user", "add", "Ada@Example.org", "--name", "Ada Lovelace", "--password-stdin")
    assert done(weir(*add, stdin="correct horse\n")) == "ada@example.org has an account.\n"
    account = on.read_now(auth.account_for_sign_in, "ada@example.org", "", 10)
    assert account is not None
    passwords = Passwords(memory_kib=8192, passes=1)
    assert passwords.matches("correct horse", account.password_hash)
    actor = on.read_now(auth.find_user, "ada@example.org")
    assert (actor.name, actor.is_admin) == ("Ada Lovelace", False)
    refused(weir(*add, stdin="correct horse\n"), "has an account already")

    secret = on.write_now(auth.begin_session, actor.id, "browser", 1)
    change = ("user", "password", "ada@example.org", "--password-stdin")
    assert "new password" in done(weir(*change, stdin="battery staple"))
    account = on.read_now(auth.account_for_sign_in, "ada@example.org", "", 10)
    assert account is not None
    assert passwords.matches("battery staple", account.password_hash)
    with pytest.raises(NotSignedIn):
        on.read_now(identify, Credentials("session", digest(secret)))
    refused(weir(*change, stdin="short\n"), "password: ")
    refused(
        weir("user", "password", "bob@example.org", "--password-stdin", stdin="long enough"),
        "no account",
    )
    refused(weir("user", "password", "ada@example.org"), "--password-stdin")
    on.close()


def test_a_password_is_asked_for_twice_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    typed: list[str] = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: typed.pop(0))
    typed[:] = ["correct horse", "correct horse"]
    assert ask_password(from_stdin=False, needed=True) == "correct horse"
    typed[:] = ["correct horse", "correct house"]
    with pytest.raises(CannotDo, match="differ"):
        ask_password(from_stdin=False, needed=False)
    typed[:] = [""]
    assert ask_password(from_stdin=False, needed=False) is None
    typed[:] = ["", ""]
    with pytest.raises(CannotDo, match="at least 8"):
        ask_password(from_stdin=False, needed=True)


def test_an_account_without_a_password_is_for_tokens_and_says_so(weir: Weir) -> None:
    ran = weir("user", "add", "bot@example.org", "--name", "Bot")
    assert done(ran) == "bot@example.org has an account.\n"
    assert "has no password and cannot sign in" in ran.err
    assert "weir token create" in ran.err


def test_a_token_is_printed_alone_and_works(weir: Weir, on: Database) -> None:
    make_board(on, "OPS")
    owner = "adaops@example.org"
    secret = done(weir("token", "create", owner, "--name", "ci")).rstrip("\n")
    assert on.read_now(identify, Credentials("token", digest(secret))).email == owner
    narrow = ("--name", "x", "--read-only", "--board", "ops", "--days", "3")
    secret = done(weir("token", "create", owner, *narrow)).rstrip("\n")
    actor = on.read_now(identify, Credentials("token", digest(secret)))
    assert actor.read_only
    assert actor.boards == frozenset({1})
    ends = on.read_now(auth.list_tokens, actor)[-1][0].expires_at
    assert ends is not None
    assert abs(ends - clock.now() - 3 * clock.DAY) < clock.MINUTE
    refused(weir("token", "create", owner, "--name", "x", "--board", "NOPE"), "no board NOPE")
    refused(weir("token", "create", "bob@b", "--name", "x"), "bob@b has no account here")
    on.close()


def test_a_board_is_made_for_its_owner(weir: Weir, on: Database) -> None:
    done(weir("user", "add", "ada@example.org", "--name", "Ada"))
    make = ("board", "create", "ops", "Ops", "--owner", "ada@example.org")
    assert (
        done(weir(*make, "--template", "simple"))
        == "OPS is there: http://127.0.0.1:8000/boards/OPS\n"
    )
    refused(weir(*make), "A board with the key OPS exists")
    refused(weir("board", "create", "DEV", "Dev", "--owner", "bob@b"), "bob@b has no account")
    on.close()


def test_a_sample_board_is_made_for_its_owner_and_nothing_is_wrong_with_it(
    weir: Weir, on: Database
) -> None:
    done(weir("user", "add", "ada@example.org", "--name", "Ada"))
    make = ("board", "sample", "--owner", "ada@example.org")
    assert done(weir(*make)) == "SAMPLE is there: http://127.0.0.1:8000/boards/SAMPLE\n"
    assert done(weir(*make)) == "SAMPLE2 is there: http://127.0.0.1:8000/boards/SAMPLE2\n"
    assert done(weir("rebuild")) == ""
    refused(weir("board", "sample", "--owner", "bob@b"), "bob@b has no account")
    on.close()


def test_a_board_of_any_size_is_made_up(weir: Weir, on: Database) -> None:
    refused(weir("sample", "--cards", "50"), "There is no administrator; say with --owner")
    done(weir("user", "add", "bob@example.org", "--name", "Bob"))
    done(weir("user", "add", "ada@example.org", "--name", "Ada", "--admin"))
    make = ("sample", "--cards", "50", "--seed", "7", "--until", "2026-03-02")
    assert done(weir(*make)) == "SAMPLE is there: http://127.0.0.1:8000/boards/SAMPLE\n"
    more = ("--board", "big", "--name", "Big", "--owner", "bob@example.org", "--years", "0.5")
    ran = weir(*make, *more, "--time-zone", "Europe/Berlin")
    assert done(ran) == "BIG is there: http://127.0.0.1:8000/boards/BIG\n"
    assert ran.err == "", "how far it has come is told on a terminal only"
    assert done(weir("rebuild")) == ""
    refused(weir(*make, "--board", "BIG"), "A board with the key BIG exists")
    refused(weir(*make, "--owner", "eve@example.org"), "eve@example.org has no account")
    on.close()


def test_a_board_that_is_broken_off_is_not_there(
    weir: Weir, on: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(weir("user", "add", "ada@example.org", "--name", "Ada", "--admin"))

    show = ProgressBar.__call__
    pressed: list[str] = []

    def press_ctrl_c(self: ProgressBar, step: str, share: float) -> None:
        if step == "history" and not pressed:
            pressed.append(step)
            os.kill(os.getpid(), signal.SIGINT)
            deadline = time.monotonic() + 10
            while not self.is_stopped and time.monotonic() < deadline:
                time.sleep(0.01)
        show(self, step, share)

    monkeypatch.setattr(ProgressBar, "__call__", press_ctrl_c)
    # Whoever starts the tests in the background lets them ignore it.
    was = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        refused(weir("sample", "--cards", "50"), "stopped: no board was made")
    finally:
        signal.signal(signal.SIGINT, was)
    assert pressed, "it is broken off while it is written"
    assert "no board SAMPLE" in weir("export", "SAMPLE").err
    on.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cards", "0"], "--cards: must be from 1 to"),
        (["--cards", "many"], "--cards"),
        (["--seed", "-1"], "--seed"),
        (["--board", "1"], "--board: "),
        (["--name", ""], "--name: must not be empty"),
        (["--owner", "nobody"], "--owner: must be an e-mail address"),
        (["--time-zone", "Mars/Base"], "--time-zone: must be a time zone"),
        (["--years", "0"], "--years: must be from"),
        (["--years", "nan"], "--years: must be from"),
        (["--until", "tomorrow"], "--until: must be a timestamp"),
        (["--until", "2199-01-01"], "--until: lies in the future"),
        (["--until", "1970-02-01"], "--until: it would begin before 1970"),
    ],
)
def test_what_cannot_be_made_up_is_said_in_one_line(
    weir: Weir, arguments: list[str], words: str
) -> None:
    done(weir("user", "add", "ada@example.org", "--name", "Ada", "--admin"))
    refused(weir("sample", *arguments), words)


# --- Bringing in and taking out -----------------------------------------------------------------


@pytest.fixture
def boards(weir: Weir, on: Database) -> Database:
    """The empty boards ONE and TWO."""
    done(weir("user", "add", "ada@example.org", "--name", "Ada"))
    for key in ("ONE", "TWO"):
        make = ("board", "create", key, key, "--template", "empty", "--owner", "ada@example.org")
        done(weir(*make))
    return on


def test_a_log_comes_in_goes_out_and_comes_in_again(
    weir: Weir, boards: Database, tmp_path: Path
) -> None:
    bring = ("import", str(LOG), "--board", "ONE", "--format", "events-csv")
    ran = weir(*bring, "--mapping", "servicenow")
    assert "cards created, 0 skipped." in done(ran)
    assert "rows tell of" in ran.err
    again = weir(*bring, "--mapping", "servicenow")
    assert done(again).startswith("0 cards created, ")

    document = done(weir("export", "ONE"))
    cards = json.loads(document)["cards"]
    assert done(ran).startswith(f"{len(cards)} cards created")
    (tmp_path / "history.json").write_text(document)
    done(weir("import", "history.json", "--board", "two"))
    assert done(weir("export", "TWO")) == document
    rows = done(weir("export", "ONE", "--format", "csv")).splitlines()
    assert len(rows) == len(cards) + 1
    assert done(weir("rebuild")) == ""
    boards.close()


def test_a_document_comes_in_from_standard_input(weir: Weir, boards: Database) -> None:
    document: dict[str, Any] = {
        "format": "weir-history/1",
        "columns": [{"name": "New", "kind": "queue"}],
        "cards": [{"title": "A", "created_at": "2026-01-01T00:00:00Z", "column": "New"}],
    }
    told = done(weir("import", "-", "--board", "ONE", stdin=json.dumps(document)))
    assert told == "1 cards created, 0 skipped.\n"
    document["cards"][0]["created_at"] = "yesterday"
    refused(
        weir("import", "-", "--board", "ONE", stdin=json.dumps(document)), "cards[0].created_at:"
    )
    refused(weir("import", "-", "--board", "ONE", stdin="{"), "JSON")
    refused(weir("import", "-", "--board", "NINE", stdin=json.dumps(document)), "cards[0]")
    boards.close()


def test_an_import_for_a_board_that_is_not_there_says_how_to_make_it(weir: Weir) -> None:
    document = {"format": "weir-history/1", "cards": []}
    ran = weir("import", "-", "--board", "nine", stdin=json.dumps(document))
    refused(ran, "There is no board NINE; `weir board create NINE NAME --owner EMAIL` makes one.")
    refused(weir("export", "nine"), "There is no board NINE.")
    refused(weir("rebuild", "nine"), "There is no board NINE.")


def test_a_log_of_any_shape_is_read_by_options_alone(
    weir: Weir, boards: Database, tmp_path: Path
) -> None:
    (tmp_path / "log.csv").write_text(
        "ticket;status;when;who\n"
        "T1;open;01.02.2026 10:00;ops\n"
        "T1;parked;01.02.2026 11:00;ops\n"
        "T1;closed;01.02.2026 12:00;ops\n"
        "T2;spam;01.02.2026 12:00;ops\n"
    )
    ran = weir(
        *("import", "log.csv", "--board", "ONE", "--format", "events-csv"),
        *("--id-column", "ticket", "--state-column", "status", "--time-column", "when"),
        *("--time-format", "%d.%m.%Y %H:%M", "--time-zone", "Europe/Berlin", "--delimiter", ";"),
        *("--state", "open=Open", "--state", "parked=blocked:approval"),
        *("--state", "closed=Closed", "--state", "spam=ignored:"),
        *("--column", "Open:active:5", "--column", "Closed:done"),
        *("--title", "Ticket {ticket}", "--label-column", "who", "--work-type", "ops"),
    )
    assert done(ran) == "1 cards created, 0 skipped.\n"
    assert "ignored" in ran.err
    (card,) = json.loads(done(weir("export", "ONE")))["cards"]
    assert card["title"] == "Ticket T1"
    assert card["labels"] == ["ops"]
    assert card["created_at"] == "2026-02-01T09:00:00.000000Z"
    assert [block["category"] for block in card["blocks"]] == ["approval"]
    boards.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--id-column", "ticket"], "--state-column is missing"),
        (["--mapping", "nowhere.toml"], "the built-in ones are: servicenow"),
        (["--mapping", "servicenow", "--state", "open"], "STATUS=COLUMN or STATUS=blocked"),
        (["--mapping", "servicenow", "--state", "x=blocked:boredom"], "states.x.blocked"),
        (["--mapping", "servicenow", "--column", "Open"], "NAME:queue"),
        (["--mapping", "servicenow", "--id-column", "nope"], 'the log has no column "nope"'),
        (["--mapping", "servicenow", "--encoding", "utf-99"], "encoding"),
    ],
)
def test_options_that_make_no_sense_are_refused(weir: Weir, options: list[str], words: str) -> None:
    log = ("import", str(LOG), "--board", "ONE", "--format", "events-csv")
    refused(weir(*log, *options), words)


def test_who_stops_reading_an_export_is_told_in_one_line(
    weir: Weir, boards: Database, database_url: str
) -> None:
    done(
        weir(
            "import",
            str(LOG),
            "--board",
            "ONE",
            "--format",
            "events-csv",
            "--mapping",
            "servicenow",
        )
    )
    export = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "export", "ONE"],
        cwd=ROOT,
        env={**os.environ, "WEIR_DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert export.stdout is not None
    export.stdout.close()
    _, errors = export.communicate(timeout=60)
    assert export.returncode == 1
    assert errors == b"weir: nobody reads the output any more\n"
    boards.close()


# --- Keeping it well ----------------------------------------------------------------------------


def findings(ran: Ran) -> dict[str, bool]:
    """The checks and whether each found all well."""
    lines = ran.out.splitlines()
    return {line[6:17].strip(): line.startswith("ok ") for line in lines}


def test_a_sound_installation_is_found_sound(weir: Weir, on: Database) -> None:
    make_board(on)
    ran = weir("check")
    assert ran.status == 0
    assert all(findings(ran).values())
    assert {"settings", "files", "data folder", "database", "integrity", "history"} <= set(
        findings(ran)
    )
    on.close()


def test_an_installation_that_was_never_started_is_not_made_by_looking(
    weir: Weir, tmp_path: Path
) -> None:
    ran = weir("check")
    assert ran.status == 1
    assert ran.err == "weir: not sound; the lines with FAIL say why\n"
    assert [name for name, sound in findings(ran).items() if not sound] == ["database"]
    assert list(tmp_path.iterdir()) == []


def test_derived_values_that_are_wrong_are_found_and_rebuilt(weir: Weir, on: Database) -> None:
    Life(on, make_board(on), "OPS", 3).live(60)
    assert done(weir("rebuild")) == ""
    assert done(weir("rebuild", "ops", "--dry-run")) == ""
    damage = sa.text(
        "UPDATE cards SET process_time = -5, created_at = 5 WHERE number = "
        "(SELECT min(number) FROM cards WHERE discarded_at IS NULL)"
    )
    on.write_now(lambda tx: tx.execute(damage))
    ran = weir("check")
    assert findings(ran)["history"] is False
    assert "run `weir rebuild`" in ran.out
    tried = weir("rebuild", "--dry-run")
    assert tried.status == 1
    assert "weir rebuild" in tried.err
    told = done(weir("rebuild"))
    assert told == tried.out
    assert "OPS: 1 card: created_at\n" in told
    assert "OPS: 1 card: process_time\n" in told
    assert done(weir("rebuild")) == ""
    on.write_now(lambda tx: tx.execute(sa.text("DELETE FROM events WHERE seq = 2")))
    broken = weir("rebuild")
    assert broken.status == 1
    assert "restore a backup" in broken.err
    on.close()


def test_a_damaged_file_is_found(weir: Weir, tmp_path: Path) -> None:
    done(weir("user", "add", "ada@example.org", "--name", "Ada"))
    file = tmp_path / "data" / "weir.db"
    pages = bytearray(file.read_bytes())
    pages[4096 * 20 : 4096 * 40] = b"\xff" * 4096 * 20
    file.write_bytes(pages)
    ran = weir("check")
    assert ran.status == 1
    assert not all(findings(ran).values())


def test_a_backup_and_its_restoration(
    weir: Weir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(weir("user", "add", "ada@example.org", "--name", "Ada"))
    assert done(weir("backup", "b.db")) == "b.db: boards: 0, cards: 0, events: 0\n"
    refused(weir("backup", "b.db"), "b.db is there already")
    refused(weir("restore", "b.db"), "The database is not empty")
    monkeypatch.setenv("WEIR_DATA_DIR", str(tmp_path / "other"))
    assert done(weir("restore", "b.db")) == "Restored: boards: 0, cards: 0, events: 0\n"
    refused(weir("user", "add", "ada@example.org", "--name", "Ada"), "has an account already")
