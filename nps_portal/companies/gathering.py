"""Companies that the domains of people's addresses suggest."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.chunks import chunks
from nps_portal.contacts.domains import company_domain
from nps_portal.contacts.list_conditions import looked_at
from nps_portal.contacts.models import Company, CompanyDomain, Contact

# So many of the newest contacts without a company are looked at in one go.
LOOKED_AT = 50_000
FEWEST_COLLEAGUES = 2
MOST_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """People without a company who share a domain; `name` is what the Company would be called.

    `company_id` is the Company that this domain tells already, None for a new one.
    """

    domain: str
    name: str
    company_id: int | None
    contact_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class _Known:
    id: int
    name: str


def suggestions(session: Session) -> Sequence[Suggestion]:
    """Return the companies that addresses suggest, those with most people first.

    A domain that no Company has is suggested from two people on: one alone may own it.
    """
    by_domain: dict[str, list[int]] = {}
    rows = session.execute(
        sa.select(Contact.id, Contact.email_key)
        .where(Contact.company_id.is_(None), looked_at(Contact.removed_at.is_(None)))
        .order_by(Contact.id.desc())
        .limit(LOOKED_AT)
    )
    for contact_id, email_key in rows:
        by_domain.setdefault(email_key.partition("@")[2], []).append(contact_id)
    found = {domain: ids for domain, ids in by_domain.items() if company_domain(f"@{domain}")}
    known = _known(session, sorted(found))
    suggested = [
        Suggestion(
            domain=domain,
            name=known[domain].name if domain in known else name_of(domain),
            company_id=known[domain].id if domain in known else None,
            contact_ids=tuple(sorted(ids)),
        )
        for domain, ids in found.items()
        if domain in known or len(ids) >= FEWEST_COLLEAGUES
    ]
    return sorted(suggested, key=lambda one: (-len(one.contact_ids), one.domain))[:MOST_SHOWN]


def name_of(domain: str) -> str:
    """Return what a Company may be called by its domain: «Mueller-Bau» of mueller-bau.de."""
    labels = domain.split(".")
    # In co.uk and com.br the name stands before both.
    double_ending = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    name = labels[-3] if double_ending else labels[max(0, len(labels) - 2)]
    return "-".join(part.capitalize() for part in name.split("-"))


_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "gv"})


def _known(session: Session, domains: Sequence[str]) -> dict[str, _Known]:
    """Return the companies that these domains tell already."""
    known: dict[str, _Known] = {}
    for some in chunks(domains):
        rows = session.execute(
            sa.select(CompanyDomain.domain, Company.id, Company.name)
            .join(Company, Company.id == CompanyDomain.company_id)
            .where(CompanyDomain.domain.in_(some))
        )
        known |= {domain: _Known(id=company_id, name=name) for domain, company_id, name in rows}
    return known
