"""Merging two contacts into one, and saying that two are not one."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.contacts.aliases import MERGING_LOCK, ids_of_person, kept_id
from nps_portal.contacts.changes import texts_of
from nps_portal.contacts.details import CONTACTS_LOCK, ROLES
from nps_portal.contacts.erasures import ContactErased
from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.contacts.suppressions import LIFTABLE, suppress
from nps_portal.foundation.database import insert_for, lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.merges.differences import note_merge
from nps_portal.merges.models import DistinctContacts
from nps_portal.merges.moving import lock_what_hangs_on, move_everything
from nps_portal.outbox.asked import recompute_asked
from nps_portal.outbox.commands import cancel_for_address
from nps_portal.outbox.models import JournalledSend
from nps_portal.responses.models import Response
from nps_portal.responses.standings import refresh_standings

STRAGGLERS_AT_A_TIME = 20
_FILLED = ("name", "first_name", "language", "time_zone", "company_id", "owner_id")
# Planning a send holds this lock: nobody is invited while two become one.
_INVITING = "inviting"


class CannotMerge(PortalError):
    """These two cannot be made one; nothing was changed."""


def merge_contacts(work: Work, keep_id: int, drop_id: int) -> None:
    """Make two contacts one: all that hangs on the dropped one moves, and its address stays known.

    What is known of the kept one wins, and its gaps are filled.

    :raises ContactErased: one of them was erased; nothing is left to merge.
    :raises CannotMerge: they are one already, or one of them was merged before.
    """
    keep, drop = _lock_both(work, keep_id, drop_id)
    former = texts_of(keep)
    _fill_gaps(keep, drop)
    _lead_aliases(work, drop, keep)
    note_merge(work, keep, drop, former)
    move_everything(work, drop.id, keep.id)
    _carry_suppressions(work, keep.id)
    if keep.paused_until is not None and keep.paused_until > work.now:
        for contact in (keep, drop):
            cancel_for_address(work, contact.email_key, "the customer has asked for a pause")
    drop.removed_at = drop.removed_at or work.now
    keep.changed_at = drop.changed_at = work.now
    work.session.flush()
    refresh_standings(work, [keep.id, drop.id])
    recompute_asked(work, [keep.id, drop.id])
    # What was read before the rows moved is stale now.
    work.session.expire(keep)
    work.session.expire(drop)
    record(work, "contact.merged", contact_id=keep_id, merged_id=drop_id)
    record(work, "contact.merged", contact_id=drop_id, into_id=keep_id)


def say_distinct(work: Work, one_id: int, other_id: int) -> None:
    """Remember that two contacts are two people, so that they are not suggested again."""
    first, second = sorted((one_id, other_id))
    if first == second:
        raise CannotMerge("That is one and the same record.")
    work.session.execute(
        insert_for(work.session)(DistinctContacts)
        .values(first_id=first, second_id=second, said_at=work.now, said_by=work.actor.id)
        .on_conflict_do_nothing()
    )


def gather_stragglers(work: Work) -> int:
    """Move what has come to merged contacts since, and return of how many people.

    Who opens a link that went to the former record before the merge answers on that record, and
    a restored database may learn from the journal what has left to the former address.
    """
    late = work.session.scalars(
        sa.select(Contact.id)
        .where(
            Contact.merged_into_id.is_not(None),
            sa.or_(
                sa.exists().where(Response.contact_id == Contact.id),
                sa.exists().where(JournalledSend.contact_id == Contact.id),
            ),
        )
        .order_by(Contact.id)
        .limit(STRAGGLERS_AT_A_TIME)
    ).all()
    if late:
        lock_for_transaction(work.session, MERGING_LOCK)
        lock_for_transaction(work.session, _INVITING)
    for drop_id in late:
        keep_id = kept_id(work.session, drop_id)
        lock_what_hangs_on(work, [drop_id, keep_id])
        _lock(work, [drop_id, keep_id])
        move_everything(work, drop_id, keep_id)
        refresh_standings(work, [keep_id, drop_id])
        recompute_asked(work, [keep_id, drop_id])
    return len(late)


def _lock_both(work: Work, keep_id: int, drop_id: int) -> tuple[Contact, Contact]:
    if keep_id == drop_id:
        raise CannotMerge("That is one and the same record.")
    lock_for_transaction(work.session, MERGING_LOCK)
    lock_for_transaction(work.session, _INVITING)
    lock_what_hangs_on(work, [keep_id, drop_id])
    by_id = {contact.id: contact for contact in _lock(work, [keep_id, drop_id])}
    if len(by_id) != 2:
        raise CannotMerge("One of the two records is not there any more.")
    keep, drop = by_id[keep_id], by_id[drop_id]
    if keep.erased_at or drop.erased_at:
        raise ContactErased
    if keep.merged_into_id or drop.merged_into_id:
        raise CannotMerge("One of the two records was merged before. Open the one that stayed.")
    return keep, drop


def _lock(work: Work, contact_ids: Sequence[int]) -> Sequence[Contact]:
    """Lock contacts in the order of their ids, so that nobody hangs anything new on them."""
    lock_for_transaction(work.session, CONTACTS_LOCK)
    return work.session.scalars(
        sa.select(Contact)
        .where(Contact.id.in_(contact_ids))
        .order_by(Contact.id)
        .with_for_update(of=Contact)
        .execution_options(populate_existing=True)
    ).all()


def _fill_gaps(keep: Contact, drop: Contact) -> None:
    for name in _FILLED:
        setattr(keep, name, getattr(keep, name) or getattr(drop, name))
    if keep.consent_basis is None:
        keep.consent_basis, keep.consent_on = drop.consent_basis, drop.consent_on
    for role in ROLES:
        setattr(keep, role, getattr(keep, role) or getattr(drop, role))
    pauses = [one.paused_until for one in (keep, drop) if one.paused_until is not None]
    keep.paused_until = max(pauses, default=None)


def _lead_aliases(work: Work, drop: Contact, keep: Contact) -> None:
    """Let who was merged into the dropped one stand for the kept one, so that no chain grows."""
    work.session.execute(
        sa.update(Contact)
        .where(Contact.merged_into_id == drop.id)
        .values(merged_into_id=keep.id)
        .execution_options(synchronize_session=False)
    )
    drop.merged_into_id = keep.id
    work.session.flush()


def _carry_suppressions(work: Work, keep_id: int) -> None:
    """Suppress all addresses of a person if one of them is; their own word is the strongest.

    That one address does not exist says nothing of the others.
    """
    ids = ids_of_person(work.session, keep_id)
    keys = work.session.scalars(
        sa.select(Contact.email_key).where(Contact.id.in_(ids)).order_by(Contact.email_key)
    ).all()
    known = work.session.scalars(
        sa.select(Suppression)
        .where(Suppression.email_key.in_(keys), Suppression.reason != SuppressionReason.HARD_BOUNCE)
        .order_by(Suppression.created_at, Suppression.id)
    ).all()
    if not known:
        return
    strongest = min(known, key=lambda one: one.reason in LIFTABLE)
    for key in keys:
        suppress(work, key, strongest.reason, source="merge", contact_id=keep_id)
        cancel_for_address(work, key, f"the customer has {strongest.reason.words}")
