"""Companies: one a name, however it is spaced and capitalised."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Company, CompanyDomain
from nps_portal.foundation.database import insert_for
from nps_portal.foundation.work import Work


def ensure_companies(work: Work, names: Sequence[str]) -> dict[str, int]:
    """Return the ids of these companies by key, making those that are not there."""
    by_key = {name_key(name): " ".join(name.split()) for name in names if name.strip()}
    if not by_key:
        return {}
    work.session.execute(
        insert_for(work.session)(Company).on_conflict_do_nothing(index_elements=["name_key"]),
        [
            {"name": name, "name_key": key, "created_at": work.now}
            for key, name in sorted(by_key.items())
        ],
    )
    found = work.session.execute(
        sa.select(Company.name_key, Company.id).where(Company.name_key.in_(by_key))
    )
    return dict(found.all())


def company_of_domain(session: Session, email_key: str) -> str:
    """Return the name of the company that the domain of an address tells, or nothing."""
    found = session.scalar(
        sa.select(Company.name)
        .join(CompanyDomain, CompanyDomain.company_id == Company.id)
        .where(CompanyDomain.domain == email_key.rpartition("@")[2])
    )
    return found or ""


def name_key(name: str) -> str:
    """Return the form of a name in which two of one company are alike."""
    return " ".join(name.split()).casefold()[:200]
