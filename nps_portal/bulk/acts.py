"""Doing one act to some contacts: each returns for how many that changed anything."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from nps_portal.accounts.models import User
from nps_portal.bulk.models import BulkKind
from nps_portal.bulk.terms import ROLES, is_property, property_of
from nps_portal.contacts.changes import Changed, note_changes, of_properties, text_of
from nps_portal.contacts.companies import ensure_companies, name_key
from nps_portal.contacts.models import Company, ConsentBasis, Contact, Tag
from nps_portal.contacts.owners import assign_contacts
from nps_portal.contacts.properties import set_values, values_of
from nps_portal.contacts.tags import add_tags, remove_tags
from nps_portal.contacts.values import BadValue, Habits, parse_value
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record_for_all
from nps_portal.privacy.commands import erase_contact

Terms = Mapping[str, Any]


def do_act(work: Work, kind: BulkKind, terms: Terms, contact_ids: Sequence[int]) -> int:
    """Do an act to those of these contacts who are there still, in the order of their ids."""
    ids = list(
        work.session.scalars(
            sa.select(Contact.id).where(
                Contact.id.in_(contact_ids),
                Contact.erased_at.is_(None),
                Contact.merged_into_id.is_(None),
            )
        )
    )
    return _ACTS[kind](work, terms, sorted(ids))


def _tag(work: Work, terms: Terms, ids: Sequence[int]) -> int:
    return add_tags(work, _locked(work, ids), _tags_there(work, terms))


def _untag(work: Work, terms: Terms, ids: Sequence[int]) -> int:
    return remove_tags(work, _locked(work, ids), _tags_there(work, terms))


def _tags_there(work: Work, terms: Terms) -> Sequence[int]:
    """Return those of the tags that nobody has deleted since."""
    return work.session.scalars(sa.select(Tag.id).where(Tag.id.in_(terms["tag_ids"]))).all()


def _assign(work: Work, terms: Terms, ids: Sequence[int]) -> int:
    owner_id = terms["owner_id"]
    if owner_id is not None and work.session.get(User, owner_id) is None:
        return 0
    return assign_contacts(work, ids, owner_id)


def _set_field(work: Work, terms: Terms, ids: Sequence[int]) -> int:
    field, value = terms["field"], terms["value"]
    if is_property(field):
        return _set_property(work, field, value, ids)
    columns: dict[str, Any] = {field: value}
    name = field
    if field == "company":
        company_id = ensure_companies(work, [value]).get(name_key(value))
        columns = {"company_id": company_id}
    elif field in ROLES:
        columns, name = {field: value == "yes"}, "roles"
    elif field == "consent_basis":
        since = terms.get("since")
        columns = {
            "consent_basis": ConsentBasis(value) if value else None,
            "consent_on": date.fromisoformat(since) if since else None,
        }
        name = "consent"
    return _write(work, ids, columns, name)


def _write(work: Work, ids: Sequence[int], columns: Mapping[str, Any], name: str) -> int:
    differs = sa.or_(
        *(getattr(Contact, column).is_distinct_from(value) for column, value in columns.items())
    )
    changed = _locked(work, ids, differs)
    _note_fields(work, changed, columns)
    work.session.execute(
        sa.update(Contact)
        .where(Contact.id.in_(changed))
        .values(**columns, changed_at=work.now)
        .execution_options(synchronize_session=False)
    )
    _tell_edited(work, changed, fields=[name], properties=[])
    return len(changed)


def _note_fields(work: Work, ids: Sequence[int], columns: Mapping[str, Any]) -> None:
    """Keep what the columns of these contacts say before they are written."""
    new = {name: text_of(value) for name, value in columns.items()}
    told: dict[str, Any] = {name: getattr(Contact, name) for name in columns}
    if "company_id" in columns:
        company = work.session.get(Company, columns["company_id"] or 0)
        new = {"company": company.name if company else ""}
        told = {"company": Company.name}
    rows = work.session.execute(
        sa.select(Contact.id, *(column.label(name) for name, column in told.items()))
        .outerjoin(Company, Company.id == Contact.company_id)
        .where(Contact.id.in_(ids))
        .order_by(Contact.id)
    ).mappings()
    note_changes(
        work,
        [
            Changed(contact_id=row["id"], field=name, former=text_of(row[name]), new=new[name])
            for row in rows
            for name in new
        ],
    )


def _set_property(work: Work, field: str, written: str, ids: Sequence[int]) -> int:
    one = property_of(work.session, field)
    if one is None:
        return 0
    try:
        value = parse_value(one, written, Habits(decimal_mark="."))
    except BadValue:
        # Its kind or its choices have changed since: there is nothing to set any more.
        return 0
    held = values_of(work.session, _locked(work, ids))
    changes = [
        change
        for contact_id, values in sorted(held.items())
        for change in of_properties(contact_id, values, {one.id: value})
    ]
    note_changes(work, changes)
    changed = [change.contact_id for change in changes]
    set_values(work, {contact_id: {one.id: value} for contact_id in changed})
    _tell_edited(work, changed, fields=[], properties=[one.id])
    return len(changed)


def _remove(work: Work, terms: Terms, ids: Sequence[int]) -> int:
    gone = _locked(work, ids, Contact.removed_at.is_(None))
    work.session.execute(
        sa.update(Contact)
        .where(Contact.id.in_(gone))
        .values(removed_at=work.now)
        .execution_options(synchronize_session=False)
    )
    record_for_all(work, "contact.removed", list[int | None](gone))
    return len(gone)


def _erase(work: Work, terms: Terms, ids: Sequence[int]) -> int:
    for contact_id in ids:
        erase_contact(work, contact_id)
    return len(ids)


def _locked(
    work: Work, ids: Sequence[int], condition: sa.ColumnElement[bool] | None = None
) -> list[int]:
    """Lock contacts in the order of their ids; return those who meet the condition.

    Who was merged into another record since the choice was made is that other one now.
    """
    query = sa.select(Contact.id).where(
        Contact.id.in_(ids), Contact.erased_at.is_(None), Contact.merged_into_id.is_(None)
    )
    if condition is not None:
        query = query.where(condition)
    return list(work.session.scalars(query.order_by(Contact.id).with_for_update(key_share=True)))


def _tell_edited(
    work: Work, ids: Sequence[int], *, fields: list[str], properties: list[int]
) -> None:
    """Write down which fields changed: never what they hold."""
    record_for_all(
        work, "contact.edited", list[int | None](ids), fields=fields, properties=properties
    )


_ACTS: dict[BulkKind, Callable[[Work, Terms, Sequence[int]], int]] = {
    BulkKind.TAG: _tag,
    BulkKind.UNTAG: _untag,
    BulkKind.ASSIGN: _assign,
    BulkKind.SET_FIELD: _set_field,
    BulkKind.REMOVE: _remove,
    BulkKind.ERASE: _erase,
}
