"""Reminding once, those who were asked and did not answer; who chose a score finds it chosen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches.commands import reminder_content
from nps_portal.batches.contents import variant_for
from nps_portal.batches.eligibility import FLOOR, may_be_reminded
from nps_portal.batches.inviting import message_values
from nps_portal.batches.models import Batch, BatchState, Invitation
from nps_portal.contacts.models import Contact, Suppression
from nps_portal.delivery.fence import check_fence
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.foundation.working_time import is_open, working_days_before
from nps_portal.journal.commands import record_for_all
from nps_portal.outbox.commands import MessageDraft, enqueue
from nps_portal.outbox.models import UNFINISHED, Message, MessageState
from nps_portal.responses.models import Response, ResponseState
from nps_portal.responses.queries import has_answered
from nps_portal.surveys.models import ReminderMode, Survey
from nps_portal.visits.models import Visit
from nps_portal.visits.queries import chosen_scores, has_chosen

REMINDER_WAVE = 1
# What a portal that was switched off has missed for longer is not made up for.
LATEST = timedelta(days=7)
CHUNK = 200


def remind_next(work: Work) -> int:
    """Queue the reminders of one Survey that are due, and return how many.

    Only in working time; each Invitation once, whoever calls how often: the pair of Invitation and
    wave is unique. A send that was cancelled or is paused reminds nobody, nor does an anonymous
    Survey: who is not reminded would be known to have answered.
    """
    zone = portal_settings(work.session).zone
    if not is_open(work.now, zone):
        return 0
    surveys = work.session.scalars(
        sa.select(Survey)
        .where(Survey.reminder != ReminderMode.NOBODY, ~Survey.anonymous)
        .order_by(Survey.id)
    ).all()
    for survey in surveys:
        due = working_days_before(work.now, zone, survey.reminder_days)
        if queued := _remind(work, survey, due):
            return queued
    return 0


def _remind(work: Work, survey: Survey, due: datetime) -> int:
    if not _silent(work.session, survey, due, work.now, 1):
        return 0
    lock_for_transaction(work.session, "inviting")
    if not check_fence(work):
        return 0
    waiting = _silent(work.session, survey, due, work.now, CHUNK)
    scores = chosen_scores(work.session, [invitation.id for invitation in waiting])
    by_batch: dict[int, list[Invitation]] = {}
    for invitation in waiting:
        by_batch.setdefault(invitation.batch_id, []).append(invitation)
    allowed = may_be_reminded(work.session, [one.contact_id for one in waiting], work.now)
    queued = 0
    for batch_id, invitations in by_batch.items():
        reminded = [one for one in invitations if one.contact_id in allowed]
        queued += _queue(work, batch_id, reminded, scores)
    return queued


def _silent(
    session: Session, survey: Survey, due: datetime, now: datetime, limit: int
) -> Sequence[Invitation]:
    """Return invitations of a Survey whose email left before `due` and that nobody answered.

    What may have been a machine's answer, or a click that does not count, keeps no reminder back.
    """
    reminder = orm.aliased(Message)
    query = (
        sa.select(Invitation)
        .join(Message, sa.and_(Message.invitation_id == Invitation.id, Message.wave == 0))
        .join(Batch, Batch.id == Invitation.batch_id)
        .where(Invitation.survey_id == survey.id)
        .where(Message.state == MessageState.SENT)
        # By the commit point, which has an index; the server's word came within minutes of it.
        .where(Message.committed_at <= due, Message.committed_at > due - LATEST)
        .where(Batch.state.in_([BatchState.RUNNING, BatchState.FINISHED]))
        .where(_may_be_mailed(now))
        .where(
            ~sa.select(reminder.id)
            .where(reminder.invitation_id == Invitation.id, reminder.wave == REMINDER_WAVE)
            .exists()
        )
        .where(
            ~sa.select(Response.id)
            .where(Response.invitation_id == Invitation.id)
            .where(sa.or_(has_answered(), Response.state == ResponseState.COUNTED))
            .exists()
        )
        .where(~_has_answered_elsewhere())
    )
    if survey.reminder is ReminderMode.CLICKED:
        query = query.where(_has_chosen())
    return session.scalars(query.order_by(Message.committed_at, Invitation.id).limit(limit)).all()


def _may_be_mailed(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that nothing stands against mailing an Invitation's Contact now.

    The gate is asked all the same; this keeps those whom it refuses from filling every chunk.
    """
    stopped = (
        sa.select(Contact.id)
        .outerjoin(Suppression, Suppression.email_key == Contact.email_key)
        .where(Contact.id == Invitation.contact_id)
        .where(
            sa.or_(
                Contact.removed_at.is_not(None),
                Contact.paused_until > now,
                Suppression.id.is_not(None),
            )
        )
    )
    lately = orm.aliased(Message)
    asked = sa.select(lately.id).where(
        lately.contact_id == Invitation.contact_id,
        sa.or_(lately.sent_at > now - FLOOR, lately.state.in_(UNFINISHED)),
    )
    return sa.and_(~stopped.exists(), ~asked.exists())


def _has_answered_elsewhere() -> sa.ColumnElement[bool]:
    """Return the condition that they have answered since, at another door or as another record."""
    return (
        sa.select(Response.id)
        .where(Response.contact_id == Invitation.contact_id)
        .where(Response.survey_id == Invitation.survey_id)
        .where(Response.answered_at >= Invitation.created_at, has_answered())
        .exists()
    )


def _has_chosen() -> sa.ColumnElement[bool]:
    chosen = sa.select(Visit.id).where(Visit.invitation_id == Invitation.id, has_chosen())
    return chosen.exists()


def _queue(
    work: Work, batch_id: int, invitations: Sequence[Invitation], scores: Mapping[int, int]
) -> int:
    if not invitations:
        return 0
    drafts = [_message(one, scores.get(one.id)) for one in invitations]
    enqueue(work, reminder_content(work, batch_id), drafts, due_at=work.now)
    record_for_all(
        work,
        "contact.reminded",
        [one.contact_id for one in invitations],
        batch_id=batch_id,
        survey_id=invitations[0].survey_id,
    )
    return len(drafts)


def _message(invitation: Invitation, score: int | None) -> MessageDraft:
    contact = invitation.contact
    values = message_values(invitation.public_id, contact)
    return MessageDraft(
        contact_id=contact.id,
        invitation_id=invitation.id,
        recipient_name=contact.name,
        recipient_email=contact.email,
        email_key=contact.email_key,
        language=variant_for(contact),
        wave=REMINDER_WAVE,
        values=values | ({"score": str(score)} if score is not None else {}),
    )
