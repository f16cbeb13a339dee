"""Forms of the stored settings; a field that the environment has decided is shown and disabled."""

import enum
import ipaddress
from datetime import date
from typing import Any, Self

from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    Field,
    IntegerField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from nps_portal.accounts.forms import EMAIL_LENGTH, is_email, on_one_line, stripped
from nps_portal.accounts.portal_settings import (
    LOCAL_SERVERS,
    SECRETS,
    PortalSettings,
    process_settings,
)
from nps_portal.accounts.zones import zones_of_places
from nps_portal.config import PREFIX, MailSecurity
from nps_portal.foundation.addresses import ascii_domain
from nps_portal.foundation.errors import PortalError

BUSINESS_LENGTH = 120
ADDRESS_LENGTH = 300
CREDENTIAL_LENGTH = 320
MOST_PER_DAY = 100_000
MOST_CONNECTIONS = 64

_SECURITY_WORDS = {
    MailSecurity.STARTTLS: "STARTTLS (port 587, usual)",
    MailSecurity.TLS: "TLS from the start (port 465)",
    MailSecurity.NONE: "None (port 25)",
}


class StoredSettingsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """Settings that an owner may change, as far as the environment leaves them open."""

    settings: PortalSettings

    @classmethod
    def of(cls, settings: PortalSettings) -> Self:
        """Return the form, filled with what somebody has decided; a default is not guessed."""
        # Secrets stay out, so that no page can ever show them.
        shown = settings.decided - SECRETS
        form: Self = cls(data={name: _shown(getattr(settings, name)) for name in shown})
        form.settings = settings
        for field in form:
            if field.name in settings.from_environment:
                _lock(field)
        return form

    def to_settings(self) -> dict[str, str]:
        """Return the values by the names of the settings."""
        names = [field.name for field in self if field.name != "csrf_token"]
        return {name: _stored(self[name].data) for name in names}


def is_server_name(_form: FlaskForm, field: Field) -> None:
    """Refuse what cannot be the name or the address of a server."""
    if not _could_be_a_server(field.data or ""):
        raise ValidationError("Enter the name alone, as in smtp.example.com: no port, no https://.")


def protects_the_password(form: "MailForm", field: Field) -> None:
    """Refuse to send a password over a network in the clear."""
    server, kept = form.mail_server.data or "", form.settings.mail_password
    has_password = bool(form.mail_password.data or (kept and form.mail_username.data))
    is_in_the_clear = field.data == MailSecurity.NONE.value and server not in {"", *LOCAL_SERVERS}
    if is_in_the_clear and has_password:
        raise ValidationError(
            "Without protection the password would cross the network in the clear. "
            "Choose STARTTLS or TLS."
        )


def has_a_user_name(form: "MailForm", field: Field) -> None:
    """Refuse a password that belongs to nobody."""
    if form.mail_password.data and not field.data:
        raise ValidationError("Enter the user name that the password belongs to.")


def fits_the_server(form: "MailForm", field: Field) -> None:
    """Refuse to hand the kept password to a server that it was not entered for."""
    server, kept_for = form.mail_server.data or "", form.settings.mail_server
    moves = server.casefold() not in {"", kept_for.casefold()}
    if form.settings.mail_password and moves and form.mail_username.data and not field.data:
        raise ValidationError("Enter the password for this server: the kept one was for another.")


