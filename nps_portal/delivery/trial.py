"""The small email by which an owner tries the mail server out, and its result in words."""

import enum
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.delivery.turns import deliver_now
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import one_line
from nps_portal.foundation.tokens import new_public_id
from nps_portal.mail.headers import message_id_for
from nps_portal.mail.mime import Mail
from nps_portal.outbox.transport import Outcome, OutcomeKind

_FOLDER = "emails/test"
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
)


class Verdict(enum.Enum):
    """How a trial ended, in the words of a flashed message's category."""

    DELIVERED = "success"
    UNCLEAR = "warning"
    REFUSED = "error"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of a trial, as a sentence for the owner."""

    verdict: Verdict
    words: str


def send_trial(
    settings: PortalSettings, *, recipient_name: str, recipient: str, now: datetime
) -> Trial:
    """Send a test to the owner through the mail server in force and say what came of it."""
    if not settings.mail_from:
        return Trial(verdict=Verdict.REFUSED, words="Enter and save the sender address first.")
    try:
        outcome = deliver_now(settings, _mail(settings, recipient_name, recipient, now))
    except PortalError as error:
        return Trial(verdict=Verdict.REFUSED, words=f"The test did not leave. {error}")
    return _in_words(outcome, settings, recipient)


def _mail(settings: PortalSettings, recipient_name: str, recipient: str, now: datetime) -> Mail:
    values = {
        "business": settings.business_name or "your business",
        "name": recipient_name,
        "server": "the local mailbox" if settings.uses_local_mailbox else settings.mail_server,
        "sender": settings.mail_from,
    }
    subject, text, html = (
        _TEMPLATES.get_template(f"{_FOLDER}/{name}").render(values)
        for name in ("subject.txt", "body.txt", "body.html")
    )
    return Mail(
        sender_name=one_line(settings.sender_name),
        sender_email=settings.mail_from,
        reply_to=settings.reply_to or None,
        recipient_name=one_line(recipient_name),
        recipient_email=recipient,
        subject=one_line(subject),
        text=text,
        html=html,
        message_id=message_id_for(new_public_id(), settings.mail_from),
        date=now,
    )


def _in_words(outcome: Outcome, settings: PortalSettings, recipient: str) -> Trial:
    said = f"{outcome.code} {outcome.reply}" if outcome.code else outcome.reply
    match outcome.kind:
        case OutcomeKind.SENT if settings.uses_local_mailbox:
            return Trial(
                verdict=Verdict.DELIVERED,
                words="The test lies in the local mailbox. It did not leave this machine.",
            )
        case OutcomeKind.SENT:
            return Trial(
                verdict=Verdict.DELIVERED,
                words=f"The mail server took the test: “{said}”. Look for it at {recipient}, "
                "and if it is not there, among the spam.",
            )
        case OutcomeKind.NEVER:
            return Trial(
                verdict=Verdict.REFUSED, words=f"The mail server refused the test: “{said}”."
            )
        case OutcomeKind.LATER | OutcomeKind.ABANDONED:
            return Trial(
                verdict=Verdict.UNCLEAR,
                words=f"The mail server asked to try later: “{said}”. Some do that with every "
                "sender they do not know yet. Try again in five minutes.",
            )
        case OutcomeKind.UNCERTAIN:
            return Trial(
                verdict=Verdict.UNCLEAR,
                words="The mail server had the whole test, but its answer did not come: "
                f"“{said}”. Look for it at {recipient}.",
            )
