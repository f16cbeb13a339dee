"""Owners: which User looks after a Contact."""

from collections.abc import Collection

import sqlalchemy as sa

from nps_portal.contacts.chunks import chunks
from nps_portal.contacts.models import Contact
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record_facts


def assign_contacts(work: Work, contact_ids: Collection[int], owner_id: int | None) -> int:
    """Give contacts to a User, or to nobody, and return for how many that changed anything."""
    changed = 0
    for some in chunks(sorted(set(contact_ids))):
        others = (
            Contact.id.in_(some),
            Contact.erased_at.is_(None),
            Contact.owner_id.is_distinct_from(owner_id),
        )
        former = dict(
            work.session.execute(
                sa.select(Contact.id, Contact.owner_id)
                .where(*others)
                .order_by(Contact.id)
                .with_for_update(key_share=True, of=Contact)
            ).all()
        )
        work.session.execute(
            sa.update(Contact)
            .where(Contact.id.in_(former))
            .values(owner_id=owner_id, changed_at=work.now)
            .execution_options(synchronize_session=False)
        )
        record_facts(
            work,
            "contact.assigned",
            [
                (contact_id, {"owner_id": owner_id, "former_owner_id": former_id})
                for contact_id, former_id in former.items()
            ],
        )
        changed += len(former)
    return changed
