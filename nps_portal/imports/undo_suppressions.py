"""Lifting the suppressions that an import brought, and no others."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from nps_portal.contacts.models import Suppression, SuppressionReason
from nps_portal.foundation.bulk import among
from nps_portal.foundation.work import Work
from nps_portal.imports.models import ImportChange
from nps_portal.imports.undo_later import LaterChanges
from nps_portal.journal.commands import record


def lift_brought(
    work: Work, changes: Sequence[ImportChange], later: LaterChanges, left: dict[int, str]
) -> None:
    """Put suppressions back to what was there before, where they still are the import's own.

    A person's later word replaces the import's: then nothing is lifted. What a later import has
    told too stays until that one is undone.
    """
    if not changes:
        return
    keys = [(one.after or {})["suppression"]["email_key"] for one in changes]
    found = work.session.scalars(
        sa.select(Suppression)
        .where(among(work.session, Suppression.email_key, keys))
        .execution_options(populate_existing=True)
    )
    kept_by_key = {one.email_key: one for one in found}
    for change in changes:
        brought = (change.after or {})["suppression"]
        former = (change.before or {}).get("suppression")
        if (heir := later.suppression_after(change)) is not None:
            heir.before = {"suppression": former}
            continue
        kept = kept_by_key.get(brought["email_key"])
        if kept is None:
            continue
        if (kept.reason.value, kept.source) != (brought["reason"], brought["source"]):
            left[change.id] = "The address was suppressed for another reason since."
            continue
        _put_back(work, kept, former)
        if former is None:
            del kept_by_key[kept.email_key]
        record(
            work,
            "contact.suppression_lifted",
            contact_id=change.contact_id,
            reason=brought["reason"],
            source=brought["source"],
        )
    work.session.flush()


def _put_back(work: Work, kept: Suppression, former: dict[str, str] | None) -> None:
    if former is None:
        work.session.delete(kept)
        return
    kept.reason = SuppressionReason(former["reason"])
    kept.source = former["source"]
    kept.created_at = datetime.fromisoformat(former["created_at"])
