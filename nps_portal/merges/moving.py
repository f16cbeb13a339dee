"""Moving what hangs on one Contact to another: what was sent, asked, answered, and noted."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from nps_portal.batches.models import Batch, BatchMember, BatchState, Exclusion, Invitation
from nps_portal.contacts.changes import ContactChange
from nps_portal.contacts.models import ContactTag, PropertyValue
from nps_portal.followups.models import Task
from nps_portal.foundation.database import Model
from nps_portal.foundation.work import Work
from nps_portal.merges.models import DistinctContacts
from nps_portal.outbox.models import Bounce, JournalledSend, Message, MessageState
from nps_portal.privacy.models import PersonalView
from nps_portal.responses.models import Response

# In the order in which others lock them: what hangs on a Contact before the Contact.
_LOCKED = (Invitation, Message, Bounce, Task, Response)
_MOVED = (Message, Bounce, JournalledSend, Response, Task, PersonalView, ContactChange)
_UNDECIDED = (BatchState.DRAFT, BatchState.SCHEDULED, BatchState.RUNNING, BatchState.PAUSED)
ASKED_AT_THE_OTHER = "the same person is asked at another address"


def lock_what_hangs_on(work: Work, contact_ids: Collection[int]) -> None:
    """Lock what others lock before they lock the Contact, so that nobody waits in a ring."""
    work.session.execute(
        sa.select(Batch.id)
        .where(Batch.state.in_(_UNDECIDED))
        .order_by(Batch.id)
        .with_for_update(of=Batch)
    )
    for table in _LOCKED:
        work.session.execute(
            sa.select(table.id)
            .where(table.contact_id.in_(contact_ids))
            .order_by(table.id)
            .with_for_update(of=table)
        )


def move_everything(work: Work, drop_id: int, keep_id: int) -> None:
    """Hang on one Contact whatever hangs on another; doing it again moves what came since.

    Where both were asked by one send, the second Invitation stays where it is: a send asks a
    Contact once. Its answer moves all the same, and an email that waits for it is not sent.
    """
    _move_where_free(work, Invitation, drop_id, keep_id)
    _cancel_second_emails(work, drop_id)
    _move_where_free(work, Exclusion, drop_id, keep_id)
    _move_memberships(work, drop_id, keep_id)
    _move_in_audiences(work, drop_id, keep_id)
    for table in _MOVED:
        _execute(
            work,
            sa.update(table).where(table.contact_id == drop_id).values(contact_id=keep_id),
        )
    _move_where_free(work, ContactTag, drop_id, keep_id)
    _move_where_free(work, PropertyValue, drop_id, keep_id)
    for theirs in (ContactTag, PropertyValue):
        _execute(work, sa.delete(theirs).where(theirs.contact_id == drop_id))
    _move_distinctions(work, drop_id, keep_id)


_PARTNERS: dict[type[Model], str] = {
    Invitation: "batch_id",
    Exclusion: "batch_id",
    ContactTag: "tag_id",
    PropertyValue: "property_id",
}


def _move_where_free(work: Work, table: Any, drop_id: int, keep_id: int) -> None:
    """Move the rows whose place the other Contact has nothing in yet."""
    partner, taken = _PARTNERS[table], aliased(table)
    has = sa.select(getattr(taken, partner)).where(taken.contact_id == keep_id)
    _execute(
        work,
        sa.update(table)
        .where(table.contact_id == drop_id, getattr(table, partner).not_in(has))
        .values(contact_id=keep_id),
    )


def _cancel_second_emails(work: Work, drop_id: int) -> None:
    """Cancel what waits for invitations that stayed, so that nobody gets one email twice."""
    stayed = sa.select(Invitation.id).where(Invitation.contact_id == drop_id)
    _execute(
        work,
        sa.update(Message)
        .where(Message.invitation_id.in_(stayed), Message.state == MessageState.QUEUED)
        .values(state=MessageState.CANCELLED, reason=ASKED_AT_THE_OTHER),
    )


def _move_memberships(work: Work, drop_id: int, keep_id: int) -> None:
    """Let sends that have not decided yet decide about the other one, once."""
    waiting = set(
        work.session.scalars(
            sa.select(BatchMember.batch_id).where(BatchMember.contact_id == drop_id)
        )
    )
    decided: set[int] = set()
    for table in (BatchMember, Invitation, Exclusion):
        decided.update(
            work.session.scalars(sa.select(table.batch_id).where(table.contact_id == keep_id))
        )
    _execute(work, sa.delete(BatchMember).where(BatchMember.contact_id == drop_id))
    rows = [{"batch_id": one, "contact_id": keep_id} for one in sorted(waiting - decided)]
    if rows:
        work.session.execute(sa.insert(BatchMember), rows)


def _move_in_audiences(work: Work, drop_id: int, keep_id: int) -> None:
    """Let sends to chosen contacts that are still to come mean the other one."""
    for batch in work.session.scalars(sa.select(Batch).where(Batch.state.in_(_UNDECIDED))):
        ids = batch.audience.get("ids", ())
        if drop_id in ids:
            wanted = dict.fromkeys(keep_id if one == drop_id else one for one in ids)
            batch.audience = {**batch.audience, "ids": list(wanted)}
    work.session.flush()


def _move_distinctions(work: Work, drop_id: int, keep_id: int) -> None:
    """Keep who is somebody else: who was not the one is not the other either."""
    theirs = sa.or_(DistinctContacts.first_id == drop_id, DistinctContacts.second_id == drop_id)
    for pair in work.session.scalars(sa.select(DistinctContacts).where(theirs)).all():
        other = pair.second_id if pair.first_id == drop_id else pair.first_id
        work.session.delete(pair)
        work.session.flush()
        if other != keep_id:
            first, second = sorted((other, keep_id))
            work.session.merge(
                DistinctContacts(
                    first_id=first, second_id=second, said_at=pair.said_at, said_by=pair.said_by
                )
            )
    work.session.flush()


def _execute(work: Work, statement: Any) -> None:
    work.session.execute(statement.execution_options(synchronize_session=False))
