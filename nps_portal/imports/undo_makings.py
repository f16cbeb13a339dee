"""Taking away what an import made on its way, where nobody else uses it."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.models import (
    Company,
    CompanyDomain,
    Contact,
    ContactTag,
    Property,
    PropertyValue,
    Tag,
)
from nps_portal.foundation.work import Work
from nps_portal.imports.models import ImportMaking, Made
from nps_portal.segments.models import Segment

_CHUNK = 500


def remove_some_makings(work: Work, import_id: int, source: str) -> int:
    """Remove some of the things that an import made, unless in use, and return how many it saw.

    Domains go before the companies that they tell.
    """
    for made in (Made.TAG, Made.PROPERTY, Made.DOMAIN, Made.COMPANY):
        keys = list(
            work.session.scalars(
                sa.select(ImportMaking.key)
                .where(ImportMaking.import_id == import_id, ImportMaking.made == made)
                .limit(_CHUNK)
            )
        )
        if not keys:
            continue
        words = set(_words(work)) if made in (Made.TAG, Made.PROPERTY) else set()
        if made is Made.COMPANY:
            _remove_companies(work, [int(key) for key in keys], source)
        for key in keys:
            if made is Made.TAG:
                _remove_tag(work, int(key), words)
            elif made is Made.PROPERTY:
                _remove_property(work, int(key), words, source)
            elif made is Made.DOMAIN:
                _remove_domain(work, key, source)
        work.session.execute(
            sa.delete(ImportMaking).where(
                ImportMaking.import_id == import_id,
                ImportMaking.made == made,
                ImportMaking.key.in_(keys),
            )
        )
        return len(keys)
    return 0


def _remove_tag(work: Work, tag_id: int, words: set[str]) -> None:
    tag = work.session.get(Tag, tag_id)
    if tag is None or tag.name_key in words:
        return
    worn = sa.select(ContactTag.contact_id).where(ContactTag.tag_id == tag_id).limit(1)
    if work.session.scalar(worn) is None:
        work.session.delete(tag)
        work.session.flush()


def _remove_property(work: Work, property_id: int, words: set[str], source: str) -> None:
    kept = work.session.get(Property, property_id)
    if kept is None or kept.source != source or f"property:{property_id}" in words:
        return
    held = (
        sa.select(PropertyValue.contact_id).where(PropertyValue.property_id == property_id).limit(1)
    )
    if work.session.scalar(held) is None:
        work.session.delete(kept)
        work.session.flush()


def _remove_companies(work: Work, company_ids: list[int], source: str) -> None:
    """Remove the companies that nobody belongs to and nobody has changed."""
    unused = work.session.scalars(
        sa.select(Company.id)
        .where(
            Company.id.in_(company_ids),
            Company.source == source,
            Company.revenue.is_(None),
            Company.owner_id.is_(None),
            ~sa.exists().where(Contact.company_id == Company.id),
            ~sa.exists().where(CompanyDomain.company_id == Company.id),
        )
        .order_by(Company.id)
    ).all()
    work.session.execute(
        sa.delete(Company)
        .where(Company.id.in_(unused))
        .execution_options(synchronize_session=False)
    )


def _remove_domain(work: Work, domain: str, source: str) -> None:
    """Forget a domain, unless somebody who was left alone belongs to a company by it."""
    kept = work.session.get(CompanyDomain, domain)
    if kept is None:
        return
    member = sa.select(Contact.id).where(
        Contact.company_id == kept.company_id,
        Contact.email_key.endswith(f"@{domain}", autoescape=True),
        Contact.source == source,
    )
    if work.session.scalar(member.limit(1)) is None:
        work.session.delete(kept)
        work.session.flush()


def _words(work: Work) -> Iterator[str]:
    """Yield every text that a saved segment names: tags by their key, fields of properties."""
    for rules in work.session.scalars(sa.select(Segment.rules)):
        yield from _texts(rules)


def _texts(rules: Any) -> Iterator[str]:
    if isinstance(rules, str):
        yield rules
        yield rules.casefold()
    elif isinstance(rules, dict):
        for value in rules.values():
            yield from _texts(value)
    elif isinstance(rules, list):
        for value in rules:
            yield from _texts(value)
