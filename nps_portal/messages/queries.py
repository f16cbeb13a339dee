"""Reading who got what: the list of messages, one message, and what needs a person by reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer, joinedload

from nps_portal.contacts.aliases import ids_of_person
from nps_portal.foundation.shown_pages import Turn
from nps_portal.journal.models import Event
from nps_portal.journal.queries import events_of_contacts
from nps_portal.mail.headers import message_id_for
from nps_portal.messages.fates import (
    CAME_BACK,
    Fate,
    fate_of,
    fate_of_state,
    remote_words,
    report_words,
    teller_words,
)
from nps_portal.messages.filters import Selection, page_ids
from nps_portal.outbox.models import Bounce, EmailContent, Message, MessageState
from nps_portal.outbox.queries import PROBLEMS
from nps_portal.outbox.resending import can_be_sent_again, is_asked_otherwise

_SENDS_TO_CHOOSE = 50


@dataclass(frozen=True, kw_only=True)
class MessageLine:
    """One message in the list, with the last that came back about it.

    `is_asked_otherwise` tells that another send has asked its person since, or is about to.
    """

    message: Message
    bounce: Bounce | None
    can_be_sent_again: bool
    is_asked_otherwise: bool

    @property
    def fate(self) -> Fate:
        """Return what became of it."""
        return fate_of(self.message, self.bounce)

    @property
    def is_problem(self) -> bool:
        """Tell whether it needs a person."""
        return self.message.state in PROBLEMS

    @property
    def is_stuck(self) -> bool:
        """Tell whether it needs a person, and sending it again is no answer."""
        return self.is_problem and not self.can_be_sent_again

    @property
    def came_back(self) -> str:
        """Return what the last report says in words, nothing when there is none."""
        return report_words(self.bounce.kind) if self.bounce else ""

    @property
    def attempts(self) -> int:
        """Return how often it was tried, from the first time on."""
        return self.message.attempts + self.message.former_attempts

    @property
    def at(self) -> datetime:
        """Return when it left or was to leave; of one that waits, when it will."""
        message = self.message
        left = None if self.fate is Fate.WAITING else message.sent_at or message.committed_at
        return left or message.due_at


@dataclass(frozen=True, kw_only=True)
class ReportLine:
    """What somebody told about a message, and their own words."""

    words: str
    their_words: str
    told_by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class MessageRecord:
    """Everything that is known about one message; reports and events newest first."""

    line: MessageLine
    message_id: str
    reports: Sequence[ReportLine]
    events: Sequence[Event]


@dataclass(frozen=True, kw_only=True)
class ProblemGroup:
    """Messages that need a person for one and the same reason.

    `returned` of them had been sent; `sendable` could be sent again; another send has asked the
    people of `asked_otherwise` since, or is about to; `since` is when the oldest was made.
    """

    state: MessageState
    reason: str
    count: int
    returned: int
    sendable: int
    asked_otherwise: int
    since: datetime

    @property
    def fate(self) -> Fate:
        """Return what became of them."""
        return Fate.CAME_BACK if self.returned else fate_of_state(self.state)

    @property
    def stuck(self) -> int:
        """Return how many cannot be sent again."""
        return self.count - self.sendable


@dataclass(frozen=True, kw_only=True)
class SendChoice:
    """What was sent in one go, to choose by its subject and day."""

    content_id: int
    subject: str
    created_at: datetime


def message_lines(session: Session, chosen: Selection, turn: Turn) -> list[MessageLine]:
    """Return the messages of a page, newest first, and one more when another page follows."""
    return _lines(session, page_ids(session, chosen, turn))


def message_record(session: Session, message: Message) -> MessageRecord:
    """Return everything that is known about a message."""
    (line,) = _lines(session, [message.id])
    reports = session.scalars(
        sa.select(Bounce).where(Bounce.message_id == message.id).order_by(Bounce.id.desc())
    )
    return MessageRecord(
        line=line,
        message_id=message_id_for(message.public_id, line.message.content.sender_email),
        reports=[
            ReportLine(
                words=report_words(report.kind),
                their_words=remote_words(report),
                told_by=teller_words(report.told_by),
                at=report.created_at,
            )
            for report in reports
        ],
        events=_events(session, message),
    )


def problem_groups(session: Session, content_id: int | None) -> list[ProblemGroup]:
    """Return what needs a person by state and reason, the largest first."""
    query = (
        sa.select(
            Message.state,
            Message.reason,
            sa.func.count().label("count"),
            sa.func.count(Message.sent_at).label("returned"),
            sa.func.count().filter(can_be_sent_again()).label("sendable"),
            sa.func.count().filter(is_asked_otherwise()).label("asked_otherwise"),
            sa.func.min(Message.created_at).label("since"),
        )
        .where(Message.state.in_(PROBLEMS))
        .group_by(Message.state, Message.reason)
        .order_by(sa.func.count().desc(), Message.reason)
    )
    if content_id is not None:
        query = query.where(Message.content_id == content_id)
    return [ProblemGroup(**row._mapping) for row in session.execute(query)]


def send_choices(session: Session, chosen: int | None) -> list[SendChoice]:
    """Return the last sends, newest first, and the chosen one however old it is."""
    query = sa.select(EmailContent.id, EmailContent.subject, EmailContent.created_at)
    last = session.execute(query.order_by(EmailContent.id.desc()).limit(_SENDS_TO_CHOOSE)).all()
    if chosen is not None and chosen not in {row.id for row in last}:
        last = [*last, *session.execute(query.where(EmailContent.id == chosen))]
    return [SendChoice(content_id=id_, subject=words, created_at=at) for id_, words, at in last]


def _lines(session: Session, ids: Sequence[int]) -> list[MessageLine]:
    """Return these messages with what is known about them, in this order."""
    by_id = _messages(session, ids)
    last = sa.select(sa.func.max(Bounce.id)).where(
        Bounce.message_id.in_(ids), Bounce.kind.in_(CAME_BACK)
    )
    bounces = {
        bounce.message_id: bounce
        for bounce in session.scalars(
            sa.select(Bounce).where(Bounce.id.in_(last.group_by(Bounce.message_id)))
        )
    }
    sendable, asked = (
        set(session.scalars(sa.select(Message.id).where(Message.id.in_(ids), condition)))
        for condition in (can_be_sent_again(), is_asked_otherwise())
    )
    return [
        MessageLine(
            message=by_id[id_],
            bounce=bounces.get(id_),
            can_be_sent_again=id_ in sendable,
            is_asked_otherwise=id_ in asked,
        )
        for id_ in ids
        if id_ in by_id
    ]


def _messages(session: Session, ids: Sequence[int]) -> dict[int, Message]:
    """Return these messages by their ids, as far as a list shows them."""
    messages = session.scalars(
        sa.select(Message)
        .where(Message.id.in_(ids))
        .options(
            defer(Message.values),
            # The texts of an email are long, and no list shows them.
            joinedload(Message.content, innerjoin=True).load_only(
                EmailContent.kind,
                EmailContent.state,
                EmailContent.subject,
                EmailContent.sender_email,
                EmailContent.created_at,
            ),
        )
    )
    return {message.id: message for message in messages}


def _events(session: Session, message: Message) -> list[Event]:
    """Return what the journal says of a message; many that were sent again share one fact."""
    if message.contact_id is None:
        return []
    return [
        event
        for event in events_of_contacts(session, ids_of_person(session, message.contact_id))
        if event.kind.startswith("message.")
        and (
            event.facts.get("message_id") == message.id
            or event.facts.get("content_id") == message.content_id
        )
    ]
