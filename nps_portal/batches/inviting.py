"""Inviting: a running Batch's contacts become invitations with messages, or exclusions."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.batches.audience import forget_members, note_decided, undecided
from nps_portal.batches.commands import cancel_batch
from nps_portal.batches.contents import variant_for
from nps_portal.batches.eligibility import may_be_asked
from nps_portal.batches.hiding import has_become_too_small
from nps_portal.batches.models import Batch, BatchState, Exclusion, Invitation, Reason
from nps_portal.contacts.models import Contact
from nps_portal.delivery.fence import check_fence
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.tokens import Purpose, make_token, new_public_id
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record, record_for_all
from nps_portal.outbox.commands import MessageDraft, enqueue


def invite_next(work: Work) -> int:
    """Decide for the next contacts of one running Batch, and return for how many.

    Doing it twice is harmless: who has an Invitation or an Exclusion is not looked at again, and
    the pair of batch and contact is unique. One transaction plans at a time, so that two batches
    cannot both find that a person was not asked lately; the batch's row is locked, so that it
    cannot be cancelled meanwhile. A Batch of an anonymous Survey of which too few are left ends.
    """
    lock_for_transaction(work.session, "inviting")
    batch = work.session.scalar(
        sa.select(Batch)
        .where(Batch.state == BatchState.RUNNING, Batch.planned_at.is_(None))
        .order_by(Batch.started_at, Batch.id)
        .limit(1)
        .with_for_update(of=Batch)
    )
    # Whom a restored database has forgotten to have asked is known only once the owner decided.
    if batch is None or not check_fence(work):
        return 0
    if has_become_too_small(work.session, batch, work.now):
        cancel_batch(work, batch.id)
        record(work, "batch.too_small", batch_id=batch.id)
        return 1
    contact_ids = undecided(work.session, batch)
    if not contact_ids:
        batch.planned_at = work.now
        forget_members(work, batch)
        record(work, "batch.planned", batch_id=batch.id)
        return 1
    decisions = may_be_asked(work.session, contact_ids, batch.survey, work.now)
    excluded = {one.contact_id: one.reason for one in decisions if one.reason is not None}
    _exclude(work, batch, excluded)
    _invite(work, batch, [one.contact_id for one in decisions if one.reason is None])
    note_decided(work, batch, contact_ids)
    return len(contact_ids)


def _exclude(work: Work, batch: Batch, reasons: dict[int, Reason]) -> None:
    if reasons:
        work.session.execute(
            sa.insert(Exclusion),
            [
                {
                    "batch_id": batch.id,
                    "contact_id": contact_id,
                    "reason": reason,
                    "created_at": work.now,
                }
                for contact_id, reason in reasons.items()
            ],
        )


def _invite(work: Work, batch: Batch, contact_ids: Sequence[int]) -> None:
    """Make invitations and queue their messages; tokens are fixed before any SMTP."""
    if not contact_ids:
        return
    work.session.execute(
        sa.insert(Invitation),
        [
            {
                "public_id": new_public_id(),
                "batch_id": batch.id,
                "survey_id": batch.survey_id,
                "contact_id": contact_id,
                "created_at": work.now,
            }
            for contact_id in contact_ids
        ],
    )
    rows = work.session.execute(
        sa.select(Invitation.id, Invitation.public_id, Contact)
        .join(Contact, Contact.id == Invitation.contact_id)
        .where(Invitation.batch_id == batch.id, Invitation.contact_id.in_(contact_ids))
        .order_by(Invitation.id)
    )
    drafts = [
        _message(invitation_id, public_id, contact) for invitation_id, public_id, contact in rows
    ]
    enqueue(work, batch.content_id, drafts, due_at=work.now)
    record_for_all(
        work,
        "contact.invited",
        [draft.contact_id for draft in drafts],
        batch_id=batch.id,
        survey_id=batch.survey_id,
    )


def _message(invitation_id: int, public_id: str, contact: Contact) -> MessageDraft:
    return MessageDraft(
        contact_id=contact.id,
        invitation_id=invitation_id,
        recipient_name=contact.name,
        recipient_email=contact.email,
        email_key=contact.email_key,
        language=variant_for(contact),
        values=message_values(public_id, contact),
    )


def message_values(public_id: str, contact: Contact) -> dict[str, str]:
    """Return what fills the email of an Invitation to a Contact."""
    return {
        "first_name": contact.first_name,
        "name": contact.name,
        "company": contact.company_name,
        "survey_path": f"/s/{make_token(Purpose.SURVEY, public_id)}",
        "unsubscribe_path": f"/u/{make_token(Purpose.UNSUBSCRIBE, public_id)}",
        "my_data_path": f"/me/{make_token(Purpose.MY_DATA, public_id)}",
    }
