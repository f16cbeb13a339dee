"""What the sample business notes of its contacts: plan, start, seats, tags, roles, an owner."""

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from nps_portal.contacts.models import Company, ConsentBasis, Contact, PropertyKind
from nps_portal.contacts.owners import assign_contacts
from nps_portal.contacts.properties import PropertySpec, Value, ensure_properties, set_values
from nps_portal.contacts.tags import ensure_tags, mark
from nps_portal.contacts.values import parse_value
from nps_portal.foundation.work import Work

SEED = 21
PLANS = ("Basic", "Plus", "Pro")
PROPERTIES = (
    PropertySpec(name="Plan", kind=PropertyKind.CHOICE, choices=PLANS),
    PropertySpec(name="Customer since", kind=PropertyKind.DATE),
    PropertySpec(name="Yearly fee", kind=PropertyKind.MONEY, currency="EUR"),
    PropertySpec(name="Newsletter", kind=PropertyKind.YES_NO),
)
FEES = {"Basic": "480", "Plus": "1200", "Pro": "3600"}
TAGS = ("Key account", "Fair 2026", "Pilot")


def describe_people(work: Work, contact_ids: Sequence[int], owner_id: int) -> None:
    """Give the sample contacts properties, tags, roles, consent and an owner.

    It draws from a chance of its own, so that the answers stay what they are.
    """
    chance = random.Random(SEED)  # noqa: S311 - sample data, no secret
    made = list(ensure_properties(work, PROPERTIES, source="by hand").values())
    values: dict[int, dict[int, Value | None]] = {}
    for contact_id in contact_ids:
        plan = chance.choice(PLANS)
        since = work.now - timedelta(days=chance.randint(30, 2500))
        written = (plan, f"{since:%Y-%m-%d}", FEES[plan], chance.choice(("yes", "no", "")))
        values[contact_id] = {
            one.id: parse_value(one, text) for one, text in zip(made, written, strict=True)
        }
    set_values(work, values)
    tags = list(ensure_tags(work, TAGS).values())
    mark(
        work,
        {one: [tag for tag in tags if chance.random() < 0.12] for one in contact_ids},
    )
    assign_contacts(work, [one for one in contact_ids if chance.random() < 0.6], owner_id)
    _give_roles(work, contact_ids, chance)
    _give_revenue(work, chance)


def _give_roles(work: Work, contact_ids: Sequence[int], chance: random.Random) -> None:
    for contact in work.session.scalars(
        sa.select(Contact).where(Contact.id.in_(contact_ids)).order_by(Contact.id)
    ):
        role = chance.choice(("decides", "pays", "uses", "uses", "uses"))
        setattr(contact, role, True)
        contact.consent_basis = chance.choice((ConsentBasis.CONTRACT, ConsentBasis.CONSENT))
        contact.consent_on = (work.now - timedelta(days=chance.randint(30, 700))).date()


def _give_revenue(work: Work, chance: random.Random) -> None:
    """Let most companies have a revenue, a few large ones much of it."""
    for company in work.session.scalars(sa.select(Company).order_by(Company.id)):
        if chance.random() < 0.8:
            company.revenue = Decimal(round(chance.paretovariate(1.6) * 90) * 100)
