"""What the pages of messages are asked: which to show, which to send again, a better address."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import EmailField, IntegerField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, NumberRange, Optional

from nps_portal.contacts.commands import ContactDetails, details_of
from nps_portal.contacts.models import Contact
from nps_portal.foundation.addresses import BadEmail, parse_email
from nps_portal.foundation.row_ids import LARGEST_ROW_ID, row_id
from nps_portal.messages.fates import Fate
from nps_portal.messages.filters import MessageFilter
from nps_portal.messages.queries import SendChoice
from nps_portal.outbox.models import MessageState
from nps_portal.outbox.queries import PROBLEMS, OutboxHealth


def asked_for(arguments: Mapping[str, str]) -> MessageFilter:
    """Return which messages an address asks for; what it says beyond that filters nothing."""
    fates = {fate.value: fate for fate in Fate}
    try:
        content_id = row_id(arguments.get("batch", ""))
    except ValueError:
        content_id = None
    return MessageFilter(
        fate=fates.get(arguments.get("state", "")),
        content_id=content_id,
        text=" ".join(arguments.get("q", "").replace("\0", "").split()),
    )


def as_query(wanted: MessageFilter) -> dict[str, Any]:
    """Return what an address carries to ask for the same messages."""
    query = {
        "state": wanted.fate.value if wanted.fate else "",
        "batch": str(wanted.content_id or ""),
        "q": wanted.text,
    }
    return {name: value for name, value in query.items() if value}


def fate_choices(health: OutboxHealth) -> list[tuple[str, str]]:
    """Return the fates to choose from; those that are few by nature say how many."""
    counts = {
        Fate.WAITING: health.waiting,
        Fate.UNCERTAIN: health.uncertain,
        Fate.FAILED: health.failed,
    }
    return [("", "Every email")] + [
        (fate.value, f"{fate.words} ({counts[fate]:,})" if counts.get(fate) else fate.words)
        for fate in Fate
    ]


def send_options(choices: Sequence[SendChoice], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Return the sends to choose from, each by its subject and its day in the zone."""
    return [("", "All sends")] + [
        (str(one.content_id), f"{one.subject}, {one.created_at.astimezone(zone):%d %b %Y}")
        for one in choices
    ]


class SendAllAgainForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """Which messages to send again: all of one state and reason, of one send or of all."""

    state = SelectField(choices=[SelectChoice(state.value, state.value) for state in PROBLEMS])
    reason = StringField()
    batch = IntegerField(validators=[Optional(), NumberRange(1, LARGEST_ROW_ID)])

    @property
    def chosen_state(self) -> MessageState:
        """Return the state."""
        return MessageState(self.state.data)


class AddressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A better address for somebody whose address came back."""

    email = EmailField("Email", [InputRequired("Write the email address.")])

    def __init__(self, contact: Contact) -> None:
        super().__init__(data={"email": contact.email})
        self.contact = contact

    def validate_email(self, field: EmailField) -> None:
        """Refuse what is not one address, and the one that came back."""
        try:
            address = parse_email(field.data or "")
        except BadEmail as fault:
            raise ValidationError(str(fault)) from fault
        if address.key == self.contact.email_key:
            raise ValidationError("This is the address that came back. Write another one.")

    def to_details(self) -> ContactDetails:
        """Return what is known of the person, with the new address."""
        return details_of(self.contact, parse_email(self.email.data or ""))
