"""Writing contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from nps_portal.contacts.aliases import take_over
from nps_portal.contacts.changes import between, note_changes, of_properties, texts_of
from nps_portal.contacts.companies import company_of_domain, ensure_companies, name_key
from nps_portal.contacts.details import (
    CONTACTS_LOCK,
    ROLES,
    ContactDetails,
    details_of,
    filled,
)
from nps_portal.contacts.erasures import ContactErased, refuse_erased, renew_erasures
from nps_portal.contacts.models import Contact
from nps_portal.contacts.properties import set_values, values_of
from nps_portal.contacts.queries import contact_by_key
from nps_portal.contacts.suppressions import carry_suppression_over
from nps_portal.contacts.tags import add_tags, ensure_tags, mark, remove_tags, tags_of
from nps_portal.contacts.upserting import Upserted, upsert_contacts
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record

__all__ = [
    "ContactDetails",
    "ContactExists",
    "Upserted",
    "add_contact",
    "details_of",
    "edit_contact",
    "end_pause",
    "lock_contact",
    "pause_contact",
    "remove_contact",
    "restore_contact",
    "upsert_contacts",
]


_PLAIN_FIELDS = (
    *("name", "first_name", "language", "time_zone", "owner_id", "consent_basis", "consent_on"),
    *ROLES,
)
# The words that the journal uses for columns that belong together.
_FIELD_NAMES = {
    "company_id": "company",
    "consent_basis": "consent",
    "consent_on": "consent",
    **dict.fromkeys(ROLES, "roles"),
}


class ContactExists(PortalError):
    """The address belongs to another Contact; `contact_id` says whose."""

    def __init__(self, email: str, contact_id: int) -> None:
        super().__init__(f"{email} is in your contacts already.")
        self.contact_id = contact_id


def add_contact(work: Work, details: ContactDetails, *, source: str) -> Contact:
    """Add a Contact; one that was removed under this address comes back with its history.

    What is told of somebody who comes back replaces what was known; silence keeps it.

    :raises ContactExists: the address is another Contact's.
    """
    lock_for_transaction(work.session, CONTACTS_LOCK)
    contact = contact_by_key(work.session, details.email.key)
    if contact is not None:
        if contact.removed_at is None:
            raise ContactExists(details.email.email, contact.id)
        if contact.email_key != details.email.key:
            # An alias of theirs was named: their own address stays what it is.
            details = replace(details, email=parse_email(contact.email))
        former = texts_of(contact)
        _write_details(work, contact, filled(details, details_of(contact, details.email)))
        _note_fields(work, contact, former)
        _write_values(work, contact.id, details)
        mark(work, {contact.id: ensure_tags(work, details.tags or ()).values()})
        restore_contact(work, contact.id)
        renew_erasures(work, [contact.email_key])
        return contact
    if not details.company:
        details = replace(details, company=company_of_domain(work.session, details.email.key))
    contact = Contact(email_key=details.email.key, created_at=work.now, source=source)
    _write_details(work, contact, details)
    work.session.add(contact)
    work.session.flush()
    set_values(work, {contact.id: details.values})
    mark(work, {contact.id: ensure_tags(work, details.tags or ()).values()})
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
    other = contact_by_key(work.session, details.email.key)
    if other is not None and other.id != contact_id:
        raise ContactExists(details.email.email, other.id)
    former = texts_of(contact)
    take_over(work.session, contact, details.email.key)
    former_key, contact.email_key = contact.email_key, details.email.key
    _write_changes(work, contact, details)
    _note_fields(work, contact, former)
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
    # One that was merged stays an alias: there is nothing of it to bring back.
    if contact.removed_at is not None and contact.merged_into_id is None:
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
    lock_for_transaction(work.session, CONTACTS_LOCK)
    return work.session.get_one(
        Contact, contact_id, populate_existing=True, with_for_update={"of": Contact}
    )


def _write_details(work: Work, contact: Contact, details: ContactDetails) -> list[str]:
    """Write what is said onto the Contact and return the names of the fields that changed."""
    told = {name: getattr(details, name) for name in _PLAIN_FIELDS}
    told["email"] = details.email.email
    company_id = ensure_companies(work, [details.company]).get(name_key(details.company))
    told["company_id"] = company_id
    changed = [name for name, value in told.items() if getattr(contact, name) != value]
    for name in changed:
        setattr(contact, name, told[name])
    if changed or contact.id is None:
        contact.changed_at = work.now
    return changed


def _write_changes(work: Work, contact: Contact, details: ContactDetails) -> None:
    """Write what changed of a known Contact; the journal gets which fields, never what they say."""
    former_owner = contact.owner_id
    fields = _write_details(work, contact, details)
    work.session.flush()
    if "owner_id" in fields:
        fields.remove("owner_id")
        record(
            work,
            "contact.assigned",
            contact_id=contact.id,
            owner_id=contact.owner_id,
            former_owner_id=former_owner,
        )
    changed = _write_values(work, contact.id, details)
    if fields or changed:
        names = sorted({_FIELD_NAMES.get(field, field) for field in fields})
        record(work, "contact.edited", contact_id=contact.id, fields=names, properties=changed)
    if details.tags is not None:
        _replace_tags(work, contact.id, details.tags)


def _write_values(work: Work, contact_id: int, details: ContactDetails) -> list[int]:
    """Write what properties hold, keep what they held, and return which of them changed."""
    if not details.values:
        return []
    held = values_of(work.session, [contact_id])[contact_id]
    changes = of_properties(contact_id, held, details.values)
    changed = [one.property_id for one in changes if one.property_id is not None]
    note_changes(work, changes)
    set_values(work, {contact_id: {one: details.values[one] for one in changed}})
    return changed


def _note_fields(work: Work, contact: Contact, former: Mapping[str, str]) -> None:
    work.session.flush()
    # Its Company is another one now, and was read before.
    work.session.expire(contact, ["company"])
    note_changes(work, between(contact.id, former, texts_of(contact)))


def _replace_tags(work: Work, contact_id: int, tags: Sequence[str]) -> None:
    wanted = set(ensure_tags(work, tags).values())
    known = {tag.id for tag in tags_of(work.session, [contact_id])[contact_id]}
    add_tags(work, [contact_id], wanted - known)
    remove_tags(work, [contact_id], known - wanted)
