"""Writing companies: by hand, and from the domains of people's addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.details import CONTACTS_LOCK
from nps_portal.contacts.models import Company, CompanyDomain, Contact
from nps_portal.foundation.database import insert_for, lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record, record_for_all

CHUNK = 500


class CompanyExists(PortalError):
    """Another Company has this name; `company_id` says which."""

    def __init__(self, name: str, company_id: int) -> None:
        super().__init__(f"{name} is in your companies already.")
        self.company_id = company_id


class DomainTaken(PortalError):
    """A domain tells another Company already."""


class CompanyHasPeople(PortalError):
    """People belong to the Company, so that it cannot go."""


@dataclass(frozen=True, kw_only=True)
class CompanyDetails:
    """What is said of a Company; `revenue` is a year's, None when it is not known."""

    name: str
    revenue: Decimal | None = None
    owner_id: int | None = None
    domains: tuple[str, ...] = ()


def add_company(work: Work, details: CompanyDetails, *, source: str) -> Company:
    """Add a Company.

    :raises CompanyExists: another one has this name.
    :raises DomainTaken: one of its domains tells another Company.
    """
    lock_for_transaction(work.session, CONTACTS_LOCK)
    company = Company(source=source, created_at=work.now)
    _write(work, company, details)
    record(work, "company.added", company_id=company.id, source=source)
    return company


def edit_company(work: Work, company_id: int, details: CompanyDetails) -> None:
    """Replace what is said of a Company.

    :raises CompanyExists: another one has the new name.
    :raises DomainTaken: one of its domains tells another Company.
    """
    lock_for_transaction(work.session, CONTACTS_LOCK)
    _write(work, work.session.get_one(Company, company_id, populate_existing=True), details)
    record(work, "company.edited", company_id=company_id)


def remove_company(work: Work, company_id: int) -> None:
    """Take a Company away that nobody belongs to, not even somebody who was removed.

    :raises CompanyHasPeople: somebody does.
    """
    lock_for_transaction(work.session, CONTACTS_LOCK)
    people = sa.select(sa.func.count(Contact.id)).where(Contact.company_id == company_id)
    if found := work.session.scalar(people):
        raise CompanyHasPeople(
            f"{found} of your contacts belong to it, removed ones counted; "
            "give them another company first."
        )
    work.session.execute(sa.delete(Company).where(Company.id == company_id))
    record(work, "company.removed", company_id=company_id)


def gather_company(work: Work, domain: str, name: str, contact_ids: Sequence[int]) -> int:
    """Make people without a company colleagues, by the domain of their addresses.

    The Company is the one of this name, or a new one. Returns how many joined it.

    :raises DomainTaken: the domain tells another Company meanwhile.
    """
    lock_for_transaction(work.session, CONTACTS_LOCK)
    key = name_key(name)
    company = work.session.scalar(sa.select(Company).where(Company.name_key == key))
    if company is None:
        company = add_company(work, CompanyDetails(name=name), source="by domain")
    _add_domains(work, company.id, [domain])
    joined: list[int] = []
    for start in range(0, len(contact_ids), CHUNK):
        joined += work.session.scalars(
            sa.update(Contact)
            .where(Contact.id.in_(sorted(contact_ids)[start : start + CHUNK]))
            .where(Contact.company_id.is_(None))
            .values(company_id=company.id, changed_at=work.now)
            .returning(Contact.id)
            .execution_options(synchronize_session=False)
        )
    record_for_all(work, "contact.joined_company", sorted(joined), company_id=company.id)
    return len(joined)


def _write(work: Work, company: Company, details: CompanyDetails) -> None:
    name = " ".join(details.name.split())
    key = name_key(name)
    other = work.session.scalar(sa.select(Company.id).where(Company.name_key == key))
    if other is not None and other != company.id:
        raise CompanyExists(name, other)
    company.name, company.name_key = name, key
    company.revenue, company.owner_id = details.revenue, details.owner_id
    work.session.add(company)
    work.session.flush()
    kept = set(details.domains)
    work.session.execute(
        sa.delete(CompanyDomain)
        .where(CompanyDomain.company_id == company.id, CompanyDomain.domain.not_in(kept))
        .execution_options(synchronize_session=False)
    )
    _add_domains(work, company.id, sorted(kept))


def _add_domains(work: Work, company_id: int, domains: Sequence[str]) -> None:
    if not domains:
        return
    work.session.execute(
        insert_for(work.session)(CompanyDomain).on_conflict_do_nothing(index_elements=["domain"]),
        [{"domain": domain, "company_id": company_id} for domain in domains],
    )
    taken = work.session.execute(
        sa.select(CompanyDomain.domain, Company.name)
        .join(Company, Company.id == CompanyDomain.company_id)
        .where(CompanyDomain.domain.in_(domains), CompanyDomain.company_id != company_id)
        .order_by(CompanyDomain.domain)
    ).first()
    if taken is not None:
        raise DomainTaken(f"{taken.domain} belongs to {taken.name} already.")
