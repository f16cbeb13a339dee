"""Ending addresses: those whose owners want no more emails, and those that do not exist."""

from collections.abc import Iterable

import sqlalchemy as sa

from nps_portal.contacts.aliases import ids_of_person
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.work import Work
from nps_portal.outbox.commands import cancel_for_address


def stop_person(
    work: Work,
    email_keys: Iterable[str],
    reason: SuppressionReason,
    *,
    source: str,
    contact_id: int | None,
) -> None:
    """Suppress the addresses that were written to, and whatever addresses the person has today.

    What waits for any of them is cancelled. Doing it twice is harmless.
    """
    ids = [] if contact_id is None else ids_of_person(work.session, contact_id)
    today = work.session.scalars(sa.select(Contact.email_key).where(Contact.id.in_(ids)))
    # In one order, so that two who do this at once wait for each other and not for ever.
    for email_key in sorted({*email_keys, *today}):
        suppress(work, email_key, reason, source=source, contact_id=contact_id)
        cancel_for_address(work, email_key, f"the customer has {reason.words}")


def end_address(work: Work, email_key: str, *, source: str, contact_id: int | None) -> None:
    """Suppress an address that does not exist, and cancel what waits for it."""
    suppress(work, email_key, SuppressionReason.HARD_BOUNCE, source=source, contact_id=contact_id)
    cancel_for_address(work, email_key, "earlier emails to this address came back")
