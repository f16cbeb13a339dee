"""Writing contacts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from nps_portal.contacts.companies import ensure_companies, name_key
from nps_portal.contacts.erasures import ContactErased, refuse_erased, renew_erasures
from nps_portal.contacts.models import Contact
from nps_portal.contacts.suppressions import carry_suppression_over
from nps_portal.foundation.addresses import EmailAddress
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record, record_for_all


class ContactExists(PortalError):
    """The address belongs to another Contact; `contact_id` says whose."""

    def __init__(self, email: str, contact_id: int) -> None:
        super().__init__(f"{email} is in your contacts already.")
        self.contact_id = contact_id


@dataclass(frozen=True, kw_only=True)
class ContactDetails:
    """What a form, an import or a program says about a Contact; empty text says nothing."""

    email: EmailAddress
    name: str = ""
    first_name: str = ""
    company: str = ""
    language: str = ""
    time_zone: str = ""


@dataclass(frozen=True, kw_only=True)
class Upserted:
    """What became of the rows of one chunk.

    `unchanged` counts rows that said nothing new: of known contacts, or a second time in the chunk.
    """

    added: Sequence[int]
    updated: Sequence[int]
    unchanged: int


def add_contact(work: Work, details: ContactDetails, *, source: str) -> Contact:
    """Add a Contact; one that was removed under this address comes back with its history.

    What is told of somebody who comes back replaces what was known; silence keeps it.

    :raises ContactExists: the address is another Contact's.
    """
    lock_for_transaction(work.session, _LOCK)
    contact = _by_key(work, details.email.key)
    if contact is not None:
        if contact.removed_at is None:
            raise ContactExists(details.email.email, contact.id)
        _write_details(work, contact, _filled(details, _details_of(contact, details.email)))
        restore_contact(work, contact.id)
        renew_erasures(work, [contact.email_key])
        return contact
    contact = Contact(email_key=details.email.key, created_at=work.now, source=source)
    _write_details(work, contact, details)
    work.session.add(contact)
    work.session.flush()
    record(work, "contact.added", contact_id=contact.id, source=source)
    renew_erasures(work, [contact.email_key])
    return contact


def edit_contact(work: Work, contact_id: int, details: ContactDetails) -> Contact:
    """Replace what is known about a Contact.

    Who wants no email does not get it at a new address either. An address that does not exist is
    the one reason that a new address mends.

    :raises ContactExists: the new address is another Contact's.
    :raises ContactErased: there is nobody left to edit.
    """
    contact = lock_contact(work, contact_id)
    if contact.erased_at is not None:
        raise ContactErased
    other = _by_key(work, details.email.key)
    if other is not None and other.id != contact_id:
        raise ContactExists(details.email.email, other.id)
    former_key, contact.email_key = contact.email_key, details.email.key
    _write_details(work, contact, details)
    work.session.flush()
    record(work, "contact.edited", contact_id=contact.id)
    if former_key != contact.email_key:
        carry_suppression_over(work, former_key, contact)
        renew_erasures(work, [contact.email_key])
    return contact


def remove_contact(work: Work, contact_id: int) -> None:
    """Take a Contact off the lists; answers and history stay, and it can be brought back."""
    contact = work.session.get_one(Contact, contact_id)
    if contact.removed_at is None:
        contact.removed_at = work.now
        record(work, "contact.removed", contact_id=contact_id)


def restore_contact(work: Work, contact_id: int) -> None:
    """Bring a removed Contact back.

    :raises ContactErased: there is nobody left to bring back.
    """
    refuse_erased(work, contact_id)
    contact = work.session.get_one(Contact, contact_id)
    if contact.removed_at is not None:
        contact.removed_at = None
        record(work, "contact.restored", contact_id=contact_id)


def pause_contact(work: Work, contact_id: int, until: datetime) -> None:
    """Ask a Contact nothing before an instant; a later wish takes the place of an earlier one.

    :raises ContactErased: there is nobody left to ask.
    """
    contact = lock_contact(work, contact_id)
    if contact.erased_at is not None:
        raise ContactErased
    contact.paused_until = until
    record(work, "contact.paused", contact_id=contact_id, until=until.isoformat())


def end_pause(work: Work, contact_id: int) -> None:
    """Let a Contact be asked again; without a pause nothing happens."""
    contact = lock_contact(work, contact_id)
    if contact.paused_until is not None:
        contact.paused_until = None
        record(work, "contact.pause_ended", contact_id=contact_id)


def lock_contact(work: Work, contact_id: int) -> Contact:
    """Return a Contact as it is now; until the end of this work nobody else changes it.

    Nor can anybody hang anything new on it: an Invitation, a Response, a Message.
    """
    lock_for_transaction(work.session, _LOCK)
    return work.session.get_one(
        Contact, contact_id, populate_existing=True, with_for_update={"of": Contact}
    )


def upsert_contacts(work: Work, details: Sequence[ContactDetails], *, source: str) -> Upserted:
    """Add new Contacts and fill what was empty in known ones; nothing known is overwritten.

    Of several with one address the first is added, and the others fill it; a removed Contact
    comes back.
    """
    lock_for_transaction(work.session, _LOCK)
    wanted: dict[str, ContactDetails] = {}
    for one in details:
        former = wanted.get(one.email.key)
        wanted[one.email.key] = one if former is None else _filled(former, one)
    companies = ensure_companies(work, [one.company for one in wanted.values()])
    known = {
        contact.email_key: contact
        for contact in work.session.scalars(
            # The key stays shared: who invites these people meanwhile need not wait.
            sa.select(Contact)
            .where(Contact.email_key.in_(wanted))
            .with_for_update(of=Contact, key_share=True)
        )
    }
    returned = [contact.id for contact in known.values() if contact.removed_at is not None]
    updated = [
        contact.id for key, contact in known.items() if _fill(work, contact, wanted[key], companies)
    ]
    work.session.flush()
    added = _insert_new(
        work, [one for key, one in wanted.items() if key not in known], companies, source
    )
    renew_erasures(work, list(wanted))
    record_for_all(work, "contact.imported", added, source=source)
    record_for_all(work, "contact.restored", returned, source=source)
    record_for_all(work, "contact.updated", sorted(set(updated) - set(returned)), source=source)
    work.session.expunge_all()
    return Upserted(
        added=added, updated=updated, unchanged=len(details) - len(added) - len(updated)
    )


# Whoever adds contacts or changes addresses waits for the others, so that two who bring the same
# address at once do not both find it free.
_LOCK = "contacts"


def _by_key(work: Work, email_key: str) -> Contact | None:
    return work.session.scalar(sa.select(Contact).where(Contact.email_key == email_key))


def _write_details(work: Work, contact: Contact, details: ContactDetails) -> None:
    contact.email = details.email.email
    contact.name = details.name
    contact.first_name = details.first_name
    contact.language = details.language
    contact.time_zone = details.time_zone
    company_id = ensure_companies(work, [details.company]).get(name_key(details.company))
    contact.company_id = company_id
    contact.changed_at = work.now


def _details_of(contact: Contact, email: EmailAddress) -> ContactDetails:
    return ContactDetails(
        email=email,
        name=contact.name,
        first_name=contact.first_name,
        company=contact.company_name,
        language=contact.language,
        time_zone=contact.time_zone,
    )


def _filled(details: ContactDetails, other: ContactDetails) -> ContactDetails:
    """Return the details with their gaps filled from the other ones."""
    return replace(
        details,
        name=details.name or other.name,
        first_name=details.first_name or other.first_name,
        company=details.company or other.company,
        language=details.language or other.language,
        time_zone=details.time_zone or other.time_zone,
    )


def _insert_new(
    work: Work, new: Sequence[ContactDetails], companies: dict[str, int], source: str
) -> list[int]:
    """Insert contacts and return their ids."""
    if not new:
        return []
    work.session.execute(sa.insert(Contact), [_row(work, one, companies, source) for one in new])
    keys = [one.email.key for one in new]
    return list(
        work.session.scalars(
            sa.select(Contact.id).where(Contact.email_key.in_(keys)).order_by(Contact.id)
        )
    )


def _row(
    work: Work, details: ContactDetails, companies: dict[str, int], source: str
) -> dict[str, object]:
    return {
        "email": details.email.email,
        "email_key": details.email.key,
        "name": details.name,
        "first_name": details.first_name,
        "language": details.language,
        "time_zone": details.time_zone,
        "company_id": companies.get(name_key(details.company)),
        "source": source,
        "created_at": work.now,
        "changed_at": work.now,
    }


def _fill(work: Work, contact: Contact, details: ContactDetails, companies: dict[str, int]) -> bool:
    """Fill the empty fields of a known Contact and tell whether anything changed."""
    changed = contact.removed_at is not None
    contact.removed_at = None
    for field in ("name", "first_name", "language", "time_zone"):
        if not getattr(contact, field) and getattr(details, field):
            setattr(contact, field, getattr(details, field))
            changed = True
    company_id = companies.get(name_key(details.company))
    if contact.company_id is None and company_id is not None:
        contact.company_id = company_id
        changed = True
    if changed:
        contact.changed_at = work.now
    return changed
