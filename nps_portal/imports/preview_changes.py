"""What would change of people who are known already: field by field, before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import User
from nps_portal.contacts.companies import name_key
from nps_portal.contacts.models import Company, Contact, Property
from nps_portal.contacts.properties import property_key, values_of
from nps_portal.contacts.tags import tag_key, tags_of
from nps_portal.contacts.upsert_rows import people_as_they_are
from nps_portal.contacts.upserting import ContactNews, UpdateRule

_TEXTS = {
    "name": "Name",
    "first_name": "First name",
    "language": "Language",
    "time_zone": "Time zone",
}
_ROLES = {"decides": "Decides", "pays": "Pays", "uses": "Uses"}


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field of one person; `before` is empty where a gap is filled."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class KnownPerson:
    """What is known of one person, as texts: fields by column, properties and tags by key."""

    shown_name: str
    is_removed: bool
    fields: Mapping[str, str]
    values: Mapping[str, str]
    tags: frozenset[str]
    owners: Mapping[int, str]

    def changed_by(
        self, news: ContactNews, properties: Mapping[int, str], rule: UpdateRule
    ) -> list[FieldChange]:
        """Return what a row would change; `properties` has the names of its values."""
        overwrites = rule is UpdateRule.OVERWRITE
        changes = [
            FieldChange(label=label, before=had, after=told)
            for label, had, told in self._told(news, properties)
            if told and not _same(label, told, had) and (overwrites or not had)
        ]
        gained = [tag for tag in dict.fromkeys(news.tags) if tag_key(tag) not in self.tags]
        if gained:
            changes.append(FieldChange(label="Tags", before="", after=", ".join(gained)))
        return changes

    def _told(self, news: ContactNews, properties: Mapping[int, str]) -> list[tuple[str, str, str]]:
        fields = [(label, self.fields[name], getattr(news, name)) for name, label in _TEXTS.items()]
        basis = news.consent_basis.value.replace("_", " ") if news.consent_basis else ""
        day = news.consent_on.isoformat() if news.consent_on else ""
        owner = self.owners.get(news.owner_id or 0, "")
        return [
            *fields,
            ("Company", self.fields["company"], news.company),
            ("Owner", self.fields["owner"], owner),
            ("Consent", self.fields["consent_basis"], basis),
            ("Consent date", self.fields["consent_on"], day),
            *(
                (
                    label,
                    self.fields[name],
                    {True: "yes", False: "no", None: ""}[getattr(news, name)],
                )
                for name, label in _ROLES.items()
            ),
            *(
                (properties[index], self.values.get(property_key(properties[index]), ""), one.text)
                for index, one in news.values.items()
            ),
        ]


@dataclass(frozen=True, kw_only=True)
class KnownPeople:
    """The people of some addresses who are contacts already."""

    by_key: Mapping[str, KnownPerson]

    @property
    def count(self) -> int:
        """Return how many addresses are known."""
        return len(self.by_key)

    @property
    def removed(self) -> int:
        """Return how many of them were removed."""
        return sum(1 for one in self.by_key.values() if one.is_removed)

    def person(self, email_key: str) -> KnownPerson | None:
        """Return what is known of an address."""
        return self.by_key.get(email_key)


def known_people(session: Session, email_keys: Sequence[str]) -> KnownPeople:
    """Return the people of these addresses as far as they are known."""
    rows = people_as_they_are(session, email_keys)
    ids = {row.id for row in rows.values()}
    owners = dict(session.execute(sa.select(User.id, User.name)).all())
    companies = dict(
        session.execute(
            sa.select(Company.id, Company.name).where(
                Company.id.in_({row.company_id for row in rows.values()})
            )
        ).all()
    )
    emails = dict(
        session.execute(sa.select(Contact.id, Contact.email).where(Contact.id.in_(ids))).all()
    )
    keys = dict(session.execute(sa.select(Property.id, Property.name_key)).all())
    values, tags = values_of(session, ids), tags_of(session, ids)
    return KnownPeople(
        by_key={
            key: KnownPerson(
                shown_name=row.name or emails[row.id],
                is_removed=row.removed_at is not None,
                fields=_fields(row, companies, owners),
                values={keys[one]: value.text for one, value in values[row.id].items()},
                tags=frozenset(tag.name_key for tag in tags[row.id]),
                owners=owners,
            )
            for key, row in rows.items()
        }
    )


def _fields(row: Any, companies: Mapping[int, str], owners: Mapping[int, str]) -> dict[str, str]:
    return {
        **{name: getattr(row, name) for name in _TEXTS},
        # What is not said of a role stands as no, and a yes fills it.
        **{name: "yes" if getattr(row, name) else "" for name in _ROLES},
        "company": companies.get(row.company_id, ""),
        "owner": owners.get(row.owner_id, ""),
        "consent_basis": row.consent_basis.value.replace("_", " ") if row.consent_basis else "",
        "consent_on": row.consent_on.isoformat() if row.consent_on else "",
    }


def _same(label: str, told: str, had: str) -> bool:
    """Tell whether two texts are one; companies are alike however they are spaced and written."""
    return name_key(told) == name_key(had) if label == "Company" else told == had
