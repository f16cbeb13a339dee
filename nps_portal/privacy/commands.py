"""What a person decides about their data: to be left alone for a time, and to be erased."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from nps_portal.contacts.aliases import MERGING_LOCK, ids_of_person
from nps_portal.contacts.commands import lock_contact, pause_contact
from nps_portal.contacts.erasures import anonymise, forget_addresses, is_erased_address
from nps_portal.contacts.models import Contact, Suppression
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.imports.models import (
    Import,
    ImportChange,
    ImportPiece,
    ImportRejection,
    ImportState,
)
from nps_portal.journal.commands import record
from nps_portal.outbox.commands import cancel_for_address
from nps_portal.outbox.models import Message
from nps_portal.privacy.answer_erasure import erase_answers, erase_claims_to_be, erase_tasks
from nps_portal.privacy.mail_erasure import erase_bounces, erase_invitations, erase_messages
from nps_portal.privacy.tracing import forget_in_looks
from nps_portal.responses.models import Response

PAUSES_IN_MONTHS = (3, 6, 12)
_ABOUT_AN_ERASED_PERSON = "This row was about a person who has been erased."


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
    contacts, keys = _erase_person(work, contact_id)
    forget_addresses(work, keys)
    _anonymise(work, contacts, "contact.erased")


def expire_contact(work: Work, contact_id: int) -> None:
    """Erase a person whose time is over, as the account's rules of retention have it.

    They have wished nothing: whoever adds the address again may ask it again, unless it was
    suppressed before.
    """
    contacts, keys = _erase_person(work, contact_id)
    suppressed = sa.select(Suppression.email_key).where(Suppression.email_key.in_(keys))
    forget_addresses(work, work.session.scalars(suppressed).all())
    _anonymise(work, contacts, "contact.expired")


def erase_response(work: Work, response_id: int) -> None:
    """Erase the words of an answer that belongs to nobody known; the score stays."""
    which = Response.id == response_id
    erase_tasks(work, which)
    erase_answers(work, which)
    record(work, "response.erased", response_id=response_id)


def _erase_person(work: Work, contact_id: int) -> tuple[list[Contact], set[str]]:
    """Erase what other rooms know of a person; return the contacts, locked, and their addresses.

    Those that were erased before have been erased once more, and are not among what is returned.
    """
    # Nobody is merged into them meanwhile, and would be left out.
    lock_for_transaction(work.session, MERGING_LOCK)
    ids = sorted(ids_of_person(work.session, contact_id))
    # Twice: first in the order in which others lock rows that hang on a Contact, so that none of
    # them waits for us while we wait for it; then for what they added before we held the Contact.
    keys = {one: _erase_traces(work, one) for one in ids}
    contacts = [lock_contact(work, one) for one in ids]
    for one in ids:
        keys[one] |= _erase_traces(work, one)
    new = [contact for contact in contacts if contact.erased_at is None]
    return new, {key for contact in new for key in keys[contact.id]}


def _anonymise(work: Work, contacts: Sequence[Contact], kind: str) -> None:
    for contact in contacts:
        anonymise(work, contact)
        record(work, kind, contact_id=contact.id)


def _keys(work: Work, contact_ids: Sequence[int]) -> Sequence[str]:
    """Return the addresses of these contacts in normal form, in one order for everybody."""
    return work.session.scalars(
        sa.select(Contact.email_key).where(Contact.id.in_(contact_ids)).order_by(Contact.email_key)
    ).all()


def _erase_traces(work: Work, contact_id: int) -> set[str]:
    """Erase what other rooms know of a person, and return their addresses in normal form."""
    addresses = _addresses(work, contact_id)
    spellings = {text for key, email in addresses.items() for text in (key, email.lower())}
    of_theirs = Response.contact_id == contact_id
    erase_invitations(work, contact_id)
    erase_messages(work, contact_id)
    erase_bounces(work, contact_id, spellings)
    erase_tasks(work, of_theirs, contact_id)
    erase_answers(work, of_theirs)
    erase_claims_to_be(work, spellings)
    if addresses:
        name = work.session.scalar(sa.select(Contact.name).where(Contact.id == contact_id)) or ""
        # A first name alone would find many others.
        _erase_imports(work, spellings | ({name} if " " in name else set()), contact_id)
        forget_in_looks(work, contact_id, spellings | set(name.split()))
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


def _erase_imports(work: Work, names: set[str], contact_id: int) -> None:
    """Blank the refused rows that name a person, and drop the files that nobody has confirmed.

    Such a file may hold the person too, and to read it here would keep everybody waiting. One that
    is being brought in goes by itself at its end, and cannot make the address one to be mailed.
    What imports have changed of the person is forgotten: no Undo may bring it back.
    """
    for name in sorted(names):
        held = (ImportRejection.text, ImportRejection.reason, ImportRejection.cells)
        work.session.execute(
            sa.update(ImportRejection)
            .where(sa.or_(*(column.icontains(name, autoescape=True) for column in held)))
            .values(text="", cells="", reason=_ABOUT_AN_ERASED_PERSON)
            .execution_options(synchronize_session=False)
        )
    work.session.execute(
        sa.delete(ImportChange)
        .where(ImportChange.contact_id == contact_id)
        .execution_options(synchronize_session=False)
    )
    unconfirmed = sa.select(Import.id).where(
        Import.state.in_([ImportState.READING, ImportState.UPLOADED])
    )
    work.session.execute(
        sa.delete(ImportPiece)
        .where(ImportPiece.import_id.in_(unconfirmed))
        .execution_options(synchronize_session=False)
    )
