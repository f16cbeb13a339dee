"""What a person decides about their data: to be left alone for a time, and to be erased."""

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from nps_portal.contacts.aliases import MERGING_LOCK, ids_of_person
from nps_portal.contacts.commands import lock_contact, pause_contact
from nps_portal.contacts.details import CONTACTS_LOCK
from nps_portal.contacts.erasures import anonymise, forget_addresses, is_erased_address
from nps_portal.contacts.models import Contact, Suppression
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.mailbox.local import forget_mail
from nps_portal.outbox.commands import cancel_for_address
from nps_portal.outbox.models import Message
from nps_portal.privacy.answer_erasure import erase_answers, erase_claims_to_be, erase_tasks
from nps_portal.privacy.import_erasure import erase_import_traces
from nps_portal.privacy.known_words import KnownWords, known_words
from nps_portal.privacy.lone_marks import LoneMarks, erase_lone_marks, lone_marks
from nps_portal.privacy.mail_erasure import erase_bounces, erase_invitations, erase_messages
from nps_portal.privacy.named_texts import take_out
from nps_portal.privacy.tracing import forget_in_looks
from nps_portal.responses.models import Response

PAUSES_IN_MONTHS = (3, 6, 12)


def pause_surveys(work: Work, contact_id: int, months: int) -> None:
    """Ask a Contact nothing for some months; what waits for them is not sent.

    :raises ContactErased: there is nobody left to ask.
    """
    ids = ids_of_person(work.session, contact_id)
    # Messages before the Contact, as in delivery: else the two could wait for each other.
    for email_key in _keys(work, ids):
        cancel_for_address(work, email_key, "the customer has asked for a pause")
    pause_contact(work, ids[0], months_later(work.now, months))


def months_later(at: datetime, months: int) -> datetime:
    """Return the same day and time some months later, or the last day of a shorter month."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))


def erase_contact(work: Work, contact_id: int) -> None:
    """Erase a person for good: name, address and words go, and they are not asked again.

    The scores stay and add up as before. Doing it again takes away what has come in since, as the
    report of a mail server may. All records that were merged into one are one person.
    """
    person = _erase_person(work, contact_id)
    forget_addresses(work, person.keys)
    _anonymise(work, person, "contact.erased")


def expire_contact(work: Work, contact_id: int) -> None:
    """Erase a person whose time is over, as the account's rules of retention have it.

    They have wished nothing: whoever adds the address again may ask it again, unless it was
    suppressed before.
    """
    person = _erase_person(work, contact_id)
    forget_addresses(work, _suppressed(work, person.keys))
    _anonymise(work, person, "contact.expired")


def erase_response(work: Work, response_id: int) -> None:
    """Erase the words of an answer that belongs to nobody known; the score stays."""
    which = Response.id == response_id
    erase_tasks(work, which)
    erase_answers(work, which)
    record(work, "response.erased", response_id=response_id)


@dataclass(frozen=True, kw_only=True)
class _Person:
    """Who is being erased: their records, locked, but those that were erased before.

    `keys` are their addresses in normal form, `words` what they are found by in texts, and `marks`
    the tags and companies that go with them.
    """

    contacts: Sequence[Contact]
    keys: Collection[str]
    words: KnownWords
    marks: LoneMarks


def _erase_person(work: Work, contact_id: int) -> _Person:
    """Erase what other rooms know of a person; what the contacts know is left."""
    # Nobody is merged into them meanwhile, and would be left out; no import writes of them.
    lock_for_transaction(work.session, MERGING_LOCK)
    lock_for_transaction(work.session, CONTACTS_LOCK)
    ids = sorted(ids_of_person(work.session, contact_id))
    words = known_words(work.session, ids)
    marks = lone_marks(work.session, ids, words)
    # Before their rows are locked: a send that begins holds itself, and waits for its people.
    take_out(work, ids, words, marks.names)
    # Twice: first in the order in which others lock rows that hang on a Contact, so that none of
    # them waits for us while we wait for it; then for what they added before we held the Contact.
    keys = {one: _erase_traces(work, one, words) for one in ids}
    contacts = [lock_contact(work, one) for one in ids]
    for one in ids:
        keys[one] |= _erase_traces(work, one, words)
        if words.addresses:
            # An Undo holds its people first, and then what was changed of them.
            erase_import_traces(work, words, one)
            forget_in_looks(work, one, words.addresses | words.single)
    new = [contact for contact in contacts if contact.erased_at is None]
    found = {key for contact in new for key in keys[contact.id]}
    # A former address at which they were never written to may be suppressed under its name.
    found |= set(_suppressed(work, words.addresses))
    return _Person(contacts=new, keys=found, words=words, marks=marks)


def _anonymise(work: Work, person: _Person, kind: str) -> None:
    for contact in person.contacts:
        anonymise(work, contact)
        record(work, kind, contact_id=contact.id)
    erase_lone_marks(work, person.marks, person.words)
    forget_mail(person.words.addresses)


def _suppressed(work: Work, keys: Collection[str]) -> Sequence[str]:
    """Return those of these addresses that must not be mailed."""
    return work.session.scalars(
        sa.select(Suppression.email_key).where(Suppression.email_key.in_(keys))
    ).all()


def _keys(work: Work, contact_ids: Sequence[int]) -> Sequence[str]:
    """Return the addresses of these contacts in normal form, in one order for everybody."""
    return work.session.scalars(
        sa.select(Contact.email_key).where(Contact.id.in_(contact_ids)).order_by(Contact.email_key)
    ).all()


def _erase_traces(work: Work, contact_id: int, words: KnownWords) -> set[str]:
    """Erase what other rooms know of a person, and return their addresses in normal form."""
    addresses = _addresses(work, contact_id)
    spellings = {text for key, email in addresses.items() for text in (key, email.lower())}
    spellings |= words.addresses
    of_theirs = Response.contact_id == contact_id
    erase_invitations(work, contact_id)
    erase_messages(work, contact_id)
    erase_bounces(work, contact_id, spellings)
    erase_tasks(work, of_theirs, contact_id)
    erase_answers(work, of_theirs)
    erase_claims_to_be(work, spellings)
    return set(addresses)


def _addresses(work: Work, contact_id: int) -> dict[str, str]:
    """Return the address of a person, and those that were written to and are nobody else's now.

    By their normal form, as they are written.
    """
    today = sa.select(Contact.email_key, Contact.email).where(Contact.id == contact_id)
    others = sa.select(Contact.email_key).where(Contact.id != contact_id)
    former = sa.select(Message.email_key, Message.recipient_email).where(
        Message.contact_id == contact_id, Message.email_key.not_in(others)
    )
    found = work.session.execute(today.union(former))
    return {key: email for key, email in found if not is_erased_address(key)}
