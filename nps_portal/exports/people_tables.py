"""The tables of people: contacts with all that is known of them, companies, suppressions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from nps_portal.contacts.models import (
    Company,
    CompanyDomain,
    Contact,
    ContactTag,
    Property,
    PropertyKind,
    PropertyValue,
    Suppression,
    Tag,
)
from nps_portal.contacts.reserved_names import is_reserved
from nps_portal.exports.cells import fields_of, joined
from nps_portal.exports.reader import Reader
from nps_portal.exports.table import Column, Table, cells_of, columns_of
from nps_portal.imports.mapping import guess_mapping

CONTACT = fields_of(
    Contact,
    *("name", "first_name", "language", "time_zone", "decides", "pays", "uses"),
    *("consent_basis", "consent_on", "source", "created_at", "changed_at"),
    *("removed_at", "paused_until", "erased_at"),
    *("last_score", "last_answered_at", "answers", "trend", "last_asked_at"),
)
COMPANY = fields_of(Company, "name", "revenue", "source", "created_at")
SUPPRESSION = fields_of(Suppression, "email_key", "reason", "source", "created_at")
# Beside the fields; the last two repeat what suppressions.csv says, for whoever reads this alone.
ABOUT_CONTACT = (
    *("email", "company", "owner", "tags", "merged_into"),
    *("suppressed_because", "suppressed_at"),
)
FIXED = (*(one.name for one in CONTACT), *ABOUT_CONTACT)
_NUMBERS = (PropertyKind.NUMBER, PropertyKind.MONEY)
_HEIR = aliased(Contact)
_MOST_BETWEEN = 4


def _contact_columns(reader: Reader) -> list[Column]:
    own = [
        Column(name=_column_name(one.name), is_number=one.kind in _NUMBERS)
        for one in _properties(reader)
    ]
    # The address first: it is whom the row is about.
    fixed = columns_of(CONTACT, *ABOUT_CONTACT)
    return [*fixed[len(CONTACT) :][:1], *fixed[: len(CONTACT)], *fixed[len(CONTACT) + 1 :], *own]


def contacts_among(chosen: Callable[[Session], sa.Select[int]]) -> Table:
    """Return the table of those contacts whom a query finds, with the columns of all."""
    return Table(
        name=CONTACTS.name,
        words=CONTACTS.words,
        columns=_contact_columns,
        rows=lambda reader: _rows_of(
            reader, reader.pages_of(_contacts(), Contact.id, chosen(reader.session))
        ),
    )


def _contact_rows(reader: Reader) -> Iterator[Sequence[str]]:
    return _rows_of(reader, reader.pages(_contacts(), Contact.id))


def _rows_of(reader: Reader, pages: Iterable[Sequence[Any]]) -> Iterator[Sequence[str]]:
    own = [one.id for one in _properties(reader)]
    for page in pages:
        ids = [row.id for row in page]
        values, tags = _values(reader, ids), _tags(reader, ids)
        for row in page:
            yield (
                reader.person(row.id, row.email, row.erased_at),
                *cells_of(CONTACT, row),
                row.company or "",
                reader.user(row.owner_id),
                joined(tags[row.id]),
                reader.person(row.merged_into_id, row.heir_email, row.heir_erased_at),
                row.reason.value if row.reason else "",
                SUPPRESSION[3].kind.write(row.suppressed_at) if row.suppressed_at else "",
                *(values[row.id].get(one, "") for one in own),
            )


def _column_name(name: str) -> str:
    """Return the name of a property as a column that is not taken for a field when it comes back.

    Forms refuse such names in English; a file, or an owner in another language, may bring one.
    """
    meant = guess_mapping([name], [])
    is_field = name.casefold() in FIXED or is_reserved(name) or meant.columns or meant.signs
    return f"property: {name}" if is_field else name


def _contacts() -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(
            Contact.id,
            Contact.email,
            *(getattr(Contact, one.name) for one in CONTACT),
            Contact.owner_id,
            Contact.merged_into_id,
            Company.name.label("company"),
            _HEIR.email.label("heir_email"),
            _HEIR.erased_at.label("heir_erased_at"),
            Suppression.reason,
            Suppression.created_at.label("suppressed_at"),
        )
        .outerjoin(Company, Company.id == Contact.company_id)
        .outerjoin(_HEIR, _HEIR.id == Contact.merged_into_id)
        .outerjoin(Suppression, Suppression.email_key == Contact.email_key)
    )


def _properties(reader: Reader) -> Sequence[Property]:
    return reader.session.scalars(
        sa.select(Property).order_by(Property.position, Property.name_key)
    ).all()


def _values(reader: Reader, ids: Sequence[int]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for contact_id, property_id, text in reader.session.execute(
        sa.select(PropertyValue.contact_id, PropertyValue.property_id, PropertyValue.text).where(
            _among(PropertyValue.contact_id, ids)
        )
    ):
        found[contact_id][property_id] = text
    return found


def _tags(reader: Reader, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for contact_id, name in reader.session.execute(
        sa.select(ContactTag.contact_id, Tag.name)
        .join(Tag, Tag.id == ContactTag.tag_id)
        .where(_among(ContactTag.contact_id, ids))
    ):
        found[contact_id].append(name)
    # Sorted here: databases order letters each in its own way.
    return defaultdict(list, {one: sorted(names) for one, names in found.items()})


def _among(column: InstrumentedAttribute[int], ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Return the condition of rows about these contacts; it may let in others between them.

    A span is found sooner than a list, unless most of what lies in it was not asked for.
    """
    if ids[-1] - ids[0] < _MOST_BETWEEN * len(ids):
        return column.between(ids[0], ids[-1])
    return column.in_(ids)


def _company_rows(reader: Reader) -> Iterator[Sequence[str]]:
    query = sa.select(
        Company.id, Company.owner_id, *(getattr(Company, one.name) for one in COMPANY)
    )
    for page in reader.pages(query, Company.id):
        domains: dict[int, list[str]] = defaultdict(list)
        for domain, company_id in reader.session.execute(
            sa.select(CompanyDomain.domain, CompanyDomain.company_id).where(
                CompanyDomain.company_id.between(page[0].id, page[-1].id)
            )
        ):
            domains[company_id].append(domain)
        for row in page:
            cells = cells_of(COMPANY, row)
            yield (*cells, reader.user(row.owner_id), joined(sorted(domains[row.id])))


def _suppression_rows(reader: Reader) -> Iterator[Sequence[str]]:
    query = sa.select(Suppression.id, *(getattr(Suppression, one.name) for one in SUPPRESSION))
    for page in reader.pages(query, Suppression.id):
        yield from (cells_of(SUPPRESSION, row) for row in page)


CONTACTS = Table(name="contacts", words="Contacts", columns=_contact_columns, rows=_contact_rows)
COMPANIES = Table(
    name="companies",
    words="Companies",
    columns=lambda reader: columns_of(COMPANY, "owner", "domains"),
    rows=_company_rows,
)
SUPPRESSIONS = Table(
    name="suppressions",
    words="Suppressions",
    columns=lambda reader: columns_of(SUPPRESSION),
    rows=_suppression_rows,
)
