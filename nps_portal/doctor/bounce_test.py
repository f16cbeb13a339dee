"""The bounce test: an email to an address that nobody has, to see how its failure comes back."""

import secrets
from dataclasses import replace
from datetime import datetime

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.config import Settings
from nps_portal.delivery.mail_server import relay_of
from nps_portal.delivery.rendering import return_address
from nps_portal.delivery.turns import PROMPT, signer_of
from nps_portal.doctor.identity import identity_of
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.tokens import new_public_id
from nps_portal.mail.headers import message_id_for
from nps_portal.mail.mime import Envelope, Mail, build
from nps_portal.mail.outcomes import Outcome, OutcomeKind
from nps_portal.outbox.transport import open_relay

_WORDS = (
    "This email was sent to an address that nobody has, to see how its failure is reported. "
    "If it has reached a person, their domain takes mail for every address; nothing is to be done."
)


class NotReady(PortalError):
    """No email leaves this installation yet."""


def send_bounce_test(process: Settings, settings: PortalSettings, now: datetime) -> str:
    """Send an email to a made-up address, and say what came of it and what to expect.

    :raises PortalError: it could not be handed over; says why.
    """
    if settings.uses_local_mailbox or not settings.mail_from:
        raise NotReady("Set the mail server and the sender first: nothing leaves this machine yet.")
    identity, public_id = identity_of(process, settings), new_public_id()
    recipient = f"nps-bounce-test-{secrets.token_hex(6)}@{identity.sender_domain}"
    sender = return_address(public_id, settings.mail_from, settings.bounce_domain)
    envelope = Envelope(sender=sender, recipient=recipient, envelope_id=f"o-{public_id}")
    mail = Mail(
        sender_name=settings.sender_name,
        sender_email=settings.mail_from,
        recipient_name="",
        recipient_email=recipient,
        subject="Bounce test",
        text=f"{_WORDS}\n",
        html=f'<!doctype html><html lang="en"><title>Bounce test</title><p>{_WORDS}</p></html>\n',
        message_id=message_id_for(public_id, settings.mail_from),
        date=now,
    )
    with open_relay(replace(relay_of(settings), limits=PROMPT)) as connection:
        outcome = connection.deliver(envelope, build(mail, signer_of(settings)), lambda: True)
    return f"To {recipient}, from {sender}.\n{_in_words(outcome, settings, sender)}"


def _in_words(outcome: Outcome, settings: PortalSettings, sender: str) -> str:
    said = f"{outcome.code} {outcome.reply}" if outcome.code else outcome.reply
    match outcome.kind:
        case OutcomeKind.NEVER:
            return (
                f"The mail server refused it at once: “{said}”. That is the best way: the portal "
                "learns at once which addresses are dead."
            )
        case OutcomeKind.LATER | OutcomeKind.ABANDONED:
            return f"The mail server asked to try later: “{said}”. Repeat the test then."
        case OutcomeKind.UNCERTAIN:
            return f"The mail server had it all, and its answer did not come: “{said}”."
        case OutcomeKind.SENT:
            return f"The mail server took it: “{said}”. {_expectation(settings, sender)}"


def _expectation(settings: PortalSettings, sender: str) -> str:
    report = f"A report of the failure should reach {sender} within minutes. "
    if not settings.inbox_url:
        return report + "No inbox is set, so the portal will not see it: look there yourself."
    return (
        report + "The worker takes it out of the inbox, and it is listed under Settings › Returned "
        "mail, because it belongs to no message. If nothing comes, what is sent to the bounce "
        "domain does not get there."
    )
