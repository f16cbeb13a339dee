"""Which company people belong to: the one that is named, else the one that their domain tells."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.domains import company_domain
from nps_portal.contacts.models import Company, CompanyDomain
from nps_portal.foundation.bulk import among, insert_rows, next_ids
from nps_portal.foundation.work import Work


@dataclass(frozen=True, kw_only=True)
class FoundCompanies:
    """Companies by the name as it was given and by domain, and which of both were made."""

    by_name: Mapping[str, int]
    by_domain: Mapping[str, int]
    made: Sequence[int]
    domains_made: Sequence[str]

    def named(self, name: str) -> int | None:
        """Return the company with this name, or None without a name."""
        return self.by_name[name] if name else None

    def of_domain(self, email_key: str) -> int | None:
        """Return the company that the domain of an address tells, or None."""
        return self.by_domain.get(email_key.rpartition("@")[2])


def find_companies(work: Work, people: Sequence[tuple[str, str]], *, source: str) -> FoundCompanies:
    """Return the companies of people given as address and name of company, making the missing.

    A company beside an address of a domain that no company has makes that domain known. The
    caller holds the lock under which contacts are added.
    """
    keys = {name: name_key(name) for _, name in people if name}
    # Of several spellings the first stands.
    names = {key: " ".join(name.split()) for name, key in reversed(keys.items())}
    by_key = _known(work, names)
    missing = [key for key in reversed(names) if key not in by_key]
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
    by_name = {name: by_key[key] for name, key in keys.items()}
    by_domain, news = _domains(work, people, by_name)
    return FoundCompanies(by_name=by_name, by_domain=by_domain, made=made, domains_made=news)


def _domains(
    work: Work, people: Sequence[tuple[str, str]], by_name: Mapping[str, int]
) -> tuple[dict[str, int], list[str]]:
    """Return the companies of all domains, and which domains have become known just now."""
    named: dict[str, str] = {}
    for email_key, company in people:
        domain = email_key.rpartition("@")[2]
        # The first who names a company with a domain stands.
        if domain not in named or (company and not named[domain]):
            named[domain] = company
    known = _known_domains(work, named)
    news = {
        domain: by_name[company]
        for domain, company in sorted(named.items())
        if company and domain not in known and company_domain(f"@{domain}")
    }
    insert_rows(work.session, CompanyDomain, ("domain", "company_id"), list(news.items()))
    return known | news, list(news)


def _known(work: Work, keys: Collection[str]) -> dict[str, int]:
    if not keys:
        return {}
    found = sa.select(Company.name_key, Company.id).where(
        among(work.session, Company.name_key, keys)
    )
    return dict(work.session.execute(found).all())


def _known_domains(work: Work, domains: Collection[str]) -> dict[str, int]:
    if not domains:
        return {}
    found = sa.select(CompanyDomain.domain, CompanyDomain.company_id).where(
        among(work.session, CompanyDomain.domain, domains)
    )
    return dict(work.session.execute(found).all())
