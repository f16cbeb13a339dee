"""What a form, an import or a program says about a Contact."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from nps_portal.contacts.models import ConsentBasis, Contact
from nps_portal.contacts.values import Value
from nps_portal.foundation.addresses import EmailAddress, parse_email

# Whoever adds contacts or changes addresses waits for the others, so that two who bring the same
# address at once do not both find it free.
CONTACTS_LOCK = "contacts"

ROLES = ("decides", "pays", "uses")


@dataclass(frozen=True, kw_only=True)
class ContactDetails:
    """What a form, an import or a program says about a Contact; empty text says nothing.

    `values` are what properties hold, by their ids: those that are not among them stay as they
    are. `tags` are all that the Contact has; None leaves them.
    """

    email: EmailAddress
    name: str = ""
    first_name: str = ""
    company: str = ""
    language: str = ""
    time_zone: str = ""
    owner_id: int | None = None
    consent_basis: ConsentBasis | None = None
    consent_on: date | None = None
    decides: bool = False
    pays: bool = False
    uses: bool = False
    values: Mapping[int, Value | None] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None


def details_of(contact: Contact, email: EmailAddress | None = None) -> ContactDetails:
    """Return what is known of a Contact, at another address if one is given."""
    return ContactDetails(
        email=email or parse_email(contact.email),
        name=contact.name,
        first_name=contact.first_name,
        company=contact.company_name,
        language=contact.language,
        time_zone=contact.time_zone,
        owner_id=contact.owner_id,
        consent_basis=contact.consent_basis,
        consent_on=contact.consent_on,
        decides=contact.decides,
        pays=contact.pays,
        uses=contact.uses,
    )


def filled(details: ContactDetails, other: ContactDetails) -> ContactDetails:
    """Return the details with their gaps filled from the other ones.

    A basis and its day belong together; roles and tags add up.
    """
    consent = details if details.consent_basis else other
    tags = [*(details.tags or ()), *(other.tags or ())]
    return replace(
        details,
        name=details.name or other.name,
        first_name=details.first_name or other.first_name,
        company=details.company or other.company,
        language=details.language or other.language,
        time_zone=details.time_zone or other.time_zone,
        owner_id=details.owner_id or other.owner_id,
        consent_basis=consent.consent_basis,
        consent_on=consent.consent_on,
        **{role: getattr(details, role) or getattr(other, role) for role in ROLES},
        values={**other.values, **details.values},
        tags=tuple(tags) if details.tags is not None or other.tags is not None else None,
    )
