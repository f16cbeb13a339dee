"""Bringing back companies, suppressions and contacts."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.erasures import erased_address
from nps_portal.contacts.models import (
    Company,
    CompanyDomain,
    Contact,
    ContactTag,
    PropertyKind,
    PropertyValue,
    Suppression,
)
from nps_portal.contacts.values import value_of
from nps_portal.exports.archive_rows import Archive, Row
from nps_portal.exports.cells import parted
from nps_portal.exports.people_tables import COMPANY, CONTACT, FIXED, SUPPRESSION
from nps_portal.exports.reader import erased_number
from nps_portal.exports.restoring_known import Known, address_key
from nps_portal.foundation.bulk import insert_rows, next_ids
from nps_portal.foundation.tokens import new_public_id
from nps_portal.foundation.work import Work
from nps_portal.outbox.models import JournalledSend

_LAST_ASKED = [one.name for one in CONTACT].index("last_asked_at")
_NUMBERS = (PropertyKind.NUMBER, PropertyKind.MONEY)
_CONTACT_COLUMNS = (
    *("id", "email", "email_key", "company_id", "owner_id"),
    *(one.name for one in CONTACT),
)


def restore_people(work: Work, archive: Archive, known: Known) -> None:
    """Bring back everybody; companies and suppressions that are there already are replaced."""
    # Of both only names are known so far, and an empty portal needs none of them.
    for model in (CompanyDomain, Company, Suppression):
        work.session.execute(sa.delete(model))
    for chunk in archive.chunks("companies"):
        _companies(work, chunk, known)
    names = tuple(one.name for one in SUPPRESSION)
    for chunk in archive.chunks("suppressions"):
        insert_rows(work.session, Suppression, names, [row.values(SUPPRESSION) for row in chunk])
    heirs: list[tuple[int, str]] = []
    for chunk in archive.chunks("contacts", len(FIXED)):
        ids = next_ids(work.session, Contact, len(chunk))
        _contacts(work, chunk, ids, known)
        _marks(work, chunk, ids, known)
        heirs += [
            (contact_id, row["merged_into"])
            for contact_id, row in zip(ids, chunk, strict=True)
            if row["merged_into"]
        ]
    _merge(work, heirs, known)


def _companies(work: Work, chunk: Sequence[Row], known: Known) -> None:
    ids = next_ids(work.session, Company, len(chunk))
    names = ("id", "name_key", "owner_id", *(one.name for one in COMPANY))
    rows: list[list[Any]] = []
    domains: list[tuple[str, int]] = []
    for company_id, row in zip(ids, chunk, strict=True):
        with row.checked():
            owner_id = known.user(row["owner"])
        rows.append([company_id, name_key(row["name"]), owner_id, *row.values(COMPANY)])
        domains += [(domain, company_id) for domain in parted(row["domains"])]
        known.companies[row["name"]] = company_id
    insert_rows(work.session, Company, names, rows)
    insert_rows(work.session, CompanyDomain, ("domain", "company_id"), domains)


def _contacts(work: Work, chunk: Sequence[Row], ids: Sequence[int], known: Known) -> None:
    """Write contacts down, and who was asked when, so that nobody is asked again too soon."""
    rows: list[list[Any]] = []
    asked: list[tuple[str, int, datetime]] = []
    for contact_id, row in zip(ids, chunk, strict=True):
        with row.checked():
            is_erased = erased_number(row["email"]) is not None
            company_id = known.companies[row["company"]] if row["company"] else None
            owner_id = known.user(row["owner"])
        if is_erased:
            known.erased.append(contact_id)
        email = erased_address(contact_id) if is_erased else row["email"]
        key = email if is_erased else address_key(email)
        values = row.values(CONTACT)
        rows.append([contact_id, email, key, company_id, owner_id, *values])
        asked_at = values[_LAST_ASKED]
        if asked_at is not None and not row["merged_into"]:
            asked.append((new_public_id(), contact_id, asked_at))
    insert_rows(work.session, Contact, _CONTACT_COLUMNS, rows)
    insert_rows(work.session, JournalledSend, ("public_id", "contact_id", "sent_at"), asked)


def _marks(work: Work, chunk: Sequence[Row], ids: Sequence[int], known: Known) -> None:
    """Write tags and properties of contacts down."""
    tags: list[tuple[int, int]] = []
    values: list[tuple[Any, ...]] = []
    for contact_id, row in zip(ids, chunk, strict=True):
        with row.checked():
            tags += [(contact_id, known.tags[name]) for name in parted(row["tags"])]
            values += _values(row, contact_id, known)
    insert_rows(work.session, ContactTag, ("contact_id", "tag_id"), tags)
    insert_rows(
        work.session,
        PropertyValue,
        ("contact_id", "property_id", "text", "key", "number"),
        values,
    )


def _values(row: Row, contact_id: int, known: Known) -> list[tuple[Any, ...]]:
    found = []
    for (property_id, kind), cell in zip(known.properties, row.own, strict=True):
        if cell:
            number = Decimal(cell) if kind in _NUMBERS else None
            value = value_of(cell, number)
            found.append((contact_id, property_id, value.text, value.key, value.number))
    return found


def _merge(work: Work, heirs: Sequence[tuple[int, str]], known: Known) -> None:
    """Point merged people to whom their address stands for, who may come later in the file."""
    for start in range(0, len(heirs), 500):
        some = heirs[start : start + 500]
        ids = known.people(work, [name for _, name in some])
        for contact_id, name in some:
            work.session.execute(
                sa.update(Contact)
                .where(Contact.id == contact_id)
                .values(merged_into_id=ids.get(name))
                .execution_options(synchronize_session=False)
            )
