"""Settings: every NPS_… variable, its type, its default and its meaning.

They come from the environment and from `config.env` in the instance directory (the environment
wins); `NPS_X_FILE` reads X from a file. What an owner may also set in the admin has no default
here: None means that the environment is silent and the stored setting counts.
"""

import enum
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from nps_portal.foundation import setting_values
from nps_portal.foundation.errors import PortalError

PREFIX = "NPS_"
# How many requests one web process answers side by side.
WEB_THREADS = 32
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class BadSettings(PortalError):
    """A setting cannot be used; the message names each variable."""


class MailSecurity(enum.Enum):
    """How the conversation with the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class LogFormat(enum.Enum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class Settings(BaseModel):
    """The settings of one process, checked once at its start."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    instance_dir: Path = Field(description="What one installation owns: database, secret, mailbox.")
    secret_key: Annotated[str, AfterValidator(setting_values.secret)] = Field(
        repr=False, description="Seals links and sessions; made and kept in the instance directory."
    )
    database_url: Annotated[str, AfterValidator(setting_values.database_address)] = Field(
        repr=False, description="The database: sqlite:///… or postgresql+psycopg://…."
    )
    public_url: Annotated[str, AfterValidator(setting_values.public_address)] = Field(
        description="What every link in an email begins with."
    )
    bind: Annotated[str, AfterValidator(setting_values.bind_address)] = Field(
        default="127.0.0.1:8000", description="The address and port the web server listens on."
    )
    web_processes: int = Field(
        default=1, ge=1, le=64, description="How many processes answer web requests."
    )
    mail_server: Annotated[str, AfterValidator(setting_values.server_name)] | None = Field(
        default=None, description="The mail server that delivers; without one, the local mailbox."
    )
    mail_port: int | None = Field(
        default=None, ge=1, le=65535, description="Its port; by the security: 587, 465 or 25."
    )
    mail_username: str | None = Field(default=None, description="The name to sign in with.")
    mail_password: str | None = Field(
        default=None, repr=False, description="The password to sign in with."
    )
    mail_security: MailSecurity | None = Field(
        default=None, description="none, starttls or tls; by the port when absent."
    )
    mail_from: Annotated[str, AfterValidator(setting_values.email)] | None = Field(
        default=None, description="The address that surveys come from."
    )
    mail_rate_per_minute: int = Field(
        default=0, ge=0, description="The most messages a minute; 0 sets no limit."
    )
    mail_connections: int = Field(
        default=4, ge=1, le=64, description="How many connections one worker opens side by side."
    )
    dkim_domain: Annotated[str, AfterValidator(setting_values.server_name)] | None = Field(
        default=None, description="The domain that signs emails; the sender's domain when absent."
    )
    dkim_selector: Annotated[str, AfterValidator(setting_values.dns_label)] | None = Field(
        default=None, description="The selector of the DKIM key in DNS; nps when absent."
    )
    dkim_key_file: Path | None = Field(
        default=None,
        description="The private DKIM key (PEM); the one made by the doctor when absent.",
    )
    bounce_domain: Annotated[str, AfterValidator(setting_values.server_name)] | None = Field(
        default=None, description="The domain whose mail reaches the inbox, for returned emails."
    )
    inbox_url: Annotated[str, AfterValidator(setting_values.inbox_address)] | None = Field(
        default=None,
        repr=False,
        description="Where returned emails arrive: imaps://name:password@host or maildir:/path.",
    )
    business_name: Annotated[str, AfterValidator(setting_values.one_line)] | None = Field(
        default=None, max_length=120, description="The name in the question, emails and pages."
    )
    postal_address: str | None = Field(
        default=None, max_length=300, description="The address at the foot of every email."
    )
    time_zone: Annotated[str, AfterValidator(setting_values.time_zone)] | None = Field(
        default=None, description="The account's zone, as in Europe/Vienna."
    )
    proxies: int = Field(
        default=0, ge=0, le=10, description="How many proxies in front of the portal are trusted."
    )
    log_format: LogFormat = Field(default=LogFormat.CONSOLE, description="console or json.")

    @model_validator(mode="after")
    def _password_needs_protection(self) -> Self:
        if (
            self.mail_password
            and self.mail_security is MailSecurity.NONE
            and not self.mail_is_local
        ):
            raise ValueError(
                "NPS_MAIL_SECURITY: none would send the password in the clear; use starttls or tls"
            )
        return self

    @property
    def mail_is_local(self) -> bool:
        """Tell whether the mail server is on this machine."""
        return self.mail_server in LOOPBACK_HOSTS

    @property
    def public_host(self) -> str:
        """Return the host of the public address, without the port."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def public_url_is_loopback(self) -> bool:
        """Tell whether only this machine can open the links in emails."""
        return self.public_host in LOOPBACK_HOSTS

    @property
    def bind_is_loopback(self) -> bool:
        """Tell whether only this machine can reach the web server."""
        return self.bind.rpartition(":")[0].strip("[]") in LOOPBACK_HOSTS

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the database is a file of this machine."""
        return self.database_url.startswith("sqlite")


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; make the instance directory and its secret when absent.

    :raises BadSettings: a value cannot be used; nothing starts.
    """
    given = dict(os.environ if environment is None else environment)
    instance_dir = Path(given.get("NPS_INSTANCE_DIR") or "instance").absolute()
    kept = dotenv_values(instance_dir / "config.env") if instance_dir.is_dir() else {}
    merged = {**{name: value or "" for name, value in kept.items()}, **given}
    values: dict[str, Any] = _values(merged)
    values["instance_dir"] = instance_dir
    _make_instance_directory(instance_dir)
    values.setdefault("secret_key", "")
    if not values["secret_key"]:
        values["secret_key"] = _kept_secret(instance_dir)
    values.setdefault("database_url", f"sqlite:///{instance_dir / 'nps.sqlite'}")
    values.setdefault("public_url", _url_of_bind(values.get("bind", "127.0.0.1:8000")))
    try:
        return Settings(**values)
    except ValidationError as error:
        raise BadSettings(_sentences(error)) from error


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the NPS_… variables that mean nothing to this version, as a spelling check."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def _values(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the given values by field; an empty variable counts as absent."""
    values: dict[str, str] = {}
    for field in Settings.model_fields:
        name = f"{PREFIX}{field.upper()}"
        if path := variables.get(f"{name}_FILE"):
            try:
                values[field] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise BadSettings(f"{name}_FILE: {path} cannot be read ({error})") from error
        elif value := variables.get(name):
            values[field] = value
    return values


def _url_of_bind(bind: str) -> str:
    host, _, port = bind.rpartition(":")
    return f"http://{'127.0.0.1' if host in {'0.0.0.0', '[::]'} else host}:{port}"  # noqa: S104 - compared, not bound


def _make_instance_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadSettings(f"NPS_INSTANCE_DIR: {directory} cannot be made ({error})") from error


def _kept_secret(directory: Path) -> str:
    """Return the secret of this installation; the first process to ask makes it."""
    path = directory / "secret_key"
    fresh = directory / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
    if not path.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            # A link appears whole or not at all, and never replaces another process's secret.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="utf-8").strip()


def _sentences(error: ValidationError) -> str:
    lines = []
    for fault in error.errors():
        name = f"{PREFIX}{str(fault['loc'][0]).upper()}: " if fault["loc"] else ""
        lines.append(name + fault["msg"].removeprefix("Value error, "))
    return "\n".join(lines)
