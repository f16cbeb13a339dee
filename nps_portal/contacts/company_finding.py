"""Which company people belong to: the one that is named, else the one that their domain tells."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.domains import company_domain
from nps_portal.contacts.models import Company, CompanyDomain
from nps_portal.foundation.bulk import insert_rows, next_ids
from nps_portal.foundation.work import Work


@dataclass(frozen=True, kw_only=True)
class FoundCompanies:
    """Companies by name and by domain, and which of both were made."""

    by_key: Mapping[str, int]
    by_domain: Mapping[str, int]
    made: Sequence[int]
    domains_made: Sequence[str]

    def named(self, name: str) -> int | None:
        """Return the company with this name, or None without a name."""
        return self.by_key[name_key(name)] if name else None

    def of_domain(self, email_key: str) -> int | None:
        """Return the company that the domain of an address tells, or None."""
        return self.by_domain.get(email_key.rpartition("@")[2])


def find_companies(work: Work, people: Sequence[tuple[str, str]], *, source: str) -> FoundCompanies:
    """Return the companies of people given as address and name of company, making the missing.

    A company beside an address of a domain that no company has makes that domain known. The
    caller holds the lock under which contacts are added.
    """
    names = {name_key(name): " ".join(name.split()) for _, name in people if name}
    by_key = _known(work, names)
    missing = [key for key in names if key not in by_key]
    made = next_ids(work.session, Company, len(missing)) if missing else []
    insert_rows(
        work.session,
        Company,
        ("id", "name", "name_key", "source", "created_at"),
        [
            (company_id, names[key], key, source, work.now)
            for company_id, key in zip(made, missing, strict=True)
        ],
    )
    by_key |= dict(zip(missing, made, strict=True))
    named = {
        domain: by_key[name_key(company)]
        # The last is written first, so that the first who names a company with a domain stands.
        for email_key, company in reversed(people)
        if (domain := company_domain(email_key)) and company
    }
    domains = {email_key.rpartition("@")[2] for email_key, _ in people}
    by_domain = _known_domains(work, domains)
    news = {domain: named[domain] for domain in sorted(named) if domain not in by_domain}
    insert_rows(work.session, CompanyDomain, ("domain", "company_id"), list(news.items()))
    return FoundCompanies(
        by_key=by_key, by_domain=by_domain | news, made=made, domains_made=list(news)
    )


def _known(work: Work, keys: Collection[str]) -> dict[str, int]:
    if not keys:
        return {}
    found = sa.select(Company.name_key, Company.id).where(Company.name_key.in_(keys))
    return dict(work.session.execute(found).all())


def _known_domains(work: Work, domains: Collection[str]) -> dict[str, int]:
    if not domains:
        return {}
    found = sa.select(CompanyDomain.domain, CompanyDomain.company_id).where(
        CompanyDomain.domain.in_(domains)
    )
    return dict(work.session.execute(found).all())
