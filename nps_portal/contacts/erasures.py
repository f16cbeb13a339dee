"""Erasing people from the contacts, and keeping their addresses unmailed without knowing them.

What is kept of an erased address is a keyed fingerprint: nobody can read the address out of it,
but whoever brings the very same address again is found out, and it stays unmailed.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask import current_app

from nps_portal.contacts.changes import ContactChange
from nps_portal.contacts.models import (
    Contact,
    ContactTag,
    PropertyValue,
    Suppression,
    SuppressionReason,
)
from nps_portal.contacts.suppressions import suppress_all
from nps_portal.foundation.bulk import among
from nps_portal.foundation.database import insert_for
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work

# Kept apart from addresses by the colon, which the form of an address never begins with.
FINGERPRINT = "erased:"
# A domain that exists nowhere (RFC 2606), and that no address of a Contact can have.
_NOWHERE = "@invalid"


class ContactErased(PortalError):
    """The Contact was erased: there is nobody to change, to bring back or to pause."""

    def __init__(self) -> None:
        super().__init__("This person was erased; nothing of them is left to change.")


def erased_key(secret: bytes, email_key: str) -> str:
    """Return what stands for a normalised address among the suppressions once it is erased."""
    return FINGERPRINT + hmac.digest(secret, email_key.encode(), hashlib.sha256).hex()


def erased_address(contact_id: int) -> str:
    """Return what stands where an erased person's address was."""
    return f"erased-{contact_id}{_NOWHERE}"


def is_erased_address(address: str) -> bool:
    """Tell whether this stands where an erased person's address was."""
    return address.endswith(_NOWHERE)


def refuse_erased(work: Work, contact_id: int | None) -> None:
    """Refuse to add anything to a person who has been erased since the page was read.

    Call it after the lock under which the addition is made.

    :raises ContactErased: nothing may be added.
    """
    erased_at = sa.select(Contact.erased_at).where(Contact.id == contact_id)
    if contact_id is not None and work.session.scalar(erased_at) is not None:
        raise ContactErased


def anonymise(work: Work, contact: Contact) -> None:
    """Leave nothing of a Contact but the row that its history hangs on."""
    contact.email = contact.email_key = erased_address(contact.id)
    contact.name = contact.first_name = contact.language = contact.time_zone = ""
    contact.company_id = None
    contact.company = None
    contact.source = "erased"
    contact.paused_until = None
    contact.owner_id = contact.consent_basis = contact.consent_on = None
    contact.decides = contact.pays = contact.uses = False
    for theirs in (PropertyValue, ContactTag, ContactChange):
        work.session.execute(sa.delete(theirs).where(theirs.contact_id == contact.id))
    contact.removed_at = contact.removed_at or work.now
    contact.erased_at = contact.changed_at = work.now
    work.session.flush()


def forget_addresses(work: Work, email_keys: Iterable[str]) -> None:
    """Keep addresses unmailed for ever without naming them any more."""
    forgotten = sorted(set(email_keys))
    if not forgotten:
        return
    work.session.execute(sa.delete(Suppression).where(Suppression.email_key.in_(forgotten)))
    insert = insert_for(work.session)(Suppression)
    work.session.execute(
        # Whoever was erased twice was erased now: an import that began before may not add them.
        insert.on_conflict_do_update(
            index_elements=["email_key"], set_={"created_at": insert.excluded.created_at}
        ),
        [
            {
                "email_key": fingerprint,
                "reason": SuppressionReason.ERASED,
                "source": "",
                "created_at": work.now,
            }
            for fingerprint in sorted(_fingerprints(forgotten))
        ],
    )


def renew_erasures(work: Work, email_keys: Sequence[str]) -> int:
    """Suppress those of these addresses that were erased before, and return how many.

    Whoever writes an address into the contacts calls this in the same unit of work.
    """
    by_fingerprint = _fingerprints(email_keys)
    if not by_fingerprint:
        return 0
    erased = work.session.scalars(
        sa.select(Suppression.email_key).where(
            among(work.session, Suppression.email_key, by_fingerprint)
        )
    )
    again = [by_fingerprint[fingerprint] for fingerprint in erased]
    if not again:
        return 0
    return suppress_all(work, again, SuppressionReason.ERASED, source="erased before")


def erased_since(work: Work, email_keys: Sequence[str], instant: datetime) -> set[str]:
    """Return those of these addresses that were erased at that instant or later."""
    by_fingerprint = _fingerprints(email_keys)
    erased = work.session.scalars(
        sa.select(Suppression.email_key).where(
            among(work.session, Suppression.email_key, by_fingerprint),
            Suppression.created_at >= instant,
        )
    )
    return {by_fingerprint[fingerprint] for fingerprint in erased}


def _fingerprints(email_keys: Iterable[str]) -> dict[str, str]:
    """Return the addresses by their fingerprints; only this installation can make these."""
    secret = str(current_app.secret_key).encode()
    return {erased_key(secret, key): key for key in email_keys}
