"""Settings: read from the environment, prefix `WEIR_`."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an administrator can set; every field is an environment variable `WEIR_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="WEIR_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default=Path("./data"), description="Folder of the SQLite database and of the secret key."
    )
    database_url: str = Field(
        default="",
        description="Database: `sqlite:///path` or `postgresql://user:password@host/name`. "
        "Empty: SQLite in the data folder.",
    )
    base_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Address under which people reach Weir; links are made with it, and `https` "
        "makes the session cookie Secure.",
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key that signs the notices carried between two pages. Empty: made on first "
        "start and kept in the data folder.",
    )
    sqlite_synchronous: str = Field(
        default="FULL",
        description="SQLite's `synchronous`: `FULL` loses nothing that was answered, even when "
        "the power fails; `NORMAL` may lose the last moments then.",
    )
    database_pool_size: int = Field(
        default=8,
        ge=1,
        le=100,
        description="Threads (and PostgreSQL connections) that read or write.",
    )
    max_body_bytes: int = Field(
        default=1_048_576,
        ge=1024,
        description="Largest request body in bytes; more is answered with 413.",
    )
    max_import_bytes: int = Field(
        default=67_108_864, ge=1024, description="Largest body of a history import in bytes."
    )
    request_timeout: float = Field(
        default=30.0,
        gt=0,
        description="Seconds within which a request's headers and body must arrive.",
    )
    session_days: int = Field(
        default=30, ge=1, le=400, description="Days after which a sign-in ends."
    )
    invite_days: int = Field(
        default=14, ge=1, le=400, description="Days for which an invite link works."
    )
    password_memory_kib: int = Field(
        default=19_456, ge=8192, description="Memory cost of Argon2id in KiB for one password."
    )
    password_passes: int = Field(default=2, ge=1, le=20, description="Time cost of Argon2id.")
    sign_in_attempts: int = Field(
        default=10,
        ge=1,
        description="Failed sign-ins of one account within 15 minutes before it has to wait "
        "(ten times as many for one address).",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses of reverse proxies whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are believed, separated by commas.",
    )
    log_format: str = Field(default="text", description="Form of the log lines: `text` or `json`.")
    log_level: str = Field(
        default="info",
        description="What is logged: `info` has a line for each request, `warning` only refusals "
        "of rights and faults, `error` only faults; `debug` has everything.",
    )

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: str) -> str:
        known = value.startswith(("postgresql://", "postgresql+psycopg://", "sqlite:///"))
        if value and (not known or value == "sqlite:///" or ":memory:" in value):
            raise ValueError("must be sqlite:///path or postgresql://user:password@host/name")
        return value

    @field_validator("sqlite_synchronous")
    @classmethod
    def _known_synchronous(cls, value: str) -> str:
        if value.upper() not in {"FULL", "NORMAL"}:
            raise ValueError("must be FULL or NORMAL")
        return value.upper()

    @field_validator("log_format")
    @classmethod
    def _known_log_format(cls, value: str) -> str:
        if value not in {"text", "json"}:
            raise ValueError("must be text or json")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_log_level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("must be debug, info, warning or error")
        return value.lower()

    @field_validator("base_url")
    @classmethod
    def _base_url_is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @property
    def url(self) -> str:
        """The database's URL, with the default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'weir.db').resolve()}"

    @property
    def key_file(self) -> Path:
        """Where the signing key is kept that was made on first start."""
        return self.data_dir / "secret"

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite."""
        return self.url.startswith("sqlite")

    @property
    def is_secure(self) -> bool:
        """Whether people reach Weir by https."""
        return self.base_url.startswith("https://")


def load_secret(settings: Settings) -> bytes:
    """The signing key: from the settings, else from the data folder, made there if missing."""
    if given := settings.secret_key.get_secret_value():
        return given.encode()
    path = settings.key_file
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".secret-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_urlsafe(48).encode())
        # Of processes that start at once exactly one makes the key, and it is whole from the start.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    key = path.read_bytes().strip()
    if len(key) < 16:
        raise ValueError(f"The secret key in {path} is too short; delete the file for a new one.")
    return key
