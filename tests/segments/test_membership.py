"""Whom rules find: random rules over random people, beside a plain reading of each in Python."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.models import User
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.contacts.list_filters import ListPlace
from nps_portal.contacts.models import (
    Company,
    CompanyDomain,
    ConsentBasis,
    Contact,
    ContactTag,
    Property,
    PropertyKind,
    PropertyValue,
    Suppression,
    SuppressionReason,
    Tag,
    Trend,
)
from nps_portal.contacts.queries import MANY_CONTACTS
from nps_portal.contacts.walks import PAGE_SIZE
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Work
from nps_portal.nps import category
from nps_portal.segments import queries
from nps_portal.segments.fields import Catalogue, Field, Kind, Op
from nps_portal.segments.queries import (
    member_count,
    member_query,
    members,
    members_of_all,
    sample,
)
from nps_portal.segments.reading import parse
from nps_portal.segments.rules import Condition, Group, Match, Rules
from tests.support import factories

ZONE = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
PEOPLE = 80
RULES = 250
WORDS = ("Änne", "ÄNNE Öz", "änne", "Zoë*", "50%_off", "a[b]c", "Bo", "bo?", "Ωmega", "x/y", "ab")
PLACES = ("Acme", "ACME Ltd", "Großhandel", "50% Co", "Ünal_1", "b/c")
DOMAINS = ("acme.example", "sub.acme.example", "bücher.example", "other.example")
PROPERTIES = {
    "text": PropertyKind.TEXT,
    "number": PropertyKind.NUMBER,
    "money": PropertyKind.MONEY,
    "date": PropertyKind.DATE,
    "sure": PropertyKind.YES_NO,
    "plan": PropertyKind.CHOICE,
}
TAGS = ("VIP", "Gold", "Öko", "late")


@dataclass(kw_only=True)
class Person:
    """All that a rule can ask of one Contact, as plain values."""

    contact: Contact
    company: Company | None
    domains: set[str]
    tags: set[str]
    values: dict[int, PropertyValue]
    suppression: SuppressionReason | None


def moment(chance: random.Random) -> datetime | None:
    if chance.random() < 0.25:
        return None
    midnight = datetime(2026, 3, 10, tzinfo=ZONE).astimezone(UTC)
    days = timedelta(days=chance.choice([0, 1, 6, 7, 8, 29, 30, 31, 400]))
    return midnight - days + timedelta(seconds=chance.choice([-1, 0, 1, 30_000]))


def written(chance: random.Random, kind: PropertyKind) -> tuple[str, Decimal | None]:
    if kind in (PropertyKind.NUMBER, PropertyKind.MONEY):
        number = chance.choice(
            [Decimal(-5), Decimal(0), Decimal("12.5"), Decimal(13), Decimal(999)]
        )
        return f"{number:f}", number
    if kind is PropertyKind.DATE:
        return (
            date(2026, 3, 10) - timedelta(days=chance.choice([-2, 0, 1, 7, 30, 900]))
        ).isoformat(), None
    if kind is PropertyKind.YES_NO:
        return chance.choice(["yes", "no"]), None
    return chance.choice(["Pro", "Free"] if kind is PropertyKind.CHOICE else WORDS), None


def people(work: Work, chance: random.Random) -> None:
    """Fill the tables with people of every sort."""
    owner = factories.make_owner(work).id
    other = factories.make_owner(work, "other@acme.example").id
    companies = [
        Company(
            name=name,
            name_key=name.casefold(),
            revenue=chance.choice([None, Decimal(0), Decimal("1000.5"), Decimal(5_000_000)]),
            created_at=NOW,
        )
        for name in PLACES
    ]
    tags = [Tag(name=name, name_key=name.casefold(), created_at=NOW) for name in TAGS]
    properties = [
        Property(
            name=name, name_key=name, kind=kind, choices=["Pro", "Free"], position=1, created_at=NOW
        )
        for name, kind in PROPERTIES.items()
    ]
    work.session.add_all([*companies, *tags, *properties])
    work.session.flush()
    for number, domain in enumerate(DOMAINS):
        key = parse_email(f"x@{domain}").key.rpartition("@")[2]
        work.session.add(CompanyDomain(domain=key, company_id=companies[number % 3].id))
    for number in range(PEOPLE):
        address = parse_email(
            f"{chance.choice(['ann', 'Bo_b', 'c%c'])}{number}@{chance.choice(DOMAINS)}"
        )
        contact = Contact(
            email=address.email,
            email_key=address.key,
            name=chance.choice(["", *WORDS]),
            language=chance.choice(["", "de", "de-AT", "pt", "pt-BR", "PT-PT", "no", "en"]),
            time_zone=chance.choice(["", "Europe/Vienna", "America/New_York"]),
            source=chance.choice(["by hand", "import 3", "import 31"]),
            company_id=chance.choice([None, *(one.id for one in companies)]),
            owner_id=chance.choice([None, owner, other]),
            consent_basis=chance.choice([None, *ConsentBasis]),
            consent_on=chance.choice([None, date(2026, 3, 10), date(2026, 3, 3), date(2025, 1, 1)]),
            decides=chance.random() < 0.3,
            pays=chance.random() < 0.3,
            uses=chance.random() < 0.3,
            created_at=moment(chance) or NOW,
            changed_at=NOW,
            removed_at=chance.choice([None, None, None, NOW]),
            paused_until=chance.choice([None, NOW, NOW + timedelta(days=1)]),
            last_score=chance.choice([None, 0, 6, 7, 8, 9, 10]),
            last_answered_at=moment(chance),
            answers=chance.choice([0, 1, 5]),
            trend=chance.choice([None, *Trend]),
            last_asked_at=moment(chance),
        )
        work.session.add(contact)
        work.session.flush()
        for tag in chance.sample(tags, chance.choice([0, 0, 1, 2, 4])):
            work.session.add(ContactTag(contact_id=contact.id, tag_id=tag.id))
        for one in properties:
            if chance.random() < 0.6:
                text, value = written(chance, one.kind)
                work.session.add(
                    PropertyValue(
                        contact_id=contact.id,
                        property_id=one.id,
                        text=text,
                        key=text.casefold(),
                        number=value,
                    )
                )
        if chance.random() < 0.3:
            reason = chance.choice(list(SuppressionReason))
            work.session.add(Suppression(email_key=address.key, reason=reason, created_at=NOW))


def everybody() -> list[Person]:
    session = reading()
    domains = session.scalars(sa.select(CompanyDomain)).all()
    tags = {one.id: one.name for one in session.scalars(sa.select(Tag))}
    marks = session.scalars(sa.select(ContactTag)).all()
    values = session.scalars(sa.select(PropertyValue)).all()
    reasons = {one.email_key: one.reason for one in session.scalars(sa.select(Suppression))}
    return [
        Person(
            contact=contact,
            company=contact.company,
            domains={one.domain for one in domains if one.company_id == contact.company_id},
            tags={tags[one.tag_id] for one in marks if one.contact_id == contact.id},
            values={one.property_id: one for one in values if one.contact_id == contact.id},
            suppression=reasons.get(contact.email_key),
        )
        for contact in session.scalars(sa.select(Contact).order_by(Contact.id))
    ]


def a_value(chance: random.Random, field: Field, op: Op) -> Any:
    """Return a value that often finds somebody."""
    if op in (Op.EMPTY, Op.FILLED):
        return None
    if op in (Op.WITHIN, Op.NOT_WITHIN, Op.AGO):
        return chance.choice([1, 7, 30])
    if field.kind is Kind.CHOICE:
        return chance.choice(field.choices).value
    if field.kind is Kind.TAGS:
        return chance.sample([*TAGS, "öko", "unknown"], chance.choice([1, 2]))
    if field.kind is Kind.NUMBER:
        numbers = chance.sample([-5, 0, 1, 6, 7, 12.5, 13, 1000.5, 5_000_000], 2)
        return sorted(numbers) if op is Op.BETWEEN else numbers[0]
    if field.kind is Kind.TEXT:
        return a_text(chance, field)
    return (date(2026, 3, 10) - timedelta(days=chance.choice([-2, 0, 1, 7, 8, 30]))).isoformat()


def a_text(chance: random.Random, field: Field) -> str:
    texts = {
        "company": PLACES,
        "company_domain": (*DOMAINS, "ACME", "sub"),
        "mail_domain": (*DOMAINS, "ACME", "sub", "example"),
        "email": ("ANN1", "bo_b", "c%", "@acme", "ann3@acme.example"),
        "source": ("IMPORT 3", "import", "hand"),
        "time_zone": ("europe/vienna", "America", "x"),
    }.get(field.name, (*WORDS, "Ä", "öz", "*", "%", "[b]", "Ω", "É"))
    text = chance.choice(texts)
    return chance.choice([text, text.upper(), text.lower(), text[:2].strip() or "b"])


def random_rules(chance: random.Random, catalogue: Catalogue) -> Rules:
    def condition(field: Field) -> dict[str, Any]:
        op = chance.choice(field.ops)
        stored = {"field": field.name, "op": op.value}
        value = a_value(chance, field, op)
        return stored if value is None else stored | {"value": value}

    groups = [
        {
            "match": chance.choice(["all", "any"]),
            "conditions": [
                condition(chance.choice(catalogue.fields))
                for _ in range(chance.choice([1, 1, 2, 3]))
            ],
        }
        for _ in range(chance.choice([1, 1, 2, 3]))
    ]
    return parse({"match": chance.choice(["all", "any"]), "groups": groups}, catalogue)


def fits(person: Person, rules: Rules, catalogue: Catalogue) -> bool:
    if person.contact.removed_at is not None:
        return False
    return joined(rules.match, [group_fits(person, one, catalogue) for one in rules.groups])


def group_fits(person: Person, group: Group, catalogue: Catalogue) -> bool:
    return joined(group.match, [condition_fits(person, one, catalogue) for one in group.conditions])


def joined(match: Match, held: list[bool]) -> bool:
    return all(held) if match is Match.ALL else any(held)


def condition_fits(person: Person, condition: Condition, catalogue: Catalogue) -> bool:
    """Judge one condition as a reader of its words would."""
    field = catalogue.field_named(condition.field)
    assert field is not None
    op, value = condition.op, condition.value
    positive = {
        Op.IS_NOT: Op.IS,
        Op.NOT_CONTAINS: Op.CONTAINS,
        Op.NOT_WITHIN: Op.WITHIN,
        Op.NONE_OF: Op.ANY_OF,
        Op.EMPTY: Op.FILLED,
    }
    if op in positive:
        return not condition_fits(
            person, Condition(field=field.name, op=positive[op], value=value), catalogue
        )
    if field.name == "silent":
        asked, answered = person.contact.last_asked_at, person.contact.last_answered_at
        waits = asked is not None and (answered is None or answered < asked)
        return waits is (value == "yes")
    if field.name == "deliverability":
        return deliverability_fits(person, str(value))
    if field.name == "language" and op is Op.IS:
        return language_fits(person.contact.language.lower(), str(value).lower())
    held = holdings(person, field)
    if op is Op.FILLED:
        return bool(held)
    wanted = {str(one).casefold() for one in value} if isinstance(value, tuple) else set()
    if op is Op.ALL_OF:
        return wanted <= held
    if op is Op.ANY_OF:
        return bool(wanted & held)
    return any(compared(one, op, value, field) for one in held)


def deliverability_fits(person: Person, value: str) -> bool:
    paused = (person.contact.paused_until or NOW) > NOW
    if value == "may_be_mailed":
        return person.suppression is None and not paused
    if value == "paused":
        return paused
    reason = person.suppression
    return reason is not None and value in ("suppressed", reason.value)


def language_fits(language: str, wanted: str) -> bool:
    language = {"no": "nb"}.get(language, language)
    if wanted == "pt" and language.startswith("pt-br"):
        return False
    return language == wanted or language.startswith(f"{wanted}-")


def holdings(person: Person, field: Field) -> set[Any]:
    """Return what a person has in a field; nothing when there is no value."""
    contact, company, score = person.contact, person.company, person.contact.last_score
    if field.is_property:
        value = person.values.get(field.property_id)
        if value is None:
            return set()
        if field.kind is Kind.NUMBER:
            return {value.number}
        return {date.fromisoformat(value.text) if field.kind is Kind.DAY else value.text}
    table: dict[str, Callable[[], set[Any]]] = {
        "category": lambda: {None if score is None else category(score).value},
        "last_score": lambda: {contact.last_score},
        "answers": lambda: {contact.answers},
        "trend": lambda: {contact.trend and contact.trend.value},
        "last_answered": lambda: {day_of(contact.last_answered_at)},
        "last_asked": lambda: {day_of(contact.last_asked_at)},
        "created": lambda: {day_of(contact.created_at)},
        "company": lambda: {company and company.name},
        "company_revenue": lambda: {company and company.revenue},
        "company_domain": lambda: set(person.domains),
        "tags": lambda: {one.casefold() for one in person.tags},
        "role": lambda: {role for role in ("decides", "pays", "uses") if getattr(contact, role)},
        "name": lambda: {contact.name or None},
        "email": lambda: {contact.email_key},
        "mail_domain": lambda: {contact.email_key.rpartition("@")[2]},
        "language": lambda: {contact.language or None},
        "time_zone": lambda: {contact.time_zone or None},
        "source": lambda: {contact.source or None},
        "owner": lambda: {contact.owner_id and str(contact.owner_id)},
        "consent_basis": lambda: {contact.consent_basis and contact.consent_basis.value},
        "consent_date": lambda: {contact.consent_on},
    }
    return table[field.name]() - {None}


def day_of(at: datetime | None) -> date | None:
    return at.astimezone(ZONE).date() if at else None


def compared(held: Any, op: Op, value: Any, field: Field) -> bool:
    if field.kind in (Kind.MOMENT, Kind.DAY):
        today = NOW.astimezone(ZONE).date()
        if op is Op.WITHIN:
            return bool(today - timedelta(days=value) <= held <= today)
        if op is Op.AGO:
            return bool(held < today - timedelta(days=value))
        return bool({Op.ON: held == value, Op.BEFORE: held < value, Op.AFTER: held > value}[op])
    if field.kind is Kind.NUMBER:
        if op is Op.BETWEEN:
            return bool(value[0] <= held <= value[1])
        return bool({Op.IS: held == value, Op.LESS: held < value, Op.GREATER: held > value}[op])
    here, wanted = str(held).casefold(), str(value).casefold()
    if op is Op.IS and field.name in ("mail_domain", "company_domain"):
        wanted = idna(wanted)
    if op is Op.CONTAINS:
        return wanted in here
    return here.startswith(wanted) if op is Op.BEGINS else here == wanted


def idna(domain: str) -> str:
    return domain.encode("idna").decode() if not domain.isascii() else domain


def test_random_rules_find_whom_a_plain_reading_finds(app: Flask) -> None:
    chance = random.Random(20260310)
    with factories.work() as work:
        change_settings(work, {"time_zone": str(ZONE)})
        people(work, chance)
    persons, catalogue, session = everybody(), queries.catalogue(reading()), reading()
    assert len(session.scalars(sa.select(User)).all()) == 2
    found_any = 0

    for number in range(RULES):
        rules = random_rules(chance, catalogue)
        expected = {one.contact.id for one in persons if fits(one, rules, catalogue)}
        found = session.scalars(member_query(session, rules, NOW)).all()
        assert len(found) == len(set(found))
        assert set(found) == expected, f"{number}: {rules.stored()}"
        assert member_count(session, rules, NOW) == len(expected)
        some = sample(session, rules, NOW, 5)
        assert {one.id for one in some.people} <= expected
        assert some.is_all is (len(expected) <= 5)
        assert walked_through(rules) == sorted(expected)
        found_any += 0 < len(expected) < len(persons)

    assert found_any > RULES / 2


def walked_through(rules: Rules) -> list[int]:
    """Return the ids on all pages of members, from the first to the last and back to the first."""
    place: ListPlace | None = ListPlace()
    onward: list[int] = []
    last = ListPlace()
    while place is not None:
        found = members(reading(), rules, NOW, place).found
        onward += found.ids
        last, place = place, found.next
    backward: list[list[int]] = []
    place = last
    while place is not None:
        found = members(reading(), rules, NOW, place).found
        backward.append(list(found.ids))
        place = found.previous
    assert [one for page in reversed(backward) for one in page] == onward
    return onward


def make_many(contact_id: int = MANY_CONTACTS + 10_000) -> None:
    """Let there be many contacts, as far as the pages can tell, by one that was removed."""
    with factories.work() as work:
        key = f"far{contact_id}@example.org"
        far = Contact(email=key, email_key=key, created_at=NOW, changed_at=NOW, removed_at=NOW)
        far.id = contact_id
        work.session.add(far)


def test_among_very_many_the_pages_hold_whom_a_plain_reading_finds(app: Flask) -> None:
    chance = random.Random(11)
    with factories.work() as work:
        change_settings(work, {"time_zone": str(ZONE)})
        people(work, chance)
    make_many()
    persons, catalogue = everybody(), queries.catalogue(reading())

    for number in range(RULES):
        rules = random_rules(chance, catalogue)
        expected = sorted(one.contact.id for one in persons if fits(one, rules, catalogue))
        assert walked_through(rules) == expected, f"{number}: {rules.stored()}"
        some = sample(reading(), rules, NOW, 5)
        assert {one.id for one in some.people} <= set(expected)
        assert not some.is_all or len(some.people) == len(expected)


def test_a_walk_ends_before_it_is_slow_and_goes_on_where_it_ended(app: Flask) -> None:
    ids = [*range(500, 20_000, 300), *range(70_000, 70_120), 180_000]
    with factories.work() as work:
        work.session.execute(
            sa.insert(Contact),
            [
                {
                    "id": one,
                    "email": f"p{one}@example.org",
                    "email_key": f"p{one}@example.org",
                    "name": "Odd One" if one % 4 else "Even One",
                    "created_at": NOW,
                    "changed_at": NOW,
                }
                for one in ids
            ],
        )
    session, catalogue = reading(), queries.catalogue(reading())
    condition = {"field": "name", "op": "contains", "value": "odd"}
    rules = parse({"groups": [{"conditions": [condition]}]}, catalogue)

    first = members(session, rules, NOW, ListPlace()).found

    assert first.is_cut
    assert first.total is None
    assert len(first.ids) < PAGE_SIZE
    assert walked_through(rules) == [one for one in ids if one % 4]
    whole = members_of_all(session, rules, NOW, ListPlace(page=2)).found
    assert (whole.total, whole.is_cut) == (len([one for one in ids if one % 4]), False)
    assert whole.ids == [one for one in ids if one % 4][PAGE_SIZE : 2 * PAGE_SIZE]


def test_few_whom_an_index_finds_among_very_many_are_counted(app: Flask) -> None:
    with factories.work() as work:
        added = [factories.make_contact(work, company="Acme").id for _ in range(60)]
    make_many()
    session, catalogue = reading(), queries.catalogue(reading())
    company = {"field": "company", "op": "is", "value": "acme"}
    named = {"field": "name", "op": "contains", "value": "zz"}
    rules = parse({"groups": [{"match": "all", "conditions": [company, named]}]}, catalogue)

    found = members(session, rules, NOW, ListPlace()).found

    assert (found.total, found.ids, found.next) == (0, [], None)
    assert len(added) == 60


def test_every_field_and_operator_finds_whom_a_plain_reading_finds(app: Flask) -> None:
    chance = random.Random(7)
    with factories.work() as work:
        change_settings(work, {"time_zone": str(ZONE)})
        people(work, chance)
    persons, catalogue, session = everybody(), queries.catalogue(reading()), reading()

    for field in catalogue.fields:
        for op in field.ops:
            for _ in range(4):
                stored = {"field": field.name, "op": op.value, "value": a_value(chance, field, op)}
                rules = parse({"groups": [{"conditions": [stored]}]}, catalogue)
                expected = {one.contact.id for one in persons if fits(one, rules, catalogue)}
                found = set(session.scalars(member_query(session, rules, NOW)))
                assert found == expected, stored


def test_pages_of_members_hold_everybody_once(app: Flask) -> None:
    with factories.work() as work:
        for _ in range(120):
            factories.make_contact(work, company="Acme")
    session, catalogue = reading(), queries.catalogue(reading())
    condition = {"field": "company", "op": "is", "value": "acme"}
    rules = parse({"groups": [{"conditions": [condition]}]}, catalogue)

    places = [ListPlace(page=number) for number in (1, 2, 3, 4)]
    pages = [members(session, rules, NOW, place) for place in places]

    assert [len(page.contacts) for page in pages] == [50, 50, 20, 20]
    assert {page.found.total for page in pages} == {120}
    assert len({one.id for page in pages for one in page.contacts}) == 120


def test_a_segment_of_a_deleted_property_finds_nobody(app: Flask) -> None:
    with factories.work() as work:
        factories.make_contact(work)
    session, catalogue = reading(), queries.catalogue(reading())
    condition = {"field": "property:99", "op": "is_not", "value": "x"}
    rules = parse({"match": "any", "groups": [{"conditions": [condition]}]}, catalogue)

    assert member_count(session, rules, NOW) == 0
