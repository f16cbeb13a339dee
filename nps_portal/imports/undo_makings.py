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
from nps_portal.foundation.bulk import Span
from nps_portal.foundation.work import Work
from nps_portal.imports.models import Import, ImportMaking, ImportState, Made
from nps_portal.imports.undo_added import UNDO_PEOPLE, last_span, shorten
from nps_portal.segments.models import Segment

_CHUNK = 500


def remove_some_makings(work: Work, undone: Import) -> int:
    """Remove some of the things that an import made, unless in use, and return how many it saw.

    Domains go before the companies that they tell.
    """
    for made in (Made.TAG, Made.PROPERTY, Made.DOMAIN):
        keys = list(
            work.session.scalars(
                sa.select(ImportMaking.key)
                .where(ImportMaking.import_id == undone.id, ImportMaking.made == made)
                .limit(_CHUNK)
            )
        )
        if not keys:
            continue
        words = set(_words(work)) if made is not Made.DOMAIN else set()
        for key in keys:
            if made is Made.TAG:
                _remove_tag(work, int(key), words)
            elif made is Made.PROPERTY:
                _remove_property(work, int(key), words, undone.source)
            else:
                _remove_domain(work, key, undone.source)
        work.session.execute(
            sa.delete(ImportMaking).where(
                ImportMaking.import_id == undone.id,
                ImportMaking.made == made,
                ImportMaking.key.in_(keys),
            )
        )
        return len(keys)
    return _remove_some_companies(work, undone)


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
    if kept is None or kept.source != source:
        return
    held = (
        sa.select(PropertyValue.contact_id).where(PropertyValue.property_id == property_id).limit(1)
    )
    if work.session.scalar(held) is not None:
        _hand_on(work, kept)
    elif f"property:{property_id}" not in words:
        work.session.delete(kept)
        work.session.flush()


def _hand_on(work: Work, kept: Property) -> None:
    """Let the next import that wrote values of a property have made it, and its Undo remove it."""
    others = work.session.scalars(
        sa.select(Import)
        .where(Import.state.not_in([ImportState.UNDOING, ImportState.UNDONE]))
        .order_by(Import.id)
    )
    for other in others:
        if kept.id in other.mapping.get("property_ids", {}).values():
            kept.source = other.source
            work.session.add(ImportMaking(import_id=other.id, made=Made.PROPERTY, key=str(kept.id)))
            work.session.flush()
            return


def _remove_some_companies(work: Work, undone: Import) -> int:
    """Remove companies that nobody belongs to and nobody has changed."""
    kept = last_span(work, undone.id, Made.COMPANY)
    if kept is None:
        return 0
    span = Span(max(kept.first_id, kept.last_id - UNDO_PEOPLE + 1), kept.last_id)
    work.session.execute(
        sa.delete(Company)
        .where(
            Company.id.between(*span),
            Company.source == undone.source,
            Company.revenue.is_(None),
            Company.owner_id.is_(None),
            ~sa.exists().where(Contact.company_id == Company.id),
            ~sa.exists().where(CompanyDomain.company_id == Company.id),
        )
        .execution_options(synchronize_session=False)
    )
    shorten(work, kept, span)
    return span.last - span.first + 1


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
