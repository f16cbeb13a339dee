"""Lifting the suppressions that an import brought, and no others."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from nps_portal.contacts.models import Suppression, SuppressionReason
from nps_portal.foundation.work import Work
from nps_portal.imports.models import ImportChange
from nps_portal.journal.commands import record


def lift_brought(work: Work, changes: Sequence[ImportChange], left: dict[int, str]) -> None:
    """Put suppressions back to what was there before, where they still are the import's own.

    A person's later word replaces the import's: then nothing is lifted.
    """
    for change in changes:
        brought = (change.after or {})["suppression"]
        kept = work.session.scalar(
            sa.select(Suppression)
            .where(Suppression.email_key == brought["email_key"])
            .execution_options(populate_existing=True)
        )
        if kept is None:
            continue
        if (kept.reason.value, kept.source) != (brought["reason"], brought["source"]):
            left[change.id] = "The address was suppressed for another reason since."
            continue
        former = (change.before or {}).get("suppression")
        if former is None:
            work.session.delete(kept)
        else:
            kept.reason = SuppressionReason(former["reason"])
            kept.source = former["source"]
            kept.created_at = datetime.fromisoformat(former["created_at"])
        record(
            work,
            "contact.suppression_lifted",
            contact_id=change.contact_id,
            reason=brought["reason"],
            source=brought["source"],
        )
    work.session.flush()
