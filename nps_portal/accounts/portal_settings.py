"""The settings in force: what the environment says, else what the owner has set, else a default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from nps_portal.accounts.models import Setting
from nps_portal.config import MailSecurity, Settings
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record

_TEXTS = (
    "business_name",
    "postal_address",
    "time_zone",
    "sender_name",
    "mail_from",
    "reply_to",
    "mail_server",
    "mail_username",
    "mail_password",
    "dkim_domain",
    "dkim_selector",
    "bounce_domain",
    "inbox_url",
    "warm_up_since",
    "mailgun_signing_key",
    "sendgrid_public_key",
)
_NUMBERS = (
    "domain_rate_per_minute",
    "domain_connections",
    "warm_up_per_day",
    "expire_after_months",
    "forget_comments_after_months",
)
STORED = (*_TEXTS, *_NUMBERS, "mail_port", "mail_security")
# Kept out of every page, and an empty field keeps the stored one.
SECRETS = frozenset({"mail_password", "inbox_url", "mailgun_signing_key"})
DKIM_SELECTOR = "nps"
LOCAL_SERVERS = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_PORTS = {MailSecurity.NONE: 25, MailSecurity.STARTTLS: 587, MailSecurity.TLS: 465}


@dataclass(frozen=True, kw_only=True)
class PortalSettings:
    """What the account has decided; empty text means not yet decided.

    Numbers of 0 set no limit and keep for ever; `warm_up_since` is a day as in 2026-11-21.
    `from_environment` names the settings that the admin cannot change; `decided` those that
    somebody has set at all, the rest being defaults.
    """

    business_name: str
    postal_address: str
    time_zone: str
    sender_name: str
    mail_from: str
    reply_to: str
    mail_server: str
    mail_port: int
    mail_username: str
    mail_password: str = field(repr=False)
    mail_security: MailSecurity
    dkim_domain: str
    dkim_selector: str
    bounce_domain: str
    inbox_url: str = field(repr=False)
    domain_rate_per_minute: int
    domain_connections: int
    warm_up_per_day: int
    warm_up_since: str
    expire_after_months: int
    forget_comments_after_months: int
    mailgun_signing_key: str = field(repr=False)
    sendgrid_public_key: str
    from_environment: frozenset[str]
    decided: frozenset[str]

    @property
    def zone(self) -> ZoneInfo:
        """Return the account's zone."""
        return ZoneInfo(self.time_zone)

    @property
    def uses_local_mailbox(self) -> bool:
        """Tell whether no mail server is set, so that this machine catches every email."""
        return not self.mail_server


def process_settings() -> Settings:
    """Return the settings that this process was started with."""
    settings: Settings = current_app.extensions["nps_settings"]
    return settings


def portal_settings(session: Session) -> PortalSettings:
    """Return the settings in force."""
    stored = {row.name: row.value for row in session.scalars(sa.select(Setting))}
    return in_force(process_settings(), stored)


def dkim_key_file(process: Settings, settings: PortalSettings) -> Path:
    """Return where the private DKIM key lies, or will lie once it is made."""
    made_here = process.instance_dir / "dkim" / f"{settings.dkim_selector}.pem"
    return process.dkim_key_file or made_here


def in_force(environment: Settings, stored: Mapping[str, str]) -> PortalSettings:
    """Return the environment's settings laid over the stored ones.

    A mail server in the environment brings its whole conversation: nothing stored is mixed in.
    """
    given = {name for name in STORED if getattr(environment, name, None) is not None}
    if "mail_server" in given:
        given |= {"mail_port", "mail_username", "mail_password", "mail_security"}

    def text(name: str, default: str = "") -> str:
        if name in given:
            return str(getattr(environment, name) or "")
        return stored.get(name) or default

    security = _security(environment, stored, given)
    port = environment.mail_port if "mail_port" in given else int(stored.get("mail_port") or 0)
    defaults = {
        "time_zone": "UTC",
        "sender_name": text("business_name"),
        "dkim_domain": text("mail_from").rpartition("@")[2],
        "dkim_selector": DKIM_SELECTOR,
    }
    values: dict[str, Any] = {name: text(name, defaults.get(name, "")) for name in _TEXTS}
    values |= {name: int(text(name, "0")) for name in _NUMBERS}
    return PortalSettings(
        **values,
        mail_port=port or DEFAULT_PORTS[security],
        mail_security=security,
        from_environment=frozenset(given),
        decided=frozenset(given | {name for name in STORED if stored.get(name)}),
    )


def change_settings(work: Work, values: Mapping[str, str]) -> None:
    """Store settings; what the environment has decided is left alone.

    An empty secret keeps the stored one.
    """
    locked = in_force(process_settings(), {}).from_environment
    for name, value in values.items():
        if name not in STORED or name in locked or (name in SECRETS and not value):
            continue
        row = work.session.get(Setting, name)
        if row is None:
            row = Setting(name=name)
            work.session.add(row)
        row.value, row.changed_at, row.changed_by = value, work.now, work.actor.id
    record(work, "settings.changed", names=sorted(values))


def forget_setting(work: Work, name: str) -> None:
    """Take a stored setting back, a secret too; what the environment has decided stays."""
    work.session.execute(sa.delete(Setting).where(Setting.name == name))
    record(work, "settings.changed", names=[name])


def _security(environment: Settings, stored: Mapping[str, str], given: set[str]) -> MailSecurity:
    """Return the wished protection, else the one that the port stands for.

    A password never crosses a network in the clear because a field was left empty.
    """
    if "mail_server" in given:
        wish, port = environment.mail_security, environment.mail_port
        in_the_clear = environment.mail_is_local or not environment.mail_username
    else:
        wish = MailSecurity(stored["mail_security"]) if stored.get("mail_security") else None
        port = int(stored.get("mail_port") or 0)
        in_the_clear = not stored.get("mail_username")
    if wish is not None:
        return wish
    if port == DEFAULT_PORTS[MailSecurity.TLS]:
        return MailSecurity.TLS
    if port in {None, 0, DEFAULT_PORTS[MailSecurity.STARTTLS]} or not in_the_clear:
        return MailSecurity.STARTTLS
    return MailSecurity.NONE
