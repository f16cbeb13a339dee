"""Forms of what comes back: where it arrives, and what proves that a provider tells it."""

from typing import Self

from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, StringField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from nps_portal.accounts.forms import stripped
from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.accounts.settings_forms import StoredSettingsForm, is_server_name
from nps_portal.inbox.places import InboxTrouble, place_of
from nps_portal.inbox.sendgrid import public_key


def is_an_inbox(_form: FlaskForm, field: Field) -> None:
    """Refuse what is no address of an inbox."""
    try:
        place_of(field.data)
    except InboxTrouble as error:
        raise ValidationError(str(error)) from error


def is_a_public_key(_form: FlaskForm, field: Field) -> None:
    """Refuse what SendGrid cannot have given."""
    try:
        public_key(field.data)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class InboxForm(StoredSettingsForm):
    """Where returned emails go, and where they are fetched."""

    bounce_domain = StringField(
        "Bounce domain",
        [Optional(), Length(max=255), is_server_name],
        [stripped],
        description="As in bounces.example.com: every address there must end in the inbox below. "
        "Empty: returned emails go to the sender address.",
    )
    inbox_url = PasswordField(
        "Inbox",
        [Optional(), Length(max=500), is_an_inbox],
        [stripped],
        description="As in imaps://name:password@imap.example.com, or maildir:/var/mail/bounces. "
        "In name and password write @ as %40, : as %3A, / as %2F and % as %25.",
    )

    @classmethod
    def of(cls, settings: PortalSettings) -> Self:
        """Return the form; a stored inbox is said to be there and never shown."""
        form = super().of(settings)
        if settings.inbox_url and "inbox_url" not in settings.from_environment:
            form.inbox_url.description = "An inbox is kept. Leave this empty to keep it."
        return form


class KeysForm(StoredSettingsForm):
    """The keys with which providers sign."""

    mailgun_signing_key = PasswordField(
        "Mailgun: HTTP webhook signing key",
        [Optional(), Length(max=200)],
        [stripped],
        description="With it, only what Mailgun has signed is believed.",
    )
    sendgrid_public_key = TextAreaField(
        "SendGrid: verification key",
        [Optional(), Length(max=1000), is_a_public_key],
        [stripped],
        description="Of the signed event webhook. With it, only what SendGrid has signed is "
        "believed.",
    )

    @classmethod
    def of(cls, settings: PortalSettings) -> Self:
        """Return the form; a stored signing key is said to be there and never shown."""
        form = super().of(settings)
        form.csrf_token.id = "keys_csrf_token"
        if settings.mailgun_signing_key:
            form.mailgun_signing_key.description = "A key is kept. Leave this empty to keep it."
        return form
