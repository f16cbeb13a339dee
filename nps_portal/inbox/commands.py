"""Taking in what came back: each report of an email, matched to its message and acted on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from nps_portal.accounts.memos import remember
from nps_portal.batches.queries import named_invitation
from nps_portal.foundation.tokens import Purpose
from nps_portal.foundation.work import Work
from nps_portal.inbox.events import ProviderEvent
from nps_portal.inbox.models import InboxPosition
from nps_portal.inbox.places import ImapPlace, MaildirPlace
from nps_portal.outbox.bounces import Noted, note_event, note_report
from nps_portal.outbox.matching import message_of_invitation, proven_message, reported_message
from nps_portal.outbox.models import Message
from nps_portal.reports.models import Report, ReportKind
from nps_portal.reports.reading import read_reports

LARGEST_READ_BYTES = 2_000_000
INBOX = "inbox"

# What a person ought to read stays unread.
_FOR_PEOPLE = (ReportKind.REPLY, ReportKind.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class IncomingMail:
    """An email that came in, as it was read; `digest` tells it from every other."""

    digest: str
    reports: Sequence[Report]


def read_mail(raw: bytes) -> IncomingMail:
    """Return what an email reports, read no further than it may be long."""
    raw = raw[:LARGEST_READ_BYTES]
    return IncomingMail(digest=hashlib.sha256(raw).hexdigest(), reports=read_reports(raw))


def take_in(work: Work, mail: IncomingMail, *, told_by: str = INBOX) -> list[Noted]:
    """Act on every report of an email; the same email taken in again changes nothing."""
    return [
        note_report(
            work,
            report,
            _message(work, report),
            told_by=told_by,
            dedupe=f"mail:{mail.digest}:{index}",
        )
        for index, report in enumerate(mail.reports)
    ]


def take_events(work: Work, provider: str, events: Sequence[ProviderEvent]) -> list[Noted]:
    """Act on what a mail provider tells us, who has shown that it is the provider."""
    return [
        note_event(
            work,
            event.report,
            reported_message(work.session, event.report, work.now),
            told_by=provider,
            dedupe=f"{provider}:{event.id}",
        )
        for event in events
    ]


def is_understood(notes: Sequence[Noted]) -> bool:
    """Tell whether nobody needs to read the email: every report is tied to a message of ours."""
    return all(one.message_id is not None and one.report.kind not in _FOR_PEOPLE for one in notes)


def save_position(
    work: Work, place: ImapPlace | MaildirPlace, *, uid_validity: int = 0, last_uid: int = 0
) -> None:
    """Write down how far a place has been read, and that it was read now."""
    work.session.merge(
        InboxPosition(
            place=place.name, uid_validity=uid_validity, last_uid=last_uid, read_at=work.now
        )
    )


def note_trouble(work: Work, trouble: str) -> None:
    """Write down why the inbox cannot be read; nothing when it can."""
    remember(work, INBOX, trouble)


def _message(work: Work, report: Report) -> Message | None:
    """Return the message that a report proves to be about, by what it was sent to or by its id."""
    if report.kind is ReportKind.UNSUBSCRIBE:
        invitation = named_invitation(work.session, Purpose.UNSUBSCRIBE, report.token)
        if invitation is not None:
            return message_of_invitation(work.session, invitation.id)
    return proven_message(work.session, report)
