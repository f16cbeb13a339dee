"""Valid things to test with; a test names only what matters to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count

import sqlalchemy as sa
from argon2 import PasswordHasher

from nps_portal.accounts.models import Role, User, UserState
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.audience import EVERYBODY, Audience
from nps_portal.batches.commands import BatchPlan, schedule_batch
from nps_portal.batches.models import Batch, Invitation
from nps_portal.contacts.commands import ContactDetails, add_contact
from nps_portal.contacts.models import Contact
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.foundation.work import COMMAND_LINE, Work, unit_of_work
from nps_portal.journal.commands import record
from nps_portal.surveys.commands import ensure_default_survey
from nps_portal.surveys.models import Survey

PASSWORD = "a long enough sentence"
OWNER = "owner@acme.example"
COLLEAGUE = "sam@acme.example"

_numbers = count(1)


@contextmanager
def work() -> Iterator[Work]:
    """Open a unit of work as the command line would."""
    with unit_of_work(COMMAND_LINE) as opened:
        yield opened


def make_business(opened: Work) -> None:
    """Set what every email must carry."""
    change_settings(
        opened,
        {
            "business_name": "Acme Supplies",
            "postal_address": "1 High Street, Anytown",
            "mail_from": "feedback@acme.example",
            "sender_name": "Jo at Acme",
            "time_zone": "Europe/Vienna",
        },
    )


def make_owner(opened: Work, email: str = OWNER) -> User:
    """Add an owner whose password is PASSWORD."""
    return _make_user(opened, email, "Jo Baker", Role.OWNER)


def make_colleague(opened: Work, email: str = COLLEAGUE) -> User:
    """Add somebody with fewer rights whose password is PASSWORD."""
    return _make_user(opened, email, "Sam Hill", Role.COLLEAGUE)


def _make_user(opened: Work, email: str, name: str, role: Role) -> User:
    address = parse_email(email)
    user = User(
        email=address.email,
        email_key=address.key,
        name=name,
        password_hash=_quick_hash(PASSWORD),
        role=role,
        state=UserState.ACTIVE,
        created_at=opened.now,
    )
    opened.session.add(user)
    opened.session.flush()
    record(opened, "user.added", user_id=user.id, role=user.role.value)
    return user


def make_survey(opened: Work) -> Survey:
    """Return the ready-made Survey."""
    return ensure_default_survey(opened)


def make_contact(
    opened: Work, email: str | None = None, *, name: str = "Marta Lindqvist", company: str = ""
) -> Contact:
    """Add a Contact; without an address it gets one of its own."""
    address = email or f"customer{next(_numbers)}@example.org"
    details = ContactDetails(
        email=parse_email(address),
        name=name,
        first_name=name.split(" ", 1)[0] if name else "",
        company=company,
    )
    return add_contact(opened, details, source="test")


def make_crowd(opened: Work, number: int) -> list[int]:
    """Add so many contacts at once, alike in nothing, and return their ids."""
    start = next(_numbers)
    rows = [
        {
            "email": f"crowd{start}-{one}@example.org",
            "email_key": f"crowd{start}-{one}@example.org",
            "source": "test",
            "created_at": opened.now,
            "changed_at": opened.now,
        }
        for one in range(number)
    ]
    added = opened.session.scalars(sa.insert(Contact).returning(Contact.id), rows)
    return sorted(added)


def make_batch(opened: Work, contacts: list[Contact] | None = None) -> Batch:
    """Schedule a Batch for now, to these contacts or to everybody."""
    audience = EVERYBODY
    if contacts is not None:
        audience = Audience(contact_ids=tuple(contact.id for contact in contacts))
    survey = make_survey(opened)
    return schedule_batch(opened, BatchPlan(survey_id=survey.id, audience=audience, name="March"))


def survey_path(opened: Work, contact: Contact) -> str:
    """Return the path of a Contact's latest survey link, without a score."""
    public_id = opened.session.scalars(
        sa.select(Invitation.public_id)
        .where(Invitation.contact_id == contact.id)
        .order_by(Invitation.id.desc())
    ).first()
    assert public_id is not None, f"{contact.email} was never invited"
    return f"/s/{make_token(Purpose.SURVEY, public_id)}"


@cache
def _quick_hash(password: str) -> str:
    """Return a hash that is checked like any other, but at once.

    Those that `add_user` keeps take a sixth of a second of two processors to make and as much to
    check, on purpose; hundreds of tests sign in, and none of them is about that.
    """
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
