"""Bringing many contacts in at once: adding the new, changing the known by a rule, saying what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from nps_portal.contacts.company_finding import FoundCompanies, find_companies
from nps_portal.contacts.details import CONTACTS_LOCK, ContactDetails
from nps_portal.contacts.erasures import erased_since, renew_erasures
from nps_portal.contacts.upsert_news import (
    Change,
    ChangeKind,
    ContactNews,
    OnTheWay,
    UpdateRule,
    Upserted,
)
from nps_portal.contacts.upsert_rows import (
    Marks,
    NewContact,
    Person,
    any_erased,
    insert_contacts,
    known_people,
    marks_of,
    update_contacts,
    write_marks,
)
from nps_portal.contacts.upsert_tags import ensure_tags_telling
from nps_portal.foundation.bulk import spans_of
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record_for_all, record_for_span

__all__ = [
    "Change",
    "ChangeKind",
    "ContactNews",
    "OnTheWay",
    "UpdateRule",
    "Upserted",
    "bring_in",
    "upsert_contacts",
]

_NO_TAGS: frozenset[int] = frozenset()


def upsert_contacts(work: Work, details: Sequence[ContactDetails], *, source: str) -> Upserted:
    """Add new Contacts and fill what was empty in known ones; nothing known is overwritten.

    Of several with one address the first is added, and the others fill it; a removed Contact
    comes back.
    """
    news = [
        ContactNews(
            email=one.email,
            name=one.name,
            first_name=one.first_name,
            company=one.company,
            language=one.language,
            time_zone=one.time_zone,
            owner_id=one.owner_id,
            consent_basis=one.consent_basis,
            consent_on=one.consent_on,
            # A role that is off says nothing here: nobody has asked.
            decides=one.decides or None,
            pays=one.pays or None,
            uses=one.uses or None,
            tags=one.tags or (),
            values={key: value for key, value in one.values.items() if value is not None},
        )
        for one in details
    ]
    return bring_in(work, news, source=source, rule=UpdateRule.FILL)


def bring_in(
    work: Work,
    news: Sequence[ContactNews],
    *,
    source: str,
    rule: UpdateRule,
    tags: Sequence[str] = (),
    known_since: datetime | None = None,
) -> Upserted:
    """Add new Contacts and change known ones as the rule says; a removed Contact comes back.

    What a row does not say is never emptied. People without a company join the one that their
    domain tells. All of them get `tags`, beside those of their own rows. Who was erased after the
    rows were known, at `known_since`, is left out.
    """
    lock_for_transaction(work.session, CONTACTS_LOCK)
    wanted = _one_each(news)
    known = known_people(work, list(wanted))
    has_erased = any_erased(work)
    erased = _take_out_erased(work, wanted, known, known_since) if has_erased else frozenset()
    companies = find_companies(
        work, [(one.email.key, one.company) for one in wanted.values()], source=source
    )
    all_tags = [*tags, *(tag for one in news for tag in one.tags)] if news else []
    tag_ids, tags_made = ensure_tags_telling(work, all_tags)
    for_all = frozenset(tag_ids[name] for name in tags if name in tag_ids)
    told = {key: _told(wanted[key], companies, tag_ids, for_all) for key in known}
    people = [] if rule is UpdateRule.KEEP else _by_person(known, told)
    changes = _change_known(work, people, rule)
    new = [_new(one, companies, tag_ids) for key, one in wanted.items() if key not in known]
    added = insert_contacts(work, new, source, for_all)
    if has_erased:
        renew_erasures(work, list(wanted))
    _tell(work, added, changes, source)
    made = OnTheWay(companies=companies.made, domains=companies.domains_made, tags=tags_made)
    rows = sum(1 for one in news if one.email.key not in erased) if erased else len(news)
    return _upserted(rows, added, changes, made, erased)


def _take_out_erased(
    work: Work,
    wanted: dict[str, ContactNews],
    known: Mapping[str, Any],
    known_since: datetime | None,
) -> frozenset[str]:
    """Take out who was erased since; whoever is being erased now is locked until then."""
    if known_since is None:
        return frozenset()
    unknown = [key for key in wanted if key not in known]
    erased = erased_since(work, unknown, known_since)
    for key in erased:
        del wanted[key]
    return frozenset(erased)


def _one_each(news: Sequence[ContactNews]) -> dict[str, ContactNews]:
    """Return what is said of each address; of several rows the first, its gaps filled."""
    wanted: dict[str, ContactNews] = {}
    for one in news:
        former = wanted.get(one.email.key)
        wanted[one.email.key] = one if former is None else _filled(former, one)
    return wanted


def _filled(news: ContactNews, other: ContactNews) -> ContactNews:
    gaps = {
        name: getattr(other, name)
        for name in ContactNews._fields
        if name not in ("email", "tags", "values") and getattr(news, name) in ("", None)
    }
    return news._replace(
        **gaps,
        tags=tuple(dict.fromkeys([*news.tags, *other.tags])),
        values={**other.values, **news.values},
    )


def _new(news: ContactNews, companies: FoundCompanies, tag_ids: Mapping[str, int]) -> NewContact:
    company_id = companies.named(news.company) or companies.of_domain(news.email.key)
    return NewContact(
        news.email,
        (
            *(news.name, news.first_name, news.language, news.time_zone),
            *(company_id, news.owner_id, news.consent_basis, news.consent_on),
            *(news.decides or False, news.pays or False, news.uses or False),
        ),
        frozenset(tag_ids[name] for name in news.tags) if news.tags else _NO_TAGS,
        news.values,
    )


def _told(
    news: ContactNews,
    companies: FoundCompanies,
    tag_ids: Mapping[str, int],
    for_all: frozenset[int],
) -> Person:
    named = companies.named(news.company)
    return Person(
        name=news.name,
        first_name=news.first_name,
        language=news.language,
        time_zone=news.time_zone,
        company_id=named or companies.of_domain(news.email.key),
        # What only the domain tells fills a gap and never replaces a company.
        company_is_named=named is not None,
        owner_id=news.owner_id,
        consent_basis=news.consent_basis,
        consent_on=news.consent_on,
        decides=news.decides,
        pays=news.pays,
        uses=news.uses,
        marks=Marks(
            tags=for_all.union(tag_ids[name] for name in news.tags) if news.tags else for_all,
            values=news.values,
        ),
    )


def _by_person(known: Mapping[str, Any], told: Mapping[str, Person]) -> list[tuple[Any, Person]]:
    """Return each known row with what is told of it, in the order of the ids.

    Two addresses may have become one person: then the first that tells something stands.
    """
    by_id: dict[int, tuple[Any, Person]] = {}
    for key, row in known.items():
        if key in told:
            by_id.setdefault(row.id, (row, told[key]))
    return [by_id[contact_id] for contact_id in sorted(by_id)]


def _change_known(
    work: Work, people: Sequence[tuple[Any, Person]], rule: UpdateRule
) -> list[Change]:
    overwrites = rule is UpdateRule.OVERWRITE
    had = marks_of(work, {row.id: person.marks for row, person in people})
    changes = []
    rows = []
    gained: dict[int, Marks] = {}
    for row, person in people:
        marks = had[row.id].lacking(person.marks, overwrites=overwrites)
        before, after = person.news_for(row, overwrites=overwrites)
        if marks:
            gained[row.id] = marks
            before |= had[row.id].shown(marks)
            after |= marks.shown(marks)
        if row.removed_at is None and not after:
            continue
        is_back = row.removed_at is not None
        rows.append((row, after.get("fields", {})))
        before.setdefault("fields", {}).update(
            {"changed_at": row.changed_at.isoformat()}
            | ({"removed_at": row.removed_at.isoformat()} if is_back else {})
        )
        if is_back:
            after.setdefault("fields", {})["removed_at"] = None
        kind = ChangeKind.RESTORED if is_back else ChangeKind.UPDATED
        changes.append(Change(row.id, kind, before, after))
    update_contacts(work, rows)
    write_marks(work, gained)
    return changes


def _upserted(
    rows: int,
    added: Sequence[int],
    changes: Sequence[Change],
    made: OnTheWay,
    erased: frozenset[str],
) -> Upserted:
    return Upserted(
        added=added,
        updated=[change.contact_id for change in changes],
        restored=[one.contact_id for one in changes if one.kind is ChangeKind.RESTORED],
        unchanged=rows - len(added) - len(changes),
        changes=changes,
        made=made,
        erased=erased,
    )


def _tell(work: Work, added: Sequence[int], changes: Sequence[Change], source: str) -> None:
    by_kind: dict[ChangeKind, list[int]] = {ChangeKind.UPDATED: [], ChangeKind.RESTORED: []}
    for change in changes:
        by_kind[change.kind].append(change.contact_id)
    for span in spans_of(added):
        record_for_span(work, "contact.imported", span, source=source)
    record_for_all(work, "contact.restored", by_kind[ChangeKind.RESTORED], source=source)
    record_for_all(work, "contact.updated", by_kind[ChangeKind.UPDATED], source=source)
    # What was read before is stale now.
    work.session.expunge_all()
