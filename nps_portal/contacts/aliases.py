"""Aliases: contacts that were merged into another, whose addresses stand for that one.

A merge leads the aliases of both records to the one that stays, so none stands for another alias.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Contact

# Whoever makes two contacts one, or changes all records of a person, waits for the others.
MERGING_LOCK = "merging"
# No address of a Contact can end so.
_NOWHERE = "@invalid"


def kept_id(session: Session, contact_id: int) -> int:
    """Return the id of the Contact that one stands for: its own, unless it was merged."""
    into = session.scalar(sa.select(Contact.merged_into_id).where(Contact.id == contact_id))
    return contact_id if into is None else into


def ids_of_person(session: Session, contact_id: int) -> list[int]:
    """Return the ids of all records of one person: the kept one first, then its aliases."""
    kept = kept_id(session, contact_id)
    aliases = session.scalars(
        sa.select(Contact.id).where(Contact.merged_into_id == kept).order_by(Contact.id)
    )
    return [kept, *aliases]


def take_over(session: Session, contact: Contact, email_key: str) -> None:
    """Give a Contact the address of one of its aliases, which gets the former one.

    Any other address changes nothing here.
    """
    alias = session.scalar(
        sa.select(Contact).where(
            Contact.email_key == email_key, Contact.merged_into_id == contact.id
        )
    )
    if alias is None:
        return
    former, taken = (contact.email, contact.email_key), (alias.email, alias.email_key)
    # Both are unique at every moment, so the alias lets go first.
    alias.email_key = f"{alias.id}{_NOWHERE}"
    session.flush()
    contact.email, contact.email_key = taken
    session.flush()
    alias.email, alias.email_key = former
    session.flush()