class BusinessForm(StoredSettingsForm):
    """The business: its name, where it is, and its time."""

    business_name = StringField(
        "Business name",
        [InputRequired("Enter the name of your business."), Length(max=BUSINESS_LENGTH)],
        [on_one_line],
        description="It stands in the question, in every email and on every page.",
    )
    postal_address = TextAreaField(
        "Postal address",
        [InputRequired("Enter your postal address."), Length(max=ADDRESS_LENGTH)],
        [stripped],
        description="The law wants it at the foot of every survey email.",
    )
    time_zone = SelectField(
        "Time zone",
        [InputRequired("Choose your time zone.")],
        description="Every time in the portal is shown in this zone.",
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        # A zone by another of the world's names for it, such as US/Eastern, stays as it is.
        present = (values.get("data") or {}).get("time_zone")
        choices = [SelectChoice("", "Choose…")]
        choices += [SelectChoice(z.name, z.place, optgroup=z.area) for z in zones_of_places()]
        if present and present not in {choice.value for choice in choices}:
            choices.append(SelectChoice(present, present, optgroup="Present"))
        self.time_zone.choices = choices


class MailForm(StoredSettingsForm):
    """Who the emails come from, and the mail server that takes them."""

    sender_name = StringField(
        "Sender name",
        [Optional(), Length(max=BUSINESS_LENGTH)],
        [on_one_line],
        description="A person at your business is opened most, as in “Jo at Acme”. "
        "Empty: the name of your business.",
    )
    mail_from = EmailField(
        "Sender address",
        [
            InputRequired("Enter the address that emails come from."),
            Length(max=EMAIL_LENGTH),
            is_email,
        ],
        [stripped],
        description="An address at your own domain; with one at gmail.com or the like, most "
        "surveys end up as spam.",
    )
    reply_to = EmailField(
        "Replies go to",
        [Optional(), Length(max=EMAIL_LENGTH), is_email],
        [stripped],
        description="A mailbox that somebody reads. Empty: the sender address.",
    )
    mail_server = StringField(
        "Mail server",
        [Optional(), Length(max=255), is_server_name],
        [stripped],
        description="As in smtp.example.com; your mail provider names it. "
        "Empty: no email leaves this machine.",
    )
    mail_security = SelectField(
        "Protection",
        [InputRequired("Choose how the conversation is protected."), protects_the_password],
        choices=[
            SelectChoice(security.value, words) for security, words in _SECURITY_WORDS.items()
        ],
        default=MailSecurity.STARTTLS.value,
        description="With none, everything can be read on its way: only for a server at hand.",
    )
    mail_port = IntegerField(
        "Port",
        [Optional(), NumberRange(1, 65535, "A port is a number from 1 to 65535.")],
        description="Empty: the port that goes with the protection.",
    )
    mail_username = StringField(
        "User name",
        [Length(max=CREDENTIAL_LENGTH), has_a_user_name],
        [stripped],
        description="Often the whole email address. Empty: the server asks for none.",
    )
    mail_password = PasswordField(
        "Password",
        [Length(max=CREDENTIAL_LENGTH), fits_the_server],
    )

    @classmethod
    def of(cls, settings: PortalSettings) -> Self:
        """Return the form; a stored password is said to be there and never shown."""
        form = super().of(settings)
        if settings.mail_password and "mail_password" not in settings.from_environment:
            form.mail_password.description = "A password is kept. Leave this empty to keep it."
        return form


class PaceForm(StoredSettingsForm):
    """How fast emails may leave; 0 sets no limit."""

    warm_up_per_day = IntegerField(
        "Warm-up: emails on the first day",
        [Optional(), NumberRange(0, MOST_PER_DAY, "Enter a number from 0 to 100,000.")],
        description="For a sender address or server that is new to the world: at most so many on "
        "the first day, then half as many again each day, until 30 days have passed. 0: no limit.",
    )
    domain_rate_per_minute = IntegerField(
        "Emails a minute to one receiving domain",
        [Optional(), NumberRange(0, MOST_PER_DAY, "Enter a number from 0 to 100,000.")],
        description="For those who deliver without a provider, who sees to this. 0: no limit.",
    )
    domain_connections = IntegerField(
        "Connections at once for one receiving domain",
        [Optional(), NumberRange(0, MOST_CONNECTIONS, "Enter a number from 0 to 64.")],
        description="For those who deliver without a provider, too. 0: no limit.",
    )

    def to_pace(self, today: date) -> dict[str, str]:
        """Return the values by the names of the settings; a new warm-up begins today."""
        values = {name: value or "0" for name, value in self.to_settings().items()}
        if not int(values["warm_up_per_day"]):
            values["warm_up_since"] = ""
        elif not self.settings.warm_up_per_day:
            values["warm_up_since"] = today.isoformat()
        return values


def _lock(field: Field) -> None:
    """Show a field that the environment has decided, and judge nothing that is sent for it."""
    field.validators = []
    field.render_kw = {**(field.render_kw or {}), "disabled": True}
    # A mail server in the environment decides its port and the rest, whether they are given or not.
    given = getattr(process_settings(), field.name, None) is not None
    variable = f"{PREFIX}{(field.name if given else 'mail_server').upper()}"
    field.description = f"Set in the environment by {variable}, which wins over this page."


def _shown(value: object) -> object:
    return value.value if isinstance(value, enum.Enum) else value


def _stored(value: object) -> str:
    return "" if value is None else str(value)


def _could_be_a_server(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        pass
    else:
        return True
    try:
        labels = ascii_domain(text).split(".")
    except PortalError:
        return False
    return all(label.replace("-", "").replace("_", "").isalnum() for label in labels)
